"""Chapter 6's exercises: right answers in other styles, known mistakes in other hands, the figures of its errata."""

import pytest
import torch
import torch.nn.functional as F
from small_exercises import in_cell, not_right, not_told, words

from chapters.ch06.exercises.script import Reader, tokenizer
from chapters.ch06.lesson import count_parameters
from chapters.ch06.pairs import best_span
from course_kit.exercises import check
from course_kit.exercises.catalogue import find
from course_utils.bert import Bert, BertConfig

# ---- what texts say -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "count"), [(BertConfig(), 109_482_240), (BertConfig.large(), 335_141_888)])
def test_base_and_large_counted(config, count):
    V, D, N, T = config.vocab, config.size, config.layers, config.context
    with torch.device("meta"):
        model = Bert(config)
    assert sum(p.numel() for p in model.parameters()) == sum(count_parameters(model).values()) == count
    assert count == (V + T + 4) * D + N * (12 * D**2 + 13 * D) + D**2 + D


def test_the_script_stops_where_it_is_said_to():
    model, encoded = Reader(0), tokenizer(["a good film", "good"])
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        model(["a good film"])
    with pytest.raises(AttributeError):
        torch.nn.BCELoss()(model(**encoded), torch.tensor([0.0, 1.0]))
    alone = model(**tokenizer(["good"])).logits
    assert torch.allclose(model(**encoded).logits[1:], alone)  # its padding is not read, if it gets the mask
    assert not torch.allclose(model(encoded["input_ids"]).logits[1:], alone)


def test_the_best_span_is_the_best_of_all():
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        start, end = torch.randn(2, 7, generator=draw)
        allowed = torch.rand(7, generator=draw) < 0.6
        allowed[3] = True
        assert best_span(start, end, allowed) == all_pairs(start, end, allowed)


# ---- right answers --------------------------------------------------------------------------------------------------


def token_by_token(first, second, cls, sep, pad, length):
    ids, segments = [cls], [0]
    for segment, sentence in enumerate((first, second)):
        for word in (*sentence, sep):
            ids.append(word)
            segments.append(segment)
    mask = [1] * len(ids)
    while len(ids) < length:
        ids, segments, mask = [*ids, pad], [*segments, 0], [*mask, 0]
    return torch.tensor(ids), torch.tensor(segments), torch.tensor(mask).bool()


def filled_with_torch(first, second, cls, sep, pad, length):
    ids = torch.full((length,), pad)
    row = torch.tensor([cls] + first + [sep] + second + [sep])
    ids[: len(row)] = row
    places = torch.arange(length)
    return ids, ((places > len(first) + 1) & (places < len(row))).long(), places < len(row)


def by_one_hot(ids, segments, table, kinds, places):
    x = F.one_hot(ids, len(table)).double() @ table.double()
    return x + F.one_hot(segments, 2).double() @ kinds.double() + places[None, : ids.shape[1]]


def one_direction_after_another(W, B, A, alpha):
    return W + sum(alpha / len(A) * torch.outer(column, row) for column, row in zip(B.T, A, strict=True))


def masked_by(hidden=0.8, swapped=0.5, labels=lambda ids, chosen: ids.masked_fill(~chosen, -100), seed=0):
    """The way of a widely used collator: 80 %, then half of what is left; or its two draws with other chances."""

    def mask(ids, special_mask, vocab, mask_id, generator=None):
        generator = generator or torch.default_generator
        generator.manual_seed(generator.initial_seed() + seed)

        def draw(chance):
            return torch.bernoulli(torch.full(ids.shape, chance), generator=generator).bool()

        chosen = draw(0.15) & ~special_mask
        first = chosen & draw(hidden)
        second = chosen & ~first & draw(swapped)
        inputs = ids.masked_fill(first, mask_id)
        inputs[second] = torch.randint(vocab, ids.shape, generator=generator)[second]
        return inputs, labels(ids, chosen)

    return mask


as_huggingface = masked_by()


def exactly_fifteen_per_cent(ids, special_mask, vocab, mask_id, generator=None):
    """As many as the share says, drawn without putting back, then dealt out."""
    inputs, labels = ids.clone(), torch.full_like(ids, -100)
    places = (~special_mask).flatten().nonzero().flatten()
    places = places[torch.randperm(len(places), generator=generator)][: round(0.15 * len(places))]
    labels.view(-1)[places] = ids.flatten()[places]
    first, second = int(0.8 * len(places)), int(0.9 * len(places))
    inputs.view(-1)[places[:first]] = mask_id
    inputs.view(-1)[places[first:second]] = torch.randint(5, vocab, (second - first,), generator=generator)
    return inputs, labels


