# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 8 · Who answers?
# *Nobody answers; the model continues a text.* At the end you chat with a published language model through `mine/llama.py`, today's decoder in plain PyTorch, of which you have written some lines. <!-- minutes --> **Before:** a GPT ([chapter 7](07_gpt.ipynb)), rotary positions ([chapter 4](04_positional_encoding.ipynb)).
#
# ## Ten questions
# We wrote ten questions down before we put any of them to a model. For each you see three answers: one of a small model that has read a single novel, and two of a published model called SmolLM2, which we asked in two ways. **Choose a question. Which answer would you believe?**

# %% jupyter={"source_hidden": true}
import math
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
import course_kit
from chapters.ch08 import again, exercise, hint, labs, published, solution
from course_kit.i18n import from_cell
from course_kit import results
from course_kit.views import Table, plot, predict
from course_kit.checkpoints import load_checkpoint

runtime = course_kit.setup()
recorded = results.load("smollm_answers")
moon = next(question for question in recorded["answers"] if "Moon" in question)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
said = {
    from_cell("a model that read one novel"): recorded["goes_on"],
    "SmolLM2": recorded["bare"],
    from_cell("SmolLM2, asked in another way"): recorded["answers"],
}
questions = sorted(recorded["answers"], key=lambda question: "Moon" not in question)
nothing = {"∅": "(nothing: it ends at once)"}
labs.replies(
    questions,
    {
        name: [nothing.get(one[q], one[q].strip()) for q in questions]
        for name, one in said.items()
    },
    title="Who answers?",
    caption=from_cell(
        "Long replies are cut at the end. SmolLM2 takes the likeliest token each time, "
        "the first model draws among the likely ones. {about}", about=recorded.about
    ),
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Who was first on the Moon? SmolLM2 goes on with “1972”. Asked in another way, it "
    "names Neil Armstrong, with the same parameters. Why?",
    [
        "now it is told to think before it speaks",
        "now the question looks as in its training",
        "now it looks the answer up in a text",
    ],
    answer=1,
    because="What surrounds the question says who speaks, as in each conversation that it was "
    "trained on. The model continues a text either way.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch08.experiments import answers as asked

found = [asked.right(question, answer) for question, answer in recorded["answers"].items()]
assert len(found) == 10 and found.count(True) == 4 and found.count(None) == 1
assert "1972" in recorded["bare"][moon] and "Neil Armstrong" in recorded["answers"][moon]
assert len(recorded["bare"]) == 10 and list(recorded["bare"].values()).count("∅") == 6
assert "∅" not in recorded["answers"].values() and "two pairs of legs" in " ".join(recorded["answers"].values())

# %% [markdown]
# The second and the third line come from one model, with the same numbers in it. Given the bare question, it stops at once, without a word, for six of the ten. (With a line break behind the question it goes on.) Asked in the other way, it answers every time, though often wrongly (a spider has “two pairs of legs”). What is the other way, and why does the model care? <!-- source: each of the ten questions with a line break, the likeliest token: none stays empty -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: a chat is a text
# <a id="chat-template"></a>
# Chapter 7's GPT did one thing: it read a text and said what comes next. SmolLM2 does the same. **Nothing in the machine answers. It goes on with a text, and it has seen many texts in which an answer comes after a question.** After SmolLM2 had read trillions of tokens, it was trained on conversations between a user and an assistant. Each conversation was written down as one text in one fixed form, which is called the model's **chat template**. <!-- source: Ben Allal et al. 2025, SmolLM2 -->
#
# So what do you do if you want an answer? You write the beginning of such a text, and stop where the assistant would speak:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.talk(
    "You are a helpful AI assistant …",
    "What is the capital of France?",
    recorded["answers"]["What is the capital of France?"],
    title="Who writes which line?",
    caption="A chat with SmolLM2. What [query|you] type, what the program adds, and what "
    "the [output|model] writes. Play it.",
)

# %% [markdown]
# The template is a few lines of code. `chat_prompt` writes it for a conversation of any length, and the model continues after its last line:

# %% tags=["nbval-check-output"]
from chapters.ch08.kept.smollm import chat_prompt

print(chat_prompt([("system", "You are brief."), ("user", "Who are you?")]))

