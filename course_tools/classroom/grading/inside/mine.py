"""What an answer finds as `mine` while it is graded: the course's functions, as where nothing is solved.

So an answer is judged by itself, whatever the student wrote for other exercises.
"""

import importlib
import re
from pathlib import Path

import course_utils


def __getattr__(name: str) -> object:
    for path in sorted(Path(course_utils.__file__).parent.glob("*.py")):
        if re.search(rf"^(def|class) {re.escape(name)}\b", path.read_text(encoding="utf-8"), re.MULTILINE):
            return getattr(importlib.import_module(f"course_utils.{path.stem}"), name)
    raise AttributeError(f"the course has no {name!r}")
