"""Chapter 3's errata in words: claims of widely used slides and articles, one of them wrong in each list."""

import torch
from torch import Tensor, nn

from course_kit.exercises.define import Case, FindError, some_numbers, wrong_answers
from course_utils.attention import scaled_dot_product_attention


def vectors_handed_over(kind: str, length: int) -> int:
    """How many vectors an encoder hands to the decoder for a sentence of `length` tokens: 1 if kind is "plain"."""
    return 1 if kind == "plain" else length


FIXED = FindError(
    name="claims 3.1",
    title="one fixed vector",
    task='write how many vectors an encoder hands over: kind "plain", "attention" or "transformer", length in tokens '
    "-> a number.",
    claims=True,
    program=(
        "A Transformer's encoder reads the whole source before the decoder writes its first word.",
        "A Transformer's encoder turns the sentence into one vector of fixed length.",
        "A Transformer's decoder writes word by word, and reads the words it has written so far.",
        "Its cross-attention attends to what the encoder hands over.",
    ),
    line=2,
    found="that was the plain model of 2014. A Transformer's encoder hands over one vector for each token, as an RNN "
    "with attention does; otherwise there would be nothing to attend to.",
    innocent={
        1: "the encoders of all three kinds do that.",
        3: "the decoders of all three kinds do that.",
        4: "that is its purpose. With one vector, cross-attention would have nothing to choose from.",
    },
    reference=vectors_handed_over,
    cases=lambda: [
        Case({"kind": "plain", "length": 7}, shown=True),
        Case({"kind": "attention", "length": 7}),
        Case({"kind": "transformer", "length": 12}),
        Case({"kind": "plain", "length": 3}),
        Case({"kind": "attention", "length": 1}),
    ],
    returns=("vectors",),
    hints=(
        "What does attention choose from?",
        "`memory.states` has the shape [B, K, D]: K is the number of tokens.",
        "Two of the three kinds hand over as many vectors as there are tokens.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda kind, length: 1,
        "Your function gives 1 for all three kinds. Then attention would have a single key to choose from.",
        lambda kind, length: length,
        "The plain model hands over less: it keeps only its last state, which is the bottleneck.",
        lambda kind, length: length if kind == "transformer" else 1,
        "An RNN with attention keeps the state after every word, too. That is what it attends to.",
        lambda kind, length: length if kind == "attention" else 1,
        "A Transformer's encoder hands over one vector for each token as well; the claim is wrong for it.",
    ),
)


def steps_in_a_row(kind: str, length: int) -> int:
    """How many steps must wait for each other while a layer reads `length` words: kind "rnn" or "transformer"."""
    return length if kind == "rnn" else 1


ENCODER = FindError(
    name="claims 3.2",
    title="under another name",
    task='write how many steps must wait for each other while one layer reads a sentence: kind "rnn" or "transformer", '
    "length -> a number.",
    claims=True,
    program=(
        "A Transformer's encoder, input: the whole source sentence.",
        "Its mechanism: it reads word by word, and carries a state from each word to the next.",
        "Its output: one vector for each source word.",
        "A Transformer's decoder, input: the target words so far, beginning with <bos>.",
        "Its output: probabilities of the next word.",
    ),
    line=2,
    found="that is an RNN's encoder, such as the one of this chapter. A Transformer's encoder reads all words at once.",
    innocent={
        1: "right for both.",
        3: "right for both, and attention needs these vectors.",
        4: "right for both.",
        5: "right for both.",
    },
    reference=steps_in_a_row,
    cases=lambda: [
        Case({"kind": "rnn", "length": 9}, shown=True),
        Case({"kind": "transformer", "length": 9}),
        Case({"kind": "rnn", "length": 2}),
        Case({"kind": "transformer", "length": 30}),
    ],
    returns=("steps",),
    hints=(
        "Which of the claims describes what you trained in this chapter?",
        "An RNN's state after word 9 needs the one after word 8. What does attention need?",
        "An RNN has one step after another, as many as words. In the Transformer's layer nothing waits, so there is "
        "one step.",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda kind, length: length,
        "The Transformer needs fewer: all its pairs can be scored at the same time.",
        lambda kind, length: 1,
        "An RNN must wait: each state needs the one before it.",
        lambda kind, length: length**2 if kind == "transformer" else length,
        "length² is the number of pairs: much work, but none of them waits for another.",
        lambda kind, length: 1 if kind == "rnn" else length,
        "RNN and Transformer are exchanged.",
        lambda kind, length: length - 1 if kind == "rnn" else 1,
        "The first word is a step, too: it starts from zeros.",
    ),
)


class Mixing(nn.Module):
    """Self-attention without weights, [T, D] -> [T, D]; causal if asked."""

    def __init__(self, causal=False):
        super().__init__()
        self.causal = causal

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.ones(len(x), len(x), dtype=torch.bool)
        return scaled_dot_product_attention(x, x, x, mask.tril() if self.causal else mask)[0]


def mixes(layer: nn.Module, x: Tensor) -> bool:
    """Does a change of one token change the output of another? layer [T, D] -> [T, D], x [T, D]."""
    before = layer(x)
    for place in range(len(x)):
        other = x.clone()
        other[place] += 1.0
        others = torch.arange(len(x)) != place
        if not torch.allclose(layer(other)[others], before[others]):
            return True
    return False


