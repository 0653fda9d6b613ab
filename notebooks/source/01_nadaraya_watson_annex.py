# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1 · Annex: what is worth knowing about kernels
# Each section stands alone: choose one by its question. The first cells make the day of readings from [the lesson](01_nadaraya_watson.ipynb); in the notebook, run them before any section. <!-- minutes -->

# %% jupyter={"source_hidden": true}
import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch01 import again, exercise, find_error, hint, labs, solution
from course_kit import data
from course_kit.i18n import from_cell
from course_kit.views import heatmap, plot, predict
from course_utils.kernels import leave_one_out_mask

runtime = course_kit.setup()
from mine import attention_pooling, gaussian_kernel, masked_softmax


def true_day(hour):
    """The lesson's day in °C: coldest at 3:00, warmest at 15:00, a storm at 16:30."""
    storm = (hour > 16.5) * torch.exp((16.5 - hour) / 3)
    return 17 - 6 * torch.cos(2 * torch.pi * (hour - 3) / 24) - 6 * storm


generator = torch.Generator().manual_seed(3)
hours = 24 * torch.rand(50, dtype=torch.float64, generator=generator).sort().values
readings = true_day(hours) + torch.randn(50, dtype=torch.float64, generator=generator)
grid = torch.linspace(0, 24, 241, dtype=torch.float64)
truth = (grid, true_day(grid))
day = {"truth": truth, "xlabel": "hour of the day", "ylabel": "°C", "hours": True}


def off(estimate):
    """How far an estimate [241] typically is from the true day, in °C."""
    return (estimate - true_day(grid)).pow(2).mean().sqrt().item()

# %% [markdown]
# ## Two cues, a slanted line and a T
# On a desk of grey papers a red cup catches your eye before you decide anything. Later you want to read, and now you look for the book. The first is an *involuntary* cue, the second a *voluntary* one.
#
# You cannot take in all that you see: some ten million bits a second leave each eye.¹ Each half below has one sign that differs. Find both, and notice which one you had to *search for*.

# %% jupyter={"source_hidden": true}
turns = torch.randint(4, (60,), generator=torch.Generator().manual_seed(11)).tolist()
boxes = ["|" * 60, "".join("└┌┐┘"[turn] for turn in turns)]
boxes = [boxes[0][:17] + "/" + boxes[0][18:], boxes[1][:42] + "┬" + boxes[1][43:]]
for row in range(0, 60, 10):
    print("     ".join("  ".join(box[row : row + 10]) for box in boxes))

# %% [markdown]
# <a id="pop-out"></a><a id="voluntary-cue"></a>
# The slanted line probably caught your eye. This is **pop-out**:² what differs draws the eye by itself, an **involuntary cue** (bottom-up). For the T you decided where to look: a **voluntary cue** (top-down), which at a party also lets you follow one voice among many (the *cocktail party effect*).³ Early editions of *Dive into Deep Learning* compare the query to the voluntary cue and the key to the involuntary one. The comparison limps: in the formula a key does nothing before a query comes. A widely used slide says that self-attention relies on no *other* voluntary cues, that is, on none from outside the sentence. That is right: in [self-attention](02_scoring_functions.ipynb#self-attention) each word has a query of its own, which decides what it attends to.
#
# <small>¹ K. Koch et al., 2006 (guinea pigs, scaled to humans). ² A. Treisman and G. Gelade, 1980. ³ E. C. Cherry, 1953.</small>

# %% [markdown]
# ## A library: need, label, book
# <a id="soft-address"></a>
# In a library you compare your *need* with the *labels*, and take home a *book*: query, key and value. A Python dictionary does the same, but it finds all or nothing:

# %% tags=["nbval-check-output"]
shelf = {"我": "I", "很": "very", "高兴": "happy"}
print("高兴 →", shelf.get("高兴"), " 快乐 →", shelf.get("快乐"))

# %% [markdown]
# 快乐 (joyful) finds nothing, although it means almost the same as 高兴 (happy). Attention would give it a little of each word, and most of the nearest. Words can't be averaged, so give each of them a vector. Both the vectors and the first row of weights, for 快乐, are invented:

# %%
meanings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # I, very, happy
shares = torch.tensor([[0.1, 0.2, 0.7], [0.0, 0.0, 1.0]])
shares @ meanings  # [2 queries, 3 keys] @ [3 keys, 2] -> [2 queries, 2]

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shares[0] @ meanings, torch.tensor([0.8, 0.9]))

# %% [markdown]
# What comes out is near the vector of *happy*. The first row spreads its weight over several words, which is called a **soft address**. The second row points at exactly one, like a dictionary: a *hard* address.
#
# In its most general form, attention pooling has two parts that can be exchanged: an alignment function $a$, which gives scores, and a *distribution* $p$, usually the softmax, which turns them into weights:
#
# $$ A({\color{#bf5f00}{q}},{\color{#007fc6}{K}},{\color{#008a67}{V}})=\sum_{i} p\big(a({\color{#007fc6}{k_i}},{\color{#bf5f00}{q}})\big)\,{\color{#008a67}{v_i}} $$
#
# <a id="bottleneck"></a>
# This is how attention came to language. The first neural translators usually read a sentence into *one* vector, a **bottleneck**: it was the same for each word to be written, and no larger for a long sentence than for a short one. In 2014 Bahdanau, Cho and Bengio let the translator look back at all words instead, by a soft address, and called it attention. Nearly all large language models are built on it. <!-- source: Bahdanau, Cho & Bengio 2015 -->

# %% [markdown]
# ## A hard address has no slope
# How steeply does the result change with the query? With `requires_grad`, PyTorch follows the computation, and `backward()` computes the slope.

