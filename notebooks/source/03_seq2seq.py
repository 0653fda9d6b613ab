# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 3 · What does a translator look at?
# *Sequence to sequence, without attention and with it.* At the end you hold `mine/seq2seq.py`: two translators in plain PyTorch that differ in one method, and you know what their attention tells and what it hides. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) (masks, a training loop) and [chapter 2](02_scoring_functions.ipynb) (queries, keys, values, the additive score).
#
# ## Where do your eyes go?
# Translate this sentence into French, or watch it done. **Before you press play:** after *parce qu'* (because) comes *il* (he, or it). Which English word do your eyes go back to?

# %% jupyter={"source_hidden": true}
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
import course_kit
from chapters.ch03 import again, exercise, hint, labs, solution
from chapters.ch03.lesson import Lesson, checkpoint, gold_weights
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
# Perhaps to "it", and then to "animal": you need the noun, because its gender decides between *il* and *elle*, and *animal* is masculine.
#
# </details>
#
# A table of which word translates which is called an **alignment**. The first neural translators could not look back: they read the sentence once, then wrote from memory. You will build one, see where it fails, and let it look back.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole before its parts
# <a id="seq2seq"></a><a id="encoder"></a><a id="decoder"></a>
# An **encoder** reads the source, and a **decoder** writes the target, word after word. Together they are called *sequence to sequence*, **seq2seq**. Between them passes one vector, $c$, or, with attention, all of the encoder's states.
#
# The encoder has one state for each word that it reads. Where its reading ends, that state is $c$, one vector for the whole sentence:
#
# | encoder | the | animal | was | tired |
# |---|---|---|---|---|
# | **state** | h₁ | → h₂ | → h₃ | → h₄ |
#
# The decoder begins with $c$, and reads at each step the word before, at first `<bos>` (*beginning of sentence*):
#
# | decoder | &lt;bos&gt; | l' | animal | … |
# |---|---|---|---|---|
# | **state** | s₁ | → s₂ | → s₃ | … |
# | **writes** | l' | animal | était | … |
#
# From outside it is one function: source and target go in, and after each target word come the scores of the next one (*logits*). A softmax makes probabilities of them. So a translator is a **language model** with a condition, the source $x$, and training makes the right translation $y$ more probable, word by word:
#
# $$ P(y\mid x)=\prod_t P(y_t\mid y_1,\dots,y_{t-1},\,x) $$
#
# (Chapter 7 removes the condition.)

# %% tags=["nbval-check-output"]
from course_utils import seq2seq as whole

dummy = whole.Translator(whole.Encoder(50, 64), whole.AttentiveDecoder(60, 64))
source, target = torch.randint(50, (2, 7)), torch.randint(60, (2, 9))
logits, weights = dummy(source, target, torch.ones(2, 7, dtype=torch.bool))
print("logits", tuple(logits.shape), " weights", tuple(weights.shape))

# %% [markdown]
# In shapes we write $B$ sentences, $S$ source and $T$ target words, $D$ features of a state, $V$ words in the *vocabulary*, the numbered list of all words that the model knows. As before, a vector is a row.

# %% [markdown] slideshow={"point": ["torch.tanh"], "slide_type": "slide"}
# ## One: a network that remembers
# Word number 7 of the vocabulary gets row 7 of a table, its *embedding*, a vector that is trained with the rest. A **recurrent network** (RNN) reads these vectors $x_1,x_2,\dots$ one after the other. Its state $h_i$ is made of the word and of the state before:
#
# $$ h_i=\tanh(\underbrace{x_i\,W_x}_{\text{the word}}+\underbrace{h_{i-1}\,W_h}_{\text{all before it}}),\qquad h_0=0 $$
#
# ### Exercise 1 ●○○ · 5 minutes
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
# Two sentences of the same words: are their last states equal?

# %%
words = dict(zip(["the", "dog", "bites", "man"], torch.randn(4, 4), strict=True))
Wx, Wh = torch.randn(4, 6), torch.randn(6, 6) / 2
one, other = (read(torch.stack([words[w] for w in sentence.split()]), Wx, Wh)[-1]
              for sentence in ["the dog bites the man", "the man bites the dog"])
