"""The translation lesson of chapter 3 and its experiments: what is measured is what is said."""

import pytest
import torch

from chapters.ch03 import labs
from chapters.ch03.experiments import digits, looking_back, sentences
from chapters.ch03.experiments.looking_back import Diagonal, Without, knocked_out, pronouns
from chapters.ch03.lesson import Example, Lesson, gold_weights
from chapters.ch03.lesson import _words as lesson_words
from course_kit import metrics, text
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.decoding.steps import TranslatorSteps


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
    example = lesson.examples("test")[0]
    weights = gold_weights(example)
    assert set(weights.sum(-1).tolist()) <= {0.0, 1.0}
    assert {(t, s) for t, s in weights.nonzero().tolist()} == set(example.links)
    assert metrics.alignment_error_rate([set(map(tuple, weights.nonzero().tolist()))], [example.links]) == 0


def test_a_link_to_any_character_of_a_chinese_word_is_a_link_to_the_word(monkeypatch):
    """我妈妈睡觉。, one link for each English word: three of four are right."""
    chinese = Lesson.__new__(Lesson)
    chinese.pair = "zh-en"
    links = {(0, 0), (1, 1), (1, 2), (2, 3), (2, 4), (3, 5)}
    example = Example(
        tuple("我妈妈睡觉。"), ("my", "mother", "sleeps", "."), frozenset(links), "plain", None, frozenset(links)
    )
    assert lesson_words(example) == [0, 1, 1, 2, 2, 3]
    weights = torch.eye(6)[[0, 2, 3, 1]]  # the full stop looks at 妈
    monkeypatch.setattr(chinese, "examples", lambda split: [example])
    monkeypatch.setattr(chinese, "alignments", lambda model, examples: [weights])
    assert metrics.alignment_error_rate([metrics.links_of(weights)], [links]) == pytest.approx(1 - 6 / 10)
    assert chinese.alignment_error(None) == pytest.approx(1 - 6 / 8)


def test_bleu_of_the_references_is_100(lesson, model, monkeypatch):
    monkeypatch.setattr(lesson, "write", lambda model, examples: [" ".join(e.target) for e in examples])
    assert lesson.bleu(model) == pytest.approx(100)


def test_an_untrained_model_aligns_badly_and_writes_each_sentence_in_its_place(lesson, model):
    examples = lesson.examples("test")[:3]
    together, alone = lesson.write(model, examples), [lesson.write(model, [e])[0] for e in examples]
    assert all(a and b.startswith(a) or a.startswith(b) for a, b in zip(together, alone, strict=True))
    assert lesson.alignment_error(model, count=30) > 0.6


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
    sentence = "the animal was too tired ."
    whole = translate(lesson.loaded(model), sentence, beam=1)[0]
    variants = knocked_out(lesson.loaded(model), sentence)
    assert [v["word"] for v in variants] == list(range(6)) and not model.training
    assert all(v["weights"].shape == (len(v["tokens"]), 6) for v in variants if v["tokens"])
    view = labs.alignment(whole, variants=variants)
    assert f"without “{whole.source_tokens[1]}”" in str(view.options["versions"])


def test_the_diagonal_links_words_that_are_equally_far_along(lesson):
    source = torch.full((2, 4), 5)
    target = torch.tensor([[text.BOS, 5, 5, 5, 5], [text.BOS, 5, 5, text.PAD, text.PAD]])
    mask = torch.tensor([[True, True, True, True], [True, True, False, False]])
    rows = Diagonal()(source, target, mask)[1].argmax(-1)
    assert rows[0, :4].tolist() == [0, 1, 2, 3] and rows[1, :2].tolist() == [0, 1]
    assert lesson.alignment_error(Diagonal(), count=50) < 0.6


def test_pairs_of_twins_are_right_only_if_both_are(lesson, monkeypatch):
    right = [" ".join(e.target) for e in lesson.examples("twins")]
    monkeypatch.setattr(lesson, "write", lambda model, examples: right)
    assert pronouns(lesson, torch.nn.Identity()) == (1.0, 1.0)
    monkeypatch.setattr(lesson, "write", lambda model, examples: [one.replace("qu' elle", "qu' il") for one in right])
    each, both = pronouns(lesson, torch.nn.Identity())
    assert each == pytest.approx(0.5, abs=0.05) and both < 0.05


