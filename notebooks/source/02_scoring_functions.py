# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 2 · How does a word find the word that it needs?
# *And what does it take from it?* You will hold `SelfAttention`, a layer that you wrote and trained, in `mine/attention.py`. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb): score, softmax, weighted average, a training loop; matrix products.
#
# ## Which word does "assis" need?
# <a id="cross-attention"></a>
# You translate "The cat sat on the mat" and have written *Le chat était*; next comes *assis* ("seated"). For it you need one of the six English words. Suppose that each is a vector of three numbers: The (1, 0, 0), cat (0, 1, 0), sat (0, 0, 1), on (1, 1, 0), the (0, 1, 1), mat (1, 0, 1). What is written so far asks with a vector, too: (0, 0, 1). (Attention from one sequence to another is called **cross-attention**.) **Guess before you touch:** which words get the most attention?

# %% jupyter={"source_hidden": true}
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
labs.scoring(
    [0.0, 0.0, 0.0],
    K,
    words,
    a="dot",
    b="scaled_dot",
    compare=False,
    query_name="était …",
    title="Who answers “Le chat était …”?",
    caption="Write the third number of the query, 1. Then change one number so that "
    "“sat” wins alone.",
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
# “sat”, “the” and “mat” tie: all three have a 1 where the query has one, and its zeros ignore the rest. Raise the third number of “sat” to 2, and it wins. One number of the query is not enough: it must reject the other two features, as (−1, −1, 1) does.
#
# </details>
#
# We made these vectors up. A network must *learn* what a word asks for, by what it is found, and what it gives.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole before its parts
# Each row of $x$ is a word. Three matrices make a query, a key and a value of *every* word; each query meets all keys; and each word becomes an average of values.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
three = ["the", "train", "stops"]
x = torch.tensor([[0.5, 0], [0, 1.5], [1, 0.5]])
W_Q, W_K, W_V = (
    torch.tensor([[1.0, 1], [0, 1]]),
    torch.tensor([[0.0, 1], [1, 0]]),
    torch.tensor([[2.0, 0], [0, 1]]),
)
share = torch.softmax((x @ W_Q) @ (x @ W_K).T / 2**0.5, -1)
steps = {
    "words x": x,
    "queries x W_Q": x @ W_Q,
    "keys x W_K": x @ W_K,
    "values x W_V": x @ W_V,
    "weights": share,
    "output": share @ x @ W_V,
}
pair_of = dict.fromkeys(steps, ["1", "2"]) | {"weights": three}
plot.maps(
    steps,
    dict.fromkeys(steps, three),
    pair_of,
    limits=None,
    across=6,
    roles={
        "words x": "plus",
        "queries x W_Q": "query",
        "keys x W_K": "key",
        "values x W_V": "value",
        "output": "output",
    },
    title="How does a sentence attend to itself?",
    caption="From left to right: [query|queries], [key|keys] and [value|values] are "
    "made of the same words; the weights say "
    "how much of each value (column) a word (row) gets. Point at a cell to read its "
    "number.",
)

# %% [markdown]
# From outside it is one layer. Shapes in, shapes out:

# %% tags=["nbval-check-output"]
from course_utils.self_attention import SelfAttention

layer = SelfAttention(size=24, head_size=8, value_size=10)
output, weights = layer(torch.randn(2, 5, 24), mask=None)
print("output", tuple(output.shape), " weights", tuple(weights.shape))

# %% [markdown]
# Shapes: `B` sentences of `T` words with `D` features; queries and keys of `d` features, values of `dv`. (From two sequences there are `Q` queries and `K` keys.) A vector is a row.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One: from a distance to a dot product
# <a id="scoring-function"></a>
# In chapter 1 the **scoring function** $a$ was −½ times the squared distance. Multiply out the square:
#
# $$ -\tfrac12\lVert {\color{#bf5f00}{q}}-{\color{#007fc6}{k}}\rVert^2 \;=\; \underbrace{{\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}}}_{\text{how alike}} \;-\; \underbrace{\tfrac12\lVert {\color{#007fc6}{k}}\rVert^2}_{\text{the key alone}} \;-\; \underbrace{\tfrac12\lVert {\color{#bf5f00}{q}}\rVert^2}_{\text{the query alone}} $$
#
# Softmax ignores a number that all scores of a query share, so the last term may always go. The middle one may go if all keys are equally long; what is left is the **dot product**, the sum of $q_ik_i$. If the keys are *not* equally long, dropping it is a choice. What does it change?

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

# %% [markdown]
# <a id="dot-product"></a><a id="cosine-similarity"></a>
# In geometry $q\cdot k=\lVert q\rVert\,\lVert k\rVert\cos\theta$, with θ the angle between the two. The **cosine** alone reads only directions: 1 for key one, 0.71 for key two. The dot product also counts lengths. Double the query, and all its scores double: same order, sharper weights. Double one key, and only its score doubles: it may overtake the others, or fall behind them.
#
# **Keep this:** dot product = cosine × both lengths. For keys of equal length its softmax is chapter 1's Gaussian of width 1.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two: why divide by √d?
# <a id="scaled-dot-product"></a>
# How large do dot products become? As a model of a network before training, take queries and keys of $d$ independent random numbers with mean 0 and *variance* 1 (the mean of their squares, here).

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "When d grows from 4 to 64, the head of a Transformer, the typical size of a score "
    "grows by …",
    ["a factor of 2", "a factor of 4", "a factor of 16"],
    answer=1,
    because="A score is a sum of d products, each of variance 1. Variances add up, so "
    "the score has variance d and standard deviation √d, and √64 / √4 = 4.",
)

