"""A GPT and its tokenizer from an empty file."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from chapters.ch07 import by_hand
from course_kit.data import book
from course_kit.exercises.compare import Misfit
from course_kit.exercises.define import integers, some_numbers, wrong_answers
from course_kit.mine.scratch_models import OURS, build
from course_kit.mine.scratch_parts import Either, Model, Part, Track
from course_kit.programs.source_text import plain
from course_utils.gpt import GPTConfig, nucleus, windows, with_temperature
from course_utils.loss import IGNORED

PARTS = """
masked_softmax
split_heads
join_heads: the way back from split_heads
causal_mask: True where the key is not later than the query
CausalAttention: out(softmax(Q Kᵀ / √d) V) in each head, under the causal mask
CausalAttention, its weights*: softmax(Q Kᵀ / √d) in each head, under the causal mask
add_norm
CausalBlock: x + dropout(attention(norm1(x))), then x + dropout(ffn(norm2(x))); GELU as tanh, 4 times as wide
GPT*: dropout(token + position); the blocks; norm; times the table of the tokens, transposed
parameters_of*: tables, and for each block 12 D² + 13 D
multiply_adds*: of each block 12 T D² + 2 T² D; then the table, T D V
inputs_and_targets
next_token_loss: the mean of −ln p of each next token; −100 costs nothing
next_token_loss, at its limits*: a ValueError where more than the context and one token come
training_step*: loss, zero_grad, backward, gradients cut at a norm of 1, a step of each optimiser; the loss before
AdamW*: p ← p (1 − lr · decay) − lr · m̂ / (√v̂ + ε); m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ); row t − 1 is p after step t
rate_at*: highest · (step + 1) / rising; then lowest + (highest − lowest) (1 + cos(π · done)) / 2
with_temperature
nucleus
write*: the last `context` tokens, the logits of the last, draw, append
write, by chance*: softmax(logits / temperature), of this the likeliest that reach top_p; a generator of its own
write, at its limits*: reads the last `context` tokens; refuses a temperature below 0, a top_p outside of (0, 1]
words_of: a word with the blank before it, signs, other blanks of a row as one; each byte is one character
joined: from left to right, each pair once
merge_once
learn_merges: merge_once, until there are enough, or nothing is left to join
learn_merges, of a long text*: each different word once, with how often it comes: then a text costs what its words do
Tokenizer*: the merges in order; 256 bytes come first, then a number for each merge
"""
TOLD = {
    "CausalBlock": "The network is 4 times as wide, with GELU in its tanh form.",
    "GPT": "All tables begin at a standard deviation of 0.02. Dropout acts behind the positions, too. Keep `context`: "
    "functions below read it of any model.",
    "training_step": "In train mode; `model.zero_grad()` clears, since AdamW below has none; gradients are cut at a "
    "norm of 1 (all together); each optimiser makes a step.",
    "write": "The model is read without dropout, and its `training` is as before afterwards. What others draw is "
    "neither changed by `seed` nor changes it. A ValueError where temperature is below 0 or not finite, top_p not "
    "in (0, 1], or there is no token to begin with. A row that has drawn `stop` goes on while others do.",
    "words_of": "A word, or signs in a row, with one blank before it; of other blanks those in a row are one piece.",
    "merge_once": "words: a dict, word (a tuple of pieces) -> how often it comes. Of equal pairs, the first one.",
    "learn_merges": "A word counts as often as it comes.",
    "Tokenizer": "What is no text becomes \N{REPLACEMENT CHARACTER}. `python -m mine train` reads its merges, pieces "
    "(texts by number), numbers (by piece), known (a dict of words that were cut) and cut(word) -> numbers.",
}
TEXT = "low low low lowest newest 猫 猫\n the newest, the lowest"


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    ids = integers(13, 2, 7, seed=2)
    cut = ids.clone()
    cut[1, 4:] = IGNORED
    many = integers(13, 40, 3, seed=4)
    return {
        "x": some_numbers(2, 5, 8, seed=1), "size": 8, "heads": Either([2, 4]), "vocab": 13, "ids": ids,
        "dropout": Either([0.5, 0.2]), "layers": Either([2, 3]), "context": Either([8, 9]),
        "config": Either([GPTConfig(13, 8, 2, 4, 8, 0.5), GPTConfig(13, 8, 3, 2, 9, 0.2)]),
        "causal_mask.size": 4, "join_heads.x": some_numbers(2, 2, 3, 4, seed=0), "optimisers": None,
        "tokens": Either([5, 9]), "parameters": (), "lr": 0.1, "betas": Either([(0.9, 0.999), (0.5, 0.8)]),
        "AdamW.eps": Either([1e-8, 0.1]), "weight_decay": Either([0.01, 0.5]), "steps": 10, "highest": 0.3,
        "step": Either([0, 2, 3, 4, 7, 9]), "rising": Either([4, 4, 4, 4, 4, 2]), "lowest": Either([0.0, 0.1]),
        "model": Model("GPT"), "next_token_loss.ids": Either([ids, cut]), "write.temperature": 0.0,
        "write.ids": Either([many, many, many[:3]]), "write.count": 9, "write.top_p": Either([1.0, 0.5]),
        "write.stop": Either([None, None, *range(0, 13, 3)]), "write, by chance.case": Either(CHANCES),
        "text": Either([TEXT, "lower \n 🙂", "a"]), "learn_merges.text": Either([TEXT, OFTEN, "aa"]),
        "learn_merges.count": Either([6, 1, 6]), "word": tuple("banana"), "pair": ("a", "n"),
        "merges": [*c.learn_merges(TEXT, 8), ("w", "e")], "long": " ".join(f"word{n % 500} of" for n in range(LONG)),
    }  # fmt: skip


CHANCES = ((0.4, 1.0), (2.5, 0.6), (0.4, 0.55))  # temperature and top_p
OFTEN = "aa aa aa aa bc bcd bce"  # "a a" comes more often, "b c" in more words
LONG = 30_000  # twice as many words


class Unmoved(nn.Module):
    """A model that gives the same logits whatever it reads, and remembers how many tokens it was given each time."""

    def __init__(self, context: int = 8) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor([1.0, 0.5, 0.0, -0.5, -1.5]))
        self.context, self.blocks, self.read = context, (None,), []

    def forward(self, ids: Tensor, caches: Any = None) -> Tensor:
        self.read.append(ids.shape[1])
        return self.logits.expand(*ids.shape, 5)


def by_chance(draw: Callable[[Unmoved, int, float, float, int | None], Tensor], case: tuple[float, float]) -> Tensor:
    """What is drawn comes as often as it should, and by a seed of its own; draw(model, count, …, seed) -> tokens."""
    model, (temperature, top_p) = Unmoved(context=5000), case
    wanted = nucleus(with_temperature(model.logits.detach(), temperature).log(), top_p)
    torch.manual_seed(0)
    tokens = draw(model, 400, temperature, top_p, None)
    shares = torch.bincount(tokens, minlength=5) / len(tokens)
    if (worst := (shares - wanted).abs()).max() > 0.1:
        n = int(worst.argmax())
        raise Misfit(f"Of logits {model.logits.tolist()}, at temperature {temperature} and top_p {top_p}, token {n} is "
                     f"{shares[n]:.0%} of what is drawn, expected {wanted[n]:.0%}.")  # fmt: skip
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = draw(model, 40, 1.0, 1.0, 3)
    if not torch.equal(before, torch.get_rng_state()):
        raise Misfit("With a seed, yours draws from torch's own numbers, or seeds them; expected: a torch.Generator.")
    torch.rand(5)
    if not torch.equal(one, draw(model, 40, 1.0, 1.0, 3)):
        raise Misfit("Twice with seed 3, yours draws different tokens; expected: the same.")
    if torch.equal(one, draw(model, 40, 1.0, 1.0, 4)):
        raise Misfit("With the seeds 3 and 4, yours draws the same tokens; expected: others.")
    if len(set(one.tolist())) < 2:
        raise Misfit(f"With a seed, yours draws 40 times the token {int(one[0])}; expected: each anew.")
    return torch.tensor(1)


def refuses(function: Callable, right: Mapping[str, Any], *wrong: Mapping[str, Any]) -> Tensor:
    """A ValueError for each of these, and none without."""
    function(**right)
    for one in wrong:
        try:
            function(**{**right, **one})
        except ValueError:
            continue
        told = ", ".join(f"{k} {list(x.shape) if isinstance(x, Tensor) else x}" for k, x in one.items())
        raise Misfit(f"Yours takes {told}; expected: a ValueError.")
    return torch.tensor(1)


def drawn_rows(write, names, case):
    def draw(model, count, temperature, top_p, seed):
        rows, count = (count, 1) if seed is None else (1, count)  # many tokens: many rows; by seed: one behind another
        return write(model, torch.zeros(rows, 1, dtype=torch.long), count, temperature, top_p, None, seed)[
            :, 1:
        ].flatten()

    return by_chance(draw, case)


class Counting(Unmoved):
    """A model that says the number behind the last one."""

    def forward(self, ids: Tensor, caches: Any = None) -> Tensor:
        return 9.0 * nn.functional.one_hot((ids + 1) % 5, 5)


def weights_of(layer, names, x):
    return layer.weights(x)


def loss_at_its_limits(loss, names):
    if (kept := build(names, "GPT", GPTConfig(13, 8, 1, 2, 5)).context) != 5:
        raise Misfit(f"The `context` of a GPT that is made for 5 tokens is {kept}.")
    right = {"model": Unmoved(context=3), "ids": torch.zeros(2, 4, dtype=torch.long)}
    return refuses(loss, right, {"ids": torch.zeros(2, 5, dtype=torch.long)})


def at_its_limits(write, names):
    said = write(Counting(context=3), torch.tensor([[0]]), 7, 0.0)[0].tolist()
    if said != [0, 1, 2, 3, 4, 0, 1, 2]:
        raise Misfit(f"With a model of context 3 that counts to 4, yours writes {said}, expected 0 1 2 3 4 0 1 2.")
    said = write(Counting(), torch.tensor([[0], [2]]), 7, 0.0, stop=4).tolist()
    if said != [[0, 1, 2, 3, 4], [2, 3, 4, 0, 1]]:
        raise Misfit(f"With stop 4, rows that begin with 0 and 2 become {said}, with a model that counts; expected: "
                     "0 1 2 3 4 and 2 3 4 0 1, which goes on until both have drawn it.")  # fmt: skip
    right = {"model": Unmoved(), "ids": torch.zeros(2, 3, dtype=torch.long), "count": 2}
    wrong = [{"temperature": -1.0}, {"temperature": float("nan")}, {"top_p": 0.0}, {"top_p": 1.5}]
    return refuses(write, right, *wrong, {"ids": right["ids"][:, :0]})


def merges_of_long(learn, names, long):
    return learn(long, 30)


def parameters_after_steps(optimiser, names, betas, weight_decay):
    """The numbers of a parameter after five steps, in which its gradient changes, and of one that has none."""
    eps, weights = 0.1 if betas[0] < 0.9 else 1e-8, [torch.tensor([1.0, -2.0, 3.0]).requires_grad_() for _ in range(2)]
    readers = getattr(names, "__name__", "") == OURS
    make = functools.partial(build, names, "AdamW") if readers else type(optimiser)
    mine = make(iter(weights), 0.2, betas, eps, weight_decay)
    found = []
    for step in range(5):
        weights[1].grad = torch.tensor([0.5, -0.1, 0.01]) * (step - 1.5)
        mine.lr = mine.lr if step < 2 else 0.1 / (step + 1)
        mine.step()
        found.append(weights[1].detach().clone())
    return torch.stack([*found, weights[0].detach()])


def reads(mine: Any) -> tuple[bool, str]:
    """A text, with all parts together: fewer bits a character, on what it has not read, than a table of pairs."""
    text, steps = book()[2_000:62_000], 400
    cut = len(text) * 9 // 10
    tokenizer = mine.Tokenizer([])  # bytes: what they are worth, a few seconds show
    known, new = (torch.tensor(tokenizer.encode(part)) for part in (text[:cut], text[cut:]))
    pairs = torch.full((256, 256), 0.1).index_put((known[:-1], known[1:]), torch.tensor(1.0), accumulate=True)
    table = -(pairs / pairs.sum(1, keepdim=True)).log2()[new[:-1], new[1:]].sum() / len(text[cut:])
    model = build(mine, "GPT", GPTConfig(256, size=64, layers=2, context=32))
    optimiser = build(mine, "AdamW", model.parameters(), 4e-3)
    for step in range(steps):
        optimiser.lr = mine.rate_at(step, steps, 4e-3, steps // 10)
        mine.training_step(model, [optimiser], windows(known, 16, 33))
    rows = new[: len(new) // 33 * 33].view(-1, 33)
    with torch.no_grad():
        nats = mine.next_token_loss(model.eval(), rows) * len(new)
    bits = nats.item() / math.log(2) / len(text[cut:])
    says = f"{bits:.2f} bits a character of a text not read before. Needed: less than the table of pairs, {table:.2f}."
    return bits < table, says


def cut_and_joined(tokenizer, names, text):
    """A text as numbers, the text again, and what a byte alone gives."""
    numbers = list(tokenizer.encode(text))
    return f"{numbers} {tokenizer.decode(numbers)} {tokenizer.decode([231])}"


def edited(*changes: tuple[str, str]) -> type:
    """The course's AdamW with some of its text replaced."""
    text, space = plain(by_hand.AdamW), dict(vars(by_hand))
    for change in changes:
        text = text.replace(*change)
    exec(text, space)
    return space["AdamW"]


