"""A GPT of ours in the format of Hugging Face: a folder that other programs load and serve.

    folder = save_pretrained(load_checkpoint("gpt-shakespeare"), "build/my-gpt", template="play")
    transformers.AutoModelForCausalLM.from_pretrained(folder)

Besides weights and config it holds the tokenizer, and the chat template: the few lines that make one text of a chat.
"""

import contextlib
from pathlib import Path

from course_kit import text
from course_kit.checkpoints import Loaded
from course_kit.convert import to_huggingface
from course_kit.text.vocabulary import LONGEST_WORD
from course_kit.views.table import Table

TEMPLATES = {
    "plain": "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    "play": (  # a chat as a scene: the user is one citizen, the assistant the other
        "{% for message in messages %}"
        "{{ {'user': 'First Citizen:\n', 'assistant': 'Second Citizen:\n'}.get(message['role'], '') }}"
        "{{ message['content'] }}\n\n"
        "{% endfor %}"
        "{% if add_generation_prompt %}Second Citizen:\n{% endif %}"
    ),
}


def save_pretrained(loaded: Loaded, folder, template: str = "plain") -> Path:
    """Write a GPT, its tokenizer and its chat template as `transformers` reads them -> the folder.

    template: a name in TEMPLATES ("plain": all messages in a row; "play": as a scene), or a
    text in Jinja of your own. What is written continues at temperature 1, unless the request says otherwise.
    Raises ValueError for a model without a tokenizer.
    """
    if loaded.tokenizer is None:
        raise ValueError("loaded.tokenizer is None; needed: the tokenizer that the model was trained with")
    theirs, tokenizer = to_huggingface(loaded.model), to_tokenizer(loaded.tokenizer, loaded.model.context)
    tokenizer.chat_template = TEMPLATES.get(template, template)
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


def to_tokenizer(ours, max_length: int = 1024):
    """Characters, Vocabulary, Subwords or BytePairs -> a PreTrainedTokenizerFast: the same numbers for the same text.

    Raises ValueError for words: their rules are ours alone.
    """
    from transformers import PreTrainedTokenizerFast

    if isinstance(ours, text.Subwords):
        tokenizer = _subwords(ours)
    elif isinstance(ours, text.BytePairs):
        tokenizer = _byte_pairs(ours)
    elif ours.split == "exact":
        tokenizer = _characters(ours)
    else:
        raise ValueError(f"{ours!r} cannot be written for transformers; needed: Characters, Subwords or BytePairs")
    pad, unknown, begin, end = ours.tokens(range(4))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad, unk_token=unknown, bos_token=begin, eos_token=end,
        model_max_length=max_length, clean_up_tokenization_spaces=False,
    )  # fmt: skip


def _characters(ours):
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(ours.words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def _subwords(ours):
    """The same BPE, with what `text.normalise` does before it written as its normaliser."""
    from tokenizers import Regex, Tokenizer, normalizers

    tokenizer = Tokenizer.from_str(ours.tokenizer.to_str())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace("’", "'"),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    return tokenizer


# What text.subwords.WORD finds, in the language of this library, whose \w and \s are a little wider.
_BLANK = r"\t-\r\x1c- \x85\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_ENDING = r"['’](?:s|t|re|ve|m|ll|d)(?![\p{L}\p{N}_])"
_LONG = f"{{1,{LONGEST_WORD}}}"
BYTE_WORD = (
    rf"{_ENDING}| ?[\p{{L}}\p{{Nl}}\p{{No}}]{_LONG}| ?\p{{Nd}}{_LONG}| ?[^{_BLANK}\p{{L}}\p{{N}}]{_LONG}"
    rf"|[{_BLANK}]{_LONG}(?![^{_BLANK}])|[{_BLANK}]{_LONG}"
)


def _byte_pairs(ours):
    """The same pairs as GPT-2 spells them: each byte as a letter that one can see."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]  # bytes that are such a letter themselves
    hidden = [byte for byte in range(256) if byte not in seen]
    letters = dict(zip(seen, map(chr, seen), strict=True)) | {byte: chr(256 + n) for n, byte in enumerate(hidden)}
    spelt = lambda piece: "".join(letters[ord(byte)] for byte in piece)  # noqa: E731
    special = len(text.SPECIAL)
    vocabulary = {spelt(piece): number for number, piece in enumerate(ours.pieces[special:], special)}
    vocabulary |= {name: number for number, name in enumerate(text.SPECIAL)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [(spelt(a), spelt(b)) for a, b in ours.merges]))
    words, spelling = (
        pre_tokenizers.Split(Regex(BYTE_WORD), "isolated"),
        pre_tokenizers.ByteLevel(False, use_regex=False),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, spelling])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def as_text(tokenizer, messages: list[dict]) -> str:
    """What a model reads of a chat: the chat template filled in. messages: [{"role": …, "content": …}, …]."""
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def size_table(
    vocab: int = 151_936, size: int = 2048, layers: int = 36, heads: int = 16, key_heads: int = 2, ffn: int = 11_008
) -> Table:
    """Why a model of 3.09 B parameters fits in 1.9 GB: each part, its parameters, bits and MB.

    By default Qwen2.5-3B as Ollama serves it, in the format Q4_K_M of llama.cpp: most matrices with 4 bits per number
    and 0.5 for the scales of its block; the embedding, and in half of the layers the values and the last matrix of the
    feed-forward network, with 6.5625; norms and biases with 32. One matrix both reads and writes words.
    """
    keys = size // heads * key_heads
    values, narrow = keys * size, ffn * size
    four = layers * (2 * size * size + keys * size + 2 * ffn * size) + layers // 2 * (values + narrow)
    more = "in half of the layers: attention's value matrices, the feed-forward networks' last matrices"
    parts = {
        "embedding, shared with the output": (vocab * size, 6.5625),
        more: ((layers - layers // 2) * (values + narrow), 6.5625),
        "all other matrices": (four, 4.5),
        "norms and biases": (layers * (2 * size + size + 2 * keys) + size, 32),
    }
    total, space = sum(n for n, _ in parts.values()), sum(n * bits for n, bits in parts.values())
    rows = [{"part": name, "parameters": n, "bits per parameter": round(bits, 4), "MB": round(n * bits / 8e6, 1)}
            for name, (n, bits) in (parts | {"all": (total, space / total)}).items()]  # fmt: skip
    without = f"As float32 it would be {4 * total / 1e9:.1f} GB, as bfloat16 {2 * total / 1e9:.1f} GB"
    return Table(rows, f"The bits include a share of each block's scales. {without}")
