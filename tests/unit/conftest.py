"""A workbook for tests of the reader's own package."""

import shutil

import pytest


@pytest.fixture
def book(tmp_path):
    """A workbook with a package `mine`, in which the test works (own_package.py)."""
    from unit.own_package import workbook  # and with it torch

    with workbook(tmp_path) as where:
        yield where


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """The course's folder for this test: one with a copy of its data, to be damaged."""
    from course_kit import files
    from course_kit.data import tables

    shutil.copytree(tables.folder(), tmp_path / "data")
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def speak():
    """Chooses a language, until the test ends."""
    from course_kit import i18n

    yield i18n.use
    i18n.use("en")


@pytest.fixture
def one_thread():
    """Threads that wait for each other make tiny layers a hundred times slower on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
