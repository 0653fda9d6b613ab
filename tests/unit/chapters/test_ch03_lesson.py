"""The translation lesson of chapter 3 and its experiments: what is measured is what is said."""

import pytest
import torch

from chapters.ch03.experiments import (
    Diagonal,
    Without,
    knocked_out,
    misses,
    pairs_right,
    pronouns,
)
from chapters.ch03.lesson import Example, Lesson, checkpoint, edits, gold_weights, translations
from chapters.ch03.lesson import _words as lesson_words
from course_kit import metrics, text
from course_kit.checkpoints import Loaded
from course_kit.decoding import translate
from course_kit.decoding.steps import TranslatorSteps
from course_utils.seq2seq import AttentiveDecoder, Encoder, Translator


@pytest.fixture(scope="module")
def lesson():
    return Lesson("en-fr")


@pytest.fixture(scope="module")
def model(lesson):
    return lesson.model(size=16).eval()


def test_no_test_sentence_was_trained_on_and_every_training_one_is_marked(lesson, model):
    loaded = lesson.loaded(model)
    for split in ("valid", "test", "long", "unseen", "twins"):
        sources = {e.source for e in lesson.examples("train")}
        assert not sources & {e.source for e in lesson.examples(split)}
        assert not any(loaded.was_seen(" ".join(e.source)) for e in lesson.examples(split)[:50])
    assert all(loaded.was_seen(" ".join(e.source)) for e in lesson.examples("train")[:50])


def test_text_and_tokens_of_a_sentence_are_the_same_numbers(lesson):
    from course_kit.data import parallel

    for pair in parallel.load_parallel("en-fr", "test")[:100]:
        words = [w.lower() for w in pair.source]
        assert lesson.source.encode(parallel.detokenize(pair.source, "en")) == lesson.source.encode(words)
        assert text.UNK not in lesson.source.encode(words)


def test_gold_weights_are_links_shared_out_and_have_no_alignment_error(lesson):
    example = lesson.ladder([14])[0]
    weights = gold_weights(example)
    assert set(weights.sum(-1).tolist()) <= {0.0, 1.0}
    assert {(t, s) for t, s in weights.nonzero().tolist()} == set(example.links)
    assert metrics.alignment_error_rate([set(map(tuple, weights.nonzero().tolist()))], [example.links]) == 0


def test_a_link_to_any_character_of_a_chinese_word_is_a_link_to_the_word(monkeypatch):
    """我妈妈睡觉。, one link for each English word: three of four are right."""
    chinese = Lesson("zh-en")
    links = {(0, 0), (1, 1), (1, 2), (2, 3), (2, 4), (3, 5)}
    example = Example(
        tuple("我妈妈睡觉。"), ("my", "mother", "sleeps", "."), frozenset(links), "plain", None, frozenset(links)
    )
    assert lesson_words(example) == [0, 1, 1, 2, 2, 3]
    weights = torch.eye(6)[[0, 2, 3, 1]]  # the full stop looks at 妈
    monkeypatch.setattr(chinese, "examples", lambda split: [example])
    monkeypatch.setattr(chinese, "alignments", lambda model, examples, layer: [weights])
    assert metrics.alignment_error_rate([metrics.links_of(weights)], [links]) == pytest.approx(1 - 6 / 10)
    assert chinese.alignment_error(None) == pytest.approx(1 - 6 / 8)
    assert chinese.alignment_error(None, punctuation=False) == 0


def test_bleu_of_the_references_is_100_and_by_length_covers_all(lesson, model, monkeypatch):
    monkeypatch.setattr(lesson, "write", lambda model, examples: [" ".join(e.target) for e in examples])
    assert lesson.bleu(model) == pytest.approx(100)
    found = lesson.by_length(model)
    assert len(found.words) == 5 and found.words == sorted(found.words)
    assert found.bleu == found.exact == pytest.approx([100] * 5) and found.errors == [0] * 5


def test_an_untrained_model_aligns_badly_and_writes_each_sentence_in_its_place(lesson, model):
    examples = lesson.ladder((5, 20, 8))
    together, alone = lesson.write(model, examples), [lesson.write(model, [e])[0] for e in examples]
    assert all(a and b.startswith(a) or a.startswith(b) for a, b in zip(together, alone, strict=True))
    assert lesson.alignment_error(model, count=30) > 0.6
    table = lesson.table({"m": model}, examples)
    assert [row["in training"] for row in table] == ["new"] * 3
    assert table[1]["reference"] == " ".join(examples[1].target)


def test_training_lowers_the_loss_and_leaves_the_global_random_state(lesson):
    before = torch.random.get_rng_state()
    run = lesson.train(lesson.model(attention=False, size=16), steps=12)
    losses = run.history["loss"][1]
    assert losses[-1] < losses[0] and torch.equal(before, torch.random.get_rng_state())


def test_a_word_without_weight_gets_none_and_the_others_share_all(lesson, model):
    source = torch.tensor([lesson.source.encode("the animal was too tired .")])
    with torch.no_grad():
        step = Without(model, [1]).step(torch.tensor([text.BOS]), Without(model, [1]).start(source))
    assert step.weights[0, 1] == 0 and step.weights.sum().item() == pytest.approx(1)
    assert torch.equal(TranslatorSteps(model).start(source).states, Without(model, [1]).start(source).states)


