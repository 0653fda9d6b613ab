"""Checkpoints: what was saved comes back; what is damaged, foreign or dangerous is named and refused."""

import json
import pickle

import pytest
import torch

from course_kit import files
from course_kit.keeping import saving
from course_utils import checkpoints
from course_utils.gpt import GPT, GPTConfig
from course_utils.seq2seq import Seq2Seq, Seq2SeqConfig
from course_utils.text import Subwords, Vocabulary


def model(**settings):
    torch.manual_seed(0)
    return Seq2Seq(Seq2SeqConfig(8, 10, model_size=8, **settings))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "mine.json"
    source, target = Vocabulary(["the", "cat", "sleeps", "."]), Vocabulary(["le", "chat", "dort", ".", "猫", "”"])
    card = {"metrics": {"bleu": 40.5}, "licence": "CC BY"}
    saving.save_checkpoint(
        model(), path, card, source=source, target=target, seen=checkpoints.sentence_hashes(["The cat sleeps."])
    )
    return path


def test_what_was_saved_comes_back(saved):
    loaded = checkpoints.load_checkpoint(saved)
    ids = torch.tensor([[4, 5, 6]])
    torch.testing.assert_close(loaded.model(ids, ids)[0], model().eval()(ids, ids)[0], atol=2e-3, rtol=1e-2)
    assert not loaded.model.training
    assert loaded.model.config == model().config
    assert next(loaded.model.parameters()).dtype == torch.float32
    assert loaded.card["metrics"] == {"bleu": 40.5}
    assert loaded.source.encode("the cat!") == [4, 5, 1]
    assert loaded.target.decode([4, 5, 6, 7]) == "le chat dort."
    assert loaded.tokenizer is None
    assert [loaded.was_seen(s) for s in ("the cat  sleeps.", "THE CAT SLEEPS.", "The dog.")] == [True, True, False]


def test_subwords_come_back_as_they_were(tmp_path):
    words = Subwords.build(["le chat dort.", "l'animal est fatigué."] * 5, 60)
    saving.save_checkpoint(model(), tmp_path / "a.json", target=words)
    back = checkpoints.load_checkpoint(tmp_path / "a.json").target
    for text in ("l'animal dort.", "un éléphant 猫"):
        assert back.encode(text) == words.encode(text)
        assert back.decode(back.encode(text)) == words.decode(words.encode(text))


def test_the_weights_take_two_bytes_each(saved):
    size = sum(p.numel() for p in model().parameters())
    assert 2 * size < saved.with_suffix(".safetensors").stat().st_size < 2 * size + 5000


def test_saving_again_gives_the_same_bytes(saved, tmp_path):
    loaded = checkpoints.load_checkpoint(saved)
    again = saving.save_checkpoint(
        loaded.model, tmp_path / "again.json", {k: loaded.card[k] for k in ("metrics", "licence")},
        source=loaded.source, target=loaded.target, seen=loaded.seen,
    )  # fmt: skip
    for suffix in (".json", ".safetensors"):
        assert again.with_suffix(suffix).read_bytes() == saved.with_suffix(suffix).read_bytes()


@pytest.mark.parametrize("name", ["mine", "mine.json", "mine.safetensors"])
def test_a_path_may_name_either_file(saved, name):
    assert checkpoints.load_checkpoint(saved.parent / name).source


def test_an_unknown_name_is_answered_with_the_known_ones(monkeypatch, saved):
    monkeypatch.setattr(checkpoints, "folder", lambda: saved.parent)
    assert checkpoints.load_checkpoint("mine").source
    with pytest.raises(FileNotFoundError):
        checkpoints.load_checkpoint("mien")


def damaged(saved, change):
    weights = saved.with_suffix(".safetensors")
    weights.write_bytes(change(weights.read_bytes()))
    return saved


class Harmful:
    def __reduce__(self):
        return (open, ("/tmp/a-pickle-was-opened", "w"))


def test_a_truncated_file_is_damaged(saved):
    with pytest.raises(ValueError):
        checkpoints.load_checkpoint(damaged(saved, lambda content: content[:-100]))


def test_a_flipped_bit_is_damage(saved):
    with pytest.raises(ValueError):
        checkpoints.load_checkpoint(damaged(saved, lambda content: content[:-1] + bytes([content[-1] ^ 1])))