def test_a_digit_is_right_only_in_a_row_that_is_right_to_the_end(monkeypatch):
    def read(source, reads, mask):  # the last digits first, but in every second row the last one is wrong
        at = reads.shape[1]
        digit = (source[:, -at] + (torch.arange(len(source)) % 2 if at == source.shape[1] else 0)) % 10
        return torch.nn.functional.one_hot(digit, 11)[:, None].float(), None

    assert digits.right_at(read, length=4, rows=10) == 0.5
    monkeypatch.setattr(digits, "DIGITS", (3,))
    monkeypatch.setattr(digits, "VECTORS", ((True, 8, 2, 0.01, 2), (False, 8, 2, 0.01, 1)))
    found = digits.record_digits()
    assert [len(row["right"]) for row in found["rows"]] == [2, 1] and found["seeds"] == [0, 1]
    assert found == digits.record_digits()


def test_a_pronoun_follows_the_context_that_it_is_given(lesson):
    """Of an untrained model both pronouns of a pair are right only by chance; a context of its own changes nothing."""
    loaded = lesson.loaded(lesson.model(size=16).eval())
    one = lesson.examples("twins")[0]
    state, context = looking_back.at_pronoun(loaded, one.source, one.target)
    assert state.shape == context.shape == (1, 1, 16)
    assert looking_back.pronoun_of(loaded, state, context) in ("il", "elle")
    place = max(i for i, word in enumerate(one.target) if word in ("il", "elle"))
    with torch.no_grad():
        ids, mask = torch.tensor([loaded.source.encode(one.source)]), torch.ones(1, len(one.source), dtype=torch.bool)
        reads = torch.tensor([[text.BOS, *loaded.target.encode(one.target)[:-1]]])
        logits, _ = loaded.model(ids, reads, mask)
    words = [loaded.target.encode(word)[0] for word in ("il", "elle")]
    assert looking_back.pronoun_of(loaded, state, context) == ("il", "elle")[logits[0, place, words].argmax()]
    trained = load_checkpoint("seq2seq-attention-en-fr-grammar")
    trained.model.eval()
    some = Lesson.__new__(Lesson)
    some._examples = {"twins": lesson.examples("twins")[:80]}
    follow, tried = looking_back.exchanged(some, trained)
    assert 0 < follow <= tried <= 80 and follow >= 0.95 * tried


def test_the_drawings_say_what_the_models_do(lesson, model):
    loaded = lesson.loaded(model)
    whole = translate(loaded, "the animal was too tired .", beam=1)[0]
    drawn = labs.fan(whole, whole.tokens[0])
    assert drawn.state["step"] == 1 and drawn.table().rows == [
        [word, *(f"{w:.2f}" for w in row)] for word, row in zip(whole.tokens, whole.weights.tolist(), strict=True)
    ]
    plain = lesson.loaded(lesson.model(attention=False, size=16).eval())
    drawn = labs.squeeze(plain, "the animal was too tired .")
    written = translate(plain, "the animal was too tired .", beam=1)[0].tokens
    assert drawn.table().rows[0][1].split() == list(written)[:12] and "16 numbers" in drawn.options["said"][6]


def test_a_beam_finds_what_greedy_decoding_misses():
    drawn = labs.branches({"la": (0.6, 0.5), "le": (0.4, 0.9)})
    assert [row[-1] for row in drawn.table().rows] == ["0.30", "0.36"]
    assert "“la” is the likelier" in drawn.options["said"][0] and "“le” wins: 0.36" in drawn.options["said"][2]


def test_a_translator_learns_from_batches_that_begin_again(lesson, capsys):
    torch.manual_seed(0)
    model = lesson.model(attention=False, size=8)
    few = [next(iter(lesson.batches))]
    first = sentences.train(model, few, steps=100)
    told = [float(line.split(": ")[1]) for line in capsys.readouterr().out.splitlines()]
    sentences.train(model, few, steps=100)
    again = float(capsys.readouterr().out.split(": ")[1])
    assert first is None and len(told) == 1 and again < told[0]


def test_what_is_right_is_counted_by_the_length_of_the_source():
    pairs = [Example(("word",) * size, (), frozenset(), "plain") for size in (3, 7, 8, 11, 16)]
    assert sentences.by_length([True, False, True, True, False], pairs, ((3, 7), (8, 11), (16, 24))) == [0.5, 1.0, 0.0]


def test_every_new_sentence_is_in_one_group_of_lengths(lesson):
    sizes = [len(pair.source) for pair in lesson.examples("test")]
    assert all(sum(low <= size <= high for low, high in sentences.LENGTHS) == 1 for size in sizes)
