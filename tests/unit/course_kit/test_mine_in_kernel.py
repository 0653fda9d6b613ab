"""The whole way in real kernels: ✓ in chapter 1, a restart, and in another notebook the function is the reader's."""

import os

import pytest
from jupyter_client.manager import start_new_kernel
from unit.course_kit.in_kernel import HANGS, execute, reply_to, run

from course_kit import files

SETUP = "import torch, course_kit\nfrom chapters.{} import exercise\nruntime = course_kit.setup()"
SOFTMAX = """@exercise("stable masked softmax")
def masked_softmax(scores, mask):
    weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
    return torch.where(mask, weights, torch.zeros(())){}"""


@pytest.fixture
def kernel(tmp_path):
    """A kernel that works in a workbook."""
    (tmp_path / files.STATE).write_text('{"written": {}, "editions": {}}')
    here = os.environ | {"PYTHONPATH": str(files.course_folder())}  # it may be relative, and the kernel works elsewhere
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path), env=here)
    yield tmp_path, manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def started(client, chapter):
    assert run(client, SETUP.format(chapter), prints="seed 0")[0] == "ok"


@pytest.mark.slow
def test_what_is_solved_in_chapter_1_is_the_readers_in_another_notebook(kernel):
    book, manager, client = kernel
    started(client, "ch01")
    _, count = run(client, "from course_kit.progress import progress\nprogress()")
    assert count.startswith("0 of ")
    text = run(client, SOFTMAX.format(""), prints="mine/ch01.py")[1]
    assert f"1{count.split(' solved')[0][1:]} solved" in text, "a table that is in sight counts what is solved below it"
    assert "right, on all" in text and "Yours to keep: `masked_softmax` is in mine/ch01.py." in text
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=HANGS)
    started(client, "ch05")
    status, text = run(client, "from mine import masked_softmax, split_heads", prints="course's")
    assert (status, text) == ("ok", "`masked_softmax`: yours, from chapter 1 · `split_heads`: the course's")
    assert run(client, "print(masked_softmax.__module__)", prints="\n")[1] == "mine.ch01\n"
    assert run(client, "1")[1] == "", "it is said once"

    run(client, "from chapters.ch01 import exercise")
    text = run(client, SOFTMAX.format(" * 2"), prints="keeps")[1]
    assert "mine/ch01.py keeps your answer that passed" in text and "* 2" not in (book / "mine" / "ch01.py").read_text()
    path = book / "mine" / "ch01.py"
    path.write_text(path.read_text().replace("softmax(-1)", "softmax(0)"))
    text = run(client, "from mine import masked_softmax", prints="check")[1]
    assert text == "`masked_softmax`: the course's, since yours in mine/ch01.py no longer passes its check"
    request = execute(client, "from mine import nothing_like_this")
    (line,) = reply_to(client, request)["traceback"]
    assert line.startswith("`mine` has no 'nothing_like_this'")


@pytest.mark.weekly
def test_an_answer_below_a_magic_is_found_in_the_notebook(kernel):
    book, _, client = kernel
    started(client, "ch05")
    magic = '%%time\n@exercise("residual and norm")\ndef add_norm(x, f, norm):\n    return x + f(norm(x))'
    text = run(client, magic, prints="Wall time")[1]
    assert "right, on all" in text and "`add_norm` is in mine/ch05.py" in text
    assert (book / "mine" / "ch05.py").read_text().endswith(magic.partition(")\n")[2] + "\n")
