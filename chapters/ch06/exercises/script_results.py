"""Chapter 6, find-the-errors: what the same script measures, and what it says of it."""

from torch import Tensor

from course_utils.exercises.definition import Case, FindError, call, variants, wrong_answers
from course_utils.exercises.inputs import integers, named, some_numbers, tensors
from course_utils.exercises.values import kind

# ---- one sentence for all -------------------------------------------------------------------------------------------


def split(texts: list[str]) -> tuple[list[str], list[str], list[str]]:
    """A list of texts, some of them several times -> train, valid, test: each text in exactly one of the three."""
    texts = list(dict.fromkeys(texts))
    cut = len(texts) // 10 + 1
    return texts[2 * cut :], texts[:cut], texts[cut : 2 * cut]


def _in_words(answer, case: Case):
    """What a split is like: every right one is told in the same words."""
    parts = call(answer, case)
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        return parts
    if not all(isinstance(part, list | tuple) for part in parts):
        return tuple(f"{kind(part)}, where a list of texts is needed" for part in parts)
    train, valid, test = map(set, parts)
    shared = f"train and valid {len(train & valid)}, train and test {len(train & test)}, valid and test "
    lost = len(set(case.args["texts"]) - train - valid - test)
    small = "valid and test are small parts"
    if not (valid and test):
        small = f"{'valid' if not valid else 'test'} is empty"
    elif len(train) <= max(len(valid), len(test)):
        small = "train is not the largest part"
    return f"{shared}{len(valid & test)}", f"{lost or 'none'}", small


def _many(count, again, shown=False) -> Case:
    texts = [f"text {i}" for i in range(count)]
    return Case({"texts": texts + texts[:again]}, shown=shown)


@variants
def _sliced(texts, *, train, valid, test, unique=True):
    texts = list(dict.fromkeys(texts)) if unique else texts
    cut = len(texts) // 10 + 1
    return train(texts, cut), valid(texts, cut), test(texts, cut)


ONE_SENTENCE = FindError(
    name="one sentence for all",
    task="write the split again: a list of texts, some of them several times -> train, valid, test, each text in one "
    "of them only, and most in train. Any such split will do.",
    why="The same script trains, validates and tests on one sentence, the same one. Its 100 % is memory.",
    program=(
        "def split(texts):                          # some of the texts are there twice",
        "    texts = list(dict.fromkeys(texts))     # each text once",
        "    cut = len(texts) // 10 + 1",
        "    train, valid, test = texts, texts[:cut], texts[:cut]",
        "    return train, valid, test",
    ),
    line=4,
    found="what is tested has been learnt, and validated, too. Held-out texts must be in one part only; else nobody "
    "knows whether the model has understood or remembered.",
    innocent={
        2: "needed: a text that is there twice could land in two parts.",
        3: "a tenth of them, and never none.",
        5: "three parts. What is in them?",
    },
    reference=split,
    cases=lambda: [_many(5, 1, shown=True), _many(12, 0), _many(31, 9)],
    returns=("texts shared", "texts lost", "sizes"),
    run=_in_words,
    hints=(
        "Which texts of `test` are in `train`?",
        "Three slices that meet and don't overlap.",
        "`texts[2 * cut:], texts[:cut], texts[cut : 2 * cut]`",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _sliced(lambda t, c: t, lambda t, c: t[:c], lambda t, c: t[:c]),
        "All that is tested was learnt: valid and test are parts of train still.",
        _sliced(lambda t, c: t, lambda t, c: t[:c], lambda t, c: t[c : 2 * c]),
        "Valid and test differ now, but train is still all of it.",
        _sliced(lambda t, c: t[c:], lambda t, c: t[:c], lambda t, c: t[:c]),
        "Train is clean now. But the model was chosen by its results on valid, so test must be other texts.",
        _sliced(lambda t, c: t[2 * c :], lambda t, c: t[c : 2 * c], lambda t, c: t[:c], unique=False),
        "A text that is there twice lands in two parts: make each one unique first, as line 2 did.",
        _sliced(lambda t, c: t[2 * c :], lambda t, c: t[:c], lambda t, c: t[c + 1 : 2 * c]),
        "The parts don't overlap, but a text between them is lost.",
        _sliced(lambda t, c: t[:c], lambda t, c: t[c : 2 * c], lambda t, c: t[2 * c :]),
        "Nothing is in two parts. But now nearly all is for testing, and there is little to learn from.",
    ),
)

# ---- accuracy without labels ----------------------------------------------------------------------------------------


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """logits [N, 2], labels [N] -> the share of rows whose largest logit is at the label."""
    return (logits.argmax(-1) == labels).float().mean().item()


_judged = named("logits", "labels")

