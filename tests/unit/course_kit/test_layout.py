"""The layout of figures: what is placed where, boxes that grow, arrows that find their ends."""

import pytest

from course_kit.views.figure import figure
from course_kit.views.layout import (
    WIDTH,
    arrow,
    bar,
    box,
    cells,
    column,
    disc,
    flow,
    frames,
    grid,
    hand,
    label,
    row,
    space,
    steps,
    words,
)
from course_kit.views.placing import laid_out


def edges(shape):
    across, high = shape["wide"], shape["high"]
    return shape["x"] - across / 2, shape["x"] + across / 2, shape["y"] - high / 2, shape["y"] + high / 2


def drawn(scene):
    return {shape["words"]: shape for shape in laid_out(scene)[0] if shape.get("words")}


@pytest.mark.parametrize("said", ["network", "what a word takes from every other word", "每个词从其他词里取一点"])
def test_a_box_grows_with_its_words_and_touches_no_other(said):
    narrow = [box(said) for _ in range(5)]
    shapes, high = laid_out(column(row(*narrow, even=True), box("below")))
    around = [edges(shape) for shape in shapes]
    for (_, end, _, foot), (begin, _, _, _) in zip(around[:4], around[1:5], strict=True):
        assert end <= begin and foot < around[5][2]
    assert all(0 <= a < b <= 1 and 0 <= c < d <= high for a, b, c, d in around)
    short = laid_out(row(*(box("a") for _ in range(5)), even=True))[1]
    assert high > laid_out(column(row(*(box("a") for _ in range(5)), even=True), box("below")))[1] - 1 > short


def test_what_stands_in_a_grid_stands_one_below_the_other():
    scene = drawn(grid(row(label("a name that is long"), words("x"), words("y")), row(label("b"), words("z"), space())))
    assert scene["x"]["x"] == scene["z"]["x"] and scene["x"]["y"] < scene["z"]["y"]
    assert scene["a name that is long"]["x"] == scene["b"]["x"] and scene["b"]["anchor"] == "start"


def test_an_arrow_goes_from_border_to_border_and_comes_with_the_later_end():
    low, top = box("low"), box("top", since=2)
    shapes, _ = laid_out(column(top, low, arrow(low, top, "key", weight=[0, 3]), gap=40))
    way = shapes[-1]
    assert way["from"][1] < shapes[1]["y"] and way["to"][1] > shapes[0]["y"] and way["since"] == 2
    assert way["each"] == [{"weight": 0}, {"weight": 3}] and way["from"][0] == way["to"][0] == 0.5
    left, right = box("left"), box("right")
    way = laid_out(row(left, right, arrow(left, right)))[0][-1]
    assert way["from"][1] == way["to"][1] and way["from"][0] < way["to"][0]


def test_a_flow_joins_what_follows_and_steps_come_one_after_the_other():
    shapes, _ = laid_out(flow(*steps(box("a"), box("b"), box("c")), up=True))
    ys = {shape["words"]: shape["y"] for shape in shapes[:3]}
    assert ys["a"] > ys["b"] > ys["c"] and [shape["since"] for shape in shapes[-2:]] == [1, 2]


def test_what_holds_others_says_when_they_come_and_a_list_changes_in_the_frames():
    held = box("holds", "key", words(["one", "two"]), bar([0.25, 1]), cells([[1.0, 0.333], [2, 3]]), since=3)
    shapes, _ = laid_out(held)
    assert [shape["since"] for shape in shapes] == [3] * 4 and shapes[0]["up"] > 0
    assert shapes[1]["each"][1] == {"words": "two"} and shapes[2]["each"][0] == {"share": 0.25}
    assert shapes[3]["each"] == [{"numbers": [1, 0.33]}, {"numbers": [2, 3]}]
    _, end, top, foot = edges(shapes[0])
    assert all(top < shape["y"] < foot and shape["x"] < end for shape in shapes[1:])


def test_a_frame_has_its_own_scene_and_a_clock_its_hand():
    clock = disc(high=60)
    shapes, _ = laid_out(column(frames(words("first"), box("second")), clock, hand(clock, [0, 1.5], 20)))
    assert [shape.get("only") for shape in shapes] == [[0], [1], None, None]
    assert shapes[-1]["from"] == [shapes[2]["x"], shapes[2]["y"]] and shapes[-1]["each"][1] == {"turn": 1.5}


def test_a_figure_without_axes_and_tables_plays_its_steps_and_tells_them():
    made = figure(column(*steps(words("a"), words("b"))), ["first", "second"])
    assert made.options["axes"] == [{"name": "step", "values": [1, 2]}] and made.frame == 1
    assert made.options["tables"][0]["rows"] == [["1", "first"], ["2", "second"]]
    assert made.options["height"] < WIDTH and made.describe() == "second"
    with pytest.raises(ValueError, match="1 sentences"):
        figure(words(["a", "b"]), ["one"], axes=[("n", "n", [1, 2])])
    with pytest.raises(TypeError, match="'sinse' is nothing that a part can show; there are: anchor, "):
        box("b", sinse=1)
    with pytest.raises(TypeError, match="'ley' is no role; there are: query, key"):
        words("b", "ley")
    with pytest.raises(TypeError, match="'arcoss' is no side; there are: left, "):
        arrow(space(), space(), side="arcoss")


def test_an_arrow_has_two_ends_each_in_one_place():
    hole, end = space(), box("end")
    for scene in (row(hole, end, hole, arrow(hole, end)), row(end, arrow(hole, end))):
        with pytest.raises(ValueError, match="an arrow's end, space {.*}, stands in [02] places; needed: in one"):
            laid_out(scene)
