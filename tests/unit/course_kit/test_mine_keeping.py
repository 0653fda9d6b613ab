"""A chapter's whole file: complete, with torch alone, whose each part is, and nothing of the reader's overwritten."""

import contextlib
import io
import runpy
import subprocess
import sys

import pytest
import torch
from own_package import SOFTMAX, SPLIT, cell, changed, solve

import chapters.ch05  # noqa: F401 - its exercises, and chapter 1's, are known by their names
from course_kit import files
from course_kit.mine import KeptFile, Part, keep, keeping, loading
from course_kit.mine.trying import tried
from course_kit.source_text import plain
from course_utils import attention

ATTENTION = "course_utils.attention"
MAIN = '''def check():
    """Two heads attend where the mask allows, and a gradient comes through."""
    x = torch.randn(2, LENGTH, 4)
    layer = MultiHeadAttention(4, 2)
    output, weights = layer(x, x, torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril())
    assert output.shape == x.shape and weights.triu(1).abs().max() == 0
    output.sum().backward()
    assert layer.query.weight.grad is not None
    with torch.no_grad():
        assert layer(x, x)[0].isfinite().all()


def main():
    check()
    print(f"{F.relu(torch.tensor(-1.0)):.0f} {math.pi:.2f}")'''
FILE = KeptFile(
    "heads",
    "Attention in heads, in plain PyTorch.",
    parts=(
        Part("masked_softmax", ATTENTION, "stable masked softmax"),
        Part("scaled_dot_product_attention", ATTENTION),
        Part("split_heads", ATTENTION, "split heads"),
        Part("join_heads", ATTENTION),
        Part("multi_head", ATTENTION, "attention in heads"),
        Part("MultiHeadAttention", ATTENTION),
    ),
    values=("LENGTH = 5  # positions",),
    main=MAIN,
)
BROADCAST = SOFTMAX.replace("hidden = ~mask", "hidden = (~mask).expand_as(scores)")
HEADS = """def multi_head(q, k, v, heads, mask=None):
    q, k, v = cut(q, heads), cut(k, heads), cut(v, heads)
    mask = mask[:, None] if mask is not None and mask.dim() == 3 else mask
    output, weights = attend(q, k, v, mask)
    return join_heads(output), weights"""
HELPER = (
    "from course_utils.attention import scaled_dot_product_attention as attend\n\n\ndef cut(x, heads):\n    {}\n\n\n"
)


def solve_heads(how="return x.unflatten(-1, (heads, -1)).transpose(1, 2)"):
    from course_utils.attention import join_heads

    text = HEADS.replace("attend(", "scaled_dot_product_attention(")
    helper = HELPER.replace(" as attend", "").format(how)
    return solve("attention in heads", text, helper, join_heads=join_heads)


def kept(book, capsys, space=None, file=FILE):
    """Keep the file -> its text, and what is said."""
    capsys.readouterr()
    keep(file, space or {})
    path = book / "mine" / f"{file.name}.py"
    return path.read_text("utf-8") if path.exists() else "", capsys.readouterr().out


@pytest.fixture
def at_once(monkeypatch):
    """Texts are tried in this process: torch need not be loaded for each."""
    monkeypatch.setattr(keeping, "tried", lambda texts: {name: _trouble(text) for name, text in texts.items()})


