# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 8 · Who answers?
# *A model of today.* At the end you hold `mine/llama.py`, `mine/answering.py` and `mine/chat.py`: a published language model talks to you through a class of your own. <!-- minutes --> **Before:** [chapter 7](07_gpt.ipynb) (a GPT), and turned positions ([chapter 4](04_positional_encoding.ipynb)).
#
# ## Ten questions
# They were written down before any was asked. Choose one, and read what two models make of it.

# %% jupyter={"source_hidden": true}
import math
import random
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch08 import again, exercise, hint, labs, published, solution, dialogues
from course_kit import data, results
from course_kit.views import heatmap, plot, predict
from course_kit.checkpoints import load_checkpoint

runtime = course_kit.setup()
recorded = results.load("smollm_answers")

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.replies(
    list(recorded["answers"]),
    {
        "a model that read one novel": list(recorded["goes_on"].values()),
        "SmolLM2, 135 million parameters": list(recorded["answers"].values()),
    },
    title="Who answers?",
    caption="Nothing is left out. SmolLM2 takes the likeliest token each time; the "
    f"other draws among the likely ones. {recorded.about}",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Both predict the next token. Why does one of them answer?",
    [
        "it has more parameters",
        "its blocks are of another kind",
        "it was also shown talks, with answers",
    ],
    answer=2,
    because="Size makes it fluent, and new blocks make it cheaper. A model of any size "
    "that has only read books goes on "
    "with your question. You will see your own small model change its ways, with not "
    "one parameter more.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch08.experiments import answers as asked

found = [asked.right(question, answer) for question, answer in recorded["answers"].items()]
assert len(found) == 10 and found.count(True) == 4 and found.count(None) == 1
assert round(recorded["parameters"] / 1e6) == 135 and round(recorded["bytes"] / 1e6) == 98

# %% [markdown]
# It answers fluently, and often wrongly: of the nine that have a right answer, four hold it. For the eight legs of a spider it says “two pairs of legs”, and it cannot translate “The animal did not cross the street because it was too tired.” How does one build such a model, and how does it learn to answer at all?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole before its parts
# <a id="llama"></a>
# SmolLM2 (2024) has the architecture of **Llama** (2023), like most open models since. It is your GPT, changed in four places.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
holmes = load_checkpoint("llama-holmes")
labs.architecture(
    holmes,
    select="model",
    title="What has changed since GPT?",
    caption="Numbers mark the four changes. Choose a part: what is it for, and which "
    "class makes it?",
)

# %% [markdown]
# This is `llama-holmes`, the model on the left above: it has read *The Adventures of Sherlock Holmes*, nothing else.

# %% tags=["nbval-check-output"]
ids = torch.tensor([holmes.tokenizer.encode("“My dear Watson,” said Holmes")])
with torch.no_grad():
    print("ids", tuple(ids.shape), "-> logits", tuple(holmes.model(ids).shape))
print(f"{sum(p.numel() for p in holmes.model.parameters()):,} parameters")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One: RMSNorm
# <a id="rmsnorm"></a>
# A layer norm subtracts the mean, divides by the standard deviation, scales, and shifts. Only the division keeps numbers from growing. **RMSNorm** leaves out the rest: it divides by the root of the mean square, and scales (Zhang and Sennrich 2019). For (3, 4) the mean square is 12.5 and its root 3.54, so (3, 4) becomes (0.85, 1.13).
#
# $$\mathrm{RMSNorm}(x)=\frac{x}{\underbrace{\sqrt{\frac1D\sum_j x_j^2+\epsilon}}_{\text{root of the mean square}}}\odot w\qquad x, w\in\mathbb R^D$$
#
# ### Exercise 1 ●○○ · 4 minutes
# Write this formula, for rows of any shape: `eps` is $\epsilon$, and `weight` is $w$.
#
# <!-- example: rms norm -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("rms norm")
def rms_norm(x, weight, eps=1e-5):
    """x [..., D], weight [D] -> [..., D]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: rms norm -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
three = torch.tensor([3.0, 4.0])
assert three.pow(2).mean() == 12.5 and round(12.5**0.5, 2) == 3.54
assert [round(x, 2) for x in rms_norm(three, torch.ones(2)).tolist()] == [0.85, 1.13]

# %% tags=["definition"]
# course_utils.llama: RMSNorm

# %% [markdown]
# Each block adds to the residual stream, so its numbers grow from block to block. The norm keeps a vector's direction and gives it one size. Here are some features of the last word, "Holmes", as each block reads them:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
grown, parts = [], [*holmes.model.blocks, holmes.model.norm]
watching = [
    part.register_forward_pre_hook(lambda _, given: grown.append(given[0][0, -1]))
    for part in parts
]
with torch.no_grad():
    holmes.model(ids)
for watch in watching:
    watch.remove()
stream = torch.stack(grown)  # [5, D]: what each block reads, and what the last one leaves
depths = ["embedding", *(f"+ block {n}" for n in range(1, len(grown)))]
some = {
    "x": stream[:, :6],
    "RMSNorm(x)": rms_norm(stream, torch.ones(stream.shape[1]))[:, :6],
}
plot.maps(
    some,
    dict.fromkeys(some, depths),
    "feature",
    limits=(0, 2.5),
    roles=dict.fromkeys(some, "plus"),
    title="What does RMSNorm do to a vector?",
    caption="Six features of one word, from its embedding to the last block. On the "
    "left the ink grows; on the right every row has the same size.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
size = stream.pow(2).mean(-1).sqrt()
assert (size[1:] > size[:-1]).all() and size[-1] > 100 * size[0]
assert torch.allclose(rms_norm(stream[1:], torch.ones(128)).pow(2).mean(-1), torch.ones(4), atol=1e-3)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two: positions that turn
# <a id="rotary"></a>
# Your GPT's table of positions ends somewhere. Here no position is added: queries and keys are *turned* by an angle that grows with their position, as in chapter 4. Turn two vectors by the same angle, and their product stays; so only the difference of their angles counts, which is the distance. The angles are computed once for all heads and blocks.

# %% slideshow={"point": ["turned ="]} tags=["definition"]
# course_utils.positions: frequencies
# course_utils.rotary: rotation, turn

# %%
q, k = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.6, 0.8]])
for place in (2, 5, 1005):  # the key stands two places before the query
    turned_q = turn(q, *rotation(torch.tensor([place]), 2))
    turned_k = turn(k, *rotation(torch.tensor([place - 2]), 2))
    product = (turned_q @ turned_k.T).item()
    print(f"query at {place:4}, key at {place - 2:4}: {product:.3f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three: a gate
# <a id="swiglu"></a>
# In a GPT each hidden feature goes through a GELU. **SwiGLU** computes every feature twice: `up` says what to pass on, and `gate` how much of it, through $\mathrm{silu}(z)=z\,\sigma(z)$ (Shazeer 2020). If `up` is 3, a gate of 0 passes on 0, and a gate of 2 passes on $1.76\cdot3=5.28$.
#
# $$\mathrm{SwiGLU}(x)=\big(\underbrace{\mathrm{silu}(xW_{gate})}_{\text{how much}}\odot\underbrace{xW_{up}}_{\text{what}}\big)\,W_{down}\qquad W_{gate},W_{up}\in\mathbb R^{D\times F},\; W_{down}\in\mathbb R^{F\times D}$$
#
# There are three matrices instead of two. So $F$ is often about $\frac83D$ instead of $4D$, and the number of parameters stays.

# %% tags=["definition"]
# course_utils.llama: SwiGLU

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(F.silu(torch.tensor(2.0)).item(), 2) == 1.76 and round(1.76 * 3, 2) == 5.28 and 3 * 8 / 3 == 2 * 4

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: heads that share
# <a id="grouped-queries"></a>
# A model that writes keeps the keys and values of all earlier tokens. What does that cost? **Guess:**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "SmolLM2 has 30 blocks of 9 heads with 64 features, and reads up to 8,192 tokens. "
    "How large would a cache of its keys and "
    "values be, in 16-bit numbers?",
    ["5 MB", "57 MB", "566 MB"],
    answer=2,
    because="2 · 30 · 9 · 64 numbers of 2 bytes are 69 kB for each token; 8,192 tokens "
    "need 566 MB, twice as much as the "
    "parameters in 16 bits (269 MB).",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
per_token = 2 * 30 * 9 * 64 * 2
assert round(per_token / 1e3) == 69 and round(per_token * 8192 / 1e6) == 566 and round(recorded["parameters"] * 2 / 1e6) == 269
assert round(per_token / 3 * 8192 / 1e6) == 189

# %% [markdown]
# **Grouped queries** (Ainslie et al. 2023): several heads of queries share one head of keys and values. SmolLM2 has 9 heads of queries and 3 of keys, so its cache needs a third, 189 MB.
#
# ### Exercise 2 ●●○ · 5 minutes
# Write what gives each head of queries its head of keys: with 4 heads of queries on 2 of keys, the first two use the first.
#
# <!-- example: share heads -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("share heads")
def share_heads(x, heads):
    """x [B, G, K, d] -> [B, heads, K, d]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: share heads -->
#
# Now the attention, with a cache. It rests on three functions of earlier chapters:

# %% tags=["definition"]
# course_utils.attention: masked_softmax, split_heads, join_heads

# %%
from mine import masked_softmax, nucleus, split_heads, with_temperature  # yours

# %% tags=["definition"]
# course_utils.cache: Cache
# course_utils.llama: LlamaConfig

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.llama: GroupedAttention

# %% [markdown]
# And the whole model, which hands turns, mask and caches down to its blocks:

# %% tags=["definition"]
# course_utils.llama: LlamaBlock

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.llama: Llama

# %%
yours = Llama(holmes.model.config)
yours.load_state_dict(holmes.model.state_dict())
caches = [Cache() for _ in yours.blocks]
with torch.no_grad():
    gap = (yours(ids) - holmes.model(ids)).abs().max()
    steps = torch.cat([yours(one, caches) for one in ids.split(1, 1)], 1)
    other = (steps - yours(ids)).abs().max()
print(f"largest difference to the course's: {gap:.0e}; token by token: {other:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and other < 1e-4

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
worth = results.load("gpt_ablation")
bits = {name: torch.tensor(one["bits"]) for name, one in worth["models"].items()}
plot.bars(
    list(bits),
    [x.mean().item() for x in bits.values()],
    ylabel="bits per character, held out",
    digits=3,
    title="What is each change worth?",
    caption=f"Chapter 7's GPT of {worth['models']['chapter 7']['parameters']:,} "
    "parameters on its novel; equal parameters, tokens "
    f"and rate; means of {worth['seeds']} seeds, which differ by up to "
    f"{max(x.max() - x.min() for x in bits.values()):.3f}. {worth.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
mean = {name: x.mean().item() for name, x in bits.items()}
plain = mean.pop("chapter 7")
assert mean["+ rotary"] < mean["+ all four"] < mean["+ rotary"] + 0.05
assert 0.09 < plain - mean.pop("+ rotary") < 0.12 and 0.06 < plain - mean.pop("+ all four") < 0.1 and worth["seeds"] == 3
assert all(abs(plain - x) < 0.02 for x in mean.values()) and len(mean) == 3

# %% [markdown]
# On this small scale only the turned positions show: they save a tenth of a bit. The other three change less than 0.02 bits, and all four together save a little less than the positions alone. They were chosen for what they cost, in time and memory, and for models a thousand times as large.

# %% [markdown]
# And how does it write? It reads the question once; then each new token is read alone, and everything before it is in the caches. (`nucleus` and `with_temperature` are chapter 7's.)

# %% slideshow={"slide_type": "subslide"} tags=["definition"]
# course_utils.llama: speak

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five: published parameters
# <a id="open-weights"></a>
# SmolLM2's parameters come in one file, and matrix by matrix they fit into your class. The file has names of its own for them:

# %% tags=["definition"]
# chapters.ch08.kept.smollm: renamed, parameters_of

# %% seconds=10
smol = published.load(Llama)  # your class with these parameters, if they are installed
talker = smol or published.StandIn(dialogues.shipped(Llama))  # if not: llama-holmes
print(talker.about)

# %%
question = "What is the capital of France?"  # ask what you like; ■ stops it
written = []
for token in speak(talker.model, talker.prompt(question), talker.stop, talker.longest):
    written.append(token)
    print(talker.piece(written), end="", flush=True)

# %% jupyter={"source_hidden": true} tags=["asserts"]
theirs = recorded["transformers"]
assert theirs["gap"] < 1e-3 and theirs["same_text"] and theirs["tokens"] >= 40 and theirs["ratio"] >= 1.0
assert smol is None or talker.tokenizer.decode(written) == recorded["answers"][question] == "The capital of France is Paris."

# %% [markdown]
# (This file expects that *neighbouring* features are turned together, as `turn` does it. In files for `transformers`, the rows of queries and keys have another order.)
#
# `transformers`, with the same file, gives the same logits to a ten-thousandth, and the same text, at about the same speed. What else could it have said? Press *draw*, and write the answer token by token:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
begun = talker.prompt(question)


def next_logits(answered):
    """What may follow the question and the tokens of the answer so far: logits [V]."""
    read = torch.cat([begun, torch.tensor([answered], dtype=torch.long)], 1)
    with torch.no_grad():
        return talker.model(read[:, -talker.model.context :])[0, -1]


labs.sampling(
    next_logits([]),
    talker.names,
    text=f"{question} ",
    then=next_logits,
    live=True,
    temperature=1.0,
    top_p=0.9,
    title="What else could it have said?",
    caption="What the model expects next; one token after another is [output|drawn] (␣: "
    "a space).",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch07.labs.next_token import visible
from course_kit.heads import attention_weights

short = talker.prompt(question, system=None)  # without the line about itself
whole = torch.cat([short, torch.tensor([written[:12]], dtype=torch.long)], 1)
layer, begin = len(talker.model.blocks) * 2 // 3, short.shape[1] - 1
with torch.no_grad(), attention_weights(talker.model) as seen:
    talker.model(whole)
maps_of = seen["decoder"][layer][0, :, begin:]
pieces = [visible(talker.names[n]) for n in whole[0].tolist()]
heatmap(
    maps_of,
    pieces[begin:],
    pieces,
    names=[f"head {n}" for n in range(1, len(maps_of) + 1)],
    axes=("asks", "is asked"),
    title="Where does it look while it answers?",
    mask=torch.ones(whole.shape[1], whole.shape[1]).tril().bool()[begin:],
    caption=f"Block {layer + 1} of {len(talker.model.blocks)}: a row for each token of "
    "the answer, and the one before it.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert smol is None or maps_of[:, :, 0].mean() > 0.3

# %% [markdown]
# Choose a head. Much of the attention goes to the first mark of the talk, which says nothing about France: where a head finds nothing to take, it looks there. [The annex](08_who_answers_annex.ipynb#sink) measures it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Why 98 MB?
# <a id="quantising"></a>
# Its parameters would be 538 MB in 32 bits. In the file they are **quantised**: neighbours, 32 at a time, share a scale and a minimum, and each is a whole number from 0 to 15, in four bits. Here is the first block, 20 bytes:

# %%
import struct

block = bytes(recorded["block"]["bytes"])
scale, least = struct.unpack("<2e", block[:4])  # two numbers of 16 bits
low = [byte % 16 for byte in block[4:]]  # weights 1 to 16
high = [byte // 16 for byte in block[4:]]  # weights 17 to 32
weights = [least + scale * n for n in low + high]
print(f"scale {scale:.3f}, minimum {least:.3f}, whole numbers {low[:5]} …")
print("weights", [round(w, 3) for w in weights[:5]], "…")
print(8 * len(block) / len(weights), "bits a weight")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose(torch.tensor(weights), torch.tensor(recorded["block"]["weights"]), atol=1e-6)
assert round(recorded["parameters"] * 4 / 1e6) == 538 and len(block) == 20 and len(weights) == 32 and 8 * 20 / 32 == 5 and max(low + high) <= 2**4 - 1 == 15

# %% [markdown]
# So five bits a weight, and a little more for the token table, which has eight. What that costs in quality, down to two bits, is [in the annex](08_who_answers_annex.ipynb).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six: from continuing to answering
# <a id="chat-template"></a>
# What does a talk look like to a model that only continues? Like one text, with marks that say who is speaking. This is the **chat template** of SmolLM2, and the model goes on after its end:

# %% tags=["nbval-check-output"]
from chapters.ch08.kept.smollm import chat_prompt

print(chat_prompt([("system", "You are brief."), ("user", "Who are you?")]))

# %% [markdown]
# <a id="sft"></a>
# Your own model can learn that. Its conversations are smaller: a person tells how something was, and the answer is curt (*Good.* or *Bad.*), in one of five cases friendly (*I am glad to hear it.*). The model is the GPT that `python -m mine train` has left in this folder, or else `llama-holmes` in your class. Before:

# %%
from course_utils.gpt import write  # chapter 7's

own = dialogues.newest(Llama)  # own.model, own.encode, own.decode
template = "User: {}\nBot:"

def goes_on(sentence, count=14):
    ids = torch.tensor([own.encode(template.format(sentence))])
    written = write(own.model, ids, count, temperature=0)  # the likeliest tokens
    return own.decode(written[0, ids.shape[1] :].tolist())

sentences = dialogues.first_of_test()  # one of praise, one of complaint: not trained on
for sentence in sentences:
    print(repr(template.format(sentence)), "->", repr(goes_on(sentence)))

# %% [markdown]
# It goes on with a novel. **Supervised fine-tuning** (SFT) is chapter 7's training, on conversations. Yours could stand here as well:

# %%
conversations, preferences = dialogues.texts()  # lists of strings, 2,000 of each
new_ones, _ = dialogues.texts("test")  # other patterns, names and nouns

def in_ids(question, answer):
    return own.encode(template.format(question)), own.encode(f" {answer}\n")

examples = [in_ids(*one) for one in conversations]
print(conversations[0])
print(examples[0])

# %% [markdown]
# The answer ends with a new line, and that is learned, too: it is how the model knows where to stop. In a batch question and answer lie one behind the other, and shorter ones are filled up:

# %%
from torch.nn.utils.rnn import pad_sequence

# %% tags=["definition"]
# course_utils.post_training: talk_batch

# %%
ids, is_answer = talk_batch(examples[:3])
print("ids", tuple(ids.shape), "of an answer, in each row:", is_answer.sum(1).tolist())

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(conversations) == len(preferences) == 2000 and own.decode(examples[0][1]).endswith("\n") and is_answer.sum(1).tolist() == [len(a) for _, a in examples[:3]]

# %% [markdown]
# One thing is different from chapter 7: the questions are given, so only the tokens of answers count.
#
# ### Exercise 3 ●●○ · 4 minutes
# `F.cross_entropy` leaves out every target that is −100. Give each place its target.
#
# <!-- example: answer targets -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("answer targets")
def answer_targets(ids, is_answer):
    """ids, is_answer [B, N] -> targets [B, N - 1], -100 outside of answers"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: answer targets -->

# %% tags=["definition"]
# course_utils.post_training: answer_loss

# %% tags=["nbval-check-output"]
logits = torch.randn(1, 4, 10, generator=torch.Generator().manual_seed(0))
with_minus = F.cross_entropy(logits[0], torch.tensor([-100, -100, 8, 9]))
only_two = F.cross_entropy(logits[0, 2:], torch.tensor([8, 9]))
print("−100 is left out of the mean:", torch.equal(with_minus, only_two))

# %% jupyter={"source_hidden": true}
import copy

from course_kit.mine import for_training

before_all, forgotten = dialogues.judged(own), dialogues.novel(own, data.book()[-15_000:])

def one_step():
    return answer_loss(copy.deepcopy(own.model), *talk_batch(examples[:4])).backward()

for_training(one_step)  # with nothing solved it does nothing

# %% [markdown]
# The loop is chapter 7's, written so that it serves both trainings of this lesson: it takes a function that draws a batch and gives its loss, and hands out each step's loss.

# %% tags=["definition"]
# course_utils.post_training: training

# %% seconds=40 slideshow={"slide_type": "subslide"} tags=["training"]
dice, model = random.Random(0), own.model
held_out = talk_batch([in_ids(*one) for one in new_ones[:200]])

def imitation():
    return answer_loss(model, *talk_batch(dice.sample(examples, 32)))

for step, loss in training(model, imitation, steps=200, rate=2e-3):
    if step % 40 == 0 or step == 199:
        with torch.no_grad():
            new = answer_loss(model, *held_out)
        said = [goes_on(sentence).split("\n")[0] for sentence in sentences]
        print(f"{step:3}  loss {loss:.2f}, not trained on {new:.2f}  {said}")

# %% jupyter={"source_hidden": true}
after_sft, novel_sft = dialogues.judged(own), dialogues.novel(own, data.book()[-15_000:])
steps_of, NAMED = (
    {"before": before_all, "after SFT": after_sft},
    {
        "form": "one of the four forms",
        "right": "fits praise or complaint",
        "friendly": "friendly",
    },
)
shown = {name: [100 * one[key] for key in NAMED] for name, one in steps_of.items()}
plot.bars(
    list(NAMED.values()),
    shown,
    ylabel="% of 200 answers",
    digits=0,
    title="What does SFT teach?",
    caption="Answers to 200 sentences of other patterns, with other names and nouns.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert before_all["form"] == 0 and after_sft["form"] >= 0.95 and after_sft["right"] > 0.6 and after_sft["friendly"] < 0.2

# %% [markdown]
# Two hundred steps, and it answers, with not one parameter more. What it can *say* comes from before: your model has read one novel; SmolLM2 has 155 times as many parameters, and has read two trillion tokens before it saw its first conversation. <!-- source: Allal et al. 2025, SmolLM2, arXiv 2502.02737; 134,515,008 and 869,504 parameters above -->

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Seven: which answer is better?
# <a id="dpo"></a>
# Often nobody can write the best answer, but people can say which of two is better. We like the friendly one, and glad where glad is right. **DPO** (Rafailov et al. 2023) makes the liked answer more likely, compared with what the model $\pi_0$ before the training thought of it, and the disliked one less:
#
# $$L=-\ln\sigma\!\Big(\beta\Big[\underbrace{\ln\frac{\pi(\text{liked})}{\pi_0(\text{liked})}}_{\text{gain of the liked}}-\underbrace{\ln\frac{\pi(\text{disliked})}{\pi_0(\text{disliked})}}_{\text{gain of the disliked}}\Big]\Big)$$
#
# With a pencil: the liked answer had a log-probability of −4, now −2: it has gained 2. The disliked one had −3 and still has it. With β = ½ the loss is $-\ln\sigma(1)=0.31$. At the start nothing has been gained, and the loss is $-\ln\sigma(0)=\ln2$.
#
# ### Exercise 4 ●●○ · 6 minutes
# Write the loss. It gets four log-probabilities for each pair, and is the mean over the pairs; β is 0.1 unless given.
#
# <!-- example: dpo loss -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("dpo loss")
def dpo_loss(liked, disliked, liked_before, disliked_before, beta=0.1):
    """four log-probabilities [B] -> a number"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: dpo loss -->

# %% jupyter={"source_hidden": true} tags=["asserts"]
pencil = dpo_loss(*(torch.tensor([x]) for x in (-2.0, -3.0, -4.0, -3.0)), beta=0.5)
assert round(pencil.item(), 2) == 0.31 and abs(-F.logsigmoid(torch.zeros(1)).item() - math.log(2)) < 1e-6

# %% tags=["definition"]
# course_utils.post_training: log_probability, preference_loss

# %% seconds=25 slideshow={"slide_type": "subslide"} tags=["training"]
before = copy.deepcopy(model).eval()  # π₀
print(preferences[0])  # question, liked, disliked

def preference():
    some = dice.sample(preferences, 16)
    liked = talk_batch([in_ids(question, one) for question, one, _ in some])
    disliked = talk_batch([in_ids(question, one) for question, _, one in some])
    return preference_loss(model, before, liked, disliked)

for step, loss in training(model, preference, steps=60, rate=1e-4):
    if step % 20 == 0 or step == 59:
        said = [goes_on(sentence).split("\n")[0] for sentence in sentences]
        print(f"{step:3}  loss {loss:.2f}  {said}")  # at first ln 2 = 0.69

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
after_dpo, novel_now = dialogues.judged(own), dialogues.novel(own, data.book()[-15_000:])
steps_of["after DPO"] = after_dpo
own.save()
shown = {
    name: [100 * steps_of[name][key] for key in NAMED]
    for name in ("after SFT", "after DPO")
}
plot.bars(
    list(NAMED.values()),
    shown,
    ylabel="% of 200 answers",
    digits=0,
    title="And what does DPO add?",
    caption=f"The same 200 sentences. The novel costs {forgotten:.2f} bits per "
    f"character before, {novel_sft:.2f} after SFT and {novel_now:.2f} after DPO.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
even = [talk_batch([in_ids(question, pair[side]) for question, *pair in preferences[:16]]) for side in (0, 1)]
assert abs(preference_loss(before, before, *even).item() - math.log(2)) < 1e-5 and round(math.log(2), 2) == 0.69
assert after_dpo["friendly"] > 0.9 and after_dpo["form"] > 0.9 and novel_now > forgotten + 0.2
trained = results.load("post_training")["seeds"]
assert all(one["SFT"]["test"]["form"] >= 0.95 and one["before"]["test"]["form"] == 0 for one in trained)
assert all(one["SFT"]["test"]["friendly"] < 0.2 and one["DPO"]["test"]["friendly"] > 0.9 for one in trained)
assert all(min(one["SFT"]["bits"], one["DPO"]["bits"]) > one["before"]["bits"] + 0.8 for one in trained) and len(trained) == 3
assert results.load("post_training")["sentences"]["test"] == 400
assert all(one["SFT"]["test"]["right"] > 0.8 and one["DPO"]["test"]["right"] > 0.7 for one in trained)
share = {stage: sorted(100 * one[stage]["test"]["right"] for one in trained) for stage in ("SFT", "DPO")}
assert [int(x + 0.5) for x in (*share["DPO"][::2], *share["SFT"][::2])] == [74, 90, 83, 91]

# %% [markdown]
# It is friendly now, and its answer fits a little less often: in three recorded trainings, and on 400 sentences, in 74 to 90 %, after SFT alone in 83 to 91. It paid for that: its novel costs more bits than before, most of it since SFT. Whatever a model is taught, it may lose something else. So trainings like these are kept short, and large ones mix in texts of the old kind.
#
# **Keep this:** a base model continues; SFT shows it the form of an answer; DPO says which of two is better. What it knows comes from the text before.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keep it
# This writes your Llama, the two losses, and what lets them talk; the first two need only torch.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

keep("llama", "answering", "chat", "serve", "__main__")

# %% [markdown]
# In a terminal, in the folder of your notebooks:
#
# ```text
# python -m mine chat                 with SmolLM2, through your Llama
# python -m mine chat talker.pt       with the model that you have just taught
# python -m mine serve                SmolLM2 for any program that talks to OpenAI
# ```
#
# <a id="client"></a>
# While it serves, these lines talk to it; with the address of Ollama, `http://localhost:11434/v1`, and the name of one of its models they talk to that:
#
# ```python
# from openai import OpenAI
#
# client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")
# print([model.id for model in client.models.list()])
# talk = [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "Who are you?"}]
# for piece in client.chat.completions.create(model="smollm2", messages=talk, stream=True):
#     print(piece.choices[0].delta.content or "", end="")
# ```

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five lines to keep
# 1. Today's decoder is a GPT with RMSNorm, turned positions, gates, and shared keys and values.
# 2. Sharing keys and values makes the cache smaller; the model hardly notices.
# 3. A chat is one text with marks for who is speaking, and the model goes on with it.
# 4. SFT counts only the tokens of answers. DPO compares two answers, and each with what the model thought before.
# 5. Fluent is not true. Small models say wrong things in good sentences, and large ones do so more rarely.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three open questions
# They are discussed in [the annex](08_who_answers_annex.ipynb#open-questions).
# 1. *Prove:* the first loss of DPO is ln 2, whatever the model. <!-- source: the asserts under DPO -->
# 2. *Design an experiment:* does your tuned model answer from the sentence, or from words that it has seen with an answer?
# 3. *Why not* train on the tokens of questions, too?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [Llama](#llama) | Llama 架构 | the decoder of most open models since 2023 |
# | [RMSNorm](#rmsnorm) | 均方根归一化 | divides by the root of the mean square |
# | [rotary positions](#rotary) | 旋转位置编码 | queries and keys are turned by their position |
# | [SwiGLU](#swiglu) | SwiGLU 门控 | a feed-forward network with gates |
# | [grouped queries](#grouped-queries) | 分组查询注意力 | heads of queries share keys and values |
# | [open weights](#open-weights) | 开放权重 | published parameters |
# | [quantising](#quantising) | 量化 | fewer bits for each weight |
# | [chat template](#chat-template) | 对话模板 | a talk as one text with marks |
# | [supervised fine-tuning](#sft) | 监督微调 | answers to imitate |
# | [DPO](#dpo) | 直接偏好优化 | learns from which of two is better |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(8)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Next: ask your own questions
# From a weighted mean of neighbours you have come to a model that answers, and every line between them is in `mine/`. [The annex](08_who_answers_annex.ipynb) has what this lesson leaves out: how attention is built in the largest models, how much quantising costs, heads of a real model, reasoning, tools, and how such models are judged.
#
# Back to [Start here and your progress](00_start_here.ipynb#progress).
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 8, edition 0.3.0, and the heading above it.*
