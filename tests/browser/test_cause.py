"""Cause, not only correlation: a row is painted or a head silenced under the hand, and what it says follows.

What the model then says is held to Python's in tests/unit/course_kit/test_interventions.py.
"""

import pytest
import torch
from in_page import load_as_in_page
from playwright.sync_api import expect
from waiting import state, until

from chapters.ch06.pairs import encode
from course_kit.heads import attention_weights
from course_kit.views.heads import heads
from course_kit.views.view import at

pytestmark = pytest.mark.browser
GRAMMAR, BERT, POET = "transformer-grammar", "bert-stories", "gpt-shakespeare"
TIRED = "The animal didn't cross the street because it was too tired."
STORY = ("Anna went to the [MASK] to deposit some money.", "The man at the bank counted the cash.")
LINE = "ROMEO:\nBut soft, what "
NUMBERS = "document.querySelector('.course-view').view.numbers()"


def read(name):
    """(model, arguments to call it with, tokens) of the sentence on show."""
    loaded = load_as_in_page(name)
    if name == BERT:
        found = encode(loaded.tokenizer, *STORY)
        return loaded.model, (torch.tensor([found.ids]), torch.tensor([found.segments])), found.tokens
    own = loaded.source or loaded.tokenizer
    ids = torch.tensor([own.encode(TIRED if name == GRAMMAR else LINE)])
    return loaded.model, (ids,), own.tokens(ids[0])


@torch.no_grad()
def weights_of(name):
    """Self-attention, a list of [1, H, T, T]."""
    model, given, _ = read(name)
    with attention_weights(model) as seen:
        (model.encode if name == GRAMMAR else model)(*given)
    return seen["decoder" if name == POET else "encoder"]


def view(name=GRAMMAR, layer=1, head=1, **options):
    tokens, weights = read(name)[2], weights_of(name)
    mask = torch.ones_like(weights[0][0, 0]).tril().bool() if name == POET else None
    return at(heads(weights, tokens, mask=mask, model=name, layer=layer, **options), head=head)


@pytest.fixture
def opened(show):
    """opened(view, models=(GRAMMAR,), …) -> a page with the view, and these models beside it."""
    return lambda shown, models=(GRAMMAR,), **options: show(shown, **{"models": models, "width": 1160, **options})


def press(page, name):
    page.get_by_role("button", name=name).click()


def begin(page):
    """What else can be done comes when a map is touched."""
    page.get_by_test_id("open").focus()
    return page


def answer(page, passes=2):
    """What the page has computed: without a change one pass, with one two."""
    return until(lambda: page.evaluate(NUMBERS).get("cause"), lambda found: found and len(found["stops"]) == passes)


def row(page):
    return page.evaluate(NUMBERS)["open"][10]


def test_a_row_is_painted_by_a_button_and_by_keys(opened):
    page = opened(view(select=("tired", "street")))
    first = until(lambda: row(page))
    press(page, "let “tired” attend only to “street”")
    found = answer(page)
    until(lambda: row(page), [float(key == 5) for key in range(12)])
    assert found["stops"][1] != found["stops"][0]
    press(page, "as it was")
    answer(page, 1)
    until(lambda: row(page), first)
    page.evaluate("document.querySelector('.course-view').view.set({ key: 1 })")
    page.get_by_test_id("open").focus()
    page.keyboard.press("Space")
    until(lambda: row(page)[1], 1)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    until(lambda: (row(page)[1], row(page)[5]), (0.5, 0.5))
    answer(page)
    page.keyboard.press("Space")
    until(lambda: row(page)[1], 1)


def test_a_hand_paints_a_row(opened):
    page = opened(view())
    box = page.get_by_test_id("open").locator("canvas").bounding_box()
    x, y = box["x"] + 0.6 * box["width"], box["y"] + box["height"] - 60
    page.mouse.click(x, y)
    query, last = until(lambda: [state(page)[name] for name in ("query", "key")], lambda pair: pair[1] > 2)
    page.mouse.down()
    page.mouse.move(x - 90, y, steps=2)
    page.mouse.up()
    row = until(lambda: page.evaluate(NUMBERS)["open"][query], lambda row: row.count(0) > 6)
    keys = [k for k, weight in enumerate(row) if weight]
    assert keys == list(range(last - len(keys) + 1, last + 1)) and len(keys) > 2
    assert row[last] == pytest.approx(1 / len(keys))
    until(lambda: state(page)["query"], query)


