# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 5 · What can attention do alone?
# *The Transformer.* At the end you hold `mine/transformer.py`: a whole Transformer in plain PyTorch, with your own lines in it, to train and to take into a project. <!-- minutes --> **Before:** [chapter 3](03_seq2seq.ipynb) (encoder, decoder, teacher forcing) and [chapter 4](04_positional_encoding.ipynb) (self-attention, positions). To see it compute before you build it: [one word, all the way down](#descent).
#
# ## What does "it" attend to?
# A trained Transformer, in the code `grammar`, reads a sentence that it has seen in training: “The animal didn't cross the street because it was too tired.” Its encoder has three layers of four attention *heads*, each with a map of its own. **Guess before you press:** let “it” attend only to “animal” in the open head. Does the French sentence change?

# %% jupyter={"source_hidden": true}
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch05 import again, exercise, hint, labs, solution
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, asking, plot, predict
from course_kit.checkpoints import load_checkpoint
from course_kit.heads import attention_weights

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
    layer=0,
    select=("it", "animal"),
    title="How much of “it” goes to “animal”?",
    model=grammar,
    caption="The open head has a row for each [query|query] and a column for each "
    "[key|key].",
)
asking(first)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [(n, h) for n in range(3) for h in range(4) if maps_of[n][0, h, it].argmax() == animal] == [(1, 1)]
assert len(maps_of) == 3 and maps_of[0].shape[1] == 4 and grammar.was_seen(tired)
from contextlib import ExitStack
from chapters.ch05.experiments.heads import blinded
from course_kit.decoding import translate
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
# No, in none of the twelve heads, nor with all twelve at once. In only one of them, head 2 of layer 2, does "it" attend to "animal" more than to any other word. Such a map is often shown as proof that a model understands "it".
#
# </details>
#
# Does the model need this connection? First you build the whole machine, then you cut it.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# In chapter 3 each state had to wait for the one before. *Attention is all you need* (Vaswani et al. 2017) drops recurrence: each word reads all others at once. The **encoder** is a stack of layers, each made of self-attention and then a small network for each word. The **decoder** is a second stack, whose layers, between these two, also attend to what the encoder has read. <!-- source: Vaswani et al. 2017 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.architecture(grammar.model, select="model")

# %% [markdown]
# <a id="cross-attention"></a>
# So a Transformer uses attention three times:
#
# | | <span style="color:#bf5f00">queries</span> from | <span style="color:#007fc6">keys</span> and <span style="color:#008a67">values</span> from | may see |
# |---|---|---|---|
# | encoder self-attention | the source | the source | all words |
# | decoder self-attention | the target | the target | itself and earlier words |
# | cross-attention | the target | the source | all words |
#
# In shapes we write $B$ sentences, $S$ source and $T$ target words, $D$ features of a word, $H$ heads of $d=D/H$ features, $V$ words in the vocabulary.
#
# From outside it is one function, from source and target ids to the scores (*logits*) of the next word at each target position:

# %% slideshow={"point": ["dummy(source"]} tags=["nbval-check-output"]
from course_utils.positions import SinusoidalPositions  # chapter 4's
from course_utils.transformer import Transformer, TransformerConfig

dummy = Transformer(TransformerConfig(source_vocab=13, target_vocab=13))
source = torch.randint(13, (2, 11))  # [B, S]
target = torch.randint(13, (2, 10))  # [B, T]
logits = dummy(source, target)  # [B, T, V]
print("source", tuple(source.shape), " target", tuple(target.shape))
print("logits", tuple(logits.shape))

