"""The head explorer under the hand: keys, pointer, words, knocking out, a window, 144 heads at once.

Its numbers and words are held to Python's in tests/unit/course_kit/test_heads_lab.py.
"""

import numpy as np
import pytest
import torch
from helpers import labs
from helpers.scenes import STREET, WORDS, encoder, layers, three
from helpers.waiting import contains, differs, picture, settle, state, until

pytestmark = pytest.mark.browser
VIEW = "document.querySelector('.course-view').view"


def said(page):
    return page.get_by_test_id("readout").inner_text().replace("\n", " ")


def numbers(page, **patch):
    return page.evaluate(f"async s => {{ const v = {VIEW}; v.set(s); await new Promise(requestAnimationFrame); "
                         "await new Promise(requestAnimationFrame); return v.numbers(); }", patch)  # fmt: skip


def cell(page, layer, head, rows=3, columns=5):
    """Where the small picture of a head is, found from the first and the last picture that can be hit."""
    found = page.evaluate(
        """async ([L, C]) => { const v = document.querySelector('.course-view');
        const c = v.shadowRoot.querySelector('[data-testid="heads"] canvas');
        const r = c.getBoundingClientRect(), hit = {};
        for (let y = 4; y < r.height; y += 6) for (let x = 4; x < r.width; x += 6) {
          c.dispatchEvent(new PointerEvent('pointermove', { clientX: r.left + x, clientY: r.top + y }));
          c.dispatchEvent(new MouseEvent('click', { clientX: r.left + x, clientY: r.top + y }));
          const s = v.view.state, k = `${s.layer},${s.head < 0 ? C - 1 : s.head}`;
          (hit[k] ??= []).push([x, y]); }
        return hit; }""",
        [rows, columns],
    )
    points = found[f"{layer},{head}"]
    x, y = points[len(points) // 2]
    box = page.get_by_test_id("heads").locator("canvas").bounding_box()
    return box["x"] + x, box["y"] + y


def test_arrow_keys_walk_over_heads_and_enter_goes_in(show):
    page = show(encoder())
    focused = "() => document.activeElement.shadowRoot?.activeElement?.dataset.testid"
    page.get_by_test_id("heads").focus()
    before = picture(page), picture(page, 1)
    for key, layer, head in (
        ("ArrowRight", 0, 1),
        ("ArrowDown", 1, 1),
        ("End", 1, -1),
        ("ArrowRight", 1, -1),
        ("ArrowLeft", 1, 3),
        ("ArrowUp", 0, 3),
        ("Home", 0, 0),
    ):
        page.keyboard.press(key)
        until(lambda: [state(page)[name] for name in ("layer", "head")], [layer, head])
        name = "mean of its heads" if head < 0 else f"head {head + 1}"
        until(lambda: said(page), contains(f"Layer {layer + 1}, {name}: “it” gives"))
        twin = page.get_by_test_id("heads").get_by_role("gridcell")
        until(lambda: twin.get_attribute("aria-label").startswith(f"layer {layer + 1}, {name}: “it” gives"))
        until(lambda: twin.get_attribute("aria-colindex"), str((head if head >= 0 else 4) + 1))
    page.keyboard.press("ArrowDown")
    until(lambda: picture(page), differs(before[0]))
    until(lambda: picture(page, 1), differs(before[1]))
    page.keyboard.press("Enter")
    until(lambda: page.evaluate(focused), "open")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    until(lambda: (state(page)["query"], state(page)["key"]), (8, 2))
    until(lambda: said(page), contains("“was” gives"))
    until(lambda: page.get_by_test_id("open").get_by_role("gridcell").get_attribute("aria-colindex"), "3")
    page.keyboard.press("Escape")
    until(lambda: page.evaluate(focused), "heads")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    until(lambda: page.evaluate(focused) is None)


def test_pointing_at_a_head_says_its_number_and_a_click_opens_it(show):
    page = show(encoder())
    spot = cell(page, 2, 1)
    numbers(page, layer=0, head=0)
    page.mouse.move(*spot)
    until(lambda: said(page), contains("Layer 3, head 2: “it” gives"))
    until(lambda: state(page)["layer"], 0)
    page.mouse.click(*spot)
    page.mouse.move(2, 2)
    until(lambda: (state(page)["layer"], state(page)["head"]), (2, 1))
    until(lambda: said(page), contains("Layer 3, head 2"))


def test_pointing_at_a_word_shows_it_in_every_head(show):
    """A label of the open head: all numbers follow while the pointer is there; a click keeps it."""
    page = show(encoder())
    box = page.get_by_test_id("open").locator("canvas").bounding_box()
    seen = {}
    for y in range(20, int(box["height"]), 8):
        page.mouse.move(box["x"] + 12, box["y"] + y)
        settle(page)
        seen.setdefault(page.get_by_test_id("number").inner_text(), y)
    asked = [w for w in WORDS if any(f": {w} → animal" in t for t in seen)]
    assert set(asked) == set(WORDS), seen
    until(lambda: state(page)["query"], 7)
    y = next(y for t, y in seen.items() if ": street →" in t)
    page.mouse.click(box["x"] + 12, box["y"] + y)
    page.mouse.move(2, 2)
    until(lambda: (state(page)["query"], state(page)["key"]), (5, 1))
    assert np.allclose(np.array(numbers(page)["heads"])[:, :4], torch.cat(layers())[:, :, 5, 1], atol=5e-4)
    page.mouse.click(box["x"] + box["width"] - 60, box["y"] + box["height"] - 12)
    until(lambda: state(page)["query"], 11)
    until(lambda: state(page)["key"] > 8)


def test_masked_cells_are_hatched_and_said(show):
    page = show(three("decoder", select=("动物", "街道")))
    until(lambda: said(page), contains("“动物” may not attend to “街道”"))
    causal = torch.ones(5, 5).tril()
    open_weights = causal / causal.sum(-1, keepdim=True)
    plain = show(labs.heads([open_weights.expand(2, 5, 5)], STREET))
    hatched = show(labs.heads([open_weights.expand(2, 5, 5)], STREET, mask=causal.bool()))
    until(lambda: picture(plain) != picture(hatched))
    until(lambda: picture(plain, 1) != picture(hatched, 1))


REPAINTS = """async patches => { const v = document.querySelector('.course-view').view;
  for (const patch of patches) { v.set(patch);
    await new Promise(f => requestAnimationFrame(() => setTimeout(f))); } }"""


def test_144_heads_of_64_words_repaint_under_the_hand(show):
    """12 × 12 heads, T = 64: a repaint takes 8 to 12 ms of the thread's own time on a quiet machine.

    The bound is wide: a machine that others share runs at half its speed.
    """
    weights = torch.softmax(4 * torch.randn(12, 12, 64, 64, generator=torch.Generator().manual_seed(0)), -1)
    view = labs.heads(weights, [f"w{i}" for i in range(64)], select=(1, 0))
    page = show(view, width=1200)
    protocol = page.context.new_cdp_session(page)
    protocol.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent():
        return next(
            m["value"] for m in protocol.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
        )

    heads = [{"layer": i, "head": (5 * i) % 12} for i in range(12)]
    queries = [{"query": i, "key": (7 * i) % 64} for i in range(12)]
    for name, patches in (("heads", heads), ("queries", queries)):
        page.evaluate(REPAINTS, patches)
        start = spent()
        page.evaluate(REPAINTS, patches)
        each = 1000 * (spent() - start) / len(patches)
        print(f"other {name}: {each:.1f} ms")
        assert each < 100, f"{each:.1f} ms for a repaint of 144 heads"
