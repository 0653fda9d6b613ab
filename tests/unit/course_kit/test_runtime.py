"""setup(): one line, one device, one seed; and an answer that helps where the environment doesn't fit."""

import os
import random
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
import torch

import course_kit
from course_kit import runtime
from course_utils import gpt


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("COURSE_DEVICE", "COURSE_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_it_prints_one_line_and_returns_what_it_chose(capsys):
    chosen = course_kit.setup()
    (line,) = capsys.readouterr().out.splitlines()
    assert line == str(chosen)
    assert f"torch {torch.__version__.split('+')[0]}" in line
    assert f"device {chosen.device}" in line
    assert "profile class · seed 0" in line
    assert isinstance(chosen, course_kit.Runtime)


@pytest.mark.parametrize("kind", [gpt.GPT, gpt.CachedGPT])
def test_after_it_cells_that_readers_kept_give_a_gpt_its_sizes(kind):
    course_kit.setup()
    for made in kind(9, 8, 1, 2), kind(9, size=8, layers=1, heads=2), kind(vocab=9, size=8, layers=1, heads=2):
        assert made.config == gpt.GPTConfig(9, 8, 1, 2) == kind(config=made.config).config
    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        kind(9, width=8)


def test_the_seed_holds_for_python_numpy_and_torch():
    def draws(seed):
        course_kit.setup(seed)
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002 - the generator that is seeded

    assert draws(3) == draws(3)
    assert all(one != other for one, other in zip(draws(3), draws(4), strict=True))


@pytest.mark.parametrize("seed", [-1, 1.5, "0", None, 2**32, True])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(ValueError):
        course_kit.setup(seed)


def test_a_setting_chooses_profile_and_device(monkeypatch):
    monkeypatch.setenv("COURSE_PROFILE", "Full")
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    chosen = course_kit.setup()
    assert (chosen.profile, chosen.device) == ("full", torch.device("cpu"))


@pytest.mark.parametrize(("name", "value"), [("COURSE_PROFILE", "fast"), ("COURSE_DEVICE", "gpu")])
def test_a_wrong_setting_lists_the_right_ones(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"{name} is '{value}'; it must be one of"):
        course_kit.setup()


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without CUDA")
def test_cuda_asked_for_where_there_is_none(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    with pytest.raises(runtime.EnvironmentProblem) as caught:
        course_kit.setup()
    assert "COURSE_DEVICE=cuda was asked for" in str(caught.value) and "Set COURSE_DEVICE=cpu" in str(caught.value)


def test_a_package_too_old_is_named_with_what_to_do(monkeypatch):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.1" if name == "anywidget" else real(name))
    with pytest.raises(runtime.EnvironmentProblem) as caught:
        course_kit.setup()
    assert "needs anywidget>=" in str(caught.value) and "found 0.1" in str(caught.value)
    assert not [need for need, _ in runtime.missing_packages() if need.startswith("torch")], "2.13.0+cpu is 2.13.0"


def test_a_package_that_is_missing_is_named(monkeypatch):
    real = metadata.version

    def version(name):
        if name == "ipywidgets":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert [found for need, found in runtime.missing_packages() if need.startswith("ipywidgets")] == [None]
    assert runtime.missing_packages("never-installed") == [("never-installed", None)]


def test_colab_keeps_its_own_front_end(monkeypatch):
    real, old = metadata.version, {"transformers": "4.50", "jupyterlab": "3.0", "ipykernel": "6.17.1"}
    monkeypatch.setattr(metadata, "version", lambda name: old.get(name) or real(name))
    assert {need.split(">")[0] for need, _ in runtime.missing_packages()} == set(old)
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    assert [need for need, _ in runtime.missing_packages()] == ["transformers>=5"]


def test_the_problem_is_shown_without_a_traceback():
    """IPython asks an exception how it wants to be shown."""
    shown = runtime.EnvironmentProblem("do this")._render_traceback_()
    assert shown == ["EnvironmentProblem: do this"]


def test_importing_the_package_is_cheap():
    code = (
        "import sys, course_utils; print([m for m in ('torch', 'numpy', 'matplotlib', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("cuda", "mps", "taken"), [(0, 0, "cpu"), (0, 1, "cpu"), (1, 0, "cuda"), (1, 1, "cuda")])
def test_auto_never_takes_apples_gpu_which_no_test_has_seen(monkeypatch, cuda, mps, taken):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(cuda))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: bool(mps))
    assert runtime.pick_device("auto").type == taken
    if mps:
        assert runtime.pick_device("mps").type == "mps"
