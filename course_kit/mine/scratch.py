"""A whole model from an empty file, which `course scratch` writes and `python -m mine.scratch` checks.

    handout("transformer")              # the file: signatures, docstrings, shapes, sources; no bodies
    results(path, "transformer")        # (part, passed, sentence) of each part, each in its time

The file is made from the module of ours that the chapter keeps. It runs as the reader's own program on the reader's own
computer, as a notebook does: what nobody has read belongs into a sandbox.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from course_kit import files
from course_kit.i18n import sentences, t

from .source import uses
from .text import BETWEEN, blocks, imports, with_import

if TYPE_CHECKING:
    from .scratch_parts import Track, TrackPart

TRACKS = re.compile(r'^TRACKS = \{\s*"(\w+)"', re.M)  # in a text, since to import them all takes seconds
LISTS = sorted(Path(__file__).resolve().parents[2].glob("chapters/ch??/scratch.py"))
CHAPTERS = {name: int(path.parent.name[2:]) for path in LISTS for name in TRACKS.findall(path.read_text("utf-8"))}
LOAD = 20.0  # seconds for the file itself
FOREIGN = ("mine", "course_utils", "course_kit", "course_tools", "chapters", "transformers")
HEAD = '''"""{about}

From an empty file: about {minutes} minutes; at the end you have {have}.

    python -m mine.scratch {name}            # checks part by part, and says which is next
    python -m mine.scratch {name} --hint 1   # of the next one: 1 what it is, 2 its formula, 3 the shapes of its steps
    python -m mine.scratch {name} --part NAME   # one part alone; for parts that are not written, the course's stand in
    python -m mine.scratch {name} --keep     # where all are right: makes mine/{name}.py of it

{sizes}

