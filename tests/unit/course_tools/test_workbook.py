"""The student's copies: the course comes in, and nothing is ever overwritten."""

import errno
import json
import os
import platform
import stat

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from course_kit import files
from course_tools.classroom import workbook


def edition(text):
    """A notebook of one cell, as bytes."""
    cell = nbformat.v4.new_code_cell(
        text, id="one", outputs=[nbformat.v4.new_output("display_data", {"text/html": "<b>"})]
    )
    return (nbformat.writes(nbformat.v4.new_notebook(cells=[cell])) + "\n").encode()


@pytest.fixture
def notebooks(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "00_start_here.ipynb").write_bytes(edition("start"))
    (folder / "01_one.ipynb").write_bytes(edition("first edition"))
    return folder


@pytest.fixture
def mine(notebooks, tmp_path):
    """The student's folder, filled once."""
    workbook.sync(notebooks, tmp_path / "workbook")
    return tmp_path / "workbook"


def kinds(changes):
    return [(change.kind, change.file) for change in changes]


def names(folder):
    return sorted(path.name for path in folder.glob("*.ipynb"))


def test_the_first_start_copies_everything_and_the_second_changes_nothing(notebooks, tmp_path):
    mine = tmp_path / "workbook"
    for path in notebooks.glob("*.ipynb"):
        path.chmod(0o444)  # a course that belongs to root
    assert kinds(workbook.sync(notebooks, mine)) == [("new", "00_start_here.ipynb"), ("new", "01_one.ipynb")]
    for path in notebooks.glob("*.ipynb"):
        assert (mine / path.name).read_bytes() == path.read_bytes() and (mine / path.name).stat().st_mode & stat.S_IWUSR
    times = {path: path.stat().st_mtime_ns for path in mine.iterdir()}
    assert workbook.sync(notebooks, mine) == []
    assert {path: path.stat().st_mtime_ns for path in mine.iterdir()} == times


def test_a_copy_shows_its_pictures_and_nothing_of_the_machine_that_ran_it():
    lesson = files.course_folder() / "notebooks" / "00_start_here.ipynb"
    before, after = (json.loads(x) for x in (lesson.read_bytes(), workbook.unrun(lesson.read_bytes())))
    code = [x for x in after["cells"] if x["cell_type"] == "code"]
    assert all(x.get("execution_count") is None for y in code for x in [y, *y["outputs"]])
    assert "OK    disk" not in json.dumps(after["cells"])
    shown, left = ([x["outputs"] for x in one["cells"] if x["cell_type"] == "code"] for one in (before, after))
    assert sum(len(x) > len(y) for x, y in zip(shown, left, strict=True)) == 2  # setup(), and the doctor
    assert sum("course-view" in str(x) for x in left) == sum("course-view" in str(x) for x in shown) > 3
    assert after["metadata"]["language_info"]["version"] == platform.python_version()


def test_an_untouched_copy_is_replaced_by_a_new_edition(notebooks, mine):
    (notebooks / "01_one.ipynb").write_bytes(edition("second edition"))
    (notebooks / "02_two.ipynb").write_bytes(edition("a new chapter"))
    assert kinds(workbook.sync(notebooks, mine)) == [("replaced", "01_one.ipynb"), ("new", "02_two.ipynb")]
    assert (mine / "01_one.ipynb").read_bytes() == edition("second edition")
    assert workbook.sync(notebooks, mine) == []


def test_an_edited_copy_stays_and_the_new_edition_is_put_beside_it(notebooks, mine):
    (mine / "01_one.ipynb").write_bytes(edition("my work"))
    assert workbook.sync(notebooks, mine) == []  # no new edition: nothing to say
    (notebooks / "01_one.ipynb").write_bytes(edition("second edition"))
    assert kinds(workbook.sync(notebooks, mine)) == [("beside", "01_one.new-edition.ipynb")]
    assert (mine / "01_one.ipynb").read_bytes() == edition("my work")
    assert (mine / "01_one.new-edition.ipynb").read_bytes() == edition("second edition")
    assert workbook.sync(notebooks, mine) == []  # it is offered once


