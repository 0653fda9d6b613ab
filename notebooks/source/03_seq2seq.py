# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 3 · What does a translator look at?
# *Usually at one English word at a time, whose state also carries what was read around it.* You will keep `mine/seq2seq.py`, two translators to train: one looks back at the English, one doesn't. <!-- minutes --> **Before:** [chapter 1](01_nadaraya_watson.ipynb) (masks, a training loop) and [chapter 2](02_scoring_functions.ipynb) (queries, keys, values).
#
# ## Where do your eyes go?
# Translate this sentence into French, or watch it being done. **Before you press play:** after *parce qu'* (because) comes *il* (he, or it). Which English word do your eyes go back to?

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
import course_kit
from chapters.ch03 import again, exercise, hint, labs, solution
from chapters.ch03.experiments.looking_back import Diagonal, exchanged, pronouns
from chapters.ch03.lesson import Lesson, gold_weights
from course_kit import results
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.i18n import from_cell
from course_kit.views import Table, asking, heatmap, plot, predict

runtime = course_kit.setup()
lesson = Lesson("en-fr")
trained = load_checkpoint("seq2seq-attention-en-fr-grammar")
without = load_checkpoint("seq2seq-plain-en-fr-grammar")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_kit.data import parallel

tired = "the animal didn't cross the street because it was too tired ."
course = next(p for p in parallel.load_parallel("en-fr") if " ".join(p.source) == tired)
whole = labs.alignment(
    (course.source, course.target, gold_weights(course)),
    languages=("en", "fr"),
    links=True,
    title="Which English word does each French word translate?",
    caption="A row for each French word, a column for each English word: links that we "
    "set, no model yet.",
)
asking(whole, step=9)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="alignment"></a>
# <details><summary>Answer</summary>
#
# Perhaps to "it", and from there to "animal": the gender of the noun decides between *il* and *elle*, and *animal* is masculine.
#
# </details>
#
# A table that shows which word translates which is called an **alignment**. You'll build a translator that makes such tables too, although we never show it one.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## What is a translator?
# <a id="seq2seq"></a><a id="encoder"></a><a id="decoder"></a>
# Seen from outside, a translator is one function. You give it the English sentence and the French words so far, and it gives you a score for every French word that might come next. These scores are called *logits*, and a softmax turns them into probabilities. A model that says what comes next is a **language model**. Ours is *conditional*: what comes next also depends on the English sentence, the source $x$. The probability of a translation $y$ is the product over its words:
#
# $$ P(y\mid x)=\prod_t P(y_t\mid y_1,\dots,y_{t-1},\,x) $$
#
# That leaves us with three questions: how do we compute these probabilities (the *model*), how do we train it (*learning*), and how do we get a sentence out of it (*inference*)?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Inside there are two parts. The **encoder** reads: for each English word it computes a vector, its *state*. The **decoder** writes, one French word at a time, and has a state too. Together they're called *sequence to sequence*, **seq2seq**, because one sequence goes in and another comes out, and the two may differ in length. Our sentence has twelve words and signs in English and fifteen in French; a network with a fixed number of inputs and outputs won't do, unless we pad. But how do the two parts talk to each other?

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (len(course.source), len(course.target)) == (12, 15)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: hand over one vector
# <a id="bottleneck"></a>
# Early neural translators handed over a single vector, which we'll call $c$: the encoder's state when the reading ends. Before we look at one of them, take its place. Open the fold, read the row once from left to right, and close it. Then say the digits *backwards*.
#
# <details><summary>A row of digits</summary>
#
# 7 3 9 0 4 6 2 8 5 1 6 3 <!-- source: made up -->
#
# </details>
#
# You had two difficulties. While you were reading, you had to keep everything. And when you spoke, you had to pick one digit after another out of everything that you remembered. A network has them, too. One vector is hard on the **encoder**, which must fit the whole sentence into it, however long the sentence is. And it's hard on the **decoder**, which gets the same vector before every word, although it needs something different each time. <!-- source: Sutskever et al. 2014; Cho et al. 2014 -->

