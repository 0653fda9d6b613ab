"""The cover in a browser: it is touched, asks, and answers for the reader's own sentence, without a kernel."""

import pages
import pytest
from in_page import load_as_in_page
from playwright.sync_api import expect
from waiting import until

from chapters.ch00 import labs
from chapters.ch00.labs.cover import MODEL, study
from course_kit.views.models import model_files


@pytest.fixture
def opened(watch, tmp_path):
    """opened(models=True, **context) -> a page from disk with the cover, its model beside it or not."""

    def open_page(models=True, **context):
        if models:
            (tmp_path / "models").mkdir()
            for name, script in (model_files(MODEL)).items():
                (tmp_path / "models" / name).write_text(script, encoding="utf-8")
        told = ' data-course-models="models/"' if models else ""
        (tmp_path / "page.html").write_text(
            f'<!DOCTYPE html><html lang="en"{told}><meta charset="utf-8"><title>cover</title>{pages.PROGRAM}'
            f'<body style="font:14px system-ui,sans-serif;background:#fff;color:#212121"><main>'
            f"{labs.cover().fragment()}</main>",
            encoding="utf-8",
        )
        context = {"reduced_motion": "reduce", **context}
        return watch((tmp_path / "page.html").as_uri(), own="file:", size=(1160, 800), **context)

    return open_page


def french(page):
    return page.get_by_test_id("french")


def test_another_adjective_another_pronoun(opened):
    page = opened(models=False)
    expect(french(page)).to_have_text("L'animal n'a pas traversé la rue parce qu'il était trop fatigué.")
    page.get_by_role("button", name="change to wide").click()
    expect(french(page)).to_have_text("L'animal n'a pas traversé la rue parce qu'elle était trop large.")
    expect(french(page).locator("b")).to_have_text("elle")
    expect(page.get_by_test_id("readout")).to_contain_text(
        "The arcs hardly moved: “it” → “animal” 0.45, now 0.44. But il became elle."
    )


def test_without_swaps_it_asks_and_does_not_answer(watch, tmp_path):
    (tmp_path / "page.html").write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>cover</title>{pages.PROGRAM}'
        f"<main>{labs.cover(swaps=False).fragment()}</main>",
        encoding="utf-8",
    )
    page = watch((tmp_path / "page.html").as_uri(), own="file:", size=(1160, 800))
    page.get_by_role("button", name="change to wide").click()
    expect(french(page).locator("b")).to_have_text("elle")
    expect(page.get_by_test_id("readout")).to_contain_text("So which word decides?")
    expect(page.locator(".swap").first).not_to_be_visible()


def test_change_guess_see_ask(opened):
    """The story in its four steps; no step gives the next one away."""
    page = opened(models=False)
    says = page.get_by_test_id("readout")
    expect(says).to_contain_text("What will move")
    expect(page.locator(".caption .query")).to_have_text("it")
    expect(page.locator(".swap").first).not_to_be_visible()
    page.get_by_role("button", name="change to wide").click()
    expect(says).to_contain_text("Which word decides? Press ⇅ under your guess")
    expect(page.locator(".swap").first).to_have_text("⇅")
    page.locator('[data-swap="1"]').click()
    expect(says).to_contain_text(
        "With the numbers of “animal” from the “tired” sentence, the chance of “il” stays at 0.07 %. Another guess?"
    )
    expect(page.locator('[data-swap="1"]')).to_have_text("0 %")
    expect(page.locator('[data-swap="10"]')).to_have_text("⇅")
    expect(french(page).locator("b")).to_have_text("elle")
    page.locator('[data-swap="10"]').click()
    expect(says).to_contain_text(
        "“wide” decides: with the numbers of “tired”, the chance of “il” goes from 0.07 % to 93 %, and no other word"
    )
    expect(french(page).locator("b")).to_have_text("il")
    page.get_by_role("button", name="wide: what does it attend to?").click()
    expect(says).to_contain_text(
        "“tired” → “animal” 0.99, now “wide” → “street” 0.87. This arc turned, that of “it” did"
    )
    expect(says).to_contain_text("an arc is no proof: without these arcs “elle” still gets 93 %")
    expect(french(page).locator("b")).to_have_text("elle")
    page.get_by_role("button", name="change to tired").click()
    expect(says).to_contain_text("“wide” → “street” 0.87, now “tired” → “animal” 0.99")
    page.get_by_role("button", name="reset").click()
    expect(says).to_contain_text("What will move")


