"""Chapter 7's labs without a browser: what they compute, every control, words, errors that teach."""

import itertools
import math
from html import escape

import in_node
import labs
import numpy as np
import pytest
import torch

from chapters.ch07.labs.next_token import spelled
from chapters.ch07.scaling_law import BESIROGLU_2024, HOFFMANN_2022, best, flops, loss
from chapters.ch07.timeline import timeline
from chapters.ch08.labs.journey import Panel, numbered
from course_kit import data
from course_kit.decoding.sampling import next_probabilities
from course_kit.text import Subwords
from course_kit.views import sweep
from course_kit.views.view import at

SIGNS = list("\n abcdefgh")
TEXT = "the cat sat on the mat . the dog sat on the log . that cat and that dog are at the gate , aaaa aaa"
WORDS = ["The", "animal", "crossed", "the", "street"]


def noise(*shape, seed=0):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def panels():
    causal = torch.ones(5, 5).tril().bool()
    masked = noise(5, 5, seed=2).masked_fill(~causal, -1e30).softmax(-1)
    return [
        ("one width", noise(5, 5).softmax(-1), WORDS, WORDS, 1),
        ("French asks", noise(3, 5, seed=1).softmax(-1), ["l'", "animal", "traverse"], WORDS, 3),
        Panel("GPT", masked, ["▁" + w for w in WORDS], None, 7, causal),
    ]


def game(**options):
    text = "a bad cafe"
    p = noise(6, len(SIGNS)).softmax(-1)
    return labs.next_character(text, p, SIGNS, **options), p, text[-6:]


def all_labs():
    return {
        "sampling": labs.sampling(noise(10), SIGNS, text="a b"),
        "next_character": game()[0],
        "merges": labs.merges(TEXT, 12, word="attach"),
        "journey": labs.journey(panels(), select=("animal", "street")),
    }


def test_every_control_over_its_whole_range():
    visited = {name: sweep(lab) for name, lab in all_labs().items()}
    assert visited.pop("sampling") == 41 + 10 + 21 + 21
    assert visited == {"next_character": 0, "merges": 13, "journey": 7 + 5}


def test_the_axis_of_sampling_holds_the_longest_bar_at_first():
    logits = torch.tensor([2.0, 1.0, 0.5, *[0.0] * 7])
    for temperature in (2.0, 1.0, 0.5, 0.1, 0.0):
        lab = labs.sampling(logits, list("abcdefghij"), temperature=temperature)
        assert lab.probabilities.max() <= lab.options["reach"]


def test_outputs_stay_small_and_say_what_they_show():
    for name, lab in all_labs().items():
        fragment, words = lab.fragment(), lab.describe()
        assert len(lab.data()) < 10_000 and len(fragment) < 40_000, name
        assert lab.spec()["words"] == words and escape(words) in fragment
        assert len(lab.table().header) == len(lab.table().rows[0])


# ---- sampling
SETTINGS = [(1.0, None, None), (0.5, 4, None), (1.7, None, 0.8), (0.8, 6, 0.5), (0.0, None, None), (2.0, 1, 1.0)]


@pytest.mark.parametrize(("temperature", "top_k", "top_p"), SETTINGS)
@pytest.mark.parametrize("size", [10, 400])
def test_what_is_drawn_from_is_what_decoding_draws_from(size, temperature, top_k, top_p):
    names = [f"t{i}" for i in range(size)]
    settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    for hidden in (0, 1):
        logits = noise(size, seed=hidden)
        logits[3] -= math.inf if hidden else 0
        lab = labs.sampling(logits, names, **settings)
        wanted = next_probabilities(logits.double(), **settings)
        named = lab.options["names"][0]
        assert len(named) == size - hidden
        for name, p in zip(named, lab.probabilities, strict=False):
            assert p == pytest.approx(float(wanted[names.index(name)]), abs=1e-6 if size == 10 else 2e-4)
        assert lab.probabilities.sum() == pytest.approx(1)
        assert abs(lab.kept - int((wanted > 0).sum())) <= (0 if size == 10 else 2)
        entropy = -(wanted[wanted > 0].log2() * wanted[wanted > 0]).sum()
        assert lab.entropy == pytest.approx(float(entropy), abs=1e-5 if size == 10 else 0.02)
        assert lab.levels[1].sum() == size - hidden