Keep the names of parts; those of parameters, too, or say at the end of the file what yours are. A part for which you
have no use may go, as long as the later ones are right. It needs only torch, and nothing of the course.
"""

from __future__ import annotations'''
FOOT = '''# Is yours built otherwise, with one matrix for three, or other names? Tell here which parameter is which.


def state_map(name, state):
    """Parameters under the names above, {"query.weight": tensor, …} -> the same numbers under yours."""
    return state
'''
TORCH = "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn"
MAIN = '''"""python -m mine.scratch NAME: checks mine/scratch/NAME.py part by part."""

import sys
from pathlib import Path

from course_kit.mine.scratch import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).parent))
'''


class Result(NamedTuple):
    """One part of a file, whether it passed, and the verdict: a sentence, below it lines that show what is meant."""

    part: str
    passed: bool
    sentence: str


def track(name: str) -> Track:
    """Raises ValueError for a name that there is not."""
    if name not in CHAPTERS:
        raise ValueError(f"{name!r} is given; needed: one of {', '.join(CHAPTERS)}.")
    return importlib.import_module(f"chapters.ch{CHAPTERS[name]:02}.scratch").TRACKS[name]


def handout(name: str) -> str:
    """The text of the file that a reader begins with."""
    whole = track(name)
    definitions, lines = (
        {name: one for text in whole.texts for name, one in of(text).items()} for of in (blocks, imports)
    )
    parts = {part.name: part for part in reversed(whole.all_parts) if not part.last}
    names = dict.fromkeys(part.name for part in whole.all_parts if not part.last)
    stubs = [f"# Part {i}\n{_stub(definitions[name], _notes(whole, parts[name]))}" for i, name in enumerate(names, 1)]
    body = BETWEEN.join([*dict.fromkeys(definitions[name] for name in whole.given), *stubs, FOOT])
    about, *paragraphs = (ast.get_docstring(ast.parse(whole.texts[0])) or "").split("\n\n")
    paragraphs[-1] = whole.note  # instead of whose functions they are
    sizes = "\n\n".join(one for one in paragraphs if one and not one.startswith(" "))
    head = HEAD.format(about=about, sizes=sizes, name=name, minutes=whole.minutes, have=whole.have)
    used = [lines[one] for one in uses(body) if one in lines and "torch" not in lines[one]]
    return BETWEEN.join([f"{head}\n\n" + "\n".join(sorted({"import math", *used})) + f"\n\n{TORCH}", body])


def _notes(whole: Track, part: TrackPart) -> list[str]:
    """What the check asks for that no docstring says, as lines of a comment."""
    made_of = ", ".join(whole.made_of(part))
    made_of = f"In the check, its parameters are: {made_of}." if made_of else ""
    return [line for remark in (made_of, part.note) for line in textwrap.wrap(remark, 90)]


def _stub(text: str, notes: Sequence[str] = ()) -> str:
    """A definition without its bodies: of a class its methods; and below what it says, what else is asked for."""
    node: Any = ast.parse(text).body[0]
    lines = text.split("\n")
    described = [statement.end_lineno for statement in node.body[:1] if ast.get_docstring(node)]
    if isinstance(node, ast.FunctionDef):
        end = described[0] if described else node.body[0].lineno - 1
        body = lines[end:] if node.name == "__init__" else []
        remarks = [f"    {comment[0]}" for line in body if (comment := re.search(r"#[^\"']*$", line))]
        remarks += [f"    # {line}" for line in notes]
        return "\n".join([*lines[:end], *remarks, "    raise NotImplementedError"])
    pieces = ["\n".join(lines[: described[0] if described else node.lineno])]
    if notes:
        pieces.append("\n".join(f"    # {line}" for line in notes))
    for member in node.body:
        if isinstance(member, ast.FunctionDef):
            first = min([member.lineno, *(decorator.lineno for decorator in member.decorator_list)])
            method = textwrap.dedent("\n".join(lines[first - 1 : member.end_lineno]))
            pieces.append(textwrap.indent(_stub(method), "    "))
    return "\n\n".join(pieces)


def write(name: str, folder: Path) -> Path:
    """Lay the file into `mine/scratch/` of a workbook, under a name that is not taken, and what checks it."""
    text, scratch_folder, number = handout(name), folder / "mine" / "scratch", 1
    scratch_folder.mkdir(parents=True, exist_ok=True)
    path = scratch_folder / f"{name}.py"
    while path.exists() or path.is_symlink():
        number += 1
        path = scratch_folder / f"{name}_{number}.py"
    files.write_atomically(path, text)
    for file, content in ((scratch_folder / "__main__.py", MAIN), (scratch_folder / "__init__.py", "")):
        if not file.exists():
            files.write_atomically(file, content)
    return path


def results(path: Path, name: str, stop: bool = False, tasks: bool = True, only: str = "") -> Iterator[Result]:
    """The parts of a file in order. stop: at the first that does not pass; tasks: also the training at the end, where
    all before it passes; only: those with this name or title. What loops is stopped, and said."""
    whole = track(name)
    parts = _chosen(whole, only)
    space, error = _loaded(path, whole, {part.name for part in parts} if only else None)
    if error:
        yield Result(parts[0].title, False, error)
        return
    finished: list[Result] = []
    late: list[str] = []
    for part in parts:
        if part.name not in space and part.optional:
            late.append(part.title)
            continue
        if part.last and not (tasks and all(row.passed for row in finished)):
            continue
        if part.name in space or part.last:
            verdict = whole.verdict(part, space)
            finished.append(Result(part.title, verdict.right, _in_words(verdict)))
        else:
            finished.append(Result(part.title, False, t("There is no `{name}` in the file.", name=part.name)))
        yield finished[-1]
        if stop and not finished[-1].passed:
            return
    says = t("It is not in the file; the parts that would use it are checked.")
    yield from [Result(title, all(row.passed for row in finished), says) for title in late]


def _chosen(whole: Track, only: str) -> list[TrackPart]:
    """All parts, or those of this name or title; a task at the end, by its title alone."""
    return [part for part in whole.all_parts if only in ("", part.title, "" if part.last else part.name)]


def _loaded(path: Path, whole: Track, judged: set[str] | None = None) -> tuple[dict[str, Any], str]:
    """The names of a file, and why it cannot be run. judged: of what is not written, these alone stay as they are; for
    the others the course's stand in."""
    from course_kit.exercises.guard import TookTooLong, quiet, time_limit
    from course_kit.exercises.trouble import clean

    from .scratch_parts import OURS

    try:
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if taken := [imported for imported in names if imported.partition(".")[0] in FOREIGN]:
                return {}, t("It imports `{name}`. This file is written without it, with torch alone.", name=taken[0])
        sys.modules[OURS] = module = ModuleType(OURS)
        if judged is not None:
            course = {part.name: getattr(whole.course, part.name) for part in whole.all_parts if not part.last}
            written = {node.name for node in tree.body if hasattr(node, "name") and not _is_unwritten(node)}
            standing_in = course.keys() - written - judged
            for name in standing_in:
                setattr(module, name, course[name])
            tree.body = [node for node in tree.body if getattr(node, "name", "") not in standing_in]
        with quiet(), time_limit(LOAD):
            exec(compile(tree, str(path), "exec"), vars(module))
    except TookTooLong:
        late = t("Loading it takes more than {seconds} s.", seconds=f"{LOAD:g}")
        return {}, sentences(late, t("Is there a loop, or a training, outside of a function?"))
    except OSError as error:
        return {}, t("The file cannot be read: {why}.", why=error.strerror)
    except SyntaxError as error:
        return {}, t("Line {line} is no Python: {why}.", line=error.lineno or 1, why=error.msg)
    except (Exception, SystemExit) as error:
        message = clean(": ".join(filter(None, (type(error).__name__, str(error).split("\n")[0]))), 200)
        return {}, t("Loading the file stops with {error}.", error=message)
    space = vars(module)
    for part in whole.all_parts:
        if part.earlier in space:
            space.setdefault(part.name, space[part.earlier])
    return space, ""


def _is_unwritten(node: ast.AST) -> bool:
    """Whether a `raise NotImplementedError` is left in it."""
    raised = (ast.unparse(inner.exc) for inner in ast.walk(node) if isinstance(inner, ast.Raise) and inner.exc)
    return any(inner.partition("(")[0] == "NotImplementedError" for inner in raised)


