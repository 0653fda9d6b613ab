"""Chapter 7: one token further with kept keys and values; a position, a mask and a cost that go wrong there."""

import torch
from torch import Tensor

from course_kit.exercises.define import Case, Exercise, FindError, drawn, integers, named, variants, wrong_answers
from course_kit.exercises.properties import any_order, blind_to_later
from course_utils.attention import causal_mask, masked_softmax, scaled_dot_product_attention


def attention_step(x, keys, values, Wq, Wk, Wv, Wo) -> tuple[Tensor, Tensor, Tensor]:
    """x [B, D] of the new token, keys and values [B, H, P, d] of those before it, four W [D, D], D = H · d
    -> output [B, D], keys and values [B, H, P + 1, d]. The `project` and `attend` of course_kit.caching do this."""
    query, key, value = ((x @ W).unflatten(-1, (keys.shape[1], -1))[:, :, None] for W in (Wq, Wk, Wv))
    keys, values = torch.cat([keys, key], 2), torch.cat([values, value], 2)
    mixed, _ = scaled_dot_product_attention(query, keys, values)
    return mixed.flatten(1) @ Wo, keys, values


def _step_case(batch, heads, past, size, seed, shown=False) -> Case:
    shapes = (batch, heads * size), *2 * [(batch, heads, past, size)], *4 * [(heads * size, heads * size)]
    return named("x", "keys", "values", "Wq", "Wk", "Wv", "Wo")(*drawn(seed, *shapes), shown=shown)


def _append(old, new):
    return torch.cat([old, new], 2)


def _stripes(x, heads):
    return x.unflatten(-1, (-1, heads)).mT[:, :, None]


@variants
def _wrong_step(
    *inputs,
    matrices=lambda Wq, Wk, Wv: (Wq, Wk, Wv),
    split=lambda x, heads: x.unflatten(-1, (heads, -1))[:, :, None],
    seen=_append,
    kept=_append,
    scale=lambda query, D: query.shape[-1],
):
    """A step with one thing done differently. seen: what the query attends to; kept: what is returned."""
    x, keys, values, *three, Wo = inputs
    query, key, value = (split(x @ W, keys.shape[1]) for W in matrices(*three))
    k, v = seen(keys, key), seen(values, value)
    weights = masked_softmax(query @ k.mT / scale(query, x.shape[-1]) ** 0.5, None)
    return (weights @ v).flatten(1) @ Wo, kept(keys, key), kept(values, value)


STEP = Exercise(
    name="causal attention step",
    task="Project the new token, cut query, key and value into H heads of d features, append key and value to the "
    "cache, let the query attend to all of them, join the heads and project with Wo: x [B, D], keys and values "
    "[B, H, P, d], four W [D, D] -> output [B, D], keys [B, H, P + 1, d], values [B, H, P + 1, d].",
    reference=attention_step,
    cases=lambda: [
        _step_case(1, 2, 1, 1, 1808, shown=True),
        _step_case(2, 2, 0, 2, 1810),
        _step_case(2, 2, 4, 3, 1820),
        _step_case(1, 3, 5, 2, 1830),
    ],
    returns=("output", "keys after it", "values after it"),
    properties=(any_order("keys", "values"),),
    used="It writes a sample in [With a cache of your own parts](#With-a-cache-of-your-own-parts).",
    hints=(
        "How many heads are there? The cache knows: `keys.shape[1]`. `(x @ Wk).unflatten(-1, (H, d))` is [B, H, d].",
        "With `[:, :, None]` the `key` is [B, H, 1, d], one position long, and `torch.cat([keys, key], 2)` appends it "
        "along time. The values get the same.",
        "With a `query` of this form, `query @ keys.mT / d ** 0.5` are the scores [B, H, 1, P + 1]. No mask is needed, "
        "because nothing comes after the new token. What follows is the softmax and the values; `.flatten(1)` joins "
        "the heads. And then?",
    ),
    minutes=8,
    difficulty=3,
    wrong=wrong_answers(
        _wrong_step(kept=lambda old, new: old),
        "Nothing is kept: the next token will not know of this one.",
        _wrong_step(seen=lambda old, new: old),
        "The new token attends to the cache, but not to itself. Append first, then attend.",
        _wrong_step(kept=lambda old, new: torch.cat([new, old], 2)),
        "The new token is put in front. In the cache the tokens are in their order.",
        _wrong_step(scale=lambda query, D: D),
        "The scores are divided by √D. Each head has d features: √d.",
        _wrong_step(scale=lambda query, D: 1),
        "The scale is missing: divide the scores by √d.",
        _wrong_step(split=_stripes),
        "The heads are cut in stripes: head 1 has every H-th feature. Neighbours belong together: `(H, d)`, not "
        "`(d, H)`.",
    ),
)


