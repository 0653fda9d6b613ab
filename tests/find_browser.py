"""The browser for the tests: an installed Chrome, Chromium or Edge, else one that is fetched, else none, said clearly.

    python tests/find_browser.py            print the path of a browser, fetching one if need be

`CHROMIUM=/path` names one of your own. `executable()` only looks; `obtain()` also fetches: Playwright's own download,
and where that fails, as root on Debian and its kin, the package "chromium-headless-shell", or else "chromium".
The shell is Chromium without windows: the same pages for less of the processor.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import debian

from course_utils.publishing import browser

SHELL = "chromium-headless-shell"
HOW = (
    "No browser was found and none could be fetched. Install Chrome, Chromium or Edge, or run\n"
    "  .venv/bin/python -m playwright install chromium\n"
    "or set CHROMIUM to the path of one."
)


def executable():
    """The path of a browser on this machine, "" if there is none. Raises FileNotFoundError if CHROMIUM is wrong."""
    return (not os.environ.get("CHROMIUM") and shutil.which(SHELL)) or browser.installed() or _playwrights_own()


@functools.cache
def draws_chinese():
    """Whether this machine has a font for Chinese; where one may install packages, it is fetched (2 MB)."""
    if not shutil.which("fc-list"):
        return True  # macOS and Windows bring one along
    listed = ["fc-list", ":lang=zh-cn", "family"]
    return bool(_says(listed) or debian.install("fonts-wqy-microhei", run=_run) and _says(listed))


def obtain(say=print):
    """As `executable()`; where there is none, fetch one. "" if that fails too."""
    path = executable()
    if path:
        return path
    say("No browser here; Playwright fetches one (about 150 MB).")
    _run([sys.executable, "-m", "playwright", "install", "chromium"], timeout=300)
    if path := _playwrights_own():
        return path
    for package in (SHELL, "chromium"):
        if not executable() and debian.install(package, run=_run):
            say(f"Playwright's download did not work; the package {package} was asked for.")
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
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "check": False} | options
    try:
        return subprocess.run(command, **options).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _says(command):
    return subprocess.run(command, capture_output=True, check=False, timeout=30).stdout


if __name__ == "__main__":
    print(obtain(lambda text: print(text, file=sys.stderr)) or sys.exit(HOW))
