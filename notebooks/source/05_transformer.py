# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 5 · What can attention do alone?
# *It can translate: that is the Transformer.* You will hold `mine/transformer.py`, a whole Transformer in plain PyTorch, with your own lines in it. <!-- minutes --> **Before:** [chapter 3](03_seq2seq.ipynb) (encoder, decoder, teacher forcing) and [chapter 4](04_positional_encoding.ipynb) (self-attention, positions).
#
# ## What does "it" attend to?
# “The animal didn't cross the street because it was too tired.” Who was too tired? A translator has to know: for the animal French says *il*, for the street *elle*. This *map* shows weights of our Transformer: “it” attends most to “animal”. Such maps are often taken as proof of understanding. **Before you press:** let “it” attend *only* to “animal” here. Does the French sentence change?

# %% jupyter={"source_hidden": true}
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch05 import again, exercise, hint, labs, solution
from course_kit import results
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.heads import attention_weights
from course_kit.i18n import from_cell
from course_kit.views import Table, asking, plot, predict

runtime = course_kit.setup()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
grammar = load_checkpoint("transformer-grammar")
tired = "The animal didn't cross the street because it was too tired."
ids = torch.tensor([grammar.source.encode(tired)])
words = grammar.source.tokens(ids[0])
with torch.no_grad(), attention_weights(grammar.model) as seen:
    grammar.model.encode(ids)
maps_of = seen["encoder"]  # a list, one [B, H, Q, K] for each layer
it, animal = words.index("it"), words.index("animal")
first = labs.heads(
    maps_of,
    words,
    select=("it", "animal"),
    title="How much of “it” goes to “animal”?",
    model=grammar,
    caption=from_cell(
        "It writes: “{french}” It has twelve maps, of which one is open: a row for each "
        "[query|word that asks], a column for each [key|word that is asked].",
        french=translate(grammar, tired, beam=1)[0],
    ),
)
asking(first)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [(n, h) for n in range(3) for h in range(4) if maps_of[n][0, h, it].argmax() == animal] == [(1, 1)]
assert maps_of[1][0, 1].argmax() == words.index("tired") * len(words) + animal
assert len(maps_of) == 3 and maps_of[0].shape[1] == 4 and grammar.was_seen(tired) and first.opened == (1, 1)
from contextlib import ExitStack
from chapters.ch05.experiments.heads import blinded
def french(heads):  # “it” attends only to “animal” in these
    with ExitStack() as stack:
        for key in set(range(len(words))) - {animal}:
            [stack.enter_context(blinded(grammar.model, "encoder", [it], [key], head)) for head in heads]
        return str(translate(grammar, tired, beam=1)[0])
twelve = [(layer, head) for layer in (1, 2, 3) for head in (1, 2, 3, 4)]
assert len({french(heads) for heads in ([], twelve, *([one] for one in twelve))}) == 1

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# No. It stays the same whichever of the twelve maps you change, and also if you change all of them at once.
#
# </details>
#
# Does the model need this connection at all? At the end of the lesson you will cut it. But first you build the machine.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# In chapter 3 each state had to wait for the one before. The paper *Attention is all you need* (Vaswani et al. 2017) leaves this recurrence out, so that attention is the only way in which one word can get something from another. <!-- source: Vaswani et al. 2017 -->
#
# Is that enough? To choose the pronoun you need the noun, and our sentence tells you only at its end which noun is meant, because animals get tired and streets do not. So you have to bring *tired* and *animal* together first. This is the idea of the lesson: **information travels in hops.** In a first hop, while we read the English, *tired* takes something from *animal*. In a second hop, while we write the French, the pronoun takes it from *tired*.
#
# Each layer of attention is one hop. Here the encoder makes the first hop and the decoder the second, and if you need more hops, you need more layers.
#
# The figure below opens this machine in four steps, each one level further. From here on the encoder, which reads the English, is blue, and the decoder, which writes the French, is orange:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.opened(
    translate(grammar, "The animal was too tired.", beam=1)[0],
    title="What is inside a Transformer?",
    caption="Play it, or open it yourself.",
)

# %% [markdown]
# <a id="encoder"></a>
# The <b style="color:#007fc6">encoder</b> makes a vector for each English word, the <b style="color:#bf5f00">decoder</b> writes the French. Each is a stack of layers that are built alike, and each layer has two parts. In *attention* each word collects something from other words. In the *network* each word is worked on by itself. The decoder's layers have one more part, *cross-attention*, with which French words look at the English ones.
#
# From outside all this is one function, which gets the numbers (*ids*) of the English words and of the French words so far, and returns *logits*, a score for each word that might come next:

# %% slideshow={"point": ["dummy(source"], "slide_type": "skip"} tags=["nbval-check-output"]
from course_utils.positions import SinusoidalPositions  # chapter 4's
from course_utils.transformer import Transformer, TransformerConfig

dummy = Transformer(TransformerConfig(source_vocab=13, target_vocab=13))
source = torch.randint(13, (2, 11))  # [B, S]
target = torch.randint(13, (2, 10))  # [B, T]
logits = dummy(source, target)  # [B, T, V]
print("source", tuple(source.shape), " target", tuple(target.shape))
print("logits", tuple(logits.shape))

