# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 5 · What can attention do alone?
# *It can translate: that is the Transformer.* You'll keep `mine/transformer.py`, a whole Transformer in plain PyTorch, with your own lines in it. <!-- minutes --> **Before:** [chapter 3](03_seq2seq.ipynb) and [chapter 4](04_positional_encoding.ipynb).
#
# ## What does "it" attend to?
# “The animal didn't cross the street because it was too tired.” Who was, the animal (in French *il*) or the street (*elle*)? In the *map* below, a table of who attends to whom, “it” attends most to “animal”. **Before you press:** let “it” attend *only* to “street”. Does the French change?

# %% jupyter={"source_hidden": true}
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch05 import again, exercise, hint, labs, solution
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.heads import attention_weights
from course_kit.i18n import from_cell
from course_kit.views import asking, plot, predict
from course_kit.views.view import at

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
first = at(labs.heads(
    maps_of,
    words,
    select=("it", "animal"),
    title="What if “it” attends only to “street”?",
    model=grammar,
    caption=from_cell(
        "It writes: “{french}” One of the twelve maps of its reading is open: a row for each "
        "[query|word that asks], a column for each [key|word that is asked].",
        french=translate(grammar, tired, beam=1)[0],
    ),
), key=words.index("street"))
asking(first)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [(n, h) for n in range(3) for h in range(4) if maps_of[n][0, h, it].argmax() == animal] == [(1, 1)]
assert maps_of[1][0, 1].argmax() == words.index("tired") * len(words) + animal
assert len(maps_of) == 3 and maps_of[0].shape[1] == 4 and grammar.was_seen(tired) and first.opened == (1, 1)
from contextlib import ExitStack
from chapters.ch05.experiments.heads import blinded
def french(heads, noun):  # “it” attends only to this noun in these
    with ExitStack() as stack:
        for key in set(range(len(words))) - {words.index(noun)}:
            [stack.enter_context(blinded(grammar.model, "encoder", [it], [key], head)) for head in heads]
        return str(translate(grammar, tired, beam=1)[0])
twelve = [(layer, head) for layer in (1, 2, 3) for head in (1, 2, 3, 4)]
assert len({french(heads, noun) for noun in ("animal", "street") for heads in ([], twelve, *([one] for one in twelve))}) == 1

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# No, not here: do it in any of the twelve maps, or in all at once, and the French stays the same. So it does if “it” may attend only to “animal”.
#
# </details>
#
# Our Transformer computes twelve such maps as it reads (three layers of four *heads*), and they are often taken as proof of understanding. But does the model need this connection at all? At the end you'll cut it and count.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Information travels in hops
# Chapter 3's encoder read one word after the other, so each state had to wait for the one before it. In 2017 *Attention is all you need* (Vaswani et al.) left this recurrence out, so attention became the only way for one word to get something from another. <!-- source: Vaswani et al. 2017 -->
#
# To write the French pronoun you have to know which noun "it" means, and only the last word tells you, because animals get tired and streets don't. So *tired*, *animal* and the pronoun have to come together. By which route would you do it, *animal* → "it" → *il* or *animal* → *tired* → *il*? Either has two steps, and that's this lesson's idea: **information travels in hops.** First, while the encoder reads the English, one word picks up something from *animal*. Then, while the decoder writes the French, the pronoun picks it up from that word. Each step of attention is one hop, and more layers allow more hops.
#
# Which route does our model take? You'll cut both. First let's open the machine:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.opened(
    translate(grammar, "The animal was too tired.", beam=1)[0],
    title="What is inside a Transformer?",
    caption="Play it, or open it yourself. What was read crosses from left to right.",
)

# %% [markdown]
# <a id="encoder"></a>
# The <b style="color:#4d6680">encoder</b> computes a vector for each English word, and the <b style="color:#80673f">decoder</b> writes the French. Each is a stack of layers, built alike but with parameters of their own. In a layer's first box, *attention*, each word collects something from the words of its sentence. The second box, the *network*, works on each word's vector separately. In between, the decoder's layers have a third, *cross-attention*, in which French words attend to English ones.
#
# You'll build these boxes one by one. Seen from outside, the machine is one function. You give it the numbers (*ids*) of the English words and of the French words so far, and you get *logits*: at each French word, a score for every word that might come next.

# %% slideshow={"point": ["dummy(source"], "slide_type": "skip"} tags=["nbval-check-output"]
from course_utils.transformer import Transformer, TransformerConfig

