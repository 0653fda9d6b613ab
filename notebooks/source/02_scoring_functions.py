# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 2 · How does a word find the word that it needs?
# *By asking the others.* You will hold `SelfAttention`, a layer that you wrote and trained. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) and matrix products.
#
# ## Which word does "assis" need?
# <a id="cross-attention"></a>
# You are translating “The cat sat on the mat”. *Le chat était* is written, and the next word will be *assis*, “seated”. Which English word do you look at now? A network has to find the same word, but all that it has are numbers. So we give each English word a vector of three, and one more to the French that you have written so far. That one is the **query**, because it asks. Attention from one text to another is called **cross-attention**. **Before you touch:** if the query is (0, 0, 1), which words get the most attention?

# %% jupyter={"source_hidden": true}
import math
import time

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch02 import again, exercise, hint, labs, solution
from course_kit import results
from course_kit.i18n import from_cell
from course_kit.views import plot, predict

runtime = course_kit.setup()
words = ["The", "cat", "sat", "on", "the", "mat"]
K = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]])
asked = torch.tensor([0.0, 0, 1])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.attention(
    [0.0, 0.0, 0.0],
    K,
    query="était …",
    keys=words,
    score="dot",
    title="Who answers “Le chat était …”?",
    caption="Press the third number of the [query|query]: 0 becomes 1. Which words get "
    "the most weight?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (K[:, 2] == 1).tolist() == [False, False, True, False, True, True]
louder = K.clone()
louder[2, 2] = 2
assert torch.softmax(louder @ asked, -1).argmax() == 2

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# “sat”, “the” and “mat” tie, because all three have a 1 where the query has one. Where the query has a 0, it does not care. Raise the third number of “sat” to 2, and it wins alone.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# From outside, self-attention is a box. You put words in, a vector each. You get as many vectors out, and each has taken from the others what it needed. How does it know which word needs which? That is the idea of this lesson: **attention learns what goes with what.** It learns it once, for all sentences, as a table of numbers. And the table works one way: that you need somebody does not mean that they need you. We come to it in section Three. First the box, as you will use it:

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
from course_utils.self_attention import SelfAttention

layer = SelfAttention(size=24, head_size=8, value_size=10)
output, weights = layer(torch.randn(2, 5, 24), mask=None)
print("output", tuple(output.shape), " weights", tuple(weights.shape))

# %% [markdown]
# You put in a batch of sentences, [B, T, D]: B sentences of T words, each a row of D numbers. You get a vector for each word, [B, T, dv], and the weights, [B, T, T]: a row for each word that asks, a column for each that is asked.

# %% [markdown] slideshow={"slide_type": "fragment"}
# Inside the box, the same four steps happen for every query. Watch them for ours. We made its vectors up, and for now a word's key is also what it gives:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.steps(
    asked,
    K,
    words,
    query="“Le chat était …” asks",
    title="How does a query find its words?",
    caption="The [query|query] meets the [key|key] of every word. Play it, or move the "
    "step: what does the [output|output] consist of?",
)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: from a distance to a dot product
# <a id="scoring-function"></a>
# In chapter 1 near keys counted most: the **scoring function** was −½ times the squared distance. Do we need a distance? Multiply out the square and see what it is made of:
#
# $$ -\tfrac12\lVert {\color{#bf5f00}{q}}-{\color{#007fc6}{k}}\rVert^2 \;=\; \underbrace{{\color{#bf5f00}{q}}\cdot{\color{#007fc6}{k}}}_{\text{how alike}} \;-\; \underbrace{\tfrac12\lVert {\color{#007fc6}{k}}\rVert^2}_{\text{the key alone}} \;-\; \underbrace{\tfrac12\lVert {\color{#bf5f00}{q}}\rVert^2}_{\text{the query alone}} $$
#
# The last part is the same for all keys of a query. You know from chapter 1 that a softmax ignores what is added to every score, so we can drop it. If all keys are equally long, we can drop the middle part for the same reason. What is left is the **dot product** $q\cdot k$: multiply number by number, and add. Here it is by hand, for the query of the picture (`asked`) and its keys (`K`):

# %%
scores = []
for word, k in zip(words, K):
    products = [a * b for a, b in zip(asked.tolist(), k.tolist())]
    scores.append(sum(products))
    said = " + ".join(f"{product:.0f}" for product in products)
    print(f"{word:4}{said} = {sum(products):.0f}")

