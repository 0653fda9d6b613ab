"""What chapter 4 leaves behind: `mine/positions.py`."""

from course_kit.mine import keeping
from course_kit.mine.keeping import KeptFile, Part

ABOUT = """Positions in plain PyTorch: sinusoidal and learned ones are added, rotary ones turn.

    python -m mine.positions

    x = SinusoidalPositions(max_length=50, model_size=64)(x)        # [B, T, D] -> [B, T, D]
    q, k = rotary(q, torch.arange(T)), rotary(k, torch.arange(T))   # [B, T, d], not the values

Sizes: B batch, T words, D features, even. Sources: Vaswani et al. 2017, section 3.5; Su et al. 2021."""

MAIN = '''def check():
    """A step is a rotation, a turn keeps lengths, and only the distance counts."""
    P, R = sinusoidal_encoding(9, 8), shift_matrix(3, 8).float()
    assert torch.allclose(P[:-3].float() @ R.T, P[3:].float(), atol=1e-5)
    q, k = torch.randn(2, 1, 8)
    near, far = (
        rotary(q, torch.tensor([i])) @ rotary(k, torch.tensor([i - 2])).T for i in (7, 47)
    )
    assert torch.allclose(near.float(), far.float(), atol=1e-3)
    x = torch.randn(2, 70, 8)
    assert SinusoidalPositions(50, 8)(x).shape == LearnedPositions(70, 8)(x).shape == x.shape


class Reader(nn.Module):
    """Letters, one attention, and the letter two positions back; kind: how it knows the order."""

    def __init__(self, kind, size=32):
        super().__init__()
        added = {"sinusoidal": SinusoidalPositions, "learned": LearnedPositions}
        self.kind, self.embedding = kind, nn.Embedding(10, size)
        self.positions = added[kind](40, size) if kind in added else nn.Identity()
        self.q, self.k, self.v = (nn.Linear(size, size) for _ in range(3))
        self.output = nn.Linear(size, 10)

    def forward(self, ids):
        x = self.positions(self.embedding(ids))  # [B, T, D]
        q, k = self.q(x), self.k(x)
        if self.kind == "rotary":
            places = torch.arange(ids.shape[1])
            q = torch.stack([rotary(one, places) for one in q]).float()
            k = torch.stack([rotary(one, places) for one in k]).float()
        weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return self.output(weights @ self.v(x))


def main(steps=300):
    """Trained on 20 letters: right at 20 letters, and from position 20 on in texts of 40."""
    for kind in ("none", "learned", "sinusoidal", "rotary"):
        torch.manual_seed(0)
        model = Reader(kind)
        optimiser = torch.optim.Adam(model.parameters(), lr=6e-3)
        falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
        for _ in range(steps):
            ids = torch.randint(10, (16, 20))
            loss = F.cross_entropy(model(ids)[:, 2:].transpose(1, 2), ids[:, :-2])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            falling.step()
        found = []
        for length, first in ((20, 2), (40, 20)):
            ids = torch.randint(10, (100, length))
            right = model(ids)[:, first:].argmax(-1) == ids[:, first - 2 : -2]
            found.append(f"{right.float().mean():4.0%}")
        print(f"{kind:11} 20 letters {found[0]}, beyond {found[1]}")'''

HERE = "course_utils.positions"
FILE = KeptFile(
    "positions",
    ABOUT,
    parts=(
        Part("frequencies", HERE),
        Part("sinusoidal_encoding", HERE, "sinusoidal encoding"),
        Part("SinusoidalPositions", HERE),
        Part("LearnedPositions", HERE),
        Part("shift_matrix", HERE, "shift matrix"),
        Part("rotary", "course_utils.rotary", "rotary"),
    ),
    main=MAIN,
)


def keep() -> None:
    """Write mine/positions.py from the cells above, test it, and say whose its functions are."""
    keeping.keep(FILE)
