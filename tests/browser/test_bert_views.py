"""Chapter 6's views in the browser: draws, sums, bars and answers as in Python and torch; hands, keys, looks."""

import itertools
import re

import labs
import numpy as np
import pages
import pytest
import torch
from playwright.sync_api import expect
from waiting import contains, differs, numbers, picture, settle, state, until

from chapters.ch06.labs.words import chance
from course_kit.views.picture import BRICK, PAPER, SAND
from course_kit.views.view import at

pytestmark = pytest.mark.browser
(WORDS, VOCABULARY, CHINESE, NAMES, TAGS, GUESSED, ODD) = (
    line.split()
    for line in (
        "[CLS] the man went to the store [SEP] he bought a gallon of milk [SEP]",
        "the a man went to store he bought gallon of milk bread dog penguin [CLS] [SEP]",
        "[CLS] 今 天 天 气 很 好 [SEP] 我 出 去 跑 步 了 [SEP]",
        "Anna Maria Berg moved from Old Town to Lakeside with the Green River Company .",
        "B-person I-person I-person O O B-place I-place O B-place O O B-firm I-firm I-firm O",
        "B-person I-person O O O B-place I-place O B-firm O O B-firm I-firm I-firm O",
        "I-a I-a B-a I-b O I-b B-b B-b I-b O O O O O I-a",
    )
)
SEGMENTS = [0] * 8 + [1] * 7
VIEW = "document.querySelector('.course-view').view"


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def masking(**options):
    return labs.mask_tokens(WORDS, vocabulary=VOCABULARY, **options)


def parts(size=40):
    table = {w: i for i, w in enumerate(dict.fromkeys(WORDS))}
    token = noise(len(table), size)[[table[w] for w in WORDS]]
    return token, noise(2, size, seed=1)[SEGMENTS], noise(len(WORDS), size, seed=2)


def sums(**options):
    return labs.embeddings(parts(), WORDS, **{"segments": SEGMENTS, "select": "the", **options})


def chances(seed=3):
    return torch.softmax(3 * noise(len(WORDS), len(VOCABULARY), seed=seed), -1)


def hidden():
    """The sentence with three words masked, and the true words at these positions."""
    truth = [w if i in (2, 6, 13) else None for i, w in enumerate(WORDS)]
    return ["[MASK]" if t else w for w, t in zip(WORDS, truth, strict=True)], truth


def expected(**options):
    tokens, truth = hidden()
    given = {"before": chances(3), "after": chances(4)}
    return labs.predictions(tokens, given, VOCABULARY, truth=truth, **options)


def answered(**options):
    start, end = torch.softmax(3 * noise(15, seed=8), -1), torch.softmax(3 * noise(15, seed=9), -1)
    return labs.tagged(NAMES, [(5, 6, "answer")], start=start, end=end, question="Where?", **options)


def scenes():
    normed = torch.nn.functional.layer_norm(sum(parts()), (40,))
    return {
        "masking": masking(),
        "masking in Chinese": labs.mask_tokens(CHINESE, draws=100, seed=3, share=0.3),
        "sums": sums(),
        "normed": labs.embeddings(parts(), WORDS, normed=normed),
        "predictions": labs.predictions(hidden()[0], chances(), VOCABULARY, truth=hidden()[1], positions=[2, 6, 13]),
        "two models": expected(),
        "tags": labs.tagged(NAMES, TAGS),
        "predicted tags": labs.tagged(NAMES, TAGS, predicted=GUESSED),
        "answer": answered(),
    }


SCENES = list(scenes())


@pytest.fixture
def show(show):
    """show(view, …) -> page, as everywhere; without the static picture, which takes longest, unless scripts=False."""

    def open_page(*views, motion=False, **options):
        whole = not options.get("scripts", True)
        page = show(*(v if whole or isinstance(v, str) else pages.bare(v) for v in views), **options)
        page.emulate_media(reduced_motion="no-preference" if motion else "reduce")
        return page

    return open_page


def said(page):
    settle(page)
    return page.get_by_test_id("readout").inner_text().replace("\n", " ")


def focused(page):
    return page.evaluate("document.activeElement.shadowRoot.activeElement?.textContent ?? ''")


# ---- the masking lab
def words_shown(page):
    """What each word's position shows: (the word above, what the model reads, the kind written below)."""
    settle(page)
    return [tuple(item.locator("span, b").all_inner_texts()) for item in page.locator(".tokens li").all()]


