"""Chapter 7: one token further with kept keys and values; a position, a mask and a cost that go wrong there."""

import torch
from torch import Tensor

from course_utils.attention import causal_mask, masked_softmax, scaled_dot_product_attention
from course_utils.exercises.definition import Case, Exercise, FindError, variants, wrong_answers
from course_utils.exercises.inputs import drawn, integers, named

# ---- causal attention step ------------------------------------------------------------------------------------------


def attention_step(x, keys, values, Wq, Wk, Wv, Wo) -> tuple[Tensor, Tensor, Tensor]:
    """x [B, D] of the new token, keys and values [B, H, P, d] of those before it, four W [D, D], D = H · d
    -> output [B, D], keys and values [B, H, P + 1, d]. MultiHeadAttention's project and attend do this."""
    query, key, value = ((x @ W).unflatten(-1, (keys.shape[1], -1))[:, :, None] for W in (Wq, Wk, Wv))
    keys, values = torch.cat([keys, key], 2), torch.cat([values, value], 2)
    mixed, _ = scaled_dot_product_attention(query, keys, values)
    return mixed.flatten(1) @ Wo, keys, values


def _step_case(batch, heads, past, size, seed, shown=False) -> Case:
    shapes = (batch, heads * size), *2 * [(batch, heads, past, size)], *4 * [(heads * size, heads * size)]
    return named("x", "keys", "values", "Wq", "Wk", "Wv", "Wo")(*drawn(seed, *shapes), shown=shown)


def _append(old, new):
    return torch.cat([old, new], 2)


@variants
def _wrong_step(
    *inputs,
    split=lambda x, heads: x.unflatten(-1, (heads, -1))[:, :, None],
    seen=_append,
    kept=None,
    scale=lambda query, D: query.shape[-1],
    mask=lambda count: None,
    soft=masked_softmax,
    join=lambda mixed, Wo: mixed.flatten(1) @ Wo,
):
    """A step with one thing done differently."""
    x, keys, values, Wq, Wk, Wv, Wo = inputs
    query, key, value = (split(x @ W, keys.shape[1]) for W in (Wq, Wk, Wv))
    k, v, store = seen(keys, key), seen(values, value), kept or seen
    weights = soft(query @ k.mT / scale(query, x.shape[-1]) ** 0.5, mask(k.shape[2]))
    return join(weights @ v, Wo), store(keys, key), store(values, value)


STEP = Exercise(
    name="causal attention step",
    task="Project the new token, cut query, key and value into H heads of d features, append key and value to the "
    "cache, let the query look at all of them, join the heads and project with Wo: x [B, D], keys and values "
    "[B, H, P, d], four W [D, D] -> output [B, D], keys [B, H, P + 1, d], values [B, H, P + 1, d].",
    why="Chapter 5's step, with heads: this is what runs for every token that any GPT writes.",
    reference=attention_step,
    cases=lambda: [
        _step_case(1, 2, 1, 1, 1808, shown=True),
        _step_case(2, 2, 0, 2, 1810),
        _step_case(2, 2, 4, 3, 1820),
        _step_case(1, 3, 5, 2, 1830),
    ],
    returns=("output", "keys after it", "values after it"),
    hints=(
        "How many heads are there? The cache knows: `keys.shape[1]`. `(x @ Wk).unflatten(-1, (H, d))` is [B, H, d].",
        "With `[:, :, None]` it is [B, H, 1, d], one place long; `torch.cat([keys, key], 2)` appends along time.",
        "`scaled_dot_product_attention(query, keys, values)[0]` is [B, H, 1, d], and no mask is needed: nothing stands "
        "behind the new token. Then `.flatten(1) @ Wo`",
    ),
    minutes=8,
    difficulty=3,
    wrong=wrong_answers(
        _wrong_step(kept=lambda old, new: old),
        "The output is right, but nothing is kept: the next token will not know of this one.",
        _wrong_step(seen=lambda old, new: old, kept=_append),
        "The new token looks at the cache without itself. Append first, then attend.",
        _wrong_step(seen=lambda old, new: new, kept=_append),
        "The new token looks at itself alone. What is the cache for?",
        _wrong_step(mask=lambda count: torch.ones(1, count, dtype=torch.bool).tril()),
        "A causal mask of one row lies over the cache (`is_causal=True` does it), and lets only the first token "
        "through. The new one is the last: it may see all. No mask here.",
        _wrong_step(kept=lambda old, new: torch.cat([new, old], 2)),
        "The output is right, but the new token is put in front. In the cache they stand in their order.",
        _wrong_step(scale=lambda query, D: D),
        "The scores are divided by √D. Each head has d features: √d.",
        _wrong_step(scale=lambda query, D: 1),
        "Right but for the scale: divide the scores by √d.",
        _wrong_step(split=lambda x, heads: x.unflatten(-1, (-1, heads)).mT[:, :, None]),
        "Heads are cut in stripes: head 1 has every H-th feature. Neighbours belong together: `(H, d)`, not `(d, H)`.",
        _wrong_step(soft=lambda scores, mask: scores.softmax(1)),
        "The softmax runs over the heads. It belongs to the keys: `dim=-1`.",
        _wrong_step(soft=lambda scores, mask: scores.softmax(2)),
        "The softmax runs over the queries. There is one, so each weight is 1: keys are the last axis.",
        _wrong_step(join=lambda mixed, Wo: mixed.flatten(1)),
        "The heads are joined; Wo is missing. Without it, they never speak to each other.",
        _wrong_step(join=lambda mixed, Wo: mixed[:, :, 0].mT.flatten(1) @ Wo),
        "The heads are joined in stripes: first feature 1 of all of them. One head after the other: `flatten(1)`.",
    ),
)

