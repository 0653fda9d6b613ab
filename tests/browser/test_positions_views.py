"""Chapter 4's labs in the browser: their mathematics equals torch in float64, their words say what was computed."""

import math

import labs
import numpy as np
import pytest
import torch
from cut_labels import cut_labels
from waiting import contains, differs, lacks, numbers, settle, state, until

from course_kit.views.view import at

pytestmark = pytest.mark.browser
TOLERANCE = 1e-6
WORDS = ["the", "dog", "bites", "the", "old", "man"]


def sentence(count=6, size=8, seed=4):
    x = torch.randn(count, size, generator=torch.Generator().manual_seed(seed))
    if count == 6:
        x[3] = x[0]
    return x


def map_of(rows, columns, seed):
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)) / rows**0.5


def all_labs():
    x = sentence()
    return {
        "sinusoid": labs.sinusoid(),
        "rotation": labs.rotation(),
        "paths": labs.paths(),
        "shuffle": labs.shuffle(x, WORDS, order=[0, 5, 2, 3, 4, 1], positions=True),
    }


def said(page):
    settle(page)
    return page.get_by_test_id("readout").inner_text()


@pytest.fixture
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


# ---- the mathematics
@pytest.mark.parametrize(("length", "size"), [(50, 128), (2, 2), (128, 256), (17, 6)])
def test_sinusoids_equal_torch(show, float64, length, size):
    from course_utils.positions import frequencies, sinusoidal_encoding

    shown = numbers(show(labs.sinusoid(length, size)))
    assert np.allclose(shown["encoding"], sinusoidal_encoding(length, size), atol=TOLERANCE, rtol=0)
    assert np.allclose(shown["frequencies"], frequencies(size), atol=0, rtol=1e-12)
    assert [int("".join(map(str, row)), 2) for row in shown["digits"]] == list(range(length))


def test_rotations_equal_torch(show, float64):
    from course_utils.positions import shift_matrix, sinusoidal_encoding

    view = labs.rotation(32, 40)
    page = show(view)
    encoding = sinusoidal_encoding(80, 32)
    for offset in (-7, 0, 3, 20):
        whole = shift_matrix(offset, 32)
        for pair in (0, 4, 15):
            rows = slice(2 * pair, 2 * pair + 2)
            for position in (7, 39):
                shown = numbers(page, pair=pair, offset=offset, position=position)
                assert np.allclose(shown["matrix"], whole[rows, rows], atol=TOLERANCE, rtol=0)
                wanted = encoding[[position, position + offset], rows]
                assert np.allclose(shown["points"], wanted, atol=TOLERANCE, rtol=0)
                assert np.allclose(shown["turned"], wanted[1], atol=TOLERANCE, rtol=0)
                assert shown["dots"][position] == pytest.approx(
                    float(encoding[position] @ encoding[position + offset]), abs=TOLERANCE
                )
                assert max(shown["error"], shown["found"]) < 1e-12


def test_paths_are_those_of_python(show):
    view = labs.paths()
    page = show(view)
    for length in range(2, 17):
        for kernel in (2, 3, 4, 7):
            for dilated in (False, True):
                now = dict(length=length, kernel=kernel, dilated=dilated)
                assert numbers(page, **now) == at(view, **now).counts


@pytest.mark.parametrize("maps", [False, True], ids=["plain", "projected"])
def test_shuffled_attention_equals_torch(show, maps, float64):
    from course_utils.positions import sinusoidal_encoding

    x = sentence()
    given = dict(query=map_of(8, 5, 1), key=map_of(8, 5, 2), value=map_of(8, 3, 3)) if maps else {}
    view = labs.shuffle(x, WORDS, **given)
    page = show(view)
    single = {name: w.float().double() for name, w in given.items()}
    q, k, v = ((single[n] if maps else torch.eye(8)) for n in ("query", "key", "value"))
    for order in (list(range(6)), [5, 4, 3, 2, 1, 0], [2, 0, 1, 3, 5, 4]):
        for positions in (False, True):
            shown = numbers(page, order=order, positions=positions)
            rows = x.float().double()[order] + (sinusoidal_encoding(6, 8) if positions else 0)
            weights = torch.softmax((rows @ q) @ (rows @ k).T / q.shape[1] ** 0.5, -1)
            assert np.allclose(shown["weights"], weights, atol=TOLERANCE, rtol=0)
            assert np.allclose(shown["outputs"], weights @ rows @ v, atol=TOLERANCE, rtol=0)
            expected = at(view, order=order, positions=positions).moved
            assert np.allclose(shown["change"], expected["change"], atol=TOLERANCE)
            assert shown["drift"] == pytest.approx(expected["mean"], abs=TOLERANCE)
            same = not positions or order == list(range(6))
            assert shown["equivariant"] == expected["equivariant"] == same
            assert shown["invariant"] == expected["invariant"] == same


