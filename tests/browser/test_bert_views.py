"""Chapter 6's views under the hand: controls, keys and pointer reach the numbers, and the page shows these.

What they compute is held to torch and Python in tests/unit/chapters/test_bert_views.py, without a page.
"""

import re

import labs
import numpy as np
import one_page
import pages
import pytest
import torch
from waiting import contains, differs, picture, settle, state, until

from chapters.ch06.labs.words import chance
from course_kit.views.picture import BRICK, PAPER, SAND
from course_kit.views.view import at

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
(WORDS, VOCABULARY, CHINESE, NAMES, TAGS, GUESSED) = (
    line.split()
    for line in (
        "[CLS] the man went to the store [SEP] he bought a gallon of milk [SEP]",
        "the a man went to store he bought gallon of milk bread dog penguin [CLS] [SEP]",
        "[CLS] 今 天 天 气 很 好 [SEP] 我 出 去 跑 步 了 [SEP]",
        "Anna Maria Berg moved from Old Town to Lakeside with the Green River Company .",
        "B-person I-person I-person O O B-place I-place O B-place O O B-firm I-firm I-firm O",
        "B-person I-person O O O B-place I-place O B-firm O O B-firm I-firm I-firm O",
    )
)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def masking(**options):
    return labs.mask_tokens(WORDS, vocabulary=VOCABULARY, **options)


def parts(size=40):
    table = {w: i for i, w in enumerate(dict.fromkeys(WORDS))}
    token = noise(len(table), size)[[table[w] for w in WORDS]]
    return token, noise(2, size, seed=1)[[0] * 8 + [1] * 7], noise(len(WORDS), size, seed=2)


def sums(**options):
    return labs.embeddings(parts(), WORDS, segments=[0] * 8 + [1] * 7, select="the", **options)


def chances(seed=3):
    return torch.softmax(3 * noise(len(WORDS), len(VOCABULARY), seed=seed), -1)


TRUTH = [w if i in (2, 6, 13) else None for i, w in enumerate(WORDS)]
HIDDEN = ["[MASK]" if t else w for w, t in zip(WORDS, TRUTH, strict=True)]


def expected(**options):
    return labs.predictions(HIDDEN, {"before": chances(3), "after": chances(4)}, VOCABULARY, truth=TRUTH, **options)


def gaps():
    return labs.predictions(HIDDEN, chances(), VOCABULARY, truth=TRUTH, positions=[2, 6, 13])


def tags():
    return labs.tagged(NAMES, TAGS, predicted=GUESSED)


def answered(start=None, end=None, **options):
    if start is None:
        start, end = torch.softmax(3 * noise(15, seed=8), -1), torch.softmax(3 * noise(15, seed=9), -1)
    return labs.tagged(NAMES, [(4, 6, "answer")], start=start, end=end, question="Where?", **options)


def scenes():
    return {
        "masking": masking(),
        "masking in Chinese": labs.mask_tokens(CHINESE, draws=100, seed=3, share=0.3),
        "sums": sums(),
        "normed": sums(normed=torch.nn.functional.layer_norm(sum(parts()), (40,))),
        "predictions": gaps(),
        "two models": expected(),
        "tags": labs.tagged(NAMES, TAGS),
        "predicted tags": tags(),
        "answer": answered(),
    }


SCENES = list(scenes())


def said(page):
    settle(page)
    return page.get_by_test_id("readout").inner_text().replace("\n", " ")


def focused(page):
    return page.evaluate("document.activeElement.shadowRoot.activeElement?.textContent ?? ''")


def walk(page, name, steps, words):
    """Keys in a line of words choose one, which then has the focus."""
    for key, place in steps:
        page.keyboard.press(key)
        until(lambda: state(page)[name], place)
        until(lambda: focused(page).startswith(words[place]))


# ---- the masking lab
def words_shown(page):
    """What each word's position shows: (the word above, what the model reads, the kind written below)."""
    settle(page)
    return [tuple(item.locator("span, b").all_inner_texts()) for item in page.locator(".tokens li").all()]


def words_of(view):
    notes = {"special": "", "as it is": ""}
    return [(m.label or "", m.input, notes.get(m.kind, m.kind)) for m in view.masked]