print("largest difference of the last states:", (one - other).abs().max())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (one - other).abs().max() > 0.01

# %% [markdown]
# They are not: each step transforms what came before, so the order leaves its trace. But with the usual initial values early words also fade, and their gradients with them. The **LSTM** (1997) was invented against this: its state passes from step to step unchanged, and *gates* decide what is added. A gate for how much is *kept* came in 2000. The **GRU** (2014), which all our models use, is simpler. From $x_i$ and $h_{i-1}$ it computes two gates with a sigmoid $\sigma$, so between 0 and 1: $z_i$ says how much of each feature is kept, $r_i$ how much the proposal $\tilde h_i$ reads of the old state. (⊙ multiplies feature by feature; biases are left out.) <!-- source: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000; Cho et al. 2014 -->
#
# $$ z_i=\sigma(x_iW_z+h_{i-1}U_z),\quad r_i=\sigma(x_iW_r+h_{i-1}U_r),\quad \tilde h_i=\tanh(x_iW_x+r_i\odot h_{i-1}W_h),\quad h_i=z_i\odot h_{i-1}+(1-z_i)\odot\tilde h_i $$

# %% jupyter={"source_hidden": true} tags=["asserts"]
gru, x, h = nn.GRUCell(3, 4), torch.randn(1, 3), torch.randn(1, 4)
(from_x, from_h) = (F.linear(v, w, b).chunk(3, 1) for v, w, b in ((x, gru.weight_ih, gru.bias_ih), (h, gru.weight_hh, gru.bias_hh)))
r, z = ((a + b).sigmoid() for a, b in zip(from_x[:2], from_h[:2], strict=True))  # torch stores r, z, proposal
assert torch.allclose(gru(x, h), z * h + (1 - z) * torch.tanh(from_x[2] + r * from_h[2]), atol=1e-6)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two: read, then write
# <a id="bidirectional"></a><a id="bottleneck"></a>
# The encoder has two GRUs: one reads forwards, the other backwards (**bidirectional**). Half of each state $h_i$ has read the words up to $i$, the other half those from $i$ on. The two ends of the reading, joined, are $c$. (`pack_padded_sequence` tells PyTorch where each sentence ends, so that padding is not read.)

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.seq2seq: Encoder

# %% [markdown]
# <a id="bos"></a>
# The decoder begins with a state made of $c$. It reads `<bos>`, then the words written so far. A matrix and a bias make logits of $[s_t;c]$, its state and $c$ in one row. (GRUs in PyTorch can have several layers, so their states have one axis more: `[None]` adds it.)

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

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The encoder reads a sentence of 5 words, then one of 20. With D = 64, how many "
    "numbers are in c?",
    ["four times as many for the long one", "64 for both", "as many as it needs"],
    answer=1,
    because="c joins the last states of the two directions, 32 + 32 numbers, for any "
    "sentence. "
    "In chapter 1 such a summary, made before the question is known, was called a "
    "bottleneck.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: what does one vector cost?
# <a id="teacher-forcing"></a>
# While it learns, the decoder does not read its own words but the right ones, shifted by one place (**teacher forcing**). So all positions are trained at once:
#
# | reads | `<bos>` | il | dort | . |
# |---|---|---|---|---|
# | **is to predict** | il | dort | . | `<eos>` |
#
# Start with a task without data, in which a bug shows: rows of 4 to 16 digits, to be written *backwards*. The loss, **cross-entropy**, is $-\ln p$ of each right word, averaged: 0 if the model is certain and right.

# %%
BEGIN = 10  # the tokens 0 to 9 are digits

def backwards(rows, length):
    source = torch.randint(10, (rows, length))
    target = source.flip(1)
    reads = torch.cat([torch.full((rows, 1), BEGIN), target[:, :-1]], 1)
    return source, reads, target, torch.ones_like(source, dtype=torch.bool)

# %% [markdown]
# You know this loop from chapter 2. Two things are new: the learning rate falls, and gradients that are too long are *clipped*, because recurrent networks can produce huge ones. (`transpose` puts the classes second, where `cross_entropy` wants them.)

