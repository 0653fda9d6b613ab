# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4 · Annex: positions, paths and costs
# Each section stands alone: choose one by its question. Run the first cell before any of them. It belongs to [the lesson](04_positional_encoding.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import torch
import course_kit
from chapters.ch04 import again, exercise, find_error, hint, labs, solution
from chapters.ch04.experiments import (
    LAYERS,
    LettersBefore,
    WhoDoesIt,
    costs_of,
    multiply_adds,
)
from course_kit import results
from course_kit.views import Table, heatmap, plot, predict
from course_kit.checkpoints import load_checkpoint
from course_utils.positions import (
    LearnedPositions,
    SinusoidalPositions,
    frequencies,
    shift_matrix,
    sinusoidal_encoding,
)

runtime = course_kit.setup()
draw = torch.Generator().manual_seed(0)
vectors = {
    word: torch.randn(8, generator=draw)
    for word in "the dog bites man cat sees bear .".split()
}
sentence = "the dog bites the man .".split()
# [6, 8]
X, order = (
    torch.stack([vectors[word] for word in sentence]),
    torch.tensor([4, 2, 0, 5, 1, 3]),
)
WQ, WK = torch.randn(2, 8, 8, generator=draw)
P = sinusoidal_encoding(50, 128).float()
trained = load_checkpoint("transformer-grammar")
recorded, longer = results.load("positions_order"), results.load("positions_lengths")
rate = str(recorded["rates"][1])
mean = {
    what: {
        kind: sum(k[what][rate]) / len(k[what][rate])
        for kind, k in recorded["kinds"].items()
    }
    for what in ("inside", "beyond")
}

# %% [markdown]
# ## Who attends to whom, here and in a translator?
# <a id="cross-attention"></a>
# In *cross-attention* the queries come from one sequence, $Y$, and the keys and values from another, $H$; in self-attention all three come from the same words. The translator of chapter 5 uses both, each with its own matrices. (Its *heads* are several attentions side by side; the numbers are means.)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
from course_kit.heads import attention_weights
from course_kit.text import BOS

english, french = (
    "we live in the european economic area .".split(),
    "nous vivons dans la zone économique européenne .".split(),
)
X_ids, Y_ids = (
    torch.tensor([trained.source.encode(english)]),
    torch.tensor([[BOS, *trained.target.encode(french)]]),
)
with torch.no_grad(), attention_weights(trained.model) as seen:
    trained.model(X_ids, Y_ids)
# means of the heads, [8, 8] and [9, 8]
own, cross = seen["encoder"][0][0].mean(0), seen["cross"][-1][0].mean(0)
sides = {
    "self-attention": (
        "X W_Q",
        "X W_K, X W_V",
        "the English words",
        "the English words",
        own,
    ),
    "cross-attention": (
        "Y W′_Q",
        "H W′_K, H W′_V",
        "the decoder’s states at <bos> and the French words",
        "the encoder’s outputs for the English words",
        cross,
    ),
}
Table(
    [
        {
            "": kind,
            "Q": Q,
            "K, V": KV,
            "queries (rows)": queries,
            "keys (columns)": keys,
            "weights": " × ".join(map(str, A.shape)),
        }
        for kind, (Q, KV, queries, keys, A) in sides.items()
    ]
)

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
# ### Exercise ●○○ · 5 minutes
# Write self-attention once more, as a function for one sentence without a mask.

# %% tags=["exercise"]
@exercise("self-attention")
def self_attention(X, WQ, WK, WV):
    """X [T, D], WQ and WK [D, d], WV [D, e] -> output [T, e], weights [T, T]"""
    raise NotImplementedError

# %% [markdown]
# ## Invariant or equivariant?

# %% [markdown]
# ### Find the error ●●○ · 4 minutes
# A widely used slide argues in four steps, and one of them is wrong:
#
# 1. Self-attention compares every word with every other.
# 2. A word's position plays no part in its scores.
# 3. So self-attention is permutation invariant: shuffle the words, and the output stays the same.
# 4. If each word's vector also held its position, attention could use the order.
#
# Write the test that settles it, for any layer.

