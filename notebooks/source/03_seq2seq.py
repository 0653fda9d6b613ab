# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 3 · What does a translator look at?
# *Sequence to sequence, without attention and with it.* **By the end** you will have trained two translators, and you will know what attention weights and translation scores cannot tell you. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) (query, key, value, softmax, masks) and [chapter 2](02_scoring_functions.ipynb) (additive score).

# %%
import torch
import course_kit
from chapters.ch03 import labs
from course_kit.views import plot, predict
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do your eyes go?
# Translate this sentence into French, or watch it done. **Before you press play:** after *parce qu'* (because) comes *il* (he, or it). Which English word do your eyes go back to?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from course_kit.data import parallel
from chapters.ch03.lesson import gold_weights

tired = "the animal didn't cross the street because it was too tired ."
course = next(p for p in parallel.load_parallel("en-fr") if " ".join(p.source) == tired)
labs.alignment((course.source, course.target, gold_weights(course)), step=9, languages=("en", "fr"),
               title="Which English word does each French word translate?",
               caption="A row for each [query|French word], a column for each [key|English word]: our own links, no model yet.")

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="alignment"></a>
# <details><summary>Answer</summary>
#
# Perhaps to "it", and then to "animal": you need the noun, because its gender decides between *il* and *elle*, and *animal* is masculine.
#
# </details>
#
# A table showing which source word each target word translates is called an **alignment**. Early neural translators could not look back: they read the sentence once and then wrote from memory.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# 1. What is compared with the query, and what is averaged?
# 2. Which mask keeps the padding out of the softmax, and where is it True?
# 3. The additive score is $w^\top\tanh(W_1q+W_2k)$. What effect would the query have without the tanh?
#
# <details><summary>Answers</summary>
#
# 1. The keys are compared with the query, and the values are averaged.
# 2. The padding mask, which is True at real words.
# 3. None: it would add the same number to all scores, and softmax depends only on their differences.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A network that remembers
# The words and punctuation marks that a model knows, its *tokens*, form a numbered list, the **vocabulary**. Each token has an **embedding**, a vector of its own, which starts as random numbers and is trained with the rest of the model.
#
# A **recurrent network** (RNN) reads these vectors $x_1,x_2,\dots$ one after the other. At each word it computes a new **hidden state** $h$ from two things: the word, and the state that it had before ($W_x$ and $W_h$ are trained matrices):
#
# $$ h_i=\tanh(W_x x_i+W_h h_{i-1}),\qquad h_0=0 $$
#
# ### Exercise 1 ●○○ · 5 minutes
# Write this network as a loop over the words.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch03 import again, exercise, find_error, hint, solution

@exercise("recurrent network")
def read(words, Wx, Wh):
    """T words of E numbers, [T, E]; Wx [D, E], Wh [D, D] -> all states, of D numbers, [T, D]"""
    raise NotImplementedError

# %% [markdown]
# Your network reads two sentences made of the same words. Are its last states the same?

# %%
draw = torch.Generator().manual_seed(3)
embedding = {word: torch.randn(4, generator=draw) for word in ("the", "dog", "bites", "man", ".")}
Wx, Wh = torch.randn(6, 4, generator=draw), torch.randn(6, 6, generator=draw) / 2
for sentence in ("the dog bites the man .", "the man bites the dog ."):
    states = read(torch.stack([embedding[word] for word in sentence.split()]), Wx, Wh)
    print(sentence, "→ last state", [round(x, 2) for x in states[-1].tolist()])

# %% [markdown]
# No. Each step transforms the state before it, so the words read early are transformed more often than those read late, and the order of the words leaves its trace.
#
# Our models use a **GRU** (gated recurrent unit), an RNN with *gates*, which decide at each word how much of the old state is kept (*Deeper: sixty steps*).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Read, then write
# <a id="encoder"></a><a id="decoder"></a><a id="seq2seq"></a><a id="bidirectional"></a>
# Our first translator has two halves: an **encoder**, which reads, and a **decoder**, which writes. The encoder is **bidirectional**: one GRU reads the source forwards and another reads it backwards, so that every word is read together with the words on both sides of it. Joined end to end, their states $u_i$ and $\bar u_i$ make the state of word $i$, $h_i=[u_i;\,\bar u_i]$. But the decoder, a third GRU, gets only the last state of each direction, joined as one vector $c$:
#
# ```text
# ENCODER reads
#    0 → u₁ ──→ u₂ ──→ u₃ ─────┐
#        ↑      ↑      ↑       │
#        he     sleeps .       │
#        ↓      ↓      ↓       │
#   ┌─── ū₁ ←── ū₂ ←── ū₃ ←─ 0 │
#   └─────────→ c ←────────────┘
# DECODER reads │
#  ┌─────┬──────┼──────┬──────┐ c
#  │     │<bos> │il    │dort  │.
#  ↓     ↓↓     ↓↓     ↓↓     ↓↓
#  s₀ ─→ s₁ ──→ s₂ ──→ s₃ ──→ s₄
#        ↓      ↓      ↓      ↓
# writes il     dort   .      <eos>
# ```

# %% [markdown]
# <a id="bos"></a>
# Follow “he sleeps .” through the drawing. The last states, $u_3$ and $\bar u_1$, are joined as $c$, and $c$ makes the decoder's first state, $s_0$. Then the decoder reads `<bos>` (*beginning of sentence*) and writes *il*; it reads *il* and writes *dort*; and so on, until it writes `<eos>` (*end of sentence*).
#
# In formulas, a trained matrix, $W_c$, makes $s_0$ from $c$. Each later state comes from a GRU step, $f$, which reads three things: the previous state, the previous French word $y_{t-1}$ (its embedding), and $c$ again:
#
# $$ s_0=\tanh(W_c c),\qquad s_t=f(s_{t-1},\,y_{t-1},\,c) $$
#
# To choose a word, the decoder first mixes $s_t$ and $c$ into one vector, $\tanh(W_r[s_t;\,c])$. The dot product of this vector with the embedding of each French word is that word's score, its **logit** (the embeddings are the rows of $W_o$). Softmax makes the logits probabilities of the next word, given the source $x$ and all previous words, $y_{<t}$:
#
# $$ P(y_t\mid y_{<t},x)=\mathrm{softmax}\big(W_o\tanh(W_r[s_t;\,c])\big) $$

# %% [markdown]
# Such a model is called *sequence to sequence*, **seq2seq** for short. Ours will learn from pairs of sentences that a program makes from a small grammar. Unless we say otherwise, scores are for sentences that were not in the training set.

# %%
from chapters.ch03.lesson import Lesson

lesson = Lesson("en-fr")
print(f"{len(lesson.examples('train')):,} pairs to learn from, {len(lesson.examples('test')):,} to test with")
for example in lesson.ladder((6, 12)):
    print(" ".join(example.source), "→", " ".join(example.target))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The encoder reads a sentence of 5 words, then one of 20. How many numbers does it hand to the decoder?",
    ["four times as many for the long one", "the same number for both", "as many as it needs"],
    answer=1,
    because="The encoder hands over only the last state of each direction: 64 + 64 = 128 numbers, for any sentence.",
)

# %% tags=["nbval-check-output"]
plain = lesson.model(attention=None)
for example in lesson.ladder((5, 20)):
    memory = plain.encode(torch.tensor([lesson.source.encode(example.source)]))
    print(f"{len(example.source):2} words:", tuple(memory.states.shape), "on the way,", tuple(memory.summary.shape), "handed over")

# %% [markdown]
# <a id="bottleneck"></a>
# In chapter 1, a **bottleneck** was a summary that is made before the question is known. Here $c$ is one, because it is complete before the decoder writes its first word.
#
# **Keep this:** without attention, one vector of fixed size carries the whole sentence.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How it learns
# <a id="teacher-forcing"></a>
# During training the decoder reads the correct words instead of its own (**teacher forcing**), and at each position it has to predict the next word.

# %% tags=["nbval-check-output"]
from course_utils import text

two = [e for e in lesson.examples("train") if " ".join(e.source) in ("i am a student .", "the dog bites the man .")]
pairs = [(lesson.source.encode(e.source), lesson.target.encode(e.target)) for e in sorted(two)]
batch = text.collate(pairs)
for reads, predicts in zip(batch.target_in, batch.target_out, strict=True):
    print("   reads", *lesson.target.tokens(reads), "\npredicts", *lesson.target.tokens(predicts))

# %% [markdown]
# ### Find the error ●○○ · 2 minutes
# From the words that the decoder has to write, this program should make what it reads before each of them. One line is wrong: repair it.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@find_error("program 3.10")
def heard(words, bos):      # words [T], as they are written
    reads, last = [], 0
    for word in words:
        reads.append(last)
        last = word
    return torch.tensor(reads)

# %% [markdown]
# <a id="masked-loss"></a>
# The sentences of a training step form a *batch*, in which the shorter ones are filled up with `<pad>` until all are equally long. If this padding counted in the [loss](01_nadaraya_watson.ipynb#loss), the model could lower its loss just by predicting `<pad>`.
#
# ### Exercise 2 ●○○ · 4 minutes
# Write the **masked loss**: take minus the log-probability of each correct word, and average over all but the padding (`<eos>` counts). `x.gather(-1, target[..., None])` picks entries along the last axis.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("masked loss")
def masked_loss(logits, target, mask):
    """B sentences of T words, V in the vocabulary: logits [B, T, V], target [B, T],
    mask [B, T] bool, True = a real word -> one number"""
    raise NotImplementedError

# %% [markdown]
# <a id="bleu"></a>
# Now train the translator. While it learns, you see its translation of one new sentence, and its **BLEU** score on a hundred others.
#
# BLEU compares each translation with the *reference*, the translation in our corpus. If the reference is *il lit une lettre .*, then *il lit un livre .* shares three of its five words and one of its four pairs (*il lit*), but no run of three or more words. BLEU counts the shared runs of one to four words over all sentences and combines the counts into one score. The references themselves score 100.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from course_kit.callbacks import Samples
from course_utils.training import fit, warm_then_fall

steps = {"class": 700, "full": 4000}[runtime.profile]
watched = " ".join(lesson.ladder([14])[0].source)

def held_out(model):
    return {"BLEU": lesson.bleu(model, "valid", 100)}

def loss(model, batch):
    logits, _ = model(batch.source, batch.target_in, batch.source_mask)
    return masked_loss(logits, batch.target_out, batch.target_mask)

