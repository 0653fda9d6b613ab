# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 1 · How many readings should count?
# *Nadaraya–Watson: attention before it had the name.* At the end you hold `mine/attention.py`: kernels, a masked softmax and attention pooling in plain PyTorch, with a width that it learns from data. <!-- minutes --> **Before:** [Start here](00_start_here.ipynb) (tensors, shapes, weighted averages) and derivatives.
#
# ## A query comes in
# We simulated a day on which a thermometer is read fifty times. At 14:36 it shows 21.3 °C, and the next reading, at 15:30, is 23.7. How warm is it at 15:00? Each reading has an error of about one degree, so if you copy one reading, you copy its error. But if you average all fifty, midnight counts as much as noon. **Guess before you touch:** how many readings would you average?

# %% jupyter={"source_hidden": true}
import time

import torch
from torch import nn
import course_kit
from chapters.ch01 import again, exercise, hint, labs, solution
from IPython.display import display
from course_kit.views import heatmap, plot, predict

runtime = course_kit.setup()


def true_day(hour):
    """An invented day: coldest at 3:00, warmest at 15:00, a storm at 16:30. Hours -> °C"""
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
labs.ask(
    hours,
    readings,
    truth,
    query=15.0,
    width=1.0,
    key_name="hour",
    value_name="°C",
    title="Which readings answer for 15:00?",
    caption="The [output|estimate] is an average of the [value|readings], and each bar "
    "shows how much one of them "
    "counts. Drag the [query|orange mark] to another hour.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (hours - 15).abs().topk(2, largest=False).indices.tolist() == [i for i in range(50) if 14.5 < hours[i] < 15.6]
assert [round(60 * hour.item()) for hour in hours if 14.5 < hour < 15.6] == [14 * 60 + 36, 15 * 60 + 30]
assert [round(v.item(), 1) for hour, v in zip(hours, readings, strict=True) if 14.5 < hour < 15.6] == [21.3, 23.7]

# %% [markdown] slideshow={"slide_type": "fragment"}
# Drag the orange mark past 16:30, when a storm breaks. Then change the *width*, which says how far the query reaches.
#
# <a id="query"></a><a id="key"></a><a id="value"></a><a id="weight"></a>
# This is attention. A <b style="color:#bf5f00">query</b> (an hour) meets fifty <b style="color:#007fc6">keys</b> (the hours of the readings). Each key gets a **weight**, its share of the average. The <b style="color:#008a67">values</b> (the readings) are averaged with these weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole before its parts
# <a id="attention-pooling"></a><a id="scoring-function"></a><a id="softmax"></a>
# In general a query $q$ and each of $n$ keys $k_i$ are *vectors*, lists of $d$ numbers, and each key brings a value $v_i$, a vector, too. A **scoring function** $a$ says how well a key fits the query. The **softmax** turns the scores into weights $\alpha_i$: exp makes each score positive, and dividing by the sum makes them add up to 1. The weighted average of the values is called **attention pooling**:
#
# $$ A({\color{#bf5f00}{q}},{\color{#007fc6}{K}},{\color{#008a67}{V}})=\sum_{i=1}^n\alpha_i\,{\color{#008a67}{v_i}},\qquad \alpha_i=\frac{e^{s_i}}{\sum_{j=1}^n e^{s_j}},\qquad s_i=a({\color{#bf5f00}{q}},{\color{#007fc6}{k_i}}) $$
#
# Read it from right to left: score, share, average. Here it is with three keys of two numbers each; the score is −½ times the squared distance of query and key.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
q, K = torch.tensor([[1.0, 1.5]]), torch.tensor([[0.5, 2.5], [1.5, 1.0], [3.0, 1.5]])
V = torch.tensor([[1.5, 0.0], [0.0, 2.0], [1.0, 0.5]])
s = -0.5 * torch.cdist(q, K) ** 2
share = torch.softmax(s, -1)
steps = {
    "query q": q,
    "keys K": K,
    "scores s": s,
    "weights α": share,
    "values V": V,
    "output": share @ V,
}
plot.maps(
    steps,
    {
        "query q": ["q"],
        "keys K": ["k₁", "k₂", "k₃"],
        "scores s": [""],
        "weights α": [""],
        "values V": ["v₁", "v₂", "v₃"],
        "output": [""],
    },
    {
        "query q": ["1", "2"],
        "keys K": ["1", "2"],
        "scores s": ["s₁", "s₂", "s₃"],
        "weights α": ["α₁", "α₂", "α₃"],
        "values V": ["1", "2"],
        "output": ["1", "2"],
    },
    limits=None,
    roles={
        "query q": "query",
        "keys K": "key",
        "scores s": "plus",
        "values V": "value",
        "output": "output",
    },
    title="How does a query become an output?",
    across=6,
    caption="From left to right: the [query|query] is compared with each [key|key], the "
    "scores become weights, "
    "and the [value|values] are averaged with them. Point at a cell to read its number.",
)

# %% [markdown]
# From outside it is two lines. Shapes in, shapes out:

# %% tags=["nbval-check-output"]
queries, keys, values = torch.randn(2, 3), torch.randn(5, 3), torch.randn(5, 4)
weights = torch.softmax(-0.5 * torch.cdist(queries, keys) ** 2, dim=-1)  # [2, 5]
print("weights", tuple(weights.shape), " output", tuple((weights @ values).shape))

# %% [markdown]
# <a id="average-pooling"></a><a id="convex-combination"></a>
# What can come out?
# - If one weight is 1 and the others are 0, attention fetches one value, like a **database query**.
# - If all weights are equal, the output is the mean: **average pooling**.
# - In every case the weights are not negative and add up to 1. The output is a **convex combination** of the values, so it never leaves their range.
#
# This makes a good layer of a network. It takes any number of keys, has no parameters of its own, and need not compress what it knows: other keys and values give the same query another answer.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A library: need, label, book
# <a id="soft-address"></a>
# You come to a library with a *need* (query), compare it with the *labels* (keys), and carry home a *book* (value). A Python dictionary does this, but all or nothing:

# %% tags=["nbval-check-output"]
shelf = {"我": "I", "很": "very", "高兴": "happy"}
print("高兴 →", shelf.get("高兴"), " 快乐 →", shelf.get("快乐"))

# %% [markdown]
# 快乐 (joyful) finds nothing, although it means almost the same as 高兴 (happy). Weights can say that one key fits well and another a little. Words cannot be averaged, but vectors can: let *I* be (1, 0), *very* (0, 1) and *happy* (1, 1), and let 快乐 give them the weights 0.1, 0.2 and 0.7. (All of these numbers are invented.)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "What comes out?",
    [
        "(1, 1): the value of 高兴",
        "(0.8, 0.9): near it, but not quite",
        "(0.67, 0.67): the middle of the three",
    ],
    answer=1,
    because="0.1 · (1, 0) + 0.2 · (0, 1) + 0.7 · (1, 1) = (0.8, 0.9). 高兴 counts most, "
    "and the other two words count a little.",
)

