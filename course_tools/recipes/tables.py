"""`course data`: lists the data and checks them, makes a table again, or fetches a corpus."""

import json

from course_kit import fetching, files
from course_kit.data.tables import BOOK, INDEX, folder
from course_kit.fetching import fetch

from ..classroom.doctor import verify


def whereabouts(source):
    """Where a corpus would come from, in words; nothing is fetched or checked."""
    file = fetching.sources()[source]["file"]
    if fetching.own_copy(file):
        return "is in COURSE_DATA_DIR"
    if (fetching.cache_folder() / file.removesuffix(".gz")).is_file():
        return "is in the cache"
    return f"is not here yet (`course data {source}` fetches it)"


def write_index():
    """Write `tables.json`: the checksums of tables and book. For authors, after one has changed on purpose."""
    sums = {path.name: files.sha256(path) for path in sorted([*folder().glob("*.csv"), folder() / BOOK])}
    files.write_atomically(folder() / INDEX, json.dumps(sums, indent=2) + "\n")
    return sums


def co2_weekly_csv():
    """The text of `data/co2_weekly.csv`, made again from the copy that statsmodels carries.

    Source: C. D. Keeling and others, Mauna Loa Observatory; statsmodels.datasets.co2 (public domain).
    Raises ModuleNotFoundError without statsmodels (it is in the extra "test").
    """
    from statsmodels.datasets import co2

    frame = co2.load_pandas().data
    lines = [
        f"{day:%Y-%m-%d},{'' if ppm != ppm else format(ppm, '.1f')}"
        for day, ppm in zip(frame.index, frame["co2"], strict=True)
    ]
    return "\n".join(["date,ppm", *lines]) + "\n"


def run(name=None, index=False):
    """The command `course data` -> exit status."""
    if name in fetching.sources():
        try:
            print(f"{name}: {fetch(name)}")
        except fetching.FetchError as error:
            raise FileNotFoundError(str(error)) from None
        return 0
    if name:
        if name not in MAKERS:
            raise ValueError(
                f"{name!r} cannot be made again by a command; these can: {', '.join(MAKERS)}. "
                f"These can be fetched: {', '.join(fetching.sources())}."
            )
        files.write_atomically(folder() / f"{name}.csv", MAKERS[name]())
        print(f"data/{name}.csv written")
    if index:
        print(f"data/{INDEX}: {len(write_index())} files")
    result = verify()
    for file, problem in result.items():
        print(f"data/{file} {problem or 'is intact'}")
    for source, fields in {} if name or index else fetching.sources().items():
        print(f"{source} {whereabouts(source)}: {fields['title']}")
    return int(any(result.values()))


MAKERS = {"co2_weekly": co2_weekly_csv}
