"""Mistakes that follow from the right answer itself: a part of it is missing, exchanged or turned round.

The solution's own text is changed in one place, in every way that people do it, and a wrong answer is compared with
what such a mutant gives. So an exercise lists only mistakes that are none of these, or of which there is more to say.
"""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Callable, Iterator
from typing import Any

from course_kit.exercises.define import Exercise, Wrong
from course_kit.source_text import plain

Change = tuple[Any, str]  # what stands in a node's place, and what is said of it; "" for what it is then
MOST = 400  # mutants of one text
LONG = 60  # characters of code in a sentence
PLACES = ("torch", "F", "math", "nn", "functional")  # modules, so what stands before the point is no argument
OTHERS = {
    "mean": ("sum",), "sum": ("mean", "max"), "softmax": ("sigmoid", "log_softmax"), "zeros": ("ones",),
    "log_softmax": ("softmax",), "logsigmoid": ("sigmoid",), "argmax": ("argmin",), "sin": ("cos",), "cos": ("sin",),
    "triu": ("tril",), "tril": ("triu",), "gelu": ("relu", "tanh"), "tanh": ("sigmoid", "relu"),
    "max": ("min",), "amax": ("max",), "rsqrt": ("sqrt",), "exp": ("exp2",), "log": ("log2",), "any": ("all",),
}  # fmt: skip
SIGNS = {  # an operator: others that people write, and how that is said
    ast.Mult: ((ast.Div, "divide by {}, which should multiply"),),
    ast.Div: ((ast.Mult, "multiply by {}, by which you should divide"),),
    ast.Add: ((ast.Sub, "subtract {}, which should be added"), (ast.Mult, "multiply by {}, which should be added")),
    ast.Sub: ((ast.Add, "add {}, which should be subtracted"),),
}
MASKED = {  # for masked_softmax(scores, mask)
    "({0} + {1}).softmax(-1)": "The mask is added as 0 and 1: a bonus for keys that may be attended to, and the others "
    "keep their share. What is added must be −∞ where the mask is False.",
    "({0} * {1}).softmax(-1)": "Before the softmax a masked score is 0 here, and exp(0) = 1 still gets a share. Masked "
    "scores must be −∞.",
    "({0}.softmax(-1) * {1})": "The mask comes after the softmax: what went to masked keys is lost, and the rows sum "
    "to less than 1. Mask the scores, then take the softmax.",
    "{0}.masked_fill(~{1}, -1e9).softmax(-1)": "In a row with nothing to attend to, −1e9 everywhere means equal "
    "scores, and all masked keys get a share. It should be zeros.",
    "{0}.masked_fill(~{1}, float('-inf')).softmax(-1)": "In a row with nothing to attend to, softmax sees only −∞ and "
    "gives 0/0 = NaN. It should be zeros.",
}
INSTEAD = "Your results are those of the course's solution with {} in the place of {}."
DOES = {ast.Mult: "multiply by it", ast.Div: "divide by it", ast.Add: "add it", ast.Sub: "subtract it"}
COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip


def mutants(exercise: Exercise) -> Iterator[Wrong]:
    """Each mutant of the solution's texts, with what is said of it; none where it has no text."""
    for thing in filter(None, (exercise.shown, exercise.reference)):
        try:
            tree = ast.parse(plain(thing))
        except (LookupError, SyntaxError, OSError, TypeError, AttributeError):
            continue
        for node, says in _once_changed(tree):
            made = dict(vars(sys.modules[thing.__module__]))
            try:
                exec(compile(ast.fix_missing_locations(node), "<mutant>", "exec"), made)
            except Exception:  # not every change makes a program
                continue
            yield Wrong(made[tree.body[0].name], says)


