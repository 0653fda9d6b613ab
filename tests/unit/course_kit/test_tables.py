"""The tables are what their cards say, equal to their source, and noticed when they are damaged."""

import json
import math
import re
import shutil

import numpy as np
import pytest

from course_kit import data, files
from course_kit.data import tables
from course_tools.recipes import tables as maker
from course_utils.kernels import gaussian_kernel


def test_co2_is_the_record_that_the_card_describes():
    co2 = data.load("co2_weekly")
    assert co2.year.size == co2.ppm.size == co2.date.size == 2284
    assert np.isnan(co2.ppm).sum() == 59
    assert co2.year.dtype == co2.ppm.dtype == np.float64
    assert (np.diff(co2.year) > 0).all()
    assert (np.diff(co2.date) == np.timedelta64(7, "D")).all()
    assert str(co2.date[0]) == "1958-03-29"
    assert co2.year[0] == pytest.approx(1958 + 87 / 365, abs=1e-9)  # 29 March is 87 days after 1 January
    assert str(co2.date[-1]) == "2001-12-29"
    assert co2.ppm[0] == 316.1
    assert co2.ppm[-1] == 371.5
    assert 1959.99 < co2.year[co2.date == np.datetime64("1960-12-31")][0] - 1 < 1960  # a leap year has 366 days
    for fact in ("2,284", "59", "Public domain", "Keeling", "course data co2_weekly"):
        assert fact in co2.card


def test_the_book_is_what_its_card_says():
    book, card = data.book(), (tables.folder() / "sherlock_holmes.md").read_text(encoding="utf-8")
    assert f"{len(book):,} characters" in card
    assert book.startswith("The Adventures of Sherlock Holmes\nby Arthur Conan Doyle\n\nI. A SCANDAL IN BOHEMIA\n")
    held_out = book[len(book) * 9 // 10 :]
    assert "THE COPPER BEECHES" in held_out
    assert "THE BERYL CORONET" not in held_out


def test_co2_is_the_copy_of_statsmodels():
    """Made again from its source, the file is the same to the byte."""
    assert maker.co2_weekly_csv() == (tables.folder() / "co2_weekly.csv").read_text(encoding="utf-8")


def test_the_words_are_those_of_the_course_sentence():
    table = data.load("word_features")
    assert " ".join(table.words[:11]) == "The animal didn't cross the street because it was too tired"
    assert table.words[11:] == ["wide"]
    assert table.features.shape == (12, len(table.columns))
    assert (table.features >= 0).all()
    assert (table.features <= 1).all()
    for fact in ("by hand", "CC BY 4.0", "our choice"):
        assert fact in table.card


@pytest.mark.parametrize("width", [0.05, 0.3, 1.0, 10.0])
def test_by_a_gaussian_kernel_it_is_nearest_to_animal(width):
    import torch

    table = data.load("word_features")
    features = torch.tensor(table.features)
    distance = (features - features[table.words.index("it")]).norm(dim=-1)
    weights = gaussian_kernel(distance, width)
    weights[table.words.index("it")] = 0
    assert table.words[int(weights.argmax())] == "animal"


def test_the_distances_in_the_card_are_those_of_the_table():
    table = data.load("word_features")
    for word, said in {"animal": "0.32", "street": "0.52"}.items():
        assert f"{np.linalg.norm(table['it'] - table[word]):.2f}" == said
        assert said in table.card


def test_a_word_that_is_not_there_is_answered():
    with pytest.raises(KeyError):
        data.load("word_features")["cat"]


@pytest.mark.parametrize(("name", "said"), [("co2", "'co2'"), ("co2_weakly", "'co2_weekly'"), (3, "name")])
def test_an_unknown_name_lists_the_known_ones(name, said):
    with pytest.raises(ValueError) as caught:
        data.load(name)
    assert said in str(caught.value)


def test_each_call_gives_arrays_of_its_own():
    one = data.load("co2_weekly")
    one.ppm[:] = 0
    assert data.load("co2_weekly").ppm[0] == 316.1


@pytest.fixture
def copy_of_data(tmp_path, monkeypatch):
    shutil.copytree(tables.folder(), tmp_path / "data")
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    return tmp_path / "data"


def test_wmt14_holds_what_the_paper_prints():
    table = data.load("wmt14")
    base, big = table.name.index("Transformer (base)"), table.name.index("Transformer (big)")
    assert len(table.name) == 10 and table.ensemble.sum() == 3
    assert [table.bleu_en_de[base], table.bleu_en_fr[base], table.flops_en_de[base]] == [27.3, 38.1, 3.3e18]
    assert [table.bleu_en_de[big], table.bleu_en_fr[big], table.flops_en_fr[big]] == [28.4, 41.8, 2.3e19]
    assert math.isnan(table.bleu_en_fr[0]) and "2017" in table.card


def test_the_history_is_in_order_with_a_source_for_each_year():
    table = data.load("history")
    assert len(table.year) == len(table.what) == len(table.source) == len(table.chapter) == 35 and "35" in table.card
    assert table.year == sorted(table.year) and set(table.chapter) == set(range(9))
    for year, source in zip(table.year, table.source, strict=True):  # a preprint's number begins with year and month
        number = re.search(r"arXiv (\d\d)\d\d\.\d+", source)
        assert (f"20{number[1]}" if number else str(year)) == str(year) and (number or str(year) in source)
    transformer = table.what.index("The Transformer: attention alone")
    assert (table.year[transformer], table.chapter[transformer]) == (2017, 5)


def test_a_damaged_table_is_refused_with_what_to_do(copy_of_data):
    path = copy_of_data / "co2_weekly.csv"
    path.write_text(path.read_text().replace("316.1", "361.1", 1))
    with pytest.raises(OSError):
        data.load("co2_weekly")
    assert maker.verify() == {
        "co2_weekly.csv": "is damaged (its checksum differs)",
        "history.csv": "",
        "models.csv": "",
        "sherlock_holmes.txt": "",
        "wmt14.csv": "",
        "word_features.csv": "",
    }


def test_a_missing_table_is_named(copy_of_data):
    (copy_of_data / "word_features.csv").unlink()
    with pytest.raises(FileNotFoundError):
        data.load("word_features")
    assert maker.verify()["word_features.csv"] == "is missing"


def test_the_index_names_every_table_and_each_has_a_card():
    folder = tables.folder()
    index = json.loads((folder / tables.INDEX).read_text())
    assert set(index) == {path.name for path in [*folder.glob("*.csv"), *folder.glob("*.txt")]}
    assert all((folder / name).with_suffix(".md").exists() for name in index)


def test_a_table_is_made_again_by_a_command(copy_of_data, capsys):
    (copy_of_data / "co2_weekly.csv").write_text("damaged")
    assert maker.run("co2_weekly") == 0
    assert "data/co2_weekly.csv is intact" in capsys.readouterr().out
    with pytest.raises(ValueError):
        maker.run("word_features")
    (copy_of_data / "word_features.csv").write_text("damaged")
    assert maker.run() == 1


def test_the_course_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert data.load("co2_weekly").year.size == 2284


def test_a_package_without_its_course_says_what_to_do(tmp_path, monkeypatch):
    """Installed from a wheel, away from a clone."""
    monkeypatch.setattr("course_utils.files.__file__", str(tmp_path / "site-packages" / "course_utils" / "files.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        data.load("co2_weekly")