def learn(model, title):  # the learning rate rises, then falls; clip shortens very long gradients
    return fit(model, lesson.batches, loss, steps=steps, lr=1e-2, clip=1.0, schedule=warm_then_fall(steps),
               evaluate=held_out, every=steps // 4, higher_is_better=True, title=title,
               callbacks=[Samples(lambda model: lesson.translate(model, watched)[0].text)])

plain_run = learn(plain, "Training without attention")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Write a sentence
# <a id="greedy"></a>
# When the model translates on its own, nobody supplies the correct words, so the decoder has to read its own, even when they are wrong. **Greedy** decoding takes the most probable word at each step.
#
# ### Exercise 3 ●●○ · 5 minutes
# Write this loop. `max_length` counts the words without `<eos>`.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("greedy loop")
def greedy(step, state, bos, eos, max_length):
    """step(word, state) -> (logits [V], state) -> the ids written, without bos and eos"""
    raise NotImplementedError

# %% [markdown]
# Your loop translates the sentence that you watched during training:

# %%
plain.eval()

def one_word(word, state):
    """The trained model one word further: id, state -> logits [V], state."""
    step = plain.step(torch.tensor([int(word)]), state)
    return step.logits[0], step.state

begun = plain.start(torch.tensor([lesson.source.encode(watched)]))
own_words = lesson.target.tokens(greedy(one_word, begun, text.BOS, text.EOS, 40).tolist())
print("English:  ", watched, "\nyour loop:", *own_words, "\nreference:", *lesson.ladder([14])[0].target)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert " ".join(own_words) == lesson.write(plain, lesson.ladder([14]))[0] and plain.encoder.hidden_size == 64
assert abs(0.6 * 0.5 - 0.30) < 1e-9 and abs(0.4 * 0.9 - 0.36) < 1e-9
assert [len({tuple(a[i : i + n]) for i in range(6 - n)} & {tuple(b[i : i + n]) for i in range(6 - n)}) for n in (1, 2, 3) for a, b in [("il lit un livre .".split(), "il lit une lettre .".split())]] == [3, 1, 0]
assert not {e.source for e in lesson.examples("train")} & {e.source for split in ("test", "valid", "long", "unseen", "twins") for e in lesson.examples(split)}

# %% [markdown]
# But greedy decoding can miss the best sentence. Suppose *la* has probability 0.6 and *le* 0.4, and the best next word has probability 0.5 after *la* but 0.9 after *le*. Greedy decoding takes *la* and ends with 0.6 · 0.5 = 0.30, although *le* would have led to 0.4 · 0.9 = 0.36.
#
# **Keep this:** the most probable word at each step need not give the most probable sentence. A *beam* keeps several beginnings instead (*Deeper: the best few sentences*).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## It loses the thread
# **Guess first:** in which sentences will your model get the largest share of words wrong: short, medium or long?

# %%
same_words = "✓: word for word the reference."
lesson.table({"without attention": plain}, lesson.ladder(), f"The first sentence of each length. {same_words}")

# %% [markdown]
# Compare the translations with the references: the French is mostly fluent, but it often says something else.
#
# Is the error rate the same at every length, or higher in long sentences? We count *word errors*: how many words you would have to change, add or delete, as a percentage of the words in the reference. And we compare your model with a **checkpoint**, the stored parameters of a model that was trained before. It has the same architecture, but saw the training pairs about four times as often, at half the learning rate.

# %% jupyter={"source_hidden": true}
from chapters.ch03.lesson import LENGTHS, checkpoint

