# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 1 · How many readings should count?
# *Nadaraya–Watson: attention before it had the name.* You will hold `mine/attention.py`, with kernels, a masked softmax and attention pooling. <!-- minutes --> **Before:** [Start here](00_start_here.ipynb) (tensors, shapes, weighted averages) and derivatives.
#
# ## A query comes in
# We simulated a day on which a thermometer is read fifty times. At 14:36 it shows 21.3 °C, and the next reading, at 15:30, is 23.7. How warm is it at 15:00? Each reading has an error of about one degree, so if you copy one, you copy its error. But if you average all fifty, midnight counts as much as noon. **Guess before you touch:** how many of the fifty would you average, and how many of 1,600?

# %% jupyter={"source_hidden": true}
import time

import torch
from torch import nn
import course_kit
from chapters.ch01 import again, exercise, hint, labs, solution
from IPython.display import display
from course_kit.i18n import from_cell
from course_kit.views import asking, heatmap, plot, predict

runtime = course_kit.setup()


def true_day(hour):
    """An invented day in °C: coldest at 3:00, warmest at 15:00, a storm at 16:30."""
    storm = (hour > 16.5) * torch.exp((16.5 - hour) / 3)
    return 17 - 6 * torch.cos(2 * torch.pi * (hour - 3) / 24) - 6 * storm


generator = torch.Generator().manual_seed(3)  # the same "random" numbers each time
# float64: 16 digits, not 7
hours = 24 * torch.rand(50, dtype=torch.float64, generator=generator).sort().values
# errors of variance 1
readings = true_day(hours) + torch.randn(50, dtype=torch.float64, generator=generator)
grid = torch.linspace(0, 24, 241, dtype=torch.float64)  # every six minutes
truth = (grid, true_day(grid))
day = {"truth": truth, "xlabel": "hour of the day", "ylabel": "°C", "hours": True}

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
asking(
    labs.ask(
        hours,
        readings,
        truth,
        query=15.0,
        width=4.0,
        key_name="hour",
        value_name="°C",
        title="Which readings answer for 15:00?",
        caption="The [output|estimate] is an average of the [value|readings]; each bar "
        "is the share of one of them. The width says how far the [query|query] reaches.",
    )
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(hours) * 32 == 1600
assert (hours - 15).abs().topk(2, largest=False).indices.tolist() == [i for i in range(50) if 14.5 < hours[i] < 15.6]
assert [round(60 * hour.item()) for hour in hours if 14.5 < hour < 15.6] == [14 * 60 + 36, 15 * 60 + 30]
assert [round(v.item(), 1) for hour, v in zip(hours, readings, strict=True) if 14.5 < hour < 15.6] == [21.3, 23.7]

# %% [markdown] slideshow={"slide_type": "fragment"}
# The estimate does not notice the storm at 16:30. Make the width narrower until it does, and drag the orange mark across the storm.
#
# <a id="query"></a><a id="key"></a><a id="value"></a><a id="weight"></a>
# This is attention. A <b style="color:#bf5f00">query</b>, here an hour, meets fifty <b style="color:#007fc6">keys</b>, the hours of the readings. Each key gets a **weight**, the share of its reading, the <b style="color:#008a67">value</b>, in the average.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# <a id="attention-pooling"></a><a id="scoring-function"></a><a id="softmax"></a>
# A query $q$ and $n$ keys $k_i$ are *vectors*, lists of $d$ numbers (so far $d=1$), and each key brings a value $v_i$, also a vector. **Attention pooling** has three steps: a **scoring function** $a$ says how well a key fits the query; a *distribution* $p$ turns the scores into weights $\alpha_i$ that are not negative and add up to 1; and with these the values are averaged.
#
# $$ A({\color{#bf5f00}{q}},{\color{#007fc6}{K}},{\color{#008a67}{V}})=\sum_{i=1}^n p\big(a({\color{#007fc6}{k_i}},{\color{#bf5f00}{q}})\big)\,{\color{#008a67}{v_i}} $$
#
# The usual $p$ is the **softmax** of the scores $s_i=a(k_i,q)$: exp makes each positive, and dividing by the sum makes them add up to 1:
#
# $$ \alpha_i=\mathrm{softmax}_i(s)=\frac{e^{s_i}}{\sum_{j=1}^n e^{s_j}} $$
#
# Read $A$ from the inside out: score, share, average. Here the score is −½ times the squared distance; section *Three* says why.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
q, K = torch.tensor([[1.0, 1.5]]), torch.tensor([[0.5, 2.5], [1.5, 1.0], [3.0, 1.5]])
V = torch.tensor([[1.5, 0.0], [0.0, 2.0], [1.0, 0.5]])
labs.attention(q, K, V)

# %% [markdown]
# In code, for a *batch* of 8 such sets, `torch.cdist` gives the distance of each query to each key:

# %% tags=["nbval-check-output"]
queries = torch.randn(8, 2, 3)  # [B, Q, d]: 8 sets, 2 queries, each 3 numbers
keys, values = torch.randn(8, 5, 3), torch.randn(8, 5, 4)  # [B, K, d], [B, K, dv]
weights = torch.softmax(-0.5 * torch.cdist(queries, keys) ** 2, dim=-1)  # [B, Q, K]
print("weights", tuple(weights.shape), " output", tuple((weights @ values).shape))

# %% [markdown]
# <a id="average-pooling"></a><a id="convex-combination"></a>
# What can come out?
# - If one weight is 1, attention fetches one value, like a **database query**.
# - If all weights are equal, the output is the mean: **average pooling**.
# - As no weight is negative and they add up to 1, the output is always a **convex combination** of the values, so it never leaves their range.
#
# Attention works with any number of keys, and compresses nothing, because it looks everything up again for each query.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A library: need, label, book
# <a id="soft-address"></a>
# In a library you compare your *need* (query) with the *labels* (keys), and take a *book* (value). A Python dictionary does this, too, but it finds all or nothing:

# %% tags=["nbval-check-output"]
shelf = {"我": "I", "很": "very", "高兴": "happy"}
print("高兴 →", shelf.get("高兴"), " 快乐 →", shelf.get("快乐"))

# %% [markdown]
# 快乐 (joyful) finds nothing, although it means almost the same as 高兴 (happy). Words cannot be averaged, but vectors can. We invent some, (1, 0) for *I*, (0, 1) for *very* and (1, 1) for *happy*, and let 快乐 weight them with 0.1, 0.2 and 0.7:

# %%
meanings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # values [3, 2]
shares = torch.tensor([[0.1, 0.2, 0.7], [0.0, 0.0, 1.0]])
shares @ meanings  # [2 queries, 3 keys] @ [3 keys, 2] -> [2 queries, 2]

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shares[0] @ meanings, torch.tensor([0.8, 0.9]))

