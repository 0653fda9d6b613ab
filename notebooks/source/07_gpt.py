# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 7 · What comes next?
# *GPT.* At the end you hold `mine/gpt.py` and `mine/tokenizer.py`, a GPT in plain PyTorch with your own lines in it, and two commands that train it and let it write. <!-- minutes --> **Before:** [chapter 5](05_transformer.ipynb).
#
# ## A game of 1951
# How well can you guess the next letter? Claude Shannon let people try in 1951. Play his game against a small model, on two lines of *The Tempest* that it was not trained on. If the model gave the right letter the probability $p$, it pays $-\log_2 p$ **bits**: nothing for 1, one for ½, two for ¼. **Before you play:** how many bits does it pay on average?

# %% jupyter={"source_hidden": true}
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch07 import again, exercise, hint, labs, reader_models, solution
from chapters.ch07.kept import training
from course_kit.i18n import from_cell
from course_kit import data, results
from course_kit.views import plot, predict
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
assert 4 < 2**paid.mean() < 5

# %% [markdown] slideshow={"slide_type": "fragment"}
# <a id="language-model"></a>
# <details><summary>Answer</summary>
#
# 2.2 bits in these two lines, about as if you had to choose among four or five letters each time. Shannon estimated 0.6 to 1.3 bits for people, in an easier text without capitals and punctuation. <!-- source: Shannon 1951 -->
#
# </details>
#
# A **language model** gives every possible next token a probability. In this lesson you build one, teach it a book, and let it write.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## A prompt can be a task
# Why would anybody build a machine that guesses the next word? Try it yourself, and watch what you use:
#
# | the text so far | you say | what did you use? |
# |---|---|---|
# | *They looked at each* | *other* | a phrase of the language |
# | *The capital of France is* | *Paris* | a fact |
# | *The old man was cold, so he sat down by the* | *fire* | what people do |
# | *In French, good morning is* | *bonjour* | another language |
# | *A K B = A K* | *B* | what stands in the text itself |
#
# This is the idea of the lesson: **to predict the next word well, a model has to use whatever helps, such as grammar, facts, and the text in front of it. So if you write a text whose next word is the answer to a task, a model that is good enough solves the task by going on.** The text that you give it is called the **prompt**.
#
# <a id="decoder-only"></a>
# Such a model is called a **GPT**, *generative pre-trained Transformer*. You know it as the decoder of chapter 5, now without cross-attention, because we have no second text to look at. The first three were made by OpenAI, each larger than the one before:
#
# | | parameters | how it got its task |
# |---|---|---|
# | GPT, 2018 | 117 million | it was trained further for each task, as BERT was |
# | GPT-2, 2019 | 1.5 billion | in the prompt: after an article and *TL;DR:* it wrote a summary |
# | GPT-3, 2020 | 175 billion | in the prompt, with a few examples before the question <!-- source: Radford et al. 2018, 2019; Brown et al. 2020 --> |
#
# Ours are smaller than all three. Open one of them:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
prose = load_checkpoint("gpt-prose")  # it has read 29 old novels and children's books
prompt = "The old man sat down by the"
labs.opened(
    prose,
    prompt,
    title="What is inside a GPT?",
    caption="The bars are what our gpt-prose expects after these words.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert prose.card["data"]["corpus"] == "books" and 32 - (prose.card["data"]["split"].count(";") + 1) == 29
def expected(text, count=1):
    with torch.no_grad():
        p = prose.model(torch.tensor([prose.tokenizer.encode(text)]))[0, -1].softmax(-1)
    return [(prose.tokenizer.tokens([i])[0].strip(), p[i].item()) for i in p.topk(count).indices.tolist()]
assert expected("They looked at each")[0][0] == "other" and expected(prompt)[0][0] == "fire" and round(expected(prompt)[0][1], 1) == 0.4

# %% [markdown]
# At the bottom an *embedding* gives each token a vector. In the middle a stack of *blocks* changes these vectors. At the top we compare the last vector with every token that the model knows, and get the *logits*. A softmax makes probabilities of them.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: next word, one loss
# <a id="next-token"></a>
# To teach a machine, you need questions whose answers you know. Here each word of a text is the answer to what stands before it. So nobody has to label anything, and a sentence of nine tokens gives you eight questions:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.exams(
    prose,
    "The old man sat down by the fire.",
    title="How many exams are in one sentence?",
    caption="In each row the model has read the [key|tokens on the left] and should name the "
    "[output|next one]. The bar shows what it pays. Where is it cheap, and why?",
)

# %% [markdown] tags=["card"]
# *The* after *by* is cheap, because the model expects it more than all other tokens together. *Sat* is the most expensive, because an old man might do anything. The model takes all eight exams at once, because chapter 5's causal mask hides from each position what comes after it.
#
# ### Exercise 1 ●○○ · 2 minutes
# Cut the ids of a text into inputs and targets. Which token is only an input, which only a target?
#
# <!-- example: next token targets -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
tokens_of = prose.tokenizer.encode("The old man sat down by the fire.")
with torch.no_grad():
    cost = -prose.model(torch.tensor([tokens_of]))[0].log_softmax(-1)[range(8), tokens_of[1:]]
