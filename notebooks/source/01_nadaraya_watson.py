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
# On a simulated day, somebody read a thermometer fifty times, and each reading is typically off by about one degree. At 14:36 it showed 21.3 °C, and at the next reading, at 15:30, it showed 23.7. How warm was it at 15:00? **Guess before you touch:** how many of the fifty readings would you average?

# %% jupyter={"source_hidden": true}
import torch
from torch import nn
import course_kit
from chapters.ch01 import again, exercise, hint, labs, solution
from course_kit.i18n import from_cell
from course_kit.views import plot, predict

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
    "is the share of one of them. The width says how far the [query|query] reaches.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
near_three = (hours > 14.5) & (hours < 15.6)
assert (hours - 15).abs().topk(2, largest=False).indices.tolist() == near_three.nonzero()[:, 0].tolist()
assert [round(60 * hour.item()) for hour in hours[near_three]] == [14 * 60 + 36, 15 * 60 + 30]
assert [round(v.item(), 1) for v in readings[near_three]] == [21.3, 23.7]

# %% [markdown] slideshow={"slide_type": "fragment"}
# If you copy the nearest reading, you copy its error. If you average several, their errors partly cancel. If you average all fifty, midnight counts as much as noon.
#
# At 16:30 a storm cooled the air, and the estimate doesn't show it yet. Make the width smaller until it does, then drag the orange mark across the storm and watch the bars.
#
# <a id="query"></a><a id="key"></a><a id="value"></a><a id="weight"></a>
# What you've just used is attention. The hour that you ask for is the <b style="color:#bf5f00">query</b>. The fifty hours at which somebody measured are the <b style="color:#007fc6">keys</b>, and the temperatures that they measured are the <b style="color:#008a67">values</b>. Each value gets a *weight*, which is its share in the average. When you drag the query, different readings start to count, because the query chooses the weights.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: closer counts more
# <a id="average-pooling"></a>
# Let's build this average for 15:00. You could copy the nearest reading. You could average all fifty (*average pooling*), which gives every query the same answer. Or you could sort the readings by their distance to 15:00, and average only the nearest few. Three names come from the folded cell at the top: `hours` are the fifty times, `readings` are the temperatures that were read, and `true_day` is the day without errors, which we know because we invented it.

# %% slideshow={"slide_type": "skip"}
nearest_first = (hours - 15).abs().argsort()
for k in [1, 4, 50]:
    mean = readings[nearest_first[:k]].mean()
    print(f"the {k:2} nearest: {mean:.1f} °C on average")
print(f"the truth: {true_day(torch.tensor(15.0)):.1f} °C")

# %% [markdown] slideshow={"slide_type": "skip"}
# Such readings are the *k nearest neighbours* of the query. Now let them answer for the whole day. `off` says how far a curve typically is from the truth:

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
assert min(range(1, 51), key=lambda k: off(nearest(k))) == 4 and len(grid) == 241

# %% [markdown] slideshow={"slide_type": "fragment"}
# With one neighbour the curve repeats the errors, and with fifty it has forgotten the time of day. On this day four neighbours are best. The average of four errors that don't depend on each other is typically [half as large](01_nadaraya_watson_annex.ipynb#Bias-and-variance) as a single error, and the four are still close enough.
#
# But look at the curve of four again. It jumps, because a reading counts either fully or not at all. **What if a reading faded as the query moves away from it?**
#
# <a id="kernel"></a>
# For that you need a rule that turns a distance into a *closeness*, which is 1 at distance 0 and falls off on both sides. Such a rule is called a **kernel** $\kappa$, and its *width* $w$ says how far it reaches. The rule that we want is the *Gaussian*, which has the shape of a bell.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Three people have noted down the Gaussian, with $d$ for the distance. They haven't noted down the same rule:
#
# $$ e^{-d^2/w} \qquad\qquad e^{-(d/(2w))^2} \qquad\qquad e^{-\frac12(d/w)^2} $$

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "You halve the width, so each rule should reach half as far. One of the three doesn't. Which?",
    ["exp(−d² / w)", "exp(−(d / (2w))²)", "exp(−½ (d / w)²)"],
    answer=0,
    because="In exp(−d² / w), half the width gives the old closeness at 0.71 of the old distance, because the "
    "distance is squared and the width isn't. In the other two the distance comes in only as d/w, so half "
    "the width halves the reach.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(0.71 - 0.5**0.5) < 0.005
