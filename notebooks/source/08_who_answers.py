# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"} tags=["artifact", "core", "guess"]
# # 8 · Who answers?
# *Nobody answers; the model continues a text.* You'll keep `mine/llama.py`, today's decoder in plain PyTorch with your own lines in it, and chat with a published model through it. <!-- minutes --> **Before:** a GPT ([chapter 7](07_gpt.ipynb)), rotary positions ([chapter 4](04_positional_encoding.ipynb)).
#
# ## Ten questions
# We wrote ten questions down before we put any of them to a model. For each you see three answers: one by a small model that has read a single book, and two by a published model called SmolLM2, which we asked in two ways. **Choose a question. Which answer would you believe?**

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
from course_kit.views import Table, plot, predict, seen
from course_kit.checkpoints import load_checkpoint

runtime = course_kit.setup()
recorded = results.load("smollm_answers")
moon = next(question for question in recorded["answers"] if "Moon" in question)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
said = {
    from_cell("a model that read one book"): recorded["goes_on"],
    "SmolLM2": recorded["bare"],
    from_cell("SmolLM2, asked in another way"): recorded["answers"],
}
questions = sorted(recorded["answers"], key=lambda question: "Moon" not in question)
nothing = {"∅": from_cell("(nothing: it ends at once)")}
labs.replies(
    questions,
    {name: [nothing.get(one[q], one[q].strip()) for q in questions] for name, one in said.items()},
    title="Who answers?",
    caption=from_cell(
        "Long replies are cut at the end. SmolLM2 takes the likeliest token each time, the "
        "first model draws among the likely ones. {about}",
        about=recorded.about,
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
from chapters.ch08.experiments import ten_questions as asked

found = [asked.right(question, answer) for question, answer in recorded["answers"].items()]
assert len(found) == 10 and found.count(True) == 4 and found.count(None) == 1
assert "1972" in recorded["bare"][moon] and "Neil Armstrong" in recorded["answers"][moon]
assert len(recorded["bare"]) == 10 and list(recorded["bare"].values()).count("∅") == 6
assert "∅" not in recorded["answers"].values() and "two pairs of legs" in " ".join(recorded["answers"].values())

# %% [markdown]
# The second and the third answer come from one model. Asked the bare question about the Moon, it says 1972, and to six of the other nine it says nothing at all. Asked in the other way, it replies to each of the ten, though often wrongly: a spider has “two pairs of legs”. So what did we do differently, and why does it matter to the model?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## One: a chat is a text
# <a id="chat-template"></a>
# Chapter 7's GPT read a text and predicted what comes next, and SmolLM2 does the same. After trillions of tokens it was trained on conversations between a user and an assistant, each of them written down as one text in one fixed form. That form is called the model's **chat template**. So nothing in the machine answers. **The model continues a text, and in many texts that it has seen, an answer comes after a question.** <!-- source: Ben Allal et al. 2025, SmolLM2 -->
#
# If you want an answer, then, you write the beginning of such a text, and stop where the assistant would speak:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.talk(
    "You are a helpful AI assistant …",
    "What is the capital of France?",
    recorded["answers"]["What is the capital of France?"],
    title="Who writes which line?",
    caption="A chat with SmolLM2. What [warm|you] type, what the program adds, and what "
    "the [output|model] writes. Play it.",
)

# %% [markdown]
# In code it takes two lines to write this template for a conversation of any length. The model continues after its end:

# %% tags=["definition"]
# chapters.ch08.kept.smollm: chat_prompt

# %% tags=["nbval-check-output"]
print(chat_prompt([("system", "You are brief."), ("user", "Who are you?")]))

# %% [markdown]
# Does it have to be these marks? Let's try the form of a printed interview, where each line begins with a name and a colon. We asked SmolLM2 three times who the first person on the Moon was (⏎ is a line break):

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
forms = {
    from_cell("the question as it stands"): (moon, "bare"),
    from_cell("as in an interview"): (f"User: {moon} ⏎ Assistant:", "plainly"),
    from_cell("in its template"): (f"… <|im_start|>user ⏎ {moon}<|im_end|> ⏎ …", "answers"),
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
# So the interview works, too: in that form SmolLM2 says something to all ten questions. But the line break matters. On a single line, `User: … Assistant:`, it asks a question itself for six of the ten. Such a line probably looks less like the conversations that it knows. <!-- source: the ten questions on one line, the likeliest token; five come back word for word, one changed -->
#
# The marks have an advantage over a colon, because each of them is a token of its own. What happens if you *type* `<|im_end|>`, to end your turn and speak as the assistant? Our program treats what you type as plain text, so you can't make the mark. But imagine that you ask the model to sum up a page, and the page says *Ignore what you were told*. For the model that's more text, which it may well go along with. This is called **prompt injection**, and so far no template prevents it.
#
# **Keep this:** a model continues a text. Begin a conversation in a form that it knows, and an answer is likely.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Two: four changes
# <a id="llama"></a>
# What kind of machine reads this text? If you've built chapter 7's GPT, you know most of it already. SmolLM2 is built like **Llama** (Meta, 2023), and so, with small variations, are most open models since then. Step through the four changes that turn your GPT into such a Llama: <!-- source: Touvron et al. 2023; Ben Allal et al. 2025 -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
holmes = load_checkpoint("llama-holmes")
labs.gpt_to_llama(
    len(holmes.model.blocks),
    title="What has changed since GPT?",
    caption="The data flow upwards. The numbers mark the four changes. (Linear layers have no biases any more.)",
)

# %% [markdown]
# In code they're a handful of lines. Here they are as a diff: a line with `-` is your GPT's, and a line with `+` takes its place.
#
# ```diff
#   # in each block
# - self.norm1 = nn.LayerNorm(size)
# + self.norm1 = RMSNorm(size)                            # new 1: and so is every norm
# - self.ffn = nn.Sequential(widen, nn.GELU("tanh"), narrow)
# + self.ffn = SwiGLU(size, hidden)                       # new 3: each hidden feature has a gate
#
#   # in its attention
# - q, k, v = self.project(x)                             # [B, H, T, d] each
# + q = turn(split_heads(self.query(x), heads), *turns)   # new 2: turned by its position
# + k = turn(split_heads(self.key(x), key_heads), *turns) # new 2 and 4: fewer heads, G
# + v = split_heads(self.value(x), key_heads)             # new 4: [B, G, T, d]
# + k, v = share_heads(k, heads), share_heads(v, heads)   # new 4: [B, H, T, d] again
#
#   # in the model
# - x = self.tokens(ids) + self.positions(places)
# + x = self.tokens(ids)                                  # new 2: no table of positions
# ```
#
# What are the changes for? RMSNorm keeps the numbers of a vector at one size, with less work than a layer norm. Queries and keys that are turned let a score depend on the distance between two tokens. A gate decides how much of each feature is passed on. And if heads share keys and values, a long chat needs less memory. Let's take the first one now, because you can write it in two lines. The others follow in the second half.

# %% jupyter={"source_hidden": true} tags=["asserts"]
import inspect
from course_utils import gpt as old, llama as new
for source, lines in (old, ["nn.LayerNorm(size)", 'nn.Sequential(widen, nn.GELU("tanh"), narrow)', "q, k, v = self.project(x)", "self.tokens(ids) + self.positions(places)"]), (
    new, ["self.norm1 = RMSNorm(", "self.ffn = SwiGLU(", "turn(split_heads(self.query(x)", "turn(split_heads(self.key(x)", "v = split_heads(self.value(x)", "k, v = share_heads(k, self.heads), share_heads(v", "x = self.tokens(ids)  #"]):
    assert all(line in inspect.getsource(source) for line in lines)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### One size, and no more
# <a id="rmsnorm"></a>
# Let's look into `llama-holmes`, the model that has read one book, because it's small. As in chapter 7, ids go in and logits come out:

# %% tags=["nbval-check-output"]
ids = torch.tensor([holmes.tokenizer.encode("“My dear Watson,” said Holmes")])  # [1, T]
with torch.no_grad():
    print("ids", tuple(ids.shape), "-> logits", tuple(holmes.model(ids).shape))

# %% [markdown]
# Each block *adds* something to the vector of a word. What becomes of the numbers in it? Here is the vector of the last word, “Holmes”, as each block receives it:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
grown, parts = [], [*holmes.model.blocks, holmes.model.norm]
watching = [part.register_forward_pre_hook(lambda _, given: grown.append(given[0][0, -1])) for part in parts]
with torch.no_grad():
    holmes.model(ids)
for watch in watching:
    watch.remove()
stream = torch.stack(grown)  # [5, D]: what each block reads, and what the last one leaves
size = stream.pow(2).mean(-1).sqrt()
labs.swells(
    stream,
    title="How large are the numbers in the vector of “Holmes”?",
    caption="32 of its 128 numbers, from below: what each block of llama-holmes reads. All strips have one scale.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (size[1:] > size[:-1]).all() and size[-1] > 100 * size[0]

# %% [markdown]
# By the end they're more than a hundred times as large. If a matrix read such a vector as it is, what comes out would grow in the same way. So each block first brings the vector to one size. Chapter 5's layer norm does it in two steps: it subtracts the mean, then divides by the standard deviation. But our problem was only that the numbers grow. Do we need the first step at all? **RMSNorm** (2019) leaves it out, and its authors found that it works as well, with less to compute. <!-- source: Zhang and Sennrich 2019, abstract -->

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
labs.norms(
    (3, 4),
    title="What does a norm leave of the vector (3, 4)?",
    caption="The circle is the size that both want. Which of them keeps the direction?",
)

# %% [markdown] tags=["card"]
# So you divide by the root of the mean square, and then scale each feature by a learned number. For the vector in the picture the mean square is 12.5.
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

# %% [markdown] slideshow={"slide_type": "skip"}
# ### The whole class
# Now put the parts together. The norm is yours. The code of three parts comes in the second half; this is what they give. `turn` turns queries and keys by their positions, and keeps their shape. `SwiGLU` gives a vector for a vector of the same size, like the network in a GPT's block. `share_heads` repeats the heads of keys until each query head has one, and you'll write it yourself. `split_heads`, `join_heads`, `masked_softmax` and the cache come from earlier chapters.

# %% jupyter={"source_hidden": true} tags=["definition"]
# course_utils.attention: masked_softmax, split_heads, join_heads

# %% jupyter={"source_hidden": true}
from mine import masked_softmax, nucleus, split_heads, with_temperature  # yours
from course_utils.gpt import generate  # chapter 7's
from course_utils.llama import SwiGLU, share_heads  # their code: in the second half
from course_utils.rotary import rotation, turn

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.cache: Cache
# course_utils.llama: LlamaConfig

# %% slideshow={"slide_type": "skip"} tags=["definition"]
# course_utils.llama: GroupedAttention

# %% [markdown]
# A block is put together like a GPT's, and so is the model. It computes the angles and the mask once, for all blocks. `mask.tril(past)` is the causal mask, moved to the right by what the cache holds already:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "skip"}
plot.maps(
    {"may attend": torch.ones(2, 4, dtype=torch.bool).tril(2)},
    {"may attend": ["Watson", "said"]},
    {"may attend": ["My", "dear", "Watson", "said"]},
    axes=("query", "key"),
    title="To what may two new tokens attend?",
    caption="“My dear” is in the cache. A new token may attend to that, and to the new ones up to itself.",
)

# %% tags=["definition"]
# course_utils.llama: LlamaBlock, Llama

# %% [markdown]
# Does it compute what it should? With random parameters it writes nonsense, with those of `llama-holmes` it sounds like the book. Read all at once, or token by token with the cache, a text should get the same logits:

# %%
def written_by(model):  # the likeliest token each time
    return holmes.tokenizer.decode([*map(int, generate(model, ids, 12, temperature=0))])
yours = Llama(holmes.model.config)
print("random:", written_by(yours))
yours.load_state_dict(holmes.model.state_dict())
print("trained:", written_by(yours))
caches = yours.caches()
with torch.no_grad():
    gap = (yours(ids) - holmes.model(ids)).abs().max()
    steps = torch.cat([yours(one, caches) for one in ids.split(1, 1)], 1)
    other = (steps - yours(ids)).abs().max()
print(f"largest difference to ours: {gap:.0e}; token by token: {other:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and other < 1e-4

# %% [markdown] tags=["keep"]
# **Keep this:** a Llama is a GPT with RMSNorm, turned positions and gates, and often with shared keys and values.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Three: published parameters
# <a id="open-weights"></a>
# SmolLM2 read two trillion tokens on 64 graphics processors, and the parameters that came out are published. Here they're in one file of 98 MB, [most of them rounded to four bits](08_who_answers_annex.ipynb#quantisation). How do you get them into *your* class? First you give it the same sizes, and the same `base`, which sets how fast its pairs turn. Then you copy each matrix into its place. First the sizes: <!-- source: model card of SmolLM2-135M: 2T tokens, 64 H100 -->

# %%
sizes = LlamaConfig(
    vocab=49152, size=576, layers=30, heads=9, key_heads=3, hidden=1536,
    context=8192, base=100_000,
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch08.kept.smollm import renamed as name_here

theirs = [  # from below: a part of the class, its colour, and its tensors in the file
    (from_cell("the table of tokens"), "", ["token_embd"]),
    (from_cell("the norm before attention"), "", ["blk.0.attn_norm"]),
    (from_cell("attention: nine query heads, three key heads"), "warm", [f"blk.0.attn_{x}" for x in ("q", "k", "v", "output")]),
    (from_cell("the norm before the network"), "", ["blk.0.ffn_norm"]),
    (from_cell("the network with its gate"), "cool", [f"blk.0.ffn_{x}" for x in ("gate", "up", "down")]),
    (from_cell("the last norm, after 30 blocks"), "", ["output_norm"]),
]
with torch.device("meta"):  # shapes only, no numbers
    shapes = {name: list(x.shape) for name, x in Llama(sizes).state_dict().items()}
labs.places(
    [
        (part, role, [(name, " × ".join(map(str, shapes[name_here(f"{name}.weight")]))) for name in names])
        for part, role, names in theirs
    ],
    title="Where does each matrix go?",
    caption=from_cell("The first of 30 blocks, and both ends: 11 of the {count} tensors in SmolLM2’s file.", count=len(shapes)),
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sum(len(names) for *_, names in theirs) == 11 and shapes["blocks.0.attention.key.weight"] == [3 * 64, 576] and not any("rot" in name for name in shapes)

# %% [markdown]
# If your class does the same computation, it computes what theirs does. (Equal shapes aren't enough. If the features of a head aren't in the order that `turn` expects, the file loads without an error, and the model writes nonsense.) In this file the order is ours, but the names are different, and the numbers are packed in blocks:

# %% slideshow={"point": ["found[renamed("]} tags=["definition"]
# chapters.ch08.kept.smollm: renamed, dequantized

# %% [markdown]
# You won't find the rotations in the file, because their angles are computed, not learned. [`published.load`](../chapters/ch08/published.py) reads the file and fills your class. Then ask it what you like:

# %% seconds=10
smol = published.load(Llama)  # your class with these parameters, if they are installed
talker = smol or published.StandIn(Llama)  # if not: llama-holmes
print(talker.about)

question = "What is the capital of France?"  # ask what you like; ■ stops it
written = []
asked = talker.prompt(question)  # its template, as ids [1, T]
for token in generate(talker.model, asked, talker.longest, temperature=0):
    if token == talker.stop:  # the mark that ends a turn
        break
    written.append(token.item())
    print(talker.piece(written), end="", flush=True)  # the last token's text

# %% [markdown]
# `generate` is chapter 7's: it reads the whole conversation at once (**prefill**), and then each new token alone (**decode**), with all the others in the cache. But is this still the published model, or one that only resembles it? We gave the same file to the library `transformers`, put one question to both, and compared all their logits:

# %%
parity = recorded["transformers"]
print(f"largest difference of a logit: {parity['gap']:.0e}")
print(f"the same text: {parity['same_text']}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(recorded["bytes"] / 1e6) == 98
assert parity["gap"] < 1e-3 and parity["same_text"] and parity["tokens"] >= 40 and parity["ratio"] >= 1.0
assert smol is None or talker.tokenizer.decode(written) == recorded["answers"][question] == "The capital of France is Paris."
assert smol is None or vars(smol.model.config) | {"eps": sizes.eps} == vars(sizes)  # eps: 1e-5 in float32
assert (sizes.vocab, sizes.size, sizes.hidden) == (49_152, 576, 1536)
line = smol and torch.tensor([smol.tokenizer.encode(f"User: {moon} Assistant:").ids])
assert smol is None or (again_said := smol.text(list(smol.tokens(line, 8))).strip()) and moon.startswith(again_said)

# %% [markdown] tags=["keep"]
# So it's the same model, up to rounding.
#
# **Keep this:** a model is a computation and its numbers. Write the computation, copy the numbers, and it speaks.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["half"]
# **Half way.** You have a published model that speaks through a class on your page, and a form in which it answers. What you haven't seen yet is how the other changes work, and when you may believe an answer. Close it here if you like; next time, choose *Kernel → Resume here*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four: positions that turn
# <a id="rotary"></a>
# A GPT adds a learned row for each position. What it has learned about two neighbours at the beginning of a text need not hold for two neighbours further on, although their distance is the same. You know a remedy from chapter 4: **turn the query and the key by an angle that grows with their position, and of the two positions only the distance counts.** This is **RoPE** (*rotary position embedding*, 2021): <!-- source: Su et al. 2021 -->

# %% jupyter={"source_hidden": true}
clocks = labs.meet(title="Chapter 4: does the score know where it is?")
seen(clocks, "04_positional_encoding.ipynb#rotary")

# %% [markdown]
# Take a pencil. One pair of numbers turns by 30° for each position, and the key is two positions before the query:
#
# | positions | query (2, 0), turned | key (1, 0), turned | score |
# |---|---|---|---|
# | 3 and 1 | by 90°: (0, 2) | by 30°: (0.87, 0.5) | 0 · 0.87 + 2 · 0.5 = 1 |
# | 2 and 0 | by 60°: (1, 1.73) | by 0°: (1, 0) | 1 · 1 + 1.73 · 0 = 1 | <!-- source: 30° for each position, asserted below -->
#
# In code, `rotation` computes the angles once for all blocks, and `turn` turns the pairs, whose two numbers are called `first` and `second`.

# %% slideshow={"point": ["turned ="]} tags=["definition"]
# course_utils.positions: frequencies
# course_utils.rotary: rotation, turn

# %% jupyter={"source_hidden": true} tags=["asserts"]
def turned(x, position):  # by 30° for each position
    angle = torch.tensor([[math.radians(30 * position)]])
    return turn(torch.tensor([x]), angle.cos(), angle.sin())[0]
pairs = [(turned((2.0, 0.0), i), turned((1.0, 0.0), m)) for i, m in ((3, 1), (2, 0))]
assert [[round(x, 2) + 0.0 for x in both.tolist()] for pair in pairs for both in pair] == [[0, 2], [0.87, 0.5], [1, 1.73], [1, 0]]
assert all(abs(q @ k - 1) < 1e-6 for q, k in pairs)

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Five: a gate
# <a id="swiglu"></a>
# After the attention a small network works on each word separately. In a GPT each of its hidden features goes through a GELU, which sees nothing but this one number. Now suppose that a feature says “this is a name”, and that names should count only inside a quotation. Then something that has seen the quotation marks should decide how much of the feature is passed on. So for each feature we compute two numbers from the whole vector $x$: *what* it would pass on, and *how much* of it. The second number is a **gate**, and we multiply the two.

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
# This network is called **SwiGLU** (2020). The gate goes through $\mathrm{silu}(z)=z\,\sigma(z)$, which is nearly 0 for very negative $z$, and nearly $z$ for large $z$. Take a pencil. Say that a feature would pass on 3, and its gate is 2. The silu of this gate is 1.76, so 5.28 is passed on. With a gate of 0 nothing is. <!-- source: Shazeer 2020 -->
#
# $$\mathrm{SwiGLU}(x)=\big(\underbrace{\mathrm{silu}(xW_{gate})}_{\text{how much}}\odot\underbrace{xW_{up}}_{\text{what}}\big)\,W_{down}\qquad W_{gate},W_{up}\in\mathbb R^{D\times F},\; W_{down}\in\mathbb R^{F\times D}$$
#
# You need three matrices where a GPT has two. To pay for the third, $F$ is often about $\frac83D$ instead of $4D$.

# %% tags=["definition"]
# course_utils.llama: SwiGLU

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(F.silu(torch.tensor(2.0)).item(), 2) == 1.76 and round(1.76 * 3, 2) == 5.28 and 3 * 8 / 3 == 2 * 4

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Six: shared keys and values
# <a id="grouped-queries"></a>
# While it writes, a model keeps the keys and values of all earlier tokens, because otherwise it would have to compute them again for each new one. This is chapter 7's cache, and it grows with every token, in every block and every head.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "SmolLM2 has 30 blocks of 9 heads with 64 features, and reads up to 8,192 tokens. "
    "If each head kept keys and values of its own, how large would the cache be, "
    "in 16-bit numbers?",
    ["5 MB", "57 MB", "566 MB"],
    answer=2,
    because="2 · 30 · 9 · 64 numbers of 2 bytes are 69 kB for each token; 8,192 tokens need "
    "566 MB, twice as much as the parameters in 16 bits (269 MB).",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (per_token := 2 * 30 * 9 * 64 * 2) == 69_120
assert round(per_token / 1e3) == 69 and round(per_token * 8192 / 1e6) == 566 and round(recorded["parameters"] * 2 / 1e6) == 269
assert round(per_token / 3 * 8192 / 1e6) == 189 and round(per_token / 9 * 8192 / 1e6) == 63 and round(recorded["parameters"] / 1e6) == 135

# %% [markdown]
# At full length, the cache of one conversation would be twice as large as the model's parameters, at two bytes a number for both. Where can you save? A query is used only once, when its token is read, so the keys and values are what costs. Let several query heads share *one* key–value head:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab", "tile"]
labs.shared(
    9,
    (9, 3, 1),
    [2 * 30 * keys * 64 * 2 * 8192 / 1e6 for keys in (9, 3, 1)],
    title="How many key heads do nine query heads need?",
    caption="The heads of one block of SmolLM2, which has three [key|key–value heads]. Play it.",
)

# %% [markdown] tags=["card"]
# This is **grouped-query attention** (GQA, 2023). Each query head still has weights of its own, because it asks its own question. But it shares keys and values with its neighbours, and SmolLM2's cache shrinks to a third, 189 MB. <!-- source: Ainslie et al. 2023 -->
#
# #### Exercise 2 ●●○ · 5 minutes
# Repeat each key head so that every query head has one. With 4 query heads and 2 key heads, the first two query heads use the first, and the other two use the second. <!-- source: the exercise's example -->
#
# <!-- example: share heads -->

# %% slideshow={"slide_type": "subslide"} tags=["exercise"]
@exercise("share heads")
def share_heads(x, heads):
    """x [B, G, K, d] -> [B, heads, K, d]"""
    raise NotImplementedError

# %% [markdown]
# <!-- solution: share heads -->

# %% [markdown] tags=["keep"]
# **Keep this:** heads that share keys and values make the cache smaller. Each head still asks its own question.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is each change worth?
# We gave a small GPT of chapter 7 one change, or all four, and trained it again on the same book, three times each.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Which of the four changes helps so small a GPT most?",
    ["RMSNorm", "RoPE", "SwiGLU", "shared keys and values"],
    answer=1,
    because="It saves a tenth of a bit; the other three change next to nothing.",
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
assert 0.09 < plain - mean.pop("+ rotary") < 0.12 and 0.06 < plain - mean.pop("+ all four") < 0.07 and worth["seeds"] == 3
assert all(abs(plain - x) < 0.02 for x in mean.values()) and len(mean) == 3
assert round(plain, 1) == 2.0 and 0.01 < unchanged.max() - unchanged.min() < 0.015

# %% [markdown]
# RoPE saves a tenth of a bit, and all four changes together save about two thirds of that. No other change clearly lowers the loss of a model so small, after so short a training. Are the others useless, then? RMSNorm is there to save time and shared keys to save memory, and SwiGLU was chosen because it lowered the loss of larger models. <!-- source: Zhang and Sennrich 2019; Ainslie et al. 2023; Shazeer 2020, table 1 -->
#
# <details><summary>How sure is this?</summary>
#
# Without any change the GPT pays 2.0 bits per character, and its three trainings differ by about a hundredth of a bit. These models have two blocks and learned for 300 steps. With 600 steps the lead of RoPE had shrunk to a fiftieth of a bit, in the one pair that we trained. <!-- source: data/results/gpt_ablation.json; ablation.trained with 600 steps, seed 0: 1.909 and 1.890 bits -->
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core", "guess"]
# ## Who answers? Ask
# <a id="ask"></a>
# By now both of your functions are in the class. Ask the model again, and this time look inside while it writes: choose a token of the answer. What else was likely there, and where did a head attend? **Guess first:** is the model less sure about the capital of Atlantis than about that of France?

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
chances = [one["chances"] for one in asking.view.options["traces"][0]]
assert smol is None or [(one[5][0][0], round(100 * one[5][0][1])) for one in chances] == [(" Paris", 95), (" Atlantis", 13)]

# %% [markdown] tags=["keep"]
# So who answers? Nobody. At each step some tokens are likely and others are not, and the program takes one. You get a true answer when the true words happen to be likely, and a false one in exactly the same way. About Atlantis, SmolLM2 begins with the same words as about France, and its sentence sounds as sure. The bars don't: *Paris* had 95 %, and *Atlantis*, the name that it gives to the capital, 13.
#
# Much of the attention goes to the first mark of the conversation, which says nothing about your question. Such a token is called an *attention sink*, and [the annex](08_who_answers_annex.ipynb#sink) shows what is lost without it.
#
# **Keep this:** fluent text can be false. How sure the model was shows in its probabilities, not in its sentences.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## When not to fine-tune
# <a id="fine-tuning"></a>
# You could train SmolLM2 further, on questions and answers of your own. This is called **fine-tuning**, and you'll do it with a small model in chapter 9. But it takes examples and time, and the model may lose something that it could do before. So try three cheaper things first:
#
# 1. **Ask in another form.** In this lesson the form alone turned 1972 into Neil Armstrong.
# 2. **Put the fact into the text.** Let a program search for it and write it in front of the question: this is *retrieval*.
# 3. **Take a larger model.** If it is built like SmolLM2, your class needs only other sizes.
#
# Let's try the second, without changing a single parameter:

# %% seconds=15 slideshow={"slide_type": "subslide"}
wanted = [
    "What is the capital of Atlantis?",
    "The capital of Atlantis is Meropa. What is the capital of Atlantis?",
    "Our library opens at nine and closes at six. When does our library close?",
]
replied = [talker.answer(one, 24) for one in wanted]  # the loop above, 24 tokens at most
for one, reply in zip(wanted, replied):
    print(f"{one} -> {reply}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert smol is None or replied[1] == "The capital of Atlantis is Meropa." and "Meropa" not in replied[0] and "six" in replied[2] and "maximum of four hours" in replied[2]

# %% [markdown]
# With the sentence in front of it, the model names the capital that we made up. It also reads the library's hours correctly, but then adds “a maximum of four hours” that nobody mentioned. Of fourteen other facts that we made up, it used five, and two in part. A model as small as this needs checking even when the fact is right there. <!-- source: fourteen questions of this form, the likeliest token, 14 to 44 of them: five answers give the fact, two in part -->
#
# When does fine-tuning help, then? When you want another *behaviour*, such as a form, a tone or one narrow task, and have many examples of it, and others that you keep back to measure with. For facts it's often a poor tool. In one study, models learned facts that were new to them slowly, and once they had learned them, they made more things up. <!-- source: Gekhman et al. 2024, Does fine-tuning LLMs on new knowledge encourage hallucinations?, abstract -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["core"]
# ## Keep it
# This writes two files: your Llama, and a chat program.

# %% slideshow={"slide_type": "skip"}
from course_kit.mine import keep

keep("llama", "chat", "__main__")

# %% [markdown]
# In a terminal, in the folder of your notebooks:
#
# ```text
# python -m mine chat                 with SmolLM2, through your Llama
# ```

# %% [markdown] slideshow={"slide_type": "slide"} tags=["problem"]
# ## A memory of 128 · 60 minutes
# The cache of a long chat grows with each token, and far beyond the length that it was trained on, our small Llama gets worse. Write a cache that keeps the first four tokens and the last 124, so that the model can read on for as long as you like, and reads what it kept as one text without a gap. In a cell, `!course problem 08` (in a terminal without the `!`) gives you a file to begin with, and judges it. <!-- source: the problem's own text -->

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lines", "core"]
# ## Five lines to keep
# 1. A model continues a text. A chat is one text, with marks for who is speaking.
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
# <a id="sft"></a><a id="dpo"></a><a id="verifiable-reward"></a>
# SmolLM2 learned from conversations. Whose? In chapter 9 you'll teach a small model of your own: by [answers to imitate](09_who_taught_it.ipynb#sft), and by [a program that checks](09_who_taught_it.ipynb#verifiable-reward). Its annex has the third way, [a choice between two](09_who_taught_it_annex.ipynb#dpo).
#
# **→ [9 · Who taught it?](09_who_taught_it.ipynb)** · back to [Start here and your progress](00_start_here.ipynb#progress) · [the annex](08_who_answers_annex.ipynb) has the attention of the largest models, and SmolLM2 from inside
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 8, edition <!-- edition -->, and the heading above it.*
