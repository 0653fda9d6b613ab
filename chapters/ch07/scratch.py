"""A GPT and its tokenizer from an empty file."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from chapters.ch02.scratch import ALONG
from chapters.ch05.scratch import CAUSAL, JOINED
from course_kit.exercises.define import integers, some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import ModelArgument, Track, TrackPart
from course_utils.gpt import GPTConfig, nucleus, with_temperature
from course_utils.loss import IGNORED

TEXT = "low low low lowest newest 猫 猫\n the newest, the lowest"
OFTEN = "aa aa aa aa bc bcd bce"  # "a a" comes more often, "b c" in more words
LONG = " ".join(f"word{n % 500} of" for n in range(30_000))
CHANCES = ((0.4, 1.0), (2.5, 0.6), (0.4, 0.55))  # temperature and top_p


class Unmoved(nn.Module):
    """A model that gives the same logits whatever it reads, and remembers how many tokens it was given each time."""

    def __init__(self, context: int = 8) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor([1.0, 0.5, 0.0, -0.5, -1.5]))
        self.context, self.blocks, self.read = context, (None,), []

    def forward(self, ids: Tensor, caches: Any = None) -> Tensor:
        self.read.append(ids.shape[1])
        return self.logits.expand(*ids.shape, 5)


class Counting(Unmoved):
    """A model that says the number behind the last one."""

    def forward(self, ids: Tensor, caches: Any = None) -> Tensor:
        return 9.0 * nn.functional.one_hot((ids + 1) % 5, 5)


def near(tokens: Tensor, wanted: Tensor, far: float = 0.1) -> Tensor:
    """How often each token was drawn; as often as wanted, where chance may make the difference."""
    shares = torch.bincount(tokens, minlength=5) / len(tokens)
    return torch.where((shares - wanted).abs() > far, shares, wanted)


def by_chance(
    draw: Callable[[Unmoved, int, float, float, int | None], Tensor], temperature: float, top_p: float
) -> dict:
    """What is drawn comes as often as it should, and by a seed of its own; draw(model, count, …, seed) -> tokens."""
    model = Unmoved(context=5000)
    wanted = nucleus(with_temperature(model.logits.detach(), temperature).log(), top_p)
    torch.manual_seed(0)
    shares = near(draw(model, 400, temperature, top_p, None), wanted)
    before, one = torch.get_rng_state(), draw(model, 40, 1.0, 1.0, 3)
    untouched = torch.equal(before, torch.get_rng_state())
    torch.rand(5)
    return {
        "share of each token": shares,
        "a seed leaves torch's own numbers alone": untouched,
        "seed 3 again draws the same": torch.equal(one, draw(model, 40, 1.0, 1.0, 3)),
        "seed 4 draws others": not torch.equal(one, draw(model, 40, 1.0, 1.0, 4)),
        "each is drawn anew": len(set(one.tolist())) > 1,
    }


def refused(function: Callable, right: Mapping[str, Any], *wrong: Mapping[str, Any]) -> dict[str, Any]:
    """What is taken that should be a ValueError; right: what is to be taken."""
    function(**right)
    found = {}
    for one in wrong:
        told = ", ".join(f"{k} {list(x.shape) if isinstance(x, Tensor) else x}" for k, x in one.items())
        try:
            function(**{**right, **one})
            found[told] = "taken"
        except ValueError:
            found[told] = "a ValueError"
    return found


def drawn_rows(write, names, temperature, top_p):
    def draw(model, count, temperature, top_p, seed):
        rows, count = (count, 1) if seed is None else (1, count)  # many tokens: many rows; by seed: one behind another
        ids = torch.zeros(rows, 1, dtype=torch.long)
        return write(model, ids, count, temperature, top_p, None, seed)[:, 1:].flatten()

    return by_chance(draw, temperature, top_p)


def losses(step, names, model, ids):
    """The losses of three steps, by two optimisers that share the work."""
    learned = [[p for p in model.parameters() if p.dim() == n] for n in (2, 1)]
    optimisers = [torch.optim.SGD(part, lr=0.1) for part in learned]
    return torch.tensor([float(step(model, optimisers, ids)) for _ in range(3)])


def loss_at_its_limits(loss, names):
    right = {"model": Unmoved(context=3), "ids": torch.zeros(2, 4, dtype=torch.long)}
    return refused(loss, right, {"ids": torch.zeros(2, 5, dtype=torch.long)})


def at_its_limits(write, names):
    said = [
        write(Counting(context=3), torch.tensor([[0]]), 7, 0.0).tolist(),
        write(Counting(), torch.tensor([[0], [2]]), 7, 0.0, stop=4).tolist(),
    ]
    right = {"model": Unmoved(), "ids": torch.zeros(2, 3, dtype=torch.long), "count": 2}
    wrong = [{"temperature": -1.0}, {"temperature": float("nan")}, {"top_p": 0.0}, {"top_p": 1.5}]
    told = "by a model of context 3 that counts to 4", "with stop 4, rows that begin with 0 and 2"
    return dict(zip(told, map(str, said), strict=True)) | refused(write, right, *wrong, {"ids": right["ids"][:, :0]})


def parameters_after_steps(optimiser, names, betas, eps, weight_decay):
    """The numbers of a parameter after five steps, in which its gradient changes, and of one that has none."""
    weights = [torch.tensor([1.0, -2.0, 3.0]).requires_grad_() for _ in range(2)]
    mine = type(optimiser)(iter(weights), 0.2, betas, eps, weight_decay)
    found = []
    for step in range(5):
        weights[1].grad = torch.tensor([0.5, -0.1, 0.01]) * (step - 1.5)
        mine.lr = mine.lr if step < 2 else 0.1 / (step + 1)
        mine.step()
        found.append(weights[1].detach().clone())
    return torch.stack([*found, weights[0].detach()])


def cut_and_joined(tokenizer, names, text):
    """A text as numbers, the text again, and what a byte alone gives."""
    numbers = list(tokenizer.encode(text))
    return {"numbers": str(numbers), "the text again": tokenizer.decode(numbers), "231": tokenizer.decode([231])}


def parts(c: Any) -> list[TrackPart]:
    ids, many, x = integers(13, 2, 7, seed=2), integers(13, 40, 3, seed=4), some_numbers(2, 5, 8, seed=1)
    cut = ids.clone()
    cut[1, 4:] = IGNORED
    sizes = GPTConfig(13, 8, 2, 4, 8, 0.5), GPTConfig(13, 8, 3, 2, 9, 0.2)
    model, layers, word = ModelArgument("GPT", sizes[0]), [(8, 2), (8, 4)], tuple("banana")
    merges = [*c.learn_merges(TEXT, 8), ("w", "e")]
    return [
        TrackPart("masked_softmax"), ALONG, TrackPart("split_heads"), JOINED, CAUSAL,
        TrackPart("CausalAttention", "out(softmax(Q Kᵀ / √d) V) in each head, causal", (x,), (x,), init=layers),
        TrackPart("CausalAttention", "softmax(Q Kᵀ / √d) in each head, causal", (x,), (x,), look="its weights",
            init=layers, call=lambda layer, names, x: layer.weights(x)),
        TrackPart("add_norm"),
        TrackPart("CausalBlock", "x + dropout(attention(norm1(x))), then x + dropout(ffn(norm2(x)))", (x,), (x,),
            init=[(8, 2, 0.5), (8, 4, 0.2)], note="The network is 4 times as wide, with GELU in its tanh form."),
        TrackPart("GPT", "dropout(token + position); the blocks; norm; times the table of the tokens, transposed",
            (ids,), (ids,), needed=True, init=[(one,) for one in sizes],
            note="All tables begin at a standard deviation of 0.02. Dropout acts behind the positions, too. Keep "
            "`context`: functions below read it of any model."),
        TrackPart("GPT", "`context`: how many tokens it reads", (), look="its context", init=(sizes[1],),
            call=lambda model, names: model.context),
        TrackPart("parameter_count", "tables, and for each block 12 D² + 13 D", (13, 8, 2, 8), (13, 8, 3, 9),
            needed=True, earlier="parameters_of"),
        TrackPart("multiply_adds", "of each block 12 T D² + 2 T² D; then the table, T D V", (13, 8, 2, 5),
            (13, 8, 3, 9), needed=True),
        TrackPart("inputs_and_targets"),
        TrackPart("next_token_loss", "the mean of −ln p of each next token; −100 costs nothing", (model, ids),
            (model, cut)),
        TrackPart("next_token_loss", "more than the context and one token: a ValueError", (), look="at its limits",
            call=loss_at_its_limits),
        TrackPart("training_step", "", (model, ids), (model, cut), needed=True, call=losses,
            note="In train mode; `model.zero_grad()` clears, since AdamW below has none; gradients are cut at a norm "
            "of 1 (all together); each optimiser makes a step."),
        TrackPart("AdamW", "p ← p (1 − lr · decay) − lr · m̂ / (√v̂ + ε); m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)",
            ((0.9, 0.999), 1e-8, 0.01), ((0.5, 0.8), 0.1, 0.5), needed=True, init=((), 0.1),
            call=parameters_after_steps),
        TrackPart("rate_at", "highest · (step + 1) / rising; then lowest + (highest − lowest) (1 + cos(π · done)) / 2",
            *((step, 10, 0.3, 4, 0.1 * (step > 0)) for step in (0, 2, 3, 4, 7)), (9, 10, 0.3, 2, 0.1), needed=True),
        *map(TrackPart, ("with_temperature", "nucleus")),
        TrackPart("write", "the last `context` tokens, the logits of the last, draw, append", (model, many, 9, 0.0),
            (model, many, 9, 0.0, 0.5), *((model, many[:3], 9, 0.0, 0.5, stop) for stop in range(0, 13, 3)),
            needed=True,
            note="The model is read without dropout, and its `training` is as before afterwards. What others draw is "
            "neither changed by `seed` nor changes it. A ValueError where temperature is below 0 or not finite, top_p "
            "not in (0, 1], or there is no token to begin with. A row that has drawn `stop` goes on while others do."),
        TrackPart("write", "softmax(logits / temperature), of this the likeliest that reach top_p", *CHANCES,
            look="by chance", call=drawn_rows),
        TrackPart("write", "reads the last `context` tokens; refuses what is no temperature or top_p", (),
            look="at its limits", call=at_its_limits),
        TrackPart("words_of", "", (TEXT,), ("lower \n 🙂",),
            note="A word, or signs in a row, with one blank before it; of other blanks those in a row are one piece."),
        TrackPart("joined", "from left to right, each pair once", (word, ("a", "n")), (tuple("aaa"), ("a", "a"))),
        TrackPart("merge_once",
            note="words: a dict, word (a tuple of pieces) -> how often it comes. Of equal pairs, the first one."),
        TrackPart("learn_merges", "merge_once, until there are enough, or nothing is left to join", (TEXT, 6),
            (OFTEN, 1), ("aa", 6), note="A word counts as often as it comes."),
        TrackPart("learn_merges", "each different word once, with how often it comes", (30,), look="of a long text",
            call=lambda learn, names, count: learn(LONG, count)),
        TrackPart("Tokenizer", "the merges in order; 256 bytes come first, then a number for each merge", (TEXT,),
            ("lower \n 🙂",), needed=True, init=(merges,), call=cut_and_joined,
            note="What is no text becomes \N{REPLACEMENT CHARACTER}. `python -m mine train` reads its merges, pieces "
            "(texts by number), numbers (by piece), known (a dict of words that were cut) and cut(word) -> numbers."),
    ]  # fmt: skip


NOTE = "Keys and values are kept in the track of llama; here a model reads its whole text for each token."
HAVE = mark("a GPT, and the tokenizer that cuts its text")
TRACKS = {
    "gpt": Track(7, "gpt", parts, 270, HAVE, bar=90, more=("tokenizer", "chapters.ch07.by_hand"), note=NOTE,
                 given=("GPTConfig", "IGNORED", "optimisers_of", "copying"))
}  # fmt: skip
