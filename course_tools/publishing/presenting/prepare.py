"""Before the day: the trainings of a chapter run once, without a page, so that they are kept when one presents."""

import os
import sys
import time

CODE = "from course_tools.classroom import resuming\nresuming.resume_here({id!r})"


def train(names, workbook):
    """Bring back all cells of each chapter in a kernel of its own, which trains what is not kept -> exit status."""
    import nbformat
    from jupyter_client.manager import start_new_kernel

    failed = False
    for name in names:
        path, started = workbook / f"{name}.ipynb", time.monotonic()
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        print(f"{name}: running what it computes …", flush=True)
        environment = os.environ | {"COURSE_PRESENTING": "1", "JPY_SESSION_NAME": str(path)}
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(workbook), env=environment)
        try:
            for wanted in (CODE.format(id=cells[-1]["id"]), cells[-1].source):
                reply = client.execute_interactive(wanted, output_hook=_say)
                failed |= reply["content"]["status"] != "ok"
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    return int(failed)


def _say(message):
    """Shows what the kernel prints, not what it displays."""
    if message["msg_type"] == "stream":
        sys.stdout.write(message["content"]["text"])
    if message["msg_type"] == "error":
        sys.stderr.write(f"{message['content']['ename']}: {message['content']['evalue']}\n")
