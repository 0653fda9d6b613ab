"""Chapter 3, does the look decide? States of some sentences meet the contexts of others."""

import torch

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, variants, wrong_answers
from course_kit.i18n import mark, t

from . import solutions


class Readout(torch.nn.Module):
    """What turns a state and a context into logits: a matrix, [2 D, V]."""

    def __init__(self, matrix):
        super().__init__()
        self.matrix = matrix

    def forward(self, both):
        return both @ self.matrix


def _cases() -> list[Case]:
    case = named("states", "contexts", "output")

    def made(states, contexts, matrix, shown=False) -> Case:
        one = case(states, contexts, Readout(matrix), shown=shown)
        said = t("multiplies by a matrix [{size}, {words}]", size=len(matrix), words=matrix.shape[1])
        said = t("adds 10 × the state to the context") if shown else said
        return Case(one.args, given={"output": said}, shown=shown)

    def random(count, size, words, seed) -> Case:
        return made(*drawn(seed, (count, size), (count, size), (2 * size, words)))

    first = made(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]]), torch.tensor([[10.0], [1.0]]), shown=True)
    return [first, random(2, 3, 5, 460), random(3, 4, 2, 470), random(1, 2, 3, 480)]


@variants
def _wrong_swap(states, contexts, output, *, first=lambda s, c: s, second=lambda s, c: c, turned=False):
    """All states with all contexts, with one thing done differently."""
    count = len(states)
    s, c = states[:, None].expand(-1, count, -1), contexts[None].expand(count, -1, -1)
    logits = output(torch.cat([first(s, c), second(s, c)], -1))
    return logits.transpose(0, 1) if turned else logits


def _which(run, case, mine, want):
    """Whether only what a sentence writes with its own context is right."""
    if same(mine, want) or mine.shape != want.shape:
        return False
    if same(mine.diagonal(), want.diagonal()):
        return t("With its own context each sentence is right, with another's it is not: row i has state i, column j "
                 "context j.")  # fmt: skip
    return False


SWAP = Exercise(
    name=mark("swap of contexts"),
    function="swapped",
    task=t(
        "Each state meets each context: output([state; context]), states [N, D], contexts [N, D], output from [..., 2D]"
        " to [..., V] -> logits [N, N, V]; row i has the state of sentence i, column j the context of sentence j."
    ),
    reference=solutions.swapped,
    cases=_cases,
    returns=("logits",),
    hints=(
        t("There are N × N pairs. What must stay the same along a row, and what along a column?"),
        t(
            "`states[:, None]` is [N, 1, D], and `.expand(-1, N, -1)` repeats it along the columns. A context is "
            "repeated along the rows."
        ),
        t("`torch.cat([a, b], -1)` puts a state and a context side by side, [N, N, 2D], and `output` does the rest."),
    ),
    minutes=8,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_swap(turned=True),
        t("Rows and columns have changed places: row i should have state i, column j context j."),
        _wrong_swap(first=lambda s, c: c, second=lambda s, c: s),
        t("The context comes first. `output` reads the state, and then the context."),
        _wrong_swap(first=lambda s, c: s.transpose(0, 1)),
        t("State and context come from the same sentence in each pair: both change from column to column."),
        _wrong_swap(second=lambda s, c: c.transpose(0, 1)),
        t("Each row has one context, its own: nothing has been swapped. Which index do the contexts follow?"),
    ),
    properties=(Property(t("Each state meets each context."), _which),),
    used=t("It swaps the contexts of twins in [Six: does the look decide?](#Six:-does-the-look-decide?)."),
)
