"""A text of the reader's own in the labs of chapters 6 and 7: the page computes what Python does, without a kernel."""

import pytest
import torch
from browser import one_page
from helpers.waiting import state, until
from playwright.sync_api import expect

from chapters.ch06 import labs as bert_labs
from chapters.ch06.lesson import BertLesson
from chapters.ch06.pairs import encode
from chapters.ch07 import labs as gpt_labs
from course_kit.checkpoints import load_checkpoint

pytestmark = pytest.mark.browser
ABOUT = {"predictions": "9,000 small stories", "game": "1,003,854 letters", "sampling": "it sees 256 at once"}
MODELS = {"predictions": "bert-stories", "game": "gpt-shakespeare", "sampling": "gpt-shakespeare"}
POET, OPENING = load_checkpoint("gpt-shakespeare"), "To be, or not to "
ROMEO = "ROMEO:\nBut soft, what light through yonder window breaks?\nIt is the east, and Juliet is the sun.\n"
ROMEO += "Arise, fair sun, and kill the envious moon,\nWho is already sick and pale with "  # 175 of the 256 letters
PROSE, BEGUN = load_checkpoint("gpt-prose"), "The captain looked at the sky and"


def next_piece(text, written=()):
    """The prose model's logits of what follows a text and the pieces written since: [V]."""
    with torch.no_grad():
        return PROSE.model(torch.tensor([[*PROSE.tokenizer.encode(text), *written]]))[0, -1]


def poet(text):
    """The poet's logits of what follows each letter: [T, V]."""
    with torch.no_grad():
        return POET.model(torch.tensor([POET.tokenizer.encode(text)]))[0]


def gaps(*sentences, name="bert-stories", **options):
    loaded = load_checkpoint(name)
    read, words = encode(loaded.tokenizer, *sentences), loaded.tokenizer.words
    places = [n for n, token in enumerate(read.tokens) if token[0] != "["]
    found = BertLesson(loaded.tokenizer).gaps(loaded.model, read)
    return bert_labs.predictions(read.tokens, found, words, truth=read.tokens, positions=places, **options)


def made(name, **options):
    if name == "predictions":
        return gaps("The grass on the bank was wet.", model=MODELS[name], **options)
    if name == "prose":
        words = PROSE.tokenizer.tokens(range(len(PROSE.tokenizer)))
        return gpt_labs.sampling(next_piece(BEGUN), words, text=BEGUN, temperature=0, model="gpt-prose", **options)
    words = POET.tokenizer.words
    if name == "game":
        chances = poet("PROSPERO:\nbe free")[9:-1].softmax(-1)
        return gpt_labs.next_character("PROSPERO:\nbe free", chances, words, model=MODELS[name], **options)
    return gpt_labs.sampling(poet(OPENING)[-1], words, text=OPENING, model=MODELS[name], **options)


@pytest.fixture
def opened(show):
    """opened(name, …) -> a page with that lab and, unless told otherwise, the files of its model."""

    def open_page(name, **options):
        return show(made(name), **{"models": [MODELS.get(name, "gpt-prose")], "width": 1160, **options})

    return open_page


def unfolded(page):
    """The page, with the field for a text of the reader's own."""
    page.locator("details.typed > summary").click()
    return page


def typed(page, text, press="ask the model"):
    if not page.locator("details.typed").evaluate("e => e.open"):
        unfolded(page)
    page.get_by_role("textbox", name="Your own").fill(text)
    page.get_by_role("button", name=press).click()
    return page


def answered(page, name):
    """Waits for an answer to what was typed, and for what is said of the model that gave it."""
    until(lambda: state(page)["own"])
    expect(page.get_by_test_id("model")).to_contain_text(ABOUT[name])


def numbers(page):
    return page.evaluate("document.querySelector('.course-view').view.numbers()")


# ---- chapter 6: which word stands in the gap?
def test_each_word_of_an_own_text_is_covered_as_in_python(opened):
    page = typed(opened("predictions"), "Tom went to the river. He sat down on the zyzzyva.")
    answered(page, "predictions")
    expected = gaps("Tom went to the river.", "He sat down on the zyzzyva.")
    right, of = expected.right()
    expect(page.locator(".score")).to_have_text(f"✓ first choice right at {right} of {of} positions, ✗ wrong")
    for place in expected.options["positions"]:
        page.locator(f'[data-word="{place}"]').click()
        page.wait_for_function("p => document.querySelector('.course-view').view.state.own_position === p", arg=place)
        (ours,), (word, p, rank) = numbers(page), expected.true(0, place)
        assert [b["word"] for b in ours["bars"]] == [w for w, _ in expected.bars(0, place)]
        assert [b["p"] for b in ours["bars"]] == pytest.approx([p for _, p in expected.bars(0, place)], abs=1e-4)
        assert (ours["true"]["word"], ours["true"]["rank"]) == (word, rank)
        assert ours["true"]["p"] == pytest.approx(p, abs=1e-4)