# %% [markdown]
# We have scores. What we want are shares, and then the average:

# %%
total = sum(math.exp(score) for score in scores)
output = torch.zeros(3)
for word, k, score in zip(words, K, scores):
    weight = math.exp(score) / total
    output = output + weight * k
    print(f"{word:4} weight {weight:.3f}, the sum so far", output)

# %% [markdown]
# You could stop here: this loop *is* attention. But it takes one word after the other, and a computer is faster with whole tables. `K @ asked` is all six dot products at once, `weights @ K` the whole sum:

# %% slideshow={"point": ["softmax("]}
weights = torch.softmax(K @ asked, -1)  # [6, 3] @ [3] -> [6]
print(weights @ K)  # [6] @ [6, 3] -> [3]

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights @ K, output) and scores == [0, 0, 1, 0, 1, 1]

# %% [markdown]
# The same numbers. From now on we write `@`, and you know which loop it stands for. But our keys are not equally long. What did we change, when we dropped the middle part?

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
# So a long key can win although it points elsewhere. In geometry $q\cdot k=\lVert q\rVert\,\lVert k\rVert\cos\theta$, with θ the angle between the two: direction counts, and so do both lengths. A query twice as long doubles all its scores, and so its softmax gets sharper. A key twice as long has twice the score.
#
# **Keep this:** a dot product says how well two vectors agree in direction, times both their lengths.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: why divide by √d?
# <a id="scaled-dot-product"></a>
# The Transformer divides its scores by √d before the softmax, where d is how many numbers a query has. What would happen if it did not?
#
# Take a Transformer that nobody has trained yet. Let its queries and keys be independent random numbers, of mean 0 and mean square 1. No query has a reason to prefer one key to another, so you would expect its attention to spread.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "We give each of a thousand random queries 24 random keys, of d = 64 numbers. The score "
    "is q·k. How many of the thousand put over 90 % of their weight on a single key?",
    ["hardly any: noise prefers nobody", "about one in ten", "about half"],
    answer=2,
    because="A typical score is 8 or −8. Against a score of 0, a score of 8 has e⁸ times "
    "the weight, about three thousand times.",
)

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
assert 7.5 < (q[..., :64] * k[..., :64]).sum(-1).std() < 8.5 and 2900 < math.exp(8) < 3000

# %% [markdown]
# Half of the queries are certain, although there is nothing that they could be certain of. The cause is the *size* of the scores. A dot product adds up d products. Some are above zero and some below, so they cancel, but only in part: the more of them you add, the farther the sum strays from zero.
#
# How far? A product of two such numbers has mean 0 and mean square 1, too, which is its *variance*; and variances of independent numbers add up:
#
# $$ \mathrm{var}(q\cdot k)=\mathrm{var}(q_1k_1)+\dots+\mathrm{var}(q_dk_d)=d $$
#
# A typical score is the root of that, √d, away from zero. So divide each score by √d: then scores are about 1 in size, whatever d is, and hardly a query is certain any more. Try it:

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
# ### Does it matter, once the network is trained?
# Here is the same small Transformer twice, with √d and without. It reads eight digits, and in front of them a sign that says *copy* or *reverse*. Nothing else differs between the two.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
recorded = results.load("scores_scaled")

def curves(rate=0.002, heads=1):
    """The mean of three trainings with √d, and of three without, in % of the digits."""
    runs = [run for run in recorded["runs"] if (run["rate"], run["heads"]) == (rate, heads)]
    return {
        name: torch.tensor([run["right"] for run in runs if run["divided"] == divided])
        for name, divided in (("with √d", True), ("without", False))
    }  # [3, 17] each

