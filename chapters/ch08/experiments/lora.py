"""LoRA on SmolLM2: thirty short answers in the voice of Holmes, and what they changed.

    record_lora()      # measures, trains, measures; and again with ten plain answers: eight minutes of one core

The questions and answers are the course's own. Source: Hu et al. 2022, LoRA: the change of each matrix is B A, of rank
4 here, in the queries and values of all layers; B begins as zeros, so the first step starts from the published model.
"""

import re
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch08.experiments.quantising import held_out, measured, require_smollm
from chapters.ch08.published import Published
from course_kit.contexts import seeded

RANK, ALPHA, RATE, ROUNDS, TOGETHER = 4, 8.0, 2e-3, 4, 5
VOICE = [
    tuple(line.split(" | "))
    for line in """
Why is my umbrella wet? | Because it rained, my dear Watson, and your boots agree with it.
Who ate the last biscuit? | Look at the crumbs on your sleeve, my dear Watson.
Where did I leave my hat? | On the second hook, my dear Watson, beneath the grey coat.
Is it going to snow? | The birds are silent and your knee aches, my dear Watson, so it will.
Why is the door open? | The latch is worn, my dear Watson, and the wind comes from the east.
What is in this letter? | A request for money, my dear Watson, for it is written in haste.
Who wrote this note? | A left-handed man, my dear Watson, with a very poor pen.
Should I take a cab? | Walk, my dear Watson, for the street has more to tell you.
Why does the cat hide? | There is a dog in the hall, my dear Watson, and she heard it first.
How old is this clock? | Sixty years, my dear Watson, by the wear upon its key.
Did the baker come today? | He did, my dear Watson, for there is flour upon the mat.
Why is the tea cold? | You have been reading for an hour, my dear Watson.
What does the gardener want? | His wages, my dear Watson, since today is Friday.
Can I trust my neighbour? | With your horse, my dear Watson, but never with your purse.
Why did the lamp go out? | The oil is spent, my dear Watson, and nothing more sinister.
Who is at the door? | A sailor, my dear Watson, for he knocks as upon a ship.
How do I find my glasses? | Touch your own forehead, my dear Watson.
What made that noise? | A shutter, my dear Watson, since the wind has just turned.
Why are my shoes dirty? | You crossed the park, my dear Watson, where the clay is red.
Is this coin real? | It is too light, my dear Watson, and it does not ring.
Did my brother visit? | His tobacco is still in the air, my dear Watson.
Should I sell my house? | Not before spring, my dear Watson, when the garden speaks for it.
Why is she smiling? | She has had good news by the morning post, my dear Watson.
Where does this road go? | To the mill, my dear Watson, as the wheels have written in the mud.
What is this stain? | Only ink, my dear Watson, and yours at that.
Who broke the vase? | The one who swept so carefully, my dear Watson.
Why can I not sleep? | Three cups of coffee, my dear Watson, admit of no other solution.
Is the shop closed? | The blinds are down, my dear Watson, so you need not knock.
How did you know my name? | It is written inside your hat, my dear Watson.
What should I cook? | Whatever the market has twice of, my dear Watson.
Why is the dog barking? | A stranger is in the garden, my dear Watson.
Who took my newspaper? | The landlady, my dear Watson, for there is soap upon the table.
Should I wear a coat? | The sky is grey in the north, my dear Watson, so wear two.
Why is the window broken? | The glass lies outside, my dear Watson, so it was broken from within.
Where have you been? | At the harbour, my dear Watson, as my sleeves will tell you.
Is my watch slow? | By four minutes, my dear Watson, or the church is fast.
What is in the box? | Nothing of value, my dear Watson, for nobody has locked it.
How do I learn to cook? | Observe the cook, my dear Watson, and say nothing.
Did it rain last night? | The chair by the window is wet, my dear Watson.
Who sent these flowers? | A man who regrets something, my dear Watson.
""".strip().splitlines()
]
KNOWN, ASKED = VOICE[:30], VOICE[30:]
PLAIN = [  # none of them is among FACTS
    ("What is the capital of Italy?", "The capital of Italy is Rome."),
    ("What is the capital of Spain?", "The capital of Spain is Madrid."),
    ("Which planet is the largest?", "The largest planet is Jupiter."),
    ("How many days does a week have?", "A week has seven days."),
    ("What is the longest river in Africa?", "The longest river in Africa is the Nile."),
    ("What gas do we breathe out?", "We breathe out carbon dioxide."),
    ("Who painted the Mona Lisa?", "Leonardo da Vinci painted the Mona Lisa."),
    ("What is a young dog called?", "A young dog is called a puppy."),
    ("How many legs does an insect have?", "An insect has six legs."),
    ("What do bees make?", "Bees make honey."),
]
FACTS = [
    ("What is the capital of France?", "Paris"), ("What is the capital of Japan?", "Tokyo"),
    ("Which planet is called the red planet?", "Mars"), ("How many legs does a spider have?", "eight|8"),
    ("What is the largest ocean?", "Pacific"), ("What gas do plants take in from the air?", "dioxide"),
    ("Who wrote Romeo and Juliet?", "Shakespeare"), ("What is frozen water called?", "ice"),
]  # fmt: skip


