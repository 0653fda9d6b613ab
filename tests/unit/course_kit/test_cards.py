"""What the files in data/ say of the course is so: names that can be imported, commands that there are."""

import importlib
import json
import re
import tarfile
from pathlib import Path

import pytest

from course_kit import files
from course_tools.recipes import results

DATA = files.course_folder() / "data"
CARDS = [DATA / "sources.toml", *sorted(DATA.rglob("*.md"))]
RESULTS = sorted((DATA / "results").glob("*.json"))


def names_in(text):
    """Dotted names of ours, also those that a line imports."""
    for module, names in re.findall(r"from ([\w.]+) import ([\w, ]+)", text):
        yield from (f"{module}.{name.strip()}" for name in names.split(","))
    yield from (name for name in re.findall(r"\b(?:course_\w+|chapters)(?:\.\w+)+", text))


def there_is(name):
    module, *attributes = name, *()
    while module:
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            attributes.insert(0, last)
            continue
        for attribute in attributes:
            found = getattr(found, attribute, None)
        return found is not None
    return False


@pytest.mark.parametrize("card", CARDS, ids=lambda path: str(path.relative_to(DATA)))
def test_names_in_a_card_can_be_imported(card):
    assert not [name for name in set(names_in(card.read_text("utf-8"))) if not there_is(name)]


def test_each_result_says_the_command_that_makes_it():
    """One whose program is gone, or makes other models now, names the commit that last had it."""
    named = {path.stem: json.loads(path.read_text("utf-8"))["command"].split(", at ") for path in RESULTS}
    assert named.keys() >= results.RECIPES.keys()
    for name, (command, *commit) in named.items():
        assert command == f"course results {name}"
        assert re.fullmatch("[0-9a-f]{8}", *commit) if commit else name in results.RECIPES
    for recipe in results.RECIPES.values():
        module, function = recipe.split(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_the_programs_that_cards_name_are_there():
    for card in CARDS:
        packed = card.with_name("generator.tar.gz")
        inside = []
        if packed.exists():
            with tarfile.open(packed) as archive:
                inside = archive.getnames()
        for module in re.findall(r"python -m ([\w.]+)", card.read_text("utf-8")):
            there = f"{module.replace('.', '/')}.py" in inside or module.replace(".", "/") in inside
            assert there or importlib.util.find_spec(module), (card.name, module)
        for path in re.findall(
            r"`((?:chapters|course_\w+|tests)/[\w/.]+)`(?! of the (?:tag|commit))", card.read_text("utf-8")
        ):
            assert (Path(files.course_folder()) / path).exists(), (card.name, path)
