"""The guided descent in a browser: five scenes by key, forth and back, with Python's numbers, on a stage that stays."""

import itertools
import re

import numpy as np
import pages
import pytest
from in_page import load_as_in_page
from playwright.sync_api import expect
from waiting import until

from chapters.ch05 import labs
from chapters.ch05.labs.descent import LAST, MODEL, SCENES
from course_kit.views.models import model_files
from course_kit.views.view import at

STARTS = np.cumsum([0, *SCENES.values()])[:-1].tolist()
KINDS = """hits => Object.values(Object.fromEntries(hits.map(h => [h.name.split(".")[0], h])))
  .map(h => [h.name, h.cell])"""  # one number of each kind
NUMBERS = "document.querySelector('.course-view').view.numbers()"


@pytest.fixture(scope="module")
def view():
    return labs.descent(word="il", head=4)


@pytest.fixture
def opened(watch, tmp_path, view):
    """opened(models=False, width=1160, dark=False, **context) -> a page from disk with the descent."""

    def open_page(models=False, width=1160, dark=False, **context):
        if models:
            (tmp_path / "models").mkdir()
            for name, script in (model_files(MODEL)).items():
                (tmp_path / "models" / name).write_text(script, encoding="utf-8")
        told = ' data-course-models="models/"' if models else ""
        colours = "background:#1c2128;color:#e6ebf1" if dark else "background:#fff;color:#212121"
        (tmp_path / "page.html").write_text(
            f'<!DOCTYPE html><html lang="en"{told}><meta charset="utf-8"><title>descent</title>{pages.PROGRAM}'
            f'<body style="font:14px system-ui,sans-serif;margin:0;{colours}"><main>{view.fragment()}</main>',
            encoding="utf-8",
        )
        context = {"reduced_motion": "reduce", **context}
        return watch((tmp_path / "page.html").as_uri(), own="file:", size=(width, 800), **context)

    return open_page


def says(page):
    return page.get_by_test_id("says")


def made(page):
    return page.get_by_test_id("made")


def go(page, step):
    """Sets a step, and waits until the stage shows it."""
    page.evaluate("step => document.querySelector('.course-view').view.set({ step })", step)
    scene = sum(start <= step for start in STARTS)
    expect(page.locator("[aria-current]")).to_have_attribute("data-scene", str(scene))
    page.wait_for_function(f"() => {NUMBERS}.step === {step}")


def spot(page, name, cell=0):
    """Where a number is on the stage, in its own pixels."""
    page.wait_for_function(f"() => {NUMBERS}.hits.some(h => h.name === '{name}' && h.cell === {cell})")
    hit = page.evaluate(f"{NUMBERS}.hits.find(h => h.name === '{name}' && h.cell === {cell})")
    return {"x": hit["x"] + hit["w"] / 2, "y": hit["y"] + hit["h"] / 2}


def test_five_scenes_by_key_forth_and_back(opened):
    page = opened()
    page.locator("canvas").focus()
    expect(says(page)).to_contain_text("“qu'”, the last word written, is a list of 128 learned numbers")
    seen = []
    for step in range(LAST):
        seen.append(says(page).text_content())
        page.keyboard.press(" " if step % 2 else "ArrowRight")
        expect(says(page)).not_to_have_text(seen[-1])
    expect(says(page)).to_have_text("Softmax once more: “il” gets 93 %, and the decoder writes it.")
    expect(page.locator(".next")).to_be_disabled()
    page.keyboard.press(" ")
    expect(page.locator(".done")).to_have_text("il")
    for sentence in reversed(seen):
        page.keyboard.press("ArrowLeft")
        expect(says(page)).to_have_text(sentence)
    expect(page.locator(".back")).to_be_disabled()


