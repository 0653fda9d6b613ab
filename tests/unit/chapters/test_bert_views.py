"""Chapter 6's views without a browser: what is drawn, summed, ranked and found; words, tables, errors that teach."""

import io
import itertools

import numpy as np
import pytest
import torch
from helpers import in_node, labs
from PIL import Image
from unit.sweeping import sweep

from chapters.ch06.labs.mask_tokens import uniforms
from chapters.ch06.labs.words import chance
from course_kit.checkpoints import load_checkpoint
from course_kit.views.view import at

WORDS = ["[CLS]", "the", "dog", "bites", "the", "old", "man", "[SEP]"]
TAGS = ["B-person", "I-person", "O", "B-place", "O", "B-place", "I-place", "O"]
KINDS = ["O", "B-person", "I-person", "B-place", "I-place"]


def chances(rows=8, size=8, seed=0):
    return torch.softmax(2 * torch.randn(rows, size, generator=torch.Generator().manual_seed(seed)), -1)


def masking(words=WORDS):
    return labs.mask_tokens(words, [*WORDS, "bread", "cat"])


def all_views():
    return [
        masking(),
        labs.predictions(WORDS, {"a": chances(), "b": chances(seed=5)}, WORDS, truth=WORDS),
        labs.predictions(WORDS, chances(8, 5), KINDS, truth=TAGS, covered=False),
    ]


# ---- masking
def test_numbers_are_uniform_and_independent_of_one_another():
    u = np.array([[uniforms(0, draw, place) for place in range(8)] for draw in range(1, 1001)])
    assert u.min() >= 0 and u.max() < 1
    counts = np.histogram(u, 20, (0, 1))[0]
    expected = u.size / 20
    assert ((counts - expected) ** 2 / expected).sum() < 43.8, "chi-square of 19 degrees, 1 in 1,000"
    together = np.corrcoef(u.reshape(1000, -1).T) - np.eye(24)
    assert abs(together).max() < 4.5 / 1000**0.5
    assert abs(np.corrcoef(u[1:].ravel(), u[:-1].ravel())[0, 1]) < 4.5 / u.size**0.5
    assert uniforms(1, 5, 0) != uniforms(0, 5, 0)


def test_a_draw_is_told_word_by_word():
    view = masking()
    assert view.options["special"] == [True, *[False] * 6, True]
    view = at(view, draws=next(n for n in range(1, 99) if "random" in {m.kind for m in at(view, draws=n).masked}))
    assert len(view.table().rows) == len(WORDS) and f"{[m.label is None for m in view.masked].count(False)} of 6" in (
        view.describe()
    )
    for was, m in zip(WORDS, view.masked, strict=True):
        assert (m.label or was) == was and (m.input == "[MASK]") == (m.kind == "masked")


# ---- predictions
def test_bars_ranks_and_scores():
    p = chances()
    view = labs.predictions(WORDS, p, WORDS, truth=[None, *WORDS[1:]], select=2)
    best, ids = p[2].topk(5)
    assert [w for w, _ in view.bars()] == [WORDS[i] for i in ids]
    assert np.allclose([x for _, x in view.bars()], best)
    word, likely, rank = view.true()
    assert word == "dog" and likely == pytest.approx(float(p[2, 2])) and rank == 1 + int((p[2] > p[2, 2]).sum())
    assert view.true(position=0) is None
    wanted = [WORDS.index(w) for w in WORDS[1:]]
    right = sum(int(p[i + 1].argmax()) == t for i, t in enumerate(wanted))
    assert view.right() == (right, 7) and f"Right at {right} of 7" in view.describe()


def test_some_places_of_many_words():
    p = chances()
    rows = labs.predictions(WORDS, p, WORDS, positions=[6, 2], truth=WORDS)
    assert rows.options["positions"] == [2, 6] and rows.state["position"] == 2
    assert rows.bars(0, 6)[0][0] == WORDS[int(p[6].argmax())]
    assert labs.predictions(WORDS, p, WORDS, select="man").state["position"] == 6
    assert labs.predictions(WORDS, p, WORDS, positions=[6, 2], seen=[6]).options["seen"] == [6]
    big = torch.softmax(torch.randn(8, 30_000), -1)
    assert len(labs.predictions(WORDS, big, [f"w{i}" for i in range(30_000)]).fragment()) < 90_000


def test_an_answer_is_told_by_its_beginning_and_its_end():
    view = labs.answer("who?", ["ann", "and", "ben"], [0.7, 0.1, 0.2], [0.2, 0.1, 0.7], (0, 2))
    said = [at(view, step=step).describe() for step in (1, 2, 3)]
    assert "begins with “ann”" in said[0] and "ends with “ben”" in said[1] and "“ann and ben”" in said[2]
    assert view.table().rows[0] == ["ann", "0.70", "0.20"]


def test_tags_are_said_to_be_tags():
    view = labs.predictions(WORDS, torch.eye(5)[[1, 2, 0, 3, 0, 3, 4, 3]], KINDS, truth=TAGS, covered=False, select=7)
    assert "The true tag “O” has 0.000, rank 2. Right at 7 of 8" in view.describe()
    assert view.table().header[3] == "true tag"


