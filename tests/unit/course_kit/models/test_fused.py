"""The fused form of attention: the same numbers and gradients, empty rows on a GPU, and no weights."""

import pytest
import torch

from course_kit.models.fused import fuse, fused_multi_head
from course_utils.attention import MultiHeadAttention, multi_head, padding_mask, scaled_dot_product_attention
from course_utils.bert import Bert, BertConfig
from course_utils.llama import Llama, LlamaConfig
from course_utils.transformer import Transformer, TransformerConfig


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", ["none", "pairs", "an empty row", "all empty", "keys"])
@pytest.mark.parametrize(("batch", "heads"), [(1, 1), (2, 1), (2, 4)])
def test_outputs_and_gradients_are_those_of_the_definition(batch, heads, kind):
    mask = {
        "none": None,
        "pairs": torch.tensor([[True, True, False, True], [True] * 4, [False, False, True, False]]),
        "an empty row": torch.tensor([[True, True, False, True], [False] * 4, [False, False, True, False]]),
        "all empty": torch.zeros(3, 4, dtype=torch.bool),
        "keys": torch.tensor([[True, False, True, True]]),
    }[kind]
    results = []
    for form in (multi_head, fused_multi_head):
        q, k, v = (numbers(batch, rows, 8, seed=i).requires_grad_() for i, rows in enumerate([3, 4, 4]))
        output, weights = form(q, k, v, heads, mask)
        output.square().sum().backward()
        results.append((output, q.grad, k.grad, v.grad))
    assert weights is None
    for mine, wanted in zip(*results, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-5, rtol=1e-5)


def test_an_empty_row_gives_zeros_on_a_gpu_too_where_torch_gives_a_mean(monkeypatch):
    torch.manual_seed(0)
    attention, x = MultiHeadAttention(8, 2), numbers(1, 3, 8)
    mask = torch.tensor([[[True, False, True], [False] * 3, [True] * 3]])
    wanted = attention(x, x, mask)[0]
    fuse(attention)

    def mean_of_empty_rows(q, k, v, mask):
        weights = scaled_dot_product_attention(q, k, v, mask)[1]
        if mask is None:
            return weights @ v
        return torch.where(mask.any(-1, keepdim=True), weights, 1 / 3) @ v

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", mean_of_empty_rows)
    assert not torch.allclose(attention(x, x, mask)[0], wanted)
    monkeypatch.setattr(torch.Tensor, "is_cuda", True, raising=False)
    torch.testing.assert_close(attention(x, x, mask)[0], wanted)
    assert attention(x, x)[0].isfinite().all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_empty_row_gives_zeros_on_a_gpu(dtype):
    q, k, v = (numbers(2, n, 256).to("cuda", dtype) for n in (5, 6, 6))
    mask = torch.rand(2, 5, 6, device="cuda") < 0.5
    mask[0, 2] = False
    output, wanted = (form(q, k, v, 4, mask)[0] for form in (fused_multi_head, multi_head))
    assert not output[0, 2].any()
    torch.testing.assert_close(output, wanted, atol=0.02 if dtype == torch.bfloat16 else 1e-4, rtol=0)


SIZES = {"size": 16, "layers": 2, "heads": 4}
IDS = torch.tensor([[4, 5, 6, 7, 8], [8, 7, 6, 5, 4]])
MASK = padding_mask([5, 3])[:, 0]
MODELS = {
    "transformer": (lambda: Transformer(TransformerConfig(9, 9, 16, 2, 4, dropout=0.0)),
        lambda m: m(IDS, IDS[:, :4], MASK)),
    "llama": (lambda: Llama(LlamaConfig(9, **SIZES, hidden=24)), lambda m: m(IDS)),
    "bert": (lambda: Bert(BertConfig(9, **SIZES)), lambda m: m(IDS, mask=MASK).hidden),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_whole_model_gives_the_same_in_fused_form_with_the_same_gradients(name):
    build, run = MODELS[name]
    torch.manual_seed(0)
    model = build().eval()
    results = []
    for _ in range(2):
        model.zero_grad()
        output = run(model)
        output.square().sum().backward()
        results.append([output, *(p.grad for p in model.parameters() if p.grad is not None)])
        assert fuse(model) is model
    for wanted, mine in zip(*results, strict=True):
        torch.testing.assert_close(mine, wanted, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.long, torch.uint8])
def test_a_mask_of_numbers_is_refused_as_torch_would_add_it_to_the_scores(dtype):
    q = numbers(1, 3, 8)
    with pytest.raises(TypeError, match="mask"):
        fused_multi_head(q, q, q, 2, torch.ones(3, 3).to(dtype))
