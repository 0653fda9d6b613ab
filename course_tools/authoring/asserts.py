"""A failing assert says what it compared, as in pytest. An IPython extension: the build and the tests run notebooks
with it."""

import ast
from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext` calls: from the next cell on, asserts without words of their own get these."""
    if not any(isinstance(one, Saying) for one in shell.ast_transformers):
        shell.ast_transformers.append(Saying())


class Saying(ast.NodeTransformer):
    """The asserts of a cell become what pytest makes of them; a cell without any stays as it is."""

    def visit_Module(self, node: Any) -> ast.AST:
        from _pytest.assertion.rewrite import rewrite_asserts

        if any(isinstance(one, ast.Assert) for one in ast.walk(node)):
            rewrite_asserts(node, b"")
            part: Any
            for part in ast.walk(node):
                if hasattr(part, "lineno") and getattr(part, "end_lineno", None) is None:
                    part.end_lineno, part.end_col_offset = part.lineno, part.col_offset  # else IPython says line 1
        return node
