"""Judges problem.py beside it: `course problem 03`, or pytest. The translators are drawn anew in each run."""

import functools
import random
from types import SimpleNamespace

import torch

from course_kit.checkpoints import load_checkpoint
from course_kit.data.parallel import load_parallel
from course_kit.decoding.steps import steps_of
from course_kit.i18n import t
from course_kit.problems import beside, fail, seed
from course_kit.text import BOS, EOS, SPECIAL

END = 0
SEED = seed()
problem = beside(__file__)


def plain(given):
    """A list of tokens as Python's whole numbers; what is none stays."""
    given = given.tolist() if isinstance(given, torch.Tensor) else given
    if not isinstance(given, list | tuple):
        return given
    tokens = [x.tolist() if isinstance(x, torch.Tensor) else x for x in given]
    return [int(x) if isinstance(x, int | float) and x == x // 1 else x for x in tokens]


class Model:
    """A translator: its own `next` says the log-probabilities [V]; the reader has `step` alone, which is counted."""

    def step(self, sentence, written):
        sentence, written = plain(sentence), plain(written)
        known = isinstance(written, list) and all(isinstance(x, int) and 0 < x < self.tokens for x in written)
        if sentence != self.sentence or not known or len(written) >= self.longest:
            fail(
                t(
                    "step was called with {sentence} and {written}; needed: the sentence {right} and at most "
                    "{count} tokens, none of them END (0)",
                    **{"sentence": sentence, "written": written, "right": self.sentence},
                    count=self.longest - 1,
                )
            )
        self.asked += 1
        if self.asked > 20 * self.longest:
            fail(t("step was called more than 20 * {longest} times for a sentence", longest=self.longest))
        return self.next(written)

    def score(self, translation):
        return sum(float(self.next(translation[:i])[token]) for i, token in enumerate(translation))

    def go_on(self, written):
        """Greedy from here on, as far as there is room."""
        while len(written) < self.longest and END not in written:
            last = len(written) == self.longest - 1
            written = [*written, END if last else int(self.next(written).argmax())]
        return written

    def greedy(self):
        """The best of greedy up to a place, the word, greedy from there on."""
        plain = self.go_on([])
        tried = [self.go_on([*plain[:i], self.word]) for i in range(min(len(plain), self.longest - 1))]
        return max((self.score(one), one) for one in tried)

    def put_in(self):
        """Greedy, and the word put in at its best place."""
        plain = self.go_on([])[: self.longest - 1]
        plain[-1] = END
        return max((self.score(one), one) for i in range(len(plain)) if (one := [*plain[:i], self.word, *plain[i:]]))


class Tables(Model):
    """Random: what comes next depends on the place, on all tokens before it and on the source. The word is rare."""

    def __init__(self, tokens, longest, rare, draw):
        def normal(*sizes):
            return 2 * torch.randn(*sizes, generator=draw)

        self.tokens, self.longest = tokens, longest
        self.word = int(torch.randint(1, tokens, (), generator=draw))
        self.sentence = torch.randint(1, tokens, (longest - 1,), generator=draw).tolist()
        table = normal(longest, 1, 1, tokens) + normal(tokens, 1, tokens) + normal(1, tokens, tokens)
        table += normal(tokens, tokens)[self.sentence].mean(0)
        table[..., self.word] -= rare
        if longest > 5:  # the end comes late
            table[..., END] += torch.linspace(-6, 4, longest)[:, None, None]
        self.table, self.whole = table, normal(1009, tokens)

    def next(self, written):
        before, last = [END, END, *written][-2:]
        number = functools.reduce(lambda number, token: (31 * number + token + 1) % 1009, written, 0)
        return (self.table[len(written), before, last] + self.whole[number]).log_softmax(-1)

    def best(self):
        """Of all translations that contain the word the best; tiny ones only."""

        def all_of(written, score):
            row = self.next(written).tolist()
            if self.word in written:
                yield score + row[END], [*written, END]
            for token in range(1, self.tokens) if len(written) < self.longest - 1 else ():
                yield from all_of([*written, token], score + row[token])

        return max(all_of([], 0.0))


class Lesson(Model):
    """A translator of the lesson. END is 0 here: it changes places with the padding."""

    longest = 20

    def __init__(self, loaded, source, word):
        self.sentence, self.word, self.tokens = loaded.source.encode(source), word, len(loaded.target)
        self.steps, self.order = steps_of(loaded.model), torch.arange(self.tokens)
        self.order[[END, EOS]] = self.order[[EOS, END]]
        self.kept = {(): self.steps.step(torch.tensor([BOS]), self.steps.start(torch.tensor([self.sentence])))}

    def next(self, written):
        return self.at(tuple(written)).logits[0, self.order].log_softmax(0)

    def at(self, written):
        if written not in self.kept:
            self.kept[written] = self.steps.step(self.order[[written[-1]]], self.at(written[:-1]).state)
        return self.kept[written]


def translated(model):
    """What the reader finds, if it is a translation with the word."""
    model.asked = 0
    with torch.no_grad():
        asked = SimpleNamespace(step=model.step, longest=model.longest)
        given = problem.translate_with(asked, model.sentence, model.word)
    found = plain(given)
    whole = isinstance(found, list) and all(isinstance(x, int) and 0 <= x < model.tokens for x in found)
    if not whole or not found:
        said = t("needed: a list of tokens, each from 0 to {last}", last=model.tokens - 1)
    elif model.word not in found:
        said = t(
            "the word is not in it: either a translation may end without it, or beams that lack it crowd out those "
            "that have it"
        )
    elif END in found[: found.index(model.word)]:
        said = t("it ends before the word is there")
    elif found.index(END) != len(found) - 1 if END in found else True:
        said = t("needed: END (0) once, as the last")
    elif len(found) > model.longest:
        said = t("needed: at most {longest} tokens, END among them", longest=model.longest)
    else:
        return found
    fail(t("{model}\ngiven: {found}\n{said}", model=described(model), found=given, said=said))


def described(model):
    return t(
        "a model of {tokens} tokens, at most {longest} long; sentence {sentence}, word {word}",
        **{"tokens": model.tokens, "longest": model.longest, "sentence": model.sentence, "word": model.word},
    )


def check(models, wanted, may):
    """wanted: a model -> score and translation; in `may` of the models, smallest first, the reader's may be worse."""
    bad = []
    for model in models:
        found, (needed, best) = translated(model), wanted(model)
        if (score := model.score(found)) < needed - 1e-3:
            bad.append((model, found, score, best, needed))
    if len(bad) <= may:
        return
    model, found, score, best, needed = bad[0]
    first = [sum(one[i][0] == one[0].word for one in bad) for i in (1, 3)]
    last = [sum(one[i][-2] == one[0].word for one in bad) for i in (1, 3)]
    fail(
        t(
            "of {count} scores {bad} are too low, {may} may be; smallest: {model}\ngiven: {found}, the sum of its "
            "log-probabilities is {score}\nneeded: {needed} or more, as of {best}\nof these {bad} the word is first "
            "in {first} of yours and {first_of_best} of the better ones, last before END in {last} and {last_of_best}",
            **{"count": len(models), "bad": len(bad), "may": may, "model": described(model), "found": found},
            **{"score": f"{score:.2f}", "needed": f"{needed:.2f}", "best": best},
            **{"first": first[0], "first_of_best": first[1], "last": last[0], "last_of_best": last[1]},
        )
    )


def test_tiny():
    """100 tiny translators: the word is there, and in 95 it is the best of all translations that have it"""
    draw = torch.Generator().manual_seed(SEED)
    check([Tables(5, 5, 3 * (i % 2), draw) for i in range(100)], Tables.best, 5)


def test_long():
    """24 translators, 12 to 40 long: in 22 at least as good as greedy, with the word at its best place"""
    draw = torch.Generator().manual_seed(SEED + 1)
    check([Tables(20, 12 + 4 * (i // 3), 4, draw) for i in range(24)], Model.greedy, 2)


def test_translator():
    """3 sentences by the lesson's translator: at least as good as greedy, with the word put in at its best place"""
    draw, loaded = random.Random(SEED), load_checkpoint("seq2seq-attention-en-fr-grammar")
    examples = draw.sample(load_parallel("en-fr", "valid"), 3)
    words = draw.sample(range(len(SPECIAL), len(loaded.target)), 3)
    with torch.no_grad():
        check([Lesson(loaded, one.source, word) for one, word in zip(examples, words, strict=True)], Model.put_in, 0)


def test_noire():
    """the black cow, too tired and too wide, by the translator without attention: “noire” is in it, as good as above"""
    loaded = load_checkpoint("seq2seq-plain-en-fr-grammar")
    noire = loaded.target.encode("noire")[0]
    cow = "The black cow didn't cross the bridge because it was too {}."
    with torch.no_grad():
        check([Lesson(loaded, cow.format(word), noire) for word in ("tired", "wide")], Model.put_in, 0)
