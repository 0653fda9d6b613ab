# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 1 · Whom do you ask?
# *Nadaraya–Watson: attention before it had the name.* **By the end** you will have computed attention with a pencil, written it in two lines of PyTorch, and let data choose how far it reaches. Reading 60 minutes · live 45 · exercises 25 · *Deeper* 30 more. **Before:** means, exp, a little PyTorch, and [Start here](00_start_here.ipynb).

# %%
import torch
import course_utils
from chapters.ch01 import labs
from course_utils.views import heatmap, plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A query comes in
# At three in the afternoon nobody looked at the thermometer. It was read at fifty other moments of that day, each time a little wrongly. **Before you touch anything:** which readings would you ask? Would you trust all fifty equally?

# %% jupyter={"source_hidden": true}
def temperature(hour):
    """An invented day, so that we know the truth: warm at three, a storm at half past four. hour -> °C"""
    storm = (hour > 16.5) * torch.exp((16.5 - hour) / 3)
    return 17 - 6 * torch.cos(2 * torch.pi * (hour - 3) / 24) - 6 * storm

generator = torch.Generator().manual_seed(3)
hours = 24 * torch.rand(50, dtype=torch.float64, generator=generator).sort().values
readings = temperature(hours) + torch.randn(50, dtype=torch.float64, generator=generator)
grid = torch.linspace(0, 24, 241, dtype=torch.float64)  # every six minutes
truth = (grid, temperature(grid))

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.ask(hours, readings, truth, query=15.0, width=1.0, key_name="hour", value_name="°C")

# %% [markdown] slideshow={"slide_type": "fragment"}
# The orange mark is at three o'clock. Drag it across the storm, at half past four. Make the width small, then large. The bars show how much you ask each reading, the purple dot what you are told. (Leave the kernel on Gaussian for now.)
#
# <a id="query"></a><a id="key"></a><a id="value"></a><a id="weight"></a>
# That is attention, all of it. A <b style="color:#bf5f00">query</b> (an hour) meets fifty <b style="color:#007fc6">keys</b> (the hours at which the thermometer was read). Each key gets a **weight**. The <b style="color:#008a67">values</b> (the temperatures) are averaged with these weights, and the result is an <b style="color:#bb51a8">estimate</b>. That leaves one question for this chapter: where do the weights come from?
#
# **Keep this:** attention is an average, and the query chooses the weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# Answer each before you unfold it.
#
# 1. The weights in one row of a heatmap add up to …?
# 2. Which colour is the query, and which is the result?
# 3. From school: what is the average of 2 and 4, if 2 counts once and 4 counts three times?
#
# <details><summary>Answers</summary>
#
# 1. One. A row shares out a single unit of attention.
# 2. The query is <b style="color:#bf5f00">orange</b>; what comes out is <b style="color:#bb51a8">purple</b>. Keys are <b style="color:#007fc6">blue</b>, values <b style="color:#008a67">green</b>. [Start here](00_start_here.ipynb) explains the colours.
# 3. (1 · 2 + 3 · 4) / 4 = 3.5, with weights ¼ and ¾. You have just computed a weighted average, the operation that this chapter is about.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One number for a whole day
# Suppose that we could keep only one number for the whole day and had to throw the readings away. Of all single numbers $c$, the mean has the smallest squared error $\sum_i (v_i-c)^2$.
#
# **Guess:** if we use it to answer for a random hour, by how many degrees will it typically be wrong? One, four, or ten?

# %%
def off(estimate):
    """How far an estimate [241] is from the true day, in °C: the root of the mean square."""
    return (estimate.detach() - truth[1]).pow(2).mean().sqrt().item()

mean = readings.mean().expand(241)
day = {"truth": truth, "xlabel": "hour of the day", "ylabel": "°C"}
plot.regression(hours, readings, {"mean": (grid, mean)}, **day, title="What does one number know?",
                caption=f"{mean[0]:.1f} °C at noon and in the night. Dashed: the true day. Off by {off(mean):.1f} °C.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 3.5 < off(mean) < 4.5

# %% [markdown]
# <details><summary>Answer</summary>
#
# About four degrees.
#
# </details>
#
# Two different things went wrong.
# - **Information is lost.** Play the day backwards: the readings are the same fifty numbers, so their mean is the same. The summary cannot tell a day from its reverse.
# - **Every question gets the same answer.** Noon or midnight, the summary takes no notice of the question.
#
# <a id="bottleneck"></a>
# The first neural translators did this to sentences. One network read the sentence into *one vector of fixed size*, and another wrote the translation from that vector alone. (Cho et al., 2014, showed it the same vector at every word; Sutskever et al., 2014, only at the first.) This is the **bottleneck**. Chapter 3 trains such a translator and measures where it fails. Attention avoids the bottleneck: it keeps all the examples and lets each query choose among them.
#
# **Keep this:** a summary is made before the question is known. Attention waits for the question.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What a head does with too much
# Each box holds one odd sign. Find both, and notice which one you had to *search for*.

# %% jupyter={"source_hidden": true}
turns = torch.randint(4, (60,), generator=torch.Generator().manual_seed(11)).tolist()
boxes = ["|" * 60, "".join("└┌┐┘"[turn] for turn in turns)]
boxes = [boxes[0][:17] + "/" + boxes[0][18:], boxes[1][:42] + "┬" + boxes[1][43:]]
for row in range(0, 60, 10):
    print("     ".join("  ".join(box[row : row + 10]) for box in boxes))

# %% [markdown]
# <a id="pop-out"></a><a id="voluntary-cue"></a>
# On the left are 59 upright lines and a slanted one, on the right 59 turned corners and a T. The slanted line came to you. This is **pop-out**: something that differs draws the eye by itself. The T did not come to you; you had to decide to look for it. Psychologists speak of an **involuntary cue** (bottom-up: the red cup on a desk of grey papers) and a **voluntary cue** (top-down: now I want my book, so I look for it).
#
# We have to choose. Some ten million bits a second leave each eye,¹ but what we do amounts to about ten bits a second.² At a party thirty people talk, and you follow one of them: this is the *cocktail party effect*. And yet your own name, said across the room, often gets through. Both cues are at work at once.
#
# This chapter takes its words from here. The **query** is the voluntary cue: what I want. The **key** is the involuntary cue: what a thing shows of itself. The **value** is what I get when I attend to it. Only the words are borrowed: nothing in this course claims to model a brain.
#
# <small>¹ Koch et al. 2006, measured in guinea pigs and scaled to human eyes. ² Zheng and Meister 2025.</small>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A library: need, label, book
# A library works with the same three. You come with a *need* (the query), compare it with the *labels* in the index (the keys), and carry home a *book* (the value). Python has such an index:

# %% tags=["nbval-check-output"]
shelf = {"storms": "The Book of Clouds", "cats": "The Book of Paws", "joy": "The Book of Laughter"}
print("storms    →", shelf.get("storms"))
print("happiness →", shelf.get("happiness"))

# %% [markdown]
# "Happiness" finds nothing, although the shelf has a book about "joy". A dictionary is all or nothing: a key fits or it doesn't. A good librarian would say: *this one fits well, that one a little*, and weights can say just that.
#
# Let the three words of 我 很 高兴 (I · very · happy) have the values (1, 0), (0, 1) and (1, 1). A query asks for the feeling, and the weights are 0.1, 0.2 and 0.7.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "What comes out?",
    ["(1, 1): the value of 高兴", "(0.8, 0.9): near it, but not quite", "(0.67, 0.67): the middle of the three"],
    answer=1,
    because="0.1 · (1, 0) + 0.2 · (0, 1) + 0.7 · (1, 1) = (0.8, 0.9). 高兴 counts most, and the others count a little.",
)

# %%
shares = torch.tensor([[0.1, 0.2, 0.7]])
meanings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
heatmap(shares, ["the feeling?"], ["我", "很", "高兴"], title="Whom does the question ask?",
        caption="Ink is attention: most of it on 高兴. Out comes (0.8, 0.9).")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shares @ meanings, torch.tensor([0.8, 0.9]))

# %% [markdown]
# <a id="soft-address"></a>
# Compare this with the weights (0, 0, 1): they fetch one book and leave the rest, as an *address* does. The weights (0.1, 0.2, 0.7) are a **soft address**. Change a weight a little, and the result changes a little: a soft address is *differentiable*. That is how a network can learn where to look, and why this course is about weights and not about dictionaries.
#
# **Keep this:** the query is what I want, the key is what the label says, the value is what I take home. A soft address takes a little of everything.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Score, then share
# <a id="alignment-function"></a><a id="attention-pooling"></a>
# Weights are made in two steps, and it helps to keep them separate. First an **alignment function** $a$ gives each key a *score* $s_i=a(k_i,q)$: how well does it fit the query? Then a **distribution** $p$ turns the scores, all of them together, into *shares* that add up to 1. The shares average the values:
#
# $$ A({\color{#bf5f00}{q}},{\color{#007fc6}{K}},{\color{#008a67}{V}}) \;=\; \sum_i \; p(s)_i\;{\color{#008a67}{v_i}}, \qquad s_j = a({\color{#007fc6}{k_j}},{\color{#bf5f00}{q}}) $$
#
# This is **attention pooling** in its general form. (Surveys write $p(a(k_i,q))$ for short, but a share cannot be computed from one score alone.) Every model in this course is this line with another $a$; nearly all of them use the same $p$.
#
# Take a pencil. The keys are 1, 2 and 4, their values 10, 20 and 0, and the query is 2. Score: $-\tfrac12(q-k)^2$. Share: exp of the score, divided by the sum of all three exps. (This $p$ is called *softmax*; you will meet it again below.) You need $e^{-0.5}\approx 0.607$ and $e^{-2}\approx 0.135$.

# %%
q = torch.tensor(2.0)
k, v = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([10.0, 20.0, 0.0])
s = -0.5 * (q - k) ** 2
share = torch.exp(s) / torch.exp(s).sum()
share, share @ v

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(share, torch.tensor([0.348, 0.574, 0.078]), atol=5e-4)
assert abs((share @ v).item() - 14.96) < 0.005

# %% [markdown]
# | key | score | exp | weight | value | weight × value |
# |--:|--:|--:|--:|--:|--:|
# | 1 | −0.5 | 0.607 | 0.348 | 10 | 3.48 |
# | 2 | 0 | 1.000 | 0.574 | 20 | 11.48 |
# | 4 | −2 | 0.135 | 0.078 | 0 | 0.00 |
# | | | **1.742** | **1.000** | | **14.96** |
#
# Now keep the scores and change only $p$.

