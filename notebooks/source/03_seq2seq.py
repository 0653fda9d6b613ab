# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 3 · What does a translator look at?
# *Mostly at the word that it is translating. At the end you'll change what it sees, and it will write another word.* You will keep `mine/seq2seq.py`, two translators to train: one looks back at the English, one doesn't. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) (masks, a training loop) and [chapter 2](02_scoring_functions.ipynb) (queries, keys, values).
#
# ## Where do your eyes go?
# Our cow is back, and she's black. Translate this sentence into French, or watch a small translator do it. **Before you press ▶:** after *parce qu'*, “because”, French needs *elle* for a cow, or *il* for a bridge. Which English words do your eyes go back to?

# %% jupyter={"source_hidden": true}
import itertools
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
import course_kit
from chapters.ch03 import again, exercise, hint, labs, solution
from chapters.ch03.experiments.sentences import LENGTHS, by_length
from chapters.ch03.lesson import Lesson
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.training import warm_then_fall
from course_kit.views import asking, plot, predict

runtime = course_kit.setup()
lesson = Lesson("en-fr")
trained = load_checkpoint("seq2seq-attention-en-fr-grammar")
without = load_checkpoint("seq2seq-plain-en-fr-grammar")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
tired = "The black cow didn't cross the bridge because it was too tired."
wide = tired.replace("tired", "wide")
ours, other = translate(trained, [tired, wide], beam=1)
asking(labs.alignment(
    ours,
    languages=("en", "fr"),
    step=12,
    title="Does it look where you would?",
    model=trained,
    caption="A row for each [query|French word] that it writes. The ink says which [key|English words] it looks at.",
), step=11)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not ours.seen and not other.seen
assert ours.text == "la vache noire n'a pas traversé le pont parce qu'elle était trop fatiguée."
assert other.text == "la vache noire n'a pas traversé le pont parce qu'il était trop large."
looks = {french: dict(zip(ours.source_tokens, row, strict=True)) for french, row in zip(ours.tokens, ours.weights.tolist(), strict=True)}
assert max(looks["elle"], key=looks["elle"].get) == "it" and 0.3 < looks["elle"]["it"] < 0.4 and looks["elle"]["tired"] > 0.15
assert all(max(looks[french], key=looks[french].get) == english for french, english in [("vache", "cow"), ("noire", "black"), ("pont", "bridge"), ("fatiguée", "tired")])

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="alignment"></a>
# <details><summary>Answer</summary>
#
# To “it”, and from there to “tired” and “cow”: a cow can be tired, and a bridge can't. The translator looks most at “it”, too.
#
# </details>
#
# A table that shows which word translates which is called an **alignment**. The translator drew this one by itself: we never showed it where to look, only English sentences with their French, and this sentence wasn't among them. You'll build it, train it, and find out whether such a look decides anything.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: hand over one vector
# <a id="seq2seq"></a><a id="encoder"></a><a id="decoder"></a>
# Seen from outside, a translator is one function. You give it the English sentence and the French words so far, and it gives you a score for every French word that might come next. A softmax turns these scores, called *logits*, into probabilities. A model that says what comes next is a *language model*. Ours is *conditional*, because what comes next also depends on the English sentence $x$. The probability of a whole translation $y$ is the product over its words:
#
# $$ P(y\mid x)=\prod_t P(y_t\mid y_1,\dots,y_{t-1},\,x) $$
#
# Inside there are two parts. The **encoder** reads: for each English word it computes a vector, its *state*. The **decoder** writes one French word at a time, and has a state, too. Together they're called *sequence to sequence*, **seq2seq**, because one sequence goes in and another comes out. They may differ in length: our sentence has 13 words and signs in English, and 16 in French. But how do the two parts talk to each other?

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (len(ours.source_tokens), len(ours.tokens)) == (13, 16)

