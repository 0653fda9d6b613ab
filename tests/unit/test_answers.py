"""The answers that stand in tests/answers/, judged again."""

import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "answers"


def runner():
    spec = importlib.util.spec_from_file_location("answers_run", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.weekly
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_nothing_wrong_is_accepted_and_nobody_who_is_right_is_refused(path):
    run = runner()
    results = list(run.judged(run.read(path)))
    unlike = [
        f"{path.name}:{one.answer.line}, {one.answer.exercise}, {one.answer.what}: {one.message}" for one in results
        if one.share in ("accepted", run.REFUSED)
    ]  # fmt: skip
    assert results and not unlike, "\n".join(unlike)