# ---- the same numbers in JavaScript; held to their definitions in bert.test.js beside this file
NUMBERS = {
    "mask_tokens": "module.numbersOf(spec, state, new module.Counter(spec))",
    "predictions": "module.numbersOf(new module.Lesson(spec, arrays), spec.models, place)",
}


def in_page(view, **state):
    """What a page computes for a state of the view."""
    given = in_node.data_of(at(view, **state))
    code = f"""async (spec, arrays, state) => {{
      const module = await load("chapters/ch06/labs/{view.kind}_numbers.js");
      const place = spec.positions?.indexOf(state.position);
      return {NUMBERS[view.kind]};
    }}"""
    return in_node.evaluate(code, *given)


def test_a_page_draws_what_python_draws_and_counts_it():
    view, every = masking(), []
    for draws in range(1, 41):
        shown, wanted = in_page(view, draws=draws, share=0.5), at(view, draws=draws, share=0.5).masked
        assert [tuple(m.values()) for m in shown["drawn"]] == [tuple(m) for m in wanted]
        every += wanted
        counts = {kind: sum(m.kind == kind for m in every) for kind in ("masked", "random", "kept")}
        assert shown["counts"] == {"chosen": sum(counts.values())} | counts and shown["tokens"] == 6 * draws
    for seed, share in itertools.product((0, 7, 2**31 - 1), (0.05, 0.15)):
        now = {"seed": seed, "draws": 333, "share": share}
        assert [tuple(m.values()) for m in in_page(view, **now)["drawn"]] == [tuple(m) for m in at(view, **now).masked]


def test_the_band_of_a_share_is_two_standard_deviations_of_a_binomial():
    found = in_page(masking(), seed=0, draws=400)
    for name, share, count in (("chosen", 0.15, found["tokens"]), ("masked", 0.8, found["counts"]["chosen"])):
        half = 2 * float(torch.distributions.Binomial(count, torch.tensor(share).double()).stddev) / count
        assert found["bands"][name] == pytest.approx((share - half, share + half))


def test_a_page_expects_what_torch_expects():
    truth = [None, *WORDS[1:]]
    view = labs.predictions(WORDS, {"a": chances(), "b": chances(seed=5)}, WORDS, truth=truth)
    for position in range(8):
        both = chances()[position], chances(seed=5)[position]
        for shown, p in zip(in_page(view, position=position), both, strict=True):
            best, ids = p.topk(5)
            assert [bar["word"] for bar in shown["bars"]] == [WORDS[i] for i in ids]
            assert np.allclose([bar["p"] for bar in shown["bars"]], best, atol=1e-6)
            if truth[position]:
                true = p[WORDS.index(truth[position])]
                assert shown["true"]["p"] == pytest.approx(float(true), abs=1e-6)
                assert shown["true"]["rank"] == 1 + int((p > true).sum())
    for p in (0.0, 1e-9, 0.0005, 0.25, 1.0):
        assert in_node.call("chapters/ch06/labs/words.js", "chance", p) == chance(p)


# ---- all of them
def test_every_control_over_its_whole_range():
    assert [sweep(v) for v in all_views()] == [10, 0, 0]
    bars = all_views()[1]  # its control is the sentence
    for place in (0, 3, len(WORDS) - 1):
        one = at(bars, position=place)
        assert f"At position {place + 1}, “{WORDS[place]}”" in one.describe() and one.to_image() and one.table()


def test_pictures_and_fragments():
    for view in all_views():
        picture = Image.open(io.BytesIO(view.to_image()))
        assert picture.format == "WEBP" and min(picture.size) > 150 and len(np.unique(picture.convert("L"))) > 8
        assert len(view.fragment()) < 90_000 and "<table>" in view.fragment() and len(view.describe()) > 60


E, P = torch.eye(8), chances()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [(lambda: masking("the dog"), TypeError, r"\.split\(\)"),
     (lambda: masking(["[CLS]", "[SEP]"]), ValueError, "tokens"),
     (lambda: labs.mask_tokens(WORDS, []), ValueError, "vocabulary"),
     (lambda: labs.predictions(WORDS, 3 * P, WORDS), ValueError, r"softmax"),
     (lambda: labs.predictions(WORDS, P[:3], WORDS), ValueError, r"\(8, 8\)"),
     (lambda: labs.predictions(WORDS, {"a": P, "b": P, "c": P}, WORDS), ValueError, "3 models"),
     (lambda: labs.predictions(WORDS, P, WORDS, truth=["cat"] * 8), ValueError, "cat"),
     (lambda: labs.predictions(WORDS, P, WORDS, positions=[2], select=3), ValueError, "positions")],
)  # fmt: skip
def test_refusals_say_what_to_do(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_step_of_training_makes_the_loss_smaller_and_leaves_the_model_alone():
    prose = load_checkpoint("bert-prose")
    before = [p.clone() for p in prose.model.parameters()]
    drawn = labs.training_step(prose, "she opened the door and came into the room .", (3, 8))
    *words, (_, first, then) = drawn.table().rows
    assert [row[0] for row in words] == ["door", "room"] and float(then) < float(first) and sweep(drawn) == 6
    assert all(torch.equal(a, b) for a, b in zip(before, prose.model.parameters(), strict=True))
