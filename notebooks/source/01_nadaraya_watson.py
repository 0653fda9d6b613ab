# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 1 · Whom do you ask?
# *Nadaraya–Watson: attention before it had the name.* We simulated a day on which a thermometer is read fifty times. At 14:36 it shows 21.3 °C, and the next reading, at 15:30, is 23.7 °C. How warm is it at 15:00? If you copy one reading, you copy its error, but if you average all fifty, midnight counts as much as noon. So how many readings should count? In this chapter, the data decide.
#
# **By the end** you will have computed attention with a pencil, written it in PyTorch, and let data choose how many examples count. <!-- minutes --> **Before:** means, variances, exp, derivatives and [tensors](00_start_here.ipynb#tensor) from [Start here](00_start_here.ipynb).

# %%
import torch
import course_kit
from chapters.ch01 import labs
from course_kit.views import heatmap, plot, predict
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# 1. The weights in one row of a heatmap add up to …?
# 2. `queries` has the shape [3] and `keys` the shape [5]. What is the shape of `queries[:, None] - keys`?
# 3. What is the average of 2 and 4, if 2 counts once and 4 counts three times?
#
# <details><summary>Answers</summary>
#
# 1. They add up to 1.
# 2. It is [3, 5], with a row for each query.
# 3. (1 · 2 + 3 · 4) / 4 = 3.5.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A query comes in
# Each reading is the true temperature plus *noise*, a random error of about one degree. **Before you touch anything:** how many readings would you average for 15:00: the nearest one, a few, or all fifty?

# %% jupyter={"source_hidden": true}
def true_day(hour):
    """An invented day, so that we know the truth: coldest at 3:00, warmest at 15:00, a storm at 16:30. Hours -> °C"""
    storm = (hour > 16.5) * torch.exp((16.5 - hour) / 3)
    return 17 - 6 * torch.cos(2 * torch.pi * (hour - 3) / 24) - 6 * storm

generator = torch.Generator().manual_seed(3)  # the same "random" numbers each time
hours = 24 * torch.rand(50, dtype=torch.float64, generator=generator).sort().values  # float64: 16 digits, not 7
readings = true_day(hours) + torch.randn(50, dtype=torch.float64, generator=generator)  # noise of variance 1
grid = torch.linspace(0, 24, 241, dtype=torch.float64)  # every six minutes
truth = (grid, true_day(grid))

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.ask(hours, readings, truth, query=15.0, width=1.0, key_name="hour", value_name="°C",
         caption="Drag the [query|orange mark] to the hour that you ask about. Each bar shows how "
                 "much a reading counts, each [key|blue tick] when it was taken. The purple [output|estimate] is the average of the "
                 "[value|temperatures]; the dashed line is the truth.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (hours - 15).abs().topk(2, largest=False).indices.tolist() == [i for i in range(50) if 14.5 < hours[i] < 15.6]
assert [round(60 * hour.item()) for hour in hours if 14.5 < hour < 15.6] == [14 * 60 + 36, 15 * 60 + 30]
assert [round(v.item(), 1) for hour, v in zip(hours, readings, strict=True) if 14.5 < hour < 15.6] == [21.3, 23.7]

# %% [markdown] slideshow={"slide_type": "fragment"}
# Drag the orange mark from 15:00 past 16:30, when a storm breaks. Then change the *width*, which says how far a query reaches: at 0.05 hours the curve jumps from reading to reading, and at 4 hours the storm has vanished from it.
#
# <a id="query"></a><a id="key"></a><a id="value"></a><a id="weight"></a>
# This picture shows attention. A <b style="color:#bf5f00">query</b> (an hour) meets fifty <b style="color:#007fc6">keys</b> (the hours of the readings), and each key gets a **weight**, its share of the average. The <b style="color:#008a67">values</b> (the temperatures) are averaged with these weights, and the result is an <b style="color:#bb51a8">estimate</b>. A key with its value is an *example*.
#
# **Keep this:** attention is an average, and the query chooses the weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One number for a whole day
# Why keep all fifty readings $v_i$? Suppose you had to sum up the day in one number, $c$, before anybody asks about an hour. The best $c$ makes the sum of the squared errors, $\sum_i (v_i-c)^2$, smallest. Its derivative, $-2\sum_i (v_i-c)$, is 0 where $nc=\sum_i v_i$, so the best $c$ is the mean of the $n$ readings.
#
# **Guess:** if you answered with the mean at every hour, how many degrees off would you typically be (as the root of the mean squared error): one, four, or ten?
#
# The code uses these names from the folded cell above:
# - `hours` [50] are the keys, and `readings` [50] the values, noise included.
# - `grid` [241] holds queries, one every six minutes of the day.
# - `true_day(grid)` is the true temperature at these hours, which `truth` pairs with `grid` for the dashed line.

# %%
def off(estimate):
    """How far an estimate [241] typically is from the true day, in °C: the root of the mean squared error."""
    return (estimate - true_day(grid)).pow(2).mean().sqrt().item()  # .item(): from tensor to number

mean = readings.mean().expand(241)  # .expand: the same number for all 241 queries
day = {"truth": truth, "xlabel": "hour of the day", "ylabel": "°C", "hours": True}
plot.regression(hours, readings, {"mean": (grid, mean)}, **day, start=16.5, title="What does one number know?",
                caption=f"The mean says {mean[0]:.1f} °C at noon and at night. "
                        "How far is it from the dashed truth, typically?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 3.9 < off(mean) < 4.1

# %% [markdown]
# <details><summary>Answer</summary>
#
# You would be off by about four degrees.
#
# </details>
#
# The mean loses information, because it stays the same if you swap the temperatures of noon and midnight. It also gives every question the same answer.
#
# <a id="bottleneck"></a>
# Early neural translators had a similar problem. One network read a sentence of any length into *one vector of fixed size* (a list of numbers), and another network wrote the translation from it. This vector is a **bottleneck**, because the whole sentence must fit through it. In the simplest such translator, every word of the translation gets the same vector.
#
# **Keep this:** a summary is made before the question is known. Attention keeps all the examples and waits for the question.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A library: need, label, book
# You come to a library with a *need* (the query), compare it with the *labels* on the shelf (the keys), and carry home a *book* (the value). A Python dictionary does the same:

# %% tags=["nbval-check-output"]
shelf = {"我": "I", "很": "very", "高兴": "happy"}
print("高兴 →", shelf.get("高兴"))
print("快乐 →", shelf.get("快乐"))

# %% [markdown]
# 快乐 (joyful) finds nothing, although it means almost the same as 高兴 (happy), because in a dictionary a key either fits or it doesn't. Weights can say that one key fits well and another a little.
#
# Words cannot be averaged, but numbers can, so we replace the values by invented pairs of numbers: *I* becomes (1, 0), *very* (0, 1) and *happy* (1, 1). For the query 快乐, we also make up the weights: 0.1, 0.2 and 0.7.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "What comes out?",
    ["(1, 1): the value of 高兴", "(0.8, 0.9): near it, but not quite", "(0.67, 0.67): the middle of the three"],
    answer=1,
    because="0.1 · (1, 0) + 0.2 · (0, 1) + 0.7 · (1, 1) = (0.8, 0.9). 高兴 counts most, and the other two words count a little.",
)

# %%
weights = torch.tensor([[0.1, 0.2, 0.7]])
meanings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
weights @ meanings  # [1, 3] @ [3, 2] -> [1, 2]: an average for each column of the values

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights @ meanings, torch.tensor([0.8, 0.9]))

