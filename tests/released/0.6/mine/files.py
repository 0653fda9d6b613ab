"""Any text file as a string, and files that are written whole or not at all.

    write_atomically("letter.txt", "café, 注意".encode("utf-16"))
    text = read_text("letter.txt")          # UTF-8; UTF-16 and UTF-32 by their mark

What cannot be done is `Refused`, an exception whose message is a sentence for the person who typed the command.

What is not yours is from the attention course: MIT License.
"""

import contextlib
import errno
import glob
import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path


A_DAY, A_MINUTE = 86_400, 60  # seconds: what is half written for longer will never be whole; and at a start


def is_stale(path, older=A_DAY):
    """Whether nobody can be writing a file or folder any more: it was last changed so many seconds ago."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > older
    return False


def sweep(paths, older=A_DAY):
    """Remove what processes that were killed while they wrote these files have left beside them: names, or patterns."""
    for path in paths:
        for half in path.parent.glob(f".{path.name}.????????"):
            if is_stale(half, older):
                with contextlib.suppress(OSError):
                    half.unlink()


def _mode(path):
    """Who may read and write a file: as it is, or as for a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def write_atomically(path, content):
    """Write, so that a file has either its old or its new content, whatever happens."""
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


CONTROL = re.compile("[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")  # no letters, nor blanks; invisible letters are letters
MARKS = {  # what a file may begin with; the longer ones first
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
OTHERS = {  # what other files begin with
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a Word file, an e-book or a zip",
    b"\xd0\xcf\x11\xe0": "an old Word file",
    b"{\\rtf": "an RTF, with its commands between the words",
    b"\xff\xd8\xff": "a picture",
    b"\x89PNG": "a picture",
}


class Refused(ValueError):
    """What cannot be done, and why, in one sentence."""


def read_text(path: str | Path) -> str:
    """The text of a file, with "\\n" at the ends of its lines. Raises Refused."""
    path = Path(path)
    if path.is_dir():
        raise Refused(f"{path} is a folder; a text file is needed.")
    if not path.is_file():
        raise Refused(f"There is no file {path}.")
    try:
        text = decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decoded(content: bytes, name: str = "This file") -> str:
    """The text that these bytes are. Raises Refused, with the first byte that is wrong."""
    if kind := next((kind for start, kind in OTHERS.items() if content.startswith(start)), ""):
        raise Refused(f"{name} is {kind}; a text is needed: save it as plain text, in UTF-8.")
    encoding = next((found for mark, found in MARKS.items() if content.startswith(mark)), "")
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if len(re.findall(rb"[\0-\x08\x0e-\x1a]", content[:4096])) > len(content[:4096]) / 50:
            raise Refused(f"{name} is not a text; one is needed, saved as UTF-8.") from None
        start = error.start
        line = content[:start].count(b"\n") + 1
        encoding = encoding.upper() or "UTF-8"
        raise Refused(
            f"{name} is not {encoding}: byte {start + 1:,} ({content[start]:#04x}), in line {line:,}, is wrong "
            "there. Save it as UTF-8, or mend that line."
        ) from None
    if "\x00" in text:
        raise Refused(f"{name} is not a text: character {text.index(chr(0)) + 1:,} of it is a zero byte.")
    if len(CONTROL.findall(text)) > len(text) / 10:
        raise Refused(f"{name} is not a text: it is full of control characters.")
    return text


def need_room(path: str | Path, size: int) -> None:
    """Try whether `size` bytes can be written beside a file, before anything is computed. Raises Refused."""
    folder = Path(os.path.realpath(path)).parent
    try:
        if size > shutil.disk_usage(folder).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with tempfile.TemporaryFile(dir=folder) as file:
            for start in range(0, most := min(size, 1 << 28), 1 << 20):  # the rest is believed
                file.write(b"\1" * min(1 << 20, most - start))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}. {size / 1e6:,.0f} MB must fit into this folder."
        ) from None


def check() -> None:
    """A text comes back from each encoding, also with letters that nobody sees, and a wrong byte is named."""
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert decoded("Déjà vu: the cat\n".encode(encoding)) == "Déjà vu: the cat\n"
    assert decoded("می\u200cخواهم \u200b🧑\u200d🧑".encode()) == "می\u200cخواهم \u200b🧑\u200d🧑"
    with suppress(Refused):
        decoded(b"one\ntwo \xff three\n")
        raise AssertionError("a wrong byte was read")


if __name__ == "__main__":
    check()
