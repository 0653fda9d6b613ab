"""Files that work for the reader: the workbook, the course's own with their checksums, writing without losing."""

import contextlib
import errno
import glob
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from course_kit.i18n import t

STATE = ".course.json"  # in every workbook: what the course has put there
MOST = 20_000_000  # bytes of a file that a reader may have put there
A_DAY, A_MINUTE = 86_400, 60  # seconds: what is half written for longer will never be whole; and at a start
RESTORE = t("`git checkout -- data` in the course's folder brings back what belongs there.")


def course_folder() -> Path:
    """The clone that holds `data/` and `notebooks/`.

    Where this package is (`pip install -e .`), else the working directory or a parent.
    """
    here = Path.cwd()
    for place in (Path(__file__).resolve().parents[1], here, *here.parents):
        if is_course(place):
            return place
    raise FileNotFoundError(
        "The course's folder (with data/ and notebooks/) was not found: the package was "
        f"installed without it, and the working directory ({here}) is elsewhere. Install "
        "from a clone with `pip install -e .`, or work inside it."
    )


def is_course(place: Path) -> bool:
    """Is this folder a clone of the course?"""
    return (place / "data" / "tables.json").is_file()


def workbook_folder() -> Path | None:
    """The workbook that the working directory is in, if any."""
    try:
        start = Path.cwd().resolve()
    except OSError:  # the working directory was deleted
        return None
    for place in (start, *start.parents):
        if is_course(place):  # a clone may be inside a workbook
            return None
        if (place / STATE).is_file():
            return place
    return None


def read(place: str, checksum: str | None = None) -> bytes:
    """The bytes of a file of the course, such as "data/history.csv", with this SHA-256."""
    path = course_folder() / place
    if not path.is_file():
        raise FileNotFoundError(f"{place} is missing. {RESTORE}")
    content = path.read_bytes()
    if checksum is not None and hashlib.sha256(content).hexdigest() != checksum:
        raise OSError(f"{place} is damaged: its checksum differs. {RESTORE}")
    return content


def content(path: Path) -> bytes:
    """The bytes of a file that may be anything by now. Raises OSError, also for a pipe, a device, or a huge one."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > MOST:
        raise OSError(errno.EINVAL, f"{path.name} is no file, or has more than {MOST // 10**6} MB")
    return path.read_bytes()


def sha256(path: Path | str) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path | str, content: str | bytes) -> None:
    """Write, so that a file has either its old or its new content, whatever happens.

    A link stays a link, and who may read the file stays as it was. An error of the file
    system (no space, read-only) leaves the old file and nothing else; what a process that was killed has left of this
    file goes.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():  # a pipe or a device would be replaced
        raise OSError(errno.EINVAL, f"{path.name} is no file")
    data = content.encode("utf-8") if isinstance(content, str) else content
    sweep([path.with_name(glob.escape(path.name))])
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def alone(path: Path, patience: float) -> Iterator[None]:
    """Keeps other kernels from writing this file meanwhile. It goes on without a lock where another kernel hangs with
    it for longer than so many seconds, or the file system has none (some network drives)."""
    import filelock

    lock = filelock.FileLock(path.parent / f".{path.name.lstrip('.')}.lock", timeout=patience)
    with contextlib.suppress(OSError, NotImplementedError):  # a Timeout, too, is an OSError
        lock.acquire(poll_interval=0.01)
    try:
        yield
    finally:
        lock.release()  # the end of a kernel does this as well


def sweep(paths: Iterable[Path], older: float = A_DAY) -> None:
    """Remove what processes that were killed while they wrote these files have left beside them: names, or patterns.

    older: seconds since it was last changed, after which nobody can be writing it any more
    """
    for path in paths:
        for half in path.parent.glob(f".{path.name}.????????"):
            if is_stale(half, older):
                with contextlib.suppress(OSError):
                    half.unlink()


def is_stale(path: Path, older: float = A_DAY) -> bool:
    """Whether nobody can be writing a file or folder any more: it was last changed so many seconds ago."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > older
    return False


def _mode(path: Path) -> int:
    """Who may read and write a file: as it is, or as for a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