dummy = Transformer(TransformerConfig(source_vocab=13, target_vocab=13))
source = torch.randint(13, (2, 11))  # [B, S]
target = torch.randint(13, (2, 10))  # [B, T]
logits = dummy(source, target)  # [B, T, V]
print(tuple(source.shape), tuple(target.shape), "->", tuple(logits.shape))

# %% [markdown] slideshow={"slide_type": "skip"}
# In shapes: $B$ sentences, $S$ source and $T$ target words, $D$ features of a word, $H$ heads of $d=D/H$ features, and $V$ words in the vocabulary.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: several heads
# <a id="head"></a>
# The first box is attention. Imagine the words around a table. Each has put down an envelope, with a label on the outside, its <b style="color:#007fc6">key</b>, and a message inside, its <b style="color:#008a67">value</b>.
#
# Now *tired* **asks**: who can be tired? Its question is a vector, too, the <b style="color:#bf5f00">query</b>, say (2, 0, 1, 1), and on *animal*'s envelope you read (2, 1, 0, 0). How well do they fit? To **compare** them, you take the dot product: multiply number by number and add up, which gives 4. Longer sums vary more, so, as in chapter 2, you divide it by $\sqrt d$, here 2. That leaves the *score*, 2. In the same way *street* gets 0 and *tired* itself 1.
#
# Next you **share**: a softmax turns the three scores into weights that add up to 1, and *animal* gets 0.67. Then you **add up**: 0.67 of *animal*'s message, and less of the other two. That sum is what *tired* carries away.
#
# Three matrices, which training changes, compute query, key and value from a word's own vector. Watch the four steps:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.attend(
    title="What does “tired” take from the others?",
    caption="Three words of the sentence, with numbers that you can follow in your head. Play it.",
)

# %% [markdown]
# But *tired* may want to know *who* is tired and also *how* tired, and one row of weights can only blend the two answers. What would you do?
#
# You could let it ask several questions at once: cut the query into pieces, and the keys and values likewise. Each piece attends on its own and is called a **head**. Then you put their answers side by side, and a last matrix, $W_O$, mixes them:

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
assert abs(torch.tensor([2.0, 0, 1]).softmax(0)[0] - 0.67) < 0.005  # the envelopes'
assert asks[1, animal] > 0.98 and asks[0].argmax() == it and asks[2:].max() < 0.25
assert maps_of[1][0, 1, it].argmax() == animal and maps_of[1][0, 1, it, animal] < 0.5

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Did you find it? In head 2 *tired* gives nearly all of its weight to *animal*. That could be our first hop.
#
# **Keep this:** each head has attention weights of its own. Four narrow heads have as many parameters as one wide head.

# %% [markdown] slideshow={"point": ["split_heads", "scaled_dot_product_attention("], "slide_type": "skip"}
# <a id="multi-head-attention"></a>
# Now as a formula, with the <b style="color:#bf5f00">queries</b> $Q_h$, <b style="color:#007fc6">keys</b> $K_h$ and <b style="color:#008a67">values</b> $V_h$ of head $h$:
#
# $$ \mathrm{head}_h=\underbrace{\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q_h}}{\color{#007fc6}{K_h}}^\top}{\sqrt d}\Big)}_{\text{ask, compare, share}}{\color{#008a67}{V_h}},\qquad {\color{#bb51a8}{Y}}=\underbrace{[\mathrm{head}_1,\dots,\mathrm{head}_H]}_{\text{join}}\,W_O $$
#
# And as code: `split_heads` cuts ([write it yourself](05_transformer_annex.ipynb#Cut-into-heads)), `join_heads` puts the pieces side by side again, and between them is chapter 2's attention. With chapter 1's `masked_softmax`, hidden words get weight 0.
#
# You can cut in two ways and get the same shape, but only one gives each head a piece of every word:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
labs.split(
    title="How do you cut, and how not?",
    caption="Three words of four features each. Both ways give two heads of the same shape.",
)

# %% jupyter={"source_hidden": true}
from mine import masked_softmax