# %% tags=["exercise"]
@find_error("claims 4.4")
def under_shuffling(layer, x, order):
    """layer: [T, D] -> tensor, x [T, D], order [T] -> "invariant", "equivariant" or "neither" """
    raise NotImplementedError

# %% [markdown]
# ## Does a mask tell the order?
# With a causal mask (chapter 2), each word attends only to itself and the words before it. **Guess:** without positions, is attention still equivariant?

# %%
from course_utils.attention import causal_mask, scaled_dot_product_attention

masked, after = (
    scaled_dot_product_attention(x, x, x, causal_mask(6))[0] for x in (X, X[order])
)
print("equivariant under a causal mask:", torch.allclose(after, masked[order], atol=0.1))

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. The first word attends only to itself, but the last word attends to all six. With one layer, the last output still does not depend on the order of the earlier words. With several layers, a decoder can learn some order from its mask alone (Haviv et al., 2022).
#
# </details>

# %% [markdown]
# ## Where do they go in?
# A flow chart in a widely read article adds the positions after the softmax, to what attention returns: $AV+P$.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "With the flow chart's A V + P, “dog” and “man” change places. What happens to the "
    "output of “bites”?",
    ["it changes: P brings the order in", "it stays as it was", "it changes places, too"],
    answer=1,
    because=[
        "P₂ belongs to the position of “bites”, which has not changed.",
        "The weights are decided before P comes in, so the order has no say in them.",
        "“bites” is still the third word, so its output is still in the third row.",
    ],
)

# %% [markdown]
# Adding $P$ after attention is too late here, because the outputs $AV$ only move with their words. When "dog" and "man" change places, "bites" keeps its output, and the same $P_2$ is added. The sum still cannot tell who bites. (The article's code also announces an encoder, which it does not contain. Chapter 5 builds one.)
#
# In the lesson's reader the positions are added to the words. Its word vectors were trained with $P$ added, so they could adapt:

# %%
who = WhoDoesIt()
sighted, blind = who.model("sinusoidal"), who.model("none")
who.train(sighted)
who.train(blind)
twins = ["the dog bites the man .", "the man bites the dog ."]
print(
    "with:",
    [next(iter(who.answers(sighted, one))) for one in twins],
    " without:",
    [next(iter(who.answers(blind, one))) for one in twins],
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [next(iter(who.answers(sighted, text))) for text in twins] == ["dog", "man"]
assert len({next(iter(who.answers(blind, text))) for text in twins}) == 1
assert {text.split()[1] in who.nouns for text in (*who.training, *who.test)} == {True}
assert all(weights[:, 1].min() > least for weights, least in zip(sighted(who.encode(twins)[0]).weights, (0.9, 0.7), strict=True))
assert sighted(who.encode(who.test)[0]).weights[:, :, 1].mean(1).min() > 0.5  # the word that does it

# %% [markdown]
# With positions the model answers "dog" and "man", and without them the same noun twice. The right answer is at position 1 in all these sentences, so the model may only have learned to read that position.
#
# The original Transformer adds its sinusoids at the inputs of encoder and decoder, before queries, keys and values are made.

# %% [markdown]
# An article claims several things about these positions. Which claim is wrong?

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Which of these claims about positional encodings is wrong?",
    [
        "Sinusoids are computed by a formula, for any position",
        "Sinusoids add parameters that have to be trained",
        "Learned positions have a vector for each position up to a largest one",
        "Rotary positions change queries and keys, and not values",
    ],
    answer=1,
    because=[
        "This is true.",
        "A formula has nothing to train: 0 parameters. Learned positions have them: "
        "BERT's 512 × 768 are 393,216.",
        "This is true, so they end where training ended.",
        "This is true: only the scores should know about positions.",
    ],
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [sum(p.numel() for p in kind(512, 768).parameters()) for kind in (LearnedPositions, SinusoidalPositions)] == [393_216, 0]

# %% [markdown]
# ## What does a translator do without positions?
# We remove the positions from the encoder of the trained translator.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Without positions in the encoder, it translates “Anna says that Leo saw the "
    "doctor” and “Leo says that Anna saw the doctor”. What do we get?",
    [
        "the same sentence twice",
        "two different sentences, both wrong",
        "it still gets them right",
    ],
    answer=0,
    because="The encoder outputs the same vectors in another order, and cross-attention "
    "does not notice their order either.",
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
import copy
from dataclasses import replace
from course_kit.decoding import translate
from course_utils.positions import NoPositions

lost = copy.deepcopy(trained.model)
lost.positions = NoPositions()  # the encoder's; the decoder keeps its own
texts = [
    "Anna says that Leo saw the doctor.",
    "Leo says that Anna saw the doctor.",
    "They live in the European Economic Area.",
]
# beam=1: greedily
right, wrong = (
    translate(loaded, texts, beam=1) for loaded in (trained, replace(trained, model=lost))
)
Table(
    [
        {"source (new to the model)": s, "with positions": a.text, "without": b.text}
        for s, a, b in zip(texts, right, wrong, strict=True)
    ]
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert wrong[0].text == wrong[1].text and right[2].text == wrong[2].text and not any(t.seen for t in right)
assert right[0].text == "anna dit que léo a vu le médecin." and right[1].text == "léo dit qu'anna a vu le médecin."
assert right[2].text == "ils habitent dans la zone économique européenne."

# %% [markdown]
# The third translation is still right, perhaps because its words have one likeliest order.

# %% [markdown]
# ## Why 10,000?
# With 128 columns and this base the slowest pair repeats only after 54,000 positions, so this pair alone has different values at all positions of a sentence. With 10 instead, even the slowest pair almost repeats at position 61: $(0.04,1.00)$ is nearly its value at position 0, $(0,1)$. The whole rows at 0 and 61 still differ, so 10,000 is a choice, not a necessity.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 54_000 < 2 * torch.pi / frequencies(128, base=10_000)[-1] < 55_000
assert 60 < 2 * torch.pi * 10 ** (126 / 128) < 61  # base 10: the slowest of 64 pairs
assert abs((slow := torch.tensor(61 * 10 ** (-126 / 128))).sin() - 0.04) < 0.005 and abs(slow.cos() - 1) < 0.005
assert torch.cos(61 * 10 ** (-torch.arange(64) / 64)).mean() < 0.05  # base 10: the cosine of rows 0 and 61

# %% [markdown]
# ## How similar are two positions?
# Here are the dot products of three positions with all others. Do the curves differ?

# %%
common = P @ P.T
starts = {f"from position {i}": (range(-i, 50 - i), common[i]) for i in (0, 20, 40)}
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
# The sum of the cosines is 64 at distance 0 and falls from there, with ripples. This sum is the same for $\delta$ and $-\delta$, so it does not tell which word comes first. With a rotation in $W_Q$, the score can differ between $\delta$ and $-\delta$.

# %% [markdown]
# ## Do added sinusoids keep the score, too?
# In the lesson a query and a key that are *turned* keep their score when both move on. With $W_Q=W_K=I$, *adding* positions adds $P_i=(\sin 30°i,\cos 30°i)$ to the same query $q$ and $P_m$ to the same key $k$. The product of the two sums has four parts:

# %% jupyter={"source_hidden": true}
def pair(i):
    """P_i of a pair of columns that turns by 30° at each position."""
    angle = torch.tensor(30.0 * i).deg2rad()
    return torch.stack([angle.sin(), angle.cos()])


query, key = torch.tensor([[2.0, 0.0], [1.0, 0.0]])
parts = {
    (i, m): [query @ key, query @ pair(m), pair(i) @ key, pair(i) @ pair(m)]
    for i, m in ((7, 5), (47, 45))
}
shown = {
    place: [f"{x.round(decimals=2) + 0:.2f}".replace("-", "−") for x in pair(place)]
    for place in sum(parts, ())
}
names = ("q · k", "q · Pₘ", "Pᵢ · k", "Pᵢ · Pₘ", "score: their sum")
Table(
    [
        {
            "i, m": f"{i}, {m}",
            "Pᵢ": f"({', '.join(shown[i])})",
            "Pₘ": f"({', '.join(shown[m])})",
        }
        | {
            name: round(x.item(), 1) + 0.0
            for name, x in zip(names, [*found, sum(found)], strict=True)
        }
        for (i, m), found in parts.items()
    ]
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.tensor([*parts[7, 5], sum(parts[7, 5])]), torch.tensor([2, 1, -0.5, 0.5, 3]), atol=1e-4)
assert torch.allclose(torch.tensor([*parts[47, 45], sum(parts[47, 45])]), torch.tensor([2, -2, -0.5, 0.5, 0]), atol=1e-4)
from course_utils.rotary import rotary

assert all(abs(rotary(query[None], torch.tensor([i * torch.pi / 6])) @ rotary(key[None], torch.tensor([m * torch.pi / 6]))[0] - 1) < 1e-4
           for i, m in parts)  # the rotary score is 1

# %% [markdown]
# The score falls from 3 to 0. The products of word with word and of position with position are as before. But the *mixed products*, of a word with a position, can change: $q\cdot P_m$ is 1 at $m=5$ and −2 at $m=45$. The other mixed product, $P_i\cdot k$, happens to be −0.5 at both 7 and 47.

# %% [markdown]
# ## Why does rotary last longer?
# We train two models on the lesson's task, the letter two back, with texts of 20 letters.

# %%
letters = LettersBefore()
reader, turning = letters.model("sinusoidal"), letters.model("rotary")
letters.train(reader, 300)
letters.train(turning, 300)
inside_20, beyond_20 = letters.right(reader)

# %% [markdown]
# Look two below the diagonal of the sinusoidal model:

# %%
text = letters.batches(torch.Generator().manual_seed(3), length=10, count=1)
with torch.no_grad():
    looks = reader(text).weights[0]
names = [f"{'abcdefghij'[letter]} {place}" for place, letter in enumerate(text[0])]
back = looks.diagonal(-2).mean()
heatmap(
    looks,
    names,
    names,
    title="Did it learn to attend two back?",
    caption="Rows are queries, columns keys: letter and position. The line two below "
    f"the diagonal gets {back:.0%} of the weight on average.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert back > 0.5 and inside_20 > 0.95 and beyond_20 < 0.8

# %% [markdown]
# What makes rotary different? The sinusoidal and the rotary model now read sixty equal letters, so that only positions can make scores differ. By what *margin* does the score of the letter two back exceed the highest other score, that of its *rival*?

# %%
def margin(model):
    """Sixty equal letters: the score of the letter two back minus its rival's."""
    # up to a constant in each row
    scores = model(torch.zeros(1, 60, dtype=torch.long)).weights[0].detach().log()[2:]
    two_back = scores.diagonal().clone()
    scores.diagonal().fill_(-torch.inf)
    return two_back - scores.max(-1).values


margins = {
    name: margin(model)
    for name, model in {"sinusoidal": reader, "rotary": turning}.items()
}
plot.lines(
    {name: (range(2, 60), found) for name, found in margins.items()},
    "position",
    "score two back − rival’s score",
    mark=(20, ""),
    title="By how much does the letter two back win?",
    caption="Below 0, the rival gets more weight than the letter two back. Dashed: "
    "training texts ended there.",
)

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

# %%
early, late = (
    [[f"{x:.0%}" for x in seed[-3:]] for seed in longer["reach"]["rotary"][part]]
    for part in ("early", "late")
)
Table(
    [
        {
            "letters in the text": length,
            "right at positions 2 to 19": ", ".join(a),
            "right from position 20 on": ", ".join(b),
        }
        for length, a, b in zip(
            longer["lengths"][1:],
            zip(*early, strict=True),
            zip(*late, strict=True),
            strict=True,
        )
    ],
    "Rotary positions, trained on texts of 20 letters, three models with different "
    f"seeds. {longer.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert longer["lengths"] == [20, 60, 160, 640] and longer["seeds"] == [0, 1, 2]
assert all(seed[-3] > 0.97 and seed[-3] > seed[-2] > seed[-1] for part in ("early", "late") for seed in longer["reach"]["rotary"][part])
assert all(abs(float(a[:-1]) - float(b[:-1])) < 7 for pair in zip(early, late, strict=True) for a, b in zip(*pair, strict=True))

# %% [markdown]
# Rotary positions fail, too, in longer texts. In 640 letters, positions 2 to 19 are about as often wrong as later positions. For the same letters, the score two back has not changed, so the cause must be the other keys: there are more of them, at new distances.
#
# In language models, rotary positions usually fail soon after the trained length. *Position interpolation* (Chen et al., 2023) divides all positions by a factor, so that they fit into the trained range, and trains a little more.

# %% [markdown]
# ## Did the sinusoids fail, or the training?
# With matrices chosen by hand, $W_Q=R(2)$ and $W_K=I$, each query scores highest with the encoding two positions back. A factor of 20 makes the softmax sharp.

# %%
far_away = sinusoidal_encoding(640, 32).float()
queries = far_away @ shift_matrix(2, 32).float()
by_hand, soft = (
    torch.softmax(factor * queries @ far_away.T / 32**0.5, -1) for factor in (20, 1)
)
print(
    "by hand: right at all 638 positions; smallest weight on the position two back: "
    f"{by_hand.diagonal(-2).min():.2f}, without the factor "
    f"{soft.diagonal(-2).min():.3f}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (by_hand[2:].argmax(-1) == torch.arange(638)).all() and by_hand.diagonal(-2).min() > 0.5
assert (soft[2:].argmax(-1) == torch.arange(638)).all() and soft.diagonal(-2).min() < 0.02

# %% [markdown]
# So the encodings alone can point two back in 640 letters. Training on twenty positions did not find such matrices.
#
# Which waves make the sinusoidal curve rise again? The first curve below shows it in texts of 100 letters. For the second curve, all but the four fastest pairs of waves were stopped *after* training.

# %%
waves = {name: longer["waves"][name] for name in ("all waves", "only the four fastest")}
plot.lines(
    {name: (range(2, 100), [100 * x for x in found]) for name, found in waves.items()},
    "position",
    "right, %",
    title="Which waves cause the later peaks?",
    mark=(20, "trained up to here"),
    caption=f"Sinusoidal positions, means of {len(longer['seeds'])} seeds. A stopped "
    f"wave keeps its value at position 10. {longer.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 9 + 28 == 37
assert all(abs(2 + max(range(i - 12, i + 8), key=found.__getitem__) - i) <= 2 for found in waves.values() for i in (33, 61, 89))
assert all(max(found[i - 4 : i + 1]) > 0.5 for found in waves.values() for i in (33, 61, 89))  # [i − 2] is position i
assert all(max(x for i, x in enumerate(found, 2) if i > 20 and min(abs(i - top) for top in (33, 61, 89)) > 5)
           < min(max(found[top - 4 : top + 1]) for top in (33, 61, 89)) for found in waves.values())
assert torch.allclose(28 * frequencies(32)[:3] / (2 * torch.pi), torch.tensor([4.5, 2.5, 1.4]).double(), atol=0.05)

# %% [markdown]
# Beyond position 20, both curves have their three highest peaks within two positions of 33, 61 and 89. So the four fastest waves are enough for these peaks.
#
# Why is there a peak near 33? In 28 positions, three of these waves turn about 4½, 2½ and 1.4 times, and after a half turn a sine and its cosine have changed their signs. At 33, query and key have both changed sign, so their products are those of the trained position 5: $(-a)(-b)=ab$. This is only a part of the reason: 37 is 28 after the trained position 9, but has no peak, and at 61 and 89 not all of these waves repeat a trained position.

# %% [markdown]
# ## What does interpolation do to short distances?
# *Position interpolation* makes long distances look like trained ones. What does it do to short ones?

# %%
from course_utils.rotary import rotary

q, k = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(4))
distance = torch.arange(61)
stretched = {
    f"positions ÷ {by}": (rotary(q.expand(61, -1), distance / by) @ k.T)[:, 0]
    for by in (1, 3)
}
plot.lines(
    {name: (distance, found) for name, found in stretched.items()},
    "distance from query to key",
    "score",
    mark=(19, "trained to here"),
    title="What does interpolation do to a score?",
    caption="One query and one key. Divided by 3, distances up to 57 fall within the "
    "trained 19, but a distance of 2 looks like 2/3.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(stretched["positions ÷ 3"][::3], stretched["positions ÷ 1"][:21], atol=1e-3)

# %% [markdown]
# ## Can distances go into the score itself?
# A **table** adds to each score a learned number for the distance, the same number for all distances beyond a limit (simplified from T5; Raffel et al., 2020). **ALiBi** (Press et al., 2022) learns nothing, but subtracts the distance times a fixed slope.
#
# **Guess:** which of the two can do "two back"? Which is disturbed less by a longer text? (“scores × 3” is rotary, with its scores tripled after training.)

# %%
held = {
    kind: [100 * sum(share) / len(share) for share in zip(*found["early"], strict=True)]
    for kind, found in longer["reach"].items()
}
Table(
    [
        {"positions": kind}
        | {
            f"{length} letters": f"{x:.0f}"
            for length, x in zip(longer["lengths"], found, strict=True)
        }
        for kind, found in held.items()
    ],
    "How much does a longer text disturb its first 20 positions? Right at positions 2 "
    f"to 19, %; trained on 20 letters, means of {len(longer['seeds'])} seeds. "
    f"{longer.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert held["table"][0] > 99 and abs(held["table"][3] - 27) < 3
assert all(21.5 < x < 24.8 for x in held["ALiBi"]) and 21.5 < 100 * mean["inside"]["none"] < 22.5
assert [round(held[kind][3]) for kind in ("rotary", "rotary, scores × 3")] == [29, 36]
assert (gains := [b[3] - a[3] for a, b in zip(*(longer["reach"][kind]["early"] for kind in ("rotary", "rotary, scores × 3")), strict=True)]) and min(gains) > 0 and max(gains) > 0.6 * sum(gains)

# %% [markdown]
# The table can attend two back, but its accuracy falls from 100 % to 27 % in 640 letters. Probably the many other keys take more and more of the weight, which is called *dilution*. Tripling the rotary scores raises the mean from 29 to 36 % there, mostly because of one of the three models. So dilution may be a part of the rotary failure.
#
# One ALiBi head cannot attend two back here: its bias is largest at distance 0, so ALiBi never prefers a distance of 2 and is right in only 22 to 24 % at every length.

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# Is this program's vector relative, as its name says? Repair it.

# %% tags=["exercise"]
@find_error("program 4.7")
def relative(i, j, D):              # query at i, key at j
    place = torch.tensor(float(i))
    omega = 10000 ** (-torch.arange(0, D, 2) / D)
    sin, cos = torch.sin(place * omega), torch.cos(place * omega)
    return torch.stack([sin, cos], dim=-1).flatten()

# %% [markdown]
# ### Transformer-XL
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

# %%
u, v = torch.randn(2, 8, generator=torch.Generator().manual_seed(5))
WE = torch.randn(8, 8, generator=torch.Generator().manual_seed(6))


def scores(words):
    """Transformer-XL's scores of words [T, 8]: [T, T]; positions as distances i - m."""
    places = range(len(words))
    # [T, T, 8]
    E = torch.stack(
        [
            torch.stack(
                [
                    shift_matrix(i - m, 8).float() @ sinusoidal_encoding(1, 8)[0].float()
                    for m in places
                ]
            )
            for i in places
        ]
    )
    by_distance = E @ WE  # [T, T, 8]
    return (words @ WQ + u) @ (words @ WK).T + (
        (words @ WQ + v)[:, None] * by_distance
    ).sum(-1)


print(
    "equivariant:", torch.allclose(scores(X)[order][:, order], scores(X[order]), atol=0.1)
)

# %% [markdown]
# Transformer-XL also keeps the hidden states of the previous piece of text, so that a word can attend across the boundary. With absolute positions, counted anew in each piece, the third words of all pieces would have the same position.

# %% [markdown]
# ## What does it cost to connect the first word with the last?
# We stack as many layers of each kind as it takes to connect the first word with the last. Each layer has 64 features; the recurrent layer is a plain RNN. We count
# - the states *in a row*, each of which waits for the state before it;
# - all multiplications (in practice, a fourth matrix is applied to attention's output $Z$; we count it);
# - the attention weights.

# %%
rows = [costs_of(kind, n, 64) for kind in LAYERS for n in (9, 90)]
conv, recurrent, attention = (
    dict(zip(("few", "many"), rows[i : i + 2], strict=True)) for i in (0, 2, 4)
)
Table(
    rows,
    "Kernel 3. “words with words” are the multiplications in attention’s scores and "
    "averages.",
)

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

# %% [markdown]
# ### What a long text costs
# **Guess:** which is faster on one thread, attention or the recurrent layer? (The third line is one convolution, which does not connect the first word with the last.)

# %%
costs = results.load("positions_costs")
times = dict(
    zip(
        costs["lengths"],
        zip(*(costs["seconds"][kind] for kind in LAYERS), strict=True),
        strict=True,
    )
)
# ratios
more = {
    n: multiply_adds("attention", n, 64, projections=True)
    / multiply_adds("recurrent", n, 64)
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
    caption=f"One layer, {costs['size']} features. {costs.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert times[1024][1] > times[1024][2] and times[2048][1] < times[2048][2]  # attention first, then the recurrent layer
assert more[1] > 2 and (more[64], more[1024]) == (3, 18)

# %% [markdown]
# At 1,024 words attention multiplies 18 times as much as the recurrent layer. Attention was still faster here, probably because many small steps in a row cost more than a few large steps. At 2,048 words attention was slower.

# %% [markdown]
# Attention's cost is often counted without its *projections*, $W_Q$, $W_K$, $W_V$ and the output matrix.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Does attention lower the complexity? An article says both yes and no. Which of "
    "these claims is wrong?",
    [
        "Attention, without its projections, has n² scores of d products and n averages "
        "of n vectors: 2 n² d in all",
        "A recurrent layer multiplies two matrices of d² numbers with each word: 2 n d² "
        "in all",
        "Attention lowers the complexity, however long the text is",
        "In attention no word waits for another",
    ],
    answer=2,
    because=[
        "This is true. (The projections cost the same for each word, whatever n is.)",
        "This is true: one matrix is for the word, one for the state.",
        "2 n² d is less than 2 n d² only while n < d. For longer texts it is more, so "
        "attention can lower or raise the complexity.",
        "This is true, and often worth more than saving multiplications.",
    ],
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert multiply_adds("attention", 30, 512) == 2 * 30**2 * 512 < multiply_adds("recurrent", 30, 512) == 2 * 30 * 512**2
assert multiply_adds("attention", 64, 64) == multiply_adds("recurrent", 64, 64)
assert multiply_adds("attention", 100_000, 4096) > multiply_adds("recurrent", 100_000, 4096)

# %% [markdown]
# Without its projections, attention multiplies less than the recurrent layer for 30 words with 512 features, and more for 100,000 words with 4,096 features. With its projections, attention never multiplies less than a plain RNN.

# %% [markdown]
# ## Which layers are matrices?

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A slide counts the steps from the first of n words to the last. Which of its lines "
    "is wrong?",
    [
        "Self-attention: one step, whatever n is",
        "Recurrent network: about n steps",
        "Ordinary convolutions: about log n steps",
        "Short paths should make links between distant words easier to learn",
    ],
    answer=2,
    because=[
        "This is right: every word attends to every other.",
        "This is right: the state is handed on from word to word.",
        "An ordinary convolution moves k − 1 positions, so it takes about n / (k − 1) "
        "layers. About log n are enough only if the gaps grow from layer to layer "
        "(dilated convolutions), or in a pyramid.",
        "This is right: it is the hope behind short paths. Chapter 3 measured the "
        "gradients.",
    ],
)

# %% [markdown]
# <a id="dense"></a>
# In $Z=A\,V$, the $[T, T]$ matrix $A$ mixes the words. A convolution is such a matrix, too, if all features share one kernel, which is centred on the word here. A **fully connected** (*dense*) layer along the sentence is also such a matrix, with a parameter for each pair of positions.
#
# ### Exercise ●●○ · 6 minutes
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
kernel, dense = (
    torch.tensor([0.2, 0.5, 0.3]),
    torch.rand(6, 6, generator=torch.Generator().manual_seed(7)) / 3,
)
C = convolution(kernel, 6).float()
same = torch.nn.functional.conv1d(X.T[:, None], kernel[None, None], padding=1)[:, 0].T
print("equal to torch's convolution:", torch.allclose(C @ X, same, atol=1e-6))

both = {"man": sentence, "bear": "the cat sees the bear .".split()}
x = {end: torch.stack([vectors[word] for word in text]) for end, text in both.items()}
found = {
    end: torch.softmax((one @ WQ) @ (one @ WK).T / 8**0.5, -1) for end, one in x.items()
}
shown = {
    f"{name}, “… {end}”": matrix
    for end, A in found.items()
    for name in ("convolution", "dense", "attention")
    for matrix in [{"convolution": C, "dense": dense, "attention": A}[name]]
}
labels = {name: both[name.split()[-1].strip("”")] for name in shown}
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

# %% [markdown]
# What does the matrix mix, the words or their values? A lecture writes both, on neighbouring slides:

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "One slide has Z_out = A · Z_in, the next Z_out = A · V_in. When are the two equal?",
    ["always, because V is made of Z", "in the first layer", "where W_V is the identity"],
    answer=2,
    because=[
        "V is Z W_V, so A V is A Z W_V: the two differ by a matrix.",
        "Every layer has a W_V, the first one, too.",
        "Then V is Z. The correct formula is A V. With A Z, every output is an average "
        "of the inputs, in every layer, and nothing else can ever come out.",
    ],
)

# %% [markdown]
# ## Open questions
# <a id="open-questions"></a>
# **Prove: a formula does not save a trained model.** The score of a query and a key with added sinusoids contains products of a word with a position, $x_iW_Q\cdot P_mW_K$. At positions beyond the trained ones these take values that training never met, so nothing taught the matrices to keep them small. See [Do added sinusoids keep the score, too?](#Do-added-sinusoids-keep-the-score,-too?)
#
# **Design an experiment: does a causal mask tell the order?** Shuffle the words under the mask, and compare; then train a decoder of several layers without positions on a task that needs the order. [The first half is above.](#Does-a-mask-tell-the-order?)
#
# **Why not $i/T$?** The same distance would mean another difference in every length of text: two neighbours differ by a tenth in ten words and by a hundredth in a hundred. A step would no longer be the same rotation everywhere.

# %% [markdown]
# ## Further reading
# - A. Vaswani et al., *Attention is all you need*, 2017, section 3.5 (sinusoids), section 4 (costs and paths).
# - Z. Dai et al., *Transformer-XL*, 2019, section 3.3 (the four parts of the score).
# - J. Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021, section 3.
# - O. Press et al., *Train short, test long*, 2022, sections 2 and 3 (extrapolation, ALiBi).
# - S. Chen et al., *Extending context window of large language models via positional interpolation*, 2023, section 2.
# - A. Haviv et al., *Transformer language models without positional encodings still learn positional information*, 2022.
# - N. Kalchbrenner et al., *Neural machine translation in linear time*, 2016 (dilated convolutions).

# %% [markdown]
# Back to [the lesson](04_positional_encoding.ipynb), or on to [chapter 5](05_transformer.ipynb).