assert len(tokens_of) == 9 and cost.argmax() == 2 and cost.argmin() == 5

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("next token targets")
def inputs_and_targets(ids):
    """ids [B, T + 1] -> inputs [B, T], targets [B, T]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: next token targets -->
#
# How well did the exams go? At each position the model pays $-\ln p$, where $p$ is the probability that it gave to the right token. It is the price of the game, but with the natural logarithm, and its unit is the *nat*. The **loss** is the mean over all positions. Here are two positions and three tokens. The right token is 0 in both rows, and the first row gives it a high probability, the second a low one.

# %%
logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])  # [T, V]
targets = torch.tensor([0, 0])
for row, target in zip(logits, targets, strict=True):
    exps = row.exp()
    p = exps / exps.sum()
    print("e^logit", [round(x, 2) for x in exps.tolist()], end="   ")
    print("p", [round(x, 2) for x in p.tolist()], end="   ")
    print(f"right {p[target]:.2f}, pays {-p[target].log():.2f}")
print("all at once:", round(F.cross_entropy(logits, targets).item(), 2))

# %% jupyter={"source_hidden": true} tags=["asserts"]
p = logits.softmax(-1)[[0, 1], targets]
assert abs((-p.log()).mean() - F.cross_entropy(logits, targets)) < 1e-6 and [round(x, 2) for x in p.tolist()] == [0.67, 0.09]
assert round(math.log(11), 1) == 2.4

# %% [markdown] tags=["keep"]
# What is the loss before any training? A new model with small parameters gives each of the $V$ tokens about $1/V$, so its loss is about $\ln V$. For the eleven tokens of our first task that is 2.4. If your own model starts far above $\ln V$, its first parameters are probably too large.
#
# **Keep this:** a text is its own exam: at each position the next token is the right answer.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: a GPT
# <a id="causal"></a>
# First attention, once more in words, with a picture of Jay Alammar's: a clerk in front of a filing cabinet. In his hand he has a sticky note with a question, the <b style="color:#bf5f00">query</b>. Each folder has a label, its <b style="color:#007fc6">key</b>, and something inside, its <b style="color:#008a67">value</b>. He compares his note with every label, and takes most from the folders whose labels fit.
#
# In a GPT every token is such a clerk, and every token is also a folder. But **a token may open only its own folder and those of tokens before it**, because otherwise it would find its own answer in the next folder.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from course_kit.heads import attention_weights

told = prose.tokenizer.encode(prompt)
with torch.no_grad(), attention_weights(prose.model) as seen:
    prose.model(torch.tensor([told]))
cabinet = [token.strip() for token in prose.tokenizer.tokens(told)]
heads = {
    from_cell("block {block}, head {n}", block=block, n=n): seen["decoder"][block - 1][0, n - 1]
    for block, n in ((3, 4), (4, 2))
}
plot.maps(
    heads,
    {name: cabinet for name in heads},
    {name: cabinet for name in heads},
    axes=("query", "key"),
    title="Whose folders does each token open?",
    caption="Two heads of gpt-prose. A row is a [query|token that asks], a column a [key|folder]. Above the "
    "diagonal all is hidden.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
before, other = heads.values()
assert (before.triu(1) == 0).all() and (other.triu(1) == 0).all()
assert [before[i].argmax() for i in (3, 4, 5, 6)] == [2, 3, 4, 5] and other[3].argmax() == 2 and other[6].argmax() == 3

# %% [markdown]
# In the first head each token looks one place back: *by* opens the folder of *down*, for example, and the last *the* opens that of *by*. In the second head *sat* opens the folder of *man*, and the last *the* opens that of *sat*.
#
# As a formula this is the softmax of $QK^\top/\sqrt d$, times $V$, under chapter 5's causal mask. PyTorch computes exactly this in one fast call, `F.scaled_dot_product_attention`; with `is_causal=True` it hides what comes later. But it does not return the weights, so our class has a second method, `weights`, for when you want to look at them. The functions that cut and join the heads are from chapter 5:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.attention: causal_mask, masked_softmax, split_heads, join_heads
# course_utils.blocks: add_norm

# %% jupyter={"source_hidden": true}
from mine import add_norm, masked_softmax, split_heads  # as you wrote them, if you did

# %% slideshow={"point": ["is_causal=True"], "slide_type": "subslide"} tags=["definition"]
# course_utils.gpt: CausalAttention

# %% [markdown] slideshow={"slide_type": "skip"}
# For three random tokens you should see zeros above the diagonal, rows that sum to 1, and no difference but rounding:

# %%
torch.manual_seed(0)
attention, x = CausalAttention(size=8, heads=1), torch.randn(1, 3, 8)
with torch.no_grad():
    weights, (q, k, v) = attention.weights(x), attention.project(x)
    by_hand = attention.out(join_heads(weights @ v))
    gap = (attention(x) - by_hand).abs().max()
for row in weights[0, 0].tolist():
    print([round(w, 2) for w in row])
print(f"difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-5 and (weights.triu(1) == 0).all() and torch.allclose(weights.sum(-1), torch.ones(1, 1, 3))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A block adds
# A block has two parts, as in chapter 5. Attention brings something from earlier tokens, and the network works on each token by itself. Neither of them replaces the token's vector. What a part finds is *added* to it, and this is a **residual connection**. The vector that runs from the first block to the last, and is added to on its way, is the *residual stream*.
#
# We can stop after each part, and ask what the model would say if it ended there:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.stream(
    prose,
    prompt,
    " fire",
    title="When does it think of the fire?",
    caption="The stream behind the last “the”: two of its numbers. Each part [output|adds] something. "
    "Follow the bar of “fire”.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch07.labs.drawings import states

told = prose.tokenizer.encode(prompt)
with torch.no_grad():
    through = states(prose.model, torch.tensor([told]))
    says = (prose.model.norm(through[:, -1]) @ prose.model.tokens.weight.T).softmax(-1)
    assert torch.allclose(prose.model.norm(through[-1]) @ prose.model.tokens.weight.T, prose.model(torch.tensor([told]))[0], atol=1e-3)
fire = prose.tokenizer.encode(" fire")[-1]
assert says[0].argmax() == told[-1] and (says[:, fire].diff()[7:] > 0).all() and says[6, fire] < 0.02 and len(says) == 13

# %% [markdown] slideshow={"slide_type": "fragment"}
# At the bottom the stream holds only *the*, so the model would repeat it. Here, in the upper half, *fire* gets a little more from each part. In code each part $f$ computes $x+f(\mathrm{norm}(x))$, and your `add_norm` is that line:

# %% slideshow={"point": ["add_norm("], "slide_type": "skip"} tags=["definition"]
# course_utils.gpt: CausalBlock

# %% [markdown] slideshow={"slide_type": "skip"}
# <a id="context"></a>
# Below the blocks our class has a table of tokens and a table of positions. (`gpt-prose` has no such table, because it turns queries and keys, as in chapter 4.) Above them we use the table of tokens once more: the logit of a token is the dot product of its row with the last vector. The table of positions has only as many rows as we give it. So the model can read only that many tokens at once, and this is its **context**:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.gpt: GPTConfig, GPT

# %% [markdown] slideshow={"slide_type": "skip"}
# The five million parameters of the model that you played against fit into your class:

# %%
yours = GPT(GPTConfig(vocab=69, size=256, layers=6, heads=8, context=256))
yours.load_state_dict(poet.model.state_dict())
with torch.no_grad():
    gap = (yours(ids) - poet.model(ids)).abs().max()
print(f"{yours(ids).numel():,} logits, largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What if nothing is added?
# Why all this adding? Let us train a model with it and one without. Here the prompt is the task: six digits and “=”, behind which the same digits should come.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "fragment"}
labs.plus(
    title="Add, or replace?",
    caption="The same parts, read from below. What happens to the [value|vector]?",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# A step of training cuts the rows with your function, computes the loss, and lets an optimiser change the parameters, here **AdamW**. It is chapter 5's Adam, which at each step also shrinks the parameters a little. Gradients that are too long are shortened (*clipped*):

# %% slideshow={"point": ["next_token_loss(model, ids)", "optimiser.step"], "slide_type": "skip"} tags=["definition"]
# course_utils.gpt: next_token_loss, training_step

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.gpt: copying

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    model = GPT(GPTConfig(vocab=11, size=64, layers=2))
    return training_step(model, torch.optim.AdamW(model.parameters()), copying(64))

for_training(one_step)  # with nothing solved it does nothing

# %% [markdown] slideshow={"slide_type": "skip"}
# In code, only the plus is missing in the second model:

# %%
class WithoutAdding(GPT):
    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block.attention(block.norm1(x))  # instead of x + …
            x = block.ffn(block.norm2(x))
        return self.norm(x) @ self.tokens.weight.T

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Both models get 150 steps. How many new rows does the one without residual connections "
    "copy?",
    ["all, but it learns later", "about half", "none"],
    answer=2,
    because="It does not even leave ln 11, the loss of a model that knows nothing.",
)

# %% seconds=25 slideshow={"slide_type": "subslide"} steps=150 tags=["training"]
losses = {}
for name, kind in {"with": GPT, "without": WithoutAdding}.items():
    torch.manual_seed(0)
    copier = kind(GPTConfig(vocab=11, size=64, layers=6))
    optimiser = torch.optim.AdamW(copier.parameters(), lr=3e-3)
    steps = [training_step(copier, optimiser, copying(64)) for _ in range(150)]
    rows = copying(500)
    with torch.no_grad():
        said = copier(rows[:, :-1]).argmax(-1)[:, 6:]  # after "=": [B, 6]
    losses[name] = steps, (said == rows[:, 7:]).all(1).float().mean().item()
    print(f"{name} residual connections: {losses[name][1]:.0%} of new rows are right")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} steps=[150]
plot.lines(
    {
        from_cell("with residual connections"): (range(150), losses["with"][0]),
        from_cell("without them"): (range(150), losses["without"][0]),
    },
    "steps",
    "loss in nats",
    compare={"ln 11": ((0, 149), (math.log(11), math.log(11)))},
    title="What if nothing is added?",
    caption="Two models of six blocks learn to copy six digits. A model that knows nothing pays "
    "ln 11 for a token.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert losses["without"][1] == 0
assert abs(losses["without"][0][-1] - math.log(11)) < 0.05
assert copying(1)[:, 1:].shape == (1, 12) and round(5 * math.log(10) / 12, 2) == 0.96

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert losses["with"][1] > 0.9
assert 0.9 < losses["with"][0][-1] < 1.3

# %% [markdown] tags=["keep"]
# The model that adds soon copies the digits. The other one has the same parts, but in these steps it learns nothing: you see its loss stay at ln 11. In the first model a token's vector passes by each part untouched, and the part only adds to it. In the second each of twelve parts replaces what came before it, and all of them begin with random numbers.
#
# Why does the first curve not fall to 0? Five of the twelve targets are random digits, which you could not guess either. So it cannot fall below 5/12 · ln 10, which is 0.96.
#
# <details><summary>How sure is this?</summary>
#
# We tried three kinds of small first parameters, and each time the loss stayed at ln 11. With larger first matrices six blocks can learn the task without the plus, but more slowly. <!-- source: AdamW, rate 3e-3, 100 steps each, loss 2.40 -->
#
# </details>
#
# **Keep this:** each part adds to the residual stream. Without this, our six blocks learned nothing in the same time.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: writing
# <a id="autoregressive"></a><a id="temperature"></a>
# How do you get a text out of probabilities? Choose a token, append it, and let the model read the longer text. Then choose the next one. This is called **autoregressive**: the model goes on from what it has written itself.
#
# But which token do you choose? If you always press a phone's first suggestion, it soon goes round in circles. So does `gpt-prose` if we always take the likeliest token:

# %%
with torch.no_grad():
    circle = torch.tensor([prose.tokenizer.encode(prompt)])
    for _ in range(40):
        likeliest = prose.model(circle)[:, -1].argmax(-1, keepdim=True)  # [1, 1]
        circle = torch.cat([circle, likeliest], 1)
print(prose.tokenizer.decode(circle[0].tolist()))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert prose.tokenizer.decode(circle[0].tolist()).count("I am not afraid of you") >= 3

# %% [markdown]
# So we *draw* the next token at random, each with its own probability. How bold should you be? The **temperature** $\tau$ divides the logits before the softmax, $p_i\propto\exp(z_i/\tau)$. With a pencil: the logits 2, 1, 0 give 0.67, 0.24, 0.09. At $\tau=\tfrac12$ they become 4, 2, 0, and give 0.87, 0.12, 0.02. Now we do the same with the eight tokens that `gpt-prose` expects most:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
with torch.no_grad():
    after = prose.model(torch.tensor([prose.tokenizer.encode(prompt)]))[0, -1]
eight, places = after.topk(8)  # of 4,096 pieces
labs.temperatures(
    eight,
    prose.tokenizer.tokens(places.tolist()),
    (0.5, 1, 2),
    title="How bold is the draw?",
    caption="“The old man sat down by the …”: one row of logits, and the [output|probabilities] at three "
    "temperatures.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
pencil = [[round(x, 2) for x in (torch.tensor([2.0, 1.0, 0.0]) / t).softmax(-1).tolist()] for t in (1, 0.5)]
assert pencil == [[0.67, 0.24, 0.09], [0.87, 0.12, 0.02]] and [x / 0.5 for x in (2, 1, 0)] == [4, 2, 0] and len(after) == 4096

# %% [markdown] slideshow={"slide_type": "subslide"} tags=["card"]
# A low temperature favours the likeliest token, and a high one makes the probabilities more equal.
#
# ### Exercise 2 ●○○ · 8 minutes
# Write the temperature so that it also works at 0, where the likeliest token takes all. (`F.one_hot(i, V)` has a 1 at place i and 0 elsewhere.)
#
# <!-- example: temperature -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("temperature")
def with_temperature(logits, temperature):
    """logits [..., V], temperature from 0 -> probabilities [..., V]"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "subslide"}