# %% [markdown]
# <a id="soft-address"></a>
# The weights (0, 0, 1) would fetch one book: they are a *hard address*. The weights (0.1, 0.2, 0.7) take a little of every book, so they are a **soft address**. If soft weights change smoothly with the query, so does the result: it is *differentiable*. Its slope tells training which way to change a number, so a network can learn where to look.
#
# **Keep this:** the query is what you want, the key is the label, the value is what you take home.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: two cues, a slanted line and a T
# You cannot take in everything you see. Each second, some ten million bits leave each eye,¹ but your behaviour carries only about ten bits a second.² Each half below has one sign that differs from the rest. Find both, and notice which one you had to *search for*.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
turns = torch.randint(4, (60,), generator=torch.Generator().manual_seed(11)).tolist()
boxes = ["|" * 60, "".join("└┌┐┘"[turn] for turn in turns)]
boxes = [boxes[0][:17] + "/" + boxes[0][18:], boxes[1][:42] + "┬" + boxes[1][43:]]
for row in range(0, 60, 10):
    print("     ".join("  ".join(box[row : row + 10]) for box in boxes))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <a id="pop-out"></a><a id="voluntary-cue"></a>
# The slanted line on the left probably caught your eye. This is **pop-out**:³ what differs from the rest draws the eye by itself. It is an **involuntary cue** (bottom-up). For the T on the right, you had to decide where to look: your decision is a **voluntary cue** (top-down). Early editions of *Dive into Deep Learning* compare the query to a voluntary cue and the key to an involuntary one.
#
# At a party, a voluntary cue lets you follow one voice among many (the *cocktail party effect*).⁴
#
# <small>¹ K. Koch et al., 2006 (guinea pigs, scaled to humans). ² J. Zheng and M. Meister, 2025. ³ A. Treisman and G. Gelade, 1980. ⁴ E. C. Cherry, 1953.</small>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Score, then share
# <a id="alignment-function"></a><a id="attention-pooling"></a>
# In the library we made up the weights, but attention computes them, in two steps. First an **alignment function** $a$ gives each key $k_i$ a *score* $s_i$, which says how well the key fits the query $q$. Then a function $p$ turns the scores into weights $\alpha_i$, which are never negative and add up to 1. Such weights form a probability distribution over the keys, and the function $p$ that makes them is itself called the **distribution**:
#
# $$ A({\color{#bf5f00}{q}},{\color{#007fc6}{K}},{\color{#008a67}{V}}) \;=\; \sum_i \; \alpha_i\;{\color{#008a67}{v_i}}, \qquad \alpha_i = p(s)_i, \qquad s_i = a({\color{#007fc6}{k_i}},{\color{#bf5f00}{q}}) $$
#
# Read the formula from right to left: score, share, average. The average $A$ is called **attention pooling**, and $K$ and $V$ are all the keys and all the values.

# %% [markdown]
# <a id="softmax"></a>
# Attention layers differ in $a$, but nearly all use the same $p$, called **softmax**: take exp of each score, which makes it positive, and divide by the sum of all exps.
#
# $$ \mathrm{softmax}_i(s) \;=\; \frac{e^{s_i}}{\sum_j e^{s_j}}, \qquad j \text{ runs over all keys.} $$

# %% [markdown]
# **Take a pencil.** Another day has only three readings: 10, 20 and 0 °C (the values) at 1, 2 and 4 o'clock (the keys). The query is 2 o'clock, and the score, $-\tfrac12(q-k)^2$, falls with distance. What is the estimate? You need $e^{-0.5}\approx 0.607$ and $e^{-2}\approx 0.135$.

# %%
q = torch.tensor(2.0)
k, v = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([10.0, 20.0, 0.0])
s = -0.5 * (q - k) ** 2
weights = torch.exp(s) / torch.exp(s).sum()
by_hand = weights @ v

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([0.348, 0.574, 0.078]), atol=5e-4)
assert abs(by_hand.item() - 14.96) < 0.005

# %% [markdown]
# <details><summary>Answer</summary>
#
# The scores are −0.5, 0 and −2. Their exps, 0.607, 1 and 0.135, add up to 1.742. Divided by this sum, they give the weights 0.348, 0.574 and 0.078. The estimate is 0.348 · 10 + 0.574 · 20 + 0.078 · 0 = 14.96.
#
# </details>
#
# Why should the weights be soft? Compare softmax with two other rules:

