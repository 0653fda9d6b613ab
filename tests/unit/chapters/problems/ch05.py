"""A solution of chapter 5's problem. It stands here and nowhere else."""

import torch


def diagnose(model):
    model.eval()
    draw = torch.Generator().manual_seed(0)
    source, target = torch.randint(0, 20, (2, 3, 8), generator=draw)
    mask = torch.ones(3, 8, dtype=torch.bool)

    def run(source=source, target=target, mask=mask):
        torch.manual_seed(1)  # what drops drops alike
        return model(source, target, mask)

    def differ(a, b):
        return bool((a - b).abs().max() > 1e-4)

    first, found = run(), set()
    torch.manual_seed(2)
    drops = differ(first, model(source, target, mask))
    later = target.clone()
    later[:, 5:] = (later[:, 5:] + 1) % 20
    short = mask.clone()
    short[:, 5:] = False
    padded = source.clone()
    padded[:, 5:] = (padded[:, 5:] + 1) % 20
    other = target.clone()
    other[1:] = (other[1:] + 1) % 20
    same = run(target=torch.full_like(target, 3))
    reads = differ(first, run(source=(source + 1) % 20))
    found |= {"dropout"} if drops else set()
    found |= {"future"} if differ(first[:, :5], run(target=later)[:, :5]) else set()
    found |= {"padding"} if differ(run(mask=short), run(padded, mask=short)) else set()
    found |= set() if reads else {"no source"}
    found |= {"source order"} if reads and not differ(first, run(source=source.flip(1))) else set()
    found |= set() if differ(same[:, 1:], same[:, :-1]) else {"target order"}
    found |= {"rows mix"} if differ(first[0], run(target=other)[0]) else set()
    return found
