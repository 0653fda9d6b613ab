# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 2 · How does a word find the word that it needs?
# *And what does it take from it?* You will hold `SelfAttention`, a layer that you wrote and trained. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) and matrix products.
#
# ## Which word does "assis" need?
# <a id="cross-attention"></a>
# You translate "The cat sat on the mat" and have written *Le chat était*; next comes *assis* ("seated"). Let each English word be a vector of three numbers: The (1, 0, 0), cat (0, 1, 0), sat (0, 0, 1), on (1, 1, 0), the (0, 1, 1), mat (1, 0, 1). What is written so far asks with a vector, too, (0, 0, 1). Such attention from one sequence to another is called **cross-attention**. **Guess before you touch:** which words get the most attention?

# %% jupyter={"source_hidden": true}
import itertools
import time

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch02 import again, exercise, hint, labs, solution
from IPython.display import display
from course_kit.views import plot, predict

runtime = course_kit.setup()
words = ["The", "cat", "sat", "on", "the", "mat"]
K = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]])
asked = torch.tensor([[0.0, 0, 1]])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.attention(
    [0.0, 0.0, 0.0],
    K,
    query="était …",
    keys=words,
    score="dot",
    title="Who answers “Le chat était …”?",
    caption="Press the third number of the [query|query] and make it 1. Which words get "
    "the most weight?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (K[:, 2] == 1).tolist() == [False, False, True, False, True, True]
louder = K.clone()
louder[2, 2] = 2
assert torch.softmax(asked @ louder.T, -1).argmax() == 2
assert all((changed @ K.T)[2] <= max((changed @ K.T)[[4, 5]]) for i in range(3) for size in torch.linspace(-9, 9, 37)
           for changed in [torch.where(torch.arange(3) == i, size, asked[0])])
assert (torch.tensor([-1.0, -1, 1]) @ K.T).tolist() == [-1, -1, 1, -2, 0, 0]

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# “sat”, “the” and “mat” tie, because all three have a 1 where the query has one, and its zeros ignore the rest. Raise the third number of “sat” to 2, and it wins alone.
#
# </details>
#
# We made these vectors up, but a network must *learn* what a word asks for, how it is found, and what it gives.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# Each row of $x$ is a word. Three matrices make a query, a key and a value of *every* word; each query meets all keys, and each word becomes an average of values.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
three = ["the", "train", "stops"]
x = torch.tensor([[0.5, 0], [0, 1.5], [1, 0.5]])
W_Q, W_K, W_V = (
    torch.tensor([[1.0, 1], [0, 1]]),
    torch.tensor([[0.0, 1], [1, 0]]),
    torch.tensor([[2.0, 0], [0, 1]]),
)
labs.self_attention(x, W_Q, W_K, W_V, three)

# %% [markdown]
# From outside it is one layer:

# %% tags=["nbval-check-output"]
from course_utils.self_attention import SelfAttention

layer = SelfAttention(size=24, head_size=8, value_size=10)
output, weights = layer(torch.randn(2, 5, 24), mask=None)
print("output", tuple(output.shape), " weights", tuple(weights.shape))

# %% [markdown]
# These are 2 sentences of 5 words: the shapes are [B, T, D] for words of `D` features, [B, T, dv] for the output and [B, T, T] for the weights. A vector is a row.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: from a distance to a dot product
# <a id="scoring-function"></a>
# In chapter 1 the **scoring function** $a$ was −½ times the squared distance. Multiply out the square:
#
# $$ -\tfrac12\lVert {\color{#bf5f00}{q}}-{\color{#007fc6}{k}}\rVert^2 \;=\; \underbrace{{\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}}}_{\text{how alike}} \;-\; \underbrace{\tfrac12\lVert {\color{#007fc6}{k}}\rVert^2}_{\text{the key alone}} \;-\; \underbrace{\tfrac12\lVert {\color{#bf5f00}{q}}\rVert^2}_{\text{the query alone}} $$
#
# Softmax ignores a number that all scores of a query share, so the last term may always go, and the middle one if all keys are equally long. What is left is the **dot product**, the sum of $q_ik_i$. If the keys are *not* equally long, what does dropping the middle term change?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "q = (1, 0). Key one is (1, 0), the same vector. Key two is (3, 3), more than four "
    "times as long, but 45° away from q. "
    "Which has the larger dot product with q?",
    ["key one: nothing fits q better than q", "key two", "both have the same"],
    answer=1,
    because="Key one scores 1·1 + 0·0 = 1, key two 1·3 + 0·3 = 3. Key two's greater "
    "length outweighs its worse direction.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
q, keys = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [3.0, 3.0]])
dot = q @ keys.T  # [1, 2]
cosine = dot / (q.norm(dim=-1) * keys.norm(dim=-1))
assert dot.tolist() == [[1, 3]] and torch.allclose(cosine, torch.tensor([[1.0, 0.5**0.5]])) and round(0.5**0.5, 2) == 0.71
assert (-0.5 * torch.cdist(q, keys) ** 2).tolist() == [[0, -6.5]] and keys[1].norm() > 4

