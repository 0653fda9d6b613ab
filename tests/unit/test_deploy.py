"""deploy/ and docs/deploying.md: what the hub's configuration refuses and why, what a student's server starts with, and
that the documents, the figures and the files say the same. The hub itself runs in tests/browser/test_hub.py."""

import asyncio
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest

import course
from course_kit import files, lessons
from course_tools.classroom import doctor, lab, workbook

ROOT = files.course_folder()
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
MEASURED = json.loads((DEPLOY / "measured.json").read_text("utf-8"))
SYSTEM = 2000  # megabytes that the guide leaves to the operating system
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the hub is for Linux servers")


@pytest.fixture
def hub(monkeypatch):
    """hub(students, trial=True) -> (names in jupyterhub_config.py, what it has set), in a folder of its own.

    Hashes of passwords are quick here: 2⁴ rounds.
    """
    import bcrypt
    from traitlets.config import Config

    quick = bcrypt.gensalt(4)
    monkeypatch.setattr(bcrypt, "gensalt", lambda: quick)
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
def test_who_may_come_in_is_what_the_file_says(hub):
    names, config = hub("# the class of 2026\nanna\n\nben-2  # came later\neve admin\n")
    assert config.Authenticator.allowed_users == {"anna", "ben-2", "eve"}
    said = values()["hub"]
    assert (
        said["config"]["FirstUseAuthenticator"]["min_password_length"]
        == config.FirstUseAuthenticator.min_password_length
    )
    assert config.FirstUseAuthenticator.create_users is False and config.Authenticator.allow_existing_users is False


@linux
def test_teachers_may_start_and_stop_servers_and_nothing_more(hub):
    """The whole of it, with a real hub: tests/browser/test_hub.py."""
    _, config = hub()
    roles = {role["name"]: role for role in config.JupyterHub.load_roles}
    assert "admin_users" not in config.Authenticator and roles["admin"] == {"name": "admin", "users": []}
    assert roles["teacher"]["users"] == ["eve"]
    assert not {"access:servers", "tokens", "admin:users", "admin:servers", "shares"} & set(roles["teacher"]["scopes"])
    cluster = values()["hub"]["loadRoles"]
    assert cluster["admin"]["users"] == [] and cluster["teacher"]["scopes"] == roles["teacher"]["scopes"]


@linux
def test_cookies_are_secure_where_students_come_by_https(hub, monkeypatch):
    assert "tornado_settings" not in hub()[1].JupyterHub
    monkeypatch.setenv("COURSE_HUB_HTTPS", "1")
    assert hub()[1].JupyterHub.tornado_settings == {"cookie_options": {"secure": True}}
    assert "Environment=COURSE_HUB_HTTPS=1" in (DEPLOY / "attention-hub.service").read_text("utf-8")


