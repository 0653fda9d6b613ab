"""Chapter 7's labs without a browser: what they compute, words, errors that teach; the page's numbers against those of
torch, of the tokenizer that the reader builds, and of the maps."""

from html import escape

import numpy as np
import pytest
import torch
from helpers import in_node, labs
from helpers.scenes import game
from unit.sweeping import sweep

from chapters.ch07.labs import drawings
from chapters.ch07.scaling_law import best, flops, loss
from chapters.ch07.timeline import timeline
from course_kit import data
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding.sampling import next_probabilities
from course_kit.views.view import at
from course_utils.gpt import GPT, GPTConfig
from course_utils.merges import joined, merge_once

SIGNS = list("\n abcdefgh")
TEXT = {"low": 5, "lower": 2, "newest": 6, "widest": 3, "less": 1, "aaaaa": 1, "bab": 1, "abab": 1}


def noise(*shape, seed=0):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def all_labs():
    return {
        "sampling": labs.sampling(noise(10), SIGNS, text="a b"),
        "next_character": game(),
        "merges": labs.merges(TEXT, 12, word="attach"),
    }


def test_outputs_stay_small_and_say_what_they_show():
    for name, lab in all_labs().items():
        fragment, words = lab.fragment(), lab.describe()
        assert len(lab.data()) < 10_000 and len(fragment) < 40_000, name
        assert lab.spec()["words"] == words and escape(words) in fragment
        assert len(lab.table().header) == len(lab.table().rows[0])
        assert sweep(lab) == {"sampling": 41 + 10 + 21 + 21, "next_character": 0, "merges": 13}[name]


# ---- sampling
def test_a_draw_asks_the_model_again():
    asked = []

    def then(ids):
        asked.append(ids)
        logits = torch.zeros(10)
        logits[(len(ids) + 4) % 10] = 9.0
        return logits

    lab = labs.sampling(then([]), SIGNS, text="go", then=then, live=True)
    assert lab.view.table().rows[0][0] == "c"
    lab.pick = 4
    assert asked[-1] == [4] and lab.view.options["text"] == "goc" and lab.view.table().rows[0][0] == "d"
    assert (lab.pick, lab.draws, lab.view.options["before"]) == (-1, 0, 1)
    lab.temperature = 0.5
    lab.pick = 0
    assert asked[-1] == [4, 0] and lab.view.options["text"] == "goc\n" and lab.temperature == 0.5


# ---- the scaling law
def test_the_best_size_is_the_lowest_point_of_the_law():
    assert loss(70e9, 1.4e12) == pytest.approx(1.8172 + 482.01 / 70e9**0.3478 + 2085.43 / 1.4e12**0.3658)
    for compute in (1e15, 5.76e23):
        sizes = np.geomspace(1e3, 1e14, 200_001)
        found = sizes[loss(sizes, compute / 6 / sizes).argmin()]
        N, D = best(compute)
        assert pytest.approx(found, rel=1e-3) == N and pytest.approx(compute) == flops(N, D)


# ---- values that none of them can show
CHANCES = noise(4, 10).softmax(-1)