def test_the_browser_draws_what_python_draws(show):
    view = masking()
    page = show(view)
    for seed, draws, share in itertools.product((0, 7, 2**31 - 1), (1, 2, 333), (0.05, 0.15, 0.5, 0.123)):
        now = dict(seed=seed, draws=draws, share=share)
        shown, wanted = numbers(page, **now), at(view, **now)
        assert [tuple(m.values()) for m in shown["drawn"]] == [tuple(m) for m in wanted.masked]
        statistics = wanted.statistics
        assert shown["counts"] == statistics["counts"] and shown["tokens"] == statistics["tokens"]
        assert shown["shares"] == pytest.approx(statistics["shares"], abs=1e-15, nan_ok=True)
        for name, band in statistics["bands"].items():
            assert shown["bands"][name] == pytest.approx(list(band), abs=1e-12)
    wanted = at(view, seed=1, draws=400).statistics["counts"]
    assert numbers(page, seed=1, draws=400, share=0.15)["counts"] == wanted, (
        "another seed counts from the first draw on"
    )


def test_each_position_says_what_was_done(show):
    every = {"special", "as it is", "masked", "random", "kept"}
    draws = (masking(draws=n, share=0.5) for n in range(1, 200))
    view = next(v for v in draws if {m.kind for m in v.masked} == every)
    page = show(view)
    notes = {"special": "", "as it is": ""}
    shown = [(m.label or "", m.input, notes.get(m.kind, m.kind)) for m in view.masked]
    until(lambda: words_shown(page), shown)
    looks = {}
    for i, m in enumerate(view.masked):
        box = page.locator(".tokens li b").nth(i)
        looks[m.kind] = box.evaluate(
            "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderTopStyle, s.borderTopColor] }"
        )
    assert set(looks) == every
    assert len({str(look) for look in looks.values()}) >= 4 and looks["kept"][1] == "dashed"


def test_draw_again_and_10_000_times(show):
    page = show(masking())
    before = words_shown(page)
    page.get_by_role("button", name="draw again").click()
    until(lambda: state(page)["draws"], 2)
    until(lambda: words_shown(page), differs(before))
    until(lambda: said(page), contains("Draw 2:"))
    until(page.locator(".over").inner_text, contains("Over 2 draws, 24 words"))
    page.get_by_role("button", name="100 draws", exact=True).click()
    settle(page)
    until(lambda: state(page)["draws"], 102)
    page.get_by_role("button", name="10,000 draws").click()
    settle(page)
    until(lambda: state(page)["draws"], 10_102)
    wanted = at(masking(), draws=10_102).statistics
    for name, share in wanted["shares"].items():
        until(page.get_by_test_id(f"share-{name}").inner_text, f"{100 * share:.1f} %")
        assert abs(share - {"chosen": 0.15, "masked": 0.8}.get(name, 0.1)) < 0.01
    for _ in range(3):
        page.get_by_role("button", name="10,000 draws").click()
    until(lambda: said(page), contains("30,000 draws are as many as it counts"))
    page.get_by_role("button", name="reset").click()
    until(lambda: words_shown(page), before)
    until(lambda: state(page)["draws"], 1)


def test_few_draws_are_counted_and_many_have_bands(show):
    view = masking()
    page = show(view)
    until(page.locator(".over").inner_text, contains("thin line: the intended share"))
    counts, texts = view.statistics["counts"], page.locator(".rows .quiet")
    until(lambda: texts.first.inner_text(), f"{counts['chosen']} of 12, intended 15 %")
    until(lambda: page.locator(".zone").first.bounding_box()["width"], 0)
    page.get_by_role("button", name="100 draws", exact=True).click()
    until(page.locator(".over").inner_text, contains("grey: where chance puts 95 of 100 shares"))
    until(lambda: texts.first.inner_text(), contains("by chance"))
    until(lambda: page.locator(".zone").first.bounding_box()["width"] > 2)


def beside(page):
    """Each label at the left: (its text, its box)."""
    settle(page)
    return [(e.inner_text().split("\n")[0], e.bounding_box()) for e in page.locator(".beside").all()]


