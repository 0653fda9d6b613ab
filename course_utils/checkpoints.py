"""Trained models on disk: NAME.safetensors (float16), and NAME.json, the card that says
what it is and how it was made. Nothing is ever unpickled."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import bert, checks, deltas, files, text
from course_utils.gpt import GPT, GPTConfig
from course_utils.llama import Llama, LlamaConfig
from course_utils.seq2seq import Seq2Seq, Seq2SeqConfig
from course_utils.transformer import Transformer, TransformerConfig

FORMAT = 1
ARCHITECTURES: dict[str, tuple[Any, Any]] = {  # name in a card -> class and its config
    "Seq2Seq": (Seq2Seq, Seq2SeqConfig),
    "Transformer": (Transformer, TransformerConfig),
    "GPT": (GPT, GPTConfig),
    "Llama": (Llama, LlamaConfig),
    "Bert": (bert.Bert, bert.BertConfig),
    "BertForPreTraining": (bert.BertForPreTraining, bert.BertConfig),
    "BertForSequenceClassification": (
        bert.BertForSequenceClassification,
        bert.BertConfig,
    ),
    "BertForTokenClassification": (bert.BertForTokenClassification, bert.BertConfig),
    "BertForQuestionAnswering": (bert.BertForQuestionAnswering, bert.BertConfig),
}
RENAMED = {"positions.table": "positions.weight"}  # ends of names, since format 1
MOST = {"num_layers": 1000}  # what can be built; see _settings
DROPPED = {"key_heads", "window", "memory_layers"}  # settings that no config has today
FIXED = {  # settings that every model of these classes has today
    "norm_first": True,
    "tie_embeddings": True,
    "positions": "sinusoidal",
    "activation": "relu",
}

CARD = {"architecture": str, "config": dict, "weights": dict}  # what it holds, and may
OPTIONAL = {"base": dict, "data": dict, "num_labels": int}
OURS = {"format", "sum", "source", "target", "tokenizer", *CARD, "base", "num_labels"}
SEEN = "seen"  # beside the weights: hashes of the training sentences
PICKLES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
AGAIN = "`git checkout -- data/checkpoints` brings it back; `course train` makes it."


@dataclass
class Loaded:
    """A trained model with its vocabularies, which have encode(str) and decode(ids)."""

    model: Any  # an nn.Module in eval mode, float32
    card: dict[str, Any] = field(repr=False)  # config, data, training, metrics
    source: Any = None  # the vocabulary of each side
    target: Any = None
    tokenizer: Any = None  # the same for a model of one text
    seen: Tensor | None = field(default=None, repr=False)  # hashes of its training

    def was_seen(self, sentence: str) -> bool | None:
        """Was this source sentence in the training data? None where nobody knows.

        By a 32-bit hash: of 100,000 new sentences about three are called seen.
        """
        if self.seen is None:
            return None
        return bool((self.seen == sentence_hash(sentence)).any())


def sentence_hash(sentence: str) -> int:
    """32 bits, signed, the same for all spellings that `text.normalise` makes equal."""
    digest = hashlib.sha256(text.normalise(sentence).encode()).hexdigest()
    return int(digest[:8], 16) - 2**31


def sentence_hashes(sentences: Iterable[str]) -> Tensor:
    """The hashes of sentences, sorted, each once: [n] int32."""
    return torch.tensor(sorted(set(map(sentence_hash, sentences))), dtype=torch.int32)


def folder() -> Path:
    """`data/checkpoints/` of the course."""
    return files.course_folder() / "data" / "checkpoints"


def card_sum(record: Mapping[str, Any]) -> str:
    """The checksum of all that a card says but itself, vocabularies included."""
    content = {key: value for key, value in record.items() if key != "sum"}
    written = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()


def coming(path: Path) -> Path:
    """New weights until their card is there: right, if the program ended in between."""
    return path.with_name(f"{path.stem}.safetensors.new")


def load_checkpoint(name: str | Path) -> Loaded:
    """A checkpoint of the course by name, or one of your own by path, verified.

    ValueError: the files are damaged, of another architecture, or not safetensors.
    """
    path = path_of(name)
    if not path.is_file():
        known = sorted(p.stem for p in folder().glob("*.json"))
        near = checks.did_you_mean(name, known)
        there = f"{near} There are: {', '.join(known) or 'none'}."
        raise FileNotFoundError(f"There is no checkpoint {str(name)!r}.{there}")
    try:
        return _load(path)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path.name} cannot be loaded: {error}. {AGAIN}") from None


def _load(path: Path) -> Loaded:
    card = _card(path)
    base = _base(card, path)
    model = _model(card)
    tensors = _tensors(path, card["weights"])
    seen = tensors.pop(SEEN, None)
    if seen is not None and not _is_sorted(seen):
        raise ValueError("its list of sentences seen is damaged: out of order")
    own = own_state(model)
    tensors = _renamed(tensors, own)
    if base:
        tensors = deltas.thicken(tensors, base.model.state_dict(), own)
    if wrong := checks.misfit(own, tensors):
        raise ValueError(f"its weights are those of another architecture: {wrong}")
    for key, x in tensors.items():
        if x.is_floating_point() != own[key].is_floating_point():
            raise ValueError(f"{key} holds {x.dtype}; needed: floating-point numbers")
        checks.finite(key, x)
    model.load_state_dict(tensors, strict=False)  # as float32; names and shapes are equal
    roles = ("source", "target", "tokenizer")
    words = {role: getattr(base, role) for role in roles} if base else {}
    words |= {role: text.from_json(card.pop(role)) for role in roles if role in card}
    if "pair" in card.get("data", {}) and "tokenizer" in words:  # a GPT that translates
        words["source"] = words["target"] = words["tokenizer"]
    return Loaded(model.eval(), card, **words, seen=seen)


def _is_sorted(seen: Tensor) -> bool:
    return seen.dim() == 1 and seen.dtype == torch.int32 and bool((seen.diff() > 0).all())


def path_of(name: str | Path) -> Path:
    """The JSON of a checkpoint: a bare name is in data/checkpoints, else a path."""
    if not isinstance(name, str | os.PathLike) or not Path(name).name:
        raise ValueError(f"name is {checks.described(name)}; needed: a name, or a path")
    path = Path(name)
    stem = path.name.removesuffix(".json").removesuffix(".safetensors")
    is_bare = path.parent == Path() and stem == path.name
    return (folder() if is_bare else path.parent) / f"{stem}.json"


def _card(path: Path) -> dict[str, Any]:
    """The card, whole and of the right form."""
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("it is damaged: no JSON") from None
    if not isinstance(card, dict) or not CARD.keys() <= card.keys():
        raise ValueError(f"it is no card; needed: an object with {', '.join(CARD)}")
    if card.get("format") != FORMAT:
        raise ValueError(f"it has format {card.get('format')}; needed: {FORMAT}")
    if card.pop("sum", None) not in (None, card_sum(card)):
        raise ValueError("it is damaged: its checksum differs from what it says")
    for key, kind in (CARD | OPTIONAL).items():
        if key in card and not isinstance(card[key], kind):
            raise ValueError(f"it is no card: {key} is {checks.described(card[key])}")
    return card


def _base(card: dict[str, Any], path: Path) -> Loaded | None:
    """The checkpoint that this was fine-tuned from, if only what was added is kept."""
    if "base" not in card:
        return None
    name, checksum = (card["base"].get(key) for key in ("name", "sha256"))
    if name in (None, path.stem) or checksum is None:
        raise ValueError(f"it is no card: base is {checks.described(card['base'])}")
    base = load_checkpoint(path.with_name(f"{name}.json"))
    if base.card["weights"]["sha256"] != checksum:
        again = f"`course train {path.stem} --fresh` makes it again"
        raise ValueError(f"it was fine-tuned from another {name}: {again}")
    return base


def _model(card: dict[str, Any]) -> nn.Module:
    """A new model as the card describes it."""
    architecture = checks.one_of("architecture", card["architecture"], ARCHITECTURES)
    model, config = ARCHITECTURES[architecture]
    settings = _settings(card["config"], {one.name for one in fields(config)})
    labels = {"num_labels": card["num_labels"]} if "num_labels" in card else {}
    try:
        return model(config(**settings), **labels)
    except Exception as error:  # whatever a number that cannot be may lead to
        raise ValueError(f"it does not describe a {architecture}: {error}") from None


def _settings(config: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """A card's config for today's class: what is gone must have meant nothing."""
    settings = {key: tuple(x) if isinstance(x, list) else x for key, x in config.items()}
    for key, x in settings.items():  # a hostile card could keep a computer busy for ever
        usual = 10_000_000 if key.endswith(("vocab_size", "length")) else 262_144
        most = MOST.get(key, usual)
        if isinstance(x, int) and x > most:
            raise ValueError(f"its {key} is {x}; needed: {most} at most")
    for key in FIXED.keys() & settings.keys() - known:
        if (value := settings.pop(key)) != FIXED[key]:
            raise ValueError(f"its {key} is {value!r}, which no model has today")
    layers = config.get("num_layers", 0)
    for key in DROPPED & settings.keys() - known:
        if (value := settings.pop(key)) not in (None, (layers,) * layers):
            raise ValueError(f"its {key} is {value}, which no model has today")
    return settings


def _tensors(path: Path, weights: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors beside a card, if their checksum is the one that it names."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    there = [p for p in (path.with_suffix(".safetensors"), coming(path)) if p.is_file()]
    if not there:
        raise FileNotFoundError(f"{path.stem}.safetensors is missing. {AGAIN}")
    contents = [one.read_bytes() for one in there]
    whole = [x for x in contents if hashlib.sha256(x).hexdigest() == weights["sha256"]]
    content = [*whole, *contents][0]
    if content.startswith(PICKLES):
        raise ValueError("its weights are a pickle, which could run any program")
    if not whole or len(content) != weights["bytes"]:
        size = f"{len(content):,} bytes of {weights['bytes']}"
        raise ValueError(f"its weights are damaged: {size}, or another checksum")
    try:
        return load(content)
    except SafetensorError as error:
        raise ValueError(f"its weights are not safetensors: {error}") from None


def _renamed(tensors: dict[str, Tensor], own: Iterable[str]) -> dict[str, Tensor]:
    """Tensors under today's names, where the model has the new name and not the old."""
    today: dict[str, str] = {}
    for old, new in RENAMED.items():
        today |= {
            name.removesuffix(new) + old: name for name in own if name.endswith(new)
        }
    names = {old: name for old, name in today.items() if old not in own}
    factors = {
        old + end: new + end
        for old, new in names.items()
        for end in (deltas.UP, deltas.DOWN)
    }
    return {(names | factors).get(name, name): x for name, x in tensors.items()}


def own_state(model: nn.Module) -> dict[str, Tensor]:
    """The state of a model, a tensor that has two names (tied embeddings) once."""
    own = {name for name, _ in [*model.named_parameters(), *model.named_buffers()]}
    return {name: x for name, x in model.state_dict().items() if name in own}
