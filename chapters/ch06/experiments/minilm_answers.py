"""Real questions about Wikipedia: MiniLM in our classes looks for the answer in the text; SQuAD, split by article.

    task = answers(found.tokenizer)                        # found: of `published`
    model = task.model(from_huggingface(found.model))
    minilm.tune(task, model, steps=STEPS, size=BATCH, lr=LR)
    task.measure(model, "test")                            # {"exact match": …, "F1": …}

A paragraph is longer than what the model is given at once, so it is read through windows that overlap.
`course results minilm_squad` records it. Sources: Rajpurkar et al. 2016, SQuAD, sections 6.1 and 6.2
(measures, people); Devlin et al. 2019, section 4.2 and its code (windows).
"""

import re
from collections.abc import Sequence

import torch

from chapters.ch06 import real_text
from chapters.ch06.finetuning import AnswerTask
from chapters.ch06.pairs import best_span
from chapters.ch06.published import MINILM
from chapters.ch06.span_metrics import answer_scores
from course_kit.data.stories import Question
from course_kit.runtime import has_bfloat16

from . import minilm

STEPS, BATCH, LR, LENGTH, STRIDE, LONGEST = 450, 16, 3e-4, 96, 40, 20
WORDS = ("who", "when", "where", "how many", "what", "which", "how", "why")


class Windows(AnswerTask):
    """Questions to long texts. Trained on the window that holds the answer best, read through all of them.

    right  {(context, question): all answers that count}, or {} where there is but one
    """

    main = "F1"

    def __init__(self, *given, right: dict | None = None, stride: int = STRIDE, **options):
        super().__init__(*given, **options)
        self.right, self.stride = right or {}, stride

    def windows(self, example: Question) -> list[tuple[Question, int]]:
        """(a question to a part of the text, where this part begins), the last of them up to the text's end.

        Where an answer is not wholly inside, the part has none. A window begins with a word.
        """
        pieces = self.tokenizer.spans(example.context)
        whole = [not token.startswith("##") for token in self.tokenizer.tokens(p[0] for p in pieces)]
        room = self.max_length - 3 - len(self.tokenizer.spans(example.question))
        if room < self.stride:
            raise ValueError(
                f"max_length is {self.max_length}: the question leaves room for {room} tokens; needed: {self.stride}"
            )
        found, first = [], 0
        while True:
            start, last = pieces[first][1], min(first + room, len(pieces)) - 1
            text, at = example.context[start : pieces[last][2]], example.start - start
            inside = example.answer and 0 <= at <= len(text) - len(example.answer)
            found.append((Question(text, example.question, *((example.answer, at) if inside else ("", -1))), start))
            if last == len(pieces) - 1:
                return found
            first += self.stride
            while not whole[first]:
                first -= 1

    def prepared(self, split: str) -> tuple[list, list]:
        """Inputs and targets of one window for each question: the answer as far from its edges as may be."""
        if split not in self._prepared:
            parts = [max((q for q, _ in self.windows(e)), key=_room) for e in self.examples(split)]
            inputs = self.inputs(parts)
            self._prepared[split] = inputs, [self.target(q, i) for q, i in zip(parts, inputs, strict=True)]
        return self._prepared[split]

    def said(self, model, examples: Sequence[Question]) -> list[str]:
        """The answer to each question: the best span of all windows, by the sum of its two logits."""
        parts = [(n, q) for n, e in enumerate(examples) for q, _ in self.windows(e)]
        inputs, best = self.inputs([q for _, q in parts]), [(-float("inf"), "")] * len(examples)
        device = next(model.parameters()).device
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
            outputs = self.outputs(model, inputs, 64)
        for (n, part), found, logits in zip(parts, inputs, outputs, strict=True):
            score, text = _answer(logits, found, part.context)
            best[n] = max(best[n], (score, text))
        return [text for _, text in best]

    def measure(self, model, split: str = "test", count: int | None = None) -> dict[str, float]:
        """Exact match and F1, the best over all answers that count."""
        examples = self.examples(split)[:count]
        return answer_scores(self.said(model, examples), [self.accepted(e) for e in examples])

    def accepted(self, example: Question) -> tuple[str, ...]:
        """The answers that count."""
        return self.right.get((example.context, example.question), (example.answer,))


def answers(tokenizer, max_length: int = LENGTH) -> Windows:
    """SQuAD's development set, split by article, as a task. tokenizer: WordPiece, or one of `transformers`.

    Raises FetchError where the corpus cannot be had.
    """
    right = real_text.answers("valid") | real_text.answers("test")
    return minilm.real_task(Windows, "squad", tokenizer, (), max_length, right=right)


def people(right: Sequence[Sequence[str]]) -> dict[str, float]:
    """What people reach: of the answers to each question the second is judged by the others, as in the paper."""
    several = [found for found in right if len(found) > 1]
    return answer_scores([found[1] for found in several], [found[:1] + found[2:] for found in several])


def kind_of(question: str) -> str:
    """The question word: the first of WORDS that occurs in it, else "other"."""
    found = re.search(rf"\b({'|'.join(WORDS)})\b", question.lower())
    return found[1] if found else "other"


def record_squad(steps: int = STEPS) -> dict:
    """The figures behind data/results/minilm_squad.json. Needs MiniLM and SQuAD (COURSE_DATA_DIR or a network)."""
    task, model = minilm.begun(answers)
    test = task.examples("test")
    right = [task.accepted(e) for e in test]
    time_taken = minilm.timed(task, model, steps, size=BATCH, lr=LR)
    said, by_kind = task.said(model, test), {}
    for kind in (*WORDS, "other"):
        of = [n for n, e in enumerate(test) if kind_of(e.question) == kind]
        if of:
            scores = answer_scores([said[n] for n in of], [right[n] for n in of])
            by_kind[kind] = {"questions": len(of)} | {name: round(x, 4) for name, x in scores.items()}
    return {
        "model": MINILM[0], "steps": steps, "batch": BATCH, "lr": LR, "max_length": LENGTH, "stride": STRIDE, "seed": 0,
        "questions": {split: len(task.examples(split)) for split in real_text.SPLITS},
        "articles": {split: len(real_text.articles(split)) for split in real_text.SPLITS},
        **time_taken, "people": _rounded(people(right)), "fine-tuned": _rounded(answer_scores(said, right)),
        "by question word": by_kind,
    }  # fmt: skip


def _answer(logits, found, context: str) -> tuple[float, str]:
    """The best span inside the second text and the sum of its logits. logits [T, 2]."""
    allowed = logits.new_tensor([s == 1 and a < b for s, (a, b) in zip(found.segments, found.spans, strict=True)]) > 0
    starts, ends = logits.float().unbind(-1)
    first, last = best_span(starts, ends, allowed, LONGEST)
    return (starts[first] + ends[last]).item(), context[found.spans[first][0] : found.spans[last][1]]


def _room(part: Question) -> int:
    """How far the answer is from the nearer edge of its window; −1 where there is none."""
    return min(part.start, len(part.context) - part.start - len(part.answer)) if part.answer else -1


def _rounded(figures: dict) -> dict:
    return {name: round(value, 4) for name, value in figures.items()}