def word_by_word(logits, labels):
    rows = zip(logits.flatten(0, 1), labels.flatten().tolist(), strict=True)
    losses = [-torch.log_softmax(row, 0)[label] for row, label in rows if label != -100]
    return sum(losses) / len(losses)


def turn_about(stories, count, generator):
    """A story drawn again until it is another; labels as tensors and lists as pairs."""
    pairs = []
    for i in torch.randint(0, 2, (count,), generator=generator).tolist():
        s = torch.randint(0, len(stories), (1,), generator=generator).item()
        place = torch.randint(0, len(stories[s]) - 1, (1,), generator=generator).item()
        t = s
        while i and t == s:
            t = torch.randint(0, len(stories), (1,), generator=generator).item()
        other = stories[t][torch.randint(0, len(stories[t]), (1,), generator=generator).item()]
        pairs.append([stories[s][place], other if i else stories[s][place + 1], torch.tensor(i)])
    return pairs


def by_index(tags, belongs):
    labels = torch.full((len(belongs),), -100)
    for word, tag in enumerate(tags):
        labels[belongs.index(word)] = tag
    return labels


def all_pairs(start_logits, end_logits, allowed):
    p, q = start_logits.softmax(0).tolist(), end_logits.softmax(0).tolist()
    places = [i for i, fine in enumerate(allowed.tolist()) if fine]
    return max(((a, b) for a in places for b in places if b >= a), key=lambda pair: p[pair[0]] * q[pair[1]])


def probabilities_in_a_triangle(start_logits, end_logits, allowed):
    """Softmaxes over the allowed tokens only, as tensors."""
    p, q = (x.masked_fill(~allowed, -1e9).softmax(-1) for x in (start_logits, end_logits))
    best = torch.triu(p[:, None] * q[None]).argmax()
    return torch.div(best, len(q), rounding_mode="floor"), best % len(q)


def gelu_by_hand(x, W_down, b_down, W_up, b_up):
    small = torch.einsum("btd,dr->btr", x, W_down) + b_down
    small = small * 0.5 * (1 + torch.erf(small / 2**0.5))
    return x + torch.einsum("btr,rd->btd", small, W_up) + b_up


def negative_log(model, tokenizer, texts, labels):
    cut = int(0.75 * len(texts))
    encoded = tokenizer(texts)
    logits = model(encoded["input_ids"], attention_mask=encoded["attention_mask"].bool())[0]
    loss = -logits.log_softmax(-1)[range(cut), labels[:cut]].mean()
    return loss, (logits.max(1).indices == labels)[cut:].double().mean()


def sums_have_the_same_direction(hidden, mask):
    sums = torch.einsum("btd,bt->bd", hidden, mask.float())
    return F.cosine_similarity(sums[0], sums[1], dim=-1)


class Repaired(torch.nn.Module):
    """In another order, with a loss of its own."""

    def __init__(self, vocabulary, size, longest):
        super().__init__()
        self.tokens, self.segments = torch.nn.Embedding(vocabulary, size), torch.nn.Embedding(2, size)
        self.places = torch.nn.Embedding(longest, size)
        self.query, self.key, self.value = (torch.nn.Linear(size, size) for _ in range(3))
        self.norm = torch.nn.LayerNorm(size)

    def forward(self, ids, segments, real, labels):
        x = self.norm(self.segments(segments) + self.places.weight[: ids.shape[1]] + self.tokens(ids))
        scores = torch.einsum("bqd,bkd->bqk", self.query(x), self.key(x)) / x.shape[-1] ** 0.5
        weights = F.softmax(scores.masked_fill(~real.unsqueeze(1), -1e9), dim=2)
        asked = labels != -100
        logits = F.linear((x + weights @ self.value(x))[asked], self.tokens.weight)
        return weights, F.cross_entropy(logits, labels[asked])


