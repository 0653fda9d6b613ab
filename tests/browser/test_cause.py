"""Cause, not only correlation: a painted row or a silent head, and what the model in the page then says, as Python."""

import contextlib

import pages
import pytest
import torch
from in_page import load_as_in_page
from playwright.sync_api import expect
from waiting import state, until

from chapters.ch05 import labs as transformer_labs
from chapters.ch06.pairs import encode
from course_kit.views.labs import heads
from course_kit.views.models import model_files
from course_kit.views.view import at
from course_utils.decoding import translate
from course_utils.heads import attention_weights, attentions, silenced
from course_utils.text import BOS

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


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("site")
    (where / "models").mkdir()
    for files in map(model_files, (GRAMMAR, BERT, POET)):
        for name, script in files.items():
            (where / "models" / name).write_text(script, encoding="utf-8")
    return where


@pytest.fixture
def opened(watch, folder):
    """opened(view, models=True, dark=False, width=1160, height=900) -> a page from disk with the view."""

    def open_page(shown, models=True, dark=False, width=1160, height=900):
        told = ' data-course-models="models/"' if models else ""
        colours = "background:#111;color:#e0e0e0" if dark else "background:#fff;color:#212121"
        (folder / "page.html").write_text(
            f'<!DOCTYPE html><html lang="en"{told}><meta charset="utf-8"><title>cause</title>{pages.PROGRAM}'
            f'<body style="margin:12px;font:14px system-ui,sans-serif;{colours}"><main>{pages.bare(shown)}</main>',
            encoding="utf-8",
        )
        return watch((folder / "page.html").as_uri(), own="file:", size=(width, height))

    return open_page


def press(page, name):
    page.get_by_role("button", name=name).click()


def begin(page):
    """What else can be done comes when a map is touched."""
    page.get_by_test_id("open").focus()
    return page


def answer(page, passes=2):
    """What the page has computed: without a change one pass, with one two."""
    return until(lambda: page.evaluate(NUMBERS).get("cause"), lambda found: found and len(found["stops"]) == passes)


@contextlib.contextmanager
def painted(attention, head, query, keys):
    """Within it one query of a head attends to these keys alone: its answer is the mean of their values."""
    size, values = attention.query.out_features // attention.num_heads, []
    mine = slice(head * size, (head + 1) * size)

    def answer(_, args):
        joined = args[0].clone()
        joined[0, query, mine] = values[-1][0, keys, mine].mean(0)
        return (joined,)

    hooks = [
        attention.value.register_forward_hook(lambda _, __, output: values.append(output)),
        attention.out.register_forward_pre_hook(answer),
    ]
    yield
    for hook in hooks:
        hook.remove()


@torch.no_grad()
def chances(loaded, text):
    """The probability of each word of a translation of TIRED."""
    words = loaded.target.encode(text)
    logits = loaded.model(torch.tensor([loaded.source.encode(TIRED)]), torch.tensor([[BOS, *words]]))[0]
    return dict(zip(loaded.target.tokens(words), logits.softmax(-1)[range(len(words)), words].tolist(), strict=True))


def said(loaded):
    return translate(loaded, [TIRED], beam=1)[0].text


def check(page, loaded, change):
    """What the page says of a translation, before and with the change, is Python's."""
    found, first = answer(page), said(loaded)
    before = chances(loaded, first)
    with change:
        then, after = said(loaded), chances(loaded, first)
    assert ["".join(text) for text in found["texts"]] == [first, then]
    moved = sorted(before, key=lambda word: -abs(after[word] - before[word]))
    assert found["words"][0][0] == moved[0]
    for word, *both in found["words"]:
        assert both == pytest.approx([before[word], after[word]], abs=1e-4)
    return found


