"""Chapter 7: bits for each character, and what is compared and counted wrongly: perplexities, powers, operations."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.exercises.definition import Exercise, FindError, wrong_answers
from course_utils.exercises.inputs import integers, named, normal


def bits_per_character(loss: float, tokens: int, characters: int) -> float:
    """Mean loss in nats for each token, how many tokens and characters the text has -> bits for each character.
    TextLesson.bits_per_character computes the same of its text."""
    return loss * tokens / math.log(2) / characters


_text = named("loss", "tokens", "characters")

BITS = Exercise(
    name="bits per character",
    task="loss: nats for each token, tokens and characters: how many of them the text has -> bits for each character.",
    why="A loss for each token depends on how long the tokens are. All models have read the same characters.",
    reference=bits_per_character,
    cases=lambda: [
        _text(math.log(2), 100, 100, shown=True),
        _text(3.2, 400, 1500),
        _text(1.5, 250, 250),
        _text(4.0, 10, 35),
    ],
    returns=("bits per character",),
    hints=(
        "First in nats: what does the whole text cost?",
        "1 bit is ln 2 = .693 nats. So are there more bits, or more nats?",
        "`loss * tokens / math.log(2) / characters`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        lambda loss, tokens, characters: loss * tokens / characters,
        "Right in nats. One bit is ln 2 nats: divide by `math.log(2)`.",
        lambda loss, tokens, characters: loss / math.log(2),
        "These are bits for each *token*. Where a token holds several characters, they share them.",
        lambda loss, tokens, characters: loss * math.log(2) * tokens / characters,
        "Multiplied by ln 2: a bit is smaller than a nat, so there are more of them. Divide.",
        lambda loss, tokens, characters: loss / math.log(2) * characters / tokens,
        "Upside down: the whole text costs loss · tokens, and this is shared by the characters.",
        lambda loss, tokens, characters: loss / math.log(2) / characters,
        "The loss is of one token, and this shares it among all characters: times the number of tokens.",
        lambda loss, tokens, characters: loss / math.log(2) * tokens,
        "Bits of the whole text; divide by its characters.",
        lambda loss, tokens, characters: loss / math.log(10) * tokens / characters,
        "A logarithm to base 10: these are decimal digits. Bits go by base 2.",
        lambda loss, tokens, characters: math.log2(loss) * tokens / characters,
        "The loss is a logarithm already, to base e. Change its base: divide by ln 2.",
        lambda loss, tokens, characters: math.exp(loss) * tokens / characters,
        "exp of the loss is a perplexity, and perplexities can't be shared out.",
        lambda loss, tokens, characters: loss / math.log(2) * (tokens // characters),
        "`//` divides whole numbers, and what is left is lost: `/`.",
    ),
)


def perplexity(logits: Tensor, target: Tensor) -> Tensor:
    """logits [T, V], target [T] -> e to the mean cross-entropy: a scalar."""
    return F.cross_entropy(logits, target).exp()


_predicted = named("logits", "target")


def _each(logits, target):
    return F.cross_entropy(logits, target, reduction="none")


POWER = FindError(
    name="a power of two",
    task="write it again: logits [T, V], target [T] -> the perplexity, a number; V if all tokens are equally likely.",
    why="Many textbooks define perplexity with 2 and log₂. torch computes with e.",
    program=(
        "def perplexity(logits, target):            # [T, V], [T]",
        "    loss = torch.nn.functional.cross_entropy(logits, target)",
        "    return 2 ** loss",
    ),
    line=3,
    found="torch's cross-entropy is in nats, so e undoes it: `loss.exp()`. 2 undoes bits. A model that knows nothing "
    "of 4 tokens has 4, not 2^1.386 = 2.6.",
    innocent={2: "the mean of −ln p. To which base?"},
    reference=perplexity,
    cases=lambda: [
        _predicted(torch.zeros(3, 4), torch.tensor([0, 2, 1]), shown=True),
        _predicted(normal(5, 6, seed=1781), integers(6, 5, seed=1780)),
        _predicted(normal(8, 3, seed=1785), integers(3, 8, seed=1784)),
    ],
    returns=("perplexity",),
    hints=(
        "Put in logits of 0 and V = 4. The model wavers between four. What comes out?",
        "ln or log₂: which one is in `cross_entropy`?",
        "`return loss.exp()`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits, target: 2 ** F.cross_entropy(logits, target),
        "2 to the power of nats still.",
        lambda logits, target: F.cross_entropy(logits, target) / math.log(2),
        "These are bits: log₂ of the perplexity. 2 to this power is right.",
        lambda logits, target: 2 ** (F.cross_entropy(logits, target) * math.log(2)),
        "Nats become bits when they are *divided* by ln 2.",
        lambda logits, target: (-F.cross_entropy(logits, target)).exp(),
        "This is the (geometric) mean probability; the perplexity is one over it.",
        lambda logits, target: _each(logits, target).exp().mean(),
        "The mean of the perplexities; asked for is the perplexity of the mean loss.",
        lambda logits, target: _each(logits, target).sum().exp(),
        "e to the *sum*: this is one over the probability of the whole text. The mean, so that texts of any length "
        "can be compared.",
        lambda logits, target: F.cross_entropy(logits, target),
        "This is the loss; the perplexity is e to it.",
        lambda logits, target: 10 ** F.cross_entropy(logits, target),
        "10 undoes log₁₀. torch's is ln.",
    ),
)


def better(loss_a: float, tokens_a: int, loss_b: float, tokens_b: int) -> str:
    """Mean loss in nats for each token, and the tokens that A and B make of the same text -> "A" or "B", whichever
    gives the text the larger probability."""
    return "A" if loss_a * tokens_a < loss_b * tokens_b else "B"


_rivals = named("loss_a", "tokens_a", "loss_b", "tokens_b")


def _if(rule):
    return lambda *given: "A" if rule(*given) else "B"


TOKENIZERS = FindError(
    name="two perplexities",
    task='say which model gives the *same text* the larger probability, "A" or "B": mean loss in nats for each token, '
    "and how many tokens the model's tokenizer makes of the text.",
    why="Tables put the perplexities of models with different tokenizers side by side, the smallest in bold.",
    claims=True,
    program=(
        "The perplexity is e to the mean loss, in nats, for each token.",
        "A tokenizer with longer pieces makes fewer tokens of the same text.",
        "Of two models tested on the same text, that with the lower perplexity is the better one.",
        "In bits for each character, models with different tokenizers can be compared on one text.",
    ),
    line=3,
    found="only if both have the same tokens. A character is easily foreseen, a whole word is not: the perplexity for "
    "each token falls when the tokens are cut small, and the model is no better. The text as a whole has one "
    "probability, −ln p = loss · tokens. (A tokenizer with <unk> cheats here, too: it need not say what was there.)",
    innocent={
        1: "right: for each token. Of which kind?",
        2: "right, and each of them is harder to foresee.",
        4: "right: the characters are the same for all.",
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
    ],
    returns=("better",),
    words=True,
    hints=(
        "What probability does a model give the whole text, if it gives each token e^−loss on the average?",
        "Probabilities multiply, so losses add up: loss · tokens.",
        '`"A" if loss_a * tokens_a < loss_b * tokens_b else "B"`',
    ),
    minutes=3,
    difficulty=2,
    wrong=wrong_answers(
        _if(lambda a, m, b, n: a < b),
        "By the loss for each token, as the claim does. Small tokens have small losses, and there are more of them.",
        _if(lambda a, m, b, n: m < n),
        "By the number of tokens alone. How well are they foreseen?",
        _if(lambda a, m, b, n: a / m < b / n),
        "The loss is a mean already; divided once more it means nothing. Times the tokens it is that of the text.",
        _if(lambda a, m, b, n: a * m > b * n),
        "Turned round: a smaller loss is a larger probability.",
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
    name="six for each",
    task="write the operations: N parameters, D tokens, training True or False (the finished model only reads or "
    "writes them, with a cache) -> a number.",
    why="Costs of *using* a model are often estimated with the formula for training it.",
    claims=True,
    program=(
        "On the way forward each parameter multiplies and adds once for each token: 2 operations.",
        "The way back costs about twice as much: 4 more.",
        "So N parameters cost 6 N operations for each token, in training and in use.",
        "The scores of attention come on top. They have no parameters, and grow with the length of the text.",
    ),
    line=3,
    found="in use there is no way back: 2 N for each token, a third. 6 N D is what training costs.",
    innocent={
        1: "right: a multiplication and an addition.",
        2: "right: slopes for the inputs of each layer, and for its weights.",
        4: "right, and for short texts in large models it is little.",
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
        "What happens in training and not in use?",
        "Forward 2, back 4. Which of them are needed to write a token?",
        "`(6 if training else 2) * parameters * tokens`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _times(6, 6),
        "In use 6 still: who only writes does not go back through the layers.",
        _times(6, 3),
        "Half of it? Forward are 2 of the 6, and the way back 4.",
        _times(6, 1),
        "A multiplication *and* an addition: 2 for each parameter.",
        _times(6, 4),
        "4 is the way back alone, which is not gone in use.",
        _times(2, 2),
        "In training there is the way back, too: 2 + 4.",
        _times(4, 2),
        "In training both ways are gone: 2 forward and 4 back.",
        _times(2, 6),
        "The other way round: training costs more.",
        _times(3, 1),
        "The proportion is right. Each parameter multiplies *and* adds: twice that.",
    ),
)
