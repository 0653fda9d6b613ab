"""`python -m course_utils COMMAND`, as the first edition had it: says what to write now, and runs that."""

import subprocess
import sys
from pathlib import Path

print(f"`python -m course_utils` is now `course`: course {' '.join(sys.argv[1:])}", file=sys.stderr)
command = [sys.executable, Path(__file__).resolve().parents[1] / "course.py", *sys.argv[1:]]
sys.exit(subprocess.run(command, check=False).returncode)
