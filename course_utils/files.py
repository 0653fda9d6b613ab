"""Where the course is on disk."""

from pathlib import Path


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
