# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3 · Annex: translators, scores and maps
# Each section stands alone: choose one by its question. Run the first cell before any of them; it loads models that were trained before. It belongs to [the lesson](03_seq2seq.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import torch
import course_kit
from chapters.ch03 import again, exercise, find_error, hint, labs, solution
from chapters.ch03.experiments import knocked_out
from chapters.ch03.lesson import Lesson, checkpoint, translations
from course_kit import results
from course_kit.views import Table, heatmap, plot, predict
from course_kit import text
from course_utils.attention import masked_softmax
from course_kit.decoding import translate
from IPython.display import display

runtime = course_kit.setup()
lesson = Lesson("en-fr")
untrained = {
    "without attention": lesson.model(attention=False),
    "with attention": lesson.model(),
}
plain_checkpoint = checkpoint(
    "seq2seq-plain-en-fr-grammar", instead=lesson.loaded(untrained["without attention"])
)
attentive_checkpoint = checkpoint(
    "seq2seq-attention-en-fr-grammar", instead=lesson.loaded(untrained["with attention"])
)
real = checkpoint("seq2seq-attention-en-fr", instead=attentive_checkpoint)
plain, attentive = plain_checkpoint.model.eval(), attentive_checkpoint.model.eval()
both = {"without attention": plain, "with attention": attentive}

# %% [markdown]
# The two checkpoints of our grammar are the lesson's `Translator`, with attention and without, but with a hidden layer before the output, and with *dropout*, which sets some numbers to 0 at random while a model learns, so that it cannot rely on any single one. Without attention, $c$ enters each of the decoder's steps, too. They were trained for 1,500 steps.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in {*plain_checkpoint.card} & {*attentive_checkpoint.card} or [one.card["training"]["steps"] for one in (plain_checkpoint, attentive_checkpoint)] == [1500, 1500]

# %% [markdown]
# ## Which vector does the decoder read?
# Step through two translations, one by each of the checkpoints. You see 8 numbers of each state.

# %% jupyter={"source_hidden": true} tags=["lab"]
labs.states_side_by_side(
    lesson,
    attentive_checkpoint,
    plain_checkpoint,
    "the animal was too tired .",
    caption="Without attention the translation ends in “fatiguée”, with attention in "
    "“fatigué”, which is right. The [output|context] "
    "of each [query|word] is made of the encoder's [value|states]. Without attention, "
    "every word reads the same vector.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not plain_checkpoint.was_seen("the animal was too tired .") and not attentive_checkpoint.was_seen("the animal was too tired .")
assert "name" not in plain_checkpoint.card or lesson.translate(plain_checkpoint.model, "the animal was too tired .")[0].tokens[-2] == "fatiguée"
assert "name" not in attentive_checkpoint.card or ((agrees := lesson.translate(attentive_checkpoint.model, "the animal was too tired .")[0]).tokens[-2] == "fatigué" and agrees.weights[-2][agrees.source_tokens.index("tired")] > 0.95 and agrees.weights[-2][agrees.source_tokens.index("animal")] < 0.02)
assert attentive_checkpoint.model.encoder.gru.bidirectional and attentive_checkpoint.model.decoder.gru.input_size == 128  # no context enters the decoder's state

# %% [markdown]
# *fatigué* agrees with the masculine *animal*, whereas *fatiguée* is the feminine form. Yet the attentive checkpoint hardly attended to “animal” when it chose *fatigué*.
#
# How can the gender of a noun reach an adjective? There are four routes:
#
# 1. through the encoder state of “animal”, if this state gets weight, but here its weight is less than 0.02;
# 2. through the encoder state of another word, because the encoder has read “animal” there, too: here the state of “tired” gets more than 0.95;
# 3. through the decoder's first state, $s_0$, which is made from $c$ and passed on from state to state: no weight shows it;
# 4. through the French written so far, which begins with *l' animal*.
#
# The weights alone do not say which route the model took.

# %% [markdown]
# ## Two tables that circulate
# The first compares a *traditional* decoder with one that has *attention*, in four steps:
#
# | step | traditional | with attention |
# |---|---|---|
# | encode | read it all, keep the last state | read it all, keep every state |
# | context | one vector, the same for each word | a weighted average, new for each word |
# | decode | state and context give the next state | the same |
# | generate | the most probable word | the same |
#
# (Our model decodes first, and then makes the context.) In which step do the printed shapes differ?

# %% tags=["nbval-check-output"]
sentence = "the animal was too tired ."
ids, begin = torch.tensor([lesson.source.encode(sentence)]), torch.tensor([[text.BOS]])
mask = torch.ones_like(ids, dtype=torch.bool)
for name, model in {"traditional": plain, "attention": attentive}.items():
    states, c = model.encoder(ids, mask)  # encode: read it all
    context = c if model is plain else states  # context: one vector, or all of them
    first = model.decoder.begin(c)
    # decode: one word further
    logits, weights, last = model.decoder(begin, first, states, c, mask)
    word = logits[:, 0].argmax(-1)  # generate: the best of all words
    shapes = [tuple(x.shape) for x in (states, context, last, word)]
    print(
        "{:11} encode {} · context from {} · decode {} · generate {}".format(
            name, *shapes
        )
    )

# %% jupyter={"source_hidden": true} tags=["asserts"]
from course_utils.seq2seq import look_back

own = attentive.decoder
query = torch.cat([last[0], torch.ones(1, 1)], -1)  # the 1 meets the bias b, one more row of W1
_, looked = look_back(query, states, mask, torch.cat([own.W1, own.b[None]]), own.W2, own.w)
assert torch.allclose(looked, weights[:, 0], atol=1e-4)

# %% [markdown]
# Only the context step differs: without attention it uses one vector, with attention all states.

# %% [markdown]
# The second table lists the halves of a Transformer, and mixes them up with those of this chapter. One fact helps: a Transformer's encoder has no recurrent network. In each list one line is wrong.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "What does a Transformer's encoder hand over? One of these claims is wrong.",
    [
        "It reads the whole source before the decoder writes its first word",
        "It turns the sentence into one vector of fixed length",
        "The decoder writes word by word, and reads the words it has written so far",
        "The decoder's cross-attention attends to what the encoder hands over",
    ],
    answer=1,
    because=[
        "This is true, and as true of the encoders with recurrent networks.",
        "That was the plain model of 2014. A Transformer's encoder hands over one "
        "vector for each token, as an RNN with attention does: otherwise there would "
        "be nothing to attend to.",
        "This is true, and as true of the decoders with recurrent networks.",
        "This is true. With one vector, cross-attention would have nothing to choose "
        "from.",
    ],
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "A table lists what the two halves of a Transformer do. One of its entries belongs "
    "to another model.",
    [
        "encoder, input: the whole source sentence",
        "encoder, mechanism: it reads word by word, and carries a state from each word "
        "to the next",
        "encoder, output: one vector for each source word",
        "decoder, input: the target words so far, beginning with <bos>",
        "decoder, output: probabilities of the next word",
    ],
    answer=1,
    because=[
        "This is true of both models: each encoder gets the whole sentence.",
        "That is an RNN's encoder, such as the one of this chapter: each state has to "
        "wait for the state before it. A Transformer's encoder scores all pairs of "
        "words at once.",
        "This is true of both models, and attention needs these vectors.",
        "This is true of both models: in training these words are the correct ones, "
        "later its own.",
        "This is true of both models: a softmax over the vocabulary makes them.",
    ],
)

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "The same table counts three attentions in a Transformer's decoder. Which line is "
    "wrong?",
    [
        "the first attention: the target words so far attend to each other",
        "the second attention: the target words attend to the encoder's output",
        "the third attention: the feed-forward network attends to all of it once more",
        "the end: a softmax over the vocabulary",
    ],
    answer=2,
    because=[
        "This is right: it is masked self-attention.",
        "This is right: it is cross-attention, which this chapter is about.",
        "A feed-forward network works on each token separately: change one token, and "
        "only its own output changes. So there are two attentions.",
        "This is right. It is a softmax, but not over keys: it gives each word of the "
        "vocabulary a probability.",
    ],
)