@pytest.mark.parametrize("width", [1000, 420])
def test_each_line_says_at_its_left_what_it_is(show, width):
    """Labels are level with what they name, and no word runs into them; on a phone the masking lab has none."""
    for view, row, wanted in (
        (masking(), "li b", {"to predict", "model reads"} if width > 700 else set()),
        (expected(), ".word small", {"before", "after"}),
        (labs.tagged(NAMES, TAGS, predicted=GUESSED), ".tag", {"true tag", "model"}),
        (answered(), ".tag, .pair", {"start", "true"}),
    ):
        page = show(view, width=width)
        shown = [(text, box) for text, box in beside(page) if box]
        assert {text for text, _ in shown} == wanted
        rows = [box for box in (e.bounding_box() for e in page.locator(row).all()) if box]
        for text, box in shown:
            middle = box["y"] + box["height"] / 2
            level = [r for r in rows if r["y"] <= middle <= r["y"] + r["height"]]
            assert text == "to predict" or level, text
            assert all(box["x"] + box["width"] <= r["x"] + 1 for r in level), text


def test_bars_and_bands_have_their_widths(show):
    view = masking(draws=40)
    page = show(view)
    settle(page)
    s = view.statistics
    for i, name in enumerate(s["shares"]):
        track, bar, zone = (
            page.locator(c).nth(i).evaluate("e => [e.getBoundingClientRect().x, e.getBoundingClientRect().width]")
            for c in (".track", ".track .bar", ".zone")
        )
        low, high = s["bands"][name]
        assert bar[1] / track[1] == pytest.approx(s["shares"][name], abs=0.02)
        assert zone[1] / track[1] == pytest.approx(high - low, abs=0.02)
        assert (zone[0] - track[0]) / track[1] == pytest.approx(low, abs=0.02)


def test_special_words_are_never_chosen(show):
    page = show(masking(share=0.5))
    for draw in range(1, 120):
        drawn = numbers(page, draws=draw)["drawn"]
        assert all(drawn[i]["kind"] == "special" and drawn[i]["input"] == WORDS[i] for i in (0, 7, 14))
    until(lambda: all(words_shown(page)[i] == ("", WORDS[i], "") for i in (0, 7, 14)))


def test_the_share_slider_asks_for_more_words(show):
    page = show(masking())
    few = len([w for w in words_shown(page) if w[0]])
    slider = page.get_by_label("share chosen")
    slider.focus()
    page.keyboard.press("End")
    until(lambda: state(page)["share"], 0.5)
    until(lambda: len([w for w in words_shown(page) if w[0]]) > few)
    page.keyboard.press("Home")
    assert numbers(page)["counts"]["chosen"] == 0
    until(lambda: said(page), contains("Nothing to learn from: that happens in 54.0 % of all draws"))  # 0.95 ** 12
    until(page.get_by_test_id("share-masked").inner_text, "–")


def test_the_bars_fill_up_and_arrive(show):
    page = show(masking(), motion=True)
    page.evaluate(
        """() => { const over = document.querySelector('.course-view').shadowRoot.querySelector('.over');
        window.seen = [];
        new MutationObserver(() => seen.push(over.textContent)).observe(over, { childList: true }) }"""
    )
    page.get_by_role("button", name="10,000 draws").click()
    page.wait_for_function("window.seen.at(-1)?.startsWith('Over 10,001 draws')")
    until(lambda: len(set(page.evaluate("seen"))) > 10)
    until(lambda: said(page), contains("Draw 10,001"))


# ---- the sum of three embeddings
def test_sums_equal_torch(show):
    page = show(sums())
    given = [p.double() for p in parts()]
    for on in itertools.product((False, True), repeat=3):
        shown = numbers(page, parts=list(on), word=1)
        whole = sum(p * use for p, use in zip(given, on, strict=True)) + torch.zeros(15, 40, dtype=torch.float64)
        assert np.allclose(shown["sum"], whole, atol=1e-6, rtol=0)
        [(place, apart)] = shown["twins"]
        assert place == 5 and apart == pytest.approx(float((whole[1] - whole[5]).norm()), abs=1e-6)


def test_without_positions_equal_words_are_the_same(show):
    page = show(sums())
    until(lambda: said(page), contains("its sum lies"))
    before = picture(page)
    page.get_by_label("position", exact=True).uncheck()
    until(lambda: said(page), contains("The same sum, number by number, as “the” at position 6"))
    until(lambda: picture(page), differs(before))
    until(lambda: state(page)["parts"], [True, True, False])
    page.get_by_label("token", exact=True).uncheck()
    page.get_by_label("segment", exact=True).uncheck()
    assert np.abs(numbers(page)["sum"]).max() == 0