# %% [markdown]
# <a id="bottleneck"></a>
# 快乐 gets (0.8, 0.9), which is near *happy*: a **soft address**. The weights (0, 0, 1) are a *hard* one, as in a dictionary. Move the query a little, and a soft answer moves a little. Training needs that, because it asks which small change is better.
#
# Early neural translators read any sentence into *one* vector, a **bottleneck**: information could get lost, and every output word saw the same vector. In 2014 Bahdanau, Cho and Bengio let the translator look back at all words with soft weights, and called it attention; nearly all large language models are built on it. The average itself was published by Nadaraya and Watson in 1964. <!-- source: Bahdanau, Cho & Bengio 2015; Nadaraya 1964; Watson 1964 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: from one number to the nearest few
# The best *single* number $c$ for all readings $v_i$ makes $\sum_i(v_i-c)^2$ smallest. Its derivative, $-2\sum_i(v_i-c)$, is 0 at the mean. So equal weights are best if the hour may not matter.
#
# If it may, give each of the $k$ nearest readings the weight $1/k$: *k nearest neighbours*. The first cell, which is folded, makes the keys, `hours` [50], the values, `readings` [50], a query every six minutes, `grid` [241], and `true_day`, the day without errors. `topk(k, largest=False)` finds the k smallest numbers.

# %%
def off(estimate):
    """How far an estimate [241] typically is from the true day, in °C."""
    return (estimate - true_day(grid)).pow(2).mean().sqrt().item()

def nearest(k):
    near = (grid[:, None] - hours).abs().topk(k, largest=False).indices  # [241, k]
    return readings[near].mean(-1)  # [241, k] -> [241]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
def drawn(curve, words=""):
    """A chart of the day with a curve [241]; at its end are these words, or how far it is off."""
    named = {words or from_cell(
        "estimate (off by {off} °C)", off=f'{off(curve):.2f}'
    ): (grid, curve)}
    return plot.regression(hours, readings, named, **day, limits=(8, 26), start=16.5)