@linux
class TestCodes:
    """A name comes with a code; without one nobody takes it, and guessing is slow."""

    @pytest.fixture
    def state(self, hub):
        return hub("anna\nben\n")[0]["STATE"]

    def codes(self, state):
        return dict(line.split() for line in (state / "codes.txt").read_text().splitlines())

    @pytest.fixture
    def log_in(self, hub, state, monkeypatch):
        """log_in(name, password, after=seconds) -> (name or None, what the page says)"""
        passwords = sys.modules["passwords"]
        now = [1000.0]
        monkeypatch.setattr(passwords.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(
            passwords.CodeAuthenticator, "_user_exists", lambda self, name: name in ("anna", "ben", "new")
        )
        authenticator = passwords.CodeAuthenticator(
            dbm_path=str(state / "passwords"), create_users=False, min_password_length=8, allow_all=True
        )

        def call(name, password, after=0.0):
            now[0] += after
            page = type("Page", (), {"custom_login_error": ""})()
            inside = asyncio.run(authenticator.authenticate(page, {"username": name, "password": password}))
            return inside, page.custom_login_error

        call.authenticator = authenticator
        return call

    def test_each_name_has_its_own_and_only_root_reads_them(self, state):
        codes = self.codes(state)
        assert sorted(codes) == ["anna", "ben"] and codes["anna"] != codes["ben"]
        assert all(re.fullmatch(r"([2-9a-z]{4}-){2}[2-9a-z]{4}", code) for code in codes.values())
        assert (state / "codes.txt").stat().st_mode & 0o77 == 0

    def test_they_stay_and_new_names_get_one(self, hub, state):
        before = self.codes(state)
        hub("anna\nnew\n")
        after = self.codes(state)
        assert after["anna"] == before["anna"] and sorted(after) == ["anna", "new"]

    def test_the_code_lets_in_and_nothing_else_does(self, log_in, state):
        assert log_in("anna", self.codes(state)["anna"]) == ("anna", "")
        assert log_in("anna", "aaaaaaaa")[0] is None

    def test_a_name_that_was_given_no_code_cannot_be_taken(self, log_in):
        assert log_in("new", "a password of mine")[0] is None
        assert log_in("new", "a password of mine")[0] is None

    def test_after_three_wrong_passwords_the_next_one_waits(self, log_in, state):
        code = self.codes(state)["anna"]
        assert [log_in("anna", "wrong")[1] for _ in range(3)] == ["", "", ""]
        assert log_in("anna", code) == (None, "Too many wrong passwords. Try again in 1 seconds.")
        assert log_in("anna", "wrong", after=1.1)[1] == ""
        assert "in 2 seconds" in log_in("anna", code)[1]
        for _ in range(12):
            log_in("anna", "wrong", after=61)
        assert "in 60 seconds" in log_in("anna", code)[1]
        assert log_in("ben", self.codes(state)["ben"])[0] == "ben", "others do not wait"
        assert log_in("anna", code, after=61)[0] == "anna"
        assert log_in("anna", "wrong")[1] == "", "the right one starts anew"

    def test_a_name_that_nobody_has_gets_the_same_answers_as_late(self, log_in, monkeypatch):
        passwords, costs = sys.modules["passwords"], []
        check = passwords.bcrypt.checkpw
        cost = lambda kept: kept.split(b"$")[1:3]  # noqa: E731 - the kind of the hash and its rounds
        monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda p, kept: costs.append(cost(kept)) or check(p, kept))
        answers = {name: [log_in(name, "wrong") for _ in range(4)] for name in ("anna", "mallory")}
        assert answers["anna"] == answers["mallory"] and "in 1 seconds" in answers["anna"][-1][1]
        assert len(costs) == 6 and all(one == costs[0] for one in costs), "the fourth waits"

    def test_names_that_are_invented_are_forgotten(self, log_in, state, monkeypatch):
        monkeypatch.setattr(sys.modules["passwords"], "MOST_NAMES", 2)
        for name in ("anna", "anna", "anna", "nobody1", "nobody2"):
            log_in(name, "wrong")
        assert log_in("anna", self.codes(state)["anna"]) == ("anna", ""), "the count of the first has made room"

    @pytest.mark.parametrize("password", ["aaaaaaaa", "short", "anna-1234", "abababab"])
    def test_a_password_of_ones_own_must_not_be_too_easy(self, log_in, state, password):
        assert "at least 5 different" in log_in.authenticator.reset_password("anna", password)
        assert log_in("anna", self.codes(state)["anna"])[0] == "anna"

    def test_a_password_of_ones_own_replaces_the_code(self, log_in, state):
        assert "successfully" in log_in.authenticator.reset_password("anna", "what comes out?")
        assert log_in("anna", "what comes out?")[0] == "anna"
        assert log_in("anna", self.codes(state)["anna"])[0] is None


@linux
@pytest.mark.parametrize("line", ["Anna", "..", "a/b", "anna ben", "eve root", "-x", "a" * 33])
def test_a_name_that_is_none_is_refused_with_its_line(hub, line):
    with pytest.raises(SystemExit, match=r"students.txt, line 2: .*Needed: a name"):
        hub(f"ben\n{line}\n")