# %% [markdown]
# The last list is about a map like those of the lesson, with French and English words:

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Rows are the words of the French sentence, columns those of the English one. Which "
    "caption is wrong?",
    [
        "Each row is a query",
        "Each column is a key",
        "Dark cells show what the model attended to while it wrote that French word",
        "The picture shows self-attention",
    ],
    answer=3,
    because=[
        "This is right: while it writes a French word, the decoder asks.",
        "This is right: the English words are what it can attend to.",
        "This is right: these are the weights, and each row sums to 1.",
        "Rows and columns are two different sentences, so this is cross-attention. In "
        "self-attention, rows and columns are the same words.",
    ],
)

# %% [markdown]
# ## Is the query the state before or after?
# Each step reads one French word, $y_{t-1}$. The query can be the state before this step or after it:
#
# | | first | then |
# |---|---|---|
# | Bahdanau | the query $s_{t-1}$ gives $c_t$ | $s_t=f(s_{t-1},\,y_{t-1},\,c_t)$ |
# | Luong, and ours | $s_t=f(s_{t-1},\,y_{t-1})$ | the query $s_t$ gives $c_t$ |
#
# Luong writes $h_t$ for our $s_t$. His model can also feed $\tanh([s_t;\,c_t]\,W_r)$ into the decoder's next step (*input feeding*).
#
# ### Exercise ●●● · 8 minutes
# Write one step in Bahdanau's order, with plain dot products as scores. The recurrent cell is $\tanh([\text{embedding};\text{context}]\,W_x+s\,W_s)$, and the logits are $[\text{state};\text{context}]\,W_o$.

# %% tags=["exercise"]
@exercise("one decoder step")
def decoder_step(word, state, keys, mask, E, Wx, Ws, Wo):
    """word [B], state [B, D], keys [B, K, D], mask [B, K], E [V, D], Wx [2D, D], Ws [D, D], Wo [2D, V]
    -> logits [B, V], new state [B, D]"""
    raise NotImplementedError

# %% [markdown]
# In training the whole translation is known. **Guess:** in which of the two orders can attention and output be computed for all words at once?

# %% [markdown]
# <details><summary>Answer</summary>
#
# In Luong's. His query $s_t$ needs no context (without input feeding), so all states can be computed first, and then one call computes the attention of the whole sentence; our checkpoints do so. In Bahdanau's, each state $s_t$ needs its context first, so each word has to wait for the word before.
#
# </details>

# %% [markdown]
# ### A decoder of your own
# Your loss and your loop of the lesson and your decoder step make a decoder. Its four matrices start as random numbers; the encoder is your trained one, unchanged. **Guess:** how much French does your decoder learn in two hundred steps?

# %%
from torch import nn
from chapters.ch03.exercises.answers import greedy
from course_utils.loss import masked_loss
from course_kit.training import fit, warm_then_fall

V, draw = len(lesson.target), torch.Generator().manual_seed(6)
shapes = (V, 128), (256, 128), (128, 128), (256, V)  # E, Wx, Ws, Wo
own = nn.ParameterList(torch.randn(*shape, generator=draw) / 128**0.5 for shape in shapes)

# %%
def own_loss(own, batch):
    """Your decoder_step, word after word, and then your masked_loss."""
    with torch.no_grad():
        states, state = attentive.encoder(batch.source, batch.source_mask)
    rows = []
    for word in batch.target_in.unbind(1):
        logits, state = decoder_step(word, state, states, batch.source_mask, *own)
        rows.append(logits)
    return masked_loss(torch.stack(rows, 1), batch.target_out, batch.target_mask)

# %% tags=["training"]
own_steps = {"class": 200, "full": 1000}[runtime.profile]
trial = next(iter(lesson.batches))
before = own_loss(own, trial).item()
own_run = fit(
    own,
    lesson.batches,
    own_loss,
    steps=own_steps,
    lr=1e-2,
    clip=1.0,
    schedule=warm_then_fall(own_steps),
    title="Training your own decoder",
)

# %%
def own_translation(source):
    """Your greedy loop around your step: English words -> French words."""
    ids = torch.tensor([lesson.source.encode(source)])
    mask = torch.ones_like(ids, dtype=torch.bool)
    states, c = attentive.encoder(ids, mask)

    def one_word(word, state):
        word = torch.tensor([int(word)])
        logits, state = decoder_step(word, state, states, mask, *own)
        return logits[0], state

    return lesson.target.tokens(
        greedy(one_word, c, text.BOS, text.EOS, 40).tolist()
    )

# %%
from chapters.ch03.lesson import edits

three = lesson.ladder((5, 8, 11))
for example in three:
    print(
        " ".join(example.source),
        "→",
        *own_translation(example.source),
        "· reference:",
        *example.target,
    )
