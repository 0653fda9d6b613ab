"""Packages for the tests: fetched with apt where one is root on Debian and its kin (in CI also with sudo)."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def install(*packages, run=subprocess.run):
    """Install these packages, after those that another stage installs just now -> whether it could be tried at all."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not shutil.which("apt-get") or not (root or os.environ.get("CI") == "true"):
        return False
    import fcntl

    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with (Path(tempfile.gettempdir()) / "course-packages.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
            command = command if root else ["sudo", "-n", *command]
            try:
                run(command, env=environment, timeout=300, check=False, **QUIET)
            except (OSError, subprocess.TimeoutExpired):
                break
    return True
