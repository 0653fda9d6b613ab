"""The cover under the hand: it is touched, asks, and answers for the reader's own sentence, without a kernel.

What it says and when is tested in node; its numbers are held to Python's in tests/unit/chapters/test_cover.py.
"""

import pytest
from playwright.sync_api import expect
from waiting import until

from chapters.ch00 import labs
from chapters.ch00.labs.cover import MODEL

pytestmark = pytest.mark.browser
WIDTHS = (1160, 896, 700, 390)


@pytest.fixture(scope="module")
def cover():
    return labs.cover()


@pytest.fixture
def opened(show, cover):
    """opened(…) -> a page with the cover, as `show` has it."""
    return lambda shown=cover, **options: show(
        shown, **{"width": 1160, "height": 800, "still": True, "style": "margin:8px", **options}
    )


def french(page):
    return page.get_by_test_id("french").locator("b")


def test_change_guess_see_ask(opened):
    """The story in its four steps: the words, the French, the swaps and what is said follow each press."""
    page = opened()
    says, heard = page.get_by_test_id("readout"), set()

    def said():
        """Something that was not said before."""
        heard.add(until(says.inner_text, lambda text: text and text not in heard))

    said()
    expect(french(page)).to_have_text("il")
    expect(page.locator(".caption .query")).to_have_text("it")
    expect(page.locator(".swap").first).not_to_be_visible()
    page.get_by_role("button", name="change to wide").click()
    said()
    expect(french(page)).to_have_text("elle")
    expect(page.locator(".swap").first).to_have_text("⇅")
    page.locator('[data-swap="1"]').click()
    said()
    expect(page.locator('[data-swap="1"]')).to_have_text("0 %")
    expect(page.locator('[data-swap="10"]')).to_have_text("⇅")
    expect(french(page)).to_have_text("elle")
    page.locator('[data-swap="10"]').click()
    said()
    expect(page.locator('[data-swap="10"]')).to_contain_text("9")  # most of all
    expect(french(page)).to_have_text("il")
    page.get_by_role("button", name="wide: what does it attend to?").click()
    said()
    expect(french(page)).to_have_text("elle")
    page.get_by_role("button", name="change to tired").click()
    said()
    page.get_by_role("button", name="reset").click()
    expect(page.locator(".swap").first).not_to_be_visible()
    until(says.inner_text, lambda text: text in heard)


def test_without_swaps_it_asks_and_does_not_answer(opened):
    page = opened(labs.cover(swaps=False))
    page.get_by_role("button", name="change to wide").click()
    expect(french(page)).to_have_text("elle")
    expect(page.locator(".swap").first).not_to_be_visible()


OVERLAPS = """() => {
  const boxes = [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.arcs text, .word')]
    .map((e) => e.getBoundingClientRect());
  const beside = (a, b) => a.right <= b.left + 1 || a.bottom <= b.top + 4;
  const apart = (a, b) => beside(a, b) || beside(b, a);
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => !apart(a, b))).length;
}"""
PLACES = """() => ['.words', '.french', '.says', '.foot'].map((name) => Math.round(
  document.querySelector('.course-view').shadowRoot.querySelector(name).getBoundingClientRect().top))"""


EVERY_REPLY = """async () => {  // where things stand, for all that a reader can do with the sentence
  const { view, shadowRoot: root } = document.querySelector('.course-view');
  const parts = ['.words', '.french', '.says', '.foot'].map((name) => root.querySelector(name));
  const frame = () => new Promise(requestAnimationFrame);
  const places = new Set(), replies = new Set();
  for (const shown of [0, 1])
    for (const tried of [[], [1], [7], [10]])
      for (const asker of [1, 7, 10]) {
        view.set({ shown, asker, tried, turned: true });
        await frame(); await frame();
        places.add(parts.map((part) => Math.round(part.getBoundingClientRect().top)).join(' '));
        replies.add(root.querySelector('p.says').textContent);
      }
  return [Array.from(places), replies.size];
}"""


