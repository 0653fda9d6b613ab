"""Training: `fit` shows a model batch after batch, and keeps its best state.

    run = fit(model, batches, loss, steps=200, evaluate=held_out_loss, lr=0.05)
    run = fit(model, batches, loss, steps=400, evaluate=held_out_loss, resume=run)

The second line trains 200 steps more. A run in two parts equals the run in one, bit for
bit on a CPU: batches and dropout draw from random states of the run's own
(training_state.py). One seed gives one run, and the global random states stay as they were.
"""

from __future__ import annotations

import contextlib
import math
import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from course_kit.i18n import from_cell, mark, sentences, t, tn
from course_kit.programs.arguments import real_number, whole_number
from course_kit.shell import presenting
from course_kit.training_state import State, Stop, Stream, gpus

Evaluation = Callable[[nn.Module], float | Mapping[str, float]]


def fit(
    model: nn.Module,
    batches: Iterable[Any] | Callable[[torch.Generator], Any],
    loss: Callable[[nn.Module, Any], Tensor],
    *,
    steps: int,
    lr: float | None = None,
    optimizer: Callable[..., torch.optim.Optimizer] | None = None,
    schedule: Callable[[int], float] | None = None,
    clip: float | None = None,
    evaluate: Evaluation | None = None,
    every: int | None = None,
    higher_is_better: bool = False,
    resume: Run | bool | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    title: str = "",
    compare: Mapping[str, Any] | None = None,
    show: bool = True,
) -> Run:
    """Trains the model, in place. ■, the stop button, ends it and keeps the best.

    batches    a list or DataLoader, read again and again, or a function of a generator
    loss       `loss(model, batch)` -> a tensor of one number
    steps      how many in all, resumed ones included
    lr         the learning rate: 0.01, or that of the resumed run
    optimizer  `optimizer(parameters, lr=lr)`: Adam, or that of the resumed run
    schedule   `schedule(step)` -> factor of lr, such as warm_then_fall(steps), of all steps
    clip       the largest norm of the gradient
    evaluate   `evaluate(model)` -> a held-out number, or a dict, whose first number
               says what is best; at the start, the end, and after each `every` steps
    every      steps between two evaluations; a twentieth of all
    resume     the Run of an earlier call; or True: this model's last one, if any, so that
               the same cell, run again, goes on. After a divergence: from its best state
    callbacks  see Callback
    compare    what the picture has dashed beside the curve: name -> a number, such as the
               loss of a guess, or an earlier training's `run.history["loss"]`

    A loss that is NaN or explodes ends the run and says so; it does not raise.
    """
    asked = dict(locals())  # the arguments, for callbacks
    if isinstance(batches, Iterator):
        raise ValueError("batches can be read only once; needed: a list or a DataLoader")
    if clip is not None and clip != math.inf:
        real_number("clip", clip, above=0)
    steps = to_take(whole_number("steps", steps, 1))
    every = whole_number("every", every or max(1, steps // 20), 1)
    run = new_or_resumed(model, steps, resume, lr, optimizer)
    was_training, first_step = model.training, run.step
    callbacks = [*callbacks, *(kind() for kind in ALWAYS)]
    with Stop() as stop, torch.random.fork_rng(gpus(model)):
        optim = run.make([p for p in model.parameters() if p.requires_grad], lr=run.lr)
        stream = Stream(batches, model, seed)
        evaluate_now = partial(examine, run, evaluate, higher_is_better, callbacks, stop)
        for callback in callbacks:
            callback.begin(run, asked)
        model.last_run, run.asked = run, asked  # type: ignore[assignment]
        try:
            model.train()
            restore_or_seed(run, optim, stream, seed, evaluate)
            stop.check()
            if evaluate and not run.best and not run.stopped:
                evaluate_now(State.of(run.step, optim, stream))

            while run.step < steps and not run.stopped:
                value = loss(model, next(stream))
                run.note("loss", checked_number(value, run.history["loss"][1]))
                optim.zero_grad(set_to_none=True)
                value.backward()
                if clip:
                    nn.utils.clip_grad_norm_(model.parameters(), clip)
                set_rate(optim, run.lr, schedule(run.step) if schedule else 1.0)
                optim.step()
                run.step += 1
                for callback in callbacks:
                    callback.after_step(run)
                if run.step % every == 0 or run.step == steps or run.stopped:
                    evaluate_now(State.of(run.step, optim, stream))
                stop.check()

        except KeyboardInterrupt:
            run.stopped = mark("by hand")
        except Diverged as error:
            run.stopped, run.trouble = "diverged", str(error)
        except BaseException:
            run.stopped = "error"
            raise
        finally:
            stop.over = True
            settle(run, optim, stream, evaluate)
            model.train(was_training)
            run.message = summary(run, first_step)
            for callback in callbacks:
                callback.end(run)
    return run


def to_take(steps: int) -> int:
    """So many steps; a tenth, and at least three, where COURSE_TRAININGS=short: for tests of a page whose training has
    been seen whole."""
    return min(steps, max(3, steps // 10)) if os.environ.get("COURSE_TRAININGS") == "short" else steps


def warm_then_fall(steps: int, warm_up: int = 40) -> Callable[[int], float]:
    """step -> factor of the learning rate: up in a line for `warm_up` steps, a fifth of all
    at most, then down in a line to 3 %. Where they meet it is 0.85 at the least.

    A run that is resumed with more steps has other lines: its rate jumps to where they are.
    """
    steps, warm_up = whole_number("steps", steps, 1), whole_number("warm_up", warm_up, 1)
    rises = min(warm_up, max(1, steps // 5))
    return lambda step: min((step + 1) / rises, max(1.03 - step / steps, 0.03))


class Callback:
    """What is told of a training on its way: inherit, and define what you need.

    It may end the training, after the step under way: `run.stopped = "on a plateau"`.
    """

    def begin(self, run: Run, asked: dict[str, Any]) -> None:
        """Before the first step. asked: the arguments of `fit`."""

    def after_step(self, run: Run) -> None:
        """The step is counted."""

    def after_evaluation(self, run: Run) -> None:
        """Each `every` steps, in eval mode, without gradients; ■ may cut it off."""

    def end(self, run: Run) -> None:
        """Whatever ended it. The model holds its best state; `run.message` says why."""


class Lines(Callback):
    """A few plain lines. A pipe that is closed, or has no `·`, costs no training."""

    def begin(self, run: Run, asked: dict[str, Any]) -> None:
        self.show, self.pace = asked["show"], max(1, (run.steps - run.step) // 5)
        self.due = run.step + self.pace
        with contextlib.suppress(OSError, ValueError):
            if self.show and (said := run.beginning()):
                print(said)

    def after_evaluation(self, run: Run) -> None:
        if self.show and self.due <= run.step < run.steps:
            self.due = run.step + self.pace
            with contextlib.suppress(OSError, ValueError):
                print(run.status())

    def end(self, run: Run) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.show:
                print(run.message)


ALWAYS: list[type[Callback]] = [Lines]  # of every training; set by `setup()`


@dataclass(frozen=True)
class Best:
    """The best state so far; without `evaluate` the latest loss."""

    step: int  # after how many steps
    value: float  # the first of the metrics
    metrics: dict[str, float]
    state: State | None = field(default=None, repr=False, compare=False)


@dataclass(eq=False)
class Run:
    """What a training has come to: .model .best .history (name -> steps, values), and how it ended."""

    model: nn.Module  # holds the best state (without `evaluate`: the latest sound one)
    steps: int  # asked for
    step: int = 0  # done; resuming goes on from here, not from the best
    history: dict[str, tuple[list[int], list[float]]] = field(default_factory=lambda: {"loss": ([], [])})
    samples: dict[int, str] = field(default_factory=dict)  # step -> what the model said
    best: Best | None = None
    last: State | None = None  # where to go on; on the way: the last state that is sound
    stopped: str | None = None  # "by hand", "diverged", "error", or a callback's word
    trouble: str = ""  # what was wrong, where it diverged
    message: str = ""  # what became of it, in a sentence or two
    again: str = ""  # what a second run of its cell does, if that does not begin at its top
    lr: float = 1e-2
    make: Callable[..., torch.optim.Optimizer] = torch.optim.Adam  # its optimizer
    earlier: int = 0  # steps of other runs that the model had behind it
    asked: dict[str, Any] = field(default_factory=dict, repr=False)  # the arguments of `fit`

    def __repr__(self) -> str:
        return self.message or f"{self.step} / {self.steps}"

    def resume(self) -> Run:
        """The same call of `fit`, from here on."""
        return fit(**self.asked | {"resume": self})

    def status(self, last: Callable[[Any, Any], float] = lambda steps, values: values[-1]) -> str:
        """`step 120 of 200 · loss 0.031 · held-out 0.04 · best 0.039 after step 110`; last: of steps and values the
        number that is said"""
        parts = [t("step {step} of {steps}", step=self.step, steps=self.steps)]
        parts += [f"{from_cell(name)} {last(x, y):.4g}" for name, (x, y) in self.history.items() if y]
        if self.best and self.best.state:
            parts.append(t("best {value} after step {step}", value=f"{self.best.value:.4g}", step=self.best.step))
        return " · ".join(parts)

    def beginning(self) -> str:
        """Said of a model that other runs have trained, since this one counts from 0; else ""."""
        more = t(
            "This model has {earlier} steps of training behind it and goes on from there. To begin anew, first run the "
            "cell that makes it.",
            earlier=self.earlier,
        )
        return more if self.earlier and not self.step else ""

    def note(self, name: str, value: float) -> None:
        """A number of the present step, for the history; a second one is dropped."""
        steps, values = self.history.setdefault(name, ([], []))
        if not steps or steps[-1] < self.step:
            steps.append(self.step)
            values.append(value)

    def judge(self, measured: Any, state: State, higher_is_better: bool) -> None:
        """Held-out numbers of a state: are they the best?"""
        named = measured if isinstance(measured, Mapping) else {"held-out": measured}
        metrics = {name: float(value) for name, value in named.items()}
        for name, value in metrics.items():
            self.note(name, value)
        value, sign = next(iter(metrics.values())), 1 if higher_is_better else -1
        better = not self.best or sign * value > sign * self.best.value
        if better and math.isfinite(value):
            self.best = Best(self.step, value, metrics, state)


def new_or_resumed(model: nn.Module, steps: int, resume: Any, lr: float | None, make: Any) -> Run:
    """A new Run, or the one to go on with."""
    before: Run | None = getattr(model, "last_run", None)
    if resume is True:
        resume = before
    run: Run = resume or Run(model, steps, earlier=before.earlier + before.step if before else 0)
    if run.last and not run.last.fits(model):
        raise ValueError("resume is of another model, with other parameters")
    run.model, run.steps, run.stopped = model, steps, None
    run.lr, run.make = run.lr if lr is None else lr, make or run.make
    return run


def restore_or_seed(run: Run, optim: Any, stream: Stream, seed: int, evaluate: Any) -> None:
    """All is as it was after the last step; a new run is seeded."""
    if run.last is None:
        torch.manual_seed(seed)
        run.last = State.of(run.step, optim, stream)
        return
    run.step = run.last.restore(optim, stream)
    for name, (steps, values) in run.history.items():
        last = run.step - 1 if name == "loss" else run.step
        happened = sum(step <= last for step in steps)  # not what a divergence undid
        del steps[happened:], values[happened:]
    if run.best and (run.best.state is None) == bool(evaluate):
        run.best = None  # a loss and a held-out number cannot be compared


class Diverged(ArithmeticError):
    """A training that leads nowhere."""


def checked_number(value: Tensor, before: list[float]) -> float:
    """The loss as a number, given those before it. Raises Diverged."""
    if not isinstance(value, Tensor) or value.numel() != 1:
        what = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"loss returned {what}; needed: a tensor of one number")
    if not value.requires_grad:
        raise ValueError("loss has no gradient: was it detached, or taken by .item()?")
    number = value.item()
    if not math.isfinite(number):
        raise Diverged(f"the loss is {'NaN' if math.isnan(number) else 'infinite'}")
    if len(before) >= 10:
        usual = max(abs(statistics.median(before[:10])), 1e-12)
        if all(x > 1e3 * usual for x in (*before[-4:], number)):  # five in a row
            raise Diverged(f"the loss explodes ({number:.3g}, from {before[0]:.3g})")
    return number


def set_rate(optim: torch.optim.Optimizer, lr: float, factor: float) -> None:
    """The learning rate of this step."""
    if not factor >= 0:
        raise ValueError(f"schedule gave {factor}; needed: a factor of lr, from 0 on")
    for group in optim.param_groups:
        group["lr"] = lr * factor


def examine(
    run: Run,
    evaluate: Evaluation | None,
    higher_is_better: bool,
    callbacks: Sequence[Callback],
    stop: Stop,
    state: State,
) -> None:
    """Keeps a sound state, and the best one. Leaves no trace in what comes after."""
    if not all(p.isfinite().all() for p in run.model.parameters()):
        raise Diverged("the weights are no longer finite")
    losses = run.history["loss"][1]
    if evaluate or not losses or losses[-1] <= losses[0] + 9 * abs(losses[0]):
        run.last = state  # ten times the first loss may be on its way to infinity
    run.model.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(gpus(run.model)), stop.at_once():
            if evaluate:
                run.judge(evaluate(run.model), state, higher_is_better)
            for callback in callbacks:
                callback.after_evaluation(run)
    finally:
        run.model.train()


def settle(run: Run, optim: Any, stream: Stream, evaluate: Any) -> None:
    """A sound state to go on from, and the best one in the model, whatever happened."""
    best = run.best.state if run.best else None
    diverged = run.stopped == "diverged"
    safe = best if best and diverged else run.last
    if safe and (diverged or stream.taken != run.step):  # a batch was taken, and its step is not done
        run.step = safe.restore(optim, stream)
    run.last = State.of(run.step, optim, stream)
    if best:
        run.model.load_state_dict(best.model)
    elif run.step and not evaluate:
        loss = run.history["loss"][1][run.step - 1]
        run.best = Best(run.step, loss, {"loss": loss})


def summary(run: Run, first: int) -> str:
    """What became of a run that began after so many steps."""
    best = ""
    if run.best:
        name, value = next(iter(run.best.metrics.items()))
        told = {"name": from_cell(name), "value": f"{value:.4g}", "step": run.best.step}
        best = t("Best {name}: {value}, after step {step}.", **told)
        if not run.best.state:  # the last point of the picture: the mean of a fortieth
            losses = run.history["loss"][1][: run.step]
            last = losses[-max(1, len(losses) // 40) :] if len(losses) > 80 else losses[-1:]
            best = t("Loss: {mean}.", mean=f"{statistics.mean(last):.3g}")
    told = {"step": run.step, "steps": run.steps, "trouble": run.trouble}
    if run.stopped == "diverged" and not run.history["loss"][1]:
        return t("Stopped at the first step: {trouble} from the start. Look at the data and the loss.", **told)
    if run.stopped == "diverged":
        told |= {"when": run.history["loss"][0][-1] + 1, "held": run.best.step if run.best else run.step}
        told |= {"lr": f"{run.lr:g}", "lr2": f"{run.lr / 10:g}"}
        said = t(
            "Stopped at step {when}: {trouble}. The learning rate, {lr}, is probably too large; try lr={lr2}. The "
            "model holds its state after step {held}.",
            **told,
        )
        return sentences(said, best)
    if run.stopped:
        said = {
            "error": t("Stopped by an error after {step} of {steps} steps.", **told),
            "by hand": t("Stopped by hand after {step} of {steps} steps.", **told),
        }.get(run.stopped) or t("Stopped {how} after {step} of {steps} steps.", how=t(run.stopped), **told)
        goes_on = run.step and run.asked.get("resume")
        more = ""
        if run.step and not goes_on and not presenting():  # a class is shown no new cell
            more = t("To go on from step {step}, write `run = run.resume()` in a new cell.", **told)
        held = t("The model is as it was then.") if run.best and run.best.state and run.best.step < run.step else ""
        unfinished = run.stopped == "by hand" and run.step < run.steps
        whole = t("The course’s text is about a finished run.") if unfinished else ""
        again = run.again or t("Run the cell again: it begins at its top.")
        if goes_on:
            again = t("Run the cell again: it goes on from step {step}.", **told)
        return sentences(said, best, held, whole, again, more)
    if first == run.step:
        more = t("For more, ask for more: steps={step}.", step=2 * run.step)
        return sentences(t("{step} steps are done already.", **told), best, more)
    return sentences(tn("{n} step.", "{n} steps.", run.step), best)
