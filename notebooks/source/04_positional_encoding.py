# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 4 · Who tells attention the order?
# *Self-attention and positional encoding.* **By the end** you will have written self-attention, shown that it cannot tell "dog bites man" from "man bites dog", given words their positions, measured how far three kinds of positions work beyond the trained length, and counted what attention costs. <!-- minutes --> **Before:** [chapter 2](02_scoring_functions.ipynb) and [chapter 3](03_seq2seq.ipynb).

# %%
import torch
import course_kit
from chapters.ch04 import labs
from course_kit.views import heatmap, plot, predict
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who bites whom?
# Below, each of six words is a vector of eight random numbers, used as query, key and value. Each word attends to all six, and its *output* is their weighted average. **Guess before you look on:** if "dog" and "man" change places, what happens to the output of "bites"?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
draw = torch.Generator().manual_seed(0)
vectors = {word: torch.randn(8, generator=draw) for word in "the dog bites man cat sees bear .".split()}
sentence = "the dog bites the man .".split()
X = torch.stack([vectors[word] for word in sentence])  # [6, 8]
labs.shuffle(X, sentence, order=[0, 4, 2, 3, 1, 5],
             title="Without positions, each output moves with its word, unchanged",
             caption="“dog” and “man” have changed places. Left: each row is a word’s weights on all six. Right: that "
             "word’s [output|output]; “same”, or 0.00, means that no number in it has changed. Drag other words, too.")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nothing happens: "bites" has the same output as before, so this output cannot tell who bites.
#
# **Keep this:** attention compares word vectors, and a word's position is not in its vector.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# Answer before you unfold.
#
# 1. Attention pooling averages over examples (key, value). You shuffle the examples. How does the estimate change?
# 2. An encoder reads a sentence from both ends. Which words are farthest from the decoder, and what does attention change?
# 3. The weights of an average are at least 0 and sum to 1. Where must the average lie?
#
# <details><summary>Answers</summary>
#
# 1. The estimate does not change, because a sum has no order.
# 2. The words in the middle are farthest. With attention, every word is one step away.
# 3. The average lies in the convex hull of the averaged values.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Words attend to each other
# <a id="self-attention"></a><a id="cross-attention"></a>
# In chapter 3, the decoder's states attended to the encoder's states. This is **cross-attention**. In **self-attention**, the words of *one* sentence attend to each other. In "The animal didn't cross the street because it was too tired", "it" can find "animal" in one step. The $T$ words are the rows of $X$, each of $D$ numbers. Three learned matrices turn each word into a query and a key, of $d$ numbers each, and a value. Queries and keys give the weights $A$; weights and values give the outputs $Z$:
#
# $$ {\color{#bf5f00}{Q}}=XW_Q,\quad {\color{#007fc6}{K}}=XW_K,\quad {\color{#008a67}{V}}=XW_V,\qquad {\color{#bb51a8}{Z}}=A\,{\color{#008a67}{V}},\quad A=\mathrm{softmax}\!\left({\color{#bf5f00}{Q}}{\color{#007fc6}{K}}^\top/\sqrt d\right) $$

# %% [markdown]
# In cross-attention, the queries come from one sequence, $Y$, and the keys and values from another, $H$. The trained translator of chapter 5, a *Transformer*, uses both kinds, each with its own matrices:

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
from course_utils.checkpoints import load_checkpoint
from course_kit.views import Table
from course_utils.heads import attention_weights
from course_utils.text import BOS

trained = load_checkpoint("transformer-grammar")
english, french = "we live in the european economic area .".split(), "nous vivons dans la zone économique européenne .".split()
X_ids, Y_ids = torch.tensor([trained.source.encode(english)]), torch.tensor([[BOS, *trained.target.encode(french)]])
with torch.no_grad(), attention_weights(trained.model) as seen:
    trained.model(X_ids, Y_ids)
own, cross = seen["encoder"][0][0].mean(0), seen["cross"][-1][0].mean(0)  # means of the heads, [8, 8] and [9, 8]
sides = {"self-attention": ("X W_Q", "X W_K, X W_V", "the English words", "the English words", own),
         "cross-attention": ("Y W′_Q", "H W′_K, H W′_V", "the decoder’s states at <bos> and the French words", "the encoder’s outputs for the English words", cross)}
Table([{"": kind, "Q": Q, "K, V": KV, "queries (rows)": queries, "keys (columns)": keys, "weights": " × ".join(map(str, A.shape))}
       for kind, (Q, KV, queries, keys, A) in sides.items()])

# %% [markdown]
# A layer's *heads* are several attentions side by side. The map shows the mean of their weights. To which word does “european” attend most?

