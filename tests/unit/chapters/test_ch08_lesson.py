"""Chapter 8: the published model and what stands in for it, talks to learn from, views, recorded figures."""

import random

import numpy as np
import pytest
import torch

from chapters.ch08 import dialogues, labs, published
from chapters.ch08.experiments import ablation, answers, post_training
from chapters.ch08.kept import smollm as smollm_file
from course_kit import results
from course_utils.gpt import GPT
from course_utils.llama import Llama

# ---- the published model, and bad input ----------------------------------------------------------------------------


def test_a_file_that_is_cut_off_says_so(smollm, tmp_path):
    cut = tmp_path / "cut.gguf"
    with published.where().open("rb") as whole:
        cut.write_bytes(whole.read(20_000_000))
    with pytest.raises(ValueError, match=r"cut\.gguf is cut off or damaged"):
        published.opened(cut)
    cut.write_bytes(b"GGUF")
    with pytest.raises(ValueError, match="cut off or damaged"):
        published.opened(cut)


def test_another_architecture_is_named(tmp_path):
    from gguf import GGUFWriter

    writer = GGUFWriter(tmp_path / "other.gguf", "mamba")
    writer.add_tensor("x", np.zeros((2, 32), np.float32))
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ValueError, match="'mamba'; needed: 'llama'"):
        published.opened(tmp_path / "other.gguf")


def test_a_package_without_its_file_says_how_to_bring_it(monkeypatch):
    monkeypatch.setattr(smollm_file, "NAME", "nothing.gguf")
    with pytest.raises(FileNotFoundError, match=published.INSTALL):
        published.where()


def test_without_the_package_a_model_of_ours_goes_on(monkeypatch):
    monkeypatch.setattr(smollm_file, "PACKAGE", "no_such_package")
    assert published.load() is None
    stand_in = published.StandIn(dialogues.shipped())
    ids = stand_in.prompt("What is the capital of France?")
    written = list(stand_in.tokens(ids, 5))
    assert len(written) == 5 and published.INSTALL in stand_in.about
    written = stand_in.start.encode("你好, cat")
    assert "".join(stand_in.piece(written[: n + 1]) for n in range(len(written))) == "你好, cat"


@pytest.mark.parametrize(("question", "says"), [("", "empty"), (" \n", "empty"), ("cat " * 9000, "8,192")])
def test_a_question_that_cannot_be_asked_is_refused(smollm, question, says):
    with pytest.raises(ValueError, match=says):
        smollm.prompt(question)


def test_the_readers_class_holds_the_published_parameters(smollm):
    class Mine(Llama):
        pass

    held = published.load(Mine)
    assert type(held.model) is Mine
    assert held.model.tokens.weight.data_ptr() == smollm.model.tokens.weight.data_ptr()  # not once more in memory
    ids = smollm.prompt("What is the capital of France?")
    assert smollm.tokenizer.decode(list(held.tokens(ids, 10))) == "The capital of France is Paris."
    pieces = list(held.tokens(ids, 4))
    assert "".join(held.piece(pieces[: n + 1]) for n in range(4)) == held.tokenizer.decode(pieces)
    text = "Hello, こんにちは, 🙂🎉 你好"
    pieces = held.tokenizer.encode(text).ids
    assert "".join(held.piece(pieces[: n + 1]) for n in range(len(pieces))) == text
    assert len(held.names) == 49_152 and all(held.names)


# ---- talks ----------------------------------------------------------------------------------------------------------


def test_talks_end_with_a_line_and_are_friendly_one_time_in_five():
    start = dialogues.shipped()
    conversations, preferences = dialogues.texts()
    friendly = sum(answer in dialogues.FRIENDLY.values() for _, answer in conversations) / len(conversations)
    assert abs(friendly - dialogues.FRIENDLY_SHARE) < 0.03
    for one in conversations[:50]:
        question, answer = dialogues.in_ids(start.encode, *one)
        assert start.decode(question) == dialogues.prompt(one[0]) and start.decode(answer) == f" {one[1]}\n"
        assert len(answer) <= dialogues.LONGEST
    for _, liked, disliked in random.Random(0).sample(preferences, 20):
        assert liked in dialogues.FRIENDLY.values() and disliked in dialogues.FORMS and disliked != liked
    assert not {text for text, _ in conversations} & {text for text, _ in dialogues.texts("test")[0]}


