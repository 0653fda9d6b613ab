"""The course's repository: its public address, the edition that is here, and where a reader reports an error."""

import re
import subprocess
from pathlib import Path
from urllib.parse import urlencode

from course_kit import files
from course_kit.i18n import t
from course_utils import __version__

PUBLIC = re.compile(r"(?:https://|ssh://git@|git@)(github\.com)[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


def address(given: str | None = None, root: Path | None = None) -> str | None:
    """The public address of the course's repository on GitHub, "https://github.com/OWNER/NAME", or None.

    given, else that of git's remote "origin". Raises ValueError if what was given is something else.
    """
    found = PUBLIC.fullmatch(given or _git(root or files.course_folder(), "remote", "get-url", "origin"))
    if given and not found:
        raise ValueError(f"The repository is {given!r}; it must be an address such as https://github.com/OWNER/NAME.")
    return f"https://{found[1]}/{found[2]}/{found[3]}" if found else None


def commit() -> str:
    """The commit of the course that is here, in full, or "main" where git has none."""
    return _git(files.course_folder(), "rev-parse", "HEAD") or "main"


def report(public: str | None, page: str) -> str | None:
    """Where a reader says that something on a page is wrong: a new issue with page and edition filled in.

    public: the repository's address; page: such as "03_seq2seq.html". None without the address.
    """
    if not public:
        return None
    text = t(
        "Page: {page}\nEdition: {version}\n\nWhat is wrong, or what did you have to read twice?\n",
        page=page,
        version=__version__,
    )
    return f"{public}/issues/new?{urlencode({'title': f'{page}: ', 'body': text})}"


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