# %% [markdown]
# One product $q_ik_i$ has mean 0 and variance 1, because $\overline{q_i^2k_i^2}=\overline{q_i^2}\cdot\overline{k_i^2}=1\cdot1$ for independent numbers. Variances of independent numbers add up:
#
# $$ \mathrm{var}(q\cdot k)=\mathrm{var}(q_1k_1)+\dots+\mathrm{var}(q_dk_d)=d $$
#
# So a typical score, its *standard deviation* (the root of the variance), is √d: 2 for 4 features, 8 for 64. The softmax of such scores:

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
assert 7.5 < (q[..., :64] * k[..., :64]).sum(-1).std() < 8.5 and 1.9 < (q[..., :4] * k[..., :4]).sum(-1).std() < 2.1

# %% [markdown]
# <a id="saturation"></a>
# All of these vectors are noise, yet at $d=64$ half of the queries are certain of one key: their softmax is **saturated**. At 400, 78 % are; divided by √d, none.
#
# Why is that bad? A score acts only through the weights. With $S=\sum_je^{s_j}$ the quotient rule gives
#
# $$ \frac{\partial\alpha_i}{\partial s_i}=\frac{e^{s_i}S-e^{s_i}e^{s_i}}{S^2}=\alpha_i(1-\alpha_i),\qquad \frac{\partial\alpha_i}{\partial s_j}=-\alpha_i\alpha_j, $$
#
# which is nearly 0 where a weight is near 0 or 1. So we measure the **response** of a query: how far its weights move, as a vector, if $q\cdot k$ moves by a standard deviation. (It is the length of all these derivatives, times √d without the division.) **Drag d:** is the response without √d always smaller?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sizes = labs.scaling(sizes=range(1, 1025), d=64)
sizes

# %% jupyter={"source_hidden": true} tags=["asserts"]
curve = {d: [round(sizes.measure(d, scaled)["gradient"], 2) for scaled in (False, True)] for d in (4, 16, 64, 128, 256, 400)}
assert curve[64] == [1.19, 0.26] and curve[400] == [0.06, 0.26] and all(0.25 <= scaled <= 0.27 for _, scaled in curve.values())
assert all(plain > scaled for d, (plain, scaled) in curve.items() if d <= 128) and all(plain < scaled for d, (plain, scaled) in curve.items() if d >= 256)
assert max(curve, key=lambda d: curve[d][0]) == 16

