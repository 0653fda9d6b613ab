"""Metrics: equal to sacrebleu's, and to numbers worked out by hand."""

import math

import pytest
import sacrebleu
import torch

from course_kit import metrics

REAL = [
    ("Je suis étudiant.", ["Je suis étudiant.", "Je suis étudiante."]),
    ("L'animal ne traversa pas la rue", ["L'animal n'a pas traversé la rue, car il était trop fatigué."]),
    ("Tom est-il là ?", ["Est-ce que Tom est là ?", "Tom est là ?", "Tom est-il ici ?"]),
    ("la zone économique européenne", ["La zone économique européenne"]),
    ("$5.30 pour 3,000 pommes", ["5,30 $ pour 3 000 pommes"]),
    ("", ["Bonjour."]),
]


def streams(references):
    most = max(map(len, references))
    return [[r[k] if k < len(r) else None for r in references] for k in range(most)]


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("tokenize", ["13a", "none", "char", "zh"])
def test_bleu_takes_a_list_of_references_for_each_sentence(lowercase, tokenize):
    hypotheses, references = [h for h, _ in REAL], [r for _, r in REAL]
    theirs = sacrebleu.corpus_bleu(hypotheses, streams(references), lowercase=lowercase, tokenize=tokenize, force=True)
    ours = metrics.bleu(hypotheses, references, lowercase=lowercase, tokenize=tokenize)
    assert ours == pytest.approx(theirs.score, abs=1e-6)
    assert ours.precisions == pytest.approx(tuple(theirs.precisions), abs=1e-6)
    assert (ours.brevity, ours.hypothesis_length, ours.reference_length) == pytest.approx(
        (theirs.bp, theirs.sys_len, theirs.ref_len)
    )


def test_the_example_of_the_slide_has_a_bleu_of_zero_by_the_definition():
    """Candidate 男孩 踢 足球, three words: there is no 4-gram, and no sentence BLEU above 0 without other rules."""
    ours = metrics.bleu(["男孩 踢 足球"], ["一个 小 男孩 在 踢 足球"], tokenize="none")
    assert ours == 0
    assert (ours.hypothesis_length, ours.reference_length) == (3, 6)
    assert ours.brevity == pytest.approx(math.exp(1 - 6 / 3), abs=1e-12) == pytest.approx(0.368, abs=5e-4)
    assert ours.precisions[0] == 100


def test_one_reference_each_may_be_given_as_plain_text():
    assert metrics.bleu(["a b c d e"], ["a b c d e"]) == metrics.bleu(["a b c d e"], [["a b c d e"]]) > 99.99


@pytest.mark.parametrize(
    ("hypotheses", "references", "error"),
    [(["a"], ["a", "b"], ValueError), ([], [], ValueError), (["a"], [[]], ValueError), ("a", ["a"], TypeError)],
)
def test_what_cannot_be_scored_is_refused(hypotheses, references, error):
    with pytest.raises(error):
        metrics.bleu(hypotheses, references)


def test_alignment_error_rate_of_a_hand_worked_example():
    """A = {1-1, 2-2, 3-4}, S = {1-1, 2-2}, P = S + {3-3, 3-4}: |A∩S| = 2, |A∩P| = 3, AER = 1 − 5 / (3 + 2) = 0;
    with A = {1-1, 2-3, 3-3}: |A∩S| = 1, |A∩P| = 2, AER = 1 − 3/5 = 0.4."""
    sure, possible = [{(1, 1), (2, 2)}], [{(1, 1), (2, 2), (3, 3), (3, 4)}]
    assert metrics.alignment_error_rate([{(1, 1), (2, 2), (3, 4)}], sure, possible) == 0
    assert metrics.alignment_error_rate([{(1, 1), (2, 3), (3, 3)}], sure, possible) == pytest.approx(0.4)
    assert metrics.alignment_error_rate([{(1, 1), (2, 3), (3, 3)}], sure) == pytest.approx(1 - 2 / 5)
    assert metrics.alignment_error_rate([{(5, 5)}], sure) == 1


def test_alignment_error_rate_of_a_corpus_adds_up_the_counts_not_the_rates():
    predicted, sure = [{(0, 0)}, {(0, 0), (1, 1), (2, 2)}], [{(0, 1)}, {(0, 0), (1, 1), (2, 2)}]
    assert metrics.alignment_error_rate(predicted, sure) == pytest.approx(1 - 6 / 8)
    with pytest.raises(ValueError):
        metrics.alignment_error_rate(predicted, sure[:1])


def test_links_of_weights():
    weights = torch.tensor([[0.1, 0.6, 0.3], [0.0, 0.0, 0.0], [0.5, 0.1, 0.4]])
    assert metrics.links_of(weights) == {(0, 1), (2, 0)}


def test_weights_that_are_no_numbers_link_nothing_in_silence():
    with pytest.raises(ValueError, match="weights"):
        metrics.links_of(torch.tensor([[0.5, float("nan")]]))
