"""What chapter 5 leaves behind: `mine/transformer.py`."""

from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part

ABOUT = """A Transformer in plain PyTorch: it copies and reverses rows of digits after half a minute.

    python -m mine.transformer

    model = make_transformer(vocab=5000, target_vocab=6000, model_size=256, layers=4, heads=8)
    logits = model(source, target, source_mask)      # [B, S], [B, T], [B, S] -> [B, T, V]

Sizes: B batch, S source, T target, D features, H heads of d = D / H, V vocabulary. A mask is
boolean, True = may be attended. Source: Vaswani et al. 2017, with the norms first."""

MAIN = '''def check():
    """The future is hidden, padding never matters, and a step of training improves the loss."""
    torch.manual_seed(0)
    model = make_transformer(TOKENS, model_size=16, layers=2, heads=2)
    source, target = copy_or_reverse(4)
    logits, other = model(source, target), target.clone()
    other[:, 5:] = 0
    assert torch.allclose(model(source, other)[:, :5], logits[:, :5], atol=1e-5)
    real, padded = torch.arange(11) < 8, source.clone()
    padded[:, 8:] = 0
    mask = real.expand(4, 11)
    assert torch.allclose(model(padded, target, mask), model(source, target, mask), atol=1e-5)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = [train_step(model, optimiser, source, target) for _ in range(3)]
    assert losses[2] < losses[0]


def main(steps=400):
    """Train on rows of ten digits, then copy and reverse rows that were never seen."""
    torch.manual_seed(0)
    model = make_transformer(TOKENS, model_size=64, layers=2)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for step in range(steps):
        loss = train_step(model, optimiser, *copy_or_reverse(rows=64))
        falling.step()
        if step % 50 == 0:
            print(f"step {step:3}  loss {loss:.3f}")
    source, target = copy_or_reverse(500)
    right = (write(model, source, 10) == target).all(1)
    print(f"{right.float().mean():.1%} of 500 new rows are right to the last digit.")'''

ATTENTION, BLOCKS = "course_utils.attention", "course_utils.blocks"
POSITIONS, MODEL, TASKS = "course_utils.positions", "course_utils.transformer", "course_utils.toy_tasks"
FILE = KeptFile(
    "transformer",
    ABOUT,
    parts=(
        Part("causal_mask", ATTENTION),
        Part("masked_softmax", ATTENTION, "stable masked softmax"),
        Part("scaled_dot_product_attention", ATTENTION),
        Part("split_heads", ATTENTION, "split heads"),
        Part("join_heads", ATTENTION),
        Part("multi_head", ATTENTION, "attention in heads"),
        Part("MultiHeadAttention", ATTENTION),
        Part("PositionwiseFFN", BLOCKS),
        Part("add_norm", BLOCKS, "residual and norm"),
        Part("AddNorm", BLOCKS),
        Part("EncoderBlock", BLOCKS),
        Part("DecoderBlock", MODEL, "a decoder block"),
        Part("frequencies", POSITIONS),
        Part("sinusoidal_encoding", POSITIONS),
        Part("SinusoidalPositions", POSITIONS),
        Part("TransformerConfig", MODEL),
        Part("Transformer", MODEL),
        Part("make_transformer", MODEL),
        Part("copy_or_reverse", TASKS),
        Part("train_step", TASKS, "a training step"),
        Part("write", TASKS),
    ),
    values=("BEGIN, COPY, REVERSE, TOKENS = 10, 11, 12, 13  # token ids; 0 to 9 are the digits",),
    main=MAIN,
)


def keep() -> None:
    """Write mine/transformer.py from the cells above, test it, and say whose its functions are."""
    keeping.keep(FILE)
