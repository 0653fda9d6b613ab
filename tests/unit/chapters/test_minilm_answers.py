"""Questions to long texts: windows that lose no answer, SQuAD's own measure, people's score, and what was recorded."""

import re
import string
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chapters.ch06.experiments import minilm_answers
from chapters.ch06.experiments.minilm_answers import Windows, people
from chapters.ch06.span_metrics import answer_scores
from course_kit.data.stories import Question
from course_kit.text import WordPiece

NAMES = ["anna", "ben", "carla", "david", "emma", "frank", "grace", "hugo"]
TEXT = " ".join(f"{name.title()} lives in town {n}." for n, name in enumerate(NAMES))
ASKED = [Question(TEXT, f"where does {n} live", f"town {i}", TEXT.index(f"town {i}.")) for i, n in enumerate(NAMES)]


@pytest.fixture(scope="module")
def task():
    tokenizer = WordPiece.build([TEXT, "where does live"], 200)
    return Windows("own", tokenizer, examples={"train": ASKED, "test": ASKED}, max_length=26, stride=8)


def test_each_answer_stands_whole_in_a_window_and_the_windows_cover_the_text(task):
    inputs, targets = task.prepared("train")
    for example, found, (first, last) in zip(ASKED, inputs, targets, strict=True):
        parts = task.windows(example)
        assert len(parts) > 2 and not any(found.dropped)
        assert all(TEXT[at : at + len(part.context)] == part.context for part, at in parts)
        ends = [at + len(part.context) for part, at in parts]
        assert parts[0][1] == 0 and ends[-1] == len(TEXT)
        assert all(at <= end for end, (_, at) in zip(ends, parts[1:], strict=False)), "no hole between windows"
        assert first > 0 and found.tokens[last] == example.answer[-1]
    with pytest.raises(ValueError, match="question"):
        task.windows(ASKED[0]._replace(question=" ".join(NAMES * 3)))


def test_the_best_span_of_all_windows_is_the_answer(task, monkeypatch):
    def outputs(model, inputs, size):
        """Sure of a town where its number is the one that is asked for, and less sure of the first word elsewhere."""
        found = []
        for one in inputs:
            wanted = ASKED[NAMES.index(re.search(rf"({'|'.join(NAMES)})", "".join(one.tokens).replace("##", ""))[1])]
            logits = torch.full((len(one), 2), -5.0)
            logits[one.segments.index(1)] = 1.0
            number = [i for i, t in enumerate(one.tokens) if t == wanted.answer[-1] and one.segments[i]]
            for i in number:
                logits[i - 1, 0], logits[i, 1] = 6.0, 6.0
            found.append(logits)
        return found

    monkeypatch.setattr(task, "outputs", outputs)
    said = task.said(torch.nn.Linear(1, 1), ASKED)
    assert said == [e.answer for e in ASKED]
    task.right = {(TEXT, e.question): ("elsewhere", f"the {e.answer}!") for e in ASKED}
    assert task.measure(torch.nn.Linear(1, 1), "test") == {"exact match": 1.0, "F1": 1.0}


def official(said, gold):
    """(exact, F1) as SQuAD's evaluate-v2.0.py counts them (Rajpurkar et al. 2018)."""

    def normal(s):
        s = "".join(c for c in s.lower() if c not in set(string.punctuation))
        return " ".join(re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", s).split())

    def f1(a, b):
        a, b = normal(a).split(), normal(b).split()
        same = sum((Counter(a) & Counter(b)).values())
        if not a or not b:
            return int(a == b)
        if not same:
            return 0
        precision, recall = same / len(a), same / len(b)
        return 2 * precision * recall / (precision + recall)

    return max(int(normal(said) == normal(g)) for g in gold), max(f1(said, g) for g in gold)


words = st.lists(
    st.sampled_from(["the", "The", "an", "a", "Paris", "paris,", "U.S.", "é", "1990s", "(", "–"]), max_size=5
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, st.lists(words, min_size=1, max_size=3)), min_size=1, max_size=4))
def test_scores_are_those_of_the_official_script(asked):
    said = [" ".join(words) for words, _ in asked]
    gold = [[" ".join(words) for words in several] for _, several in asked]
    wanted = [official(s, g) for s, g in zip(said, gold, strict=True)]
    found = answer_scores(said, gold)
    assert found["exact match"] == pytest.approx(sum(e for e, _ in wanted) / len(wanted))
    assert found["F1"] == pytest.approx(sum(f for _, f in wanted) / len(wanted))


def test_people_are_judged_by_the_others():
    right = [("Paris", "paris", "Rome"), ("ten", "about ten", "ten"), ("alone",)]
    assert people(right) == {"exact match": 0.5, "F1": pytest.approx((1 + 2 / 3) / 2)}


def test_without_the_weights_recording_says_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MINILM", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="COURSE_MINILM"):
        minilm_answers.record_squad()