plot.chosen(
    {k: drawn(nearest(k)) for k in [1, 2, 4, 8, 16, 50]},
    "neighbours",
    start=1,
    title="Do more neighbours help?",
    caption="Let more of them count. Where does the curve leave the dashed truth?",
)

# %%
print({k: round(off(nearest(k)), 2) for k in [1, 2, 4, 8, 50]})

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(off(nearest(k)), 1) for k in (1, 4, 50)] == [1.1, 0.9, 4.0] and len(grid) == 241
assert min(range(1, 51), key=lambda k: off(nearest(k))) == 4

# %% [markdown]
# Four neighbours, the best number on this day, are off by 0.9 °C. But their curve jumps, because a reading counts fully or not at all. So let it fade out.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card", "core"]
# ## Two: closer counts more
# <a id="kernel"></a>
# A **kernel** $\kappa$ turns a distance into a *closeness*, which is 1 at distance 0 and does not grow with the distance. The **width** $w$ says how far it reaches.
#
# ### Exercise 1 ●○○ · 3 minutes
# Write the Gaussian kernel, $\exp\!\big(-\tfrac12 (d/w)^2\big)$ for a distance $d$.
#
# <!-- example: gaussian kernel -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("gaussian kernel")
def gaussian_kernel(distance, width=1.0):
    """distance: any shape -> closeness, same shape"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: gaussian kernel -->
#
# Two other kernels become 0 at one width:

# %% tags=["definition"]
# course_utils.kernels: boxcar_kernel, epanechnikov_kernel

# %% [markdown] slideshow={"point": ["weights ="]}
# <a id="nadaraya-watson"></a>
# The mean makes $\sum_i(v_i-c)^2$ smallest. If errors at near readings matter more, multiply each square by its closeness, $\kappa_i=\kappa(q-k_i)$. The derivative, $-2\sum_i\kappa_i(v_i-c)$, is 0 at $c=\sum_i\kappa_iv_i/\sum_j\kappa_j$. This is the **Nadaraya–Watson estimator**:
#
# $$ {\color{#bb51a8}{f}}({\color{#bf5f00}{q}}) \;=\; \sum_i \frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})}\;{\color{#008a67}{v_i}} $$

# %% tags=["definition"]
# course_utils.kernels: nadaraya_watson

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
kernels = {
    "Gaussian": gaussian_kernel,
    "boxcar": boxcar_kernel,
    "Epanechnikov": epanechnikov_kernel,
}


def fitted(kernel, width, values=readings):
    """The day's curve with this kernel and width, [241]."""
    return nadaraya_watson(grid, hours, values, lambda d: kernel(d, width))[0]


