"""Models from an empty file: what is written, and how the parts are judged."""

import ast
import functools
import importlib
import re

import pytest

from course_kit import files
from course_kit.mine import scratch
from course_kit.mine.composing import package
from course_kit.mine.scratch_parts import TrackPart, Trial
from course_kit.mine.text import BETWEEN, blocks, imports, with_block, with_import
from course_kit.mine.trying import why_it_fails

WEEKLY = functools.partial(pytest.param, marks=pytest.mark.weekly)
SELDOM = ("seq2seq", "positions", "bert", "llama", "answering")  # like the others, each of a chapter of its own
FUSED = """

class SelfAttention(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.parts = sizes[1], sizes[1], sizes[2]
        self.all = nn.Linear(sizes[0], sum(self.parts), bias=False)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(*self.all(x).split(self.parts, -1), mask)


def state_map(name, state):
    kinds = [f"{kind}.weight" for kind in ("query", "key", "value")]
    return {"all.weight": torch.cat([state[kind] for kind in kinds])} if name == "SelfAttention" else state


del boxcar_kernel
"""


handout = functools.cache(scratch.handout)


@functools.cache
def own(name):
    """The handed-out file with the course's own bodies in it, and above its foot what these use."""
    track, text, bodies, lines = scratch.track(name), handout(name), {}, {}
    for one in track.texts:
        bodies, lines = blocks(one) | bodies, imports(one) | lines
    parts = {part.name for part in track.all_parts if not part.last}
    for part in parts:
        text = with_block(text, part, bodies[part])
    known = blocks(text).keys() | {"check", "main", "save", "load"}
    helpers = dict.fromkeys(body for key, body in bodies.items() if key not in known)
    text = with_block(text, "", BETWEEN.join(helpers), before="state_map")
    for line in lines.values():
        text = text if line.startswith("from .") else with_import(text, line)
    return text


def results(folder, text, name, stop=False, tasks=False, only=""):
    (folder / "file.py").write_text(text, "utf-8")
    return list(scratch.results(folder / "file.py", name, stop, tasks, only))


@pytest.mark.parametrize("name", ["attention", "transformer", "gpt", *map(WEEKLY, SELDOM)])
def test_the_handed_out_file_passes_with_the_courses_bodies(name, tmp_path, monkeypatch):
    """The task, too, runs to its end: here in two steps, so that only its bar is missed."""
    track = scratch.track(name)
    main = importlib.import_module(f"chapters.ch{track.chapter:02}.kept.{track.task or track.name}").main
    monkeypatch.setattr(main, "__defaults__", (2, *main.__defaults__[1:]))
    found = results(tmp_path, own(name), name, stop=True, tasks=True)
    found = found[: found.index(next(row for row in found if row.part == "the task")) + 1]
    *found, task = found
    assert [row for row in found if not row.passed] == [] and len(found) > 4
    assert task.part == "the task" and "Needed: " in task.sentence


@pytest.mark.parametrize("name", scratch.CHAPTERS)
def test_the_file_has_every_part_and_no_body(name, tmp_path):
    text, track = handout(name), scratch.track(name)
    nodes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    parts = {part.name for part in track.all_parts if not part.last}
    assert parts <= nodes.keys() and nodes.keys() - parts - set(track.given) == {"state_map"}
    for part in parts:
        for node in ast.walk(nodes[part]):
            if isinstance(node, ast.FunctionDef):
                *described, last = node.body
                assert ast.unparse(last) == "raise NotImplementedError"
                assert all(isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) for one in described)
    found = results(tmp_path, text, name)
    assert not any(row.passed for row in found)
    assert found[0].part == track.all_parts[0].title and found[0].sentence.startswith("Not written yet.")


