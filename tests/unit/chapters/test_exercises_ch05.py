"""Chapter 5's exercises: right answers in other styles, and the figures that its errata name."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from right_answers import Written
from torch.utils.flop_counter import FlopCounterMode

from chapters.ch05.exercises.bugs import add_positions
from chapters.ch05.exercises.norm import add_and_norm
from chapters.ch05.exercises.slips import MultiHead
from chapters.ch05.exercises.steps import smoothed_loss
from chapters.ch05.table import TABLE, VOCABULARY
from course_kit.exercises import check
from course_kit.exercises.define import find
from course_utils.attention import (
    MultiHeadAttention,
    causal_mask,
    join_heads,
    multi_head,
    padding_mask,
    scaled_dot_product_attention,
    split_heads,
)
from course_utils.blocks import AddNorm, EncoderBlock, PositionwiseFFN, PostNorm
from course_utils.loss import masked_loss
from course_utils.positions import LearnedPositions

written = Written()


# ---- what texts say -------------------------------------------------------------------------------------------------


def test_the_printed_rows_and_what_rounding_can_explain():
    assert [round(s, 3) for s in TABLE.double().sum(-1).tolist()] == [1.01, 1.0, 0.996, 0.974, 1.003]
    assert [VOCABULARY[n] for n in TABLE.argmax(-1)] == ["I", "am", "a", "student", "<eos>"]
    places = (TABLE * 100 - (TABLE * 100).round()).abs() > 1e-3  # printed with three places, else with two or one
    slack = torch.where(places, 0.0005, 0.005).sum(-1)
    assert ((TABLE.sum(-1) - 1).abs() < slack).tolist() == [True, True, True, False, True]


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_heads_save_no_compute(heads):
    attention, x = MultiHeadAttention(16, heads, bias=False), torch.randn(1, 5, 16)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        attention(x, x)
    assert counter.get_total_flops() == 2 * (4 * 5 * 16**2 + 2 * 5**2 * 16)  # four projections, scores and means


def test_two_thirds_of_a_block_are_its_network():
    block = EncoderBlock(64, 4, 256)
    ffn, attention = (sum(p.numel() for p in m.parameters() if p.dim() == 2) for m in (block.ffn, block.attention))
    assert ffn == 2 * attention


def test_keys_not_transposed_runs_where_length_is_head_size():
    q = torch.randn(1, 2, 3, 3)
    assert torch.matmul(q, q).shape == (q @ q.mT).shape
    with pytest.raises(RuntimeError):
        torch.matmul(q[:, :, :2], q[:, :, :2])


def test_the_class_with_five_slips_runs_in_self_attention_and_its_numbers_and_gradients_are_finite():
    names = {"torch": torch}
    exec("\n".join(find("program 5.22").program), names)
    wrong, x = names["MultiHead"](8, 2), torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0))
    for mask in (torch.ones(2, 3, 3).bool(), causal_mask(3).expand(2, 3, 3)):
        output = wrong(x, x, mask)
        output.sum().backward()
        assert output.isfinite().all() and all(p.grad.isfinite().all() for p in wrong.parameters())


# ---- the references are what the course's models compute ------------------------------------------------------------


def close(a, b):
    return torch.allclose(a, b, atol=1e-5)


def test_norms_positions_and_loss_are_the_course_s():
    x, positions = torch.randn(2, 3, 8), LearnedPositions(5, 8)
    for norm_first, kind in ((True, AddNorm), (False, PostNorm)):
        around = kind(8)
        torch.nn.init.normal_(around.norm.weight)
        mine = add_and_norm(x, torch.sin, around.norm.weight, around.norm.bias, norm_first)
        assert close(mine, around(x, torch.sin))
    assert close(add_positions(x, positions.table), positions(x))
    logits, target = torch.randn(2, 3, 7), torch.randint(7, (2, 3))
    mask = torch.tensor([[True] * 3, [True, False, False]])
    assert close(smoothed_loss(logits, target, mask, 0.1), masked_loss(logits, target, mask, 0.1))


def test_the_class_of_the_slips_is_the_course_s_attention():
    attention, whole = MultiHeadAttention(8, 2), MultiHead(8, 2)
    x, memory, mask = torch.randn(2, 3, 8), torch.randn(2, 4, 8), padding_mask(torch.tensor([4, 2]), 4)
    attention.load_state_dict(whole.state_dict())
    assert close(whole(x, memory, mask.expand(2, 3, 4)), attention(x, memory, mask)[0])


def test_two_mistakes_at_once_are_both_named():
    def two_at_once(q, k, v, heads, mask=None):
        q, k, v = (x.reshape(len(x), heads, x.shape[1], -1) for x in (q, k, v))
        mask = mask[:, None] if mask.dim() == 3 else mask
        weights = (q @ k.mT / q.shape[-1]).masked_fill(~mask, float("-inf")).softmax(-1)
        return join_heads(weights @ v), weights

    verdict = check("attention in heads", two_at_once)
    assert "one reshape to [B, H, T, d]" in verdict.text and "Scaled twice" in verdict.text


# ---- exercises ------------------------------------------------------------------------------------------------------


@written("attention in heads")
def all_in_einsum(q, k, v, heads, mask=None):
    q, k, v = (x.unflatten(-1, (heads, -1)) for x in (q, k, v))  # [B, T, H, d]
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(~mask.unsqueeze(-3), float("-inf")).softmax(-1)
    return torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(2), weights


@written("attention in heads")
def head_by_head(q, k, v, heads, mask=None):
    d, outputs, weights = q.shape[-1] // heads, [], []
    for h in range(heads):
        part = slice(h * d, (h + 1) * d)
        scores = q[..., part] @ k[..., part].mT / math.sqrt(d)
        weights.append(scores.masked_fill(mask == 0, -1e9).softmax(-1))
        outputs.append(weights[-1] @ v[..., part])
    return torch.cat(outputs, -1), torch.stack(weights, 1)


@written("attention in heads")
def in_float64(q, k, v, heads, mask=None):
    return multi_head(q.double(), k.double(), v.double(), heads, mask)


@written("attention in heads")
def by_the_earlier_functions(q, k, v, heads, mask=None):
    split = [split_heads(x, heads) for x in (q, k, v)]
    output, weights = scaled_dot_product_attention(*split, mask.unsqueeze(-3))
    return join_heads(output), weights


@written("residual and norm")
def in_two_lines(x, f, norm):
    change = f(norm(x))
    return change + x


@written("residual and norm")
def by_torch_add(x, f, norm):
    return torch.add(x, f(norm(x.clone())))


@written("a decoder block")
class InThreeLines(torch.nn.Module):
    def __init__(self, model_size, num_heads, ffn_size, dropout=0.0):
        super().__init__()
        self.attention = MultiHeadAttention(model_size, num_heads)
        self.cross_attention = MultiHeadAttention(model_size, num_heads)
        self.ffn = PositionwiseFFN(model_size, ffn_size)
        self.around_attention, self.around_cross, self.around_ffn = (AddNorm(model_size, dropout) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = x + self.attention(*2 * [self.around_attention.norm(x)], mask)[0]
        x = x + self.cross_attention(self.around_cross.norm(x), memory, memory_mask)[0]
        return x + self.ffn(self.around_ffn.norm(x))


@written("a decoder block")
class FromTheEncoderBlock(EncoderBlock):
    def __init__(self, model_size, num_heads, ffn_size, dropout=0.0):
        super().__init__(model_size, num_heads, ffn_size, dropout)
        self.cross_attention = MultiHeadAttention(model_size, num_heads)
        self.around_cross = AddNorm(model_size, dropout)

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.around_attention(x, lambda h: self.attention(h, h, mask)[0])
        x = self.around_cross(x, lambda h: self.cross_attention(h, memory, memory_mask)[0])
        return self.around_ffn(x, self.ffn)


@written("a training step")
def in_another_order(model, optimiser, source, target):
    optimiser.zero_grad()
    read = torch.nn.functional.pad(target[:, :-1], (1, 0), value=10)
    loss = F.cross_entropy(model(source, read).transpose(1, 2), target)
    loss.backward()
    optimiser.step()
    return float(loss)


@written("a training step")
def by_log_softmax(model, optimiser, source, target):
    read = torch.cat([torch.tensor([[10]] * len(target)), target[:, :-1]], 1)
    loss = -model(source, read).log_softmax(-1).gather(-1, target[..., None]).mean()
    model.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.detach()


def test_a_block_whose_parts_have_other_names_is_told_the_names():
    class Named(torch.nn.Module):
        def __init__(self, *sizes):
            super().__init__()
            self.attend = MultiHeadAttention(*sizes[:2])

    verdict = check("a decoder block", Named)
    assert verdict.state == "wrong" and "cross_attention" in verdict.text


@written("split heads")
def by_chunks(x, heads):
    return torch.stack(x.chunk(heads, -1), 1)


@written("split heads")
def by_permute(x, heads):
    B, T, D = x.size()
    return x.view(B, T, heads, D // heads).permute(0, 2, 1, 3)


@written("split heads")
def by_slices(x, heads):
    d = x.shape[-1] // heads
    return [[x[b, :, h * d : (h + 1) * d] for h in range(heads)] for b in range(len(x))]


@written("add and norm")
def by_hand(x, part, gain, bias, norm_first):
    def norm(y):
        centred = y - y.mean(-1, keepdim=True)
        return gain * centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-5) + bias

    if norm_first:
        return x + part(norm(x))
    return norm(x + part(x))


@written("add and norm")
def with_torch(x, part, gain, bias, norm_first):
    D = x.shape[-1]
    return part(F.layer_norm(x, (D,), gain, bias)) + x if norm_first else F.layer_norm(part(x) + x, (D,), gain, bias)


@written("decoder masks")
def in_nested_lists(source, target):
    """With an axis of 1, as the stub allows, and padding's rows filled."""
    causal = [[k <= q for k in range(len(target[0]))] for q in range(len(target[0]))]
    decoder = [
        [[real and seen for real, seen in zip(row, line, strict=True)] for line in causal] for row in target.tolist()
    ]
    return [[row] for row in source.tolist()], decoder, [[row] for row in source.tolist()]