def test_by_hand_each_scene_begins_where_it_is_pressed(opened):
    page = opened()
    for n, name in enumerate(SCENES, 1):
        page.get_by_role("button", name=name).click()
        expect(page.locator(f'[data-scene="{n}"]')).to_have_attribute("aria-current", "step")
        page.wait_for_function(f"() => {NUMBERS}.step === {STARTS[n - 1]}")
    page.get_by_role("button", name="next step").click()
    expect(says(page)).to_contain_text("a residual connection")
    page.get_by_role("button", name="back").click()
    expect(says(page)).to_contain_text("Four heads")


def check_numbers(page, view):
    numbers, state = page.evaluate(NUMBERS), view.state
    part, head, word = view.part, state["head"] - 1, state["word"] - 1
    expected = {
        "q": part.q[head, word], "k": part.k[head], "v": part.v[head], "scores": view.scores, "shares": view.shares,
        "mean": part.heads[head, word], "means": part.heads[:, word].flatten(), "adds": part.written[word],
        "state": part.before[word], "after": part.after[word], "logits": [x for _, x, _ in view.next_words],
        "chances": [p for *_, p in view.next_words],
    }  # fmt: skip
    for name, wanted in expected.items():
        assert np.allclose(numbers[name], np.asarray(wanted), atol=2e-4), name
    assert numbers["rivals"] == [word for word, *_ in view.next_words]
    assert [word for word, _ in numbers["stops"]] == [word for _, word, _ in view.stops]
    assert [p for _, p in numbers["stops"]] == pytest.approx([p for *_, p in view.stops], abs=1e-4)
    assert sum(numbers["parts"]) + numbers["rest"] == pytest.approx(numbers["logits"][0], abs=1e-3)


def test_numbers_are_pythons(opened, view):
    check_numbers(opened(), view)


def test_another_word_layer_and_head_are_computed_in_the_page_as_in_python(opened):
    page, view = opened(models=True), labs.descent(model=load_as_in_page(MODEL), word="il", head=4)
    expect(page.get_by_role("group", name="layer")).to_be_hidden()  # so far no layer has anything to do
    go(page, STARTS[1])
    expect(page.get_by_role("group", name="layer")).to_be_visible()
    for control, value in (("layer", 2), ("head", 2)):
        page.locator(f'[data-control="{control}"][value="{value}"]').check(force=True)
        page.wait_for_function(f"() => {NUMBERS}.{control} === {value}", timeout=60_000)
    check_numbers(page, at(view, layer=2, head=2))
    page.get_by_role("button", name="traversé").click()
    expect(page.locator(".title")).to_have_text("How does a Transformer come to write “traversé”?")
    check_numbers(page, at(view, layer=2, head=2, word=6))
    expect(page.locator(".now")).to_have_text("traversé")


@pytest.mark.parametrize("width", [1160, 390])
def test_an_own_sentence_goes_down_as_in_python(opened, violations, width):
    page, text = opened(models=True, width=width), "The old woman bought a red car because it was too small."
    page.get_by_text("a sentence of your own", exact=True).click()
    page.get_by_role("textbox", name="Your own sentence").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="the first sentence")).to_be_visible(timeout=60_000)
    own = labs.descent(text, model=load_as_in_page(MODEL), layer=3, head=4)
    expect(page.locator(".title")).to_have_text(own.title)
    expect(page.locator(".written button")).to_have_text(own.trace.next[:-1])
    check_numbers(page, own)
    page.locator("[data-place='2']").click()
    expect(page.locator(".title")).to_have_text(f"How does a Transformer come to write “{own.trace.next[1]}”?")
    check_numbers(page, at(own, word=2))
    assert violations(page, ".course-view") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="the first sentence").click()
    expect(page.locator(".title")).to_have_text("How does a Transformer come to write “il”?")


def test_without_the_models_files_it_says_where_they_are(opened):
    page = opened()
    page.get_by_label("next word").select_option("animal (after l')")
    expect(made(page)).to_contain_text("in JupyterLab")
    expect(page.locator(".now")).to_have_text("il")
    expect(page.get_by_label("next word")).to_have_value("il (after qu')")


