"""Heads of any model: looked at by `recorded`, knocked out by `silenced`."""

import pytest
import torch

from course_utils.bert import Bert, BertConfig
from course_utils.gpt import GPT, GPTConfig
from course_utils.heads import Head, attentions, heads_of, recorded, silenced
from course_utils.seq2seq import Seq2Seq, Seq2SeqConfig
from course_utils.transformer import Transformer, TransformerConfig

IDS = torch.tensor([[4, 5, 6, 7]])
SMALL = {"model_size": 8, "num_layers": 2, "num_heads": 2}


def made(kind):
    torch.manual_seed(0)
    if kind == "Transformer":
        model = Transformer(TransformerConfig(9, 9, **SMALL))
        return model.eval(), lambda: model(IDS, IDS[:, :3])
    model = Bert(BertConfig(9, **SMALL)) if kind == "Bert" else GPT(GPTConfig(9, **SMALL))
    return model.eval(), lambda: model(IDS)


PLACES = {"Transformer": ["encoder", "cross", "decoder"], "Bert": ["encoder"], "GPT": ["decoder"]}


@pytest.mark.parametrize("kind", PLACES)
class TestRecorded:
    def test_it_gives_the_weights_that_the_model_gives_itself(self, kind):
        model, run = made(kind)
        with recorded(model) as seen:
            run()
        own = model(IDS, IDS[:, :3], need_weights=True) if kind == "Transformer" else model(IDS, need_weights=True)
        given = {"cross": own.weights, "encoder": own.weights, "decoder": own.weights}
        if kind == "Transformer":
            given |= {"encoder": own.encoder_weights, "decoder": own.decoder_weights}
        for place in PLACES[kind]:
            assert len(seen[place]) == 2
            for mine, theirs in zip(seen[place], given[place], strict=True):
                torch.testing.assert_close(mine, theirs)
                torch.testing.assert_close(mine.sum(-1), torch.ones(mine.shape[:-1]))

    def test_it_changes_no_result_and_leaves_nothing(self, kind):
        model, run = made(kind)
        before = run()
        with recorded(model) as seen:
            within = run()
        after = run()
        torch.testing.assert_close(within[0], before[0])
        assert torch.equal(after[0], before[0]) and len(seen[PLACES[kind][0]]) == 2

    def test_what_was_not_run_or_not_wanted_is_none(self, kind):
        model, run = made(kind)
        with recorded(model) as nothing:
            pass
        with recorded(model, wanted=False) as unwanted:
            run()
        assert nothing[PLACES[kind][0]] is None and unwanted[PLACES[kind][0]] is None

    def test_of_several_calls_the_last_counts_and_contexts_lie_in_one_another(self, kind):
        model, run = made(kind)
        with recorded(model) as outer:
            with recorded(model) as inner:
                run()
            first = outer[PLACES[kind][0]]
            assert all(map(torch.equal, first, inner[PLACES[kind][0]]))
            model(IDS.flip(1), *[IDS] * (kind == "Transformer"))
        assert not any(map(torch.equal, first, outer[PLACES[kind][0]]))


@pytest.mark.parametrize("kind", PLACES)
def test_places_and_heads(kind):
    model, _ = made(kind)
    assert list(attentions(model)) == PLACES[kind]
    assert len(heads_of(model)) == 4 * len(PLACES[kind])
    assert heads_of(model, PLACES[kind][0])[1] == Head(PLACES[kind][0], 1, 2)


@pytest.mark.parametrize("kind", PLACES)
def test_a_silent_head_is_one_whose_columns_of_the_output_matrix_are_zero(kind):
    model, run = made(kind)
    head = Head(PLACES[kind][0], 2, 1)
    with silenced(model, [head]):
        silent = run()[0]
    with torch.no_grad():
        attentions(model)[head.place][1].out.weight[:, :4] = 0
    torch.testing.assert_close(silent, run()[0])


@pytest.mark.parametrize("kind", ["Bert", "GPT"])
def test_where_there_is_one_place_layer_and_head_name_a_head(kind):
    model, run = made(kind)
    with silenced(model, [(2, 1), (1, 2)]):
        short = run()[0]
    with silenced(model, [Head(*PLACES[kind], 1, 2), Head(*PLACES[kind], 2, 1)]):
        assert torch.equal(short, run()[0])
    assert not torch.equal(short, run()[0])


@pytest.mark.parametrize("kind", ["Bert", "GPT"])
def test_a_layer_whose_heads_are_all_silent_writes_its_bias_alone(kind):
    model, run = made(kind)
    with silenced(model, [(1, 1), [1, 2]]):
        silent = run()[0]
    with torch.no_grad():
        attentions(model)[PLACES[kind][0]][0].out.weight.zero_()
    assert torch.equal(silent, run()[0])


@pytest.mark.parametrize("heads", [3, [3], "12", [(1,)], [("decoder", 1, 1, 1)]], ids=str)
def test_what_is_no_head_is_refused(heads):
    with (
        pytest.raises(TypeError, match=r"needed: a list of Head\(place, layer, head\)"),
        silenced(made("GPT")[0], heads),
    ):
        pass


@pytest.mark.parametrize(
    ("kind", "head", "has"),
    [("GPT", head, r"; it has layers 1 to 2 and heads 1 to 2$") for head in [(0, 1), (3, 1), (1, 0), (1, 3)]]
    + [("Bert", ("decoder", 1, 1), "it has layers"), ("Transformer", (1, 1), "it has encoder, cross, decoder, layers")],
)
def test_a_head_that_there_is_not_is_refused(kind, head, has):
    model, run = made(kind)
    before = run()[0]
    with pytest.raises(ValueError, match=has), silenced(model, [head]):
        pass
    assert torch.equal(run()[0], before)


def test_a_model_without_heads_is_refused():
    with pytest.raises(TypeError, match="Linear has no heads to look at; needed: a Transformer, a BERT or a GPT"):
        heads_of(torch.nn.Linear(2, 2))
    with pytest.raises(TypeError, match="has no heads to look at; needed: a Transformer"):
        heads_of(Seq2Seq(Seq2SeqConfig(9, 9, 8)))
    for side in ("encoder", "decoder"):
        half = torch.nn.Module()
        setattr(half, side, torch.nn.ModuleList())
        with pytest.raises(TypeError, match="Module has no heads to look at"):
            heads_of(half)


def test_where_not_every_layer_was_called_nothing_is_given():
    model, _ = made("GPT")
    with recorded(model) as seen:
        model.blocks[0](torch.zeros(1, 3, 8))
    assert seen["decoder"] is None


def test_a_silent_head_of_a_model_in_half_precision():
    model, run = made("GPT")
    model.bfloat16()
    with silenced(model, [(1, 2)]):
        silent = run()[0]
    assert silent.dtype == torch.bfloat16 and not torch.equal(silent, run()[0])
