"""Ten minutes of `python -m mine train` on the course's book, with the files that a reader keeps.

record_book()          # writes the files into an empty folder and runs the command there
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from chapters.ch07.keep import COMMANDS, GPT, TOKENIZER
from chapters.ch07.reader_models import trained
from course_kit import data
from course_kit.mine import keeping


def lay(folder: Path) -> None:
    """The package `mine` as it is where no exercise is solved, and the book beside it."""
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text("")
    (folder / "mine" / "__main__.py").write_text(COMMANDS, "utf-8")
    for file in (GPT, TOKENIZER):
        (folder / "mine" / f"{file.name}.py").write_text(keeping.written(file, {}).text, "utf-8")
    (folder / "book.txt").write_text(data.book(), "utf-8")


def record_book(minutes: float = 10) -> dict:
    """The figures behind data/results/gpt_book.json: (seconds, bits per character of the held-out tenth), and what the
    model then writes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay(folder)
        run = [sys.executable, "-m", "mine"]
        subprocess.run([*run, "train", "book.txt", str(minutes)], cwd=folder, check=True, capture_output=True)
        wrote = subprocess.run([*run, "write", "“My dear Watson"], cwd=folder, check=True, capture_output=True)
        found = trained(folder)
    assert found
    return {
        "book": "The Adventures of Sherlock Holmes",
        "history": found.history,
        "wrote": wrote.stdout.decode().strip(),
    }
