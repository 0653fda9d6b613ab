"""A text of the reader's own, in a view: which trained models answer it in the page, and what is said of them."""

from collections.abc import Sequence
from typing import Any

from course_kit.checkpoints import Loaded, config_of, load_checkpoint
from course_kit.i18n import from_cell, mark, sentences, t
from course_kit.text.vocabulary import join
from course_kit.views.view import V

Model = str | Loaded | None | Sequence[str | Loaded | None]
LANGUAGES = {"en": mark("English"), "fr": mark("French"), "zh": mark("Chinese")}
TRAINED = {
    "grammar": mark("{train_pairs:,} {one}–{other} sentence pairs"),
    "tatoeba": mark("{train_pairs:,} sentence pairs of tatoeba.org"),
    "shakespeare": mark("{train_characters:,} letters of Shakespeare"),
    "books": mark("{train_characters:,} letters of old novels"),
    "data/stories/stories.gz": mark("{train_examples:,} small stories"),
}  # by corpus


def answered(
    view: V, model: Model, text: str | Sequence[str], most_tokens: int | None = None, *, needs: str = "", **more: Any
) -> V:
    """The view with a field in which a reader types; the same view where a page cannot load who would answer.

    model: the name of a checkpoint or what `load_checkpoint` gives, or several of them; None, one that was trained
    in a lesson, or one that was fine-tuned: no file. needs: a setting that each model must have
    (ValueError); text, most_tokens and more: see `options_of`.
    """
    given = model if isinstance(model, tuple | list) else [model]
    loaded: list[Any] = [load_checkpoint(m) if isinstance(m, str) else m for m in given]
    for m in loaded:
        if m is not None and needs and not config_of(m.model).get(needs, True):
            raise ValueError(f"{m.card.get('name', 'the model')} has no weights to show: take one with {needs}")
    if all(isinstance(m, Loaded) and "name" in m.card and "base" not in m.card for m in loaded):
        view.options["own"] = options_of(loaded, text, most_tokens, **more)
    return view


def options_of(
    loaded: list[Loaded],
    text: str | Sequence[str],
    most_tokens: int | None = None,
    label: str = mark("Your own sentence:"),
    note: str = "",
    **more: Any,
) -> dict:
    """What own.js is told. text: what stands in the field, or its tokens; room: for so many tokens; None: as many as
    the model sees; note: said of the model last, best in a few words, since all of it is one line; more: as the `title`
    and the `caption` of what is computed, `fold`, the words of the line behind which the field is, and `open`, whether
    it is open at first."""
    first, names = loaded[0], [m.card["name"] for m in loaded]
    read, data, sizes = first.source or first.tokenizer, first.card["data"], config_of(first.model)
    limit = sizes["context"]
    kind, pair = read.to_json()["kind"], data.get("pair", "en-en")
    one, other = (t(LANGUAGES[language]) for language in pair.split("-"))
    units = {"words": t("words", context="count"), "characters": t("characters"), "exact": t("signs")}
    size = sum(p.numel() for p in first.model.parameters()) / 1e6
    seen = t("it sees {limit} at once", limit=limit)
    most = t("reads up to {room}", room=min(most_tokens, limit)) if most_tokens else seen
    trained = t(TRAINED[data["corpus"]]).format(one=one, other=other, **data)
    if len(names) > 1:
        whole = t("{names}: {size} M parameters each, trained on {trained}. Knows {count} {units}; {most}.")
    else:
        whole = t("{names}: {size} M parameters, trained on {trained}. Knows {count} {units}; {most}.")
    about = whole.format(
        names=t(" and ").join(names),
        size=f"{size:.1f}",
        trained=trained,
        count=f"{len(read):,}",
        units=units.get(kind, t("word pieces")),
        most=most,
    )
    if not isinstance(text, str):
        bare = " ".join(token for token in text if token not in ("[CLS]", "[SEP]")).replace(" ##", "")
        text = {"words": join(text), "wordpiece": bare}.get(kind, "".join(text).replace("▁", " ").removeprefix(" "))
    return more | {
        "models": names,
        "label": from_cell(label),
        "text": text,
        "about": sentences(about, note),
        "room": min(most_tokens or limit, limit),
    }
