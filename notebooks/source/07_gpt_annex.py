# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7 · Annex: what a GPT learns, costs and serves
# Each section stands alone: choose one by its question. Run the first cell before any of them. It belongs to [the lesson](07_gpt.ipynb). <!-- minutes -->

# %% jupyter={"source_hidden": true}
import math

import torch
import course_kit
from chapters.ch07 import again, exercise, find_error, hint, labs, language, reader_models, solution
from chapters.ch07.experiments import in_class as study
from course_kit import results
from course_kit.views import Table, plot, predict
from course_kit import decoding, text
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import generate
from course_utils.gpt import (
    inputs_and_targets,
    next_token_loss,
    nucleus,
    with_temperature,
)

runtime = course_kit.setup()
poet, prose = load_checkpoint("gpt-shakespeare"), load_checkpoint("gpt-prose")
tired = "The animal didn't cross the street because it was too tired."
verse = "Thou shalt be free\nAs mountain winds: but then exactly do"
# our own stories, which a program wrote from templates
tales = language.load_text("stories")
learned = text.BytePairs.build([tales.train], max_size=4 + 256 + 600)
lesson = language.TextLesson(tales, learned, block=64)

# %% [markdown]
# ## Does any of ten openings make sense?
# `gpt-prose` was trained on old English novels and children's books. One good continuation may be luck. The model's card, a file about it, holds ten. Does any make sense throughout?

