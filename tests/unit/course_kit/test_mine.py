"""The reader's package: what passes goes in with its helpers, and nothing that was changed by hand is touched."""

import errno
import importlib

import pytest
import torch
from unit.own_package import ADD, SOFTMAX, SPLIT, cell, changed, solve

import chapters.ch01
import chapters.ch03
import chapters.ch05  # noqa: F401 - its exercises are known by their names
from course_kit import exercises, files, shell
from course_kit.exercises.registry import find
from course_kit.mine import answers, written
from course_kit.programs.source_text import plain
from course_utils import attention

POOL = """def attention_pooling(queries, keys, values, width=1.0):
    distance = queries[:, None] - keys[None, :]
    kernel = gaussian_kernel(distance, width)
    weights = kernel / kernel.sum(-1, keepdim=True)
    return weights @ values, weights"""
GAUSSIAN = "def gaussian_kernel(distance, width=1.0):\n    return bell(distance / width)"
BELL = "def bell(x):\n    return torch.exp(-x * x / SCALE)\n\n\n"
OTHER_ADD = "def add_norm(x, f, norm):\n    return f(norm(x)) + x"


def text_of(book, file="ch05.py"):
    return (book / "mine" / file).read_text("utf-8")


def test_what_passes_goes_in_as_it_was_written(book, capsys):
    solve("stable masked softmax", SOFTMAX + "  # done")
    assert text_of(book, "ch01.py") == f'"""What I wrote in chapter 1."""\n\nimport torch\n\n\n{SOFTMAX}  # done\n'
    assert "`masked_softmax` is in mine/ch01.py" in capsys.readouterr().out
    before = (book / "mine" / "ch01.py").stat().st_mtime_ns
    solve("stable masked softmax", SOFTMAX + "  # done")
    assert (book / "mine" / "ch01.py").stat().st_mtime_ns == before, "run again, it writes nothing"
    assert "mine/" not in capsys.readouterr().out


def test_ids_in_a_list_are_kept(book, capsys):
    text = """def greedy(step, state, bos, eos, max_length):
    ids, word = [], bos
    while len(ids) < max_length and word != eos:
        logits, state = step(word, state)
        word = int(logits.argmax())
        ids += [word] if word != eos else []
    return ids"""
    solve("greedy loop", text)
    assert text in text_of(book, "ch03.py") and "tensors" not in capsys.readouterr().out


def test_helpers_values_imports_and_decorators_of_its_cell_come_along_byte_for_byte(book):
    text = "@torch.enable_grad()\n# for training\n" + GAUSSIAN.replace("bell(", "bell(float(Fraction(1, 1)) *  ")
    solve("gaussian kernel", text, "from fractions import Fraction\nSCALE = 2  # as in  exp\n\n\n" + BELL)
    made = text_of(book, "ch01.py")
    assert f"SCALE = 2\n\n\n{BELL}{text}\n" in made.replace("  # as in  exp", "")
    assert "from fractions import Fraction\n" in made and "import torch\n" in made and made.count("\nimport") == 1


def test_what_the_course_wrote_is_imported_also_where_it_stands_on_the_page(book):
    page = cell(f"{plain('course_utils.attention:join_heads')}\n")["join_heads"]
    names = {"join_heads": page, "attend": attention.scaled_dot_product_attention, "split_heads": attention.split_heads}
    text = (
        "def multi_head(q, k, v, heads, mask=None):\n"
        "    q, k, v = (split_heads(x, heads) for x in (q, k, v))\n"
        "    mask = mask[:, None] if mask is not None and mask.dim() == 3 else mask\n"
        "    output, weights = attend(q, k, v, mask)\n"
        "    return join_heads(output), weights"
    )
    solve("attention in heads", text, **names)
    assert "from course_utils.attention import join_heads\n" in text_of(book)
    assert "from course_utils.attention import scaled_dot_product_attention as attend\n" in text_of(book)
    solve("split heads", SPLIT)
    assert "import split_heads" not in text_of(book), "it is in this file now"
    assert importlib.import_module("mine.ch05").multi_head(*3 * [torch.ones(1, 2, 4)], 2)[0].shape == (1, 2, 4)


