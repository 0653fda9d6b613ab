"""Tests leave the user's Jupyter alone: its settings, signatures and running servers are in a folder of their own."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_jupyter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jupyter")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    before = {name: os.environ.get(name) for name in names}
    for name in names:
        (folder / name.lower()).mkdir()
        os.environ[name] = str(folder / name.lower())
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
