"""Chapter 7: bits per character, and what is compared and counted wrongly: perplexities, powers, operations."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from course_kit.exercises.define import Exercise, FindError, integers, named, normal, variants, wrong_answers
from course_kit.exercises.properties import linear_in


def bits_per_character(loss: float, tokens: int, characters: int) -> float:
    """Mean loss in nats per token, how many tokens and characters the text has -> bits per character.
    TextLesson.bits_per_character computes the same of its text."""
    return loss * tokens / math.log(2) / characters


_text = named("loss", "tokens", "characters")


@variants
def _bits(loss, tokens, characters, *, unit=lambda nats: nats / math.log(2), share=lambda t, c: t / c):
    """unit: what is made of nats; share: with what that is multiplied."""
    return unit(loss) * share(tokens, characters)


BITS = Exercise(
    name="bits per character",
    task="loss: nats per token; tokens, characters: how many of them the text has -> bits per character.",
    reference=bits_per_character,
    cases=lambda: [
        _text(math.log(2), 100, 100, shown=True),
        _text(3.2, 400, 1500),
        _text(1.5, 250, 250),
        _text(4.0, 10, 35),
    ],
    returns=("bits per character",),
    properties=(linear_in("loss"),),
    used="It fills the last column of the table below, and measures the passages of the next section.",
    hints=(
        "First in nats: what does the whole text cost, all its tokens together?",
        "1 bit is ln 2 = 0.693 nats. So are there more bits, or more nats?",
        "The whole text costs `loss * tokens` nats. Make bits of them with `math.log(2)`. How many characters share "
        "that?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _bits(unit=lambda nats: nats),
        "This is in nats. One bit is ln 2 nats: divide by `math.log(2)`.",
        _bits(share=lambda t, c: 1),
        "These are bits per *token*. Where a token has several characters, they share these bits.",
        _bits(unit=lambda nats: nats * math.log(2)),
        "You multiply by ln 2. A bit is smaller than a nat, so there are more of them: divide.",
        _bits(share=lambda t, c: c / t),
        "It is upside down: the whole text costs loss · tokens, and the characters share that.",
        _bits(share=lambda t, c: 1 / c),
        "The loss of one token is shared by all characters here. The whole text costs loss · tokens.",
        _bits(share=lambda t, c: t),
        "These are the bits of the whole text; divide by the number of characters.",
        _bits(unit=lambda nats: nats / math.log(10)),
        "This is a logarithm to base 10, which gives decimal digits. Bits have base 2.",
        _bits(unit=lambda nats: nats / math.log10(2)),
        "`math.log10(2)` belongs to decimal digits. The loss is in nats, so divide by `math.log(2)`.",
        _bits(unit=math.log2),
        "The loss is a logarithm already, to base e. Change its base: divide by ln 2.",
        _bits(unit=math.exp),
        "exp of the loss is a perplexity, and perplexities cannot be averaged over characters like this. Take the "
        "loss itself.",
        _bits(unit=lambda nats: math.exp(nats) / math.log(2)),
        "This is the perplexity divided by ln 2. Divide the loss itself by ln 2: losses add up, perplexities do not.",
        _bits(share=lambda t, c: t // c),
        "`//` divides whole numbers, and what is left over is lost: `/`.",
    ),
)


def perplexity(logits: Tensor, target: Tensor) -> Tensor:
    """logits [T, V], target [T] -> e to the mean cross-entropy: a scalar."""
    return F.cross_entropy(logits, target).exp()


_predicted = named("logits", "target")


def _each(logits, target):
    return F.cross_entropy(logits, target, reduction="none")


POWER = FindError(
    name="program 7.6",
    title="a power of two",
    task="logits [T, V], target [T] -> the perplexity, a number; it is V if all tokens are equally likely.",
    program=(
        "def perplexity(logits, target):            # [T, V], [T]",
        "    loss = torch.nn.functional.cross_entropy(logits, target)",
        "    return 2 ** loss",
    ),
    line=3,
    found="torch's cross-entropy is in nats, so e undoes it: `loss.exp()`. 2 undoes bits. A model that knows nothing "
    "of 4 tokens has a perplexity of 4, not 2^1.386 = 2.6.",
    innocent={2: "this is the mean of −log p. To which base?"},
    reference=perplexity,
    cases=lambda: [
        _predicted(torch.zeros(3, 4), torch.tensor([0, 2, 1]), shown=True),
        _predicted(normal(5, 6, seed=1781), integers(6, 5, seed=1780)),
        _predicted(normal(8, 3, seed=1785), integers(3, 8, seed=1784)),
    ],
    returns=("perplexity",),
    hints=(
        "Put in logits of 0 and V = 4. The model cannot decide between four tokens. What comes out?",
        "ln or log₂: which one is in `cross_entropy`?",
        "2 to a power undoes log₂. What undoes ln?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits, target: 2 ** F.cross_entropy(logits, target),
        "It is still 2 to the power of nats.",
        lambda logits, target: F.cross_entropy(logits, target) / math.log(2),
        "These are bits, log₂ of the perplexity. 2 to this power is right.",
        lambda logits, target: 2 ** (F.cross_entropy(logits, target) * math.log(2)),
        "Nats become bits when they are *divided* by ln 2.",
        lambda logits, target: (-F.cross_entropy(logits, target)).exp(),
        "This is the (geometric) mean probability; the perplexity is one over it.",
        lambda logits, target: _each(logits, target).exp().mean(),
        "This is the mean of the perplexities; it should be the perplexity of the mean loss.",
        lambda logits, target: _each(logits, target).sum().exp(),
        "e to the *sum* is one over the probability of the whole text. Take the mean, so that texts of any length can "
        "be compared.",
        lambda logits, target: F.cross_entropy(logits, target),
        "This is the loss; the perplexity is e to it.",
        lambda logits, target: 10 ** F.cross_entropy(logits, target),
        "10 undoes log₁₀, and torch has ln.",
    ),
)


def better(loss_a: float, tokens_a: int, loss_b: float, tokens_b: int) -> str:
    """Mean loss in nats per token, and the tokens that A and B make of the same text -> "A" or "B", whichever
    gives the text the larger probability."""
    return "A" if loss_a * tokens_a < loss_b * tokens_b else "B"


_rivals = named("loss_a", "tokens_a", "loss_b", "tokens_b")


def _if(rule):
    return lambda *given: "A" if rule(*given) else "B"


TOKENIZERS = FindError(
    name="claims 7.7",
    title="two perplexities",
    task="of models A and B the mean loss in nats per token, and how many tokens their tokenizer makes of the "
    'text -> which of them gives the *same text* the larger probability, "A" or "B".',
    claims=True,
    program=(
        "The perplexity is e to the mean loss in nats per token.",
        "If a tokenizer cuts a text into longer pieces, it makes fewer tokens of it.",
        "Of two models tested on the same text, that with the lower perplexity is the better one.",
        "In bits per character, models with different tokenizers can be compared on one text.",
    ),
    line=3,
    found="that holds only if both have the same tokens. A character is easy to predict, a whole word is not: the "
    "perplexity per token falls when the tokens are cut small, and the model is no better. The text as a whole has one "
    "probability, −ln p = loss · tokens. (A tokenizer with <unk> cheats here, too: it need not say what was there.)",
    innocent={
        1: "it is defined per token. Per which kind of token?",
        2: "it does, and each of them is harder to predict.",
        4: "the characters are the same for all.",
    },
    reference=better,
    cases=lambda: [
        _rivals(1.5, 1000, 3.2, 400, shown=True),
        _rivals(2.0, 300, 2.5, 290),
        _rivals(4.0, 250, 1.4, 800),
        _rivals(3.0, 500, 1.0, 1200),
        _rivals(3.0, 200, 2.0, 250),
        _rivals(2.0, 300, 2.5, 400),
        _rivals(2.0, 1000, 2.2, 500),
        _rivals(1.0, 100, 5.0, 200),
    ],
    returns=("better",),
    words=True,
    hints=(
        "What probability does a model give the whole text, if it gives each token e^−loss on average?",
        "Probabilities multiply, so losses add up: loss · tokens.",
        "Compare `loss_a * tokens_a` with `loss_b * tokens_b`. Does the larger or the smaller one win?",
    ),
    minutes=3,
    difficulty=2,
    wrong=wrong_answers(
        _if(lambda a, m, b, n: a < b),
        "This compares the loss per token, as the claim does. Small tokens have small losses, but there are more of "
        "them.",
        _if(lambda a, m, b, n: m < n),
        "This compares the numbers of tokens alone. How well are they predicted?",
        _if(lambda a, m, b, n: a / m < b / n),
        "The loss is a mean already; divided once more it means nothing. Multiply it by the number of tokens, and it "
        "is the loss of the text.",
        _if(lambda a, m, b, n: a * m > b * n),
        "It is turned round: a smaller loss is a larger probability.",
        _if(lambda a, m, b, n: math.exp(a) * m < math.exp(b) * n),
        "Perplexities don't add up. Logarithms do: the losses themselves, times the tokens.",
    ),
)


def operations(parameters: int, tokens: int, training: bool) -> int:
    """N parameters, D tokens -> about how many floating-point operations: 6 N D to train on them, 2 N D to read or
    write them with a finished model."""
    return (6 if training else 2) * parameters * tokens


_work = named("parameters", "tokens", "training")


def _times(learn, use):
    return lambda parameters, tokens, training: (learn if training else use) * parameters * tokens


SIX = FindError(
    name="claims 7.12",
    title="six for each",
    task="N parameters, D tokens, training True or False (the finished model only reads or writes them, with a cache) "
    "-> the number of operations.",
    claims=True,
    program=(
        "In the forward pass each parameter multiplies and adds once per token, which makes 2 operations.",
        "The backward pass costs about twice as much, 4 more.",
        "So N parameters cost 6 N operations per token, in training and at inference.",
        "The scores of attention come on top. They have no parameters, and grow with the length of the text.",
    ),
    line=3,
    found="at inference there is no backward pass, so it is 2 N per token, a third. 6 N D is what training costs.",
    innocent={
        1: "it does one multiplication and one addition.",
        2: "it computes gradients for the inputs of each layer, and for its parameters.",
        4: "they do, though for short texts in large models it is little.",
    },
    reference=operations,
    cases=lambda: [
        _work(1000, 10, False, shown=True),
        _work(1000, 10, True),
        _work(124_000_000, 500, False),
        _work(70_000_000, 1_400_000, True),
    ],
    returns=("operations",),
    hints=(
        "What happens in training and not at inference?",
        "2 operations forward, 4 backward. Which of them are needed to write a token?",
        "`6 * parameters * tokens` is right for training. What is left of the 6 without a backward pass?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _times(6, 6),
        "At inference it is still 6. But writing needs no backward pass.",
        _times(6, 3),
        "It is not half: 2 of the 6 are the forward pass, and 4 the backward pass.",
        _times(6, 1),
        "Each parameter does a multiplication *and* an addition, so it is 2 per parameter.",
        _times(6, 4),
        "4 is the backward pass alone, and at inference there is none: 2 per parameter.",
        _times(2, 2),
        "In training there is the backward pass, too: 2 + 4.",
        _times(4, 2),
        "In training there are both passes: 2 forward and 4 backward.",
        _times(2, 6),
        "It is the other way round: training costs more.",
        _times(3, 1),
        "Each parameter multiplies *and* adds, so it is twice that.",
    ),
)
