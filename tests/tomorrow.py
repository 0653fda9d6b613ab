"""Does the course run with other packages than those of requirements.lock? An environment of its own tells.

    python tests/tomorrow.py                 the newest of everything that pyproject.toml allows
    python tests/tomorrow.py --colab         what Google Colab has (tests/colab.txt), where that is new enough
    python tests/tomorrow.py -- torch==2.13.0     what stands behind the dashes, versions and options, goes to pip

Runs stages of tests/run.py there and writes build/tomorrow.md: which cell or test failed, with which package, and
which versions differ from the lock. Exit status 1 if something failed. `.github/workflows/tomorrow.yml` does both
once a week and opens an issue with that page.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGES = {"newest": ["unit", "shapes", "nbval"], "colab": ["nbval"]}
LOCKED = "tests/unit/course_tools/test_lock.py::test_the_lock_is_what_is_installed_here"  # here it is not, on purpose
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--colab", action="store_true", help="the versions of Google Colab")
    options.add_argument("--stages", nargs="*", help="other stages of tests/run.py")
    options.add_argument("--folder", default=ROOT / ".cache" / "tomorrow", help="where the environment is made")
    options.add_argument("pip", nargs="*", help="options and versions for pip, after --")
    chosen = options.parse_args()
    which = "colab" if chosen.colab else "newest"
    python = environment(Path(chosen.folder) / which, which, chosen.pip)
    failed = []
    for name in chosen.stages or STAGES[which]:
        failed += run_stage(python, name, which)
    page = report(which, failed, differences(python))
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "tomorrow.md").write_text(page, encoding="utf-8")
    print(page)
    return int(bool(failed))


def wanted(which, project, colab):
    """What pip is asked for -> list of requirements.

    newest: everything that pyproject.toml names for students, tests and servers. colab: what students need, in
    Colab's version where that is new enough, as the first cell of a notebook there does it; JupyterLab is Colab's own.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name as normalise

    from course_kit.runtime import FRONT_END

    extras = project["optional-dependencies"]
    if which == "newest":
        return [*project["dependencies"], *extras["test"], *extras["serve"]]
    named = {normalise(r.name): r for r in map(Requirement, project["dependencies"])}
    listed = [f"{name}=={colab[name]}" for name in named if name in FRONT_END and name in colab]
    for name, requirement in named.items():
        if name not in FRONT_END:
            fits = name in colab and requirement.specifier.contains(colab[name])
            listed.append(f"{name}=={colab[name]}" if fits else str(requirement))
    return [*listed, "pytest", "pytest-xdist", "nbval"]


def read_lock(text):
    """{normalised name: version} of a lock file. Raises ValueError for a line that is not `name==version`."""
    from packaging.utils import canonicalize_name as normalise

    versions = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([\w.-]+)==([\w.!]+)", line.strip())
        if not match:
            raise ValueError(f"requirements.lock: {line!r} is not of the form name==version")
        versions[normalise(match[1])] = match[2]
    return versions


def environment(folder, which, pip):
    """Make the environment anew -> its Python. What is given for pip replaces what is asked for of the same name."""
    from packaging.utils import canonicalize_name as normalise

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    colab = read_lock((ROOT / "tests" / "colab.txt").read_text(encoding="utf-8"))
    given = {normalise(re.split(r"[^\w.-]", one)[0]) for one in pip if not one.startswith("-")}
    asked = [one for one in wanted(which, project, colab) if normalise(re.split(r"[^\w.-]", one)[0]) not in given]
    venv.create(folder, clear=True, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    subprocess.run([*install, *asked, *pip], cwd=ROOT, check=True)
    subprocess.run([*install, "--no-deps", "--editable", "."], cwd=ROOT, check=True)
    return python


def run_stage(python, name, which="newest"):
    """Run one stage with that Python -> [(where, what it said), …] of what failed."""
    results = ROOT / "build" / f"tomorrow-{name}.xml"
    results.unlink(missing_ok=True)
    command = [python, ROOT / "tests" / "run.py", name, "--", f"--junitxml={results}", f"--deselect={LOCKED}"]
    there = {"COLAB_RELEASE_TAG": "tests/colab.txt"} if which == "colab" else {}  # by this the course knows Colab
    code = subprocess.run(command, cwd=ROOT, env=os.environ | there, check=False).returncode
    found = failures(results) if results.is_file() else []
    return found or ([(f"stage {name}", "It ended without a result.")] if code else [])


def failures(path):
    """What failed, in a JUnit file of pytest -> [(test or cell, what it said), …]"""
    found = []
    for case in ET.parse(path).iter("testcase"):
        for kind in ("failure", "error"):
            if (element := case.find(kind)) is not None:
                where = f"{case.get('classname')} {case.get('name')}".strip()
                found.append((where, ANSI.sub("", f"{element.get('message') or ''}\n{element.text or ''}")))
    return found


def differences(python):
    """{package: (version of the lock, version there)} where the two differ."""
    from packaging.utils import canonicalize_name as normalise

    locked = read_lock((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, text=True, check=True)
    there = {normalise(row["name"]): row["version"].split("+")[0] for row in json.loads(listed.stdout)}
    return {name: (locked[name], there[name]) for name in sorted(locked) if there.get(name) not in (None, locked[name])}


def suspect(said, changed):
    """The package that a failure most probably comes from: the innermost changed one of its traceback, else one that
    its words name, else ""."""
    from packaging.utils import canonicalize_name as normalise

    inside = [normalise(name) for name in re.findall(r"site-packages[/\\](\w+)", said)]
    in_words = [name for name in changed if re.search(rf"\b{re.escape(name.replace('-', '_'))}\b", said)]
    return next((name for name in [*reversed(inside), *in_words] if name in changed), "")


def report(which, failed, changed):
    """The page about one run, as Markdown."""
    what = {"newest": "the newest packages", "colab": "the packages of Google Colab"}[which]
    lines = [f"# The course with {what}", ""]
    if not failed:
        lines += ["Everything passed.", ""]
    for where, said in failed:
        package = suspect(said, changed)
        versions = f"{package} {changed[package][1]} (locked: {changed[package][0]})" if package else "not clear which"
        last = next((line.strip() for line in reversed(said.splitlines()) if "Error" in line or "Warning" in line), "")
        lines += [f"- **{where}**, package: {versions}", f"  `{last[:300]}`"]
    lines += ["", "| package | locked | here |", "|---|---|---|"]
    lines += [f"| {name} | {locked} | {here} |" for name, (locked, here) in changed.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
