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

cover = labs.cover(swaps=False)
cover

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert cover.shown.tokens[0][cover.shown.weights[0][cover.shown.tokens[0].index("it")].argmax()] == "animal"
assert (cover.shown.weights[0] - cover.shown.weights[1])[cover.shown.tokens[0].index("it")].__abs__().max() < 0.02
assert [round(w[cover.shown.tokens[0].index("it"), cover.shown.tokens[0].index("animal")], 2) for w in cover.shown.weights] == [0.45, 0.44]
assert (abs(cover.shown.weights[0].sum(-1) - 1) < 1e-3).all()  # one word's weights, its own included, add up to 1

# %% [markdown]
# Above, a small translation program, the *model*, turns an English sentence into French. Press "wide" once you have guessed.
#
# <details><summary>What did you find?</summary>
#
# The French moves: “il” becomes “elle”, because in French an animal is “il”, a street is “elle”, and it is the street that is too wide. The arcs hardly move: “it” takes 0.45 of its attention from “animal” before, and 0.44 after. So these arcs do not explain the French.
#
# </details>
#
# With **attention**, a word collects information from other words, and decides how much to take from each. The arcs show this for the marked word, in one of many such pictures that the model makes: the thicker the arc, the more it takes. Nearly every large language model is built on attention. Here you build it yourself, and you take it along: each ✓ puts your function into a folder, `mine`, and from chapter to chapter it becomes a program of your own.
#
# What decides between "il" and "elle", if not the arcs? You find out at the end of this chapter, by an experiment.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How this course works
# **The whole course** ([plan](#The-chapters)) takes about nine hours with its exercises, plus thirteen for what is in notebooks of their own, the *annexes*. Everything else is the **core path**. It needs no GPU and, once installed, no internet.
#
# **This chapter** lets you move an interactive picture (a *view*), solve an exercise, compute attention step by step, and check that this machine is ready. <!-- minutes -->
#
# **Before:** Python with functions and a little mathematics: sums, exp and, from chapter 1 on, derivatives. Tensors are explained below, classes and gradient descent in chapter 1, matrix products here and in chapter 2.
#
# **To run a cell,** a box of code, click into it and press *Shift + Enter*. Run folded cells, too, because later cells may need them. (*Run → Run All Cells* runs all.) If a cell fails, run the check under *Is this machine ready?* below.

# %%
import torch  # PyTorch: computing with tables of numbers, and training models
import course_kit  # what the chapters share
from course_kit.views import heatmap, predict

# where to compute; how long to train (profile); the same random numbers each time
# (seed)
runtime = course_kit.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Touch something
# You can work out the weights of the next picture yourself. Each of the words tea, eat, meat, attention and noon *asks* all five, itself included: “How many letters do we have in common?” If both words have a letter twice, it counts as two, so “noon” and “attention” share 3: n, n and o. A row shows the answers, divided by their sum: “tea” gets the answers 3, 3, 3, 3 and 0 (in that order), so it gives “meat” 3/12 = 0.25 of its attention.
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
# “Ten minutes of tensors”, below, explains keepdim
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
# It is “noon”, because of the other words only “attention” has an n or an o.
#
# </details>
#
# <a id="heatmap"></a><a id="row"></a>
# This picture, a **heatmap**, comes back in every chapter. More ink is more attention: blank paper means 0 and full ink 1, unless the picture says otherwise. The arcs of the first picture show one such row, without the weight that the marked word gives itself.

# %% [markdown]
# ## Guess first
# The course often asks what you expect. A wrong guess costs nothing, and you remember what surprised you.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "“noon” gives “attention” a share of its row. In return, “attention” gives “noon” …",
    ["the same share", "a smaller share", "a larger share"],
    answer=1,
    because="They have three letters in common, whichever asks. But “noon” divides the "
    "three by 4 + 3 = 7, and “attention”, with nine in common with itself, by 9 + 4 · "
    "3 = 21.",
)

