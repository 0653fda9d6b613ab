"""Chapter 5's exercises: right answers in other styles, and the figures that its errata name."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from right_answers import Written
from torch.utils.flop_counter import FlopCounterMode

from chapters.ch05.assembly import with_positions
from chapters.ch05.exercises.blocks import encoder_block
from chapters.ch05.exercises.bugs import add_positions
from chapters.ch05.exercises.decoder import decoder_block, transformer
from chapters.ch05.exercises.ffn import position_wise
from chapters.ch05.exercises.heads import multi_head
from chapters.ch05.exercises.norm import add_and_norm
from chapters.ch05.exercises.slips import MultiHead
from chapters.ch05.exercises.steps import smoothed_loss
from chapters.ch05.exercises.table import TABLE, VOCABULARY, chosen_word, is_distribution
from course_kit.exercises import check
from course_kit.exercises.define import find
from course_utils.attention import MultiHeadAttention, causal_mask, padding_mask
from course_utils.blocks import AddNorm, EncoderBlock, PositionwiseFFN
from course_utils.loss import masked_loss
from course_utils.positions import LearnedPositions
from course_utils.transformer import DecoderBlock, Transformer, TransformerConfig

written = Written()


# ---- what texts say -------------------------------------------------------------------------------------------------


def test_the_printed_rows_and_what_rounding_can_explain():
    assert [round(s, 3) for s in TABLE.double().sum(-1).tolist()] == [1.01, 1.0, 0.996, 0.974, 1.003]
    assert is_distribution(TABLE).tolist() == [True, True, True, False, True]
    assert [chosen_word(row, VOCABULARY)[1] for row in TABLE] == ["I", "am", "a", "student", "<eos>"]
    places = (TABLE * 100 - (TABLE * 100).round()).abs() > 1e-3  # printed with three places, else with two or one
    slack = torch.where(places, 0.0005, 0.005).sum(-1)
    assert ((TABLE.sum(-1) - 1).abs() < slack).tolist() == [True, True, True, False, True]


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_heads_save_no_compute(heads):
    attention, x = MultiHeadAttention(16, heads, bias=False), torch.randn(1, 5, 16)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        attention(x, x, x)
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


def test_multi_head_is_the_course_s_attention():
    attention, whole = MultiHeadAttention(8, 2, bias=False), MultiHead(8, 2)
    x, memory, mask = torch.randn(2, 3, 8), torch.randn(2, 4, 8), padding_mask(torch.tensor([4, 2]), 4)
    layers = attention.query, attention.key, attention.value, attention.out
    output, weights = attention(x, memory, memory, mask)
    mine = multi_head(x, memory, *(layer.weight.T for layer in layers), 2, mask.expand(2, 3, 4))
    assert close(mine[0], output) and close(mine[1], weights)
    for layer in whole.children():
        torch.nn.init.zeros_(layer.bias)
    attention.load_state_dict({name: x for name, x in whole.state_dict().items() if name.endswith("weight")})
    assert close(whole(x, memory, mask.expand(2, 3, 4)), attention(x, memory, memory, mask)[0])


def test_ffn_norm_positions_and_loss_are_the_course_s():
    x, network, positions = torch.randn(2, 3, 8), PositionwiseFFN(8, 16), LearnedPositions(5, 8)
    matrices = network.widen.weight.T, network.widen.bias, network.narrow.weight.T, network.narrow.bias
    assert close(position_wise(x, *matrices), network(x))
    for norm_first in (True, False):
        around = AddNorm(8, norm_first=norm_first)
        torch.nn.init.normal_(around.norm.weight)
        mine = add_and_norm(x, torch.sin, around.norm.weight, around.norm.bias, norm_first)
        assert close(mine, around(x, torch.sin))
    assert close(add_positions(x, positions.table), positions(x))
    logits, target, mask = (
        torch.randn(2, 3, 7),
        torch.randint(7, (2, 3)),
        torch.tensor([[True] * 3, [True, False, False]]),
    )
    assert close(smoothed_loss(logits, target, mask, 0.1), masked_loss(logits, target, mask, 0.1))


def test_blocks_and_model_are_the_course_s():
    config = TransformerConfig(11, 13, model_size=8, num_layers=2, num_heads=2, dropout=0.0)
    model = Transformer(config).eval()
    source, target, real = (
        torch.randint(11, (2, 4)),
        torch.randint(13, (2, 3)),
        torch.tensor([[True] * 4, [True] * 2 + [False] * 2]),
    )

    def reads(block):
        assert isinstance(block, EncoderBlock)
        norms = block.around_attention.norm, block.around_ffn.norm
        return lambda x, mask: encoder_block(x, mask, block.attention, block.ffn, *norms)

    def writes(block):
        assert isinstance(block, DecoderBlock)
        norms = block.around_attention.norm, block.around_cross.norm, block.around_ffn.norm
        parts = block.attention, block.cross_attention, block.ffn
        return lambda y, memory, mask, memory_mask: decoder_block(y, memory, mask, memory_mask, *parts, *norms)

    stacks = list(map(reads, model.encoder)), model.encoder_norm, list(map(writes, model.decoder)), model.decoder_norm
    x, y = with_positions(model.source_embedding, source), with_positions(model.target_embedding, target)
    assert close(transformer(x, y, real, *stacks, model.output), model(source, target, real))
    assert causal_mask(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]


# ---- exercises ------------------------------------------------------------------------------------------------------


@written("position-wise ffn")
def by_einsum(x, W1, b1, W2, b2):
    hidden = (torch.einsum("btd,df->btf", x, W1) + b1).clamp(min=0)
    return torch.einsum("btf,fd->btd", hidden, W2) + b2


@written("position-wise ffn")
def flattened_and_back(x, W1, b1, W2, b2):
    rows = x.reshape(-1, x.shape[-1])
    return F.linear(F.relu(F.linear(rows, W1.T, b1)), W2.T, b2).view_as(x)


@written("position-wise ffn")
def word_by_word(x, W1, b1, W2, b2):
    return [[torch.relu(word @ W1 + b1).double() @ W2.double() + b2 for word in words] for words in x]


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


@written("multi-head attention")
def all_in_einsum(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    cut = (len(x[0, 0]), heads, -1)
    q, k, v = (torch.einsum("btd,dhf->bhtf", y, W.reshape(cut)) for y, W in ((x, Wq), (memory, Wk), (memory, Wv)))
    scores = torch.einsum("bhqf,bhkf->bhqk", q, k) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(~mask.unsqueeze(1), float("-inf")).softmax(-1)
    output = torch.einsum("bhqk,bhkf,hfd->bqd", weights, v, Wo.reshape(heads, -1, Wo.shape[1]))
    return output, weights


@written("multi-head attention")
def head_by_head(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    d, outputs, weights = x.shape[-1] // heads, [], []
    for h in range(heads):
        part = slice(h * d, (h + 1) * d)
        scores = (x @ Wq[:, part]) @ (memory @ Wk[:, part]).mT / math.sqrt(d)
        weights.append(scores.masked_fill(mask == 0, -1e9).softmax(-1))
        outputs.append(weights[-1] @ (memory @ Wv[:, part]))
    return torch.cat(outputs, -1) @ Wo, torch.stack(weights, 1)


@written("multi-head attention")
def in_float64(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    return multi_head(*(t.double() for t in (x, memory, Wq, Wk, Wv, Wo)), heads, mask)


@written("multi-head attention")
def torch_own(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    weights = torch.cat([Wq.T, Wk.T, Wv.T])
    output, seen = F.multi_head_attention_forward(
        *(x.transpose(0, 1), memory.transpose(0, 1), memory.transpose(0, 1), x.shape[-1], heads),
        *(weights, None, None, None, False, 0.0, Wo.T, None),
        attn_mask=~mask.repeat_interleave(heads, 0),
        average_attn_weights=False,
    )
    return output.transpose(0, 1), seen


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


@written("encoder block")
def in_two_lines(x, mask, attention, ffn, norm1, norm2):
    h = norm1(x)
    x = x + attention(h, h, h, mask=mask)[0]
    return x + ffn(norm2(x))


@written("encoder block")
def unpacked(x, mask, attention, ffn, norm1, norm2):
    output, _ = attention(*[norm1(x)] * 3, mask)
    return (y := output + x) + ffn(norm2(y))


@written("decoder block")
def in_three_lines(x, memory, mask, memory_mask, attention, cross, ffn, norm1, norm2, norm3):
    x = x + attention(*[norm1(x)] * 3, mask)[0]
    x += cross(norm2(x), memory, memory, memory_mask)[0]
    return ffn(norm3(x)) + x


@written("decoder block")
def unpacked_by_name(x, memory, mask, memory_mask, attention, cross, ffn, norm1, norm2, norm3):
    h = norm1(x)
    seen, _ = attention(q=h, k=h, v=h, mask=mask)
    h = norm2(x + seen)
    found, weights = cross(q=h, k=memory, v=memory, mask=memory_mask)
    return x + seen + found + ffn(norm3(x + seen + found))


@written("the whole model")
def with_masks_in_full(x, y, real, encoder, encoder_norm, decoder, decoder_norm, output):
    (B, S, _), T = x.shape, y.shape[1]
    for n in range(len(encoder)):
        x = encoder[n](x, real[:, None].expand(B, S, S))
    for n in range(len(decoder)):
        y = decoder[n](y, encoder_norm(x), torch.ones(B, T, T).tril() == 1, real[:, None].expand(B, T, S))
    return output(decoder_norm(y))


@written("the whole model")
def by_names(x, y, real, encoder, encoder_norm, decoder, decoder_norm, output):
    mask = real.unsqueeze(1)
    for block in encoder:
        x = block(x=x, mask=mask)
    memory = encoder_norm(x)
    place = torch.arange(y.size(1))
    for block in decoder:
        y = block(y=y, memory=memory, mask=place <= place[:, None], memory_mask=mask)
    return output(decoder_norm(y)).double()


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
            p = torch.softmax(row, 0)
            losses.append(-(1 - smoothing) * p[right].log() - smoothing * p.log().mean())
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


@written("rows that are no distribution")
def row_by_row(table):
    return [min(row) >= 0 and math.isclose(sum(row), 1, abs_tol=0.02) for row in table.tolist()]


@written("the index of am")
def by_max(row, vocabulary):
    index, word = max(enumerate(vocabulary, 1), key=lambda pair: row[pair[0] - 1])
    return index, word


@written("keys from the target")
def projected_at_once(written, source, Wq, Wk, Wv):
    k, v = (source @ torch.cat([Wk, Wv], 1)).chunk(2, -1)
    weights = torch.softmax(torch.einsum("td,sd->ts", written @ Wq, k) * len(Wq) ** -0.5, 1)
    return weights @ v, weights


@written("no longer an encoder and a decoder")
def by_sets(attentions):
    has = set(attentions)
    return "Encoder-Decoder" if "cross" in has else "Encoder only" if has == {"self"} else "decoder-only"


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
    "no axis for the heads": ("multi-head attention", by_fill(lambda m: ~m), "lines them up from the right"),
    "scaled by d": ("multi-head attention", by_fill(lambda m: ~m[:, None], 2), "Scaled twice"),
    "no mask": ("multi-head attention", by_fill(lambda m: torch.zeros(()).bool()), "The mask is not used"),
    "eye and one": (
        "decoder masks",
        lambda s, t: (s[:, None], t[:, None] & (torch.ones(len(t[0]), len(t[0])).triu() == 1), s[:, None]),
        "triu",
    ),
    "linear, linear": (
        "position-wise ffn",
        lambda x, W1, b1, W2, b2: F.linear(F.linear(x, W1.T, b1), W2.T, b2),
        "so they are one",
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
    "first residual lost": (
        "encoder block",
        lambda x, m, a, ffn, n1, n2: (lambda y: y + ffn(n2(y)))(a(n1(x), n1(x), n1(x), m)[0]),
        "The first residual is missing",
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
    "keys and values from x": (
        "multi-head attention",
        lambda x, memory, *rest: multi_head(x, x, *rest),
        "`memory` is never",
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


def test_two_mistakes_at_once_are_both_named():
    verdict = check("multi-head attention", two_at_once)
    assert "one reshape to [B, H, T, d]" in verdict.text and "Scaled twice" in verdict.text
    halves = check("encoder block", lambda x, m, a, f, n1, n2: (y := a(n1(x), n1(x), n1(x), m)[0]) + f(y))
    assert "first residual is missing" in halves.text and "norm2 is not used" in halves.text


def test_of_five_slips_those_that_are_left_are_named():
    lines = list(find("five slips in one class").program)
    lines[7] = "        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)"
    lines[10] = "        k, v = self.split(self.key(memory)), self.split(self.value(memory))"
    lines[12] = '        scores = scores.masked_fill(~mask[:, None], float("-inf"))'
    space = {"torch": torch}
    exec("\n".join(lines), space)
    verdict = check("five slips in one class", space["MultiHead"], (8, 11, 12, 13, 14))
    assert "5 of 5 lines found" in verdict.text
    assert "scale is still √D" in verdict.text and "softmax still runs over the heads" in verdict.text
    some = check("five slips in one class", space["MultiHead"], (8, 14))
    assert "2 of 5 lines found, all of them right" in some.text


# ---- wrong answers nobody foresaw -----------------------------------------------------------------------------------


def test_a_maximum_with_a_number_is_advised():
    verdict = check("position-wise ffn", lambda x, W1, b1, W2, b2: torch.max(0, x @ W1 + b1) @ W2 + b2)
    assert "there is `torch.relu(x)`" in verdict.text and "help(" not in verdict.text


def test_an_unforeseen_mistake_is_described():
    verdict = check("multi-head attention", lambda x, *rest: multi_head(x, *rest)[0])
    assert verdict.state == "wrong" and "output, weights" in verdict.text
    verdict = check("split heads", lambda x, heads: x[..., None] + 0.5)
    assert verdict.state == "wrong" and "[1, 2, 3, 2]" in verdict.text
    verdict = check("cached step", lambda word, keys, *rest: (keys.add_(1), keys, keys))
    assert verdict.state == "wrong"
