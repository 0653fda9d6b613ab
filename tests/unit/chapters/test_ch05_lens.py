"""The logit lens of chapter 5 against the model itself, and the twins below a view of heads."""

import bs4
import pytest
import torch

from chapters.ch05 import labs
from chapters.ch05.experiments import heads, lens
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.heads import Head, attention_weights, silenced

TIRED = "The animal didn't cross the street because it was too tired."
WIDE = TIRED.replace("tired", "wide")


@pytest.fixture(scope="module")
def grammar():
    return load_checkpoint("transformer-grammar")


def test_the_last_row_of_the_lens_is_what_the_model_says(grammar):
    rows = lens.stops(grammar, TIRED, "il", "elle")
    said = translate(grammar, TIRED, beam=1)[0].tokens
    at, ids = said.index("il"), torch.tensor([grammar.source.encode(TIRED)])
    with torch.no_grad():
        logits = grammar.model(ids, torch.tensor([[2, *grammar.target.encode(said)]]))[0, at]
    il, elle = logits.softmax(-1)[grammar.target.encode(["il", "elle"])].tolist()
    assert (rows[-1]["P(il)"], rows[-1]["P(elle)"]) == pytest.approx((il, elle), rel=1e-3)
    assert len(rows) == 1 + 3 * grammar.model.config.layers and rows[0]["stopped after"] == "the input"


def test_readings_are_the_rows_of_the_head(grammar):
    rows = heads.both_readings(grammar, (TIRED, WIDE), 2, 2, ("animal", "street"))
    ids = torch.tensor([grammar.source.encode(WIDE)])
    words = grammar.source.tokens(ids[0])
    with torch.no_grad(), attention_weights(grammar.model) as seen:
        grammar.model.encode(ids)
    row = seen["encoder"][1][0, 1, words.index("wide")]
    assert rows[3]["to “street”"] == pytest.approx(row[words.index("street")].item())
    assert [one["weight from"] for one in rows] == ["“it”", "“tired”", "“it”", "“wide”"]


def test_twins_are_translated_with_all_heads_and_without_those_that_are_out(grammar):
    weights = [torch.softmax(torch.randn(4, 3, 3), -1) for _ in range(3)]
    view = labs.heads(weights, list("abc"), live=True)
    told = labs.twins_without(view, grammar, (TIRED, WIDE), knocked=[(1, 1)])
    with silenced(grammar.model, [Head("encoder", 2, 2)]):
        without = [str(one) for one in translate(grammar, [TIRED, WIDE], beam=1)]
    whole = [str(one) for one in translate(grammar, [TIRED, WIDE], beam=1)]
    rows = bs4.BeautifulSoup(told.value, "html.parser").find_all("tr")
    assert view.knocked == [[1, 1]]
    assert [cell.text for cell in rows[0].find_all("th")] == ["English", "With all heads", "Without 2.2"]
    for row, sentence, before, now in zip(rows[1:], (TIRED, WIDE), whole, without, strict=True):
        said = [cell.text for cell in row.find_all("td")]
        assert said == [sentence, before, "the same" if now == before else now]
        marked = " ".join(one.text for one in row.find_all("b")).split()
        assert set(marked) == set(now.split()) - set(before.split())
    view.knocked = []
    assert "Without" not in told.value