# %%
# three readings, at 1, 2 and 4 o'clock
k, v = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([10.0, 20.0, 0.0])
asked = torch.tensor(2.2, requires_grad=True)
soft = torch.softmax(-0.5 * (asked - k) ** 2, -1) @ v
soft.backward()
print(f"soft address: {soft.item():.2f}, slope {asked.grad.item():.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert -2.3 < asked.grad.item() < -1.9 and v[(asked.detach() - k).abs().argmin()] == 20

# %% [markdown]
# A hard address at 2.2 o'clock answers 20, the value of the nearest key. This answer has slope 0 until it jumps, and following a slope of 0, a network cannot learn where to look.

# %% [markdown] tags=["card"]
# ## A denominator that circulates
# <a id="denominator"></a>
# A widely read article prints this formula for the weight of input $x_i$, a key, under query $q_j$: $\;\alpha_{ij} = \dfrac{e^{\,\mathrm{sim}(x_i,\,q_j)}}{\sum_{k} e^{\,\mathrm{sim}(x_i,\,q_j)}}$. The sum runs over $k$, but what is summed has no $k$ in it.
#
# ### Find the error ●●○ · 7 minutes
# The cell holds this formula as a program. Repair it: which index in the sum must become $k$, and does $k$ count queries or keys?

# %% tags=["exercise"]
@find_error("program 1.2")
def attention_weights(scores):  # [Q, K]: scores[j, i] is that of query j and key i
    queries, keys = scores.shape
    result = torch.zeros(queries, keys)
    for j in range(queries):
        for i in range(keys):
            top = scores[j, i].exp()
            bottom = sum(scores[j, i].exp() for k in range(queries))
            result[j, i] = top / bottom
    return result

# %% [markdown]
# To rename the query's index instead would be worse: in the article's letters $i$ is the input and $j$ the query, so the sum would run over the queries, which would then compete for each key. (If $i$ were the query, that renaming would be right: the sum must run over the inputs that are attended to.)

# %% [markdown]
# ## What should a row get in which everything is masked?
# Compare two common methods with `masked_softmax`, which comes last:

# %%
four, nobody = torch.tensor([2.0, 1.0, 0.0, -1.0]), torch.zeros(4, dtype=torch.bool)
infinite, huge = (
    torch.softmax(four.masked_fill(~nobody, low), -1) for low in (-torch.inf, -1e9)
)
ours = masked_softmax(four, nobody)
infinite, huge, ours

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert infinite.isnan().all() and (huge == 0.25).all() and (ours == 0).all()

# %% [markdown]
# Scores of −∞ give NaN, which spreads to everything computed from it. Scores of −10⁹, as in *The Annotated Transformer*, give equal weights to keys that are all hidden. With zeros the average is 0, which is no estimate, so leave such a row out of the loss.

# %% [markdown] tags=["card"]
# ### Exercise ●○○ · 3 minutes
# Write the mask of leave-one-out yourself. (`torch.arange(n)` counts from 0 to n − 1.)

# %% tags=["exercise"]
@exercise("leave-one-out mask")
def others_only(size):
    """size n -> [n, n] bool, True = may be attended to"""
    raise NotImplementedError

# %% [markdown]
# ## Two relatives
# <a id="max-pooling"></a><a id="squeeze-and-excitation"></a>
# **Max-pooling** keeps the largest number in a patch of a picture. It is attention in which each value is its own score and the temperature goes to 0:

# %%
patch = torch.tensor([1.0, 3.0, 2.0, 2.5])
for heat in [10_000.0, 1.0, 0.01]:
    pooled = torch.softmax(patch / heat, -1) @ patch
    print(f"temperature {heat:7}: {pooled.item():.3f}")
assert torch.allclose(pooled, patch.max(), atol=1e-4) and patch.mean() == 2.125

# %% [markdown]
# **Squeeze-and-excitation** (Hu, Shen and Sun 2018) weights the *channels* of a convolutional network, maps of where in a picture a pattern was found. It squeezes each map to its mean, and from all means a tiny network computes a *gate* for each map, which multiplies it. Does such a gate find the map that matters? We draw pictures of noise with eight channels. In half of the maps there is a bright square, and the question is always: is there one in channel 3?

# %%
generator = torch.Generator().manual_seed(0)
maps = torch.randn(400, 8, 6, 6, generator=generator)  # 400 pictures, 8 channels
square = torch.rand(400, 8, generator=generator) < 0.5
maps[:, :, 2:5, 2:5] += 2 * square[:, :, None, None]
torch.manual_seed(0)
squeeze, excite, answer = nn.Linear(8, 4), nn.Linear(4, 8), nn.Linear(1, 1)
parts = nn.ModuleList([squeeze, excite, answer])
optimiser = torch.optim.Adam(parts.parameters(), lr=0.02)
for _ in range(400):
    gates = torch.sigmoid(excite(torch.relu(squeeze(maps.mean((-2, -1))))))  # [400, 8]
    gated = maps * gates[..., None, None]
    score = answer(gated.mean((-3, -2, -1))[:, None])[:, 0]  # all channels, in one mean
    loss = F.binary_cross_entropy_with_logits(score, square[:, 3].float())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

# %% jupyter={"source_hidden": true}
plot.bars(
    [str(channel) for channel in range(8)],
    gates.mean(0),
    digits=2,
    ylabel="gate",
    title="Which channel is let through?",
    caption="The mean gate of each channel after training. The bright square of channel 3 is what "
    "the question is about.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gates.mean(0)[3] > 0.95 and gates.mean(0)[[0, 1, 2, 4, 5, 6, 7]].max() < 0.65
assert ((score > 0) == square[:, 3]).float().mean() > 0.85

# %% [markdown]
# The gate of channel 3 is nearly 1, and those of the others are about half open. A sigmoid, $1/(1+e^{-x})$, keeps each gate between 0 and 1, but unlike weights the gates need not add up to 1: channels are rescaled, not averaged.

# %% [markdown]
# ## Bias and variance
# Why do errors cancel in an average, and how fast? Let's draw independent errors of variance 1, and average 1, 4 or 16 of them, ten thousand times:

# %%
errors = torch.randn(10_000, 16, generator=torch.Generator().manual_seed(0))
for n in [1, 4, 16]:
    averages = errors[:, :n].mean(-1)  # [10000]
    print(f"average of {n:2}: variance {averages.var():.2f}")

# %% jupyter={"source_hidden": true}
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
# The typical size of an error is the square root of the variance, so half the error costs four times as many readings. If the readings have unequal weights, each error is multiplied by its weight, and its variance by the weight's square. That gives the *effective number* of the lesson: a plain average of $n_\text{eff}$ readings would have the same variance.
#
# $$ \mathrm{var}\Big(\sum_i\alpha_i\varepsilon_i\Big)=\sum_i\alpha_i^2=\frac1{n_\text{eff}} $$
#
# So much for the wobble. But an average can also lean, because it reaches hours that were warmer or colder, and how much it leans is its bias. On average over many days with the same hours and new errors,
#
# $$ \text{squared error} \;=\; \text{bias}^2 + \text{variance}, $$
#
# because an error is bias plus wobble, and its square is bias² + 2 · bias · wobble + wobble². The bias is the same on all those days and the mean wobble is 0, so the term in the middle vanishes.
#
# For the bias we need the truth, and we have it, because we invented the day. So we average true temperatures instead of readings, and what is still wrong is bias:

# %%
widths, bias2, variance = torch.logspace(-1, 0.4, 27).tolist(), [], []
for width in widths:  # 0.1 to 2.5 hours
    leaning, alpha = attention_pooling(grid, hours, true_day(hours), width)
    bias2.append(off(leaning) ** 2)
    variance.append(alpha.pow(2).sum(-1).mean().item())
both = torch.tensor(bias2) + torch.tensor(variance)
print(f"smallest at a width of {widths[both.argmin()]:.1f} h")

# %% jupyter={"source_hidden": true}
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
    role={"variance": "cool", "bias²": "warm"},
    limits=(0, 1.6),
    mark=(widths[both.argmin()], f"{widths[both.argmin()]:.1f} h"),
    title="Where does the error come from?",
    caption="One on top of the other: what is left of the readings' errors, and what comes from "
    "reaching too far. Their sum is the squared error. Where is it smallest?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
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
# On the left most of the error is variance, because a single reading has nearly all the weight. On the right nearly all of it is bias, above all across the storm. Between them lies a valley, and its bottom is close to the width that training found from the readings alone.
#
# **Keep this:** squared error = bias² + variance. An average of n independent errors keeps 1/n of their variance.

# %% [markdown]
# ## Does the shape of the kernel matter?
# The *boxcar* treats all readings up to one width alike, and *Epanechnikov's* kernel is an arch. Both are 0 beyond one width, which the Gaussian never is. With any of them the estimator is the lesson's, each closeness divided by the sum of all:

# %% tags=["definition"]
# course_utils.kernels: boxcar_kernel, epanechnikov_kernel, nadaraya_watson

# %% [markdown]
# What if no reading lies inside the boxcar? Then every weight is 0, and the function returns 0. Don't read that as 0 °C: it means *no answer*.
#
# Why this average? Suppose that you have to answer with one number $c$. At reading $i$ its squared error is $(v_i-c)^2$, and you count it $\kappa_i=\kappa(q-k_i)$ times, because near readings matter more. Which $c$ makes $\sum_i\kappa_i(v_i-c)^2$ smallest? The slope, $-2\sum_i\kappa_i(v_i-c)$, is 0 at $c=\sum_i\kappa_iv_i/\sum_j\kappa_j$, which is the estimator.
#
# Now give each kernel the width that suits it best on our day, and then twice that width:

# %%
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

# %% jupyter={"source_hidden": true}
plot.bars(
    list(kernels),
    {
        "at its best width": [off(fitted(k, best[name])) for name, k in kernels.items()],
        "at twice that width": [off(fitted(k, 2 * best[name])) for name, k in kernels.items()],
    },
    digits=2,
    ylabel="off by, in °C",
    title="Does the shape matter, or the width?",
    caption="How far the curve of each kernel typically is from the true day. Compare the kernels with "
    "each other, then the widths.",
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
# Each at its best width, the three curves are off by 0.7 or 0.8 °C, and on fifty other days their means differ by less than 0.1. With twice the width each kernel gets worse on our day, because it blurs the storm.
#
# **Keep this:** which of these kernels you take hardly matters. The width does.

# %% [markdown]
# ## At other hours, and with 1,600 readings
# In the lesson the learned width beat any number of neighbours, at these fifty hours. What about other hours? We drew a hundred days, each with hours and errors of its own, and let leave-one-out choose each width. The curves were off by 0.83 °C on average. The curves of the best number of neighbours, chosen with the truth in hand, were off by 0.84. So at hours of all kinds the two are level.

# %% jupyter={"source_hidden": true} tags=["asserts"]
others, results, other_days = leave_one_out_mask(50), [], torch.Generator().manual_seed(0)
tried_widths = torch.logspace(-1, 0.5, 31, dtype=torch.float64)
for _ in range(100):
    clock = 24 * torch.rand(50, dtype=torch.float64, generator=other_days).sort().values
    seen = true_day(clock) + torch.randn(50, dtype=torch.float64, generator=other_days)
    guesses = masked_softmax(-0.5 * ((clock[:, None] - clock) / tried_widths[:, None, None]) ** 2, others) @ seen  # [31, 50]
    chosen = tried_widths[(guesses - seen).pow(2).mean(-1).argmin()]
    order = (grid[:, None] - clock).abs().argsort(-1)
    by_neighbours = seen[order].cumsum(-1) / torch.arange(1, 51)  # [241, 50]
    results.append([off(attention_pooling(grid, clock, seen, chosen)[0]), min(map(off, by_neighbours.T))])
assert [round(x, 2) for x in torch.tensor(results).mean(0).tolist()] == [0.83, 0.84]

# %% [markdown]
# And if there are 1,600 readings, 32 times as many? Would you make the kernel narrower, or let more readings count? For each number of readings we draw ten days, and each time we take the width that comes closest to the truth:

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
    print(f"{n:5,} readings: width {rule[n][0]:.2f} h, effective number {rule[n][1]:.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
best_widths, counts = zip(*rule.values(), strict=True)
assert 0.55 < rule[50][0] < 0.8 and 0.12 < rule[1600][0] < 0.15 and 4 < rule[50][1] < 6 and 28 < rule[1600][1] < 35
assert sorted(best_widths, reverse=True) == list(best_widths) and sorted(counts) == list(counts) and 1600 == 32 * 50
assert 4.5 < best_widths[0] / best_widths[-1] < 5.5 and 5.5 < counts[-1] / counts[0] < 6.5
stormy, source, calm_rule = true_day, torch.Generator().manual_seed(0), []
true_day = lambda hour: 17 - 6 * torch.cos(2 * torch.pi * (hour - 3) / 24)  # noqa: E731
for n in (50, 1600):
    calm_rule.append(torch.tensor([best_width(n, source) for _ in range(10)]).mean(0))
true_day = stormy
assert 0.3 < calm_rule[1][0] / calm_rule[0][0] < 0.5 and calm_rule[1][1] > 10 * calm_rule[0][1]

# %% [markdown] tags=["keep"]
# Here you gain both ways. About six times as many readings count as of fifty, so the variance falls. The best width is about a fifth of what it was, so the bias falls, too. How much you gain in each way depends on the day: without the storm, the best width shrinks only to about two fifths, and more than ten times as many readings count.
#
# **Keep this:** with more readings, make the kernel narrower, and still let more of them count.

# %% [markdown]
# ## Forty-four years of air
# On Mauna Loa in Hawaii, carbon dioxide in the air has been measured since 1958. This is the weekly record to the end of 2001, in ppm (molecules per million). Some weeks are missing, but you needn't repair them, because a missing week gives no key.

# %% tags=["nbval-check-output"]
air = data.load("co2_weekly")
measured = torch.tensor(air.ppm).isfinite()  # False where a week is missing
years, ppm = torch.tensor(air.year)[measured], torch.tensor(air.ppm)[measured]
print(len(air), "weeks,", (~measured).sum().item(), "missing;", len(years), "keys")

# %% [markdown]
# Northern forests take up carbon dioxide in summer and release it in winter, so you'll see a wave in each year.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "You widen the kernel. At about which width does the yearly wave disappear from the "
    "curve?",
    ["a week", "half a year", "ten years"],
    answer=1,
    because="An average with a Gaussian of width w years shrinks a yearly wave to "
    "exp(−2π²w²) of its height: "
    "to 29 % at w = ¼, and to under 1 % at w = ½.",
)

# %% jupyter={"source_hidden": true} tags=["lab"]
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

# %% [markdown]
# Nobody knows the true curve here. So hide each week of the whole record in turn, let the others guess it, and compare with the simplest guess, a copy of the last week measured:

# %%
def hidden_week_error(width):
    """The typical error in ppm if each week is guessed from all others."""
    scores = -0.5 * ((years[:, None] - years) / width) ** 2  # [2225, 2225]
    guess = masked_softmax(scores, leave_one_out_mask(len(years))) @ ppm
    return (guess - ppm).pow(2).mean().sqrt().item()

for width in [0.02, 0.1, 0.5]:  # a week, five weeks, half a year
    print(f"width {width:4} years: off by {hidden_week_error(width):.2f} ppm")
print(f"the week before: off by {ppm.diff().pow(2).mean().sqrt():.2f} ppm")

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
assert step.max() > 0.2 * step.sum() > 3 * ramp.max()
moments = torch.linspace(1963.5, 1965, 301, dtype=torch.float64)
narrow, five = (attention_pooling(moments, years, ppm, w)[0].max() for w in (0.02, 0.1))
assert narrow - five > 0.3
import warnings
from statsmodels.nonparametric.kernel_regression import KernelReg
warnings.simplefilter("ignore", FutureWarning)  # about its next version
theirs = [KernelReg(ppm.numpy(), years.numpy(), "c", "lc", bw=[w]).fit(moments.numpy()[::50])[0] for w in (0.02, 0.1)]
assert all(torch.allclose(attention_pooling(moments[::50], years, ppm, w)[0], torch.tensor(x)) for w, x in zip((0.02, 0.1), theirs, strict=True))

# %% [markdown] tags=["keep"]
# A week is the best of these three widths, and it beats copying, because neighbours on both sides count. The library statsmodels, where statisticians find this estimator as a local-constant `KernelReg`, gives the same curves.
#
# Nothing was measured from late January to late May of 1964. In this gap, the narrow kernel gives nearly all of the weight to the reading at its nearer end, so the curve makes a step in the middle. The kernel of five weeks crosses the gap more smoothly, but it cuts off the top of the wave. You'd want a wide kernel in the gap and a narrow one elsewhere, which is [the problem of the lesson](01_nadaraya_watson.ipynb#A-reading-that-knows-its-neighbourhood-·-40-minutes).
#
# **Keep this:** a width is best for a question. Leave-one-out asks how well you can guess a missing example.

# %% [markdown]
# ## A sentence meets a kernel
# **The animal didn't cross the street because it was too tired.** You know what "it" refers to. Can your kernel find out? A kernel needs distances, so *we made up* a vector of three numbers for each word. Each word is both a query and a key, and `torch.cdist` gives the distances of all pairs. Each word is nearest to itself, so we hide it from itself:

# %%
cards = data.load("word_features")
tired, features = cards.words[:11], torch.tensor(cards.features)[:11]
near = gaussian_kernel(torch.cdist(features, features), width=0.3)  # [11, 11]
near = near * leave_one_out_mask(11)  # no word may choose itself
attention = near / near.sum(-1, keepdim=True)

# %% jupyter={"source_hidden": true}
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

# %% jupyter={"source_hidden": true} tags=["predict"]
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

# %%
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
# “it” still attends most to “animal”. A kernel sees only vectors, and “it” and the two nouns have the same ones in both sentences. So a word's vector has to depend on its sentence.
#
# **Keep this:** with one fixed vector for each word, “it” means the same in every sentence.

# %% [markdown]
# ## Parametric or not?
# <a id="parametric"></a>
# Early editions of *Dive into Deep Learning* write $s_i=-\tfrac12\big((q-k_i)\,w\big)^2$ with a learnable $w$. This $w$ is *one divided by* our width, here about 1.7 per hour.
#
# That book calls a model **parametric** if training can change a number in it. Statisticians call our estimator non-parametric with any width, because it assumes no formula for the true curve. The question uses the word as the book does.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(1 / 0.6, 1) == 1.7

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Here are four claims about average pooling and Nadaraya–Watson. Which one is wrong?",
    [
        "Average pooling, f(q) = (v₁ + … + vₙ) / n, gives each query the same answer",
        "f(q) = Σ softmax(−½ (q − kᵢ)²) vᵢ is non-parametric: it keeps the examples and "
        "learns nothing",
        "With a number w in it, f(q) = Σ softmax(−½ ((q − kᵢ) w)²) vᵢ, it still keeps "
        "the examples, and nothing in it is trained",
        "w can be found by gradient descent on the leave-one-out error, and a larger w "
        "means a narrower kernel",
    ],
    answer=2,
    because=[
        "This is true: the query does not appear in the formula, so the answer is "
        "always the mean.",
        "This is true: nothing in this formula is a number that training could change.",
        "The estimate has a slope in w, so w can be trained, as our width was. In the book's "
        "sense this version is parametric. A widely used slide deck calls it non-parametric, "
        "as statisticians do.",
        "This is true: the estimate is differentiable in w, and w = 1 / width.",
    ],
)

# %% [markdown] tags=["questions"]
# ## Open questions
# <a id="open-questions"></a>
# **Prove: the derivative is a covariance.** Let $y=\sum_i\alpha_iv_i$ with $\alpha=\mathrm{softmax}(q\cdot k_1,\dots,q\cdot k_n)$, and call an average with the weights α a *mean*. Since $\partial\alpha_i/\partial q=\alpha_i\,(k_i-\bar k)$ with the mean key $\bar k=\sum_j\alpha_jk_j$, we get
#
# $$ \frac{\partial y}{\partial q}=\sum_i\alpha_i\,v_i\,(k_i-\bar k)^\top=\sum_i\alpha_i\,(v_i-y)(k_i-\bar k)^\top, $$
#
# the covariance of values and keys under α. So the output moves only if keys and values vary *together* among the keys that count. With one weight of 1 nothing varies, and the derivative is 0: a hard address. By numbers:

# %% tags=["nbval-check-output"]
generator = torch.Generator().manual_seed(0)
q = torch.randn(3, dtype=torch.float64, generator=generator)
K, V = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator)

def pooled(q):
    return torch.softmax(K @ q, -1) @ V

alpha = torch.softmax(K @ q, -1)
covariance = (V - pooled(q)).mT @ (alpha[:, None] * (K - alpha @ K))  # [3, 3]
slope = torch.autograd.functional.jacobian(pooled, q)
print("derivative and covariance are equal:", torch.allclose(slope, covariance))

# %% [markdown]
# **Design an experiment: was it luck?** Partly. We drew new errors for the same hours, 200 times: about three quarters of the widths found are from 0.5 to 1.1 hours, and their median is 0.8. With real data, draw as many readings as there are *with replacement*, many times: the bootstrap. (A reading that is drawn twice finds its own copy: leave-one-out must hide both.)
#
# **Why not a width for each hour?** The *k* nearest neighbours do it, whose reach is short where readings are dense. But each width must be found from fewer readings, so it has more variance.

# %% jupyter={"source_hidden": true} tags=["asserts"]
sets = true_day(hours) + torch.randn(200, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
tried = torch.logspace(-1, 0.5, 60)  # hours
scores = -0.5 * ((hours[:, None] - hours) / tried[:, None, None]) ** 2  # [60, 50, 50]
guesses = sets @ masked_softmax(scores, leave_one_out_mask(50)).mT  # [60, 200, 50]
chosen = tried[(guesses - sets).pow(2).mean(-1).argmin(0)]  # [200]
assert 0.7 < ((chosen > 0.5) & (chosen < 1.1)).float().mean() < 0.8 and 0.75 < chosen.median() < 0.85

# %% [markdown] tags=["reading"]
# ## Further reading
# - T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2009, sections 6.1–6.2, 7.3 and 7.10: kernels, bias and variance, leave-one-out.
# - S. Jain and B. Wallace, *Attention is not explanation*, 2019; S. Wiegreffe and Y. Pinter, *Attention is not not explanation*, 2019.
#
# Back to [the lesson](01_nadaraya_watson.ipynb), or on to [chapter 2](02_scoring_functions.ipynb).
