# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # Start here
# *Attention, from a thermometer to GPT.* **Guess before you touch.**

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
from chapters.ch00 import labs

cover = labs.cover(lists=False)
cover

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch00.labs.cover import ANIMAL, COW, MODEL, study
from course_kit.checkpoints import load_checkpoint

model = load_checkpoint(MODEL)
cow, animal = study(model, COW), study(model, ANIMAL)
assert [round(p, 2) for p in cow.shares[0]] == [0.92, 0.00] and [round(100 * p, 1) for p in cow.shares[1]] == [2.5, 84.8]
assert cow.words == ["elle", "il"] and "fatiguée" in cow.written[0] and "fatigué" in cow.written[1]
assert animal.written[0] == animal.written[1]

# %% [markdown]
# Above, a small translation program, the *model*, turns English into French. **Switch attention off, and watch the cow.**
#
# <details><summary>What did you find?</summary>
#
# The cow, “elle … fatiguée”, becomes “il … fatigué”: “elle” falls from 92 % to 2.5 %, and “il” rises to 85 %.
#
# </details>
#
# If you don't know French: each of its nouns is masculine or feminine, even when it names a thing. A cow is feminine and becomes *elle*, but a bridge is masculine and becomes *il*. So to choose the right French pronoun you have to know which noun is meant, and the English “it” doesn't tell you.
#
# With **attention**, a word collects information from other words, and decides how much to take from each. The arcs show you this for the marked word: the thicker the arc, the more it takes. Without attention, each English word is read on its own. That is all we switch off: while it writes French, the model still attends.
#
# Now switch attention on, and choose the second sentence, *animal … tired*. **What will its French be without attention? Guess, then switch it off.** A wrong guess costs nothing, and you remember what surprised you.
#
# <details><summary>Answer</summary>
#
# It stays the same. Without attention the model mostly writes “il”, and an animal is “il”.
#
# </details>
#
# Which word needed attention, so that the cow became “elle”? You'll find out at the end of this chapter, by an experiment. Nearly every large language model is built on attention, and in this course you'll build it yourself: each ✓ puts your function into a folder, `mine`, which grows from chapter to chapter into a program of your own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How this course works
# **The lessons** ([plan](#The-chapters)) take about thirteen hours with their exercises. Nine *annexes*, ten to eleven hours more, hold what you may skip. You don't need a GPU or, once the course is installed, the internet.
#
# **Before:** you should know Python with functions, and a little mathematics: sums, exp and, from the next chapter on, derivatives. We'll explain tensors below, and everything else where you first need it. <!-- minutes -->
#
# **To run a cell,** a box of code, click into it and press *Shift + Enter*. Run folded cells, too, because later cells may need them. If a cell fails, run the check under *Is this machine ready?* below.

# %%
import torch  # PyTorch: computing with tables of numbers, and training models
import course_kit  # what the chapters share
from course_kit.views import heatmap, plot, predict

# where to compute, how long to train (profile), and the same random numbers each
# time (seed)
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"} tags=["guess"]
# ## Touch something
# You can work out the weights of the next picture yourself. Each of the words tea, eat, meat, attention and noon *asks* all five: “How many letters do we have in common?” A letter that both have twice counts as two, so “attention” has all its nine in common with itself. A row shows the answers, divided by their sum. “tea” has all of its three letters in common with each word except “noon”, so it gives “meat” a quarter of its attention.
#
# **Before you touch:** one word has letters in common with only one of the other four. Which?

# %% jupyter={"source_hidden": true} tags=["lab"]
words = ["tea", "eat", "meat", "attention", "noon"]


def in_common(one, other):
    """How many letters two words have in common, repeats included."""
    return sum(min(one.count(letter), other.count(letter)) for letter in set(one))


common = torch.tensor(
    [[float(in_common(mine, yours)) for yours in words] for mine in words]
)
shares = common / common.sum(-1, keepdim=True)
heatmap(
    shares,
    words,
    words,
    axes=("asks", "is asked"),
    select=("tea", "meat"),
    title="Who has letters in common?",
    caption="A row for each word that asks, a column for each word that is asked. Each "
    "row adds up to 1.",
)

