# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 4 · Who tells attention the order?
# *Positional encoding.* At the end you hold `mine/positions.py`, sinusoidal, learned and rotary positions in plain PyTorch, and you know how far each worked in our tests. <!-- minutes --> **Before:** [chapter 2](02_scoring_functions.ipynb) (self-attention) and [chapter 3](03_seq2seq.ipynb) (recurrent networks).
#
# ## Who bites whom?
# Six words are vectors of eight random numbers, used as query, key and value; each word's output is its weighted average of all six. **Guess before you drag:** if "dog" and "man" change places, what happens to the output of "bites"?

# %% jupyter={"source_hidden": true}
import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch04 import again, exercise, hint, labs, solution
from chapters.ch04.experiments import WhoDoesIt, multiply_adds
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, heatmap, plot, predict

runtime = course_kit.setup()
draw = torch.Generator().manual_seed(0)
vectors = {
    word: torch.randn(8, generator=draw)
    for word in "the dog bites man cat sees bear .".split()
}
sentence = "the dog bites the man .".split()
X = torch.stack([vectors[word] for word in sentence])  # [6, 8]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.shuffle(
    X,
    sentence,
    title="Whose output changes when words change places?",
    caption="Each row is a word: its weights on all six, and its [output|output]. "
    "Drag “dog” to the place of “man”, and see which outputs change.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# Nothing happens. Each output moves along with its word, unchanged, so "bites" cannot tell who bites: attention compares vectors, and a word's position is not in its vector.
#
# </details>
#
# How does a word's position come in?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# There are two ways to tell a word's position: you *add* a vector to the word, or you *turn* its query and its key.
#
# | | added | turned |
# |---|---|---|
# | | words | words |
# | | **words + P** | q, k, v |
# | | q, k, v | **q and k, turned** |
# | | scores q · k | scores q · k |
# | **examples** | sinusoidal, learned | rotary |
#
# Both keep the shape:

# %% tags=["nbval-check-output"]
from course_utils import positions, rotary as turning

words = torch.randn(2, 6, 8)  # two sentences of six words
added = positions.SinusoidalPositions(context=50, size=8)(words)
turned = turning.rotary(words, torch.arange(6))
print("added", tuple(added.shape), " turned", tuple(turned.shape))

