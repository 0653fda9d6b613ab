"""Small things about files that several modules need: where the course lies, checksums, writing without losing."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

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


def sha256(path):
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path, content):
    """Write `content` (str or bytes) so that `path` has either its old or its new content, whatever happens meanwhile.

    Raises the OSError of the file system (no space, read-only) with the old file untouched and nothing left behind.
    """
    path = Path(path)
    content = content.encode("utf-8") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
