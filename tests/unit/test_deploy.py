"""deploy/ and docs/deploying.md: well formed, and saying the same; passwords that are hashed, and slow to guess.

What needs the hub's packages runs once a week, and so does the hub itself: tests/browser/test_hub.py.
"""

import asyncio
import importlib.util
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

import course
from course_kit import files
from course_tools.classroom import doctor, lab, workbook

ROOT = files.course_folder()
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the hub is for Linux servers")


class FirstUse:
    """What of firstuseauthenticator our class stands on, so that it is tested without a hub."""

    def __init__(self, **options):
        vars(self).update(options)

    def normalize_username(self, name):
        return name.lower()

    def _user_exists(self, name):
        return name in ("anna", "ben", "new")


@pytest.fixture
def passwords(monkeypatch, tmp_path):
    """deploy/passwords.py with quick hashes (2⁴ rounds), and codes for anna and ben."""
    bcrypt = pytest.importorskip("bcrypt")
    quick = bcrypt.gensalt(4)
    monkeypatch.setattr(bcrypt, "gensalt", lambda: quick)
    stand_in = types.ModuleType("firstuseauthenticator")
    stand_in.FirstUseAuthenticator = FirstUse
    monkeypatch.setitem(sys.modules, "firstuseauthenticator", stand_in)
    spec = importlib.util.spec_from_file_location("passwords_tested", DEPLOY / "passwords.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.hand_out({"anna", "ben"}, tmp_path / "passwords", tmp_path / "codes.txt")
    return module


def codes(place):
    return dict(line.split() for line in (place / "codes.txt").read_text().splitlines())


@pytest.fixture
def log_in(passwords, tmp_path, monkeypatch):
    """log_in(name, password, after=seconds) -> (name or None, whether it has to wait)"""
    now = [1000.0]
    monkeypatch.setattr(passwords.time, "monotonic", lambda: now[0])
    authenticator = passwords.CodeAuthenticator(dbm_path=str(tmp_path / "passwords"), min_password_length=8)

    def call(name, password, after=0.0):
        now[0] += after
        page = types.SimpleNamespace(custom_login_error="")
        inside = asyncio.run(authenticator.authenticate(page, {"username": name, "password": password}))
        return inside, re.findall(r"in (\d+) seconds", page.custom_login_error)

    call.authenticator = authenticator
    return call


@linux
def test_each_name_has_a_code_of_its_own_that_stays_and_is_kept_as_a_hash(passwords, tmp_path):
    before = codes(tmp_path)
    assert sorted(before) == ["anna", "ben"] and before["anna"] != before["ben"]
    assert all(re.fullmatch(r"([2-9a-z]{4}-){2}[2-9a-z]{4}", code) for code in before.values())
    assert (tmp_path / "codes.txt").stat().st_mode & 0o77 == 0
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("passwords*"))
    assert b"$2b$" in stored and not any(code.encode() in stored for code in before.values())
    passwords.hand_out({"anna", "new"}, tmp_path / "passwords", tmp_path / "codes.txt")
    after = codes(tmp_path)
    assert after["anna"] == before["anna"] and sorted(after) == ["anna", "new"]


def test_the_code_lets_in_and_nothing_else_does(log_in, tmp_path):
    assert log_in("anna", codes(tmp_path)["anna"]) == ("anna", [])
    assert log_in("anna", "aaaaaaaa")[0] is None
    assert [log_in("new", "a password of mine")[0] for _ in range(2)] == [None, None], "nobody was given its code"


def test_after_three_wrong_passwords_the_next_one_waits(log_in, tmp_path):
    code = codes(tmp_path)["anna"]
    assert [log_in("anna", "wrong") for _ in range(3)] == [(None, [])] * 3
    assert log_in("anna", code) == (None, ["1"])
    assert log_in("anna", "wrong", after=1.1) == (None, []) and log_in("anna", code) == (None, ["2"])
    for _ in range(12):
        log_in("anna", "wrong", after=61)
    assert log_in("anna", code) == (None, ["60"])
    assert log_in("ben", codes(tmp_path)["ben"])[0] == "ben", "others do not wait"
    assert log_in("anna", code, after=61)[0] == "anna"
    assert log_in("anna", "wrong") == (None, []), "the right one starts anew"


def test_a_name_that_nobody_has_gets_the_same_answers_as_late(passwords, log_in, monkeypatch):
    check, costs = passwords.bcrypt.checkpw, []
    cost = lambda kept: kept.split(b"$")[1:3]  # noqa: E731 - the kind of the hash and its rounds
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda p, kept: costs.append(cost(kept)) or check(p, kept))
    answers = {name: [log_in(name, "wrong") for _ in range(4)] for name in ("anna", "mallory")}
    assert answers["anna"] == answers["mallory"] and answers["anna"][-1][1] == ["1"]
    assert len(costs) == 6 and all(one == costs[0] for one in costs), "the fourth waits"