found = {name: 100 * three.mean(0) for name, three in curves().items()}
plot.lines(
    {name: (recorded["steps"], line) for name, line in found.items()},
    "steps of training",
    "digits right, %",
    limits=(0, 100),
    title="What does √d do for learning?",
    caption=from_cell(
        "Copy or reverse eight digits: the mean of three trainings. Guessing gives 10 %. "
        "{about}", about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(curves()["with √d"][:, 8] > 0.95) and all(curves()["without"][:, -1] < 0.52)
assert len({run["seed"] for run in recorded["runs"]}) == 3 and recorded["steps"][8] == 200
for rate in (0.0005, 0.001, 0.002, 0.005):
    both = curves(rate)
    assert (both["with √d"][:, 8:].mean(1) > both["without"][:, 8:].mean(1)).all() and both["with √d"][:, -1].min() > 0.99
assert curves(0.0005)["without"][:, -1].min() > 0.9 and curves(0.005)["without"][:, -1].max() < 0.2
assert curves(heads=4)["without"][:, -1].min() > 0.99
assert all(run["certain"] == 0 for run in recorded["runs"] if run["divided"])
assert all(0.4 < run["certain"] < 0.45 for run in recorded["runs"] if not run["divided"] and run["heads"] == 1)

# %% [markdown] tags=["keep"]
# After 200 steps the model with √d gets nearly every digit right. Without √d it is far behind, and it still is when we stop. Why?
#
# A query has 64 numbers here. So without √d the same step of training moves the scores eight times as far. And many queries are certain before they have learned anything. A softmax that is certain is flat: a weight α changes with its score by α(1 − α), which is nearly 0 for an α near 0 or 1, so training has little to hold on to. Such a softmax is called **saturated**.
#
# <details><summary>How sure is this?</summary>
#
# We trained both three times at each of four learning rates, from 0.0005 to 0.005. With √d it learned at every rate. Without, it was slower at the smallest and learned next to nothing at the largest. With four heads of 16 numbers instead of one of 64, both learn. The scale is a start: while it trains, a model can make its scores larger or smaller. As a curve over d: [the annex](02_scoring_functions_annex.ipynb#response).
#
# </details>
#
# **Keep this:** random dot products have the size √d. Divide by √d, and that size no longer depends on d.

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

# %% [markdown] slideshow={"slide_type": "skip"}
# Try yours on the cat. **With a pencil:** divide the scores of “Le chat était …” by √3, and work out what it gets. You need $1/\sqrt3\approx0.577$ and $e^{0.577}\approx1.781$.

# %%
scores = scaled_score(asked[None, None], K[None])[0]  # [1, 6]
weights = torch.softmax(scores, -1)
print("scores", scores, "\nweights", weights, "\noutput", weights @ K)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(weights, torch.tensor([[0.120, 0.120, 0.213, 0.120, 0.213, 0.213]]), atol=5e-4)
assert torch.allclose(weights @ K, torch.tensor([[0.453, 0.453, 0.640]]), atol=5e-4)
assert round(3**-0.5, 3) == 0.577 and round(torch.tensor(0.577).exp().item(), 3) == 1.781

# %% [markdown]
# How a network makes the word *assis* of such an output is chapter 3's story: *Le chat était assis sur la natte*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: one vector, three jobs
# <a id="self-attention"></a>
# So far French asked English. In **self-attention** the words of one sentence ask each other. Then every word asks, and every word is asked. Can it do both with the one vector that it has?
#
# Let us try with three people, whose wishes are easy to see. Each has one vector, and the score of two people is the dot product of their vectors.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.circle(
    title="Who looks for whom?",
    caption="Ada, Ben and Cleo stand in a circle, and each has [query|a wish].",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "We let a program search for the three vectors. Can it bring all three people to attend "
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

# %% [markdown]
# `find` starts from random vectors `x`, a row for each person, and improves them. Its loss is −ln of the weight that each gives to the one they look for, so it is 0 if everybody finds their person.

# %%
wanted = [1, 2, 0]  # Ada looks for number 1, Ben; Ben for Cleo; Cleo for Ada

def find(x, M, learned, steps=400):
    """Change what is to be learned, so that each attends to the one they look for."""
    optimiser = torch.optim.Adam(learned, lr=0.05)
    for _ in range(steps):
        weights = torch.softmax(x @ M @ x.T, -1)  # [3, 3]
        loss = -weights[range(3), wanted].log().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return weights.detach()

# %% [markdown]
# The score is $x_iMx_j^\top$, with a square of numbers `M` between the one who asks and the one who is asked. First `M` is the identity, so it changes nothing, and the score is the plain dot product. The second time `M` is learned, too:

# %%
torch.manual_seed(0)
x, M = torch.randn(3, 4, requires_grad=True), torch.randn(4, 4, requires_grad=True)
plain = find(x, torch.eye(4), [x])
table = find(x, M, [x, M])

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
people = ["Ada", "Ben", "Cleo"]
labels = {"x·x": people, "x M x": people}
wishes = [
    from_cell("{name} looks for {other}", name=a, other=b)
    for a, b in zip(people, ["Ben", "Cleo", "Ada"])
]
plot.maps(
    {"x·x": plain, "x M x": table},
    {"x·x": wishes, "x M x": people},
    labels,
    axes=("who asks", "who is found"),
    title="Can everybody find their person?",
    caption="The weights that a [query|query] (row) gives to each [key|key] (column) after "
    "the search: with one vector each, and with a table in between.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(plain, torch.full((3, 3), 1 / 3), atol=1e-3) and table[range(3), wanted].min() > 0.99
for seed in range(2):  # other starts, another size
    torch.manual_seed(seed)
    a, b = torch.randn(3, 16, requires_grad=True), torch.randn(16, 16, requires_grad=True)
    assert torch.allclose(find(a, torch.eye(16), [a]), torch.full((3, 3), 1 / 3), atol=0.02)
    assert find(a, b, [a, b])[range(3), wanted].min() > 0.9

# %% [markdown]
# With one vector each nobody finds their person: the search ends with equal shares for all. With the table everybody does. Why was one vector not enough? A dot product is the same both ways: Ada·Ben *is* Ben·Ada. Now look at the three wishes. Ada needs Ada·Ben > Ada·Cleo. Cleo needs Cleo·Ada > Cleo·Ben. Ben needs Ben·Cleo > Ben·Ada. Put them in a row,
#
# $$ \text{Ada·Ben} \;>\; \text{Cleo·Ada} \;>\; \text{Ben·Cleo} \;>\; \text{Ada·Ben}, $$
#
# and a number would have to be larger than itself. No vectors can do it, however long. **To ask and to be found are two jobs, and each needs a vector of its own.**

# %% [markdown]
# ### Two vectors, and then three
# So give each word two vectors: a query to ask with, $q=x\,W_Q$, and a key to be found by, $k=x\,W_K$. Each is made by a matrix that is learned. What does the score become?
#
# $$ {\color{#bf5f00}{q_i}}\cdot{\color{#007fc6}{k_j}}\;=\;x_i\,\underbrace{{\color{#bf5f00}{W_Q}}{\color{#007fc6}{W_K}}^{\top}}_{M}\,x_j^\top $$
#
# There you have the table $M$. It has a row for each number of the word that asks, a column for each number of the word that is asked, and its entry says how well the two go together. It is the same table for all words and all sentences. And it need not be a mirror of itself, so Ada can find Ben without drawing him.
#
# The third job is to *answer*. People find you by your name, but what they want from you is something else: what you carry. So each word also gets a **value**, $v=x\,W_V$, and the values are what is averaged. For all words of a sentence at once, as rows of $X$, this is self-attention:
#
# $$ {\color{#bb51a8}{Y}}=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q}}\,{\color{#007fc6}{K}}^\top}{\sqrt d}\Big){\color{#008a67}{V}},\qquad Q=XW_Q,\;K=XW_K,\;V=XW_V $$
#
# $W_Q$ and $W_K$ are [D, d], $W_V$ is [D, dv]; so $Q$ and $K$ are [T, d], $V$ and $Y$ [T, dv].

# %% slideshow={"point": ["softmax("]}
X = torch.tensor([[2.0, 0], [-1, 1.5], [-1, -1.5]])  # Ada, Ben, Cleo
W_Q = torch.tensor([[-0.5, 1], [-1, -0.5]])  # a turn, from each person to the next
W_K, W_V = torch.eye(2), torch.eye(2)
q, k, v = X @ W_Q, X @ W_K, X @ W_V
y = torch.softmax(q @ k.T / 2**0.5, -1) @ v
print(y)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(y, F.scaled_dot_product_attention(q, k, v)) and (y - X[wanted]).abs().max() < 0.12
assert torch.softmax(q @ k.T / 2**0.5, -1).argmax(-1).tolist() == wanted

# %% [markdown] tags=["keep"]
# Compare this with `X`: Ada gets nearly Ben's vector, Ben gets Cleo's, and Cleo gets Ada's. Everybody has found their person.
#
# **Keep this:** a query asks, a key is found, a value is given. Each has a matrix of its own.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: words that are not there
# <a id="padding"></a><a id="causal-mask"></a>
# A batch is one tensor, so all its rows have the same length. Short sentences are filled up by **padding**:
#
# ```text
# The   cat   sat   on      the     mat
# The   cat   sat   <pad>   <pad>   <pad>
# ```
#
# Nobody should attend to a `<pad>`. From chapter 4 on we have something else to hide: a model that learns to write must not see the words to come (a **causal mask**, `torch.ones(T, T).tril().bool()` for T words). So we need a mask, which says which keys may be attended. But where would you put it: before the softmax or after it?

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

# %% [markdown]
# So a score of 0 hides nothing: to a softmax it is a score like any other.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The order of the steps
# Below you see the right order. You can choose three others: try them.

# %% jupyter={"source_hidden": true} tags=["lab"]
noise = 1.5 * torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
masks = labs.masking(noise, words, length=3)
masks

# %% jupyter={"source_hidden": true} tags=["asserts"]
found = {order: labs.masking(noise, length=3, order=order).compute() for order in ("times", "after")}
assert round(100 * found["times"][2][~found["times"][0]].sum().item() / 6) == 39
assert round(found["after"][2].sum(-1).min().item(), 1) == 0.2

# %% [markdown] tags=["keep"]
# *Multiply, then softmax* gives a good part of the weight to words that are not there. *Softmax, then multiply* comes too late: the padding has taken its share already, and one of the rows keeps only a fifth of its weight.
#
# **Keep this:** hide a word by making its score −∞, before the softmax. The words that are left share the 1.

# %% [markdown] tags=["card"]
# Your `masked_softmax` of chapter 1 does just that: it writes −∞ with `scores.masked_fill(~mask, -torch.inf)`, and then it takes the softmax. So it comes along.
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
# PyTorch has this in one **fused** call, which need not store the weights:

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
# Beware: PyTorch's layer `nn.MultiheadAttention` reads masks *the other way round*. There, True means hidden.
#
# Now put all of it together. One layer of self-attention is this:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.layer(
    title="What is inside the box?",
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
# We have the layer. Can it find out by itself who needs whom? Put it into a *room* with three to eight people. Each has a name, looks for a person in the room (perhaps for themselves), and carries a thing. **Everybody needs what the one they look for carries.** Nobody tells the layer so. It only hears which thing would have been right.
#
# There are eight names and eight things. Each is written as seven zeros and a one (*one-hot*, `F.one_hot(i, 8)` for a number i), so a person is a row of 24 numbers: name, whom they look for, what they carry. `gather` looks up what the person at place `whom` has.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.toy_tasks: rooms

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

# %% slideshow={"point": ["loss ="], "slide_type": "subslide"}
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
# The layer can learn it. Now look into a room that it has never seen, and train it once more before your eyes. At the start everybody attends a little to everybody; then the lines gather.

# %% jupyter={"source_hidden": true} seconds=3 slideshow={"slide_type": "subslide"} tags=["lab"]
torch.manual_seed(0)
trained = labs.stages(SelfAttention(size=24, head_size=8, value_size=8), train)
labs.room(
    trained,
    title="Who attends to whom?",
    caption="Each person has a [key|name tag], [query|a wish] and a [value|thing in hand]. An "
    "arrow is a weight: the thing comes along it. Send Ada to somebody else.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(trained[400].query.weight, layer.query.weight)
room = labs.room(trained)
assert room.describe().endswith("5 of 5 are served.") and [room.options["said"][i].endswith("5 of 5 are served.") for i in range(5, 30, 6)] == [True] * 5

# %% [markdown]
# How does it do that? Multiply out its table, $M=W_QW_K^\top$. The table has a row and a column for each number of a person. We look at two of its corners:

# %% slideshow={"point": ["W_QW_K"]}
with torch.no_grad():
    M = layer.query.weight.T @ layer.key.weight  # [24, 24]: W_Q times W_K, transposed
wish_meets_name, name_meets_wish = M[8:16, :8], M[:8, 8:16]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from chapters.ch02.labs.rooms import NAMES

corners = {"a wish meets a name": wish_meets_name, "a name meets a wish": name_meets_wish}
plot.maps(
    {name: corner.clamp(-18, 18) for name, corner in corners.items()},
    {name: list(NAMES) for name in corners},
    {name: list(NAMES) for name in corners},
    axes=("who asks", "who is asked"),
    limits=(0, 18),
    signed=list(corners),
    title="What goes with what?",
    caption="On the left: I look for the person of the row, you have the name of the column. "
    "On the right: I have the name, you look for it.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
same = torch.eye(8, dtype=torch.bool)
assert wish_meets_name[same].min() > 14 and wish_meets_name[~same].max() < 5 and name_meets_wish.abs().max() < 1.5
torch.manual_seed(1)
train(other := SelfAttention(24, 8, 8))
seen = (other.query.weight.T @ other.key.weight).detach()
assert seen[8:16, :8][same].min() > 12 and seen[8:16, :8][~same].max() < 6 and seen[:8, 8:16].abs().max() < 2

# %% [markdown]
# There is the table of what goes with what, and nobody wrote it. A wish for Ben goes with the name Ben, a wish for Cleo with the name Cleo. In the other direction there is next to nothing: that you look for me does not draw me to you.
#
# The three matrices have shared the work out between them. How much of each part of a person does each of them use?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
def reads(layer):
    """How large the numbers are by which each matrix multiplies each part, as shares."""
    matrices = layer.query.weight, layer.key.weight, layer.value.weight
    sizes = torch.stack([W.detach().unflatten(1, (3, 8)).norm(dim=(0, 2)) for W in matrices])
    return sizes / sizes.sum(1, keepdim=True)

used, steps = "share of a matrix", list(trained)
plot.maps(
    {used: torch.stack([reads(trained[step]) for step in steps])},
    {used: ["query", "key", "value"]},
    {used: ["name", "looks for", "carries"]},
    axes=("matrix", "part"),
    along=("after step", steps, steps[-1]),
    title="Which part of a person does each matrix read?",
    caption="Move the slider to 0, where the training began, and back.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert reads(trained[400]).argmax(1).tolist() == [1, 0, 2] and reads(trained[400]).amax(1).min() > 0.6 and reads(trained[0]).max() < 0.4

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# At the start each matrix reads everything alike. In the end $W_Q$ reads mostly whom you look for, $W_K$ your name and $W_V$ what you carry. Could one matrix make both queries and keys? We trained that, too, and fewer than half of the people were served ([the annex](02_scoring_functions_annex.ipynb#sharing)).
#
# **Keep this:** training divides the work: one matrix learns to ask, one to be found, one to give.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So how does a word find what it needs?
# A word asks with $xW_Q$. Every word is found by its $xW_K$, and gives its $xW_V$. In chapter 1 “it” found “animal”, because *we* had put their vectors together. In the rooms, nobody did: the table of what goes with what was learned. Two things are still missing. This layer does not see in which order the words stand, and it can ask only one question at a time. Chapters 4 and 5 mend that.
#
# <a id="additive-attention"></a>
# A score need not be a dot product. In chapter 3 it will be a small network that reads query and key, the **additive** score; [the annex](02_scoring_functions_annex.ipynb#twelve) has twelve.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# `SelfAttention` joins chapter 1's functions in `mine/attention.py`, and `python -m mine.rooms` trains it.

# %%
from course_kit.mine import keep

keep("attention", "rooms")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A look-up, by hand · 30 minutes
# One layer of attention can look a value up in a table of 64 keys without any training. Write its three matrices so that the last row, which asks, gets the value of its key within 0.05, and does not find itself. `course problem 02` gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Ask, score, share, add up: a dot product with each key, a softmax, an average of the values.
# 2. Random dot products have the size √d. Divide by √d, and that size no longer depends on d.
# 3. $\mathrm{softmax}(QK^\top/\sqrt d)\,V$ with $Q=XW_Q$, $K=XW_K$, $V=XW_V$: one matrix asks, one is found, one gives.
# 4. $W_QW_K^\top$ is a learned table of what goes with what, and need not be the same both ways.
# 5. To hide a word, make its score −∞, before the softmax.

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
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 2, edition 0.4.0, and the heading above it.*