def test_each_position_says_what_was_done(put):
    every = {"special", "as it is", "masked", "random", "kept"}
    draws = (masking(draws=n, share=0.5) for n in range(1, 200))
    view = next(view for view in draws if {m.kind for m in view.masked} == every)
    page = put(view)
    until(lambda: words_shown(page), words_of(view))
    look = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderTopStyle, s.borderTopColor] }"
    boxes = page.locator(".tokens li b")
    looks = {m.kind: boxes.nth(i).evaluate(look) for i, m in enumerate(view.masked)}
    assert len({str(look) for look in looks.values()}) >= 4 and looks["kept"][1] == "dashed"


def test_draws_and_their_shares(put):
    page = put(masking())
    until(lambda: words_shown(page), words_of(masking()))
    until(lambda: page.locator(".zone").first.bounding_box()["width"], 0)  # few draws have no bands
    for button, draws in (("draw again", 2), ("100 draws", 102), ("10,000 draws", 10_102)):
        page.get_by_role("button", name=button, exact=True).click()
        until(lambda: state(page)["draws"], draws)
        view = at(masking(), draws=draws)
        until(lambda: words_shown(page), words_of(view))
        for i, (name, share) in enumerate(view.statistics["shares"].items()):
            until(page.get_by_test_id(f"share-{name}").inner_text, f"{100 * share:.1f} %")
            box = "e => [e.getBoundingClientRect().x, e.getBoundingClientRect().width]"
            track, bar, zone = (page.locator(c).nth(i).evaluate(box) for c in (".track", ".track .bar", ".zone"))
            assert bar[1] / track[1] == pytest.approx(share, abs=0.02)
            if draws > 30:
                low, high = view.statistics["bands"][name]
                assert zone[1] / track[1] == pytest.approx(high - low, abs=0.02)
                assert (zone[0] - track[0]) / track[1] == pytest.approx(low, abs=0.02)
    for _ in range(2):
        page.get_by_role("button", name="10,000 draws").click()
    until(lambda: state(page)["draws"], masking().options["most"])
    page.get_by_role("button", name="reset").click()
    until(lambda: words_shown(page), words_of(masking()))
    page.get_by_label("share chosen").focus()
    page.keyboard.press("End")
    until(lambda: words_shown(page), words_of(at(masking(), share=0.5)))
    page.keyboard.press("Home")
    until(page.get_by_test_id("share-masked").inner_text, "–")  # nothing is chosen
    until(lambda: said(page), contains("54.0 %"))  # 0.95 ** 12: how often that happens


def test_the_bars_fill_up_and_arrive(put):
    page = put(masking(), motion=True)
    page.evaluate(
        """() => { const over = document.querySelector('.course-view').shadowRoot.querySelector('.over');
        window.seen = [];
        new MutationObserver(() => seen.push(over.textContent)).observe(over, { childList: true }) }"""
    )
    page.get_by_role("button", name="10,000 draws").click()
    until(lambda: page.evaluate("seen.at(-1) ?? ''"), contains("10,001"))
    until(lambda: len(set(page.evaluate("seen"))) > 10)


def test_each_line_says_at_its_left_what_it_is(put):
    """Labels are level with what they name, and no word runs into them; on a phone the masking lab has none."""
    for view, row, wanted in (
        (masking(), "li b", {"to predict", "model reads"}),
        (expected(), ".word small", {"before", "after"}),
        (tags(), ".tag", {"true tag", "model"}),
        (answered(), ".tag, .pair", {"start", "true"}),
    ):
        page = put(view)
        for width in (1000, 420):
            page.set_viewport_size({"width": width, "height": 900})
            settle(page)
            named = [(e.inner_text().split("\n")[0], e.bounding_box()) for e in page.locator(".beside").all()]
            named = [(text, box) for text, box in named if box]
            assert {text for text, _ in named} == (set() if (row, width) == ("li b", 420) else wanted)
            rows = [box for box in (e.bounding_box() for e in page.locator(row).all()) if box]
            for text, box in named:
                middle = box["y"] + box["height"] / 2
                level = [r for r in rows if r["y"] <= middle <= r["y"] + r["height"]]
                assert text == "to predict" or level, text
                assert all(box["x"] + box["width"] <= r["x"] + 1 for r in level), text


