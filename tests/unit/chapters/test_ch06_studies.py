"""Chapter 6's studies: what is held out is held out, and what counts counts."""

import re

import torch

from chapters.ch06.experiments import contextual, search
from course_kit.checkpoints import load_checkpoint


def test_a_gpt_has_one_vector_for_a_word_whatever_follows_and_bert_has_not():
    told = [kind[0] for kind in contextual.TOLD_LATER.values()]
    gpt = contextual.gpt_vectors(load_checkpoint("gpt-prose"), "bank", told)
    torch.testing.assert_close(gpt[0], gpt[1], atol=1e-4, rtol=0)
    prose = load_checkpoint("bert-prose")
    table, *_, last = contextual.word_vectors(prose.model.bert, prose.tokenizer, "bank", told)
    assert torch.equal(table[0], table[1]) and (last[0] - last[1]).abs().max() > 0.1


def test_a_search_question_shares_no_word_that_matters_with_its_sentence():
    small = {"who", "the", "a", "in", "at", "is", "to", "for", "us", "of", "an", "was", "his", "her"}
    for question, sentence in search.QUESTIONS.items():
        words = [set(re.findall("[a-z]+", text.lower())) for text in (question, sentence)]
        shared = words[0] & words[1] - small
        assert not shared and sentence in search.SENTENCES, question


def test_both_kinds_of_bank_are_as_many_and_only_what_follows_tells_them_apart():
    sentences, money = contextual.in_order(contextual.TOLD_LATER, contextual.TOLD_AFTERWARDS)
    assert len({*sentences}) == 32 and money.sum() == 16
    assert all(sentence.startswith("The bank ") for sentence in sentences)


def test_of_sixteen_banks_our_bert_gets_thirteen_and_a_gpt_fourteen_at_the_full_stop():
    sentences, money = contextual.in_order(contextual.TOLD_LATER)
    prose = load_checkpoint("bert-prose")
    ours = contextual.word_vectors(prose.model.bert, prose.tokenizer, "bank", sentences)[-1]
    at_the_end = contextual.gpt_vectors(load_checkpoint("gpt-prose"), None, sentences)
    assert [round(16 * contextual.nearest_alike(x, money)) for x in (ours, at_the_end)] == [13, 14]