# %% [markdown]
# <details><summary>Answer</summary>
#
# “noon”: of the other words only “attention” has an n or an o.
#
# </details>
#
# <a id="heatmap"></a><a id="row"></a>
# You'll see this kind of picture, a **heatmap**, in every chapter. Blank paper means 0 and full ink means 1, unless the picture says otherwise. The arcs of the first picture show one such row, but they leave out what the marked word gives itself.

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert in_common("attention", "attention") == 9
assert shares.sum(-1).allclose(torch.ones(5))
assert common[0].tolist() == [3, 3, 3, 3, 0] and shares[0, 2] == 0.25
assert common[4].tolist() == [0, 0, 0, 3, 4]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How an exercise works
# <a id="weighted-average"></a>
# A **weighted average** lets some numbers count more than others. Multiply each number by its weight, add up, and divide by the sum of the weights. Take a thermometer that says 11 °C in the early morning and 17 °C at noon. If the later reading counts three times as much, the average is 15.5 °C. When the weights hang on a beam, each at its reading, that's where the beam balances:

# %% jupyter={"source_hidden": true}
labs.balance(
    11,
    17,
    title="Where does the beam balance?",
    caption="Make the [key|weight] of the right number larger. Where does the [output|average] go?",
)

# %% [markdown] tags=["card"]
# Run the cell below as it is, then replace the `raise` line with your own code and run it again. Make a mistake on purpose, too: forget to divide, and read the reply. `[K]` means K numbers in a row: `weights * values` multiplies pair by pair, and `.sum()` adds up.
#
# Until your function is right, later cells use the course's. Stuck? In a new cell (*Esc*, then *B*), `hint("weighted average")` gives one step at a time, and `solution("weighted average")` an answer.
#
# ### Exercise ●○○ · 4 minutes

# %% tags=["exercise"]
from chapters.ch00 import again, exercise, hint, solution

@exercise("weighted average")
def weighted_average(weights, values):
    """weights [K] ≥ 0, values [K] -> one number"""
    raise NotImplementedError

# %%
result = weighted_average(torch.tensor([1.0, 3.0]), torch.tensor([11.0, 17.0]))
print("the average of 11 and 17 °C, with weights 1 and 3:", float(result))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(float(result) - 15.5) < 1e-6

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Ten minutes of tensors
# <a id="tensor"></a><a id="shape"></a>
# Attention is computed with tables of numbers, from chapter 1 to chapter 9. Here are the operations that you need first, each used once, on the thermometer.
#
# You've read it three times in a day, at the hours in `keys` below. About how warm was it at two other hours, those in `queries`? These two hours are the <b style="color:#bf5f00">queries</b>, the hours of the readings are the <b style="color:#007fc6">keys</b>, and the temperatures read are the <b style="color:#008a67">values</b>. We keep these colours in each chapter, and <b style="color:#bb51a8">what comes out</b> is purple.
#
# A **tensor** is a block of numbers, and its **shape** says how many there are along each axis. A list of three numbers has one axis, and a table has two: first the rows, then the columns.

# %% tags=["nbval-check-output"]
queries = torch.tensor([9.0, 15.0])  # the hours that we ask about
keys = torch.tensor([8.0, 12.0, 18.0])  # the hours of the readings
values = torch.tensor([11.0, 17.0, 15.0])  # the readings, in °C
print(queries.shape, keys.shape, values.shape)

# %% [markdown]
# <a id="broadcasting"></a>
# `torch.Size` is PyTorch's word for a shape. Because closer readings should count more, we need all distances, a table with a row for each query and a column for each key. But `queries - keys` fails: PyTorch compares shapes from the right, and two lengths fit only if they are equal or one of them is one.
#
# So we make the queries a column with `queries[:, None]`, while the keys count as a row. Now each has an axis of length one, which PyTorch stretches until both are tables of the same shape. This is **broadcasting**:

# %% jupyter={"source_hidden": true}
labs.stretch(
    title="What does broadcasting do?",
    caption="A column of [query|queries] and a row of [key|keys] are stretched. Play it.",
)

# %%
# [2, 1] - [3] -> [2, 3]; .abs(): without the sign
distance = (queries[:, None] - keys).abs()
distance

# %% [markdown]
# <a id="boolean-mask"></a>
# Now we need a closeness: `1 / (1 + distance)` falls with the distance. And readings more than four hours away shouldn't count at all. For this we need a **Boolean mask**, the table of True and False that `distance <= 4` gives. In this course True means "keep". `~mask` swaps True and False, so `masked_fill(~mask, …)` writes a number wherever the mask is False.