def test_the_table_is_pythons(opened, view):
    page = opened()
    page.locator(".summed-up summary").first.click()
    for step in (0, LAST):
        go(page, step)
        header, rows = at(view, step=step).table()
        expect(page.locator(".scroll thead th")).to_have_text(header)
        expect(page.locator(".scroll tbody tr")).to_have_count(len(rows))
        expect(page.locator(".scroll tbody").locator("th, td")).to_have_text([cell for row in rows for cell in row])


def test_the_stage_stays_where_it_is(opened):
    page = opened()
    height = "document.querySelector('.course-view').shadowRoot.querySelector('.view').offsetHeight"
    first = page.evaluate(height)
    assert first <= 560
    for step in range(LAST + 1):
        go(page, step)
        assert page.evaluate(height) == first
        for line in (says(page), page.locator(".sentences")):
            until(lambda line=line: line.evaluate("e => e.scrollHeight <= e.clientHeight + 2"))


@pytest.mark.parametrize("width", [1160, 896, 700, 390])
def test_nothing_on_the_stage_is_cut_off_and_it_is_used_to_its_right_edge(opened, width):
    page = opened(width=width)
    edges = f"""() => {{
      const {{ offsetWidth, offsetHeight }} = document.querySelector('.course-view').shadowRoot.querySelector('canvas'),
        hits = {NUMBERS}.hits, end = (side, size) => Math.max(...hits.map((hit) => hit[side] + hit[size]));
      return [Math.min(...hits.map((hit) => hit.x)), end("x", "w") - offsetWidth, end("y", "h") - offsetHeight];
    }}"""
    for step in range(LAST + 1):
        go(page, step)
        left, right, bottom = page.evaluate(edges)
        assert left >= -6 and right <= 4 and bottom <= 4, step
        assert right >= -0.3 * width, f"step {step} leaves the right of the stage empty"


SPY = """async () => {
  const c = CanvasRenderingContext2D.prototype, { fillText } = c, written = [];
  c.fillText = function (t, ...rest) { written.push(t); return fillText.call(this, t, ...rest); };
  document.querySelector('.course-view').view.set({});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  c.fillText = fillText;
  return written;
}"""


@pytest.mark.parametrize("width", [1160, 896, 800, 700, 560, 390])
def test_sub_layers_can_be_told_apart_and_no_number_is_minus_nothing(opened, width):
    page = opened(width=width)
    for step in range(LAST + 1):
        go(page, step)
        written = page.evaluate(SPY)
        assert not [text for text in written if re.fullmatch("[−+-]0[.]?0*", text)], step
        if step == 3:
            added = [text for text in written if text.startswith("+ ") and text[-1] in "123…"]
            assert len(added) == len(set(added)) == 7 and not any("…" in text for text in added), added


@pytest.mark.parametrize("width", [1160, 896])
def test_marks_of_scenes_and_the_head_line_take_one_line_each(opened, width):
    page = opened(width=width)
    for step in range(LAST + 1):
        go(page, step)
        for line, most in ((says(page), 40), (page.locator(".scenes"), 40)):
            until(lambda line=line, most=most: line.evaluate("e => e.offsetHeight") < most)
    names = page.locator(".scenes button").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert max(names) <= width and names == sorted(names)


