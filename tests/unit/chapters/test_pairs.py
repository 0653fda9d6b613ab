"""What BERT reads: pieces, segments, spans; what does not fit is dropped where one can see it."""

import pytest
import torch

from chapters.ch06.pairs import best_span, collate, draw, encode, encode_all, special_mask
from course_kit import text
from course_kit.text import WordPiece

SENTENCES = [
    "The man went to the store.", "He bought a gallon of milk.", "The animal was too tired.", "It was too wide.",
    "Walking and talking, the children went to the market.",
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    return WordPiece.build(SENTENCES, 120)


def test_wordpiece_is_what_transformers_reads(tokenizer):
    theirs, sentence = tokenizer.to_huggingface(), "The milk was [MASK], ünwide zebra!"
    assert theirs(sentence)["input_ids"] == [tokenizer.cls, *tokenizer.encode(sentence), tokenizer.sep]
    assert theirs.convert_tokens_to_ids(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]) == [0, 1, 2, 3, 4]


def test_pieces_stand_for_what_they_cover(tokenizer):
    sentence = "The Children walked; 猫 it's WIDE"
    spans = tokenizer.spans(sentence)
    covered = "".join(sentence[a:b] for _, a, b in spans)
    assert covered == sentence.replace(" ", "")
    pieces = tokenizer.tokens([i for i, _, _ in spans])
    for piece, (_, a, b) in zip(pieces, spans, strict=True):
        assert piece in ("[UNK]", sentence[a:b].lower(), "##" + sentence[a:b].lower())
    assert tokenizer.cut("The 猫") == ["the", "猫"]


def test_there_and_back(tokenizer):
    assert tokenizer.decode(tokenizer.encode("The man bought milk.")) == "the man bought milk."
    again = text.from_json(tokenizer.to_json())
    assert again.words == tokenizer.words and again.encode(SENTENCES[4]) == tokenizer.encode(SENTENCES[4])
    assert len(again) == len(tokenizer) and "store" in again and "zebra" not in again


def test_what_is_no_text_is_said(tokenizer):
    with pytest.raises(ValueError, match="sentences"):
        WordPiece.build(["", " "])
    with pytest.raises(TypeError, match="text"):
        tokenizer.encode(7)
    other = text.Subwords.build(SENTENCES, 60).tokenizer
    with pytest.raises(ValueError):
        WordPiece(other)


def test_a_pair_as_bert_reads_it(tokenizer):
    found = encode(tokenizer, "the man went to the store .", "he bought milk .")
    assert found.tokens == ("[CLS]", "the", "man", "went", "to", "the", "store", ".", "[SEP]",
                            "he", "bought", "milk", ".", "[SEP]")  # fmt: skip
    assert found.segments == (0,) * 9 + (1,) * 5
    assert found.dropped == (0, 0)


def test_words_given_as_a_list_are_counted(tokenizer):
    found = encode(tokenizer, ["Walkers", "men"])
    assert found.words[0] == found.words[-1] == -1
    assert sorted(set(found.words[1:-1])) == [0, 1] and found.words.count(0) > 1


def test_too_long_is_cut_where_one_can_see_it(tokenizer):
    first, second = "the man went to the store .", "he bought milk ."
    with pytest.warns(UserWarning, match="3 of 11 tokens do not fit into 11"):
        found = encode(tokenizer, first, second, max_length=11)
    assert len(found) == 11 and found.dropped == (3, 0) and "3 more tokens that did not fit" in repr(found)
    with pytest.warns(UserWarning, match="1 of 2 texts are longer than 6: 3 tokens"):
        encode_all(tokenizer, [first, "milk"], max_length=6)


def test_batches_are_filled_up(tokenizer):
    short, long = encode(tokenizer, "milk ."), encode(tokenizer, "the store .", "he bought milk .")
    batch = collate([short, long])
    assert batch.ids.shape == batch.segments.shape == batch.mask.shape == (2, len(long))
    assert batch.mask.sum(1).tolist() == [len(short), len(long)] and (batch.ids[0, len(short) :] == tokenizer.pad).all()
    assert collate([short], length=9).ids.shape == (1, 9)
    assert special_mask(tokenizer, batch)[0].tolist() == [True, False, False] + [True] * (len(long) - 3)
    with pytest.raises(ValueError, match="inputs"):
        collate([])
    with pytest.raises(ValueError, match="length"):
        collate([short], length=2)


def test_drawn_batches_are_of_similar_length_and_repeatable():
    lengths = [3, 30, 4, 29, 5, 28, 6, 27] * 5
    found = [draw(lengths, 2, torch.Generator().manual_seed(seed)) for seed in range(20)]
    assert found == [draw(lengths, 2, torch.Generator().manual_seed(seed)) for seed in range(20)]
    assert all(len(set(rows)) == 2 for rows in found) and len({tuple(rows) for rows in found}) > 15
    assert max(abs(lengths[a] - lengths[b]) for a, b in found) < 24
    assert sorted(draw([5, 6], 8, torch.Generator().manual_seed(0))) == [0, 1]


def test_the_best_span_does_not_end_before_it_begins():
    starts, ends = torch.tensor([0.0, 1.0, 5.0, 0.0]), torch.tensor([0.0, 4.0, 0.0, 3.0])
    assert best_span(starts, ends) == (2, 3)  # (2, 1) would be more probable
    every = [(s, e) for s in range(4) for e in range(s, 4)]
    assert best_span(starts, ends) == max(every, key=lambda p: float(starts[p[0]] + ends[p[1]]))
    assert best_span(starts, ends, longest=1) == max(
        ((i, i) for i in range(4)), key=lambda p: starts[p[0]] + ends[p[0]]
    )
    allowed = torch.tensor([False, True, False, True])
    assert best_span(starts, ends, allowed) == (1, 1)
    minus = torch.tensor([0.0, 1.0, 5.0, -torch.inf])
    assert best_span(minus, minus) == (2, 2)
    with pytest.raises(ValueError):
        best_span(starts, ends, torch.zeros(4, dtype=torch.bool))