# ---- the sum of three embeddings
def test_a_part_is_switched_off(put):
    page = put(sums())
    before = picture(page)
    for i, name in enumerate(("position", "token", "segment")):
        page.get_by_label(name, exact=True).uncheck()
        until(lambda: sum(state(page)["parts"]), 2 - i)
    until(lambda: picture(page), differs(before))
    until(lambda: np.abs(page.evaluate("document.querySelector('.course-view').view.numbers().sum")).max(), 0)


def test_embeddings_by_keys_and_pointer(put):
    page = put(sums())
    chosen = lambda: (state(page)["word"], state(page)["feature"])  # noqa: E731
    page.get_by_test_id("picture").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    until(chosen, (2, 1))
    given = [float(p[2, 1]) for p in parts()]
    for x in ("“man”", *(f"{x:.3f}" for x in (*given, sum(given)))):
        until(lambda: said(page).replace("−", "-"), contains(x))
    until(lambda: page.get_by_test_id("picture").get_attribute("aria-label"), contains("“man”, feature 1"))
    page.keyboard.press("End")
    until(lambda: (state(page)["feature"], state(page)["first"]), (39, 24))  # the window follows
    page.keyboard.press("Home")
    until(lambda: (state(page)["feature"], state(page)["first"]), (0, 0))
    box = page.locator("canvas").bounding_box()
    corner = box["x"] + box["width"] - 20, box["y"] + box["height"] - 12
    page.mouse.move(*corner)
    until(lambda: said(page), contains("“[SEP]”, position 15"))
    until(chosen, (2, 0))
    page.mouse.move(2, 2)
    until(lambda: said(page), contains("“man”, position 3"))
    page.mouse.click(*corner)
    page.mouse.move(2, 2)
    until(chosen, (14, 14))
    until(lambda: said(page), contains("“[SEP]”, position 15"))


def test_each_cell_has_the_colour_of_its_number(put):
    """Found by pointing: the pixel under the pointer is paper, towards sand above 0 and towards brick below."""
    view = sums()
    page = put(view)
    page.get_by_label("features from").focus()
    page.keyboard.press("End")
    until(lambda: state(page)["first"], 24)
    box = page.locator("canvas").bounding_box()
    paper, ink = np.array(PAPER), {True: np.array(SAND), False: np.array(BRICK)}
    right, y, matches = int(box["width"]), int(box["height"]) - 16, {}
    for x in range(right - 70, right - 6, 4):
        page.mouse.move(box["x"] + x, box["y"] + y)
        place, feature = (int(re.search(f"{name} (\\d+)", said(page))[1]) for name in ("position", "feature"))
        if place == 15:
            number = view.sum[14, feature]
            wanted = paper + (ink[bool(number > 0)] - paper) * min(1, abs(number) / view.options["reach"]["parts"])
            pixel = page.locator("canvas").evaluate(
                "(c, [x, y]) => Array.from(c.getContext('2d').getImageData(x, y, 1, 1).data.slice(0, 3))", [x, y]
            )
            matches.setdefault(feature, []).append(np.allclose(pixel, wanted, atol=2))
    assert {36, 37, 38, 39} <= set(matches) and all(any(matches[feature]) for feature in (36, 37, 38, 39)), matches


# ---- predictions
def rows_shown(page, model=0):
    """(word, probability, note) of each bar, from the page."""
    settle(page)
    bars = page.get_by_test_id(f"model-{model}").locator(".bars")
    return list(zip(*(bars.locator(cells).all_inner_texts() for cells in (".w", ".p", ".note")), strict=True))


def test_the_bars_show_the_numbers(put):
    view = expected(select=6)
    page = put(view)
    for m in (0, 1):
        shown, bars, true = rows_shown(page, m), view.bars(m), view.true(m)
        for (word, p), (text, number, note) in zip(bars, shown[:5], strict=True):
            assert (text, number, bool(note)) == (word, chance(p), word == true[0])
        assert len(shown) == 6 + (true[2] > 5)
        if true[2] > 5:
            assert shown[6][0] == "store" and str(true[2]) in shown[6][2]
        panel = page.get_by_test_id(f"model-{m}").locator(".bars > i")
        track, bar = (panel.nth(0).evaluate(f"e => e{c}.getBoundingClientRect().width") for c in ("", ".firstChild"))
        assert bar / track == pytest.approx(bars[0][1], abs=0.02)
        right, of = view.right(m)
        until(page.get_by_test_id(f"model-{m}").locator(".score").inner_text, contains(f"{right} of {of}"))
    assert {view.true(m)[2] > 5 for m in (0, 1)} == {True, False}, "both cases were seen"


