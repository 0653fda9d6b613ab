"""Results that take longer than a lesson: made by a script, kept in data/results/, shown as recorded.

`python -m course_utils results` makes all of them again, `… results scores` those whose name begins so.
"""

import datetime
import importlib
import json
import platform
import sys
import time

from .files import course_folder, write_atomically

RECIPES = {  # name of the file -> module:function that gives its figures, as a dict
    "scores_task": "score_study:record_tasks",
    "scores_trained": "score_study:record_trained",
    "scores_cost": "score_study:record_costs",
    "seq2seq_readers": "seq2seq_study:record_readers",
    "positions_order": "positions_study:record_order",
    "positions_costs": "positions_study:record_costs",
    "transformer_head_counts": "transformer_study:record_head_counts",
    "transformer_norms": "norm_study:record_norms",
    "transformer_twins": "twin_study:record_twins",
    "transformer_heads": "head_study:record_heads",
    "bert_tasks": "bert_study:record_tasks",
    "bert_adapters": "bert_study:record_adapters",
    "bert_heads": "bert_study:record_heads",
    "minilm_sst2": "minilm_study:record_minilm_sst2",
    "minilm_wnut17": "minilm_names:record_wnut17",
    "minilm_squad": "minilm_answers:record_squad",
    "minilm_sentences": "published:record_minilm_sentences",
    "gpt_live": "gpt_study:record_live",
    "gpt_overfitting": "gpt_study:record_overfitting",
    "gpt_induction": "induction:record_induction",
    "gpt_attention_cost": "attention_cost:record_costs",
    "gpt_translators": "translators:record_translators",
    "gpt_served": "serving:record_served",
    "notebook_times": "timing:record",
}


class Recorded(dict):
    """The figures of one file, with `.about`: a line that says by which command, on what, and when."""

    @property
    def about(self) -> str:
        """One line to print under a figure."""
        return f"Recorded {self['date']} by “{self['command']}” on {self['device']}, in {self['minutes']} min."


def load(name: str) -> Recorded:
    """data/results/NAME.json. Raises ValueError for an unknown name, FileNotFoundError if it was never made."""
    path = _path(name)
    if not path.is_file():
        raise FileNotFoundError(
            f"data/results/{name}.json is missing: `python -m course_utils results {name}` makes it."
        )
    return Recorded(json.loads(path.read_text(encoding="utf-8")))


def make(name: str) -> Recorded:
    """Run one recipe and write its file, with command, device, date and versions."""
    import torch

    path = _path(name)
    module, function = RECIPES[name].split(":")
    threads, start = torch.get_num_threads(), time.perf_counter()
    figures = getattr(importlib.import_module(f".{module}", __package__), function)()
    record = {
        "command": f"python -m course_utils results {name}",
        "date": datetime.date.today().isoformat(),
        "device": f"CPU ({platform.machine()}, {threads} thread{'s' * (threads > 1)})",
        "versions": {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]},
        "minutes": round((time.perf_counter() - start) / 60, 1),
        **figures,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return Recorded(record)


def run(names=()) -> int:
    """The command: make the results whose names begin with one of `names`, or all -> exit status."""
    wanted = [name for name in RECIPES if not names or any(name.startswith(n) for n in names)]
    if not wanted:
        print(f"No result is called {' or '.join(names)}; there are: {', '.join(RECIPES)}.", file=sys.stderr)
        return 2
    for name in wanted:
        print(f"data/results/{name}.json … ", end="", flush=True)
        print(f"{make(name)['minutes']} min", flush=True)
    return 0


def _path(name):
    if name not in RECIPES:
        raise ValueError(f"No result is called {name!r}; there are: {', '.join(RECIPES)}.")
    return course_folder() / "data" / "results" / f"{name}.json"