def test_a_third_edition_replaces_the_second_only_if_it_is_unchanged(notebooks, mine):
    (mine / "01_one.ipynb").write_bytes(edition("my work"))
    (notebooks / "01_one.ipynb").write_bytes(edition("second edition"))
    workbook.sync(notebooks, mine)
    (notebooks / "01_one.ipynb").write_bytes(edition("third edition"))
    workbook.sync(notebooks, mine)
    assert (mine / "01_one.new-edition.ipynb").read_bytes() == edition("third edition")

    (mine / "01_one.new-edition.ipynb").write_bytes(edition("more work"))
    (notebooks / "01_one.ipynb").write_bytes(edition("fourth edition"))
    assert kinds(workbook.sync(notebooks, mine)) == [("beside", "01_one.new-edition-2.ipynb")]
    contents = {path.read_bytes() for path in mine.glob("01*")}
    assert contents == {edition("my work"), edition("more work"), edition("fourth edition")}


def test_a_deleted_copy_comes_back_fresh_but_an_offer_that_was_thrown_away_does_not(notebooks, mine):
    (mine / "00_start_here.ipynb").unlink()
    assert kinds(workbook.sync(notebooks, mine)) == [("new", "00_start_here.ipynb")]
    (mine / "01_one.ipynb").write_bytes(edition("my work"))
    (notebooks / "01_one.ipynb").write_bytes(edition("second edition"))
    workbook.sync(notebooks, mine)
    (mine / "01_one.new-edition.ipynb").unlink()
    assert workbook.sync(notebooks, mine) == []


@pytest.mark.parametrize(
    "state",
    [None, "", "{", "[]", '{"written": 3}', '{"written": {"01_one.ipynb": "x"}, "editions": {}}', "[" * 100_000],
    ids=range(7),
)
def test_without_its_memory_every_copy_that_differs_is_the_students(notebooks, mine, state):
    path = mine / files.STATE
    path.unlink() if state is None else path.write_text(state)
    (notebooks / "01_one.ipynb").write_bytes(edition("second edition"))
    assert kinds(workbook.sync(notebooks, mine)) == [("beside", "01_one.new-edition.ipynb")]
    assert (mine / "01_one.ipynb").read_bytes() == edition("first edition")


@pytest.mark.parametrize("keep", [0, 40, -2])
def test_a_damaged_copy_stays_and_a_fresh_one_is_put_beside_it_once(notebooks, mine, keep):
    """Empty, cut off early, cut off at the very end, as a power failure leaves them."""
    cut = edition("my work")[:keep]
    (mine / "01_one.ipynb").write_bytes(cut)
    (change,) = workbook.sync(notebooks, mine)
    assert change.kind == "damaged"
    assert (mine / "01_one.ipynb").read_bytes() == cut
    assert (mine / "01_one.new-edition.ipynb").read_bytes() == edition("first edition")
    (mine / "01_one.new-edition.ipynb").write_bytes(edition("work in the fresh copy"))
    assert kinds(workbook.sync(notebooks, mine)) == [("damaged", "01_one.new-edition.ipynb")]  # said at each start
    assert (mine / "01_one.new-edition.ipynb").read_bytes() == edition("work in the fresh copy")
    assert names(mine) == ["00_start_here.ipynb", "01_one.ipynb", "01_one.new-edition.ipynb"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_copy_in_an_encoding_that_jupyterlab_does_not_open_is_mended_and_loses_nothing(notebooks, mine, encoding):
    work = edition("猫 = '🙂'")
    (mine / "01_one.ipynb").write_bytes(work.decode().encode(encoding))
    with pytest.raises((nbformat.reader.NotJSONError, UnicodeDecodeError)):
        nbformat.read(mine / "01_one.ipynb", 4)
    (change,) = workbook.sync(notebooks, mine)
    assert (change.kind, change.file) == ("mended", "01_one.ipynb") and "UTF-8" in str(change)
    assert (mine / "01_one.ipynb").read_bytes() == work and workbook.sync(notebooks, mine) == []
    (mine / "01_one.ipynb").write_bytes(work[:-9].decode().encode(encoding))
    assert kinds(workbook.sync(notebooks, mine)) == [("damaged", "01_one.new-edition.ipynb")]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["fifo", "device"])
