"""My Llama for programs that use OpenAI's chat completions: http://127.0.0.1:8000/v1

    python -m mine serve                   SmolLM2, at port 8000; ^C ends it
    python -m mine serve 8001 --model talker.pt

    from openai import OpenAI

    client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")
    client.chat.completions.create(model="smollm2", messages=[{"role": "user", "content": "Who are you?"}])

Models and chat completions, whole or streamed, one answer after another. What is asked for and not here is refused, as
OpenAI's interface does. Only programs on this computer can connect: other computers are refused, and so are the pages
of websites. An answer whose client has left is given up.

What is not yours is from the attention course: MIT License.
"""

import json
import math
import select
import socket
import sys
import time
import uuid
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from .chat import Answer, Talker, TooLong, read_talker, smollm_talker
from .files import Refused


MOST_BYTES = 8 << 20  # of a question
PATIENCE = 10.0  # seconds for a client that neither sends nor reads: others wait for it
ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
NUMBERS = {  # kind, least, most, and what is meant where nothing is said
    "temperature": (float, 0, 2, 0.2),
    "top_p": (float, 0, 1, 0.9),
    "max_tokens": (int, 1, math.inf, None),
    "max_completion_tokens": (int, 1, math.inf, None),
    "seed": (int, -(2**63), 2**63 - 1, None),
    "n": (int, 1, 1, 1),
}
KNOWN = {"model", "messages", "stream", "stream_options", "stop", *NUMBERS}
KNOWN |= {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}  # harmless, not obeyed


class Wrong(Exception):
    """A request that is refused. param: the part of it that is wrong."""

    def __init__(self, message: str, status: int = 400, param: str | None = None, code: str | None = None):
        super().__init__(message)
        kind = "invalid_request_error" if status < 500 else "server_error"
        self.status = status
        self.content = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def number(body: dict, name: str) -> Any:
    """A number of a request. Raises Wrong."""
    kind, least, most, default = NUMBERS[name]
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
        needed = "a whole number" if kind is int else "a number"
        raise Wrong(f"{name} must be {needed}.", param=name)
    if not least <= value <= most:
        allowed = f"from {least} to {most}" if most < math.inf else f"{least} at least"
        raise Wrong(f"{name} is {value}; it must be {allowed}.", param=name)
    return value


def stops_of(body: dict) -> list[str]:
    """The texts at which an answer ends. Raises Wrong."""
    stops = body.get("stop")
    stops = [] if stops in (None, "") else [stops] if isinstance(stops, str) else stops
    if not isinstance(stops, list) or len(stops) > 4 or not all(isinstance(stop, str) and stop for stop in stops):
        raise Wrong("stop must be a text, or up to four of them.", param="stop")
    return stops