def test_draws_repeat_and_follow_the_probabilities():
    lab = at(labs.sampling(noise(10), SIGNS, temperature=0.7), seed=3)
    many = at(lab, draws=3000)
    assert many.drawn[:50] == at(lab, draws=50).drawn and many.drawn != at(many, seed=4).drawn
    for name, p in zip(many.names, many.probabilities, strict=True):
        assert many.drawn.count(name) / 3000 == pytest.approx(p, abs=0.03)
    assert set(at(many, top_k=2).drawn) == set(many.names[:2])
    assert set(at(many, temperature=0.0).drawn) == {many.names[0]}
    assert lab.selection is None and many.selection.token == many.drawn[-1]
    row = next(r for r in many.table().rows if r[0] == many.names[0])
    assert row[3] == str(many.drawn.count(many.names[0])) and "Drawn 3000 times" in many.describe()


def test_a_draw_asks_the_model_again():
    asked = []

    def then(ids):
        asked.append(ids)
        logits = torch.zeros(10)
        logits[(len(ids) + 4) % 10] = 9.0
        return logits

    lab = labs.sampling(then([]), SIGNS, text="go", then=then, live=True)
    assert lab.view.names[0] == "c"
    lab.pick = 0  # the most likely: "c", the fifth sign
    assert asked[-1] == [4] and lab.view.options["text"] == "goc" and lab.view.names[0] == "d"
    assert (lab.pick, lab.draws, lab.view.options["before"]) == (-1, 0, 1)
    lab.temperature = 0.5
    lab.pick = 1  # the second most likely: of nine alike the first, the new line
    assert asked[-1] == [4, 0] and lab.view.options["text"] == "goc\n" and lab.temperature == 0.5


# ---- the next character
def test_what_was_opened_is_nobodys_guess():
    lab, p, hidden = game()
    assert lab.options["opened"] == 3 and lab.state["guesses"] == [] and lab.played == 3
    assert lab.scores["guessed"] == 0 and math.isnan(lab.scores["bits"]) and lab.selection is None
    assert "played the first 3, “d␣c”. The reader has not guessed yet." in lab.describe()
    played = at(lab, guesses=[hidden[3], "x"])
    right = [SIGNS[i] for i in p.argmax(-1)]
    assert played.scores == {
        "guessed": 2, "reader": 1, "model": sum(a == b for a, b in zip(right[3:5], hidden[3:5], strict=True)),
        "bits": pytest.approx(float(lab.bits[3:5].mean())),
    }  # fmt: skip
    assert played.selection == ("x", hidden[4])
    assert [r[2] for r in played.table().rows] == ["opened"] * 3 + [hidden[3], "x"] and len(lab.table().rows) == 6
    assert at(lab, guesses=list(hidden)).scores["guessed"] == 3
    one = labs.next_character("ab", noise(1, len(SIGNS)).softmax(-1), SIGNS)
    assert one.options["opened"] == 0  # something is left to guess


# ---- merges
@pytest.mark.parametrize(
    "text", [TEXT, "aaaaa aaa aa bab abab", "low low lower lowest newest newest widest 你好 你好吗"]
)
def test_merges_are_those_of_tokenizers(text):
    import json

    lab = labs.merges(text, 30)
    lab = at(lab, step=lab.options["last"])
    subwords = Subwords.build([text], max_size=4 + len({c for c in "▁" + text} - {" "}) + len(lab.merges))
    learned = json.loads(subwords.tokenizer.to_str())["model"]["merges"]
    assert [[m.left, m.right] for m in lab.merges] == [list(m) for m in learned] and len(learned) > 2
    for word in [*lab.counts, "attached", "lowering"]:
        assert lab.cut(word) == [c for c in subwords.cut(word)] or not set(word) <= set(text)
    for word, pieces in lab.pieces.items():
        assert lab.cut(word) == pieces
    known, used = lab.sizes
    assert known == len(subwords) - 4 and used == len(subwords.cut(text))


