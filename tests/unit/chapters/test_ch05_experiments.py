"""Chapter 5's experiments: what they say of a model, with tiny ones; nothing is left behind in it."""

import pytest
import torch

from chapters.ch05.experiments import ablations, in_class, norms
from chapters.ch05.experiments import heads as head_study
from chapters.ch05.experiments import twins as twin_study
from chapters.ch05.experiments.heads import blinded
from course_kit import results
from course_kit.data.parallel import Twin
from course_utils import text
from course_utils.attention import scaled_dot_product_attention
from course_utils.caching import writer_of
from course_utils.checkpoints import load_checkpoint
from course_utils.heads import Head, attention_weights, heads_of, silenced
from course_utils.transformer import Transformer, TransformerConfig

TIRED = Twin(0, "cross", "subject", "animal", "street", "il", "fatigué", "elle", "fatiguée", "")


@pytest.fixture(scope="module")
def lesson():
    return twin_study.corpus()


@pytest.fixture(scope="module")
def loaded(lesson):
    """Untrained: its figures are those of chance, and that is enough to see that they are counted right."""
    return lesson.loaded(in_class.small_model(lesson, model_size=16, ffn_size=16, num_layers=2).eval())


@pytest.fixture(scope="module")
def twins(lesson):
    return lesson.examples("twins")[:8]


def random_batch(seed=0):
    generator = torch.Generator().manual_seed(seed)
    source, target = (torch.randint(4, 9, (3, n), generator=generator) for n in (6, 5))
    return source, target, torch.arange(6) < torch.tensor([[6], [4], [3]])


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Transformer(TransformerConfig(9, 9, 8, 2, 2, dropout=0.0)).eval()


@pytest.mark.parametrize(("sentence", "judged"), [
    ("l' animal n' a pas traversé la rue parce qu' il était trop fatigué .", (True, True)),
    ("l' animal n' a pas traversé la rue parce qu' elle était trop fatiguée .", (False, False)),
    ("l' animal n' a pas traversé la rue parce qu' elle était trop fatigué .", (False, True)),
    ("l' animal fatigué n' a pas traversé la rue parce qu' il était trop large .", (True, False)),
    ("parce qu' elle parce qu' il était fatigué", (True, True)),
    ("il était trop fatigué", (False, False)),
    ("parce qu'", (False, False)),
    ("", (False, False)),
])  # fmt: skip
def test_a_translation_is_judged_by_what_follows_the_last_because(sentence, judged):
    assert twin_study.judge(sentence.split(), TIRED) == judged


def shares(loaded, by=None, count=None):
    return twin_study._shares(twin_study._judged(loaded, count), by)


def test_the_references_are_all_right_and_the_other_reading_is_all_wrong(loaded, monkeypatch):
    monkeypatch.setattr(twin_study.Lesson, "write", lambda self, model, rows: [" ".join(e.target) for e in rows])
    assert shares(loaded) == {"twins": 736, "pronoun": 100, "adjective": 100, "both": 100}
    assert {kind: found["twins"] for kind, found in shares(loaded, by="held_out").items()} == {
        "both": 352, "object": 188, "subject": 196
    }  # fmt: skip
    swap = {"il": "elle", "elle": "il"}
    monkeypatch.setattr(
        twin_study.Lesson, "write", lambda self, model, rows: [" ".join(swap.get(w, w) for w in e.target) for e in rows]
    )
    assert shares(loaded) == {"twins": 736, "pronoun": 0, "adjective": 100, "both": 0}


@pytest.mark.parametrize("always", ["il", "elle"])
def test_who_always_says_the_same_is_right_half_of_the_time(loaded, always, monkeypatch):
    monkeypatch.setattr(twin_study.Lesson, "write", lambda self, model, rows: [f"parce qu' {always}"] * len(rows))
    assert shares(loaded)["pronoun"] == 50
    assert all(found["pronoun"] == 50 for found in shares(loaded, by="frame").values())