def _trouble(text):
    try:
        loading.as_module("tried.py", text).check()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def run(book, name="heads"):
    """What the file prints when it is run."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        runpy.run_path(str(book / "mine" / f"{name}.py"), run_name="__main__")
    return printed.getvalue()


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 of 3 functions are yours.\n"),
        (2, "2 of 3 functions are yours: masked_softmax, split_heads. The course's: multi_head.\n"),
        (3, "3 of 3 functions are yours: masked_softmax, split_heads, multi_head.\n"),
    ],
)
@pytest.mark.usefixtures("at_once")
def test_with_nothing_half_and_all_solved_it_runs_and_says_whose_each_part_is(book, capsys, count, words):
    answers = [("stable masked softmax", BROADCAST), ("split heads", SPLIT)]
    for name, text in answers[:count]:
        solve(name, text)
    if count == 3:
        solve_heads()
    text, said = kept(book, capsys)
    assert said.startswith("Written: mine/heads.py.\n") and words in said and "python -m mine.heads" in said
    assert f"{len(text.splitlines())} lines" in said and "fail" not in said
    assert (BROADCAST in text, SPLIT in text, "def cut" in text) == (count > 1, count > 1, count > 2)
    assert text.startswith(
        f'"""{FILE.about}\n\n{words.partition(" The")[0].strip()}\n"""\n\nimport math\n\nimport torch\n'
    )
    assert "course_" not in text and "from ." not in text and "\n\n\nLENGTH = 5  # positions\n\n\n" in text
    assert run(book) == "0 3.14\n"
    if count == 3:
        subprocess.run([sys.executable, "-m", "ruff", "check", "--select=F", book / "mine" / "heads.py"], check=True)


@pytest.mark.slow
def test_it_is_tried_and_runs_where_nothing_but_torch_is(book, capsys):
    solve("split heads", SPLIT)
    assert "1 of 3" in kept(book, capsys)[1]
    done = subprocess.run([sys.executable, "-m", "mine.heads"], capture_output=True, text=True, cwd=book, check=False)
    assert done.stdout == "0 3.14\n", done.stderr


@pytest.mark.usefixtures("at_once")
def test_a_second_time_it_is_the_same_and_later_answers_come_in(book, capsys):
    first, _ = kept(book, capsys)
    assert kept(book, capsys)[0] == first
    solve("split heads", SPLIT)
    assert SPLIT in kept(book, capsys)[0] and not (book / "mine" / "heads_2.py").exists()


@pytest.mark.usefixtures("at_once")
def test_a_file_that_was_changed_by_hand_is_not_overwritten(book, capsys):
    kept(book, capsys)
    by_hand = changed(book / "mine" / "heads.py", "# positions", "# mine")
    for answer in (
        SPLIT,
        SPLIT.replace("-1", "x.shape[-1] // heads", 1).replace("unflatten(x.shape[-1] // heads,", "unflatten(-1,"),
    ):
        solve("split heads", answer)
        text, said = kept(book, capsys)
        assert text == by_hand and "Written: mine/heads_2.py. mine/heads.py stays as you have changed it." in said
    assert SPLIT in (book / "mine" / "heads_2.py").read_text() and not (book / "mine" / "heads_3.py").exists()
    (book / "mine" / "heads.py").write_text("def half(")
    assert kept(book, capsys)[0] == "def half("


@pytest.mark.usefixtures("at_once")
def test_a_part_under_another_name_and_helpers_of_helpers_come_along(book, capsys):
    above = "AXIS = -1\n\n\ndef cut(x, heads):\n    return move(x.unflatten(AXIS, (heads, -1)))\n\n\n"
    above += "def move(x):\n    return x.swapaxes(1, 2)\n\n\n"
    solve("split heads", "def mine_own(x, heads):\n    return cut(x, heads)", above)
    text, said = kept(book, capsys)
    assert "split_heads = mine_own" in text and "1 of 3" in said
    assert text.index("AXIS = -1") < text.index("def cut") < text.index("def mine_own") and "def move" in text
    run(book)


@pytest.mark.usefixtures("at_once")
def test_what_the_reader_calls_of_the_course_comes_along_unless_it_is_in_the_file(book, capsys):
    from course_utils.attention import masked_softmax, padding_mask

    text = SPLIT.replace(
        "return x", "assert padding_mask([1], 2).any() and masked_softmax(x) is not None\n    return x"
    )
    solve("split heads", text, masked_softmax=masked_softmax, padding_mask=padding_mask)
    solve(
        "stable masked softmax",
        BROADCAST.replace("scores, mask)", "scores, mask=None)").replace(
            "    hidden", "    mask = torch.ones_like(scores).bool() if mask is None else mask\n    hidden", 1
        ),
    )
    text, said = kept(book, capsys)
    assert text.count("def masked_softmax") == text.count("def padding_mask") == 1 and "2 of 3" in said
    run(book)


@pytest.mark.parametrize(
    ("helper", "name"),
    [
        ("def join_heads(x, heads):\n    {}", "join_heads"),
        ("LENGTH = 9\n\n\ndef cut(x, heads):\n    assert LENGTH == 9\n    {}", "LENGTH"),
    ],
)
@pytest.mark.usefixtures("at_once")
def test_a_helper_with_the_name_of_something_else_in_the_file_keeps_the_answer_out_of_it(book, capsys, helper, name):
    called = "join_heads" if name == "join_heads" else "cut"
    above = helper.format("return x.unflatten(-1, (heads, -1)).transpose(1, 2)") + "\n\n\n"
    solve("split heads", f"def split_heads(x, heads):\n    return {called}(x, heads)", above)
    text, said = kept(book, capsys)
    assert f"Your `split_heads` is not in this file: its `{name}` means something else" in said and "0 of 3" in said
    run(book)


@pytest.mark.usefixtures("at_once")
class TestAnswersThatCannotTrain:
    @pytest.mark.parametrize(
        "how",
        [
            "return x.detach().unflatten(-1, (heads, -1)).transpose(1, 2)",
            "return x.detach().numpy().reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)",
            "return torch.tensor(x.tolist()).unflatten(-1, (heads, -1)).transpose(1, 2)",
        ],
    )
    def test_what_lets_no_gradient_through_stays_the_readers_where_none_is_needed(self, book, capsys, how):
        solve("split heads", f"def split_heads(x, heads):\n    {how}")
        text, said = kept(book, capsys)
        assert how in text and "1 of 3 functions are yours: split_heads" in said and "fails" not in said
        own = runpy.run_path(str(book / "mine" / "heads.py"))["split_heads"]
        assert own(torch.ones(1, 2, 4, requires_grad=True), 2).requires_grad
        with torch.no_grad():
            assert type(own(torch.ones(1, 2, 4), heads=2)) is torch.Tensor
        run(book)


@pytest.mark.usefixtures("at_once")
class TestCellsThatTheReaderChanged:
    page = plain(f"{ATTENTION}:join_heads")

    def test_a_cell_as_it_came_is_the_courses(self, book, capsys):
        text, said = kept(book, capsys, cell(self.page + "\n"))
        assert "changed" not in said and self.page in text

    def test_a_changed_one_is_in_the_file_with_what_it_needs(self, book, capsys):
        own = self.page.replace("x.transpose(1, 2)", "swapped(x)")
        space = cell(f"def swapped(x):\n    return x.transpose(1, 2)\n\n\n{own}\n")
        text, said = kept(book, capsys, space)
        assert "You have changed join_heads." in said and "return swapped(x).flatten(2)" in text
        run(book)

    def test_one_that_fails_the_test_gives_way_and_is_kept_beside_it(self, book, capsys):
        space = cell(self.page.replace("flatten(2)", "flatten(1)") + "\n")
        solve("split heads", SPLIT)
        text, said = kept(book, capsys, space)
        assert "With your `join_heads` the file fails its test (RuntimeError" in said
        assert "With what you changed it is mine/heads_changed.py" in said and "1 of 3" in said
        assert self.page in text and "flatten(1)" in (book / "mine" / "heads_changed.py").read_text()
        run(book)

    def test_what_it_makes_with_a_value_of_the_notebook_is_said(self, book, capsys):
        space = cell(self.page.replace("flatten(2)", "flatten(2) + noise") + "\n", noise=torch.zeros(1))
        text, said = kept(book, capsys, space)
        assert "Your `join_heads` is not in this file: it uses `noise`" in said and self.page in text


@pytest.mark.usefixtures("at_once")
def test_a_class_of_the_page_that_calls_the_readers_functions(book, capsys):
    page, own = plain(f"{ATTENTION}:MultiHeadAttention"), solve("split heads", SPLIT)["split_heads"]
    names = {"split_heads": own, "multi_head": attention.multi_head}
    space = cell(f"{page}\n", **names)
    assert "You have changed" not in kept(book, capsys, space)[1]
    longer = page.replace("self.num_heads = num_heads", "self.num_heads = num_heads\n        self.cut = split_heads")
    space = cell(f"{longer}\n", **names)
    text, said = kept(book, capsys, space)
    assert "You have changed MultiHeadAttention." in said and longer in text and text.count("def split_heads") == 1


@pytest.mark.usefixtures("at_once")
def test_outside_of_a_workbook_nothing_is_written(book, capsys, tmp_path, monkeypatch):
    solve("split heads", SPLIT)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    text, said = kept(book, capsys)
    assert not text and sorted(tmp_path.rglob("*")) == before
    assert "0 of 3 functions are yours." in said and "nothing is written" in said


@pytest.mark.usefixtures("at_once")
def test_a_disk_that_is_full_is_said_in_one_sentence(book, capsys, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_atomically", refuse)
    text, said = kept(book, capsys)
    assert not text and "It could not be written: No space left on device." in said


@pytest.mark.usefixtures("at_once")
def test_a_file_of_ours_that_fails_says_that_it_is_our_fault(book, capsys):
    broken = KeptFile("broken", "About.", FILE.parts[:1], main="def check():\n    raise ValueError('no')")
    text, said = kept(book, capsys, file=broken)
    assert "It fails its own test (ValueError: no). That is our fault" in said and "def check" in text


def test_trying_tells_each_text_and_stops_what_does_not_end():
    texts = {
        "good": "def check(): print('>> x')",
        "bad": "import torch\n\ndef check(): torch.ones(2) @ torch.ones(3)",
        "ours": "import course_utils",
        "syntax": "def",
        "without": "",
    }
    found = tried(texts)
    assert found["good"] == "" and found["bad"].startswith("RuntimeError: ")
    assert found["ours"].startswith("ModuleNotFoundError") and found["syntax"].startswith("SyntaxError")
    assert found["without"].startswith("AttributeError")
    assert (
        tried({"leaves": "import os\n\ndef check(): os._exit(3)", "never": ""})["never"] == "it ends with exit status 3"
    )


def test_a_text_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("course_kit.mine.trying.PATIENCE", 5)
    found = tried({"first": "def check(): pass", "never": "import time; time.sleep(99)"})
    assert found == {"first": "", "never": "it takes more than 5 s"}
