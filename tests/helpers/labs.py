"""Every lab of the course under one name, for tests: `import labs`, then `labs.heads(…)`, `labs.shuffle(…)`."""

import importlib

from course_kit.exercises.registry import chapters
from course_kit.views.alignment import alignment  # noqa: F401
from course_kit.views.heads import heads  # noqa: F401
from course_kit.views.heatmap import heatmap  # noqa: F401

for chapter in chapters():
    if importlib.util.find_spec(f"chapters.{chapter}.labs"):
        module = importlib.import_module(f"chapters.{chapter}.labs")
        globals().update({name: thing for name, thing in vars(module).items() if callable(thing)})
