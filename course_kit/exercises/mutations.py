"""What people write in the place of one operator, call, name, number or line, and what is said of each.

ROUGH and FINE, at the end, say which function knows the changes of which kind of node; mutants.py puts them into a
program, one at a time.
"""

from __future__ import annotations

import ast
import copy
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from course_kit.i18n import mark, t

Change = tuple[Any, str]  # what stands in a node's place, and what is said of it; "" for what it is then
LONG = 60  # characters of code in a sentence
MODULES = ("torch", "F", "math", "nn", "functional")  # what stands before the point is no argument
CREATORS = ("arange", "zeros", "ones", "full", "rand", "randint", "eye", "tensor")  # of sizes: none is left out
OTHERS = {
    "mean": ("sum",), "sum": ("mean", "max"), "softmax": ("sigmoid", "log_softmax"), "zeros": ("ones",),
    "log_softmax": ("softmax",), "logsigmoid": ("sigmoid",), "argmax": ("argmin",), "sin": ("cos",), "cos": ("sin",),
    "triu": ("tril",), "tril": ("triu",), "gelu": ("relu", "tanh"), "tanh": ("sigmoid", "relu"),
    "max": ("min",), "amax": ("max",), "rsqrt": ("sqrt",), "exp": ("exp2",), "log": ("log2",), "any": ("all",),
}  # fmt: skip
BENT = ("relu", "gelu", "silu", "tanh", "sigmoid")  # functions of which one is taken for another, or one too many
MIDDLE = {
    "mean": mark("the mean"), "amax": mark("the largest"), "amin": mark("the smallest"), "median": mark("the median"),
    "sum": mark("the sum"),
}  # fmt: skip
SIGNS = {  # an operator: others that people write, and how that is said
    ast.Mult: ((ast.Div, mark("You divide by {part}, which should multiply.")),),
    ast.Div: ((ast.Mult, mark("You multiply by {part}, by which you should divide.")),),
    ast.Add: (
        (ast.Sub, mark("You subtract {part}, which should be added.")),
        (ast.Mult, mark("You multiply by {part}, which should be added.")),
    ),
    ast.Sub: ((ast.Add, mark("You add {part}, which should be subtracted.")),),
}
INFINITE = ("-torch.inf", "-math.inf", "float('-inf')")
LOW = mark("What is masked gets a number that is not low enough: a score that counts may be lower still. Take −∞.")
ZERO = mark("Before the softmax a masked score is 0 here, and exp(0) = 1 still gets a share. Masked scores must be −∞.")
EVEN = mark(
    "In a row with nothing to attend to, −1e9 everywhere means equal scores, and all masked keys get a share. It "
    "should be zeros."
)
MASKED = {  # for masked_softmax(scores, mask)
    "({0} + {1}).softmax(-1)": mark(
        "The mask is added as 0 and 1: a bonus for keys that may be attended to, and the others keep their share. "
        "What is added must be −∞ where the mask is False."
    ),
    "({0} * {1}).softmax(-1)": ZERO,
    "({0}.softmax(-1) * {1})": mark(
        "The mask comes after the softmax: what went to masked keys is lost, and the rows sum to less than 1. Mask "
        "the scores, then take the softmax."
    ),
    "{0}.masked_fill(~{1}, -1e9).softmax(-1)": EVEN,
    "{0}.masked_fill(~{1}, float('-inf')).softmax(-1)": mark(
        "In a row with nothing to attend to, softmax sees only −∞ and gives 0/0 = NaN. It should be zeros."
    ),
}
DOES = {
    ast.Mult: mark("{part} seems to be missing: multiply by it."),
    ast.Div: mark("{part} seems to be missing: divide by it."),
    ast.Add: mark("{part} seems to be missing: add it."),
    ast.Sub: mark("{part} seems to be missing: subtract it."),
}
FAR = [
    (ast.Add(), mark("One place too far on: {written}, which should be {needed}.")),
    (ast.Sub(), mark("One place too far back: {written}, which should be {needed}.")),
]
COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip


def parsed(text: str) -> ast.expr:
    """An expression as a tree."""
    return ast.parse(text, mode="eval").body


class Instead(str):
    """What is said of a mutant that no teacher has words for."""


class Gone(str):
    """What is said of a line that seems to be missing. line: it."""

    line: str


def instead_of(other: str, before: str) -> Instead:
    other, before = _apart(other, before)
    return Instead(
        t(
            "Your results are those of the course's solution with {other} in the place of {before}.",
            other=other,
            before=before,
        )
    )


def code_of(node: ast.AST) -> str:
    return _coded(ast.unparse(node))


def _coded(text: str) -> str:
    text = re.sub(r"(?<![\w)\]] )-0\b(?!\.)", "0", text.replace("--", ""))
    return f"`{text if len(text) <= LONG else text[: LONG - 1] + '…'}`"


def _apart(*texts: str) -> list[str]:
    """Two pieces of code, cut where they begin to differ, if they are long."""
    same = len(os.path.commonprefix(texts))
    start = max(0, same - LONG // 2) if max(map(len, texts)) > LONG and same > LONG // 2 else 0
    return [_coded(("…" if start else "") + text[start:]) for text in texts]


def _of_operators(node: ast.BinOp, names: list[str]) -> Iterator[Change]:
    kind, left, right = type(node.op), node.left, node.right
    if kind in DOES:
        yield left, t(DOES[kind], part=code_of(right))
    for part in (right, left) if kind in (ast.Add, ast.Mult) else ():
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow):  # twice a root is no root
            continue
        yield ast.BinOp(node, node.op, part), t("{part} seems to be there twice.", part=code_of(part))
    for other, does in SIGNS.get(kind, ()):
        yield ast.BinOp(left, other(), right), t(does, part=code_of(right))
    if kind is ast.Mult:
        yield ast.BinOp(right, ast.Div(), left), t(SIGNS[kind][0][1], part=code_of(left))
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


def _low(node: ast.expr) -> Iterator[Change]:
    """Other numbers that people put in the place of −∞."""
    if ast.unparse(node) in INFINITE:
        yield ast.Constant(0.0), t(ZERO)
        yield ast.Constant(-1e9), t(EVEN)
        yield from ((ast.Constant(low), t(LOW)) for low in (-10.0, -100.0, -1e3, -1e4))


def _of_signs(node: ast.UnaryOp, names: list[str]) -> Iterator[Change]:
    yield from _low(node)
    if not isinstance(node.operand, ast.Constant):
        yield node.operand, ""


def _of_calls(node: ast.Call, names: list[str]) -> Iterator[Change]:
    function, of = node.func, node.args[:1]
    name = getattr(function, "attr", getattr(function, "id", ""))
    method = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") not in MODULES
    if isinstance(function, ast.Attribute) and method:
        of = [function.value]
    if of and name not in ("super", "range", "len", "int", "float", "argmax"):
        if name not in CREATORS:
            yield of[0], t("The `{name}` seems to be missing in {written}.", name=name, written=code_of(node))
        yield (
            ast.Call(ast.Attribute(node, name, ast.Load()), node.args, node.keywords)
            if method
            else ast.Call(function, [node, *node.args[1:]], node.keywords),
            t("`{name}` seems to be taken twice.", name=name),
        )
    if name == "masked_softmax" and len(node.args) == 2:
        scores, mask = map(ast.unparse, node.args)
        yield from ((ast.parse(text.format(scores, mask), mode="eval").body, t(says)) for text, says in MASKED.items())
    if len(node.args) > 1:
        last = ast.unparse(node.args[-1])
        says = t("`{unparse}` seems to be missing in {written}.", unparse=last, written=code_of(node))
        yield ast.Call(function, node.args[:-1], node.keywords), says
    if isinstance(parts := node.args[0] if node.args else None, ast.List) and len(parts.elts) == 2:
        joined = ast.List(parts.elts[::-1], ast.Load())
        yield (
            ast.Call(function, [joined, *node.args[1:]], node.keywords),
            t(
                "Two things are joined the wrong way round: {written}, which should be {written2}.",
                written=code_of(joined),
                written2=code_of(parts),
            ),
        )
    if name == "scatter" and len(node.args) == 3:
        yield (
            ast.Call(ast.Attribute(node.args[2], "gather", ast.Load()), node.args[:2], []),
            t(
                "The order is used the wrong way round: it says where each number came from, so `scatter` puts it "
                "there."
            ),
        )
    yield from _of_kinds(node, name, of)
    for other in OTHERS.get(name, ()):
        replacement: ast.expr = (
            ast.Attribute(function.value, other, ast.Load())
            if isinstance(function, ast.Attribute)
            else ast.Name(other, ast.Load())
        )
        yield ast.Call(replacement, node.args, node.keywords), ""
    yield from _low(node)
    if len(node.args) > 1:
        yield ast.Call(function, [node.args[1], node.args[0], *node.args[2:]], node.keywords), ""
    yield from _keywords(node, name)


