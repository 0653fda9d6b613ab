"""How each checkpoint was made, and is made again: `python -m course_utils train NAME`.

Every few minutes the whole state is kept in build/train/NAME/, from where the same command goes on, and the best model
so far, by BLEU on held-out sentences, in data/checkpoints/. At the end it is measured on the test sentences.
"""

import datetime
import functools
import hashlib
import importlib
import json
import platform
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from . import checkpoints, fetching, files, measuring, tatoeba, text, training_state
from .runtime import DEVICES, choice, has_bfloat16, pick_device
from .training import fit


@dataclass(frozen=True)
class Recipe:
    """What a checkpoint is made of and how.

    corpus        "tatoeba" or "grammar" (our own); pair: such as "en-fr"
    source, target  how each side is cut: "words", "characters" or "subwords", and the most of them
    model         settings of the architecture's config
    twins         our corpus: each frame of twins (too tired / too wide) stands at least about so many times in a pass
    keep          "best" by held-out BLEU, or the "last" state: our valid split holds no twins
    architecture  the model's class, one of checkpoints.ARCHITECTURES
    steps, tokens, lr, warm_up, smoothing   so many updates on batches of so many tokens; Adam, its rate rising for
                  warm_up steps, then falling in a line to 3 %; label smoothing
    every, valid  steps from one measurement to the next; held-out sentences measured then
    """

    corpus: str
    pair: str
    source: tuple[str, int]
    target: tuple[str, int]
    model: dict
    steps: int
    tokens: int = 3000
    lr: float = 2e-3
    warm_up: int = 200
    smoothing: float = 0.1
    every: int = 300
    valid: int = 800
    seed: int = 0
    architecture: str = "Seq2Seq"
    twins: int = 0
    keep: str = "best"


_REAL = {"model_size": 384, "embedding_size": 256, "score_size": 128, "dropout": 0.2, "query": "current"}
_OURS = {"model_size": 128, "query": "current", "dropout": 0.1}
_FRENCH = ("tatoeba", "en-fr", ("subwords", 5000), ("subwords", 6000))
_OUR_FRENCH = ("grammar", "en-fr", ("words", 4000), ("words", 4000))
_SHORT = {"steps": 1500, "tokens": 2000, "lr": 5e-3, "warm_up": 100, "smoothing": 0.0, "every": 300, "valid": 500}
RECIPES = {
    "seq2seq-attention-en-fr": Recipe(*_FRENCH, {**_REAL, "attention": "additive"}, steps=2600),
    "seq2seq-plain-en-fr": Recipe(*_FRENCH, {**_REAL, "attention": None}, steps=2600),
    "seq2seq-attention-zh-en": Recipe(
        "tatoeba", "zh-en", ("characters", 4000), ("subwords", 4000),
        {**_REAL, "attention": "additive", "model_size": 256, "dropout": 0.3}, steps=3600, tokens=1500, every=400,
    ),
    "seq2seq-attention-en-fr-grammar": Recipe(*_OUR_FRENCH, {**_OURS, "attention": "additive"}, **_SHORT),
    "seq2seq-plain-en-fr-grammar": Recipe(*_OUR_FRENCH, {**_OURS, "attention": None}, **_SHORT),
    "seq2seq-attention-zh-en-grammar": Recipe(
        "grammar", "zh-en", ("characters", 4000), ("words", 4000),
        {**_OURS, "attention": "additive"}, **_SHORT,
    ),
    "transformer-en-fr": Recipe(
        "tatoeba", "en-fr", ("subwords", 4000), ("subwords", 5000),
        {"model_size": 256, "num_layers": 3, "num_heads": 8, "ffn_size": 768, "dropout": 0.1},
        steps=5000, tokens=4000, lr=1.5e-3, warm_up=400, every=500, architecture="Transformer",
    ),
    "transformer-en-zh": Recipe(
        "tatoeba", "en-zh", ("subwords", 4000), ("characters", 4000),
        {"model_size": 192, "num_layers": 3, "num_heads": 6, "ffn_size": 768, "dropout": 0.3},
        steps=2400, tokens=3000, lr=2e-3, warm_up=300, every=400, architecture="Transformer",
    ),
    "transformer-grammar": Recipe(
        *_OUR_FRENCH, {"model_size": 128, "num_layers": 3, "num_heads": 4, "ffn_size": 384, "dropout": 0.1},
        steps=4000, tokens=2000, lr=2e-3, warm_up=200, smoothing=0.1, every=300, valid=500, architecture="Transformer",
        twins=1000, keep="last",
    ),
}  # fmt: skip


