"""The core is read aloud: how much of it one forward pass runs through."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "course_utils"


def walk(function):
    """What of the repository runs, once warmed up -> (named functions, files, distinct lines)."""
    function()
    functions, lines = set(), set()

    def trace(frame, event, argument):
        code = frame.f_code
        if not code.co_filename.startswith(str(ROOT) + "/course_"):
            return None
        if not code.co_name.startswith("<"):
            functions.add((code.co_filename, code.co_qualname))

        def line(frame, event, argument):
            if event == "line":
                lines.add((code.co_filename, frame.f_lineno))
            return line

        return line

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return len(functions), len({file for file, _ in functions}), len(lines)


def gpt_forward():
    import torch

    from course_utils.gpt import GPT, GPTConfig

    model, ids = GPT(GPTConfig(9, 8, num_layers=1, num_heads=2)).eval(), torch.tensor([[1, 2, 3]])
    return lambda: model(ids)


def attention_forward():
    import torch

    from course_utils.attention import MultiHeadAttention, causal_mask

    attention, x, mask = MultiHeadAttention(8, 2), torch.zeros(1, 3, 8), causal_mask(3)
    return lambda: attention(x, x, mask)


def fitting():
    import torch

    from course_kit.training import fit

    x = torch.ones(4, 1)

    def three_steps():
        return fit(torch.nn.Linear(1, 1), [x], lambda model, x: model(x).square().mean(), steps=3)

    return three_steps


WALKS = {  # name: (what runs, at most so many functions, files, lines)
    "GPT of one layer, forward": (gpt_forward, 12, 4, 45),
    "MultiHeadAttention, forward": (attention_forward, 6, 2, 20),
    "fit of a linear layer": (fitting, 25, 4, 1000),
}


@pytest.mark.parametrize("name", WALKS)
def test_few_functions_run(name, capsys, monkeypatch):
    from course_kit import training

    monkeypatch.setattr(training, "ALWAYS", [training.Lines])  # as without setup()
    made, *most = WALKS[name]
    assert all(one <= limit for one, limit in zip(walk(made()), most, strict=True)), walk(made())


def closure(file):
    """A file of the core with all that it imports from us: {path}."""
    seen, ahead = set(), [file]
    while ahead:
        path = ahead.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                base = path.parent if node.level else ROOT
                places = [base / (node.module or "").replace(".", "/")]
                places += [places[0] / alias.name for alias in node.names]
                ahead += [one.with_suffix(".py") for one in places if one.with_suffix(".py").is_file()]
                ahead += [one / "__init__.py" for one in places if (one / "__init__.py").is_file()]
    return {one for one in seen if one.is_relative_to(CORE)}


def length(paths):
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def test_a_gpt_stands_alone_in_about_300_lines():
    assert 200 < length(closure(CORE / "gpt.py")) <= 355


def test_the_core_is_small():
    """4,000 were meant; with a typed parameter a line, chapter 3's translators, chapter 7's GPT of one page and chapter
    8's Llama with a published model in it, it is a third more. The second edition had 11,207."""
    assert 2000 < length(CORE.rglob("*.py")) <= 5380