def test_embeddings_by_keys(show):
    page = show(sums())
    page.get_by_test_id("picture").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    until(lambda: (state(page)["word"], state(page)["feature"]), (2, 1))
    given = [float(p[2, 1]) for p in parts()]
    until(lambda: said(page), contains("“man”, position 3, segment 0, feature 1 of 40"))
    for x in (*given, sum(given)):
        until(lambda: said(page).replace("−", "-"), contains(f"{x:.3f}"))
    page.keyboard.press("End")
    settle(page)
    until(lambda: state(page)["feature"], 39)
    until(lambda: state(page)["first"], 24)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    settle(page)
    until(lambda: state(page)["feature"] == state(page)["first"] == 0)
    until(lambda: page.get_by_test_id("picture").get_attribute("aria-label"), contains("“man”, feature 0"))


def test_embeddings_by_pointer(show):
    page = show(sums())
    settle(page)
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 12)
    until(lambda: said(page), contains("“[SEP]”, position 15"))
    until(lambda: state(page)["word"], 1)
    page.mouse.move(2, 2)
    until(lambda: said(page), contains("“the”, position 2"))
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] - 12)
    settle(page)
    until(lambda: (state(page)["word"], state(page)["feature"]), (14, 14))
    page.mouse.move(2, 2)
    until(lambda: said(page), contains("“[SEP]”, position 15"))


def test_colours_have_a_scale(show):
    normed = torch.nn.functional.layer_norm(sum(parts()), (40,))
    view = labs.embeddings(parts(), WORDS, normed=normed)
    page = show(view)
    scales = page.locator(".scales span")
    until(scales.count, 3)
    for number, reach in enumerate(view.options["reach"].values()):
        until(scales.nth(number).inner_text, lambda text, end=f"{reach:g}": f"−{end}" in text and text.endswith(end))
    until(scales.last.inner_text, "features 0 to 15 of 40")
    ramp = page.locator(".scales i").first
    until(lambda: ramp.bounding_box()["width"] > 50)
    until(lambda: ramp.evaluate("e => getComputedStyle(e).backgroundImage"), contains("gradient"))


def test_each_cell_has_the_colour_of_its_number(show):
    """Found by pointing: the pixel under the pointer is paper, towards sand above 0 and towards brick below."""
    view = sums()
    page = show(view)
    page.get_by_label("features from").focus()
    page.keyboard.press("End")
    settle(page)
    until(lambda: state(page)["first"], 24)
    box = page.locator("canvas").bounding_box()
    paper, ink = np.array(PAPER), {True: np.array(SAND), False: np.array(BRICK)}
    right, y, matches = int(box["width"]), int(box["height"]) - 16, {}
    for x in range(right - 100, right - 6, 3):
        page.mouse.move(box["x"] + x, box["y"] + y)
        place, feature = (int(re.search(f"{name} (\\d+)", said(page))[1]) for name in ("position", "feature"))
        if place == 15:
            number = view.sum[14, feature]
            wanted = paper + (ink[bool(number > 0)] - paper) * min(1, abs(number) / view.options["reach"]["parts"])
            pixel = page.locator("canvas").evaluate(
                "(c, [x, y]) => Array.from(c.getContext('2d').getImageData(x, y, 1, 1).data.slice(0, 3))", [x, y]
            )
            matches.setdefault(feature, []).append(np.allclose(pixel, wanted, atol=2))
    assert {33, 34, 35, 36, 37, 38, 39} <= set(matches)
    assert all(any(found) for feature, found in matches.items() if feature > 32), matches


# ---- predictions
def rows_shown(page, model=0):
    """(word, probability, note) of each bar, from the page."""
    settle(page)
    bars = page.get_by_test_id(f"model-{model}").locator(".bars")
    return list(zip(*(bars.locator(cells).all_inner_texts() for cells in (".w", ".p", ".note")), strict=True))


def test_bars_equal_torch(show):
    page = show(expected())
    given = [chances(3).double(), chances(4).double()]
    for position in range(15):
        shown = numbers(page, position=position)
        for model, p in zip(shown, given, strict=True):
            best, ids = p[position].topk(5)
            assert [b["word"] for b in model["bars"]] == [VOCABULARY[i] for i in ids]
            assert np.allclose([b["p"] for b in model["bars"]], best, atol=1e-6, rtol=0)
            true = hidden()[1][position]
            if true is None:
                assert model["true"] is None
                continue
            i = VOCABULARY.index(true)
            assert model["true"]["p"] == pytest.approx(float(p[position, i]), abs=1e-6)
            assert model["true"]["rank"] == 1 + int((p[position] > p[position, i]).sum())


