"""Chapter 6, find-the-error: claims of an overview about BERT and GPT."""

from course_kit.exercises.define import FindError, named, wrong_answers


def kind_of(target: str, sees: str) -> str:
    """What is predicted ("word" or "label"), from which words ("before", "after", "both sides") -> the name of it."""
    if target == "label":
        return "discriminative"
    return "autoencoding" if sees == "both sides" else "autoregressive"


_task = named("target", "sees")

BERT_OR_GPT = FindError(
    name="claims 6.3",
    title="BERT or GPT",
    task='target "word" or "label"; sees "before", "after" or "both sides" of it (of a label: which words of the text) '
    '-> the name of what is learned, "discriminative" (a label of the text), "autoregressive" (a word from one side; '
    'in GPT, from those before it) or "autoencoding" (a word from both).',
    claims=True,
    program=(
        "BERT's pre-training predicts hidden words from the words on both sides.",
        "GPT's pre-training predicts words from left to right or from right to left.",
        "So BERT is discriminative and GPT is generative, and that is where they differ.",
        "Fine-tuned with a head, either gives p(label | text): a discriminative use.",
    ),
    line=(2, 3),
    found="Claim 2: GPT has one direction, and predicts each word from those before it, in the order in which it "
    "writes. Claim 3: a discriminative model gives p(label | text). BERT's pre-training gives p(word | the rest of the "
    "text), and a GPT with a head is as discriminative as a BERT with one. They differ in what a word may see: "
    "autoencoding against autoregressive. What is true is that only the latter writes a text easily, word after word.",
    innocent={
        1: "it does so, and that is called autoencoding.",
        4: "GPT's first paper, too, solved all its tasks in this way.",
    },
    reference=kind_of,
    cases=lambda: [
        _task("word", "both sides", shown=True),
        _task("word", "before"),
        _task("word", "after"),
        _task("label", "both sides"),
        _task("label", "before"),
    ],
    returns=("kind",),
    words=True,
    hints=(
        "In which order does GPT write? And what does each of them predict in pre-training: words, or labels?",
        "Look at the target first. Only for a word does it matter which side is seen.",
        'Three cases: `target == "label"`, then `sees == "both sides"`, then the rest. Which name belongs to each?',
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda target, sees: "discriminative" if sees == "both sides" else "autoregressive",
        "This sorts by what is seen, as the table does. A hidden word is not a label: predicting it is autoencoding.",
        lambda target, sees: "discriminative" if target == "label" else "generative",
        "“Generative” is the table's word for everything that predicts words, hidden ones too. Say from which side: "
        "autoregressive, or autoencoding.",
        lambda target, sees: "autoencoding" if sees == "both sides" else "autoregressive",
        "Labels are missing: p(label | text) is discriminative, whatever was seen.",
        lambda target, sees: kind_of(target if sees == "both sides" else "word", sees),
        "A GPT with a classifying head gives p(label | text) too: discriminative.",
        lambda target, sees: kind_of(target, "before" if sees == "both sides" else "both sides"),
        "The two are swapped: *auto-regressive* continues from what it has so far; *auto-encoding* restores what was "
        "hidden.",
        lambda target, sees: kind_of(target, "both sides" if sees == "after" else sees),
        "“After” is one side as well: a model that reads from the end is autoregressive, only backwards.",
    ),
)