tried = torch.logspace(-0.7, 0.7, 41).tolist()  # widths from 0.2 to 5 hours
best = {
    name: min(tried, key=lambda w: off(fitted(kernel, w)))
    for name, kernel in kernels.items()
}
of = {name: f"{best[name]:.2f}" for name in kernels}
named = {
    "Gaussian": from_cell("Gaussian, {width} h", width=of["Gaussian"]),
    "boxcar": from_cell("boxcar, {width} h", width=of["boxcar"]),
    "Epanechnikov": from_cell("Epanechnikov, {width} h", width=of["Epanechnikov"]),
}
plot.chosen(
    {named[name]: drawn(fitted(kernels[name], best[name])) for name in kernels},
    "kernel",
    start=named["Gaussian"],
    title="Does the shape of the kernel matter?",
    caption="The same readings with three kernels, each with the width that suits it "
    "best. Which of the curves jumps?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(off(fitted(kernels[name], best[name])), 2) for name in kernels] == [0.69, 0.76, 0.70]
assert [round(off(fitted(gaussian_kernel, w)), 1) for w in (0.5, 2.0)] == [0.7, 1.1]
mean_off, others_day = dict.fromkeys(kernels, 0), torch.Generator().manual_seed(0)
for _ in range(50):  # other hours, other errors
    at = 24 * torch.rand(50, dtype=torch.float64, generator=others_day).sort().values
    seen = true_day(at) + torch.randn(50, dtype=torch.float64, generator=others_day)
    for name, kernel in kernels.items():
        estimates = (nadaraya_watson(grid, at, seen, lambda d, w=w, f=kernel: f(d, w))[0] for w in tried)
        mean_off[name] += min(off(estimate) for estimate in estimates) / 50
assert max(mean_off.values()) - min(mean_off.values()) < 0.1

# %% [markdown]
# Each at its best width, they are off by 0.69, 0.76 and 0.70 °C, and over fifty other days their means, too, differ by less than 0.1. But a Gaussian of 2 hours is off by 1.1, so among these three the width matters more than the shape.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["guess", "core"]
# ## Three: score, then share
# Is this the attention from above? **Take a pencil.** Three readings, 10, 20 and 0 °C, were taken at 1, 2 and 4 o'clock. The query is 2 o'clock, the score $-\tfrac12(q-k)^2$. What is the estimate? You need $e^{-0.5}\approx 0.607$ and $e^{-2}\approx 0.135$.

# %%
three, celsius = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([10.0, 20.0, 0.0])
scores = -0.5 * (2.0 - three) ** 2
shares = torch.exp(scores) / torch.exp(scores).sum()
print("scores", scores, " weights", shares, " estimate", shares @ celsius)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores.tolist() == [-0.5, 0, -2] and torch.allclose(shares, torch.tensor([0.348, 0.574, 0.078]), atol=5e-4)
assert torch.allclose(scores.exp(), torch.tensor([0.607, 1.0, 0.135]), atol=5e-4)
assert abs((shares @ celsius).item() - 14.96) < 0.005 and abs(scores.exp().sum().item() - 1.742) < 0.001

# %% [markdown] slideshow={"point": ["torch.softmax"]} tags=["card"]
# The exponentials 0.607, 1 and 0.135 add up to 1.742. Divided by this sum they are 0.348, 0.574 and 0.078, so the estimate is 14.96 °C. These are the kernel's weights and a softmax at once, because both divide each exp by the sum of all:
#
# $$ \frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})} \;=\; \mathrm{softmax}_i(s),\qquad s_i=\ln\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})=-\tfrac12\Big(\frac{{\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}}}{w}\Big)^2 $$
#
# <a id="mask"></a>
# A boxcar has the scores ln 1 = 0 inside its window and ln 0 = −∞ outside: equal weights on the keys that it sees, none on the others. This is how a **mask** works.
#
# ### Exercise 2 ●●○ · 4 minutes
# Write the estimator with the Gaussian kernel for many queries at once, without a loop. Queries, keys and values are numbers here, so `queries[:, None] - keys` gives all differences, [Q, K].
#
# <!-- example: attention pooling -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("attention pooling")
def attention_pooling(queries, keys, values, width=1.0):
    """queries [Q], keys [K], values [K] -> estimate [Q], weights [Q, K], rows sum to 1"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: attention pooling -->
#
# <a id="temperature"></a>
# What happens to a softmax if you add 100 to all scores? And if you divide them by a number $T$, the **temperature**? **Guess, then try.**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.softmax([2.0, 1.0, 0.0], ["animal", "street", "it"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (torch.softmax(torch.tensor([20.0, 10.0, 0.0]), -1) > 0.999).tolist() == [True, False, False]
assert torch.allclose(torch.softmax(torch.tensor([0.2, 0.1, 0.0]), -1), torch.tensor([0.37, 0.33, 0.30]), atol=5e-3)
assert torch.equal(torch.softmax(torch.tensor([102.0, 101.0, 100.0]), -1), torch.softmax(torch.tensor([2.0, 1.0, 0.0]), -1))
assert torch.exp(torch.tensor(1000.0)).isinf() and torch.softmax(torch.tensor([1000.0, 999.0]), -1).isfinite().all()
assert torch.allclose(attention_pooling(grid, hours, readings)[0], nadaraya_watson(grid, hours, readings)[0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# Adding 100 changes nothing, because the factor $e^{100}$ cancels. So `torch.softmax` first subtracts the largest score, as $e^{1000}$ would be infinite. A low temperature favours the best score: at 0.1, "animal" has more than 99.9 %. At 10 the weights are nearly equal, 0.37, 0.33 and 0.30.
#
# </details>
#
# In our score, $w^2$ is such a temperature.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: too narrow, too wide
# <a id="bandwidth"></a>
# The width of a kernel is also called its **bandwidth**.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Make the kernel a hundred times wider. Where does the curve go?",
    [
        "through every reading",
        "to the mean of all readings",
        "to zero",
        "to the nearest reading",
    ],
    answer=1,
    because="All scores come close to 0, so all weights become nearly equal. "
    "The mean is Nadaraya–Watson with an infinite width.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.bandwidth(
    hours, readings, truth, width=1.0, key_name="hour", value_name="°C", exam=False
)

# %% [markdown]
# <a id="bias"></a><a id="variance"></a>
# Both ends fail:
# - **Too narrow:** each query follows a single reading with its error, and other errors would give another curve: high **variance**.
# - **Too wide:** around 16:30 the average mixes warm hours before the storm with cold ones after it, whatever the errors are: high **bias**.
#
# <a id="effective-number"></a>
# How many readings count? If $n$ of them have the weight $1/n$, the squared weights sum to $1/n$. So for any weights we call $1/\sum_i\alpha_i^2$ the **effective number**. The lab shows its average.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: let the data choose
# <a id="loss"></a>
# Real data come without the truth, so we need a **loss**, a number that says from the readings alone how bad a width is, such as the mean squared difference between each reading and the estimate at its hour.

# %%
for width in [2.0, 0.6, 0.1, 0.02]:
    loss = (attention_pooling(hours, hours, readings, width)[0] - readings).pow(2).mean()
    wrong = off(attention_pooling(grid, hours, readings, width)[0])
    print(f"width {width:4} h: loss {loss:.2f}, off the true day by {wrong:.1f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.055 < loss < 0.065 and width == 0.02 and len(readings) - 1 == 49
assert [round(off(attention_pooling(grid, hours, readings, w)[0]), 1) for w in (2.0, 0.6, 0.02)] == [1.1, 0.7, 1.1]

# %% [markdown]
# At 0.02 hours the loss is smallest, but the curve is as bad as at 2 hours.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Why is the loss of the narrowest width so small?",
    [
        "fifty readings are too few to see its errors",
        "each query sees the very reading that it is compared with",
        "a narrow kernel averages most of the errors away",
    ],
    answer=1,
    because="The query of each reading finds its own key at distance 0. A very narrow "
    "kernel gives this key all the weight, so the estimate repeats the reading, and the "
    "loss goes to 0.",
)

# %% [markdown]
# <a id="leave-one-out"></a>
# This loss rewards copying. So hide each value from its own query, and guess it from the other 49 readings: **leave-one-out**.
#
# The mask is a table of True and False, a row for each query and a column for each key. In this course *True means: may be attended to*.

# %% tags=["definition"]
# course_utils.kernels: leave_one_out_mask

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 3 ●●○ · 12 minutes
# Write a softmax that survives large scores and respects a mask. A row in which everything is masked gets *zeros*, where `torch.softmax` would give NaN. (`[..., K]` is any shape that ends in K; a mask [K] or [Q, K] is stretched to it.) You need `torch.softmax(x, -1)`, `~mask` and
# - `x.masked_fill(where, number)`, which puts a number, such as `-torch.inf`, wherever `where` is True;
# - perhaps `mask.any(-1, keepdim=True)`: is anything allowed in a row?
#
# <!-- example: stable masked softmax -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("stable masked softmax")
def masked_softmax(scores, mask):
    """scores [..., K], mask bool, True = may be attended to -> weights [..., K]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: stable masked softmax -->
#
# <a id="parametric"></a>
# Now let a program find the width. A number that training changes is a **parameter**. PyTorch keeps parameters in a *module*. This is a *class*, a plan for objects with data and functions of their own: `__init__` fills a new object, after `super().__init__()` has let PyTorch prepare it, and calling the object runs `forward`. Ours trains the logarithm of the width, so no step makes the width negative.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.kernels: NadarayaWatson

# %% [markdown]
# <a id="gradient-descent"></a>
# **Gradient descent** needs the slope of the loss, the *gradient*, which says in which direction the loss rises. A step in the other direction, scaled by the *learning rate* `lr`, makes it fall. `backward()` computes the gradient, `step()` takes the step.

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training


def one_step():
    estimate, _ = NadarayaWatson(width=2.0)(
        hours, hours, readings, leave_one_out_mask(50)
    )
    (estimate - readings).pow(2).mean().backward()


for_training(one_step)  # with nothing solved it does nothing

# %% slideshow={"slide_type": "subslide"} tags=["training"]
model, others, path = NadarayaWatson(width=2.0), leave_one_out_mask(50), []
optimiser = torch.optim.SGD(model.parameters(), lr=0.1)  # what `step()` does
for _ in range(100):
    estimate, _ = model(hours, hours, readings, others)
    loss = (estimate - readings).pow(2).mean()
    optimiser.zero_grad()  # forget the gradient of the step before
    loss.backward()  # compute the new one
    path.append((model.log_width.exp().item(), loss.item()))
    optimiser.step()
print(f"width {path[-1][0]:.2f} h, loss {path[-1][1]:.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
view = labs.bandwidth(
    hours,
    readings,
    truth,
    width=2.0,
    key_name="hour",
    value_name="°C",
    live=True,
    title="Can training find the width?",
    caption="The curve, and for each width the error on readings that are left out. Move "
    "the width: where is that error smallest?",
)
display(view)
for width, _ in path:
    view.width = width
    time.sleep(0.02)  # so that you can watch

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
tried = torch.logspace(-0.7, 0.5, 80)
curve = [
    (NadarayaWatson(w)(hours, hours, readings, others)[0] - readings).pow(2).mean().item()
    for w in tried.tolist()
]
rolled = torch.tensor(path)  # [100, 2]: width, loss
told = {0: "start", 1: "1 step", 2: "2", 5: "5"}
plot.points(
    rolled[:, 0],
    rolled[:, 1],
    xlabel="width in hours",
    ylabel="loss",
    log="x",
    labels=[told.get(step, "") for step in range(len(path))],
    mark=(path[-1][0], from_cell("after {count} steps", count=len(path) - 1)),
    compare={"": (tried, curve)},
    title="How does training find the bottom?",
    caption="Dashed, the loss of each width; the dots, the width after so many steps. "
    "Where are the steps long?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
learned = model.log_width.exp().item()
assert 0.595 < learned < 0.605 and 1.57 < loss < 1.58 and round((readings - true_day(hours)).pow(2).mean().item(), 2) == 1.30
for start, narrow in ((0.1, False), (20.0, False), (0.05, True)):
    from_here = NadarayaWatson(width=start)
    optimiser = torch.optim.SGD(from_here.parameters(), lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        (from_here(hours, hours, readings, others)[0] - readings).pow(2).mean().backward()
        optimiser.step()
    end = from_here.log_width.exp().item()
    assert end < 0.045 if narrow else 0.59 < end < 0.605
assert path[0][0] == 2.0 and path[0][0] - path[1][0] > 10 * (path[20][0] - path[21][0]) > 0

# %% [markdown] tags=["keep"]
# Where the curve is steep, the steps are long. Training ends near the bottom, at 0.60 hours, even from 0.1 or 20; but from 0.05 it goes astray, to ever narrower widths. At 0.60 hours the loss, 1.57, is far above 0, because the other readings cannot tell a reading's own error, and the mean square of the fifty errors is 1.30. Over many days it would be 1, their *variance*.
#
# **Keep this:** if a query can see its answer, the loss rewards copying it. Hide the answer with a mask, then train.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So how many should count?

# %% slideshow={"point": ["effective = "]}
width = model.log_width.exp().item()
at_learned, alpha = attention_pooling(grid, hours, readings, width)
effective = 1 / alpha.pow(2).sum(-1)  # [241]
three_pm = (grid - 15).abs().argmin()  # the query of 15:00
print(f"width {width:.2f} h: off by {off(at_learned):.1f} °C")
print(f"at 15:00: {at_learned[three_pm]:.1f} °C, truth {true_day(grid[three_pm]):.1f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
at_one, alpha_one = attention_pooling(grid, hours, readings, 1.0)
effective_one = 1 / alpha_one.pow(2).sum(-1)
at_end = [
    from_cell("estimate ({count} readings count)", count=f"{one.mean():.1f}")
    for one in (effective_one, effective)
]
plot.chosen(
    {
        "1 hour": drawn(at_one, at_end[0]),
        from_cell("learned, {width} hours", width=f"{width:.2f}"): drawn(at_learned, at_end[1]),
    },
    "width",
    start="1 hour",
    title="Why is the learned curve spikier?",
    caption="The width of the first sections, then the learned one. How many readings share an "
    "average?",
)

# %%
print(f"effective number {effective.mean():.1f}, at 15:00 {effective[three_pm]:.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert f"{width:.2f}" == "0.60" and 4 < effective.mean() < 5 and 5.5 < effective[three_pm] < 6.2 and abs(grid[three_pm] - 15) < 1e-9
assert round(off(at_learned), 1) == 0.7 and abs(at_learned[three_pm].item() - 22.3) < 0.06 and round(true_day(grid[three_pm]).item(), 1) == 23.0
assert [round(off(nearest(k)), 1) for k in (1, 4, 50)] == [1.1, 0.9, 4.0]

def turns(curve):
    """How often a curve changes between rising and falling."""
    return (curve.diff()[1:] * curve.diff()[:-1] < 0).sum().item()

assert [turns(at_learned), turns(at_one), turns(true_day(grid))] == [8, 1, 4]
assert round(effective_one.mean().item(), 1) == 7.2
gains, others_day, loo_widths = [], torch.Generator().manual_seed(0), torch.logspace(-1, 0.5, 31, dtype=torch.float64)
for _ in range(100):  # other hours, other errors: leave-one-out against the four nearest
    at = 24 * torch.rand(50, dtype=torch.float64, generator=others_day).sort().values
    seen = true_day(at) + torch.randn(50, dtype=torch.float64, generator=others_day)
    guesses = masked_softmax(-0.5 * ((at[:, None] - at) / loo_widths[:, None, None]) ** 2, others) @ seen  # [31, 50]
    chosen = loo_widths[(guesses - seen).pow(2).mean(-1).argmin()]
    four_nearest = seen[(grid[:, None] - at).abs().topk(4, largest=False).indices].mean(-1)
    gains.append(off(four_nearest) - off(attention_pooling(grid, at, seen, chosen)[0]))
assert 0 < sum(gains) / 100 < 0.1

# %% [markdown]
# Between four and five readings count on average, and about six at 15:00. You are off by 0.7 °C, while the four nearest gave 0.9. But over a hundred other days the mean lead is less than 0.1.
#
# The learned curve turns 8 times, the curve of one hour once, and the true day 4 times. The learned one is spikier, because 4 to 5 readings share an average instead of 7.2, so each pulls harder with its error.
#
# And with more readings? For each number of readings we draw ten days, and take the width that comes closest to the truth:

# %%
def best_width(n, generator):
    """n readings of one day -> the best of 31 widths, and its effective number."""
    keys = 24 * torch.rand(n, dtype=torch.float64, generator=generator)
    values = true_day(keys) + torch.randn(n, dtype=torch.float64, generator=generator)
    tried = torch.logspace(-1.3, 0.5, 31).tolist()  # 0.05 to 3 hours
    width = min(tried, key=lambda w: off(attention_pooling(grid, keys, values, w)[0]))
    alpha = attention_pooling(grid, keys, values, width)[1]
    return width, (1 / alpha.pow(2).sum(-1)).mean().item()

# %%
rule, source = {}, torch.Generator().manual_seed(0)
for n in [50, 100, 400, 1600]:
    rule[n] = torch.tensor([best_width(n, source) for _ in range(10)]).mean(0).tolist()
    print(f"{n:4} readings: width {rule[n][0]:.2f} h, effective number {rule[n][1]:.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.55 < rule[50][0] < 0.8 and 0.12 < rule[1600][0] < 0.15 and 4 < rule[50][1] < 6 and 28 < rule[1600][1] < 35
widths, counts = zip(*rule.values(), strict=True)
assert sorted(widths, reverse=True) == list(widths) and sorted(counts) == list(counts) and 1600 == 32 * 50
assert 4.5 < widths[0] / widths[-1] < 5.5 and 5.5 < counts[-1] / counts[0] < 6.5
stormy, source, calm_rule = true_day, torch.Generator().manual_seed(0), []
true_day = lambda hour: 17 - 6 * torch.cos(2 * torch.pi * (hour - 3) / 24)  # noqa: E731
for n in (50, 1600):
    calm_rule.append(torch.tensor([best_width(n, source) for _ in range(10)]).mean(0))
true_day = lambda hour: 17 + 0 * hour  # noqa: E731
assert all(best_width(n, source)[0] > 3.1 for n in (50, 1600))
true_day = stormy
assert 0.3 < calm_rule[1][0] / calm_rule[0][0] < 0.5 and calm_rule[1][1] > 10 * calm_rule[0][1]

# %% [markdown] tags=["keep"]
# **Keep this:** on average over days like ours, the more readings, the narrower the best width, and the more of them count.

# %% [markdown]
# Here 32 times as many shrink it to about a fifth, and about six times as many count. Without the storm it shrinks to about two fifths, and more than ten times as many count. If all hours were equally warm, the widest of our widths would stay the best.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## A sentence meets a kernel
# **The animal didn't cross the street because it was too tired.** You know what "it" refers to. Does a kernel? It needs vectors, so *we made up* three numbers for each word: how much it names something, is about something alive, and describes something.

# %%
from course_kit import data

cards = data.load("word_features")
tired, features = cards.words[:11], torch.tensor(cards.features)
near = gaussian_kernel(torch.cdist(features[:11], features[:11]), width=0.3)  # [11, 11]
attention = near / near.sum(-1, keepdim=True)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
heatmap(
    attention,
    tired,
    tired,
    title="Which word does “it” attend to?",
    select=("The", "The"),
    caption="Every word is a query (row) and a key (column). Read along the row of "
    "“it”: which word, apart from itself, does “it” attend to most?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(attention[tired.index("it"), tired.index(word)].item(), 2) for word in ("animal", "street")] == [0.31, 0.12]

# %% [markdown]
# <details><summary>Answer</summary>
#
# "it" gives 31 % of its weight to "animal" and 12 % to "street", because we gave it a vector near that of "animal".
#
# </details>

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Now the twin sentence: “… because it was too wide.” Here “it” is the street. What "
    "does “it” attend to?",
    [
        "“street” more than “animal”",
        "“animal” more than “street”",
        "both equally",
    ],
    answer=1,
    because="“it” and “animal” have the same vectors as before, so their distance is "
    "the same. "
    "With fixed vectors, the score of “it” and a noun is the same in every sentence.",
)

# %% [markdown] tags=["keep"]
# **Keep this:** attention can only find what the vectors contain. With a fixed vector for each word, made up or learned, “it” prefers the same noun in both sentences.

# %% [markdown]
# From chapter 2 on a network *learns* the score and the vectors, and later vectors that depend on the whole sentence.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# One file, with your functions where they are right and the course's where they are not. It needs only torch.

# %%
from course_kit.mine import keep

keep("attention")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Attention is an average, and the query chooses the weights.
# 2. Score, share, average: $s_i=a(k_i,q)$, $\alpha=\mathrm{softmax}(s)$, $\sum_i\alpha_iv_i$.
# 3. The Gaussian kernel, normalised, *is* a softmax. A narrow width keeps errors, a wide one blurs the truth.
# 4. A mask hides keys: their score is −∞. Hide the answer before you train.
# 5. With more readings of a day like ours, the best width is narrower, and more of them count.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](01_nadaraya_watson_annex.ipynb#open-questions).
# 1. *Prove:* with the score $q\cdot k_i$, the derivative of the output with respect to $q$ is the covariance of keys and values under the weights.
# 2. *Design an experiment:* was the width that we found luck?
# 3. *Why not* a width of its own for each hour?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [query](#query) | 查询 | what you want to know |
# | [key](#key) | 键 | by what an example is found |
# | [value](#value) | 值 | what an example gives |
# | [scoring function](#scoring-function) | 评分函数 | query and key → score (alignment function, 对齐函数) |
# | [softmax](#softmax) | softmax（归一化指数函数） | scores → weights |
# | [temperature](#temperature) | 温度 | divides the scores |
# | [attention pooling](#attention-pooling) | 注意力汇聚 | a weighted average of values |
# | [bottleneck](#bottleneck) | 瓶颈 | one vector for a whole input |
# | [kernel](#kernel) | 核函数 | distance → closeness |
# | [Nadaraya–Watson estimator](#nadaraya-watson) | Nadaraya–Watson 估计 | average weighted by a kernel |
# | [bandwidth](#bandwidth) | 带宽 | the width of a kernel |
# | [bias](#bias) | 偏差 | the mean estimate minus the truth |
# | [variance](#variance) | 方差 | how much an estimate varies |
# | [loss](#loss) | 损失 | how bad, in one number |
# | [leave-one-out](#leave-one-out) | 留一法 | each is guessed from the others |
# | [mask](#mask) | 掩码 | True = may be attended to |
# | [parameter](#parametric) | 参数 | a number that training changes |
# | [gradient descent](#gradient-descent) | 梯度下降 | small steps down the loss |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(1)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: words instead of hours
# A word may look for one thing and be found by another.
#
# **→ [2 · How does a word find the word that it needs?](02_scoring_functions.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](01_nadaraya_watson_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 1, edition 0.4.0, and the heading above it.*