@pytest.mark.parametrize("kind", ["pickle", "torch"])
def test_a_pickle_is_refused_and_never_opened(saved, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(pickle, "Unpickler", None)
    file = tmp_path / "harmful"
    if kind == "torch":
        torch.save({"a": Harmful()}, file)
    else:
        file.write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(ValueError):
        checkpoints.load_checkpoint(damaged(saved, lambda _: file.read_bytes()))


def test_a_file_that_is_something_else_is_refused_even_with_its_checksum(saved):
    import hashlib

    card = json.loads(saved.read_text("utf-8"))
    del card["sum"]  # as a card of the first edition: else the checksum would say it first
    card["weights"] = {"bytes": 11, "sha256": hashlib.sha256(b"hello there").hexdigest()}
    saved.write_text(json.dumps(card), "utf-8")
    with pytest.raises(ValueError):
        checkpoints.load_checkpoint(damaged(saved, lambda _: b"hello there"))


def test_a_missing_half_is_named(saved):
    saved.with_suffix(".safetensors").unlink()
    with pytest.raises(FileNotFoundError):
        checkpoints.load_checkpoint(saved)


def edited(saved, **changes):
    card = json.loads(saved.read_text("utf-8"))
    del card["sum"]  # as a card of the first edition: else the checksum would say it first
    for key, value in changes.items():
        card[key] = value(card[key]) if callable(value) else value
    saved.write_text(json.dumps(card), "utf-8")
    return saved


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "Transformer2"}, "architecture"),
        ({"config": lambda c: c | {"model_size": 16}}, "bridge"),
        ({"config": lambda c: c | {"attention": None}}, "needed"),
        ({"config": lambda c: c | {"heads": 8}}, "heads"),
        ({"config": lambda c: c | {"attention": "magic"}}, "magic"),
        ({"format": 99}, "format"),
        ({"source": {"kind": "runes"}}, "vocabulary"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(saved, changes, words):
    with pytest.raises(ValueError, match=words):
        checkpoints.load_checkpoint(edited(saved, **changes))


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', "{}", '{"format": 1}'])
def test_a_broken_card_is_refused(saved, content):
    saved.write_text(content, "utf-8")
    with pytest.raises(ValueError):
        checkpoints.load_checkpoint(saved)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    net = model()
    with torch.no_grad():
        net.bias[0] = 1e6
    with pytest.raises(ValueError, match="bias"):
        saving.save_checkpoint(net, tmp_path / "a.json")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="Linear"):
        saving.save_checkpoint(torch.nn.Linear(1, 1), tmp_path / "a.json")


SHIPPED = sorted(p.stem for p in checkpoints.folder().glob("*.json")) if checkpoints.folder().is_dir() else []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_checkpoint_is_whole_small_and_says_how_it_was_made(name):
    loaded = checkpoints.load_checkpoint(name)
    assert (checkpoints.folder() / f"{name}.safetensors").stat().st_size <= 16_000_000
    assert loaded.card["name"] == name
    assert {"corpus", "sha256", "licence", "attribution", "split"} <= set(loaded.card["data"])
    assert any(key.startswith("train_") for key in loaded.card["data"])
    assert {"command", "step", "seed", "minutes", "device", "date", "recipe"} <= set(loaded.card["training"])
    tuned = "start" in loaded.card["training"]["recipe"]
    measured = "test_bleu" if "pair" in loaded.card["data"] else "test_" if tuned else "valid_loss"
    assert any(key.startswith(measured) for key in loaded.card["metrics"])
    assert all(p.isfinite().all() for p in loaded.model.parameters())


def test_all_checkpoints_together_are_small():
    assert sum(p.stat().st_size for p in checkpoints.folder().iterdir()) <= 110_000_000