@linux
def test_without_students_it_says_what_the_file_looks_like(hub):
    with pytest.raises(SystemExit, match=r"students.txt is not there\. Needed: .*one name a line"):
        hub(None)


@linux
def test_without_root_it_starts_only_as_a_trial(hub, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match="not root.*COURSE_HUB_TRIAL=1"):
        hub(trial=False)
    hub(trial=True)


@linux
def test_a_folder_that_students_cannot_enter_is_found(hub):
    names, _ = hub()
    state, closed = names["STATE"], names["closed_to_students"]
    state.chmod(0o755)
    assert closed(state / "homes", state / "run") is None
    (state / "run").chmod(0o700)
    assert closed(state / "homes", state / "run") == state / "run"
    state.chmod(0o700)
    assert closed(state / "homes") == state


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give folders away")
def test_accounts_are_different_and_stay(hub):
    names, _ = hub()
    home_of, state = names["home_of"], names["STATE"]
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


def megabytes(text):
    return int(text[:-1]) * {"M": 1, "G": 1000}[text[-1]]


def test_image_values_and_guide_name_the_same():
    image, chart = (DEPLOY / "Dockerfile").read_text(), (DEPLOY / "kubernetes.yaml").read_text()
    version = re.search(r"^ARG JUPYTERHUB=(.+)$", image, re.M)[1]
    release = re.search(r"--version (\S+)", chart)[1]
    assert f"zero-to-jupyterhub {release} (JupyterHub {version})" in chart
    assert release in GUIDE and version in GUIDE
    server = values()["singleuser"]
    assert f'CMD ["{server["cmd"][0]}"]' in image and f"USER {server['uid']}" in image
    assert f"{server['image']['name']}:{server['image']['tag']}" in image
    assert server["defaultUrl"] == re.search(r'default_url = "(.+)"', (DEPLOY / "jupyterhub_config.py").read_text())[1]
    assert image.index("USER ") < image.index("CMD "), "what a student runs is not root"
    copies = re.findall(r"^COPY (.+) \S+$", image, re.M)
    assert copies
    for copied in copies:
        for name in copied.split():
            assert (ROOT / name).exists() and f"!{name}" in (DEPLOY / "Dockerfile.dockerignore").read_text(), name


def test_limits_have_room_for_the_heaviest_chapter():
    most = max(figures["peak"] for figures in MEASURED["chapters"].values())
    data = max(figures["data"] for figures in MEASURED["chapters"].values())
    memory = values()["singleuser"]["memory"]
    assert MEASURED["idle"] < megabytes(memory["guarantee"]) and 1.5 * most < megabytes(memory["limit"])
    assert 1.5 * data < int(re.search(r'"COURSE_HUB_MB", "(\d+)"', (DEPLOY / "jupyterhub_config.py").read_text())[1])


