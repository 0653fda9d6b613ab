"""Mistakes that follow from the right answer itself: a part of it is missing, exchanged or turned round.

The solution's own text is changed in one place, in every way that people do it (mutations.py), and a wrong answer is
compared with what such a mutant gives. So an exercise lists only mistakes that are none of these, or of which there is
more to say.
"""

from __future__ import annotations

import ast
import copy
import itertools
import sys
from collections.abc import Iterator

from course_kit.exercises.define import Exercise, Wrong, call
from course_kit.exercises.mutations import FINE, ROUGH, code_of, instead_of, parsed
from course_kit.i18n import mark, t
from course_kit.programs.source_text import plain

MOST = 400  # mutants of one text
TOO_MANY = {  # what is put around a piece of code, and how that is called
    "torch.tanh({0})": "`tanh`", "torch.relu({0})": mark("`relu` or `clamp(min=0)`"),
    "torch.sigmoid({0})": "`sigmoid`", "torch.nn.functional.gelu({0})": "`gelu`", "torch.abs({0})": "`abs`",
    "torch.exp({0})": "`exp`", "torch.softmax({0}, -1)": "`softmax`", "torch.sqrt({0})": mark("a root"),
    "torch.square({0})": mark("a square"),
    "torch.nn.functional.layer_norm({0}, ({0}).shape[-1:])": mark("a layer norm"),
    "({0}).mean(1, keepdim=True)": mark("a mean over axis 1"), "(2 * torch.pi * ({0}))": mark("a factor of 2π"),
}  # fmt: skip
TOGETHER = (("sin", "cos"),)  # functions that are exchanged wherever they stand


def mutants(exercise: Exercise, fine: bool = True) -> Iterator[Wrong]:
    """Each mutant of the solution's texts, with what is said of it; none where it has no text. fine: also with another
    name or number."""
    for number, thing in enumerate(filter(None, (exercise.shown, exercise.reference))):
        try:
            tree = ast.parse(plain(thing))
        except (LookupError, SyntaxError, OSError, TypeError, AttributeError):
            continue
        wrap = fine and not number and exercise.run is call  # where a run of its own takes long
        for node, says in itertools.chain(
            _once_changed(tree, (ROUGH, FINE)[: 1 + fine]), _exchanged(tree), _wrapped(tree) if wrap else ()
        ):
            namespace = dict(vars(sys.modules[thing.__module__]))
            try:
                exec(compile(node, "<mutant>", "exec"), namespace)
            except Exception:  # not every change makes a program
                continue
            yield Wrong(namespace[getattr(tree.body[0], "name", "")], says)


def _exchanged(tree: ast.Module) -> Iterator[tuple[ast.Module, str]]:
    """The program with two names exchanged wherever they stand: two of its inputs, or two functions."""
    function = tree.body[0]
    inputs = [x.arg for x in function.args.args] if isinstance(function, ast.FunctionDef) else []
    used = {x.attr for x in ast.walk(tree) if isinstance(x, ast.Attribute)}
    functions = [pair for pair in TOGETHER if used.issuperset(pair)]
    for first, second in (*functions, *itertools.combinations(inputs, 2)):
        other = _Exchanged({first: second, second: first}).visit(copy.deepcopy(tree))
        yield other, t("`{first}` and `{second}` have changed places.", first=first, second=second)


class _Exchanged(ast.NodeTransformer):
    """Names in the body of a program, those of inputs and of methods, for others."""

    def __init__(self, names: dict[str, str]):
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        self.generic_visit(node)
        return ast.copy_location(ast.Attribute(node.value, self.names.get(node.attr, node.attr), node.ctx), node)


