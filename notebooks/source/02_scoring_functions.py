# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 2 · How does a word find the word that it needs?
# *By comparing a vector of its own with one of each word.* You'll keep `SelfAttention`, a layer that you wrote and trained, and the same with heads. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) and matrix products.
#
# ## Which word does "assis" need?
# <a id="cross-attention"></a>
# You're translating “The cat sat on the mat”. *Le chat était* is written, and next comes *assis*, “seated”. Each English word has three numbers, its **key**: is it a *thing*, an *action*, a *place*? The French so far asks with three, too, its **query**: an action, please. **Before you touch:** only “sat” has an action. Does it get all the weight?

# %% jupyter={"source_hidden": true}
import copy
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch02 import again, exercise, hint, labs, solution
from course_kit.i18n import from_cell
from course_kit.views import plot, predict
from course_kit.views.view import at

runtime = course_kit.setup()
words = ["The", "cat", "sat", "on", "the", "mat"]
K = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 1]])
asked = torch.tensor([0.0, 2, 0])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
at(labs.attention(
    [4.0, 0.0, 0.0],
    K,
    query="était …",
    keys=words,
    score="dot",
    title="Who answers “Le chat était …”?",
    caption="This [query|query] asks loudly for a thing. Ask for an action: press the 4, "
    "then the second number. How much does “sat” get?",
), at=["a", 0, 1])

# %% jupyter={"source_hidden": true} tags=["asserts"]
def action(loud):
    return torch.softmax(K @ torch.tensor([0.0, loud, 0]), -1)
assert 0.35 < action(1)[2] < 0.36 and 0.124 < action(1)[0] < 0.131 and (action(1)[[0, 1, 3, 4, 5]] == action(1)[0]).all()
assert 0.79 < action(3)[2] < 0.81

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# No. “Sat” gets about a third, and each of the other five about an eighth: even a score of 0 gets a share from a softmax, because $e^0=1$. Ask louder: with (0, 3, 0), “sat” gets four fifths.
#
# </details>
#
# Attention from one text to another is called **cross-attention**. A network needs numbers, and we made these up: “sat” has the key (0, 1, 0), “mat” has (1, 0, 1), and the query has the same numbers as “sat”. Usually they are learned, and that's the idea of this lesson: **attention can learn what goes with what.** First, how do two vectors meet? Watch the four steps for one query. For now a word's key is also its **value**, which is what the word gives.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.steps(
    asked,
    K,
    words,
    query=from_cell("“Le chat était …” asks"),
    title="How does a query find its words?",
    caption="The [query|query] meets the [key|key] of every word. Play it, or move the "
    "step: what does the [output|output] consist of?",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: from a distance to a dot product
# <a id="scoring-function"></a>
# In chapter 1 the weights were the softmax of the scores, and the **scoring function** was −½ times the squared distance, so near keys counted most. Do we need a distance? Multiply out the square and see what it's made of:
#
# $$ -\tfrac12\lVert {\color{#bf5f00}{q}}-{\color{#007fc6}{k}}\rVert^2 \;=\; \underbrace{{\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}}}_{\text{how alike}} \;-\; \underbrace{\tfrac12\lVert {\color{#007fc6}{k}}\rVert^2}_{\text{the key alone}} \;-\; \underbrace{\tfrac12\lVert {\color{#bf5f00}{q}}\rVert^2}_{\text{the query alone}} $$
#
# The last part is the same for all keys, and a softmax ignores what is added to every score ($e^{s+c}=e^s e^c$, and $e^c$ cancels), so drop it. If all keys were equally long, the middle part would be the same for all, too. Drop it as well, and what's left is the **dot product** $q\cdot k$: multiply number by number, and add. Here are the picture's keys and query, and all four steps:

# %%
words = ["The", "cat", "sat", "on", "the", "mat"]
K = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 1]])
asked = torch.tensor([0.0, 2, 0])  # the query
scores = [sum(a * b for a, b in zip(asked.tolist(), k.tolist())) for k in K]
total = sum(math.exp(score) for score in scores)
output = torch.zeros(3)
for word, k, score in zip(words, K, scores):
    weight = math.exp(score) / total
    output = output + weight * k
    print(f"{word:4} score {score:.0f}, weight {weight:.3f}, the sum so far", output)

