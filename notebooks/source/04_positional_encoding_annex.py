# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4 · Annex: positions, paths and costs
# Each section stands alone: choose one by its question. In the notebook, run the first cell before any of them. It belongs to [the lesson](04_positional_encoding.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch04 import again, exercise, find_error, hint, labs, solution
from chapters.ch04.experiments.costs import LAYERS, costs_of, multiply_adds
from course_kit import results
from course_kit.i18n import from_cell
from course_kit.views import Table, heatmap, plot, predict
from course_kit.checkpoints import load_checkpoint
from course_utils.positions import frequencies, sinusoidal_encoding

runtime = course_kit.setup()
draw = torch.Generator().manual_seed(0)
vectors = {
    word: torch.randn(8, generator=draw)
    for word in "the dog bites man cat sees bear .".split()
}
sentence = "the dog bites the man .".split()
X = torch.stack([vectors[word] for word in sentence])  # [6, 8]
WQ, WK = torch.randn(2, 8, 8, generator=draw)
P = sinusoidal_encoding(50, 128).float()
trained = load_checkpoint("transformer-grammar")

# %% [markdown]
# ## Who attends to whom, here and in a translator?
# <a id="cross-attention"></a>
# In *cross-attention* the queries come from one sequence, $Y$, and the keys and values from another, $H$; in self-attention all three come from the same words: $Q=XW_Q$, $K=XW_K$, $V=XW_V$. The translator of chapter 5 uses both. (Its *heads* are several attentions side by side; the numbers are means.)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
from course_kit.heads import attention_weights
from course_kit.text import BOS

english = "we live in the european economic area .".split()
french = "nous vivons dans la zone économique européenne .".split()
X_ids = torch.tensor([trained.source.encode(english)])
Y_ids = torch.tensor([[BOS, *trained.target.encode(french)]])
with torch.no_grad(), attention_weights(trained.model) as seen:
    trained.model(X_ids, Y_ids)
# means of the heads, [8, 8] and [9, 8]
own, cross = seen["encoder"][0][0].mean(0), seen["cross"][-1][0].mean(0)
head = ("", "Q", "K, V", "queries (rows)", "keys (columns)", "weights")
Table([dict(zip(head, row, strict=True)) for row in (
    ("self-attention", "X W_Q", "X W_K, X W_V", "the English words", "the English words", "8 × 8"),
    ("cross-attention", "Y W′_Q", "H W′_K, H W′_V", "the decoder’s states at <bos> and the French words",
     "the encoder’s outputs for the English words", "9 × 8"),
)])

# %% jupyter={"source_hidden": true}
heatmap(
    own,
    english,
    english,
    title="Self-attention: to which words does each English word attend?",
    caption="Rows are queries and columns are keys, both from the same words. First "
    "layer.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert cross.shape == (9, 8) and own.shape == (8, 8)
assert [english[own[english.index(w)].argmax()] for w in ("european", "the")] == ["area", "."]

# %% [markdown]
# “european” attends most to “area”, the noun that it describes. Other rows are harder to explain: “the” attends most to the full stop.

# %% [markdown]
# ## Which errors circulate?
# <a id="errors"></a>
# Lectures, articles and slides print them, one beside the other. Here are seven. Find what is true before you look. One of the articles also announces a positional encoder, but its code has none. This chapter builds one.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A slide says that a path through convolutions is log n layers long. In ordinary "
    "layers with kernel 3, each reads a word and the two before it. How many layers does it "
    "take from the first of nine words to the last?",
    ["2, because 3² = 9", "4", "8"],
    answer=1,
    because="Each layer reaches two words further, so eight words take 4, and n/(k − 1) "
    "grows like n. (A kernel centred on its word reaches one further to each side, and "
    "needs 8.) The slide's log n needs gaps that grow with each layer (dilated), or a pyramid.",
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "One list in an article says that attention lowers the complexity, and the next "
    "list that it raises it. Which layer multiplies more, attention with its four "
    "matrices or a plain RNN of the same size?",
    ["the RNN", "attention, for any length", "attention, for long sentences only"],
    answer=1,
    because="4nd² + 2n²d is more than 2nd² for every n. Only without the four matrices "
    "is 2n²d < 2nd², and then for n < d alone.",
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "The same article says that sinusoids add parameters. How many do they add to BERT's "
    "512 positions of 768 features?",
    ["0", "768", "393,216"],
    answer=0,
    because="A formula gives them, and nothing is trained. The 393,216 are those of "
    "BERT's learned positions.",
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A lecture writes Z_out = A Z_in, and on the next slide A V_in. When are the two "
    "equal?",
    ["always", "if W_V is the identity", "if A is the identity"],
    answer=1,
    because="V = Z_in W_V. The first formula has lost the values' matrix.",
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A flow chart goes from attention to softmax, to a positional encoder, to a Transformer. "
    "Write what its first three boxes make as A V + P. “dog” and “man” change places. What "
    "happens to this vector of “bites”?",
    ["it changes: P brings the order in", "it stays as it was", "it changes places, too"],
    answer=1,
    because="The weights are decided before P comes in, and P₂ belongs to the place of "
    "“bites”, which has not changed. So add the positions to the words, at the inputs.",
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A slide calls self-attention permutation *invariant*: shuffle the words, and the output stays. For which output "
    "is that true?",
    [
        "for the outputs of all words, in whatever order they are",
        "for that of one query, if only keys and values move",
        "for none",
    ],
    answer=1,
    because="A query's output is a sum over the keys, and a sum has no order. The outputs of all words move along with "
    "their words: self-attention is *equivariant*. A mean over its outputs is invariant again.",
)

