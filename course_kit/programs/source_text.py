'''A definition of `course_utils` as ordinary PyTorch: on a notebook's page, and in a file that students keep.

    plain(split_heads), or plain("course_utils.attention:split_heads"), is

        def split_heads(x, heads):
            """Cut the features of each position into heads: D = H · d.
            x [B, T, D] -> [B, H, T, d]"""
            B, T, D = x.shape
            …

Annotations go, so that the text needs only torch; the shapes in them are told in the docstring, whose first paragraph
stays. The body keeps its comments and its layout: the text is edited at the places that `ast` names.
'''

import ast
import hashlib
import importlib.util
import io
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeGuard

from course_kit.programs.signatures import in_words

WIDTH = 88
KNOWN = {"bool", "bytes", "dict", "float", "int", "list", "object", "set", "str", "tuple"}  # without an import

Definition = ast.FunctionDef | ast.ClassDef
Place = tuple[int, int]  # a line, from 1, and a column, from 0
Edit = tuple[Place, Place, str]  # from, to, and what is there afterwards


def checksum(text: str) -> str:
    """Of a piece of source; spaces at the ends of its lines don't count."""
    plain = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def plain(thing: Callable | str) -> str:
    """The text of a function or class, given itself or as "module:name".

    Raises LookupError if there is no such module, or no such definition in it.
    """
    named = thing if isinstance(thing, str) else f"{thing.__module__}:{thing.__qualname__}"
    module, _, name = named.partition(":")
    text = _text(module)
    found = {node.name: node for node in ast.parse(text).body if isinstance(node, Definition)}
    if name not in found:
        raise LookupError(f"{module} defines no {name!r}. It defines: {', '.join(found) or 'nothing'}.")
    node = found[name]
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return _edited("\n".join(text.split("\n")[first - 1 : node.end_lineno]))


def _text(module: str) -> str:
    """The source of a module, which need not be imported for that."""
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, ValueError):
        spec = None
    if spec is None or not spec.origin:
        raise LookupError(f"There is no module {module!r}.")
    return Path(spec.origin).read_text(encoding="utf-8")


def _edited(text: str) -> str:
    """The text of one definition without its annotations."""
    source = _Source(text)
    lines = text.encode().split(b"\n")  # `ast` counts columns in bytes
    for (first, begin), (last, end), new in sorted(source.edits(), reverse=True):  # from the end: places stay true
        middle = lines[first - 1][:begin] + new.encode() + lines[last - 1][end:]
        lines[first - 1 : last] = middle.split(b"\n")
    return b"\n".join(lines).decode()


class _Source:
    """The text of one definition, and what there is to edit in it."""

    def __init__(self, text: str):
        self.text = text
        self.node = ast.parse(text).body[0]

    def edits(self) -> Iterator[Edit]:
        fields = {one for node in ast.walk(self.node) if _is_record(node) for one in node.body}
        for node in ast.walk(self.node):
            if isinstance(node, Definition):
                yield from self.docstring(node)
            if isinstance(node, ast.FunctionDef):
                yield self.signature(node)
            if isinstance(node, ast.AnnAssign):
                yield _retyped(node) if node in fields else self.untyped(node)

    def signature(self, node: ast.FunctionDef) -> Edit:
        """In one line; else its parameters in one line; else each in a line."""
        indent = " " * node.col_offset
        inner, parameters = indent + "    ", self.parameters(node.args)
        one_line = f"def {node.name}({', '.join(parameters)})"
        if len(indent + one_line + ":") > WIDTH:
            together = inner + ", ".join(parameters)
            each = ",\n".join(inner + one for one in parameters) + ","
            one_line = f"def {node.name}(\n{together if len(together) <= WIDTH else each}\n{indent})"
        return _start(node), self.colon(node), one_line

    def parameters(self, given: ast.arguments) -> list[str]:
        """Each parameter with its default, as the text has it."""
        positional = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(positional) - len(given.defaults)) + given.defaults
        made = [self.parameter(*pair) for pair in zip(positional, defaults, strict=True)]
        if given.posonlyargs:
            made.insert(len(given.posonlyargs), "/")
        if given.vararg or given.kwonlyargs:
            made.append(f"*{given.vararg.arg if given.vararg else ''}")
        made += [self.parameter(*pair) for pair in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
        return made + ([f"**{given.kwarg.arg}"] if given.kwarg else [])

    def parameter(self, one: ast.arg, default: ast.expr | None) -> str:
        return one.arg if default is None else f"{one.arg}={ast.get_source_segment(self.text, default)}"

    def colon(self, node: ast.FunctionDef) -> Place:
        """Where the colon is that ends `def …:`."""
        lines = self.text.split("\n")[node.lineno - 1 :]
        depth = 0
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
            if token.string == ":" and depth == 0:
                row, column = token.start
                return node.lineno - 1 + row, len(lines[row - 1][:column].encode())
        raise AssertionError("a definition has a colon")

    def docstring(self, node: Definition) -> Iterator[Edit]:
        """Its first paragraph, and the shapes of what was annotated."""
        first = node.body[0]
        indent = " " * first.col_offset
        said = (ast.get_docstring(node) or "").partition("\n\n")[0]
        lines = [*said.splitlines(), *_filled(in_words(node), WIDTH - len(indent) - len('""""""'))]
        text = ('r"""' if "\\" in said else '"""') + f"\n{indent}".join(lines) + '"""'
        if said:
            yield _start(first), _end(first), text
        elif lines:
            yield _start(first), _start(first), f"{text}\n{indent}"

    def untyped(self, node: ast.AnnAssign) -> Edit:
        """Without a value the whole line goes, with the empty one below it."""
        if node.value is not None:
            return _end(node.target), _end(node.annotation), ""
        assert node.end_lineno is not None
        empty = not "".join(self.text.split("\n")[node.end_lineno :][:1]).strip()
        return (node.lineno, 0), (node.end_lineno + 1 + empty, 0), ""


def _retyped(node: ast.AnnAssign) -> Edit:
    """A record's field keeps a type that needs only torch."""
    names = {part.id for part in ast.walk(node.annotation) if isinstance(part, ast.Name)}
    kind = ast.unparse(node.annotation)
    if names - KNOWN:
        kind = "torch.Tensor" if "Tensor" in names else "object"
    return _start(node.annotation), _end(node.annotation), kind


def _is_record(node: ast.AST) -> TypeGuard[ast.ClassDef]:
    """A dataclass or a named tuple: its annotations are its fields."""
    if not isinstance(node, ast.ClassDef):
        return False
    made_by = {ast.unparse(one).partition("(")[0] for one in (*node.decorator_list, *node.bases)}
    return bool(made_by & {"dataclass", "NamedTuple"})


def _filled(words: str, width: int) -> list[str]:
    """Words about shapes in lines: results begin one of their own, and what is said of a name stays together."""
    if len(words) <= width:
        return [words] if words else []
    whole = re.sub(r"[^ ]+ \[.*?\]( bool| int| or None)*", lambda part: part[0].replace(" ", "\xa0"), words)
    given, arrow, results = whole.partition("-> ")
    parts = [given, arrow.replace(" ", "\xa0") + results]
    lines = [line for part in parts for line in textwrap.wrap(part, width, break_on_hyphens=False)]
    return [line.replace("\xa0", " ") for line in lines]


def _start(node: ast.stmt | ast.expr) -> Place:
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> Place:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset
