"""A number in the text of a chapter by the pattern is one that its section shows, or names its source."""

import nbformat
import pytest

from course_tools.authoring import building
from course_tools.authoring.rules import numbers
from course_tools.authoring.rules.notebook import Notebook

SOURCE = """\
# %% [markdown]
# # 5 · A question?
# 70 minutes alone · 45 live

# %% [markdown]
# ## How well does it do?
# SAID

# %%
print(score)

# %% tags=["asserts"]
assert abs(correlation - 0.62) < 0.005 and 0.28 < share < 0.3

# %% tags=["predict"]
predict("How often?", ["in 88 % of them", "seldom"], answer=0)

# %% [markdown]
# ## Another section

# %%
SIZE = 512
"""
PRINTED = "0.9743 of 2,500 sentences: 336123456 · 97.4 % · 88 % · How often? in 88 % of them"


@pytest.fixture
def missing(course):
    """missing(text) -> the numbers of a text that its section does not show."""

    def run(said):
        source = SOURCE.replace("SAID", said.replace("\n", "\n# "))
        folder = course("05_small", source)
        notebook = nbformat.from_dict(building.read_source("05_small", folder))
        for cell, text in ((notebook.cells[2], PRINTED), (notebook.cells[4], "How often? in 88 % of them")):
            cell.outputs = [nbformat.v4.new_output("stream", text=text)]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.setdefault("outputs", []), cell.setdefault("execution_count", None)
        notebook.cells = [cell for cell in notebook.cells if "asserts" not in cell.metadata.get("tags", ())]
        nbformat.write(notebook, folder / "05_small.ipynb")
        found = numbers.numbers_are_shown(Notebook("05_small", folder))
        return [what.partition(" is in no output")[0] for _, what, _ in found]

    return run


SHOWN = [
    ".974", "0.97", "97.4 %", "97 %", "97 percent", "1", "2,500 sentences", "336 million", "0.3 billion", "0.62",
    "62 %", "-0.62", "−.62", "29 %", "0.29", "88 %", "between 0 and 1",
]  # fmt: skip
MISSING = [".984", "0.98", "98 %", "2,400", "337 million", "0.63", "0.33", "512", "3", "1.0743", "97.5 %", "60 times"]


def test_what_an_output_or_an_assert_shows_may_be_said_rounded(missing):
    assert missing("\n\n".join(f"It reaches {number}, which is enough." for number in SHOWN)) == []


def test_what_its_section_does_not_show_is_named(missing):
    found = missing("\n\n".join(f"It reaches {number}." for number in MISSING))
    assert len(found) == len(MISSING)
    assert all(number.startswith(one) for number, one in zip(MISSING, found, strict=True))


def test_what_an_author_typed_into_a_cell_is_no_output():
    """The option of a guess is printed below it; nothing computed it."""
    tree = numbers.ast.parse('predict("How often?", ["in 99 % of them"])')
    shown = numbers.computed({"text": "How often? in 99 % of them, and .99 of 99"}, tree)
    assert [one.written for one in numbers.numbers(shown)] == [".99", "99"]


EXEMPT = [
    "In chapter 3 and table 12, rows 4, 5 and 7; head 2.2 of layer 2", "GPT-2, F1, float16, row 2a, 4x, 10⁻⁵",
    "In 2017",
    "`x[17]`, $17\\,d$ and $$ 17 $$", "He said “17 times”.", "1. One\n2. Two\n17. Many\n\n**17. More.** CC BY 2.0",
    "[17 · Next](17_next.ipynb), [here](a_17.md#17)", "```text\n17 × 17\n```",
    "<b style=\"top:17px\">bold</b> at 16:30",
]  # fmt: skip


@pytest.mark.parametrize("text", EXEMPT)
def test_labels_names_years_code_formulas_and_quotations_are_no_results(missing, text):
    assert missing(text) == []


def test_the_name_of_a_head_is_known_by_where_it_is_introduced(missing):
    assert missing("Look at heads 2.3 and 3.2.\n\nThen 2.3, 3.2 and 1.4.") == ["1.4"]


SOURCED = [
    "It took 3.5 days <!-- source: Vaswani et al. 2017, section 5 -->",
    "It took 3.5 days\non 8 GPUs. <!-- source: a paper -->",
    "- It took 3.5 days <!-- source: a paper -->\n- and 97 %",
    "| a | b |\n|---|---|\n| 3.5 | 8 |\n\n<!-- source: a paper -->",
]


@pytest.mark.parametrize("text", SOURCED)
def test_a_fact_from_elsewhere_names_its_source(missing, text):
    assert missing(text) == []


def test_a_source_holds_for_its_paragraph_and_must_say_something(missing):
    assert missing("It took 3.5 days. <!-- source: a paper -->\n\nIt took 8 GPUs.") == ["8"]
    assert missing("- It took 3.5 days\n- and 8 GPUs <!-- source: a paper -->") == ["3.5"]
    assert missing("It took 3.5 days. <!-- source: -->") == ["3.5"]