plain_checkpoint = checkpoint("seq2seq-plain-en-fr-grammar", instead=lesson.loaded(plain))
short_line, plain_line = lesson.by_length(plain), lesson.by_length(plain_checkpoint.model)
plot.lines({"checkpoint": (plain_line.words, plain_line.errors), "trained just now": (short_line.words, short_line.errors)},
           "words in the source", "word errors, %", title="Do long sentences lose more?",
           caption="Without attention. Test sentences in groups of 3–6, 7–9, 10–12, 13–15 and 16–24 words. Left out: 18 phrases such as “the dirty dog”, which are not whole sentences and rare in training.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert LENGTHS == ((3, 6), (7, 9), (10, 12), (13, 15), (16, 24)) and round(sum(len(e.source) >= 16 for e in lesson.examples("train")) / len(lesson.examples("train")), 2) == 0.28
assert "name" not in plain_checkpoint.card or plain_checkpoint.card["training"]["recipe"]["lr"] == 1e-2 / 2 and 3.5 < (rise := plain_checkpoint.card["training"]["history"]["rows"])[-1][2] - rise[-2][2] < 4.5
assert "name" not in plain_checkpoint.card or (all(7 < x < 16 for x in plain_line.errors[:4]) and 22 < plain_line.errors[4] < 26) and 1.5 < plain_line.errors[4] / max(plain_line.errors[:4]) < 2.2
assert steps > 700 or "name" not in plain_checkpoint.card or (all(b / a < 0.6 for a, b in zip(short_line.errors[:4], plain_line.errors, strict=False)) and 0.6 < plain_line.errors[4] / short_line.errors[4] < 0.73)
assert max(short_line.errors) == short_line.errors[4] and max(plain_line.errors) == plain_line.errors[4]
assert "the dirty dog" in {" ".join(e.source) for e in lesson.fragments()} and len(lesson.fragments()) == 18 and sum(e.source[-1] not in ".!?" for e in lesson.examples("train")) < 0.02 * len(lesson.examples("train"))
assert steps > 700 or "name" not in plain_checkpoint.card or 3.5 < plain_checkpoint.card["training"]["steps"] * plain_checkpoint.card["training"]["recipe"]["tokens"] / (steps * lesson.batches.tokens) < 4.5

# %% [markdown]
# Both models make the most errors per word in the longest sentences. Compared with your model, the checkpoint makes a third fewer errors in this group, but at least 40 % fewer in every other.
#
# Why? There are two kinds of reasons:
#
# - **The sentences:** long sentences may be harder to translate, or too rare in training. (28 % of the training sentences have 16 words or more.)
# - **The vector:** everything that the decoder knows about the source comes through $c$. Its 128 numbers may be too few for a long sentence. Or learning through it is slow: in training, each error is passed back through every recurrent step, and it may shrink on its way to the words in the middle, which are furthest from both ends (*Deeper: how far does a gradient reach?*).
#
# How can we tell them apart? Keep the sentences, let the decoder read more than this one vector, and count again.
#
# **Keep this:** without attention, both models make the most errors per word in the longest sentences.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Look back
# <a id="additive-attention"></a><a id="context"></a>
# One remedy is to keep *all* states of the encoder, and to let the decoder ask, at each word, which of them it needs (Bahdanau et al., 2015). The encoder's states are the <b style="color:#007fc6">keys</b> and also the <b style="color:#008a67">values</b>. While the decoder writes its second word, *dort* for “sleeps”, its state $s_2$ is the <b style="color:#bf5f00">query</b>:
#
# ```text
# ENCODER
# h₁     h₂     h₃     keys, values
# │ α₂₁  │ α₂₂  │ α₂₃ ←────────┐ weights
# └──────┼──────┘              │
#        ↓                     │
#        c₂ ───┐       context │
# DECODER      ├─→ dort        │
# s₁ ──→ s₂ ───┴───────────────┘ query
# ↑      ↑
# <bos>  il
# ```
#
# Chapter 2's additive score compares $s_2$ with each key, and softmax turns the scores $e_{2i}$ into weights $\alpha_{2i}$. The average of the values with these weights is the **context** $c_2$. For the next word the query is $s_3$, so there are new weights and a new context. In general, for word $t$:
#
# $$ e_{ti}=w^\top\tanh(W_1{\color{#bf5f00}{s_t}}+W_2{\color{#007fc6}{h_i}}+b),\qquad \alpha_t=\mathrm{softmax}(e_t),\qquad {\color{#bb51a8}{c_t}}=\sum_i\alpha_{ti}\,{\color{#008a67}{h_i}} $$

# %% [markdown]
# The decoder now chooses each word with $c_t$ instead of $c$. We also drop $c$ from the GRU step, to keep the model simple, so $c$ now serves only to make $s_0$. (Bahdanau's query is the state before, $s_{t-1}$; see *Deeper: is the query the state before or after?*)
#
# $$ s_t=f(s_{t-1},\,y_{t-1}),\qquad P(y_t\mid y_{<t},x)=\mathrm{softmax}\big(W_o\tanh(W_r[s_t;\,{\color{#bb51a8}{c_t}}])\big) $$

# %% [markdown]
# ### Exercise 4 ●●○ · 6 minutes
# Write this attention step without the bias $b$. `masked_softmax` from chapter 1 gives the padding no weight.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from course_utils.attention import masked_softmax

@exercise("additive attention step")
def look_back(query, keys, mask, W1, W2, w):
    """query [B, Dq], keys [B, K, Dk], mask [B, K], W1 [H, Dq], W2 [H, Dk], w [H] -> context [B, Dk], weights [B, K]"""
    raise NotImplementedError

# %% [markdown]
# The second translator has states of the same size, and learns from the same data for the same number of steps. It even has slightly fewer parameters, 499,637 instead of 532,277: attention adds some, but the GRU, which no longer reads $c$, needs fewer.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
attentive = lesson.model(attention="additive")
assert [sum(p.numel() for p in part.parameters()) for part in (plain, attentive, attentive.score)] == [532_277, 499_637, 16_512]
attentive_run = learn(attentive, "Training with attention")

# %%
both = {"without attention": plain, "with attention": attentive}
score = {name: lesson.bleu(model) for name, model in both.items()}
print("BLEU on 1,000 test sentences, 700 steps each:" if steps == 700 else "BLEU:", {name: round(x) for name, x in score.items()})
lesson.table(both, lesson.ladder(), f"The same sentences, translated by both. {same_words}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert steps > 700 or 42 < score["without attention"] < 62 and 85 < score["with attention"] < 97

# %% [markdown]
# After 700 steps, BLEU is about 50 without attention and about 90 with it. We also trained each model three times for 1,000 steps, from other random starts (*seeds*), and the gap was similar (*Deeper: read it backwards*).

# %% [markdown]
# What exactly happens when the attentive model chooses a word? Here is one step of its decoder, with a line for each formula and the trained parameters:

# %%
def one_step(model, state, word, keys, mask):
    embedded = model.target_embedding(word)[:, None]
    state, _ = model.decoder(embedded, state.transpose(0, 1))  # the query: s_t = f(s_{t-1}, y_{t-1})
    scores = model.score(state, keys)  # e_ti, your line with the bias b
    weights = masked_softmax(scores, mask[:, None])  # α_t
    context = weights @ keys  # c_t
    features = torch.tanh(model.readout(torch.cat([state, context], -1)))  # tanh(W_r [s_t; c_t])
    logits = features @ model.target_embedding.weight.T + model.bias  # W_o
    return logits[:, 0].softmax(-1), state

attentive.eval()
begun, word = attentive.start(torch.tensor([lesson.source.encode(watched)])), torch.tensor([text.BOS])
keys, mask, state = begun.memory.states, begun.memory.mask, begun.hidden
for _ in range(4):
    probabilities, state = one_step(attentive, state, word, keys, mask)
    word = probabilities.argmax(-1)
    print(f"{lesson.target.tokens(word.tolist())[0]:12} {probabilities.max():.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(one_step(attentive, begun.hidden, torch.tensor([text.BOS]), keys, mask)[0], attentive.step(torch.tensor([text.BOS]), begun).logits.softmax(-1), atol=1e-5)

# %% [markdown]
# (The code also adds biases, which the formulas leave out.)
#
# The main path of this chapter compares six models, three without attention (*plain*) and three with it (*attentive*):
#
# | plain | attentive | learned from | steps |
# |---|---|---|---|
# | your plain model | your attentive model | our grammar, just now | 700 |
# | the plain checkpoint | the attentive checkpoint | our grammar | 1,500, with larger batches |
# | the plain model of *Real sentences* | the attentive one | sentences by volunteers | 7,000 |
#
# Step through two translations, one by each of the checkpoints, and watch which vector the decoder reads. You see 8 of each state's 128 numbers.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
attentive_checkpoint = checkpoint("seq2seq-attention-en-fr-grammar", instead=lesson.loaded(attentive))
labs.states_side_by_side(lesson, attentive_checkpoint, plain_checkpoint, "the animal was too tired .",
    caption="Without attention the translation ends in “fatiguée”, with attention in “fatigué”, which is right. The [output|context] "
            "of each [query|word] is made of the encoder's [value|states]. Without attention, every word reads the same vector.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in {*plain_checkpoint.card} & {*attentive_checkpoint.card} or [one.card["training"]["steps"] for one in (plain_checkpoint, attentive_checkpoint)] == [1500, 1500]
assert not plain_checkpoint.was_seen("the animal was too tired .") and not attentive_checkpoint.was_seen("the animal was too tired .")
assert "name" not in plain_checkpoint.card or lesson.translate(plain_checkpoint.model, "the animal was too tired .")[0].tokens[-2] == "fatiguée"
assert "name" not in attentive_checkpoint.card or ((agrees := lesson.translate(attentive_checkpoint.model, "the animal was too tired .")[0]).tokens[-2] == "fatigué" and agrees.weights[-2][agrees.source_tokens.index("tired")] > 0.95 and agrees.weights[-2][agrees.source_tokens.index("animal")] < 0.02)
assert attentive_checkpoint.model.encoder.bidirectional and not attentive_checkpoint.model.feeds  # no context enters the decoder's state

# %% [markdown]
# *fatigué* agrees with the masculine *animal*, whereas *fatiguée* is the feminine form. Yet the attentive checkpoint hardly attended to “animal” when it chose *fatigué*.
#
# <a id="routes"></a>
# How can the gender of a noun reach an adjective? There are four routes:
#
# 1. through the encoder state of “animal”, if this state gets weight, but here its weight is less than 0.02;
# 2. through the encoder state of another word, because the encoder has read “animal” there, too: here the state of “tired” gets more than 0.95;
# 3. through the decoder's first state, $s_0$, which is made from $c$ and passed on from state to state: no weight shows it;
# 4. through the French written so far, which begins with *l' animal*.
#
# The weights alone do not say which route the model took.
#
# **Keep this:** attention keeps every encoder state, and each French word brings a new query.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: two rows of four steps
# A widely used table compares a *traditional* decoder with one that has *attention*, in four steps: encode, context, decode, generate. (Our model decodes first, and then makes the context.) In which step do the printed shapes differ?

# %% slideshow={"slide_type": "skip"} tags=["nbval-check-output", "deeper"]
ids, begin = torch.tensor([lesson.source.encode(tired)]), torch.tensor([text.BOS])
for name, model in {"traditional": plain, "attention": attentive}.items():
    state = model.start(ids)  # encode: read it all
    context = state.memory.summary if model is plain else state.memory.states  # context: one vector, or all of them
    step = model.step(begin, state)  # decode: one word further
    word = step.logits.argmax(-1)  # generate: the best of all words
    shapes = [tuple(x.shape) for x in (state.memory.states, context, step.state.hidden, word)]
    print("{:11} encode {} · context from {} · decode {} · generate {}".format(name, *shapes))

W1, W2, w = attentive.score.W1, attentive.score.W2.weight, attentive.score.w.weight[0]
query = torch.cat([step.state.hidden[:, -1], torch.ones(1, 1)], -1)  # the 1 meets the bias b, one more column of W1
_, weights = look_back(query, context, state.memory.mask, torch.cat([W1.weight, W1.bias[:, None]], -1), W2, w)
assert torch.allclose(weights, step.weights, atol=1e-4)  # your look_back gives the model's own weights

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Only the context step differs: without attention it uses one vector, with attention all states.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: is the query the state before or after?
# Each step reads one French word, $y_{t-1}$. The query can be the state before this step or after it:
#
# | | first | then |
# |---|---|---|
# | Bahdanau | the query $s_{t-1}$ gives $c_t$ | $s_t=f(s_{t-1},\,y_{t-1},\,c_t)$ |
# | Luong, and ours | $s_t=f(s_{t-1},\,y_{t-1})$ | the query $s_t$ gives $c_t$ |
#
# Luong writes $h_t$ for our $s_t$. His model can also feed $\tanh(W_r[s_t;\,c_t])$ into the decoder's next step (*input feeding*).
#
# #### Exercise ●●● · 8 minutes
# Write one step in Bahdanau's order, with plain dot products as scores. The recurrent cell is $\tanh(W_x[\text{embedding};\text{context}]+W_s s)$, and the logits are $W_o[\text{state};\text{context}]$.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("one decoder step")
def decoder_step(word, state, keys, mask, E, Wx, Ws, Wo):
    """word [B], state [B, D], keys [B, K, D], mask [B, K], E [V, D], Wx [D, 2D], Ws [D, D], Wo [V, 2D]
    -> logits [B, V], new state [B, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# In training the whole translation is known. With which setting of our models, `query="previous"` or `"current"`, can attention and output be computed for all words at once?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit.clock import seconds
from course_kit.views import Table

rows, batch = [], next(iter(lesson.batches))
for query in ("previous", "current"):
    model = lesson.model(attention="additive", query=query)
    took = seconds(lambda model=model: model(batch.source, batch.target_in, batch.source_mask), 3)
    rows.append({"query": query, "ms a batch": 1000 * took})
Table(rows, f"{len(batch.source)} sentences; measured just now")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With `"current"`, attention and output of all words can be computed at once. Here the query $s_t$ needs no context (without input feeding), so all states can be computed first, and one call computes the attention of the whole sentence. With `"previous"`, each state $s_t$ needs its context first, so each word has to wait for the word before.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The sentences or the vector?
# The plain and the attentive checkpoint were trained on the same sentences, for the same number of steps. **Guess:** if long sentences are harder in themselves, or too rare in training, what should the attentive checkpoint's line look like?

# %% jupyter={"source_hidden": true}
from course_kit import results

attentive_line = lesson.by_length(attentive_checkpoint.model)
errors = {"with attention": (attentive_line.words, attentive_line.errors), "without attention": (plain_line.words, plain_line.errors)}
plot.lines(errors, "words in the source", "word errors, %", title="What does attention change for long sentences?",
           caption="The two checkpoints on the same test sentences, in the same five groups.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in {*attentive_checkpoint.card} & {*plain_checkpoint.card} or (attentive_line.errors[-1] == min(attentive_line.errors) and 0.45 < attentive_line.errors[-1] < 0.6 and attentive_line.errors[0] == max(attentive_line.errors) < 2)
assert "name" not in {*attentive_checkpoint.card} & {*plain_checkpoint.card} or attentive_checkpoint.card["training"]["steps"] == plain_checkpoint.card["training"]["steps"]
assert all((gaps := [b - a for a, b in zip(*pair, strict=True)])[4] == max(gaps) for pair in zip(*(results.load("seq2seq_readers")["readers"][name]["by_length"] for name in ("plain", "attention")), strict=True))

# %% [markdown]
# If the sentences were to blame, the line with attention should rise, too. But with attention the error rate is low at every length, and it is lowest in the longest sentences: 0.5 %, against 24 % without attention. In three recorded trainings of each model, too, the gap in BLEU is largest in the longest sentences every time (*Deeper: read it backwards*).
#
# So the sentences alone cannot explain the errors: the attentive checkpoint learned from the same ones, and manages the long ones easily. They are hard for a model that has only the single vector. (More long sentences or more steps might help it, too; we have not excluded that.) Is $c$ too small, or is learning through it too slow? Attention removes both difficulties at once, so its success cannot tell us which one mattered. But in a recorded experiment with larger models, more than 64 numbers in $c$ do not help (*Deeper: is c too small?*).
#
# **Keep this:** with attention, long sentences of our grammar have no higher error rate than short ones, up to the length seen in training.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: is c too small?
# In a recorded experiment without attention, $c$ has 16, 64, 128 or 256 numbers. These models are larger than yours, and they differ only in the size of $c$ and of the matrices that make it or read it. **Guess:** which sizes cause more errors, and in sentences of which length?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit.views import Table

widths = results.load("seq2seq_widths")
by_width = {width: [sum(column) / len(column) for column in zip(*runs, strict=True)] for width, runs in widths["errors"].items()}
Table([{"numbers in c": int(width)} | {f"{words:.0f} words": f"{error:.0f} %" for words, error in zip(widths["lengths"], line, strict=True)}
       for width, line in by_width.items()],
      f"Word errors by length of the source, without attention. All states have {widths['model_size']} features; {widths['steps']:,} steps; means of three seeds. {widths.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert widths["seeds"] == [0, 1, 2] and widths["model_size"] == 256 and [*by_width] == ["16", *(wide := ("64", "128", "256"))] and widths["steps"] == 2000
assert all(min(run[n] for run in widths["errors"]["16"]) > max(run[n] for w in wide for run in widths["errors"][w]) for n in range(5))
assert all(by_width["64"][n] - 1 < by_width["128"][n] and max(by_width["64"][n], by_width["128"][n]) < by_width["256"][n] for n in range(5))
assert all(run[4] > max(run[:4]) + 8 for w in wide for run in widths["errors"][w])

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With 16 numbers, sentences of every length have more errors. But more than 64 numbers do not help (256 even do slightly worse than 64), and the longest sentences stay the worst. So from 64 numbers on, the size of $c$ is not what limits these models after 2,000 steps.
#
# One candidate that remains is slow learning: without attention, the checkpoint's BLEU still rose by 4 points in the last fifth of its training, so longer training might close part of the gap. We did not try it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: two harder tests
# Now sentences that are longer than any in training, and pairs of words that never met in training, for your own models. **Guess:** which of the two costs more points of BLEU?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit.data.parallel import load_parallel

longer, unseen = ({name: lesson.bleu(model, split, 200) for name, model in both.items()} for split in ("long", "unseen"))
clauses = {split: {e.clauses for e in load_parallel("en-fr", split)} for split in ("train", "long")}
print("longest training sentence:", max(len(e.source) for e in lesson.examples("train")), "words; clauses:", clauses)
print("just trained: BLEU at 25 to 40 words:", {name: round(score) for name, score in longer.items()})
print("just trained: BLEU on pairs of words that never met in training:", {name: round(score) for name, score in unseen.items()})
lesson.table({"with attention": attentive}, lesson.examples("long")[:1], "The first of the long sentences.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert longer["with attention"] > longer["without attention"] + 15 and (steps > 700 or 0.4 < longer["with attention"] / score["with attention"] < 0.65)
assert max(len(e.source) for e in lesson.examples("train")) == 24 and unseen["with attention"] > score["with attention"] - 10
assert [{e.clauses for e in load_parallel("en-fr", split)} for split in ("long", "train")] == [{4}, {1, 2, 3}] and min(20 - 10, 10 - 1) == 9
assert {len(e.source) for e in lesson.examples("long")} <= {*range(25, 41)}

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# With attention, new pairs of words cost few points of BLEU, but on the long sentences BLEU falls to about half. Length need not be the reason, because these sentences also have four clauses each; training sentences have at most three.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## European, Economic, Area
# French puts most adjectives after the noun, so a translator sometimes has to read backwards:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "“the European economic crisis” becomes “la crise économique européenne”. While it writes “crise”, which English word "
    "should get the most weight?",
    ["European, the next word", "crisis, the last", "all three equally"],
    answer=1,
    because="“crise” translates “crisis”. Then the translator goes back, to “economic” and “European”.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.decoding import translate

crisis = translate(attentive_checkpoint, "My aunt is discussing the European economic crisis.", beam=1)[0]
labs.alignment(crisis, languages=("en", "fr"), title="Which way does it read?", model=attentive_checkpoint)

# %% [markdown]
# Up to *la*, the largest weight never moves left. Then it jumps to *crisis* and goes back, word by word. Yet nobody ever showed the model an alignment: training rewarded only correct words, and attending to the right word seems to help in predicting them.

# %% [markdown]
# Bahdanau's famous example is *the European Economic Area*. We give it to the attentive checkpoint, which was trained on our grammar, and to another one with attention, which was trained on real sentences.

# %% jupyter={"source_hidden": true}
from course_kit.views import Table

real = checkpoint("seq2seq-attention-en-fr", instead=lesson.loaded(attentive))
area, invented = (translate(model, "We live in the European Economic Area.", beam=1)[0] for model in (attentive_checkpoint, real))
Table([{"checkpoint": name, "this sentence is": "trained on" if found.seen else "new", "translation": found.text,
        "largest weights": "(of pieces of words)" if found is invented else
        ", ".join(f"{word} ← {found.source_tokens[row.argmax()]}" for word, row in zip(found.tokens[-4:-1], found.weights[-4:-1], strict=True))}
       for name, found in {"our grammar": area, "real sentences": invented}.items()],
      "We live in the European Economic Area. A correct translation: nous vivons dans l'espace économique européen.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in {*attentive_checkpoint.card} & {*real.card} or all([found.source_tokens[row.argmax()] for row in found.weights[-4:-1]] == [noun, "economic", "european"] for found, noun in ((crisis, "crisis"), (area, "area")))
assert "name" not in {*attentive_checkpoint.card} & {*real.card} or (area.seen and not crisis.seen and not invented.seen and "zone" in area.tokens and not {"zone", "espace"} & set(invented.text.split()))

# %% [markdown]
# The first checkpoint was trained on this very sentence, so it proves little that its words come in the right order. The second meets the sentence for the first time. It writes in *subwords*, pieces of words, and here it joins pieces into a word that does not exist.
#
# <a id="cross-attention"></a>
# Attention is called **cross-attention** when the queries come from one sentence and the keys and values from another, as here.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a window, or a single word
# Luong's *local attention* attends only near one source position $p_t$, which the decoder's state predicts: the weight of the word at position $j$ is multiplied by chapter 1's Gaussian, $\exp\big(-(j-p_t)^2/2\sigma^2\big)$. We set $p_t=t$, as in his *local-m*, but keep the Gaussian. **Guess:** which French words lose most of their weight?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.kernels import gaussian_kernel

writes, reads = torch.arange(len(crisis.tokens)), torch.arange(len(crisis.source_tokens))
kept = (crisis.weights * gaussian_kernel((reads - writes[:, None]).float(), width=1.0)).sum(-1)
print("kept with σ = 1:", ", ".join(f"{word} {share:.0%}" for word, share in zip(crisis.tokens, kept.tolist(), strict=True)))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert {crisis.tokens[i] for i in kept.argsort()[:2].tolist()} == {"crise", "européenne"} and kept.sort().values[1] < 0.4 < 0.9 < kept.max()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# *crise* and *européenne* lose most, because their English words are two positions away. If words move further than the window is wide, $p_t$ has to be predicted.
#
# *Hard attention* (Xu et al., 2015) draws one state, with the weights as probabilities. A draw has no derivative, so training can only estimate the gradient.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Gold and learned
# How good are such alignments? The program that made our sentences knows which word translates which; these links are called *gold*. Here is a long new sentence for which your attentive model's translation is identical to the reference. The boxes mark the gold links. Which words attend elsewhere, and does it matter?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
written = lesson.write(attentive, lesson.examples("test")[:200])
fits = [e for e, w in zip(lesson.examples("test"), written, strict=False) if " ".join(e.target) == w]
right = next(e for e in fits if 12 < len(e.source) < 16)  # so the gold links fit
found = lesson.translate(attentive, " ".join(right.source))[0]
gold = {word: {source for target, source in right.links if target == word} for word, _ in right.links}
off = [f"{found.tokens[word]} on {found.source_tokens[heaviest]}"
       for word in sorted(gold) if (heaviest := int(found.weights[word].argmax())) not in gold[word]]
print("largest weight outside the box:", ", ".join(off) or "no word")
labs.alignment(found, right.links, languages=("en", "fr"), title="Does your attentive model attend where it should?")

# %% [markdown]
# Here it does not matter (but we chose a correct translation). A word's own weight may not be needed, because the states of other words have read the right word, too ([route](#routes) 2), and the French so far helps (route 4).
#
# How often is the largest weight on no gold link? We count over all test sentences, with teacher forcing, because gold links exist only for the words of the reference:

# %%
from chapters.ch03.experiments import misses

missed, near, by_chance = misses(lesson, attentive)
print(f"words whose largest weight is on no gold link: {missed:.0%}")
print(f"of these words, on a neighbour of the right word: {near:.0%} (if all wrong words were equally likely: {by_chance:.0%})")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.5 < near < 0.95 and by_chance < 0.3

# %% [markdown]
# **Keep this:** where our model's attention misses the right word, it mostly lands on a neighbour, and the translation can still be right.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: one number for an alignment
# <a id="aer"></a>
# To compare alignments, we link each French word to the English word to which it gives most weight; these links are the set $A$. Not all gold links are equally certain. In *his car* → *sa voiture*, the links *sa*–his and *voiture*–car are *sure*. The link *sa*–car is only *possible*: *voiture* translates “car”, and *sa* has to agree with *voiture*.
#
# The set $S$ holds the sure links, the set $P$ the sure and the possible links. $A$ should contain all of $S$ and nothing outside $P$. The **alignment error rate** measures this (0 is perfect):
#
# $$ \mathrm{AER}=1-\frac{|A\cap S|+|A\cap P|}{|A|+|S|} $$
#
# If $A$ links both French words to *car*, one of its two links is in $S$ and both are in $P$: $1-(1+2)/(2+2)=0.25$.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch03.experiments import Diagonal

aer, diagonal = lesson.alignment_error(attentive), lesson.alignment_error(Diagonal())
print(f"AER on {len(lesson.examples('test')):,} new sentences: {aer:.2f}; of the plain diagonal: {diagonal:.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert aer < 0.15 and 0.3 < diagonal < 0.4 and 3 * aer < diagonal
assert (his := next(e for e in lesson.examples("test") if " ".join(e.source) == "he repaired his car .")).target[3:5] == ("sa", "voiture")
assert {x for x in his.links if x[0] in (3, 4)} == {(3, 2), (4, 3)} and {x for x in his.possible - his.links if x[0] in (3, 4)} == {(3, 3)} and 1 - (1 + 2) / (2 + 2) == 0.25

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The model's AER is less than a third of the *diagonal's*, which links words at the same relative position.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Real sentences
# Our grammar has only about 800 English words. The next two checkpoints, again without and with attention, learned from *Tatoeba*, a collection of sentences that volunteers have translated. The last column shows one of several right translations.

# %%
from chapters.ch03.lesson import translations

real_plain = checkpoint("seq2seq-plain-en-fr", instead=lesson.loaded(plain))
sentences = ["I am a student.", "Let them eat cake.", "He didn't come because he was ill.",
             "My grandmother told me a story that I have never forgotten.",
             "If I had known that you were coming I would have baked a cake.",
             "The animal didn't cross the street because it was too tired."]
right = ["je suis étudiant.", "qu'ils mangent de la brioche !", "il n'est pas venu parce qu'il était malade.",
         "ma grand-mère m'a raconté une histoire que je n'ai jamais oubliée.",
         "si j'avais su que tu venais, j'aurais fait un gâteau.",
         "l'animal n'a pas traversé la rue parce qu'il était trop fatigué."]
pairs_read = f"{real.card.get('data', {}).get('train_pairs', 0):,} pairs"
six = translations({"with attention": real, "without attention": real_plain}, sentences, right,
                   caption=f"Both models were trained on the same {pairs_read}. {same_words} A beam of 4 (the four best beginnings are kept).")
six

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in real.card or [row["with attention"].startswith("✓") for row in six] == [True, False, True, False, False, False] and "c'était" in six[5]["with attention"]
assert "name" not in real_plain.card or [row["without attention"].startswith("✓") for row in six] == [True, False, True, False, False, False] and all(part in six[i]["without attention"] for i, part in ((1, "laissez-les manger du gâteau"), (3, "que j'avais besoin d'avoir oublié"), (5, "l'homme n'a pas trouvé la rue")))
assert "name" not in real.card or all(part in six[i]["with attention"] for i, part in ((1, "laissez-les manger du gâteau"), (3, "dit une histoire que je n'ai jamais oublié."), (5, "le animal n'a pas traversé la rue parce que c'était")))

# %% [markdown]
# Without attention the grandmother “told me that I needed to have forgotten”, and the animal becomes a man who did not find the street. With attention both sentences keep most of their content, but “it” becomes *c'* (this) instead of *il*. The sentence with *if* defeats both models.

# %% jupyter={"source_hidden": true}
rows = []
for name, loaded in {"with attention": real, "without": real_plain}.items():
    if found := loaded.card.get("metrics"):  # a model that stands in has none
        by_words = {f"{words} words": score for words, score in found["test_bleu_by_length"].items()}
        rows.append({"": name, "steps": loaded.card["training"]["steps"], "BLEU": found["test_bleu_beam_4"], **by_words})
Table(rows or [{"": "no checkpoints"}], "Recorded BLEU on Tatoeba's test sentences, all and by length, with a beam of 4.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 800 < len(lesson.source) < 830  # English words
assert len(rows) < 2 or (gap := [a - b for a, b in list(zip(rows[0].values(), rows[1].values(), strict=True))[1:]])[0] == 0
assert len(rows) < 2 or gap[1] > 6 and gap[2:] == sorted(gap[2:]) and (round(gap[2]), round(gap[-1])) == (4, 11) and [round(rows[0][f"{n} words"]) for n in ("1-4", "11-14")] == [57, 34]
assert len(rows) < 2 or real.card["data"]["train_pairs"] == real_plain.card["data"]["train_pairs"] and rows[0]["steps"] == 7000

# %% [markdown]
# Here, too, attention helps at every length, and most in the longest sentences: it adds 4 points of BLEU at 1–4 words and 11 at 11–14 words. Even with attention, BLEU falls from 57 to 34 here: long real sentences may be harder, or too rare in training (and BLEU is hard to compare between lengths).

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
yours = "The little girl is reading a long letter to her father."
found = translate(real, yours)[0]
labs.alignment(found, languages=("en", "fr"), title=f"Type a sentence ({'trained on' if found.seen else 'new'}): where does the map leave the diagonal?",
               model=real)

# %% [markdown]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>
#
# **Keep this:** on real sentences, too, attention helped the longest most, in the one pair of models that we compared. And ask of every example whether the model was trained on it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is "it"?
# Our first sentence ends in *too tired*, so "it" is the animal, *il*. Its *twin* ends in *too wide*, so "it" is the street, *elle*. **Guess:** when the attentive checkpoint chooses the pronoun, where does it attend: to "animal" and "street", to "it", or to the adjective?

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
said, known = {}, []
for adjective, pronoun in (("tired", "il"), ("wide", "elle")):
    twin = translate(attentive_checkpoint, f"The animal didn't cross the street because it was too {adjective}.", beam=1)[0]
    known.append(twin.seen)
    if pronoun in twin.tokens:
        said[pronoun] = dict(zip(twin.source_tokens, twin.weights[twin.tokens.index(pronoun)].tolist(), strict=True))
        print(f"{pronoun}:", ", ".join(f"{word} {weight:.2f}" for word, weight in said[pronoun].items() if weight > 0.05))
labs.alignment(twin, step=11, languages=("en", "fr"), title="Where does the model attend when it writes “elle”?", model=attentive_checkpoint,
               caption="A row for each [query|word written], a column for each [key|source word]. In the row of “elle”, compare “animal”, "
                       "“street”, “it” and the full stop.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in attentive_checkpoint.card or (known == [True, True] and said["il"]["it"] > 0.6 and said["elle"]["."] > 0.5 and all(x["animal"] + x["street"] < 0.05 for x in said.values()))

# %% [markdown]
# <details><summary>Answer</summary>
#
# Almost no weight goes to "animal" or "street". For *il*, most of the weight is on "it"; for *elle*, more than half is on the *full stop*. Yet both pronouns are right (the model was trained on both sentences).
#
# Can a full stop help? It can, because its state has read *animal*, *street* and *wide*, as every encoder state has ([route](#routes) 2). But so has $s_0$ (route 3). The next section tests whether the full stop was needed.
#
# </details>

# %% [markdown]
# How often is the pronoun right in *new* twins? Each contains a noun that appears in no twin of the training set.

# %% jupyter={"source_hidden": true}
from chapters.ch03.experiments import pronouns

new_twins, rows = lesson.examples("twins"), []
always_il = sum(e.twin.pronoun == "il" for e in new_twins) / len(new_twins)
later = {"without attention": plain_checkpoint.model, "with attention": attentive_checkpoint.model}
for trained, models in {"just now": both, "checkpoint": later}.items():
    for name, model in models.items():
        right, il = pronouns(lesson, model)
        rows.append({"trained": trained, "": name, "right pronouns": f"{right:.0%}", "writes il": f"{il:.0%}"})
Table(rows, f"{len(new_twins)} new sentences. Always writing il would be right in {always_il:.0%}.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(e.twin.held_out for e in new_twins) and 0.45 < always_il < 0.55
assert steps > 700 or (50 < int(rows[0]["right pronouns"][:-1]) < 65 and 42 < int(rows[1]["right pronouns"][:-1]) < 55) and all(30 < int(row["writes il"][:-1]) < 85 for row in rows[:2])
assert "name" not in attentive_checkpoint.card or [int(row["right pronouns"][:-1]) for row in rows[2:]] == [82, 86]

# %% [markdown]
# After 700 steps, neither of your models chooses the pronoun much better than a coin. The checkpoints do better: 86 % are right with attention, and 82 % without. With one training of each, this difference may be chance.
#
# Would BLEU have told you how often the pronoun is wrong?

# %% jupyter={"source_hidden": true}
from chapters.ch03.experiments import twins_bleu

on_twins, fine, spoilt_ones = twins_bleu(lesson, attentive)
print(f"with attention, just trained: BLEU on the test set {score['with attention']:.0f}, on the new twins {on_twins:.0f}")
print(f"on the twins with the right pronoun {fine:.0f}, with a wrong one {spoilt_ones:.0f}")
lesson.table({"with attention": attentive}, sorted(new_twins, key=lambda e: e.twin.pair)[:2], "A pair of twins, new.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 20 < fine - spoilt_ones < 30 and 80 < on_twins < 90 and fine > 96 and 67 < spoilt_ones < 78 and (steps > 700 or score["with attention"] - on_twins < 8)

# %% [markdown]
# No. A BLEU of about 85 on the twins looks good, although about half of these translations have the wrong pronoun. Scored separately, those with the wrong pronoun have about 25 points less than the others, but a single total hides this.
#
# **Keep this:** a weight points at a state, and a state holds more than its own word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take a word away
# Does a word with a large weight matter? There are two ways to take it away. We can *knock it out*: a mask before the softmax gives it no weight, and the other words share its weight. But the encoder has still read the word, so the states of other words may carry it. Or we can *delete* it, and then nothing of it is left.
#
# First the two words that got most weight when the pronoun was chosen. **Guess:** what becomes of *elle* if the full stop is knocked out, and of *il* without "it"?

# %% jupyter={"source_hidden": true}
from chapters.ch03.experiments import knocked_out

pronouns_without = {}
for adjective, word in (("wide", "."), ("tired", "it"), ("wide", "wide"), ("wide", "street")):
    sentence = f"the animal didn't cross the street because it was too {adjective} ."
    masked = next(one for one in knocked_out(attentive_checkpoint, sentence) if one["name"] == word)
    pronouns_without[adjective, word] = masked["tokens"][9:12]
    print(f"… too {adjective} . without “{word}”:", *masked["tokens"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in attentive_checkpoint.card or {key: "elle" in words for key, words in pronouns_without.items()} == {("wide", "."): False, ("tired", "it"): True, ("wide", "wide"): True, ("wide", "street"): True} and "il" in pronouns_without["wide", "."]

# %% [markdown]
# <details><summary>Answer</summary>
#
# Without the full stop, *elle* becomes *il*; without "it", *il* becomes *elle*. So the model needed the states of these two tokens, although neither token is a noun. Without "wide", *elle* stays. It also stays without "street", but there the model has already written another feminine noun, with which it may agree (route 4).
#
# </details>

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In “the old woman bought a red car yesterday .” the decoder cannot attend to “the”, on which “la” puts most of its "
    "weight. What happens to “la”?",
    ["it disappears", "it stays", "the translation breaks off"],
    answer=1,
    because="French wants some article, so the model writes one even where it never read “the”, as you see below.",
)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
from IPython.display import display

mine = "the old woman bought a red car yesterday ."  # your own: words of our grammar
deaf, gone = (knocked_out(attentive_checkpoint, mine, what) for what in ("weight", "word"))
whole = translate(attentive_checkpoint, mine, beam=1)[0]
la = dict(zip(whole.source_tokens, whole.weights[whole.tokens.index("la")].tolist(), strict=True)) if "la" in whole.tokens else {}
print("trained on" if whole.seen else "new", "· la:", ", ".join(f"{word} {weight:.2f}" for word, weight in la.items() if weight > 0.05))
view = labs.alignment(whole, variants=deaf, languages=("en", "fr"), live=True,
                      title="And without that word?")
view.variant = 1
display(view, labs.compared(view, deaf, gone))

# %% [markdown]
# Masking *the* changes nothing, and deleting it changes nothing either (last line). Now knock out *red* (in French *rouge*), then *car* (*voiture*).
#
# <details><summary>What happens</summary>
#
# With *red* masked, *rouge* is missing. With *car* masked, *voiture* is missing, but *rouge* stays: it now describes another noun.
#
# </details>
#
# Single sentences prove little. So in each of 200 new sentences we choose an English word to which some French word gives *more than half* of its weight. For comparison, we choose a word to which no French word gives more than *a fifth*; 65 of these sentences have one. How often does the translation stay exactly the same?

# %% jupyter={"source_hidden": true}
from chapters.ch03.experiments import survivors

removed = {"more than half": survivors(lesson, attentive_checkpoint.model, 0.5, 1), "at most a fifth": survivors(lesson, attentive_checkpoint.model, 0, 0.2)}
Table([{"largest weight of the word": name, "sentences": len(words), "same if it is masked": f"{sum(one.masked for one in words) / len(words):.0%}",
        "same if it is deleted": f"{sum(one.deleted for one in words) / len(words):.0%}"} for name, words in removed.items()],
      "One word of each sentence, taken away from the attentive checkpoint.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in attentive_checkpoint.card or (deaf[0]["tokens"] == gone[0]["tokens"] == whole.tokens and la["the"] > 0.5 and not whole.seen)
assert "name" not in attentive_checkpoint.card or (all("rouge" not in v["tokens"] for v in deaf if v["name"] == "red") and all("rouge" in v["tokens"] and "voiture" not in v["tokens"] for v in deaf if v["name"] == "car"))
assert "name" not in attentive_checkpoint.card or [(len(words), sum(one.masked for one in words), sum(one.deleted for one in words)) for words in removed.values()] == [(200, 49, 23), (65, 65, 45)]

# %% [markdown]
# **Masked:** without a word of large weight, the translation changes in three of four sentences; without a word of small weight, in none. So in this model the large weights mostly mattered, and the small ones did not.
#
# **Deleted:** without the word of small weight, the translation still changes in about a third of the sentences. So deleting the word changes something that its weight does not show. Perhaps the word reached the French by another [route](#routes); perhaps the sentence without it means something else, or is no sentence.
#
# **Keep this:** a weight belongs to a state, not to a word. To learn whether the state mattered, mask it, and see what changes.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: how far does a gradient reach?
# <a id="vanishing-gradient"></a>
# Training follows the *gradient*, which says how much the result changes when a number changes a little. The gradient is computed backwards, and each recurrent step on the way multiplies it by a matrix. A gradient that shrinks at each step **vanishes**; one that grows **explodes** (Bengio et al., 1994).
#
# **Guess:** before training, we change each of sixteen source words a little. Which change moves the last target word most, without attention and with attention?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch03.experiments import reach

u, flat = (reach(lesson, lesson.model(attention=kind).eval()) for kind in (None, "additive"))
Table([{"source word": name} | {str(i): f"{share:.0%}" for i, share in enumerate(shares.tolist(), 1)}
       for name, shares in zip(both, (u, flat), strict=True)],
      "Shares of the last target word's gradient. Untrained models, means over twenty sentences of sixteen words.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 20 * u.min() < min(u[0], u[-1]) < 60 * u.min() and flat.max() < 1.5 * flat.min()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Without attention, the first *and* the last word: each has over twenty times the share of the weakest word. Our encoder reads from both ends, so these two words are one recurrent step from $c$. With attention, all words have about equal shares, because each $h_i$ is one step from the output and untrained weights are nearly equal.
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: sixty steps
# In a GRU, a gate $z_i$, computed from $x_i$ and $h_{i-1}$, decides for each feature how much of the old state is kept. The rest comes from a new proposal, $\tilde h_i$, in which a second gate, the *reset gate*, decides how much of $h_{i-1}$ is used (⊙ multiplies feature by feature):
#
# $$ h_i=z_i\odot h_{i-1}+(1-z_i)\odot\tilde h_i $$

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Here are five small untrained networks with sixty inputs:
#
# - *RNN × 0.9* and *RNN × 1.5*: the recurrent matrix is 0.9 or 1.5 times an orthogonal one, which changes no vector's length;
# - *GRU*, with PyTorch's initial values;
# - *GRU, keeping*: we add 4 to the input of the gate $z_i$, before its sigmoid, so that $z_i$ is near 1 and the state keeps nearly everything;
# - *attention*: the first RNN again, but its output is the attention average of all states instead of the last state.
#
# In which network does the gradient vanish fastest?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch03.experiments import felt

kinds = {"attention": felt("attention", gain=0.9), "RNN × 0.9": felt("rnn", gain=0.9), "GRU": felt("gru"),
         "GRU, keeping": felt("gru", kept=4.0), "RNN × 1.5": felt("rnn", gain=1.5)}
far = {name: (line[-1] / line[0]).item() for name, line in kinds.items()}
plot.lines({name: (range(60), line) for name, line in kinds.items()}, "steps from the end", "size of the gradient", log="y",
           title="How much does each input move the end?",
           caption="Untrained networks. With attention, every input is one step away from the output.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 0.83 < far["RNN × 0.9"] ** (1 / 59) < 0.87 and 60 < far["RNN × 1.5"] < 70 and far["GRU"] < 1e-10
assert 0.6 < far["GRU"] ** (1 / 59) < 0.66 and 0.34 < far["GRU, keeping"] < 0.5 and kinds["attention"].max() < 2 * kinds["attention"].min()
assert 20 < kinds["GRU"][0] / kinds["GRU, keeping"][0] < 32
assert 1.2 < min(grown := [(line[-1] / line[0]).item() for line in (felt("rnn", gain=1.5, seed=seed) for seed in range(1, 6))]) < 2.5 and 80 < max(grown) < 110
assert all((line[-1] / line[0]).item() < 1e-10 for line in (felt("gru", seed=seed) for seed in range(1, 6)))
assert all((line[-1] / line[0]).item() < 5e-13 for line in (felt("rnn", gain=None, seed=seed) for seed in range(6)))
assert all((line[-1] / line[0]).item() > 1e-7 for line in (felt("rnn", gain=0.9, seed=seed) for seed in range(1, 6)))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The gradient vanishes fastest in the *GRU*, also with five other random starts. Each step multiplies its gradient by about 0.63: the gates start half open, so half goes along the kept state, and the rest through the proposal. $0.63^{59}$ is about $10^{-12}$. But the initial values matter, too: a plain RNN with PyTorch's own loses even more.
#
# In *RNN × 1.5* the gradient becomes about 64 times as large here, and 1.7 to 94 times with the other five starts, but never $1.5^{59}$ times, because tanh has a slope below 1.
#
# In *GRU, keeping*, the first input's gradient is more than a third of the last input's. But a state that keeps nearly everything takes in little of each new input.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: read it backwards
# <a id="reversed-source"></a>
# Before attention there was a trick: feed the source *backwards* (Sutskever et al., 2014). Then the first source word comes right before the first target word, which makes the beginning of the translation easier to learn. Their encoder read in one direction, ours reads in both. **Guess:** can the trick help our encoder?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
recorded = results.load("seq2seq_readers")
mean = {name: [sum(x) / len(x) for x in zip(*r["by_length"], strict=True)] for name, r in recorded["readers"].items()}
total = {name: sum(r["bleu"]) / len(r["bleu"]) for name, r in recorded["readers"].items()}
plot.lines({name: (recorded["lengths"], mean[name]) for name in ("attention", "plain", "reversed")}, "words in the source", "BLEU",
           title="Does it help to read backwards?",
           caption=f"Means of {len(recorded['seeds'])} seeds, {recorded['steps']} steps each. {recorded.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert recorded["steps"] == 1000 and total["attention"] > total["plain"] + 30 and abs(total["reversed"] - total["plain"]) < 2
assert sorted(b > a for a, b in zip(*(recorded["readers"][name]["bleu"] for name in ("plain", "reversed")), strict=True)) == [False, True, True]

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
for name, r in recorded["readers"].items():
    print(f"{name:12} BLEU, seed by seed: {r['bleu']}")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# No. The two directions of our encoder are built alike, so reversing the source only exchanges them. The differences, up in two seeds and down in one, must be chance. We did not test the trick on an encoder with one direction.
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: at the moment of 高兴 (happy)
# The same kind of model also translates from Chinese, character by character. What does it attend to when it writes *happy* (高兴) or *eating* (吃)?

# %% slideshow={"slide_type": "skip"} tags=["lab", "deeper"]
chinese = checkpoint("seq2seq-attention-zh-en-grammar", instead="seq2seq-attention-zh-en")
means = dict(zip("我今天很高兴正在吃绿色的苹果", "I this day very high spirits just at eat green colour of apple fruit".split(), strict=True))
weighs, without, two = {}, {}, "Two characters can be one word: 今天 (today), 高兴 (happy), 正在 (just now), 苹果 (apple). Press a [key|character] to knock it out."
for moment, said_here in {"我今天很高兴。": "happy", "我正在吃绿色的苹果。": "eating"}.items() if chinese else ():
    found = translate(chinese, moment)[0]
    words = [token.strip("▁") for token in found.tokens]
    print(moment, "→", found.text, "· trained on" if found.seen else "· new")
    if said_here in words:
        weighs[said_here] = dict(zip(found.source_tokens, found.weights[words.index(said_here)].tolist(), strict=True))
        print(f"   {said_here}:", ", ".join(f"{c} {w:.2f}" for c, w in weighs[said_here].items() if w > 0.05))
    deaf_to = knocked_out(chinese, moment)
    without |= {v["name"]: " ".join(t.strip("▁") for t in v["tokens"]) for v in deaf_to if said_here == "happy"}
    display(labs.alignment(found, variants=deaf_to, languages=("zh", "en"), caption=two, select=said_here if said_here in words else None,
                           glosses=[means.get(token, "") for token in found.source_tokens], title=f"What does “{said_here}” attend to?"))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# *happy* has half of its weight on 兴, and most of the rest on 很 (*very*) and 高. *eating* attends to 吃, the action, and to 在, which says that the action is going on now.
#
# The model was trained on both sentences, yet the first translation lacks *today*, and the second says *an green*. With 高 masked, the model still writes *happy*; with 兴 masked, it writes *tall*, perhaps because 高 alone means tall.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert not chinese or "test_aer" not in chinese.card["metrics"] or (0.45 < weighs["happy"]["兴"] < 0.55 and weighs["happy"]["很"] + weighs["happy"]["高"] > 0.3 and weighs["eating"]["吃"] > 0.5 > weighs["eating"]["在"] > 0.1 and "i am happy ." == without["今"] == without["天"] == without["高"] and "tall" in without["兴"])

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the best few sentences
# <a id="beam-search"></a>
# **Beam search** keeps the best few beginnings at each step. In *Write a sentence* it would keep both *la* and *le*, and find the sentence with probability 0.36.
#
# Each further word makes the probability $P(y\mid x)=\prod_t P(y_t\mid y_{<t},x)$ smaller, which favours short sentences, so the log-probability is divided by $((5+\text{length})/6)^{\alpha}$, a *length penalty*. In the table, α = 0 switches this penalty off.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
rows = []
for one, wide in zip(translate(real, sentences, beam=1), translate(real, sentences, beam=8, length_penalty=0), strict=True):
    better = wide.text if wide.text != one.text else "the same"
    rows.append({"in training": "seen" if one.seen else "new", "greedy": one.text, "log p": one.score, "beam of 8, α = 0": better, "log p ": wide.score})
Table(rows, "The six sentences of Real sentences, by the model with attention")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert sum(row["log p "] for row in rows) >= sum(row["log p"] for row in rows) - 1e-3
assert "name" not in real.card or [row["beam of 8, α = 0"] == "the same" for row in rows] == [True, True, True, True, False, False]
assert "name" not in real.card or all(row["log p "] > row["log p"] + 2 for row in rows[4:]) and [row["beam of 8, α = 0"] for row in rows[4:]] == ["si j'avais su que tu viendrais faire un gâteau.", "le animal n'a pas traversé la rue parce que c'était trop fatigué."]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# For the last two sentences, greedy decoding missed a translation that the model finds far more probable (a *search error*). Yet neither of the beam's two translations is right: a search finds what the model prefers, right or wrong.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a decoder of your own
# Your loss, your loop and your decoder step (from *Deeper: is the query the state before or after?*) make a decoder. Its four matrices start as random numbers; the encoder is your trained one, unchanged. **Guess:** how much French does your decoder learn in two hundred steps?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from torch import nn

V, draw = len(lesson.target), torch.Generator().manual_seed(6)
shapes = (V, 128), (128, 256), (128, 128), (V, 256)  # E, Wx, Ws, Wo
own = nn.ParameterList(torch.randn(*shape, generator=draw) / shape[1] ** 0.5 for shape in shapes)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def own_loss(own, batch):
    """Your decoder_step, word after word, and then your masked_loss."""
    with torch.no_grad():
        memory = attentive.encode(batch.source, batch.source_mask)
    state, rows = memory.summary, []
    for word in batch.target_in.unbind(1):
        logits, state = decoder_step(word, state, memory.states, batch.source_mask, *own)
        rows.append(logits)
    return masked_loss(torch.stack(rows, 1), batch.target_out, batch.target_mask)

# %% slideshow={"slide_type": "skip"} tags=["training", "deeper"]
own_steps = {"class": 200, "full": 1000}[runtime.profile]
trial = next(iter(lesson.batches))
before = own_loss(own, trial).item()
own_run = fit(own, lesson.batches, own_loss, steps=own_steps, lr=1e-2, clip=1.0, schedule=warm_then_fall(own_steps), title="Training your own decoder")

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def own_translation(source):
    """Your greedy loop around your step: English words -> French words."""
    memory = attentive.encode(torch.tensor([lesson.source.encode(source)]))

    def one_word(word, state):
        logits, state = decoder_step(torch.tensor([int(word)]), state, memory.states, memory.mask, *own)
        return logits[0], state

    return lesson.target.tokens(greedy(one_word, memory.summary, text.BOS, text.EOS, 40).tolist())

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch03.lesson import edits

three = lesson.ladder((5, 8, 11))
for example in three:
    print(" ".join(example.source), "→", *own_translation(example.source), "· reference:", *example.target)
own_errors = sum(edits(own_translation(example.source), example.target) for example in three)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert before > 5 and own_loss(own, trial).item() < 0.4 * before and own_errors < sum(len(e.target) for e in three) / 2

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Your decoder gets most of these words right. In training it read correct words; here it reads its own, with their errors (**exposure bias**, Ranzato et al. 2016). And nothing makes a decoder keep track of what is already translated, so it may repeat some words and drop others.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what BLEU counts
# <a id="n-gram"></a>
# **BLEU** (Papineni et al. 2002) takes the runs of 1, 2, 3 and 4 words in the translation, its **n-grams**, and counts how many are in the reference. Each n-gram counts at most as often as in the reference (the count is *clipped*). Over *all* sentences this gives four precisions $p_n$, the matches divided by the n-grams. BLEU is their geometric mean, times a **brevity penalty**.<a id="brevity-penalty"></a> Without this penalty, a model could win by writing only the words that it is sure of:
#
# $$ \mathrm{BLEU}=\mathrm{BP}\cdot\exp\Big(\tfrac14\sum_{n=1}^{4}\ln p_n\Big),\qquad \mathrm{BP}=\begin{cases}1 & \ell\ge r\\ e^{\,1-r/\ell} & \ell<r\end{cases} $$
#
# Here $\ell$ is the total length of the translations and $r$ the total length of the references.
#
# #### Exercise ●○○ · 3 minutes
# Write the brevity penalty, BP.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
import math

@exercise("brevity penalty")
def brevity_penalty(hypothesis_length, reference_length):
    """two lengths in the same unit -> a number from 0 to 1"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# A score of .4167 circulates for the candidate 男孩 踢 足球 (*boy plays football*) with the reference 一个 小 男孩 在 踢 足球 (*a little boy is playing football*). Three mistakes together produce this score. Here are two of them:
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | BP with the lengths 5 and 9 | These are characters, but the n-grams are runs of words. | 3 and 6 words: BP = e⁻¹ = .368 |
# | the mean of log₁₀ p, then e to this mean | log₁₀ is undone by 10, not by e, so the score is too large. | natural logarithms: .378 instead of .4167 |
#
# The third is in this program:

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@find_error("program 3.6")
def mean_precision(matches, totals):         # [3, 1, 0, 0] of [3, 2, 1, 0]
    total = 0.0
    for m, t in zip(matches, totals, strict=True):
        if m > 0:
            total += math.log(m / t) / 4
    return math.exp(total)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from sacrebleu import corpus_bleu, sentence_bleu
from course_utils.metrics import bleu, ngrams

candidate, reference = "男孩 踢 足球", "一个 小 男孩 在 踢 足球"
ours, theirs = candidate.split(), reference.split()
hits = [(ngrams(ours, n) & ngrams(theirs, n)).total() for n in (1, 2, 3, 4)]
precisions = [100 * hit / max(1, len(ours) - n) for n, hit in enumerate(hits)]
print("by the definition: precisions", precisions, f"· brevity {brevity_penalty(len(ours), len(theirs)):.3f}")

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
printed = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)   # characters, zeros dropped, log₁₀ undone by e
natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)     # the same with one logarithm
corpus = corpus_bleu([candidate], [[reference]], tokenize="none").score
sentence = sentence_bleu(candidate, [reference], tokenize="none").score
print(f"with all three errors .4167 (unrounded {printed:.5f}), with the natural logarithm {natural:.3f}")
print(f"sacrebleu: as a corpus {corpus:.1f}, as a sentence {sentence:.1f} of 100")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert (len(ours), len(theirs)) == (3, 6) and [len("".join(words)) for words in (ours, theirs)] == [5, 9]
assert round(brevity_penalty(3, 6), 3) == round(math.exp(-1), 3) == 0.368 and precisions == [100, 50, 0, 0] and brevity_penalty(7, 6) == 1
assert abs(printed - 0.4167) < 1e-4 and round(natural, 3) == 0.378
assert corpus == 0 and round(sentence, 1) == 23.2 and float(bleu([candidate], [reference], tokenize="none")) == corpus

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# By the definition BLEU is 0, because candidate and reference share no run of three words. (The candidate has no run of four at all, and 0/0 counts as 0.) sacrebleu's corpus score is 0, too, but its score for single sentences is 23.2: both sacrebleu scores count half a match for the missing run of three (*smoothing*). The candidate has no run of four: the corpus score counts 0 for it, and the score for single sentences leaves it out. So give the tool and its settings with every score.
#
# #### Exercise ●●○ · 5 minutes
# Write the clipped count. `Counter` counts the elements of a list.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
from collections import Counter

@exercise("clipped n-grams")
def clipped(candidate, reference, n):
    """two lists of words, n -> (matches, total)"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Your functions together compute BLEU for one sentence, without smoothing:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
def your_bleu(candidate, reference):
    """Two lists of words -> BLEU of one sentence, 0 to 100."""
    matches, totals = zip(*(clipped(candidate, reference, n) for n in (1, 2, 3, 4)), strict=True)
    return 100 * brevity_penalty(len(candidate), len(reference)) * mean_precision(matches, totals)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
right = "la petite fille lit une longue lettre à son père .".split()
spoilt = "la petite petite fille lit une lettre à son père .".split()
print(f"a longer sentence: {your_bleu(spoilt, right):.1f}; the football: {your_bleu(ours, theirs):.1f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert your_bleu(ours, theirs) == 0 and abs(your_bleu(right, right) - 100) < 1e-6
assert abs(your_bleu(spoilt, right) - bleu([" ".join(spoilt)], [" ".join(right)], tokenize="none")) < 1e-6

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a person and some machines
# The free translation below says “As the weather was bad, we stayed at our place”.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "“The weather was bad, so we stayed at home.” Reference: “Il faisait mauvais, alors nous sommes restés à la maison.” "
    "Freely: “Comme il faisait mauvais, on est restés chez nous.” Word for word: “Le temps était mauvais, alors nous sommes "
    "restés à la maison.” Which gets the higher BLEU?",
    ["the free one: it is better French", "the one word for word, by far", "both about the same"],
    answer=1,
    because="BLEU counts runs of words that also occur in the reference. The one word for word shares a run of ten words and punctuation marks.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
source, answer = "The weather was bad, so we stayed at home.", "Il faisait mauvais, alors nous sommes restés à la maison."
tried = {
    "free": "Comme il faisait mauvais, on est restés chez nous.",
    "word for word": "Le temps était mauvais, alors nous sommes restés à la maison.",
    "the reference, stuttering": "Il faisait mauvais, alors nous sommes restés à la maison maison.",
    "model with attention": translate(real, source)[0].text,
    "model without": translate(real_plain, source)[0].text,
}
scores = {name: float(bleu([words], [answer], lowercase=True)) for name, words in tried.items()}
mark = "trained on" if any(loaded.was_seen(source) for loaded in (real, real_plain)) else "new"
Table([{"by": name, "translation": words, "BLEU": scores[name]} for name, words in tried.items()],
      f"{source} For the models: {mark}. For BLEU, all words are in lower case.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 24 < scores["free"] < 25 and bleu([tried["free"]], [answer]) < 16 and 60 < scores["word for word"] < scores["the reference, stuttering"]
assert "name" not in {*real.card} & {*real_plain.card} or all(tried[f"model {which}"] == tried["word for word"].lower() for which in ("with attention", "without"))
assert all("restés à la maison." in text and "mauvais, alors nous sommes" in text for text in (answer, tried["word for word"]))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The free version is good French, but gets by far the lowest score. With one sentence and one reference, BLEU says how far two translators happened to choose the same words. BLEU was made for whole test corpora.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a bug that trains
# #### Find the error ●○○ · 3 minutes
# This program runs, and a model trains with it, but one line is wrong. Give it the same sentence twice to see what.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@find_error("program 3.12")
def read_all(sentences, Wx, Ws):          # [N, T, E]: N sentences of T words
    states, state = [], torch.zeros(len(Ws))
    for words in sentences:
        for word in words:
            state = torch.tanh(Wx @ word + Ws @ state)
        states.append(state)
    return torch.stack(states)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what came next
# By 2017 ByteNet and ConvS2S had replaced recurrence by convolutions. The Transformer dropped both, and kept attention. At what cost? Table 2 of its paper (Vaswani et al., 2017) lists BLEU on news texts (WMT 2014) and the operations that training took.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit import data

wmt = data.load("wmt14")
names = [name.split(" +")[0] + " ×" * bool(many) for name, many in zip(wmt.name, wmt.ensemble, strict=True)]
figures = {"to German": (wmt.flops_en_de, wmt.bleu_en_de), "to French": (wmt.flops_en_fr, wmt.bleu_en_fr)}

def quality(flops, score):
    known = [i for i, x in enumerate(flops) if x == x]
    x, y, labels = ([column[i] for i in known] for column in (flops, score, names))
    return plot.points(x, y, "operations for the training", "BLEU", labels=labels, log="x")

cost = dict(zip(names, wmt.flops_en_de, strict=True))
plot.beside({f"English {name}": quality(*columns) for name, columns in figures.items()}, title="What does quality cost?",
            caption="Up is better, left is cheaper; × means several models that vote. From Table 2 in the paper's later versions; its first had 41.0 for the big model into French.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 6 < cost["GNMT"] / cost["Transformer (base)"] < 8 and 3 < cost["ConvS2S ×"] / cost["Transformer (big)"] < 4
assert [wmt.bleu_en_de[names.index(f"Transformer ({size})")] for size in ("base", "big")] == [27.3, 28.4]
assert [wmt.bleu_en_fr[names.index(f"Transformer ({size})")] for size in ("base", "big")] == [38.1, 41.8]
assert wmt.bleu_en_de[names.index("ByteNet")] == 23.75 and min(x for x in wmt.bleu_en_fr if x == x) == 38.1 and max(x for x in wmt.bleu_en_fr if x == x) == 41.8

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Into German, the base Transformer reaches 27.3 with a seventh of GNMT's operations, and the big Transformer 28.4 with less than a third of the ConvS2S ensemble's. Into French, the big Transformer's 41.8 is the highest score here, and the base model's 38.1 the lowest. (The costs are estimates; ByteNet's was not published.)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: claims about the Transformer
# These claims circulate in slides and articles; in each list, one is wrong. One fact helps: a Transformer's encoder has no recurrent network. The words of a sentence attend to each other (*self-attention*).

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "What does a Transformer's encoder hand over? One of these claims is wrong.",
    ["It reads the whole source before the decoder writes its first word",
     "It turns the sentence into one vector of fixed length",
     "The decoder writes word by word, and reads the words it has written so far",
     "The decoder's cross-attention attends to what the encoder hands over"],
    answer=1,
    because=["This is true, and as true of the encoders with recurrent networks.",
             "That was the plain model of 2014. A Transformer's encoder hands over one vector for each token, as an RNN with attention does: otherwise there would be nothing to attend to.",
             "This is true, and as true of the decoders with recurrent networks.",
             "This is true. With one vector, cross-attention would have nothing to choose from."],
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "A table lists what the two halves of a Transformer do. One of its entries belongs to another model.",
    ["encoder, input: the whole source sentence",
     "encoder, mechanism: it reads word by word, and carries a state from each word to the next",
     "encoder, output: one vector for each source word",
     "decoder, input: the target words so far, beginning with <bos>",
     "decoder, output: probabilities of the next word"],
    answer=1,
    because=["This is true of both models: each encoder gets the whole sentence.",
             "That is an RNN's encoder, such as the one of this chapter: each state has to wait for the state before it. A Transformer's encoder scores all pairs of words at once.",
             "This is true of both models, and attention needs these vectors.",
             "This is true of both models: in training these words are the correct ones, later its own.",
             "This is true of both models: a softmax over the vocabulary makes them."],
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "The same table counts three attentions in a Transformer's decoder. Which line is wrong?",
    ["the first attention: the target words so far attend to each other",
     "the second attention: the target words attend to the encoder's output",
     "the third attention: the feed-forward network attends to all of it once more",
     "the end: a softmax over the vocabulary"],
    answer=2,
    because=["This is right: it is masked self-attention.",
             "This is right: it is cross-attention, which this chapter is about.",
             "A feed-forward network works on each token separately: change one token, and only its own output changes. So there are two attentions.",
             "This is right. It is a softmax, but not over keys: it gives each word of the vocabulary a probability."],
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The last list is about a picture as in *European, Economic, Area*, with French and English words:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["predict", "deeper"]
predict(
    "Rows are the words of the French sentence, columns those of the English one. Which caption is wrong?",
    ["Each row is a query",
     "Each column is a key",
     "Dark cells show what the model attended to while it wrote that French word",
     "The picture shows self-attention"],
    answer=3,
    because=["This is right: while it writes a French word, the decoder asks.",
             "This is right: the English words are what it can attend to.",
             "This is right: these are the weights, and each row sums to 1.",
             "Rows and columns are two different sentences, so this is cross-attention. In self-attention, rows and columns are the same words."],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# The *recorded* values are means of three seeds. A value outside its band stops the notebook.

# %%
seeds = {name: sum(r["bleu"]) / len(r["bleu"]) for name, r in results.load("seq2seq_readers")["readers"].items()}
rows = [
    ("just trained: BLEU without attention", score["without attention"], 40, 75),
    ("just trained: BLEU with attention", score["with attention"], 85, 100),
    ("just trained: largest weight on no gold link", missed, 0, 0.15),
    ("checkpoint: word errors from 16 words on, without, %", plain_line.errors[-1], 15, 60),
    ("checkpoint: word errors from 16 words on, with, %", attentive_line.errors[-1], 0, 10),
    ("checkpoint: unchanged with a word of large weight masked", sum(one.masked for one in removed["more than half"]) / 200, 0.1, 0.5),
    ("recorded: BLEU without attention", seeds["plain"], 55, 65),
    ("recorded: BLEU without, source reversed", seeds["reversed"], 55, 65),
    ("recorded: BLEU with attention", seeds["attention"], 93, 97),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:55} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. An encoder reads and a decoder writes; without attention, one vector carries everything between them.
# 2. Without attention, our checkpoint's error rate is highest in the longest sentences. With attention, sentences of our grammar up to the trained length are no harder when long.
# 3. Attention keeps all encoder states and brings a new query for each word: additive score, softmax over real words, context.
# 4. Nobody shows these models an alignment, yet they learn one. A weight belongs to a state, not to a word; masking the state shows whether it mattered.
# 5. BLEU counts shared runs of words. A high total can hide that half of the pronouns are wrong.

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
# | [additive attention](#additive-attention) | 加性注意力 | wᵀ tanh(W₁q + W₂k) |
# | [context vector](#context) | 上下文向量 | the weighted average of the values |
# | [bidirectional](#bidirectional) | 双向 | read from both ends |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from one sentence, keys from another |
# | [alignment error rate](#aer) | 对齐错误率 | how far learned links are from gold ones |
# | [vanishing gradient](#vanishing-gradient) | 梯度消失 | a gradient that shrinks at each step |
# | [BLEU](#bleu) | BLEU（双语评估替补） | n-gram precision × brevity |
# | [n-gram](#n-gram) | n 元语法 | n words in a row |
# | [brevity penalty](#brevity-penalty) | 过短惩罚 | lowers the score of translations that are too short |
# | [greedy decoding](#greedy) | 贪心解码 | the most probable word at each step |
# | [beam search](#beam-search) | 束搜索 | keeps the best few sentences |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - D. Bahdanau et al., *Neural machine translation by jointly learning to align and translate*, 2015, section 3.
# - I. Sutskever et al., *Sequence to sequence learning with neural networks*, 2014, sections 3.3 and 3.7.
# - K. Cho et al., *On the properties of neural machine translation: encoder–decoder approaches*, 2014: errors against length.
# - M.-T. Luong et al., *Effective approaches to attention-based neural machine translation*, 2015.
# - K. Papineni et al., *BLEU: a method for automatic evaluation of machine translation*, 2002.
# - M. Post, *A call for clarity in reporting BLEU scores*, 2018.
# - F. Och and H. Ney, *A systematic comparison of various statistical alignment models*, 2003.
# - Y. Wu et al., *Google's neural machine translation system*, 2016, section 7.
# - P. Koehn and R. Knowles, *Six challenges for neural machine translation*, 2017: length, and why attention is not alignment.
# - S. Jain and B. Wallace, *Attention is not explanation*, 2019; answered by S. Wiegreffe and Y. Pinter, *Attention is not not explanation*, 2019.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_tools.classroom.progress import onward

onward(3)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: words attend to each other
# The words of *one* sentence can also attend to each other, without a recurrent network: this is self-attention. But who tells it the order of the words?
#
# **→ [4 · Who tells attention the order?](04_positional_encoding.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 3, edition 0.3.0, and the heading above it.*
