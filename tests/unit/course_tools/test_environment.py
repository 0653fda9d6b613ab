"""The environment is made once, used again at once, and repaired when an installation was cut off.

Real environments and a real pip, on a project so small that nothing has to be fetched.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from waiting import SECONDS

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "course_tools" / "classroom" / "environment.py"

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"

[project.optional-dependencies]
test = []
"""

# A build backend without dependencies.
BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    files = {
        "tiny.py": "answer = 42\\n",
        "tiny-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\nProvides-Extra: test\\n",
        "tiny-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: tiny\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{name},,\\n" for name in files) + "tiny-1.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / "tiny-1-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, "tiny-1.dist-info/RECORD": record}.items():
            wheel.writestr(name, text)
    return "tiny-1-py3-none-any.whl"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return build_editable(wheel_directory)
"""


@pytest.fixture(scope="module")
def environment():
    """The module as the Makefile runs it: by its path, without the package; with a faster way to a pip."""
    spec = importlib.util.spec_from_file_location("environment", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module._make = _make_quickly
    return module


def _make_quickly(venv):
    """An environment with a copy of this one's pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    site = next(venv.glob("Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages"))
    package = Path(str(metadata.distribution("pip").locate_file("pip")))  # imported, it undoes distutils
    for folder in [package, *package.parent.glob("pip-*.dist-info")]:
        shutil.copytree(folder, site / folder.name)
    for line in next(site.glob("pip-*.dist-info/RECORD")).read_text().splitlines():
        path = site / line.split(",")[0]
        if path.parent.name in ("bin", "Scripts"):
            path.touch()  # its commands, which it names and these tests don't use


def tiny(folder):
    for name, text in (("pyproject.toml", PYPROJECT), ("backend.py", BACKEND), ("requirements.lock", "")):
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def project(tmp_path):
    return tiny(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, environment):
    """A finished environment of the tiny project, in a place that tests may copy back to: (folder, keep)."""
    folder = tmp_path_factory.mktemp("finished") / "tiny"
    folder.mkdir()
    assert environment.ensure(tiny(folder)) == "made"
    keep = folder.parent / "keep"
    shutil.copytree(folder, keep, symlinks=True)
    return folder, keep


@pytest.fixture
def made(finished):
    """The finished project, as it was when it was made."""
    folder, keep = finished
    shutil.rmtree(folder)
    shutil.copytree(keep, folder, symlinks=True)
    return folder