# %% [markdown]
# Is there a secret in these marks? Try the form of printed interviews, in which the speaker's name is followed by a colon. We asked SmolLM2 three times who the first person on the Moon was.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
forms = {
    from_cell("the question as it stands"): (moon, "bare"),
    from_cell("as in an interview"): (f"User: {moon} Assistant:", "plainly"),
    from_cell("in its template"): (f"<|im_start|>user {moon} <|im_end|> …", "answers"),
}
Table(
    [
        {
            "the form": name,
            "SmolLM2 reads": read,
            "and goes on": recorded[way][moon].partition("\n")[0].partition(",")[0],
        }
        for name, (read, way) in forms.items()
    ],
    from_cell("The same parameters, the likeliest token each time. {about}", about=recorded.about),
    data=("SmolLM2 reads", "and goes on"),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all("Neil Armstrong" in recorded[way][moon] for way in ("plainly", "answers"))
assert len(recorded["plainly"]) == 10 and "∅" not in recorded["plainly"].values()

# %% [markdown] tags=["keep"]
# The form of an interview works, too, and not only here: in it SmolLM2 says something to all ten questions. What matters is not this or that mark but the shape. After a question, an answer is likely.
#
# The marks have one advantage over a colon: each is a token of its own. What if you *type* `<|im_end|>`, to end your turn and speak as the assistant? Our program treats what you type as plain text, so typing `<|im_end|>` never makes the mark. But think of a page that you ask the model to sum up, with the sentence *Ignore what you were told* in the middle. To the model that is text like any other, and it goes on with what it reads. This is called **prompt injection**, and so far no template prevents it.
#
# **Keep this:** a model goes on with a text. Write the beginning of a conversation, and an answer comes next.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: four changes
# <a id="llama"></a>
# What is the machine? If you have built chapter 7's GPT, you know most of it. SmolLM2 is built like **Llama** (Meta, 2023), and with small variations so are most open models since then. Compared with your GPT there are four changes. <!-- source: Touvron et al. 2023; Ben Allal et al. 2025 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
holmes = load_checkpoint("llama-holmes")
labs.beside(
    len(holmes.model.blocks),
    title="What has changed since GPT?",
    caption="The data flow upwards. The numbers mark the four changes. (Linear layers have no "
    "biases any more.)",
)

# %% [markdown]
# Let us take `llama-holmes`, the model that has read one novel, because it is small enough to look inside. As in chapter 7, ids go in and logits come out:

# %% tags=["nbval-check-output"]
ids = torch.tensor([holmes.tokenizer.encode("“My dear Watson,” said Holmes")])
with torch.no_grad():
    print("ids", tuple(ids.shape), "-> logits", tuple(holmes.model(ids).shape))
print(f"{sum(p.numel() for p in holmes.model.parameters()):,} parameters")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### 1 · One size, and no more
# <a id="rmsnorm"></a>
# Each block *adds* something to the vector of a word. What becomes of the numbers in it? Here is the vector of the last word, "Holmes", as each block receives it:

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
size = stream.pow(2).mean(-1).sqrt()
labs.swells(
    stream,
    title="How large are the numbers in the vector of “Holmes”?",
    caption="32 of its 128 numbers, from below: what each block of llama-holmes reads. All strips "
    "have one scale.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (size[1:] > size[:-1]).all() and size[-1] > 100 * size[0]

# %% [markdown]
# By the end they are a hundred times as large. If a matrix read such a vector as it is, everything behind it would be scaled up as well. So each block first brings it to one size. Chapter 5's layer norm does so in two steps: it takes off the mean, then divides by the standard deviation. But our problem is only that the numbers grow. Do we need the first step at all? **RMSNorm** (2019) leaves it out. Its authors found that it works as well, with less to compute. <!-- source: Zhang and Sennrich 2019, abstract -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.norms(
    (3, 4),
    title="What does a norm leave of the vector (3, 4)?",
    caption="The circle is the size that both want. Which of them keeps the direction?",
)

# %% [markdown] tags=["card"]
# You divide by the root of the mean square, and then scale each feature by a learned number. For (3, 4) the mean square is 12.5.
#
# $$\mathrm{RMSNorm}(x)=\frac{x}{\underbrace{\sqrt{\frac1D\sum_j x_j^2+\epsilon}}_{\text{root of the mean square}}}\odot w\qquad x, w\in\mathbb R^D$$
#
# #### Exercise 1 ●○○ · 4 minutes
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
assert three.pow(2).mean() == 12.5
assert [round(x, 2) for x in rms_norm(three, torch.ones(2)).tolist()] == [0.85, 1.13]

# %% tags=["definition"]
# course_utils.llama: RMSNorm

# %% [markdown] slideshow={"slide_type": "slide"}
# ### 2 · Positions that turn
# <a id="rotary"></a>
# A GPT adds a learned row for each position. What it has learned for the positions 3 and 5 says nothing about 103 and 105, although the distance is the same. You know the remedy from chapter 4: **turn the query and the key by an angle that grows with their position, and only the distance counts.** This is **RoPE** (*rotary position embedding*, 2021), and here is chapter 4's picture of it: <!-- source: Su et al. 2021 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.meet(
    title="Does the score know where in the text we are?",
    caption="A [query|query] and a [key|key], at three positions in a text. Change the "
    "distance between them: which of the numbers below stay alike?",
)

