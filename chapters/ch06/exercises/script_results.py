"""Chapter 6, find-the-errors: what the same script measures, and what it says of it."""

from torch import Tensor

from course_utils.exercises.definition import Case, FindError, call, variants, wrong_answers
from course_utils.exercises.inputs import integers, named, some_numbers, tensors
from course_utils.exercises.values import Misfit, kind


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
    if wrong := [part for part in parts if not isinstance(part, list | tuple)]:
        raise Misfit(f"Its parts should be lists of texts; one is {kind(wrong[0])}.")
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


TWICE = "A text is in two parts. Is only one of each kept first, as in line 2, and do the slices overlap nowhere?"

ONE_SENTENCE = FindError(
    name="program 6.13",
    title="one sentence for all",
    task="a list of texts, some of them several times -> train, valid, test, each text in only one of them, and most "
    "in train. Any such split will do.",
    why="The same script trains, validates and tests on one and the same sentence. Its 100 % is memory.",
    program=(
        "def split(texts):                          # some of the texts are there twice",
        "    texts = list(dict.fromkeys(texts))     # each text once",
        "    cut = len(texts) // 10 + 1",
        "    train, valid, test = texts, texts[:cut], texts[:cut]",
        "    return train, valid, test",
    ),
    line=4,
    found="it tests on what the model was trained and validated on. Held-out texts must be in one part only, or nobody "
    "can say whether the model has understood or remembered.",
    innocent={
        2: "it is needed: a text that is there twice could get into two parts.",
        3: "this is a tenth of them, and never none.",
        5: "it returns three parts. What is in them?",
    },
    reference=split,
    cases=lambda: [_many(5, 1, shown=True), _many(12, 0), _many(31, 9)],
    returns=("texts shared", "texts lost", "sizes"),
    run=_in_words,
    hints=(
        "Which texts of `test` are in `train`?",
        "You need three slices that meet but don't overlap.",
        "Two of them are `texts[:cut]` and `texts[cut : 2 * cut]`. Where does the third begin?",
    ),
    minutes=4,
    difficulty=1,
    wrong=wrong_answers(
        _sliced(lambda t, c: t, lambda t, c: t[:c], lambda t, c: t[:c]),
        "All that is tested was trained on: valid and test are still parts of train.",
        _sliced(lambda t, c: t, lambda t, c: t[:c], lambda t, c: t[c : 2 * c]),
        "Valid and test differ now, but train is still all of it.",
        _sliced(lambda t, c: t[c:], lambda t, c: t[:c], lambda t, c: t[:c]),
        "Train is clean now. But the model was chosen by its results on valid, so test must be other texts.",
        _sliced(lambda t, c: t[2 * c :], lambda t, c: t[c : 2 * c], lambda t, c: t[:c], unique=False),
        TWICE,
        _sliced(lambda t, c: t[2 * c :], lambda t, c: t[:c], lambda t, c: t[c : 2 * c], unique=False),
        TWICE,
        _sliced(lambda t, c: t[2 * c :], lambda t, c: t[:c], lambda t, c: t[c + 1 : 2 * c]),
        "The parts don't overlap, but a text between them is lost.",
        _sliced(lambda t, c: t[:c], lambda t, c: t[c : 2 * c], lambda t, c: t[2 * c :]),
        "Nothing is in two parts. But now nearly all of it is for testing, which leaves little to learn from.",
    ),
)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """logits [N, 2], labels [N] -> the share of rows whose largest logit is at the label."""
    return (logits.argmax(-1) == labels).float().mean().item()


@variants
def _share(
    logits, labels, *, right=lambda predicted, labels: predicted == labels, of=lambda right, count: right / count
):
    return of(right(logits.argmax(-1), labels).sum().item(), len(labels))


_judged = named("logits", "labels")