@pytest.mark.parametrize(
    ("name", "right", "wrong", "part", "says"),
    [
        ("transformer", "self.out(output), weights", "output, weights", "MultiHeadAttention", "No gradient reaches"),
        # one for each kind of look: where dropout acts, how tables begin, what a docstring names, modes, chance
        ("transformer", "self.dropout(f(h))", "f(h)", "AddNorm", "Right on 2 of 4 inputs"),
        WEEKLY("transformer", "std=c.size**-0.5", "std=1.0", "TransformerLayers", "at the beginning; needed: about 0."),
        ("gpt", "model.train(training)", "pass", "write", "After it, `model.training` is False; needed: True."),
        ("gpt", "manual_seed(seed)", "manual_seed(7)", "write, by chance", "The `manual_seed` seems to be missing"),
        ("gpt", "0 < top_p <= 1", "0 < top_p", "write, at its limits", "In `top_p 1.5`: Expected 'a ValueError', got"),
        ("bert", "model(inputs, None, real)", "model(inputs)", "masked_word_loss", "`real` seems to be missing"),
        WEEKLY("llama", "        between()\n", "        pass\n", "generate, of a long text", "`between()` seems to be"),
        ("gpt", "(q, k, v, is_causal=True)", "(q, k, v)", "CausalAttention", "`is_causal=True` seems to be missing"),
        ("transformer", "self.output.weight = self.target_embedding.weight", "pass", "TransformerLayers",
         "Its parameters are others: it has `output.weight` [13, 8]; needed: none."),
        ("gpt", "model.zero_grad()", "pass", "training_step", "The line `model.zero_grad()` seems to be missing."),
        WEEKLY("llama", "mask.tril(past)", "mask.tril(0)", "Llama, token by token", "numbers differ"),
        ("llama", ".softmax(dim)", ".softmax(-1)", "masked_softmax, along another axis", ""),
        ("llama", "k, v = cache.extend(k, v)", "cache.extend(k, v)", "GroupedAttention, behind a cache", ""),
        ("llama", "[Cache() for _ in self.blocks]", "[Cache()] * len(self.blocks)", "Llama, token by token",
         "each block has a cache of its own"),
        WEEKLY("answering", "is_answer[:, 1:], -100", "is_answer[:, :-1], -100", "answer_targets", ""),
    ],
)  # fmt: skip
def test_a_wrong_body_is_named(name, right, wrong, part, says, tmp_path):
    assert own(name).count(right) >= 1
    found = results(tmp_path, own(name).replace(right, wrong), name, only=part)
    assert [(row.part, says in row.sentence) for row in found if not row.passed][:1] == [(part, True)]


def test_a_case_with_too_many_inputs_says_so():
    part = TrackPart("rotary", "", (1, 2, 3, 4), look="by chance")
    with pytest.raises(ValueError, match="rotary, by chance: a case gives 4 inputs; needed: at most 3."):
        Trial(scratch.track("positions"), part)


def test_a_part_asked_alone_is_not_told_how_another_begins(tmp_path):
    """The handed-out file says of all matrices how they begin, and their own part hears where they do not."""
    assert "All matrices begin at a standard deviation of 0.02" in handout("llama")
    text = own("llama").replace("nn.init.normal_(parameter, std=0.02)", "nn.init.normal_(parameter, std=0.15)")
    assert "is 0.15 at the beginning" in results(tmp_path, text, "llama", only="Llama")[0].sentence
    assert all(row.passed for row in results(tmp_path, text, "llama", only="generate"))


def test_weights_along_the_last_axis_alone_are_right_where_they_take_no_other(tmp_path):
    text = handout("llama")
    body = blocks(own("llama"))["masked_softmax"].replace(", dim=-1)", ")").replace("(dim)", "(-1)")
    assert "dim" not in body
    found = results(tmp_path, with_block(text, "masked_softmax", body), "llama", only="masked_softmax")
    assert [row.passed for row in found] == [True, True]


def test_none_is_taken_where_it_may_be(tmp_path):
    text = own("transformer").replace("self.out(output), weights", "self.out(output), None")
    assert all(row.passed for row in results(tmp_path, text, "transformer", only="MultiHeadAttention"))


def test_one_part_alone_stands_on_the_courses(tmp_path):
    body = blocks(own("gpt"))["GPT"]
    text = with_block(handout("gpt"), "GPT", body)
    assert results(tmp_path, text, "gpt", only="GPT")[0] == ("GPT", True, "right, on all 4 inputs.")
    (row,) = results(tmp_path, text, "gpt", only="CausalBlock")
    assert not row.passed and row.sentence.startswith("Not written yet.")
    earlier = own("gpt").replace("parameter_count", "parameters_of")
    assert [row.passed for row in results(tmp_path, earlier, "gpt", only="parameter_count")] == [True]
    row, _ = results(tmp_path, text.replace("self.norm(x) @", "x @"), "gpt", only="GPT")
    assert "No gradient reaches its parameter `norm.weight`" in row.sentence


def test_a_finished_file_becomes_what_mine_trains_with(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "gpt.py").write_text("mine")
    (tmp_path / "file.py").write_text(own("gpt"), "utf-8")
    said = scratch.keep_track(tmp_path / "file.py", "gpt", tmp_path / "mine")
    assert said == [
        "What was mine/gpt.py is mine/gpt_2.py now.",
        "Written: mine/gpt.py.",
        "Written: mine/tokenizer.py.",
    ]
    assert (tmp_path / "mine" / "gpt_2.py").read_text() == "mine"
    texts = package("chapters.ch07.kept.training", {}) | {
        name: (tmp_path / "mine" / f"{name}.py").read_text("utf-8") for name in ("gpt", "tokenizer")
    }
    assert why_it_fails("training", texts) == "" and "class GPT" in texts["gpt"] and "class Tokenizer" in texts["gpt"]