def test_variants_for_the_alignment_lab_have_one_entry_for_each_word(lesson, model):
    import labs

    sentence = "the animal was too tired ."
    whole = translate(lesson.loaded(model), sentence, beam=1)[0]
    for what, columns in {"weight": 6, "word": 5}.items():
        variants = knocked_out(lesson.loaded(model), sentence, what)
        assert [v["word"] for v in variants] == list(range(6)) and not model.training
        assert all(v["weights"].shape == (len(v["tokens"]), columns) for v in variants if v["tokens"])
        view = labs.alignment(whole, variants=variants)
        assert f"without “{whole.source_tokens[1]}”" in str(view.options["versions"])


def test_misses_are_counted_and_neighbours_among_them(lesson, model, monkeypatch):
    example = lesson.examples("test")[0]._replace(
        source=tuple("abcd"), target=tuple("wxyz"), links=frozenset({(0, 0), (1, 1), (2, 2)}), possible=frozenset()
    )
    monkeypatch.setattr(lesson, "examples", lambda split: [example])
    monkeypatch.setattr(lesson, "alignments", lambda model, examples: [torch.eye(4)[[0, 2, 0, 3]]])
    missed, near, chance = misses(lesson, model)  # x points at c, a neighbour of b; y points at a; z has no link
    assert missed == pytest.approx(2 / 3) and near == pytest.approx(1 / 2)
    assert chance == pytest.approx(2 / 3)  # of three wrong words, a and c are beside b, b and d beside c


def test_edits_are_words_changed_added_or_deleted():
    assert edits(["a", "b", "c"], ["a", "b", "c"]) == 0 and edits([], ["a", "b"]) == 2
    with pytest.raises(TypeError, match="ours"):
        edits("a b", ["a", "b"])
    assert edits(["a", "x", "c", "d"], ["a", "b", "c"]) == 2 and edits(["b", "c"], ["a", "b", "c"]) == 1


def test_pronouns_of_the_references_are_all_right_and_of_always_il_about_half(lesson, model, monkeypatch):
    monkeypatch.setattr(lesson, "write", lambda model, examples: [" ".join(e.target) for e in examples])
    assert pronouns(lesson, model) == (1, pytest.approx(0.5, abs=0.05))
    monkeypatch.setattr(lesson, "write", lambda model, examples: ["parce qu' il est"] * len(examples))
    right, il = pronouns(lesson, model)
    assert 0.4 < right < 0.6 and il == 1


def test_the_diagonal_links_words_that_are_equally_far_along(lesson):
    source = torch.full((2, 4), 5)
    target = torch.tensor([[text.BOS, 5, 5, 5, 5], [text.BOS, 5, 5, text.PAD, text.PAD]])
    mask = torch.tensor([[True, True, True, True], [True, True, False, False]])
    rows = Diagonal()(source, target, mask)[1].argmax(-1)
    assert rows[0, :4].tolist() == [0, 1, 2, 3] and rows[1, :2].tolist() == [0, 1]
    assert lesson.alignment_error(Diagonal(), count=50) < 0.6


def test_a_missing_checkpoint_is_said_and_the_lesson_goes_on(lesson, model, capsys):
    stand_in = lesson.loaded(model)
    assert checkpoint("no-such-checkpoint", stand_in) is stand_in and checkpoint("no-such-checkpoint") is None
    assert "course train no-such-checkpoint" in capsys.readouterr().out
    real = "seq2seq-attention-zh-en"
    assert checkpoint("no-such-checkpoint", real).card["name"] == real
    assert f"so {real} stands in" in capsys.readouterr().out
    assert checkpoint("no-such-checkpoint", "nor-this-one") is None
    assert "this part is skipped" in capsys.readouterr().out


def test_translations_stand_beside_a_right_one(lesson, model):
    loaded = Loaded(model, {}, lesson.source, lesson.target, seen=lesson.seen)
    sentences = ["I am a student.", "The little girl is reading a long letter to a donkey."]
    first = translations({"ours": loaded}, sentences, ["", ""], beam=1)[0]["ours"]
    table = translations({"ours": loaded}, sentences, [first, "la petite fille"], beam=1)
    assert [row["in training"] for row in table] == ["seen", "new"]
    assert table[0]["ours"] == "✓ " + first and not table[1]["ours"].startswith("✓")
    assert table[1]["right"] == "la petite fille"


def test_the_pages_translator_writes_as_it_was_trained_to_and_word_by_word(lesson):
    """Its greedy translation, taken word by word, has at each place the best word of the whole sentence's logits."""
    torch.manual_seed(0)
    translator = Translator(Encoder(len(lesson.source), 8), AttentiveDecoder(len(lesson.target), 8))
    examples = lesson.examples("test")[:3]
    written = lesson.write(translator.eval(), examples)
    assert not any(part.training for part in translator.modules())  # left as it was
    for example, words in zip(examples, written, strict=True):
        ids = torch.tensor([lesson.source.encode(example.source)])
        told = lesson.target.encode(words.split())
        read = torch.tensor([[text.BOS, *[i for i in told if i != text.EOS]]])
        logits, _ = translator(ids, read, torch.ones_like(ids, dtype=torch.bool))
        best = lesson.target.tokens(logits[0].argmax(-1).tolist())
        assert best[: len(words.split())] == words.split()


def test_pairs_of_twins_are_right_only_if_both_are(lesson, monkeypatch):
    right = [" ".join(e.target) for e in lesson.examples("twins")]
    monkeypatch.setattr(lesson, "write", lambda model, examples: right)
    assert pairs_right(lesson, torch.nn.Identity()) == (1.0, 368)
    monkeypatch.setattr(lesson, "write", lambda model, examples: [one.replace("qu' elle", "qu' il") for one in right])
    assert pairs_right(lesson, torch.nn.Identity())[0] < 0.05
