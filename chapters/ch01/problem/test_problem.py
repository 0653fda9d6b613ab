"""Judges problem.py beside it: `course problem 01`, or pytest. The curves are drawn anew in each run."""

import pytest
import torch

from course_kit.i18n import t
from course_kit.problems import Far, beside, fail, kind, seed
from course_utils.kernels import attention_pooling

SEED, CURVES, BAR = seed(), 80, 0.85
STRETCHES = {"calm, readings rare": (0.4, 0.2, 25), "calm, readings crowd": (0.4, 0.2, 50), "wriggling": (0.2, 4.0, 45)}
torch.set_num_threads(1)  # readings are few
problem = beside(__file__)


def drawn(count, draw):
    return torch.rand(count, generator=draw, dtype=torch.float64)


def curve(number):
    """x [120] in no order, y [120], q [200], truth [200], and of each q the number of its stretch."""
    draw = torch.Generator().manual_seed(SEED + number)
    order = torch.randperm(3, generator=draw)
    long, waves, count = torch.tensor(list(STRETCHES.values()), dtype=torch.float64)[order].T
    long, waves = long * (0.85 + 0.3 * drawn(3, draw)), waves * (0.8 + 0.4 * drawn(3, draw))
    long /= long.sum()
    ends = long.cumsum(0)
    rand = torch.rand(120, generator=draw, dtype=torch.float64)
    of = torch.repeat_interleave(torch.arange(3), count.long())
    x = (ends[of] - long[of] * rand)[torch.randperm(120, generator=draw)]
    q = torch.linspace(0.01, 0.99, 200, dtype=torch.float64)
    along = 1 - ((ends - torch.cat([q, x])[:, None]) / long).clamp(0, 1)
    turns = torch.rand(1, generator=draw, dtype=torch.float64) + along @ waves
    twice, half, tall, high, *phases = drawn(6, draw)  # of the kind of curve
    waves = (1, 1, 0), (0.35 * twice, 2, phases[0]), (0.35 * half, 0.5, phases[1])
    height = sum(size * (2 * torch.pi * (quick * turns + phase)).sin() for size, quick, phase in waves)
    height = (1.8 + 0.4 * tall) * height + 6 * high - 3
    y = height[200:] + 0.5 * torch.randn(120, generator=draw, dtype=torch.float64)
    return x, y, q, height[:200], order[(q[:, None] > ends).sum(1).clamp(max=2)]


def estimates(x, y, q):
    predict = problem.fit(x, y)
    found = predict(q) if isinstance(predict, Far) else predict
    numbers = isinstance(found, torch.Tensor) and found.is_floating_point()
    if not numbers or found.shape != q.shape or not found.isfinite().all():
        what = tuple(found.shape) if numbers else getattr(found, "dtype", kind(found))
        fail(t("given: {count} places; returned: {what}; needed: as many finite numbers", count=len(q), what=what))
    return found


def size(errors):
    return float(errors.pow(2).mean().sqrt())


def same(q, found, other, what):
    apart = (found - other).abs()
    if apart.mean() > 0.01:
        worst = int(apart.argmax())
        fail(
            t(
                "{what}\ngiven at {place}: {found} before and {other} after; needed: the same",
                **{"what": what, "place": f"{float(q[worst]):.2f}"},
                **{"found": f"{float(found[worst]):.2f}", "other": f"{float(other[worst]):.2f}"},
            )
        )


@pytest.mark.parametrize("count", [1, 2, 200])
def test_numbers(count):
    """For 1, 2 and 200 places as many finite numbers"""
    x, y, q, *_ = curve(0)
    estimates(x, y, q[:count])


def test_order():
    """Readings in another order: the same estimates"""
    for number in range(3):
        x, y, q, *_ = curve(number)
        order = x.argsort()
        found, other = estimates(x, y, q), estimates(x[order], y[order], q)
        same(q, found, other, t("the readings were sorted by x"))


@pytest.mark.parametrize(("shift", "stretch"), [(1958.0, 1.0), (0.0, 24.0), (-3.0, 0.001)])
def test_units(shift, stretch):
    """All places shifted and stretched alike: the same estimates"""
    for number in range(3):
        x, y, q, *_ = curve(number)
        found, other = estimates(x, y, q), estimates(shift + stretch * x, y, shift + stretch * q)
        same(q, found, other, t("x became {shift} + {stretch} x, and q alike", shift=shift, stretch=stretch))


def test_curves():
    """80 hidden curves: the median error at most 0.85 of what one width can reach"""
    widths, shares, sums = torch.logspace(-2.3, -0.5, 31).tolist(), [], torch.zeros(2, 3, dtype=torch.float64)
    for number in range(CURVES):
        x, y, q, truth, of = curve(number)
        mine = estimates(x, y, q) - truth
        one = min((attention_pooling(q, x, y, width)[0] - truth for width in widths), key=size)
        shares.append(size(mine) / size(one))
        for stretch in range(3):
            for row, errors in enumerate((mine, one)):
                sums[row, stretch] += errors[of == stretch].pow(2).mean() / CURVES
    median = float(torch.tensor(shares).median())
    if median <= BAR:
        return
    names = [t("calm, readings rare"), t("calm, readings crowd"), t("wriggling")]
    rows = [t("{name}: yours {mine}, one width {one}", name=name, mine=f"{mine:.2f}", one=f"{one:.2f}")
            for name, mine, one in zip(names, *sums.sqrt().tolist(), strict=True)]  # fmt: skip
    fail(
        t(
            "given: {median} of the error of the best single width, the median of {count} curves; needed: {bar}\n"
            "Typical error by stretch:\n{rows}",
            **{"median": f"{median:.2f}", "count": CURVES, "bar": BAR, "rows": "\n".join(rows)},
        )
    )