def test_another_structure_passes_through_its_adapter(tmp_path):
    found = results(tmp_path, own("attention") + FUSED, "attention")
    assert [row for row in found if not row.passed] == []
    assert found[-1] == ("boxcar_kernel", True, "It is not in the file; the parts that would use it are checked.")
    found = results(
        tmp_path, own("attention") + FUSED.replace('if name == "SelfAttention" else state', "and state"), "attention"
    )
    says = {row.part: row.sentence for row in found if not row.passed}
    assert says["SelfAttention"].startswith(
        "Its parameters are others: it has `all.weight` [11, 6]; needed: `key.weight`"
    )
    assert "boxcar_kernel" in says  # which may be missing only where the rest is right
    renamed = (
        own("seq2seq")
        .replace(".embedding", ".table")
        .replace("    return state\n", '    return {k.replace("embedding", "table"): x for k, x in state.items()}\n')
    )
    assert all(row.passed for row in results(tmp_path, renamed, "seq2seq"))


@pytest.mark.parametrize(
    ("text", "says"),
    [("import nothing_such", "Loading the file stops with ModuleNotFoundError"),
     ("from course_utils.gpt import GPT", "It imports `course_utils.gpt`."),
     ("raise SystemExit(3)", "Loading the file stops with SystemExit: 3."),
     ("while True:\n    pass", "Loading it takes more than 0.2 s."), ("def (", "Line 1 is no Python"),
     ("", "There is no `reward_loss` in the file.")],
)  # fmt: skip
def test_a_file_that_cannot_be_run_says_why(text, says, tmp_path, monkeypatch):
    if "while" in text:
        monkeypatch.setattr(scratch, "LOAD", 0.2)
    found = results(tmp_path, text, "answering")
    assert not any(row.passed for row in found) and any(row.sentence.startswith(says) for row in found)


def test_a_file_of_the_reader_stays(tmp_path):
    first = scratch.write("positions", tmp_path)
    first.write_text("mine")
    assert scratch.write("positions", tmp_path).name == "positions_2.py" and first.read_text() == "mine"
    assert "from course_kit.mine.scratch import main" in (first.parent / "__main__.py").read_text()


def test_the_command_says_what_is_next(tmp_path, monkeypatch, capsys):
    rows = [scratch.Result("sinusoidal_encoding", True, "right."), scratch.Result("rotary", False, "Not.\n  [1]")]
    monkeypatch.setattr(scratch, "results", lambda path, name, stop, only: rows)
    (tmp_path / "positions_2.py").write_text("")
    assert scratch.main(["positions_2", "--hint", "3"], tmp_path) == 1
    said = capsys.readouterr().out
    assert "✓ sinusoidal_encoding: right.\n✗ rotary: Not.\n  [1]\n" in said
    assert "1 of 5 parts. Next: rotary." in said and "Make a new tensor" in said
    assert scratch.main(["rooms"], tmp_path) == 2 and "There is no rooms.py" in capsys.readouterr().err
    monkeypatch.setattr(scratch, "results", lambda path, name, stop, only: rows[:1])
    assert scratch.main(["positions_2"], tmp_path) == 0
    with pytest.raises(ValueError, match="'rooms' is given; needed: one of attention"):
        scratch.handout("rooms")


def test_a_short_task_is_learned_by_the_readers_definitions(tmp_path):
    found = results(tmp_path, own("answering"), "answering", tasks=True)
    assert found[-1].part == "the task" and found[-1].passed
    text = own("answering").replace(
        "def practise(",
        "def practise(model, *_, **__):\n    model.apply(lambda part: [p.data.fill_(torch.nan) for p in "
        "part.parameters()])\n    return iter([(0, 0.0)])\n\n\ndef other(",
    )
    track = scratch.track("answering")
    (tmp_path / "file.py").write_text(text)
    space, _ = scratch._loaded(tmp_path / "file.py", track)
    task = track.verdict(track.all_parts[-1], space)
    assert not task.right and "has nan” Needed: 90 %." in task.text


def test_readme_says_minutes_and_what_one_has():
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| (.+) \|$", (files.course_folder() / "docs/keeping.md").read_text("utf-8"), re.M
    )
    tracks = [(name, scratch.track(name)) for name in scratch.CHAPTERS]
    assert rows == [(name, str(track.minutes), track.have) for name, track in tracks]


@pytest.mark.weekly
@pytest.mark.parametrize("name", scratch.CHAPTERS)
def test_the_task_at_the_end_is_learned(name, tmp_path):
    assert all(row.passed for row in results(tmp_path, own(name), name, tasks=True))
