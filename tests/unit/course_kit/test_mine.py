"""The reader's package: what passes goes in with all that it needs, and nothing that was changed by hand is touched."""

import errno
import json
import os
import subprocess
import sys
import textwrap

import pytest
import torch
from own_package import ADD, SOFTMAX, SPLIT, cell, changed, solve

import chapters.ch01
import chapters.ch05  # noqa: F401 - its exercises are known by their names
from course_kit import exercises, files
from course_kit.exercises.define import find
from course_kit.mine import record
from course_utils import attention

POOL = """def pool(queries, keys, values, width=1.0):
    distance = queries[:, None] - keys[None, :]
    kernel = gaussian(distance, width)
    weights = kernel / kernel.sum(-1, keepdim=True)
    return weights @ values, weights"""
GAUSSIAN = "def gaussian(distance, width=1.0):\n    return bell(distance / width)"
BELL = "def bell(x):\n    return torch.exp(-x * x / SCALE)\n\n\n"


def text_of(book, file="ch05.py"):
    return (book / "mine" / file).read_text("utf-8")


def alone(book, code):
    """What a process prints that has nothing but Python and torch, and works in the workbook."""
    hide = 'import sys; sys.modules.update(dict.fromkeys(("course_utils", "course_kit", "chapters", "jaxtyping")))\n'
    command = [sys.executable, "-c", hide + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=book, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_passes_goes_in_as_it_was_written(book, capsys):
    solve("stable masked softmax", SOFTMAX + "  # done")
    assert text_of(book, "ch01.py") == f'"""What I wrote in chapter 1."""\n\nimport torch\n\n\n{SOFTMAX}  # done\n'
    assert "`masked_softmax` is in mine/ch01.py" in capsys.readouterr().out
    before = (book / "mine" / "ch01.py").stat().st_mtime_ns
    solve("stable masked softmax", SOFTMAX + "  # done")
    assert (book / "mine" / "ch01.py").stat().st_mtime_ns == before, "run again, it writes nothing"
    assert "mine/" not in capsys.readouterr().out


def test_helpers_values_imports_and_decorators_come_along(book):
    text = "@torch.no_grad()\n" + GAUSSIAN.replace("bell(", "bell(Fraction(1, 1) * 1.0 * ")
    text = text.replace("Fraction(1, 1) * 1.0", "float(Fraction(1, 1))")
    solve("gaussian kernel", text, "import torch as torch\nfrom fractions import Fraction\nSCALE = 2\n\n\n" + BELL)
    assert text_of(book, "ch01.py") == (
        '"""What I wrote in chapter 1."""\n\nfrom fractions import Fraction\n\nimport torch\n\n\nSCALE = 2\n\n\n'
        + BELL
        + text
        + "\n"
    )


def test_what_the_course_wrote_is_given_and_only_torch_is_needed(book):
    names = {name: vars(attention)[name] for name in ("join_heads", "scaled_dot_product_attention", "split_heads")}
    text = (
        "def multi_head(q, k, v, heads, mask=None):\n"
        "    q, k, v = (split_heads(x, heads) for x in (q, k, v))\n"
        "    output, weights = scaled_dot_product_attention(q, k, v, widened(mask))\n"
        "    return join_heads(output), weights"
    )
    widened = "widened = lambda mask: mask[:, None] if mask is not None and mask.dim() == 3 else mask\n\n"
    solve("attention in heads", text, widened, **names)
    assert "from .given import join_heads, scaled_dot_product_attention, split_heads\n" in text_of(book)
    said = alone(
        book,
        """
        import torch
        from mine.ch05 import multi_head
        output, _ = multi_head(*3 * [torch.ones(1, 2, 4)], 2, torch.ones(1, 2, 2).bool())
        print(output.shape)""",
    )
    assert said == "torch.Size([1, 2, 4])"
    solve("split heads", SPLIT)
    assert "from .given import join_heads, scaled_dot_product_attention\n" in text_of(book), "it is in this file now"


def test_the_readers_own_function_is_used_where_it_is_solved_in_another_chapter(book):
    own = """def scaled(q, k, v, mask=None):
    weights = masked_softmax(q @ k.mT / q.shape[-1] ** 0.5, mask)
    return weights @ v, weights


"""
    text = own + '@exercise("attention in heads")\ndef multi_head(q, k, v, heads, mask=None):\n'
    text += "    q, k, v = (split_heads(x, heads) for x in (q, k, v))\n"
    text += "    if mask is None:\n        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool)\n"
    text += "    output, weights = scaled(q, k, v, mask[:, None] if mask.dim() == 3 else mask)\n"
    text += "    return join_heads(output), weights"
    names = {name: vars(attention)[name] for name in ("join_heads", "masked_softmax", "split_heads")}
    solve("stable masked softmax", SOFTMAX.replace("hidden = ~mask", "hidden = (~mask).expand_as(scores)"))
    cell(text, **names)
    assert "from .ch01 import masked_softmax" in text_of(book) and "masked_softmax" not in text_of(book, "given.py")
    changed(book / "mine" / "ch01.py", "softmax(-1)", "softmax(0)")
    cell(text + "  # again", **names)
    assert "from .ch01" not in text_of(book) and "from .given import join_heads, masked_softmax" in text_of(book)


def test_an_answer_that_calls_another_answer_finds_it_in_the_package(book, capsys):
    space = solve(
        "gaussian kernel", GAUSSIAN.replace("bell(distance / width)", "torch.exp(-((distance / width) ** 2) / 2)")
    )
    solve("attention pooling", POOL, gaussian=space["gaussian"])
    text = text_of(book, "ch01.py")
    assert text.count("def gaussian") == text.count("def pool") == 1 and "given" not in text
    (book / "mine" / "ch01.py").unlink()
    (book / "mine" / record.FILE).unlink()
    capsys.readouterr()
    solve("attention pooling", POOL, gaussian=space["gaussian"])
    assert "not in your package `mine`: it calls `gaussian`, which is not in it." in capsys.readouterr().out
    assert not (book / "mine" / "ch01.py").exists()


def test_the_courses_function_that_stands_in_comes_from_the_course(book):
    solve("attention pooling", POOL, gaussian=find("gaussian kernel").reference)
    name = find("gaussian kernel").reference.__name__
    assert f"from .given import {name} as gaussian" in text_of(book, "ch01.py")
    assert f"def {name}(" in text_of(book, "given.py")


def test_imports_of_the_course_inside_a_function_become_those_of_the_package(book):
    text = "def multi_head(q, k, v, heads, mask=None):\n    from course_utils.attention import multi_head as course\n"
    solve("attention in heads", text + "    return course(q, k, v, heads, mask)")
    assert "course_utils" not in text_of(book) and "from .given import multi_head as course" in text_of(book)


def test_a_better_answer_takes_the_place_of_the_one_before_and_a_wrong_one_does_not(book, capsys):
    solve("residual and norm", ADD)
    solve("split heads", SPLIT)
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x)) + x  # shorter to say")
    right = text_of(book)
    assert right.count("def add_norm") == 1 and "shorter to say" in right and SPLIT in right
    capsys.readouterr()
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x))")
    assert text_of(book) == right and "mine/ch05.py keeps your answer that passed" in capsys.readouterr().out
    solve("residual and norm", "def add_norm(x, f, norm):\n    raise NotImplementedError")
    assert text_of(book) == right and "mine/" not in capsys.readouterr().out


