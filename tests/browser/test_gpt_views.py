"""Chapter 7's labs in the browser: what they compute equals Python and torch in float64, and what a hand can do."""

import math
import re

import labs
import numpy as np
import pages
import pytest
import torch
from cut_labels import cut_labels
from playwright.sync_api import expect
from waiting import contains, differs, lacks, numbers, picture, settle, state, until

from chapters.ch07.labs.journey import Panel
from course_kit.views.view import at
from course_utils.decoding.sampling import next_probabilities

pytestmark = pytest.mark.browser
SIGNS = list("\n abcdefgh")
TEXT = "the cat sat on the mat . the dog sat on the log . that cat and that dog are at the gate , aaaa aaa"
WORDS = ["The", "animal", "crossed", "the", "street"]
CHINESE = ["动物", "没有", "穿过", "街道"]
VIEW = "document.querySelector('.course-view').view"


def noise(*shape, seed=0):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def steps(**options):
    return labs.sampling(noise(3, 10), SIGNS, text="a b", chosen=[2, 3, 4], **options)


def game(**options):
    return labs.next_character("a bad cafe", noise(6, len(SIGNS)).softmax(-1), SIGNS, **options)


def journey(**options):
    causal = torch.ones(5, 5).tril().bool()
    masked = noise(5, 5, seed=2).masked_fill(~causal, -1e30).softmax(-1)
    panels = [
        ("one width", noise(5, 5).softmax(-1), WORDS, WORDS, 1),
        ("Chinese asks", noise(4, 5, seed=1).softmax(-1), CHINESE, WORDS, 3),
        Panel("GPT", masked, ["▁" + w for w in WORDS], None, 7, causal),
    ]
    return labs.journey(panels, **{"select": ("street", "animal"), **options})


MADE = {
    "sampling": lambda **o: steps(temperature=0.8, top_p=0.9, **o),
    "next_character": lambda **o: game(opened=1, **o),
    "merges": lambda **o: labs.merges(TEXT, 12, word="attach", **o),
    "scaling_law": labs.scaling_law,
    "journey": journey,
}


@pytest.fixture
def show(show):
    """show(view, …) -> page, as everywhere; without the static picture, which takes longest, unless scripts=False."""

    def open_page(*views, **options):
        whole = not options.get("scripts", True)
        return show(*(v if whole or isinstance(v, str) else pages.bare(v) for v in views), **options)

    return open_page


def said(page, name="readout"):
    settle(page)
    return page.get_by_test_id(name).inner_text().replace("\n", " ")


def table(page):
    settle(page)
    return [r.split("\t") for r in page.locator(".foot table tr").all_inner_texts()]


# ---- the mathematics
SETTINGS = [
    (1.0, 10, 1.0),
    (0.5, 4, 1.0),
    (1.7, 10, 0.8),
    (0.85, 6, 0.5),
    (0.0, 10, 0.9),
    (2.0, 1, 0.05),
    (1.0, 10, 0.99),
]


def test_what_is_drawn_from_is_what_python_draws_from(show):
    """That this is what decoding draws from is held in tests/unit/chapters/test_gpt_labs.py."""
    view = steps()
    page = show(view)
    for step in range(3):
        for temperature, top_k, top_p in SETTINGS:
            now = dict(step=step, temperature=temperature, top_k=top_k, top_p=top_p, draws=40, seed=step)
            shown, python = numbers(page, **now), at(view, **now)
            assert np.allclose(shown["probabilities"], python.probabilities, atol=1e-12, rtol=0)
            assert shown["kept"] == python.kept
            assert shown["entropy"] == pytest.approx(python.entropy, abs=1e-12)
            assert shown["drawn"] == python.drawn and shown["names"] == python.names