def _wrapped(tree: ast.Module) -> Iterator[tuple[ast.Module, str]]:
    """The program with a function too many, around what is given back, named, or handed on; or with an input added to
    what is given back."""
    positions = []
    for parent, field, i, node, names in _positions(tree, []):
        is_value = isinstance(parent, ast.Return | ast.Assign) and field == "value"
        handed = field == "args" and isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name)
        of_several = isinstance(parent, ast.Tuple) and field == "elts" and isinstance(parent.ctx, ast.Load)
        factor = isinstance(parent, ast.BinOp) and field == "left" and isinstance(parent.op, ast.MatMult)
        if (is_value or handed or of_several or factor) and not isinstance(
            node, ast.Tuple | ast.Constant | ast.Slice | ast.Starred
        ):
            positions.append((parent, field, i, node, names, is_value or of_several))
    count = 0
    for parent, field, i, node, names, is_value in positions:
        changes = [(text.format(ast.unparse(node)), t("One step too many: {word}, around {written}.", word=t(word),
                                                      written=code_of(node))) for text, word in TOO_MANY.items()
                   if not _has(text, node)]  # fmt: skip
        if is_value and not isinstance(node, ast.Name):
            changes += [(f"{ast.unparse(node)} + {name}", t("`{name}` is added to {written}, which should not be.",
                                                            name=name, written=code_of(node)))
                        for name in names if not name.startswith("self.")]  # fmt: skip
        for text, says in changes[: MOST - count]:
            other = parsed(text)
            _put(parent, field, i, ast.fix_missing_locations(ast.copy_location(other, node)))
            yield tree, says
            _put(parent, field, i, node)
            count += 1


def _has(text: str, node: ast.AST) -> bool:
    """Whether a function that comes around a piece of code is its outermost already."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in text


def _once_changed(tree: ast.Module, every: tuple) -> Iterator[tuple[ast.Module, str]]:
    """The program with one place changed, and what is said of it; on the way to the next it is put back. What could be
    chance, another name, comes last."""
    own = [one for one in ast.walk(tree) if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)]
    positions = list(_positions(tree, [f"self.{one.attr}" for one in own]))
    around = {id(node): parent for parent, _, _, node, _ in positions}
    count = 0
    made_once = {id(x) for one in ast.walk(tree) if getattr(one, "name", "") == "__init__" for x in ast.walk(one)}
    parts = [[position for position in positions if (id(position[0]) in made_once) == last] for last in (False, True)]
    for kinds, part in ((kinds, part) for part in parts for kinds in every):
        for parent, field, i, node, names in part:
            seen = node
            while _short(seen, around.get(id(seen))):
                seen = around[id(seen)]
            before = ast.unparse(seen)
            for other, says in (
                change for kind in kinds if isinstance(node, kind) for change in kinds[kind](node, names)
            ):
                _put(parent, field, i, ast.fix_missing_locations(ast.copy_location(other, node)))
                yield tree, says or instead_of(ast.unparse(other if seen is node else seen), before)
                _put(parent, field, i, node)
                count += 1
                if count >= MOST:
                    return


def _positions(parent: ast.AST, names: list[str]) -> Iterator[tuple[ast.AST, str, int | None, ast.AST, list[str]]]:
    """Where an expression or a statement stands, but for signatures: in which node, its field and place, itself, and
    the names that it can see."""
    if isinstance(parent, ast.FunctionDef | ast.Lambda):
        own = [inner.arg for inner in ast.walk(parent.args) if isinstance(inner, ast.arg) and inner.arg != "self"]
        own += [
            inner.id for inner in ast.walk(parent) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        ]
        names = list(dict.fromkeys([*names, *own]))
    for field, value in ast.iter_fields(parent):
        converts = field == "args" and isinstance(parent, ast.Call) and getattr(parent.func, "attr", "") == "to"
        if field in ("returns", "annotation", "decorator_list") or isinstance(value, ast.arguments) or converts:
            continue
        for i, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.expr | ast.stmt):
                yield parent, field, i, node, names
            if isinstance(node, ast.AST):
                yield from _positions(node, names)


def _put(parent: ast.AST, field: str, i: int | None, node: ast.AST) -> None:
    if i is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[i] = node


def _short(node: ast.AST, parent: ast.AST | None) -> bool:
    """Whether one needs to see what is around a piece of code to know it."""
    called = isinstance(parent, ast.UnaryOp) or (isinstance(parent, ast.Call) and parent.func is node)
    return isinstance(parent, ast.expr) and (
        called or isinstance(node, ast.Name | ast.Tuple) or len(ast.unparse(node)) < 3
    )
