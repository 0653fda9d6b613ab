"""Every lab of the course under one name, for tests: `import labs`, then `labs.heads(…)`, `labs.shuffle(…)`."""

from chapters.ch01.labs import *  # noqa: F403
from chapters.ch02.labs import *  # noqa: F403
from chapters.ch03.labs import *  # noqa: F403
from chapters.ch04.labs import *  # noqa: F403
from chapters.ch05.labs import *  # noqa: F403
from chapters.ch06.labs import *  # noqa: F403
from chapters.ch07.labs import *  # noqa: F403
from chapters.ch08.labs import *  # noqa: F403
from course_kit.views.alignment import alignment  # noqa: F401
from course_kit.views.architecture import architecture  # noqa: F401
from course_kit.views.heads import heads  # noqa: F401
from course_kit.views.heatmap import heatmap  # noqa: F401