assert [round(torch.exp(torch.tensor(-x)).item(), 2) for x in (0.25, 0.5)] == [0.78, 0.61]

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 1 ●○○ · 3 minutes
# Two rules are left. We want a reading that is one width away to have the closeness $e^{-1/2}\approx 0.607$. Decide which of the two that is, and write it.
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
# You have closenesses. What you want are shares, which add up to 1. So multiply each reading by its closeness, add up, and divide by the sum of all closenesses. Here is how the estimate for 15:00 changes, reading by reading:

# %% slideshow={"slide_type": "skip"}
total = weighted = 0.0
for i in nearest_first[:4]:
    closeness = gaussian_kernel(hours[i] - 15, width=1.0)
    total, weighted = total + closeness, weighted + closeness * readings[i]
    print(f"closeness {closeness:.2f}, estimate so far {weighted / total:.1f} °C")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["keep"]
# <a id="nadaraya-watson"></a>
# Taken over all readings, this is the *Nadaraya–Watson estimator*, which Nadaraya and Watson published independently in 1964: <!-- source: Nadaraya 1964; Watson 1964 -->
#
# $$ {\color{#bb51a8}{f}}({\color{#bf5f00}{q}}) \;=\; \sum_i \underbrace{\frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})}}_{\text{the share of reading } i}\;{\color{#008a67}{v_i}} $$
#
# **Keep this:** attention is an average in which the query chooses the weights.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: score, share, average
# Networks first give each key a score, then turn the scores into shares. You can take the Gaussian apart like this, too, first with a pencil.

# %% [markdown] tags=["guess"]
# **Take a pencil.** The two readings nearest to 15:00 are about 0.4 hours before it, with 21.3 °C, and about 0.5 hours after it, with 23.7 °C. The width is half an hour. The *score* of a reading is $-\tfrac12(d/w)^2$. Raise e to each score, divide by the sum of the two, and average the readings with these shares. What is the estimate? You need $e^{-0.32}\approx 0.726$ and $e^{-0.5}\approx 0.607$.

# %%
distances, celsius = torch.tensor([0.4, 0.5]), torch.tensor([21.3, 23.7])
scores = -0.5 * (distances / 0.5) ** 2
shares = torch.exp(scores) / torch.exp(scores).sum()
print("scores", scores, "\nshares", shares, "\nestimate", shares @ celsius)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(scores, torch.tensor([-0.32, -0.5])) and torch.allclose(shares, torch.tensor([0.545, 0.455]), atol=5e-4)
assert torch.allclose(scores.exp(), torch.tensor([0.726, 0.607]), atol=5e-4) and abs((shares @ celsius).item() - 22.39) < 0.01
assert torch.allclose((hours[near_three] - 15).abs().float(), distances, atol=0.01)