def test_the_table_weighs_the_kinds_by_their_number(loaded):
    table = twin_study.pronoun_table({"untrained": loaded}, count=20)
    whole = shares(loaded, count=20)
    assert all(table[0][key] == pytest.approx(whole[key], abs=0.06) for key in ("pronoun", "adjective", "both"))


def test_what_cannot_be_asked_is_said(loaded):
    with pytest.raises(ValueError, match="role"):
        twin_study.where(twin_study.corpus().examples("twins")[0], "verb")


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


def test_a_silenced_head_equals_one_whose_columns_of_the_output_matrix_are_zero(model):
    source, target, mask = random_batch()
    for place, attention in (("encoder", model.encoder[1].attention), ("cross", model.decoder[1].cross_attention),
                             ("decoder", model.decoder[1].attention)):  # fmt: skip
        whole = model(source, target, mask)
        with silenced(model, [Head(place, 2, 1)]):
            without = model(source, target, mask)
        kept = attention.out.weight.data.clone()
        attention.out.weight.data[:, :4] = 0
        expected = model(source, target, mask)
        attention.out.weight.data = kept
        torch.testing.assert_close(without, expected)
        assert not torch.allclose(without, whole)
        assert torch.equal(model(source, target, mask), whole)


def test_heads_are_silent_with_a_cache_as_well(model):
    source, target, mask = random_batch()
    with torch.no_grad(), silenced(model, [("cross", 1, 2), ("cross", 1, 1), ("decoder", 2, 2), ("encoder", 1, 1)]):
        writer = writer_of(model)
        expected, state = model(source, target, mask), writer.start(source, mask)
        for i in range(target.shape[1]):
            logits, state, _ = writer.step(target[:, i], state)
            torch.testing.assert_close(logits, expected[:, i], atol=1e-5, rtol=1e-5)


def test_nothing_is_left_after_an_error_and_an_unknown_head_is_named(model):
    source, target, mask = random_batch()
    whole = model(source, target, mask)
    with pytest.raises(KeyError), silenced(model, heads_of(model)):
        raise KeyError
    assert torch.equal(model(source, target, mask), whole)
    assert not any(module._forward_pre_hooks for module in model.modules())
    with pytest.raises(ValueError, match=r"no head \('encoder', 3, 1\)"), silenced(model, [("encoder", 3, 1)]):
        pass


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


def test_a_connection_can_be_forbidden_in_one_head_only(model, loaded, twins):
    source, target, mask = random_batch()
    with blinded(model, "encoder", [3, 2, 1], [1, 0, 0], (2, 1)), attention_weights(model) as seen:
        model(source, target, mask)
    first, second = seen["encoder"]
    assert (first[0, :, 3, 1] > 0).all() and second[0, 0, 3, 1] == 0 < second[0, 1, 3, 1]
    forbidden = [("encoder", "adjective", "referent", (2, 1))]
    weights = head_study.weight_between(loaded, twins, *forbidden[0][:3], forbidden=forbidden)
    assert (weights == 0).nonzero().tolist() == [[1, 0]]
    assert head_study.right(loaded, twins, forbidden=forbidden) != head_study.right(loaded, twins)


def test_looks_are_the_weights_of_the_model(loaded, lesson, twins):
    example = twins[0]
    batch = text.collate([(lesson.source.encode(example.source), lesson.target.encode(example.target))])
    with torch.no_grad(), attention_weights(loaded.model) as seen:
        loaded.model(batch.source, batch.target_in)
    at = {role: twin_study.where(example, role) for role in ("it", "referent", "pronoun", "noun")}
    for place, q, k in (
        ("encoder", at["it"], at["referent"]),
        ("cross", at["pronoun"], at["referent"]),
        ("decoder", at["pronoun"], at["noun"] + 1),
    ):
        found = head_study.weight_between(loaded, [example], place)
        torch.testing.assert_close(found, torch.stack([w[0, :, q, k] for w in seen[place]]))