# %% tags=["definition"]
# course_utils.attention: split_heads, scaled_dot_product_attention, join_heads

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 1 ●●○ · 8 minutes
# Write everything before $W_O$: split, attend under the mask, join. `q`, `k` and `v` are projected already. The mask is True where a key may be attended, in all heads alike. It can be one for all sentences, [Q, K], or one for each, [B, Q, K]; where its Q is 1, it serves all queries.
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
# The class below is the whole box. Its four matrices are $[D, D]$, whatever the number of heads. Queries come from `x`, keys and values from `memory`. If `x` and `memory` are the same, this is *self-attention*.

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
# ## Two: a network for each word
# <a id="ffn"></a>
# So *tired* has taken something from *animal*. But all that a head can do with the messages is average them. That's why a layer has a second box for what has arrived, the **position-wise feed-forward network** (FFN). It reads each word's vector separately, with the same two matrices for every word, so you could as well put all words of a batch in one list, [B · T, D]. The first makes the vector wider, in the paper four times. A ReLU sets the negative numbers to 0, and the second makes it narrow again: $\mathrm{FFN}(x)=\max(0,\,xW_1+b_1)\,W_2+b_2$, with $W_1$ [D, F] and $W_2$ [F, D]. <!-- source: Vaswani et al. 2017, section 3.3 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.network(
    (2, -1),
    title="What does the network make of one word?",
    caption="A word of two features. Here W₁ gives the features themselves, their sum and "
    "their difference, and W₂ adds two and two.",
)

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.blocks: PositionwiseFFN

# %% jupyter={"source_hidden": true} tags=["asserts"]
ffn, x = PositionwiseFFN(128, 384), torch.randn(2, 15, 128)
assert torch.allclose(ffn(x.flatten(0, 1)).view_as(x), ffn(x), atol=1e-5)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: the stream
# <a id="residual"></a><a id="layer-norm"></a>
# You have both boxes. How do you join them? If attention *replaced* a word's vector, *tired* would be a mixture after one layer and a mixture of mixtures after three, and such mixtures [tend to grow alike](05_transformer_annex.ipynb#bare-block). So we replace nothing. Each box, call it $f$, reads the vector $x$ and *adds* what it has found:
#
# $$ x\;\to\;\underbrace{x}_{\text{as it was}}+\underbrace{f(x)}_{\text{what is new}} $$
#
# This is a **residual connection**, and the sum that runs through all layers is the **residual stream**. The sum helps in training, too. Its slope is $1+f'$, so even where the box's own slope $f'$ is small, the 1 lets a gradient pass.
#
# Follow three words upwards through one layer:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.lanes(
    title="What happens to a word in one layer?",
    caption="Three words on their way up. (The norms come next.)",
)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# **Keep this:** in a layer, attention works between words, then a network within each word, and both add to the stream.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### And a norm
# <a id="pre-norm"></a>
# If every box adds, the numbers tend to grow, so each box first norms what it reads. A **layer norm** gives each word's vector mean 0 and standard deviation 1, then scales and shifts each feature by learned $\gamma$ and $\beta$:
#
# $$ \mathrm{LN}(x)=\gamma\odot\underbrace{\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}}}_{\text{centred, scaled}}+\beta,\qquad \mu,\sigma^2\text{ over the features of one word} $$
#
# Try it with a pencil, for $\gamma=1$ and $\beta=0$: (1, 3) has mean 2 and standard deviation 1, so it becomes (−1, 1). So does (2, 6), because a layer norm removes the size and keeps the pattern. ([Or batch norm?](05_transformer_annex.ipynb#Layer-norm-or-batch-norm?))
#
# The paper put the norm after the sum, $\mathrm{LN}(x+f(x))$ (*post-norm*). Most models since GPT-2, and ours, norm what a box reads, $x+f(\mathrm{LN}(x))$ (**pre-norm**), so that nothing interrupts the stream.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(F.layer_norm(torch.tensor([[1.0, 3.0], [2.0, 6.0]]), (2,)).round(), torch.tensor([[-1.0, 1.0]] * 2))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 2 ●○○ · 1 minute
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
# Now you can build a layer of the encoder, an **encoder block**: attention, then the network, and both add to the stream.

# %% [markdown] slideshow={"slide_type": "skip"}
# In code, each box gets an `AddNorm` around it: your line of Exercise 2 with the norm's parameters. In training it also sets some numbers to 0 at random (**dropout**). `lambda h: …` is a function without a name that reads the normalised vectors; `[0]` leaves out attention's weights.

# %% slideshow={"point": ["x = self.around_attention(", "return self.around_ffn("]} tags=["definition"]
# course_utils.blocks: AddNorm, EncoderBlock