# %%
mask = distance <= 4  # [2, 3], bool
closeness = 1 / (1 + distance)  # element by element, [2, 3]
kept = closeness.masked_fill(~mask, 0.0)
kept

# %% [markdown]
# <a id="dim"></a>
# Let's divide each row by its sum, so that it becomes weights that add up to one. In a table, `x.sum(0)`, short for `x.sum(dim=0)`, adds down the columns, and `x.sum(-1)` adds along the last axis, the rows. The summed axis disappears from the shape, but with `keepdim=True` it stays, with length one. You need it here, because without it the two sums count as a row of two, and that doesn't fit a table with three columns.

# %% tags=["nbval-check-output"]
print(kept.sum(0).shape, kept.sum(-1).shape, kept.sum(-1, keepdim=True).shape)

# %%
weights = kept / kept.sum(-1, keepdim=True)  # [2, 3] / [2, 1] -> [2, 3]
weights

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert distance.shape == weights.shape == (2, 3) and weights.sum(-1).allclose(torch.ones(2))
assert mask.tolist() == [[True, True, False], [False, True, True]]

# %% [markdown]
# **Try it.** If there are only the first two readings, the table is square. Each row should still add up to one, but the next cell gives other sums, without an error. What did broadcasting do? Repair the cell.

# %%
first_two = kept[:, :2]  # the first two columns, [2, 2]
tried = first_two / first_two.sum(-1)
tried.sum(-1)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert kept[:, :2].tolist() == [[0.5, 0.25], [0.0, 0.25]]
wrong = kept[:, :2] / torch.tensor([0.75, 0.25])
assert wrong.sum(-1).allclose(torch.tensor([5 / 3, 1.0])) and wrong[:, 0].tolist()[1] == 0

# %% [markdown]
# <details><summary>Answer</summary>
#
# `keepdim=True` is missing. Without it, the two sums have the shape [2] and count as one *row*, so the first column was divided by the sum of the first row, and the second column by the sum of the second.
#
# </details>
#
# Now you can average the temperatures. The *matrix product*, `@`, multiplies each row of weights pair by pair with the values and adds up, so that you get a number for each row.

# %%
weights @ values  # [2, 3] @ [3] -> [2]; at 9:00 2/3 · 11 + 1/3 · 17 = 13 °C

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (weights @ values).allclose(torch.tensor([13.0, 16.0]))
assert weights.allclose(torch.tensor([[2 / 3, 1 / 3, 0], [0, 1 / 2, 1 / 2]]))

# %% [markdown] slideshow={"slide_type": "slide"} tags=["keep"]
# In the first picture “it” was a query, and the arcs were its row of weights. The words were the keys, and what each of them gave was its value.
#
# **Keep this:** in attention, queries and keys make weights, and the values are averaged with them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which word needs attention?
# Before the model writes French, it turns the English sentence into a table of numbers, with a row of 128, its *list*, for each word and for the full stop. Without attention, a list is made from its word and position alone. With attention, it also holds what the word has collected from the others. The French is written from these lists.
#
# So here is an experiment. Switch attention off, which turns the cow into “il”. Then give a single word the list back that it has with attention.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Which list, given back alone, turns “il” into “elle” again?",
    ["that of “cow”", "that of “it”", "that of “tired”", "none alone"],
    answer=2,
    because="With any other list alone, the French keeps its “il”. Try it in the next "
    "picture.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
deciding = labs.cover(
    title="Whose list brings “elle” back?",
    caption="Switch attention off, then press “give back” under a word. Drawn: what [query|it] "
    "attends to.",
)
deciding

# %% jupyter={"source_hidden": true} tags=["asserts"]
tokens = deciding.shown.tokens
assert [round(p, 2) > 0.9 for p in deciding.shown.given] == [word == "tired" for word in tokens]
adjective = deciding.shown.weights[tokens.index("tired")]
assert round(float(adjective[tokens.index("cow")]), 2) == 1.00
source = torch.tensor([model.source.encode(COW)])
assert model.model.encode(source).shape == (1, 12, 128) and len(tokens) == 12

