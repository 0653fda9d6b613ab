"""What chapter 6 leaves behind: a BERT with the numbers of the library, whoever wrote its functions."""

import runpy
import subprocess
import sys

import pytest
import torch
from own_package import SOFTMAX, SPLIT, solve

import chapters.ch06
from chapters.ch06.keep import FILE
from course_kit.mine import keeping
from course_kit.plain import plain
from course_utils import attention, bert

ANSWERS = {
    "embedding sum": "def embed(ids, segments, words, kinds, places):\n"
    "    return words[ids] + kinds[segments] + places[: ids.shape[1]]\n",
    "mask tokens": plain(bert.mask_tokens).replace("IGNORED", "-100"),
    "masked language model loss": plain(bert.mlm_loss).replace("IGNORED", "-100"),
    "split heads": SPLIT,
    "attention in heads": plain(attention.multi_head),
    "stable masked softmax": SOFTMAX,
}


@pytest.mark.parametrize("count", [0, 3, 6])
def test_with_nothing_half_and_all_solved_it_gives_the_numbers_of_the_library(book, count):
    assert chapters.ch06.EXERCISES
    names = vars(attention) | vars(bert)
    for name, text in list(ANSWERS.items())[:count]:
        solve(name, text, **{key: thing for key, thing in names.items() if key in text})
    made = keeping.written(FILE, {})
    assert f"{count} of 6 functions are yours" in made.text and "course_" not in made.text and not made.notes
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    ours = bert.make_bert(13, model_size=32, max_length=9).eval()
    theirs = kept["make_bert"](13, model_size=32, max_length=9).eval()
    theirs.load_state_dict(ours.state_dict())
    ids, segments = torch.randint(13, (3, 8)), (torch.arange(8) > 4).long().expand(3, 8)
    mask = torch.arange(8) < torch.tensor([[8], [5], [2]])
    for a, b in zip(theirs(ids, segments, mask), ours(ids, segments, mask), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


@pytest.mark.slow
def test_it_fills_holes_in_palindromes_that_it_has_not_seen(tmp_path):
    (tmp_path / "bert.py").write_text(keeping.written(FILE, {}).text, "utf-8")
    done = subprocess.run([sys.executable, "bert.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0 and float(last.split("%")[0]) >= 95, done.stdout + done.stderr
