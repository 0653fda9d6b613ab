"""Mistakes that follow from the right answer itself: a part of it is missing, exchanged or turned round.

The solution's own text is changed in one place, in every way that people do it, and a wrong answer is compared with
what such a mutant gives. So an exercise lists only mistakes that are none of these, or of which there is more to say.
"""

from __future__ import annotations

import ast
import copy
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from course_kit.exercises.define import Exercise, Wrong, call
from course_kit.i18n import mark, t
from course_kit.programs.source_text import plain

Change = tuple[Any, str]  # what stands in a node's place, and what is said of it; "" for what it is then
MOST = 400  # mutants of one text
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
TOO_MANY = {  # what is put around a piece of code, and how that is called
    "torch.tanh({0})": "`tanh`", "torch.relu({0})": mark("`relu` or `clamp(min=0)`"),
    "torch.sigmoid({0})": "`sigmoid`", "torch.nn.functional.gelu({0})": "`gelu`", "torch.abs({0})": "`abs`",
    "torch.exp({0})": "`exp`", "torch.softmax({0}, -1)": "`softmax`", "torch.sqrt({0})": mark("a root"),
    "torch.square({0})": mark("a square"),
    "torch.nn.functional.layer_norm({0}, ({0}).shape[-1:])": mark("a layer norm"),
    "({0}).mean(1, keepdim=True)": mark("a mean over axis 1"), "(2 * torch.pi * ({0}))": mark("a factor of 2π"),
}  # fmt: skip
TOGETHER = (("sin", "cos"),)  # functions that are exchanged wherever they stand
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
                                                      written=_written(node))) for text, word in TOO_MANY.items()
                   if not _has(text, node)]  # fmt: skip
        if is_value and not isinstance(node, ast.Name):
            changes += [(f"{ast.unparse(node)} + {name}", t("`{name}` is added to {written}, which should not be.",
                                                            name=name, written=_written(node)))
                        for name in names if not name.startswith("self.")]  # fmt: skip
        for text, says in changes[: MOST - count]:
            other = _parsed(text)
            _put(parent, field, i, ast.fix_missing_locations(ast.copy_location(other, node)))
            yield tree, says
            _put(parent, field, i, node)
            count += 1


def _parsed(text: str) -> ast.expr:
    """An expression as a tree."""
    return ast.parse(text, mode="eval").body


def _has(text: str, node: ast.AST) -> bool:
    """Whether a function that comes around a piece of code is its outermost already."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in text


class Instead(str):
    """What is said of a mutant that no teacher has words for."""


class Gone(str):
    """What is said of a line that seems to be missing. line: it."""

    line: str


def _instead(other: str, before: str) -> Instead:
    other, before = _apart(other, before)
    return Instead(
        t(
            "Your results are those of the course's solution with {other} in the place of {before}.",
            other=other,
            before=before,
        )
    )


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
                yield tree, says or _instead(ast.unparse(other if seen is node else seen), before)
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


def _written(node: ast.AST) -> str:
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
        yield left, t(DOES[kind], part=_written(right))
    for part in (right, left) if kind in (ast.Add, ast.Mult) else ():
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow):  # twice a root is no root
            continue
        yield ast.BinOp(node, node.op, part), t("{part} seems to be there twice.", part=_written(part))
    for other, does in SIGNS.get(kind, ()):
        yield ast.BinOp(left, other(), right), t(does, part=_written(right))
    if kind is ast.Mult:
        yield ast.BinOp(right, ast.Div(), left), t(SIGNS[kind][0][1], part=_written(left))
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
            yield of[0], t("The `{name}` seems to be missing in {written}.", name=name, written=_written(node))
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
        says = t("`{unparse}` seems to be missing in {written}.", unparse=last, written=_written(node))
        yield ast.Call(function, node.args[:-1], node.keywords), says
    if isinstance(parts := node.args[0] if node.args else None, ast.List) and len(parts.elts) == 2:
        joined = ast.List(parts.elts[::-1], ast.Load())
        yield (
            ast.Call(function, [joined, *node.args[1:]], node.keywords),
            t(
                "Two things are joined the wrong way round: {written}, which should be {written2}.",
                written=_written(joined),
                written2=_written(parts),
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
            yield _parsed(f"torch.nn.functional.{other}({inner})"), says
    if name in ("mean", "sum") and isinstance(node.func, ast.Attribute) and node.func.value is of[0]:
        for other, word in MIDDLE.items():
            end = ".values" if other == "median" and rest else ""
            if other != name:
                says = t("You take {word} of {written} where `{name}` should be.", word=t(word), written=_coded(inner),
                         name=name)  # fmt: skip
                yield _parsed(f"({inner}).{other}({rest}){end}"), says
    if name == "std" and isinstance(node.func, ast.Attribute):
        yield (_parsed(f"({inner}).var({rest})"),
               t("This is the variance; the standard deviation is its root."))  # fmt: skip
        yield (_parsed(f"({inner}).std({rest}, correction=0)"),
               t("The deviation is divided by n; here it is divided by n − 1, as `std` does by itself."))  # fmt: skip
        yield (_parsed(f"({inner}).abs().mean({rest})"), "")
    first = of[0]
    if isinstance(first, ast.Call) and len(first.args) == 1 and not first.keywords and _is_plain(first.func):
        inside = ast.parse(inner, mode="eval").body.args[0]  # type: ignore[attr-defined]
        outer = copy.deepcopy(node)
        if isinstance(outer.func, ast.Attribute) and node.func.value is first:  # type: ignore[attr-defined]
            outer.func.value = inside
        else:
            outer.args[0] = inside
        swapped = ast.Call(first.func, [outer], [])
        says = t("Two steps have changed places: {written}, which should be {needed}.", written=_written(swapped),
                 needed=_written(node))  # fmt: skip
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
                     word=t(MIDDLE[middle]), written=_written(node))  # fmt: skip
            yield _parsed(row), says
    if isinstance(node.value, ast.Name) and any(getattr(part, "value", 0) is None for part in parts):  # positions
        for sign in (ast.Add(), ast.Sub()):
            yield ast.Subscript(ast.BinOp(node.value, sign, ast.Constant(1)), node.slice, node.ctx), ""
    for step, says in FAR if isinstance(parts[0], ast.Name | ast.Subscript) else ():
        other = ast.Subscript(node.value, ast.BinOp(parts[0], step, ast.Constant(1)), node.ctx)
        if len(parts) == 1 and isinstance(node.ctx, ast.Load):
            yield other, t(says, written=_written(other), needed=_written(node))
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
        yield other, t("{written} seems to be missing in {written2}.", written=_written(part), written2=_written(node))


def _of_comparisons(node: ast.Compare, names: list[str]) -> Iterator[Change]:
    for other in COMPARED.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators), ""


def _of_lines(node: ast.stmt, names: list[str]) -> Iterator[Change]:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        says = Gone(t("The line {written} seems to be missing.", written=_written(node)))
        says.line = ast.unparse(node)
        yield ast.Pass(), says


ROUGH: dict[Any, Callable[[Any, list[str]], Iterator[Change]]] = {
    ast.BinOp: _of_operators, ast.UnaryOp: _of_signs, ast.Subscript: _of_places, ast.Compare: _of_comparisons,
    ast.Call: _of_calls, ast.BoolOp: _of_conditions, ast.Expr | ast.AugAssign: _of_lines,
}  # fmt: skip
FINE: dict[Any, Callable[[Any, list[str]], Iterator[Change]]] = {
    ast.Constant: _of_numbers, ast.Attribute: _of_attributes, ast.Name: _of_names,
}  # fmt: skip