def messages_of(body: dict) -> list[tuple[str, str]]:
    """Roles and what they say; the texts of several parts behind each other. Raises Wrong."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Wrong("messages must be a list with one message at least.", param="messages")
    found = []
    for place, message in enumerate(messages):
        name = f"messages[{place}]"
        if not isinstance(message, dict) or message.get("role") not in [*ROLES]:
            raise Wrong(f"{name} needs a role: {', '.join(ROLES)}.", param=f"{name}.role")
        parts = message.get("content")
        parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise Wrong(f"{name} needs a content: a text, or a list of parts.", param=f"{name}.content")
        if any(part.get("type") != "text" or not isinstance(part.get("text"), str) for part in parts):
            raise Wrong(f"{name}: this model reads parts of type text, and no others.", param=f"{name}.content")
        text = "".join(part["text"] for part in parts).encode("utf-8", "replace").decode()  # half a surrogate
        found.append((ROLES[message["role"]], text))
    return found


class Server(HTTPServer):
    """Listens on 127.0.0.1 alone. Raises Refused for a port that cannot be used."""

    request_queue_size = 64
    talker: Talker

    def __init__(self, port: int) -> None:
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except OSError as error:
            other = f"python -m mine serve {port + 1 if 1024 <= port < 65_535 else 8001}"
            raise Refused(f"Port {port} cannot be used: {error.strerror}. Try another one: {other}") from None

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            print(f"A request ended with {type(error).__name__}: {error}", file=sys.stderr, flush=True)


class Handler(BaseHTTPRequestHandler):
    """One request: it is answered, and its connection closed."""

    protocol_version, timeout = "HTTP/1.1", PATIENCE
    server: Server
    begun = False

    def answered(self) -> None:
        try:
            self.need_friend()
            self.route(self.path.partition("?")[0].rstrip("/"))
        except Wrong as why:
            self.send(why.content, why.status)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:  # such as a model that is damaged
            self.send(Wrong(f"{type(error).__name__}: {error}", 500).content, 500)

    do_GET = do_POST = answered  # http.server refuses the others

    def need_friend(self) -> None:
        """Raises Wrong for what a browser sends in the name of another website."""
        hosts = {f"{name}{port}" for name in ("127.0.0.1", "localhost") for port in ("", f":{self.server.server_port}")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") not in hosts or (origin and origin.removeprefix("http://") not in hosts):
            raise Wrong("Only programs on this computer may ask here.", 403)

    def route(self, path: str) -> None:
        name, models = self.server.talker.name, "/v1/models"
        model = {"id": name, "object": "model", "created": 0, "owned_by": "me"}
        match self.command, path:
            case "POST", "/v1/chat/completions":
                self.complete(self.body())
            case "GET", "/v1/models":
                self.send({"object": "list", "data": [model]})
            case "GET", _ if path == f"{models}/{name}":
                self.send(model)
            case _:
                raise Wrong(f"There is nothing at {path[:200]}. Here are {models} and /v1/chat/completions.", 404)

    def body(self) -> dict:
        """What is asked, as a dictionary. Raises Wrong."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Wrong("A Content-Length is needed, a number of bytes.", 411)
        if len(length) > 18 or int(length) > MOST_BYTES:
            raise Wrong(f"A question may have {MOST_BYTES:,} bytes.", 413)
        try:
            found = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise Wrong(f"This is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise Wrong("A JSON object is needed.")
        return found

    def complete(self, body: dict) -> None:
        """Answer a talk, whole or in pieces. Raises Wrong."""
        talker = self.server.talker
        if body.get("model") not in (None, talker.name):
            asked = str(body["model"])[:100]
            raise Wrong(f"There is no model {asked!r} here, but {talker.name!r}.", 404, "model", "model_not_found")
        for name, value in body.items():
            if name not in KNOWN and value and value != "none":
                raise Wrong(f"{name[:100]} is not supported here.", param=name[:100])
        found = {name: number(body, name) for name in NUMBERS}
        limits = [found[name] for name in ("max_tokens", "max_completion_tokens") if found[name]]
        how = min(limits, default=talker.model.context), found["temperature"], found["top_p"] or 1e-6, found["seed"]
        try:
            answer = Answer(talker, messages_of(body), *how, stops_of(body), self.need_client)
            if body.get("stream"):
                self.stream(answer, bool((body.get("stream_options") or {}).get("include_usage")))
            else:
                self.whole(answer)
        except ValueError as why:  # Refused: too long, or empty
            code = "context_length_exceeded" if isinstance(why, TooLong) else None
            raise Wrong(str(why), param="messages", code=code) from None

    def need_client(self) -> None:
        """Raises ConnectionError where nobody waits for the answer any more."""
        if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionAbortedError

    def about(self, kind: str) -> dict:
        name = f"chatcmpl-{uuid.uuid4().hex}"
        return {"id": name, "object": kind, "created": int(time.time()), "model": self.server.talker.name}

    def whole(self, answer: Answer) -> None:
        pieces = []
        for piece in answer:
            self.need_client()
            pieces.append(piece)
        message = {"role": "assistant", "content": "".join(pieces), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.reason}
        self.send(self.about("chat.completion") | {"choices": [choice], "usage": usage(answer)})

    def stream(self, answer: Answer, counted: bool) -> None:
        about = self.about("chat.completion.chunk")

        def event(delta: dict, reason: str | None = None) -> None:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
            self.event(about | {"choices": [choice]})

        self.head("text/event-stream", 200)
        try:
            event({"role": "assistant", "content": ""})
            for piece in answer:
                if piece:
                    event({"content": piece})
            event({}, answer.reason)
            if counted:
                self.event(about | {"choices": [], "usage": usage(answer)})
            self.wfile.write(b"data: [DONE]\n\n")
        except ValueError as why:  # a model that is damaged
            self.event(Wrong(str(why), 500).content)

    def event(self, content: dict) -> None:
        self.wfile.write(f"data: {json.dumps(content)}\n\n".encode())

    def send(self, content: dict, status: int = 200) -> None:
        if not self.begun:
            text = json.dumps(content).encode()
            self.head("application/json", status, len(text))
            self.wfile.write(text)

    def head(self, kind: str, status: int, length: int | None = None) -> None:
        self.begun = True
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, as an error of the interface, too."""
        self.close_connection = True
        self.send(Wrong(message or HTTPStatus(code).phrase, code).content, code)

    def log_message(self, *_: Any) -> None:
        """Nothing: this terminal is the reader's."""


def usage(answer: Answer) -> dict[str, int]:
    """What was read and written, in tokens."""
    asked, written = len(answer.ids), len(answer.written)
    return {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}


def serve(port: int = 8000, file: str | None = None) -> None:
    """Answer until ^C. Raises Refused."""
    with Server(port) as server:
        server.talker = read_talker(file) if file else smollm_talker()
        print(f"{server.talker.name} answers at http://127.0.0.1:{server.server_port}/v1; ^C ends it.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nEnded.")


def check() -> None:
    """What is asked in parts is one text, and what is wrong is named."""
    asked = {"messages": [{"role": "user", "content": [{"type": "text", "text": text} for text in ("a", "b")]}]}
    assert messages_of(asked) == [("user", "ab")] and number({"top_p": 0.5}, "top_p") == 0.5
    with suppress(Wrong):
        raise AssertionError(f"{number({'n': 2}, 'n')} answers were promised")


if __name__ == "__main__":
    check()
    serve()
