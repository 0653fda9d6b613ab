"""An exercise cell in a real kernel: a runaway answer is stopped, ■ is obeyed, and the next cell runs."""

import time

import pytest
from in_kernel import execute, reply_to, run
from jupyter_client.manager import start_new_kernel

SETUP = "from chapters.ch01 import exercise\nimport torch, time"
CELL = '@exercise("leave-one-out mask")\ndef mask(size):\n    '


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["while True: pass", "time.sleep(60)", "while True: torch.ones(9).sum()"])
def test_a_runaway_is_stopped_in_about_five_seconds(kernel, loop):
    _, client = kernel
    assert run(client, SETUP)[0] == "ok"
    run(client, CELL + "raise NotImplementedError")  # loads what has to be loaded
    status, text, seconds = run(client, CELL + loop)
    assert status == "ok" and 4.5 < seconds < 12
    assert "Still running after 5 s" in text and loop in text
    status, text, _ = run(client, "print(mask(2).tolist())", prints="\n")
    assert (status, text) == ("ok", "[[False, True], [True, False]]\n"), "the reference stands in"


@pytest.mark.slow
def test_the_stop_button_stops_the_cell_and_not_the_kernel(kernel):
    manager, client = kernel
    run(client, SETUP)
    run(client, CELL + "raise NotImplementedError")
    status, _, seconds = run(client, CELL + "while True: pass", lambda: (time.sleep(1), manager.interrupt_kernel()))
    assert status == "error" and seconds < 4.5
    status, text, _ = run(client, "print(mask(1).tolist())", prints="\n")
    assert (status, text) == ("ok", "[[False]]\n"), "the name keeps what it had"


@pytest.mark.slow
def test_displays_inside_an_answer_are_caught(kernel):
    _, client = kernel
    run(client, SETUP)
    source = CELL + "from IPython.display import display, HTML; display(HTML('<b>hi</b>')); return 1"
    status, text, _ = run(client, source)
    assert status == "ok" and text.startswith("✗ leave-one-out mask") and "IPython" not in text
    assert run(client, "print('still here')", prints="\n")[1] == "still here\n"


@pytest.mark.slow
def test_a_loop_that_swallows_everything_needs_a_restart_and_nothing_else(kernel):
    manager, client = kernel
    run(client, SETUP)
    execute(client, CELL + "while True:\n        try:\n            while True: pass\n        except: pass")
    time.sleep(7)
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=60)
    assert run(client, SETUP)[0] == "ok"
    assert "not solved yet" in run(client, CELL + "raise NotImplementedError")[1]


@pytest.mark.slow
@pytest.mark.parametrize("call", ["exit()", "quit()", "exit", "import sys; sys.exit()"])
def test_leaving_leaves_the_answer_and_not_the_kernel(kernel, call):
    manager, client = kernel
    run(client, SETUP)
    status, text, _ = run(client, CELL + call)
    assert status == "ok" and text.startswith("✗ leave-one-out mask")
    assert ("It ends with `exit()`" in text) == ("(" in call)
    time.sleep(1.5)  # IPython's own `exit` stops the kernel a second later
    _, text, _ = run(client, "print(mask(1).tolist(), callable(exit))", prints="\n")
    assert manager.is_alive() and text == "[[False]] True\n"


@pytest.mark.slow
def test_a_misspelt_name_is_said_in_one_line_without_a_traceback(kernel):
    _, client = kernel
    run(client, SETUP)
    request = execute(client, CELL.replace("leave-one-out", "leave-one-in") + "return 1")
    (line,) = reply_to(client, request)["traceback"]
    assert line.startswith("No exercise is called 'leave-one-in mask'. Is it one of these: 'leave-one-out mask'")


@pytest.mark.slow
def test_again_gives_ones_own_function_for_a_cell_to_run_and_to_debug(kernel):
    _, client = kernel
    assert run(client, SETUP + "\nfrom course_kit.exercises import again")[0] == "ok"
    run(client, CELL + "print('my own', size)\n    return torch.eyes(size)")
    status, text, _ = run(client, "mine, inputs = again('leave-one-out mask')\nmine(*inputs)", prints="\n")
    assert status == "error" and text.startswith("my own ")
    assert "[[False]]" in run(client, "print(mask(1).tolist())", prints="\n")[1], "the name is still the course's"


def test_the_courses_own_lies_folded_below_a_right_answer(kernel):
    _, client = kernel
    run(client, SETUP)
    _, text, _ = run(client, CELL + "return ~torch.eye(size, dtype=torch.bool)", prints="def mask(size):")
    assert text.index("✓ leave-one-out mask") < text.index("def mask(size):")
