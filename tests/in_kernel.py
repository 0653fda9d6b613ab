"""Cells in a real kernel, from a test."""

import queue
import time

import pytest


def run(client, source, meanwhile=None, prints=""):
    """Runs a cell -> (status, all text it showed, seconds); `meanwhile` is called when the kernel has begun with it.

    What a cell prints can come after the kernel has said that it is idle: with `prints`, that text is waited for.
    """
    before, text, ended = time.monotonic(), "", None
    request = execute(client, source)
    while ended is None or prints not in text:
        try:
            message = client.get_iopub_msg(timeout=60)
        except queue.Empty:
            pytest.fail(f"{prints!r} never came from {source!r}, but {text!r}")
        content = message["content"]
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "execute_input" and meanwhile:
            before = time.monotonic()
            meanwhile()
        if message["msg_type"] in ("display_data", "update_display_data"):
            assert set(content["data"]) in ({"text/html", "text/plain"}, {"text/markdown", "text/plain"})
            text += content["data"]["text/plain"]
        if message["msg_type"] == "stream":
            text += content["text"]
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            ended = time.monotonic()
    status = reply_to(client, request)["status"]
    assert status != "aborted", source
    return status, text, ended - before


def execute(client, source):
    """Sends a cell. By default a kernel aborts what it gets in the moment after a cell has failed: a client that asks
    as soon as it has the reply is sometimes quicker than the end of that moment, where the machine is busy."""
    return client.execute(source, stop_on_error=False)


def reply_to(client, request):
    while (reply := client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != request:
        pass  # an earlier cell's
    return reply["content"]
