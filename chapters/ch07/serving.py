"""The trained GPT out of the classroom: a server on this computer, and the client that people use for OpenAI.

    with serve(folder) as server:                      # a folder written by hub_format.save_pretrained
        client = openai.OpenAI(base_url=server.url, api_key="none")
        for piece in ask(server, "O Romeo, "): print(piece, end="")
    print(ollama())                                    # what runs at port 11434, or how to get it

The server is `transformers serve`; it listens on 127.0.0.1 alone, needs no network, and ends with this program at the
latest. Needs the optional packages: `make lab EXTRA=serve`.
"""

import contextlib
import functools
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
    """The server could not be started, or stopped answering. The message says why and what to do."""


def need_extra(packages=NEEDED) -> None:
    """Raises ModuleNotFoundError, with the one command to type, where an optional package is not installed."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"Serving needs {', '.join(missing)}, which are optional. {how_to_get('serve')}\nand restart the kernel."
        )


@dataclass
class Server:
    """A running server. url: the base of its addresses, as `base_url` of a client; model: its name there."""

    url: str
    model: str
    context: int
    process: subprocess.Popen = field(repr=False)
    log: Path = field(repr=False)

    @property
    def running(self) -> bool:
        """Is its process alive?"""
        return self.process.poll() is None

    def last_lines(self, count: int = 5) -> str:
        """The end of what it wrote to its log; "" once it was stopped."""
        if not self.log.is_file():
            return ""
        lines = [line for line in self.log.read_text("utf-8", "replace").splitlines() if line.strip()]
        return "\n".join(lines[-count:])

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


def serve(folder, port: int | None = None, timeout: float = 120) -> Server:
    """Start `transformers serve` on a folder of save_pretrained, and wait until it answers -> Server.

    port: a free one is chosen if left out. Use it in a `with` block, or call `.stop()`.
    Raises ModuleNotFoundError without the optional packages; FileNotFoundError for a folder without a model;
    ServerError for a port that is taken, a server that ends at once, or one that does not answer within `timeout`
    seconds.
    """
    need_extra()
    folder = Path(folder).resolve()
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder.name} holds no config.json; needed: a folder written by save_pretrained")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    port = _free_port(port)
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
    server = Server(f"http://127.0.0.1:{port}/v1", name, config.get("n_positions", 0), process, log)
    try:
        _wait(server, timeout)
        next(ask(server, "\n", max_tokens=1), None)  # the first question loads what later ones need
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


def _free_port(port: int | None) -> int:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port or 0))
        except OSError as error:
            raise ServerError(
                f"Port {port} cannot be used ({error.strerror}): another program, perhaps an earlier server, has it. "
                "Leave port out and a free one is chosen, or stop that program."
            ) from None
        return probe.getsockname()[1]


def _wait(server: Server, timeout: float) -> None:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if not server.running:
            raise ServerError(f"The server ended at once. Its last lines:\n{server.last_lines()}")
        try:
            with urllib.request.urlopen(server.url.removesuffix("/v1") + "/health", timeout=2):
                return
        except OSError:  # not up yet
            time.sleep(0.1)
    raise ServerError(f"The server did not answer within {timeout:.0f} s. Its last lines:\n{server.last_lines()}")


def ask(
    server: Server, prompt: str | list[dict], system: str = "", max_tokens: int = 100, temperature: float = 0.0, **more
) -> Iterator[str]:
    """Pieces of the answer as they come, through the `openai` client.

    prompt: what the user says, or a whole chat [{"role": …, "content": …}]; system: what comes before it; more:
    further arguments of chat.completions.create, such as top_p or seed. What is read and written must fit the model's
    context.
    Raises ServerError where the server has ended, or ends in the middle of its answer.
    """
    need_extra(("openai",))
    import httpx
    import openai

    client = client_for(server.url)
    messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    messages = [{"role": "system", "content": system}, *messages] if system else messages
    got, finished = "", False
    try:
        reply = client.chat.completions.create(
            model=server.model, messages=messages, stream=True, max_tokens=max_tokens, temperature=temperature, **more
        )
        for chunk in reply:
            for choice in chunk.choices:
                finished = finished or bool(choice.finish_reason)
                if choice.delta.content:
                    got += choice.delta.content
                    yield choice.delta.content
    except (openai.APIError, httpx.HTTPError) as error:
        raise ServerError(_trouble(server, got, error)) from None
    if not finished:
        raise ServerError(_trouble(server, got, None))


def streamed(url, model, messages, **options):
    """Pieces of an answer as they come, from any server of OpenAI's protocol."""
    from openai import OpenAI

    create = OpenAI(base_url=url, api_key="none").chat.completions.create
    for chunk in create(model=model, messages=messages, stream=True, **options):
        for choice in chunk.choices:
            yield choice.delta.content or ""


@functools.lru_cache(maxsize=4)
def client_for(url: str):
    """openai.OpenAI for a server on this computer: no key, no second try, a minute's patience."""
    import openai

    return openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=60)


def _trouble(server: Server, got: str, error: Exception | None) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(1)  # it may be about to end
    if server.running:
        why = f"the server answered with an error ({error})" if error else "the answer broke off"
        return f"{why}; its last lines:\n{server.last_lines()}\nDo prompt and answer fit its {server.context} tokens?"
    when = f"in the middle of its answer, after {got[-40:]!r}" if got else "before it answered"
    return f"The server stopped {when} (exit status {server.process.poll()}). Start it again: server = serve(folder)."


def first_token(server: Server, prompt: str, **options) -> float:
    """Seconds from the question to the first piece of the answer."""
    start = time.perf_counter()
    next(ask(server, prompt, **options), "")
    return time.perf_counter() - start


def ollama(url: str = OLLAMA) -> str:
    """A line that says which models Ollama offers on this computer, or how to get it."""
    if models := models_at(url):
        how = f"openai.OpenAI(base_url={url!r}, api_key='none') and model={models[0]!r}"
        return f"Ollama runs here with {', '.join(models)}. Ask it by {how}."
    why = "Ollama runs here, but has no model" if models == [] else f"Nothing answers at {url}"
    return (
        f"{why}. Install Ollama from ollama.com, type `ollama run qwen2.5:3b` (1.9 GB) in a terminal, and run this "
        "cell again."
    )


def models_at(url: str, timeout: float = 1.0) -> list[str] | None:
    """Names of the models that a server of OpenAI's kind offers; None where no server answers."""
    try:
        with urllib.request.urlopen(f"{url}/models", timeout=timeout) as reply:
            return [model["id"] for model in json.load(reply)["data"] or []]
    except (OSError, ValueError, KeyError, TypeError):
        return None
