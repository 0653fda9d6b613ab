"""The views in Python: errors that teach, words, tables, pictures, the live shell. In a browser: tests/browser."""

import base64
import inspect
import io
import json
import re

import numpy as np
import pytest
import torch
import traitlets
from helpers import in_node, labs
from PIL import Image
from unit.sweeping import sweep

from course_kit import files, results
from course_kit.i18n import from_cell
from course_kit.views import heatmap, picture, plot, predict, reveal
from course_kit.views.live import below, live
from course_kit.views.table import Table
from course_tools.authoring.clean import WIDGET_VIEW, clean
from course_utils.kernels import nadaraya_watson

JAVASCRIPT = files.course_folder() / "course_kit" / "views" / "js" / "src"
CHAPTERS = files.course_folder() / "chapters"
X = torch.linspace(0, 4, 9)


def test_how_figures_were_recorded_stands_apart_from_a_caption_and_no_other_date_does():
    about = results.load("bert_worth").about
    caption = from_cell("Read 2026-01-02. {about}", about=about)
    spec = plot.points(X, X, caption=caption).spec()
    assert (spec["caption"], spec["recorded"]) == ("Read 2026-01-02.", about)
    table = Table([{"x": 1}], caption)._repr_html_()
    assert table.startswith("<div>Read 2026-01-02.</div>") and f"</summary>{about}</details>" in table


def test_heatmap_says_what_it_shows():
    view = heatmap([[0.25, 0.75], [1.0, 0.0]], ["a", "b"], ["c", "d"], select=("a", "d"))
    assert "a → d 0.75, b → c 1" in view.describe()
    assert view.table().rows == [["a", "0.250", "0.750"], ["b", "1.000", "0.000"]]
    assert "<td>0.750</td>" in view.table()._repr_html_() and "0.250" in str(view.table())
    picture = Image.open(io.BytesIO(view.to_image()))
    assert picture.format == "WEBP" and min(picture.size) > 300


def test_a_page_has_the_weights_of_each_head_in_two_bytes():
    weights = torch.softmax(4 * torch.randn(3, 9, 7, generator=torch.Generator().manual_seed(3)), -1)
    view = heatmap(weights)
    assert len(heatmap(torch.full((4, 64, 64), 1 / 64)).payload()) == 2 * 4 * 64 * 64
    map_of = "async (...of) => new (await load('views/heatmap_numbers.js')).HeatmapNumbers(...of)"
    spec, arrays, state = in_node.data_of(view)
    for head in range(3):
        shown = in_node.evaluate(
            f"async (...of) => {{ const map = await ({map_of})(...of); return map.queries.map((_, q) => map.row(q)) }}",
            *(spec, arrays, state | {"head": head}),
        )
        assert np.allclose(shown, weights[head], atol=5e-4)


def test_an_output_is_html_and_words_and_its_picture_is_one_webp_in_the_html():
    view = heatmap([[1.0]])
    output = view._repr_mimebundle_()
    assert set(output) == {"text/html", "text/plain"}
    assert output["text/plain"] == f"{view.title}\n{view.describe()}"
    assert '<img alt="Heatmap of weights' in output["text/html"] and "<details>" in output["text/html"]
    pictures = re.findall(r'src="data:image/(\w+);base64,([^"]+)"', output["text/html"])
    assert [kind for kind, _ in pictures] == ["webp"]
    shown = Image.open(io.BytesIO(base64.b64decode(pictures[0][1])))
    assert shown.format == "WEBP" and min(shown.size) > 250


def test_the_data_of_a_view_are_json_that_ends_no_script():
    view = heatmap([[1.0]], ["</script><!--"], ["\0"])
    found = re.findall(r'<script type="application/json">(.*?)</script>', view.fragment(), flags=re.S)
    (spec, numbers), *others = map(json.loads, found)
    assert others == [] and spec["queries"] == ["</script><!--"] and spec["keys"] == ["\0"]
    assert spec["format"] == view.format and base64.b64decode(numbers) == view.payload()


def test_masked_cells_are_masked_everywhere():
    mask = torch.ones(2, 2).tril().bool()
    view = heatmap([[1.0, 0.0], [0.5, 0.5]], mask=mask)
    assert view.table().rows[0] == ["1", "1.000", "masked"]
    assert "1 masked" in view.describe()


