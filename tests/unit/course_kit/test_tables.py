"""The tables are what their cards say, equal to their source, and noticed when they are damaged."""

import json
import re

import numpy as np
import pytest

from course_kit import data
from course_kit.data import tables
from course_tools.recipes.data import verify


def card(name):
    return (tables.folder() / f"{name}.md").read_text(encoding="utf-8")


def test_the_book_is_what_its_card_says():
    book = data.book()
    assert f"{len(book):,} characters" in card("sherlock_holmes")
    assert book.startswith("The Adventures of Sherlock Holmes\nby Arthur Conan Doyle\n\nI. A SCANDAL IN BOHEMIA\n")
    held_out = book[len(book) * 9 // 10 :]
    assert "THE COPPER BEECHES" in held_out
    assert "THE BERYL CORONET" not in held_out


def test_co2_is_the_copy_of_statsmodels():
    from statsmodels.datasets import co2

    theirs, ours = co2.load_pandas().data, data.load("co2_weekly")
    assert list(ours.date) == list(theirs.index.to_numpy("datetime64[D]"))
    np.testing.assert_array_equal(ours.ppm, theirs["co2"])


def test_a_word_that_is_not_there_is_answered():
    with pytest.raises(KeyError):
        data.load("word_features")["cat"]


@pytest.mark.parametrize(("name", "said"), [("co2", "'co2'"), ("co2_weakly", "'co2_weekly'"), (3, "name")])
def test_an_unknown_name_lists_the_known_ones(name, said):
    with pytest.raises(ValueError) as caught:
        data.load(name)
    assert said in str(caught.value)


def test_the_history_is_in_order_with_a_source_for_each_year():
    table = data.load("history")
    assert len(table.year) == len(table.what) == len(table.source) == len(table.chapter) == 41 and "41" in card(
        "history"
    )
    assert table.year == sorted(table.year) and set(table.chapter) == set(range(10))
    for year, source in zip(table.year, table.source, strict=True):  # a preprint's number begins with year and month
        number = re.search(r"arXiv (\d\d)\d\d\.\d+", source)
        assert (f"20{number[1]}" if number else str(year)) == str(year) and (number or str(year) in source)
    transformer = table.what.index("The Transformer: attention alone")
    assert (table.year[transformer], table.chapter[transformer]) == (2017, 5)


def test_a_damaged_table_is_refused_with_what_to_do(damaged):
    path = damaged / "data" / "co2_weekly.csv"
    path.write_text(path.read_text().replace("316.1", "361.1", 1))
    with pytest.raises(OSError):
        data.load("co2_weekly")
    assert verify() == {
        "co2_weekly.csv": "is damaged (its checksum differs)",
        "history.csv": "",
        "lesson_sentences.csv": "",
        "models.csv": "",
        "sherlock_holmes.txt": "",
        "wmt14.csv": "",
        "word_features.csv": "",
    }


def test_the_index_names_every_table_and_each_has_a_card():
    folder = tables.folder()
    index = json.loads((folder / tables.INDEX).read_text())
    assert set(index) == {path.name for path in [*folder.glob("*.csv"), *folder.glob("*.txt")]}
    assert all((folder / name).with_suffix(".md").exists() for name in index)


def test_a_package_without_its_course_says_what_to_do(tmp_path, monkeypatch):
    """Installed from a wheel, away from a clone."""
    monkeypatch.setattr("course_kit.files.__file__", str(tmp_path / "site-packages" / "course_utils" / "files.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        data.load("co2_weekly")
