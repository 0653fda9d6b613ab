# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 1 · How many readings should count?
# *Nadaraya–Watson: attention before it had the name.* You'll keep `mine/attention.py`, a weighted average that learns how far to look. <!-- minutes --> **Before:** [Start here](00_start_here.ipynb) and derivatives.
#
# ## A query comes in
# On a simulated day, somebody read a thermometer fifty times, typically off by about one degree. Around half past two it showed 21.3 °C, and at the next reading 23.7. How warm was it in between, at 15:00? **Guess before you touch:** how many of the fifty would you average? And of 1,600?

# %% jupyter={"source_hidden": true}
import torch
from torch import nn
import course_kit
from chapters.ch01 import again, exercise, hint, labs, solution
from course_kit.i18n import from_cell
from course_kit.views import heatmap, plot, predict
from course_kit.views.view import at
from course_utils.kernels import boxcar_kernel

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
times = torch.linspace(0, 24, 121, dtype=torch.float64)
truth = (times, true_day(times))
day = {"truth": truth, "xlabel": "hour of the day", "ylabel": "°C", "hours": True}

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
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
    "is the share of one of them. The width says how far the [query|query] reaches. "
    "(Four says how to count readings whose shares differ.)",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(hours) * 32 == 1600
assert (hours - 15).abs().topk(2, largest=False).indices.tolist() == [i for i in range(50) if 14.5 < hours[i] < 15.6]
assert [round(60 * hour.item()) for hour in hours if 14.5 < hour < 15.6] == [14 * 60 + 36, 15 * 60 + 30]
assert [round(v.item(), 1) for hour, v in zip(hours, readings, strict=True) if 14.5 < hour < 15.6] == [21.3, 23.7]

# %% [markdown] slideshow={"slide_type": "fragment"}
# If you copy the nearest reading, you copy its error. If you average several, their errors partly cancel. If you average all fifty, midnight counts as much as noon.
#
# A storm cooled the air at 16:30, and the estimate doesn't show it yet. Make the width smaller until it does, then drag the orange mark across the storm and watch the weights.
#
# <a id="query"></a><a id="key"></a><a id="value"></a><a id="weight"></a>
# What you've just used is attention. A <b style="color:#bf5f00">query</b>, here a time of day, meets fifty <b style="color:#007fc6">keys</b>, the times of the readings. Each key gets a **weight**: the share that its reading, the <b style="color:#008a67">value</b>, has in the average. When you drag the query, different readings start to count, because in attention the query chooses the weights.
#
# Seen from outside, attention is a box: in go a query, keys and values, and out comes an average of the values. Inside, that takes three steps:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.black_box(
    title="What is inside attention?",
    caption="Look at the box from outside, then open it step by step.",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: closer counts more
# <a id="average-pooling"></a>
# Let's build this average for 15:00. You could copy the nearest reading alone. You could average all fifty with equal weights, which is called **average pooling** and gives every query the same answer. Or you could sort the readings by their distance to 15:00, and average only the nearest few. (`hours` are fifty random times, and `readings` the true temperatures then, each with a random error.)

# %% slideshow={"slide_type": "skip"}
nearest_first = (hours - 15).abs().argsort()
for k in [1, 4, 50]:
    mean = readings[nearest_first[:k]].mean()
    print(f"the {k:2} nearest: {mean:.1f} °C on average")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 22.9 < true_day(torch.tensor(15.0)) < 23.05

# %% [markdown] slideshow={"slide_type": "skip"}
# Such readings are the *k nearest neighbours* of the query. Now let them answer for the whole day. We invented the day, so we know the truth, `true_day`, and `off` says how far a curve typically is from it:

# %% slideshow={"slide_type": "skip"}
grid = torch.linspace(0, 24, 241, dtype=torch.float64)  # a query every six minutes

def nearest(k):
    """The day's curve of the k nearest neighbours, [241]."""
    near = (grid[:, None] - hours).abs().topk(k, largest=False).indices  # [241, k]
    return readings[near].mean(-1)

def off(curve):
    """How far a curve [241] typically is from the true day, in °C."""
    return (curve - true_day(grid)).pow(2).mean().sqrt().item()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
def drawn(curve):
    """A chart of the day with a curve [241], which says how far it is off."""
    named = {from_cell(
        "estimate (off by {off} °C)", off=f'{off(curve):.2f}'
    ): (grid[::2], curve[::2])}
    return plot.regression(hours, readings, named, **day, limits=(8, 26), start=16.5)