# %% [markdown] tags=["keep"]
# <a id="dot-product"></a>
# In geometry $q\cdot k=\lVert q\rVert\,\lVert k\rVert\cos\theta$, with θ the angle between the two. The **cosine** alone reads only directions, so it is 1 for key one and 0.71 for key two. If you double the query, all its scores double: their order stays, and the weights get sharper. If you double one key, only its score doubles, so it may overtake the others or fall behind them.
#
# **Keep this:** dot product = cosine × both lengths. For keys of equal length its softmax gives the weights of chapter 1's Gaussian of width 1.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: why divide by √d?
# <a id="scaled-dot-product"></a>
# How large do dot products become? As a model of a network before training, take queries and keys of $d$ independent random numbers with mean 0 and *variance* 1, which is here the mean of their squares.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Queries and keys are such noise, of d = 64 numbers, and each query meets 24 keys. "
    "The score is q·k. How many queries give over 90 % of their weight to one key?",
    ["hardly any: noise prefers nobody", "about one in ten", "about half"],
    answer=2,
    because="A typical score is 8 or −8, and in half of the queries the largest of 24 is "
    "at least 2.5 above the next: e²·⁵, about 12 times its weight.",
)

# %% [markdown]
# One product $q_ik_i$ has mean 0 and variance 1, because $\overline{q_i^2k_i^2}=\overline{q_i^2}\cdot\overline{k_i^2}=1\cdot1$ for independent numbers. Variances of independent numbers add up:
#
# $$ \mathrm{var}(q\cdot k)=\mathrm{var}(q_1k_1)+\dots+\mathrm{var}(q_dk_d)=d $$
#
# So the size of a typical score, its *standard deviation*, is the root of the variance, √d: 2 for 4 features, 8 for 64, as in a Transformer's head. How certain is their softmax?

# %%
generator = torch.Generator().manual_seed(1)
q = torch.randn(1000, 1, 400, generator=generator)
k = torch.randn(1000, 24, 400, generator=generator)  # 24 keys for each of 1,000 queries

def certain(d, divisor):
    """Share of the queries that put over 90 % of their weight on one key."""
    scores = (q[..., :d] * k[..., :d]).sum(-1) / divisor  # [1000, 24]
    return (torch.softmax(scores, -1).amax(-1) > 0.9).float().mean().item()