# ---- under the hand
def test_words_move_by_key_button_and_pointer(show):
    page = show(labs.shuffle(sentence(), WORDS))
    until(lambda: said(page), contains("This is the first order"))
    page.get_by_role("button", name="dog, place 2 of 6").focus()
    page.keyboard.press("Shift+ArrowRight")
    settle(page)
    until(lambda: state(page)["order"], [0, 2, 1, 3, 4, 5])
    until(lambda: said(page), contains("equivariant"))
    page.keyboard.press("Shift+End")
    settle(page)
    until(lambda: state(page)["order"], [0, 2, 3, 4, 5, 1])
    page.keyboard.press("ArrowLeft")
    settle(page)
    until(lambda: state(page)["word"], 5)
    until(lambda: page.evaluate("document.activeElement.shadowRoot.activeElement.textContent"), "man")
    page.get_by_role("button", name="◀ move").click()
    settle(page)
    until(lambda: state(page)["order"], [0, 2, 3, 5, 4, 1])
    page.get_by_role("button", name="reset").click()
    settle(page)
    first, last = (page.locator(f'[data-word="{w}"]').bounding_box() for w in (0, 5))
    page.mouse.move(first["x"] + 10, first["y"] + 10)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] / 2, last["y"] + 10, steps=30)
    page.mouse.up()
    settle(page)
    until(lambda: state(page)["order"], [1, 2, 3, 4, 5, 0])
    for name in ("reverse", "shuffle"):
        page.get_by_role("button", name=name).click()
        settle(page)
        until(lambda: sorted(state(page)["order"]), list(range(6)))


def test_positions_end_the_equivariance(show):
    page = show(labs.shuffle(sentence(), WORDS, order=[5, 1, 2, 3, 4, 0]))
    until(lambda: said(page), contains("Their mean stayed: invariant"))
    page.get_by_text("added").click()
    until(lambda: said(page), contains("not equivariant"))
    until(lambda: said(page), contains("not invariant"))
    until(lambda: said(page), contains("“"))


def claimed(**options):
    """The lab as chapter 4 opens with it: its title and caption are about what is shown at first."""
    return labs.shuffle(
        sentence(), WORDS, order=[0, 5, 2, 3, 4, 1], title="Without positions, each output moves with its word",
        caption="“dog” and “man” have changed places. “same” means that no number has changed.", **options
    )  # fmt: skip


def test_title_and_caption_are_about_what_is_shown(show):
    page = show(claimed())
    title, caption = (page.locator(f".{name}") for name in ("title", "caption"))
    until(title.inner_text, "Without positions, each output moves with its word")
    until(caption.inner_text, contains("“dog” and “man” have changed places. “same”"))
    page.get_by_text("added").click()
    until(title.inner_text, "With positions, outputs change when words change places")
    until(caption.inner_text, contains("“dog” and “man” have changed places. Left:"))
    until(caption.inner_text, contains("Δ says by how much"))
    page.get_by_role("button", name="reverse").click()
    until(caption.inner_text, contains("6 words have changed places"))
    until(caption.locator("b.output").inner_text, "output")
    page.get_by_text("none", exact=True).click()
    until(title.inner_text, "Without positions, each output moves with its word, unchanged")
    page.get_by_role("button", name="reset").click()
    until(title.inner_text, "Without positions, each output moves with its word")
    until(caption.inner_text, contains("“same” means that no number has changed."))


@pytest.mark.parametrize("width", [1000, 760, 480])
def test_another_title_or_caption_moves_nothing(show, width):
    page = show(claimed(), width=width)
    settle(page)
    heights, pictures, _ = page.evaluate(WALK)
    assert len(heights) == 1 and pictures >= 5