def response(d, divisor):
    """How far the weights of each query move per standard deviation of q·k, [1000]."""
    alpha = torch.softmax((q[..., :d] * k[..., :d]).sum(-1) / divisor, -1)
    jacobian = torch.diag_embed(alpha) - alpha[..., :, None] * alpha[..., None, :]
    return jacobian.flatten(1).norm(dim=-1) * d**0.5 / divisor

for d, (little, much) in {64: (0.15, 0.31), 400: (0.455, 0.234)}.items():
    plain, scaled = response(d, 1), response(d, d**0.5)
    assert abs((plain < scaled.median() / 10).float().mean() - little) < 0.006
    assert abs((plain > 10 * scaled.median()).float().mean() - much) < 0.006
    assert 0.8 * scaled.median() < scaled.min() and scaled.max() < 1.4 * scaled.median()

# %% [markdown]
# It is not. At $d=64$ the median query responds with 1.19 without √d and with 0.26 with it; the curve has a hump and falls below the other only near $d=200$, to 0.06 at 400. What √d does at 64 is to make the queries *equal*. With it, each of our thousand responds with 0.8 to 1.4 times their median. Without it they are **uneven**: 15 % respond with less than a tenth of that median, 31 % with more than ten times it. At 400 it is 46 % and 23 %.
#
# **Keep this:** scores grow like √d. Divided by it, all queries respond alike, at every $d$.
#
# ### Exercise 1 ●○○ · 3 minutes
# Write the **scaled dot product**, $q\cdot k/\sqrt d$, for a batch. (In the docstring this $d$ is D, the size of a query.)
#
# <!-- example: scaled dot-product score -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product score")
def scaled_score(queries, keys):
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: scaled dot-product score -->

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: what does the word take?
# Back to *Le chat était*, with the six vectors as keys and as values. **With a pencil:** divide the scores 0, 0, 1, 0, 1, 1 by √3. What are the weights, and what comes out? You need $1/\sqrt3\approx0.577$ and $e^{0.577}\approx1.781$.

# %%
scores = scaled_score(asked[None], K[None])[0]  # [1, 6]
weights = torch.softmax(scores, -1)
print("scores", scores, "\nweights", weights, "\noutput", weights @ K)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.120, 0.120, 0.213, 0.120, 0.213, 0.213]]), atol=5e-4)
assert torch.allclose(weights @ K, torch.tensor([[0.453, 0.453, 0.640]]), atol=5e-4)
assert round(3**-0.5, 3) == 0.577 and round(torch.tensor(0.577).exp().item(), 3) == 1.781

