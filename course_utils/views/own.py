"""A sentence of the reader's own, in a view: which trained model answers it in the page, and what is said of it."""

from course_utils.text.vocabulary import join
from course_utils.training.checkpoints import Loaded, load_checkpoint

LANGUAGES = {"en": "English", "fr": "French", "zh": "Chinese"}
CORPORA = {"grammar": "of this course", "tatoeba": "of tatoeba.org (CC BY 2.0 FR)"}
UNITS = {"words": "{} words", "characters": "{} characters", "subwords": "pieces of {} words"}


def answered(view, model, tokens, room, needs="", **more):
    """The view with a form in which a reader types; the same view where a page cannot load who would answer.

    model: the name of a checkpoint or what `load_checkpoint` gives, or several of them; one that was trained in a
    lesson has no file. tokens: those of the sentence on show; room: source tokens for which there is room; needs: a
    setting that no model may have as None (ValueError).
    more: what the page is told besides, as the `title` and the `caption` of what it computes.
    """
    given = model if isinstance(model, tuple | list) else [model]
    loaded = [load_checkpoint(m) if isinstance(m, str) else m for m in given]
    for m in loaded:
        if m is not None and getattr(m.model.config, needs, m) is None:
            raise ValueError(f"{m.card.get('name', 'the model')} has no weights to show: take one with {needs}")
    if all(isinstance(m, Loaded) and "name" in m.card for m in loaded):
        view.options["own"] = asked(loaded, tokens, room) | more
        view.modules = (*view.modules, "models/load", "own")
    return view


def asked(loaded: list[Loaded], tokens, room: int, label="Your own sentence:", note="") -> dict:
    """What own.js is told of the models that answer: models, label, text, about, room (source tokens)."""
    first, names = loaded[0], [m.card["name"] for m in loaded]
    source, data, limit = first.source or first.tokenizer, first.card["data"], first.model.config.max_length
    kind = source.to_json()["kind"]
    one, other = (LANGUAGES[language] for language in data["pair"].split("-"))
    room = min(room, limit // 2 if getattr(first.model, "shares_context", False) else limit)
    size = sum(p.numel() for p in first.model.parameters()) / 1e6
    about = (
        f"What you type is answered in this page, by {' and '.join(names)}: {size:.1f} million parameters"
        f"{' each' * (len(names) > 1)}, trained on {data['train_pairs']:,} {one}–{other} sentence pairs "
        f"{CORPORA[data['corpus']]}. Known: {len(source):,} {UNITS[kind].format(one)}; "
        f"up to {room} in a sentence.{note}"
    )
    text = join(tokens) if kind == "words" else "".join(tokens).replace("▁", " ").strip()
    return {"models": names, "label": label, "text": text, "about": about, "room": room}
