# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 3 · What does a translator look at?
# *At one English word after the other, and each of them knows its neighbours.* You will hold `mine/seq2seq.py`, two translators that you trained: one looks back at the English, one does not. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) (masks, a training loop) and [chapter 2](02_scoring_functions.ipynb) (queries, keys, values).
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
from chapters.ch03.experiments import (at_pronoun, exchanged, knocked_out, pronoun_of, pronouns,
                                       right_by_place)
from chapters.ch03.lesson import Lesson, gold_weights
from course_kit import results
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.i18n import from_cell
from course_kit.views import Table, heatmap, plot, predict

runtime = course_kit.setup()
lesson = Lesson("en-fr")
trained = load_checkpoint("seq2seq-attention-en-fr-grammar")
without = load_checkpoint("seq2seq-plain-en-fr-grammar")

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
# A table of which word translates which is called an **alignment**. You will build a translator that makes one, too, although nobody shows it how.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# <a id="seq2seq"></a><a id="encoder"></a><a id="decoder"></a>
# From outside, a translator is one function. You give it the English sentence and the French words so far. You get scores for all French words that might come next, the *logits*, and a softmax makes probabilities of them. A machine that says what comes next is a **language model**; ours has a condition, the source $x$:
#
# $$ P(y\mid x)=\prod_t P(y_t\mid y_1,\dots,y_{t-1},\,x) $$
#
# Training makes the right translation $y$ more probable. Inside are two parts. The **encoder** reads: for each English word it makes a vector, its *state*. The **decoder** writes, one French word after the other, and has a state of its own. Together they are called *sequence to sequence*, **seq2seq**. How do the two meet? You could hand over one vector for the whole sentence. But each French word depends on another part of the English. So this is the idea of the lesson: **before each word that it writes, the decoder looks back at all the states that were read, and takes what it needs.**

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
from course_utils import seq2seq as whole

dummy = whole.Translator(whole.Encoder(50, 64), whole.AttentiveDecoder(60, 64))
source, target = torch.randint(50, (2, 7)), torch.randint(60, (2, 9))
logits, weights = dummy(source, target, torch.ones(2, 7, dtype=torch.bool))
print("logits", tuple(logits.shape), " weights", tuple(weights.shape))

# %% [markdown]
# The shapes are [B, T, V] and [B, T, S]: B sentences, T French and S English words, and V words in the *vocabulary*, the numbered list of all that the model knows.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: look back
# How do *you* translate a long sentence? You do not read it once, close your eyes and write. You write a word, look back at the English, and write the next. Let us allow the decoder the same. Before each French word it takes four steps:
#
# 1. **Ask.** The decoder's state sums up what has been written, so it can ask for what is needed next. This is the <b style="color:#bf5f00">query</b>.
# 2. **Score.** Each English word has a state. How well does it fit the question? The states are the <b style="color:#007fc6">keys</b>, and each gets one score.
# 3. **Share.** A softmax makes weights of the scores. Together they are 1.
# 4. **Add up.** The same states are the <b style="color:#008a67">values</b>: multiply each by its weight, and add them all. The sum is called the <b style="color:#bb51a8">context</b>, and from it the decoder chooses its word.
#
# Do it once by hand, with states that we made up. The first number is large for the name of a thing, the second for a quality. *Le* is written, so a thing is wanted:

# %%
words = ["the", "black", "dog", "crossed"]
states = torch.tensor([[0.0, 0], [0, 3], [3, 0], [0, 0]])
asks = torch.tensor([1.0, 0])  # a thing, please

scores = [sum(a * b for a, b in zip(asks.tolist(), h.tolist())) for h in states]
total = sum(math.exp(score) for score in scores)
context = torch.zeros(2)
for word, h, score in zip(words, states, scores):
    weight = math.exp(score) / total
    context = context + weight * h
    print(f"{word:8} score {score:.0f}, weight {weight:.2f}, the sum so far", context)

# %% [markdown]
# The context is almost the state of *dog*, and *chien* can be written. You can do all of it at once, in a line that you know from chapter 2:

# %% slideshow={"point": ["softmax("]}
for asks in torch.tensor([[1.0, 0], [0, 1]]):  # a thing; then a quality
    print(torch.softmax(states @ asks, -1) @ states)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.softmax(states @ torch.tensor([1.0, 0]), -1) @ states, context) and context[0] > 2.5

