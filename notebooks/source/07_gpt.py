# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 7 · What comes next?
# *GPT.* At the end you hold `mine/gpt.py` and `mine/tokenizer.py`, a GPT in plain PyTorch with your own lines in it, and two commands that train it on any text and let it write. <!-- minutes --> **Before:** [chapter 5](05_transformer.ipynb) (blocks, heads, the causal mask).
#
# ## A game of 1951
# To measure how predictable English is, Claude Shannon had people guess a text letter by letter. Play his game against a small model, on two lines of *The Tempest* that it was not trained on. For each character it pays $-\log_2$ of the probability that it gave to the right one: 0 **bits** if it was certain, 1 bit if it gave it ½. **Guess before you play:** how many bits does it pay for a character, on average?

# %% jupyter={"source_hidden": true}
import math

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch07 import again, exercise, hint, labs, reader_models, solution
from chapters.ch07.kept import training
from course_kit.i18n import from_cell
from course_kit import data, results
from course_kit.views import Table, plot, predict
from course_kit.views.view import asking
from course_kit.checkpoints import load_checkpoint

runtime = course_kit.setup()
poet = load_checkpoint("gpt-shakespeare")  # a GPT that reads and writes letters

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
verse = "Thou shalt be free\nAs mountain winds: but then exactly do"
ids = torch.tensor([poet.tokenizer.encode("PROSPERO:\n" + verse)])
with torch.no_grad():
    chances = poet.model(ids).softmax(-1)[0, 9:-1]  # after the name
