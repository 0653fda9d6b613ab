"""Practice in looking up: made-up words and gaps leave each answer where it was, and each batch is new."""

import random

import torch

from chapters.ch06.pairs import collate
from chapters.ch06.practice import Practice, gap, look_for_equals, renamed
from course_kit.checkpoints import load_checkpoint
from course_kit.data import stories
from course_kit.data.stories import Question
from course_kit.heads import attention_weights
from course_kit.text import WordPiece

ASKED = Question("Anna lost a key. On Monday, Ben met Anna at the bank.", "When did Ben meet Anna?", "Monday", 20)
NONE = Question("Anna lost a key.", "Where is Anna?", "", -1)
PIECES = ["orp", "ilk", "uve", "ast"]


def test_a_word_is_renamed_everywhere_and_the_answer_follows():
    new = renamed(ASKED, random.Random(0), PIECES, share=1)
    context, question = (text.rstrip("?.").replace(",", "").split() for text in (new.context, new.question))
    assert context[0] == context[-4] == question[-1] and context[6] == question[2]
    assert question[:2] + question[3:4] == ["When", "did", "meet"]  # the text has none of these
    assert not {"anna", "ben", "monday"} & {word.lower() for word in context + question}
    assert new.context[new.start :].startswith(new.answer + ",") and new.context.count(".") == 2
    assert renamed(ASKED, random.Random(0), PIECES, share=0) == ASKED
    assert renamed(NONE, random.Random(0), PIECES, share=1)[2:] == ("", -1)


def test_a_gap_is_asked_for_in_a_stretch_of_one_sentence():
    for new in (gap(ASKED, random.Random(seed)) for seed in range(30)):
        assert new.question.count("[MASK]") == 1 and len(new.question) > len("[MASK]?") and "." not in new.question
        assert new.question[:-1].replace("[MASK]", new.answer) in new.context == ASKED.context
        assert new.context[new.start :].startswith(new.answer) and 1 <= len(new.answer.replace(",", "").split()) <= 3


def test_training_batches_are_new_each_time_and_others_are_not():
    examples = stories.load("questions", "train")[:40]
    tokenizer = WordPiece.build([f"{e.context} {e.question}" for e in examples], 300)
    task = Practice("questions", tokenizer, (), {"train": examples, "valid": examples}, max_length=96)
    one, same, other = (task.batch(torch.Generator().manual_seed(seed), 8) for seed in (0, 0, 1))
    assert torch.equal(one.inputs.ids, same.inputs.ids) and one.labels.shape == (8, 2)
    assert one.inputs.ids.shape != other.inputs.ids.shape or not torch.equal(one.inputs.ids, other.inputs.ids)
    masked = sum(
        (task.batch(torch.Generator().manual_seed(seed), 8).inputs.ids == tokenizer.mask).sum() for seed in range(5)
    )
    assert 5 < masked < 35  # about half of 40
    assert not (task.batch(torch.Generator().manual_seed(0), 8, "valid").inputs.ids == tokenizer.mask).any()


def test_one_head_begins_by_looking_for_the_same_word_in_the_other_segment():
    loaded = load_checkpoint("bert-stories")
    task = Practice("questions", loaded.tokenizer)
    read = task.inputs([Question("Anna lost a key. Ben went to Rome.", "Where did Ben go?", "Rome", 29)])[0]
    in_text, asked = len(read) - 1 - read.tokens[::-1].index("ben"), read.tokens.index("ben")

    def attends():
        with torch.no_grad(), attention_weights(loaded.model) as weights:
            loaded.model.bert(*collate([read]))
        return weights["encoder"][0][0, :, in_text, asked]

    before = attends()
    look_for_equals(loaded.model.bert)
    after = attends()
    assert before.max() < 0.1 and after[0] > 0.5
    assert torch.allclose(before[1:], after[1:], atol=1e-6)
