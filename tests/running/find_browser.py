"""The browser of the tests: CHROMIUM, else an installed Chrome, Chromium or Edge, else the one Playwright downloaded.

Here one only looks. `python tests/prepare.py`, which `make test` runs first, gets what is missing.
"""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome"]
NAMES += ["microsoft-edge", "microsoft-edge-stable", "msedge"]
PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    *(
        rf"{os.environ[variable]}\{path}"
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        if variable in os.environ
        for path in (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
    ),
]
HOW = (
    "No browser was found. Install Chrome, Chromium or Edge, or run\n"
    "  .venv/bin/python -m playwright install chromium\n"
    "or set CHROMIUM to the path of one."
)
NO_CHINESE = "No font draws Chinese here. On Debian and Ubuntu: sudo apt-get install fonts-wqy-microhei"


def executable() -> str:
    """The path of a browser on this machine, "" if there is none. Raises FileNotFoundError if CHROMIUM is wrong."""
    wanted = os.environ.get("CHROMIUM", "")
    if wanted:
        if not shutil.which(wanted):
            raise FileNotFoundError(f"CHROMIUM is {wanted!r}, which is not a program on this machine.")
        return wanted
    names = ["chromium-headless-shell", *NAMES, *PLACES]
    return next((path for name in names if (path := shutil.which(name))), "") or _playwrights_own()


def lists_chinese() -> bool:
    """Whether this machine knows a font for Chinese, as far as can be seen without a browser."""
    if not shutil.which("fc-list"):
        return os.name == "nt" or Path("/Applications").is_dir()  # Windows and macOS bring one along
    listed = ["fc-list", ":lang=zh-cn", "family"]
    return bool(subprocess.run(listed, capture_output=True, check=False, timeout=300).stdout)


def _playwrights_own() -> str:
    """The Chromium that Playwright downloaded, "" if it did not or does not start (missing libraries)."""
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
        starts = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=300).returncode == 0
    except Exception:  # without Playwright, or with a broken one, there is no such browser
        return ""
    return path if starts else ""
