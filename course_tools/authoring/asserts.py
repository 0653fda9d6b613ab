"""A failing assert says what it compared. An IPython extension: the build and the tests run notebooks with it.

assert abs(score - 0.98) < 0.005

AssertionError: abs(score - 0.98) < 0.005
    abs(score - 0.98) = 0.0133
    score = 0.9667
"""

import ast
import types

LONGEST = 300  # characters of a value


def load_ipython_extension(shell):
    """What `%load_ext` calls: from the next cell on, asserts without words of their own get these."""
    if not any(isinstance(one, Saying) for one in shell.ast_transformers):
        shell.ast_transformers.append(Saying())


class Saying(ast.NodeTransformer):
    """`assert test` becomes `assert test, said("test", names)`; the words are made only if it fails."""

    def visit_Assert(self, node):
        if node.msg is None:
            test, names = repr(ast.unparse(node.test)), "{**globals(), **locals()}"
            made = f"__import__({__name__!r}, fromlist=['said']).said({test}, {names})"
            node.msg = ast.parse(made, mode="eval").body
            for part in ast.walk(node.msg):
                ast.copy_location(part, node.test)
        return node


def said(test, names):
    """The text of a test that failed, and a line for each value in it. names: what the names in it mean"""
    failed = _failed(ast.parse(test, mode="eval").body, names)
    lines = [ast.unparse(failed)]
    for part in _parts(failed, names):
        value = _value(part, names)
        if not isinstance(value, type | types.ModuleType | types.FunctionType | types.BuiltinFunctionType):
            text = " ".join(repr(value).split())
            lines.append(f"    {ast.unparse(part)} = {text if len(text) <= LONGEST else text[:LONGEST] + ' …'}")
    return "\n".join(lines)


def _failed(test, names):
    """Of `a and b` the first that is false."""
    while isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        test = next((one for one in test.values if not _value(one, names)), test.values[-1])
    return test


def _parts(test, names):
    """What is compared, or asked; then the names that occur in it. Each once, and nothing that is written out."""
    outer = [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    inner = [node for node in ast.walk(test) if isinstance(node, ast.Name) and node.id in names]
    return {ast.unparse(part): part for part in (*outer, *inner) if not _written_out(part)}.values()


def _written_out(part):
    try:
        ast.literal_eval(part)
    except (ValueError, TypeError):
        return False
    return True


def _value(part, names):
    """The value of a part; of one that cannot be computed again, the error."""
    try:
        return eval(compile(ast.Expression(part), "<assert>", "eval"), names)
    except Exception as error:
        return error
