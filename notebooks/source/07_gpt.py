# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 7 · What comes next?
# *A GPT predicts the next token, appends one, and goes on.* You'll keep `mine/gpt.py` and `mine/tokenizer.py`, a GPT in plain PyTorch with your own lines in it. <!-- minutes --> **Before:** [chapter 5](05_transformer.ipynb).
#
# ## A game of 1951
# Claude Shannon let people guess the next letter in 1951. Play his game against a small model, on two lines of *The Tempest* that it wasn't trained on. The less probable the right letter was to it, the more it pays: nothing at a probability of 1, 1 **bit** at ½, 2 bits at ¼, and $-\log_2 p$ in general. **Before you play:** how many bits a letter does it pay on average?

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
from course_kit.views import Table, asking, plot, predict
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
# 2.2 bits in these two lines, as if you had to choose among four or five letters each time. For people Shannon estimated 0.6 to 1.3 bits, in an easier text without capitals and punctuation. <!-- source: Shannon 1951 -->
#
# </details>
#
# A **language model** gives every possible next token a probability. Here you'll build one, let it write, and teach it a book.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## A prompt can be a task
# Why build a machine that guesses the next word? Try it yourself, and watch what you use:
#
# | the text so far | you say | what did you use? |
# |---|---|---|
# | *They looked at each* | *other* | a phrase of the language |
# | *The capital of France is* | *Paris* | a fact |
# | *The old man was cold, so he sat down by the* | *fire* | what people do |
# | *In French, good morning is* | *bonjour* | another language |
# | *A K B = A K* | *B* | the text: the right side repeats the left |
#
# Here's our idea: **to predict the next word well, a model has to use whatever helps, such as grammar, facts, and the text in front of it. So if you write a text whose next word is the answer to a task, a good enough model solves the task by continuing it.** The text that you give it is called the **prompt**.
#
# <a id="decoder-only"></a>
# Such a model is called a **GPT**, *generative pre-trained Transformer*. It's chapter 5's decoder without cross-attention, because there's no second text to attend to. OpenAI made the first three:
#
# | | parameters | how it got its task |
# |---|---|---|
# | GPT, 2018 | 117 million | it was trained further for each task, as BERT was |
# | GPT-2, 2019 | 1.5 billion | in the prompt: after an article and *TL;DR:* it wrote a summary |
# | GPT-3, 2020 | 175 billion | in the prompt, often with a few examples first <!-- source: Radford et al. 2018, 2019; Brown et al. 2020 --> |
#
# Ours are smaller. `poet` is the one that you've just played against, and `prose` (`gpt-prose`) has read 29 old novels and children's books. Each has a `.model` and a `.tokenizer`. Let's open `prose`:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
prose = load_checkpoint("gpt-prose")
prompt = "The old man sat down by the"
labs.opened(
    prose,
    prompt,
    title="What is inside a GPT?",
    caption="The bars are what our gpt-prose expects after these words.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert prose.card["data"]["corpus"] == "books" and 32 - (prose.card["data"]["split"].count(";") + 1) == 29

# %% [markdown]
# An *embedding* turns each token into a vector, and a stack of *blocks* changes these vectors. At the top the last vector is compared with every known token. That gives the *logits*, and a softmax turns them into probabilities.
#
# Does the idea hold? We gave six beginnings to `gpt-prose` and to SmolLM2, a published chat model with 135 million parameters: <!-- source: model card of SmolLM2-135M -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
continued = results.load("smollm_continues")


def expected(text):
    """The token that gpt-prose expects most after a text, and its probability."""
    with torch.no_grad():
        p = prose.model(torch.tensor([prose.tokenizer.encode(text)]))[0, -1].softmax(-1)
    best = p.argmax().item()
    return prose.tokenizer.tokens([best])[0].strip(), p[best].item()


tried = {text: best for text, (best, *_) in continued["next"].items() if text != prompt}
Table(
    [
        {
            "the text so far": text.replace("\n", " ⏎ "),
            "gpt-prose": "{} ({:.0%})".format(*expected(text)),
            "SmolLM2": f"{token.strip()} ({p:.0%})",
        }
        for text, (token, p) in tried.items()
    ],
    from_cell("The likeliest next token, and its probability. {about}", about=continued.about),
    data=("the text so far", "gpt-prose", "SmolLM2"),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
theirs, ours = [token.strip() for token, _ in tried.values()], [expected(text)[0] for text in tried]
assert theirs == ["other", "Paris", "a", "fire", "=", "B"] and round([*tried.values()][5][1], 2) == 0.78
assert ours[::3] == ["other", "fire"] and not {"Paris", "bonjour", "B"} & {*ours} and round(continued["parameters"] / 1e6) == 135

# %% [markdown]
# Both know the phrase and the fire, only SmolLM2 chooses *Paris*, and neither *bonjour*. Now look at the letters. On its own, the line makes SmolLM2 choose “=”, but after two finished lines it rightly chooses *B*. Of 24 such lines it got 17 right without examples, and nearly all with two. That's what the examples in GPT-3's prompts are for. <!-- source: 24 rows of random letters, tried once -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: next word, one loss
# <a id="next-token"></a>
# To teach a machine, you need questions whose answers you know. In a text, each word answers what the words before it ask: what comes next? So a sentence of nine tokens gives you eight questions:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.exams(
    prose,
    "The old man sat down by the fire.",
    title="How many questions are in one sentence?",
    caption="In each row the model has read the tokens on the left and should name the "
    "[output|next one]. The bar shows what it pays. Which tokens cost little, and why?",
)

# %% [markdown] tags=["card"]
# *The* after *by* costs least, and *sat* most, because an old man might do anything. All eight are answered in one call, because a mask hides from each position what comes after it.
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
# How good were the predictions? At each position we take $-\ln p$, where $p$ is the probability that the model gave to the right token. It's the price from the game, in *nats* instead of bits because the logarithm is natural. The mean over all positions is the **loss**. Here are two positions and three tokens; token 0 is right in both:

# %%
logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])  # [T, V]
targets = torch.tensor([0, 0])
for row, target in zip(logits, targets, strict=True):
    exps = row.exp()
    p = exps / exps.sum()
    print("e^logit", [round(x, 2) for x in exps.tolist()], end="   ")
    print("p", [round(x, 2) for x in p.tolist()], end="   ")
    print(f"right {p[target]:.2f}, -ln p {-p[target].log():.2f}")
