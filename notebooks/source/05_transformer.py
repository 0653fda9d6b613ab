# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 5 · What can attention do alone?
# *The Transformer, grown from one head.* **At the end** you have built an encoder–decoder out of attention and two matrices, trained it in a minute, followed one word through every number of it, and measured what its heads know of "it". Reading 75 minutes · live 60 · exercises 50 · *Deeper* 100 more. **Before:** [chapter 3](03_seq2seq.ipynb) (encoder, decoder, teacher forcing) and [chapter 4](04_positional_encoding.ipynb) (self-attention, positions).

# %%
import torch
import course_utils
from chapters.ch05 import labs
from course_utils.views import plot, predict
runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does "it" look at?
# A Transformer that was trained on our corpus reads the course sentence. It has three layers with four heads each, so each word looks at the others in twelve ways. **Before you touch anything:** in how many of the twelve will "it" look at "animal" more than at any other word? Open one small map after the other; the row of "it" is lit.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from course_utils.models.heads import recorded
from course_utils.training import load_checkpoint

grammar = load_checkpoint("transformer-grammar")
tired = "The animal didn't cross the street because it was too tired."
ids = torch.tensor([grammar.source.encode(tired)])
words = grammar.source.tokens(ids[0])
with torch.no_grad(), recorded(grammar.model) as seen:
    grammar.model.encode(ids)
looks = seen["encoder"]  # a list, one [B, H, Q, K] for each layer
it, animal = words.index("it"), words.index("animal")
labs.heads(looks, words, select="it", title="Which head knows what “it” is?", model=grammar,
           caption="Twelve real maps. The [query|word that asks] stands on the left, the [key|word it reads] above.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 1 <= sum(looks[n][0, h, it].argmax() == animal for n in range(3) for h in range(4)) <= 3

# %% [markdown] slideshow={"slide_type": "fragment"}
# <details><summary>Answer</summary>
#
# In hardly any. But there is one that one came for, "it" with its ink on "animal".
#
# </details>
#
# Lectures show such a map and say: here the model understands what "it" means. Write down its layer and head. Near the end we ask what that look was worth.
#
# **Keep this:** a map shows where a head looked. Whether that mattered is another question, and it has an answer.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three questions first
# From chapters 2 to 4. Answer each before you unfold it.
#
# 1. Scores are divided by $\sqrt d$. What becomes of softmax without it, when $d$ is large?
# 2. In training, a decoder hears the right words and not its own. What is that called, and why does it allow to predict all words at once?
# 3. Self-attention without positions reads "dog bites man". What can it not know?
#
# <details><summary>Answers</summary>
#
# 1. Scores spread like $\sqrt d$, one weight takes nearly everything, and its gradient dies.
# 2. Teacher forcing. What it hears is known beforehand, so no word has to wait for the one before it, as long as none may look ahead.
# 3. Who bites: shuffled words give the same vectors, shuffled. Positions are added so that it can.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Version 1: one head
# We build the model in seven versions, each a small improvement on the last, and all with the weights of the model above. So the last version must give its numbers.
#
# Version 1 is chapter 4's self-attention: three matrices make <b style="color:#bf5f00">queries</b>, <b style="color:#007fc6">keys</b> and <b style="color:#008a67">values</b> of the same words.

# %% tags=["nbval-check-output"]
from course_utils.attention import scaled_dot_product_attention
from course_utils.positions import sinusoidal_encoding

layer = grammar.model.encoder[0]
embedded = grammar.model.source_embedding(ids).detach() * 128**0.5  # times √D, as in the paper
embedded = embedded + sinusoidal_encoding(len(words), 128)
with torch.no_grad():
    x = layer.around_attention.before(embedded)  # normed: we come to that
    q, k, v = layer.attention.query(x), layer.attention.key(x), layer.attention.value(x)
output, weights = scaled_dot_product_attention(q, k, v)
for name, tensor in {"x": x, "q, k, v": q, "weights": weights, "output": output}.items():
    print(f"{name:8}", tuple(tensor.shape))

# %% [markdown]
# Each word has *one* row of weights, and these sum to 1. But "it" has several questions: who am I, what is said of me, which verb is mine? One softmax can answer them with one mean, and a mean of three answers is none.
#
# <a id="head"></a>
# So cut the 128 features into four pieces of 32, and let each piece ask for itself. Each is called a **head**.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "One head of 128 features, or four heads of 32. How many more parameters do the four need?",
    ["four times as many", "none", "a quarter of them"],
    answer=1,
    because="The matrices stay as they are, 128 × 128 each. Only their output is cut in four.",
)

# %% tags=["nbval-check-output"]
pieces = zip(q.chunk(4, -1), k.chunk(4, -1), v.chunk(4, -1), strict=True)
outputs, maps = zip(*(scaled_dot_product_attention(*piece) for piece in pieces), strict=True)
joined = torch.cat(outputs, -1)
print(len(outputs), "heads of", tuple(outputs[0].shape), "joined", tuple(joined.shape))
print(len(maps), "maps of", tuple(maps[0].shape))

# %% [markdown]
# That was version 2: a loop over heads. Version 3 does all heads in one call. The features are cut *behind*, then heads move before time:
#
# $$ [B, T, H\cdot d]\;\to\;[B, T, H, d]\;\to\;[B, H, T, d] $$
#
# ### Exercise 1 ●●○ · 4 minutes
# Write that cut. No number changes, only its place. There is a shorter way that gives the same shape and mixes up words and heads; it has cost many people a week.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from chapters.ch05 import exercise, find_error, hint, solution

@exercise("split heads")
def split_heads(x, heads):
    """x [B, T, D] -> [B, H, T, d], d = D / H"""
    raise NotImplementedError

