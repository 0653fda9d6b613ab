"""Where a reader has changed the program of a find-the-error, and what to say of that.

The statements of both texts are compared. Comments, layout, descriptions and names of variables don't count.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from course_kit.exercises.compare import same
from course_kit.exercises.define import FindError
from course_kit.i18n import sentences, t

if TYPE_CHECKING:
    from course_kit.exercises.diagnose import Verdict

INSIDE = ("body", "handlers", "orelse", "finalbody", "cases")  # where a statement has statements of its own


@dataclass(frozen=True)
class Statement:
    """A statement without those inside it. position: how deep it is, and where in the one around it; lines: from 1."""

    position: tuple[int, str]
    node: ast.AST
    lines: range

    def written(self, names: dict[str, str]) -> tuple[tuple[int, str], str]:
        """Its position, and its text with other names."""
        return self.position, ast.unparse(_Renamed(names).visit(copy.deepcopy(self.node)))

    def names(self) -> list[str]:
        """The names in it, in an order that is the same for statements that differ only in names."""
        nodes = (x for x in ast.walk(self.node) if isinstance(x, ast.Name | ast.arg))
        return [x.id if isinstance(x, ast.Name) else x.arg for x in nodes]


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]):
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = self.names.get(node.arg, node.arg), None
        return node


@dataclass(frozen=True)
class Changes:
    """lines: those of the program that were changed or taken away; insertions: those behind which something was put in;
    dedented: those of `lines` that only stand further left, since an `if` or a loop around them has gone."""

    lines: frozenset[int] = frozenset()
    insertions: frozenset[int] = frozenset()
    dedented: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.lines or self.insertions)


def changes(puzzle: FindError, definition: ast.AST | None) -> Changes | None:
    """What a reader's function or class changes in the program; None where that cannot be told: there is no
    source, or it was written anew."""
    program = ast.parse("\n".join(puzzle.program)).body[-1]
    if definition is None or not isinstance(definition, type(program)):
        return None
    original, edited = (list(_statements(one, puzzle.misnamed)) for one in (program, definition))
    names = _renamed(original, edited)
    texts = [one.written({}) for one in original], [one.written(names) for one in edited]
    lines: set[int] = set()
    insertions: set[int] = set()
    for operation, first, last, _, _ in difflib.SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if operation == "insert":
            insertions.add(original[first - 1].lines[-1])
        elif operation != "equal":
            lines.update(line for one in original[first:last] for line in one.lines)
    lines -= _only_renamed(puzzle, original, edited, texts)
    correct = [one for one in original[1:] if not set(one.lines) & set(puzzle.lines)]
    untouched = [one for one in correct if not set(one.lines) & lines]
    rewritten = lines.issuperset(puzzle.lines) and len(untouched) < len(correct) / 2
    depth = {text: position[0] for position, text in texts[1]}
    less_indented = [
        one
        for one, (position, text) in zip(original, texts[0], strict=True)
        if depth.get(text, position[0]) < position[0]
    ]
    dedented = lines.intersection(line for one in less_indented for line in one.lines)
    return None if rewritten else Changes(frozenset(lines), frozenset(insertions), frozenset(dedented))


def unchanged(puzzle: FindError, definition: ast.AST | None) -> bool:
    """Whether a function or class is the program as it was given."""
    differences = changes(puzzle, definition)
    return differences is not None and not differences


def _statements(node: ast.AST, named: bool = False, position: tuple[int, str] = (0, "")) -> Iterator[Statement]:
    """A definition's first line, then all that is in it; decorators and descriptions are left out, and, unless it is
    `named`, its own name."""
    head, inside = copy.copy(node), [(part, child) for part in INSIDE for child in getattr(node, part, ())]
    for part in INSIDE:
        if hasattr(node, part):
            setattr(head, part, [])
    if isinstance(head, ast.FunctionDef | ast.ClassDef):
        head.decorator_list = []
        head.name = head.name if position[0] or named else "_"
        if isinstance(inside[0][1], ast.Expr) and isinstance(inside[0][1].value, ast.Constant):
            inside = inside[1:]
    if isinstance(head, ast.FunctionDef):
        head.returns = None
    located: Any = node.pattern if isinstance(node, ast.match_case) else node
    first: int = located.lineno
    last = max(first, inside[0][1].lineno - 1) if inside and hasattr(inside[0][1], "lineno") else None
    head = _Renamed({}).visit(copy.deepcopy(head))  # without annotations
    yield Statement(position, head, range(first, (last or getattr(node, "end_lineno", None) or first) + 1))
    for part, child in inside:
        yield from _statements(child, named, (position[0] + 1, part))


def _renamed(original: list[Statement], edited: list[Statement]) -> dict[str, str]:
    """The reader's new names for things -> the program's names for them, which occur no more. Statements that are
    equal but for the names tell which are which."""
    theirs, ours = ({name for statement in text for name in statement.names()} for text in (original, edited))
    bound = {
        x.id
        for statement in edited
        for x in ast.walk(statement.node)
        if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)
    }
    bound |= {x.arg for statement in edited for x in ast.walk(statement.node) if isinstance(x, ast.arg)}
    masked = [
        [statement.written(dict.fromkeys(statement.names(), "_")) for statement in text] for text in (original, edited)
    ]
    votes: Counter[tuple[str, str]] = Counter()
    same = difflib.SequenceMatcher(None, masked[0], masked[1], autojunk=False)
    for i, j, size in same.get_matching_blocks():
        for statement, other in zip(original[i : i + size], edited[j : j + size], strict=True):
            votes.update(zip(other.names(), statement.names(), strict=True))
    names: dict[str, str] = {}
    for (new, old), _ in votes.most_common():
        if new in bound - theirs - names.keys() and old in theirs - ours - set(names.values()):
            names[new] = old
    return names


def _only_renamed(
    puzzle: FindError, original: list[Statement], edited: list[Statement], texts: tuple[list, list]
) -> set[int]:
    """The lines, none of the wrong ones, that differ only in a name for what is bound in a line that is changed, too:
    `p` is called `logits` once there is no softmax around it, although another line binds `logits` as well."""
    edited_names = {name for statement in edited for name in statement.names()}
    renamed: set[int] = set()
    for operation, start, stop, edited_start, edited_stop in difflib.SequenceMatcher(
        None, *texts, autojunk=False
    ).get_opcodes():
        for i in range(start, stop) if operation == "replace" else ():
            ours = original[i]
            for j in range(edited_start, edited_stop):
                theirs = edited[j]
                pairs = set(zip(ours.names(), theirs.names(), strict=False)) if _alike(ours, theirs) else set()
                renamings = {(old, new) for old, new in pairs if old != new}
                bound = all(
                    old not in edited_names and _binds(original[start:i], old) and _binds(edited[edited_start:j], new)
                    for old, new in renamings
                )
                if renamings and bound and len({old for old, _ in renamings}) == len(renamings):
                    renamed.update(set(ours.lines) - set(puzzle.lines))
    return renamed


def _alike(statement: Statement, other: Statement) -> bool:
    """Whether two statements are equal but for names."""
    texts = (x.written(dict.fromkeys(x.names(), "_")) for x in (statement, other))
    return next(texts) == next(texts)


def _binds(statements: list[Statement], name: str) -> bool:
    """Whether one of these statements gives a name its value."""
    nodes = (x for statement in statements for x in ast.walk(statement.node) if isinstance(x, ast.Name))
    return any(x.id == name and isinstance(x.ctx, ast.Store) for x in nodes)


def feedback(puzzle: FindError, verdict: Verdict, edits: Changes | None) -> Verdict:
    """The verdict on an answer to a find-the-error, with what its changes tell."""
    if verdict.state == "unsolved":
        return replace(verdict, text=puzzle.asks)
    if verdict.right and not (edits and puzzle.misnamed and 1 not in edits.lines):
        return replace(verdict, text=t("right."), lead=_message_when_right(puzzle, edits))
    if edits is None or verdict.state == "unchecked":
        return verdict
    hit = {line for line in puzzle.lines if line in edits.lines or edits.insertions & {line - 1, line}}
    if verdict.right:
        text = t("All that it computes is right. Line 1 is still as it was: is it what its name says?")
        return replace(verdict, state="wrong", text=text, notes=())
    spoilt = min((edits.lines - (edits.dedented if hit else set())) & puzzle.innocent.keys(), default=None)
    values: dict[str, Any] = {
        "count": len(hit),
        "all": len(puzzle.lines),
        "line": puzzle.lines[0],
        "text": verdict.text,
    }
    remarks: tuple[str, ...] = ()
    if spoilt:
        values |= {"spoilt": spoilt, "innocent": puzzle.innocent[spoilt]}
        remarks = (t("You also changed line {spoilt}, and that line was right: {innocent}", **values),)
    refused = replace(verdict, arrays={}, lead="", known=None, code="", here=None, look=None, vague=False)
    if len(puzzle.lines) > 1:
        if len(hit) < len(puzzle.lines):
            message = t("{count} of the {all} wrong lines are changed.", **values)
            return replace(refused, text=sentences(message, *remarks, _so_far(puzzle, verdict)), notes=())
        text = t("All {all} wrong lines are changed, and not all are right yet. {text}", **values)
        return replace(verdict, text=text, notes=remarks + verdict.notes)
    if hit:
        text = t("Line {line} is the one, but it is not right yet. {text}", **values)
        return replace(verdict, text=text, notes=remarks + verdict.notes)
    if spoilt:
        text = t("You changed line {spoilt}, and that line was right: {innocent} The error is elsewhere.", **values)
        return replace(refused, text=text, code=puzzle.program[spoilt - 1].strip(), notes=())
    return verdict


def _so_far(puzzle: FindError, verdict: Verdict) -> str:
    """What is known of the lines that are not changed yet: what an error says, or what of the results is wrong."""
    if verdict.known or not verdict.vague and verdict.code:
        return verdict.text
    values = [(outcome.value, want) for outcome, want in zip(verdict.outcomes, verdict.expected, strict=False)]
    if len(puzzle.returns) < 2 or not all(isinstance(got, tuple) for got, _ in values):
        return ""
    parts = range(len(puzzle.returns))
    good = [i for i in parts if all(same(got[i], want[i]) for got, want in values)]
    if not good or len(good) == len(parts):
        return ""
    names = [", ".join(f"`{puzzle.returns[i]}`" for i in parts if (i in good) is right) for right in (True, False)]
    return t("By now this is right: {right}. This is not: {wrong}.", right=names[0], wrong=names[1])


def _message_when_right(puzzle: FindError, edits: Changes | None) -> str:
    naming = t("This error is called *{title}*.", title=puzzle.title) if puzzle.title else ""
    values: dict[str, Any] = {
        "found": sentences(puzzle.found, naming),
        "count": len(puzzle.lines),
        "line": puzzle.lines[0],
    }
    if len(puzzle.lines) > 1:
        return t("All {count} are repaired: {found}", **values)
    if edits is None or edits.lines.intersection(puzzle.lines):
        return t("Line {line} it is: {found}", **values)
    return t("The error is in line {line}, and your repair elsewhere does as well: {found}", **values)
