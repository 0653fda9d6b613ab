"""`python -m mine serve`: OpenAI's interface as clients know it, and pages of websites that are refused."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Thread

import pytest
import torch
from kept_package import lay
from waiting import SECONDS, until

from chapters.ch07.kept.files import Refused
from chapters.ch08.kept import serve
from chapters.ch08.kept.chat import Talker, smollm_talker
from course_utils.gpt import GPT, GPTConfig

ASKED, STOP = 255, 254  # no bytes of a text in UTF-8: the end of a question, and of an answer


class Scripted:
    """A model over bytes that says its text, each token after some seconds; with none it says any letters."""

    context, blocks = 6000, (None,)

    def __init__(self, text="", seconds=0.0):
        self.script, self.seconds, self.calls = [*text.encode(), STOP], seconds, 0

    def __call__(self, ids, caches):
        time.sleep(self.seconds)
        self.calls += 1
        cache = caches[0]
        cache.length = 0 if ASKED in ids else cache.length + 1
        logits = torch.full((1, ids.shape[1], 256), -50.0)
        if len(self.script) > 1:
            logits[0, -1, self.script[cache.length % len(self.script)]] = 50
        else:
            logits[0, -1, 97:123] = torch.arange(26) / 10.0
        return logits


def talker(*script):
    def prompt(messages):
        return [*"|".join(text for _, text in messages).encode(), ASKED]

    return Talker("scripted", Scripted(*script), prompt, lambda ids: bytes(ids).decode("utf-8", "replace"), STOP)


@contextmanager
def served(who):
    with serve.Server(0) as server:
        server.talker = who
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server():
    with served(talker("The cat 猫🙂 sat. The end")) as found:
        yield found


def sent(server, method, path, body=None, **headers):
    """Status and content of one request. headers: None leaves one out that is sent by itself."""
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=SECONDS)
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    line.putrequest(method, path, skip_host="Host" in headers)
    for name, value in {"Content_Length": str(len(content or b"")), **headers}.items():
        if value is not None:
            line.putheader(name.replace("_", "-"), value)
    line.endheaders(content)
    reply = line.getresponse()
    return reply.status, reply.read().decode()


TALK = [{"role": "user", "content": "hi"}]


def asked(server, **options):
    status, content = sent(server, "POST", "/v1/chat/completions", {"messages": TALK, **options})
    return status, json.loads(content)


def said(server, **options):
    """What it says, why it ended, and how many tokens that took."""
    status, content = asked(server, temperature=0, **options)
    assert status == 200, content
    choice = content["choices"][0]
    return choice["message"]["content"], choice["finish_reason"], content["usage"]["completion_tokens"]


def streamed(server, **options):
    body = {"messages": TALK, "temperature": 0, "stream": True, **options}
    status, content = sent(server, "POST", "/v1/chat/completions", body)
    *events, end = [line.removeprefix("data: ") for line in content.splitlines() if line]
    assert status == 200 and end == "[DONE]"
    return [json.loads(event) for event in events]


def test_an_answer_ends_where_it_is_told_to_and_says_why(server):
    assert said(server) == ("The cat 猫🙂 sat. The end", "stop", 28)
    assert said(server, max_tokens=7) == ("The cat", "length", 7)
    assert said(server, max_tokens=20, max_completion_tokens=3) == ("The", "length", 3)
    assert said(server, max_tokens=9) == ("The cat ", "length", 9)  # no half of a character
    assert said(server, stop="🙂 sat")[:2] == ("The cat 猫", "stop")
    assert said(server, stop=["nothing", "The end"])[:2] == ("The cat 猫🙂 sat. ", "stop")
    assert said(server, stop=["The"])[0] == ""


@pytest.mark.parametrize("options", [{}, {"max_tokens": 10}, {"stop": [". The", "zz"]}])
def test_a_stream_says_the_same_in_whole_characters_and_ends_with_the_reason(server, options):
    events = streamed(server, **options, stream_options={"include_usage": True})
    *choices, last = [event["choices"][0] for event in events if event["choices"]]
    pieces = [choice["delta"]["content"] for choice in choices]
    assert ("".join(pieces), last["finish_reason"]) == said(server, **options)[:2] and last["delta"] == {}
    assert {choice["finish_reason"] for choice in choices} == {None} and "\ufffd" not in "".join(pieces)
    assert events[-1]["usage"]["completion_tokens"] == said(server, **options)[2]


def test_content_in_parts_is_one_text_and_models_are_named(server):
    parts = [{"type": "text", "text": text} for text in ("a", "b")]
    whole = asked(server, messages=[{"role": "developer", "content": "c"}, {"role": "user", "content": parts}])[1]
    assert whole["usage"]["prompt_tokens"] == len("c|ab") + 1
    assert json.loads(sent(server, "GET", "/v1/models")[1])["data"][0]["id"] == "scripted"
    assert json.loads(sent(server, "GET", "/v1/models/scripted")[1])["id"] == "scripted"
    assert asked(server, messages=[{"role": "user", "content": "\ud800"}])[0] == 200


def test_seed_temperature_and_top_p_are_obeyed():
    with served(talker()) as server:

        def letters(**options):
            return asked(server, max_tokens=30, **options)[1]["choices"][0]["message"]["content"]

        assert letters(temperature=1, seed=1) == letters(temperature=1, seed=1) != letters(temperature=1, seed=2)
        assert (
            letters(temperature=0)
            == letters(temperature=2, top_p=0)
            == letters(temperature=2, top_p=1e-300)
            == letters(temperature=1e-40)
            == 30 * "z"
        )
        assert len(set(letters(temperature=2, top_p=1, seed=1))) > len(set(letters(temperature=2, top_p=0.2, seed=1)))


WRONG = {
    "n": {"n": 2},
    "temperature": {"temperature": -1},
    "max_tokens": {"max_tokens": "6"},
    "stop": {"stop": [1]},
    "tools": {"tools": [{"type": "function"}]},
    "response_format": {"response_format": {"type": "json_object"}},
    "top_k": {"top_k": 1},
    "messages": {"messages": []},
    "messages[0].role": {"messages": [{"role": "cat", "content": "x"}]},
    "messages[0].content": {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_also_in_a_stream(server, name, stream):
    status, content = asked(server, **{"stream": stream} | WRONG[name])
    found = status, content["error"]["param"], content["error"]["type"]
    assert found == (400, name, "invalid_request_error")


def test_what_may_be_ignored_is_and_an_answer_may_be_sent_back(server):
    back = {"role": "assistant", "content": "x", "refusal": None, "annotations": [], "tool_calls": None}
    ignored = {"user": "me", "metadata": {}, "store": False, "tools": [], "tool_choice": "none", "logprobs": False}
    assert said(server, messages=[*TALK, back, *TALK], max_tokens=3, **ignored)[0] == "The"


def test_too_long_and_another_model_are_refused(server):
    status, content = asked(server, messages=[{"role": "user", "content": "cat " * 1500}], stream=True)
    assert status == 400 and "6,000" in content["error"]["message"]
    assert content["error"]["code"] == "context_length_exceeded"
    assert asked(server, model="gpt-4")[1]["error"]["code"] == "model_not_found"


POST = ("POST", "/v1/chat/completions")


@pytest.mark.parametrize(
    ("status", "request_", "headers"),
    [(404, ("POST", "/v1/embeddings", {}), {}), (501, ("DELETE", "/v1/models"), {}), (400, (*POST, b"{broken"), {}),
     (400, (*POST, b"[" * 100_000), {}),
     (400, (*POST, b'{"messages": [{"role": "user", "content": "a"}], "temperature": NaN}'), {}),
     (411, (*POST, b"{}"), {"Content_Length": None}), (413, (*POST, b"{}"), {"Content_Length": "50000000"}),
     (403, ("GET", "/v1/models"), {"Host": "evil.example"}),
     (403, (*POST, {"messages": TALK}), {"Origin": "https://evil.example"}),
     (403, (*POST, {"messages": TALK}), {"Origin": "null"})],
)  # fmt: skip
def test_each_bad_request_gets_the_error_of_the_interface(server, status, request_, headers):
    found, content = sent(server, *request_, **headers)
    assert found == status and json.loads(content)["error"]["message"]


def opened(server, **options):
    """A client that has asked, and not read yet."""
    line = socket.create_connection(server.server_address, timeout=SECONDS)
    body = json.dumps({"messages": TALK, **options}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    line.sendall(head.encode() + body)
    return line


def test_an_answer_whose_client_has_left_is_given_up():
    """A model that would write for seconds, and a client behind it that waits for its turn."""
    with served(talker("word " * 1000, 0.005)) as server:
        gone = [opened(server, stream=stream, max_tokens=5000) for stream in (True, False)]
        until(lambda: server.talker.model.calls)
        for line in gone:
            line.close()
        assert said(server, max_tokens=3)[0] == "wor" and server.talker.model.calls < 5000


def test_it_listens_here_alone_and_a_port_that_is_taken_is_said(server):
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(Refused, match=f"Port {server.server_port} cannot be used"):
        serve.Server(server.server_port)


def test_interrupted_in_the_middle_of_an_answer_it_ends_with_status_0(tmp_path):
    lay(tmp_path)
    sizes = {"vocab": 256, "size": 256, "layers": 6, "heads": 8, "context": 512}
    torch.save({"sizes": sizes, "merges": [], "model": GPT(GPTConfig(**sizes)).state_dict()}, tmp_path / "talker.pt")
    run = [sys.executable, "-m", "mine", "serve", "0", "--model", "talker.pt"]
    process = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    port = int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        body = json.dumps({"messages": TALK, "stream": True, "stop": None}).encode()
        line.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        line.recv(100)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0 and "Ended" in out and not err


@pytest.mark.weekly
def test_the_client_of_openai_understands_it(smollm):
    openai = pytest.importorskip("openai", reason="needs the extra serve")
    with served(smollm_talker()) as server:
        url = f"http://127.0.0.1:{server.server_port}/v1"
        client = openai.OpenAI(base_url=url, api_key="none", timeout=120, max_retries=0)
        assert [model.id for model in client.models.list()] == [client.models.retrieve("smollm2").id] == ["smollm2"]
        france = [{"role": "user", "content": [{"type": "text", "text": "What is the capital of France?"}]}]

        def choice(**options):
            options = {"temperature": 0, "max_completion_tokens": 12} | options
            return client.chat.completions.create(model="smollm2", messages=france, **options).choices[0]

        assert choice().message.content == "The capital of France is Paris." and choice().finish_reason == "stop"
        options = {"model": "smollm2", "messages": france, "temperature": 0, "max_tokens": 5}
        chunks = list(client.chat.completions.create(**options, stream=True))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "The capital of France is"
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**options | {"n": 2}, stream=True)
