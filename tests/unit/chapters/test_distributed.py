"""A training on two processes is the training on one: same steps, same losses, same weights."""

import json
import os
import subprocess
import sys

import pytest
import torch

from chapters.ch07 import distributed
from course_kit import text
from course_kit.runs import state as training_state
from course_tools.recipes.checkpoints import train
from course_utils import gpt
from course_utils.transformer import Transformer, TransformerConfig, translation_loss

DRIVER = """
import sys
from pathlib import Path
from chapters.ch03 import tatoeba
from chapters.ch07 import language
from course_tools.recipes.checkpoints import train, translation
from course_tools.recipes.checkpoints.language import LanguageRecipe
from course_kit import files
folder, name = Path(sys.argv[1]), sys.argv[2]
import course_kit.files
files.course_folder = course_kit.files.course_folder = lambda: folder
train.has_bfloat16 = lambda device: False
words = "the old cat sees a small dog and it runs home again\\n"
language.load_text = lambda name: language.Text(name, words * 40, words * 4)
pairs = [(f"i have {n} cats" + " and dogs" * (n % 3), f"j ' ai {n} chats") for n in range(40)]
tatoeba.load = lambda pair, split: pairs if split == "train" else pairs[:5]
model = {"size": 16, "layers": 2, "heads": 2, "context": 24}
options = {"steps": 12, "warm_up": 2, "every": 3, "lr": 5e-3}
train.RECIPES["language"] = LanguageRecipe("tiny", model, rows=5, **options)
train.RECIPES["pairs"] = translation.Recipe(
    "tatoeba", "en-fr", ("subwords", 80), ("subwords", 80), model, tokens=120, architecture="Transformer", valid=3,
    keep="last", **options)
for one in name.split(","):
    train.train(one)
"""
LAUNCHERS = {
    "torchrun": ("torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
    "accelerate": ("accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1",
                   "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"),
}  # fmt: skip


def trained(folder, names, launcher=None):
    """What the driver prints: in a program of its own, or in two that a launcher starts."""
    folder.mkdir(exist_ok=True)
    (folder / "driver.py").write_text(DRIVER)
    environment = {k: v for k, v in os.environ.items() if k not in ("WORLD_SIZE", "RANK", "LOCAL_RANK")}
    environment |= {"COURSE_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    with_launcher = ("-m", *LAUNCHERS[launcher]) if launcher else ()
    command = [sys.executable, *with_launcher, str(folder / "driver.py"), str(folder), names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def losses_of(folder, name):
    return torch.tensor(_state(folder, name)[0].history["loss"][1])


def weights_of(folder, name):
    return _state(folder, name)[0].last.model


def rows_of(folder, name):
    """[step, mean loss, held-out metric] of each measurement, from the card."""
    card = json.loads((folder / "data" / "checkpoints" / f"{name}.json").read_text("utf-8"))
    return [row[:3] for row in card["training"]["history"]["rows"]]


def _state(folder, name):
    return training_state.unpack(folder / "build" / "train" / name / train.STATE, None)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    trained(folder, "language,pairs")
    return folder


@pytest.mark.weekly
@pytest.mark.parametrize(("launcher", "name"), [("torchrun", "pairs"), ("accelerate", "language")])
def test_two_processes_do_what_one_does(alone, tmp_path, launcher, name):
    """Five rows, or a few pairs of unequal length: the shares are unequal, the mean is that of the whole batch."""
    if launcher == "accelerate":
        pytest.importorskip("accelerate")
    out = trained(tmp_path, name, launcher)
    assert f"{name}: " in out and "2 processes" in out and out.count("step     3") == 1  # only the first one prints
    assert len(losses_of(alone, name)) == 12 and losses_of(alone, name)[-1] < losses_of(alone, name)[0]
    assert [row[0] for row in rows_of(alone, name)] == [row[0] for row in rows_of(tmp_path, name)] == [3, 6, 9, 12]
    assert torch.allclose(losses_of(alone, name), losses_of(tmp_path, name), atol=1e-5)
    weights, theirs = weights_of(alone, name), weights_of(tmp_path, name)
    assert all(torch.allclose(weights[n], theirs[n], atol=1e-4) for n in weights)


def test_shares_are_the_rows_in_turn_and_weigh_as_many_tokens_as_they_hold():
    ids = torch.arange(20).view(5, 4)
    parts = [distributed.share(ids, rank, 2) for rank in range(2)]
    assert [p[0][:, 0].tolist() for p in parts] == [[0, 8, 16], [4, 12]]
    assert [p[1] for p in parts] == pytest.approx([0.6, 0.4])
    assert distributed.share(ids[:1], 1, 2) == (None, 0.0)
    with pytest.raises(TypeError):
        distributed.share((ids, ids), 0, 2)


def test_the_weighted_losses_of_the_shares_add_up_to_the_loss_of_the_batch():
    torch.manual_seed(0)
    writer, translator = gpt.GPT(20, 16, 2, 2, context=32), Transformer(TransformerConfig(20, 20, 16, 1, 2)).eval()
    batch = text.collate([([5, 6, 7], [8, 9]), ([5], [6, 7, 8, 9, 10]), ([11, 12, 13, 14, 15], [4])])

    def loss(batch):
        pairs = isinstance(batch, text.Batch)
        return translation_loss(translator, batch) if pairs else gpt.next_token_loss(writer, batch)

    for whole in (batch, torch.randint(20, (5, 9))):
        parts = [distributed.share(whole, rank, 2) for rank in range(2)]
        total = sum(loss(part) * weight for part, weight in parts)
        assert total.item() == pytest.approx(loss(whole).item(), abs=1e-6)


def test_an_ordinary_program_belongs_to_no_team(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with distributed.together(torch.device("cpu")) as team:
        assert team is None