# %%
def train(model, steps=600):
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for step in range(steps):
        source, reads, target, mask = backwards(64, length=4 + step % 13)
        loss = F.cross_entropy(model(source, reads, mask)[0].transpose(1, 2), target)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        falling.step()

# %% seconds=25 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
plain = Translator(Encoder(11, 64), Decoder(11, 64))
train(plain)

# %% [markdown]
# When it writes, the decoder reads its own words. A row counts only if it is right to the last digit:

# %%
@torch.no_grad()
def right_at(model, length, rows=300):
    source, reads, target, mask = backwards(rows, length)
    reads = reads[:, :1]  # only `<bos>` is given
    for _ in range(length):
        best = model(source, reads, mask)[0][:, -1:].argmax(-1)
        reads = torch.cat([reads, best], 1)
    return (reads[:, 1:] == target).all(1).float().mean().item()

lengths = [4, 6, 8, 10, 12, 14, 16, 20]
by_length = {"without attention": [right_at(plain, length) for length in lengths]}
for length, share in zip(lengths, by_length["without attention"], strict=True):
    print(f"{length:2} digits: {share:4.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
shares = by_length["without attention"]
assert shares[0] > 0.9 and shares[2] < 0.7 and max(shares[5:]) < 0.05 and sum(shares[:7]) / 7 <= 0.6

# %% [markdown]
# Rows of four digits come back, and of those with 14 or more hardly one. Is one vector of 64 numbers too small?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Of the rows with 10 digits, about a fifth came back. What would help more?",
    [
        "vectors of 256 numbers, in the same 600 steps",
        "ten times as many steps, with the same 64 numbers",
        "neither: one vector cannot hold ten digits",
    ],
    answer=1,
    because="Ten times the steps bring back most rows of 10 digits, with the same 64 "
    "numbers. Four times the numbers help little.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_kit import results

digits = results.load("seq2seq_digits")
TABLE_OF_DIGITS

# %% [markdown]
# <details><summary>Answer</summary>
#
# We trained this model in two sizes, three times each (256 numbers and 6,000 steps once). Rows right, in %:
#
# | numbers in $c$ | steps | 8 digits | 10 | 12 | 14 |
# |---|---|---|---|---|---|
# DIGIT_ROWS
#
# So the vector has room for ten digits. What it costs is *learning*: everything that the decoder needs has to come through it, and that takes many more steps.
#
# </details>

# %% [markdown] slideshow={"point": ["torch.tanh", "masked_softmax", "return"], "slide_type": "slide"}
# ## Four: look back
# <a id="additive-attention"></a><a id="context"></a>
# Bahdanau et al. (2015) kept *all* states, and let each word ask for those that it needs. The decoder's state $s_t$ is the <b style="color:#bf5f00">query</b>, the encoder's states $h_i$ are <b style="color:#007fc6">keys</b> and <b style="color:#008a67">values</b>, and the score is chapter 2's additive one. The weighted average $c_t$, called the **context**, takes the place of $c$:
#
# $$ e_{ti}=\tanh({\color{#bf5f00}{s_t}}\,W_1+{\color{#007fc6}{h_i}}\,W_2)\cdot w,\qquad \alpha_t=\mathrm{softmax}(e_t),\qquad {\color{#bb51a8}{c_t}}=\sum_i\alpha_{ti}\,{\color{#008a67}{h_i}} $$
#
# The order is Luong's (2015): first the decoder reads a word, then its new state is the query. Bahdanau asked with the state *before*, $s_{t-1}$, and fed $c_t$ into the recurrence. The additive score is his. It can compare vectors of different sizes; ours have equal sizes, so a dot product would do, too. <!-- source: Luong et al. 2015, section 3.2 -->
#
# ### Exercise 2 ●●○ · 6 minutes
# Write this step for one word of each sentence. `masked_softmax` gives padding no weight.
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
# This is all that changes in the decoder: its `context` is no longer the same for every word.

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
        for name, shares in by_length.items()
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
    title="Where does it attend?",
    caption="A row for each [query|digit that is written], a column for each [key|digit "
    "of the source].",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (weights[0].argmax(-1).flip(0) - torch.arange(10)).abs().float().mean() <= 1.0

# %% [markdown]
# It goes through the source from the end to the beginning. Nobody told it to.
#
# **Keep this:** with attention, what lies between encoder and decoder grows with the sentence, and each word brings a query of its own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: sentences
# <a id="masked-loss"></a>
# Now English into French, with sentences that a program makes from a small grammar. Their lengths differ, so a batch has padding. If padding counted in the loss, the model would be paid for predicting `<pad>`.
#
# ### Exercise 3 ●○○ · 4 minutes
# Write the **masked loss**: minus the log-probability of each right word, averaged over all but the padding. `x.gather(-1, target[..., None])` picks entries along the last axis.
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
# Both translators are your classes, with 128 features. `learn`, in the folded cell, builds one and trains it by `fit`: that is the loop above, with a stop button, and with a learning rate that first rises.

# %% jupyter={"source_hidden": true}
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 700, "full": 4000}[runtime.profile]