UNSEEN = FindError(
    name="accuracy without labels",
    task="write it again: logits [N, 2], labels [N] -> the share of right answers, a number from 0 to 1.",
    why="The same script's accuracy rises while the labels are anything at all.",
    program=(
        "def accuracy(logits, labels):                  # [N, 2], [N]",
        "    predicted = logits.argmax(dim=-1)",
        "    right = (predicted == 1).sum()",
        "    return (right / len(logits)).item()",
    ),
    line=3,
    found="it counts how often the model says 1, whether that is right or not. The labels come in, and nobody looks "
    "at them: `predicted == labels`.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "the class with the largest logit.",
        4: "divided by the number of answers.",
    },
    reference=accuracy,
    cases=lambda: [
        _judged(*tensors([[2.0, 1], [0, 3], [1, 0], [0, 1]], [0, 0, 0, 1]), shown=True),
        _judged(some_numbers(3, 2, seed=1421), integers(2, 3, seed=1420)),
        _judged(some_numbers(7, 2, seed=1429), integers(2, 7, seed=1428)),
        _judged(some_numbers(6, 2, seed=1425), integers(2, 6, seed=1424)),
    ],
    returns=("accuracy",),
    hints=(
        "Turn all labels round. What does the accuracy do, and what should it do?",
        "Which argument is never used?",
        "`right = (predicted == labels).sum()`",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        lambda logits, labels: (logits.argmax(-1) == 1).float().mean().item(),
        "How often the model says 1, still: the labels are not looked at.",
        lambda logits, labels: (logits.argmax(-1) == logits.argmax(-1)).float().mean().item(),
        "The predictions are compared with themselves: 1, whatever the labels are.",
        lambda logits, labels: (logits.argmax(-1) == labels).sum().item(),
        "The number of right answers; divide by how many there are.",
        lambda logits, labels: (logits.argmax(-1) == labels).sum().item() // len(labels),
        "`//` divides whole numbers: 0 unless all is right.",
        lambda logits, labels: logits.softmax(-1).gather(-1, labels[:, None]).mean().item(),
        "The mean probability of the right class: interesting, and something else. An answer is right or wrong.",
        lambda logits, labels: (logits.argmax(-1) != labels).float().mean().item(),
        "The share of *wrong* answers.",
        lambda logits, labels: (logits.argmax(-1) == labels).float().mean().item() * 100,
        "In per cent; asked for is a number from 0 to 1.",
    ),
)

# ---- a classifier that translates -----------------------------------------------------------------------------------


def shape_of_logits(task: str, B: int, T: int, C: int, V: int) -> tuple[int, ...]:
    """The shape of a model's logits: task "classification", "tagging", "masked words" or "translation"; batch B,
    T tokens, C classes, V words."""
    return {"classification": (B, C), "tagging": (B, T, C)}.get(task, (B, T, V))


def _as_list(answer, case: Case):
    """A tuple, list, tensor or torch.Size of whole numbers, as text; anything else as it is."""
    result = call(answer, case)
    if isinstance(result, Tensor):
        result = result.tolist() if result.dim() == 1 else kind(result)
    if isinstance(result, list | tuple) and all(type(n) is int for n in result):
        return str(list(result))
    return result


_shapes = named("task", "B", "T", "C", "V")

TRANSLATES = FindError(
    name="a classifier that translates",
    task='write the shape of the logits: task "classification" (of a whole text), "tagging" (of each token), '
    '"masked words" or "translation" (T tokens are written); batch B, T tokens, C classes, V words of the vocabulary '
    "-> (B, C), (B, T, C) or (B, T, V).",
    why="The same script calls itself machine translation.",
    claims=True,
    program=(
        "`BertForSequenceClassification` gives a row of logits for each text, one for each of its classes.",
        "The script gives it an English sentence and a label, 0 or 1.",
        "Trained for a few epochs, it translates: the largest logit says what the sentence is in French.",
        "A model that translates has a distribution over the vocabulary for each word that it writes.",
    ),
    line=3,
    found="two logits for a whole sentence say yes or no, not a sentence. No French word is anywhere in it.",
    innocent={
        1: "so it does: [B, C].",
        2: "it does: that is what a classifier learns from.",
        4: "right: [B, T, V], as in chapters 3 and 5.",
    },
    reference=shape_of_logits,
    cases=lambda: [
        _shapes("translation", 2, 5, 3, 100, shown=True),
        _shapes("classification", 2, 5, 3, 100),
        _shapes("tagging", 2, 5, 3, 100),
        _shapes("masked words", 4, 7, 2, 50),
        _shapes("translation", 1, 3, 2, 9),
    ],
    returns=("shape",),
    run=_as_list,
    hints=(
        "How many decisions does each task make for a text: one, or one for each token?",
        "Between how many answers does it choose each time: classes, or words?",
        '`{"classification": (B, C), "tagging": (B, T, C)}.get(task, (B, T, V))`',
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda task, B, T, C, V: {"tagging": (B, T, C), "masked words": (B, T, V)}.get(task, (B, C)),
        "Translation still has a row of classes. It must choose a word of the vocabulary, T times.",
        lambda task, B, T, C, V: (B, V) if task == "translation" else shape_of_logits(task, B, T, C, V),
        "That would be one word for a whole sentence. A translation chooses T times.",
        lambda task, B, T, C, V: (B, T, C) if task in ("tagging", "classification") else (B, T, V),
        "Classification gets one row for each *token*; a text has one class: it is read from [CLS].",
        lambda task, B, T, C, V: (B, C) if task in ("tagging", "classification") else (B, T, V),
        "Tagging gets one row for the whole text; it has a tag for each token.",
        lambda task, B, T, C, V: (B, V) if task == "masked words" else shape_of_logits(task, B, T, C, V),
        "For masked words there is a row at each of the T places, as it is not known beforehand which are hidden.",
    ),
)