def _once_changed(tree: ast.Module) -> Iterator[tuple[ast.Module, str]]:
    """The program with one place changed, and what is said of it. What could be chance, another name, comes last."""
    names = [one.arg for one in ast.walk(tree) if isinstance(one, ast.arg) and one.arg != "self"]
    own = (one for one in ast.walk(tree) if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store))
    names += [f"self.{one.attr}" for one in own]
    places = [(parent, field, i) for parent in _walk(tree) for field, i in _fields(parent)]
    around = {id(_at(*place)): place[0] for place in places}
    made = 0
    for kinds in (ROUGH, FINE):
        for number, place in enumerate(places):
            node = _at(*place)
            for other, says in (
                change for kind in kinds if isinstance(node, kind) for change in kinds[kind](node, names)
            ):
                whole = copy.deepcopy(tree)
                twins = [(one, field, j) for one in _walk(whole) for field, j in _fields(one)]
                one, field, j = twins[number]
                seen = node
                while _short(seen, parent := around.get(id(seen))):
                    seen = parent
                twin = twins[next((k for k, p in enumerate(places) if _at(*p) is seen), number)]
                if j is None:
                    setattr(one, field, other)
                else:
                    getattr(one, field)[j] = other
                now = other if seen is node else _at(*twin)
                yield whole, says or INSTEAD.format(_written(now), _written(seen))
                made += 1
                if made >= MOST:
                    return


def _at(parent: ast.AST, field: str, i: int | None) -> Any:
    return getattr(parent, field) if i is None else getattr(parent, field)[i]


