"""Chapter 6, find-the-errors: claims of an overview and of slides: discriminative, both directions, 110 million."""

import torch
from torch import Tensor

from course_utils.attention import causal_mask
from course_utils.exercises.definition import FindError, variants, wrong_answers
from course_utils.exercises.inputs import named


def kind_of(target: str, sees: str) -> str:
    """What is predicted ("word" or "label"), from which words ("before", "after", "both sides") -> the name of it."""
    if target == "label":
        return "discriminative"
    return "autoencoding" if sees == "both sides" else "autoregressive"


_task = named("target", "sees")

DISCRIMINATIVE = FindError(
    name="claims 6.2",
    title="discriminative or generative",
    task='target "word" or "label"; sees "before", "after" or "both sides" of it (of a label: which words of the text) '
    '-> the name of what is learned, "discriminative" (a label of the text), "autoregressive" (a word from one side) '
    'or "autoencoding" (a word from both).',
    why="An overview's table of BERT against GPT.",
    claims=True,
    program=(
        "BERT's pre-training predicts hidden words from the words on both sides.",
        "GPT's pre-training predicts each word from those before it.",
        "So BERT is discriminative and GPT is generative, and that is where they differ.",
        "Fine-tuned with a head, either gives p(label | text): a discriminative use.",
    ),
    line=3,
    found="a discriminative model gives p(label | text). BERT's pre-training gives p(word | the rest of the text), and "
    "a GPT with a head is as discriminative as a BERT with one. They differ in what a word may see: autoencoding "
    "against autoregressive. What is true is that only the latter writes a text easily, word after word.",
    innocent={
        1: "it does so, and that is called autoencoding.",
        2: "it does so, and that is called autoregressive.",
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
        "What does each of them predict in pre-training: words, or labels?",
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


def visible(model: str, length: int) -> Tensor:
    """ "BERT" or "GPT", T -> [T, T] bool: which words (columns) a word (row) may see."""
    return causal_mask(length) if model == "GPT" else torch.ones(length, length, dtype=torch.bool)


@variants
def _seen(model, length, *, gpt=torch.tril, bert=lambda ones: ones):
    return (gpt if model == "GPT" else bert)(torch.ones(length, length).bool())


_sees = named("model", "length")

DIRECTION = FindError(
    name="claims 6.10",
    title="left to right or right to left",
    task='model "BERT" or "GPT", T words -> [T, T] bool, True where the word of the row may see the word of the '
    "column.",
    why="The same table, one row further down. You could train such a model, but GPT is not one.",
    claims=True,
    program=(
        "Each word of BERT sees the words on both sides, in every layer.",
        "GPT reads from left to right or from right to left.",
        "ELMo trains one model from left to right and another from right to left, and puts their states side by side.",
        "With another mask, the blocks of BERT are those of GPT.",
    ),
    line=2,
    found="GPT has one direction, from left to right, in the order in which it writes. “Or” would be a model with the "
    "other triangle; ELMo has both directions, in two models that never read each other (claim 3).",
    innocent={
        1: "its only mask is that of padding.",
        3: "each of the two sees one side. BERT's words see both at once.",
        4: "apart from where the norms are, both have chapter 5's blocks, with and without the triangle.",
    },
    reference=visible,
    cases=lambda: [_sees("GPT", 3, shown=True), _sees("BERT", 3), _sees("GPT", 5), _sees("BERT", 2), _sees("GPT", 1)],
    returns=("visible",),
    hints=(
        "In which order does GPT write, and what is known of a text by then?",
        "Row t of GPT: True in columns 0 … t. Row t of BERT: True everywhere.",
        "`torch.ones(length, length, dtype=torch.bool)` is the answer for one of them. `.tril()` or `.triu()` for the "
        "other?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        _seen(torch.triu),
        "This is the other triangle: this GPT reads from right to left, and sees only the future.",
        _seen(lambda ones: ones.tril() | ones.triu()),
        "Left to right *or* right to left, joined, is both sides: GPT would see the word that it has to predict.",
        _seen(lambda ones: ones.tril(-1)),
        "Here a word of GPT does not see itself, and the first one sees nothing. A word may always see itself, so the "
        "diagonal stays True.",
        _seen(bert=torch.tril),
        "BERT has no triangle: its words see both sides.",
        _seen(bert=lambda ones: ones & ~torch.eye(len(ones)).bool()),
        "BERT's words see themselves, too. What should be hidden from them is hidden in the *input*, by [MASK].",
        _seen(lambda ones: ones, torch.tril),
        "BERT and GPT are swapped.",
    ),
)


def parameters(vocab_size: int, model_size: int, num_layers: int, max_length: int) -> int:
    """Parameters of a BERT encoder with its pooler; two segments, ffn_size 4 D, all linear layers with bias."""
    V, D, T = vocab_size, model_size, max_length
    embeddings = V * D + T * D + 2 * D + 2 * D  # tokens, positions, segments, norm
    attention = 4 * (D * D + D)
    network = (D * 4 * D + 4 * D) + (4 * D * D + D)
    norms = 2 * 2 * D
    pooler = D * D + D
    return embeddings + num_layers * (attention + network + norms) + pooler


def _counted(
    V, D, N, T, *, tokens=1, places=1, segments=2, norm=1, biases=1, norms=2, pooler=1, attention=4, network=8, bias=9
):
    """The count with something left out or counted twice."""
    embeddings = tokens * V * D + places * T * D + segments * D + norm * 2 * D
    block = (attention + network) * D**2 + biases * bias * D + norms * 2 * D
    return embeddings + N * block + pooler * (D * D + D)


_less = variants(_counted)


_sizes = named("vocab_size", "model_size", "num_layers", "max_length")

MILLIONS = FindError(
    name="claims 6.9",
    title="a hundred and ten million",
    task="V words, model size D, N layers, T positions -> how many parameters the encoder and its pooler have. There "
    "are 2 segments and networks of 4 D; every linear layer has a bias; one norm (2 D) follows the embeddings, and "
    "each block has two.",
    why="Slides and papers say 110 M and 340 M. If you count, you find fewer.",
    claims=True,
    program=(
        "BERT-base has 12 layers of 768 features, large has 24 of 1,024.",
        "Most of base is in its blocks, 85.1 M; 23.4 M are the vectors of its 30,522 tokens.",
        "Counted, base has 110,000,000 parameters, and large 340,000,000.",
        "The number of heads changes nothing in the count.",
    ),
    line=3,
    found="counted, base has 109,482,240, and large has 335,141,888 with the same 30,522 tokens. 110 M and 340 M are "
    "roundings; no part is missing.",
    innocent={
        1: "these are the sizes of the paper.",
        2: "12 blocks of 7.09 M, and 30,522 · 768, are just that.",
        4: "H heads of D / H features have the same matrices for every H.",
    },
    reference=parameters,
    cases=lambda: [
        _sizes(10, 4, 1, 8, shown=True),
        _sizes(50, 6, 2, 16),
        _sizes(30522, 768, 12, 512),
    ],
    returns=("parameters",),
    hints=(
        "Three sums: the embeddings with their norm, N blocks, and the pooler.",
        "Embeddings: (V + T + 2) · D, and 2 D of the norm. A block: four matrices D × D and two of D × 4 D make 12 D²; "
        "their biases are 4 D + 4 D + D, its two norms 4 D.",
        "So a block is 12 D² + 13 D, and the embeddings are (V + T + 4) · D. What does the pooler add, one more linear "
        "layer on [CLS]?",
    ),
    minutes=6,
    difficulty=3,
    wrong=wrong_answers(
        _less(pooler=0),
        "The pooler is missing: one more layer, D × D and its bias, on [CLS].",
        _less(biases=0),
        "The biases of the blocks are missing: 4 D + 4 D + D in each.",
        _less(norms=0),
        "The norms of the blocks are missing: two in each, with gain and bias, 4 D.",
        _less(norms=1),
        "One norm in each block; there are two, each with gain and bias.",
        _less(biases=0, norms=0, norm=0),
        "These are the matrices alone: biases and norms are missing. In large models they hardly show, but they are "
        "counted all the same.",
        lambda V, D, N, T: V * D + N * 12 * D**2,
        "These are the vectors of the words and the matrices of the blocks, the bulk of it. What is missing: "
        "positions, segments, biases, norms, and the pooler.",
        lambda V, D, N, T: _counted(V, D, N, T) - D,
        "D are missing: the bias of the pooler?",
        lambda V, D, N, T: _counted(V, D, N, T) + V * D + V,
        "This includes the output layer of pre-training, V · D and V biases. It shares the vectors of the words, and "
        "is not part of the encoder.",
        _less(norm=0),
        "2 D are missing in the embeddings: is it the norm after them, with gain and bias, or the two segments?",
        _less(places=0),
        "The positions are missing: T learned vectors of D.",
        _less(tokens=2),
        "The vectors of the tokens count twice. The output of pre-training shares them, and is not part of the "
        "encoder.",
        _less(attention=3),
        "There are three matrices in the attention, for queries, keys and values. W_O is the fourth.",
        _less(network=4),
        "Only half of the feed-forward network is counted: it is D × 4 D up, and 4 D × D down again.",
        _less(network=2, bias=6),
        "The feed-forward network has 4 D features inside: D × 4 D and 4 D × D.",
        _less(bias=6),
        "The bias inside the feed-forward network has 4 D numbers, not D.",
        lambda V, D, N, T: round(_counted(V, D, N, T), -7) or _counted(V, D, N, T),
        "Right for the small models. For base this is the rounding that everybody prints: count it, too.",
    ),
)
