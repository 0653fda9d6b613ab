"""Plain sentences with `code`, *emphasis* and links, as HTML."""

import html
import re

LINK = re.compile(r"\[([^\]]+)\]\(#([^)\"<>]+)\)")


def inline(text: str) -> str:
    """`code`, *emphasis* and [links](#to-a-heading) of a plain sentence, as HTML."""
    text = re.sub(r"`([^`]+)`", _code_in_words, html.escape(text, quote=False))
    text = LINK.sub(r'<a href="#\2">\1</a>', text)
    return re.sub(r"(?<![*\w])\*(\w[^*<]*\w)\*(?![*\w])", r"<em>\1</em>", text)


def _code_in_words(match: re.Match) -> str:
    """Code within a sentence; a short call is not broken inside a name."""
    style = ' style="white-space:nowrap"' if len(match[1]) <= 48 else ""
    return f"<code{style}>{match[1]}</code>"