# %% [markdown] slideshow={"slide_type": "fragment"}
# A block changes no shape, so you can put one on top of another. **But why would you want a stack?** Suppose each word may attend only to itself and to the word before it. If you change one word of the input, which outputs change after one layer, two and three?

# %% jupyter={"source_hidden": true}
h = torch.randn(1, len(words), 128)
near = torch.ones(len(words), len(words)).bool().tril().triu(-1)  # itself, and the word before
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
# With each layer information gets one word further. In a Transformer a hop can be longer, but a word can pass on only what it has. Before *tired* can tell the French, it has to get something from *animal*.
#
# **Keep this:** one step of attention is one hop. With several, information can reach a word through another word.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: the whole model
# <a id="cross-attention"></a>
# You have the encoder's layer. The decoder has to look at the English, too, so its layer, a **decoder block**, has one more box in the middle: **cross-attention**. Its keys and values come from the `memory`, the vectors that the encoder has computed. That makes three places with attention:
#
# | | <span style="color:#bf5f00">queries</span> from | <span style="color:#007fc6">keys</span> and <span style="color:#008a67">values</span> from | may see |
# |---|---|---|---|
# | encoder self-attention | English | English | all words |
# | decoder self-attention | French | French | itself and earlier words |
# | cross-attention | French | English | all words |

# %% jupyter={"source_hidden": true}
from course_utils.positions import SinusoidalPositions  # chapter 4's
from course_utils.transformer import DecoderBlock  # Exercise 3, in Seven; until then the course's

# %% [markdown] slideshow={"slide_type": "subslide"}
# Two ends are missing. **In front**, a word has to become a vector. Each language has a table of embeddings, one row per word. We add chapter 4's position to the row (`SinusoidalPositions`). But we begin with numbers of about $1/\sqrt D$, small beside sines, so we multiply the row by $\sqrt D$.
#
# **At the other end**, a vector has to become a word. We compare it with every French word: its dot products with all rows of the French table, plus a bias, are the *logits*, and a softmax turns them into probabilities. So one table serves as the decoder's embedding and as its output (*weight tying*). Each stack ends with one more norm.
#
# Watch the whole machine write one word:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.whole(
    grammar,
    "The animal was too tired.",
    3,
    title="How does the whole machine write a word?",
    caption="Our translator, from below. Play it: what does each step need from the one before?",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# In code (`DecoderBlock` is Exercise 3, in Seven):

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.transformer: TransformerConfig, TransformerLayers

# %% [markdown] slideshow={"point": ["memory = self.encode(", "causal_mask("], "slide_type": "skip"}
# And `Transformer` sends the words through the boxes. `causal_mask` hides later French words (why, in Seven), `source_mask` is False at padding, and `[:, None]` gives it an axis for the queries.

# %% slideshow={"point": ["memory = self.encode(", "return self.output("], "slide_type": "subslide"} tags=["definition"]
# course_utils.transformer: Transformer

# %% jupyter={"source_hidden": true} tags=["asserts"]
french_ids = torch.tensor([[2, *grammar.target.encode("l'animal n'a pas traversé la rue")]])  # 2: <bos>
same = Transformer(grammar.model.config).eval()
same.load_state_dict(grammar.model.state_dict())
with torch.no_grad():
    assert (same(ids, french_ids) - grammar.model(ids, french_ids)).abs().max() < 1e-4
assert same.output.weight is same.target_embedding.weight and grammar.target.words[2] == "<bos>"

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: a task without data
# Does it work? Try it on a task in which bugs show: rows of ten digits, to be **copied or reversed**, as the first token says. [As in chapter 3](03_seq2seq.ipynb#teacher-forcing), in training the decoder reads the right answer, one place late, with `BEGIN` in front:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
labs.shifted(
    [12, *range(10)],
    [*range(9, -1, -1)],
    10,
    title="What does the decoder read, and what is right?",
    caption="One row. 10 is BEGIN, 11 means copy, 12 means reverse.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# `copy_or_reverse` gives you rows with their answers. With `write` the model reads what is written so far, adds the likeliest next id, and starts again.

# %% slideshow={"slide_type": "skip"}
BEGIN, COPY, REVERSE, TOKENS = 10, 11, 12, 13  # token ids; 0 to 9 are the digits

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.toy_tasks: copy_or_reverse, write

# %% [markdown]
# Now the training. At each hundredth step the model writes 0 to 9 in reverse. After a finished run the learning rate is 0, so a second one changes nothing; to begin anew, first run the cell that makes the model.

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
    return model(*copy_or_reverse(64)).sum().backward()

for_training(one_step)  # with nothing solved it does nothing

# %% slideshow={"slide_type": "skip"} steps=400
torch.manual_seed(0)
model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=400)
begin = torch.full((64, 1), BEGIN)
row = torch.tensor([[REVERSE, *range(10)]])
losses, wrote = [], {}