def test_the_readers_own_functions_are_used_in_their_other_answers(book):
    space = solve("gaussian kernel", GAUSSIAN, "SCALE = 2\n\n\n" + BELL)
    solve("attention pooling", POOL, gaussian_kernel=space["gaussian_kernel"])
    assert text_of(book, "ch01.py").count("def ") == 3 and "course_utils" not in text_of(book, "ch01.py")
    solve("stable masked softmax", SOFTMAX)
    from mine import masked_softmax

    step = (
        "def add_norm(x, f, norm):\n    masked_softmax(torch.ones(2), torch.ones(2).bool())\n    return x + f(norm(x))"
    )
    solve("residual and norm", step, masked_softmax=masked_softmax)
    assert "from .ch01 import masked_softmax\n" in text_of(book)


def test_an_answer_under_another_name_is_there_under_both(book):
    solve("residual and norm", ADD.replace("add_norm", "around"))
    assert text_of(book).endswith("\n\n\nadd_norm = around\n")
    solve("residual and norm", OTHER_ADD.replace("add_norm", "around"))
    assert text_of(book).count("add_norm = around") == 1


def test_a_better_answer_takes_the_place_of_the_one_before_and_a_wrong_one_does_not(book, capsys):
    solve("residual and norm", ADD)
    solve("split heads", SPLIT)
    solve("residual and norm", OTHER_ADD + "  # shorter to say")
    right = text_of(book)
    assert right.count("def add_norm") == 1 and "shorter to say" in right and SPLIT in right
    capsys.readouterr()
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x))")
    assert text_of(book) == right and "mine/ch05.py keeps your answer that passed" in capsys.readouterr().out
    solve("residual and norm", "def add_norm(x, f, norm):\n    raise NotImplementedError")
    assert text_of(book) == right and "mine/" not in capsys.readouterr().out


def test_a_helper_that_got_better_is_replaced_unless_another_answer_needs_it_as_it_was(book, capsys):
    head = "SCALE = 2\n\n\n"
    solve("gaussian kernel", GAUSSIAN, head + BELL)
    solve("gaussian kernel", GAUSSIAN, head + BELL.replace("x * x", "x**2"))
    assert "x**2" in text_of(book, "ch01.py") and "x * x" not in text_of(book, "ch01.py")
    capsys.readouterr()
    mask = "def others_only(size):\n    return bell(size)"
    solve("leave-one-out mask", mask, "def bell(size):\n    return ~torch.eye(size, dtype=torch.bool)\n\n\n")
    assert "`bell` is something else in gaussian_kernel" in capsys.readouterr().out
    assert "others_only" not in text_of(book, "ch01.py")


@pytest.mark.parametrize(
    ("text", "names", "why"),
    [(ADD + " * ones", {"ones": torch.ones(1)}, "it uses `ones`, which is in another cell. Put that into the same"),
     (ADD + " + other(0)", {"other": cell("def zero(x):\n    return x")["zero"]}, "`other`, which is in another"),
     (ADD.replace("return x + f(norm(x))", "return (x + f(norm(x))).detach()"), {}, "no gradient passes"),
     (ADD.replace("return x + f(norm(x))", "return (x + f(norm(x))).tolist()"), {}, "Write it with torch")],
)  # fmt: skip
def test_what_cannot_stand_alone_is_left_out_and_says_why(book, capsys, text, names, why):
    assert solve("residual and norm", text, **names)["add_norm"].__name__ == "add_norm"
    said = capsys.readouterr().out
    assert "right, on all" in said and "not in your package `mine`: " in said and why in said
    assert not (book / "mine" / "ch05.py").exists()


def test_repairs_and_answers_without_a_text_are_left_out(book, capsys):
    from course_kit.exercises import find_error, registry
    from course_kit.exercises.define import FindError

    puzzle = next(one for one in registry.KNOWN.values() if isinstance(one, FindError))
    find_error(puzzle.name)(puzzle.reference)
    assert f"✓ {puzzle.name}" in capsys.readouterr().out and not (book / "mine").exists()
    exercises.exercise("residual and norm")(eval("lambda x, f, norm: x + f(norm(x))"))
    assert "the text of its cell is not known" in capsys.readouterr().out