def loss(model, batch):
    logits, _ = model(batch.source, batch.target_in, batch.source_mask)
    return masked_loss(logits, batch.target_out, batch.target_mask)


def learn(decoder, title):
    torch.manual_seed(0)
    model = Translator(Encoder(len(lesson.source), 128), decoder(len(lesson.target), 128))
    fit(
        model,
        lesson.batches,
        loss,
        steps=STEPS,
        lr=1e-2,
        clip=1.0,
        schedule=warm_then_fall(STEPS),
        title=title,
    )
    return model


def one_training_step():
    model = Translator(
        Encoder(len(lesson.source), 16), AttentiveDecoder(len(lesson.target), 16)
    )
    loss(model, next(iter(lesson.batches))).backward()


for_training(one_training_step)

# %% seconds=100 slideshow={"slide_type": "subslide"} tags=["training"]
without = learn(Decoder, "Training without attention")

# %% seconds=120 slideshow={"slide_type": "subslide"} tags=["training"]
with_it = learn(AttentiveDecoder, "Training with attention")

# %% [markdown]
# <a id="greedy"></a><a id="beam-search"></a>
# A translation is written word by word. **Greedy** decoding always takes the most probable word.
#
# ### Exercise 4 ●●○ · 5 minutes
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
states, c = with_it.encoder(ids, mask)

@torch.no_grad()
def one_word(word, last):
    read = torch.tensor([[int(word)]])
    logits, _, last = with_it.decoder(read, last, states, c, mask)
    return logits[0, 0], last

written = greedy(one_word, with_it.decoder.begin(c), bos=2, eos=3, max_length=40)
print(" ".join(lesson.target.tokens(written.tolist())))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (lesson.target.words[2], lesson.target.words[3]) == ("<bos>", "<eos>")
assert lesson.target.tokens(written.tolist()) == list(lesson.translate(with_it, tired)[0].tokens)
assert abs(0.6 * 0.5 - 0.30) < 1e-9 and abs(0.4 * 0.9 - 0.36) < 1e-9