@written("decoder masks")
def in_numpy(source, target):
    T = target.shape[1]
    s, t = source.numpy(), target.numpy()
    return s[:, None].repeat(s.shape[1], 1), t[:, None] & np.tril(np.ones((T, T), bool)), s[:, None].repeat(T, 1)


@written("decoder masks")
def written_out(source, target):
    B, S, T = len(source), source.shape[1], target.shape[1]
    encoder, decoder, cross = torch.zeros(B, S, S), torch.zeros(B, T, T), torch.zeros(B, T, S)
    for b in range(B):
        for k in range(S):
            encoder[b, :, k] = cross[b, :, k] = source[b, k]
        for q in range(T):
            for k in range(q + 1):
                decoder[b, q, k] = target[b, k]
    return encoder.bool(), decoder.bool(), cross.bool()


@written("decoder masks")
def padded_queries_hidden_as_well(source, target):
    """What padding attends to is read by nobody: this is as right."""
    causal = torch.ones(target.shape[1], target.shape[1]).tril() == 1
    return (
        source[:, None] & source[:, :, None],
        target[:, None] * target[:, :, None] * causal,
        source[:, None] & target[:, :, None],
    )


@written("cached step")
def all_in_einsum_again(word, keys, values, positions, Wq, Wk, Wv):
    x = word + positions[keys.size(1)]
    keys = torch.cat((keys, (x @ Wk).unsqueeze(1)), dim=1)
    values = torch.cat((values, (x @ Wv).unsqueeze(1)), dim=1)
    weights = (torch.einsum("bd,bkd->bk", x @ Wq, keys) / x.shape[-1] ** 0.5).softmax(-1)
    return torch.einsum("bk,bkd->bd", weights, values), keys, values


