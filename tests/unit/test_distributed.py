"""A training on two processes is the training on one: same steps, same losses, same weights; and so after a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from course_utils import distributed, gpt, text, training_state

DRIVER = """
import sys, time
from pathlib import Path
from course_utils import files, language, recipes, tatoeba, translation_recipes
from course_utils.language_recipes import LanguageRecipe
folder, name, pause = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
files.course_folder = lambda: folder
recipes.has_bfloat16 = lambda device: False
words = "the old cat sees a small dog and it runs home again\\n"
language.load_text = lambda name: language.Text(name, words * 40, words * 4)
pairs = [(f"i have {n} cats" + " and dogs" * (n % 3), f"j ' ai {n} chats") for n in range(40)]
tatoeba.load = lambda pair, split: pairs if split == "train" else pairs[:5]
model = {"model_size": 16, "num_layers": 2, "num_heads": 2, "max_length": 24, "dropout": DROPOUT}
options = {"steps": 12, "warm_up": 2, "every": 3, "lr": 5e-3}
recipes.RECIPES["language"] = LanguageRecipe("tiny", model, rows=5, **options)
recipes.RECIPES["pairs"] = translation_recipes.Recipe(
    "tatoeba", "en-fr", ("subwords", 80), ("subwords", 80), model, tokens=120, architecture="GPT", valid=3, **options)
if pause:
    print_ = recipes.__dict__.setdefault("print", print)
    step = recipes.fit
    def slow(model, batches, loss, **rest):
        def waiting(model, batch):
            time.sleep(pause)
            return loss(model, batch)
        return step(model, batches, waiting, **rest)
    recipes.fit = slow
recipes.train(name)
"""


def start(tmp_path, name, launcher=(), pause=0.0, dropout=0.0):
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER.replace("DROPOUT", str(dropout)))
    environment = os.environ | {"COURSE_DEVICE": "cpu", "OMP_NUM_THREADS": "1", "COURSE_PROFILE": "class"}
    for key in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        environment.pop(key, None)
    folder = tmp_path / "course"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, *launcher, str(driver), str(folder), name, str(pause)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def result(tmp_path, name):
    """(losses of all steps, weights) of a training, from what it keeps on disk."""
    run, _ = training_state.load(tmp_path / "course" / "build" / "train" / name, None)
    card = json.loads((tmp_path / "course" / "data" / "checkpoints" / f"{name}.json").read_text("utf-8"))
    return torch.tensor(run.history["loss"][1]), run._last["model"], card["training"]["history"]["rows"]


def trained(tmp_path, name, launcher=(), **options):
    tmp_path.mkdir(exist_ok=True)
    process = start(tmp_path, name, launcher, **options)
    out = process.communicate(timeout=300)[0]
    assert process.returncode == 0, out
    return *result(tmp_path, name), out


TORCHRUN = ("-m", "torch.distributed.run", "--nnodes", "1", "--nproc-per-node", "2", "--master-addr", "127.0.0.1",
            "--master-port", "0", "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0")  # fmt: skip
ACCELERATE = ("-m", "accelerate.commands.launch", "--multi_gpu", "--cpu", "--num_processes", "2")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["language", "pairs"])
def test_two_processes_do_what_one_does(tmp_path, name):
    """Five rows, or a few pairs of unequal length: the shares are unequal, the mean is that of the whole batch."""
    losses, weights, rows, _ = trained(tmp_path / "one", name)
    shared, theirs, found, out = trained(tmp_path / "two", name, TORCHRUN)
    assert "2 processes" in out and out.count("step     3") == 1  # only the first of them prints
    assert len(losses) == 12 and losses[-1] < losses[0]
    assert torch.allclose(losses, shared, atol=1e-5)
    assert all(torch.allclose(weights[n], theirs[n], atol=1e-4) for n in weights)
    assert [row[0] for row in rows] == [row[0] for row in found] == [3, 6, 9, 12]


@pytest.mark.slow
def test_a_training_of_a_team_killed_between_two_states_goes_on_to_the_same(tmp_path):
    """With dropout: the random states go on, too."""
    losses, weights, rows, _ = trained(tmp_path / "at_once", "language", dropout=0.2)
    folder = tmp_path / "killed"
    folder.mkdir()
    process = start(folder, "language", pause=0.3, dropout=0.2)
    state = folder / "course" / "build" / "train" / "language" / training_state.FILE
    for _ in range(1000):
        if state.is_file() or process.poll() is not None:
            break
        time.sleep(0.1)
    time.sleep(0.4)  # into a later step
    process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    process.wait()
    assert process.returncode != 0 and 3 <= len(result(folder, "language")[0]) < 12
    again, theirs, found, out = trained(folder, "language", dropout=0.2)
    assert "step 0 of" not in out
    assert torch.equal(losses, again) and all(torch.equal(weights[n], theirs[n]) for n in weights)
    assert [row[:3] for row in rows] == [row[:3] for row in found]


def test_shares_are_the_rows_in_turn_and_weigh_as_many_tokens_as_they_hold():
    ids = torch.arange(20).view(5, 4)
    parts = [distributed.share(ids, rank, 2) for rank in range(2)]
    assert [p[0][:, 0].tolist() for p in parts] == [[0, 8, 16], [4, 12]]
    assert [p[1] for p in parts] == pytest.approx([0.6, 0.4])
    assert distributed.share(ids[:1], 1, 2) == (None, 0.0)
    with pytest.raises(TypeError, match="tuple cannot be shared out; trainings of GPTs can"):
        distributed.share((ids, ids), 0, 2)


def test_the_weighted_losses_of_the_shares_add_up_to_the_loss_of_the_batch():
    torch.manual_seed(0)
    model = gpt.GPT(gpt.GPTConfig(20, 16, 2, 2, max_length=32))
    batch = text.collate([([5, 6, 7], [8, 9]), ([5], [6, 7, 8, 9, 10]), ([11, 12, 13, 14, 15], [4])])
    for whole in (batch, torch.randint(20, (5, 9))):
        parts = [distributed.share(whole, rank, 2) for rank in range(2)]
        total = sum(model.loss(part) * weight for part, weight in parts)
        assert total.item() == pytest.approx(model.loss(whole).item(), abs=1e-6)


def test_an_ordinary_program_belongs_to_no_team(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with distributed.together(torch.device("cpu")) as team:
        assert team is None and distributed.team() is None
