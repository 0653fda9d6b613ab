"""Chapter 5's exercises: right answers in other styles, known mistakes in other hands, the figures of its errata."""

import torch
import torch.nn.functional as F
from small_exercises import in_cell, not_named, not_right, not_told, words
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
    multi_head,
    padding_mask,
)
from course_utils.blocks import AddNorm, EncoderBlock, PositionwiseFFN, PostNorm
from course_utils.loss import masked_loss
from course_utils.positions import LearnedPositions


def close(a, b):
    return torch.allclose(a, b, atol=1e-5)


# ---- what texts say, and what the course's models compute -----------------------------------------------------------


def test_the_printed_rows_and_what_rounding_can_explain():
    assert [round(s, 3) for s in TABLE.double().sum(-1).tolist()] == [1.01, 1.0, 0.996, 0.974, 1.003]
    assert [VOCABULARY[n] for n in TABLE.argmax(-1)] == ["I", "am", "a", "student", "<eos>"]
    places = (TABLE * 100 - (TABLE * 100).round()).abs() > 1e-3  # printed with three places, else with two or one
    slack = torch.where(places, 0.0005, 0.005).sum(-1)
    assert ((TABLE.sum(-1) - 1).abs() < slack).tolist() == [True, True, True, False, True]


def test_heads_save_no_compute_and_two_thirds_of_a_block_are_its_network():
    for heads in (1, 8):
        attention, x = MultiHeadAttention(16, heads, bias=False), torch.randn(1, 5, 16)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            attention(x, x)
        assert counter.get_total_flops() == 2 * (4 * 5 * 16**2 + 2 * 5**2 * 16)  # four projections, scores and means
    block = EncoderBlock(64, 4, 256)
    ffn, attention = (sum(p.numel() for p in m.parameters() if p.dim() == 2) for m in (block.ffn, block.attention))
    assert ffn == 2 * attention


def test_the_class_with_five_slips_runs_and_its_numbers_and_gradients_are_finite():
    wrong = in_cell("\n".join(find("program 5.22").program))["MultiHead"](8, 2)
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0))
    for mask in (torch.ones(2, 3, 3).bool(), causal_mask(3).expand(2, 3, 3)):
        output = wrong(x, x, mask)
        output.sum().backward()
        assert output.isfinite().all() and all(p.grad.isfinite().all() for p in wrong.parameters())


def test_norms_positions_loss_and_the_class_of_the_slips_are_the_course_s():
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
    attention, whole = MultiHeadAttention(8, 2), MultiHead(8, 2)
    memory, mask = torch.randn(2, 4, 8), padding_mask(torch.tensor([4, 2]), 4)
    attention.load_state_dict(whole.state_dict())
    assert close(whole(x, memory, mask.expand(2, 3, 4)), attention(x, memory, mask)[0])


# ---- right answers --------------------------------------------------------------------------------------------------


def all_in_einsum(q, k, v, heads, mask=None):
    q, k, v = (x.unflatten(-1, (heads, -1)) for x in (q, k, v))  # [B, T, H, d]
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask.unsqueeze(-3), float("-inf"))
    weights = scores.softmax(-1)
    return torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(2), weights


def head_by_head(q, k, v, heads, mask=None):
    d, outputs, weights = q.shape[-1] // heads, [], []
    for h in range(heads):
        part = slice(h * d, (h + 1) * d)
        scores = q[..., part] @ k[..., part].mT / d**0.5
        scores = scores if mask is None else scores.masked_fill(mask == 0, -1e9)
        weights.append(scores.softmax(-1))
        outputs.append(weights[-1] @ v[..., part])
    return torch.cat(outputs, -1), torch.stack(weights, 1)


