"""A GPT of ours in the format of Hugging Face: a folder that other programs load and serve.

    folder = save_pretrained(load_checkpoint("gpt-shakespeare"), "build/my-gpt")
    transformers.AutoModelForCausalLM.from_pretrained(folder)

Besides weights and config it holds the tokenizer, and the chat template: the few lines that make one text of a chat.
"""

import contextlib
from pathlib import Path

from course_kit import text
from course_kit.checkpoints import Loaded
from course_kit.convert import to_huggingface
from course_kit.i18n import mark, t
from course_kit.views.table import Table

TEMPLATE = (  # a chat as a scene: the user is one citizen, the assistant the other
    "{% for message in messages %}"
    "{{ {'user': 'First Citizen:\n', 'assistant': 'Second Citizen:\n'}.get(message['role'], '') }}"
    "{{ message['content'] }}\n\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Second Citizen:\n{% endif %}"
)


def save_pretrained(loaded: Loaded, folder) -> Path:
    """Write a GPT of characters, its tokenizer and a chat template as `transformers` reads them -> the folder.

    A chat is a scene of two citizens. What is written continues at temperature 1, unless the request says otherwise.
    Raises ValueError for a model whose tokens are not characters.
    """
    theirs, tokenizer = to_huggingface(loaded.model), to_tokenizer(loaded.tokenizer, loaded.model.context)
    theirs.config.bos_token_id = theirs.generation_config.bos_token_id = text.BOS
    theirs.config.eos_token_id = theirs.generation_config.eos_token_id = text.EOS
    theirs.config.pad_token_id = theirs.generation_config.pad_token_id = text.PAD
    theirs.generation_config.do_sample, theirs.generation_config.top_k = True, 0
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _quiet():
        theirs.float().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


@contextlib.contextmanager
def _quiet():
    """Without the progress bars of transformers."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def to_tokenizer(ours, max_length: int):
    """Characters -> a PreTrainedTokenizerFast with a chat template: the same numbers for the same text."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    if getattr(ours, "split", None) != "exact":
        raise ValueError(f"the tokenizer is {ours!r}; needed: Characters, which the model was trained with")
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(ours.words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    pad, unknown, begin, end = ours.tokens(range(4))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad, unk_token=unknown, bos_token=begin, eos_token=end,
        model_max_length=max_length, clean_up_tokenization_spaces=False, chat_template=TEMPLATE,
    )  # fmt: skip


def as_text(tokenizer, messages: list[dict]) -> str:
    """What a model reads of a chat: the chat template filled in. messages: [{"role": …, "content": …}, …]."""
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def size_table() -> Table:
    """Why a model of 3.09 B parameters fits in 1.9 GB: each part, its parameters, bits and MB.

    Qwen2.5-3B as Ollama serves it, in the format Q4_K_M of llama.cpp: most matrices with 4 bits per number and 0.5 for
    the scales of its block; the embedding, and in half of the layers the values and the last matrix of the feed-forward
    network, with 6.5625; norms and biases with 32. One matrix both reads and writes words.
    """
    vocab, size, layers, heads, key_heads, ffn = 151_936, 2048, 36, 16, 2, 11_008
    keys = size // heads * key_heads
    values, narrow = keys * size, ffn * size
    four = layers * (2 * size * size + keys * size + 2 * ffn * size) + layers // 2 * (values + narrow)
    more = t("in half of the layers: attention's value matrices, the feed-forward networks' last matrices")
    parts = {
        mark("embedding, shared with the output"): (vocab * size, 6.5625),
        more: ((layers - layers // 2) * (values + narrow), 6.5625),
        mark("all other matrices"): (four, 4.5),
        mark("norms and biases"): (layers * (2 * size + size + 2 * keys) + size, 32),
    }
    total, space = sum(n for n, _ in parts.values()), sum(n * bits for n, bits in parts.values())
    rows = [{mark("part"): t(name), mark("parameters"): n, mark("bits per parameter"): round(bits, 4),
             "MB": round(n * bits / 8e6, 1)}
            for name, (n, bits) in (parts | {mark("all"): (total, space / total)}).items()]  # fmt: skip
    without = t(
        "As float32 it would be {total} GB, as bfloat16 {total2} GB",
        total=f"{4 * total / 1000000000.0:.1f}",
        total2=f"{2 * total / 1000000000.0:.1f}",
    )
    return Table(rows, t("The bits include a share of each block's scales. {without}", without=without))