def test_the_sinusoid_by_keys_and_pointer(show):
    page = show(labs.sinusoid(position=20, column=8))
    page.get_by_test_id("picture").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "PageDown"):
        page.keyboard.press(key)
    settle(page)
    until(lambda: (state(page)["position"], state(page)["column"]), (31, 10))
    until(lambda: said(page), contains("P[31, 10] = sin(31 ·"))
    until(lambda: said(page), contains("31 in binary is 011111"))
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    until(lambda: said(page), lacks("P[31, 10]"))
    page.mouse.click(box["x"] + 40, box["y"] + 60)
    settle(page)
    clicked = state(page)["position"], state(page)["column"]
    page.mouse.move(0, 0)
    until(lambda: said(page), contains(f"P[{clicked[0]}, {clicked[1]}]"))
    assert clicked != (31, 10)


def test_the_matrix_stays_while_i_moves(show):
    page = show(labs.rotation())
    matrix = page.locator(".one .cells")
    before = matrix.inner_text()
    page.get_by_label("position i").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: said(page), contains("from 5 to 6: R stayed the same"))
    until(matrix.inner_text, before)
    page.get_by_label("offset δ").focus()
    page.keyboard.press("ArrowRight")
    until(lambda: said(page), contains("from 3 to 4: R is another matrix"))
    until(matrix.inner_text, differs(before))
    until(lambda: said(page), contains("R · P[i] = P[i+δ] at all 50 positions"))


def test_both_points_on_the_circle_can_be_dragged(show):
    page = show(labs.rotation())
    until(lambda: state(page)["position"], 5)
    box, pair = page.locator("canvas").bounding_box(), state(page)["pair"]
    omega, middle = 10000 ** (-2 * pair / 128), box["width"] / 2

    def at(i):
        turn = i * omega
        return box["x"] + middle + 0.7 * middle * math.cos(turn), box["y"] + middle - 0.7 * middle * math.sin(turn)

    for held, to, name, value in ((5, 9, "position", 9), (12, 14, "offset", 5)):
        page.mouse.move(*at(held))
        page.mouse.down()
        page.mouse.move(*at(to), steps=6)
        page.mouse.up()
        until(lambda name=name: state(page)[name], value)


def test_paths_say_their_counts(show):
    page = show(labs.paths(length=9, kernel=3))
    settle(page)
    until(page.get_by_test_id("convolution").inner_text, contains("4 steps = ⌈(n−1)/(k−1)⌉"))
    page.get_by_text("dilated", exact=True).click()
    settle(page)
    until(page.get_by_test_id("convolution").inner_text, contains("2 steps = ⌈log₃ n⌉"))
    until(
        lambda: said(page),
        contains("8 steps through the recurrent layer, 2 through the dilated convolutions, 1 in self-attention"),
    )


# ---- how they look and behave
WALK = """async () => {
  const view = document.querySelector('.course-view'), root = view.shadowRoot;
  const heights = new Set(), pictures = new Set();
  const note = async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    heights.add(view.offsetHeight);
    pictures.add([...root.querySelectorAll('canvas')].map(c => c.toDataURL()).join());
  };
  for (const slider of root.querySelectorAll('input[type=range]'))
    for (let i = 0; i <= +slider.max; i += Math.max(1, Math.floor(+slider.max / 6))) {
      slider.value = i;
      slider.dispatchEvent(new Event('input'));
      await note();
    }
  for (const other of root.querySelectorAll('input[type=radio], .controls button, .foot > button')) {
    other.click();
    await note();
  }
  return [[...heights], pictures.size, view.scrollWidth - view.clientWidth];
}"""


@pytest.mark.parametrize("name", list(all_labs()))
def test_every_control_repaints_and_nothing_jumps(show, name):
    page = show(all_labs()[name])
    for width in (1000, 760, 480):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        heights, pictures, over = page.evaluate(WALK)
        assert len(heights) == 1, (width, heights)
        assert pictures >= 5 and over <= 1


def test_the_longest_sentence_about_three_words_moves_nothing(show):
    heights = {}
    for order in ([0, 1, 2, 3, 4, 5], [3, 1, 2, 4, 0, 5]):  # nothing has moved; the two *the* and *old* have
        page = show(labs.shuffle(sentence(), WORDS, order=order))
        for width in (1000, 840, 760, 700, 480):
            page.set_viewport_size({"width": width, "height": 900})
            settle(page)
            heights.setdefault(width, set()).add(page.evaluate("document.querySelector('.course-view').offsetHeight"))
    assert {width: len(found) for width, found in heights.items()} == dict.fromkeys(heights, 1), heights