def test_the_bars_show_the_numbers(show):
    view = expected(select=6)
    page = show(view)
    for m in (0, 1):
        shown, bars, true = rows_shown(page, m), view.bars(m), view.true(m)
        for (word, p), (text, number, note) in zip(bars, shown[:5], strict=True):
            assert (text, number) == (word, chance(p))
            assert note == ("← true" if word == true[0] else "")
        rest = 1 - sum(p for _, p in bars)
        if true[2] > 5:
            assert shown[6][0] == "store" and shown[6][2] == f"true, rank {true[2]}"
            rest -= true[1]
        else:
            assert len(shown) == 6
        assert shown[5][0] == "all others" and abs(float(shown[5][1].strip("< ")) - rest) < 2e-3
        panel = page.get_by_test_id(f"model-{m}").locator(".bars > i")
        track, bar = (panel.nth(0).evaluate(f"e => e{c}.getBoundingClientRect().width") for c in ("", ".firstChild"))
        assert bar / track == pytest.approx(bars[0][1], abs=0.02)
        right, of = view.right(m)
        until(page.get_by_test_id(f"model-{m}").inner_text, contains(f"right at {right} of {of} positions"))
    assert {view.true(m)[2] > 5 for m in (0, 1)} == {True, False}, "both cases were seen"


def test_all_others_are_what_is_left(show):
    p = torch.full((3, 4), 0.1)
    p[:, :2] = torch.tensor([0.5, 0.3])
    page = show(labs.predictions(list("abc"), p, list("abcd"), truth=[None, "b", "a"], top=1))
    until(lambda: rows_shown(page), [("a", "0.500", ""), ("all others", "0.200", ""), ("b", "0.300", "true, rank 2")])
    page.locator('[data-word="2"]').click()
    until(lambda: rows_shown(page)[:2], [("a", "0.500", "← true"), ("all others", "0.500", "")])
    page.locator('[data-word="0"]').click()
    until(lambda: rows_shown(page)[:2], [("a", "0.500", ""), ("all others", "0.500", "")])


def test_words_are_chosen_by_click_and_keys(show):
    view = expected()
    page = show(view)
    page.locator('[data-word="4"]').click()
    until(lambda: said(page), contains("At position 5, “to”"))
    until(lambda: state(page)["position"], 4)
    until(lambda: rows_shown(page)[0][0], view.bars(0, 4)[0][0])
    for key, place in (("ArrowRight", 5), ("ArrowRight", 6), ("ArrowLeft", 5), ("End", 14), ("Home", 0)):
        page.keyboard.press(key)
        settle(page)
        until(lambda: state(page)["position"], place)
        until(lambda: focused(page).startswith(view.options["names"][place]))
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    until(lambda: said(page), contains("At position 14, “[MASK]”"))
    pressed = page.locator(".word[aria-pressed=true]")
    until(pressed.count, 1)
    until(lambda: pressed.get_attribute("data-word"), "13")
    until(page.locator('.word[tabindex="0"]').count, 1)


def test_the_covered_word_is_a_gap(show):
    """From the beginning: the word is not to be seen, its room stays, and the text says which word it was."""
    words = ["a", "dog", "bites"]
    page = show(labs.predictions(words, torch.eye(3), words, truth=words, select="dog"))
    until(lambda: said(page), contains("At position 2, “dog” is covered. The model expects “dog”, the true word."))
    until(lambda: [e.is_visible() for e in page.locator(".word span").all()], [True, False, True])
    widths = lambda: [e.bounding_box()["width"] for e in page.locator(".word").all()]  # noqa: E731
    before = widths()
    page.keyboard.press("Tab")
    page.locator('[data-word="2"]').click()
    until(lambda: [e.is_visible() for e in page.locator(".word span").all()], [True, True, False])
    until(widths, before)


def test_only_asked_positions_can_be_chosen(show):
    page = show(scenes()["predictions"])
    until(page.locator("button.word").count, 3)
    page.locator("button.word").first.focus()
    for key, place in (("ArrowRight", 6), ("ArrowRight", 13), ("ArrowRight", 13), ("Home", 2)):
        page.keyboard.press(key)
        settle(page)
        until(lambda: state(page)["position"], place)
    marks = [b.inner_text().split("\n")[-1].strip() for b in page.locator("button.word").all()]
    assert marks == ["✓" if scenes()["predictions"].true(0, p)[2] == 1 else "✗" for p in (2, 6, 13)]