plot.chosen(
    {k: drawn(nearest(k)) for k in [1, 2, 4, 8, 16, 50]},
    "neighbours",
    start=1,
    title="Do more neighbours help?",
    caption="Let more of them count. Where does the curve leave the dashed truth?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(readings[nearest_first[:4]].mean(), nearest(4)[150]) and abs(grid[150] - 15) < 1e-9
assert [round(off(nearest(k)), 1) for k in (1, 4, 50)] == [1.1, 0.9, 4.0] and len(grid) == 241
assert min(range(1, 51), key=lambda k: off(nearest(k))) == 4

# %% [markdown] slideshow={"slide_type": "fragment"}
# With one neighbour the curve repeats the errors, and with fifty it has forgotten the time of day. On this day four are best, because the average of four independent errors is typically [half as large](01_nadaraya_watson_annex.ipynb#Bias-and-variance) as one of them, and the four are still close enough.
#
# But look at the curve of four again: it jumps, because a reading counts either fully or not at all. **What if a reading didn't drop out all at once, but faded as the query moves away from it?**
#
# <a id="kernel"></a>
# For that you need a rule that turns a distance into a *closeness*, which is 1 at distance 0 and never grows with the distance. Such a rule is called a **kernel** $\kappa$, and its **width** $w$ says how far it reaches. Here are one that cuts off, the *boxcar*, and one that fades, the *Gaussian*, which has the shape of a bell. We'll use the Gaussian. ([Others](01_nadaraya_watson_annex.ipynb#Does-the-shape-of-the-kernel-matter?) do almost as well on this day.)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
distances = torch.arange(-60, 61) / 20
at(plot.beside(
    {
        name: plot.lines({"": (distances, closeness)}, "distance in widths", "closeness")
        for name, closeness in {
            "boxcar: fully, or not at all": boxcar_kernel(distances),
            "Gaussian: it fades": torch.exp(-(distances**2) / 2),
        }.items()
    },
    title="How close is a reading at this distance?",
    caption="The query is in the middle. Move a reading away from it: which of the two never becomes 0?",
), mark=len(distances) // 2)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 1 ●○○ · 3 minutes
# Write the Gaussian kernel, $\exp\!\big(-\tfrac12 (d/w)^2\big)$ for a distance $d$.
#
# <!-- example: gaussian kernel -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("gaussian kernel")
def gaussian_kernel(distance, width=1.0):
    """distance: any shape -> closeness, same shape"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: gaussian kernel -->
#
# You have closenesses. What you want are shares, which add up to 1. So multiply each reading by its closeness, add up, and divide by the sum of all closenesses. Here is how the estimate for 15:00 grows, reading by reading:

# %% slideshow={"slide_type": "skip"}
total = weighted = 0.0
for i in nearest_first[:4]:
    closeness = gaussian_kernel(hours[i] - 15, width=0.6)
    total, weighted = total + closeness, weighted + closeness * readings[i]
    print(f"closeness {closeness:.2f}, estimate so far {weighted / total:.1f} °C")

# %% [markdown] slideshow={"slide_type": "subslide"}
# <a id="nadaraya-watson"></a>
# Taken over all readings, this is the **Nadaraya–Watson estimator**, which Nadaraya and Watson published independently in 1964: <!-- source: Nadaraya 1964; Watson 1964 -->
#
# $$ {\color{#bb51a8}{f}}({\color{#bf5f00}{q}}) \;=\; \sum_i \underbrace{\frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})}}_{\text{the share of reading } i}\;{\color{#008a67}{v_i}} $$

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: score, share, average
# You turn closenesses into shares. Networks first give each key a score, then turn the scores into shares. Let's take the Gaussian apart like this, first with a pencil.

# %% [markdown] tags=["guess"]
# **Take a pencil.** Three readings, 10, 20 and 0 °C, were taken at 1, 2 and 4 o'clock. The query is 2 o'clock, and the *score* of a key is $-\tfrac12(q-k)^2$. Raise e to each score, divide by the sum of all three, and average the readings with these shares. What is the estimate? You need $e^{-0.5}\approx 0.607$ and $e^{-2}\approx 0.135$.

# %%
three, celsius = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([10.0, 20.0, 0.0])
scores = -0.5 * (2.0 - three) ** 2
shares = torch.exp(scores) / torch.exp(scores).sum()
print("scores", scores, "\nshares", shares, "\nestimate", shares @ celsius)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores.tolist() == [-0.5, 0, -2] and torch.allclose(shares, torch.tensor([0.348, 0.574, 0.078]), atol=5e-4)
assert torch.allclose(scores.exp(), torch.tensor([0.607, 1.0, 0.135]), atol=5e-4)
assert abs((shares @ celsius).item() - 14.96) < 0.005 and shares[1] > 0.5

# %% [markdown]
# <a id="softmax"></a>
# Look at what you did: you raised e to each score and divided by the sum of all. That turns any numbers into shares, because exp makes each of them positive, and the division makes them add up to 1. This recipe is called **softmax**:
#
# $$ \alpha_i=\mathrm{softmax}_i(s)=\frac{e^{s_i}}{\sum_j e^{s_j}} $$
#
# And e to *this* score is the Gaussian kernel itself. So with the Gaussian kernel, the weights of Nadaraya and Watson *are* a softmax. Its scores are
#
# $$ s_i=\ln\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})=-\tfrac12\Big(\frac{{\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}}}{w}\Big)^2. $$
#
# <a id="attention-pooling"></a><a id="scoring-function"></a>
# You've now met the three steps in the box. A **scoring function** says how well a key fits the query, the softmax turns the scores into weights, and the values are averaged with these weights. The three together are called **attention pooling**. You can exchange each step separately: chapter 2 takes a different score and keeps the rest.
#
# Keys needn't be times. A key can be a *vector*, a list of numbers, and so can a value:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["lab"]
q, K = torch.tensor([[1.0, 1.5]]), torch.tensor([[0.5, 2.5], [1.5, 1.0], [3.0, 1.5]])
V = torch.tensor([[1.5, 0.0], [0.0, 2.0], [1.0, 0.5]])
labs.attention(q, K, V)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# <a id="convex-combination"></a>
# Drag the query onto a key: now no other key has a larger weight. Attention is like a library in which you compare what you need with the labels on the shelves. But you don't take one book home: you take a little of each, and most of the one whose label fits best ([more](01_nadaraya_watson_annex.ipynb#A-library:-need,-label,-book)). Because no weight is negative and they add up to 1, the output is a **convex combination** of the values, which never leaves their range.
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

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: attention pooling -->
#
# <a id="temperature"></a>
# What happens to the weights of a softmax if you add 100 to all scores? And what if you divide all scores by a number $T$, the **temperature**? **Guess, then try.**

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.softmax([2.0, 1.0, 0.0], ["14:36", "15:30", "midnight"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_utils.kernels import nadaraya_watson
assert (torch.softmax(torch.tensor([20.0, 10.0, 0.0]), -1) > 0.999).tolist() == [True, False, False]
assert torch.allclose(torch.softmax(torch.tensor([0.2, 0.1, 0.0]), -1), torch.tensor([0.37, 0.33, 0.30]), atol=5e-3)
assert torch.equal(torch.softmax(torch.tensor([102.0, 101.0, 100.0]), -1), torch.softmax(torch.tensor([2.0, 1.0, 0.0]), -1))
assert torch.exp(torch.tensor(1000.0)).isinf() and torch.softmax(torch.tensor([1000.0, 999.0]), -1).isfinite().all()
assert torch.allclose(attention_pooling(grid, hours, readings)[0], nadaraya_watson(grid, hours, readings, lambda d: gaussian_kernel(d))[0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# Adding 100 changes nothing, because the factor $e^{100}$ cancels. That's why `torch.softmax` may subtract the largest score first, since $e^{1000}$ is too large for the computer's numbers. A low temperature favours the best score: at 0.1 it has more than 99.9 %. At 10 the weights are nearly equal, 0.37, 0.33 and 0.30.
#
# </details>

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Our score is $-\tfrac12d^2/w^2$, so the square of the width plays the part of $T$: a narrow kernel is a softmax at a low temperature, and a wide kernel is one at a high temperature.
#
# **Keep this:** attention is score, share, average. The Gaussian kernel, made into shares, is a softmax.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: does it work?
# Now let your function guess the whole day. We haven't chosen a width yet, so let's begin with an hour:

# %% slideshow={"point": ["attention_pooling("]}
width = 1.0  # in hours; yours: try others
curve, weights = attention_pooling(grid, hours, readings, width)  # [241], [241, 50]
three_pm = (grid - 15).abs().argmin()  # the query of 15:00
print(f"at 15:00: {curve[three_pm]:.1f} °C, truth {true_day(grid[three_pm]):.1f} °C")
print(f"off by {off(curve):.1f} °C, four nearest {off(nearest(4)):.1f} °C")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
plot.regression(
    hours,
    readings,
    {
        "your attention": (grid[::2], curve[::2]),
        "four nearest": (grid[::2], nearest(4)[::2]),
    },
    **day,
    limits=(8, 26),
    start=16.5,
    title="Does your attention work?",
    caption="Your estimate for every hour, and that of the four nearest neighbours. Where are the "
    "jumps, and what has become of the storm?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
at_one, alpha_one = attention_pooling(grid, hours, readings, 1.0)
assert round(off(at_one), 1) == 0.8 and abs(at_one[three_pm] - 22.1) < 0.05 and round(true_day(grid[three_pm]).item(), 1) == 23.0

# %% [markdown] slideshow={"slide_type": "fragment"}
# Your curve has no jumps, and on this day it's closer to the truth than the four nearest neighbours were. But it has rounded off the storm.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have attention: a short function that guesses 15:00, and every other time of the day, from fifty readings. But you had to guess its width, and where nobody knows the truth you couldn't tell a good width from a bad one. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: too narrow, too wide
# <a id="bandwidth"></a>
# How far should your query reach? (The width is also called the **bandwidth**.)

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
    hours, readings, truth, width=1.0, key_name="hour", value_name="°C", loss=False
)

# %% [markdown]
# <a id="effective-number"></a>
# The lab also says how many readings count. How can it know, if no two of them have the same weight? If $n$ readings shared equally, each weight would be $1/n$, and the squares of the weights would add up to $1/n$. So we take one over the sum of the squares, and call it the **effective number** of readings:
#
# $$ n_\text{eff}=\frac1{\sum_i\alpha_i^2} $$
#
# In the pencil example that's 2.2 of three. So which width is too narrow, and which too wide?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
reach = {
    "too narrow: it wobbles": 0.1,
    "in between": 0.6,
    "too wide: it leans": 4.0,
}
plot.beside(
    {
        name: plot.regression(
            hours,
            readings,
            {"": (grid[::2], attention_pooling(grid[::2], hours, readings, width)[0])},
            **day,
            limits=(8, 26),
        )
        for name, width in reach.items()
    },
    title="In which two ways can an average be wrong?",
    caption="The [output|estimate] for every hour, at three widths. Compare it with the dashed "
    "truth.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round((1 / shares.pow(2).sum()).item(), 1) == 2.2 and len(shares) == 3

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# <a id="bias"></a><a id="variance"></a>
# An average can *wobble*: on another day like this one, with different errors, it would have come out differently. The mean square of this wobble is its **variance**. And it can *lean*: even if no reading had an error, the average would be too warm or too cold. How much it leans is its **bias**. A narrow kernel mostly wobbles, because a few readings have nearly all the weight. A wide one mostly leans, because it reaches hours that were warmer or colder, or across the storm. Bias, squared, and variance [add up to the squared error](01_nadaraya_watson_annex.ipynb#Bias-and-variance).
#
# **Keep this:** a narrow kernel keeps the readings' errors, and a very wide one blurs the truth.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: let the data choose
# <a id="loss"></a>
# So far we could judge a width because we knew the truth. Your own thermometer comes without it, so you need a **loss**: a number that says from the readings alone how bad a width is. You'd probably try this first, the mean squared difference between each reading and the estimate at its own time:

# %%
for width in [2.0, 0.6, 0.02]:
    loss = (attention_pooling(hours, hours, readings, width)[0] - readings).pow(2).mean()
    wrong = off(attention_pooling(grid, hours, readings, width)[0])
    print(f"width {width:4} h: loss {loss:.2f}, off the true day by {wrong:.1f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.055 < loss < 0.065 and width == 0.02 and len(readings) - 1 == 49
assert [round(off(attention_pooling(grid, hours, readings, w)[0]), 1) for w in (2.0, 0.6, 0.02)] == [1.1, 0.7, 1.1]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The narrowest width has the smallest loss, but is about as far off as the widest. Why?",
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
# So this loss rewards copying. What would you do? You wouldn't test a class with the answers printed beside the questions. So hide each reading from its own query, and let the other 49 guess it. This is called **leave-one-out**.
#
# <a id="mask"></a>
# And how do you hide a key? You give it the score −∞: since $e^{-\infty}=0$, the softmax gives it no weight. A **mask** says which keys may be seen. You write it as a table of True and False, with a row for each query and a column for each key, and in this course *True means: may be attended to*. For leave-one-out, everything is True except the diagonal:

# %% tags=["definition"]
# course_utils.kernels: leave_one_out_mask

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 3 ●●○ · 12 minutes
# Write a softmax that respects a mask and survives large scores. A row in which everything is masked gets *zeros*, where `torch.softmax` would give NaN. (`[..., K]` is any shape that ends in K, and a mask [K], or [Q, K] for scores [..., Q, K], is stretched to it.) You need `torch.softmax(x, -1)`, `~mask`, `x.masked_fill(where, number)`, which puts a number wherever `where` is True, and perhaps `mask.any(-1, keepdim=True)`: is anything allowed in a row?
#
# <!-- example: stable masked softmax -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("stable masked softmax")
def masked_softmax(scores, mask):
    """scores [..., K], mask bool, True = may be attended to -> weights [..., K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: stable masked softmax -->
#
# <a id="parametric"></a>
# You could try widths one by one, but not a network's millions of numbers. So let's use what works there, too. A number that training changes is a **parameter**. PyTorch keeps parameters in a *module*, a Python class: `__init__` stores them (after `super().__init__()`), and `model(…)` runs `forward`. Ours stores the logarithm of the width, so no step makes the width negative.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.kernels: NadarayaWatson

# %% [markdown] slideshow={"slide_type": "subslide"}
# <a id="gradient-descent"></a>
# Think of the loss as a valley. You start at two hours, feel the slope under your feet, take a step downhill, and feel again. This is **gradient descent**. `backward()` computes the slope, the *gradient*. `step()` subtracts the *learning rate* `lr` times it.

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
    path.append(model.log_width.exp().item())
    optimiser.step()
print(f"width {path[-1]:.2f} h, loss {loss.item():.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.bandwidth(
    hours,
    readings,
    truth,
    key_name="hour",
    value_name="°C",
    path=path,
    title="Can training find the width?",
    caption="The ball is the width, and it rolls down the loss: a dot for each step. Beside it, "
    "the curve of this width. Where are the steps long?",
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
assert path[0] == 2.0 and path[0] - path[1] > 10 * (path[20] - path[21]) > 0

# %% [markdown] tags=["keep"]
# The ball comes to rest at 0.60 hours, and this time nobody told us the truth. (To end so near the [best width](01_nadaraya_watson_annex.ipynb#Bias-and-variance) is [partly luck](01_nadaraya_watson_annex.ipynb#open-questions).) Most of the loss there can't go away, because each reading has an error of its own, which the other 49 can't predict.
#
# <details><summary>How sure is this?</summary>
#
# From any start between 0.1 and 20 hours, training ends at 0.60. If you start at 0.05, though, it rolls the wrong way, into a second, shallow dip. The loss ends at 1.57, and the mean square of the fifty errors alone is 1.30.
#
# </details>
#
# **Keep this:** if a query can see its answer, the loss rewards copying it. Hide the answer, then train.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So how many should count?
# Now you can answer the question from the beginning, with the width that `model` has learned:

# %% slideshow={"point": ["effective = "]}
width = model.log_width.exp().item()
at_learned, alpha = attention_pooling(grid, hours, readings, width)
effective = 1 / alpha.pow(2).sum(-1)  # [241]
print(f"effective number {effective.mean():.1f}, at 15:00 {effective[three_pm]:.1f}")
print(f"at 15:00: {at_learned[three_pm]:.1f} °C, truth {true_day(grid[three_pm]):.1f}")
print(f"off by {off(at_learned):.1f} °C, four nearest {off(nearest(4)):.1f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert f"{width:.2f}" == "0.60" and 4 < effective.mean() < 5 and 5.5 < effective[three_pm] < 6.2 and abs(grid[three_pm] - 15) < 1e-9
assert round(off(at_learned), 1) == 0.7 and abs(at_learned[three_pm].item() - 22.3) < 0.06 and round(true_day(grid[three_pm]).item(), 1) == 23.0
assert [round(off(nearest(k)), 1) for k in (1, 4, 50)] == [1.1, 0.9, 4.0]
found, others_day, loo_widths = [], torch.Generator().manual_seed(0), torch.logspace(-1, 0.5, 31, dtype=torch.float64)
for _ in range(100):  # other hours, other errors: leave-one-out against the best number of neighbours
    at = 24 * torch.rand(50, dtype=torch.float64, generator=others_day).sort().values
    seen = true_day(at) + torch.randn(50, dtype=torch.float64, generator=others_day)
    guesses = masked_softmax(-0.5 * ((at[:, None] - at) / loo_widths[:, None, None]) ** 2, others) @ seen  # [31, 50]
    chosen = loo_widths[(guesses - seen).pow(2).mean(-1).argmin()]
    order = (grid[:, None] - at).abs().argsort(-1)
    nearby = [off(seen[order[:, :k]].mean(-1)) for k in range(1, 13)]
    found.append([off(attention_pooling(grid, at, seen, chosen)[0]), min(nearby)])
assert [round(x, 2) for x in torch.tensor(found).mean(0).tolist()] == [0.83, 0.84]

# %% [markdown] slideshow={"slide_type": "fragment"}
# On average four or five readings count, and about six at 15:00. On this day the learned width does better than any number of neighbours, and nobody had to know the truth to choose it. Compare its curve with that of one hour, which we had guessed:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
plot.regression(
    hours,
    readings,
    {
        from_cell("learned, {width} hours", width=f"{width:.2f}"): (grid[::2], at_learned[::2]),
        "1 hour": (grid[::2], attention_pooling(grid[::2], hours, readings, 1.0)[0]),
    },
    **day,
    limits=(8, 26),
    start=16.5,
    title="Why is the learned curve spikier?",
    caption="The learned width and one hour, over the same readings. Look at the storm, and at "
    "the calm hours before it.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
def turns(curve):
    """How often a curve changes between rising and falling."""
    return (curve.diff()[1:] * curve.diff()[:-1] < 0).sum().item()

assert [turns(at_learned), turns(at_one), turns(true_day(grid))] == [8, 1, 4]
assert round((1 / alpha_one.pow(2).sum(-1)).mean().item(), 1) == 7.2

# %% [markdown]
# The learned curve is spikier, because each of its averages is over fewer readings, and so each error has a larger part in it. In return it sees the storm. On this day that costs some variance and saves more bias.
#
# <details><summary>How sure is this?</summary>
#
# On a hundred other days, the curve with the leave-one-out width is 0.83 °C off on average, and the curve with the best number of neighbours, though chosen with the truth in hand, 0.84. So on average they are equally good.
#
# </details>

# %% [markdown] slideshow={"slide_type": "skip"}
# ## And with 1,600 readings?
# That's 32 times as many. Would you make the kernel narrower, or let more readings count? For each number of readings we draw ten days, and each time we take the width that comes closest to the truth:

# %% slideshow={"slide_type": "skip"}
def best_width(n, generator):
    """n readings of one day -> the best of 31 widths, and its effective number."""
    keys = 24 * torch.rand(n, dtype=torch.float64, generator=generator)
    values = true_day(keys) + torch.randn(n, dtype=torch.float64, generator=generator)
    tried = torch.logspace(-1.3, 0.5, 31).tolist()  # 0.05 to 3 hours
    width = min(tried, key=lambda w: off(attention_pooling(grid, keys, values, w)[0]))
    alpha = attention_pooling(grid, keys, values, width)[1]
    return width, (1 / alpha.pow(2).sum(-1)).mean().item()

# %% slideshow={"slide_type": "skip"}
rule, source = {}, torch.Generator().manual_seed(0)
for n in [50, 100, 400, 1600]:
    rule[n] = torch.tensor([best_width(n, source) for _ in range(10)]).mean(0).tolist()
    print(f"{n:5,} readings: width {rule[n][0]:.2f} h, effective number {rule[n][1]:.1f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
source = torch.Generator().manual_seed(1)
many = 24 * torch.rand(1600, dtype=torch.float64, generator=source).sort().values
many_readings = true_day(many) + torch.randn(1600, dtype=torch.float64, generator=source)
labs.ask(
    many,
    many_readings,
    truth,
    query=15.0,
    width=rule[1600][0],
    key_name="hour",
    value_name="°C",
    title="Which of 1,600 readings answer for 15:00?",
    caption="One of these days, with the best width for so many. Drag the [query|query] to the storm.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
best_widths, counts = zip(*rule.values(), strict=True)
assert 0.55 < rule[50][0] < 0.8 and 0.12 < rule[1600][0] < 0.15 and 4 < rule[50][1] < 6 and 28 < rule[1600][1] < 35
assert sorted(best_widths, reverse=True) == list(best_widths) and sorted(counts) == list(counts) and 1600 == 32 * 50
assert 4.5 < best_widths[0] / best_widths[-1] < 5.5 and 5.5 < counts[-1] / counts[0] < 6.5
stormy, source, calm_rule = true_day, torch.Generator().manual_seed(0), []
true_day = lambda hour: 17 - 6 * torch.cos(2 * torch.pi * (hour - 3) / 24)  # noqa: E731
for n in (50, 1600):
    calm_rule.append(torch.tensor([best_width(n, source) for _ in range(10)]).mean(0))
true_day = lambda hour: 17 + 0 * hour  # noqa: E731
assert all(best_width(n, source)[0] > 3.1 for n in (50, 1600))
true_day = stormy
assert 0.3 < calm_rule[1][0] / calm_rule[0][0] < 0.5 and calm_rule[1][1] > 10 * calm_rule[0][1]

# %% [markdown] slideshow={"slide_type": "skip"}
# Here you gain both ways. About six times as many readings count as of fifty, so the variance falls. The best width is about a fifth of what it was, so the bias falls, too.
#
# <details><summary>How sure is this?</summary>
#
# Without the storm, 32 times as many readings shrink the best width to about two fifths, and more than ten times as many of them count. If all hours were equally warm, the widest width would be the best.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: forty-four years of air
# Now for real readings: on Mauna Loa in Hawaii, carbon dioxide in the air has been measured since 1958. This is the weekly record to the end of 2001, in ppm (molecules per million). Some weeks are missing, but you needn't repair them, because a missing week gives no key.

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
from course_kit import data

air = data.load("co2_weekly")
measured = torch.tensor(air.ppm).isfinite()  # False where a week is missing
years, ppm = torch.tensor(air.year)[measured], torch.tensor(air.ppm)[measured]
print(len(air), "weeks,", (~measured).sum().item(), "missing;", len(years), "keys")

# %% [markdown]
# Northern forests take up carbon dioxide in summer and release it in winter, so you'll see a wave in each year.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "You widen the kernel. At about which width does the yearly wave disappear from the "
    "curve?",
    ["a week", "half a year", "ten years"],
    answer=1,
    because="An average with a Gaussian of width w years shrinks a yearly wave to "
    "exp(−2π²w²) of its height: "
    "to 29 % at w = ¼, and to under 1 % at w = ½.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.bandwidth(
    years[-312:],
    ppm[-312:],
    width=0.05,
    key_name="year",
    value_name="CO₂ in ppm",
    title="How wide to see the season, how wide to see the trend?",
    caption="These are the last six years. Widen the kernel until the yearly wave "
    "disappears. "
    "The curve below is the error on hidden weeks.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Nobody knows the true curve here. So hide each week of the whole record in turn, let the others guess it, and compare with the simplest guess, a copy of the last week measured:

# %% slideshow={"slide_type": "skip"}
def hidden_week_error(width):
    """The typical error in ppm if each week is guessed from all others."""
    scores = -0.5 * ((years[:, None] - years) / width) ** 2  # [2225, 2225]
    guess = masked_softmax(scores, leave_one_out_mask(len(years))) @ ppm
    return (guess - ppm).pow(2).mean().sqrt().item()

for width in [0.02, 0.1, 0.5]:  # a week, five weeks, half a year
    print(f"width {width:4} years: off by {hidden_week_error(width):.2f} ppm")
print(f"the week before: off by {ppm.diff().pow(2).mean().sqrt():.2f} ppm")

# %% [markdown]
# A week is the best of these three widths, and it beats copying, because neighbours on both sides count. But look where it goes wrong. Nothing was measured from late January to late May of 1964:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
moments = torch.linspace(1963.5, 1965, 301, dtype=torch.float64)
near_gap = (years > 1963.5) & (years < 1965)
plot.regression(
    years[near_gap],
    ppm[near_gap],
    {
        name: (moments, attention_pooling(moments, years, ppm, width)[0])
        for name, width in {"a week": 0.02, "five weeks": 0.1}.items()
    },
    xlabel="year",
    ylabel="ppm",
    start=1964.25,
    title="What does it guess where nothing was measured?",
    caption="The same readings, averaged with two widths. What happens in the gap, and what at the "
    "top of the wave?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (~measured).sum() == 59 and round(years[-1].item() - years[0].item()) == 44 and len(years) == 2225
assert abs(52 * 0.02 - 1) < 0.1 and abs(52 * 0.1 - 5) < 0.3
missing = [hidden_week_error(w) for w in (0.01, 0.02, 0.03, 0.1, 0.5)]
assert [round(error, 2) for error in missing[:3]] == [0.34] * 3 and missing[3] > 0.6 and 2 < missing[4] < 2.3
assert 0.49 < ppm.diff().pow(2).mean().sqrt() < 0.51
assert 0.29 < torch.exp(torch.tensor(-2 * torch.pi**2 / 16)) < 0.292 and torch.exp(torch.tensor(-2 * torch.pi**2 / 4)) < 0.01
gap = years.diff().argmax()
assert [str(air.date[measured.numpy()][gap + i]) for i in (0, 1)] == ["1964-01-18", "1964-05-30"]
in_gap = torch.linspace(years[gap], years[gap + 1], 200, dtype=torch.float64)
step, ramp = (attention_pooling(in_gap, years, ppm, w)[0].diff() for w in (0.02, 0.1))
assert step.max() > 0.2 * step.sum() > 3 * ramp.max() and abs(attention_pooling(in_gap[60:61], years, ppm, 0.02)[0] - ppm[gap]) < 0.1
narrow, five = (attention_pooling(moments, years, ppm, w)[0].max() for w in (0.02, 0.1))
assert narrow - five > 0.3 and ppm[near_gap].max() - narrow < 0.1
import warnings
from statsmodels.nonparametric.kernel_regression import KernelReg
warnings.simplefilter("ignore", FutureWarning)  # about its next version
theirs = [KernelReg(ppm.numpy(), years.numpy(), "c", "lc", bw=[w]).fit(moments.numpy()[::50])[0] for w in (0.02, 0.1)]
assert all(torch.allclose(attention_pooling(moments[::50], years, ppm, w)[0], torch.tensor(x)) for w, x in zip((0.02, 0.1), theirs, strict=True))

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# In the gap, the narrow kernel gives nearly all of the weight to the reading at its nearer end, so the curve makes a step in the middle. The wider kernel crosses the gap more smoothly, but it cuts off the top of the wave. You'd want a wide kernel in the gap and a narrow one elsewhere, which is the problem at the end of this lesson.
#
# <details><summary>How sure is this?</summary>
#
# The library statsmodels, where statisticians find this estimator as a local-constant `KernelReg`, gives the same curves. The minimum is flat: from 0.01 to 0.03 years, four to eleven days, the guess is off by 0.34 ppm. And if neighbouring weeks share some of their errors, leave-one-out makes a narrow width look better than it is.
#
# </details>
#
# **Keep this:** a width is best *for a question*. Leave-one-out asks how well you can guess a missing example.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## A sentence meets a kernel
# **The animal didn't cross the street because it was too tired.** You know what "it" refers to. Can your kernel find out? A kernel needs distances, so *we made up* a vector of three numbers for each word:

# %% jupyter={"source_hidden": true}
cards = data.load("word_features")
tired, features = cards.words[:11], torch.tensor(cards.features)[:11]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.word_vectors(
    tired,
    features,
    title="What do the three numbers say?",
    caption="Each word has a vector of three numbers. To which words is “it” near?",
)

# %% [markdown]
# `features` has a row for each word. Each word is now both a query and a key, and `torch.cdist` gives the distances of all pairs. Each word is nearest to itself, so we hide it from itself:

# %% slideshow={"slide_type": "skip"}
near = gaussian_kernel(torch.cdist(features, features), width=0.3)  # [11, 11]
near = near * leave_one_out_mask(11)  # no word may choose itself
attention = near / near.sum(-1, keepdim=True)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
heatmap(
    attention,
    tired,
    tired,
    title="Which word does “it” attend to?",
    select=("it", "animal"),
    caption="Every word is a query (row) and a key (column). Read along the row of “it”.",
)

# %% [markdown]
# “it” gives two thirds of its weight to “animal” and a quarter to “street”. Now take the twin sentence, in which “it” is the street:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“… because it was too wide.” What does “it” attend to now?",
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

# %% slideshow={"slide_type": "skip"}
for last in ["tired", "wide"]:
    shown = torch.tensor(cards.features)[[*range(10), cards.words.index(last)]]
    closeness = gaussian_kernel(torch.cdist(shown, shown), 0.3) * leave_one_out_mask(11)
    of_it = closeness[cards.words.index("it")]
    of_it = of_it / of_it.sum()
    print(f"too {last}: animal {of_it[1]:.2f}, street {of_it[5]:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tired[1] == "animal" and tired[5] == "street" and abs(of_it[1] - 0.65) < 0.01 and abs(of_it[5] - 0.25) < 0.01
assert torch.allclose(attention[tired.index("it"), [1, 5]], of_it[[1, 5]], atol=0.001)

# %% [markdown] tags=["keep"]
# “it” still attends most to “animal”. No width and no other fixed vectors could serve both sentences, because a kernel sees only vectors, and “it” and the two nouns would have the same ones in both. So a word's vector has to depend on its sentence. From chapter 2 on the vectors are learned, and later they depend on the whole sentence.
#
# **Keep this:** attention can only find what the vectors contain.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# The next cell writes one file. Your functions are in it where they're right, and ours where they're not yet. All it imports is torch.

# %%
from course_kit.mine import keep

keep("attention")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A reading that knows its neighbourhood · 40 minutes
# Here the curve wriggles in one stretch and is calm elsewhere, and the readings crowd in some places and are rare in others. One width can't serve them all. Write an estimator that finds from the readings how far to look at each place. In a cell, `!course problem 01` (in a terminal without the `!`) gives you a file to begin with, and judges it on curves that you haven't seen. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Attention is an average, and the query chooses the weights: score, share, average.
# 2. The Gaussian kernel, made into shares, *is* a softmax.
# 3. A narrow kernel keeps the readings' errors, and a very wide one blurs the truth.
# 4. To hide a key, give it the score −∞. Hide the answer before you train.
# 5. Attention can only find what the vectors contain.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions"]
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
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 1, edition <!-- edition -->, and the heading above it.*
