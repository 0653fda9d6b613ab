"""Training in class: `fit` shows where it is, stops when told to, keeps the best, and resumes where it stopped.

    run = fit(model, batches, loss, steps=200, evaluate=held_out_loss, lr=0.05)
    run = fit(model, batches, loss, steps=400, evaluate=held_out_loss, resume=run)  # 200 more

A run in two parts equals the run in one, bit for bit on a CPU: batches and dropout draw from random states of the
run's own. So the same seed gives the same run, and training leaves the global random states alone. In a workbook the
result is kept on disk (kept.py).
"""

from __future__ import annotations

import copy
import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from course_kit.keeping import kept
from course_kit.runtime import PROFILES, choice
from torch import Tensor, nn

from course_utils.checks import described, flag, misfit, real_number, text, whole_number
from course_utils.training.display import Progress, Stop
from course_utils.training.run import Best, Run, random_states, set_random_states

LR = 1e-2
EXPLODED = 1e3  # five losses in a row this many times the first ten: diverged


@dataclass(frozen=True)
class Settings:
    """How a training goes, beside what it learns from: keywords of `fit`."""

    lr: float | None = (
        None  # the learning rate, 0.01 by default; on resuming, that of the earlier call
    )
    optimizer: Callable[..., torch.optim.Optimizer] | None = (
        None  # optimizer(parameters, lr=…); Adam by default
    )
    schedule: Callable[[int], float] | None = None  # step -> factor of lr
    clip: float | None = None  # the largest norm of the gradient
    every: int | None = (
        None  # steps between two evaluations; a twentieth of all by default
    )
    higher_is_better: bool = False  # of the first held-out number
    samples: Callable[[nn.Module], Any] | None = (
        None  # samples(model) -> text shown beside the curve
    )
    dtype: torch.dtype | None = (
        None  # torch.bfloat16: products in half precision (see runtime.has_bfloat16)
    )
    budget_s: float | None = None  # seconds at most, for this call
    tensorboard: str | None = None  # a folder to write a log to
    show: bool = True  # False is silent
    team: Any = None  # the processes that share the batches (chapters/ch07/distributed.py); without: this one

    def __post_init__(self):
        for name in ("lr", "clip", "budget_s"):
            real_number(
                name, 1.0 if getattr(self, name) is None else getattr(self, name), above=0
            )
        for name in ("optimizer", "schedule", "samples"):
            _function(name, getattr(self, name))
        whole_number("every", 1 if self.every is None else self.every, 1)
        flag("higher_is_better", self.higher_is_better), flag("show", self.show)


def fit(
    model: nn.Module,
    batches: Iterable | Callable[[torch.Generator], Any],
    loss: Callable[[nn.Module, Any], Tensor],
    *,
    steps: int | Mapping[str, int],
    evaluate: Callable[[nn.Module], float | Mapping[str, float]] | None = None,
    resume: Run | bool | None = None,
    seed: int = 0,
    title: str = "",
    **settings: Any,
) -> Run:
    """Trains the model, in place, and returns a Run. ■ (KeyboardInterrupt) ends it early and keeps the best.

    batches   a list or DataLoader (iterated again and again), or a function `batches(generator) -> batch`
    loss      `loss(model, batch)` -> scalar tensor
    steps     how many in all, resumed ones included; or {"class": 200, "full": 2000}, chosen by COURSE_PROFILE
    evaluate  `evaluate(model)` -> held-out number, or a dict of them, the first of which decides what is best; runs at
              the start, after each `every` steps and at the end, in eval mode, without gradients
    resume    the Run of an earlier call; or True: the last one of this model, if any, so that the same cell, run again,
              resumes where it was stopped. After a divergence that is the best state, and lr should be smaller
    seed      of a new run; one that is resumed keeps its own random states
    settings  lr, optimizer, schedule, clip, every, higher_is_better, samples, show and more: see Settings

    Raises ValueError or TypeError for settings that cannot work, saying which. A loss that is NaN or explodes ends the
    run and says so; it does not raise.
    """
    steps, options = _steps(steps), _settings(settings)
    if resume is True:
        resume = getattr(model, "last_run", None)
    resume = resume or None
    _check(model, batches, loss, evaluate, resume, seed, title)
    place = kept.training(
        model, resume, title, steps, batches=batches, loss=loss, evaluate=evaluate, seed=seed,
        settings=dataclasses.replace(options, samples=None, show=True, budget_s=None), optimizer=options.optimizer,
    )  # fmt: skip
    kept_run = place.bring_back(model) if place else None
    run = kept_run or resume or Run(model, steps, history={"loss": ([], [])})
    progress = Progress(
        run, title or "Training", options.show, apart=options.higher_is_better
    )
    if kept_run:
        model.last_run = run
        progress.finish()
        return run
    run.model, run.steps, run.stopped = model, steps, None
    with Stop() as stop:
        training = _Training(run, batches, evaluate, options, seed)
        model.last_run = run
        try:
            training.begin(resume, stop)
            while run.step < steps and not run.stopped:
                batch = training.next_batch()
                value = training.loss_of(loss, batch)
                if training.diverged(value):
                    break
                training.optimizer.zero_grad(set_to_none=True)
                value.backward()
                if options.team:
                    options.team.add_gradients(model)
                if options.clip:
                    nn.utils.clip_grad_norm_(model.parameters(), options.clip)
                training.set_learning_rate()
                training.optimizer.step()
                training.step_is_done(stop)
                progress.update()
                stop.check()
        except KeyboardInterrupt:
            run.stopped = "by hand"
            if kept.resuming():
                raise
        except BaseException:
            run.stopped = "error"
            raise
        finally:
            stop.finishing = True
            training.finish()
            progress.finish()
    if place:
        place.keep(run)
    return run


