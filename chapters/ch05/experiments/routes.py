"""Which routes other models of the same class take: the lesson's translator, trained as on its page with three seeds,
and the lesson's cuts in each.

`course results transformer_routes` records it.
"""

from collections.abc import Sequence

from chapters.ch03.lesson import Lesson, loss
from chapters.ch05.experiments.heads import CONNECTIONS, ablations
from course_kit.contexts import seeded
from course_kit.text import Batches
from course_kit.training import fit, warm_then_fall
from course_utils.transformer import Transformer, TransformerConfig

TIRED = "The animal didn't cross the street because it was too tired."
OFTEN = 5  # times that a twin comes in a pass through the training sentences


def rich_in_twins(lesson: Lesson) -> Batches:
    """The training sentences in batches, twins OFTEN times."""
    twins = [example for example in lesson.examples("train") if example.twin]
    ids = [(lesson.source.encode(twin.source), lesson.target.encode(twin.target)) for twin in twins]
    return Batches(lesson.batches.pairs + (OFTEN - 1) * ids, tokens=1000)


def record_routes(steps: int = 600, seeds: Sequence[int] = (0, 1, 2), sentences: int = 200) -> dict:
    """The figures behind data/results/transformer_routes.json: of each model BLEU, what it makes of the sentence and
    its twin, and the right pronouns of held-out twins, in %, with each cut."""
    lesson, models = Lesson("en-fr"), []
    for seed in seeds:
        with seeded(seed):
            model = Transformer(TransformerConfig(len(lesson.source), len(lesson.target)))
        settings = {"lr": 3e-3, "clip": 1.0, "schedule": warm_then_fall(steps), "seed": seed, "show": False}
        fit(model, rich_in_twins(lesson), loss, steps=steps, **settings)
        cuts = ablations(lesson.loaded(model), CONNECTIONS, what="cut")
        models.append({
            "BLEU": round(lesson.bleu(model, count=sentences), 1),
            "writes": [one.text for one in lesson.translate(model, [TIRED, TIRED.replace("tired", "wide")])],
            "right": [row["sentences, %"] for row in cuts],
        })  # fmt: skip
    return {"steps": steps, "seeds": list(seeds), "sentences": sentences, "cuts": list(CONNECTIONS), "models": models}
