"""A failing assert says what it compared, as in pytest. An IPython extension: the build and the tests run notebooks
with it."""

import ast


def load_ipython_extension(shell):
    """What `%load_ext` calls: from the next cell on, asserts without words of their own get these."""
    if not any(isinstance(one, Saying) for one in shell.ast_transformers):
        shell.ast_transformers.append(Saying())


class Saying(ast.NodeTransformer):
    """Asserts become what pytest makes of them."""

    def visit_Module(self, node):
        from _pytest.assertion.rewrite import rewrite_asserts

        rewrite_asserts(node, b"")
        return node
