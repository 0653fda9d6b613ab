"""Text: words, characters and subwords to numbers and back; batches that lose nothing and pad little."""

import time

import pytest
import torch

from course_kit import text
from course_kit.text import BOS, EOS, PAD, UNK, Batches, BytePairs, Subwords, Vocabulary, collate, pad
from course_kit.text.subwords import WordPiece
from course_kit.text.vocabulary import split_characters, split_words


@pytest.mark.parametrize(
    ("given", "expected"),
    [("Où  es-tu\u202f?", "où es-tu ?"), ("C\u2019est\u00a0vrai\u2009!", "c'est vrai !"), ("e\u0301te\u0301\n", "été"),
     ("", "")],
)  # fmt: skip
def test_what_looks_the_same_is_spelt_the_same(given, expected):
    assert text.normalise(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [("The animal didn't cross the street.", "the animal didn't cross the street ."),
     ("L'animal n'a pas traversé la rue.", "l' animal n' a pas traversé la rue ."),
     ("Qu'est-ce qu'il y a ?", "qu' est-ce qu' il y a ?"), ("aujourd'hui", "aujourd'hui"),
     ("A <to-fr> l'an < 3", "a <to-fr> l' an < 3"), ("It's 5.30, isn't it?", "it 's 5 . 30 , isn't it ?"),
     ("“Oui”, dit-il…", "“ oui ” , dit-il …"), ("s'il vous plaît", "s' il vous plaît"),
     ("'So?' Tom's dog's asleep", "' so ? ' tom 's dog 's asleep")],
)  # fmt: skip
def test_words(given, expected):
    assert split_words(given) == expected.split()


def test_chinese_falls_into_characters_and_other_words_stay_whole():
    assert split_characters("我正在吃绿色的苹果。") == list("我正在吃绿色的苹果。")
    assert split_characters("Tom 有 12 个 iPhone！") == ["tom", "有", "1", "2", "个", "iphone", "！"]


@pytest.mark.parametrize(
    "sentence",
    ["l'animal n'a pas traversé la rue.", "qu'est-ce qu'il y a ?", "aujourd'hui, il dort.", "the dog's tail (a b)."],
)
def test_words_join_to_the_sentence_they_came_from(sentence):
    assert text.join(split_words(sentence)) == sentence


def vocabulary():
    return Vocabulary.build(["the cat sleeps .", "the dog sleeps .", "the cat eats ."], min_count=2)


def test_a_vocabulary_counts_sorts_and_leaves_rare_words_out():
    assert vocabulary().words == ["<pad>", "<unk>", "<bos>", "<eos>", ".", "the", "cat", "sleeps"]
    assert len(Vocabulary.build(["a a a b b c"], max_size=6)) == 6
    assert Vocabulary.build([("New York", "is"), ("New York",)]).words[4] == "New York"


def test_sentences_become_numbers_and_come_back():
    v = vocabulary()
    ids = v.encode("The cat barks.")
    assert ids == [5, 6, UNK, 4]
    assert v.tokens(ids) == ["the", "cat", "<unk>", "."]
    assert v.decode([BOS, *ids, EOS, PAD]) == "the cat <unk>."
    assert v.encode(["the", "cat"]) == [5, 6]
    assert "cat" in v and "bark" not in v
    assert v.encode("") == []
    assert v.decode([]) == ""


def test_what_a_vocabulary_cannot_be():
    with pytest.raises(ValueError):
        Vocabulary(["a", "b", "a"])
    with pytest.raises(ValueError):
        Vocabulary(["<unk>"])
    with pytest.raises(ValueError):
        Vocabulary(["a"], split="letters")


SENTENCES = ["l'animal était fatigué.", "l'eau est claire.", "est-ce que l'animal dort ?", "qu'il est fatigué !"] * 4


def test_subwords_lose_nothing_and_keep_frequent_words_whole():
    s = Subwords.build(SENTENCES, 200)
    for sentence in SENTENCES[:4]:
        assert s.decode(s.encode(sentence)) == sentence
        assert s.decode([BOS, *s.encode(sentence.upper()), EOS]) == sentence
    assert s.cut("l'animal était claire.") == ["▁l'", "animal", "▁était", "▁claire", "."]
    assert s.tokens(s.encode("fatigué")) == ["▁fatigué"]
    assert len(s.encode("faclal")) > 1, "a new word falls into known pieces"
    assert s.encode("") == []
    assert UNK in s.encode("le 猫 dort")
    assert "猫" in s.cut("le 猫 dort"), "what is unknown is shown as it stood there"
    assert [s.tokens([i]) for i in range(4)] == [["<pad>"], ["<unk>"], ["<bos>"], ["<eos>"]]


@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
def test_vocabularies_survive_json(kind):
    built = Subwords.build(SENTENCES, 90) if kind == "subwords" else Vocabulary.build(SENTENCES, kind)
    back = text.from_json(built.to_json())
    assert type(back) is type(built)
    assert back.encode(SENTENCES[2]) == built.encode(SENTENCES[2])
    with pytest.raises(ValueError):
        text.from_json({"kind": kind})


