"""Real pairs: cleaned, split by source sentence, each sentence in one split only."""

import pytest

from chapters.ch03 import tatoeba
from course_kit import fetching

CATS = "I have {n} cats.\tJ\u2019ai {n} chats\u202f!\tCC-BY\nI have {n} cats.\tJe possède {n} chats.\n"
LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen\tlong\n"
TEXT = "".join(CATS.format(n=n) for n in range(400)) + LONG + "I HAVE 3 cats.\tj'ai 3  chats !\nDamn.\tMerde !\n"


@pytest.fixture(autouse=True)
def corpus(monkeypatch):
    tatoeba.load.cache_clear()
    monkeypatch.setattr(fetching, "read", lambda name: {"tatoeba-en-fr": TEXT}[name])
    yield
    tatoeba.load.cache_clear()


def test_each_source_sentence_is_in_one_split_only_and_none_is_lost():
    splits = {name: tatoeba.load("en-fr", name) for name in tatoeba.SPLITS}
    sources = {name: {a for a, _ in pairs} for name, pairs in splits.items()}
    assert not sources["train"] & sources["valid"] and not sources["train"] & sources["test"]
    assert not sources["valid"] & sources["test"]
    assert sum(map(len, splits.values())) == 800
    assert 0.93 < len(splits["train"]) / 800 < 1
    assert len(splits["valid"]) and len(splits["test"])


def test_pairs_are_normalised_once_each_short_and_decent():
    pairs = [p for name in tatoeba.SPLITS for p in tatoeba.load("en-fr", name)]
    assert ("i have 3 cats.", "j'ai 3 chats !") in pairs
    assert len(pairs) == len(set(pairs))
    assert not any("fifteen" in a or "merde" in b for a, b in pairs)


@pytest.mark.parametrize(
    ("text", "coarse"), [("merde !", True), ("la mer de nuages", False), ("他妈的", True), ("他的妈妈", False)]
)
def test_coarse_words_are_known_by_their_hash_alone(text, coarse):
    assert tatoeba.is_coarse("fine", text) == coarse


def test_all_translations_of_a_sentence_are_references():
    assert tatoeba.references([("a", "x"), ("b", "y"), ("a", "z")]) == {"a": ["x", "z"], "b": ["y"]}
