"""Chapter 6's studies: what is held out is held out, and what counts counts."""

import re

import torch

from chapters.ch06.experiments import book, search
from course_utils.bert import make_bert


def test_a_model_that_sees_the_left_side_is_not_told_by_the_right_one():
    torch.manual_seed(0)
    model = make_bert(20, 16, 1, 2, context=8)
    ids = torch.randint(20, (2, 8))
    other = ids.clone()
    other[:, 5:] = 3
    a, b = (book.hidden_of(model, one, left=True)[:, :5] for one in (ids, other))
    torch.testing.assert_close(a, b)
    a, b = (book.hidden_of(model, one)[:, :5] for one in (ids, other))
    assert not torch.allclose(a, b, atol=1e-4)
    torch.testing.assert_close(book.hidden_of(model, ids), model.bert(ids).hidden)


def test_a_search_question_shares_no_word_that_matters_with_its_sentence():
    small = {"who", "the", "a", "in", "at", "is", "to", "for", "us", "of", "an", "was", "his", "her"}
    for question, sentence in search.QUESTIONS.items():
        words = [set(re.findall("[a-z]+", text.lower())) for text in (question, sentence)]
        shared = words[0] & words[1] - small
        assert not shared and sentence in " ".join(search.SENTENCES.split()), question
