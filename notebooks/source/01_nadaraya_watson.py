# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 1 · How many readings should count?
# *Nadaraya–Watson: attention before it had the name.* You will hold `mine/attention.py`, a weighted average that learns how far to look. <!-- minutes --> **Before:** [Start here](00_start_here.ipynb) (tensors, shapes, weighted averages) and derivatives.
#
# ## A query comes in
# On a simulated day a thermometer was read fifty times. At 14:36 it showed 21.3 °C, and next, at 15:30, 23.7. How warm was it at 15:00? Each reading has an error of its own, of about one degree, so if you copy one, you copy its error. If you average several, errors partly cancel. But if you average all fifty, midnight counts as much as noon. **Guess before you touch:** how many of the fifty would you average? And how many, if there were 1,600?

# %% jupyter={"source_hidden": true}
import torch
from torch import nn
import course_kit
from chapters.ch01 import again, exercise, hint, labs, solution
from course_kit.i18n import from_cell
from course_kit.views import heatmap, plot, predict

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
truth = (grid[::2], true_day(grid)[::2])
day = {"truth": truth, "xlabel": "hour of the day", "ylabel": "°C", "hours": True}


def off(estimate):
    """How far an estimate [241] typically is from the true day, in °C."""
    return (estimate - true_day(grid)).pow(2).mean().sqrt().item()

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
    "is the share of one of them. The width says how far the [query|query] reaches.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(hours) * 32 == 1600
assert (hours - 15).abs().topk(2, largest=False).indices.tolist() == [i for i in range(50) if 14.5 < hours[i] < 15.6]
assert [round(60 * hour.item()) for hour in hours if 14.5 < hour < 15.6] == [14 * 60 + 36, 15 * 60 + 30]
assert [round(v.item(), 1) for hour, v in zip(hours, readings, strict=True) if 14.5 < hour < 15.6] == [21.3, 23.7]

# %% [markdown] slideshow={"slide_type": "fragment"}
# At 16:30 a storm cooled the air, and the estimate does not show it. Make the width smaller until it does, and drag the orange mark across the storm.
#
# <a id="query"></a><a id="key"></a><a id="value"></a><a id="weight"></a>
# This is attention. A <b style="color:#bf5f00">query</b>, here an hour, meets fifty <b style="color:#007fc6">keys</b>, the hours of the readings. Each key gets a **weight**, which is the share of its reading, the <b style="color:#008a67">value</b>, in the average. When you drag the query, other readings count, because in attention the query chooses the weights.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# From outside, attention is a box. You put in a query, keys and values, and you get an average of the values. Choosing its weights takes three steps inside the box:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.box(
    title="What is inside attention?",
    caption="Look at the box from outside, then open it step by step.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Here is the box for our thermometer, as you will have written it by the end of section Three. We ask it about two hours:

# %%
from course_utils.kernels import attention_pooling

queries = torch.tensor([15.0, 17.0], dtype=torch.float64)
estimate, weights = attention_pooling(queries, hours, readings, width=0.6)
print("estimates", estimate, " weights", tuple(weights.shape))

# %% [markdown] slideshow={"slide_type": "subslide"}
# <a id="bias"></a><a id="variance"></a>
# You get an estimate for each query, and a table of weights with a row for each query and a column for each key. What is left to decide is the width. How far should a query reach? The answer fits into two sentences. **The more readings you average, the less is usually left of their errors. But to find more readings, you have to go farther, to hours that were warmer or colder.**
#
# An average can therefore be wrong in two ways. The first is that it *wobbles*: on another day like this, with other errors, it would come out differently. The mean square of the wobble is its **variance**. The second is that it *leans*: even if no reading had an error, the average would be too warm or too cold. How much it leans is its **bias**. On average over many such days,
#
# $$ \text{squared error} \;=\; \text{bias}^2 + \text{variance}, $$
#
# because an error is bias plus wobble, and its square is bias² + 2 · bias · wobble + wobble². The mean wobble is 0, so the term in the middle vanishes.

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
    "truth, above all at the storm.",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: more readings, smaller errors
# How fast do errors cancel? Let us draw independent errors of variance 1, and average 1, 4 or 16 of them, ten thousand times:

