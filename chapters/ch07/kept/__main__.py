"""My GPT, my tokenizer, my text.

python -m mine train book.txt          ten minutes; ^C stops it, the same line goes on
python -m mine train book.txt --minutes 60 --size 256 --heads 8    an hour, a larger one: train --help
python -m mine write "It was"          goes on with a text
python -m mine chat                    answers, after chapter 8

What is trained is kept in book.gpt.pt, in the folder where you are.
The status is 0, also where ^C ends train or chat while they are at work; 1 for what cannot be done,
2 for words that are no command, and 130 for ^C elsewhere.
"""

import sys

if __name__ == "__main__":  # your random.py, beside mine/, is not Python's: the folder where you are comes last
    sys.path.append(sys.path.pop(0))

import argparse
import importlib
import importlib.util
import os
import re
import signal
from typing import Any


def number(least: float, most: float, kind: Any = float, above: bool = False) -> Any:
    """Reads an argument that is a number in a range. above: `least` itself is too little."""

    def read(text: str) -> Any:
        what = "a whole number" if kind is int else "a number"
        try:
            found = kind(text)
        except ValueError:
            hint = f"; with a point: {text.replace(',', '.')}" if "," in text else ""
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}{hint}") from None
        if not least <= found <= most or (above and found == least):
            needed = f"above {least:g} and up to {most:g}" if above else f"from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"{text} is given; needed: {what} {needed}")
        return found

    return read


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    whole = argparse.ArgumentParser(
        "python -m mine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="train | write | chat")
    train = commands.add_parser("train", help="train a GPT on a text file")
    train.add_argument("file", help="any text, from 20,000 characters on, better 100,000 and more")
    minutes = number(0, 100_000, above=True)
    train.add_argument("minutes", nargs="?", type=minutes, default=10.0, help="in all; 10")
    train.add_argument("--minutes", type=minutes, metavar="MINUTES", dest="also", help="the same")
    train.add_argument("--size", type=number(8, 4096, int), help="features; 128")
    train.add_argument("--layers", type=number(1, 100, int), help="4")
    train.add_argument("--heads", type=number(1, 64, int), help="4; they share the features evenly")
    train.add_argument("--context", type=number(2, 4096, int), help="tokens that it reads at once; 64")
    train.add_argument("--merges", type=number(0, 20_000, int), help="pieces besides the bytes; 500")
    train.add_argument("--rate", type=number(0, 1, above=True), help="of learning; 0.003")
    write = commands.add_parser("write", help="go on with a text")
    write.add_argument("prompt")
    write.add_argument("--model", metavar="FILE", help="by default the newest *.gpt.pt of this folder")
    write.add_argument("--count", type=number(1, 100_000, int), default=100, help="tokens; 100")
    sampled(write, 0.8)
    chat = commands.add_parser("chat", help="talk to SmolLM2, or to a model of your own")
    chat.add_argument("model", nargs="?", metavar="FILE", help="such as talker.pt or book.gpt.pt")
    chat.add_argument("--count", type=number(1, 100_000, int), default=200, help="tokens of an answer at most; 200")
    sampled(chat, 0.2)
    return whole


def sampled(command: argparse.ArgumentParser, temperature: float) -> None:
    """Adds the options of how a token is drawn."""
    command.add_argument("--temperature", type=number(0, 100), default=temperature, help="0: the likeliest")
    command.add_argument("--top-p", type=number(0, 1, above=True), default=0.9, help="0.9")
    command.add_argument("--seed", type=number(0, 2**63 - 1, int), help="a number: the same draws again")


def run(asked: argparse.Namespace) -> None:
    """One command. Raises Refused."""
    from chapters.ch07.kept.files import Refused  # here: at the top of this file it would come first of all

    module = "training" if asked.command in ("train", "write") else asked.command
    if not importlib.util.find_spec(f"{__package__}.{module}"):
        raise Refused(f"{module}.py is not there yet: chapter {7 if module == 'training' else 8} writes it.")
    mine = importlib.import_module(f"{__package__}.{module}")
    if pressed:  # while torch was loaded, which takes seconds and may swallow it
        raise KeyboardInterrupt
    if asked.command == "train":
        sizes = {name: getattr(asked, name) for name in mine.SIZES}
        mine.train(asked.file, asked.also or asked.minutes, sizes=sizes, merges=asked.merges, rate=asked.rate)
    elif asked.command == "write":
        trained = mine.read_trained(asked.model) if asked.model else mine.newest()
        if trained is None:
            raise Refused("Nothing is trained in this folder yet: python -m mine train FILE")
        how = asked.count, asked.temperature, asked.top_p, asked.seed
        print(mine.printable(mine.continued(trained, readable(asked.prompt), *how)))
    else:
        mine.chat(asked.model, asked.count, asked.temperature, asked.top_p, asked.seed)


pressed: list[int] = []  # each ^C


def interrupt(*_: Any) -> None:
    """^C, remembered."""
    pressed.append(1)
    raise KeyboardInterrupt


def readable(text: str) -> str:
    """An argument, with � for bytes that were no UTF-8."""
    escaped = re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", text)  # half a character, from a console of Windows
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def main(words: list[str] | None = None) -> int:
    """Run a command -> the status that it ends with."""
    if sys.stdout is None:  # >&-
        print("There is no output to write to.", file=sys.stderr)
        return 1
    for stream in (sys.stdin, sys.stdout, sys.stderr):  # a pipe, or a console of Windows, may not know all letters
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from chapters.ch07.kept.files import Refused

    words = sys.argv[1:] if words is None else words
    try:
        if words[:1] == ["serve"]:
            raise Refused("serve left the course in 0.7; a mine/serve.py that you kept runs: python -m mine.serve")
        run(parser().parse_args(words))
        sys.stdout.flush()
    except (Refused, ImportError) as why:
        print(why, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except OSError as why:
        if not isinstance(why, BrokenPipeError):  # who reads has left: python -m mine write "It was" | head -1
            where = why.filename if why.filename else "The output"
            print(f"{where} cannot be used: {why.strerror}.", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait let others work
    signal.signal(signal.SIGINT, interrupt)  # ^C also in the background
    sys.exit(main())