# %%
table = torch.stack([torch.ones(3) / 3, weights, torch.tensor([0.0, 1.0, 0.0])])
names = ["equal weights", "softmax", "winner takes all"]
heatmap(table, names, ["key 1", "key 2", "key 4"], axes=("rule", "key"), select=("softmax", "key 2"), title="How can scores be shared?",
        caption="Each row is a rule that shares a weight of 1 among the three keys. "
                "From top to bottom, the estimates are 10, 14.96 and 20.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(table @ v, torch.tensor([10.0, 14.96, 20.0]), atol=0.005)

# %% [markdown]
# Equal weights give the mean again, and winner takes all is a hard address. Now move the query a little away from 2 o'clock. The estimates of these two rules do not change, so their slope is 0. The estimate of softmax does.
#
# **Keep this:** $a$ scores each key, and $p$ turns the scores into weights.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a hard address has no slope
# How steeply does the result change with the query? With `requires_grad`, PyTorch follows the computation, and `backward()` computes the slope.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
asked = torch.tensor(2.2, requires_grad=True)
soft = torch.softmax(-0.5 * (asked - k) ** 2, -1) @ v
soft.backward()
print(f"soft address: {soft.item():.2f}, slope {asked.grad.item():.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert -2.3 < asked.grad.item() < -1.9 and v[(asked.detach() - k).abs().argmin()] == 20

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A hard address at 2.2 o'clock answers 20, the value of the nearest key. This answer has slope 0 until it jumps to another value, and following a slope of 0, a network cannot learn where to look.
#
# Why exp? Suppose we require: if one score is $c$ higher than another, the ratio of their weights depends only on $c$. If the weights are proportional to $g(s)$, then $g(s+c)/g(s)$ must depend only on $c$. The only continuous, growing, positive $g$ are $e^{s/T}$ with $T>0$, up to a constant factor.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Closer counts more
# <a id="kernel"></a>
# In the mean, midnight counts as much as noon. To let near readings count more, we use a **kernel** $\kappa$ (no relation to Python's *kernel*). It turns the difference $q-k$ into a *closeness*, which is 1 at difference 0, never rises with distance, and is never negative. How do the three kernels below differ? (One is named after Epanechnikov.)

# %%
from course_utils.kernels import KERNELS

distance = torch.cat([torch.linspace(-2, 2, 61), torch.tensor([-1.001, 1.001])]).sort().values  # both sides of a jump
charts = {name.capitalize(): plot.lines({"": (distance, kernel(distance))}, "distance / width", "closeness",
                                        limits=(-0.05, 1.05))  # the same for all three
          for name, kernel in KERNELS.items()}
plot.beside(charts, title="How much does an example count?",
            caption="Follow each curve outwards. The boxcar is 1 up to a distance of one width, then 0. "
                    "Epanechnikov is 1 − (distance/width)² up to the same distance, then 0.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise 1 ●○○ · 3 minutes
# Of these three, only the Gaussian kernel never becomes 0 (except by rounding), so with it every key counts a little. Write this kernel: $\exp\!\big(-\tfrac12 (d/w)^2\big)$ for a distance $d$ and a **width** $w$.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch01 import again, exercise, find_error, hint, solution

@exercise("gaussian kernel")
def gaussian(distance, width=1.0):
    """distance: any shape -> closeness, same shape"""
    raise NotImplementedError

# %% [markdown]
# <a id="nadaraya-watson"></a>
# The mean makes $\sum_i (v_i-c)^2$ smallest, and in this sum every error counts equally. But errors at near readings should count more, so multiply each square by its key's closeness: $\sum_i \kappa(q-k_i)\,(v_i-c)^2$. The derivative is zero where $c\sum_i \kappa(q-k_i)=\sum_i \kappa(q-k_i)\,v_i$. Solve for $c$ (the closenesses must not sum to 0): the best $c$ is the **Nadaraya–Watson estimator** $f(q)$ (1964):
#
# $$ {\color{#bb51a8}{f}}({\color{#bf5f00}{q}}) \;=\; \sum_i \frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})}\;{\color{#008a67}{v_i}} $$

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise 2 ●●○ · 5 minutes
# Write this estimator for many queries at once, in three lines without a loop. `queries[:, None] - keys` gives all differences, [Q, K]. You also need your kernel, `.sum(-1, keepdim=True)` and `@`.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("attention pooling")
def pool(queries, keys, values, width=1.0):
    """queries [Q], keys [K], values [K] -> estimate [Q], weights [Q, K] whose rows sum to 1"""
    raise NotImplementedError

# %%
estimate, weights = pool(grid, hours, readings, width=1.0)
curves = {"width 1 h": (grid, estimate), "mean of the day": (grid, mean)}
plot.regression(hours, readings, curves, **day, start=16.5, title="What do the neighbours say?",
                caption=f"Purple is off by {off(estimate):.1f} °C, the mean by {off(mean):.1f}. Look at 16:30, "
                        "where the purple curve blurs the storm: it falls too early and too slowly.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.75 < off(estimate) < 0.85
assert estimate[165] < truth[1][165] - 1.5 and estimate[170] > truth[1][170] + 1.5  # 16:30 and 17:00

# %% [markdown]
# Which readings did each hour use?

# %%
_, weights = pool(grid[:-1:10], hours, readings, width=1.0)
minutes = [(60 * times).round().int().tolist() for times in (grid[:-1:10], hours)]
labels = [[f"{m // 60}:{m % 60:02}" for m in times] for times in minutes]
heatmap(weights, *labels, title="Each hour attends to the readings near it", select=(15, weights[15].argmax().item()),
        caption="Each row is an hour of the day, each column the hour of a reading. "
                "Go down the rows: the filled cells move to the right.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert weights.shape == (24, 50) and weights.sum(-1).allclose(torch.ones((), dtype=torch.float64)) and 0.28 < weights[0, 0] < 0.3

# %% [markdown]
# **Keep this:** each Nadaraya–Watson weight is the closeness of its key, divided by the sum of the closeness of all keys.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The Gaussian is a softmax
# We called this average attention, although the estimator of 1964 has no softmax. But put the Gaussian of width 1 into its weights:
#
# $$ \frac{\exp\!\big(-\tfrac12({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})^2\big)}{\sum_j \exp\!\big(-\tfrac12({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})^2\big)} \;=\; \mathrm{softmax}_i\big(s\big),\qquad s_i=-\tfrac12({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})^2 $$
#
# The left side divides each exp by the sum of all exps, and this is what a softmax does. So with a Gaussian kernel, Nadaraya–Watson *is* softmax attention.
#
# **Keep this:** with a kernel that is always positive, Nadaraya–Watson weights are a softmax. The scores are $\ln\kappa$, because $e^{\ln\kappa}=\kappa$.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(pool(grid, hours, readings)[0], torch.softmax(-0.5 * (grid[:, None] - hours) ** 2, -1) @ readings, atol=1e-6, rtol=0)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Softmax, looked at closely
# <a id="temperature"></a>
# How large a share should the best score get? You control this by dividing all scores by a number $T>0$ before the softmax. This number is called the **temperature** (it has nothing to do with °C).
#
# Suppose one query has three keys, the words *animal*, *street* and *it*, and their scores are 2, 1 and 0.
#
# **Guess before you move anything:** what happens to the weights if you add 100 to all three scores (*add to all*)? What will temperatures of 0.1 and 10 do?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.softmax([2.0, 1.0, 0.0], ["animal", "street", "it"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (torch.softmax(torch.tensor([20.0, 10.0, 0.0]), -1) > 0.999).tolist() == [True, False, False]
assert torch.allclose(torch.softmax(torch.tensor([0.2, 0.1, 0.0]), -1), torch.tensor([0.37, 0.33, 0.30]), atol=5e-3)

# %% [markdown]
# <details><summary>Answer</summary>
#
# - **Shift:** the weights do not change, because $e^{s+c}=e^s e^c$, and the factor $e^c$ cancels.
# - **Temperature:** at 0.1 "animal" takes more than 99.9 % of the weight; at 10 the weights are nearly equal, 0.37, 0.33 and 0.30.
#
# </details>
#
# With large scores, the formula fails if you compute it as written:

# %%
large = torch.tensor([1000.0, 999.0, 998.0])
as_written = torch.exp(large) / torch.exp(large).sum()
shifted = torch.exp(large - large.max()) / torch.exp(large - large.max()).sum()
as_written, shifted

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert as_written.isnan().all() and torch.allclose(shifted, torch.tensor([0.665, 0.245, 0.090]), atol=5e-4)

# %% [markdown]
# $e^{1000}$ is too large for a float, so it becomes infinity, and ∞/∞ is not a number (NaN). Therefore `torch.softmax` first subtracts the largest score: the weights stay the same, but no exponent is above 0.
#
# <a id="denominator"></a>
# ### Find the error ●●○ · 5 minutes
# A widely read article prints this formula for the weight of input $x_i$, a key, under query $q_j$: $\;\alpha_{ij} = \dfrac{e^{\,\mathrm{sim}(x_i,\,q_j)}}{\sum_{k} e^{\,\mathrm{sim}(x_i,\,q_j)}}$. The sum runs over $k$, but what is summed has no $k$ in it. The cell holds this formula as a program. Repair it: which index in the sum must become $k$, and does $k$ count queries or keys?

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@find_error("program 1.2")
def attention_weights(scores):  # [Q, K]: scores[j, i] is that of query j and input i, a key
    queries, keys = scores.shape
    result = torch.zeros(queries, keys)
    for j in range(queries):
        for i in range(keys):
            top = scores[j, i].exp()
            bottom = sum(scores[j, i].exp() for k in range(queries))
            result[j, i] = top / bottom
    return result

# %% [markdown]
# **Keep this:** softmax depends only on the differences of the scores, and a temperature divides these differences.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: where the ratio of kernels fails
# What if the query is far from every key? Ask about hour 40, with a width of 0.4 hours.

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
from course_utils.kernels import gaussian_kernel, nadaraya_watson

far = torch.tensor([40.0], dtype=torch.float64)
by_ratio, _ = nadaraya_watson(far, hours, readings, lambda distance: gaussian_kernel(distance, 0.4))
by_softmax = torch.softmax(-0.5 * (far - hours) ** 2 / 0.4**2, -1) @ readings
print("ratio of kernels: a number?", by_ratio.isfinite().item())
print("softmax: the last reading?", torch.allclose(by_softmax, readings[-1]))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# All fifty closenesses are too small for a float64, so they become 0 and the ratio is 0/0. The softmax still finds the nearest key, because it subtracts the largest score first. The boxcar and Epanechnikov kernels give 0/0 as soon as no key is within one width.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: two relatives
# <a id="max-pooling"></a><a id="squeeze-and-excitation"></a>
# **Max-pooling** keeps the largest number in a patch of a picture. It is attention in which each value is its own score and the temperature goes to 0:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
patch = torch.tensor([1.0, 3.0, 2.0, 2.5])
for heat in [10_000.0, 1.0, 0.01]:
    pooled = torch.softmax(patch / heat, -1) @ patch
    print(f"temperature {heat:7}: {pooled.item():.3f}")
assert torch.allclose(pooled, patch.max(), atol=1e-4) and patch.mean() == 2.125

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# **Squeeze-and-excitation** (Hu, Shen and Sun 2018) weights the *channels* of a convolutional network, maps that show where in a picture a pattern was found. Each map is squeezed to its mean. From these means, a tiny network computes one number for each map, its *gate*, and the map is multiplied by its gate.

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
generator = torch.Generator().manual_seed(0)
maps = torch.randn(1, 8, 6, 6, generator=generator)  # one picture, 8 channels of 6 × 6
reduce, expand = torch.randn(8, 2, generator=generator), torch.randn(2, 8, generator=generator)
gates = torch.sigmoid(torch.relu(maps.mean((-2, -1)) @ reduce) @ expand)  # [1, 8]; untrained
gated = maps * gates[..., None, None]
print("maps", tuple(maps.shape), "→ gates", tuple(gates.shape), "→ result", tuple(gated.shape))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A sigmoid, $1/(1+e^{-x})$, keeps each gate between 0 and 1, but the gates need not add up to 1. The channels are rescaled, not averaged: this is only a relative of attention pooling.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far should a query reach?
# <a id="bandwidth"></a>
# So far we chose a width of one hour. What would another width do? The width $w$, or **bandwidth**, divides the distance in the score: $s_i=-\tfrac12\big((q-k_i)/w\big)^2$. So $w^2$ acts as a temperature, because it divides $-\tfrac12(q-k_i)^2$.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Make the kernel a hundred times wider. Where does the curve go?",
    ["through every reading", "to the mean of all readings", "to zero", "to the nearest reading"],
    answer=1,
    because="All scores come close to 0, so all weights become nearly equal. "
    "The mean is Nadaraya–Watson with an infinite width.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.bandwidth(hours, readings, truth, width=1.0, key_name="hour", value_name="°C", exam=False)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert ((pool(grid, hours, readings, 0.05)[0] - readings[(grid[:, None] - hours).abs().argmin(-1)]).abs() < 0.1).double().mean() > 0.85
assert pool(grid, hours, readings, 4.0)[0].diff().min() > -0.1 and truth[1].diff().min() < -5  # °C in six minutes: no storm, and the storm

# %% [markdown]
# <a id="bias"></a><a id="variance"></a>
# Move the width from one end to the other. Both ends fail:
# - **Too narrow:** each query follows a single reading, noise included, so with new noise at the same hours the curve would be very different. This is high **variance**.
# - **Too wide:** at 16:30 the average mixes the warm hours before the storm with the cold ones after it, so the storm disappears, whatever the noise is. This is high **bias**, a systematic error.
#
# <a id="effective-number"></a>
# A Gaussian gives every reading some weight. How many of them count? If a query attends equally to $n$ readings, each weight $\alpha_i$ is $1/n$. The squared weights then sum to $n\cdot(1/n)^2=1/n$, and turning this over gives $n$ back. For unequal weights, the same formula, $1/\sum_i\alpha_i^2$, defines the **effective number** of readings. The lab shows its average over the queries.
#
# **Keep this:** a narrow kernel averages few readings, so their noise remains; a wide kernel averages many, so real changes are smoothed away.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: bias and variance, computed
# Suppose we read the thermometer on many such days, always at the same fifty hours. Each reading is the truth $t$ plus independent noise $\varepsilon_i$ of variance 1, so the estimate for a query is $\sum_i\alpha_i\,t(k_i)+\sum_i\alpha_i\varepsilon_i$. The first sum is the same on all days, and its difference from the truth is the bias. The second sum is noise, and its variance is $\sum_i\alpha_i^2$, which is 1 divided by the [effective number](#effective-number) (Kish's *effective sample size*). The squared error, averaged over the days, is the bias *squared* plus this variance.
#
# A narrow kernel has little bias, except at the narrowest widths, where a query copies a single reading even if this reading is far away.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
widths = torch.logspace(-1, 0.6, 17).tolist()
both = [pool(grid, hours, true_day(hours), width) for width in widths]
bias2 = torch.tensor([off(without_noise) ** 2 for without_noise, _ in both])
variance = torch.tensor([alpha.pow(2).sum(-1).mean() for _, alpha in both])
parts = {"bias² + variance": (widths, bias2 + variance), "bias²": (widths, bias2), "variance": (widths, variance)}
best_width = widths[(bias2 + variance).argmin()]
plot.lines(parts, "width in hours", "mean squared error in °C²", log="x", mark=(best_width, f"{best_width:.1f} h"), start=best_width,
           title="Where does the error come from?",
           caption="Each number is an average over the 241 queries. On the left, most of the error is "
                   "variance, from the noise; on the right, most of it is bias², from the blur.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert variance[0] > bias2[0] and bias2[-1] > variance[-1]
assert (bias2.diff() > 0)[7:].all() and (variance.diff() < 0).all() and 0.55 < best_width < 0.65
assert bias2[0] > 1.5 * bias2.min() and 1.55 < hours.diff().max() < 1.65

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Let the data choose
# <a id="loss"></a>
# Real data come without the dashed truth, so we need a **loss**, a number that says from the readings alone how bad a width is. We get there in three steps.
#
# ### Step 1: hide the answer
# Let us try the mean squared difference between each reading and the estimate at the hour of this reading.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Make the width narrower and narrower. Where is this loss smallest?",
    ["at a middling width", "at a large width", "at the narrowest width there is"],
    answer=2,
    because="Each query finds its own key at distance 0. With a very narrow kernel it attends only to this key "
    "and repeats its own reading, so the loss goes to 0.",
)

# %%
def loss_in_sight(width):
    return (pool(hours, hours, readings, width)[0] - readings).pow(2).mean().item()

for width in [2.0, 0.6, 0.1, 0.02]:
    wrong = off(pool(grid, hours, readings, width)[0])
    print(f"width {width:4} h: loss {loss_in_sight(width):.2f}, off the true day by {wrong:.1f} °C")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.055 < loss_in_sight(0.02) < 0.065 < 1.6 < loss_in_sight(2.0)
assert [round(off(pool(grid, hours, readings, w)[0]), 1) for w in (2.0, 0.6, 0.02)] == [1.1, 0.7, 1.1]

# %% [markdown]
# <a id="leave-one-out"></a>
# At 0.02 hours the loss is smallest, but the curve is off by 1.1 °C, as much as at 2 hours. This loss misleads us, because each query sees the value that it has to guess. So hide this value, and guess each reading from the other 49, which is called **leave-one-out**. The loss is then the mean of the fifty squared errors.
#
# ### Step 2: write the mask
# <a id="mask"></a>
# A **mask** hides keys. It is a table of True and False, with a row for each query and a column for each key, like the scores. Throughout the course *True means: may be attended to*. The sum in the softmax runs over the visible keys only, so a hidden key gets weight 0.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise 3 ●●○ · 8 minutes
# Write a softmax that survives large scores and respects a mask. For a row in which everything is masked, it should return *zeros*. (`[..., K]` stands for any shape that ends in K, such as [3, K]. A mask of shape [K] then holds for all three rows.) Besides `torch.softmax(x, -1)` and `~mask` you need three tools:
# - `-torch.inf` is minus infinity.
# - `x.masked_fill(where, number)` puts a number wherever `where` is True.
# - `mask.any(-1, keepdim=True)` says for each row whether anything is allowed.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("stable masked softmax")
def masked_softmax(scores, mask):
    """scores [..., K], mask bool (broadcastable), True = may be attended to -> weights [..., K]"""
    raise NotImplementedError

# %% [markdown]
# Why zeros for a fully masked row? Compare two common methods with yours, which comes last:

# %%
four, nobody = torch.tensor([2.0, 1.0, 0.0, -1.0]), torch.zeros(4, dtype=torch.bool)
infinite, huge = (torch.softmax(four.masked_fill(~nobody, low), -1) for low in (-torch.inf, -1e9))
ours = masked_softmax(four, nobody)
infinite, huge, ours

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert infinite.isnan().all() and (huge == 0.25).all() and (ours == 0).all()

# %% [markdown]
# In such a row, scores of −∞ give NaN, which spreads to everything computed from it. Scores of −10⁹, as in *The Annotated Transformer*, give equal weights to keys that are all hidden. With your zeros the weights do not become NaN, but the average is then 0, which is no estimate, so leave such a row out of the loss.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise 4 ●○○ · 2 minutes
# Write the mask that lets example $i$ attend to every example but itself. (`torch.arange(n)` counts from 0 to n − 1.)

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("leave-one-out mask")
def others_only(size):
    """size n -> [n, n] bool, True = may be attended to"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Step 3: train
# Now let a program look for the best width. One number could be found by trying many, but a network has millions, so we train. *Training* changes numbers, called *parameters*, so that the loss falls. In PyTorch a parameter belongs to a *module*:

# %%
class Pooling(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.log_width = torch.nn.Parameter(torch.tensor(width).log())  # its exp is always above 0

    def forward(self, queries, keys, values, mask):  # runs when the module is called
        scores = -0.5 * ((queries[:, None] - keys) / self.log_width.exp()) ** 2  # [Q, K]
        weights = masked_softmax(scores, mask)
        return weights @ values, weights

# %% [markdown]
# <a id="gradient-descent"></a>
# **Gradient descent** computes the slope of the loss, changes the width a little so that the loss should fall, and repeats. `fit` starts at 2 hours and takes 200 steps of Adam, a variant that adapts its steps; the learning rate `lr` sets how large they are. Watch where the loss stops.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from course_utils.training import fit

learned = Pooling(width=2.0)

def leave_one_out_loss(model, queries):
    return (model(queries, hours, readings, others_only(50))[0] - readings).pow(2).mean()

run = fit(learned, [hours], leave_one_out_loss, steps=200, lr=0.05,
          title="Trained with each answer hidden")

learned_width = learned.log_width.exp().item()
widths = {"learned": learned_width, "at the start": 2.0}
curves = {f"{name}: {width:.2f} h": (grid, pool(grid, hours, readings, width)[0])
          for name, width in widths.items()}
plot.regression(hours, readings, curves, **day, start=16.5, title="What did training change?",
                caption="Compare the two curves at the storm. The dashed line is the true day.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.55 < learned_width < 0.62 and 1.65 < 1 / learned_width < 1.75 and 1.5 < run.best.value < 1.65
assert 0.65 < off(pool(grid, hours, readings, learned_width)[0]) < 0.75
assert all(pool(grid, hours, readings, learned_width)[0].sub(truth[1])[part].abs().mean() < 0.6 * pool(grid, hours, readings, 2.0)[0].sub(truth[1])[part].abs().mean()
           for part in (slice(120, 161), slice(165, 200)))  # the afternoon, and the storm
assert pool(grid, hours, readings, learned_width)[0].diff(n=2).abs().sum() > 2 * pool(grid, hours, readings, 2.0)[0].diff(n=2).abs().sum()  # spikier
assert 4 < (1 / pool(grid, hours, readings, learned_width)[1].pow(2).sum(-1)).mean() < 5
assert 5.5 < 1 / pool(grid[150:151], hours, readings, learned_width)[1].pow(2).sum() < 6.2  # at 15:00
assert abs(grid[150] - 15) < 1e-9 and abs(pool(grid[150:151], hours, readings, learned_width)[0].item() - 22.3) < 0.05 and round(truth[1][150].item(), 1) == 23.0
assert 1.05 < off(readings[(grid[:, None] - hours).abs().argmin(-1)]) < 1.15

# %% [markdown]
# The learned width is 0.6 hours. The learned curve is spikier than the curve at 2 hours, because an average of fewer readings keeps more of their noise. But it also flattens the afternoon and the storm less, and on this day that matters more: the learned curve is off by 0.7 °C, the curve at 2 hours by 1.1.
#
# The loss stops at about 1.6, far above 0, because the guesses are not exact, and because the other readings cannot predict a reading's own noise, which has variance 1.
#
# ### Was it luck?
# Would other noise lead to 0.6 hours, too? The next cell draws new noise 200 times, for the same fifty hours, and takes for each set of readings the width with the smallest leave-one-out loss:

# %% slideshow={"slide_type": "subslide"}
noise = torch.randn(200, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
sets = true_day(hours) + noise  # [200, 50]
tried = torch.logspace(-1, 0.5, 60)  # widths from 0.1 to 3 hours
scores = -0.5 * ((hours[:, None] - hours) / tried[:, None, None]) ** 2  # [60, 50, 50]
guesses = sets @ masked_softmax(scores, others_only(50)).mT  # [60, 200, 50]
chosen = tried[(guesses - sets).pow(2).mean(-1).argmin(0)]  # [200]: a width for each set
counts = (5 * chosen).round().long().bincount()[1:]  # how many are near 0.2, 0.4, … hours
plot.bars([f"{(i + 1) / 5} h" for i in range(len(counts))], counts, digits=0,
          ylabel="sets of readings", title="Which width would other noise choose?",
          caption="Each bar counts the sets whose width, rounded to 0.2 hours, is the number "
                  "below it. How many of the 200 sets are in the bar of 0.6 h, like our day?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.7 < counts[2:5].sum() / 200 < 0.8 and 0.75 < chosen.median() < 0.85

# %% [markdown]
# The chosen width varies with the noise: about three quarters of the sets are in the bars from 0.6 to 1.0 hours, and the median is 0.8. So it is partly luck that our day's noise led to 0.6 hours.
#
# What is leave-one-out worth, then? Compare the chosen width with two fixed ones:

# %% jupyter={"source_hidden": true}
from course_kit.views import Table

errors = {name: [off(pool(grid, hours, y, width)[0]) for y, width in zip(sets, widths, strict=True)]
          for name, widths in {"chosen": chosen, "1 hour": [1.0] * 200, "2 hours": [2.0] * 200}.items()}
Table([{"width": name, "off by, mean of 200 sets": f"{sum(each) / 200:.1f} °C",
        "worse than the chosen": "" if name == "chosen" else f"in {sum(map(float.__gt__, each, errors['chosen']))} of 200"}
       for name, each in errors.items()], "How far is each curve from the true day?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(sum(each) / 200, 1) for each in errors.values()] == [0.7, 0.7, 1.0] and [sum(map(float.__gt__, each, errors["chosen"])) for each in errors.values()] == [0, 123, 199]

# %% [markdown]
# For this day and these hours, leave-one-out finds, in nearly every set, a better width than 2 hours, where training started. Against our guess of 1 hour it wins more often than it loses, although on average both are off by 0.7 °C. But a guess can also be bad, as 2 hours was, and without the truth only a measure such as leave-one-out tells you so.
#
# ### How many readings should count?
# Back to our first question:

# %%
at_learned, alpha = pool(grid, hours, readings, learned_width)
effective = 1 / alpha.pow(2).sum(-1)  # [241]
nearest = readings[(grid[:, None] - hours).abs().argmin(-1)]  # [241]
print(f"effective number of readings: {effective.mean():.1f} on average, {effective[150]:.1f} at 15:00")
print(f"off by: nearest reading {off(nearest):.1f} °C, learned width {off(at_learned):.1f}, all fifty {off(mean):.1f}")
print(f"at 15:00: estimate {at_learned[150]:.1f} °C, truth {truth[1][150]:.1f}")

# %% [markdown]
# At the learned width, four to five readings count on average, and about six at 15:00 (their [effective number](#effective-number)). To copy the nearest reading would be worse, and to average all fifty much worse.
#
# **Keep this:** if a query can see its answer, the loss rewards copying it. Hide the answer with a mask, then train.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: three errors, one width
# Why did only one of the two losses mislead us? Take the loss with hidden answers, and average it over many sets of readings with independent noise. This average is the variance of the noise, here 1, plus the mean squared distance of the fifty guesses from the truth. Only this distance depends on the width, and it is smallest at 0.8 hours.
#
# (On our day the loss has another, worse minimum near 0.035 hours, so the start matters.)
#
# But we want something else: a curve from all fifty readings that is close to the truth at all 241 hours of the grid. Averaged over the noise, this curve is closest at 0.6 hours. So it is partly luck that the two widths nearly agree on our day:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
tried = torch.logspace(-1.5, 1, 26).tolist()
lines = {
    "answers in sight": [loss_in_sight(width) ** 0.5 for width in tried],
    "each answer hidden": [leave_one_out_loss(Pooling(width), hours).item() ** 0.5 for width in tried],
    "distance from the true day": [off(pool(grid, hours, readings, width)[0]) for width in tried],
}
lowest = {name: tried[torch.tensor(line).argmin()] for name, line in lines.items()}
assert lowest["answers in sight"] == tried[0] and all(0.4 < lowest[name] < 1 for name in list(lines)[1:])
plot.lines({name: (tried, torch.tensor(line)) for name, line in lines.items()}, "width in hours", "error in °C", log="x", start=0.6,
           title="Which error finds the best width?",
           caption="With answers in sight, the narrowest width has the smallest error. "
                   "With each answer hidden, a width near our day's best one does.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert min((0.025, 0.03, 0.035, 0.04, 0.05), key=lambda w: leave_one_out_loss(Pooling(w), hours)) == 0.035
assert leave_one_out_loss(Pooling(0.035), hours) > 2.4
assert 0.75 < min(tried, key=lambda w: (
    (a := Pooling(w)(hours, hours, readings, others_only(50))[1]) @ true_day(hours) - true_day(hours)
).pow(2).mean() + a.pow(2).sum(-1).mean()) < 0.85

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: parametric or not?
# <a id="parametric"></a>
# *Dive into Deep Learning* writes $s_i=-\tfrac12\big((q-k_i)\,w\big)^2$ with a learnable $w$. This $w$ is *one divided by* our width, here about 1.7 per hour.
#
# That book calls a model **parametric** if training can change a number in it, and otherwise **non-parametric**. Statisticians mean something else: they call our estimator non-parametric with any width, because it assumes no formula for the true curve. The question uses the word as the book does.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "A widely used slide deck makes four claims about average pooling and Nadaraya–Watson. Which one is wrong?",
    ["Average pooling, f(q) = (v₁ + … + vₙ) / n, gives each query the same answer",
     "f(q) = Σ softmax(−½ (q − kᵢ)²) vᵢ is non-parametric: it keeps the examples and learns nothing",
     "With a number w in it, f(q) = Σ softmax(−½ ((q − kᵢ) w)²) vᵢ, it still only keeps the examples, so it is non-parametric",
     "w can be found by gradient descent on the leave-one-out error, and a larger w means a narrower kernel"],
    answer=2,
    because=["This is true: the query does not appear in the formula, so the answer is always the mean.",
             "This is true: nothing in this formula is a number that training could change.",
             "The estimate has a slope in w, so w can be trained, as our width was. In the statisticians' sense the claim is true, but for any w, not because nothing is trained.",
             "This is true: the estimate is differentiable in w, and w = 1 / width."],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Knock one out
# <a id="influence"></a>
# In a heatmap, the key with the most ink looks as if it decided the estimate. Does it? At noon, with the learned width, the reading at hour 11.63 (11:38) has the *largest weight*, about 40 %. But the *influence* of a reading is how far the estimate moves if we leave this reading out.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Without the reading that has the largest weight, the estimate for noon moves by …",
    ["about 8 °C: 40 % of 20 °C are gone", "about 1 °C", "less than 0.1 °C"],
    answer=2,
    because="The other readings take over its weight, and their average is nearly its value. "
    "A reading that agrees with the rest can have a large weight and hardly any influence.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from IPython.display import display

width = round(learned_width, 2)
view = labs.ask(hours, readings, truth, query=12.0, width=width, key_name="hour", value_name="°C", live=True,
                title="What if one reading had never been taken?")
display(view, labs.influence(view, hours, readings, pool))

# %% [markdown]
# At noon, press *remove the largest weight*, then *bring all back*. Repeat this at 17:00. Why does the estimate hardly move at noon, but jump at 17:00?
#
# The three readings of the pencil example show what removing does. Key 2 has the weight 0.574 and contributes 0.574 · 20 = 11.48 to the estimate, 14.96. Without it, the other two keys contribute 3.48, but their weights add up to only 0.426. Divide by 0.426, so that these weights add up to 1 again: the estimate falls to 8.2.
#
# In general, without example $i$ the estimate $f$ becomes $(f-\alpha_i v_i)/(1-\alpha_i)$ and moves by $\alpha_i\,(f-v_i)/(1-\alpha_i)$. At noon, the reading with the largest weight has nearly the value of the estimate, so $f-v_i$ is small, and the estimate hardly moves.
#
# The weight $\alpha_i$ alone says something else: if the reading were one degree higher, the estimate would be $\alpha_i$ degrees higher.

# %%
f, alpha = pool(grid, hours, readings, width)
moves = alpha * (f[:, None] - readings) / (1 - alpha)  # [241, 50]: query, removed reading
largest, most = alpha.argmax(-1), moves.abs().argmax(-1)
for name, hour in {"noon": 120, "17:00": 170}.items():
    print(f"{name}: largest weight {alpha[hour].max():.2f}, without it "
          f"{moves[hour, largest[hour]]:+.2f} °C")
print(f"largest weight and largest influence at the same reading: {(largest == most).double().mean():.0%} of queries")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(hours[largest[120]].item(), 2) == 11.63 and round(0.63 * 60) == 38 and 0.38 < alpha[120].max() < 0.45
assert abs(f[120] - readings[largest[120]]) < 0.1 and alpha[170].max() > 0.5
assert abs(moves[120, largest[120]]) < 0.1 and moves[170, largest[170]] > 2 and hours[largest[170]] > 16.5
assert 0.35 < (largest == most).double().mean() < 0.45
assert abs(torch.softmax(s[[0, 2]], -1) @ v[[0, 2]] - 8.2) < 0.05
assert round(0.574 * 20, 2) == 11.48 and round(14.96 - 11.48, 2) == 3.48 and round(3.48 / 0.426, 1) == 8.2

# %% [markdown]
# At 17:00 the first reading after the storm broke has most of the weight, and without it the estimate misses the storm. With this width and these readings, the largest weight and the largest influence belong to *different* readings for six queries out of ten.
#
# **Keep this:** a weight says how far the result moves if the value changes by one, not how far it moves without the example.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: one formula for influence and leave-one-out
# If the query is an example's own key, removing this example is its leave-one-out test. By the formula above, the error of the guess is
#
# $$ v_i - f_{\text{without }i} \;=\; v_i - f - \frac{\alpha_{ii}\,(f-v_i)}{1-\alpha_{ii}} \;=\; \frac{v_i-f}{1-\alpha_{ii}}. $$
#
# So the fifty tests need no mask, only the weight $\alpha_{ii}$ that each example gives to itself (its *leverage*). The sum of these weights is the curve's *effective degrees of freedom*: 50 if the curve repeats each reading, and 1 if it is the mean.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
f_own, alpha_own = pool(hours, hours, readings, width=0.6)
own = alpha_own.diagonal()
hidden, _ = Pooling(0.6)(hours, hours, readings, others_only(50))
print(f"the two ways differ by {((readings - f_own) / (1 - own) - (readings - hidden)).abs().max():.0e}; "
      f"degrees of freedom {own.sum():.0f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose((readings - f_own) / (1 - own), readings - hidden, atol=1e-5) and 14.5 < own.sum() < 15.5

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Forty-four years of air
# Our day was simulated, so we knew the truth. Which width does leave-one-out choose where nobody knows it? On Mauna Loa in Hawaii, carbon dioxide in the air has been measured since 1958, and here is the weekly record to the end of 2001, in ppm (molecules per million).

# %% tags=["nbval-check-output"]
from course_kit import data

air = data.load("co2_weekly")
measured = torch.tensor(air.ppm).isfinite()  # a Boolean mask: True where there is a number
years, ppm = torch.tensor(air.year)[measured], torch.tensor(air.ppm)[measured]
print(len(air), "weeks,", (~measured).sum().item(), "of them missing;", len(years), "keys")

# %% [markdown]
# The 59 missing weeks need no repair, because a missing week gives no key. The northern forests take up carbon dioxide in summer and release it in winter, which makes a yearly wave, about 3 ppm above and below the trend.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "You widen the kernel. At about which width does the yearly wave disappear from the curve?",
    ["a week", "half a year", "ten years"],
    answer=1,
    because="An average with a Gaussian of width w years shrinks a yearly wave to exp(−2π²w²) of its height: "
    "to 29 % at w = ¼, and to under 1 % at w = ½.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.bandwidth(years[-312:], ppm[-312:], width=0.05, key_name="year", value_name="CO₂ in ppm",
               title="How wide to see the season, how wide to see the trend?",
               caption="These are the last six years. Widen the kernel until the yearly wave disappears. "
                       "The curve below is the error on hidden weeks.")

# %% [markdown]
# Which width is *best*? The next cell hides each week of the whole record in turn and guesses it from the others:

# %%
def hidden_week_error(width):
    """The error in ppm if each week is guessed from all others; the width is in years."""
    scores = -0.5 * ((years[:, None] - years) / width) ** 2  # [2225, 2225]
    guess = masked_softmax(scores, others_only(len(years))) @ ppm
    return (guess - ppm).pow(2).mean().sqrt().item()

widths = [0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0]
errors = [hidden_week_error(width) for width in widths]
best = widths[errors.index(min(errors))]
plot.lines({"": (widths, errors)}, "width in years", "error in ppm", log="x",
           mark=(best, f"{best} years"),
           title="How far off is the guess of a hidden week?",
           caption=f"From 0.01 to 0.03 years (four to eleven days), the guess is off by "
                   f"{min(errors):.2f} ppm. From half a year on, the guess misses the whole season.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best in (0.015, 0.02) and 2 < errors[-2] < 2.3 and [round(error, 2) for error in errors[:4]] == [0.34] * 4
assert 2.5 < (ppm - pool(years, years, ppm, width=0.5)[0]).std() * 2**0.5 < 3.5  # a wave of 3 ppm up and down
assert 0.29 < torch.exp(torch.tensor(-2 * torch.pi**2 / 16)) < 0.292 and torch.exp(torch.tensor(-2 * torch.pi**2 / 4)) < 0.01

# %% [markdown]
# To guess a single missing week of all 44 years, a width of about a week is the best of those tried, although the minimum is flat. But at such a width the estimate follows the season. To see the trend alone, you have to average the season away, as a width of half a year does.
#
# Is a week also the best width for the true curve? Leave-one-out cannot tell, because neighbouring weeks may share noise. Then copying a neighbour looks better than it is, and the width comes out too narrow.
#
# **Keep this:** a width is best *for a question*. Leave-one-out asks only how well we can guess a missing example.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: do neighbouring weeks share noise?
# A test is to hide the neighbours, too:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
apart = (years[:, None] - years).abs()  # [2225, 2225], in years
for hidden, within in {"the week itself": 0.0, "and its neighbours": 0.03}.items():
    guesses = {w: masked_softmax(-0.5 * (apart / w) ** 2, apart > within) @ ppm for w in [0.01, 0.02, 0.03, 0.05]}
    off_by = {w: (guess - ppm).pow(2).mean().sqrt().item() for w, guess in guesses.items()}
    print(f"hidden: {hidden:18}", {w: round(error, 3) for w, error in off_by.items()})

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert min(off_by, key=off_by.get) == 0.03

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The best of these widths rises from 0.02 to 0.03 years. Shared noise would explain this, but so would real changes that last some days. And because only farther keys remain, the average may need a wider kernel anyway.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the whole record
# Every sixth key is a dot, but the curve uses all 2,225. (statsmodels' `KernelReg` gives the same curve.)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
moments = torch.linspace(1960, 2000, 161, dtype=torch.float64)  # not near the ends: neighbours on one side only
trend, _ = pool(moments, years, ppm, width=0.5)
growth = [((trend[b] - trend[a]) / (moments[b] - moments[a])).item() for a, b in [(0, 40), (120, 160)]]
plot.regression(years[::6], ppm[::6], {"width ½ year": (moments, trend)}, xlabel="year", ylabel="ppm", title="What is left without the season?",
                caption=f"CO₂ grew by {growth[0]:.1f} ppm a year in the 1960s and by {growth[1]:.1f} "
                        "in the 1990s: the trend bends upwards.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 0.7 < growth[0] < 0.9 and 1.4 < growth[1] < 1.7 and len(years) == 2225

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what if we fill the gaps, and what lies beyond the edge?
# In early 1964 many weeks in a row are missing. What if we "repair" the table with zeros?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
all_years, filled = torch.tensor(air.year), torch.tensor(air.ppm).nan_to_num(0.0)
gap = torch.tensor([1964.2], dtype=torch.float64)
zeros, _ = pool(gap, all_years, filled, width=0.05)
honest, _ = pool(gap, years, ppm, width=0.05)
print(f"gap filled with zeros: {zeros.item():.0f} ppm; gap left alone: {honest.item():.0f} ppm")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert zeros < 100 and 318 < honest < 323 and not measured[(all_years > 1964.1) & (all_years < 1964.3)].any()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A zero claims that there was *no carbon dioxide*; a missing key claims nothing.
#
# Now ask about the year 2010, eight years after the last key. The trend is heading above 380 ppm. Can the estimate follow?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
later, _ = pool(torch.tensor([2010.0], dtype=torch.float64), years, ppm, width=1.0)
print(f"estimate for 2010: {later.item():.0f} ppm; largest value in our record: {ppm.max():.0f} ppm")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 368 < later < 373 and later < ppm.max() and trend[-1] + growth[1] * (2010 - moments[-1]) > 380

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# No: an average never leaves the range of what it averages.
#
# *Local linear regression* fits a line around the query instead of a number. It minimises $\sum_i\kappa(q-k_i)\,\big(v_i-c-b\,(k_i-q)\big)^2$, where $b$ is the slope, and answers with $c$. Can it reach 2010?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def local_line(query, keys, values, width):
    """What the line fitted around the query says at the query, and its slope."""
    root = gaussian(keys - query, width).sqrt()  # its square is the closeness
    design = torch.stack([root, root * (keys - query)], -1)
    return torch.linalg.lstsq(design, (root * values)[:, None]).solution[:, 0].tolist()

ahead = {width: local_line(2010.0, years, ppm, width) for width in [1.0, 2.0, 5.0]}
for width, (there, slope) in ahead.items():
    print(f"width {width}: {there:.0f} ppm in 2010, {slope:+.1f} ppm a year")
average, line = pool(years[-1:], years, ppm, 2.0)[0].item(), local_line(years[-1], years, ppm, 2.0)[0]
print(f"last week of the record, width 2 years: average {average:.1f}, line {line:.1f} ppm")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 2 < line - average < 2.4
assert torch.softmax(-0.5 * ((2010 - years) / 2) ** 2, -1)[years > years[-1] - 1].sum() > 0.8
assert 413 < ahead[1.0][0] < 417 and 367 < ahead[2.0][0] < 371 and 382 < ahead[5.0][0] < 386

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# In the record's last week, the average is two ppm below the line, because the curve rises and all the neighbours are earlier weeks. Far from its keys, the line continues the slope of the weeks that count. At widths 1 and 2, these weeks are mostly from the record's last year, so the season decides the slope. At width 5, the line follows the trend and reaches 384 ppm, still below the 389 measured in January 2010 (NOAA).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A sentence meets a kernel
# One sentence goes through all seven chapters: **The animal didn't cross the street because it was too tired.** You know what "it" refers to. Does a kernel?
#
# A kernel needs distances, so words need numbers. *We made up* a vector of three numbers for each word: how much it names something, how much it is about something alive, and how much it describes something.

# %%
from course_kit import data

cards = data.load("word_features")
tired, features = cards.words[:11], torch.tensor(cards.features)
for word in ["it", "animal", "street"]:
    print(f"{word:7}", features[tired.index(word)].tolist())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert features[[tired.index(word) for word in ("it", "animal")]].tolist() == [[0.8, 0.6, 0.1], [0.9, 0.9, 0.1]]

# %% [markdown]
# Every word is now both a query and a key, and we choose a width of 0.3. In training we hid the reading that was to be guessed, but here nothing is guessed, so a word may attend to itself. We look only at the weights, so we need no values.

# %%
closeness = gaussian(torch.cdist(features[:11], features[:11]), width=0.3)  # all distances
attention = closeness / closeness.sum(-1, keepdim=True)
heatmap(attention, tired, tired, title="Which word does “it” attend to?", select=("it", "animal"),
        caption="Read along the row of “it”. Which word, apart from itself, does “it” attend to most?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(attention[tired.index("it"), tired.index(word)].item(), 2) for word in ("it", "animal", "street")] == [0.53, 0.31, 0.12]

# %% [markdown]
# "it" gives 31 % of its weight to "animal" and 12 % to "street", but only because we gave "it" a vector near that of "animal".

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Now the twin sentence: “… because it was too wide.” Here “it” is the street. What does “it” attend to?",
    ["“street” more than “animal”", "still “animal”, far more than “street”", "both equally"],
    answer=1,
    because="“it” and “animal” have the same vectors as before, so their distance is the same. "
    "With fixed vectors, the score of “it” and a noun is the same in every sentence.",
)

# %% [markdown]
# What is missing? A word's vector must depend on its sentence, and both the vectors and the score must be *learned* from data, which the next chapters do.
#
# **Keep this:** attention can only find what the vectors contain.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the twin, computed
# Does the row of “it” really stay the same?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
wide, twin = cards.words[:10] + cards.words[11:], torch.cat([features[:10], features[11:]])
closeness = gaussian(torch.cdist(twin, twin), width=0.3)
other = closeness / closeness.sum(-1, keepdim=True)
it = tired.index("it")
heatmap(other, wide, wide, title="“it” hardly notices “wide”", select=("it", "wide"),
        caption="Compare the row of “it” with the map of the first sentence: no weight differs by 0.001 or "
                "more. The last row and the last column now belong to “wide”.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert (other[it] - attention[it]).abs().max() < 0.001 and other[it, -1] < 0.005

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Would more numbers per word help? A box with sides a tenth as long as a cube's holds a tenth of evenly spread keys in one dimension, but only one in 10²⁰ in twenty. Near neighbours become rare: this *curse of dimensionality* is one reason to learn features.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# If a value leaves its band, the cell stops and names it.

# %%
rows = [
    ("error of the mean of the day, °C", off(mean), 3.5, 4.5),
    ("error at width 2 h, where training starts, °C", off(pool(grid, hours, readings, 2.0)[0]), 1.0, 1.2),
    ("error at the trained width, °C", off(pool(grid, hours, readings, learned_width)[0]), 0.6, 0.8),
    ("the trained width, hours", learned_width, 0.4, 0.8),
    ("CO₂: error for a hidden week, best width, ppm", min(errors), 0.3, 0.4),
]
for name, value, low, high in rows:
    assert low < value < high, f"{name}: {value:.3f} is not between {low} and {high}"
    print(f"{name:48} {value:5.2f}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. Attention is an average, and the query chooses the weights.
# 2. Score, then share: $a$ says how well a key fits the query, $p$ makes weights that add up to 1.
# 3. The Gaussian kernel, normalised, *is* a softmax. A narrow width keeps the noise, a wide one blurs the truth.
# 4. If a query's own value is the answer, hide it in training with a mask.
# 5. A large weight need not mean a large influence; and attention can only find what the vectors contain.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [query](#query) | 查询 | what we want to know about |
# | [key](#key) | 键 | what an example shows of itself |
# | [value](#value) | 值 | what an example gives |
# | [weight](#weight) | 权重 | a value's share in the average |
# | [bottleneck](#bottleneck) | 瓶颈 | one fixed vector for a whole input |
# | [pop-out](#pop-out) | 突显 | what differs from the rest draws the eye |
# | [involuntary cue](#pop-out) | 非自主性提示 | the thing itself draws attention |
# | [voluntary cue](#voluntary-cue) | 自主性提示 | your aim steers attention |
# | [soft address](#soft-address) | 软寻址 | a little of every entry |
# | [alignment function](#alignment-function) | 对齐函数 | query and key → score |
# | [attention pooling](#attention-pooling) | 注意力汇聚 | values averaged by attention weights |
# | [kernel](#kernel) | 核函数 | distance → closeness |
# | [Nadaraya–Watson estimator](#nadaraya-watson) | Nadaraya–Watson 估计 | average weighted by a kernel |
# | [softmax](#softmax) | softmax（归一化指数函数） | scores → weights |
# | [bandwidth](#bandwidth) | 带宽 | the width of a kernel |
# | [bias](#bias) | 偏差 | the average estimate over many sets of readings, minus the truth |
# | [variance](#variance) | 方差 | how much the result varies between sets of readings |
# | [effective number](#effective-number) | 有效样本数 | how many examples a query really uses |
# | [parametric](#parametric) | 参数化 | here: with numbers that training changes |
# | [loss](#loss) | 损失 | how bad a model is, in one number |
# | [gradient descent](#gradient-descent) | 梯度下降 | small steps that make the loss fall |
# | [leave-one-out](#leave-one-out) | 留一法 | guess each example from the others |
# | [mask](#mask) | 掩码 | True = may be attended to |
# | [max-pooling](#max-pooling) | 最大汇聚 | keeps only the largest value |
# | [squeeze-and-excitation](#squeeze-and-excitation) | 压缩与激励 | a gate for each channel |
# | [temperature](#temperature) | 温度 | divides the scores: low is sharp, high is flat |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2009, sections 6.1–6.2, 7.3 and 7.10: kernels, bias and variance, leave-one-out.
# - S. Jain and B. Wallace, *Attention is not explanation*, 2019, and the reply: S. Wiegreffe and Y. Pinter, *Attention is not not explanation*, 2019.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_tools.classroom.progress import onward

onward(1)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: how a query meets a key
# Our score came from a distance. [Chapter 2](02_scoring_functions.ipynb) compares twelve scoring functions, and asks why Transformers divide scores by √d.
#
# **→ [2 · How does a query meet a key?](02_scoring_functions.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 1, edition 0.3.0, and the heading above it.*
