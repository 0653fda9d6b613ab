"""Our stories and labelled sets are what their card says; grammar and labels are checked by rules of their own."""

import gzip
import itertools
import json
import random
import re
from collections import Counter

import pytest

from course_kit import files
from course_kit.data import stories
from course_tools.recipes.packing import sha256
from course_tools.recipes.stories import make, templates

FOLDER = files.course_folder() / "data" / "stories"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
LABELLED = ("sentiment", "pairs", "entities", "questions")


def texts(record):
    """The sentences or texts of a record, without its label."""
    if isinstance(record, stories.Story):
        return record.sentences
    if isinstance(record, stories.Tagged):
        return (" ".join(record.words),)
    return {"Labelled": record[:1], "SentencePair": record[:2], "Question": record[:2]}[type(record).__name__]


def words(text):
    return [word.removesuffix("'s") for word in re.findall(r"\w+(?:'\w+)?", text)]


@pytest.fixture(scope="module")
def sets():
    return {name: {split: stories.load(name, split) for split in stories.SPLITS} for name in stories.KINDS}


@pytest.fixture(scope="module")
def table():
    return templates.read_words()


# counts, splits, files


def test_sizes_are_those_of_the_manifest_and_of_the_card(sets):
    manifest, card = MANIFEST, (FOLDER / "README.md").read_text("utf-8")
    for name, splits in sets.items():
        counts = {split: len(records) for split, records in splits.items()}
        assert counts == manifest["examples"][name]
        assert re.search(rf"`{name}` *\|.*{counts['train']:,} */ *{counts['valid']:,} */ *{counts['test']:,}", card), (
            name
        )
    assert len(sets["stories"]["train"]) >= 8000
    assert sum(path.stat().st_size for path in FOLDER.glob("*.gz")) < 1_000_000
    assert "CC BY 4.0" in card


def test_what_the_card_counts(sets, table):
    card = (FOLDER / "README.md").read_text("utf-8")
    every = {
        w.lower()
        for splits in sets.values()
        for part in splits.values()
        for r in part
        for t in texts(r)
        for w in words(t)
    }
    assert f"have {len(every)} words" in card
    told = [" ".join(story.sentences) for story in sets["stories"]["train"]]
    assert f"stands in {sum('bank' in words(text) for text in told):,} training stories" in card
    river = sum("bank" in words(text) and "river" in words(text) for text in told)
    assert 0.4 < river / sum("bank" in words(text) for text in told) < 0.6
    for thread in ("because it was too tired", "because it was too wide", "gallon of milk", "flightless birds"):
        assert 150 < sum(thread in text for text in told) < 220, thread
    scripts = Counter(test for *_, test in templates.sections("stories"))
    assert f"{scripts[False]} scripts of stories are told in `train`, {scripts[True]} others in `test`" in card
    assert len(templates.sections("pairs")) == 13 and "Thirteen matters" in card
    assert len(table["both"]) == 16 and "Sixteen names" in card


def test_the_same_bytes_are_made_again():
    assert sha256(make.sample()) == MANIFEST["sha256_sample"]
    for name, expected in MANIFEST["sha256_text"].items():
        assert sha256(gzip.decompress((FOLDER / f"{name}.gz").read_bytes())) == expected


@pytest.mark.parametrize("name", list(stories.KINDS))
def test_nothing_stands_in_two_splits_or_twice(sets, name):
    seen = Counter(texts(record) for split in stories.SPLITS for record in sets[name][split])
    assert seen.most_common(1)[0][1] == 1


def test_labels_are_balanced(sets):
    for split in stories.SPLITS:
        for name in ("sentiment", "pairs"):
            counts = Counter(record.label for record in sets[name][split])
            assert set(counts) == set(stories.LABELS[name])
            assert max(counts.values()) - min(counts.values()) <= 1
        tags = Counter(tag for record in sets["entities"][split] for tag in record.tags)
        assert set(tags) == set(stories.LABELS["entities"])
        unanswered = sum(record.start == -1 for record in sets["questions"][split]) / len(sets["questions"][split])
        assert 0.03 < unanswered < 0.12


def test_the_vocabulary_is_small(sets):
    known = {
        w.lower()
        for splits in sets.values()
        for part in splits.values()
        for r in part
        for t in texts(r)
        for w in words(t)
    }
    assert 800 < len(known) < 1500


# held out by word and by template