def embed(ids: Tensor, tokens: Tensor, positions: Tensor, past: int) -> Tensor:
    """ids [B, N] of new tokens, tables [V, D] and [max, D], how many are in the cache -> [B, N, D]."""
    return tokens[ids] + positions[past + torch.arange(ids.shape[1])]


_entering = named("ids", "tokens", "positions", "past")


def _placed(places):
    return lambda ids, tokens, positions, past: tokens[ids] + positions[places(ids.shape[1], past)]


POSITION = FindError(
    name="program 7.2",
    title="always at position 0",
    task="ids [B, N] of new tokens, tokens [V, D], positions [max, D], past: how many tokens the cache holds -> "
    "[B, N, D].",
    program=(
        "def embed(ids, tokens, positions, past):   # past: in the cache",
        "    places = torch.arange(ids.shape[1])",
        "    return tokens[ids] + positions[places]",
    ),
    line=2,
    found="the positions are counted from 0 in what goes in now. With a cache this is one token, at position 0 each "
    "time. Continue counting: `past + torch.arange(ids.shape[1])`.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        3: "it adds the vector of the token and that of its position.",
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
        "Five tokens are in the cache, and one comes in. What is its position, counted from 0?",
        "`torch.arange(ids.shape[1])` counts the new tokens from 0. From which number should it count?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _placed(lambda new, past: torch.arange(new)),
        "The positions are still counted from 0, whatever the cache holds.",
        _placed(lambda new, past: past),
        "Several tokens come in with a prompt, and each has a position of its own.",
        _placed(lambda new, past: past + 1 + torch.arange(new)),
        "One too far: after P tokens, counted from 0, the next is at P.",
        _placed(lambda new, past: (past - 1 + torch.arange(new)).clamp(min=0)),
        "One too few: the last token of the cache is at P − 1, the new one after it.",
        lambda ids, tokens, positions, past: tokens[ids],
        "The positions are missing: now no token knows where it is.",
        lambda ids, tokens, positions, past: tokens[ids] + positions[ids],
        "The positions are looked up by the *ids*.",
    ),
)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q [B, N, d] of N new tokens, k and v [B, P + N, d], those of the cache first -> output [B, N, d]."""
    return scaled_dot_product_attention(q, k, v, causal_mask(k.shape[1])[-q.shape[1] :])[0]


_chunk = named("q", "k", "v")


@variants
def _masked(q, k, v, *, diagonal=lambda past, new: past, scale=lambda d: d**0.5):
    """diagonal(P, N): how far to the right the triangle of a row goes."""
    may = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).tril(diagonal(k.shape[1] - q.shape[1], q.shape[1]))
    return ((q @ k.mT / scale(q.shape[-1])).masked_fill(~may, -torch.inf)).softmax(-1) @ v


CORNER = FindError(
    name="program 7.10",
    title="a mask in the wrong corner",
    task="q [B, N, d] of N new tokens, k and v [B, P + N, d], those of the cache first -> [B, N, d]. Each new token "
    "sees the cache, the new ones before it, and itself.",
    program=(
        "def attend(q, k, v):                       # k, v: cache first",
        "    may = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).tril()",
        "    scores = q @ k.mT / q.shape[-1] ** 0.5",
        '    scores = scores.masked_fill(~may, float("-inf"))',
        "    return torch.softmax(scores, dim=-1) @ v",
    ),
    line=2,
    found="the triangle begins in the upper left corner, so the first new token sees one key, the oldest in the cache. "
    "Its own key is at P, so the triangle belongs in the lower right corner: `.tril(P)`.",
    innocent={
        1: "it only names what comes in. Where in the text is row 0?",
        3: "these are the scaled dot products of each new token with all keys.",
        4: "it puts −∞ wherever a token may not attend.",
        5: "this is a softmax over the keys, and the mean of the values.",
    },
    reference=attend,
    cases=lambda: [
        _chunk(*drawn(1859, (1, 1, 2), (1, 3, 2), (1, 3, 2)), shown=True),
        _chunk(*drawn(1853, (2, 3, 2), (2, 3, 2), (2, 3, 2))),
        _chunk(*drawn(1856, (2, 2, 3), (2, 6, 3), (2, 6, 3))),
    ],
    returns=("output",),
    properties=(blind_to_later("k", "v"),),
    hints=(
        "Draw the mask for P = 2 and N = 1: one row, three columns. Which of them may the new token see?",
        "Row n is at position P + n of the text. So its triangle begins P further to the right.",
        "`tril` takes a number, how far to the right the triangle goes. P is how many keys more than queries there "
        "are. How do you get it from the shapes?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _masked(diagonal=lambda past, new: 0),
        "The triangle is still in the upper left corner.",
        _masked(diagonal=lambda past, new: 10**6),
        "There is no mask: of several new tokens, the first would see those after it.",
        _masked(diagonal=lambda past, new: new),
        "The triangle is moved by the number of new tokens. Move it by that of the cached ones, P = K − N.",
        _masked(diagonal=lambda past, new: past - 1),
        "One too few: no new token sees itself, and without a cache the first sees nothing.",
        _masked(diagonal=lambda past, new: past + 1),
        "One too many: each new token sees the one that comes after it.",
        _masked(scale=lambda d: 1),
        "The scale is missing: divide by √d.",
    ),
)


def products(n: int, cached: bool) -> int:
    """Scores q · k that one head computes in order to write n tokens, from the first one on: step t has t tokens."""
    return sum(t if cached else t * t for t in range(1, n + 1))


_long = named("n", "cached")


@variants
def _cost(n, cached, *, kept=lambda n: n * (n + 1) // 2, anew=lambda n: sum(t * t for t in range(1, n + 1))):
    return kept(n) if cached else anew(n)


LINEAR = FindError(
    name="claims 7.11",
    title="the cache makes it linear",
    task="n tokens are written, from the first one on; at step t there are t tokens, the new one among them. cached "
    "True: only the row of the new token is computed; False: all t rows of all t keys, and the mask comes afterwards "
    "-> how many scores q · k one head computes in all steps together, a whole number.",
    claims=True,
    program=(
        "Without a cache, step t computes t² scores, every token with every token.",
        "With it, step t computes t, the new token with all tokens so far.",
        "So with a cache the attention of each new token costs the same, and the cost of n tokens grows with n only.",
        "What has to be kept grows with each token, by two vectors for each layer.",
    ),
    line=3,
    found="step t still costs t, so n steps cost n(n + 1)/2: the cache brings n³ down to n². A token at the end of a "
    "long text costs more than one at its beginning.",
    innocent={
        1: "it does, because the mask comes afterwards.",
        2: "that is one row of the t.",
        4: "a key and a value are kept (all heads together), and this is what fills the memory of a GPU.",
    },
    reference=products,
    cases=lambda: [_long(3, True, shown=True), _long(3, False), _long(10, True), _long(7, False), _long(1, True)],
    returns=("scores",),
    hints=(
        "Write down the steps for n = 3: one score, then two. How many next?",
        "1 + 2 + … + n is n(n + 1)/2. Without a cache, squares are added.",
        "`sum(… for t in range(1, n + 1))` adds all steps. What does step t cost with a cache, and what without?",
    ),
    minutes=4,
    difficulty=2,
    wrong=wrong_answers(
        _cost(lambda n: n),
        "One score for each step, as the claim says. The new token meets t keys at step t.",
        _cost(lambda n: n * n),
        "You count n at each step. There are that many keys only at the end; at step t there are t.",
        _cost(lambda n: n * (n - 1) // 2),
        "The new token meets itself, too, so step 1 computes one score.",
        _cost(anew=lambda n: n * n),
        "Without the cache, n² is the last step alone; add up all of them.",
        _cost(anew=lambda n: sum(t * (t + 1) // 2 for t in range(1, n + 1))),
        "Without the cache you count the triangle only, but here the scores are masked *after* they are computed: t².",
        lambda n, cached: products(n, not cached),
        "It is the other way round: with a cache there is less to do.",
    ),
)