# %% [markdown] slideshow={"slide_type": "subslide"}
# <a id="bottleneck"></a>
# Early neural translators handed over a single vector, which we'll call $c$: the encoder's state when the reading ends. Before we look at one of them, take its place. Open the fold, read the row once from left to right, and close it. Then say the digits *backwards*.
#
# <details><summary>A row of digits</summary>
#
# 7 3 9 0 4 6 2 8 5 1 6 3 <!-- source: made up -->
#
# </details>
#
# You had two difficulties. While you were reading, you had to keep everything. And when you spoke, you had to pick one digit after another out of all that you remembered. A network has them, too. One vector is hard on the **encoder**, which must fit the whole sentence into it, however long the sentence is. And it's hard on the **decoder**, which gets the same vector before every word, although it needs something different each time. <!-- source: Sutskever et al. 2014; Cho et al. 2014 -->
#
# Now let a network do it. We have trained one without attention, saved it, and called it `without`; such a saved model is a *checkpoint*. It writes the likeliest word, reads it, and goes on until it writes `<eos>`, the *end of the sentence*. **Guess before you press ▶:** what gets lost on the way?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
asking(labs.squeeze(
    without,
    tired,
    title="Read, squeeze, write: which words get lost?",
    caption="The encoder reads from both ends. Its [key|states], the [output|vector c] and the "
    "[query|states] of the decoder, by their first numbers.",
))

# %% [markdown]
# And here is the twin of our sentence, in which it's the bridge that is too *wide*:

# %% slideshow={"slide_type": "fragment"}
for english in (tired, wide):
    print(english)
    print("  ", translate(without, english, beam=1)[0].text)  # beam=1: the likeliest word

# %% jupyter={"source_hidden": true} tags=["asserts"]
lost = [translate(without, english, beam=1)[0] for english in (tired, wide)]
assert lost[0].text == "la vache n'a pas traversé le pont parce qu'elle était trop fatiguée." and not lost[0].seen
assert lost[1].text == "la vache n'a pas traversé le pont parce qu'elle était trop large." and not lost[1].seen

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# The cow has lost her colour, twice. And the second sentence says that *she* was too wide, because *elle* is the cow. It should be *il*, the bridge. The French is fluent, so you only notice when you compare it with the English. Since a long sentence gets no more numbers than a short one, $c$ is called a **bottleneck**.
#
# **Keep this:** with one vector, the encoder must fit everything in, and the decoder must find each word in it again.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: look back
# <a id="context"></a>
# How would *you* translate a long sentence? You wouldn't read it once, close your eyes and start writing. You'd write a word, glance back at the English, and write the next one. So let the decoder do the same. You know the room of chapter 2: a query calls, a key answers to its name, and a value is handed over. Now the English words are in the room, and the decoder calls. Before it writes a word, it takes four steps:
#
# 1. **Ask.** The decoder's state has read what is written so far, so it can say what is needed next. This is the <b style="color:#bf5f00">query</b>.
# 2. **Score.** Every English word has a state. How well does it match the query? These states are the <b style="color:#007fc6">keys</b>, and each one gets a score.
# 3. **Share.** A softmax turns the scores into weights that add up to 1.
# 4. **Add up.** The same states also serve as <b style="color:#008a67">values</b>: multiply each by its weight, and add them all. The sum is called the **<span style="color:#bb51a8">context</span> vector**, and the decoder uses it to choose the next word.
#
# Let's do it once by hand, with states that we made up: the first number is large for a noun, and the second for an adjective. The decoder has written *la vache*, and French puts the colour behind the noun.

# %%
words = ["the", "black", "cow", "didn't"]
states = torch.tensor([[0.0, 0], [0, 3], [3, 0], [0, 0]])
asks = torch.tensor([0.0, 1])  # an adjective, please
scores = [sum(a * b for a, b in zip(asks.tolist(), h.tolist())) for h in states]
total = sum(math.exp(score) for score in scores)
context = torch.zeros(2)
for word, h, score in zip(words, states, scores):
    weight = math.exp(score) / total
    context = context + weight * h
    print(f"{word:6} score {score:.0f}, weight {weight:.2f}, the sum so far", context)