# %% [markdown]
# This loop *is* attention, but your computer is faster with whole tables. `K @ asked` gives you all six dot products at once, and `weights @ K` the whole sum:

# %% slideshow={"point": ["softmax("]}
weights = torch.softmax(K @ asked, -1)  # [6, 3] @ [3] -> [6]
print(weights @ K)  # [6] @ [6, 3] -> [3]

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights @ K, output) and scores == [0, 0, 2, 0, 0, 0]

# %% [markdown]
# The numbers are the same, so from now on we write `@`. But our keys aren't equally long. What changes if we drop the middle part all the same?

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

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.shadows(
    (1, 0),
    [(1, 0), (3, 3)],
    title="What is a dot product?",
    caption="The [query|query] is (1, 0). How long is the [output|shadow] that each [key|key] "
    "throws on it?",
)

# %% [markdown] tags=["keep"]
# <a id="dot-product"></a>
# So a long key can win although it points elsewhere. In geometry $q\cdot k=\lVert q\rVert\,\lVert k\rVert\cos\theta$, with θ the angle between the two. If you make a key twice as long, its score doubles. If you make the query twice as long, all its scores double, and its softmax gets sharper: that's how “sat” got its four fifths.
#
# **Keep this:** a dot product says how well two vectors agree in direction, times both their lengths.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: why divide by √d?
# <a id="scaled-dot-product"></a>
# The Transformer divides its scores by √d before the softmax, where d is how many numbers a query has. What would happen if it didn't? Before training, its queries and keys are much like random numbers, so we draw independent ones, of mean 0 and mean square 1. No query has a reason to prefer one key to another, so you'd expect the attention to spread.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A query of d = 64 random numbers meets 24 random keys, and the score is q·k. We try it "
    "with a thousand queries. How many of them put over 90 % of their weight on a single key?",
    ["hardly any: noise prefers nobody", "about one in ten", "about half"],
    answer=2,
    because="Scores of noise are about 8 in size here, and the best of 24 is about 15. The "
    "runner-up is typically some 2.6 lower, and gets a thirteenth of its weight.",
)

# %%
generator = torch.Generator().manual_seed(1)
queries = torch.randn(1000, 1, 400, generator=generator)
random_keys = torch.randn(1000, 24, 400, generator=generator)  # 24 for each query

def certain(d, divisor):
    """Share of the queries that put over 90 % of their weight on one key."""
    scores = (queries[..., :d] * random_keys[..., :d]).sum(-1) / divisor  # [1000, 24]
    return (torch.softmax(scores, -1).amax(-1) > 0.9).float().mean().item()