@pytest.mark.parametrize("name", [BERT, POET])
def test_bert_and_gpt_read_an_own_sentence(opened, name):
    page, loaded = opened(view(name), models=(name,)), load_as_in_page(name)
    text = "The old man sat down. He was tired." if name == BERT else "O Romeo, Romeo"
    page.locator("details.typed > summary").click()
    page.get_by_role("textbox", name="Your own sentence").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="the first sentence")).to_be_visible(timeout=60_000)
    if name == BERT:
        found = encode(loaded.tokenizer, "The old man sat down.", "He was tired.")
        given, tokens = (torch.tensor([found.ids]), torch.tensor([found.segments])), found.tokens
    else:
        given, tokens = (torch.tensor([loaded.tokenizer.encode(text)]),), list(text)
    with torch.no_grad(), attention_weights(loaded.model) as seen:
        loaded.model(*given)
    weights = seen["decoder" if name == POET else "encoder"]
    now = until(lambda: page.evaluate(NUMBERS)["open"], lambda now: len(now) == len(tokens))
    assert torch.allclose(torch.tensor(now).float().nan_to_num(0), weights[1][0, 1], atol=1e-4)
    press(page, "attend only to")
    answer(page)


def test_it_says_what_was_asked_and_what_that_has_changed(opened):
    """A press may be repeated: that it was answered is to be seen."""
    page = begin(opened(view(select=("it", "animal"))))
    told, tables = page.get_by_test_id("cause"), page.get_by_test_id("cause-tables")
    press(page, "knock it out")
    expect(told).to_contain_text("layer 2, head 2 knocked out")
    expect(told).to_contain_text("moved most")
    expect(tables).to_contain_text("had it stopped after")
    press(page, "bring it back")
    expect(told).to_contain_text("with nothing changed")
    press(page, "knock it out")
    press(page, "reset")
    expect(told).to_contain_text("with nothing changed")
    for said in ("Asked with", "Asked again with"):
        press(page, "attend only to")
        expect(told).to_contain_text(f"{said} “it” attending only to “animal” in layer 2, head 2")
    press(page, "as it was")
    expect(page.get_by_role("button", name="as it was")).to_be_hidden()


def test_what_one_can_do_comes_before_the_maps_and_an_answer_moves_none(opened):
    page = opened(view(select=("it", "animal")))
    top = page.get_by_role("grid").first.bounding_box
    before = until(top)["y"]
    until(page.get_by_test_id("cause").bounding_box, lambda cause: cause["y"] + cause["height"] <= before)
    high = page.locator(".course-view").evaluate("e => e.offsetHeight")
    for pressed in ("attend only to", "knock it out"):
        press(page, pressed)
        answer(page)
        until(lambda: top()["y"], lambda now: abs(now - before) < 1)
        until(lambda: page.locator(".course-view").evaluate("e => e.offsetHeight"), high)


def test_one_thing_is_to_be_done_first_and_the_others_come_with_a_touch_or_a_key(opened):
    page = opened(view(select=("it", "animal")))
    knock = page.get_by_test_id("knock")
    expect(knock).to_have_css("opacity", "0")
    expect(page.get_by_role("button", name="as it was")).to_be_hidden()
    expect(page.get_by_text("word by word, layer by layer")).to_be_hidden()
    high = page.locator(".course-view").evaluate("e => e.offsetHeight")
    page.get_by_role("button", name="attend only to").focus()
    page.keyboard.press("Tab")  # on to what cannot be seen before
    expect(knock).to_be_focused()
    expect(knock).to_have_css("opacity", "1")
    until(lambda: page.locator(".course-view").evaluate("e => e.offsetHeight"), high)
    page.keyboard.press("Enter")
    answer(page)
    expect(page.get_by_role("button", name="as it was")).to_be_visible()
    page.get_by_text("word by word, layer by layer").click()
    expect(page.get_by_test_id("cause-tables")).to_be_visible()


def test_what_it_says_follows_heads_that_another_hand_has_silenced(opened):
    """By Python, or by the way back: else words and pictures would be of different heads."""
    page = begin(opened(view()))
    press(page, "knock it out")
    told = page.get_by_test_id("cause").get_by_role("status")
    expect(told).to_contain_text("layer 2, head 2")
    page.evaluate("document.querySelector('.course-view').view.set({ knocked: [[0, 0], [2, 3]] })")
    expect(told).to_contain_text("Asked with layer 1, head 1 knocked out; layer 3, head 4 knocked out.")


def test_without_the_models_files_nothing_is_promised(opened):
    page = opened(view(), models=())
    expect(page.get_by_test_id("model")).to_contain_text("in JupyterLab")
    expect(page.get_by_test_id("cause")).to_have_count(0)
    expect(page.get_by_test_id("knock")).to_have_count(0)


@pytest.mark.parametrize(("dark", "width"), [(False, 1160), (True, 390)], ids=["light", "dark"])
def test_it_can_be_used_by_everybody(opened, violations, dark, width):
    page = opened(view(), dark=dark, width=width)
    assert violations(page, ".course-view") == []
    press(page, "attend only to")
    answer(page)
    expect(page.get_by_test_id("cause-tables")).to_contain_text("had it stopped after")
    assert violations(page, ".course-view") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
