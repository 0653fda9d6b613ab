"""A GPT in Hugging Face's format, served by `transformers serve`, asked through the client `openai`: the real ones."""

import importlib.util

import pytest
import torch

from chapters.ch07 import hub_format, serving
from course_kit import text
from course_kit.checkpoints import Loaded
from course_kit.decoding import generate
from course_utils.gpt import GPT, GPTConfig, next_token_loss

EXTRA = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in serving.NEEDED), reason='needs pip install -e ".[serve]"'
)
LINES = "First Citizen:\nSpeak, speak.\n\nSecond Citizen:\nWe know't, é and 我.\n"


def model(tokenizer):
    torch.manual_seed(0)
    gpt = GPT(GPTConfig(len(tokenizer), 32, 2, 2, context=64))
    return Loaded(gpt.eval(), {}, tokenizer=tokenizer)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model that knows the lines by heart, so that its greedy text is more than one letter."""
    loaded = model(text.Characters.build(LINES))
    ids = torch.tensor([loaded.tokenizer.encode(LINES)])[:, :65]
    optimizer = torch.optim.Adam(loaded.model.parameters(), 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        next_token_loss(loaded.model, ids).backward()
        optimizer.step()
    return loaded, hub_format.save_pretrained(loaded, tmp_path_factory.mktemp("models") / "my-gpt")


def test_transformers_reads_the_same_numbers_and_gives_the_same_logits(folder):
    import transformers

    loaded, place = folder
    theirs = transformers.AutoTokenizer.from_pretrained(place)
    for content in (LINES, "the  cats’ Soup.\n", "l'été mangé ☃", " \n\n x"):
        ids = loaded.tokenizer.encode(content)
        assert theirs(content).input_ids == ids
        assert theirs.decode(ids).strip() == loaded.tokenizer.decode(ids).strip()
    assert (theirs.pad_token_id, theirs.bos_token_id, theirs.eos_token_id) == (text.PAD, text.BOS, text.EOS)
    gpt = transformers.AutoModelForCausalLM.from_pretrained(place)
    ids = torch.randint(4, len(loaded.tokenizer), (2, 20))
    assert torch.allclose(gpt(ids).logits, loaded.model(ids), atol=1e-5)
    assert gpt.generation_config.do_sample and gpt.generation_config.eos_token_id == text.EOS


def test_chat_templates_make_one_text_of_a_chat(folder):
    import transformers

    chat = [
        {"role": "system", "content": "Rome. A street."},
        {"role": "user", "content": "Speak."},
        {"role": "assistant", "content": "We know."},
        {"role": "user", "content": "Well?"},
    ]
    theirs = transformers.AutoTokenizer.from_pretrained(folder[1])
    assert hub_format.as_text(theirs, chat) == (
        "Rome. A street.\n\nFirst Citizen:\nSpeak.\n\nSecond Citizen:\nWe know.\n\nFirst Citizen:\nWell?\n\n"
        "Second Citizen:\n"
    )


def test_what_cannot_be_written_says_why(tmp_path):
    for tokenizer in (text.Vocabulary.build(["a b"]), None):
        with pytest.raises(ValueError, match="needed: Characters"):
            hub_format.save_pretrained(Loaded(GPT(GPTConfig(9, 8)).eval(), {}, tokenizer=tokenizer), tmp_path / "m")


def test_three_billion_numbers_fit_in_two_gigabytes():
    """Qwen's card: 3.09 B parameters, 2.77 B without the embedding; Ollama's page: 1.9 GB."""
    rows = {row["part"]: row for row in hub_format.size_table()}
    total = rows["all"]["parameters"]
    assert total == sum(row["parameters"] for part, row in rows.items() if part != "all") == 3_085_938_688
    assert round((total - rows["embedding, shared with the output"]["parameters"]) / 1e9, 2) == 2.77
    assert round(rows["all"]["MB"] / 1000, 1) == 1.9


def test_without_the_extra_one_command_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"openai, fastapi, uvicorn.*\n  make lab EXTRA=serve\n"):
        serving.serve(tmp_path).__enter__()


@EXTRA
def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="save_pretrained"):
        serving.serve(tmp_path).__enter__()


@EXTRA
@pytest.mark.weekly
def test_what_is_served_is_what_is_written_here(folder):
    loaded, place = folder
    with serving.serve(place) as server:
        assert serving.models_at(server.url) == [server.model] == ["attention-course/my-gpt"]
        assert [model.id for model in serving.client(server.url).models.list()] == [server.model]
        chat = [{"role": "system", "content": "We."}, {"role": "user", "content": "Speak."}]
        pieces = list(serving.streamed(server.url, server.model, chat, max_tokens=15, temperature=0))
        expected = generate(loaded, "We.\n\nFirst Citizen:\nSpeak.\n\nSecond Citizen:\n", 15, temperature=0)
        assert "".join(pieces) == expected and len(set(expected)) > 4 and len(pieces) > 5
    assert serving.models_at(server.url) is None