class _Training:
    """What surrounds the loop of `fit`: the stream of batches, and the states between which a run can always choose."""

    def __init__(
        self,
        run: Run,
        batches: Any,
        evaluate: Callable | None,
        options: Settings,
        seed: int,
    ):
        self.run, self.model, self.batches, self.evaluate, self.options = (
            run,
            run.model,
            batches,
            evaluate,
            options,
        )
        self.seed, self.writer, self.outside = (
            seed,
            _writer(options.tensorboard),
            random_states(run.model),
        )
        self.was_training, self.started = run.model.training, time.monotonic()
        self.make = options.optimizer or run._last.get("make") or torch.optim.Adam
        self.lr = run._last.get("lr", LR) if options.lr is None else options.lr
        self.optimizer = self.make(
            [p for p in self.model.parameters() if p.requires_grad], lr=self.lr
        )
        self.generator = torch.Generator().manual_seed(seed)
        self.stream, self.pass_began, self.position = (
            None,
            None,
            0,
        )  # pass_began: random states at its beginning
        self.safe: dict | None = run._last or None
        self.torn, self.trouble, self.first = False, "", run.step
        self.every = options.every or max(1, run.steps // 20)
        self.sign = -1 if options.higher_is_better else 1

    def begin(self, resume: Run | None, stop: Stop) -> None:
        """The random states, weights and optimizer of this run, as they were when it stopped; or the first look."""
        self.model.train()
        if resume is None:
            torch.manual_seed(self.seed)
        else:
            self.torn = True
            self.restore(resume._last)
            for name, (
                at,
                values,
            ) in self.run.history.items():  # what lies after a divergence did not happen
                last = (
                    self.run.step - 1 if name == "loss" else self.run.step
                )  # a loss is noted before its step counts
                sound = sum(s <= last for s in at)
                del at[sound:], values[sound:]
            if self.run._judged and (self.run._judged[1] is None) == bool(self.evaluate):
                self.run._judged = None  # the best so far was judged by another measure: a loss, or a held-out number
        self.safe, self.torn = self.state(), False
        stop.check()
        if self.evaluate and not self.run.best:
            self.measure(stop)

    # ---- one step
    def next_batch(self) -> Any:
        """The next batch. To resume in the middle of a pass, the pass is begun again as it was and skipped to there."""
        self.torn = True
        if callable(self.batches) and not isinstance(self.batches, Iterable):
            return self.batches(self.generator)
        if self.stream is None and self.position:
            now = random_states(self.model)
            set_random_states(self.model, self.pass_began)
            self.stream = iter(self.batches)
            for _ in range(self.position):
                next(self.stream)
            set_random_states(self.model, now)
        for _ in range(2):
            if self.stream is None:
                self.pass_began, self.position = random_states(self.model), 0
                self.stream = iter(self.batches)
            for batch in self.stream:
                self.position += 1
                return batch
            self.stream = None
        raise ValueError("batches is empty: give at least one batch")

    def loss_of(self, loss: Callable, batch: Any) -> Tensor:
        """The loss of a batch, or of this process's share in it: a scalar tensor with a gradient."""
        team, dtype = self.options.team, self.options.dtype
        with torch.autocast(
            next(self.model.parameters()).device.type, dtype, enabled=dtype is not None
        ):
            value = (
                team.loss(loss, self.model, batch, self.run.step)
                if team
                else loss(self.model, batch)
            )
        if not isinstance(value, Tensor):
            kind = type(value).__name__
            raise ValueError(
                f"loss returned {kind}; needed: a scalar tensor, such as a mean of squared errors"
            )
        if value.numel() != 1:
            raise ValueError(
                f"loss returned shape {list(value.shape)}; needed: one number: take its mean"
            )
        if not value.requires_grad:
            raise ValueError(
                "loss does not depend on the model's parameters: was it detached, or taken by .item()?"
            )
        return value

    def diverged(self, value: Tensor) -> bool:
        """Notes the number of this step; True, and the end of the run before the update, if the loss has diverged."""
        self.number = (
            self.options.team.total(value.item()) if self.options.team else value.item()
        )
        self.trouble = _diverged(self.number, self.run.history["loss"][1])
        if self.trouble:
            self.run.stopped = "diverged"
        return bool(self.trouble)

    def set_learning_rate(self) -> None:
        """The rate of this step: lr times what the schedule says."""
        schedule = self.options.schedule
        factor = (
            real_number("schedule(step)", schedule(self.run.step), least=0)
            if schedule
            else 1.0
        )
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * factor

    def step_is_done(self, stop: Stop) -> None:
        """Counts the step, looks at the clock, and measures where it is time to."""
        run, budget = self.run, self.options.budget_s
        run.record("loss", self.number)
        run.step += 1
        self.torn = False
        if (
            budget is not None
            and time.monotonic() - self.started >= budget
            and run.step < run.steps
        ):
            run.stopped = "time"
        if run.step % self.every == 0 or run.step == run.steps or run.stopped:
            self.measure(stop)
            if self.writer:
                for name, (at, values) in run.history.items():
                    if values:
                        self.writer.add_scalar(name, values[-1], at[-1])

    def measure(self, stop: Stop) -> None:
        """Held-out metrics of the present state; the best state is kept. Leaves no trace in what comes after."""
        if not all(p.isfinite().all() for p in self.model.parameters()):
            self.run.stopped, self.torn, self.trouble = (
                "diverged",
                True,
                "the weights are no longer finite",
            )
            return
        state, losses, samples = (
            self.state(),
            self.run.history["loss"][1],
            self.options.samples,
        )
        if (
            self.evaluate or not losses or losses[-1] <= losses[0] + 9 * abs(losses[0])
        ):  # else it may be on its way to infinity
            self.safe = state
        if not self.evaluate:
            return
        try:
            self.model.eval()
            with torch.no_grad(), stop.at_once():
                metrics = self.evaluate(self.model)
                self.run.samples = samples(self.model) if samples else None
        finally:
            self.model.train()
            set_random_states(self.model, state["random"])
        metrics = metrics if isinstance(metrics, Mapping) else {"held-out": metrics}
        try:
            metrics = {name: float(value) for name, value in metrics.items()}
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(
                f"evaluate returned {described(metrics)}; needed: a number, or a dict of them"
            ) from None
        for name, value in metrics.items():
            self.run.record(name, value)
        value, best = next(iter(metrics.values())), self.run.best
        if math.isfinite(value) and (
            best is None or self.sign * value < self.sign * best.value
        ):
            self.run._judged = Best(self.run.step, value, metrics), state

    # ---- the states between which a run can choose
    def state(self) -> dict:
        """Everything that the next step depends on, copied."""
        return {
            "model": {name: x.detach().clone() for name, x in self.model.state_dict().items()},
            "optimizer": copy.deepcopy(self.optimizer.state_dict()), "random": random_states(self.model),
            "generator": self.generator.get_state(), "pass_began": self.pass_began, "position": self.position,
            "step": self.run.step, "lr": self.lr, "make": self.make,
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        """Back to what `state` gave."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        self.generator.set_state(state["generator"])
        self.pass_began, self.position, self.stream = (
            state["pass_began"],
            state["position"],
            None,
        )
        self.run.step = state["step"]
        set_random_states(self.model, state["random"])

    def finish(self) -> None:
        """A sound state to resume from, and the best state in the model, whatever has just happened."""
        run = self.run
        best = run._judged[1] if run._judged else None
        sound = best if best and run.stopped == "diverged" else self.safe
        if self.torn and sound:
            self.restore(sound)
        run._last = self.state()
        if best:
            self.model.load_state_dict(best["model"])
        elif run.step and not self.evaluate:
            value = run.history["loss"][1][run.step - 1]
            run._judged = Best(run.step, value, {"loss": value}), None
        self.model.train(self.was_training)
        set_random_states(self.model, self.outside)
        if self.writer:
            self.writer.close()
        run.message = self.message()

    def message(self) -> str:
        """What became of it, in a sentence or two."""
        run, best = self.run, ""
        if run.best:
            name, value = next(iter(run.best.metrics.items()))
            best = f" Best {name}: {value:.4g}, after step {run.best.step}."
            best = best if self.evaluate else f" Loss: {value:.4g}."
        if run.stopped == "diverged":
            if not run.history["loss"][0]:
                return f"Stopped at the first step: {self.trouble} from the start. Look at the data and the loss."
            return (
                f"Stopped at step {run.history['loss'][0][-1] + 1}: {self.trouble}. The learning rate, {self.lr:g}, is "
                f"probably too large; try lr={self.lr / 10:g}. The model holds its state after step "
                f"{run.best.step if run.best else run.step}.{best}"
            )
        if run.stopped:
            why = {"time": "by the clock", "error": "by an error"}.get(
                run.stopped, run.stopped
            )
            return f"Stopped {why} after {run.step} of {run.steps} steps.{best} To go on, call again with resume=run."
        if self.first == run.step:
            return f"{run.step} steps are done already.{best} For more, ask for more: steps={2 * run.step}."
        return f"{run.step} steps.{best}"


def _settings(given: Mapping[str, Any]) -> Settings:
    known = [field.name for field in dataclasses.fields(Settings)]
    if wrong := [name for name in given if name not in known]:
        raise TypeError(f"fit has no setting {wrong[0]!r}; there are: {', '.join(known)}")
    return Settings(**given)


def _steps(steps: int | Mapping[str, int]) -> int:
    if isinstance(steps, Mapping):
        profile = choice("COURSE_PROFILE", "class", PROFILES)
        if profile not in steps:
            raise ValueError(
                f"steps names {', '.join(map(repr, steps))}; needed: {profile!r}, the present profile"
            )
        steps = steps[profile]
    return whole_number("steps", steps, 1)


def _function(name: str, given: Any) -> None:
    if given is not None and not callable(given):
        raise TypeError(f"{name} is {described(given)}; needed: a function, or nothing")


def _check(
    model,
    batches: Any,
    loss: Any,
    evaluate: Any,
    resume: Run | None,
    seed: int,
    title: str,
) -> None:
    whole_number("seed", seed, -(2**63), 2**63 - 1)
    text("title", title)
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is {described(model)}; needed: an nn.Module")
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError(
            f"{type(model).__name__} has no parameter to train; was it made with learnable=True?"
        )
    if not callable(loss):
        raise TypeError(
            f"loss is {described(loss)}; needed: a function: loss(model, batch) -> scalar tensor"
        )
    _function("evaluate", evaluate)
    if isinstance(batches, Iterator):
        raise ValueError(
            "batches can be read only once; needed: a list, a DataLoader, or a function of a generator"
        )
    if isinstance(batches, str | bytes) or not (
        callable(batches) or isinstance(batches, Iterable | Sequence)
    ):
        raise TypeError(
            f"batches is {described(batches)}; needed: a list, a DataLoader, or a function of a generator"
        )
    if resume is not None:
        if not isinstance(resume, Run):
            raise TypeError(
                f"resume is {described(resume)}; needed: the Run of an earlier call, True, or nothing"
            )
        if wrong := misfit(model.state_dict(), resume._last["model"]):
            raise ValueError(f"resume belongs to another model: {wrong}; leave it out")


def _diverged(number: float, before: list[float]) -> str:
    """What is the matter with a loss, given those before it; "" if nothing is."""
    if not math.isfinite(number):
        return "the loss is NaN" if math.isnan(number) else "the loss is infinite"
    recent = [*before[-4:], number]
    if len(before) >= 10 and min(recent) > EXPLODED * max(
        abs(statistics.median(before[:10])), 1e-12
    ):
        return f"the loss explodes ({number:.3g}, from {before[0]:.3g})"
    return ""


def _writer(folder: str | None) -> Any:
    if folder is None:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ModuleNotFoundError(
            "TensorBoard is not installed. Run `pip install tensorboard`, or leave `tensorboard=` out: the curve is "
            "shown here anyway."
        ) from None
    return SummaryWriter(folder)
