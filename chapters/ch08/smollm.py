"""SmolLM2 in our own class: its sizes, its parameters and its tokenizer, from one file.

    file = GGUFReader(path)
    model = Llama(config_of(file))
    model.load_state_dict(parameters_of(file))
    tokenizer = tokenizer_of(file)
    ids = tokenizer.encode(chat_prompt([("user", "Who are you?")])).ids

GGUF is the container of llama.cpp: pairs of names and values, then tensors, rounded in
blocks of 32. Its queries and keys are stored for rotary positions that turn neighbouring
features, as `course_utils.rotary` does. Source: Allal et al. 2025 (SmolLM2), arXiv 2502.02737.
"""

from typing import Any

import torch
from torch import Tensor

from course_utils.llama import LlamaConfig


def setting(file: Any, name: str) -> Any:
    """What the file says under a name."""
    return file.fields[name].contents()


def config_of(file: Any) -> LlamaConfig:
    """The sizes of the model in a file."""
    return LlamaConfig(
        vocab_size=len(setting(file, "tokenizer.ggml.tokens")),
        model_size=setting(file, "llama.embedding_length"),
        num_layers=setting(file, "llama.block_count"),
        num_heads=setting(file, "llama.attention.head_count"),
        key_heads=setting(file, "llama.attention.head_count_kv"),
        ffn_size=setting(file, "llama.feed_forward_length"),
        max_length=setting(file, "llama.context_length"),
        base=setting(file, "llama.rope.freq_base"),
        eps=setting(file, "llama.attention.layer_norm_rms_epsilon"),
    )


def renamed(name: str) -> str:
    """blk.0.attn_q.weight in the file is blocks.0.attention.query.weight here."""
    names = {"token_embd": "tokens", "blk": "blocks", "output_norm": "norm"}
    names |= {"attn_norm": "norm1", "ffn_norm": "norm2", "attn_output": "attention.out"}
    names |= {"attn_q": "attention.query", "attn_k": "attention.key"}
    names |= {"attn_v": "attention.value", "ffn_gate": "ffn.gate"}
    names |= {"ffn_up": "ffn.up", "ffn_down": "ffn.down"}
    return ".".join(names.get(part, part) for part in name.split("."))


def parameters_of(file: Any) -> dict[str, Tensor]:
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
