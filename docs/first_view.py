"""Makes docs/first-view.png: the cover, as it stands in the committed notebook of chapter 0, in a real browser.

.venv/bin/python docs/first_view.py
"""

import pathlib
import sys
import tempfile

import nbformat
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import find_browser  # noqa: E402
from jupyterlab_driver import FLAGS  # noqa: E402
from pages import PROGRAM  # noqa: E402


def first_view() -> str:
    """The HTML of the last view in chapter 0: the cover with all that it does."""
    notebook = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    outputs = (o.get("data", {}) for c in notebook.cells for o in c.get("outputs", []))
    return [data["text/html"] for data in outputs if "course-view" in data.get("text/html", "")][-1]


with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
    page_file = pathlib.Path(folder) / "view.html"
    style = "font:14px system-ui,sans-serif;color:#1b2430;background:#fff;margin:0;padding:14px;width:1060px"
    made = f'<!DOCTYPE html><meta charset="utf-8">{PROGRAM}<body style="{style}">{first_view()}'
    page_file.write_text(made, encoding="utf-8")
    browser = p.chromium.launch(executable_path=find_browser.executable(), args=FLAGS)
    page = browser.new_page(viewport={"width": 1090, "height": 600}, device_scale_factor=2)
    page.goto(page_file.as_uri())
    page.get_by_role("button", name="change to wide").click()
    page.wait_for_timeout(500)
    target = ROOT / "docs" / "first-view.png"
    page.locator("body").screenshot(path=target)
    browser.close()
Image.open(target).convert("RGB").quantize(128).save(target, optimize=True)