# %%
meanings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
torch.tensor([0.1, 0.2, 0.7]) @ meanings  # [3] @ [3, 2] -> [2]

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.tensor([0.1, 0.2, 0.7]) @ meanings, torch.tensor([0.8, 0.9]))

# %% [markdown]
# <a id="bottleneck"></a>
# A dictionary's weights, (0, 0, 1), are a *hard address*; these are a **soft address**. It changes smoothly with the query, so it has a slope, and a network can learn where to look.
#
# Why was this needed? Early neural translators read a sentence of any length into *one* vector, a **bottleneck** that was filled before any question was known. In 2014 Bahdanau, Cho and Bengio let the translator look back at all words with soft weights, and called it attention. The average itself is older: Nadaraya and Watson published it in 1964. <!-- source: Bahdanau, Cho & Bengio 2015; Nadaraya 1964; Watson 1964 -->

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One: from one number to the nearest few
# What is the best *single* number $c$ for all fifty readings $v_i$? It makes $\sum_i(v_i-c)^2$ smallest. The derivative, $-2\sum_i(v_i-c)$, is 0 at the mean. So equal weights are the best answer if you may not ask for an hour.
#
# If you may, the nearest readings should count. Give each of the $k$ nearest the weight $1/k$, and all others 0: *k nearest neighbours*. `grid` [241] holds queries, one every six minutes; `hours` [50] are the keys, `readings` [50] the values.

# %%
def off(estimate):
    """How far an estimate [241] typically is from the true day, in °C."""
    return (estimate - true_day(grid)).pow(2).mean().sqrt().item()

