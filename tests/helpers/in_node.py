"""The JavaScript of the views in node, without a page: its functions, called from Python with data in and out.

    in_node.call("shared/numbers.js", "softmax", [1.0, 2.0, 3.0])       # an export of a module of the kit, called
    in_node.call("chapters/ch04/labs/shuffle_numbers.js", "numbersOf", *in_node.data_of(view))  # of a chapter's
    in_node.evaluate("(a, b) => a + b", 1, 2)                           # as `evaluate` of a page: globals stay
    in_node.evaluate("async () => { globalThis.it = await load('shared/axes.js') }")  # `load` imports a module

Arguments: what JSON can say, NaN and infinities, and arrays or tensors (float64, float32 and uint8 arrive as such typed
arrays, others as float32, flat). Results: the same, typed arrays, maps and sets as lists. A promise is awaited.
What is thrown there is an `InNodeError` here. One process serves all tests, so that a call takes a millisecond.
"""

import atexit
import base64
import functools
import json
import math
import os
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

from course_kit import files
from course_tools.authoring import bundle

SECONDS = 120  # the longest that a call may take
TYPED = {"float64": "Float64Array", "float32": "Float32Array", "uint8": "Uint8Array"}


class InNodeError(Exception):
    """What JavaScript has thrown; `stack` says where."""

    def __init__(self, message, stack=""):
        super().__init__(message)
        self.stack = stack


def call(module, name, *arguments):
    """What the function `name` of a module gives; of a constant, what it is. module: in chapters/, or of js/src."""
    return _ask(module=module, name=name, args=arguments)


def evaluate(code, *arguments):
    """The value of an expression; of a function, what it gives for these arguments."""
    return _ask(code=code, args=arguments)


def data_of(view) -> tuple[dict, dict, dict]:
    """(spec, arrays, state) of a view, as its page has them."""
    spec = json.loads(json.dumps(view.spec()))
    arrays = {
        name: np.asarray(x).astype(np.float32 if x.dtype == np.float16 else x.dtype) for name, x in view.arrays.items()
    }
    return spec, arrays, spec["state"]


def _ask(**request):
    process = _node()
    late = threading.Timer(SECONDS, process.kill)
    late.start()
    try:
        process.stdin.write(json.dumps(_plain(request), allow_nan=False) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    finally:
        late.cancel()
    if not line:
        _node.cache_clear()
        raise InNodeError(f"node has ended, or has not answered for {SECONDS} s")
    answer = json.loads(line, object_hook=_number)
    if "error" in answer:
        raise InNodeError(answer["error"], answer["stack"])
    return answer["result"]


@functools.cache
def _node():
    try:
        program = bundle.node()
    except FileNotFoundError as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    folder = bundle.folder()
    hooks, server = (folder / "test/styles.mjs").as_uri(), Path(__file__).with_suffix(".mjs")
    command = [program, "--import", hooks, server, files.course_folder(), folder / "src"]
    process = subprocess.Popen(
        [*map(str, command)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", cwd=folder,
    )  # fmt: skip
    atexit.register(process.kill)
    return process


def _plain(value):
    """As JSON can say it."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        name = str(value.dtype) if str(value.dtype) in TYPED else "float32"
        return {"$": TYPED[name], "base64": base64.b64encode(value.astype(name).tobytes()).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$": "number", "is": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, dict):
        return {str(key): _plain(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(x) for x in value]
    return value


def _number(found):
    if found.get("$") != "number":
        return found
    return float(found["is"].replace("Infinity", "inf"))
