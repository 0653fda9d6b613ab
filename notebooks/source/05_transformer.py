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
# ## Who was too tired?
# “The animal didn't cross the street because it was too tired.” Streets don't get tired, so it was the animal. French has to know, for an animal is *il* and a street *elle*. In the twin, “… too **wide**”, it's the street.
#
# A **Transformer** translates both correctly. Its “it” gives the largest weight to “animal”. **Guess:** does it need this connection to write *il*?

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
from course_kit.views import predict

runtime = course_kit.setup()

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
grammar = load_checkpoint("transformer-grammar")
tired = "The animal didn't cross the street because it was too tired."
wide = tired.replace("tired", "wide")
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
    title="What does “it” attend to?",
    model=grammar,
    caption=from_cell(
        "It writes: “{french}” One of the twelve maps of its reading is open: a row for each "
        "[query|word that asks], a column for each [key|word that is asked].",
        french=translate(grammar, tired, beam=1)[0],
    ),
)
first

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [(n, h) for n in range(3) for h in range(4) if maps_of[n][0, h, it].argmax() == animal] == [(1, 1)]
assert maps_of[1][0, 1].argmax() == words.index("tired") * len(words) + animal
assert len(maps_of) == 3 and maps_of[0].shape[1] == 4 and first.opened == (1, 1)
french_of = [str(translate(grammar, sentence, beam=1)[0]) for sentence in (tired, wide)]
assert french_of == ["l'animal n'a pas traversé la rue parce qu'il était trop fatigué.", "l'animal n'a pas traversé la rue parce qu'elle était trop large."]

# %% [markdown]
# Pictures like this one are often taken as proof that a model has understood. To find out, we cut the connection: a mask hides from “it” the noun that it means, in every map. Then we count in how many sentences the right pronoun is still the likelier one. For this we have 368 pairs of twins, each with a noun that no twin in its training had. <!-- source: counted in the next section -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "In no map of the encoder may “it” attend to the noun that it means. "
    "With nothing forbidden, 95 of 100 pronouns are right. How many are right now?",
    ["about 50: the model has to guess", "about 75", "about 95, as before"],
    answer=2, because="This model finds the right pronoun without that connection.")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: cut a route, and count
# <a id="knock-out"></a>
# As many are right as before. So by which route does the pronoun find its noun?
#
# In chapter 3 the encoder read the English, and the decoder wrote the French and looked back. It's the same here, but nothing reads from left to right. In 2017 *Attention is all you need* (Vaswani et al.) left the recurrence out, so attention is the only way for one word to get something from another. <!-- source: Vaswani et al. 2017 --> Each step of attention is one **hop**.
#
# Only the last English word tells you which noun is meant, so the noun, the adjective and the French pronoun have to come together. One way to do that takes two hops. First, while the encoder reads, an English word picks something up from the noun. Then, while the decoder writes, the pronoun picks it up from that word. It could be “it”: *animal* → “it” → *il*. Or it could be the adjective: *animal* → *tired* → *il*. Cut the hops of both routes:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
from chapters.ch03.lesson import Lesson
from chapters.ch05.experiments import heads as head_study