# ---- the scaling law
def test_the_law_is_that_of_the_papers():
    assert HOFFMANN_2022 == (1.69, 406.4, 410.7, 0.34, 0.28)
    assert BESIROGLU_2024 == (1.8172, 482.01, 2085.43, 0.3478, 0.3658)
    assert loss(70e9, 1.4e12) == pytest.approx(1.8172 + 482.01 / 70e9**0.3478 + 2085.43 / 1.4e12**0.3658)
    printed = 1.69 + 406.4 / 70e9**0.34 + 410.7 / 1.4e12**0.28
    assert loss(70e9, 1.4e12, HOFFMANN_2022) == pytest.approx(printed)
    assert flops(70e9, 1.4e12) == 6 * 70e9 * 1.4e12
    for law in (BESIROGLU_2024, HOFFMANN_2022):
        for compute in (1e15, 5.76e23):
            sizes = np.geomspace(1e3, 1e14, 200_001)
            found = sizes[loss(sizes, compute / 6 / sizes, law).argmin()]
            N, D = best(compute, law)
            assert pytest.approx(found, rel=1e-3) == N and pytest.approx(compute) == 6 * N * D


# ---- the journey
def test_words_are_found_in_every_panel():
    """What a panel says of them is compared with the page's words below."""
    assert numbered(["The", "▁the", "##s", "Ġdog", "▁", "THE"]) == ["the", "the (2)", "s", "dog", "▁", "the (3)"]
    lab = labs.journey(panels(), select=("Animal", "the (2)"))
    weights = [torch.as_tensor(p[1]) for p in panels()]
    assert lab.place(0) == lab.place(1) == lab.place(2) == (1, 3)
    found = lab.selection
    assert [f.weight for f in found[:2]] == pytest.approx([float(w[1, 3]) for w in weights[:2]], abs=5e-4)
    assert found[2].weight is None and "may not attend" in lab.words(2)
    gone = at(lab, query="street", key="animal")
    assert gone.place(1) == (None, 1) and gone.selection[1].weight is None and gone.table().rows[1][1] == "–"


# ---- values that none of them can show
CHANCES, EYE = noise(3, 10).softmax(-1), torch.eye(3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: labs.next_character("ab", CHANCES, SIGNS),
        lambda: labs.next_character("abcd", CHANCES / 2, SIGNS),
        lambda: labs.next_character("abcz", CHANCES, SIGNS),
        lambda: labs.next_character("abcd", CHANCES, SIGNS, opened=3),
        lambda: labs.merges({}),
        lambda: labs.merges({"a b": 1}),
        lambda: labs.merges({"a": 0}),
        lambda: labs.merges(TEXT, 61),
        lambda: labs.journey([("x", EYE * 2, list("abc"))]),
    ],
)
def test_what_cannot_be_shown_is_refused(make):
    with pytest.raises(ValueError):
        make()


# ---- the same numbers in JavaScript; held to their definitions in gpt.test.js beside this file
NUMBERS = {
    "sampling": """const { now, drawn } = new module.Sampled(spec, { ...spec, ...arrays }, state);
      const name = (level) => module.nameOf(now, level);
      return { ...now, names: now.after.map((_, i) => name(i)), drawn: drawn.map(({ at }) => name(at)) };""",
    "next_character": """return { ...module.scoresOf(spec, arrays, state),
      each: spec.hidden.map((_, i) => module.bitsOf(arrays, i)) };""",
    "merges": "return new module.Merging(spec).numbers(state);",
    "journey": """return module.heatmapsOf(spec, arrays).map((map) =>
      ({ place: map.place(state), weights: map.rows, words: map.words(state) }));""",
}


def in_page(view, **state):
    """What a page computes for a state of the view."""
    chapter = "ch08" if view.kind == "journey" else "ch07"
    code = f"const module = await load('chapters/{chapter}/labs/{view.kind}_numbers.js'); {NUMBERS[view.kind]}"
    return in_node.evaluate(f"async (spec, arrays, state) => {{ {code} }}", *in_node.data_of(at(view, **state)))