# %% [markdown]
# The context is almost the state of *black*, so the decoder can write *noire*. The loop fits into a line that you know from chapter 2:

# %% slideshow={"point": ["softmax("]}
print(torch.softmax(states @ asks, -1) @ states)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.softmax(states @ asks, -1) @ states, context) and context[1] > 2.5 and context[0] < 0.3

# %% [markdown]
# Now with the weights of a real translator. It's `trained`, the one that you have seen at the beginning. It has learned from the same sentences as `without`, but it may look back. A line joins each French word to every English word, and the thicker it is, the larger the weight. **Where does it find the colour?**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab", "tile"]
asking(labs.fan(
    ours,
    "noire",
    title="Where does each French word look?",
    caption="Play it: the [query|decoder] asks, and each [key|state] gets a share. Hollow: "
    "its share one step before. Two words change places. Which?",
))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert looks["vache"]["cow"] > 0.9 and looks["noire"]["black"] > 0.9

# %% [markdown]
# The cow is black again, and in the twin the bridge is *il*. When the translator writes *vache*, it reaches past “black”, and then it goes back for *noire*.
#
# Why does it take a share of every word, rather than choose one? Because a choice has no slope, and a share has one. A bit more of “black” would make *noire* a bit likelier, so training can tell in which direction to turn the weights. All four steps have gradients, and that's why the translator learns where to look while it learns to translate.

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["keep"]
# ### Which score?
# <a id="additive-attention"></a>
# A dot product is possible. But Bahdanau, Cho and Bengio, who let a translator look back in 2014, chose a small network, the **additive** score. Multiply the decoder's state $s$ by one matrix, and the encoder's state $h_i$ by another. Add the two, let a tanh squeeze each number between −1 and 1, and turn them into one score with a vector $w$:
#
# $$ e_i=\tanh(\underbrace{{\color{#bf5f00}{s}}\,W_1}_{\text{what is wanted}}+\underbrace{{\color{#007fc6}{h_i}}\,W_2}_{\text{what is there}})\cdot w,\qquad \alpha=\mathrm{softmax}(e),\qquad {\color{#bb51a8}{c}}=\sum_i\alpha_i\,{\color{#008a67}{h_i}} $$
#
# The annex does it [with a pencil](03_seq2seq_annex.ipynb#What-is-the-tanh-for?), for the cow and the bridge.
#
# **Keep this:** before each word: ask, score, share, add up. Training finds out where to look.

# %% [markdown] slideshow={"point": ["torch.tanh", "masked_softmax", "return"], "slide_type": "slide"} tags=["card", "core"]
# ### Exercise 1 ●●○ · 12 minutes
# **Decide first.** A colleague leaves out the tanh, to save time. Then she looks at the alignment of a translation, with a row for each French word. How can you see in it that the tanh is missing?
#
# <details><summary>Answer</summary>
#
# All rows are the same. Without the tanh the score is the sum of $s\,W_1\cdot w$ and $h_i\,W_2\cdot w$, and the query is in the first part only. That part is the same for every English word, and a softmax doesn't see what is added to all scores.
#
# </details>
#
# Now write these four steps for one word of each sentence in a batch. `masked_softmax` gives padding no weight. Each sentence has a vector x [K] and a matrix of its own, [K, D]. To multiply them for the whole batch, turn the vectors into rows: `x[:, None]` is [B, 1, K], the product is [B, 1, D], and `[:, 0]` makes it [B, D].
#
# <!-- example: additive attention step -->

# %% jupyter={"source_hidden": true}
from mine import masked_softmax

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("additive attention step")
def look_back(query, keys, mask, W1, W2, w):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [Dq, h], W2 [Dk, h], w [h]
    -> context [B, Dk], weights [B, K]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: additive attention step -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
