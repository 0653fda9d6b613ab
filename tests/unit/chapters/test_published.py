"""Published weights: from a folder, else from the hub, else a reason; and what the real one says in our classes."""

import pytest

from chapters.ch06.published import MINILM, _place, published


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_MINILM", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("chapters.ch06.published.PACKAGES", {})


def test_without_folder_and_hub_there_is_none_and_a_reason(offline, capsys):
    assert published(*MINILM) is None
    said = capsys.readouterr().out
    assert "no server answers" in said and "COURSE_MINILM" in said and "HF_ENDPOINT" in said


def test_a_folder_without_a_model_says_what_is_missing(offline, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COURSE_MINILM", str(tmp_path))
    assert published(*MINILM) is None
    said = capsys.readouterr().out
    assert "the folder in COURSE_MINILM: " in said and str(tmp_path) not in said


def test_a_package_that_its_tokenizer_lacks_is_named_before_anything_is_fetched(offline, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COURSE_OPUS", str(tmp_path))
    needs = ["sentencepiece_of_another_world"]
    assert published("someone/opus", "COURSE_OPUS", "AutoModelForSeq2SeqLM", needs=needs) is None
    said = capsys.readouterr().out
    assert "needs sentencepiece_of_another_world" in said and "make lab EXTRA=serve" in said


def test_an_installed_package_is_found_before_the_hub(offline, monkeypatch, tmp_path):
    (tmp_path / "some_weights" / "model").mkdir(parents=True)
    (tmp_path / "some_weights" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("chapters.ch06.published.PACKAGES", {MINILM[0]: "some_weights"})
    assert _place(*MINILM)[:2] == (str(tmp_path / "some_weights" / "model"), "the package some_weights")