# %%
# `shares` is the table of the heatmap: row 4 is noon, column 3 attention
print(f"noon → attention {shares[4, 3]:.2f}, attention → noon {shares[3, 4]:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert shares.sum(-1).allclose(torch.ones(5))
assert common[0].tolist() == [3, 3, 3, 3, 0] and shares[0, 2] == 0.25
assert common[3].tolist() == [3, 3, 3, 9, 3] and common[4].tolist() == [0, 0, 0, 3, 4] and shares[3, 4] < shares[4, 3]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How an exercise works
# <a id="weighted-average"></a>
# A **weighted average** lets some numbers count more: with weights 1 and 3, the average of 2 and 4 is (1 · 2 + 3 · 4) / (1 + 3) = 3.5.
#
# Run the cell below as it is, then replace the `raise` line with your own code and run it again. Make a mistake on purpose, too: forget to divide, and read the reply. `[K]` means K numbers in a row: `weights * values` multiplies pair by pair, and `.sum()` adds up.
#
# Until your function is right, later cells use the course's (then the 3.5 below comes from it), so you can skip an exercise: only run its cell. Stuck? In a new cell (*Esc*, then *B*), `hint("weighted average")` gives one step at a time, and `solution("weighted average")` an answer.
#
# ### Exercise ●○○ · 3 minutes

# %% tags=["exercise"]
from chapters.ch00 import again, exercise, hint, solution

@exercise("weighted average")
def weighted_average(weights, values):
    """weights [K] ≥ 0, values [K] -> one number"""
    raise NotImplementedError

# %%
result = weighted_average(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 4.0]))
print("the average of 2 and 4, with weights 1 and 3:", float(result))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(float(result) - 3.5) < 1e-6

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Ten minutes of tensors
# <a id="tensor"></a><a id="shape"></a>
# A thermometer was read at 8:00, 12:00 and 18:00. About how warm was it at 9:00 and at 15:00? These two hours are the <b style="color:#bf5f00">queries</b>, the hours of the readings are the <b style="color:#007fc6">keys</b>, and the temperatures read are the <b style="color:#008a67">values</b>. Each chapter keeps these colours, and <b style="color:#bb51a8">what comes out</b> is purple.
#
# If you know PyTorch, skim to *Keep this*. A **tensor** is a block of numbers, and its **shape** says how many there are along each axis: a list of three has the shape [3], and a table of two rows and three columns has [2, 3].

# %% tags=["nbval-check-output"]
queries = torch.tensor([9.0, 15.0])  # the hours that we ask about
keys = torch.tensor([8.0, 12.0, 18.0])  # the hours of the readings
values = torch.tensor([11.0, 17.0, 15.0])  # the readings, in °C
print(queries.shape, keys.shape, values.shape)

# %% [markdown]
# <a id="broadcasting"></a>
# `torch.Size([2])` is the shape [2]: two queries. Because closer readings should count more, we need all distances, a table with a row for each query and a column for each key: [2, 3]. But `queries - keys` fails: PyTorch compares two shapes from the right, and two lengths fit only if they are equal or one of them is 1, so 2 and 3 do not fit.
#
# So we make the queries a column, [2, 1], with `queries[:, None]`, while the keys, [3], count as a row, [1, 3]. PyTorch then stretches the axes of length 1, so that both become [2, 3]. This is **broadcasting**.

# %%
# [2, 1] - [3] -> [2, 3]; .abs(): without the sign
distance = (queries[:, None] - keys).abs()
distance

# %% [markdown]
# <a id="boolean-mask"></a>
# Let *closeness* be 1 / (1 + distance). We decide that readings more than four hours away do not count, so we need a **Boolean mask**, the table of True and False that `distance <= 4` gives. In this course True means "keep". `~mask` swaps True and False, so `closeness.masked_fill(~mask, 0.0)` writes 0 wherever the mask is False.

# %%
mask = distance <= 4  # [2, 3], bool
closeness = 1 / (1 + distance)  # element by element, [2, 3]
kept = closeness.masked_fill(~mask, 0.0)
kept

# %% [markdown]
# <a id="dim"></a>
# Divided by its sum, each row becomes weights that add up to 1. In a table, `x.sum(0)`, short for `x.sum(dim=0)`, adds down the columns, and `x.sum(1)` along the rows; `dim=-1` means the last axis, in a table axis 1. The summed axis disappears from the shape, but with `keepdim=True` it stays, with length 1. We need it here, because [2, 1] can be stretched to [2, 3], but [2] cannot.

# %% tags=["nbval-check-output"]
print(kept.sum(0).shape, kept.sum(-1).shape, kept.sum(-1, keepdim=True).shape)

# %%
weights = kept / kept.sum(-1, keepdim=True)  # [2, 3] / [2, 1] -> [2, 3]
weights

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert distance.shape == weights.shape == (2, 3) and weights.sum(-1).allclose(torch.ones(2))
assert mask.tolist() == [[True, True, False], [False, True, True]]