lesson = Lesson("en-fr")
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
    grammar.model.encode(torch.tensor([grammar.source.encode(wide)]))
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
routes = results.load("transformer_routes")
lost = [[one["right"][0] - right for right in one["right"]] for one in routes["models"]]  # of three models, for each cut
assert routes["cuts"] == [*head_study.CONNECTIONS] and sorted(max(range(6), key=of.__getitem__) for of in lost) == [1, 5, 5]
assert max(of[4] for of in lost) < 2 and all(max(of) > 10 for of in lost)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# | you cut, in all heads and layers | right, % |
# |---|---|
# | nothing | 95 |
# | the route through “it”: either hop, or both | 95 |
# | the route through the adjective: first hop, its noun → adjective | 14 |
# | its second hop, adjective → pronoun | 50 |
#
# **Our model doesn't need the route through “it”. It needs the one through the adjective.** Others of its class can take other routes. Without the second hop it can't tell the twins apart, and nearly always writes *il*. Without the first one it does worse than a coin: the adjective now attends more to the *other* noun, and the pronoun follows ([in detail](05_transformer_annex.ipynb#Which-connection-decides,-in-detail?)).
#
# The map at the beginning doesn't even show which noun is meant, because with *wide*, too, “it” attends most to “animal”. In each of the twelve heads, “it” attends to its nouns almost alike in both twins.
#
# <details><summary>How sure is this?</summary>
#
# These numbers count all 736 sentences, and they speak of our model. Others of the same class take other routes: of three that learned for a minute, as yours will, one lost most when “it” was cut, two lost most without the adjective's second hop, and none needed its first. The annex [switches off heads](05_transformer_annex.ipynb#open-questions). Others have argued about such maps: *Attention is not explanation* (Jain & Wallace 2019), and in reply *Attention is not not explanation* (Wiegreffe & Pinter 2019).
#
# </details>
#
# **Keep this:** a map shows what a head attends to, not what the model needs. Cut it, and count.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: heads
# <a id="head"></a>
# Now you'll build the machine that you've just cut. Its first part is chapter 2's: a query calls, a key answers to its name, a value is handed over, and several **heads** call at once. Each head has a piece of every query, key and value, and a last matrix, $W_O$, mixes what they bring back.
#
# So there are twelve maps, because our encoder has three layers with four heads in each. Which head takes the first hop?

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
# In head 2 *tired* gives nearly all of its weight to *animal*.
#
# **Keep this:** each head has attention weights of its own. Four narrow heads have as many parameters as one wide head.

# %% [markdown] slideshow={"point": ["split_heads", "scaled_dot_product_attention("], "slide_type": "skip"}
# <a id="multi-head-attention"></a>
# Chapter 2's layer reads one sentence. A translator also has to let French words call among English ones. So here the <b style="color:#bf5f00">queries</b> come from one sequence, $X$, and the <b style="color:#007fc6">keys</b> and <b style="color:#008a67">values</b> from another, the memory $M$. If both are the same, it's self-attention, and if not, cross-attention:
#
# $$ {\color{#bf5f00}{Q}}=XW_Q,\quad {\color{#007fc6}{K}}=MW_K,\quad {\color{#008a67}{V}}=MW_V,\qquad \mathrm{head}_h=\mathrm{softmax}\Big(\frac{{\color{#bf5f00}{Q_h}}{\color{#007fc6}{K_h}}^\top}{\sqrt d}\Big){\color{#008a67}{V_h}},\qquad {\color{#bb51a8}{Y}}=\underbrace{[\mathrm{head}_1,\dots,\mathrm{head}_H]}_{\text{side by side}}\,W_O $$
#
# In shapes: $B$ sentences, $Q$ queries, $K$ keys, $D$ features of a word, $H$ heads of $d=D/H$ features. `split_heads` cuts, and `join_heads` puts the pieces side by side again. Between them is attention as in chapter 2, where `masked_softmax` gives hidden words weight 0. (You can [write the cut yourself](05_transformer_annex.ipynb#Cut-into-heads), and see how it goes wrong.)

# %% jupyter={"source_hidden": true}
from mine import masked_softmax

# %% tags=["definition"]
# course_utils.attention: split_heads, scaled_dot_product_attention, join_heads

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 1 ●●○ · 10 minutes
# **Decide first.** The scores are [B, H, Q, K], and the mask is [B, Q, K], one for each sentence. A colleague adds no axis to the mask. With two sentences and two heads her program runs without an error. Which mask does head 2 of the first sentence get?
#
# <details><summary>Answer</summary>
#
# That of the second sentence. PyTorch lines up shapes from the right, so the mask's axis of sentences meets the axis of heads.
#
# </details>
#
# Now write everything before $W_O$: split, attend under the mask, join. `q`, `k` and `v` are projected already. The mask is True where a key may be attended to. If all sentences share one mask, it's [Q, K], else [B, Q, K].
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
# The class below is the whole part. Its four matrices are $[D, D]$, whatever the number of heads.

