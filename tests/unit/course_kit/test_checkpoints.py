"""Checkpoints: what was saved comes back; what is damaged or of another architecture is named and refused."""

import json
import pickle

import pytest
import torch
from safetensors.torch import load, save

from course_kit import checkpoints, files
from course_kit.models.translators import TiedConfig, TiedTranslator
from course_kit.runs import checkpoint_writer
from course_kit.text import Subwords, Vocabulary

CARD = {"metrics": {"bleu": 40.5}, "licence": "CC BY"}


def model(bias=0.0):
    torch.manual_seed(0)
    net = TiedTranslator(TiedConfig(8, 10, size=8))
    with torch.no_grad():
        net.decoder.output.bias.fill_(bias)
    return net


@pytest.fixture
def saved(tmp_path):
    source, target = Vocabulary(["the", "cat", "sleeps", "."]), Vocabulary(["le", "chat", "dort", ".", "猫", "”"])
    seen = checkpoints.sentence_hashes(["The cat sleeps."])
    return checkpoint_writer.save_checkpoint(
        model(), tmp_path / "mine.json", CARD, source=source, target=target, seen=seen
    )


def test_what_was_saved_comes_back(saved):
    loaded = checkpoints.load_checkpoint(saved)
    ids = torch.tensor([[4, 5, 6]])
    torch.testing.assert_close(
        loaded.model(ids, ids, ids > 0)[0], model().eval()(ids, ids, ids > 0)[0], atol=2e-3, rtol=1e-2
    )
    assert not loaded.model.training and next(loaded.model.parameters()).dtype == torch.float32
    assert loaded.model.config == model().config
    assert loaded.card["metrics"] == {"bleu": 40.5}
    assert loaded.source.encode("the cat!") == [4, 5, 1]
    assert loaded.target.decode([4, 5, 6, 7]) == "le chat dort."
    assert loaded.tokenizer is None
    assert [loaded.was_seen(s) for s in ("the cat  sleeps.", "THE CAT SLEEPS.", "The dog.")] == [True, True, False]
    size = sum(p.numel() for p in model().parameters())
    assert 2 * size < saved.with_suffix(".safetensors").stat().st_size < 2 * size + 5000, "two bytes a parameter"


def test_subwords_come_back_as_they_were(tmp_path):
    words = Subwords.build(["le chat dort.", "l'animal est fatigué."] * 5, 60)
    net = TiedTranslator(TiedConfig(8, len(words), size=8))
    checkpoint_writer.save_checkpoint(net, tmp_path / "a.json", target=words)
    back = checkpoints.load_checkpoint(tmp_path / "a.json").target
    for text in ("l'animal dort.", "un éléphant 猫"):
        assert back.encode(text) == words.encode(text)
        assert back.decode(back.encode(text)) == words.decode(words.encode(text))


def test_a_name_or_a_path_to_either_file_may_be_given(saved, monkeypatch):
    for name in ("mine", "mine.json", "mine.safetensors"):
        assert checkpoints.load_checkpoint(saved.parent / name).source
    monkeypatch.setattr(checkpoints, "folder", lambda: saved.parent)
    assert checkpoints.load_checkpoint("mine").source
    with pytest.raises(FileNotFoundError, match="mine"):
        checkpoints.load_checkpoint("mien")
    for name in ("", None, 3):
        with pytest.raises(ValueError, match="name"):
            checkpoints.load_checkpoint(name)


class Harmful:
    def __reduce__(self):
        return (open, ("/tmp/a-pickle-was-opened", "w"))


@pytest.mark.parametrize("change", [
    lambda content: content[:-100],
    lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    lambda content: pickle.dumps(Harmful()),
])  # fmt: skip
def test_damaged_weights_are_refused_and_a_pickle_is_never_opened(saved, change, monkeypatch):
    weights = saved.with_suffix(".safetensors")
    weights.write_bytes(change(weights.read_bytes()))
    monkeypatch.setattr(pickle, "Unpickler", None)
    with pytest.raises(ValueError, match="damaged.*git checkout"):
        checkpoints.load_checkpoint(saved)


