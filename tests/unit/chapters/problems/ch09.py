"""A solution of chapter 9's problem. It stands here and nowhere else."""

from itertools import permutations


def steps_of(a, b):
    """The steps of a draft, each in all the ways in which it may be written."""
    carry, found = 0, []
    while True:
        a, x = divmod(a, 10)
        b, y = divmod(b, 10)
        total = x + y + carry
        orders = set(permutations((x, y, carry))) | (set() if carry else {(x, y), (y, x)})
        found.append({"+".join(map(str, order)) + f"={total}" for order in orders})
        carry = total // 10
        if not a and not b:
            return found


def check(a, b, text):
    result, steps = f"{a + b}\n", steps_of(a, b)
    if text == " " + result:
        return True
    begin, *words = text.split(" ", len(steps) + 2)
    if begin != "" or len(words) != len(steps) + 1:
        return False
    *written, last = words
    return last == result and all(one in ways for one, ways in zip(written, steps, strict=True))
