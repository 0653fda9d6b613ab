"""Any text file as a string, and files that are written whole or not at all.

    write_atomically("letter.txt", "café, 注意".encode("utf-16"))
    text = read_text("letter.txt")          # UTF-8, UTF-16 and UTF-32; Windows-1252 and GBK where they are certain

What cannot be done is `Refused`, an exception whose message is a sentence for the person who typed the command.
"""

import errno
import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from course_kit.files import sweep, write_atomically

__all__ = ["sweep", "write_atomically"]
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
WESTERN = "éèàùâêîôûçëïüäöáíóúñåæøœßÉÈÀÊÇÜÄÖÁÍÓÚÑÅÆØŒ’‘“”–—…«»·°£€§¿¡\xa0"
CHINESE = (  # characters of which every second one in a Chinese text is, and every tenth in a poem
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
    "她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三"
    "已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女"
    "春夜风花山水云雨秋酒江何相君归"
)


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
    """The text that these bytes are, if that is certain. Raises Refused, with the first byte that is wrong."""
    if kind := next((kind for start, kind in OTHERS.items() if content.startswith(start)), ""):
        raise Refused(f"{name} is {kind}; a text is needed: save it as plain text, in UTF-8.")
    encoding = next((found for mark, found in MARKS.items() if content.startswith(mark)), "")
    if not encoding and b"\x00" in content[:4096]:  # UTF-16 without a mark: every second byte of Latin letters is 0
        odd, even = content[1:4096:2].count(0), content[0:4096:2].count(0)
        with suppress(UnicodeDecodeError):
            guess = "utf-16-le" if odd > 20 * even else "utf-16-be" if even > 20 * odd else ""
            encoding = guess and content.decode(guess) and guess
    try:
        text = content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        western = "" if encoding else _western(content)
        text = western or ("" if encoding else _chinese(content))
        if text:
            guess = "Windows-1252" if western else "GBK"
            print(f"{name} is not UTF-8; it is read as {guess}.", file=sys.stderr, flush=True)
        elif len(re.findall(rb"[\0-\x08\x0e-\x1a]", content[:4096])) > len(content[:4096]) / 50:
            raise Refused(f"{name} is not a text; one is needed, saved as UTF-8.") from None
        else:
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


def _western(content: bytes) -> str:
    """As Windows-1252, if nearly all that is not ASCII are letters of Western Europe, beside ASCII ones; else ""."""
    high = re.findall(rb"[\x80-\xff]", content)
    damaged = sum(ord(letter) > 127 for letter in content.decode("utf-8", "ignore"))  # it was a text in UTF-8
    if len(high) < 3 or len(high) > len(content) / 5 or damaged > len(high) / 10:
        return ""
    known = {letter.encode("cp1252") for letter in WESTERN}
    sure = sum(byte in known for byte in high)
    return content.decode("cp1252", "replace") if sure > 0.99 * len(high) else ""


def _chinese(content: bytes) -> str:
    """As GBK, if it is that without an error and its characters are the frequent ones of Chinese; else ""."""
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    ideographs = re.findall("[\u3400-\u9fff]", text)
    others = sum(ord(letter) > 127 for letter in text) - len(ideographs)
    common = sum(letter in CHINESE for letter in ideographs)
    return text if len(ideographs) >= 20 and common > 0.15 * len(ideographs) and others < len(ideographs) else ""


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
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
        assert decoded("Déjà vu: the cat\n".encode(encoding)) == "Déjà vu: the cat\n"
    assert decoded("می\u200cخواهم \u200b🧑\u200d🧑".encode()) == "می\u200cخواهم \u200b🧑\u200d🧑"
    assert decoded("à l'été, déjà, c'est très beau pour nous".encode("cp1252")).startswith("à l'été")
    with suppress(Refused):
        decoded(b"one\ntwo \xff three\n")
        raise AssertionError("a wrong byte was read")


if __name__ == "__main__":
    check()