UNSEEN = FindError(
    name="program 6.14",
    title="accuracy without labels",
    task="logits [N, 2], labels [N] -> the share of right answers, a number from 0 to 1.",
    why="In the same script the accuracy rises, whatever the labels are.",
    program=(
        "def accuracy(logits, labels):                  # [N, 2], [N]",
        "    predicted = logits.argmax(dim=-1)",
        "    right = (predicted == 1).sum()",
        "    return (right / len(logits)).item()",
    ),
    line=3,
    found="it counts how often the model says 1, whether that is right or not. The labels come in, but they are never "
    "used: `predicted == labels`.",
    innocent={
        1: "it only names what comes in. Are all of them used?",
        2: "this is the class with the largest logit.",
        4: "it divides by the number of answers.",
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
        "Turn all labels round. What happens to the accuracy, and what should happen?",
        "Which argument is never used?",
        "An answer is right where `predicted` equals … what?",
    ),
    minutes=2,
    difficulty=1,
    wrong=wrong_answers(
        _share(right=lambda predicted, labels: predicted == 1),
        "It still counts how often the model says 1: the labels are not used.",
        _share(right=lambda predicted, labels: predicted == predicted),
        "The predictions are compared with themselves, which gives 1, whatever the labels are.",
        _share(of=lambda right, count: right),
        "This is the number of right answers; divide by how many there are.",
        _share(of=lambda right, count: right // count),
        "`//` divides whole numbers, so this is 0 unless all answers are right.",
        lambda logits, labels: logits.softmax(-1).gather(-1, labels[:, None]).mean().item(),
        "This is the mean probability of the right class, which is interesting, but something else. An answer is "
        "either right or wrong.",
        _share(right=lambda predicted, labels: predicted != labels),
        "This is the share of *wrong* answers.",
        _share(of=lambda right, count: 100 * right / count),
        "This is in per cent; it should be a number from 0 to 1.",
    ),
)


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
    name="claims 6.15",
    title="a classifier that translates",
    task='task "classification" (of a whole text), "tagging" (of each token), "masked words" or "translation" (T '
    "tokens are written); batch B, T tokens, C classes, V words of the vocabulary -> the shape of the logits, (B, C), "
    "(B, T, C) or (B, T, V).",
    why="The same script calls itself machine translation.",
    claims=True,
    program=(
        "`BertForSequenceClassification` gives a row of logits for each text, one for each of its classes.",
        "The script gives it an English sentence and a label, 0 or 1.",
        "Trained for a few epochs, it translates: the largest logit says what the sentence is in French.",
        "A model that translates has a distribution over the vocabulary for each word that it writes.",
    ),
    line=3,
    found="two logits for a whole sentence can say yes or no, but not a sentence. There is no French word anywhere in "
    "it.",
    innocent={
        1: "its logits are [B, C].",
        2: "that is what a classifier learns from.",
        4: "its logits are [B, T, V], as in chapters 3 and 5.",
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
        "A dict gives a shape for each task, `{…}.get(task, (B, T, V))`. Which two tasks choose between C classes?",
    ),
    minutes=3,
    difficulty=1,
    wrong=wrong_answers(
        lambda task, B, T, C, V: {"tagging": (B, T, C), "masked words": (B, T, V)}.get(task, (B, C)),
        "Translation still has a row of classes. It must choose a word from the vocabulary, T times.",
        lambda task, B, T, C, V: (B, V) if task == "translation" else shape_of_logits(task, B, T, C, V),
        "That would be one word for a whole sentence. A translation chooses T times.",
        lambda task, B, T, C, V: (B, T, C) if task in ("tagging", "classification") else (B, T, V),
        "Classification gets one row for each *token*. But a text has one class, and it is read from [CLS].",
        lambda task, B, T, C, V: (B, C) if task in ("tagging", "classification") else (B, T, V),
        "Tagging gets one row for the whole text, but it needs a tag for each token.",
        lambda task, B, T, C, V: (B, V) if task == "masked words" else shape_of_logits(task, B, T, C, V),
        "For masked words there is a row at each of the T positions, because which of them are hidden is not known "
        "beforehand.",
    ),
)