def works(folder):
    """Whether the tiny project can be used in its environment."""
    python = folder / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = subprocess.run(
        [python, "-c", "import tiny; print(tiny.answer)"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() == "42" and not (folder / ".venv" / "course-unfinished").exists()


def test_a_finished_environment_is_used_again_and_no_pip_started(environment, made):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "subprocess", None)
        assert environment.ensure(made) == "ready"
    assert works(made)


@pytest.mark.parametrize("lost", ["bin/python", "tiny.py"])
def test_files_that_disappeared_are_noticed(environment, made, lost):
    site = next((made / ".venv").glob("lib/python3*/site-packages"))
    victim = made / ".venv" / lost if lost.startswith("bin") else site / lost
    shutil.rmtree(victim) if victim.is_dir() else victim.unlink()
    assert environment.damage(made / ".venv")
    assert environment._state(made / ".venv") == "repaired"


def test_new_versions_or_extras_are_installed_where_uv_cannot_by_pip(environment, made, monkeypatch):
    ways = environment._ways
    (made / "requirements.lock").write_text("# another\n")
    with monkeypatch.context() as patch:
        patch.setattr(environment, "_ways", lambda *told: [[sys.executable, "-c", "exit(2)"], *ways(*told)])
        assert environment.ensure(made) == "updated" and works(made)
    assert environment.ensure(made, ["test"]) == "updated"
    assert environment.ensure(made) == "ready"  # what was installed once stays
    assert json.loads((made / ".venv" / "course-stamp.json").read_text())["extras"] == ["test"]


def test_what_changes_nothing_installed_installs_nothing(environment, made):
    with open(made / "pyproject.toml", "a") as file:
        file.write("\n[tool.ruff]\nline-length = 120\n")
    assert environment.ensure(made) == "ready"
    before = environment.wanted_stamp(made, [])
    (made / "course_tools" / "classroom" / "jupyter").mkdir(parents=True)
    (made / "course_tools" / "classroom" / "jupyter" / "new.json").write_text("{}")
    assert environment.wanted_stamp(made, []) != before, "settings for Jupyter are installed"


def test_a_failure_of_pip_is_reported_and_the_next_call_tries_again(environment, made, capfd):
    (made / "requirements.lock").write_text("# another\n")
    with pytest.raises(environment.SetUpError, match="(?s)type the same command again.*PIP_CERT="):
        environment.ensure(made, pip_options=["--no-such-option"])
    assert "--no-such-option" in capfd.readouterr().err
    assert environment.ensure(made) == "repaired" and works(made)


def test_uv_is_told_what_pip_is_told_or_not_used(environment, project, monkeypatch):
    listed = "global.index-url='https://a'\n:env:.index-url='https://b'\nglobal.timeout='9'\n"
    listed += "global.find-links='/x\\n/y'\ninstall.extra-index-url='https://c https://d'\ndownload.prefix='/z'\n"
    done = subprocess.CompletedProcess([], 0, listed)
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: done)
    (project / "requirements.lock").write_text("#\nuv==1\n")
    told = {"cwd": project, "env": {}}

    def tools():
        return [way[2] for way in environment._ways({"name": "tiny"}, project / ".venv", [], told)]

    assert tools() == ["uv", "pip"]
    want = {"UV_DEFAULT_INDEX": "https://b", "UV_EXTRA_INDEX_URL": "https://c https://d", "UV_FIND_LINKS": "/x,/y"}
    assert told["env"] == want
    done.stdout += "global.require-hashes='1'\n"
    assert tools() == ["pip"]
    done.stdout = ""
    (project / "requirements.lock").write_text("")
    assert tools() == ["pip"]


@pytest.mark.parametrize("section", ["global", "install", ":env:"])
@pytest.mark.parametrize("name", ["prefix", "target", "root", "dry-run", "python"])
def test_a_setting_of_pip_that_leads_elsewhere_is_refused_by_its_name(environment, project, monkeypatch, name, section):
    done = subprocess.CompletedProcess([], 0, f"global.timeout='9'\n{section}.{name}='/elsewhere'\n")
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: done)
    told = {"cwd": project, "env": {}}
    removal = f"unset PIP_{name.upper().replace('-', '_')}" if section == ":env:" else f"config unset {section}.{name}`"
    with pytest.raises(environment.SetUpError, match=f"would not be in .venv: .*(?s:.*){removal}"):
        next(environment._ways({"name": "tiny"}, project / ".venv", [], told))
    done.stdout = f"{section}.dry-run='false'\n"
    assert next(environment._ways({"name": "tiny"}, project / ".venv", [], told))[2] == "pip"


def test_a_real_setting_that_leads_elsewhere_installs_nothing(environment, made, tmp_path, monkeypatch):
    (made / "requirements.lock").write_text("# another\n")
    (tmp_path / "pip.conf").write_text(f"[install]\nroot = {tmp_path / 'elsewhere'}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    with pytest.raises(environment.SetUpError, match=r"`pip config unset install\.root`"):
        environment.ensure(made)
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_is_reported_before_anything_is_made(environment, project, monkeypatch):
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 10**9))
    with pytest.raises(environment.SetUpError, match=r"1\.0 GB are free on this disk; the environment needs 2\.5 GB"):
        environment.ensure(project)
    assert not (project / ".venv").exists()


@pytest.mark.skipif(os.name == "nt", reason="the Makefile is for POSIX shells")
class TestMake:
    def make(self, *arguments, **environment):
        command = ["make", "-C", str(ROOT), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SECONDS, env={**os.environ, **environment}
        )

    def test_a_python_that_is_too_old_is_named(self, tmp_path):
        old = tmp_path / "python3"
        old.write_text('#!/bin/sh\ncase "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac\n')
        old.chmod(0o755)
        done = self.make("environment", f"PYTHON={old}")
        assert done.returncode == 2
        assert "needs Python 3.11 or newer" in done.stderr
        assert f"{old}: Python 3.9.2" in done.stderr
