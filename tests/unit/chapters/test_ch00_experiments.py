"""What chapter 0 says of the words that need attention."""

from chapters.ch00.experiments import held_out, word_by_word


def test_of_the_cow_the_adjective_alone_needs_attention():
    rows = list(word_by_word())
    assert ["elle" in row["only this word attends"] for row in rows] == [row["word"] == "tired" for row in rows]
    assert ["elle" in row["all but this word attend"] for row in rows] == [row["word"] != "tired" for row in rows]


def test_so_it_is_for_nouns_that_training_has_not_seen():
    found = {row["attention for"]: row["right, %"] for row in held_out(count=200)}
    for needed in ("every word", "only the adjective", "all but “it”", "all but the noun meant"):
        assert found[needed] > 85
    for lost in ("no word", "all but the adjective", "only “it”", "only the noun meant"):
        assert found[lost] < 70