OVERLAPS = """() => {
  const boxes = [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.arcs text, .word')]
    .map((e) => e.getBoundingClientRect());
  const beside = (a, b) => a.right <= b.left + 1 || a.bottom <= b.top + 4;
  const apart = (a, b) => beside(a, b) || beside(b, a);
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => !apart(a, b))).length;
}"""
PLACES = """() => ['.words', '.french', '.says', '.foot'].map((name) => Math.round(
  document.querySelector('.course-view').shadowRoot.querySelector(name).getBoundingClientRect().top))"""


def open_field(page):
    page.get_by_text("a sentence of your own", exact=True).click()


@pytest.mark.parametrize("width", [1160, 896, 700, 390])
def test_it_fits_and_nothing_moves_from_stage_to_stage(opened, width):
    page = opened(models=False)
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function("document.querySelector('.course-view').offsetWidth <= innerWidth")
    until(lambda: page.evaluate("document.documentElement.scrollWidth"), width)
    first = page.evaluate(PLACES)
    for act in ('[data-sentence="1"]', '[data-swap="1"]', '[data-swap="10"]', '[data-word="10"][data-sentence="1"]'):
        page.locator(act).click()
        until(lambda: page.evaluate(PLACES), first)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERLAPS) == 0
    expect(page.get_by_role("button", name="reset")).to_be_visible()


EVERY_REPLY = """async () => {  // where things stand, for all that a reader can do with the sentence
  const { view, shadowRoot: root } = document.querySelector('.course-view');
  const parts = ['.words', '.french', '.says', '.foot'].map((name) => root.querySelector(name));
  const frame = () => new Promise(requestAnimationFrame);
  const places = new Set(), replies = new Set();
  for (const shown of [0, 1])
    for (const tried of [[], ...Array.from({ length: 12 }, (_, i) => [i])])
      for (const asker of [0, 1, 7, 10]) {
        view.set({ shown, asker, tried, turned: true });
        await frame(); await frame();
        places.add(parts.map((part) => Math.round(part.getBoundingClientRect().top)).join(' '));
        replies.add(root.querySelector('p.says').textContent);
      }
  return [Array.from(places), replies.size];
}"""


@pytest.mark.parametrize("width", [1160, 1065, 980, 896, 820, 760, 700, 620, 540, 460, 390])
def test_no_reply_moves_what_stands_below(opened, width):
    """Room is kept for the longest of them, at every width."""
    page = opened(models=False)
    page.set_viewport_size({"width": width, "height": 900})
    until(lambda: page.evaluate("document.documentElement.scrollWidth"), width)
    places, replies = page.evaluate(EVERY_REPLY)
    assert len(places) == 1 and replies > 20


TOO_WIDE = """() => {  // buttons narrower than the chance on them, or that end beyond the view
  const { shadowRoot: root } = document.querySelector('.course-view');
  const end = root.host.getBoundingClientRect().right;
  const wrong = ([button, chance]) => chance.width > button.width - 5 || button.right > end + 1;
  return [...root.querySelectorAll('.swap')]
    .map((button) => [button, button.querySelector('.chance')].map((part) => part.getBoundingClientRect()))
    .filter(wrong).length;
}"""


@pytest.mark.parametrize("width", [1160, 896, 700, 390])
def test_each_chance_has_room_on_its_button(opened, width):
    """That of a short word, such as “it”, in bold, too."""
    page = opened(models=False)
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("button", name="change to wide").click()
    page.locator('[data-swap="10"]').click()
    expect(page.locator('[data-swap="10"]')).to_have_text("93 %")
    for word in (7, 11):  # "it" and the full stop
        page.locator(f'[data-swap="{word}"]').click()
        expect(page.locator(f'[data-swap="{word}"]')).to_have_class("swap chosen")
        expect(page.locator(f'[data-swap="{word}"]')).to_have_text("0 %")
        assert page.evaluate(TOO_WIDE) == 0


@pytest.mark.parametrize("word", range(12))
def test_each_word_can_be_asked_and_no_number_covers_another(opened, word):
    page = opened(models=False)
    page.locator(f'.word:not(.away)[data-word="{word}"]').click()
    expect(page.locator(".asks")).to_have_attribute("data-word", str(word))
    assert page.evaluate(OVERLAPS) == 0


