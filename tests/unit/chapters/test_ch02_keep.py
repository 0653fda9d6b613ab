"""What chapters 1 and 2 leave behind: attention with the numbers of the library, whoever wrote its functions."""

import runpy
import subprocess
import sys

import pytest
import torch
from own_package import SOFTMAX, solve
from torch import nn

from chapters.ch01.keep import FILE as POOLING
from chapters.ch02.keep import FILE
from course_kit.mine import keeping
from course_kit.plain import plain
from course_utils import attention, kernels
from course_utils.attention import padding_mask
from course_utils.self_attention import SelfAttention

ANSWERS = {
    "stable masked softmax": SOFTMAX,
    "gaussian kernel": plain(kernels.gaussian_kernel),
    "attention pooling": plain(kernels.attention_pooling),
    "scaled dot-product attention": plain(attention.scaled_dot_product_attention),
    "a self-attention layer": plain("course_utils.self_attention:SelfAttention"),
}


@pytest.mark.parametrize("count", [0, 2, 5])
def test_with_nothing_some_and_all_solved_it_gives_the_numbers_of_the_library(book, count):
    names = vars(attention) | vars(kernels) | {"nn": nn}
    for name, text in list(ANSWERS.items())[:count]:
        solve(name, text, **{key: thing for key, thing in names.items() if key in text})
    made = keeping.written(FILE, {})
    assert f"{count} of 5 functions are yours" in made.text and "course_" not in made.text and not made.notes
    assert len(made.text.splitlines()) <= 120
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    torch.manual_seed(0)
    ours = SelfAttention(6, 4, 5)
    theirs = kept["SelfAttention"](6, 4, 5)
    theirs.load_state_dict(ours.state_dict())
    x, mask = torch.randn(2, 5, 6), padding_mask([5, 3])
    for mine, right in zip(theirs(x, mask), ours(x, mask), strict=True):
        torch.testing.assert_close(mine, right)


@pytest.mark.parametrize("file", [POOLING, FILE])
def test_it_runs_alone_and_is_short(tmp_path, file):
    text = keeping.written(file, {}).text
    assert len(text.splitlines()) <= 120
    (tmp_path / "attention.py").write_text(text, "utf-8")
    done = subprocess.run([sys.executable, "attention.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0 and done.stdout, done.stderr
    if file is FILE:
        assert float(done.stdout.split("%")[0]) >= 95