def test_names_and_nouns_of_the_tests_are_new_to_the_labelled_training(sets, table):
    groups = {}
    for held in ("man", "woman", "both", "surname", "city", "country", "small", "pet", "fruit", "game"):
        for word in table[held]:
            groups.setdefault(word.text, set()).add(word.group)
    later = {text for text, found in groups.items() if 0 not in found}
    assert len(later) > 50
    for name in LABELLED:
        trained = {w for split in ("train", "valid") for r in sets[name][split] for t in texts(r) for w in words(t)}
        tested = {w for r in sets[name]["test"] for t in texts(r) for w in words(t)}
        assert not trained & later - {w.text for w in table["animal"]}, name
        assert len(tested & later) > 10, name
    trained = {w for r in sets["sentiment"]["train"] for w in words(r.text)}
    assert not trained & {word.text for word in table["rated"] if word.group}
    trained = {w for r in sets["stories"]["train"] for t in r.sentences for w in words(t)}
    only = {word.text for name in ("man", "woman", "both", "city") for word in table[name] if word.group == 2}
    tested = {w for r in sets["stories"]["test"] for t in r.sentences for w in words(t)}
    assert not trained & only and len(tested & only) > 8
    assert {word.text for word in table["man"] if word.group == 1} <= trained, "stories have met the names of group 1"


def test_each_template_is_for_training_or_for_the_test():
    for name in ("sentiment", "pairs", "entities"):
        plain = [line for _, lines, _ in templates.sections(name) for line in lines]
        assert any(line.startswith("*") for line in plain) and any(not line.startswith("*") for line in plain)
        assert len({line.lstrip("* ") for line in plain}) == len(plain)
    for name in ("stories", "questions"):
        titles = Counter(test for _, _, test in templates.sections(name))
        assert titles[True] >= 3 and titles[False] > titles[True]


def test_what_the_test_of_sentiment_says_is_said_in_other_words(sets):
    """Filled holes taken out, no frame of the test stands in training."""

    def frame(text):
        kept = {"was", "is", "not", "very", "said", "thinks", "seemed", "but", "really", "wrong", "found", "find"}
        return tuple(w for w in words(text.lower()) if w in kept)

    trained = Counter(frame(record.text) for record in sets["sentiment"]["train"])
    tested = Counter(frame(record.text) for record in sets["sentiment"]["test"])
    assert sum(tested[f] for f in tested if f not in trained) / sum(tested.values()) > 0.2


# stories


def test_stories_have_four_to_six_short_sentences(sets):
    for story in itertools.chain(*sets["stories"].values()):
        assert 4 <= len(story.sentences) <= 6
        for sentence in story.sentences:
            assert 3 <= len(sentence.split()) <= 12, sentence
            assert sentence[0].isupper() and sentence[-1] in '.!?"', sentence
            assert not re.search(r"[{}<>|()]|  | [.,?!]|\ba [aeio]|\b[Aa]n [bcdfgjklmnpqrstvwxyz]", sentence), sentence


def test_a_story_stays_with_its_people(sets, table):
    """Whoever is "she" or "he" has been named, and no third person comes in."""
    people = {word.text: word.more["he"] for word in table["person"]}
    for story in sets["stories"]["train"]:
        named = set()
        for sentence in story.sentences:
            named |= {w for w in words(sentence) if w in people}
            assert len(named) <= 2, story
            pronouns = {w.lower() for w in words(sentence)} & {"he", "she"}
            genders = {people[name] for name in named}
            if named and not genders & {"he", "she"} >= pronouns:
                assert re.search(
                    r"\b([Mm]an|[Ww]oman|teacher|doctor|[Ww]aiter|[Mm]other|postman|boss)\b", " ".join(story.sentences)
                )


def test_words_of_a_story_come_back(sets):
    """What makes the next sentence decidable: it shares a word, or a person, with what came before."""
    little = set(re.findall(r"\w+", "the a an and to of in it was is on for at his her he she they him but from with"))

    def kin(sentence):
        return {w.lower().removesuffix("s") for w in words(sentence)} - little

    shared = other = count = 0
    records = sets["stories"]["valid"]
    for number, story in enumerate(records):
        for i in range(1, len(story.sentences)):
            before = set().union(*(kin(s) for s in story.sentences[:i]))
            stranger = records[(number + 7) % len(records)].sentences[i % 4]
            shared, other, count = (
                shared + bool(before & kin(story.sentences[i])),
                other + bool(before & kin(stranger)),
                count + 1,
            )
    assert shared / count > 0.9
    assert other / count < 0.4


def test_both_banks_are_frequent_and_clear(sets):
    money = {"money", "cash", "loan", "account", "job", "office", "sum"}
    water = {"river", "water", "fish", "fishing", "line", "sand", "boat", "fire", "grass", "flowers", "rain", "bridge"}
    counts = Counter()
    for story in sets["stories"]["train"]:
        text = set(words(" ".join(story.sentences).lower()))
        if "bank" in text and "Bank" not in words(" ".join(story.sentences)):
            counts["money" if text & money and not text & {"river"} else "water" if text & water else "?"] += 1
    assert counts["money"] > 400 and counts["water"] > 400
    assert counts["?"] == 0