RIGHT = [
    ("bert input", token_by_token),
    ("bert input", lambda *given: [row.numpy() for row in filled_with_torch(*given)]),
    ("embedding sum", by_one_hot),
    ("low-rank change", one_direction_after_another),
    ("mask tokens", as_huggingface),
    ("mask tokens", exactly_fifteen_per_cent),
    ("mask tokens", lambda *given: [x.tolist() for x in as_huggingface(*given)]),
    ("masked language model loss", lambda logits, labels: F.cross_entropy(logits.transpose(1, 2), labels)),
    ("masked language model loss", word_by_word),
    ("next sentence pairs", turn_about),
    ("tags for pieces", by_index),
    ("answer span", all_pairs),
    ("answer span", probabilities_in_a_triangle),
    ("bottleneck adapter", lambda x, Wd, bd, Wu, bu: F.linear(F.gelu(F.linear(x, Wd.T, bd)), Wu.T, bu) + x),
    ("bottleneck adapter", gelu_by_hand),
    ("program 6.4", negative_log),
    ("program 6.5", sums_have_the_same_direction),
    ("program 6.6", Repaired),
]


def test_right_answers_pass():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []


# ---- several at once, and what nobody foresaw ----------------------------------------------------------------------


def test_masking_is_judged_alike_whatever_is_drawn():
    """The figures of a right masking stay within the bands, and three known mistakes outside them."""
    for seed in (1000, 2000, 3000):
        assert not_right("mask tokens", masked_by(seed=seed)) == ""
        for other in ({"hidden": 1.0}, {"swapped": 1.0}, {"swapped": 0.1}):
            assert not check("mask tokens", masked_by(**other, seed=seed)).right


def test_changed_inputs_are_named_beside_what_they_spoil():
    def inserted(first, *given):
        answer = filled_with_torch(list(first), *given)
        first.insert(0, given[1])
        return answer

    def masked_in_place(ids, *given):
        inputs, labels = as_huggingface(ids, *given)
        ids.copy_(inputs)
        return ids, torch.where(labels == -100, -100, ids)

    verdict = check("bert input", inserted)
    assert verdict.look == "a_spoilt_input" and "tensor" not in verdict.text
    verdict = check("mask tokens", masked_in_place)
    assert "been masked" in verdict.text and "input `ids`" in words(verdict)


def test_the_whole_class_is_judged_line_by_line():
    puzzle = find("program 6.6")
    given = in_cell("\n".join(puzzle.program))["MaskedModel"]
    assert not_told(puzzle.name, type("Given", (given,), {}), "Several of the five") == ""

    class SoftmaxLeft(Repaired):
        def forward(self, *batch):
            weights, loss = super().forward(*batch)
            return weights.mT, loss

    assert not_told(puzzle.name, SoftmaxLeft) == ""


def one_word_more(ids, *given):
    inputs, labels = as_huggingface(ids, *given)
    place = tuple(((labels == -100) & (ids > 4)).nonzero()[0])
    inputs[place] = 7 if ids[place] != 7 else 8
    return inputs, labels


@pytest.mark.parametrize(
    ("name", "answer", "word"),
    [
        ("mask tokens", one_word_more, "100 % unchanged"),
        ("mask tokens", lambda ids, *rest: ids, "2 are asked for"),
        ("mask tokens", lambda ids, *rest: (ids[:1], ids), "needed: [60, 500]"),
        ("mask tokens", lambda ids, *rest: (ids, "labels"), "a text"),
        ("program 6.6", lambda *sizes: torch.nn.Linear(2, 2), "not those of the program"),
        ("next sentence pairs", lambda stories, count, generator: stories, "is not (first, second, label)"),
        ("next sentence pairs", lambda *given: ((1, 2, 3) for _ in "ab"), "a list of (first, second, label)"),
        ("next sentence pairs", lambda stories, count, generator: [], "none with label 0"),
        ("next sentence pairs", lambda stories, *rest: [(*stories[0][:2], "next")], "needed: 0 or 1"),
        ("next sentence pairs", lambda stories, *rest: [("a", "b", 0)], "not in the stories"),
        ("answer span", lambda start, end, allowed: start.argmax(), "`first, last`"),
        (
            "bert input",
            lambda *given: [token_by_token(*given)[i] for i in (0, 2, 1)],
            "It returns `ids, mask, segments`",
        ),
    ],
)
def test_nonsense_is_described(name, answer, word):
    assert not_told(name, answer, word) == ""
