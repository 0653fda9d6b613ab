"""conftest.py of the folder that nbval runs: what a cell prints on stderr is not compared.

A newer library that warns changes no result. That the committed notebooks hold no warning, the build sees to.
"""


def pytest_collectstart(collector):
    if hasattr(collector, "skip_compare"):  # nbval's own, of each notebook
        collector.skip_compare += ("stderr",)