# %% tags=["definition"]
# course_utils.attention: MultiHeadAttention

# %% jupyter={"source_hidden": true}
from course_utils.attention import padding_mask

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
# ## Three: a network, a sum and a norm
# <a id="ffn"></a>
# So *tired* has taken something from *animal*. What can it do with that? All that a head can do with values is average them. That's why a second part works on what has arrived, the **position-wise feed-forward network** (FFN). It reads each word's vector separately, with the same two matrices for every word, so you could as well put all words of a batch in one list, [B · T, D]. The first matrix makes the vector wider, in the paper four times. A ReLU sets the negative numbers to 0, and the second matrix makes it narrow again: <!-- source: Vaswani et al. 2017, section 3.3 -->
#
# $$ \mathrm{FFN}(x)=\max(0,\,xW_1+b_1)\,W_2+b_2,\qquad W_1\ [D,F],\ W_2\ [F,D] $$

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

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="residual"></a>
# You have two parts. How do you join them? If attention *replaced* a word's vector, *tired* would be a mixture after one layer and a mixture of mixtures after three, and such mixtures [tend to grow alike](05_transformer_annex.ipynb#bare-block). So nothing is replaced. Each part, call it $f$, reads the vector $x$ and *adds* its output to it:
#
# $$ x\;\to\;\underbrace{x}_{\text{as it was}}+\underbrace{f(x)}_{\text{what is new}} $$
#
# This is a **residual connection**, and the sum that runs through all layers is the **residual stream**. Follow three words upwards through one layer:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.lanes(
    title="What happens to a word in one layer?",
    caption="Three words on their way up, through attention and the network.",
)

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["keep"]
# <a id="layer-norm"></a><a id="pre-norm"></a>
# If every part adds, the numbers grow. A **layer norm** gives each word's vector mean 0 and standard deviation 1, then scales and shifts each feature by learned $\gamma$ and $\beta$:
#
# $$ \mathrm{LN}(x)=\gamma\odot\underbrace{\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}}}_{\text{centred, scaled}}+\beta,\qquad \mu,\sigma^2\text{ over the features of one word} $$
#
# Try it with a pencil, for $\gamma=1$ and $\beta=0$: (1, 3) has mean 2 and standard deviation 1, so it becomes (−1, 1). So does (2, 6), because a layer norm removes the size and keeps the pattern. ([Or batch norm?](05_transformer_annex.ipynb#Layer-norm-or-batch-norm?))
#
# The paper norms the sum, $\mathrm{LN}(x+f(x))$, which is called **post-norm**. Most models since GPT-2, and ours, norm what a part reads, $x+f(\mathrm{LN}(x))$, which is called **pre-norm**. Then the stream itself is never normed on its way up.
#
# **Keep this:** attention works between words, a network within each word, and both add to the stream.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.equal(F.layer_norm(torch.tensor([[1.0, 3.0], [2.0, 6.0]]), (2,)).round(), torch.tensor([[-1.0, 1.0]] * 2))

# %% [markdown] slideshow={"slide_type": "skip"}
# Does it matter where the norm is? Twelve layers, still untrained, read random words, and the loss sends its gradient back. For three ways of adding, A, B and C, here is how long that gradient is in the first layer and in the last:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
def gradients(add, seed):
    """Twelve untrained layers -> how long the gradient of the first one is, and of the last."""
    torch.manual_seed(seed)
    x, norm, out = torch.randn(8, 12, 64), nn.LayerNorm(64), nn.Linear(64, 50)
    layers = [nn.ModuleList([MultiHeadAttention(64, 4), PositionwiseFFN(64, 256)]) for _ in range(12)]
    for attend, network in layers:
        x = add(x, lambda h, attend=attend: attend(h, h)[0], norm)
        x = add(x, network, norm)
    logits = out(norm(x))  # [8, 12, 50]
    F.cross_entropy(logits.flatten(0, 1), torch.randint(50, (96,))).backward()
    return [math.sqrt(sum(p.grad.pow(2).sum() for p in layer.parameters())) for layer in (layers[0], layers[-1])]