# ---- always at position 0 -------------------------------------------------------------------------------------------


def embed(ids: Tensor, tokens: Tensor, positions: Tensor, past: int) -> Tensor:
    """ids [B, N] of new tokens, tables [V, D] and [max, D], how many are in the cache -> [B, N, D]."""
    return tokens[ids] + positions[past + torch.arange(ids.shape[1])]


_entering = named("ids", "tokens", "positions", "past")


def _placed(places):
    return lambda ids, tokens, positions, past: tokens[ids] + positions[places(ids.shape[1], past)]


POSITION = FindError(
    name="always at position 0",
    task="write it again: ids [B, N] of new tokens, tokens [V, D], positions [max, D], past: how many tokens the cache "
    "holds -> [B, N, D].",
    why="Without the cache it is right. With it one token goes in at a time, and each takes itself for the first.",
    program=(
        "def embed(ids, tokens, positions, past):   # past: in the cache",
        "    places = torch.arange(ids.shape[1])",
        "    return tokens[ids] + positions[places]",
    ),
    line=2,
    found="the places are counted from 0 in what goes in now. With a cache this is one token, at position 0 each time. "
    "Count on: `past + torch.arange(ids.shape[1])`.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        3: "the vector of the token, and that of its place.",
    },
    reference=embed,
    cases=lambda: [
        _entering(integers(6, 1, 1, seed=1840), *drawn(1841, (6, 2), (9, 2)), 3, shown=True),
        _entering(integers(6, 2, 4, seed=1843), *drawn(1844, (6, 2), (9, 2)), 0),
        _entering(integers(6, 2, 3, seed=1846), *drawn(1847, (6, 2), (9, 2)), 2),
    ],
    returns=("features",),
    hints=(
        "Which argument is never used?",
        "Five tokens are in the cache, and one comes in. Where does it stand, counted from 0?",
        "`places = past + torch.arange(ids.shape[1])`",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _placed(lambda new, past: torch.arange(new)),
        "Counted from 0 still, whatever the cache holds.",
        _placed(lambda new, past: past),
        "Right for one new token. Several come in when a prompt does, and each has a place of its own.",
        _placed(lambda new, past: past + 1 + torch.arange(new)),
        "One too far: behind P tokens, counted from 0, the next stands at P.",
        _placed(lambda new, past: (past - 1 + torch.arange(new)).clamp(min=0)),
        "One too few: the last of the cache stands at P − 1, the new one behind it.",
        lambda ids, tokens, positions, past: tokens[ids],
        "The positions are gone: now no token knows where it stands.",
        lambda ids, tokens, positions, past: tokens[ids] + positions[ids],
        "The positions are looked up by the *ids*.",
    ),
)