for d in [4, 64, 400]:
    print(f"d = {d:3}: q·k {certain(d, 1):4.0%}, q·k/√d {certain(d, d**0.5):4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(certain(d, 1), 2) for d in (64, 400)] == [0.50, 0.78] and certain(4, 2) < 0.01 and certain(64, 8) == certain(400, 20) == 0
all_scores = (queries[..., :64] * random_keys[..., :64]).sum(-1)
first, second = all_scores.topk(2, -1).values.unbind(-1)
assert 7.5 < all_scores.std() < 8.5 and round(first.median().item()) == 15 and 2.5 < (first - second).median() < 2.7 and 12.5 < math.exp(2.6) < 13.5

# %% [markdown]
# At d = 64, half of your queries put nearly all their weight on one key, although the keys are pure noise. Why? A dot product adds up d products, some above zero and some below, which cancel only in part, so the more of them you add, the farther the sum strays from zero. How far? The mean of a product of independent numbers is the product of their means. So $q_1k_1$ has mean 0, and its square $q_1^2k_1^2$, a product, too, has mean 1. With mean 0, the mean square is the *variance*, and variances of independent numbers add up:
#
# $$ \mathrm{var}(q\cdot k)=\mathrm{var}(q_1k_1)+\dots+\mathrm{var}(q_dk_d)=d $$
#
# A typical size is the square root of the variance: √d. If you divide each score by √d, the scores are about 1 in size, whatever d is. Try it:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sizes = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 400]

def weights_by_size(divided):
    products = [(queries[:10, :, :d] * random_keys[:10, :, :d]).sum(-1) for d in sizes]
    divisors = [d**0.5 if divided else 1 for d in sizes]
    scores = [x / divisor for x, divisor in zip(products, divisors, strict=True)]
    return torch.softmax(torch.stack(scores), -1)  # [17, 10, 24]

plot.maps(
    {"softmax(q·k)": weights_by_size(False), "softmax(q·k / √d)": weights_by_size(True)},
    "query",
    "key",
    along=("size d", sizes, 64),
    scale="weight",
    title="Why divide by √d?",
    caption="Each row shows the weights that a [query|query] gives to its 24 [key|keys], "
    "all of them noise. Move d down to 4, and up to 400: what becomes of the maps?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (weights_by_size(False)[sizes.index(64)].amax(-1) > 0.9).sum() >= 3 and (weights_by_size(False)[sizes.index(4)].amax(-1) > 0.9).sum() <= 1
assert (weights_by_size(False)[-1].amax(-1) > 0.9).sum() >= 7 and weights_by_size(True)[-1].max() < 0.6

# %% [markdown] tags=["keep"]
# Why does it matter? A softmax that is certain hardly reacts: if a score changes a little, its weight α changes by α(1 − α) times as much. When one key has nearly all the weight, that's nearly nothing for any key. Such a softmax is called **saturated**, and training gets hardly any gradient through it. The annex has [the slope as a curve over d](02_scoring_functions_annex.ipynb#response), and [a small Transformer trained with √d and without](02_scoring_functions_annex.ipynb#trained-without), which learned more slowly without.
#
# **Keep this:** dot products of random numbers of size 1 are about √d in size. Divide them by √d.

# %% [markdown] tags=["card"]
# ### Exercise 1 ●○○ · 6 minutes
# Write the **scaled dot product**, $q\cdot k/\sqrt d$, for a batch; $d$ is D in the docstring. `x.mT` transposes every matrix of a batch: [B, K, D] becomes [B, D, K].
#
# <!-- example: scaled dot-product score -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("scaled dot-product score")
def scaled_score(queries, keys):
    """queries [B, Q, D], keys [B, K, D] -> scores [B, Q, K]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: scaled dot-product score -->

# %% [markdown] slideshow={"slide_type": "skip"}
# Try yours on the cat, but take a pencil first: the score of “sat” is 2, divided by √3. What is its weight? You need $2/\sqrt3\approx1.155$ and $e^{1.155}\approx3.17$. How a network gets from such an output to the word *assis* comes in chapter 3.

# %%
scores = scaled_score(asked[None, None], K[None])[0]  # [1, 6]
weights = torch.softmax(scores, -1)
print("scores", scores, "\nweights", weights)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(weights[0, 2] - 3.17 / 8.17) < 1e-3 and round(2 * 3**-0.5, 3) == 1.155 and round(math.exp(1.155), 2) == 3.17

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: words that are not there
# <a id="padding"></a><a id="causal-mask"></a>
# A batch is one tensor, so all its rows have the same length. Short sentences are filled up by **padding**:
#
# ```text
# The   cat   sat   on      the     mat
# The   cat   sat   <pad>   <pad>   <pad>
# ```
#
# No word should attend to a `<pad>`. Later there'll be something else to hide: a model that learns to write must not see the words to come (a **causal mask**, `torch.ones(T, T).tril().bool()` for T words). A mask says which keys may be attended to. Where would you put it: before the softmax or after it?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Here are random scores of the second sentence, whose last three words are padding. "
    "Suppose that we multiply the scores of padding by 0, and then take the softmax. How "
    "much of all weight goes to padding?",
    ["none: zero times a score is zero", "about a twentieth", "about two fifths"],
    answer=2,
    because="The score becomes 0, not −∞, so the softmax still gives it the share of "
    "exp(0) = 1.",
)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The order of the steps
# So a score of 0 hides nothing, as with the cat. Below is the right order. Try the three others, too.

# %% jupyter={"source_hidden": true} tags=["lab"]
noise = 1.5 * torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
masks = labs.masking(noise, words, length=3)
masks

# %% jupyter={"source_hidden": true} tags=["asserts"]
found = {order: labs.masking(noise, length=3, order=order).compute() for order in ("times", "after")}
assert round(100 * found["times"][2][~found["times"][0]].sum().item() / 6) == 39
assert round(found["after"][2].sum(-1).min().item(), 1) == 0.2

# %% [markdown] tags=["keep"]
# *Multiply, then softmax* gives two fifths of the weight to words that aren't there. *Softmax, then multiply* comes too late: the padding has already taken its share, and one of the rows keeps only a fifth of its weight. (If you then divide each row by its sum, you get what the right order gives at once.)
#
# **Keep this:** hide a word by making its score −∞, before the softmax. The words that are left share the 1.

# %% [markdown] tags=["card"]
# Your `masked_softmax` of chapter 1 does this: it writes −∞ with `scores.masked_fill(~mask, -torch.inf)` and then takes the softmax.
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
    """q [..., Q, D], k [..., K, D], v [..., K, Dv], mask [..., Q or 1, K] bool or None
    -> output [..., Q, Dv], weights [..., Q, K]; in front a batch, later heads, too"""
    raise NotImplementedError

# %% [markdown] slideshow={"point": ["masked_softmax("], "slide_type": "subslide"}
# <!-- solution: scaled dot-product attention -->
#
# PyTorch has this in one **fused** call, which need not store the weights. Does yours agree with it? Try two sentences, of six words and of three:

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
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
# Beware: PyTorch's layer `nn.MultiheadAttention` reads masks *the other way round*: True means hidden.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have masked, scaled dot-product attention, and it computes what PyTorch's does. But its queries, keys and values were made up. Where do they come from, and can they be learned? Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: one vector, three jobs
# <a id="self-attention"></a>
# So far French asked English. In **self-attention** the words of one sentence ask each other, so every word now asks and is asked. Is one vector enough for both? Let's try it with three people, whose wishes you can see. The score of two people is the dot product of their vectors.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.circle(
    title="Who looks for whom?",
    caption="Ada, Ben and Cleo stand in a circle, and each has [query|a wish].",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "You may choose the three vectors as you like. Can you bring all three people to attend "
    "most to the one they look for?",
    [
        "yes, any three different vectors do",
        "yes, if the vectors are long enough",
        "no, for two of them at most",
    ],
    answer=2,
    because="Ada·Ben is the same number as Ben·Ada. So what draws Ada to Ben also draws Ben "
    "to Ada, although Ben looks for Cleo.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
wanted = [1, 2, 0]  # Ada looks for number 1, Ben; Ben for Cleo; Cleo for Ada
def find(x, who):  # a search for vectors with which these people attend to the one they look for
    optimiser = torch.optim.Adam([x], lr=0.05)
    for _ in range(400):
        alike = torch.softmax(x @ x.T, -1)
        optimiser.zero_grad()
        (-alike[who, [wanted[i] for i in who]].log().mean()).backward()
        optimiser.step()
    return alike.detach()
for seed in range(2):
    start = torch.randn(3, 16, generator=torch.Generator().manual_seed(seed))
    assert torch.allclose(find(start.clone().requires_grad_(), [0, 1, 2]), torch.full((3, 3), 1 / 3), atol=0.02)
    assert find(start.clone().requires_grad_(), [0, 1])[[0, 1], [1, 2]].min() > 0.9

# %% [markdown]
# Write the three wishes down. Ada needs Ada·Ben > Ada·Cleo. Cleo needs Cleo·Ada > Cleo·Ben. Ben needs Ben·Cleo > Ben·Ada. A dot product is the same both ways, so you can put them in a row,
#
# $$ \text{Ada·Ben} \;>\; \text{Cleo·Ada} \;>\; \text{Ben·Cleo} \;>\; \text{Ada·Ben}, $$
#
# and a number would have to be larger than itself. So no vectors can do it, however long. **Asking is one job and being found is another, and each needs a vector of its own.**

# %% [markdown]
# ### Two vectors, and then three
# So give each word two vectors: a query to ask with, $q=x\,W_Q$, and a key to be found by, $k=x\,W_K$. The matrices will be learned. What does the score become?
#
# $$ {\color{#bf5f00}{q_i}}\cdot{\color{#007fc6}{k_j}}\;=\;x_i\,\underbrace{{\color{#bf5f00}{W_Q}}{\color{#007fc6}{W_K}}^{\top}}_{M}\,x_j^\top $$
#
# Between the two words there's now a table, $M$, with a row for each number of the word that asks, and a column for each number of the word that's asked. An entry says how well these two go together, and all words of all sentences use the same table. $M$ need not be symmetric, so Ada can attend to Ben without Ben attending to Ada.
#
# The third job is to *answer*. People find you by your name, but what they want from you is what you carry. So each word also gets a **value**, $v=x\,W_V$, and we average the values. For all words of a sentence at once, as rows of $X$, this is self-attention:
#
# $$ {\color{#bb51a8}{Y}}=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q}}\,{\color{#007fc6}{K}}^\top}{\sqrt d}\Big){\color{#008a67}{V}},\qquad Q=XW_Q,\;K=XW_K,\;V=XW_V $$
#
# $W_Q$ and $W_K$ are [D, d], $W_V$ is [D, dv]; so $Q$ and $K$ are [T, d], $V$ and $Y$ [T, dv]. In other people's code the matrices have names like `q_proj`, `query` or `W_query`, and some books call a row of $Y$ a *context vector*.

# %% slideshow={"point": ["softmax("]}
X = torch.tensor([[2.0, 0], [-1, 1.5], [-1, -1.5]])  # Ada, Ben, Cleo
W_Q = torch.tensor([[-0.5, 1], [-1, -0.5]])  # a turn, from each person to the next
W_K, W_V = torch.eye(2), torch.eye(2)
q, k, v = X @ W_Q, X @ W_K, X @ W_V
weights = torch.softmax(q @ k.T / 2**0.5, -1)
print(weights @ v)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
people, one_vector = ["Ada", "Ben", "Cleo"], torch.softmax(X @ X.T / 2**0.5, -1)
plot.maps(
    {"x·x": one_vector, "q·k": weights},
    {"x·x": people, "q·k": people},
    {"x·x": people, "q·k": people},
    axes=("who asks", "who is found"),
    title="Can everybody find their person?",
    caption="The weights that a [query|query] (row) gives to each [key|key] (column): with "
    "one vector each, and with a query and a key.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights @ v, F.scaled_dot_product_attention(q, k, v)) and (weights @ v - X[wanted]).abs().max() < 0.12
assert weights.argmax(-1).tolist() == wanted and one_vector.argmax(-1).tolist() == [0, 1, 2]

# %% [markdown] tags=["keep"]
# With one vector each, all three attend to themselves. With a query and a key, everybody finds their person. Compare your output with `X`: Ada gets nearly Ben's vector, Ben nearly Cleo's, and Cleo nearly Ada's.
#
# **Keep this:** a query asks, a key is found, a value is given. Each has a matrix of its own.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.layer(
    title="What is inside a layer of self-attention?",
    caption="Play it: from the words to a [query|query], a [key|key] and a [value|value] "
    "of each, and on to the [output|output].",
)

# %% [markdown] tags=["card"]
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
# ## Five: can it be learned?
# Can your layer find out by itself who needs whom? Put it into a *room* with three to eight people. Each has a name, looks for a person there (perhaps for themselves), and carries a thing. **Everybody needs what the person they look for carries.** We don't tell your layer so; we only tell it which thing would have been right. Here's a room, with a layer that hasn't learned anything yet:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
torch.manual_seed(0)
labs.room(
    {0: SelfAttention(size=24, head_size=8, value_size=8)},
    title="Who needs what?",
    caption="Each person has a [key|name tag], [query|a wish] and a [value|thing in hand]. An "
    "arrow is a weight: the thing comes along it. Which thing should Ada get?",
)

# %% [markdown]
# There are eight names and eight things. Each is written as seven zeros and a one (*one-hot*, `F.one_hot(i, 8)` for a number i), so a person is a row of 24 numbers: name, whom they look for, what they carry. `gather` looks up what the person at place `whom` has.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.toy_tasks: rooms

# %% [markdown]
# A person's output should be the thing that they need, one-hot again. The loss is chapter 1's, the mean squared difference; `[there]` picks the people who are there. `Adam` is gradient descent that chooses a step size for each parameter. A second run of the loop goes on with the same `layer`; to begin anew, first run the cell that makes it.

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

# %% slideshow={"slide_type": "skip"}
torch.manual_seed(0)
layer = SelfAttention(size=24, head_size=8, value_size=8)
optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
trained = {0: copy.deepcopy(layer)}  # the layer after so many steps

# %% slideshow={"point": ["loss = ", "backward()", "optimiser.step()"], "slide_type": "subslide"} steps=[400] tags=["training"]
for step in range(400):
    x, there, needed = rooms(64)  # [B, T, 24], [B, T], [B, T]
    output, _ = layer(x, there[:, None])
    loss = (output - F.one_hot(needed, 8))[there].pow(2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step + 1 in (20, 40, 60, 100, 200, 400):
        trained[step + 1] = copy.deepcopy(layer)
        print(f"step {step + 1}: {served(layer):.1%} of the people get what they need")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert served(trained[400]) >= 0.995

# %% [markdown]
# So it can be learned: in new rooms, too, nearly everybody gets what they need. Now watch it learn:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.room(
    trained,
    title="Who attends to whom?",
    caption="The arrows are the weights after so many steps. Send Ada to somebody else.",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
room = labs.room(trained)
assert room.describe().endswith("5 of 5 are served.") and [said.endswith("5 of 5 are served.") for said in room.options["said"][len(trained) - 1 :: len(trained)]] == [True] * 5

# %% [markdown]
# How does your layer do that? Multiply out its table, $M=W_QW_K^\top$, and look at two corners: where the wish of one person meets the name of another, and the other way round.

# %% slideshow={"point": ["W_Q times W_K"]}
with torch.no_grad():
    M = layer.query.weight.T @ layer.key.weight  # [24, 24]: W_Q times W_K, transposed
wish_meets_name, name_meets_wish = M[8:16, :8], M[:8, 8:16]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.goes(
    torch.stack([wish_meets_name, name_meets_wish]),
    title="What goes with what?",
    caption="On the left [query|who asks], on the right [key|who is asked]. A line is as thick as "
    "the entry of the table; entries below 0 are left out. Choose the other corner.",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
same = torch.eye(8, dtype=torch.bool)
assert wish_meets_name[same].min() > 12 and wish_meets_name[~same].max() < 6 and name_meets_wish.abs().max() < 2
one_for_both = SelfAttention(size=24, head_size=8, value_size=8)
one_for_both.key = one_for_both.query
optimiser = torch.optim.Adam(one_for_both.parameters(), lr=0.03)
for _ in range(400):
    x, there, needed = rooms(64)
    loss = (one_for_both(x, there[:, None])[0] - F.one_hot(needed, 8))[there].pow(2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
x, there, _ = rooms(500)
most = one_for_both(x, there[:, None])[1].argmax(-1)[there]
assert served(one_for_both) < 0.5 < (most == torch.arange(8).expand(500, 8)[there]).float().mean()

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# There's the table of what goes with what, and it was learned. A wish for Ben goes with the name Ben, a wish for Cleo with the name Cleo. The other corner is almost empty: if you look for me, that doesn't make me attend to you. Could one matrix make both queries and keys? We trained that, too, and fewer than half of the people were served: most find themselves.
#
# **Keep this:** $W_QW_K^\top$ is a learned table of what goes with what, and need not be symmetric.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: several heads
# Your layer has one row of weights for each word. But “sat” may need to know *who* sat, and also *where*, and one row can only blend the two answers. What would you do?
#
# Let the word ask several questions at once. We cut its query into pieces, and the keys and values in the same way, so each piece of the query is a question of its own, for its piece of the keys. Such a piece is called a **head**. Then we put the answers of all heads side by side, and a last matrix, $W_O$, mixes them.
#
# Here's the whole layer in one piece, which you can take into any project, because all it needs is torch. Your score and your three matrices are in it, and the lines that you haven't met are marked *new*. Its three arguments are named as in PyTorch's layer, whose mask is the other way round: True hides.

# %% slideshow={"point": ["unflatten", "self.out("], "slide_type": "subslide"} tags=["definition"]
# chapters.ch02.kept.attention: MultiHeadSelfAttention

# %% [markdown]
# `unflatten` cuts each vector into equal pieces, so `num_heads` must divide `embed_dim`. `transpose` puts the heads in front of the words, so PyTorch treats them like more sentences. **Dropout** sets weights to 0 at random, each with probability p, and divides the others by 1 − p; after `eval()` it does nothing. (The weights that you get back are those before it.) A row of the mask without any True gives NaN here, not zeros as in Exercise 2. Try it on the two sentences of section Three, with both masks at once:

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
attention = MultiHeadSelfAttention(embed_dim=24, num_heads=3, dropout=0.1)
causal = torch.ones(6, 6).tril().bool()
mask = causal & (torch.arange(6) < lengths[:, None, None])  # [2, 6, 6]
output, by_head = attention(torch.randn(2, 6, 24), mask)
print("output", tuple(output.shape), " weights", tuple(by_head.shape))

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_utils.attention import MultiHeadAttention
whole, x = MultiHeadAttention(24, 3, bias=False), torch.randn(2, 6, 24)
whole.load_state_dict(attention.state_dict())
attention.eval()
assert all(torch.allclose(whole(x, x, m)[0], attention(x, m)[0], atol=1e-5) for m in (None, causal, mask))
assert (by_head.triu(1) == 0).all() and (by_head[1, ..., 3:] == 0).all() and by_head.shape == (2, 3, 6, 6)
theirs = nn.MultiheadAttention(24, 3, bias=False, batch_first=True)
theirs.in_proj_weight.data = torch.cat([part.weight for part in (attention.query, attention.key, attention.value)])
theirs.out_proj.weight.data = attention.out.weight
assert torch.allclose(theirs(x, x, x, attn_mask=~causal)[0], attention(x, causal)[0], atol=1e-5)
attention.train()(x, causal)[0].sum().backward()
assert all(p.grad.abs().sum() > 0 for p in attention.parameters())

# %% [markdown]
# In chapter 5 you'll see what the heads of a trained Transformer attend to.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So how does a word find what it needs?
# A word asks with its query, $xW_Q$, finds others by their keys, $xW_K$, and takes a share of their values, $xW_V$. In chapter 1 “it” found “animal” because *we* had placed their vectors close to each other. In your rooms the table of what goes with what was learned. Without a mask, this layer doesn't see the order of the words. Chapter 4 adds it.
#
# <a id="additive-attention"></a>
# A score need not be a dot product. Chapter 3's **additive** score is a small network that reads query and key, and [the annex](02_scoring_functions_annex.ipynb#twelve) has twelve scores.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# The two classes join your functions of chapter 1 in `mine/attention.py`, and `python -m mine.rooms` trains the first.

# %%
from course_kit.mine import keep

keep("attention", "rooms")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A look-up, by hand · 30 minutes
# One layer of attention can look a value up in a table of 64 keys without any training. Write its three matrices so that the last row, which asks, gets the value of its key within 0.05 in 99 tables of a hundred, and does not find itself. In a cell, `!course problem 02` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Ask, score, share, add up: a dot product with each key, a softmax, an average of the values.
# 2. Dot products of random numbers of size 1 are about √d in size. Divide them by √d.
# 3. To hide a word, make its score −∞, before the softmax.
# 4. $\mathrm{softmax}(QK^\top/\sqrt d)\,V$ with $Q=XW_Q$, $K=XW_K$, $V=XW_V$: one matrix asks, one is found, one gives.
# 5. $W_QW_K^\top$ is a learned table of what goes with what, and need not be symmetric.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](02_scoring_functions_annex.ipynb#open-questions).
# 1. *Prove:* $W_QW_K^\top$ is all that a score sees of the two matrices, for a given d. How many numbers about a word can it use?
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
# | [additive attention](#additive-attention) | 加性注意力 | a small network as the score |
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
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 2, edition <!-- edition -->, and the heading above it.*
