"""What chapter 2 leaves behind: `mine/attention.py`, with what was written in chapter 1."""

from chapters.ch01.keep import PARTS as POOLING
from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part

ABOUT = """Attention in plain PyTorch: pooling with a kernel, and a layer of self-attention.

    python -m mine.attention

    layer = SelfAttention(model_size=24, head_size=8, value_size=8)
    output, weights = layer(x, mask)  # [B, T, D], [B, 1, T] -> [B, T, dv], [B, T, T]

Sizes: B batch, T words, D features. A mask is boolean, True = may be attended.
Sources: Nadaraya 1964; Watson 1964; Vaswani et al. 2017."""

MAIN = '''def check():
    """Padding has no weight, no gradient is lost, and it is the attention of PyTorch."""
    x, there, _ = rooms(4)
    layer, mask = SelfAttention(24, 8, 8), there[:, None]
    output, weights = layer(x, mask)
    assert (weights[~mask.expand_as(weights)] == 0).all()
    q, k, v = layer.query(x), layer.key(x), layer.value(x)
    theirs = F.scaled_dot_product_attention(q, k, v, mask)
    assert torch.allclose(output, theirs, atol=1e-5)
    output.sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in layer.parameters())


def main():
    """In each room everybody needs what the one they look for carries."""
    torch.manual_seed(0)
    layer = SelfAttention(24, 8, 8)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
    for _ in range(400):
        x, there, needed = rooms(64)
        output, _ = layer(x, there[:, None])
        loss = (output - F.one_hot(needed, 8))[there].pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    x, there, needed = rooms(500)
    right = (layer(x, there[:, None])[0].argmax(-1) == needed)[there]
    print(f"{right.float().mean():.1%} of {len(right)} people get what they need.")'''

ATTENTION = "course_utils.attention"
EARLIER = ("gaussian_kernel", "attention_pooling", "masked_softmax")  # of chapter 1, what its reader wrote
PARTS = (
    *(part for part in POOLING if part.name in EARLIER),
    Part("scaled_dot_product_attention", ATTENTION, "scaled dot-product attention"),
    Part("SelfAttention", "course_utils.self_attention", "a self-attention layer"),
    Part("rooms", "course_utils.toy_tasks"),
)
FILE = KeptFile("attention", ABOUT, PARTS, main=MAIN)


def keep() -> None:
    """Write mine/attention.py from the cells above, test it, and say whose its functions are."""
    keeping.keep(FILE)
