# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # Start here
# *Attention, from a thermometer to GPT, in seven chapters.* **At the end** of this page you have moved a view, solved an exercise, and know that this machine can run everything. Reading 10 minutes · live 10 · exercises 3. **Before:** some Python; school mathematics.

# %% jupyter={"source_hidden": true} slideshow={"slide_type": "slide"} tags=["lab"]
from chapters.ch00 import labs

labs.cover()

# %% [markdown]
# What an arc is, chapter 1 says; where a word's numbers come from, chapter 3; how one takes a model apart like this, chapter 5, with the same model. Type a sentence of your own before you go on.

# %%
import torch
import course_utils
from course_utils.views import heatmap, predict

runtime = course_utils.setup()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Touch something
# Five words. Each *asks* all five: how many letters have we in common? The answers of a row are divided by their sum, so that each word shares out exactly 1.
#
# **Before you touch:** one word has something in common with only one of the other four. Which?

# %% tags=["lab"]
from collections import Counter

words = ["tea", "eat", "meat", "attention", "noon"]
letters = [Counter(word) for word in words]
common = torch.tensor([[float((mine & yours).total()) for yours in letters] for mine in letters])
shares = common / common.sum(-1, keepdim=True)
heatmap(shares, words, words, title="Who has letters in common?", caption="Each row adds up to 1. More ink, more in common.")

# %% [markdown]
# <details><summary>Answer</summary>
#
# *Noon* it is: its letters, n and o, are only in “attention”.
#
# </details>
#
# Move over the cells, or click one and walk with the arrow keys. The sentence beside the picture says what a number means.
#
# <a id="heatmap"></a><a id="row"></a>
# This picture, a **heatmap**, comes back in every chapter, and is always read the same way:
# - A row is one who asks; a column is one who can be asked. The numbers of a row add up to 1.
# - Ink is attention: the bare page is none, full ink is all.
# - One colour for each role, in pictures, text and formulas: the <b style="color:#bf5f00">query</b> asks, the <b style="color:#007fc6">keys</b> are asked, the <b style="color:#008a67">values</b> are what they have to give, and <b style="color:#bb51a8">what comes out</b> is purple.
# - Under each picture there is a table with the same numbers, for those who would rather read them.

# %% [markdown]
# ## Guess first
# Before you move something, the course often asks what you expect. A wrong guess costs nothing, and one remembers what surprised one.

# %% jupyter={"source_hidden": true} tags=["predict"]
predict(
    "“noon” gives part of its attention to “attention”. And back: “attention” gives to “noon” …",
    ["the same share", "a smaller share", "a larger share"],
    answer=1,
    because="They have three letters in common either way. But “attention” has many more to share with others, so three are a smaller part of its row.",
)

# %%
print(f"noon → attention {shares[4, 3]:.2f}, attention → noon {shares[3, 4]:.2f}")

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert shares.sum(-1).allclose(torch.ones(5))
assert common[3, 4] == common[4, 3] == 3 and shares[3, 4] < shares[4, 3]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How an exercise works
# <a id="weighted-average"></a>
# A **weighted average** lets some numbers count more: with weights 1 and 3, the average of 2 and 4 is (1 · 2 + 3 · 4) / (1 + 3) = 3.5.
#
# Run the cell below as it is: click into it and press *Shift + Enter*, here and everywhere. It says that nothing is written yet, and the course's own function stands in. Then replace the line with `raise`, run again, and see what you are told. Try something wrong, too: forget to divide.
#
# ### Exercise ●○○ · 3 minutes

# %% tags=["exercise"]
from chapters.ch00 import exercise, hint, solution

@exercise("weighted average")
def weighted_average(weights, values):
    """weights [K] ≥ 0, values [K] -> one number"""
    raise NotImplementedError

# %%
result = weighted_average(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 4.0]))
print("the average of 2 and 4, with weights 1 and 3:", float(result))