# %% [markdown]
# Now watch a network do it: a **checkpoint**, which is a model that we trained and saved. It hasn't seen this sentence before: *The black animal crossed the street.*

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
short = "The black animal crossed the street."
labs.squeeze(
    without,
    short,
    title="Read, squeeze, write",
    caption="The encoder reads from both ends. Its [key|states], the [output|vector c] and the "
    "[query|states] of the decoder, by their first numbers. Which words get lost?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
lost = translate(without, short, beam=1)[0]
assert lost.tokens == "l' âne a traversé la rue .".split() and not lost.seen

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# *The black animal* has turned into *l'âne*, the donkey, and its colour is gone. The French is fluent, so you notice when you compare it with the English. One sentence is no proof, so we'll count below. A long sentence gets no more numbers than a short one, which is why $c$ is called a **bottleneck**.
#
# **Keep this:** with one vector, the encoder must fit everything in, and the decoder must find each word in it again.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: look back
# How would *you* translate a long sentence? You wouldn't read it once, close your eyes and start writing. You'd write a word, glance back at the English, and write the next one. So let's allow the decoder to do the same. The encoder keeps the states of all the words, and before the decoder writes a word, it takes four steps:
#
# 1. **Ask.** The decoder's state sums up what has been written so far, so it can say what is needed next. This is the <b style="color:#bf5f00">query</b>.
# 2. **Score.** Every English word has a state. How well does it match the query? These states are the <b style="color:#007fc6">keys</b>, and each one gets a score.
# 3. **Share.** A softmax turns the scores into weights that add up to 1.
# 4. **Add up.** The same states also serve as <b style="color:#008a67">values</b>: multiply each by its weight, and add them all. The sum is called the <b style="color:#bb51a8">context</b>, and the decoder uses it to choose the next word.
#
# Let's do it once by hand, with states that we made up: the first number is large for a noun, and the second for an adjective. The decoder has written *l'*, and a noun has to follow.

# %%
words = ["the", "black", "animal", "crossed"]
states = torch.tensor([[0.0, 0], [0, 3], [3, 0], [0, 0]])
asks = torch.tensor([1.0, 0])  # a noun, please

scores = [sum(a * b for a, b in zip(asks.tolist(), h.tolist())) for h in states]
total = sum(math.exp(score) for score in scores)
context = torch.zeros(2)
for word, h, score in zip(words, states, scores):
    weight = math.exp(score) / total
    context = context + weight * h
    print(f"{word:8} score {score:.0f}, weight {weight:.2f}, the sum so far", context)

# %% [markdown]
# The context is almost the state of *animal*, so the decoder can write *animal*. The loop fits into a line that you know from chapter 2:

# %% slideshow={"point": ["softmax("]}
for asks in torch.tensor([[1.0, 0], [0, 1]]):  # a noun; then an adjective
    print(torch.softmax(states @ asks, -1) @ states)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.softmax(states @ torch.tensor([1.0, 0]), -1) @ states, context) and context[0] > 2.5

