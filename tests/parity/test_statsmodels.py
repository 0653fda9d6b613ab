"""Nadaraya–Watson equals statsmodels' local-constant kernel regression, on the CO₂ record and on noise."""

import numpy as np
import pytest
import torch

from course_kit.data import load
from course_utils.kernels import gaussian_kernel, leave_one_out_mask, nadaraya_watson

statsmodels = pytest.importorskip("statsmodels.nonparametric.kernel_regression")


def both(x, y, queries, width):
    reference = statsmodels.KernelReg(y, x, "c", reg_type="lc", bw=[width]).fit(queries)[0]
    ours, _ = nadaraya_watson(*map(torch.from_numpy, (queries, x, y)), lambda d: gaussian_kernel(d, width))
    return ours.numpy(), reference


@pytest.mark.parametrize("width", [0.05, 0.5, 5.0])
def test_co2_record(width):
    record = load("co2_weekly")
    year, ppm = (np.asarray(x, dtype=np.float64) for x in (record.year, record.ppm))
    there = np.isfinite(ppm)
    assert (len(ppm), (~there).sum()) == (2284, 59)
    ours, reference = both(year[there], ppm[there], np.linspace(1958.5, 2001.5, 60), width)
    assert np.abs(ours - reference).max() <= 1e-6


def test_noise():
    random = np.random.default_rng(0)
    x, y = random.uniform(0, 5, 60), random.normal(size=60)
    ours, reference = both(x, y, random.uniform(0, 5, 20), 0.4)
    assert np.abs(ours - reference).max() <= 1e-10


def test_leave_one_out_equals_statsmodels_cross_validation():
    random = np.random.default_rng(1)
    x = random.uniform(0, 5, 40)
    y = np.sin(x) + random.normal(scale=0.2, size=40)
    model = statsmodels.KernelReg(y, x, "c", reg_type="lc", bw=[0.3])
    reference = model.cv_loo(np.array([0.3]), model.est["lc"])
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    estimate, _ = nadaraya_watson(tx, tx, ty, lambda d: leave_one_out_mask(40) * gaussian_kernel(d, 0.3))
    assert float(((estimate - ty) ** 2).mean()) == pytest.approx(float(np.squeeze(reference)), rel=1e-8)
