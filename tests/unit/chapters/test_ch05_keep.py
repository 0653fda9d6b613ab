"""What chapter 5 leaves behind: a Transformer with the numbers of the library, whoever wrote its functions."""

import contextlib
import io
import runpy
import subprocess
import sys

import pytest
import torch
from own_package import ADD, SOFTMAX, SPLIT, solve

from chapters.ch05.keep import FILE
from course_kit.mine import keeping
from course_kit.plain import plain
from course_utils import attention, blocks, tasks
from course_utils.transformer import make_transformer

ANSWERS = {
    "split heads": SPLIT,
    "residual and norm": ADD,
    "a training step": plain(tasks.train_step),
    "a decoder block": plain("course_utils.transformer:DecoderBlock"),
    "attention in heads": plain(attention.multi_head),
    "stable masked softmax": SOFTMAX,
}


@pytest.mark.parametrize("count", [0, 3, 6])
def test_with_nothing_half_and_all_solved_it_gives_the_numbers_of_the_library(book, count):
    names = vars(attention) | vars(blocks) | vars(tasks)
    for name, text in list(ANSWERS.items())[:count]:
        solve(name, text, **{key: thing for key, thing in names.items() if key in text})
    made = keeping.written(FILE, {})
    assert f"{count} of 6 functions are yours" in made.text and "course_" not in made.text and not made.notes
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    torch.manual_seed(0)
    ours = make_transformer(13, model_size=32, layers=2).eval()
    theirs = kept["make_transformer"](13, model_size=32, layers=2).eval()
    theirs.load_state_dict(ours.state_dict())
    source, target = torch.randint(13, (3, 8)), torch.randint(13, (3, 6))
    mask = torch.arange(8) < torch.tensor([[8], [5], [2]])
    torch.testing.assert_close(theirs(source, target, mask), ours(source, target, mask), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("self.activation(self.widen(x))", "torch.tanh(self.widen(x))"),
        ("x.transpose(1, 2).flatten(2)", "x.swapaxes(1, 2).flatten(2)"),
    ],
)
def test_a_class_or_function_of_the_page_that_the_reader_changed_is_in_it(book, found, instead):
    from own_package import cell

    part = next(part for part in FILE.parts if found in plain(f"{part.module}:{part.name}"))
    space = cell(plain(f"{part.module}:{part.name}").replace(found, instead) + "\n", F=torch.nn.functional)
    made = keeping.written(FILE, space)
    assert made.whose[part.name] == "changed" and instead in made.text
    with contextlib.redirect_stdout(io.StringIO()):
        (book / "kept.py").write_text(made.text, "utf-8")
        runpy.run_path(str(book / "kept.py"))["check"]()


@pytest.mark.slow
def test_it_copies_and_reverses_what_it_has_not_seen(tmp_path):
    (tmp_path / "transformer.py").write_text(keeping.written(FILE, {}).text, "utf-8")
    done = subprocess.run([sys.executable, "transformer.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0 and float(last.split("%")[0]) >= 99, done.stdout + done.stderr