class TestWhateverHappens:
    """A pair of files that loads: the old one or the new one, at whatever moment the writing ends."""

    @pytest.fixture
    def saved(self, tmp_path):
        """The path of a checkpoint whose bias is 1, and a model whose bias is 2."""
        one = small()
        with torch.no_grad():
            one.bias.fill_(1)
        path = saving.save_checkpoint(one, tmp_path / "mine", {"note": "old"})
        with torch.no_grad():
            one.bias.fill_(2)
        return path, one

    def bias(self, path):
        found = checkpoints.load_checkpoint(path)
        return found.card["note"], found.model.bias[0].item()

    @pytest.mark.parametrize("value", [torch.tensor(0.9), {1, 2}, float, object()])
    def test_a_card_that_is_no_json_leaves_the_old_pair(self, saved, value):
        path, model = saved
        with pytest.raises(ValueError):
            saving.save_checkpoint(model, path, {"note": "new", "a": value})
        assert self.bias(path) == ("old", 1)

    @pytest.mark.parametrize("step", [0, 1, 2])
    def test_cut_off_at_any_step_one_of_the_pairs_loads(self, saved, monkeypatch, step):
        path, model = saved
        real_write, real_replace, done = files.write_atomically, type(path).replace, []

        def cut(real):
            def call(*arguments):
                if len(done) == step:
                    raise KeyboardInterrupt
                done.append(1)
                return real(*arguments)

            return call

        monkeypatch.setattr(files, "write_atomically", cut(real_write))
        monkeypatch.setattr(type(path), "replace", cut(real_replace))
        with pytest.raises(KeyboardInterrupt):
            saving.save_checkpoint(model, path, {"note": "new"})
        monkeypatch.undo()
        assert self.bias(path) == (("new", 2) if step == 2 else ("old", 1))
        saving.save_checkpoint(model, path, {"note": "new"})
        assert self.bias(path) == ("new", 2) and sorted(p.name for p in path.parent.iterdir()) == [
            "mine.json",
            "mine.safetensors",
        ]

    @pytest.mark.parametrize("key", ["weights", "config", "format", "sum", "source"])
    def test_a_card_does_not_change_what_the_files_say(self, saved, key):
        saving.save_checkpoint(saved[1], saved[0], {key: 1, "note": "new"})
        assert self.bias(saved[0]) == ("new", 2)

    @pytest.mark.parametrize("name", ["", None, 3])
    def test_a_name_that_is_none(self, saved, name):
        with pytest.raises(ValueError, match="name"):
            saving.save_checkpoint(saved[1], name)

    @pytest.mark.parametrize(
        "change",
        [lambda c: c.update(note="other"), lambda c: c["source"]["tokens"].reverse(), lambda c: c.update(weights="x"),
         lambda c: c.update(weights=None), lambda c: c.update(config=[]), lambda c: c.update(architecture=["GPT"]),
         lambda c: c.update(data=None), lambda c: c.update(base={"name": "mine", "sha256": ""}),
         lambda c: c["config"].update(model_size=10**12), lambda c: c["config"].update(num_layers=10**6),
         lambda c: c["config"].update(dropout="much"), lambda c: c["weights"].update(bytes="3")],
    )  # fmt: skip
    @pytest.mark.parametrize("summed", [True, False])
    def test_a_card_that_was_changed_is_refused_with_words(self, saved, change, summed):
        path, model = saved
        words = checkpoints.text.Vocabulary(["a", "b"])
        saving.save_checkpoint(model, path, {"note": "new", "data": {}}, source=words, target=words)
        card = json.loads(path.read_text())
        change(card)
        if not summed:  # as a card of the first edition
            del card["sum"]
            if "note" in card and card["note"] == "other" or card.get("source", {}).get("tokens") == ["b", "a"]:
                path.write_text(json.dumps(card))
                assert checkpoints.load_checkpoint(path), "without a checksum nobody can tell"
                return
        path.write_text(json.dumps(card))
        with pytest.raises(ValueError):
            checkpoints.load_checkpoint(path)

    def test_deep_json_is_no_card(self, saved):
        saved[0].write_text("[" * 100_000)
        with pytest.raises(ValueError):
            checkpoints.load_checkpoint(saved[0])

    @pytest.mark.parametrize("kind", ["nan", "whole", "seen"])
    def test_weights_that_are_no_numbers_are_refused(self, saved, kind):
        from safetensors.torch import load, save

        path, _ = saved
        weights = path.with_suffix(".safetensors")
        tensors = load(weights.read_bytes())
        if kind == "seen":
            tensors["seen"] = torch.tensor([3, 1], dtype=torch.int32)
        else:
            tensors["bias"] = tensors["bias"] * float("nan") if kind == "nan" else tensors["bias"].int()
        weights.write_bytes(save(tensors))
        card = json.loads(path.read_text())
        card["weights"] |= {"sha256": files.sha256(weights), "bytes": weights.stat().st_size}
        card["sum"] = checkpoints.card_sum(card)
        path.write_text(json.dumps(card))
        with pytest.raises(ValueError):
            checkpoints.load_checkpoint(path)


def test_the_cards_of_the_course_have_their_checksum():
    for path in checkpoints.folder().glob("*.json"):
        assert "sum" in json.loads(path.read_text("utf-8")), path.name


def small():
    from course_utils.seq2seq import Seq2Seq, Seq2SeqConfig

    return Seq2Seq(Seq2SeqConfig(6, 6, model_size=4))


