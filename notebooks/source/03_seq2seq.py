# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 3 · What does a translator look at?
# *Sequence to sequence, without attention and with it.* At the end you hold `mine/seq2seq.py`, two translators in plain PyTorch that differ in one method, and you know what their attention tells and hides. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) (masks, a training loop) and [chapter 2](02_scoring_functions.ipynb) (queries, keys, values, the additive score).
#
# ## Where do your eyes go?
# Translate this sentence into French, or watch it being done. **Before you press play:** after *parce qu'* (because) comes *il*. Which English word do your eyes go back to?

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
import course_kit
from chapters.ch03 import again, exercise, hint, labs, solution
from chapters.ch03.experiments import knocked_out, pronouns
from chapters.ch03.lesson import Lesson, gold_weights
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.checkpoints import load_checkpoint
from course_kit.views import Table, heatmap, plot, predict

runtime = course_kit.setup()
lesson = Lesson("en-fr")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_kit.data import parallel

tired = "the animal didn't cross the street because it was too tired ."
course = next(p for p in parallel.load_parallel("en-fr") if " ".join(p.source) == tired)
labs.alignment(
    (course.source, course.target, gold_weights(course)),
    step=9,
    languages=("en", "fr"),
    links=True,
    title="Which English word does each French word translate?",
    caption="A row for each French word, a column for each English word: links that we "
    "set, no model yet.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="alignment"></a>
# <details><summary>Answer</summary>
#
# Perhaps to "it", and then to "animal": you need the noun, because its gender decides between *il* (he, or it) and *elle* (she, or it), and *animal* is masculine.
#
# </details>
#
# A table of which word translates which is called an **alignment**. The first neural translators read the sentence once and then wrote from memory. You will build one, see what that costs, and let it look back.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# <a id="seq2seq"></a><a id="encoder"></a><a id="decoder"></a>
# In *sequence to sequence*, **seq2seq**, an **encoder** reads the source, and a **decoder** writes the target, word after word. The encoder has a *state*, a vector, for each word: for *the animal was tired*, h₁ → h₂ → h₃ → h₄. Without attention only one vector, $c$, reaches the decoder: the state where the reading ends. The decoder begins with $c$, and at each step it reads the word before, at first `<bos>` (*beginning of sentence*):
#
# | decoder | &lt;bos&gt; | l' | animal | … |
# |---|---|---|---|---|
# | **state** | s₁ | → s₂ | → s₃ | … |
# | **writes** | l' | animal | était | … |
#
# From outside it is one function: source and target go in, and after each target word come the scores of the next one, the *logits*, which a softmax turns into probabilities. So a translator is a **language model** with a condition, the source $x$:
#
# $$ P(y\mid x)=\prod_t P(y_t\mid y_1,\dots,y_{t-1},\,x) $$
#
# Training makes the right translation $y$ more probable.

# %% tags=["nbval-check-output"]
from course_utils import seq2seq as whole

dummy = whole.Translator(whole.Encoder(50, 64), whole.AttentiveDecoder(60, 64))
source, target = torch.randint(50, (2, 7)), torch.randint(60, (2, 9))
logits, weights = dummy(source, target, torch.ones(2, 7, dtype=torch.bool))
print("logits", tuple(logits.shape), " weights", tuple(weights.shape))

# %% [markdown]
# $B$ counts sentences, $S$ and $T$ source and target words, $D$ features of a state, $V$ words in the *vocabulary*, the numbered list of all that the model knows.

# %% [markdown] slideshow={"point": ["torch.tanh"], "slide_type": "slide"} tags=["card", "core"]
# ## One: a network that remembers
# Word 7 of the vocabulary gets row 7 of a table that is trained with the rest, its *embedding*. A **recurrent network** (RNN) reads these vectors $x_1,x_2,\dots$ in turn. Its state $h_i$ is made of the word and of the state before:
#
# $$ h_i=\tanh(\underbrace{x_i\,W_x}_{\text{the word}}+\underbrace{h_{i-1}\,W_h}_{\text{all before it}}),\qquad h_0=0 $$
#
# ### Exercise 1 ●○○ · 6 minutes
# Write this network as a loop over the words.
#
# <!-- example: recurrent network -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("recurrent network")
def read(words, Wx, Wh):
    """T words of E numbers, [T, E]; Wx [E, D], Wh [D, D] -> all states, [T, D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: recurrent network -->
#
# Two sentences have the same words in another order. Are their last states equal?

# %%
words = dict(zip(["the", "dog", "bites", "man"], torch.randn(4, 4), strict=True))
Wx, Wh = torch.randn(4, 6), torch.randn(6, 6) / 2
one, other = (read(torch.stack([words[w] for w in sentence.split()]), Wx, Wh)[-1]
              for sentence in ["the dog bites the man", "the man bites the dog"])
print("largest difference of the last states:", (one - other).abs().max())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (one - other).abs().max() > 0.01

# %% [markdown]
# They are not: each step transforms what came before, so the order leaves its trace. But with the usual initial values early words also fade, and their gradients with them. *Gates* were invented against this: first in the **LSTM** (1997), then, simpler, in the **GRU** (2014), which this chapter's models use. A GRU keeps the share $z_i$ of each feature of the old state, and takes the rest from a proposal, $\tilde h_i$, to which the old state adds a share, $r_i$. (⊙ multiplies feature by feature; biases are left out.) <!-- source: Hochreiter & Schmidhuber 1997; Cho et al. 2014 -->
#
# $$ z_i=\sigma(x_iW_z+h_{i-1}U_z),\quad r_i=\sigma(x_iW_r+h_{i-1}U_r),\quad \tilde h_i=\tanh(x_iW_x+r_i\odot(h_{i-1}W_h)),\quad h_i=z_i\odot h_{i-1}+(1-z_i)\odot\tilde h_i $$

# %% jupyter={"source_hidden": true} tags=["asserts"]
gru, x, h = nn.GRUCell(3, 4), torch.randn(1, 3), torch.randn(1, 4)
(from_x, from_h) = (F.linear(v, w, b).chunk(3, 1) for v, w, b in ((x, gru.weight_ih, gru.bias_ih), (h, gru.weight_hh, gru.bias_hh)))
r, z = ((a + b).sigmoid() for a, b in zip(from_x[:2], from_h[:2], strict=True))  # torch stores r, z, proposal
assert torch.allclose(gru(x, h), z * h + (1 - z) * torch.tanh(from_x[2] + r * from_h[2]), atol=1e-6)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: read, then write
# <a id="bidirectional"></a><a id="bottleneck"></a>
# The encoder is **bidirectional**: it has two GRUs, one reading forwards and one backwards. Half of each state $h_i$ has read the words up to $i$, the other half those from $i$ on. The last states of the two, joined, are $c$: $D$ numbers for any sentence, a **bottleneck**. `pack_padded_sequence` tells PyTorch where each sentence ends, so that padding is not read.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.seq2seq: Encoder

# %% [markdown]
# <a id="bos"></a>
# The decoder begins with a state made from $c$. A matrix and a bias turn $[s_t;c]$, its state and $c$ in one row, into logits. `[None]` adds the axis that PyTorch's GRUs have for several layers.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.seq2seq: Decoder

# %% tags=["definition"]
# course_utils.seq2seq: Translator

# %% jupyter={"source_hidden": true} tags=["asserts"]
encoder = Encoder(vocab=11, size=64)
for length in [5, 20]:
    rows = torch.randint(10, (1, length))
    states, c = encoder(rows, torch.ones_like(rows, dtype=torch.bool))
    assert c.shape == (1, 64) and states.shape == (1, length, 64)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: what does one vector cost?
# <a id="teacher-forcing"></a>
# In training the decoder reads the right words instead of its own, shifted by one place (**teacher forcing**), so all positions are trained at once:
#
# | reads | `<bos>` | il | dort | . |
# |---|---|---|---|---|
# | **is to predict** | il | dort | . | `<eos>` |
#
# Start with a task that needs no data: rows of 4 to 16 digits, to be written *backwards*. The loss, **cross-entropy**, is the mean of $-\ln p$ of each right word.

# %% tags=["definition"]
# chapters.ch03.experiments: backwards

# %% [markdown]
# New since chapter 2's loop: the learning rate falls, and gradients that are too long are *clipped*, because recurrent networks can produce huge ones. `cross_entropy` wants the classes on the second axis, hence `transpose`.

# %% tags=["definition"]
# chapters.ch03.experiments: train

# %% seconds=25 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
plain = Translator(Encoder(11, 64), Decoder(11, 64))
train(plain)

# %% [markdown]
# At inference the decoder reads its own words. A row counts only if it is right to the last digit:

# %% tags=["definition"]
# chapters.ch03.experiments: right_at

# %% slideshow={"slide_type": "slide"}
lengths = [4, 6, 8, 10, 12, 14, 16, 20]
by_length = {"without attention": [right_at(plain, length) for length in lengths]}
for length, share in zip(lengths, by_length["without attention"], strict=True):
    print(f"{length:2} digits: {share:4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
shares = by_length["without attention"]
assert shares[0] > 0.9 and shares[2] < 0.7 and max(shares[5:]) < 0.05 and sum(shares[:7]) / 7 <= 0.6

# %% [markdown]
# Rows of four digits come back, but of those with 14 or more hardly one. Are 64 numbers too few?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Of the rows with 10 digits, about a fifth came back. What would help most?",
    [
        "vectors of 256 numbers, in the same 600 steps",
        "ten times as many steps, with the same 64 numbers",
        "nothing: one vector cannot hold ten digits",
    ],
    answer=1,
    because="Ten times the steps bring back 85 % of these rows, with the same 64 "
    "numbers; 256 numbers bring back 33 %.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
digits = results.load("seq2seq_digits")
places = [digits["digits"].index(n) for n in (8, 10, 12, 14)]
means = [[round(sum(run[i] for run in row["right"]) / len(row["right"])) for i in places] for row in digits["rows"]]
assert [(row["attention"], row["size"], row["steps"], len(row["right"])) for row in digits["rows"]] == [(False, 64, 600, 3), (False, 256, 600, 2), (False, 64, 6000, 2), (True, 64, 600, 3)]
assert means == [[43, 16, 2, 0], [64, 33, 5, 0], [95, 85, 56, 21], [100, 98, 97, 96]]

# %% [markdown]
# <details><summary>Answer</summary>
#
# Rows that are right, in %, on average over two or three seeds, each at the best learning rate that we tried: <!-- 64 numbers, 600 steps, 10 digits, seed 0: 13 % at 0.005, 19 at 0.01, 12 at 0.02 -->
#
# | numbers in $c$ | steps | 8 digits | 10 | 12 | 14 |
# |---|---|---|---|---|---|
# | 64 | 600 | 43 | 16 | 2 | 0 |
# | 256 | 600 | 64 | 33 | 5 | 0 |
# | 64 | 6,000 | 95 | 85 | 56 | 21 |
#
# So 64 numbers have room for ten digits. What one vector costs is *learning*, because it takes many more steps to bring everything through it.
#
# </details>

# %% [markdown] slideshow={"point": ["torch.tanh", "masked_softmax", "return"], "slide_type": "slide"} tags=["card", "core"]
# ## Four: look back
# <a id="additive-attention"></a><a id="context"></a>
# Bahdanau et al. (2015) kept *all* states, and let each word ask for those that it needs. The decoder's state $s_t$ is the <b style="color:#bf5f00">query</b>, the encoder's states $h_i$ are <b style="color:#007fc6">keys</b> and <b style="color:#008a67">values</b>, and the score is chapter 2's additive one. The weighted average $c_t$, called the **context**, takes the place of $c$:
#
# $$ e_{ti}=\tanh({\color{#bf5f00}{s_t}}\,W_1+{\color{#007fc6}{h_i}}\,W_2)\cdot w,\qquad \alpha_t=\mathrm{softmax}(e_t),\qquad {\color{#bb51a8}{c_t}}=\sum_i\alpha_{ti}\,{\color{#008a67}{h_i}} $$
#
# The order is Luong's (2015): the decoder reads a word, and its *new* state is the query. Bahdanau's query is $s_{t-1}$, and his $c_t$ enters the recurrence. <!-- source: Luong et al. 2015, section 3.1 -->
#
# ### Exercise 2 ●●○ · 12 minutes
# Write this step for one word of each sentence. `masked_softmax` gives padding no weight. For a product with a matrix of each sentence, a vector needs an axis more: `x[:, None]` is [B, 1, K], and `[:, 0]` takes it away again.
#
# <!-- example: additive attention step -->

# %%
from mine import masked_softmax

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("additive attention step")
def look_back(query, keys, mask, W1, W2, w):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [Dq, h], W2 [Dk, h], w [h]
    -> context [B, Dk], weights [B, K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: additive attention step -->
#
# New since `Decoder` are three parameters, and `context` is no longer the same for every word.

# %% tags=["definition"]
# course_utils.seq2seq: AttentiveDecoder

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_training_step():
    train(Translator(Encoder(11, 16), AttentiveDecoder(11, 16)), steps=1)

for_training(one_training_step)  # with nothing solved it does nothing

# %% seconds=40 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
attentive = Translator(Encoder(11, 64), AttentiveDecoder(11, 64))
train(attentive)
by_length["with attention"] = [right_at(attentive, length) for length in lengths]

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
plot.lines(
    {
        name: (lengths, [100 * share for share in shares])
        for name, shares in reversed(by_length.items())
    },
    "digits in a row",
    "rows right, %",
    title="What does looking back change?",
    caption="Rows of digits, written backwards: the share that is right to the last "
    "digit. Trained on 4 to 16 digits; 20 is new.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
shares = by_length["with attention"]
assert sum(shares[:7]) / 7 >= 0.95 and min(shares[:7]) > 0.85 and shares[7] > 0.75

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
source, reads, target, mask = backwards(1, 10)
with torch.no_grad():
    _, weights = attentive(source, reads, mask)
heatmap(
    weights[0],
    target[0].tolist(),
    source[0].tolist(),
    axes=("writes", "reads"),
    title="In which order does it read the digits?",
    caption="A row for each [query|digit that is written], a column for each [key|digit "
    "of the source]. Go down the rows: which way does the ink lead?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (weights[0].argmax(-1).flip(0) - torch.arange(10)).abs().float().mean() <= 1.0

# %% [markdown] tags=["keep"]
# It goes through the source from the end to the beginning, although nobody told it to.
#
# **Keep this:** with attention, what the decoder may read grows with the sentence, and each word brings its own query.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card"]
# ## Five: sentences
# <a id="masked-loss"></a>
# Now we translate English into French, with sentences that a program makes from a small grammar. Their lengths differ, so batches have padding. If padding counted in the loss, the model would earn marks for predicting `<pad>`.
#
# ### Exercise 3 ●○○ · 6 minutes
# Write the **masked loss**: $-\ln p$ of each right word, averaged over all but the padding. `x.gather(-1, target[..., None])` picks entries along the last axis.
#
# <!-- example: masked loss -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("masked loss")
def masked_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word
    -> one number"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: masked loss -->
#
# `fit` is the loop above with a stop button; with `warm_then_fall` the learning rate first rises. In its picture, *guessing* is the loss of a model to which all French words are equally likely, and *two words* that of one that hesitates equally between two at each word, ln 2 or 0.69. A real one is sure of many words, and lost at others.

# %%
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 700, "full": 4000}[runtime.profile]

def loss(model, batch):
    logits, _ = model(batch.source, batch.target_in, batch.source_mask)
    return masked_loss(logits, batch.target_out, batch.target_mask)

# %% jupyter={"source_hidden": true}
def one_training_step():
    model = Translator(
        Encoder(len(lesson.source), 16), AttentiveDecoder(len(lesson.target), 16)
    )
    loss(model, next(iter(lesson.batches))).backward()


for_training(one_training_step)

# %% seconds=120 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
translator = Translator(
    Encoder(len(lesson.source), 128), AttentiveDecoder(len(lesson.target), 128)
)
run = fit(translator, lesson.batches, loss, steps=STEPS, lr=1e-2, clip=1.0,
          schedule=warm_then_fall(STEPS), title="When is it as good as a choice of two?",
          compare={"guessing": math.log(len(lesson.target)), "two words": math.log(2)})

# %% [markdown] tags=["card"]
# <a id="greedy"></a><a id="beam-search"></a>
# **Greedy** decoding always writes the most probable word.
#
# ### Exercise 4 ●●○ · 6 minutes
# Write this loop. `max_length` counts the words without `<eos>`.
#
# <!-- example: greedy loop -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("greedy loop")
def greedy(step, state, bos, eos, max_length):
    """step(word, state) -> (logits [V], state) -> the ids written, without bos and eos"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: greedy loop -->

# %%
ids = torch.tensor([lesson.source.encode(tired)])
mask = torch.ones_like(ids, dtype=torch.bool)
states, c = translator.encoder(ids, mask)
first = translator.decoder.begin(c)

@torch.no_grad()
def one_word(word, last):
    read = torch.tensor([[int(word)]])
    logits, _, last = translator.decoder(read, last, states, c, mask)
    return logits[0, 0], last

written = greedy(one_word, first, bos=2, eos=3, max_length=40)
print(" ".join(lesson.target.tokens(written.tolist())))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (lesson.target.words[2], lesson.target.words[3]) == ("<bos>", "<eos>")
assert lesson.target.tokens(written.tolist()) == list(lesson.translate(translator, tired)[0].tokens)
assert round(math.log(2), 2) == 0.69 and abs(0.6 * 0.5 - 0.30) < 1e-9 and abs(0.4 * 0.9 - 0.36) < 1e-9

# %% [markdown]
# Is the pronoun right? The sentence is in the training set. You will come back to it. Greedy can also miss the best sentence. **With a pencil:** *la* has probability 0.6 and *le* 0.4; the best next word has 0.5 after *la*, but 0.9 after *le*. Greedy gets 0.6 · 0.5 = 0.30 and misses 0.4 · 0.9 = 0.36. **Beam search** keeps the best $k$ beginnings:

# %% slideshow={"slide_type": "subslide"}
def beam(step, state, bos, eos, k, max_length=40):
    kept = [(0.0, [bos], state)]  # log-probability, words, state of the decoder
    for _ in range(max_length):
        longer = [one for one in kept if one[1][-1] == eos]  # these have ended
        for log_p, ids, state in [one for one in kept if one[1][-1] != eos]:
            logits, state = step(ids[-1], state)
            best = zip(*logits.log_softmax(-1).topk(k), strict=True)
            longer += [(log_p + p, [*ids, int(word)], state) for p, word in best]
        kept = sorted(longer, key=lambda one: one[0], reverse=True)[:k]
    return kept

# %%
for log_p, found, _ in beam(one_word, first, bos=2, eos=3, k=4):
    print(f"p = {log_p.exp():.3f}", *lesson.target.tokens(found[1:-1]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_kit.decoding import beam_search

ours = beam(one_word, first, bos=2, eos=3, k=4)
theirs = beam_search(translator.eval(), ids, mask, beam=4, length_penalty=0)[0]
assert ours[0][1][1:-1] == theirs.ids and abs(ours[0][0] - theirs.score) < 1e-3
assert beam(one_word, first, 2, 3, k=1)[0][1][1:-1] == written.tolist()
odds = torch.tensor([[0.0, 0.6, 0.4, 0.0], [0.5, 0.25, 0.25, 0.0], [0.9, 0.05, 0.05, 0.0], [0.0, 0.6, 0.4, 0.0]])  # 0 ends it
assert [round(beam(lambda word, state: (odds[word].log(), state), None, 3, 0, k)[0][0].exp().item(), 2) for k in (1, 2)] == [0.30, 0.36]

# %% [markdown]
# This costs $k$ steps of the decoder for each word, while trying all sentences of $T$ words would cost about $V^T$. Each further word makes the product smaller, which favours short sentences; a *length penalty* divides the log-probability by $((5+T)/6)^{\alpha}$. [The annex](03_seq2seq_annex.ipynb#Does-a-wider-search-help?) has α = 0 beside α = 1.
#
# <a id="bleu"></a>
# **BLEU** counts runs of one to four words that a translation shares with the *reference*, the right translation, which itself gets 100. *il lit un livre .* shares three of the five words of *il lit une lettre .*, one of its four pairs, and no longer run. Today a trained metric or a language model often judges instead, which agrees with people better than BLEU does, but has preferences of its own. <!-- source: Papineni et al. 2002; Freitag et al. 2022, results of the WMT22 metrics task; Kocmi & Federmann 2023 -->

# %%
new = len(lesson.examples("test"))
print(f"BLEU on {new:,} new sentences: {lesson.bleu(translator):.0f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert STEPS > 700 or 84 < lesson.bleu(translator) < 96
pairs = [[{tuple(a[i : i + n]) for i in range(6 - n)} for a in ("il lit un livre .".split(), "il lit une lettre .".split())] for n in (1, 2, 3)]
assert [len(a & b) for a, b in pairs] == [3, 1, 0]

# %% [markdown]
# And without attention? Two **checkpoints**, models trained before and saved, show how fast each kind learns:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
trained = load_checkpoint("seq2seq-attention-en-fr-grammar")
without = load_checkpoint("seq2seq-plain-en-fr-grammar")
learned = {
    name: [row[:3:2] for row in loaded.card["training"]["history"]["rows"]]
    for name, loaded in {"with attention": trained, "without attention": without}.items()
}
plot.lines(
    {name: list(zip(*rows, strict=True)) for name, rows in learned.items()},
    "steps",
    "BLEU",
    title="How fast do they learn?",
    caption="BLEU on sentences that were not trained on, while the two checkpoints "
    "were trained.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
by_step = {name: dict(rows) for name, rows in learned.items()}
assert by_step["without attention"][1500] < by_step["with attention"][600] and [round(by_step["without attention"][n]) for n in (1200, 1500)] == [63, 67]
by_words = [loaded.card["metrics"]["test_bleu_by_length"]["20-99"] for loaded in (without, trained)]
assert [round(x) for x in by_words] == [51, 97]
widths = results.load("seq2seq_widths")
means = {w: [sum(x) / 3 for x in zip(*runs, strict=True)] for w, runs in widths["errors"].items()}
assert [int(width) for width in means] == [16, 64, 128, 256] and widths["seeds"] == [0, 1, 2] and widths["steps"] == 2000 and all(means["64"][n] - 1 < means[w][n] for w in ("128", "256") for n in range(5))

# %% [markdown]
# Again one vector learns slowly: after 1,500 steps the model is behind where attention was after 600. Its longest sentences are the worst, with a BLEU of 51 against 97. More room did not help: in larger models, after 2,000 steps at one learning rate, a $c$ of 128 or 256 numbers was no better than one of 64.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: what does it look at?
# French puts most adjectives behind the noun. The checkpoint with attention gets a new sentence.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“the European economic crisis” becomes “la crise économique européenne”. How does "
    "the largest weight move while it writes the last three words?",
    ["from left to right", "from right to left", "it stays where it is"],
    answer=1,
    because="“crise” translates “crisis”. Then the translator goes back, to “economic” "
    "and “European”.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_kit.decoding import translate

crisis = translate(
    trained, "My aunt is discussing the European economic crisis.", beam=1
)[0]
labs.alignment(
    crisis, languages=("en", "fr"), title="Which way does it read?", model=trained
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
heaviest = [crisis.source_tokens[row.argmax()] for row in crisis.weights[-4:-1]]
assert heaviest == ["crisis", "economic", "european"] and not crisis.seen

# %% [markdown] tags=["asks"]
# At *crise* it jumps to "crisis" and goes back, word by word, as Bahdanau's did in *the European Economic Area*. Nobody showed it an alignment. We rewarded it only for correct words, and attending to the right place turned out to help.
#
# So what does it attend to when it writes *il* or *elle*? In our first sentence, *too tired*, "it" is the animal, so *il*. In its *twin*, *too wide*, "it" is the street, so *elle*. The model was trained on both. **Guess:** does it attend to the noun, to "it", or to the adjective?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
said = {}
for adjective, pronoun in (("tired", "il"), ("wide", "elle")):
    twin = translate(
        trained,
        f"The animal didn't cross the street because it was too {adjective}.",
        beam=1,
    )[0]
    if pronoun in twin.tokens:
        said[pronoun] = dict(
            zip(
                twin.source_tokens,
                twin.weights[twin.tokens.index(pronoun)].tolist(),
                strict=True,
            )
        )
labs.alignment(
    twin,
    step=10,
    languages=("en", "fr"),
    title="Where does it attend when it writes “elle”?",
    model=trained,
    caption="Press ▶, and it writes “[query|elle]”: which [key|columns] of this row are full of ink?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (said["il"]["it"] > 0.6 and said["elle"]["."] > 0.5)
assert all(x["animal"] + x["street"] < 0.05 for x in said.values())

# %% [markdown]
# <a id="routes"></a>
# <details><summary>Answer</summary>
#
# Almost no weight goes to the nouns. For *il* most of it is on "it", and for *elle* more than half is on the *full stop*. Both pronouns are right.
#
# </details>
#
# How can a full stop help? The forward GRU ends there, so half of its state has read every word. Here it was needed, because without that state the model writes *il*. In new twins either pronoun attends mostly to "it" or to the full stop, but most of those that attend to the full stop stay the same without it. So there are routes that no weight shows: through the decoder's first state, and through the French written so far.

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch03.experiments import Without
from course_kit.checkpoints import Loaded

wide_one = tired.replace("tired", "wide")
printed = "The animal didn't cross the street because it was too {}."
assert all(trained.was_seen(printed.format(word)) for word in ("tired", "wide"))
assert lesson.loaded(translator).was_seen(tired)
assert [one["tokens"][10:11] for one in knocked_out(trained, wide_one) if one["name"] == "."] == [["il"]]
read = torch.tensor([trained.source.encode(wide_one)])
changed = read.clone()
changed[0, 1] = trained.source.encode("street")[0]
with torch.no_grad():
    (full, _), (other, _) = (trained.model.eval().encoder(one, torch.ones_like(one, dtype=torch.bool)) for one in (read, changed))
middle = full.shape[-1] // 2
assert torch.equal(full[0, -1, middle:], other[0, -1, middle:]) and not torch.allclose(full[0, -1, :middle], other[0, -1, :middle])
new_twins = [" ".join(one.source) for one in lesson.examples("twins")[::6]]
points, changes = {"il": [], "elle": []}, []
for one in translate(trained, new_twins, beam=1):
    at = max(i for i, word in enumerate(one.tokens) if word in points)
    points[one.tokens[at]].append(one.source_tokens[one.weights[at].argmax()])
    if points[one.tokens[at]][-1] == ".":
        deaf = Loaded(Without(trained.model, [len(one.source_tokens) - 1]), {}, trained.source, trained.target)
        less = translate(deaf, " ".join(one.source_tokens), beam=1)[0].tokens
        changes.append([word for word in less if word in points][-1:] != [one.tokens[at]])
assert all(min(names.count("it"), names.count(".")) > 0.3 * len(names) for names in points.values())
assert 0.2 < sum(changes) / len(changes) < 0.5

# %% [markdown]
# And your own model, which wrote *elle* for the animal? We test both models on *new* twins, with nouns from no twin in training. A coin would get half of the pronouns right, and both of a pair in a quarter:

# %% slideshow={"slide_type": "slide"}
agree = {name: pronouns(lesson, model) for name, model in
         {"your model": translator, "the checkpoint": trained.model}.items()}
for name, (right, both) in agree.items():
    print(f"{name}: {right:.0%} of pronouns right, both of a pair {both:.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert STEPS > 700 or abs(lesson.bleu(translator) - 90) < 5
assert trained.card["training"]["steps"] == 1500
assert STEPS > 700 or 0.4 < agree["your model"][0] < 0.65 and agree["your model"][1] < 0.35
assert [round(100 * x) for x in agree["the checkpoint"]] == [86, 76]

# %% [markdown] tags=["keep"]
# After 700 steps yours is no better than a coin, which a BLEU of about 90 does not show, because few words depend on the pronoun. The checkpoint, with 1,500 larger steps, has learned most of it.
#
# **Keep this:** a weight points at a state, and a state holds more than its own word.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Seven: does the weight matter?
# We forbid the decoder one source word, by a mask before the softmax, and see whether the translation stays *exactly* the same. Try it: press an English word.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
mine = "the old woman bought a red car yesterday ."  # your own: words of our grammar
deaf = knocked_out(trained, mine)
labs.alignment(
    translate(trained, mine, beam=1)[0],
    variants=deaf,
    languages=("en", "fr"),
    live=True,
    title="And without that word?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all("rouge" not in v["tokens"] for v in deaf if v["name"] == "red")

# %% [markdown]
# One sentence proves little, so we masked each word of 400 new sentences in turn. Compare the *same* word where its largest weight was small and where it was large:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
masked = results.load("seq2seq_masked")
bands = ["up to 0.2", "0.2–0.5", "0.5–0.8", "0.8–0.95", "above 0.95"]
Table(
    [
        {"word": name}
        | {
            band: from_cell(
                "{same} of {count}", same=f'{same / count:.0%}', count=f'{count:,}'
            )
            for band, (same, count) in zip(bands, masked["words"][name], strict=True)
        }
        for name in ("all", "is", "the")
    ],
    from_cell(
        "Columns: the largest weight that a word gets from any French word. "
        "Cells: how often the translation stays exactly the same without it. "
        "{about}", about=masked.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
share_of = {name: [round(100 * same / count) for same, count in masked["words"][name]] for name in ("all", "is", "the")}
assert share_of["all"] == [99, 89, 57, 34, 16] and share_of["is"] == [100, 100, 30, 31, 25] and share_of["the"][0] == 100
assert masked["bands"][1] == 0.5 and masked["sentences"] == 400 and share_of["the"][-1] == 76 and sum(count for _, count in masked["words"]["all"]) == 5031

# %% [markdown] tags=["keep"]
# "is" may be hidden without harm where its weight was below 0.5, and mostly not where it was larger. "the" seldom matters, because French wants some article anyway. In this model small weights hardly mattered, and large ones often did.
#
# **Keep this:** to learn whether a state was needed, mask it, and see what changes.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So what does it look at?
# It looks at states, not at words: usually that of the word being translated, sometimes that of a later word which has read it. Seq2seq with attention came to translate, summarise and answer. Then a paper asked what would be left without the recurrence. <!-- source: Wu et al. 2016; Vaswani et al. 2017 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes both translators into one file. `python -m mine.seq2seq` trains them on the digits.

# %%
from course_kit.mine import keep

keep("seq2seq")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. An encoder reads, a decoder writes: a language model whose condition is the source.
# 2. Teacher forcing: the decoder reads the right sentence, shifted by one, and all positions are trained at once.
# 3. Attention keeps all states: score, softmax over real words, and a new context $c_t$ for each word.
# 4. Through a single vector a model learns slowly, even where it has the room: in our toy, ten times the steps did less than attention.
# 5. A weight points at a state, not at a word. Mask the state to see whether it was needed.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# See [the annex](03_seq2seq_annex.ipynb#open-questions).
# 1. *Prove:* without the tanh, the additive score gives the same weights for every query.
# 2. *Design an experiment:* how small may $c$ be, if training may take any time?
# 3. *Why not* let the decoder read its own words in training?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [sequence to sequence](#seq2seq) | 序列到序列 | read one sequence, write another |
# | [encoder](#encoder) | 编码器 | the part that reads |
# | [decoder](#decoder) | 解码器 | the part that writes |
# | [alignment](#alignment) | 对齐 | which source word each target word translates |
# | [bottleneck](#bottleneck) | 瓶颈 | one vector of fixed size for any sentence |
# | [teacher forcing](#teacher-forcing) | 教师强制 | in training the decoder reads the correct words |
# | [beginning of sentence](#bos) | 句首标记 | `<bos>`, what the decoder reads first |
# | [masked loss](#masked-loss) | 带掩码的损失 | a mean over all but the padding |
# | [additive attention](#additive-attention) | 加性注意力 | tanh(q W₁ + k W₂)·w |
# | [context vector](#context) | 上下文向量 | the weighted average of the values |
# | [bidirectional](#bidirectional) | 双向 | read from both ends |
# | [BLEU](#bleu) | BLEU（双语评估替补） | n-gram precision × brevity |
# | [greedy decoding](#greedy) | 贪心解码 | the most probable word at each step |
# | [beam search](#beam-search) | 束搜索 | keeps the best few beginnings |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(3)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: words attend to each other
# In chapter 2 the words of *one* sentence attended to each other, without recurrence. But who tells such a model their order?
#
# **→ [4 · Who tells attention the order?](04_positional_encoding.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](03_seq2seq_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 3, edition 0.4.0, and the heading above it.*