def _of_kinds(node: ast.Call, name: str, of: list[ast.expr]) -> Iterator[Change]:
    """Another function of its kind: a bent one, a mean, a deviation; or two calls in the other order."""
    if not of:
        return
    inner, rest = ast.unparse(of[0]), ", ".join(map(ast.unparse, [*node.args, *node.keywords]))
    if name in BENT:
        for other in (kind for kind in BENT if kind != name and kind not in OTHERS.get(name, ())):
            says = t("It is a `{other}` where `{name}` should be.", other=other, name=name)
            yield parsed(f"torch.nn.functional.{other}({inner})"), says
    if name in ("mean", "sum") and isinstance(node.func, ast.Attribute) and node.func.value is of[0]:
        for other, word in MIDDLE.items():
            end = ".values" if other == "median" and rest else ""
            if other != name:
                says = t("You take {word} of {written} where `{name}` should be.", word=t(word), written=_coded(inner),
                         name=name)  # fmt: skip
                yield parsed(f"({inner}).{other}({rest}){end}"), says
    if name == "std" and isinstance(node.func, ast.Attribute):
        yield (parsed(f"({inner}).var({rest})"),
               t("This is the variance; the standard deviation is its root."))  # fmt: skip
        yield (parsed(f"({inner}).std({rest}, correction=0)"),
               t("The deviation is divided by n; here it is divided by n − 1, as `std` does by itself."))  # fmt: skip
        yield (parsed(f"({inner}).abs().mean({rest})"), "")
    first = of[0]
    if isinstance(first, ast.Call) and len(first.args) == 1 and not first.keywords and _is_plain(first.func):
        inside = ast.parse(inner, mode="eval").body.args[0]  # type: ignore[attr-defined]
        outer = copy.deepcopy(node)
        if isinstance(outer.func, ast.Attribute) and node.func.value is first:  # type: ignore[attr-defined]
            outer.func.value = inside
        else:
            outer.args[0] = inside
        swapped = ast.Call(first.func, [outer], [])
        says = t("Two steps have changed places: {written}, which should be {needed}.", written=code_of(swapped),
                 needed=code_of(node))  # fmt: skip
        yield swapped, says


def _is_plain(function: ast.expr) -> bool:
    """Whether what is called is a function or a layer, and no method of what it works on."""
    return isinstance(function, ast.Name) or getattr(getattr(function, "value", None), "id", "") in (*MODULES, "self")


def _keywords(node: ast.Call, name: str) -> Iterator[Change]:
    """A call without each of its keywords."""
    for i, keyword in enumerate(node.keywords):
        if keyword.arg not in ("generator", "dtype", "device", getattr(keyword.value, "id", "")):
            others = node.keywords[:i] + node.keywords[i + 1 :]
            says = t("`{unparse}` seems to be missing in `{name}`.", unparse=ast.unparse(keyword), name=name)
            yield ast.Call(node.func, node.args, others), says


