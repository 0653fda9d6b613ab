"""What chapter 7 leaves behind: a GPT with the library's numbers, its tokenizer, and two commands that lose nothing."""

import runpy
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
import torch
from own_package import solve

import chapters.ch07
from chapters.ch07 import own
from chapters.ch07.experiments.book import lay
from chapters.ch07.keep import GPT, TOKENIZER
from course_kit import data
from course_kit.convert import to_huggingface
from course_kit.mine import keeping
from course_kit.plain import plain
from course_utils import attention, blocks, small_gpt
from course_utils.text import merges

ANSWERS = {
    "next token targets": plain(small_gpt.inputs_and_targets),
    "temperature": plain(small_gpt.with_temperature),
    "top-p": plain(small_gpt.nucleus),
    "split heads": plain(attention.split_heads),
    "residual and norm": plain(blocks.add_norm),
}


@pytest.mark.parametrize("count", [0, 2, 5])
def test_with_nothing_some_and_most_solved_it_gives_the_logits_of_transformers(book, count):
    assert chapters.ch07.EXERCISES
    for name, text in list(ANSWERS.items())[:count]:
        solve(name, text, F=torch.nn.functional, torch=torch)
    made = keeping.written(GPT, {})
    assert f"{count} of 6 functions are yours" in made.text and "course_" not in made.text and not made.notes
    if not count:
        assert len(made.text.splitlines()) <= 200
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    torch.manual_seed(0)
    model = kept["SmallGPT"](vocab=50, size=32, layers=2)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    ids = torch.randint(50, (2, 12))
    with torch.no_grad():
        theirs = to_huggingface(own.course_of(model))(ids).logits
        torch.testing.assert_close(model(ids), theirs, atol=1e-4, rtol=1e-4)


def test_the_kept_tokenizer_cuts_as_the_courses_does(book):
    solve("bpe merge", plain(merges.merge_once), joined=merges.joined, Counter=Counter)
    made = keeping.written(TOKENIZER, {})
    assert "1 of 1 functions are yours" in made.text
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    text = data.book()[:20_000]
    assert kept["learn_merges"](text, 30) == merges.learn_merges(text, 30)


def test_alone_it_copies_rows_that_it_never_saw(tmp_path):
    (tmp_path / "gpt.py").write_text(keeping.written(GPT, {}).text, "utf-8")
    done = subprocess.run([sys.executable, "gpt.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split(" nats, ")[1].split("%")[0]) > 95


@pytest.fixture
def folder(tmp_path):
    lay(tmp_path)
    (tmp_path / "book.txt").write_text(data.book()[:24_000], "utf-8")
    return tmp_path


def run(folder, *words):
    command = [sys.executable, "-m", "mine", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_a_training_that_is_stopped_is_kept_goes_on_and_writes_on(folder):
    command = [sys.executable, "-m", "mine", "train", "book.txt", "60"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("Learning")
    assert process.stdout.readline().startswith("Training from step 0")
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    assert "kept" in process.communicate(timeout=120)[0]
    state = folder / "book.gpt.pt"
    first = torch.load(state, weights_only=True)
    done = run(folder, "train", "book.txt", str((first["seconds"] + 3) / 60))
    assert done.returncode == 0, done.stderr
    second = torch.load(state, weights_only=True)
    assert second["step"] > first["step"] and second["seconds"] > first["seconds"] and second["history"]
    assert "Learning" not in done.stdout  # the pieces are kept, too
    assert run(folder, "train", "book.txt", "0.01").returncode == 0  # trained for longer already
    (folder / "other").mkdir()
    (folder / "other" / "book.txt").write_text(data.book()[24_000:50_000], "utf-8")
    assert "another text" in run(folder, "train", "other/book.txt").stderr
    wrote = run(folder, "write", "It was")
    assert wrote.returncode == 0, wrote.stderr
    assert wrote.stdout.startswith("It was") and len(wrote.stdout) > 60


def test_it_says_what_is_missing(folder):
    assert "Nothing is trained" in run(folder, "write", "It was").stderr
    (folder / "short.txt").write_text("too short")
    assert "20,000" in run(folder, "train", "short.txt").stderr
    assert "no file" in run(folder, "train", "none.txt").stderr
    assert "python -m mine train" in run(folder).stdout


def test_the_commands_and_the_book_are_laid_down_and_never_written_over(book):
    keeping.keep_beside("__main__", "print(1)\n", "Run it.", {"a.txt": "given"})
    commands, beside = book / "mine" / "__main__.py", book / "a.txt"
    assert (commands.read_text(), beside.read_text()) == ("print(1)\n", "given")
    commands.write_text("print('mine')\n")
    beside.write_text("mine")
    keeping.keep_beside("__main__", "print(2)\n", "Run it.", {"a.txt": "given"})
    assert (commands.read_text(), beside.read_text()) == ("print('mine')\n", "mine")
    assert (book / "mine" / "__main___2.py").read_text() == "print(2)\n"