TOO_WIDE = """() => {  // buttons narrower than the chance on them, or that end beyond the view
  const { shadowRoot: root } = document.querySelector('.course-view');
  const end = root.host.getBoundingClientRect().right;
  const wrong = ([button, chance]) => chance.width > button.width - 5 || button.right > end + 1;
  return [...root.querySelectorAll('.swap')]
    .map((button) => [button, button.querySelector('.chance')].map((part) => part.getBoundingClientRect()))
    .filter(wrong).length;
}"""


def test_it_fits_and_no_reply_moves_what_stands_below(opened):
    """Room is kept for the longest of them, and each chance has room on its button, at every width."""
    page = opened()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        until(lambda: page.evaluate("document.documentElement.scrollWidth"), width)
        places, replies = page.evaluate(EVERY_REPLY)
        assert len(places) == 1 and replies > 5, width
        page.get_by_role("button", name="reset").click()
        page.get_by_role("button", name="change to wide").click()
        first = until(lambda: page.evaluate(PLACES))
        for act in ('[data-swap="10"]', '[data-swap="7"]', '[data-word="10"][data-sentence="1"]'):
            page.locator(act).click()
            until(lambda first=first: page.evaluate(PLACES), first)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(OVERLAPS) == 0 == page.evaluate(TOO_WIDE)


def test_each_word_can_be_asked_and_no_number_covers_another(opened):
    page = opened()
    for word in range(12):
        page.locator(f'.word:not(.away)[data-word="{word}"]').click()
        expect(page.locator(".asks")).to_have_attribute("data-word", str(word))
        assert page.evaluate(OVERLAPS) == 0, word


def test_an_own_sentence_is_answered_and_what_is_wrong_with_it_is_said(opened):
    page = opened(models=[MODEL])
    page.get_by_text("a sentence of your own", exact=True).click()
    field = page.get_by_role("textbox", name="Your own sentence")
    for text, said in (
        ("no slash here", "one slash"),
        ("The cat/cat's slept.", "as many words"),
        ("The zyzzyva was tired/wide.", "does not know “zyzzyva”"),
    ):
        field.fill(text)
        page.keyboard.press("Enter")
        expect(page.locator(".view")).to_contain_text(said, timeout=30_000)
    field.fill("The trophy didn't fit in the box because it was too big/small.")
    page.get_by_role("button", name="ask the model").click()
    expect(page.locator(".words")).to_contain_text("trophy")


def test_without_the_models_files_it_says_where_they_are(opened):
    page = opened()
    expect(page.get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_test_id("model")).to_contain_text("in JupyterLab")
    expect(french(page)).to_have_text("il")


def test_on_a_phone_each_weight_is_written_in_its_cell_and_nothing_is_said_of_arcs(opened):
    page = opened(width=390)
    number = page.locator(".share[data-weight]:not([data-weight=''])").first
    expect(number).to_be_visible()
    after = "e => [getComputedStyle(e, '::after').content, getComputedStyle(e, '::after').whiteSpace]"
    until(lambda: number.evaluate(after), [f'"{number.get_attribute("data-weight")}"', "nowrap"])
    expect(page.locator(".caption")).not_to_contain_text("rc")
    page.get_by_role("button", name="change to wide").click()
    expect(page.get_by_test_id("readout")).to_contain_text("weights")
    expect(page.get_by_test_id("readout")).not_to_contain_text("arcs")


def test_on_a_phone_the_arcs_run_between_the_rows(opened):
    """Each leads from the word that asks to one that it attends to; words can be pressed through it."""
    page = opened(width=390)
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
    page = opened()
    page.get_by_role("button", name="change to wide").click()
    page.locator('[data-swap="1"]').click()
    assert violations(page, ".course-view") == []
    page.locator('[data-word="1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator(".asks")).to_have_text("animal")
