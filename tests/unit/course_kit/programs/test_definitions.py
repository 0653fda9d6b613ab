"""A cell that only names definitions runs as if their text stood there."""

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from course_kit.programs import definitions


@pytest.fixture
def shell():
    made = InteractiveShell()
    definitions.install(made)
    definitions.install(made)
    return made


def test_an_author_s_cell_defines_what_it_names_with_what_is_above(shell):
    shell.run_cell("import torch\n\ndef masked_softmax(scores, mask):\n    return scores.softmax(-1) * 0")
    assert shell.run_cell("# course_utils.attention: scaled_dot_product_attention").success
    output, _ = shell.user_ns["scaled_dot_product_attention"](*torch.ones(3, 2, 4), torch.ones(2, 2).bool())
    assert not output.any(), "it calls the reader's own softmax"
    assert "Float" not in shell.user_ns["scaled_dot_product_attention"].__annotations__


@pytest.mark.parametrize("cell", ["# todo: this", "# course_utils.attention: split_heads\nx = 1", "x = 1  # one: two"])
def test_other_cells_run_as_they_are(shell, cell):
    assert shell.run_cell(cell).success
    assert "split_heads" not in shell.user_ns


def test_without_ipython_nothing_happens():
    definitions.install(None)
