"""`course scratch NAME`: a model from an empty file, in the workbook."""

from course_kit.i18n import t
from course_kit.mine import scratch

from . import progress


def run(name: str | None = None, folder: str | None = None) -> int:
    """Write the file into a workbook, and say what to do with it -> exit status; without a name: what there is."""
    if name is None:
        for one in scratch.CHAPTERS:
            track = scratch.track(one)
            print(f"{one:12}", t("{n} minutes: {have}", n=f"{track.minutes:4}", have=t(track.have)))
        return 0
    where = progress.place(folder)
    path = scratch.write(name, where)
    print(t("Written: {path}. After each part, in {where}:", path=path, where=where))
    print(f"\n    python -m mine.scratch {path.stem}")
    return 0
