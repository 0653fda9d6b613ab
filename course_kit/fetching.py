"""Real corpora of `data/sources.toml`: from COURSE_DATA_DIR, else the cache, else the network, always verified.

    path = fetch("tatoeba-en-fr")
    text = read("tatoeba-en-fr")

A file appears in the cache whole and verified, or not at all; a call that failed can simply be made again.
"""

import codecs
import gzip
import json
import os
import re
import shutil
import time
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from course_kit import files
from course_kit.checks import did_you_mean
from course_utils import __version__

AGENT = f"Mozilla/5.0 (compatible; attention-course/{__version__}; a course on attention)"  # a library's own is refused
CHUNK = 1 << 16
ATTEMPTS = 5  # of one address, each from where the last one was cut


class FetchError(OSError):
    """The corpus could not be had. The message says why, what to do, and what the course offers instead."""


@dataclass(frozen=True)
class Limits:
    """When to give up on a server: seconds to connect, without any byte, in all; below `slowest` bytes a second."""

    connect: float = 10
    silence: float = 30
    total: float = 900
    slowest: float = 2000
    patience: float = 20  # seconds after which the speed counts


def sources(index: Path | None = None) -> dict[str, dict]:
    """The entries of data/sources.toml: name -> its fields."""
    index = index or files.course_folder() / "data" / "sources.toml"
    return tomllib.loads(index.read_text(encoding="utf-8"))


def cache_folder() -> Path:
    """Where fetched corpora are kept: COURSE_CACHE_DIR, else the user's cache folder."""
    import pooch

    return Path(os.environ.get("COURSE_CACHE_DIR") or pooch.os_cache("attention-course"))


def fetch(name: str, *, index: Path | None = None, limits: Limits | None = None) -> Path:
    """The verified text of a real corpus, as a file (.gz where COURSE_DATA_DIR has it so).

    Looked for in COURSE_DATA_DIR, then the cache, then at each address of data/sources.toml.
    Raises ValueError for an unknown name; FetchError if it is nowhere to be had, or is not what it should be.
    """
    known = sources(index)
    if not isinstance(name, str) or name not in known:
        meant = did_you_mean(name, known)
        raise ValueError(f"No real corpus is called {name!r}.{meant} There are: {', '.join(known)}.")
    source = known[name]
    if path := given(source["file"]):
        if problem := check(path, source):
            raise FetchError(f"{path.name} in COURSE_DATA_DIR {problem}. Replace it, or unset COURSE_DATA_DIR.")
        return path
    path = cache_folder() / source["file"].removesuffix(".gz")
    if path.is_file():
        if not check(path, source):
            return path
        path.unlink()  # damaged since: fetch it again
    troubles = []
    for address in source.get("addresses", ()):
        try:
            _download(address, source, path, limits or Limits())
            return path
        except Exception as error:  # whatever one server does, the next one is asked
            troubles.append(f"  {address['url']}: {_why(error)}")
    again = "look whether there is a network (a proxy is set by HTTPS_PROXY) and call again; or " if troubles else ""
    raise FetchError(
        f"{name} could not be fetched.\n" + "\n".join(troubles or [f"  {source.get('make_it', 'no address has it')}"])
        + f"\nWhat to do: {again}put the file, named {source['file']}, in a folder and set COURSE_DATA_DIR to it. "
        f"Without it: {source['stands_in']}."
    ) from None  # fmt: skip


def given(file: str) -> Path | None:
    """The user's own copy of a file, in COURSE_DATA_DIR."""
    folder = os.environ.get("COURSE_DATA_DIR")
    path = Path(folder).expanduser() / file if folder else None
    return path if path and path.is_file() else None


def read(name: str, **options) -> str:
    """The text of a real corpus: see `fetch`."""
    return _text(fetch(name, **options))


def check(path: Path, source: dict) -> str:
    """What is wrong with a file: "" if it is what the entry in data/sources.toml describes."""
    limit = source["max_mb"] * 1_000_000
    try:
        text = _text(path, limit)
    except UnicodeDecodeError as error:
        return f"is not UTF-8 text (byte {error.start})"
    except (OSError, EOFError, ValueError) as error:
        return f"cannot be read: {error}"
    lines = text.splitlines()
    if text[:200].lstrip().lower().startswith(("<!doctype", "<html")):
        return "is a web page, not the corpus"
    if len(lines) < source["min_lines"]:
        return f"has {len(lines):,} lines; at least {source['min_lines']:,} were expected"
    short = next((n for n, line in enumerate(lines, 1) if line.count("\t") + 1 < source["columns"]), None)
    if short:
        return f"has fewer than {source['columns']} columns in line {short}"
    missing = [words for words in source["contains"] if words not in text]
    return f"does not hold {missing[0]!r} anywhere, so it is another text" if missing else ""


def _download(address: dict, source: dict, path: Path, limits: Limits) -> None:
    """Fetch, verify, unpack; `path` appears at the end, whole."""
    import tempfile

    import pooch

    pooch.get_logger().setLevel("WARNING")  # it would advise to note the checksum of a file that changes
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in filter(files.is_stale, path.parent.glob(".fetching-*")):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    limit = source["max_mb"] * 1_000_000
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetching-") as folder:
        algorithm = next((a for a in ("sha256", "sha1") if a in address), None)
        numbers = range(*address.get("numbers", [1]))
        title, contents = source["title"].split(":")[0] if len(numbers) == 1 else "", []

        def download(url, file, _):
            _stream(url, file, limit, limits, title)

        for number in numbers:
            url, known = address["url"].replace("{}", str(number)), algorithm and f"{algorithm}:{address[algorithm]}"
            packed = pooch.retrieve(url, known, f"packed{number}", folder, downloader=download)
            contents.append(_unpacked(Path(packed), address.get("member"), limit))
        whole = Path(folder) / "whole"
        whole.write_bytes(_MAKERS[address["make"]](contents) if "make" in address else contents[0])
        if problem := check(whole, source):
            raise ValueError(f"what came {problem}")
        if address.get("text_sha256", files.sha256(whole)) != files.sha256(whole):
            raise ValueError("the text in the archive is another one: its checksum differs")
        os.replace(whole, path)