# %% [markdown]
# The output, (0.453, 0.453, 0.640), is an average of the six words, mostly of those that answer; from it the network will have to make *assis*. Now "The weather is nice today" with the vectors (0.6, 0.2, 0.8), (0.2, 0.3, 0.1), (0.9, 0.1, 0.8), (0.4, 0.1, 0.4) and (0.4, 0.1, 0.6), again keys and values. The query is the vector of "The", and here the scores are not divided.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Somebody computes the output (1.8, 2.3, 0.4). Can that be?",
    [
        "yes, why not",
        "no, and you can tell from the vectors alone",
        "you have to compute it to know",
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
groups = {
    "all averages": averages,
    "the words": (drawn[:, 0], drawn[:, 2]),
}
plot.points(
    groups,
    xlabel="first number",
    ylabel="third number",
    title="Where can an average be?",
    role={"all averages": "value", "the words": "value"},
    labels={"the words": nice[::-1]},
    caption="Two of the three numbers of each vector. Every average of the five words "
    "(squares) lies in the shaded area.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.250, 0.114, 0.293, 0.158, 0.185]]), atol=5e-4) and abs(X[:, 0].max() - 0.9) < 1e-6
assert torch.allclose(weights @ X, torch.tensor([[0.574, 0.148, 0.620]]), atol=5e-4)

# %% [markdown]
# <a id="convex-hull"></a>
# It cannot: no word has a first number above 0.9. The weights are (0.250, 0.114, 0.293, 0.158, 0.185), and the output is (0.574, 0.148, 0.620). All averages with weights that are not negative and add up to 1 make the **convex hull** of the values.
#
# **Keep this:** whatever the score, the average of a softmax stays in the hull of the values.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: one vector, three jobs
# <a id="self-attention"></a>
# In **self-attention**, queries, keys and values come from the same sentence. In "train station", let "train" be (2, 0) and "station" (1, 1), and let each word use its vector for everything:

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
# "station" becomes (1.5, 0.5): it has taken a half of "train". This is what we want, but two things are not.
# - **Asking is not being found.** As $x_i\cdot x_j=x_j\cdot x_i$, both give each other the score 2. But "station" needs "train", and not the other way round.
# - **Being found is not answering.** Let one vector $w$ ask for all words: $\alpha=\mathrm{softmax}(w\cdot x_i)$. Then $x_i$ is at once what a word says and how much it counts. With $w=(1,0)$, move "station" so that it counts more:

# %% [markdown]
# | "station" | its weight | output |
# |---|---|---|
# | stays at (1, 1) | 0.269 | (1.731, 0.269) |
# | moves to (3, 1) | 0.731 | (2.731, 0.731): what it says changed, too |
# | only its *key* moves | 0.731 | (1.269, 0.731), in the old hull |

# %% [markdown]
# So every word $x$ gets three vectors, each by a matrix that is learned:
#
# $$ {\color{#bf5f00}{q}}=x\,W_Q,\qquad {\color{#007fc6}{k}}=x\,W_K,\qquad {\color{#008a67}{v}}=x\,W_V $$
#
# Put all words of a sentence below each other, as the rows of $X$, and this is all of self-attention:
#
# $$ {\color{#bb51a8}{Y}}=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q}}\,{\color{#007fc6}{K}}^\top}{\sqrt d}\Big){\color{#008a67}{V}},\qquad Q=XW_Q,\;K=XW_K,\;V=XW_V $$
#
# Sizes: $X$ [T, D]; $W_Q$ and $W_K$ [D, d], $W_V$ [D, dv]; so $Q$ and $K$ are [T, d], $V$ and the output $Y$ [T, dv], and the weights [T, T].

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: words that are not there
# <a id="padding"></a><a id="causal-mask"></a>
# A batch is one tensor, so short sentences are filled up, which is called **padding**:
#
# ```text
# Dive   into   deep   learning
# Learn  to     code   <pad>
# Hello  world  <pad>  <pad>
# ```
#
# No query should attend to `<pad>`. (From chapter 5 on, a *causal mask* also hides the words to come.) Where among the steps does a mask belong?

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
assert "Weight where the mask says no: 40 %" in labs.masking(noise, length=5, causal=True, order="times").describe()
assert labs.orders(masks)[1]["on masked keys"] == 40
assert [row["smallest row sum"] for row in labs.orders(masks)] == [100, 100, 5, 100]

# %% [markdown]
# Choose the other orders. *Multiply, then softmax* gives away 40 %, because exp(0) = 1 is a share. *Softmax, then multiply* comes too late: one row sums to only 5 %. Right is −∞ for what is hidden, then softmax, as in your function of chapter 1.
#
# ### Exercise 2 ●●○ · 6 minutes
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

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: scaled dot-product attention -->
#
# <a id="fused"></a>
# PyTorch has the same in one **fused** call, which need not store the weights:

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

# %% [markdown]
# Beware of PyTorch's own layer: `nn.MultiheadAttention` reads masks *the other way round*, True = hidden. Hand it `~mask`, or it attends to the padding alone.
#
# ### Exercise 3 ●●○ · 6 minutes
# Now the layer, a class like chapter 1's. It holds the three matrices, and makes q, k and v of the same x. `nn.Linear(D, d, bias=False)` is a matrix $W$ that is learned: called with x [T, D] it gives $xW$, [T, d]. (It stores the transpose: its `weight` is [d, D].) Call the three `query`, `key` and `value`. In the example $W_Q$ is the column (1, 0), $W_K$ (0, 1) and $W_V$ (2, 1).
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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: can it be learned?
# In a *room* are 3 to 8 people. Each has a name, looks for a person in the room, and carries a thing. **Everybody needs what the one they look for carries.** There are eight names and eight things, each written as seven zeros and a one (*one-hot*), so a person is a row of 3 · 8 = 24 numbers. (`gather` looks up what the one at place `whom` has.)

# %% tags=["definition"]
# course_utils.toy_tasks: rooms

# %% [markdown]
# The output of a person should be the thing that they need, one-hot again. So the loss is chapter 1's, the mean squared difference; `[there]` picks the people who are there. `Adam` is gradient descent that chooses a step size for each parameter.

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

# %%
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
assert share >= 0.995 and rooms(1)[0].shape[-1] == 24

# %% [markdown]
# A click lets the person of the row look for the person of the column, and, while the notebook runs, the layer answers at once.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
room, answer = labs.people(
    layer,
    live=True,
    title="Who attends to whom?",
    caption="Click a cell: the [query|person] of its row then looks for the "
    "[key|person] of its column. "
    "Let two look for the same one, or for themselves.",
)
display(room, answer)

# %% [markdown]
# What did it learn? Each $W$ has 24 rows, 8 for each part of a person. How much of each part does it use?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
with torch.no_grad():
    parts = torch.stack(
        [
            m.weight.unflatten(1, (3, 8)).norm(dim=(0, 2))
            for m in (layer.query, layer.key, layer.value)
        ]
    )
    parts = parts / parts.sum(1, keepdim=True)
used = "share of a matrix"
plot.maps(
    {used: parts},
    {used: ["W_Q", "W_K", "W_V"]},
    {used: ["name", "looks for", "carries"]},
    axes=("matrix", "part"),
    title="Which part of a person does each matrix read?",
    caption="Each cell: the size of the numbers by which a matrix (row) multiplies a "
    "part (column), as a share of its row.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert parts.argmax(1).tolist() == [1, 0, 2] and parts.amax(1).min() > 0.6

# %% [markdown]
# $W_Q$ reads whom you look for, $W_K$ your name, $W_V$ what you carry: the loss told it. Could it have done with fewer matrices?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Let two of the three jobs share one matrix, in a layer with room enough. With which "
    "two does it fail?",
    ["keys and values", "queries and values", "queries and keys", "with any two"],
    answer=2,
    because="With one matrix for queries and keys, i scores j as j scores i: if Ada "
    "finds Ben, Ben finds Ada, even if he looks for Cleo. More numbers do not help.",
)

# %% [markdown]
# <a id="read-out"></a>
# To be fair, each layer gets what every real one has: a fourth matrix, the **output matrix** $W_O$, which reads the answer out of the average.

# %%
class SharedAttention(nn.Module):
    def __init__(self, same, size):  # same: the jobs that have one matrix, such as "KV"
        super().__init__()
        self.W = nn.ModuleDict({job: nn.Linear(24, size, bias=False) for job in "QKV"})
        for job in same:
            self.W[job] = self.W[same[0]]
        self.out = nn.Linear(size, 8, bias=False)  # W_O

    def forward(self, x, mask):
        q, k, v = (self.W[job](x) for job in "QKV")
        output, weights = scaled_dot_product_attention(q, k, v, mask)
        return self.out(output), weights

# %% seconds=8 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
fewer = {}
for size in [8, 16]:
    for same in ["", "KV", "QV", "QK"]:
        fewer[same, size] = share = train(SharedAttention(same, size))
        print(f"size {size:2}, one matrix for {same or 'each job':8} {share:4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(fewer[same, 16] >= 0.995 for same in ("", "KV", "QV")) and fewer["", 8] >= 0.995
assert all(0.84 < fewer[same, 8] < 0.99 for same in ("KV", "QV")) and all(0.42 < fewer["QK", size] < 0.5 for size in (8, 16))

# %% [markdown]
# With 16 numbers, values may share a matrix with keys, or with queries: everybody is served. With 8 they get in each other's way, and some people go wrong; 12 were enough in each of eleven trainings. So what values of their own buy here is *size*: 8 numbers instead of 12. But queries that share with keys serve fewer than half the people, at any size that we tried, up to 64, and with five times the training.

# %% jupyter={"source_hidden": true} tags=["asserts"]
torch.manual_seed(1)
assert all(train(SharedAttention(same, 12)) > 0.995 for same in ("KV", "QV"))
assert train(SharedAttention("QK", 64)) < 0.5

# %% [markdown]
# **Keep this:** in our rooms asking and being found need two matrices. Values of their own save numbers.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## So how does a word find what it needs?
# It asks with $xW_Q$; every word is labelled by its $xW_K$; softmax turns fits into shares, and it takes an average of $xW_V$, nothing else. Chapter 1's "it" found "animal" because *we* had put their vectors together. With two matrices for the score, a word can ask for something that it is not.
#
# <a id="additive-attention"></a>
# A dot product needs queries and keys of one size. Chapter 3's translator has two sizes, so it uses a small network as the score, the **additive** one; [the annex](02_scoring_functions_annex.ipynb#concat) has it beside eleven others.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# `SelfAttention` joins your kernel, pooling and masked softmax of chapter 1 in `mine/attention.py`. `python -m mine.rooms` trains it in a room.

# %%
from course_kit.mine import keep

keep("attention", "rooms")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. −½‖q−k‖² = q·k − ½‖k‖² − ½‖q‖²: between keys of equal length, distance and dot product are one score.
# 2. A dot product of $d$ features of variance 1 has standard deviation √d. Divide by it, or queries respond unevenly.
# 3. $\mathrm{softmax}(QK^\top/\sqrt d)\,V$ with $Q=XW_Q$, $K=XW_K$, $V=XW_V$. Asking must differ from being found.
# 4. Score, scale, mask, softmax, average. Masked means −∞ before the softmax.
# 5. What comes out is an average of values, so it stays in their convex hull. A last matrix, $W_O$, reads it out.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three open questions
# They are discussed in [the annex](02_scoring_functions_annex.ipynb#open-questions).
# 1. *Prove:* $W_QW_K^\top$ is all that a score sees of the two matrices. How many numbers about a word can it use?
# 2. *Design an experiment:* how few numbers may a query have in our rooms?
# 3. *Why not* let the values be the keys?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [scoring function](#scoring-function) | 评分函数 | query and key → number (alignment function, 对齐函数) |
# | [dot product](#dot-product) | 点积 | multiply and add up |
# | [cosine similarity](#cosine-similarity) | 余弦相似度 | without the lengths |
# | [scaled dot-product attention](#scaled-dot-product) | 缩放点积注意力 | scores divided by √d |
# | [saturation](#saturation) | 饱和 | all weight on one key |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries and keys from two |
# | [self-attention](#self-attention) | 自注意力 | all three from one sequence |
# | [convex hull](#convex-hull) | 凸包 | all averages of points |
# | [additive attention](#additive-attention) | 加性注意力 | a small network as the score |
# | [output matrix](#read-out) | 输出矩阵 | reads the average out |
# | [padding](#padding) | 填充 | filling up |
# | [causal mask](#causal-mask) | 因果掩码 | nothing later is seen |
# | [fused](#fused) | 融合（算子） | several steps in one call |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(2)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: attention learns to translate
# In chapter 3 a network makes queries and keys itself, and a translator looks back with them.
#
# **→ [3 · What does a translator look at?](03_seq2seq.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](02_scoring_functions_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 2, edition 0.3.0, and the heading above it.*
