"""Scaling on paper: what a model of N parameters trained on D tokens costs, and the loss that the law of Chinchilla
expects of it. Its functions are those of the lab: `flops`, `loss`, `best`."""

from typing import NamedTuple

import numpy as np

from course_utils.views.live import shell
from course_utils.views.table import TextTable
from course_utils.views.view import View


class Law(NamedTuple):
    """loss = E + A / N^alpha + B / D^beta, in nats per token."""

    E: float
    A: float
    B: float
    alpha: float
    beta: float


# Hoffmann et al. 2022, "Training compute-optimal large language models", section 3.3 and appendix D.3: fitted to more
# than 400 models of 70 million to 16 billion parameters, trained on 5 to 500 billion tokens
CHINCHILLA = Law(1.69, 406.4, 410.7, 0.34, 0.28)
FITTED = {"N": (70e6, 16e9), "D": (5e9, 500e9)}
# parameters and tokens: Brown et al. 2020, table 2.1 and section 2.2; Rae et al. 2021; Hoffmann et al. 2022
MODELS = {"GPT-3": (175e9, 300e9), "Gopher": (280e9, 300e9), "Chinchilla": (70e9, 1.4e12)}
MACHINES = {"10¹² FLOP/s": 1e12, "10¹⁴ FLOP/s": 1e14, "10¹⁷ FLOP/s": 1e17}
LIMITS = {"N": (1e5, 1e13), "D": (1e6, 1e15)}


def flops(N, D):
    """Operations of a training, 6 for each parameter and token: 2 forwards, 4 backwards. Kaplan et al. 2020."""
    return 6 * N * D


def loss(N, D, law: Law = CHINCHILLA):
    """What the law expects of N parameters and D tokens, in nats per token."""
    return law.E + law.A / N**law.alpha + law.B / D**law.beta


def best(compute, law: Law = CHINCHILLA):
    """(N, D) with the lowest loss among all that cost `compute` operations, 6ND."""
    ratio = law.alpha * law.A / (law.beta * law.B)
    N = ratio ** (1 / (law.alpha + law.beta)) * (compute / 6) ** (law.beta / (law.alpha + law.beta))
    return N, compute / 6 / N


class ScalingLaw(View):
    """See `scaling_law`."""

    kind = "scaling_law"
    modules = ("core", "chart", "scaling_law")
    size = (7.2, 3.6)

    @property
    def law(self) -> Law:
        return Law(*self.options["law"])

    @property
    def numbers(self) -> dict:
        """flops, loss, its three parts, the best N and D for the same operations and their loss, hours."""
        N, D, law = self.state["N"], self.state["D"], self.law
        cost = flops(N, D)
        best_N, best_D = best(cost, law)
        return {
            "flops": cost,
            "loss": loss(N, D, law),
            "parts": (law.E, law.A / N**law.alpha, law.B / D**law.beta),
            "best_N": best_N,
            "best_D": best_D,
            "best_loss": loss(best_N, best_D, law),
            "hours": cost / self.options["machines"][self.state["machine"]] / 3600,
        }

    @property
    def extrapolates(self) -> bool:
        """Whether N or D lies outside of what the law was fitted to."""
        return not all(FITTED[x][0] <= self.state[x] <= FITTED[x][1] for x in "ND")

    def describe(self) -> str:
        n, (floor, small, little) = self.numbers, self.numbers["parts"]
        text = f"A model of {short(self.state['N'])} parameters on {short(self.state['D'])} tokens takes "
        text += f"{n['flops']:.2e} operations, {duration(n['hours'])} at {self.state['machine']}. Expected loss "
        text += f"{n['loss']:.3f} nats per token: {floor:.2f} that stays, {small:.3f} for the size of the model, "
        text += f"{little:.3f} for the amount of text. For the same operations the best is {short(n['best_N'])} "
        text += f"parameters and {short(n['best_D'])} tokens: {n['best_loss']:.3f}."
        return text + (" The law was not fitted to models of this size." if self.extrapolates else "")

    def table(self) -> TextTable:
        n, law = self.numbers, self.law
        rows = [
            ["these sliders", self.state["N"], self.state["D"]],
            ["best for the same cost", n["best_N"], n["best_D"]],
        ]
        rows += [[name, *pair] for name, pair in self.options["models"].items()]
        speed = self.options["machines"][self.state["machine"]]
        rows = [
            [
                name,
                short(N),
                short(D),
                f"{flops(N, D):.2e}",
                f"{loss(N, D, law):.3f}",
                duration(flops(N, D) / speed / 3600),
            ]
            for name, N, D in rows
        ]
        return TextTable(["model", "parameters", "tokens", "operations", "loss", self.state["machine"]], rows)

    def draw(self, figure) -> None:
        from course_utils.views import picture

        axes, n, law = figure.subplots(), self.numbers, self.law
        sizes = np.geomspace(*LIMITS["N"], 400)
        axes.plot(sizes, loss(sizes, n["flops"] / 6 / sizes, law), color="#1b2430")
        path = best(np.geomspace(1e11, 1e30, 200), law)
        axes.plot(path[0], loss(*path, law), "--", color="#806f2e", lw=1.2)
        axes.axhline(law.E, color="#9aa5b1", lw=1)
        axes.plot(n["best_N"], n["best_loss"], "D", color="#806f2e", ms=8)
        axes.plot(self.state["N"], n["loss"], "o", color=picture.COLOURS["output"], ms=9)
        axes.annotate(f"{n['loss']:.2f}", (self.state["N"], n["loss"]), (9, 6), textcoords="offset points",
                      color=picture.COLOURS["output"], weight="bold")  # fmt: skip
        axes.set(xscale="log", yscale="log", xlim=LIMITS["N"], ylim=(1.5, 6))
        axes.set(xlabel="parameters", ylabel="loss, nats per token")
        axes.set_yticks(range(2, 7), map(str, range(2, 7)))
        axes.minorticks_off()
        axes.set_title(f"all models that cost {n['flops']:.1e} operations (diamond: the best)")