def test_names_that_are_invented_are_forgotten(passwords, log_in, tmp_path, monkeypatch):
    monkeypatch.setattr(passwords, "MOST_NAMES", 2)
    for name in ("anna", "anna", "anna", "nobody1", "nobody2"):
        log_in(name, "wrong")
    assert log_in("anna", codes(tmp_path)["anna"]) == ("anna", []), "the count of the first has made room"


@pytest.mark.parametrize("password", ["aaaaaaaa", "short", "anna-1234", "abababab"])
def test_a_password_of_ones_own_must_not_be_too_easy(passwords, log_in, password):
    assert log_in.authenticator.reset_password("anna", password) == passwords.TOO_EASY.format(least=8)


@pytest.fixture
def hub(monkeypatch):
    """hub(students, trial=True) -> (names in jupyterhub_config.py, what it has set), in a folder of its own."""
    pytest.importorskip("jupyterhub", reason="make environment EXTRA=hub")
    from traitlets.config import Config

    state, mask = Path(tempfile.mkdtemp(prefix="hub", dir="/tmp")), os.umask(0o022)
    monkeypatch.setenv("COURSE_HUB_STATE", str(state))

    def run(students="anna\nben\neve admin\n", trial=True):
        if students is not None:
            (state / "students.txt").write_text(students)
        monkeypatch.setenv("COURSE_HUB_TRIAL", "1" if trial else "")
        config = Config()
        os.umask(0o022)
        return runpy.run_path(str(DEPLOY / "jupyterhub_config.py"), {"get_config": lambda: config}), config

    yield run
    os.umask(mask)
    shutil.rmtree(state)


@linux
@pytest.mark.weekly
def test_the_configuration_lets_in_who_is_listed_and_teachers_into_no_server(hub, monkeypatch):
    names, config = hub("# the class of 2026\nanna\n\nben-2  # came later\neve admin\n")
    assert config.Authenticator.allowed_users == {"anna", "ben-2", "eve"}
    assert config.FirstUseAuthenticator.create_users is False and config.Authenticator.allow_existing_users is False
    roles = {role["name"]: role for role in config.JupyterHub.load_roles}
    assert "admin_users" not in config.Authenticator and roles["admin"] == {"name": "admin", "users": []}
    assert roles["teacher"]["users"] == ["eve"]
    assert not {"access:servers", "tokens", "admin:users", "admin:servers", "shares"} & set(roles["teacher"]["scopes"])
    assert values()["hub"]["loadRoles"]["teacher"]["scopes"] == roles["teacher"]["scopes"]
    assert f"at least {config.FirstUseAuthenticator.min_password_length} characters" in GUIDE
    assert f"a number from {names['FIRST_ACCOUNT']} on" in GUIDE and f"`{names['BIND']}`" in GUIDE
    assert "tornado_settings" not in config.JupyterHub
    monkeypatch.setenv("COURSE_HUB_HTTPS", "1")
    assert hub()[1].JupyterHub.tornado_settings == {"cookie_options": {"secure": True}}


@linux
@pytest.mark.weekly
def test_the_configuration_refuses_wrong_names_no_names_and_one_account_for_all(hub, monkeypatch):
    with pytest.raises(SystemExit, match=r"students.txt is not there"):
        hub(None)
    for line in ("Anna", "..", "a/b", "anna ben", "eve root", "-x", "a" * 33):
        with pytest.raises(SystemExit, match=r"students.txt, line 2: "):
            hub(f"ben\n{line}\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match="COURSE_HUB_TRIAL=1"):
        hub("ben\n", trial=False)


@linux
@pytest.mark.weekly
def test_accounts_are_different_and_closed_and_a_way_that_is_closed_is_found(hub):
    names, _ = hub()
    home_of, state, closed = names["home_of"], names["STATE"], names["closed_to_students"]
    state.chmod(0o755)
    assert closed(state / "homes", state / "run") is None
    (state / "run").chmod(0o700)
    assert closed(state / "homes", state / "run") == state / "run"
    if os.geteuid() == 0:  # who alone can give folders away
        home_of.__globals__["TRIAL"] = False
        accounts = {name: home_of(name, state)[2] for name in ("anna", "ben", "eve")}
        assert sorted(accounts.values()) == [names["FIRST_ACCOUNT"] + i for i in range(3)]
        assert {name: home_of(name, state)[2] for name in ("eve", "anna", "ben")} == accounts
        for place in home_of("anna", state)[:2]:
            assert (place.stat().st_mode & 0o777, place.stat().st_uid) == (0o700, accounts["anna"])


def start(tmp_path, *arguments, fill=0, **settings):
    """deploy/start.sh with a Python that notes what it is asked -> (what it was asked, its environment)."""
    asked = tmp_path / "asked"
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\necho "$@" >>{asked}\nenv >{asked}.env\ncase "$*" in *fill-only*) exit {fill};; esac\n'
    )
    python.chmod(0o755)
    given = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COURSE_PYTHON": str(python)}
    subprocess.run(["sh", DEPLOY / "start.sh", *arguments], env=given | settings, check=True, capture_output=True)
    environment = (tmp_path / "asked.env").read_text().splitlines()
    return asked.read_text().splitlines(), dict(line.split("=", 1) for line in environment if "=" in line)


