"""The guided descent under the hand: five scenes by key, forth and back, on a stage that stays.

Its numbers are held to Python's in tests/unit/chapters/test_descent.py.
"""

import re

import pytest
from helpers.waiting import differs, until
from playwright.sync_api import expect

from chapters.ch05 import labs
from chapters.ch05.labs.descent import read
from course_kit.checkpoints import load_checkpoint

pytestmark = pytest.mark.browser
MODEL, SENTENCE = "transformer-grammar", "The animal didn't cross the street because it was too tired."
SCENES = ("word to vector", "query meets keys", "scores to weights", "average of values", "heads to word")
STARTS, LAST = (0, 4, 10, 14, 17), 21  # steps
KINDS = """hits => Object.values(Object.fromEntries(hits.map(h => [h.name.split(".")[0], h])))
  .map(h => [h.name, h.cell])"""  # one number of each kind
NUMBERS = "document.querySelector('.course-view').view.numbers()"


def descent():
    return labs.descent(SENTENCE, model=load_checkpoint(MODEL), word="il", layer=3, head=4)


@pytest.fixture(scope="module")
def view():
    return descent()


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
    seen = []
    for step in range(LAST):
        seen.append(says(page).text_content())
        page.keyboard.press(" " if step % 2 else "ArrowRight")
        expect(says(page)).not_to_have_text(seen[-1])
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
    page.keyboard.press("ArrowRight")
    expect(says(page)).to_contain_text("a residual connection")
    page.get_by_role("button", name="back").click()
    expect(says(page)).to_contain_text("Four heads")


def test_scenes_words_and_model_are_one_stop_of_tab_each(opened):
    page = opened()
    page.locator("[data-scene='1']").focus()
    for group in (".sentences", ".turn", ".map"):
        page.keyboard.press("Tab")
        expect(page.locator(f"{group} :focus")).to_have_count(1)
    expect(page.locator(".map :focus")).to_have_accessible_name("encoder: embedding")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".map :focus")).to_have_accessible_name("encoder: positions")


def test_a_press_on_the_model_leads_there(opened):
    page = opened(models=[MODEL])
    lit = page.locator(".box.lit")
    expect(lit).to_have_accessible_name("decoder: embedding")
    page.get_by_role("button", name="decoder, layer 2: cross-attention").click()
    page.wait_for_function(f"() => {NUMBERS}.layer === 2 && {NUMBERS}.step === 4")
    expect(lit).to_have_accessible_name("decoder, layer 2: cross-attention")
    expect(page.locator(".row:last-child .box.past")).to_have_count(6)
    page.get_by_role("button", name="memory").click()
    expect(lit).to_have_count(2)
    page.get_by_role("button", name="softmax").click()
    expect(page.locator(".done")).to_have_text("il")


def test_another_word_layer_and_head_are_computed_in_the_page(opened):
    page = opened(models=[MODEL])
    expect(page.get_by_role("group", name="layer")).to_be_hidden()  # so far no layer has anything to do
    go(page, STARTS[1])
    expect(page.get_by_role("group", name="layer")).to_be_visible()
    scores = until(lambda: page.evaluate(NUMBERS)["scores"])
    for control in ("layer", "head"):
        page.locator(f'[data-control="{control}"][value="2"]').check(force=True)
        page.wait_for_function(f"() => {NUMBERS}.{control} === 2")
        scores = until(lambda scores=scores: page.evaluate(NUMBERS)["scores"], differs(scores))
    page.get_by_role("button", name="traversé").click()
    expect(page.locator(".title")).to_contain_text("“traversé”")
    expect(page.locator(".now")).to_have_text("traversé")
    until(lambda: page.evaluate(NUMBERS)["scores"], differs(scores))


def test_an_own_sentence_goes_down(opened, violations):
    page, text = opened(models=[MODEL], width=390), "The old woman bought a red car because it was too small."
    page.get_by_text("a sentence of your own", exact=True).click()
    page.get_by_role("textbox", name="Your own sentence").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="the first sentence")).to_be_visible()
    next_words = read(load_checkpoint(MODEL), text).next
    expect(page.locator(".title")).to_contain_text(f"“{next_words[-3]}”")
    expect(page.locator(".written button")).to_have_text(next_words[:-1])
    page.locator("[data-place='2']").click()
    expect(page.locator(".title")).to_contain_text(f"“{next_words[1]}”")
    assert violations(page, ".course-view") == []
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 390)
    page.get_by_role("button", name="the first sentence").click()
    expect(page.locator(".title")).to_contain_text("“il”")


