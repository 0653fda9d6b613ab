"""Once a week the hub of deploy/ runs as it is shipped, with its proxy: a student logs in and runs a cell.

Students have accounts of their own where the tests are root and every account can reach the course; elsewhere it is the
trial that the documents offer. In the everyday tests: tests/unit/test_deploy.py.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil
import pytest

requests, websocket = pytest.importorskip("requests"), pytest.importorskip("websocket")
ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.weekly,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the hub is for Linux servers"),
]


def open_to_all(place):
    """Whether every account can enter a folder."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (place, *place.parents))


@pytest.fixture
def hub():
    """(its address, its folder), with the names anna and ben."""
    pytest.importorskip("jupyterhub", reason="make environment EXTRA=hub")
    state = Path(tempfile.mkdtemp(prefix="hub", dir="/tmp"))  # pytest's own folders are closed to other accounts
    state.chmod(0o755)
    (state / "students.txt").write_text("anna\nben  # came later\n")
    with contextlib.ExitStack() as taken:  # three at once, so that they differ
        bind, api, inner = [taken.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in "123"]
    separate = os.geteuid() == 0 and open_to_all(ROOT) and open_to_all(Path(sys.base_prefix).resolve())
    address = f"http://127.0.0.1:{bind}"
    own = {"COURSE_HUB_STATE": str(state), "COURSE_HUB_BIND": address, "COURSE_HUB_TRIAL": "" if separate else "1"}
    command = [sys.executable, "-m", "jupyterhub", "-f", str(ROOT / "deploy" / "jupyterhub_config.py")]
    command += [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{api}", f"--JupyterHub.hub_port={inner}"]
    with (state / "hub.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=state, env=os.environ | own, stdout=log, stderr=log)
    try:
        waited(lambda: requests.get(f"{address}/hub/health", timeout=5).ok, 60, state)
        yield address, state
    finally:
        homes = str(state / "homes")
        servers = [p for p in psutil.process_iter(["environ"]) if homes in (p.info["environ"] or {}).get("HOME", "")]
        servers += psutil.Process(process.pid).children() if process.poll() is None else []
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        for one in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.kill()
        shutil.rmtree(state)


def waited(ready, seconds, state):
    """Until ready() is true; a connection that is refused means not yet."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(requests.RequestException):
            if ready():
                return
        assert time.monotonic() < end, (state / "hub.log").read_text(errors="replace")[-3000:]
        time.sleep(0.3)


def log_in(address, name, password):
    """A session of somebody who has filled in the form, as a browser does -> (session, whether it was let in)."""
    session = requests.Session()
    session.get(f"{address}/hub/login")
    form = {"username": name, "password": password, "_xsrf": session.cookies.get("_xsrf", path="/hub/")}
    page = session.post(f"{address}/hub/login?next=", data=form)
    return session, page.ok and "/hub/login" not in page.url


def run(session, server, kernel, code):
    """Run a cell through hub and proxy, in the protocol that JupyterLab asks for -> what it said, or its error."""
    from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

    protocol = "v1.kernel.websocket.jupyter.org"
    place = f"{server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)
    line = websocket.create_connection(place, cookie=cookies, timeout=300, subprotocols=[protocol])
    assert line.getsubprotocol() == protocol, "a browser would close this line"
    number = uuid.uuid4().hex
    header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": number, "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    line.send_binary(serialize_msg_to_ws_v1(parts, "shell"))
    said = ""
    while True:
        _, (header, parent, _, content, *_) = deserialize_msg_from_ws_v1(line.recv())
        if json.loads(parent).get("msg_id") != number:
            continue
        kind, content = json.loads(header)["msg_type"], json.loads(content)
        said += content.get("text", "") if kind == "stream" else ""
        said += content["evalue"] if kind == "error" else ""
        if kind == "status" and content["execution_state"] == "idle":
            line.close()
            return said


def test_one_logs_in_and_the_first_cell_of_chapter_1_runs(hub):
    address, state = hub
    codes = dict(line.split() for line in (state / "codes.txt").read_text().splitlines())
    anna, inside = log_in(address, "anna", codes["anna"])
    server = f"{address}/user/anna"
    assert inside and not log_in(address, "anna", "not her password")[1] and not log_in(address, "mallory", "I")[1]
    waited(lambda: anna.get(f"{address}/hub/spawn/anna").url.startswith(server), 120, state)
    notebook = anna.get(f"{server}/api/contents/workbook/01_nadaraya_watson.ipynb").json()["content"]
    first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    headers = {"X-XSRFToken": anna.cookies.get("_xsrf", path="/user/anna/") or ""}
    asked = {"name": "python3", "path": "workbook/x.ipynb"}
    kernel = anna.post(f"{server}/api/kernels", json=asked, headers=headers).json()["id"]
    where = "\nimport os; print('in', os.getcwd())"
    assert run(anna, server, kernel, "".join(first["source"]) + where).endswith(f"in {state}/homes/anna/workbook\n")
    ben, inside = log_in(address, "ben", codes["ben"])
    assert inside and ben.get(f"{server}/api/contents/workbook").status_code == 403, "another one's door"