def test_what_was_measured_went_well():
    assert MEASURED["idle"] <= 400 and MEASURED["three"]["idle"] <= 350  # alone; among others
    assert set(MEASURED["chapters"]) <= {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert not any(figures["errors"] for figures in [*MEASURED["chapters"].values(), MEASURED["three"]])


def rows(head):
    """The rows of the guide's table whose first column is headed so: {first cell: [the others]}."""
    table = GUIDE.split(f"| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {first: others for first, *others in cells}


def test_the_guides_figures_are_those_measured():
    assert MEASURED["date"] in GUIDE and MEASURED["machine"] in GUIDE and MEASURED["command"] in GUIDE
    names, measured = [path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")], MEASURED["chapters"]
    said = {name: f"{lessons.chapter(name)}{' annex' * lessons.is_annex(name)}" for name in names}
    assert {head: cells[0] for head, cells in rows("Chapter").items()} == {
        said[name]: str(measured[name]["peak"]) if name in measured else "not measured" for name in names
    }
    three = MEASURED["three"]
    assert rows("One student") == {
        "server alone": [str(MEASURED["server"])],
        "idle: server, and a kernel with chapter 1's first cell": [str(MEASURED["idle"])],
        "idle, each of three at once": [str(three["idle"])],
        "peak in chapter 1, each of three at once": [str(three["peak"])],
        "hub, proxy and what stops idle servers, once": [str(MEASURED["hub"])],
    }


def test_how_many_fit_is_computed_from_them():
    most = max(figures["peak"] for figures in MEASURED["chapters"].values())
    first = MEASURED["chapters"]["01_nadaraya_watson"]["peak"]
    fits = rows("Memory of the server")
    assert len(fits) == 3
    for memory, cells in fits.items():
        room = int(memory.split()[0]) * 1000 - SYSTEM - MEASURED["hub"]
        assert [int(cell) for cell in cells] == [room // each for each in (MEASURED["idle"], first, most)], memory


def test_sizes_on_kubernetes_are_those_of_the_values():
    guarantee, limit = (megabytes(values()["singleuser"]["memory"][key]) for key in ("guarantee", "limit"))
    assert f"A student is guaranteed {guarantee} MB" in GUIDE and f"gets at most {limit} MB" in GUIDE
    together = 200 * guarantee / 1000
    assert f"Two hundred guarantees are {together:.0f} GB: {-(-together // 60):.0f} machines of 64 GB" in GUIDE
    assert (
        values()["singleuser"]["cpu"] == {"guarantee": 0.1, "limit": 1}
        and "a tenth guaranteed and may take one" in GUIDE
    )
    assert values()["singleuser"]["storage"]["capacity"] == "1Gi" and values()["cull"]["timeout"] == 3600


@linux
def test_numbers_in_the_text_are_those_of_the_configuration(hub):
    names, config = hub()
    unit = (DEPLOY / "attention-hub.service").read_text("utf-8")
    assert f"at least {config.FirstUseAuthenticator.min_password_length} characters" in GUIDE
    assert f"a number from {names['FIRST_ACCOUNT']} on" in GUIDE
    assert f"may use {config.Spawner.environment['COURSE_HUB_MB']} MB" in GUIDE
    assert "MemoryMax=90%" in unit and "nine tenths of the machine (`MemoryMax` in the unit)" in GUIDE
    assert f"`{names['BIND']}`" in GUIDE and "stopped after an hour" in GUIDE
    assert config.JupyterHub.services[0]["command"][-1] == "--timeout=3600"


def test_every_setting_is_in_the_guide():
    config = (DEPLOY / "jupyterhub_config.py").read_text("utf-8")
    used = set(re.findall(r'environ\.get\("(COURSE_\w+)"', config))
    assert used == set(re.findall(r"^    (COURSE_\w+)", config, re.M)), "the head of the file lists them"
    assert used == set(re.findall(r"`(COURSE_HUB_\w+)`", GUIDE))


def test_files_and_commands_of_the_guide_are_there():
    named = set(
        re.findall(r"(?<![\w/.-])((?:deploy|tests|docs)/[\w./-]+\w)", GUIDE + (DEPLOY / "README.md").read_text())
    )
    assert named and [name for name in named if not (ROOT / name).exists()] == []
    listed = set(re.findall(r"`([\w.-]+)`", (DEPLOY / "README.md").read_text()))
    kept = {path.name for path in DEPLOY.iterdir() if path.is_file()} - {"README.md"}
    assert kept <= listed
    unit = (DEPLOY / "attention-hub.service").read_text("utf-8")
    assert "/opt/attention/.venv/bin/python -m jupyterhub -f /opt/attention/deploy/jupyterhub_config.py" in unit
    for place in ("/opt/attention", "/srv/attention", "attention-hub.service"):
        assert place in GUIDE and place in unit


def test_the_hubs_packages_are_those_of_the_tests():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(extras["hub"]) <= set(extras["test"])
