"""Two studies on the course's book: ten minutes of `python -m mine train`, and what Muon gains over AdamW.

record_book()          # runs the command in an empty folder
record_optimisers()    # four minutes of one core
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from chapters.ch07.kept.training import newest
from chapters.ch07.optimizers import with_muon
from chapters.ch07.reader_models import bigram_bits, bits
from course_kit import data
from course_kit.contexts import seeded
from course_kit.files import course_folder
from course_utils.gpt import GPT, GPTConfig, training_step, windows
from course_utils.merges import Tokenizer, learn_merges


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


def trained(model: GPT, optimiser: Any, rate: float, ids: torch.Tensor, steps: int, warm: int) -> float:
    """A loop like the lesson's: a rate that rises for `warm` steps and falls to 0 -> seconds of the processor."""
    started = time.process_time()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / (warm + 1)) * (1 - step / steps)
        training_step(model, optimiser, windows(ids, rows=32, length=65))
    return time.process_time() - started


def record_optimisers(steps: int = 300, rates: Iterable[float] = (1e-3, 2e-3, 4e-3), merges: int = 500) -> dict:
    """The figures behind data/results/gpt_optimisers.json: the lesson's model with Muon, with AdamW at several rates,
    and at the best of these for three times as many steps."""
    text = data.book()
    known, unread = text[: len(text) * 9 // 10], text[len(text) * 9 // 10 :]
    tokenizer = Tokenizer(learn_merges(known[:200_000], count=merges))
    ids, asked = torch.tensor(tokenizer.encode(known)), tokenizer.encode(unread)
    runs: list[dict] = []

    def run(name: str, rate: float, count: int, warm: int) -> float:
        with seeded(0):
            model = GPT(GPTConfig(len(tokenizer.pieces), layers=2))
            adamw = torch.optim.AdamW(model.parameters(), lr=rate)
            seconds = trained(model, with_muon(model, rate) if name == "Muon" else adamw, rate, ids, count, warm)
        reached = bits(model, asked, len(unread))
        runs.append(
            {"matrices": name, "rate": rate, "steps": count, "warm-up": warm, "bits": reached, "seconds": seconds}
        )
        return reached

    run("Muon", 1e-2, steps, 0)
    reached = {rate: run("AdamW", rate, steps, steps // 10) for rate in rates}
    run("AdamW", min(reached, key=lambda rate: reached[rate]), 3 * steps, steps // 10)
    return {"runs": runs, "bigram": bigram_bits(ids, asked, len(tokenizer.pieces), len(unread))}
