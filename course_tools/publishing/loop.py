"""The moving picture at the top of README.md: the first view of the course, used for six seconds.

    course loop

"wide" is pressed and the pronoun turns; ⇅ under it gives the adjective the numbers of the other sentence, and 93 % of
the probability turn back. It is the view of the committed notebook in a real browser, with a clock that stands still
for each frame: two runs on one machine give the same frames. Light and dark, as GitHub shows pages.
"""

import io
import tempfile
from pathlib import Path

from course_kit import files
from course_kit.views import program

from ..authoring import fragments
from . import browser, pages

FIRST = "00_start_here"
LOOKS = {"light": ("#ffffff", "#1b2430"), "dark": ("#0d1117", "#e6edf3")}  # ground and text, as GitHub has them
WIDE, HIGH, SHARP = 1000, 406, 1.5  # pixels of the page; of the picture to one of them
STILL, GONE = 40, 420  # milliseconds: of a frame in which something moves; until it has arrived
READ = 1400  # milliseconds for what is to be read
PRESSES = ("change to wide", "take the numbers of “wide” from the other sentence")
POINTER = "M1 1v17l4.5-4 3 6.6 2.8-1.3-3-6.4h6z"
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><style>
html {{ color-scheme: {look}; overflow: hidden }}
body {{ font: 14px system-ui, sans-serif; margin: 0; padding: 14px; width: {wide}px; color: {text};
  background: {ground} }}
#pointer {{ position: fixed; z-index: 9; pointer-events: none; left: 0; top: 0; fill: {text}; stroke: {ground};
  stroke-width: 1.5 }}
</style><script>{program}</script><body>{view}
<svg id="pointer" width="22" height="24"><path d="{pointer}"/></svg></body></html>"""


def run():
    """The command `course loop`: writes docs/cover-light.webp and docs/cover-dark.webp -> exit status."""
    for look in LOOKS:
        path = files.course_folder() / "docs" / f"cover-{look}.webp"
        path.write_bytes(moving(look))
        print(f"{path}  {path.stat().st_size / 1e6:.2f} MB")
    return 0


def moving(look):
    """The picture in one of LOOKS, as bytes of an animated WebP."""
    from PIL import Image

    shots = [(Image.open(io.BytesIO(png)).convert("RGB"), shown) for png, shown in _shots(look)]
    (first, _), *others = shots
    data = io.BytesIO()
    first.save(
        data, "WEBP", save_all=True, append_images=[image for image, _ in others], loop=0, lossless=True, method=4,
        duration=[shown for _, shown in shots],
    )  # fmt: skip
    return data.getvalue()


def _view():
    """The last lab of the first notebook: the cover with all that it does."""
    found = [made for cell in pages.chapter(FIRST).cells if "lab" in cell.tags for made in cell.outputs]
    return [made for made in found if isinstance(made, fragments.View) and made.kind == "cover"][-1]


def _shots(look):
    """(PNG, milliseconds) of each frame."""
    from playwright.sync_api import sync_playwright

    ground, text = LOOKS[look]
    made = PAGE.format(
        look=look, ground=ground, text=text, wide=WIDE, program=program.source(), view=_view().html(), pointer=POINTER
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "cover.html"
        path.write_text(made, encoding="utf-8")
        opened = playwright.chromium.launch(executable_path=browser.installed() or None, args=["--no-sandbox"])
        page = opened.new_page(
            viewport={"width": WIDE + 28, "height": HIGH}, device_scale_factor=SHARP, color_scheme=look
        )
        page.clock.install()
        page.goto(path.as_uri())
        page.clock.run_for(1000)
        yield from _used(page)
        opened.close()


def _used(page):
    place = (0.62 * WIDE, HIGH - 40)
    _point(page, place)
    yield page.screenshot(), READ
    for name in PRESSES:
        button = page.get_by_role("button", name=name)
        box = button.bounding_box()
        target = box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2
        for share in (0.25, 0.6, 0.88, 1):
            _point(page, [a + (b - a) * share for a, b in zip(place, target, strict=True)])
            yield page.screenshot(), 2 * STILL
        place = target
        button.click()
        for _ in range(0, GONE, STILL):
            page.clock.run_for(STILL)
            yield page.screenshot(), STILL
        yield page.screenshot(), READ


def _point(page, place):
    page.evaluate("([x, y]) => { pointer.style.transform = `translate(${x}px, ${y}px)`; }", list(place))
