"""Ten minutes of `python -m mine train` on the course's book: record_book() runs it in an empty folder."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from chapters.ch07.kept.training import newest
from course_kit import data
from course_kit.files import course_folder


def record_book(minutes: float = 10) -> dict:
    """The figures behind data/results/gpt_book.json: (seconds, bits per character of the held-out tenth), and what the
    model then writes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "book.txt").write_text(data.book(), "utf-8")
        command = [sys.executable, "-m", "chapters.ch07.kept"]
        how = {"cwd": folder, "check": True, "capture_output": True}
        how["env"] = os.environ | {"PYTHONPATH": str(course_folder())}
        subprocess.run([*command, "train", "book.txt", str(minutes)], **how)
        wrote = subprocess.run([*command, "write", "“My dear Watson"], **how)
        found = newest(folder)
    assert found
    return {
        "book": "The Adventures of Sherlock Holmes",
        "history": found.history,
        "wrote": wrote.stdout.decode().strip(),
    }
