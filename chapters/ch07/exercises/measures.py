"""Chapter 7: bits per character, and perplexities that are compared wrongly."""

import math

from course_kit.exercises.define import Exercise, FindError, named, variants, wrong_answers
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
    used="It fills the last column of the table in "
    "[What do the parts of a GPT save?](#What-do-the-parts-of-a-GPT-save?)",
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
        _bits(unit=lambda nats: nats / math.log10(2)),
        "`math.log10(2)` belongs to decimal digits. The loss is in nats, so divide by `math.log(2)`.",
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