def train(name: str, steps: int | None = None, fresh: bool = False) -> Path:
    """Train a checkpoint, or go on where the last call was stopped, and measure it -> the path of its JSON.

    steps: other than the recipe's; fresh: forget what an earlier call has kept.
    Raises ValueError for an unknown name, and what `data.fetch` raises where the corpus cannot be had.
    """
    recipe = _recipe(name)
    steps = steps or recipe.steps
    where = files.course_folder() / "build" / "train" / name
    if fresh:
        shutil.rmtree(where, ignore_errors=True)
    pairs = measuring.sentences(recipe, "train")
    source, target = _vocabularies(where, recipe, pairs)
    device = pick_device(choice("COURSE_DEVICE", "auto", DEVICES))
    torch.manual_seed(recipe.seed)
    model = _model(recipe, len(source), len(target)).to(device)
    ids = [(source.encode(a), target.encode(b)) for a, b in pairs + measuring.more_twins(recipe)]
    batches = text.Batches([(a, b) for a, b in ids if 0 < len(a) <= model.config.max_length], recipe.tokens)
    run, kept = training_state.load(where, model)
    size = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"{name}: {len(pairs):,} pairs, {len(source):,} + {len(target):,} tokens, {size:.1f} M parameters; "
          f"step {run.step if run else 0} of {steps}", flush=True)  # fmt: skip
    dtype = torch.bfloat16 if has_bfloat16(device) else None
    while (done := run.step if run else 0) < steps:
        started = time.perf_counter()
        run = fit(
            model, batches, lambda model, batch: model.loss(batch.to(device), recipe.smoothing, dtype),
            steps=min(done + recipe.every, steps), every=steps, lr=recipe.lr, clip=1.0, seed=recipe.seed, resume=run,
            schedule=lambda step: min((step + 1) / recipe.warm_up, max(1.03 - step / steps, 0.03)),
            optimizer=functools.partial(torch.optim.Adam, betas=(0.9, 0.98), fused=True), show=False,
        )  # fmt: skip
        if run.stopped:
            raise RuntimeError(f"{name}: {run.message}")
        model.eval()
        value = measuring.held_out_bleu(model, source, target, recipe)
        kept["minutes"] = kept.get("minutes", 0.0) + (time.perf_counter() - started) / 60
        losses = run.history["loss"][1][done:]
        mean = sum(losses) / len(losses)
        kept.setdefault("history", []).append([run.step, round(mean, 3), round(value, 2), round(kept["minutes"], 1)])
        print(f"{datetime.datetime.now():%H:%M:%S}  step {run.step:5}  loss {mean:.3f}  "
              f"held-out BLEU {value:5.2f}  {kept['minutes']:.1f} min", flush=True)  # fmt: skip
        if value > kept.get("best", 0.0) or recipe.keep == "last":
            kept["best"] = value
            card = _card(name, recipe, pairs, run.step, steps, kept, device, dtype)
            seen = checkpoints.fingerprints(a for a, _ in pairs)
            checkpoints.save_checkpoint(model, name, card, source=source, target=target, seen=seen)
        training_state.save(where, run, kept)
    return measuring.measure(name, recipe)


def run(name: str | None = None, steps: int | None = None, fresh: bool = False, measure_only: bool = False) -> int:
    """The command `python -m course_utils train` -> exit status."""
    if name is None:
        for known, recipe in RECIPES.items():
            there = (checkpoints.folder() / f"{known}.json").is_file()
            print(f"{known:34} {recipe.corpus:8} {recipe.steps:5} steps   {'there' if there else 'not made yet'}")
        return 0
    try:
        print(measuring.measure(name, _recipe(name)) if measure_only else train(name, steps, fresh))
    except fetching.FetchError as error:
        raise FileNotFoundError(str(error)) from None
    return 0


def _model(recipe: Recipe, source_size: int, target_size: int) -> torch.nn.Module:
    module, config = checkpoints.ARCHITECTURES[recipe.architecture]
    module = importlib.import_module(f".{module}", __package__)
    settings = getattr(module, config)(source_size, target_size, **recipe.model)
    return getattr(module, recipe.architecture)(settings)


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise ValueError(f"No checkpoint is called {name!r}; these can be trained: {', '.join(RECIPES)}.")
    return RECIPES[name]


def _vocabulary(how: tuple[str, int], found: list[str], min_count: int):
    kind, size = how
    if kind == "subwords":
        return text.Subwords.build(found, size)
    return text.Vocabulary.build(found, kind, min_count, size)


def _vocabularies(where: Path, recipe: Recipe, pairs: list) -> list:
    """Source's and target's: those a stopped training began with, else new ones, kept beside its state."""
    path = where / "vocabularies.json"
    if path.is_file():
        return [text.from_json(one) for one in json.loads(path.read_text("utf-8"))]
    rare = 1 if recipe.corpus == "grammar" else 2
    sides = zip((recipe.source, recipe.target), zip(*pairs, strict=True), strict=True)
    made = [_vocabulary(how, side, rare) for how, side in sides]
    where.mkdir(parents=True, exist_ok=True)
    files.write_atomically(path, json.dumps([one.to_json() for one in made], ensure_ascii=False))
    return made


def _card(name, recipe, pairs, step, steps, kept, device, dtype) -> dict:
    """What the JSON says of how the model was made."""
    content = "\n".join(map("\t".join, pairs))
    if recipe.corpus == "tatoeba":
        licence = {"licence": "CC BY 2.0 FR", "attribution": tatoeba.ATTRIBUTION}
    else:
        licence = {"licence": "as the course", "attribution": "the course's own corpus"}
    return {
        "name": name,
        "data": {
            "corpus": recipe.corpus, "pair": recipe.pair, "train_pairs": len(pairs),
            "split": "by source sentence", "sha256": hashlib.sha256(content.encode()).hexdigest(), **licence,
        },
        "training": {
            "command": f"python -m course_utils train {name}", "recipe": asdict(recipe), "step": step, "steps": steps,
            "seed": recipe.seed, "minutes": round(kept["minutes"], 1), "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if device.type == "cuda" else f"{device} ({platform.machine()})",
            "precision": str(dtype or torch.float32).removeprefix("torch."),
            "date": datetime.date.today().isoformat(),
            "history": {"columns": ["step", "loss", "held-out BLEU", "minutes"], "rows": list(kept["history"])},
            "versions": {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]},
        },
        "metrics": {"valid_bleu_greedy": round(kept["best"], 2)},
    }  # fmt: skip
