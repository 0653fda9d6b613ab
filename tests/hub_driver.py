"""The hub of deploy/ on 127.0.0.1, and students who log in, for the tests and the benchmarks.

The configuration is the shipped one; only its environment variables are set. As root it is what a class gets, with an
account for each student; otherwise, or where other accounts cannot reach the course, a trial in one account.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid

import psutil
import requests
import websocket
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Opens the way to a place below a folder that only root may enter, in a mount namespace of the hub's own: the folder is
# covered by an empty one in which just this place stands. Its arguments: folder place … -- command
OPEN = """
set -e
while [ "$1" != -- ]; do
  kept=$(mktemp -d); mount --bind "$2" "$kept"
  [ -e "$1/.open" ] || { mount -t tmpfs -o mode=755 none "$1"; touch "$1/.open"; }
  mkdir -p "$2"; mount --bind "$kept" "$2"; umount "$kept"; rmdir "$kept"; shift 2
done
shift; exec "$@"
"""


def opened():
    """What to put before the hub's command so that other accounts reach the course and its Python; None: no way."""
    if os.geteuid() != 0:
        return None
    pairs = []
    for place in (ROOT, pathlib.Path(sys.base_prefix).resolve()):
        closed = [str(p) for p in place.parents if not p.stat().st_mode & stat.S_IXOTH]
        if closed:
            pairs += [closed[-1], str(place)]
    if not pairs:
        return []
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", OPEN, "sh", *pairs, "--"]
    with contextlib.suppress(OSError):
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Hub:
    """A running hub with its proxy. state: folder for all it keeps, there after it was stopped."""

    def __init__(self, state, names=(), **settings):
        self.state = pathlib.Path(state)
        self.state.mkdir(parents=True, exist_ok=True)
        if names:
            (self.state / "students.txt").write_text("\n".join(names) + "\n")
        self.before = opened()
        self.separate = self.before is not None
        self.base = f"http://127.0.0.1:{free_port()}"
        self.own = {
            "COURSE_HUB_STATE": str(self.state),
            "COURSE_HUB_BIND": self.base,
            "COURSE_HUB_TRIAL": "" if self.separate else "1",
        } | settings
        self.ports = [
            f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{free_port()}",
            f"--JupyterHub.hub_port={free_port()}",
        ]
        self.start()

    def start(self):
        """Start the hub, and wait until it answers."""
        config = ROOT / "deploy" / "jupyterhub_config.py"
        command = [*(self.before or []), sys.executable, "-m", "jupyterhub", "-f", str(config), *self.ports]
        with (self.state / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.state, env=os.environ | self.own, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.base}/hub/health", timeout=5).ok:
                    return
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log()[-3000:])
            time.sleep(0.2)

    def stop(self):
        """Stop the hub and its proxy; students' servers go on."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def code(self, name):
        """The code that was made for a name: its first password."""
        return dict(line.split() for line in (self.state / "codes.txt").read_text().splitlines()).get(name, "")

    def log(self):
        return (self.state / "hub.log").read_text(errors="replace")

    def close(self):
        """Stop everything, students' servers too."""
        servers = [p for p in psutil.process_iter(["environ"]) if self._ours(p)]
        with contextlib.suppress(psutil.NoSuchProcess):
            servers += psutil.Process(self.process.pid).children()
        self.stop()
        for process in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(servers, 10)
        for process in alive:
            process.kill()

    def all(self):
        """The processes of the hub: itself, its proxy, what stops idle servers, and students' servers."""
        ours = {"COURSE_HUB_STATE": str(self.state)}.items()
        return [
            p for p in psutil.process_iter(["environ"]) if ours <= (p.info["environ"] or {}).items() or self._ours(p)
        ]

    def _ours(self, process):
        return str(self.state / "homes") in (process.info["environ"] or {}).get("HOME", "")