# %% [markdown]
# <a id="multi-head-attention"></a>
# What the heads bring home is laid side by side, and one more matrix mixes it, $W_O$. This is **multi-head attention**, version 4:
#
# $$ \mathrm{head}_h=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q_h}}{\color{#007fc6}{K_h}}^\top}{\sqrt d}\Big){\color{#008a67}{V_h}},\qquad {\color{#bb51a8}{Y}}=[\mathrm{head}_1;\dots;\mathrm{head}_H]\,W_O $$
#
# ### Exercise 2 ●●● · 9 minutes
# Project, split, attend, join, mix. `memory` is what is asked: `x` itself in self-attention.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("multi-head attention")
def multi_head(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    """x [B, Q, D], memory [B, K, D], the four W [D, D], mask [B, Q, K] -> output [B, Q, D], weights [B, H, Q, K]"""
    raise NotImplementedError

# %%
from course_utils.attention import MultiHeadAttention

attention = layer.attention  # of the course's class MultiHeadAttention
with torch.no_grad():
    output, weights = attention(x, x, x, need_weights=True)
    assert torch.allclose(split_heads(attention.query(x), 4), torch.stack(q.chunk(4, -1), 1))
    assert torch.allclose(attention.out(joined), output, atol=1e-5)
print("Version 4 gives the model's own output, and its four maps are the first row of the lab above.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.stack(maps, 1), looks[0], atol=1e-5) and torch.allclose(weights, looks[0], atol=1e-5)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Eight heads, two words
# The paper's sizes: 512 features, eight heads of 64. Two words go through, "deep" and "learning". Their vectors are random here; every shape is read from the tensor that is drawn.

# %%
def eight_heads():
    """Two random words on their way through eight heads of 64: each step's name -> its tensor."""
    x = torch.randn(1, 2, 512, generator=torch.Generator().manual_seed(0))
    eight = MultiHeadAttention(512, 8)
    q, (k, v) = split_heads(eight.query(x), 8), eight.project(x)
    heads, weights = scaled_dot_product_attention(q, k, v)
    joined = heads.transpose(1, 2).flatten(2)
    return {"x": x, "q": q, "k": k, "weights": weights, "v": v, "heads": heads, "joined": joined, "output": eight.out(joined)}

roles = {"q": "query", "k": "key", "v": "value", "output": "output"}
shown = {f"{name} {tuple(part.shape[-2:])}": (part[0], roles.get(name)) for name, part in eight_heads().items()}
plot.maps({name: part for name, (part, _) in shown.items()}, "word", "feature", limits=None, title="Who sees which features?",
          roles={name: role for name, (_, role) in shown.items()},
          caption="Top to bottom. Eight heads side by side: each sees both words, through 64 features.")

# %% [markdown]
# A widely used text says that heads are "different or the same alignment functions". It is always the same function, softmax of scaled dot products. What differs is the *projection*: each head looks through glasses of its own.
#
# **Keep this:** heads share one function and one size. They differ in what they project on, and they work at the same time.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: how many heads?
# An article advises fewer heads to save computation. Count before you believe it: the model stays at 512 features, the heads get wider as they get fewer. The multiplications are counted by torch while it runs.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["deeper"]
from torch.utils.flop_counter import FlopCounterMode
from course_utils.views import Table
from course_utils.support.clock import seconds

rows, sentence = [], torch.randn(2, 64, 512, generator=torch.Generator().manual_seed(0))
for heads in (1, 2, 4, 8, 16, 32):
    part = MultiHeadAttention(512, heads)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        part(sentence, sentence, sentence, need_weights=True)
    took = seconds(lambda part=part: part(sentence, sentence, sentence), 3)
    size = sum(p.numel() for p in part.parameters())
    rows.append({"heads": heads, "head size": 512 // heads, "parameters": size,
                 "M operations": counter.get_total_flops() / 1e6, "ms": 1000 * took})
Table(rows, "2 sentences of 64 words. Parameters and operations are counted, milliseconds measured just now.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert len({(row["parameters"], row["M operations"]) for row in rows}) == 1

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The same parameters, the same multiplications, in each row. What does grow with the heads is the number of softmaxes, one map per head, and with it memory and a little time. So the number of heads is chosen by quality: one head can ask one question, and a head of few features can hardly tell many words apart. The paper tried 1 to 32 and found 8 best, 1 and 32 a little worse (table 3, rows A). And on our corpus?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.data import results

counts = results.load("transformer_head_counts")
Table(counts["rows"], f"{counts['model']['model_size']} features, {counts['steps']} steps each, one seed. {counts.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert len({row["parameters"] for row in counts["rows"]}) == 1
assert counts["rows"][0]["BLEU"] == min(row["BLEU"] for row in counts["rows"])

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# One head is the worst, as in the paper, and the differences above two are small. Fewer heads are not cheaper: where the time differs at all, it is more heads that take a little more, for their softmaxes.
#
# Are heads interchangeable? Put them in another order, together with the rows of $W_O$, and nothing changes:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
with torch.no_grad():
    order = [2, 0, 3, 1]
    q4, k4, v4 = (split_heads(part(x), 4)[:, order] for part in (attention.query, attention.key, attention.value))
    turned = scaled_dot_product_attention(q4, k4, v4)[0].transpose(1, 2).flatten(2)
    mixed = turned @ attention.out.weight.T.unflatten(0, (4, 32))[order].flatten(0, 1) + attention.out.bias
print("Head 3 in front, head 2 behind: the same output. “Head 1” is a seat number, not a rank.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(mixed, output, atol=1e-5)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does each word do alone?
# <a id="ffn"></a>
# Attention brings words together, but all it can give is a weighted mean of values. Something has to work *with* what was fetched. That is the **position-wise feed-forward network**: two matrices with a ReLU between, the same two for each word.
#
# $$ \mathrm{FFN}(x)=\max(0,\;xW_1+b_1)\,W_2+b_2 $$
#
# ### Exercise 3 ●○○ · 4 minutes

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("position-wise ffn")
def ffn(x, W1, b1, W2, b2):
    """x [B, T, D], W1 [D, F], b1 [F], W2 [F, D], b2 [D] -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# *Position-wise* has a consequence that saves a loop. To this network a batch of 2 sentences with 5 words is ten words, whoever their neighbours are: $(b, n, d)\to(b\cdot n, d)$ and back changes nothing. And if one word changes, one word changes.

# %% tags=["nbval-check-output"]
h = torch.randn(2, 5, 128, generator=torch.Generator().manual_seed(1))
other = h.clone()
other[0, 2] += 1
with torch.no_grad():
    y, flat, after = layer.ffn(h), layer.ffn(h.flatten(0, 1)), layer.ffn(other)
print(tuple(h.shape), "→", tuple(flat.shape), "→", tuple(y.shape))
print("changed words:", (after != y).any(-1).nonzero().tolist())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(flat.unflatten(0, (2, 5)), y, atol=1e-6)
assert sum(p.numel() for p in layer.ffn.parameters()) > sum(p.numel() for p in layer.attention.parameters())

# %% [markdown]
# **Keep this:** attention is where words meet; the feed-forward network is where each of them thinks, alone. Most parameters of an encoder block are here.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What keeps a deep stack alive?
# <a id="residual"></a><a id="layer-norm"></a>
# Two things stand around each part. A **residual connection** adds what went in to what comes out, $x+f(x)$: a part need only write what is *missing*, and the gradient has a road around it. And a **layer norm** gives each word's vector mean 0 and spread 1, then a learned scale and shift:
#
# $$ \mathrm{LN}(x)=\gamma\odot\frac{x-\mu}{\sqrt{\sigma^2+\epsilon}}+\beta,\qquad \mu,\sigma^2\text{ over the features of one word} $$
#
# Networks for pictures use *batch norm*, which takes mean and spread of one feature over *all words of the batch*. Why not here?

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Two sentences of 4 and 6 words stand in a batch. Somebody pads both to 10. Which numbers of real words change?",
    ["none, with either norm", "layer norm's", "batch norm's", "both"],
    answer=2,
    because="Layer norm looks at one word at a time. Batch norm counts the padding in its mean and spread.",
)

# %%
from chapters.ch05.experiments.norms import NORMS, normed, padded_batch

(x6, real), (x10, _) = padded_batch((4, 6), size=8), padded_batch((4, 6), length=10, size=8)
moved = {f"{kind} norm": (normed(x10, kind)[:, :6] - normed(x6, kind))[real].abs() for kind in NORMS}

changed = {f"{name}: {(change > 0).sum()} of {change.numel()} moved": change for name, change in moved.items()}
plot.maps(changed, "real word", "feature", roles=dict.fromkeys(changed, "plus"), title="What moved?",
          caption="How far each number moved when the padding grew; full colour: by 1 or more.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert moved["layer norm"].max() == 0 and moved["batch norm"].min() > 0

# %% [markdown]
# Every number of every real word has moved, and no word has changed. Masking the padding out of the statistics mends this case and not the next: with batch norm a sentence's vectors depend on *which other sentences* happen to stand in the batch. And in use, where one sentence comes alone, it has to fall back on averages of the training.
#
# ### Exercise 4 ●●○ · 5 minutes
# <a id="pre-norm"></a>
# Write one step around a part $f$, with the norm by hand. **Post-norm**, as in 2017, norms the sum: $\mathrm{LN}(x+f(x))$. **Pre-norm**, as in most models since, norms what the part reads: $x+f(\mathrm{LN}(x))$, and leaves the road around untouched.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("add and norm")
def add_norm(x, part, gain, bias, norm_first):
    """x [B, T, D], part: [B, T, D] -> [B, T, D], gain and bias [D], norm_first: pre-norm or not -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# **Keep this:** layer norm asks one word, so padding and neighbours don't matter. The residual road goes from the last layer to the first without a turn.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: before or after, and how to warm up
# Where the norm stands looks like a matter of taste. Post-norm, though, puts a norm across the road after every part, and at the start the gradients near its output are large; pre-norm leaves the road free (Xiong et al. 2020). **Guess** which of the two can do without a slow start, a *warm-up* of the learning rate.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.data import results

norms = results.load("transformer_norms")
curves = {name: torch.tensor(lines).mean(0) for name, lines in norms["curves"].items()}
at = [norms["every"] * (n + 1) for n in range(len(curves["pre-norm, none"]))]
assert max(curve[-1] for name, curve in curves.items() if name.startswith("pre")) < 3.5
assert min(curve[-1] for name, curve in curves.items() if name.startswith("post")) > 4.5
lower = {name: torch.tensor(lines)[:, -1].mean() for name, lines in norms["lower rate"]["curves"].items()}
plot.lines({name: (at, curve) for name, curve in curves.items()}, "steps", "loss", title="Which of them learns?",
           caption=f"Six layers, rate {norms['lr']}, means of {len(norms['seeds'])} seeds. {norms.about}", size=(7, 3.8))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert lower["post-norm, warm-up"] < lower["post-norm, none"] < 5 and norms["lower rate"]["lr"] == 1e-3

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Pre-norm learns with a slow start and without: after two hundred steps the two curves are one. Post-norm is stuck at this rate, and a hundred steps of warm-up do not free it; at a third of the rate it begins to move, and gets further with the warm-up than without. The paper took post-norm, a lower rate and 4,000 steps of warm-up; that is why the recipe was famous, and why hardly anybody needs it now.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Version 5: a block
# <a id="block"></a>
# Words meet, each thinks, and both steps have a road around. That is an **encoder block**.
#
# ### Exercise 5 ●●○ · 6 minutes
# You get the four parts, ready made. Put them together, pre-norm; two lines are enough.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("encoder block")
def encoder_block(x, mask, attention, ffn, norm1, norm2):
    """x [B, T, D], mask [B, 1, T], attention(q, k, v, mask) -> (output, weights), ffn and norms: x -> x
    -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# Version 6 is a pile of blocks. What goes in and what comes out have the same shape, so one can pile as many as one likes; a last norm closes the pre-norm road.

# %% tags=["nbval-check-output"]
h = embedded
with torch.no_grad():
    for number, block in enumerate(grammar.model.encoder, 1):
        h = block(h).features
        print("after block", number, tuple(h.shape))
    memory = grammar.model.encode(ids)
    assert torch.allclose(grammar.model.encoder_norm(h), memory.states[-1], atol=1e-5)

# %% [markdown]
# One vector per word, from the first layer to the last. Nothing was squeezed into one; nothing waited for its left neighbour.
#
# **Keep this:** a block is attention, then feed-forward, each with residual and norm. An encoder is a pile of them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who may look at whom?
# <a id="causal-mask"></a>
# The encoder may look anywhere but at padding. The decoder writes from left to right: if it looks ahead while it learns, it copies the answer and learns nothing. Three masks, all boolean, **True = may be attended**, and they are combined by `&`.

# %%
from course_utils.attention import causal_mask, padding_mask

masks = {"padding: 5 real words": padding_mask([5], 7)[0].expand(7, 7), "causal": causal_mask(7)}
masks["both"] = masks["padding: 5 real words"] & masks["causal"]

plot.maps(masks, "query", "key", title="Who may read whom?",
          caption="Ink: may be read. In the causal mask the diagonal has ink, too: a word may look at itself.")

# %% [markdown]
# The order is $QK^\top$ → mask → softmax → $V$. A slide lets a word see "only those before it": then the first word may see nobody, and its row is empty. The diagonal belongs to the mask.
#
# ### Exercise 6 ●●○ · 5 minutes
# A batch has three: who may be seen in the encoder, in the decoder, and across from decoder to encoder.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("decoder masks")
def three_masks(source, target):
    """source [B, S], target [B, T] bool, True = a real word -> encoder [B, S, S], decoder [B, T, T], cross [B, T, S]
    (an axis of queries may be 1 where all ask alike)"""
    raise NotImplementedError

# %% [markdown]
# ### Find the error ●○○ · 3 minutes
# A lecture draws the causal mask as zeros and ones, multiplied with the scores element by element, and then the softmax.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("a mask as a product")

@find_error("a mask as a product", line=None)
def masked_attention(q, k, v):
    """q, k, v [T, d] -> causal attention [T, d]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Version 7: three places of attention
# <a id="cross-attention"></a>
# A **decoder block** has one part more. Between the words' own attention and the feed-forward network it asks the encoder's output. The same module stands at three places, and the only difference is *who is asked*:
#
# | place | <span style="color:#bf5f00">queries</span> from | <span style="color:#007fc6">keys</span> and <span style="color:#008a67">values</span> from | mask |
# |---|---|---|---|
# | encoder self-attention | the source | the source | padding |
# | decoder self-attention | the target | the target | causal and padding |
# | cross-attention | the target | the source | padding of the source |

# %% jupyter={"source_hidden": true}
from course_utils.decoding import translate
from course_utils.text import BOS

said = translate(grammar, tired, beam=1)[0]
heard = torch.tensor([[BOS, *grammar.target.encode(said.tokens)]])
with torch.no_grad():
    out = grammar.model(ids, heard, need_weights=True)
written = ["<bos>", *said.tokens]
places = {"encoder": (out.encoder_weights, words, words), "decoder": (out.decoder_weights, written, written)}
places["cross"] = out.weights, written, words
second, asks, read = ({name: place[i] for name, place in places.items()} for i in range(3))
plot.maps({name: layers[1][0].mean(0) for name, layers in second.items()}, asks, read, title="Who reads whom, in three places?",
          caption="Second layer, mean of its heads. Only the middle one has an empty triangle: the future.")

# %% [markdown]
# At the end a matrix gives one number per French word, softmax makes them probabilities, and the largest is written. That is all of it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the class itself
# The course's decoder block and the decoder, as they stand in `course_utils`. Each line is something that you have met.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.models.blocks import DecoderBlock
from course_utils.views import reveal

reveal(DecoderBlock.forward)

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.models.transformer import Transformer

reveal(Transformer.decode)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Is it right? Take the weights of `torch.nn.Transformer` over, and ask both:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
library = torch.nn.Transformer(64, 4, 2, 2, 128, batch_first=True).eval()
read, write = torch.randn(2, 3, 5, 64, generator=torch.Generator().manual_seed(3))
with torch.no_grad():
    theirs = library(read, write, tgt_mask=torch.nn.Transformer.generate_square_subsequent_mask(5))
    ours = Transformer.from_torch(library).eval()(read, write).logits
print(f"largest difference {(ours - theirs).abs().max():.0e}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert torch.allclose(ours, theirs, atol=1e-5)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One word, all the way down
# <a id="descent"></a>
# The decoder has written "l'animal n'a pas traversé la rue parce qu'" and is about to write a pronoun. The stage below follows that one word through the whole model: how it becomes a vector, how its query meets the keys of the English words, how scores become shares, and how all heads and layers add up to "il" instead of "elle". **Before you start:** which English word will get the largest share? Write it down; you will see the answer in scene 3.
#
# Click the stage and press the space bar: each press does one step of the arithmetic. Point at any number, and it says what made it.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
labs.descent(tired, model=grammar, word="il", layer=3, head=4)

# %% [markdown]
# <details><summary>Answer</summary>
#
# "tired" gets the largest share, not "animal".
#
# </details>
#
# Now choose layer 2 and head 2: the share of "it" is nearly 1. And in scene 5, look at where "il" comes from: after layer 1 the model would already write it with 20 %, and nearly every later sub-layer raises that, most of all the feed-forward networks. Attention fetches; the networks make something of what was fetched.
#
# **Keep this:** a query meets keys, scores become shares, shares average values, and what comes out is *added*. An encoder stack, a decoder stack, three places of attention, one matrix to words: there is nothing else in a Transformer.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## All at once, or word by word?
# In training the decoder gets the whole French sentence in one call, and the mask keeps each word from looking ahead. In use it writes one word, hears it, writes the next.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Same sentence, same weights, once in one call with the mask, once word by word. The logits at the fifth word are",
    ["equal", "nearly the same: training is an approximation", "different: in training it knows the end"],
    answer=0,
    because="With the mask, row 5 is computed from words 1 to 5 and from nothing else, in every layer.",
)

# %% jupyter={"source_hidden": true}
from course_utils.views import Table

model, rows, most = grammar.model, [], 0
with torch.no_grad():
    state = model.start(ids)
    for n, word in enumerate(heard[0]):
        step = model.step(word[None], state)
        state = step.state
        next_word = [*said.tokens, "<eos>"][n]
        gap = (step.logits[0] - out.logits[0, n]).abs().max().item()
        at_once, one_by_one = (grammar.target.words[x.argmax()] for x in (out.logits[0, n], step.logits))
        row = {"hears": written[n], "all at once": at_once, "word by word": one_by_one, "largest gap": f"{gap:.0e}"}
        rows.append(row)
        most = max(most, gap)
        assert gap < 1e-4 and one_by_one == next_word

Table(rows, f"{len(grammar.target):,} logits in each row; all compared")

# %% [markdown]
# Two ways of computing one thing. So training is parallel over words, without any approximation, and this is what made Transformers fast to train: in a recurrent decoder the fifth state waits for the fourth.
#
# A lecture adds that "in prediction no mask is needed, the future is not there yet". **Guess** what happens to the *last* word's logits if the words so far go through the decoder again without a mask.

# %%
def last_row(heard, layers, mask):
    """Features of the last word, after so many decoder layers."""
    h = model.target_embedding(heard) * 128**0.5 + sinusoidal_encoding(heard.shape[1], 128)
    for block in model.decoder[:layers]:
        h = block(h, memory.states[-1], mask).features
    return h[0, -1]

with torch.no_grad():
    for layers in (1, 2, 3):
        masked = last_row(heard, layers, causal_mask(heard.shape[1]))
        unmasked = (masked - last_row(heard, layers, None)).abs().max().item()
        assert unmasked < 1e-4 if layers == 1 else unmasked > 0.01
        print(f"{layers} layer{'s' * (layers > 1)}: the last row moves by up to {unmasked:.2g}")
    assert torch.allclose(model.output(model.decoder_norm(masked)), out.logits[0, -1], atol=1e-4)  # version 7, by hand

# %% [markdown]
# <details><summary>Answer</summary>
#
# In one layer it is true: the last word may see all before it, mask or no mask. From the second layer on it reads neighbours that have looked *ahead* themselves, at words they never saw in training. Each of these rows is another row than the one the model learned with. The mask stays on, unless one keeps what was computed.
#
# </details>
#
# <a id="kv-cache"></a>
# Keeping it is the **KV cache**: the keys and values of earlier words never change, since nobody behind may change them. So store them, and compute one row at each step.
#
# ### Exercise 7 ●●● · 8 minutes
# One word further, one head: only the new word is projected, all others are in the cache.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("cached step")
def cached_step(word, keys, values, positions, Wq, Wk, Wv):
    """word [B, D], cached keys and values [B, P, D], positions [max, D], W [D, D]
    -> output [B, D], keys, values [B, P + 1, D]"""
    raise NotImplementedError

# %% [markdown]
# What does it save? Eight sentences at once, 128 words each, with the cache and without.

# %% jupyter={"source_hidden": true}
import time

def clock(advance, steps=128):
    """Seconds of one processor since the start, after each step."""
    threads, after = torch.get_num_threads(), []
    torch.set_num_threads(1)
    with torch.no_grad():
        started = time.process_time()
        for n in range(steps):
            advance(n)
            after.append(time.process_time() - started)
    torch.set_num_threads(threads)
    return after

line, eight = torch.full((8, 128), 5), ids.expand(8, -1)
kept, read = [model.start(eight)], model.encode(eight)
with_cache = clock(lambda n: kept.append(model.step(line[:, n], kept.pop()).state))
without = clock(lambda n: model.decode(line[:, : n + 1], read)[0][:, -1])
times = without[-1] / with_cache[-1]
plot.lines({"all again": (range(128), without), "with the cache": (range(128), with_cache)}, "words written", "seconds",
           title="What does the cache save?", caption=f"Measured just now, on one processor: {times:.1f} times faster at 128 words.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert times > 1.5

# %% [markdown] slideshow={"slide_type": "slide"}
# **Keep this:** with the mask, all words at once equals one after the other, exactly. The cache makes the second way cheap.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: the last step, by hand
# Logits → softmax → the largest. A widely used picture shows it with six words, from a first word to `<eos>`, and prints this table of probabilities:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from chapters.ch05.exercises.table import TABLE, VOCABULARY

sums = TABLE.sum(-1)
assert [round(s, 3) for s in sums.tolist()] == [1.01, 1, 0.996, 0.974, 1.003]
chosen = [VOCABULARY[i] for i in TABLE.argmax(-1)]
rows = [dict(zip(VOCABULARY, row.tolist(), strict=True)) | {"sum": f"{s:.3f}", "written": w}
        for row, s, w in zip(TABLE, sums, chosen, strict=True)]
Table(rows, "As printed. The written word is the largest of the row.")

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# The words come out right, "I am a student" and the end. Two things do not.
#
# #### Find the error ●●○ · 4 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("rows that are no distribution")

@find_error("rows that are no distribution", line=None)
def is_distribution(table):
    """table [T, V] -> [T] bool: is this row a distribution, to 1 in 1000?"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("the index of am")

@find_error("the index of am", line=None)
def chosen_word(row, vocabulary):
    """row [V], vocabulary: list of V words -> index (counted from 1, as the table does), word"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train it, against chapter 3
# <a id="label-smoothing"></a><a id="warm-up"></a>
# The same corpus, the same sentences as in chapter 3. Two habits came with the Transformer: a learning rate that rises slowly at first (**warm-up**), and a softer loss. A right word asked for with probability 1 can only be reached by infinite logits, so **label smoothing** asks for a little less:
#
# $$ \text{target}=(1-\varepsilon)\cdot\text{one-hot}+\varepsilon\cdot\tfrac1V $$
#
# ### Exercise 8 ●●○ · 5 minutes
# Of each target's unit, $1-\varepsilon$ goes to the right word, and ε is spread evenly over all words, the right one included. Padding counts for nothing.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("label smoothing")
def smoothed_loss(logits, target, mask, smoothing):
    """logits [B, T, V], target [B, T], mask [B, T] True = a real word, smoothing ε -> one number"""
    raise NotImplementedError

# %% [markdown]
# Here the rate rises for forty steps and then falls, and the loss is plain: a minute is too short to grow too sure. (The shipped checkpoint was trained longer, with ε = 0.1.) Beside the curve: BLEU on held-out sentences, and one sentence that it has never seen.

# %% slideshow={"slide_type": "subslide"} tags=["training"]
from chapters.ch05.experiments import live as study
from chapters.ch03.lesson import Lesson

lesson = Lesson("en-fr")
mine, watched = study.live_model(lesson), " ".join(lesson.ladder([14])[0].source)
run = study.learn(lesson, mine, steps={"class": study.STEPS, "full": 4 * study.STEPS}[runtime.profile], show=True,
                  evaluate=lambda model: {"BLEU": lesson.bleu(model, "valid", 200)}, every=study.STEPS // 4,
                  higher_is_better=True, samples=lambda model: lesson.translate(model, watched)[0].text, title="yours")

# %% [markdown]
# Beside it chapter 3's translator with attention, from its checkpoint. Both have the same two methods, `start` and `step`. What decodes knows nothing else about them, so one call writes with both.

# %%
from IPython.display import display

recurrent = load_checkpoint("seq2seq-attention-en-fr-grammar")
both = {"chapter 3": recurrent.model, "yours": mine}
against = study.compare(lesson, both | {"transformer-grammar": grammar.model}, count=500)
display(against, lesson.table(both, lesson.ladder()[2:], "Not selected. ✓: word for word the reference."))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert against[1]["BLEU"] >= 90 and abs(against[2]["BLEU"] - against[0]["BLEU"]) < 3

# %% [markdown]
# After its minute yours translates well; chapter 3's checkpoint, smaller and longer trained, is ahead. With one layer more and four times the steps the Transformer draws level: that is the third row. Speeds are of this machine: on two cores recurrence costs little, and what a Transformer gains, that no word waits for another, needs many.
#
# And the alignment errors: chapter 3's one map had to be an alignment, or nothing. Here several maps share the work, and none of them has to be one.
#
# **Keep this:** attention alone does what attention with recurrence did, if it is given the steps. Nothing waits; on hardware with many cores that is time, and time buys size.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: which layer is read?
# Each decoder layer reads the *last* encoder layer. That is a habit. In **layer-wise multi-view** decoding layer 1 reads layer 1, layer 2 reads layer 2, and so on. Here it is a switch, `memory_layers`, and costs no parameter. **Guess** what becomes of a trained model when the switch is turned *after* training.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
import dataclasses
from course_utils.models.transformer import Transformer

views = {"all read the last": (3, 3, 3), "each its own": (1, 2, 3), "upside down": (3, 2, 1), "all the first": (1, 1, 1)}
scores = []
for name, layers in views.items():
    other = Transformer(dataclasses.replace(grammar.model.config, memory_layers=layers)).eval()
    other.load_state_dict(grammar.model.state_dict())
    scores.append(lesson.bleu(other, count=100))
    print(f"{name:18} {layers} {sum(p.numel() for p in other.parameters()):,} parameters, BLEU {scores[-1]:.1f}")
assert scores[0] == max(scores) and min(scores) > 50

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# It stumbles, and goes on. All layers write on the same residual road, so what one layer writes is nearly in the language of the next. Trained with the switch set, it need not stumble at all: try `study.live_model(lesson, memory_layers=(1, 2))`.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does "it" mean, measured
# *Too tired*, and French says *il … fatigué*: the animal. *Too wide*, and it says *elle … large*: the street. The English "it" is the same, so translation is a test. 736 such twins were held out, each with one or two nouns that stood in no twin of the training set. Chance gets half of the pronouns. (The course sentence itself was trained on; what is counted is new.)
#
# No fair race: our Transformer was shown the rare training twins several times in each pass, chapter 3's models once. Compare each row with chance, not with its neighbour.

# %%
from chapters.ch05.experiments.twins import MODELS, pronoun_table

judged = pronoun_table(MODELS | {"Transformer": grammar, "yours, after a minute": lesson.loaded(mine)})
pronoun = {row["model"]: row["pronoun"] for row in judged}
judged

# %% [markdown]
# Back to the map that tells the story. **Guess** what "it" looks at in the twin sentence, where it means the street. And put your finger on another word: the adjective. For each we take the head that looks at the right noun most, over 120 twins.

# %% jupyter={"source_hidden": true}
from chapters.ch05.experiments import heads as head_study, twins as twin_study

twins = twin_study.reader(grammar).examples("twins")[:120]
rows, wide = [], tired.replace("tired", "wide")
for sentence in (tired, wide):
    tokens = grammar.source.cut(sentence)
    with torch.no_grad(), recorded(grammar.model) as seen:
        grammar.model.encode(torch.tensor([grammar.source.encode(sentence)]))
    for role, word in {"it": "it", "adjective": tokens[-2]}.items():
        n, h = divmod(head_study.looks(grammar, twins, "encoder", role, "referent").argmax().item(), 4)
        row = seen["encoder"][n][0, h, tokens.index(word)]
        found = {f"at {noun}": row[tokens.index(noun)].item() for noun in ("animal", "street")}
        rows.append({"sentence": f"… too {tokens[-2]}", "who looks": word, "layer.head": f"{n + 1}.{h + 1}"} | found)
Table(rows, "transformer-grammar, encoder")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(rows[0]["at animal"] - rows[2]["at animal"]) < 0.1
assert min(rows[1]["at animal"], rows[3]["at street"]) > 0.6

# %% [markdown]
# <details><summary>Answer</summary>
#
# "It" gives the animal the same in both sentences: the map that tells the story tells the *same* story when it is wrong. The model does know, but at another word. "Tired" looks at the animal, "wide" at the street.
#
# </details>
#
# These are maps still. So forbid looks, and count.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In no layer and no head of the encoder may “it” look at the noun that it means. "
    "Of a hundred pronouns that were right, how many stay right?",
    ["about 50: it has to guess now", "about 75", "nearly all"],
    answer=2,
    because="The next cell measures it. What the look at the noun was worth, nobody had asked.",
)

# %%
asks = [("encoder", "it", "referent"), ("cross", "pronoun", "it"),
        ("encoder", "adjective", "referent"), ("cross", "pronoun", "adjective")]
whole, rows = head_study.right(grammar, twins), []
for look in asks:
    share, odds = head_study.right(grammar, twins, unseen=[look])
    weight = head_study.looks(grammar, twins, *look).max().item()
    name = "{}: {} → {}".format(*look)
    rows.append({"forbidden look": name, "its largest weight": weight, "right, %": share, "log-odds": odds})
forbidden = {row["forbidden look"]: row["right, %"] for row in rows}
Table(rows, f"{len(twins)} held-out twins. Nothing forbidden: {whole[0]} % right, log-odds {whole[1]}.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert min(row["right, %"] for row in rows[:2]) > whole[0] - 5 and max(row["right, %"] for row in rows[2:]) < 75

# %% [markdown]
# *Referent* is the noun that "it" means. Forbid "it" to look at it: nothing happens. Forbid the French step to look at "it", where up to all of its weight lies: nothing. But let the adjective not look at its noun, and most pronouns become wrong, worse than guessing, for now it finds the other noun. And the step that writes *il* reads it off the adjective.
#
# So for this model the question was never "what is *it*?" but "*il* or *elle*?". "Tired" is said of who crosses, "wide" of what is crossed. The adjective finds its noun and takes the gender along, and the decoder collects it there, where it has to look anyway to write *fatigué* or *large*.
#
# <a id="knock-out"></a>
# Now head by head: how much does a head look at the noun, and what is lost when it is **knocked out**, silent in every sentence?

# %%
effects = head_study.head_effects(grammar, twins[:60])
agreement = head_study.rank_correlation([row["weight"] for row in effects], [row["lost"] for row in effects])

assert abs(agreement) < 0.6 and min(row["right"] for row in effects) > 80
groups = {place: [row for row in effects if row["head"].startswith(place)] for place in ("encoder", "cross", "decoder")}
plot.points({place: [[row[what] for row in rows] for what in ("weight", "lost")] for place, rows in groups.items()},
            xlabel="mean weight on the noun that “it” means", ylabel="lost without the head (log-odds)",
            title="Does the map tell which heads matter?",
            caption=f"36 heads. Right: those a map would name. Top: those that matter. Rank correlation {agreement:.2f}.",
            labels={place: [row["head"] for row in rows] for place, rows in groups.items()})

# %% [markdown]
# Most heads at the top hardly look from "it" to its noun. And where one on the right does matter, look at the table of the twins again: it may be the head through which "tired" looks at "animal". Right head, wrong reason; knocking it out alone would have confirmed the wrong story, and only forbidding the *look* refutes it. No head alone is missed much: more than 80 % of the pronouns stay right without any one of them.
#
# Now in *your* model, which is another one. Knock heads out, alone or together, and read both twins.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
import ipywidgets

me = lesson.loaded(mine)
with torch.no_grad(), recorded(mine) as seen:
    mine.encode(torch.tensor([lesson.source.encode(tired)]))
view = labs.heads(seen["encoder"], words, select=("it", "animal"), live=True, title="Which of your heads can go?",
                  caption="Your own model's encoder. Open a head, knock it out, and read the two translations below.")
told = ipywidgets.HTML()

def tell(change):
    """Both twins without the heads that are knocked out."""
    out = [head_study.Head("encoder", layer + 1, head + 1) for layer, head in change["new"]]
    with head_study.silenced(mine, out):
        told.value = "<br>".join(t.text for t in translate(me, [tired, wide], beam=1))

tell({"new": []})
view.observe(tell, names="knocked")
display(view, told)

# %% [markdown]
# **Keep this:** no head *is* the meaning of "it", and "it" is not even where it is found out. A map shows a look. Forbid the look, silence the head, count, and then tell the story.

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: all 736, and heads in a row
# The same on all held-out twins, with more looks forbidden. The one to think about: without its look at the *other* noun the adjective does better than with it.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from course_utils.data import results

heads = results.load("transformer_heads")
known = {row["may not look"]: row["right"] for row in heads["looks"]}
Table(heads["looks"], f"Pronouns right, in %; with all looks {heads['all heads']['right']}. {heads.about}")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert known["the adjective at the other noun"] > heads["all heads"]["right"] > known["the adjective at the noun it is about"] + 50

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# And more than one head at a time. Silence the encoder's twelve in the order of a map, those first that look most from "it" to its noun; in the order of what each is worth alone; and at random. **Guess** which falls first.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
orders = heads["removed"]["encoder"]
Table([{"heads silent": n} | dict(zip(orders, row, strict=True)) for n, row in enumerate(zip(*orders.values(), strict=True))],
      f"Pronouns right, in %, {heads['some']} twins; at random: mean of several orders. Recorded, too.")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert orders["by weight"][8] > 85 > 70 > orders["by loss"][8]

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# <details><summary>Answer</summary>
#
# Take away what the map points at, eight heads of twelve, and hardly a pronoun changes: worse advice than chance. Take away what was measured, and a third is gone after five.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Real sentences
# Trained on Tatoeba, as chapter 3's translator was, on the same 160,000 sentences. *Seen* or *new*: ask that first.

# %% jupyter={"source_hidden": true}
from chapters.ch03.lesson import checkpoint

before = load_checkpoint("seq2seq-attention-en-fr")
real = checkpoint("transformer-en-fr", instead=grammar)
sentences = ["Good morning.", "Let them eat cake.", "Hello my friends! How are you doing today?", "I love you.",
             "My grandmother told me a story that I have never forgotten.",
             "If I had known that you were coming I would have baked a cake.",
             tired, tired.replace("tired", "wide"), "We live in the European Economic Area."]
pairs = zip(sentences, translate(before, sentences), translate(real, sentences), strict=True)
rows = [{"source": s, "trained on": "seen" if new.seen else "new", "chapter 3": str(old), "chapter 5": str(new)}
        for s, old, new in pairs]
Table(rows, f"{before.card['name']} and {real.card['name']}, a beam of 4 each")

# %% [markdown]
# Read before you count: which sentence would you sign? Look at the twins in particular. This corpus was not made for them, and a pronoun is a small part of a loss.
#
# Now yours. Type a sentence; the ink is the last layer's cross-attention, mean of its heads.

# %% slideshow={"slide_type": "subslide"} tags=["lab"]
yours = "We live in the European Economic Area."
labs.alignment(translate(real, yours)[0], languages=("en", "fr"), title="Does it still turn round?", model=real)

# %% [markdown]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>
#
# The same class with other data writes Chinese, character by character.

# %%
chinese = checkpoint("transformer-en-zh")
asked = ["I am eating a green apple.", "I am very happy today.", "Good morning.", "The animal was too tired.",
         "We live in the European Economic Area."]
if chinese:
    found = translate(chinese, asked)
    rows = zip(asked, found, strict=True)
    display(Table([{"source": s, "trained on": "seen" if t.seen else "new", "中文": str(t)} for s, t in rows]))

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what the first one cost
# The paper trained on 4.5 million sentence pairs for German and 36 million for French, on 8 P100 cards. The base model took 12 hours for 100,000 steps, the big one 3.5 days for 300,000. A P100 sustains 9.5 TFLOP/s. **Guess** the operations before you multiply: how many zeros?

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
day, cards, speed = 24 * 3600, 8, 9.5e12
base, big = (cards * speed * days * day for days in (0.5, 3.5))
print(f"base {base:.1e} operations, {0.5 * day / 100_000:.2f} s a step")
print(f"big  {big:.1e} operations, {3.5 * day / 300_000:.2f} s a step")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert f"{base:.1e}" == "3.3e+18" and f"{big:.1e}" == "2.3e+19"

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# These are the two figures of chapter 3's plot, to the digit printed: 3.3·10¹⁸ and 2.3·10¹⁹. They count what the cards *could* have done in that time, not what they did. The same for the model that you trained, counted by torch:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
from torch.utils.flop_counter import FlopCounterMode

with FlopCounterMode(display=False) as counter:
    mine.loss(next(iter(lesson.batches))).backward()
mine.zero_grad()
yours_cost = counter.get_total_flops() * run.step
print(f"yours {yours_cost:.1e} operations: the base model took {base / yours_cost:,.0f} times as many")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["asserts", "deeper"]
assert 1e11 < yours_cost < 1e15

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: a small zoo
# <a id="sparse-attention"></a><a id="multi-query"></a>
# Attention over $T$ words makes $T^2$ pairs, and a cache of $2\cdot T\cdot D$ numbers per layer. Most later variants save one of the two. Those that save pairs, local and **sparse** attention, are *masks*:

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
plot.maps(study.zoo(36), "query", "key", title="Which words may be read?",
          caption="36 words. Ink: may be read. Which lets the last word know of the first, and how soon?")

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
study.zoo_table(length=64)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# Local attention reaches further with each layer, as a convolution does; one word that everybody may read shortens the way to two.
#
# Variants that save the cache let heads *share* keys and values: in **grouped-query** attention some heads do, in **multi-query** attention all. Each head keeps its own queries. In our class it is one number, `key_heads`.

# %% slideshow={"slide_type": "skip"} tags=["deeper"]
study.cache_table(length=1024, model_size=512, num_heads=8)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# **Linear attention** (chapter 2) makes no map at all: in $\phi(Q)(\phi(K)^\top V)$ the bracket is a sum of fixed size, whatever the length. It pays with sharpness.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three ways to read a sentence
# | | RNN | CNN, kernel $k$ | Transformer |
# |---|---|---|---|
# | a word reads | the state left of it | $k$ neighbours | every word |
# | longest path | $n$ | $n/k$, less if dilated | 1 |
# | steps that wait | $n$ | 1 per layer | 1 per layer |
# | cost of a layer | $n\,d^2$ | $k\,n\,d^2$ | $n^2 d + n\,d^2$ |
# | knows the order | by itself | by itself | from positions |
# | memory while writing | one state | $k$ words | every word |
#
# Chapter 4 measured the first rows. The last one is the price: an RNN writes the thousandth word as fast as the first, a Transformer reads 999 keys for it.
#
# <a id="encoder-only"></a>
# And three ways to build with the same blocks:
#
# | family | attention | learns to | known |
# |---|---|---|---|
# | encoder-only | self, both ways | fill gaps | BERT, chapter 6 |
# | decoder-only | self, causal | go on | GPT, chapter 7 |
# | encoder–decoder | both, and cross | rewrite | the Transformer of 2017, T5, BART |
#
# <a id="t5"></a>
# T5 puts every task into words, "translate English to German: …", so that one encoder–decoder does them all.
#
# ### Find the error ●○○ · 3 minutes
# A slide deck says it on one page, and the opposite some pages later.

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
find_error("no longer an encoder and a decoder")

@find_error("no longer an encoder and a decoder", line=None)
def family(attentions):
    """attentions: a list of "self", "causal self", "cross" -> "encoder-only", "decoder-only" or "encoder-decoder" """
    raise NotImplementedError

# %% [markdown] jp-MarkdownHeadingCollapsed=true slideshow={"slide_type": "skip"} tags=["deeper"]
# ### Deeper: what circulates
# An article's multi-head attention, slip by slip; its block; and bugs that cost whole weeks. All of them run, but one.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# An overview says what makes heads different.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("different or the same")

@find_error("different or the same", line=None)
def weights_of_heads(x, Wq, Wk):
    """x [T, D], Wq and Wk [H, D, d], a pair for each head -> weights [H, T, T]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# An article on choosing the number of heads.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("fewer heads save compute")

@find_error("fewer heads save compute", line=None)
def multiplications(length, model_size, heads):
    """length T, model size D, heads H -> multiplications of one multi-head self-attention: its matrix products alone"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# All shapes are right.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("heads out of a reshape")

@find_error("heads out of a reshape", line=None)
def heads_attend(q, k, v, H):
    """q, k, v [B, T, D] -> the heads' outputs side by side [B, T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# It runs silently when the number of keys happens to be the head size.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("keys not transposed")

@find_error("keys not transposed", line=None)  # the number of the wrong line
def scores(q, k):
    """q [B, H, Q, d], k [B, H, K, d] -> scores [B, H, Q, K], scaled"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# Each of two lines is innocent alone.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("scaled twice")

@find_error("scaled twice", line=None)
def weights(q, k):
    """q [..., Q, d], k [..., K, d] -> weights [..., Q, K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 1 minute
# The only one of the five that always says so itself.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("a root from nowhere")

@find_error("a root from nowhere", line=None)
def scaled(scores, d):
    """scores [..., Q, K], head size d -> scores / √d"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# It passed all its tests. They were self-attention.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("as many keys as queries")

@find_error("as many keys as queries", line=None)
def split_both(query, key, heads):
    """query [B, Q, D], key [B, K, D] -> [B, H, Q, d], [B, H, K, d]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# The mask is optional, and nobody builds one. This is a decoder's self-attention over padded sentences.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("a mask that nobody builds")

@find_error("a mask that nobody builds", line=None)
def decoder_weights(q, k, lengths):
    """q, k [B, T, d], lengths [B] -> weights [B, T, T], causal and without padding"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# The article's feed-forward network. It has two matrices, and can do nothing that one cannot.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("two layers that are one")

@find_error("two layers that are one", line=None)
def network(x, W1, b1, W2, b2):
    """x [B, T, D] -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# The article's block. What stands on it must pass through it. Pre-norm and post-norm are both right repairs.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("no way round")

@find_error("no way round", line=None)
def block(x, attention, ffn, norm1, norm2):
    """x [B, T, D], attention, ffn and norms: [B, T, D] -> [B, T, D]; -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# A widely used slide on the decoder.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("only those before it")

@find_error("only those before it", line=None)  # the number of the wrong claim
def who_is_seen(size):
    """size T -> mask [T, T] bool, row = the one who asks, True = may be attended"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 5 minutes
# “Prediction needs no mask, because there is no future to hide.” Without a cache, all words are computed again at each step.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("prediction needs no mask")

@find_error("prediction needs no mask", line=None)
def last_feature(words, layers):
    """words [T, D], layers: each layer(x, mask) -> [T, D]; -> the last word's features [D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# An article on “I love you” → “Je t'aime” draws keys and values from the target's words.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("keys from the target")

@find_error("keys from the target", line=None)
def cross_attention(written, source, Wq, Wk, Wv):
    """written [T, D], source [S, D], W [D, D] -> output [T, D], weights [T, S]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 3 minutes
# A line for [T, B, D], pasted into a model that has the batch first.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("positions along the batch")

@find_error("positions along the batch", line=None)
def add_positions(x, table):
    """x [B, T, D], table [max, D] -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●●○ · 4 minutes
# Training goes well. In use, the model reads its own words in another way than it learnt.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("a mask for training only")

@find_error("a mask for training only", line=None)
def self_attention(q, k, v, training):
    """q, k, v [B, T, d], training True or False -> [B, T, d]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 3 minutes
# The padding is set to 0, and yet it counts.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("divided by the padding")

@find_error("divided by the padding", line=None)
def mean_loss(logits, target, mask):
    """logits [B, T, V], target [B, T], mask [B, T] -> one number"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"} tags=["deeper"]
# #### Find the error ●○○ · 2 minutes
# It was right with [B, Q, K]. Then came the heads.

# %% slideshow={"slide_type": "skip"} tags=["exercise", "deeper"]
find_error("a softmax over the heads")

@find_error("a softmax over the heads", line=None)
def head_weights(scores):
    """scores [B, H, Q, K] -> weights [B, H, Q, K]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we measured
# Just now, on this machine, on sentences that were not trained on, unless a line says otherwise. A value outside of its band stops the notebook.

# %%
cards = [loaded.card["metrics"] for loaded in (before, real)]
tatoeba = [card.get("test_bleu_beam_4", card["valid_bleu_greedy"]) for card in cards]
rows = [
    ("all at once against word by word, a logit", most, 0, 1e-4),
    ("the last row without a mask, three layers", unmasked, 0.01, 100),
    ("times faster with the cache, 128 words", times, 1.5, 100),
    ("BLEU of yours", against[1]["BLEU"], 90, 100),
    ("BLEU of chapter 3's checkpoint", against[0]["BLEU"], 90, 100),
    ("BLEU of transformer-grammar", against[2]["BLEU"], 95, 100),
    ("pronouns right, %, chapter 3's checkpoint", pronoun["with attention"], 70, 100),
    ("pronouns right, %, transformer-grammar", pronoun["Transformer"], 80, 100),
    ("… when “it” may not look at its noun", forbidden["encoder: it → referent"], 75, 100),
    ("… when the adjective may not look at the noun", forbidden["encoder: adjective → referent"], 0, 45),
    ("… when the writer may not look at the adjective", forbidden["cross: pronoun → adjective"], 0, 75),
    ("rank correlation of map and loss", agreement, -0.6, 0.6),
    ("BLEU on Tatoeba, chapter 3 (its card)", tatoeba[0], 30, 60),
    ("BLEU on Tatoeba, chapter 5 (its card)", tatoeba[1], 30, 70),
]
for name, value, low, high in rows:
    assert low <= value <= high, f"{name}: {value:.3g} is not between {low} and {high}"
    print(f"{name:48} {value:7.3g}   band {low} to {high}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. Multi-head attention is one function with several projections: project, split, attend, join, mix. It costs what one head costs.
# 2. A block is attention, then a network for each word alone, each with a residual road and a layer norm that looks at one word.
# 3. Three places of attention: source on source, target on target with the causal mask, target on source.
# 4. With the mask, all words at once equals one after the other; the KV cache makes the second cheap.
# 5. A map shows where a head looked. What it was worth, you learn by taking it out.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [head](#head) | 注意力头 | attention with a projection of its own |
# | [multi-head attention](#multi-head-attention) | 多头注意力 | several heads at once, joined and mixed |
# | [position-wise feed-forward network](#ffn) | 逐位置前馈网络 | the same two matrices for each word |
# | [residual connection](#residual) | 残差连接 | what went in is added to what comes out |
# | [layer norm](#layer-norm) | 层归一化 | mean 0 and spread 1 over one word's features |
# | [pre-norm, post-norm](#pre-norm) | 前置归一化、后置归一化 | the norm before a part, or after the sum |
# | [warm-up](#warm-up) | 学习率预热 | the learning rate rises from 0 at first |
# | [block](#block) | 块 | attention and feed-forward, with norms |
# | [causal mask](#causal-mask) | 因果掩码 | nobody looks ahead; the diagonal is allowed |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from the target, keys and values from the source |
# | [KV cache](#kv-cache) | 键值缓存 | keys and values of earlier words, kept |
# | [label smoothing](#label-smoothing) | 标签平滑 | asks for a little less than certainty |
# | [knocked out](#knock-out) | 敲除 | taken away, to see what it was worth |
# | [sparse attention](#sparse-attention) | 稀疏注意力 | a mask that leaves few pairs |
# | [multi-query, grouped-query](#multi-query) | 多查询、分组查询注意力 | heads share keys and values |
# | [encoder-only, decoder-only](#encoder-only) | 仅编码器、仅解码器 | half a Transformer: BERT, GPT |
# | [T5](#t5) | T5 模型 | every task as text to text |

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
# - A. Vaswani et al., *Attention is all you need*, 2017, sections 3 and 5, table 3.
# - A. Rush, *The annotated Transformer*, 2018: the paper with a program beside each paragraph.
# - J. Ba, J. Kiros, G. Hinton, *Layer normalization*, 2016, section 3; K. He et al., *Deep residual learning*, 2015, section 3.
# - R. Xiong et al., *On layer normalization in the Transformer architecture*, 2020, section 3 (pre-norm, warm-up).
# - C. Szegedy et al., *Rethinking the Inception architecture*, 2015, section 7 (label smoothing).
# - P. Michel, O. Levy, G. Neubig, *Are sixteen heads really better than one?*, 2019, section 3; E. Voita et al., *Analyzing multi-head self-attention*, 2019, section 5.
# - F. Liu et al., *Layer-wise multi-view decoding for improved natural language generation*, 2020, section 3.
# - N. Shazeer, *Fast Transformer decoding: one write-head is all you need*, 2019; J. Ainslie et al., *GQA*, 2023.
# - I. Beltagy, M. Peters, A. Cohan, *Longformer*, 2020, section 3; R. Child et al., *Generating long sequences with sparse Transformers*, 2019, section 4.
# - C. Raffel et al., *Exploring the limits of transfer learning* (T5), 2020, section 3.2 (the three families).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: half of it
# Our Transformer reads English to write French, and needs pairs of sentences for it. There are few such pairs and endless text. Take the encoder alone, hide some words and let it guess them from both sides: that is BERT, chapter 6. What will its vector of "bank" be, beside a river and beside a cashier?
#
# **→ [6 · What stands in the gap?](06_bert.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell whoever gave you the course: chapter 5, edition 0.2.0, and the heading above it.*
