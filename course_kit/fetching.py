"""Real corpora of `data/sources.toml`: from COURSE_DATA_DIR, else the cache, else the network, always verified.

    path = fetch("tatoeba-en-fr")
    text = read("tatoeba-en-fr")

A file appears in the cache whole and verified, or not at all; a call that failed can simply be made again.
"""

import codecs
import gzip
import os
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from course_kit import files
from course_kit.i18n import t
from course_kit.programs.arguments import did_you_mean
from course_utils import __version__

AGENT = f"Mozilla/5.0 (compatible; attention-course/{__version__}; a course on attention)"  # a library's own is refused
SECONDS = (10, 30)  # to connect; without any byte


class FetchError(OSError):
    """The corpus could not be had. The message says why, what to do, and what the course offers instead."""


def sources(index: Path | None = None) -> dict[str, dict]:
    """The entries of data/sources.toml: name -> its fields."""
    index = index or files.course_folder() / "data" / "sources.toml"
    return tomllib.loads(index.read_text(encoding="utf-8"))


def cache_folder() -> Path:
    """Where fetched corpora are kept: COURSE_CACHE_DIR, else the user's cache folder."""
    import pooch

    return Path(os.environ.get("COURSE_CACHE_DIR") or pooch.os_cache("attention-course"))


def fetch(name: str, *, index: Path | None = None) -> Path:
    """The verified text of a real corpus, as a file (.gz where COURSE_DATA_DIR has it so).

    Looked for in COURSE_DATA_DIR, then the cache, then at each address of data/sources.toml.
    Raises ValueError for an unknown name; FetchError if it is nowhere to be had, or is not what it should be.
    """
    known = sources(index)
    if not isinstance(name, str) or name not in known:
        meant = did_you_mean(name, known)
        raise ValueError(f"No real corpus is called {name!r}.{meant} There are: {', '.join(known)}.")
    source = known[name]
    if path := own_copy(source["file"]):
        if problem := check(path, source):
            raise FetchError(f"{path.name} in COURSE_DATA_DIR {problem}. Replace it, or unset COURSE_DATA_DIR.")
        return path
    path = cache_folder() / source["file"].removesuffix(".gz")
    if path.is_file() and not check(path, source):
        return path
    troubles = []
    for address in source["addresses"]:
        try:
            _download(address, source, path)
            return path
        except Exception as error:  # whatever one server does, the next one is asked
            troubles.append(f"  {address['url']}: {_why(error)}")
    again = "look whether there is a network (a proxy is set by HTTPS_PROXY) and call again; or " if troubles else ""
    raise FetchError(
        f"{name} could not be fetched.\n" + "\n".join(troubles or [f"  {source['make_it']}"])
        + f"\nWhat to do: {again}put the file, named {source['file']}, in a folder and set COURSE_DATA_DIR to it. "
        f"Without it: {source['stands_in']}."
    ) from None  # fmt: skip


def own_copy(file: str) -> Path | None:
    """The user's own copy of a file, in COURSE_DATA_DIR."""
    folder = os.environ.get("COURSE_DATA_DIR")
    path = Path(folder).expanduser() / file if folder else None
    return path if path and path.is_file() else None


def read(name: str, **options: Any) -> str:
    """The text of a real corpus: see `fetch`."""
    return _text(fetch(name, **options))


def check(path: Path, source: dict) -> str:
    """What is wrong with a file: "" if it is what the entry in data/sources.toml describes."""
    try:
        text = _text(path)
    except UnicodeDecodeError as error:
        return t("is not UTF-8 text (byte {start})", start=error.start)
    except (OSError, EOFError) as error:
        return t("cannot be read: {error}", error=error)
    if (count := len(text.splitlines())) < source["min_lines"]:
        return t(
            "has {count} lines; at least {source} were expected", count=f"{count:,}", source=f"{source['min_lines']:,}"
        )
    missing = [words for words in source["contains"] if words not in text]
    return t("does not hold {missing} anywhere, so it is another text", missing=f"{missing[0]!r}") if missing else ""


def _download(address: dict, source: dict, path: Path) -> None:
    """Fetch, verify, unpack; `path` appears at the end, whole."""
    import pooch

    pooch.get_logger().setLevel("WARNING")  # it would advise to note the checksum of a file that changes
    known = next((f"{kind}:{address[kind]}" for kind in ("sha256", "sha1") if kind in address), None)
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}  # checksums are of the file itself
    download = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), headers=headers, timeout=SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(pooch.retrieve(address["url"], known, "packed", folder, downloader=download))
        if "member" in address:
            with zipfile.ZipFile(packed) as archive:
                content = archive.read(address["member"])
        else:
            content = packed.read_bytes()
        (whole := Path(folder) / "whole").write_bytes(content)
        if problem := check(whole, source):
            raise ValueError(f"what came {problem}")
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_atomically(path, content)


def _text(path: Path) -> str:
    content = path.read_bytes()
    content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")


def _why(error: Exception) -> str:
    """One line that a reader understands."""
    import requests

    if isinstance(error, requests.ConnectionError):
        return t("no connection")
    return next(iter(str(error).splitlines()), type(error).__name__)