def test_a_page_draws_from_what_python_draws_from():
    logits = noise(2000, seed=5)  # a large vocabulary travels in groups
    logits[7] = -math.inf
    small, large = (
        labs.sampling(noise(10), SIGNS),
        labs.sampling(logits, [f"t{i}" for i in range(2000)]),
    )
    some = [(1.0, 10, 1.0), (0.5, 4, 1.0), (0.85, 6, 0.5), (0.0, 10, 0.9), (2.0, 1, 0.05), (1.0, 10, 0.99)]
    more = [(1.0, 2000, 1.0), (2.0, 500, 1.0), (1.5, 2000, 0.9), (2.0, 1000, 0.95)]
    for view, settings in ((small, some), (large, more)):
        for n, (temperature, top_k, top_p) in enumerate(settings):
            now = dict(temperature=temperature, top_k=top_k, top_p=top_p, draws=40, seed=n)
            shown, python = in_page(view, **now), at(view, **now)
            assert np.allclose(shown["after"], python.probabilities, atol=1e-12, rtol=0)
            assert (shown["kept"], shown["drawn"]) == (python.kept, python.drawn)
            assert shown["entropy"] == pytest.approx(python.entropy, abs=1e-9)
            assert shown["names"][: len(python.names)] == python.names
    assert len(large.probabilities) < 800 and "rarer tokens" in shown["names"][-1]


def test_a_page_counts_the_game_as_python_does():
    for opened in (None, 0, 5):
        view, _, hidden = game(opened=opened)
        for guesses in ([], ["a"], [" ", "", "a", "e"], list(hidden)):
            shown, scores = in_page(view, guesses=guesses), at(view, guesses=guesses).scores
            assert np.allclose(shown.pop("each"), view.bits, atol=1e-12)
            assert shown == pytest.approx(scores, abs=1e-12, nan_ok=True), (opened, guesses)


@pytest.mark.parametrize("text", [TEXT, "aaaaa aaa aa bab abab 你好 你好吗 𝒳y 𝒳y", "b！a b！a b𝒳a b𝒳a"])
def test_a_page_merges_what_python_merges(text):
    view = labs.merges(text, 25, word="𝒳yabaa")
    for step in range(view.options["last"] + 1):
        shown, python = in_page(view, step=step), at(view, step=step)
        assert [tuple(m.values()) for m in shown["merges"]] == python.merges
        assert [tuple(p.values()) for p in shown["pairs"]] == python.pairs
        assert shown["pieces"] == python.pieces and (shown["known"], shown["used"]) == python.sizes
        assert shown["cut"] == python.cut("𝒳yabaa")


def test_a_page_finds_on_the_journey_what_python_finds():
    view = labs.journey(panels(), select=("street", "animal"))
    for query, key in itertools.product(*(view.controls[i]["options"] for i in (0, 1))):
        python = at(view, query=query, key=key)
        for i, panel in enumerate(in_page(view, query=query, key=key)):
            assert tuple(None if p < 0 else p for p in panel["place"]) == python.place(i)
            assert panel["words"] == python.words(i)
            assert np.allclose(panel["weights"], python.weights(i), atol=1e-9, equal_nan=True)


# ---- the time line
def test_the_time_line_says_year_words_and_chapter():
    made = timeline(data.load("history"), title="Sixty years")
    assert repr(made).startswith("Sixty years; 1964: The mean")
    assert "2017: The Transformer: attention alone (chapter 5)" in repr(made)
    page = made._repr_html_()
    assert page.count("<li") == len(data.load("history").what) and "The Transformer: attention alone" in page
    assert repr(timeline([(1999, "one", None)])) == "1999: one"
    assert "a &lt;b&gt;" in timeline([(1999, "a <b>", None)])._repr_html_()
    with pytest.raises(ValueError):
        timeline([(1999, "one", 1), (1998, "two", 0)])
    with pytest.raises(ValueError):
        timeline([])


def test_a_page_spells_tokens_as_python_does():
    for token in ("▁dog", "Ġdog", "##s", "s", "##"):
        assert in_node.call("chapters/ch07/labs/tokens.js", "spelled", token) == spelled(token)
