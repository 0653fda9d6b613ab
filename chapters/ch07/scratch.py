"""A GPT and its tokenizer from an empty file."""

from typing import Any

from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Either, Model, Track

PARTS = """
masked_softmax
split_heads
join_heads: the way back from split_heads
causal_mask: True where the key is not later than the query
CausalAttention: out(softmax(Q Kᵀ / √d) V) in each head, under the causal mask
add_norm
CausalBlock: x + dropout(attention(norm1(x))), then x + dropout(ffn(norm2(x))); GELU as tanh, 4 times as wide
GPT*: token + position; the blocks; norm; times the table of the tokens, transposed
inputs_and_targets
next_token_loss: the mean of −ln p of each next token; −100 costs nothing
training_step*: loss, zero_grad, backward, gradients cut at a norm of 1, a step of each optimiser; the loss before
with_temperature
nucleus
write*: the last `context` tokens, the logits of the last, draw, append
words_of: a word with the blank before it, signs, other blanks of a row as one; each byte is one character
joined: from left to right, each pair once
merge_once
learn_merges: merge_once, until there are enough
Tokenizer*: the merges in order; 256 bytes come first, then a number for each merge
"""
TEXT = "low low low lowest newest 猫 猫\n the newest, the lowest"


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    ids = integers(13, 2, 7, seed=2)
    cut = ids.clone()
    cut[1, 4:] = -100
    return {
        **{"x": some_numbers(2, 5, 8, seed=1), "size": 8, "heads": 2, "dropout": 0.5, "vocab": 13, "layers": 2},
        **{"context": 8, "causal_mask.size": 4, "join_heads.x": some_numbers(2, 2, 3, 4, seed=0), "ids": ids},
        **{"model": Model("GPT"), "next_token_loss.ids": Either([ids, cut]), "optimisers": None},
        **{"write.ids": integers(13, 40, 3, seed=4), "write.count": 9, "temperature": 0.0, "top_p": Either([1.0, 0.5])},
        **{"text": Either([TEXT, "lower \n 🙂", "a"]), "learn_merges.text": TEXT, "learn_merges.count": 6},
        **{"word": tuple("banana"), "pair": ("a", "n"), "merges": c.learn_merges(TEXT, 8)},
    }


def cut_and_joined(tokenizer, names, text):
    """A text as numbers, and the text again."""
    numbers = list(tokenizer.encode(text))
    return f"{numbers} {tokenizer.decode(numbers)}"


HAVE = "a GPT, and the tokenizer that cuts its text"
TRACKS = {
    "gpt": Track(
        *(7, "gpt", PARTS, pool, 240, HAVE),
        **{"bar": 90, "calls": {"Tokenizer": cut_and_joined}, "causal": ("ids", "x"), "more": ("tokenizer",)},
        note="`cache` and `caches` may stay None here: they are a part of llama.",
        given=("PADDING", "optimisers_of", "copying"),
    )
}
