"""As authors type it -> as readers see it, in the prose of Markdown alone: curly quotes, and 98 % on one line."""

import re

# code, mathematics, comments, HTML with its attributes, addresses: what stands there is not prose
KEPT = re.compile(
    r"^(?P<fence>```|~~~).*?^(?P=fence)[^\n]*$"
    r"|(?P<ticks>`+).+?(?P=ticks)"
    r"|\$\$.+?\$\$|\$[^$\n]+\$"
    r"|<!--.*?-->|<(?P<raw>pre|code|script|style)\b.*?</(?P=raw)>"
    r"|(?P<tag></?[a-zA-Z][^>]*>)"
    r"|\]\((?P<target>[^)\s]*)[^)]*\)"
    r"|https?://[^\s)]+",
    re.S | re.M,
)
OPENS = "([{|/—–·=“‘"  # what may stand before a quote that opens, besides a space
UNSEEN = "*_"  # bold and italic begin and end without a letter
PER_CENT = re.compile(r"(?<=\d) %(?!\w)")


def curly(markdown: str) -> str:
    """The same Markdown with curly quotes and apostrophes, and 98 % on one line.

    Code, mathematics, HTML and addresses stay as they are.
    A link to a heading of a notebook is curled with that heading, whose name it repeats.
    """
    made, at, before = [], 0, " "
    for kept in KEPT.finditer(markdown):
        text, before = _curled(markdown[at : kept.start()], before)
        piece = kept[0]
        if target := kept["target"]:
            piece = piece.replace(target, _address(target), 1)
        elif not kept["tag"]:
            before = piece[-1]
        made += [text, piece]
        at = kept.end()
    return "".join([*made, _curled(markdown[at:], before)[0]])


def _curled(text: str, before: str) -> tuple[str, str]:
    """A piece of prose, and the letter seen last in front of it -> the piece curled, and the letter seen last."""
    made = []
    for letter in text:
        if letter == "'":
            letter = "’"
        elif letter == '"':
            letter = "“" if before.isspace() or before in OPENS else "”"
        if letter not in UNSEEN:
            before = letter
        made.append(letter)
    return PER_CENT.sub("\u00a0%", "".join(made)), before


def _address(target: str) -> str:
    """The address of a link, whose part behind # is a heading of the course."""
    page, mark, heading = target.partition("#")
    ours = not page or page.endswith(".ipynb")
    return page + mark + curly(heading.replace("-", " ")).replace(" ", "-") if ours and mark else target