def test_a_painted_row_changes_all_that_follows_as_in_python(opened):
    loaded, words = load_as_in_page(GRAMMAR), read(GRAMMAR)[2]
    tired, street = words.index("tired"), words.index("street")
    page = opened(view(select=("tired", "street")))
    press(page, "let “tired” attend only to “street”")
    attention = attentions(loaded.model)["encoder"][1]
    check(page, loaded, painted(attention, 1, tired, [street]))
    row = torch.zeros(len(words)).index_fill(0, torch.tensor([street]), 1)
    assert page.evaluate(NUMBERS)["open"][tired] == row.tolist()
    press(page, "as it was")
    answer(page, 1)
    there = pytest.approx(weights_of(GRAMMAR)[1][0, 1, tired].tolist(), abs=5e-4)
    until(lambda: page.evaluate(NUMBERS)["open"][tired], there.__eq__)


def test_a_silent_head_is_pythons_and_comes_back(opened):
    page, loaded = begin(opened(view())), load_as_in_page(GRAMMAR)
    press(page, "knock it out")
    check(page, loaded, silenced(loaded.model, [("encoder", 2, 2)]))
    press(page, "bring it back")
    assert "".join(answer(page, 1)["texts"][0]) == said(loaded)


def test_a_row_is_painted_by_dragging_and_by_keys(opened):
    loaded, words = load_as_in_page(GRAMMAR), read(GRAMMAR)[2]
    page = opened(view(select=("tired", "animal")))
    grid, attention = page.get_by_test_id("open"), attentions(loaded.model)["encoder"][1]
    grid.focus()
    page.keyboard.press("Space")
    until(lambda: page.evaluate(NUMBERS)["open"][10][1], 1)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    until(lambda: page.evaluate(NUMBERS)["open"][10][5], 0.5)
    check(page, loaded, painted(attention, 1, words.index("tired"), [1, 5]))
    page.keyboard.press("Space")
    until(lambda: page.evaluate(NUMBERS)["open"][10][1], 1)


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


def test_what_it_would_say_after_each_layer_is_what_the_descent_says(opened):
    page = opened(view(select=("tired", "street")))
    press(page, "let “tired” attend only to “street”")
    found = answer(page)
    word = found["words"][0][0]
    stops = transformer_labs.descent(TIRED, model=load_as_in_page(GRAMMAR), word=word).stops[
        ::3
    ]  # the input, and each layer's last
    assert [said for said, _ in found["stops"][0]] == [said for _, said, _ in stops]
    assert [p for _, p in found["stops"][0]] == pytest.approx([p for *_, p in stops], abs=1e-4)
    assert found["stops"][1] != found["stops"][0]


@pytest.mark.parametrize("name", [BERT, POET])
def test_bert_and_gpt_say_what_they_expect(opened, name):
    (model, given, tokens), loaded = read(name), load_as_in_page(name)
    query = tokens.index("[MASK]") if name == BERT else len(tokens) - 1
    page = opened(view(name, select=(query, 3), layer=0, head=2))

    def expected():
        with torch.no_grad():
            output = model(*given)
        logits = output.mlm_logits if name == BERT else output
        return logits[0, query].softmax(-1)

    press(page, "attend only to")
    found, (attention, *_) = answer(page), next(iter(attentions(model).values()))
    before = expected()
    with painted(attention, 2, query, [3]):
        after = expected()
    for word, *both in found["words"]:
        at = loaded.tokenizer.words.index(word)
        assert both == pytest.approx([before[at].item(), after[at].item()], abs=1e-4)
    assert len(found["stops"][0]) == 1 + len(weights_of(name))
    press(page, "as it was")
    best = before.topk(4)
    words = answer(page, 1)["words"]
    assert [word for word, _ in words] == loaded.tokenizer.tokens(best.indices.tolist())
    assert [p for _, p in words] == pytest.approx(best.values.tolist(), abs=1e-4)


