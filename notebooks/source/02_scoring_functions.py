# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 2 · How does a word find the word that it needs?
# *And what does it take from it? From scoring functions to self-attention.* At the end you hold `SelfAttention`, a layer that you wrote and trained, in `mine/attention.py`. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb): score, softmax, weighted average, a training loop; matrix products.
#
# ## Which word does "assis" need?
# <a id="cross-attention"></a>
# You translate "The cat sat on the mat". After *Le chat était* comes *assis* ("seated"), and to write it you need one of the six English words. Suppose that each of them is a vector of three numbers. *assis* asks with a vector, too: (0, 0, 1). (Attention from one sequence to another is called **cross-attention**.) **Guess before you touch:** which words get the most attention?

# %% jupyter={"source_hidden": true}
import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch02 import again, exercise, hint, labs, solution
from chapters.ch02.experiments import train_in_rooms
from IPython.display import display
from course_kit.views import plot, predict

runtime = course_kit.setup()
words = ["The", "cat", "sat", "on", "the", "mat"]
K = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]])
assis = torch.tensor([[0.0, 0, 1]])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.scoring(
    assis[0],
    K,
    words,
    a="dot",
    b="scaled_dot",
    compare=False,
    query_name="assis",
    title="Who answers “assis”?",
    caption="Each word is three numbers. Can you change one of them so that “sat” wins "
    "alone?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (K[:, 2] == 1).tolist() == [False, False, True, False, True, True]
louder = K.clone()
louder[2, 2] = 2
assert torch.softmax(assis @ louder.T, -1).argmax() == 2
assert all((changed @ K.T)[2] <= max((changed @ K.T)[[4, 5]]) for i in range(3) for size in torch.linspace(-9, 9, 37)
           for changed in [torch.where(torch.arange(3) == i, size, assis[0])])
assert (torch.tensor([-1.0, -1, 1]) @ K.T).tolist() == [-1, -1, 1, -2, 0, 0]

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# “sat”, “the” and “mat” tie: all three have a 1 where the query has one, and the query's zeros ignore the rest. Raise the third number of “sat” to 2, and it wins. One number of the query is not enough: it must reject the other two features, as (−1, −1, 1) does.
#
# </details>
#
# We made these vectors up. A network must *learn* what a word asks for, by what it is found, and what it gives.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole before its parts
# This is what you will build. Each row of $x$ is a word. Three matrices make a query, a key and a value of *every* word; each query meets all keys; and each word becomes an average of values.

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
# In shapes we write $B$ sentences, $T$ words, $D$ features of a word; $Q$ queries and $K$ keys of $d$ features; values of $d_v$. A vector is a row.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One: from a distance to a dot product
# <a id="scoring-function"></a>
# The rule that makes one number of query and key is the **scoring function** $a(q,k)$. In chapter 1 it was −½ times the squared distance. Multiply out the square:
#
# $$ -\tfrac12\lVert {\color{#bf5f00}{q}}-{\color{#007fc6}{k}}\rVert^2 \;=\; \underbrace{{\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}}}_{\text{how alike}} \;-\; \underbrace{\tfrac12\lVert {\color{#007fc6}{k}}\rVert^2}_{\text{the key alone}} \;-\; \underbrace{\tfrac12\lVert {\color{#bf5f00}{q}}\rVert^2}_{\text{the query alone}} $$
#
# Softmax ignores a number that all scores of a query share. So the last term may always go. The middle one may go if all keys are equally long; what is left is the **dot product**, the sum of $q_ik_i$ over all features. If the keys are *not* equally long, dropping it is a choice. What does it change?

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

# %%
q, keys = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [3.0, 3.0]])
dot = q @ keys.T  # [1, 2]
cosine = dot / (q.norm(dim=-1) * keys.norm(dim=-1))
print("dot", dot, " cosine", cosine, " -distance²/2", -0.5 * torch.cdist(q, keys) ** 2)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert dot.tolist() == [[1, 3]] and torch.allclose(cosine, torch.tensor([[1.0, 0.5**0.5]]))
assert (-0.5 * torch.cdist(q, keys) ** 2).argmax() == 0 == cosine.argmax() and keys[1].norm() > 4

