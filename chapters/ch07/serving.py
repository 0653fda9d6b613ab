"""The trained GPT out of the classroom: a server on this computer, and the client that people use for OpenAI.

    with serve(folder) as server:                      # a folder written by hub_format.save_pretrained
        messages = [{"role": "user", "content": "O Romeo, "}]
        for piece in streamed(*server, messages): print(piece, end="")
    print(ollama())                                    # what runs at port 11434, or how to get it

The server is `transformers serve`; it listens on 127.0.0.1 alone, needs no network, and ends with its block, or
with this program. Needs the optional packages: `make lab EXTRA=serve`.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from course_kit.i18n import t
from course_kit.runtime import how_to_get

NEEDED = ("openai", "fastapi", "uvicorn")
OLLAMA = "http://127.0.0.1:11434/v1"
# Runs `transformers serve`, and ends when the pipe to the program that started it closes, with a block or otherwise.
_CHILD = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from transformers.cli.transformers import main
sys.argv = ["transformers", *sys.argv[1:]]
main()
"""


class ServerError(RuntimeError):
    """The server could not be started. The message says why."""


class Server(NamedTuple):
    """A running server. url: the base of its addresses, as `base_url` of a client; model: its name there."""

    url: str
    model: str


@contextlib.contextmanager
def serve(folder) -> Iterator[Server]:
    """`transformers serve` on a folder of save_pretrained, from when it answers to the end of a `with` block.

    Raises ModuleNotFoundError, with the one command to type, without the optional packages; FileNotFoundError for a
    folder without a model; ServerError for a server that ends at once, or does not answer within two minutes.
    """
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise ModuleNotFoundError(
            f"Serving needs {', '.join(missing)}, which are optional. {how_to_get('serve')}\nand restart the kernel."
        )
    folder = Path(folder).resolve()
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder.name} holds no config.json; needed: a folder written by save_pretrained")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="course-serving-", ignore_cleanup_errors=True) as home:
        server = Server(f"http://127.0.0.1:{port}/v1", _published(folder, Path(home) / "hub"))
        environment = os.environ | {"HF_HOME": home, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
        log, end = Path(home) / "server.log", time.monotonic() + 120
        with open(log, "wb") as out, subprocess.Popen(
            [sys.executable, "-c", _CHILD, "serve", server.model, *options], env=environment, cwd=home,
            stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,  # ■ in a notebook interrupts the cell, not the server
        ) as process:  # fmt: skip
            while models_at(server.url, 2) is None:
                if process.poll() is not None or time.monotonic() > end:
                    why = "ended at once" if process.returncode is not None else "did not answer in two minutes"
                    lines = "\n".join(log.read_text("utf-8", "replace").split("\n")[-6:])
                    raise ServerError(f"The server {why}. Its last lines:\n{lines}")
                time.sleep(0.1)
            # the first question loads what later ones need
            next(streamed(*server, [{"role": "user", "content": "\n"}], max_tokens=1), None)
            yield server


def _published(folder: Path, hub: Path) -> str:
    """Copy a folder to where a model of the hub would be after its download -> its name there."""
    repository, version = f"attention-course/{folder.name}", "0" * 40
    place = hub / f"models--{repository.replace('/', '--')}"
    shutil.copytree(folder, place / "snapshots" / version)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(version)
    return repository


def client(url):
    """OpenAI's client, for any server of its protocol."""
    from openai import OpenAI

    return OpenAI(base_url=url, api_key="none")


def streamed(url, model, messages, **options):
    """Pieces of an answer as they come."""
    ask = client(url).chat.completions.create
    for chunk in ask(model=model, messages=messages, stream=True, **options):
        for choice in chunk.choices:
            yield choice.delta.content or ""


def ollama(url: str = OLLAMA) -> str:
    """A line that says which models Ollama offers on this computer, or how to get it."""
    if models := models_at(url):
        how = t(
            "openai.OpenAI(base_url={url}, api_key='none') and model={models}", url=f"{url!r}", models=f"{models[0]!r}"
        )
        return t("Ollama runs here with {models}. Ask it by {how}.", models=", ".join(models), how=how)
    why = t("Ollama runs here, but has no model") if models == [] else t("Nothing answers at {url}", url=url)
    return t(
        "{why}. Install Ollama from ollama.com, type `ollama run qwen2.5:3b` (1.9 GB) in a terminal, and run this "
        "cell again.",
        why=why,
    )


def models_at(url: str, timeout: float = 1.0) -> list[str] | None:
    """Names of the models that a server of OpenAI's kind offers; None where no server answers."""
    try:
        with urllib.request.urlopen(f"{url}/models", timeout=timeout) as reply:
            return [model["id"] for model in json.load(reply)["data"] or []]
    except (OSError, ValueError, KeyError, TypeError):
        return None