# %% jupyter={"source_hidden": true} tags=["asserts"]
assert abs(float(result) - 3.5) < 1e-6

# %% [markdown]
# That last cell works from the first minute on: with the course's function until yours is right, with yours afterwards. So you may skip an exercise and come back.
#
# Stuck? `hint("weighted average")` unfolds one step at a time; `solution("weighted average")` shows the course's own lines. Some exercises ask you to *find the error*: a short program or claim that really circulated, and is wrong.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Does this machine do?
# The doctor looks at everything that the course needs, and says what to do where something is missing. (In a terminal, in the course's folder, `make doctor` also runs a small notebook and estimates the minutes for each chapter.)

# %% tags=["check"]
# %run -m course doctor --quick

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The seven chapters
# | | asks | and answers with |
# |---|---|---|
# | [1](01_nadaraya_watson.ipynb) | Whom do you ask? | Nadaraya–Watson: attention as an average, real CO₂ data |
# | [2](02_scoring_functions.ipynb) | How does a query meet a key? | twelve scoring functions, and why one divides by √d |
# | [3](03_seq2seq.ipynb) | What does a translator look at? | seq2seq with attention, against one without |
# | [4](04_positional_encoding.ipynb) | Who tells attention the order? | words that look at each other, and how they learn where they stand |
# | [5](05_transformer.ipynb) | What can attention do alone? | the Transformer, part by part, translating |
# | [6](06_bert.ipynb) | What stands in the gap? | BERT: pre-training, then four kinds of tasks |
# | [7](07_gpt.ipynb) | What comes next? | GPT: one word after the other, with sampling and a cache |
#
# Each has a **core path** of about an hour. Sections called *Deeper* are folded; skip them without loss. One sentence goes through all seven: *The animal didn't cross the street because it was too tired.*

# %% [markdown] slideshow={"slide_type": "skip"}
# <a id="progress"></a>
# **How far are you?** Your workbook remembers what you solved. Run this cell whenever you come back:

# %% slideshow={"slide_type": "skip"}
from course_tools.classroom.progress import progress

progress()

# %% [markdown]
# ## Working, stopping, presenting
# - **Your copy.** You work in the folder `workbook`. An update of the course never overwrites what you wrote; a new edition is laid beside it.
# - **Any order.** After `setup()` and the imports of its section, any cell may be run at any time, as often as you like.
# - **Restart.** After *Kernel → Restart*, and tomorrow, pictures still move but names are gone: `NameError`. In a new cell where you want to go on, `from course_tools.classroom.resuming import resume_here; resume_here()` brings back what stands above. So does *Run → Run All Above Selected Cell*, only slower.
# - **Stop.** A running training stops with ■, keeps the best it had, and can go on from there later (`resume=`).
# - **No network needed.** Views compute in the browser. They still move when the kernel is off and when you open the notebook tomorrow.
# - **In front of a class.** *View → Presentation Mode* makes text and code larger. Views get type that one reads from the last row by `presenting=True`, or all of them by the environment variable `COURSE_PRESENTING=1`.
#
# **Keep this:** guess, touch, write, check. And nothing you do here can break the course.

# %% [markdown]
# ## Glossary
# | English | 中文 | in a few words |
# |---|---|---|
# | [heatmap](#heatmap) | 热力图 | a table of numbers as ink |
# | [row](#row) | 行 | one query, sharing out 1 |
# | [weighted average](#weighted-average) | 加权平均 | an average in which some count more |
#
# ## Further reading
# - *JupyterLab documentation*, section "Notebooks": cells, kernels, shortcuts.
#
# ## Next
# A thermometer that nobody looked at: [Chapter 1, Whom do you ask?](01_nadaraya_watson.ipynb)
#
# **→ [1 · Whom do you ask?](01_nadaraya_watson.ipynb)** · [your progress](#progress)
#
# *Something wrong, or a sentence that you had to read twice? Tell whoever gave you the course: chapter 0, edition 0.2.0, and the heading above it.*
