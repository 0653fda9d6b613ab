"""Chapter 6's exercises: right answers in other styles, and the figures that its errata name."""

import pytest
import torch
import torch.nn.functional as F
from right_answers import Written

from chapters.ch06.exercises.pairs import next_sentence_pairs
from chapters.ch06.exercises.script import Reader, tokenizer
from chapters.ch06.lesson import count_parameters
from chapters.ch06.pairs import best_span
from course_kit.exercises import check
from course_tools.classroom.catalogue import find
from course_utils.bert import Bert, BertConfig, embed

written = Written()


# ---- what texts say -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "count"), [(BertConfig(), 109_482_240), (BertConfig.large(), 335_141_888)])
def test_base_and_large_counted(config, count):
    V, D, N, T = config.vocab_size, config.model_size, config.num_layers, config.max_length
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


def test_references_draw_no_random_numbers():
    table = torch.eye(4)
    before = torch.get_rng_state()
    embed(torch.tensor([[0, 1]]), torch.tensor([[0, 1]]), table, table[:2], table)
    next_sentence_pairs([["a", "b"], ["c", "d"]], 5, torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_best_span_is_the_best_of_all():
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        start, end = torch.randn(2, 7, generator=draw)
        allowed = torch.rand(7, generator=draw) < 0.6
        allowed[3] = True
        places = allowed.nonzero().flatten().tolist()
        pairs = [(a, b) for a in places for b in places if a <= b]
        p, q = start.softmax(0), end.softmax(0)
        assert best_span(start, end, allowed) == max(pairs, key=lambda pair: float(p[pair[0]] * q[pair[1]]))


# ---- exercises ------------------------------------------------------------------------------------------------------


@written("bert input")
def token_by_token(first, second, cls, sep, pad, length):
    ids, segments = [cls], [0]
    for segment, words in enumerate((first, second)):
        for word in (*words, sep):
            ids.append(word)
            segments.append(segment)
    mask = [1] * len(ids)
    while len(ids) < length:
        ids, segments, mask = [*ids, pad], [*segments, 0], [*mask, 0]
    return torch.tensor(ids), torch.tensor(segments), torch.tensor(mask).bool()


@written("bert input")
def filled_with_torch(first, second, cls, sep, pad, length):
    """Padding belongs to the second sentence here: nobody reads it."""
    ids = torch.full((length,), pad)
    row = torch.tensor([cls] + first + [sep] + second + [sep])
    ids[: len(row)] = row
    segments = (torch.arange(length) > len(first) + 1).long()
    return ids, segments, torch.arange(length) < len(row)


@written("embedding sum")
def by_lookup(ids, segments, words, kinds, places):
    x = F.embedding(ids, words) + F.embedding(segments, kinds)
    return x + places[torch.arange(ids.size(1))].unsqueeze(0)


@written("embedding sum")
def by_one_hot(ids, segments, words, kinds, places):
    x = F.one_hot(ids, len(words)).double() @ words.double()
    return x + F.one_hot(segments, 2).double() @ kinds.double() + places[None, : ids.shape[1]]


@written("low-rank change")
def by_einsum(W, B, A, alpha):
    return W + torch.einsum("or,ri->oi", B, A) * (alpha / B.shape[-1])


@written("low-rank change")
def one_direction_after_another(W, B, A, alpha):
    changed = W.clone()
    for column, row in zip(B.T, A, strict=True):
        changed += alpha / len(A) * torch.outer(column, row)
    return changed


@written("mask tokens")
def as_huggingface(ids, special_mask, vocab_size, mask_id, generator):
    """The way of a widely used collator: 80 %, then half of what is left."""
    inputs, labels = ids.clone(), ids.clone()
    chance = torch.full(ids.shape, 0.15).masked_fill(special_mask, 0.0)
    chosen = torch.bernoulli(chance, generator=generator).bool()
    labels[~chosen] = -100
    hidden = torch.bernoulli(torch.full(ids.shape, 0.8), generator=generator).bool() & chosen
    inputs[hidden] = mask_id
    swapped = torch.bernoulli(torch.full(ids.shape, 0.5), generator=generator).bool() & chosen & ~hidden
    inputs[swapped] = torch.randint(vocab_size, ids.shape, generator=generator)[swapped]
    return inputs, labels


@written("mask tokens")
def exactly_fifteen_per_cent(ids, special_mask, vocab_size, mask_id, generator):
    """As many as the share says, drawn without putting back, then dealt out."""
    inputs, labels = ids.clone(), torch.full_like(ids, -100)
    places = (~special_mask).flatten().nonzero().flatten()
    places = places[torch.randperm(len(places), generator=generator)][: round(0.15 * len(places))]
    labels.view(-1)[places] = ids.flatten()[places]
    first, second = int(0.8 * len(places)), int(0.9 * len(places))
    inputs.view(-1)[places[:first]] = mask_id
    inputs.view(-1)[places[first:second]] = torch.randint(5, vocab_size, (second - first,), generator=generator)
    return inputs, labels


@written("mask tokens")
def in_loops(ids, special_mask, vocab_size, mask_id, generator):
    inputs, labels = ids.tolist(), [[-100] * ids.shape[1] for _ in ids]
    chances = torch.rand(ids.shape, generator=generator).tolist()
    for b, (row, special) in enumerate(zip(ids.tolist(), special_mask.tolist(), strict=True)):
        for t, word in enumerate(row):
            if not special[t] and chances[b][t] < 0.15:
                labels[b][t] = word
                fate = chances[b][t] / 0.15
                if fate < 0.8:
                    inputs[b][t] = mask_id
                elif fate < 0.9:
                    inputs[b][t] = int(torch.randint(vocab_size, (1,), generator=generator))
    return torch.tensor(inputs), torch.tensor(labels)


@written("masked language model loss")
def torch_ignores_it(logits, labels):
    return F.cross_entropy(logits.transpose(1, 2), labels)


@written("masked language model loss")
def word_by_word(logits, labels):
    losses = []
    for row, label in zip(logits.flatten(0, 1), labels.flatten().tolist(), strict=True):
        if label != -100:
            losses.append(-torch.log_softmax(row, 0)[label])
    return sum(losses) / len(losses)


@written("masked language model loss")
def sum_by_count(logits, labels):
    asked = labels != -100
    log_p = logits.double().log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return -(log_p * asked).sum() / asked.sum()


@written("next sentence pairs")
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


@written("next sentence pairs")
def from_all_pairs(stories, count, generator):
    follow = [(a, b) for story in stories for a, b in zip(story, story[1:], strict=False)]
    pairs = []
    for i in torch.randint(len(follow), (count,), generator=generator).tolist():
        first, second = follow[i]
        if torch.rand((), generator=generator) < 0.5:
            pairs.append((first, second, 0))
        else:
            others = [sentence for story in stories if first not in story for sentence in story]
            pairs.append((first, others[int(torch.randint(len(others), (), generator=generator))], 1))
    return pairs


@written("tags for pieces")
def by_pairs(tags, words):
    return [tags[w] if w >= 0 and w != b else -100 for w, b in zip(words, [-1, *words], strict=False)]


@written("tags for pieces")
def by_index(tags, words):
    labels = torch.full((len(words),), -100)
    for word, tag in enumerate(tags):
        labels[words.index(word)] = tag
    return labels


@written("answer span")
def all_pairs(start_logits, end_logits, allowed):
    p, q = start_logits.softmax(0).tolist(), end_logits.softmax(0).tolist()
    places = [i for i, fine in enumerate(allowed.tolist()) if fine]
    return max(((a, b) for a in places for b in places if b >= a), key=lambda pair: p[pair[0]] * q[pair[1]])


@written("answer span")
def probabilities_in_a_triangle(start_logits, end_logits, allowed):
    """Softmaxes over the allowed tokens only, as tensors."""
    p, q = (x.masked_fill(~allowed, -1e9).softmax(-1) for x in (start_logits, end_logits))
    table = torch.triu(p[:, None] * q[None])
    best = table.argmax()
    return torch.div(best, len(q), rounding_mode="floor"), best % len(q)


@written("answer span")
def best_end_of_each_beginning(start_logits, end_logits, allowed):
    best, found = -float("inf"), None
    for a in range(len(start_logits)):
        for b in range(a, len(end_logits)):
            score = start_logits[a] + end_logits[b]
            if allowed[a] and allowed[b] and score > best:
                best, found = score, (a, b)
    return found


@written("bottleneck adapter")
def with_linear(x, W_down, b_down, W_up, b_up):
    return F.linear(F.gelu(F.linear(x, W_down.T, b_down)), W_up.T, b_up) + x


@written("bottleneck adapter")
def gelu_by_hand(x, W_down, b_down, W_up, b_up):
    small = torch.einsum("btd,dr->btr", x, W_down) + b_down
    small = small * 0.5 * (1 + torch.erf(small / 2**0.5))
    return x + torch.einsum("btr,rd->btd", small, W_up) + b_up


# ---- find the error -------------------------------------------------------------------------------------------------


@written("program 6.4")
def one_text_at_a_time(model, tokenizer, texts, labels):
    cut = len(texts) * 3 // 4
    p = torch.cat([model(tokenizer([text])["input_ids"]).logits.softmax(-1)[:, 1] for text in texts])
    right = [int(one > 0.5) == label for one, label in zip(p[cut:], labels[cut:].tolist(), strict=True)]
    return torch.nn.BCELoss()(p[:cut], labels[:cut].float()), sum(right) / len(right)


@written("program 6.4")
def negative_log(model, tokenizer, texts, labels):
    cut = int(0.75 * len(texts))
    encoded = tokenizer(texts)
    logits = model(encoded["input_ids"], attention_mask=encoded["attention_mask"].bool())[0]
    loss = -logits.log_softmax(-1)[range(cut), labels[:cut]].mean()
    return loss, (logits.max(1).indices == labels)[cut:].double().mean()


@written("program 6.5")
def sums_have_the_same_direction(hidden, mask):
    sums = torch.einsum("btd,bt->bd", hidden, mask.float())
    return F.cosine_similarity(sums[0], sums[1], dim=-1)


@written("program 6.5")
def picked(hidden, mask):
    a, b = (F.normalize(words[real].mean(0), dim=0) for words, real in zip(hidden, mask, strict=True))
    return (a * b).sum().item()


@written("mask tokens")
def in_numpy(ids, special_mask, vocab_size, mask_id, generator):
    inputs, labels = as_huggingface(ids, special_mask, vocab_size, mask_id, generator)
    return inputs.numpy(), labels.numpy()


@written("mask tokens")
def as_lists(ids, special_mask, vocab_size, mask_id, generator):
    return [x.tolist() for x in as_huggingface(ids, special_mask, vocab_size, mask_id, generator)]


@written("bert input")
def rows_in_numpy(first, second, cls, sep, pad, length):
    return [row.numpy() for row in filled_with_torch(first, second, cls, sep, pad, length)]


@written("program 6.6")
class Repaired(torch.nn.Module):
    """In another order, with torch's fused attention for a check, and a loss of its own."""

    def __init__(self, words, size, longest):
        super().__init__()
        self.tokens, self.segments = torch.nn.Embedding(words, size), torch.nn.Embedding(2, size)
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


test_right_answers_pass = written.test()


# ---- known mistakes in other hands ----------------------------------------------------------------------------------


def masked_by(hidden, swapped, labels=lambda ids, chosen: ids.masked_fill(~chosen, -100)):
    """Masking as in a widely used collator, its two draws with other chances."""

    def mask(ids, special_mask, vocab_size, mask_id, generator):
        def draw(chance):
            return torch.bernoulli(torch.full(ids.shape, chance), generator=generator).bool()

        chosen = draw(0.15) & ~special_mask
        first = chosen & draw(hidden)
        second = chosen & ~first & draw(swapped)
        inputs = ids.masked_fill(first, mask_id)
        inputs[second] = torch.randint(vocab_size, ids.shape, generator=generator)[second]
        return inputs, labels(ids, chosen)

    return mask


def labelled(pick):
    return lambda tags, words: [pick(tags, words, t) for t in range(len(words))]


def always_the_same_story(stories, count, generator):
    pairs = []
    for i in torch.randint(2, (count,), generator=generator).tolist():
        story = stories[int(torch.randint(len(stories), (), generator=generator))]
        a = int(torch.randint(len(story) - 1, (), generator=generator))
        b = int(torch.randint(len(story), (), generator=generator))
        pairs.append((story[a], story[b if i else a + 1], i))
    return pairs


def drawn_anywhere(stories, count, generator):
    """The label first, then a story, then a sentence; the other sentence is one of all."""
    pairs = []
    for label in torch.randint(2, (count,), generator=generator).tolist():
        story = stories[int(torch.randint(len(stories), (), generator=generator))]
        i = int(torch.randint(len(story) - 1, (), generator=generator))
        other = stories[int(torch.randint(len(stories), (), generator=generator))]
        second = other[int(torch.randint(len(other), (), generator=generator))] if label else story[i + 1]
        pairs.append((story[i], second, label))
    return pairs


def shuffled_sentences(stories, count, generator):
    flat = [sentence for story in stories for sentence in story]
    follow = [pair for story in stories for pair in zip(story, story[1:], strict=False)]
    pairs = []
    labels = torch.randint(2, (count,), generator=generator).tolist()
    for k, i in zip(labels, torch.randint(len(follow), (count,), generator=generator).tolist(), strict=True):
        j = int(torch.randint(len(flat), (), generator=generator))
        pairs.append((follow[i][0], flat[j] if k else follow[i][1], k))
    return pairs


OTHER_HANDS = {
    "all of them": ("mask tokens", masked_by(1.0, 0.5), "All chosen words become [MASK]"),
    "a tenth of the rest": ("mask tokens", masked_by(0.8, 0.1), "2 % in all"),
    "none stays": ("mask tokens", masked_by(0.8, 1.0), "so none stays"),
    "labels everywhere": ("mask tokens", masked_by(0.8, 0.5, lambda ids, chosen: ids), "The labels hold every id"),
    "same story": ("next sentence pairs", always_the_same_story, "drawn from the same story"),
    "no segments": (
        "bert input",
        lambda a, b, cls, sep, pad, n: (
            torch.tensor([cls, *a, sep, *b, sep] + [pad] * (n - len(a) - len(b) - 3)),
            torch.zeros(n, dtype=torch.long),
            torch.arange(n) < len(a) + len(b) + 3,
        ),
        "cannot tell A from B",
    ),
    "gelu left out": (
        "bottleneck adapter",
        lambda x, Wd, bd, Wu, bu: F.linear(F.linear(x, Wd.T, bd), Wu.T, bu) + x,
        "down and up are a single matrix",
    ),
    "positions of ids": (
        "embedding sum",
        lambda ids, segments, words, kinds, places: words[ids] + kinds[segments] + places[ids],
        "looked up by the *ids*",
    ),
    "zero out, then mean": (
        "masked language model loss",
        lambda logits, labels: F.cross_entropy(logits.transpose(1, 2), labels, reduction="none").mean(),
        "Divide by how many are asked",
    ),
    "two argmaxes": (
        "answer span",
        lambda s, e, ok: tuple(int(x.masked_fill(~ok, -1e9).argmax()) for x in (s, e)),
        "two separate argmaxes",
    ),
    "any story": ("next sentence pairs", lambda *given: drawn_anywhere(*given), "come from the *same* story"),
    "any story, shuffled": ("next sentence pairs", lambda *given: shuffled_sentences(*given), "come from the *same*"),
    "alpha alone": (
        "low-rank change",
        lambda W, B, A, alpha: W + alpha * B.matmul(A),
        "scaled by α alone",
    ),
    "asked > 0": (
        "masked language model loss",
        lambda logits, labels: F.cross_entropy(logits[labels > 0], labels[labels > 0]),
        "Word 0 is left out",
    ),
    "zeros at special tokens": (
        "tags for pieces",
        labelled(lambda tags, w, t: 0 if w[t] < 0 else tags[w[t]] if w[t] != w[t - 1] else -100),
        "Special tokens have 0",
    ),
    "each piece": ("tags for pieces", labelled(lambda tags, w, t: -100 if w[t] < 0 else tags[w[t]]), "All pieces"),
}


@pytest.mark.parametrize("case", OTHER_HANDS)
def test_a_known_mistake_is_recognised_however_it_is_written(case):
    name, answer, words = OTHER_HANDS[case]
    verdict = check(name, answer)
    assert verdict.state == "wrong" and verdict.known and words in verdict.text, verdict.text


TWO = {
    "pad and mask": (
        "bert input",
        lambda a, b, cls, sep, pad, n: (
            torch.tensor([cls, *a, sep, *b, sep] + [pad] * (n - len(a) - len(b) - 3)),
            torch.tensor([1] * (len(a) + 2) + [2] * (len(b) + 1) + [0] * (n - len(a) - len(b) - 3)),
            torch.arange(n) <= len(a) + len(b) + 3,
        ),
        ("numbered from 0", "`<`, not `<=`"),
    ),
    "logits multiplied, one too far": (
        "answer span",
        lambda s, e, ok: (
            int((best := (s[:, None] * e).masked_fill(~(ok[:, None] & ok).triu(), -1e9).argmax()) // len(s)),
            int(best % len(s)) + 1,
        ),
        ("The logits are multiplied", "The end is one too far"),
    ),
    "a sum of softmaxes over positions": (
        "masked language model loss",
        lambda logits, labels: (
            -logits.log_softmax(1).gather(-1, labels.clamp(min=0)[..., None])[..., 0][labels != -100].sum()
        ),
        ("This is the sum", "over the positions"),
    ),
    "no GELU, no upper bias": (
        "bottleneck adapter",
        lambda x, Wd, bd, Wu, bu: x + (x @ Wd + bd) @ Wu,
        ("There is no GELU", "`b_up` is not used"),
    ),
}


@pytest.mark.parametrize("case", TWO)
def test_two_mistakes_at_once_are_both_named(case):
    name, answer, words = TWO[case]
    verdict = check(name, answer)
    assert verdict.state == "wrong" and verdict.known and all(one in verdict.text for one in words), verdict.text


def test_exchanged_rows_are_named_as_such():
    """It once said "use `.bool()`, to get a mask", which makes it worse."""
    exchanged = check("bert input", lambda *given: [token_by_token(*given)[i] for i in (0, 2, 1)])
    assert exchanged.state == "wrong" and ".bool()" not in exchanged.text and "order" in exchanged.text, exchanged.text


def test_a_list_that_is_changed_is_not_told_of_tensors():
    def inserted(first, second, cls, sep, pad, length):
        answer = filled_with_torch(list(first), second, cls, sep, pad, length)
        first.insert(0, cls)
        return answer

    verdict = check("bert input", inserted)
    assert "changes its input `first`" in verdict.text and "tensor" not in verdict.text


def test_masking_the_input_itself_names_both_mistakes():
    """`inputs = ids` without `clone()`: the labels come from what is masked, because the input was changed."""

    def in_place(ids, special_mask, vocab_size, mask_id, generator):
        chosen = (torch.rand(ids.shape, generator=generator) < 0.15) & ~special_mask
        dice = torch.rand(ids.shape, generator=generator)
        words = torch.randint(vocab_size, ids.shape, generator=generator)
        inputs = ids
        inputs[chosen & (dice < 0.8)] = mask_id
        other = chosen & (dice >= 0.9)
        inputs[other] = words[other]
        return inputs, torch.where(chosen, ids, -100)

    verdict = check("mask tokens", in_place)
    assert "have been masked" in verdict.text or "been masked already" in verdict.text, verdict.text
    assert any("changes its input `ids`" in note for note in verdict.notes)


def test_the_whole_class_is_judged_line_by_line():
    puzzle = find("program 6.6")
    space = {"torch": torch}
    exec("\n".join(puzzle.program), space)
    given = space["MaskedModel"]
    assert "Several of the five errors are still in it." in check(puzzle.name, given).text
    assert check(puzzle.name, Repaired).right

    class SoftmaxLeft(Repaired):
        def forward(self, *batch):
            weights, loss = super().forward(*batch)
            return weights.mT, loss

    assert check(puzzle.name, SoftmaxLeft).state == "wrong"


# ---- wrong answers nobody foresaw -----------------------------------------------------------------------------------


def test_masking_in_place_is_named():
    def in_place(ids, special_mask, vocab_size, mask_id, generator):
        inputs, labels = as_huggingface(ids, special_mask, vocab_size, mask_id, generator)
        ids.copy_(inputs)
        return ids, labels

    verdict = check("mask tokens", in_place)
    assert verdict.state == "wrong" and "changes its input `ids`" in verdict.text


def test_a_single_word_changed_in_passing_is_seen():
    def one_more(ids, *given):
        inputs, labels = as_huggingface(ids, *given)
        place = ((labels == -100) & (ids > 4)).nonzero()[0]
        inputs[tuple(place)] = 7 if ids[tuple(place)] != 7 else 8
        return inputs, labels

    assert "almost 100 % unchanged" in str(check("mask tokens", one_more).arrays)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("mask tokens", lambda ids, *rest: ids, "2 are asked for: `inputs, labels`"),
        ("mask tokens", lambda ids, *rest: (ids[:1], ids), "shape is [1, 500], needed: [60, 500]"),
        ("program 6.6", torch.nn.Module, "takes 1 positional argument"),
        ("program 6.6", lambda *sizes: torch.nn.Linear(2, 2), "Its parameters are not those of the program"),
        ("mask tokens", lambda ids, *rest: (ids, "labels"), "a text"),
        ("mask tokens", lambda *given: None, "It returns None"),
        ("next sentence pairs", lambda stories, count, generator: stories, "is not (first, second, label)"),
        ("next sentence pairs", lambda *given: None, "It returns None"),
        ("next sentence pairs", lambda *given: ((1, 2, 3) for _ in "ab"), "needed: a list of (first, second, label)"),
        ("next sentence pairs", lambda stories, count, generator: [], "0, none with label 0"),
        ("next sentence pairs", lambda stories, *rest: [(*stories[0][:2], "next")], "needed: 0 or 1"),
        ("next sentence pairs", lambda stories, *rest: [("a", "b", 0)], "not in the stories"),
        ("bert input", lambda *given: (torch.ones(3), torch.ones(3)), "`ids, segments, mask`"),
        ("bert input", lambda *given: ("ids", "segments", "mask"), "a text"),
        ("answer span", lambda start, end, allowed: start.argmax(), "`first, last`"),
        ("tags for pieces", lambda tags, words: words[1:], "shape"),
    ],
)
def test_nonsense_is_described(name, answer, words):
    verdict = check(name, answer)
    told = verdict.text + str(verdict.arrays)
    assert verdict.state == "wrong" and words in told, told


@pytest.mark.parametrize("seed", range(5))
def test_masking_is_judged_alike_whatever_is_drawn(seed):
    """The figures of a right masking stay within the bands, and three known mistakes outside them."""

    def reseeded(answer):
        return lambda *given: answer(*given[:4], given[4].manual_seed(given[4].initial_seed() + 1000 * seed))

    assert check("mask tokens", reseeded(as_huggingface)).right
    for name in ("all of them", "none stays", "a tenth of the rest"):
        assert not check("mask tokens", reseeded(OTHER_HANDS[name][1])).right
