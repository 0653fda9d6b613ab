"""The notebooks of a chapter, by their names: the lesson, "05_transformer", and its annex, "05_transformer_annex".

A name may be given as a file's, too: "notebooks/05_transformer.ipynb". Sorted by name, a lesson comes before its annex.
"""

ANNEX = "_annex"


def stem(name: str) -> str:
    """The name without folder and ending."""
    return str(name).replace("\\", "/").rpartition("/")[2].removesuffix(".ipynb").removesuffix(".py")


def chapter(name: str) -> int:
    """The chapter's number. Raises ValueError for a name that does not begin with one, as in "05_transformer"."""
    number = stem(name).partition("_")[0]
    if not number.isdecimal():
        raise ValueError(f"{name!r} is no notebook of a chapter; needed: a number in front, as in 05_transformer")
    return int(number)


def is_annex(name: str) -> bool:
    """Whether it is the annex of a chapter, and not its lesson."""
    return stem(name).endswith(ANNEX)


def lesson_of(name: str) -> str:
    """The chapter's lesson, asked with its name or the annex's."""
    return stem(name).removesuffix(ANNEX)


def annex_of(name: str) -> str:
    """The chapter's annex, asked with its name or the lesson's. Not every chapter has one."""
    return lesson_of(name) + ANNEX