# %% [markdown]
# <a id="softmax"></a>
# You raised e to each score and divided by the sum of all. That turns any numbers into shares, because exp makes each of them positive, and the division makes them add up to 1. This recipe is called **softmax**:
#
# $$ \alpha_i=\mathrm{softmax}_i(s)=\frac{e^{s_i}}{\sum_j e^{s_j}} $$
#
# And e to *this* score is the Gaussian kernel itself. So with the Gaussian kernel, the weights of Nadaraya and Watson are a softmax, and its scores are
#
# $$ s_i=\ln\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})=-\tfrac12\Big(\frac{{\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}}}{w}\Big)^2. $$
#
# <a id="attention-pooling"></a><a id="scoring-function"></a>
# So attention takes three steps. It *scores* how well each key fits the query, it turns the scores into *shares*, and it *averages* the values with them. The three together are called *attention pooling*. You can exchange each step separately: chapter 2 takes a different score and keeps the rest.

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 2 ●●○ · 4 minutes
# Write the estimator for many queries at once, without a loop. `queries[:, None] - keys` gives all differences: a row for each of the Q queries, and a column for each of the K keys. Decide first what must add up to 1: the K weights of one query, or the Q weights of one key?
#
# <!-- example: attention pooling -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("attention pooling")
def attention_pooling(queries, keys, values, width=1.0):
    """queries [Q], keys [K], values [K] -> estimate [Q], weights [Q, K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: attention pooling -->
#
# <a id="temperature"></a>
# What happens to the weights of a softmax if you add 100 to all scores? And what if you divide all scores by a number $T$, called the *temperature*? **Guess, then try.**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["lab"]
labs.softmax([2.0, 1.0, 0.0], ["14:36", "15:30", "midnight"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_utils.kernels import nadaraya_watson
assert (torch.softmax(torch.tensor([20.0, 10.0, 0.0]), -1) > 0.999).tolist() == [True, False, False]
assert torch.allclose(torch.softmax(torch.tensor([0.2, 0.1, 0.0]), -1), torch.tensor([0.37, 0.33, 0.30]), atol=5e-3)
assert torch.equal(torch.softmax(torch.tensor([102.0, 101.0, 100.0]), -1), torch.softmax(torch.tensor([2.0, 1.0, 0.0]), -1))
assert torch.exp(torch.tensor(1000.0)).isinf() and torch.softmax(torch.tensor([1000.0, 999.0]), -1).isfinite().all()
assert torch.allclose(attention_pooling(grid, hours, readings)[0], nadaraya_watson(grid, hours, readings, lambda d: gaussian_kernel(d))[0])

# %% [markdown] slideshow={"slide_type": "skip"}
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
# ## Three: too narrow, too wide
# Now let your function guess the whole day. We haven't chosen a width yet, so let's begin with an hour:

# %% slideshow={"point": ["attention_pooling("]}
width = 1.0  # in hours; yours: try others
curve, weights = attention_pooling(grid, hours, readings, width)  # [241], [241, 50]
three_pm = (grid - 15).abs().argmin()  # the query of 15:00
print(f"at 15:00: {curve[three_pm]:.1f} °C, truth {true_day(grid[three_pm]):.1f} °C")
print(f"off by {off(curve):.2f} °C, four nearest {off(nearest(4)):.2f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
at_one, alpha_one = attention_pooling(grid, hours, readings, 1.0)
assert round(off(at_one), 2) == 0.78 and abs(at_one[three_pm] - 22.1) < 0.05 and round(true_day(grid[three_pm]).item(), 1) == 23.0

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="bandwidth"></a>
# Your curve is closer to the truth than that of the four nearest neighbours, and an hour was only a guess. How far *should* a query reach?

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
    because="To the mean. All scores come close to 0, so all weights become nearly equal.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.bandwidth(
    hours, readings, truth, width=1.0, key_name="hour", value_name="°C", loss=False
)

# %% [markdown]
# <a id="bias"></a><a id="variance"></a>
# An average can be wrong in two ways. It can *wobble*: on another day like this one, with different errors, it would have come out differently. And it can *lean*: even if no reading had an error, it would be too warm or too cold, because it reaches hours that were warmer or colder. Statisticians measure the wobble by the *variance*, and call the lean a *bias*. Both are in these three curves:

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

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# A narrow kernel mostly wobbles, because a few readings have nearly all the weight. A wide one mostly leans. The squared bias and the variance [add up to the squared error](01_nadaraya_watson_annex.ipynb#Bias-and-variance).
#
# **Keep this:** a narrow kernel keeps the readings' errors, and a very wide one blurs the truth.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have attention: a short function that guesses 15:00, and every other time of the day, from fifty readings. But you had to guess its width. In the second half the readings choose it, and then you'll find out what no width can do. Close the notebook here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: hide the answer
# <a id="loss"></a>
# So far we could judge a width because we knew the truth. Your own thermometer comes without it, so you need a *loss*: a number that says from the readings alone how bad a width is. You'd probably try this first. Let the estimator guess each reading at its own time, and take the mean of the squared differences:

# %%
for width in [2.0, 0.6, 0.02]:
    loss = (attention_pooling(hours, hours, readings, width)[0] - readings).pow(2).mean()
    print(f"width {width:4} h: loss {loss:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.055 < loss < 0.065 and width == 0.02 and len(readings) - 1 == 49
assert [round(off(attention_pooling(grid, hours, readings, w)[0]), 1) for w in (2.0, 0.6, 0.02)] == [1.1, 0.7, 1.1]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "At a width of 0.02 hours, which is about a minute, the loss falls to 0.06. Why is that bad news?",
    [
        "fifty readings are too few to see its errors",
        "each query sees the very reading that it is compared with",
        "a narrow kernel averages most of the errors away",
    ],
    answer=1,
    because="The query of each reading finds its own key at distance 0. A very narrow "
    "kernel gives this key nearly all the weight, so the estimate repeats the reading with its error. On the "
    "true day this width is off by 1.1 °C, as much as the width of two hours.",
)

# %% [markdown]
# <a id="leave-one-out"></a>
# So this loss rewards copying. What would you do? You wouldn't test a class with the answers printed beside the questions. So hide each reading from its own query, and let the other 49 guess it. This is called **leave-one-out**.
#
# <a id="mask"></a>
# A **mask** says which keys may be seen. You write it as a table of True and False, with a row for each query and a column for each key, and in this course *True means: may be attended to*. For leave-one-out, everything is True except the diagonal:

# %% tags=["definition"]
# course_utils.kernels: leave_one_out_mask

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 3 ●●○ · 12 minutes
# How do you hide a key? There are three proposals. **A:** give it the score 0. **B:** give it the score −∞. **C:** after the softmax, multiply its weight by 0. Decide which of them leaves the hidden key no weight, and the others weights that add up to 1. Then write a softmax that respects a mask and survives large scores. A row in which everything is masked gets *zeros*, where `torch.softmax` would give NaN. (`[..., K]` is any shape that ends in K, and a mask [K], or [Q, K] for scores [..., Q, K], is stretched to it.) You need `torch.softmax(x, -1)`, `~mask`, `x.masked_fill(where, number)`, which puts a number wherever `where` is True, and perhaps `mask.any(-1, keepdim=True)`: is anything allowed in a row?
#
# <!-- example: stable masked softmax -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("stable masked softmax")
def masked_softmax(scores, mask):
    """scores [..., K], mask bool, True = may be attended to -> weights [..., K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: stable masked softmax -->

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# It's B. Since $e^{-\infty}=0$, a hidden key adds nothing to the sum, and the others share what there is. With A it would still get a share, because $e^0=1$, and with C the other weights would no longer add up to 1.
#
# **Keep this:** if a query can see its answer, the loss rewards copying it. To hide a key, give it the score −∞.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: learn the width
# <a id="parametric"></a>
# You could try widths one by one, but not the millions of numbers in a network. So let's use what works there, too. A number that training changes is a *parameter*. PyTorch keeps parameters in a *module*, a Python class: `__init__` stores them (after `super().__init__()`), and `model(…)` runs `forward`. Ours stores the logarithm of the width, so no step makes the width negative. A key may be one number or several, and their squared differences are added up, as Pythagoras does.

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

# %% slideshow={"slide_type": "subslide"}
def learn(keys):
    """Keys, one for each reading -> a model with its learned width, the widths."""
    model, others, path = NadarayaWatson(width=2.0), leave_one_out_mask(50), []
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)  # what `step()` does
    for _ in range(100):
        estimate, _ = model(keys, keys, readings, others)
        loss = (estimate - readings).pow(2).mean()
        optimiser.zero_grad()  # forget the gradient of the step before
        loss.backward()  # compute the new one
        path.append(model.log_width.exp().item())
        optimiser.step()
    return model, path

