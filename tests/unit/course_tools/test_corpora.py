"""The programs that wrote data/parallel and data/stories: they still do, and what a sentence of them must be."""

import functools
import gzip
import json
import random
import re

import pytest

from course_kit import files
from course_kit.data import packed, parallel
from course_tools.recipes.packing import compress, sha256
from course_tools.recipes.parallel import build, corpus
from course_tools.recipes.parallel.things import reserved
from course_tools.recipes.stories import make, templates

DATA = files.course_folder() / "data"


samples = functools.cache(lambda maker: maker.sample())  # some seconds


def text_of(file):
    return gzip.decompress((DATA / file).read_bytes()).decode("utf-8")


@pytest.mark.weekly
def test_both_corpora_are_made_as_they_are():
    """Half a minute: all words, all sentences, all links."""
    assert corpus.to_text(build.build()) == text_of("parallel/corpus.gz")
    for name, splits in make.build().items():
        assert make.pack(splits) == text_of(f"stories/{name}.gz"), name


@pytest.mark.parametrize(("maker", "folder"), [(corpus, "parallel"), (make, "stories")])
def test_a_sample_is_made_as_it_was(maker, folder):
    """The same rules, words and seed as the corpus: if they change, make the corpus again."""
    manifest = json.loads((DATA / folder / "manifest.json").read_text("utf-8"))
    assert sha256(samples(maker)) == manifest["sha256_sample"]


def test_what_is_written_has_no_date_and_comes_back():
    assert compress("été") == compress("été") and gzip.decompress(compress("été")).decode() == "été"
    links = [(0,), (), (3, 40), (61,)]
    assert corpus.encode(links) == "0-(3E)Z"
    assert packed.decode("0-(3E)Z") == ((0, 0), (2, 3), (2, 40), (3, 61))


@pytest.fixture(scope="module")
def rows():
    """A corpus of 390 sentences and some twins."""
    return packed.from_text(samples(corpus))


@pytest.fixture(scope="module")
def said(rows):
    """{English: (French, Chinese)} as a reader sees it."""
    texts = [[parallel.detokenize(row[x].split(" "), x) for x in ("en", "fr")] + [row["zh"]]
             for split in rows.values() for row in split]  # fmt: skip
    return {english: others for english, *others in texts}


def test_twins_differ_in_what_it_is(said):
    assert said["The animal didn't cross the street because it was too tired."] == [
        "L'animal n'a pas traversé la rue parce qu'il était trop fatigué.", "那只动物没有穿过那条街，因为它太累了。",
    ]  # fmt: skip
    assert said["The animal didn't cross the street because it was too wide."] == [
        "L'animal n'a pas traversé la rue parce qu'elle était trop large.", "那只动物没有穿过那条街，因为它太宽了。",
    ]  # fmt: skip


def test_french_elides_and_contracts(said):
    wrong = re.compile(r"\b(le|la|je|me|te|se|de|ne|que|ma|ta|sa) [aeiouyéèêô]|\bsi ils?\b|\bde les? (?!\w+er\b)|' ")
    assert wrong.search("le animal") and wrong.search("si il vient")
    assert not [french for french, _ in said.values() if wrong.search(french)]


def test_reserved_pairs_of_words_are_kept_for_unseen(rows):
    """An adjective and its noun that training never shows together, though each of them."""
    adjectives, nouns = (
        {line.split("\t")[0] for line in (DATA / "parallel" / f"{name}.tsv").read_text("utf-8").splitlines()}
        for name in ("adjectives", "nouns")
    )

    def kept(split):
        words = [row["en"].split(" ") for row in rows[split] if row["kind"] not in ("thread", "companion")]
        pairs = [pair for w in words for pair in zip(w, w[1:], strict=False)]
        return [pair for pair in pairs if pair[0] in adjectives and pair[1] in nouns and reserved(*pair)]

    assert kept("unseen") and not kept("train")


def test_holes_are_filled_once_and_articles_fit():
    known = {"fruit": [templates.Word("apple", 0, {}), templates.Word("pear", 0, {})],
             "person": [templates.Word("Anna", 0, {"he": "she", "his": "her"})]}  # fmt: skip
    draw = templates.Draw(random.Random(0), known, (0,))
    text = draw.fill("{he} ate {a fruit}, not {a fruit2}; {his} {fruit.s} were (green|green).")
    assert re.fullmatch(
        r"She ate (an apple, not a pear; her apples|a pear, not an apple; her pears) were green\.", text
    )
    assert templates.unmark("<who Anna> saw <what a cat>.") == ("Anna saw a cat.", [("who", 0, 4), ("what", 9, 14)])
    for wrong in ("{fruit3}", "{fruit.colour}"):
        with pytest.raises(ValueError):
            draw.fill(wrong)


def test_words_of_the_tests_are_new_to_the_labelled_training():
    table = templates.read_words()
    later = {w.text for name in ("surname", "city", "country", "fruit") for w in table[name] if w.group}
    trained = {word for split in ("train", "valid") for record in built("entities", split) for word in record.words}
    tested = {word for record in built("entities", "test") for word in record.words}
    assert not trained & later and tested & later


def built(name, split, count=60):
    maker = make.Maker(name, split)
    return [made for number in range(count) if (made := maker.make(number))]