EDGES = f"""() => {{
  const {{ offsetWidth, offsetHeight }} = document.querySelector('.course-view').shadowRoot.querySelector('canvas'),
    hits = {NUMBERS}.hits, end = (side, size) => Math.max(...hits.map((hit) => hit[side] + hit[size]));
  return [Math.min(...hits.map((hit) => hit.x)), end("x", "w") - offsetWidth, end("y", "h") - offsetHeight];
}}"""
SIZES = """async step => {
  const c = CanvasRenderingContext2D.prototype, { fillText } = c, found = [];
  c.fillText = function (text, ...rest) {
    found.push([text, parseFloat(this.font.match(/([\\d.]+)px/)[1]) * this.getTransform().a / devicePixelRatio]);
    return fillText.call(this, text, ...rest);
  };
  document.querySelector('.course-view').view.set({ step });
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  c.fillText = fillText;
  return found;
}"""
HEIGHT = "document.querySelector('.course-view').shadowRoot.querySelector('.view').offsetHeight"


@pytest.mark.parametrize("width", [1160, 896, 390])
def test_at_every_step_the_stage_stays_is_full_and_nothing_on_it_is_cut_off(opened, width):
    page = opened(width=width)
    first = page.evaluate(HEIGHT)
    assert first <= 640 or width < 1160
    for step in range(LAST + 1):
        go(page, step)
        assert page.evaluate(HEIGHT) == first
        left, right, bottom = page.evaluate(EDGES)
        assert left >= -6 and right <= 4 and bottom <= 4, step
        assert right >= -0.3 * width, f"step {step} leaves the right of the stage empty"
        written = [text for text, _ in page.evaluate(SIZES, step)]
        assert not [text for text in written if re.fullmatch("[−+-]0[.]?0*", text)], step
        if step == 3:  # sub-layers can be told apart
            added = [text for text in written if text.startswith("+ ") and text[-1] in "123…"]
            assert len(added) == len(set(added)) == 7 and not any("…" in text for text in added), added
        for line in (says(page), page.locator(".sentences")):
            until(lambda line=line: line.evaluate("e => e.scrollHeight <= e.clientHeight + 2"))
        if width == 1160:  # one line each
            for line in (says(page), page.locator(".scenes")):
                until(lambda line=line: line.evaluate("e => e.offsetHeight") < 40)


@pytest.mark.parametrize("width", [1160, 390])
def test_every_number_says_what_made_it_and_has_room_for_it(opened, width):
    page = opened(width=width)
    for step in (0, 3, 9, 13, LAST):
        go(page, step)
        kinds = page.evaluate(f"({KINDS})({NUMBERS}.hits)")
        assert kinds
        for name, cell in kinds:
            page.locator("canvas").hover(position=spot(page, name, cell), force=True)
            page.wait_for_function(f"() => {NUMBERS}.aim?.name === '{name}'")
            until(lambda: made(page).evaluate("e => e.scrollHeight <= e.clientHeight + 3"))
        page.mouse.move(1, 1)
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)


def test_enter_explores_by_arrow_keys(opened):
    page = opened()
    go(page, 13)
    page.locator("canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".keys")).to_contain_text("exploring")
    expect(made(page)).to_contain_text("Share of “tired”")
    page.keyboard.press("ArrowUp")
    expect(made(page)).to_contain_text("Share of “too”")
    page.keyboard.press("ArrowLeft")
    expect(made(page)).to_contain_text("to the power")
    page.keyboard.press("Escape")
    expect(page.locator(".keys")).to_contain_text("space or →")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-current]")).to_have_attribute("data-scene", "4")


@pytest.mark.parametrize(("dark", "width"), [(False, 1160), (True, 390)], ids=["light", "dark"])
def test_it_can_be_used_by_everybody(opened, violations, dark, width):
    page = opened(width=width, dark=dark)
    for step in (8, LAST):
        go(page, step)
        assert violations(page, ".course-view") == []


def test_in_front_of_a_class_it_fits_a_screen_and_its_last_row_reads_it(opened):
    view = descent()
    view.presenting = True
    page = opened(view, width=1280, height=620)  # what a deck of 720 tells its views
    for step in (0, 3, 4, 9, 13, 16, 18, LAST):
        written = page.evaluate(SIZES, step)
        assert written and [text for text, size in written if size < 17.9] == [], step
        until(
            lambda: page.evaluate("[document.body.scrollHeight <= 672, document.body.scrollWidth <= 1280]"),
            [True, True],
        )