# %% [markdown] slideshow={"slide_type": "slide"} tags=["card", "core"]
# ## One: several heads
# <a id="head"></a>
# Attention gives each word *one* row of weights. But "it" may have two questions: which noun do I mean, and what is said about it? So we cut each query, key and value into pieces, and let each piece attend on its own, as a **head**. The matrices stay as they are, so this adds no parameters.
#
# ### Exercise 1 ●●○ · 4 minutes
# Cut the last axis into $H$ heads of $d$ features, then move the heads in front of the words: $[B,T,H\cdot d]\to[B,T,H,d]\to[B,H,T,d]$. Beware: `x.reshape(B, H, T, d)` has the right shape, but gives the first head the first *words*.
#
# <!-- example: split heads -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("split heads")
def split_heads(x, heads):
    """x [B, T, D] -> [B, H, T, d], d = D / H"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: split heads -->
#
# You know attention itself from chapter 2. `masked_softmax`, which gives hidden keys the weight 0, is yours if you solved it in chapter 1.

# %% jupyter={"source_hidden": true}
from mine import masked_softmax

# %% [markdown] slideshow={"point": ["scaled_dot_product_attention(", "join_heads"]}
# <a id="multi-head-attention"></a>
# In each head $h$ the projected <b style="color:#bf5f00">queries</b> $Q_h$ meet the <b style="color:#007fc6">keys</b> $K_h$, and average the <b style="color:#008a67">values</b> $V_h$. Afterwards the heads lie side by side again, and one more matrix, $W_O$, mixes them:
#
# $$ \mathrm{head}_h=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q_h}}{\color{#007fc6}{K_h}}^\top}{\sqrt d}\Big){\color{#008a67}{V_h}},\qquad {\color{#bb51a8}{Y}}=[\mathrm{head}_1,\dots,\mathrm{head}_H]\,W_O $$

# %% tags=["definition"]
# course_utils.attention: scaled_dot_product_attention, join_heads

# %% [markdown] tags=["card"]
# ### Exercise 2 ●●○ · 10 minutes
# Write everything before $W_O$: split, attend under the mask, join. `q`, `k` and `v` are projected already. The mask is [Q, K], or [B, Q, K] with one for each sentence, or None; True = may be attended; all heads share it.
#
# <!-- example: attention in heads -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("attention in heads")
def multi_head(q, k, v, heads, mask=None):
    """q [B, Q, D], k, v [B, K, D], mask [B, Q, K] or [Q, K] bool or None
    -> output [B, Q, D], weights [B, H, Q, K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: attention in heads -->
#
# The class adds the four matrices. It calls the `multi_head` above, yours if it is right, by the name `attend`, so that a faster form can take its place:

# %% tags=["definition"]
# course_utils.attention: MultiHeadAttention

# %% [markdown]
# With the same parameters, which `share` hands over, it must give what PyTorch's class gives, under a mask, too. In that class's masks True means *hidden*.

# %% jupyter={"source_hidden": true}
from course_utils.attention import causal_mask, padding_mask

def share(mine, theirs):
    """The parameters of our attention go into PyTorch's."""
    parts = [mine.query, mine.key, mine.value]
    theirs.in_proj_weight.data = torch.cat([part.weight for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias for part in parts])
    theirs.out_proj.load_state_dict(mine.out.state_dict())

# %%
attention, x = MultiHeadAttention(128, 4), torch.randn(2, 15, 128)
theirs = nn.MultiheadAttention(128, 4, batch_first=True)
share(attention, theirs)
mask = padding_mask([15, 9], 15)  # the second sentence has 9 words
output, weights = attention(x, x, mask)
expected, _ = theirs(x, x, x, key_padding_mask=~mask[:, 0])
gap = (output - expected).abs().max()
print(f"{tuple(x.shape)} -> {tuple(output.shape)}, differs from PyTorch's by {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-5 and (weights[1, :, :, 9:] == 0).all()
other = x.clone()
other[1, 9:] += 1
assert torch.allclose(attention(other, other, mask)[0][1, :9], output[1, :9], atol=1e-5)
assert sum(p.numel() for p in MultiHeadAttention(128, 1).parameters()) == sum(p.numel() for p in attention.parameters())

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: what each word does alone
# <a id="ffn"></a>
# A head can only average values. The **position-wise feed-forward network** (FFN) then works on each word's vector, with the same two matrices for every word and a ReLU between them. The first makes the vector wider, in the paper four times: <!-- source: Vaswani et al. 2017, section 3.3 -->
#
# $$ \mathrm{FFN}(x)=\underbrace{\max(0,\;xW_1+b_1)}_{\text{wider}}\,W_2+b_2,\qquad W_1\;[D, F],\;W_2\;[F, D] $$

# %% tags=["definition"]
# course_utils.blocks: PositionwiseFFN

# %% [markdown]
# So it may as well get all words as one long list, $[B\cdot T,D]$. And if one word changes, whose outputs change?

# %% tags=["nbval-check-output"]
ffn = PositionwiseFFN(128, 512)
listed = ffn(x.flatten(0, 1)).unflatten(0, (2, 15))  # [B, T, D] -> [B · T, D] and back
print("the same as one list:", torch.allclose(listed, ffn(x), atol=1e-5))
other = x.clone()
other[0, 2] += 1
moved = (ffn(other) - ffn(x)).abs().amax(-1) > 1e-5
print("changed: sentence, word", moved.nonzero().tolist())

# %% [markdown] tags=["keep"]
# **Keep this:** attention moves information between words; the feed-forward network works within each word.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: a residual connection, and a norm
# <a id="residual"></a><a id="layer-norm"></a>
# If attention *replaced* a word's vector, the word itself could get lost. So a **residual connection** adds the output of a sub-layer $f$ to it: $x+f(x)$. Now $f$ only computes a *change*, and the derivative $1+f'$ lets the gradient pass even where $f'$ is small. The sum that runs through all layers is the **residual stream**.
#
# Such sums tend to grow from layer to layer. A **layer norm** gives each word's vector mean 0 and standard deviation 1, then scales and shifts each feature by learned $\gamma$ and $\beta$:
#
# $$ \mathrm{LN}(x)=\gamma\odot\underbrace{\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}}}_{\text{centred, scaled}}+\beta,\qquad \mu,\sigma^2\text{ over the features of one word} $$
#
# *Batch norm* takes each feature's mean over all words of the batch. For two words, (1, 3) and (2, 6):

# %% tags=["nbval-check-output"]
two = torch.tensor([[1.0, 3.0], [2.0, 6.0]])
print("layer norm", F.layer_norm(two, (2,)).round().int().tolist())
print("batch norm", F.batch_norm(two, None, None, training=True).round().int().tolist())

# %% [markdown] tags=["card"]
# Layer norm reads one word at a time: its rows are centred. With batch norm, in training, a word's result also depends on other sentences and on padding.
#
# <a id="pre-norm"></a>
# The paper normalised the sum, $\mathrm{LN}(x+f(x))$ (*post-norm*). Most models since GPT-2, and ours, normalise what the sub-layer reads (**pre-norm**), so the residual stream itself stays free.
#
# ### Exercise 3 ●○○ · 1 minute
# Write the pre-norm line: `f` reads the normalised x, and what it gives is added to x.
#
# <!-- example: residual and norm -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("residual and norm")
def add_norm(x, f, norm):
    """x [B, T, D], f and norm: [B, T, D] -> [B, T, D]; -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: residual and norm -->
#
# The class holds the norm's parameters. In training it also sets some of what is added to 0 at random (**dropout**), so that the model cannot rely on any single number.

# %% tags=["definition"]
# course_utils.blocks: AddNorm

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: a block, and a stack
# <a id="block"></a>
# An **encoder block** is self-attention and then the feed-forward network, each with its residual connection and norm:

# %% tags=["definition"]
# course_utils.blocks: EncoderBlock

# %% [markdown]
# A block changes no shape, so blocks can be stacked. With the parameters of the trained model's first block, does ours agree with PyTorch's?

# %%
block = EncoderBlock(128, 4, 384)  # as wide as the trained one
block.load_state_dict(grammar.model.encoder[0].state_dict())
theirs = nn.TransformerEncoderLayer(128, 4, 384, 0, batch_first=True, norm_first=True)
share(block.attention, theirs.self_attn)
parts = {theirs.linear1: block.ffn.widen, theirs.linear2: block.ffn.narrow,
         theirs.norm1: block.around_attention.norm, theirs.norm2: block.around_ffn.norm}
for part, ours in parts.items():
    part.load_state_dict(ours.state_dict())
gap = (block(x, mask) - theirs(x, src_key_padding_mask=~mask[:, 0])).abs().max()
print(f"differs from PyTorch's by {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and block(block(x)).shape == x.shape

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: the decoder, and what it may see
# <a id="causal-mask"></a>
# In training the decoder reads the right translation and predicts each next word, all at once. So no word may see ahead, or it would copy the answer. The row of "je" predicts "suis": it may see `<bos>` and "je" itself, but not "suis".

# %% jupyter={"source_hidden": true}
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
    along=("hidden", list(masks), "padding"),
    title="Who may attend to whom?",
    caption="Each row is a [query|query]; a filled cell (True) is a [key|word] that the "
    "query may attend to. Hide the future: what does each word lose?",
)

# %% tags=["definition"]
# course_utils.attention: causal_mask

# %% [markdown] tags=["card"]
# Padding at the end of a target needs no mask of its own, because no real word comes after it, and the loss skips it.
#
# ### Exercise 4 ●●● · 8 minutes
# Write the **decoder block**. Copy `EncoderBlock` and put a third sub-layer between its two: cross-attention, with queries from the target, and with keys and values from `memory`, the encoder's output, which is normalised already. So that trained parameters fit, call the parts `attention`, `cross_attention`, `ffn`, `around_attention`, `around_cross`, `around_ffn`.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
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
# Only the two ends are new. **In front**, each side has a table of embeddings. Its numbers begin with variance $1/D$, so times $\sqrt D$ they are about as large as chapter 4's positions, which are added. **Behind**, each stack ends with one more norm, since pre-norm never normalises the residual stream itself. A French word's logit is the dot product of the decoder's vector with that word's embedding, plus a bias: one table $[V, D]$ reads and writes.

# %% tags=["definition"]
# course_utils.transformer: TransformerLayers

# %% [markdown] slideshow={"point": ["memory = self.encode(", "causal_mask("]}
# Three methods say what these layers compute. `source_mask` is False at padding, and `[:, None]` gives it an axis for the queries. All layers of the decoder attend to the encoder's output, the `memory`.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.transformer: Transformer

# %% [markdown]
# Where are the parameters? In an encoder layer attention has four matrices of $D^2$ numbers, a third of all, and the FFN two of $4D^2$. A decoder layer has a second attention. The paper's base model has other sizes, post-norm, and one table for both languages; its authors print 65 million: <!-- source: Vaswani et al. 2017, sections 5.1 and 6.2, table 3 -->

# %% jupyter={"source_hidden": true}
def numbers(*parts):
    """Parameters, in millions."""
    return sum(p.numel() for part in parts for p in part.parameters()) / 1e6

def millions(model, shared=False):
    """Parameters by part; shared: one table for both languages."""
    table = 0 if shared else numbers(model.source_embedding)
    parts = {"embeddings": numbers(model.output) + table,  # output: the target's, a bias
             "encoder": numbers(model.encoder, model.encoder_norm),
             "decoder": numbers(model.decoder, model.decoder_norm)}
    return parts | {"all": sum(parts.values())}

# %%
yours = Transformer(TransformerConfig(len(grammar.source), len(grammar.target)))
with torch.device("meta"):  # sizes only, no numbers
    base = Transformer(TransformerConfig(37_000, 37_000, size=512, layers=6, heads=8))
rows = {"yours": millions(yours), "the paper's base": millions(base, shared=True)}
Table([{"": name} | parts for name, parts in rows.items()], "Millions of parameters")

# %% jupyter={"source_hidden": true} tags=["asserts"]
french = torch.tensor([[2, *grammar.target.encode("l'animal n'a pas traversé la rue")]])  # 2: <bos>
same = Transformer(grammar.model.config).eval()
same.load_state_dict(grammar.model.state_dict())
with torch.no_grad():
    assert (same(ids, french) - grammar.model(ids, french)).abs().max() < 1e-4
assert yours.output.weight is yours.target_embedding.weight and grammar.target.words[2] == "<bos>"
assert abs(rows["yours"]["all"] - sum(p.numel() for p in yours.parameters()) / 1e6) < 1e-9
assert round(rows["the paper's base"]["all"], 1) == 63.1

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A task without data
# Before you trust a model with language, give it a task in which bugs show: rows of ten digits, to be **copied or reversed**, as the first token says. The ids are the digits and three more: `BEGIN`, `COPY` and `REVERSE`.

# %% jupyter={"source_hidden": true}
BEGIN, COPY, REVERSE, TOKENS = 10, 11, 12, 13  # token ids; 0 to 9 are the digits

# %% tags=["definition"]
# course_utils.toy_tasks: copy_or_reverse

# %% [markdown] tags=["card"]
# ### Exercise 5 ●●○ · 8 minutes
# Write one step of training. The decoder reads `BEGIN` and the target without its last word, and predicts the target. Compute the loss, clear the old gradients, compute the new ones, and let the optimiser step. Return the loss as a number.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("a training step")
def train_step(model, optimiser, source, target):
    """source [B, S], target [B, T]; model(source, read) -> logits [B, T, V]
    -> the loss before the step, a float"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: a training step -->
#
# The optimiser, *Adam*, divides each parameter's step by the usual size of its gradient, so that all move about equally fast. The learning rate falls to 0:

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
    return train_step(model, torch.optim.Adam(model.parameters()), *copy_or_reverse(64))

for_training(one_step)  # with nothing solved it does nothing

# %% seconds=35 slideshow={"point": ["train_step("], "slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=400)
for step in range(400):
    loss = train_step(model, optimiser, *copy_or_reverse(rows=64))
    falling.step()
    if step % 50 == 0:
        print(f"step {step:3}  loss {loss:.3f}")

# %% [markdown]
# At inference the model reads what it has written itself. For each word, `write` computes the source and all earlier words again. Your file keeps their keys and values instead, in a [cache](05_transformer_annex.ipynb#kv-cache).

# %% tags=["definition"]
# course_utils.toy_tasks: write

# %%
source, target = copy_or_reverse(500)
right = (write(model, source, 10) == target).all(1)
print("asked   ", source[0].tolist(), "  (11: copy, 12: reverse)")
print("written ", write(model, source[:1], 10)[0].tolist())
print(f"{right.float().mean():.1%} of 500 new rows are right to the last digit.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert right.float().mean() >= 0.99 and (COPY, REVERSE) == (11, 12)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In training the model predicted all ten digits in one call; when it writes, one "
    "after the other. "
    "For the same words, the logits at the fifth digit are",
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
read = torch.cat([torch.full((500, 1), BEGIN), target[:, :-1]], 1)
with torch.no_grad():
    at_once = model(source, read)
    one_by_one = [model(source, read[:, : n + 1])[:, -1] for n in range(10)]
gap = (at_once - torch.stack(one_by_one, 1)).abs().max()
print(f"largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-3

# %% [markdown] tags=["keep"]
# **Keep this:** with the mask, all words at once and word by word give the same logits, up to rounding. So a Transformer can train on all words of a text at once.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## It translates
# <a id="warm-up"></a>
# Now the same classes learn from chapter 3's sentences. `fit` is the loop above with a stop button; it *clips* gradients that are too long, and its learning rate rises for about 40 steps (**warm-up**), then falls in a line to 3 % of its height. The dashed lines are chapter 3's:

# %%
from chapters.ch03.lesson import Lesson
from course_kit.training import fit, warm_then_fall
from course_utils.transformer import translation_loss

STEPS = {"class": 600, "full": 2400}[runtime.profile]
lesson = Lesson("en-fr")
torch.manual_seed(0)
translator = Transformer(TransformerConfig(len(lesson.source), len(lesson.target)))

# %% seconds=60 slideshow={"slide_type": "subslide"} tags=["training"]
run = fit(translator, lesson.batches, translation_loss, steps=STEPS, lr=3e-3, clip=1.0,
          schedule=warm_then_fall(STEPS), title="When is it as good as a choice of two?",
          compare={"guessing": math.log(len(lesson.target)), "two words": math.log(2)})

# %%
bleu = lesson.bleu(translator, count=200)
print(f"BLEU on 200 held-out sentences: {bleu:.0f}")
print(lesson.translate(translator, tired)[0].text)

# %% jupyter={"source_hidden": true} tags=["asserts"]
rate = warm_then_fall(STEPS)
assert abs(max(range(STEPS), key=rate) - 40) < 5 and round(rate(STEPS - 1), 2) == 0.03
assert bleu > 60 and lesson.loaded(translator).was_seen(tired)
warm, cold = (results.load("transformer_warm_up")["BLEU"][name] for name in ("with", "without"))
assert {round(one - other) for one, other in zip(warm, cold, strict=True)} == {2, 3} and len(warm) == 3

# %% [markdown]
# In three recorded pairs of trainings at this rate, the warm-up was worth two to three BLEU. Why it helps is disputed, and at lower rates it may not help ([annex](05_transformer_annex.ipynb#before-or-after)).
#
# Which pronoun did yours write? Both *il* and *elle* happen after so short a training, although the sentence was in it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why Transformers?
# Is it better than chapter 3's GRU with attention? We recorded a race: chapter 3's `Translator` with 775,000 parameters and your `Transformer` with 1,186,000 saw the same batches in the same order, for as many steps as above and with the same optimiser, each at the best of the same three learning rates.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
race = results.load("transformer_race")
at = list(range(race["every"], race["steps"] + 1, race["every"]))
ends = [
    from_cell("{name} {low} to {high}",
        name=from_cell(name), low=min(one["test"]), high=max(one["test"]))
    for name, one in race["models"].items()
]
plot.lines(
    {
        name: (at, torch.tensor(one["valid"]).mean(0))
        for name, one in race["models"].items()
    },
    "steps",
    "BLEU",
    title="Which of the two learns faster?",
    caption=from_cell(
        "Means of {seeds} seeds on {valid} validation sentences. BLEU on {test} test sentences "
        "at the end: {ends}. {about}", seeds=len(race["seeds"]), about=race.about,
        ends="; ".join(ends), **race["sentences"]
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
curve = {name: torch.tensor(one["valid"]).mean(0) for name, one in race["models"].items()}
scores = {name: torch.tensor(one["test"]) for name, one in race["models"].items()}
ours = [sum(p.numel() for p in model.parameters()) for model in (lesson.model(), translator)]
assert ours == [one["parameters"] for one in race["models"].values()] and [round(n, -3) for n in ours] == [775_000, 1_186_000]
assert race["steps"] == 600 and len(race["seeds"]) == 3 and all(len(one["tried"]) == 3 for one in race["models"].values())
assert (curve["GRU with attention"] > curve["Transformer"])[:5].all()  # in the first half
assert abs(scores["GRU with attention"].mean() - scores["Transformer"].mean()) < 1 < min(one.max() - one.min() for one in scores.values()) and min(map(min, scores.values())) > 85

# %% [markdown]
# In the first half the GRU is ahead, and after 600 steps the two differ by less than one point, and the seeds by more. <!-- rates between, seed 99, BLEU on validation: GRU 90.3 at 0.01 and 84.3 at 0.02; Transformer 84.5 at 0.002, 88.7 at 0.003, 88.0 at 0.005 -->
#
# Then why did everyone change? First one core, which does one thing after another, and one layer of each: chapter 3's GRU, and your block with PyTorch's *fused* attention, which never keeps the scores.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
speed = results.load("transformer_speed")
lengths = sorted({row["length"] for row in speed["rows"]})
rate = {(row["sentences"], row["length"]): row for row in speed["rows"]}
plot.bars(
    ["2 sentences", "32 sentences"],
    {
        name: [[rate[count, length][kind] / 1000 for count in (2, 32)] for length in lengths]
        for name, kind in (("GRU layer", "GRU"), ("Transformer layer", "Transformer, fused"))
    },
    along=("words in a sentence", lengths, 16),
    ylabel="thousand words a second",
    digits=1,
    title="On one core, is a Transformer layer faster?",
    caption=from_cell(
        "Make the sentences longer: which bar shrinks most? Forward and "
        "backward, {speed} features, timed in turns. Load of the machine at "
        "the start: {speed2}. {about}", speed=speed['size'], speed2=speed['load'],
        about=speed.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
lead = {key: row["Transformer, fused"] / row["GRU"] for key, row in rate.items()}
assert all(lead[32, n] < 1 for n in lengths) and sorted(lengths, key=lambda n: -lead[32, n]) == lengths  # the GRU
assert lengths == [16, 64, 256, 1024, 4096] and all(lead[2, n] > 3 for n in (64, 256)) and [n for n in lengths if lead[2, n] < 1] == [4096]

# %% [markdown]
# With 32 sentences the GRU layer is faster at each length that we timed, and the longer they are, the more so, because the number of scores grows with the square of the length. With two, the Transformer layer is faster up to 1,024 words, and at 64 and 256 over three times as fast, because each step of a GRU has a fixed cost, and only two sentences share it. At 4,096 words the GRU layer is ahead here, too. How much could be done at once can be counted:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["nbval-check-output"]
from chapters.ch05.experiments.speed import work

Table(
    [
        {"words": n, "layer": kind, "steps in a row": one["in a row"],
         "multiplications, millions": round(one["multiplications"] / 1e6)}
        for n in (64, 4096) for kind, one in work(n).items()
    ],
    "Forward, one sentence, 128 features. Steps in a row: each waits for the one before.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
counted = work(4096)
assert counted["GRU"]["in a row"] == 4096 and counted["Transformer"]["in a row"] == 1
assert 12 < counted["Transformer"]["multiplications"] / counted["GRU"]["multiplications"] < 13
assert all(one["Transformer"]["multiplications"] > 2 * one["GRU"]["multiplications"] for one in map(work, (1, 16, 64)))

# %% [markdown] tags=["keep"]
# A Transformer layer always multiplies more: over twice as much in short sentences, over twelve times at 4,096 words. But in training none of its words waits for another, although in writing each does. A graphics processor does thousands of multiplications at once, so there the steps in a row often take longest. We have not measured that, but it is the reason that the paper gives: recurrence "precludes parallelization within training examples". <!-- source: Vaswani et al. 2017, section 1 -->
#
# **Keep this:** in our race, on short sentences, the larger Transformer did not learn more from the same data, and a layer of it multiplies more. But in training none of a layer's work waits for other words, which pays off where much is done at once.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core", "guess"]
# ## One word, all the way down
# <a id="descent"></a>
# The trained decoder has written "l'animal n'a pas traversé la rue parce qu'" and is about to write a pronoun. **Guess before you start:** which English word gets the largest share of attention from head 4 of the last cross-attention? *next step* leads there; choose a number to see how it was computed.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.descent(tired, model=grammar, word="il", layer=3, head=4)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It is "tired", not "animal".
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Does the model need what the map shows?
# <a id="knock-out"></a>
# Our sentence has a *twin*: with "too **wide**", "it" means the street, and French needs *elle* instead of *il*. So the pronoun tells what the model takes "it" for. We take 368 pairs of twins, each with a noun that no twin of the training has, forbid a connection by a mask, in all heads and layers, and count how often the right pronoun is still the likelier one.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In no layer and no head of the encoder may “it” attend to the noun that it means. "
    "With nothing forbidden, 95 of 100 pronouns are right. How many are right now?",
    ["about 50: the model has to guess", "about 75", "about 95, as before"],
    answer=2, because="This model finds the right pronoun without that connection.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
from chapters.ch05.experiments import heads as head_study

forbidden = head_study.ablations(grammar, head_study.CONNECTIONS)
forbidden

# %% jupyter={"source_hidden": true} tags=["asserts"]
kept = [(round(row["sentences, %"]), round(row["pairs, %"])) for row in forbidden]
assert kept == [(95, 90), (95, 90), (95, 90), (95, 90), (14, 0), (50, 0)] and len(head_study.pairs()) == 2 * 368

# %% [markdown]
# **In this model the pronoun needs neither connection of "it".** If you forbid "it" to attend to its noun, or the step that writes the French pronoun to attend to "it", or both, 95 % stay right. **The adjective decides.** If you hide its noun from the adjective, 14 % are right, because the pronoun now mostly follows the other noun. If you hide the adjective from the French step, 50 % are right, but no whole pair, because the model writes the same pronoun for both twins.
#
# Our corpus is regular: the adjective tells which noun is meant, and the model has found that out. A finding about one trained model holds for that one.
#
# ### Which heads does it need?
# <a id="log-odds"></a>
# The **log-odds** are ln(P(right pronoun) / P(other one)): above 0 the right one is likelier. Try it: switch off head 2.2 (layer 2, head 2), head 3.2, both, all twelve. Which sentences turn, and do their twins turn, too?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch05.experiments.twins import odds
from course_kit.heads import heads_of, silenced

written = {" ".join(one.source): one for split in ("train", "twins") for one in lesson.examples(split)}
twins = [
    written[f"the {start} because it was too {adjective} ."]
    for start, adjectives in {
        "animal didn't cross the street": ("tired", "wide"),
        "glass didn't fit in the box": ("big", "small"),
        "dinghy didn't cross the canal": ("small", "wide"),
    }.items()
    for adjective in adjectives
]
some = {name: heads for name, (heads, _) in head_study.head_rows(grammar.model).items()}
single = {f"{one.layer}.{one.head}": [one] for one in heads_of(grammar.model, "encoder")}
off = {"none": []} | single | some
log_odds = {}
for name, heads in off.items():
    with silenced(grammar.model, heads):
        log_odds[name] = odds(grammar, twins)
plot.bars(
    [f"{one.source[1]} … {one.source[-2]} → {one.twin.pronoun}" for one in twins],
    {
        "with all heads": [log_odds["none"]] * len(off),
        "without those switched off": list(log_odds.values()),
    },
    along=("switch off", list(off), "none"),
    ylabel="log-odds",
    digits=1,
    title="Which heads can the model do without?",
    caption="Of six sentences the noun, the adjective and the right pronoun; the first "
    "two were seen in training. Switch heads off: which bars fall below 0?",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
without_heads = head_study.head_rows(grammar.model)
silent = head_study.ablations(grammar, without_heads, what="heads off")
silent

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [round(row["sentences, %"]) for row in silent] == [95, 94, 93, 85, 60]
turned = {name: [n for n, one in enumerate(log_odds[name]) if one < 0] for name in some}
assert turned == {"none": [], "2.2": [4], "3.2": [2], "2.2 and 3.2": [2, 3, 4], "all 12": [3, 4]}
assert [one.twin.pronoun for one in twins] == ["il", "elle", "il", "elle", "elle", "il"]
assert [round(log_odds[name][0].item(), 1) for name in ("none", "all 12")] == [7.9, 2.1]

# %% [markdown] tags=["keep"]
# <details><summary>What did you find?</summary>
#
# Without head 2.2 the small dinghy turns, without 3.2 the big glass, and without both the small glass, too. Without all twelve the model prefers *il* for all but the wide street, so the other *elles* turn, and their twins with *il* stay "right". "Animal … tired" never changes, although its log-odds fall from 7.9 to 2.1.
#
# </details>
#
# Over all pairs, either head alone seems nearly dispensable, with 94 and 93 % right instead of 95. But without both 85 % are right, so heads can stand in for each other.
#
# **Keep this:** a map shows what a head attends to, not what the model needs. Take the connection away and count, on sentences that it has not seen.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes your Transformer into one file, with your functions where they are right and the course's where they are not. It needs only torch.

# %%
from course_kit.mine import keep

keep("transformer")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. All heads use one formula, each with its own projections. Cutting one wide head into several adds no parameters.
# 2. A block is attention, then a feed-forward network, each with a residual connection and a layer norm.
# 3. Attention runs from source to source, from target to target under the causal mask, and from target to source.
# 4. With the mask, the decoder gives the same logits all at once and word by word.
# 5. A map shows what a head attends to. To learn what it is worth, take it away and count, on unseen sentences.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# Discussed in [the annex](05_transformer_annex.ipynb#open-questions).
# 1. *Prove:* without positions, and without a mask, a stack of encoder blocks gives shuffled words shuffled outputs.
# 2. *Design an experiment:* which of the twelve heads could the model do without?
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
# Our Transformer learns from pairs of sentences, which are few. Take the encoder alone and let it guess hidden words of any text: that is BERT. [The annex](05_transformer_annex.ipynb) has the cache, real sentences, a zoo of variants and errors that circulate.
#
# **→ [6 · Which word is missing?](06_bert.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 5, edition 0.4.0, and the heading above it.*
