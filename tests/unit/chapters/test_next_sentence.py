"""What words alone say about whether one sentence follows another."""

import pytest

from chapters.ch06.experiments.next_sentence import COMMON, ByWords

FISH = ["Anna caught a fish.", "The fish was in the river."]
BREAD = ["Tom baked bread.", "The bread was in the oven."]


@pytest.fixture(scope="module")
def counted():
    return ByWords([FISH, BREAD] * 10)


def test_words_that_occurred_in_neighbouring_sentences_go_together(counted):
    assert counted.together(*FISH) and counted.together("Tom baked", "the oven")
    assert not counted.together(FISH[0], BREAD[1]) and not counted.together(BREAD[0], FISH[1])


def test_new_words_say_nothing(counted):
    assert not counted.together("Zoe sings", "Zoe sings loudly")
    assert counted.together("Zoe caught a fish", "A river sings")


def test_a_shared_word_counts_unless_it_is_common():
    told = ByWords([[" ".join(f"{'x' * n}" for n in range(1, COMMON + 1)), "rare"]] * 2)
    assert told.shared("a rare x", "rare birds") and not told.shared("x xx", "x xx") and not told.shared("one", "two")
