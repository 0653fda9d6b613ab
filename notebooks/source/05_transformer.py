# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 5 · What can attention do alone?
# *The Transformer, grown from one head.* **By the end** you will have written the layers of a Transformer, shown that they compute the same as a trained model, trained one of your own, and measured which attention matters for "it". Reading 44 minutes · in class 60 · exercises 90 · *Deeper* 120 more. **Before:** [chapter 3](03_seq2seq.ipynb) (encoder, decoder, teacher forcing) and [chapter 4](04_positional_encoding.ipynb) (self-attention, positions). Take a break after the fifth exercise.

# %%
import math
import torch
import torch.nn.functional as F
import course_kit
from chapters.ch05 import labs
from course_kit.views import Table, plot, predict
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does "it" attend to?
# A trained Transformer reads the course sentence, which it saw in training. Its encoder has three layers, also called *blocks*, of four *heads* each, and each head is an attention with matrices of its own. **Guess before you look:** in how many of the twelve heads does "it" attend to "animal" more than to any other word?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.heads import attention_weights
from course_utils.checkpoints import load_checkpoint

grammar = load_checkpoint("transformer-grammar")
tired = "The animal didn't cross the street because it was too tired."
ids = torch.tensor([grammar.source.encode(tired)])
words = grammar.source.tokens(ids[0])
with torch.no_grad(), attention_weights(grammar.model) as seen:
    grammar.model.encode(ids)
maps_of = seen["encoder"]  # a list, one [B, H, Q, K] for each layer
it, animal = words.index("it"), words.index("animal")
labs.heads(maps_of, words, select=("it", "animal"), title="How much of “it” goes to “animal”?", model=grammar,
           caption="Each small map is one head; the number below it is the weight that “it” gives to “animal”. "
                   "Choose a map to open it: a row for each [query|query], a column for each [key|key].")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [(n, h) for n in range(3) for h in range(4) if maps_of[n][0, h, it].argmax() == animal] == [(1, 1)]
assert grammar.was_seen(tired)

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# In only one head: head 2 of layer 2. Such a map is often shown as proof that a model understands "it".
#
# </details>
#
# **Keep this:** a map shows what a head attends to, but not whether the model's output depends on this attention.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# 1. Scores are divided by $\sqrt d$. What happens to softmax without this division, when $d$ is large?
# 2. With teacher forcing, a decoder in training reads the correct words instead of its own. Why can it then predict all words at once?
# 3. Self-attention without positions and without a mask reads "dog bites man". What can such an attention not know?
#
# <details><summary>Answers</summary>
#
# 1. The scores' standard deviation grows like $\sqrt d$, so for a large $d$ one key gets nearly all the weight, and the gradient vanishes.
# 2. All words that the decoder reads are known beforehand. So without a recurrent state, no prediction waits for an earlier one.
# 3. It cannot know who bites whom: if you shuffle the words, each word still gets the same output vector.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Version 1: one head
# In chapter 3's encoder each state waits for the state before. In a Transformer layer each word reads the others directly, so in training a layer computes all words at once. A GPU can do this in parallel, which is why the Transformer has no recurrence. The price is $n^2$ scores for $n$ words.
#
# The Transformer comes from *Attention is all you need* (Vaswani et al. 2017), from here on "the paper". Our model has three encoder blocks and three decoder blocks. The drawing shows one of each, still without residual connections and norms:
#
# ```text
# ENCODER, 3 blocks        DECODER, 3 blocks
#
#                          logits [B, T, V]
#                                  ↑ a matrix
# memory [B, S, D] ──┐       feed-forward
#         ↑          │             ↑
#   feed-forward     └───→  cross-attention
#         ↑   keys, values         ↑ queries
#  self-attention        causal self-attention
#         ↑                        ↑
# source [B, S, D]         target [B, T, D]
# words + positions        words + positions
# ```
#
# $B$ counts the sentences, $S$ and $T$ the source and target words, $D$ the features of a word, $V$ the vocabulary. The encoder's output is called *memory*.

# %% [markdown]
# We build this architecture in seven versions, with the parameters of the trained model, so version 7 must compute the same numbers as that model. In the code, `grammar` holds the trained model, `words` the source words and `ids` their numbers.
#
# **Version 1** is chapter 4's self-attention. Each word comes in as its embedding times $\sqrt D$, plus its position. Three matrices, in this model each with a bias, turn all words into <b style="color:#bf5f00">queries</b>, <b style="color:#007fc6">keys</b> and <b style="color:#008a67">values</b>.

# %% tags=["nbval-check-output"]
from course_utils.attention import scaled_dot_product_attention
from course_utils.positions import sinusoidal_encoding

layer = grammar.model.encoder[0]
embedded = grammar.model.source_embedding(ids).detach() * 128**0.5  # without √D, positions drown the words
embedded = embedded + sinusoidal_encoding(len(words), 128)
with torch.no_grad():
    x = layer.around_attention.norm(embedded)  # a layer norm, explained before version 5
    q, k, v = layer.attention.query(x), layer.attention.key(x), layer.attention.value(x)
output, weights = scaled_dot_product_attention(q, k, v)
for name, tensor in {"x": x, "q, k, v": q, "weights": weights, "output": output}.items():
    print(f"{name:8}", tuple(tensor.shape))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Versions 2 to 4: several heads
# In version 1 each word has *one* row of weights. But "it" may have two questions: which noun do I mean, and what is said about this noun? One average cannot answer both well.
#
# <a id="head"></a>
# So we cut each query, key and value of 128 numbers into four pieces of 32, and let each piece attend separately, as a **head**.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "One head of 128 features, or four heads of 32. How many more parameters does the cut need?",
    ["four times as many", "none", "a quarter of them"],
    answer=1, because="The matrices stay as they are, 128 × 128 each. Only the queries, keys and values are cut. "
                      "(Version 4 adds one more matrix, but a single head can have that matrix, too.)")

# %% [markdown]
# Each head gets 32 of a query's 128 numbers. Each of these 32 is computed from all 128 features of $x$: $Q_h=x\,W_Q^{(h)}$, where $W_Q^{(h)}$ is 32 columns of the queries' matrix $W_Q$. The head's keys $K_h$ and values $V_h$ are computed likewise.
#
# **Version 2** attends in a loop over the four pieces and joins the outputs:

# %% tags=["nbval-check-output"]
pieces = zip(q.chunk(4, -1), k.chunk(4, -1), v.chunk(4, -1), strict=True)
outputs, maps = zip(*(scaled_dot_product_attention(*piece) for piece in pieces), strict=True)
joined = torch.cat(outputs, -1)
print(len(outputs), "heads of", tuple(outputs[0].shape), "joined", tuple(joined.shape))
print(len(maps), "maps of", tuple(maps[0].shape))

# %% [markdown]
# **Version 3** needs no loop. It cuts the *last* axis into $H$ heads of $d=D/H$ features, then moves the heads in front of the words:
#
# $$ [B, T, H\cdot d]\;\to\;[B, T, H, d]\;\to\;[B, H, T, d] $$
#
# ### Exercise 1 ●●○ · 6 minutes
# Write this cut. Beware: `x.reshape(B, H, T, d)` has the right shape, but gives the first head the first *words*, not the first features of every word.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch05 import again, exercise, find_error, hint, solution

@exercise("split heads")
def split_heads(x, heads):
    """x [B, T, D] -> [B, H, T, d], d = D / H"""
    raise NotImplementedError