def test_words_are_chosen_by_click_and_keys(put):
    view = expected()
    page = put(view)
    page.locator('[data-word="4"]').click()
    until(lambda: state(page)["position"], 4)
    until(lambda: said(page), contains("“to”"))
    until(lambda: rows_shown(page)[0][0], view.bars(0, 4)[0][0])
    steps = (("ArrowRight", 5), ("ArrowRight", 6), ("ArrowLeft", 5), ("Home", 0), ("End", 14), ("ArrowLeft", 13))
    walk(page, "position", steps, view.options["names"])
    pressed = page.locator(".word[aria-pressed=true]")
    until(pressed.count, 1)
    until(lambda: pressed.get_attribute("data-word"), "13")
    until(page.locator('.word[tabindex="0"]').count, 1)


def test_the_covered_word_is_a_gap(put):
    """From the beginning: the word is not to be seen, its room stays, and the text says which word it was."""
    words = ["a", "dog", "bites"]
    page = put(labs.predictions(words, torch.eye(3), words, truth=words, select="dog"))
    until(lambda: said(page), contains("“dog” is covered"))
    until(lambda: [e.is_visible() for e in page.locator(".word span").all()], [True, False, True])
    widths = lambda: [e.bounding_box()["width"] for e in page.locator(".word").all()]  # noqa: E731
    before = widths()
    page.keyboard.press("Tab")
    page.locator('[data-word="2"]').click()
    until(lambda: [e.is_visible() for e in page.locator(".word span").all()], [True, True, False])
    until(widths, before)


def test_only_asked_positions_can_be_chosen_and_the_sentence_around_them_is_not_small(put):
    view = gaps()
    page = put(view)
    until(page.locator("button.word").count, 3)
    page.locator("button.word").first.focus()
    steps = (("ArrowRight", 6), ("ArrowRight", 13), ("ArrowRight", 13), ("Home", 2))
    walk(page, "position", steps, HIDDEN)
    marks = [b.inner_text().split("\n")[-1].strip() for b in page.locator("button.word").all()]
    assert marks == ["✓" if view.true(0, p)[2] == 1 else "✗" for p in (2, 6, 13)]
    look = "e => { const s = getComputedStyle(e.querySelector('span')); return [s.fontSize, s.color].join() }"
    looks = [e.evaluate(look) for e in page.locator(".word").all()]
    around = {looks[i] for i in range(15) if i not in (0, 2, 7, 13, 14)}
    assert len(around) == 1 and not around & {looks[i] for i in (0, 7, 14)}, "only [CLS] and such are grey"


# ---- spans and answers
def framed(page):
    settle(page)
    return [int(e.get_attribute("data-word")) for e in page.locator(".word.in").all()]


def test_the_answer_and_the_caption_move_with_the_rule(put):
    start, end = torch.zeros(15), torch.zeros(15)
    start[[4, 8]], end[[3, 6]] = torch.tensor([0.6, 0.4]), torch.tensor([0.7, 0.3])
    page = put(answered(start, end, caption="The best pair is [output|framed]."))
    caption = page.locator(".caption").inner_text
    until(lambda: framed(page), [4, 5, 6])
    until(lambda: said(page), lambda text: "“from Old Town”" in text and "0.180" in text and "✓" in text)
    until(caption, "The best pair is framed.")
    page.get_by_text("each by itself").click()
    until(lambda: framed(page), [])
    until(lambda: said(page), contains("0.600 × 0.700"))
    until(caption, contains("no frame"))
    page.get_by_text("start × end, in order").click()
    page.get_by_label("at most … words").focus()
    page.keyboard.press("Home")
    until(lambda: framed(page), [0])
    until(lambda: said(page), contains("✗"))
    page.get_by_role("button", name="reset").click()
    until(lambda: framed(page), [4, 5, 6])


def test_bars_stand_above_their_words(put):
    view = answered()
    page = put(view)
    settle(page)
    size = page.locator(".word").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    shown = page.evaluate(
        """() => [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.word')].map(word =>
        [...word.querySelectorAll('.post')].map(post => [post.querySelector('i').offsetHeight, post.innerText]))"""
    )
    for i, word in enumerate(shown):
        for (high, text), p in zip(word, (view.arrays[name][i] for name in ("start", "end")), strict=True):
            assert high == pytest.approx(3 * p * size, abs=4.6)
            assert text.strip() == (f"{p:.2f}"[1:] if p >= 0.05 else "")


