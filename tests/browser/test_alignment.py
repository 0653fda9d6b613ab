"""Chapter 3's labs in a browser: a translation grows, partners light up, words are knocked out."""

import pytest
from helpers.scenes import FRENCH, chinese, european, knocked
from helpers.waiting import contains, differs, picture, settle, state, stays, until

pytestmark = pytest.mark.browser


def word(page, line, text):
    return page.locator(".line:visible").nth(line).locator(".word", has_text=text).first


def test_keys_and_buttons_write_word_by_word(show):
    page = show(european(step=0))
    lab, said = page.get_by_test_id("picture"), page.get_by_test_id("readout")
    until(said.inner_text, contains("nothing is written yet"))
    until(lambda: not word(page, 1, "L'").is_visible())
    lab.focus()
    pictures = {picture(page)}
    for i, new in enumerate(FRENCH[:3]):
        page.keyboard.press("ArrowRight")
        until(said.inner_text, contains(f"“{new}” puts"))
        until(word(page, 1, new).is_visible)
        until(page.get_by_test_id("step").inner_text, f"{i + 1} of 14")
        pictures.add(picture(page))
    assert len(pictures) == 4
    page.keyboard.press("ArrowLeft")
    until(lambda: state(page)["step"], 2)
    until(lambda: not word(page, 1, FRENCH[2]).is_visible())
    for key, step in (("End", 14), ("Home", 0)):
        page.keyboard.press(key)
        until(lambda: state(page)["step"], step)
    until(page.get_by_label("one word back").is_disabled)
    page.get_by_label("one word on").click()
    until(lambda: state(page)["step"], 1)
    lab.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    until(lambda: state(page)["row"], 11)
    until(said.inner_text, contains("“août” puts"))
    page.keyboard.press("Escape")
    until(lambda: state(page)["row"], -1)


def test_play_pauses_and_reaches_the_end(show):
    page = show(chinese())
    button = page.get_by_test_id("play")
    page.get_by_test_id("picture").press(" ")
    stopped = page.wait_for_function(
        """() => { const view = document.querySelector('.course-view'), step = view.view.state.step;
        if (step < 2 || step === 6) return false;
        view.shadowRoot.querySelector('.play').click();
        return step; }"""
    ).json_value()
    until(button.inner_text, "play")
    stays(lambda: state(page)["step"], stopped)
    page.get_by_test_id("picture").press(" ")
    page.wait_for_function("() => document.querySelector('.course-view').view.state.step === 6")
    until(button.inner_text, "play")
    until(button.is_enabled)
    button.click()
    page.wait_for_function("() => document.querySelector('.course-view').view.state.step < 6")


def test_no_motion_for_those_who_want_none(show):
    """A new row fades in, but is there at once where the system asks for less motion."""
    for motion, still in (("no-preference", False), ("reduce", True)):
        page = show(european(step=0))
        page.emulate_media(reduced_motion=motion)
        first = page.evaluate(
            """async () => { const root = document.querySelector('.course-view').shadowRoot;
            root.querySelector('[aria-label="one word on"]').click();
            await new Promise(requestAnimationFrame);
            return root.querySelector('canvas').toDataURL(); }"""
        )
        if still:
            stays(lambda: picture(page), first)
        else:
            until(lambda: picture(page), differs(first))


def test_pointing_at_a_word_lights_its_partners(show):
    page = show(european())
    bold = lambda line, text: word(page, line, text).evaluate("e => !!e.style.boxShadow")  # noqa: E731
    said = page.get_by_test_id("readout")
    word(page, 1, "zone").hover()
    until(lambda: bold(0, "Area"))
    until(lambda: bold(1, "zone"))
    until(lambda: not bold(0, "signed"))
    until(said.inner_text, contains("“zone” puts"))
    word(page, 0, "was").hover()
    until(lambda: bold(0, "was"))
    until(lambda: bold(1, "été"))
    until(lambda: not bold(1, "zone"))
    until(said.inner_text, contains("of the 14 words’ attention"))
    canvas = page.locator("canvas").bounding_box()
    page.mouse.move(canvas["x"] + 12, canvas["y"] + canvas["height"] - 20)
    until(said.inner_text, contains("“.” puts"))
    until(lambda: bold(1, "."))


def test_words_by_keyboard(show):
    page = show(european(step=3))
    word(page, 1, "L'").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    until(lambda: state(page)["step"], 4)
    until(lambda: page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.textContent"), "la")
    page.keyboard.press("Home")
    until(lambda: state(page)["row"], 0)
    until(page.get_by_test_id("readout").inner_text, contains("“L'” puts"))
    page.keyboard.press("Tab")
    until(lambda: page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.dataset.testid"), "picture")


def test_knock_out_a_word_and_bring_it_back(show):
    page = show(european(variants=knocked()))
    said, before = page.get_by_test_id("readout"), picture(page)
    until(lambda: not page.locator(".was").is_visible())
    word(page, 0, "European").click()
    page.mouse.move(0, 0)
    until(lambda: state(page)["variant"], 1)
    until(lambda: picture(page), differs(before))
    until(said.inner_text, contains("Without “European”"))
    until(page.locator(".was + * del").all_inner_texts, ["européenne"])
    until(lambda: word(page, 0, "European").get_attribute("aria-pressed"), "true")
    word(page, 0, "European").click()
    page.mouse.move(0, 0)
    until(lambda: state(page)["variant"], 0)
    page.get_by_label("knock out").select_option("without “Area”")
    until(page.locator(".line:visible .changed").all_inner_texts, ["union"])
    page.get_by_label("knock out").select_option("nothing")
    settle(page)
    word(page, 0, "Area").click()
    until(lambda: state(page)["variant"], 2)


def test_words_say_their_language(show):
    page = show(chinese())
    until(word(page, 0, "吃").is_visible)
    until(lambda: page.locator(".line").first.get_attribute("lang"), "zh")
