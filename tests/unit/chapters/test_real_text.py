"""Film reviews with labels, read as they are written."""

import pytest

from chapters.ch06 import real_text
from course_kit import fetching
from course_kit.data.stories import Labelled


def test_film_reviews():
    found = real_text.read_sst2("a fine film\t1\none long string\t0\n")
    assert found == [Labelled("a fine film", "positive"), Labelled("one long string", "negative")]
    with pytest.raises(ValueError):
        real_text.read_sst2("a fine film\t1\nno label\n")


def test_a_bad_split_and_a_bad_file_are_refused(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="split"):
        real_text.load("dev")
    (tmp_path / "sst2").mkdir()
    (tmp_path / "sst2" / "train.tsv").write_text("a fine film\t1\n", "utf-8")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(fetching.FetchError):
        real_text.load()