@linux
@pytest.mark.parametrize("fill", [0, 1])
def test_a_server_starts_even_if_the_workbook_cannot_be_filled(tmp_path, fill):
    asked, environment = start(tmp_path, "--KernelManager.transport=ipc", fill=fill)
    assert asked[0] == "-m course lab --fill-only"
    assert asked[1].startswith(f"-m jupyterhub.singleuser --ServerApp.root_dir={tmp_path} ")
    assert "--KernelManager.transport=ipc" in asked[1]
    assert environment["COURSE_WORKBOOK"] == f"{tmp_path}/workbook" and environment["OMP_NUM_THREADS"] == "1"


@linux
def test_a_bound_on_memory_is_set_where_it_is_asked_for(tmp_path):
    python = tmp_path / "bound"
    python.write_text('#!/bin/sh\ncase "$*" in *singleuser*) ulimit -d;; esac\n')
    python.chmod(0o755)
    given = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COURSE_PYTHON": str(python)}
    for bound, kilobytes in (({"COURSE_HUB_MB": "3000"}, "2929687"), ({}, "unlimited")):
        run = subprocess.run(["sh", DEPLOY / "start.sh"], env=given | bound, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == kilobytes


def test_a_workbook_outside_the_course(tmp_path, monkeypatch, capsys):
    place = tmp_path / "home" / "workbook"
    monkeypatch.setenv("COURSE_WORKBOOK", str(place))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    assert lab.run(fill_only=True) == 0 and f"Your notebooks are in {place}" in capsys.readouterr().out
    assert {p.name for p in place.glob("*.ipynb")} == {p.name for p in (ROOT / "notebooks").glob("*.ipynb")}
    assert doctor.check_workbook().todo == "" and workbook.place() == place
    options = lab.options(ROOT)
    assert (
        f"--ServerApp.root_dir={place.parent}" in options
        and f"--LabApp.default_url=/lab/tree/workbook/{lab.FIRST}" in options
    )
    assert course.main(["progress"]) == 0
    monkeypatch.delenv("COURSE_WORKBOOK")
    assert workbook.place() == ROOT / "workbook"


def values():
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text("utf-8"))


def test_image_values_and_guide_name_the_same():
    image, chart = (DEPLOY / "Dockerfile").read_text(), (DEPLOY / "kubernetes.yaml").read_text()
    version = re.search(r"^ARG JUPYTERHUB=(.+)$", image, re.M)[1]
    release = re.search(r"--version (\S+)", chart)[1]
    assert f"zero-to-jupyterhub {release} (JupyterHub {version})" in chart
    assert release in GUIDE and version in GUIDE
    server = values()["singleuser"]
    assert f'CMD ["{server["cmd"][0]}"]' in image and f"USER {server['uid']}" in image
    assert f"{server['image']['name']}:{server['image']['tag']}" in image
    assert values()["hub"]["loadRoles"]["admin"]["users"] == []
    guaranteed, most = (server["memory"][key].replace("M", "").replace("G", "000") for key in ("guarantee", "limit"))
    assert f"guaranteed {guaranteed} MB" in GUIDE and f"at most {most} MB" in GUIDE
    assert server["defaultUrl"] == re.search(r'default_url = "(.+)"', (DEPLOY / "jupyterhub_config.py").read_text())[1]
    assert image.index("USER ") < image.index("CMD "), "what a student runs is not root"
    copies = re.findall(r"^COPY (.+) \S+$", image, re.M)
    assert copies
    for copied in copies:
        for name in copied.split():
            assert (ROOT / name).exists() and f"!{name}" in (DEPLOY / "Dockerfile.dockerignore").read_text(), name