def _of_numbers(node: ast.Constant, names: list[str]) -> Iterator[Change]:
    others: list[float]
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
        for other in names:
            if other != node.id and not other.startswith("self."):
                yield ast.Name(other, ast.Load()), ""
        inverted = ast.parse(
            f"torch.where({node.id}, False, True)", mode="eval"
        ).body  # nothing but a mask may stand there
        yield inverted, t("`{id}` is read the wrong way round: True and False are exchanged.", id=node.id)


def _of_attributes(node: ast.Attribute, names: list[str]) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.value.id == "self":
        for other in (name.removeprefix("self.") for name in names if name.startswith("self.")):
            if other != node.attr:
                yield ast.Attribute(node.value, other, ast.Load()), ""


def _of_places(node: ast.Subscript, names: list[str]) -> Iterator[Change]:
    yield node.value, ""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if len(parts) == 2 and isinstance(parts[0], ast.Slice) and not isinstance(parts[1], ast.Slice):
        yield ast.Subscript(node.value, parts[1], node.ctx), ""
    if len(parts) == 2 and isinstance(parts[0], ast.Slice) and isinstance(parts[1], ast.Constant):
        for middle in ("mean", "amax", "sum") if type(parts[1].value) is int else ():
            row = f"({ast.unparse(node.value)}).{middle}(1)"
            says = t("You take {word} along axis 1, where it should be what stands at one place, {written}.",
                     word=t(MIDDLE[middle]), written=code_of(node))  # fmt: skip
            yield parsed(row), says
    if isinstance(node.value, ast.Name) and any(getattr(part, "value", 0) is None for part in parts):  # positions
        for sign in (ast.Add(), ast.Sub()):
            yield ast.Subscript(ast.BinOp(node.value, sign, ast.Constant(1)), node.slice, node.ctx), ""
    for step, says in FAR if isinstance(parts[0], ast.Name | ast.Subscript) else ():
        other = ast.Subscript(node.value, ast.BinOp(parts[0], step, ast.Constant(1)), node.ctx)
        if len(parts) == 1 and isinstance(node.ctx, ast.Load):
            yield other, t(says, written=code_of(other), needed=code_of(node))
    for i, part in enumerate(parts):
        if isinstance(part, ast.Slice) and (part.lower or part.upper) and not part.step:
            one = ast.Constant(1)
            for cut in (
                ast.Slice(one, None), ast.Slice(None, ast.UnaryOp(ast.USub(), one)), ast.Slice(),
                ast.Slice(part.upper, part.lower),
            ):  # fmt: skip
                both = [*parts[:i], cut, *parts[i + 1 :]]
                index = ast.Tuple(both, ast.Load()) if isinstance(node.slice, ast.Tuple) else cut
                if ast.unparse(index) != ast.unparse(node.slice):
                    yield ast.Subscript(node.value, index, node.ctx), ""


def _of_conditions(node: ast.BoolOp, names: list[str]) -> Iterator[Change]:
    for i, part in enumerate(node.values):
        rest = node.values[:i] + node.values[i + 1 :]
        other = ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
        yield other, t("{written} seems to be missing in {written2}.", written=code_of(part), written2=code_of(node))


def _of_comparisons(node: ast.Compare, names: list[str]) -> Iterator[Change]:
    for other in COMPARED.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators), ""


def _of_lines(node: ast.stmt, names: list[str]) -> Iterator[Change]:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        says = Gone(t("The line {written} seems to be missing.", written=code_of(node)))
        says.line = ast.unparse(node)
        yield ast.Pass(), says


ROUGH: dict[Any, Callable[[Any, list[str]], Iterator[Change]]] = {
    ast.BinOp: _of_operators, ast.UnaryOp: _of_signs, ast.Subscript: _of_places, ast.Compare: _of_comparisons,
    ast.Call: _of_calls, ast.BoolOp: _of_conditions, ast.Expr | ast.AugAssign: _of_lines,
}  # fmt: skip
FINE: dict[Any, Callable[[Any, list[str]], Iterator[Change]]] = {
    ast.Constant: _of_numbers, ast.Attribute: _of_attributes, ast.Name: _of_names,
}  # fmt: skip
