"""Judges problem.py beside it: `course problem 06`, or pytest. Words and sentences are drawn anew in each run."""

import copy
import random

import torch

from chapters.ch06.problem import problem as given
from course_kit.checkpoints import load_checkpoint
from course_kit.i18n import t
from course_kit.problems import beside, fail, seed

SEED, PAIRS, EACH, MARGIN = seed(), 8, 82, 0.05
KINDS = (
    "him her|he she|is was|have had|with from|upon into|could should|would will|me you|my your|now then|when if|"
    "this that|man room|them us|his her|come see|door face|house case|hand night|good little|they we|at on|before about"
)
SECONDS = 90.0
problem = beside(__file__)


def asked(loaded, words, number):
    """One pair of words -> what is given (64), what is asked, the right kinds, BERT's if it is told the words."""
    ids, labels = given.sentences(words, EACH, SEED + number)
    order = torch.cat([(labels == kind).nonzero().flatten()[:32] for kind in (0, 1)]).sort().values
    rest = torch.ones(len(ids), dtype=torch.bool).index_fill(0, order, False)
    new, wanted = ids[rest], labels[rest]
    with torch.no_grad():
        hidden = loaded.model.bert(new).hidden[new == given.MASK]
        two = loaded.model.words(hidden)[:, [loaded.tokenizer.words.index(word) for word in words]]
    with torch.enable_grad():
        said = problem.classify(copy.deepcopy(loaded.model), ids[order], labels[order], new.clone())
    found = torch.as_tensor(said).detach().flatten()
    if len(found) != len(new) or not ((found == 0) | (found == 1)).all():
        fail(
            t(
                "given: {count} new sentences; returned: {found} …; needed: {count} zeros and ones",
                count=len(new),
                found=found[:8].tolist(),
            )
        )
    return new, wanted, found.long(), two.argmax(-1)


def test_kinds():
    """One pair of words: a kind, 0 or 1, for each new sentence"""
    asked(load_checkpoint("bert-prose"), ("door", "face"), 0)


def test_eight():
    """Eight pairs of words: at most 5 points less than BERT if it is told the words"""
    loaded, results = load_checkpoint("bert-prose"), []
    for number, pair in enumerate(random.Random(SEED).sample(KINDS.split("|"), PAIRS)):
        new, wanted, found, told = asked(loaded, pair.split(), number)
        results.append((pair, new, wanted, found == wanted, told == wanted))
    mine, theirs = (sum(one[i].float().mean().item() for one in results) / PAIRS for i in (3, 4))
    if mine >= theirs - MARGIN:
        return
    pair, new, wanted, ok, told = min(results, key=lambda one: (one[3].float() - one[4].float()).mean())
    row = (told & ~ok).nonzero()[0, 0]
    fail(
        t(
            "of {pairs} pairs {mine} are right; BERT, told the words, has {theirs}, needed: {needed}\n"
            "furthest behind: {pair}, yours {ok}, BERT {told}\nsmallest: {text}\nneeded: {wanted}, a kind that BERT "
            "gets right\nThe same again: COURSE_SEED={seed}",
            **{"pairs": PAIRS, "mine": f"{mine:.0%}", "theirs": f"{theirs:.0%}", "needed": f"{theirs - MARGIN:.0%}"},
            **{
                "pair": pair.replace(" ", " / "),
                "ok": f"{ok.float().mean():.0%}",
                "told": f"{told.float().mean():.0%}",
            },
            **{"text": " ".join(loaded.tokenizer.tokens(new[row])), "wanted": int(wanted[row]), "seed": SEED},
        )
    )