# %% slideshow={"slide_type": "fragment"} tags=["training"]
model, path = learn(hours)
print(f"width {path[-1]:.2f} h")

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
others, learned = leave_one_out_mask(50), model.log_width.exp().item()
assert 0.595 < learned < 0.605
for start in (0.1, 20.0):
    from_here = NadarayaWatson(width=start)
    optimiser = torch.optim.SGD(from_here.parameters(), lr=0.1)
    for _ in range(200):
        optimiser.zero_grad()
        (from_here(hours, hours, readings, others)[0] - readings).pow(2).mean().backward()
        optimiser.step()
    assert 0.59 < from_here.log_width.exp().item() < 0.605
assert path[0] == 2.0 and path[0] - path[1] > 10 * (path[20] - path[21]) > 0

# %% [markdown] tags=["keep"]
# The ball comes to rest at 0.60 hours, and this time nobody told us the truth. Started at 0.1 or at 20 hours, it ends there, too, if you give it twice the steps.
#
# **Keep this:** hide the answer, then let gradient descent choose the width.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So how many should count?
# <a id="effective-number"></a>
# Now you can answer the question from the beginning, with the width that your model has learned. How many readings count, if no two of them have the same weight? If $n$ readings shared equally, each weight would be $1/n$, and the squares of the weights would add up to $1/n$. So we count one over the sum of the squares:

