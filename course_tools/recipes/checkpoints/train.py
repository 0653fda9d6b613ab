"""How each checkpoint was made, and is made again: `course train NAME`.

Every few minutes the whole state is kept in build/train/NAME/, from where the same command resumes, and the best model
so far, by a number on held-out data, in data/checkpoints/. At the end it is measured on the test data.

A recipe (recipes.toml) says what; its `measure(name)` writes test results into the card, and its class in TASKS gives
the rest: `model`, `batches`, `loss(model, batch)`; `score(model)` on held-out data, with `metric` (its name), `key` (in
the card) and `sign` (1: higher is better); `data` (of the card); `vocabularies` and `seen`, or `save(model, name,
card)` instead of these two where a model is not kept whole.
"""

import datetime
import platform
import shutil
import time
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from chapters.ch07 import optimizers
from course_kit import checkpoints, fetching, files
from course_kit.callbacks import in_bfloat16
from course_kit.runs import checkpoint_writer, state
from course_kit.runtime import DEVICES, choice, has_bfloat16, pick_device
from course_kit.training import Run, fit, warm_then_fall

from .bert import FineTuning, FineTuningRecipe, PreTraining, StoriesRecipe
from .language import LanguageRecipe, Writing
from .masked import Filling, MaskedRecipe
from .translation import Continuing, LinesRecipe, Recipe, Translating

STATE = "state.safetensors"  # what a stopped training has kept, in build/train/NAME
KINDS = {
    "translation": (Recipe, Translating),
    "lines": (LinesRecipe, Continuing),
    "language": (LanguageRecipe, Writing),
    "masked": (MaskedRecipe, Filling),
    "stories": (StoriesRecipe, PreTraining),
    "task": (FineTuningRecipe, FineTuning),
}
TASKS = dict(KINDS.values())


def _read() -> dict:
    """{name: recipe} of recipes.toml."""
    text, recipes = Path(__file__).with_name("recipes.toml").read_text(encoding="utf-8"), {}
    for name, settings in tomllib.loads(text).items():
        recipes[name] = KINDS[settings.pop("kind")][0](**settings)
    return recipes


RECIPES = _read()


def train(name: str, steps: int | None = None, fresh: bool = False) -> Path:
    """Train a checkpoint, or resume where the last call was stopped, and measure it -> the path of its JSON.

    steps: other than the recipe's; fresh: forget what an earlier call has kept.
    Raises ValueError for an unknown name, and what `data.fetch` raises where the corpus cannot be had.
    """
    recipe, where = _recipe(name), files.course_folder() / "build" / "train" / name
    steps = steps or recipe.steps
    if fresh:
        shutil.rmtree(where, ignore_errors=True)
    torch.manual_seed(recipe.seed)
    task = TASKS[type(recipe)](recipe, where)
    device = pick_device(choice("COURSE_DEVICE", "auto", DEVICES))
    model, dtype = task.model.to(device), torch.bfloat16 if has_bfloat16(device) else None

    def on_device(model: torch.nn.Module, batch: Any) -> torch.Tensor:
        return task.loss(model, batch.to(device))

    loss = in_bfloat16(on_device) if dtype else on_device
    make: Any = optimizers.maker(getattr(recipe, "optimizer", "adamw"), model, recipe.decay)
    run, kept = _kept(where / STATE, model, name)
    size = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"{name}: {task}, {size:.1f} M parameters; step {run.step if run else 0} of {steps}", flush=True)
    while (done := run.step if run else 0) < steps:
        started = time.perf_counter()
        run = fit(
            model, task.batches, loss,
            steps=min(done + recipe.every, steps), every=steps, lr=recipe.lr, clip=1.0, seed=recipe.seed, resume=run,
            schedule=warm_then_fall(steps, recipe.warm_up),
            optimizer=make, show=False,
        )  # fmt: skip
        if run.stopped:
            raise RuntimeError(f"{name}: {run.message}")
        model.eval()
        value = task.score(model)
        kept["minutes"] = kept.get("minutes", 0.0) + (time.perf_counter() - started) / 60
        losses = run.history["loss"][1][done:]
        mean = sum(losses) / len(losses)
        kept.setdefault("history", []).append([run.step, round(mean, 3), round(value, 4), round(kept["minutes"], 1)])
        print(f"{datetime.datetime.now():%H:%M:%S}  step {run.step:5}  loss {mean:.3f}  "
              f"{task.metric} {value:7.4g}  {kept['minutes']:.1f} min", flush=True)  # fmt: skip
        if "best" not in kept or task.sign * value > task.sign * kept["best"] or recipe.keep == "last":
            kept["best"] = value
            card = _card(name, recipe, task, run.step, steps, kept, device, dtype)
            if hasattr(task, "save"):
                task.save(model, name, card)
            else:
                checkpoint_writer.save_checkpoint(model, name, card, **task.vocabularies, seen=task.seen)
        where.mkdir(parents=True, exist_ok=True)
        files.write_atomically(where / STATE, state.pack(run, **kept))
    return recipe.measure(name)


def _kept(path: Path, model: torch.nn.Module, name: str) -> tuple[Run | None, dict]:
    """What a stopped training has kept, if there is one. Raises ValueError where the file is damaged."""
    if not path.is_file():
        return None, {}
    try:
        return state.unpack(path, model)
    except ValueError as error:
        raise ValueError(f"{error}. `course train {name} --fresh` begins anew") from None


def run(name: str | None = None, fresh: bool = False) -> int:
    """The command `course train` -> exit status."""
    if name is None:
        for known, recipe in RECIPES.items():
            there = (checkpoints.folder() / f"{known}.json").is_file()
            print(f"{known:34} {recipe.corpus:12} {recipe.steps:5} steps   {'there' if there else 'not made yet'}")
        return 0
    try:
        print(train(name, fresh=fresh))
    except fetching.FetchError as error:
        raise FileNotFoundError(str(error)) from None
    return 0


def _recipe(name: str) -> Any:
    if name not in RECIPES:
        raise ValueError(f"No checkpoint is called {name!r}; these can be trained: {', '.join(RECIPES)}.")
    return RECIPES[name]


def _card(name: str, recipe: Any, task: Any, step: int, steps: int, kept: dict, device: Any, dtype: Any) -> dict:
    """What the JSON says of how the model was made."""
    return {
        "name": name,
        "data": task.data,
        "training": {
            "command": f"course train {name}", "recipe": asdict(recipe), "step": step, "steps": steps,
            "seed": recipe.seed, "minutes": round(kept["minutes"], 1), "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if device.type == "cuda" else f"{device} ({platform.machine()})",
            "precision": str(dtype or torch.float32).removeprefix("torch."),
            "date": datetime.date.today().isoformat(),
            "history": {"columns": ["step", "loss", task.metric, "minutes"], "rows": list(kept["history"])},
            "versions": {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]},
        },
        "metrics": {task.key: round(kept["best"], 4)},
    }  # fmt: skip