def test_every_head_has_its_effect(loaded, twins):
    effects = head_study.head_effects(loaded, twins)
    assert sorted(row["head"] for row in effects) == sorted(map(str, heads_of(loaded.model)))
    assert [row["lost"] for row in effects] == sorted((row["lost"] for row in effects), reverse=True)
    assert head_study.head("cross 2.3") == Head("cross", 2, 3)
    told = head_study.told(effects, "cross")
    assert -1 <= told["correlation"] <= 1 and 0 <= told["in both"] <= 3
    whole = head_study.right(loaded, twins)[0]
    everything = head_study.removed(loaded, twins, heads_of(loaded.model, "cross"))
    assert len(everything) == 9 and everything[0] == whole


def test_forbidden_connections_are_measured_one_by_one(loaded, twins):
    table = head_study.without_connections(loaded, twins)
    assert len(table) == len(head_study.CONNECTIONS) and any(row["lost"] != 0 for row in table)


def test_rank_correlation():
    assert head_study.rank_correlation([1, 2, 3], [10, 20, 90]) == pytest.approx(1)
    assert head_study.rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert head_study.rank_correlation([1, 1, 2, 3], [1, 2, 3, 4]) == pytest.approx(0.9487, abs=1e-4)


def test_padding_moves_batch_norm_and_not_layer_norm():
    assert norms.changed("layer").nan_to_num().max() < 1e-6
    moved = norms.changed("batch")
    assert moved[~moved.isnan()].min() > 0.05 and int(moved.isnan().sum()) == 5
    assert norms.changed("layer", without=1).nan_to_num().max() < 1e-6
    assert norms.changed("batch", without=1)[0].min() > 0.05
    x, real = norms.padded_batch((3, 1), 5)
    assert (
        x.shape == (2, 5, 4) and not x[~real].any() and torch.equal(x[real], norms.padded_batch((3, 1))[0][real[:, :3]])
    )


def test_norms_are_torchs_own():
    x, _ = norms.padded_batch()
    torch.testing.assert_close(norms.normed(x, "layer"), torch.nn.LayerNorm(4)(x).detach())
    expected = torch.nn.BatchNorm1d(4)(x.transpose(1, 2)).transpose(1, 2).detach()
    torch.testing.assert_close(norms.normed(x, "batch"), expected)
    with pytest.raises(ValueError):
        norms.normed(x, "group")
    with pytest.raises(ValueError, match="length"):
        norms.padded_batch((3, 2), 2)


def test_curves_of_norms_have_a_line_per_setting_and_seed(lesson, monkeypatch):
    monkeypatch.setattr(norms, "DEEP", {"model_size": 8, "num_layers": 1, "num_heads": 2, "ffn_size": 8})
    curves = norms.training_curves(lesson, steps=4, seeds=(0, 1), every=2)
    assert set(curves) == set(norms.SETTINGS) and all([len(c) for c in v] == [2, 2] for v in curves.values())
    assert [norms.warmed(10)(step) for step in (0, 9, 20)] == [0.1, 1, 1]
    assert norms.warmed(0)(0) == 1


def test_the_small_model_learns_and_is_the_same_for_a_seed(lesson):
    state = torch.random.get_rng_state()
    first, second = (in_class.small_model(lesson, 1, model_size=16, ffn_size=16) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    run = in_class.learn(lesson, first, 8)
    losses = run.history["loss"][1]
    assert losses[-1] < losses[0] and torch.equal(state, torch.random.get_rng_state())


def test_models_are_compared_and_left_alone(lesson):
    models = {kind: lesson.model(attention=kind, model_size=16) for kind in ("additive", None)}
    models["Transformer"] = in_class.small_model(lesson, model_size=16, ffn_size=16)
    before = [p.clone() for p in models["Transformer"].parameters()]
    table = in_class.compare(lesson, models, count=4)
    assert [row["model"] for row in table] == list(models)
    assert [row["AER by layer"].count(",") for row in table] == [0, 0, 1] and table[1]["AER by layer"] == "no attention"
    assert table[2]["parameters"] == sum(p.numel() for p in models["Transformer"].parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, models["Transformer"].parameters(), strict=True))