def test_what_is_no_file_is_never_read(notebooks, mine, make):
    """From a pipe nothing may ever come, and a device never ends."""
    (mine / "01_one.ipynb").unlink()
    make(mine / "01_one.ipynb")
    assert workbook.sync(notebooks, mine) == []
    (mine / files.STATE).unlink()
    make(mine / files.STATE)
    with pytest.raises(workbook.WorkbookError, match="is no file"):
        workbook.sync(notebooks, mine)


def test_files_of_the_student_are_never_taken_for_ours(notebooks, tmp_path):
    mine = tmp_path / "workbook"
    mine.mkdir()
    (mine / "01_one.ipynb").write_bytes(edition("written before the course came"))
    (mine / "01_one.new-edition.ipynb").mkdir()
    (mine / "notes.ipynb").write_text("not even a notebook")
    workbook.sync(notebooks, mine)
    assert (mine / "01_one.ipynb").read_bytes() == edition("written before the course came")
    assert (mine / "01_one.new-edition-2.ipynb").read_bytes() == edition("first edition")
    assert (mine / "notes.ipynb").read_text() == "not even a notebook"


def test_copies_are_trusted_so_their_views_move_at_once(mine):
    notebook = nbformat.read(mine / "01_one.ipynb", as_version=4)
    assert NotebookNotary().check_signature(notebook)
    notebook.cells[0].outputs[0].data["text/html"] = "<script>"
    assert not NotebookNotary().check_signature(notebook)


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "give yourself the right to write there")]
)
def test_a_folder_that_cannot_be_written_is_explained(notebooks, mine, monkeypatch, number, said):
    (notebooks / "01_one.ipynb").write_bytes(edition("second edition"))

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(workbook.WorkbookError) as caught:
        workbook.sync(notebooks, mine)
    assert said in str(caught.value)
    monkeypatch.undo()
    assert (mine / "01_one.ipynb").read_bytes() == edition("first edition")
    assert sorted(path.name for path in mine.iterdir()) == [files.STATE, "00_start_here.ipynb", "01_one.ipynb"]
    assert kinds(workbook.sync(notebooks, mine)) == [("replaced", "01_one.ipynb")]  # nothing was lost by the fault


def test_a_file_where_the_workbook_should_be_is_explained(notebooks, tmp_path):
    (tmp_path / "workbook").write_text("")
    with pytest.raises(workbook.WorkbookError, match="could not be written: File exists"):
        workbook.sync(notebooks, tmp_path / "workbook")


def test_an_interrupted_start_resumes(notebooks, tmp_path, monkeypatch):
    """Stopped after the first copy: the copies made are known as ours, the rest comes at the next start."""
    real, calls = files.write_atomically, []

    def once(path, content):
        calls.append(path)
        if len(calls) > 2:  # the first notebook and the memory of it
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(files, "write_atomically", once)
    with pytest.raises(KeyboardInterrupt):
        workbook.sync(notebooks, tmp_path / "workbook")
    monkeypatch.undo()
    (notebooks / "00_start_here.ipynb").write_bytes(edition("start, second edition"))
    changes = workbook.sync(notebooks, tmp_path / "workbook")
    assert kinds(changes) == [("replaced", "00_start_here.ipynb"), ("new", "01_one.ipynb")]
    state = json.loads((tmp_path / "workbook" / files.STATE).read_text())
    assert set(state["written"]) == {"00_start_here.ipynb", "01_one.ipynb"}
