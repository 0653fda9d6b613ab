"""The environment is made once, used again at once, and repaired when an installation was cut off.

Real environments, pip and uv, on a project so small that nothing has to be fetched; or none of them.
"""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from helpers.waiting import SECONDS

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
    """An environment with copies of this one's pip and uv."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    site = next(venv.glob("Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages"))
    for name in ("pip", "uv"):
        package = Path(str(metadata.distribution(name).locate_file(name)))  # pip imported undoes distutils
        for folder in [package, *package.parent.glob(f"{name}-*.dist-info")]:
            shutil.copytree(folder, site / folder.name)
        for line in next(site.glob(f"{name}-*.dist-info/RECORD")).read_text().splitlines():
            path = line.split(",")[0]
            if Path(path).parent.name in ("bin", "Scripts"):
                (shutil.copy if os.name == "nt" else os.symlink)((package.parent / path).resolve(), site / path)


@pytest.fixture(autouse=True, scope="module")
def _without_a_network_a_home_and_settings_of_pip():
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
            patch.delenv(name)
        for name, value in {
            "UV_OFFLINE": "1",
            "HOME": os.devnull,
            "PIP_CONFIG_FILE": os.devnull,
        }.items():
            patch.setenv(name, value)
        yield


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


def test_new_versions_or_extras_are_installed(environment, made):
    (made / "requirements.lock").write_text("# another\n")
    assert environment.ensure(made) == "updated" and works(made)
    assert environment.ensure(made, ["test"]) == "updated"
    assert environment.ensure(made) == "ready"  # what was installed once stays
    assert json.loads((made / ".venv" / "course-stamp.json").read_text())["extras"] == ["test"]


def test_what_changes_nothing_installed_installs_nothing(environment, made):
    with open(made / "pyproject.toml", "a") as file:
        file.write("\n[tool.ruff]\nline-length = 120\n")
    assert environment.ensure(made) == "ready"
    before = environment.expected_stamp(made, [])
    (made / "course_tools" / "classroom" / "jupyter").mkdir(parents=True)
    (made / "course_tools" / "classroom" / "jupyter" / "new.json").write_text("{}")
    assert environment.expected_stamp(made, []) != before, "settings for Jupyter are installed"


def test_a_failure_is_reported_and_the_next_call_tries_again(environment, made, capfd):
    (made / "requirements.lock").write_text("# another\n")
    with pytest.raises(environment.SetUpError, match="(?s)type the same command again.*PIP_CERT="):
        environment.ensure(made, pip_options=["--no-such-option"])
    assert "--no-such-option" in capfd.readouterr().err
    assert environment.ensure(made) == "repaired" and works(made)


class Fake:
    """In place of subprocess: `pip config list` shows settings, commands that install are written down."""

    def __init__(self, patch, environment, settings="", fails="none"):
        self.settings, self.fails, self.commands = settings, fails, []
        patch.setattr(environment, "subprocess", self)

    def run(self, command, env=None, **_):
        words = [str(word) for word in command[1:]]
        if "list" in words:
            return subprocess.CompletedProcess(command, 0, self.settings, "")
        self.commands.append((words, env))
        return subprocess.CompletedProcess(command, int(words[1] == self.fails), "", "")


def installing(environment, project, patch, settings="", options=(), **more):
    """((words of pip, its variables), (words of uv, its variables)): what is called for these settings of pip."""
    fake = Fake(patch, environment, settings, **more)
    site = project / ".venv" / "lib" / "python3.99" / "site-packages"
    for name in ("uv", "tiny"):
        (site / f"{name}-1.dist-info").mkdir(parents=True)
    (project / ".venv" / "pyvenv.cfg").touch()
    patch.setattr(environment, "_site_packages", lambda _: site)
    environment._install(project, project / ".venv", [], options)
    return fake.commands


SETTINGS = [
    ("global.index-url='https://a'", [], {"UV_INDEX_URL": "https://a"}),
    ("global.index-url='https://a'\n:env:.index-url='https://b'", [], {"UV_INDEX_URL": "https://b"}),
    (
        "install.extra-index-url='\\nhttps://c https://d'",
        ["extra-index-url=https://c", "extra-index-url=https://d"],
        {},
    ),
    ("global.find-links='/x\\n/y'", ["find-links=/x", "find-links=/y"], {}),
    ("global.no-index='true'", ["no-index"], {}),
    (":env:.no-index='0'", [], {}),
    ("global.constraint='/etc/c.txt'", ["constraint=/etc/c.txt"], {}),
    ("global.require-hashes='true'", [], {"UV_REQUIRE_HASHES": "true"}),
    ("install.trusted-host='a b:80'", ["trusted-host=a", "trusted-host=b:80"], {}),
    ("global.cert='/ca.pem'", [], {"SSL_CERT_FILE": "/ca.pem"}),
    ("global.client-cert='/me.pem'", [], {"SSL_CLIENT_CERT": "/me.pem"}),
    ("global.proxy='http://p:3128'", [], {"ALL_PROXY": "http://p:3128"}),
    (":env:.default-timeout='180'\nglobal.retries='9'", [], {"UV_HTTP_TIMEOUT": "180", "UV_HTTP_RETRIES": "9"}),
    ("global.only-binary=':all:'", ["only-binary=:all:"], {}),
    ("global.keyring-provider='import'", [], {"UV_KEYRING_PROVIDER": "subprocess"}),
    (":env:.index-url=''\n:env:.config-file='/pip.conf'\n:env:.retries='5'", [], {"UV_HTTP_RETRIES": "5"}),
]


@pytest.mark.parametrize(("listed", "options", "variables"), SETTINGS, ids=[one[0].split("=")[0] for one in SETTINGS])
def test_where_packages_come_from_is_said_to_pip_and_to_uv(
    environment, project, monkeypatch, capsys, listed, options, variables
):
    (pip, of_pip), (uv, of_uv) = installing(environment, project, monkeypatch, listed)
    assert pip[:3] == ["-m", "pip", "install"] and uv[:4] == ["-m", "uv", "pip", "install"]
    assert [word[2:] for word in uv if word[2:].split("=")[0] in (*environment.SEVERAL, "no-index")] == [
        *options,
        "constraint",
    ], "the lock's own constraint comes beside those of pip's settings"
    assert variables.items() <= of_uv.items()
    name, value = re.findall(r"\.([\w-]+)=(.*)", listed)[-1]
    shown = {f"PIP_{name.upper().replace('-', '_')}": ast.literal_eval(value)}
    assert {k: v for k, v in shown.items() if v}.items() <= of_pip.items()
    assert of_pip["PIP_CONFIG_FILE"] == os.devnull, "what is not said here is not read"
    assert "no part" not in capsys.readouterr().out


def test_options_reach_pip_and_uv(environment, project, monkeypatch):
    options = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
    both = installing(environment, project, monkeypatch, "global.extra-index-url='https://c'", options)
    assert all(words[words.index("--extra-index-url") + 1] == options[1] for words, _ in both)
    assert "--extra-index-url=https://c" in both[1][0] and both[0][1]["PIP_EXTRA_INDEX_URL"] == "https://c"


def test_certificates_of_the_machine_are_trusted_where_it_has_any(environment, project, monkeypatch):
    monkeypatch.setattr(environment.sys, "platform", "linux")
    for places, trusted in ((["/nowhere", str(project)], "1"), (["/nowhere"], None)):
        monkeypatch.setattr(environment, "CERTIFICATES", places)
        with monkeypatch.context() as patch:
            Fake(patch, environment)
            assert environment._sources(project, project / ".venv")[0].get("UV_SYSTEM_CERTS") == trusted


@pytest.mark.parametrize("section", ["global", "install", ":env:"])
@pytest.mark.parametrize("name", ["prefix", "target", "root", "dry-run", "python", "user", "no-deps"])
def test_a_setting_of_pip_that_leads_elsewhere_is_named_and_left_out(
    environment, project, monkeypatch, capsys, name, section
):
    monkeypatch.setenv(f"PIP_{name.upper().replace('-', '_')}", "/far/off")
    for words, variables in installing(environment, project, monkeypatch, f"{section}.{name}='/far/off'\n"):
        assert not any("/far/off" in one for one in [*words, *variables.values()])
    assert f"Of pip's settings, these play no part here: {name}.\n" in capsys.readouterr().out


def test_with_real_settings_that_lead_elsewhere_all_is_in_the_environment(environment, made, tmp_path, monkeypatch):
    (made / "requirements.lock").write_text("# another\n")
    places = [f"{name} = {tmp_path / 'elsewhere'}\n" for name in ("root", "prefix", "target", "python")]
    (tmp_path / "pip.conf").write_text("[install]\ndry-run = true\n[global]\n" + "".join(places))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert environment.ensure(made) == "updated" and works(made)
    assert not (tmp_path / "elsewhere").exists()


def test_settings_that_pip_cannot_read_are_spoken_of(environment, made, tmp_path, monkeypatch):
    (made / "requirements.lock").write_text("# another\n")
    (tmp_path / "pip.conf").write_text("index-url = https://a\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    with pytest.raises(environment.SetUpError, match=r"(?s)pip cannot read its settings.*pip\.conf"):
        environment.ensure(made)


def wheel(folder, name, version):
    """A wheel with nothing in it."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", f"{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")