def test_an_own_sentence_is_answered_in_the_page_as_in_python(opened):
    page = opened()
    open_field(page)
    page.get_by_role("textbox").fill("The trophy didn't fit in the box because it was too big/small.")
    page.get_by_role("button", name="ask the model").click()
    expect(page.locator(".words")).to_contain_text("trophy", timeout=30_000)
    numbers = page.evaluate("document.querySelector('.course-view').view.numbers()")
    theirs = study(
        load_as_in_page(MODEL),
        (
            "The trophy didn't fit in the box because it was too big.",
            "The trophy didn't fit in the box because it was too small.",
        ),
    )
    for name in ("tokens", "written", "place", "words", "rewritten"):
        assert numbers[name] == getattr(theirs, name)
    for name in ("shares", "moved"):
        for ours, expected in zip(numbers[name], getattr(theirs, name), strict=True):
            assert ours == pytest.approx(expected, abs=1e-4), name
    assert numbers["silenced"] == pytest.approx(theirs.silenced, abs=1e-4)
    for ours, expected in zip(numbers["weights"], theirs.weights, strict=True):
        for row, wanted in zip(ours, expected, strict=True):
            assert row == pytest.approx(list(wanted), abs=1e-4)


def test_unknown_words_and_wrong_input_are_said(opened):
    page = opened()
    open_field(page)
    for text, said in (
        ("no slash here", "one slash"),
        ("The cat/cat's slept.", "as many words"),
        ("The zyzzyva was tired/wide.", "does not know “zyzzyva”"),
    ):
        page.get_by_role("textbox").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator(".view")).to_contain_text(said, timeout=30_000)


def test_without_the_models_files_it_says_where_they_are(opened):
    page = opened(models=False)
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_test_id("model")).to_contain_text("in JupyterLab")
    expect(french(page)).to_contain_text("L'animal")


def test_on_a_phone_each_weight_is_written_in_its_cell_and_nothing_is_said_of_arcs(opened):
    page = opened(models=False)
    page.set_viewport_size({"width": 390, "height": 844})
    number = page.locator(".share[data-weight='0.45']")
    expect(number).to_be_visible()
    after = "e => { const style = getComputedStyle(e, '::after'); return [style.content, style.whiteSpace]; }"
    until(lambda: number.evaluate(after), ['"0.45"', "nowrap"])
    expect(page.locator(".caption")).to_contain_text("Weights: what it attends to")
    page.get_by_role("button", name="change to wide").click()
    expect(page.get_by_test_id("readout")).to_contain_text("The weights hardly moved")


def test_on_a_phone_the_arcs_run_between_the_rows(opened):
    """Each leads from the word that asks to one that it attends to; words can be pressed through it."""
    page = opened(models=False)
    page.set_viewport_size({"width": 390, "height": 844})
    ends = """() => { const root = document.querySelector('.course-view').shadowRoot;
      const middle = e => { const { left, width } = e.getBoundingClientRect(); return left + width / 2; };
      const zero = root.querySelector('.arcs').getBoundingClientRect().left;
      return [...root.querySelectorAll('.arcs path')].map(path => [0, path.getTotalLength()].map(at => {
        const x = path.getPointAtLength(at).x + zero;
        return [...root.querySelectorAll('.word:not(.away)')].filter(w => Math.abs(middle(w) - x) < 2)
          .map(w => w.innerText); })); }"""
    arcs = until(lambda: page.evaluate(ends), lambda arcs: len(arcs) == 2)
    assert all("it" in asks for asks, _ in arcs) and "animal" in arcs[0][1] and "street" in arcs[1][1]
    page.get_by_role("button", name="street: what does it attend to?").click()
    expect(page.locator(".asks")).to_have_text("street")
    page.set_viewport_size({"width": 640, "height": 844})  # one row, and all arcs above it
    until(page.locator(".arcs path").count, 11)


def test_it_can_be_used_by_everybody(opened, violations):
    page = opened(models=False)
    page.get_by_role("button", name="change to wide").click()
    page.locator('[data-swap="1"]').click()
    assert violations(page, ".course-view") == []
    page.locator('[data-word="1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator(".asks")).to_have_text("animal")


def test_in_jupyterlab_the_server_gives_the_model_also_without_a_kernel(notebook):
    opened = notebook("cover", ["from chapters.ch00 import labs\nlabs.cover()"])
    assert opened.run() == []
    page = opened.page
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    open_field(page)
    page.get_by_role("textbox", name="Your own sentence").fill(
        "The dog didn't cross the road because it was too tired/narrow."
    )
    page.get_by_role("button", name="ask the model").click()
    expect(page.locator(".words")).to_contain_text("dog", timeout=60_000)