def _stream(url: str, file, limit: int, limits: Limits, title: str) -> None:
    """Copy what the server sends into a file, within the limits, with a progress bar if there is a title.

    As it is stored there, not compressed for the way: checksums are of the file itself. A connection that is cut goes
    on where it was, if the server can do that and has the same file still; else it begins anew.
    """
    import requests
    import urllib3
    from tqdm.auto import tqdm

    started, got, mark = time.monotonic(), 0, ""
    with open(file, "wb") as out, tqdm(unit="B", unit_scale=True, desc=title, disable=not title) as bar:
        for again in range(ATTEMPTS, 0, -1):
            before = got
            headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
            headers |= {"Range": f"bytes={got}-", "If-Range": mark} if got and mark else {}
            timeout = (limits.connect, limits.silence)
            try:
                with requests.get(url, stream=True, headers=headers, timeout=timeout) as reply:
                    reply.raise_for_status()
                    if reply.status_code != 206 and got:  # all of it once more
                        got = out.seek(0)
                        out.truncate()
                    mark = reply.headers.get("ETag") or reply.headers.get("Last-Modified") or ""
                    expected = got + int(reply.headers.get("Content-Length") or 0)
                    if expected > limit:
                        most = f"at most {limit / 1e6:,.0f} were expected"
                        raise ValueError(f"it would send {expected / 1e6:,.0f} MB; {most}")
                    bar.total = expected or None
                    packed = reply.headers.get("Content-Encoding", "identity") != "identity"  # though not asked for
                    while chunk := reply.raw.read1(CHUNK, decode_content=packed):  # what is there, no waiting for more
                        got += len(chunk)
                        spent = time.monotonic() - started
                        if got > limit:
                            raise ValueError(f"it sends more than the {limit / 1e6:,.0f} MB that were expected")
                        if spent > limits.total or (spent > limits.patience and got < limits.slowest * spent):
                            raise TimeoutError(f"too slow: {got:,} bytes in {spent:.0f} seconds")
                        out.write(chunk)
                        bar.update(got - bar.n)
                if packed or not reply.headers.get("Content-Length") or got == expected:
                    return
                raise ConnectionError(f"the connection was cut after {got:,} of {expected:,} bytes")
            except (ConnectionError, requests.ConnectionError, urllib3.exceptions.ProtocolError) as error:
                if again == 1 or got == before:  # nothing came: no use to ask once more
                    raise ConnectionError(f"the connection was cut after {got:,} bytes") if got else error from None


def _unpacked(path: Path, member: str | None, limit: int) -> bytes:
    """The text inside: a member of a zip, or the file itself, unzipped if it is gzip."""
    if member is None:
        return _bytes(path, limit)
    if not zipfile.is_zipfile(path):
        start = path.read_bytes()[:200].lstrip().lower()
        what = "a web page" if start.startswith((b"<!doctype", b"<html")) else "something else"
        raise ValueError(f"it sent {what} instead of a zip archive")
    with zipfile.ZipFile(path) as archive:
        if member not in archive.namelist():
            raise ValueError(f"its archive holds no {member}, but {', '.join(archive.namelist()[:5])}")
        if archive.getinfo(member).file_size > limit:
            raise ValueError(f"{member} unpacks to more than the {limit / 1e6:,.0f} MB that were expected")
        return archive.read(member)


def _bytes(path: Path, limit: int | None = None) -> bytes:
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if zipped else open(path, "rb") as file:
        content = file.read() if limit is None else file.read(limit + 1)
    if limit is not None and len(content) > limit:
        raise ValueError(f"more than the {limit / 1e6:,.0f} MB that were expected")
    return content


def _quatrains(contents: list[bytes]) -> bytes:
    """Poems as chinese-poetry has them (JSON) -> `author ⇥ title ⇥ poem` of those of four lines of 5 or of 7."""
    lines, poems = {}, [poem for content in contents for poem in json.loads(content)]
    if not all(isinstance(poem, dict) and {"paragraphs", "author", "title"} <= set(poem) for poem in poems):
        raise ValueError("its poems have another form: each should have author, title and paragraphs")
    for poem in poems:
        text = "".join(poem["paragraphs"])
        if re.fullmatch(r"(\w{5}，\w{5}。){2}|(\w{7}，\w{7}。){2}", text):
            lines[f"{poem['author']}\t{poem['title']}\t{text}\n"] = True  # each once
    return "".join(lines).encode("utf-8")


_MAKERS = {"quatrains": _quatrains}


def _text(path: Path, limit: int | None = None) -> str:
    return _bytes(path, limit).removeprefix(codecs.BOM_UTF8).decode("utf-8")


def _why(error: Exception) -> str:
    """One line that a reader understands; what a server wrote cannot move the cursor of a terminal."""
    import requests

    said = str(error).lower()
    why = str(error).splitlines()[0] if said else type(error).__name__
    if isinstance(error, requests.HTTPError):
        why = f"the server answered {error.response.status_code} ({error.response.reason})"
    elif isinstance(error, requests.ConnectTimeout | requests.ConnectionError) and "timed out" not in said:
        why = "no connection"
    elif "hash" in said and "does not match" in said:
        why = "the file is another one: its checksum differs"
    elif "timed out" in said:
        why = "the server fell silent"
    return "".join(letter if letter.isprintable() else " " for letter in why)
