"""Trained models on disk: NAME.safetensors (float16), and NAME.json, the card that says
what it is and how it was made. Nothing is ever unpickled."""

import hashlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import torch
from torch import Tensor, nn

from course_kit import files, text
from course_kit.models import fine_tuned_files
from course_kit.programs import arguments

FORMAT = 1
ROOMS = "course_kit.models", "course_utils"  # modules there name what a checkpoint may hold: ARCHITECTURES
CARD = {"format", "architecture", "config", "weights", "sum"}  # what it holds, and may
ROLES = ("source", "target", "tokenizer")  # of vocabularies
OURS = {*ROLES, *CARD, "base", "num_labels"}
SEEN = "seen"  # beside the weights: hashes of the training sentences
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


def load_checkpoint(name: str | Path) -> Loaded:
    """A checkpoint of the course by name, or one of your own by path, verified.

    ValueError: the files are damaged, or of another architecture.
    """
    path = path_of(name)
    if not path.is_file():
        known = sorted(p.stem for p in folder().glob("*.json"))
        near = arguments.did_you_mean(path.stem, known)
        there = f"{near} There are: {', '.join(known) or 'none'}."
        raise FileNotFoundError(f"There is no checkpoint {path.stem!r}.{there}")
    try:
        return _load(path)
    except OSError:
        raise
    except Exception as error:  # a card may say anything
        raise ValueError(f"{path.name} cannot be loaded: {error}. {AGAIN}") from None


def _load(path: Path) -> Loaded:
    card = _card(path)
    base = _base(card, path)
    model = _model(card)
    tensors = _tensors(path, card["weights"])
    seen = tensors.pop(SEEN, None)
    own = own_state(model)
    if base:
        tensors = fine_tuned_files.thicken(tensors, base.model.state_dict(), own)
    if wrong := arguments.misfit(own, tensors):
        raise ValueError(f"its weights are those of another architecture: {wrong}")
    for name, x in tensors.items():
        arguments.finite(name, x)
    model.load_state_dict(tensors, strict=False)  # as float32; names and shapes are equal
    words = {role: getattr(base, role) for role in ROLES} if base else {}
    words |= {role: text.from_json(card.pop(role)) for role in ROLES if role in card}
    for role in (role for role in ROLES if words.get(role) is not None):
        known, ids = words[role], getattr(model.config, "vocab" if role == "tokenizer" else f"{role}_vocab")
        if len(known) != ids:
            raise ValueError(f"its {role} has {len(known):,} words, and its model {ids:,}")
    return Loaded(model.eval(), card, **words, seen=seen)


def path_of(name: str | Path) -> Path:
    """The JSON of a checkpoint: a bare name is in data/checkpoints, else a path."""
    if not isinstance(name, str | os.PathLike) or not Path(name).name:
        raise ValueError(f"name is {arguments.described(name)}; needed: a name, or a path")
    path = Path(name)
    stem = path.name.removesuffix(".json").removesuffix(".safetensors")
    is_bare = path.parent == Path() and stem == path.name
    return (folder() if is_bare else path.parent) / f"{stem}.json"


def _card(path: Path) -> dict[str, Any]:
    """The card, whole."""
    try:
        card = json.loads(files.content(path))
    except (ValueError, RecursionError):
        raise ValueError("it is damaged: no JSON") from None
    if not isinstance(card, dict) or not card.keys() >= CARD:
        needed = ", ".join(sorted(CARD))
        raise ValueError(f"it is no card; needed: an object with {needed}")
    if card.pop("sum") != card_sum(card):
        raise ValueError("it is damaged: its checksum differs from what it says")
    if card["format"] != FORMAT:
        raise ValueError(f"it has format {card['format']}; needed: {FORMAT}")
    return card


def _base(card: dict[str, Any], path: Path) -> Loaded | None:
    """The checkpoint that this was fine-tuned from, if only what was added is kept."""
    if "base" not in card:
        return None
    name = card["base"]["name"]
    base = load_checkpoint(path.with_name(f"{name}.json"))
    if base.card["weights"]["sha256"] != card["base"]["sha256"]:
        again = f"`course train {path.stem} --fresh` makes it again"
        raise ValueError(f"it was fine-tuned from another {name}: {again}")
    return base


def _model(card: dict[str, Any]) -> nn.Module:
    """A new model as the card describes it."""
    model, config = architecture(card["architecture"])
    labels = {"num_labels": card["num_labels"]} if "num_labels" in card else {}
    try:
        sizes = {name: _of_its_kind(name, x, get_type_hints(config)) for name, x in card["config"].items()}
        return model(config(**sizes), **labels)
    except Exception as error:
        raise ValueError(f"it does not describe a {card['architecture']}: {error}") from None


def architectures() -> Iterator[tuple[str, tuple[Any, Any]]]:
    """(name in a card, (class, that of its config)) of each: first of what is imported already; as one asks for more,
    the other modules are imported, one by one."""
    names = [one.name for room in ROOMS for one in pkgutil.iter_modules(import_module(room).__path__, f"{room}.")]
    for name in sorted(names, key=lambda one: one not in sys.modules):
        yield from getattr(import_module(name), "ARCHITECTURES", {}).items()


def architecture(name: Any) -> tuple[Any, Any]:
    """(class, that of its config) of this name in a card. Of another name a ValueError says which there are."""
    if found := next((both for known, both in architectures() if known == name), None):
        return found
    known = dict(architectures())
    return known[arguments.one_of("architecture", name, known)]


def _of_its_kind(name: str, value: Any, kinds: Mapping[str, Any]) -> Any:
    """A value of a config, as its class wants it: a size is a whole number."""
    allowed = get_args(kind := kinds.get(name, Any)) or (kind,)
    if bool in allowed:
        return arguments.flag(name, value)
    if int in allowed and not (value is None and type(None) in allowed):
        return arguments.whole_number(name, value, 0)
    return arguments.real_number(name, value) if float in allowed else value


def _tensors(path: Path, weights: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors beside a card, if their checksum is the one that it names."""
    from safetensors.torch import load

    file = path.with_suffix(".safetensors")
    if not file.is_file():
        raise FileNotFoundError(f"{file.name} is missing. {AGAIN}")
    if files.sha256(file) != weights["sha256"]:
        size = f"{file.stat().st_size:,} bytes of {weights['bytes']:,}"
        raise ValueError(f"its weights are damaged: {size}, or another checksum")
    return load(file.read_bytes())


def own_state(model: nn.Module) -> dict[str, Tensor]:
    """The state of a model, a tensor that has two names (tied embeddings) once."""
    own = {name for name, _ in [*model.named_parameters(), *model.named_buffers()]}
    return {name: x for name, x in model.state_dict().items() if name in own}


def config_of(model: Any) -> dict[str, Any]:
    """What a card says of a model's sizes: with them another one of its kind is made."""
    return asdict(model.config)