for d in [4, 64, 400]:
    print(f"d = {d:3}: q·k {certain(d, 1):4.0%}, q·k/√d {certain(d, d**0.5):4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(certain(d, 1), 2) for d in (64, 400)] == [0.50, 0.78] and certain(64, 8) == certain(400, 20) == 0
lead = -(q[..., :64] * k[..., :64]).sum(-1).topk(2).values.diff().median()
assert 2.5 <= lead < 2.6 and 12 < lead.exp() < 13
assert 7.5 < (q[..., :64] * k[..., :64]).sum(-1).std() < 8.5 and 1.9 < (q[..., :4] * k[..., :4]).sum(-1).std() < 2.1

# %% [markdown]
# At $d=64$ half of the queries are certain of one key, for no reason: their softmax is **saturated**. At 400, 78 % are, but with scores divided by √d, none:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sizes = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 400]

def weights_by_size(divided):
    products = [(q[:10, :, :d] * k[:10, :, :d]).sum(-1) for d in sizes]
    divisors = [d**0.5 if divided else 1 for d in sizes]
    scores = [x / divisor for x, divisor in zip(products, divisors, strict=True)]
    return torch.softmax(torch.stack(scores), -1)  # [17, 10, 24]

plot.maps(
    {"softmax(q·k)": weights_by_size(False), "softmax(q·k / √d)": weights_by_size(True)},
    "query",
    "key",
    along=("size d", sizes, 4),
    scale="weight",
    title="Why divide by √d?",
    caption="Each row shows the weights that a [query|query] gives to its 24 [key|keys], "
    "all of them noise. Move d from 4 to 400: what becomes of the two maps?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (weights_by_size(False)[-1].amax(-1) > 0.9).sum() >= 7 and weights_by_size(True)[-1].max() < 0.6

# %% [markdown]
# Why is that bad? A score acts only through the weights. With $S=\sum_je^{s_j}$ the quotient rule gives
#
# $$ \frac{\partial\alpha_i}{\partial s_i}=\frac{e^{s_i}S-e^{s_i}e^{s_i}}{S^2}=\alpha_i(1-\alpha_i),\qquad \frac{\partial\alpha_i}{\partial s_j}=-\alpha_i\alpha_j, $$
#
# which are nearly 0 where the weights are near 0 or 1. So we measure the **response** of a query: how far its weights move if $q\cdot k$ moves by a standard deviation. Is it always smaller without √d?

# %%
def response(d, divisor, queries=q, keys=k):
    """How far the weights of each query move per standard deviation of q·k, [1000]."""
    alpha = torch.softmax((queries[..., :d] * keys[..., :d]).sum(-1) / divisor, -1)
    jacobian = torch.diag_embed(alpha) - alpha[..., :, None] * alpha[..., None, :]
    return jacobian.flatten(1).norm(dim=-1) * d**0.5 / divisor

for d in [4, 64, 160, 224, 400]:
    plain, scaled = response(d, 1).median(), response(d, d**0.5).median()
    print(f"d = {d:3}: median response {plain:.2f} to q·k, {scaled:.2f} to q·k/√d")

# %% jupyter={"source_hidden": true} tags=["asserts"]
curve = {d: [round(response(d, divisor).median().item(), 2) for divisor in (1, d**0.5)] for d in sizes}
assert curve[64] == [1.2, 0.26] and curve[400] == [0.07, 0.26] and all(0.23 <= scaled <= 0.27 for _, scaled in curve.values())
assert all(plain >= scaled for d, (plain, scaled) in curve.items() if d <= 160)
assert all(plain < scaled for d, (plain, scaled) in curve.items() if d >= 224)
assert max(curve, key=lambda d: curve[d][0]) == 48
plain, scaled = response(64, 1), response(64, 8)
assert abs((plain < scaled.median() / 10).float().mean() - 0.15) < 0.006
assert abs((plain > 10 * scaled.median()).float().mean() - 0.31) < 0.006
assert 0.8 * scaled.median() < scaled.min() and scaled.max() < 1.4 * scaled.median()
for d in (2, 4, 8, 16, 32, 64, 128, 400):
    spread = response(d, d**0.5).quantile(torch.tensor([0.05, 0.5, 0.95]))
    assert spread[0] / spread[1] > 0.8 and spread[2] / spread[1] < 1.4 and 0.22 < spread[1] < 0.28
for d in (2, 64, 400):  # a range of 0.05 to 0.95 beyond that of 24 keys
    spread = response(d, d**0.5, keys=k[:, :4]).quantile(torch.tensor([0.05, 0.5]))
    assert spread[0] / spread[1] < 0.7
spread = response(2, 2**0.5, q[:200], torch.randn(200, 1000, 2, generator=generator)).quantile(torch.tensor([0.5, 0.95]))
assert spread[1] / spread[0] > 1.8

# %% [markdown] tags=["keep"]
# No. At $d=64$ the median is 1.20 without √d and 0.26 with it, and only from about 224 on is it smaller without. What √d does at 64 is to make the queries *equal*: with it, each of our thousand responds with 0.8 to 1.4 times their median. Without it they are **uneven**: 15 % respond with less than a tenth of that median, and 31 % with more than ten times it.
#
# **Keep this:** scores of such vectors grow like √d. Divided by it, nine queries of ten respond alike to 24 keys, for any $d$ from 2 to 400. With 4 keys, or at $d=2$ with 1,000, they do not.

# %% [markdown] tags=["card"]
# ### Exercise 1 ●○○ · 6 minutes
# Write the **scaled dot product**, $q\cdot k/\sqrt d$, for a batch; $d$ is D in the docstring. In a batch, `x.mT` is the transpose of every matrix: [B, K, D] becomes [B, D, K].
#
# <!-- example: scaled dot-product score -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product score")
def scaled_score(queries, keys):
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: scaled dot-product score -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["asks", "core"]
# ## Three: what does the word take?
# Back to *Le chat était*, where the six vectors are both keys and values. **With a pencil:** divide the scores 0, 0, 1, 0, 1, 1 by √3. What are the weights and the output? You need $1/\sqrt3\approx0.577$ and $e^{0.577}\approx1.781$.

# %%
scores = scaled_score(asked[None], K[None])[0]  # [1, 6]
weights = torch.softmax(scores, -1)
print("scores", scores, "\nweights", weights, "\noutput", weights @ K)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.120, 0.120, 0.213, 0.120, 0.213, 0.213]]), atol=5e-4)
assert torch.allclose(weights @ K, torch.tensor([[0.453, 0.453, 0.640]]), atol=5e-4)
assert round(3**-0.5, 3) == 0.577 and round(torch.tensor(0.577).exp().item(), 3) == 1.781

