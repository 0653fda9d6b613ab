"""Real text with labels: read as it is written, split so that nothing of the test is trained on."""

import json
import os
from pathlib import Path

import pytest

from chapters.ch06 import real_text
from course_kit import fetching
from course_kit.data.stories import Labelled, Tagged


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


def test_tweets_with_names():
    found = real_text.read_conll("AT&amp;T\tB-corporation\nphones\tO\n\t\n\nParis\tB-location")
    assert found == [Tagged(("AT&T", "phones"), ("B-corporation", "O")), Tagged(("Paris",), ("B-location",))]
    with pytest.raises(ValueError):
        real_text.read_conll("in\tO\nRome\tB-town\n")


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


COUNTS = {"sst2": (6920, 872, 872), "wnut17": (3394, 1009, 1287), "squad": (8580, 656, 1334)}


@pytest.mark.parametrize("name", list(COUNTS))
def test_the_real_ones(name):
    given = os.environ.get("COURSE_DATA_DIR")
    file = fetching.sources()[real_text.FILES[name]["train"]]["file"]
    if not given or not (Path(given) / file).is_file():
        pytest.skip("needs the corpus in COURSE_DATA_DIR")
    train, valid, test = (real_text.load(name, split) for split in real_text.SPLITS)
    assert (len(train), len(valid), len(test)) == COUNTS[name]
    if name == "wnut17":
        assert {tag for part in (train, valid, test) for tagged in part for tag in tagged.tags} == set(
            real_text.WNUT_TAGS
        )
    if name == "squad":
        assert [len(real_text.articles(split)) for split in real_text.SPLITS] == [35, 5, 8]
        contexts = [{question.context for question in part} for part in (train, valid, test)]
        assert len(set.union(*contexts)) == sum(map(len, contexts)), "no paragraph stands in two splits"
        assert test[0].answer in real_text.answers("test")[test[0].context, test[0].question]