# %%
openings = prose.card["training"]["recipe"]["openings"]
goes_on = prose.card["samples_not_selected"]
Table(
    [
        {
            "opening": begun,
            "the model goes on": sample[len(begun) : len(begun) + 160].replace(
                "\n", " / "
            ),
        }
        for begun, sample in zip(openings, goes_on, strict=True)
    ],
    "gpt-prose, temperature 0.7, top-p 0.9, not selected",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(openings) == 10 and all(sample.startswith(begun) for begun, sample in zip(openings, goes_on, strict=True))

# %% [markdown]
# ## Into how many tokens is a sentence cut?
# Here is the course sentence, cut in five ways.

# %% jupyter={"source_hidden": true}
few = text.BytePairs.build([tales.train], max_size=4 + 256 + 100)
rows, ways = (
    [],
    {
        "characters": poet.tokenizer,
        "pieces, 100 merges of our stories": few,
        "pieces, 600 merges": learned,
        "pieces, of gpt-prose": prose.tokenizer,
        "words, of chapter 5": load_checkpoint("transformer-grammar").source,
    },
)
for name, tokenizer in ways.items():
    cut = tokenizer.cut(tired)
    rows.append(
        {
            "cut into": name,
            "tokens": len(cut),
            "query–key pairs": len(cut) * (len(cut) + 1) // 2,
            "size of the vocabulary": len(tokenizer),
            "the first tokens": " · ".join(cut[:7]),
        }
    )
lengths = [row["tokens"] for row in rows]
Table(
    rows,
    "A space belongs to the piece after it. The pairs are those that a causal mask "
    "allows. "
    "The 860 pieces are 256 bytes, 600 merges and 4 special tokens",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert lengths == [60, 32, 13, 14, 12] and len(tired) == 60 and tired in tales.train
assert len(few) < len(learned) == 860 == 256 + 600 + 4 < len(prose.tokenizer)

# %% [markdown]
# Our merges were learned from stories that contain this very sentence, so they cut it into unusually few pieces. A model does not see letters inside a piece: to count the r's in *strawberry*, it must know the spelling by heart.

# %% [markdown]
# ## Does the order of the merges matter?
# To learn its pieces, a tokenizer repeats the merge that you wrote in the lesson. GPT-2 and `gpt-prose` merge *bytes* instead of characters, so that every text can be cut. Here we write each byte as one character, so *é*, which has two bytes, becomes two characters.

# %%
from collections import Counter

from mine import merge_once
from course_utils.merges import joined

# WORD finds words, each with the space before it
from course_kit.text.subwords import WORD


def in_bytes(text):
    """The text with one character for each of its bytes."""
    return text.encode().decode("latin-1")


def learn_pairs(text, count):
    """The pairs that your merge joins in a text, in order."""
    words, pairs = Counter(tuple(in_bytes(word)) for word in WORD.findall(text)), []
    for _ in range(count):
        pair, words = merge_once(words)
        pairs.append(pair)
    return pairs


passage = tales.train[:100_000]
my_pairs = learn_pairs(passage, 300)
print("Joined first:", *("".join(pair).replace(" ", "␣") for pair in my_pairs[:10]))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(set(my_pairs)) == 300 and len(in_bytes("é")) == 2 and {("h", "e"), (" ", "t")} <= set(my_pairs[:3])

# %% [markdown]
# ### Exercise ●●○ · 4 minutes
# Cut a new word with these pairs; `joined(pieces, pair)` joins a pair wherever it occurs. **Guess** first: does the order of the pairs matter?

# %% tags=["exercise"]
@exercise("bpe encode")
def encode_word(word, merges):
    """word "lowest", merges [("e", "s"), …] in the order in which they were learned ->
    its pieces, ("low", "est")"""
    raise NotImplementedError

# %% [markdown]
# Each piece gets a number: first the 256 bytes, then the pairs. For comparison, the library `tokenizers` learns from the same passage.

# %%
import functools
from tokenizers import ByteLevelBPETokenizer

vocabulary = [*map(chr, range(256)), *map("".join, my_pairs)]
number = {piece: n for n, piece in enumerate(vocabulary)}
cut_word = functools.cache(
    lambda word: [number[piece] for piece in encode_word(in_bytes(word), my_pairs)]
)


def encode(text):
    """A text -> the numbers of its pieces."""
    return [n for word in WORD.findall(text) for n in cut_word(word)]


def decode(numbers):
    """Numbers of pieces -> the text."""
    return "".join(vocabulary[n] for n in numbers).encode("latin-1").decode()


library = ByteLevelBPETokenizer()
library.train_from_iterator([passage], vocab_size=256 + 300, show_progress=False)
samples = {
    "the course sentence": tired,
    "猫 🙂": "猫 🙂",
    "our held-out stories": tales.valid,
}
Table(
    [
        {
            "text": name,
            "your tokens": len(encode(one)),
            "the library's tokens": len(library.encode(one)),
            "decoded": "the same text" if decode(encode(one)) == one else "another text",
        }
        for name, one in samples.items()
    ]
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert all(decode(encode(one)) == one for one in samples.values()) and len(encode("猫 🙂")) == 8
assert abs(len(encode(tales.valid)) / len(library.encode(tales.valid)) - 1) < 0.01 and len(encode(tired)) == len(library.encode(tired))

# %% [markdown]
# <details><summary>Answer</summary>
#
# The order matters, because a later pair may be made of pieces that earlier pairs have joined.
#
# </details>

# %% [markdown]
# ## What do the parts of a GPT save?
# <a id="bigram"></a><a id="perplexity"></a>
# We train on our own stories, cut into pieces by 600 merges. One rival *knows nothing*: each of the $V$ tokens gets the probability $1/V$. The other, a **bigram** table, counts which token follows which; each token gets one extra successor, split among all tokens by their frequency, so that no probability is 0. Suppose *the* occurs 99 times, 30 of them before *man*, and *man* is 2% of all tokens. Then *man* gets $(30+0.02)/(99+1)=0.30$ after *the*.

# %%
reached = {"knows nothing": lesson.uniform_loss, "bigram": lesson.bigram_loss()}
print(", ".join(f"{name} {loss:.2f}" for name, loss in reached.items()), "nats per token")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 6 < reached["knows nothing"] < 7 and reached["bigram"] < 0.6 * reached["knows nothing"]
assert round((30 + 0.02) / (99 + 1), 2) == 0.3

# %% [markdown]
# **Perplexity**, $e^{\text{loss}}$, is the number of equally likely tokens that would be just as hard to guess. But a long piece is usually harder to guess than a letter, so models with different tokens are compared in **bits per character**.
#
# ### Exercise ●●○ · 4 minutes
# Convert a loss in nats per token into bits per character.

# %% tags=["exercise"]
@exercise("bits per character")
def bits_per_character(loss, tokens, characters):
    """loss in nats per token, numbers of tokens and characters of the text -> bits per
    character"""
    raise NotImplementedError

# %% [markdown]
# <a id="muon"></a>
# Three models train for equally many steps, with the optimiser *Muon*. Adam scales each number of a step by how large that number's gradients usually are; Muon takes the step of a whole matrix and makes it orthogonal, so that it goes equally far in each of the matrix's directions, and often needs fewer steps (Jordan et al. 2024). Where the processor multiplies in bfloat16, the course uses it. The learning rates were the best of five for similar models (experiment below); we did not tune them again.
#
# - *One head* has token and position vectors, a single attention head and a separate output matrix (learning rate 0.02).
# - *One block* has chapter 5's block instead of the head: four heads, norms, residual connections and a feed-forward network. Its table of tokens also serves as output matrix (learning rate 0.01).
# - *GPT, two blocks* adds a second block (learning rate 0.01).
#
# **Guess:** which of the three beat the bigram table, and by how much?

# %% tags=["training"]
from course_kit.heads import attention_weights

steps = {"class": 400, "full": 3000}[runtime.profile]
one, block = (
    study.small_model(lesson, "one head"),
    study.small_model(lesson, layers=1),
)
for small, rate in ((one, 0.02), (block, 0.01)):
    study.learn(lesson, small, steps=steps, lr=rate, evaluate=None, callbacks=())
mine = study.small_model(lesson, layers=2)
run = study.learn(
    lesson,
    mine,
    steps=steps,
    lr=0.01,
    show=True,
    resume=True,
    title="Training a GPT of two layers",
)
trained = {"one head": one, "one block": block, "GPT, two blocks": mine}
reached = reached | {name: lesson.valid_loss(model) for name, model in trained.items()}
size = len(lesson.valid_ids), len(tales.valid)  # tokens, characters
rows = [
    {
        "model": name,
        "nats per token": loss,
        "perplexity": math.exp(loss),
        "bits per character": bits_per_character(loss, *size),
    }
    for name, loss in reached.items()
]
Table(
    rows,
    f"All held-out text of “{tales.name}” after {steps} steps (the curve uses a "
    "sample). Your bits_per_character "
    "fills the last column. The last model is in its best state on held-out windows, a "
    "small advantage",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert runtime.profile == "full" or 0.42 < reached["one head"] / reached["bigram"] < 0.5
assert runtime.profile == "full" or 0.53 < reached["one block"] / reached["one head"] < 0.65
assert (some := lesson.windows(count=1)[0][:, :-1]).shape == (1, 64) and block.blocks[0].attention.heads == mine.blocks[0].attention.heads == 1 + 3
assert (vectors := one.positions(one.tokens(some))).ndim == 3 and (only_itself := torch.eye(64, dtype=torch.bool)).all(-1).sum() == 0
assert (lists := one.output(one.blocks[0].attention(vectors, vectors, only_itself)[0])).shape[1] == 64  # one for each token
assert torch.allclose(study.weights_of(one, some)[0][:, 0] @ lists, one(some), atol=1e-3)
assert max(reached["one block"], reached["GPT, two blocks"]) < min(0.5 * reached["bigram"], reached["one head"])
assert (told := {s for line in tales.train.split("\n") for s in line.split(". ")}) and (held := [s for line in tales.valid.split("\n") for s in line.split(". ")])
assert 0.6 < sum(s in told for s in held) / len(held) < 0.72
assert runtime.profile == "full" or round(lesson.bits_per_character(reached["GPT, two blocks"]), 2) in (0.28, 0.29, 0.3, 0.31, 0.32)
assert runtime.profile == "full" or 0.8 < reached["GPT, two blocks"] / reached["one block"] < 1.15

# %% [markdown]
# <details><summary>Answer</summary>
#
# All three models beat the table. The single head already needs less than half of the table's bits. The table knows only the current token; the head can also use earlier tokens and positions. Still, one head is a kind of table: each earlier token casts a vote for what comes next, always the same vote, and attention decides how much it counts.
#
# One block needs far fewer bits than the single head. The second block helps little here.
#
# Do not expect 0.3 bits per character elsewhere. A program wrote our stories from templates, and two in three held-out sentences also occur in the training part.
#
# </details>
#
# How much does each part of a block help? In a recorded experiment we added the parts one at a time. Each loss in the table is the mean of three seeds at the best of five learning rates (chosen with another seed, on the same held-out text). **Guess:** which change lowers the loss most?

# %% jupyter={"source_hidden": true}
ladder = results.load("gpt_ladder")
rungs = ladder["rungs"]
means = {name: sum(found["each"]) / ladder["seeds"] for name, found in rungs.items()}
Table(
    [
        {
            "model": name,
            "parameters": found["parameters"],
            "best learning rate": found["lr"],
            "nats per token": means[name],
            "lowest to highest": f"{min(found['each']):.2f} to {max(found['each']):.2f}",
            "nats per token at rate 0.005": found["tried"]["0.005"],
        }
        for name, found in rungs.items()
    ],
    f"Each model took {ladder['steps']} steps. The bigram table needs "
    f"{ladder['bigram']:.2f} nats per token. "
    f"The last column shows a single seed. {ladder.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [found["lr"] for found in rungs.values()] == 3 * [0.02] + 3 * [0.01]
assert ladder["steps"] == 400 and ladder["seeds"] == 3 and len(ladder["rates tried"]) == 5 and abs(ladder["bigram"] - reached["bigram"]) < 1e-3
assert [round(a - b, 2) for a, b in zip(list(means.values())[:2], list(means.values())[1:3], strict=True)] == [0.26, 0.21]
assert max(list(means.values())[2:]) - min(list(means.values())[2:]) < 0.03
assert abs((slow := [found["tried"]["0.005"] for found in rungs.values()])[0] - ladder["bigram"]) < 0.01 and round(slow[2] - slow[3], 2) == 0.8
assert (of := {name: [f"{sum(each) / 3:.2f}" for each in found.values()] for name, found in ladder["longer"].items()})["one head"] == ["1.44", "1.05", "0.74", "0.66"] and [float(x) for x in of["one head"]] == [1.44, 1.05, 0.74, 0.66]
assert of["+ four heads instead of one"] == ["0.90", "0.65", "0.49", "0.46"] and [float(x) for x in of["+ four heads instead of one"]] == [0.9, 0.65, 0.49, 0.46]
assert [int(n) for n in ladder["longer"]["one head"]] == [300, 500, 1500, 3000] and 0.005 in map(float, rungs["one head"]["tried"]) and len(learned) == 256 + 600 + 4
assert runtime.profile == "full" or reached["one block"] < means["+ four heads instead of one"]
assert runtime.profile == "full" or reached["GPT, two blocks"] < means["+ second block"]
assert rungs["+ layer norms"]["parameters"] == sum(p.numel() for p in block.parameters()) + 860 * (128 + 1)
assert not hasattr(block, "output") and study.small_model(lesson).tokens.weight.std() < 0.03
assert study.small_model(lesson, "one head").tokens.weight.std() > 0.08 and one.output.weight is not one.tokens.weight

# %% [markdown]
# The residual connection saves most, 0.26 nats per token, and the feed-forward network saves 0.21. Norms, three more heads and a second block each change the loss by less than 0.03. (Your models share one table for reading and writing, and start smaller, so they do better.)
#
# Now look at the last column. At a rate of 0.005 the single head is no better than the bigram table, and norms look like the hero: 0.80 nats. They are not: without them the model is only slow at that rate. So give each model its own best rate before you compare.
#
# The single head also learns more slowly, so its gap to a block with four heads shrinks with more steps:
#
# | nats per token after | 300 steps | 500 | 1,500 | 3,000 |
# |---|---|---|---|---|
# | one head | 1.44 | 1.05 | 0.74 | 0.66 |
# | a block with four heads | 0.90 | 0.65 | 0.49 | 0.46 |

# %% [markdown]
# ## What if the text is too short?
# <a id="overfitting"></a>
# A GPT reads the same few pages of Shakespeare again and again. **Guess** what happens to the held-out loss after the first hundred steps.

# %%
recorded = results.load("gpt_overfitting")
curves = recorded["curves"]
plot.lines(
    curves,
    "steps",
    "nats per token",
    mark=(recorded["best"], "best on new text"),
    title="Which loss rises again?",
    caption=f"train: the {recorded['characters']:,} characters to learn from; valid: "
    f"held-out text. {recorded.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert curves["train"][1][-1] < 1.2 and min(curves["valid"][1]) < curves["valid"][1][-1] - 0.5

# %% [markdown]
# <details><summary>Answer</summary>
#
# The held-out loss rises. The model begins to memorise its text, and becomes too sure of its predictions on other text. This is **overfitting**; only held-out text shows it. More text, a smaller model or dropout (which sets random features to zero in training) can help.
#
# </details>

# %% [markdown]
# ## What does a sampler do to a text?

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "gpt-prose writes 100 tokens, each time the most likely one. What will you see?",
    ["its best sentences", "phrases that keep coming back", "noise"],
    answer=1,
    because="Once a phrase is in the text, the model usually finds it more likely than "
    "before, so the phrase "
    "returns (Holtzman et al. 2020).",
)

# %% [markdown]
# Some programs use the temperature after the softmax:
#
# ```python
# p = logits.softmax(dim=-1)
# p = p / temperature
# p = p / p.sum(dim=-1, keepdim=True)
# ```

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "This program divides the probabilities by the temperature, not the logits. What "
    "does a temperature of 10 do to the distribution?",
    ["it becomes flatter", "it becomes sharper", "nothing"],
    answer=2,
    because=[
        "For that the ratios of the probabilities would have to change. But all of them "
        "are divided by the same number.",
        "For that the ratios of the probabilities would have to change. But all are "
        "divided by 10, and the last line makes them sum to 1 again.",
        "What divides all probabilities divides their sum, too, and the last line "
        "undoes it. Before the softmax it is different: exp(z/τ) = exp(z)^(1/τ), so "
        "there the ratios change.",
    ],
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert torch.allclose((p := torch.tensor([0.7, 0.2, 0.1])) / 10 / (p / 10).sum(), p) and not torch.allclose((p.log() / 10).softmax(-1), p, atol=1e-2)

# %% [markdown]
# Now compare whole passages. The last is from the held-out *Wonderful Wizard of Oz*; the model wrote the others. **Guess:** which passage costs the model the fewest bits per character? (We count at temperature 1, whatever settings the model wrote with.)

# %% jupyter={"source_hidden": true}
opening = "The captain looked at the sky and"
knobs = {
    "always the likeliest": {"temperature": 0},
    "temperature 0.7": {"temperature": 0.7},
    "temperature 1": {},
    "temperature 1, top-p 0.9": {"top_p": 0.9},
    "temperature 2": {"temperature": 2.0},
}
begun = "Dorothy lived in the midst of the great Kansas prairies, with"
texts = {
    how: (opening, generate(prose, opening, 100, **knob)) for how, knob in knobs.items()
}
texts["L. F. Baum, 1900"] = (
    begun,
    (
        " Uncle Henry, who was a farmer, and Aunt Em, who was the farmer’s wife. Their "
        "house was "
        "small, for the lumber to build it had to be carried by wagon many miles. There "
        "were four walls, a floor and a roof, which made one room"
    ),
)


def surprise(before, text):
    """Bits per character that a text costs gpt-prose."""
    known, ids = (prose.tokenizer.encode(t) for t in (before, before + text))
    with torch.no_grad():
        said = prose.model(torch.tensor([ids]))[0, len(known) - 1 : -1]
    nats = torch.nn.functional.cross_entropy(said, torch.tensor(ids[len(known) :]))
    return nats.item() / math.log(2) * len(said) / len(text)


means = {how: surprise(*both) for how, both in texts.items()}
# equal lengths: longer texts repeat more
fresh = {how: len(set(text.split()[:40])) / 40 for how, (_, text) in texts.items()}
Table(
    [
        {
            "text": how,
            "bits per character": means[how],
            "different words among its first 40, %": round(100 * fresh[how]),
            "continuation": text.replace("\n", " / "),
        }
        for how, (_, text) in texts.items()
    ],
    f"gpt-prose continues “{opening}”, seed 0, not selected; Baum continues “{begun}”",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert "The Wonderful Wizard of Oz" in prose.card["data"]["split"]
assert fresh["always the likeliest"] == min(fresh.values()) and fresh["always the likeliest"] < 0.8 * fresh["temperature 1"]
assert means["temperature 2"] == max(means.values())
assert means["always the likeliest"] == min(means.values()) and means["always the likeliest"] < 0.8 * min(means["temperature 1"], means["L. F. Baum, 1900"]) and max(means, key=means.get) == "temperature 2"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The passage made of the likeliest tokens costs least. Baum's sentences cost far more bits, and so does the model's own text at temperature 1. Our model is weak, and each row is one passage. But Holtzman et al. (2020) found with a larger model that people do not keep to the likeliest words. Unlikely text is not good either: the nonsense written at temperature 2 costs most.
#
# </details>

# %% [markdown]
# ## And top-k?
# <a id="top-k"></a>
# ### Exercise ●●○ · 4 minutes
# Write top-k (Fan et al. 2018).

# %% tags=["exercise"]
@exercise("top-k")
def only_the_largest(logits, top_k):
    """logits [..., V]: only the top_k largest count (all, if there are fewer) ->
    probabilities [..., V]"""
    raise NotImplementedError

# %%
with torch.no_grad():
    z = prose.model(
        torch.tensor([prose.tokenizer.encode("The captain looked at the sky and")])
    )[0, -1]
p = only_the_largest(z, 3)  # by your function
print(
    *(
        f"{prose.tokenizer.tokens([i])[0]!r} {p[i]:.2f}"
        for i in p.nonzero()[:, 0].tolist()
    ),
    sep=", ",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (p > 0).sum() == 3 and abs(p.sum() - 1) < 1e-5

# %% [markdown]
# ## Does it know a Chinese poem by heart?
# `gpt-quatrains` was trained on Tang quatrains, character by character. A poem by Wang Wei in its training text begins 山中相送罷，日暮掩柴扉. **Guess:** does the model know the second line by heart? For comparison, we put a synonym for its third character: 日暮閉柴扉.

# %%
chinese = load_checkpoint("gpt-quatrains")
start = "\n\n山中相送罷，"


def likely(line):
    """The probability of a line after Wang Wei's first one."""
    ids, count = torch.tensor([chinese.tokenizer.encode(start + line)]), len(line)
    with torch.no_grad():
        p = (
            chinese.model(ids)
            .softmax(-1)[0, -count - 1 : -1]
            .gather(-1, ids[0, -count:, None])
        )
    return p.prod().item()


his, ours, of_chance = (
    likely("日暮掩柴扉"),
    likely("日暮閉柴扉"),
    len(chinese.tokenizer) ** -5,
)
print(
    f"His line: {his:.1e}. With our synonym: {ours:.1e}. Five random characters: "
    f"{of_chance:.1e}"
)
print(start[2:] + generate(chinese, start, 60, temperature=0.8).split("\n\n")[0])

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert 1e-6 < his < 1e-4 and 3.5e12 < his / of_chance < 4.5e12 and 4.5 < his / ours < 5.5
assert (poem := torch.tensor(chinese.tokenizer.encode(start + "日暮掩柴扉"))).ndim == 1 and (odds := chinese.model(poem[None])[0, -6:-1]).ndim == 2
assert (ranks := (odds > odds.gather(-1, poem[-5:, None])).sum(-1) + 1)[[0, 1, 3, 4]].tolist() == [2, 1, 1, 1] and 150 < ranks[2] < 250

# %% [markdown]
# <details><summary>Answer</summary>
#
# Not the whole line: the model ranks three of its five characters first and 日 second, but 掩 only about 200th. The line is 4·10¹² times as likely as five random characters. But with our synonym it is only five times less likely, so most of this factor comes from knowing such lines in general.
#
# </details>

# %% [markdown]
# ## Don't compute it all again
# To write the next token, the model needs the keys and values of all tokens before it. A **KV cache** stores them.
#
# ### Exercise ●●● · 8 minutes
# Compute causal attention for one more token. Why is no mask needed now?

# %% tags=["exercise"]
@exercise("causal attention step")
def attention_step(x, keys, values, Wq, Wk, Wv, Wo):
    """new token x [B, D], keys and values [B, H, P, d] so far, four W [D, D] -> output
    [B, D], both [B, H, P + 1, d]"""
    raise NotImplementedError

# %% [markdown]
# <details><summary>Answer</summary>
#
# A mask hides later tokens, and no token comes after the new one.
#
# </details>
#
# ### Find the error ●○○ · 3 minutes
# With the cache this GPT is fast, but it writes nonsense.

# %% tags=["exercise"]
@find_error("program 7.2")
def embed(ids, tokens, positions, past):   # past: in the cache
    places = torch.arange(ids.shape[1])
    return tokens[ids] + positions[places]

# %% [markdown]
# **Guess:** does the same seed write the same text with and without the cache? And how many bytes per token does the cache need, with 6 layers and 256 features of 4 bytes?

# %% jupyter={"source_hidden": true}
import time
from course_utils.cache import Cache

opening = "The captain looked at the sky and"
asked = torch.tensor([prose.tokenizer.encode(opening)])


def clock(cache, count=80):
    """The text of `count` tokens after the opening, and the processor seconds it took."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.process_time()
    written = generate(prose, opening, count, cache=cache)
    took = time.process_time() - started
    torch.set_num_threads(threads)
    return written, took


(kept, fast), (same, slow) = clock(True), clock(False)
print(
    f"80 tokens: {'the same' if kept == same else 'another'} text, {slow / fast:.1f} "
    "times faster with the cache"
)
caches = [Cache() for _ in prose.model.blocks]
with torch.no_grad():
    prose.model(asked, caches)
each = sum(layer.k.nbytes + layer.v.nbytes for layer in caches) // asked.shape[1]
print(f"The cache takes {each:,} bytes per token")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert kept == same and slow > 1.5 * fast
assert each == 2 * 6 * 256 * 4 and round(each / 1e3) == 12 and round(256 * each / 1e6) == 3
assert round(2 * 96 * 12_288 * 2 * 2048 / 1e9, 1) == 9.7

# %% [markdown]
# For each token, each layer stores a key and a value. All layers together need 12 KB per token, and 3 MB for a full context. GPT-3 (96 layers, 12,288 features of 2 bytes) would need 9.7 GB for 2,048 tokens, if every layer kept all keys and values.

# %% [markdown]
# ### With a cache of your own parts
# Here a GPT made of your own functions writes with the parameters of `poet`.

# %% [markdown]
# The checkpoint has biases, and your step has none. So we append a 1 to each x. Then a bias is one more row of its matrix. Each head also gets one more feature, hence `d + 1`: in head 1, this feature passes the 1 on to the output's bias.

# %%
from chapters.ch07.bias_folding import biases_inside, one_behind


class YourGPT:
    """A trained GPT, token by token: your positions, your step with its cache."""

    def __init__(self, gpt):
        self.gpt, self.heads = gpt, gpt.blocks[0].attention.heads
        self.matrices = [biases_inside(block.attention) for block in gpt.blocks]

    def start(self, rows=1):
        """Empty keys and values for each layer, [B, H, 0, d + 1]."""
        size = self.gpt.tokens.weight.shape[1]
        empty = torch.empty(rows, self.heads, 0, size // self.heads + 1)
        return [(empty, empty) for _ in self.matrices]

    @torch.no_grad()
    def step(self, token, caches):
        """token [B], what start or step gave -> logits [B, V], longer caches"""
        gpt, past, kept = self.gpt, caches[0][0].shape[2], []
        # [B, D]
        x = embed(token[:, None], gpt.tokens.weight, gpt.positions.weight, past)[:, 0]
        for block, matrices, cache in zip(gpt.blocks, self.matrices, caches, strict=True):
            read, *cache = attention_step(
                one_behind(block.norm1(x), self.heads), *cache, *matrices
            )
            x = x + read[:, : x.shape[1]]
            x = x + block.ffn(block.norm2(x))
            kept.append(cache)
        return gpt.norm(x) @ gpt.tokens.weight.T, kept

# %% [markdown]
# Your GPT reads `verse` letter by letter, and the course's model reads them all at once. **Guess:** how far apart are the probabilities?

# %%
assembled = YourGPT(poet.model)
inputs, targets = inputs_and_targets(
    torch.tensor([poet.tokenizer.encode("PROSPERO:\n" + verse)])
)
caches, said = assembled.start(), []
for token in inputs.unbind(1):
    logits, caches = assembled.step(token, caches)
    said.append(logits)
said = torch.stack(said, 1)
with torch.no_grad():
    theirs = poet.model(inputs)
differ = (said.softmax(-1) - theirs.softmax(-1)).abs().max().item()
nats = torch.nn.functional.cross_entropy(said.flatten(0, 1), targets.flatten()).item()
print(
    f"{said.shape[1]} letters, the name included: largest difference {differ:.0e};",
    f"{nats / math.log(2):.2f} bits per character",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert differ < 1e-5

# %% [markdown]
# With `generate`'s seed, your knobs should choose the same letters as the course's sampler.

# %%
def write(prompt, count, temperature, top_p, seed=0):
    """What follows the prompt, drawn from your nucleus at your temperature."""
    draw, caches, letters = (
        torch.Generator().manual_seed(seed),
        assembled.start(),
        poet.tokenizer.encode(prompt),
    )
    for letter in letters[:-1]:
        _, caches = assembled.step(torch.tensor([letter]), caches)
    for _ in range(count):
        logits, caches = assembled.step(torch.tensor(letters[-1:]), caches)
        p = nucleus(with_temperature(logits, temperature).log(), top_p)
        letters.append(torch.multinomial(p, 1, generator=draw).item())
    return poet.tokenizer.decode(letters)[len(prompt) :]


sample = write("ROMEO:\n", 160, temperature=0.8, top_p=0.9)
print("ROMEO:\n" + sample)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert sample == generate(poet, "ROMEO:\n", 160, temperature=0.8, top_p=0.9)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The probabilities differ by less than a hundred-thousandth, because only the order of the operations differs. Both models write the same letters.
#
# </details>

# %% [markdown]
# ## Can a small model save calls of a large one?
# Even with a cache, each token needs a call of the large model. But on a GPU, one call can check several tokens in hardly more time. *Speculative decoding* uses that:
#
# 1. A small model, here a bigram table, draws several proposals from its distribution $q$.
# 2. The large model, a GPT of two blocks that you train on our stories, gives its distribution $p$ at each of these positions, and at the next one, in one call.
# 3. The proposals are checked one after another. A proposal $x$ is kept if $p(x)\ge q(x)$, otherwise with probability $p(x)/q(x)$.
# 4. The first proposal that is not kept is replaced by a draw from $\max(0, p-q)$, rescaled to sum to 1. The proposals after it are dropped.
# 5. If all proposals are kept, one more token is drawn from the last $p$. It needs no further call.
#
# **Guess:** does this change the distribution of the text?

# %%
mine = study.two_blocks(lesson)  # trained once, then kept
draft = lesson.bigrams()  # [V, V]: what follows each token


def speculate(p, q, count, generator):
    """p, q [V] -> tokens [count], and which of them were kept proposals [count]"""
    proposed = torch.multinomial(q, count, replacement=True, generator=generator)
    keeps = torch.rand(count, generator=generator) < (p / q)[proposed]
    others = torch.multinomial(
        (p - q).clamp_min(0), count, replacement=True, generator=generator
    )
    return torch.where(keeps, proposed, others), keeps

# %% [markdown]
# Here we draw the token of one position 20,000 times, by the third and the fourth step. (The fifth draws from $p$ itself and needs no test.)

# %%
begun, window = (
    torch.tensor([learned.encode("\nThe nurse was")]),
    lesson.windows(count=64)[0][:, :-1],
)
with torch.no_grad():
    p, q = mine(begun)[0, -1].softmax(-1), draft[begun[0, -1]]
    on_average = torch.minimum(mine(window).softmax(-1), draft[window]).sum(-1).mean()
tokens, keeps = speculate(p, q, 20_000, torch.Generator().manual_seed(0))
shares = tokens.bincount(minlength=len(p)) / len(tokens)
Table(
    [
        {
            "token": learned.tokens([i])[0],
            "q, the draft": q[i].item(),
            "p, the GPT": p[i].item(),
            "share drawn": shares[i].item(),
        }
        for i in p.topk(6).indices.tolist()
    ],
    f"What follows “The nurse was”. Here {keeps.float().mean():.0%} of the proposals "
    "are kept, "
    f"and {on_average:.0%} on average over 64 windows of held-out text",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (shares - p).abs().max() < 0.02 < (q - p).abs().max() and abs(keeps.float().mean() - torch.minimum(p, q).sum()) < 0.02 and 0.1 < on_average < 0.9

# %% [markdown]
# <details><summary>Answer</summary>
#
# No: up to chance, the shares drawn are the GPT's $p$. Kept proposals give a token $x$ the probability $\min(p(x),q(x))$. To reach $p(x)$, the token still lacks $\max(0,p(x)-q(x))$. Summed over all tokens, this is the probability of a rejection, so the second draw supplies exactly what is missing. A better draft only saves more calls. (Leviathan et al. 2023, section 2.)
#
# </details>

# %% [markdown]
# ## Can it translate by continuing?
# A GPT has no encoder, so we write the source into the same line:
#
# > I am a student &lt;to-fr&gt; je suis étudiant
#
# We trained such a model, a GPT with rotary positions, on 158,537 lines like this one, each closed by `<eos>`. A prompt that ends with `<to-fr>` asks it for French. Chapter 3's model and chapter 5's Transformer were trained and tested on the same sentences.
#
# **Guess** the order of the three models by BLEU. Does any model write both *il* for the animal that is too tired and *elle* for the street that is too wide?

# %% jupyter={"source_hidden": true}
translators = results.load("gpt_translators")
Table(
    [{"model": name} | row["shown"] for name, row in translators["models"].items()],
    f"Tested on {translators['test sentences']:,} held-out sentences, with a beam of 4 "
    f"unless it says greedy. {translators.about}",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
gru, transformer, gpt = translators["models"].values()
assert abs(gru["shown"]["BLEU"] - gpt["shown"]["BLEU"]) < 0.3 and max(gru["shown"]["BLEU"], gpt["shown"]["BLEU"]) + 4 < transformer["shown"]["BLEU"]
assert 1.5 < transformer["shown"]["parameters"] / gpt["shown"]["parameters"] < 2 and translators["train pairs"] == 158_537
assert [row["optimizer"] for row in (gru, transformer, gpt)] == ["adamw", "muon", "adamw"]
assert gru["tokens"] == transformer["tokens"] and 2.5 < gpt["tokens"] / gru["tokens"] < 2.6
assert ["qu'il était" in text for text in gpt["twins"]] == [True, True] and ["qu'elle était" in text for text in transformer["twins"]] == [True, True]

# %% [markdown]
# <details><summary>Answer</summary>
#
# The Transformer is first. With a beam, the GPT and chapter 3's model have nearly the same BLEU, although the GPT read 2.5 times as many tokens in training as each of the others. The race is not fair: the Transformer has nearly twice the GPT's parameters, and was trained with another optimiser. But a decoder alone can translate.
#
# No model writes both. The GPT writes *il* in both sentences and the Transformer writes *elle* in both, so one right pronoun proves nothing.
#
# </details>

# %% [markdown]
# <small>Sentences by the contributors of tatoeba.org, CC BY 2.0 FR.</small>

# %% [markdown]
# ## What was pre-training worth, one sentence at a time?
# The lesson shows recorded means. Here is one run: a new layer on the last vector of `gpt-prose`, all parameters trained for a minute. Then put in a sentence of your own.

# %% tags=["training"]
from chapters.ch07.experiments import pretraining

known, asked = pretraining.examples(prose, "train"), pretraining.examples(prose, "test")
judge = pretraining.tuned(
    prose,
    True,
    known,
    pretraining.STEPS,
    results.load("gpt_pretraining")["starts"]["pre-trained"]["rate"],
)
print(
    f"{pretraining.right(judge, asked):.0%} of {len(asked[0])} test sentences, with new "
    "patterns, names and nouns"
)

# %%
for sentence in (
    "The soup was cold and the waiter was rude.",
    "I have never met a kinder doctor.",
):
    ids, mask = text.pad([prose.tokenizer.encode(sentence)])
    print(f"{judge(ids, mask).softmax(-1)[0, 1]:.2f}  {sentence}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert pretraining.right(judge, asked) > 0.6

# %% [markdown]
# ## The head that repeats, measured
# A model of two layers with two heads each is trained on random tokens that come twice. In training, the length of the repeated stretch (4 to 16 tokens) changes from text to text, so the model must search its context. A head's *induction score* is the share of its attention that falls on the token to be copied.

# %% tags=["training"]
from chapters.ch07.experiments import induction

task = induction.Repeats()
copier = task.model()
copied = task.train(copier, show=True, title="Training two layers to copy")
places, blind = task.by_place(copier), math.log(task.size)
(when, losses), (_, scored) = (
    copied.history["second half"],
    copied.history["induction score"],
)
falls, rises = (
    [sign * (b - a) for a, b in zip(x[:-1], x[1:], strict=True)]
    for sign, x in ((-1, losses), (1, scored))
)
plot.beside(
    {
        "After training, token by token": plot.lines(
            {"loss": (range(2, 2 * task.half + 1), places)},
            "token",
            "nats per token",
            mark=(task.half + 1.5, "second half"),
        ),
        "During training, the second half": plot.lines(
            {
                "loss, as a share of guessing": (when, [x / blind for x in losses]),
                "highest induction score": (when, scored),
            },
            "step",
            "share",
        ),
    },
    title="When can it predict the next token?",
    caption=f"New texts: {task.half} random tokens, twice. Guessing costs ln "
    f"{task.size} = {blind:.2f} nats per token.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert prose.tokenizer.decode([prose.model(torch.tensor([prose.tokenizer.encode("Mrs. Kowalski came in. “Good morning,” said Mrs.")]))[0, -1].argmax().item()]) == " Arbuthnot"
assert round(blind, 2) == 3.18 and -0.1 < places[: task.half - 1].mean() - blind < 0.5 and task.second_half(copier) < 0.3 and places[task.half - 1] > 2
assert 0.8 < places[task.half] < 1 and 1.1 < places[: task.half - 1].max() / blind < 1.2
assert (fronts := task.texts(torch.Generator().manual_seed(10**6), 128)[:, :15]).any()
assert (read := torch.zeros(128, task.size).scatter(1, fronts, 1.0)).mean() + 0.1 < (
    copier(fronts)[:, -1].softmax(-1) * read).sum(-1).mean()
assert sum(sorted(falls)[-3:]) > 0.5 * (losses[0] - losses[-1]) and abs(falls.index(max(falls)) - rises.index(max(rises))) <= 2

# %% [markdown]
# The loss falls suddenly, as a head begins to attend to the right token. After training, the second half is easy, except for its start. Its first token cannot be predicted, so we leave this token out of that half's loss. The second token still costs about 0.9 nats: after one repeated token, the model cannot be sure that the repetition has begun.
#
# Why does the first half cost up to about 15% *more* than guessing? Most training texts repeat sooner, so the model bets on tokens that it has read: they get more than their share of the probability. Here the next token is drawn at random, and on average such bets lose.
#
# While the model copies, no parameter changes: it finds what it needs in its context. This is a simple case of **in-context learning**. GPT-3 picks up a task from examples in its prompt (Brown et al. 2020). But our `gpt-prose` fails to repeat even *Kowalski*: after the second *Mrs.* it prefers *Arbuthnot*.
#
# ### Exercise ●●○ · 6 minutes
# Compute the induction score of each head, on average over the second half.

# %% tags=["exercise"]
@exercise("induction score")
def induction_score(weights, half):
    """weights [B, H, 2 half, 2 half] of texts whose second half repeats the first -> a
    score for each head [H]"""
    raise NotImplementedError

# %% [markdown]
# In a small Transformer such copying takes two layers (Elhage et al. 2021). How does it predict B after A B … A?
#
# 1. At B, a head of layer 1 attends to the token before and adds a message to B's vector: “my predecessor is A”.
# 2. At the second A, the query of a head of layer 2 asks: “whose predecessor is A?” B's key, made from that message, matches.
# 3. So this head attends to B and copies it to the second A, where the model predicts B.
#
# An *ablation* sets the output of a head to zero. **Guess** the loss of the second half (guessing costs 3.18 nats per token) without the head that copies best, and without the head of layer 1 that attends most to the token before.

# %%
table, pairs = induction.knock_out(task, copier), {}
worst, best, below = (
    table[0],
    max(table, key=lambda row: row.induction),
    max(table, key=lambda row: row.before),
)
for layer in (1, 2):
    with induction.silenced(copier, [(layer, 1), (layer, 2)]):
        pairs[layer] = task.second_half(copier)
copying = [
    [round(x, 2) for x in induction_score(w, task.half).tolist()]
    for w in task.weights(copier, 64)
]
print(
    "induction_score gives the heads of layer 1",
    copying[0],
    "and those of layer 2",
    copying[1],
)
print(
    f"Loss of the second half without layer 1's heads: {pairs[1]:.2f} nats per token,",
    f"without layer 2's: {pairs[2]:.2f}; guessing: {blind:.2f}",
)
induction.head_table(task, copier)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert best.head[0] == 2 and best.induction > 0.5 and below.head[0] == 1 and below.before > 0.3 and 0.8 < worst.loss < 0.8 * blind
assert worst.head == below.head == (1, 2) and table[1].head == best.head == (2, 1)
assert all(row.before > 0.2 for row in table if row.head[0] == 1) and all(row.induction > 0.3 for row in table if row.head[0] == 2)
assert min(pairs.values()) > 0.9 * blind and abs(max(copying[1]) - best.induction) < 0.011

# %% [markdown]
# <details><summary>Answer</summary>
#
# The loss is highest without layer 1's head 2, which attends most to the token before, and second highest without the best copier (layer 2, head 1). With other seeds their order changes. Neither loss rises to 3.18. The scores suggest why: the other head of the same layer does part of the work. Without both heads of a layer, the model is about as bad as guessing, or worse. The zeros themselves may raise these losses, because no layer received such zeros in training.
#
# </details>

# %% [markdown]
# ### And with one layer?
# We recorded three one-layer models, trained equally long. **Guess:** does their second half cost as much as guessing, 3.18 nats per token?

# %%
alone = [
    run["second half"]
    for run in results.load("gpt_induction")["runs"]
    if run["layers"] == 1
]
print(
    "Second half in three models with one layer, nats per token:",
    [round(loss, 2) for loss in alone],
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert len(alone) == 3 and [round(min(alone), 1), round(max(alone), 1)] == [2.1, 2.2] and task.half == 16 and task.size == 24
assert len(occurs := torch.nn.functional.one_hot(task.texts(torch.Generator().manual_seed(0), 20_000), 24))
assert (due := 2 * occurs[:, :16].sum(1, keepdim=True) - occurs.cumsum(1)[:, 16:-1]).min() == 0  # how often each must still come
assert round(-(due / due.sum(-1, keepdim=True))[occurs[:, 17:].bool()].log().mean().item(), 2) == 1.67
assert round(math.log(24), 2) == 3.18

# %% [markdown]
# <details><summary>Answer</summary>
#
# No, it costs 2.1 to 2.2 nats per token. But the models need not copy to save that much. In *a b a c a b a c*, after *a b a c a*, one *a*, one *b* and one *c* must still come, so each has probability 1/3. If you know that each half has sixteen tokens, such counting reaches 1.67 nats per token without any copying. Trained on several lengths, our models cannot rely on this, so counting may save them less.
#
# </details>

# %% [markdown]
# ## How large, how long?
# <a id="scaling-law"></a>
# On the same budget, you can train a large model on little text, or a small model on a lot. Which becomes better? First count the cost. For each token, each parameter takes part in one multiplication and one addition: 2 operations. The backward pass costs twice that, 4 more. So training $N$ parameters on $D$ tokens costs <!-- source: Kaplan et al. 2020 -->
#
# $$ C\approx 6\,N\,D $$
#
# floating-point operations (FLOP). A **scaling law** is a formula for the loss, given $N$ and $D$, that was fitted to many trained models. It estimates which model reaches the lower loss.
#
# **Guess:** GPT-3 has 175 billion parameters and read 300 billion tokens. Is it too large for that text, or too small?

# %% tags=["lab"]
law = labs.scaling_law(parameters=175e9, tokens=300e9)
law

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert f"{law.numbers['best_N'] / 175e9:.0%}" == "30%" and 1 < 300e9 / 175e9 < 2 and law.extrapolates
assert round(law.numbers["best_D"] / law.numbers["best_N"]) == 19
assert f"{law.numbers['best_loss']:.2f} {law.numbers['loss']:.2f}" == "1.99 2.01"
assert round(70 * 1400 / (280 * 300), 2) == 1.17

# %% [markdown]
# <details><summary>Answer</summary>
#
# By this law, GPT-3 is too large: at the same cost, 30% of its parameters and more text would reach 1.99 nats per token instead of 2.01, a small difference. The rule of thumb of Hoffmann et al. (2022) is twenty tokens per parameter. This law asks for about 19 at this budget, and GPT-3 read fewer than two. Hoffmann's model Chinchilla, with 70 billion parameters, beat one of 280 billion; by $6ND$, its training cost 17% more. <!-- source: Hoffmann et al. 2022 -->
#
# Many newer models read far more than twenty tokens per parameter, because a smaller model is cheaper to *use*: Llama 3, with 8 billion parameters, read 15 trillion tokens (Meta, 2024). <!-- source: Meta 2024 -->
#
# These losses hold for Hoffmann's text and tokens only, and GPT-3 is larger than any model to which the law was fitted (Besiroglu et al. 2024). <!-- source: Besiroglu et al. 2024 -->
#
# </details>

# %% [markdown]
# ## Where are GPT-3's parameters?
# Here is our class `GPT` in other sizes. On the *meta* device a tensor has a shape but no numbers, so even GPT-3 is built in an instant. **Guess:** what share of GPT-2's 124 M parameters is in its table of tokens?

# %%
from course_utils.gpt import GPT

known = {
    "GPT, 2018": (40_478, 768, 12, 12, 512),
    "GPT-2, small": (50_257, 768, 12, 12, 1024),
    "GPT-2, 2019": (50_257, 1600, 48, 25, 1024),
    "GPT-3, 2020": (50_257, 12_288, 96, 96, 2048),
}
rows = []
for name, (vocabulary, size, layers, heads, context) in known.items():
    with torch.device("meta"):
        large = GPT(vocabulary, size, layers, heads, context)
    count = sum(p.numel() for p in large.parameters())
    rows.append(
        {
            "model": name,
            "layers": layers,
            "features": size,
            "heads": heads,
            "context": context,
            "parameters": count,
            "share of the token table, %": round(100 * vocabulary * size / count, 1),
        }
    )
Table(rows, "Counted by our class; no trained parameters were loaded.")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert rows[1]["parameters"] == 124_439_808 and [round(rows[n]["parameters"] / 1e6) for n in (0, 2, 3)] == [117, 1558, 174_604]

# %% [markdown]
# <details><summary>Answer</summary>
#
# The table of tokens holds nearly a third of the parameters. It is counted once, although it also turns vectors into logits. The other three models are known as 117 M, 1.5 B and 175 B. The architecture hardly changes: GPT-2 moved the norms to the front of each sub-layer, and in GPT-3 every other layer attends to recent tokens only. <!-- source: Radford et al. 2018, 2019; Brown et al. 2020 -->
#
# </details>

# %% [markdown]
# ## Is the printed law right?
# The loss $L$ of the lab's law has three terms. The first is constant, more parameters $N$ shrink the second, and more tokens $D$ shrink the third:
#
# $$ L = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}} $$
#
# The other letters are constants. Their values in the lab are from Besiroglu et al. (2024), fitted to data read off a figure of Hoffmann et al. Here are three models that Hoffmann et al. compare:

# %%
from chapters.ch07.labs.scaling_law import (
    best as best_on_paper,
    flops,
    loss as loss_on_paper,
)

models = {"GPT-3": (175e9, 300e9), "Gopher": (280e9, 300e9), "Chinchilla": (70e9, 1.4e12)}
rows = [
    {
        "model": name,
        "parameters N": f"{N:.3g}",
        "tokens D": f"{D:.3g}",
        "tokens per parameter": D / N,
        "operations 6ND": f"{flops(N, D):.2g}",
        "best N for this cost": f"{best_on_paper(flops(N, D))[0]:.2g}",
        "loss on paper": loss_on_paper(N, D),
    }
    for name, (N, D) in models.items()
]
Table(
    rows,
    "The sizes are from the papers. The loss is computed by the fitted formula, not "
    "measured.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(rows[0]["tokens per parameter"], 1) == 1.7 and rows[2]["tokens per parameter"] == 20
assert rows[2]["loss on paper"] < min(row["loss on paper"] for row in rows[:2])
assert [row["best N for this cost"] for row in rows] == ["5.3e+10", "6.7e+10", "7.3e+10"]

# %% [markdown]
# By this law, Chinchilla has almost the best size for its cost, and the other two models are too large.
#
# ### Find the error ●●○ · 6 minutes
# Hoffmann et al. printed constants of their own, which are widely used. One of these claims is wrong:
#
# 1. Training N parameters on D tokens costs about 6ND operations, so a budget fixes the product N · D.
# 2. E is the same for all models, so it has no say in which of them is best.
# 3. With the printed constants (E 1.69, A 406.4, B 410.7, α 0.34, β 0.28), the best model for GPT-3's budget, 3.15·10²³ operations, reads about twenty tokens per parameter, as the rule of thumb says. <!-- source: Hoffmann et al. 2022 -->
# 4. If α is larger than β, a larger budget means more tokens per parameter.
#
# Write the function that settles it.

# %% tags=["exercise"]
@find_error("claims 7.13")
def tokens_per_parameter(compute, E, A, B, alpha, beta):
    """operations 6ND, and the law's constants -> D / N of the best model for so many operations"""
    raise NotImplementedError

# %% [markdown]
# ## What does length cost?
# **Guess** twice: when a text gets twice as long, how much more time does its attention take, and how much more memory must it keep for the backward pass? (*Fused* is PyTorch's single function for all of attention.)

# %%
from chapters.ch07.experiments import cost

lengths = (128, 256, 512, 1024)
found = cost.costs(lengths, repeats=2)
twice = {
    name: {what: cost.growth(lengths, x) for what, x in both.items()}
    for name, both in found.items()
}
print(
    f"From {lengths[-2]:,} to {lengths[-1]:,} tokens:",
    *(
        f"{name}: {x['seconds']:.1f} times the time, {x['bytes']:.1f} times the memory."
        for name, x in twice.items()
    ),
)
cost.cost_table(lengths, found=found)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert twice["definition"]["seconds"] > 2 and twice["definition"]["bytes"] > 3.5 and twice["fused"]["bytes"] < 2.5
assert found["fused"]["seconds"][-1] < found["definition"]["seconds"][-1]

# %% [markdown]
# <details><summary>Answer</summary>
#
# With the definition, the memory quadruples, because all $T^2$ weights are stored. The time grows less evenly: in our recorded run (128 to 4,096 tokens), each doubling takes 2.5 to 6.2 times as long. The fused form (`F.scaled_dot_product_attention`, after Dao et al. 2022, *FlashAttention*) goes through the map in tiles and computes weights again when it needs them. So its memory only doubles. Its time grows faster: from 2,048 to 4,096 tokens, it takes 3.5 times as long.
#
# </details>

# %%
costs = results.load("gpt_attention_cost")
mega = {
    name: (costs["lengths"], [n / 1e6 for n in both["bytes"]])
    for name, both in costs["forms"].items()
}
plot.lines(
    mega,
    "tokens",
    "MB kept for the backward pass",
    log="xy",
    title="How much memory does the attention map take?",
    caption=costs.about,
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert mega["definition"][1][-1] > 50 * mega["fused"][1][-1] and costs["lengths"][-2:] == [2048, 4096]
assert round(costs["forms"]["fused"]["seconds"][-1] / costs["forms"]["fused"]["seconds"][-2], 1) == 3.5
assert (times := costs["forms"]["definition"]["seconds"])
assert (grew := [round(b / a, 1) for a, b in zip(times[:-1], times[1:], strict=True)])
assert (min(grew), max(grew)) == (2.5, 6.2)

# %% [markdown]
# ## More than one device?
# <a id="data-parallel"></a>
# In **data-parallel** training each device holds the whole model and takes a share of the batch. The gradients are added, weighted by the shares, and all devices take the same step. **Guess:** would one device with the whole batch get the same gradient?

# %% tags=["nbval-check-output"]
from chapters.ch07 import distributed

mine = study.two_blocks(lesson)


def gradient(batch, weight=1.0):
    """The gradient of weight · loss on a batch, all parameters in a row."""
    mine.zero_grad()
    (next_token_loss(mine, batch) * weight).backward()
    return torch.cat([p.grad.flatten() for p in mine.parameters()])


batch = lesson.batch(torch.Generator().manual_seed(0))
alone = gradient(batch)
shares = [distributed.share(batch, rank, size=3) for rank in range(3)]
apart = (sum(gradient(*share) for share in shares) - alone).abs().max().item()
print(
    f"{len(batch)} windows shared out as {[len(part) for part, _ in shares]}; sum and "
    f"whole gradient alike: {apart < 1e-5}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert apart < 1e-5 < 1e-3 < alone.abs().max()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Yes, up to rounding. The course's training programs run in this way with one command: `torchrun --nproc-per-node 2 -m course train gpt-shakespeare`.
#
# </details>

# %% [markdown]
# ## How do people keep track of their runs?
# **TensorBoard** draws the curves of many runs together. A callback of `fit` writes a log for it:

# %%
import tempfile

from course_kit.callbacks import TensorBoard

try:
    with tempfile.TemporaryDirectory() as log:
        lesson.train(
            study.small_model(lesson), 20, every=5, count=4, callbacks=[TensorBoard(log)]
        )
        from tensorboard.backend.event_processing.event_accumulator import (
            EventAccumulator,
        )

        print("logged:", *EventAccumulator(log).Reload().Tags()["scalars"])
except ModuleNotFoundError as missing:
    print(missing)

# %% [markdown]
# To see the curves, type `tensorboard --logdir FOLDER --host 127.0.0.1` and open port 6006. **Weights & Biases** keeps them on its own servers, unless you set `WANDB_MODE=offline`. <!-- source: tensorboard -->
#
# **Colab** lends you a GPU: upload the notebook, choose *Runtime → Change runtime type → GPU*, and install the course in the first cell (`!git clone …`, `%cd …`, `!pip install -e .`).

# %% [markdown]
# ## Does another library read your GPT?
# Many programs read models in GPT-2's layout: the class `GPT2LMHeadModel` of `transformers`. Your `GPT` has the same parts, so its parameters fit. **Guess:** how far apart are the logits?

# %%
from course_kit.convert import from_huggingface, to_huggingface
from course_utils.gpt import GPT

yours = poet.model  # your class, the poet's parameters
theirs = to_huggingface(yours)
window = torch.tensor([poet.tokenizer.encode("PROSPERO:\n" + verse)])
with torch.no_grad():
    gap = (theirs(window).logits - yours(window)).abs().max().item()
    back = from_huggingface(theirs)(window)
print(
    f"{type(theirs).__name__}: largest difference of {back.numel():,} logits: {gap:.0e}"
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4 and torch.allclose(back, yours(window), atol=1e-4) and isinstance(yours, GPT)

# %% [markdown]
# <a id="gpt-2"></a>
# And the other way: published parameters of GPT-2, matrix by matrix, into the class that you keep. GPT-2 stores its matrices transposed, and those of queries, keys and values side by side.

# %%
NAMES = {
    "norm1": "ln_1",
    "norm2": "ln_2",
    "attention.out": "attn.c_proj",
    "ffn.0": "mlp.c_fc",
    "ffn.2": "mlp.c_proj",
}


def from_gpt2(gpt2):
    """transformers' GPT2LMHeadModel -> a GPT with its parameters"""
    c, theirs = gpt2.config, gpt2.transformer.state_dict()
    ours = {
        "tokens.weight": theirs["wte.weight"],
        "positions.weight": theirs["wpe.weight"],
    }
    for end in ("weight", "bias"):
        ours[f"norm.{end}"] = theirs[f"ln_f.{end}"]
        for n in range(c.n_layer):
            for name, there in NAMES.items():
                ours[f"blocks.{n}.{name}.{end}"] = theirs[f"h.{n}.{there}.{end}"].t()
            three = theirs[f"h.{n}.attn.c_attn.{end}"].chunk(3, dim=-1)
            for name, part in zip(("query", "key", "value"), three, strict=True):
                ours[f"blocks.{n}.attention.{name}.{end}"] = part.t()
    model = GPT(c.vocab_size, c.n_embd, c.n_layer, c.n_head, c.n_positions)
    model.load_state_dict(ours)
    return model


with torch.no_grad():
    gap = (from_gpt2(theirs)(window) - theirs(window).logits).abs().max().item()
print(f"the same model, back in your class: largest difference {gap:.0e}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert gap < 1e-4

# %% [markdown]
# With a network, the real one comes in one line, and `write` makes it go on with a text:
#
# ```python
# from transformers import AutoTokenizer, GPT2LMHeadModel
#
# gpt2, pieces = from_gpt2(GPT2LMHeadModel.from_pretrained("gpt2")), AutoTokenizer.from_pretrained("gpt2")
# begun = pieces("Every effort moves you", return_tensors="pt").input_ids
# print(pieces.decode(write(gpt2, begun, 25, temperature=0.7, top_p=0.9)[0]))
# ```

# %% [markdown]
# ## How does one serve a model?
# <a id="chat-template"></a><a id="system-prompt"></a>
# To serve `gpt-shakespeare` for chats, you need a **chat template**, which turns a chat into one text with marks for who is speaking. First comes the **system prompt**, written by the operator, then the user's turn.

# %% tags=["nbval-check-output"]
import tempfile
from transformers import AutoTokenizer
from chapters.ch07 import hub_format

folder = f"{tempfile.mkdtemp()}/gpt-shakespeare"
scene = hub_format.save_pretrained(poet, folder, template="play")
reader = AutoTokenizer.from_pretrained(scene)
chat = [
    {"role": "system", "content": "A street in Verona."},
    {"role": "user", "content": "What news, my lord?"},
]
print(hub_format.as_text(reader, chat))

# %% [markdown]
# The chat is one text, so a user who types these marks can pretend to be someone else.
#
# `transformers serve` uses OpenAI's protocol, as Ollama and many remote services do, so the same lines talk to all of them:

# %% tags=["definition"]
# chapters.ch07.serving: streamed

# %% tags=["shows"]
from chapters.ch07 import serving

try:
    with serving.serve(scene) as server:
        print(
            "models:",
            [
                model.id.replace("\\", "/").split("/")[-1]
                for model in serving.client_for(server.url).models.list()
            ],
        )
        served = ""
        for piece in streamed(
            server.url, server.model, chat, max_tokens=80, temperature=0
        ):
            served += piece
            print(piece, end="", flush=True)
        waited = serving.first_token(server, "What news?", max_tokens=1)
    assert (
        served == generate(poet, hub_format.as_text(reader, chat), 80, temperature=0)
        and waited < 10
    )
    print(
        "\n\nIt wrote the same letters as without a server; the first came after "
        f"{waited:.2f} s."
    )
except ModuleNotFoundError as missing:
    print(missing)

# %% [markdown]
# With Ollama, a model of three billion parameters translates, because the system prompt asks for it:

# %% tags=["shows"]
print(serving.ollama())
french = [
    {"role": "system", "content": "Translate into French."},
    {"role": "user", "content": "The animal was too tired."},
]
for model in (serving.models_at(serving.OLLAMA) or [])[:1]:
    print(*streamed(serving.OLLAMA, model, french, temperature=0), sep="")

# %% [markdown]
# ## How does a model come to answer?
# <a id="instruction-tuning"></a>
# In the section before, you asked for news, and the model asked back: it has learned to continue a play, not to answer. The speeches that it read do not end with `<eos>`, so only the limit of 80 tokens stopped it. **Instruction tuning** trains a model on questions with example answers, each closed by an end token. <!-- source: this notebook, max_tokens above -->
#
# There are usually at least three stages (Ouyang et al. 2022, *Training language models to follow instructions with human feedback*):
#
# | stage | what it reads | what becomes more likely |
# |---|---|---|
# | pre-training | any text | every next token |
# | instruction tuning | questions with example answers | usually only the tokens of the *answers* |
# | preference training | two answers of the model, and which one people prefer | answers like those that people preferred |
#
# Since 2024 a fourth is common: on tasks whose answer a program can check, such as sums, the model is rewarded for being right, and learns to write down its reasoning first (DeepSeek-AI 2025, *DeepSeek-R1*).
#
# You do the second and the third in [chapter 8](08_who_answers.ipynb).

# %% [markdown]
# ## How does a 3 B model fit into 1.9 GB?
# <a id="quantisation"></a>
# `ollama run qwen2.5:3b` downloads 1.9 GB, but three billion parameters of four bytes need 12 GB. **Guess** how many bits per parameter are left.

# %%
from chapters.ch07 import hub_format

counted = hub_format.size_table()
counted

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round(counted[-1]["parameters"] / 1e9, 2) == 3.09 and round(counted[-1]["MB"] / 1e3, 1) == 1.9

# %% [markdown]
# <details><summary>Answer</summary>
#
# About five bits per parameter are left. **Quantised** parameters are stored in blocks. Each block has scales of its own, and some matrices get more bits than others (format Q4_K_M).
#
# </details>

# %% [markdown]
# ## How many bits does a GPT need?
# Round the matrices of a GPT. Each block of 32 parameters shares a scale of 16 bits (half a bit per parameter), and every parameter becomes a whole multiple of its scale. **Guess** the fewest bits at which held-out text costs less than 10% more. <!-- source: the code below -->

# %%
import copy

mine = study.two_blocks(lesson)


def rounded(weight, bits, block=32):
    """weight [..., D] -> the same, each block stored in so many bits, and a scale"""
    # [..., D / 32, 32]
    blocks = weight.unflatten(-1, (-1, block))
    # [..., D / 32, 1]
    scale = blocks.abs().amax(-1, keepdim=True) / (2 ** (bits - 1) - 1)
    scale = scale.half().float().clamp_min(1e-7)
    return ((blocks / scale).round() * scale).flatten(-2)  # [..., D]


def quantised(model, bits):
    """A copy of a model with all its matrices rounded."""
    smaller = copy.deepcopy(model)
    with torch.no_grad():
        for p in smaller.parameters():
            if p.ndim == 2:
                p.copy_(rounded(p, bits))
    return smaller


kept_bits = {
    bits: lesson.bits_per_character(lesson.valid_loss(quantised(mine, bits), count=128))
    for bits in (8, 6, 5, 4, 3, 2)
}
exact = lesson.bits_per_character(lesson.valid_loss(mine, count=128))
plot.lines(
    {
        "rounded": ([bits + 0.5 for bits in kept_bits], list(kept_bits.values())),
        "32 bits": ([2.5, 8.5], [exact, exact]),
    },
    "bits per parameter",
    "bits per character",
    log="y",
    title="How many bits can go?",
    caption="From the right: where does the curve rise above the line? Measured on 128 "
    "windows of the held-out stories.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert kept_bits[6] < 1.01 * exact and kept_bits[4] < 1.1 * exact and 1.3 * exact < kept_bits[3] < 1.5 * exact and kept_bits[2] > 2 * exact

# %% [markdown]
# <details><summary>Answer</summary>
#
# Four bits per parameter are enough (4.5 with the scales). With 3 bits, the text costs about 40% more. With 2 bits it costs several times as much, because each parameter is then −1, 0 or 1 times its scale. <!-- source: the figure above -->
#
# </details>

# %% [markdown]
# ## Does it know the book by heart?
# A model that writes well may only be copying. The longest stretch of its text that also stands in its training text tells. Here for a model that reads and writes our stories:

# %%
def longest_copy(written, source):
    """The longest stretch of `written` that is also in `source`."""
    best = ""
    for start in range(len(written)):
        while (
            start + len(best) < len(written)
            and written[start : start + len(best) + 1] in source
        ):
            best = written[start : start + len(best) + 1]
    return best

# %%
mine = study.two_blocks(lesson)
rows = []
for heat in (0.3, 0.8, 1.2):
    said = study.continuation(lesson, mine, length=60, temperature=heat)
    rows.append(
        {
            "temperature": heat,
            "it writes": said.replace("\n", " / "),
            "longest copy": longest_copy(said, tales.train).replace("\n", " / "),
        }
    )
Table(rows, "Not selected. A / is a new line")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert longest_copy("abxcd", "zabc bxcy") == "bxc" and len(rows[0]["longest copy"]) > 20

# %% [markdown]
# ## One sentence, eight chapters
# **The animal didn't cross the street because it was too tired.** Here is one attention map from each chapter. **Guess:** in which does "it" attend to "animal" most? And in which could the model know what "it" means?

# %% tags=["lab"]
from chapters.ch07.experiments.one_sentence import through_all

panels, given = through_all(tired)
labs.journey(
    panels,
    select=("it", "animal"),
    title="Which word does “it” attend to, in each chapter?",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert given["Llama"] == max(given.values()) and len(panels) == 8 and panels[6][2][2:10] == panels[6][3][2:10]
assert (column := panels[6][1][2:10, panels[6][2].index("animal")]).min() > 0.24 and column.argmin() > 5 and panels[6][2][2:10][0] == "didn't" and panels[6][2][9] == "too"

# %% [markdown]
# <details><summary>Answer</summary>
#
# The weight is largest in the map of Llama. But look at the *column* in the map of GPT: every word from *didn't* to *too* gives "animal" about as much as "it" does, or more, so this head says nothing about "it".
#
# Could a model know what "it" means? In chapters 1 and 2 the vectors were made by hand, in chapter 3 the query comes from the French decoder, and chapter 4 has only positions. GPT and Llama *cannot* know at "it": behind the causal mask, this row has not read *tired* yet. The Transformer and BERT could know. But their maps are no evidence: for them, as for GPT and Llama, we picked the head with the most weight on "animal". Only a test can tell, such as the twin sentence or a removed head.
#
# </details>
#
# All eight chapters compute the same weighted mean, $\mathrm{softmax}(\text{scores})\cdot{\color{#008a67}{V}}$; what changes is how the scores are computed, and which vectors are averaged.

# %% [markdown]
# ## How did it come to this?

# %% slideshow={"slide_type": "skip"}
from chapters.ch07.timeline import timeline
from course_kit import data

history = data.load("history")
timeline(
    history,
    title="How old is a weighted mean?",
    caption="A number in a circle is a chapter of this course.",
)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert history.year[0] == 1964 and set(range(1, 8)) <= set(history.chapter)

# %% [markdown]
# ## What are such models used for?
# | where | what | read |
# |---|---|---|
# | reasoning | a GPT rewarded for answers that a program can check writes its way to them first | DeepSeek-AI 2025 (DeepSeek-R1) |
# | search | an encoder turns questions and texts into vectors; a GPT answers from what is found | Lewis et al. 2020 (RAG) |
# | dialogue | a GPT fine-tuned on people's answers and preferences; people preferred such a model of 1.3 B parameters to an untuned one of 175 B | Ouyang et al. 2022 (InstructGPT) |
# | programs | a GPT trained on code, judged by running what it writes | Chen et al. 2021 (Codex) |
# | speech | chapter 5's encoder–decoder, which reads sound | Radford et al. 2022 (Whisper) |
# | pictures | an encoder that reads patches of the picture as its tokens | Dosovitskiy et al. 2020 (ViT) |
# | proteins | attention between the amino acids of a protein | Jumper et al. 2021 (AlphaFold 2) |
#
# <!-- source: the papers named -->
#
# ### Limits, with sources
# - **Likely is not true.** Text that is fluent and wrong is called a hallucination (Ji et al. 2023, *Survey of hallucination in natural language generation*).
# - **A model may know a text by heart**, as GPT-2 did (Carlini et al. 2021, *Extracting training data from large language models*).
# - **It repeats the prejudices of the web**, and size does not fix that (Bender, Gebru et al. 2021, *On the dangers of stochastic parrots*).
# - **It often uses a long context unevenly**, the middle least (Liu et al. 2023, *Lost in the middle*). <!-- source: Liu et al. 2023 -->
# - **It cannot reliably tell text from commands**, such as a command hidden in a page (Greshake et al. 2023, *Not what you've signed up for*).
# - **It costs electricity** (Strubell et al. 2019, *Energy and policy considerations for deep learning in NLP*).
#
# ### Open problems
# Why do scaling laws hold, and where do they end? What happens when all text has been used (Villalobos et al. 2022, *Will we run out of data?*)? What do the heads compute? How can we measure quality when the test may have been in the training text?
#
# ### Where to go next
# - **Courses.** Stanford's CS224N and CS336 (language models from scratch). The course of Hugging Face. ARENA (what heads compute). A. Karpathy, *Let's build GPT*: a whole GPT in one file; his *nanochat* goes on to a model that answers.
# - **A benchmark in Chinese.** CLUE (Xu et al. 2020).
# - **Books.** D. Jurafsky and J. Martin, *Speech and language processing*. A. Zhang et al., *Dive into deep learning* (动手学深度学习). 邱锡鹏, 神经网络与深度学习. L. Tunstall et al., *Natural language processing with Transformers*. S. Raschka, *Build a large language model (from scratch)*.

# %% [markdown]
# ## What circulates
# Each of these programs runs, but contains a bug from real scripts. In each list, one claim is wrong. First, two lines that you will meet:
#
# | what circulates | what is wrong | instead |
# |---|---|---|
# | `logits.softmax(dim=1)[:, -1]`, of logits [B, T, V] | `dim=1` is time. The positions share each token among them, and the row that is returned does not sum to 1. | `logits[:, -1].softmax(dim=-1)` |
# | `2 ** loss` for the perplexity | torch's loss is in nats, and 2 undoes bits. If four tokens are equally likely, the perplexity is 4, but 2^1.386 is 2.6. | `loss.exp()` |

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert round((nats := torch.nn.functional.cross_entropy(torch.zeros(3, 4), torch.tensor([0, 2, 1]))).item(), 3) == 1.386
assert round((2**nats).item(), 1) == 2.6 and abs(nats.exp() - 4) < 1e-5
assert not torch.allclose(torch.tensor([[[0.0, 1, 2], [3, 1, 0]]]).softmax(dim=1)[:, -1].sum(-1), torch.ones(1), atol=0.1)

# %% [markdown]
# ### Find the error ●●○ · 4 minutes
# Models of `transformers` take labels, and return a loss as well as logits. One line of this program is wrong: repair it.

# %% tags=["exercise"]
@find_error("program 7.4")
def their_loss(model, ids):                      # model: GPT2LMHeadModel
    labels = torch.full_like(ids, -100)    # −100: nothing is asked here
    labels[:, :-1] = ids[:, 1:]            # what follows each token
    output = model(ids, labels=labels)
    return output.loss

# %% [markdown]
# ### Find the error ●●○ · 4 minutes
# Several new tokens follow a cache. With PyTorch's `is_causal=True` you make the same mistake.

# %% tags=["exercise"]
@find_error("program 7.10")
def attend(q, k, v):                       # k, v: cache first
    may = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).tril()
    scores = q @ k.mT / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~may, float("-inf"))
    return torch.softmax(scores, dim=-1) @ v

# %% [markdown]
# ### Find the error ●●○ · 3 minutes
# These claims compare models whose tokens differ:
#
# 1. The perplexity is e to the mean loss in nats per token.
# 2. If a tokenizer cuts a text into longer pieces, it makes fewer tokens of it.
# 3. Of two models tested on the same text, that with the lower perplexity is the better one.
# 4. In bits per character, models with different tokenizers can be compared on one text.
#
# Write the comparison that is right.

# %% tags=["exercise"]
@find_error("claims 7.7")
def better(loss_a, tokens_a, loss_b, tokens_b):
    """mean loss in nats per token, and tokens, of models A and B on the same text -> A or B"""
    raise NotImplementedError

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "These claims are about the temperature τ, which divides the logits. Which one is "
    "wrong?",
    [
        "At temperature 1 the probabilities are those that the model was trained for",
        "No temperature above 0 changes which token is more likely than another",
        "At temperature 0 you would divide by 0, so 0.01 is as cold as you can get",
        "The higher the temperature, the smaller the gap between the largest and the "
        "smallest probability",
    ],
    answer=2,
    because=[
        "This is true: dividing by 1 changes nothing.",
        "This is true: dividing by a positive number keeps the order, and so does exp.",
        "Nothing needs to be divided. As the temperature falls, the largest gets more "
        "and more, and the limit is plain: all weight on the largest. Programs take "
        "argmax there. (Of two equal ones argmax takes the first; the limit gives "
        "each a half.)",
        "This is true: the logits all come near 0.",
    ],
)

# %% [markdown]
# ### Find the error ●●○ · 4 minutes
# What does a cache save, and what does it not?
#
# 1. Without a cache, step t computes t² scores, every token with every token.
# 2. With it, step t computes t, the new token with all tokens so far.
# 3. So with a cache the attention of each new token costs the same, and the cost of n tokens grows with n only.
# 4. What has to be kept grows with each token, by two vectors for each layer.
#
# Count, and you will see which of these is wrong.

# %% tags=["exercise"]
@find_error("claims 7.11")
def products(n, cached):
    """n tokens written, from the first on; cached True or False -> scores computed in one head, in all steps together"""
    raise NotImplementedError

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "Training costs 6ND operations. What does writing cost? One of these claims is "
    "wrong.",
    [
        "In the forward pass each parameter multiplies and adds once per token, which "
        "makes 2 operations",
        "The backward pass costs about twice as much as the forward pass, 4 operations",
        "N parameters cost 6N operations per token, in training and at inference",
        "The scores of attention come on top: they have no parameters, and grow with "
        "the length of the text",
    ],
    answer=2,
    because=[
        "This is true: one multiplication and one addition.",
        "This is true: it computes gradients for the inputs of each layer, and for its "
        "parameters.",
        "At inference there is no backward pass, so a token costs 2N operations, a "
        "third.",
        "This is true, but for short texts in large models it is little.",
    ],
)

# %% [markdown]
# ### Find the error ●●● · 10 minutes
# This script trains a GPT and lets it write. It runs, it even writes something, and five of its lines are wrong: the training and the writing have their share of them.

# %% tags=["exercise"]
@find_error("program 7.14")
def train_and_write(model, batches, prompt, count, context):   # [N, B, context + 1], [1, P]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    optimizer.zero_grad()
    model.train()
    for ids in batches:                                        # [B, context + 1]
        inputs, targets = ids[:, :-1], ids[:, :-1]
        p = torch.softmax(model(inputs), dim=-1)               # [B, context, V]
        loss = torch.nn.functional.cross_entropy(p.flatten(0, 1), targets.flatten())
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for _ in range(count):
            logits = model(prompt)                             # [1, T, V]
            prompt = torch.cat([prompt, logits[:, -1:].argmax(dim=-1)], dim=1)
    return loss.item(), prompt

# %% [markdown]
# ## Open questions
# <a id="open-questions"></a>
# **Prove: without positions, *a b c* and *b a c*.** At *c* one layer averages the same three values with the same weights, so its output is the same: one layer cannot tell. With two layers it can: in *a b c* the first layer's *b* has read *a*, in *b a c* it has read only itself. So the causal mask itself tells something about the order, from the second layer on.
#
# **Design an experiment: by heart?** Let the model write much text at several temperatures, find the longest stretch that stands in the book, and compare with the longest stretch that two tenths of the book share by chance. [The function is above.](#Does-it-know-the-book-by-heart?)
#
# **Why not compare perplexities?** A long piece is harder to guess than a letter. [Claims about it](#What-circulates) stand above, with what holds instead.

# %% [markdown]
# ## Further reading
# - C. Shannon, *Prediction and entropy of printed English*, 1951: the game.
# - A. Radford et al., *Improving language understanding by generative pre-training*, 2018 (GPT); *Language models are unsupervised multitask learners*, 2019 (GPT-2).
# - R. Sennrich et al., *Neural machine translation of rare words with subword units*, 2016 (BPE).
# - A. Holtzman et al., *The curious case of neural text degeneration*, 2020 (top-p).
# - N. Elhage et al., *A mathematical framework for Transformer circuits*, 2021; C. Olsson et al., *In-context learning and induction heads*, 2022.
# - J. Kaplan et al., *Scaling laws for neural language models*, 2020 (6ND); J. Hoffmann et al., *Training compute-optimal large language models*, 2022.

# %% [markdown]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [perplexity](#perplexity) | 困惑度 | e to the loss |
# | [overfitting](#overfitting) | 过拟合 | learned by heart |
# | [scaling law](#scaling-law) | 缩放定律 | predicts the loss from size and text |
# | [data-parallel](#data-parallel) | 数据并行 | devices share the batch |
# | [chat template](#chat-template) | 对话模板 | turns a dialogue into one text |
# | [system prompt](#system-prompt) | 系统提示 | instructions before the user's first turn |
# | [instruction tuning](#instruction-tuning) | 指令微调 | next-token prediction on conversations |
# | [quantised](#quantisation) | 量化 | fewer bits per parameter |

# %% [markdown]
# Back to [the lesson](07_gpt.ipynb), or to [Start here and your progress](00_start_here.ipynb#progress).