# %% [markdown]
# <a id="multi-head-attention"></a>
# **Version 4** mixes the joined outputs with one more matrix, $W_O$, so each feature of the result $Y$ can draw on all heads. This is **multi-head attention**:
#
# $$ \mathrm{head}_h=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q_h}}{\color{#007fc6}{K_h}}^\top}{\sqrt d}\Big){\color{#008a67}{V_h}},\qquad {\color{#bb51a8}{Y}}=[\mathrm{head}_1,\dots,\mathrm{head}_H]\,W_O $$
#
# ### Exercise 2 ●●● · 15 minutes
# Write version 4: *project* (multiply by the matrices), split, attend under `mask`, join, mix. Keys and values come from the argument `memory`: in self-attention this is `x`, in cross-attention (version 7) the encoder's output. `mask` is True where a query may attend; all heads share one mask.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("multi-head attention")
def multi_head(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    """x [B, Q, D], memory [B, K, D], the four W [D, D], mask [B, Q, K] -> output [B, Q, D], weights [B, H, Q, K]"""
    raise NotImplementedError

# %% [markdown]
# With the matrices of the model's first layer, your function must give that layer's outputs, and its maps from the top (`maps_of[0]`):

# %%
from chapters.ch05 import assembly

everywhere = torch.ones(1, 1, len(words)).bool()  # no padding: every word may be attended to
attend = assembly.Assembled(multi_head=multi_head).attention(layer.attention)  # adds the biases
with torch.no_grad():
    output, weights = attend(x, x, x, everywhere)
    gaps = [(output - layer.attention(x, x, x)[0]).abs().max(), (weights - maps_of[0]).abs().max()]
print(f"Outputs differ by at most {gaps[0]:.0e}, the four maps by {gaps[1]:.0e}.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert max(gaps) < 1e-4 and torch.allclose(torch.stack(maps, 1), maps_of[0], atol=1e-5)
assert torch.allclose(split_heads(q, 4), torch.stack(q.chunk(4, -1), 1))

# %% [markdown]
# **Keep this:** all heads use the same formula. Only their projections differ.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: eight heads, two words
# How do the shapes change at the paper's size, with 512 features and eight heads of 64?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch05.experiments import in_class as study

study.eight_heads(multi_head, split_heads)  # your functions, if you have written them

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: how many heads?
# Do fewer heads save computation? The model keeps its 512 features, so fewer heads are wider heads. PyTorch counts the operations in all matrix products.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from torch.utils.flop_counter import FlopCounterMode
from course_utils.attention import MultiHeadAttention

rows, sentence = [], torch.randn(2, 64, 512, generator=torch.Generator().manual_seed(0))
for heads in (1, 2, 4, 8, 16, 32):
    part = MultiHeadAttention(512, heads)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        part(sentence, sentence, sentence)
    size = sum(p.numel() for p in part.parameters())
    rows.append({"heads": heads, "head size": 512 // heads, "parameters": size,
                 "M operations": counter.get_total_flops() / 1e6, "weights": 2 * heads * 64 * 64})
Table(rows, "2 sentences of 64 words. “weights” counts the numbers in all attention maps.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert len({(row["parameters"], row["M operations"]) for row in rows}) == 1

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# No: parameters and operations are the same in every row. So the number of heads is chosen by quality. In the paper, eight and sixteen heads were equally good, and a single head was .9 BLEU worse (table 3, rows A). How many heads are best on our corpus?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit import results

counts = results.load("transformer_head_counts")
Table(counts["rows"], f"{counts['model']['model_size']} features, {counts['steps']} steps each, one seed; "
                      f"the time is a multiple of the time with one head. {counts.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert len({row["parameters"] for row in counts["rows"]}) == 1
assert counts["rows"][-1]["time of a step"] > counts["rows"][0]["time of a step"]
assert counts["rows"][0]["BLEU"] < min(row["BLEU"] for row in counts["rows"][1:]) - 4

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# A single head scores lowest, as in the paper. But we trained with one seed only, and between seeds a similar model's BLEU differed by more than 5 (*What can the model do without?*).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does each word do alone?
# <a id="ffn"></a>
# A head can only average values. The **position-wise feed-forward network** (FFN) then transforms each word's vector by two matrices with a ReLU in between. The first matrix makes the vector wider, in the paper four times as wide:
#
# $$ \mathrm{FFN}(x)=\max(0,\;xW_1+b_1)\,W_2+b_2 $$
#
# ### Exercise 3 ●○○ · 5 minutes
# Write this network.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("position-wise ffn")
def ffn(x, W1, b1, W2, b2):
    """x [B, T, D], W1 [D, F], b1 [F], W2 [F, D], b2 [D] -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# The network processes each word alone. So you may reshape $(B, T, D)\to(1, B\cdot T, D)$ before the network and back afterwards, and a changed word changes only its own output:

# %% tags=["nbval-check-output"]
h = torch.randn(2, 5, 128, generator=torch.Generator().manual_seed(1))
other = h.clone()
other[0, 2] += 1
W1, b1, W2, b2 = layer.ffn.widen.weight.T, layer.ffn.widen.bias, layer.ffn.narrow.weight.T, layer.ffn.narrow.bias
with torch.no_grad():
    y, flat, after = (ffn(x, W1, b1, W2, b2) for x in (h, h.reshape(1, 10, 128), other))
print(tuple(h.shape), "→", tuple(flat.shape), "→", tuple(y.shape))
print("changed words:", ((after - y).abs().amax(-1) > 1e-5).nonzero().tolist())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(flat.reshape(2, 5, 128), y, atol=1e-5) and torch.allclose(layer.ffn(h), y, atol=1e-5)

# %% [markdown]
# **Keep this:** attention moves information between words; the feed-forward network works within each word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What surrounds each sub-layer?
# <a id="residual"></a><a id="layer-norm"></a>
# If an attention's output *replaced* a word's vector, the word itself could get lost. So a **residual connection** adds the output to the vector: $x+f(x)$, where $x$ is the input of a sub-layer $f$ (attention or feed-forward network). Now $f$ only computes a *change*. The derivative, $1+f'$, lets the gradient pass even where $f'$ is small. The sum that runs through all layers is the **residual stream**.
#
# Such sums can grow from layer to layer, so later sub-layers would meet ever larger inputs. A **layer norm** gives each word's vector mean 0 and standard deviation 1, then scales and shifts each feature by learned $\gamma$ and $\beta$ (the $10^{-5}$ only prevents a division by 0):
#
# $$ \mathrm{LN}(x)=\gamma\odot\frac{x-\mu}{\sqrt{\sigma^2+10^{-5}}}+\beta,\qquad \mu,\sigma^2\text{ over the features of one word} $$
#
# *Batch norm* takes each feature's mean and standard deviation over all words of the batch. Why do Transformers not use batch norm?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A training batch has sentences of 4 and 6 words. First the shorter is padded with zeros to 6, then both to 10. "
    "Whose outputs for the ten real words change?",
    ["none, with either norm", "layer norm's", "batch norm's", "both"],
    answer=2, because="Layer norm uses one word at a time. This batch norm includes the padding in its means and "
                      "standard deviations.")

# %%
from chapters.ch05.experiments.norms import NORMS, normed, padded_batch

(x6, real), (x10, _) = padded_batch((4, 6), size=8), padded_batch((4, 6), length=10, size=8)
moved = {f"{kind} norm": (normed(x10, kind)[:, :6] - normed(x6, kind))[real].abs() for kind in NORMS}

changed = {f"{name}: {(change > 0).sum()} of {change.numel()} changed": change for name, change in moved.items()}
of = dict.fromkeys(changed, [f"sentence {s + 1}, word {w + 1}" for s, w in real.nonzero().tolist()])
plot.maps(changed, of, "feature", roles=dict.fromkeys(changed, "plus"), scale="change", title="Which numbers does padding change?",
          caption="A cell is one feature of one real word after the norm. The stronger its colour, the more the "
                  "number changes if sentences are padded to 10 words instead of 6; full colour means by 1 or more.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert moved["layer norm"].max() == 0 and moved["batch norm"].min() > 0

# %% [markdown]
# A batch norm could skip the padding. But in training even such a norm mixes in the *other sentences* of the batch.
#
# ### Exercise 4 ●●○ · 9 minutes
# <a id="pre-norm"></a>
# Write the residual connection and the norm around a sub-layer $f$. **Post-norm**, as in the paper, normalises the sum: $\mathrm{LN}(x+f(x))$. **Pre-norm**, as in most large models since GPT-2, normalises the sub-layer's input: $x+f(\mathrm{LN}(x))$. In the code $f$ is `part`, and `gain` and `bias` are γ and β.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("add and norm")
def add_norm(x, part, gain, bias, norm_first):
    """x [B, T, D], part: [B, T, D] -> [B, T, D], gain and bias [D], norm_first: pre-norm or not -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** layer norm uses one word at a time, so neither padding nor other sentences change its result.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Versions 5 and 6: a block, and a stack
# <a id="block"></a>
# **Version 5**, an **encoder block**, is self-attention and then the feed-forward network, each with a residual connection and a norm.
#
# ### Exercise 5 ●●○ · 8 minutes
# Put attention, feed-forward network and the two norms together, with pre-norm.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("encoder block")
def encoder_block(x, mask, attention, ffn, norm1, norm2):
    """x [B, T, D], mask [B, 1, T], attention(q, k, v, mask) -> (output, weights), ffn and norms: x -> x
    -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# Input and output of a block have the same shape, so blocks can be stacked. **Version 6** stacks your block three times, with the model's parameters. With pre-norm, nothing has normalised the sum that leaves the last block, so one more norm follows.

# %% tags=["nbval-check-output"]
h = embedded
with torch.no_grad():
    memory = grammar.model.encode(ids)
    for number, block in enumerate(grammar.model.encoder, 1):
        h = encoder_block(h, everywhere, block.attention, block.ffn, block.around_attention.norm, block.around_ffn.norm)
        print("after block", number, tuple(h.shape))
    top = grammar.model.encoder_norm(h)
print("The same as the model's encoder?", torch.allclose(top, memory, atol=1e-4))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(top, memory, atol=1e-4)

# %% [markdown]
# **Keep this:** an encoder is a stack of blocks, in which each word keeps a vector of its own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which words may attend to which?
# <a id="causal-mask"></a>
# In the encoder a word may attend to everything but padding. In training the decoder must not look ahead, or it would copy the answer. The row of "je" predicts "suis", so this row may see `<bos>` and "je" itself, but not "suis".

# %%
from course_utils.attention import causal_mask, padding_mask

labels = ["<bos>", "je", "suis", "étudiant", ".", "<pad>", "<pad>"]
masks = {"padding hidden": padding_mask([5], 7)[0].expand(7, 7), "future hidden (causal)": causal_mask(7)}
masks["both hidden"] = masks["padding hidden"] & masks["future hidden (causal)"]
named = dict.fromkeys(masks, labels)
plot.maps(masks, named, named, axes=("query", "key"), title="Who may attend to whom?",
          caption="Each row is a [query|query]; a filled cell (True) is a [key|word] that the query may attend to.")

# %% [markdown]
# The order is $QK^\top/\sqrt d$ → mask → softmax → $V$. A widely used slide lets a word see "only those before it", so not itself. Then the first word could see nothing, and the softmax of its row would be 0/0.
#
# ### Find the error ●○○ · 4 minutes
# A lecture draws the causal mask as zeros and ones and multiplies the scores by this mask, before the softmax.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("program 5.1")

@find_error("program 5.1", line=None)
def masked_attention(q, k, v):                   # [T, d] each
    scores = q @ k.T / q.shape[-1] ** 0.5
    mask = torch.ones(len(q), len(q)).tril()     # 1: may be seen
    scores = scores * mask
    return torch.softmax(scores, dim=-1) @ v

# %% [markdown]
# **Keep this:** a mask sets hidden scores to −∞ before the softmax. A score of 0 would still get weight.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Version 7: three kinds of attention
# <a id="cross-attention"></a>
# A **decoder block** has a third sub-layer: between self-attention and feed-forward network, **cross-attention** reads the encoder's output. So there are three kinds of attention:
#
# | | <span style="color:#bf5f00">queries</span> from | <span style="color:#007fc6">keys</span> and <span style="color:#008a67">values</span> from | mask |
# |---|---|---|---|
# | encoder self-attention | the source | the source | padding |
# | decoder self-attention | the target | the target | causal and padding |
# | cross-attention | the target | the source | padding of the source |

# %% jupyter={"source_hidden": true}
from course_utils.decoding import translate
from course_utils.text import BOS

said = translate(grammar, tired, beam=1)[0]
heard = torch.tensor([[BOS, *grammar.target.encode(said.tokens)]])
with torch.no_grad(), attention_weights(grammar.model) as weights_of:
    all_logits = grammar.model(ids, heard)
written = ["<bos>", *said.tokens]
places = {"encoder self-attention": (weights_of["encoder"], words, words),
          "decoder self-attention": (weights_of["decoder"], written, written), "cross-attention": (weights_of["cross"], written, words)}
second, asks, read = ({name: place[i] for name, place in places.items()} for i in range(3))
plot.maps({name: layers[1][0, 0] for name, layers in second.items()}, asks, read,
          axes=("query", "key"), scale="weight", title="Who attends to whom, in the three kinds of attention?",
          caption="Layer 2, head 1. The empty triangle in the middle is the future. From the row of a French word, "
                  "the model predicts the next French word.")

# %% [markdown]
# ### Exercise 6 ●●○ · 10 minutes
# Write the masks of the table. `source` and `target` are False at padding, wherever the padding is: “je suis `<pad>`” is True, True, False. In a mask, **True = the query of this row may attend to the key of this column**.
#
# What the rows of padding attend to is up to you, but an empty row is risky: its softmax is 0/0 = NaN, and the next layer spreads the NaN to every word, because 0 · NaN = NaN. (The course's attention gives zeros instead.)

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("decoder masks")
def three_masks(source, target):
    """source [B, S], target [B, T] bool, True = a real word -> encoder [B, S, S], decoder [B, T, T], cross [B, T, S]
    (an axis of queries may be 1 where all rows are the same)"""
    raise NotImplementedError

# %% [markdown]
# ### Exercise 7 ●●○ · 8 minutes
# Write the decoder block with pre-norm. `memory` is the encoder's output, already normalised, so `memory` gets no norm here.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("decoder block")
def decoder_block(x, memory, mask, memory_mask, attention, cross, ffn, norm1, norm2, norm3):
    """x [B, T, D], memory [B, S, D], mask [T, T], memory_mask [B, 1, S], attention and cross: (q, k, v, mask)
    -> (output, weights), ffn and norms: x -> x; -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# At the end, a French word's logit is the dot product of the decoder vector and that word's embedding, plus a bias: the embedding matrix is used again.
#
# ### Exercise 8 ●●○ · 12 minutes
# Put the whole model together. You do not need exercise 6's mask for the decoder here: padding comes last, so in decoder self-attention the causal mask already hides it from every real word, and the loss skips the rows of padding.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("the whole model")
def transformer(x, y, real, encoder, encoder_norm, decoder, decoder_norm, output):
    """x [B, S, D], y [B, T, D], real [B, S] True = a real source word, encoder: a list of block(x, mask) -> x,
    decoder: of block(y, memory, mask, memory_mask) -> y, norms, output: [B, T, D] -> logits [B, T, V]"""
    raise NotImplementedError

# %% [markdown]
# Does version 7 compute what the model at the top of the page computes? We put that model's parameters into your functions, or into the course's where yours are missing. `heard` holds the French words that the decoder reads, as numbers.

# %%
import copy

own = dict(multi_head=multi_head, ffn=ffn, add_norm=add_norm, encoder_block=encoder_block,
           decoder_block=decoder_block, transformer=transformer)
exact = copy.deepcopy(grammar.model).double().requires_grad_(False)
logits = assembly.Assembled(**own)(exact, ids, heard)
gap = (logits - exact(ids, heard)).abs().max().item()
print(f"Version 7 and the model: {logits.numel():,} logits, largest difference {gap:.0e}.")
print("Reading the translation, version 7 predicts:")
print(" ".join(grammar.target.tokens(logits[0].argmax(-1))))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-9 and exact.output.weight is exact.target_embedding.weight
assert torch.full((2,), -torch.inf).softmax(0).isnan().all() and math.isnan(0 * math.nan)

# %% [markdown]
# **Keep this:** a Transformer is an encoder stack and a decoder stack with three kinds of attention, and a matrix that turns vectors into logits.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the class itself
# This is the course's own decoder. Can you find the steps of exercises 7 and 8 in it? Each `around_…` is an `AddNorm`, which is handed a sub-layer: it normalises, applies the sub-layer and adds.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit.views import reveal
from course_utils.transformer import DecoderBlock

reveal(DecoderBlock.forward)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.transformer import Transformer

reveal(Transformer.decode)

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: your own Transformer
# <a id="assembly"></a>
# In version 7 and in your training, this class hands your functions a model's matrices. **Before you read the class:** your `multi_head` has no biases, but the checkpoint has four in every attention. Where could these four biases go?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
reveal(assembly.Assembled)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# - The key's bias is left out: it adds the same number, $q\cdot b$, to all scores of a row, and softmax sees only differences.
# - The value's bias is added at the end, multiplied by $W_O$: the weights sum to 1, so the average of $v_j+b$ is the average of $v_j$, plus $b$.
# - The bias of the last matrix is added at the end, too.
# - The query's bias $b$ goes into the queries' input: we add the vector $c$ with $cW_Q=b$. ($W_Q$ must be invertible.)
#
# </details>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the last step, by hand
# The last step is logits → softmax → the most probable word. A widely used picture prints this table for six words. Can every row come from a softmax?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch05.exercises.table import TABLE, VOCABULARY

sums = TABLE.sum(-1)
chosen = [VOCABULARY[i] for i in TABLE.argmax(-1)]
rows = [dict(zip(VOCABULARY, row.tolist(), strict=True)) | {"sum": f"{s:.3f}", "written": w}
        for row, s, w in zip(TABLE, sums, chosen, strict=True)]
Table(rows, "As printed. The written word has the largest number of its row.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert [round(s, 3) for s in sums.tolist()] == [1.01, 1, 0.996, 0.974, 1.003]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Rounding to the printed digits could explain every sum except .974.
#
# #### Find the error ●●○ · 4 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 5.2")

@find_error("claims 5.2", line=None)
def is_distribution(table):
    """table [T, V] -> [T] bool: can this row be a distribution, rounded (a sum of 1, to 2 in 100)?"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# The picture's text says this about the second row:

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 5.3")

@find_error("claims 5.3", line=None)
def chosen_word(row, vocabulary):
    """row [V], vocabulary: list of V words -> index (counted from 1, as the table does), word"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One word, all the way down
# <a id="descent"></a>
# The decoder has written "l'animal n'a pas traversé la rue parce qu'" and is about to write a pronoun. **Guess before you start:** which English word gets the largest share of attention from head 4 of the last cross-attention?
#
# Choose a number to see how it was computed. (`tired` is our English sentence.)

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.descent(tired, model=grammar, word="il", layer=3, head=4)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert words[weights_of["cross"][2][0, 3, said.tokens.index("il")].argmax()] == "tired"

# %% [markdown]
# <details><summary>Answer</summary>
#
# "tired" gets the largest share, not "animal". The section *What does "it" mean, measured* tests whether the choice of the pronoun depends on "tired".
#
# </details>
#
# **Keep this:** a query is compared with keys, softmax turns the scores into weights, and the weights average the values. The joined heads, times $W_O$, are *added* to the residual stream.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## All at once, or word by word?
# In training the decoder reads the whole French sentence in one call; at inference it writes a word, reads it, and writes the next.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "The same model reads the same sentence, once in one call with the mask, once word by word, and nothing is random. "
    "The logits at the fifth word are",
    ["equal, up to rounding", "nearly the same: training is an approximation",
     "different: in training the model knows the end"],
    answer=0, because="With the mask, both ways compute row 5 from the source and from words 1 to 5, in every layer.")

# %% jupyter={"source_hidden": true}
from course_utils.caching import writer_of

model, rows, most = grammar.model, [], 0
writer = writer_of(model)
with torch.no_grad():
    state = writer.start(ids)
    for n, word in enumerate(heard[0]):
        step = writer.step(word[None], state)
        state = step.state
        next_word = [*said.tokens, "<eos>"][n]
        gap = (step.logits[0] - all_logits[0, n]).abs().max().item()
        at_once, one_by_one = (grammar.target.words[x.argmax()] for x in (all_logits[0, n], step.logits))
        row = {"reads": written[n], "all at once": at_once, "word by word": one_by_one, "largest gap": f"{gap:.0e}"}
        rows.append(row)
        most = max(most, gap)
        assert gap < 1e-4 and one_by_one == next_word

Table(rows, "The next word, computed in both ways. The largest gap among "
            f"{len(grammar.target):,} logits is only rounding.")

# %% [markdown]
# A lecture says that "in prediction no mask is needed, the future is not there yet". **Guess:** if all words so far go through the decoder without a mask, do the *last* word's features change? (`model` is the model from the top.)

# %%
_, causal, across = three_masks(torch.ones_like(ids).bool(), torch.ones_like(heard).bool())  # all words are real

def last_row(heard, layers, mask):
    """Features of the last word, after so many decoder layers, by the functions of the exercises."""
    h = model.target_embedding(heard) * 128**0.5 + sinusoidal_encoding(heard.shape[1], 128)
    for block in model.decoder[:layers]:
        norms = block.around_attention.norm, block.around_cross.norm, block.around_ffn.norm
        h = decoder_block(h, memory, mask, across, block.attention, block.cross_attention, block.ffn, *norms)
    return h[0, -1]

moves = {}
with torch.no_grad():
    for layers in (1, 2, 3):
        masked = last_row(heard, layers, causal)
        moves[layers] = (masked - last_row(heard, layers, torch.ones_like(causal))).abs().max().item()
        print(f"{layers} layer{'s' * (layers > 1)}: the last row moves by up to {moves[layers]:.2g}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# With one layer the features stay the same, and the lecture is right: the last word may see all words anyway. With more layers the features change, because the last word then reads words that have themselves attended *ahead*. In training the mask prevented this. So the mask has to stay, unless earlier words are never computed again (next section).
#
# </details>
#
# **Keep this:** with the mask, the decoder computes the same numbers all at once and word by word.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does a cache save?
# <a id="kv-cache"></a>
# With the mask, a new word does not change the keys and values of earlier words. So the **KV cache** keeps these keys and values, and those of the source, and each step computes only the new word, in every layer. Queries are not kept, because each query is used only in its own step.
#
# ### Exercise 9 ●●● · 13 minutes
# Write one step with one head. The cache holds P words, at positions 0 to P − 1. First add the encoding of position P to the new word.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("cached step")
def cached_step(word, keys, values, positions, Wq, Wk, Wv):
    """word [B, D], cached keys and values [B, P, D], positions [max, D], W [D, D]
    -> output [B, D], keys, values [B, P + 1, D]"""
    raise NotImplementedError

# %% [markdown]
# Your function reads the course sentence word by word. The last output must be that of causal attention over the whole sentence:

# %%
bare, at = model.source_embedding(ids).detach(), sinusoidal_encoding(len(words), 128)
matrices = [part.weight.T.detach() for part in (layer.attention.query, layer.attention.key, layer.attention.value)]
keys = values = bare[:, :0]  # an empty cache
for word in bare[0]:
    last, keys, values = cached_step(word[None], keys, values, at, *matrices)
all_rows, _ = scaled_dot_product_attention(*((bare + at) @ W for W in matrices), causal_mask(len(words)))
print(f"The last step and the whole sentence at once differ by at most {(last - all_rows[:, -1]).abs().max():.0e}.")

# %% [markdown]
# We time 128 decoder steps of `transformer-grammar`, the model from the top, on eight texts at once. Without a cache, each step computes all earlier words again: 64.5 times as many words in all. **Guess:** how many times faster are the steps with a cache?

# %%
from chapters.ch05.experiments.in_class import clock

line, eight = torch.full((8, 128), 5), ids.expand(8, -1)
kept, memories = [writer.start(eight)], model.encode(eight)
with_cache = clock(lambda n: kept.append(writer.step(line[:, n], kept.pop()).state))
without = clock(lambda n: model.output(model.decode(line[:, : n + 1], memories)[:, -1]))
times = without[-1] / with_cache[-1]
plot.lines({"all again": (range(128), without), "with the cache": (range(128), with_cache)}, "words read",
           "seconds so far", title="What does the cache save?",
           caption=f"Measured just now, decoder only, on one core: {times:.1f} times faster at 128 words. The gain is "
                   "below 64.5, because one call for many words is faster than many calls for one word each.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert moves[1] < 1e-4 and min(moves[2], moves[3]) > 0.01
assert 1.5 < times < 64.5 == sum(range(1, 129)) / 128 and torch.allclose(last, all_rows[:, -1], atol=1e-4)

# %% [markdown]
# **Keep this:** with a cache, each step computes only the new word and its attention to the words so far.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train it, against chapter 3
# <a id="warm-up"></a>
# Now your functions train a new model on chapter 3's sentences; the course's functions stand in for any that you have not solved. Here is one step in full:

# %%
from chapters.ch03.lesson import Lesson
from chapters.ch05.experiments import in_class as study

lesson = Lesson("en-fr")
mine, batch = study.small_model(lesson), next(iter(lesson.batches))
parts, whose = assembly.chosen(mine, lesson, **own)
yours = assembly.Assembled(**parts)  # your functions, with the parameters of a model

def embed(table, ids):  # [B, T] -> [B, T, D]
    return table(ids) * 128**0.5 + sinusoidal_encoding(ids.shape[1], 128)

def loss_of(model):
    x, y = embed(model.source_embedding, batch.source), embed(model.target_embedding, batch.target_in)
    encoder = [yours.encoder_block(block) for block in model.encoder]
    decoder = [yours.decoder_block(block) for block in model.decoder]
    stacks = encoder, yours.norm(model.encoder_norm), decoder, yours.norm(model.decoder_norm)
    logits = yours.parts["transformer"](x, y, batch.source_mask, *stacks, model.output)
    return F.cross_entropy(logits[batch.target_mask], batch.target_out[batch.target_mask])  # no padding

trial = copy.deepcopy(mine)
optimiser = torch.optim.Adam(trial.parameters(), lr=study.LR)
loss_of(trial).backward()
optimiser.step()
print("reads   ", *lesson.target.tokens(batch.target_in[0]), "\npredicts", *lesson.target.tokens(batch.target_out[0]))
print(f"loss of this batch: {loss_of(mine):.2f}, after the step: {loss_of(trial):.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(loss_of(mine) - yours.loss(mine, batch)) < 1e-4 and loss_of(trial) < loss_of(mine)

# %% [markdown]
# Training repeats this step, and clips gradients whose norm is too large (*gradient clipping*). The learning rate rises slowly at first (**warm-up**), then falls. The usual reason for warm-up is that Adam divides its steps by an average size of past gradients. At first this average is unreliable, so steps can be too large. *Deeper: before or after, and how to warm up* tests warm-up.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from course_kit.callbacks import Samples
from IPython.display import display

display(whose)
watched = " ".join(lesson.ladder([14])[0].source)
run = study.learn(lesson, mine, loss=yours.loss, show=True,
                  steps={"class": study.STEPS, "full": 4 * study.STEPS}[runtime.profile],
                  evaluate=lambda model: {"BLEU": lesson.bleu(model, "valid", 200)}, every=study.STEPS // 4,
                  higher_is_better=True, callbacks=[Samples(lambda model: lesson.translate(model, watched)[0].text)], title="Training your Transformer")

# %% [markdown]
# We compare your model with chapter 3's translator and `transformer-grammar`, on 500 held-out sentences.

# %%
recurrent = load_checkpoint("seq2seq-attention-en-fr-grammar")
trained = {"chapter 3": recurrent, "yours": lesson.loaded(mine), "transformer-grammar": grammar}
against = study.compare(lesson, {name: loaded.model for name, loaded in trained.items()}, count=500)
steps_of = {"yours": run.step} | {name: trained[name].card["training"]["step"] for name in ("chapter 3", "transformer-grammar")}
read = {name: lesson.batches.tokens if name == "yours" else trained[name].card["training"]["recipe"]["tokens"] for name in trained}
against = Table([{"model": row["model"], "steps": steps_of[row["model"]], "tokens in a step": read[row["model"]]} | row for row in against], against.caption)
display(against, lesson.table({name: trained[name].model for name in ("chapter 3", "yours")}, lesson.ladder()[2:],
                              "These sentences were not selected. ✓: word for word the reference."))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert against[1]["BLEU"] >= 88 and against[1]["BLEU"] < against[0]["BLEU"] and abs(against[2]["BLEU"] - against[0]["BLEU"]) < 3
assert all(min(map(float, row["AER by layer"].split(","))) > float(against[0]["AER by layer"]) for row in against[1:])
assert 2.8 < against[2]["parameters"] / against[0]["parameters"] < 3
assert runtime.profile == "full" or steps_of["chapter 3"] * read["chapter 3"] == 3 * steps_of["yours"] * read["yours"]
assert steps_of["transformer-grammar"] > 2.5 * steps_of["chapter 3"] > 2.5 * steps_of["yours"] or runtime.profile == "full"
assert grammar.card["training"]["recipe"]["smoothing"] == 0.1

# %% [markdown]
# Your model translates well, but chapter 3's checkpoint is ahead, in BLEU and in alignment error (AER, lower is better). The checkpoint has about half the parameters, but read three times as many tokens in training. When this page was built, the checkpoint was also faster, probably because it is smaller, and because one core gains little from computing many words at once.
#
# `transformer-grammar` draws level with that checkpoint in BLEU, but has nearly three times as many parameters and took more than twice as many steps.
#
# **Keep this:** on this small corpus, attention without recurrence also learns to translate.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: which layer is read?
# Each decoder layer reads the *last* encoder layer. It could also read the encoder layer of its own depth, or another layer *together with* the last (**layer-wise multi-view** decoding). Our class `LayerWise` reads a trained model that way: `memory_layers` names one encoder layer for each decoder layer. **Guess** what happens if you change the layers *after* training.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch05.variants import LayerWise

views = {"all read the last": (3, 3, 3), "each its own": (1, 2, 3), "upside down": (3, 2, 1), "all the first": (1, 1, 1)}
scores = []
for name, layers in views.items():
    other = LayerWise(grammar.model, memory_layers=layers)
    scores.append(lesson.bleu(other, count=100))
    print(f"{name:18} {layers} {sum(p.numel() for p in other.parameters()):,} parameters, BLEU {scores[-1]:.1f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert scores[0] == max(scores) and min(scores) > 50 and scores[2] > scores[1]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# BLEU falls, but the model still translates, perhaps because all layers add to the same residual stream. To train a model that reads other layers from the start, try `study.small_model(lesson, memory_layers=(1, 2))`.
#
# </details>
#
# *Source:* Liu et al., *Layer-wise multi-view decoding for improved natural language generation*, 2020, section 3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What can the model do without?
# We trained five kinds of small Transformer: the whole model, attention alone, and models without the ReLU, without residual connections and without norms.
#
# “Attention alone” has no feed-forward networks, but one more layer, and so as many parameters as the whole model. **Guess** before you read the table: which translates worst after 300 steps? And does attention alone catch up later?

# %%
from course_kit import results

removed = results.load("transformer_ablations")
complete, alone, linear, bare, unnormed = removed["rows"]
later = {row["model"]: row["BLEU"] for row in removed["longer"]["rows"]}

def mean_and_range(scores):
    return f"{sum(scores) / 3:.1f} ({min(scores)} to {max(scores)})" if scores else ""

rows = [{"model": row["model"], "parameters": row["parameters"], "loss": sum(row["loss"]) / 3,
         "BLEU, 300 steps": mean_and_range(row["BLEU"]), "BLEU, 1000 steps": mean_and_range(later.get(row["model"]))}
        for row in removed["rows"]]
Table(rows, f"{removed['model']['num_layers']} layers of {removed['model']['model_size']} features (attention alone: 3 layers), "
            f"{removed['model']['ffn_size']} inside the feed-forward networks; means (and ranges) of "
            f"{len(removed['seeds'])} seeds, {removed['sentences']} held-out sentences. "
            f"The loss is the training loss after 300 steps. {removed.about}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert complete["parameters"] == alone["parameters"] == linear["parameters"] == bare["parameters"] > unnormed["parameters"]
assert removed["steps"] == 300 and removed["longer"]["steps"] == 1000
assert abs(sum(later["the whole model"]) - sum(later["attention alone, 3 layers"])) < 3
assert max(bare["BLEU"]) == 0 and 10 < min(alone["BLEU"]) < max(alone["BLEU"]) < min(complete["BLEU"])
assert all(max(a, b) < c for a, b, c in zip(linear["loss"], unnormed["loss"], complete["loss"], strict=True))
assert min(linear["BLEU"]) > max(alone["BLEU"]) and max(complete["BLEU"]) - min(complete["BLEU"]) > 5
assert min(sum(linear["BLEU"]), sum(unnormed["BLEU"])) > sum(complete["BLEU"])

# %% [markdown]
# <details><summary>Answer</summary>
#
# The model without residual connections is worst: it learned to translate in none of three runs. On average, dropping the norms or the ReLU did no harm. Perhaps small models on an easy corpus do not show in 300 steps what norms and ReLU are good for.
#
# Attention alone is behind the whole model after 300 steps, but after 1,000 the two score nearly the same. But attention alone kept its residual connections: without these and feed-forward networks, repeated attention makes all words' vectors alike (Dong et al., *Attention is not all you need*, 2021).
#
# </details>
#
# **Keep this:** on this small corpus, attention alone, with one more layer, scored about the same as the whole model in three runs of 1,000 steps. Without residual connections, no run of 300 steps learned to translate.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: before or after, and how to warm up
# Post-norm puts a norm into the residual stream after every sub-layer; pre-norm leaves the stream free. **Guess** which of them learns better without [warm-up](#warm-up).

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
norms = results.load("transformer_norms")
curves = {name: torch.tensor(lines).mean(0) for name, lines in norms["curves"].items()}
lower = {name: torch.tensor(lines).mean(0) for name, lines in norms["lower rate"]["curves"].items()}
at = [norms["every"] * (n + 1) for n in range(len(curves["pre-norm, none"]))]
plot.lines({name: (at, curve) for name, curve in curves.items()}, "steps", "loss", title="Which of them learns?",
           caption=f"Six layers, rate {norms['lr']}, means of {len(norms['seeds'])} seeds; “none” means no warm-up, "
                   f"“warm-up” 100 steps of it. {norms.about}",
           size=(7, 3.8))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
rows = [{"norm, warm-up": name, f"rate {norms['lr']}": curves[name][-1].item(),
         f"rate {norms['lower rate']['lr']}": lower[name][-1].item()} for name in curves]
Table(rows, "The mean loss of the last ten of two hundred steps, at two learning rates. "
            "A model for which all 1,205 words are equally likely has a loss of ln 1,205 = 7.09.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert abs(curves["pre-norm, none"][-1] - curves["pre-norm, warm-up"][-1]) < 0.05 and norms["steps"] == 200
assert max(curves["pre-norm, none"][-1], curves["pre-norm, warm-up"][-1]) < 3
assert all(4.9 < curves[name][-1] < 5.2 for name in ("post-norm, none", "post-norm, warm-up"))
assert lower["post-norm, warm-up"][-1] < lower["post-norm, none"][-1] - 0.1 < 4.9
assert lower["pre-norm, none"][-1] < lower["pre-norm, warm-up"][-1] - 0.2
assert norms["lower rate"]["lr"] < norms["lr"] and f"{math.log(len(grammar.target)):.2f}" == "7.09"

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# In these two hundred steps pre-norm learns better. At the higher rate warm-up changes little. At the lower rate warm-up helps post-norm a little, but the loss of pre-norm ends higher, perhaps because half of the steps are warm-up, with a low rate. The paper trained post-norm with a lower rate and 4,000 steps of warm-up.
#
# </details>
#
# *Source:* Xiong et al., *On layer normalization in the Transformer architecture*, 2020, section 3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does "it" mean, measured
# Our sentence ends in "too tired", and "it" means the animal, in French *il … fatigué*. With "too wide", "it" means the street, in French *elle … large*. Two sentences that differ only in this adjective are called *twins*; a pair counts as two. The noun that "it" means is the *right noun*.
#
# **First: is the pronoun right?** The models translate 736 held-out twins, each with a noun that was in no twin of the training corpus (but in other sentences). Half of the right pronouns are *il*, so guessing gives 50 %. Each model is a single run, trained in its own way, so compare its share with 50 %, not with the other models.

# %%
from chapters.ch05.experiments.twins import MODELS, pronoun_table

judged = pronoun_table({"chapter 3, without attention": MODELS["without attention"], "chapter 3": recurrent,
                        "yours": trained["yours"], "transformer-grammar": grammar})
pronoun = {row["model"]: row["pronoun"] for row in judged}
nouns = {noun for e in lesson.examples("twins") for noun in (e.twin.referent, e.twin.distractor)}
Table([{"model": name, "pronouns right, %": share} for name, share in pronoun.items()],
      f"{judged[0]['twins']} held-out twins with only {len(nouns)} nouns. With other nouns, a share could differ by "
      "several points.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (known_nouns := {noun for e in lesson.examples("train") if e.twin for noun in (e.twin.referent, e.twin.distractor)})
assert all({e.twin.referent, e.twin.distractor} - known_nouns for e in lesson.examples("twins"))
assert sum(e.twin.pronoun == "il" for e in lesson.examples("twins")) == 368
assert judged[0]["twins"] == 736 and pronoun["transformer-grammar"] > 90 and min(pronoun.values()) > 55

# %% [markdown]
# All four models are clearly above chance, even the one without attention. How does `transformer-grammar` find the pronoun?
#
# **Second: what does "it" attend to?** At the top, "it" gave "animal" its largest weight in layer 2, head 2 (*head 2.2*). In the twin, "it" means the street. **Guess:** in each of the two sentences, which noun gets more weight from "it" in this head, and which from the adjective?

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments import heads as head_study, twins as twin_study

twins, wide = twin_study.reader(grammar).examples("twins")[:120], tired.replace("tired", "wide")
# the referent is the noun that "it" means, the distractor the other noun
prefers = {word: head_study.weight_between(grammar, twins, "encoder", word, "referent")
           - head_study.weight_between(grammar, twins, "encoder", word, "distractor") for word in ("it", "adjective")}
readings = head_study.both_readings(grammar, (tired, wide), 2, 2, ("animal", "street"))
readings

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(readings[0]["to “animal”"] - readings[2]["to “animal”"]) < 0.1
assert all(readings[n]["to “animal”"] - readings[n]["to “street”"] > 0.1 for n in (0, 2))
assert min(readings[1]["to “animal”"], readings[3]["to “street”"]) > 0.8
assert prefers["it"].max() < 0.01 and prefers["adjective"].argmax() == 5 and prefers["adjective"].max() > 0.5

# %% [markdown]
# <details><summary>Answer</summary>
#
# In both sentences "it" gives more weight to the animal, and nearly equally much. The adjective tells the nouns apart: "tired" attends to the animal, "wide" to the street. Averaged over 120 held-out twins, in no head does "it" give the right noun .01 more weight than the other noun, or more. In head 2.2, the adjective gives the right noun over .5 more weight than the other.
#
# </details>
#
# **Third: which connection decides?** Suppose a mask forbids "it" to attend to the right noun in the whole encoder. The decoder reads the reference translation up to the pronoun. How often is the right pronoun still likelier than the wrong one?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In no layer and no head of the encoder may “it” attend to the right noun. "
    "With nothing forbidden, 96 of 100 pronouns are right. How many are right now?",
    ["about 50: the model has to guess", "about 75", "about 96, as before"],
    answer=2, because="See row 1 of the table: this model does not need that connection.")

# %% [markdown]
# <a id="knock-out"></a><a id="log-odds"></a>
# We forbid this connection of `transformer-grammar` and others, on the same 120 twins (`twins` in the code; `head_study` makes such tests). The *French step* is the decoder step that writes *il* or *elle*. The weight of a forbidden connection moves to other words: if "tired" may not attend to "animal", perhaps to "street". This alone can cause errors, so we also hide the other noun, both nouns, and as a control two words that are not nouns. In row 4c all of head 2.2 is **knocked out**: its output is set to zero.
#
# The **log-odds** compare only the two pronouns: they are the logarithm of P(right pronoun) / P(wrong pronoun), averaged over the twins. At 0 both pronouns are equally probable, below 0 the wrong one is likelier. With 120 twins, differences of a few points may be chance.

# %%
def hide(word, *others, only=()):  # the word may not attend to the others; only: in this head
    return [("encoder", word, other, *only) for other in others]

right, other = "referent", "distractor"  # the two nouns
connections = {
    "0": ("nothing", []),
    "1": ("“it” → right noun", hide("it", right)),
    "2a": ("adjective → right noun", hide("adjective", right)),
    "2b": ("adjective → other noun", hide("adjective", other)),
    "2c": ("adjective → both nouns", hide("adjective", right, other)),
    "2d": ("adjective → “it” and “too” (control)", hide("adjective", "it", "too")),
    "3a": ("French step → “it”", [("cross", "pronoun", "it")]),
    "3b": ("French step → adjective", [("cross", "pronoun", "adjective")]),
    "4a": ("adjective → right noun, only in head 2.2", hide("adjective", right, only=[(2, 2)])),
    "4b": ("adjective → both nouns, only in head 2.2", hide("adjective", right, other, only=[(2, 2)])),
    "4c": ("all of head 2.2", [])}
silent = {"4c": [head_study.head("encoder 2.2")]}
left = {row: head_study.right(grammar, twins, silent.get(row, []), gone)
        for row, (_, gone) in connections.items()}
Table([{"row": row, "forbidden": connections[row][0], "right, %": share, "log-odds": odds}
       for row, (share, odds) in left.items()], "Right pronouns in 120 twins; row 0 is the whole model")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(left["0"][0]) == 96 and all(abs(a - b) < 0.1 for a, b in zip(left["1"], left["0"], strict=True))
assert f"{head_study.weight_between(grammar, twins, 'encoder').max():.2f}" == "0.29" and left["3a"][0] == left["0"][0]
assert head_study.weight_between(grammar, twins, "cross", key="it").max() > 0.99
assert all(abs(left[row][0] - share) < 1 for row, share in {"2a": 9, "2b": 100, "2d": 95, "3b": 57, "4a": 78}.items())
assert left["3a"][1] > left["0"][1] + 0.4 and 45 < left["2c"][0] < 55
assert all(head_study.right(grammar, [e for e in twins if e.twin.pronoun == word],
                            forbidden=connections["3b"][1])[0] == share for word, share in (("il", 100), ("elle", 0)))
assert left["4c"][0] > left["0"][0] - 3 and left["0"][1] - left["4c"][1] > 1
assert left["4a"][1] < left["4c"][1] - 1
assert abs(left["4b"][0] - left["4c"][0]) < 2 and abs(left["4b"][1] - left["4c"][1]) < 0.3
assert [f"{head_study.weight_between(grammar, twins, 'encoder', 'adjective', 'distractor', gone)[1, 1]:.2f}"
        for gone in ([], connections["4a"][1])] == ["0.12", "0.43"]
assert (held := lesson.examples("twins"))
assert len({(e.source[:-2], e.twin.referent) for e in held}) == 2 * len({e.source[:-2] for e in held})

# %% [markdown]
# **1. Does "it" need the right noun?** No. In one head the right noun gets .29 of the weight from "it", but forbidding this connection hardly changes the numbers (row 1).
#
# **2. Which noun does the adjective need?** If the right noun is hidden from the adjective, 9 % of the pronouns are right (2a); if the other noun is hidden, all are right (2b). So the pronoun nearly always follows the noun that the adjective can still attend to. If both nouns are hidden, about half are right, as if the model guessed (2c). Hiding two other words does not have this effect: in the control 95 % are right (2d). So the adjective needs a connection to one of the nouns.
#
# **3. What does the French step need?** The French step needs the adjective, not "it". In one head "it" gets nearly all the weight, but if "it" is hidden, just as many pronouns are right, and the log-odds even rise (3a). If the adjective is hidden, the model prefers *il* in all 120 twins, which is right in 57 % of them (3b).
#
# **4. What does head 2.2 contribute?** Without the head the log-odds fall by more than 1, but nearly as many pronouns are right (4c). If only the right noun is hidden from the adjective, in this head, that is worse than no head: the adjective then gives the *other* noun .43 of its weight instead of .12, and only 78 % are right (4a). If both nouns are hidden in this head, the numbers are close to those without the head (4b).
#
# So the map at the top did point at a head that the model uses. But the model uses this head for another connection: from the adjective to a noun.

# %% [markdown]
# **Together:** in this model the adjective must attend to a noun, and the French step to the adjective. The model needs neither of the two connections of "it". This may be special to our corpus: twins differ only in the adjective, so the adjective alone decides which noun "it" means.
#
# **Now your model.** We knocked out its encoder heads one at a time. The view shows the model without the head that lowers the log-odds most. The table compares the translations with and without this head. They may be the same: the right pronoun is then less certain, but still the likelier one. In a running notebook, knock out other heads.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
me = trained["yours"]
effects = head_study.head_effects(me, twin_study.reader(me).examples("twins")[:60], ["encoder"])
lost = torch.zeros(me.model.config.num_layers, me.model.config.num_heads)
for row in effects:
    lost[head_study.head(row["head"]).layer - 1, head_study.head(row["head"]).head - 1] = row["lost"]
costly = head_study.head(effects[0]["head"])
with torch.no_grad(), attention_weights(mine) as seen:
    mine.encode(torch.tensor([lesson.source.encode(tired)]))
view = labs.heads(seen["encoder"], words, select=("it", "animal"), effects=lost, effect="log-odds lost without it", live=True,
                  title="What does your model lose without a head?",
                  caption="Each small map is a head of the encoder that you trained. Below it: how much the log-odds of 60 "
                          "held-out twins fall without this head. The head with the cross is knocked out: the table shows "
                          "what the model then writes.")
view.layer, view.head = costly.layer - 1, costly.head - 1  # the one that is open
told = labs.twins_without(view, me, (tired, wide), knocked=[(costly.layer - 1, costly.head - 1)])  # view.observe, inside
display(view, told)

# %% [markdown]
# **Keep this:** `transformer-grammar` can choose the pronoun without the connection from "it" to the right noun. Before you explain a model by a map, take the connection away and count the errors.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: after which sub-layer is it decided?
# At the step that writes the pronoun of the course sentence, we stop the decoder after each sub-layer, and let the last norm and the output matrix read the residual stream. This *logit lens* gives only a hint, because the norm and the matrix were not trained for such early vectors. After which sub-layers do the [log-odds](#log-odds) change most?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch05.experiments import lens

stops = lens.stops(grammar, tired, "il", "elle")
steps = {row["stopped after"]: row["log-odds"] - before["log-odds"] for before, row in zip(stops, stops[1:], strict=False)}
stops

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert all(name.startswith("cross-attention") for name in sorted(steps, key=steps.get)[-3:])
assert all(a["P(il)"] + a["P(elle)"] < b["P(il)"] + b["P(elle)"] for a, b in zip(stops[:6], stops[1:7], strict=True))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The log-odds change most after the three cross-attentions. In layers 1 and 2 *every* sub-layer makes the two pronouns together likelier, but the choice *between* them changes mostly at cross-attention.
#
# *Source:* nostalgebraist, *interpreting GPT: the logit lens*, 2020.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: every head, and all 736 twins
# Do the heads in which "it" attends to the right noun matter most? We knock out the encoder heads one at a time.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
effects = head_study.head_effects(grammar, twins[:60], ["encoder"])
by_head = {row["head"].removeprefix("encoder "): row for row in effects}
found = {"2.2": "2.2: attends to the noun, and matters", "3.2": "3.2: hardly attends to the noun, but matters"}
plot.points([row["weight"] for row in effects], [row["lost"] for row in effects], labels=[found.get(name, name) for name in by_head],
            xlabel="mean weight from “it” to the right noun", ylabel="log-odds lost without the head",
            title="Do the heads that attend to the noun matter?",
            caption="Each dot is an encoder head (layer.head). The further right, the more “it” attends to that noun; "
                    "the higher, the more the model loses without the head.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert {*list(by_head)[:2]} == {"2.2", "3.2"} and effects[1]["lost"] > 3 * effects[2]["lost"]
assert by_head["3.2"]["weight"] < 0.05 and min(row["right"] for row in effects) > 90

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Two heads matter far more than the others: 2.2 and 3.2. But in 3.2 "it" hardly attends to the right noun. Whichever single head we remove, more than 90 % of the pronouns are still right, perhaps because other heads take over.
#
# Voita et al. (*Context-aware neural machine translation learns anaphora resolution*, 2018) did find attention from *it* to its noun, from English into Russian and with the noun in the sentence before. But comparing weights with the right noun cannot say whether the model *needed* these weights.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Next we forbid these and more connections in all 736 held-out twins. The results agree with those above. If the adjective is hidden from the French step, half of the pronouns are right.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_kit import results

heads = results.load("transformer_heads")
known = {row["forbidden"]: row["right"] for row in heads["connections"]}
Table([{"forbidden": row["forbidden"].replace("noun it is about", "right noun").replace("noun it is", "right noun")
        .replace("pronoun's", "French"), "right": row["right"], "log-odds lost": row["lost"]}
       for row in heads["connections"]],
      f"Pronouns right, in %; with nothing forbidden {heads['all heads']['right']}. {heads.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert known["the adjective → the other noun"] > heads["all heads"]["right"] > known["the adjective → the noun it is about"] + 50
assert 45 < known["the adjective → either noun"] < 55 and known["the pronoun's step → the adjective"] == 49.9

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: real sentences
# A second Transformer learned from the Tatoeba sentences of chapter 3, with as many steps, and tokens in a step, as chapter 3's translator.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch03.lesson import checkpoint

before = load_checkpoint("seq2seq-attention-en-fr")
tatoeba = checkpoint("transformer-en-fr", instead=grammar)
sentences = ["Good morning.", "Let them eat cake.", "Hello my friends! How are you doing today?", "I love you.",
             "My grandmother told me a story that I have never forgotten.",
             "If I had known that you were coming I would have baked a cake.",
             tired, wide, "We live in the European Economic Area."]
pairs = zip(sentences, translate(before, sentences), translate(tatoeba, sentences), strict=True)
rows = [{"source": s, "in training": "seen" if new.seen else "new", "chapter 3": str(old), "chapter 5": str(new)}
        for s, old, new in pairs]

def effort(name, one):
    made, scores = one.card["training"], one.card["metrics"]
    return {"": name, "parameters": sum(p.numel() for p in one.model.parameters()), "steps": made["recipe"]["steps"],
            "tokens in a step": made["recipe"]["tokens"], "minutes on one core": made["minutes"],
            "BLEU, greedy": scores["test_bleu_beam_1"], "BLEU": scores["test_bleu_beam_4"]}

efforts = Table([effort("chapter 3", before), effort("chapter 5", tatoeba)], "Recorded, on the same test sentences; BLEU with a beam of 4 unless greedy")
display(efforts, Table(rows, "The same two models translate, with a beam of 4"))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert tatoeba is grammar or all(f"elle était trop {end}" in row["chapter 5"]
                                 for row, end in zip(rows[6:8], ("fatigué.", "large."), strict=True))
assert tatoeba is grammar or [rows[i]["chapter 5"] for i in (0, 1, 3)] == ["bonjour.", "laisse-les manger du gâteau.", "je t'aime."]
assert tatoeba is grammar or all(part in rows[i]["chapter 5"] for i, part in ((4, "dont"), (6, "l'animage"), (7, "l'animage"), (8, "zone d'europe")))
assert tatoeba is grammar or all(efforts[0][key] < efforts[1][key] for key in
                                 ("BLEU", "minutes on one core", "parameters"))
assert tatoeba is grammar or all(efforts[0][what] == efforts[1][what] for what in ("steps", "tokens in a step"))
assert tatoeba is grammar or [one.card["training"]["recipe"]["optimizer"] for one in (before, tatoeba)] == ["adamw", "muon"]
assert tatoeba is grammar or {one.card["training"]["threads"] for one in (before, tatoeba)} == {1}

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The Transformer scores higher. But architecture, size, time and optimiser (here Muon, see chapter 7) all differ, so the table does not say which difference helped.
#
# Which translations in the last column are right? Check first whether a sentence was *seen*.
#
# <details><summary>Answer</summary>
#
# Three are right: “Good morning”, the cake and “I love you”. Several friends need *comment allez-vous*, not *vas-tu*. The grandmother's sentence needs *que … oubliée*, not *dont … oublié*. Both twins say *elle*: this is right for the street but wrong for the animal, and does not agree with *fatigué*. *L'animage* is no word. The European Economic Area has lost its “Economic”, and in the sentence with *if* a person has just been baked.
#
# </details>
#
# Now type a sentence of your own; `tatoeba` is the Transformer of this section. The ink shows the last layer's cross-attention, averaged over its heads.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
labs.alignment(translate(tatoeba, "My grandmother told me a story that I have never forgotten.")[0], languages=("en", "fr"),
               title="Which English words does each French word attend to?", model=tatoeba)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what the first Transformer cost
# The paper used 4.5 million sentence pairs for German, 36 million for French, and 8 P100 cards, each assumed to do 9.5 TFLOP/s ($9.5\cdot10^{12}$ operations a second). The base model took 12 hours for 100,000 steps, the big one 3.5 days for 300,000. **Guess** the power of ten of each number of operations.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
day, cards, speed = 24 * 3600, 8, 9.5e12
base, big = (cards * speed * days * day for days in (0.5, 3.5))
print(f"base {base:.1e} operations, big {big:.1e} operations")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert f"{base:.1e}" == "3.3e+18" and f"{big:.1e}" == "2.3e+19"

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a small zoo
# <a id="sparse-attention"></a><a id="multi-query"></a>
# Attention over $T$ words has $T^2$ pairs, and a cache of $2TD$ numbers per layer. Many later variants save one of the two. Local and **sparse** attention save pairs, as long as the program skips the pairs that the mask hides.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
plot.maps(study.zoo(36), "query", "key", title="Which words may be read?",
          caption="A row for each word that reads, a column for each of the 36 words. A filled cell may be read. After how many layers can the last word know of the first one?")

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
study.zoo_table(length=64)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Local attention reaches further with each layer. One global word, which attends to all words and to which all attend, shortens every path to at most two steps.
#
# The cache gets smaller if heads *share* keys and values but keep their own queries. In **grouped-query** attention each group of heads shares one set, in **multi-query** attention all heads share one.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
study.cache_table(length=1024, model_size=512, num_heads=8)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# **Linear attention** (chapter 2) never computes a map: apart from a division its output is $\phi(Q)(\phi(K)^\top V)$, and the product in brackets has the same size at any length. The price is that with the usual $\phi$ the weights are less sharp.
#
# *Sources:* Beltagy et al., *Longformer*, 2020; Child et al., *Sparse Transformers*, 2019; Shazeer, *Fast Transformer decoding*, 2019; Ainslie et al., *GQA*, 2023.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: from 2017 to today's block
# What have most of today's large language models changed in the paper's block?
#
# | 2017 | today | why | source |
# |---|---|---|---|
# | post-norm | pre-norm | deep stacks can be trained | Xiong et al. 2020 |
# | layer norm | RMSNorm: divide by the root mean square, subtract no mean | is about as good, and cheaper | Zhang & Sennrich 2019 |
# | $\max(0, xW_1)W_2$ | SwiGLU: $(\mathrm{swish}(xW_1)\odot xW_3)\,W_2$, with $\mathrm{swish}(z)=z\,\sigma(z)$ | a lower loss at the same size | Shazeer 2020 |
# | sinusoids, added once | rotary positions, in each attention | scores depend on distances | chapter 4 |
# | biases | none | training is said to be steadier | Chowdhery et al. 2022 (PaLM) |
# | keys and values for each head | heads share keys and values | a smaller cache | the zoo above |
#
# Three of the six are options of the model that you trained: try `study.small_model(lesson, positions="rotary")`, or `norm_first` or `key_heads`.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: three ways to read a sentence
# For $n$ words of $d$ features:
#
# | | RNN | CNN, kernel $k$, backwards only | Transformer |
# |---|---|---|---|
# | a word reads | the state left of it | $k$ neighbours | every word |
# | longest path | $n$ | $n/(k-1)$ | 1 |
# | steps one after another, in training | $n$ | 1 per layer | 1 per layer |
# | cost of a layer | $n\,d^2$ | $k\,n\,d^2$ | $n^2 d + n\,d^2$ |
# | knows the order | by itself | by itself | from positions, partly from a causal mask |
# | memory while writing | one state | $k$ words | every word |
#
# The last row is the price of attention. An RNN writes the thousandth word as fast as the first; a Transformer reads a thousand keys for this word.
#
# <a id="encoder-only"></a>
# The same blocks make three families of models:
#
# | family | attention | learns to | example |
# |---|---|---|---|
# | encoder-only | self-attention, both directions | fill gaps | BERT, chapter 6 |
# | decoder-only | self-attention, causal | continue a text | GPT, chapter 7 |
# | encoder–decoder | both of these, and cross-attention | rewrite | the Transformer of 2017, T5 |
#
# <a id="t5"></a>
# T5 puts every task into words, "translate English to German: …", so that one model can do all tasks (Raffel et al., 2020).

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: errors that circulate
# Five errors of an article that programs a Transformer for "I love you" → "Je t'aime":
#
# | in the article | what is wrong | how you notice |
# |---|---|---|
# | `torch.matmul(q, k)` | the keys are not transposed | you get an error, unless there are as many keys as a head has features |
# | scores divided by $\sqrt d$, and again in the softmax | in total they are divided by $d$ | you hardly notice: training can make up for weights that are too even at first |
# | `scores / sqrt(d)` | `sqrt` is not imported | a `NameError` |
# | `mask=None`, and no caller builds a mask | each word sees the future, and padding | the loss falls too fast, translations are bad |
# | `W2(W1(x))` as feed-forward network | no ReLU: two matrices do what one could | you hardly notice: after 300 steps our model without a ReLU was no worse |

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# A slide deck contradicts itself about encoders and decoders.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("claims 5.4")

@find_error("claims 5.4", line=None)
def family(attentions):
    """attentions: a list of "self", "causal self", "cross" -> "encoder-only", "decoder-only" or "encoder-decoder" """
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# This function passed all its tests, but all tests were of self-attention.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.11")

@find_error("program 5.11", line=None)
def split_both(query, key, heads):                # [B, Q, D], [B, K, D]
    B, length, D = query.shape
    q = query.view(B, length, heads, D // heads).transpose(1, 2)
    k = key.view(B, length, heads, D // heads).transpose(1, 2)
    return q, k

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# Here “Je t'aime” should attend to “I love you”.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.17")

@find_error("program 5.17", line=None)
def cross_attention(written, source, Wq, Wk, Wv):     # Je t'aime [T, D], I love you [S, D]
    q = written @ Wq
    k, v = written @ Wk, written @ Wv
    weights = torch.softmax(q @ k.T / q.shape[-1] ** 0.5, dim=-1)
    return weights @ v, weights

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 3 minutes
# This line was pasted from a model with inputs [T, B, D] into one with inputs [B, T, D].

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.18")

@find_error("program 5.18", line=None)
def add_positions(x, table):                      # [B, T, D], [max, D]
    return x + table[: x.size(0)].unsqueeze(1)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# Training goes well. But at inference the model reads its words differently.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.19")

@find_error("program 5.19", line=None)
def self_attention(q, k, v, training):           # [B, T, d] each
    future = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if training:
        scores = scores.masked_fill(future, float("-inf"))
    return torch.softmax(scores, dim=-1) @ v

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# The loss of padding is set to 0, and yet padding counts.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.20")

@find_error("program 5.20", line=None)
def mean_loss(logits, target, mask):           # [B, T, V], [B, T], [B, T] True = a real word
    log_p = logits.log_softmax(-1)
    loss = -log_p.gather(-1, target[..., None])[..., 0]
    loss = loss * mask
    return loss.mean()

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# The article's block lacks something around each sub-layer. You may fix it with pre-norm or post-norm.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.14")

@find_error("program 5.14", line=None)
def block(x, attention, ffn, norm1, norm2):      # each part: [B, T, D] -> [B, T, D]
    return ffn(attention(x))

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●● · 10 minutes
# This class runs in self-attention without an error, and yet five of its lines are wrong. Name all five, `line=(…, …)`.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("program 5.22")

@find_error("program 5.22", line=None)
class MultiHead(torch.nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key = torch.nn.Linear(size, size), torch.nn.Linear(size, size)
        self.value, self.out = torch.nn.Linear(size, size), torch.nn.Linear(size, size)
    def split(self, x):                                   # [B, T, D] -> [B, H, T, d]
        return x.reshape(len(x), self.heads, x.shape[1], -1)
    def forward(self, x, memory, mask):                   # [B, Q, D], [B, K, D], [B, Q, K]
        q = self.split(self.query(x))
        k, v = self.split(self.key(x)), self.split(self.value(memory))
        scores = q @ k.transpose(-2, -1) / x.shape[-1] ** 0.5
        scores = scores.masked_fill(mask[:, None], -1e9)
        weights = torch.softmax(scores, dim=1)            # [B, H, Q, K]
        heads = weights @ v                               # [B, H, Q, d]
        return self.out(heads.transpose(1, 2).flatten(2))

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: label smoothing
# <a id="label-smoothing"></a>
# A probability of exactly 1 would need infinite logits. So **label smoothing**, used in the paper, asks for a little less. From a *one-hot* target (1 for the correct word, 0 for all others) smoothing takes ε and shares this ε evenly among all $V$ words, the correct one included:
#
# $$ \text{target}=(1-\varepsilon)\cdot\text{one-hot}+\varepsilon\cdot\tfrac1V $$
#
# #### Exercise 10 ●●○ · 5 minutes
# Write the loss with such targets: the mean over the real words.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
@exercise("label smoothing")
def smoothed_loss(logits, target, mask, smoothing):
    """logits [B, T, V], target [B, T], mask [B, T] True = a real word, smoothing ε -> one number"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# This loss cannot reach 0: it is lowest when the model predicts exactly the soft target. How low is the lowest loss for `transformer-grammar` (ε = 0.1), and at which loss did its training end?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
V, epsilon = len(grammar.target), 0.1
perfect = torch.full((1, 1, V), epsilon / V)
perfect[..., 7] += 1 - epsilon  # word 7 is the correct one
lowest = smoothed_loss(perfect.log(), torch.tensor([[7]]), torch.tensor([[True]]), epsilon).item()
ended = grammar.card["training"]["history"]["rows"][-1][1]
print(f"a perfect prediction of {V:,} words: {lowest:.2f}; transformer-grammar ended at {ended:.2f}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert abs(lowest - torch.special.entr(perfect).sum()) < 1e-4 and lowest < ended < lowest + 0.1

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# So a loss above 1 can be nearly the lowest possible, and losses with different ε must not be compared. To train with your smoothed loss, write `assembly.Assembled(smoothing=0.1, smoothed_loss=smoothed_loss, **parts).loss` in the training cell.
#
# *Source:* Szegedy et al., *Rethinking the Inception architecture*, 2015, section 7.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# Each number must lie in its band. The rows with twins give the right pronouns, in %.

# %%
rows = [
    ("all at once against word by word, a logit", most, 0, 1e-4),
    ("times faster with the cache, 128 words", times, 1.5, 100),
    ("BLEU of yours", against[1]["BLEU"], 88, 100),
    ("120 twins: “it” not to the right noun", left["1"][0], 90, 100),
    ("120 twins: the adjective not to that noun", left["2a"][0], 0, 30),
    ("120 twins: the French step not to the adjective", left["3b"][0], 40, 65),
    ("log-odds lost without head 2.2", left["0"][1] - left["4c"][1], 0.3, 3),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:52} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. All heads use the same formula with projections of their own. Cutting one wide head into several adds no parameters.
# 2. An encoder block is self-attention, then a feed-forward network, each with a residual connection and a layer norm.
# 3. There are three kinds of attention: source to source, target to target with the causal mask, target to source.
# 4. With the mask, the decoder computes the same numbers all at once and word by word; the KV cache makes word by word cheaper.
# 5. A map shows what a head attends to. To learn what this attention is worth, take it away and measure.

# %% [markdown] slideshow={"slide_type": "skip"}
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
# | [KV cache](#kv-cache) | 键值缓存 | keys and values of earlier words, kept |
# | [label smoothing](#label-smoothing) | 标签平滑 | asks for a little less than certainty |
# | [knocked out](#knock-out) | 敲除 | set to zero as a test |
# | [log-odds](#log-odds) | 对数几率 | the logarithm of the ratio of two probabilities |
# | [sparse attention](#sparse-attention) | 稀疏注意力 | only few pairs are computed |
# | [multi-query, grouped-query](#multi-query) | 多查询、分组查询注意力 | heads share keys and values |
# | [encoder-only, decoder-only](#encoder-only) | 仅编码器、仅解码器 | half a Transformer: BERT, GPT |
# | [T5](#t5) | T5 模型 | every task as text to text |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - A. Vaswani et al., *Attention is all you need*, 2017, sections 3 and 5, table 3.
# - A. Rush, *The annotated Transformer*, 2018.
# - J. Ba, J. Kiros, G. Hinton, *Layer normalization*, 2016, section 3; K. He et al., *Deep residual learning*, 2015, section 3.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_tools.classroom.progress import onward

onward(5)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: half of it
# Our Transformer learns from pairs of sentences, which are few, while text is endless. Take the encoder alone and let it guess hidden words from both sides: that is BERT.
#
# **→ [6 · Which word is missing?](06_bert.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 5, edition 0.3.0, and the heading above it.*
