"""A sentence of the reader's own: alignment and heads follow what is typed, computed in the page.

Each model's numbers are held to Python's in tests/unit/course_kit/test_models_in_node.py.
"""

import pytest
import torch
from helpers.in_page import load_as_in_page
from helpers.waiting import numbers, until
from playwright.sync_api import expect

from course_kit.decoding import translate
from course_kit.heads import attention_weights
from course_kit.views.alignment import alignment
from course_kit.views.heads import heads
from course_kit.views.translation import word_of

pytestmark = pytest.mark.browser
GRAMMAR, REAL = "transformer-grammar", "transformer-en-fr"
CHINESE = "seq2seq-attention-zh-en-grammar"
FIRST = "The animal was too tired."
NUMBERS = "document.querySelector('.course-view').view.numbers()"


@pytest.fixture
def opened(show):
    """opened(view, …) -> a page with the view and, unless told otherwise, the files of its models."""

    def open_page(view, **options):
        return show(view, **{"models": view.options.get("own", {}).get("models", ()), "width": 1160, **options})

    return open_page


def aligned(name, text=FIRST, **options):
    found = translate(load_as_in_page(name), text, beam=1)[0]
    return alignment(found, model=name, **options)


def explored(**options):
    return heads(*looked(FIRST), select="too", model=GRAMMAR, **options)


def looked(text):
    """The weights of transformer-grammar's encoder [1, H, S, S] for each layer, and the words that it reads."""
    loaded = load_as_in_page(GRAMMAR)
    ids = torch.tensor([loaded.source.encode(text)])
    with torch.no_grad(), attention_weights(loaded.model) as seen:
        loaded.model.encode(ids)
    return seen["encoder"], loaded.source.tokens(ids[0])


def unfold(page):
    """The field, which is behind a quiet line."""
    line = page.locator("details.typed")
    if not line.evaluate("e => e.open"):
        line.locator("summary").click()
    return page.get_by_role("textbox", name="Your own sentence")


def ask(page, text):
    unfold(page).fill(text)
    page.keyboard.press("Enter")


def answered(page, text):
    """Types a sentence, and waits until all of its answer is there."""
    ask(page, text)
    expect(page.get_by_role("button", name="the first sentence")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "text"),
    [(GRAMMAR, "The animal didn't cross the street because it was too wide."), (CHINESE, "我正在吃绿色的苹果。")],
)
def test_an_alignment_follows_and_is_pythons(opened, name, text):
    page = opened(aligned(name, "我今天很高兴。" if name == CHINESE else FIRST))
    answered(page, text)
    theirs = translate(load_as_in_page(name), text, beam=1)[0]
    written = [word_of(t) for t in theirs.tokens]
    seen = until(lambda: page.evaluate(NUMBERS), lambda seen: seen["tokens"] == written)
    rows = theirs.weights / theirs.weights.sum(-1, keepdim=True)
    assert torch.allclose(torch.tensor(seen["weights"]), rows, atol=1e-4)
    expect(page.get_by_role("toolbar", name="source sentence").get_by_role("button")).to_have_text(
        [word_of(t) for t in theirs.source_tokens]
    )
    page.get_by_role("button", name="the first sentence").click()
    expect(page.get_by_role("button", name="the first sentence")).to_be_hidden()
    until(lambda: page.evaluate(NUMBERS)["tokens"] != written)


def test_all_heads_follow_and_are_pythons(opened):
    page = opened(explored())
    text = "The old woman bought a red car because it was too small."
    answered(page, text)
    weights, words = looked(text)
    assert "too" in words
    expect(page.get_by_test_id("number")).to_contain_text("too →")
    for layer, head in ((0, 0), (1, 3), (2, 1)):
        open_head = torch.tensor(numbers(page, layer=layer, head=head)["open"])
        assert torch.allclose(open_head, weights[layer][0, head], atol=1e-4), (layer, head)


def test_unknown_words_and_what_cannot_be_read_are_said(opened):
    page = opened(aligned(GRAMMAR))
    unfold(page)
    said = page.get_by_test_id("model")
    expect(said).to_contain_text("trained on 20,000 English–French sentence pairs")
    expect(said).to_contain_text("Knows 818 words; reads up to 64")
    ask(page, "   ")
    expect(said).to_contain_text("no word to read")
    ask(page, "very " * 65)
    expect(said).to_contain_text("65 tokens, and there is room for 64")
    until(lambda: len(page.evaluate(NUMBERS)["tokens"]), lambda n: n == len(aligned(GRAMMAR).tokens))
    ask(page, "The zyzzyva was too tired.")
    expect(said).to_contain_text("does not know “zyzzyva”, and reads <unk> there")
    expect(page.get_by_role("toolbar", name="source sentence").get_by_role("button")).to_have_text(
        ["the", "<unk>", "was", "too", "tired", "."]
    )


def test_the_last_sentence_wins(opened):
    page = opened(aligned(GRAMMAR))
    ask(page, "The old woman bought a red car because it was too small.")
    ask(page, "The dog was wide.")
    expect(page.get_by_role("toolbar", name="source sentence").get_by_role("button")).to_have_text(
        ["the", "dog", "was", "wide", "."]
    )
    expect(page.get_by_role("button", name="the first sentence")).to_be_visible()


def test_a_field_is_one_quiet_line_until_it_is_pressed_or_where_typing_is_the_task(opened):
    page = opened(aligned(GRAMMAR))
    line, field = page.locator("details.typed summary"), page.get_by_role("textbox", name="Your own sentence")
    expect(line).to_have_text("a sentence of your own")
    expect(field).to_be_hidden()
    top = page.get_by_role("toolbar", name="source sentence").bounding_box
    before = until(top)
    line.focus()
    page.keyboard.press("Enter")
    expect(field).to_be_visible()
    until(top, before)
    answered(page, "The dog was tired.")
    expect(field).to_be_visible()  # with its answer, too
    expect(opened(aligned(GRAMMAR, typing=True)).get_by_role("textbox", name="Your own sentence")).to_be_visible()


@pytest.mark.parametrize("view", [lambda: aligned(GRAMMAR), explored])
def test_it_can_be_used_by_everybody(opened, violations, view):
    """axe finds nothing wrong before and after; the keyboard asks, stays in the field, and gives up the answer."""
    page = opened(view(), width=480)
    assert violations(page, ".course-view") == []
    answered(page, "The dog was tired.")
    assert violations(page, ".course-view") == []
    field = page.get_by_role("textbox", name="Your own sentence")
    expect(field).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="ask the model")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    expect(field).to_have_value("the animal was too tired.")