# %% [markdown]
# <a id="invariant"></a>
# The last two run. Shuffle the keys and values of one query, then all words:

# %%
from course_utils.attention import scaled_dot_product_attention

order = torch.tensor([4, 2, 0, 5, 1, 3])


def attend(x, keys=None):
    keys = x if keys is None else keys
    return scaled_dot_product_attention(x, keys, keys)[0]


def same(a, b):
    return torch.allclose(a, b, atol=1e-5)


bites = X[2:3]
print("one query, keys shuffled: the same output? ",
      same(attend(bites, X[order]), attend(bites, X)))
print("all words shuffled: the same outputs?      ", same(attend(X[order]), attend(X)))
print("… or moved along with their words?         ",
      same(attend(X[order]), attend(X)[order]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert same(attend(X[2:3], X[order]), attend(X[2:3], X)) and not same(attend(X[order]), attend(X))
assert same(attend(X[order]), attend(X)[order]) and same(attend(X[order]).mean(0), attend(X).mean(0))

# %% [markdown]
# Now the positions after attention. Compare the row of "bites" before and after the two have changed places, once with the positions after attention and once before it:

# %%
swapped = [0, 4, 2, 3, 1, 5]  # dog and man change places
place = sinusoidal_encoding(6, 8).float()

for name, layer in {
    "A V + P": lambda x: attend(x) + place,
    "x + P": lambda x: attend(x + place),
}.items():
    change = (layer(X[swapped]) - layer(X))[2].abs().max()
    print(f"{name}: the output of “bites” moves by {change:.2f}")

# %% [markdown]
# In a model, $P$ is a layer. Here are the course's two kinds of table, and $R$ for all pairs at once. They have the paper's order, the sine of each pair first, because the course's trained models know that order. So the two sines of $R$ change signs:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.positions: SinusoidalPositions, LearnedPositions, shift_matrix

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [sum(p.numel() for p in kind(512, 768).parameters()) for kind in (LearnedPositions, SinusoidalPositions)] == [393_216, 0]
assert change > 0.02 and torch.allclose(attend(X[swapped])[2], attend(X)[2], atol=1e-5)
assert all(2 * n**2 * d < 2 * n * d**2 for n, d in ((30, 512), (511, 512))) and not 2 * 512**3 < 2 * 512**3

# %% [markdown] tags=["card"]
# ### Find the error ●○○ · 4 minutes
# The seventh is a formula: a slide prints $\sin(i\,\omega_j),\ \cos(i\,\omega_j)$ under *relative position*. Is this program's vector relative, as its name says? Repair it.
#
# <!-- example: program 4.7 -->

# %% tags=["exercise"]
@find_error("program 4.7")
def relative(i, j, D):              # query at i, key at j
    place = torch.tensor(float(i))
    omega = 10000 ** (-torch.arange(0, D, 2) / D)
    sin, cos = torch.sin(place * omega), torch.cos(place * omega)
    return torch.stack([sin, cos], dim=-1).flatten()

# %% [markdown]
# ## How similar are two positions?
# Here is the clock's whole table, for 50 positions and 128 columns. Run your eye down a column on the left, and you see a wave. On the right the waves are so slow that they look straight:

# %% jupyter={"source_hidden": true}
plot.maps(
    {"position ↓, column →": P},
    {"position ↓, column →": range(50)},
    {"position ↓, column →": range(128)},
    signed=["position ↓, column →"],
    title="What does the whole table look like?",
    caption="A row for each position, a column for each number. The stronger the colour, "
    "the farther from 0; red is below 0. The fast hands are on the left.",
)

# %% [markdown]
# And here are the dot products of three positions with all others. Do the curves differ?

# %%
common = P @ P.T
starts = {
    from_cell("from position {i}", i=i): (range(-i, 50 - i), common[i])
    for i in (0, 20, 40)
}
plot.lines(
    starts,
    "distance δ",
    "dot product",
    title="How similar are two positions?",
    caption="The three curves lie on each other, because only the distance counts. "
    "Neighbours are similar.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(torch.allclose(common.diagonal(d), common[0, d].expand(50 - d), atol=1e-3) for d in range(50))
assert common[0, 0] == common[0].max() and common[0].min() > 30 and common[0, 49] > common[0, 47]  # falls, with ripples
assert torch.allclose(common[0].double(), torch.cos(torch.arange(50)[:, None] * frequencies(128)).sum(1), atol=1e-3)

# %% [markdown]
# The sum of the cosines is 64 at distance 0 and falls from there, with ripples. It is the same for $\delta$ and $-\delta$, so it does not tell which word comes first; with a rotation in $W_Q$ the score can. A widely used slide says that a row of the table of positions has no *intuitive* meaning. Still, a row is what a word gets, one clock's time, and the curves say which rows are alike: those of neighbours.

# %% [markdown]
# ## How far does rotary reach?
# In the lesson a text was moved. What if it gets longer? A reader with rotary positions is trained on texts of three sentences, 18 words, as in the lesson. Then it reads longer ones:

# %%
longer = results.load("positions_lengths")
kinds = {
    "right in the first three sentences": [shares[1:] for shares in longer["early"]],
    "right in the later ones": longer["late"],
}
Table(
    [{"sentences": count}
     | {name: from_cell("{low} to {high}", low=f"{min(s[i] for s in shares):.0%}",
                        high=f"{max(s[i] for s in shares):.0%}")
        for name, shares in kinds.items()}
     for i, count in enumerate(longer["sentences"][1:])],
    from_cell("Rotary positions, trained on three sentences, {seeds} seeds. {about}",
              seeds=len(longer["seeds"]), about=longer.about),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert longer["sentences"] == [3, 10, 30, 100] and 3 * len("the dog bites the man .".split()) == 18 and len(longer["seeds"]) == 5
assert all(seed[0] > 0.98 and seed[-1] < 0.8 for part in ("early", "late") for seed in (shares[-3:] for shares in longer[part]))

# %% [markdown]
# At the beginning of a long text the reader is wrong about as often as further on, although the distance from a verb to the noun before it hasn't changed. So what has? There are more keys, at distances that the training never met, and nothing has taught the reader to keep their scores low. If that's the cause, hiding those keys should help. Train a reader, and hide all keys more than 17 words away:

# %%
from chapters.ch04.experiments.order import by_sentence
from chapters.ch04.kept.positions import TurningReader, train

torch.manual_seed(0)
reader = TurningReader()
train(reader)


def near(ids):
    positions = torch.arange(ids.shape[1])
    q, k, v = reader.qkv(reader.embedding(ids), positions)
    far = (positions[:, None] - positions).abs() > 17  # [T, T]
    scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(far, -math.inf)
    return reader.output(scores.softmax(-1) @ v)


def whole(ids):
    return reader(ids)[0]


for name, answer in {"all keys": whole, "far keys hidden": near}.items():
    print(f"{from_cell(name):15} {by_sentence(answer, 100, count=20).mean():.0%} right")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert by_sentence(near, 100, 20).mean() > 0.99 and by_sentence(whole, 100, 20).mean() < 0.8

# %% [markdown]
# With the far keys hidden it is right in texts of 600 words. <!-- source: 100 sentences of six words -->
#
# In language models, rotary positions usually fail soon after the trained length. <!-- source: Press et al. 2022; Chen et al. 2023 --> What would you change, without training anew? *Position interpolation* (Chen et al., 2023) divides all positions by a factor, so that they fit into the trained range. But then the word before is no longer one step back, which is why a little more training follows. *YaRN* (Peng et al., 2023) slows down only the slow hands, which didn't make a whole turn within the trained length, because the fast ones met all their angles. Two other kinds of positions put the distance into the score itself: T5 adds a learned number for each range of distances, ALiBi subtracts the distance times a fixed slope.

# %% [markdown]
# ## What does Transformer-XL add?
# <a id="transformer-xl"></a>
# With positions added, the score of a word $x_i$ at position $i$ with a word $x_m$ at $m$ has four parts:
#
# $$ (x_i+P_i)^\top M\,(x_m+P_m)=x_i^\top Mx_m+x_i^\top MP_m+P_i^\top Mx_m+P_i^\top MP_m,\qquad M=W_QW_K^\top $$
#
# The first part ignores positions, the next two use one absolute position each, and only the last can depend on the distance alone. So Transformer-XL (Dai et al., 2019) makes three changes:
#
# 1. An encoding $E_{i-m}$ of the distance replaces $P_m$.
# 2. $E_{i-m}$ has a key matrix of its own, $W_E$.
# 3. The query's position should not matter, so learned vectors replace $P_i^\top W_Q$: $u$ meets word keys, and $v$ meets distance keys.
#
# $$ x_i^\top W_QW_K^\top x_m+x_i^\top W_QW_E^\top E_{i-m}+u^\top W_K^\top x_m+v^\top W_E^\top E_{i-m} $$
#
# In code they are a dozen lines. `words` [S, D] are all the words that may be read, and `x` [T, D] the last T of them, which ask:

# %% slideshow={"point": ["word meets word"]}
course = "The animal didn't cross the street because it was too tired."
ids = trained.source.encode(course)
read = trained.source.tokens(ids)
tokens = trained.model.source_embedding.weight[ids].detach() * 128**0.5  # [12, 128]
random = torch.Generator().manual_seed(5)
W_Q, W_K, W_E = torch.randn(3, 128, 128, generator=random) / 128**0.5
u, v = torch.randn(2, 128, generator=random)


def four_parts(x, words):
    T, S = len(x), len(words)
    distance = torch.arange(S - T, S)[:, None] - torch.arange(S)  # i − m, [T, S]
    angles = distance[..., None] * frequencies(128)
    E = torch.cat([angles.sin(), angles.cos()], -1).float() @ W_E  # [T, S, D]
    q, k = x @ W_Q, words @ W_K
    return {
        "word meets word": q @ k.T,
        "word meets distance": (q[:, None] * E).sum(-1),
        "u meets word": (k @ u).expand(T, S),
        "v meets distance": E @ v,
    }


parts = four_parts(tokens, tokens)
plot.maps(
    {name: part / part.abs().max() for name, part in parts.items()},
    dict.fromkeys(parts, read),
    dict.fromkeys(parts, read),
    axes=("query", "key"),
    signed=list(parts),
    across=2,
    title="What does each of the four parts know?",
    caption="Look for stripes. Downwards, “u meets word” likes a word whoever asks; "
    "on the slant, “v meets distance” likes a distance whatever the words. The vectors "
    "of words are trained, the matrices random. Each map by its largest number.",
)

# %% [markdown]
# No part asks *where* a word stands, only how far away. So put four words in front of the sentence. Every word gets another position, and its scores should stay. With added positions they should not:

# %%
before = trained.source.encode("yesterday i was tired")
front = trained.model.source_embedding.weight[before].detach() * 128**0.5
longer_text = torch.cat([front, tokens])  # [S, D]
n = len(tokens)


def score(x):
    return sum(four_parts(x, x).values())


def added(x):
    x = x + sinusoidal_encoding(len(x), 128).float()
    return x @ W_Q @ (x @ W_K).T


moved_by = {
    name: (one(longer_text)[-n:, -n:] - one(tokens)).abs().max().item()
    for name, one in {"Transformer-XL": score, "added positions": added}.items()
}
for name, gap in moved_by.items():
    print(f"{from_cell(name)}: the largest change of a score is {gap:.4f}")

# %% [markdown]
# That pays when a text is too long to be read at once. Read it in pieces, and keep the hidden states of the piece before: the new words ask, and kept and new words answer. With absolute positions, counted anew in each piece, two words would share one position; a distance is a distance across the boundary, too. Here the sentence comes in two pieces, and the second step is compared with reading all of it:

# %%
def layer(x, words):  # a causal layer; here the words are their own values
    scores = sum(four_parts(x, words).values()) / 128**0.5
    later = torch.ones(len(x), len(words)).triu(len(words) - len(x) + 1).bool()
    return scores.masked_fill(later, -torch.inf).softmax(-1) @ words


first, second = tokens[:6], tokens[6:]
kept = first  # this layer's inputs, kept from the first step
in_pieces = layer(second, torch.cat([kept, second]))
at_once, forgetful = layer(tokens, tokens)[6:], layer(second, second)
print(f"with the kept states: differs by {(in_pieces - at_once).abs().max():.0e}")
print(f"without them:         differs by {(forgetful - at_once).abs().max():.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert moved_by["Transformer-XL"] < 1e-3 and moved_by["added positions"] > 1 and len(read) == n
assert torch.allclose(in_pieces, at_once, atol=1e-4) and (forgetful - at_once).abs().max() > 0.1
assert torch.allclose(parts["v meets distance"][1:, 1:], parts["v meets distance"][:-1, :-1], atol=1e-4)

# %% [markdown]
# (In training, no gradient flows into kept states. And a claim that circulates: "Transformer-XL reduces the parameters". It adds some: a $W_E$ to each layer, and $u$ and $v$.)

# %% [markdown]
# ## What does it cost to connect the first word with the last?
# <a id="path-length"></a><a id="convolution"></a>
# Chapter 3's recurrent network reads the words one by one, so it knows their order by itself. But what the first word says has to pass through every word in between before it reaches the last. The number of steps on this way is called the **path length**, and what travels a long path is usually harder to learn.
#
# A third kind of layer, the **convolution**, reads each word together with the $k-1$ words before it, and a *dilated* one skips more words in each next layer. $O(n)$ leaves constant factors out: twice as many words take about twice as much. <!-- source: Vaswani et al. 2017, section 4 -->
#
# | layer | multiplications | steps that wait for each other | path |
# |---|---|---|---|
# | **recurrent** | $O(nd^2)$ | $O(n)$ | $O(n)$ |
# | **convolution** of $k$ words | $O(knd^2)$ | $O(1)$ | $O(n/k)$, dilated $O(\log n)$ |
# | **attention** | $O(nd^2+n^2d)$ | $O(1)$ | $O(1)$ |

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.paths(
    title="How does the first word reach the last?",
    caption="[key|Dots] are words, with a row for each layer, the input below. In [value|green] "
    "is a shortest path. Make the text shorter, or the kernel wider.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
steps = {n: [len(labs.drawings.spreads(kind, n, 3)) for kind in ("plain", "dilated")] for n in (9, 27)}
assert steps == {9: [4, 2], 27: [13, 3]}

# %% [markdown]
# In attention any word is one step from any other, and none has to wait. You pay with the $n^2$: each pair of words needs a score, so twice as many words make four times as many pairs. Let's count.
#
# For $n$ words of $d$ features, a plain RNN takes $2nd^2$ multiplications, because each of its two matrices takes $d^2$ for each word. A convolution of $k$ words takes $k\,nd^2$. Attention takes $4nd^2$ for its four matrices and $2n^2d$ for all pairs: $d$ for a score, and as many for averaging the values. So beyond $n=2d$ the pairs cost more than the matrices. Here are as many layers of each kind as connect the first word with the last, with 64 features each. States *in a row* wait for each other.

# %%
rows = [costs_of(kind, n, 64) for kind in LAYERS for n in (9, 90)]
conv, recurrent, attention = (
    dict(zip(("few", "many"), rows[i : i + 2], strict=True)) for i in (0, 2, 4)
)
Table(
    rows,
    "Kernel 3. “words with words” are the multiplications in attention’s scores "
    "and averages.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [kind["many"]["path"] for kind in (conv, recurrent, attention)] == [45, 89, 1] and conv["many"]["layers"] == 45
assert [[kind[n]["in a row"] for n in ("few", "many")] for kind in (conv, recurrent, attention)] == [[4, 45], [9, 90], [1, 1]]
assert all(conv[n]["multiplications"] > attention[n]["multiplications"] > recurrent[n]["multiplications"] for n in ("few", "many"))
assert attention["many"]["words with words"] == 100 * attention["few"]["words with words"] and attention["many"]["weights"] == 8100
assert round(attention["many"]["multiplications"] / attention["few"]["multiplications"]) == 16
assert [row["multiplications"] - row["words with words"] for row in attention.values()] == [147_456, 1_474_560]
assert multiply_adds("attention", 30, 512) == 4 * 30 * 512**2 + 2 * 30**2 * 512
assert attention["many"]["words with words"] < 1_474_560  # at 90 words, they are the larger part
assert recurrent["many"]["multiplications"] == 10 * recurrent["few"]["multiplications"] and 3**4 < 90 <= 3**5
assert 5 * conv["many"]["multiplications"] / 45 > attention["many"]["multiplications"]  # five dilated ones

# %% [markdown]
# At 90 words attention multiplies less than the convolutions that connect the first word with the last, whether 45 ordinary or 5 dilated layers ($3^5>90$), but more than the RNN. Why 16 times as much as at 9 words? The work of its four matrices grows tenfold, that of its scores and averages a hundredfold. So does the memory for the weights, unless they are computed piece by piece (*FlashAttention*, Dao et al., 2022).
#
# And in processor time, for one sentence on one thread? (The convolution is a single layer, which does not connect the ends.)

# %%
costs = results.load("positions_costs")
seconds = zip(*(costs["seconds"][kind] for kind in LAYERS), strict=True)
times = dict(zip(costs["lengths"], seconds, strict=True))
# ratios
more = {
    n: multiply_adds("attention", n, 64) / multiply_adds("recurrent", n, 64)
    for n in (1, 64, 1024)
}
plot.lines(
    {
        kind: (costs["lengths"], [1000 * s for s in costs["seconds"][kind]])
        for kind in ("attention", "recurrent", "convolution")
    },
    "words",
    "ms of processor time",
    title="What does a long text cost?",
    log="xy",
    caption=from_cell(
        "One layer, {size} features. {about}", size=costs["size"], about=costs.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert times[1024][1] > times[1024][2] and times[2048][1] < times[2048][2]  # attention first, then the recurrent layer
assert more[1] > 2 and (more[64], more[1024]) == (3, 18)

# %% [markdown]
# At 1,024 words attention multiplies 18 times as much as the recurrent layer, and was still faster for *one* sentence, probably because the RNN's many small steps cost more than a few large ones. At 2,048 words attention was slower.

# %% [markdown] tags=["card"]
# ## Which layers are matrices?
# <a id="dense"></a>
# In $Z=A\,V$, the $[T, T]$ matrix $A$ mixes the words. A convolution is such a matrix, too, if all features share one kernel, which is centred on the word here. A **fully connected** (*dense*) layer along the sentence is also such a matrix, with a parameter for each pair of positions.
#
# ### Exercise ●●○ · 8 minutes
# Write the convolution as a matrix.

# %% tags=["exercise"]
@exercise("convolution as a matrix")
def convolution(kernel, length):
    """kernel [k] with odd k -> C [length, length], so that C @ x slides the kernel over
    x, zeros beyond the ends"""
    raise NotImplementedError

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Three layers with fixed parameters read two sentences of six words. Which of their "
    "matrices are different for the second sentence?",
    ["all three", "attention's only", "none: the parameters are fixed"],
    answer=1,
    because="The kernel and the dense matrix are parameters. Attention's matrix is "
    "computed from the words it reads.",
)

# %% jupyter={"source_hidden": true}
kernel = torch.tensor([0.2, 0.5, 0.3])
dense = torch.rand(6, 6, generator=torch.Generator().manual_seed(7)) / 3
C = convolution(kernel, 6).float()
same = torch.nn.functional.conv1d(X.T[:, None], kernel[None, None], padding=1)[:, 0].T
print("equal to torch's convolution:", torch.allclose(C @ X, same, atol=1e-6))

shown, labels, found = {}, {}, {}
for end, text in {"man": sentence, "bear": "the cat sees the bear .".split()}.items():
    x = torch.stack([vectors[word] for word in text])
    found[end] = torch.softmax((x @ WQ) @ (x @ WK).T / 8**0.5, -1)
    for name, A in {"convolution": C, "dense": dense, "attention": found[end]}.items():
        title = from_cell("{name}, “… {end}”", name=from_cell(name), end=end)
        shown[title], labels[title] = A, text
plot.maps(
    shown,
    labels,
    labels,
    axes=("output", "word"),
    scale="weight",
    across=3,
    title="Which matrix depends on the sentence?",
    caption="“dog bites man” above, “cat sees bear” below. Parameters are random.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert dense.numel() == 36 and not torch.allclose(found["man"], found["bear"], atol=0.1)

# %% [markdown]
# The convolution's band repeats the same three numbers. The dense matrix has 36 numbers and fits only sentences of six words.

# %% [markdown] tags=["questions"]
# ## Open questions
# <a id="open-questions"></a>
# **Explain: a formula does not save a trained model.** The score of a query and a key with added sinusoids contains products in which a position has gone through a matrix, $x_iW_Q\cdot P_mW_K$ and $P_iW_Q\cdot P_mW_K$. At positions beyond the trained ones these take values that training never met, so nothing taught the matrices to keep them small. And even among the trained positions, a model has learned only what its training asked for: the lesson's reader looked near certain positions, instead of at the word before.
#
# **Design an experiment: how many layers does a causal decoder need?** A causal mask hides the words to come, and so it reveals a part of the order: the first word can average only one value, the last word all of them. One layer is not enough, because its last output stays the same however the words before it are shuffled. We trained decoders of one, two and three of chapter 5's blocks, without positions, on the lesson's texts:

# %%
causal = results.load("positions_causal")
Table(
    [{"layers": n} | {from_cell("seed {s}", s=s): f"{x:.0%}"
                      for s, x in zip(causal["seeds"], found, strict=True)}
     for n, found in causal["right"].items()],
    from_cell("Right verbs. {about}", about=causal.about),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert max(causal["right"]["1"]) < 0.65 and min(causal["right"]["2"]) > 0.99

# %% [markdown]
# Two layers are enough here. <!-- source: Haviv et al. 2022, table 1 --> This is one small task, so it doesn't say how many a language model needs.
#
# **Why not $i/T$?** The same distance would mean another difference in every length of text: two neighbours differ by a tenth in ten words and by a hundredth in a hundred. A step would no longer be the same rotation everywhere.

# %% [markdown] tags=["reading"]
# ## Further reading
# - A. Vaswani et al., *Attention is all you need*, 2017, section 3.5 (sinusoids), section 4 (costs and paths).
# - Z. Dai et al., *Transformer-XL*, 2019, section 3.3 (the four parts of the score).
# - J. Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021, section 3.
# - O. Press et al., *Train short, test long*, 2022, sections 2 and 3 (extrapolation, ALiBi).
# - S. Chen et al., *Extending context window of large language models via positional interpolation*, 2023, section 2.
# - B. Peng et al., *YaRN: efficient context window extension of large language models*, 2023, section 3.
# - A. Haviv et al., *Transformer language models without positional encodings still learn positional information*, 2022.

# %% [markdown] tags=["reading"]
# Back to [the lesson](04_positional_encoding.ipynb), or on to [chapter 5](05_transformer.ipynb).
