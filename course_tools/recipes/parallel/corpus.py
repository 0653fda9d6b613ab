"""Writes the parallel corpus into data/parallel: `python -m course_tools.recipes.parallel.corpus`."""

import json

from course_utils.data import packed, parallel
from course_utils.data.parallel import SPLITS
from course_utils.support import files

from . import build

# a small corpus by the same rules, for tests
SAMPLE = {"train": 300, "valid": 20, "test": 20, "long": 10, "unseen": 20}
SAMPLE_TWINS = {"train": 20, "both": 4, "subject": 4, "object": 4}


def make():
    """Make the corpus again and write it with its manifest -> the manifest."""
    text = packed.to_text(build.build())
    content = packed.compress(text)
    splits = packed.from_text(text)
    manifest = {
        "seed": build.SEED,
        "sha256": packed.sha256(content),
        "sha256_text": packed.sha256(text),
        "sha256_sample": packed.sha256(sample()),
        "sentences": {name: len(splits[name]) for name in SPLITS},
    }
    files.write_atomically(parallel.folder() / parallel.FILE, content)
    files.write_atomically(parallel.folder() / parallel.MANIFEST, json.dumps(manifest, indent=2) + "\n")
    parallel.forget()
    return manifest


def sample():
    """The text of a small corpus made by the same rules as the large one: quick to make, so that tests can."""
    return packed.to_text(build.build(sizes=SAMPLE, twin_pairs=SAMPLE_TWINS))


if __name__ == "__main__":
    print(json.dumps(make(), indent=2))