# %% [markdown]
# The angles are the same for all blocks, so we compute them once, with `rotation`. In each block `turn` then turns pairs of numbers, as your function in chapter 4 did:

# %% slideshow={"point": ["turned ="]} tags=["definition"]
# course_utils.positions: frequencies
# course_utils.rotary: rotation, turn

# %% [markdown] slideshow={"slide_type": "skip"}
# Try it on a query and a key of two numbers each. The first two pairs of positions are equally far apart, so they should get the same score:

# %% slideshow={"slide_type": "skip"}
def turned_to(vector, position):
    return turn(torch.tensor([vector]), *rotation(torch.tensor([position]), 2))


scores = {}
for m, n in (3, 5), (103, 105), (3, 9):
    scores[m, n] = (turned_to([1.0, 2.0], m) @ turned_to([3.0, 1.0], n).mT).item()
    print(f"positions {m} and {n}: score {scores[m, n]:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(scores[3, 5] - scores[103, 105]) < 1e-4 < abs(scores[3, 5] - scores[3, 9])

# %% [markdown] slideshow={"slide_type": "slide"}
# ### 3 · A gate
# <a id="swiglu"></a>
# After the attention a small network works on each word by itself. In a GPT each hidden feature goes through a GELU, which sees nothing but this one number. Suppose that a feature says “this is a name”, and names should count only inside a quotation. Then something that has seen the quotation marks should decide how much of it is passed on. So compute two numbers from the whole vector $x$ for each feature: *what* it would pass on, and *how much* of it. Multiply the two. The second one is a **gate**.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
block, hidden = holmes.model.blocks[2], []
watch = block.ffn.register_forward_pre_hook(lambda _, given: hidden.append(given[0][0, -1]))
with torch.no_grad():
    holmes.model(ids)
    what, much = block.ffn.up(hidden[0]), F.silu(block.ffn.gate(hidden[0]))
watch.remove()
opened, shut = (what * much).abs().topk(3).indices, (what.abs() * (much.abs() < 0.03)).topk(3).indices
chosen = torch.cat([opened, shut])
labs.gate(
    what[chosen],
    much[chosen],
    title="How much of each feature is passed on?",
    caption="Six hidden features of the third block, at the word “Holmes”: the three that "
    "pass on most, and three whose gate is nearly shut.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert ((what * much)[opened].abs() > 10 * (what * much)[shut].abs().max()).all() and (what[shut].abs() > 0.5).all()

# %% [markdown]
# This network is called **SwiGLU** (2020). The gate goes through $\mathrm{silu}(z)=z\,\sigma(z)$, which is nearly 0 far below 0, and nearly $z$ far above. With a pencil: a feature would pass on 3, and its gate is 2. Because silu(2) is 1.76, it passes on 5.28. With a gate of 0 it passes on nothing. <!-- source: Shazeer 2020 -->
#
# $$\mathrm{SwiGLU}(x)=\big(\underbrace{\mathrm{silu}(xW_{gate})}_{\text{how much}}\odot\underbrace{xW_{up}}_{\text{what}}\big)\,W_{down}\qquad W_{gate},W_{up}\in\mathbb R^{D\times F},\; W_{down}\in\mathbb R^{F\times D}$$
#
# You now need three matrices where a GPT has two. To pay for the third, $F$ is often about $\frac83D$ instead of $4D$.

# %% tags=["definition"]
# course_utils.llama: SwiGLU

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(F.silu(torch.tensor(2.0)).item(), 2) == 1.76 and round(1.76 * 3, 2) == 5.28 and 3 * 8 / 3 == 2 * 4

# %% [markdown] slideshow={"slide_type": "slide"}
# ### 4 · Shared keys and values
# <a id="grouped-queries"></a>
# While it writes, a model keeps the keys and values of all earlier tokens, because otherwise it would have to compute them again for each new one. You know this cache from chapter 7. It grows with every token, in every block and every head.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "SmolLM2 has 30 blocks of 9 heads with 64 features, and reads up to 8,192 tokens. "
    "If each head kept keys and values of its own, how large would the cache "
    "be, in 16-bit numbers?",
    ["5 MB", "57 MB", "566 MB"],
    answer=2,
    because="2 · 30 · 9 · 64 numbers of 2 bytes are 69 kB for each token; 8,192 tokens "
    "need 566 MB, twice as much as the "
    "parameters in 16 bits (269 MB).",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (per_token := 2 * 30 * 9 * 64 * 2) == 69_120
assert round(per_token / 1e3) == 69 and round(per_token * 8192 / 1e6) == 566 and round(recorded["parameters"] * 2 / 1e6) == 269
assert round(per_token / 3 * 8192 / 1e6) == 189 and round(per_token / 9 * 8192 / 1e6) == 63 and round(recorded["parameters"] / 1e6) == 135

# %% [markdown]
# At full length the cache of one conversation, 566 MB, would be twice as large as the model itself, which takes 269 MB. Where can you save? The queries of the past are never needed again, so it is the keys and values that cost. Let several query heads share *one* key–value head:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.shared(
    9,
    (9, 3, 1),
    [2 * 30 * keys * 64 * 2 * 8192 / 1e6 for keys in (9, 3, 1)],
    title="How many key heads do nine query heads need?",
    caption="The heads of one block of SmolLM2, which has three [key|key–value "
    "heads]. Play it.",
)

# %% [markdown]
# With nine key–value heads the cache has 566 MB, with three 189, and with one 63.

# %% [markdown] tags=["card"]
# This is **grouped-query attention** (GQA, 2023). Each query head still has weights of its own, because it asks its own question. But it shares its keys and values with its neighbours. <!-- source: Ainslie et al. 2023 -->
#
# #### Exercise 2 ●●○ · 5 minutes
# Repeat each key head so that every query head has one. With 4 query heads and 2 key heads, the first two query heads use the first, and the other two use the second.
#
# <!-- example: share heads -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("share heads")
def share_heads(x, heads):
    """x [B, G, K, d] -> [B, heads, K, d]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: share heads -->

# %% [markdown] slideshow={"slide_type": "skip"}
# ### The whole class
# Now put the parts together. We go through the same picture, part by part. It uses `split_heads`, `join_heads` and `masked_softmax` of earlier chapters and chapter 7's cache (open the cells to see them):

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.attention: masked_softmax, split_heads, join_heads

# %% jupyter={"source_hidden": true}
from mine import masked_softmax, nucleus, split_heads, with_temperature  # yours

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.cache: Cache
# course_utils.llama: LlamaConfig

# %% [markdown]
# **New against chapter 7, in the attention:** queries and keys are turned, and keys and values are shared just before they are used.

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.llama: GroupedAttention

# %% [markdown]
# A block is put together as in a GPT (find its parts in the drawing above):

# %% tags=["definition"]
# course_utils.llama: LlamaBlock

# %% [markdown]
# The model computes the angles and the mask once, and hands them down to its blocks, with the caches:

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.llama: Llama

# %% [markdown]
# Is it the same machine? Put the parameters of `llama-holmes` into your class. Read the text at once, and then token by token with the cache. The logits should not change:

# %%
yours = Llama(holmes.model.config)
yours.load_state_dict(holmes.model.state_dict())
caches = yours.caches()
with torch.no_grad():
    gap = (yours(ids) - holmes.model(ids)).abs().max()
    steps = torch.cat([yours(one, caches) for one in ids.split(1, 1)], 1)
    other = (steps - yours(ids)).abs().max()
print(f"largest difference to the course's: {gap:.0e}; token by token: {other:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and other < 1e-4

# %% [markdown] tags=["keep"]
# **Keep this:** SmolLM2 is a GPT with another norm, turned positions, gates, and shared keys and values.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is each change worth?
# We gave a small GPT of chapter 7 one change, or all four, and trained it again on the same novel, three times each.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Which of the four changes helps so small a GPT most?",
    ["RMSNorm", "RoPE", "SwiGLU", "shared keys and values"],
    answer=1,
    because=[
        "It was meant to be cheaper, not to lower the loss.",
        "It saves a tenth of a bit; the other three change next to nothing.",
        "It was chosen because it lowered the loss of larger models.",
        "They were meant to save memory, not to lower the loss.",
    ],
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
worth = results.load("gpt_ablation")
bits = {name: torch.tensor(one["bits"]) for name, one in worth["models"].items()}
unchanged = bits.pop("chapter 7")
changes = {name.replace("rotary", "RoPE"): x for name, x in bits.items()}
saved = torch.stack([unchanged - x for x in changes.values()])  # [5, seeds]
plot.bars(
    list(changes),
    saved.mean(1),
    each=saved,
    ylabel="bits per character saved, on text not seen in training",
    digits=3,
    title="What is each change worth?",
    caption=from_cell(
        "A dot: one training, against the unchanged GPT from the same seed; a "
        "bar: the mean. Left of 0 the change makes it worse. {worth} "
        "parameters, equal tokens and rate. {about}",
        worth=f"{worth['models']['chapter 7']['parameters']:,}", about=worth.about
    ),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
mean = {name: x.mean().item() for name, x in bits.items()}
plain = unchanged.mean().item()
assert mean["+ rotary"] < mean["+ all four"] < mean["+ rotary"] + 0.05
assert 0.09 < plain - mean.pop("+ rotary") < 0.12 and 0.06 < plain - mean.pop("+ all four") < 0.1 and worth["seeds"] == 3
assert all(abs(plain - x) < 0.02 for x in mean.values()) and len(mean) == 3
assert round(plain, 1) == 2.0 and 0.01 < unchanged.max() - unchanged.min() < 0.015

# %% [markdown]
# Without any change the GPT pays 2.0 bits per character, and its three trainings differ by about a hundredth of a bit. RoPE saves a tenth. In a model as small as this one only RoPE lowers the loss. That is no verdict on the others, because RMSNorm was meant to be cheaper, and shared keys to save memory. Neither was meant to lower the loss. SwiGLU was chosen because it lowered the loss of larger models. <!-- source: Zhang and Sennrich 2019; Ainslie et al. 2023; Shazeer 2020, table 1 -->
#
# <details><summary>How sure is this?</summary>
#
# These models have two blocks and learned for 300 steps. With 600 steps the lead of RoPE had shrunk from a tenth of a bit to a fiftieth, in the one pair that we trained. All four together did a little worse than RoPE alone. <!-- source: data/results/gpt_ablation.json; ablation.trained with 600 steps, seed 0: 1.909 and 1.890 bits -->
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: published parameters
# <a id="open-weights"></a>
# SmolLM2 read two trillion tokens, on 64 graphics processors. The numbers that came out are published. All its parameters are in one file of 98 MB, [most of them rounded to four bits](08_who_answers_annex.ipynb#quantisation). What does it take to get them into *your* class? Its sizes are `LlamaConfig(vocab=49152, size=576, layers=30, heads=9, key_heads=3, hidden=1536, context=8192)`. If your class does the same computation with matrices of the same shapes, you copy each matrix into its place, and your class computes what theirs does. In this file only the names differ. (Files of the library `transformers` pair feature $i$ with $i+d/2$ for RoPE, and not with its neighbour. From them you also have to reorder the rows of the query and key matrices.) <!-- source: model card of SmolLM2-135M: 2T tokens, 64 H100 -->

# %% slideshow={"point": ["found[renamed("]} tags=["definition"]
# chapters.ch08.kept.smollm: renamed, parameters_of

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch08.kept.smollm import renamed as name_here

theirs = {  # name in the file -> what it is, and the role whose colour it has
    "token_embd": (from_cell("the table of tokens"), ""),
    "blk.0.attn_norm": (from_cell("the norm of the first block"), ""),
    "blk.0.attn_q": (from_cell("nine query heads"), "query"),
    "blk.0.attn_k": (from_cell("three key heads"), "key"),
    "blk.0.attn_v": (from_cell("three value heads"), "value"),
    "blk.0.ffn_gate": (from_cell("the gate"), "output"),
    "blk.0.ffn_up": (from_cell("what the gate lets pass"), "output"),
    "output_norm": (from_cell("the last norm"), ""),
}
with torch.device("meta"):  # shapes only, no numbers
    sizes = LlamaConfig(49_152, 576, 30, 9, 3, 1536, 8192)
    shapes = {name: list(x.shape) for name, x in Llama(sizes).state_dict().items()}
found = [(name, name_here(f"{name}.weight"), *both) for name, both in theirs.items()]
labs.places(
    [
        (name, here.removesuffix(".weight"), " × ".join(map(str, shapes[here])), what, role)
        for name, here, what, role in found
    ],
    title="Where does each matrix go?",
    caption=from_cell("Eight of the {count} tensors in SmolLM2’s file. Play it.", count=len(shapes)),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert shapes["blocks.0.attention.key.weight"] == [3 * 64, 576] and not any("rot" in name for name in shapes)

# %% [markdown]
# The turning has no entry in the file, because its angles are computed and not learned. [`published.load`](../chapters/ch08/published.py) reads the file and fills your class. Then ask it what you like:

# %% seconds=10
from course_utils.gpt import generate

smol = published.load(Llama)  # your class with these parameters, if they are installed
talker = smol or published.StandIn(Llama)  # if not: llama-holmes
print(talker.about)

question = "What is the capital of France?"  # ask what you like; ■ stops it
written = []
asked = talker.prompt(question)
for token in generate(talker.model, asked, talker.longest, temperature=0):
    if token == talker.stop:
        break
    written.append(token.item())
    print(talker.piece(written), end="", flush=True)

# %% jupyter={"source_hidden": true} tags=["asserts"]
parity = recorded["transformers"]
assert round(recorded["bytes"] / 1e6) == 98
assert parity["gap"] < 1e-3 and parity["same_text"] and parity["tokens"] >= 40 and parity["ratio"] >= 1.0
assert smol is None or talker.tokenizer.decode(written) == recorded["answers"][question] == "The capital of France is Paris."
assert smol is None or (smol.model.config.vocab, smol.model.config.size, smol.model.config.hidden) == (49_152, 576, 1536)

# %% [markdown] tags=["keep"]
# The class is yours, and the numbers are theirs. `generate` is chapter 7's: it reads the whole conversation at once (**prefill**), then each new token alone (**decode**), with all the others in the cache. The library `transformers`, given the same file, wrote the same text when we asked both.
#
# **Keep this:** a model is a computation and its numbers. Write the computation, copy the numbers, and it speaks.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Who answers? Ask
# <a id="ask"></a>
# Now ask the model itself, and look inside while it writes. Choose a token of the answer. What else was likely there? And where did a head attend?

# %% jupyter={"source_hidden": true} seconds=30 slideshow={"slide_type": "subslide"} tags=["lab"]
asking = labs.replies(
    ["What is the capital of France?", "What is the capital of Atlantis?"],
    {("SmolLM2" if smol else "llama-holmes"): talker.asked},
    live=True,
    title="What do you want to know?",
    caption="Ink below a token: how much the head attends to it when "
    "[output|the coloured token] is written. Bars: the likeliest tokens there. "
    "The model takes the first.",
)
asking

# %% jupyter={"source_hidden": true} tags=["asserts"]
told = asking.view.options["traces"][0][0]
shown = torch.tensor(asking.view.arrays["weights"][told["at"] :].astype("f4"))
shown = shown[: len(told["chances"]) * told["heads"] * len(told["pieces"])].view(-1, len(told["pieces"]))
assert smol is None or shown[:, 0].mean() > 0.3
assert asking.view.options["replies"][0][0] == "The capital of France is Paris." or smol is None

# %% [markdown]
# So who answers? Nobody. At each step there are likely tokens and unlikely ones, and the program takes one. A true answer comes where the true words are the likely ones, and a false one is written in just the same way. That is why the capital of Atlantis sounds as sure as that of France.
#
# Much of the attention goes to the first mark of the conversation, which says nothing about your question. Why is that? You meet such [a sink](08_who_answers_annex.ipynb#sink) in the annex.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes three files: your Llama, a chat program, and a server.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

keep("llama", "chat", "serve", "__main__")

# %% [markdown]
# In a terminal, in the folder of your notebooks:
#
# ```text
# python -m mine chat                 with SmolLM2, through your Llama
# python -m mine serve                SmolLM2 for any program that talks to OpenAI
# ```
#
# <a id="client"></a>
# <details><summary>How does another program talk to it?</summary>
#
# While it serves, these lines talk to it, or to Ollama at `http://localhost:11434/v1` with the name of one of its models:
#
# ```python
# from openai import OpenAI
#
# client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")
# print([model.id for model in client.models.list()])
# talk = [{"role": "user", "content": "Who are you?"}]
# ask = client.chat.completions.create
# for piece in ask(model="smollm2", messages=talk, stream=True):
#     print(piece.choices[0].delta.content or "", end="")
# ```
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A memory of 128 · 60 minutes
# The cache of a long chat grows with each token, and beyond the length it was trained with a small Llama gets worse. Write a cache that keeps the first 4 tokens and the last 124, so that the model may read on for as long as you like, and sees what it kept as one text without a gap. `course problem 08` gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. A model goes on with a text. A chat is one text, with marks for who is speaking.
# 2. Most open decoders since Llama are GPTs with RMSNorm, RoPE and SwiGLU, and often with shared keys and values.
# 3. RMSNorm gives a vector one size. A gate says how much of each feature is passed on.
# 4. Shared keys and values make the cache smaller; each head still asks its own question.
# 5. Published parameters speak through any class that does the same computation. Fluent text can be false.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["questions", "core"]
# ## Three open questions
# They are discussed in [the annex](08_who_answers_annex.ipynb#open-questions).
# 1. *Prove:* RMSNorm gives the same for $x$ and for $3x$ (leave out ε). What does that mean for a vector that grows from block to block?
# 2. *Design an experiment:* does SmolLM2 know that it does not know?
# 3. *Why not* let all heads share one key–value head?

# %% [markdown] slideshow={"slide_type": "skip"} tags=["glossary"]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [chat template](#chat-template) | 对话模板 | a conversation as one text with marks |
# | [Llama](#llama) | Llama 架构 | the decoder of most open models since 2023 |
# | [RMSNorm](#rmsnorm) | 均方根归一化 | divides by the root of the mean square |
# | [RoPE](#rotary) | 旋转位置编码 | queries and keys are turned by their position |
# | [SwiGLU](#swiglu) | SwiGLU 门控 | a feed-forward network with gates |
# | [grouped queries](#grouped-queries) | 分组查询注意力 | query heads share keys and values |

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["workbook"]
from course_kit.progress import onward

onward(8)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["next", "core"]
# ## Next: who taught it?
# <a id="sft"></a><a id="dpo"></a><a id="verifiable-reward"></a><a id="one-sentence"></a>
# SmolLM2 was taught with conversations. By whom? In chapter 9 you teach a small model of your own: by [answers to imitate](09_who_taught_it.ipynb#sft), by [a choice between two](09_who_taught_it.ipynb#dpo), and by [a program that checks](09_who_taught_it.ipynb#verifiable-reward). At its end you see [one sentence through all chapters](09_who_taught_it.ipynb#one-sentence).
#
# **→ [9 · Who taught it?](09_who_taught_it.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](08_who_answers_annex.ipynb) has the attention of the largest models, and SmolLM2 from inside
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 8, edition 0.4.0, and the heading above it.*