def test_what_was_changed_by_hand_stays(book, capsys):
    solve("residual and norm", ADD)
    by_hand = changed(book / "mine" / "ch05.py", "return x + f(norm(x))", "y = norm(x)\n    return x + f(y)")
    capsys.readouterr()
    solve("residual and norm", OTHER_ADD)
    assert text_of(book) == by_hand
    assert "In mine/ch05.py you have changed `add_norm` by hand, so it stays" in capsys.readouterr().out
    solve("split heads", SPLIT)
    assert text_of(book).startswith(by_hand.rstrip()) and SPLIT in text_of(book)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
def test_everything_else_in_a_file_is_kept_to_the_byte(book, mark):
    (book / "mine").mkdir()
    own = mark + b"# mine\r\nimport os  # why\r\n\x0cX = 1\r\n\r\nclass  A : pass\r\nprint( 'loaded' )"
    (book / "mine" / "ch05.py").write_bytes(own)
    solve("residual and norm", ADD)
    assert (book / "mine" / "ch05.py").read_bytes() == own + f"\n\n\n{ADD}\n".encode()
    solve("residual and norm", OTHER_ADD)
    assert (book / "mine" / "ch05.py").read_bytes() == own + f"\n\n\n{OTHER_ADD}\n".encode()


@pytest.mark.parametrize("damage", ["def add_norm(x, f, norm:\n", "def add_norm(x, f, norm):\n    return (", "\0"])
def test_a_file_that_does_not_parse_is_never_touched(book, capsys, damage):
    (book / "mine").mkdir()
    (book / "mine" / "ch05.py").write_text(damage, "utf-8")
    solve("residual and norm", ADD)
    assert text_of(book) == damage and sorted(path.name for path in (book / "mine").iterdir()) == ["ch05.py"]
    assert "mine/ch05.py is not Python as it stands. Put that right" in capsys.readouterr().out


@pytest.mark.parametrize("known", ["", "{", "[1]", '{"ch05.py": 3}', '{"ch05.py": {"add_norm": {"sums": 7}}}'])
def test_a_record_that_was_lost_or_damaged_loses_nothing(book, known):
    solve("residual and norm", ADD)
    (book / "mine" / written.FILE).write_text(known, "utf-8")
    solve("residual and norm", OTHER_ADD)
    assert ADD in text_of(book), "what it does not know counts as changed by hand"


def test_two_exercises_with_one_name_do_not_overwrite_each_other(book, capsys):
    solve(
        "gaussian kernel",
        "def masked_softmax(distance, width=1.0):\n    return torch.exp(-((distance / width) ** 2) / 2)",
    )
    before = text_of(book, "ch01.py")
    solve("stable masked softmax", SOFTMAX)
    assert text_of(book, "ch01.py") == before
    assert "`masked_softmax` is something else in gaussian_kernel" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), OSError(errno.EROFS, "Read-only file system")]
)
def test_a_disk_that_is_full_or_may_not_be_written_breaks_no_verdict(book, capsys, monkeypatch, error):
    def refuse(*_):
        raise error

    solve("split heads", SPLIT)
    before = text_of(book), text_of(book, written.FILE)
    monkeypatch.setattr(files, "write_atomically", refuse)
    assert solve("residual and norm", ADD)["add_norm"](1, lambda h: h, lambda h: h) == 2
    said = capsys.readouterr().out
    assert f"Your package `mine` could not be written: {error.strerror}" in said and "right, on all" in said
    assert (text_of(book), text_of(book, written.FILE)) == before


def test_outside_of_a_workbook_nothing_is_written_and_that_is_said_once(book, tmp_path, monkeypatch, capsys):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(shell, "in_notebook", lambda: True)
    task, verdict = find("residual and norm"), exercises.check("residual and norm", lambda x, f, norm: x + f(norm(x)))
    said = answers.keep_answer(task, None, verdict)
    assert f"This kernel works in {tmp_path / 'elsewhere'}, which is no workbook" in said and "make lab" in said
    assert answers.keep_answer(task, None, verdict) == ""
    assert not list((tmp_path / "elsewhere").iterdir()) and not (book / "mine").exists()