def test_words_that_cannot_be_chosen_are_words_all_the_same(show):
    """Only [CLS] and such are small and grey; the sentence around a gap is not."""
    page = show(scenes()["predictions"])
    look = "e => { const s = getComputedStyle(e.querySelector('span')); return [s.fontSize, s.color] }"
    until(page.locator(".word").count, 15)
    looks = dict(zip(range(15), (e.evaluate(look) for e in page.locator(".word").all()), strict=True))
    words = [i for i in range(15) if i not in (0, 2, 6, 7, 13, 14)]
    assert {tuple(looks[i]) for i in words} == {tuple(looks[6])}, "as the [MASK] that can be chosen"
    assert {tuple(looks[i]) for i in (0, 7, 14)} & {tuple(looks[i]) for i in words} == set()


def test_a_certain_model_is_right_everywhere(show):
    sure = torch.eye(len(VOCABULARY))[[VOCABULARY.index(w) for w in WORDS]]
    page = show(labs.predictions(hidden()[0], sure, VOCABULARY, truth=hidden()[1], select=2))
    until(lambda: said(page), contains("expects “man”, the true word"))
    until(page.locator(".score").inner_text, contains("right at 3 of 3 positions"))
    until(page.locator("button.word", has_text="✓").count, 3)


# ---- spans and answers
def test_the_browser_answers_as_python_does(show):
    """Which answer is the best is asked in tests/unit/chapters/test_bert_views.py."""
    start, end = (torch.softmax(2 * noise(40, seed=seed), -1) for seed in (0, 100))
    view = labs.tagged([f"w{i}" for i in range(40)], start=start, end=end, longest=40)
    page = show(view)
    for now in ({"longest": n, "rule": "together"} for n in (1, 2, 5, 40)):
        assert numbers(page, **now)["answer"] == pytest.approx(list(at(view, **now).answer), abs=1e-6)
    assert numbers(page, rule="apart")["answer"] == pytest.approx(list(at(view, rule="apart").answer), abs=1e-6)


def framed(page):
    settle(page)
    return [int(e.get_attribute("data-word")) for e in page.locator(".word.in").all()]


def test_the_answer_moves_with_its_rule(show):
    start, end = torch.zeros(15), torch.zeros(15)
    start[[4, 8]], end[[3, 6]] = torch.tensor([0.6, 0.4]), torch.tensor([0.7, 0.3])
    view = labs.tagged(NAMES, [(4, 6, "answer")], start=start, end=end)
    page = show(view)
    until(lambda: framed(page), [4, 5, 6])
    until(lambda: said(page), contains("✓ It is the true one"))
    until(lambda: said(page), contains("“from Old Town”, 0.600 × 0.300 = 0.180"))
    page.get_by_text("each by itself").click()
    until(lambda: framed(page), [])
    until(lambda: said(page), contains("No answer: it would end before it starts, 0.600 × 0.700"))
    page.get_by_text("start × end, in order").click()
    page.get_by_label("at most … words").focus()
    page.keyboard.press("Home")
    until(lambda: framed(page), [0])
    until(lambda: said(page), contains("✗ True: “from Old Town”"))
    page.get_by_role("button", name="reset").click()
    until(lambda: framed(page), [4, 5, 6])


def test_the_caption_is_about_the_rule(show):
    start, end = torch.zeros(15), torch.zeros(15)
    start[[4, 8]], end[[3, 6]] = torch.tensor([0.6, 0.4]), torch.tensor([0.7, 0.3])
    page = show(labs.tagged(NAMES, start=start, end=end, caption="The best pair is [output|framed]."))
    caption = page.locator(".caption")
    until(caption.inner_text, "The best pair is framed.")
    page.get_by_text("each by itself").click()
    until(caption.inner_text, contains("The best end comes before the best start: no frame."))
    page.get_by_role("button", name="reset").click()
    until(caption.inner_text, "The best pair is framed.")


def test_bars_stand_above_their_words(show):
    view = answered()
    page = show(view)
    settle(page)
    size = page.locator(".word").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    for k, name in enumerate(("start", "end")):
        for i, p in enumerate(view.arrays[name]):
            post = page.locator(f'[data-word="{i}"] .post').nth(k)
            until(lambda: post.locator("i").evaluate("e => e.offsetHeight"), pytest.approx(3 * p * size, abs=4.6))
            until(post.inner_text, f"{p:.2f}"[1:] if p >= 0.05 else "")