def _short(node: ast.AST, parent: ast.AST | None) -> bool:
    """Whether one needs to see what is around a piece of code to know it."""
    called = isinstance(parent, ast.Call) and parent.func is node
    return isinstance(parent, ast.expr) and (called or len(ast.unparse(node)) < 3)


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those of a signature."""
    yield tree
    for one in ast.iter_child_nodes(tree):
        if not isinstance(one, ast.arguments):
            yield from _walk(one)


def _fields(parent: ast.AST) -> Iterator[tuple[str, int | None]]:
    """Where a node holds an expression or a statement."""
    for field, value in ast.iter_fields(parent):
        if isinstance(value, ast.expr):
            yield field, None
        elif isinstance(value, list):
            yield from ((field, i) for i, one in enumerate(value) if isinstance(one, ast.expr | ast.stmt))


def _written(node: ast.AST) -> str:
    text = ast.unparse(node).replace("[-0]", "[0]")
    return f"`{text if len(text) <= LONG else text[: LONG - 1] + '…'}`"


def _of_operators(node: ast.BinOp, names: list[str]) -> Iterator[Change]:
    kind, left, right = type(node.op), node.left, node.right
    if kind in DOES:
        yield left, f"{_written(right)} seems to be missing: {DOES[kind]}."
    for other, does in SIGNS.get(kind, ()):
        yield ast.BinOp(left, other(), right), f"You {does.format(_written(right))}."
    if kind in (ast.Sub, ast.Div, ast.MatMult):
        yield ast.BinOp(right, node.op, left), ""
    if kind in (ast.BitAnd, ast.BitOr):
        yield ast.BinOp(left, ast.BitOr() if kind is ast.BitAnd else ast.BitAnd(), right), ""
    if kind in (ast.Pow, ast.MatMult, ast.BitAnd, ast.BitOr):
        yield left, ""
    if kind is ast.Pow:
        yield ast.BinOp(left, ast.Pow(), ast.UnaryOp(ast.USub(), right)), ""
    if kind is ast.FloorDiv:
        yield ast.BinOp(left, ast.Div(), right), ""
    yield right, ""


def _of_signs(node: ast.UnaryOp, names: list[str]) -> Iterator[Change]:
    if not isinstance(node.operand, ast.Constant):
        yield node.operand, ""


def _of_calls(node: ast.Call, names: list[str]) -> Iterator[Change]:
    function, of = node.func, node.args[:1]
    name = getattr(function, "attr", getattr(function, "id", ""))
    method = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") not in PLACES
    if method:
        of = [function.value]
    if of and name not in ("super", "range", "len", "int", "float"):
        yield of[0], ""
        yield (
            ast.Call(ast.Attribute(node, name, ast.Load()), node.args, node.keywords)
            if method
            else ast.Call(function, [node, *node.args[1:]], node.keywords),
            f"`{name}` seems to be taken twice.",
        )
    if name == "masked_softmax" and len(node.args) == 2:
        scores, mask = map(ast.unparse, node.args)
        yield from ((ast.parse(text.format(scores, mask), mode="eval").body, says) for text, says in MASKED.items())
    if name == "scatter" and len(node.args) == 3:
        yield (
            ast.Call(ast.Attribute(node.args[2], "gather", ast.Load()), node.args[:2], []),
            "The order is used the wrong way round: it says where each number came from, so `scatter` puts it there.",
        )
    for other in OTHERS.get(name, ()) if isinstance(function, ast.Attribute) else ():
        yield ast.Call(ast.Attribute(function.value, other, ast.Load()), node.args, node.keywords), ""
    if len(node.args) == 2:
        yield ast.Call(function, node.args[::-1], node.keywords), ""
    for i, keyword in enumerate(node.keywords):
        if keyword.arg not in ("generator", "dtype", "device", getattr(keyword.value, "id", "")):
            rest = node.keywords[:i] + node.keywords[i + 1 :]
            yield ast.Call(function, node.args, rest), f"`{ast.unparse(keyword)}` seems to be missing in `{name}`."


def _of_numbers(node: ast.Constant, names: list[str]) -> Iterator[Change]:
    if type(node.value) is int:
        others = [node.value + 1, node.value - 1, -node.value, 2 * node.value, node.value // 10]
    elif type(node.value) is float:
        others = [1.0, 2 * node.value, node.value / 2, -node.value, node.value / 10, 1 - node.value]
    else:
        others = [not node.value] if type(node.value) is bool else []
    for other in dict.fromkeys(others):
        if other != node.value:
            yield ast.Constant(other), ""


def _of_names(node: ast.Name, names: list[str]) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and node.id in names:
        for other in dict.fromkeys(names):
            if other != node.id:
                yield ast.Name(other, ast.Load()), ""
        yield ast.UnaryOp(ast.Invert(), node), f"`{node.id}` is read the wrong way round: True and False are exchanged."


def _of_attributes(node: ast.Attribute, names: list[str]) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.value.id == "self":
        for other in (name.removeprefix("self.") for name in names if name.startswith("self.")):
            if other != node.attr:
                yield ast.Attribute(node.value, other, ast.Load()), ""


def _of_places(node: ast.Subscript, names: list[str]) -> Iterator[Change]:
    yield node.value, ""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for i, part in enumerate(parts):
        if isinstance(part, ast.Slice) and (part.lower or part.upper) and not part.step:
            one = ast.Constant(1)
            for other in (
                ast.Slice(one, None), ast.Slice(None, ast.UnaryOp(ast.USub(), one)), ast.Slice(),
                ast.Slice(part.upper, part.lower),
            ):  # fmt: skip
                both = [*parts[:i], other, *parts[i + 1 :]]
                where = ast.Tuple(both, ast.Load()) if isinstance(node.slice, ast.Tuple) else other
                if ast.unparse(where) != ast.unparse(node.slice):
                    yield ast.Subscript(node.value, where, node.ctx), ""


def _of_comparisons(node: ast.Compare, names: list[str]) -> Iterator[Change]:
    for other in COMPARED.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators), ""


def _of_lines(node: ast.stmt, names: list[str]) -> Iterator[Change]:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        yield ast.Pass(), f"The line {_written(node)} seems to be missing."


ROUGH: dict[Any, Callable[[Any, list[str]], Iterator[Change]]] = {
    ast.BinOp: _of_operators, ast.UnaryOp: _of_signs, ast.Subscript: _of_places, ast.Compare: _of_comparisons,
    ast.Call: _of_calls, ast.Expr | ast.AugAssign: _of_lines,
}  # fmt: skip
FINE: dict[Any, Callable[[Any, list[str]], Iterator[Change]]] = {
    ast.Constant: _of_numbers, ast.Attribute: _of_attributes, ast.Name: _of_names,
}  # fmt: skip