class Feed(nn.Module):
    """A feed-forward network, which works on each token separately: [T, 3] -> [T, 3]."""

    def forward(self, x: Tensor) -> Tensor:
        turn = some_numbers(3, 3, seed=401)
        return torch.relu(x @ turn) @ turn.T


class Silent(nn.Module):
    """Whatever comes in, zeros go out: [T, D] -> [T, D]."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def _layer_case(layer: nn.Module, says: str, seed: int, shown=False) -> Case:
    return Case({"layer": layer, "x": some_numbers(4, 3, seed=seed)}, given={"layer": says}, shown=shown)


def _changes(layer, x, place, look):
    other = x.clone()
    other[place] += 1.0
    return not torch.allclose(look(layer(other)), look(layer(x)))


THIRD = FindError(
    name="claims 3.3",
    title="a third attention",
    task="write a test of layers: does a change of one token change the output of *another*? layer [T, D] -> [T, D], x "
    "[T, D] -> True or False.",
    claims=True,
    program=(
        "A Transformer's decoder, its first attention: the target words so far attend to each other.",
        "Its second attention: the target words attend to the encoder's output.",
        "Its third attention: the feed-forward network, which attends to all of it once more.",
        "At the end a softmax over the vocabulary.",
    ),
    line=3,
    found="a feed-forward network works on each token separately: no token attends to another. There are two "
    "attentions.",
    innocent={
        1: "this is masked self-attention.",
        2: "this is cross-attention, which this chapter is about.",
        4: "it is a softmax, though not over keys: it gives each word a probability.",
    },
    reference=mixes,
    cases=lambda: [
        _layer_case(Feed(), "a feed-forward network", 402, shown=True),
        _layer_case(Mixing(), "self-attention", 403),
        _layer_case(Mixing(causal=True), "causal self-attention: each token sees itself and those before it", 404),
        _layer_case(Silent(), "a layer that always gives zeros", 405),
    ],
    returns=("mixes",),
    hints=(
        "Change one row of x and compare the *other* rows of the output.",
        "With causal attention a change of the last token changes no other output: try every token.",
        "`others = torch.arange(len(x)) != row` picks the rows that were not changed, and `torch.allclose` compares "
        "two tensors. Change a `x.clone()`, not x.",
    ),
    minutes=5,
    difficulty=2,
    wrong=wrong_answers(
        lambda layer, x: _changes(layer, x, 0, lambda y: y),
        "The changed token's own output changes in any layer. Compare the others.",
        lambda layer, x: _changes(layer, x, -1, lambda y: y[:-1]),
        "Only the last token is changed, and under a causal mask no other token sees it. Try every token.",
        lambda layer, x: True,
        "Your test says True for every layer. A feed-forward network does not mix its tokens.",
        lambda layer, x: False,
        "Your test says False for every layer. Attention does mix its tokens: that is its purpose.",
    ),
)


def kind_of_attention(queries: list[str], keys: list[str]) -> str:
    """ "self" if queries and keys are the same sequence of words, else "cross"."""
    return "self" if queries == keys else "cross"


def _pair(queries: str, keys: str, shown=False) -> Case:
    return Case({"queries": queries.split(), "keys": keys.split()}, shown=shown)


SELF = FindError(
    name="claims 3.4",
    title="self or cross",
    task="write the test: the words of the queries and of the keys, as two lists (equal lists are one sentence here) "
    '-> "self" or "cross".',
    claims=True,
    program=(
        "Each row of the picture is a word of the French sentence.",
        "Each column is a word of the English sentence.",
        "Dark cells show what the model attended to while it wrote that French word.",
        "The picture shows self-attention.",
    ),
    line=4,
    found="the rows are from one sentence and the columns from another: this is cross-attention. In self-attention, "
    "rows and columns are the same words.",
    innocent={
        1: "these are the queries.",
        2: "these are the keys.",
        3: "these are the weights, one row for each word.",
    },
    reference=kind_of_attention,
    cases=lambda: [
        _pair("la zone économique européenne", "the European Economic Area", shown=True),
        _pair("the European Economic Area", "the European Economic Area"),
        _pair("zone la", "la zone"),
        _pair("je suis étudiant", "I am a student"),
        _pair("I am", "I am"),
    ],
    returns=("kind",),
    words=True,
    hints=(
        "Read the labels of rows and columns.",
        "“Self” means that a sequence attends to itself.",
        "Two lists are equal, `==`, if they have the same words in the same order.",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda queries, keys: "self",
        "Your test says “self” for every pair. Rows and columns may be two sentences.",
        lambda queries, keys: "cross",
        "Your test says “cross” for every pair. A sentence can attend to itself.",
        lambda queries, keys: "self" if len(queries) == len(keys) else "cross",
        "Equally many words don't make it the same sentence.",
        lambda queries, keys: "self" if set(queries) == set(keys) else "cross",
        "The same words in another order are another sequence.",
        lambda queries, keys: "cross" if queries == keys else "self",
        "“self” and “cross” are exchanged.",
    ),
)

CLAIMS = (FIXED, ENCODER, THIRD, SELF)
