"""Pictures with matplotlib in the course's style, which stand where no script may run: colours, fonts, PNG bytes."""

import functools
import io
import logging
import pathlib
import re
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure
    from PIL.Image import Image

Draw = Callable[["Figure"], None]
STYLE = pathlib.Path(__file__).with_name("course.mplstyle")
COLOURS = {"query": "#b35900", "key": "#0072b2", "value": "#00795a", "output": "#9b3d8a"}
COLOURS |= {"cool": "#4d6680", "warm": "#80673f"}  # of what plays no role
PAPER, INK = (250, 251, 252), (20, 28, 40)  # as in theme.js

CJK_FONTS = ["Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei"]
CJK_FONTS += ["WenQuanYi Micro Hei", "WenQuanYi Zen Hei"]
CJK_FONTS += ["Hiragino Sans GB", "Heiti SC", "STHeiti", "Songti SC", "Heiti TC"]  # of macOS, which may hide PingFang


def use_style() -> None:
    """Makes the course's style the default of matplotlib in this kernel; `setup()` calls it."""
    import matplotlib.style

    matplotlib.style.use(STYLE)


@functools.cache
def fonts() -> list[str]:
    """DejaVu Sans, then the first installed font that draws Chinese, if there is one."""
    from matplotlib import font_manager

    logging.getLogger("matplotlib.font_manager").addFilter(_is_news)

    def found() -> list[str]:
        installed = {font.name for font in font_manager.fontManager.ttflist}
        return [name for name in CJK_FONTS if name in installed][:1]

    if not found():  # matplotlib's list is kept, and may be older than the font
        known = {font.fname for font in font_manager.fontManager.ttflist}
        for path in set(font_manager.findSystemFonts()) - known:
            if re.search("cjk|wqy|sourcehan|pingfang|msyh|simhei", pathlib.Path(path).name.lower()):
                font_manager.fontManager.addfont(path)
    return ["DejaVu Sans", *found()]


def _is_news(record: logging.LogRecord) -> bool:
    """Fonts for Chinese often have one weight, which serves for bold as well: matplotlib need not say so each time."""
    return "font weight" not in record.getMessage()


def drawable(label: str) -> bool:
    """Whether matplotlib has a font for a label on this machine (Chinese needs one that it doesn't bring along)."""
    return len(fonts()) > 1 or all(ord(c) < 0x2E80 for c in label)


def names(labels: Iterable[object], mark: str) -> list[str]:
    """Labels for matplotlib: the text where a font has its signs, else a mark and a number."""
    return [str(t) if drawable(str(t)) else f"{mark}{i + 1}" for i, t in enumerate(labels)]


def render(draw: Draw, size: tuple[float, float] = (7.0, 3.4), scale: float = 2, colours: int = 48) -> bytes:
    """Lossless WebP of what `draw(figure)` draws, size in inches, `scale` × 96 dpi, in the course's style.

    A second font makes all texts slower, so the one for Chinese is only asked where the first lacks a sign.
    """
    first, *more = fonts()
    with warnings.catch_warnings():
        if more:
            warnings.filterwarnings("error", "Glyph .* missing from font")
        try:
            return _rendered(draw, [first], size, scale, colours)
        except UserWarning:
            pass
    return _rendered(draw, [first, *more], size, scale, colours)


def _rendered(draw: Draw, family: list[str], size: tuple[float, float], scale: float, colours: int) -> bytes:
    import matplotlib.style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.style.context(STYLE), matplotlib.rc_context({"font.family": family}):
        figure = Figure(figsize=size, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        draw(figure)
        figure.set_dpi(96 * scale)
        canvas.draw()
        return webp(np.asarray(canvas.buffer_rgba()), colours)


def ink_map() -> "LinearSegmentedColormap":
    """matplotlib colour map from paper to ink, as in the browser."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ink", [np.array(colour) / 255 for colour in (PAPER, INK)])


def webp(pixels: np.ndarray, colours: int) -> bytes:
    """Pixels [height, width, 3 or more], bytes, as a small lossless WebP of so many colours."""
    small = io.BytesIO()
    image = with_few_colours(pixels, colours).convert("RGB")
    image.save(small, format="WEBP", lossless=True, quality=100, method=4)
    return small.getvalue()


def with_few_colours(pixels: np.ndarray, colours: int) -> "Image":
    """pixels: bytes [height, width, 3 or more] -> a picture with a palette of at most so many of its own colours,
    and those of the roles that are in it.

    A colour counts by the root of how often it occurs, so that thin lines keep theirs beside large white areas.
    """
    from PIL import Image

    red, green, blue = (pixels[..., i].ravel().astype(np.int32) >> 2 for i in range(3))
    cells = red << 12 | green << 6 | blue  # each four neighbouring values of a channel are one
    counts = np.bincount(cells, minlength=1 << 18)
    used = np.flatnonzero(counts)
    example = np.zeros(len(counts), np.int32)
    example[cells] = np.arange(len(cells), dtype=np.int32)
    exact = pixels.reshape(-1, pixels.shape[-1])[example[used], :3]

    seen = np.repeat(exact, np.ceil(np.sqrt(counts[used])).astype(int), axis=0)
    cut = Image.fromarray(seen[None]).quantize(colours, method=Image.Quantize.MEDIANCUT)
    means = np.array(cut.getpalette())[: 3 * colours].reshape(-1, 3)
    group, often = _nearest(exact, means), np.argsort(counts[used])
    commonest = np.zeros(len(means), int)
    commonest[group[often]] = often  # the last one stays, which is the commonest
    roles = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS.values()])
    present = [(pixels[..., :3] == role).all(-1).any() for role in roles]
    palette = np.concatenate([exact[commonest], roles[present]])[:256].astype(np.uint8)  # a small letter keeps its role

    number = np.zeros(len(counts), np.uint8)
    number[used] = _nearest(exact, palette)
    image = Image.fromarray(number[cells].reshape(pixels.shape[:2]))
    image.putpalette(palette.tobytes())
    return image


def _nearest(colours: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """colours [n, 3], palette [p, 3] -> for each the nearest one of the palette."""
    colours, palette = colours.astype(np.float32), palette.astype(np.float32)
    return ((palette**2).sum(-1) - 2 * colours @ palette.T).argmin(-1)
