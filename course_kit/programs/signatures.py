"""A signature's shapes in words: `q [B, Q, D], mask [B, Q, K] bool or None -> output [B, Q, D], weights [B, H, Q, K]`.

Read off the jaxtyping annotations of a definition, `q: Float[Tensor, "B Q D"]`, without running it.
"""

import ast

from course_kit.i18n import t

KINDS = {"Float": "", "Num": "", "Shaped": "", "Int": "int", "Bool": "bool"}  # jaxtyping: beside the shape


def in_words(node: ast.FunctionDef | ast.ClassDef) -> str:
    """The shapes of a function's parameters and results, or of a record's fields; "" if there are none."""
    given = ", ".join(f"{name} {_words(kind)}" for name, kind in _annotated(node) if _has_shape(kind))
    if isinstance(node, ast.ClassDef) or not _has_shape(node.returns):
        return given
    return f"{given} -> {_results(node)}".lstrip()


def _annotated(node: ast.FunctionDef | ast.ClassDef) -> list[tuple[str, ast.expr | None]]:
    if isinstance(node, ast.ClassDef):
        return [(ast.unparse(one.target), one.annotation) for one in node.body if isinstance(one, ast.AnnAssign)]
    given = node.args
    return [(one.arg, one.annotation) for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _has_shape(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(map(_is_shape, ast.walk(annotation)))


def _is_shape(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in KINDS


def _words(annotation: ast.expr | None) -> str:
    assert annotation is not None
    if isinstance(annotation, ast.Subscript) and _is_shape(annotation):
        assert isinstance(annotation.slice, ast.Tuple)
        return f"{_shape(annotation.slice.elts[1])} {KINDS[ast.unparse(annotation.value)]}".strip()
    if isinstance(annotation, ast.BinOp):
        return t("{words} or {words2}", words=_words(annotation.left), words2=_words(annotation.right))
    if isinstance(annotation, ast.Subscript):
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        inside = ", ".join(_words(part) for part in parts if ast.unparse(part) != "...")
        return t("{unparse} of {inside}", unparse=ast.unparse(annotation.value), inside=inside)
    return ast.unparse(annotation)


def _shape(axes: ast.expr) -> str:
    """jaxtyping's axes "*B T" -> "[..., T]"; no axes: a scalar."""
    assert isinstance(axes, ast.Constant) and isinstance(axes.value, str)
    named = ["..." if axis.startswith("*") else axis.lstrip("#") for axis in axes.value.split()]
    return f"[{', '.join(named)}]" if named else "scalar"


def _results(function: ast.FunctionDef) -> str:
    """Several results are named as the function's last `return` names them; the first may be computed there."""
    annotation = function.returns
    if not isinstance(annotation, ast.Subscript) or ast.unparse(annotation.value) != "tuple":
        return _words(annotation)
    if not isinstance(annotation.slice, ast.Tuple):
        return _words(annotation)
    parts = annotation.slice.elts
    values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)][-1]
    names = values.elts if isinstance(values, ast.Tuple) and len(values.elts) == len(parts) else [None] * len(parts)
    first, *others = (one.id if isinstance(one, ast.Name) else "" for one in names)
    named = zip((first or "output", *others), parts, strict=True)
    return ", ".join(f"{name} {_words(part)}".strip() for name, part in named)
