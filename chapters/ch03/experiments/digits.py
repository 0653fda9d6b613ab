"""What one vector costs: rows of digits, written backwards.

`course results seq2seq` records what takes longer than a lesson in data/results/.
"""

import torch
import torch.nn.functional as F
from torch import nn

from course_kit.contexts import seeded
from course_utils.seq2seq import AttentiveDecoder, Decoder, Encoder, Translator

DIGITS = 4, 6, 8, 10, 12, 14, 16, 20  # in a row that is measured
VECTORS = (  # with attention?, numbers in each state and so in c, steps, learning rate, seeds
    (False, 64, 600, 0.01, 3),
    (False, 256, 600, 0.001, 2),
    (False, 64, 6000, 0.005, 2),
    (True, 64, 600, 0.01, 3),
)  # where several rates were tried, that with the most rows of 10 digits right at seed 0


def backwards(rows, length):
    """Rows of digits to be written backwards: source, what the decoder reads, target,
    mask, all [rows, length]."""
    source = torch.randint(10, (rows, length))
    target = source.flip(1)
    begin = torch.full((rows, 1), 10)  # the tokens 0 to 9 are digits
    reads = torch.cat([begin, target[:, :-1]], 1)
    return source, reads, target, torch.ones_like(source, dtype=torch.bool)


def train(model, steps=600, lr=1e-2):
    """64 rows of 4 to 16 digits a step, Adam, a learning rate that falls to 0."""
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for step in range(steps):
        source, reads, target, mask = backwards(64, length=4 + step % 13)
        loss = F.cross_entropy(model(source, reads, mask)[0].transpose(1, 2), target)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        falling.step()
        if step % 200 == 199:
            print(f"step {step + 1}: loss {loss.item():.2f}")


@torch.no_grad()
def right_at(model, length, rows=300):
    """Share of new rows that are right to the last digit, each word the likeliest."""
    source, reads, target, mask = backwards(rows, length)
    reads = reads[:, :1]  # only `<bos>` is given
    for _ in range(length):
        best = model(source, reads, mask)[0][:, -1:].argmax(-1)
        reads = torch.cat([reads, best], 1)
    return (reads[:, 1:] == target).all(1).float().mean().item()


def record_digits() -> dict:
    """What c costs: rows written backwards by lesson 3's translators of two sizes, after 600 and 6,000 steps.

    rows: of VECTORS, each with `right`: for each seed the % of rows right, by the digits of DIGITS.
    """
    rows = []
    for attention, size, steps, lr, seeds in VECTORS:
        right = []
        for seed in range(seeds):
            with seeded(seed):
                decoder = AttentiveDecoder if attention else Decoder
                model = Translator(Encoder(11, size), decoder(11, size))
                train(model, steps, lr)
                right.append([round(100 * right_at(model, length), 1) for length in DIGITS])
        rows.append({"attention": attention, "size": size, "steps": steps, "lr": lr, "right": right})
    return {"seeds": list(range(max(seeds for *_, seeds in VECTORS))), "digits": list(DIGITS), "rows": rows}
