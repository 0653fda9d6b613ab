"""The website as its readers meet it: from a folder, by mouse, keys and phone, in both colours, without a network."""

import functools
import http.server
import re
import threading
from pathlib import Path

import axe_playwright_python
import pytest
from helpers.waiting import contains, differs, until

from course_tools.authoring import sources
from course_tools.publishing import links, site

pytestmark = pytest.mark.browser
ADDRESS = "https://github.com/someone/attention-course"
PAGES = [*(f"{name}.html" for name in sources.names()), "glossary.html", "teaching.html", "mine-05-transformer.html"]
CHINESE = {"02_scoring_functions", "05_transformer"}
VISITED = CHINESE | {"00_start_here", "03_seq2seq", "04_positional_encoding", "07_gpt"}
VISITED |= {"01_nadaraya_watson", "01_nadaraya_watson_annex"}
SAMPLE = ["02_scoring_functions.html", "zh/05_transformer.html", "glossary.html"]  # the others weekly
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
# Each look of words on a page: an example, the colours of its letters and of the ground, size and weight of the type.
LOOKS = """() => { const seen = new Map(), words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
      const text = words.currentNode.data.trim(), e = words.currentNode.parentElement, s = getComputedStyle(e);
      if (!text || !e.checkVisibility()) continue;
      let ground = e;
      while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
      const look = [s.color, getComputedStyle(ground).backgroundColor, parseFloat(s.fontSize), +s.fontWeight];
      seen.set(look.join(), [text.slice(0, 40), ...look]);
    }
    return [...seen.values()]; }"""
# The views have tests of their own; the contrast of every word takes axe a minute a page, so looks() does that.
RUN = """async () => { const rules = { "color-contrast": { enabled: false } };
    const options = { preload: false, resultTypes: ["violations"], rules };
    const found = await axe.run({ include: [document], exclude: [".course-view"] }, options);
    return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target} ${n.failureSummary}`)); }"""
PLAIN = "() => { for (const code of document.querySelectorAll('.highlight pre')) code.textContent = code.textContent; }"
SHOWN = "() => [...document.querySelectorAll('.course-view')].every(view => view.shadowRoot)"
MODELS = "performance.getEntriesByType('resource').map(e => e.name).filter(name => /models/.test(name))"
ALL = """() => { for (const part of document.querySelectorAll("details")) part.open = true;
    document.documentElement.toggleAttribute("data-code", true);
    dispatchEvent(new Event("beforeprint")); }"""


@pytest.fixture(scope="module")
def folder(request, tmp_path_factory):
    """A site of the notebooks that the tests visit; of all where those of the week are run. Its links, and what is on
    all pages, tests/unit/course_tools/test_whole_site.py reads."""
    out, built, every = tmp_path_factory.mktemp("site") / "out", sources.built, sources.names()
    weekly = any(test.get_closest_marker("weekly") and test.path == request.path for test in request.session.items)
    with pytest.MonkeyPatch.context() as patch:
        if not weekly:
            patch.setattr(sources, "names", lambda *_: [name for name in every if name in VISITED])
            wanted = {"en": VISITED}
            patch.setattr(sources, "built", lambda to: [one for one in built(to) if one in wanted.get(to, CHINESE)])
            patch.setattr(links, "dead_links", lambda _: [])
        site.build(out, ADDRESS)
    return out


@pytest.fixture
def visit(watch, folder):
    """visit(file, **context) -> page; afterwards: no request has left the folder, nothing went wrong."""

    def go(file, base=None, **context):
        base = base or folder.as_uri() + "/"
        return watch(base + file, own=base, **context)

    return go


@pytest.fixture(scope="module")
def served(folder):
    """The address of a plain server over the same files."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Says nothing of each request."""


