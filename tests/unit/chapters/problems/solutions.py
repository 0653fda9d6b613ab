"""Solutions of the problems, packed: who searches the course for the name of a function does not meet its answer.

    python solutions.py ch05              prints the one of chapter 5
    python solutions.py ch05 mine.py      keeps another one, the text of mine.py

Each is a whole file, as somebody began it with edition 0.6, with the answer in it: such files go on being judged.
"""

import base64
import sys
import textwrap
import zlib
from pathlib import Path

HERE = Path(__file__).parent


def solution(name: str) -> str:
    """The text of a solution. name: such as ch05"""
    return zlib.decompress(base64.b64decode((HERE / f"{name}.txt").read_bytes())).decode("utf-8")


def keep(name: str, text: str) -> None:
    packed = base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")
    (HERE / f"{name}.txt").write_text("\n".join(textwrap.wrap(packed, 120)) + "\n", encoding="ascii")


if __name__ == "__main__":
    name, *file = sys.argv[1:]
    if file:
        keep(name, Path(file[0]).read_text("utf-8"))
    else:
        print(solution(name), end="")
