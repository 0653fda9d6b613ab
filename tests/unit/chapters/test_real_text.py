"""Real text with labels: read as it is written, split so that nothing of the test is trained on."""

import json

import pytest

from chapters.ch06 import real_text
from course_kit import fetching
from course_kit.data.stories import Labelled


def squad(*titles):
    context = "Anna lives in Paris. Tom lives in Rome."
    asked = [("Where does Tom live?", "Rome", 34), ("Who lives in Paris?", "Anna", 0)]
    questions = [
        {"question": q, "answers": [{"text": a, "answer_start": s}, {"text": a.upper(), "answer_start": s}]}
        for q, a, s in asked
    ]
    return {"data": [{"title": title, "paragraphs": [{"context": context, "qas": questions}]} for title in titles]}


def test_film_reviews():
    found = real_text.read_sst2("a fine film\t1\none long string\t0\n")
    assert found == [Labelled("a fine film", "positive"), Labelled("one long string", "negative")]
    with pytest.raises(ValueError):
        real_text.read_sst2("a fine film\t1\nno label\n")


def test_questions_are_split_by_article_and_answers_stand_where_they_should():
    titles = [f"article {n}" for n in range(40)]
    content = json.dumps(squad(*titles))
    found = {split: real_text.read_squad(content, split) for split in real_text.SPLITS}
    assert sum(map(len, found.values())) == 80
    assert all(found.values())
    for split, questions in found.items():
        assert len(questions) == 2 * sum(real_text.split_of(title) == split for title in titles)
        assert all(q.context[q.start : q.start + len(q.answer)] == q.answer for q in questions)
    wrong = squad("an article")
    wrong["data"][0]["paragraphs"][0]["qas"][1]["answers"][0]["answer_start"] = 3
    with pytest.raises(ValueError):
        real_text.read_squad(json.dumps(wrong), real_text.split_of("an article"))


def test_bad_names_are_answered_with_good_ones(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="name"):
        real_text.load("imdb")
    with pytest.raises(ValueError, match="split"):
        real_text.load("sst2", "dev")
    (tmp_path / "sst2").mkdir()
    (tmp_path / "sst2" / "train.tsv").write_text("a fine film\t1\n", "utf-8")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(fetching.FetchError):
        real_text.load("sst2")