def test_a_helper_that_got_better_is_replaced_unless_another_answer_needs_it_as_it_was(book, capsys):
    head = "import torch\nSCALE = 2\n\n\n"
    solve("gaussian kernel", GAUSSIAN, head + BELL)
    solve("gaussian kernel", GAUSSIAN, head + BELL.replace("x * x", "x**2"))
    assert "x**2" in text_of(book, "ch01.py") and "x * x" not in text_of(book, "ch01.py")
    mask = "def others_only(size):\n    return bell(size)"
    capsys.readouterr()
    solve("leave-one-out mask", mask, "def bell(size):\n    return ~torch.eye(size, dtype=torch.bool)\n\n\n")
    assert "`bell` is something else in another function" in capsys.readouterr().out
    assert "others_only" not in text_of(book, "ch01.py")


@pytest.mark.parametrize(
    ("text", "names", "why"),
    [
        (ADD + " * ones", {"ones": torch.ones(1)}, "it uses `ones`, which the notebook computes"),
        (ADD + " + np.zeros(1)[0]", {"np": __import__("numpy")}, "your package needs only torch"),
        (ADD + " + close([0])[0]", {"close": __import__("numpy").array}, "computes"),
        (ADD.replace("\n", "\n    import numpy\n"), {}, "it imports numpy"),
        (ADD + " + other(0)", {"other": cell("def zero(x):\n    return x")["zero"]}, "another name of `zero`"),
        (ADD + " + 0 * len(plot.__name__)", {"plot": __import__("course_kit.views.plot").views.plot}, "only torch"),
    ],
)
def test_what_cannot_stand_alone_is_left_out_and_says_why(book, capsys, text, names, why):
    assert solve("residual and norm", text, **names)["add_norm"].__name__ == "add_norm"
    said = capsys.readouterr().out
    assert "right, on all" in said and "not in your package `mine`: " in said and why in said
    assert not (book / "mine" / "ch05.py").exists()