def keep_track(path: Path, name: str, folder: Path) -> list[str]:
    """Make the files of mine/ that a track is about from a file that passes: all that is in it, and below what the
    course's has besides, such as `save` and `load`. What is there already goes to a name that is free -> sentences.
    """
    from .trying import why_it_fails

    whole, own = track(name), path.read_text("utf-8").rstrip() + "\n"
    texts: dict[str, str] = {}
    bound = blocks(own)
    for module, text in zip(whole.modules, whole.texts, strict=True):
        file = module.rpartition(".")[2]
        if ".kept." not in module:
            continue
        theirs = blocks(text)
        additions = [one for key, one in theirs.items() if key not in bound]
        brought = imports(text)
        if texts:
            taken = sorted(theirs.keys() & bound.keys())
            brought |= {"": f"from .{whole.name} import {', '.join(taken)}"}
        new = BETWEEN.join(dict.fromkeys(additions))
        used = {line for key, line in brought.items() if not key or key in uses(new)}
        base = own if not texts else f'"""{ast.get_docstring(ast.parse(text)) or ""}"""\n'
        for line in sorted(used):
            base = with_import(base, line)
        texts[file] = BETWEEN.join([base.rstrip(), new, text[text.index("if __name__ ==") :]])
    if reason := why_it_fails(" ".join(texts), texts):
        return [t("Nothing is written: the file would fail its own test ({why}).", why=reason)]
    messages = []
    for file, text in texts.items():
        target, number = folder / f"{file}.py", 2
        if target.exists():
            while (other := folder / f"{file}_{number}.py").exists():
                number += 1
            target.rename(other)
            messages.append(t("What was mine/{file}.py is mine/{other} now.", file=file, other=other.name))
        files.write_atomically(target, text)
        messages.append(t("Written: mine/{file}.py.", file=file))
    return messages


def _in_words(verdict: Any) -> str:
    from course_kit.exercises.show import table

    if verdict.state == "unsolved":
        return sentences(t("Not written yet."), verdict.text)
    lines = [verdict.text, f"    {verdict.code}" if verdict.code else ""]
    lines += [verdict.lead, table(verdict.arrays)[1]] if verdict.arrays else []
    return "\n".join(filter(None, [*lines, *verdict.notes]))


def main(words: list[str], folder: Path) -> int:
    """`python -m mine.scratch NAME [--hint DEPTH]` -> exit status: 0 where all is right."""
    import argparse

    import torch

    names = ", ".join(CHAPTERS)
    parser = argparse.ArgumentParser("python -m mine.scratch", description=t("names: {names}", names=names))
    parser.add_argument("name", help=t("of a file in mine/scratch/, such as transformer, or transformer_2"))
    about = t("of the next part: 1 what it is, 2 its formula, 3 the shapes of its steps")
    parser.add_argument("--hint", type=int, choices=(1, 2, 3), metavar="DEPTH", help=about)
    about = t("only this; the course's stand in for what is missing")
    parser.add_argument("--part", default="", metavar="NAME", help=about)
    about = t("where all is right, make the files of mine/ from it")
    parser.add_argument("--keep", action="store_true", help=about)
    arguments = parser.parse_args(words)
    path, name = folder / f"{arguments.name}.py", re.sub(r"_\d+$", "", arguments.name)
    if name not in CHAPTERS or not path.is_file():
        lacks = t("There is no {file} in {place}.", file=path.name, place=folder)
        print(sentences(lacks, t("`course scratch {name}` writes one.", name=name)), file=sys.stderr)
        return 2
    parts = track(name).all_parts
    chosen = _chosen(track(name), arguments.part)
    if not chosen:
        values = {"part": repr(arguments.part), "titles": ", ".join(one.title for one in parts)}
        print(t("No part is called {part}; there are {titles}.", **values), file=sys.stderr)
        return 2
    torch.set_num_threads(1)  # for which the seconds of parts are meant
    finished = []
    for result in results(path, name, stop=True, only=arguments.part):
        first, _, details = result.sentence.partition("\n")
        print(
            f"{'✓' if result.passed else '✗'} {result.part}: {first}" + (f"\n{details}" if details else ""), flush=True
        )
        finished.append(result)
    open_ = next((result.part for result in finished if not result.passed), "")
    if arguments.hint and (open_ or arguments.part):
        part = next(part for part in parts if part.title == (open_ or chosen[0].title))
        print(track(name).hints(part)[arguments.hint - 1].strip() or t("There is no more to say of it."))
    if open_ or arguments.part:
        count = sum(result.passed for result in finished)
        says = t("{done} of {count} parts. Next: {title}.", done=count, count=len(parts), title=open_)
        print("" if arguments.part else f"\n{says}")
        return int(bool(open_))
    print(t("All {count} parts are right: you have {have}.", count=len(parts), have=t(track(name).have)))
    if arguments.keep:
        print("\n".join(keep_track(path, name, folder.parent)))
    return 0