def scaling_law(
    *,
    parameters=1e9,
    tokens=20e9,
    machines=None,
    machine=None,
    models=None,
    law=CHINCHILLA,
    title="A larger model, or more text?",
    caption="Curve: all models for the same operations, 6ND. [output|Dot]: these sliders. Diamond: the best of the "
    "curve. Dashed: the best for every budget.",
    live=False,
    presenting=None,
):
    """Chinchilla's law on paper: parameters and tokens, what they cost, the loss to expect, and what would be better.

    parameters N: 10⁵ to 10¹³; tokens D: 10⁶ to 10¹⁵. machines: {name: operations per second that it sustains}, as you
    measured or assume them; machine: the one chosen at first. models: {name: (N, D)} to compare with; by default GPT-3,
    Gopher and Chinchilla. law: Law(E, A, B, alpha, beta), by default the published constants.
    live=True: Python reads `N`, `D`, `machine`. Returns a view: .numbers and what all have.
    Raises ValueError that says what was given, what is needed, what to do. Source: Hoffmann et al. 2022.
    """
    machines, models = dict(MACHINES if machines is None else machines), dict(MODELS if models is None else models)
    law = Law(*law)
    machine = next(iter(machines), None) if machine is None else machine
    if machine not in machines or not all(0 < float(s) < np.inf for s in machines.values()):
        raise ValueError(
            f"machine {machine!r} of machines {machines}; needed: one of {list(machines)}, each with the operations "
            "per second that it sustains, above 0"
        )
    for name, N, D in [("parameters and tokens", parameters, tokens), *((m, *pair) for m, pair in models.items())]:
        for x, value in (("N", N), ("D", D)):
            if not LIMITS[x][0] <= value <= LIMITS[x][1]:
                low, high = LIMITS[x]
                raise ValueError(f"{name}: {x} is {value:g}; needed: a number from {low:g} to {high:g}")
    if not all(0 < c < np.inf for c in law):
        raise ValueError(f"law is {law}; needed: five numbers above 0, E, A, B, alpha, beta")
    state = {"N": float(parameters), "D": float(tokens), "machine": machine}
    values = {
        x: [float(f"{v:.3g}") for v in 10 ** np.arange(*np.log10(LIMITS[x]), 0.05)] + [LIMITS[x][1]] for x in LIMITS
    }
    menu = {"kind": "choice", "name": "machine", "label": "machine", "options": list(machines), "menu": True}
    ranges = [
        {"kind": "range", "name": x, "label": label, "values": sorted({*values[x], state[x]})}
        for x, label in (("N", "parameters N"), ("D", "tokens D"))
    ]
    options = {"machines": {m: float(s) for m, s in machines.items()}, "models": models, "law": list(law)}
    options |= {"limits": LIMITS, "fitted": FITTED}
    controls = [*ranges, menu, {"kind": "button", "name": "reset", "label": "reset"}]
    return shell(ScalingLaw(title, caption, {}, state, controls, options, presenting), live)


def short(x: float) -> str:
    """A large number as one reads it: 1.4 trillion, 70 billion, 124 million."""
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if x >= 0.9995 * size:
            return f"{x / size:.3g} {name}" if x / size < 999.5 else f"{round(x / size):,} {name}"
    return f"{x:.3g}"


def duration(hours: float) -> str:
    """A time as one says it: seconds, minutes, hours, days, years."""
    for size, name in ((8760, "years"), (24, "days"), (1, "hours"), (1 / 60, "minutes")):
        if hours >= 2 * size:
            return f"{hours / size:,.0f} {name}" if hours / size >= 10 else f"{hours / size:.1f} {name}"
    return f"{hours * 3600:.2g} seconds"
