"""The parallel corpus as it is read: splits, links, text and back, damaged files."""

import json

import pytest

from course_kit import files
from course_kit.data import packed, parallel

FOLDER = files.course_folder() / "data" / "parallel"
ALL = parallel.SPLITS


@pytest.fixture(scope="module")
def pairs():
    return {(lang, split): parallel.load_parallel(f"en-{lang}", split) for lang in ("fr", "zh") for split in ALL}


def test_sizes_are_those_of_the_manifest_and_no_sentence_occurs_twice(pairs):
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    for language in ("fr", "zh"):
        assert {split: len(pairs[language, split]) for split in ALL} == manifest["sentences"]
        for side in ("source", "target"):
            sentences = [getattr(pair, side) for split in ALL for pair in pairs[language, split]]
            assert len(set(sentences)) == len(sentences)


def test_links_of_a_sentence_known_by_heart(pairs):
    """Linked by hand, once: ne … pas to didn't, each word to its own, punctuation to punctuation."""
    for language, expected, possible in (
        ("fr", "l':the animal:animal n':didn't a:didn't pas:didn't traversé:cross la:the rue:street parce:because "
               "qu':because il:it était:was trop:too fatigué:tired .:.", ["l':animal", "la:street", "a:cross"]),
        ("zh", "那:the 只:the 动:animal 物:animal 没:didn't 有:didn't 穿:cross 过:cross 那:the 条:the 街:street "
               "因:because 为:because 它:it 太:too 累:tired 了:too 。:.", ["只:animal", "条:street"]),
    ):  # fmt: skip
        pair = next(p for p in pairs[language, "train"] if p.twin and p.twin.pair == 0 and p.twin.it == "subject")
        found = [f"{pair.target[t]}:{pair.source[s]}" for t, s in pair.alignment]
        assert [x for x in found if "，" not in x] == expected.split()
        assert {f"{pair.target[t]}:{pair.source[s]}" for t, s in pair.possible} >= {*found, *possible}


def test_the_other_direction(pairs):
    there, back = pairs["fr", "valid"][7], parallel.load_parallel("fr-en", "valid")[7]
    assert (back.source, back.target) == (there.target, there.source)
    assert sorted((s, t) for t, s in there.alignment) == list(back.alignment)


@pytest.mark.parametrize("language", ["en", "fr", "zh"])
def test_text_and_back(pairs, language):
    for pair in pairs["zh" if language == "zh" else "fr", "test"]:
        tokens = pair.source if language == "en" else pair.target
        assert parallel.tokenize(parallel.detokenize(tokens, language), language) == tokens


def test_tokenize_what_people_type():
    assert parallel.tokenize("The cat didn’t sleep", "en") == ("the", "cat", "didn't", "sleep")
    assert parallel.tokenize("Anna's dog.", "en") == ("Anna", "'s", "dog", ".")
    assert parallel.tokenize("Aujourd'hui, l’homme n'est pas là !", "fr")[:4] == ("aujourd'hui", ",", "l'", "homme")
    assert parallel.tokenize("", "en") == ()
    assert parallel.tokenize("我 爱你。", "zh") == ("我", "爱", "你", "。")
    with pytest.raises(TypeError):
        parallel.tokenize(5, "en")
    with pytest.raises(ValueError, match="de"):
        parallel.tokenize("Hallo", "de")


def test_unknown_names():
    with pytest.raises(ValueError, match="en-fr"):
        parallel.load_parallel("en-de")
    with pytest.raises(ValueError, match="unseen"):
        parallel.load_parallel("en-fr", "dev")


def test_damaged_and_missing_files(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    folder = tmp_path / "data" / "parallel"
    folder.mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        packed.read(parallel.FOLDER, parallel.FILE)
    (folder / "manifest.json").write_bytes((FOLDER / "manifest.json").read_bytes())
    with pytest.raises(FileNotFoundError, match=r"corpus\.gz"):
        packed.read(parallel.FOLDER, parallel.FILE)
    (folder / "corpus.gz").write_bytes((FOLDER / "corpus.gz").read_bytes()[:-7])
    with pytest.raises(OSError, match="damaged"):
        packed.read(parallel.FOLDER, parallel.FILE)
