"""Chapter 7's exercises: right answers in other styles, and what its errata say, shown to be so."""

import json
import math
import re
from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from right_answers import Written

from chapters.ch07.exercises.cache import attention_step, embed, products
from chapters.ch07.exercises.measures import bits_per_character
from chapters.ch07.exercises.sampling import nucleus_cases
from chapters.ch07.exercises.scaling import tokens_per_parameter
from chapters.ch07.exercises.targets import ShiftsItself
from chapters.ch07.experiments.in_class import Bigram
from chapters.ch07.labs.merges import merged, pairs
from chapters.ch07.labs.scaling_law import BESIROGLU_2024, HOFFMANN_2022
from chapters.ch07.language import Text, TextLesson
from course_kit.data import stories
from course_kit.exercises import check
from course_tools.classroom.catalogue import find
from course_utils.attention import MultiHeadAttention, causal_mask
from course_utils.caching import project
from course_utils.decoding.sampling import next_probabilities, sample
from course_utils.gpt import GPTConfig
from course_utils.text.bytepairs import WORD
from course_utils.text.merges import joined, merge_once

written = Written()


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ---- what texts say -------------------------------------------------------------------------------------------------


def test_transformers_shifts_labels_by_itself():
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2)).eval()
    ids = torch.randint(11, (2, 6), generator=torch.Generator().manual_seed(0))
    own = F.cross_entropy(model(ids).logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    torch.testing.assert_close(model(ids, labels=ids).loss, own)
    inputs, labels = ids[:, :-1], ids[:, 1:]
    after_the_next = F.cross_entropy(model(inputs).logits[:, :-1].flatten(0, 1), ids[:, 2:].flatten())
    torch.testing.assert_close(model(inputs, labels=labels).loss, after_the_next)
    ours = ShiftsItself(11, 0)
    own = F.cross_entropy(ours(ids).logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    torch.testing.assert_close(ours(ids, labels=ids).loss, own)


def test_who_learns_the_token_after_the_next_leaves_every_other_out():
    model, ids = Bigram(GPTConfig(10, model_size=8, max_length=16)), torch.arange(10)[None]
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(30):
        loss = F.cross_entropy(model(ids[:, :-2]).flatten(0, 1), ids[:, 2:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert sample(model, torch.tensor([[1]]), 4, temperature=0).tolist() == [[3, 5, 7, 9]]


def test_transformers_refuses_temperature_zero():
    from transformers import TemperatureLogitsWarper

    with pytest.raises(ValueError, match="do_sample=False"):
        TemperatureLogitsWarper(0.0)


def test_temperature_zero_is_the_limit():
    logits = torch.tensor([[2.0, 2, 0], [0, 1, 0.5]])
    torch.testing.assert_close((logits / 1e-3).softmax(-1), torch.tensor([[0.5, 0.5, 0], [0, 1, 0]]))
    assert next_probabilities(logits, 0).tolist() == [[1, 0, 0], [0, 1, 0]]  # argmax takes the first of two


def test_sums_stay_away_from_top_p():
    """No right answer fails by rounding: no running sum of any case is near its top_p."""
    for case in nucleus_cases():
        sums = case.args["logits"].softmax(-1).sort(-1, descending=True).values.cumsum(-1)
        sums = sums[..., :-1] if case.args["top_p"] == 1 else sums
        assert (sums - case.args["top_p"]).abs().min() > 1e-3


def test_is_causal_puts_the_triangle_into_that_corner():
    attend = run_program("program 7.10")
    q, k, v = numbers(2, 2, 3), numbers(2, 5, 3, seed=1), numbers(2, 5, 3, seed=2)
    torch.testing.assert_close(attend(q, k, v), F.scaled_dot_product_attention(q, k, v, is_causal=True))


def test_the_step_is_multi_head_attention_row_by_row():
    with torch.random.fork_rng(devices=[]):
        attention = MultiHeadAttention(6, 2, bias=False)
    x, T = numbers(3, 5, 6), 5
    whole, _ = attention(x, x, causal_mask(T))
    weights = [p.weight.T for p in (attention.query, attention.key, attention.value, attention.out)]
    keys = values = torch.empty(3, 2, 0, 3)
    for t in range(T):
        row, keys, values = attention_step(x[:, t], keys, values, *weights)
        torch.testing.assert_close(row, whole[:, t])
    torch.testing.assert_close(keys, project(attention, x).keys)


def test_positions_count_on_in_our_gpt():
    """Token by token with `past`, a text gets what it gets in one piece; by the wrong program it does not."""
    tokens, positions, ids = numbers(6, 2), numbers(9, 2, seed=1), torch.tensor([[1, 2, 3, 2]])
    wrong = run_program("program 7.2")
    whole = embed(ids, tokens, positions, 0)
    for make, same in ((embed, True), (wrong, False)):
        rows = torch.cat([make(ids[:, t : t + 1], tokens, positions, t) for t in range(4)], 1)
        assert torch.allclose(rows, whole) == same
    assert torch.allclose(wrong(ids, tokens, positions, 0), whole)


def test_scores_counted():
    for n in (1, 4, 9):
        assert products(n, True) == n * (n + 1) // 2 == int(causal_mask(n).sum())
        assert products(n, False) == n * (n + 1) * (2 * n + 1) // 6


def test_six_to_train_and_two_to_use():
    """Counted by torch in three layers without biases."""
    from torch.utils.flop_counter import FlopCounterMode

    layers = torch.nn.Sequential(*(torch.nn.Linear(8, 8, bias=False) for _ in range(3)))
    N, D = sum(p.numel() for p in layers.parameters()), 5
    x = torch.ones(D, 8, requires_grad=True)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layers(x)
    assert counter.get_total_flops() == 2 * N * D
    with FlopCounterMode(display=False) as counter:
        layers(x).sum().backward()
    assert counter.get_total_flops() == 6 * N * D


def lowest(compute, E, A, B, alpha, beta):
    """D / N at the lowest loss, found by trying sizes: without a formula for the minimum."""
    N = torch.logspace(6, 13, 700_001, dtype=torch.float64)
    D = compute / 6 / N
    best = (E + A / N**alpha + B / D**beta).argmin()
    return (D / N)[best].item()


def test_the_printed_law_contradicts_the_rule_of_thumb():
    """87 tokens per parameter at GPT-3's budget; the same law fitted again asks for 19."""
    puzzle, budget = find("claims 7.13"), 6 * 175e9 * 300e9
    said = re.search(r"E ([\d.]+), A ([\d.]+), B ([\d.]+), α ([\d.]+), β ([\d.]+)\)", puzzle.program[2])
    assert tuple(map(float, said.groups())) == HOFFMANN_2022
    assert f"{budget / 1e23:.2f}·10²³" in puzzle.program[2]
    for law, ratio in ((HOFFMANN_2022, 87), (BESIROGLU_2024, 19)):
        assert round(lowest(budget, *law)) == ratio and f"asks for {ratio}" in puzzle.found.replace(
            "ask for", "asks for"
        )
        assert tokens_per_parameter(budget, *law) == pytest.approx(lowest(budget, *law), rel=1e-4)


def test_the_other_claims_of_the_law_hold():
    assert lowest(1e20, 9.0, *BESIROGLU_2024[1:]) == lowest(1e20, *BESIROGLU_2024)  # E has no say
    (_, A, B, *_), many = BESIROGLU_2024, (1e18, 1e20, 1e22)
    steeper, flatter = ([lowest(C, 1.8, A, B, a, b) for C in many] for a, b in ((0.4, 0.3), (0.3, 0.4)))
    assert steeper == sorted(steeper) and flatter == sorted(flatter, reverse=True)
    growth = math.log(lowest(1e22, *HOFFMANN_2022) / lowest(1e20, *HOFFMANN_2022)) / math.log(100)
    assert growth == pytest.approx((0.34 - 0.28) / (0.34 + 0.28), rel=1e-3) and growth > 0


def test_bits_as_the_lesson_counts_them():
    lesson = TextLesson(Text("t", "abcab" * 30, "abcba" * 9), block=8)
    ids, characters = len(lesson.valid_ids), len(lesson.text.valid)
    assert bits_per_character(1.3, ids, characters) == pytest.approx(lesson.bits_per_character(1.3))


def test_small_tokens_have_small_perplexities():
    """One model of a text in characters, and the very same one spelt in pairs: one probability, two perplexities."""
    p = {"a": 0.5, "b": 0.25, "c": 0.25}
    text = "abacabca"
    single = [-math.log(p[c]) for c in text]
    double = [-math.log(p[a] * p[b]) for a, b in zip(text[::2], text[1::2], strict=True)]
    mean = [sum(losses) / len(losses) for losses in (single, double)]
    assert math.exp(mean[0]) < math.exp(mean[1])
    bits = [bits_per_character(m, len(x), len(text)) for m, x in zip(mean, (single, double), strict=True)]
    assert bits[0] == pytest.approx(bits[1])


def test_the_library_differs_only_where_pairs_are_equally_frequent():
    """Each pair that `tokenizers` joins is one of the most frequent, by the counts of `merge_once`."""
    from tokenizers import ByteLevelBPETokenizer

    passage = " ".join(story.sentences[0] for story in stories.load("stories", "train")[:200])
    library = ByteLevelBPETokenizer()
    library.train_from_iterator([passage], vocab_size=256 + 60, show_progress=False)
    merges = json.loads(library.to_str())["model"]["merges"]
    words = Counter(tuple(word) for word in WORD.findall(passage))
    for left, right in merges:
        pair = left.replace("Ġ", " "), right.replace("Ġ", " ")
        found = Counter()
        for pieces, times in words.items():
            for one in zip(pieces, pieces[1:], strict=False):
                found[one] += times
        assert found[pair] == max(found.values()) == found[merge_once(words)[0]]
        words = {joined(pieces, pair): times for pieces, times in words.items()}


def test_merging_as_the_view_and_as_tokenizers():
    for case in find("bpe merge").cases():
        words = case.args["words"]
        named = {"".join(w): w for w in words}
        assert len(named) == len(words)
        counted = pairs({n: list(w) for n, w in named.items()}, {n: words[w] for n, w in named.items()})
        (best, most), *others = counted.most_common()
        assert all(count < most for _, count in others)  # the first is never in doubt
        assert merge_once(words) == (best, {tuple(merged(list(w), *best)): count for w, count in words.items()})
        assert len(merge_once(words)[1]) == len(words)
    assert joined(("a", "a", "a"), ("a", "a")) == ("aa", "a")


def test_first_merges_as_tokenizers_learns_them():
    from tokenizers import Tokenizer, models, trainers

    words = {"low": 5, "lower": 2, "newest": 6, "widest": 3, "less": 1}
    learner = Tokenizer(models.BPE())
    learner.train_from_iterator(
        [w for w, n in words.items() for _ in range(n)],
        trainers.BpeTrainer(vocab_size=13, show_progress=False),
    )
    pieces = {tuple(w): n for w, n in words.items()}
    letters = {c for w in words for c in w}
    joins = sorted((p for p in learner.get_vocab() if len(p) > 1), key=learner.get_vocab().get)
    best, _ = merge_once(pieces)
    assert len(letters) + len(joins) == 13 and joins[0] == "".join(best)


def run_program(name):
    """The function that a find-the-error shows."""
    space = {"torch": torch, "math": math}
    exec("\n".join(find(name).program), space)
    return next(v for k, v in space.items() if k not in ("torch", "math", "__builtins__"))


# ---- exercises ------------------------------------------------------------------------------------------------------


@written("next token targets")
def token_by_token(ids):
    T = ids.shape[1] - 1
    return torch.stack([ids[:, t] for t in range(T)], 1), torch.stack([ids[:, t + 1] for t in range(T)], 1)


@written("next token targets")
def windows(ids):
    return ids.unfold(1, ids.shape[1] - 1, 1).unbind(1)


@written("next token targets")
def as_lists(ids):
    return [row[:-1] for row in ids.tolist()], [row[1:] for row in ids.tolist()]


@written("bpe merge")
def as_sennrich(words):
    """The paper's program: text with blanks, and a regular expression for whole pieces."""
    words, found = {" ".join(w): n for w, n in words.items()}, Counter()
    for word, n in words.items():
        symbols = word.split()
        for i in range(len(symbols) - 1):
            found[symbols[i], symbols[i + 1]] += n
    best = found.most_common(1)[0][0]
    bigram = re.compile(r"(?<!\S)" + re.escape(" ".join(best)) + r"(?!\S)")
    return best, {bigram.sub("".join(best), word): n for word, n in words.items()}


@written("bpe encode")
def as_gpt2(word, merges):
    """OpenAI's program: the pair with the lowest rank, again and again."""
    ranks, pieces = {pair: rank for rank, pair in enumerate(merges)}, list(word)
    while found := [pair for pair in zip(pieces, pieces[1:], strict=False) if pair in ranks]:
        pieces = joined(tuple(pieces), min(found, key=ranks.get))
    return list(pieces)


@written("bpe merge")
def with_a_list(words):
    found = {}
    for w, n in words.items():
        for i in range(len(w) - 1):
            found[w[i : i + 2]] = found.get(w[i : i + 2], 0) + n
    best = sorted(found, key=lambda pair: -found[pair])[0]
    after = {}
    for w, n in words.items():
        out = list(w)
        i = 0
        while i < len(out) - 1:
            if (out[i], out[i + 1]) == best:
                out[i : i + 2] = [out[i] + out[i + 1]]
            i += 1
        after[tuple(out)] = n
    return [list(best), after]


@written("bits per character")
def per_token_first(loss, tokens, characters):
    return torch.tensor(loss) * math.log2(math.e) / (characters / tokens)


@written("temperature")
def a_little_more_than_zero(logits, temperature):
    return (logits / max(temperature, 1e-6)).softmax(-1)


@written("temperature")
def a_little_added(logits, temperature):
    return F.softmax(logits / (temperature + 1e-8), dim=-1)


@written("temperature")
def the_largest_off_first(logits, temperature):
    if not temperature:
        p = torch.zeros_like(logits)
        return p.scatter(-1, logits.argmax(-1, keepdim=True), 1.0)
    z = logits.double() / temperature
    z = torch.exp(z - z.max(dim=-1, keepdim=True).values)
    return z / z.sum(-1, keepdim=True)


@written("temperature")
def as_a_power(logits, temperature):
    if temperature == 0:
        return (logits == logits.amax(-1, keepdim=True)).double()
    p = (logits.double().log_softmax(-1) / temperature).exp()
    return p / p.sum(-1, keepdim=True)


@written("top-k")
def by_topk(logits, top_k):
    best, places = logits.topk(min(top_k, logits.size(-1)), dim=-1)
    return torch.zeros_like(logits).scatter(-1, places, best.softmax(-1))


@written("top-k")
def by_rank(logits, top_k):
    rank = logits.argsort(-1, descending=True).argsort(-1)
    p = logits.softmax(-1) * (rank < top_k)
    return p / p.sum(-1, keepdim=True)


@written("top-k")
def the_first_of_a_sort(logits, top_k):
    order = logits.argsort(dim=-1, descending=True)
    logits = logits.clone().scatter_(-1, order[..., top_k:], -float("Inf"))
    return F.softmax(logits, dim=-1)


def test_of_equal_logits_no_more_than_k_stay():
    def as_nanogpt(logits, top_k):
        v, _ = torch.topk(logits, min(top_k, logits.size(-1)))
        return logits.masked_fill(logits < v[..., [-1]], -float("Inf")).softmax(-1)

    assert "may be more than k" in check("top-k", as_nanogpt).text


@written("top-p")
def as_huggingface(logits, top_p):
    """From the smallest up, and what must go is marked."""
    ordered, order = torch.sort(logits, descending=False)
    gone = ordered.softmax(dim=-1).cumsum(dim=-1) <= (1 - top_p)
    gone[..., -1:] = False
    gone = gone.scatter(-1, order, gone)
    return logits.masked_fill(gone, -float("inf")).softmax(-1)


@written("top-p")
def shifted_to_the_right(logits, top_p):
    p, order = torch.sort(logits.softmax(-1), descending=True)
    gone = p.cumsum(-1) > top_p
    gone[..., 1:] = gone[..., :-1].clone()
    gone[..., 0] = False
    p = p.masked_fill(gone, 0)
    return (p / p.sum(-1, keepdim=True)).gather(-1, order.argsort(-1))


@written("top-p")
def row_by_row(logits, top_p):
    out = []
    for row in logits.flatten(0, -2) if logits.dim() > 1 else logits[None]:
        p, total, q = row.softmax(0).tolist(), 0.0, [0.0] * len(row)
        for i in sorted(range(len(p)), key=lambda i: -p[i]):
            q[i], total = p[i], total + p[i]
            if total >= top_p:
                break
        out.append([x / total for x in q])
    return torch.tensor(out).view(logits.shape)


@written("causal attention step")
def with_views(x, keys, values, Wq, Wk, Wv, Wo):
    B, H, P, d = keys.shape
    q, k, v = ((x @ W).view(B, 1, H, d).transpose(1, 2) for W in (Wq, Wk, Wv))
    keys, values = torch.cat((keys, k), dim=2), torch.cat((values, v), dim=-2)
    out = F.scaled_dot_product_attention(q, keys, values)
    return out.transpose(1, 2).reshape(B, H * d) @ Wo, keys, values


@written("causal attention step")
def by_einsum(x, keys, values, Wq, Wk, Wv, Wo):
    B, H, P, d = keys.shape
    keys = torch.cat([keys, torch.einsum("bi,ihd->bhd", x, Wk.view(-1, H, d)).unsqueeze(2)], 2)
    values = torch.cat([values, torch.einsum("bi,ihd->bhd", x, Wv.view(-1, H, d)).unsqueeze(2)], 2)
    a = torch.einsum("bhd,bhpd->bhp", (x @ Wq).view(B, H, d), keys).div(d**0.5).softmax(-1)
    return torch.einsum("bhp,bhpd,hde->be", a, values, Wo.view(H, d, -1)), keys, values


@written("induction score")
def in_loops(weights, half):
    B, H, T, _ = weights.shape
    scores = [0.0] * H
    for b in range(B):
        for h in range(H):
            for q in range(half, T):
                scores[h] += weights[b, h, q, q - half + 1].item() / (B * half)
    return scores


@written("induction score")
def a_corner_of_it(weights, half):
    return weights[:, :, half:, 1 : half + 1].diagonal(dim1=2, dim2=3).mean(-1).mean(0)


@written("induction score")
def offset_diagonal(weights, half):
    return torch.diagonal(weights, 1 - half, -2, -1)[..., 1:].mean(dim=(0, 2))


# ---- find the error -------------------------------------------------------------------------------------------------


@written("program 7.4")
def own_loss(model, ids):
    return F.cross_entropy(model(ids[:, :-1]).logits.flatten(0, 1), ids[:, 1:].flatten())


@written("program 7.4")
def one_line_mended(model, ids):
    labels = torch.full_like(ids, -100)
    labels[:, :] = ids
    return model(ids, labels=labels).loss


@written("program 7.4")
def a_copy_for_labels(model, ids):
    return model(ids, labels=ids.clone())[0]


@written("claims 7.7")
def by_probability(loss_a, tokens_a, loss_b, tokens_b):
    return "a" if -loss_a * tokens_a > -loss_b * tokens_b else "b"


@written("program 7.2")
def from_to(ids, tokens, positions, past):
    return F.embedding(ids, tokens) + positions[past : past + ids.size(1)].unsqueeze(0)


@written("program 7.10")
def places_compared(q, k, v):
    N, K = q.shape[1], k.shape[1]
    may = torch.arange(K)[None] <= torch.arange(K - N, K)[:, None]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=may)


@written("program 7.10")
def last_rows_of_the_triangle(q, k, v):
    hidden = torch.ones(k.shape[1], k.shape[1]).triu(1).bool()[-q.shape[1] :]
    return (q @ k.mT / math.sqrt(k.shape[-1])).masked_fill(hidden, -1e9).softmax(-1) @ v


@written("claims 7.11")
def closed_form(n, cached):
    return n * (n + 1) // 2 if cached else n * (n + 1) * (2 * n + 1) // 6


@written("claims 7.11")
def divided(n, cached):
    return n * (n + 1) / 2 if cached else sum(t**2 for t in range(n + 1))


@written("program 7.14")
def repaired_line_by_line(model, batches, prompt, count, context):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for ids in batches:
        optimizer.zero_grad()
        model.train()
        logits = model(ids[:, :-1])
        loss = F.cross_entropy(logits.transpose(1, 2), ids[:, 1:])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        model.eval()
        for _ in range(count):
            logits = model(prompt[:, max(0, prompt.shape[1] - context) :])
            prompt = torch.cat([prompt, logits[:, -1:].argmax(dim=-1)], dim=1)
    return loss.item(), prompt


@written("program 7.14")
def step_by_hand(model, batches, prompt, count, context):
    for ids in batches:
        p = torch.log_softmax(model(ids)[:, :-1], -1)
        loss = -p.gather(-1, ids[:, 1:, None]).mean()
        parameters = list(model.parameters())
        for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.data -= 0.2 * slope
    text = prompt[0].tolist()
    for _ in range(count):
        text.append(model.eval()(torch.tensor([text[-context:]]))[0, -1].argmax().item())
    return loss, torch.tensor([text])


@written("claims 7.13")
def in_one_line(compute, E, A, B, alpha, beta):
    """D / N itself: from the two conditions, N cancels."""
    share = (beta * B / (alpha * A)) ** 2 * (compute / 6) ** (alpha - beta)
    return torch.tensor(share, dtype=torch.float64) ** (1 / (alpha + beta))


@written("claims 7.13")
def by_halves(compute, E, A, B, alpha, beta):
    """Where the derivative changes its sign."""
    low, high = 0.0, 40.0
    for _ in range(80):
        N = math.exp((low + high) / 2)
        rising = alpha * A / N**alpha < beta * B / (compute / 6 / N) ** beta
        low, high = (low, math.log(N)) if rising else (math.log(N), high)
    return compute / 6 / N / N


test_right_answers_pass = written.test()


# ---- known mistakes in other hands ----------------------------------------------------------------------------------


def sennrich_without_borders(words):
    best, _ = as_sennrich(words)
    return best, {" ".join(w).replace(" ".join(best), "".join(best)): n for w, n in words.items()}


def not_skipped(words):
    best, _ = merge_once(words)
    after = {}
    for w, n in words.items():
        after[tuple("".join(best) if w[i : i + 2] == best else w[i] for i in range(len(w)))] = n
    return best, after


def squeezed(x, keys, values, Wq, Wk, Wv, Wo):
    B, H, P, d = keys.shape
    q, k, v = ((x @ W).view(B, H, 1, d) for W in (Wq, Wk, Wv))
    keys, values = torch.cat((keys, k), 2), torch.cat((values, v), 2)
    out = ((q @ keys.mT / d**0.5).softmax(-1) @ values).squeeze()
    return out.flatten(1) @ Wo, keys, values


def in_stripes(x, keys, values, Wq, Wk, Wv, Wo):
    B, H, P, d = keys.shape
    q, k, v = ((x @ W).view(B, d, H).transpose(1, 2)[:, :, None] for W in (Wq, Wk, Wv))
    keys, values = torch.cat((keys, k), 2), torch.cat((values, v), 2)
    out = (q @ keys.mT / d**0.5).softmax(-1) @ values
    return out[:, :, 0].transpose(1, 2).reshape(B, -1) @ Wo, keys, values


def crossing_dropped(logits, top_p):
    p, order = logits.softmax(-1).sort(-1, descending=True)
    p[p.cumsum(-1) > top_p] = 0
    return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))


OTHER_HANDS = {
    "the same twice": (
        "next token targets",
        lambda ids: (ids[:, :-1], ids[:, :-1].clone()),
        "you need no model",
    ),
    "the second again": ("bpe merge", lambda words: not_skipped(words), "“a b” gives “ab b”"),
    "squeezed": ("causal attention step", lambda *given: squeezed(*given), "Say which: `.squeeze(2)`"),
    "stripes": ("causal attention step", lambda *given: in_stripes(*given), "cut in stripes, and joined in stripes"),
    "the last query": (
        "induction score",
        lambda w, half: w.diagonal(1 - half, -2, -1)[..., 1:-1].mean((0, 2)),
        "The last query is missing",
    ),
    "a sum of texts": (
        "induction score",
        lambda w, half: w.diagonal(1 - half, -2, -1)[..., 1:].mean(2).sum(0),
        "the sum over the texts",
    ),
    "in the text": ("bpe merge", sennrich_without_borders, "can begin inside a piece"),
    "nats": ("bits per character", lambda loss, tokens, n: loss / (n / tokens), "This is in nats"),
    "nan at zero": ("temperature", lambda z, t: F.softmax(z / t, dim=-1), "At 0 it divides by 0"),
    "after the softmax": (
        "temperature",
        lambda z, t: F.one_hot(z.argmax(-1), z.shape[-1]).float() if t == 0 else z.softmax(-1),
        "Each temperature above 0 gives the same",
    ),
    "zeros for logits": (
        "top-k",
        lambda z, k: z.where(z >= z.topk(min(k, z.shape[-1])).values[..., -1:], torch.zeros(())).softmax(-1),
        "does not give a chance of 0",
    ),
    "nothing left": ("top-p", crossing_dropped, "The token that crosses p is dropped"),
    "is_causal": (
        "causal attention step",
        lambda x, k, v, Wq, Wk, Wv, Wo: with_flag(x, k, v, Wq, Wk, Wv, Wo),
        "A causal mask of one row",
    ),
    "parameters per token": (
        "claims 7.13",
        lambda *given: 1 / in_one_line(*given),
        "these are parameters per token",
    ),
    "two equal terms": (
        "claims 7.13",
        lambda C, E, A, B, a, b: (B / A) ** (2 / (a + b)) * (C / 6) ** ((a - b) / (a + b)),
        "This makes the two terms equal",
    ),
    "the copy": (
        "induction score",
        lambda w, half: w.diagonal(-half, -2, -1).mean((0, 2)),
        "the token after it",
    ),
}


def with_flag(x, keys, values, Wq, Wk, Wv, Wo):
    B, H, P, d = keys.shape
    q, k, v = ((x @ W).view(B, H, 1, d) for W in (Wq, Wk, Wv))
    keys, values = torch.cat((keys, k), 2), torch.cat((values, v), 2)
    return F.scaled_dot_product_attention(q, keys, values, is_causal=True).flatten(1) @ Wo, keys, values


@pytest.mark.parametrize("case", OTHER_HANDS)
def test_a_known_mistake_is_recognised_however_it_is_written(case):
    name, answer, words = OTHER_HANDS[case]
    verdict = check(name, answer)
    assert verdict.state == "wrong" and verdict.known and words in verdict.text, verdict.text


TWO = {
    "hot, and one place of the batch": (
        "temperature",
        lambda z, t: (
            (z * t).softmax(-1) if t else F.one_hot(z.argmax(), z.numel()).float().view_as(z)  # of all rows together
        ),
        ("You multiply by the temperature", "one largest in the whole batch"),
    ),
    "the batch's limit, not shared out": (
        "top-k",
        lambda z, k: z.softmax(-1) * (z >= z.flatten().topk(min(k, z.shape[-1])).values[-1]),
        ("of the whole batch", "no longer sums to 1"),
    ),
    "smallest first, not shared out": (
        "top-p",
        lambda z, p: unshared(z, p),
        ("The *smallest* come first", "no longer sums to 1"),
    ),
    "in front, unscaled": (
        "causal attention step",
        lambda *given: in_front(*given),
        ("put in front", "The scale is missing"),
    ),
    "nats of a log2": (
        "bits per character",
        lambda loss, tokens, n: math.log2(loss) / n,
        ("a logarithm already", "The loss of one token is shared"),
    ),
}


def unshared(logits, top_p):
    p, order = logits.softmax(-1).sort(-1)
    return torch.zeros_like(p).scatter(-1, order, p * (p.cumsum(-1) - p < top_p))


def in_front(x, keys, values, Wq, Wk, Wv, Wo):
    B, H, P, d = keys.shape
    q, k, v = ((x @ W).view(B, H, 1, d) for W in (Wq, Wk, Wv))
    keys, values = torch.cat((k, keys), 2), torch.cat((v, values), 2)
    return ((q @ keys.mT).softmax(-1) @ values).flatten(1) @ Wo, keys, values


@pytest.mark.parametrize("case", TWO)
def test_two_mistakes_at_once_are_both_named(case):
    name, answer, words = TWO[case]
    verdict = check(name, answer)
    assert verdict.state == "wrong" and verdict.known and all(one in verdict.text for one in words), verdict.text


def test_all_tokens_stay_where_all_are_needed():
    """Rounding may leave the sum of all just below 1; an argmax over "has it reached 1?" then finds the first token."""

    def crossing(logits, top_p):
        p, order = logits.softmax(-1).sort(-1, descending=True)
        last = (p.cumsum(-1) >= top_p - 2e-7).int().argmax(-1, keepdim=True)
        p = p * (torch.arange(p.shape[-1]) < last + (top_p < 1))  # loses the last of all
        return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))

    verdict = check("top-p", crossing)
    assert verdict.state == "wrong" and verdict.arrays["top_p"] == 1