# %% [markdown]
# Is the pronoun right? You will come back to it. And greedy can miss the best sentence. **With a pencil:** *la* has probability 0.6 and *le* 0.4. The best next word has 0.5 after *la*, but 0.9 after *le*. Greedy ends with 0.6 · 0.5 = 0.30, although *le* leads to 0.4 · 0.9 = 0.36. **Beam search** keeps the best few beginnings instead; with 2 it would have found this, at twice the cost.
#
# How good are the two translators? We count *word errors*: how many words you would have to change, add or delete, as a share of the reference.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
lines = {
    name: lesson.by_length(model)
    for name, model in {"without attention": without, "with attention": with_it}.items()
}
plot.lines(
    {name: (line.words, line.errors) for name, line in lines.items()},
    "words in the source",
    "word errors, %",
    title="Do long sentences lose more?",
    caption="Whole sentences that were not trained on, in five groups by length. Which "
    "of the two lines rises at the end?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
errors = {name: line.errors for name, line in lines.items()}
assert max(errors["without attention"]) == errors["without attention"][-1]
assert STEPS > 700 or 30 < errors["without attention"][-1] < 52 and max(errors["with attention"]) < 12
assert STEPS > 700 or errors["without attention"][-1] > 1.3 * max(errors["without attention"][:-1])

# %% [markdown]
# Without attention the longest sentences have by far the most errors. With attention they have no more than the short ones, so it cannot be the sentences that are hard: it is the single vector. (Is $c$ too small, or is learning through it too slow? [The annex](03_seq2seq_annex.ipynb#Is-c-too-small?) tries four sizes.)
#
# <a id="bleu"></a>
# **BLEU**, the usual score, counts runs of one to four words that a translation shares with its reference. If the reference is *il lit une lettre .*, then *il lit un livre .* shares three of its five words and one of its four pairs, and no longer run. The references themselves would get full marks; [the annex](03_seq2seq_annex.ipynb#What-does-BLEU-count?) computes it by hand.

# %%
bleu = {"without attention": lesson.bleu(without), "with attention": lesson.bleu(with_it)}
print({name: round(score) for name, score in bleu.items()})

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert STEPS > 700 or 45 < bleu["without attention"] < 68 and 84 < bleu["with attention"] < 96
pairs = [[{tuple(a[i : i + n]) for i in range(6 - n)} for a in ("il lit un livre .".split(), "il lit une lettre .".split())] for n in (1, 2, 3)]
assert [len(a & b) for a, b in pairs] == [3, 1, 0]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: what does it look at?
# French puts most adjectives behind the noun. Here is a **checkpoint**, a model with attention that was trained longer on the same sentences.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“the European economic crisis” becomes “la crise économique européenne”. While it "
    "writes “crise”, which English word "
    "should get the most weight?",
    ["European, the next word", "crisis, the last", "all three equally"],
    answer=1,
    because="“crise” translates “crisis”. Then the translator goes back, to “economic” "
    "and “European”.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_kit.decoding import translate

trained = checkpoint("seq2seq-attention-en-fr-grammar", instead=lesson.loaded(with_it))
crisis = translate(
    trained, "My aunt is discussing the European economic crisis.", beam=1
)[0]
labs.alignment(
    crisis, languages=("en", "fr"), title="Which way does it read?", model=trained
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
heaviest = [crisis.source_tokens[row.argmax()] for row in crisis.weights[-4:-1]]
assert "name" not in trained.card or heaviest == ["crisis", "economic", "european"] and not crisis.seen

# %% [markdown]
# At *crise* it jumps to "crisis" and goes back, word by word. Nobody showed it an alignment: training paid only for right words, and looking at the right place helps.
#
# So what does it look at when it writes *il* or *elle*? Our first sentence ends in *too tired*, so "it" is the animal, *il*. In its *twin* it is *too wide*, so "it" is the street, *elle*. **Guess:** "animal" and "street", "it", or the adjective?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
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
        print(
            f"{pronoun}:",
            ", ".join(
                f"{word} {weight:.2f}"
                for word, weight in said[pronoun].items()
                if weight > 0.05
            ),
        )
labs.alignment(
    twin,
    step=11,
    languages=("en", "fr"),
    title="Where does it look when it writes “elle”?",
    model=trained,
    caption="In the row of “[query|elle]”, compare “[key|animal]”, “[key|street]”, "
    "“[key|it]” and the full stop.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in trained.card or (said["il"]["it"] > 0.6 and said["elle"]["."] > 0.5)
assert "name" not in trained.card or all(x["animal"] + x["street"] < 0.05 for x in said.values())

# %% [markdown]
# <a id="routes"></a>
# <details><summary>Answer</summary>
#
# Almost nothing goes to the nouns. For *il* most is on "it", and for *elle* more than half is on the *full stop*. Both pronouns are right.
#
# </details>
#
# How can a full stop help? Its *state* has read the whole sentence, forwards and backwards. And there are routes that no weight shows: through the decoder's first state, and through the French written so far.
#
# **Keep this:** a weight points at a state, and a state holds more than its own word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Seven: does the weight matter?
# A map does not tell; an experiment does. We forbid the decoder one source word (a mask before the softmax), and see whether the translation stays *exactly* the same. Try it: press an English word.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch03.experiments import knocked_out
from IPython.display import display

mine = "the old woman bought a red car yesterday ."  # your own: words of our grammar
deaf, gone = (knocked_out(trained, mine, what) for what in ("weight", "word"))
view = labs.alignment(
    translate(trained, mine, beam=1)[0],
    variants=deaf,
    languages=("en", "fr"),
    live=True,
    title="And without that word?",
)
view.variant = 1
display(view, labs.compared(view, deaf, gone))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in trained.card or all("rouge" not in v["tokens"] for v in deaf if v["name"] == "red")
assert "name" not in trained.card or deaf[0]["tokens"] == gone[0]["tokens"]

# %% [markdown]
# One sentence proves little. We masked each word of 400 sentences in turn. To be fair, compare the *same* word where its largest weight was small and where it was large:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from course_kit import results

masked = results.load("seq2seq_masked")
bands = ["up to 0.2", "0.2–0.5", "0.5–0.8", "0.8–0.95", "above 0.95"]
Table(
    [
        {"word": name}
        | {
            band: f"{same / count:.0%} of {count:,}"
            for band, (same, count) in zip(bands, masked["words"][name], strict=True)
        }
        for name in ("all", "is", "the")
    ],
    "How often the translation stays exactly the same without a word, by the word's "
    f"largest weight. {masked.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
share_of = {name: [round(100 * same / count) for same, count in masked["words"][name]] for name in ("all", "is", "the")}
assert share_of["all"] == [99, 89, 57, 34, 16] and share_of["is"] == [100, 100, 30, 31, 25] and share_of["the"][0] == 100
assert masked["bands"][1] == 0.5 and masked["sentences"] == 400 and share_of["the"][-1] == 76 and sum(count for _, count in masked["words"]["all"]) == 5031

# %% [markdown]
# "is" may be hidden without harm where its weight was below 0.5, and mostly not where it was larger (100 % against about 30 %). "the" hardly ever matters, even with all the weight: French wants some article anyway. So small weights did not matter in this model, and large ones often did, depending on the word.
#
# **Keep this:** to learn whether a state mattered, mask it, and see what changes.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## So what does it look at?
# At states, not at words: mostly at the state of the word that it translates, or at one that has read it. Looking back is what made long rows possible: in our digits, rows of 14 went from hardly any to over 85 %. Seq2seq with attention carried translation, speech recognition, dialogue and question answering until 2017. Then a paper asked what would be left without the recurrence. <!-- source: Vaswani et al. 2017 -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert by_length["without attention"][5] < 0.05 and by_length["with attention"][5] > 0.85 and lengths[5] == 14

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# Both translators in one file. `python -m mine.seq2seq` trains them on the digits.

# %%
from course_kit.mine import keep

keep("seq2seq")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. An encoder reads and a decoder writes. Without attention one vector, $c$, carries everything between them.
# 2. Teacher forcing: the decoder reads the right sentence, shifted by one, and all positions are trained at once.
# 3. Attention keeps all states: additive score, softmax over real words, context $c_t$, a new one for each word.
# 4. Without it, long sequences fail; with it, sequences up to the trained length do not.
# 5. A weight points at a state, not at a word. Mask the state to see whether it mattered.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three open questions
# They are discussed in [the annex](03_seq2seq_annex.ipynb#open-questions).
# 1. *Prove:* without the tanh, the additive score gives the same weights for every query.
# 2. *Design an experiment:* how would you find out whether $c$ is too small, or learned too slowly?
# 3. *Why not* let the decoder read its own words while it learns?

# %% [markdown] slideshow={"slide_type": "skip"}
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
# | [beam search](#beam-search) | 束搜索 | keeps the best few sentences |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(3)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: words attend to each other
# In chapter 2 the words of *one* sentence attended to each other, without a recurrent network. But who tells such a model the order of the words?
#
# **→ [4 · Who tells attention the order?](04_positional_encoding.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](03_seq2seq_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 3, edition 0.3.0, and the heading above it.*
