"""From one attention head to a GPT, one change at a time: what each part is worth on the stories.

    model = Ladder(vocab, **SIZES, residual=True, ffn=True)
`course results gpt_ladder` records it: every rung with equal steps and batches.
"""

from chapters.ch07 import optimizers
from chapters.ch07.experiments.in_class import Ladder
from chapters.ch07.language import TextLesson, load_text
from course_kit.contexts import seeded
from course_kit.fused import fuse
from course_kit.text import BytePairs

RATES = (2e-3, 5e-3, 1e-2, 2e-2, 4e-2)
SIZES = {"size": 128, "layers": 1, "heads": 1, "context": 64}
CHANGES = {  # each rung adds its settings to those of the rungs before
    "one head": {},
    "+ residual connection": {"residual": True},
    "+ feed-forward network": {"ffn": True},
    "+ layer norms": {"norms": True},
    "+ four heads instead of one": {"heads": 4},
    "+ second block": {"layers": 2},
}


def rung(lesson: TextLesson, name: str, seed: int = 0) -> Ladder:
    """A fresh model with all changes up to this one. The global random state is left alone."""
    settings: dict = {}
    for added, change in CHANGES.items():
        settings |= change
        if added == name:
            break
    sizes = SIZES | {size: settings.pop(size) for size in SIZES if size in settings}
    with seeded(seed):
        return fuse(Ladder(len(lesson.tokenizer), **sizes, **settings)).to(lesson.device)


def record_ladder(steps: int = 400, longer=(300, 500, 1500, 3000), seeds: int = 3) -> dict:
    """Held-out nats per token of each rung, and of one head and one block with other numbers of steps; for
    data/results/gpt_ladder.json.

    The learning rate of a rung is the best of RATES, on the same held-out text with a seed that is not recorded.
    """
    tales = load_text("stories")
    lesson = TextLesson(tales, BytePairs.build([tales.train], max_size=4 + 256 + 600), block=SIZES["context"])

    def trained(name: str, count: int, rate: float, seed: int) -> float:
        model = rung(lesson, name, seed)
        lesson.train(model, count, seed, lr=rate, evaluate=None, optimizer=optimizers.maker("muon", model))
        return round(lesson.valid_loss(model), 4)

    figures = {"steps": steps, "seeds": seeds, "rates tried": list(RATES), "pieces": len(lesson.tokenizer),
               "bigram": round(lesson.bigram_loss(), 4), "rungs": {}}  # fmt: skip
    for name in CHANGES:
        tried = {rate: trained(name, steps, rate, seed=99) for rate in RATES}
        rate = min(tried, key=tried.__getitem__)
        figures["rungs"][name] = {
            "parameters": sum(p.numel() for p in rung(lesson, name).parameters()), "tried": tried, "lr": rate,
            "each": [trained(name, steps, rate, seed) for seed in range(seeds)],
        }  # fmt: skip
    figures["longer"] = {
        name: {str(count): [trained(name, count, figures["rungs"][name]["lr"], seed) for seed in range(seeds)]
               for count in longer}
        for name in ("one head", "+ four heads instead of one")
    }  # fmt: skip
    return figures
