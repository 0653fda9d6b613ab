"""What chapter 3 leaves behind: two translators with the numbers of the library, whoever wrote their functions."""

import runpy
import subprocess
import sys

import pytest
import torch
from own_package import SOFTMAX, solve

import chapters.ch03
from chapters.ch03.exercises import answers
from chapters.ch03.keep import FILE
from course_kit.mine import keeping
from course_kit.plain import plain
from course_utils.translator import AttentiveDecoder, Encoder, Translator

ANSWERS = {
    "stable masked softmax": SOFTMAX,
    "additive attention step": plain(answers.look_back),
    "masked loss": plain(answers.masked_loss),
}


@pytest.mark.parametrize("count", [0, 2, 3])
def test_with_nothing_some_and_all_solved_it_gives_the_numbers_of_the_library(book, count):
    assert chapters.ch03.EXERCISES
    for name, text in list(ANSWERS.items())[:count]:
        solve(name, text, **({"masked_softmax": answers.masked_softmax} if "masked_softmax(" in text else {}))
    made = keeping.written(FILE, {})
    assert f"{count} of 3 functions are yours" in made.text and "course_" not in made.text and not made.notes
    assert len(made.text.splitlines()) <= 200
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    torch.manual_seed(0)
    ours = Translator(Encoder(20, 8), AttentiveDecoder(30, 8))
    theirs = kept["Translator"](kept["Encoder"](20, 8), kept["AttentiveDecoder"](30, 8))
    theirs.load_state_dict(ours.state_dict())
    source, target = torch.randint(20, (2, 7)), torch.randint(30, (2, 5))
    mask = torch.arange(7) < torch.tensor([7, 4])[:, None]
    for mine, right in zip(theirs(source, target, mask), ours(source, target, mask), strict=True):
        torch.testing.assert_close(mine, right)


@pytest.mark.slow
def test_it_fails_without_attention_and_not_with_it(tmp_path):
    (tmp_path / "seq2seq.py").write_text(keeping.written(FILE, {}).text, "utf-8")
    done = subprocess.run([sys.executable, "seq2seq.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    plain_share, attentive_share = (float(line.split()[1].strip("%")) for line in done.stdout.splitlines())
    assert plain_share <= 60 and attentive_share >= 95