def test_a_folder_that_there_is_not_is_made(tmp_path):
    saving.save_checkpoint(model(), tmp_path / "new" / "deeper" / "a.json")
    assert sorted(p.name for p in (tmp_path / "new" / "deeper").iterdir()) == ["a.json", "a.safetensors"]


def test_sentence_hashes_are_the_same_in_every_edition_and_may_be_neighbours(tmp_path):
    found = checkpoints.sentence_hashes(["The cat sleeps.", "Hello.", "the cat sleeps.", "Goodbye."])
    assert found.tolist() == [-1786144357, -1042295032, -773418811]
    path = saving.save_checkpoint(model(), tmp_path / "a.json", seen=torch.tensor([-1, 0, 1]))
    assert checkpoints.load_checkpoint(path).seen.tolist() == [-1, 0, 1]


@pytest.mark.parametrize("base", [{"name": "mine", "sha256": "0"}, {"sha256": "0"}, {"name": "other"}])
def test_a_base_without_a_name_or_a_checksum_of_its_own_is_refused(saved, base):
    with pytest.raises(ValueError, match="base"):
        checkpoints.load_checkpoint(edited(saved, base=base))


@pytest.mark.parametrize("data", [{"pair": "en-fr"}, {"corpus": "x"}])
def test_only_a_model_that_translates_with_one_tokenizer_reads_both_sides_with_it(tmp_path, data):
    words = Vocabulary(["a", "b"])
    loaded = [
        checkpoints.load_checkpoint(saving.save_checkpoint(model(), tmp_path / "a.json", {"data": data}, **given))
        for given in ({"tokenizer": words}, {})
    ]
    both = [(one.source is not None, one.source is one.target is one.tokenizer) for one in loaded]
    assert both == [("pair" in data, "pair" in data), (False, True)]


class TestNamesThatChanged:
    """Files of format 1 hold names and settings of their time: today's models read them all the same."""

    def kept(self, path, rename=None, **settings):
        """Tiny GPT's files with its positions and settings called otherwise -> the model that was written."""
        from safetensors.torch import load, save

        torch.manual_seed(0)
        model = GPT(GPTConfig(6, model_size=4, num_layers=1, num_heads=1, max_length=8))
        saving.save_checkpoint(model, path)
        weights, card = path.with_suffix(".safetensors"), json.loads(path.read_text())
        tensors = load(weights.read_bytes())
        old, new = rename or ("", "")
        weights.write_bytes(save({(old if name == new else name): x for name, x in tensors.items()}))
        card["weights"] |= {"sha256": files.sha256(weights), "bytes": weights.stat().st_size}
        card["config"] |= settings
        card["sum"] = checkpoints.card_sum(card)
        path.write_text(json.dumps(card))
        return model

    def test_a_parameter_of_another_name_is_found(self, tmp_path, monkeypatch):
        (today,) = [n for n, _ in GPT(GPTConfig(6, model_size=4, num_heads=1)).named_parameters() if "positions" in n]
        monkeypatch.setattr(checkpoints, "RENAMED", {"positions.before": today})
        model = self.kept(tmp_path / "a.json", ("positions.before", today))
        back = dict(checkpoints.load_checkpoint(tmp_path / "a.json").model.named_parameters())[today]
        torch.testing.assert_close(back, dict(model.named_parameters())[today], atol=2e-3, rtol=1e-2)

    def test_a_name_that_the_model_still_has_stays(self, tmp_path, monkeypatch):
        (today,) = [n for n, _ in GPT(GPTConfig(6, model_size=4, num_heads=1)).named_parameters() if "positions" in n]
        monkeypatch.setattr(checkpoints, "RENAMED", {today: "positions.tomorrow"})
        self.kept(tmp_path / "a.json")
        assert checkpoints.load_checkpoint(tmp_path / "a.json")

    @pytest.mark.parametrize("settings", [{"key_heads": None, "window": None, "memory_layers": None},
                                          {"memory_layers": [1]}])  # fmt: skip
    def test_a_setting_that_is_gone_and_meant_nothing_is_dropped(self, tmp_path, settings):
        self.kept(tmp_path / "a.json", **settings)
        assert checkpoints.load_checkpoint(tmp_path / "a.json")

    @pytest.mark.parametrize(
        "settings", [{"key_heads": 2}, {"window": 0}, {"memory_layers": [2]}, {"memory_layers": []}]
    )
    def test_a_setting_that_is_gone_and_meant_something_is_refused(self, tmp_path, settings):
        self.kept(tmp_path / "a.json", **settings)
        with pytest.raises(ValueError, match=next(iter(settings))):
            checkpoints.load_checkpoint(tmp_path / "a.json")