@pytest.mark.parametrize("name", list(all_labs()))
def test_no_label_is_cut(show, name):
    page = show(all_labs()[name])
    for width in (920, 700, 390):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        assert cut_labels(page) == [], width


@pytest.mark.parametrize("size", [{"width": 1000}, {"width": 390}, {"width": 1280, "presenting": True}], ids=str)
def test_no_name_on_the_circle_is_cut(show, size):
    """Wherever on the circle the two positions are: P[37] and P[40] on its right were."""
    page = show(labs.rotation(presenting=size.get("presenting")), width=size["width"])
    omega = 10000 ** (-2 * state(page)["pair"] / 128)
    turn = {i: math.cos(i * omega) for i in range(50)}
    rightmost, leftmost = sorted(turn, key=turn.get)[-6:], sorted(turn, key=turn.get)[:6]
    for offset in (-20, 3, 20):
        for position in {*rightmost, *leftmost, *(abs(p - offset) for p in (*rightmost, *leftmost)), 3, 9} & {*turn}:
            now = {"offset": offset, "position": position}
            numbers(page, **now)
            assert cut_labels(page) == [], now


def test_the_shuffle_opens_on_what_has_moved(show):
    page = show(labs.shuffle(sentence(), WORDS, order=[0, 5, 2, 3, 4, 1]))
    until(lambda: said(page), contains("“dog” and “man” have moved"))
    until(lambda: said(page), contains("equivariant"))
    until(lambda: state(page)["word"], 1)
    until(lambda: page.locator(".signs").inner_text().split("\n"), ["outputs:", "below 0", "above 0"])


def test_the_same_matrix_is_shown_at_other_positions(show):
    page = show(labs.rotation())
    rows = page.locator(".same")
    until(rows.inner_text, contains("every position 3 on"))
    until(lambda: rows.locator("i").all_inner_texts()[:4], ["P[0]", "P[3]", "P[10]", "P[13]"])
    page.get_by_label("offset δ").focus()
    page.keyboard.press("ArrowRight")
    until(rows.inner_text, contains("every position 4 on"))
    until(lambda: "↛" not in rows.inner_text())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_axe_violations(show, violations, dark):
    page = show(*all_labs().values(), dark=dark, width=480 if dark else 1000)
    for summary in page.locator(".more summary").all():
        summary.click()
    assert violations(page, "main") == []
    until(lambda: page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_pages_without_scripts_keep_picture_words_and_table(show):
    page = show(*all_labs().values(), scripts=False)
    until(page.locator("img").count, 4)
    page.locator("summary").first.click()
    until(page.locator("table").first.is_visible)


def test_presenting_size(show):
    for lab in (labs.sinusoid, labs.rotation, labs.paths):
        page = show(lab(presenting=True), width=1280)
        until(lambda: page.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)
        inner, outer = page.locator(".course-view").evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert inner <= outer + 1


LIVE = """
import torch
import course_kit
from IPython.display import display
from chapters.ch04 import labs
course_kit.setup()  # brings the program of the views
lab, moved = labs.sinusoid(live=True), labs.shuffle(torch.eye(4), live=True)
heard = []
lab.observe(lambda change: heard.append(change["new"]), "position")
moved.observe(lambda change: heard.append(change["new"]), "order")
display(lab, moved)
"""


def test_live_labs_tell_python(notebook):
    nb = notebook("positions", [LIVE])
    assert nb.run() == []
    nb.page.wait_for_function(
        "[...document.querySelectorAll('.jp-OutputArea .course-view')].filter(e => e.view).length === 2"
    )
    nb.page.get_by_label("position", exact=True).focus()
    nb.page.keyboard.press("ArrowRight")
    until(lambda: nb.ask("print(heard)"), contains("22"))
    nb.page.get_by_role("button", name="move ▶").click()
    until(lambda: nb.ask("print(heard)"), contains("[1, 0, 2, 3]"))
    nb.ask("lab.column = 30")
    nb.page.wait_for_function("document.querySelector('.course-view').view.state.column === 30")
