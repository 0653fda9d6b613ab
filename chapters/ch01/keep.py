"""What chapter 1 leaves behind: `mine/attention.py`, which chapter 2 goes on with."""

from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part

ABOUT = """Attention pooling in plain PyTorch: a query chooses the weights of an average.

    python -m mine.attention

    estimate, weights = attention_pooling(queries, keys, values, width=0.5)  # [Q], [Q, K]

Sizes: Q queries, K keys. A mask is boolean, True = may be attended.
Sources: Nadaraya 1964; Watson 1964; Bahdanau, Cho & Bengio 2015."""

MAIN = '''def check():
    """The ratio of kernels is a softmax, a hidden key has no weight, a width can be trained."""
    keys, values = torch.linspace(0, 3, 7), torch.linspace(0, 3, 7).sin()
    ratio = nadaraya_watson(keys + 0.1, keys, values, gaussian_kernel)[0]
    assert torch.allclose(ratio, attention_pooling(keys + 0.1, keys, values)[0], atol=1e-5)
    others = leave_one_out_mask(7)
    model = NadarayaWatson(width=1.0)
    estimate, weights = model(keys, keys, values, others)
    assert (weights[~others] == 0).all() and torch.allclose(weights.sum(-1), torch.ones(7))
    (estimate - values).pow(2).mean().backward()
    assert model.log_width.grad.abs() > 0


def main():
    """Fifty noisy readings of a wave: which width guesses those best that it does not see?"""
    torch.manual_seed(0)
    keys = 6.3 * torch.rand(50)
    values = keys.sin() + 0.2 * torch.randn(50)
    model, others = NadarayaWatson(width=2.0), leave_one_out_mask(50)
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(100):
        loss = (model(keys, keys, values, others)[0] - values).pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print(f"width {model.log_width.exp():.2f}, loss {loss:.3f}")'''

KERNELS = "course_utils.kernels"
PARTS = (
    Part("gaussian_kernel", KERNELS, "gaussian kernel"),
    Part("boxcar_kernel", KERNELS),
    Part("epanechnikov_kernel", KERNELS),
    Part("nadaraya_watson", KERNELS),
    Part("attention_pooling", KERNELS, "attention pooling"),
    Part("leave_one_out_mask", KERNELS),
    Part("masked_softmax", "course_utils.attention", "stable masked softmax"),
    Part("NadarayaWatson", KERNELS),
)
FILE = KeptFile("attention", ABOUT, PARTS, main=MAIN)


def keep() -> None:
    """Write mine/attention.py from the cells above, test it, and say whose its functions are."""
    keeping.keep(FILE)
