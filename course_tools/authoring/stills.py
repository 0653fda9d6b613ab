"""The still pictures of a notebook's views, taken in a browser from the program that draws them for readers.

Where no browser or no playwright is at hand, the plain picture stays that Python drew (`View.draw`).
"""

import base64
import io
import os
import re
import shutil
from typing import Any

from course_kit.views import fragments, program

WIDTH, SCALE, COLOURS, ROOM = 736, 1.25, 32, 4  # CSS pixels of a column of text and around a picture
BROWSERS = ("chromium-headless-shell", "google-chrome", "chromium", "chromium-browser", "chrome", "microsoft-edge")
OWN = ("predict",)  # kinds whose still is no picture
PICTURE = re.compile(r'width="\d+" src="data:image/webp;base64,[^"]*"')
LOOK = "body{margin:8px;font:14px system-ui,sans-serif;color:#212121;background:#fff}"
BARE = """ROOM => {
  const root = document.querySelector('.course-view').shadowRoot, style = document.createElement('style');
  style.textContent = '.title, .caption, .controls, .foot, .own { display: none !important }';
  root.append(style);
  const { x, y, width, height } = root.querySelector('.view').getBoundingClientRect();
  return { x: x - ROOM, y: y - ROOM, width: width + 2 * ROOM, height: height + 2 * ROOM };
}"""
PAINTED = "document.querySelector('.course-view')?.view && document.fonts.status === 'loaded'"


def take(notebook: Any, language: str = "en") -> int:
    """Puts the program's picture into the output of every view of an executed notebook -> how many."""
    outputs = [o["data"] for cell in notebook.cells for o in cell.get("outputs", []) if "data" in o]
    shown = [(data, view) for data in outputs if (view := fragments.read(data.get("text/html", "")))]
    shown = [(data, view) for data, view in shown if view.kind not in OWN and PICTURE.search(view.still)]
    if not shown:
        return 0
    known = re.findall(r"\w+", program.source().rpartition("({")[2])  # what start() of chapters/views.js is given
    if absent := [view.kind for _, view in shown if view.kind not in known]:
        raise ValueError(f"dist/views.js draws no view of the kind {absent[0]!r}. Is it in chapters/views.js? "
                         "Then `make views` builds the program, and this command the notebook.")  # fmt: skip
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return 0
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path)
        except Error:
            return 0
        page = browser.new_page(viewport={"width": WIDTH + 16, "height": 900}, device_scale_factor=SCALE)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        for data, view in shown:
            still = PICTURE.sub(_picture(page, view, language), view.still)
            data["text/html"] = data["text/html"].replace(view.still, still)
        browser.close()
    return len(shown)


def _picture(page: Any, view: fragments.SavedView, language: str) -> str:
    """Width and source of the picture that a page shows of a view, without what surrounds it."""
    import numpy as np
    from PIL import Image

    from course_kit.views.picture import webp

    head = f"<!DOCTYPE html><html lang={language}><meta charset=utf-8><style>{LOOK}</style>"
    head += f"<script>{program.source(language)}</script>"
    page.set_content(f"{head}<main>{view.html()}</main>")
    page.wait_for_function(PAINTED)
    page.wait_for_timeout(100)  # two frames: the first may change the room of the second
    clip = page.evaluate(BARE, ROOM)
    taken = page.screenshot(clip=clip, full_page=True)
    made = webp(np.asarray(Image.open(io.BytesIO(taken)).convert("RGB")), COLOURS)
    return f'width="{round(clip["width"])}" src="data:image/webp;base64,{base64.b64encode(made).decode()}"'
