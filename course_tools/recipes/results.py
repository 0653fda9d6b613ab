"""`course results`: makes again what the notebooks show as recorded, data/results/*.json."""

import datetime
import importlib
import json
import platform
import time
from collections.abc import Sequence
from typing import Any

from course_kit.files import write_atomically
from course_kit.results import load, place

RECIPES = {  # name of the file -> module:function that gives its figures, as a dict
    "scores_scaled": "chapters.ch02.scaling:record_scaled",
    "seq2seq_digits": "chapters.ch03.experiments.digits:record_digits",
    "positions_begins": "chapters.ch04.experiments.order:record_begins",
    "positions_causal": "chapters.ch04.experiments.order:record_causal",
    "positions_lengths": "chapters.ch04.experiments.order:record_lengths",
    "transformer_alone": "chapters.ch05.experiments.alone:record_alone",
    "transformer_race": "chapters.ch05.experiments.race:record_race",
    "transformer_routes": "chapters.ch05.experiments.routes:record_routes",
    "transformer_warm_up": "chapters.ch05.experiments.norms:record_warm_up",
    "bert_book": "chapters.ch06.experiments.book:record_book",
    "bert_reading": "chapters.ch06.experiments.worth:record_reading",
    "bert_sentiment": "chapters.ch06.experiments.worth:record_sentiment",
    "bert_banks": "chapters.ch06.experiments.few_labels:record_banks",
    "bert_labels": "chapters.ch06.experiments.worth:record_labels",
    "minilm_banks": "chapters.ch06.experiments.contextual:record_minilm_banks",
    "minilm_sentences": "chapters.ch06.experiments.sentences:record_minilm_sentences",
    "minilm_search": "chapters.ch06.experiments.search:record_minilm_search",
    "gpt_induction": "chapters.ch07.experiments.induction:record_induction",
    "gpt_ablation": "chapters.ch08.experiments.ablation:record_ablation",
    "reasoning": "chapters.ch09.experiments.reasoning:record_reasoning",
    "filter": "chapters.ch09.experiments.reasoning:record_filter",
    "one_sentence": "chapters.ch09.experiments.one_sentence:record_maps",
    "smollm_sentence": "chapters.ch09.experiments.one_sentence:record_sentence",
    "smollm_answers": "chapters.ch08.experiments.ten_questions:record_answers",
    "smollm_continues": "chapters.ch07.experiments.published:record",
    "gpt_book": "chapters.ch07.experiments.book:record_book",
    "gpt_attention_cost": "chapters.ch07.experiments.cost:record_costs",
    "notebook_times": "course_tools.recipes.timing:record",
}


def make(name: str, **given: Any) -> float:
    """Run one recipe and write its file, with command, device, date and versions -> the minutes that it took.

    given: arguments of the recipe, for a part of it. Then what is recorded of the other parts stays as it is: the file
    keeps its date and device, and gets those of this run as "later", for the parts that were made again.
    """
    import torch

    module, function = RECIPES[name].split(":")
    threads, start = torch.get_num_threads(), time.perf_counter()
    figures = getattr(importlib.import_module(module), function)(**given)
    run: dict = {
        "date": datetime.date.today().isoformat(),
        "device": f"CPU ({platform.machine()}, {threads} thread{'s' if threads > 1 else ''})",
        "versions": {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]},
        "minutes": round((time.perf_counter() - start) / 60, 1),
    }
    path = place(name)
    if given and path.is_file():
        old = load(name)
        later = old.get("later", {}) | {" ".join(*given.values()): run}
        record = old | figures | {"later": later}
    else:
        record = {"command": f"course results {name}", **run, **figures}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return run["minutes"]


def run(names: Sequence[str] = (), notebooks: Sequence[str] = ()) -> int:
    """The command: make the results whose names begin with one of `names`, or all -> exit status.

    notebooks: with notebook_times, the beginnings of the names of those that are to be timed; without: all
    """
    if notebooks and list(names) != ["notebook_times"]:
        raise ValueError("--notebook is for one result: course results notebook_times --notebook 05_transformer")
    wanted = [name for name in RECIPES if not names or any(name.startswith(n) for n in names)]
    if not wanted:
        raise ValueError(f"No result is called {' or '.join(names)}; there are: {', '.join(RECIPES)}.")
    given = {"names": notebooks} if notebooks else {}
    for name in wanted:
        print(f"data/results/{name}.json … ", end="", flush=True)
        print(f"{make(name, **given)} min", flush=True)
    return 0
