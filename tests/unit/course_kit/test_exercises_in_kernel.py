"""An exercise cell in a real kernel: a runaway answer is stopped, ■ is obeyed, and the next cell runs."""

import pytest
from helpers.waiting import until
from jupyter_client.manager import start_new_kernel
from unit.course_kit.in_kernel import run

from course_kit.exercises.guard import SECONDS

LIMIT = "from course_kit.exercises.judge import judge\njudge.__defaults__ = ({},)"
CELL = '@exercise("leave-one-out mask")\ndef mask(size):\n    '


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    run(client, "from chapters.ch01 import exercise\nfrom course_kit.exercises import again\nimport torch")
    run(client, CELL + "raise NotImplementedError")  # loads what has to be loaded
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def answer_is(client, expected):
    """The reference stands in, and the kernel lives."""
    assert run(client, "print(mask(2).tolist())", prints="\n")[1] == f"{expected}\n"


@pytest.mark.slow
def test_a_runaway_is_stopped_when_its_time_is_over(kernel):
    _, client = kernel
    run(client, LIMIT.format(1.0))
    status, text = run(client, CELL + "while True: pass")
    run(client, LIMIT.format(SECONDS))
    assert status == "ok" and "Still running after 1 s" in text and "while True" in text
    answer_is(client, [[False, True], [True, False]])


def test_the_stop_button_stops_the_cell_and_not_the_kernel(kernel, tmp_path):
    """Once the answer runs, which nothing else would stop."""
    manager, client = kernel
    run(client, LIMIT.format(1e6))
    source = CELL + f"open({str(tmp_path / 'runs')!r}, 'w').close()\n    while True: pass"
    status, _ = run(client, source, lambda: (until((tmp_path / "runs").exists), manager.interrupt_kernel()))
    run(client, LIMIT.format(SECONDS))
    assert status == "error"
    answer_is(client, [[False, True], [True, False]])


def test_displays_inside_an_answer_are_caught(kernel):
    _, client = kernel
    source = CELL + "from IPython.display import display, HTML; display(HTML('<b>hi</b>')); return 1"
    status, text = run(client, source)
    assert status == "ok" and text.startswith("✗ leave-one-out mask") and "IPython" not in text


def test_leaving_leaves_the_answer_and_not_the_kernel(kernel):
    manager, client = kernel
    for call in ("exit()", "exit", "import sys; sys.exit()"):
        status, text = run(client, CELL + call)
        assert status == "ok" and text.startswith("✗ leave-one-out mask")
    leaves = "get_ipython().exit_now"  # by which IPython's own `exit` stops the kernel, a moment later
    text = run(client, f"print(mask(1).tolist(), callable(exit), {leaves})", prints="\n")[1]
    assert manager.is_alive() and text == "[[False]] True False\n"