queries, keys = torch.randn(5, 4), torch.randn(1, 7, 4).expand(5, -1, -1)
W1, W2, w = torch.randn(4, 3), torch.randn(4, 3), torch.randn(3)
flat = torch.softmax(((queries @ W1)[:, None] + keys @ W2) @ w, -1)  # without the tanh: five equal rows
assert torch.allclose(flat, flat[:1].expand(5, -1), atol=1e-6)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: two translators
# Let's build both, as whole classes. The encoder is the same for both.
#
# Where do the states come from? You could look up a vector for each word in a table that is trained with everything else, an *embedding*. But an embedding doesn't know its neighbours: *the cow crossed the bridge* and *the bridge crossed the cow* would give you the same vectors. So we read the words in order. A **recurrent network** (RNN) computes each state from its word and from the state before:
#
# $$ h_i=\tanh(\underbrace{x_i\,W_x}_{\text{the word}}+\underbrace{h_{i-1}\,W_h}_{\text{all before it}}),\qquad h_0=0 $$
#
# In such a chain, what was read long ago tends to fade. A *GRU* is an RNN with gates that learn what to keep, and we'll use PyTorch's. Our encoder has two of them, so it's *bidirectional*: one reads from the left, and the other from the right. The first half of $h_i$ has read the words from the beginning to $i$, and the second half those from the end back to $i$. `run_packed` lets a GRU skip the padding. You can write an RNN yourself in [the annex](03_seq2seq_annex.ipynb#Does-a-state-know-the-order?). <!-- source: Cho et al. 2014 -->

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: run_packed, Encoder

# %% [markdown]
# The decoder without attention starts from $c$, and it gets $c$ again at every step. A matrix then turns its state and $c$ into logits.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: Decoder

# %% [markdown]
# The decoder that looks back has three more parameter tensors, and a `context` of its own, which calls your `look_back` for each word.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.seq2seq: AttentiveDecoder

# %% [markdown] slideshow={"slide_type": "slide"}
# <a id="teacher-forcing"></a>
# Now both parts need a translation to learn from. When the decoder translates, it'll read its own words. In training we give it the *right* ones instead, one place late, with `<bos>` (*beginning of sentence*) in front. This is called **teacher forcing**. All words are then known in advance, so one pass trains the decoder on the whole sentence. Here is what it reads, and what it should say next:

# %%
french = translate(trained, tired, beam=1)[0].tokens  # right, as it happens
pairs = list(zip(["<bos>", *french], [*french, "<eos>"]))
for reads, right in [*pairs[:3], *pairs[-2:]]:
    print(f"reads {reads:9} should say {right}")

# %% [markdown] slideshow={"slide_type": "skip"}
# `Translator` joins encoder and decoder. The decoder reads a word first, and its *new* state is the query. That's the order of Luong et al. (2015); [Bahdanau's](03_seq2seq_annex.ipynb#Is-the-query-the-state-before-or-after?) asks before it reads. <!-- source: Luong et al. 2015, section 3.1 -->

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: Translator

# %% tags=["nbval-check-output"]
source = torch.tensor([lesson.source.encode(tired)])  # [1, 13], numbers for words
reads = torch.tensor([[2, *lesson.target.encode(french)]])  # [1, 17], 2 is <bos>
untrained = Translator(
    Encoder(len(lesson.source), 128), AttentiveDecoder(len(lesson.target), 128)
)
logits, weights = untrained(source, reads, source > 0)
print("logits", tuple(logits.shape), " weights", tuple(weights.shape))

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# At each of 17 places you get a score for each of the 1,205 entries of the French vocabulary, and 13 weights, one for each English word.
#
# **Keep this:** in training the decoder reads the right sentence, one place late. So one pass trains it on all words.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert logits.shape == (1, 17, 1205) and weights.shape == (1, 17, 13) and lesson.target.words[2:4] == ["<bos>", "<eos>"]

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have two translators, and neither has learned a word. Does it matter that one of them looks back? Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: train both
# <a id="masked-loss"></a>
# A program makes our sentences from a small grammar, so we have plenty of them: 20,000 pairs to learn from, and 1,000 new ones to test with. Their lengths differ, so the short ones in a batch are filled up with padding. It must not count in the loss, or your model would earn marks for predicting it. One of these four lines is wrong:

# %%
def her_loss(logits, target, mask):
    log_p = logits.log_softmax(-1)  # [B, T, V]
    right = log_p.gather(-1, target[..., None])[..., 0]  # [B, T]: ln p of the right word
    right = right * mask  # 1 for a word, 0 for padding
    return -right.mean()

logits, target, mask = torch.zeros(1, 3, 5), torch.tensor([[4, 3, 2]]), torch.ones(1, 3)
for n in (0, 3, 9):  # so many places of padding
    longer = F.pad(logits, (0, 0, 0, n)), F.pad(target, (0, n)), F.pad(mask, (0, n))
    print(f"{n} places of padding: loss {her_loss(*longer):.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
falls = [her_loss(F.pad(logits, (0, 0, 0, n)), F.pad(target, (0, n)), F.pad(mask, (0, n))).item() for n in (0, 3, 9)]
assert abs(falls[0] - math.log(5)) < 1e-5 and abs(falls[1] - falls[0] / 2) < 1e-5 and abs(falls[2] - falls[0] / 4) < 1e-5
assert len(lesson.batches.pairs) == 20_000 + 50 and len(lesson.examples("test")) == 1000

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 2 ●○○ · 8 minutes
# **Decide first.** The model is the same each time, and it knows nothing: of five words each is equally likely. Yet its loss falls when padding is added. Which line is wrong?
#
# <details><summary>Answer</summary>
#
# The last one. The padding has no loss, but `mean` still divides by its places: with as many places of padding as words, the loss is halved.
#
# </details>
#
# Write the **masked loss** as it should be: $-\ln p$ of each right word, averaged over all but the padding.
#
# <!-- example: masked loss -->

# %% tags=["exercise"]
@exercise("masked loss")
def masked_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] bool, True = a real word
    -> one number"""
    raise NotImplementedError

# %% [markdown] slideshow={"point": ["gather", "mean"], "slide_type": "subslide"}
# <!-- solution: masked loss -->

# %% [markdown] slideshow={"slide_type": "skip"}
# Here is the whole loop, and what it takes from us:
#
# | name | what it gives |
# |---|---|
# | `lesson.batches` | the pairs in batches: `source`, `target_in` from `<bos>` on, `target_out` up to `<eos>`, and masks |
# | `lesson.examples("test")` | the new pairs: `source` and `target`, as words |
# | `lesson.write(model, pairs)` | its translations: the likeliest word, again and again (*greedy*) |
# | `by_length(right, pairs)` | the share that is right, for sentences of four lengths |
# | `warm_then_fall(steps)` | for each step a factor of the learning rate: up in a line, then down |
#
# Two things are new since chapter 2: the learning rate changes on the way, and gradients that are too long are *clipped*, because a recurrent network can produce very large ones.

# %% slideshow={"slide_type": "skip"} steps=[700, 100] tags=["definition"]
# chapters.ch03.experiments.sentences: train

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_training_step():
    for decoder in (Decoder, AttentiveDecoder):
        model = Translator(Encoder(len(lesson.source), 16), decoder(len(lesson.target), 16))
        train(model, lesson.batches, steps=1)

for_training(one_training_step)  # with nothing solved it does nothing

# %% seconds=80 slideshow={"slide_type": "skip"} tags=["training"]
torch.manual_seed(0)
plain = Translator(Encoder(len(lesson.source), 128), Decoder(len(lesson.target), 128))
print("without attention")
train(plain, lesson.batches)

torch.manual_seed(0)
attentive = Translator(
    Encoder(len(lesson.source), 128), AttentiveDecoder(len(lesson.target), 128)
)
print("with attention")
train(attentive, lesson.batches)

# %% [markdown] slideshow={"slide_type": "skip"}
# Do they work? To write a sentence, a translator reads what it has written so far, and takes the likeliest word that may come next, again and again:

# %% slideshow={"slide_type": "skip", "point": ["argmax()"]}
def write(model, english):
    source = torch.tensor([lesson.source.encode(english)])  # [1, S]
    ids = [2]  # <bos>
    while ids[-1] != 3 and len(ids) < 30:  # 3 is <eos>
        with torch.no_grad():
            logits, _ = model.eval()(source, torch.tensor([ids]), source > 0)
        ids.append(logits[0, -1].argmax().item())
    return " ".join(lesson.target.tokens(ids[1:-1]))

for model in (plain, attentive):
    print(write(model, tired))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert write(trained.model, tired) == " ".join(ours.tokens)

# %% [markdown] slideshow={"slide_type": "skip"}
# It reads its own words, and one mistake can spoil what follows. So let's count strictly, on sentences that neither has seen: a translation is right if it agrees with ours to the last word. `lesson.write` writes many sentences at once.

# %% slideshow={"slide_type": "skip"}
new = lesson.examples("test")

def is_right(model):
    """For each new sentence, whether its translation is right to the last word."""
    written = lesson.write(model, new)
    return [words == " ".join(pair.target) for words, pair in zip(written, new)]

right = {"with attention": is_right(attentive), "without attention": is_right(plain)}
looking_back, not_looking = (sum(sentences) / len(new) for sentences in right.values())
print(f"right: {looking_back:.0%} with attention, {not_looking:.0%} without")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
groups = [(low, high, [len(pair.source) for pair in new if low <= len(pair.source) <= high]) for low, high in LENGTHS]
middles = [sum(group) / len(group) for _, _, group in groups]
plot.lines(
    {name: (middles, [100 * share for share in by_length(sentences, new)]) for name, sentences in right.items()},
    "words in the English sentence",
    "sentences right, %",
    title="What does looking back change?",
    caption="Your two translators: how many new sentences are right to the last word, by their length.",
)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
shares = {name: by_length(sentences, new) for name, sentences in right.items()}
total = {name: sum(sentences) / len(sentences) for name, sentences in right.items()}
assert 0.6 < total["with attention"] < 0.75 and 0.15 < total["without attention"] < 0.3
assert shares["without attention"][3] < 0.1 < 0.45 < shares["with attention"][3] and 0.35 < shares["without attention"][0] < 0.55

# %% [markdown]
# With attention about two thirds are right, without it between a fifth and a quarter. And the longer the sentence, the wider the gap: of those with 16 words and more, the translator that may not look back gets hardly any right.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Our two checkpoints are built a little differently, and have learned from four times as many words as yours. "
    "Of sentences with 16 words and more, how many do they get right, with attention and without?",
    [
        "with 92 %, without 84 %: it only needed more time",
        "with 92 %, without 47 %: it's catching up",
        "with 92 %, without 8 %",
    ],
    answer=2,
    because="With attention 92 %, as for short sentences, and without it 8 %.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
checkpoints = {name: by_length(is_right(loaded.model), new) for name, loaded in (("with", trained), ("without", without))}
assert min(checkpoints["with"]) > 0.9 and round(100 * checkpoints["with"][3]) == 92 and [round(100 * checkpoints["without"][n]) for n in (0, 3)] == [61, 8]

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Without attention everything has to pass through $c$. With attention each word is one step away, for the decoder and for the corrections of the training.
#
# **Keep this:** without attention everything must be learned through one vector. With attention each word is one step away.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a weight points at a state
# <a id="routes"></a>
# After a minute your translators don't know everything. When we trained them, the one with attention still dropped *noire*. So from here on we look into the checkpoint `trained`. You've seen where it looks when it writes *elle*. Now its twin: “… because it was too **wide**.” Here the translator writes *il*, the bridge.

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert not any("noire" in found.tokens for found in lesson.translate(attentive, [tired, wide]))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Before it writes “il”, which English word gets most of the weight?",
    ["“bridge”, the noun", "“it”, the pronoun", "“wide”, the adjective", "“.”, the full stop"],
    answer=3,
    because="The full stop, with 64 %. “bridge” gets hardly anything.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
asking(labs.alignment(
    other,
    step=12,
    languages=("en", "fr"),
    title="Where does it look when it writes “il”?",
    model=trained,
    caption="Its last row is “[query|il]”: which [key|column] of this row is full of ink?",
), step=11)

# %% jupyter={"source_hidden": true} tags=["asserts"]
import course_utils.seq2seq
row = dict(zip(other.source_tokens, other.weights[other.tokens.index("il")].tolist(), strict=True))
assert round(100 * row["."]) == 64 and row["bridge"] < 0.05
decoder, heard = trained.model.eval().decoder, {}
with torch.no_grad():
    for english, pronoun in ((tired, "elle"), (wide, "il")):
        ids = torch.tensor([trained.source.encode(english)])
        read = translate(trained, english, beam=1)[0].tokens
        heard[pronoun] = (*trained.model.encoder(ids, ids > 0), ids > 0, read[: read.index(pronoun)])
    stops = {}
    for pronoun, twin in (("il", "elle"), ("elle", "il")):
        states, c, there, read = heard[pronoun]
        s, _ = decoder.gru(decoder.embedding(torch.tensor([[2, *trained.target.encode(read)]])), decoder.begin(c))
        keys = states.clone()
        keys[0, -1] = heard[twin][0][0, -1]  # the full stop's state, from the twin
        stops[pronoun] = [round(100 * decoder.context(s[:, -1:], these, c, there)[1][0, 0, -1].item()) for these in (states, keys)]
    half = heard["il"][0].shape[-1] // 2
    assert torch.equal(heard["il"][0][0, -1, half:], heard["elle"][0][0, -1, half:])
assert stops == {"il": [64, 18], "elle": [16, 60]}

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Why the full stop? With *tired* it gets only 16 %. The sign is the same, but its state isn't. The encoder's reading from the left ends there, and here it has just read *wide*. Is that the reason? We took the sentence with *tired*, and replaced the key of its full stop by that of the sentence with *wide*. Its weight rose to 60 %. So here a state is chosen for what it has read.
#
# **Keep this:** a weight points at a state, and a state has read more than its own word.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: does the look decide?
# A map shows where the translator looks. It doesn't show that the look matters: perhaps the decoder knew *il* anyway. Let's find out. Before it writes the pronoun, the decoder has two things: its own **state**, which began with $c$ and has read the French so far, and the **context**, which it has just taken from the English. `at_pronoun` returns both:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch03.experiments.looking_back: at_pronoun

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# ### Exercise 3 ●●○ · 8 minutes
# **Decide first.** You want to know whether the look decides between *elle* and *il*. Which experiment tells you?
#
# 1. Set the context to zeros, and see whether the pronoun changes.
# 2. Take state and context from the twin.
# 3. Take the context from the twin, and leave the state alone.
#
# <details><summary>Answer</summary>
#
# The third. With zeros you'd only see that something is broken. With both from the twin you'd get the twin's pronoun, whichever of the two decides. Change the context alone: if the pronoun follows, what the look brings has decided, and if it stays, the state has.
#
# </details>
#
# Write it for N sentences at once, so that each state meets each context. `output` is a layer that turns a state and a context, side by side, into logits:
#
# $$ z_{ij}=\mathrm{output}\big([\,{\color{#bf5f00}{s_i}}\,;\,{\color{#bb51a8}{c_j}}\,]\big) $$
#
# `x[:, None].expand(-1, N, -1)` repeats the rows of x [N, D] along a second axis, [N, N, D].
#
# <!-- example: swap of contexts -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("swap of contexts")
def swapped(states, contexts, output):
    """states [N, D], contexts [N, D], output: [..., 2D] -> [..., V]
    -> logits [N, N, V]: row i has state i, column j has context j"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: swap of contexts -->
