"""The program that draws all views, and how a page gets it. It is built from js/ (see there, and CONTRIBUTING.md).

A view's output is data and says `(globalThis.courseViews ??= []).push(page => page.show(host))`: it waits for the
program, which is in a page once. The course's JupyterLab and the website bring it along. Elsewhere `setup()` writes it
into its own output; on Google Colab, where each output is a page of its own, each view carries it.
"""

import base64
import functools
import gzip
import json
import os
from pathlib import Path

from course_kit.i18n import current
from course_kit.i18n.catalogues import table
from course_kit.shell import on_colab

FILE = Path(__file__).parent / "js" / "dist" / "views.js"
BROUGHT = "page"  # COURSE_VIEWS says so where the page brings the program along

ASK = "(globalThis.courseViews??=[]).push"  # (page => …): at once, or when the program has come
SHOW = f"<script>{{const host=document.currentScript.parentElement;{ASK}(page=>page.show(host))}}</script>"
MODULE = f"export default{{render:given=>new Promise(done=>{ASK}(page=>done(page.live(given))))}}"
UNPACK = (  # an inline script of 0.3 MB would be 0.3 MB in a notebook; packed it is half
    '<script>new Response(new Blob([Uint8Array.from(atob("%s"),c=>c.charCodeAt(0))]).stream().pipeThrough('
    'new DecompressionStream("gzip"))).text().then(code=>{const script=document.createElement("script");'
    "script.textContent=code;document.head.append(script)})</script>"
)


def source(language: str | None = None) -> str:
    """The program: one script, its style sheets in it; in front its words, where another language is in use."""
    return _source(language or current())


@functools.cache
def _source(language: str) -> str:
    code = FILE.read_text(encoding="utf-8")
    words = json.dumps(table(language), ensure_ascii=False).replace("</", "<\\/")
    return code if language == "en" else f"globalThis.courseWords={words};\n{code}"


def packed() -> str:
    """The program as an element of HTML, small."""
    return _packed(current())


@functools.cache
def _packed(language: str) -> str:
    return UNPACK % base64.b64encode(gzip.compress(_source(language).encode(), mtime=0)).decode()


def module() -> str:
    """The ES module of a live view: it asks for the program, which it brings along on Google Colab."""
    return (source() if on_colab() else "") + MODULE


def brought() -> bool:
    """Whether the page brings the program along: the course's JupyterLab tells its kernels."""
    return os.environ.get("COURSE_VIEWS") == BROUGHT


def with_setup() -> str:
    """What `setup()` puts into its output: the program, or "" where it comes otherwise."""
    return "" if brought() or on_colab() else packed()


def with_each() -> str:
    """What each view carries: the program on Google Colab, else ""."""
    return packed() if on_colab() else ""