def test_a_range_below_one_is_said_in_the_caption():
    view = heatmap(np.full((3, 25), 1 / 25))
    assert view.options["range"] == [0.0, 0.05] and "full ink = 0.05" in view.caption


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [(dict(weights="a lot"), TypeError, "needed: numbers in rows"),
     (dict(weights=[[1.0, 0.0]], queries=["a", "b"]), ValueError, "queries"),
     (dict(weights=[[np.nan, 1.0]]), ValueError, "1 of 2 numbers are NaN or infinite, the first at query 0, key 0"),
     (dict(weights=[[0.9, 0.9]]), ValueError, "row 0 sums to 1.8"),
     (dict(weights=[[0.9, 0.2], [0.1, 0.8]]), ValueError, "softmax along the query axis"),
     (dict(weights=[[2.0, -1.0]]), ValueError, "plot.maps"), (dict(weights=np.eye(513)), ValueError, "queries"),
     (dict(weights=[[0.5, 0.5]], mask=[[1, 0]]), TypeError, "must be boolean"),
     (dict(weights=[[0.5, 0.5]], mask=[[True, False]]), ValueError, "masked cell carries the weight 0.5"),
     (dict(weights=[[0.5, 0.5]], mask=[[True]] * 3), ValueError, "does not fit"),
     (dict(weights=[[1.0]], select=("x", "1")), ValueError, "there is no query 'x'")],
)  # fmt: skip
def test_heatmap_errors_teach(arguments, error, message):
    with pytest.raises(error, match=message):
        heatmap(**arguments)


def test_heatmap_takes_any_kind_of_numbers():
    for weights in (torch.eye(2, requires_grad=True), torch.eye(2).bfloat16(), torch.eye(2).half(), [[1, 0], [0, 1]]):
        assert heatmap(weights).table().rows[0][1:] == ["1.000", "0.000"]


def test_long_sequences_list_the_strongest_keys():
    view = heatmap(np.eye(100))
    assert view.table().header == ["query", "1st key", "2nd key", "3rd key"]
    assert view.table().rows[4][1] == "5 1.000"


@pytest.mark.parametrize("lab", [labs.ask, labs.bandwidth])
@pytest.mark.parametrize(("values", "width"), [([1.0], 1), ([1.0, 2.0], 0), ([1.0, 2.0], -1)])
def test_pooling_labs_refuse_what_does_not_fit(lab, values, width):
    with pytest.raises(ValueError, match="keys|needed: a number above 0"):
        lab([1.0, 2.0], values, width=width)


@pytest.mark.parametrize("lab", [labs.ask, labs.bandwidth])
def test_pooling_labs_take_one_point_duplicates_and_integers(lab):
    for keys, values in (([1.0], [2.0]), ([1.0, 1.0], [2.0, 4.0]), (torch.tensor([1, 2]), torch.tensor([3, 4]))):
        assert len(lab(keys, values).to_image()) > 1000


def test_the_bandwidth_lab_keeps_the_loss_to_itself_until_it_is_wanted():
    """Without it neither the arrays, the words nor the caption give the best width away."""
    with_it, without = labs.bandwidth(X, X.sin()), labs.bandwidth(X, X.sin(), loss=False)
    assert "leave-one-out" in with_it.describe() and "left out" in with_it.caption
    assert "leave-one-out" not in without.describe() and "left out" not in without.caption
    assert "errors" in with_it.arrays and "errors" not in without.arrays
    with pytest.raises(ValueError, match="loss"):
        labs.bandwidth(X, X.sin(), loss="no")


def test_the_narrowest_width_reaches_no_further_than_the_next_key():
    year = torch.linspace(0, 6, 313)
    assert labs.bandwidth(year, year.sin(), width=0.05).options["widths"][0] < 0.011
    assert labs.bandwidth(X, X.sin()).options["widths"][0] <= float(X.max() - X.min()) / 150 + 1e-3


