# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5 · Annex: what is worth knowing about Transformers
# *To [chapter 5](05_transformer.ipynb).* Each section stands alone. In the notebook, run the next cell first. <!-- minutes -->

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
import course_kit
from chapters.ch05 import again, exercise, find_error, hint, labs, solution
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, plot, predict
from course_utils.attention import causal_mask, scaled_dot_product_attention
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate

runtime = course_kit.setup()
grammar = load_checkpoint("transformer-grammar")
tired = "The animal didn't cross the street because it was too tired."
wide = tired.replace("tired", "wide")
ids = torch.tensor([grammar.source.encode(tired)])
words = grammar.source.tokens(ids[0])

# %% [markdown]
# ## Eight heads, two words
# How do the shapes change at the paper's size, with 512 features and eight heads of 64? <!-- source: Vaswani et al. 2017, section 3.2.2 -->

# %%
from chapters.ch05.experiments import in_class as study

study.eight_heads()

# %% [markdown]
# ## How many heads?
# Do fewer heads save computation? With 512 features, fewer heads are wider heads. PyTorch counts the operations of matrix products:

# %% jupyter={"source_hidden": true}
from torch.utils.flop_counter import FlopCounterMode
from course_utils.attention import MultiHeadAttention

rows, sentence = [], torch.randn(2, 64, 512, generator=torch.Generator().manual_seed(0))
for heads in (1, 2, 4, 8, 16, 32):
    part = MultiHeadAttention(512, heads)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        part(sentence, sentence)
    size = sum(p.numel() for p in part.parameters())
    rows.append(
        {
            "heads": heads,
            "head size": 512 // heads,
            "parameters": size,
            "M operations": counter.get_total_flops() / 1e6,
            "weights": 2 * heads * 64 * 64,
        }
    )
Table(
    rows, "2 sentences of 64 words. “weights” counts the numbers in all attention maps."
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len({(row["parameters"], row["M operations"]) for row in rows}) == 1

# %% [markdown]
# Not in the matrix products: parameters and operations are the same in every row. (Maps grow with the heads.) So quality mostly decides. In the paper, eight and sixteen heads were equally good, and a single head was .9 BLEU worse. <!-- source: Vaswani et al. 2017, table 3, rows A -->

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "An overview says that the heads of a Transformer use “different or the same "
    "alignment functions”. What is true of Vaswani's?",
    [
        "Each head may use another scoring function.",
        "All use scaled dot products, with projections of their own.",
        "All use scaled dot products, with the same projections.",
    ],
    answer=1,
    because="One formula for all; W_Q, W_K and W_V differ from head to head.",
)

# %% [markdown]
# The overview also calls the whole scaled dot-product attention an *alignment function*. That is only its first step, the scores: softmax and the average of the values follow. And behind the heads it puts “a fully connected and a linear layer”. There is one, $W_O$, because two linear layers in a row are [one matrix](#bare-block), so the second could compute nothing new.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Three of these claims about heads are an article's and do not hold. Which one does?",
    [
        "Each head attends to another task.",
        "Many heads generalise better, and they overfit.",
        "Translation takes few heads.",
        "At a fixed size of the model, more heads are narrower heads.",
    ],
    answer=3,
    because=[
        "All heads work for one loss. They differ in the words that they attend to.",
        "It cannot be both. And neither follows from the number of heads, which "
        "leaves the number of parameters as it is.",
        "The paper's translators have eight and sixteen in a layer, and the smaller is "
        "worse with one. Some can be removed after training.",
        "Yes: the heads share the features among them.",
    ],
)

# %% [markdown] tags=["guess"]
# ## Layer norm or batch norm?
# *Batch norm* takes each feature's mean and standard deviation over all words of the batch. A training batch has sentences of 4 and 6 words, padded with zeros to 6, or to 10. **Guess:** whose outputs for the ten real words change?

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments.norms import NORMS, normed, padded_batch

(x6, real), (x10, _) = (
    padded_batch((4, 6), length=6, size=8),
    padded_batch((4, 6), length=10, size=8),
)
moved = {
    from_cell("{kind} norm",
        kind=from_cell(kind)): (normed(x10, kind)[:, :6] - normed(x6, kind))[real].abs()
    for kind in NORMS
}

changed = {
    from_cell(
        "{name}: {sum} of {numel} changed", name=name, sum=(change > 0).sum(),
        numel=change.numel()
    ): change
    for name, change in moved.items()
}
of = dict.fromkeys(
    changed, [from_cell("sentence {s}, word {w}", s=s + 1,
        w=w + 1) for s, w in real.nonzero().tolist()]
)
plot.maps(
    changed,
    of,
    "feature",
    signed=list(changed),
    scale="change",
    title="Which numbers does padding change?",
    caption="A cell is one feature of one real word after the norm. The stronger its "
    "colour, the more the "
    "number changes if sentences are padded to 10 words instead of 6; full colour means "
    "by 1 or more.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert moved["layer norm"].max() == 0 and moved["batch norm"].min() > 0

# %% [markdown]
# <details><summary>Answer</summary>
#
# Batch norm's: its means include the padding. It could skip this, but in training it would still mix in the *other sentences* of the batch.
#
# </details>

# %% [markdown]
# ## Which masks, exactly?
# `source` and `target` are False at padding. True in a mask means that this row's query may attend to this column's key:

# %%
source = torch.tensor([[True, True, True, False]])  # I love you <pad>
target = torch.tensor([[True, True, False]])  # je t'aime <pad>
encoder = cross = source[:, None]  # [B, 1, S]: the same for all queries
decoder = target[:, None] & causal_mask(target.shape[1])  # [B, T, T]
print(decoder.int()[0].tolist())

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A slide lets a word see “only those before it”. What happens to the first word?",
    ["It sees itself.", "Its row is empty: 0/0.", "It sees the last word."],
    answer=1,
    because="The diagonal belongs to the mask: a word may always see itself.",
)

# %% [markdown]
# What rows of padding attend to does not matter, but an empty row is risky: its softmax is 0/0 = NaN, which the next layer spreads to every word, because 0 · NaN = NaN.

# %% [markdown] tags=["card"]
# ### Find the error ●○○ · 6 minutes
# A lecture draws the causal mask as zeros and ones and multiplies the scores by this mask, before the softmax.
#
# <!-- example: program 5.1 -->


# %% tags=["exercise"]
@find_error("program 5.1")
def masked_attention(q, k, v):  # [T, d] each
    scores = q @ k.T / q.shape[-1] ** 0.5
    mask = torch.ones(len(q), len(q)).tril()  # 1: may be seen
    scores = scores * mask
    return torch.softmax(scores, dim=-1) @ v


# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.full((2,), -torch.inf).softmax(0).isnan().all() and math.isnan(0 * math.nan)

# %% [markdown]
# ## The last step, by hand
# The last step is logits → softmax → the most probable word. A widely used picture prints this table for six words. Can every row come from a softmax?

# %%
from chapters.ch05.table import TABLE, VOCABULARY