def nearest(k):
    near = (grid[:, None] - hours).abs().topk(k, largest=False).indices  # [241, k]
    return readings[near].mean(-1)  # [241, k] -> [241]

print({k: round(off(nearest(k)), 2) for k in [1, 2, 4, 8, 50]})

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
curves = {
    "4 nearest": (grid, nearest(4)),
    "nearest": (grid, nearest(1)),
    "all fifty": (grid, nearest(50)),
}
plot.regression(
    hours,
    readings,
    curves,
    **day,
    start=16.5,
    title="Do more neighbours help?",
    caption="Point at the chart to read the curves. Where is each of them far from the "
    "dashed truth?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(off(nearest(k)), 1) for k in (1, 4, 50)] == [1.1, 0.9, 4.0] and len(grid) == 241
assert min(range(1, 51), key=lambda k: off(nearest(k))) == 4

# %% [markdown]
# With the nearest reading alone you are off by 1.1 °C, with all fifty by 4.0, and four are best, with 0.9. But the curve jumps, because a reading counts fully or not at all. It would be better to let it fade out.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two: closer counts more
# <a id="kernel"></a>
# A **kernel** $\kappa$ (no relation to Python's *kernel*) turns a distance into a *closeness*: 1 at distance 0, and never more further away. The **width** $w$ says how far it reaches.
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
# The mean makes $\sum_i(v_i-c)^2$ smallest. If errors at near readings matter more, multiply each square by its closeness: $\sum_i\kappa(q-k_i)\,(v_i-c)^2$. The best $c$ is then the **Nadaraya–Watson estimator**, in which each closeness is divided by their sum:
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
found = {
    name: nadaraya_watson(grid, hours, readings, kernel)[0]
    for name, kernel in kernels.items()
}
charts = {
    f"{name}: off by {off(estimate):.1f} °C": plot.regression(
        hours, readings, {"estimate": (grid, estimate)}, **day, start=16.5
    )
    for name, estimate in found.items()
}
plot.beside(
    charts,
    title="Does the shape of the kernel matter?",
    caption="The same readings and the same width, 1 hour, with three kernels. Which of "
    "the curves jumps?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(off(estimate), 1) for estimate in found.values()] == [0.8, 0.8, 0.7]

# %% [markdown]
# All three are off by 0.7 or 0.8 °C, so the shape matters little. The width will matter more. (Choose *boxcar* in the first lab, and drag the query: which readings count now?)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: score, then share
# In what sense is this the attention from above, with its softmax? **Take a pencil.** Three readings, 10, 20 and 0 °C, were taken at 1, 2 and 4 o'clock. The query is 2 o'clock, and the score is $-\tfrac12(q-k)^2$. What is the estimate? You need $e^{-0.5}\approx 0.607$ and $e^{-2}\approx 0.135$.

# %%
three, celsius = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([10.0, 20.0, 0.0])
scores = -0.5 * (2.0 - three) ** 2
shares = torch.exp(scores) / torch.exp(scores).sum()
print("scores", scores, " weights", shares, " estimate", shares @ celsius)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores.tolist() == [-0.5, 0, -2] and torch.allclose(shares, torch.tensor([0.348, 0.574, 0.078]), atol=5e-4)
assert torch.allclose(scores.exp(), torch.tensor([0.607, 1.0, 0.135]), atol=5e-4)
assert abs((shares @ celsius).item() - 14.96) < 0.005 and abs(scores.exp().sum().item() - 1.742) < 0.001

# %% [markdown] slideshow={"point": ["torch.softmax"]}
# <details><summary>In steps</summary>
#
# The scores are −0.5, 0 and −2. Their exps, 0.607, 1 and 0.135, add up to 1.742. Divided by this sum, they give 0.348, 0.574 and 0.078. The estimate is 0.348 · 10 + 0.574 · 20 + 0.078 · 0 = 14.96 °C.
#
# </details>
#
# You have computed the kernel's weights and a softmax at the same time. Both divide each exp by the sum of all exps:
#
# $$ \frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})} \;=\; \mathrm{softmax}_i(s),\qquad s_i=\ln\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})=-\tfrac12\Big(\frac{{\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}}}{w}\Big)^2 $$
#
# <a id="mask"></a>
# A boxcar has the scores ln 1 = 0 inside its window and ln 0 = −∞ outside: equal weights on the keys that it sees, and none on the others. This is how a **mask** works, which you will soon need.
#
# ### Exercise 2 ●●○ · 5 minutes
# Write the estimator for many queries at once, with the Gaussian kernel, in two or three lines without a loop. `queries[:, None] - keys` gives all differences, [Q, K].
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
# Two things about the softmax are worth feeling. What happens if you add 100 to all scores? And if you divide all of them by a number $T$, the **temperature**? **Guess, then try.**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.softmax([2.0, 1.0, 0.0], ["animal", "street", "it"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (torch.softmax(torch.tensor([20.0, 10.0, 0.0]), -1) > 0.999).tolist() == [True, False, False]
assert torch.allclose(torch.softmax(torch.tensor([0.2, 0.1, 0.0]), -1), torch.tensor([0.37, 0.33, 0.30]), atol=5e-3)
assert torch.equal(torch.softmax(torch.tensor([102.0, 101.0, 100.0]), -1), torch.softmax(torch.tensor([2.0, 1.0, 0.0]), -1))
assert torch.exp(torch.tensor(1000.0)).isinf() and torch.softmax(torch.tensor([1000.0, 999.0]), -1).isfinite().all()
assert torch.allclose(attention_pooling(grid, hours, readings)[0], nadaraya_watson(grid, hours, readings)[0])

# %% [markdown]
# Adding 100 changes nothing, because the factor $e^{100}$ cancels. (So `torch.softmax` first subtracts the largest score; otherwise $e^{1000}$ would be infinite.) A low temperature gives nearly all the weight to the best score: at 0.1, "animal" has more than 99.9 %. A high one makes the weights equal: at 10 they are 0.37, 0.33 and 0.30. In our score $w^2$ acts as a temperature.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: too narrow, too wide
# <a id="bandwidth"></a>
# The width of a kernel is also called its **bandwidth**. So far it was one hour.

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
# Move the width from one end to the other. Both ends fail:
# - **Too narrow:** each query follows a single reading with its error. Other errors would give quite another curve: this is high **variance**.
# - **Too wide:** around 16:30 the average mixes the warm hours before the storm with the cold ones after it, whatever the errors are: this is high **bias**.
#
# <a id="effective-number"></a>
# How many readings count? If $n$ readings have the weight $1/n$ each, the squared weights sum to $1/n$. So for any weights we call $1/\sum_i\alpha_i^2$ the **effective number** of readings. The lab shows its average over the queries.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: let the data choose
# <a id="loss"></a>
# Real data come without the dashed truth. We need a **loss**, a number that says from the readings alone how bad a width is. Let us try the mean squared difference between each reading and the estimate at its hour.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Make the width narrower and narrower. Where is this loss smallest?",
    ["at a middling width", "at a large width", "at the narrowest width there is"],
    answer=2,
    because="Each query finds its own key at distance 0. With a very narrow kernel it "
    "attends only to this key "
    "and repeats its own reading, so the loss goes to 0.",
)

# %%
for width in [2.0, 0.6, 0.1, 0.02]:
    loss = (attention_pooling(hours, hours, readings, width)[0] - readings).pow(2).mean()
    wrong = off(attention_pooling(grid, hours, readings, width)[0])
    print(f"width {width:4} h: loss {loss:.2f}, off the true day by {wrong:.1f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.055 < loss < 0.065 and width == 0.02 and len(readings) - 1 == 49
assert [round(off(attention_pooling(grid, hours, readings, w)[0]), 1) for w in (2.0, 0.6, 0.02)] == [1.1, 0.7, 1.1]

# %% [markdown]
# <a id="leave-one-out"></a>
# At 0.02 hours the loss is smallest, but the curve is as bad as at 2 hours. This loss rewards copying, because each query sees the value that it has to guess. So hide this value, and guess each reading from the other 49: **leave-one-out**.
#
# To hide keys we use a mask: a table of True and False, with a row for each query and a column for each key. Throughout the course *True means: may be attended to*.

# %% tags=["definition"]
# course_utils.kernels: leave_one_out_mask

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise 3 ●●○ · 8 minutes
# Write a softmax that survives large scores and respects a mask. A row in which everything is masked gets *zeros*: with scores of −∞ alone, `torch.softmax` would give NaN. (`[..., K]` stands for any shape that ends in K.) A mask such as [K] or [Q, K] is stretched to the scores. You need `torch.softmax(x, -1)`, `~mask` and
# - `x.masked_fill(where, number)`, which puts a number wherever `where` is True, such as `-torch.inf`;
# - perhaps `mask.any(-1, keepdim=True)`, which says for each row whether anything is allowed.
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
# Now let a program find the width. A number that training changes is a **parameter**; in PyTorch it belongs to a *module*, a class with a method `forward` that runs when the module is called. We store the logarithm of the width, so that no step can make the width negative.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.kernels: NadarayaWatson

# %% [markdown]
# <a id="gradient-descent"></a>
# **Gradient descent** is a ball that rolls down the curve of the loss. Its slope, the *gradient*, says in which direction the loss rises; a step in the other direction, scaled by the *learning rate* `lr`, makes it fall. `backward()` computes the gradient, `step()` takes the step. Run the view, then the loop below it, and watch the lower curve: the mark is the ball.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
ball = labs.bandwidth(
    hours,
    readings,
    truth,
    width=2.0,
    key_name="hour",
    value_name="°C",
    live=True,
    title="Can training find the width?",
    caption="Below, the error on readings that are left out, for each width. The loop "
    "in the next cell moves the width.",
)
display(ball)

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
optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(100):
    estimate, _ = model(hours, hours, readings, others)
    loss = (estimate - readings).pow(2).mean()
    optimiser.zero_grad()  # forget the gradient of the step before
    loss.backward()  # compute the new one
    ball.width = model.log_width.exp().item()
    path.append((ball.width, loss.item()))
    optimiser.step()
    time.sleep(0.02)  # so that you can watch the ball
print(f"width {ball.width:.2f} h, loss {loss:.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
tried = torch.logspace(-0.7, 0.5, 80)
curve = [
    (NadarayaWatson(w)(hours, hours, readings, others)[0] - readings).pow(2).mean().item()
    for w in tried.tolist()
]
rolled = torch.tensor(path)  # [100, 2]: width, loss
plot.regression(
    rolled[:, 0],
    rolled[:, 1],
    {"loss": (tried, torch.tensor(curve))},
    xlabel="width in hours",
    ylabel="loss",
    log="x",
    title="How does a ball find the bottom?",
    caption="The curve is the loss of each width; each dot is the ball before a step. "
    "Where are the steps long?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
learned = model.log_width.exp().item()
assert 0.595 < learned < 0.605 and 1.57 < loss < 1.58
assert path[0][0] == 2.0 and path[0][0] - path[1][0] > 10 * (path[20][0] - path[21][0]) > 0

# %% [markdown]
# Where the curve is steep, the steps are long, and near the bottom they are short. The ball stops close to the lowest point, at 0.60 hours. The loss there, 1.57, is far above 0: the other readings cannot predict a reading's own error, whose variance is 1.
#
# **Keep this:** if a query can see its answer, the loss rewards copying it. Hide the answer with a mask, then train.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## So how many should count?

# %% slideshow={"point": ["effective = "]}
width = model.log_width.exp().item()
at_learned, alpha = attention_pooling(grid, hours, readings, width)
effective = 1 / alpha.pow(2).sum(-1)  # [241]
print(f"width {width:.2f} h")
print(f"effective number {effective.mean():.1f}, at 15:00 {effective[150]:.1f}")
print(f"off by {off(at_learned):.1f} °C")
print(f"at 15:00: {at_learned[150]:.1f} °C, truth {truth[1][150]:.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert f"{width:.2f}" == "0.60" and 4 < effective.mean() < 5 and 5.5 < effective[150] < 6.2 and abs(grid[150] - 15) < 1e-9
assert round(off(at_learned), 1) == 0.7 and abs(at_learned[150].item() - 22.3) < 0.06 and round(truth[1][150].item(), 1) == 23.0
assert [round(off(nearest(k)), 1) for k in (1, 4, 50)] == [1.1, 0.9, 4.0]

# %% [markdown]
# Between four and five readings, on average, and about six at 15:00. With these soft weights you are off by 0.7 °C; the four nearest gave 0.9, the nearest alone 1.1, all fifty 4.0. Was 0.60 hours luck? And does the largest weight belong to the reading that matters most? [The annex](01_nadaraya_watson_annex.ipynb) finds out.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A sentence meets a kernel
# One sentence goes through the whole course: **The animal didn't cross the street because it was too tired.** You know what "it" refers to. Does a kernel? It needs vectors, so *we made up* three numbers for each word: how much it names something, how much it is about something alive, and how much it describes something.

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
    select=("it", "animal"),
    caption="Every word is a query (row) and a key (column). Read along the row of "
    "“it”: which word, apart from itself, does “it” attend to most?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(attention[tired.index("it"), tired.index(word)].item(), 2) for word in ("animal", "street")] == [0.31, 0.12]

# %% [markdown]
# "it" gives 31 % of its weight to "animal" and 12 % to "street", but only because we gave it a vector near that of "animal".

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Now the twin sentence: “… because it was too wide.” Here “it” is the street. What "
    "does “it” attend to?",
    [
        "“street” more than “animal”",
        "still “animal”, far more than “street”",
        "both equally",
    ],
    answer=1,
    because="“it” and “animal” have the same vectors as before, so their distance is "
    "the same. "
    "With fixed vectors, the score of “it” and a noun is the same in every sentence.",
)

# %% [markdown]
# **Keep this:** attention can only find what the vectors contain. So the vectors, and the score, must be *learned*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# This writes what you have built into one file, with your functions where they are right and the course's where not. It needs only torch, and is tested in a process of its own.

# %%
from course_kit.mine import keep

keep("attention")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. Attention is an average, and the query chooses the weights.
# 2. Score, share, average: $s_i=a(q,k_i)$, $\alpha=\mathrm{softmax}(s)$, $\sum_i\alpha_iv_i$.
# 3. The Gaussian kernel, normalised, *is* a softmax. A narrow width keeps the errors, a wide one blurs the truth.
# 4. A mask hides keys: their score is −∞, their weight 0. Hide the answer before you train.
# 5. Training is a ball on the curve of the loss: gradient, step, again.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three open questions
# They are discussed in [the annex](01_nadaraya_watson_annex.ipynb#open-questions).
# 1. *Prove:* with the score $q\cdot k_i$, the derivative of the output with respect to $q$ is the covariance of keys and values under the weights.
# 2. *Design an experiment:* how would you find out whether the width that we found was luck?
# 3. *Why not* a width of its own for each hour of the day?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [query](#query) | 查询 | what we want to know about |
# | [key](#key) | 键 | what an example shows of itself |
# | [value](#value) | 值 | what an example gives |
# | [weight](#weight) | 权重 | a value's share in the average |
# | [scoring function](#scoring-function) | 评分函数 | query and key → score (alignment function, 对齐函数) |
# | [softmax](#softmax) | softmax（归一化指数函数） | scores → weights |
# | [attention pooling](#attention-pooling) | 注意力汇聚 | values averaged by attention weights |
# | [average pooling](#average-pooling) | 平均汇聚 | all weights are equal |
# | [convex combination](#convex-combination) | 凸组合 | an average with weights ≥ 0 that add up to 1 |
# | [soft address](#soft-address) | 软寻址 | a little of every entry |
# | [bottleneck](#bottleneck) | 瓶颈 | one fixed vector for a whole input |
# | [kernel](#kernel) | 核函数 | distance → closeness |
# | [Nadaraya–Watson estimator](#nadaraya-watson) | Nadaraya–Watson 估计 | average weighted by a kernel |
# | [temperature](#temperature) | 温度 | divides the scores: low is sharp, high is flat |
# | [bandwidth](#bandwidth) | 带宽 | the width of a kernel |
# | [bias](#bias) | 偏差 | the average estimate over many sets of readings, minus the truth |
# | [variance](#variance) | 方差 | how much the result varies between sets of readings |
# | [effective number](#effective-number) | 有效样本数 | how many examples a query really uses |
# | [loss](#loss) | 损失 | how bad a model is, in one number |
# | [leave-one-out](#leave-one-out) | 留一法 | guess each example from the others |
# | [mask](#mask) | 掩码 | True = may be attended to |
# | [parameter](#parametric) | 参数 | a number that training changes |
# | [gradient descent](#gradient-descent) | 梯度下降 | small steps that make the loss fall |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(1)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: words instead of hours
# A score from a distance treats query and key alike. But a word that looks for another asks one thing and is found by another. [Chapter 2](02_scoring_functions.ipynb) lets the vectors be learned.
#
# **→ [2 · How does a word find the word that it needs?](02_scoring_functions.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](01_nadaraya_watson_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 1, edition 0.3.0, and the heading above it.*