def test_live_shell_has_the_state_as_traits():
    lab = live(labs.bandwidth(X, X.sin(), width=0.5))
    heard = []
    lab.observe(lambda change: heard.append(change["new"]), "width")
    assert sweep(lab) == sum(len(c.get("values", c.get("options", []))) for c in lab.controls)
    assert heard and lab.width == 0.5
    assert set(lab._repr_mimebundle_()[0]) == {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"}
    with pytest.raises(traitlets.TraitError):
        lab.width = -1
    with pytest.raises(traitlets.TraitError):
        lab.kernel = "gauss"
    lab.close()


def test_what_stands_below_a_live_view_follows_it_and_is_kept_in_a_saved_notebook():
    view = live(heatmap([[0.5, 0.5], [0.0, 1.0]], ["a", "b"], ["c", "d"]))
    told = below(view, lambda: f"row {view.row}", "row")
    assert told._repr_mimebundle_()["text/html"] == "row -1"
    view.row = 1
    output = {"data": told._repr_mimebundle_()}
    assert clean({"cells": [{"outputs": [output]}]})
    assert (told.value, output["data"]["text/html"]) == ("row 1", "row 1") and WIDGET_VIEW not in output["data"]
    view.close()


def test_colours_agree_in_python_and_javascript():
    text = (JAVASCRIPT / "shared" / "theme.js").read_text(encoding="utf-8")
    for role, colour in picture.COLOURS.items():
        assert f'{role}: "{colour}"' in text
    for name, rgb in (("paper", picture.PAPER), ("ink", picture.INK)):
        assert f"{name}: [{', '.join(map(str, rgb))}]" in text


FITTED = {  # a translation of the cover, in one line; the heads of six tables on a phone
    "calc(clamp(16px, 1.9cqw, 20px) * var(--unit))",
    "min(var(--small), 3.3cqw)",
}


def test_type_comes_in_four_sizes_and_in_pictures_in_two():
    """Numbers inside small cells (10.5) and a measure of 20 apart; a computed size fits text into its place."""
    found = [*JAVASCRIPT.rglob("*.*"), *CHAPTERS.rglob("*.*")]
    sheets, scripts = ("".join(p.read_text("utf-8") for p in found if p.suffix == kind) for kind in (".css", ".js"))
    four = {f"var(--{name})" for name in ("small", "body", "large", "largest")}
    assert four <= set(re.findall(r"font-size:\s*([^;]+);", sheets)) <= four | FITTED | {"inherit"}
    assert set(re.findall(r"ui\.font\(([\d.]+)\b", scripts)) == {"10.5", "13", "20"}


def test_presenting_leaves_no_trace_in_what_a_notebook_keeps(monkeypatch):
    shown = [plot.points(X, X, caption="Look."), heatmap(torch.eye(2))]
    usual = [one._repr_mimebundle_()["text/html"] for one in shown]
    monkeypatch.setenv("COURSE_PRESENTING", "1")
    shown = [plot.points(X, X, caption="Look."), heatmap(torch.eye(2))]
    assert [one._repr_mimebundle_()["text/html"] for one in shown] == usual


def test_chinese_in_pictures_is_numbered_where_no_font_has_it(monkeypatch):
    monkeypatch.setattr(picture, "fonts", lambda: ["DejaVu Sans"])
    assert picture.names(["我", "eat"], "k") == ["k1", "eat"]


CLAIMS = ["it rains", "it snows.", "it shines", "it hails"]
REASONS = ["Look out.", "It is July.", "That is the moon.", "Too soft."]


def test_the_order_of_answers_is_decided_by_the_question_alone():
    questions = [f"Which of these is wrong, in week {n}?" for n in range(60)]
    orders = [predict(question, CLAIMS, 0).options["answers"] for question in questions]
    assert orders == [predict(question, CLAIMS, 2, REASONS).options["answers"] for question in questions]
    assert all(sorted(order) == sorted(CLAIMS) for order in orders)
    assert all({order[place] for order in orders} == set(CLAIMS) for place in range(4))
    letters = [predict(question, list("abcd"), 0).options["answers"] for question in questions]
    assert [["abcd"[CLAIMS.index(x)] for x in order] for order in orders] == letters
    assert predict("Which?", list("abcd"), 0).options["answers"] == list("bdac"), "the same everywhere and always"


@pytest.mark.parametrize("right", range(4))
def test_reasons_and_the_right_answer_go_with_their_answers(right):
    view = predict("Which of these is wrong?", CLAIMS, right, REASONS)
    shown = view.options["answers"]
    assert shown != CLAIMS and shown[view.options["answer"]] == CLAIMS[right]
    assert [REASONS[CLAIMS.index(x)] for x in shown] == view.options["because"]
    assert view.describe().endswith(" · ".join(shown)) and [row[1] for row in view.table().rows] == shown
    still = view.still("")
    listed, _, told = still.partition("<details>")
    assert re.findall("<li>(.*?)</li>", listed) == shown and not any(reason in listed for reason in REASONS)
    assert re.match(rf"<summary>answer</summary><b>{CLAIMS[right].rstrip('.')}.</b> {REASONS[right]}", told)
    assert all(reason in told for reason in REASONS)
    only = predict("Which of these is wrong?", CLAIMS, right, "So it is.")
    assert only.options["answers"] == shown and only.still("").count("So it is.") == 1


def test_reveal_shows_the_source_with_its_paper_and_nothing_else():
    source = inspect.getsource(nadaraya_watson)
    bundle = reveal(nadaraya_watson)._repr_mimebundle_()
    assert "Nadaraya" in source
    assert bundle == {"text/markdown": f"```python\n{source}```", "text/plain": source}
    with pytest.raises(TypeError):
        reveal(len)
