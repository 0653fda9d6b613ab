"""A fine-tuned model as a small file beside the one it began with: what comes back, and what is refused."""

import pytest
import torch
from safetensors.torch import load_file

from chapters.ch06 import adapters
from chapters.ch06.finetuning import Classify
from course_kit import checkpoints
from course_kit.models.fine_tuned_files import thicken
from course_kit.runs import checkpoint_writer
from course_kit.runs.checkpoint_writer import thin
from course_kit.text import WordPiece
from course_utils.bert import BertConfig, BertForPreTraining

IDS = torch.tensor([[2, 5, 6, 7, 3]])


@pytest.fixture
def base(tmp_path):
    tokenizer = WordPiece.build(["the soup was good ."], 60)
    torch.manual_seed(0)
    model = BertForPreTraining(BertConfig(len(tokenizer), 16, 2, 2, 32, 24, dropout=0.0))
    checkpoint_writer.save_checkpoint(model, tmp_path / "base.json", {"name": "base"}, tokenizer=tokenizer)
    return checkpoints.load_checkpoint(tmp_path / "base.json")


@pytest.fixture
def tuned(base):
    """A classifier with something added by LoRA to each matrix, as if it had been trained."""
    task = Classify("sentiment", base.tokenizer, ("negative", "positive"))
    model = adapters.lora(task.model(base.model.bert), 2, targets=[*adapters.EVERYWHERE, "pooler"])
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, x in model.named_parameters():
            if "lora_B" in name or "classifier" in name:
                x.copy_(torch.randn(x.shape, generator=draw) / 4)
    return model.merge_and_unload().eval()


def test_what_was_added_comes_back_and_nothing_else_is_kept(base, tuned, tmp_path):
    path = checkpoint_writer.save_checkpoint(tuned, tmp_path / "tuned.json", {"name": "tuned"}, base="base", rank=2)
    loaded = checkpoints.load_checkpoint(path)
    assert loaded.card["base"] == {"name": "base", "sha256": base.card["weights"]["sha256"]}
    with torch.no_grad():
        plain = Classify("s", base.tokenizer, ("a", "b")).model(base.model.bert).eval()(IDS)
        torch.testing.assert_close(loaded.model(IDS), tuned(IDS), atol=3e-3, rtol=0)
        assert not torch.allclose(loaded.model(IDS), plain, atol=0.02)
    assert loaded.tokenizer.words == base.tokenizer.words
    kept = load_file(path.with_suffix(".safetensors"))
    assert not any("embeddings" in name or ".norm." in name for name in kept) and "classifier.weight" in kept
    assert kept["bert.blocks.0.ffn.widen.weight.up"].shape == (32, 2)
    assert torch.equal(loaded.model.bert.embeddings.tokens.weight, base.model.bert.embeddings.tokens.weight)
    again = checkpoint_writer.save_checkpoint(loaded.model, tmp_path / "again.json", base="base", rank=2)
    with torch.no_grad():
        back = checkpoints.load_checkpoint(again).model(IDS)
        torch.testing.assert_close(back, loaded.model(IDS), atol=3e-3, rtol=0)


def test_another_base_is_noticed(base, tuned, tmp_path):
    path = checkpoint_writer.save_checkpoint(tuned, tmp_path / "tuned.json", base="base", rank=2)
    with torch.no_grad():
        base.model.norm.bias += 1
    checkpoint_writer.save_checkpoint(base.model, tmp_path / "base.json", tokenizer=base.tokenizer)
    with pytest.raises(ValueError):
        checkpoints.load_checkpoint(path)
    (tmp_path / "base.json").unlink()
    with pytest.raises(FileNotFoundError, match="base"):
        checkpoints.load_checkpoint(path)


def test_more_than_the_rank_is_refused_and_so_are_factors_of_another_model(base, tuned, tmp_path):
    with pytest.raises(ValueError):
        checkpoint_writer.save_checkpoint(tuned, tmp_path / "tuned.json", base="base", rank=1)
    assert not (tmp_path / "tuned.json").exists()
    small, state = thin(tuned.state_dict(), base.model.state_dict(), 2), base.model.state_dict()
    name = next(name for name in small if name.endswith(".down"))
    for cut in (small[name][:, :-1], small[name][:-1]):
        with pytest.raises(ValueError):
            thicken(small | {name: cut}, state, list(tuned.state_dict()))


def test_factors_in_half_precision_are_multiplied_in_float32_and_whole_numbers_stay_whole():
    draw = torch.Generator().manual_seed(0)
    up, down = torch.randn(8, 4, generator=draw).half(), torch.randn(4, 8, generator=draw).half()
    small = {"w.up": up, "w.down": down, "b": up, "n": torch.tensor([2**24 + 1])}
    found = thicken(small, {"w": torch.zeros(8, 8)}, ["w"])
    assert torch.equal(found["w"], up.float() @ down.float())
    assert found["b"].dtype == torch.float32 and found["n"].dtype == torch.int64 and found["n"] == 2**24 + 1