own_errors = sum(
    edits(own_translation(example.source), example.target) for example in three
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert before > 5 and own_loss(own, trial).item() < 0.4 * before and own_errors < sum(len(e.target) for e in three) / 2

# %% [markdown]
# Your decoder gets most of these words right. In training it read correct words; here it reads its own, with their errors (**exposure bias**, Ranzato et al. 2016). And nothing makes a decoder keep track of what is already translated, so it may repeat some words and drop others.

# %% [markdown]
# ## Is c too small?
# In a recorded experiment without attention, $c$ has 16, 64, 128 or 256 numbers. These models are larger than yours, and they differ only in the size of $c$ and of the matrices that make it or read it. **Guess:** which sizes cause more errors, and in sentences of which length?

# %%
widths = results.load("seq2seq_widths")
by_width = {
    width: [sum(column) / len(column) for column in zip(*runs, strict=True)]
    for width, runs in widths["errors"].items()
}
Table(
    [
        {"numbers in c": int(width)}
        | {
            f"{words:.0f} words": f"{error:.0f} %"
            for words, error in zip(widths["lengths"], line, strict=True)
        }
        for width, line in by_width.items()
    ],
    "Word errors by length of the source, without attention. All states have "
    f"{widths['model_size']} features; {widths['steps']:,} steps; means of three "
    f"seeds. {widths.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert widths["seeds"] == [0, 1, 2] and widths["model_size"] == 256 and [*by_width] == ["16", *(wide := ("64", "128", "256"))] and widths["steps"] == 2000
assert all(min(run[n] for run in widths["errors"]["16"]) > max(run[n] for w in wide for run in widths["errors"][w]) for n in range(5))
assert all(by_width["64"][n] - 1 < by_width["128"][n] and max(by_width["64"][n], by_width["128"][n]) < by_width["256"][n] for n in range(5))
assert all(run[4] > max(run[:4]) + 8 for w in wide for run in widths["errors"][w])

# %% [markdown]
# With 16 numbers, sentences of every length have more errors. But more than 64 numbers do not help (256 even do slightly worse than 64), and the longest sentences stay the worst. So from 64 numbers on, the size of $c$ is not what limits these models after 2,000 steps.
#
# One candidate that remains is slow learning: without attention, the checkpoint's BLEU still rose by 4 points in the last fifth of its training, so longer training might close part of the gap. We did not try it.

# %% [markdown]
# ## Two harder tests
# Now sentences that are longer than any in training, and pairs of words that never met in training. **Guess:** which of the two costs more points of BLEU?

# %%
from course_kit.data.parallel import load_parallel

score = {name: lesson.bleu(model, "test", 200) for name, model in both.items()}
longer, unseen = (
    {name: lesson.bleu(model, split, 200) for name, model in both.items()}
    for split in ("long", "unseen")
)
clauses = {
    split: {e.clauses for e in load_parallel("en-fr", split)}
    for split in ("train", "long")
}
print(
    "longest training sentence:",
    max(len(e.source) for e in lesson.examples("train")),
    "words; clauses:",
    clauses,
)
print("BLEU at 25 to 40 words:", {name: round(score) for name, score in longer.items()})
print(
    "BLEU on pairs of words that never met in training:",
    {name: round(score) for name, score in unseen.items()},
)
lesson.table(
    {"with attention": attentive},
    lesson.examples("long")[:1],
    "The first of the long sentences.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert longer["with attention"] > longer["without attention"] + 15 and 0.3 < longer["with attention"] / score["with attention"] < 0.75
assert max(len(e.source) for e in lesson.examples("train")) == 24 and unseen["with attention"] > score["with attention"] - 10
assert [{e.clauses for e in load_parallel("en-fr", split)} for split in ("long", "train")] == [{4}, {1, 2, 3}] and min(20 - 10, 10 - 1) == 9
assert {len(e.source) for e in lesson.examples("long")} <= {*range(25, 41)}

# %% [markdown]
# With attention, new pairs of words cost few points of BLEU, but on the long sentences BLEU falls to about half. Length need not be the reason, because these sentences also have four clauses each; training sentences have at most three.

# %% [markdown]
# ## Does it help to read backwards?
# <a id="reversed-source"></a>
# Before attention there was a trick: feed the source *backwards* (Sutskever et al., 2014). Then the first source word comes right before the first target word, which makes the beginning of the translation easier to learn. Their encoder read in one direction, ours reads in both. **Guess:** can the trick help our encoder?

# %%
recorded = results.load("seq2seq_readers")
mean = {
    name: [sum(x) / len(x) for x in zip(*r["by_length"], strict=True)]
    for name, r in recorded["readers"].items()
}
total = {name: sum(r["bleu"]) / len(r["bleu"]) for name, r in recorded["readers"].items()}
plot.lines(
    {
        name: (recorded["lengths"], mean[name])
        for name in ("attention", "plain", "reversed")
    },
    "words in the source",
    "BLEU",
    title="Does it help to read backwards?",
    caption=f"Means of {len(recorded['seeds'])} seeds, {recorded['steps']} steps each. "
    f"{recorded.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert recorded["steps"] == 1000 and total["attention"] > total["plain"] + 30 and abs(total["reversed"] - total["plain"]) < 2
assert sorted(b > a for a, b in zip(*(recorded["readers"][name]["bleu"] for name in ("plain", "reversed")), strict=True)) == [False, True, True]

# %%
for name, r in recorded["readers"].items():
    print(f"{name:12} BLEU, seed by seed: {r['bleu']}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. The two directions of our encoder are built alike, so reversing the source only exchanges them. The differences, up in two seeds and down in one, must be chance. The next section has encoders with one direction.
#
# </details>

# %% [markdown]
# ## Does reversing help an encoder with one direction?
# Sutskever's encoder had one direction, and the reversed source raised BLEU from 25.9 to 30.6. At first the authors had expected better words only at the beginning of a translation, and worse ones at its end. <!-- source: Sutskever et al. 2014, section 3.3 -->
#
# We trained small encoders of this kind on our sentences. **Guess:** does reversing help them without attention, and with it?

# %% jupyter={"source_hidden": true}
one_way, shorter = (
    results.load("seq2seq_one_way"),
    results.load("seq2seq_one_way_shorter"),
)
rows, kinds = [], {"plain": "without", "attention": "with"}
for record in (one_way, shorter):
    for name, r in record["readers"].items():
        reader, order = name.split(", ")
        three = {
            part: sum(x) / len(x)
            for part, x in zip(
                ("beginning", "middle", "end"),
                zip(*r["thirds"], strict=True),
                strict=True,
            )
        }
        rows.append(
            {
                "attention": kinds[reader],
                "steps": record["steps"],
                "source": order,
                "BLEU, seed by seed": " · ".join(f"{x:.1f}" for x in r["bleu"]),
                "mean": f"{sum(r['bleu']) / len(r['bleu']):.1f}",
            }
            | {f"loss, {part}": f"{x:.3f}" for part, x in three.items()}
        )
Table(
    rows,
    f"Encoders with one direction, on {one_way['sentences']:,} held-out sentences. The "
    "loss is split into thirds of each translation; means of three seeds. "
    f"{one_way.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
def gains(record, reader, what):
    return [b - a for a, b in zip(*(record["readers"][f"{reader}, {order}"][what] for order in ("as it is", "reversed")), strict=True)]

assert one_way["seeds"] == shorter["seeds"] == [0, 1, 2] and one_way["steps"] == 2 * shorter["steps"] == 2000 and shorter["lr"] == 2 * one_way["lr"]
assert [round(x, 1) for x in gains(one_way, "plain", "bleu")] == [1.4, 2.6, 5.2] and max(gains(one_way, "plain", "loss")) < 0
thirds = [one_way["readers"][f"plain, {order}"]["thirds"] for order in ("as it is", "reversed")]  # of each seed
less = [[a - b for a, b in zip(*runs, strict=True)] for runs in zip(*thirds, strict=True)]
assert min(min(seed) for seed in less) > 0 and (mean_less := [sum(x) / 3 for x in zip(*less, strict=True)])[2] < 0.6 * min(mean_less[:2])
with_attention = gains(one_way, "attention", "bleu")
assert sorted(x > 0 for x in with_attention) == [False, True, True] and sum(with_attention) / 3 < 1
assert [round(max(r["bleu"]) - min(r["bleu"])) for r in shorter["readers"].values()] == [27, 30] and sorted(x > 0 for x in gains(shorter, "plain", "bleu")) == [False, False, True]

# %% [markdown]
# <details><summary>Answer</summary>
#
# Without attention, each seed gained: 1.4, 2.6 and 5.2 points of BLEU. The loss fell at the beginning, in the middle and even at the end of the translations, but only half as much there. With attention, BLEU rose in only two of three seeds, which may be chance: in either order, each $h_i$ is one step from the output.
#
# Three seeds are few, and the settings matter. With half the steps at twice the learning rate, which we tried first, the seeds ended 27 to 30 points apart, and reversing helped only one of the three.
#
# </details>

# %% [markdown]
# ## How far does a gradient reach?
# <a id="vanishing-gradient"></a>
# Training follows the *gradient*, which says how much the result changes when a number changes a little. The gradient is computed backwards, and each recurrent step on the way multiplies it by a matrix. A gradient that shrinks at each step **vanishes**; one that grows **explodes** (Bengio et al., 1994).
#
# **Guess:** before training, we change each of sixteen source words a little. Which change moves the last target word most, without attention and with attention?

# %%
from chapters.ch03.experiments import reach

u, flat = (
    reach(lesson, lesson.model(attention=kind).eval()) for kind in (False, True)
)
Table(
    [
        {"source word": name}
        | {str(i): f"{share:.0%}" for i, share in enumerate(shares.tolist(), 1)}
        for name, shares in zip(untrained, (u, flat), strict=True)
    ],
    "Shares of the last target word's gradient. Untrained models, means over twenty "
    "sentences of sixteen words.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 20 * u.min() < min(u[0], u[-1]) < 60 * u.min() and flat.max() < 1.5 * flat.min()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Without attention, the first *and* the last word: each has over twenty times the share of the weakest word. Our encoder reads from both ends, so these two words are one recurrent step from $c$. With attention, all words have about equal shares, because each $h_i$ is one step from the output and untrained weights are nearly equal.
#
# </details>

# %% [markdown]
# ### Sixty steps
# In a GRU, a gate $z_i$, computed from $x_i$ and $h_{i-1}$, decides for each feature how much of the old state is kept. The rest comes from a new proposal, $\tilde h_i$, in which a second gate, the *reset gate*, decides how much of $h_{i-1}$ is used (⊙ multiplies feature by feature):
#
# $$ h_i=z_i\odot h_{i-1}+(1-z_i)\odot\tilde h_i $$

# %% [markdown]
# Here are five small untrained networks with sixty inputs:
#
# - *RNN × 0.9* and *RNN × 1.5*: the recurrent matrix is 0.9 or 1.5 times an orthogonal one, which changes no vector's length;
# - *GRU*, with PyTorch's initial values;
# - *GRU, keeping*: we add 4 to the input of the gate $z_i$, before its sigmoid, so that $z_i$ is near 1 and the state keeps nearly everything;
# - *attention*: the first RNN again, but its output is the attention average of all states instead of the last state.
#
# In which network does the gradient vanish fastest?

# %%
from chapters.ch03.experiments import felt

kinds = {
    "attention": felt("attention", gain=0.9),
    "RNN × 0.9": felt("rnn", gain=0.9),
    "GRU": felt("gru"),
    "GRU, keeping": felt("gru", kept=4.0),
    "RNN × 1.5": felt("rnn", gain=1.5),
}
far = {name: (line[-1] / line[0]).item() for name, line in kinds.items()}
plot.lines(
    {name: (range(60), line) for name, line in kinds.items()},
    "steps from the end",
    "size of the gradient",
    log="y",
    title="How much does each input move the end?",
    caption="Untrained networks. With attention, every input is one step away from the "
    "output.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
grown64 = far["RNN × 1.5"]
assert 62 < grown64 < 66 and 0.625 < far["GRU"] ** (1 / 59) < 0.635
assert 0.83 < far["RNN × 0.9"] ** (1 / 59) < 0.87 and 60 < far["RNN × 1.5"] < 70 and far["GRU"] < 1e-10
assert 0.6 < far["GRU"] ** (1 / 59) < 0.66 and 0.34 < far["GRU, keeping"] < 0.5 and kinds["attention"].max() < 2 * kinds["attention"].min()
assert 20 < kinds["GRU"][0] / kinds["GRU, keeping"][0] < 32
assert 1.2 < min(grown := [(line[-1] / line[0]).item() for line in (felt("rnn", gain=1.5, seed=seed) for seed in range(1, 6))]) < 2.5 and 93.5 < max(grown) < 94.5 and 1.65 < min(grown) < 1.75
assert all((line[-1] / line[0]).item() < 1e-10 for line in (felt("gru", seed=seed) for seed in range(1, 6)))
assert all((line[-1] / line[0]).item() < 5e-13 for line in (felt("rnn", gain=None, seed=seed) for seed in range(6)))
assert all((line[-1] / line[0]).item() > 1e-7 for line in (felt("rnn", gain=0.9, seed=seed) for seed in range(1, 6)))

# %% [markdown]
# The gradient vanishes fastest in the *GRU*, also with five other random starts. Each step multiplies its gradient by about 0.63: the gates start half open, so half goes along the kept state, and the rest through the proposal. $0.63^{59}$ is about $10^{-12}$. But the initial values matter, too: a plain RNN with PyTorch's own loses even more.
#
# In *RNN × 1.5* the gradient becomes about 64 times as large here, and 1.7 to 94 times with the other five starts, but never $1.5^{59}$ times, because tanh has a slope below 1.
#
# In *GRU, keeping*, the first input's gradient is more than a third of the last input's. But a state that keeps nearly everything takes in little of each new input.

# %% [markdown]
# ## Does it invent words?
# Bahdanau's famous example is *the European Economic Area*. We give it to the attentive checkpoint, which was trained on our grammar, and to another one with attention, which was trained on real sentences.

# %% jupyter={"source_hidden": true}
area, invented = (
    translate(model, "We live in the European Economic Area.", beam=1)[0]
    for model in (attentive_checkpoint, real)
)
Table(
    [
        {
            "checkpoint": name,
            "this sentence is": "trained on" if found.seen else "new",
            "translation": found.text,
            "largest weights": "(of pieces of words)"
            if found is invented
            else ", ".join(
                f"{word} ← {found.source_tokens[row.argmax()]}"
                for word, row in zip(
                    found.tokens[-4:-1], found.weights[-4:-1], strict=True
                )
            ),
        }
        for name, found in {"our grammar": area, "real sentences": invented}.items()
    ],
    "We live in the European Economic Area. A correct translation: nous vivons dans "
    "l'espace économique européen.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in {*attentive_checkpoint.card} & {*real.card} or all([found.source_tokens[row.argmax()] for row in found.weights[-4:-1]] == [noun, "economic", "european"] for found, noun in ((area, "area"),))
assert "name" not in {*attentive_checkpoint.card} & {*real.card} or (area.seen and not invented.seen and "zone" in area.tokens and not {"zone", "espace"} & set(invented.text.split()))

# %% [markdown]
# The first checkpoint was trained on this very sentence, so it proves little that its words come in the right order. The second meets the sentence for the first time. It writes in *subwords*, pieces of words, and here it joins pieces into a word that does not exist.

# %% [markdown]
# ## What if it may attend only nearby?
# Luong's *local attention* attends only near one source position $p_t$, which the decoder's state predicts: the weight of the word at position $j$ is multiplied by chapter 1's Gaussian, $\exp\big(-(j-p_t)^2/2\sigma^2\big)$. We set $p_t=t$, as in his *local-m*, but keep the Gaussian. **Guess:** which French words lose most of their weight?

# %%
crisis = translate(
    attentive_checkpoint, "My aunt is discussing the European economic crisis.", beam=1
)[0]
from course_utils.kernels import gaussian_kernel

writes, reads = torch.arange(len(crisis.tokens)), torch.arange(len(crisis.source_tokens))
kept = (
    crisis.weights * gaussian_kernel((reads - writes[:, None]).float(), width=1.0)
).sum(-1)
print(
    "kept with σ = 1:",
    ", ".join(
        f"{word} {share:.0%}"
        for word, share in zip(crisis.tokens, kept.tolist(), strict=True)
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert {crisis.tokens[i] for i in kept.argsort()[:2].tolist()} == {"crise", "européenne"} and kept.sort().values[1] < 0.4 < 0.9 < kept.max()

# %% [markdown]
# *crise* and *européenne* lose most, because their English words are two positions away. If words move further than the window is wide, $p_t$ has to be predicted.
#
# *Hard attention* (Xu et al., 2015) draws one state, with the weights as probabilities. A draw has no derivative, so training can only estimate the gradient.

# %% [markdown]
# ## How good are such alignments?
# The program that made our sentences knows which word translates which; these links are called *gold*. Here is a long new sentence for which the attentive checkpoint's translation is identical to the reference. The boxes mark the gold links. Which words attend elsewhere, and does it matter?

# %% tags=["lab"]
written = lesson.write(attentive, lesson.examples("test")[:200])
fits = [
    e
    for e, w in zip(lesson.examples("test"), written, strict=False)
    if " ".join(e.target) == w
]
right = next(e for e in fits if 12 < len(e.source) < 16)  # so the gold links fit
found = lesson.translate(attentive, " ".join(right.source))[0]
gold = {
    word: {source for target, source in right.links if target == word}
    for word, _ in right.links
}
off = [
    f"{found.tokens[word]} on {found.source_tokens[heaviest]}"
    for word in sorted(gold)
    if (heaviest := int(found.weights[word].argmax())) not in gold[word]
]
print("largest weight outside the box:", ", ".join(off) or "no word")
labs.alignment(
    found, right.links, languages=("en", "fr"), title="Does it attend where it should?"
)

# %% [markdown]
# Here it does not matter (but we chose a correct translation). A word's own weight may not be needed, because the states of other words have read the right word, too, and the French so far helps.
#
# How often is the largest weight on no gold link? We count over all test sentences, with teacher forcing, because gold links exist only for the words of the reference:

# %%
from chapters.ch03.experiments import misses

missed, near, by_chance = misses(lesson, attentive)
print(f"words whose largest weight is on no gold link: {missed:.0%}")
print(
    f"of these words, on a neighbour of the right word: {near:.0%} (if all wrong words "
    f"were equally likely: {by_chance:.0%})"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert missed < 0.1 and 0.4 < near < 0.95 and by_chance < 0.3

# %% [markdown]
# ### One number for an alignment
# <a id="aer"></a>
# To compare alignments, we link each French word to the English word to which it gives most weight; these links are the set $A$. Not all gold links are equally certain. In *his car* → *sa voiture*, the links *sa*–his and *voiture*–car are *sure*. The link *sa*–car is only *possible*: *voiture* translates “car”, and *sa* has to agree with *voiture*.
#
# The set $S$ holds the sure links, the set $P$ the sure and the possible links. $A$ should contain all of $S$ and nothing outside $P$. The **alignment error rate** measures this (0 is perfect):
#
# $$ \mathrm{AER}=1-\frac{|A\cap S|+|A\cap P|}{|A|+|S|} $$
#
# If $A$ links both French words to *car*, one of its two links is in $S$ and both are in $P$: $1-(1+2)/(2+2)=0.25$.

# %%
from chapters.ch03.experiments import Diagonal

aer, diagonal = lesson.alignment_error(attentive), lesson.alignment_error(Diagonal())
print(
    f"AER on {len(lesson.examples('test')):,} new sentences: {aer:.2f}; of the plain "
    f"diagonal: {diagonal:.2f}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert aer < 0.15 and 0.3 < diagonal < 0.4 and 3 * aer < diagonal
assert (his := next(e for e in lesson.examples("test") if " ".join(e.source) == "he repaired his car .")).target[3:5] == ("sa", "voiture")
assert {x for x in his.links if x[0] in (3, 4)} == {(3, 2), (4, 3)} and {x for x in his.possible - his.links if x[0] in (3, 4)} == {(3, 3)} and 1 - (1 + 2) / (2 + 2) == 0.25

# %% [markdown]
# The model's AER is less than a third of the *diagonal's*, which links words at the same relative position.

# %% [markdown]
# ## How often is the pronoun right?
# In *new* twins each sentence contains a noun that appears in no twin of the training set. Always writing *il* would be right in about half. A fairer measure asks for *both* sentences of a pair: then always writing *il* scores 0.

# %% jupyter={"source_hidden": true}
from chapters.ch03.experiments import pairs_right, pronouns, twins_bleu

new_twins, rows = lesson.examples("twins"), []
for name, model in both.items():
    right, il = pronouns(lesson, model)
    pairs, count = pairs_right(lesson, model)
    rows.append(
        {
            "": name,
            "right pronouns": f"{right:.0%}",
            "writes il": f"{il:.0%}",
            "both of a pair right": f"{pairs:.0%}",
        }
    )
Table(rows, f"{len(new_twins)} new sentences, {count} pairs.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(e.twin.held_out for e in new_twins)
assert "name" not in attentive_checkpoint.card or [int(row["right pronouns"][:-1]) for row in rows] == [82, 86]
assert "name" not in attentive_checkpoint.card or [int(row["both of a pair right"][:-1]) for row in rows] == [66, 76] and count == 368

# %% [markdown]
# With one training of each, the difference between 66 and 76 % may be chance. Would BLEU have told you how often the pronoun is wrong?

# %% jupyter={"source_hidden": true}
on_twins, fine, spoilt_ones = twins_bleu(lesson, attentive)
print(
    f"with attention: BLEU on the new twins {on_twins:.0f}; with the right pronoun "
    f"{fine:.0f}, with a wrong one {spoilt_ones:.0f}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert fine > 96 and 60 < spoilt_ones < 82 and on_twins > 88

# %% [markdown]
# No: the translations with a wrong pronoun score far less, but a single total hides them.

# %% [markdown]
# ## Masked or deleted?
# There are two ways to take a word away. *Masked*, it gets no weight, but the encoder has read it. *Deleted*, it was never there. First two pronouns:

# %% jupyter={"source_hidden": true}
pronouns_without = {}
for adjective, word in (
    ("wide", "."),
    ("tired", "it"),
    ("wide", "wide"),
    ("wide", "street"),
):
    sentence = f"the animal didn't cross the street because it was too {adjective} ."
    masked = next(
        one for one in knocked_out(attentive_checkpoint, sentence) if one["name"] == word
    )
    pronouns_without[adjective, word] = masked["tokens"][9:12]
    print(f"… too {adjective} . without “{word}”:", *masked["tokens"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in attentive_checkpoint.card or {key: "elle" in words for key, words in pronouns_without.items()} == {("wide", "."): False, ("tired", "it"): True, ("wide", "wide"): True, ("wide", "street"): True} and "il" in pronouns_without["wide", "."]

# %% [markdown]
# Without the full stop, *elle* becomes *il*; without "it", *il* becomes *elle*. So the model needed the states of these two tokens, although neither token is a noun. Without "wide", *elle* stays. It also stays without "street", but there the model has already written another feminine noun, with which it may agree.

# %% [markdown]
# Then 200 sentences, in each of which one word is taken away: a word with a large weight, and, where there is one, a word with a small one.

# %% jupyter={"source_hidden": true}
from chapters.ch03.experiments import survivors

removed = {
    "more than half": survivors(lesson, attentive, 0.5, 1),
    "at most a fifth": survivors(lesson, attentive, 0, 0.2),
}
Table(
    [
        {
            "largest weight of the word": name,
            "sentences": len(words),
            "same if it is masked": f"{sum(one.masked for one in words) / len(words):.0%}",
            "same if it is deleted": f"{sum(one.deleted for one in words) / len(words):.0%}",
        }
        for name, words in removed.items()
    ],
    "One word of each sentence, taken away from the attentive checkpoint.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in attentive_checkpoint.card or [(len(words), sum(one.masked for one in words), sum(one.deleted for one in words)) for words in removed.values()] == [(200, 49, 23), (65, 65, 45)]

# %% [markdown]
# The two rows are not the same words: those of small weight are mostly *is*, *to*, *was* and *the*, so much of the difference is *which word*, not *which weight*. The lesson's table compares the same word. And deleting is a blunter test: without "was" the rest is no sentence.

# %% [markdown]
# ## What about real sentences?
# Our grammar has only about 800 English words. The next checkpoint, with attention, learned from *Tatoeba*, a collection of sentences that volunteers have translated. The last column shows one of several right translations.

# %%
same_words = "✓: word for word the reference."
sentences = [
    "I am a student.",
    "Let them eat cake.",
    "He didn't come because he was ill.",
    "My grandmother told me a story that I have never forgotten.",
    "If I had known that you were coming I would have baked a cake.",
    "The animal didn't cross the street because it was too tired.",
]
right = [
    "je suis étudiant.",
    "qu'ils mangent de la brioche !",
    "il n'est pas venu parce qu'il était malade.",
    "ma grand-mère m'a raconté une histoire que je n'ai jamais oubliée.",
    "si j'avais su que tu venais, j'aurais fait un gâteau.",
    "l'animal n'a pas traversé la rue parce qu'il était trop fatigué.",
]
pairs_read = f"{real.card.get('data', {}).get('train_pairs', 0):,} pairs"
six = translations(
    {"with attention": real},
    sentences,
    right,
    caption=f"Trained on {pairs_read}. {same_words} A beam of 4 (the four best "
    "beginnings are kept).",
)
six

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "name" not in real.card or [row["with attention"].startswith("✓") for row in six] == [True, False, True, False, False, False] and "c'était" in six[5]["with attention"]
assert "name" not in real.card or all(part in six[i]["with attention"] for i, part in ((1, "laissez-les manger du gâteau"), (3, "dit une histoire que je n'ai jamais oublié."), (5, "le animal n'a pas traversé la rue parce que c'était")))

# %% [markdown]
# Most of the content arrives, but “it” becomes *c'* (this) instead of *il*, and the sentence with *if* defeats the model.

# %% jupyter={"source_hidden": true}
found = real.card.get("metrics", {}).get("test_bleu_by_length", {})
Table(
    [{f"{words} words": score for words, score in found.items()}],
    "Recorded BLEU on Tatoeba's test sentences, by length, with a beam of 4.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 800 < len(lesson.source) < 830  # English words
assert "name" not in real.card or [round(found[n]) for n in ("1-4", "11-14")] == [57, 34]

# %% [markdown]
# Even with attention, BLEU falls from 57 at 1–4 words to 34 at 11–14 here: long real sentences may be harder, or too rare in training (and BLEU is hard to compare between lengths). <!-- source: the card of seq2seq-attention-en-fr -->

# %% tags=["lab"]
yours = "The little girl is reading a long letter to her father."
found = translate(real, yours)[0]
labs.alignment(
    found,
    languages=("en", "fr"),
    title=f"Type a sentence ({'trained on' if found.seen else 'new'}): where does the "
    "map leave the diagonal?",
    model=real,
    typing=True,
)

# %% [markdown]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>

# %% [markdown]
# ## Does a wider search help?
# Beam search keeps the best few beginnings at each step.
#
# Each further word makes the probability $P(y\mid x)=\prod_t P(y_t\mid y_{<t},x)$ smaller, which favours short sentences, so the log-probability is divided by $((5+\text{length})/6)^{\alpha}$, a *length penalty*. In the table, α = 0 switches this penalty off.

# %%
sentences = [
    "I am a student.",
    "Let them eat cake.",
    "He didn't come because he was ill.",
    "My grandmother told me a story that I have never forgotten.",
    "If I had known that you were coming I would have baked a cake.",
    "The animal didn't cross the street because it was too tired.",
]
rows = []
for one, wide in zip(
    translate(real, sentences, beam=1),
    translate(real, sentences, beam=8, length_penalty=0),
    strict=True,
):
    better = wide.text if wide.text != one.text else "the same"
    rows.append(
        {
            "in training": "seen" if one.seen else "new",
            "greedy": one.text,
            "log p": one.score,
            "beam of 8, α = 0": better,
            "log p ": wide.score,
        }
    )
Table(rows, "Six real sentences, by the model with attention")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(row["log p "] for row in rows) >= sum(row["log p"] for row in rows) - 1e-3
assert "name" not in real.card or [row["beam of 8, α = 0"] == "the same" for row in rows] == [True, True, True, True, False, False]
assert "name" not in real.card or all(row["log p "] > row["log p"] + 2 for row in rows[4:]) and [row["beam of 8, α = 0"] for row in rows[4:]] == ["si j'avais su que tu viendrais faire un gâteau.", "le animal n'a pas traversé la rue parce que c'était trop fatigué."]

# %% [markdown]
# For the last two sentences, greedy decoding missed a translation that the model finds far more probable (a *search error*). Yet neither of the beam's two translations is right: a search finds what the model prefers, right or wrong.

# %% [markdown]
# ## What does it attend to at 高兴 (happy)?
# The same kind of model also translates from Chinese, character by character. What does it attend to when it writes *happy* (高兴) or *eating* (吃)?

# %% tags=["lab"]
chinese = checkpoint("seq2seq-attention-zh-en-grammar", instead="seq2seq-attention-zh-en")
means = dict(
    zip(
        "我今天很高兴正在吃绿色的苹果",
        "I this day very high spirits just at eat green colour of apple fruit".split(),
        strict=True,
    )
)
weighs, without, two = (
    {},
    {},
    "Two characters can be one word: 今天 (today), 高兴 (happy), 正在 (just now), 苹果 (apple). "
    "Press a [key|character] to knock it out.",
)
for moment, said_here in (
    {"我今天很高兴。": "happy", "我正在吃绿色的苹果。": "eating"}.items()
    if chinese
    else ()
):
    found = translate(chinese, moment)[0]
    words = [token.strip("▁") for token in found.tokens]
    print(moment, "→", found.text, "· trained on" if found.seen else "· new")
    if said_here in words:
        weighs[said_here] = dict(
            zip(
                found.source_tokens,
                found.weights[words.index(said_here)].tolist(),
                strict=True,
            )
        )
        print(
            f"   {said_here}:",
            ", ".join(f"{c} {w:.2f}" for c, w in weighs[said_here].items() if w > 0.05),
        )
    deaf_to = knocked_out(chinese, moment)
    without |= {
        v["name"]: " ".join(t.strip("▁") for t in v["tokens"])
        for v in deaf_to
        if said_here == "happy"
    }
    display(
        labs.alignment(
            found,
            variants=deaf_to,
            languages=("zh", "en"),
            caption=two,
            select=said_here if said_here in words else None,
            glosses=[means.get(token, "") for token in found.source_tokens],
            title=f"What does “{said_here}” attend to?",
        )
    )

# %% [markdown]
# *happy* has half of its weight on 兴, and most of the rest on 很 (*very*) and 高. *eating* attends to 吃, the action, and to 在, which says that the action is going on now.
#
# The model was trained on both sentences, yet the first translation lacks *today*, and the second says *an green*. With 高 masked, the model still writes *happy*; with 兴 masked, it writes *tall*, perhaps because 高 alone means tall.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert not chinese or "test_aer" not in chinese.card["metrics"] or (0.45 < weighs["happy"]["兴"] < 0.55 and weighs["happy"]["很"] + weighs["happy"]["高"] > 0.3 and weighs["eating"]["吃"] > 0.5 > weighs["eating"]["在"] > 0.1 and "i am happy ." == without["今"] == without["天"] == without["高"] and "tall" in without["兴"])

# %% [markdown]
# ## What does BLEU count?
# <a id="n-gram"></a>
# BLEU (Papineni et al. 2002) takes the runs of 1, 2, 3 and 4 words in the translation, its **n-grams**, and counts how many are in the reference. Each n-gram counts at most as often as in the reference (the count is *clipped*). Over *all* sentences this gives four precisions $p_n$, the matches divided by the n-grams. BLEU is their geometric mean, times a **brevity penalty**.<a id="brevity-penalty"></a> Without this penalty, a model could win by writing only the words that it is sure of:
#
# $$ \mathrm{BLEU}=\mathrm{BP}\cdot\exp\Big(\tfrac14\sum_{n=1}^{4}\ln p_n\Big),\qquad \mathrm{BP}=\begin{cases}1 & \ell\ge r\\ e^{\,1-r/\ell} & \ell<r\end{cases} $$
#
# Here $\ell$ is the total length of the translations and $r$ the total length of the references.
#
# ### Exercise ●○○ · 3 minutes
# Write the brevity penalty, BP.

# %% tags=["exercise"]
import math

@exercise("brevity penalty")
def brevity_penalty(hypothesis_length, reference_length):
    """two lengths in the same unit -> a number from 0 to 1"""
    raise NotImplementedError

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# A score of .4167 circulates for the candidate 男孩 踢 足球 (*boy plays football*) with the reference 一个 小 男孩 在 踢 足球 (*a little boy is playing football*). Three mistakes together produce this score. Here are two of them:
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | BP with the lengths 5 and 9 | These are characters, but the n-grams are runs of words. | 3 and 6 words: BP = e⁻¹ = .368 |
# | the mean of log₁₀ p, then e to this mean | log₁₀ is undone by $10^x$, not by $e^x$, so the score is too large. | natural logarithms: .378 instead of .4167 |
#
# The third is in this program:

# %% tags=["exercise"]
@find_error("program 3.6")
def mean_precision(matches, totals):         # [3, 1, 0, 0] of [3, 2, 1, 0]
    total = 0.0
    for m, t in zip(matches, totals, strict=True):
        if m > 0:
            total += math.log(m / t) / 4
    return math.exp(total)

# %%
from sacrebleu import corpus_bleu, sentence_bleu
from course_kit.metrics import bleu, ngrams

candidate, reference = "男孩 踢 足球", "一个 小 男孩 在 踢 足球"
ours, theirs = candidate.split(), reference.split()
hits = [(ngrams(ours, n) & ngrams(theirs, n)).total() for n in (1, 2, 3, 4)]
precisions = [100 * hit / max(1, len(ours) - n) for n, hit in enumerate(hits)]
print(
    "by the definition: precisions",
    precisions,
    f"· brevity {brevity_penalty(len(ours), len(theirs)):.3f}",
)

# %%
# characters, zeros dropped, log₁₀ undone by e
printed = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)
# the same with one logarithm
natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)
corpus = corpus_bleu([candidate], [[reference]], tokenize="none").score
sentence = sentence_bleu(candidate, [reference], tokenize="none").score
print(
    f"with all three errors .4167 (unrounded {printed:.5f}), with the natural logarithm "
    f"{natural:.3f}"
)
print(f"sacrebleu: as a corpus {corpus:.1f}, as a sentence {sentence:.1f} of 100")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (len(ours), len(theirs)) == (3, 6) and [len("".join(words)) for words in (ours, theirs)] == [5, 9]
assert round(brevity_penalty(3, 6), 3) == round(math.exp(-1), 3) == 0.368 and precisions == [100, 50, 0, 0] and brevity_penalty(7, 6) == 1
assert abs(printed - 0.4167) < 1e-4 and round(natural, 3) == 0.378
assert corpus == 0 and round(sentence, 1) == 23.2 and float(bleu([candidate], [reference], tokenize="none")) == corpus

# %% [markdown]
# By the definition BLEU is 0, because candidate and reference share no run of three words. (The candidate has no run of four at all, and 0/0 counts as 0.) sacrebleu's corpus score is 0, too, but its score for single sentences is 23.2: both sacrebleu scores count half a match for the missing run of three (*smoothing*). The candidate has no run of four: the corpus score counts 0 for it, and the score for single sentences leaves it out. So give the tool and its settings with every score.
#
# ### Exercise ●●○ · 5 minutes
# Write the clipped count. `Counter` counts the elements of a list.

# %% tags=["exercise"]
from collections import Counter

@exercise("clipped n-grams")
def clipped(candidate, reference, n):
    """two lists of words, n -> (matches, total)"""
    raise NotImplementedError

# %% [markdown]
# Your functions together compute BLEU for one sentence, without smoothing:

# %%
def your_bleu(candidate, reference):
    """Two lists of words -> BLEU of one sentence, 0 to 100."""
    matches, totals = zip(
        *(clipped(candidate, reference, n) for n in (1, 2, 3, 4)), strict=True
    )
    return (
        100
        * brevity_penalty(len(candidate), len(reference))
        * mean_precision(matches, totals)
    )

# %%
right = "la petite fille lit une longue lettre à son père .".split()
spoilt = "la petite petite fille lit une lettre à son père .".split()
print(
    f"a longer sentence: {your_bleu(spoilt, right):.1f}; the football: "
    f"{your_bleu(ours, theirs):.1f}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert your_bleu(ours, theirs) == 0 and abs(your_bleu(right, right) - 100) < 1e-6
assert abs(your_bleu(spoilt, right) - bleu([" ".join(spoilt)], [" ".join(right)], tokenize="none")) < 1e-6

# %% [markdown]
# ## Is a higher BLEU a better translation?
# The free translation below says “As the weather was bad, we stayed at our place”.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "“The weather was bad, so we stayed at home.” Reference: “Il faisait mauvais, alors "
    "nous sommes restés à la maison.” "
    "Freely: “Comme il faisait mauvais, on est restés chez nous.” Word for word: “Le "
    "temps était mauvais, alors nous sommes "
    "restés à la maison.” Which gets the higher BLEU?",
    [
        "the free one: it is better French",
        "the one word for word, by far",
        "both about the same",
    ],
    answer=1,
    because="BLEU counts runs of words that also occur in the reference. The one word "
    "for word shares a run of ten words and punctuation marks.",
)

# %% jupyter={"source_hidden": true}
from course_kit.metrics import bleu

source, answer = (
    "The weather was bad, so we stayed at home.",
    "Il faisait mauvais, alors nous sommes restés à la maison.",
)
tried = {
    "free": "Comme il faisait mauvais, on est restés chez nous.",
    "word for word": "Le temps était mauvais, alors nous sommes restés à la maison.",
    "the reference, stuttering": "Il faisait mauvais, alors nous sommes restés à la "
    "maison maison.",
    "a model": translate(real, source)[0].text,
}
scores = {
    name: float(bleu([words], [answer], lowercase=True)) for name, words in tried.items()
}
mark = "trained on" if real.was_seen(source) else "new"
Table(
    [
        {"by": name, "translation": words, "BLEU": scores[name]}
        for name, words in tried.items()
    ],
    f"{source} For the model: {mark}. For BLEU, all words are in lower case.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 24 < scores["free"] < 25 and bleu([tried["free"]], [answer]) < 16 and 60 < scores["word for word"] < scores["the reference, stuttering"]
assert "name" not in real.card or tried["a model"] == tried["word for word"].lower()
assert all("restés à la maison." in text and "mauvais, alors nous sommes" in text for text in (answer, tried["word for word"]))

# %% [markdown]
# The free version is good French, but gets by far the lowest score. With one sentence and one reference, BLEU says how far two translators happened to choose the same words. BLEU was made for whole test corpora.

# %% [markdown]
# ## Two bugs that train
# The first program should make what the decoder reads before each word that it has to write, and the second the last state of each sentence. Both run, and models train with them.
#
# ### Find the error ●○○ · 2 minutes
# One line of this program is wrong: repair it.

# %% tags=["exercise"]
@find_error("program 3.10")
def heard(words, bos):      # words [T], as they are written
    reads, last = [], 0
    for word in words:
        reads.append(last)
        last = word
    return torch.tensor(reads)

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# Give this program the same sentence twice to see what is wrong.

# %% tags=["exercise"]
@find_error("program 3.12")
def read_all(sentences, Wx, Ws):          # [N, T, E]: N sentences of T words
    states, state = [], torch.zeros(len(Ws))
    for words in sentences:
        for word in words:
            state = torch.tanh(word @ Wx + state @ Ws)
        states.append(state)
    return torch.stack(states)

# %% [markdown]
# ## What did quality cost in 2017?
# By 2017 ByteNet and ConvS2S had replaced recurrence by convolutions. The Transformer dropped both, and kept attention. At what cost? Table 2 of its paper (Vaswani et al., 2017) lists BLEU on news texts (WMT 2014) and the operations that training took.

# %% jupyter={"source_hidden": true}
from course_kit import data

wmt = data.load("wmt14")
names = [
    name.split(" +")[0] + " ×" * bool(many)
    for name, many in zip(wmt.name, wmt.ensemble, strict=True)
]
figures = {
    "to German": (wmt.flops_en_de, wmt.bleu_en_de),
    "to French": (wmt.flops_en_fr, wmt.bleu_en_fr),
}


def quality(flops, score):
    known = [i for i, x in enumerate(flops) if x == x]
    x, y, labels = ([column[i] for i in known] for column in (flops, score, names))
    return plot.points(
        x, y, "operations for the training", "BLEU", labels=labels, log="x"
    )


cost = dict(zip(names, wmt.flops_en_de, strict=True))
plot.beside(
    {f"English {name}": quality(*columns) for name, columns in figures.items()},
    title="What does quality cost?",
    caption="Up is better, left is cheaper; × means several models that vote. From "
    "Table 2 in the paper's later versions; its first had 41.0 for the big model into "
    "French.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 6 < cost["GNMT"] / cost["Transformer (base)"] < 8 and 3 < cost["ConvS2S ×"] / cost["Transformer (big)"] < 4
assert [wmt.bleu_en_de[names.index(f"Transformer ({size})")] for size in ("base", "big")] == [27.3, 28.4]
assert [wmt.bleu_en_fr[names.index(f"Transformer ({size})")] for size in ("base", "big")] == [38.1, 41.8]
assert wmt.bleu_en_de[names.index("ByteNet")] == 23.75 and min(x for x in wmt.bleu_en_fr if x == x) == 38.1 and max(x for x in wmt.bleu_en_fr if x == x) == 41.8

# %% [markdown]
# Into German, the base Transformer reaches 27.3 with a seventh of GNMT's operations, and the big Transformer 28.4 with less than a third of the ConvS2S ensemble's. Into French, the big Transformer's 41.8 is the highest score here, and the base model's 38.1 the lowest. (The costs are estimates; ByteNet's was not published.)

# %% [markdown]
# ## Open questions
# <a id="open-questions"></a>
# **Prove: without the tanh the query is lost.** Then $e_{ti}=s_tW_1\cdot w+h_iW_2\cdot w$, and the first term is the same number for all keys of a query. Softmax ignores it, so all queries get the same weights.
#
# **Design an experiment: too small, or learned too slowly?** Change only the size of $c$ and keep the rest, as in [Is c too small?](#Is-c-too-small?): from a certain size on, size is not the limit. To test the learning, train much longer, and see whether the gap closes. We have not done that.
#
# **Why not let the decoder read its own words while it learns?** You can (*scheduled sampling*). But at first its own words are noise, and with them the positions are no longer trained all at once: each has to wait for the word before. <!-- source: Bengio et al. 2015 -->

# %% [markdown]
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

# %% [markdown]
# Back to [the lesson](03_seq2seq.ipynb), or on to [chapter 4](04_positional_encoding.ipynb).