# %% [markdown]
# Now with the weights of a real translator, our checkpoint `trained`. A line joins each French word to every English word, and the thicker it is, the larger the weight.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab", "tile"]
labs.fan(
    translate(trained, short, beam=1)[0],
    "noir",
    title="Where does each French word look?",
    caption="Play it: the [query|decoder] asks, and each [key|state] gets a share. Hollow: "
    "its share one step before. Two words change places. Which?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
black = translate(trained, short, beam=1)[0]
assert black.tokens == "l' animal noir a traversé la rue .".split()
assert [black.source_tokens[row.argmax()] for row in black.weights[1:3]] == ["animal", "black"] and not black.seen

# %% [markdown]
# The animal is back, and it's black. When the translator writes *animal*, it reaches past "black", and then it goes back for *noir*. We never told it where to look. All four steps have gradients, so the model learns that while it learns to translate.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Which score?
# <a id="additive-attention"></a><a id="context"></a>
# A dot product would do. But Bahdanau, Cho and Bengio, who let a translator look back in 2014, chose a small network, the **additive** score. Multiply the decoder's state $s$ by one matrix and the encoder's state $h_i$ by another. Add the two results, let a tanh squeeze each number between −1 and 1, and turn them into one score with a vector $w$:
#
# $$ e_i=\tanh(\underbrace{{\color{#bf5f00}{s}}\,W_1}_{\text{what is wanted}}+\underbrace{{\color{#007fc6}{h_i}}\,W_2}_{\text{what is there}})\cdot w,\qquad \alpha=\mathrm{softmax}(e),\qquad {\color{#bb51a8}{c}}=\sum_i\alpha_i\,{\color{#008a67}{h_i}} $$
#
# What is the tanh for? Suppose the decoder wants a noun of a certain gender. *Animal* is masculine in French, with the state $h=1$; *rue*, the street, is feminine, with −1. The query is (1, 1) for a masculine word and (−1, 1) for a feminine one; the second 1 only shifts the sums.

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
assert round(math.tanh(-1) - math.tanh(1), 3) == -1.523

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Without the tanh, the score falls into two parts, $e_i=s\,W_1w+h_i\,W_2w$. The query appears only in the first part, which is the same for every English word, so the softmax cancels it. The tanh is applied to the sum, where query and key have already met. Check it with a pencil, for a masculine word and *animal*: the sum is (1, 3), its tanh is (0.762, 0.995), and the difference is −0.233. For *street* you get −1.523, so *animal* wins.
#
# **Keep this:** before each word: ask, score, share, add up. Training finds out where to look.

# %% [markdown] slideshow={"point": ["torch.tanh", "masked_softmax", "return"], "slide_type": "slide"} tags=["card", "core"]
# ### Exercise 1 ●●○ · 12 minutes
# Write these four steps for one word of each sentence in a batch. `masked_softmax` gives padding no weight. Each sentence has a vector x [K] and a matrix of its own, [K, D]. To multiply them for the whole batch, turn the vectors into rows: `x[:, None]` is [B, 1, K], the product is [B, 1, D], and `[:, 0]` makes it [B, D].
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

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: a translator of digits
# Let's build both translators, for the task that you had: rows of digits, written backwards.
#
# ### Where do the states come from?
# <a id="bidirectional"></a>
# You could look up a vector for each word in a table that is trained with everything else, an *embedding*. But an embedding doesn't know its neighbours: *the animal crossed the street* and *the street crossed the animal* would give you the same vectors. So we read the words in order: a **recurrent network** (RNN) computes each state from its word and from the state before:
#
# $$ h_i=\tanh(\underbrace{x_i\,W_x}_{\text{the word}}+\underbrace{h_{i-1}\,W_h}_{\text{all before it}}),\qquad h_0=0 $$

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
torch.manual_seed(2)
labs.chain(
    "the animal crossed the street".split(),
    nn.RNN(4, 3, batch_first=True)(torch.randn(1, 5, 4))[0][0].detach(),
    title="Reading, word by word",
    caption="An RNN that has not been trained. Each [key|state] is made of its word and of "
    "the state before.",
)

# %% [markdown]
# In such a chain, what was read long ago tends to fade. A **GRU** (2014) is an RNN with *gates* that learn what to keep, and we'll use PyTorch's. Our encoder is **bidirectional**: one GRU reads from the left, another from the right. Half of $h_i$ has read the words up to $i$, and half those from the end back to $i$, so each state can know the whole sentence. Write an RNN yourself in [the annex](03_seq2seq_annex.ipynb#Does-a-state-know-the-order?). <!-- source: Cho et al. 2014 -->

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: run_packed, Encoder

# %% [markdown]
# `run_packed` lets the GRU skip the padding. The decoder without attention starts from $c$ and gets $c$ again at every step, where a matrix turns its state and $c$ into logits.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: Decoder

# %% [markdown]
# The decoder that looks back has three parameter tensors more and a `context` of its own, which calls your `look_back` for each word.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.seq2seq: AttentiveDecoder

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How do we train it?
# <a id="teacher-forcing"></a><a id="bos"></a>
# Those are the parts; now comes the learning. When the decoder writes, it'll read its own words. In training we give it the *right* ones instead, shifted by one place, with `<bos>` (*beginning of sentence*) in front. This is called **teacher forcing**. The whole row is then known in advance, so the decoder can be trained on all its digits in one pass:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.shifted(
    [4, 1, 3], [3, 1, 4], 10,
    title="What does the decoder read, and what is right?",
    caption="A row of three digits, to be written backwards. 10 stands for <bos>.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# `Translator` joins encoder and decoder. The score is Bahdanau's, the order Luong's (2015): the decoder reads a word first, and its *new* state is the query ([both orders](03_seq2seq_annex.ipynb#Is-the-query-the-state-before-or-after?)). <!-- source: Luong et al. 2015, section 3.1 -->

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.seq2seq: Translator

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch03.experiments.digits: backwards

# %% tags=["nbval-check-output"]
source, reads, target, mask = backwards(rows=2, length=5)
untrained = Translator(Encoder(11, 64), AttentiveDecoder(11, 64))
logits, weights = untrained(source, reads, mask)
print("logits", tuple(logits.shape), " weights", tuple(weights.shape))

# %% [markdown]
# For two rows of five digits we get 11 scores at each place, and five weights, one for each digit of the source. The loss is the **cross-entropy**, the mean of $-\ln p$ of each right digit. Here is the whole loop:

# %% slideshow={"point": ["loss = ", "backward()", "optimiser.step()"], "slide_type": "subslide"} steps=[600, 200, 199] tags=["definition"]
# chapters.ch03.experiments.digits: train

# %% [markdown] slideshow={"slide_type": "skip"}
# Two things are new since chapter 2: the learning rate falls to 0, and gradients that are too long are *clipped*, because a recurrent network can produce very large ones. We transpose because `cross_entropy` wants the classes on the second axis.

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_training_step():
    train(Translator(Encoder(11, 16), AttentiveDecoder(11, 16)), steps=1)

for_training(one_training_step)  # with nothing solved it does nothing

# %% seconds=40 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
plain = Translator(Encoder(11, 64), Decoder(11, 64))
train(plain)

torch.manual_seed(0)
attentive = Translator(Encoder(11, 64), AttentiveDecoder(11, 64))
train(attentive)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Each loss is of rows of another length: compare models, not lines.
#
# ### Does it work?
# When it writes, the translator reads its own digits, and one mistake can spoil what follows. So we count strictly: a row is right if every digit of it is.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch03.experiments.digits: right_at

# %% slideshow={"slide_type": "skip"}
lengths = [4, 6, 8, 10, 12, 14, 16, 20]
by_length = {name: [right_at(model, length) for length in lengths] for name, model in
             {"with attention": attentive, "without attention": plain}.items()}

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
plot.lines(
    {name: (lengths, [100 * share for share in shares]) for name, shares in by_length.items()},
    "digits in a row",
    "rows right, %",
    title="What does looking back change?",
    caption="Rows of digits, written backwards: the share that is right to the last "
    "digit. Trained on 4 to 16 digits; 20 is new.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
shares = by_length["without attention"]
assert shares[2] < 0.7 and max(shares[5:]) < 0.05 and sum(shares[:7]) / 7 <= 0.6

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert by_length["without attention"][0] > 0.9
shares = by_length["with attention"]
assert sum(shares[:7]) / 7 >= 0.95 and min(shares[:7]) > 0.85 and shares[7] > 0.75

# %% [markdown]
# The translator that looks back gets almost all rows right. After the same number of steps, the other one gets short rows right, and long ones almost never.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Without attention: what would help the rows of 10 digits most?",
    [
        "vectors of 256 numbers instead of 64, in the same 600 steps",
        "ten times as many steps, with the same 64 numbers",
        "nothing: one vector cannot hold ten digits",
    ],
    answer=1,
    because="After ten times the steps 85 % of these rows are right, with the same 64 "
    "numbers; with 256 numbers 33 %. It was 16 %.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
digits = results.load("seq2seq_digits")
places = [digits["digits"].index(n) for n in (8, 10, 12, 14)]
means = [[round(sum(run[i] for run in row["right"]) / len(row["right"])) for i in places] for row in digits["rows"]]
assert [(row["attention"], row["size"], row["steps"], len(row["right"])) for row in digits["rows"]] == [(False, 64, 600, 3), (False, 256, 600, 2), (False, 64, 6000, 2), (True, 64, 600, 3)]
assert [row[1] for row in means] == [16, 33, 85, 98]

# %% [markdown]
# So the same vector *can* hold ten digits, and the cost is learning. All digits pass through $c$. With attention each digit is one step away, both for the decoder and for the corrections of the training.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
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
# In this row, the translator goes from the end to the beginning, and we never told it to.
#
# **Keep this:** without attention everything must be learned through one vector. With attention each word is one step away.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have a translator that looks back, and after as many steps it beats the one that may not. You don't know yet what it does with language, and whether it looks where you would. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: sentences
# <a id="masked-loss"></a>
# Now you translate English into French. A program makes our sentences from a small grammar, so we have as many as we want. Because their lengths differ, the short ones in a batch are filled up with `<pad>`, and if this padding counted in the loss, your model would earn marks for predicting it.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 2 ●○○ · 6 minutes
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
# `fit` is the loop of the digits with a stop button (■, or I twice), and `lesson` holds our sentences and their batches. With `warm_then_fall` the learning rate rises before it falls. `Samples` lets the model translate *The animal was too tired.* on the way, so that you can see what a loss means. Two lines help you to read it: *guessing* among all French words, and hesitating between *two words* each time.

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

# %% seconds=80 slideshow={"slide_type": "skip"} tags=["training"]
torch.manual_seed(0)
translator = Translator(
    Encoder(len(lesson.source), 128), AttentiveDecoder(len(lesson.target), 128)
)
says = Samples(lambda model: lesson.translate(model, "The animal was too tired.")[0].text)
run = fit(translator, lesson.batches, loss, steps=STEPS, lr=1e-2, clip=1.0,
          schedule=warm_then_fall(STEPS), title="When is it as good as a choice of two?",
          callbacks=[says],
          compare={"guessing": math.log(len(lesson.target)), "two words": math.log(2)})

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Who looks where?
# Here is our sentence, translated by `trained`: built a little differently, and trained for longer, on this sentence, too. Press play, or type a sentence of your own.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.alignment(
    translate(trained, tired, beam=1)[0],
    languages=("en", "fr"),
    title="Does it look where you would?",
    model=trained,
    caption="Each row is a [query|French word], and its ink says which [key|English words] it looks at.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
ours = translate(trained, tired, beam=1)[0]
assert ours.seen and ours.text == "L'animal n'a pas traversé la rue parce qu'il était trop fatigué." or ours.tokens == list(course.target)

# %% [markdown] slideshow={"slide_type": "skip"}
# How much of this is right? The program that made our sentences knows which French word translates which English one, so you can count: for each French word, is the English word with the largest weight the right one? We compare it with `Diagonal`, which ignores the words: halfway through the French, it points halfway through the English.

# %%
def right_links(model):
    new, right = lesson.examples("test"), []
    for one, weights in zip(new, lesson.alignments(model, new)):
        looked = weights.argmax(-1).tolist()  # for each French word, an English one
        for french in {french for french, _ in one.links}:
            right.append((french, looked[french]) in one.links)
    return sum(right) / len(right)

for name, model in [("a diagonal", Diagonal()), ("yours", translator),
                    ("the checkpoint", trained.model)]:
    print(f"{name}: {right_links(model):.0%} of the words link to the right one")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 0.6 < right_links(Diagonal()) < 0.67 and right_links(trained.model) > 0.9

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert STEPS > 700 or right_links(Diagonal()) + 0.03 < right_links(translator) < 0.87

# %% [markdown]
# Yours is above the diagonal and well below the checkpoint. We rewarded both for correct words alone, and never for a link. In [the annex](03_seq2seq_annex.ipynb#In-which-order-does-it-read-three-words?) it reads three words from right to left.

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# **Keep this:** trained on nothing but the next word, our checkpoint found most of the alignment, too.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a weight points at a state
# Back to the first question. In *too tired*, "it" is the animal, so French says *il*. The sentence has a *twin*, *too wide*. There "it" is the street, and French says *elle*.

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
    twin = translate(trained, tired.replace("tired", adjective), beam=1)[0]
    if pronoun in twin.tokens:
        looks = twin.weights[twin.tokens.index(pronoun)].tolist()
        said[pronoun] = dict(zip(twin.source_tokens, looks, strict=True))
looking = labs.alignment(
    twin,
    step=11,
    languages=("en", "fr"),
    title="Where does it look when it writes “elle”?",
    model=trained,
    caption="Its last row is “[query|elle]”: which [key|columns] of this row are full of ink?",
)
asking(looking, step=10)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (said["il"]["it"] > 0.6 and said["elle"]["."] > 0.5)
assert all(x["animal"] + x["street"] < 0.05 for x in said.values())

# %% [markdown]
# <a id="routes"></a>
# How can a full stop help with *elle*? The forward GRU ends there, so half of the state at the full stop has read every word of the sentence. When the decoder looks at the full stop, it gets a summary of the whole sentence.
#
# But perhaps the decoder knew *elle* anyway, and the look did nothing. We can find out. Before it writes the pronoun, the decoder has two things: its own state, which has read the French so far, and the context, which it has just taken from the English. So we leave the state as it is and swap the contexts of the two sentences. If the pronoun follows the context, it was the look that decided. `at_pronoun` returns both as they are before the pronoun, and `pronoun_of` says which pronoun is then likelier (`tired` is our sentence):

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# chapters.ch03.experiments.looking_back: at_pronoun, pronoun_of

# %% slideshow={"slide_type": "fragment"}
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
read_wide = torch.tensor([trained.source.encode(wide)])
changed = read_wide.clone()
changed[0, 1] = trained.source.encode("street")[0]
with torch.no_grad():
    (full, _), (other, _) = (trained.model.eval().encoder(one, torch.ones_like(one, dtype=torch.bool)) for one in (read_wide, changed))
middle = full.shape[-1] // 2
assert torch.equal(full[0, -1, middle:], other[0, -1, middle:]) and not torch.allclose(full[0, -1, :middle], other[0, -1, :middle])
assert all(pronoun_of(trained, parts[a][0], parts[b][1]) == ("il" if b == "tired" else "elle") for a in parts for b in parts) and len(parts) == 2

# %% [markdown]
# The pronoun follows the context. Was that a fluke? `exchanged` takes all the new twins of which the model gets both pronouns right, swaps the contexts of each pair in the same way, and counts:

# %%
follow, tried = exchanged(lesson, trained)
print(f"{follow} of {tried} pronouns follow the context")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tried > 500 and follow >= 0.99 * tried

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Nearly all do. So between these twins it's mostly the context that tells the decoder which of the two nouns "it" means, and it can get that from the state of a full stop. (With a context from a sentence whose nouns have the other genders, more than half of the pronouns stay, because the decoder's own state knows the genders, too.) <!-- source: 53 % of all pairs of a right twin and such a context, 70 % where “it” has the same role; no cell here repeats it -->
#
# **Keep this:** a weight points at a state, and a state holds more than its own word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: writing
# <a id="greedy"></a><a id="beam-search"></a>
# The third question was inference: your translator gives you probabilities, and you want a sentence. The simplest way is **greedy** decoding: write the most probable word, give it back to the decoder as the next input, and go on until `<eos>`, the end of the sentence.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 3 ●●○ · 6 minutes
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

# %% [markdown] slideshow={"slide_type": "subslide"}
# After so short a training its *il* or *elle* is a guess. And greedy decoding doesn't look ahead, so it can miss a sentence that is likelier as a whole. **Beam search** decides later: it keeps the best $k$ beginnings and goes on with all of them; `beam=1` is greedy ([the annex](03_seq2seq_annex.ipynb#How-does-a-beam-search?)).
#
# ### How good is it?
# <a id="bleu"></a>
# **BLEU** counts how many runs of one to four words your translation shares with one that counts as right, the *reference*. The higher, the more they share, and 100 is the top. Your model's score is high, and yet it gets about half of the pronouns right. [How BLEU is computed](03_seq2seq_annex.ipynb#What-does-BLEU-count?). <!-- source: Papineni et al. 2002 -->

# %% slideshow={"slide_type": "skip"}
new = len(lesson.examples("test"))
print(f"BLEU on {new:,} new sentences: {lesson.bleu(translator):.0f}")

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert STEPS > 700 or 84 < lesson.bleu(translator) < 96 and 0.4 < pronouns(lesson, translator)[0] < 0.58

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Seven: real sentences
# So far a program made our sentences. A second translator of this kind, `real`, learned from *Tatoeba*, sentences that volunteers wrote and translated, and it reads and writes pieces of words. We gave it four that it hadn't seen. How many of them would you accept?

# %%
real = load_checkpoint("seq2seq-attention-en-fr")
for line in ["I have never seen such a beautiful sunset in my life.",
             "The train was late, so we missed the beginning of the film.",
             "The animal didn't cross the street because it was too tired.",
             "The bank closes at three on Fridays."]:
    print(translate(real, line, beam=1)[0].text)

# %% [markdown]
# The first is right. The third says *l'an animal*, and *c'était* instead of *il était*. In the fourth, *banches* and *vandes* aren't French words, but pieces of words put together. Let's look at the second, which says that we missed *le film du film*, the film of the film. Which English words did the two *films* come from?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
missed = translate(real, "The train was late, so we missed the beginning of the film.", beam=1)[0]
labs.alignment(
    missed,
    languages=("en", "fr"),
    title="Where did the beginning go?",
    model=real,
    typing=True,
    caption="Look at the two rows of “[query|film]”. Then type a sentence of your own.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
films = [dict(zip(missed.source_tokens, row.tolist(), strict=True)) for word, row in zip(missed.tokens, missed.weights, strict=True) if word == "▁film"]
assert len(films) == 2 and not missed.seen and "film du film" in missed.text
assert films[0]["▁film"] > films[0]["▁beginning"] > 0.3 and films[1]["▁film"] > 0.9
tried = [translate(real, line, beam=1)[0] for line in ("I have never seen such a beautiful sunset in my life.", "The animal didn't cross the street because it was too tired.", "The bank closes at three on Fridays.")]
assert not any(one.seen for one in tried)
assert tried[0].text.lower() == "je n'ai jamais vu un si beau coucher de soleil dans ma vie." and "l'an animal" in tried[1].text.lower() and "c'était" in tried[1].text
assert "banches" in tried[2].text and "vandes" in tried[2].text and len(translate(real, "Fridays", beam=1)[0].source_tokens) > 1

# %% [markdown]
# At the first *film* the weight is split: some of it is on "beginning", which should be translated there, but more is on "film". After *du* it looks at "film" again, and the beginning is skipped. Our decoder keeps no list of what it has translated, and its contexts aren't handed on to the next step. Some later ones keep such a list, called *coverage*. <!-- source: Tu et al. 2016, Modeling coverage for neural machine translation -->
#
# <small>Trained on sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So what does it look at?
# A translator looks at states. Usually you'll find the weight at the state of the word that is being translated, and sometimes at a different one that has read that word. Seq2seq was soon used [for much else](03_seq2seq_annex.ipynb#Where-was-seq2seq-used?), such as summaries and speech. Then a paper asked what would be left without the recurrence. <!-- source: Wu et al. 2016; Vaswani et al. 2017 -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes both translators into one file. `python -m mine.seq2seq` trains them on the digits.

# %%
from course_kit.mine import keep

keep("seq2seq")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A translation that must contain a word · 60 minutes
# A client wants a certain word in the translation, wherever it fits best. Write a search whose translations contain the word and are as probable as you can make them. In a cell, `!course problem 03` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. An encoder reads, a decoder writes: a language model whose condition is the source.
# 2. Before each word the decoder looks back: ask, score, share, add up. Training finds out where.
# 3. Teacher forcing: in training the decoder reads the right sentence, shifted by one, in one pass.
# 4. Without attention everything must be learned through one vector. With attention each word is one step away.
# 5. A weight points at a state, and a state holds more than its word.

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
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 3, edition <!-- edition -->, and the heading above it.*