# %% slideshow={"point": ["count = "]}
at_learned, alpha = model(grid, hours, readings)  # [241], [241, 50]
count = 1 / alpha.pow(2).sum(-1)  # [241]
best = min(off(nearest(k)) for k in range(1, 51))
print(f"at 15:00: {at_learned[three_pm]:.1f} °C, {count[three_pm]:.1f} readings count")
print(f"off by {off(at_learned):.2f} °C, the best number of neighbours {best:.2f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
def turns(curve):
    """How often a curve changes between rising and falling."""
    return (curve.diff()[1:] * curve.diff()[:-1] < 0).sum().item()

tried = torch.logspace(-1, 0.5, 61, dtype=torch.float64)

def loo_width(keys, values):
    """Of 61 widths the one with the smallest leave-one-out loss."""
    apart = (keys[:, None] - keys).reshape(50, 50, -1).pow(2).sum(-1)
    guesses = masked_softmax(-0.5 * apart / tried[:, None, None] ** 2, others) @ values  # [61, 50]
    return tried[(guesses - values).pow(2).mean(-1).argmin()].item()

at_learned, alpha, count = at_learned.detach(), alpha.detach(), count.detach()
assert 5.5 < count[three_pm] < 6.2 and abs(grid[three_pm] - 15) < 1e-9 and abs(at_learned[three_pm].item() - 22.3) < 0.06
assert round(off(at_learned), 2) == 0.70 and round(best, 2) == 0.90
assert [turns(at_learned), turns(at_one), turns(true_day(grid))] == [8, 1, 4]
assert count.mean() < (1 / alpha_one.pow(2).sum(-1)).mean() - 2  # fewer readings than at one hour
won, other_errors, order = 0, torch.Generator().manual_seed(1), (grid[:, None] - hours).abs().argsort(-1)
for _ in range(100):  # the same hours, other errors
    seen = true_day(hours) + torch.randn(50, dtype=torch.float64, generator=other_errors)
    by_neighbours = seen[order].cumsum(-1) / torch.arange(1, 51)  # [241, 50]: of k neighbours, for each k
    won += off(attention_pooling(grid, hours, seen, loo_width(hours, seen))[0]) < min(map(off, by_neighbours.T))
assert won == 97

# %% [markdown] tags=["keep"]
# At 15:00 about six readings count. At these fifty hours, the width that your model has learned does better than any number of neighbours, and nobody had to know the truth to choose it.
#
# Its curve is spikier than that of one hour. Each of its averages is over fewer readings, so a single error has a larger part in it. In return it sees more of the storm.
#
# <details><summary>How sure is this?</summary>
#
# We drew new errors for the same hours a hundred times. On 97 of these days leave-one-out chose a width that did better than any number of neighbours, although the number of neighbours was chosen with the truth in hand. At other hours it's about level with the best number of neighbours, as [the annex](01_nadaraya_watson_annex.ipynb#At-other-hours,-and-with-1,600-readings) shows.
#
# </details>
#
# **Keep this:** choose the width with which the other readings guess a hidden one best.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: what an hour doesn't know
# One place is still wrong. The storm broke at 16:30. Ask for 16:36, six minutes after it:

# %% slideshow={"point": ["after = "]}
after = (grid - 16.6).abs().argmin()  # the query of 16:36
print(f"at 16:36: {at_learned[after]:.1f} °C, truth {true_day(grid[after]):.1f} °C")

# %% [markdown]
# The estimate is three degrees too warm, because nearly half of its weight goes to readings from before the storm. A narrower kernel would get this minute right, but it would copy errors all day, and a wider one would blur the storm even more. No width is good at both. A key is an hour, and an hour doesn't know that there was a storm.
#
# *You* would know: you heard the thunder. So give each reading and each query a second number, 0 before the storm and 10 after it. A reading from the other side is then at least ten hours away, however soon it was taken. Nothing else changes: the same readings, the same class, the same training.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "With the second number, training chooses a new width. It was 0.60 hours. And now?",
    ["narrower", "about the same", "wider"],
    answer=2,
    because="Wider: 0.92 hours. The narrow width was the price of the storm. When readings from the other side "
    "hardly count any more, it's safe to average over more of those on your own side.",
)

