"""Tables in a notebook: rows with a caption, and a view's numbers as text."""

import html
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from course_kit.i18n import apart, from_cell, t

MOST_DIGITS = 4  # of a number in a table whose column has one form


class TextTable(NamedTuple):
    """Numbers as text, for people and screen readers: `header` names the columns, each row starts with its name."""

    header: list[str]
    rows: list[list[str]]

    def __str__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        return "\n".join("  ".join(cell.rjust(w) for cell, w in zip(line, widths, strict=True)) for line in lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        def row(cells: list[str], tag: str) -> str:
            first, *rest = (html.escape(c) for c in cells)
            scope = "col" if tag == "th" else "row"
            return f'<tr><th scope="{scope}">{first}</th>' + "".join(f"<{tag}>{c}</{tag}>" for c in rest) + "</tr>"

        body = "".join(row(r, "td") for r in self.rows)
        return f"<table><thead>{row(self.header, 'th')}</thead><tbody>{body}</tbody></table>"


def _text(x: object) -> str:
    if isinstance(x, bool) or not isinstance(x, int | float):
        return str(x)
    return f"{x:,}" if isinstance(x, int) else f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.3g}"


def _column(values: Sequence[object]) -> list[str]:
    """A column's cells; floats all with as many decimals, unless that makes more of one than it says."""
    texts = [_text(x) for x in values]
    if all(isinstance(x, float) for x in values) and not any("e" in text for text in texts):
        decimals = max(len(text.partition(".")[2]) for text in texts)
        same = [f"{x:,.{decimals}f}" for x in values]
        texts = same if all(sum(map(str.isdigit, text)) <= MOST_DIGITS for text in same) else texts
    return [s.replace("-", "−") if isinstance(x, int | float) else s for x, s in zip(values, texts, strict=True)]


class Table(list):
    """Rows as dicts, shown as a table: HTML in a notebook, text elsewhere."""

    def __init__(self, rows: Iterable[dict[str, Any]], caption: str = "", data: tuple[str, ...] = ()) -> None:
        """data: the columns of sentences and answers, which stay as they are in any language."""
        rows = list(rows)
        for number, row in enumerate(rows, 1):
            if row.keys() != rows[0].keys():
                given, needed = (", ".join(map(str, names)) or "none" for names in (row, rows[0]))
                raise ValueError(f"row {number} has the columns {given}; needed, as in the first row: {needed}")
        super().__init__(rows)
        caption, self.recorded = apart(caption)
        self.caption, self.data = from_cell(caption), data

    def _cells(self) -> Iterator[Sequence[str]]:
        yield [from_cell(str(name)) for name in self[0]]
        shown = {name: [row[name] for row in self] for name in self[0]}
        columns = (_column(x if name in self.data else from_cell(x)) for name, x in shown.items())
        yield from zip(*columns, strict=True)

    def __repr__(self) -> str:
        cells = list(self._cells())
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join(filter(None, [self.caption, *lines, self.recorded]))

    def _repr_html_(self) -> str:
        head, *body = self._cells()
        numeric = [isinstance(x, int | float) and not isinstance(x, bool) for x in self[0].values()]
        longest = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        kept = [' translate="no"' if name in self.data else "" for name in self[0]]
        side = [  # a sentence has room for some words in a line: where the page has not, the table scrolls
            f' style="text-align:{"right" if n else "left"}{f";min-width:{min(14, wide // 2)}em" if wide > 16 else ""}"'
            for n, wide in zip(numeric, longest, strict=True)
        ]

        def line(tag: str, cells: Sequence[str]) -> str:
            scope = ' scope="col"' if tag == "th" else ""
            marks = [s + (k if tag == "td" else "") for s, k in zip(side, kept, strict=True)]
            return "".join(f"<{tag}{scope}{m}>{html.escape(c)}</{tag}>" for c, m in zip(cells, marks, strict=True))

        rows = "".join(f"<tr>{line('td', row)}</tr>" for row in body)
        name = html.escape(self.caption)  # above what scrolls, so that it is read whole on a narrow page
        table = f"<thead><tr>{line('th', head)}</tr></thead><tbody>{rows}</tbody>"
        made = f"<details><summary>{t('how it was recorded')}</summary>{html.escape(self.recorded)}</details>"
        below = made if self.recorded else ""
        return f'<div>{name}</div><div style="overflow-x:auto"><table>{table}</table></div>{below}'
