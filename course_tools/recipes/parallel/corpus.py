"""Writes the parallel corpus into data/parallel: `python -m course_tools.recipes.parallel.corpus`."""

import json

from course_kit import files
from course_kit.data import packed, parallel
from course_kit.data.parallel import SPLITS

from ..packing import compress, sha256
from . import build

# a small corpus by the same rules, for tests
SAMPLE = {"train": 300, "valid": 20, "test": 20, "long": 10, "unseen": 20}
SAMPLE_TWINS = {"train": 20, "both": 4, "subject": 4, "object": 4}


def encode(links):
    """Source words of each target word -> the text that `packed.decode` reads."""
    parts = []
    for found in links:
        digits = "".join(packed.DIGITS[i] for i in found)
        parts.append(digits if len(digits) == 1 else f"({digits})" if digits else "-")
    return "".join(parts)


def to_text(splits):
    """{split: list of Said} -> the columns that `packed.from_text` reads, sorted by line so that they compress well."""
    lines = []
    for split, sentences in splits.items():
        for said in sentences:
            twin = "|".join(map(str, said.twin)) if said.twin else ""
            links = [encode(x) for x in (said.links_fr, said.links_zh, said.possible_fr, said.possible_zh)]
            lines.append((split, said.kind, str(said.clauses), *said.texts, *links, twin))
    lines.sort()
    return packed.FIELD.join("\n".join(column) for column in zip(*lines, strict=True))


def make():
    """Make the corpus again and write it with its manifest -> the manifest."""
    text = to_text(build.build())
    content = compress(text)
    splits = packed.from_text(text)
    manifest = {
        "seed": build.SEED,
        "sha256": sha256(content),
        "sha256_text": sha256(text),
        "sha256_sample": sha256(sample()),
        "sentences": {name: len(splits[name]) for name in SPLITS},
    }
    folder = files.course_folder() / parallel.FOLDER
    files.write_atomically(folder / parallel.FILE, content)
    files.write_atomically(folder / packed.MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return manifest


def sample():
    """The text of a small corpus made by the same rules as the large one: quick to make, so that tests can."""
    return to_text(build.build(sizes=SAMPLE, twin_pairs=SAMPLE_TWINS))


if __name__ == "__main__":
    print(json.dumps(make(), indent=2))
