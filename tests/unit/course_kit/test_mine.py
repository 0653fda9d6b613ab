"""The reader's package: what passes goes in, nothing is overwritten, and a chapter's file runs with torch alone."""

import importlib
import json
import linecache
import subprocess
import sys
import types

import pytest
import torch

from chapters.ch05.keep import FILE
from course_kit import exercises, files
from course_kit.exercises import check, exercise
from course_kit.exercises.define import find
from course_kit.mine import keeping, lookup, writing
from course_kit.plain import plain
from course_utils import tasks
from course_utils.transformer import make_transformer

SOFTMAX = """def masked_softmax(scores, mask):
    hidden = ~mask
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    return torch.where(hidden, torch.zeros(()), weights)"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A workbook, in which the kernel works; `mine` is its own, and forgotten afterwards."""
    (tmp_path / files.STATE).write_text('{"written": {}, "editions": {}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "mine"}
    for name in before:
        del sys.modules[name]
    exercises.AFTER_RIGHT.clear()
    lookup.install()
    yield tmp_path
    exercises.AFTER_RIGHT.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        del sys.modules[name]
    sys.modules.update(before)


def cell(source, **names):
    """Runs a cell as a notebook does: its text is known to inspect -> its names."""
    cell.number += 1
    file = f"<cell {cell.number}>"
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    space = types.ModuleType("__main__").__dict__
    space.update({"torch": torch, "nn": torch.nn, "exercise": exercise} | names)
    exec(compile(source, file, "exec", dont_inherit=True), space)
    return space


cell.number = 0


def solve(name, text, **names):
    return cell(f'@exercise("{name}")\n{text}\n', **names)


def reference(name, stub):
    """The reference of an exercise as a reader types it."""
    return plain(find(name).reference).replace(find(name).reference.__name__, stub, 1)


def test_what_passes_goes_in_and_comes_back_in_another_notebook(book, capsys):
    solve("stable masked softmax", SOFTMAX)
    text = (book / "mine" / "ch01.py").read_text("utf-8")
    assert "import torch" in text and SOFTMAX in text
    from mine import add_norm, masked_softmax

    scores, mask = torch.randn(2, 3), torch.tensor([[True, False, True], [False] * 3])
    assert masked_softmax.__module__ == "mine.ch01" and not masked_softmax(scores, mask)[1].any()
    assert add_norm is find("residual and norm").reference
    sys.modules["mine"].say()
    said = capsys.readouterr().out
    assert "masked_softmax: yours, from chapter 1" in said and "add_norm: the course's" in said
    assert not hasattr(sys.modules["mine"], "nobody_wrote_this")


def test_helpers_constants_and_what_the_course_gave_come_along_and_only_torch_is_needed(book):
    from course_utils.attention import join_heads, scaled_dot_product_attention, split_heads

    helpers = "AXIS = 1\n\ndef widened(mask):\n    return mask[:, None] if mask.dim() == 3 else mask\n\n"
    text = (
        "def multi_head(q, k, v, heads, mask=None):\n"
        "    q, k, v = split_heads(q, heads), split_heads(k, heads), split_heads(v, heads)\n"
        "    output, weights = scaled_dot_product_attention(q, k, v, widened(mask))\n"
        "    assert AXIS == 1\n"
        "    return join_heads(output), weights"
    )
    given = {one.__name__: one for one in (join_heads, scaled_dot_product_attention, split_heads)}
    cell(f'{helpers}@exercise("attention in heads")\n{text}\n', **given)
    code = (
        "import sys; import mine.ch05 as m, torch\n"
        "output, _ = m.multi_head(*3 * [torch.ones(1, 2, 4)], 2, torch.ones(1, 2, 2).bool())\n"
        "print(output.shape, any(name.startswith('course') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=book, check=False)
    assert done.stdout.strip() == "torch.Size([1, 2, 4]) False", done.stderr


def test_a_better_answer_takes_the_place_of_the_one_before_and_a_wrong_one_does_not(book):
    solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x)) + x  # shorter to say")
    right = (book / "mine" / "ch05.py").read_text("utf-8")
    assert right.count("def add_norm") == 1 and "shorter to say" in right
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x))")
    assert (book / "mine" / "ch05.py").read_text("utf-8") == right


def test_what_was_changed_by_hand_stays(book, capsys):
    solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    file = book / "mine" / "ch05.py"
    file.write_text(
        file.read_text("utf-8").replace("return x + f(norm(x))", "y = norm(x)\n    return x + f(y)"), "utf-8"
    )
    by_hand = file.read_text("utf-8")
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x)) + x")
    assert file.read_text("utf-8") == by_hand
    solve("split heads", "def split_heads(x, heads):\n    return x.unflatten(-1, (heads, -1)).transpose(1, 2)")
    assert by_hand.rstrip() in file.read_text("utf-8") and "def split_heads" in file.read_text("utf-8")
    assert lookup.owned("add_norm")[1] == "yours, from chapter 5"


@pytest.mark.parametrize("damage", ["def add_norm(x, f, norm:\n", "def add_norm(x, f, norm):\n    return (", "\0"])
def test_a_file_that_does_not_parse_is_never_touched(book, damage):
    (book / "mine").mkdir()
    file = book / "mine" / "ch05.py"
    file.write_text(damage, "utf-8")
    solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    assert file.read_text("utf-8") == damage and "def add_norm" in (book / "mine" / "ch05_2.py").read_text("utf-8")


