"""Heads of any model: looked at by `attention_weights`, knocked out by `silenced`."""

import pytest
import torch

from course_kit.heads import Head, attention_weights, attentions, heads_of, silenced
from course_kit.models.fused import fuse
from course_kit.models.translators import TiedConfig, TiedTranslator
from course_utils.attention import MultiHeadAttention, join_heads, split_heads
from course_utils.bert import Bert, BertConfig
from course_utils.gpt import GPT, GPTConfig
from course_utils.llama import Llama, LlamaConfig, share_heads
from course_utils.transformer import Transformer, TransformerConfig

IDS = torch.tensor([[4, 5, 6, 7]])
SMALL = {"size": 8, "layers": 2, "heads": 2}


def made(kind):
    torch.manual_seed(0)
    if kind == "Transformer":
        model = Transformer(TransformerConfig(9, 9, 8, 2, 2))
        return model.eval(), lambda: model(IDS, IDS[:, :3])
    if kind == "Bert":
        model = Bert(BertConfig(9, **SMALL))
        return model.eval(), lambda: model(IDS).hidden
    model = GPT(GPTConfig(9, **SMALL)) if kind == "GPT" else Llama(LlamaConfig(9, **SMALL, key_heads=1, hidden=24))
    return model.eval(), lambda: model(IDS)


PLACES = {"Transformer": ["encoder", "cross", "decoder"], "Bert": ["encoder"], "GPT": ["decoder"], "Llama": ["decoder"]}


@pytest.mark.parametrize("kind", PLACES)
class TestWeights:
    def test_they_are_what_the_attention_modules_return(self, kind):
        """Of a GPT and a Llama, which return none: those by which it weighs its values."""
        model, run = made(kind)
        returned, values, mixed = {}, {}, {}
        for one in (module for layers in attentions(model).values() for module in layers):
            one.register_forward_hook(lambda module, _, output: returned.update({module: output}))
            one.value.register_forward_hook(lambda _, __, x, one=one: values.update({one: x}))
            one.out.register_forward_pre_hook(lambda _, x, one=one: mixed.update({one: x[0]}))
        with attention_weights(model) as seen:
            run()
        assert sum(len(seen[place]) for place in PLACES[kind]) == len(returned) == 2 * len(PLACES[kind])
        for place, layers in attentions(model).items():
            for mine, attention in zip(seen[place], layers, strict=True):
                if isinstance(attention, MultiHeadAttention):
                    assert torch.equal(mine, returned[attention][1])
                v = share_heads(split_heads(values[attention], values[attention].shape[-1] // 4), 2)
                torch.testing.assert_close(join_heads(mine @ v), mixed[attention])
                torch.testing.assert_close(mine.sum(-1), torch.ones(mine.shape[:-1]))

    def test_it_changes_no_result_and_leaves_nothing(self, kind):
        model, run = made(kind)
        before, names = run(), [set(vars(m)) for m in model.modules()]
        with attention_weights(model) as seen:
            within = run()
        assert torch.equal(within, before) and torch.equal(run(), before) and len(seen[PLACES[kind][0]]) == 2
        assert names == [set(vars(m)) for m in model.modules()]
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())

    def test_a_fused_model_has_weights_within_it_and_is_fused_again_after_it(self, kind):
        model, run = made(kind)
        with attention_weights(model) as wanted:
            plain = run()
        fuse(model)
        forms = [(type(one), vars(one).get("attend")) for layers in attentions(model).values() for one in layers]
        with attention_weights(model) as seen, attention_weights(model) as inner:
            torch.testing.assert_close(run(), plain)
        for place in PLACES[kind]:
            for mine in (seen, inner):
                torch.testing.assert_close(mine[place], wanted[place])
        after = [(type(one), vars(one).get("attend")) for layers in attentions(model).values() for one in layers]
        assert forms == after

    def test_what_was_not_run_is_none(self, kind):
        model, _ = made(kind)
        with attention_weights(model) as nothing:
            pass
        assert nothing[PLACES[kind][0]] is None

    def test_of_several_calls_the_last_counts_and_contexts_lie_in_one_another(self, kind):
        model, run = made(kind)
        with attention_weights(model) as outer:
            with attention_weights(model) as inner:
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
        silent = run()
    with torch.no_grad():
        attentions(model)[head.place][1].out.weight[:, :4] = 0
    torch.testing.assert_close(silent, run())


@pytest.mark.parametrize("kind", ["Bert", "GPT", "Llama"])
def test_where_there_is_one_place_layer_and_head_name_a_head(kind):
    model, run = made(kind)
    with silenced(model, [(2, 1), (1, 2)]):
        short = run()
    with silenced(model, [Head(*PLACES[kind], 1, 2), Head(*PLACES[kind], 2, 1)]):
        assert torch.equal(short, run())
    assert not torch.equal(short, run())


@pytest.mark.parametrize(
    ("kind", "head"),
    [*(("GPT", head) for head in [(0, 1), (3, 1), (1, 0), (1, 3), (-1, 1), ("encoder", 1, 1)]),
     ("Bert", ("decoder", 1, 1)), ("Transformer", (1, 1))],
)  # fmt: skip
def test_a_head_that_there_is_not_is_refused(kind, head):
    model, run = made(kind)
    before = run()
    with pytest.raises(ValueError, match="head"), silenced(model, [head]):
        pass
    assert torch.equal(run(), before)


def test_a_model_without_heads_is_refused():
    halves = [torch.nn.Module(), torch.nn.Module()]
    for half, side in zip(halves, ("encoder", "decoder"), strict=True):
        setattr(half, side, torch.nn.ModuleList())
    for model in (torch.nn.Linear(2, 2), TiedTranslator(TiedConfig(9, 9, 8)), *halves):
        with pytest.raises(AttributeError, match="blocks"):
            heads_of(model)
