"""What the views of chapter 3 need around them: the words below a knock-out, and the vectors of two real models."""

from html import escape

import torch

from course_kit.views.live import below

from .flow import flow

FEATURES = (60, 68)  # of a state's numbers, these are shown


def compared(view, deaf: list[dict], gone: list[dict]):
    """A line below a live `alignment`: what is written with the chosen word masked, and without the word itself.

    deaf, gone: `experiments.knocked_out` of the same sentence, for "weight" (the view's variants) and for "word".
    """

    def tell():
        chosen = view.variant - 1
        texts = [escape(" ".join(found[chosen]["tokens"]), quote=False) for found in (deaf, gone)]  # <unk>
        return "Masked: {}<br>Never read: {}".format(*texts) if chosen >= 0 else ""

    return below(view, tell, "variant")


def states_side_by_side(lesson, attentive, plain, sentence: str, **options):
    """`flow` with eight features of the real states of two translators, with attention and without.

    attentive, plain: as `load_checkpoint` gives them, with the vocabularies of the lesson; options: as `flow` takes.
    """
    with torch.no_grad():
        ids = torch.tensor([lesson.source.encode(sentence)])
        (states, _), (kept, c) = (
            loaded.model.eval().encoder(ids, torch.ones_like(ids, dtype=torch.bool)) for loaded in (attentive, plain)
        )
    cut = slice(*FEATURES)
    return flow(
        lesson.translate(attentive.model, sentence)[0],
        states[0, :, cut],
        plain=lesson.translate(plain.model, sentence)[0],
        plain_states=kept[0, :, cut],
        plain_context=c[0, cut],
        plain_from=(0, -1),
        features=FEATURES,
        models=[attentive, plain],
        **options,
    )
