"""Our GPT against transformers' GPT2LMHeadModel with the same weights: logits, cache, text written; both ways."""

import pytest
import torch

from course_kit.convert import from_huggingface, to_huggingface
from course_kit.decoding import sampling
from course_kit.heads import attention_weights
from course_kit.models.fused import fuse
from course_utils.gpt import GPT, GPTConfig, next_token_loss

transformers = pytest.importorskip("transformers")
SHAPES = [(32, 2, 4), (48, 3, 6), (16, 1, 1)]


def theirs(shape, **options):
    torch.manual_seed(0)
    size, layers, heads = shape
    settings = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "bos_token_id": None, "eos_token_id": None}
    config = transformers.GPT2Config(
        vocab_size=60, n_embd=size, n_layer=layers, n_head=heads, n_positions=24, **settings | options
    )
    module = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return module


@pytest.fixture
def ids():
    return torch.randint(60, (3, 12), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("shape", SHAPES)
def test_same_weights_give_the_same_logits_and_loss(shape, ids):
    module = theirs(shape)
    ours = from_huggingface(module)
    with torch.no_grad():
        needed = module(ids, labels=ids)
        module.set_attn_implementation("eager")
        attentions = module(ids, output_attentions=True).attentions
        for model in (ours, fuse(from_huggingface(module))):
            assert torch.allclose(model(ids), needed.logits, atol=1e-5)
        assert abs(next_token_loss(ours, ids) - needed.loss) < 1e-5
    with attention_weights(ours) as weights:
        ours(ids)
    for mine, others in zip(weights["decoder"], attentions, strict=True):
        assert torch.allclose(mine, others, atol=1e-5)


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"), [(0.7, None, None), (1.0, 5, None), (1.3, None, 0.6), (0.9, 20, 0.8)]
)
def test_what_is_drawn_from_is_what_their_filters_leave(temperature, top_k, top_p):
    logits = torch.randn(50, 60, generator=torch.Generator().manual_seed(2)) * 3
    steps = [transformers.TemperatureLogitsWarper(temperature)]
    steps += [transformers.TopKLogitsWarper(top_k)] if top_k else []
    steps += [transformers.TopPLogitsWarper(top_p)] if top_p else []
    needed = transformers.LogitsProcessorList(steps)(None, logits).softmax(-1)
    assert torch.allclose(sampling.next_probabilities(logits, temperature, top_k, top_p), needed, atol=1e-6)


def test_there_and_back_again(ids):
    torch.manual_seed(0)
    ours = GPT(GPTConfig(60, 32, 2, 4, context=24)).eval()
    module = to_huggingface(ours)
    with torch.no_grad():
        assert torch.allclose(module(ids).logits, ours(ids), atol=1e-5)
    again = from_huggingface(module)
    assert all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), again.state_dict().values(), strict=True))


def test_what_the_layout_cannot_hold_is_named():
    with pytest.raises(ValueError, match="GPT2Model"):
        from_huggingface(theirs(SHAPES[0]).transformer)
    for option, value in [("scale_attn_by_inverse_layer_idx", True), ("tie_word_embeddings", False), ("n_inner", 100),
                          ("activation_function", "relu"), ("layer_norm_epsilon", 1e-3)]:  # fmt: skip
        with pytest.raises(ValueError, match=option):
            from_huggingface(theirs(SHAPES[0], **{option: value}))