# %% [markdown]
# <details><summary>What did you find?</summary>
#
# The list of “tired” is enough: “elle” has its 92 % again. Press “tired” in the English, and the arcs show what this list has collected. It takes everything from “cow”, the noun that it describes.
#
# </details>
#
# Is this only so in one sentence? We took 736 sentences, each with a noun that the model had not seen in such a sentence, and counted how often the right one of “il” and “elle” was the more probable one. And since you can switch attention off in different ways, we did it in three:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from chapters.ch00.experiments.words import right_pronouns

counted = right_pronouns()
counted

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert [list(row.values())[1:] for row in counted] == [[95, 60, 95], [95, 54, 95], [95, 56, 95]]
assert "736" in counted.caption

# %% [markdown] tags=["keep"]
# With attention the pronoun is right in 95 % of the sentences. Without it the model isn't much better than a coin. Give the adjective's list back, and everything is back, however attention was switched off.
#
# **Keep this:** a picture of attention shows where a word takes from. An experiment shows what a model needs.

# %% [markdown]
# In [chapter 5](05_transformer.ipynb) you build this model, and experiment inside it. To look inside now, press the purple word in the French, or go to [one word, all the way down](05_transformer.ipynb#descent).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is this machine ready?
# The next cell checks what you need for the course, and tells you what to do about anything missing. (*Checkpoints* are stored trained models.)

# %% tags=["check"]
# %run -m course doctor --quick

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The chapters
# 1. [How many readings should count?](01_nadaraya_watson.ipynb) · [annex](01_nadaraya_watson_annex.ipynb)
# 2. [How does a word find the word that it needs?](02_scoring_functions.ipynb) · [annex](02_scoring_functions_annex.ipynb)
# 3. [What does a translator look at?](03_seq2seq.ipynb) · [annex](03_seq2seq_annex.ipynb)
# 4. [Who tells attention the order?](04_positional_encoding.ipynb) · [annex](04_positional_encoding_annex.ipynb)
# 5. [What can attention do alone?](05_transformer.ipynb) · [annex](05_transformer_annex.ipynb)
# 6. [Which word is missing?](06_bert.ipynb) · [annex](06_bert_annex.ipynb)
# 7. [What comes next?](07_gpt.ipynb) · [annex](07_gpt_annex.ipynb)
# 8. [Who answers?](08_who_answers.ipynb) · [annex](08_who_answers_annex.ipynb)
# 9. [Who taught it?](09_who_taught_it.ipynb) · [annex](09_who_taught_it_annex.ipynb)

# %% [markdown] slideshow={"slide_type": "skip"}
# <a id="progress"></a>
# **How far have you got?** Run the next cell to see.

# %% slideshow={"slide_type": "skip"}
from course_kit.progress import progress

progress()

# %% [markdown]
# ## Working and stopping
# - **Your copy.** `make lab` opens the folder `workbook`, in which no update overwrites your changes.
# - **Order.** Go from top to bottom, because a cell may need names from those above it. By keyboard, ↓ leads to the next cell, Tab into its picture and Escape out.
# - **Restart.** If the *kernel*, the Python process that runs your cells, restarts, it forgets every name (`NameError`). `from course_kit.resuming import resume_here; resume_here()` restores them.
# - **Stop.** Press ■ to stop a training run; the best result is kept.

# %% [markdown] tags=["glossary"]
# ## Glossary
# The Chinese is here because the course's sources are Chinese.
#
# | English | 中文 | in a few words |
# |---|---|---|
# | [heatmap](#heatmap) | 热力图 | a table of numbers as ink |
# | [row](#row) | 行 | the weights of one query; they add up to 1 |
# | [weighted average](#weighted-average) | 加权平均 | an average in which some count more |
# | [tensor](#tensor) | 张量 | a block of numbers |
# | [shape](#shape) | 形状 | how many numbers along each axis |
# | [broadcasting](#broadcasting) | 广播 | axes of length 1 are stretched to fit |
# | [Boolean mask](#boolean-mask) | 布尔掩码 | a table of True and False |

# %% [markdown] tags=["next"]
# ## Next
# We come back to the thermometer, for a whole day.
#
# **→ [1 · How many readings should count?](01_nadaraya_watson.ipynb)** · [your progress](#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 0, edition <!-- edition -->, and the heading above it.*