def test_a_large_vocabulary_travels_in_groups(show):
    logits = noise(2000, seed=5)
    logits[7] = -math.inf
    view = labs.sampling(logits, [f"t{i}" for i in range(2000)])
    page = show(view)
    assert len(view.probabilities) < 800
    for temperature, top_k, top_p in [
        (1.0, 2000, 1.0),
        (2.0, 500, 1.0),
        (1.5, 2000, 0.9),
        (2.0, 1000, 0.95),
        (0.0, 2000, 1.0),
    ]:
        now = dict(temperature=temperature, top_k=top_k, top_p=top_p, draws=30)
        shown, python = numbers(page, **now), at(view, **now)
        wanted = next_probabilities(logits.double(), temperature, top_k, top_p).sort(descending=True).values
        assert np.allclose(shown["probabilities"], python.probabilities, atol=1e-12, rtol=0)
        assert np.allclose(shown["probabilities"][:480], wanted[:480], atol=2e-5, rtol=0)
        assert abs(shown["kept"] - int((wanted > 0).sum())) <= 15 and shown["drawn"] == python.drawn
    until(lambda: said(page), lacks("1999"))
    assert "rarer tokens" in "".join(shown["names"])


def test_the_game_counts_as_python_does(show):
    for opened in (None, 0, 5):
        view = game(opened=opened)
        page, hidden = show(view), view.options["hidden"]
        for guesses in ([], ["a"], [" ", "", "a", "e"], hidden[view.opened :], hidden):
            shown, scores = numbers(page, guesses=guesses), at(view, guesses=guesses).scores
            for name in ("guessed", "reader", "model"):
                assert shown[name] == scores[name], (opened, guesses, name)
            assert np.allclose(shown["each"], view.bits, atol=1e-12)
            assert (shown["bits"] is None) or np.allclose(shown["bits"], scores["bits"], atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("text", [TEXT, "aaaaa aaa aa bab abab 你好 你好吗 𝒳y 𝒳y", "b！a b！a b𝒳a b𝒳a"])
def test_merges_equal_python(show, text):
    view = labs.merges(text, 25, word="𝒳yabaa")
    page = show(view)
    for step in range(view.options["last"] + 1):
        shown, python = numbers(page, step=step), at(view, step=step)
        assert [tuple(m.values()) for m in shown["merges"]] == python.merges
        assert [tuple(p.values()) for p in shown["pairs"]] == python.pairs
        assert shown["pieces"] == python.pieces and (shown["known"], shown["used"]) == python.sizes
        assert shown["cut"] == python.cut("𝒳yabaa")


def test_the_law_equals_python(show):
    view = labs.scaling_law(machines={"a": 1e13, "b": 3e15}, law=(1.5, 300.0, 500.0, 0.3, 0.35))
    page = show(view)
    for N in (1e5, 3e8, 1e13):
        for D in (1e6, 2e10, 1e15):
            for machine in "ab":
                shown, python = numbers(page, N=N, D=D, machine=machine), at(view, N=N, D=D, machine=machine).numbers
                for name, number in python.items():
                    assert np.allclose(shown[name], number, rtol=1e-9, atol=0), name


def test_the_journey_finds_what_python_finds(show):
    view = journey()
    page = show(view)
    for query in view.controls[0]["options"]:
        for key in view.controls[1]["options"]:
            shown, python = numbers(page, query=query, key=key)["panels"], at(view, query=query, key=key)
            for i, panel in enumerate(shown):
                place = [None if p < 0 else p for p in panel["place"]]
                assert tuple(place) == python.place(i) and panel["words"] == python.words(i)
                assert np.allclose(np.array(panel["weights"], float), view.weights(i), atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("name", MADE)
def test_the_tables_of_python_and_the_browser(show, name):
    view = MADE[name]()
    if name == "next_character":
        view.state["guesses"] = ["x", "", " "]
    if name == "sampling":
        view.state["draws"] = 7
    page = show(view)
    page.locator(".summed-up summary").first.click()
    wanted = [[str(c) for c in r] for r in (view.table().header, *view.table().rows)]
    if name == "scaling_law":  # 1.2e+20 on paper, 1.20 · 10²⁰ here
        for row in wanted[1:]:
            row[3] = row[3].replace("e+", " · 10")
            mantissa, power = row[3].split(" · 10")
            row[3] = f"{mantissa} · 10{''.join('⁰¹²³⁴⁵⁶⁷⁸⁹'[int(c)] for c in power)}"
    until(lambda: table(page), wanted)


# ---- under the hand
def test_a_token_is_drawn_and_written(show):
    view = steps(temperature=0.8)
    page = show(view)
    until(lambda: said(page, "text").endswith("a b▁"))
    until(lambda: said(page), contains("Draw one"))
    page.get_by_role("button", name="draw", exact=True).click()
    drawn = at(view, draws=1).drawn[-1]
    until(said(page, "text").strip, f"a b{drawn}".replace("␣", "").strip())
    until(lambda: said(page), contains("Drawn once"))
    until(lambda: said(page), contains(f"last “{drawn}”"))
    page.get_by_role("button", name="draw 100").click()
    until(lambda: said(page), contains("Drawn 101 times"))
    until(lambda: state(page)["draws"], 101)
    page.get_by_label("step").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    until(lambda: state(page)["step"], 1)
    until(lambda: said(page, "text").startswith("a ba"))
    page.get_by_role("button", name="reset").click()
    until(lambda: said(page), contains("Draw one"))
    until(lambda: state(page)["draws"], 0)


SPY = """async () => {
  const c = CanvasRenderingContext2D.prototype, { fillText, clip } = c, written = [];
  let clipped = 0;
  c.fillText = function (t, ...rest) { written.push(t); return fillText.call(this, t, ...rest); };
  c.clip = function () { clipped++; return clip.call(this); };
  document.querySelector('.course-view').view.set({});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  Object.assign(c, { fillText, clip });
  return [written, clipped];
}"""


def test_what_is_cut_is_hatched_and_said(show):
    view = steps()
    page = show(view)
    before = picture(page)
    page.get_by_label("top-k").focus()
    for _ in range(7):
        page.keyboard.press("ArrowLeft")
    until(lambda: state(page)["top_k"], 3)
    until(lambda: said(page), contains("3 of 10 tokens can be drawn (top-k 3)"))
    until(lambda: picture(page), differs(before))
    written, clipped = page.evaluate(SPY)
    until(lambda: written.count("cut") == clipped == 7)
    page.get_by_test_id("picture").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    name = view.names[3]
    until(lambda: said(page), contains(f"“{name}”: the model gives"))
    until(lambda: said(page), contains("cut, it cannot be drawn"))
    page.get_by_label("temperature").focus()
    page.keyboard.press("Home")
    until(lambda: said(page), contains("Temperature 0: nothing is left to chance"))
    until(lambda: said(page), contains("1 of 10"))
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 31)
    until(lambda: said(page), contains(f"“{view.names[0]}”: the model gives"))


RUNS = """y => {
  const canvas = document.querySelector('.course-view').shadowRoot.querySelector('canvas'), ratio = devicePixelRatio;
  const { data } = canvas.getContext('2d').getImageData(130 * ratio, y * ratio, 300 * ratio, 1), runs = [];
  for (let i = 0; i < data.length; i += 4) {
    const colour = [...data.slice(i, i + 4)].join(), last = runs.at(-1);
    last?.[0] === colour ? last[1]++ : runs.push([colour, 1]);
  }
  return runs;
}"""


def test_what_the_model_gives_overhangs_a_bar_that_stays_whole(show):
    page = show(labs.sampling(torch.tensor([2.0, 1.0, *[0.0] * 8]), SIGNS, temperature=0.5))
    settle(page)
    text = "27,36,48,255"
    across = [runs for runs in page.evaluate(RUNS, 30) if runs[0] == text]
    assert len(across) == 1 and across[0][1] > 100  # one bar, without a gap
    marks = [[n for colour, n in page.evaluate(RUNS, y) if colour == "89,101,115,255"] for y in (22, 38)]
    assert marks[0] == marks[1] and len(marks[0]) == 1 and 1 <= marks[0][0] <= 3  # a mark above and below it


def test_the_reader_plays(show):
    view = game(opened=0)
    page = show(view)
    hidden = view.options["hidden"]
    typed = page.get_by_test_id("type")
    typed.press_sequentially("e")
    page.locator(f'[data-key="{hidden[1]}"]').click()
    page.get_by_role("button", name="pass").click()
    typed.press("Enter")
    until(lambda: state(page)["guesses"], ["e", hidden[1], "", "\n"])
    scores = at(view, guesses=["e", hidden[1], "", "\n"]).scores
    assert scores["reader"] == 1
    until(lambda: re.search(r"\byou\s+1\b", said(page, "score")))
    until(lambda: said(page, "score"), contains(f"{scores['bits']:.2f} bits per character"))
    until(lambda: said(page), contains(f"It is “{hidden[3]}”. You guessed “⏎”."))
    until(lambda: said(page, "text"), lacks(hidden[4] + hidden[5]))
    typed.press_sequentially(hidden[4] + hidden[5] + "x")
    until(lambda: len(state(page)["guesses"]), 6)
    until(lambda: said(page), contains("That was the last one"))
    page.get_by_role("button", name="again").click()
    until(lambda: said(page), contains("What comes first? Your guess."))
    until(lambda: state(page)["guesses"], [])


def test_the_model_is_silent_before_the_guess(show):
    page = show(game(opened=0))
    until(page.locator(".bars u").count, 0)
    until(lambda: set(page.locator(".bars > span").all_inner_texts()), {"?", ""})
    until(lambda: said(page, "score"), "")
    until(page.locator(".c.hid").count, 6)
    until(lambda: said(page), contains("What comes first? Your guess."))
    page.get_by_test_id("type").press_sequentially("x")
    settle(page)
    until(page.locator(".bars u").count, 5)


def test_the_game_opens_with_an_example(show):
    view = game()
    page = show(view)
    until(lambda: said(page), contains("What comes next? Your guess. The model has played the first 3. It gave “c”"))
    until(page.locator(".bars u").count, 5)
    marks = ["✓" if view.options["best"][i][0] == view.options["hidden"][i] else "–" for i in range(3)]
    until(lambda: [t.strip() for t in page.locator(".c small").all_inner_texts()], [*marks, "", "", ""])
    until(lambda: said(page, "score"), "")
    until(lambda: said(page, "text"), lacks("afe"))
    page.get_by_test_id("type").press_sequentially("a")
    until(lambda: said(page, "score"), contains("Right of 1: you 1"))
    until(lambda: said(page), contains("It is “a”. You are right."))
    page.get_by_role("button", name="again").click()
    until(lambda: said(page), contains("What comes next? Your guess."))
    until(lambda: said(page, "score"), "")


def test_capitals_and_rare_signs_are_behind_shift(show):
    signs = [*"\n !',.3ABCabcéß我"]
    page = show(labs.next_character("abcab", noise(4, len(signs)).softmax(-1), signs))

    def seen():
        return {k.inner_text() for k in page.locator(".keys button").all() if k.is_visible()}

    until(seen, {*"⏎␣',.abcéß我"})
    shift = page.get_by_role("button", name="capitals")
    high = page.locator(".keys").bounding_box()["height"]
    shift.click()
    until(seen, {*"!3ABC"})
    until(lambda: page.locator(".keys").bounding_box()["height"], high)
    page.locator('[data-key="B"]').focus()
    page.keyboard.press("Enter")
    until(lambda: state(page)["guesses"], ["B"])
    until(seen, {*"⏎␣',.abcéß我"})
    until(lambda: shift.evaluate("e => e.getRootNode().activeElement === e"))
    until(page.locator(".keys button").count, len(signs))
    capitals = show(labs.next_character("AB", noise(2, 2).softmax(-1), ["A", "B"]))
    until(capitals.locator(".keys button").first.is_visible)
    until(capitals.get_by_role("button", name="capitals").count, 0)


def test_merging_by_hand(show):
    view = labs.merges({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 10)
    page = show(view)
    until(lambda: said(page), contains("Every word is cut"))
    until(lambda: said(page), contains("Next: e + s, 9 times; another pair is as frequent"))
    page.get_by_role("button", name="one merge on").click()
    until(lambda: said(page), contains("Merge 1: e + s → es, side by side 9 times"))
    until(lambda: said(page), contains("Next: es + t"))
    page.get_by_test_id("picture").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    until(page.locator('[data-word="newest"] span').all_inner_texts, ["▁", "n", "e", "w", "est"])
    until(page.locator('[data-word="newest"] .new').inner_text, "est")
    page.get_by_test_id("word").fill("lowest")
    settle(page)
    until(page.get_by_test_id("cut").locator("span").all_inner_texts, ["▁", "l", "o", "w", "est"])
    page.get_by_role("button", name="one merge back").click()
    settle(page)
    until(lambda: state(page)["step"], 1)
    until(lambda: page.get_by_test_id("cut").locator("span").all_inner_texts()[-2:], ["es", "t"])
    page.get_by_test_id("picture").focus()
    page.keyboard.press("End")
    settle(page)
    until(lambda: state(page)["step"], view.options["last"])
    until(page.get_by_role("button", name="one merge on").is_disabled)


def test_models_and_the_best_of_a_budget(show):
    page = show(labs.scaling_law())
    page.get_by_label("as", exact=True).select_option("Gopher")
    until(lambda: (state(page)["N"], state(page)["D"]), (280e9, 300e9))
    until(page.get_by_test_id("N").inner_text, contains("280 billion"))
    until(lambda: said(page), contains("The law was not fitted to such sizes"))
    until(lambda: said(page), lacks("58"))
    before = state(page)["N"] * state(page)["D"]
    page.get_by_role("button", name="go to the best").click()
    until(lambda: said(page), contains("the best for so many operations"))
    until(lambda: state(page)["N"] * state(page)["D"], pytest.approx(before))
    until(lambda: state(page)["N"] < 100e9)
    drawn = picture(page)
    page.get_by_label("tokens D").focus()
    page.keyboard.press("ArrowLeft")
    until(lambda: picture(page), differs(drawn))
    page.get_by_label("machine").select_option("10¹⁷ FLOP/s")
    until(lambda: said(page), contains("at 10¹⁷ FLOP/s"))


def test_a_word_lights_in_every_panel(show):
    view = journey()
    page = show(view)
    before = [picture(page, i) for i in range(3)]
    page.get_by_test_id("panel0").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    until(lambda: (state(page)["query"], state(page)["key"]), ("the (2)", "the"))
    until(lambda: all(picture(page, i) != b for i, b in enumerate(before)))
    until(lambda: said(page), contains("the (2) → the"))
    assert view.words(0) != at(view, query="the (2)", key="the").words(0)
    until(lambda: said(page), contains(at(view, query="the (2)", key="the").words(0)))
    page.get_by_test_id("panel1").focus()
    page.keyboard.press("ArrowDown")
    until(lambda: state(page)["query"], "动物")
    until(lambda: said(page), contains("“动物” gives “The”"))
    page.get_by_label("key", exact=True).select_option("street")
    page.get_by_label("query", exact=True).select_option("animal")
    settle(page)
    until(page.locator(".panel").nth(2).inner_text, contains("“▁animal” may not attend to “▁street”"))
    until(lambda: said(page), contains("can attend to “street” in 1 of 3"))


def test_a_pale_map_says_how_pale_and_names_are_whole(show):
    pale = torch.full((5, 5), 0.2)
    view = labs.journey([
        ("a long name of a model, layer 2, head 2", torch.eye(5), WORDS, None, 1),
        ("uniform", pale, WORDS, None, 2),
    ], select=("animal", "street"))  # fmt: skip
    page = show(view)
    heads = [" ".join(t.split()) for t in page.locator(".head").all_inner_texts()]
    assert heads == ["1 a long name of a model layer 2, head 2", "2 uniform all ≤ 0.20"]
    for width in (920, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        rights = page.evaluate(
            """() => [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.say div')].map(e => {
              const words = document.createRange(), frame = e.closest('.panels').getBoundingClientRect();
              words.selectNodeContents(e);
              return frame.right - words.getBoundingClientRect().right;
            })"""
        )
        assert min(rights) >= 8, rights


FRAMES = """colour => [...document.querySelector('.course-view').shadowRoot.querySelectorAll('canvas')].map(canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) count += [...data.slice(i, i + 3)].join() === colour;
  return count;
})"""


@pytest.mark.parametrize(("dark", "colour"), [(False, "89,101,115"), (True, "163,175,187")])
def test_even_a_pale_map_has_a_frame(show, dark, colour):
    page = show(labs.journey([("pale", torch.full((5, 5), 0.2), WORDS), ("one", torch.eye(5), WORDS)],
                             select=("animal", "street")), dark=dark)  # fmt: skip
    settle(page)
    edge = page.locator("canvas").first.bounding_box()["height"] - 23  # of a square map
    assert min(page.evaluate(FRAMES, colour)) > 2 * edge  # the lit words hide some of it


def test_a_pointer_lights_and_leaves(show):
    view = journey()
    page = show(view)
    still = said(page)
    box = page.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.6)
    pointed = until(lambda: said(page), differs(still))
    until(lambda: state(page)["query"], "street")
    page.mouse.move(2, 2)
    until(lambda: said(page), still)
    page.mouse.click(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.6)
    page.mouse.move(2, 2)
    until(lambda: said(page), pointed)
    page.get_by_role("button", name="reset").click()
    until(lambda: said(page).split(" · ")[0], still.split(" · ")[0])


def test_maps_are_equal_squares_whatever_their_words(show):
    panels = [
        (
            f"{name}, layer 2, head 2",
            noise(q, k).softmax(-1),
            [f"q{i}" for i in range(q)],
            [f"k{i}" for i in range(k)],
            n,
        )
        for n, (name, q, k) in enumerate(
            [("Transformer", 5, 5), ("BERT", 16, 16), ("GPT", 9, 4)] * 2 + [("a", 3, 3)], 1
        )
    ]
    for width, rows in ((920, 2), (390, 4)):
        page = show(labs.journey(panels, select=("q0", "k0")), width=width)
        settle(page)
        sizes = {tuple(e.bounding_box()[s] for s in ("width", "height")) for e in page.locator("canvas").all()}
        assert len(sizes) == 1, sizes
        tops = {round(e.bounding_box()["y"]) for e in page.locator("canvas").all()}
        assert len(tops) == rows
        cut = "e => [...e.querySelectorAll('*')].some(x => x.scrollWidth > x.clientWidth + 1)"
        assert not any(e.evaluate(cut) for e in page.locator(".head, .words").all())
    until(page.locator(".sentence .key").inner_text, "k0")


@pytest.mark.parametrize("name", MADE)
def test_it_can_be_had_in_words(show, name):
    view = MADE[name]()
    page = show(view)
    page.locator(".more summary").last.click()
    expect(page.locator(".more p")).to_have_text(view.describe())


def test_letters_and_boxes_of_the_game_can_be_read_in_a_narrow_page(show):
    page = show(game(), width=560)
    settle(page)
    sizes = page.evaluate(
        """() => [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.page .c')].map(cell => {
          const [mark, box] = cell.children, { width, height } = box.getBoundingClientRect();
          return [...[cell, mark].map(one => parseFloat(getComputedStyle(one).fontSize)), width, height];
        })"""
    )
    assert len(sizes) == 6 and np.min(sizes) >= 12, sizes


# ---- how they look and behave
WALK = """async () => {
  const view = document.querySelector('.course-view'), root = view.shadowRoot;
  const heights = new Set(), pictures = new Set();
  const note = async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    heights.add(view.offsetHeight);
    const drawn = [...root.querySelectorAll('canvas')].map(c => c.toDataURL());
    pictures.add(drawn.join() + root.querySelector('.stage').innerText);
  };
  for (const slider of root.querySelectorAll('input[type=range]'))
    for (let i = 0; i <= +slider.max; i += Math.max(1, Math.floor(+slider.max / 6))) {
      slider.value = i;
      slider.dispatchEvent(new Event('input'));
      await note();
    }
  for (const list of root.querySelectorAll('select'))
    for (let i = 0; i < list.length; i++) {
      list.selectedIndex = i;
      list.dispatchEvent(new Event('change'));
      await note();
    }
  for (const other of root.querySelectorAll('.keys button, .controls button:not(.play), .foot > button')) {
    other.click();
    await note();
  }
  return [[...heights], pictures.size, view.scrollWidth - view.clientWidth];
}"""


@pytest.mark.parametrize("name", MADE)
def test_every_control_repaints_and_nothing_jumps(show, name):
    page = show(MADE[name]())
    for width in (1000, 760, 420):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        heights, pictures, over = page.evaluate(WALK)
        assert len(heights) == 1, (width, heights)
        assert pictures >= 5 and over <= 1, (width, pictures, over)


@pytest.mark.parametrize("name", ["sampling", "scaling_law"])
def test_no_label_is_cut(show, name):
    page = show(MADE[name]())
    for width in (920, 700, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert cut_labels(page) == [], width


def test_the_curves_and_points_of_the_law_are_named(show):
    page = show(labs.scaling_law(parameters=175e9, tokens=300e9))
    settle(page)
    written, _ = page.evaluate(SPY)
    assert {"the best of every budget", "the same budget, other sizes", "GPT-3 2.01", "best 1.99"} <= set(written)
    page.get_by_role("button", name="go to the best").click()
    settle(page)
    until(lambda: "yours 1.99" in page.evaluate(SPY)[0])


def test_many_rare_tokens_are_words_not_a_bar(show):
    view = labs.sampling(noise(2000, seed=5) / 2, [f"t{i}" for i in range(2000)], text="so", top_k=5)
    page = show(view)
    settle(page)
    written, clipped = page.evaluate(SPY)
    others = [t for t in written if t.startswith("cut; the model gives them")]
    assert len(others) == 1 and "1986 others" in written
    assert clipped == written.count("cut") == 9


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_axe_violations(show, violations, dark):
    page = show(*(make() for make in MADE.values()), dark=dark, width=420 if dark else 1000)
    page.get_by_test_id("type").press_sequentially("ax")
    page.get_by_role("button", name="one merge on").click()
    page.get_by_role("button", name="draw 100").click()
    for summary in page.locator(".more summary").all():
        summary.click()
    assert violations(page, "main") == []
    until(lambda: page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_pages_without_scripts_keep_picture_words_and_table(show):
    page = show(*(make() for make in MADE.values()), scripts=False)
    until(page.locator("img").count, 5)
    page.locator("summary").first.click()
    until(page.locator("table").first.is_visible)


@pytest.mark.parametrize("name", MADE)
def test_presenting_size(show, name):
    page = show(MADE[name](presenting=True), width=1280)
    until(lambda: page.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)
    inner, outer = page.locator(".course-view").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner <= outer + 1


LIVE = """
import torch
from IPython.display import display
from chapters.ch07 import labs
tokens = list("abcdefghij")
def then(ids):
    logits = torch.zeros(10)
    logits[(len(ids) + 4) % 10] = 30.0
    return logits
lab = labs.sampling(then([]), tokens, text="go", then=then, live=True)
pieces = labs.merges("low lower lowest", 3, live=True)
heard = []
pieces.observe(lambda change: heard.append(change["new"]), "step")
display(lab, pieces)
"""


def test_live_a_draw_is_written_and_python_answers(notebook):
    nb = notebook("sampling", [LIVE])
    assert nb.run() == []
    nb.page.wait_for_function(
        "[...document.querySelectorAll('.jp-OutputArea .course-view')].filter(e => e.view).length === 2"
    )
    for written in ("goe", "goef", "goefg"):
        nb.page.get_by_role("button", name="draw", exact=True).click()
        nb.page.wait_for_function(
            "w => document.querySelector('.course-view').shadowRoot.querySelector('.text').innerText.includes(w)",
            arg=written,
        )
    until(lambda: nb.ask("print(lab.now.written)"), contains("goefg"))
    nb.page.get_by_role("button", name="one merge on").click()
    until(lambda: nb.ask("print(heard)"), contains("[1]"))
