"""Chapter 5, find-the-errors: a claim of a slide deck."""

from course_kit.exercises.define import Case, FindError, wrong_answers


def family(attentions: list[str]) -> str:
    """Which attentions a model has ("self", "causal self", "cross") -> what it is."""
    if "cross" in attentions:
        return "encoder-decoder"
    return "decoder-only" if "causal self" in attentions else "encoder-only"


def _model(*attentions: str, shown=False) -> Case:
    return Case({"attentions": list(attentions)}, shown=shown)


FAMILY = FindError(
    name="claims 5.4",
    title="no longer an encoder and a decoder",
    task='write what a model is by its attentions: a list of "self", "causal self", "cross" -> "encoder-only" (BERT), '
    '"decoder-only" (GPT) or "encoder-decoder" (T5).',
    claims=True,
    program=(
        "A Transformer has neither recurrence nor convolution.",
        "It no longer needs an encoder–decoder: attention is enough.",
        "One of its attentions lets the words that are written attend to those that were read.",
        "Self-attention lets the words of one sentence attend to each other.",
    ),
    line=2,
    found="the Transformer of 2017 *is* an encoder–decoder: claim 3 needs both. What a Transformer no longer needs is "
    "recurrence. BERT later kept only the encoder, GPT only the decoder.",
    innocent={
        1: "those are what a Transformer leaves out.",
        3: "that is cross-attention. Where are the words that it reads?",
        4: "self-attention does that, in both stacks.",
    },
    reference=family,
    cases=lambda: [
        _model("self", "causal self", "cross", shown=True),
        _model("self"),
        _model("causal self"),
        _model("causal self", "cross", "self"),
        _model("self", "self"),
    ],
    returns=("family",),
    words=True,
    hints=(
        "Which attention needs two stacks?",
        "Which attention would make no sense in a model that only reads?",
        'Two questions in this order: `"cross" in attentions`, and then `"causal self" in attentions`.',
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda attentions: "decoder-only" if "causal self" in attentions else "encoder-only",
        "Cross-attention needs something to read: an encoder beside the decoder.",
        lambda attentions: "encoder-decoder" if len(attentions) > 1 else family(attentions),
        "Two attentions don't make two stacks: two layers of self-attention are one encoder.",
        lambda a: {"encoder-only": "decoder-only", "decoder-only": "encoder-only"}.get(family(a), "encoder-decoder"),
        "BERT and GPT are swapped: a model that may not see the future is a decoder.",
        lambda attentions: "encoder-decoder",
        "Not every Transformer: later models kept one of the stacks.",
    ),
)