# %% [markdown]
# <a id="dot-product"></a><a id="cosine-similarity"></a>
# In geometry $q\cdot k=\lVert q\rVert\,\lVert k\rVert\cos\theta$, with θ the angle between the two. The **cosine** alone reads only directions. The dot product also counts lengths: a longer query only sharpens its own weights, but a longer key can win.
#
# **Keep this:** dot product = cosine × both lengths. For keys of equal length it is chapter 1's Gaussian.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two: why divide by √d?
# <a id="scaled-dot-product"></a>
# How large do dot products become? As a model of a network before training, take queries and keys of $d$ independent random numbers with mean 0 and variance 1.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "When d grows from 4 to 400, the typical size of a score grows by …",
    ["a factor of 2", "a factor of 10", "a factor of 100"],
    answer=1,
    because="A score is a sum of d products, each of variance 1. Variances add up, so "
    "the score has variance d and "
    "standard deviation √d, and √400 / √4 = 10.",
)

# %%
generator = torch.Generator().manual_seed(1)
q = torch.randn(1000, 1, 400, generator=generator)
k = torch.randn(1000, 24, 400, generator=generator)
for d in [4, 400]:
    scores = (q[..., :d] * k[..., :d]).sum(-1)  # [1000 queries, 24 keys]
    for name, divisor in {"q·k": 1, "q·k/√d": d**0.5}.items():
        top = torch.softmax(scores / divisor, -1).amax(-1)
        print(f"d = {d:3}: {name:6} ± {(scores / divisor).std():4.1f}, "
              f"{(top > 0.9).float().mean():4.0%} put over 90 % on one key")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert d == 400 and 0.95 < scores.std() / 400**0.5 < 1.05 and (q[..., :4] * k[..., :4]).sum(-1).std() * 9 < scores.std()
assert round((torch.softmax(scores, -1).amax(-1) > 0.9).float().mean().item(), 2) == 0.78 and (top > 0.9).sum() == 0

# %% [markdown]
# <a id="saturation"></a>
# All of these vectors are noise, yet at $d=400$ 78 % of the queries are certain of one key: their softmax is **saturated**. Divided by √d, 0 % are.
#
# Why is that bad? A score moves the loss only through the weights, and $\partial\alpha_i/\partial s_i=\alpha_i(1-\alpha_i)$ is nearly 0 where a weight is near 0 or 1. **Drag d:** the curve below the maps shows how strongly the weights of a typical query respond when $q\cdot k$ changes by one standard deviation.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sizes = labs.scaling(sizes=range(1, 1025), d=400)
sizes

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(0.25 < sizes.measure(d, True)["gradient"] < 0.27 for d in (4, 16, 64, 400, 1024))
assert 0.23 < sizes.measure(400, False)["gradient"] / sizes.measure(400, True)["gradient"] < 0.26

def gradient(divisor):
    """The size of ∂α/∂(q·k) of each query, [1000]."""
    alpha = torch.softmax(scores / divisor, -1)
    return (torch.diag_embed(alpha) - alpha[..., :, None] * alpha[..., None, :]).flatten(1).norm(dim=-1) / divisor

plain, scaled = gradient(1), gradient(400**0.5)
assert 0.45 < (plain < scaled.median() / 10).float().mean() < 0.46 and 0.22 < (plain > 10 * scaled.median()).float().mean() < 0.25
assert 0.8 * scaled.median() < scaled.min() and scaled.max() < 1.4 * scaled.median()

# %% [markdown]
# With √d, all our queries get gradients of about the same size. Without it they are uneven: at $d=400$ almost half get less than a tenth of that, and almost a quarter more than ten times as much. ([The annex](02_scoring_functions_annex.ipynb#unequal-gradients) computes this.)
#
# ### Exercise 1 ●○○ · 3 minutes
# Write the **scaled dot product**, $q\cdot k/\sqrt d$, for a batch. In the shapes, d is called D.
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
# Back to *assis*, with the six vectors as keys and as values. **With a pencil:** divide the scores 0, 0, 1, 0, 1, 1 by √3. What are the weights, and what comes out? You need $1/\sqrt3\approx0.577$ and $e^{0.577}\approx1.781$.

