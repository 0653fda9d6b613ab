"""`course data`: lists the data and checks them, or fetches a corpus."""

import json

from course_kit import fetching, files
from course_kit.data.tables import BOOK, INDEX, folder
from course_kit.fetching import fetch

from ..classroom.doctor import verify


def write_index() -> dict[str, str]:
    """Write `tables.json`: the checksums of tables and book. For authors, after one has changed on purpose."""
    sums = {path.name: files.sha256(path) for path in sorted([*folder().glob("*.csv"), folder() / BOOK])}
    files.write_atomically(folder() / INDEX, json.dumps(sums, indent=2) + "\n")
    return sums


def run(name: str | None = None, index: bool = False) -> int:
    """The command `course data` -> exit status."""
    if name in fetching.sources():
        try:
            print(f"{name}: {fetch(name)}")
        except fetching.FetchError as error:
            raise FileNotFoundError(str(error)) from None
        return 0
    if name:
        raise ValueError(f"{name!r} cannot be fetched; these can: {', '.join(fetching.sources())}.")
    if index:
        print(f"data/{INDEX}: {len(write_index())} files")
    result = verify()
    for file, problem in result.items():
        print(f"data/{file} {problem or 'is intact'}")
    for source, fields in {} if index else fetching.sources().items():
        print(f"`course data {source}` fetches: {fields['title']}")
    return int(any(result.values()))