sums = TABLE.sum(-1)
chosen = [VOCABULARY[i] for i in TABLE.argmax(-1)]
rows = [
    dict(zip(VOCABULARY, row.tolist(), strict=True)) | {"sum": f"{s:.3f}", "written": w}
    for row, s, w in zip(TABLE, sums, chosen, strict=True)
]
Table(rows, "As printed. The written word has the largest number of its row.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(s, 3) for s in sums.tolist()] == [1.01, 1, 0.996, 0.974, 1.003]

# %% [markdown]
# Can rounding explain these sums?

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "About this table, one of these claims is wrong. Which?",
    [
        "Its first row can be a distribution, rounded.",
        "Its fourth row can be a distribution, rounded.",
        "The second row writes “am”.",
        "No number in it is negative.",
    ],
    answer=1,
    because="The fourth row sums to .974: rounding to the printed digits cannot take "
    "away so much. It explains the other sums.",
)

# %% [markdown]
# The picture's text says of the second row that "index 5, *am*, is chosen". In its own table *am* has index 2, counted from 1. <!-- source: the table above -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert VOCABULARY[1] == "am" and TABLE[1].argmax() == 1 and (TABLE >= 0).all()

# %% [markdown] tags=["guess"]
# ## Does prediction need the mask?
# A lecture says no. After all, the words to come are not there yet. **Guess:** if all words so far go through the decoder without a mask, do the *last* word's features change?

# %%
model = grammar.model
said = translate(grammar, tired, beam=1)[0]
heard = torch.tensor([[2, *grammar.target.encode(said.tokens)]])  # 2: <bos>
memory = model.encode(ids).detach()
moves = {}


def last_row(layers, mask):
    """Features of the last word, after so many decoder layers."""
    h = model.target_positions(model.target_embedding(heard) * 128**0.5)
    for block in model.decoder[:layers]:
        h = block(h, memory, mask)
    return h[0, -1]


