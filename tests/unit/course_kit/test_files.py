"""Writing without losing."""

import errno
import os
import time

import pytest

from course_kit import files


def test_a_file_is_written_and_written_over(tmp_path):
    path = tmp_path / "a.txt"
    files.write_atomically(path, "eins\n")
    files.write_atomically(path, "zwei: 你好\n")
    assert path.read_bytes() == "zwei: 你好\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_fault_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step, error):
    path = tmp_path / "a.txt"
    files.write_atomically(path, "old")

    def fail(*_):
        raise error

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(type(error)):
        files.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_it_can_be_written_by_its_owner_and_read_as_the_user_s_mask_says(tmp_path):
    before = os.umask(0o027)
    try:
        files.write_atomically(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link_and_who_may_read_stays(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    files.write_atomically(link, "new")
    assert link.is_symlink() and target.read_text() == "new" and target.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_process_left_half_written_is_removed_after_a_day(tmp_path):
    path = tmp_path / "progress.json"
    old, fresh, lock, other = (tmp_path / f".{name}" for name in (
        "progress.json.ab12cd_9", "progress.json.zz12cd_9", "progress.json.lock", "notes.json.ab12cd_9"))  # fmt: skip
    for left in (path, old, fresh, lock, other):
        left.write_text("{")
    for left in (path, old, lock, other):
        os.utime(left, (0, 0))
    files.sweep([path, tmp_path / "none" / "x"])
    assert sorted(tmp_path.iterdir()) == sorted([path, fresh, lock, other])
    os.utime(fresh, (time.time() - 99,) * 2)
    files.sweep([path], files.A_MINUTE)
    assert not fresh.exists(), "as at each start"
    files.write_atomically(tmp_path / "notes.json", "{}")
    assert not other.exists(), "the next time that the file is written"


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_what_is_no_file_or_far_too_large_is_neither_read_nor_replaced(tmp_path):
    pipe, zeros, huge = (tmp_path / name for name in ("pipe", "zeros", "huge"))
    os.mkfifo(pipe)
    zeros.symlink_to("/dev/zero")
    huge.touch()
    os.truncate(huge, 10**11)
    for path in (pipe, zeros, huge, tmp_path):
        with pytest.raises(OSError, match="no file|has more than"):
            files.content(path)
    with pytest.raises(OSError, match="pipe is no file"):
        files.write_atomically(pipe, "x")
    assert pipe.is_fifo()
