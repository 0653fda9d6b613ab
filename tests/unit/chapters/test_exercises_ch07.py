"""Chapter 7's exercises: right answers in other styles, known mistakes in other hands, what its errata say."""

import json
import re
from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from small_exercises import not_right, not_told

from chapters.ch07.exercises.sampling import nucleus_cases
from chapters.ch07.exercises.targets import ShiftsItself
from chapters.ch07.labs.merges import merged, pairs
from course_kit.data import stories
from course_kit.exercises import check
from course_kit.exercises.catalogue import find
from course_kit.text.subwords import WORD
from course_utils.merges import joined, merge_once

# ---- what texts say -------------------------------------------------------------------------------------------------


def test_transformers_shifts_labels_by_itself():
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2)).eval()
    ids = torch.randint(11, (2, 6), generator=torch.Generator().manual_seed(0))
    for shifts_itself in (model, ShiftsItself(11, 0)):
        own = F.cross_entropy(shifts_itself(ids).logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        torch.testing.assert_close(shifts_itself(ids, labels=ids).loss, own)
    inputs, labels = ids[:, :-1], ids[:, 1:]
    after_the_next = F.cross_entropy(model(inputs).logits[:, :-1].flatten(0, 1), ids[:, 2:].flatten())
    torch.testing.assert_close(model(inputs, labels=labels).loss, after_the_next)


def test_sums_stay_away_from_top_p():
    """No right answer fails by rounding: no running sum of any case is near its top_p."""
    for case in nucleus_cases():
        sums = case.args["logits"].softmax(-1).sort(-1, descending=True).values.cumsum(-1)
        sums = sums[..., :-1] if case.args["top_p"] == 1 else sums
        assert (sums - case.args["top_p"]).abs().min() > 1e-3


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


def test_merging_as_the_view_does_it():
    for case in find("bpe merge").cases():
        words = case.args["words"]
        spelt = {"".join(w): w for w in words}
        assert len(spelt) == len(words)
        counted = pairs({n: list(w) for n, w in spelt.items()}, {n: words[w] for n, w in spelt.items()})
        (best, most), *others = counted.most_common()
        assert all(count < most for _, count in others)  # the first is never in doubt
        assert merge_once(words) == (best, {tuple(merged(list(w), *best)): count for w, count in words.items()})
        assert len(merge_once(words)[1]) == len(words)


# ---- right answers --------------------------------------------------------------------------------------------------


def as_sennrich(words, before=r"(?<!\S)", after=r"(?!\S)"):
    """The paper's program: text with blanks, and a regular expression for whole pieces."""
    words, found = {" ".join(w): n for w, n in words.items()}, Counter()
    for word, n in words.items():
        symbols = word.split()
        for i in range(len(symbols) - 1):
            found[symbols[i], symbols[i + 1]] += n
    best = found.most_common(1)[0][0]
    bigram = re.compile(before + re.escape(" ".join(best)) + after)
    return best, {bigram.sub("".join(best), word): n for word, n in words.items()}


def as_lists(words):
    best, after = merge_once(words)
    return [list(best), {tuple(w): n for w, n in after.items()}]


def as_huggingface(logits, top_p):
    """From the smallest up, and what must go is marked."""
    ordered, order = torch.sort(logits, descending=False)
    gone = ordered.softmax(dim=-1).cumsum(dim=-1) <= (1 - top_p)
    gone[..., -1:] = False
    gone = gone.scatter(-1, order, gone)
    return logits.masked_fill(gone, -float("inf")).softmax(-1)


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


def own_loss(model, ids):
    return F.cross_entropy(model(ids[:, :-1]).logits.flatten(0, 1), ids[:, 1:].flatten())


RIGHT = [
    ("next token targets", lambda ids: ids.unfold(1, ids.shape[1] - 1, 1).unbind(1)),
    ("next token targets", lambda ids: ([row[:-1] for row in ids.tolist()], [row[1:] for row in ids.tolist()])),
    ("bpe merge", as_sennrich),
    ("bpe merge", as_lists),
    ("temperature", lambda logits, temperature: (logits / max(temperature, 1e-6)).softmax(-1)),
    ("temperature", lambda logits, temperature: F.softmax(logits / (temperature + 1e-8), dim=-1)),
    ("top-p", as_huggingface),
    ("top-p", row_by_row),
    ("program 7.4", own_loss),
    ("program 7.4", lambda model, ids: model(ids, labels=ids.clone())[0]),
    ("program 7.14", step_by_hand),
]


def test_right_answers_pass():
    assert [said for name, answer in RIGHT if (said := not_right(name, answer))] == []


# ---- several at once, and what nobody foresaw ----------------------------------------------------------------------


def test_all_tokens_stay_where_all_are_needed():
    """Rounding may leave the sum of all just below 1; an argmax over "has it reached 1?" then finds the first token."""

    def crossing(logits, top_p):
        p, order = logits.softmax(-1).sort(-1, descending=True)
        last = (p.cumsum(-1) >= top_p - 2e-7).int().argmax(-1, keepdim=True)
        p = p * (torch.arange(p.shape[-1]) < last + (top_p < 1))  # loses the last of all
        return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))

    verdict = check("top-p", crossing)
    assert verdict.state == "wrong" and verdict.arrays["top_p"] == 1


@pytest.mark.parametrize(
    ("name", "answer", "word"),
    [
        ("next token targets", lambda ids: (ids[:, :-1].float(), ids[:, 1:]), "whole numbers"),
        ("bpe merge", lambda words: "e s", "`pair, words after it`"),
        ("bpe merge", lambda words: (("e", "s"), {}), "no words"),
        ("bpe merge", lambda words: (("e", "s"), [1]), "no dict"),
        ("bpe merge", lambda words: (("e", "s"), {5: 1}), "5 × 1"),
        ("bpe merge", lambda words: (5, words), "needed: a word"),
        ("program 7.14", lambda *given: given[2], "`loss, text`"),
    ],
)
def test_nonsense_is_described(name, answer, word):
    assert not_told(name, answer, word) == ""