class Student:
    """One who logs in as a browser does: forms, cookies, websockets."""

    def __init__(self, hub, name, password=None):
        self.hub, self.name, self.session = hub, name, requests.Session()
        self.base = f"{hub.base}/user/{name}"
        self.session.get(f"{hub.base}/hub/login")
        password = hub.code(name) if password is None else password
        form = {"username": name, "password": password, "_xsrf": self.session.cookies.get("_xsrf", path="/hub/")}
        self.page = self.session.post(f"{hub.base}/hub/login?next=", data=form)
        self.inside = self.page.ok and "/hub/login" not in self.page.url

    def spawn(self, patience=120):
        """Ask for a server and wait until it is there, as the page does."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            answer = self.session.get(f"{self.hub.base}/hub/spawn/{self.name}")
            if answer.ok and answer.url.startswith(self.base):
                return self
            time.sleep(0.5)
        raise RuntimeError(f"{self.name}: no server after {patience} s. {self.hub.log()[-3000:]}")

    def call(self, method, path, **options):
        """A call of the server's API, with what protects it against other pages."""
        headers = {"X-XSRFToken": self.session.cookies.get("_xsrf", path=f"/user/{self.name}/") or ""}
        return self.session.request(method, f"{self.base}/api/{path}", headers=headers, timeout=60, **options)

    def kernel(self, folder="workbook"):
        """A new kernel in a folder."""
        started = self.call("POST", "kernels", json={"name": "python3", "path": f"{folder}/x.ipynb"})
        return Kernel(self, started.json()["id"])

    def listen(self, number):
        """A kernel that runs already."""
        return Kernel(self, number)

    def notebook(self, path):
        return self.call("GET", f"contents/{path}", params={"content": 1}).json()["content"]

    def home(self):
        return self.hub.state / "homes" / self.name

    def processes(self):
        """Server and kernels of this student."""
        mine = {"HOME": str(self.home())}
        found = []
        for process in psutil.process_iter(["environ"]):
            if mine.items() <= (process.info["environ"] or {}).items():
                found.append(process)
        return found


class Kernel:
    """A kernel behind hub and proxy, spoken to as JupyterLab does: a websocket in the protocol browsers ask for."""

    PROTOCOL = "v1.kernel.websocket.jupyter.org"

    def __init__(self, student, number):
        self.student, self.number = student, number
        cookies = "; ".join(f"{c.name}={c.value}" for c in student.session.cookies)
        address = f"{student.base}/api/kernels/{number}/channels".replace("http", "ws", 1)
        self.socket = websocket.create_connection(address, cookie=cookies, timeout=300, subprotocols=[self.PROTOCOL])
        if self.socket.getsubprotocol() != self.PROTOCOL:
            raise RuntimeError("No protocol was agreed upon; a browser would close this line.")

    def run(self, code):
        """Run a cell -> (what it printed and showed as text, the error as text or "")."""
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": number, "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        self.socket.send_binary(serialize_msg_to_ws_v1(parts, "shell"))
        said, error = [], ""
        while True:
            _, (header, parent, _, content, *_) = deserialize_msg_from_ws_v1(self.socket.recv())
            if json.loads(parent).get("msg_id") != number:
                continue
            kind, content = json.loads(header)["msg_type"], json.loads(content)
            if kind == "stream":
                said.append(content["text"])
            elif kind in ("execute_result", "display_data"):
                said.append(content["data"].get("text/plain", ""))
            elif kind == "error":
                error = f"{content['ename']}: {content['evalue']}"
            elif kind == "status" and content["execution_state"] == "idle":
                return "".join(said), error

    def run_notebook(self, notebook, each=lambda: None):
        """Run all cells of a notebook, with each() after each -> [(number of the cell, error), …]."""
        wrong = []
        for number, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] == "code":
                _, error = self.run("".join(cell["source"]))
                if error:
                    wrong.append((number, error))
                each()
        return wrong

    def close(self):
        self.socket.close()
        self.student.call("DELETE", f"kernels/{self.number}")


def memory(processes, part="Pss"):
    """Megabytes that belong to these processes (Linux): PSS, with their part of what they share with others,
    or "Private_Dirty", which they have written and share with nobody."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError):
            text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            total += int(re.search(rf"^{part}: +(\d+)", text, re.M)[1])
    return total / 1000