def test_the_gaps_follow_what_is_typed_and_reset_goes_back(opened):
    page = typed(opened("predictions"), "The cat slept.")
    answered(page, "predictions")
    page.get_by_role("textbox", name="Your own").fill("The cat slept on the 猫 bank.")
    expect(page.locator(".words")).to_contain_text("[UNK]")
    expect(page.get_by_test_id("model")).to_contain_text("It does not know “猫”, and reads [UNK] there.")
    page.locator('[data-word="1"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".picked")).to_contain_text("cat")
    one_page.reset(page)
    expect(page.locator(".words")).to_contain_text("grass")


# ---- chapter 7: which letter comes next?
def test_a_beginning_is_read_as_in_python_and_written_on(opened):
    page = typed(opened("game"), "ROMEO:\nBut soft, what lig")
    answered(page, "game")
    best = poet("ROMEO:\nBut soft, what lig")[-1].softmax(-1).topk(5)
    ours = numbers(page)["expected"]
    assert [e["token"] for e in ours] == POET.tokenizer.tokens(best.indices.tolist())
    assert [e["p"] for e in ours] == pytest.approx(best.values.tolist(), abs=1e-4)
    page.get_by_role("button", name="write on").click()
    page.wait_for_function("document.querySelector('.course-view').view.numbers().text.length > 40")
    page.get_by_role("button", name="stop").click()
    expect(page.get_by_test_id("model")).to_contain_text("a second")
    written = numbers(page)
    assert written["text"].startswith("ROMEO:\nBut soft, what lig") and written["own"] == 25
    expect(page.get_by_test_id("text")).to_have_text(written["text"] + "▁")
    best = poet(written["text"])[-1].softmax(-1).topk(5)
    assert [e["p"] for e in written["expected"]] == pytest.approx(best.values.tolist(), abs=1e-3)
    expect(page.get_by_role("button", name="pass")).to_be_disabled()
    page.get_by_role("button", name="again").click()
    expect(page.get_by_role("button", name="pass")).to_be_enabled()
    expect(page.get_by_test_id("readout")).to_contain_text("Your guess.")


def test_a_model_of_pieces_writes_on_piece_by_piece_and_says_what_it_read(opened):
    page = unfolded(opened("prose"))
    page.get_by_role("button", name="write on").click()
    page.wait_for_function(f"document.querySelector('.course-view').view.state.own.length > {len(BEGUN) + 40}")
    page.get_by_role("button", name="stop").click()
    expect(page.get_by_test_id("model")).to_contain_text("pieces, ")
    expect(page.get_by_test_id("model")).to_contain_text("letters of old novels")
    written, drawn = state(page)["own"], []
    while len(BEGUN + PROSE.tokenizer.decode(drawn)) < len(written):
        drawn.append(int(next_piece(BEGUN, drawn).argmax()))
    assert written == BEGUN + PROSE.tokenizer.decode(drawn)
    typed(page, "“Where have you been?” she asked. “I")
    until(lambda: state(page)["own"], "“Where have you been?” she asked. “I")
    page.evaluate("document.querySelector('.course-view').view.set({ temperature: 1 })")
    expected = next_piece("“Where have you been?” she asked. “I").softmax(-1).topk(60).values.tolist()
    assert numbers(page)["probabilities"][:60] == pytest.approx(expected, abs=1e-4)


# ---- all three
@pytest.mark.parametrize("name", ["predictions", "game"])
def test_an_empty_text_is_asked_for(opened, name):
    page = typed(opened(name), "  ")
    expect(page.get_by_test_id("model")).to_contain_text("There is no word to read: type a text.")
    until(lambda: state(page)["own"], "")


@pytest.mark.parametrize("name", MODELS)
def test_an_own_text_is_for_everybody(opened, violations, name):
    page = unfolded(opened(name, width=390, height=800))
    page.get_by_role("textbox", name="Your own").focus()
    page.keyboard.press("End")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    answered(page, name)
    until(lambda: state(page)["own"].endswith("\na"))
    assert violations(page, ".course-view") == []
    inner, outer = page.locator(".course-view").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner <= outer + 1