# %%
scores = scaled_score(assis[None], K[None])[0]  # [1, 6]
weights = torch.softmax(scores, -1)
print("scores", scores, "\nweights", weights, "\noutput", weights @ K)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.120, 0.120, 0.213, 0.120, 0.213, 0.213]]), atol=5e-4)
assert torch.allclose(weights @ K, torch.tensor([[0.453, 0.453, 0.640]]), atol=5e-4)
assert round(3**-0.5, 3) == 0.577 and round(torch.tensor(0.577).exp().item(), 3) == 1.781

# %% [markdown]
# The output, (0.453, 0.453, 0.640), is an average of the six words, mostly of those that answer. Now a lecture's example, whose scores are not divided by √3: "The weather is nice today" with the vectors (0.6, 0.2, 0.8), (0.2, 0.3, 0.1), (0.9, 0.1, 0.8), (0.4, 0.1, 0.4) and (0.4, 0.1, 0.6), again keys and values. The query is the vector of "The".

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The lecture prints the output (1.8, 2.3, 0.4). Can that be?",
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
outputs = torch.cat([weights @ X, torch.tensor([[1.8, 2.3, 0.4]])])
drawn = X.flip(0)  # "The" last, so that no name covers another
groups = {
    "all averages": averages,
    "the words": (drawn[:, 0], drawn[:, 2]),
    "outputs": (outputs[:, 0], outputs[:, 2]),
}
plot.points(
    groups,
    xlabel="first number",
    ylabel="third number",
    title="Where can an average be?",
    role={"all averages": "value", "the words": "value", "outputs": "output"},
    labels={"the words": nice[::-1], "outputs": ["computed", "printed"]},
    caption="Two of the three numbers of each vector. Every average of the five words "
    "(squares) lies in the shaded area; the printed output does not.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.250, 0.114, 0.293, 0.158, 0.185]]), atol=5e-4)
assert torch.allclose(weights @ X, torch.tensor([[0.574, 0.148, 0.620]]), atol=5e-4)

# %% [markdown]
# <a id="convex-hull"></a>
# It cannot. The weights are (0.250, 0.114, 0.293, 0.158, 0.185), and the output is (0.574, 0.148, 0.620). All averages with weights that are not negative and add up to 1 make the **convex hull** of the values.
#
# **Keep this:** whatever the score, the output of a softmax attention stays in the hull of the values.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: one vector, three jobs
# <a id="self-attention"></a>
# If queries, keys and values come from the same sentence, we speak of **self-attention**. In "train station", let "train" be (2, 0) and "station" (1, 1), and let each word use its vector for everything:

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
assert torch.allclose(after @ pair, torch.tensor([1.269, 0.731]), atol=5e-4)

# %% [markdown]
# "station" becomes (1.5, 0.5): it has taken a half of "train". This is what we want, but two things are not.
# - **Asking is not being found.** Because $x_i\cdot x_j=x_j\cdot x_i$, "train" and "station" give each other the same score, 2. But "station" needs "train", and not the other way round.
# - **Being found is not answering.** Suppose that every query is $w=(1,0)$, and "station" (with weight 0.269) should count more. Move its vector to (3, 1): its weight rises to 0.731, but what it says changes, too, and the output is (2.731, 0.731). If only its *key* moves, it is (1.269, 0.731), inside the old hull.
#
# So every word $x$ gets three vectors, each by a matrix that is learned:
#
# $$ {\color{#bf5f00}{q}}=x\,W_Q,\qquad {\color{#007fc6}{k}}=x\,W_K,\qquad {\color{#008a67}{v}}=x\,W_V $$
#
# Put all words of a sentence below each other, as the rows of $X$, and this is all of self-attention:
#
# $$ {\color{#bb51a8}{Y}}=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q}}\,{\color{#007fc6}{K}}^\top}{\sqrt d}\Big){\color{#008a67}{V}},\qquad Q=XW_Q,\;K=XW_K,\;V=XW_V $$
#
# | matrix | size |
# |---|---|
# | the words $X$ | [T, D] |
# | $W_Q$ and $W_K$ | [D, d] |
# | $W_V$ | [D, d_v] |
# | $Q$ and $K$ | [T, d] |
# | $V$, and the output $Y$ | [T, d_v] |
# | $QK^\top$, and the weights | [T, T] |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: words that are not there
# <a id="padding"></a><a id="causal-mask"></a>
# A batch is one tensor, so all its sentences must have the same length. Short ones are filled up, which is called **padding**:
#
# ```text
# Dive   into   deep   learning
# Learn  to     code   <pad>
# Hello  world  <pad>  <pad>
# ```
#
# No query should attend to `<pad>`: a mask says where keys are. (From chapter 5 on, a *causal mask* also hides the words to come.) Where among the steps does a mask belong?

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
    order="times",
)
masks

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "Weight where the mask says no: 40 %" in masks.describe()
assert [row["smallest row sum"] for row in labs.orders(masks)] == [100, 100, 5, 100]