class InThreeLines(torch.nn.Module):
    def __init__(self, size, heads, hidden, dropout=0.0):
        super().__init__()
        self.attention = MultiHeadAttention(size, heads)
        self.cross_attention = MultiHeadAttention(size, heads)
        self.ffn = PositionwiseFFN(size, hidden)
        self.around_attention, self.around_cross, self.around_ffn = (AddNorm(size, dropout) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        x = self.around_attention(x, lambda h: self.attention(*2 * [h], mask)[0])
        x = x + self.around_cross.dropout(self.cross_attention(self.around_cross.norm(x), memory, memory_mask)[0])
        return self.around_ffn(x, self.ffn)


def in_another_order(model, optimiser, source, target):
    optimiser.zero_grad()
    read = F.pad(target[:, :-1], (1, 0), value=10)
    loss = F.cross_entropy(model(source, read).transpose(1, 2), target)
    loss.backward()
    optimiser.step()
    return float(loss)


def norm_by_hand(x, part, gain, bias, norm_first):
    def norm(y):
        centred = y - y.mean(-1, keepdim=True)
        return gain * centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-5) + bias

    return x + part(norm(x)) if norm_first else norm(x + part(x))


def norm_by_torch(x, part, gain, bias, norm_first):
    D = x.shape[-1]
    return part(F.layer_norm(x, (D,), gain, bias)) + x if norm_first else F.layer_norm(part(x) + x, (D,), gain, bias)


def in_nested_lists(source, target):
    """With an axis of 1, as the stub allows, and padding's rows filled."""
    causal = [[k <= q for k in range(len(target[0]))] for q in range(len(target[0]))]
    decoder = [
        [[real and seen for real, seen in zip(row, line, strict=True)] for line in causal] for row in target.tolist()
    ]
    return [[row] for row in source.tolist()], decoder, [[row] for row in source.tolist()]


def padded_queries_hidden_as_well(source, target):
    """What padding attends to is read by nobody: this is as right."""
    causal = torch.ones(target.shape[1], target.shape[1]).tril() == 1
    return (
        source[:, None] & source[:, :, None],
        target[:, None] * target[:, :, None] * causal,
        source[:, None] & target[:, :, None],
    )


def step_by_torch(word, keys, values, positions, Wq, Wk, Wv):
    x = (word + positions[len(keys[0])])[:, None, :]
    keys, values = torch.hstack([keys, x @ Wk]), torch.hstack([values, x @ Wv])
    return F.scaled_dot_product_attention(x @ Wq, keys, values).squeeze(1), keys, values


def soft_targets(logits, target, mask, smoothing):
    V = logits.shape[-1]
    soft = F.one_hot(target, V) * (1 - smoothing) + smoothing / V
    each = -(soft.double() * logits.double().log_softmax(-1)).sum(-1)
    return (each * mask).sum() / mask.sum()