# <!-- solution: temperature -->
#
# <a id="top-p"></a><a id="top-k"></a>
# ### Cut off the tail
# Each unlikely token has a tiny share, but there are thousands of them, and one wrong word can spoil a sentence. So cut them off. Should we keep the twelve likeliest, say (**top-k**)? Let us count how many it takes to collect nine tenths of the probability:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "fragment"}
reach = {}
for word in ("each", "the"):
    with torch.no_grad():
        z = prose.model(torch.tensor([prose.tokenizer.encode(f"They looked at {word}")]))[0, -1]
    reach[word] = z.softmax(-1).sort(descending=True).values.cumsum(0)[:1000].tolist()
shown = sorted({round(10 ** (n / 12)) for n in range(37)})
plot.lines(
    {f"… {word}": (shown, [found[n - 1] for n in shown]) for word, found in reach.items()},
    "so many likeliest tokens",
    "have together",
    log="x",
    compare={"0.9": ((1, 1000), (0.9, 0.9))},
    title="How many tokens does it take?",
    caption="What gpt-prose expects after “They looked at each …” and after “They looked at the …”. Follow "
    "the dashed line.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
needed = {word: next(n for n, share in enumerate(found, 1) if share >= 0.9) for word, found in reach.items()}
assert needed == {"each": 1, "the": 592}

# %% [markdown] slideshow={"slide_type": "fragment"}
# After *each* you need one token, after *the* hundreds, so no fixed number is right. With **top-p** you ask for a share instead: keep the smallest set of likeliest tokens that together reach $p$, the *nucleus* (Holtzman et al. 2020). With a pencil, take ½, ¼, ⅛, ⅛ and $p=\tfrac23$. The first token alone has ½, which is too little; the first two have ¾. So you keep two, and divided by ¾ they are ⅔ and ⅓.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 3 ●●○ · 10 minutes
# Write top-p. Two lines are given: `p, order = logits.softmax(-1).sort(-1, descending=True)` sorts, and `torch.zeros_like(p).scatter(-1, order, p)` puts each number back at its place. Between them, set a token to 0 if the tokens *before* it in this order already have `top_p` together (`p.cumsum(-1)` adds them up). Then divide by the sum of the rest.
#
# <!-- example: top-p -->

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
@exercise("top-p")
def nucleus(logits, top_p):
    """logits [..., V] -> probabilities [..., V], 0 outside the nucleus"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: top-p -->
#
# Now you draw a token with both knobs, append it, and go on. `[:, -1]` takes the logits of the last position, because you want the token after the end:

# %% slideshow={"point": ["nucleus(", "multinomial("], "slide_type": "skip"} tags=["definition"]
# course_utils.gpt: next_token

# %% slideshow={"point": ["next_token(", "torch.cat("], "slide_type": "subslide"} tags=["definition"]
# course_utils.gpt: write

# %% [markdown]
# Your class with the poet's parameters can speak:

# %%
torch.manual_seed(3)
begun = torch.tensor([poet.tokenizer.encode("ROMEO:\n")])
spoken = write(yours, begun, 120, temperature=0.7, top_p=0.9)
print(poet.tokenizer.decode(spoken[0].tolist()))

# %% [markdown] slideshow={"slide_type": "subslide"}
# Now turn the knobs yourself.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
asked = torch.tensor([prose.tokenizer.encode(prompt)])


def next_logits(written):
    """What may follow the opening and the ids written so far: logits [V]."""
    read = torch.cat([asked, torch.tensor([written], dtype=torch.long)], 1)
    with torch.no_grad():
        return prose.model(read[:, -256:])[0, -1]


labs.sampling(
    next_logits([]),
    prose.tokenizer.tokens(range(len(prose.tokenizer))),
    text=prompt,
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
# **Keep this:** the model gives probabilities, and you choose. Temperature divides the logits, top-p cuts off the tail.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: pieces
# <a id="token"></a><a id="bpe"></a>
# Our model of Shakespeare reads single letters, so one word takes it many steps, and its context is soon full. With whole words the vocabulary would be huge, and the first new word unknown. What would you do? Take pieces in between: whole words where they are frequent, and parts of words elsewhere.
#
# **Byte-pair encoding** (BPE) finds such pieces by counting. Begin with single letters, join the two neighbours that stand side by side most often, and count again. We try it on five words.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "low occurs 5 times, lower 2, newest 6, widest 3, less once. Which two letters are joined first?",
    ["l and o", "e and s", "s and t", "w and e"],
    answer=1,
    because=[
        "They meet in low and lower, 5 + 2 = 7 times.",
        "They meet in newest, widest and less, 6 + 3 + 1 = 10 times.",
        "They meet in newest and widest, 6 + 3 = 9 times.",
        "They meet in lower and newest, 2 + 6 = 8 times.",
    ],
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
corpus = {"low": 5, "lower": 2, "newest": 6, "widest": 3, "less": 1}
pairs = labs.merges(corpus, word="lowest", title="Which two belong together?")
asking(pairs)

# %% [markdown]
# *Newest* grows from its letters to a single piece:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.grows(
    corpus,
    "newest",
    title="How does a word grow?",
    caption="From below: the [key|letters] of one word, and each [output|piece] that the counting makes of them.",
)

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.merges: words_of, joined

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 4 ●●○ · 8 minutes
# Write one merge: count the pairs of neighbours in all words, take the most frequent one, and join it everywhere (`joined` does it for a word).
#
# <!-- example: bpe merge -->

# %% slideshow={"slide_type": "skip"} tags=["exercise"]
from collections import Counter

@exercise("bpe merge")
def merge_once(words):
    """words {("l", "o", "w"): 5, …}: pieces -> how often
    -> the most frequent pair, the words after joining it"""
    raise NotImplementedError

# %% [markdown] slideshow={"slide_type": "skip"}
# <!-- solution: bpe merge -->
#
# The list of merges is the tokenizer: to cut a new word, apply them in their order, as `cut` does below. We begin with the 256 *bytes* instead of letters. Any text in any script is a row of bytes, so nothing is ever unknown.

# %% jupyter={"source_hidden": true}
import re

# %% tags=["definition"]
# course_utils.merges: learn_merges

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.merges: Tokenizer

# %% [markdown] slideshow={"slide_type": "skip"}
# Let us learn 500 merges from the beginning of *The Adventures of Sherlock Holmes*, the book that you will train on. We hold out its last tenth. Then we cut a sentence:

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
assert (round(math.log(756), 1), round(len(held_out) / len(unread), 1)) == (6.6, 2.6)

# %% [markdown] tags=["keep"]
# **Keep this:** byte-pair encoding joins the most frequent pair of neighbours, again and again. It begins with bytes, so no text is unknown.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a book
# <a id="training"></a>
# Now let your GPT read the book. For each step `windows` cuts 32 pieces of text from random places, of 65 tokens each:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.gpt: windows

# %% jupyter={"source_hidden": true} steps=[600, 900]
import copy

STEPS = {"class": 600, "full": 900}[runtime.profile]
start = torch.tensor([tokenizer.encode("“My dear Watson,")])
torch.manual_seed(1)
exam = windows(unread, 128, 65)  # of the tenth that is never read

# %% [markdown] slideshow={"slide_type": "skip"}
# We let the learning rate rise first, then fall to 0. `look` measures the loss on `exam`, which is text that the model never reads, lets the model write on from *My dear Watson,* and keeps the parameters if they are the best so far:

# %% slideshow={"slide_type": "skip"}
def rate(step):
    """It rises for a tenth of the steps, and falls to 0."""
    return 3e-3 * min(1, (step + 1) / (STEPS // 10)) * (1 - step / STEPS)

# %% slideshow={"slide_type": "skip"}
@torch.no_grad()
def look(step, loss):
    """Measure, let it write, and keep the parameters if they are the best so far."""
    new = next_token_loss(model, exam).item()
    text = tokenizer.decode(write(model, start, 10, 0.7, 0.9)[0].tolist())
    if new < min((row[2] for row in history), default=math.inf):
        best.update(copy.deepcopy(model.state_dict()))
    history.append((step, loss, new, " ".join(text.strip("“").split())))
    if step % 120 == 0 or step == STEPS:
        print(f"{step:4}  {loss:.2f} nats, never read {new:.2f}  {history[-1][3]!r}")

# %% [markdown] slideshow={"slide_type": "skip"}
# You should see a first loss near ln 756, which is 6.6.

# %% seconds=60 slideshow={"slide_type": "slide"} tags=["training"]
torch.manual_seed(0)
model = GPT(GPTConfig(len(tokenizer.pieces), layers=2))
optimiser = torch.optim.AdamW(model.parameters())
history, best = [], {}
for step in range(STEPS + 1):
    optimiser.param_groups[0]["lr"] = rate(step)
    loss = training_step(model, optimiser, windows(ids, 32, 65))
    if step % 30 == 0:
        look(step, loss)
model.load_state_dict(best)
print(f"kept: the parameters that pay {next_token_loss(model, exam):.2f} nats")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.learning(
    history,
    title="What does it learn, and when?",
    caption="The loss of [key|what it reads], and of [value|text that it never reads]. Below, what it "
    "writes at three points.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
reached = reader_models.bits(model, unread.tolist(), len(held_out))
with torch.no_grad():
    assert abs(next_token_loss(model, exam).item() - min(row[2] for row in history)) < 1e-5
assert round(len(held_out) / len(unread), 1) == 2.6 and abs(history[0][1] - math.log(756)) < 0.3 and round(math.log(756), 1) == 6.6 and round(math.exp(3.61)) == 37

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert history[-1][1] < 4 and reached < 2.15

# %% [markdown] slideshow={"slide_type": "fragment"}
# At first your model pays ln 756, as it should, and writes any pieces. At the end it writes mostly words, and half-sentences which mean nothing.
#
# ### Is that good?
# <a id="bits-per-character"></a><a id="perplexity"></a><a id="bigram"></a>
# A loss per token tells you little, because tokens can be short or long. You can compare **bits per character** whatever the tokens are. Divide the nats by ln 2, and by the characters in a token, here 2.6 on average. (Papers often give the **perplexity**, $e^{\text{loss}}$. A perplexity of 37 means as much doubt as a fair choice among 37 tokens.)
#
# Compared with what? The simplest rival needs no training. A **bigram** table counts which piece follows which in the book. A better table uses the last three pieces. If it has not seen these three together, it uses the last two, and then one. We let all of them read the same nine tenths, and ask about the last:

# %% jupyter={"source_hidden": true}
read = ids.tolist()
kept_back = unread.tolist()
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


def counted(back):
    """Bits per character of a table that looks so many pieces back."""
    costs = (math.log2(chance(tuple(kept_back[max(0, i - back) : i + 1]))) for i in range(1, len(kept_back)))
    return -sum(costs) / len(held_out)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
recorded = results.load("gpt_book")
tables = {back: counted(back) for back in (1, 3)}
reached = reader_models.bits(model, kept_back, len(held_out))
names = [
    from_cell("counting, one piece back"),
    from_cell("your GPT"),
    from_cell("a larger GPT, at its best"),
    from_cell("counting, three pieces back"),
]
found = [tables[1], reached, min(bits for _, bits in recorded["history"]), tables[3]]
plot.bars(
    names,
    found,
    ylabel="bits per character",
    title="Who predicts the last tenth of the book best?",
    caption=from_cell(
        "Fewer bits are better. The larger GPT has four blocks. {about}", about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
table = reader_models.bigram_bits(ids, kept_back, len(tokenizer.pieces), len(held_out))
assert abs(table - tables[1]) < 0.05 and 2.1 < table < 2.3
assert round(tables[3], 2) == 1.88 and round(found[2], 2) == 1.92 and training.SIZES["layers"] == 4
assert recorded["history"][-1][1] > found[2] + 0.1 and 300 < min(recorded["history"], key=lambda both: both[1])[0] < 6 * 60 + 5
assert recorded["history"][-1][0] >= 600 and len(known) == 502_797

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert reached < min(table, tables[1])

# %% [markdown] slideshow={"slide_type": "fragment"}
# After a minute your GPT is ahead of the table that counts pairs. A larger GPT, at the best point of ten minutes, does better still. But the table that looks three pieces back is ahead of both, as we trained them.
#
# ### Learned by heart
# <a id="overfitting"></a>
# Should you train longer? We let the larger model go on for ten minutes:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
curves = {
    from_cell("a larger GPT (recorded)"): tuple(zip(*recorded["history"], strict=True))
}
if last := training.newest():  # what was trained in this folder
    curves[f"python -m mine train {last.name}"] = tuple(zip(*last.history, strict=True))
end = max(seconds[-1] for seconds, _ in curves.values())
plot.lines(
    curves,
    "seconds of training",
    "bits per character",
    compare={from_cell("counting, three pieces back"): ((0, end), (tables[3], tables[3]))},
    title="When should the training stop?",
    caption=from_cell(
        "How well the held-out tenth is predicted: point along the curve. {about}",
        about=recorded.about
    ),
)

# %% [markdown] tags=["keep"]
# After six minutes the curve turns, and the model gets worse on text that it has not read. This is called **overfitting**. Keep the best parameters, not the last ones, as `look` does. <!-- source: data/results/gpt_book.json; asserted above -->
#
# **Keep this:** compare your model with counting, on text that neither has read, and keep its best state.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: what need not be computed again
# <a id="kv-cache"></a>
# Your `write` is wasteful: for each new token the model reads the whole text again. Must it? Because of the causal mask a token never looks at what comes after it. So when you append a token, nothing changes for the old ones. All their keys and values stay what they were, and so do their rows in the map of scores:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.kept(
    "The old man sat down by the fire and shook his head".split(),
    7,
    title="What need not be computed again?",
    caption="The prompt is read once. Then each token that is written adds [query|one row]; the faint rows "
    "are there already.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The new token needs the keys and values of all tokens before it, but not their queries. So for each token in each block we keep these two vectors, and this is the **KV cache**. `cache.extend(k, v)` puts the new keys and values behind the old ones, and returns all of them (`G` is the number of heads of keys, here `H`):

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.cache: Cache

# %% [markdown] slideshow={"slide_type": "skip"}
# Two things have to change. Attention projects the new tokens alone, and takes the other keys and values from the cache. For a fifth token, the one query `[B, H, 1, d]` meets five keys `[B, H, 5, d]`, four of which were kept. And the positions begin where the text was left:

# %% slideshow={"point": ["cache.extend", "[-x.shape[1] :]"], "slide_type": "subslide"} tags=["definition"]
# course_utils.gpt: attend_behind

# %% jupyter={"source_hidden": true}
from functools import partial

# %% slideshow={"point": ["first = ", "attend_behind"], "slide_type": "skip"} tags=["definition"]
# course_utils.gpt: CachedGPT

# %% [markdown] slideshow={"slide_type": "skip"}
# The poet reads all letters but the last, then the last one alone. Is it the same as reading all at once?

# %%
keeper = CachedGPT(yours.config)
keeper.load_state_dict(poet.model.state_dict())
caches = keeper.caches()  # one for each block
with torch.no_grad():
    keeper(spoken[:, :-1], caches)  # reads all but the last letter
    last = keeper(spoken[:, -1:], caches)  # the last one alone: [1, 1, V]
    gap = (last[:, -1] - keeper(spoken)[:, -1]).abs().max()
print(f"kept: {tuple(caches[0].k.shape)}; largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and caches[0].k.shape == (1, 8, spoken.shape[1], 32)

# %% [markdown] slideshow={"slide_type": "skip"}
# So you can write with it. The first time `new` is the whole prompt, and then always the one token that was drawn last. From the same random numbers, do we get the text that `write` gives?

# %% slideshow={"point": ["keeper(new, caches)"], "slide_type": "skip"}
torch.manual_seed(3)
caches = keeper.caches()
text = new = begun
with torch.no_grad():
    for _ in range(120):
        logits = keeper(new, caches)[:, -1]  # only what is new is read
        new = next_token(logits, temperature=0.7, top_p=0.9)
        text = torch.cat([text, new], 1)
print("the same text as before:", text.equal(spoken))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert text.equal(spoken)

# %% [markdown] slideshow={"slide_type": "skip"}
# Your file has this loop as `generate`. It gives you each token as soon as it is drawn, as in a chat, and it stops at an end token.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.gpt: generate

# %% [markdown] slideshow={"slide_type": "subslide"}
# What does one more token cost `gpt-prose`, without the cache and with it?

# %% jupyter={"source_hidden": true}
import time


def milliseconds(*given):
    """The fastest of five calls of the model."""
    took = []
    for _ in range(5):
        started = time.perf_counter()
        with torch.no_grad():
            prose.model(*given)
        took.append(1000 * (time.perf_counter() - started))
    return min(took)


lengths, costs = [16, 64, 128, 192, 250], {"anew": [], "cached": []}
page = torch.tensor([prose.tokenizer.encode(known[:4000])[:256]])
for n in lengths:
    caches = prose.model.caches()
    with torch.no_grad():
        prose.model(page[:, :n], caches)
    costs["anew"].append(milliseconds(page[:, : n + 1]))
    costs["cached"].append(milliseconds(page[:, n : n + 1], caches))

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
plot.lines(
    {
        from_cell("everything anew"): (lengths, costs["anew"]),
        from_cell("with the cache"): (lengths, costs["cached"]),
    },
    "tokens in the text so far",
    "milliseconds for one more",
    title="What does one more token cost?",
    caption="The model gpt-prose on this computer, the fastest of five calls each.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert costs["anew"][-1] > 2 * costs["cached"][-1] and costs["anew"][-1] > costs["anew"][0]
assert sum(c.k[0, :, 0].numel() + c.v[0, :, 0].numel() for c in caches) == 3072

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# The longer the text gets, the more time you save. The price is memory: every token leaves a key and a value in every block, which in this model are 3,072 numbers. And when the text no longer fits into the context, its first token has to go. Then all others move one place, and their keys and values were computed with the token that is gone. So everything is read anew.
#
# **Keep this:** under a causal mask, nothing old depends on what is new. So keep keys and values.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# Your GPT and your tokenizer go into files that need only torch, each of them tested, and two commands. A book to train on comes with them.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

book = {"sherlock_holmes.txt": data.book()}
keep("gpt", "tokenizer", "training", "__main__", beside=book)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A thousand merges in three seconds · 45 minutes
# To merge byte pairs one at a time, you count every pair again and again. Write `learn_merges`, which learns exactly the same merges, and a thousand of them from a novel in three seconds of computing. `course problem 07` gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown]
# Published parameters of GPT-2 fit into this class, too: [the annex](07_gpt_annex.ipynb#gpt-2) loads them. In a terminal, in the folder of your notebooks:
#
# ```text
# python -m mine train sherlock_holmes.txt     ten minutes; ^C stops it, the same line goes on
# python -m mine write "“My dear Watson"
# ```
#
# Any text of 100,000 characters or more will do instead. <!-- source: mine/__main__.py --> Then run the cell with the last curve again, and you see yours beside ours.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. To predict the next word well, a model has to use whatever helps. So a prompt can be a task.
# 2. A text is its own exam: the targets are the inputs, one token further. With small first parameters the first loss is about ln V.
# 3. A GPT is a stack of blocks with a causal mask. Each part adds to the residual stream.
# 4. Temperature divides the logits; top-p keeps the likeliest tokens, up to a share.
# 5. Under a causal mask nothing old depends on what is new, so keys and values can be kept.

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
# Your GPT goes on with a text, but it does not answer. In the next lesson it learns to talk.
#
# **→ [8 · Who answers?](08_who_answers.ipynb)** · [The annex](07_gpt_annex.ipynb) has a head that repeats, translating by continuing, Muon, scaling laws, serving, and what circulates.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 7, edition 0.4.0, and the heading above it.*