@pytest.mark.parametrize("name", [BERT, POET])
def test_bert_and_gpt_read_an_own_sentence(opened, name):
    page, loaded = opened(view(name)), load_as_in_page(name)
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
    (weights,) = (seen[place] for place in attentions(loaded.model))
    now = until(lambda: page.evaluate(NUMBERS)["open"], lambda now: len(now) == len(tokens))
    assert torch.allclose(torch.tensor(now).float().nan_to_num(0), weights[1][0, 1], atol=1e-4)
    press(page, "attend only to")
    answer(page)


def test_it_says_what_was_asked_and_what_that_has_changed(opened):
    """A press may be repeated: that it was answered is to be seen."""
    page = begin(opened(view(select=("it", "animal"))))
    told = page.get_by_test_id("cause")
    tables = page.get_by_test_id("cause-tables")
    press(page, "knock it out")
    expect(told).to_contain_text("Asked with layer 2, head 2 knocked out.")
    expect(told).to_contain_text("It still writes that. “il” moved most: 0.932, now 0.925.")
    expect(tables).to_contain_text("for “il”, which moved most, had it stopped after")
    press(page, "reset")
    expect(told).to_contain_text("Asked with nothing changed.")
    expect(told).to_contain_text("It writes: l'animal")
    expect(tables).to_contain_text("for “.”, its least sure word, had it stopped after")
    for said in ("Asked with", "Asked again with", "Asked 3 times with"):
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
    page, loaded = begin(opened(view())), load_as_in_page(GRAMMAR)
    press(page, "knock it out")
    told = page.get_by_test_id("cause").get_by_role("status")
    expect(told).to_contain_text("layer 2, head 2")
    page.evaluate("document.querySelector('.course-view').view.set({ knocked: [[0, 0], [2, 3]] })")
    expect(told).to_contain_text("Asked with layer 1, head 1 knocked out; layer 3, head 4 knocked out.")
    check(page, loaded, silenced(loaded.model, [("encoder", 1, 1), ("encoder", 3, 4)]))


CAPTION = "The open head has a row for each [query|query] and a column for each [key|key]."


@pytest.mark.parametrize("name", [GRAMMAR, BERT])
def test_in_front_of_a_class_all_of_it_is_on_the_screen(opened, name):
    """1920 x 1080 at presenting size: picture, question and answer, and nothing moves when the answer comes."""
    caption = CAPTION if name == GRAMMAR else None
    page = opened(view(name, select=(7, 1), presenting=True, caption=caption), width=1920, height=1080)
    height = "document.querySelector('.course-view').offsetHeight"
    until(lambda: page.get_by_test_id("cause").locator("..").evaluate("e => e.offsetHeight > 100"))
    before = until(lambda: page.evaluate(height), lambda pixels: 600 < pixels <= 1080)
    open_head = begin(page).get_by_test_id("open").locator("canvas")
    cells = open_head.evaluate("canvas => [canvas.width, canvas.height]")
    for pressed in ("knock it out", "attend only to"):
        press(page, pressed)
        answer(page)
        expect(page.get_by_test_id("cause")).to_contain_text("had it stopped after")
        until(lambda: page.evaluate(height), lambda pixels: abs(pixels - before) <= 2)
    until(lambda: open_head.evaluate("canvas => [canvas.width, canvas.height]"), cells)
    size = page.get_by_test_id("cause").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size >= 24


def test_without_the_models_files_nothing_is_promised(opened):
    page = opened(view(), models=False)
    expect(page.get_by_test_id("model")).to_contain_text("in JupyterLab")
    expect(page.get_by_test_id("cause")).to_have_count(0)
    expect(page.get_by_test_id("knock")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1160, 390])
def test_it_can_be_used_by_everybody(opened, violations, dark, width):
    page = opened(view(), dark=dark, width=width)
    assert violations(page, ".course-view") == []
    press(page, "attend only to")
    answer(page)
    expect(page.get_by_test_id("cause-tables")).to_contain_text("had it stopped after")
    assert violations(page, ".course-view") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