# %% [markdown]
# **Try it.** Each row should add up to 1, but the next cell gives 1.25 and 0.875, and no error appears, because the table is square. What did broadcasting do, and which argument is missing? Repair the cell.

# %%
square = torch.tensor([[6.0, 2.0], [1.0, 3.0]])
tried = square / square.sum(-1)
tried.sum(-1)

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (torch.tensor([[6.0, 2.0], [1.0, 3.0]]) / torch.tensor([8.0, 4.0])).sum(-1).tolist() == [1.25, 0.875]

# %% [markdown]
# <details><summary>Answer</summary>
#
# `keepdim=True` is missing. Without it, the sums, 8 and 4, have the shape [2] and count as one *row*, so the first column was divided by 8 and the second by 4.
#
# </details>
#
# Now average the temperatures. The *matrix product*, `@`, multiplies each row of weights pair by pair with the values and adds up, so [2, 3] `@` [3] gives [2].

# %%
weights @ values  # [2, 3] @ [3] -> [2]; at 9:00 2/3 · 11 + 1/3 · 17 = 13 °C

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert (weights @ values).allclose(torch.tensor([13.0, 16.0]))
assert weights.allclose(torch.tensor([[2 / 3, 1 / 3, 0], [0, 1 / 2, 1 / 2]]))

# %% [markdown]
# **Keep this:** in attention, queries and keys make weights, and the values are averaged with them. In the first picture, “it” was a query, and the arcs showed its row of weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which word decides?
# Back to the first picture. Before the model writes French, it makes a tensor of shape [12, 128] from the English sentence: for each of the 12 tokens (11 words and the full stop) a row of 128 numbers, which describes the word and what it has collected from the others by attention. We call this row the word's *list*. The French is written from these lists.
#
# So here is an experiment that looking at arcs cannot replace. Change "tired" to "wide", then press ⇅ under a word. The model now translates with *one list taken from the other sentence*, the one of the word at the same place ("wide" gets the list of "tired").

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["predict"]
predict(
    "Which single list turns the pronoun into that of the other sentence?",
    [
        "the list of “it”",
        "the list of “animal”",
        "the list of “tired” or “wide”",
        "none alone",
    ],
    answer=2,
    because="Try it below. Each of the other lists leaves the French exactly as it was.",
)

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"} tags=["lab"]
deciding = labs.cover(
    title="Which word turns “il” into “elle”?",
    caption="Arcs: what [query|it] attends to. Change the adjective; then ⇅ under a "
    "word takes its list from the other sentence.",
)
deciding

# %% jupyter={"source_hidden": true} tags=["asserts"]
from chapters.ch00.experiments import all_but_one, lists_of
from chapters.ch00.labs.cover import MODEL, SENTENCE, halves
from course_kit.checkpoints import load_checkpoint

assert deciding.shown.tokens[0][deciding.shown.moved[0].index(max(deciding.shown.moved[0]))] == "tired"
assert ["elle" in french for french in deciding.shown.rewritten[0]] == [w == "tired" for w in deciding.shown.tokens[0]]
assert ["il" in french for french in deciding.shown.rewritten[1]] == [w == "wide" for w in deciding.shown.tokens[1]]
assert all((new == deciding.shown.written[s]) == (w not in ("tired", "wide")) for s in (0, 1) for w, new in zip(deciding.shown.tokens[s], deciding.shown.rewritten[s], strict=True))
assert all_but_one() == [True, True]
assert lists_of(load_checkpoint(MODEL), halves(SENTENCE)[0]).shape == (12, 128) and len(deciding.shown.tokens[0]) == 12

# %% [markdown]
# Only the list of the adjective changes anything. You can even swap *all the other* lists at once: the French stays as it is, in both sentences. So the difference between the two sentences is in one list.
#
# But does this mean that the model does not *need* the other lists? The swap cannot tell, because it replaces them by nearly equal ones: between the sentences the list of "it" differs by 6 % of its length, that of the adjective by 123 %. To see what the model needs, take a list away altogether. The last column shows the French that it then writes:

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "subslide"}
from chapters.ch00.experiments import needed_words

without = needed_words()
without