# %% slideshow={"slide_type": "subslide", "point": ["torch.stack("]} tags=["training"]
def with_storm(clock):
    """Hours [N] -> keys [N, 2]: the hour, and 10 after the storm or 0 before it."""
    return torch.stack([clock, 10.0 * (clock > 16.5)], dim=-1)

knowing, _ = learn(with_storm(hours))
at_both = knowing(with_storm(grid), with_storm(hours), readings)[0].detach()  # [241]
print(f"width {knowing.log_width.exp():.2f} h, off by {off(at_both):.2f} °C")
print(f"at 16:36: {at_both[after]:.1f} °C, truth {true_day(grid[after]):.1f} °C")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
plot.regression(
    hours,
    readings,
    {
        "hour and storm": (grid[::2], at_both[::2]),
        "hour alone": (grid[::2], at_learned[::2]),
    },
    **day,
    limits=(8, 26),
    start=16.6,
    title="What does the second number change?",
    caption="The same readings and the same training, with one number a key and with two. Compare "
    "both curves at the storm, and in the calm hours.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(x[after].item(), 1) for x in (at_learned, at_both, true_day(grid))] == [19.9, 17.1, 16.7]
assert abs(knowing.log_width.exp().item() - 0.92) < 0.005 and round(off(at_both), 2) == 0.57
assert 0.44 < alpha[after][hours < 16.5].sum() < 0.5
assert [round(attention_pooling(grid, hours, readings, 0.2)[0][after].item(), 1), round(off(attention_pooling(grid, hours, readings, 0.2)[0]), 2)] == [16.8, 0.87]
assert min(off(attention_pooling(grid, hours, readings, w)[0]) for w in torch.logspace(-1, 0.5, 200)) > 0.69 > 0.685
second = lambda clock, far, at: torch.stack([clock, far * (clock > at)], -1)  # noqa: E731
def pair_off(keys, asked, values, w):
    apart = (asked[:, None] - keys).pow(2).sum(-1)
    return off(torch.softmax(-0.5 * apart / w**2, -1) @ values)
for far, at, told in ((1.0, 16.5, 0.62), (3.0, 16.5, 0.57), (100.0, 16.5, 0.57), (10.0, 12.0, 0.70)):
    keys, asked = second(hours, far, at), second(grid, far, at)
    assert round(pair_off(keys, asked, readings, learn(keys)[0].log_width.exp().item()), 2) == told
pairs, other_days = [], torch.Generator().manual_seed(0)
for _ in range(60):  # other hours, other errors
    clock = 24 * torch.rand(50, dtype=torch.float64, generator=other_days).sort().values
    seen, two = true_day(clock) + torch.randn(50, dtype=torch.float64, generator=other_days), with_storm(clock)
    pairs.append([off(attention_pooling(grid, clock, seen, loo_width(clock, seen))[0]), pair_off(two, with_storm(grid), seen, loo_width(two, seen))])
pairs = torch.tensor(pairs)
assert [round(x, 2) for x in pairs.mean(0).tolist()] == [0.84, 0.57] and (pairs[:, 1] < pairs[:, 0]).sum() == 58

# %% [markdown] tags=["keep"]
# Over the day the error falls from 0.70 to 0.57 °C, and at 16:36 most of it is gone. No width could have brought the day so far: even the best of all widths, chosen with the truth in hand, is off by 0.69. What was missing wasn't a better way to look. It was a number to look for.
#
# <details><summary>How sure is this?</summary>
#
# On sixty other days, with other hours and other errors, the error falls from 0.84 to 0.57 on average, and it falls on 58 of them. The 10 only has to be far: with 3 or 100 the curve is off by 0.57, too, and with 1 by 0.62. And it has to be the right number: if it says *before or after noon*, the curve is off by 0.70, as before.
#
# </details>
#
# This time we wrote the second number down. From chapter 2 on a network learns which numbers its vectors should contain.
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
# | [kernel](#kernel) | 核函数 | distance → closeness |
# | [softmax](#softmax) | softmax（归一化指数函数） | scores → weights |
# | [leave-one-out](#leave-one-out) | 留一法 | each is guessed from the others |
# | [mask](#mask) | 掩码 | True = may be attended to |
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