@written("cached step")
def with_torch_fused(word, keys, values, positions, Wq, Wk, Wv):
    x = (word + positions[len(keys[0])])[:, None, :]
    keys, values = torch.hstack([keys, x @ Wk]), torch.hstack([values, x @ Wv])
    return F.scaled_dot_product_attention(x @ Wq, keys, values).squeeze(1), keys, values


@written("label smoothing")
def torch_smoothing(logits, target, mask, smoothing):
    return F.cross_entropy(logits[mask], target[mask], label_smoothing=smoothing)


@written("label smoothing")
def soft_targets(logits, target, mask, smoothing):
    V = logits.shape[-1]
    soft = F.one_hot(target, V) * (1 - smoothing) + smoothing / V
    each = -(soft.double() * logits.double().log_softmax(-1)).sum(-1)
    return (each * mask).sum() / mask.sum()


@written("label smoothing")
def word_by_word_loss(logits, target, mask, smoothing):
    losses = []
    for row, right, real in zip(logits.flatten(0, 1), target.flatten(), mask.flatten(), strict=True):
        if real:
            log_p = torch.log_softmax(row, 0)
            losses.append(-(1 - smoothing) * log_p[right] - smoothing * log_p.mean())
    return sum(losses) / len(losses)


# ---- find the error -------------------------------------------------------------------------------------------------


