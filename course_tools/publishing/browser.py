"""A browser that is installed on this machine, and what it is asked to do: print a page into a PDF."""

import os
import shutil
import subprocess
import tempfile
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


def installed():
    """The path of Chrome, Chromium or Edge, "" if there is none. Raises FileNotFoundError if CHROMIUM is wrong."""
    wanted = os.environ.get("CHROMIUM", "")
    if wanted:
        if not shutil.which(wanted):
            raise FileNotFoundError(f"CHROMIUM is {wanted!r}, which is not a program on this machine.")
        return wanted
    return next((path for name in [*NAMES, *PLACES] if (path := shutil.which(name))), "")


def print_pdf(program, page, pdf, seconds=120):
    """Prints the HTML file `page` into `pdf` with the browser `program`, without a window and without a network.

    Raises RuntimeError with what the browser said if there is no PDF afterwards.
    """
    page, pdf = Path(page).resolve(), Path(pdf).resolve()
    with tempfile.TemporaryDirectory() as profile:
        made = Path(profile) / "made.pdf"
        flags = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        flags += ["--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"]
        flags += [f"--user-data-dir={profile}", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            flags.append("--no-sandbox")  # browsers refuse their sandbox to root; the page is our own
        command = [program, *flags, f"--print-to-pdf={made}", page.as_uri()]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
            )
            said = done.stderr
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
        if not made.is_file() or not made.read_bytes().startswith(b"%PDF"):
            raise RuntimeError(f"{program} made no PDF of {page.name}: {said.strip()[-300:]}")
        shutil.move(made, pdf)