def test_tags_are_written_under_their_words(show):
    page = show(labs.tagged(NAMES, TAGS, predicted=GUESSED))
    for i, (true, guess) in enumerate(zip(TAGS, GUESSED, strict=True)):
        until(page.locator(f'[data-word="{i}"] .tag').all_inner_texts, [
            true, guess + (" ✗" if guess != true else "")
        ])  # fmt: skip
    until(lambda: said(page), contains("2 right: “Old Town” place, “Green River Company” firm"))
    until(lambda: said(page), contains("2 missed: “Anna Maria Berg” person, “Lakeside” place"))
    until(lambda: said(page), contains("2 invented: “Anna Maria” person, “Lakeside” firm"))
    first = [page.locator(f'[data-word="{i}"] .tag').first for i in (0, 5, 11)]
    for what in ("backgroundColor", "borderTopStyle"):
        looks = {tag.evaluate(f"e => getComputedStyle(e).{what}") for tag in first}
        assert len(looks - {"rgba(0, 0, 0, 0)"}) == 3, "kinds differ, not by colour alone"


@pytest.mark.parametrize("tags", [TAGS, GUESSED, ODD])
def test_spans_in_the_browser_are_those_of_python(show, tags):
    from chapters.ch06.labs.tagged import spans_of

    view = labs.tagged(NAMES, TAGS, predicted=tags)
    shown = numbers(show(view))
    assert shown["spans"] == [list(s) for s in spans_of(TAGS)]
    assert shown["found"] == {name: [list(s) for s in spans] for name, spans in view.found.items()}


def test_words_of_a_text_by_click_and_keys(show):
    page = show(labs.tagged(NAMES, TAGS, predicted=GUESSED))
    page.locator('[data-word="8"]').click()
    until(lambda: said(page), contains("“Lakeside” (word 9): B-place, predicted B-firm."))
    until(lambda: state(page)["word"], 8)
    for key, place in (("ArrowRight", 9), ("ArrowLeft", 8), ("Home", 0), ("End", 14)):
        page.keyboard.press(key)
        settle(page)
        until(lambda: state(page)["word"], place)
        until(lambda: focused(page).startswith(NAMES[place]))
    page = show(answered())
    page.locator('[data-word="5"]').click()
    start, end = (answered().arrays[n][5] for n in ("start", "end"))
    until(lambda: said(page), contains(f"start {chance(start)}, end {chance(end)}"))


# ---- how they look and behave
WALK = """async () => {
  const view = document.querySelector('.course-view'), root = view.shadowRoot;
  const heights = new Set(), pictures = new Set(), body = root.querySelector('.body');
  const note = async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    heights.add(view.offsetHeight);
    pictures.add([...root.querySelectorAll('canvas')].map(c => c.toDataURL()).join() + body.innerHTML);
  };
  for (const slider of root.querySelectorAll('input[type=range]'))
    for (let i = 0; i <= +slider.max; i += Math.max(1, Math.floor(+slider.max / 6))) {
      slider.value = i;
      slider.dispatchEvent(new Event('input'));
      await note();
    }
  const pressed = 'input[type=radio], input[type=checkbox], .controls button, button.word, .foot > button';
  for (const other of root.querySelectorAll(pressed)) {
    other.click();
    await note();
  }
  return [[...heights], pictures.size, view.scrollWidth - view.clientWidth];
}"""


