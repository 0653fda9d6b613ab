# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5 · Annex: what is worth knowing about Transformers
# *To [chapter 5](05_transformer.ipynb).* Each section stands alone and asks one question of its own: choose. Run the next cell first. <!-- minutes -->

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
import course_kit
from chapters.ch05 import again, exercise, find_error, hint, labs, solution
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
# Do fewer heads save computation? The model keeps its 512 features, so fewer heads are wider heads. PyTorch counts the operations in all matrix products.

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
# No: parameters and operations are the same in every row. So the number of heads is chosen by quality. In the paper, eight and sixteen heads were equally good, and a single head was .9 BLEU worse (table 3, rows A) <!-- source: Vaswani et al. 2017, table 3 -->. How many heads are best on our corpus?

# %% jupyter={"source_hidden": true}
counts = results.load("transformer_head_counts")
Table(
    counts["rows"],
    f"{counts['model']['model_size']} features, {counts['steps']} steps each, one seed; "
    f"the time is a multiple of the time with one head. {counts.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len({row["parameters"] for row in counts["rows"]}) == 1
assert counts["rows"][-1]["time of a step"] > counts["rows"][0]["time of a step"]
assert counts["rows"][0]["BLEU"] < min(row["BLEU"] for row in counts["rows"][1:]) - 4

# %% [markdown]
# A single head scores lowest, as in the paper. But we trained with one seed only, and between seeds the BLEU of such a model can differ by several points.

# %% [markdown]
# A lecture says that heads use "different or the same alignment functions". They use the same one: each head computes scaled dot products, with projections of its own.

# %% [markdown]
# ## Layer norm, by hand
# *Batch norm* takes each feature's mean and standard deviation over all words of the batch. A training batch has sentences of 4 and 6 words, padded with zeros to 6, or to 10. Whose outputs for the ten real words change?

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments.norms import NORMS, normed, padded_batch

(x6, real), (x10, _) = (
    padded_batch((4, 6), size=8),
    padded_batch((4, 6), length=10, size=8),
)
moved = {
    f"{kind} norm": (normed(x10, kind)[:, :6] - normed(x6, kind))[real].abs()
    for kind in NORMS
}

changed = {
    f"{name}: {(change > 0).sum()} of {change.numel()} changed": change
    for name, change in moved.items()
}
of = dict.fromkeys(
    changed, [f"sentence {s + 1}, word {w + 1}" for s, w in real.nonzero().tolist()]
)
plot.maps(
    changed,
    of,
    "feature",
    roles=dict.fromkeys(changed, "plus"),
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
# Batch norm's: it includes the padding in its means. It could skip the padding, but in training it would still mix in the *other sentences* of the batch.
#
# ### Exercise 6 ●●○ · 9 minutes
# Write both orders, with the norm in them. Post-norm, as in the paper, normalises the sum: $\mathrm{LN}(x+f(x))$. Pre-norm normalises the sub-layer's input: $x+f(\mathrm{LN}(x))$. In the code $f$ is `part`, `gain` and `bias` are γ and β, and σ² divides by D (not by D − 1).


# %% tags=["exercise"]
@exercise("add and norm")
def add_and_norm(x, part, gain, bias, norm_first):
    """x [B, T, D], part: [B, T, D] -> [B, T, D], gain and bias [D],
    norm_first: pre-norm or not -> [B, T, D]"""
    raise NotImplementedError


# %% [markdown]
# ## Which masks, exactly?
# ### Exercise 7 ●●○ · 10 minutes
# Write the masks of the three attentions. `source` and `target` are False at padding, wherever the padding is: “je suis `<pad>`” is True, True, False. In a mask, **True = the query of this row may attend to the key of this column**. What the rows of padding attend to is up to you, but an empty row is risky: its softmax is 0/0 = NaN, and the next layer spreads the NaN to every word, because 0 · NaN = NaN.


# %% tags=["exercise"]
@exercise("decoder masks")
def three_masks(source, target):
    """source [B, S], target [B, T] bool, True = a real word
    -> encoder [B, S, S], decoder [B, T, T], cross [B, T, S]
    (an axis of queries may be 1 where all rows are the same)"""
    raise NotImplementedError


# %% [markdown]
# ### Find the error ●○○ · 4 minutes
# A lecture draws the causal mask as zeros and ones and multiplies the scores by this mask, before the softmax.


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
# Rounding to the printed digits could explain every sum except .974.

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
    "away so much.",
)

# %% [markdown]
# The picture's text says of the second row that "index 5, *am*, is chosen". In its own table *am* is the second word: so counted from 1 its index is 2. <!-- source: the table above -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert VOCABULARY[1] == "am" and TABLE[1].argmax() == 1 and (TABLE >= 0).all()

# %% [markdown]
# ## Does prediction need the mask?
# A lecture says that "in prediction no mask is needed, the future is not there yet". **Guess:** if all words so far go through the decoder without a mask, do the *last* word's features change?

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
# With one layer the features stay the same, and the lecture is right: the last word may see all words anyway. With more layers the features change, because the last word then reads words that have themselves attended *ahead*. In training the mask prevented this. So the mask has to stay, unless earlier words are never computed again (next section).

# %% [markdown]
# ## What does a cache save?
# <a id="kv-cache"></a>
# With the mask, a new word does not change the keys and values of earlier words. So the **KV cache** keeps these keys and values, and those of the source, and each step computes only the new word, in every layer. Queries are not kept, because each query is used only in its own step.
#
# ### Exercise 8 ●●● · 13 minutes
# Write one step with one head. The cache holds P words, at positions 0 to P − 1. First add the encoding of position P to the new word.


# %% tags=["exercise"]
@exercise("cached step")
def cached_step(word, keys, values, positions, Wq, Wk, Wv):
    """word [B, D], cached keys and values [B, P, D], positions [max, D], W [D, D]
    -> output [B, D], keys, values [B, P + 1, D]"""
    raise NotImplementedError


# %% [markdown]
# Your function reads the course sentence word by word. The last output must be that of causal attention over the whole sentence:

# %%
from course_utils.positions import sinusoidal_encoding

bare, at = (
    grammar.model.source_embedding(ids).detach(),
    sinusoidal_encoding(len(words), 128),
)
layer = grammar.model.encoder[0].attention
matrices = [part.weight.T.detach() for part in (layer.query, layer.key, layer.value)]
keys = values = bare[:, :0]  # an empty cache
for word in bare[0]:
    last, keys, values = cached_step(word[None], keys, values, at, *matrices)
all_rows, _ = scaled_dot_product_attention(
    *((bare + at) @ W for W in matrices), causal_mask(len(words))
)
gap = (last - all_rows[:, -1]).abs().max()
print(f"The last step and all at once differ by at most {gap:.0e}.")

# %% [markdown]
# We time 128 decoder steps of `transformer-grammar`, the model from the top, on eight texts at once. Without a cache, each step computes all earlier words again: 64.5 times as many words in all. **Guess:** how many times faster are the steps with a cache?

# %%
from chapters.ch05.experiments.in_class import clock
from course_kit.decoding.steps import steps_of

model, steps = grammar.model, steps_of(grammar.model)
line, eight = torch.full((8, 128), 5), ids.expand(8, -1)
kept, memories = [steps.start(eight)], model.encode(eight)
with_cache = clock(lambda n: kept.append(steps.step(line[:, n], kept.pop()).state))
without = clock(lambda n: model.output(model.decode(line[:, : n + 1], memories)[:, -1]))
times = without[-1] / with_cache[-1]
plot.lines(
    {"all again": (range(128), without), "with the cache": (range(128), with_cache)},
    "words read",
    "seconds so far",
    title="What does the cache save?",
    caption=f"Measured just now, decoder only, on one core: {times:.1f} times faster "
    "at 128 words. The gain is below 64.5, because one call for many words is faster "
    "than many calls for one word each.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 1.5 < times < 64.5 == sum(range(1, 129)) / 128 and torch.allclose(
    last, all_rows[:, -1], atol=1e-4
)

# %% [markdown]
# ## Label smoothing
# <a id="label-smoothing"></a>
# A probability of exactly 1 would need infinite logits. So **label smoothing**, used in the paper, asks for a little less. From a *one-hot* target (1 for the correct word, 0 for all others) smoothing takes ε and shares this ε evenly among all $V$ words, the correct one included:
#
# $$ \text{target}=(1-\varepsilon)\cdot\text{one-hot}+\varepsilon\cdot\tfrac1V $$
#
# ### Exercise 9 ●●○ · 5 minutes
# Write the loss with such targets: the mean over the real words.


# %% tags=["exercise"]
@exercise("label smoothing")
def smoothed_loss(logits, target, mask, smoothing):
    """logits [B, T, V], target [B, T], mask [B, T] True = a real word,
    smoothing ε -> one number"""
    raise NotImplementedError


# %% [markdown]
# This loss cannot reach 0: it is lowest when the model predicts exactly the soft target. How low is the lowest loss for `transformer-grammar` (ε = 0.1), and at which loss did its training end?

# %%
V, epsilon = len(grammar.target), 0.1
perfect = torch.full((1, 1, V), epsilon / V)
perfect[..., 7] += 1 - epsilon  # word 7 is the correct one
lowest = smoothed_loss(
    perfect.log(), torch.tensor([[7]]), torch.tensor([[True]]), epsilon
).item()
ended = grammar.card["training"]["history"]["rows"][-1][1]
print(f"a perfect prediction of {V:,} words: {lowest:.2f}")
print(f"transformer-grammar ended at {ended:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (
    abs(lowest - torch.special.entr(perfect).sum()) < 1e-4
    and lowest < ended < lowest + 0.1
)

# %% [markdown]
# So a loss above 1 can be nearly the lowest possible, and losses with different ε must not be compared.
#
# *Source:* Szegedy et al., *Rethinking the Inception architecture*, 2015, section 7.

# %% [markdown]
# ## Which layer is read?
# Each decoder layer reads the *last* encoder layer. It could also read the encoder layer of its own depth, or another layer *together with* the last (**layer-wise multi-view** decoding). Our class `LayerWise` reads a trained model that way: `memory_layers` names one encoder layer for each decoder layer. **Guess** what happens if you change the layers *after* training.

# %%
from chapters.ch05.variants import LayerWise

from chapters.ch03.lesson import Lesson

lesson = Lesson("en-fr")
views = {
    "all read the last": (3, 3, 3),
    "each its own": (1, 2, 3),
    "upside down": (3, 2, 1),
    "all the first": (1, 1, 1),
}
scores = []
for name, layers in views.items():
    other = LayerWise(grammar.model, memory_layers=layers)
    scores.append(lesson.bleu(other, count=100))
    print(f"{name:18} {layers} BLEU {scores[-1]:.1f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert scores[0] == max(scores) and min(scores) > 50 and scores[2] > scores[1]

# %% [markdown]
# <details><summary>Answer</summary>
#
# BLEU falls, but the model still translates, perhaps because all layers add to the same residual stream.
#
# </details>
#
# *Source:* Liu et al., *Layer-wise multi-view decoding for improved natural language generation*, 2020, section 3.

# %% [markdown]
# ## The race in full
# In the lesson the GRU wins with half the parameters. And a Transformer of the GRU's size?

# %%
race = results.load("transformer_race")
rows = []
for name, one in race["models"].items():
    test = torch.tensor(one["test"])
    shown = f"{test.mean():.1f} ({test.min():.1f} to {test.max():.1f})"
    sizes = {
        "parameters": one["parameters"],
        "rate": one["lr"],
        "dropout": one["dropout"],
    }
    rows.append({"model": name, **sizes, "BLEU, test": shown})
Table(rows, f"{race['steps']} steps of {race['tokens']} tokens each, {race.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
means = {name: sum(one["test"]) / 3 for name, one in race["models"].items()}
assert [round(mean, 1) for mean in means.values()] == [95.1, 94.2, 91.8]
assert all(len(one["tried"]) == 8 for one in race["models"].values())

# %% [markdown]
# The smaller Transformer has 91.8 BLEU, against 95.1 of the GRU. Each model got the best of 8 settings (four learning rates, with and without dropout), chosen on validation sentences with a seed that does not count. All saw the same batches in the same order. This is one small corpus of short sentences, so it says little about others.
#
# How much faster does each layer train on one core and on two? A ratio below 1 means that the GRU is faster.

# %%
speed = results.load("transformer_speed")
rows = []
for one, two in zip(speed["cores"]["1"], speed["cores"]["2"], strict=True):
    ratios = [row["Transformer"] / row["GRU"] for row in (one, two)]
    names = {"features": one["width"], "words": one["length"]}
    rows.append(
        {**names, "one core": f"{ratios[0]:.1f}", "two cores": f"{ratios[1]:.1f}"}
    )
Table(
    rows,
    "Transformer layer against GRU layer, times as fast in training. "
    f"The machine also did other work, which two cores feel more. {speed.about}",
)

# %% [markdown]
# ## Before or after, and how to warm up
# Post-norm puts a norm into the residual stream after every sub-layer; pre-norm leaves the stream free. **Guess** which of them learns better without [warm-up](05_transformer.ipynb#warm-up).

# %% jupyter={"source_hidden": true}
norms = results.load("transformer_norms")
curves = {name: torch.tensor(lines).mean(0) for name, lines in norms["curves"].items()}
lower = {
    name: torch.tensor(lines).mean(0)
    for name, lines in norms["lower rate"]["curves"].items()
}
at = [norms["every"] * (n + 1) for n in range(len(curves["pre-norm, none"]))]
plot.lines(
    {name: (at, curve) for name, curve in curves.items()},
    "steps",
    "loss",
    title="Which of them learns?",
    caption=f"Six layers, rate {norms['lr']}, means of {len(norms['seeds'])} seeds; "
    "“none” means no warm-up, "
    f"“warm-up” 100 steps of it. {norms.about}",
    size=(7, 3.8),
)

# %% jupyter={"source_hidden": true}
rows = [
    {
        "norm, warm-up": name,
        f"rate {norms['lr']}": curves[name][-1].item(),
        f"rate {norms['lower rate']['lr']}": lower[name][-1].item(),
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
# In these two hundred steps pre-norm learns better. At the higher rate warm-up changes little. At the lower rate warm-up helps post-norm a little, but the loss of pre-norm ends higher, perhaps because half of the steps are warm-up, with a low rate. The paper trained post-norm with a lower rate and 4,000 steps of warm-up. <!-- source: Vaswani et al. 2017, section 5.3 -->
#
# </details>
#
# *Source:* Xiong et al., *On layer normalization in the Transformer architecture*, 2020, section 3.

# %% [markdown]
# ## Is the pronoun right?
# Two sentences that differ only in the adjective, "too tired" and "too wide", are *twins*, and together a pair. One needs *il*, the other *elle*. A model that always writes *il* has half of the sentences right, but no pair. Each held-out twin has a noun that was in no twin of the training corpus.

# %%
from chapters.ch05.experiments.twins import MODELS, corpus, pronoun_table

lesson = corpus()
judged = pronoun_table(MODELS)
judged

# %% jupyter={"source_hidden": true} tags=["asserts"]
found = {row["model"]: row for row in judged}
assert [found[name]["sentences, %"] for name in MODELS] == [82.5, 86.3, 95]
assert [found[name]["pairs, %"] for name in MODELS] == [65.8, 76.4, 89.9]
twins = [e.twin for e in lesson.examples("twins")]
known = {
    noun
    for e in lesson.examples("train")
    if e.twin
    for noun in (e.twin.referent, e.twin.distractor)
}
assert len(twins) == 736 and sum(twin.pronoun == "il" for twin in twins) == 368
assert all({twin.referent, twin.distractor} - known for twin in twins)

# %% [markdown]
# Single sentences flatter: the Transformer has 95 % of them right, but 89.9 % of the pairs, and the model without attention 82.5 %, but only 65.8 % of the pairs. Each model is a single run, trained in its own way, so compare the shares with chance, not with each other.

# %% [markdown]
# ## What does "it" attend to?
# In layer 2, head 2 (*head 2.2*) "it" gives "animal" its largest weight. In the twin, "it" means the street. **Guess:** in each of the two sentences, which noun gets more weight from "it" in this head, and which from the adjective?

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments import heads as head_study, twins as twin_study

twins = twin_study.pairs(60)
# the referent is the noun that "it" means, the distractor the other noun
prefers = {
    word: head_study.weight_between(grammar, twins, "encoder", word, "referent")
    - head_study.weight_between(grammar, twins, "encoder", word, "distractor")
    for word in ("it", "adjective")
}
readings = head_study.both_readings(grammar, (tired, wide), 2, 2, ("animal", "street"))
readings

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(readings[0]["to “animal”"] - readings[2]["to “animal”"]) < 0.1
assert all(readings[n]["to “animal”"] - readings[n]["to “street”"] > 0.1 for n in (0, 2))
assert min(readings[1]["to “animal”"], readings[3]["to “street”"]) > 0.8
assert (
    prefers["it"].max() < 0.01
    and prefers["adjective"].argmax() == 5
    and prefers["adjective"].max() > 0.5
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In both sentences "it" gives more weight to the animal, and nearly equally much. The adjective tells the nouns apart: "tired" attends to the animal, "wide" to the street. On average over 60 held-out pairs, "it" prefers the right noun in no head: the difference stays below .01. In head 2.2, the adjective gives the right noun over .5 more weight than the other.
#
# </details>

# %% [markdown]
# ## Which connection decides, in detail?
# <a id="which-connection-decides-in-detail"></a>
# <a id="log-odds"></a>
# The lesson forbids five connections. Here are more: the other noun, both nouns, two words that are not nouns (a control), and connections in head 2.2 alone. In row 4c all of this head is **knocked out**: its output is set to zero. The **log-odds** are the logarithm of P(right pronoun) / P(wrong pronoun), averaged over the sentences: at 0 both pronouns are equally probable.

# %%
from chapters.ch05.experiments import heads as head_study, twins as twin_study

twins = twin_study.pairs(60)


def hide(
    word, *others, only=()
):  # the word may not attend to the others; only: in this head
    return [("encoder", word, other, *only) for other in others]


right, other = "referent", "distractor"  # the two nouns
connections = {
    "0": ("nothing", []),
    "1": ("“it” → right noun", hide("it", right)),
    "2a": ("adjective → right noun", hide("adjective", right)),
    "2b": ("adjective → other noun", hide("adjective", other)),
    "2c": ("adjective → both nouns", hide("adjective", right, other)),
    "2d": ("adjective → “it” and “too” (control)", hide("adjective", "it", "too")),
    "3a": ("French step → “it”", [("cross", "pronoun", "it")]),
    "3b": ("French step → adjective", [("cross", "pronoun", "adjective")]),
    "4a": (
        "adjective → right noun, only in head 2.2",
        hide("adjective", right, only=[(2, 2)]),
    ),
    "4b": (
        "adjective → both nouns, only in head 2.2",
        hide("adjective", right, other, only=[(2, 2)]),
    ),
    "4c": ("all of head 2.2", []),
}
silent = {"4c": [head_study.head("encoder 2.2")]}
left = {
    row: head_study.right(grammar, twins, silent.get(row, []), gone)
    for row, (_, gone) in connections.items()
}
Table(
    [
        {
            "row": row,
            "forbidden": connections[row][0],
            "right, %": share,
            "log-odds": odds,
        }
        for row, (share, odds) in left.items()
    ],
    "Right pronouns in 60 pairs of twins; row 0 is the whole model",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
shown = {row: round(share) for row, (share, _) in left.items()}
assert shown == {
    "0": 94,
    "1": 94,
    "2a": 12,
    "2b": 100,
    "2c": 47,
    "2d": 94,
    "3a": 94,
    "3b": 50,
    "4a": 78,
    "4b": 94,
    "4c": 95,
}
assert left["3a"][1] > left["0"][1] + 0.4 and left["0"][1] - left["4c"][1] > 0.8
assert left["4a"][1] < left["4c"][1] - 1 and abs(left["4b"][1] - left["4c"][1]) < 0.3

# %% [markdown]
# **The adjective and the nouns.** If the right noun is hidden from the adjective, 12 % of the pronouns are right (2a); if the other noun is hidden, all are, 100 % (2b). So the pronoun follows the noun that the adjective can still attend to. If both are hidden, 47 % are right, as if the model guessed (2c). Hiding two other words does no harm: 94 % (2d).
#
# **Head 2.2.** Without it the log-odds fall, but as many pronouns are right, 95 % (4c). If only the right noun is hidden from the adjective, in this head, the model does worse than with the head switched off, 78 % (4a): the adjective now attends to the wrong noun. With both nouns hidden in this head it is as without the head, 94 % (4b). So the map pointed at a head that the model uses, but for another connection: from the adjective to a noun.

# %% [markdown]
# ## After which sub-layer is it decided?
# At the step that writes the pronoun of the course sentence, we stop the decoder after each sub-layer, and let the last norm and the output matrix read the residual stream. This *logit lens* gives only a hint, because the norm and the matrix were not trained for such early vectors. After which sub-layers do the [log-odds](#log-odds) change most?

# %%
from chapters.ch05.experiments import lens

stops = lens.stops(grammar, tired, "il", "elle")
steps = {
    row["stopped after"]: row["log-odds"] - before["log-odds"]
    for before, row in zip(stops, stops[1:], strict=False)
}
stops

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(
    name.startswith("cross-attention") for name in sorted(steps, key=steps.get)[-3:]
)
assert all(
    a["P(il)"] + a["P(elle)"] < b["P(il)"] + b["P(elle)"]
    for a, b in zip(stops[:6], stops[1:7], strict=True)
)

# %% [markdown]
# The log-odds change most after the three cross-attentions. In layers 1 and 2 *every* sub-layer makes the two pronouns together likelier, but the choice *between* them changes mostly at cross-attention.
#
# *Source:* nostalgebraist, *interpreting GPT: the logit lens*, 2020.

# %% [markdown]
# ## Every head
# Do the heads in which "it" attends to the right noun matter most? We knock out the encoder heads one at a time.

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments import heads as head_study, twins as twin_study

twins = twin_study.pairs(60)
effects = head_study.head_effects(grammar, twins, ["encoder"])
by_head = {row["head"].removeprefix("encoder "): row for row in effects}
found = {
    "2.2": "2.2: attends to the noun, and matters",
    "3.2": "3.2: hardly attends to the noun, but matters",
}
plot.points(
    [row["weight"] for row in effects],
    [row["lost"] for row in effects],
    labels=[found.get(name, name) for name in by_head],
    xlabel="mean weight from “it” to the right noun",
    ylabel="log-odds lost without the head",
    title="Do the heads that attend to the noun matter?",
    caption="Each dot is an encoder head (layer.head). The further right, the more “it” "
    "attends to that noun; "
    "the higher, the more the model loses without the head.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert {*list(by_head)[:2]} == {"2.2", "3.2"} and effects[1]["lost"] > 3 * effects[2][
    "lost"
]
assert by_head["3.2"]["weight"] < 0.05 and min(row["right"] for row in effects) >= 90

# %% [markdown]
# Two heads matter far more than the others: heads 2.2 and 3.2. But in head 3.2 "it" hardly attends to the right noun. Whichever single head we remove, at least 90 % of the pronouns are still right, perhaps because other heads take over.
#
# Voita et al. (*Context-aware neural machine translation learns anaphora resolution*, 2018) did find attention from *it* to its noun, from English into Russian and with the noun in the sentence before. But comparing weights with the right noun cannot say whether the model *needed* these weights.

# %% [markdown]
# Next we forbid these and more connections in all held-out twins. The results agree with those above. If the adjective is hidden from the French step, half of the pronouns are right.

# %% jupyter={"source_hidden": true}
heads = results.load("transformer_heads")
known = {row["forbidden"]: row["right"] for row in heads["connections"]}
Table(
    [
        {
            "forbidden": row["forbidden"]
            .replace("noun it is about", "right noun")
            .replace("noun it is", "right noun")
            .replace("pronoun's", "French"),
            "right": row["right"],
            "log-odds lost": row["lost"],
        }
        for row in heads["connections"]
    ],
    f"Pronouns right, in %; with nothing forbidden {heads['all heads']['right']}. "
    f"{heads.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (
    known["the adjective → the other noun"]
    > heads["all heads"]["right"]
    > known["the adjective → the noun it is about"] + 50
)
assert (
    45 < known["the adjective → either noun"] < 55
    and known["the pronoun's step → the adjective"] == 49.9
)

# %% [markdown]
# ## Real sentences
# A second Transformer learned from the Tatoeba sentences of chapter 3, with as many steps, and tokens in a step, as chapter 3's translator.

# %% jupyter={"source_hidden": true}
from chapters.ch03.lesson import checkpoint

before = load_checkpoint("seq2seq-attention-en-fr")
tatoeba = checkpoint("transformer-en-fr", instead=grammar)
sentences = [
    "Good morning.",
    "Let them eat cake.",
    "Hello my friends! How are you doing today?",
    "I love you.",
    "My grandmother told me a story that I have never forgotten.",
    "If I had known that you were coming I would have baked a cake.",
    tired,
    wide,
    "We live in the European Economic Area.",
]
pairs = zip(
    sentences, translate(before, sentences), translate(tatoeba, sentences), strict=True
)
rows = [
    {
        "source": s,
        "in training": "seen" if new.seen else "new",
        "chapter 3": str(old),
        "chapter 5": str(new),
    }
    for s, old, new in pairs
]


def effort(name, one):
    made, scores = one.card["training"], one.card["metrics"]
    return {
        "": name,
        "parameters": sum(p.numel() for p in one.model.parameters()),
        "steps": made["recipe"]["steps"],
        "tokens in a step": made["recipe"]["tokens"],
        "minutes on one core": made["minutes"],
        "BLEU, greedy": scores["test_bleu_beam_1"],
        "BLEU": scores["test_bleu_beam_4"],
    }


efforts = Table(
    [effort("chapter 3", before), effort("chapter 5", tatoeba)],
    "Recorded, on the same test sentences; BLEU with a beam of 4 unless greedy",
)
from IPython.display import display

display(efforts, Table(rows, "The same two models translate, with a beam of 4"))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tatoeba is grammar or all(
    f"elle était trop {end}" in row["chapter 5"]
    for row, end in zip(rows[6:8], ("fatigué.", "large."), strict=True)
)
assert tatoeba is grammar or [rows[i]["chapter 5"] for i in (0, 1, 3)] == [
    "bonjour.",
    "laisse-les manger du gâteau.",
    "je t'aime.",
]
assert tatoeba is grammar or all(
    part in rows[i]["chapter 5"]
    for i, part in ((4, "dont"), (6, "l'animage"), (7, "l'animage"), (8, "zone d'europe"))
)
assert tatoeba is grammar or all(
    efforts[0][key] < efforts[1][key]
    for key in ("BLEU", "minutes on one core", "parameters")
)
assert tatoeba is grammar or all(
    efforts[0][what] == efforts[1][what] for what in ("steps", "tokens in a step")
)
assert tatoeba is grammar or [
    one.card["training"]["recipe"]["optimizer"] for one in (before, tatoeba)
] == ["adamw", "muon"]
assert tatoeba is grammar or {
    one.card["training"]["threads"] for one in (before, tatoeba)
} == {1}

# %% [markdown]
# The Transformer scores higher. But architecture, size, time and optimiser (here Muon, see chapter 7) all differ, so the table does not say which difference helped.
#
# Which translations in the last column are right? Check first whether a sentence was *seen*.
#
# <details><summary>Answer</summary>
#
# Three are right: “Good morning”, the cake and “I love you”. Several friends need *comment allez-vous*, not *vas-tu*. The grandmother's sentence needs *que … oubliée*, not *dont … oublié*. Both twins say *elle*: this is right for the street but wrong for the animal, and does not agree with *fatigué*. *L'animage* is no word. The European Economic Area has lost its “Economic”, and in the sentence with *if* a person has just been baked.
#
# </details>
#
# Now type a sentence of your own; `tatoeba` is the Transformer of this section. The ink shows the last layer's cross-attention, averaged over its heads.

# %% jupyter={"source_hidden": true}
labs.alignment(
    translate(tatoeba, "My grandmother told me a story that I have never forgotten.")[0],
    languages=("en", "fr"),
    title="Which English words does each French word attend to?",
    model=tatoeba,
    typing=True,
)

# %% [markdown]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small> <!-- source: tatoeba.org -->

# %% [markdown]
# ## What the first Transformer cost
# The paper used 4.5 million sentence pairs for German, 36 million for French, and 8 P100 cards, each assumed to do 9.5 TFLOP/s ($9.5\cdot10^{12}$ operations a second). The base model took 12 hours for 100,000 steps, the big one 3.5 days for 300,000. <!-- source: Vaswani et al. 2017, section 5; table 2 assumes 9.5 TFLOP/s -->
#
# **Guess** the power of ten of each number of operations.

# %%
day, cards, speed = 24 * 3600, 8, 9.5e12
base, big = (cards * speed * days * day for days in (0.5, 3.5))
print(f"base {base:.1e} operations, big {big:.1e} operations")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert f"{base:.1e}" == "3.3e+18" and f"{big:.1e}" == "2.3e+19"

# %% [markdown]
# ## A small zoo
# <a id="sparse-attention"></a><a id="multi-query"></a>
# Attention over $T$ words has $T^2$ pairs, and a cache of $2TD$ numbers per layer. Many later variants save one of the two. Local and **sparse** attention save pairs, as long as the program skips the pairs that the mask hides.

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments import in_class as study

plot.maps(
    study.zoo(36),
    "query",
    "key",
    title="Which words may be read?",
    caption="A row for each word that reads, a column for each of the 36 words. A "
    "filled cell may be read. After how many layers can the last word know of the "
    "first one?",
)

# %%
study.zoo_table(length=64)

# %% [markdown]
# Local attention reaches further with each layer. One global word, which attends to all words and to which all attend, shortens every path to at most two steps.
#
# The cache gets smaller if heads *share* keys and values but keep their own queries. In **grouped-query** attention each group of heads shares one set, in **multi-query** attention all heads share one.

# %%
study.cache_table(length=1024, size=512, heads=8)

# %% [markdown]
# **Linear attention** (chapter 2) never computes a map: apart from a division its output is $\phi(Q)(\phi(K)^\top V)$, and the product in brackets has the same size at any length. The price is that with the usual $\phi$ the weights are less sharp.
#
# *Sources:* Beltagy et al., *Longformer*, 2020; Child et al., *Sparse Transformers*, 2019; Shazeer, *Fast Transformer decoding*, 2019; Ainslie et al., *GQA*, 2023.

# %% [markdown]
# ## From 2017 to today's block
# What have most of today's large language models changed in the paper's block?
#
# | 2017 | today | why | source |
# |---|---|---|---|
# | post-norm | pre-norm | deep stacks can be trained | Xiong et al. 2020 |
# | layer norm | RMSNorm: divide by the root mean square, subtract no mean | is about as good, and cheaper | Zhang & Sennrich 2019 |
# | $\max(0, xW_1)W_2$ | SwiGLU: $(\mathrm{swish}(xW_1)\odot xW_3)\,W_2$, with $\mathrm{swish}(z)=z\,\sigma(z)$ | a lower loss at the same size | Shazeer 2020 |
# | sinusoids, added once | rotary positions, in each attention | scores depend on distances | chapter 4 |
# | biases | none | training is said to be steadier | Chowdhery et al. 2022 (PaLM) |
# | keys and values for each head | heads share keys and values | a smaller cache | the zoo above |

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
# The last row is the price of attention. An RNN writes the thousandth word as fast as the first; a Transformer reads a thousand keys for this word.
#
# <a id="encoder-only"></a>
# The same blocks make three families of models:
#
# | family | attention | learns to | example |
# |---|---|---|---|
# | encoder-only | self-attention, both directions | fill gaps | BERT, chapter 6 |
# | decoder-only | self-attention, causal | continue a text | GPT, chapter 7 |
# | encoder–decoder | both of these, and cross-attention | rewrite | the Transformer of 2017, T5 |
#
# <a id="t5"></a>
# T5 puts every task into words, "translate English to German: …", so that one model can do all tasks (Raffel et al., 2020).

# %% [markdown]
# ## Errors that circulate
# Five errors of an article that programs a Transformer for "I love you" → "Je t'aime":
#
# | in the article | what is wrong | how you notice |
# |---|---|---|
# | `torch.matmul(q, k)` | the keys are not transposed | you get an error, unless there are as many keys as a head has features |
# | scores divided by $\sqrt d$, and again in the softmax | in total they are divided by $d$ | you hardly notice: training can make up for weights that are too even at first |
# | `scores / sqrt(d)` | `sqrt` is not imported | a `NameError` |
# | `mask=None`, and no caller builds a mask | each word sees the future, and padding | the loss falls too fast, translations are bad |
# | `W2(W1(x))` as feed-forward network | no ReLU: two matrices do what one could | you hardly notice, at first |

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A slide deck says four things about encoders and decoders. Which one contradicts "
    "the others?",
    [
        "BERT is a stack of encoder blocks.",
        "GPT is a stack of decoder blocks without cross-attention.",
        "The Transformer is an encoder and a decoder.",
        "A Transformer no longer needs an encoder–decoder.",
    ],
    answer=3,
    because="What it no longer needs is recurrence. The Transformer of 2017 is an "
    "encoder–decoder.",
)

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# This function passed all its tests, but all tests were of self-attention.


# %% tags=["exercise"]
@find_error("program 5.11")
def split_both(query, key, heads):  # [B, Q, D], [B, K, D]
    B, length, D = query.shape
    q = query.view(B, length, heads, D // heads).transpose(1, 2)
    k = key.view(B, length, heads, D // heads).transpose(1, 2)
    return q, k


# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# Here “Je t'aime” should attend to “I love you”.


# %% tags=["exercise"]
@find_error("program 5.17")
def cross_attention(written, source, Wq, Wk, Wv):  # Je t'aime [T, D], I love you [S, D]
    q = written @ Wq
    k, v = written @ Wk, written @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)
    return weights @ v, weights


# %% [markdown]
# ### Find the error ●●○ · 3 minutes
# This line was pasted from a model with inputs [T, B, D] into one with inputs [B, T, D].


# %% tags=["exercise"]
@find_error("program 5.18")
def add_positions(x, table):  # [B, T, D], [max, D]
    return x + table[: x.size(0)].unsqueeze(1)


# %% [markdown]
# ### Find the error ●●○ · 4 minutes
# Training goes well. But at inference the model reads its words differently.


# %% tags=["exercise"]
@find_error("program 5.19")
def self_attention(q, k, v, training):  # [B, T, d] each
    future = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if training:
        scores = scores.masked_fill(future, float("-inf"))
    return torch.softmax(scores, dim=-1) @ v


# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# The loss of padding is set to 0, and yet padding counts.


# %% tags=["exercise"]
@find_error("program 5.20")
def mean_loss(logits, target, mask):  # [B, T, V], [B, T], [B, T] True = a real word
    log_p = logits.log_softmax(-1)
    loss = -log_p.gather(-1, target[..., None])[..., 0]
    loss = loss * mask
    return loss.mean()


# %% [markdown]
# ### Find the error ●●○ · 4 minutes
# The article's block lacks something around each sub-layer. You may fix it with pre-norm or post-norm.


# %% tags=["exercise"]
@find_error("program 5.14")
def block(x, attention, ffn, norm1, norm2):  # each part: [B, T, D] -> [B, T, D]
    return ffn(attention(x))


# %% [markdown]
# ### Find the error ●●● · 10 minutes
# This class runs in self-attention without an error, and yet five of its lines are wrong. Fix all five.


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


# %% [markdown]
# ## Open questions
# <a id="open-questions"></a>
# **Shuffled words, shuffled outputs.** Let $\Pi$ be a permutation matrix, so $\Pi X$ are the shuffled words. Then
#
# $$ \mathrm{softmax}(\Pi XW_Q(\Pi XW_K)^\top/\sqrt d)\,\Pi XW_V=\Pi A\Pi^\top\Pi XW_V=\Pi AXW_V, $$
#
# so attention passes the order on, because $\Pi^\top\Pi=I$. Norms and feed-forward networks work on each row alone, and adding rows keeps their order, so a block passes it on, too, and so does a stack of blocks.
#
# **Which heads could the model do without?** Zero one head at a time and measure BLEU on held-out sentences, with several seeds, since differences between heads are small. But heads stand in for each other: two that are dispensable alone may not be dispensable together. Michel et al. (2019) prune heads one after the other, each time the one that is missed least; Voita et al. (2019) learn gates on the heads, and find that heads for neighbouring positions, for syntax and for rare words survive. <!-- source: Michel et al. 2019, Are sixteen heads really better than one?; Voita et al. 2019, Analyzing multi-head self-attention -->
#
# **Why not additive attention?** It works: the seq2seq model with attention uses it. For each pair of words it computes a tanh of d numbers, so it needs $n^2 d$ numbers in memory, where the dot product is one matrix multiplication that needs only the $n^2$ scores, and hardware does nothing as fast as matrix multiplications.
#
# ## Further reading
# - A. Vaswani et al., *Attention is all you need*, 2017, sections 3 and 5, table 3.
# - A. Rush, *The annotated Transformer*, 2018.
# - J. Ba, J. Kiros, G. Hinton, *Layer normalization*, 2016, section 3; K. He et al., *Deep residual learning*, 2015, section 3.

# %% [markdown]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [KV cache](#kv-cache) | 键值缓存 | keys and values of earlier words, kept |
# | [label smoothing](#label-smoothing) | 标签平滑 | asks for a little less than certainty |
# | [log-odds](#log-odds) | 对数几率 | the logarithm of the ratio of two probabilities |
# | [sparse attention](#sparse-attention) | 稀疏注意力 | only few pairs are computed |
# | [multi-query, grouped-query](#multi-query) | 多查询、分组查询注意力 | heads share keys and values |
# | [encoder-only, decoder-only](#encoder-only) | 仅编码器、仅解码器 | half a Transformer: BERT, GPT |
# | [T5](#t5) | T5 模型 | every task as text to text |
#
# Back to [chapter 5](05_transformer.ipynb) · on to [6 · Which word is missing?](06_bert.ipynb)