def test_padding_is_at_the_end_and_masked():
    ids, mask = pad([[5, 6], [], [7, 8, 9]])
    assert ids.tolist() == [[5, 6, 0], [0, 0, 0], [7, 8, 9]]
    assert mask.tolist() == [[True, True, False], [False] * 3, [True] * 3]
    assert pad([[]])[0].shape == (1, 1)


def test_the_target_is_given_from_bos_and_asked_for_up_to_eos():
    batch = collate([([5, 6], [7, 8]), ([9], [4])])
    assert batch.target_in.tolist() == [[BOS, 7, 8], [BOS, 4, PAD]]
    assert batch.target_out.tolist() == [[7, 8, EOS], [4, EOS, PAD]]
    assert batch.target_mask.tolist() == [[True] * 3, [True, True, False]]


def pairs(n=500):
    draw = torch.Generator().manual_seed(1)
    lengths = torch.randint(1, 25, (n, 2), generator=draw).tolist()
    return [([i + 4] * a, [i + 4] * b) for i, (a, b) in enumerate(lengths)]


def test_a_pass_holds_each_pair_once_within_the_limit_and_pads_little():
    found, real, whole = [], 0, 0
    for batch in Batches(pairs(), tokens=400):
        assert batch.source.numel() + batch.target_in.numel() <= 400
        found += [(row[0].item(), int(m.sum())) for row, m in zip(batch.source, batch.source_mask, strict=True)]
        real += int(batch.source_mask.sum() + batch.target_mask.sum())
        whole += batch.source.numel() + batch.target_in.numel()
    assert sorted(found) == [(i + 4, len(a)) for i, (a, _) in enumerate(pairs())]
    assert real / whole > 0.7


def test_order_is_new_in_each_pass_and_repeatable_by_seed():
    def order(batches):
        return [row[0].item() for batch in batches for row in batch.source]

    batches = Batches(pairs(), 400)
    torch.manual_seed(0)
    first, second = order(batches), order(batches)
    torch.manual_seed(0)
    assert order(batches) == first != second


def test_a_batch_is_filled_up_to_the_limit():
    """A pair of one word each takes 3: the source, and <bos> or <eos> with the target."""
    sizes = lambda tokens: sorted(len(b.source) for b in Batches([([5], [6])] * 7, tokens))  # noqa: E731
    assert sizes(5) == [1] * 7 and sizes(6) == sizes(8) == [1, 2, 2, 2] and sizes(21) == [7]


def test_the_letters_of_word_pieces_come_in_order_and_a_mask_stays_whole():
    built = WordPiece.build(["the soup was good .", "Ünder the sea !"], 60)
    first = built.words[5 : built.words.index("##a")]
    assert first == sorted(set("thesoupwasgood.undersea!")), "each once, none of them a space"
    assert built.cut("the [MASK] sea") == ["the", "[MASK]", "sea"] and built.encode("[MASK]") == [built.mask]
    assert built.tokens([built.pad, built.unk, built.cls, built.sep]) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def test_a_pair_longer_than_a_batch_still_comes():
    assert sum(len(b.source) for b in Batches([([5] * 90, [6] * 90), ([5], [6])], tokens=50)) == 2


def test_batches_of_no_pair_cannot_be():
    with pytest.raises(ValueError):
        Batches([])


class TestWhatIsRefused:
    """One text where a list is needed, numbers that no token has: refused with what to write."""

    @pytest.mark.parametrize("kind", [Vocabulary, Subwords, WordPiece, BytePairs])
    @pytest.mark.parametrize("given", ["the cat sat", b"the cat", [b"the", b"cat"], [["a", 1]], [None], 3, None])
    def test_what_is_no_list_of_sentences(self, kind, given):
        with pytest.raises(TypeError):
            kind.build(given)

    @pytest.mark.parametrize("kind", [Subwords, WordPiece, BytePairs])
    def test_a_word_of_a_million_letters_ends_no_lesson(self, kind):
        word = "acgt" * 250_000
        begun = time.process_time()
        built = kind.build(["the cat sat on the mat " + word] * 3)
        assert built.encode(word) and built.decode(built.encode("the cat")) == "the cat"
        assert time.process_time() - begun < 30, "a few seconds, on a slow machine"

    @pytest.mark.parametrize("kind", [Vocabulary, Subwords, WordPiece, BytePairs])
    @pytest.mark.parametrize(
        "ids", [[-1], [99_999], [1.7], ["1"], "12", [None], 3, torch.tensor([[1]]), torch.tensor([1.0])]
    )
    def test_numbers_that_no_token_has(self, kind, ids):
        built = kind.build(["the cat sat on the mat"])
        for method in (built.decode, built.tokens):
            with pytest.raises((TypeError, ValueError)):
                method(ids)
