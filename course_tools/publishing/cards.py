"""Pictures for links that are shared: a question, large, and the maps of the course in a row beneath it."""

import functools
import io
import textwrap

import numpy as np

from course_tools.classroom import maps

WIDE, HIGH, EDGE = 1200, 630, 72
PAPER, INK, QUIET, LINE = "#fafbfc", "#1b2430", "#596573", "#b35900"
GAP = 24  # between two maps


@functools.cache
def card(question, course, current=None):
    """PNG bytes. current: the number of the chapter whose map is framed."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDE, HIGH), PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((EDGE, EDGE), course, fill=QUIET, font=_font(30))
    lines = textwrap.wrap(question, 25)
    for i, line in enumerate(lines):
        draw.text((EDGE, 140 + 80 * i), line, fill=INK, font=_font(64, bold=True))
    shown = maps.weights()
    side = (WIDE - 2 * EDGE - GAP * (len(shown) - 1)) // max(len(shown), 1)
    for place, (number, (_, weights)) in enumerate(sorted(shown.items())):
        left, top = EDGE + place * (side + GAP), HIGH - EDGE - side
        opacity = Image.fromarray(np.round(255 * weights).astype(np.uint8)).resize((side, side), Image.NEAREST)
        image.paste(Image.new("RGB", (side, side), INK), (left, top), opacity)
        if number == current:
            draw.rectangle((left - 8, top - 8, left + side + 8, top + side + 8), outline=LINE, width=4)
    data = io.BytesIO()
    image.quantize(64).save(data, "PNG", optimize=True)
    return data.getvalue()


def _font(size, bold=False):
    from matplotlib import font_manager
    from PIL import ImageFont

    wanted = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return ImageFont.truetype(font_manager.findfont(wanted), size)
