"""Small things about files that several modules need: where the course lies, checksums, writing without losing."""

import contextlib
import errno
import hashlib
import os
import tempfile
from pathlib import Path

STATE = ".course.json"  # in every workbook: what the course has laid down there
RESTORE = "`git checkout -- data` in the course's folder brings back what belongs there."


def course_folder():
    """The folder of the course: the clone that holds `data/` and `notebooks/`.

    It is where this package lies (an editable installation, `pip install -e .`), else the working directory or one
    of its parents. Raises FileNotFoundError if neither has it.
    """
    here = Path.cwd()
    for place in (Path(__file__).resolve().parents[1], here, *here.parents):
        if (place / "data" / "tables.json").is_file():
            return place
    raise FileNotFoundError(
        "The course's folder (with data/ and notebooks/) was not found: the package was installed without it, and "
        f"the working directory ({here}) is elsewhere. Install from a clone with `pip install -e .`, or work inside it."
    )


def workbook_folder(start=None):
    """The workbook that a place (default: the working directory) lies in; None outside, as in `notebooks/`."""
    try:
        start = Path(start or Path.cwd()).resolve()
    except OSError:  # the working directory was deleted
        return None
    for place in (start, *start.parents):
        if (
            place / "data" / "tables.json"
        ).is_file():  # a clone of the course, which may lie inside a workbook
            return None
        if (place / STATE).is_file():
            return place
    return None


def read(place, checksum=None):
    """The bytes of a file of the course, such as "data/history.csv". checksum: the SHA-256 that it must have.

    Raises FileNotFoundError where it is missing, OSError where it is damaged, and says how to get it back.
    """
    path = course_folder() / place
    if not path.is_file():
        raise FileNotFoundError(f"{place} is missing. {RESTORE}")
    content = path.read_bytes()
    if checksum is not None and hashlib.sha256(content).hexdigest() != checksum:
        raise OSError(
            f"{place} is damaged: its checksum differs from the one beside it. {RESTORE}"
        )
    return content


def sha256(path):
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mode(path):
    """Who may read and write a file: as it is, or as for a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def write_atomically(path, content):
    """Write `content` (str or bytes) so that `path` has either its old or its new content, whatever happens meanwhile.

    A link stays a link, and who may read the file stays as it was. Raises the OSError of the file system (no space,
    read-only, no plain file) with the old file untouched and nothing left behind.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    content = content.encode("utf-8") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
