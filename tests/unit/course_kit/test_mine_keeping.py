"""A chapter's file in the workbook: tried in a process of its own, whose each part is, nothing of the reader's lost."""

import subprocess
import sys

import pytest
from unit.own_package import ADD, SPLIT, changed, solve

import chapters.ch05  # noqa: F401 - its exercises, and those before, are known by their names
from course_kit import files
from course_kit.mine import keep, keeping
from course_kit.mine.trying import why_it_fails


@pytest.fixture
def at_once(monkeypatch):
    """Nothing is tried: what is in a file that fails is another test's."""
    monkeypatch.setattr(keeping, "why_it_fails", lambda name, texts: "")


def kept(book, capsys, name="transformer", **options):
    """Keep the file -> its text, and what is said."""
    capsys.readouterr()
    keep(name, **options)
    path = book / "mine" / f"{name}.py"
    return path.read_text("utf-8") if path.exists() else "", capsys.readouterr().out


@pytest.mark.usefixtures("at_once")
def test_it_says_whose_each_part_is_and_how_to_run_it(book, capsys):
    text, said = kept(book, capsys)
    assert said.startswith("Written: mine/transformer.py.\n") and "8 of them can be yours: solve an exercise" in said
    assert "python -m mine.transformer" in said and f"{len(text.splitlines())} lines" in said
    solve("split heads", SPLIT)
    text, said = kept(book, capsys)
    assert SPLIT in text and "1 of 8 functions are yours: split_heads. The course's: masked_softmax, multi_head" in said
    assert not (book / "mine" / "transformer_2.py").exists()


@pytest.mark.usefixtures("at_once")
def test_a_file_that_was_changed_by_hand_is_not_overwritten(book, capsys):
    kept(book, capsys)
    by_hand = changed(book / "mine" / "transformer.py", "def translate(", "def translated(")
    solve("split heads", SPLIT)
    for _ in range(2):
        text, said = kept(book, capsys)
        assert text == by_hand
        assert "Written: mine/transformer_2.py. mine/transformer.py stays as you have changed it." in said
    assert SPLIT in (book / "mine" / "transformer_2.py").read_text("utf-8")
    assert not (book / "mine" / "transformer_3.py").exists()


@pytest.mark.usefixtures("at_once")
def test_the_latest_chapter_that_has_a_file_gives_it_with_those_beside_it_and_what_is_laid_out(book, capsys):
    assert "class SelfAttention" in kept(book, capsys, "attention")[0]
    assert "class SelfAttention" not in kept(book, capsys, "attention", chapter=1)[0]
    text, said = kept(book, capsys, "rooms", said="Have fun.", beside={"a.txt": "A"})
    assert "from .attention import SelfAttention" in text and said.endswith("Have fun.\n")
    assert (book / "a.txt").read_text() == "A"
    (book / "a.txt").write_text("mine")
    (book / "mine" / "attention.py").unlink()
    kept(book, capsys, "rooms", beside={"a.txt": "A"})
    assert (book / "a.txt").read_text() == "mine" and (book / "mine" / "attention.py").is_file()
    with pytest.raises(ValueError, match="`nothing` is not there yet"):
        keep("nothing")


def test_an_answer_that_fails_in_the_file_gives_way_to_the_courses_and_stays_where_it_is(book, capsys, monkeypatch):
    monkeypatch.setattr(keeping, "why_it_fails", lambda name, texts: "AssertionError" if "!= 11" in texts[name] else "")
    solve("residual and norm", ADD)
    solve("split heads", SPLIT.replace("return ", "assert x.shape[1] != 11\n    return "))
    text, said = kept(book, capsys)
    assert "With your `split_heads` the file fails its test (AssertionError)." in said
    assert "1 of 8 functions are yours: add_norm." in said and ADD in text and "!= 11" not in text
    assert "!= 11" in (book / "mine" / "ch05.py").read_text()


@pytest.mark.usefixtures("at_once")
def test_it_runs_where_nothing_but_torch_is(book, capsys):
    solve("split heads", SPLIT)
    kept(book, capsys, "rooms")
    hide = 'import sys; sys.modules.update(dict.fromkeys(("course_utils", "course_kit", "chapters", "jaxtyping")))\n'
    code = hide + "import mine.rooms; mine.rooms.check(); mine.rooms.main(5)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=book, check=False)
    assert "people get what they need" in done.stdout, done.stderr


@pytest.mark.usefixtures("at_once")
def test_outside_of_a_workbook_nothing_is_written(book, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    text, said = kept(book, capsys)
    assert not text and sorted(tmp_path.rglob("*")) == before
    assert "nothing is written" in said and "mine/transformer.py: A Transformer in plain PyTorch" in said


@pytest.mark.usefixtures("at_once")
def test_a_disk_that_is_full_is_said_in_one_sentence(book, capsys, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_atomically", refuse)
    text, said = kept(book, capsys)
    assert not text and "It could not be written: No space left on device." in said


@pytest.mark.parametrize(
    ("text", "said"),
    [("def check(): print('>> x')", ""), ("def check(): 1 / 0", "ZeroDivisionError: division by zero"),
     ("import course_utils", "ModuleNotFoundError"), ("def", "SyntaxError"),
     ("import os\n\ndef check(): os._exit(3)", "it ends with exit status 3"),
     ("import math\n\ndef check(): math.exp = abs", "it changes math.exp"),
     ("import json\n\njson.dumps = None", "it changes json.dumps"),
     ("import sys\n\nsys.path.clear()", "it changes sys.path"),
     ("import torch\n\ntorch.nn.Linear.__init__ = None", "it changes torch.nn.Linear.__init__"),
     ("import torch\n\ndef check(): torch.optim.SGD([torch.zeros(1)], 1).step()", ""), ("input()", "EOFError"),
     ("import time; time.sleep(99)", "it takes more than 2 s")],
)  # fmt: skip
def test_trying_tells_what_goes_wrong_and_stops_what_does_not_end(text, said, monkeypatch):
    if "sleep" in text:
        monkeypatch.setattr("course_kit.mine.trying.PATIENCE", 2)
    found = why_it_fails("one", {"one": text})
    assert found.startswith(said) and bool(found) == bool(said)
