"""The small picture of a lesson on the website's first page: one of its own views, as its notebook holds it."""

import base64
import io
import re
from typing import Any

from course_kit.views import fragments
from course_kit.views.picture import webp

SIZE = 480, 320  # pixels at most: shown half as wide
COLOURS, CLOSE = 16, 12  # CLOSE: so far from the ground a colour counts as drawn
SOURCE = re.compile(r'src="data:image/webp;base64,([^"]*)"')


def tile(cells: Any) -> bytes | None:
    """WebP of the view in the cell tagged `tile`, else in the first one tagged `lab`; None where no view is."""
    for tag in ("tile", "lab"):
        for cell in cells:
            views = [one for one in cell.outputs if tag in cell.tags and isinstance(one, fragments.SavedView)]
            if views and (picture := SOURCE.search(views[0].still)):
                return _small(base64.b64decode(picture[1]))
    return None


def _small(picture: bytes) -> bytes:
    import numpy as np
    from PIL import Image, ImageChops

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    ground = Image.new("RGB", image.size, image.getpixel((0, 0)))
    drawn = ImageChops.difference(image, ground).convert("L").point(lambda level: 255 * (level > CLOSE))
    image = image.crop(drawn.getbbox())
    image.thumbnail(SIZE, Image.Resampling.LANCZOS)
    return webp(np.asarray(image), COLOURS)
