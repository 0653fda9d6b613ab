"""Trained models on disk: NAME.safetensors (float16) and NAME.json, which says what it is and how it was made.

Nothing is ever unpickled.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import bert, checks, deltas, files, text
from course_utils.gpt import GPT, GPTConfig
from course_utils.seq2seq import Seq2Seq, Seq2SeqConfig
from course_utils.transformer import Transformer, TransformerConfig

FORMAT = 1
OURS = {
    "format",
    "architecture",
    "config",
    "num_labels",
    "weights",
    "base",
    "sum",
    "source",
    "target",
    "tokenizer",
}
ARCHITECTURES = {  # name in a card -> class and its config
    "Seq2Seq": (Seq2Seq, Seq2SeqConfig),
    "Transformer": (Transformer, TransformerConfig),
    "GPT": (GPT, GPTConfig),
} | {
    f"Bert{task}": (getattr(bert, f"Bert{task}"), bert.BertConfig)
    for task in (
        "",
        "ForPreTraining",
        "ForSequenceClassification",
        "ForTokenClassification",
        "ForQuestionAnswering",
    )
}
SEEN = "seen"  # beside the weights: fingerprints of the training sentences
AGAIN = "`git checkout -- data/checkpoints` brings back those of the course; `course train` makes them."


@dataclass
class Loaded:
    """A trained model with what belongs to it: .model .card, and .source .target or .tokenizer, which all have
    encode(str) -> list[int] and decode(list[int]) -> str."""

    model: nn.Module  # in eval mode, float32
    card: dict = field(
        repr=False
    )  # the JSON: config, data, how it was trained, metrics on held-out data, licence
    source: Any = None  # Vocabulary or Subwords of each side
    target: Any = None
    tokenizer: Any = None  # the same for a model of one text
    seen: Tensor | None = field(
        default=None, repr=False
    )  # sorted fingerprints of the sentences it was trained on

    def was_seen(self, sentence: str) -> bool | None:
        """Was this source sentence among the training data? None where that was not recorded.

        By a 32-bit hash: of 100,000 new sentences about three are called seen.
        """
        if self.seen is None:
            return None
        at = int(torch.searchsorted(self.seen, wanted := fingerprint(sentence)))
        return at < len(self.seen) and int(self.seen[at]) == wanted


def fingerprint(sentence: str) -> int:
    """A number from −2³¹ to 2³¹ − 1 for a sentence, the same for all spellings that `text.normalise` makes equal."""
    return (
        int(hashlib.sha256(text.normalise(sentence).encode()).hexdigest()[:8], 16) - 2**31
    )


def fingerprints(sentences) -> Tensor:
    """Sorted fingerprints, each once: [n] int32."""
    return torch.tensor(sorted(set(map(fingerprint, sentences))), dtype=torch.int32)


def folder() -> Path:
    """`data/checkpoints/` of the course."""
    return files.course_folder() / "data" / "checkpoints"


def save_checkpoint(
    model: nn.Module, name, card: dict | None = None, *, source=None, target=None, tokenizer=None, seen=None,
    base: str | None = None, rank: int = 4,
) -> Path:  # fmt: skip
    """Write NAME.safetensors and NAME.json -> the path of the JSON.

    model: one of ARCHITECTURES, with its config; name: of the checkpoint in data/checkpoints, or a path;
    card: what the JSON shall say besides (metrics, licence …); source, target, tokenizer: its vocabularies;
    base: the checkpoint beside it that the model was fine-tuned from: only what was added is written, with matrices of
    this rank, see `deltas`, and the tokenizer is the base's.
    Weights are rounded to float16. Whatever happens while it writes, the new pair of files loads afterwards, or the old
    one: the new weights lie beside the old ones until the card is new. What the files themselves say (OURS) a card
    cannot change. Raises ValueError for a model of another kind, weights that are not finite in float16, more added
    than the rank, and a card that cannot be JSON.
    """
    from safetensors.torch import save

    if not isinstance(name, str | os.PathLike) or not Path(name).name:
        raise ValueError(f"name is {name!r}; needed: the name of a checkpoint, or a path")
    if type(model).__name__ not in ARCHITECTURES:
        raise ValueError(
            f"{type(model).__name__} is none of the course's models: {', '.join(ARCHITECTURES)}"
        )
    path, own = _path(name), _own(model)
    record: dict[str, Any] = {
        "format": FORMAT, "architecture": type(model).__name__, "config": asdict(model.config), "weights": None,
    }  # fmt: skip
    if hasattr(model, "classifier"):
        record["num_labels"] = model.classifier.out_features
    if base is not None:
        start = load_checkpoint(path.with_name(f"{base}.json"))
        own = deltas.thin(own, start.model.state_dict(), rank)
        record["base"] = {"name": base, "sha256": start.card["weights"]["sha256"]}
    tensors = {name: x.detach().cpu().contiguous() for name, x in own.items()}
    tensors = {
        name: x.half() if x.is_floating_point() else x for name, x in tensors.items()
    }
    if wrong := [name for name, x in tensors.items() if not x.isfinite().all()]:
        raise ValueError(
            f"{wrong[0]} holds numbers that are NaN, infinite or above 65,504: not fit to be kept"
        )
    if seen is not None:
        tensors[SEEN] = seen.to(torch.int32).contiguous()
    weights = save(tensors)
    record["weights"] = {
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
        "dtype": "float16",
    }
    record |= {key: value for key, value in (card or {}).items() if key not in OURS}
    vocabularies = {"source": source, "target": target, "tokenizer": tokenizer}
    record |= {
        role: vocabulary.to_json()
        for role, vocabulary in vocabularies.items()
        if vocabulary is not None
    }
    try:
        written = json.dumps(
            record | {"sum": card_sum(record)}, ensure_ascii=False, separators=(",", ":")
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"card cannot be written as JSON: {error}. Make it numbers, texts, lists (x.item())"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomically(_coming(path), weights)
    files.write_atomically(path, written + "\n")
    _coming(path).replace(path.with_suffix(".safetensors"))
    return path


def card_sum(record: dict) -> str:
    """The checksum of a card: of all it says, vocabularies included, but itself."""
    said = {key: value for key, value in record.items() if key != "sum"}
    return hashlib.sha256(
        json.dumps(said, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    ).hexdigest()


def _coming(path: Path) -> Path:
    """New weights until their card is there: if the program was killed between the two, these are the right ones."""
    return path.with_name(f"{path.stem}.safetensors.new")


def load_checkpoint(name) -> Loaded:
    """A checkpoint of the course by name, or one of your own by path, verified -> Loaded.

    Raises FileNotFoundError for an unknown one (and lists those there are); ValueError for files that are damaged, of
    another architecture, or not safetensors. A pickle is recognised and refused, never opened.
    """
    path = _path(name)
    if not path.is_file():
        known = sorted(p.stem for p in folder().glob("*.json"))
        meant, there = checks.did_you_mean(name, known), ", ".join(known) or "none"
        raise FileNotFoundError(
            f"There is no checkpoint {str(name)!r}.{meant} There are: {there}."
        )
    card, weights = _card(path), path.with_suffix(".safetensors")
    model = _model(card, path)
    tensors = _tensors(weights, card)
    seen = tensors.pop(SEEN, None)
    if seen is not None and (
        seen.dim() != 1 or seen.dtype != torch.int32 or (seen.diff() <= 0).any()
    ):
        raise ValueError(
            f"{weights.name} is damaged: its list of sentences seen is out of order. {AGAIN}"
        )
    base = _base(card, path)
    if base:
        tensors = deltas.thicken(
            tensors,
            {
                k.replace("positions.weight", "positions.table"): x
                for k, x in base.model.state_dict().items()
            },
            [k.replace("positions.weight", "positions.table") for k in _own(model)],
        )
    own = _own(model)
    for old in [
        name for name in tensors if name.endswith("positions.table") and name not in own
    ]:
        tensors[old.replace("positions.table", "positions.weight")] = tensors.pop(old)
    _check_fit(model, tensors, path)
    for key, x in tensors.items():
        if not x.isfinite().all():
            raise ValueError(
                f"{weights.name} holds NaN or infinity in {key}: a training that diverged? {AGAIN}"
            )
    model.load_state_dict(
        tensors, strict=False
    )  # as float32; names and shapes have been compared
    vocabularies = {
        role: text.from_json(card.pop(role))
        for role in ("source", "target", "tokenizer")
        if role in card
    }
    if base:
        vocabularies = {
            "source": base.source,
            "target": base.target,
            "tokenizer": base.tokenizer,
        } | vocabularies
    if (
        "pair" in card.get("data", {}) and "tokenizer" in vocabularies
    ):  # a GPT that translates reads both with one
        vocabularies |= dict.fromkeys(("source", "target"), vocabularies["tokenizer"])
    return Loaded(model.eval(), card, **vocabularies, seen=seen)


def _base(card: dict, path: Path) -> Loaded | None:
    """The checkpoint that this one was fine-tuned from, if only what was added is kept."""
    if "base" not in card:
        return None
    known = card["base"]
    base = load_checkpoint(path.with_name(f"{known['name']}.json"))
    if base.card["weights"]["sha256"] != known["sha256"]:
        raise ValueError(
            f"{path.stem} was fine-tuned from another {known['name']} than the one here, and holds only what was added "
            f"to it. `course train {path.stem} --fresh` makes it again, for this one"
        )
    return base


def _path(name) -> Path:
    """The JSON of a checkpoint: a bare name lies in data/checkpoints, anything else is a path."""
    if not isinstance(name, str | os.PathLike):
        raise TypeError(
            f"name is {checks.described(name)}; needed: a checkpoint's name in quotes, or a path"
        )
    path = Path(name)
    file = path.name.removesuffix(".json").removesuffix(".safetensors") + ".json"
    bare = path.parent == Path() and path.suffix not in (".json", ".safetensors")
    return (folder() if bare else path.parent) / file


def _card(path: Path) -> dict:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        missing = (
            {"format", "architecture", "config", "weights"} - set(card)
            if isinstance(card, dict)
            else {"card"}
        )
    except (ValueError, TypeError, RecursionError):
        raise ValueError(f"{path.name} is damaged: it is not JSON. {AGAIN}") from None
    if missing:
        raise ValueError(
            f"{path.name} is no card of a checkpoint: it has no {', '.join(sorted(missing))}. {AGAIN}"
        )
    if card["format"] != FORMAT:
        raise ValueError(
            f"{path.name} has format {card['format']}; this version of the course reads {FORMAT}"
        )
    if "sum" in card and card.pop("sum") != card_sum(card):
        raise ValueError(
            f"{path.name} is damaged: its checksum differs from what it says. {AGAIN}"
        )
    shape = {
        "architecture": str,
        "config": dict,
        "weights": dict,
        "base": dict,
        "data": dict,
        "num_labels": int,
    }
    wrong = [
        key
        for key, kind in shape.items()
        if key in card and not isinstance(card[key], kind)
    ]
    if (
        wrong
        or not isinstance(card["weights"].get("bytes"), int)
        or not isinstance(card["weights"].get("sha256"), str)
    ):
        raise ValueError(
            f"{path.name} is no card of a checkpoint: {', '.join(wrong) or 'weights'} is wrong. {AGAIN}"
        )
    if "base" in card and (
        card["base"].get("name") in (None, path.stem) or "sha256" not in card["base"]
    ):
        raise ValueError(
            f"{path.name} is no card of a checkpoint: base is wrong. {AGAIN}"
        )
    return card


def _model(card: dict, path: Path) -> nn.Module:
    name = card["architecture"]
    if name not in ARCHITECTURES:
        raise ValueError(
            f"{path.name} holds a {name}; the course knows {', '.join(ARCHITECTURES)}"
        )
    architecture, config = ARCHITECTURES[name]
    try:
        classes = {"num_labels": card["num_labels"]} if "num_labels" in card else {}
        settings = {
            key: tuple(x) if isinstance(x, list) else x
            for key, x in card["config"].items()
        }  # JSON has lists
        for gone in ("key_heads", "window", "memory_layers"):
            if name == "Transformer":
                settings.pop(gone, None)
        return architecture(config(**settings), **classes)
    except (
        TypeError,
        KeyError,
        ValueError,
        RuntimeError,
        AttributeError,
        MemoryError,
    ) as error:
        raise ValueError(f"{path.name} does not describe a {name}: {error}") from None


def _tensors(path: Path, card: dict) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    found = [one for one in (path, path.with_name(f"{path.name}.new")) if one.is_file()]
    if not found:
        raise FileNotFoundError(f"{path.name} is missing beside its JSON. {AGAIN}")
    contents = [one.read_bytes() for one in found]
    fitting = [
        one
        for one in contents
        if hashlib.sha256(one).hexdigest() == card["weights"]["sha256"]
    ]
    content = (fitting or contents)[0]
    if content[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        why = "Opening one can run any program it carries, so the course never does"
        raise ValueError(
            f"{path.name} is a pickle (what torch.save writes), not safetensors. {why}. {AGAIN}"
        )
    size = card["weights"]["bytes"]
    if len(content) != size:
        raise ValueError(
            f"{path.name} is damaged: {len(content):,} bytes of {size:,}. {AGAIN}"
        )
    if not fitting:
        raise ValueError(
            f"{path.name} is damaged: its checksum differs from the one in its JSON. {AGAIN}"
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise ValueError(f"{path.name} is not safetensors: {error}. {AGAIN}") from None


def _own(model: nn.Module) -> dict[str, Tensor]:
    """The state of a model, a tensor that has two names (tied embeddings) once."""
    own = {name for name, _ in [*model.named_parameters(), *model.named_buffers()]}
    return {name: x for name, x in model.state_dict().items() if name in own}


def _check_fit(model: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    own = _own(model)
    for key, x in tensors.items():
        if key in own and own[key].is_floating_point() != x.is_floating_point():
            raise ValueError(
                f"{path.stem}: {key} holds {x.dtype}; needed: floating-point numbers. {AGAIN}"
            )
    if wrong := checks.misfit(own, tensors):
        given = f"{path.stem}.safetensors belongs to another architecture than {path.name} describes"
        raise ValueError(f"{given}: {wrong}")
