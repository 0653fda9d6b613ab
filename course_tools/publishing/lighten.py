"""A page of the site carries its words; large pieces are in files beside it, once, and are fetched when they come near.

A view in a notebook is self-contained: code, numbers and a still picture in one fragment (see `fragments`). Here
`kinds/` gets the code of each kind of view, `numbers/` what a large view shows, `img/` the pictures;
`website/views.js` puts them together again in the reader's browser.
"""

import hashlib
import html
import io
import math
import re

from course_kit.views.view import HERE, bundle, json_for_script

from ..authoring.markup import pictures, tree

EXPORTED = re.compile(r"^export (?:const|let|function|async function) (\w+)", re.M)
INLINE = 8_000  # characters of numbers that a page itself may carry for one view
CONTROLS = 100  # pixels that title and controls of a view need above and below its picture, about
# How high the views of each kind are on a phone 390 pixels wide, about: as much room waits for them there.
ON_A_PHONE = {
    "alignment": 1050, "bandwidth": 1200, "bars": 490, "cover": 803, "descent": 1232, "embeddings": 1449, "flow": 1715,
    "heads": 1150, "journey": 1348, "mask_tokens": 1030, "masking": 1296, "merges": 1025, "next_character": 1102,
    "paths": 1131, "pooling": 980, "predictions": 1000, "rotation": 1149, "sampling": 1233, "scaling": 791,
    "scaling_law": 1054, "scoring": 1160, "shares": 418, "shuffle": 1160, "sinusoid": 1024, "softmax_lab": 854,
    "tagged": 865,
}  # fmt: skip


class Files:
    """What pages share. content: path in the site -> bytes."""

    def __init__(self):
        self.content = {}

    def add(self, folder, data, suffix):
        """Keep `data` (str or bytes) under a name made of its content -> its path in the site."""
        data = data.encode() if isinstance(data, str) else data
        path = f"{folder}/{_digest(data)}.{suffix}"
        self.content[path] = data
        return path


def lighten(page, shared):
    """Moves the pictures of a page's tree into `shared` (Files) and leaves out what says nothing."""
    for image, data, kind in pictures(page):
        data, suffix, (wide, high) = smaller(data, kind)
        width = int(image.get("width", wide))
        place = {"src": shared.add("img", data, suffix), "loading": "lazy", "decoding": "async"}
        image.attrs |= {"width": width, "height": round(width * high / wide), **place}
    for corner in page.find_all(lambda element: element.name == "th" and not element.contents):
        corner.name, corner.attrs = "td", {}  # an empty corner is no heading
    for plain in page.find_all("span", class_=["n", "p", "w"]):
        plain.unwrap()  # names, signs and spaces of code: as the text


def view(given, shared):
    """The HTML of a `fragments.View`: its numbers and, for readers without scripts, its still picture."""
    kind, together = _kind(given, shared)
    numbers = json_for_script([given.spec, given.data])
    if len(numbers) > INLINE:
        name = _digest(numbers.encode())
        shared.content[f"numbers/{name}.js"] = f'course.numbers("{name}",{numbers})'.encode()
        place, inside = f' data-numbers="{name}"', ""
    else:
        place, inside = "", f'<script type="application/json">{numbers}</script>'
    waiting = f'<p class="waiting">{html.escape(given.spec["title"])}</p><noscript>{given.still}</noscript>'
    height = f' style="--wide:{_height(given.still)}px;--narrow:{_narrow(given)}px"'
    return f'<div class="course-view" data-kind="{kind}"{together}{place}{height}>{inside}{waiting}</div>'


def _kind(view, shared):
    """The file with the code of this kind of view -> (its name, attribute that says that it needs core.js, or "")."""
    core, together = bundle(("core",)), ""
    call = f"\nreturn(host,spec,data)=>mount(host,{{{view.kind}}},spec,fromBase64(data))"
    if view.code.startswith(core + "\n"):
        names = ",".join(EXPORTED.findall((HERE / "core.js").read_text("utf-8")))
        shared.content["kinds/core.js"] = f"course.core=(()=>{{{core}\nreturn{{{names}}}}})()".encode()
        together = " data-core"
        body = f"(({{{names}}})=>{{{view.code[len(core) :]}{call}}})(course.core)"
    else:  # a notebook that was built with another edition of the code keeps its own
        body = f"(()=>{{{view.code}{call}}})()"
    name = f"{view.kind}-{_digest(body.encode())}"
    shared.content[f"kinds/{name}.js"] = f'course.kind("{name}",{body})'.encode()
    return name, together


def smaller(raw, kind="png"):
    """A picture (bytes) as lossless WebP where that is smaller -> (bytes, suffix, (width, height))."""
    from PIL import Image

    with Image.open(io.BytesIO(raw)) as image:
        size, small = image.size, io.BytesIO()
        if kind == "png":
            see_through = "transparency" in image.info or image.mode in ("RGBA", "LA")
            image.convert("RGBA" if see_through else "RGB").save(small, "WEBP", lossless=True, quality=20, method=2)
    data = small.getvalue()
    return (data, "webp", size) if data and len(data) < len(raw) else (raw, kind, size)


def _height(still):
    """Room for a view before it is drawn, in pixels: that of its still picture, with title and controls."""
    for image, data, _ in pictures(tree(still)):
        wide, high = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")  # of the PNG's first chunk
        return round(int(image.get("width", wide)) * high / wide) + CONTROLS
    return CONTROLS


def _narrow(view):
    """The same on a phone: most kinds keep their height, whatever they show; the others grow with what they show."""
    spec = view.spec
    if view.kind == "predict":
        return 60 + 24 * math.ceil(len(spec["title"]) / 36) + 48 * len(spec["answers"])
    if view.kind == "lines":
        return 210 + 235 * len(spec["panels"]) + 24 * math.ceil(len(spec["caption"]) / 50)
    if view.kind == "heatmap":
        return 520 + 160 * bool(spec["controls"])
    if view.kind == "maps":
        return 300 + 300 * len(spec["panels"]) if spec["axes"] else 420 + 70 * len(spec["panels"])
    return ON_A_PHONE.get(view.kind) or round(0.74 * _height(view.still))


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:10]