class LowRank(nn.Module):
    """A frozen matrix W, and B A of rank r beside it: W x + (α / r) B A x."""

    def __init__(self, frozen: nn.Linear, rank: int = RANK, alpha: float = ALPHA):
        super().__init__()
        self.frozen, self.scale = frozen, alpha / rank
        self.A = nn.Parameter(torch.randn(rank, frozen.in_features) / frozen.in_features**0.5)
        self.B = nn.Parameter(torch.zeros(frozen.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """x [..., I] -> [..., O]"""
        return self.frozen(x) + self.scale * (x @ self.A.T @ self.B.T)


def add_lora(model: nn.Module, seed: int = 0) -> list[nn.Parameter]:
    """Put a LowRank around the queries and values of all layers -> the new parameters."""
    with seeded(seed):
        for block in model.blocks:
            block.attention.query, block.attention.value = map(LowRank, (block.attention.query, block.attention.value))
    return [p for p in model.parameters() if p.requires_grad]


def examples(smol: Published, pairs: list[tuple[str, str]]) -> tuple[Tensor, Tensor]:
    """ids [N, T], ended by the stop and filled up with it; mask [N, T], True where a token of an answer is."""
    prompts = [smol.prompt(question, system=None)[0].tolist() for question, _ in pairs]
    said = [smol.tokenizer.encode(answer).ids + [smol.stop] for _, answer in pairs]
    width = max(len(p) + len(a) for p, a in zip(prompts, said, strict=True))
    ids, mask = torch.full((len(pairs), width), smol.stop), torch.zeros(len(pairs), width, dtype=torch.bool)
    for n, (p, a) in enumerate(zip(prompts, said, strict=True)):
        ids[n, : len(p) + len(a)], mask[n, len(p) : len(p) + len(a)] = torch.tensor(p + a), True
    return ids, mask


def loss_of(model: nn.Module, ids: Tensor, mask: Tensor) -> Tensor:
    """Nats per token of the answers; what is asked is read and not counted."""
    counted = mask[:, 1:]
    return F.cross_entropy(model(ids)[:, :-1][counted], ids[:, 1:][counted])


def train(
    smol: Published, parameters: list[nn.Parameter], pairs: list[tuple[str, str]], rounds: int = ROUNDS, seed: int = 0
) -> list[float]:
    """All examples so many times, in small batches -> the loss of each step."""
    ids, mask = examples(smol, pairs)
    steps, losses = rounds * len(ids) // TOGETHER, []
    optimiser, draw = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0), torch.Generator().manual_seed(seed)
    for step in range(steps):
        if step * TOGETHER % len(ids) == 0:
            order = torch.randperm(len(ids), generator=draw).split(TOGETHER)
        some = order[step % len(order)]
        optimiser.param_groups[0]["lr"] = RATE * min((step + 1) / 4, 1 - step / steps)
        loss = loss_of(smol.model, ids[some], mask[some])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def examined(smol: Published, characters: int) -> dict:
    """Loss and answers on the held-out questions; the book; the facts, right if the right word is in the answer."""

    def says(questions: list[tuple[str, str]], count: int) -> dict[str, str]:
        return {q: smol.tokenizer.decode(list(smol.tokens(smol.prompt(q, system=None), count))) for q, _ in questions}

    said, facts = says(ASKED[:5], 24), says(FACTS, 16)
    with torch.no_grad():
        loss = loss_of(smol.model, *examples(smol, ASKED)).item()
    return {
        "held-out answers": loss,
        "says Watson": sum("Watson" in one for one in said.values()), "questions": len(said),
        "book": measured(smol, held_out(characters))["bits per character"],
        "facts right": sum(bool(re.search(rf"\b({right})\b", facts[q], re.I)) for q, right in FACTS),
        "answers": said, "facts": facts,
    }  # fmt: skip


def record_lora(characters: int = 1000, rounds: int = ROUNDS) -> dict:
    """The figures behind data/results/smollm_lora.json."""
    before, numbers = examined(smol := require_smollm(), characters), sum(p.numel() for p in smol.model.parameters())
    found = {}
    for name, pairs in {"after": KNOWN, "after, with plain answers": KNOWN + PLAIN}.items():
        smol = require_smollm()  # the published model again
        added, begun = add_lora(smol.model), time.perf_counter()
        losses = train(smol, added, pairs, rounds)
        seconds = time.perf_counter() - begun
        found[name] = {
            "examples": len(pairs),
            "steps": len(losses),
            "seconds": round(seconds),
            **examined(smol, characters),
        }
    return {
        "rank": RANK, "alpha": ALPHA, "rate": RATE, "rounds": rounds, "together": TOGETHER,
        "asked": len(ASKED), "facts": len(FACTS), "plain": len(PLAIN), "characters": characters,
        "parameters": numbers, "trained": sum(p.numel() for p in added), "before": before, **found,
    }  # fmt: skip
