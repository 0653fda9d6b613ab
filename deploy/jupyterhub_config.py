"""JupyterHub for a class on one server. docs/deploying.md says how to start it; nothing here needs editing for that.

The course, its environment and its data are shared and belong to root: nobody can change them. Each student has a
folder of his own and an account of the operating system of his own, a number without a name that owns just this folder.

    COURSE_HUB_STATE   folder for students.txt, homes/, passwords and the hub's own records (/srv/attention)
    COURSE_HUB_BIND    where the hub listens (http://127.0.0.1:8000); https is the work of a server in front of it
    COURSE_HUB_HTTPS   1: students come by https, so their cookies travel by nothing else
    COURSE_HUB_MB      megabytes that a process of a student may use (3000)
    COURSE_HUB_IDLE    seconds after which a server that nobody uses is stopped (3600)
    COURSE_HUB_PROXY   another proxy, such as configurable-http-proxy of npm
    COURSE_HUB_TRIAL   1: everything in one account, without being root; to try it, not for a class
"""

import asyncio
import contextlib
import os
import re
import shlex
import stat
import sys
from pathlib import Path

import psutil
from jupyterhub.spawner import LocalProcessSpawner

sys.path.insert(0, str(Path(__file__).resolve().parent))
from passwords import CodeAuthenticator, hand_out

COURSE = Path(__file__).resolve().parents[1]
STATE = Path(os.environ.get("COURSE_HUB_STATE", "/srv/attention")).resolve()
BIND = os.environ.get("COURSE_HUB_BIND", "http://127.0.0.1:8000")
TRIAL = os.environ.get("COURSE_HUB_TRIAL") == "1"
STARTS = 3  # of a server that ends before it listens
FIRST_ACCOUNT = 700_001  # above every range that Linux distributions and systemd give away
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


def people(path):
    """students.txt -> (names, names of teachers): one name a line, teachers with the word `admin` behind theirs.

    Raises SystemExit if there is no such file, or a line is something else.
    """
    if not path.is_file():
        raise SystemExit(
            f"{path} is not there. Needed: a file with one name a line, such as\n  anna\n  ben\n  eve admin"
        )
    students, admins = set(), set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if not NAME.fullmatch(words[0]) or words[1:] not in ([], ["admin"]):
            raise SystemExit(
                f"{path}, line {number}: {line.strip()!r}. Needed: a name of at most 32 small letters, digits, '.', "
                "'-' and '_', and for a teacher the word admin after it."
            )
        (admins if words[1:] else students).add(words[0])
    return students | admins, admins


def closed_to_students(*places):
    """The first folder on the way to these places that other accounts than root's cannot enter; None if all is open."""
    on_the_way = (folder for place in places for folder in (place, *place.parents))
    return next((folder for folder in on_the_way if not folder.stat().st_mode & stat.S_IXOTH), None)


def home_of(name, state):
    """The folder of a student, made if need be, and the number of his account: the folder's owner is the record.

    Beside it one for the sockets of his kernels, since the path of a socket may have 107 characters only.
    """
    home, sockets = state / "homes" / name, state / "run" / name
    if not home.exists():
        taken = [folder.stat().st_uid for folder in home.parent.iterdir()]
        home.mkdir(mode=0o700)
        if not TRIAL:
            account = max([FIRST_ACCOUNT - 1, *taken]) + 1
            os.chown(home, account, account)
    account = home.stat().st_uid
    sockets.mkdir(mode=0o700, exist_ok=True)
    if not TRIAL:
        os.chown(sockets, account, account)
    return home, sockets, account


def own_connections(pid):
    """The network connections of a process and of those it has started."""
    process = psutil.Process(pid)
    return [x for one in (process, *process.children(recursive=True)) for x in one.net_connections("tcp")]


class StudentSpawner(LocalProcessSpawner):
    """Starts a student's server in his own folder and, outside trials, under his own account."""

    def make_preexec_fn(self, name):
        return None  # Popen itself does all that is needed: see start

    def user_env(self, env):
        home, sockets, _ = home_of(self.user.name, STATE)
        env |= {"USER": self.user.name, "LOGNAME": self.user.name, "HOME": str(home), "SHELL": "/bin/bash"}
        return env | {"JUPYTER_RUNTIME_DIR": str(sockets)}

    async def start(self):
        home, _, account = home_of(self.user.name, STATE)
        self.popen_kwargs = {"cwd": home, "umask": 0o077}
        if not TRIAL:
            self.popen_kwargs |= {"user": account, "group": account, "extra_groups": []}
        for _ in range(STARTS):
            place = await super().start()
            if await self.listens(place[1]):
                return place
            self.port = 0
        raise RuntimeError(
            f"The server of {self.user.name} ended {STARTS} times before it listened: see the hub's log."
        )

    async def listens(self, port):
        """Wait until this server listens at its port -> False if it has ended before, as when the port was taken by
        another program after the hub had chosen it; JupyterHub itself would wait for such a server to the end."""
        while await self.poll() is None:
            with contextlib.suppress(psutil.Error):
                if any(x.status == psutil.CONN_LISTEN and x.laddr.port == port for x in own_connections(self.pid)):
                    return True
            await asyncio.sleep(0.2)
        return False