# %% [markdown]
# Now a real one, with the true weights of a translator that we trained and saved: a **checkpoint**, called `trained`. Each French word is joined to every English word: the thicker the line, the larger the weight.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
dog = "The black dog crossed the street."
labs.fan(
    translate(trained, dog, beam=1)[0],
    title="Where does each French word look?",
    caption="Play it: the [query|decoder] asks, and each [key|state] gets a share. Two "
    "words change places. Which?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
black = translate(trained, dog, beam=1)[0]
assert black.text.startswith("Le chien noir") or black.tokens[:3] == ["le", "chien", "noir"]
assert [black.source_tokens[row.argmax()] for row in black.weights[1:3]] == ["dog", "black"] and not black.seen

# %% [markdown]
# Nobody told it where to look. Each of the four steps has a gradient, so you can train them together with everything else. So the looking is learned along with the translating.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Which score?
# <a id="additive-attention"></a><a id="context"></a>
# The dot product would do. Bahdanau, Cho and Bengio, who let a translator look back in 2014, took a small network, the **additive** score. One matrix is for the French side and one for the English. Their results are added, a tanh squeezes each number between −1 and 1, and a vector $w$ makes one score of them:
#
# $$ e_i=\tanh(\underbrace{{\color{#bf5f00}{s}}\,W_1}_{\text{what is wanted}}+\underbrace{{\color{#007fc6}{h_i}}\,W_2}_{\text{what is there}})\cdot w,\qquad \alpha=\mathrm{softmax}(e),\qquad {\color{#bb51a8}{c}}=\sum_i\alpha_i\,{\color{#008a67}{h_i}} $$
#
# Why the tanh? We want a pronoun: $h$ is 1 for *animal*, which is masculine in French, and −1 for *street*, which is feminine. The query is (1, 1) if we want a masculine word, and (−1, 1) if we want a feminine one.

# %% slideshow={"point": ["torch.tanh"]}
W1, W2 = torch.tensor([[1.0, 1], [-1, 1]]), torch.tensor([[1.0, 1]])
w = torch.tensor([1.0, -1])
h = torch.tensor([[1.0], [-1]])  # animal, street
for wanted, gender in [("masculine", 1.0), ("feminine", -1.0)]:
    both = torch.tensor([gender, 1]) @ W1 + h @ W2  # [2 words, 2 numbers]
    for name, squeezed in [("with tanh", torch.tanh(both)), ("without", both)]:
        e = squeezed @ w  # [2]
        print(f"{wanted:9} {name:9} scores {e.numpy().round(2)}, weights",
              torch.softmax(e, -1).numpy().round(2))

# %% jupyter={"source_hidden": true} tags=["asserts"]
found = [torch.softmax(torch.tanh(torch.tensor([g, 1]) @ W1 + h @ W2) @ w, -1) for g in (1.0, -1.0)]
assert found[0][0] > 0.75 and found[1][1] > 0.75
assert torch.equal(torch.tensor([1.0, 1]) @ W1 + h @ W2, torch.tensor([[1.0, 3], [-1, 1]]))
assert all(torch.equal((torch.tensor([g, 1]) @ W1 + h @ W2) @ w, torch.tensor([-2.0, -2])) for g in (1.0, -1.0))
assert round(math.tanh(1), 3) == 0.762 and round(math.tanh(3), 3) == 0.995 and round(math.tanh(1) - math.tanh(3), 3) == -0.233

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
queries, names = torch.tensor([[1.0, 1], [-1, 1]]) @ W1, ["animal", "street"]
both = queries[:, None] + h @ W2  # [2 queries, 2 words, 2]
squeezed = {"with tanh": torch.tanh(both), "without tanh": both}
plot.maps(
    {name: torch.softmax(x @ w, -1) for name, x in squeezed.items()},
    {name: ["masculine", "feminine"] for name in squeezed},
    {name: names for name in squeezed},
    axes=("wanted", "word"),
    title="Does the query have a say?",
    caption="The weights that each [query|query] (row) gives to the two [key|words] (columns).",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# With the tanh the query decides who wins. Take one score with a pencil: for a masculine word and *animal* the sum is (1, 3), its tanh (0.762, 0.995), and $w$ subtracts: −0.233. Without the tanh the query has no say at all. There, $e_i=s\,W_1w+h_i\,W_2w$. The first part, the query's, is the same for every English word, and a softmax ignores what all scores share. The tanh is where query and key *meet*.
#
# **Keep this:** before each word: ask, score, share, add up. Training finds out where to look.

# %% [markdown] slideshow={"point": ["torch.tanh", "masked_softmax", "return"], "slide_type": "slide"} tags=["card", "core"]
# ### Exercise 1 ●●○ · 12 minutes
# Write this look for one word of each sentence in a batch. `masked_softmax` gives padding no weight. Each sentence has a vector x [K] and a matrix of its own, [K, D]. To multiply them for the whole batch at once, make the vectors rows: `x[:, None]` is [B, 1, K], and `[:, 0]` takes the axis away again.
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

# %% [markdown]
# <!-- solution: additive attention step -->

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two: where do the states come from?
# We were given the states. Who makes them? You could take a vector for each word, row 7 of a table for word 7. Such a vector is called an *embedding*, and the table is trained with the rest. But an embedding knows nothing of the words around it, and *the dog bites the man* would be the same as *the man bites the dog*.
#
# So read the words in turn, and carry along what was read. A **recurrent network** (RNN) computes each state from the word and from the state before it:
#
# $$ h_i=\tanh(\underbrace{x_i\,W_x}_{\text{the word}}+\underbrace{h_{i-1}\,W_h}_{\text{all before it}}),\qquad h_0=0 $$

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
torch.manual_seed(2)
bitten = "the dog bites the man".split()
labs.chain(
    bitten,
    nn.RNN(4, 3, batch_first=True)(torch.randn(1, 5, 4))[0][0].detach(),
    title="Reading, word by word",
    caption="An RNN that has not been trained. Each [key|state] is made of its word and of "
    "the state before.",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 2 ●○○ · 6 minutes
# Write this network as a loop over the words.
#
# <!-- example: recurrent network -->

# %% tags=["exercise"]
@exercise("recurrent network")
def read(words, Wx, Wh):
    """T words of E numbers, [T, E]; Wx [E, D], Wh [D, D] -> all states, [T, D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: recurrent network -->

# %% [markdown] slideshow={"slide_type": "fragment"}
# Give your network the two sentences. They have the same words. Do they end in the same state?

# %% slideshow={"slide_type": "skip"}
table = dict(zip(["the", "dog", "bites", "man"], torch.randn(4, 4), strict=True))
Wx, Wh = torch.randn(4, 6), torch.randn(6, 6) / 2
said = ["the dog bites the man", "the man bites the dog"]
one, other = (read(torch.stack([table[word] for word in words.split()]), Wx, Wh)
              for words in said)  # [5, 6] each

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
quoted = [f"“{words}”" for words in said]
plot.maps(
    dict(zip(quoted, (one, other), strict=True)),
    dict(zip(quoted, map(str.split, said), strict=True)),
    axes=("word", "number of the state"),
    limits=(0, 1),
    signed=quoted,
    title="Does a state know the order?",
    caption="A row for each word that is read: the six numbers of the state after it. "
    "Compare the last rows.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (one[-1] - other[-1]).abs().max() > 0.01 and torch.equal(one[0], other[0])

# %% [markdown]
# <a id="bidirectional"></a>
# Only the first rows are equal. After them each state depends on all the words before, so the two sentences end differently. What was read long ago fades, though. The **GRU** (2014) is an RNN with *gates*, which learn what to keep. PyTorch has it, and we take it from there.

# %% [markdown] slideshow={"slide_type": "skip"}
# <details><summary>What is inside a GRU?</summary>
#
# Gates were invented against fading: first in the **LSTM** (1997), then, simpler, in the GRU. Its *update gate* $z_i$ says which share of each feature of the old state is kept. The rest comes from a *proposal* $\tilde h_i$, and the *reset gate* $r_i$ says how much of the old state goes into that. σ squeezes numbers between 0 and 1, ⊙ multiplies feature by feature, and biases are left out. <!-- source: Hochreiter & Schmidhuber 1997; Cho et al. 2014 -->
#
# $$ z_i=\sigma(x_iW_z+h_{i-1}U_z),\quad r_i=\sigma(x_iW_r+h_{i-1}U_r),\quad \tilde h_i=\tanh(x_iW_x+r_i\odot(h_{i-1}W_h)),\quad h_i=z_i\odot h_{i-1}+(1-z_i)\odot\tilde h_i $$
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["keep"]
# Our encoder is **bidirectional**: one GRU reads forwards and one backwards. Half of $h_i$ has read the words from the beginning to $i$, the other half those from the end to $i$, so each state can know the whole sentence. In the class below, `run_packed` runs a GRU and skips the padding, and `c` puts the last state of each direction side by side.
#
# **Keep this:** a state holds its word, and something of the words that were read before.

# %% jupyter={"source_hidden": true} tags=["asserts"]
gru, x, h = nn.GRUCell(3, 4), torch.randn(1, 3), torch.randn(1, 4)
(from_x, from_h) = (F.linear(v, w, b).chunk(3, 1) for v, w, b in ((x, gru.weight_ih, gru.bias_ih), (h, gru.weight_hh, gru.bias_hh)))
r, z = ((a + b).sigmoid() for a, b in zip(from_x[:2], from_h[:2], strict=True))  # torch stores r, z, proposal
assert torch.allclose(gru(x, h), z * h + (1 - z) * torch.tanh(from_x[2] + r * from_h[2]), atol=1e-6)

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.seq2seq: run_packed

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: Encoder

# %% jupyter={"source_hidden": true} tags=["asserts"]
encoder = Encoder(vocab=11, size=64)
for length in [5, 20]:
    rows = torch.randint(10, (1, length))
    states, c = encoder(rows, torch.ones_like(rows, dtype=torch.bool))
    assert c.shape == (1, 64) and states.shape == (1, length, 64)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: what does one vector cost?
# <a id="bottleneck"></a>
# Could you do without looking back? The neural translators before Bahdanau's did (Sutskever et al. and Cho et al., 2014). Their decoder got a single vector $c$, made where the reading ends. Watch one at work, with the sentence of the fan:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.squeeze(
    without,
    dog,
    title="Read, squeeze, write",
    caption="The [key|states] of the encoder, the [output|vector c] and the [query|states] "
    "of the decoder, by their first numbers. Which word gets lost?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert translate(without, dog, beam=1)[0].tokens == "le chien a traversé la rue .".split()

# %% [markdown]
# The dog has lost its colour. For a long sentence $c$ has no more numbers than for a short one: it is a **bottleneck**. Is it too small? Or is something else wrong? We need a task that we can make longer at will.
#
# But first the class. The decoder starts from $c$ and reads $c$ again at every step: a matrix turns $[s_t;c]$, the two in one row, into logits. `[None]` adds the axis that PyTorch's GRUs have for several layers.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: Decoder

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: Translator

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Digits, backwards
# <a id="teacher-forcing"></a><a id="bos"></a>
# The task needs no data: rows of 4 to 16 digits, to be written *backwards*. How would you train for it? We let the decoder read the right digits instead of its own, shifted by one place, with `<bos>` (*beginning of sentence*) in front. This is **teacher forcing**, and a whole row is trained in one pass:
#
# | reads | `<bos>` | 3 | 1 |
# |---|---|---|---|
# | **is to predict** | 3 | 1 | 4 |
#
# The loss, **cross-entropy**, is the mean of $-\ln p$ of each right digit.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch03.experiments: backwards

# %% [markdown]
# New since chapter 2's loop: the learning rate falls, and gradients that are too long are *clipped*, because recurrent networks can produce huge ones. `cross_entropy` wants the classes on the second axis, hence `transpose`.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} steps=600 tags=["definition"]
# chapters.ch03.experiments: train

# %% seconds=15 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
plain = Translator(Encoder(11, 64), Decoder(11, 64))
train(plain)

# %% [markdown]
# When it writes, nobody gives it the right digits. It reads its own, and has to live with its mistakes. Here is a row where that matters:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
rows = (backwards(1, 9)[:3] for _ in range(1000))
found = ((row, *labs.slips(plain, *row)) for row in rows)
row = next(row for row, training, writing in found if training == 1 and writing > 2)
labs.forcing(
    plain,
    *row,
    title="Training and writing",
    caption="The same model and row. In [key|training] it reads the right digits, in "
    "[query|writing] its own. What follows the first mistake?",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# So we count strictly: a row is right only if every digit is.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch03.experiments: right_at

# %% slideshow={"slide_type": "skip"}
lengths = [4, 6, 8, 10, 12, 14, 16, 20]
by_length = {"without attention": [right_at(plain, length) for length in lengths]}
for length, share in zip(lengths, by_length["without attention"], strict=True):
    print(f"{length:2} digits: {share:4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
shares = by_length["without attention"]
assert shares[2] < 0.7 and max(shares[5:]) < 0.05 and sum(shares[:7]) / 7 <= 0.6

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert shares[0] > 0.9

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Short rows come back, long ones hardly ever. What would help the rows of 10 digits most?",
    [
        "vectors of 256 numbers instead of 64, in the same 600 steps",
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
# Ten times as many steps help most. So the same vector *can* hold ten digits. What it costs here is, above all, *learning*. Why is it so hard to learn?

# %% [markdown] slideshow={"slide_type": "skip"}
# <details><summary>How sure is this?</summary>
#
# The table shows how many rows are right, in %, on average over two or three seeds. For each size we took the best learning rate that we tried. Whether 14 digits fit, we do not know. <!-- 64 numbers, 600 steps, 10 digits, seed 0: 13 % at 0.005, 19 at 0.01, 12 at 0.02 -->
#
# | numbers in $c$ | steps | 8 digits | 10 | 12 | 14 |
# |---|---|---|---|---|---|
# | 64 | 600 | 43 | 16 | 2 | 0 |
# | 256 | 600 | 64 | 33 | 5 | 0 |
# | 64 | 6,000 | 95 | 85 | 56 | 21 |
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The same, looking back
# Let us give it your `look_back`. It has three new parameters, `W1`, `W2` and `w`, and its `context` is no longer the same for every word.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.seq2seq: AttentiveDecoder

# %% [markdown] slideshow={"slide_type": "skip"}
# Two orders are possible. Ours is Luong's (2015): the decoder reads a word, and its *new* state is the query. In Bahdanau's the old state asks, and what it finds helps to make the new one. [The annex](03_seq2seq_annex.ipynb#Is-the-query-the-state-before-or-after?) has both. <!-- source: Luong et al. 2015, section 3.1 -->

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_training_step():
    train(Translator(Encoder(11, 16), AttentiveDecoder(11, 16)), steps=1)

for_training(one_training_step)  # with nothing solved it does nothing

# %% seconds=25 slideshow={"slide_type": "subslide"} tags=["training"]
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

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
shares = by_length["with attention"]
assert sum(shares[:7]) / 7 >= 0.95 and min(shares[:7]) > 0.85 and shares[7] > 0.75

# %% [markdown]
# Almost all rows come back now, after the same number of steps. Let us look where the others fail: at which place in a row of 16?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
by_place = {"with attention": right_by_place(attentive, 16), "without attention": right_by_place(plain, 16)}
plot.lines(
    {name: (range(1, 17), [100 * share for share in shares]) for name, shares in by_place.items()},
    "place in the row that is written",
    "digits right, %",
    limits=(0, 100),
    title="Where do digits go wrong?",
    caption="Rows of 16 digits, the right ones given before each place. Guessing gives 10 %.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
lost = by_place["without attention"]
assert min(lost[9:14]) < 0.6 and lost[0] > lost[4] > lost[9] and lost[15] > min(lost)
source, reads, target, mask = backwards(500, 16)
with torch.no_grad():
    wrote = plain(source, reads, mask)[0].argmax(-1)[:, 1:-1]
right, near = target[:, 1:-1], torch.stack([target[:, :-2], target[:, 2:]])

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert min(by_place["with attention"]) > 0.93 and lost[0] > 0.85
assert ((wrote == near).any(0) & (wrote != right)).sum() > 0.45 * (wrote != right).sum()  # chance: about a fifth

# %% [markdown]
# Without attention the two ends of a row come back best, and the middle worst. Many wrong digits there belong one place to the left or right: the model still knows the digit, but no longer its place. All digits had to fit through one vector, and each has to be found in it again. With attention each digit is *one step* away, wherever it stands, and in training a correction reaches it in one step.

# %% [markdown] slideshow={"slide_type": "skip"}
# The heatmap shows which digit of the source gets the weight at each step:

# %% jupyter={"source_hidden": true}
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

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# It reads the row from the end to the beginning. That, too, it has found out by itself.
#
# **Keep this:** without attention everything must be learned through one vector. With attention each word is one step away.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: sentences
# <a id="masked-loss"></a>
# Now we translate English into French. A program makes our sentences from a small grammar, so we have as many as we want. Their lengths differ, so a batch has padding. If padding counted in the loss, your model would earn marks for predicting `<pad>`.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 3 ●○○ · 6 minutes
# Write the **masked loss**: $-\ln p$ of each right word, averaged over all but the padding. `x.gather(-1, target[..., None])` picks entries along the last axis.
#
# <!-- example: masked loss -->

# %% tags=["exercise"]
@exercise("masked loss")
def masked_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word
    -> one number"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: masked loss -->

# %% [markdown] slideshow={"slide_type": "skip"}
# `fit` is the training loop of the digits with a stop button. With `warm_then_fall` the learning rate rises before it falls. `lesson` holds our sentences. On the way `Samples` lets the model translate *The dog was too tired.*, so that you see what a loss means. Two lines in the picture help you to read the loss: *guessing*, where all French words are equally likely, and *two words*, for a model that hesitates between two at each word.

# %% slideshow={"slide_type": "skip"}
from course_kit.callbacks import Samples
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

# %% seconds=80 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
translator = Translator(
    Encoder(len(lesson.source), 128), AttentiveDecoder(len(lesson.target), 128)
)
says = Samples(lambda model: lesson.translate(model, "The dog was too tired.")[0].text)
run = fit(translator, lesson.batches, loss, steps=STEPS, lr=1e-2, clip=1.0,
          schedule=warm_then_fall(STEPS), title="When is it as good as a choice of two?",
          callbacks=[says],
          compare={"guessing": math.log(len(lesson.target)), "two words": math.log(2)})

# %% [markdown]
# Take "European Economic Area", from the best-known picture of Bahdanau and his co-authors. French puts most adjectives behind the noun, so the three come in the opposite order.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“the European Economic Area” becomes “la zone économique européenne”. How does "
    "the largest weight move while it writes the last three words?",
    ["from left to right", "from right to left", "it stays where it is"],
    answer=1,
    because="“zone” translates “Area”. Then the translator goes back, to “Economic” "
    "and “European”.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
area = translate(trained, "We live in the European Economic Area.", beam=1)[0]
labs.alignment(
    area,
    languages=("en", "fr"),
    title="Which way does it read?",
    model=trained,
    caption="By a model that was trained for longer, on this sentence, too. Press play, or type "
    "one of your own.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
heaviest = [area.source_tokens[row.argmax()] for row in area.weights[-4:-1]]
assert heaviest == ["area", "economic", "european"] and area.seen
assert area.tokens[-4:-1] == ["zone", "économique", "européenne"]
crisis = translate(trained, "My aunt is discussing the European economic crisis.", beam=1)[0]
assert [crisis.source_tokens[row.argmax()] for row in crisis.weights[-4:-1]] == ["crisis", "economic", "european"] and not crisis.seen

# %% [markdown] tags=["keep"]
# At *zone* it jumps to "area", and then goes back word by word. This model has seen the sentence in its training, but type one that it has not, about the European economic crisis, and it does the same. Nobody showed it an alignment. We rewarded it for right words only, and looking at the right place helped.
#
# **Keep this:** trained only to write the next word, a translator with attention learns most of the alignment by itself.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a weight points at a state
# So does it look at a word? Let us go back to the first sentence. In *too tired*, "it" is the animal, so French says *il*. In its *twin*, *too wide*, "it" is the street, and French says *elle*.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“The animal didn't cross the street because it was too wide.” The translator writes "
    "“elle”, which is right. Which English word gets most of the weight?",
    ["“street”, the noun", "“it”, the pronoun", "“wide”, the adjective", "“.”, the full stop"],
    answer=3,
    because="More than half of the weight is on the full stop, and hardly any on a noun.",
)

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
    step=11,
    languages=("en", "fr"),
    title="Where does it look when it writes “elle”?",
    model=trained,
    caption="Its last row is “[query|elle]”: which [key|columns] of this row are full of ink?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (said["il"]["it"] > 0.6 and said["elle"]["."] > 0.5)
assert all(x["animal"] + x["street"] < 0.05 for x in said.values())

# %% [markdown]
# <a id="routes"></a>
# The full stop. How can a full stop help with *elle*? The forward GRU ends there, so half of that state has read every word. A look at the full stop is a look at a state that knows the whole sentence.
#
# But perhaps the decoder knew *elle* anyway, and the look did nothing? We can find out. Before it writes the pronoun, the decoder has two things: its own state, which has read the French so far, and the context, which it has just taken. Leave its state as it is, and give it the context of the *twin*. Who decides, the state or the context? `at_pronoun` gives the two as they are before the pronoun, and `pronoun_of` says what the decoder writes with them.

# %%
wide = tired.replace("tired", "wide")
twins = {p.source[-2]: p for p in parallel.load_parallel("en-fr")
         if " ".join(p.source) in (tired, wide)}
parts = {word: at_pronoun(trained, p.source, p.target) for word, p in twins.items()}
for mine in ("tired", "wide"):
    for theirs in ("tired", "wide"):
        (state, _), (_, context) = parts[mine], parts[theirs]
        pronoun = pronoun_of(trained, state, context)
        print(f"state of “{mine}”, context of “{theirs}”: {pronoun}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(pronoun_of(trained, parts[a][0], parts[b][1]) == ("il" if b == "tired" else "elle") for a in parts for b in parts) and len(parts) == 2

# %% [markdown]
# Between these two the context decides. We tried all the new twins whose pronouns the model gets right, and gave each the other's context:

# %%
follow, tried = exchanged(lesson, trained)
print(f"{follow} of {tried} pronouns follow the context")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tried > 500 and follow >= 0.99 * tried

# %% [markdown] slideshow={"slide_type": "fragment"}
# So between twins the look decides. It tells the decoder which of the two nouns "it" is. Now the other question. Is the full stop *needed*? We can forbid the decoder one English word, for the whole sentence, by a mask before the softmax. Try it: press a word. Does *elle* become *il* without "street", without "it", without the full stop?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sentence = wide  # yours: words of our grammar
deaf = knocked_out(trained, sentence)
labs.alignment(
    translate(trained, sentence, beam=1)[0],
    variants=deaf,
    languages=("en", "fr"),
    live=True,
    title="And without that word?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
written = {one["name"]: one["tokens"] for one in knocked_out(trained, wide)}
assert "il" in written["."] and all("elle" in written[word] for word in ("street", "it", "animal"))
others = {one["name"]: one["tokens"] for one in knocked_out(trained, tired)}
assert "elle" in others["it"] and "il" in others["."]
assert all(trained.was_seen(f"The animal didn't cross the street because it was too {word}.") for word in ("tired", "wide"))
read_wide = torch.tensor([trained.source.encode(wide)])
changed = read_wide.clone()
changed[0, 1] = trained.source.encode("street")[0]
with torch.no_grad():
    (full, _), (other, _) = (trained.model.eval().encoder(one, torch.ones_like(one, dtype=torch.bool)) for one in (read_wide, changed))
middle = full.shape[-1] // 2
assert torch.equal(full[0, -1, middle:], other[0, -1, middle:]) and not torch.allclose(full[0, -1, :middle], other[0, -1, :middle])

# %% [markdown] tags=["keep"]
# Here only the full stop matters for *elle*. In the other twin, *too tired*, it is the other way round: without "it" the pronoun changes, and without the full stop it stays. Does that prove that the model does not need what the full stop knows? No. Several states have read the adjective, so if you hide one, another can stand in for it. A mask that changes something shows that the weight there mattered. A mask that changes nothing shows little.
#
# <details><summary>How sure is this?</summary>
#
# This model was trained on both of these sentences. The exchange of contexts was done with twins that it has not seen, whose French up to the pronoun we gave it. If the context comes from a sentence whose nouns have the other genders, most pronouns stay as they were, because the decoder's own state knows the genders, too. Each word of many sentences masked in turn: [the annex](03_seq2seq_annex.ipynb#Does-a-small-weight-matter?).
#
# </details>
#
# **Keep this:** a weight points at a state, and a state holds more than its own word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: writing
# <a id="greedy"></a><a id="beam-search"></a>
# Your translator gives probabilities. How do you make a sentence of them? The simplest way is **greedy** decoding: always write the most probable word, and read it as the next input.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 4 ●●○ · 6 minutes
# Write this loop. `max_length` counts the words without `<eos>`.
#
# <!-- example: greedy loop -->

# %% tags=["exercise"]
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
assert abs(0.6 * 0.5 - 0.30) < 1e-9 and abs(0.4 * 0.9 - 0.36) < 1e-9

# %% [markdown] slideshow={"slide_type": "subslide"}
# Is your model's pronoun right? We come to that. Greedy decoding has a fault of its own: it never looks ahead. Which of these two beginnings leads to the likelier sentence? A pencil is enough.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.branches(
    {"la": (0.6, 0.5), "le": (0.4, 0.9)},
    title="Does the best word lead to the best sentence?",
    caption="Probabilities that we made up: of a first word, and of the best word after it.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Greedy takes *la*, and the better sentence is gone. **Beam search** does not decide so soon: it keeps the best $k$ beginnings, and goes on with all of them.

# %% slideshow={"slide_type": "skip"}
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

# %% [markdown] slideshow={"slide_type": "subslide"}
# A beam costs you $k$ steps for each word, and each further word makes the product smaller, so it can prefer short sentences. A *length penalty* repairs that: [the annex](03_seq2seq_annex.ipynb#Does-a-wider-search-help?).
#
# ### How good is it?
# <a id="bleu"></a>
# **BLEU** compares your translation with one by a person, the *reference*. It counts how many runs of one to four words the two share; 100 means that they are the same. Today a trained metric or a language model often judges instead. How BLEU is computed, and what it misses: [the annex](03_seq2seq_annex.ipynb#What-does-BLEU-count?). <!-- source: Papineni et al. 2002; Freitag et al. 2022, results of the WMT22 metrics task; Kocmi & Federmann 2023 -->

# %%
new = len(lesson.examples("test"))
print(f"BLEU on {new:,} new sentences: {lesson.bleu(translator):.0f}")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert STEPS > 700 or 84 < lesson.bleu(translator) < 96

# %% [markdown] slideshow={"slide_type": "skip"}
# And without attention? Each checkpoint has kept how it was trained, so you can see how fast the two learned:

# %% jupyter={"source_hidden": true}
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
assert by_step["without attention"][1500] < by_step["with attention"][600]
by_words = [loaded.card["metrics"]["test_bleu_by_length"]["20-99"] for loaded in (without, trained)]
assert [round(x) for x in by_words] == [51, 97]

# %% [markdown]
# As with the digits, one vector learns slowly.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Your model's score is high: its sentences come from a small grammar. But has it understood who was too tired? We test it on new twins. A model that always writes *il* would get half of the pronouns, and it would never get both of a pair.

# %% slideshow={"slide_type": "skip"}
agree = {name: pronouns(lesson, model) for name, model in
         {"your model": translator, "the checkpoint": trained.model}.items()}
for name, (right, both) in agree.items():
    print(f"{name}: {right:.0%} of pronouns right, both of a pair {both:.0%}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
tested = {"always il": (0.5, 0.0), **agree}
plot.bars(
    list(tested),
    {
        name: [100 * both[i] for both in tested.values()]
        for i, name in enumerate(("pronouns right", "both of a pair right"))
    },
    ylabel="%",
    digits=0,
    title="Who knows what “it” is?",
    caption="New twins, such as “too tired” and “too wide”. Compare your model with one that always "
    "writes “il”.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert trained.card["training"]["steps"] == 1500
assert STEPS > 700 or 0.4 < agree["your model"][0] < 0.58 and agree["your model"][1] < 0.35
assert [round(100 * x) for x in agree["the checkpoint"]] == [86, 76]
always = {}
for one in lesson.examples("twins"):
    always.setdefault(one.twin.pair, []).append(one.twin.pronoun == "il")
assert sum(sum(pair) for pair in always.values()) * 2 == len(lesson.examples("twins")) and not any(all(pair) for pair in always.values())

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert STEPS > 700 or abs(lesson.bleu(translator) - 90) < 5

# %% [markdown] tags=["keep"]
# After 700 steps a model gets about half of the pronouns right, as one does that always writes *il*. BLEU hides this, because most words of a sentence do not depend on the pronoun. The checkpoint, which was trained for longer, has learned most of it. Both look fluent.
#
# **Keep this:** a high score on all words can hide that the word you care about was never learned.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So what does it look at?
# It looks at states. Most often you find it at the state of the word that it translates, and sometimes at another one that has read that word. Seq2seq with attention was soon used for translations, summaries, captions of pictures, speech and chats ([where it was used](03_seq2seq_annex.ipynb#Where-was-seq2seq-used?)). Then a paper asked what would be left without the recurrence. <!-- source: Wu et al. 2016; Vaswani et al. 2017 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes both translators into one file. `python -m mine.seq2seq` trains them on the digits.

# %%
from course_kit.mine import keep

keep("seq2seq")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. An encoder reads, a decoder writes: a language model whose condition is the source.
# 2. Before each word the decoder looks back: ask, score, share, add up. Training finds out where.
# 3. Teacher forcing: in training the decoder reads the right sentence, shifted by one, in one pass.
# 4. Without attention everything must be learned through one vector. With attention each word is one step away.
# 5. A weight points at a state, and a state holds more than its word. If a mask changes nothing, another state may hold the same.

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