def test_the_number_of_heads_changes_no_parameter(lesson, monkeypatch):
    monkeypatch.setattr(in_class, "SIZES", {"model_size": 16, "ffn_size": 16, "num_layers": 1})
    table = in_class.head_counts(lesson, (1, 4), steps=1)
    assert table[0]["parameters"] == table[1]["parameters"] and table[0]["time of a step"] == 1


def test_the_zoo_counts_what_its_masks_allow():
    table = {row["attention"]: row for row in in_class.zoo_table(64)}
    assert table["full (encoder)"]["pairs"] == 64**2 and table["causal (decoder)"]["pairs"] == 64 * 65 // 2
    assert table["local, causal"]["pairs"] == 64 * 8 - 8 * 7 // 2 and table["local, causal"]["layers"] == 9
    assert table["strided, causal"]["layers"] == table["local and one global word"]["layers"] == 2
    q, k, v = torch.randn(3, 64, 4, generator=torch.Generator().manual_seed(0))
    for mask in in_class.zoo(64).values():
        assert torch.equal(scaled_dot_product_attention(q, k, v, mask)[1] > 0, mask)


def test_what_a_cache_keeps():
    table = in_class.cache_table(100, 64, 4, window=10)
    assert [row["numbers kept"] for row in table] == [12_800, 6_400, 3_200, 1_280]


def test_recorded_figures_are_those_of_the_shipped_checkpoints():
    heads = results.load("transformer_heads")
    assert heads["steps"] == load_checkpoint(heads["checkpoint"]).card["training"]["step"] and heads["twins"] == 736
    assert len(heads["heads"]) == 36 and len(heads["connections"]) == len(head_study.CONNECTIONS)
    assert set(results.load("transformer_norms")["curves"]) == set(norms.SETTINGS)
    removed = results.load("transformer_ablations")
    assert [row["model"] for row in removed["rows"]] == list(ablations.VARIANTS)
    assert [row["model"] for row in removed["longer"]["rows"]] == list(ablations.VARIANTS)[:2]
    counts = results.load("transformer_head_counts")["rows"]
    assert len({row["parameters"] for row in counts}) == 1 and counts[0]["time of a step"] == 1


def test_an_ablated_model_lacks_its_part_and_nothing_else(lesson):
    x, y = torch.randn(2, 1, 3, 64, generator=torch.Generator().manual_seed(0))
    for name, gone in ablations.VARIANTS.items():
        model = ablations.ablated(lesson, name)
        block, kinds = model.decoder[0], {type(part) for part in model.modules()}
        with torch.no_grad():
            nothing, once, twice = (block.ffn(k * x) for k in (0, 1, 2))
        assert (torch.nn.LayerNorm not in kinds) == (gone == "norm")
        assert torch.equal(block.around_cross(x, lambda _, y=y: y), y) == (gone == "residual")
        assert torch.allclose(twice - once, once - nothing, atol=1e-5) == (gone in ("relu", "ffn"))
        assert (once == 0).all() == (gone == "ffn") and len(model.decoder) == (3 if gone == "ffn" else 2)
    sizes = {name: sum(p.numel() for p in ablations.ablated(lesson, name).parameters()) for name in ablations.VARIANTS}
    assert len({size for name, size in sizes.items() if name != "no norms"}) == 1


def test_a_row_has_a_loss_and_a_score_for_each_seed(lesson):
    rows = ablations.ablation_rows(lesson, steps=10, seeds=(0, 1), sentences=2)
    assert [row["model"] for row in rows] == list(ablations.VARIANTS)
    assert ablations.ablation_rows(lesson, steps=10, sentences=2, names=["no ReLU"])[0]["loss"][0] == rows[2]["loss"][0]
    assert all(len(row["loss"]) == len(row["BLEU"]) == 2 and row["loss"][0] > 0 for row in rows)