def test_repairs_of_wrong_programs_are_not_collected(book, capsys):
    from course_kit.exercises import define, find_error

    puzzle = next(one for one in define.KNOWN.values() if isinstance(one, define.FindError) and not one.claims)
    find_error(puzzle.name)(puzzle.reference)
    assert f"✓ {puzzle.name}" in capsys.readouterr().out and not (book / "mine").exists()


def test_an_answer_without_a_text_is_left_out(book, capsys):
    exercises.exercise("residual and norm")(eval("lambda x, f, norm: x + f(norm(x))"))
    assert "the text that it was made from is not known" in capsys.readouterr().out


def test_what_was_changed_by_hand_stays(book, capsys):
    solve("residual and norm", ADD)
    by_hand = changed(book / "mine" / "ch05.py", "return x + f(norm(x))", "y = norm(x)\n    return x + f(y)")
    capsys.readouterr()
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x)) + x")
    assert text_of(book) == by_hand
    assert "In mine/ch05.py you have changed `add_norm` by hand, so it stays" in capsys.readouterr().out
    solve("split heads", SPLIT)
    assert text_of(book).startswith(by_hand.rstrip()) and SPLIT in text_of(book)


def test_everything_else_in_a_file_is_kept_to_the_byte(book):
    (book / "mine").mkdir()
    own = b"# mine\r\nimport os  # why\r\n\x0cX = 1\r\n\r\nclass  A : pass\r\nprint( 'loaded' )"
    (book / "mine" / "ch05.py").write_bytes(own)
    solve("residual and norm", ADD)
    assert (book / "mine" / "ch05.py").read_bytes() == own + f"\n\n\n{ADD}\n".encode()
    solve("residual and norm", ADD.replace("x + f(norm(x))", "f(norm(x)) + x"))
    assert (book / "mine" / "ch05.py").read_bytes().startswith(own) and "+ x" in text_of(book)


@pytest.mark.parametrize("damage", ["def add_norm(x, f, norm:\n", "def add_norm(x, f, norm):\n    return (", "\0"])
def test_a_file_that_does_not_parse_is_never_touched(book, capsys, damage):
    (book / "mine").mkdir()
    (book / "mine" / "ch05.py").write_text(damage, "utf-8")
    solve("residual and norm", ADD)
    assert text_of(book) == damage and ADD in text_of(book, "ch05_2.py")
    said = capsys.readouterr().out
    assert "in mine/ch05_2.py" in said and "mine/ch05.py cannot be read as Python" in said