labs.next_character(
    "PROSPERO:\n" + verse,
    chances,
    poet.tokenizer.tokens(range(69)),
    model="gpt-shakespeare",
    title="What comes next?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
paid = -chances.gather(-1, ids[0, 10:, None])[:, 0].log2()
assert round(poet.card["metrics"]["valid_loss"] / math.log(2), 1) == 2.1 and round(paid.mean().item(), 1) == 2.2
assert round(sum(p.numel() for p in poet.model.parameters()) / 1e6) == 5 and len(poet.tokenizer) == 69

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="language-model"></a>
# <details><summary>Answer</summary>
#
# 2.2 bits in these two lines, and 2.1 in all held-out Shakespeare. For people Shannon estimated 0.6 to 1.3 bits, in modern prose of 27 symbols. <!-- source: Shannon 1951 -->
#
# </details>
#
# A **language model** gives every possible next token a probability. In this lesson you build one, teach it a book, and see how many bits it pays.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## The whole before its parts
# <a id="decoder-only"></a>
# GPT, the *generative pre-trained Transformer*, is half of chapter 5: the decoder's blocks without their cross-attention.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.architecture(poet.model, select="model", title="What is inside a GPT?")

# %% [markdown]
# First a dummy: ids go in, logits come out, and nothing happens between.

# %%
class Dummy(nn.Module):
    def __init__(self, vocab, size=128):
        super().__init__()
        self.tokens = nn.Embedding(vocab, size)
        self.blocks = self.norm = nn.Identity()  # to be replaced

    def forward(self, ids):
        x = self.tokens(ids)  # [B, T] -> [B, T, D]
        return self.norm(self.blocks(x)) @ self.tokens.weight.T  # [B, T, V]

# %% tags=["nbval-check-output"]
torch.manual_seed(0)
some = torch.randint(1000, (2, 16))
logits = Dummy(vocab=1000)(some)
print("ids", tuple(some.shape), "-> logits", tuple(logits.shape))
same = (logits.argmax(-1) == some).all().item()
print("likeliest next token: the same token again,", same)

# %% [markdown]
# The dummy has the right shapes, and repeats what it reads: a token's vector fits itself best. Now to each part.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: every text is an exam
# <a id="next-token"></a>
# A text needs no labels: the next word is the answer. *To Sherlock Holmes she is …* asks for *always*, and the same words with *always* ask for *the*.

# %% [markdown] tags=["card"]
# ### Exercise 1 ●○○ · 2 minutes
# Cut the ids of a text into inputs and targets. Which token is only an input, which only a target?
#
# <!-- example: next token targets -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("next token targets")
def inputs_and_targets(ids):
    """ids [B, T + 1] -> inputs [B, T], targets [B, T]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: next token targets -->
#
# The loss is the mean of $-\ln p$ of the right tokens (in *nats*; a bit is $\ln 2$ nats). For two positions and a vocabulary of three tokens, step by step:

# %%
logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])  # [T, V]
targets = torch.tensor([0, 0])
exps = logits.exp()
shares = exps / exps.sum(-1, keepdim=True)
p = shares[[0, 1], targets]
print("exp of the logits     ", [[round(x, 2) for x in row] for row in exps.tolist()])
print("shares of the row     ", [[round(x, 2) for x in row] for row in shares.tolist()])
print("of the right tokens   ", [round(x, 2) for x in p.tolist()])
print("−ln                   ", [round(x, 2) for x in (-p.log()).tolist()])
print("mean                  ", round((-p.log()).mean().item(), 3))
print("F.cross_entropy       ", round(F.cross_entropy(logits, targets).item(), 3))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs((-p.log()).mean() - F.cross_entropy(logits, targets)) < 1e-6 and [round(x, 2) for x in p.tolist()] == [0.67, 0.09]

# %% [markdown]
# Small random parameters, around 0.02, give all $V$ tokens nearly the same logit, so each gets about $1/V$, and the first loss is about $-\ln(1/V)=\ln V$. If yours is far above this, look at the first parameters: with a table of numbers around 1, as PyTorch makes it, a model of 64 features begins near 45, and a larger one higher. <!-- source: blocks.init_small; the asserts in section Two -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: the block, and the class
# <a id="causal"></a>
# No token may look ahead, or it would see its own answer: in each attention chapter 5's causal mask hides the future. Here is the whole computation, for the text of the game and with the parameters of the model that you played against:

# %%
gpt = poet.model  # the model of the game; its parts have the names that they get below
ids = torch.tensor([poet.tokenizer.encode("PROSPERO:\n" + verse)])  # [1, T]
with torch.no_grad():
    x = gpt.tokens(ids) + gpt.positions.weight[: ids.shape[1]]  # [1, T, D]
    for block in gpt.blocks:
        x = x + block.attention(block.norm1(x))  # causal; residual
        x = x + block.ffn(block.norm2(x))
    logits = gpt.norm(x) @ gpt.tokens.weight.T  # the table once more
print("ids", tuple(ids.shape), "-> x", tuple(x.shape), "-> logits", tuple(logits.shape))
p, likeliest = logits[0, -1].softmax(-1).topk(3)  # what follows "exactly do"?
for id, share in zip(likeliest.tolist(), p.tolist(), strict=True):
    print(f"{poet.tokenizer.tokens([id])[0]!r} {share:.2f}", end="   ")

# %% jupyter={"source_hidden": true} tags=["asserts"]
with torch.no_grad():
    assert torch.allclose(logits, poet.model(ids), atol=1e-4)

# %% [markdown]
# Now as a class of your own. It rests on five functions, which earlier chapters built; its last argument, a cache, stays empty until [a later section](#kv-cache):

# %% tags=["definition"]
# course_utils.attention: causal_mask, masked_softmax, split_heads, join_heads
# course_utils.blocks: add_norm

# %%
from mine import add_norm, masked_softmax, split_heads  # as you wrote them, if you did

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.gpt: CausalAttention

# %% tags=["definition"]
# course_utils.gpt: CausalBlock

# %% [markdown]
# <a id="context"></a>
# The table of positions ends somewhere, and so does what the model sees: its **context**.

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.gpt: GPT

# %% [markdown]
# The same machine? The poet's five million parameters go into your class:

# %%
yours = GPT(vocab=69, size=256, layers=6, heads=8, context=256)
yours.load_state_dict(poet.model.state_dict())
with torch.no_grad():
    gap = (yours(ids) - poet.model(ids)).abs().max()
print(f"{yours(ids).numel():,} logits, largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4

# %% [markdown]
# Why does each sub-layer *add* to what came in? We measure the gradient that reaches the entrance of a new model of eight blocks, with these residual connections and without:

# %% tags=["nbval-check-output"]
for residual in (1, 0):
    torch.manual_seed(0)
    deep = GPT(vocab=69, size=64, layers=8)
    x = entrance = deep.tokens(ids[:, :-1])
    for block in deep.blocks:
        x = residual * x + block.attention(block.norm1(x))
        x = residual * x + block.ffn(block.norm2(x))
    logits = deep.norm(x) @ deep.tokens.weight.T
    loss = F.cross_entropy(logits[0], ids[0, 1:])
    (gradient,) = torch.autograd.grad(loss, entrance)
    print(("without", "with")[residual], f"gradient 10^{gradient.norm().log10():.0f}")

# %% [markdown]
# Without them it loses five powers of ten on its way, because what our small matrices compute is drowned in PyTorch's larger biases. With biases of 0, or PyTorch's own larger matrices, it arrives either way, because each norm enlarges what is small. So residual connections are one remedy among several, but with them the first parameters matter less. <!-- source: biases 0, no residual: 10^-0.1 to 10^0.2 in 5 seeds, also with 16 blocks 10^0.2 to 10^0.4 in 3; matrices of 0.002 besides: 10^-17, with residual 10^0 -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
def arriving(residual, own):
    torch.manual_seed(0)
    deep = GPT(vocab=69, size=64, layers=8)
    if own:  # PyTorch's first parameters in the blocks
        [m.reset_parameters() for m in deep.blocks.modules() if isinstance(m, nn.Linear)]
    x = entrance = deep.tokens(ids[:, :-1])
    for block in deep.blocks:
        x = residual * x + block.attention(block.norm1(x))
        x = residual * x + block.ffn(block.norm2(x))
    cost = F.cross_entropy((deep.norm(x) @ deep.tokens.weight.T)[0], ids[0, 1:])
    return torch.autograd.grad(cost, entrance)[0].norm().log10().item()
assert [round(arriving(*both)) for both in ((1, 0), (0, 0))] == [-1, -6]
assert min(arriving(0, 1), arriving(1, 1)) > -1
large = GPT(vocab=69, size=64, layers=2)
with torch.no_grad():
    [m.reset_parameters() for m in large.modules() if isinstance(m, nn.Embedding)]
    assert F.cross_entropy(large(ids[:, :60])[0], ids[0, 1:61]) > 30

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "GPT-2 small has 50,257 tokens and 768 features. Its token table is used twice, at "
    "the entrance and at the exit. "
    "How many parameters would a second table cost?",
    ["none", "about 1 % more", "a third more"],
    answer=2,
    because="A table is large: 50,257 rows of 768 numbers.",
)

# %% jupyter={"source_hidden": true} tags=["nbval-check-output"]
with torch.device("meta"):  # sizes only, no numbers
    small = GPT(50_257, 768, 12, 12, context=1024)
table, one = small.tokens.weight.numel(), sum(p.numel() for p in small.parameters())
millions = [from_cell("{count} million",
    count=f'{count / 1000000.0:.0f}') for count in (table, one, one + table)]
print("a table: {}; GPT-2 small with one: {}, with two: {}".format(*millions))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(table / one, 1) == 0.3  # "a third more"

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: from logits to a word
# <a id="autoregressive"></a><a id="temperature"></a>
# To write, draw a token, append it, and ask again: that is called **autoregressive**. How bold is the draw? The **temperature** $\tau$ divides the logits before the softmax, $p_i\propto\exp(z_i/\tau)$. With a pencil: logits 2, 1, 0 give 0.67, 0.24, 0.09; at $\tau=\tfrac12$ they become 4, 2, 0, and give 0.87, 0.12, 0.02. Here are the nine pieces that `gpt-prose`, trained on 29 old novels and children's books, expects most, with probabilities among themselves:

# %% jupyter={"source_hidden": true}
prose = load_checkpoint("gpt-prose")
opening = "She opened the door and"
with torch.no_grad():
    after = prose.model(torch.tensor([prose.tokenizer.encode(opening)]))[0, -1]
nine, places = after.topk(9)  # of 4,096 pieces
print("τ   ", *(f"{word:>8}" for word in prose.tokenizer.tokens(places.tolist())))
for temperature in (0.5, 1, 2):
    p = (nine / temperature).softmax(-1)
    print(f"{temperature:<4}", *(f"{x:8.2f}" for x in p.tolist()))

# %% jupyter={"source_hidden": true} tags=["asserts"]
pencil = [[round(x, 2) for x in (torch.tensor([2.0, 1.0, 0.0]) / t).softmax(-1).tolist()] for t in (1, 0.5)]
assert pencil == [[0.67, 0.24, 0.09], [0.87, 0.12, 0.02]] and [x / 0.5 for x in (2, 1, 0)] == [4, 2, 0]
assert prose.card["data"]["corpus"] == "books" and 32 - (prose.card["data"]["split"].count(";") + 1) == 29

# %% [markdown] tags=["card"]
# ### Exercise 2 ●○○ · 8 minutes
# Write the temperature so that it also works at 0, where the likeliest token takes all. (`F.one_hot(i, V)` has a 1 at place i and 0 elsewhere.)
#
# <!-- example: temperature -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("temperature")
def with_temperature(logits, temperature):
    """logits [..., V], temperature from 0 -> probabilities [..., V]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: temperature -->
#
# <a id="top-p"></a><a id="top-k"></a>
# Thousands of unlikely tokens together still get a share, and one of them can spoil a sentence. Should we keep the twelve likeliest, say (**top-k**)? It depends on the place. How many pieces does it take to reach 90 %?

# %% jupyter={"source_hidden": true}
rows = []
for start in ("They looked at each", "They looked at the"):
    with torch.no_grad():
        z = prose.model(torch.tensor([prose.tokenizer.encode(start)]))[0, -1]
    p = z.softmax(-1).sort(descending=True)
    rows.append(
        {
            "after": start,
            "likeliest": prose.tokenizer.tokens(p.indices[:1].tolist())[0],
            "its probability": p.values[0].item(),
            "pieces that reach 90 %": int((p.values.cumsum(0) < 0.9).sum()) + 1,
        }
    )
Table(rows, from_cell(
    "gpt-prose, which knows {count} pieces", count=f'{len(prose.tokenizer):,}'
), data=("after",))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [row["pieces that reach 90 %"] for row in rows] == [1, 592] and rows[0]["its probability"] > 0.9

# %% [markdown] tags=["card"]
# One piece after *each*, 592 after *the*: no fixed number fits both. **Top-p** keeps the *nucleus*, the smallest set of likeliest tokens that reaches a share $p$ (Holtzman et al. 2020).
#
# ### Exercise 3 ●●● · 20 minutes
# Write top-p. The token that crosses the threshold stays; what is kept is rescaled to sum to 1. `sort` also gives the order, and `torch.zeros_like(p).scatter(-1, order, p)` puts each number back at its place.
#
# <!-- example: top-p -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("top-p")
def nucleus(logits, top_p):
    """logits [..., V] -> probabilities [..., V], 0 outside the nucleus"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: top-p -->

# %% slideshow={"point": ["nucleus(", "multinomial("], "slide_type": "subslide"} tags=["definition"]
# course_utils.gpt: next_token

# %% [markdown]
# Your class has the poet's parameters, so your knobs can let it speak. It draws a letter, appends it, and asks again:

# %% slideshow={"point": ["next_token(", "torch.cat("]}
torch.manual_seed(3)
begun = spoken = torch.tensor([poet.tokenizer.encode("ROMEO:\n")])
with torch.no_grad():
    for _ in range(120):
        logits = yours(spoken)[:, -1]  # [1, V]: reads the whole text again
        spoken = torch.cat([spoken, next_token(logits, 0.7, 0.9)], 1)
print(poet.tokenizer.decode(spoken[0].tolist()))

# %% [markdown] slideshow={"slide_type": "subslide"}
# Now turn the knobs yourself. Press *draw*, and see what becomes of the story.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
captain = "The captain looked at the sky and"
asked = torch.tensor([prose.tokenizer.encode(captain)])


def next_logits(written):
    """What may follow the opening and the ids written so far: logits [V]."""
    read = torch.cat([asked, torch.tensor([written], dtype=torch.long)], 1)
    with torch.no_grad():
        return prose.model(read[:, -256:])[0, -1]


labs.sampling(
    next_logits([]),
    prose.tokenizer.tokens(range(len(prose.tokenizer))),
    text=captain,
    then=next_logits,
    model="gpt-prose",
    live=True,
    temperature=0.7,
    top_k=12,
    title="Which word will it be?",
    caption="The knobs sharpen, flatten or cut the model's probabilities; then one "
    "piece is [output|drawn] (␣: a space).",
)

# %% [markdown] tags=["keep"]
# **Keep this:** the model gives probabilities; how it writes is up to you. Temperature divides the logits, top-p cuts off the tail.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What need not be computed again
# <a id="kv-cache"></a>
# That loop computes the whole text anew for each token. But because of the causal mask, a token's keys and values do not depend on what comes after it, so as long as the text fits into the context they never change. A **KV cache** keeps them, two vectors for each token and layer, and only the last row of the map of scores has to be computed:

# %% tags=["definition"]
# course_utils.cache: Cache

# %%
caches = [Cache() for _ in yours.blocks]  # one for each layer
with torch.no_grad():
    yours(spoken[:, :-1], caches)  # reads all but the last letter
    last = yours(spoken[:, -1:], caches)  # the last one alone: [1, 1, V]
    gap = (last[:, -1] - yours(spoken)[:, -1]).abs().max()
print(f"kept: {tuple(caches[0].k.shape)}; largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and caches[0].k.shape == (1, 8, spoken.shape[1], 32)

# %% [markdown]
# The same logits, from one row. `generate` writes like this. It reads the text once, and from then on each new token alone; it takes several texts at a time, and gives each token as soon as it is drawn:

# %% slideshow={"point": ["model(new, caches)", "next_token("]} tags=["definition"]
# course_utils.gpt: generate

# %% [markdown]
# How much time does that save in a text of 80 pieces?

# %% jupyter={"source_hidden": true}
import time


def clock(cache, count=80):
    """The text of `count` pieces after the opening, and the processor seconds it took."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.process_time()
    torch.manual_seed(0)
    opening = torch.tensor([prose.tokenizer.encode(captain)])
    written = torch.cat([*generate(prose.model, opening, count, cache=cache)], 1)
    took = time.process_time() - started
    torch.set_num_threads(threads)
    return written, took


(kept, fast), (same, slow) = clock(True), clock(False)
print(
    f"gpt-prose, 80 pieces: {slow / fast:.1f} times as fast with the cache, and "
    f"{'the same' if kept.equal(same) else 'another'} text"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert kept.equal(same) and slow > 1.5 * fast

# %% [markdown] slideshow={"slide_type": "slide"} tags=["asks"]
# ## Four: what is a token?
# <a id="token"></a><a id="bpe"></a>
# The poet reads letters, so a word takes many steps. A vocabulary of whole words would be huge, and never complete. In between lies **byte-pair encoding** (BPE): begin with single bytes, and again and again join the most frequent pair of neighbours. Here are *low* five times, *lower* twice, *newest* six times, *widest* three times and *less* once. **Guess** the first pair:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
pairs = labs.merges(
    {"low": 5, "lower": 2, "newest": 6, "widest": 3, "less": 1},
    word="lowest",
    title="Which two belong together?",
)
asking(pairs)

# %% tags=["definition"]
# course_utils.merges: words_of, joined

# %% [markdown] tags=["card"]
# ### Exercise 4 ●●○ · 8 minutes
# Write one merge: count the pairs of neighbours in all words, take the most frequent one, and join it everywhere (`joined` does it for a word).
#
# <!-- example: bpe merge -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
from collections import Counter

@exercise("bpe merge")
def merge_once(words):
    """words {("l", "o", "w"): 5, …}: pieces -> how often
    -> the most frequent pair, the words after joining it"""
    raise NotImplementedError

# %% [markdown] slideshow={"point": ["best = "]}
# <!-- solution: bpe merge -->

# %% jupyter={"source_hidden": true}
import re

# %% tags=["definition"]
# course_utils.merges: learn_merges

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.merges: Tokenizer

# %% [markdown]
# The book that you train on ships with the course: *The Adventures of Sherlock Holmes*. The last tenth is held out, for the tokenizer, too.

# %% seconds=15
book = data.book()
cut = len(book) * 9 // 10
known, held_out = book[:cut], book[cut:]
tokenizer = Tokenizer(learn_merges(known[:200_000], count=500))
ids, unread = (torch.tensor(tokenizer.encode(text)) for text in (known, held_out))
numbers = tokenizer.encode("“My dear Holmes,” said I, “this is too much.”")
print(" · ".join(tokenizer.decode([n]) for n in numbers[1:]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tokenizer.decode(tokenizer.encode(held_out)) == held_out and len(tokenizer.pieces) == 756

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: the loop
# Chapter 5's step of training, now with your targets. Gradients that are too long are *clipped*.
#
# <a id="muon"></a>Two optimisers share the work. **AdamW** trains tables, norms and biases: it is chapter 5's Adam, with parameters that shrink a little at each step. **Muon** trains the matrices (Jordan et al. 2024): it takes a matrix's averaged gradient and sets all its singular values to about 1, so that the step goes equally far in each of its directions. AdamW alone would do, but needs more steps: after the 300 of this lesson it pays 2.32 bits per character where Muon pays 1.99 (2.22 if the matrices get a rate of their own), and after 900 steps 1.93. [The annex](07_gpt_annex.ipynb#muon) builds Muon in a few lines. <!-- 2.22: rates 1e-2 and 1e-3, warm-up of 30 steps, seed 0: 2.218; with 2e-3: 2.238 -->

# %% slideshow={"point": ["next_token_loss(model, ids)", "optimiser.step"]} tags=["definition"]
# course_utils.gpt: next_token_loss, training_step, optimisers_of

# %% jupyter={"source_hidden": true} tags=["asserts"]
gained = results.load("gpt_optimisers")
with_muon, *rates, longer = gained["runs"]
best = min(rates, key=lambda row: row["bits"])
assert {row["steps"] for row in (with_muon, *rates)} == {300} and longer["steps"] == 900 and longer["rate"] == best["rate"]
assert [round(row["bits"], 2) for row in (with_muon, best, longer)] == [1.99, 2.32, 1.93]

# %% [markdown]
# ### A task without data
# Before the book, a task in which every bug shows: six digits, “=”, and the same digits again (`copying`; `windows` cuts the book).

# %% tags=["definition"]
# course_utils.gpt: copying, windows

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    model = GPT(vocab=11, size=64, layers=2)
    return training_step(model, optimisers_of(model, rate=1e-2), copying(64))

for_training(one_step)  # with nothing solved it does nothing

# %% seconds=5 slideshow={"slide_type": "subslide"} tags=["training"]
torch.manual_seed(0)
copier = GPT(vocab=11, size=64, layers=2)
optimisers = optimisers_of(copier, rate=1e-2)
for step in range(200):
    loss = training_step(copier, optimisers, copying(64))
    if step in (0, 49, 99, 199):
        asked = copying(500)
        copied = torch.cat([*generate(copier, asked[:, :7], 6, temperature=0)], 1)
        right = (copied == asked[:, 7:]).all(1)
        share = right.float().mean()
        print(f"after {step + 1:3} steps: loss {loss:.2f}, copied {share:.0%}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert right.float().mean() > 0.98 and 0.9 < loss < 1.2 and copying(1)[:, 1:].shape == (1, 12)
assert round(math.log(11), 2) == 2.4 and round(5 * math.log(10) / 12, 2) == 0.96

# %% [markdown]
# It begins at $\ln 11=2.40$, and cannot fall to 0. Of the twelve targets five are digits that nobody can know, so its floor is $5\cdot\ln 10\,/\,12=0.96$.
#
# ### The book
# <a id="training"></a>
# Each step reads 32 windows of 65 pieces from random places. Every sixty steps the loss of what was just read is set beside that of pieces from the tenth that is never read, and the model writes on from “My dear”, without a blank at the end: a blank belongs to the next word, and alone the model hardly ever saw it.

# %% jupyter={"source_hidden": true}
STEPS = {"class": 300, "full": 1500}[runtime.profile]
start = torch.tensor([tokenizer.encode("My dear")])

# %% seconds=60 slideshow={"slide_type": "slide"} tags=["training"]
torch.manual_seed(0)
model = GPT(len(tokenizer.pieces), size=128, layers=2)
optimisers = optimisers_of(model, rate=1e-2)
for step in range(STEPS):
    for one in optimisers:  # the rate of each falls to 0
        one.param_groups[0]["lr"] = one.defaults["lr"] * (1 - step / STEPS)
    loss = training_step(model, optimisers, windows(ids, 32, 65))
    if step % 60 == 0 or step == STEPS - 1:
        with torch.no_grad():
            new = next_token_loss(model, windows(unread, 64, 65))
        text = torch.cat([start, *generate(model, start, 15, 0.7, 0.9)], 1)[0].tolist()
        print(f"{step:4} {loss:.2f} nats, not read {new:.2f}  {tokenizer.decode(text)!r}")

# %% [markdown]
# <a id="bigram"></a><a id="bits-per-character"></a>
# Is that good? The simplest rival needs no training: a **bigram** table counts which piece follows which. <a id="perplexity"></a>Papers give the **perplexity**, $e^{\text{loss}}$: the model is as unsure as among so many equally likely pieces. But pieces can be short or long, so we compare **bits per character**: the nats of a piece, divided by $\ln 2$ and by its 2.6 characters (on average).

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
kept_back = unread.tolist()
reached = reader_models.bits(model, kept_back, len(held_out))
table = reader_models.bigram_bits(ids, kept_back, len(tokenizer.pieces), len(held_out))
recorded = results.load("gpt_book")
curves = {
    "your GPT, ten minutes (recorded)": tuple(zip(*recorded["history"], strict=True))
}
if last := training.newest():  # what was trained in this folder
    curves[f"python -m mine train {last.name}"] = tuple(zip(*last.history, strict=True))
end = max(seconds[-1] for seconds, _ in curves.values())
curves |= {
    "bigram table": ((0, end), (table, table)),
    from_cell("this lesson’s GPT, {STEPS} steps", STEPS=STEPS): ((0, end), (reached, reached)),
}
plot.lines(
    curves,
    "seconds of training",
    "bits per character",
    title="When should the training stop?",
    caption=from_cell(
        "How well the held-out tenth is predicted: point along the curve. This "
        "lesson’s GPT needs {reached} bits per character, the bigram table "
        "{table}. {about}", reached=f'{reached:.2f}', table=f'{table:.2f}',
        about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert reached < table and 2.1 < table < 2.3 and reached < 2.2
assert recorded["history"][-1][1] > 1.92 + 0.1 and 300 < min(recorded["history"], key=lambda both: both[1])[0] < 6 * 60 + 5
assert recorded["history"][-1][0] >= 600 and round(min(b for _, b in recorded["history"]), 2) == 1.92 and round(table, 1) == 2.2
assert round(len(held_out) / len(kept_back), 1) == 2.6
read = ids.tolist()
grams = [Counter(zip(*(read[i:] for i in range(n)), strict=False)) for n in range(1, 5)]
follow = [Counter(gram[:-1] for gram in g.elements()) for g in grams]  # how often a beginning occurs
kinds = [Counter(gram[:-1] for gram in g) for g in grams]  # with how many different ends
def chance(gram):
    """Each longer table is mixed with the shorter one: Witten and Bell's weights, with three for each kind of end."""
    p = 1 / len(tokenizer.pieces)
    for n in range(len(gram)):
        part = gram[len(gram) - n - 1 :]
        count, new = follow[n][part[:-1]], 3 * kinds[n][part[:-1]]
        p = (grams[n][part] + new * p) / (count + new) if count else p
    return p
costs = [-math.log2(chance(tuple(kept_back[max(0, i - 3) : i + 1]))) for i in range(1, len(kept_back))]
counted = sum(costs) / len(held_out)
assert round(counted, 2) == 1.88, counted
assert len(known) == 502_797 and len(tokenizer.encode(held_out)) == len(kept_back)

# %% [markdown] tags=["keep"]
# The table, too, has learned from pieces: it needs 2.2 bits for a character of the tenth that neither has read. A minute of training beats it, and a larger model, which you can train below, comes down to 1.92 within six minutes. But a table that looks *three* pieces back, mixed with shorter ones, reaches 1.88 by counting alone. <!-- source: the weight 3 is also the best of 1, 2, 3, 4, 6 on the last tenth of what is read --> So on one book this GPT does not beat counting.
#
# <a id="overfitting"></a>After those six minutes the bits rise again, because it begins to know the book by heart, which is called **overfitting**. Its best state is kept, and since that state was chosen on the held-out tenth, 1.92 is a little kind. Speech marks close, sentences end, people are called Holmes; what is said means nothing.
#
# <a id="web-text"></a>**Where does more text come from?** A large model reads not one book, but billions of pages. Common Crawl, a public copy of the web, is cut down in steps: the text is taken out of its pages, the language is recognised, and what looks like lists, spam or filth is dropped by rules or by a small classifier. Near-copies are dropped as well, because repeats are learned by heart. FineWeb made 15 trillion tokens in this way, dropping copies within each crawl (Penedo et al. 2024). <!-- source: Penedo et al. 2024 -->
#
# Makers add code, books and papers, and often search for what the tests ask and take it out. The authors of all this text were seldom asked.
#
# **Keep this:** with small first parameters the first loss is near ln V; to judge a model, compare it with a table that only counts, on text that neither has read.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes your GPT and your tokenizer into files that need only torch, each tested in a process of its own, and two commands beside them. It also puts a book beside your notebooks, to train on.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

book = {"sherlock_holmes.txt": data.book()}
keep("gpt", "tokenizer", "training", "__main__", beside=book)

# %% [markdown]
# Published parameters of GPT-2 fit into this class, too: [the annex](07_gpt_annex.ipynb#gpt-2) loads them. In a terminal, in the folder of your notebooks:
#
# ```text
# python -m mine train sherlock_holmes.txt     ten minutes; ^C stops it, the same line goes on
# python -m mine write "“My dear Watson"
# ```
#
# Any text of yours will do instead, from 20,000 characters on, better 100,000 and more: letters, songs, another language. <!-- source: mine/__main__.py --> Run the cell with the picture again, and your curve stands beside ours.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. A language model gives a distribution over the next token; its targets are its inputs, shifted by one.
# 2. GPT is a stack of Transformer blocks with a causal mask, between two uses of one token table.
# 3. From small parameters the first loss is about ln V. Beat a table that counts, on text that was held out, in bits per character.
# 4. Temperature divides the logits; top-p keeps the likeliest tokens, up to a share.
# 5. With a causal mask no key or value depends on later tokens, so a cache keeps them.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](07_gpt_annex.ipynb#open-questions).
# 1. *Prove:* with the causal mask and without positions, one layer at *c* cannot tell *a b c* from *b a c*; two can.
# 2. *Design an experiment:* does your model know sentences of the book by heart?
# 3. *Why not* compare two models by their perplexity?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [language model](#language-model) | 语言模型 | a distribution over the next token |
# | [next-token prediction](#next-token) | 下一词元预测 | the text is its own answer |
# | [context](#context) | 上下文窗口 | what the model sees at once |
# | [autoregressive](#autoregressive) | 自回归 | draws a token, reads it, draws the next |
# | [temperature](#temperature) | 温度 | divides the logits |
# | [top-k, top-p](#top-p) | 前 k 采样、核采样 | two ways to cut off the tail |
# | [token](#token) | 词元 | the piece of text that gets a number |
# | [byte-pair encoding](#bpe) | 字节对编码 | joins the most frequent pair, again and again |
# | [bigram](#bigram) | 二元语法 | counts which token follows which |
# | [perplexity](#perplexity) | 困惑度 | e to the loss |
# | [bits per character](#bits-per-character) | 每字符比特数 | the cost of a text, whatever its tokens |
# | [overfitting](#overfitting) | 过拟合 | learned by heart |
# | [KV cache](#kv-cache) | 键值缓存 | keys and values that are kept |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(7)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: who answers?
# Your GPT goes on with a text; it does not answer. Five changes make it the kind of model that is built today; then published parameters fit into it, and it learns to talk.
#
# **→ [8 · Who answers?](08_who_answers.ipynb)** · What else there is to know about GPTs is in [the annex](07_gpt_annex.ipynb): a head that repeats, what pre-training is worth, translating by continuing, scaling laws, serving, and what circulates.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 7, edition 0.4.0, and the heading above it.*