def test_a_function_changed_by_hand_to_something_wrong_gives_way_to_the_courses_and_says_so(book):
    solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    file = book / "mine" / "ch05.py"
    for changed, why in (
        ("return x - f(norm(x))", "no longer passes"),
        ("return (", "SyntaxError"),
        ("1 / 0", "yours"),
    ):
        file.write_text(f"def add_norm(x, f, norm):\n    {changed}\n", "utf-8")
        thing, whose = lookup.owned("add_norm")
        assert thing is find("residual and norm").reference and why in whose
    file.unlink()
    assert lookup.owned("add_norm")[1] == "the course's"
    solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    assert lookup.owned("add_norm")[1] == "yours, from chapter 5"


@pytest.mark.parametrize("record", ["", "{", "[1]", '{"ch05.py": 3}', '{"ch05.py": {"add_norm": 7}}'])
def test_a_record_of_another_edition_or_a_damaged_one_loses_nothing(book, record):
    solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    (book / "mine" / writing.RECORD).write_text(record, "utf-8")
    before = (book / "mine" / "ch05.py").read_text("utf-8")
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x)) + x")
    assert "def add_norm" in (book / "mine" / "ch05.py").read_text("utf-8") and before


def test_a_disk_that_is_full_breaks_no_verdict(book, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_atomically", full)
    space = solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    assert space["add_norm"](1, lambda h: h, lambda h: h) == 2


def test_outside_of_a_workbook_everything_is_the_courses_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    solve("residual and norm", "def add_norm(x, f, norm):\n    return x + f(norm(x))")
    assert not list(tmp_path.iterdir()) and lookup.owned("add_norm")[1] == "the course's"


def test_what_uses_the_notebooks_results_is_left_out_and_says_so(book):
    from course_kit.mine.solved import keep_answer

    text = '@exercise("residual and norm")\ndef add_norm(x, f, norm):\n    return x + f(norm(x)) * ones\n'
    space = cell(text, ones=torch.ones(1))
    assert not (book / "mine" / "ch05.py").exists()
    assert "ones" in keep_answer("residual and norm", space["add_norm"])


ANSWERS = {
    "split heads": "def split_heads(x, heads):\n    return x.unflatten(-1, (heads, -1)).transpose(1, 2)",
    "residual and norm": "def add_norm(x, f, norm):\n    return x + f(norm(x))",
    "a training step": plain(tasks.train_step),
    "a decoder block": plain("course_utils.transformer:DecoderBlock"),
    "attention in heads": plain("course_utils.attention:multi_head"),
    "stable masked softmax": SOFTMAX,
}


@pytest.mark.parametrize("count", [0, 3, 6])
def test_a_chapters_file_runs_with_nothing_half_and_all_solved_and_names_whose_each_is(book, count, capsys):
    from course_utils import attention, blocks

    names = vars(attention) | vars(blocks) | vars(tasks)
    for name, text in list(ANSWERS.items())[:count]:
        solve(name, text, **{key: thing for key, thing in names.items() if key in text})
    capsys.readouterr()
    keeping.keep(FILE, {})
    said, file = capsys.readouterr().out, book / "mine" / "transformer.py"
    assert "fails" not in said and f"{count} of 6 functions are yours" in said
    sys.path.insert(0, str(book))
    try:
        kept = importlib.import_module("mine.transformer")
    finally:
        sys.path.remove(str(book))
    torch.manual_seed(0)
    ours = make_transformer(13, model_size=32, layers=2).eval()
    theirs = kept.make_transformer(13, model_size=32, layers=2).eval()
    theirs.load_state_dict(ours.state_dict())
    source, target = torch.randint(13, (3, 8)), torch.randint(13, (3, 6))
    mask = torch.arange(8) < torch.tensor([[8], [5], [2]])
    torch.testing.assert_close(theirs(source, target, mask), ours(source, target, mask), atol=1e-5, rtol=0)
    assert not any("course" in line for line in file.read_text("utf-8").splitlines() if "import" in line)
    keeping.keep(FILE, {})
    assert file.read_text("utf-8") and not (book / "mine" / "transformer_2.py").exists()
    file.write_text(file.read_text("utf-8") + "# mine\n", "utf-8")
    keeping.keep(FILE, {})
    assert file.read_text("utf-8").endswith("# mine\n") and (book / "mine" / "transformer_2.py").is_file()


def test_a_class_that_the_reader_has_changed_is_in_the_file_unless_it_fails(book, capsys):
    longer = plain("course_utils.blocks:PositionwiseFFN").replace(
        "self.activation(self.widen(x))", "torch.tanh(self.widen(x))"
    )
    space = cell(longer, F=torch.nn.functional)
    keeping.keep(FILE, space)
    assert "You have changed PositionwiseFFN" in capsys.readouterr().out
    assert "torch.tanh" in (book / "mine" / "transformer.py").read_text("utf-8")
    broken = cell(longer.replace("torch.tanh(self.widen(x))", "x.flatten()"), F=torch.nn.functional)
    keeping.keep(FILE, broken)
    assert "fails its test" in capsys.readouterr().out
    assert "x.flatten()" not in (book / "mine" / "transformer.py").read_text("utf-8")


@pytest.mark.slow
def test_the_file_copies_and_reverses_what_it_has_not_seen(tmp_path):
    (tmp_path / "transformer.py").write_text(keeping.written(FILE, {}).text, "utf-8")
    done = subprocess.run([sys.executable, "transformer.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0 and float(last.split("%")[0]) >= 99, done.stdout + done.stderr


def test_names_that_travel_are_those_of_exercises():
    for name, exercise_name in lookup.TRAVELS.items():
        assert lookup.owned(name)[0] is find(exercise_name).reference
    assert json.dumps(lookup.TRAVELS) and check("split heads", find("split heads").reference).right
