"""Chapter 7's labs without a browser: what they compute, every control, words, errors that teach."""

import math
from html import escape

import labs
import numpy as np
import pytest
import torch

from chapters.ch07.labs.journey import Panel, numbered
from chapters.ch07.labs.scaling_law import BESIROGLU_2024, HOFFMANN_2022, best, duration, flops, loss, short
from chapters.ch07.timeline import timeline
from course_kit import data
from course_kit.views import sweep
from course_kit.views.view import at
from course_utils.decoding.sampling import next_probabilities
from course_utils.text import Subwords

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
        "sampling": labs.sampling(noise(3, 10), SIGNS, text="a b", chosen=[2, 3, 4]),
        "next_character": game()[0],
        "merges": labs.merges(TEXT, 12, word="attach"),
        "scaling_law": labs.scaling_law(),
        "journey": labs.journey(panels(), select=("animal", "street")),
    }


def test_every_control_over_its_whole_range():
    visited = {name: sweep(lab) for name, lab in all_labs().items()}
    assert visited.pop("sampling") == 3 + 41 + 10 + 21 + 21
    assert visited == {"next_character": 0, "merges": 13, "scaling_law": 161 + 181 + 3, "journey": 7 + 5}


def test_the_axis_of_sampling_holds_the_longest_bar_at_first():
    logits = torch.tensor([2.0, 1.0, 0.5, *[0.0] * 7])
    for temperature in (2.0, 1.0, 0.5, 0.1, 0.0):
        lab = labs.sampling(logits, list("abcdefghij"), temperature=temperature)
        assert lab.probabilities.max() <= lab.options["reach"]


def test_outputs_stay_small_and_say_what_they_show():
    for name, lab in all_labs().items():
        assert len(lab.data()) < 10_000 and len(lab.fragment()) < 40_000, name
        assert lab.spec()["words"] == lab.describe()  # no option has their name
        assert escape(lab.describe()) in lab.fragment()
        assert len(lab.table().header) == len(lab.table().rows[0])


def test_live_labs_have_one_trait_per_state():
    assert labs.merges(TEXT, 4, live=True).step == 0
    assert labs.scaling_law(live=True).N == 1e9
    assert labs.journey(panels(), select=("animal", "street"), live=True).key == "street"
    lab = game(live=True)[0]
    lab.guesses = ["c", " "]
    assert lab.now.scores["guessed"] == 2 and lab.selection == (" ", "f")


# ---- sampling
SETTINGS = [(1.0, None, None), (0.5, 4, None), (1.7, None, 0.8), (0.8, 6, 0.5), (0.0, None, None), (2.0, 1, 1.0)]


@pytest.mark.parametrize(("temperature", "top_k", "top_p"), SETTINGS)
@pytest.mark.parametrize("size", [10, 400])
def test_what_is_drawn_from_is_what_decoding_draws_from(size, temperature, top_k, top_p):
    logits = noise(2, size)
    logits[1, 3] = -math.inf
    names = [f"t{i}" for i in range(size)]
    settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    for step in (0, 1):
        lab = labs.sampling(logits, names, chosen=[0, 0], step=step, **settings)
        wanted = next_probabilities(logits[step].double(), **settings)
        named = lab.options["names"][step]
        assert len(named) == (240 if size == 400 else 10 - step)
        for name, p in zip(named, lab.probabilities, strict=False):
            assert p == pytest.approx(float(wanted[names.index(name)]), abs=1e-6 if size == 10 else 2e-4)
        assert lab.probabilities.sum() == pytest.approx(1)
        assert abs(lab.kept - int((wanted > 0).sum())) <= (0 if size == 10 else 2)
        entropy = -(wanted[wanted > 0].log2() * wanted[wanted > 0]).sum()
        assert lab.entropy == pytest.approx(float(entropy), abs=1e-5 if size == 10 else 0.02)
        assert lab.levels[1].sum() == size - step


def test_draws_repeat_and_follow_the_probabilities():
    lab = labs.sampling(noise(10), SIGNS, temperature=0.7, seed=3)
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
    assert lab.now.written == "goc\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (dict(logits=noise(9)), "tokens"),
        (dict(logits=noise(1, 1, 10)), "needed: .V. or .steps, V."),
        (dict(logits=noise(65, 10), chosen=[0] * 65), "shows 1 to 64"),
        (dict(logits=noise(10) / 0), "NaN"),
        (dict(logits=noise(2, 10)), "chosen"),
        (dict(logits=noise(2, 10), chosen=[0, 10]), "0 to 9"),
        (dict(logits=noise(10), temperature=-1), "temperature"),
        (dict(logits=noise(10), top_k=0), "top_k"),
        (dict(logits=noise(10), top_p=0), "top_p"),
        (dict(logits=noise(10), step=1), "choose 0 to 0"),
        (dict(logits=noise(10), then=lambda ids: noise(10)), "live"),
    ],
)
def test_sampling_refuses(given, said):
    with pytest.raises(ValueError, match=said):
        labs.sampling(tokens=SIGNS, **given)


# ---- the next character
def test_scores_of_both_players():
    lab, p, hidden = game(opened=0)
    order = [SIGNS.index(c) for c in hidden]
    needed = -p[range(6), order].double().log2()
    assert np.allclose(lab.bits, needed, atol=1e-5)
    right = [SIGNS[i] for i in p.argmax(-1)]
    assert lab.scores["guessed"] == 0 and math.isnan(lab.scores["bits"]) and lab.selection is None
    played = at(lab, guesses=[hidden[0], "", "x"])
    assert played.scores == {
        "guessed": 3, "reader": 1, "model": sum(a == b for a, b in zip(right[:3], hidden[:3], strict=True)),
        "bits": pytest.approx(float(needed[:3].mean()), abs=1e-5),
    }  # fmt: skip
    assert played.selection == ("x", hidden[2]) and len(played.table().rows) == 3
    assert [r[2] for r in played.table().rows] == ["␣" if hidden[0] == " " else hidden[0], "passed", "x"]
    assert len(lab.table().rows) == 6 and "Blind guessing costs 3.32" in lab.describe()
    whole = at(lab, guesses=list(hidden) + ["x"])
    assert whole.scores["guessed"] == whole.scores["reader"] == 6


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