# %% slideshow={"slide_type": "skip"}
errors = torch.randn(10_000, 16, generator=torch.Generator().manual_seed(0))
for n in [1, 4, 16]:
    averages = errors[:, :n].mean(-1)  # [10000]
    print(f"average of {n:2}: variance {averages.var():.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
edges = torch.linspace(-3, 3, 61)
left = {n: torch.histogram(errors[:, :n].mean(-1), edges, density=True).hist for n in (1, 4, 16)}
plot.beside(
    {
        from_cell("average of {n}", n=n): plot.points(
            {"": ((edges[1:] + edges[:-1]) / 2, torch.zeros(60), density)},
            xlabel="°C",
            ylabel="how often",
            role={"": "value"},
            limits=(0, 1.7),
        )
        for n, density in left.items()
    },
    title="What is left of the errors?",
    caption="How often an average of so many errors has this size. How much narrower does the hill "
    "become, if four times as many are averaged?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(abs(n * errors[:, :n].mean(-1).var() - 1) < 0.05 for n in (1, 4, 16))

# %% [markdown]
# Four errors leave a quarter of the variance, and sixteen leave a sixteenth. Variances of independent numbers add up, so the sum of $n$ errors has the variance $n$. Dividing the sum by $n$ divides its variance by $n^2$, because a variance is a mean of squares:
#
# $$ \mathrm{var}\Big(\frac{\varepsilon_1+\dots+\varepsilon_n}{n}\Big)=\frac{n}{n^2}=\frac1n $$
#
# <a id="average-pooling"></a>
# So half the error costs four times as many readings. If the hour did not matter, you would average all fifty. An average with equal weights, whatever the query is, is called **average pooling**.
#
# But the hour does matter. So sort the readings by their distance to 15:00, and average only the nearest few. By hand:

# %% slideshow={"slide_type": "skip"}
total = 0.0
nearest_first = (hours - 15).abs().argsort()
for count, i in enumerate(nearest_first[:4], start=1):
    total = total + readings[i]
    print(f"{hours[i]:.2f} h: {readings[i]:.1f} °C, mean so far {total / count:.1f} °C")

# %% [markdown]
# The four are called the *k nearest neighbours* of the query, with $k=4$. We want them for the whole day, so `grid` has a query every six minutes, `off(curve)` measures how far a curve typically is from the true day, and `topk(k, largest=False)` finds the places of the k smallest distances in each row:

# %% slideshow={"slide_type": "skip"}
def nearest(k):
    near = (grid[:, None] - hours).abs().topk(k, largest=False).indices  # [241, k]
    return readings[near].mean(-1)  # [241, k] -> [241]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
def drawn(curve, words=""):
    """A chart of the day with a curve [241]; at its end are these words, or how far it is off."""
    named = {words or from_cell(
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
assert torch.allclose(total / count, nearest(4)[150]) and abs(grid[150] - 15) < 1e-9
assert [round(off(nearest(k)), 1) for k in (1, 4, 50)] == [1.1, 0.9, 4.0] and len(grid) == 241
assert min(range(1, 51), key=lambda k: off(nearest(k))) == 4

# %% [markdown] tags=["keep"]
# With one neighbour the curve repeats every error, and with fifty it has forgotten the hour. Four are best on this day: their curve is typically 0.9 °C off the truth, which we know only because we invented it.
#
# **Keep this:** an average of n independent errors keeps 1/n of their variance. But for more of them you have to go farther.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card", "core"]
# ## Two: closer counts more
# <a id="kernel"></a>
# Look at the curve of four neighbours again: it jumps, because a reading counts fully or not at all. A reading should rather fade out as the query moves away. For that we need a rule that turns a distance into a *closeness*, which is 1 at distance 0 and does not grow with the distance. Such a rule is called a **kernel** $\kappa$, and its **width** $w$ says how far it reaches. We use mostly the Gaussian, the shape of a bell.
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

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: gaussian kernel -->
#
# Two other kernels are 0 beyond one width. The *boxcar* treats all readings up to there alike, and *Epanechnikov's* is an arch:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.kernels: boxcar_kernel, epanechnikov_kernel

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
kernels = {
    "Gaussian": gaussian_kernel,
    "boxcar": boxcar_kernel,
    "Epanechnikov": epanechnikov_kernel,
}
distances = torch.linspace(-3, 3, 121)
plot.beside(
    {
        name: plot.points(
            {"": (distances, torch.zeros(121), kernel(distances))},
            xlabel="distance in widths",
            ylabel="closeness",
            role={"": "key"},
        )
        for name, kernel in kernels.items()
    },
    title="How close is a reading at this distance?",
    caption="The query is in the middle of each bump. Which of the three kernels never becomes 0?",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# A closeness is not yet a share. So multiply each reading by its closeness, add up, and divide by the sum of all closenesses. For 15:00 and its four nearest readings:

# %% slideshow={"slide_type": "skip"}
total = weighted = 0.0
for i in nearest_first[:4]:
    closeness = gaussian_kernel(hours[i] - 15, width=0.6)
    total, weighted = total + closeness, weighted + closeness * readings[i]
    print(f"closeness {closeness:.2f}, estimate so far {weighted / total:.1f} °C")

# %% [markdown] slideshow={"point": ["weights ="], "slide_type": "subslide"}
# <a id="nadaraya-watson"></a>
# Taken over all readings, this is the **Nadaraya–Watson estimator**, which Nadaraya and Watson published independently in 1964: <!-- source: Nadaraya 1964; Watson 1964 -->
#
# $$ {\color{#bb51a8}{f}}({\color{#bf5f00}{q}}) \;=\; \sum_i \frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})}\;{\color{#008a67}{v_i}} $$
#
# Why this average? Suppose that you have to answer with one number $c$. At reading $i$ its squared error is $(v_i-c)^2$, and we count it $\kappa_i=\kappa(q-k_i)$ times, because near readings matter more. Which $c$ makes $\sum_i\kappa_i(v_i-c)^2$ smallest? The slope, $-2\sum_i\kappa_i(v_i-c)$, is 0 at $c=\sum_i\kappa_iv_i/\sum_j\kappa_j$, which is the estimator. For all queries at once:

# %% tags=["definition"]
# course_utils.kernels: nadaraya_watson

# %% [markdown]
# If no reading lies within the boxcar, all weights are 0. The function then returns 0, which means *no answer*, and not 0 °C. Now give each of the three kernels the width that suits it best:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
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
plot.regression(
    hours,
    readings,
    {named[name]: (grid[::2], fitted(kernels[name], best[name])[::2]) for name in kernels},
    **day,
    limits=(8, 26),
    start=16.5,
    title="Does the shape of the kernel matter?",
    caption="Three kernels, one curve each. Which of them jumps, and where do they differ by more "
    "than that?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(off(fitted(kernels[name], best[name])), 2) for name in kernels] == [0.69, 0.76, 0.70]
assert [round(off(fitted(gaussian_kernel, w)), 1) for w in (0.6, 2.0)] == [0.7, 1.1]
mean_off, others_day = dict.fromkeys(kernels, 0), torch.Generator().manual_seed(0)
for _ in range(50):  # other hours, other errors
    at = 24 * torch.rand(50, dtype=torch.float64, generator=others_day).sort().values
    seen = true_day(at) + torch.randn(50, dtype=torch.float64, generator=others_day)
    for name, kernel in kernels.items():
        estimates = (nadaraya_watson(grid, at, seen, lambda d, w=w, f=kernel: f(d, w))[0] for w in tried)
        mean_off[name] += min(off(estimate) for estimate in estimates) / 50
assert max(mean_off.values()) - min(mean_off.values()) < 0.1

# %% [markdown] tags=["keep"]
# Each at its best width, the three curves are off by 0.7 or 0.8 °C. But if you make the Gaussian's width two hours instead, its curve is off by 1.1 °C instead of 0.7, above all because it blurs the storm.
#
# **Keep this:** these three kernels serve almost equally well, but none of them does with a wrong width.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: score, share, average
# You have closenesses, and you turn them into shares. Networks do it in two steps, a score and a share, so let us take the Gaussian apart in the same way.

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

# %% [markdown] slideshow={"point": ["torch.softmax"]}
# <a id="softmax"></a>
# Look at what you did: *e to each score, divided by the sum of all*. This step makes shares of any scores, because exp makes each positive, and the division makes them add up to 1. Its name is **softmax**:
#
# $$ \alpha_i=\mathrm{softmax}_i(s)=\frac{e^{s_i}}{\sum_j e^{s_j}} $$
#
# And e to the score is the Gaussian kernel itself. So the weights of Nadaraya and Watson *are* a softmax, that of the scores
#
# $$ s_i=\ln\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})=-\tfrac12\Big(\frac{{\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}}}{w}\Big)^2. $$
#
# <a id="attention-pooling"></a><a id="scoring-function"></a>
# Here are the three steps of the box. A **scoring function** $a$ says how well a key fits the query. A *distribution* $p$, usually the softmax, turns the scores into weights. The values are then averaged with these weights. All together this is **attention pooling**:
#
# $$ A({\color{#bf5f00}{q}},{\color{#007fc6}{K}},{\color{#008a67}{V}})=\sum_{i} p\big(a({\color{#007fc6}{k_i}},{\color{#bf5f00}{q}})\big)\,{\color{#008a67}{v_i}} $$
#
# Each step can be exchanged: chapter 2 takes another score, and keeps the rest. Nor do keys have to be hours. A key can be a *vector*, a list of numbers:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["lab"]
q, K = torch.tensor([[1.0, 1.5]]), torch.tensor([[0.5, 2.5], [1.5, 1.0], [3.0, 1.5]])
V = torch.tensor([[1.5, 0.0], [0.0, 2.0], [1.0, 0.5]])
labs.attention(q, K, V)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# <a id="convex-combination"></a>
# Drag the query onto a key: now no other key has a larger weight, and no value counts more in the output. If one weight is 1, attention fetches a single value, as a *database query* does. If all weights are equal, it is average pooling. Because no weight is negative and they add up to 1, the output is a **convex combination** of the values, which never leaves their range.
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
# You will meet the softmax in every chapter. What happens to its weights if you add 100 to all scores? And if you divide all scores by a number $T$, the **temperature**? **Guess, then try.**

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.softmax([2.0, 1.0, 0.0], ["14:36", "15:30", "midnight"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (torch.softmax(torch.tensor([20.0, 10.0, 0.0]), -1) > 0.999).tolist() == [True, False, False]
assert torch.allclose(torch.softmax(torch.tensor([0.2, 0.1, 0.0]), -1), torch.tensor([0.37, 0.33, 0.30]), atol=5e-3)
assert torch.equal(torch.softmax(torch.tensor([102.0, 101.0, 100.0]), -1), torch.softmax(torch.tensor([2.0, 1.0, 0.0]), -1))
assert torch.exp(torch.tensor(1000.0)).isinf() and torch.softmax(torch.tensor([1000.0, 999.0]), -1).isfinite().all()
assert torch.allclose(attention_pooling(grid, hours, readings)[0], nadaraya_watson(grid, hours, readings)[0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# Adding 100 changes nothing, because the factor $e^{100}$ cancels. So `torch.softmax` first subtracts the largest score, as $e^{1000}$ is too large for the computer's numbers. A low temperature favours the best score: at 0.1 it has more than 99.9 %. At 10 the weights are nearly equal, 0.37, 0.33 and 0.30.
#
# </details>

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Our score is $-\tfrac12d^2$ divided by $w^2$, so $w^2$ plays the part of $T$: a narrow kernel is a softmax at a low temperature, and a wide kernel at a high one.
#
# **Keep this:** attention is score, share, average. The Gaussian kernel, made into shares, is a softmax.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: too narrow, too wide
# <a id="bandwidth"></a>
# Now to the width, also called the **bandwidth**.

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
# <a id="effective-number"></a>
# The lab says how many readings count at each width. How can you count them, if no two have the same weight? An average of $n$ independent errors keeps $1/n$ of their variance. Now each error $\varepsilon_i$ is multiplied by its weight, so its variance is multiplied by the weight's square, and the variances add up:
#
# $$ \mathrm{var}\Big(\sum_i\alpha_i\varepsilon_i\Big)=\sum_i\alpha_i^2=\frac1{n_\text{eff}},\qquad n_\text{eff}=\frac1{\sum_i\alpha_i^2} $$
#
# A plain average of $n_\text{eff}$ readings would have the same variance, so we call it the **effective number** of readings. In the pencil example it is $1/(0.35^2+0.57^2+0.08^2)$, which is 2.2 of three.
#
# Our errors have the variance 1, so here the weights alone tell how much an estimate wobbles. For the bias we need the truth, and we have it, because we invented the day. So we average true temperatures instead of readings, and what is still wrong is bias:

# %%
widths, bias2, variance = torch.logspace(-1, 0.4, 27).tolist(), [], []
for width in widths:  # 0.1 to 2.5 hours
    leaning, alpha = attention_pooling(grid, hours, true_day(hours), width)
    bias2.append(off(leaning) ** 2)
    variance.append(alpha.pow(2).sum(-1).mean().item())
both = torch.tensor(bias2) + torch.tensor(variance)
print(f"smallest at a width of {widths[both.argmin()]:.1f} h")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
low = torch.tensor(variance)
plot.points(
    {
        "variance": (widths, torch.zeros(len(widths)), low),
        "bias²": (widths, low, both),
        "together": (widths, both),
    },
    xlabel="width in hours",
    ylabel="squared error in °C²",
    log="x",
    role={"variance": "value", "bias²": "key"},
    limits=(0, 1.6),
    mark=(widths[both.argmin()], f"{widths[both.argmin()]:.1f} h"),
    title="Where does the error come from?",
    caption="One on top of the other: what is left of the readings' errors, and what comes from "
    "reaching too far. Their sum is the squared error. Where is it smallest?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round((1 / shares.pow(2).sum()).item(), 1) == 2.2 and len(shares) == 3
assert variance[0] > bias2[0] and bias2[-1] > variance[-1] and 0.55 < widths[both.argmin()] < 0.65
assert (torch.tensor(bias2).diff() > 0)[12:].all() and (low.diff() < 0).all()
drawn_days = torch.randn(400, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + true_day(hours)
squared = ((attention_pooling(grid, hours, readings, 0.6)[1] @ drawn_days.T).T - true_day(grid)).pow(2).mean()
gained = [torch.tensor([off(curve) ** 2, a.pow(2).sum(-1).mean()]) for curve, a in (attention_pooling(grid, hours, true_day(hours), w) for w in (1.0, 0.6))]
assert (gained[0] - gained[1]).sum() > 0 > (gained[0] - gained[1])[1]  # of the width of one hour, and the learned one
blurred, by_storm = (attention_pooling(grid, hours, true_day(hours), 2.0)[0] - true_day(grid)).pow(2), (grid > 14) & (grid < 20)
assert blurred[by_storm].sum() > 0.6 * blurred.sum() and by_storm.double().mean() < 0.25
assert abs(squared - 0.45) < 0.02 and abs(both.min() - 0.45) < 0.02  # the law itself

# %% [markdown] tags=["keep"]
# On the left most of the error is variance, because a single reading has nearly all the weight. On the right nearly all of it is bias, because the average reaches hours that were warmer or colder, above all across the storm. Between them lies a valley, and the best width is at its bottom.
#
# **Keep this:** squared error = bias² + variance. A narrow kernel keeps the readings' errors, a very wide one blurs the truth.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: let the data choose
# <a id="loss"></a>
# We found the bottom of the valley with the help of the truth. Your own thermometer comes without it, so you need a **loss**: a number that says from the readings alone how bad a width is. You would probably try this one first, the mean squared difference between each reading and the estimate at its hour:

# %%
for width in [2.0, 0.6, 0.1, 0.02]:
    loss = (attention_pooling(hours, hours, readings, width)[0] - readings).pow(2).mean()
    wrong = off(attention_pooling(grid, hours, readings, width)[0])
    print(f"width {width:4} h: loss {loss:.2f}, off the true day by {wrong:.1f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.055 < loss < 0.065 and width == 0.02 and len(readings) - 1 == 49
assert [round(off(attention_pooling(grid, hours, readings, w)[0]), 1) for w in (2.0, 0.6, 0.02)] == [1.1, 0.7, 1.1]

# %% [markdown]
# This loss is smallest for the narrowest width, although its curve is as far off the true day as that of the widest.

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
# So this loss rewards copying. You would not test a class with the answers printed beside the questions. So hide each reading from its own query, and let the other 49 guess it. This is called **leave-one-out**.
#
# <a id="mask"></a>
# How do you hide a key? Give it the score −∞: since $e^{-\infty}=0$, the softmax gives it no weight. Which keys may be seen is written in a **mask**, a table of True and False with a row for each query and a column for each key. In this course *True means: may be attended to*. For leave-one-out, all is True except the diagonal:

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

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: stable masked softmax -->
#
# <a id="parametric"></a>
# We could now try widths one by one. But a network with millions of numbers cannot be tuned like that, so let us use the way that works there as well. A number that training changes is a **parameter**, and PyTorch keeps parameters in a *module*. A module is a Python class: `__init__` stores its parameters (after `super().__init__()`), and `model(…)` runs `forward`. Ours holds the logarithm of the width, so that no step can make the width negative.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.kernels: NadarayaWatson

# %% [markdown] slideshow={"slide_type": "subslide"}
# <a id="gradient-descent"></a>
# Think of the loss as a valley with the widths along the ground. You stand at two hours, feel the slope under your feet, take a step downhill, and feel again. This is **gradient descent**. `backward()` computes the slope, which is called the *gradient*. `step()` then subtracts the *learning rate* `lr` times the gradient, so a steep slope makes a long step.

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
# The steps are long where the loss is steep, and they become short near the bottom, at 0.60 hours. That is also where the valley of section Four had its bottom, and this time nobody told us the truth. The loss there is not 0, because each reading has an error of its own, which the other 49 cannot predict.
#
# <details><summary>How sure is this?</summary>
#
# From any start between 0.1 and 20 hours, training ends at 0.60; from 0.05 it goes astray, to ever narrower widths. The loss ends at 1.57, and the mean square of the fifty errors alone is 1.30. That the two valleys agree so well is partly luck: [the annex](01_nadaraya_watson_annex.ipynb#Was-it-luck?) draws other errors.
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
three_pm = (grid - 15).abs().argmin()  # the query of 15:00
print(f"effective number {effective.mean():.1f}, at 15:00 {effective[three_pm]:.1f}")
print(f"at 15:00: {at_learned[three_pm]:.1f} °C, truth {true_day(grid[three_pm]):.1f}")
print(f"off by {off(at_learned):.1f} °C, four nearest {off(nearest(4)):.1f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
at_one, alpha_one = attention_pooling(grid, hours, readings, 1.0)
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

# %% [markdown]
# Four or five readings count on average, and about six at 15:00, where the readings lie closer together. The learned width is about as good as the best number of neighbours, and nobody had to know the truth to choose it. Compare its curve with that of a width of one hour:

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
# The learned curve is spikier, because fewer readings share each of its averages, so the error of each pulls harder. In return it sees the storm. On this day that is a good bargain: it costs some variance and saves more bias.
#
# And with 1,600 readings? For each number of readings we draw ten days, and take the width that comes closest to the truth:

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
    print(f"{n:4} readings: width {rule[n][0]:.2f} h, effective number {rule[n][1]:.1f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
best_widths, counts = zip(*rule.values(), strict=True)
plot.beside(
    {
        "the best width, in hours": plot.lines(
            {"": (list(rule), best_widths)}, "readings", "hours", log="x", limits=(0, 0.8)
        ),
        "how many readings count": plot.lines(
            {"": (list(rule), counts)}, "readings", "effective number", log="x", limits=(0, 35)
        ),
    },
    title="What becomes of the best width with more readings?",
    caption="Each point is the mean of ten days. Follow both curves to the right.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
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

# %% [markdown] tags=["keep"]
# You gain on both sides. About thirty of the 1,600 readings count, five to six times as many as of fifty, so the variance falls. And the width is a fifth or a sixth of what it was, so the bias falls, too.
#
# <details><summary>How sure is this?</summary>
#
# On a hundred other days, the curve with the leave-one-out width is 0.83 °C off on average. The curve with the best number of neighbours, though chosen with the truth in hand, is off by 0.84. Without the storm, 32 times as many readings shrink the best width to about two fifths, and more than ten times as many count. If all hours were equally warm, the widest width would usually be the best.
#
# </details>
#
# **Keep this:** with more readings the best width is usually narrower, and still more of them count.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## A library: need, label, book
# <a id="soft-address"></a>
# Think of a library, where you compare your *need* with the *labels*, and take home a *book*. A Python dictionary does the same, but it finds all or nothing:

# %% tags=["nbval-check-output"]
shelf = {"我": "I", "很": "very", "高兴": "happy"}
print("高兴 →", shelf.get("高兴"), " 快乐 →", shelf.get("快乐"))

# %% [markdown]
# 快乐 (joyful) finds nothing, although it means almost the same as 高兴 (happy). Attention would give it a little of each word, and most of the nearest. Words cannot be averaged, so give each of them a vector. Both the vectors and the first row of weights, for 快乐, are invented:

# %%
meanings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # I, very, happy
shares = torch.tensor([[0.1, 0.2, 0.7], [0.0, 0.0, 1.0]])
shares @ meanings  # [2 queries, 3 keys] @ [3 keys, 2] -> [2 queries, 2]

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shares[0] @ meanings, torch.tensor([0.8, 0.9]))

# %% [markdown]
# <a id="bottleneck"></a>
# What comes out is near the vector of *happy*. Weights like those of the first row are a **soft address**, those of the second a *hard* one, as in a dictionary. With a smooth kernel a soft answer moves a little if you move the query a little. Gradient descent needs that, because it asks which small change makes things better.
#
# This is how attention came to language. The first neural translators usually read a sentence into *one* vector, a **bottleneck**: it was the same for each word to be written, and no larger for a long sentence than for a short one. In 2014 Bahdanau, Cho and Bengio let the translator look back at all words instead, by a soft address, and called it attention. Nearly all large language models are built on it. <!-- source: Bahdanau, Cho & Bengio 2015 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## A sentence meets a kernel
# **The animal didn't cross the street because it was too tired.** You know what "it" refers to. Can your kernel find it? A kernel needs distances, so *we made up* a vector of three numbers for each word:

# %% jupyter={"source_hidden": true}
from course_kit import data

cards = data.load("word_features")
tired, features = cards.words[:11], torch.tensor(cards.features)[:11]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.word_vectors(
    tired,
    features,
    title="What do the three numbers say?",
    caption="Each word has a [key|vector] of three numbers. To which words is “it” near?",
)

# %% [markdown]
# `features` has a row for each word. Each word is now both a query and a key, and `torch.cdist` gives the distances of all pairs. The rest is as before:

# %%
near = gaussian_kernel(torch.cdist(features, features), width=0.3)  # [11, 11]
attention = near / near.sum(-1, keepdim=True)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
heatmap(
    attention,
    tired,
    tired,
    title="Which word does “it” attend to?",
    select=("it", "it"),
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

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
shares_of_it = {}
for last in ("tired", "wide"):
    shown = torch.tensor(cards.features)[[*range(10), cards.words.index(last)]]
    of_it = gaussian_kernel(torch.cdist(shown, shown), width=0.3)[tired.index("it")]
    shares_of_it[f"… too {last}"] = (of_it / of_it.sum())[[1, 5]]
plot.bars(
    ["animal", "street"],
    shares_of_it,
    digits=2,
    ylabel="weight that “it” gives",
    title="Which noun does “it” attend to in the two sentences?",
    caption="The two shades are the two sentences. What does the last word change?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(*shares_of_it.values(), atol=0.005) and shares_of_it["… too wide"][0] > 0.3

# %% [markdown] tags=["keep"]
# The kernel has found nothing that we had not put in. No width and no other fixed vectors could serve both sentences, because a kernel sees only vectors, and "it" and the two nouns would have the same ones in both. So a word's vector has to depend on its sentence. From chapter 2 on the vectors are learned, and later they depend on the whole sentence.
#
# **Keep this:** attention can only find what the vectors contain.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# The next cell writes one file. It has your functions if they passed the checks, and the course's for the rest, and it needs only torch.

# %%
from course_kit.mine import keep

keep("attention")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Attention is an average, and the query chooses the weights: score, share, average.
# 2. The Gaussian kernel, made into shares, *is* a softmax.
# 3. Squared error = bias² + variance. A narrow width keeps the readings' errors, a wide one blurs the truth.
# 4. A mask hides keys: their score is −∞. Hide the answer before you train.
# 5. With more readings the best width is usually narrower, and still more of them count.

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