ways = {
    "A": lambda x, f, norm: norm(x + f(x)),
    "B": lambda x, f, norm: x + f(x),
    "C": lambda x, f, norm: x + f(norm(x)),
}
lengths = {name: torch.tensor([gradients(add, seed) for seed in range(5)]) for name, add in ways.items()}
for name, of in lengths.items():
    first_layer, last_layer = of.mean(0).tolist()
    print(f"{name}: first layer {first_layer:8,.1f}   last layer {last_layer:5.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lengths["B"][:, 0].min() > 50 * max(lengths["A"].max(), lengths["C"].max())
assert (lengths["A"][:, 1] > 1.8 * lengths["C"][:, 1]).all()
assert 0.5 < min(lengths["A"][:, 0].mean(), lengths["C"][:, 0].mean()) < max(lengths["A"][:, 0].mean(), lengths["C"][:, 0].mean()) < 1.2

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 2 ●●○ · 6 minutes
# **Decide first.** One of A, B and C is pre-norm, one is post-norm, and one has no norm at all. Which is which?
#
# <details><summary>Answer</summary>
#
# B has no norm. Its sums grow from layer to layer, and so does what the gradient is multiplied by on its way back. In A and C the norms prevent that. C is pre-norm: its stream grows as well, and a last norm divides it by its size, so what the last layer adds counts for little. In A, post-norm, the stream has size 1 everywhere, so the last layer counts more.
#
# </details>
#
# Write the pre-norm line.
#
# <!-- example: residual and norm -->

# %% tags=["exercise"]
@exercise("residual and norm")
def add_norm(x, f, norm):
    """x [B, T, D], f and norm: [B, T, D] -> [B, T, D]; -> [B, T, D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: residual and norm -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You've cut the model open, and you have three of its parts: attention in heads, a network, and a sum with a norm. They read, but nothing writes yet. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Four: what may a word see?
# <a id="causal-mask"></a>
# The decoder predicts the next French word. In training you give it the whole right answer, and it predicts at all positions at once. If a word could see the next one, the model would learn to copy it. But when it writes, there's no next word to copy. So chapter 2's **causal mask** hides from each word everything that comes after it. The row of *animal* predicts *était*: it may see `<bos>`, *l'* and *animal* itself, but not *était*.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.attention: causal_mask

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert causal_mask(4).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]

# %% [markdown] slideshow={"slide_type": "fragment"}
# So training needs one call for all the words. Writing needs a call for each, because each new word is part of the next input:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
both_ways = labs.at_once(
    grammar,
    tired,
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

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert both_ways.gap < 1e-4 and all(row[1] == row[2] for row in both_ways.table().rows)

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Without dropout they're equal, up to rounding, because a row never depends on what comes later, in any layer.
#
# **Keep this:** with the causal mask, all words at once and word by word give the same predictions. So in training no word has to wait.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: two blocks
# <a id="block"></a>
# Now put the parts together. A layer of the encoder is called an **encoder block**: attention, then the network, and both add to the stream.

# %% [markdown] slideshow={"slide_type": "skip"}
# In code, each part gets an `AddNorm` around it: your line of Exercise 2 with the norm's parameters. In training it also sets some of what is added to 0 at random (chapter 2's *dropout*). Attention returns its weights as well, and `[0]` leaves them out.

# %% slideshow={"point": ["x = self.around_attention(", "return self.around_ffn("]} tags=["definition"]
# course_utils.blocks: AddNorm, EncoderBlock

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="cross-attention"></a>
# A block changes no shape, so you can stack as many as you like. The decoder has to look at the English, too. So a **decoder block** has one more part in the middle, **cross-attention**, whose keys and values come from the `memory`, the vectors that the encoder has computed. That makes three places with attention:
#
# | | <span style="color:#bf5f00">queries</span> from | <span style="color:#007fc6">keys</span> and <span style="color:#008a67">values</span> from | may see |
# |---|---|---|---|
# | encoder self-attention | English | English | all words |
# | decoder self-attention | French | French | itself and earlier words |
# | cross-attention | French | English | all words |
#
# The first hop that you cut was in the first row of this table, and the second hop in the last.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 3 ●●● · 12 minutes
# **Decide first.** In a colleague's decoder block, the keys and values of the cross-attention come from the French instead of `memory`. Her loss falls, and her model writes good French. What do all its translations have in common?
#
# <details><summary>Answer</summary>
#
# They're all the same sentence. Nothing of the English reaches the decoder, so it always begins with the likeliest first word, and goes on from there.
#
# </details>
#
# Write the **decoder block**. Copy `EncoderBlock` and put a third part between its two: cross-attention, with queries from the target, and with keys and values from `memory`, which is normed already. So that trained parameters fit, call the parts `attention`, `cross_attention`, `ffn`, `around_attention`, `around_cross`, `around_ffn`.

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
# You have all the parts. Two stacks of blocks, and two ends, make a Transformer:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.opened(
    translate(grammar, tired, beam=1)[0],
    title="What is inside a Transformer?",
    caption="Play it, or open it yourself. What was read crosses from left to right.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# **In front**, a word becomes a vector: its row in a table of embeddings, and chapter 4's clock is added (`SinusoidalPositions`, here with the sine first, as in the paper). **At the other end**, a vector becomes a word: its dot product with each row of the French table, plus a bias, is that word's logit. So one table serves as the decoder's embedding and as its output. Each stack ends with one more norm. ([Why one table, and why is a row multiplied by √D?](05_transformer_annex.ipynb#two-ends))
#
# First what the model holds:

# %% jupyter={"source_hidden": true}
from course_utils.positions import SinusoidalPositions  # chapter 4's

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.transformer: TransformerConfig, TransformerLayers

# %% [markdown] slideshow={"slide_type": "skip"}
# And here is the way of the words through it. `source_mask` is False at padding, and `[:, None]` gives it an axis for the queries:

# %% slideshow={"point": ["memory = self.encode(", "return self.output("], "slide_type": "subslide"} tags=["definition"]
# course_utils.transformer: Transformer

# %% [markdown] slideshow={"slide_type": "skip"}
# Is this the model that you've cut? Give yours the trained parameters, and ask it for the next word:

# %% slideshow={"slide_type": "skip"}
whole = Transformer(grammar.model.config).eval()
whole.load_state_dict(grammar.model.state_dict())
so_far = "l'animal n'a pas traversé la rue parce qu'"
french_ids = torch.tensor([[2, *grammar.target.encode(so_far)]])  # 2: <bos>
with torch.no_grad():
    logits = whole(ids, french_ids)  # [1, 11], [1, T] -> [1, T, V]
print(so_far, *grammar.target.tokens([logits[0, -1].argmax().item()]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
with torch.no_grad():
    assert (whole(ids, french_ids) - grammar.model(ids, french_ids)).abs().max() < 1e-4
assert whole.output.weight is whole.target_embedding.weight and grammar.target.words[2] == "<bos>"
assert grammar.target.words[logits[0, -1].argmax()] == "il" and isinstance(whole.decoder[0], DecoderBlock)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["guess"]
# ### One word, all the way down
# <a id="descent"></a>
# If you like, follow *il* through all of it, down to single numbers. **Before you start:** which English word gets the largest share of attention from head 4 of the last cross-attention? *next step* leads you there; choose a number to see how it was computed.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["lab"]
labs.descent(tired, model=grammar, word="il", layer=3, head=4)

# %% [markdown] slideshow={"slide_type": "skip"}
# <details><summary>Answer</summary>
#
# “Tired”. That's the second hop.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## So what can attention do alone?
# Our Transformer isn't attention alone, because in each block a network works on every word. What if you take the networks away? We trained one in which every network gives 0, from the first step to the last. Only attention, the sums and the norms are left. **BLEU** says how well translations agree with ours: 0 is not at all, 100 in every word. <!-- source: Papineni et al. 2002 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "With networks, 600 steps of training give BLEU 88 on new sentences, as the mean of three runs. How much is it if "
    "every network is 0?",
    ["about 30: it can only copy", "about 60", "about 86"],
    answer=2, because="About 86, in the mean of three runs. Attention alone translates nearly as well.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
alone = results.load("transformer_alone")
means = {name: {key: sum(of) / len(of) for key, of in one.items()} for name, one in alone["models"].items()}
assert alone["steps"] == 600 and len(alone["seeds"]) == 3
assert round(means["with networks"]["BLEU"]) == 88 and abs(means["networks 0"]["BLEU"] - 86) < 0.8
both = [alone["models"][name] for name in ("with networks", "networks 0")]
assert [[min(one["BLEU"]) // 1, round(max(one["BLEU"]))] for one in both] == [[86, 90], [84, 87]]
assert all(50 < pronoun < 58 for one in both for pronoun in one["pronouns"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Attention alone translates these sentences nearly as well.** It can bring any word's vector to any other word, through several hops, and the sums keep what was there before. Here that's almost enough.
#
# <details><summary>How sure is this?</summary>
#
# With networks the three runs gave BLEU 87 to 90, without them 85 to 87. A program made these sentences, so they may need little of what networks are for. And neither kind learned the twins in its 600 steps: of their pronouns 51 to 58 of 100 were right, where a coin gets 50. <!-- source: data/results/transformer_alone.json -->
#
# </details>

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Train yours
# <a id="warm-up"></a>
# Now your own Transformer learns to translate, with its networks, and all the lines that you wrote are in it. In chapter 3's training sentences every eleventh is a twin, like *tired* and *wide*. Yours gets them five times as often, so that it can learn within a minute what they need. `lesson` is chapter 3's, and this is what the training takes from us:
#
# | name | what it gives |
# |---|---|
# | `Batches(pairs, tokens)` | batches of about so many words, with masks |
# | `warm_then_fall(steps)` | a factor of the learning rate for each step: it rises at first (*warm-up*), then falls ([what that is worth](05_transformer_annex.ipynb#before-or-after)) |
# | `fit(model, batches, loss, …)` | the training loop, with a stop button (■, or I twice); `clip` shortens gradients that are too long |
# | `Samples(function)` | shows meanwhile what the model writes |
# | `odds(model, twins)` | for each twin, by how much the right pronoun is likelier than the other one; above 0 it's right |

# %% jupyter={"source_hidden": true}
from mine import masked_loss

# %% slideshow={"slide_type": "skip"}
from chapters.ch05.experiments.twins import odds
from course_kit.callbacks import Samples
from course_kit.text import Batches
from course_kit.training import fit, warm_then_fall

STEPS = {"class": 600, "full": 2400}[runtime.profile]
twins = [(lesson.source.encode(pair.source), lesson.target.encode(pair.target))
         for pair in lesson.examples("train") if pair.twin]
rich = Batches(lesson.batches.pairs + 4 * twins, tokens=1000)

def translation_loss(model, batch):
    logits = model(batch.source, batch.target_in, batch.source_mask)  # [B, T, V]
    return masked_loss(logits, batch.target_out, batch.target_mask)

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    model = Transformer(TransformerConfig(len(lesson.source), len(lesson.target), size=16))
    translation_loss(model, next(iter(lesson.batches))).backward()

for_training(one_step)  # with nothing solved it does nothing

# %% seconds=60 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
translator = Transformer(TransformerConfig(len(lesson.source), len(lesson.target)))
says = Samples(lambda model: lesson.translate(model, wide)[0].text)
run = fit(
    translator, rich, translation_loss, steps=STEPS, lr=3e-3, clip=1.0, callbacks=[says],
    schedule=warm_then_fall(STEPS), title="When does it write “elle” for the street?",
)

# %% slideshow={"slide_type": "skip"}
likelier = odds(lesson.loaded(translator), lesson.examples("twins"))
print(f"right pronouns in new twins: {(likelier > 0).float().mean():.0%}")
print(f"BLEU on new sentences: {lesson.bleu(translator, count=200):.0f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# And our sentence, with its twin:

# %% slideshow={"slide_type": "slide"}
for english in (tired, wide):
    print(english)
    print("  ", lesson.translate(translator, english)[0].text)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lesson.loaded(translator).was_seen(tired) and isinstance(translator.decoder[0], DecoderBlock)
from chapters.ch05.experiments.routes import OFTEN
kinds = [bool(pair.twin) for pair in lesson.examples("train")]
assert len(kinds) / sum(kinds) < 11.5 and OFTEN == 5
assert all(one["writes"] == french_of for one in routes["models"]) and min(one["right"][0] for one in routes["models"]) > 75
assert round(sum(one["BLEU"] for one in routes["models"]) / 3) == 81

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert [lesson.translate(translator, english)[0].text for english in (tired, wide)] == french_of
assert 0.65 < (likelier > 0).float().mean() < 0.95 and 76 < lesson.bleu(translator, count=200) < 87

# %% [markdown] slideshow={"slide_type": "fragment"}
# *Il* for the tired animal, *elle* for the wide street. These two sentences were in its training. Of the new twins above it gets about four in five right.
#
# What you have trained for a minute is the architecture of 2017. `grammar`, the model that you cut, has the same classes with a third layer, and learned for longer. In the annex you can see [what one makes of sentences that people wrote](05_transformer_annex.ipynb#real-sentences), and [whether it beats chapter 3's translator](05_transformer_annex.ipynb#Then-why-did-everyone-change?).

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# `keep` saves your Transformer in one file, which needs only torch. Your functions are in it where they're right, and a [cache](05_transformer_annex.ipynb#kv-cache) makes it write faster. `python -m mine.transformer` tests it on rows of digits, which it learns to copy and to reverse. With every network set to 0 it learns that as well: in three runs it got more than 99 of 100 new rows right. <!-- source: data/results/transformer_alone.json -->

# %%
from course_kit.mine import keep

keep("transformer")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## Forty patients · 45 minutes
# Forty Transformers arrive as black boxes: you may call `model(source, target, mask)`, and no more. Write `diagnose(model)`, which finds out which of seven faults each has, such as a decoder that sees the future. In a cell, `!course problem 05` (in a terminal without the `!`) gives you a file to begin with, and judges it on models that you haven't seen. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](05_transformer_annex.ipynb#open-questions).
# 1. *Prove:* without positions, and without a mask, a stack of encoder blocks gives shuffled words shuffled outputs.
# 2. *Design an experiment:* how many of the twelve heads, all at once, could the model do without?
# 3. *Why not* additive attention (chapter 3) in a Transformer, instead of the scaled dot product?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [ablation](#knock-out) | 消融 | a part is cut or set to 0, and you count what is lost |
# | [multi-head attention](#multi-head-attention) | 多头注意力 | several heads at once, joined and mixed |
# | [position-wise feed-forward network](#ffn) | 逐位置前馈网络 | the same two matrices for each word |
# | [residual connection](#residual) | 残差连接 | adds what a part has computed to what it read |
# | [layer norm](#layer-norm) | 层归一化 | mean 0 and standard deviation 1 over one word's features |
# | [pre-norm, post-norm](#pre-norm) | 前置归一化、后置归一化 | the norm before a part, or after the sum |
# | [block](#block) | 块 | attention and network, with sums and norms |
# | [cross-attention](#cross-attention) | 交叉注意力 | queries from the target, keys and values from the source |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(5)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: half of it
# Our Transformer learns from pairs of sentences, and most languages have few of them. Take the encoder alone and let it guess hidden words: that's BERT.
#
# **→ [6 · Which word is missing?](06_bert.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](05_transformer_annex.ipynb)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 5, edition <!-- edition -->, and the heading above it.*