# %% [markdown] slideshow={"slide_type": "skip"}
# In shapes: $B$ sentences, $S$ source and $T$ target words, $D$ features of a word, $H$ heads of $d=D/H$ features, and $V$ words in the vocabulary.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: several heads
# <a id="head"></a>
# If you start with this chapter, here is attention once more, in four steps. Think of the words as people around a table. Each has put down an envelope, with a label on the outside and a message inside.
#
# 1. **Ask.** Each word has a question, its <b style="color:#bf5f00">query</b>. *Tired* might ask: who can be tired?
# 2. **Compare.** The label on an envelope is its <b style="color:#007fc6">key</b>. How well does it fit the question? The dot product of query and key, divided by $\sqrt d$ as in chapter 2, is the score.
# 3. **Share.** A softmax makes weights of the scores. Together they are 1.
# 4. **Add up.** The messages are the <b style="color:#008a67">values</b>. Multiply each by its weight, and add them all: that is what the word takes with it.
#
# Three matrices make query, key and value from the word's own vector. Training changes these matrices, and so it changes what each word asks. With small numbers:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.attend(
    title="What does “tired” take from the others?",
    caption="Three words of the sentence, with numbers that you can follow in your head. Play it.",
)

# %% [markdown]
# But then each word has only *one* row of weights. *Tired* may want to know *who* is tired, and also *how* tired, and one row can only mix both answers. What would you do?
#
# We let it ask several questions at once. For this we cut the query into pieces, and the keys and values, too. Each piece attends on its own, and this is called a **head**. At the end we lay the answers of all heads side by side, which makes one vector again, and one more matrix, $W_O$, mixes what the heads have found:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.cut(
    grammar,
    tired,
    ("tired", "it"),
    layer=2,
    title="Cut, attend, join",
    caption="The second layer of our encoder. Choose a word: in which head does it take from “animal”?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