if os.geteuid() != 0 and not TRIAL:
    raise SystemExit(
        "The hub is not root, so all students would share one account and could read each other's work. "
        "Start it as root (sudo, systemd), or set COURSE_HUB_TRIAL=1 to try it alone."
    )
if len(str(STATE)) > 25:
    raise SystemExit(f"{STATE} is too long: sockets below it must stay within 107 characters. Take one of at most 25.")
for folder in (STATE / "homes", STATE / "run"):
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # to pass through; each folder in it is closed
os.umask(0o077)  # what the hub itself writes, as its records and passwords, is nobody else's to read
if not TRIAL and (folder := closed_to_students(COURSE, Path(sys.base_prefix), STATE / "homes")):
    raise SystemExit(
        f"Students' accounts cannot enter {folder}. The course, its Python ({sys.base_prefix}) and {STATE} must lie "
        "where everybody may read, such as /opt and /srv, not in somebody's home."
    )
everyone, teachers = people(STATE / "students.txt")
hand_out(everyone, STATE / "passwords", STATE / "codes.txt")

c = get_config()  # noqa: F821 - JupyterHub gives it to its configuration

# The hub. Students' servers go on while it is started again, and it finds them.
c.JupyterHub.bind_url = BIND
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.JupyterHub.cleanup_servers = False
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.ConfigurableHTTPProxy.command = shlex.split(
    os.environ.get("COURSE_HUB_PROXY", shlex.join([sys.executable, str(COURSE / "deploy" / "proxy.py")]))
)

# Who may come in: those in students.txt, with the code they were given or the password they chose after it.
c.JupyterHub.authenticator_class = CodeAuthenticator
c.FirstUseAuthenticator.dbm_path = str(STATE / "passwords")
c.FirstUseAuthenticator.create_users = False
c.FirstUseAuthenticator.min_password_length = 8
c.JupyterHub.template_vars = {
    "announcement_login": "Here for the first time? Your password is the code that you were given. "
    "Once inside, choose your own at /hub/auth/change-password."
}
if os.environ.get("COURSE_HUB_HTTPS") == "1":
    c.JupyterHub.tornado_settings = {"cookie_options": {"secure": True}}
c.Authenticator.allowed_users = everyone
c.Authenticator.allow_existing_users = False  # who is struck off the list stays out
c.Authenticator.delete_invalid_users = False  # … and his folder stays

# What each gets: his workbook brought up to date, JupyterLab, one thread, and a bound on memory.
c.JupyterHub.spawner_class = StudentSpawner
c.Spawner.cmd = [str(COURSE / "deploy" / "start.sh")]
c.Spawner.args = ["--KernelManager.transport=ipc"]  # sockets in a closed folder: over TCP others could listen
c.Spawner.default_url = "/lab/tree/workbook/00_start_here.ipynb"
c.Spawner.start_timeout = c.Spawner.http_timeout = 300  # a class that comes together waits for one another
c.Spawner.environment = {
    "COURSE_PYTHON": sys.executable,
    "COURSE_HUB_MB": os.environ.get("COURSE_HUB_MB", "3000"),
    "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
}

# Teachers see who is there, and start and stop servers. They are no admins of JupyterHub: that role, which cannot be
# narrowed, reads, writes and runs programs in every student's server. Who had it in an earlier edition loses it here.
# A server that nobody uses is stopped; what is in its folder stays.
c.JupyterHub.load_roles = [
    {"name": "admin", "users": []},
    {
        "name": "teacher",
        "description": "Sees the list of students, starts and stops their servers, does not enter them",
        "scopes": ["admin-ui", "list:users", "read:hub", "read:users:activity", "servers"],
        "users": sorted(teachers),
    },
    {
        "name": "stops-idle-servers",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle"],
    },
]
idle = os.environ.get("COURSE_HUB_IDLE", "3600")
c.JupyterHub.services = [
    {"name": "idle", "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={idle}"]}
]