def brightness(colour):
    """Relative luminance of "rgb(r, g, b)", as WCAG 2.2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def faint(page):
    """The looks with too little contrast: less than 4.5, or 3 in large type (WCAG 2.2, 1.4.3)."""
    said = []
    for text, letters, ground, size, weight in page.evaluate(LOOKS):
        low, high = sorted([brightness(letters), brightness(ground)])
        large = size >= 24 or size >= 18.66 and weight >= 700
        if (high + 0.05) / (low + 0.05) < (3 if large else 4.5):
            said.append(f"{text!r}: {letters} on {ground}")
    return said


def found(page):
    return page.locator("#search-found a").all_inner_texts()


def search(page, words):
    page.locator("#search-words").fill(words)
    page.wait_for_function("() => document.getElementById('search-said').textContent")


@pytest.mark.parametrize(
    ("file", "colour"),
    [("index.html", "dark"), *((file, "light") for file in ["index.html", *SAMPLE]),
     *(pytest.param(file, "light", marks=pytest.mark.weekly) for file in PAGES if file not in SAMPLE),
     *(pytest.param(file, "dark", marks=pytest.mark.weekly) for file in PAGES)],
)  # fmt: skip
def test_a_page_fits_a_phone_and_axe_finds_nothing(visit, file, colour):
    page = visit(file, size=(360, 740), color_scheme=colour)
    page.evaluate(ALL)
    page.wait_for_function(SHOWN)
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 360)
    until(lambda: faint(page), [])
    page.evaluate(PLAIN)
    page.evaluate(AXE.read_text("utf-8"))
    until(lambda: page.evaluate(RUN), [])
    page.evaluate(
        "() => { document.querySelector('h1').style.color = 'var(--paper)'; document.body.append(new Image()); }"
    )
    assert faint(page) and any("image-alt" in one for one in page.evaluate(RUN)), "both notice what is wrong"


def test_the_first_page_translates_a_sentence_whose_model_comes_when_one_asks_and_leads_on(visit, served):
    page = visit("index.html", base=served)
    page.wait_for_function(SHOWN)
    french = page.get_by_test_id("french")
    before = french.inner_text()
    until(lambda: page.evaluate(MODELS), [])
    page.locator("[data-control=attention][value=off]").check()
    until(french.inner_text, differs(before))
    page.locator("details.typed").evaluate("e => { e.open = true; }")
    field = page.locator('textarea[data-control="own"]')
    field.fill("The cat sleeps on the old chair because it is tired.")
    field.press("Enter")
    until(lambda: "chair" in page.locator(".words").inner_text())
    until(lambda: len(set(page.evaluate(MODELS))), len(page.evaluate(MODELS)))  # no file comes twice
    page.locator(".door").click()
    until(page.locator(".sentences").inner_text, contains("la vieille chaise parce qu'il"))
    page.locator(".close").click()
    page.locator("main .tile").nth(3).click()
    page.wait_for_url("**/03_seq2seq.html")


def test_what_is_far_away_is_not_fetched_and_the_program_comes_once(visit, served):
    page = visit("05_transformer.html", base=served)
    page.wait_for_function("() => document.querySelector('.course-view').shadowRoot")
    fetched = dict(
        page.evaluate("() => performance.getEntriesByType('resource').map(e => [e.name, e.encodedBodySize])")
    )
    heavy = page.evaluate("() => document.querySelectorAll('[data-numbers], .output img').length")
    assert sum("/numbers/" in name or "/img/" in name for name in fetched) < heavy / 2
    assert not any("search-data" in name for name in fetched)
    assert sum(size for name, size in fetched.items() if not name.endswith("program.js")) < 200_000
    page.evaluate(ALL)
    page.wait_for_function(SHOWN)
    said = "() => performance.getEntriesByType('resource').filter(e => e.name.endsWith('program.js')).length"
    until(lambda: page.evaluate(said), 1)


def test_search_finds_what_people_ask_for_and_leads_there_by_keyboard(visit, served):
    page = visit("02_scoring_functions.html", base=served)
    page.keyboard.press("/")
    page.wait_for_function("() => document.getElementById('search').open")
    for question, place in {
        "掩码": "mask · 掩码",
        "RoPE": "rotary positions · 旋转位置编码",
        "why divide by sqrt d": "Two: why divide by √d?",
        "kv cahce": "KV cache · 键值缓存",
        "What is a kernel?": "kernel · 核函数",
        "split_heads": "split_heads",
    }.items():
        search(page, question)
        until(lambda place=place: place in found(page)[:3])
    search(page, "softmax zzzzzzzz")
    until(page.locator("#search-said").inner_text, contains("with 1 of 2 words"))
    for odd in ("(", "[a-", "\\", "constructor", "<b>x"):
        search(page, odd)
    until(page.locator("#search-found b").count, 0)
    search(page, "梯度下降")
    until(lambda: found(page))
    page.keyboard.press("Enter")
    page.wait_for_url("**/01_nadaraya_watson.html#gradient-descent")
    until(lambda: page.locator("#gradient-descent").bounding_box()["y"] < 900)
    page.goto(f"{served}mine-05-transformer.html")
    with page.expect_download() as taken:
        page.locator("a[download]").first.click()
    assert "class Transformer" in Path(taken.value.path()).read_text("utf-8")


def test_what_follows_a_guess_waits_below_its_title_until_that_is_made_or_shown(visit):
    page = visit("01_nadaraya_watson.html#leave-one-out", size=(390, 844), has_touch=True)
    wider, storm = (page.locator(f".predict + .behind >> nth={i}") for i in (0, 2))
    until(page.locator("#leave-one-out + *, :has(> #leave-one-out)").first.is_visible)  # behind the third
    until(page.locator(".behind.open").count, 1)
    until(wider.get_by_text("How far should a query reach?", exact=True).locator("visible=true").count, 1)
    until(lambda: wider.locator(".pale").first.evaluate("one => one.inert"))
    guess = page.locator(".predict .course-view").nth(1)
    guess.scroll_into_view_if_needed()
    guess.locator("label").first.tap()
    until(lambda: wider.locator(".pale").first.evaluate("one => one.inert"), False)
    storm.locator("> .curtain").tap()
    page.reload()
    until(page.locator(".behind.open").count, 3)


def test_the_contents_say_which_section_is_read_and_another_language_opens_there(visit):
    """Also where the address names no place: no error is thrown, which `visit` would notice."""
    page = visit("02_scoring_functions.html#%", size=(1280, 900))
    section = page.locator("#contents ol a").nth(4)
    name, here = section.inner_text(), page.locator("#contents [aria-current=location]")
    page.evaluate("hash => document.getElementById(decodeURIComponent(hash.slice(1))).scrollIntoView()",
                  section.evaluate("link => link.hash"))  # fmt: skip
    until(here.all_inner_texts, [name])
    until(lambda: page.evaluate("link => link.getBoundingClientRect().top < innerHeight", here.element_handle()))
    page.locator(".language").evaluate("link => link.click()")
    page.wait_for_url(re.compile("zh/02_scoring_functions.html#section=4$"))
    until(here.all_inner_texts, [section.inner_text()])
    until(here.all_inner_texts, lambda words: words != [name] and re.search("[一-鿿]", words[0]))
    page.keyboard.press("/")
    search(page, "自注意力")
    until(page.locator("#search-said").inner_text, contains("处"))
    until(lambda: found(page)[0], contains("self-attention · 自注意力"))


def test_the_colours_follow_the_system_until_one_chooses_and_the_choice_is_kept(visit):
    page = visit("glossary.html", color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{ground} !== '{dark}'")
    page.locator("#colours").click()
    page.wait_for_function(f"{ground} === '{dark}'")
    page.reload()
    page.wait_for_function(f"{ground} === '{dark}'")  # light is the system's, dark was chosen


def test_one_switch_shows_all_code_on_this_page_and_on_the_next(visit):
    page = visit("03_seq2seq.html")
    code = page.locator(".folded:visible")
    until(code.count, 0)
    page.get_by_role("button", name="all code").click()
    until(code.count)
    page.locator("a[rel=next]").click()
    until(code.count)


def test_without_scripts_pictures_sentences_and_the_way_on_remain(visit):
    page = visit("01_nadaraya_watson.html", java_script_enabled=False)
    until(page.locator(".course-view img").first.is_visible)
    until(page.locator("nav.contents a").first.is_visible)
    for title in ("Which readings answer for 15:00?", "Can training find the width?"):
        until(page.get_by_text(title, exact=True).locator("visible=true").count, 1)
    until(page.locator("header button:visible").count, 0)
    until(page.locator(".folded").first.is_visible)
    page.locator("a[rel=next]").click()
    assert page.url.endswith("01_nadaraya_watson_annex.html")
