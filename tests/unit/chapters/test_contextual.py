"""One word in many sentences: which vectors are compared, and how."""

import pytest
import torch

from chapters.ch06.experiments.contextual import nearest, nearest_alike, nearest_by_words, word_vectors
from chapters.ch06.pairs import collate, encode
from course_kit.text import WordPiece
from course_utils.bert import Bert, BertConfig

SENTENCES = ["the bank gave him a loan", "he sat on the bank of the river", "a bank"]


@pytest.fixture(scope="module")
def small():
    tokenizer = WordPiece.build(SENTENCES, max_size=200)
    torch.manual_seed(0)
    return Bert(BertConfig(len(tokenizer), 16, 2, 2, context=16)).eval(), tokenizer


def test_vectors_are_those_of_each_sentence_alone(small):
    encoder, tokenizer = small
    steps = word_vectors(encoder, tokenizer, "bank", SENTENCES)
    assert len(steps) == 4
    torch.testing.assert_close(steps[0], encoder.embeddings.tokens.weight[tokenizer.encode("bank")].expand(3, -1))
    for n, sentence in enumerate(SENTENCES):
        found = encode(tokenizer, sentence)
        with torch.no_grad():
            hidden = encoder(*collate([found])).hidden[0, found.tokens.index("bank")]
        torch.testing.assert_close(steps[-1][n], hidden, atol=1e-5, rtol=0)


def test_a_sentence_without_the_word_is_named(small):
    with pytest.raises(ValueError):
        word_vectors(*small, "bank", ["a bank", "the river"])


def test_nearest_is_counted_without_oneself():
    vectors, kinds = torch.tensor([[0.0, 1], [0.1, 1], [1, 0.1], [1, 0]]), torch.tensor([True, True, False, False])
    assert nearest(vectors).tolist() == [1, 0, 3, 2]
    assert nearest_alike(vectors, kinds) == 1 and nearest_alike(vectors, kinds[[0, 2, 1, 3]]) == 0


def test_the_nearest_by_words_shares_most_of_them_and_is_another_one():
    kinds = torch.tensor([True, True, False, False])
    texts = ["a loan of the bank", "the bank gave a loan", "the river bank", "grass by the river"]
    assert nearest_by_words(texts, kinds) == 1 and nearest_by_words(texts, kinds[[0, 2, 1, 3]]) == 0