@pytest.mark.parametrize(
    "make",
    [lambda: labs.next_character("abc", CHANCES, SIGNS), lambda: labs.next_character("abcde", CHANCES / 2, SIGNS),
     lambda: labs.next_character("abcz", CHANCES, SIGNS), lambda: labs.next_character("abcd", CHANCES[:3], SIGNS),
     lambda: labs.merges({}), lambda: labs.merges({"a b": 1}), lambda: labs.merges({"a": 0})],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused(make):
    with pytest.raises(ValueError):
        make()


# ---- the numbers of a page; held to their definitions in gpt.test.js beside this file
NUMBERS = {
    "sampling": """const text = module.textOf(spec, arrays, state), { now, drawn } = new module.Sampled(text, state);
      return { ...now, ids: text.ids, reach: text.reach, drawn: drawn.map((rank) => text.ids[rank]) };""",
    "merges": "return new module.Merging(spec).numbers(state);",
}


def in_page(view, **state):
    """What a page computes for a state of the view."""
    code = f"const module = await load('chapters/ch07/labs/{view.kind}_numbers.js'); {NUMBERS[view.kind]}"
    return in_node.evaluate(f"async (spec, arrays, state) => {{ {code} }}", *in_node.data_of(at(view, **state)))


SETTINGS = [(1.0, 400, 1.0), (0.5, 4, 1.0), (1.7, 400, 0.8), (0.8, 6, 0.5), (0.0, 400, 0.9), (2.0, 1, 0.05)]


@pytest.mark.parametrize(("temperature", "top_k", "top_p"), SETTINGS)
def test_a_page_draws_from_what_decoding_draws_from(temperature, top_k, top_p):
    logits = noise(400, seed=5)
    view = labs.sampling(logits, [f"t{i}" for i in range(400)], temperature=temperature)
    shown = in_page(view, temperature=temperature, top_k=top_k, top_p=top_p, draws=300, seed=3)
    wanted = next_probabilities(logits.double(), temperature, top_k, top_p)
    assert np.allclose(shown["after"], wanted[shown["ids"]], atol=1e-6)
    assert shown["kept"] == (wanted > 0).sum() and wanted.argmax() == shown["ids"][0]
    entropy = -(wanted[wanted > 0].log2() * wanted[wanted > 0]).sum()
    assert shown["entropy"] == pytest.approx(float(entropy), abs=1e-4)
    drawn = torch.tensor(shown["drawn"]).bincount(minlength=400) / 300
    assert (drawn[wanted == 0] == 0).all() and (drawn - wanted).abs().max() < 0.1
    assert shown["reach"] >= next_probabilities(logits, temperature).max()  # the axis holds the longest bar at first
    python = at(view, temperature=temperature, top_k=top_k, top_p=top_p)
    assert (
        python.entropy == pytest.approx(shown["entropy"], abs=1e-4) and f"{shown['kept']} of 400" in python.describe()
    )


@pytest.mark.parametrize("words", [TEXT, {"aaaaa": 2, "你好": 3, "你好吗": 1, "𝒳y": 4, "x𝒳y": 1}])
def test_a_page_merges_what_the_reader_merges(words):
    view = labs.merges(words, 25, word="𝒳yabaa")
    now = {tuple("▁" + name): count for name, count in zip(view.options["names"], view.options["counts"], strict=True)}
    cut = tuple("▁𝒳yabaa")
    assert in_page(view)["pairs"][:8] == [
        {"left": left, "right": right, "count": int(count)} for _, left, right, count in view.table().rows
    ]
    for step in range(1, view.options["last"] + 1):
        shown = in_page(view, step=step)
        pair, now = merge_once(now)
        cut = joined(cut, pair)
        assert tuple(shown["merges"][-1].values())[:2] == pair and shown["cut"] == [*cut]
        assert [tuple(word) for word in shown["words"]] == [*now]
        assert shown["used"] == sum(len(word) * count for word, count in now.items())
    assert all(pair["count"] == 1 for pair in in_page(view, step=step)["pairs"]) or step == 25


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


# ---- drawings
def test_drawings_say_what_the_model_computes():
    prose, prompt = load_checkpoint("gpt-prose"), "The old man sat down by the"
    ids = torch.tensor([prose.tokenizer.encode(f"{prompt} fire.")])
    with torch.no_grad():
        p = prose.model(ids)[0].softmax(-1)
    rows = drawings.exams(prose, f"{prompt} fire.").table().rows
    assert [float(row[2]) for row in rows] == [round(p[i, n].item(), 3) for i, n in enumerate(ids[0, 1:].tolist())]
    last = drawings.stream(prose, prompt, " fire").options["tables"][0]["rows"][-1]
    assert last[1:] == ["fire", f"{p[6, ids[0, 7]]:.3f}"]
    opened = drawings.opened(prose, prompt)
    assert opened.table().rows[0] == ["fire", f"{p[6, ids[0, 7]]:.2f}"] and sweep(opened) == 3


def test_drawings_of_numbers_pieces_and_rows():
    bars = drawings.temperatures(torch.tensor([2.0, 1.0, 0.0]), "abc", (0.5, 1))
    assert bars.table().rows[0] == ["a", "2.00", "0.87", "0.67"]
    words = {name: count for name, count in TEXT.items() if len(name) > 2}
    rows = drawings.grows(words, "newest").table().rows
    assert {row[1].replace(" ", "") for row in rows} == {"▁newest"} and len(rows[-1][1].split()) < len(
        rows[0][1].split()
    )
    for begun in (1, 3):
        made = drawings.key_value_cache(["a", "b", "c", "d", "e"], begun)
        for read, (_, new, old) in enumerate(made.table().rows, begun):
            assert int(new) + int(old) == read


def test_drawings_of_weights_and_shares():
    weights = torch.tensor([[1.0, 0, 0], [0.3, 0.7, 0], [0.01, 0.5, 0.49]])
    made = drawings.folders({"one": weights}, "abc")
    arcs = [shape for shape in made.options["shapes"] if shape["shape"] == "arrow"]
    assert [arc["only"] for arc in arcs] == [[0], [1], [1], [2], [2]] and "“b”, 50%" in made.describe()
    p = torch.tensor([0.5, 0.25, 0.125, 0.125])
    assert drawings.shares({"x": ("ab", p)}, maximum=2, top=0.8).table().rows == [["x", "a", "0.50", "3"]]


def test_a_stream_needs_a_model_that_turns_its_positions_in():
    with pytest.raises(ValueError, match="gpt-prose"):
        drawings.states(GPT(GPTConfig(9, 8, 1, 2)), torch.tensor([[1, 2]]))