def test_tags_are_written_small_under_their_words_and_kinds_differ(put):
    page = put(tags())
    for i, (true, guess) in enumerate(zip(TAGS, GUESSED, strict=True)):
        wanted = [true, guess + (" ✗" if guess != true else "")]
        until(page.locator(f'[data-word="{i}"] .tag').all_inner_texts, wanted)
    for part in ("2 right: “Old Town” place", "2 missed: “Anna Maria Berg” person", "2 invented: “Anna Maria” person"):
        until(lambda: said(page), contains(part))
    first = [page.locator(f'[data-word="{i}"] .tag').first for i in (0, 5, 11)]
    for what in ("backgroundColor", "borderTopStyle"):
        looks = {tag.evaluate(f"e => getComputedStyle(e).{what}") for tag in first}
        assert len(looks - {"rgba(0, 0, 0, 0)"}) == 3, "not by colour alone"
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    until(lambda: first[0].evaluate(size) < page.locator(".word .text").first.evaluate(size))


def test_words_of_a_text_by_click_and_keys(put):
    page = put(tags())
    page.locator('[data-word="8"]').click()
    until(lambda: state(page)["word"], 8)
    until(lambda: said(page), lambda text: "B-place" in text and "B-firm" in text)
    walk(page, "word", (("ArrowRight", 9), ("ArrowLeft", 8), ("Home", 0), ("End", 14)), NAMES)
    page = put(answered())
    page.locator('[data-word="5"]').click()
    for name in ("start", "end"):
        until(lambda: said(page), contains(f"{name} {chance(answered().arrays[name][5])}"))


# ---- how they look and behave
@pytest.mark.parametrize("name", SCENES)
def test_every_control_repaints_and_nothing_jumps(put, name):
    one_page.nothing_jumps(put(scenes()[name]), least=3)


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.weekly)], ids=["light", "dark"])
def test_no_axe_violations(put, violations, dark):
    page = put(*scenes().values(), dark=dark, width=420 if dark else 1000)
    one_page.has_no_violations(page, violations)


def test_everything_has_its_name_before_the_first_picture(put):
    """In an element without size nothing is painted: names must be there all the same."""
    page = put("".join(f'<div style="display:none">{pages.bare(v)}</div>' for v in scenes().values()))
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.course-view')].flatMap(v => [...v.shadowRoot.querySelectorAll(
        'button, [tabindex], canvas, [role=group]')].filter(e => !e.getAttribute('aria-label') && !e.textContent.trim()
        && !e.getAttribute('aria-hidden')).map(e => e.outerHTML))"""
    )
    assert nameless == []
    until(page.locator(".course-view").count, len(SCENES))


def test_presenting_size(put):
    views = scenes().values()
    for view in views:
        view.presenting = True
    page = put(*views, width=1280)
    one_page.presents(page)


def test_tables_in_the_browser_are_those_of_python(put):
    views = scenes().values()
    page = put(*views)
    cells = "v => [...v.shadowRoot.querySelectorAll('tr')].map(r => [...r.children].map(c => c.textContent))"
    for view, shown in zip(views, page.locator(".course-view").all(), strict=True):
        shown.locator(".more summary").last.click()
        shown.locator("tbody tr").first.wait_for()
        table = [[c.replace("−", "-") for c in row] for row in (view.table().header, *view.table().rows)]
        assert [[c.replace("−", "-") for c in row] for row in shown.evaluate(cells)] == table


@pytest.mark.parametrize(
    ("name", "part", "key", "told"),
    [
        ("masking", "button:text('draw again')", "Enter", {"draws": 2}),
        ("sums", ".picture", "ArrowDown", {"word": 2}),
        ("two models", '[data-word="2"]', "ArrowRight", {"position": 3}),
        ("tags", '[data-word="0"]', "ArrowRight", {"word": 1}),
    ],
)
def test_live_views_tell_python(put, stage, name, part, key, told):
    page = stage.live(scenes()[name])
    page.locator(part).focus()
    page.keyboard.press(key)
    until(lambda: told.items() <= (page.evaluate("window.saved") or {}).items())