def by_minus_one(query, key, heads):
    B, D = len(query), query.shape[-1]
    return tuple(x.view(B, -1, heads, D // heads).transpose(1, 2) for x in (query, key))


def pre_norm(x, attention, ffn, norm1, norm2):
    x = x + attention(norm1(x))
    return x + ffn(norm2(x))


def post_norm(x, attention, ffn, norm1, norm2):
    x = norm1(x + attention(x))
    return norm2(x + ffn(x))


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


def renormalised(q, k, v):
    """A product *after* exp, and divided by what is left: right."""
    raised = torch.exp(q @ k.T / q.shape[-1] ** 0.5) * torch.ones(len(q), len(q)).tril()
    return raised / raised.sum(-1, keepdim=True) @ v


def projected_at_once(written, source, Wq, Wk, Wv):
    k, v = (source @ torch.cat([Wk, Wv], 1)).chunk(2, -1)
    weights = torch.softmax(torch.einsum("td,sd->ts", written @ Wq, k) * len(Wq) ** -0.5, 1)
    return weights @ v, weights


RIGHT = [
    ("attention in heads", all_in_einsum),
    ("attention in heads", head_by_head),
    ("residual and norm", lambda x, f, norm: torch.add(x, f(norm(x.clone())))),
    ("a decoder block", InThreeLines),
    ("a training step", in_another_order),
    ("split heads", lambda x, heads: torch.stack(x.chunk(heads, -1), 1)),
    ("split heads", lambda x, heads: x.view(*x.shape[:2], heads, x.shape[2] // heads).permute(0, 2, 1, 3).tolist()),
    ("add and norm", norm_by_hand),
    ("add and norm", norm_by_torch),
    ("decoder masks", in_nested_lists),
    ("decoder masks", padded_queries_hidden_as_well),
    ("cached step", step_by_torch),
    ("label smoothing", lambda z, y, m, smoothing: F.cross_entropy(z[m], y[m], label_smoothing=smoothing)),
    ("label smoothing", soft_targets),
    ("as many keys as queries", by_minus_one),
    ("no way round", pre_norm),
    ("no way round", post_norm),
    ("five slips in one class", AllInOne),
    ("positions along the batch", lambda x, table: torch.stack([words + table[: len(words)] for words in x])),
    ("a mask for training only", lambda q, k, v, training: F.scaled_dot_product_attention(q, k, v, is_causal=True)),
    ("divided by the padding", lambda z, y, m: F.cross_entropy(z.mT, y.masked_fill(~m, -1), ignore_index=-1)),
    ("a mask as a product", renormalised),
    ("keys from the target", projected_at_once),
]


def test_right_answers_pass():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []


# ---- several at once, and what nobody foresaw ----------------------------------------------------------------------


def causal(target, corner=torch.tril):
    return target[:, None] & (corner(torch.ones(len(target[0]), len(target[0]))) == 1)


def test_three_mistakes_at_once_are_told_by_the_part_that_has_one():
    def joined_wrongly(q, k, v, heads, mask=None):
        B, Q, D = q.shape
        q, k, v = (x.reshape(B, x.shape[1], heads, -1).transpose(1, 2) for x in (q, k, v))
        scores = q @ k.mT / D**0.5
        if mask is not None:
            scores = scores.masked_fill(~(mask[:, None] if mask.dim() == 3 else mask), -torch.inf)
        weights = scores.softmax(-1)
        return (weights @ v + 0.5).reshape(B, Q, D), weights

    assert not_named("attention in heads", joined_wrongly, "√D") == ""


def test_of_five_slips_those_that_are_left_are_named():
    lines = list(find("five slips in one class").program)
    lines[7] = "        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)"
    lines[10] = "        k, v = self.split(self.key(memory)), self.split(self.value(memory))"
    lines[12] = "        scores = scores.masked_fill(~mask[:, None], -1e9)"
    mine = type(
        "Mine", (in_cell("\n".join(lines))["MultiHead"],), {}
    )  # whose source is not found, so lines are not told
    verdict = check("five slips in one class", mine)
    assert "still √D" in words(verdict) and "over the heads" in words(verdict)


def test_what_nobody_foresaw_is_described():
    class Named(torch.nn.Module):
        def __init__(self, *sizes):
            super().__init__()
            self.attend = MultiHeadAttention(*sizes[:2])

    assert not_told("a decoder block", Named, "cross_attention") == ""
    assert not_told("attention in heads", lambda *given: multi_head(*given)[0], "output, weights") == ""
    assert not_told("split heads", lambda x, heads: x[..., None] + 0.5, "[1, 2, 3, 2]") == ""
    assert not_told("cached step", lambda word, keys, *rest: (keys.add_(1), keys, keys)) == ""


def test_the_example_of_a_training_step_can_be_computed_from_what_it_shows():
    one = find("a training step")
    case = next(case for case in one.cases() if case.shown)
    space = {"torch": torch, "nn": torch.nn}
    with torch.random.fork_rng(devices=[]):
        exec(case.given["first"], space)
    model = eval("lambda " + case.given["model"].strip("(").replace(") ->", ":", 1), space)
    optimiser = eval(case.given["optimiser"], space)
    losses = torch.tensor([one.reference(model, optimiser, *case.args.values()) for _ in range(3)])
    wanted = one.run(one.reference, case)
    assert close(losses, wanted[0]) and close(space["words"].weight[:3], wanted[1])