def test_a_missing_half_is_named(saved):
    saved.with_suffix(".safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"mine\.safetensors"):
        checkpoints.load_checkpoint(saved)


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', "{}", '{"format": 1}', "[" * 100_000])
def test_a_broken_card_is_refused(saved, content):
    saved.write_text(content, "utf-8")
    with pytest.raises(ValueError):
        checkpoints.load_checkpoint(saved)


@pytest.mark.parametrize(("key", "value", "words"), [
    ("architecture", "Transformer2", "architecture"), ("size", 16, "another architecture"),
    ("heads", 8, "heads"), ("format", 99, "format"), ("context", 1.5, "context is 1.5"), ("context", "x", "context is"),
    ("attention", 1, "True or False"), ("source", Vocabulary(["the"]).to_json(), "source has 5 words, and its model 8"),
    ("source", {"kind": "runes"}, "vocabulary"), ("licence", "none", "checksum"),
])  # fmt: skip
def test_a_card_that_does_not_fit_is_refused(saved, key, value, words):
    card = json.loads(saved.read_text("utf-8"))
    (card if key in card else card["config"])[key] = value
    if words != "checksum":
        card["sum"] = checkpoints.card_sum(card)
    saved.write_text(json.dumps(card), "utf-8")
    with pytest.raises(ValueError, match=words):
        checkpoints.load_checkpoint(saved)


def test_weights_that_are_no_numbers_are_refused(saved):
    weights = saved.with_suffix(".safetensors")
    tensors = load(weights.read_bytes())
    tensors["decoder.output.bias"][0] = torch.inf
    weights.write_bytes(save(tensors))
    card = json.loads(saved.read_text("utf-8"))
    card["weights"]["sha256"] = files.sha256(weights)
    saved.write_text(json.dumps(card | {"sum": checkpoints.card_sum(card)}), "utf-8")
    with pytest.raises(ValueError, match=r"decoder\.output\.bias .* with NaN or infinity"):
        checkpoints.load_checkpoint(saved)


def test_what_cannot_be_saved_leaves_nothing_behind(tmp_path):
    for net, words in ((model(1e6), "bias"), (torch.nn.Linear(1, 1), "Linear")):
        with pytest.raises(ValueError, match=words):
            checkpoint_writer.save_checkpoint(net, tmp_path / "a.json")
    with pytest.raises(ValueError, match="JSON"):
        checkpoint_writer.save_checkpoint(model(), tmp_path / "a.json", {"a": torch.tensor(0.9)})
    assert not list(tmp_path.iterdir())


def test_sentence_hashes_are_the_same_in_every_edition_and_may_be_neighbours(tmp_path):
    found = checkpoints.sentence_hashes(["The cat sleeps.", "Hello.", "the cat sleeps.", "Goodbye."])
    assert found.tolist() == [-1786144357, -1042295032, -773418811]
    path = checkpoint_writer.save_checkpoint(model(), tmp_path / "a.json", seen=torch.tensor([-1, 0, 1]))
    assert checkpoints.load_checkpoint(path).seen.tolist() == [-1, 0, 1]


SHIPPED = sorted(p.stem for p in checkpoints.folder().glob("*.json"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_checkpoint_is_whole_small_and_says_how_it_was_made(name):
    loaded = checkpoints.load_checkpoint(name)
    assert (checkpoints.folder() / f"{name}.safetensors").stat().st_size <= 16_000_000
    assert loaded.card["name"] == name
    assert {"corpus", "sha256", "licence", "attribution", "split"} <= set(loaded.card["data"])
    assert any(key.startswith("train_") for key in loaded.card["data"])
    assert {"command", "step", "seed", "minutes", "device", "date", "recipe"} <= set(loaded.card["training"])
    assert loaded.card["training"]["command"] == f"course train {name}"
    tuned = "start" in loaded.card["training"]["recipe"]
    measured = "test_bleu" if "pair" in loaded.card["data"] else "test_" if tuned else "valid_loss"
    assert any(key.startswith(measured) for key in loaded.card["metrics"])
    assert all(p.isfinite().all() for p in loaded.model.parameters())


def test_all_checkpoints_together_are_small():
    assert SHIPPED and sum(p.stat().st_size for p in checkpoints.folder().iterdir()) <= 110_000_000
