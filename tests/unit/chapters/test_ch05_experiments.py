"""Chapter 5's experiments: what they say of a model, with tiny ones; nothing is left behind in it."""

import pytest
import torch
from unit.chapters.small_translator import fresh, random_batch

from chapters.ch05 import labs
from chapters.ch05.experiments import heads as head_study
from chapters.ch05.experiments import norms
from chapters.ch05.experiments import twins as twin_study
from chapters.ch05.experiments.heads import blinded
from course_kit import text
from course_kit.decoding import translate
from course_kit.decoding.steps import steps_of
from course_kit.heads import attention_weights, heads_of, silenced
from course_utils.transformer import Transformer, TransformerConfig


@pytest.fixture(scope="module")
def lesson():
    return twin_study.corpus()


@pytest.fixture(scope="module")
def loaded(lesson):
    """Untrained: its figures are those of chance, and that is enough to see that they are counted right."""
    return lesson.loaded(fresh(lesson).eval())


@pytest.fixture(scope="module")
def twins(lesson):
    return lesson.examples("twins")[:8]


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Transformer(TransformerConfig(9, 9, 8, 2, 2, dropout=0.0)).eval()


def test_pairs_are_whole_and_their_halves_are_neighbours(lesson):
    every, some = twin_study.pairs(), twin_study.pairs(60)
    assert len(every) == len(lesson.examples("twins")) == 736 and some == every[:120]
    for one, other in zip(every[::2], every[1::2], strict=True):
        assert one.source[:-2] == other.source[:-2] and one.source[-2:] != other.source[-2:]
        assert {one.twin.pronoun, other.twin.pronoun} == {"il", "elle"}


def test_a_pair_is_right_if_both_halves_are():
    assert twin_study.shares([True, True, True, False, False, False]) == {"sentences, %": 50, "pairs, %": 33.3}


def test_the_words_of_each_twin_are_found(lesson):
    for split in ("twins", "train"):
        for example in (e for e in lesson.examples(split) if e.twin):
            source, target, at = example.source, example.target, lambda role, e=example: twin_study.where(e, role)
            assert source[at("it")] == "it" and source[at("adjective") - 1] == source[at("too")] == "too"
            assert (source[at("referent")], source[at("distractor")]) == (
                example.twin.referent,
                example.twin.distractor,
            )
            assert target[at("pronoun")] == example.twin.pronoun
            assert target[at("noun")] not in ("le", "la", "l'") and at("noun") < at("pronoun")


def test_odds_are_those_of_the_models_own_probabilities(loaded, lesson, twins):
    found = twin_study.odds(loaded, twins)
    for example, value in zip(twins, found, strict=True):
        batch = text.collate([(lesson.source.encode(example.source), lesson.target.encode(example.target))])
        with torch.no_grad():
            logits = loaded.model(batch.source, batch.target_in)[0, twin_study.where(example, "pronoun")]
        chances = logits.log_softmax(-1)
        ids = lesson.target.encode([example.twin.pronoun, example.twin.other_pronoun])
        assert value == pytest.approx((chances[ids[0]] - chances[ids[1]]).item(), abs=1e-4)


def test_readings_are_the_rows_of_the_head(loaded, lesson):
    sentences = [f"the animal didn't cross the street because it was too {word} ." for word in ("tired", "wide")]
    rows = head_study.both_readings(loaded, sentences, 2, 2, ("animal", "street"))
    ids = torch.tensor([lesson.source.encode(sentences[1])])
    words = lesson.source.tokens(ids[0])
    with torch.no_grad(), attention_weights(loaded.model) as seen:
        loaded.model.encode(ids)
    row = seen["encoder"][1][0, 1, words.index("wide")]
    assert rows[3]["to “street”"] == pytest.approx(row[words.index("street")].item())
    assert [one["weight from"] for one in rows] == ["“it”", "“tired”", "“it”", "“wide”"]


def test_heads_are_silent_with_a_cache_as_well(model):
    source, target, mask = random_batch()
    with torch.no_grad(), silenced(model, [("cross", 1, 2), ("cross", 1, 1), ("decoder", 2, 2), ("encoder", 1, 1)]):
        steps = steps_of(model)
        expected, state = model(source, target, mask), steps.start(source, mask)
        for i in range(target.shape[1]):
            logits, state, _ = steps.step(target[:, i], state)
            torch.testing.assert_close(logits, expected[:, i], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("place", ["encoder", "cross", "decoder"])
def test_a_forbidden_look_has_no_weight_in_any_layer_and_the_others_keep_theirs(model, place):
    source, target, mask = random_batch()
    queries, keys = [3, 2, 1], [1, 0, 0]
    with blinded(model, place, queries, keys), attention_weights(model) as seen:
        model(source, target, mask)
    for weights in seen[place]:
        for b, (q, k) in enumerate(zip(queries, keys, strict=True)):
            assert (weights[b, :, q, k] == 0).all()
            assert (weights[b, :, q] > 0).sum() > 0
        torch.testing.assert_close(weights[0].sum(-1), torch.ones_like(weights[0].sum(-1)))
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_ablations_count_what_silent_heads_and_forbidden_connections_leave(loaded):
    every = heads_of(loaded.model, "encoder")
    table = {row["off"]: row for row in head_study.ablations(loaded, {"none": ([], []), "all": (every, [])}, 4, "off")}
    twins = twin_study.pairs(4)
    with silenced(loaded.model, every):
        found = twin_study.odds(loaded, twins)
    assert table["all"]["log-odds"] == round(found.mean().item(), 2) != table["none"]["log-odds"]
    assert table["all"]["sentences, %"] == pytest.approx(100 * (found > 0).float().mean().item(), abs=0.05)
    forbidden = head_study.ablations(loaded, {"it": ([], [head_study.IT])}, 4)[0]
    assert forbidden["log-odds"] != table["none"]["log-odds"]


def test_drawings_show_what_the_model_computes(loaded, lesson):
    sentence = "the animal didn't cross the street because it was too tired ."
    drawn = labs.cut(loaded, sentence, ("tired", "it"), 2)
    ids = torch.tensor([lesson.source.encode(sentence)])
    with torch.no_grad(), attention_weights(loaded.model) as seen:
        loaded.model.encode(ids)
    at = lesson.source.tokens(ids[0]).index("tired")
    rows = [[f"{w:.2f}" for w in row] for row in seen["encoder"][1][0, :, at].T.tolist()]
    assert [row[1:] for row in drawn.table().rows] == rows and drawn.state == {"word": "tired", "step": 4}
    drawn = labs.at_once(loaded, sentence)
    assert drawn.gap < 1e-4 and all(row[1] == row[2] for row in drawn.table().rows)
    whole = translate(loaded, sentence, beam=1)[0]
    assert labs.opened(whole).frame == 0 and " ".join(whole.tokens) in str(labs.opened(whole).options["shapes"])
    twin = twin_study.pairs(1)[0]
    found = head_study.ablations(loaded, head_study.CONNECTIONS, 4)
    drawn = labs.hops(loaded, twin, found)
    assert [row[1] for row in drawn.table().rows] == [f"{row['sentences, %']:.0f}" for row in found]


def test_norms_are_torchs_own():
    x, _ = norms.padded_batch((5, 3, 2), 5, 4)
    torch.testing.assert_close(norms.normed(x, "layer"), torch.nn.LayerNorm(4)(x).detach())
    expected = torch.nn.BatchNorm1d(4)(x.transpose(1, 2)).transpose(1, 2).detach()
    torch.testing.assert_close(norms.normed(x, "batch"), expected)
    with pytest.raises(ValueError):
        norms.normed(x, "group")
