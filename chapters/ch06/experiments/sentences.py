"""What a published sentence encoder says in our classes, and the record of it for those without its weights."""

import torch

from chapters.ch06.pairs import collate, encode_all
from course_kit.convert import from_huggingface
from course_kit.text.subwords import WordPiece

from ..published import MINILM, SENTENCES, Published, require_minilm, sentence_vectors


def figures(found: Published) -> dict:
    """What a published sentence encoder says in our classes: the largest difference to the library's own numbers, its
    parameters, and the cosines between SENTENCES."""
    ours, tokenizer = from_huggingface(found.model).eval(), WordPiece(found.tokenizer.backend_tokenizer)
    batch = collate(encode_all(tokenizer, SENTENCES))
    with torch.no_grad():
        theirs = found.model(batch.ids, batch.mask.long(), batch.segments).last_hidden_state
    vectors = sentence_vectors(ours, batch)
    return {
        "parameters": sum(p.numel() for p in ours.parameters()),
        "gap": (ours(*batch).hidden - theirs)[batch.mask].abs().max().item(),
        "sentences": list(SENTENCES),
        "cosines": [[round(c, 3) for c in row] for row in (vectors @ vectors.T).tolist()],
    }


def record_minilm_sentences() -> dict:
    """Recorded for those without the weights. Needs COURSE_MINILM or a network."""
    return {"model": MINILM[0], **figures(require_minilm())}
