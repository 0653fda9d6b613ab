"""What the tests need of a machine: installed here, before any stage starts, and tried out.

    python tests/prepare.py       get a browser, a font for Chinese and a sandbox; say what is still missing

An installed Chrome, Chromium or Edge is taken as it is. What is missing comes from apt, in one call, where that may be
done (as root on Debian and its kin, in CI also with sudo); a browser also from Playwright's own download. Everything
is here before the first browser starts: Chromium knows only the fonts that were there when it did.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Container

from browser.jupyterlab_driver import FLAGS
from running import find_browser, find_sandbox

FONT = "fonts-wqy-microhei"
SHELL = "chromium-headless-shell"  # Chromium without windows: the same pages for less of the processor
SEES_CHINESE = """() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 40 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const drawn = text => {
    context.clearRect(0, 0, 40, 40);
    context.font = '30px system-ui, sans-serif';
    context.fillText(text, 4, 32);
    return context.getImageData(0, 0, 40, 40).data.join();
  };
  const [attention, meaning, none] = ['注', '意', '\\u{10fffd}'].map(drawn);
  return attention !== meaning && attention !== none && meaning !== none;
}"""


NEEDS = ("browser", "chinese", "sandbox")


def prepare(needs: Container[str] = NEEDS, say: Callable = print, run: Callable = subprocess.run) -> dict[str, str]:
    """Install what is missing of these needs, try out what is there -> {need: why it is not met, and what to do}.

    run: what starts programs. Raises FileNotFoundError if the environment variable CHROMIUM names no program.
    """
    linux = sys.platform == "linux"
    packages = {
        SHELL: "browser" in needs and not find_browser.executable(),
        FONT: "chinese" in needs and not find_browser.lists_chinese(),
        "bubblewrap": "sandbox" in needs and linux and not shutil.which("bwrap"),
    }
    if missing := _apt([name for name, wanted in packages.items() if wanted], run):
        say(f"Not to be had from apt: {', '.join(missing)}.")
    if "browser" in needs and not find_browser.executable():
        say("No browser here; Playwright fetches one (about 150 MB).")
        _quietly([sys.executable, "-m", "playwright", "install", "chromium"], run)
    problems = _tried(find_browser.executable()) if "browser" in needs else {}
    if "sandbox" in needs and linux and (why := find_sandbox.why_not()):
        problems["sandbox"] = why
    return problems


def _tried(path: str) -> dict[str, str]:
    """Open a page with Chinese on it in this browser -> what is wrong with that, as in `prepare`."""
    if not path:
        return {"browser": find_browser.HOW}
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            chinese = browser.new_page().evaluate(SEES_CHINESE)
            browser.close()
    except Error as error:
        return {"browser": f"{path} does not start: {error.message.strip()[:500]}\n{find_browser.HOW}"}
    return {} if chinese else {"chinese": find_browser.NO_CHINESE}


def _apt(packages: list[str], run: Callable) -> list[str]:
    """Ask apt for packages, if that may be done -> those that it could not get."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not packages or not shutil.which("apt-get") or not (root or os.environ.get("CI") == "true"):
        return []
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    before = [] if root else ["sudo", "-n"]
    _quietly([*before, "apt-get", "update"], run)
    if _quietly([*before, *install, *packages], run):
        return []
    return [one for one in packages if not _quietly([*before, *install, one], run)]  # one name may be unknown here


def _quietly(command: list[str], run: Callable) -> bool:
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return run(command, env=environment, timeout=300, check=False, **silent).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    found = prepare()
    print("\n".join(found.values()) or f"Ready for the tests; the browser is {find_browser.executable()}")
    sys.exit(bool(found))
