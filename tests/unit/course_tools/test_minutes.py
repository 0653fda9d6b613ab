"""The minutes of a notebook: one formula, its terms one by one."""

import pytest

from course_tools.authoring import minutes, sources
from course_tools.authoring.minutes import estimate, words

TEXT = "# %% [markdown]\n# " + "word " * 1100 + "\n\n"  # ten minutes
CODE = "# %%\n1 + 1\n\n"


def content(source, name="01_nadaraya_watson"):
    return estimate(sources.of_text(source), name)


@pytest.mark.parametrize(
    ("source", "time"),
    [(TEXT, 10), (TEXT + 20 * CODE, 20), (TEXT + 20 * CODE.replace("%%", '%% jupyter={"source_hidden": true}'), 10),
     (TEXT + 20 * CODE.replace("%%", '%% tags=["asserts"]'), 10),
     (5 * '# %% jupyter={"source_hidden": true} tags=["lab"]\n1\n\n', 10),
     (10 * '# %% jupyter={"source_hidden": true} tags=["predict"]\n1\n\n', 10),
     (10 * '# %% jupyter={"source_hidden": true}\nplot.maps(x)\n\n', 10),
     (20 * "# %% [markdown]\n# $$ a = b $$\n\n", 10), ("# %%\n" + 190 * "1 + 1\n", 10),
     ('# %% jupyter={"source_hidden": true} seconds=305 tags=["training"]\n1\n\n', 5),
     ('# %% jupyter={"source_hidden": true} seconds=5 tags=["training"]\n1\n\n', 0),
     (TEXT.replace("n]", 'n] tags=["glossary"]') + TEXT.replace("n]", 'n] tags=["reading"]') + TEXT, 10),
     (TEXT.replace("# word", "# ### ●○○\n# word").replace("n]", 'n] tags=["card"]'), 0),
     (TEXT.replace("n]", 'n] tags=["card"]') + "# #### ●○○\n# " + 1100 * "word ", 10)],
)  # fmt: skip
def test_each_term_counts_as_the_formula_says(source, time):
    assert content(source).halves == (time,)


def test_an_exercise_counts_by_its_definition():
    from chapters.ch01.exercises import EXERCISES

    two = [f'# %% tags=["exercise"]\n@exercise("{one.name}")\ndef answer(x):\n    ...\n\n' for one in EXERCISES[:2]]
    counted = content("".join(two)).content
    assert counted.exercises == 2
    assert counted.reading == 0 and counted.minutes == sum(one.minutes for one in EXERCISES[:2])


def test_live_is_what_a_class_is_shown():
    skipped = TEXT.replace("[markdown]", '[markdown] slideshow={"slide_type": "skip"}') + TEXT
    shown = TEXT.replace("[markdown]", '[markdown] slideshow={"slide_type": "subslide"}') + TEXT
    counted = content(TEXT + skipped + shown)
    assert (counted.halves, counted.shown) == ((50,), 25) and counted.words == "50 minutes alone, 25 live."
    assert counted.core == 0


def test_halves_are_counted_apart_and_the_problem_in_neither():
    half, problem = TEXT.replace("n]", 'n] tags=["half"]'), TEXT.replace("n]", 'n] tags=["problem"]')
    problem = problem.replace("# word", "# ## Forty patients · 45 minutes\n# word")
    source = TEXT + half + TEXT + problem + TEXT + "# %% [markdown]\n# ## After it\n" + "# word " * 1100
    counted = content(source)
    assert counted.words == "10 + 30 minutes alone, 35 live."
    assert minutes.problem(sources.of_text(source)) == ("Forty patients", 45)


def test_what_is_not_in_class_is_neither_marked_nor_of_the_end():
    heading, core = "# %% [markdown]\n# ## What?\n\n", '# %% [markdown] tags=["core"]\n# ## That\n\n'
    end = heading + '# %%\nkeep("one")\n\n' + heading
    left = [
        minutes.not_in_class(sources.of_text(x).cells)
        for x in (heading + core + heading + end, heading + end, core + core + end, core + heading)
    ]
    assert left == [[0, 2], [], [], [1]]


def test_what_is_in_class_is_the_marked_sections():
    heading = "# %% [markdown]\n# ## What?\n\n"
    marked, cell = heading.replace("n]", 'n] tags=["core"]'), TEXT.replace("n]", 'n] slideshow={"slide_type": "skip"}')
    assert content(heading + TEXT + marked + TEXT + TEXT + cell + heading + TEXT).core == 17


def test_an_annex_is_not_for_a_class():
    assert content(TEXT, "01_nadaraya_watson_annex").words == "10 minutes alone."


@pytest.mark.parametrize(
    ("text", "number"),
    [("two words", 2), ("a [link to it](somewhere.ipynb#there), **bold**", 5), ("the price is $n^2$ scores", 4),
     ("before\n\n$$ a = b $$\n\nafter", 2), ("see\n\n```python\nx = 1\n```\n\nthere", 2),
     ('<b style="color:red">queries</b> → keys', 2), ("one <!-- source: Vaswani et al. 2017 --> fact", 2),
     ("| [query](#query) | 提问 | a word |", 4)],
)  # fmt: skip
def test_words_are_what_is_read(text, number):
    assert words(text) == number