# ---- a mask in the wrong corner -------------------------------------------------------------------------------------


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q [B, N, d] of N new tokens, k and v [B, P + N, d], those of the cache first -> output [B, N, d]."""
    return scaled_dot_product_attention(q, k, v, causal_mask(k.shape[1])[-q.shape[1] :])[0]


_chunk = named("q", "k", "v")


@variants
def _masked(q, k, v, *, diagonal):
    """diagonal(P): how far to the right the triangle of a row goes."""
    may = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).tril(diagonal(k.shape[1] - q.shape[1]))
    return ((q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~may, -torch.inf)).softmax(-1) @ v


CORNER = FindError(
    name="a mask in the wrong corner",
    task="write it again: q [B, N, d] of N new tokens, k and v [B, P + N, d], those of the cache first -> [B, N, d]; "
    "each new token sees the cache, the new ones before it, and itself.",
    why="Without a cache it is right. `is_causal=True` in torch's scaled_dot_product_attention puts the triangle into "
    "the same corner.",
    program=(
        "def attend(q, k, v):                       # k, v: cache first",
        "    may = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).tril()",
        "    scores = q @ k.mT / q.shape[-1] ** 0.5",
        '    scores = scores.masked_fill(~may, float("-inf"))',
        "    return torch.softmax(scores, dim=-1) @ v",
    ),
    line=2,
    found="the triangle begins in the upper left corner: the first new token sees one key, the oldest in the cache. "
    "Its own is at place P, so the triangle belongs to the lower right: `.tril(P)`.",
    innocent={
        1: "it only names what comes in. Where in the text does row 0 stand?",
        3: "scaled dot products of each new token with all keys.",
        4: "−∞ where one may not look.",
        5: "a softmax along the keys, and the mean of the values.",
    },
    reference=attend,
    cases=lambda: [
        _chunk(*drawn(1859, (1, 1, 2), (1, 3, 2), (1, 3, 2)), shown=True),
        _chunk(*drawn(1853, (2, 3, 2), (2, 3, 2), (2, 3, 2))),
        _chunk(*drawn(1856, (2, 2, 3), (2, 5, 3), (2, 5, 3))),
    ],
    returns=("output",),
    hints=(
        "Draw the mask for P = 2 and N = 1: one row, three columns. Which of them may the new token see?",
        "Row n stands at place P + n of the text. So its triangle begins P further to the right.",
        "`.tril(k.shape[1] - q.shape[1])`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _masked(lambda past: 0),
        "The triangle is in the upper left corner still.",
        _masked(lambda past: 10**6),
        "No mask: right for one new token. Of several, the first would see those behind it.",
        _masked(lambda past: past - 1),
        "One too few: no new token sees itself, and without a cache the first sees nothing.",
        _masked(lambda past: past + 1),
        "One too many: each new token sees the one that comes after it.",
    ),
)

# ---- the cache makes it linear --------------------------------------------------------------------------------------


def products(n: int, cached: bool) -> int:
    """Scores q · k that one head computes in order to write n tokens, from the first one on: step t has t tokens."""
    return sum(t if cached else t * t for t in range(1, n + 1))


_long = named("n", "cached")


def _cost(kept, anew=lambda n: sum(t * t for t in range(1, n + 1))):
    return lambda n, cached: kept(n) if cached else anew(n)


LINEAR = FindError(
    name="the cache makes it linear",
    task="count the scores q · k that one head computes while n tokens are written, from the first one on. At step t "
    "there are t tokens, the new one among them. cached True: only the new token's row; False: all t rows of all t "
    "keys, as a program does that masks afterwards -> a whole number, of all steps together.",
    why="Said of every cache. It is true of the projections and the feed-forward networks.",
    claims=True,
    program=(
        "Without a cache, step t computes t² scores: all words with all.",
        "With it, step t computes t: the new word with all that stand there.",
        "So with a cache the attention of each new word costs the same, and writing n words grows with n only.",
        "What has to be kept grows with each word: two vectors for each layer.",
    ),
    line=3,
    found="step t still costs t, so n steps cost n(n + 1)/2: the cache takes n³ down to n². A word at the end of a "
    "long text is dearer than one at its beginning.",
    innocent={
        1: "right: the mask comes afterwards.",
        2: "right: one row.",
        4: "right, a key and a value (all heads together): this is what fills a GPU's memory.",
    },
    reference=products,
    cases=lambda: [_long(3, True, shown=True), _long(3, False), _long(10, True), _long(7, False), _long(1, True)],
    returns=("scores",),
    hints=(
        "Write the steps down for n = 3: one score, then two. How many next?",
        "1 + 2 + … + n is n(n + 1)/2. Without a cache, squares are added.",
        "`sum(t if cached else t * t for t in range(1, n + 1))`",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _cost(lambda n: n),
        "One score for each step, as the claim says. The new word meets t keys at step t.",
        _cost(lambda n: n * n),
        "n at each step: that many keys there are only at the end. At step t there are t.",
        _cost(lambda n: n * (n - 1) // 2),
        "The new word meets itself, too: step 1 computes one score.",
        _cost(lambda n: n * (n + 1) // 2, lambda n: n * n),
        "Right with the cache. Without it, n² is the last step alone: add up all of them.",
        _cost(lambda n: n, lambda n: n * n),
        "This compares one step with one step. All steps together: t at step t with a cache, t² without.",
        _cost(lambda n: n * (n + 1) // 2, lambda n: sum(t * (t + 1) // 2 for t in range(1, n + 1))),
        "Right with the cache. Without it you count the triangle only; here the scores are masked *after* they are "
        "computed: t².",
        lambda n, cached: products(n, not cached),
        "The other way round: with a cache there is less to do.",
        _cost(lambda n: n * (n + 1) // 2, lambda n: n**3),
        "Right with the cache. Without it, n³ takes each step for the last: t² at step t.",
    ),
)