print("all at once:", round(F.cross_entropy(logits, targets).item(), 2))

# %% jupyter={"source_hidden": true} tags=["asserts"]
p = logits.softmax(-1)[[0, 1], targets]
assert abs((-p.log()).mean() - F.cross_entropy(logits, targets)) < 1e-6 and [round(x, 2) for x in p.tolist()] == [0.67, 0.09]
assert round(math.log(11), 1) == 2.4

# %% [markdown] tags=["keep"]
# What should your loss be before any training? With small initial parameters each of the $V$ tokens gets about $1/V$, so the loss is about $\ln V$. The first task below has eleven tokens, so there it's 2.4.
#
# **Keep this:** a text needs no labels: at each position the next token is the right answer.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: a GPT
# <a id="causal"></a>
# Here's attention once more, in a picture of Jay Alammar's. Imagine a clerk in front of a filing cabinet, in his hand a sticky note with a question, the <b style="color:#bf5f00">query</b>. Each folder has a label, its <b style="color:#007fc6">key</b>, and something inside, its <b style="color:#008a67">value</b>. He compares his note with every label, and takes a blend of the contents: most from the folders whose labels fit.
#
# In a GPT every token is such a clerk, and also a folder. But **a token may open only its own folder and those of tokens before it**, because otherwise it would find its own answer in the next folder.
#
# Let's follow one clerk, *sat*, who may open four folders: *The*, *old*, *man* and his own.
#
# 1. Three matrices turn each token's vector into its query, key and value.
# 2. *sat* holds his note against each label. The dot product of query and key, divided by 8, which is √64, since 64 numbers of each meet here, is a *score*: the better the label fits, the higher it is.
# 3. A softmax turns the four scores into weights that add up to 1. In the second map below *man* gets 0.62.
# 4. So *sat* takes 0.62 of the value of *man*, and a little of the others. That blend is what attention brings to *sat*.
#
# One row of weights answers only one question. So query, key and value are cut into pieces, and each piece gets weights of its own: that's a **head**. At the end the heads' blends are put side by side, and a last matrix mixes them. `gpt-prose` has six blocks of four heads each. Here are two of its heads: how far back does a token reach?

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
labs.folders(
    heads,
    cabinet,
    title="Whose folders does each token open?",
    caption="Two heads of gpt-prose. An arc leads from the [query|token that asks] back to a [key|folder]; "
    "the larger the weight, the thicker it is (below 0.02 there is none).",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
before, other = heads.values()
assert (before.triu(1) == 0).all() and (other.triu(1) == 0).all()
assert [before[i].argmax() for i in (3, 4, 5, 6)] == [2, 3, 4, 5] and before[2].argmax() == 2 and other[3].argmax() == 2 and other[6].argmax() == 3
assert [round(x, 2) for x in other[3, :4].tolist()] == [0.04, 0.19, 0.62, 0.15] and seen["decoder"][0].shape[1] == 4 and len(seen["decoder"]) == 6

# %% [markdown]
# In the first head, most of these tokens attend most to the token right before them (but *man* to itself). In the second, the last *the* attends most to *sat*, three tokens back. No arc leads to a later token, because its score is set to $-\infty$ and so its weight is 0.
#
# For all tokens at once this is chapter 5's formula, the softmax of $QK^\top/\sqrt d$, times $V$, where $d$ is the length of a head's piece. PyTorch computes it in one call; `is_causal=True` hides what comes later. The pieces are cut and joined by [chapter 5's](05_transformer.ipynb#multi-head-attention) functions:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.attention: split_heads, join_heads

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.attention: causal_mask, masked_softmax
# course_utils.blocks: add_norm

# %% jupyter={"source_hidden": true}
from mine import add_norm, masked_softmax, split_heads  # as you wrote them, if you did

# %% slideshow={"point": ["is_causal=True"], "slide_type": "subslide"} tags=["definition"]
# course_utils.gpt: CausalAttention

# %% jupyter={"source_hidden": true} tags=["asserts"]
attention, x = CausalAttention(size=8, heads=1), torch.randn(1, 3, 8)
weights, (_, _, v) = attention.weights(x), attention.project(x)
gap = (attention(x) - attention.out(join_heads(weights @ v))).abs().max()
assert gap < 1e-5 and (weights.triu(1) == 0).all() and torch.allclose(weights.sum(-1), torch.ones(1, 1, 3))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A block adds
# A block has two parts. Attention brings something from earlier tokens, and the network works on each token separately. What a part finds is *added* to the token's vector (a **residual connection**, [why?](05_transformer_annex.ipynb#bare-block)), and the vector that runs through all blocks, like a file from desk to desk, is the *residual stream*.
#
# After any part you can ask what the model would say if it ended there (the *logit lens*). Here's the last *the* of our sentence:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.stream(
    prose,
    prompt,
    " fire",
    title="When does it think of the fire?",
    caption="The stream at the last “the”: two of its numbers. Each part [output|adds] something. "
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
assert [round(says[i, fire].item(), 2) for i in (7, 12)] == [0.03, 0.4]

# %% [markdown] slideshow={"slide_type": "fragment"}
# At the bottom the stream is only the embedding of *the*, so *the* itself fits best. Then the parts add what they've found, and each of the last five raises *fire*, from 3 % to 40 % in all. In code each part $f$ computes $x+f(\mathrm{norm}(x))$, and `add_norm` is that line, from [chapter 5](05_transformer.ipynb#pre-norm):

# %% slideshow={"point": ["add_norm("], "slide_type": "skip"} tags=["definition"]
# course_utils.gpt: CausalBlock

# %% [markdown] slideshow={"slide_type": "skip"}
# <a id="context"></a>
# Below the blocks our class adds two rows for each token, from a table of tokens and a table of positions. Above them a token's logit is the dot product of its row with the last vector. The rows of positions limit how many tokens it reads at once: its **context**.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.gpt: GPTConfig, GPT

# %% [markdown] slideshow={"slide_type": "skip"}
# The five million parameters of `poet` fit into your class. Does it compute the same logits?

# %%
ids = torch.tensor([poet.tokenizer.encode("Thou shalt be free")])  # [1, T]
yours = GPT(GPTConfig(vocab=69, size=256, layers=6, heads=8, context=256))
yours.load_state_dict(poet.model.state_dict())
with torch.no_grad():
    gap = (yours(ids) - poet.model(ids)).abs().max()
print(f"{yours(ids).numel():,} logits, largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A step of training
# Let's train a small one: after six random digits and “=”, the six should come. Of such a row it predicts twelve tokens: five random digits (the first is only read), “=” and the copy.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.gpt: copying

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "A row: six random digits, “=” and their copy. Suppose that the model learns to copy without an error. "
    "Where does its loss end?",
    ["at 0", "near 1", "near 2.4, which is ln 11"],
    answer=1,
    because="Five of the twelve targets are random digits. The best that it can do is to give each digit a tenth, "
    "which costs ln 10. So the mean can't fall below 5/12 · ln 10, which is 0.96.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Now you train it. The optimiser is **AdamW**, Adam that also shrinks the parameters a little:

# %% jupyter={"source_hidden": true}
from course_kit.mine import for_training

def one_step():
    inputs, targets = inputs_and_targets(copying(64))
    logits = GPT(GPTConfig(vocab=11, size=64, layers=2))(inputs)
    F.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()

for_training(one_step)  # with nothing solved it does nothing

# %% seconds=15 slideshow={"point": ["loss = ", "backward()", "optimiser.step()"], "slide_type": "subslide"} steps=[200] tags=["training"]
torch.manual_seed(0)
copier = GPT(GPTConfig(vocab=11, size=64, layers=2))
optimiser = torch.optim.AdamW(copier.parameters(), lr=3e-3)
losses = []
for _ in range(200):
    inputs, targets = inputs_and_targets(copying(64))  # 64 rows: [B, T] each
    logits = copier(inputs)  # [B, T, V]
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())  # all in one list
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(loss.item())

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"}
plot.lines(
    {"loss": (range(len(losses)), losses)},
    "steps",
    "loss in nats",
    compare={
        "ln 11": ((0, 199), (math.log(11), math.log(11))),
        "5/12 · ln 10": ((0, 199), (5 / 12 * math.log(10), 5 / 12 * math.log(10))),
    },
    title="When does it learn to copy?",
    caption="The loss of each step, between a model that knows nothing and one that copies without an error.",
)

# %% slideshow={"slide_type": "skip"}
rows = copying(500)
with torch.no_grad():
    # from "=" on, each with the right digits before it in sight: [B, 6]
    said = copier(rows[:, :-1]).argmax(-1)[:, 6:]
print("the prompt", rows[0, :7].tolist(), "  the model", said[0].tolist())
print(f"{(said == rows[:, 7:]).all(1).float().mean():.0%} of 500 new rows are right")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert copying(1).shape == (1, 13) and round(5 * math.log(10) / 12, 2) == 0.96 and abs(losses[0] - math.log(11)) < 0.1

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert (said == rows[:, 7:]).all(1).float().mean() > 0.95 and 0.9 < losses[-1] < 1.1

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["keep"]
# Your loss ends near 0.96, because the five random digits still cost $\tfrac5{12}\ln10$.
#
# **Keep this:** a GPT is a stack of blocks. Each part adds to the residual stream, and nothing sees what comes later.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: writing
# <a id="autoregressive"></a><a id="temperature"></a>
# How do you get a text out of probabilities? Choose a token, append it, let the model read the longer text, and choose the next one. Because the model reads what it has written itself, it's called **autoregressive**. But which token do you choose? If we always take the likeliest, `gpt-prose` is soon going in circles, as a phone often does with its first suggestions:

# %%
with torch.no_grad():
    circle = torch.tensor([prose.tokenizer.encode("The old man sat down by the")])
    for _ in range(40):
        likeliest = prose.model(circle)[:, -1].argmax(-1, keepdim=True)  # [1, 1]
        circle = torch.cat([circle, likeliest], 1)
print(prose.tokenizer.decode(circle[0].tolist()))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert prose.tokenizer.decode(circle[0].tolist()).count("I am not afraid of you") >= 3

# %% [markdown]
# So let's *draw* the next token, each with its own probability. How bold should the draw be? The **temperature** $\tau$ divides the logits before the softmax, $p_i\propto\exp(z_i/\tau)$. With the logits 2, 1, 0 the first token gets 0.67. At $\tau=\tfrac12$ they double, and it gets 0.87, so the draw is less bold. Here are the eight tokens that `gpt-prose` expects most:

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
# Now draw a token, append it, and go on:

# %% slideshow={"point": ["torch.multinomial(", "torch.cat("], "slide_type": "subslide"}
@torch.no_grad()
def go_on(model, ids, count, temperature=1.0):  # ids [B, T] -> [B, T + count]
    for _ in range(count):
        logits = model(ids[:, -model.context :])[:, -1]  # [B, V]: what follows?
        p = with_temperature(logits, temperature)
        ids = torch.cat([ids, torch.multinomial(p, 1)], 1)
    return ids

# %% [markdown] slideshow={"slide_type": "skip"}
# With the parameters of `poet`, your class writes:

# %% seconds=8
torch.manual_seed(3)
begun = torch.tensor([poet.tokenizer.encode("ROMEO:\n")])
spoken = go_on(yours, begun, 120, temperature=0.5)
print(poet.tokenizer.decode(spoken[0].tolist()))

# %% [markdown] slideshow={"slide_type": "skip"}
# And this is SmolLM2, with the likeliest token each time:

# %% jupyter={"source_hidden": true}
print(continued["writes"])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert continued["writes"].startswith("The old man sat down by the fire, his eyes fixed on the flames")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have a GPT that learned to copy what is in its prompt, and a loop with which any GPT writes. But yours hasn't read a book yet. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Cut off the tail
# <a id="top-p"></a><a id="top-k"></a>
# Each unlikely token has a tiny share, but there are thousands of them, and one wrong word can spoil your sentence. Should we keep the twelve likeliest (**top-k**)? Let's count how many it takes to collect nine tenths of the probability:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "fragment"}
reach = {}
for word in ("each", "the"):
    with torch.no_grad():
        z = prose.model(torch.tensor([prose.tokenizer.encode(f"They looked at {word}")]))[0, -1]
    p, order = z.softmax(-1).sort(descending=True)
    reach[f"They looked at {word} …"] = prose.tokenizer.tokens(order[:12].tolist()), p
labs.shares(
    reach,
    title="How many tokens does it take?",
    caption="What gpt-prose expects next: a tile for each of the likeliest [output|tokens], as wide as its "
    "probability, until nine tenths are reached.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [(p.cumsum(0) < 0.9).sum() + 1 for _, p in reach.values()] == [1, 592]

# %% [markdown] slideshow={"slide_type": "fragment"}
# After *each* you need one token, but after *the* hundreds (the rare ones share the wide tile), so no fixed number is right. With **top-p** you ask for a share instead: keep the smallest set of likeliest tokens that together reach $p$, the *nucleus* (Holtzman et al. 2020). Take ½, ¼, ⅛, ⅛ and $p=\tfrac23$. The first two have ¾, which is enough; divided by ¾ they become ⅔ and ⅓.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 3 ●●○ · 10 minutes
# Write top-p. `p, order = logits.softmax(-1).sort(-1, descending=True)` sorts, and `torch.zeros_like(p).scatter(-1, order, p)` puts each number back. Between these lines, set a token to 0 if the tokens *before* it already have `top_p` together (above, none, ½, ¾ and ⅞, so the last two go; `p.cumsum(-1)` adds up), and divide by the sum of the rest.
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
# For the second knob the draw becomes a function, `next_token`, whose line marked *new* cuts the tail, and `go_on` becomes `write`:

# %% slideshow={"point": ["# new"], "slide_type": "skip"} tags=["definition"]
# course_utils.gpt: next_token, write

# %% [markdown] slideshow={"slide_type": "skip"}
# Now turn both knobs. *Entropy* is the average price of a draw, in bits:

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
# `poet` reads single letters, so a word takes it many steps, and its context is soon full. With whole words the vocabulary would be huge, and the first new word unknown. So let's take pieces: a frequent word stays whole, and a rare one is put together from parts.
#
# **Byte-pair encoding** (BPE) finds such pieces by counting. Begin with single letters (and ▁ in front of each word), join the two neighbours that occur together most often, and count again:

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
asking(labs.merges(corpus, word="lowest", start=3, title="Which two belong together?"))

# %% [markdown] slideshow={"slide_type": "skip"}
# You get two helpers:

# %% jupyter={"source_hidden": true}
import re

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.merges: words_of, joined

# %% [markdown] slideshow={"slide_type": "skip"} tags=["card"]
# ### Exercise 4 ●●○ · 8 minutes
# Write one merge: count the pairs of neighbours in all words, take the most frequent one, and join it everywhere with `joined`.
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
# The list of merges is the tokenizer: to cut a new word, you apply them in their order, as `cut` does below. We begin with the 256 *bytes* instead of letters, because any text in any script is a row of bytes, so none is unknown. With the letters of our list, watch *newest* grow to a single piece:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
labs.grows(
    corpus,
    "newest",
    title="How does a word grow?",
    caption="From below: the letters of one word, and each [output|piece] that the counting makes of them.",
)

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.merges: learn_merges

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.merges: Tokenizer

# %% [markdown] slideshow={"slide_type": "skip"}
# Let's learn 500 merges from the beginning of *The Adventures of Sherlock Holmes*, and cut a sentence:

# %% seconds=15
book = data.book()
tokenizer = Tokenizer(learn_merges(book[:200_000], count=500))
numbers = tokenizer.encode("“My dear Holmes,” said I, “this is too much.”")
print(" · ".join(tokenizer.decode([n]) for n in numbers[1:]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert tokenizer.decode(tokenizer.encode(book[-9000:])) == book[-9000:] and len(tokenizer.pieces) == 756

# %% [markdown] tags=["keep"]
# **Keep this:** byte-pair encoding joins the most frequent pair, again and again.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a book
# <a id="training"></a>
# Now let your GPT read the book, with the `tokenizer` of *Four* (ours, if you left *Four* out). At each step `windows` cuts 32 pieces of 65 tokens from random places:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.gpt: windows, next_token_loss

# %% jupyter={"source_hidden": true}
from collections import Counter
from course_kit.callbacks import Samples
from course_kit.training import fit, warm_then_fall

if "tokenizer" not in globals():  # Four was left out
    from course_utils.merges import Tokenizer, learn_merges

    tokenizer = Tokenizer(learn_merges(data.book()[:200_000], count=500))

# %% slideshow={"slide_type": "skip"}
book = data.book()
cut = len(book) * 9 // 10
known, held_out = book[:cut], book[cut:]
ids, unread = (torch.tensor(tokenizer.encode(text)) for text in (known, held_out))
unseen = unread.unfold(0, 65, 64)  # the last tenth: 65 tokens each, overlapping by one
watson = torch.tensor([tokenizer.encode("“My dear Watson,")])

def not_read(model):
    return {"on text not read": next_token_loss(model, unseen).item()}

def says(model):
    return tokenizer.decode(write(model, watson, 10, 0.7, 0.9)[0, 1:].tolist())

# %% [markdown] slideshow={"slide_type": "skip"}
# `fit` is the loop from above, with a stop button (■, or I twice). The learning rate rises and then falls, and gradients that are too long are shortened (`clip`). Now and then `fit` computes `not_read`, the loss on the unread tenth, and keeps the best parameters. `Samples` prints what the model `says`. Where should the loss begin? Near ln 756, which is 6.6.

# %% seconds=60 slideshow={"slide_type": "slide"} tags=["training"]
torch.manual_seed(0)
model = GPT(GPTConfig(len(tokenizer.pieces), layers=2))
run = fit(model, lambda _: windows(ids, 32, 65), next_token_loss, steps=600,
          lr=3e-3, optimizer=torch.optim.AdamW, clip=1.0, evaluate=not_read,
          schedule=warm_then_fall(600, 60), callbacks=[Samples(says)],
          title="What does it learn, and when?")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(len(held_out) / len(unread), 1) == 2.6 and cut > 200_000
assert abs(run.history["loss"][1][0] - math.log(756)) < 0.3 and round(math.log(756), 1) == 6.6

# %% jupyter={"source_hidden": true} tags=["asserts", "trained"]
assert run.history["on text not read"][1][-1] < 4

# %% [markdown] slideshow={"slide_type": "fragment"}
# At the end the model writes mostly words, in half-sentences that mean nothing. And if yours doesn't learn?
#
# | what you see | a likely reason | what to try |
# |---|---|---|
# | the first loss is far above ln V | initial parameters too large | a standard deviation of 0.02 |
# | the loss soon falls near 0 | the model sees its answers | print inputs, targets, mask |
# | the loss jumps up, or is NaN | steps too long | a smaller rate, then `clip` |
# | the same words again and again | the likeliest token each time | draw | <!-- source: GPT in course_utils/gpt.py -->
#
# ### Is that good?
# <a id="bits-per-character"></a><a id="perplexity"></a><a id="bigram"></a>
# A loss per token tells you little, because tokens can be short or long. **Bits per character** can be compared whatever the tokens are: divide the nats by ln 2, and by the characters in a token. Papers often give the **perplexity**, $e^{\text{loss}}$: as if the model chose among so many equally likely tokens.

# %% slideshow={"slide_type": "skip"}
loss, length = not_read(model)["on text not read"], len(held_out) / len(unread)
print(f"loss {loss:.2f}, which is a perplexity of {math.exp(loss):.0f}")
bits = loss / math.log(2) / length
print(f"{loss:.4f} / ln 2 / {length:.4f} characters = {bits:.2f} bits")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Compared with what? A **bigram** table needs no training: it counts which piece follows which. A better table looks at the last three pieces, and mixes in what it knows from two and one. They read the same nine tenths of the book, and predict the last:

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
names = [
    from_cell("counting, one piece back"),
    from_cell("your GPT"),
    from_cell("a larger GPT, at its best"),
    from_cell("counting, three pieces back"),
]
found = [tables[1], bits, min(cost for _, cost in recorded["history"]), tables[3]]
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
assert bits < min(table, tables[1])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Your GPT beats the table that counts pairs, and a larger GPT (four blocks), at its best, does better still. But the table that looks three pieces back is ahead of both. Why? One book is little for a GPT, and the larger one soon begins to learn it by heart. `gpt-prose` had 29 books, more blocks and longer training among other things. On held-out books it needs 1.56 bits, such a table 1.77. <!-- source: the same table, counted on the 29 books in pieces of gpt-prose: 1.77 bits per character on the three books that were held out; gpt-prose 1.56, data/checkpoints/gpt-prose.json -->
#
# ### Learned by heart
# <a id="overfitting"></a>
# Should you train longer? We let the larger GPT read on, for ten minutes in all:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
curves = {
    from_cell("a larger GPT (recorded)"): tuple(zip(*recorded["history"], strict=True))
}
if last := training.newest():  # what was trained in this folder
    curves[f"python -m mine train {last.name}"] = tuple(zip(*last.history, strict=True))
end = max(seconds[-1] for seconds, _ in curves.values())
lowest = min(recorded["history"], key=lambda point: point[1])[0]
plot.lines(
    curves,
    "seconds of training",
    "bits per character",
    compare={from_cell("counting, three pieces back"): ((0, end), (tables[3], tables[3]))},
    mark=(lowest, from_cell("the lowest point")),
    title="When should the training stop?",
    caption=from_cell(
        "How well the held-out tenth is predicted: point along the curve. {about}",
        about=recorded.about
    ),
)

# %% [markdown] tags=["keep"]
# After six minutes the model gets worse on text that it hasn't read, which is called **overfitting**. <!-- source: data/results/gpt_book.json; asserted above -->
#
# **Keep this:** compare your model with counting, on text that neither has read, and keep its best state.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: a cache of keys and values
# <a id="kv-cache"></a>
# Your `write` is wasteful, because for each new token the model reads the whole text again. Does it have to? No clerk looks at a later folder, so a new token changes nothing for those before it: their keys and values stay as they are. The model only has to read the new token, whose query meets the stored keys.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.key_value_cache(
    "The old man sat down by the fire and shook his head".split(),
    7,
    title="What need not be computed again?",
    caption="The prompt is read once. Then each new token adds a [query|query], a [key|key] and a [value|value]. Only "
    "the query is not needed again (pale).",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
caches = prose.model.caches()
with torch.no_grad():
    prose.model(asked, caches)
assert sum(c.k[0, :, 0].numel() + c.v[0, :, 0].numel() for c in caches) == 3072

# %% [markdown] slideshow={"slide_type": "fragment"}
# So we keep each block's keys and values: that's the **KV cache**. `prose.model(ids, caches)` adds to the caches and returns the logits of `ids`, and so does [`CachedGPT`](07_gpt_annex.ipynb#How-is-the-cache-written?) in `mine/gpt.py`, which extends your class. Read a prompt with caches, then one token alone, and compare:

# %% slideshow={"slide_type": "subslide"}
told = torch.tensor([prose.tokenizer.encode("The old man sat down by the fire")])
caches = prose.model.caches()  # one for each block, empty
with torch.no_grad():
    prose.model(told[:, :-1], caches)  # the prompt leaves its keys and values
    alone = prose.model(told[:, -1:], caches)  # one token: [1, 1, V]
    gap = (alone - prose.model(told)[:, -1:]).abs().max()
print(f"the same logits, largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-3 and alone.shape == (1, 1, 4096)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The longer the text (up to the context), the more you save. The price is memory: every token leaves a key and a value in every block, in `gpt-prose` 3,072 numbers.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.gpt: generate

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# Your GPT and your tokenizer go into files that need only torch, with the book (or another long text) to train on, and two commands for a terminal in this folder. The first takes ten minutes; ^C stops it, and the same line goes on. <!-- source: mine/__main__.py -->
#
# ```text
# python -m mine train sherlock_holmes.txt
# python -m mine write "“My dear Watson"
# ```

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

book = {"sherlock_holmes.txt": data.book()}
keep("gpt", "tokenizer", "training", "__main__", beside=book)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A thousand merges in three seconds · 45 minutes
# The `learn_merges` of *Four: pieces* counts every pair again for each merge. Write one that learns a thousand from a book in three seconds of computing. Of equally frequent pairs it joins the smaller first. In a cell, `!course problem 07` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. To predict the next word well, a model has to use whatever helps. So a prompt can be a task.
# 2. A text needs no labels: the targets are the inputs, one token further.
# 3. A GPT is a stack of blocks with a causal mask. Each part adds to the residual stream.
# 4. Temperature divides the logits; top-p keeps the fewest likeliest tokens that reach a share.
# 5. Compare your model with counting, on text that neither has read, and keep its best state.

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
# | [overfitting](#overfitting) | 过拟合 | better on what was read, worse on the rest |
# | [KV cache](#kv-cache) | 键值缓存 | keys and values that are kept |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(7)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: who answers?
# Your GPT continues a text, but it doesn't answer. Next, a model of this kind learns to talk.
#
# **→ [8 · Who answers?](08_who_answers.ipynb)** · [The annex](07_gpt_annex.ipynb) has a head that repeats, translating by continuing, scaling laws, serving, and what circulates.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 7, edition <!-- edition -->, and the heading above it.*
