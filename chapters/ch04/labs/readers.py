"""Two trained readers that answer for the order of words in a shuffle lab: with positions, and without."""

import copy

import torch
from torch import nn

from course_kit.i18n import t
from course_kit.views.live import below

from .shuffle import shuffle


def who_does_it(who, sighted, blind, sentence):
    """The shuffle lab with the vectors and matrices of a trained reader, and a line in which both readers answer.

    who: the task (`WhoDoesIt`); sighted, blind: its readers, trained with and without positions; sentence: the words.
    Switching the lab's positions off takes them from the sighted reader, too.
    Returns the live view, and the line that follows it.
    """
    off, words = copy.deepcopy(sighted), sentence.split()
    off.positions = nn.Identity()
    maps = {name: getattr(sighted.attention, name).weight.detach().T for name in ("query", "key", "value")}
    with torch.no_grad():
        inside = sighted.embedding(who.encode([sentence])[0])[0]
    view = shuffle(
        inside, words, **maps, positions=True, live=True,
        title=t("With positions: what does every word attend to?"),
        caption=t("Each row is a word's weights; all words attend to one column, “dog” at first. Drag “man” to the "
                  "place of “dog”: which column is it now?"),
    )  # fmt: skip

    def tell():
        state = view.state
        text = " ".join(words[w] for w in state["order"])
        readers = {
            t("this model"): sighted if state["positions"] else off,
            t("the one trained without positions"): blind,
        }
        says = {name: next(iter(who.answers(reader, text).items())) for name, reader in readers.items()}
        answers = ", ".join(f"{name}: <b>{noun}</b> ({p:.0%})" for name, (noun, p) in says.items())
        return t("“{text}” Who does it? {answers}", text=text, answers=answers)

    return view, below(view, tell, "order", "positions")
