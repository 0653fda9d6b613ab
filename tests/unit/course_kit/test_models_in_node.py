"""The models of a page give torch's numbers: each trained model, in node, against Python.

COURSE_PROFILE=full asks 1,000 held-out sentences of each model instead of a few; Tatoeba’s need COURSE_DATA_DIR.
"""

import os

import pytest
import torch
from helpers import in_node
from helpers.in_node import evaluate
from helpers.in_page import open_in_node

from chapters.ch03 import tatoeba
from course_kit.checkpoints import folder
from course_kit.data import parallel, stories
from course_kit.decoding import translate
from course_kit.decoding.steps import steps_of
from course_kit.text import BOS

LARGE = (  # one of their architecture and vocabulary is asked for every change, these weekly
    "bert-prose", "gpt-prose", "gpt-shakespeare", "seq2seq-attention-en-fr", "transformer-en-fr", "transformer-en-zh",
)  # fmt: skip


def those(*beginnings):
    """The trained models whose names begin so."""
    names = sorted(p.stem for p in folder().glob("*.json") if p.stem.startswith(beginnings))
    return [pytest.param(name, marks=pytest.mark.weekly if name in LARGE else ()) for name in names]


TRANSLATORS = those("transformer", "seq2seq-attention")
BERTS = those("bert-prose", "bert-stories")
FULL = os.environ.get("COURSE_PROFILE") == "full"
COUNT = 1000 if FULL else 3
CLOSE = 1e-3  # largest difference of logits, in shares of the largest logit
ODD = (
    "The animal didn't cross the street because it was too tired.", "", "  Zoë’s naïve cat —  3½ €! ", "l'eau d'Écosse",
    "<eos> ▁odd [MASK] 猫在 街上,the end", "x" * 300, "don't 'em rock-'n'-roll's", "İstanbul ŒUVRE ﬁne １２ a\u0301",
)  # fmt: skip


def held_out(card: dict) -> list[str]:
    """Sentences that the model was not trained on."""
    pair = card["data"]["pair"]
    if card["data"]["corpus"] == "grammar" or not (FULL and os.environ.get("COURSE_DATA_DIR")):
        pairs = parallel.load_parallel("zh-en" if pair.startswith("zh") else "en-fr", "test")
        language = pair[:2]
        return [parallel.detokenize(p.source, language) for p in pairs[:COUNT]]
    return [p[0] for p in tatoeba.load(pair, "test")[:COUNT]]


@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_translator_reads_and_writes_as_python_does(name):
    loaded = open_in_node(name)
    own = loaded.source or loaded.tokenizer
    sentences = held_out(loaded.card)
    ids = evaluate("s => s.map(t => (it.source ?? it.tokenizer).encode(t))", [*ODD, *sentences])
    assert ids == [own.encode(s) for s in (*ODD, *sentences)]
    ids, said = ids[len(ODD) :], translate(loaded, sentences, beam=1)
    found = evaluate("all => all.map(ids => courseModels.greedy(it.model, ids))", ids)
    texts = evaluate("all => all.map(ids => (it.target ?? it.tokenizer).decode(ids))", [f["ids"] for f in found])
    alike = sum(text == one.text for text, one in zip(texts, said, strict=True))
    print(f"{name}: {alike} of {len(said)} alike")
    assert alike >= 0.99 * len(said) - (not FULL)
    own = loaded.target or own
    for source, one, theirs in list(zip(ids, found, said, strict=True))[:3]:
        if theirs.weights is not None and own.tokens(one["ids"]) == theirs.tokens:
            assert torch.allclose(torch.tensor(one["weights"]), theirs.weights, atol=1e-4)
        words, logits, steps = [BOS, *one["ids"]], [], steps_of(loaded.model)
        with torch.no_grad():
            state = steps.start(torch.tensor([source]))
            for word in words:
                step = steps.step(torch.tensor([word]), state)
                state = step.state
                logits.append(step.logits[0])
        script = "(s, w) => [...it.model.read(w, it.model.start(s)).logits.data]"
        ours = torch.tensor(evaluate(script, source, words)).view(len(words), -1)
        assert near(ours, torch.stack(logits))


