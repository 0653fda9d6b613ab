"""The charts in Python: what they say, their tables, their still pictures. In a page: tests/browser/test_chart.py."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from unit.sweeping import sweep

from course_kit.programs import explain
from course_kit.programs.arguments import NothingYet
from course_kit.views import picture, plot
from course_kit.views.chart import clock
from course_kit.views.view import at

X = torch.linspace(0, 4, 9)


def test_charts_are_views_with_words_a_table_and_a_picture():
    chart = plot.lines(
        {"a": ([1, 2], [3, 4]), "b": ([1, 2], [3, 4.01])}, "n", "error", title="T", caption="Look.", log="x"
    )
    assert chart.describe() == (
        "error against n: a from 3 to 4, lowest 3, highest 4; b from 3 to 4.01, lowest 3, highest 4.01"
    )
    assert chart.table().rows == [["a", "1", "3"], ["a", "2", "4"], ["b", "1", "3"], ["b", "2", "4.01"]]
    html = chart.fragment()
    assert (
        "<figcaption>Look.</figcaption>" in html
        and 'alt="error against n' in html
        and "<b>T</b>" in html
        and chart.to_image()[:4] == b"RIFF"
    )
    with pytest.raises(ValueError, match="x"):
        plot.lines({"a": ([1, 2], [1, 2, 3])})
    assert plot.lines({"a": ([7], [2])}).shown[0]["series"][0].labels == ["one measurement so far"]
    with pytest.raises(NothingYet, match="run the training") as caught:
        plot.lines({"loss": ([], [])}, compare={"guessing": ((0, 9), (2, 2))})
    assert explain.missing(caught.value) == str(caught.value)


def all_charts():
    gap = [1.0, np.nan, 3.0]
    return {
        "lines": plot.lines({"with a gap": (gap, gap), "empty": (gap, [np.nan] * 3)}, "x", "y", mark=(2, "here")),
        "band": plot.lines({"between": ([1, 2], [1, 1], [2, 3])}, log="xy"),
        "regression": plot.regression(X, X.sin(), {"curve": (X, X.cos())}, truth=(X, X)),
        "points": plot.points([1, 2], [3, 4], labels=["one", "我"], role="key"),
        "groups": plot.points({"a": ([1], [2]), "b": ([2], [1])}, xlabel="x"),
        "beside": plot.beside({"left": plot.lines({"a": (X, X)}), "right": plot.points(X, X)}, title="Both"),
        "bars": plot.bars(["a", "我"], [-0.5, 0.5], ylabel="share", digits=1),
        "pairs": plot.bars(["a", "我"], {"before": [-0.5, 0.5], "我": [1, 2]}, ylabel="share"),
        "maps": plot.maps({"mask": torch.ones(2, 3) > 0}, {"mask": ["a", "b"]}, "key", title="Who?"),
        "signed": plot.maps({"cosine": -np.eye(3), "other": np.ones((2, 4))}, "word", signed=["cosine"]),
    }


@pytest.mark.parametrize("name", all_charts())
def test_every_chart_is_drawn_said_and_small(name):
    chart = all_charts()[name]
    assert chart.to_image()[:4] == b"RIFF" and len(chart.describe()) > 10
    assert all(len(row) == len(chart.table().header) for row in chart.table().rows)


def test_numbers_of_bars_are_rounded_alike_in_words_and_table():
    chart = plot.bars(["a", "b"], [0.125, 2], digits=1, ylabel="share")
    assert chart.describe() == "a: 0.1; b: 2.0." and chart.table().header == ["name", "share"]


def test_bars_of_several_are_rows_of_one_table():
    chart = plot.bars(["form", "fits"], {"before": [0, 12.4], "after": [100, 81]}, digits=0, ylabel="%")
    assert chart.describe() == "form: before 0, after 100; fits: before 12, after 81."
    assert chart.table().header == ["%", "before", "after"] and chart.table().rows[1] == ["fits", "12", "81"]
    assert chart.arrays["y"].tolist() == pytest.approx([0, 100, 12.4, 81])


def test_charts_beside_each_other_keep_their_scales_and_titles():
    chart = all_charts()["beside"]
    assert [panel["title"] for panel in chart.options["panels"]] == ["left", "right"]
    assert [panel["series"][0]["kind"] for panel in chart.options["panels"]] == ["line", "points"]
    assert chart.arrays["x"].shape == (18,)


def test_two_charts_can_have_the_same_vertical_axis():
    line = {"BLEU": ([1, 2], [3, 4])}
    chart = plot.lines(line, limits=(0, 100))
    figure = Figure()
    chart.draw(figure)
    assert chart.options["panels"][0]["limits"] == figure.axes[0].get_ylim() == (0, 100)
    assert plot.lines(line).options["panels"][0]["limits"] is None


@pytest.mark.parametrize(("shape", "message"), [((2,), "rows"), ((0, 3), r"shape \(0, 3\)"), ((1, 1, 1), "needed")])
def test_maps_refuse_what_is_no_matrix(shape, message):
    with pytest.raises(ValueError, match=message):
        plot.maps({"a": np.zeros(shape)})


def test_a_control_chooses_among_maps():
    numbers, words = (
        plot.maps({"a": torch.tensor([[[1.0]], [[2.0]]])}, along=("which", values, values[1]))
        for values in ([10, 20], ["few", "many"])
    )
    assert [chart.controls[0]["kind"] for chart in (numbers, words)] == ["range", "choice"]
    lines = plot.chosen({n: plot.lines({f"n = {n}": (X, n * X)}) for n in (1, 2)}, "n", 2, title="How steep?")
    assert sweep(numbers) == sweep(words) == sweep(lines) == 2 and lines.arrays["y"].shape == (18,)
    assert [panel["series"][0]["name"] for panel in lines.options["panels"]] == ["n = 1", "n = 2"]
    assert [at(lines, along=n).table().rows[-1][-1] for n in (1, 2)] == [f"{n * X.max():.3g}" for n in (1, 2)]
    assert [at(words, along=one).table().rows for one in ("few", "many")] == [[["a", "1"]], [["a", "2"]]]


def test_plots_leave_no_state_behind():
    import matplotlib.pyplot as plt

    before = plt.rcParams["font.size"], plt.get_fignums()
    plot.points(X, X).to_image()
    assert (plt.rcParams["font.size"], plt.get_fignums()) == before


def test_hours_are_told_as_a_clock_tells_them():
    day = plot.regression([8.0, 14.6], [1.0, 2.0], {"all": ([0, 24], [1, 2])}, hours=True, start=14.6)
    assert day.options["panels"][0]["hours"] and [row[1] for row in day.table().rows] == [
        "8:00",
        "14:36",
        "0:00",
        "24:00",
    ]
    assert [clock(h) for h in (14.6, 9.999, -1.5, -0.001)] == ["14:36", "10:00", "−1:30", "0:00"]
    assert not plot.points(X, X).options["panels"][0]["hours"]


def test_a_picture_keeps_white_white_and_has_few_colours():
    pixels = np.full((60, 90, 4), 255, np.uint8)
    pixels[10:50, 10:80, :3] = np.linspace(0, 250, 70).astype(np.uint8)[None, :, None]
    pixels[55, 10:80, :3] = (179, 89, 0)  # a thin line in a role's colour
    few = picture.with_few_colours(pixels, 16).convert("RGB")
    found = {colour for _, colour in few.getcolors()}
    assert len(found) <= 16 and {(255, 255, 255), (179, 89, 0)} <= found


def test_chinese_is_drawn_where_a_font_has_it():
    if len(picture.fonts()) < 2:
        pytest.skip("No font for Chinese: install fonts-wqy-microhei.")
    drawn = [plot.bars([name, "a"], [1, 2]).to_image() for name in ("我", "你")]
    assert drawn[0] != drawn[1], "boxes for missing signs would be the same"


def test_notes_stand_at_the_first_line_and_are_told():
    chart = plot.lines({"loss": ([0, 10], [4, 2]), "other": ([0, 10], [1, 1])}, "step", "loss", notes={5: [1, 2]})
    assert chart.options["panels"][0]["notes"] == [[5, 3.0, "[1, 2]"]]
    assert chart.table().rows[-1] == ["[1, 2]", "5", "3"] and chart.to_image()