# %% [markdown]
# Try the other orders. If you multiply *after* the softmax, hidden words have already taken their share, and one row sums to only 5 %. The right order is mask, then softmax, with −∞ for what is hidden. Your function of chapter 1 does this.
#
# ### Exercise 2 ●●○ · 6 minutes
# Put it together: score, scale, mask, softmax, average.
#
# <!-- example: scaled dot-product attention -->

# %%
from mine import masked_softmax

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
# PyTorch has the same in one **fused** call, which need not store the weights. They must agree:

# %% tags=["nbval-check-output"]
q, k, v = torch.randn(3, 2, 6, 16)
mask = torch.arange(6) < torch.tensor([6, 3])[:, None, None]  # [2, 1, 6]
output, weights = scaled_dot_product_attention(q, k, v, mask)
gap = (output - F.scaled_dot_product_attention(q, k, v, mask)).abs().max()
print(tuple(output.shape), tuple(weights.shape), "equal:", bool(gap < 1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-5 and (weights[1, :, 3:] == 0).all()

# %% [markdown]
# ### Exercise 3 ●●○ · 6 minutes
# Now the layer. It holds the three matrices, and makes q, k and v of the same x. `nn.Linear(D, d, bias=False)` is a matrix [D, d] that is learned; call the three `query`, `key` and `value`.
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
# Here is a task that needs all three. In a *room* are 3 to 8 people. Each has a name, looks for a person in the room, and carries a thing. **Everybody needs what the one they look for carries.** There are eight names and eight things, each written as seven zeros and a one (*one-hot*), so a person is a row of 3 · 8 = 24 numbers.

# %% tags=["definition"]
# course_utils.toy_tasks: rooms

# %% [markdown]
# The output of a person should be the thing that they need, one-hot again. So the loss is chapter 1's, the mean squared difference; only people who are there count.

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    x, there, needed = rooms(64)
    output, _ = SelfAttention(24, 8, 8)(x, there[:, None])
    (output - F.one_hot(needed, 8))[there].pow(2).mean().backward()

for_training(one_step)  # with nothing solved it does nothing

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
layer = SelfAttention(size=24, head_size=8, value_size=8)
optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
for step in range(400):
    x, there, needed = rooms(64)
    output, weights = layer(x, there[:, None])
    loss = (output - F.one_hot(needed, 8))[there].pow(2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 80 == 0:
        print(f"step {step:3}  loss {loss:.4f}")

# %%
x, there, needed = rooms(500)  # rooms that it has never seen
with torch.no_grad():
    right = (layer(x, there[:, None])[0].argmax(-1) == needed)[there]
served = right.float().mean().item()
print(f"{served:.1%} of {len(right):,} people get what they need")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert served >= 0.95 and x.shape[-1] == 24

# %% [markdown]
# Change a person's wish: a click lets the person of the row look for the person of the column. The layer answers at once.

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
# How did it learn that? Each matrix has 24 rows, 8 for each part of a person. How much of each part does it use?

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
# $W_Q$ reads whom you look for, $W_K$ your name, $W_V$ what you carry. Nobody told it to: the loss did. Could it have done with fewer matrices?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Train again, but let queries and keys share one matrix. How many people get what "
    "they need?",
    ["nearly all", "about half", "one in eight, as by guessing"],
    answer=1,
    because="With one matrix, i scores j as j scores i: if Ada finds Ben, Ben finds "
    "Ada, even if he looks for Cleo.",
)

# %%
fewer = {same: train_in_rooms(same) for same in ["", "KV", "QV", "QK", "QKV"]}
for same, share in fewer.items():
    print(f"one matrix for {same or 'each job':8} {share:4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert fewer[""] >= 0.95 and all(0.85 < fewer[same] < 0.94 for same in ("KV", "QV"))
assert 0.42 < fewer["QK"] < 0.5 and 0.33 < fewer["QKV"] < 0.4

# %% [markdown]
# The values need a matrix of their own as well: when it also makes queries or keys, about one person in ten gets something wrong.
#
# **Keep this:** asking, being found and answering are three jobs, so a word needs three vectors.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Seven: two scores to choose from
# <a id="additive-attention"></a>
# A dot product needs queries and keys of the same size. The **additive** score of Bahdanau et al. (2015) does not: it puts a small network between them, $\tanh(qW_1+kW_2)\cdot w$. <!-- source: Bahdanau, Cho & Bengio 2015, appendix A.1.2 -->

# %% tags=["nbval-check-output"]
def additive(queries, keys, W1, W2, w):  # [Q, Dq], [K, Dk] -> [Q, K]
    hidden = torch.tanh((queries @ W1)[:, None] + keys @ W2)  # [Q, K, h]
    return hidden @ w

queries, keys = torch.randn(4, 3), torch.randn(6, 5)
scores = additive(queries, keys, torch.randn(3, 7), torch.randn(5, 7), torch.randn(7))
print("scores", tuple(scores.shape))

# %% [markdown]
# | score | scaled dot | additive |
# |---|---|---|
# | sizes | query and key equal | any |
# | learned | nothing; $W_Q$ and $W_K$ before it | $W_1$, $W_2$, $w$ |
# | work | one matrix product | a tanh for each pair and hidden unit |
# | stored for each pair | a score | $h$ hidden numbers |
#
# Chapter 3's translator uses the additive score, because its states have other sizes. Transformers use scaled dot: one matrix product is fast, and the learning is left to $W_Q$ and $W_K$. A survey counts twelve scores; [the annex](02_scoring_functions_annex.ipynb) has them all in one lab, with their five slips, and a race between them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## So how does a word find what it needs?
# It asks with $xW_Q$; every word is labelled by its $xW_K$; softmax turns the fits into shares. And it takes an average of $xW_V$, nothing else. In our rooms three matrices serve nearly everybody; if queries and keys share theirs, less than half, and with a single one about a third. Chapter 1's "it" found "animal" because *we* had put their vectors together. With three matrices it can ask for something that it is not.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert served >= 0.95 and fewer["QK"] < 0.5 and 0.33 < fewer["QKV"] < 0.4

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# `SelfAttention` joins your kernel, pooling and masked softmax of chapter 1 in `mine/attention.py`. `python -m mine.rooms` trains it in a room.

# %%
from course_kit.mine import keep

keep("attention", "rooms")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. −½‖q−k‖² = q·k − ½‖k‖² − ½‖q‖²: between keys of equal length, distance and dot product are one score.
# 2. A dot product of $d$ features has standard deviation √d. Divide by it, or the softmax saturates.
# 3. $\mathrm{softmax}(QK^\top/\sqrt d)\,V$ with $Q=XW_Q$, $K=XW_K$, $V=XW_V$: three jobs, three matrices.
# 4. Score, scale, mask, softmax, average. Masked means −∞ before the softmax.
# 5. The output is an average of values, so it stays in their convex hull.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three open questions
# They are discussed in [the annex](02_scoring_functions_annex.ipynb#open-questions).
# 1. *Prove:* $W_QW_K^\top$ is all that a score sees of the two matrices. How many numbers about a word can it use?
# 2. *Design an experiment:* how would you find out whether $W_V$ is needed in our rooms?
# 3. *Why not* let the values be the keys?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [scoring function](#scoring-function) | 评分函数 | query and key → one number (alignment function, 对齐函数) |
# | [dot product](#dot-product) | 点积 | multiply feature by feature, add up |
# | [cosine similarity](#cosine-similarity) | 余弦相似度 | the dot product without the lengths |
# | [scaled dot-product attention](#scaled-dot-product) | 缩放点积注意力 | scores divided by √d |
# | [saturation](#saturation) | 饱和 | nearly all the weight on one key |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from one sequence, keys from another |
# | [self-attention](#self-attention) | 自注意力 | queries, keys and values from the same sequence |
# | [convex hull](#convex-hull) | 凸包 | all weighted averages of some points |
# | [additive attention](#additive-attention) | 加性注意力 | a small network as the score |
# | [padding](#padding) | 填充 | filling for short sequences |
# | [causal mask](#causal-mask) | 因果掩码 | no position sees a later one |
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