@pytest.mark.parametrize("width", [1160, 390])
def test_every_number_says_what_made_it_and_has_room_for_it(opened, width):
    page = opened(width=width)
    for step in range(LAST + 1):
        go(page, step)
        kinds = page.evaluate(f"({KINDS})({NUMBERS}.hits)")
        assert kinds
        for name, cell in kinds:
            page.locator("canvas").hover(position=spot(page, name, cell), force=True)
            page.wait_for_function(f"() => {NUMBERS}.aim?.name === '{name}'")
            until(lambda: made(page).evaluate("e => e.scrollHeight <= e.clientHeight + 3"))
        page.mouse.move(1, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_term_by_term(opened):
    page = opened()
    for step, name, cell, said in (
        (13, "share.10", 0, "Share of “tired”: 70.90 ÷ 122.6 = 0.578."),
        (9, "score.7", 0, "÷ √32 = 3.72."),
        (21, "chance.0", 0, "17,659 (the sum over all 1,205 words) = 0.931."),
        (2, "start", 101, "Number 102: 2.48 (word) + 1.00 (position) = 3.48."),
    ):
        go(page, step)
        page.locator("canvas").hover(position=spot(page, name, cell))
        expect(made(page)).to_contain_text(said)


def test_pointing_at_another_key_shows_its_products(opened, view):
    page = opened()
    go(page, 9)
    page.locator("canvas").hover(position=spot(page, "key.7", 3))
    page.wait_for_function(f"() => {NUMBERS}.lead === 7")
    expect(made(page)).to_contain_text("Key of “it”, number 4")


def test_escape_explores_by_arrow_keys(opened):
    page = opened()
    go(page, 13)
    page.locator("canvas").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".keys")).to_contain_text("exploring")
    expect(made(page)).to_contain_text("Share of “tired”")
    page.keyboard.press("ArrowUp")
    expect(made(page)).to_contain_text("Share of “too”")
    page.keyboard.press("ArrowLeft")
    expect(made(page)).to_contain_text("“too”: 2.718 to the power −2.80")
    page.keyboard.press("Escape")
    expect(page.locator(".keys")).to_contain_text("space or →")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-current]")).to_have_attribute("data-scene", "4")


def test_numbers_move_where_motion_is_welcome_and_stand_still_where_not(opened):
    page = opened(reduced_motion="no-preference")
    where = f"() => {NUMBERS}.hits.find(h => h.name === 'score.10')?.x"
    go(page, 9)
    page.wait_for_function(f"() => {NUMBERS}.hits.length && !{NUMBERS}.moving")
    before = page.evaluate(f"({where})()")
    between = """async ([where, before]) => {
      document.querySelector('.course-view').view.set({ step: 10 });
      const seen = [];
      while (new Set(seen).size < 4 || seen.at(-1) !== seen.at(-2)) {
        await new Promise(requestAnimationFrame);
        seen.push(eval(where)());
      }
      return seen;
    }"""
    seen = page.evaluate(between, [where, before])
    assert len(set(seen)) > 3 and seen[-1] < before - 300
    assert all(a >= b for a, b in itertools.pairwise(seen)), "it comes straight to its place"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1160, 390])
def test_it_can_be_used_by_everybody(opened, violations, dark, width):
    page = opened(width=width, dark=dark)
    for step in (0, 8, LAST):
        go(page, step)
        assert violations(page, ".course-view") == []


def test_in_jupyterlab_the_server_gives_the_model(notebook):
    nb = notebook("descent", ["from chapters.ch05 import labs\nlabs.descent(word='il', head=4)"])
    assert nb.run() == []
    nb.page.get_by_label("next word").select_option("animal (after l')")
    expect(nb.page.locator(".now")).to_have_text("animal", timeout=60_000)
    expect(nb.page.get_by_test_id("says")).to_contain_text("l'")


def test_in_front_of_a_class_it_fits_a_screen(watch, tmp_path):
    shown = labs.descent(word="il", head=4, presenting=True).fragment()
    head = f'<!DOCTYPE html><html lang="en"><title>d</title>{pages.PROGRAM}'
    page_ = f'{head}<body style="margin:0;font:14px sans-serif">{shown}'
    (tmp_path / "page.html").write_text(page_, encoding="utf-8")
    page = watch((tmp_path / "page.html").as_uri(), size=(1280, 720), reduced_motion="reduce")
    for step in (0, 8, LAST):
        go(page, step)
        assert page.evaluate("[document.body.scrollHeight <= 720, document.body.scrollWidth <= 1280]") == [True, True]