# %%
table = torch.stack([torch.ones(3) / 3, share, torch.tensor([0.0, 1.0, 0.0])])
names = ["equal shares", "softmax", "winner takes all"]
heatmap(table, names, ["key 1", "key 2", "key 4"], title="How can scores be shared?",
        caption="The same scores, three ways to share. Estimates from top to bottom: 10, 14.96 and 20.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(table @ v, torch.tensor([10.0, 14.96, 20.0]), atol=0.005)

# %% [markdown]
# Equal shares ignore the scores: that is the mean again. Winner takes all ignores everything but the best score: that is the dictionary again. Softmax lies between the two, and it is the only one of the three with a slope to learn from.
#
# **Keep this:** $a$ says how well each key fits, $p$ turns the scores into shares, and the shares average the values.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a hard address has no slope
# We can test the claim that a soft address is differentiable. We ask PyTorch how the result changes when the query moves a little.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
asked = torch.tensor(2.2, requires_grad=True)
soft = torch.softmax(-0.5 * (asked - k) ** 2, -1) @ v
soft.backward()
print(f"soft address: {soft.item():.2f}, slope {asked.grad.item():.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert -2.3 < asked.grad.item() < -1.9

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
nearest = v[(asked.detach() - k).abs().argmin()]
nudged = v[(asked.detach() + 0.01 - k).abs().argmin()]
print(f"hard address: {nearest.item():.2f}, slope {(nudged - nearest).item() / 0.01:.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert nudged - nearest == 0

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The hard address answers 20 with slope 0, until it suddenly jumps to another value. Its slope can never tell you *which key you should have asked*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Closer counts more
# <a id="kernel"></a>
# Back to the thermometer. Equal shares were off by four degrees because a reading from midnight counted as much as one from noon. So let closeness count. A **kernel** turns a distance into a *closeness*: 1 at distance 0, and less and less further away.

# %%
from course_utils.attention import KERNELS

distance = torch.linspace(-3, 3, 301)
curves = {name.capitalize(): (distance, kernel(distance)) for name, kernel in KERNELS.items()}
plot.lines(curves, "distance in widths", "closeness", title="How much does an example count?",
           caption="Boxcar: all or nothing. Epanechnikov: fades, then ends. Gaussian: fades, never quite ends.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Exercise 1 ●○○ · 3 minutes
# Write the Gaussian kernel: $\exp\!\big(-\tfrac12 (d/w)^2\big)$ for a distance $d$ and a **width** $w$. The whole course grows from this one.
# *(Stuck? `hint("gaussian kernel")` gives one step at a time.)*

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch01 import again, exercise, find_error, hint, solution

@exercise("gaussian kernel")
def gaussian(distance, width=1.0):
    """distance: any shape -> closeness, same shape"""
    raise NotImplementedError

# %% [markdown]
# <a id="nadaraya-watson"></a>
# What should we estimate at $q$? For the whole day the best single number $c$ was the mean, because it makes $\sum_i (v_i-c)^2$ smallest. So let each square count by its closeness to $q$. Call the kernel $\kappa$ (the letter $K$ is taken by the keys) and find the $c$ that makes $\sum_i \kappa(q-k_i)\,(v_i-c)^2$ smallest: its derivative, $-2\sum_i \kappa(q-k_i)(v_i-c)$, is zero at the mean weighted by closeness. This is the **Nadaraya–Watson estimator**, published in 1964 by two statisticians independently of each other:
#
# $$ {\color{#bb51a8}{f}}({\color{#bf5f00}{q}}) \;=\; \sum_i \frac{\kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})}{\sum_j \kappa({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})}\;{\color{#008a67}{v_i}} $$
#
# ### Exercise 2 ●●○ · 5 minutes
# Write it for many queries at once, in two lines of PyTorch without a loop. Use your kernel. `queries[:, None]` turns the queries into a column, [Q, 1]; subtracting `keys`, a row, gives all distances at once, [Q, K], one row per query.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("attention pooling")
def pool(queries, keys, values, width=1.0):
    """queries [Q], keys [K], values [K] -> estimate [Q], weights [Q, K]; each row of weights adds up to 1"""
    raise NotImplementedError

# %%
estimate, weights = pool(grid, hours, readings, width=1.0)
plot.regression(hours, readings, {"width 1": (grid, estimate)}, **day, title="What do the neighbours say?",
                caption=f"Off by {off(estimate):.1f} °C, not {off(mean):.1f}. The storm is blurred: the estimate falls too early and too slowly.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert weights.shape == (241, 50) and 0.7 < off(estimate) < 0.9

# %% [markdown]
# The error fell from 4.0 to 0.8 degrees, and nothing was trained. The weights of all queries form a matrix, with one row per query and one column per key. Here we use every second reading, so that you can read the labels; both axes are sorted by the hour.

# %%
_, weights = pool(grid[::10], hours[::2], readings[::2], width=1.0)
labels = [[f"{hour:.1f}" for hour in clock.tolist()] for clock in (grid[::10], hours[::2])]
heatmap(weights, *labels, title="Whom does each hour ask?",
        caption="A band along the diagonal: every hour asks its neighbours. Where they are few, each gets more ink.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert weights.shape == (25, 25)

# %% [markdown]
# **Keep this:** Nadaraya–Watson is attention whose weights are closeness, divided by its sum. The band along the diagonal is its signature.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The Gaussian is a softmax
# <a id="softmax"></a>
# Put the Gaussian into the formula and look at the fraction. A share is the exp of something, divided by the sum of all such exps. This pattern is called **softmax**:
#
# $$ \frac{\exp\!\big(-\tfrac12({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})^2\big)}{\sum_j \exp\!\big(-\tfrac12({\color{#bf5f00}{q}}-{\color{#007fc6}{k_j}})^2\big)} \;=\; \mathrm{softmax}_i\big(s\big),\qquad s_i=-\tfrac12({\color{#bf5f00}{q}}-{\color{#007fc6}{k_i}})^2 $$
#
# So a ratio of kernels and a softmax of scores should be *the same numbers*. Are they?

# %%
scores = -0.5 * (grid[:, None] - hours) ** 2
closeness = gaussian(grid[:, None] - hours)
ratio_form = closeness @ readings / closeness.sum(-1)
softmax_form = torch.softmax(scores, -1) @ readings
print(f"largest difference at {len(grid)} hours: {(ratio_form - softmax_form).abs().max():.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(ratio_form, softmax_form, atol=1e-6, rtol=0)

# %% [markdown]
# They are equal. From here on we write scores and softmax, as attention papers have since 2014. This also shows why our kernel needs no factor $1/\sqrt{2\pi}$: it would appear above *and* below the fraction line, and cancel.
#
# Why exp, and not some other function $g$ of the score? Shares should be positive, and a lead of one point should always mean the same, whether the scores are 2 and 1 or 12 and 11. So $g(s+c)/g(s)$ may depend on $c$ alone, and the functions that do this are $e^{s/T}$. The number $T$ will come back as the *temperature*.
#
# **Keep this:** a Gaussian kernel, normalised, is a softmax of $-\tfrac12$ distance². A smoother of 1964 and the attention of a Transformer differ in their score, and in how much of it is learned.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far should a query reach?
# <a id="bandwidth"></a>
# The width $w$, or **bandwidth**, says how far a query reaches. It is part of the score: $s_i=-\tfrac12\big((q-k_i)/w\big)^2$.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Make the kernel a hundred times wider. Where does the curve go?",
    ["through every reading", "to the mean of all readings", "to zero", "to the nearest reading"],
    answer=1,
    because="All scores come close to 0, so all shares become equal. The mean is Nadaraya–Watson with an infinite width.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.bandwidth(hours, readings, truth, width=1.0, key_name="hour", value_name="°C")

# %% [markdown]
# <a id="bias"></a><a id="variance"></a>
# Move the width slowly from one end to the other; curve and weights move together. Look for three things.
# - **Too narrow:** each query believes a single reading, noise included. Another set of readings would give another curve: high **variance**.
# - **Too wide:** the storm is averaged away, whichever readings we take: high **bias**.
# - **Boxcar, narrow:** gaps. Where no reading is within reach, there is no answer, and that is honest.
#
# <a id="effective-number"></a>
# How many examples does a query really use? If it shared equally among $n$, each weight would be $1/n$ and $\sum\alpha^2=1/n$. So $1/\sum\alpha^2$ counts them. For unequal weights $\alpha$ we use the same formula and call it the **effective number** of examples.

# %%
for width in [0.1, 0.6, 2.0, 24.0]:
    estimate, weights = pool(grid, hours, readings, width)
    number = (1 / weights.pow(2).sum(-1)).mean().item()
    print(f"width {width:4} h: asks {number:4.1f} of 50, off by {off(estimate):.2f} °C")
assert number > 45 and off(estimate) > 3.5  # the mean again

# %% [markdown]
# **Keep this:** a narrow kernel uses few readings and believes their noise; a wide one uses many and blurs what happened. The best width lies in between, and only the data can say where.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: bias and variance, measured
# We said that other readings would give another curve. Since we invented the day, we can measure it again two hundred times and look.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def live_again(width, times=200):
    """Bias² and variance of the estimate, in °C², over many sets of fifty readings."""
    generator, curves = torch.Generator().manual_seed(0), []
    for _ in range(times):
        when = 24 * torch.rand(50, dtype=torch.float64, generator=generator)
        read = temperature(when) + torch.randn(50, dtype=torch.float64, generator=generator)
        curves.append(pool(grid, when, read, width)[0])
    curves = torch.stack(curves)
    return off(curves.mean(0)) ** 2, curves.var(0).nanmean().item()

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
widths = [0.2, 0.4, 0.8, 1.6, 3.2]
bias2, variance = zip(*[live_again(width) for width in widths], strict=True)
parts = {"bias²": (widths, bias2), "variance": (widths, variance)}
plot.lines(parts, "width in hours", "°C²", log="x", title="In which way is it wrong?",
           caption="To the left the noise hurts, to the right the blur. The best width is near the crossing.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert bias2[0] < bias2[-1] and variance[0] > variance[-1]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Let the data choose
# <a id="parametric"></a><a id="loss"></a><a id="gradient-descent"></a>
# One number decides everything, so let us learn it. The literature writes $s_i=-\tfrac12\big((q-k_i)\,w\big)^2$ with a learnable $w$, which is 1/width; our module stores the width. Two words go with this, and each has two meanings. In deep learning, the estimator was **non-parametric** until now, because nothing in it was trained, and becomes **parametric** once training changes a number. In statistics it stays non-parametric whatever the width, because it keeps the examples. In this course we use the first meaning.
#
# How do you learn a number? First say how bad it is: that is the **loss**. Estimate the temperature at each hour *at which there is a reading*, compare the estimate with the reading, and take the mean of the squared differences. Then move the width a little in the direction in which the loss falls, and repeat, two hundred times: this is **gradient descent**. We start at 2 hours. All training in this course works like this.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Gradient descent may choose any width that makes this loss small. What will it choose?",
    ["about the best width, near 0.6 hours", "wider and wider", "as narrow as it can get"],
    answer=2,
    because="Each query finds its own key at distance 0. With a needle-thin kernel it attends only to itself "
    "and repeats its own reading: the loss is 0, and nothing has been learned.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from course_utils.attention import NadarayaWatson, leave_one_out_mask
from course_utils.training import fit

greedy = NadarayaWatson(width=2.0, learnable=True)

def repeat_loss(model, queries):
    return (model(queries, hours, readings)[0] - readings).pow(2).mean()

run = fit(greedy, [hours], repeat_loss, steps=200, lr=0.05, title="Asked about what it has in front of it")

# %%
before, after = NadarayaWatson(2.0)(grid, hours, readings)[0], greedy(grid, hours, readings)[0]
loss = repeat_loss(greedy, hours).item()
print(f"width {greedy.width.item():.2f} h, loss {loss:.2f}; off the true day by {off(after):.2f} °C, before {off(before):.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert greedy.width < 0.1 and loss < 0.15 and off(before) - off(after) < 0.2

# %% [markdown]
# <a id="leave-one-out"></a>
# In 200 steps the loss fell nearly to zero, yet the estimate of the true day hardly improved. At a width of 0.6 hours the curve was much better, but the loss went straight past it. The model has not learned the day; it has learned to look itself up. A training query must not see its own key. Hiding it is called **leave-one-out**: fifty tiny exams, in each of which one reading is guessed from the other 49.
#
# <a id="mask"></a>
# To hide a key we use a **mask**: a table of True and False, in which *True means: may be asked*. This convention holds for the whole course.
#
# ### Exercise 3 ●○○ · 2 minutes
# Write the mask that lets example $i$ attend to every example but itself.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("leave-one-out mask")
def others_only(size):
    """size n -> [n, n] bool, True = may be asked"""
    raise NotImplementedError

# %% slideshow={"slide_type": "subslide"} tags=["training"]
learned = NadarayaWatson(width=2.0, learnable=True)

def leave_one_out_loss(model, queries):
    return (model(queries, hours, readings, mask=others_only(50))[0] - readings).pow(2).mean()

run = fit(learned, [hours], leave_one_out_loss, steps=200, lr=0.05, title="Asked about what is hidden from it")

# %%
models = [learned, NadarayaWatson(2.0)]
curves = {f"width {m.width.item():.2f}": (grid, m(grid, hours, readings)[0].detach()) for m in models}
plot.regression(hours, readings, curves, **day, title="Why is the learned curve spikier?",
                caption="Purple: learned. Ink: where it started. One follows the storm, the other sleeps through it.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.4 < learned.width < 0.8 and 1.4 < run.best.value < 1.8

# %% [markdown]
# The loss now stops at about 1.6, and it cannot come near 0. We gave the readings noise of variance 1, and noise cannot be guessed. The rest is the error of the guess itself: the 49 neighbours are noisy too, and the storm is steep.
#
# The learned curve is **spikier** because its width is smaller, 0.6 instead of 2 hours (in the literature's notation $w = 1/0.6 \approx 1.7$: the scores lie further apart, so the shares are sharper). Each query uses between four and five readings instead of nearly fourteen, and an average over few readings keeps more of their noise. It is worth it: the storm is visible, and the error falls from 1.1 to 0.7 °C. Leave-one-out balanced the two; we never told it which width to choose.
#
# ### Find the error ●○○ · 4 minutes
# Here are four claims about what you have just trained. One of them is wrong, in either meaning of the word.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("claims 1.1")

@find_error("claims 1.1", line=None)  # the number of the wrong claim
def kind_of(model):
    """model: any torch module -> "parametric" or "non-parametric", whichever is right"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** a model that can look up the answer learns nothing. Hide the answer, then train.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: three errors, one width
# Why did one loss mislead us and the other not? We draw both against the width, together with an error that nobody can see in real life: the distance from the true day.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
tried = torch.logspace(-1.5, 1, 26)
each = [NadarayaWatson(width) for width in tried.tolist()]
lines = {
    "asked what it has": [repeat_loss(model, hours) ** 0.5 for model in each],
    "asked what is hidden": [leave_one_out_loss(model, hours) ** 0.5 for model in each],
    "the true day": [off(model(grid, hours, readings)[0]) for model in each],
}
lowest = {name: tried[torch.tensor(line).argmin()].item() for name, line in lines.items()}
assert lowest["asked what it has"] == tried[0] and all(0.3 < lowest[name] < 1 for name in list(lines)[1:])
plot.lines({name: (tried, torch.tensor(line)) for name, line in lines.items()}, "width in hours", "error in °C", log="x",
           title="Which error knows the best width?",
           caption="Asked what it has, it is best at width 0. Asked what is hidden, it is best where the truth is.")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The module that you trained is short. It stores the logarithm of the width, so that no step of gradient descent can make the width negative.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.views import reveal

reveal(NadarayaWatson)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Knock one out
# <a id="influence"></a>
# At noon, the reading of 11:38 (11.63 in the lab) is the *loudest*: it has the largest weight, 40 %. Suppose that it had never been taken.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Without the loudest reading, the estimate for noon moves by …",
    ["about 8 °C: 40 % of 20 °C are gone", "about 1 °C", "less than 0.1 °C"],
    answer=2,
    because="The others share its weight, and their values are nearly the same. A reading that agrees with the rest "
    "can have a large weight and no influence.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import ipywidgets
from IPython.display import display

width = round(learned.width.item(), 2)
view = labs.ask(hours, readings, truth, query=12.0, width=width, key_name="hour", value_name="°C", live=True)
told = ipywidgets.HTML("Python listens here, with the Gaussian kernel: move the query.")

def tell(_):
    """Leave each reading out in turn, and say which one is missed most."""
    asks = torch.tensor([view.query], dtype=torch.float64)
    estimate, weights = pool(asks, hours, readings, view.width)
    without = [pool(asks, hours[others], readings[others], view.width)[0] for others in others_only(50)]
    moves = torch.cat(without) - estimate
    loud, missed = weights[0].argmax(), moves.abs().argmax()
    told.value = (f"Loudest: {hours[loud]:.1f} h; without it the estimate moves by {moves[loud]:+.2f} °C. "
                  f"Missed most: {hours[missed]:.1f} h; without it, by {moves[missed]:+.2f} °C.")

view.observe(tell, names=["query", "width"])
display(view, told)

# %% [markdown]
# Press *knock out the loudest* at noon. Then press *bring all back*, move the query to five in the afternoon, just after the storm, and knock out the loudest again. Below the picture, Python leaves out each reading in turn and says which one would be missed most.
#
# At noon the loudest reading agrees with its neighbours, and nothing happens. At five, a single reading carries the news of the storm; without it the estimate jumps by more than two degrees. In *Deeper* below we count: for six queries out of ten, the loudest reading is *not* the one whose removal would move the estimate most.
#
# **Keep this:** a weight says how much a key was asked, not how much its answer mattered. To find out what mattered, remove it and look.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: weight and influence
# Without example $i$, the others share its weight, and the estimate $f$ moves by $\alpha_i\,(f-v_i)/(1-\alpha_i)$. What counts is the weight *and* the disagreement, $f-v_i$.
#
# The same line explains leave-one-out. Let the query be example $i$'s own key. Then hiding the example divides its error $v_i-f$ by $1-\alpha_{ii}$, so the weight that each example gives to itself is all we need. The sum of these weights (the trace of the weight matrix) has a meaning as well: it is how many free numbers the curve uses.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
f, alpha = pool(hours, hours, readings, width=0.6)
own = alpha.diagonal()
hidden, _ = NadarayaWatson(0.6)(hours, hours, readings, mask=others_only(50))
print(f"the two ways differ by {((readings - f) / (1 - own) - readings + hidden).abs().max():.0e}; the curve uses {own.sum():.0f} numbers")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose((readings - f) / (1 - own), readings - hidden, atol=1e-5) and 14.5 < own.sum() < 15.5

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
f, alpha = pool(grid, hours, readings, width=0.6)
moves = alpha * (f[:, None] - readings) / (1 - alpha)
same = alpha.argmax(-1) == moves.abs().argmax(-1)
print(f"loudest is also most influential: {same.double().mean():.0%} of all queries")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 0.3 < same.double().mean() < 0.5

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
weight, loudest = alpha.max(-1)
for name, hour in {"noon": 120, "five": 170}.items():
    print(f"{name}: weight {weight[hour]:.2f}, move {moves[hour, loudest[hour]]:+.2f} °C")
assert 0.35 < weight[120] < 0.45 and abs(moves[120, loudest[120]]) < 0.1 and moves[170, loudest[170]] > 2

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Forty-four years of air
# So much for an invented day. On Mauna Loa in Hawaii, carbon dioxide in the air has been measured since 1958. Here is one number per week until the end of 2001.

# %% tags=["nbval-check-output"]
from course_utils import data
from course_utils.attention import NadarayaWatson, leave_one_out_mask

air = data.load("co2_weekly")
measured = torch.tensor(air.ppm).isfinite()
years, ppm = torch.tensor(air.year)[measured], torch.tensor(air.ppm)[measured]
print(len(air), "weeks,", (~measured).sum().item(), "of them missing;", len(years), "keys")

# %% [markdown]
# 59 weeks are missing, because instruments fail. What do we do about them? Nothing. A missing week is not a zero and not a special value: its key *is not there*, and a query attends to the keys that are. Attention takes sets of any size.
#
# The northern forests breathe in each summer and out each winter, which moves the curve about 3 ppm up and down, once a year.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "You widen the kernel. At about which width does the yearly wave disappear from the curve?",
    ["a week", "half a year", "ten years"],
    answer=1,
    because="A width of half a year reaches about a year to each side, so a query averages as many summers as winters, "
    "and they cancel.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
six_years = labs.bandwidth(years[-312:], ppm[-312:], width=0.05, key_name="year", value_name="ppm")
six_years

# %% [markdown]
# Here are six years of it. At 0.05 years (two and a half weeks) you see the season; at 0.5 only the trend is left. Both are in the record, and the width decides which of them you see.
#
# Which width is *best*? Leave-one-out has an answer: hide each week in turn and guess it from all the others.

# %%
def hidden_week_error(width):
    """How far off, in ppm, when each week is guessed from all others; the width is in years."""
    guess, _ = NadarayaWatson(width)(years, years, ppm, leave_one_out_mask(len(years)))
    return (guess - ppm).pow(2).mean().sqrt().item()

widths = [0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]
errors = [hidden_week_error(width) for width in widths]
best = widths[errors.index(min(errors))]
plot.lines({"": (widths, errors)}, "width in years", "error in ppm", log="x", mark=(best, f"{best} years"),
           title="How far off is a hidden week?",
           caption=f"Best at about a week: off by {min(errors):.2f} ppm. From half a year on, the whole season is error.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best in (0.015, 0.02) and 0.3 < min(errors) < 0.4 and 2 < errors[-3] < 2.3 and 0.03 < six_years.error[2] < 0.05

# %% [markdown]
# About a week: to guess a lost Saturday, ask the Saturdays around it. (For the six years above, the lab finds two weeks: other data, another best width.) This is the best answer to *this* question. For the trend you would choose half a year and accept "errors" of 2 ppm, which are the season itself.
#
# Our estimates agree to 1e-6 with an independent implementation, `KernelReg` of statsmodels with `reg_type="lc"`, at several widths; one of the course's tests checks this.
#
# **Keep this:** a width is best *for a question*. Leave-one-out asks one question: how well can we guess an example that is missing?

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the whole record
# All 2,225 weeks, at the width of the trend.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
season = ppm - pool(years, years, ppm, width=0.5)[0]
assert 2.5 < season.std() * 2**0.5 < 3.5  # a wave of 3 ppm up and down
moments = torch.linspace(1958.3, 2001.9, 500, dtype=torch.float64)
trend, _ = pool(moments, years, ppm, width=0.5)
growth = [((trend[b] - trend[a]) / (moments[b] - moments[a])).item() for a, b in [(0, 115), (385, 499)]]
plot.regression(years, ppm, {"width ½ year": (moments, trend)}, xlabel="year", ylabel="ppm", title="What is left without the season?",
                caption=f"It grew by {growth[0]:.1f} ppm a year in the first decade and by {growth[1]:.1f} in the last: the trend bends.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 0.7 < growth[0] < 0.9 and 1.4 < growth[1] < 1.7

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what if we fill the gaps, and what lies beyond the edge?
# In early 1964 there are 18 missing weeks in a row. Suppose that we "repair" the table with zeros.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
all_years, filled = torch.tensor(air.year), torch.tensor(air.ppm).nan_to_num(0.0)
gap = torch.tensor([1964.2], dtype=torch.float64)
zeros, _ = pool(gap, all_years, filled, width=0.05)
honest, _ = pool(gap, years, ppm, width=0.05)
print(f"gap filled with zeros: {zeros.item():.0f} ppm; gap left alone: {honest.item():.0f} ppm")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert zeros < 100 and 318 < honest < 323

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A zero claims that there was *no carbon dioxide*; a missing key claims nothing. You will meet the same mistake again in chapter 2, as attention to padding.
#
# **Guess:** we ask for the year 2010, eight years after the last key. Will the estimate be above 380 ppm, where the trend is heading?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
later, _ = pool(torch.tensor([2010.0], dtype=torch.float64), years, ppm, width=1.0)
print(f"estimate for 2010: {later.item():.0f} ppm; largest value ever measured: {ppm.max():.0f} ppm")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 368 < later < 373 and later < ppm.max()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# An average never leaves the range of what it averages, and beyond the edge only the last few keys count. So attention interpolates, but it cannot continue a trend. *Local linear regression* can: instead of a number $c$ it fits a line around the query, minimising $\sum_i\kappa(q-k_i)\,\big(v_i-c-b\,(k_i-q)\big)^2$, and answers with $c$.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def local_line(query, keys, values, width):
    """What the line fitted around the query says at the query."""
    root = gaussian((keys - query) / width).sqrt()  # its square is the closeness
    design = torch.stack([root, root * (keys - query)], -1)
    return torch.linalg.lstsq(design, (root * values)[:, None]).solution[0, 0]

line, point = local_line(2010.0, years, ppm, width=3.0), pool(torch.tensor([2010.0]).double(), years, ppm, width=3.0)[0]
print(f"estimate for 2010: {line:.0f} ppm by a line, {point.item():.0f} ppm by an average")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 376 < line < 382 and point < 370

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# In 2010 the station measured 390 ppm: the trend bent upwards after our record ends, and no line fitted before can know that.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Softmax, looked at closely
# <a id="temperature"></a>
# Softmax shares out the attention in every chapter from here on:
#
# $$ \mathrm{softmax}_i(s) \;=\; \frac{e^{s_i}}{\sum_j e^{s_j}}, \qquad j \text{ runs over everything that may be asked.} $$
#
# **Guess before you move:** if you add 100 to all three scores, what happens to the shares? What will temperatures of 0.1 and 10 do?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.softmax([2.0, 1.0, 0.0], ["animal", "street", "it"])

# %% [markdown]
# <details><summary>Answer</summary>
#
# - **Shift:** nothing happens. $e^{s+c}=e^s e^c$, and $e^c$ cancels. Only *differences* of scores count.
# - **Temperature** $T$ divides the scores. Towards 0 the winner takes all; towards infinity the shares become equal. A Gaussian of width $w$ is a softmax at $T=w^2$, so you have been moving a temperature all along.
# - **Mask:** a key that is switched off gets exactly 0, and the others share what it had.
#
# </details>
#
# The shift matters in practice. Add 1000 in the lab and let it compute *without the maximum*: the formula, computed as it is written, breaks. It does in PyTorch, too:

# %%
scores = torch.tensor([1000.0, 999.0, 998.0])
as_written = torch.exp(scores) / torch.exp(scores).sum()
shifted = torch.exp(scores - scores.max()) / torch.exp(scores - scores.max()).sum()
as_written, shifted

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert as_written.isnan().all() and torch.allclose(shifted, torch.tensor([0.665, 0.245, 0.090]), atol=5e-4)

# %% [markdown]
# $e^{1000}$ is too large for a float, so it becomes infinity, and infinity divided by infinity is not a number (NaN). Subtract the largest score first: the shares are the same, and no exponent is above 0.
#
# ### Exercise 4 ●●○ · 8 minutes
# Write a softmax that survives large scores, respects a mask, and gives *zeros* where a whole row is masked: if there is no key to ask, there is no attention. Every later chapter needs one.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("stable masked softmax")
def masked_softmax(scores, mask):
    """scores [..., K]; mask: bool, broadcastable to scores, True = may be asked -> weights [..., K]"""
    raise NotImplementedError

# %%
scores, nobody = torch.tensor([2.0, 1.0, 0.0, -1.0]), torch.zeros(4, dtype=torch.bool)
infinite, huge = (torch.softmax(scores.masked_fill(~nobody, low), -1) for low in (-torch.inf, -1e9))
ours = masked_softmax(scores, nobody)
infinite, huge, ours

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert infinite.isnan().all() and (huge == 0.25).all() and (ours == 0).all()

# %% [markdown]
# These are three ways to mask a whole row. Scores of −∞ give NaN, which spreads to everything computed from it. Scores of −10⁹, common in published code, give equal shares to four keys that should have been hidden. Ours gives no attention at all.
#
# <a id="denominator"></a>
# ### Find the error ●●○ · 5 minutes
# A widely read article prints this formula for the weight of input $x_i$ under query $q_j$: $\;\alpha_{ij} = \dfrac{e^{\,\mathrm{sim}(x_i,\,q_j)}}{\sum_{k} e^{\,\mathrm{sim}(x_i,\,q_j)}}$. The sum runs over $k$, but what is summed has no $k$ in it. Below it is as a program, in the article's letters; as everywhere in this course, queries are rows. Which line is wrong, and how would you fix it? There are two indices that $k$ could replace.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 1.2")

@find_error("program 1.2", line=None)  # the number of the wrong line; correct it below
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
# **Keep this:** softmax depends on differences of scores, its sum runs over *the keys*, and where every key is masked it should give zeros.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: where the ratio of kernels fails
# Kernels and softmax were equal to 1e-6. Now move the query far away: hour 40 for a day of 24, with a width of 0.4.

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
from course_utils.attention import gaussian_kernel, nadaraya_watson

far = torch.tensor([40.0], dtype=torch.float64)
by_ratio, _ = nadaraya_watson(far, hours, readings, lambda distance: gaussian_kernel(distance, 0.4))
by_softmax = torch.softmax(-0.5 * (far - hours) ** 2 / 0.4**2, -1) @ readings  # temperature = width²
print("ratio of kernels: a number?", by_ratio.isfinite().item())
print("softmax: the last reading?", torch.allclose(by_softmax, readings[-1]))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# All fifty closenesses are smaller than the smallest number that a float64 can hold, so the ratio is 0/0. The softmax subtracts the largest score first and still finds the nearest key. The formula is the same; only the order of the steps is different.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: two relatives
# <a id="max-pooling"></a><a id="squeeze-and-excitation"></a>
# Two other layers can be read as attention: **max-pooling** and **squeeze-and-excitation**. Max-pooling keeps the largest number in a patch of a picture, all or nothing. It is attention in which each value is its own score, at temperature 0.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
patch = torch.tensor([1.0, 3.0, 2.0, 2.5])
for heat in [10_000.0, 1.0, 0.01]:
    pooled = torch.softmax(patch / heat, -1) @ patch
    print(f"temperature {heat:7}: {pooled.item():.3f}")
assert torch.allclose(pooled, patch.max(), atol=1e-4) and patch.mean() == 2.125

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# At a high temperature we get the mean, 2.125; at a low one the maximum, 3. Average pooling and max-pooling are the two ends of one scale.
#
# Squeeze-and-excitation weights *channels*: which feature maps of a convolutional network matter for this picture? It squeezes each map to its mean, lets a tiny network compute a gate between 0 and 1 for each map, and multiplies.

# %% slideshow={"slide_type": "skip"} tags=["deeper", "nbval-check-output"]
generator = torch.Generator().manual_seed(0)
maps = torch.randn(1, 8, 6, 6, generator=generator)  # one picture, 8 channels of 6 × 6
reduce, expand = torch.randn(8, 2, generator=generator), torch.randn(2, 8, generator=generator)
gates = torch.sigmoid(torch.relu(maps.mean((-2, -1)) @ reduce) @ expand)
gated = maps * gates[..., None, None]
print("maps", tuple(maps.shape), "→ gates", tuple(gates.shape), "→ result", tuple(gated.shape))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Here $p$ is a sigmoid, not a softmax, so each gate is decided separately and they need not add up to 1. Nothing is averaged; each channel is multiplied by its gate. So it is attention in a wider sense: scores again, but no shares. (These gates are untrained: the cell shows the shapes only.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A sentence meets a kernel
# One sentence goes through all seven chapters: **The animal didn't cross the street because it was too tired.** What does "it" refer to? You know. Does a kernel?
#
# Between hours there are distances. Words need numbers first, so *we made some up*, by hand: does the word name something, is it about something alive, does it describe?

# %%
from course_utils import data

cards = data.load("word_features")
tired, features = cards.words[:11], torch.tensor(cards.features)
closeness = gaussian(torch.cdist(features[:11], features[:11]), width=0.3)
attention = closeness / closeness.sum(-1, keepdim=True)
heatmap(attention, tired, tired, title="Whom does “it” ask?", select=("it", "animal"),
        caption="Row “it”: itself, then “animal”. But we chose the numbers ourselves.")

# %% [markdown]
# "it" gives 53 % to itself, 31 % to "animal" and 12 % to "street". That proves nothing: we gave "it" a vector near "animal", and the picture shows what we put in.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Now the twin sentence: “… because it was too wide.” Here “it” is the street. What does “it” attend to?",
    ["“street” more than “animal”", "still “animal”, far more than “street”", "both equally"],
    answer=1,
    because="“it” and “animal” have the same vectors as before, so their distance is the same. "
    "A kernel over fixed vectors cannot know how the sentence continues.",
)

# %% [markdown]
# What is missing? The score must be *learned*, and the vectors must depend on the sentence. Chapter 2 makes the score a choice, chapter 3 learns it, and in chapter 4 words attend to each other.
#
# **Keep this:** attention can only find what the vectors contain. With fixed vectors the answer is fixed, too.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the twin, computed
# Here are the same lines with the last word replaced.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
wide, twin = cards.words[:10] + cards.words[11:], torch.cat([features[:10], features[11:]])
closeness = gaussian(torch.cdist(twin, twin), width=0.3)
other = closeness / closeness.sum(-1, keepdim=True)
it, animal, street = (tired.index(word) for word in ("it", "animal", "street"))
heatmap(other, wide, wide, title="Whom does “it” ask now?", select=("it", "street"),
        caption="The row of “it” is what it was. Compare the last row and the last column.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert [round(attention[it, word].item(), 2) for word in (it, animal, street)] == [0.53, 0.31, 0.12]
assert torch.isclose(other[it, animal] / other[it, street], attention[it, animal] / attention[it, street])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# All of this was computed in this notebook. The bands are what the course promises on any machine; a value outside its band stops the notebook.

# %%
rows = [
    ("the mean of the day, °C", off(mean), 3.5, 4.5),
    ("width 2 h, where training starts, °C", off(pool(grid, hours, readings, 2.0)[0]), 1.0, 1.2),
    ("width learned with its own answer in sight, °C", off(greedy(grid, hours, readings)[0]), 0.9, 1.2),
    ("width learned by leave-one-out, °C", off(learned(grid, hours, readings)[0]), 0.6, 0.8),
    ("that width, hours", learned.width.item(), 0.4, 0.8),
    ("CO₂: a hidden week at the best width, ppm", min(errors), 0.3, 0.4),
]
for name, value, low, high in rows:
    assert low < value < high, f"{name}: {value:.3f} is not between {low} and {high}"
    print(f"{name:48} {value:5.2f}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. Attention is an average, and the query chooses the weights.
# 2. Score, then share: $a$ says how well a key fits, $p$ makes shares that add up to 1.
# 3. The Gaussian kernel, normalised, *is* a softmax; its width decides between noise and blur.
# 4. A training query must not see its own key. A mask says which keys may be asked: True = may.
# 5. A weight says how much a key was asked, not how much it mattered; and attention can only find what the vectors contain.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [query](#query) | 查询 | what is asked |
# | [key](#key) | 键 | what an example shows of itself |
# | [value](#value) | 值 | what an example gives |
# | [weight](#weight) | 权重 | its share in the answer |
# | [bottleneck](#bottleneck) | 瓶颈 | one vector of fixed size for everything |
# | [pop-out](#pop-out) | 突显 | something that differs draws the eye by itself |
# | [involuntary cue](#pop-out) | 非自主性提示 | attention drawn by the thing itself, bottom-up |
# | [voluntary cue](#voluntary-cue) | 自主性提示 | attention steered by what I want, top-down |
# | [soft address](#soft-address) | 软寻址 | a little of every entry instead of one |
# | [alignment function](#alignment-function) | 对齐函数 | query and key → score (also scoring function, 评分函数) |
# | [attention pooling](#attention-pooling) | 注意力汇聚 | values averaged by attention weights |
# | [kernel](#kernel) | 核函数 | distance → closeness |
# | [Nadaraya–Watson estimator](#nadaraya-watson) | Nadaraya–Watson 估计 | average of values, weighted by a kernel |
# | [softmax](#softmax) | softmax（归一化指数函数） | scores → shares |
# | [bandwidth](#bandwidth) | 带宽 | the width of a kernel |
# | [bias](#bias) | 偏差 | an error that is the same each time |
# | [variance](#variance) | 方差 | how much the result varies from time to time |
# | [effective number](#effective-number) | 有效样本数 | how many examples a query really uses |
# | [parametric](#parametric) | 参数化 | with numbers that training changes |
# | [loss](#loss) | 损失 | how bad it is, in one number |
# | [gradient descent](#gradient-descent) | 梯度下降 | small steps in the direction in which the loss falls |
# | [leave-one-out](#leave-one-out) | 留一法 | guess each example from all the others |
# | [mask](#mask) | 掩码 | which keys may be asked: True = may |
# | [max-pooling](#max-pooling) | 最大汇聚 | the largest value takes all |
# | [squeeze-and-excitation](#squeeze-and-excitation) | 压缩与激励 | attention to channels |
# | [temperature](#temperature) | 温度 | divides the scores: sharp or flat |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - E. A. Nadaraya, *On estimating regression*, 1964, and G. S. Watson, *Smooth regression analysis*, 1964: the estimator, in a few pages each.
# - T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2009, sections 6.1–6.2 (kernels, width, the edges), 7.3 (bias and variance), 7.10 (leave-one-out).
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural machine translation by jointly learning to align and translate*, 2015, sections 2 and 3: the bottleneck and how attention removes it.
# - S. Chaudhari et al., *An attentive survey of attention models*, 2021, section 2: alignment and distribution, kept separate.
# - A. Zhang et al., *Dive into Deep Learning*, sections 11.1–11.2: the same story with other examples.
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, 2016, section 4.1: overflow, underflow and softmax.
# - J. Hu, L. Shen, G. Sun, *Squeeze-and-excitation networks*, 2018, section 3.
# - S. Jain and B. Wallace, *Attention is not explanation*, 2019, section 4, and the reply: S. Wiegreffe and Y. Pinter, *Attention is not not explanation*, 2019, section 3.
# - A. Treisman and G. Gelade, *A feature-integration theory of attention*, 1980 (pop-out); E. C. Cherry, *Some experiments on the recognition of speech*, 1953 (the party); N. Moray, *Attention in dichotic listening*, 1959 (one's own name); K. Koch et al., *How much the eye tells the brain*, 2006; J. Zheng and M. Meister, *The unbearable slowness of being*, 2025.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: how a query meets a key
# Throughout this chapter the score came from a distance, and we wrote it by hand. It need not be. [Chapter 2](02_scoring_functions.ipynb) lets twelve scoring functions compete for the same keys, and asks why Transformers divide by √d.
#
# **→ [2 · How does a query meet a key?](02_scoring_functions.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 1, edition 0.2.0, and the heading above it.*
