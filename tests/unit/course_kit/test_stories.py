"""Our stories and labelled sets as they are read: splits, labels, answers in their place, names that there are not."""

import itertools
import json
from collections import Counter

import pytest

from course_kit import files
from course_kit.data import stories

FOLDER = files.course_folder() / "data" / "stories"


@pytest.fixture(scope="module")
def sets():
    return {name: {split: stories.load(name, split) for split in stories.SPLITS} for name in stories.KINDS}


def test_sizes_are_those_of_the_manifest_and_no_example_occurs_twice(sets):
    manifest = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    for name, splits in sets.items():
        assert {split: len(records) for split, records in splits.items()} == manifest["examples"][name]
        records = [record[:2] for record in itertools.chain(*splits.values())]
        assert len(set(records)) == len(records), name


def test_labels_are_balanced_and_tags_well_formed(sets):
    for split in stories.SPLITS:
        for name in ("sentiment", "pairs"):
            counts = Counter(record.label for record in sets[name][split])
            assert set(counts) == set(stories.LABELS[name])
            assert max(counts.values()) - min(counts.values()) <= 1
        for record in sets["entities"][split]:
            assert len(record.words) == len(record.tags)
            for before, tag in zip(("O", *record.tags), record.tags, strict=False):
                assert tag in stories.LABELS["entities"]
                assert not tag.startswith("I-") or before[2:] == tag[2:], record


def test_answers_stand_in_their_context(sets):
    for record in itertools.chain(*sets["questions"].values()):
        assert (record.answer == "") == (record.start == -1)
        assert record.context[record.start :][: len(record.answer)] == record.answer


def test_names_that_there_are_not():
    with pytest.raises(ValueError, match="name"):
        stories.load("story")
    with pytest.raises(ValueError, match="split"):
        stories.load("pairs", "dev")