#
# Now swap the contexts of our two sentences. **Guess:** four pronouns come out. Which two of them change?

# %% slideshow={"slide_type": "fragment"}
elle, il = (trained.target.encode(word)[0] for word in ("elle", "il"))

def pronouns(*sentences):
    """English and French words of N sentences -> [N, N]: is “elle” likelier than “il”?"""
    met = [at_pronoun(trained, english, french) for english, french in sentences]
    states, contexts = (torch.cat(part)[:, 0] for part in zip(*met))  # [N, D] each
    logits = swapped(states, contexts, trained.model.decoder.output)  # [N, N, V]
    return logits[..., elle] > logits[..., il]

twins = {word: translate(trained, tired.replace("tired", word), beam=1)[0]
         for word in ("tired", "wide")}

# %% slideshow={"slide_type": "slide"}
table = pronouns(*((one.source_tokens, one.tokens) for one in twins.values()))
for mine, row in zip(twins, table):
    for theirs, is_elle in zip(twins, row):
        pronoun = "elle" if is_elle else "il"
        print(f"state of “{mine}”, context of “{theirs}”: {pronoun}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert table.tolist() == [[True, False], [True, False]]

# %% [markdown]
# The pronoun follows the context, all four times. Take the context from the tired cow, and a translator that is about to write *il* writes *elle*. Was that a fluke? We have 736 new twins of this kind. Take those pairs in which the model gets both pronouns right, swap the contexts, and count:

# %% slideshow={"slide_type": "slide"}
pairs = {}
for example in lesson.examples("twins"):
    pairs.setdefault(example.twin.pair, []).append(example)  # by the pair's number

follow = tried = 0
for pair in pairs.values():
    should = torch.tensor([one.twin.pronoun == "elle" for one in pair])
    table = pronouns(*((one.source, one.target) for one in pair))  # [2, 2]
    if len(pair) == 2 and table.diag().equal(should):
        follow += int((table[[0, 1], [1, 0]] == should[[1, 0]]).sum())
        tried += 2
print(f"{follow} of {tried} pronouns follow the context")

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch03.experiments.looking_back import exchanged
assert (follow, tried) == exchanged(lesson, trained) == (561, 562) and len(lesson.examples("twins")) == 736

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# All but one of them follow. So between twins the context decides. With a context from a sentence about other nouns, the state has a say, too, because it knows the genders of the words that it has written. <!-- source: contexts of other pairs: 355 of 562 pronouns follow -->
#
# **Keep this:** to find out whether a look decides, change what it brings, and nothing else.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So what does it look at?
# A translator looks at states. Mostly you'll find the weight at the word that is being translated, and sometimes at one that has read it. For its pronoun the black cow's translator looked at *it*, and at a full stop, and what it found there decided who was tired and what was wide.
#
# In [the annex](03_seq2seq_annex.ipynb) you can see what it costs to put [ten digits into one vector](03_seq2seq_annex.ipynb#Can-one-vector-hold-ten-digits?), write greedy decoding, let a translator loose on [real sentences](03_seq2seq_annex.ipynb#What-does-it-make-of-real-sentences?), and read [where else seq2seq was used](03_seq2seq_annex.ipynb#Where-was-seq2seq-used?).
#
# In 2017 a paper asked what would be left if the translator didn't read word after word. <!-- source: Vaswani et al. 2017 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes both translators into one file. `python -m mine.seq2seq` trains them, on rows of digits that are to be written backwards.

# %%
from course_kit.mine import keep

keep("seq2seq")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A translation that must contain “noire” · 60 minutes
# A client insists: her cow is black, so *noire* has to be in the translation, wherever it fits best. Write a search whose translations contain a given word, and are as probable as you can make them. In a cell, `!course problem 03` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](03_seq2seq_annex.ipynb#open-questions).
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
# | [context vector](#context) | 上下文向量 | the weighted average of the values |
# | [additive attention](#additive-attention) | 加性注意力 | tanh(q W₁ + k W₂)·w |
# | [teacher forcing](#teacher-forcing) | 教师强制 | in training the decoder reads the correct words |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(3)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: words attend to each other
# In chapter 2 the words of *one* sentence attended to each other, without recurrence. But who tells such a model their order?
#
# **→ [4 · Who tells attention the order?](04_positional_encoding.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](03_seq2seq_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 3, edition <!-- edition -->, and the heading above it.*
