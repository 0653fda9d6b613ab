"""The files that the chapters leave behind, with answers as the pages show them: each runs with torch alone, does what
its docstring says, and finds a mistake in each of its functions."""

import ast
import functools
import importlib
import sys

import pytest
import torch
from unit.own_package import solve

from course_kit import files
from course_kit.exercises import registry
from course_kit.exercises.cells import stubs
from course_kit.exercises.reference import solution_text
from course_kit.exercises.registry import find
from course_kit.mine import answers, loading
from course_kit.mine.composing import composed, marks, package
from course_kit.mine.source import course
from course_tools.authoring import sources
from course_utils.attention import padding_mask

ALL = sorted(
    ".".join(path.relative_to(files.course_folder()).with_suffix("").parts)
    for path in files.course_folder().glob("chapters/ch*/kept/*.py")
    if path.stem != "__init__"
)
HALF = pytest.param(0.5, marks=pytest.mark.weekly)
MARKED = [module for module in ALL if marks(course(module).text)]


def short(module):
    return module.replace("chapters.", "").replace(".kept.", "-")


@functools.cache
def pages():
    """Exercise of a lesson -> the text of an answer as its page shows it, under the name and parameters of the cell."""
    registry.load()
    found = {}
    for name in sources.names():
        for cell in sources.read(name).cells if not name.endswith("annex") else ():
            for stub in stubs(cell.source) if cell.cell_type == "code" else ():
                if not stub.puzzle:
                    found[stub.name] = solution_text(find(stub.name))
    return found


def asked(module):
    """The exercises whose functions are marked in a kept module, and stand in a lesson."""
    return [name for name in marks(course(module).text).values() if name in pages()]


def solved(module, count):
    """Solves the first exercises of a module as the page shows them -> their functions' names."""
    for name in asked(module)[:count]:
        task = find(name)
        thing = task.shown or task.reference
        known = vars(sys.modules[thing.__module__]) | vars(sys.modules[task.reference.__module__])
        others = {other.function: other.reference for other in map(find, pages()) if other.function != task.function}
        text = pages()[name]
        here = {key: value for key, value in (others | known).items() if key in text and key != task.function}
        solve(name, text, **here)
    return {find(name).function for name in asked(module)[:count]}


def usage(module):
    """The lines of the docstring's example, without commands."""
    told = (ast.get_docstring(ast.parse(course(module).text)) or "").split("\n")
    return "\n".join(line[4:] for line in told if line.startswith("    ") and "python -m" not in line)


def packages(text):
    """What the text of a module imports that is not beside it."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("module", MARKED, ids=short)
@pytest.mark.parametrize("share", [0, HALF, 1], ids=["unsolved", "half solved", "solved"])
def test_it_passes_its_check_and_its_example_runs(book, monkeypatch, module, share):
    mine = solved(module, round(share * len(asked(module))))
    own = answers.solved()
    assert mine <= own.keys(), "as the page shows it, an answer goes into the package"
    made = composed(module, own, answers.read)
    assert set(made.yours) == mine and not made.notes
    texts = package(module, own, answers.read)
    assert not any("course_" in text or "jaxtyping" in text or "chapters." in text for text in texts.values())
    (book / "mine").mkdir(exist_ok=True)
    for name, text in texts.items():
        (book / "mine" / f"{name}.py").write_text(text, "utf-8")
    torch.manual_seed(0)
    kept = loading.module(made.name)
    kept.check()
    exec(compile(usage(module), f"<the example of {made.name}.py>", "exec"), vars(kept))


@pytest.mark.parametrize("module", MARKED, ids=short)
def test_its_check_finds_a_mistake_in_each_function(monkeypatch, module):
    registry.load()
    names = [name for name in marks(course(module).text).values() if not isinstance(find(name).reference, type)]
    text = composed(module, {}).text
    kept = loading.ModuleType("kept")
    monkeypatch.setitem(sys.modules, "kept", kept)

    def passes(task, answer):
        exec(compile(text, "<kept>", "exec"), vars(kept))
        setattr(kept, task.function, answer)
        torch.manual_seed(0)
        try:
            kept.check()
        except Exception:
            return False
        return True

    assert [name for name in names if all(passes(find(name), wrong.answer) for wrong in find(name).wrong)] == []


def test_each_exercise_of_a_lesson_that_is_in_a_file_has_its_mark():
    functions = {find(name).function: name for name in pages()}
    missing = {}
    for module in ALL:
        nodes = ast.parse(composed(module, {}).text).body
        names = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        there = {functions[name] for name in names & functions.keys()}
        missing[module] = there - set(marks(course(module).text).values())
    assert {module: names for module, names in missing.items() if names} == {}
    assert len({name for module in ALL for name in asked(module)}) >= 17


@pytest.mark.parametrize("module", ALL, ids=short)
def test_as_it_stands_it_is_a_module_that_passes_its_check(module):
    getattr(importlib.import_module(module), "check", bool)()
    if module[:13] < "chapters.ch08":  # chapter 8 reads published files; tokenizers is taken where it is
        needed = set().union(*map(packages, package(module, {}).values())) - {"tokenizers"}
        assert needed <= sys.stdlib_module_names | {"torch"}


def test_the_models_compute_what_the_course_does(book, monkeypatch):
    from course_utils.bert import BertConfig, BertForPreTraining
    from course_utils.transformer import Transformer, TransformerConfig

    for module, model, sizes in (
        ("chapters.ch05.kept.transformer", Transformer, TransformerConfig(13, 13, 32, 2, 4, dropout=0.0)),
        ("chapters.ch06.kept.bert", BertForPreTraining, BertConfig(13, 32, 2, 4, dropout=0.0)),
    ):
        solved(module, len(asked(module)))
        kept = {"__name__": "kept"}
        monkeypatch.setitem(sys.modules, "kept", loading.ModuleType("kept"))
        exec(composed(module, answers.solved(), answers.read).text, kept)
        ours, theirs = model(sizes), kept[model.__name__](kept[type(sizes).__name__](**vars(sizes)))
        theirs.load_state_dict(ours.state_dict())
        tables = dict(ours.named_buffers())  # of positions: the reader's have the cosine of a pair first, or the sine
        for name, table in theirs.named_buffers():
            tables[name].copy_(table)
        ids, mask = torch.randint(13, (3, 8)), padding_mask([8, 5, 2])[:, 0]
        given = (ids, ids, mask)  # of the Transformer: source, target; of BERT: a segment for each token
        given = given if model is Transformer else (ids, ids % 2, mask)
        found = [one.eval()(*given) for one in (ours, theirs)]
        torch.testing.assert_close(*(one if model is Transformer else tuple(one) for one in found), atol=1e-5, rtol=0)
