"""The table of twins below chapter 5's view of heads, against the model itself."""

import bs4
import pytest
import torch

from chapters.ch05 import labs
from chapters.ch05.experiments import heads
from chapters.ch05.labs.twins import choice
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding import translate
from course_kit.heads import Head, attention_weights, silenced

TIRED = "The animal didn't cross the street because it was too tired."
WIDE = TIRED.replace("tired", "wide")
SMALL = "The dinghy didn't cross the canal because it was too small."


@pytest.fixture(scope="module")
def grammar():
    return load_checkpoint("transformer-grammar")


def test_readings_are_the_rows_of_the_head(grammar):
    rows = heads.both_readings(grammar, (TIRED, WIDE), 2, 2, ("animal", "street"))
    ids = torch.tensor([grammar.source.encode(WIDE)])
    words = grammar.source.tokens(ids[0])
    with torch.no_grad(), attention_weights(grammar.model) as seen:
        grammar.model.encode(ids)
    row = seen["encoder"][1][0, 1, words.index("wide")]
    assert rows[3]["to “street”"] == pytest.approx(row[words.index("street")].item())
    assert [one["weight from"] for one in rows] == ["“it”", "“tired”", "“it”", "“wide”"]


def test_log_odds_are_the_models_own_and_turn_with_a_head_off(grammar):
    (reason,), (odds,) = choice(grammar, [SMALL])
    read = "la barque n'a pas traversé le canal parce qu'"
    ids = torch.tensor([grammar.source.encode(SMALL)]), torch.tensor([[2, *grammar.target.encode(read)]])
    with torch.no_grad():
        il, elle = grammar.model(*ids)[0, -1].log_softmax(-1)[grammar.target.encode(["il", "elle"])].tolist()
    assert odds == pytest.approx(elle - il, abs=1e-4) and odds > 0 and reason == "parce qu'elle était trop petite."
    (turned,), (fallen,) = choice(grammar, [SMALL], [Head("encoder", 2, 2)])
    assert fallen < 0 and "qu'il" in turned
    with pytest.raises(ValueError, match="il or elle"):
        choice(grammar, ["The dog sleeps."])


def test_twins_are_told_with_all_heads_and_without_those_that_are_out(grammar):
    weights = [torch.softmax(torch.randn(4, 3, 3), -1) for _ in range(3)]
    view = labs.heads(weights, list("abc"), live=True)
    told = labs.twins_without(view, grammar, (TIRED, SMALL), knocked=[(1, 1)])
    with silenced(grammar.model, [Head("encoder", 2, 2)]):
        without = [str(one) for one in translate(grammar, [TIRED, SMALL], beam=1)]
    rows = [[cell.text for cell in row] for row in bs4.BeautifulSoup(told.value, "html.parser").find_all("tr")]
    assert rows[0][-1] == "without 2.2" and [row[1] for row in rows[1:]] == ["seen", "new"]
    assert rows[1][-1] == "the same" and rows[2][-1] in without[1] and "elle" in rows[2][2]
    view.knocked = []
    assert "without" not in told.value and "nothing is off" in told.value