# ---- wrong answers nobody foresaw -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("next token targets", lambda ids: ids[:, 1:], "2 are asked for: `inputs, targets`"),
        ("next token targets", lambda ids: (ids[:, :-1].float(), ids[:, 1:]), "instead of whole numbers"),
        ("bpe merge", lambda words: None, "It returns None"),
        ("bpe merge", lambda words: "e s", "`pair, words after it`"),
        ("bpe merge", lambda words: (("e", "s"), {}), "no words"),
        ("bpe merge", lambda words: (("e", "s"), [1]), "no dict"),
        ("bpe merge", lambda words: (("e", "s"), {5: 1}), "5 × 1"),
        ("bpe merge", lambda words: (5, words), "needed: a word"),
        ("bpe encode", lambda word, merges: None, "It returns None"),
        ("bpe encode", lambda word, merges: 5, "a whole number"),
        ("bits per character", lambda loss, tokens, characters: "many", "a text"),
        ("temperature", lambda logits, temperature: logits[0], "hape"),
        ("top-k", lambda logits, top_k: logits.topk(top_k), "two things"),
        ("top-p", lambda logits, top_p: None, "It returns None"),
        ("causal attention step", lambda x, *rest: x, "`output, keys after it, values after it`"),
        ("induction score", lambda weights, half: weights, "hape"),
        ("claims 7.7", lambda *given: 1, "a whole number"),
        ("claims 7.11", lambda n, cached: [n], "a list"),
        ("claims 7.13", lambda *given: "twenty", "a text"),
        ("claims 7.13", lambda compute, E, A, B, alpha, beta: (A, B), "needed: a number"),
        ("program 7.14", lambda *given: given[2], "`loss, text`"),
    ],
)
def test_nonsense_is_described(name, answer, words):
    verdict = check(name, answer)
    told = verdict.text + str(verdict.arrays)
    assert verdict.state == "wrong" and words in told, told


def test_a_cache_changed_in_place_is_named():
    def in_place(x, keys, values, *weights):
        result = attention_step(x, keys, values, *weights)
        keys.zero_()
        return result

    verdict = check("causal attention step", in_place)
    assert verdict.state == "wrong" and "changes its input `keys`" in verdict.text


def test_references_draw_no_random_numbers():
    before = torch.get_rng_state()
    for one in ("temperature", "top-p", "causal attention step", "program 7.4"):
        puzzle = find(one)
        for case in puzzle.cases():
            puzzle.run(puzzle.reference, case)
    assert torch.equal(torch.get_rng_state(), before)
