"""What no public function of the labs, views and plots takes: it is refused by us, in words that say what is needed.

Each argument is of a kind; every value below that is none of that kind has to end in a `raise` of the course's own.
"""

import traceback
from pathlib import Path

import numpy as np
import pytest
import torch

from chapters.ch01.labs import ask, attention, bandwidth, self_attention, softmax
from chapters.ch02.labs import masking
from chapters.ch04 import labs as positions
from chapters.ch05.labs import descent
from chapters.ch06 import labs as bert
from chapters.ch07 import labs as gpt
from chapters.ch08 import labs as chat
from course_kit import files, metrics
from course_kit.checkpoints import load_checkpoint
from course_kit.heads import Head, silenced
from course_kit.text import Subwords, Vocabulary, WordPiece
from course_kit.views import heatmap, plot, predict
from course_kit.views.alignment import alignment
from course_kit.views.heads import heads
from course_utils.attention import MultiHeadAttention
from course_utils.gpt import GPT, GPTConfig

ROOMS = [files.course_folder() / room for room in ("course_utils", "course_kit", "chapters")]
NAN, INF = float("nan"), float("inf")
WORDS = list("abcd")


def soft(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).softmax(-1)


def aligned(**given):
    sentence = {"source": WORDS, "tokens": WORDS, "weights": soft(4, 4)} | given
    return alignment(tuple(sentence.pop(name) for name in ("source", "tokens", "weights")), **sentence)


