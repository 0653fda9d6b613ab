"""What chapter 3 leaves behind: `mine/seq2seq.py`."""

from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part

ABOUT = """Two translators in plain PyTorch that differ in one method: does the decoder look back?

    python -m mine.seq2seq

    model = Translator(Encoder(vocab=5000, size=128), AttentiveDecoder(vocab=6000, size=128))
    logits, weights = model(source, target, mask)  # [B, S], [B, T], [B, S] -> [B, T, V], [B, T, S]

Sizes: B batch, S source, T target, D features, V vocabulary. A mask is boolean, True = a real word.
Sources: Cho et al. 2014; Bahdanau, Cho & Bengio 2015; Luong et al. 2015."""

MAIN = '''def check():
    """Padding is never read, no word sees a later one, and no gradient is lost."""
    torch.manual_seed(0)
    for kind in (Decoder, AttentiveDecoder):
        model = Translator(Encoder(11, 16), kind(11, 16))
        source, reads, target, mask = backwards(4, length=6)
        padded = torch.cat([source, torch.zeros(4, 2, dtype=torch.long)], 1)
        hidden = torch.arange(8).expand(4, 8) < 6
        logits = model(source, reads, mask)[0]
        assert torch.allclose(model(padded, reads, hidden)[0], logits, atol=1e-5)
        other = torch.cat([reads[:, :3], reads[:, 3:].flip(1)], 1)
        assert torch.allclose(model(source, other, mask)[0][:, :3], logits[:, :3], atol=1e-5)
        masked_loss(logits, target, mask).backward()
        assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def backwards(rows, length):
    """Rows of digits, and the same digits backwards: source, reads, target, mask, each [B, T]."""
    source = torch.randint(10, (rows, length))
    target = source.flip(1)
    reads = torch.cat([torch.full((rows, 1), BEGIN), target[:, :-1]], 1)
    return source, reads, target, torch.ones_like(source, dtype=torch.bool)


def train(model, steps=600):
    """Teacher forcing, on rows of 4 to 16 digits."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for step in range(steps):
        source, reads, target, mask = backwards(64, length=4 + step % 13)
        loss = masked_loss(model(source, reads, mask)[0], target, mask)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        falling.step()


@torch.no_grad()
def right_at(model, length, rows=300):
    """Written word by word: the share of rows that are right to the last digit."""
    source, reads, target, mask = backwards(rows, length)
    reads = reads[:, :1]
    for _ in range(length):
        best = model(source, reads, mask)[0][:, -1:].argmax(-1)
        reads = torch.cat([reads, best], 1)
    return (reads[:, 1:] == target).all(1).float().mean().item()


def main():
    """Rows of digits, written backwards, without attention and with it."""
    for kind in (Decoder, AttentiveDecoder):
        torch.manual_seed(0)
        model = Translator(Encoder(11, 64), kind(11, 64))
        train(model)
        shares = [right_at(model, length) for length in range(4, 17)]
        print(f"{kind.__name__:16} {sum(shares) / 13:.1%} of rows with 4 to 16 digits are right.")'''

HERE = "course_utils.translator"
FILE = KeptFile(
    "seq2seq",
    ABOUT,
    parts=(
        Part("masked_softmax", "course_utils.attention", "stable masked softmax"),
        Part("look_back", HERE, "additive attention step"),
        Part("Encoder", HERE),
        Part("Decoder", HERE),
        Part("AttentiveDecoder", HERE),
        Part("Translator", HERE),
        Part("masked_loss", "course_utils.loss", "masked loss"),
    ),
    values=("BEGIN = 10  # the tokens 0 to 9 are digits",),
    main=MAIN,
)


def keep() -> None:
    """Write mine/seq2seq.py from the cells above, test it, and say whose its functions are."""
    keeping.keep(FILE)