# %% jupyter={"source_hidden": true} tags=["asserts"]
apart = {row["word"]: row["its list differs by"] for row in without}
assert (apart["it"], apart["tired"]) == ("6 %", "123 %") and all(int(x.split()[0]) <= 11 for word, x in apart.items() if word != "tired")
left = {row["word"]: row["French without its list"] for row in without}
assert left["it"] == "the same" and left["animal"].startswith("La rue n'a pas traversé la rue parce qu'il")
assert "didn't" in left and left["didn't"] == "L'animal a traversé la rue parce qu'il était trop fatigué."
assert needed_words(sentence="The animal didn't cross the street because it was too wide/tired.")[7]["French without its list"] == "the same"

# %% [markdown]
# Without "didn't", the animal crosses. Without "animal", it is the street that crosses the street, and the pronoun still is "il". And without "it", the French is *the same*, in both sentences. For "il" or "elle" this model needs the adjective, and it does not need the word that everybody looks at.
#
# **Keep this:** a picture of attention shows what a word takes. Only an experiment shows what a model needs. In chapter 5 you build this model, and repeat the experiment inside it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is this machine ready?
# The next cell checks what the course needs, and says what to do about anything missing. (*Checkpoints* are stored trained models.)

# %% tags=["check"]
# %run -m course doctor --quick

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The chapters
# | | asks | and answers with |
# |---|---|---|
# | [1](01_nadaraya_watson.ipynb) | How many readings should count? | Nadaraya–Watson: attention as an average, and a width that the data choose |
# | [1](01_nadaraya_watson_annex.ipynb) | Annex: what is worth knowing about kernels | bias and variance, influence, real CO₂ data |
# | [2](02_scoring_functions.ipynb) | How does a word find the word that it needs? | the dot product, √d, masks; self-attention, written and trained |
# | [2](02_scoring_functions_annex.ipynb) | Annex: twelve scores, and what circulates about them | the twelve in one lab, a race, linear attention |
# | [3](03_seq2seq.ipynb) | What does a translator look at? | a translator with attention, against one without |
# | [3](03_seq2seq_annex.ipynb) | Annex: translators, scores and maps | real sentences, BLEU, beam search, gradients |
# | [4](04_positional_encoding.ipynb) | Who tells attention the order? | positions that are added to words, or turn them |
# | [4](04_positional_encoding_annex.ipynb) | Annex: positions, paths and costs | long texts, interpolation, Transformer-XL, what attention costs |
# | [5](05_transformer.ipynb) | What can attention do alone? | the Transformer, whole: built, trained, and yours to keep |
# | [5](05_transformer_annex.ipynb) | Annex: what is worth knowing about Transformers | the cache, label smoothing, every head, a zoo of variants |
# | [6](06_bert.ipynb) | Which word is missing? | BERT: written, pre-trained on a book, fine-tuned |
# | [6](06_bert_annex.ipynb) | Annex: pairs, tags, adapters and published models | search, both tasks of pre-training, what heads are needed for |
# | [7](07_gpt.ipynb) | What comes next? | a GPT that you write, train on a novel, and keep |
# | [7](07_gpt_annex.ipynb) | Annex: what a GPT learns, costs and serves | translating by continuing, scaling, serving, what circulates |
# | [8](08_who_answers.ipynb) | Who answers? | four changes, a published model in your class, and your own model taught to answer |
# | [8](08_who_answers_annex.ipynb) | Annex: attention as built today, and a real model from inside | latent attention, experts, fewer bits, heads, LoRA, reasoning |

# %% [markdown] slideshow={"slide_type": "skip"}
# <a id="progress"></a>
# **How far have you got?** Run the next cell to see.

# %% slideshow={"slide_type": "skip"}
from course_kit.progress import progress

progress()

# %% [markdown]
# ## Working and stopping
# - **Your copy.** In a terminal, `make lab` opens the folder `workbook`, in which no update overwrites your changes.
# - **Order.** Go from top to bottom, because a cell may need names from those above it.
# - **Restart.** If the *kernel*, the Python process that runs your cells, restarts, it forgets every name (`NameError`). To restore them, run `from course_kit.resuming import resume_here; resume_here()` in a new cell.
# - **Stop.** Press ■ to stop a training run; the best result is kept.

# %% [markdown]
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
#
# ## Next
# The thermometer comes back, for a whole day.
#
# **→ [1 · Whom do you ask?](01_nadaraya_watson.ipynb)** · [your progress](#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell the person who gave you the course: chapter 0, edition 0.3.0, and the heading above it.*