asks = maps_of[1][0, :, words.index("tired")]
assert asks[1, animal] > 0.98 and asks[0].argmax() == it and asks[2:].max() < 0.25
assert maps_of[1][0, 1, it].argmax() == animal and maps_of[1][0, 1, it, animal] < 0.5

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# In head 2 of the encoder's second layer *tired* gives *animal* nearly all its weight: this is the first hop. In head 1 the largest share comes from *it*.
#
# **Keep this:** each head has attention weights of its own. Four narrow heads have as many parameters as one wide head.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
labs.split(
    title="How do you cut, and how not?",
    caption="Three words of four features each. Both ways give two heads of the same shape.",
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 1 ●●○ · 4 minutes
# Cut the last axis into $H$ heads of $d$ features, then move the heads in front of the words: $[B,T,H\cdot d]\to[B,T,H,d]\to[B,H,T,d]$. Don't do it in one go, as on the right of the figure.
#
# <!-- example: split heads -->

# %% tags=["exercise"]
@exercise("split heads")
def split_heads(x, heads):
    """x [B, T, D] -> [B, H, T, d], d = D / H"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: split heads -->

# %% [markdown] slideshow={"point": ["scaled_dot_product_attention(", "join_heads"], "slide_type": "subslide"}
# <a id="multi-head-attention"></a>
# The same as a formula, with the <b style="color:#bf5f00">queries</b> $Q_h$, <b style="color:#007fc6">keys</b> $K_h$ and <b style="color:#008a67">values</b> $V_h$ of head $h$:
#
# $$ \mathrm{head}_h=\underbrace{\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q_h}}{\color{#007fc6}{K_h}}^\top}{\sqrt d}\Big)}_{\text{ask, compare, share}}{\color{#008a67}{V_h}},\qquad {\color{#bb51a8}{Y}}=\underbrace{[\mathrm{head}_1,\dots,\mathrm{head}_H]}_{\text{join}}\,W_O $$
#
# The first function below is chapter 2's attention. `masked_softmax`, which gives hidden keys the weight 0, is yours if you solved it in chapter 1.

# %% jupyter={"source_hidden": true}
from mine import masked_softmax

# %% tags=["definition"]
# course_utils.attention: scaled_dot_product_attention, join_heads

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 2 ●●○ · 10 minutes
# Write everything before $W_O$: split, attend under the mask, join. `q`, `k` and `v` are projected already. The mask is [Q, K], or [B, Q, K] with one for each sentence, or None; True = may be attended; all heads share it.
#
# <!-- example: attention in heads -->

# %% tags=["exercise"]
@exercise("attention in heads")
def multi_head(q, k, v, heads, mask=None):
    """q [B, Q, D], k, v [B, K, D], mask [B, Q, K] or [Q, K] bool or None
    -> output [B, Q, D], weights [B, H, Q, K]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: attention in heads -->
#
# The class below holds the four matrices, too. Queries come from `x`, keys and values from `memory`. If both are the same sentence, this is *self-attention*.

# %% tags=["definition"]
# course_utils.attention: MultiHeadAttention

# %% jupyter={"source_hidden": true}
from course_utils.attention import causal_mask, padding_mask

attention, x = MultiHeadAttention(128, 4), torch.randn(2, 15, 128)

# %% jupyter={"source_hidden": true} tags=["asserts"]
def share(mine, theirs):
    """The parameters of our attention go into PyTorch's."""
    parts = [mine.query, mine.key, mine.value]
    theirs.in_proj_weight.data = torch.cat([part.weight for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias for part in parts])
    theirs.out_proj.load_state_dict(mine.out.state_dict())
theirs = nn.MultiheadAttention(128, 4, batch_first=True)
share(attention, theirs)
mask = padding_mask([15, 9], 15)  # the second sentence has 9 words
output, weights = attention(x, x, mask)
expected, _ = theirs(x, x, x, key_padding_mask=~mask[:, 0])
gap = (output - expected).abs().max()
assert gap < 1e-5 and (weights[1, :, :, 9:] == 0).all()
other = x.clone()
other[1, 9:] += 1
assert torch.allclose(attention(other, other, mask)[0][1, :9], output[1, :9], atol=1e-5)
assert sum(p.numel() for p in MultiHeadAttention(128, 1).parameters()) == sum(p.numel() for p in attention.parameters())

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: what each word does alone
# <a id="ffn"></a>
# Now *tired* has taken something from *animal*. But a head can only average messages. To work on what has arrived, a layer has a second part, the **position-wise feed-forward network** (FFN). It reads each word's vector alone, and it has the same two matrices for every word. The first matrix makes the vector wider, in the paper four times as wide. A ReLU sets what is negative to 0. The second matrix makes it narrow again: <!-- source: Vaswani et al. 2017, section 3.3 -->
#
# $$ \mathrm{FFN}(x)=\underbrace{\max(0,\;xW_1+b_1)}_{\text{wider}}\,W_2+b_2,\qquad W_1\;[D, F],\;W_2\;[F, D] $$

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.network(
    (2, -1),
    title="What does the network make of one word?",
    caption="A word of two features. Here W₁ gives the features themselves, their sum and "
    "their difference, and W₂ adds two and two.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# If one word of the input changes, which outputs change? We try each word in turn:

# %% jupyter={"source_hidden": true}
from course_utils.blocks import PositionwiseFFN

ffn, h = PositionwiseFFN(128, 512), torch.randn(1, len(words), 128)
moved = {"attention": [], "network": []}
for j in range(len(words)):
    other = h.clone()
    other[0, j] = torch.randn(128)  # another word
    moved["attention"].append(attention(other, other)[0] - attention(h, h)[0])
    moved["network"].append(ffn(other) - ffn(h))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
who = {part: torch.cat(found).abs().amax(-1).T > 1e-6 for part, found in moved.items()}  # [T, T]
plot.maps(
    {part: found.float() for part, found in who.items()},
    {part: words for part in who},
    axes=("output of", "changed word"),
    title="Whose output changes?",
    caption="A filled cell: the output of the [query|row's word] moves if the [key|column's word] "
    "is changed.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert who["attention"].all() and torch.equal(who["network"], torch.eye(len(words), dtype=torch.bool))
assert torch.allclose(ffn(h.flatten(0, 1)), ffn(h)[0], atol=1e-5)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Every output of attention depends on every word. In the network you see a diagonal, because each word is on its own.
#
# **Keep this:** attention moves information between words; the feed-forward network works within each word.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.blocks: PositionwiseFFN

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: the stream
# <a id="residual"></a><a id="layer-norm"></a>
# A word has taken something from the others, but what becomes of the word itself? If attention *replaced* its vector, then *tired* would be a mixture after one layer, and a mixture of mixtures after three. So we replace nothing. Each part reads the vector, and *adds* what it has found:
#
# $$ x\;\to\;\underbrace{x}_{\text{as it was}}+\underbrace{f(x)}_{\text{what is new}} $$
#
# This is a **residual connection**, and the sum that runs through all layers is the **residual stream**. It also helps in training: the slope of $x+f(x)$ is $1+f'$, so a gradient gets through even where $f'$ is small.
#
# Because the stream has the same shape at every height, you can stop anywhere and ask which word the model would write if this were the end. This is called the *logit lens*. Here the decoder has written “… la rue parce qu'” and is about to write the pronoun: <!-- source: nostalgebraist 2020 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sentence, word = tired, "il"  # yours: another sentence of these words, and a word of its French
labs.stream(
    grammar,
    sentence,
    word,
    title="What would it say after each part?",
    caption="From below: nine parts add to the stream, whose first two numbers are drawn. Where does it turn?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch05.labs.descent import read, study
reading = read(grammar, tired)
stops = study(grammar, reading, reading.next.index("il") + 1, 3, 4).stops
wide = read(grammar, tired.replace("tired", "wide"))
assert [word for word, _ in study(grammar, wide, wide.next.index("elle") + 1, 3, 4).stops] == ["qu'"] * 3 + ["elle"] * 7
assert [word for word, _ in stops] == ["qu'"] * 3 + ["il"] * 7 and stops[2][1] < stops[1][1] and stops[-1][1] > 0.9

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# At first the model would only repeat *qu'*, because this is the word that it has just read. After the first look at the English it is less sure of this, and after the first network its first choice is *il*. From then on most parts make it surer of *il*. If you write *wide* for *tired*, the stream turns at the same place, to *elle*.
#
# **Keep this:** each part reads the stream and adds to it. It cannot delete anything, only add the opposite.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### And a norm
# <a id="pre-norm"></a>
# If every part adds, the numbers tend to grow. So before a part reads a vector, we bring it into a standard form. A **layer norm** gives each word's vector mean 0 and standard deviation 1, then scales and shifts each feature by learned $\gamma$ and $\beta$:
#
# $$ \mathrm{LN}(x)=\gamma\odot\underbrace{\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}}}_{\text{centred, scaled}}+\beta,\qquad \mu,\sigma^2\text{ over the features of one word} $$
#
# With a pencil: (1, 3) has mean 2 and standard deviation 1, so you get (−1, 1). And from (2, 6) you get (−1, 1), too: layer norm keeps the pattern and removes the size. ([Or batch norm?](05_transformer_annex.ipynb#Layer-norm-or-batch-norm?))
#
# The paper put the norm after the sum, $\mathrm{LN}(x+f(x))$ (*post-norm*). Most models since GPT-2, and ours, norm only what a part reads, $x+f(\mathrm{LN}(x))$ (**pre-norm**), so that nothing interrupts the stream.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(F.layer_norm(torch.tensor([[1.0, 3.0], [2.0, 6.0]]), (2,)).round(), torch.tensor([[-1.0, 1.0]] * 2))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 3 ●○○ · 1 minute
# Write the pre-norm line: `f` reads the normalised x, and what it gives is added to x.
#
# <!-- example: residual and norm -->

# %% tags=["exercise"]
@exercise("residual and norm")
def add_norm(x, f, norm):
    """x [B, T, D], f and norm: [B, T, D] -> [B, T, D]; -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: residual and norm -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: a block, and a stack
# <a id="block"></a>
# Put attention and network together, each in an `AddNorm`, and you have a layer of the encoder, an **encoder block**. `AddNorm` is a module with your line of Exercise 3 in it, and with the parameters of the norm. In training it also sets some numbers to 0 at random (**dropout**).

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.lanes(
    title="What happens to a word in one layer?",
    caption="Three words on their way up. (The norms are left out.)",
)

# %% slideshow={"point": ["x = self.around_attention(", "return self.around_ffn("]} tags=["definition"]
# course_utils.blocks: AddNorm, EncoderBlock

# %% [markdown] slideshow={"slide_type": "fragment"}
# A block changes no shape, so you can put one on top of another. **But why do we need a stack?** You can see it if each word may attend only to itself and to the word before. How far does information get then in one layer, in two, and in three?

# %% jupyter={"source_hidden": true}
near = causal_mask(len(words)).triu(-1)  # itself, and the word before
blocks = [EncoderBlock(128, 4, 512) for _ in range(3)]

def layer_by_layer(x):
    """The stream after each block."""
    return [x := block(x, near) for block in blocks]

reach = [torch.zeros(len(words), len(words), dtype=torch.bool) for _ in blocks]
for j in range(len(words)):
    other = h.clone()
    other[0, j] = torch.randn(128)
    for n, (a, b) in enumerate(zip(layer_by_layer(h), layer_by_layer(other))):
        reach[n][:, j] = (a - b)[0].abs().amax(-1) > 1e-6

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
names = [from_cell("{n} layers", n=n) if n > 1 else from_cell("1 layer") for n in (1, 2, 3)]
plot.maps(
    {name: found.float() for name, found in zip(names, reach, strict=True)},
    {name: words for name in names},
    axes=("output of", "word that is known"),
    title="How far does information get?",
    caption="Each word may attend only to itself and to the word before. A filled cell: the "
    "[query|row's word] knows of the [key|column's word].",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(torch.equal(known, causal_mask(len(words)).triu(-n)) for n, known in enumerate(reach, 1))

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# With each layer information gets one word further. So one step of attention is one hop. In a Transformer a hop can be as long as the sentence, but a word can pass on only what it already has. *Tired* must take something from *animal* in one layer, before another word can take it from *tired* in a later one.
#
# **Keep this:** one step of attention is one hop. With several, information can reach a word through another word.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: the decoder, and what it may see
# <a id="cross-attention"></a>
# You will use your attention in three places:
#
# | | <span style="color:#bf5f00">queries</span> from | <span style="color:#007fc6">keys</span> and <span style="color:#008a67">values</span> from | may see |
# |---|---|---|---|
# | encoder self-attention | English | English | all words |
# | decoder self-attention | French | French | itself and earlier words |
# | cross-attention | French | English | all words |
#
# <a id="causal-mask"></a>
# Why may a French word not see the later ones? In training we give the decoder the whole right translation, as in chapter 3, and it predicts every next word at once. If it saw the next word, it would just copy it. So the **causal mask** hides what comes later. The row of "je" predicts "suis": it may see `<bos>` and "je" itself, but not "suis".

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labels = ["<bos>", "je", "suis", "étudiant", ".", "<pad>", "<pad>"]
masks = {
    "padding": padding_mask([5], 7)[0].expand(7, 7),
    "future (causal)": causal_mask(7),
}
masks["both"] = masks["padding"] & masks["future (causal)"]
plot.maps(
    {"may attend": torch.stack([*masks.values()])},
    {"may attend": labels},
    {"may attend": labels},
    axes=("query", "key"),
    along=("hidden", list(masks), "future (causal)"),
    title="Who may attend to whom?",
    caption="Each row is a [query|query]; a filled cell (True) is a [key|word] that the "
    "query may attend to.",
)

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.attention: causal_mask

# %% [markdown] slideshow={"slide_type": "fragment"}
# So in training one call predicts all words. When the model writes, it needs a call for each word, because each new word is part of the next input. (It takes the likeliest word each time, or searches by beam, as in chapter 3.)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
both_ways = labs.at_once(
    grammar,
    "The animal was too tired.",
    title="All at once, and word by word",
    caption="Our translator. A square is a French word that a row may see. How many calls does each way need?",
)
both_ways

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In training the model predicts all words in one call; when it writes, one after the "
    "other. For the same words, the logits at the fifth word are",
    [
        "equal, up to rounding",
        "nearly the same: training is an approximation",
        "different: in training the model knows the end",
    ],
    answer=0,
    because="With the causal mask, row 5 is computed from the source and from words 1 "
    "to 5, in every layer.",
)

# %%
print(f"largest difference of a logit {both_ways.gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert both_ways.gap < 1e-4 and all(row[1] == row[2] for row in both_ways.table().rows)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# They are equal, up to rounding, because a row never depends on what comes later, in any layer.
#
# **Keep this:** with the causal mask, all words at once and word by word give the same predictions for the same text.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 4 ●●● · 8 minutes
# Write the **decoder block**. Copy `EncoderBlock` and put a third sub-layer between its two: cross-attention, with queries from the target, and with keys and values from `memory`, the encoder's output, which is normalised already. So that trained parameters fit, call the parts `attention`, `cross_attention`, `ffn`, `around_attention`, `around_cross`, `around_ffn`.

# %% tags=["exercise"]
@exercise("a decoder block")
class DecoderBlock(nn.Module):
    def __init__(self, size, heads, hidden, dropout=0.0):
        super().__init__()
        raise NotImplementedError

    def forward(self, x, memory, mask=None, memory_mask=None):
        """x [B, T, D], memory [B, S, D], mask [T, T], memory_mask [B, 1, S]
        -> [B, T, D]"""

# %% [markdown]
# <!-- solution: a decoder block -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: the whole model
# The two stacks are ready. What remains are the two ends. **In front** we have to turn words into vectors. For each language we take a table of embeddings, which has a row for each word, and add chapter 4's positions. (Times $\sqrt D$ the rows are about as large as the positions.)
#
# **At the other end** we have to turn a vector into a word. How? We compare it with every French word: the dot products of the decoder's vector with all rows of the French table are the *logits*, and a softmax makes probabilities of them. So the same table serves as the decoder's embedding and as its output (*weight tying*). Each stack ends with one more norm.

# %% [markdown] slideshow={"slide_type": "skip"}
# The layers:

# %% tags=["definition"]
# course_utils.transformer: TransformerLayers

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
counts = {}
for name, p in grammar.model.named_parameters():
    stack, *inside = name.split(".")
    part = f"{stack} {inside[1]}" if stack in ("encoder", "decoder") else stack
    part = part.replace("cross_", "cross-").replace("_", " ")
    part = "all norms" if "norm" in name or "around" in part else part
    part = "target embedding" if part == "output" else part  # the same table, and a bias
    counts[part] = counts.get(part, 0) + p.numel()
plot.bars(
    list(counts),
    [count / 1000 for count in counts.values()],
    ylabel="thousand numbers",
    digits=0,
    title="Where are the parameters?",
    caption="Of all layers of a stack together. The table of the target is the output, too.",
)

# %% [markdown] slideshow={"point": ["memory = self.encode(", "causal_mask("], "slide_type": "skip"}
# What `encode` returns is the `memory`, to which every layer of the decoder attends. `source_mask` is False at padding, and `[:, None]` gives it an axis for the queries.

# %% slideshow={"point": ["memory = self.encode(", "return self.output("], "slide_type": "subslide"} tags=["definition"]
# course_utils.transformer: Transformer

# %% jupyter={"source_hidden": true} tags=["asserts"]
french_ids = torch.tensor([[2, *grammar.target.encode("l'animal n'a pas traversé la rue")]])  # 2: <bos>
same = Transformer(grammar.model.config).eval()
same.load_state_dict(grammar.model.state_dict())
with torch.no_grad():
    assert (same(ids, french_ids) - grammar.model(ids, french_ids)).abs().max() < 1e-4
assert same.output.weight is same.target_embedding.weight and grammar.target.words[2] == "<bos>"

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A task without data
# First, a task in which bugs show: rows of ten digits, to be **copied or reversed**, as the first token says. Our ids are the digits and three more: `BEGIN`, `COPY` and `REVERSE`. `copy_or_reverse` makes as many rows as you want.

# %% jupyter={"source_hidden": true}
BEGIN, COPY, REVERSE, TOKENS = 10, 11, 12, 13  # token ids; 0 to 9 are the digits

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.toy_tasks: copy_or_reverse

# %% [markdown] tags=["card"]
# ### Exercise 5 ●●○ · 8 minutes
# Write one step of training. [As in chapter 3](03_seq2seq.ipynb#teacher-forcing), the decoder reads `BEGIN` and the target without its last word, and predicts the target. Compute the loss, clear the old gradients, compute the new ones, and let the optimiser step. Return the loss as a number.

# %% tags=["exercise"]
@exercise("a training step")
def train_step(model, optimiser, source, target):
    """source [B, S], target [B, T]; model(source, read) -> logits [B, T, V]
    -> the loss before the step, a float"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: a training step -->
#
# The optimiser, *Adam*, divides a running mean of each gradient by the gradient's usual size. The learning rate falls to 0:

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
    return train_step(model, torch.optim.Adam(model.parameters()), *copy_or_reverse(64))

for_training(one_step)  # with nothing solved it does nothing

# %% [markdown] slideshow={"slide_type": "skip"}
# On the way it reverses one row three times. (`write` computes all earlier words again for each word. The file that you keep has a [cache](05_transformer_annex.ipynb#kv-cache).)

# %% tags=["definition"]
# course_utils.toy_tasks: write

# %% seconds=35 slideshow={"point": ["train_step("], "slide_type": "subslide"} steps=[400, 399, 100, 50] tags=["training"]
torch.manual_seed(0)
model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=400)
losses, wrote = [], {}
row = torch.tensor([[REVERSE, *range(10)]])
for step in range(400):
    losses.append(train_step(model, optimiser, *copy_or_reverse(rows=64)))
    falling.step()
    if step in (50, 100, 399):
        wrote[step] = write(model, row, 10)[0].tolist()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} steps=400
plot.lines(
    {"loss": (range(0, 400, 2), losses[::2])},
    "steps",
    "loss",
    notes=wrote,
    title="When does it understand the task?",
    caption="The loss of each step. Guessing one of ten digits costs ln 10, about 2.3. "
    "Below, what it writes for 0 to 9 in reverse.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Now let it write rows that it has not seen.

# %% slideshow={"slide_type": "subslide"}
source, target = copy_or_reverse(500)
right = (write(model, source, 10) == target).all(1)
print("asked   ", source[0].tolist(), "  (11: copy, 12: reverse)")
print("written ", write(model, source[:1], 10)[0].tolist())
print(f"{right.float().mean():.1%} of 500 new rows are right to the last digit.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (COPY, REVERSE) == (11, 12) and round(math.log(10), 1) == 2.3

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert right.float().mean() >= 0.99

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## It translates
# <a id="warm-up"></a>
# Now we train your model. It learns from chapter 3's pairs of sentences, which are stored in `lesson`. `fit` is the loop above with a stop button. It *clips* gradients that are too long, and its learning rate rises at first (**warm-up**), then falls ([what that is worth](05_transformer_annex.ipynb#before-or-after)).

# %% slideshow={"slide_type": "skip"}
from chapters.ch03.lesson import Lesson
from course_kit.callbacks import Samples
from course_kit.training import fit, warm_then_fall
from course_utils.transformer import translation_loss

STEPS = {"class": 600, "full": 2400}[runtime.profile]
lesson = Lesson("en-fr")
torch.manual_seed(0)
translator = Transformer(TransformerConfig(len(lesson.source), len(lesson.target)))

# %% seconds=60 slideshow={"slide_type": "subslide"} tags=["training"]
says = Samples(lambda model: lesson.translate(model, "The dog was too tired.")[0].text)
run = fit(translator, lesson.batches, translation_loss, steps=STEPS, lr=3e-3, clip=1.0,
          schedule=warm_then_fall(STEPS), title="When is it as good as a choice of two?",
          callbacks=[says],
          compare={"guessing": math.log(len(lesson.target)), "two words": math.log(2)})

# %%
bleu = lesson.bleu(translator, count=200)
print(f"BLEU on 200 new sentences: {bleu:.0f}")
print(lesson.translate(translator, tired)[0].text)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lesson.loaded(translator).was_seen(tired)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert bleu > 60

# %% [markdown] slideshow={"slide_type": "fragment"}
# After so short a training the pronoun can still be wrong. So from here on we ask `grammar`, whose map you saw at the beginning: the same classes, trained longer.
#
# Is it better than chapter 3's GRU with attention? We let the two race, on the same sentences:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
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
curve = {name: torch.tensor(one["valid"]).mean(0) for name, one in race["models"].items()}
scores = {name: torch.tensor(one["test"]) for name, one in race["models"].items()}
ours = [sum(p.numel() for p in model.parameters()) for model in (lesson.model(), translator)]
assert ours == [one["parameters"] for one in race["models"].values()] and [round(n, -3) for n in ours] == [775_000, 1_186_000]
assert round(ours[1] / ours[0], 1) == 1.5 and race["steps"] == 600 and len(race["seeds"]) == 3 and all(len(one["tried"]) == 3 for one in race["models"].values())
assert (curve["GRU with attention"] > curve["Transformer"])[:5].all()  # in the first half
assert abs(scores["GRU with attention"].mean() - scores["Transformer"].mean()) < 1 < min(one.max() - one.min() for one in scores.values()) and min(map(min, scores.values())) > 85

# %% [markdown] slideshow={"slide_type": "fragment"}
# The GRU learns faster at first, and at the end of the race their BLEU is equal. ([Real sentences](05_transformer_annex.ipynb#Real-sentences) are harder.)
#
# ### Then why did everyone change?
# <a id="Why-Transformers?"></a>
# Because in training no word has to wait for another. A GRU reads one word after the other, however many processors you have. In a Transformer layer no word waits for another, however long the text is:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["nbval-check-output"]
from chapters.ch05.experiments.speed import work

Table(
    [
        {"words": n, "layer": kind, "in a row": n if kind == "GRU" else "all at once",
         "multiplications, millions": round(one["multiplications"] / 1e6)}
        for n in (64, 4096) for kind, one in work(n).items()
    ],
    "In a row: words that are read one after the other. One layer in training, one sentence, 128 features a word.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
counted = work(4096)
assert counted["GRU"]["in a row"] == 4096
assert 12 < counted["Transformer"]["multiplications"] / counted["GRU"]["multiplications"] < 13
assert all(one["Transformer"]["multiplications"] > 2 * one["GRU"]["multiplications"] for one in map(work, (1, 16, 64)))

# %% [markdown] tags=["keep"]
# The price is that each word is compared with every other, which is most of the work in long texts. But a graphics processor does thousands of multiplications at once, so more multiplications cost it little, and waiting costs it much. This is the paper's reason to leave the recurrence out. When a Transformer *writes*, it has to wait, too, because each word needs the one before. <!-- source: Vaswani et al. 2017, section 1 -->
#
# <details><summary>How sure is this?</summary>
#
# For each model we tried three learning rates and took the best. The Transformer had 1.5 times as many parameters. On one core, with many sentences at once, a GRU is faster. We have not measured a graphics processor.
#
# </details>
#
# **Keep this:** in training, no word of a Transformer layer waits. But the layer does more work than a GRU.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core", "guess"]
# ## One word, all the way down
# <a id="descent"></a>
# Now follow one word through the trained machine. The decoder has written "l'animal n'a pas traversé la rue parce qu'" and is about to write a pronoun. **Before you start:** which English word gets the largest share of attention from head 4 of the last cross-attention? *next step* leads there; choose a number to see how it was computed.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.descent(tired, model=grammar, word="il", layer=3, head=4)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It is "tired", not "animal".
#
# </details>
#
# This head makes the second hop, and others make it, too. Does the French depend on it?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Does the model need what the map shows?
# <a id="knock-out"></a>
# Our sentence has a *twin*: with "too **wide**", "it" means the street, and French needs *elle* instead of *il*. So the French pronoun shows which noun the model takes "it" for. We take 368 such pairs of sentences. No twin in its training had the same two nouns. A model that always writes *il* gets half of the pronouns right. Now we cut a connection: by a mask we forbid "it" to attend to the noun that it means.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In no layer and no head of the encoder may “it” attend to the noun that it means. "
    "With nothing forbidden, 95 of 100 pronouns are right. How many are right now?",
    ["about 50: the model has to guess", "about 75", "about 95, as before"],
    answer=2, because="This model finds the right pronoun without that connection.")

# %% [markdown]
# As many as before.
#
# ### Two ways of two hops
# How can the French pronoun know the noun? Information about the noun could reach it by two ways: over "it", or over the adjective. You can cut each hop of both ways, in all heads and all layers:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
from chapters.ch05.experiments import heads as head_study

written = {" ".join(one.source): one for split in ("train", "twins") for one in lesson.examples(split)}
forbidden = head_study.ablations(grammar, head_study.CONNECTIONS, what="cut")
labs.hops(
    grammar,
    written[" ".join(words)],
    forbidden,
    title="Which way does the noun take?",
    caption="An arrow is as thick as its largest weight in any head. Cut the hops: our sentence, "
    "and below the share of right pronouns in 368 pairs.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
forbidden

# %% jupyter={"source_hidden": true} tags=["asserts"]
kept = [(round(row["sentences, %"]), round(row["pairs, %"])) for row in forbidden]
assert kept == [(95, 90), (95, 90), (95, 90), (95, 90), (14, 0), (50, 0)] and len(head_study.pairs()) == 2 * 368
from chapters.ch05.experiments.twins import odds
import functools
rows = head_study.pairs()
likes = odds(grammar, rows, functools.partial(head_study.without, grammar, forbidden=[("cross", "pronoun", "adjective")])) > 0
masculine = torch.tensor([one.twin.pronoun == "il" for one in rows])
assert likes[masculine].float().mean() > 0.99 and likes[~masculine].float().mean() < 0.01
with torch.no_grad(), attention_weights(grammar.model) as other:
    grammar.model.encode(torch.tensor([grammar.source.encode(tired.replace("tired", "wide"))]))
assert other["encoder"][1][0, 1, it].argmax() == animal

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="log-odds"></a>
# **The model does not need the way over "it".** Whether we cut one of its hops or both, as many pronouns are right as before. **It needs the way over the adjective.** If you cut its first hop, only 14 % are right, fewer than with a coin: the adjective's weight goes to the *other* noun instead, and the pronoun follows it. If you cut its second hop, the model cannot tell the twins apart. It writes *il* nearly always, and is right in half of the sentences. (Where the *log-odds* of the table, ln(P(right) / P(other)), are above 0, the right one is likelier.)
#
# And the map that we began with? It looks the same for "wide": there, too, "it" attends most to "animal". So it does not even show which noun is meant.
#
# And the heads? We switch off each of the twelve, so that it adds nothing, and then two at once:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
silent = head_study.ablations(grammar, head_study.head_rows(grammar.model), what="heads off")
whole, *without = silent
plot.bars(
    [row["heads off"] for row in without],
    [whole["sentences, %"] - row["sentences, %"] for row in without],
    ylabel="points lost",
    digits=1,
    title="Which heads can the model do without?",
    caption="Layer and head of the encoder that are switched off, and how many of 100 right "
    "pronouns are lost, in the same 368 pairs.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
off = {row["heads off"]: row["sentences, %"] for row in silent}
alone = [off[f"{layer}.{head}"] for layer, head in twelve]
assert len(alone) == 12 and off["none"] - min(alone) < 2 and 9 < off["none"] - off["2.2 and 3.2"] < 11
for place, query, key in (("2.2", "tired", "animal"), ("3.2", "tired", "animal")):
    layer, head = map(int, place.split("."))
    assert maps_of[layer - 1][0, head - 1, words.index(query), words.index(key)] > 0.98

# %% [markdown] tags=["keep"]
# Each head alone costs less than two points. But heads 2.2 and 3.2 together cost ten, because both carry the noun to the adjective. Other heads must do so, too, since most pronouns are still right.
#
# <details><summary>How sure is this?</summary>
#
# This is one model, and a corpus in which the adjective always decides. We show the pair of heads that is missed most. More cuts: [annex](05_transformer_annex.ipynb#Which-connection-decides,-in-detail?).
#
# </details>
#
# **Keep this:** a map shows what a head attends to, not what the model needs. Cut it, and count.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So what can attention do alone?
# It can carry information from any word to any other, in hops: here from the noun to the adjective, and from there to the pronoun. Between two hops a network works on each word alone.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# `keep` saves your Transformer in one file, which needs only torch. Your functions are in it where they are right.

# %%
from course_kit.mine import keep

keep("transformer")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Each head has attention weights of its own. Four narrow heads have as many parameters as one wide head.
# 2. A layer is attention, between words, then a network, within each word. Both add to the stream.
# 3. One step of attention is one hop. With several, information can reach a word through another word.
# 4. With the causal mask, all words at once and word by word give the same. No word needs what another computes in the same layer, so none waits in training.
# 5. A map shows what a head attends to, not what the model needs. Cut it, and count.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# Discussed in [the annex](05_transformer_annex.ipynb#open-questions).
# 1. *Prove:* without positions, and without a mask, a stack of encoder blocks gives shuffled words shuffled outputs.
# 2. *Design an experiment:* how many of the twelve heads, all at once, could the model do without?
# 3. *Why not* additive attention (chapter 2) in a Transformer, instead of the scaled dot product?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [head](#head) | 注意力头 | attention with projections of its own |
# | [multi-head attention](#multi-head-attention) | 多头注意力 | several heads at once, joined and mixed |
# | [position-wise feed-forward network](#ffn) | 逐位置前馈网络 | the same two matrices for each word |
# | [residual connection](#residual) | 残差连接 | adds a sub-layer's input to its output |
# | [layer norm](#layer-norm) | 层归一化 | mean 0 and standard deviation 1 over one word's features |
# | [pre-norm, post-norm](#pre-norm) | 前置归一化、后置归一化 | the norm before a sub-layer, or after the sum |
# | [warm-up](#warm-up) | 学习率预热 | the learning rate rises slowly at first |
# | [block](#block) | 块 | attention and feed-forward, with residual connections and norms |
# | [causal mask](#causal-mask) | 因果掩码 | no word looks ahead; the diagonal is allowed |
# | [log-odds](#log-odds) | 对数几率 | the logarithm of the ratio of two probabilities |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from the target, keys and values from the source |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(5)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: half of it
# Our Transformer learns from pairs of sentences, which are few in most languages. Take the encoder alone and let it guess hidden words: that is BERT.
#
# **→ [6 · Which word is missing?](06_bert.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 5, edition 0.4.0, and the heading above it.*
