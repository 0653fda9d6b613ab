"""What the annex's tables of the four tasks share, and how figures of several seeds are told."""

import statistics

from course_kit.i18n import t

SPLITS = {"valid": t("known words and patterns"), "test": t("new words and patterns")}
COUNTING_WORDS = {  # what counting words reaches, without order: data/stories/README.md
    "sentiment": {"valid": 0.69, "test": 0.56},
    "pairs": {"valid": 0.61, "test": 0.44},
    "entities": {"valid": 0.77, "test": 0.00},
    "questions": {"valid": 0.44, "test": 0.36},
}


def spread(found: dict) -> str:
    """A recorded mean with the lowest and the highest of its seeds, in %."""
    return t(
        "{found} ({found2} to {found3})",
        found=f"{100 * found['mean']:.1f}",
        found2=f"{100 * found['lowest']:.1f}",
        found3=f"{100 * found['highest']:.1f}",
    )


def over_seeds(values: list[float]) -> dict:
    """Mean, lowest and highest, and each."""
    return {"mean": round(statistics.fmean(values), 4), "lowest": round(min(values), 4),
            "highest": round(max(values), 4), "each": [round(x, 4) for x in values]}  # fmt: skip
