"""The cover in a browser: it plays, is touched, asks, and answers for the reader's own sentence, without a kernel."""

import pytest
from playwright.sync_api import expect
from waiting import stays, until

from chapters.ch00 import labs
from chapters.ch00.labs.cover import MODEL, study
from course_utils.training.checkpoints import load_checkpoint
from course_utils.views.models import model_files, page_files


@pytest.fixture
def opened(watch, tmp_path):
    """opened(models=True, **context) -> a page from disk with the cover, its model beside it or not."""

    def open_page(models=True, **context):
        if models:
            (tmp_path / "models").mkdir()
            for name, script in (page_files() | model_files(MODEL)).items():
                (tmp_path / "models" / name).write_text(script, encoding="utf-8")
        told = ' data-course-models="models/"' if models else ""
        (tmp_path / "page.html").write_text(
            f'<!DOCTYPE html><html lang="en"{told}><meta charset="utf-8"><title>cover</title>'
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
    expect(page.get_by_test_id("readout")).to_contain_text("“it” → “animal”: 0.45, now 0.44. The French: il, now elle.")


def test_change_guess_see_ask(opened):
    """The story in its four steps; no step gives the next one away."""
    page = opened(models=False)
    says = page.get_by_test_id("readout")
    expect(says).to_contain_text("What will move")
    expect(page.locator(".caption .query")).to_have_text("it")
    expect(page.locator(".swap").first).not_to_be_visible()
    page.get_by_role("button", name="change to wide").click()
    expect(says).to_contain_text("Guess: which brings back “il”?")
    expect(page.locator(".swap").first).to_have_text("⇅")
    page.locator('[data-swap="1"]').click()
    expect(says).to_contain_text("Not “animal”: the chance of “il” goes from 0.07 % to 0.07 %. Another guess?")
    expect(page.locator('[data-swap="1"]')).to_have_text("0.07 %")
    expect(page.locator('[data-swap="10"]')).to_have_text("⇅")
    expect(french(page).locator("b")).to_have_text("elle")
    page.locator('[data-swap="10"]').click()
    expect(says).to_contain_text("With the numbers of “wide”, the chance of “il” goes from 0.07 % to 93 %")
    expect(french(page).locator("b")).to_have_text("il")
    page.get_by_role("button", name="wide: whom does it attend to?").click()
    expect(says).to_contain_text(
        "“tired” → “animal” 0.99, now “wide” → “street” 0.87. This arc turned, that of “it” did"
    )
    expect(says).to_contain_text("an arc is no proof: without these arcs “elle” still gets 93 %")
    expect(french(page).locator("b")).to_have_text("elle")
    page.get_by_role("button", name="change to tired").click()
    expect(says).to_contain_text("“wide” → “street” 0.87, now “tired” → “animal” 0.99")
    page.get_by_role("button", name="reset").click()
    expect(says).to_contain_text("What will move")


def test_it_plays_by_itself_until_it_is_touched(opened):
    """Other words ask; what the reader shall guess is not given away."""
    page = opened(models=False, reduced_motion="no-preference")
    expect(page.locator(".asks")).to_have_text("animal", timeout=15_000)
    expect(french(page).locator("b")).to_have_text("il")
    page.get_by_role("button", name="change to wide").click()
    expect(page.locator(".asks")).to_have_text("it")
    stays(page.locator(".asks").text_content, "it", seconds=2.5)  # its next scene would have come by then


def test_an_own_sentence_is_answered_in_the_page_as_in_python(opened):
    page = opened()
    page.get_by_role("textbox").fill("The trophy didn't fit in the box because it was too big/small.")
    page.get_by_role("button", name="ask the model").click()
    expect(page.locator(".words")).to_contain_text("trophy", timeout=30_000)
    numbers = page.evaluate("document.querySelector('.course-view').view.numbers()")
    theirs = study(
        load_checkpoint(MODEL),
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
    expect(page.get_by_test_id("model")).to_contain_text("make lab")
    expect(french(page)).to_contain_text("L'animal")


def test_on_a_phone_each_weight_stands_beside_its_bar_in_one_line(opened):
    page = opened(models=False)
    page.set_viewport_size({"width": 390, "height": 844})
    number = page.locator(".share[data-weight='0.45']")
    expect(number).to_be_visible()
    after = "e => { const style = getComputedStyle(e, '::after'); return [style.content, style.whiteSpace]; }"
    until(lambda: number.evaluate(after), ['"0.45"', "nowrap"])


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
    page.get_by_role("textbox", name="Your own sentence").fill(
        "The dog didn't cross the road because it was too tired/narrow."
    )
    page.get_by_role("button", name="ask the model").click()
    expect(page.locator(".words")).to_contain_text("dog", timeout=60_000)