def test_a_file_that_was_deleted_is_made_anew(book):
    solve("residual and norm", ADD)
    (book / "mine" / "ch05.py").unlink()
    solve("split heads", SPLIT)
    assert SPLIT in text_of(book) and "add_norm" not in text_of(book)
    (book / "mine" / "__init__.py").unlink()
    solve("residual and norm", ADD)
    assert ADD in text_of(book) and (book / "mine" / "__init__.py").is_file()


@pytest.mark.parametrize("known", ["", "{", "[1]", '{"ch05.py": 3}', '{"ch05.py": {"add_norm": {"sums": 7}}}'])
def test_a_record_that_was_lost_or_damaged_loses_nothing(book, known):
    solve("residual and norm", ADD)
    (book / "mine" / record.FILE).write_text(known, "utf-8")
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x)) + x")
    assert ADD in text_of(book), "what it does not know counts as changed by hand"
    solve("residual and norm", ADD)
    solve("residual and norm", "def add_norm(x, f, norm):\n    return f(norm(x)) + x")
    assert "f(norm(x)) + x" in text_of(book), "what is in the file word for word is known again"


def test_two_exercises_with_one_name_do_not_overwrite_each_other(book, capsys):
    solve(
        "gaussian kernel",
        "def masked_softmax(distance, width=1.0):\n    return torch.exp(-((distance / width) ** 2) / 2)",
    )
    before = text_of(book, "ch01.py")
    solve("stable masked softmax", SOFTMAX)
    assert text_of(book, "ch01.py") == before
    assert "`masked_softmax` is something else in another function" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), OSError(errno.EROFS, "Read-only file system")]
)
def test_a_disk_that_is_full_or_may_not_be_written_breaks_no_verdict(book, capsys, monkeypatch, error):
    def refuse(*_):
        raise error

    solve("split heads", SPLIT)
    before = text_of(book), text_of(book, record.FILE)
    monkeypatch.setattr(files, "write_atomically", refuse)
    assert solve("residual and norm", ADD)["add_norm"](1, lambda h: h, lambda h: h) == 2
    said = capsys.readouterr().out
    assert f"Your package `mine` could not be written: {error.strerror}" in said and "right, on all" in said
    monkeypatch.undo()
    assert (text_of(book), text_of(book, record.FILE)) == before


@pytest.mark.skipif(os.name == "nt", reason="no pipes with a name")
def test_a_pipe_or_folder_of_that_name_is_not_read(book, capsys):
    (book / "mine").mkdir()
    os.mkfifo(book / "mine" / "ch05.py")
    solve("residual and norm", ADD)
    assert "Your package `mine` could not be written" in capsys.readouterr().out
    (book / "mine" / "ch01.py").mkdir()
    solve("stable masked softmax", SOFTMAX)
    assert "Your package `mine` could not be written" in capsys.readouterr().out


def test_outside_of_a_workbook_nothing_is_written(book, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    solve("residual and norm", ADD)
    assert not list((tmp_path / "elsewhere").iterdir()) and not (book / "mine").exists()


@pytest.mark.weekly  # the lock, each day: test_progress_record.py
def test_two_kernels_at_once_lose_nothing(book):
    program = f"""
        import sys; sys.path[:0] = {[str(files.course_folder()), str(files.course_folder() / "tests")]!r}
        import chapters.ch05
        from course_kit.mine import lookup
        from own_package import solve
        lookup.install()
        for number in range(12):
            helper = f"def helper_{{sys.argv[1]}}(x):\\n    return x + 0 * {{number}}\\n\\n\\n"
            solve(sys.argv[2], sys.argv[3].replace("return x", f"return helper_{{sys.argv[1]}}(x)"), helper)"""
    answers = ("a", "residual and norm", ADD), ("b", "split heads", SPLIT)
    started = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), *one], cwd=book, stdout=subprocess.DEVNULL)
        for one in answers
    ]
    assert [process.wait(120) for process in started] == [0, 0]
    text = text_of(book)
    assert all(text.count(f"def {name}(") == 1 for name in ("add_norm", "split_heads", "helper_a", "helper_b"))
    assert text.count("0 * 11") == 2
    assert {"add_norm", "split_heads"} <= json.loads(text_of(book, record.FILE))["ch05.py"].keys()