def test_the_newest_training_of_chapter_7_is_taken(tmp_path):
    assert dialogues.newest(folder=tmp_path).name == "llama-holmes"
    sizes = {"vocab": 257, "size": 16, "layers": 1, "heads": 2, "context": 16}
    model = GPT(**sizes)
    state = {"sizes": sizes, "merges": [["t", "h"]], "best": model.state_dict(), "history": []}
    torch.save(state, tmp_path / "mine.gpt.pt")
    start = dialogues.newest(folder=tmp_path)
    assert start.name == "mine.gpt.pt" and start.decode(start.encode("the cat\n")) == "the cat\n"
    assert isinstance(dialogues.replies(start, ["The soup was cold."])[0], str)
    start.save(tmp_path / "talker.pt")
    assert torch.load(tmp_path / "talker.pt", weights_only=True)["kind"] == "GPT"


def test_replies_are_the_likeliest_tokens_up_to_a_line():
    start = dialogues.shipped()
    sentences = ["The soup was cold.", "It was good."]
    for sentence, given in zip(sentences, dialogues.replies(start, sentences), strict=True):
        ids = torch.tensor([start.encode(dialogues.prompt(sentence))])
        with torch.no_grad():
            for _ in range(dialogues.LONGEST):
                ids = torch.cat([ids, start.model(ids)[:, -1].argmax(-1, keepdim=True)], 1)
        text = start.decode(ids[0].tolist())[len(dialogues.prompt(sentence)) :]
        assert given == text.split("\n")[0].strip()


@pytest.mark.weekly  # the same loops run in the lesson, whose numbers are asserted there
def test_the_two_trainings_do_what_is_recorded():
    torch.manual_seed(5)
    start, dice = dialogues.shipped(), random.Random(5)
    assert dialogues.judged(start, count=60)["form"] == 0
    post_training.imitated(start, dice)
    imitated = dialogues.judged(start, count=60)
    assert imitated["form"] >= 0.95 and imitated["right"] > 0.6 and imitated["friendly"] < 0.3
    post_training.preferred(start, dice)
    assert dialogues.judged(start, count=60)["friendly"] > 0.9


# ---- views ----------------------------------------------------------------------------------------------------------


def test_a_question_shows_what_each_model_says():
    view = labs.replies(["who?", "why?"], {"a": ["x", "y"], "b": ["1", "2"]})
    assert view.said == {"a": "x", "b": "1"} and "“x”" in view.describe()
    view.state["question"] = "why?"
    assert view.said == {"a": "y", "b": "2"} and view.table().rows[1] == ["why?", "y", "2"]
    assert view.to_png()[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="1 replies to 2 questions"):
        labs.replies(["who?", "why?"], {"a": ["x"]})


# ---- recorded -------------------------------------------------------------------------------------------------------


def test_the_published_model_still_answers_as_recorded(smollm):
    recorded = results.load("smollm_answers")
    assert list(recorded["answers"]) == list(answers.QUESTIONS)
    question = "Who was the first person on the Moon?"
    assert smollm.answer(question, 12) == recorded["answers"][question][: len(smollm.answer(question, 12))]
    assert answers.block(published.where()) == recorded["block"]


def test_right_answers_are_told_from_wrong_ones():
    assert answers.right("What is the capital of France?", "It is Paris.")
    assert answers.right("What is the capital of France?", "It is Lyon.") is False
    assert answers.right(answers.COURSE, "L'animal n'a pas traversé la rue car il était trop fatigué.")
    assert answers.right(answers.COURSE, "Il a traversé.") is False
    assert answers.right("Write one sentence about a cat in the rain.", "A cat.") is None


@pytest.mark.parametrize("changes", [(), *((one,) for one in ablation.CHANGES), ablation.CHANGES], ids=str)
def test_models_of_the_ablation_have_equal_parameters_and_no_future(changes):
    torch.manual_seed(0)
    model = ablation.equal(changes)
    assert abs(ablation.count(model) / ablation.count(ablation.equal(())) - 1) < 0.003
    ids = torch.randint(ablation.PIECES, (1, 9))
    other = ids.clone()
    other[:, 5:] = 0
    torch.testing.assert_close(model(ids)[:, :5], model(other)[:, :5])
    assert len(ablation.optimisers(model)) == 2
