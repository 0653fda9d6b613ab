"""Cells in a real kernel, from a test."""

import contextlib
import queue

import pytest

HANGS = 600  # seconds: no kernel is silent for so long, on a machine however busy


def run(client, source, meanwhile=None, prints="", cell=None):
    """Runs a cell -> (status, all text it showed); `meanwhile` is called when the kernel has begun with it.

    What a cell prints can come after the kernel has said that it is idle: with `prints`, that text is waited for.
    cell: the id of the cell, as a page names it.
    """
    text, idle = "", False
    request = execute(client, source, cell)
    while not idle or prints not in text:
        message = heard(client, client.get_iopub_msg, f"{source!r} has shown {text!r}, not {prints!r}")
        content = message["content"]
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "execute_input" and meanwhile:
            meanwhile()
        if message["msg_type"] in ("display_data", "update_display_data"):
            assert set(content["data"]) in ({"text/html", "text/plain"}, {"text/markdown", "text/plain"})
            text += content["data"]["text/plain"]
        if message["msg_type"] == "stream":
            text += content["text"]
        idle = idle or content.get("execution_state") == "idle"
    status = reply_to(client, request)["status"]
    assert status != "aborted", source
    return status, text


def execute(client, source, cell=None):
    """Sends a cell. By default a kernel aborts what it gets in the moment after a cell has failed: a client that asks
    as soon as it has the reply is sometimes quicker than the end of that moment, where the machine is busy."""
    asks = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "stop_on_error": False}
    message = client.session.msg("execute_request", asks, metadata={"cellId": cell} if cell else {})
    client.shell_channel.send(message)
    return message["header"]["msg_id"]


def reply_to(client, request):
    while (reply := heard(client, client.get_shell_msg))["parent_header"].get("msg_id") != request:
        pass  # an earlier cell's
    return reply["content"]


def heard(client, get, so_far=""):
    """The next message of a kernel, as long as it lives."""
    for _ in range(HANGS):
        with contextlib.suppress(queue.Empty):
            return get(timeout=1)
        assert client.is_alive(), f"The kernel has ended. {so_far}"
    pytest.fail(f"The kernel is silent. {so_far}")