# %% [markdown]
# From the output, (0.453, 0.453, 0.640), the network will have to make *assis*. Now take the five words of "The weather is nice today", whose vectors are both keys and values, too. The query is that of "The", and the scores are not divided.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The five vectors are (0.6, 0.2, 0.8), (0.2, 0.3, 0.1), (0.9, 0.1, 0.8), "
    "(0.4, 0.1, 0.4) and (0.4, 0.1, 0.6). "
    "A friend computes the output (1.8, 2.3, 0.4). Can that be?",
    [
        "yes, with the right weights",
        "no, the vectors alone tell",
        "that takes computing it",
    ],
    answer=1,
    because="Weights are ≥ 0 and sum to 1, so the first number of the output is an "
    "average of numbers between 0.2 and 0.9. It cannot be 1.8.",
)

# %% jupyter={"source_hidden": true}
nice = ["The", "weather", "is", "nice", "today"]
X = torch.tensor(
    [[0.6, 0.2, 0.8], [0.2, 0.3, 0.1], [0.9, 0.1, 0.8], [0.4, 0.1, 0.4], [0.4, 0.1, 0.6]]
)
weights = torch.softmax(X[:1] @ X.T, dim=-1)
# x, low, high
averages = tuple(
    torch.tensor([[0.2, 0.4, 0.6, 0.9], [0.1, 0.3, 0.5, 0.8], [0.1, 0.6, 0.8, 0.8]])
)
drawn = X.flip(0)  # "The" last, so that no name covers another
output = weights @ X
groups = {
    "": averages,
    "the words": (drawn[:, 0], drawn[:, 2]),
    "output": (output[:, 0], output[:, 2]),
    "the friend's": ([1.8], [0.4]),
}
plot.points(
    groups,
    xlabel="first number",
    ylabel="third number",
    title="Where can an average be?",
    role={"": "value", "the words": "value", "output": "output"},
    labels={"the words": nice[::-1], "output": ["output"], "the friend's": ["the friend's"]},
    caption="Two of the three numbers of each vector. Every average of the five words "
    "lies in the shaded area. What is outside?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.250, 0.114, 0.293, 0.158, 0.185]]), atol=5e-4) and abs(X[:, 0].max() - 0.9) < 1e-6
assert torch.allclose(weights @ X, torch.tensor([[0.574, 0.148, 0.620]]), atol=5e-4)
assert (torch.tensor([1.8, 2.3, 0.4]) > X.amax(0)).tolist() == [True, True, False] and round(X[:, 0].min().item(), 1) == 0.2

# %% [markdown] tags=["keep"]
# <a id="convex-hull"></a>
# The weights are (0.250, 0.114, 0.293, 0.158, 0.185), and the output is (0.574, 0.148, 0.620). All averages whose weights are not negative and add up to 1 make up the **convex hull** of the values.
#
# **Keep this:** whatever the score, the average of a softmax stays in the hull of the values.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: one vector, three jobs
# <a id="self-attention"></a>
# In **self-attention**, queries, keys and values come from one sentence. In "train station", let "train" be (2, 0), "station" (1, 1), and let each word use its vector for everything:

# %%
pair = torch.tensor([[2.0, 0.0], [1.0, 1.0]])  # train, station
scores = pair @ pair.T
weights = torch.softmax(scores, -1)
print("scores", scores.tolist(), " new station", weights[1] @ pair)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores.tolist() == [[4, 2], [2, 2]] and torch.allclose(weights[1] @ pair, torch.tensor([1.5, 0.5]))
w = torch.tensor([1.0, 0.0])
moved = pair + torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # "station" moves to (3, 1)
before, after = torch.softmax(pair @ w, -1), torch.softmax(moved @ w, -1)
assert torch.allclose(torch.stack([before, after]), torch.tensor([[0.731, 0.269], [0.269, 0.731]]), atol=5e-4)
assert torch.allclose(after @ moved, torch.tensor([2.731, 0.731]), atol=5e-4)
assert torch.allclose(after @ pair, torch.tensor([1.269, 0.731]), atol=5e-4) and torch.allclose(before @ pair, torch.tensor([1.731, 0.269]), atol=5e-4)

# %% [markdown]
# "station" becomes (1.5, 0.5), and half of that comes from "train". This is what we want, but two things are not.
# - **Asking is not being found.** As $x_i\cdot x_j=x_j\cdot x_i$, each gives the other the score 2. But "station" needs "train", and not the other way round.
# - **Being found is not answering.** Let one vector $w$ ask for all words: $\alpha=\mathrm{softmax}(w\cdot x_i)$. Then $x_i$ is both what a word says and how much it counts. With $w=(1,0)$, let "station" count more:

# %% [markdown]
# | "station" | its weight | output |
# |---|---|---|
# | at (1, 1) | 0.269 | (1.731, 0.269) |
# | at (3, 1) | 0.731 | (2.731, 0.731): says something else, too |
# | key (3, 1), value (1, 1) | 0.731 | (1.269, 0.731), in the old hull |

# %% [markdown]
# So every word $x$ gets three vectors, each by a matrix that is learned:
#
# $$ {\color{#bf5f00}{q}}=x\,W_Q,\qquad {\color{#007fc6}{k}}=x\,W_K,\qquad {\color{#008a67}{v}}=x\,W_V $$
#
# With all words of a sentence as the rows of $X$, this is all of self-attention:
#
# $$ {\color{#bb51a8}{Y}}=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q}}\,{\color{#007fc6}{K}}^\top}{\sqrt d}\Big){\color{#008a67}{V}},\qquad Q=XW_Q,\;K=XW_K,\;V=XW_V $$
#
# $W_Q$ and $W_K$ are [D, d], $W_V$ is [D, dv]; so $Q$ and $K$ are [T, d], $V$ and $Y$ [T, dv].

# %% slideshow={"point": ["softmax("]}
q, k, v = x @ W_Q, x @ W_K, x @ W_V  # the, train, stops
y = torch.softmax(q @ k.T / 2**0.5, -1) @ v
print(y)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(y, F.scaled_dot_product_attention(q, k, v)) and y.shape == (3, 2)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: words that are not there
# <a id="padding"></a><a id="causal-mask"></a>
# A batch is one tensor, so short sentences are filled up by **padding**:
#
# ```text
# Dive   into   deep   learning
# Learn  to     code   <pad>
# Hello  world  <pad>  <pad>
# ```
#
# No query should attend to `<pad>`, so a mask hides it. From chapter 5 on, a *causal mask* also hides the words to come. Where does a mask belong?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Random scores of seven words; each row may see only itself and earlier words, and "
    "the last two words are padding. "
    "Masked scores are multiplied by 0, then comes the softmax. How much of all weight "
    "goes to masked words?",
    ["none: zero times a score is zero", "about a twentieth", "about two fifths"],
    answer=2,
    because="A masked score becomes 0, not −∞, so the softmax still gives it the share "
    "of exp(0) = 1.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
noise = 1.5 * torch.randn(7, 7, generator=torch.Generator().manual_seed(3))
masks = labs.masking(
    noise,
    ["The", "animal", "didn't", "cross", "the", "street", "because"],
    length=5,
    causal=True,
)
masks

# %% jupyter={"source_hidden": true} tags=["asserts"]
found = {order: labs.masking(noise, length=5, causal=True, order=order).compute() for order in ("times", "after")}
assert round(100 * found["times"][2][~found["times"][0]].sum().item() / 7) == 40
assert round(100 * found["after"][2].sum(-1).min().item()) == 5

# %% [markdown] tags=["card"]
# Choose the other orders. *Multiply, then softmax* gives away 40 %. *Softmax, then multiply* comes too late, because one row then sums to only 5 %. Hidden scores have to be −∞ before the softmax, as in chapter 1.
#
# ### Exercise 2 ●●○ · 5 minutes
# Put it together: score, scale, mask, softmax, average.
#
# <!-- example: scaled dot-product attention -->

# %%
from mine import masked_softmax  # (scores, mask) -> weights, yours of chapter 1

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product attention")
def scaled_dot_product_attention(q, k, v, mask=None):
    """q [B, Q, D], k [B, K, D], v [B, K, Dv], mask [B, Q, K] or [B, 1, K] bool or None
    -> output [B, Q, Dv], weights [B, Q, K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"point": ["masked_softmax("], "slide_type": "subslide"}
# <!-- solution: scaled dot-product attention -->
#
# PyTorch has this in one **fused** call, which need not store the weights:

# %% tags=["nbval-check-output"]
q, k, v = torch.randn(3, 2, 6, 16)
lengths = torch.tensor([6, 3])  # of two sentences
mask = torch.arange(6) < lengths[:, None, None]  # [2, 1, 6]: is position 0 … 5 a word?
output, weights = scaled_dot_product_attention(q, k, v, mask)
gap = (output - F.scaled_dot_product_attention(q, k, v, mask)).abs().max()
print(tuple(output.shape), tuple(weights.shape), "equal:", bool(gap < 1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-5 and (weights[1, :, 3:] == 0).all()
theirs = nn.MultiheadAttention(16, 1, bias=False, batch_first=True)
with torch.no_grad():  # one head, the identity for each matrix
    theirs.in_proj_weight.copy_(torch.eye(16).repeat(3, 1))
    theirs.out_proj.weight.copy_(torch.eye(16))
    other_way = theirs(q, k, v, key_padding_mask=~mask[:, 0])[0]
assert torch.allclose(other_way, output, atol=1e-5)

# %% [markdown] tags=["card"]
# But PyTorch's layer `nn.MultiheadAttention` reads masks *the other way round*, with True = hidden, so hand it `~mask`.
#
# ### Exercise 3 ●●○ · 8 minutes
# Now the layer, a class like chapter 1's, with three matrices, `query`, `key` and `value`. `nn.Linear(D, d, bias=False)` is a matrix $W$ that is learned: called with x [T, D] it gives $xW$, [T, d]. It stores the transpose, [d, D]. In the example $W_Q$ is the column (1, 0), $W_K$ (0, 1) and $W_V$ (2, 1).
#
# <!-- example: a self-attention layer -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("a self-attention layer")
class SelfAttention(nn.Module):
    def __init__(self, size, head_size, value_size):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, mask=None):
        """x [B, T, D], mask [B, 1, T] bool or None
        -> output [B, T, dv], weights [B, T, T]"""

# %% [markdown]
# <!-- solution: a self-attention layer -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: can it be learned?
# In a *room* are 3 to 8 people. Each has a name, looks for a person in the room, and carries a thing. **Everybody needs what the one they look for carries.** There are eight names and eight things, each written as seven zeros and a one (*one-hot*, `F.one_hot(i, 8)` for a number i), so a person is a row of 24 numbers. `gather` looks up what the person at place `whom` has.

# %% tags=["definition"]
# course_utils.toy_tasks: rooms

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Let queries and keys share one matrix, in a layer with room enough. How many people "
    "still get what they need?",
    ["nearly all", "fewer than half", "about one in eight, by chance"],
    answer=1,
    because="With one matrix for queries and keys, your query is your own key, so most "
    "people find themselves. And i scores j as j scores i: if Ada finds Ben, he is drawn "
    "to her, even if he looks for Cleo. More numbers do not help.",
)

# %% [markdown]
# The output of a person should be the thing that they need, one-hot again. The loss is chapter 1's, the mean squared difference; `[there]` picks the people who are there. `Adam` is gradient descent that chooses a step size for each parameter.

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    x, there, needed = rooms(64)
    output, _ = SelfAttention(24, 8, 8)(x, there[:, None])
    (output - F.one_hot(needed, 8))[there].pow(2).mean().backward()

for_training(one_step)  # with nothing solved it does nothing

# %%
@torch.no_grad()  # no gradients: nothing is trained here
def served(layer):
    """The share of people in 500 rooms, never seen, whose largest number is right."""
    x, there, needed = rooms(500)
    right = layer(x, there[:, None])[0].argmax(-1) == needed  # [500, 8]
    return right[there].float().mean().item()

# %% slideshow={"point": ["loss ="]}
def train(layer, steps=400):
    """Train a layer on rooms -> the share of people in 500 new ones who are served."""
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
    for _ in range(steps):
        x, there, needed = rooms(64)  # [B, T, 24], [B, T], [B, T]
        output, _ = layer(x, there[:, None])
        loss = (output - F.one_hot(needed, 8))[there].pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return served(layer)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
layer = SelfAttention(size=24, head_size=8, value_size=8)
share = train(layer)
print(f"{share:.1%} of the people get what they need")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert share >= 0.995 and rooms(1)[0].shape[-1] == 3 * 8 == 24

# %% [markdown]
# See what it does in one room:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.people(
    layer,
    title="Who attends to whom?",
    caption="Everybody needs what the person they look for carries. Send Ada to another "
    "person, or to herself: what does she get?",
)

# %% [markdown]
# Each $W$ has 24 rows, 8 for each part of a person. How much of each part does it use? Train once more, and look in between:

# %% jupyter={"source_hidden": true} seconds=3 slideshow={"slide_type": "subslide"}
steps = [0, 10, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400]
found, counted = [], itertools.count()

@torch.no_grad()
def look(layer, _):
    if next(counted) not in steps:
        return
    matrices = layer.query.weight, layer.key.weight, layer.value.weight
    sizes = torch.stack([x.unflatten(1, (3, 8)).norm(dim=(0, 2)) for x in matrices])
    found.append(sizes / sizes.sum(1, keepdim=True))

torch.manual_seed(0)
again_trained = SelfAttention(size=24, head_size=8, value_size=8)
again_trained.register_forward_pre_hook(look)
train(again_trained)
used = "share of a matrix"
view = plot.maps(
    {used: torch.stack(found)},
    {used: ["query", "key", "value"]},
    {used: ["name", "looks for", "carries"]},
    axes=("matrix", "part"),
    along=("after step", steps, 0),
    live=True,
    title="Which part of a person does each matrix read?",
    caption="Each cell: how large the numbers are by which a matrix multiplies that "
    "part, as a share of its row. Move the slider to train.",
)
display(view)
for step in steps:
    view.along = step
    time.sleep(0.2)  # so that you can watch

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(found) == len(steps) and all(torch.equal(m.weight, n.weight) for m, n in zip(layer.children(), again_trained.children(), strict=True))
assert found[-1].argmax(1).tolist() == [1, 0, 2] and found[-1].amax(1).min() > 0.6 and found[0].max() < 0.4

# %% [markdown]
# At the start each matrix reads all parts alike. In the end $W_Q$ reads whom you look for, $W_K$ your name, and $W_V$ what you carry, although only the loss told them.
#
# <a id="read-out"></a>
# Back to your guess, and to the other two pairs: may they share a matrix? To be fair, each layer gets what every real one has: an **output matrix** $W_O$, which reads the answer out of the average. It is one line more than your class:

# %%
class OutputAttention(SelfAttention):
    def __init__(self, size, head_size, value_size, output_size):
        super().__init__(size, head_size, value_size)
        self.out = nn.Linear(value_size, output_size, bias=False)  # new: W_O

    def forward(self, x, mask=None):
        output, weights = super().forward(x, mask)
        return self.out(output), weights

# %%
def sharing(jobs, size):
    """A layer in which these jobs have one matrix."""
    layer = OutputAttention(24, size, size, output_size=8)
    for job in jobs[1:]:
        setattr(layer, job, getattr(layer, jobs[0]))
    return layer

# %% seconds=8 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
pairs, fewer = [[], ["key", "value"], ["query", "value"], ["query", "key"]], {}
for size in [8, 16]:
    for jobs in pairs:
        share = fewer[" = ".join(jobs), size] = train(sharing(jobs, size))
        print(f"size {size:2}, {' = '.join(jobs) or 'three matrices':14} {share:4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(fewer[same, 16] >= 0.995 for same in ("", "key = value", "query = value")) and fewer["", 8] >= 0.995
assert all(0.84 < fewer[same, 8] < 0.99 for same in ("key = value", "query = value"))
assert all(0.42 < fewer["query = key", size] < 0.5 for size in (8, 16))

# %% [markdown]
# With vectors of 16 numbers, values may share a matrix with keys, or with queries, and everybody is served. With 8, some people go wrong in most trainings, so values of their own allow shorter vectors. But queries that share with keys serve fewer than half the people with this loss, at any size that we tried, up to 64, and with five times the training.
#
# About four in five of those who look for another attend most to themselves, because only a longer vector can score higher with a query than the query itself. It need not be two matrices: with one for the queries, and $x$ itself as key, everybody is served. And this is a single layer: the *Reformer*, a model of many, does share one matrix, but hides a word from itself where it can. <!-- source: Kitaev, Kaiser & Levskaya 2020 -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
torch.manual_seed(1)
assert train(one_for_both := sharing(["query", "key"], 64)) < 0.5
keys_are_words = OutputAttention(24, 24, 8, 8)
keys_are_words.key = nn.Identity()
assert train(keys_are_words) > 0.995

with torch.no_grad():
    x, there, _ = rooms(1000)
    looking = there & ((x[..., :8] * x[..., 8:16]).sum(-1) == 0)  # who looks for another
    most = one_for_both(x, there[:, None])[1].argmax(-1)
    assert 0.75 < (most == torch.arange(8))[looking].float().mean() < 0.87

# %% [markdown] tags=["keep"]
# **Keep this:** in our rooms, a layer fails if one matrix makes both queries and keys. Values of their own allow shorter vectors.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So how does a word find what it needs?
# It asks with $xW_Q$; every word is found by its $xW_K$, and gives its $xW_V$. Chapter 1's "it" found "animal" because *we* had put their vectors together; in the rooms, training did.
#
# <a id="additive-attention"></a>
# A dot product needs queries and keys of one size. For two sizes a small network can be the score, as in chapter 3: the **additive** one ([annex](02_scoring_functions_annex.ipynb#concat)).

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# `SelfAttention` joins chapter 1's functions in `mine/attention.py`, and `python -m mine.rooms` trains it.

# %%
from course_kit.mine import keep

keep("attention", "rooms")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. −½‖q−k‖² = q·k − ½‖k‖² − ½‖q‖², so between keys of equal length, distance and dot product choose the same weights.
# 2. Random scores grow like √d. Divide by it, or else queries respond unevenly.
# 3. $\mathrm{softmax}(QK^\top/\sqrt d)\,V$ with $Q=XW_Q$, $K=XW_K$, $V=XW_V$. Asking is not being found.
# 4. Score, scale, mask, softmax, average. Masked means −∞ before the softmax.
# 5. What comes out stays in the convex hull of the values. A last matrix, $W_O$, reads it out.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](02_scoring_functions_annex.ipynb#open-questions).
# 1. *Prove:* $W_QW_K^\top$ is all that a score sees of the two matrices. How many numbers about a word can it use?
# 2. *Design an experiment:* how few numbers may a query have in our rooms?
# 3. *Why not* let the values be the keys?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [scoring function](#scoring-function) | 评分函数 | query and key → number (alignment function, 对齐函数) |
# | [dot product](#dot-product) | 点积 | multiply and add up |
# | [scaled dot-product attention](#scaled-dot-product) | 缩放点积注意力 | scores divided by √d |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries and keys from two |
# | [self-attention](#self-attention) | 自注意力 | all three from one sequence |
# | [convex hull](#convex-hull) | 凸包 | all averages of points |
# | [additive attention](#additive-attention) | 加性注意力 | a small network as the score |
# | [output matrix](#read-out) | 输出矩阵 | reads the average out |
# | [padding](#padding) | 填充 | filling up |
# | [causal mask](#causal-mask) | 因果掩码 | nothing later is seen |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(2)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: attention learns to translate
# In chapter 3 a translator looks back with queries and keys that it makes itself.
#
# **→ [3 · What does a translator look at?](03_seq2seq.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](02_scoring_functions_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 2, edition 0.4.0, and the heading above it.*