# %% [markdown]
# Here $T$ counts words and $D$ features.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: what attention gives, and what it costs
# <a id="path-length"></a><a id="convolution"></a>
# How much do three layers multiply for $n$ words of $d$ features, how many steps wait for one another, and how many lie between the first word and the last (the **path length**)?
#
# | layer | multiplications | steps in a row | path |
# |---|---|---|---|
# | **recurrent**: one matrix for each word, one for each state | $2nd^2$ | $n$ | about $n$ |
# | **convolution**: a small *kernel* reads each word and the $k-1$ before it | $k\,nd^2$ | 1 | about $n/(k-1)$ |
# | **attention**: four matrices for each word, then scores and averages | $4nd^2+2n^2d$ | 1 | 1 |
#
# The scores, $[n,d]$ times $[d,n]$, take $n^2d$ multiplications, and so do the averages, $[n,n]$ times $[n,d]$. *Dilated* convolutions, which skip words, shorten the path to about $\log n$ layers.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
lengths = [3, 9, 15, 21, 27]
paths = {
    "recurrent": [n - 1 for n in lengths],
    "convolution, k = 3": [n // 2 for n in lengths],  # two words further with each layer
    "dilated, k = 3": [1 + (n > 3) + (n > 9) for n in lengths],  # 2 words back, then 8, then 26
    "self-attention": [1 for n in lengths],
}
plot.bars(
    list(paths),
    torch.tensor(list(paths.values())).T,
    along=("words in the sentence", lengths, 9),
    ylabel="steps from the last word to the first",
    digits=0,
    title="How far is the first word from the last?",
    caption="Make the sentence longer: when does the dilated convolution need a third layer?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
for name, spread in {"convolution, k = 3": 1, "dilated, k = 3": 3}.items():  # walked, layer by layer
    for n, path in zip(lengths, paths[name], strict=True):
        at, layer = {n - 1}, 0
        while 0 not in at:
            at = {i - m * spread**layer for i in at for m in range(3) if i >= m * spread**layer}
            layer += 1
        assert layer == path, (name, n, layer)
attention, plain = (multiply_adds(kind, 30, 512) for kind in ("attention", "recurrent"))
assert round(attention / plain, 2) == 2.06 and attention == 4 * 30 * 512**2 + 2 * 30**2 * 512
assert all(multiply_adds("attention", n, d) > 2 * multiply_adds("recurrent", n, d) for n in (1, 30, 4096) for d in (8, 512))
assert multiply_adds("attention", 512, 512) == 3 * multiply_adds("recurrent", 512, 512)

# %% [markdown]
# So attention always multiplies more than a plain recurrent layer, 2.06 times as much for 30 words of 512 features, but while $n<d$ less than a GRU, which has six matrices. What it buys are short paths, and work in which nothing waits. The other price is the order.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: shuffle it
# <a id="equivariant"></a><a id="invariant"></a><a id="self-attention"></a>
# A layer is **equivariant** if shuffling its input shuffles its output in the same way, and **invariant** if its output stays the same. Here is chapter 2's self-attention, yours if you solved it:

# %%
from mine import SelfAttention

# %% slideshow={"point": ["Z, shuffled"]}
layer = SelfAttention(8, 8, 8)
order = torch.tensor([4, 2, 0, 5, 1, 3])
with torch.no_grad():
    Z, shuffled = (layer(x[None])[0][0] for x in (X, X[order]))
print("equivariant:", torch.allclose(shuffled, Z[order], atol=1e-5))
print("invariant:  ", torch.allclose(shuffled, Z, atol=1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(shuffled, Z[order], atol=1e-5) and not torch.allclose(shuffled, Z, atol=1e-5)
assert torch.allclose(shuffled.mean(0), Z.mean(0), atol=1e-5)

# %% [markdown]
# Here is the proof. To shuffle the words is to multiply $X$ by a matrix $\Pi$ with one 1 in each row and each column.
#
# 1. Each word makes its own query, key and value, so $Q$, $K$, $V$ become $\Pi Q$, $\Pi K$, $\Pi V$.
# 2. The scores $S=QK^\top/\sqrt d$ become $\Pi Q(\Pi K)^\top/\sqrt d=\Pi S\Pi^\top$: their rows and columns are shuffled.
# 3. Softmax works on each row, whatever the order in it, so the weights $A$ become $\Pi A\Pi^\top$.
# 4. A transposed shuffle undoes the shuffle, $\Pi^\top\Pi=I$. So the output is $\;\Pi A\Pi^\top\,\Pi V=\Pi\,AV=\Pi Z$.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "With chapter 2's causal mask, each word attends only to itself and to the words "
    "before it. Is attention still equivariant?",
    ["yes", "no, every output depends on the order", "no, but the last output does not"],
    answer=2,
    because="The first word sees only itself, wherever it came from, so the outputs do "
    "more than move. But the last word still averages all six, in whatever order.",
)

# %%
from course_utils.attention import causal_mask

with torch.no_grad():
    C, moved = (layer(x[None], causal_mask(6))[0][0] for x in (X, X[[4, 2, 0, 3, 1, 5]]))
print("equivariant:", torch.allclose(moved, C[[4, 2, 0, 3, 1, 5]], atol=1e-5))
print("as before, at each place:", torch.isclose(moved, C, atol=1e-5).all(-1).tolist())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not torch.allclose(moved, C[[4, 2, 0, 3, 1, 5]], atol=1e-5) and torch.allclose(moved[-1], C[-1], atol=1e-5)
causal = results.load("positions_causal")
assert all(0.27 < x < 0.33 for x in causal["right"]["1"]) and min(causal["right"]["3"]) > 0.9 and len(causal["seeds"]) == 3

# %% [markdown] tags=["keep"]
# So a causal decoder, such as a GPT, is not blind to the order even without positions: the first word averages one value, the last six, and a second layer can use that. Large causal language models without positions did almost as well as with them (Haviv et al., 2022). In our small trial, finding the letter two back in texts of 20, such decoders were right in about 30 % with one layer and over 90 % with three. <!-- source: Haviv et al. 2022, table 1 -->
#
# **Keep this:** attention without positions and without a mask treats a sentence as a *bag of words*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: can training help?
# A small model reads a sentence and says *who does it*, one of ten nouns. It is tested on *twins* that it has not seen: "the dog bites the man" and "the man bites the dog".

# %% tags=["definition"]
# chapters.ch04.experiments: Reader

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "However long it is trained, what share of the held-out sentences can it answer "
    "correctly at best?",
    ["nearly all", "exactly half", "one in ten, by chance"],
    answer=1,
    because="The model can find the two nouns. But it gives a sentence and its twin the "
    "same answer, which is right for at most one of them.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
who = WhoDoesIt()
torch.manual_seed(0)
blind = Reader(len(who.words), len(who.nouns))

def held_out(model):
    return {"held-out right": who.right(model)}

run = who.train(blind, show=True, title="How much can it learn?", every=10,
                evaluate=held_out, higher_is_better=True, compare={"guessing": 0.1})

# %%
for text in ["the dog bites the man .", "the man bites the dog ."]:
    found = who.answers(blind, text)
    print(text, {noun: round(found[noun], 3) for noun in ("dog", "man", "cat")})
print(f"right: {who.right(blind):.0%} of {len(who.test)} held-out sentences")
print("mean is invariant:", torch.allclose(shuffled.mean(0), Z.mean(0), atol=1e-5))

# %% jupyter={"source_hidden": true} tags=["asserts"]
dog, man = (who.answers(blind, text) for text in ("the dog bites the man .", "the man bites the dog ."))
assert all(abs(dog[noun] - man[noun]) < 1e-4 for noun in dog) and who.right(blind) <= 0.5 and len(who.nouns) == 10

# %% [markdown]
# More data or layers cannot help: a stack of equivariant layers is equivariant, and the mean of the outputs is invariant. The order has to be put in. `who.train` is chapter 3's `fit`, in `chapters/ch04/experiments.py`.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: a clock with many hands
# <a id="positional-encoding"></a><a id="sinusoidal"></a>
# The simplest way is to add a vector $P_i$ for position $i$, counted from 0: the **positional encoding**. The number $i$ itself would soon be much larger than a word's features: position 500 would add 500 to features near 1. But written in binary, 500 is 111110100, nine digits of which none is larger than 1. Count:

# %% tags=["nbval-check-output"]
print("\n".join(f"{i:2}  {i:04b}" for i in range(6)))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert int(f"{500:b}") == 111110100 and len(f"{500:b}") == 9

# %% [markdown]
# The last digit flips at every step, the one before it at every second, the third at every fourth. Together they name every number. Binary digits jump; smooth waves, fast ones and slow ones, do the same job. From position 20 to 21, which columns change most?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.sinusoid()

# %% [markdown] slideshow={"point": ["P[:, 0::2]"]} tags=["card"]
# <details><summary>Answer</summary>
#
# Most of the first ones, on the left, because they hold the fast waves, like the last digit. Column 0 is an exception, because its sine is at a crest.
#
# </details>
#
# The $D$ columns form pairs $j=0,1,\dots$, and the sine and the cosine of a pair share the frequency $\omega_j$:
#
# $$ P_{i,2j}=\sin(i\,\omega_j),\qquad P_{i,2j+1}=\cos(i\,\omega_j),\qquad \omega_j=10000^{-2j/D} $$
#
# The fastest pair almost repeats after $2\pi\approx 6$ positions; with 128 columns, the slowest repeats only after 54,000.
#
# ### Exercise 1 ●●○ · 8 minutes
# Write the table, a row for each position.
#
# <!-- example: sinusoidal encoding -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("sinusoidal encoding")
def sinusoidal_encoding(length, size):
    """length T, size D (even) -> P [T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: sinusoidal encoding -->
#
# This module adds your table to the words, has no parameters, and makes more rows for a longer text. `first` is for chapter 7.

# %% tags=["definition"]
# course_utils.positions: frequencies, SinusoidalPositions

# %% jupyter={"source_hidden": true} tags=["asserts"]
P = sinusoidal_encoding(50, 128).float()
assert 54_000 < 2 * torch.pi / frequencies(128)[-1] < 55_000 and P.abs().max() <= 1
assert (P[21] - P[20]).abs().argmax() == 1 and (P[21] - P[20])[0].abs() < 0.1 and P[20, 0] > 0.9 and len(P.round(decimals=3).unique(dim=0)) == 50
assert sum(p.numel() for p in SinusoidalPositions(50, 128).parameters()) == 0

# %% [markdown]
# Does it help? The same reader, with positions added to its words:

# %% slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
sighted = Reader(len(who.words), len(who.nouns), SinusoidalPositions(50, 16))
who.train(sighted)
print(f"right: {who.right(sighted):.0%} of the held-out sentences")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert who.right(sighted) > 0.9 and next(iter(who.answers(sighted, "the dog bites the man ."))) == "dog"

# %% [markdown]
# Now it tells the twins apart. The answer is always the second word, so it is enough to attend to that position. Try both readers:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
from IPython.display import display

# live=True and view.observe: inside
display(*labs.who_does_it(who, sighted, blind, "the dog bites the man ."))

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a step is a rotation
# <a id="shift"></a>
# Why do the waves come in pairs? Because a sine and its cosine are a point on a circle, and each step in the text turns this point.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.rotation()

# %% [markdown]
# For each pair, the formulae for the sine and the cosine of a sum give
#
# $$ \sin(i\omega+\delta\omega)=\cos\delta\omega\,\sin i\omega+\sin\delta\omega\,\cos i\omega $$
#
# $$ \cos(i\omega+\delta\omega)=-\sin\delta\omega\,\sin i\omega+\cos\delta\omega\,\cos i\omega $$
#
# $$ \begin{pmatrix}\sin(i+\delta)\omega\\ \cos(i+\delta)\omega\end{pmatrix}=\begin{pmatrix}\cos\delta\omega&\sin\delta\omega\\-\sin\delta\omega&\cos\delta\omega\end{pmatrix}\begin{pmatrix}\sin i\omega\\ \cos i\omega\end{pmatrix} $$
#
# There is no $i$ in the matrix. With a block for each pair on its diagonal, one matrix $R(\delta)$ moves every position $\delta$ steps on: $P_{i+\delta}=R(\delta)\,P_i$, where $P_i$ is a column.

# %% tags=["definition"]
# course_utils.positions: shift_matrix

# %% [markdown]
# So a layer can find "the word three positions back". Leave the words out, and score positions alone: $P_i\cdot P_m=\sum_j\cos\big((i-m)\,\omega_j\big)$ is largest at $m=i$, where all cosines are 1.
#
# Now let $W_Q=R(3)$. In code positions are rows, and a row times $R$ is turned by $R^\top$, the opposite turn: three *back*. So each query scores highest three positions before its own:

# %%
P = sinusoidal_encoding(20, 32).float()  # [20, 32]
R = shift_matrix(3, 32).float()
scores = {"P Pᵀ": P @ P.T, "P R(3) Pᵀ": P @ R @ P.T}  # rows: queries, columns: keys
back = scores["P R(3) Pᵀ"][3:].argmax(-1) == torch.arange(17)
print("largest score three back, in all rows from 3 on:", back.all().item())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(P[:-3] @ R.T, P[3:], atol=1e-4) and (scores["P Pᵀ"].argmax(-1) == torch.arange(20)).all()
assert (scores["P R(3) Pᵀ"][3:].argmax(-1) == torch.arange(17)).all()

# %% [markdown] tags=["keep"]
# **Keep this:** a position is a row of wave values, and a step in the text turns each pair of them.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card", "core"]
# ## Six: turn instead of add
# <a id="rotary"></a><a id="relative"></a>
# **Rotary** positions (Su et al., 2021), common in language models, add nothing. Every layer turns its queries and keys, but not its values: each pair of features is a point in the plane, and is turned by its position times the pair's frequency.
#
# Follow one pair that turns by 30° at each position, with query $(2,0)$ and key $(1,0)$. At positions 7 and 5 they point to 210° and 150°, which are 60° apart, so the score is $2\cdot1\cdot\cos60°=1$.
#
# ### Exercise 2 ●●○ · 8 minutes
# Write this turn. A pair $(a,b)$ of neighbouring features, turned by $\varphi$, becomes $(a\cos\varphi-b\sin\varphi,\;a\sin\varphi+b\cos\varphi)$. In front of $[T,d]$ there may be a batch, or heads.
#
# <!-- example: rotary -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("rotary")
def rotary(x, positions):
    """x [..., T, d], positions [T] -> x with each pair of features turned;
    frequencies(d) [d / 2] is given"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: rotary -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Query and key move on, from positions 7 and 5 to 47 and 45. What happens to the "
    "score?",
    ["it grows", "it shrinks", "it stays"],
    answer=2,
    because="They point to 1410° and 1350°, again 60° apart. Query and key turn on by "
    "the same angle, so only their distance counts.",
)

# %% slideshow={"point": ["return (rotary"]}
torch.manual_seed(0)
q, k = torch.randn(2, 1, 16)

def score(i, m):
    """The product of one query at position i with one key at position m."""
    return (rotary(q, torch.tensor([i])) @ rotary(k, torch.tensor([m])).T).item()

for i, m in [(7, 5), (47, 45), (7, 4)]:
    print(f"positions {i} and {m}: {score(i, m):.3f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(score(7, 5) - score(47, 45)) < 1e-3 and abs(score(7, 5) - score(7, 4)) > 1e-3
query, key, sixth = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.pi / 6
assert all(abs(rotary(query, torch.tensor([i * sixth])) @ rotary(key, torch.tensor([m * sixth])).T - 1) < 1e-3 for i, m in ((7, 5), (47, 45)))
assert (30 * 7, 30 * 5, 30 * 47, 30 * 45) == (210, 150, 1410, 1350) and 210 - 150 == 60

# %% [markdown]
# Such positions are **relative**: the score knows how far apart two words are, and in which direction, but not where they are. With *added* positions the score has four parts, $q\cdot k$, $q\cdot P_m$, $P_i\cdot k$ and $P_i\cdot P_m$, and at least the two in the middle change when both words move on.
#
# We pair neighbouring features, as in the paper; the `transformers` library's Llama pairs feature $j$ with $j+d/2$. A model can learn with either, but parameters trained with one give nonsense with the other, without an error message.

# %% jupyter={"source_hidden": true} tags=["asserts"]
halves = torch.cat([torch.arange(0, 16, 2), torch.arange(1, 16, 2)])  # half-split number n is interleaved number halves[n]

def half_split(x, at):
    angle = (at[:, None] * frequencies(16)).float()
    a, b = x.chunk(2, -1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)

at = torch.tensor([7])
assert torch.allclose(half_split(q[:, halves], at), rotary(q, at)[:, halves], atol=1e-5)
assert not torch.allclose(half_split(q, at) @ half_split(k, at - 2).T, rotary(q, at) @ rotary(k, at - 2).T, atol=1e-3)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Seven: longer than anything it saw
# <a id="learned-positions"></a><a id="extrapolation"></a>
# A third way needs no idea at all: let each position's vector be *learned*, as in chapter 6's BERT.

# %% tags=["definition"]
# course_utils.positions: LearnedPositions

# %% [markdown]
# Which of the three still works in texts that are longer than those in training? The task is random letters: at each position, output *the letter two positions back*. This model, with one attention layer, learns it from texts of 20 letters, and then reads texts of 60.

# %% tags=["definition"]
# chapters.ch04.kept.positions: LetterReader

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In texts of 20 letters, all but “none” are right. Which of them is still right at "
    "position 50 of a text of 60?",
    ["learned", "sinusoidal", "rotary", "all three"],
    answer=2,
    because="With rotary, positions enter a score only through the distance, so the "
    "score of the letter two back stays as in training. "
    "Learned vectors beyond 19 are untrained, and the layer has never met the sinusoids "
    "beyond 19.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
recorded = results.load("positions_order")
curves = {
    kind: (range(2, 60), [100 * x for x in recorded["kinds"][kind]["by_place"]])
    for kind in ("rotary", "sinusoidal", "learned", "none")
}
plot.lines(
    curves,
    "position",
    "right, %",
    title="Which positions still work beyond 20?",
    mark=(20, ""),
    start=33,
    caption=from_cell(
        "Dashed: training texts ended there. Texts of 60 letters, means of "
        "{count} seeds. {about}", count=len(recorded['seeds']), about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
mean = {what: {kind: sum(k[what]) / len(k[what]) for kind, k in recorded["kinds"].items()} for what in ("inside", "beyond")}
assert min(mean["inside"][kind] for kind in ("learned", "sinusoidal", "rotary")) > 0.95 and 0.1 < mean["inside"]["none"] < 0.3
assert mean["beyond"]["rotary"] > 0.9 and mean["beyond"]["sinusoidal"] < 0.6 and mean["beyond"]["learned"] < 0.25
far = results.load("positions_lengths")
reach = [{length: seed[i] for i, length in enumerate(far["lengths"][1:])} for seed in far["late"]]
assert all(seed[60] > 0.9 and seed[640] < 0.65 for seed in reach) and len(reach) == 5
assert [round(100 * f(seed[160] for seed in reach)) for f in (min, max)] == [59, 96]

# %% [markdown] tags=["keep"]
# Learned positions fail at once. The sinusoids need no training, but they fail, too, because the layer that reads them was trained on the first twenty only. Rotary positions hold at three times the trained length, over 90 % with each of five seeds. But in 160 letters these are right in 59 to 96 %, in 640 in under 65 %.
#
# But this is one small layer and one easy task. *Language models with rotary positions usually fail soon after the trained length*, unless positions are rescaled ([the annex](04_positional_encoding_annex.ipynb#How-far-does-rotary-reach?)).
#
# **Keep this:** a formula for every position does not make a *trained model* work at every position.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So who tells attention the order?
# Nobody, unless you do, or a causal mask does a part of it. Without positions our reader was right in at most half of the twins, and with them in over nine of ten.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert who.right(blind) <= 0.5 and who.right(sighted) > 0.9

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes all three into one file. `python -m mine.positions` trains each on the letters, and reads texts twice as long.

# %%
from course_kit.mine import keep

keep("positions")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. In attention any word is one step from any other, and nothing waits; the price is n² pairs.
# 2. Without positions and mask it is equivariant: shuffle the words, and the outputs move along. A sentence is a bag of words.
# 3. Sinusoids: fast and slow waves in pairs, added to the words. A step is the same rotation everywhere.
# 4. Rotary: queries and keys are turned, so of the positions a score knows only the distance.
# 5. Beyond the trained length, learned positions fail at once. In our small task sinusoids failed soon and rotary later; in language models rotary, too, usually fails soon.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](04_positional_encoding_annex.ipynb#open-questions).
# 1. *Explain:* sinusoids have no parameters and never run out. Why does a model with them still fail in long texts?
# 2. *Design an experiment:* how many layers does a causal decoder without positions need to tell the order?
# 3. *Why not* use the number $i/T$ as the position?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [self-attention](#self-attention) | 自注意力 | words of one sentence attend to each other |
# | [convolution](#convolution) | 卷积 | one small kernel slides along the words |
# | [path length](#path-length) | 路径长度 | steps from one word to another |
# | [permutation equivariant](#equivariant) | 置换等变 | outputs move with the words |
# | [permutation invariant](#invariant) | 置换不变 | the output stays as it is |
# | [positional encoding](#positional-encoding) | 位置编码 | a vector that tells a word's position |
# | [sinusoidal encoding](#sinusoidal) | 正弦位置编码 | waves, fast and slow |
# | [learned positions](#learned-positions) | 可学习的位置嵌入 | a trained vector for each position |
# | [rotary positions](#rotary) | 旋转位置编码 | queries and keys are turned |
# | [relative positions](#relative) | 相对位置 | how far apart two words are, not where |
# | [extrapolation](#extrapolation) | 外推 | use beyond the trained range |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(4)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: a whole translator of nothing but this
# Chapter 5 stacks several attentions and a small network into a translator without recurrence, the Transformer.
#
# **→ [5 · What can attention do alone?](05_transformer.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](04_positional_encoding_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 4, edition 0.4.0, and the heading above it.*