@pytest.mark.parametrize("name", SCENES)
def test_every_control_repaints_and_nothing_jumps(show, name):
    page = show(scenes()[name])
    for width in (1000, 760, 420):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        heights, pictures, over = page.evaluate(WALK)
        assert len(heights) == 1, (width, heights)
        assert pictures >= 3 and over <= 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_axe_violations(show, violations, dark):
    page = show(*scenes().values(), dark=dark, width=420 if dark else 1000)
    for summary in page.locator(".more summary").all():
        summary.click()
    assert violations(page, "main") == []
    until(lambda: page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_everything_has_its_name_before_the_first_picture(show):
    """In an element without size nothing is painted: names must be there all the same."""
    views = "".join(f'<div style="display:none">{pages.bare(v)}</div>' for v in scenes().values())
    page = show(html=views)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.course-view')].flatMap(v => [...v.shadowRoot.querySelectorAll(
        'button, [tabindex], canvas, [role=group]')].filter(e => !e.getAttribute('aria-label') && !e.textContent.trim()
        && !e.getAttribute('aria-hidden')).map(e => e.outerHTML))"""
    )
    assert nameless == []
    until(page.locator(".course-view").count, len(SCENES))


def test_theme_switch_repaints(show):
    page = show(sums())
    before = picture(page)
    page.evaluate("document.body.style.cssText += ';background:#111;color:#e0e0e0'")
    until(lambda: picture(page), differs(before))
    page = show(masking())
    settle(page)
    colour = "document.querySelector('.course-view').shadowRoot.querySelector('.view').style.getPropertyValue('--sand')"
    before = page.evaluate(colour)
    page.evaluate("document.body.style.cssText += ';background:#111;color:#e0e0e0'")
    until(lambda: page.evaluate(colour), differs(before))


def test_presenting_size(show):
    views = scenes().values()
    for view in views:
        view.presenting = True
    page = show(*views, width=1280)
    for shown in page.locator(".course-view").all():
        until(lambda: shown.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)
        inner, outer = shown.evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert inner <= outer + 1
        until(lambda: shown.bounding_box()["height"] < 1080)


def test_pages_without_scripts_keep_picture_words_and_table(show):
    page = show(*scenes().values(), scripts=False)
    until(page.locator("img").count, len(SCENES))
    for image in page.locator("img").all():
        until(lambda: len(image.get_attribute("alt")) > 60)
        until(lambda: image.bounding_box()["width"] > 200)
    page.locator("summary").first.click()
    until(page.locator("table").first.is_visible)


def test_tables_in_the_browser_are_those_of_python(show):
    views = scenes().values()
    page = show(*views)
    for view, shown in zip(views, page.locator(".course-view").all(), strict=True):
        shown.locator(".more summary").last.click()
        shown.locator("tbody tr").first.wait_for()
        rows = shown.evaluate(
            "v => [...v.shadowRoot.querySelectorAll('tr')].map(r => [...r.children].map(c => c.textContent))"
        )
        assert [[c.replace("−", "-") for c in row] for row in rows] == [
            [c.replace("−", "-") for c in row] for row in (view.table().header, *view.table().rows)
        ]


LIVE = """
import torch
import course_kit
from IPython.display import display
from chapters.ch06 import labs
from course_kit.views import plot
course_kit.setup()  # brings the program of the views
words = "[CLS] a b c [SEP]".split()
lab = labs.mask_tokens(words, live=True)
bars = labs.predictions(words, torch.eye(5), words, live=True)
spans = labs.tagged(words, ["O", "B-x", "I-x", "O", "O"], live=True)
three = labs.embeddings((torch.eye(5),) * 3, words, live=True)
heard = []
for view, name in ((lab, "draws"), (bars, "position"), (spans, "word"), (three, "word")):
    view.observe(lambda change, view=view: heard.append((type(view.view).__name__, change["new"])), name)
display(lab, bars, spans, three)
"""


def test_live_views_tell_python(notebook):
    nb = notebook("bert", [LIVE])
    assert nb.run() == []
    nb.page.wait_for_function(
        "[...document.querySelectorAll('.jp-OutputArea .course-view')].filter(e => e.view).length === 4"
    )
    nb.page.get_by_role("button", name="draw again").click()
    views = nb.page.locator(".jp-OutputArea .course-view")
    views.nth(1).locator('[data-word="3"]').click()
    views.nth(2).locator('[data-word="2"]').click()
    views.nth(3).get_by_test_id("picture").focus()
    nb.page.keyboard.press("ArrowDown")
    for event in ("('MaskTokens', 2)", "('Predictions', 3)", "('Tagged', 2)", "('Embeddings', 1)"):
        until(lambda: nb.ask("print(heard)"), contains(event))
    nb.ask("lab.draws = 50")
    nb.page.wait_for_function("document.querySelector('.jp-OutputArea .course-view').view.state.draws === 50")


@pytest.mark.parametrize("start", [False, True])
def test_tags_and_chances_are_smaller_than_the_words(show, start):
    view = answered() if start else labs.tagged(NAMES, TAGS, predicted=GUESSED)
    page = show(view)
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    word = page.locator(".word .text").first
    expect(word).to_be_visible()
    for small in (".tag", ".post small")[: 1 + start]:
        until(lambda small=small: page.locator(small).first.evaluate(size) < word.evaluate(size))