def test_counts_of_pairs_by_hand():
    lab = labs.merges({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 10, mark="")
    assert lab.selection == ("e", "s", 9)  # es and st stand there nine times: e is older
    assert lab.sizes == (10, 79) and lab.cut("slow") == ["s", "l", "o", "w"]
    after = at(lab, step=4)
    assert after.merges == [("e", "s", 9), ("es", "t", 9), ("l", "o", 7), ("lo", "w", 7)]
    assert after.pieces["newest"] == ["n", "e", "w", "est"] and after.pairs[0].count == 6
    assert "next to be merged" in after.describe() and after.cut("slowest") == ["s", "low", "est"]
    done = at(labs.merges({"ab": 2, "c": 1}, 10, mark=""), step=1)
    assert done.selection is None and "nothing is left to merge" in done.describe()


# ---- the scaling law
def test_the_law_is_that_of_the_papers():
    assert HOFFMANN_2022 == (1.69, 406.4, 410.7, 0.34, 0.28)
    assert BESIROGLU_2024 == (1.8172, 482.01, 2085.43, 0.3478, 0.3658)
    assert labs.scaling_law().law == BESIROGLU_2024
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


def test_the_numbers_of_the_lab():
    lab = labs.scaling_law(
        parameters=1e8, tokens=2e9, machines={"ours": 2e12, "theirs": 1e15}, models={"small": (1e6, 1e7)}
    )
    n = lab.numbers
    assert n["hours"] == pytest.approx(1.2e18 / 2e12 / 3600) and sum(n["parts"]) == pytest.approx(n["loss"])
    assert n["best_loss"] < n["loss"] and n["best_N"] * n["best_D"] * 6 == pytest.approx(1.2e18)
    assert at(lab, machine="theirs").numbers["hours"] == pytest.approx(n["hours"] / 500)
    assert lab.extrapolates and "not fitted" in lab.describe()
    assert not labs.scaling_law(parameters=1e9, tokens=20e9).extrapolates
    assert [row[0] for row in lab.table().rows] == ["these sliders", "best for the same cost", "small"]
    other = labs.scaling_law(law=(1.0, 400.0, 400.0, 0.3, 0.3))
    assert other.numbers["best_N"] == pytest.approx(other.numbers["best_D"])


def test_large_numbers_as_one_reads_them():
    assert [short(x) for x in (1.4e12, 70e9, 124e6, 5e3, 12, 999.6e6, 2e15)] == [
        "1.4 trillion", "70 billion", "124 million", "5 thousand", "12", "1 billion", "2,000 trillion",
    ]  # fmt: skip
    assert [duration(h) for h in (1e6, 100, 5, 0.1, 0.001)] == [
        "114 years",
        "4.2 days",
        "5.0 hours",
        "6.0 minutes",
        "3.6 seconds",
    ]


# ---- the journey
def test_words_are_found_in_every_panel():
    assert numbered(["The", "▁the", "##s", "Ġdog", "▁", "THE"]) == ["the", "the (2)", "s", "dog", "▁", "the (3)"]
    lab = labs.journey(panels(), select=("Animal", "the (2)"))
    weights = [torch.as_tensor(p[1]) for p in panels()]
    assert lab.place(0) == (1, 3) and lab.place(1) == (1, 3) and lab.place(2) == (1, 3)
    found = lab.selection
    assert [f.weight for f in found[:2]] == pytest.approx([float(w[1, 3]) for w in weights[:2]], abs=5e-4)
    assert found[2].weight is None and "“▁animal” may not attend to “▁the”" in lab.words(2)
    gone = at(lab, query="street", key="animal")
    assert gone.place(1) == (None, 1) and "“street” is not a query here; " in gone.words(1)
    best_row = int(weights[1][:, 1].argmax())
    assert f"“{['l', 'animal', 'traverse'][best_row]}" in gone.words(1)
    assert "neither" in at(lab, query="traverse", key="nobody").words(0)
    assert "“nobody” is not a key here" in at(lab, key="nobody").words(0)
    assert gone.selection[1].weight is None and gone.table().rows[1][1] == "–"
    row = weights[0][4]
    assert f"gives “animal” {row[1]:.3f}"[:-1] in gone.words(0)
    assert ("its largest share" in gone.words(0)) == (int(row.argmax()) == 1)


# ---- values that none of them can show; other kinds of things: test_bad_input.py
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
        lambda: labs.merges({"ab": 2}, step=2, mark=""),
        lambda: labs.scaling_law(parameters=1e3),
        lambda: labs.scaling_law(models={"x": (1, 1)}),
        lambda: labs.scaling_law(machines={"a": 0}),
        lambda: labs.scaling_law(law=(1, 1, 1, 0, 1)),
        lambda: labs.journey([]),
        lambda: labs.journey([("x", EYE, WORDS)]),
        lambda: labs.journey([("x", EYE * 2, list("abc"))]),
        lambda: labs.journey(panels()),
    ],
)
def test_what_cannot_be_shown_is_refused(make):
    with pytest.raises(ValueError):
        make()


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