# %% seconds=35 slideshow={"point": ["loss = ", "backward()", "optimiser.step()"], "slide_type": "subslide"} steps=[400, 100, 99] tags=["training"]
for step in range(400):
    source, target = copy_or_reverse(rows=64)
    logits = model(source, torch.cat([begin, target[:, :-1]], 1))  # [B, T, V]
    loss = F.cross_entropy(logits.flatten(0, 1), target.flatten())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    falling.step()
    losses.append(loss.item())
    if step % 100 == 99:
        wrote[len(losses)] = write(model, row, 10)[0].tolist()
        print(f"step {len(losses)}: loss {losses[-1]:.2f}, writes {wrote[len(losses)]}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
plot.lines(
    {"loss": (range(1, len(losses) + 1, 2), losses[::2])},
    "step",
    "loss",
    notes=wrote,
    title="When does it understand the task?",
    caption="The loss of every second step. Guessing one of ten digits costs ln 10, about 2.3. "
    "Below, what it writes for 0 to 9 in reverse after each 100 steps.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Now some rows that it hasn't seen:

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

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have a whole Transformer, and without recurrence it copies and reverses rows of ten digits. But it hasn't read a word of English yet. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Seven: what may a word see?
# <a id="causal-mask"></a>
# Why may a French word not look ahead? In training you give the decoder the whole right answer, and it predicts the next word at all places at once. If it could see the next word, it would learn to copy it. But when it writes, there's no next word to copy. So the **causal mask** hides from each word everything that comes after it. The row of *animal* predicts *était*: it may see `<bos>`, *l'* and *animal* itself, but not *était*.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.attention: causal_mask

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labels = ["<bos>", "l'", "animal", "était", "trop", "fatigué", "<pad>"]
masks = {
    "padding": padding_mask([6], 7)[0].expand(7, 7),
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

# %% [markdown] slideshow={"slide_type": "fragment"}
# So training needs one call for all the words. Writing needs a call for each, because each new word is part of the next input:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
both_ways = labs.at_once(
    grammar,
    "The animal was too tired.",
    title="All at once, and word by word",
    caption="Our translator. A mark is a French word that a row may see, a frame is a call. How many does each way need?",
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
# Without dropout, the logits are equal, up to rounding: a row never depends on what comes later, in any layer.
#
# **Keep this:** with the causal mask, all words at once and word by word give the same predictions for the same text.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 3 ●●● · 10 minutes
# One block is still ours, the **decoder block**: write it. Copy `EncoderBlock` and put a third sub-layer between its two: cross-attention, with queries from the target, and with keys and values from `memory`, the encoder's output, which is normalised already. So that trained parameters fit, call the parts `attention`, `cross_attention`, `ffn`, `around_attention`, `around_cross`, `around_ffn`.

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
# ## Eight: it translates
# <a id="warm-up"></a>
# Now give your machine language. `lesson` has chapter 3's sentences in batches. Chapter 3's `masked_loss` is a cross-entropy that leaves the padding out. `fit` is the loop above with a stop button (■, or I twice); it also *clips* gradients that are too long, and its learning rate rises (**warm-up**) before it falls ([what that is worth](05_transformer_annex.ipynb#before-or-after)). `Samples` shows what the model writes meanwhile.
#
# Two trained models will help: `grammar`, the translator of the beginning, and `real`, for sentences that people wrote.

# %% jupyter={"source_hidden": true}
from mine import masked_loss

# %% slideshow={"slide_type": "skip"}
from chapters.ch03.lesson import Lesson
from course_kit.callbacks import Samples
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 600, "full": 2400}[runtime.profile]
lesson = Lesson("en-fr")

def translation_loss(model, batch):
    logits = model(batch.source, batch.target_in, batch.source_mask)  # [B, T, V]
    return masked_loss(logits, batch.target_out, batch.target_mask)

# %% jupyter={"source_hidden": true}
def one_step():
    model = Transformer(TransformerConfig(len(lesson.source), len(lesson.target), size=16))
    translation_loss(model, next(iter(lesson.batches))).backward()

for_training(one_step)

# %% seconds=60 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
translator = Transformer(TransformerConfig(len(lesson.source), len(lesson.target)))
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
assert isinstance(translator.decoder[0], DecoderBlock)

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert bleu > 60

# %% [markdown] slideshow={"slide_type": "fragment"}
# After such a short run your model may still get the pronoun wrong. So from here on we ask `grammar` again: the same classes with a third layer, trained for longer and with more sentence pairs like *tired*/*wide*. You'll see it get 95 of 100 pronouns right. <!-- source: the table in the section on what the model needs -->

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### And real sentences?
# A program made these sentences. `real` learned from those of *Tatoeba*, in pieces of words. Here are four that it hasn't seen (`beam=1`: the likeliest piece each time). Which translations would you accept?

# %% slideshow={"slide_type": "subslide"}
real = load_checkpoint("transformer-en-fr")
for line in [tired, tired.replace("tired", "wide"),
             "I have never seen such a beautiful sunset in my life.",
             "The bank closes at three on Fridays."]:
    print(translate(real, line, beam=1)[0].text)

# %% jupyter={"source_hidden": true} tags=["asserts"]
four = [translate(real, line, beam=1)[0] for line in (tired, tired.replace("tired", "wide"), "I have never seen such a beautiful sunset in my life.", "The bank closes at three on Fridays.")]
assert not any(one.seen for one in four)
assert [one.text.lower() for one in four] == [
    "l'animage n'a pas traversé la rue parce qu'elle était trop fatigué.",
    "l'animage n'a pas traversé la rue parce qu'elle était trop large.",
    "je n'ai jamais vu un si beau coucher de soleil dans ma vie.",
    "la banque se ferme à trois heures du matin.",
]
assert four[0].tokens[1:4] == ["an", "im", "age"]

# %% [markdown] slideshow={"slide_type": "fragment"}
# The sunset is right. The bank closes at three in the morning. *L'animage* isn't a word: after the pieces *an* and *im* the model went wrong. And both our sentences get *elle*. So a Transformer *can* learn what they need, but this one hasn't. <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>
#
# <a id="Why-Transformers?"></a>
# Does a Transformer translate better than chapter 3's GRU with attention? In [a race](05_transformer_annex.ipynb#Then-why-did-everyone-change?) on its sentences the two end about equal. Then why did so many change? Above all because in training no word has to wait for another.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One word, all the way down
# How does *il* find its noun? The trained machine has written “… la rue parce qu'”. Because the stream keeps its shape, you can stop after any box and ask which word the model would write if this were the end (the *logit lens*): <!-- source: nostalgebraist 2020 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
sentence, word = tired, "il"  # yours: another sentence of these words, and a word of its French
labs.stream(
    grammar,
    sentence,
    word,
    title="What would it say after each box?",
    caption="From below: nine boxes add to the stream, whose first two numbers are drawn. Where does it turn?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch05.labs.descent import read, study
reading = read(grammar, tired)
stops = study(grammar, reading, reading.next.index("il") + 1, 3, 4).stops
assert [word for word, _ in stops] == ["qu'"] * 3 + ["il"] * 7 and stops[2][1] < stops[1][1] and stops[-1][1] > 0.9

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["guess"]
# <a id="descent"></a>
# At first the model would repeat *qu'*, which it has just read. After its first look at the English it's less sure of that, and after the first network its first choice is *il*. Now you can follow *il* all the way down. **Before you start:** which English word gets the largest share of attention from head 4 of the last cross-attention? *next step* leads you there; choose a number to see how it was computed.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
labs.descent(tired, model=grammar, word="il", layer=3, head=4)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It is "tired", not "animal".
#
# </details>
#
# This may be our second hop: the French takes from *tired*. But does it depend on that?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Does the model need what the map shows?
# <a id="knock-out"></a>
# Our sentence has a *twin*: with "too **wide**", "it" means the street, and French needs *elle*. So the pronoun tells us which noun the model takes "it" for. We have 368 such pairs, each with a noun that no twin in its training had. Let's cut a connection: a mask hides from "it" the noun that it means.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In no layer and no head of the encoder may “it” attend to the noun that it means. "
    "With nothing forbidden, 95 of 100 pronouns are right. How many are right now?",
    ["about 50: the model has to guess", "about 75", "about 95, as before"],
    answer=2, because="This model finds the right pronoun without that connection.")

# %% [markdown]
# As many are right as before. Then how does the pronoun find its noun? Try both routes, through “it” and through the adjective. Cut their hops:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
from chapters.ch05.experiments import heads as head_study

written = {" ".join(one.source): one for split in ("train", "twins") for one in lesson.examples(split)}
forbidden = head_study.ablations(grammar, head_study.CONNECTIONS, what="cut")
labs.hops(
    grammar,
    written[" ".join(words)],
    forbidden,
    title="Through “it”, or through the adjective?",
    caption="An arrow is as thick as its largest weight in any head. Cut the hops: our sentence, "
    "and below the share of right pronouns in 368 pairs.",
)

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
from chapters.ch03.lesson import in_batches
from chapters.ch05.experiments.twins import where
leads = []  # of each sentence, in each of the twelve heads: by how much “it” gives the right noun more than the other one
for some, batch in in_batches(grammar, rows):
    with torch.no_grad(), attention_weights(grammar.model) as seen:
        grammar.model.encode(batch.source, batch.source_mask)
    at, place = torch.arange(len(some)), {role: torch.tensor([where(one, role) for one in some]) for role in ("it", "referent", "distractor")}
    from_it = torch.stack(seen["encoder"], 1)[at, :, :, place["it"]]  # [B, 3, 4, K]
    leads.append(from_it[at, :, :, place["referent"]] - from_it[at, :, :, place["distractor"]])
leads = torch.cat(leads)  # a pair's two nouns change places, so what does not change is opposite
assert leads.shape == (736, 3, 4) and 0.49 < (leads > 0).float().mean(0).min() <= (leads > 0).float().mean(0).max() < 0.501
assert (leads[::2] + leads[1::2]).abs().mean(0).max() < 0.02

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# | you cut, in all heads and layers | right, % |
# |---|---|
# | nothing | 95 |
# | the route through “it”: either hop, or both | 95 |
# | the route through the adjective: first hop, its noun → adjective | 14 |
# | its second hop, adjective → pronoun | 50 |
#
# In this model, and in a corpus where the adjective always decides, **the route through “it” is not needed,** and **the route through the adjective is.** Without its second hop the model can't tell the twins apart: nearly always it writes *il*. If you cut the first hop, it does worse than a coin: the adjective now attends more to the *other* noun, and the pronoun follows it ([in detail](05_transformer_annex.ipynb#Which-connection-decides,-in-detail?)).
#
# And the map that we began with? With *wide*, too, "it" attends most to "animal", so the map doesn't even show which noun is meant. Nor does any other: in each of the twelve heads, "it" attends to its nouns almost alike in both twins.
#
# <details><summary>How sure is this?</summary>
#
# The annex [switches off heads](05_transformer_annex.ipynb#open-questions). Others have argued about it: *Attention is not explanation* (Jain & Wallace 2019), and in reply *Attention is not not explanation* (Wiegreffe & Pinter 2019).
#
# </details>
#
# **Keep this:** a map shows what a head attends to, not what the model needs. Cut it, and count.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So what can attention do alone?
# Attention can carry information from any word to any other that may see it, in hops: here from the noun to the adjective, and from there to the pronoun. Between our two hops a network works on each word, so it isn't quite alone.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["core"]
# ## Keep it
# `keep` saves your Transformer in one file, which needs only torch. Your functions are in it where they're right, and a [cache](05_transformer_annex.ipynb#kv-cache) makes it write faster.

# %%
from course_kit.mine import keep

keep("transformer")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## Forty patients · 45 minutes
# Forty Transformers arrive as black boxes: you may call `model(source, target, mask)`, and no more. Write `diagnose(model)`, which finds out which of seven faults each has, such as a decoder that sees the future. In a cell, `!course problem 05` (in a terminal without the `!`) gives you a file to begin with, and judges it on models that you haven't seen. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. Each head has attention weights of its own. Four narrow heads have as many parameters as one wide head.
# 2. In a layer, attention works between words, then a network within each word, and both add to the stream.
# 3. One step of attention is one hop. With several, information can reach a word through another word.
# 4. With the causal mask, all words at once and word by word give the same. So in training no word has to wait.
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
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from the target, keys and values from the source |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(5)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: half of it
# Our Transformer learns from pairs of sentences, and most languages have few of them. Take the encoder alone and let it guess hidden words: that's BERT.
#
# **→ [6 · Which word is missing?](06_bert.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 5, edition <!-- edition -->, and the heading above it.*
