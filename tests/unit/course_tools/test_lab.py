"""`make lab` and `make author`: a real JupyterLab, started, asked, killed while saving, started again."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
from helpers.waiting import SECONDS, until

from course_tools.authoring import clean
from course_tools.classroom import lab

TOKEN = "test"
START = "import sys; from pathlib import Path; from course_tools.classroom import lab; "
START += "from course_kit import files; "
START += (
    "files.course_folder = lambda: Path(sys.argv[1]); sys.exit(lab.run(sys.argv[3:], author=sys.argv[2] == 'author'))"
)


def notebook(text, rows=1):
    cells = [nbformat.v4.new_code_cell(text, id=f"cell-{n}") for n in range(rows)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A folder like the course's, with two small notebooks."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "notebooks").mkdir()
    for name in ("00_start_here", "01_one"):
        nbformat.write(notebook("1 + 1"), folder / "notebooks" / f"{name}.ipynb")
    return folder


class Server:
    """A JupyterLab of ours on a free port."""

    def __init__(self, course, what="lab", *options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-c", START, str(course), what, "--no-browser", "--port", str(self.port), *options]
        environment = {**os.environ, "JUPYTER_TOKEN": TOKEN}
        self.log = open(course / f"{self.port}.log", "w+")  # noqa: SIM115 - closed in stop()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, env=environment)
        until(self.answers)

    def answers(self):
        assert self.process.poll() is None, self.said()
        with contextlib.suppress(OSError):
            return bool(self.ask("/api/status"))

    def ask(self, path, method="GET", content=None):
        data = json.dumps(content).encode() if content is not None else None
        url = f"http://localhost:{self.port}{path}"
        request = urllib.request.Request(url, data, {"Authorization": f"token {TOKEN}"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith("{") else text

    def save(self, path, content):
        return self.ask(f"/api/contents/{path}", "PUT", {"type": "notebook", "format": "json", "content": content})

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(SECONDS)
        self.log.close()


@pytest.fixture(scope="module")
def server(course):
    started = Server(course)
    yield started
    started.stop()


def test_it_opens_on_the_first_page(server, course):
    assert "workbook/ 00_start_here.ipynb: new" in server.said()
    assert "<title>JupyterLab</title>" in server.ask(f"/lab/tree/workbook/00_start_here.ipynb?token={TOKEN}")
    opened = server.ask("/api/contents/workbook/01_one.ipynb")  # a copy of the course
    assert opened["content"]["cells"][0]["metadata"]["trusted"] is True


def test_our_settings_are_in_force(server):
    """No news and no updates are asked for; percent sources open as notebooks."""
    news = server.ask("/lab/api/settings/@jupyterlab/apputils-extension:notification")
    assert news["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert news["schema"]["properties"]["checkForUpdates"]["default"] is False
    viewers = server.ask("/lab/api/settings/@jupyterlab/docmanager-extension:plugin")
    assert viewers["schema"]["properties"]["defaultViewers"]["default"]["python"] == "Jupytext Notebook"


def test_a_saved_notebook_holds_no_widget_and_stays_trusted(server, course):
    content = notebook("slider")
    data = {clean.WIDGET_VIEW: {"model_id": "a"}, "text/html": "<script>1</script>", "text/plain": "a view"}
    content.cells[0].outputs = [nbformat.v4.new_output("display_data", data)]
    content.cells[0].metadata.trusted = True
    content.metadata.widgets = {clean.WIDGET_STATE: {}}
    server.save("workbook/saved.ipynb", content)
    kept = json.loads((course / "workbook" / "saved.ipynb").read_text("utf-8"))
    assert kept["cells"][0]["outputs"][0]["data"].keys() == {"text/html", "text/plain"}
    assert "widgets" not in kept["metadata"]
    opened = server.ask("/api/contents/workbook/saved.ipynb")
    assert opened["content"]["cells"][0]["metadata"]["trusted"] is True
    alone = {"saved.ipynb", "saved-checkpoint.ipynb"}  # pairing with source/ is for authors
    assert {path.name for path in course.rglob("saved*")} <= alone


def test_a_workbook_that_is_open_already_is_said(server, course, tmp_path, monkeypatch, capsys):
    """Two servers on one folder save over one another; it starts all the same."""
    monkeypatch.setattr(lab.files, "course_folder", lambda: course)
    monkeypatch.setattr(lab, "launch", lambda root, chosen: 0)
    assert lab.run(["--no-browser"]) == 0
    assert f"open in a JupyterLab already, at http://localhost:{server.port}/lab" in capsys.readouterr().out
    assert lab.already_open(tmp_path) == ""


def test_with_a_python_without_jupyterlab_nothing_is_copied(tmp_path, monkeypatch, capsys):
    real = lab.importlib.util.find_spec
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None if name == "jupyterlab" else real(name))
    monkeypatch.setattr(lab.files, "course_folder", lambda: tmp_path)
    assert lab.run([]) == 1
    assert "has no jupyterlab" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_a_student_sees_what_is_new_when_a_new_edition_comes(tmp_path, capsys):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# New\n\n## Second edition\n\n- masks are explained\n\n## First\n")
    for text, said in (("1", False), ("2", True)):
        nbformat.write(notebook(text), tmp_path / "notebooks" / "01_one.ipynb")
        lab.filled(tmp_path)
        assert ("Second edition\n\n- masks are explained\n" in capsys.readouterr().out) == said


def test_what_the_user_gives_is_given_once(course):
    """JupyterLab takes neither of two values of one option."""
    chosen = lab.options(course, ["--port=9999", "--ServerApp.root_dir=/", "--LabApp.default_url=/lab"])
    assert [option for option in chosen if option.startswith("--ServerApp.root_dir=")] == ["--ServerApp.root_dir=/"]
    assert [option for option in chosen if option.startswith("--LabApp.default_url=")] == ["--LabApp.default_url=/lab"]
    assert ("--allow-root" in chosen) == (hasattr(os, "geteuid") and os.geteuid() == 0)


def test_a_workbook_that_cannot_be_filled_stops_with_words(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab.files, "course_folder", lambda: tmp_path)
    assert lab.run() == 1
    assert "There are no notebooks" in capsys.readouterr().err


@pytest.fixture
def sources(course):
    """One real notebook of the course with its source."""
    real = Path(__file__).resolve().parents[3]
    shutil.copy(real / "pyproject.toml", course)
    shutil.copy(real / "notebooks" / "00_start_here.ipynb", course / "notebooks")
    (course / "notebooks" / "source").mkdir()
    return Path(shutil.copy(real / "notebooks" / "source" / "00_start_here.py", course / "notebooks" / "source"))


@pytest.mark.slow
@pytest.mark.weekly
def test_authors_get_sources_of_what_they_save(course, sources):
    """What was changed, and nothing else."""
    before = sources.read_text("utf-8")
    author = Server(course, "author")
    try:
        content = author.ask("/api/contents/notebooks/00_start_here.ipynb")["content"]
        author.save("notebooks/00_start_here.ipynb", content)
        assert sources.read_text("utf-8") == before
        content["cells"][0]["source"] += "\nA line more."
        author.save("notebooks/00_start_here.ipynb", content)
    finally:
        author.stop()
    head, first, rest = before.split("\n\n# %%", 2)
    assert sources.read_text("utf-8") == "\n\n# %%".join([head, first + "\n# A line more.", rest])


def test_without_a_home_to_write_in_jupyter_uses_the_workbook(tmp_path, monkeypatch):
    """A read-only HOME, or none: JupyterLab would end with a traceback of its own."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "file" / name))
    assert lab.folders(tmp_path) == {} and (tmp_path / "file").is_dir()
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (1 << 12, before[1])
    )  # as on a full disk: a file can be made, and no more
    try:
        full = lab.folders(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert full
    shutil.rmtree(tmp_path / "file")
    (tmp_path / "file").write_text("no folder can be made below a file, not even by root")
    chosen = lab.folders(tmp_path)
    assert chosen["JUPYTER_RUNTIME_DIR"] == str(tmp_path / ".jupyter" / "jupyter_runtime_dir")
    assert {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "MPLCONFIGDIR"} < set(chosen)