@written("as many keys as queries")
def by_minus_one(query, key, heads):
    B, D = len(query), query.shape[-1]
    return tuple(x.view(B, -1, heads, D // heads).transpose(1, 2) for x in (query, key))


@written("no way round")
def pre_norm(x, attention, ffn, norm1, norm2):
    x = x + attention(norm1(x))
    return x + ffn(norm2(x))


@written("no way round")
def post_norm(x, attention, ffn, norm1, norm2):
    x = norm1(x + attention(x))
    return norm2(x + ffn(x))


@written("no way round")
def in_numpy_post_norm(x, attention, ffn, norm1, norm2):
    y = norm1(x + attention(x))
    return norm2(y + ffn(y)).numpy()


@written("five slips in one class")
class AllInOne(torch.nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.query, self.key, self.value, self.out = (torch.nn.Linear(size, size) for _ in range(4))
        self.heads = heads

    def forward(self, x, memory, mask):
        B, Q, D = x.shape
        parts = (self.query(x), self.key(memory), self.value(memory))
        q, k, v = (y.view(B, -1, self.heads, D // self.heads).transpose(1, 2) for y in parts)
        return self.out(F.scaled_dot_product_attention(q, k, v, mask.unsqueeze(1)).transpose(1, 2).reshape(B, Q, D))


@written("positions along the batch")
def per_sentence(x, table):
    return torch.stack([words + table[: len(words)] for words in x])


@written("a mask for training only")
def fused(q, k, v, training):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


@written("divided by the padding")
def ignored(logits, target, mask):
    return F.cross_entropy(logits.transpose(1, 2), target.masked_fill(~mask, -1), ignore_index=-1)


@written("a mask as a product")
def renormalised(q, k, v):
    """A product *after* exp, and divided by what is left: right."""
    raised = torch.exp(q @ k.T / q.shape[-1] ** 0.5) * torch.ones(len(q), len(q)).tril()
    return raised / raised.sum(-1, keepdim=True) @ v


@written("keys from the target")
def projected_at_once(written, source, Wq, Wk, Wv):
    k, v = (source @ torch.cat([Wk, Wv], 1)).chunk(2, -1)
    weights = torch.softmax(torch.einsum("td,sd->ts", written @ Wq, k) * len(Wq) ** -0.5, 1)
    return weights @ v, weights


test_right_answers_pass = written.test()


# ---- known mistakes in other hands ----------------------------------------------------------------------------------


def cut(x, H):
    return x.view(*x.shape[:2], H, -1).transpose(1, 2)


def joined(x):
    return x.transpose(1, 2).reshape(len(x), x.shape[2], -1)


def by_fill(hide, scale=1.0, softmax=-1):
    """Multi-head attention as it is often typed, hiding where `hide(mask)` is True."""

    def attend(x, memory, Wq, Wk, Wv, Wo, heads, mask):
        q, k, v = cut(x @ Wq, heads), cut(memory @ Wk, heads), cut(memory @ Wv, heads)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(q.size(-1)) ** scale
        weights = F.softmax(scores.masked_fill(hide(mask), float("-inf")), dim=softmax)
        return joined(weights @ v) @ Wo, weights

    return attend


OTHER_HANDS = {
    "eye and one": (
        "decoder masks",
        lambda s, t: (s[:, None], t[:, None] & (torch.ones(len(t[0]), len(t[0])).triu() == 1), s[:, None]),
        "triu",
    ),
    "norm of all": (
        "add and norm",
        lambda x, part, gain, bias, first: (
            x + part(F.layer_norm(x, x.shape[1:]) * gain + bias)
            if first
            else F.layer_norm(x + part(x), x.shape[1:]) * gain + bias
        ),
        "whole sentence",
    ),
    "whole epsilon for each": (
        "label smoothing",
        lambda logits, t, m, e: (
            -((F.one_hot(t, logits.shape[-1]) * (1 - e) + e) * logits.log_softmax(-1)).sum(-1)[m].mean()
        ),
        "Every word gets the whole",
    ),
    "triangle over the cache": (
        "cached step",
        lambda w, k, v, p, Wq, Wk, Wv: (
            torch.cat([v, (w + p[k.shape[1]])[:, None] @ Wv], 1)[:, 0],
            torch.cat([k, (w + p[k.shape[1]])[:, None] @ Wk], 1),
            torch.cat([v, (w + p[k.shape[1]])[:, None] @ Wv], 1),
        ),
        "causal mask of one row",
    ),
}


def normed_with(eps):
    """Add and norm as in a widely read program: eps beside the root."""

    def add_norm(x, part, gain, bias, norm_first):
        def norm(y):
            return gain * (y - y.mean(-1, True)) / (y.std(-1, unbiased=False, keepdim=True) + eps) + bias

        return x + part(norm(x)) if norm_first else norm(x + part(x))

    return add_norm


def without_its_share(logits, target, mask, smoothing):
    V = logits.shape[-1]
    soft = torch.full_like(logits, smoothing / V).scatter(-1, target[..., None], 1 - smoothing)
    return -(soft * logits.log_softmax(-1)).sum(-1)[mask].mean()


OTHER_HANDS |= {
    "eps beside the root": ("add and norm", normed_with(1e-6), "*under* the root"),
    "no eps": ("add and norm", normed_with(0.0), "The 1e-5 under the root is missing"),
    "masks without an axis for the queries": (
        "decoder masks",
        lambda s, t: (s, t[:, None] & (torch.ones(len(t[0]), len(t[0])).tril() == 1), s),
        "no axis for the queries",
    ),
    "the right word without its share": ("label smoothing", without_its_share, "not its share of ε"),
    "padding told by its id": (
        "label smoothing",
        lambda logits, t, m, e: F.cross_entropy(
            logits.flatten(0, 1), t.masked_fill(~m, 0).flatten(), ignore_index=0, label_smoothing=e
        ),
        "left out because its id is 0",
    ),
}


@pytest.mark.parametrize("case", OTHER_HANDS)
def test_a_known_mistake_is_recognised_however_it_is_written(case):
    name, answer, words = OTHER_HANDS[case]
    verdict = check(name, answer)
    assert verdict.state == "wrong" and verdict.known and words in verdict.text, verdict.text


def two_at_once(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    q, k, v = (y.reshape(len(y), heads, y.shape[1], -1) for y in (x @ Wq, memory @ Wk, memory @ Wv))
    weights = (q @ k.mT / q.shape[-1]).masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    return joined(weights @ v) @ Wo, weights


def test_of_five_slips_those_that_are_left_are_named():
    lines = list(find("five slips in one class").program)
    lines[7] = "        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)"
    lines[10] = "        k, v = self.split(self.key(memory)), self.split(self.value(memory))"
    lines[12] = '        scores = scores.masked_fill(~mask[:, None], float("-inf"))'
    space = {"torch": torch}
    exec("\n".join(lines), space)
    verdict = check("five slips in one class", space["MultiHead"])
    assert "scale is still √D" in verdict.text and "softmax still runs over the heads" in verdict.text


# ---- wrong answers nobody foresaw -----------------------------------------------------------------------------------


def test_an_unforeseen_mistake_is_described():
    verdict = check("attention in heads", lambda *given: multi_head(*given)[0])
    assert verdict.state == "wrong" and "output, weights" in verdict.text
    verdict = check("split heads", lambda x, heads: x[..., None] + 0.5)
    assert verdict.state == "wrong" and "[1, 2, 3, 2]" in verdict.text
    verdict = check("cached step", lambda word, keys, *rest: (keys.add_(1), keys, keys))
    assert verdict.state == "wrong"