# %% slideshow={"slide_type": "subslide"}
heatmap(own, english, english, title="Self-attention: to which words does each English word attend?",
        caption="Rows are queries and columns are keys, both from the same words. First layer.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert cross.shape == (9, 8) and own.shape == (8, 8)
assert [english[own[english.index(w)].argmax()] for w in ("european", "the")] == ["area", "."]

# %% [markdown]
# “european” attends most to “area”, the noun that it describes. Other rows are harder to explain: “the” attends most to the full stop.
#
# The learned matrices have the same size for any number of words, so one layer reads sentences of any length.
#
# ### Exercise 1 ●○○ · 5 minutes
# Write self-attention for one sentence.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch04 import again, exercise, find_error, hint, solution

@exercise("self-attention")
def self_attention(X, WQ, WK, WV):
    """X [T, D], WQ and WK [D, d], WV [D, e] -> output [T, e], weights [T, T]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Shuffle it
# <a id="equivariant"></a><a id="invariant"></a>
# A layer is **equivariant** if shuffling its input shuffles its output in the same way, and **invariant** if its output does not change. In the first lab, without learned matrices, the outputs moved with their words. Does this hold for every order, and with $W_Q$, $W_K$ and $W_V$?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Self-attention turns X into Z. Now the words come in another order, X[order]. What comes out?",
    ["Z", "Z[order]", "something else"],
    answer=1,
    because="The output vectors are the same, but in the new order: each row moved with its word.",
)

# %% [markdown]
# Shuffling words, as `X[order]` does, is multiplying $X$ by a matrix $\Pi$ that has one 1 in each row and each column, and zeros elsewhere. Follow $\Pi X$ through the layer:
#
# 1. Each word makes its own query, key and value, so $Q$ becomes $(\Pi X)W_Q=\Pi Q$, and likewise $K$ and $V$.
# 2. The scores $S=QK^\top/\sqrt d$ become $\Pi Q(\Pi K)^\top/\sqrt d=\Pi S\Pi^\top$: the rows and columns of $S$ are shuffled.
# 3. Softmax divides each exponential by the sum of its row, and no shuffle changes this sum. So $A$ becomes $\Pi A\Pi^\top$.
# 4. Transposing $\Pi$ undoes the shuffle, $\Pi^\top\Pi=I$, so the output is
#
# $$ \Pi A\Pi^\top\,\Pi V=\Pi\,AV=\Pi Z. $$

# %%
order = torch.tensor([4, 2, 0, 5, 1, 3])
WQ, WK = torch.randn(2, 8, 8, generator=draw)
Z, shuffled = (self_attention(x, WQ, WK, torch.eye(8))[0] for x in (X, X[order]))
assert torch.allclose(shuffled, Z[order], atol=1e-5)  # the outputs move along: equivariant
assert not torch.allclose(shuffled, Z, atol=0.1)  # they are not the same: not invariant
assert torch.allclose(shuffled.mean(0), Z.mean(0), atol=1e-5)  # their mean stays the same: invariant

# %% [markdown]
# Self-attention is equivariant, so the mean of its outputs is invariant.
#
# ### Find the error ●●○ · 4 minutes
# A widely used slide argues in four steps, and one of them is wrong:
#
# 1. Self-attention compares every word with every other.
# 2. A word's position plays no part in its scores.
# 3. So self-attention is permutation invariant: shuffle the words, and the output stays the same.
# 4. If each word's vector also held its position, attention could use the order.
#
# Write the test that settles it, for any layer.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@find_error("claims 4.4")
def under_shuffling(layer, x, order):
    """layer: [T, D] -> tensor, x [T, D], order [T] -> "invariant", "equivariant" or "neither" """
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A reader without positions
# Can training help? A small model reads sentences and answers *who does it?* with one of ten nouns. It has word vectors, one self-attention layer, the mean of its outputs, and a linear layer. It is tested on *twins*, held-out pairs such as "the dog bites the man" and "the man bites the dog".

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "However long it is trained, what share of the held-out sentences can it answer correctly at best?",
    ["nearly all", "exactly half", "one in ten, by chance"],
    answer=1,
    because="The model can find the two nouns. But it gives a sentence and its twin the same answer, which is right for at most one of them.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch04.experiments import WhoDoesIt

who = WhoDoesIt()
blind = who.model("none")
blind_run = who.train(blind, show=True, title="without positions", evaluate=lambda model: {"held-out right": who.right(model)},
                      higher_is_better=True, every=25)

# %%
twins = ["the dog bites the man .", "the man bites the dog ."]
dog, man = (who.answers(blind, text) for text in twins)
Table([{"sentence": text, **{f"{noun}": round(p[noun], 3) for noun in ("dog", "man", "cat")}} for text, p in zip(twins, (dog, man), strict=True)],
      f"Who does it? Probabilities, without positions. Right: {who.right(blind):.0%} of {len(who.test)} held-out sentences.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(abs(dog[noun] - man[noun]) < 1e-4 for noun in dog) and who.right(blind) <= 0.5
assert set(twins) <= set(who.test) and len(who.nouns) == 10

# %% [markdown]
# More data, layers or training cannot help: twins are shuffles of each other, a stack of such layers is equivariant as well, and the mean of its outputs is invariant.
#
# **Keep this:** with neither positions nor a causal mask, attention treats a sentence as a *bag of words*, which has no order.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: does a mask tell the order?
# With a causal mask (chapter 2), each word attends only to itself and the words before it. **Guess:** without positions, is attention still equivariant?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.attention import causal_mask, scaled_dot_product_attention

masked, after = (scaled_dot_product_attention(x, x, x, causal_mask(6))[0] for x in (X, X[order]))
assert not torch.allclose(after, masked[order], atol=0.1)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# No. The first word attends only to itself, but the last word attends to all six. With one layer, the last output still does not depend on the order of the earlier words. With several layers, a decoder can learn some order from its mask alone (Haviv et al., 2022).
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Give each word its position
# <a id="positional-encoding"></a>
# The simplest way to tell attention the order is to put the position into the vectors: $x_i+P_i$. Here $P_i$ is the **positional encoding** of position $i$, counted from 0.
#
# Could $P_i$ be $i$ itself? The number $i$ soon becomes much larger than a word's features, but the binary digits of $i$ stay small:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Count 0, 1, 10, 11, 100 … The last digit flips at every step. How long does the third from the right keep its value?",
    ["2 steps", "4 steps", "8 steps"],
    answer=1,
    because="Each digit flips half as often as the one to its right. Together the digits name every number, and each digit is only 0 or 1.",
)

# %% [markdown]
# On the right, binary digits jump. On the left, smooth waves do the same job. Choose position 20, then 21: which columns change most?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.sinusoid(max_length=50, model_size=128)

# %% [markdown]
# <a id="sinusoidal"></a>
# From position 20 to 21, the fast waves on the left and the last binary digit change most.
#
# The $D$ columns form pairs $j=0,1,\dots$, and the sine and the cosine of a pair share the frequency $\omega_j$:
#
# $$ P_{i,2j}=\sin(i\,\omega_j),\qquad P_{i,2j+1}=\cos(i\,\omega_j),\qquad \omega_j=10000^{-2j/D} $$
#
# Neighbouring positions differ most in the fastest pair. But this pair almost repeats its values after $2\pi\approx 6$ positions, so slower pairs are needed to tell distant positions clearly apart.
#
# **Why 10,000?** With 128 columns, the slowest pair repeats only after 54,000 positions, so this pair alone has different values at all positions of a sentence. With 10 instead, even the slowest pair almost repeats at position 61: $(0.04,1.00)$ is nearly its value at position 0, $(0,1)$. The whole rows at 0 and 61 still differ, so 10,000 is a choice, not a necessity.

# %% [markdown]
# ### Exercise 2 ●●○ · 6 minutes
# Write the table, a row for each position.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("sinusoidal encoding")
def sinusoidal(length, model_size):
    """length, model_size D (even) -> P [length, D]"""
    raise NotImplementedError

# %% tags=["nbval-check-output"]
from course_utils.positions import LearnedPositions, SinusoidalPositions, frequencies

P = sinusoidal(50, 128).float()
assert P.abs().max() <= 1 and len(P.round(decimals=3).unique(dim=0)) == 50  # small values, and no two rows alike
assert torch.allclose(P.norm(dim=-1), torch.tensor(8.0), atol=1e-4)  # sin² + cos² = 1, 64 times: all are equally long
print(tuple(P.shape), "one row for each position, the same for every word")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 54_000 < 2 * torch.pi / frequencies(128)[-1] < 55_000
assert ((P[1:] - P[:-1]).unflatten(1, (-1, 2)).norm(dim=-1).argmax(-1) == 0).all()  # neighbours: most in the first pair
assert (P[21] - P[20]).abs().argmax() == 1
assert 60 < 2 * torch.pi * 10 ** (126 / 128) < 61  # base 10: the slowest of 64 pairs
assert abs((slow := torch.tensor(61 * 10 ** (-126 / 128))).sin() - 0.04) < 0.005 and abs(slow.cos() - 1) < 0.005
assert torch.cos(61 * 10 ** (-torch.arange(64) / 64)).mean() < 0.05  # base 10: the cosine of rows 0 and 61

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A step is a rotation
# <a id="shift"></a>
# Why do the waves come in pairs? A sine and its cosine are a point on a circle, and each step in the text turns this point.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A rotation takes one pair of columns from position 5 to 8. Which rotation takes it from position 30 to 33?",
    ["the same", "its inverse", "one that depends on the sentence"],
    answer=0,
    because="A step of three positions is the same angle everywhere, and the rotation depends only on this angle.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.rotation(model_size=128, max_length=50)

# %% [markdown]
# By the angle-sum formulae, the rotation depends on the step $\delta$, not on the position:
#
# $$ \sin\big((i+\delta)\omega\big)=\cos\delta\omega\,\sin i\omega+\sin\delta\omega\,\cos i\omega $$
#
# $$ \cos\big((i+\delta)\omega\big)=-\sin\delta\omega\,\sin i\omega+\cos\delta\omega\,\cos i\omega $$

# %% [markdown]
# The two lines are a $2\times 2$ matrix times the column $(\sin i\omega,\cos i\omega)$. For a whole encoding, also as a column, $R(\delta)$ has such a block on its diagonal for each pair:
#
# $$ P_{i+\delta}=R(\delta)\,P_i\quad\text{for all } i,\qquad R(\delta)\text{ made of }\begin{pmatrix}\cos\delta\omega_j&\sin\delta\omega_j\\-\sin\delta\omega_j&\cos\delta\omega_j\end{pmatrix} $$

# %% [markdown]
# ### Exercise 3 ●●○ · 6 minutes
# Write $R(\delta)$.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("shift matrix")
def shift(offset, model_size):
    """offset, model_size D -> R [D, D] with P[i + offset] = R @ P[i] for all i; frequencies(D) [D / 2] is given"""
    raise NotImplementedError

# %%
R = shift(3, 128).float()
assert torch.allclose(P[:-3] @ R.T, P[3:], atol=1e-4)  # one matrix, all 47 pairs of positions
assert torch.allclose(R @ R.T, torch.eye(128), atol=1e-5)  # a rotation changes no length

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all((scores[3:].argmax(-1) == torch.arange(47)).all() for scores in ((P @ R) @ P.T, P @ (P @ R.T).T))  # three back
assert torch.cos(torch.arange(1.0, 50)).max() < 1 == frequencies(128)[0]  # the first cosine is 1 only at m = i - 3
assert ((P @ P.T).argmax(-1) == torch.arange(50)).all() and torch.allclose(shift(-3, 128).float().T, R, atol=1e-6)
assert all(abs(P[i] @ P[m] - torch.cos((i - m) * frequencies(128)).sum()) < 1e-3 for i in (0, 3, 49) for m in range(50))

# %% [markdown]
# How can a layer find "the word three positions back"? Leave the words out, so that only the encodings enter the score of a query at $i$ and a key at $m$. With $W_Q=W_K=I$ this score is the dot product of the two encodings (divided by $\sqrt d$, which does not change which score is highest). Each pair contributes $\sin a\sin b+\cos a\cos b=\cos(a-b)$, where $a=i\,\omega_j$ and $b=m\,\omega_j$:
#
# $$ P_i\cdot P_m=\sum_j\cos\big((i-m)\,\omega_j\big) $$
#
# 1. *Itself.* At $m=i$ all cosines are 1. From $i$ to any other $m$, the first pair turns by $|i-m|$ radians, which is never a whole number of turns, so its cosine is below 1. So each position scores highest with itself.
# 2. *Three back.* So we make the query at $i$ equal to the encoding of position $i-3$. The step $\delta=-3$ does this: $R(-3)\,P_i=P_{i-3}$. For example, a pair that turns by 30° at each position has the angle 210° at position 7 and 120° at position 4. $R(-3)$ turns it back by 90°, from 210° to 120°, so its cosine with the key at 4 becomes 1.
# 3. *As a matrix.* In $XW_Q$ the encodings are rows, so we transpose: $P_{i-3}^\top=P_i^\top R(-3)^\top$. Transposing reverses a rotation: $R(-3)^\top=R(3)$. So with $W_Q=R(3)$ and $W_K=I$, each position from 3 on scores highest with the one three back.
#
# **Keep this:** sinusoids make each position a row of wave values, and a step in the text is the same rotation everywhere.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: how similar are two positions?
# Here are the dot products of three positions with all others. Do the curves differ?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
common = P @ P.T
starts = {f"from position {i}": (range(-i, 50 - i), common[i]) for i in (0, 20, 40)}
plot.lines(starts, "distance δ", "dot product", title="How similar are two positions?",
           caption="The three curves lie on each other, because only the distance counts. Neighbours are similar.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert all(torch.allclose(common.diagonal(d), common[0, d].expand(50 - d), atol=1e-3) for d in range(50))
assert common[0, 0] == common[0].max() and common[0].min() > 30 and common[0, 49] > common[0, 47]  # falls, with ripples
assert torch.allclose(common[0].double(), torch.cos(torch.arange(50)[:, None] * frequencies(128)).sum(1), atol=1e-3)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The sum in the formula above is 64 at distance 0 and falls from there, with ripples. This sum is the same for $\delta$ and $-\delta$, so it does not tell which word comes first. With a rotation in $W_Q$, the score can differ between $\delta$ and $-\delta$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do they go in?
# A flow chart in a widely read article adds the positions after the softmax, to what attention returns: $AV+P$.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "With the flow chart's A V + P, “dog” and “man” change places. What happens to the output of “bites”?",
    ["it changes: P brings the order in", "it stays as it was", "it changes places, too"],
    answer=1,
    because=["P₂ belongs to the position of “bites”, which has not changed.",
             "The weights are decided before P comes in, so the order has no say in them.",
             "“bites” is still the third word, so its output is still in the third row."],
)

# %% [markdown]
# Adding $P$ after attention is too late here, because the outputs $AV$ only move with their words. When "dog" and "man" change places, "bites" keeps its output, and the same $P_2$ is added. The sum still cannot tell who bites.
#
# Now the *who does it?* model gets sinusoids.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
sighted = who.model("sinusoidal")
sighted_run = who.train(sighted, evaluate=lambda model: {"held-out right": who.right(model)}, higher_is_better=True, every=25)
runs = {"with sinusoidal positions": sighted_run, "without positions": blind_run}
plot.lines({name: run.history["held-out right"] for name, run in runs.items()}, "step", "held-out right", title="What do positions change?",
           caption=f"The same model reads the same sentences, with and without sinusoids added to the words. With positions: {sighted_run.message}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert who.right(sighted) > 0.9 and next(iter(who.answers(sighted, twins[0]))) == "dog"

# %% [markdown]
# Adding $P$ does not spoil the words here: the model names the right one of ten nouns almost always. Its word vectors were trained with $P$ added, so they could adapt.
#
# **Guess:** what does each model answer if "dog" and "man" change places?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from IPython.display import display

display(*labs.who_does_it(who, sighted, blind, "the dog bites the man ."))  # live=True and view.observe: inside

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [next(iter(who.answers(sighted, text))) for text in twins] == ["dog", "man"]
assert len({next(iter(who.answers(blind, text))) for text in twins}) == 1
assert {text.split()[1] in who.nouns for text in (*who.training, *who.test)} == {True}
assert all(weights[:, 1].min() > least for weights, least in zip(sighted(who.encode(twins)[0]).weights, (0.9, 0.7), strict=True))
assert sighted(who.encode(who.test)[0]).weights[:, :, 1].mean(1).min() > 0.5  # the word that does it

# %% [markdown]
# <details><summary>Answer</summary>
#
# The model with positions answers "man". The model without positions gives the same answer as before. The right answer is at position 1 in all these sentences, so the model may only have learned to read that position.
#
# </details>
#
# **Keep this:** sinusoidal positions are added to word vectors, before queries, keys and values are made. The original Transformer does this at the inputs of encoder and decoder.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Remove the positions
# We remove the positions from the encoder of the trained translator.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Without positions in the encoder, it translates “Anna says that Leo saw the doctor” and “Leo says that Anna saw the doctor”. What do we get?",
    ["the same sentence twice", "two different sentences, both wrong", "it still gets them right"],
    answer=0,
    because="The encoder outputs the same vectors in another order, and cross-attention does not notice their order either.",
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
import copy
from dataclasses import replace
from course_utils.decoding import translate
from course_utils.positions import NoPositions

lost = copy.deepcopy(trained.model)
lost.positions = NoPositions()  # the encoder's; the decoder keeps its own
texts = ["Anna says that Leo saw the doctor.", "Leo says that Anna saw the doctor.", "They live in the European Economic Area."]
right, wrong = (translate(loaded, texts, beam=1) for loaded in (trained, replace(trained, model=lost)))  # beam=1: greedily
Table([{"source (new to the model)": s, "with positions": a.text, "without": b.text} for s, a, b in zip(texts, right, wrong, strict=True)])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert wrong[0].text == wrong[1].text and right[2].text == wrong[2].text and not any(t.seen for t in right)
assert right[0].text == "anna dit que léo a vu le médecin." and right[1].text == "léo dit qu'anna a vu le médecin."
assert right[2].text == "ils habitent dans la zone économique européenne."

# %% [markdown]
# The third translation is still right, perhaps because its words have one likeliest order.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Turn instead of add
# <a id="rotary"></a>
# **Rotary** positions (Su et al., 2021), common in language models, use the same rotations but add nothing to the words. Instead, every layer *turns* its queries and keys, but not its values. Each pair of features is a point in the plane. This point turns about the origin by the position times the pair's frequency.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A query at position 7 and a key at position 5 are turned, and their product is the score. Now both move on, to 47 and 45. What happens to the score?",
    ["it grows", "it shrinks", "it stays as it is"],
    answer=2,
    because="In each pair of features, query and key turn on by the same angle, so the angle between them stays.",
)

# %% [markdown]
# <a id="relative"></a>
# Follow one pair that turns by 30° at each position, with query $(2,0)$ and key $(1,0)$. At positions 7 and 5 they point to 210° and 150°, which are 60° apart, so the score is $2\cdot 1\cdot\cos 60°=1$. At 47 and 45 they point to 1410° and 1350°, also 60° apart, so the score is again 1.
#
# In general, let $\mathrm{turn}_i$ be the turn for position $i$. Turning query and key back by $i$ positions keeps their product, so only the difference of positions counts: $\mathrm{turn}_i(q)\cdot\mathrm{turn}_m(k)=q\cdot\mathrm{turn}_{m-i}(k)$. Such positions are called **relative**: they tell how far the key is before or after the query, not where they are.
#
# ### Exercise 4 ●●○ · 6 minutes
# Write this turn. A pair $(a,b)$ of neighbouring features, turned by $\varphi$, becomes $(a\cos\varphi-b\sin\varphi,\;a\sin\varphi+b\cos\varphi)$. The signs differ from those in $R$, because a pair of $P$ begins with the sine, the vertical coordinate.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("rotary")
def rotary(x, positions):
    """x [T, D], positions [T] -> x with each pair of features turned, [T, D]; frequencies(D) [D / 2] is given"""
    raise NotImplementedError

# %%
q, k = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(4))

def score(i, m):
    """The product of one query at position i with one key at position m."""
    return rotary(q, torch.tensor([i])) @ rotary(k, torch.tensor([m])).T

assert torch.allclose(score(7, 5), score(47, 45), atol=1e-4)  # two apart: the same score everywhere
assert not torch.allclose(score(7, 5), score(7, 4), atol=1e-2)  # three apart: another score
assert torch.allclose(rotary(q, torch.tensor([9])).norm(), q.norm())  # a turn changes no length

# %% [markdown]
# Do added sinusoids keep the score, too? With $W_Q=W_K=I$, adding positions to the words adds $P_i=(\sin 30°i,\cos 30°i)$ to the same query $q$ and $P_m$ to the same key $k$. The product of the two sums has four parts:

# %% jupyter={"source_hidden": true}
def pair(i):
    """P_i of a pair of columns that turns by 30° at each position."""
    angle = torch.tensor(30.0 * i).deg2rad()
    return torch.stack([angle.sin(), angle.cos()])

query, key = torch.tensor([[2.0, 0.0], [1.0, 0.0]])
parts = {(i, m): [query @ key, query @ pair(m), pair(i) @ key, pair(i) @ pair(m)] for i, m in ((7, 5), (47, 45))}
shown = {place: [f"{x.round(decimals=2) + 0:.2f}".replace("-", "−") for x in pair(place)] for place in sum(parts, ())}
names = ("q · k", "q · Pₘ", "Pᵢ · k", "Pᵢ · Pₘ", "score: their sum")
Table([{"i, m": f"{i}, {m}", "Pᵢ": f"({', '.join(shown[i])})", "Pₘ": f"({', '.join(shown[m])})"}
       | {name: round(x.item(), 1) + 0.0 for name, x in zip(names, [*found, sum(found)], strict=True)}
       for (i, m), found in parts.items()])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.tensor([*parts[7, 5], sum(parts[7, 5])]), torch.tensor([2, 1, -0.5, 0.5, 3]), atol=1e-4)
assert torch.allclose(torch.tensor([*parts[47, 45], sum(parts[47, 45])]), torch.tensor([2, -2, -0.5, 0.5, 0]), atol=1e-4)
assert all(abs(rotary(query[None], torch.tensor([i * torch.pi / 6])) @ rotary(key[None], torch.tensor([m * torch.pi / 6]))[0] - 1) < 1e-4
           for i, m in parts)  # the rotary score is 1

# %% [markdown]
# The score falls from 3 to 0. The products of word with word and of position with position are as before. But the *mixed products*, of a word with a position, can change: $q\cdot P_m$ is 1 at $m=5$ and −2 at $m=45$. The other mixed product, $P_i\cdot k$, happens to be −0.5 at both 7 and 47.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Longer than anything it saw
# <a id="learned-positions"></a><a id="extrapolation"></a>
# The formula gives an encoding for any position. Does a *trained* model work at any position, too?
#
# The text is random letters. From position 2 on, a model must output *the letter two positions back*. Training texts have 20 letters, test texts 60. Four models with one attention layer and no mask differ only in their positions:
#
# - **none**, **sinusoidal** and **rotary**, as above, which have no parameters to train;
# - **learned**: a trained vector for each position. BERT (chapter 6) has 512 × 768 = 393,216 such parameters.
#
# In a longer text, attention can fail in two ways: the score of the letter two back may change, or one of the new letters may get a higher score.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In texts of 20 letters, all but “none” are right. Which of them is still right at position 50 of a text of 60?",
    ["learned", "sinusoidal", "rotary", "all three"],
    answer=2,
    because="With rotary, positions enter a score only through the distance, so the score of the letter two back stays as in training. New letters compete, but seldom win. Learned vectors beyond 19 are untrained, and the layer has never met the sinusoids beyond 19.",
)

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch04.experiments import LettersBefore

letters = LettersBefore()
reader = letters.model("sinusoidal")
steps = {"class": 300, "full": 2000}[runtime.profile]
run = letters.train(reader, steps, show=True, title="Training: which letter is two back?", every=steps // 4, higher_is_better=True,
                    evaluate=lambda model: dict(zip(("20 letters", "60, from position 20"), letters.right(model), strict=True)))
inside_20, beyond_20 = letters.right(reader)

# %% [markdown]
# Look two below the diagonal:

# %%
text = letters.batches(torch.Generator().manual_seed(3), length=10, count=1)
with torch.no_grad():
    looks = reader(text).weights[0]
names = [f"{'abcdefghij'[letter]} {place}" for place, letter in enumerate(text[0])]
back = looks.diagonal(-2).mean()
heatmap(looks, names, names, title="Did it learn to attend two back?",
        caption=f"Rows are queries, columns keys: letter and position. The line two below the diagonal gets {back:.0%} of the weight on average.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert back > 0.5 and inside_20 > 0.95 and beyond_20 < 0.8

# %% [markdown]
# The model mostly attends two back. How often are all four models right from position 20 on?

# %% slideshow={"slide_type": "subslide"}
from course_kit import results

recorded = results.load("positions_order")
rate = str(recorded["rates"][1])
mean = {what: {kind: sum(k[what][rate]) / len(k[what][rate]) for kind, k in recorded["kinds"].items()} for what in ("inside", "beyond")}
curves = {kind: (range(2, 60), [100 * x for x in recorded["kinds"][kind]["by_place"]]) for kind in ("sinusoidal", "rotary", "learned", "none")}
plot.lines(curves, "position", "right, %", title="Which encodings still work beyond position 20?", mark=(20, ""), start=33,
           caption=f"Dashed: training texts ended there. Texts of 60 letters, means of {len(recorded['seeds'])} seeds, no causal mask. Always answering a text's commonest letter would be right in about {mean['beyond']['none']:.0%}. {recorded.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert min(mean["inside"][kind] for kind in ("learned", "sinusoidal", "rotary")) > 0.95 and 0.1 < mean["inside"]["none"] < 0.3
assert mean["beyond"]["rotary"] > 0.9 and mean["beyond"]["sinusoidal"] < 0.6 and mean["beyond"]["learned"] < 0.25
assert min(recorded["kinds"]["learned"]["by_place"][:18]) > 0.99 and mean["inside"]["sinusoidal"] > 0.99
assert recorded["kinds"]["learned"]["by_place"][17] > 0.95 > 0.3 > recorded["kinds"]["learned"]["by_place"][18]  # positions 19 and 20
assert sum(x > 0.5 for x in recorded["kinds"]["sinusoidal"]["by_place"][20 - 2 :]) < 10 and max(recorded["kinds"]["learned"]["by_place"][20 - 2 :]) < 0.2
assert all(
    abs(torch.nn.functional.one_hot(letters.batches(draw, n, 500)).sum(1).max(1).values.float().mean() / n - mean[part]["none"]) < 0.02
    for n, part in ((20, "inside"), (60, "beyond"))
)  # the share of the commonest letter

# %% [markdown]
# *Learned* positions fail from position 20 on, because their vectors from there on were never trained. Before 20, the new letters do not disturb this model.
#
# *Sinusoidal* vectors need no training, but the layer was trained only with the first twenty. The dip before 20 comes from the new letters: without them, the same models are right in over 99 %.
#
# *Rotary* positions still work at three times the trained length.

# %% [markdown]
# What makes rotary different? The sinusoidal and the rotary model now read sixty equal letters, so that only positions can make scores differ. By what *margin* does the score of the letter two back exceed the highest other score, that of its *rival*?

# %% slideshow={"slide_type": "subslide"} tags=["training"]
turning = letters.model("rotary")
letters.train(turning, 300)

# %% slideshow={"slide_type": "subslide"}
def margin(model):
    """In sixty equal letters: score of the letter two back minus its rival's, at positions 2 to 59."""
    scores = model(torch.zeros(1, 60, dtype=torch.long)).weights[0].detach().log()[2:]  # up to a constant in each row
    two_back = scores.diagonal().clone()
    scores.diagonal().fill_(-torch.inf)
    return two_back - scores.max(-1).values

margins = {name: margin(model) for name, model in {"sinusoidal": reader, "rotary": turning}.items()}
plot.lines({name: (range(2, 60), found) for name, found in margins.items()}, "position", "score two back − rival’s score", mark=(20, ""),
           title="By how much does the letter two back win?", caption="Below 0, the rival gets more weight than the letter two back. Dashed: training texts ended there.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert margins["sinusoidal"][:18].min() > 0 and (margins["sinusoidal"][18:] < 0).sum() > 20 and margins["rotary"].min() > 1.5
assert min(recorded["kinds"]["rotary"]["by_place"][16:40]) > max(recorded["kinds"]["rotary"]["by_place"][:16])
assert [((w := model(torch.zeros(1, 60, dtype=torch.long)).weights[0].log()).diagonal(-2) - w.diagonal()[2:]).std() < 1e-3
        for model in (reader, turning)] == [False, True]  # does the score two back keep its lead over the letter's own?
assert (w[2:18].topk(2).indices[:, 1] - torch.arange(2, 18)).min() >= 42  # rotary's rivals
assert margins["rotary"][16] > margins["rotary"][:16].max()  # from position 18 on
assert [sum(p.numel() for p in kind(512, 768).parameters()) for kind in (LearnedPositions, SinusoidalPositions)] == [393_216, 0]

# %% [markdown]
# From position 20 on, the sinusoidal margin is below 0 at more than half the positions. The rotary margin stays above 1.5 everywhere.
#
# With rotary positions, the score of the letter two back *must* stay what it was in training. It depends on the two letters and their signed distance, and here both are always the same. But a new rival can change the margin. For queries up to position 17, the rival is a letter at least 42 positions *later*. Training texts had only 20 letters, so nothing had taught the model to keep the score of such a key low. From position 18 on, no letter comes so much later: this rival is gone, and the margin rises. The rotary curve above rises there, too.
#
# With sinusoids a layer *can* learn scores of distances alone, if its matrices remove the mixed products (letter times position) and turn each sine–cosine pair as a whole, as $R(3)$ did. This layer did not.
#
# What happens to rotary in 160 or 640 letters?

# %% slideshow={"slide_type": "subslide"}
longer = results.load("positions_lengths")
early, late = ([[f"{x:.0%}" for x in seed[-3:]] for seed in longer["reach"]["rotary"][part]] for part in ("early", "late"))
Table([{"letters in the text": length, "right at positions 2 to 19": ", ".join(a), "right from position 20 on": ", ".join(b)}
       for length, a, b in zip(longer["lengths"][1:], zip(*early, strict=True), zip(*late, strict=True), strict=True)],
      f"Rotary positions, trained on texts of 20 letters, three models with different seeds. {longer.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert longer["lengths"] == [20, 60, 160, 640] and longer["seeds"] == [0, 1, 2]
assert all(seed[-3] > 0.97 and seed[-3] > seed[-2] > seed[-1] for part in ("early", "late") for seed in longer["reach"]["rotary"][part])
assert all(abs(float(a[:-1]) - float(b[:-1])) < 7 for pair in zip(early, late, strict=True) for a, b in zip(*pair, strict=True))

# %% [markdown]
# Rotary positions fail, too, in longer texts. In 640 letters, positions 2 to 19 are about as often wrong as later positions. For the same letters, the score two back has not changed, so the cause must be the other keys: there are more of them, at new distances.
#
# In language models, rotary positions usually fail soon after the trained length. *Position interpolation* (Chen et al., 2023) divides all positions by a factor, so that they fit into the trained range, and trains a little more.
#
# **Keep this:** neither sinusoids nor rotary positions guarantee that a trained model works at every length.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: did the sinusoids fail, or the training?
# With matrices chosen by hand, $W_Q=R(2)$ and $W_K=I$, each query scores highest with the encoding two positions back. A factor of 20 makes the softmax sharp.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
far_away = sinusoidal(640, 32).float()
queries = far_away @ shift(2, 32).float()
by_hand, soft = (torch.softmax(factor * queries @ far_away.T / 32**0.5, -1) for factor in (20, 1))
print(f"by hand: right at all 638 positions; smallest weight on the position two back: {by_hand.diagonal(-2).min():.2f}, without the factor {soft.diagonal(-2).min():.3f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert (by_hand[2:].argmax(-1) == torch.arange(638)).all() and by_hand.diagonal(-2).min() > 0.5
assert (soft[2:].argmax(-1) == torch.arange(638)).all() and soft.diagonal(-2).min() < 0.02

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# So the encodings alone can point two back in 640 letters. Training on twenty positions did not find such matrices.
#
# Which waves make the sinusoidal curve rise again? The first curve below shows it in texts of 100 letters. For the second curve, all but the four fastest pairs of waves were stopped *after* training.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
waves = {name: longer["waves"][name] for name in ("all waves", "only the four fastest")}
plot.lines({name: (range(2, 100), [100 * x for x in found]) for name, found in waves.items()}, "position", "right, %",
           title="Which waves cause the later peaks?", mark=(20, "trained up to here"),
           caption=f"Sinusoidal positions, means of {len(longer['seeds'])} seeds. A stopped wave keeps its value at position 10. {longer.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert all(abs(2 + max(range(i - 12, i + 8), key=found.__getitem__) - i) <= 2 for found in waves.values() for i in (33, 61, 89))
assert all(max(found[i - 4 : i + 1]) > 0.5 for found in waves.values() for i in (33, 61, 89))  # [i − 2] is position i
assert all(max(x for i, x in enumerate(found, 2) if i > 20 and min(abs(i - top) for top in (33, 61, 89)) > 5)
           < min(max(found[top - 4 : top + 1]) for top in (33, 61, 89)) for found in waves.values())
assert torch.allclose(28 * frequencies(32)[:3] / (2 * torch.pi), torch.tensor([4.5, 2.5, 1.4]).double(), atol=0.05)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Beyond position 20, both curves have their three highest peaks within two positions of 33, 61 and 89. So the four fastest waves are enough for these peaks.
#
# Why is there a peak near 33? In 28 positions, three of these waves turn about 4½, 2½ and 1.4 times, and after a half turn a sine and its cosine have changed their signs. At 33, query and key have both changed sign, so their products are those of the trained position 5: $(-a)(-b)=ab$. This is only a part of the reason: 37 is 28 after the trained position 9, but has no peak, and at 61 and 89 not all of these waves repeat a trained position.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: position interpolation
# *Position interpolation* makes long distances look like trained ones. What does it do to short distances?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
distance = torch.arange(61)
stretched = {f"positions ÷ {by}": (rotary(q.expand(61, -1), distance / by) @ k.T)[:, 0] for by in (1, 3)}
plot.lines({name: (distance, found) for name, found in stretched.items()}, "distance from query to key", "score", mark=(19, "trained to here"),
           title="What does interpolation do to a score?",
           caption="One query and one key. Divided by 3, distances up to 57 fall within the trained 19, but a distance of 2 looks like 2/3.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(stretched["positions ÷ 3"][::3], stretched["positions ÷ 1"][:21], atol=1e-3)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: distances in the score
# A **table** adds to each score a learned number for the distance, the same number for all distances beyond a limit (simplified from T5; Raffel et al., 2020). **ALiBi** (Press et al., 2022) learns nothing, but subtracts the distance times a fixed slope.
#
# **Guess:** which of the two can do "two back"? Which is disturbed less by a longer text? (“scores × 3” is rotary, with its scores tripled after training.)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
held = {kind: [100 * sum(share) / len(share) for share in zip(*found["early"], strict=True)] for kind, found in longer["reach"].items()}
Table([{"positions": kind} | {f"{length} letters": f"{x:.0f}" for length, x in zip(longer["lengths"], found, strict=True)} for kind, found in held.items()],
      f"How much does a longer text disturb its first 20 positions? Right at positions 2 to 19, %; trained on 20 letters, means of {len(longer['seeds'])} seeds. {longer.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert held["table"][0] > 99 and abs(held["table"][3] - 27) < 3
assert all(21.5 < x < 24.8 for x in held["ALiBi"]) and 21.5 < 100 * mean["inside"]["none"] < 22.5
assert [round(held[kind][3]) for kind in ("rotary", "rotary, scores × 3")] == [29, 36]
assert (gains := [b[3] - a[3] for a, b in zip(*(longer["reach"][kind]["early"] for kind in ("rotary", "rotary, scores × 3")), strict=True)]) and min(gains) > 0 and max(gains) > 0.6 * sum(gains)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The table can attend two back, but its accuracy falls from 100 % to 27 % in 640 letters. Probably the many other keys take more and more of the weight, which is called *dilution*. Tripling the rotary scores raises the mean from 29 to 36 % there, mostly because of one of the three models. So dilution may be a part of the rotary failure.
#
# One ALiBi head cannot attend two back here: its bias is largest at distance 0, so ALiBi never prefers a distance of 2 and is right in only 22 to 24 % at every length.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# Is this program's vector relative, as its name says? Repair it.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@find_error("program 4.7")
def relative(i, j, D):              # query at i, key at j
    place = torch.tensor(float(i))
    omega = 10000 ** (-torch.arange(0, D, 2) / D)
    sin, cos = torch.sin(place * omega), torch.cos(place * omega)
    return torch.stack([sin, cos], dim=-1).flatten()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Transformer-XL
# <a id="transformer-xl"></a>
# With positions added, the score of a word $x_i$ at position $i$ with a word $x_m$ at $m$ has four parts:
#
# $$ (x_i+P_i)^\top M\,(x_m+P_m)=x_i^\top Mx_m+x_i^\top MP_m+P_i^\top Mx_m+P_i^\top MP_m,\qquad M=W_QW_K^\top $$
#
# The first part ignores positions, and the next two use one absolute position each. Only the last part can depend on the distance alone, if $M$ is made of rotations. So Transformer-XL (Dai et al., 2019) makes three changes:
#
# 1. An encoding $E_{i-m}$ of the distance replaces $P_m$.
# 2. $E_{i-m}$ has a key matrix of its own, $W_E$.
# 3. The query's position should not matter, so learned vectors replace $P_i^\top W_Q$: $u$ meets word keys, and $v$ meets distance keys.
#
# $$ x_i^\top W_QW_K^\top x_m+x_i^\top W_QW_E^\top E_{i-m}+u^\top W_K^\top x_m+v^\top W_E^\top E_{i-m} $$

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
u, v = torch.randn(2, 8, generator=torch.Generator().manual_seed(5))
WE = torch.randn(8, 8, generator=torch.Generator().manual_seed(6))

def scores(words):
    """Transformer-XL's scores of words [T, 8]: [T, T]. Positions enter only as distances i - m."""
    places = range(len(words))
    E = torch.stack([torch.stack([shift(i - m, 8).float() @ sinusoidal(1, 8)[0].float() for m in places]) for i in places])  # [T, T, 8]
    by_distance = E @ WE  # [T, T, 8]
    return (words @ WQ + u) @ (words @ WK).T + ((words @ WQ + v)[:, None] * by_distance).sum(-1)

assert not torch.allclose(scores(X)[order][:, order], scores(X[order]), atol=0.1)  # the order counts

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Transformer-XL also keeps the hidden states of the previous piece of text, so that a word can attend across the boundary. With absolute positions, counted anew in each piece, the third words of all pieces would have the same position.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why not a recurrence?
# <a id="path-length"></a><a id="convolution"></a>
# A recurrent network knows the order without any encoding, because it reads word by word. But information from the first word reaches the last word only through all the states between them. The number of these steps is the **path length**. A short path should make distant links easier to learn.
#
# A **convolution** computes each output from $k$ neighbouring words, here the output's own word and the words before it. Its parameters, the *kernel*, are the same everywhere. In a *dilated* stack, the layers after the first skip words, so that here each layer reaches $k$ times as far back as the layer below. With $k=3$, the first layer reaches 2 words back and the second 6 further, so $L$ layers see $3^L$ words.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.paths(9)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does it cost?
# We stack as many layers of each kind as it takes to connect the first word with the last. Each layer has 64 features; the recurrent layer is a plain RNN. We count
# - the states *in a row*, each of which waits for the state before it;
# - all multiplications (in practice, a fourth matrix is applied to attention's output $Z$; we count it);
# - the attention weights.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "How many times as many multiplications does attention need for 90 words as for 9?",
    ["10 times", "16 times", "50 times", "100 times"],
    answer=1,
    because="At 90 words, most multiplications are still those with attention's four matrices, which treat each word separately.",
)

# %% slideshow={"slide_type": "subslide"}
from chapters.ch04.experiments import LAYERS, costs_of, multiply_adds

rows = [costs_of(kind, n, 64) for kind in LAYERS for n in (9, 90)]
conv, recurrent, attention = (dict(zip(("few", "many"), rows[i : i + 2], strict=True)) for i in (0, 2, 4))
Table(rows, "Kernel 3. “words with words” are the multiplications in attention’s scores and averages.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [kind["many"]["path"] for kind in (conv, recurrent, attention)] == [45, 89, 1] and conv["many"]["layers"] == 45
assert [[kind[n]["in a row"] for n in ("few", "many")] for kind in (conv, recurrent, attention)] == [[4, 45], [9, 90], [1, 1]]
assert all(conv[n]["multiplications"] > attention[n]["multiplications"] > recurrent[n]["multiplications"] for n in ("few", "many"))
assert attention["many"]["words with words"] == 100 * attention["few"]["words with words"] and attention["many"]["weights"] == 8100
assert round(attention["many"]["multiplications"] / attention["few"]["multiplications"]) == 16
assert [row["multiplications"] - row["words with words"] for row in attention.values()] == [147_456, 1_474_560]
assert attention["many"]["words with words"] < 1_474_560  # at 90 words, they are the larger part
assert recurrent["many"]["multiplications"] == 10 * recurrent["few"]["multiplications"] and 3**4 < 90 <= 3**5
assert 5 * conv["many"]["multiplications"] / 45 > attention["many"]["multiplications"]  # five dilated ones

# %% [markdown]
# Attention computes all of its states at once, but multiplies more than the plain RNN. At 90 words attention multiplies less than the convolutions that connect the first word with the last, whether 45 ordinary or 5 dilated layers ($3^5>90$).
#
# Why 16 times? From 9 words to 90, the work of attention's four matrices grows tenfold, but the work of its scores and averages grows a hundredfold. The memory for the weights grows a hundredfold, too, unless the weights are computed piece by piece (*FlashAttention*, Dao et al., 2022).
#
# **Keep this:** with attention, any word is one step away, and no word of a complete text waits for another, but there are n² pairs. A recurrent layer needs n states in a row.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: three layers, three matrices

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "A slide counts the steps from the first of n words to the last. Which of its lines is wrong?",
    ["Self-attention: one step, whatever n is",
     "Recurrent network: about n steps",
     "Ordinary convolutions: about log n steps",
     "Short paths should make links between distant words easier to learn"],
    answer=2,
    because=["This is right: every word attends to every other.",
             "This is right: the state is handed on from word to word.",
             "An ordinary convolution moves k − 1 positions, so it takes about n / (k − 1) layers. About log n are enough only if the gaps grow from layer to layer (dilated convolutions), or in a pyramid.",
             "This is right: it is the hope behind short paths. Chapter 3 measured the gradients."],
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <a id="dense"></a>
# In $Z=A\,V$, the $[T, T]$ matrix $A$ mixes the words. A convolution is such a matrix, too, if all features share one kernel, which is centred on the word here. A **fully connected** (*dense*) layer along the sentence is also such a matrix, with a parameter for each pair of positions.
#
# #### Exercise 5 ●●○ · 6 minutes
# Write the convolution as a matrix.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("convolution as a matrix")
def convolution(kernel, length):
    """kernel [k] with odd k -> C [length, length], so that C @ x slides the kernel over x, zeros beyond the ends"""
    raise NotImplementedError

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "Three layers with fixed parameters read two sentences of six words. Which of their matrices are different for the second sentence?",
    ["all three", "attention's only", "none: the parameters are fixed"],
    answer=1,
    because="The kernel and the dense matrix are parameters. Attention's matrix is computed from the words it reads.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
kernel, dense = torch.tensor([0.2, 0.5, 0.3]), torch.rand(6, 6, generator=torch.Generator().manual_seed(7)) / 3
C = convolution(kernel, 6).float()
same = torch.nn.functional.conv1d(X.T[:, None], kernel[None, None], padding=1)[:, 0].T
assert torch.allclose(C @ X, same, atol=1e-6)  # equals torch's own convolution of each feature

both = {"man": sentence, "bear": "the cat sees the bear .".split()}
found = {end: self_attention(torch.stack([vectors[word] for word in text]), WQ, WK, torch.eye(8))[1] for end, text in both.items()}
shown = {f"{name}, “… {end}”": matrix for end, A in found.items() for name in ("convolution", "dense", "attention") for matrix in [{"convolution": C, "dense": dense, "attention": A}[name]]}
labels = {name: both[name.split()[-1].strip("”")] for name in shown}
plot.maps(shown, labels, labels, axes=("output", "word"), scale="weight", across=3, title="Which matrix depends on the sentence?",
          caption="“dog bites man” above, “cat sees bear” below. Parameters are random.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert not torch.allclose(found["man"], found["bear"], atol=0.1)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The convolution's band repeats the same three numbers. The dense matrix has 36 numbers and fits only sentences of six words.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# What does the matrix mix, the words or their values? A lecture writes both, on neighbouring slides:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "One slide has Z_out = A · Z_in, the next Z_out = A · V_in. When are the two equal?",
    ["always, because V is made of Z", "in the first layer", "where W_V is the identity"],
    answer=2,
    because=["V is Z W_V, so A V is A Z W_V: the two differ by a matrix.",
             "Every layer has a W_V, the first one, too.",
             "Then V is Z. The correct formula is A V. With A Z, every output is an average of the inputs, in every layer, and nothing else can ever come out."],
)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what a long text costs
# **Guess:** which is faster on one thread, attention or the recurrent layer? (The third line is one convolution, which does not connect the first word with the last.)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
costs = results.load("positions_costs")
times = dict(zip(costs["lengths"], zip(*(costs["seconds"][kind] for kind in LAYERS), strict=True), strict=True))
more = {n: multiply_adds("attention", n, 64, projections=True) / multiply_adds("recurrent", n, 64) for n in (1, 64, 1024)}  # ratios
plot.lines({kind: (costs["lengths"], [1000 * s for s in costs["seconds"][kind]]) for kind in ("attention", "recurrent", "convolution")}, "words", "ms of processor time",
           title="What does a long text cost?", log="xy", caption=f"One layer, {costs['size']} features. {costs.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert times[1024][1] > times[1024][2] and times[2048][1] < times[2048][2]  # attention first, then the recurrent layer
assert more[1] > 2 and (more[64], more[1024]) == (3, 18)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# At 1,024 words attention multiplies 18 times as much as the recurrent layer. Attention was still faster here, probably because many small steps in a row cost more than a few large steps. At 2,048 words attention was slower.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Attention's cost is often counted without its *projections*, $W_Q$, $W_K$, $W_V$ and the output matrix.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "Does attention lower the complexity? An article says both yes and no. Which of these claims is wrong?",
    ["Attention, without its projections, has n² scores of d products and n averages of n vectors: 2 n² d in all",
     "A recurrent layer multiplies two matrices of d² numbers with each word: 2 n d² in all",
     "Attention lowers the complexity, however long the text is",
     "In attention no word waits for another"],
    answer=2,
    because=["This is true. (The projections cost the same for each word, whatever n is.)",
             "This is true: one matrix is for the word, one for the state.",
             "2 n² d is less than 2 n d² only while n < d. For longer texts it is more, so attention can lower or raise the complexity.",
             "This is true, and often worth more than saving multiplications."],
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert multiply_adds("attention", 30, 512) == 2 * 30**2 * 512 < multiply_adds("recurrent", 30, 512) == 2 * 30 * 512**2
assert multiply_adds("attention", 64, 64) == multiply_adds("recurrent", 64, 64)
assert multiply_adds("attention", 100_000, 4096) > multiply_adds("recurrent", 100_000, 4096)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Without its projections, attention multiplies less than the recurrent layer for 30 words with 512 features, and more for 100,000 words with 4,096 features. With its projections, attention never multiplies less than a plain RNN.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# The recorded values are means of five seeds.

# %%
rows = [
    ("who does it, without positions", who.right(blind), 0.3, 0.5),
    ("who does it, sinusoidal", who.right(sighted), 0.9, 1),
    ("two letters back, texts of 20 letters", inside_20, 0.95, 1),
    ("two letters back, of 60, from position 20", beyond_20, 0.15, 0.6),
    ("largest error of P[i + 3] = R P[i]", (P[:-3] @ R.T - P[3:]).abs().max().item(), 0, 1e-4),
    *((f"from position 20, {kind} (recorded)", mean["beyond"][kind], *band) for kind, band in
      {"none": (0.1, 0.3), "learned": (0.08, 0.25), "sinusoidal": (0.15, 0.6), "rotary": (0.9, 1)}.items()),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:42} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. In self-attention, queries, keys and values come from the same words.
# 2. Without positions or a causal mask, self-attention is equivariant: shuffle the words, and the outputs move with them. A sentence is then a bag of words.
# 3. With sinusoids, a position is a row of wave values, and a step is a rotation. A layer can then learn scores that use positions only through their distance; rotary scores of given queries and keys always do.
# 4. On our easy task, learned positions fail from the first new position, sinusoidal positions at most new positions, rotary positions only in much longer texts. In language models, rotary positions usually fail soon.
# 5. Any word is one step from any other, and no word of a complete text waits for another, but there are n² pairs.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [self-attention](#self-attention) | 自注意力 | words of one sentence attend to each other |
# | [cross-attention](#cross-attention) | 交叉注意力 | one sequence attends to another |
# | [convolution](#convolution) | 卷积 | one small kernel slides along the words |
# | [fully connected layer](#dense) | 全连接层 | a parameter for each pair of input and output |
# | [path length](#path-length) | 路径长度 | steps from one word to another |
# | [permutation equivariant](#equivariant) | 置换等变 | outputs move with the words |
# | [permutation invariant](#invariant) | 置换不变 | the output stays as it is |
# | [positional encoding](#positional-encoding) | 位置编码 | a vector that tells a word's position |
# | [sinusoidal encoding](#sinusoidal) | 正弦位置编码 | waves, fast and slow |
# | [learned positions](#learned-positions) | 可学习的位置嵌入 | a trained vector for each position |
# | [rotary positions](#rotary) | 旋转位置编码 | queries and keys are turned |
# | [relative positions](#relative) | 相对位置 | how far apart two words are, not where |
# | [extrapolation](#extrapolation) | 外推 | use beyond the trained range |
# | [Transformer-XL](#transformer-xl) | Transformer-XL 模型 | distances and a memory |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - A. Vaswani et al., *Attention is all you need*, 2017, sections 3.5 (sinusoids) and 4 (costs and paths).
# - Z. Dai et al., *Transformer-XL*, 2019, section 3.3 (the four parts of the score).
# - J. Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021, section 3.
# - O. Press et al., *Train short, test long*, 2022, sections 2 and 3 (extrapolation, ALiBi).
# - S. Chen et al., *Extending context window of large language models via positional interpolation*, 2023, section 2.
# - A. Haviv et al., *Transformer language models without positional encodings still learn positional information*, 2022.
# - N. Kalchbrenner et al., *Neural machine translation in linear time*, 2016 (dilated convolutions).

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_tools.classroom.progress import onward

onward(4)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: a whole translator of nothing but this
# Chapter 5 stacks several attentions and a small network into a translator without recurrence, the Transformer.
#
# **→ [5 · What can attention do alone?](05_transformer.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 4, edition 0.3.0, and the heading above it.*