# %%
with torch.no_grad():
    causal = causal_mask(heard.shape[1])
    for layers in (1, 2, 3):
        gap = last_row(layers, causal) - last_row(layers, None)
        moves[layers] = gap.abs().max().item()
        print(f"layers: {layers}   the last row moves by up to {moves[layers]:.2g}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert moves[1] < 1e-4 and min(moves[2], moves[3]) > 0.01

# %% [markdown]
# <details><summary>Answer</summary>
#
# With one layer they stay, because the last word may see all words anyway. With more they change: the last word then reads words that have attended *ahead*. So the mask has to stay, unless earlier words are never computed again ([a cache](#kv-cache)).
#
# </details>

# %% [markdown]
# ## Cut into heads
# You can cut the features of some words into heads in two ways and get the same shape, but only one of them gives each head a piece of every word:

# %% jupyter={"source_hidden": true}
labs.split(
    title="How do you cut, and how not?",
    caption="Three words of four features each. Both ways give two heads of the same shape.",
)

# %% [markdown] tags=["card"]
# ### Exercise 4 ●●○ · 4 minutes
# Cut the last axis into $H$ heads of $d$ features, then move the heads in front of the words: $[B,T,H\cdot d]\to[B,T,H,d]\to[B,H,T,d]$. Don't do it in one go.


# %% tags=["exercise"]
@exercise("split heads")
def split_heads(x, heads):
    """x [B, T, D] -> [B, H, T, d], d = D / H"""
    raise NotImplementedError


# %% [markdown]
# Four heads of the course sentence: each has a quarter of every word's features.

# %%
with torch.no_grad():
    features = grammar.model.source_embedding(ids)  # [1, T, 128]
    pieces = split_heads(features, 4)  # [1, 4, T, 32]
print(tuple(features.shape), "->", tuple(pieces.shape))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(pieces[0, 1], features[0, :, 32:64])

# %% [markdown] tags=["card"]
# ## What does a cache save?
# <a id="kv-cache"></a>
# With the mask, a new word does not change the keys and values of earlier words. So the **KV cache** keeps these, and those of the source, and each step computes only the new word, in every layer. Queries are not kept: each is used only in its own step.
#
# ### Exercise 5 ●●● · 18 minutes
# Write one step with one head. The cache holds P words, at positions 0 to P − 1. First add the encoding of position P to the new word.


# %% tags=["exercise"]
@exercise("cached step")
def cached_step(word, keys, values, positions, Wq, Wk, Wv):
    """word [B, D], cached keys and values [B, P, D], positions [max, D], W [D, D]
    -> output [B, D], keys, values [B, P + 1, D]"""
    raise NotImplementedError


# %% [markdown]
# Your function reads the course sentence word by word. Each step must give that row of causal attention over the whole sentence:

# %%
from course_utils.positions import sinusoidal_encoding

bare, at = (
    grammar.model.source_embedding(ids).detach(),
    sinusoidal_encoding(len(words), 128),
)
layer = grammar.model.encoder[0].attention
matrices = [part.weight.T.detach() for part in (layer.query, layer.key, layer.value)]
keys, rows = bare[:, :0], []  # an empty cache
values = keys
for word in bare[0]:
    row, keys, values = cached_step(word[None], keys, values, at, *matrices)
    rows.append(row)
all_rows, _ = scaled_dot_product_attention(
    *((bare + at) @ W for W in matrices), causal_mask(len(words))
)
gaps = (torch.stack(rows, 1) - all_rows).abs().amax((0, 2))  # of each step
print(f"{len(gaps)} steps, largest difference {gaps.max():.0e}")

# %% [markdown] tags=["guess"]
# The whole model must agree at every step, too: 128 cached steps of `transformer-grammar` with one call. Without a cache, they compute 64.5 times as many words. **Guess** how much faster the cached steps are.

# %%
from chapters.ch05.experiments.in_class import clock
from course_kit.decoding.steps import steps_of

model, steps = grammar.model, steps_of(grammar.model)
line, eight = torch.full((8, 128), 5), ids.expand(8, -1)
states, logits, memory = [steps.start(eight)], [], model.encode(eight)


def cached(n):
    found = steps.step(line[:, n], states.pop())
    states.append(found.state)
    logits.append(found.logits)


with_cache = clock(cached)
without = clock(lambda n: model.output(model.decode(line[:, : n + 1], memory)[:, -1]))
times = without[-1] / with_cache[-1]
with torch.no_grad():
    differ = (torch.stack(logits, 1) - model(eight, line)).abs().amax((0, 2))
plot.lines(
    {"all again": (range(128), without), "with the cache": (range(128), with_cache)},
    "words read",
    "seconds so far",
    title="What does the cache save?",
    caption=from_cell(
        "Decoder only, on one core: {times} times faster at 128 words. Largest "
        "difference of a logit in 128 steps: {gap}.",
        times=f"{times:.1f}", gap=f"{differ.max():.0e}",
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 1.5 < times < 64.5 == sum(range(1, 129)) / 128 and len(differ) == 128
assert gaps.max() < 1e-4 and len(gaps) == len(words) and differ.max() < 1e-3

# %% [markdown]
# It is below 64.5, because one call for many words is faster than many calls for one word each.

# %% [markdown] tags=["guess"]
# ## Label smoothing
# <a id="label-smoothing"></a>
# A probability of exactly 1 would need infinite logits. So **label smoothing**, used in the paper, asks for a little less: it takes ε from the correct word and shares this evenly among all $V$ words, the correct one included:
#
# $$ \text{target}=(1-\varepsilon)\cdot\text{one-hot}+\varepsilon\cdot\tfrac1V $$
#
# The loss is lowest, but not 0, when the model predicts exactly this target. **Guess** the lowest loss of `transformer-grammar` (ε = 0.1), which ended its training at 1.08.

# %%
V, epsilon = len(grammar.target), 0.1
perfect = torch.full((1, V), epsilon / V)
perfect[0, 7] += 1 - epsilon  # word 7 is the correct one
right = torch.tensor([7])
lowest = F.cross_entropy(perfect.log(), right, label_smoothing=epsilon).item()
ended = grammar.card["training"]["history"]["rows"][-1][1]
print(f"a perfect prediction of {V:,} words: {lowest:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(lowest - torch.special.entr(perfect).sum()) < 1e-4 and lowest < ended < lowest + 0.1
assert round(ended, 2) == 1.08

# %% [markdown]
# So losses with different ε must not be compared.
#
# *Source:* Szegedy et al., *Rethinking the Inception architecture*, 2015.

# %% [markdown] tags=["guess"]
# ## Which layer is read?
# Each decoder layer reads the *last* encoder layer. It could read the one of its own depth instead, or the last *and* another (**layer-wise multi-view** decoding). `LayerWise` switches a trained model; each memory goes through the encoder's norm. **Guess:** how much BLEU does it cost a model that was trained with the last alone?

# %%
from chapters.ch05.variants import LayerWise

from chapters.ch03.lesson import Lesson

lesson = Lesson("en-fr")
views = {
    from_cell("the last"): (3, 3, 3),
    from_cell("each its own"): (1, 2, 3),
    from_cell("upside down"): (3, 2, 1),
    from_cell("the first"): (1, 1, 1),
}
rows = []
for name, layers in views.items():
    row = {"encoder layers": from_cell("{name}, {layers}", name=name, layers=layers)}
    for column, and_last in (("alone", False), ("and the last", True)):
        other = LayerWise(grammar.model, layers, and_last)
        row[column] = round(lesson.bleu(other, count=100), 1)
    rows.append(row)
Table(rows, "BLEU on 100 test sentences")

# %% jupyter={"source_hidden": true} tags=["asserts"]
alone, both = ([row[column] for row in rows] for column in ("alone", "and the last"))
assert min(alone + both) > 96 and alone[0] - min(alone) < 4 and alone[3] == min(alone)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Little: for the first layer alone about one or two points, else nothing that 100 sentences could show. The authors *train* with two views and report gains; we have not.
#
# </details>
#
# *Source:* Liu et al., *Layer-wise multi-view decoding*, 2020 (arXiv 2005.08081). <!-- source: Liu et al. 2020, with the number of its arXiv page -->

# %% [markdown] tags=["guess"]
# ## Before or after, and how to warm up
# <a id="before-or-after"></a><a id="warm-up"></a>
# In a *warm-up* the learning rate rises slowly at first. **Guess** which learns better without it: post-norm, whose norms are in the residual stream, or pre-norm?

# %% jupyter={"source_hidden": true}
norms = results.load("transformer_norms")
curves = {name: torch.tensor(lines).mean(0) for name, lines in norms["curves"].items()}
lower = {
    name: torch.tensor(lines).mean(0)
    for name, lines in norms["lower rate"]["curves"].items()
}
labels = {
    "pre-norm, warm-up": from_cell("pre-norm, warm-up"),
    "pre-norm, none": from_cell("pre-norm, none"),
    "post-norm, warm-up": from_cell("post-norm, warm-up"),
    "post-norm, none": from_cell("post-norm, none"),
}
at = [norms["every"] * (n + 1) for n in range(len(curves["pre-norm, none"]))]
plot.lines(
    {labels[name]: (at, curve) for name, curve in curves.items()},
    "steps",
    "loss",
    title="Which of them learns?",
    caption=from_cell(
        "Six layers, rate {norms}, means of {count} seeds; “none” means no "
        "warm-up, “warm-up” 100 steps of it. {about}", norms=norms['lr'],
        count=len(norms['seeds']), about=norms.about
    ),
    size=(7, 3.8),
)

# %% jupyter={"source_hidden": true}
rows = [
    {
        "norm, warm-up": labels[name],
        from_cell("rate {norms}", norms=norms['lr']): curves[name][-1].item(),
        from_cell("rate {norms}",
            norms=norms['lower rate']['lr']): lower[name][-1].item(),
    }
    for name in curves
]
Table(
    rows,
    "The mean loss of the last ten of two hundred steps, at two learning rates. "
    "A model for which all 1,205 words are equally likely has a loss of ln 1,205 = 7.09.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (
    abs(curves["pre-norm, none"][-1] - curves["pre-norm, warm-up"][-1]) < 0.05
    and norms["steps"] == 200
)
assert max(curves["pre-norm, none"][-1], curves["pre-norm, warm-up"][-1]) < 3
assert all(
    4.9 < curves[name][-1] < 5.2 for name in ("post-norm, none", "post-norm, warm-up")
)
assert lower["post-norm, warm-up"][-1] < lower["post-norm, none"][-1] - 0.1 < 4.9
assert lower["pre-norm, none"][-1] < lower["pre-norm, warm-up"][-1] - 0.2
assert (
    norms["lower rate"]["lr"] < norms["lr"]
    and f"{math.log(len(grammar.target)):.2f}" == "7.09"
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Pre-norm, in these two hundred steps of a narrow model. At the lower rate warm-up helps post-norm a little, and pre-norm is better without.
#
# </details>
#
# For the lesson's translator, trained on chapter 3's batches, a warm-up was worth two to three BLEU, in each of three recorded pairs. Why it helps is disputed: Adam's early estimates (Liu et al. 2020), or post-norm's large first gradients near the output (Xiong et al. 2020)? The paper trained post-norm with the rate $D^{-1/2}\cdot\min(\text{step}^{-1/2},\ \text{step}\cdot 4000^{-3/2})$, highest at step 4,000. <!-- source: Vaswani et al. 2017, section 5.3 -->
#
# *Sources:* Xiong et al., *On layer normalization in the Transformer architecture*, 2020; Liu et al., *On the variance of the adaptive learning rate and beyond*, 2020.

# %% jupyter={"source_hidden": true} tags=["asserts"]
warm, cold = (results.load("transformer_warm_up")["BLEU"][name] for name in ("with", "without"))
assert {round(one - other) for one, other in zip(warm, cold, strict=True)} == {2, 3} and len(warm) == 3

# %% [markdown] tags=["guess"]
# ## Which connection decides, in detail?
# <a id="which-connection-decides-in-detail"></a>
# More connections than in the lesson, some in head 2.2 alone, the one in which "it" gives "animal" its largest weight. **Guess** first which noun "it" and the adjective attend to there, in each of the two sentences.

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments import heads as head_study

readings = head_study.both_readings(grammar, (tired, wide), 2, 2, ("animal", "street"))
readings

# %%
def hide(word, *others, only=()):  # these the word may not attend to; only: in this head
    return [("encoder", word, other, *only) for other in others]


right, other, head = "referent", "distractor", [(2, 2)]  # the two nouns; one head
connections = {
    "nothing": [],
    "adjective → right noun": hide("adjective", right),
    "adjective → other noun": hide("adjective", other),
    "adjective → both nouns": hide("adjective", right, other),
    "adjective → “it” and “too”": hide("adjective", "it", "too"),
    "adjective → right noun, in 2.2": hide("adjective", right, only=head),
    "adjective → both nouns, in 2.2": hide("adjective", right, other, only=head),
}
rows = {name: ([], gone) for name, gone in connections.items()}
left = head_study.ablations(grammar, rows)
left

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(readings[0]["to “animal”"] - readings[2]["to “animal”"]) < 0.1
assert all(readings[n]["to “animal”"] - readings[n]["to “street”"] > 0.1 for n in (0, 2))
assert min(readings[1]["to “animal”"], readings[3]["to “street”"]) > 0.8
assert [round(row["sentences, %"]) for row in left] == [95, 14, 100, 53, 94, 82, 94]

# %% [markdown]
# <details><summary>Answer</summary>
#
# "It" gives more weight to the animal in both. The adjectives tell the nouns apart: "tired" attends to the animal, "wide" to the street.
#
# </details>
#
# <a id="log-odds"></a>
# (Where the *log-odds*, ln(P(right) / P(other)), are above 0, the right pronoun is likelier.) The pronoun follows the noun that the adjective can still attend to: 14 % are right without the right noun, all without the other one, and 53 %, about as many as by chance, without both. Hiding two other words does little harm. To lose only the right noun in head 2.2 (82 %) is worse than to lose both there (94 %), because the adjective then attends to the wrong one.
#
# ### Or put something in
# <a id="activation-patching"></a>
# So far we have cut, which is called *ablation*. You can also put in what the model computed in *another* run, and this is **activation patching**. Chapter 0 does it when it gives one word its list back, chapter 3 when it swaps two contexts. Here the encoder reads both twins. The decoder writes the sentence with "tired", but one of the vectors that it reads comes from the sentence with "wide". Which one turns *il* into *elle*? <!-- source: Vig et al. 2020, Causal mediation analysis; Heimersheim and Nanda 2024, How to use and interpret activation patching -->

# %%
so_far = [2, *grammar.target.encode("l'animal n'a pas traversé la rue parce qu'")]
elle, likely = grammar.target.encode("elle")[0], []
with torch.no_grad():
    memory, of_twin = (
        grammar.model.encode(torch.tensor([grammar.source.encode(one)]))  # [1, S, D]
        for one in (tired, wide)
    )
    for n in range(len(words)):
        patched = memory.clone()
        patched[0, n] = of_twin[0, n]
        found = grammar.model.decode(torch.tensor([so_far]), patched)  # [1, T, D]
        likely.append(100 * grammar.model.output(found)[0, -1].softmax(0)[elle].item())

# %% jupyter={"source_hidden": true}
plot.bars(
    words,
    likely,
    ylabel="probability of “elle”, %",
    digits=0,
    title="Which word's vector carries the pronoun?",
    caption="A bar for each English word of the sentence with “tired”. Its vector, and no other, "
    "comes from the twin.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert words.index("tired") == max(range(len(words)), key=lambda n: likely[n]) and likely[words.index("tired")] > 90
assert sorted(likely)[-2] < 1

# %% [markdown]
# Only the adjective's. The vectors of "it" and of both nouns can come from the other sentence, and the decoder still writes *il*: what decides has reached the adjective, as the lesson's cuts showed.

# %% [markdown]
# ## Then why did everyone change?
# Does a Transformer translate better than chapter 3's GRU with attention? A race on the same sentences:

# %% jupyter={"source_hidden": true}
race = results.load("transformer_race")
at = list(range(race["every"], race["steps"] + 1, race["every"]))
plot.lines(
    {name: (at, torch.tensor(one["valid"]).mean(0)) for name, one in race["models"].items()},
    "steps",
    "BLEU",
    title="Which of the two learns faster?",
    caption=from_cell("Means of {seeds} seeds, on new sentences. {about}", seeds=len(race["seeds"]),
                      about=race.about),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch03.lesson import Lesson
from course_utils.transformer import Transformer, TransformerConfig
lesson = Lesson("en-fr")
curve = {name: torch.tensor(one["valid"]).mean(0) for name, one in race["models"].items()}
scores = {name: torch.tensor(one["test"]) for name, one in race["models"].items()}
ours = [sum(p.numel() for p in model.parameters())
        for model in (lesson.model(), Transformer(TransformerConfig(len(lesson.source), len(lesson.target))))]
assert ours == [one["parameters"] for one in race["models"].values()] and [round(n, -3) for n in ours] == [775_000, 1_186_000]
assert round(ours[1] / ours[0], 1) == 1.5 and race["steps"] == 600 and len(race["seeds"]) == 3 and all(len(one["tried"]) == 3 for one in race["models"].values())
assert (curve["GRU with attention"] > curve["Transformer"])[:5].all()  # in the first half
assert abs(scores["GRU with attention"].mean() - scores["Transformer"].mean()) < 1 < min(one.max() - one.min() for one in scores.values()) and min(map(min, scores.values())) > 85

# %% [markdown]
# The GRU learns faster at first, and by the end of the race the two are about equal. Then why did so many change? Above all because in training no word of a Transformer's layer has to wait for another. A GRU reads one word after the other, however many processors you have. In a Transformer layer all words are read at once, however long the text is:

# %%
from chapters.ch05.experiments.speed import work

Table(
    [
        {"words": n, "layer": kind, "in a row": n if kind == "GRU" else "all at once",
         "multiplications, millions": round(one["multiplications"] / 1e6)}
        for n in (64, 4096) for kind, one in work(n).items()
    ],
    "In a row: words that are read one after the other. One layer in training, one "
    "sentence, 128 features a word.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
counted = work(4096)
assert counted["GRU"]["in a row"] == 4096
assert 12 < counted["Transformer"]["multiplications"] / counted["GRU"]["multiplications"] < 13
assert all(one["Transformer"]["multiplications"] > 2 * one["GRU"]["multiplications"] for one in map(work, (1, 16, 64)))

# %% [markdown]
# The price is that each word is compared with every other, which is most of the work in long texts. But a graphics processor does thousands of multiplications at once. Extra multiplications are cheap for it, and waiting is expensive. That's one of the paper's reasons to leave the recurrence out. When a Transformer *writes*, it has to wait, too, because each word needs the word before it. <!-- source: Vaswani et al. 2017, section 1 -->
#
# <details><summary>How sure is this?</summary>
#
# In the race we tried three learning rates for each model and took the best. The Transformer had 1.5 times as many parameters. We haven't measured a graphics processor.
#
# </details>
#
# And on real sentences? Both learned from Tatoeba's, in as many steps of as many tokens. Parameters, time on one core and quality, as recorded, and what each makes of “I love you.”:

# %%
names = "seq2seq-attention-en-fr", "transformer-en-fr"
for name, one in (kinds := {name: load_checkpoint(name) for name in names}).items():
    size = sum(p.numel() for p in one.model.parameters()) / 1e6
    bleu, said = one.card["metrics"]["test_bleu_beam_4"], translate(one, "I love you.")[0]
    minutes = one.card["training"]["minutes"]
    print(f"{name}: {size:.1f} M, {minutes:.0f} minutes, BLEU {bleu:.1f}, {said}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
old, new = (one.card["training"] for one in kinds.values())
assert [old["recipe"][key] == new["recipe"][key] for key in ("steps", "tokens", "optimizer")] == [True, True, False]
assert new["recipe"]["optimizer"] == "muon" and {old["threads"], new["threads"]} == {1} and old["minutes"] < new["minutes"]
assert translate(kinds["transformer-en-fr"], "I love you.")[0].text == "je t'aime."

# %% [markdown]
# The Transformer scores higher, but architecture, size, time and optimiser (Muon) all differ. <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small> <!-- source: tatoeba.org -->
#
# <a id="real-sentences"></a>
# A program made the lesson's sentences, and these models learned from sentences that people wrote. Here are four that the Transformer hasn't seen. Which translations would you accept?

# %%
real = kinds["transformer-en-fr"]
for line in (tired, wide,
             "I have never seen such a beautiful sunset in my life.",
             "The bank closes at three on Fridays."):
    print(translate(real, line, beam=1)[0].text)  # beam=1: the likeliest piece each time

# %% jupyter={"source_hidden": true} tags=["asserts"]
four = [translate(real, line, beam=1)[0] for line in (tired, wide, "I have never seen such a beautiful sunset in my life.", "The bank closes at three on Fridays.")]
assert not any(one.seen for one in four)
assert [one.text.lower() for one in four] == [
    "l'animage n'a pas traversé la rue parce qu'elle était trop fatigué.",
    "l'animage n'a pas traversé la rue parce qu'elle était trop large.",
    "je n'ai jamais vu un si beau coucher de soleil dans ma vie.",
    "la banque se ferme à trois heures du matin.",
]
assert four[0].tokens[1:4] == ["an", "im", "age"]

# %% [markdown]
# The sunset is right. The bank closes at three in the morning. *L'animage* isn't a word: after the pieces *an* and *im* the model went wrong. And both our sentences get *elle*, so this model hasn't learned what the pronoun needs.
#
# ### Does it survive a typo?
# <a id="robustness"></a>
# How well a model bears errors in its input is its **robustness**. In each second line below two letters have changed places (▁ begins a word):

# %%
for line in (
    "Thank you for your help.", "Thnak you for your help.",
    "She bought a new bicycle yesterday.", "She bought a new bicylce yesterday.",
):
    pieces = real.source.tokens(real.source.encode(line))
    print(*pieces, "→", translate(real, line, beam=1)[0])

# %% jupyter={"source_hidden": true} tags=["asserts"]
written = [translate(real, line, beam=1)[0].text for line in ("Thank you for your help.", "Thnak you for your help.", "She bought a new bicylce yesterday.")]
assert written == ["merci pour ton aide.", "anksaki pour ton aide.", "elle a acheté une nouvelle bicyclette hier."]

# %% [markdown]
# A person hardly notices, but the model gets other pieces, which it has rarely or never met side by side. It guesses *bicyclette* all the same; of *Thnak* it makes a word that doesn't exist. Training on sentences with such noise helps, mostly against noise of the same kind. An article also names distillation, which has its own purpose: [a smaller model](06_bert_annex.ipynb#distilbert). <!-- source: Belinkov and Bisk 2018, Synthetic and natural noise both break neural machine translation -->

# %% [markdown] tags=["guess"]
# ## What the first Transformer cost
# The paper used 4.5 million sentence pairs for German, 36 million for French, and 8 P100 cards at an assumed 9.5 TFLOP/s. The base model took 12 hours for 100,000 steps, the big one 3.5 days for 300,000. <!-- source: Vaswani et al. 2017, section 5; table 2 assumes 9.5 TFLOP/s -->
#
# **Guess** the power of ten of each number of operations.

# %%
day, cards, speed = 24 * 3600, 8, 9.5e12
base, big = (cards * speed * days * day for days in (0.5, 3.5))
print(f"base {base:.1e} operations, big {big:.1e} operations")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert f"{base:.1e}" == "3.3e+18" and f"{big:.1e}" == "2.3e+19"

# %% [markdown]
# How many parameters has it? The paper's base model has six layers of 512 features in each half, and one table of about 37,000 pieces for both languages. Its authors print 65 million, and do not say how they count: <!-- source: Vaswani et al. 2017, sections 5.1 and 6.2, table 3 -->

# %% jupyter={"source_hidden": true}
from course_utils.transformer import Transformer, TransformerConfig

def numbers(*parts):
    """Parameters, in millions."""
    return sum(p.numel() for part in parts for p in part.parameters()) / 1e6

def millions(model, shared=False):
    """Parameters by part; shared: one table for both languages."""
    table = 0 if shared else numbers(model.source_embedding)
    parts = {"embeddings": numbers(model.output) + table,  # output: the target's, a bias
             "encoder": numbers(model.encoder, model.encoder_norm),
             "decoder": numbers(model.decoder, model.decoder_norm)}
    return parts | {"all": sum(parts.values())}

# %%
yours = Transformer(TransformerConfig(len(grammar.source), len(grammar.target)))
with torch.device("meta"):  # sizes only, no numbers
    base = Transformer(TransformerConfig(37_000, 37_000, size=512, layers=6, heads=8))
rows = {"yours": millions(yours), "the paper's base": millions(base, shared=True)}
Table([{"": name} | parts for name, parts in rows.items()], "Millions of parameters")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(rows["yours"]["all"] - sum(p.numel() for p in yours.parameters()) / 1e6) < 1e-9
assert round(rows["the paper's base"]["all"], 1) == 63.1

# %% [markdown]
# ## The two ends
# <a id="two-ends"></a>
# Our Transformer has one table of French words for two jobs (*weight tying*): its rows go into the decoder, and at the end a vector is compared with all of them. Why is a row then multiplied by √D on its way in? <!-- source: Press and Wolf 2017; Vaswani et al. 2017, section 3.4 -->

# %%
from course_utils.positions import sinusoidal_encoding
from course_utils.transformer import Transformer

torch.manual_seed(0)
untrained = Transformer(grammar.model.config)
table = untrained.target_embedding.weight.detach()  # [V, D]
D = table.shape[1]
normed = F.layer_norm(torch.randn(1000, D), (D,))  # what comes out of the last norm
for name, x in {
    "a row of the table": table,
    "a row times √D": table * D**0.5,
    "positions": sinusoidal_encoding(64, D),
    "logits": normed @ table.T,
}.items():
    print(f"{from_cell(name):20} {x.pow(2).mean().sqrt():.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
def size(x):
    return x.pow(2).mean().sqrt().item()
assert abs(size(table) - D**-0.5) < 0.01 and abs(size(table * D**0.5) - 1) < 0.05 and abs(size(normed @ table.T) - 1) < 0.05
assert 0.7 < size(sinusoidal_encoding(64, D)) < 0.72
V = len(grammar.target)
assert round(V * D, -3) == 154_000 and untrained.output.weight is untrained.target_embedding.weight

# %% [markdown]
# These are sizes: the root of the mean square. As an output, the table must begin with small numbers, of about $1/\sqrt D$, so that logits begin at about 1 and no word is certain before training. As an input, such a row would drown beside the positions. So it's multiplied by √D on its way in. Sharing the table saves 154,000 parameters here.

# %% [markdown]
# ## A small zoo
# <a id="sparse-attention"></a><a id="multi-query"></a>
# Attention over $T$ words has $T^2$ pairs, and a cache of $2TD$ numbers per layer. Local and **sparse** attention save pairs, if the program skips those that the mask hides.

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments import in_class as study

plot.maps(
    study.zoo(16),
    "query",
    "key",
    title="Which words may be read?",
    caption="A row for each word that reads, a column for each of the 16 words. A "
    "filled cell may be read. After how many layers can the last word know of the "
    "first one?",
)

# %%
study.zoo_table(length=64)

# %% [markdown]
# Local attention reaches further with each layer. One global word, which attends to all and to which all attend, shortens every path to two steps.
#
# The cache gets smaller if heads *share* keys and values: groups of heads in **grouped-query** attention, all heads in **multi-query** attention.

# %%
study.cache_table(length=1024, size=512, heads=8)

# %% [markdown]
# The last row is a **sliding window**. Its older keys and values are never read again, so they can be thrown away, and from then on the cache stops growing. But what is further back reaches a word only in hops, so many decoders of today mix both kinds of layer. Gemma 3's larger models have one full layer after five with a window of 1,024 tokens: over 131,072 tokens that keeps about a sixth of the cache. <!-- source: Gemma Team 2025, Gemma 3 technical report, section 2 -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(100 * (5 * 1024 + 131_072) / (6 * 131_072)) == 17
from chapters.ch05.experiments.in_class import local_mask
x = torch.randn(1, 16, 8, generator=torch.Generator().manual_seed(0))
assert torch.allclose(scaled_dot_product_attention(x, x, x, local_mask(16, 4))[0][:, -1:], scaled_dot_product_attention(x[:, -1:], x[:, -4:], x[:, -4:])[0], atol=1e-6)

# %% [markdown]
# **Linear attention** (chapter 2) never computes a map: apart from a division its output is $\phi(Q)(\phi(K)^\top V)$, and the product in brackets has the same size at any length.
#
# *Sources:* Beltagy et al., *Longformer*, 2020; Child et al., *Sparse Transformers*, 2019; Shazeer, *Fast Transformer decoding*, 2019; Ainslie et al., *GQA*, 2023.

# %% [markdown]
# ## Three ways to read a sentence
# For $n$ words of $d$ features:
#
# | | RNN | CNN, kernel $k$, backwards only | Transformer |
# |---|---|---|---|
# | a word reads | the state left of it | $k$ neighbours | every word |
# | longest path | $n$ | $n/(k-1)$ | 1 |
# | steps one after another, in training | $n$ | 1 per layer | 1 per layer |
# | cost of a layer | $n\,d^2$ | $k\,n\,d^2$ | $n^2 d + n\,d^2$ |
# | knows the order | by itself | by itself | from positions, partly from a causal mask |
# | memory while writing | one state | $k$ words | every word |
#
# The last row is the price of attention: for the thousandth word a Transformer reads a thousand keys.
#
# <a id="encoder-only"></a>
# The same blocks make three families:
#
# | family | attention | learns to | example |
# |---|---|---|---|
# | encoder-only | self-attention, both directions | fill gaps | BERT, chapter 6 |
# | decoder-only | self-attention, causal | continue a text | GPT, chapter 7 |
# | encoder–decoder | both of these, and cross-attention | rewrite | the Transformer of 2017, T5 |
#
# <a id="cross-modal"></a>
# Must the encoder read text? Cross-attention doesn't ask where its keys and values come from: it needs vectors of the right width. In **cross-modal attention** queries come from one kind of input, keys and values from another: French words may attend to patches of a picture, as in [chapter 3's annex](03_seq2seq_annex.ipynb#Where-was-seq2seq-used?), or to pieces of sound, as in Whisper (2022). <!-- source: Radford et al. 2022, Robust speech recognition via large-scale weak supervision -->
#
# <a id="t5"></a>
# The third family has BERT's side and GPT's side, and T5 (Raffel et al., 2020) uses both for everything. A task is some words in front of the source, "translate English to German: …", and the answer is always a text; the Transformer of `mine/transformer.py`, told to copy or to reverse by its first token, works in the same way. From raw texts T5 learns by *filling spans*: cut pieces out, leave a mark for each, and let the decoder write what was there. What would each family be given, and asked, with the course sentence?

# %%
def spans(words, cut):  # cut: (begin, end) of each piece
    source, target, at = [], [], 0
    for n, (begin, end) in enumerate(cut):
        mark = f"<{n}>"
        source += words[at:begin] + [mark]
        target += [mark] + words[begin:end]
        at = end
    return source + words[at:], target


source, target = spans(words, [(2, 5), (8, 11)])
hidden = ["[MASK]" if n in (1, 10) else word for n, word in enumerate(words)]
Table(
    [
        {"family": family, "reads": " ".join(a), "must answer": " ".join(b)}
        for family, a, b in (
            ("encoder-only", hidden, [words[1], words[10]]),
            ("decoder-only", words[:-1], words[1:]),
            ("encoder–decoder (T5)", source, target),
        )
    ],
    "A decoder answers at each word with the next one.",
    data=("reads", "must answer"),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert " ".join(source) == "the animal <0> street because it <1> ."
assert " ".join(target) == "<0> didn't cross the <1> was too tired" and len(target) < len(words)

# %% [markdown]
# T5's answer is shorter than the text, so a step of training costs less than one that writes all of it again. And one model, one loss and one way of writing do for a translation, a summary or a gap.
#
# How large is it? The smallest T5 has the sizes of the Transformer of 2017, six layers of 512 features in each half, but no biases and no positions. Instead each head learns a number for each of 32 ranges of distances, once for all layers of a half: <!-- source: Raffel et al. 2020, sections 2.1 and 3.1.1; t5-small's config.json -->

# %%
D, layers = 512, 6
matrices = 4 * D * D  # queries, keys, values, output
network = 2 * D * 4 * D  # wider, and narrow again
t5 = {
    "table of 32,128 pieces": 32_128 * D,  # for source, target and output
    "encoder": layers * (matrices + network + 2 * D) + D,  # with the scales of its norms
    "decoder": layers * (2 * matrices + network + 3 * D) + D,
    "distances, 32 ranges × 8 heads": 2 * 32 * 8,
}
for part, count in (t5 | {"all": sum(t5.values())}).items():
    print(f"{from_cell(part):32}{count:>11,}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(t5.values()) == 60_506_624  # as transformers counts t5-small

# %% [markdown]
# 60.5 million, of which 512 tell the order of the words.

# %% [markdown]
# ## Errors that circulate
# An article explains the Transformer with "I love you" → "Je t'aime" and prints a class for its attention. Here is a shorter class modelled on it. The names are ours, and the errors are the article's. Can you find five? Then we run it.

# %%
class Circulating(torch.nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads, self.d = heads, size // heads
        self.query, self.key = torch.nn.Linear(size, size), torch.nn.Linear(size, size)
        self.value, self.out = torch.nn.Linear(size, size), torch.nn.Linear(size, size)

    def cut(self, x, length):  # [B, T, D] -> [B, H, T, d]
        return x.view(len(x), length, self.heads, self.d).transpose(1, 2)

    def scores(self, q, k):
        return torch.matmul(q, k) / sqrt(self.d)

    def forward(self, query, memory, mask=None):
        B, length, D = query.shape
        q = self.cut(self.query(query), length) / self.d**0.5
        k = self.cut(self.key(memory), length)
        v = self.cut(self.value(memory), length)
        scores = self.scores(q, k)
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        heads = torch.softmax(scores, dim=-1) @ v
        return self.out(heads.transpose(1, 2).reshape(B, length, D))


def tried(layer, *inputs):
    try:
        return list(layer(*inputs).shape)
    except Exception as error:
        return type(error).__name__


five = torch.randn(1, 5, 8, generator=torch.Generator().manual_seed(0))  # five words
four = five[:, :4]
print(tried(Circulating(8, 2), four, four))
from math import sqrt  # the first repair, for whatever runs from here on

# %% [markdown]
# It does not even start: nobody has imported `sqrt`. We do, and then repair one line after the other. Each class below mends one more, and does three things: it reads five words; it reads four, as many as a head has features; and it lets three words read five, as French reads English.

# %%
from course_utils.attention import MultiHeadAttention


class Transposed(Circulating):
    def scores(self, q, k):
        return q @ k.transpose(-2, -1) / sqrt(self.d)


class OwnLength(Transposed):
    def cut(self, x, length):
        return super().cut(x, x.shape[1])  # not the length of the queries


class ScaledOnce(OwnLength):
    def scores(self, q, k):
        return q @ k.transpose(-2, -1)  # the queries are divided already


right, rows = MultiHeadAttention(8, 2), []
for repair, kind in (
    ("sqrt imported", Circulating),
    ("keys transposed", Transposed),
    ("keys cut by their own length", OwnLength),
    ("divided by √d once", ScaledOnce),
):
    layer = kind(8, 2)
    layer.load_state_dict(right.state_dict())
    off = (layer(four, four) - right(four, four)[0]).abs().max().item()
    row = {"repaired, one after the other": repair, "5 words": tried(layer, five, five)}
    row["4 words"] = tried(layer, four, four)
    row["3 read 5"] = tried(layer, five[:, :3], five)
    rows.append(row | {"4 words, off by": f"{off:.4f}"})
Table(
    rows,
    "The shape that comes out, or the error. “Off by”: the largest difference from the "
    "course’s own class with the same parameters.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tried(Circulating(8, 2), four, four) == [1, 4, 8] and rows[0]["5 words"] == "RuntimeError" and rows[0]["4 words"] == [1, 4, 8]
assert rows[1]["3 read 5"] == "RuntimeError" and rows[2]["3 read 5"] == [1, 3, 8]
assert all(float(row["4 words, off by"]) > 1e-3 for row in rows[:3]) and float(rows[3]["4 words, off by"]) == 0

# %% [markdown]
# Look at the first row. With four words the wrong product has the right shape, so it runs, and nobody notices. Nor does anybody notice the second division by √d: it raises no error, it only makes the weights more even, and training can make up for that. (The article's formulas never divide, its code does so twice. Once is right: √d gives the scores one size, whatever d is.) The last column is in its text, too, which asks for as many queries as inputs. But French needs as many queries as it has words, however many English words there are. The fifth error is in no line of the class: no caller builds a mask. So change the *last* word and look whether the first one, which may not see it, moves:

# %%
layer = ScaledOnce(8, 2)
other = five.clone()
other[0, -1] += 1
for name, mask in {"no mask": None, "causal mask": causal_mask(5)}.items():
    move = (layer(other, other, mask) - layer(five, five, mask))[0, 0].abs().max()
    print(f"{name}: the first word moves by {move:.3f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert move == 0 and (layer(other, other) - layer(five, five))[0, 0].abs().max() > 1e-3

# %% [markdown]
# ### And its block
# <a id="bare-block"></a>
# The block around the class is one line, `ffn(attention(x))`, and its network is `W2(W1(x))`: no residual connection, no norm, no ReLU. What does a stack of such blocks make of six random words? In attention each word becomes an average of words, and averages of averages are more and more alike. A residual connection keeps what each word was.

# %%
class BareBlock(torch.nn.Module):
    def __init__(self, size, residual=False, norm=False):
        super().__init__()
        self.attention, self.residual = MultiHeadAttention(size, 4), residual
        self.W1 = torch.nn.Linear(size, 4 * size)
        self.W2 = torch.nn.Linear(4 * size, size)
        self.norm = torch.nn.LayerNorm(size) if norm else torch.nn.Identity()

    def around(self, x, part):
        return x * self.residual + part(self.norm(x))

    def forward(self, x):
        x = self.around(x, lambda h: self.attention(h, h)[0])
        return self.around(x, lambda h: self.W2(self.W1(h)))


def apart(x):
    """How far the words are from their mean, as a share of their size."""
    return ((x - x.mean(1, keepdim=True)).norm() / x.norm()).item()


unlike, sizes = {}, {}
for name, parts in {
    "as printed": {},
    "with the norm": {"norm": True},
    "with the residual": {"residual": True},
    "with both": {"residual": True, "norm": True},
}.items():
    torch.manual_seed(0)
    x, found = torch.randn(1, 6, 64), []
    for _ in range(6):
        with torch.no_grad():
            x = BareBlock(64, **parts)(x)
        found.append(apart(x))
    unlike[name], sizes[name] = found, x.norm().item()
plot.lines(
    {name: (range(1, 7), found) for name, found in unlike.items()},
    "blocks",
    "words apart",
    title="Do six words stay six words?",
    log="y",
    caption="How far the words are from their mean, as a share of their size. Untrained "
    "blocks. At the bottom all six words are one.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert max(unlike["as printed"][2:] + unlike["with the norm"][3:]) < 1e-3 < 0.2 < min(unlike["with the residual"] + unlike["with both"])
assert unlike["as printed"][1] < 0.01 and sizes["with the residual"] > 2 * sizes["with both"]

# %% [markdown]
# After two blocks as printed, the six words are nearly the same vector, whatever they were. Only the residual keeps them apart; the norm keeps their size, which grows otherwise. And the missing ReLU? Then $W_1W_2$ is one matrix, and the hidden layer is worth nothing. The article's is no wider than the word itself, D → D; the paper's, and ours, has 4D features, but without a ReLU no width helps:

# %%
bare = BareBlock(64)
together = bare.W2.weight @ bare.W1.weight  # [64, 64]
x = torch.randn(64, generator=torch.Generator().manual_seed(1))
ffn = bare.W2(bare.W1(x)) - bare.W2(bare.W1(0 * x))  # without the biases
print("one matrix does the same:", torch.allclose(ffn, together @ x, atol=1e-4))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(ffn, together @ x, atol=1e-4)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Three famous bugs. With which of them does a model train as it should, and then "
    "read "
    "its words differently when it writes?",
    [
        "x + table[: x.size(0)].unsqueeze(1), with x [B, T, D]: positions along the batch",
        "if training: scores = scores.masked_fill(future, -inf)",
        "(loss * mask).mean(): the padding's zeros count in the mean",
    ],
    answer=1,
    because="Trained with the mask, it reads without it later. Positions along the batch "
    "give all words of a sentence the same one: use x.size(1). And the last needs "
    "(loss * mask).sum() / mask.sum().",
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A slide says: if self-attention encodes a sequence, an encoder–decoder is no longer "
    "needed. The next slide calls the Transformer an encoder–decoder. Do the two contradict "
    "each other?",
    [
        "Yes: a Transformer is not an encoder–decoder.",
        "No: encoding one sequence is one thing, writing a second is another.",
        "No: only the Transformer's decoder has self-attention.",
    ],
    answer=1,
    because="An encoder with self-attention gives each token a vector that has read the "
    "whole sequence. BERT is one. The Transformer of 2017 also writes a second sequence, so "
    "it has a decoder as well. Neither needs recurrence.",
)

# %% [markdown]
# ### Keys from the vocabulary?
# <a id="target-vocabulary"></a>
# The article with "I love you" takes the keys and values of cross-attention from the *target vocabulary*, which is all the French words that the model knows. These are the same for every English sentence. So what would the translator write? We let `grammar` write with the right memory, and with its vocabulary as the memory:

# %%
from course_kit.text import BOS, EOS


def write(memory):  # [1, S, D] -> French, always the likeliest word
    ids = [BOS]
    while ids[-1] != EOS and len(ids) < 20:
        features = grammar.model.decode(torch.tensor([ids]), memory)
        ids.append(grammar.model.output(features)[0, -1].argmax().item())
    return " ".join(grammar.target.tokens(ids[1:-1]))


vocabulary = grammar.model.target_embedding.weight[None]  # [1, V, D]
rows = []
with torch.no_grad():
    for english in ("They live in the European Economic Area.", tired):
        memory = grammar.model.encode(torch.tensor([grammar.source.encode(english)]))
        row = {"source": english, "keys from the source": write(memory)}
        rows.append(row | {"keys from the vocabulary": write(vocabulary)})
Table(rows, data=tuple(rows[0]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert rows[0]["keys from the vocabulary"] == rows[1]["keys from the vocabulary"]
assert rows[0]["keys from the source"].startswith("ils habitent dans la zone économique européenne")

# %% [markdown]
# The right column has one sentence for both: a decoder that reads its own vocabulary can only continue French. Nothing of the English has reached it. In two sentences the article even swaps the roles and lets the *source* words ask. Then there would be one output for each English word, but the decoder needs one at each French word, to predict the next.
#
# ### As many blocks?
# <a id="as-many-blocks"></a>
# A slide deck says that encoder and decoder have the same number of blocks, and the same width. Which of the two must agree? Five blocks and one, then one and five, then an encoder half as wide:

# %%
from course_utils.blocks import EncoderBlock
from course_utils.transformer import DecoderBlock


def stacks(below, above, width=64):
    """So many encoder blocks, `width` wide, read by so many decoder blocks of 64."""
    x, y = torch.randn(1, 6, width), torch.randn(1, 4, 64)
    for _ in range(below):
        x = EncoderBlock(width, 4, 4 * width)(x)
    for _ in range(above):
        y = DecoderBlock(64, 4, 256)(y, x)
    return y


for sizes in ((5, 1), (1, 5), (5, 1, 32)):
    print(sizes, tried(stacks, *sizes))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [tried(stacks, *sizes) for sizes in ((5, 1), (1, 5), (5, 1, 32))] == [[1, 4, 64]] * 2 + ["RuntimeError"]

# %% [markdown]
# The decoder reads the encoder's last vectors, however many blocks have made them. Only the width must fit its key and value matrices. Many translators take few decoder blocks, because the decoder runs once for every word that it writes. <!-- source: Kasai et al. 2021, Deep encoder, shallow decoder -->

# %% [markdown] tags=["card"]
# ### Find the error ●○○ · 4 minutes
# The next program has a milder form of the same error. Here “Je t'aime” should attend to “I love you”.
#
# <!-- example: program 5.17 -->


# %% tags=["exercise"]
@find_error("program 5.17")
def cross_attention(written, source, Wq, Wk, Wv):  # Je t'aime [T, D], I love you [S, D]
    q = written @ Wq
    k, v = written @ Wk, written @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)
    return weights @ v, weights


# %% [markdown] tags=["card"]
# ### Find the error ●●● · 14 minutes
# This class runs in self-attention without an error, and yet five of its lines are wrong. Fix all five.
#
# <!-- example: program 5.22 -->


# %% tags=["exercise"]
@find_error("program 5.22")
class MultiHead(torch.nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key = torch.nn.Linear(size, size), torch.nn.Linear(size, size)
        self.value, self.out = torch.nn.Linear(size, size), torch.nn.Linear(size, size)

    def split(self, x):  # [B, T, D] -> [B, H, T, d]
        return x.reshape(len(x), self.heads, x.shape[1], -1)

    def forward(self, x, memory, mask):  # [B, Q, D], [B, K, D], [B, Q, K]
        q = self.split(self.query(x))
        k, v = self.split(self.key(x)), self.split(self.value(memory))
        scores = q @ k.transpose(-2, -1) / x.shape[-1] ** 0.5
        scores = scores.masked_fill(mask[:, None], -1e9)
        weights = torch.softmax(scores, dim=1)  # [B, H, Q, K]
        heads = weights @ v  # [B, H, Q, d]
        return self.out(heads.transpose(1, 2).flatten(2))


# %% [markdown] tags=["questions", "reading"]
# ## Open questions
# <a id="open-questions"></a>
# **Shuffled words, shuffled outputs.** Let $\Pi$ be a permutation matrix, so $\Pi X$ are the shuffled words. Then
#
# $$ \mathrm{softmax}(\Pi XW_Q(\Pi XW_K)^\top/\sqrt d)\,\Pi XW_V=\Pi A\Pi^\top\Pi XW_V=\Pi AXW_V, $$
#
# because $\Pi^\top\Pi=I$. Norms, feed-forward networks and sums work on each row alone, so blocks and stacks pass the order on, too.
#
# **How many heads could the model do without?** Zero one at a time and measure on held-out sentences, with several seeds. Then zero pairs, since two that are dispensable alone may not be so together, and then all but a few. Here two of the twelve, 2.2 and 3.2, are enough for the pronoun: without the ten others 94 % are right. Michel et al. (2019) prune the head that is missed least, again and again; Voita et al. (2019) learn gates. <!-- source: Michel et al. 2019, Are sixteen heads really better than one?; Voita et al. 2019, Analyzing multi-head self-attention -->
#
# **Why not additive attention?** It works: chapter 3's translator uses it. But it computes a tanh of d numbers for each pair of words, $n^2 d$ in all, where the dot product is one matrix multiplication for $n^2$ scores.
#
# ## Further reading
# A. Vaswani et al., *Attention is all you need*, 2017; A. Rush, *The annotated Transformer*, 2018; J. Ba et al., *Layer normalization*, 2016; K. He et al., *Deep residual learning*, 2015.

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch05.experiments import heads as head_study
from course_kit.heads import heads_of

others = [one for one in heads_of(grammar.model, "encoder") if (one.layer, one.head) not in ((2, 2), (3, 2))]
few = head_study.ablations(grammar, {"ten others": (others, [])}, what="heads off")
assert len(others) == 10 and round(few[0]["sentences, %"]) == 94

# %% [markdown] tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [KV cache](#kv-cache) | 键值缓存 | keys and values of earlier words, kept |
# | [warm-up](#warm-up) | 学习率预热 | the learning rate rises slowly at first |
# | [log-odds](#log-odds) | 对数几率 | the logarithm of the ratio of two probabilities |
# | [label smoothing](#label-smoothing) | 标签平滑 | asks for a little less than certainty |
# | [activation patching](#activation-patching) | 激活修补 | part of one run, put into another |
# | [robustness](#robustness) | 鲁棒性 | bearing errors in the input |
# | [cross-modal attention](#cross-modal) | 跨模态注意力 | words attend to pictures or sound |
# | [sparse attention](#sparse-attention) | 稀疏注意力 | only few pairs are computed |
# | [multi-query, grouped-query](#multi-query) | 多查询、分组查询注意力 | heads share keys and values |
# | [encoder-only, decoder-only](#encoder-only) | 仅编码器、仅解码器 | half a Transformer: BERT, GPT |
# | [T5](#t5) | T5 模型 | every task as text to text |
#
# Back to [chapter 5](05_transformer.ipynb) · on to [6 · Which word is missing?](06_bert.ipynb)