DECAYED = "self.lr * self.weight_decay"
STEPS_OF_ADAMW = wrong_answers(
    edited(("lerp_(p.grad", "lerp_((p.grad + self.weight_decay * p)"), (DECAYED, "0")),
    "The decay is added to the gradient, as in Adam with L2, so that m and v see it. It shrinks the parameter itself, "
    "beside the step: that is the W of AdamW.",
    edited(("slope = m / (1 - first**self.steps)", "slope = m")),
    "The running mean m is not divided by 1 − β₁ᵗ: it begins at 0, so that the first steps are far too small.",
    edited(("(v / (1 - second**self.steps))", "v")),
    "The running mean v is not divided by 1 − β₂ᵗ: it begins at 0, so that the first steps are far too large.",
    edited(("steps)).sqrt()", "steps) + self.eps).sqrt()"), ("size + self.eps", "size")),
    "ε stands under the root, √(v̂ + ε). It is added to the root, √v̂ + ε.",
    edited(("**self.steps", "**(self.steps + 1)")),
    "The steps are counted from 2 on. In the first, t is 1, so that m / (1 − β₁) is the gradient itself.",
    edited(("first, second =", "second, first =")),
    "β₁ and β₂ are exchanged: the first is that of m, the second that of v.",
    edited(("continue", f"p.mul_(1 - {DECAYED})\n                continue")),
    "A parameter without a gradient shrinks. It should stay as it is.",
)  # fmt: skip
HAVE = "a GPT, and the tokenizer that cuts its text"
CALLS = {"AdamW": parameters_after_steps, "learn_merges, of a long text": merges_of_long}
CALLS |= {"CausalAttention, its weights": weights_of, "next_token_loss, at its limits": loss_at_its_limits}
CALLS |= {"Tokenizer": cut_and_joined, "write, by chance": drawn_rows, "write, at its limits": at_its_limits}
READS = Part("a text", "AdamW", reads, ("Does each part pass by itself, with `--part`? Then: who calls `zero_grad`?",),
             seconds=120, optional=False)  # fmt: skip
TRACKS = {
    "gpt": Track(
        7, "gpt", PARTS, pool, 270, HAVE, bar=90, calls=CALLS, causal=("ids", "x"), told=TOLD,
        more=("tokenizer", "chapters.ch07.by_hand"), last=(READS,), wrong={"AdamW": STEPS_OF_ADAMW},
        note="Keys and values are kept in the track of llama; here a model reads its whole text for each token.",
        given=("GPTConfig", "IGNORED", "optimisers_of", "copying"),
    )
}  # fmt: skip