def test_a_build_from_a_folder_and_a_constraint_of_pips_settings_are_kept_to(environment, made, tmp_path, monkeypatch):
    """As torch's build for CPU: 2+cpu fits the lock's ==2, and is taken before 2, which would be the one for CUDA."""
    for name, version in (("engine", "2"), ("engine", "2+cpu"), ("engine", "3"), ("gear", "1"), ("gear", "2")):
        wheel(tmp_path, name, version)
    needs = 'version = "1"\ndependencies = ["engine", "gear"]\n'
    (made / "pyproject.toml").write_text(PYPROJECT.replace('version = "1"\n', needs))
    (made / "requirements.lock").write_text("engine==2\n")
    (tmp_path / "most.txt").write_text("gear<2\n")
    where = f"find-links = {tmp_path}\nconstraint = {tmp_path / 'most.txt'}\n"
    (tmp_path / "pip.conf").write_text("[global]\nno-index = true\nonly-binary = :all:\n" + where)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert environment.ensure(made) == "updated" and works(made)
    site = next((made / ".venv").glob("lib/python3*/site-packages"))
    assert {"engine-2+cpu.dist-info", "gear-1.dist-info"} <= {path.name for path in site.iterdir()}


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_without_a_network_one_sentence_says_so(environment, project, monkeypatch, tool):
    """pip, where uv is not there yet; uv, where it is."""
    with pytest.raises(environment.SetUpError, match="(?s)Without a network: connect and type the same command again"):
        installing(environment, project, monkeypatch, fails=tool)
    assert (project / ".venv" / "course-unfinished").exists()


def test_options_that_lead_elsewhere_are_spoken_of(environment, project, monkeypatch):
    monkeypatch.setattr(environment, "_make", lambda _: None)
    Fake(monkeypatch, environment)
    with pytest.raises(environment.SetUpError, match="uv is not in .venv: PIP_OPTIONS"):
        environment.ensure(project, pip_options=["--prefix", "/elsewhere"])


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
