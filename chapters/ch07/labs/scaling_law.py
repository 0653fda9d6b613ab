"""Scaling on paper: what a model of N parameters trained on D tokens costs, and the loss that Chinchilla's law, fitted
again by Besiroglu et al., expects of it. Its functions are those of the lab: `flops`, `loss`, `best`."""

from typing import NamedTuple

import numpy as np

from course_kit.arguments import described, one_of, real_number, string
from course_kit.views.arguments import as_array
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View


class Law(NamedTuple):
    """loss = E + A / N^alpha + B / D^beta, in nats per token."""

    E: float
    A: float
    B: float
    alpha: float
    beta: float


# Hoffmann et al. 2022, "Training compute-optimal large language models", section 3.3 and appendix D.3, as printed:
# fitted to more than 400 models of 70 million to 16 billion parameters, trained on 5 to 500 billion tokens
HOFFMANN_2022 = Law(1.69, 406.4, 410.7, 0.34, 0.28)
# Besiroglu et al. 2024, "Chinchilla scaling: a replication attempt", arXiv 2404.10102: fitted again to 240 of these
# models, read off a figure. The printed fit had stopped too early and was rounded; at GPT-3's budget it asks for 87
# tokens per parameter, where Hoffmann et al.'s rule of thumb is 20 and this fit asks for 19.
BESIROGLU_2024 = Law(1.8172, 482.01, 2085.43, 0.3478, 0.3658)
FITTED = {"N": (70e6, 16e9), "D": (5e9, 500e9)}
# parameters and tokens: Brown et al. 2020, table 2.1 and section 2.2; Rae et al. 2021; Hoffmann et al. 2022
MODELS = {"GPT-3": (175e9, 300e9), "Gopher": (280e9, 300e9), "Chinchilla": (70e9, 1.4e12)}
MACHINES = {"10¹² FLOP/s": 1e12, "10¹⁴ FLOP/s": 1e14, "10¹⁷ FLOP/s": 1e17}
LIMITS = {"N": (1e5, 1e13), "D": (1e6, 1e15)}


def flops(N, D):
    """Operations of a training, 6 per parameter and token: 2 forwards, 4 backwards. Kaplan et al. 2020."""
    _above_zero(N=N, D=D)
    return 6 * N * D


def loss(N, D, law: Law = BESIROGLU_2024):
    """What the law expects of N parameters and D tokens, in nats per token."""
    _above_zero(N=N, D=D)
    return law.E + law.A / N**law.alpha + law.B / D**law.beta


def best(compute, law: Law = BESIROGLU_2024):
    """(N, D) with the lowest loss among all that cost `compute` operations, 6ND."""
    _above_zero(compute=compute)
    ratio = law.alpha * law.A / (law.beta * law.B)
    N = ratio ** (1 / (law.alpha + law.beta)) * (compute / 6) ** (law.beta / (law.alpha + law.beta))
    return N, compute / 6 / N


def _above_zero(**given) -> None:
    for name, x in given.items():
        if not (as_array(x, name) > 0).all():
            raise ValueError(f"{name} is {described(x)}; needed: numbers above 0")


class ScalingLaw(View):
    """See `scaling_law`."""

    kind = "scaling_law"
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
        from course_kit.views import picture

        axes, n, law, second = figure.subplots(), self.numbers, self.law, picture.LINES[1]
        sizes = np.geomspace(*LIMITS["N"], 400)
        axes.plot(sizes, loss(sizes, n["flops"] / 6 / sizes, law), color=picture.LINES[0])
        path = best(np.geomspace(1e11, 1e30, 200), law)
        axes.plot(path[0], loss(*path, law), "--", color=second, lw=1.2)
        axes.axhline(law.E, color="#9aa5b1", lw=1)
        axes.annotate(f"{law.E:.2f} stays, whatever the model", (LIMITS["N"][0], law.E), (8, -4), va="top",
                      textcoords="offset points", color=picture.LINES[3], fontsize=9)  # fmt: skip
        named = best(6e17, law)  # where the dashed line is free
        axes.annotate("the best of every budget", (named[0], loss(*named, law)), (6, 6), textcoords="offset points",
                      color=second, fontsize=9)  # fmt: skip
        axes.plot(n["best_N"], n["best_loss"], "D", color=second, ms=8)
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
    law=BESIROGLU_2024,
    title="A larger model, or more text?",
    caption="Every model on the curve costs the same to train, 6ND operations. Is [output|yours] at its lowest point?",
    live=False,
    presenting=None,
):
    """Chinchilla's law on paper: parameters and tokens, what they cost, the loss to expect, and what would be better.

    parameters N: 10⁵ to 10¹³; tokens D: 10⁶ to 10¹⁵. machines: {name: operations per second that it sustains}, as you
    measured or assume them; machine: the one chosen at first. models: {name: (N, D)} to compare with; by default GPT-3,
    Gopher and Chinchilla. law: Law(E, A, B, alpha, beta), by default BESIROGLU_2024; HOFFMANN_2022 is as printed.
    live=True: Python reads `N`, `D`, `machine`. Returns a view: .numbers and what all have.
    Raises ValueError that says what was given, what is needed, what to do.
    Sources: Hoffmann et al. 2022, Besiroglu et al. 2024.
    """
    machines, models = MACHINES if machines is None else machines, MODELS if models is None else models
    if not isinstance(machines, dict) or not machines:
        raise TypeError(f"machines is {described(machines)}; needed: name -> operations per second that it sustains")
    if not isinstance(models, dict) or not all(isinstance(m, tuple | list) and len(m) == 2 for m in models.values()):
        raise TypeError(f"models is {described(models)}; needed: name -> (parameters, tokens)")
    if not isinstance(law, tuple | list) or len(law) != len(Law._fields):
        raise ValueError(f"law is {described(law)}; needed: five numbers above 0, E, A, B, alpha, beta")
    law = Law(*(real_number(f"law's {name}", x, above=0) for name, x in zip(Law._fields, law, strict=True)))
    machines = {
        string("a machine's name", m): real_number(f"operations per second of {m!r}", s, above=0)
        for m, s in machines.items()
    }
    machine = next(iter(machines)) if machine is None else one_of("machine", machine, machines)
    pairs = {
        "parameters and tokens": (parameters, tokens),
        **{string("a model's name", m): p for m, p in models.items()},
    }
    for name, (N, D) in pairs.items():
        real_number(f"{name}: N", N, *LIMITS["N"]), real_number(f"{name}: D", D, *LIMITS["D"])
    state = {"N": float(parameters), "D": float(tokens), "machine": machine}
    values = {
        x: [float(f"{v:.3g}") for v in 10 ** np.arange(*np.log10(LIMITS[x]), 0.05)] + [LIMITS[x][1]] for x in LIMITS
    }
    menu = {"kind": "choice", "name": "machine", "label": "machine", "options": list(machines), "menu": True}
    ranges = [
        {"kind": "range", "name": x, "label": label, "values": sorted({*values[x], state[x]})}
        for x, label in (("N", "parameters N"), ("D", "tokens D"))
    ]
    options = {"machines": machines, "models": models, "law": list(law)}
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