@pytest.mark.parametrize("name", BERTS)
def test_a_bert_reads_as_python_does(name):
    loaded = open_in_node(name)
    own = loaded.tokenizer
    sentences = [s for story in stories.load("stories", "test")[:COUNT] for s in story.sentences[:1]]
    ids = evaluate("s => s.map(t => it.tokenizer.encode(t))", [*ODD, *sentences])
    assert ids == [own.encode(s) for s in (*ODD, *sentences)]
    for sentence in sentences[: None if FULL else 3]:
        ids = [own.cls, *own.encode(sentence), own.sep, *own.encode(sentences[0]), own.sep]
        several = loaded.model.config.segments > 1
        segments = [int(several and t > len(own.encode(sentence)) + 1) for t in range(len(ids))]
        with torch.no_grad():
            output = loaded.model(torch.tensor([ids]), torch.tensor([segments]))
        expected = {"words": output.mlm_logits, "follows": output.nsp_logits}
        script = "(i, s) => Object.entries(it.model.logits(i, s)).map(([n, x]) => [n, [...x.data]])"
        ours = dict(evaluate(script, ids, segments))
        assert ours.keys() == expected.keys()
        for part, numbers in ours.items():
            assert near(torch.tensor(numbers), expected[part].flatten()), part


@pytest.mark.parametrize("name", those("gpt-sh", "gpt-q", "gpt-p"))
def test_a_gpt_reads_as_python_does(name):
    loaded = open_in_node(name)
    for text in ("ROMEO: what light is this?\nJULIET:", "牀前明月光，疑是"):
        ids = loaded.tokenizer.encode(text)
        assert evaluate("t => it.tokenizer.encode(t)", text) == ids
        with torch.no_grad():
            expected = loaded.model(torch.tensor([ids]))[0]
        whole, steps = evaluate(
            """ids => { const whole = it.model.read(ids).logits.data; let state = it.model.start(), steps = [];
            for (const id of ids) { const done = it.model.step(id, state); state = done.state;
            steps.push(...done.logits.data) } return [[...whole], steps] }""",
            ids,
        )
        assert near(torch.tensor(whole).view_as(expected), expected)
        assert near(torch.tensor(steps).view_as(expected), expected)


def test_what_is_given_to_tap_takes_the_values_place():
    """The state of "tired" in the other sentence turns the pronoun over; its own state changes nothing."""
    open_in_node("transformer-grammar")
    il, elle, own = evaluate(
        """() => { const m = it.model, read = a => it.source.encode(
        `The animal didn't cross the street because it was too ${a}.`), said = it.target.encode(
        "l'animal n'a pas traversé la rue parce qu'"), [tired, wide] = ["tired", "wide"].map(a => m.encode(read(a)));
        const share = (place, from) => { const states = m.encode(read("tired"), (name, x) => { if (name !== "memory")
        return; const y = x.copy(); y.row(place).set(from.at(-1).row(place)); return y });
        const p = courseModels.probabilities(m.read([2, ...said], m.start(0, 0, states)).logits.row(said.length));
        return [p[it.target.ids.get("il")], p[it.target.ids.get("elle")]] };
        return [share(10, tired), share(10, wide), share(7, wide)] }"""
    )
    assert il == pytest.approx([0.931, 0.0003], abs=1e-3)
    assert elle[1] > 0.9 > 0.01 > elle[0]
    assert own == pytest.approx(il, abs=5e-3)


def near(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    return bool((ours - theirs).abs().max() <= CLOSE * theirs.abs().max())


def test_ids_outside_the_vocabulary_are_refused():
    open_in_node("transformer-grammar")
    with pytest.raises(in_node.InNodeError, match="9999 is not among the 818"):
        evaluate("() => it.model.encode([1, 9999])")