KINDS = {
    "numbers": [None, "abc", b"x", {}, object(), [["a"]], [[1.0], [1.0, 2.0]], [None], np.array(["2020"], "datetime64"),
                torch.ones(2).to_sparse(), torch.ones(2, device="meta"), torch.ones(2) * 1j, torch.ones(7, 1, 9)],
    "words": ["abcd", b"abc", 3, object(), {"a", "b"}, {"a": 1}, ["a"] * 999, [None] * 4, [b"a"] * 4, [["a"]] * 4,
              ["\ud800"] * 4],
    "whole": ["2", 2.5, 2.0, True, NAN, INF, [2], torch.tensor([1, 2]), object(), 1j],
    "number": ["0.5", True, NAN, INF, 1j, [0.5], object(), 10**400],
    "flag": ["yes", 1, 0, [], NAN],
    "name": ["nonsense", 3, True, b"dot", ["dot"], {}, object()],
    "text": [3, True, b"x", ["a"], object(), "\ud800", "a" * 100_000],
    "mask": [torch.zeros(4), torch.ones(4).int(), [1, 0, 1, 1], "abcd", torch.ones(9, dtype=torch.bool), object()],
    "pair": ["ab", 3, (0,), (0, 0, 0), [None, {}], object()],
    "place": ["nonsense", 2.5, True, b"a", 99, object()],
    "rows": ["12", 3, [1], ["ab"], [[1.5]], [[None]], [[[1]]], [[10**20]], [["a"]], object()],
    "model": [None, 3, object(), {}, torch.nn.Linear(2, 2), len],
    "sentence": [None, 3, True, b"x", ["a"], object(), NAN, "\ud800", " "],
    "score": [3, True, b"dot", ["dot"], {}, object()],
    "heads": [None, 3, "cross", (1, 1), [()], [1], [(1,)], Head("decoder", 1, 1), object()],
    "places": ["12", 3, [1.5], [None], [[1]], [NAN], {1: 2}, [99], b"12", object()],
}  # fmt: skip
KINDS["seed"] = [*KINDS["whole"], 10**20]
SMALL = GPT(GPTConfig(9, 8, 1, 2))
KINDS["numbers?"] = KINDS["numbers"][1:]  # or None: nothing is given
KINDS["many"] = [value for value in KINDS["words"] if value != ["a"] * 999]
SIX = list("abcdef")
# function, arguments that it takes, and which kind each one that is varied is of
BORDERS = {
    "heatmap": (heatmap, {"weights": soft(4, 4)}, {"weights": "numbers", "queries": "words", "keys": "words",
                "mask": "mask", "head": "whole", "select": "pair"}),
    "heads": (heads, {"weights": [soft(2, 4, 4)]}, {"weights": "numbers", "queries": "words", "mask": "mask",
              "layer": "whole"}),
    "alignment": (aligned, {}, {"source": "words", "tokens": "words", "weights": "numbers",
                  "variants": "pair"}),
    "ask": (ask, {"keys": torch.arange(4.0), "values": soft(4)}, {"keys": "numbers", "values": "numbers",
            "truth": "pair", "query": "number", "width": "number", "key_name": "text"}),
    "bandwidth": (bandwidth, {"keys": torch.arange(4.0), "values": soft(4)}, {"keys": "numbers", "values": "numbers",
                  "width": "number", "value_name": "text"}),
    "softmax": (softmax, {"scores": soft(4)}, {"scores": "numbers", "names": "words"}),
    "attention": (attention, {"q": soft(2), "k": soft(4, 2)}, {"q": "numbers", "k": "numbers", "v": "numbers?",
                  "query": "text", "keys": "words", "score": "name"}),
    "self_attention": (self_attention, dict(x=soft(4, 2), WQ=soft(2, 2), WK=soft(2, 2), WV=soft(2, 2), words=WORDS),
                       dict.fromkeys(("x", "WQ", "WK", "WV"), "numbers") | {"words": "words"}),
    "masking": (masking, {"scores": soft(4, 4)}, {"scores": "numbers", "names": "words", "length": "whole",
                "causal": "flag", "order": "name"}),
    "shuffle": (positions.shuffle, {"x": soft(4, 4)}, {"x": "numbers", "tokens": "words", "positions": "flag"}),
    "mask_tokens": (bert.mask_tokens, {"tokens": WORDS, "vocabulary": WORDS}, {"tokens": "words", "vocabulary": "many",
                    "seed": "whole"}),
    "predictions": (bert.predictions, {"tokens": WORDS, "predictions": soft(4, 6), "vocabulary": SIX}, {
                    "tokens": "words", "predictions": "numbers", "vocabulary": "words", "positions": "places",
                    "select": "place"}),
    "next_character": (gpt.next_character, {"text": "abcab", "probabilities": soft(4, 6), "tokens": SIX}, {
                       "probabilities": "numbers", "tokens": "words"}),
    "merges": (gpt.merges, {"words": {"low": 5, "lower": 2}}, {"steps": "whole"}),
    "replies": (chat.replies, {"questions": WORDS, "said": {"m": WORDS}}, {"questions": "words", "said": "pair"}),
    "predict": (predict, {"question": "?", "answers": WORDS, "answer": 0}, {"answers": "many"}),
    "descent": (lambda **given: descent(model=load_checkpoint("transformer-grammar"), layer=1, head=1, **given),
                {"sentence": "the animal was tired .", "word": "il"}, {"sentence": "sentence", "word": "place"}),
    "load_checkpoint": (load_checkpoint, {}, {"name": "model"}),
    "silenced": (lambda heads: silenced(SMALL, heads).__enter__(), {}, {"heads": "heads"}),
    "plot.points": (plot.points, {"x": [0, 1], "y": [0, 1]}, {"x": "numbers", "y": "numbers"}),
    "plot.regression": (plot.regression, {"keys": [0, 1], "values": [0, 1], "curves": {}}, {"keys": "numbers",
                        "values": "numbers", "truth": "pair"}),
    "plot.bars": (plot.bars, {"labels": WORDS, "values": soft(4)}, {"labels": "words"}),
    "bleu": (metrics.bleu, {"hypotheses": ["a"], "references": ["a"]}, {"tokenize": "name"}),
    "Vocabulary.build": (Vocabulary.build, {"sentences": ["a b"]}, {"split": "name", "min_count": "whole"}),
    "Subwords.build": (Subwords.build, {"sentences": ["a b"]}, {"max_size": "whole"}),
    "WordPiece.build": (WordPiece.build, {"sentences": ["a b"]}, {"min_count": "whole"}),
}  # fmt: skip
CASES = [(name, argument, kind) for name, (_, _, kinds) in BORDERS.items() for argument, kind in kinds.items()]


@pytest.mark.parametrize(("name", "argument", "kind"), CASES, ids=[f"{n}-{a}" for n, a, _ in CASES])
def test_what_is_of_another_kind_is_refused_in_our_own_words(name, argument, kind):
    function, given, _ = BORDERS[name]
    for bad in KINDS[kind]:
        with pytest.raises((TypeError, ValueError)) as caught:
            function(**{**given, argument: bad})
        last = traceback.extract_tb(caught.value.__traceback__)[-1]
        said = str(caught.value)
        ours = any(Path(last.filename).is_relative_to(room) for room in ROOMS)
        assert ours and len(said) > 20, f"{argument} = {bad!r:.40}: {said}"


def test_a_mask_on_another_device_is_refused_before_its_memory_is_read():
    attention, x = MultiHeadAttention(4, 2), soft(1, 3, 4)
    with pytest.raises((ValueError, RuntimeError)):
        attention(x, x, torch.ones(3, 3, dtype=torch.bool, device="meta"))
