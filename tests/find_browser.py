"""The browser for the tests: an installed Chrome, Chromium or Edge, else one that is fetched, else none, said clearly.

    python tests/find_browser.py            print the path of a browser, fetching one if need be

`CHROMIUM=/path` names one of your own. `executable()` only looks; `obtain()` also fetches: Playwright's own download,
and where that fails, as root on Debian and its kin, the package "chromium".
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from course_utils.publishing import browser

HOW = (
    "No browser was found and none could be fetched. Install Chrome, Chromium or Edge, or run\n"
    "  .venv/bin/python -m playwright install chromium\n"
    "or set CHROMIUM to the path of one."
)


def executable():
    """The path of a browser on this machine, "" if there is none. Raises FileNotFoundError if CHROMIUM is wrong."""
    return browser.installed() or _playwrights_own()


def obtain(say=print):
    """As `executable()`; where there is none, fetch one. "" if that fails too."""
    path = executable()
    if path:
        return path
    say("No browser here; Playwright fetches one (about 150 MB).")
    _run([sys.executable, "-m", "playwright", "install", "chromium"], timeout=300)
    if path := _playwrights_own():
        return path
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        say("Playwright's download did not work; installing the package chromium.")
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        _run(["apt-get", "update"], timeout=120, env=environment)
        _run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], timeout=300, env=environment)
    return executable()


def _playwrights_own():
    """The Chromium that Playwright downloaded, "" if it did not or does not start (missing libraries)."""
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Exception:  # without Playwright, or with a broken one, there is no such browser
        return ""
    return path if path and Path(path).exists() and _run([path, "--version"], timeout=30) else ""


def _run(command, **options):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, **options)
        return done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    print(obtain(lambda text: print(text, file=sys.stderr)) or sys.exit(HOW))
