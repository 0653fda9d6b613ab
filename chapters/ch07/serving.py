"""The trained GPT out of the classroom: a server on this computer, and the client that people use for OpenAI.

    with serve(folder) as server:                      # a folder written by hub_format.save_pretrained
        messages = [{"role": "user", "content": "O Romeo, "}]
        for piece in streamed(server.url, server.model, messages): print(piece, end="")
    print(ollama())                                    # what runs at port 11434, or how to get it

The server is `transformers serve`; it listens on 127.0.0.1 alone, needs no network, and ends with this program at the
latest. Needs the optional packages: `make lab EXTRA=serve`.
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
from dataclasses import dataclass, field
from pathlib import Path

from course_kit.i18n import t
from course_kit.runtime import how_to_get

NEEDED = ("openai", "fastapi", "uvicorn")
OLLAMA = "http://127.0.0.1:11434/v1"
# Runs `transformers serve`, and ends when the pipe to the program that started it closes, however that came to its end.
_CHILD = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from transformers.cli.transformers import main
sys.argv = ["transformers", *sys.argv[1:]]
main()
"""


class ServerError(RuntimeError):
    """The server could not be started. The message says why."""


def need_extra() -> None:
    """Raises ModuleNotFoundError, with the one command to type, where an optional package is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"Serving needs {', '.join(missing)}, which are optional. {how_to_get('serve')}\nand restart the kernel."
        )


@dataclass
class Server:
    """A running server. url: the base of its addresses, as `base_url` of a client; model: its name there."""

    url: str
    model: str
    process: subprocess.Popen = field(repr=False)
    log: Path = field(repr=False)

    @property
    def running(self) -> bool:
        """Is its process alive?"""
        return self.process.poll() is None

    def last_lines(self) -> str:
        """The end of what it wrote to its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").split("\n")[-6:])

    def stop(self) -> None:
        """End this server's process, and no other; may be called again."""
        if self.running:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        shutil.rmtree(self.log.parent, ignore_errors=True)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def __del__(self):  # a cell run again drops the server of its last run
        with contextlib.suppress(Exception):
            self.stop()


def serve(folder) -> Server:
    """Start `transformers serve` on a folder of save_pretrained, and wait until it answers -> Server.

    Use it in a `with` block, or call `.stop()`.
    Raises ModuleNotFoundError without the optional packages; FileNotFoundError for a folder without a model;
    ServerError for a server that ends at once, or does not answer within two minutes.
    """
    need_extra()
    folder = Path(folder).resolve()
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder.name} holds no config.json; needed: a folder written by save_pretrained")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path(tempfile.mkdtemp(prefix="course-serving-"))
    name = _published(folder, home / "hub")
    environment = os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    log = home / "server.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", _CHILD, "serve", name, *options], env=environment, cwd=home,
            stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,  # ■ in a notebook interrupts the cell, not the server
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}/v1", name, process, log)
    try:
        _wait(server)
        # the first question loads what later ones need
        next(streamed(server.url, name, [{"role": "user", "content": "\n"}], max_tokens=1), None)
    except BaseException:
        server.stop()
        raise
    return server


def _published(folder: Path, hub: Path) -> str:
    """Copy a folder to where a model of the hub would be after its download -> its name there."""
    repository, version = f"attention-course/{folder.name}", "0" * 40
    place = hub / f"models--{repository.replace('/', '--')}"
    shutil.copytree(folder, place / "snapshots" / version)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(version)
    return repository


def _wait(server: Server) -> None:
    why, end = "did not answer in two minutes", time.monotonic() + 120
    while time.monotonic() < end:
        if not server.running:
            why = "ended at once"
            break
        try:
            with urllib.request.urlopen(server.url.removesuffix("/v1") + "/health", timeout=2):
                return
        except OSError:  # not up yet
            time.sleep(0.1)
    raise ServerError(f"The server {why}. Its last lines:\n{server.last_lines()}")


def streamed(url, model, messages, **options):
    """Pieces of an answer as they come, from any server of OpenAI's protocol."""
    from openai import OpenAI

    create = OpenAI(base_url=url, api_key="none").chat.completions.create
    for chunk in create(model=model, messages=messages, stream=True, **options):
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
