"""The hub of deploy/: one logs in and runs a cell; once a week a class of three, which runs chapter 1 at once.

The shipped configuration runs, with its proxy. Students have accounts of their own where the tests are root; elsewhere
it is the trial that the documents offer, and what only accounts can guard is not asked of it.
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
import threading
import time

import pytest
import requests
from hub_driver import ROOT, Hub, Student, memory

from course_tools.authoring import building

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the hub is for Linux servers: deploy/, PSS"),
]
weekly = pytest.mark.weekly
NAMES = ("anna", "ben", "eve")
IDLE_MB = 350  # what a student may take: server and kernel with the first chapter imported


class Class:
    """The hub, its students with a kernel each, and what was measured while chapter 1 ran."""

    def __init__(self, hub):
        self.hub, self.students, self.kernels = hub, {}, {}
        self.idle, self.wrong, self.seconds, self.failed = {}, {}, {}, []
        self.ready = threading.Barrier(len(NAMES))
        threads = [threading.Thread(target=self.learn, args=(name,)) for name in NAMES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def learn(self, name):
        try:
            student = self.students[name] = Student(self.hub, name).spawn(300)
            kernel = self.kernels[name] = student.kernel()
            notebook = student.notebook("workbook/01_nadaraya_watson.ipynb")
            cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
            self.wrong[name] = [] if not kernel.run(cells[0])[1] else ["the first cell"]
            self.ready.wait(300)
            self.idle[name] = memory(student.processes(), "Private_Dirty")
            self.ready.wait(300)
            start = time.monotonic()
            self.wrong[name] += kernel.run_notebook(notebook)
            self.seconds[name] = time.monotonic() - start
        except Exception as error:
            self.failed.append(f"{name}: {error}")
            self.ready.abort()


@contextlib.contextmanager
def running_hub():
    """A hub with three names, in a folder of its own."""
    folder = tempfile.mkdtemp(prefix="hub")  # pytest's own folders are closed to other accounts
    os.chmod(folder, 0o755)
    hub = Hub(folder, ["anna", "ben  # a comment", "eve admin"], HOME=folder)
    try:
        yield hub
    finally:
        hub.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def lesson():
    with running_hub() as hub:
        yield Class(hub)


def test_one_logs_in_and_the_first_cell_of_chapter_1_runs():
    with running_hub() as hub:
        anna = Student(hub, "anna").spawn()
        notebook = anna.notebook("workbook/01_nadaraya_watson.ipynb")
        first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        kernel = anna.kernel()
        assert kernel.run("".join(first["source"]))[1] == ""
        assert kernel.run("import os; print(os.getcwd())")[0].strip() == str(anna.home() / "workbook")
        assert not Student(hub, "anna", "not her password").inside
        assert Student(hub, "ben").session.get(f"{anna.base}/api/contents/workbook").status_code == 403


@weekly
def test_three_at_once_finish_chapter_1(lesson):
    assert lesson.failed == []
    assert lesson.wrong == {name: [] for name in NAMES}
    print({name: f"{seconds:.0f} s" for name, seconds in lesson.seconds.items()})


@weekly
def test_memory_of_an_idle_student(lesson):
    print({name: f"{mb:.0f} MB" for name, mb in lesson.idle.items()})
    assert all(100 < mb <= IDLE_MB for mb in lesson.idle.values())


@weekly
def test_each_works_in_a_folder_and_account_of_his_own(lesson):
    said = {
        name: kernel.run("import os; print(os.getcwd(), os.getuid())")[0].split()
        for name, kernel in lesson.kernels.items()
    }
    assert {name: folder for name, (folder, _) in said.items()} == {
        name: str(lesson.students[name].home() / "workbook") for name in NAMES
    }
    accounts = {account for _, account in said.values()}
    assert len(accounts) == (len(NAMES) if lesson.hub.separate else 1) and (
        "0" not in accounts or not lesson.hub.separate
    )


@weekly
def test_nobody_comes_in_through_another_ones_door(lesson):
    anna, ben = lesson.students["anna"], lesson.students["ben"]
    assert ben.session.get(f"{ben.base}/api/contents/workbook").ok
    assert ben.session.get(f"{anna.base}/api/contents/workbook").status_code == 403
    assert not Student(lesson.hub, "anna", "not her password").inside
    assert not Student(lesson.hub, "mallory", "I came first").inside


@weekly
def test_a_teacher_starts_and_stops_servers_and_cannot_enter_them(lesson):
    """Neither through the browser, which asks the hub for leave, nor with a token, which carries all that one may."""
    anna, eve = lesson.students["anna"], lesson.students["eve"]
    assert eve.session.get(f"{lesson.hub.base}/hub/admin").status_code == 200
    assert eve.session.get(f"{anna.base}/lab").status_code == 403
    asks = {
        "X-XSRFToken": eve.session.cookies.get("_xsrf", path="/hub/"),
        "Referer": f"{lesson.hub.base}/hub/admin",
    }
    users = f"{lesson.hub.base}/hub/api/users"
    own = eve.session.post(f"{users}/eve/tokens", headers=asks, json={}).json()["token"]
    token = {"Authorization": f"token {own}"}
    assert requests.get(f"{eve.base}/api/contents", headers=token, timeout=60).status_code == 200
    for method, path in (("GET", "contents"), ("PUT", "contents/x.txt"), ("POST", "terminals"), ("GET", "kernels")):
        answer = requests.request(method, f"{anna.base}/api/{path}", headers=token, json={}, timeout=60)
        assert answer.status_code == 403, (method, path)
    assert eve.session.post(f"{users}/anna/tokens", headers=asks, json={}).status_code == 403
    assert eve.session.patch(f"{users}/eve", headers=asks, json={"admin": True}).status_code == 403
    assert eve.session.get(users, headers=asks).ok and len(eve.session.get(users, headers=asks).json()) == len(NAMES)
    assert eve.session.post(f"{users}/ben/server", headers=asks, json={}).status_code in (201, 202, 400)  # 400: runs


@weekly
def test_files_of_others_and_the_course_are_closed(lesson):
    if not lesson.hub.separate:
        pytest.skip("one account for all: a trial, without root or without the right to open the way to the course")
    secret = lesson.students["anna"].home() / "secret.txt"
    assert lesson.kernels["anna"].run(f"print(open({str(secret)!r}, 'w').write('x'))") == ("1\n", "")
    ben = lesson.kernels["ben"]
    assert "PermissionError" in ben.run(f"open({str(secret)!r})")[1]
    assert "PermissionError" in ben.run(f"import os; os.listdir({str(secret.parent)!r})")[1]
    for place in (
        ROOT / "data" / "x",
        ROOT / "course_utils" / "x.py",
        ROOT / "notebooks" / "x",
        lesson.hub.state / "x",
    ):
        assert "PermissionError" in ben.run(f"open({str(place)!r}, 'w')")[1], place
    kept = [path for path in lesson.hub.state.iterdir() if path.name not in ("students.txt", "hub.log")]
    assert {"cookie_secret", "jupyterhub.sqlite", "homes"} <= {path.name for path in kept}
    for path in kept:
        ask = "os.listdir" if path.is_dir() else "open"
        assert "PermissionError" in ben.run(f"import os; {ask}({str(path)!r})")[1], path
    assert "PermissionError" in ben.run(f"os.kill({lesson.students['anna'].processes()[0].pid}, 15)")[1]


@weekly
def test_the_doctor_is_content(lesson):
    said, error = lesson.kernels["ben"].run("%run -m course doctor --quick")
    assert not error and "Everything is in order." in said
    assert re.search(r"\b(\d+) notebooks in", said)[1] == str(len(building.names()))


@weekly
def test_too_much_memory_is_an_error_in_the_cell_and_no_more(lesson):
    kernel = lesson.kernels["ben"]
    kernel.run("before = 'still here'")
    _, error = kernel.run("import torch; torch.zeros(2_000_000_000)")
    assert "can't allocate memory" in error
    assert kernel.run("before")[0] == "'still here'"


@weekly
def test_a_dead_kernel_takes_no_work_with_it(lesson):
    student = lesson.students["eve"]
    content = {"type": "file", "format": "text", "content": "eve's"}
    assert student.call("PUT", "contents/workbook/mine.txt", json=content).ok
    kernel = student.kernel()
    number = int(kernel.run("import os; print(os.getpid())")[0])
    os.kill(number, 9)
    until = time.monotonic() + 60
    while student.call("GET", f"kernels/{kernel.number}").json().get("execution_state") in (None, "busy", "dead"):
        assert time.monotonic() < until
        time.sleep(0.5)
    kernel.close()
    again = student.kernel()
    assert again.run("print(open('mine.txt').read())")[0] == "eve's\n"
    again.close()


@weekly
def test_the_hub_is_started_again_and_work_goes_on(lesson):
    anna = lesson.students["anna"]
    lesson.kernels["anna"].run("before = 'the restart'")
    lesson.hub.stop()
    lesson.hub.start()
    until = time.monotonic() + 60
    while anna.session.get(f"{anna.base}/api/contents").status_code != 200:  # the hub looks for running servers first
        assert time.monotonic() < until, lesson.hub.log()[-2000:]
        time.sleep(0.5)
    assert anna.listen(lesson.kernels["anna"].number).run("before")[0] == "'the restart'"
    assert Student(lesson.hub, "anna").inside and not Student(lesson.hub, "anna", "not her password").inside
