"""SmolLM2 in our class: the ids, the logits and the text that transformers gives with the same file."""

import pytest
import torch

from chapters.ch08 import published
from chapters.ch08.kept.smollm import chat_prompt

pytestmark = pytest.mark.weekly  # transformers needs 20 core-seconds to open it; test_ch08_lesson.py asks it each day
TEXTS = ("The year 1812 was cold.", "naïve café, 猫 and 🙂", "  two blanks\n\nand lines", "don't <|im_start|> stop")


@pytest.fixture(scope="module")
def theirs(smollm):
    import transformers

    path = published.where()
    model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    return model.eval(), transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def test_ids_and_texts_are_those_of_transformers(smollm, theirs):
    for text in TEXTS:
        ids = smollm.tokenizer.encode(text).ids
        assert ids == theirs[1](text)["input_ids"]
        assert smollm.tokenizer.decode(ids, skip_special_tokens=False) == text


def test_the_template_is_the_one_in_the_file(smollm, theirs):
    talk = [("system", "You are brief."), ("user", "Who are you?"), ("assistant", "A model."), ("user", "Which?")]
    messages = [{"role": role, "content": text} for role, text in talk]
    assert chat_prompt(talk) == theirs[1].apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    alone = theirs[1].apply_chat_template(messages[1:2], tokenize=False, add_generation_prompt=True)
    assert smollm.tokenizer.decode(smollm.prompt("Who are you?")[0].tolist(), skip_special_tokens=False) == alone


@torch.no_grad()
def test_logits_and_fifty_tokens_are_those_of_transformers(smollm, theirs):
    ids = smollm.prompt("Why is the sky blue?")
    assert (smollm.model(ids) - theirs[0](ids).logits).abs().max() < 1e-3
    written = theirs[0].generate(ids, max_new_tokens=50, do_sample=False)[0, ids.shape[1] :].tolist()
    assert list(smollm.tokens(ids, 50)) == written