def test_the_threads_of_the_course_are_told(sets):
    told = {sentence for story in sets["stories"]["train"] for sentence in story.sentences}
    for sentence in (
        "The animal didn't cross the street because it was too tired.",
        "The animal didn't cross the street because it was too wide.",
        "The man went to the store.",
        "He bought a gallon of milk.",
        "Penguins are flightless birds.",
        "The weather was fine today.",
        "I went out for a run.",
    ):
        assert sentence in told, sentence


# sentiment


def test_sentiment_is_what_its_words_say(sets, table):
    """A reader of rules: the last adjective counts, turned round by not, n't and "I was wrong"."""
    said = {}
    for word in table["rated"]:
        said.update(
            dict.fromkeys(word.more["good"].split("/"), True) | dict.fromkeys(word.more["bad"].split("/"), False)
        )
    for record in itertools.chain(*sets["sentiment"].values()):
        text = record.text.lower()
        adjectives = [(w, said[w]) for w in words(text) if w in said]
        assert 1 <= len(adjectives) <= 2
        turned = bool(re.search(r"\bnot\b|n't\b|i was wrong|never", text))
        assert len(adjectives) == 1 or not turned
        assert record.label == ("positive" if adjectives[-1][1] != turned else "negative"), record


# pairs


def test_each_matter_has_two_sides_told_in_training_and_otherwise_in_the_test():
    for title, lines, _ in templates.sections("pairs"):
        kinds = Counter((line.startswith("*"), line.lstrip("* ")[:2]) for line in lines)
        assert set(kinds) == {(test, kind) for test in (True, False) for kind in ("a:", "a+", "b:", "b+")}, title


def test_negation_and_overlap_do_not_decide_pairs(sets):
    denied = {label: [] for label in stories.LABELS["pairs"]}
    for record in sets["pairs"]["train"]:
        denied[record.label].append(bool(re.search(r"\bnot\b|n't\b|\bno\b", record.second)))
    shares = [sum(found) / len(found) for found in denied.values()]
    assert max(shares) - min(shares) < 0.2


# entities


def test_tags_are_well_formed_and_ambiguous_names_are_met_in_several_ways(sets, table):
    ways = {}
    for record in itertools.chain(*sets["entities"].values()):
        assert len(record.words) == len(record.tags)
        for before, tag in zip(("O", *record.tags), record.tags, strict=False):
            assert tag in stories.LABELS["entities"]
            assert not tag.startswith("I-") or before[2:] == tag[2:], record
        for word, tag in zip(record.words, record.tags, strict=True):
            if tag.startswith("B-"):
                ways.setdefault(word, set()).add(tag[2:])
                assert word[0].isupper()
    for word in table["both"]:
        assert len(ways[word.text]) == 3, word.text


# questions


def test_answers_stand_in_their_context(sets):
    kinds = Counter()
    for record in itertools.chain(*sets["questions"].values()):
        if record.start == -1:
            assert record.answer == ""
            continue
        assert record.answer and record.context[record.start : record.start + len(record.answer)] == record.answer
        kinds[record.question.split()[0]] += 1
        assert 2 <= len(re.findall(r"[.]", record.context)) <= 6
    assert set(kinds) == {"Who", "Where", "What", "When"} and min(kinds.values()) > 300


def test_the_asked_sentence_is_not_always_the_first(sets):
    places = Counter(
        record.context[: record.start].count(".") for record in sets["questions"]["test"] if record.start >= 0
    )
    assert places[0] < 0.6 * sum(places.values())


# mistakes


def test_bad_names_and_damaged_files_are_named(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="name"):
        stories.load("story")
    with pytest.raises(ValueError, match="split"):
        stories.load("pairs", "dev")
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    folder = tmp_path / "data" / "stories"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"sha256": {"pairs": "y"}}), "utf-8")
    stories._all.cache_clear()
    try:
        with pytest.raises(FileNotFoundError):
            stories.load("pairs")
        (folder / "pairs.gz").write_bytes(b"x")
        with pytest.raises(OSError):
            stories.load("pairs")
    finally:
        stories._all.cache_clear()


def test_holes_are_filled_once_and_articles_fit():
    known = {"fruit": [templates.Word("apple", 0, {}), templates.Word("pear", 0, {})],
             "person": [templates.Word("Anna", 0, {"he": "she", "his": "her"})]}  # fmt: skip
    draw = templates.Draw(random.Random(0), known, (0,))
    text = draw.fill("{he} ate {a fruit}, not {a fruit2}; {his} {fruit.s} were (green|green).")
    assert re.fullmatch(
        r"She ate (an apple, not a pear; her apples|a pear, not an apple; her pears) were green\.", text
    )
    assert templates.unmark("<who Anna> saw <what a cat>.") == ("Anna saw a cat.", [("who", 0, 4), ("what", 9, 14)])
    with pytest.raises(ValueError):
        draw.fill("{fruit3}")
    with pytest.raises(ValueError):
        draw.fill("{fruit.colour}")
