"""Chapters for paper: A4 with running heads, still pictures, room to write, answers at the end; as HTML and PDF.

The page numbers and running heads are CSS (`@page`), so that a reader who prints the HTML gets the same.
"""

import html
import re
import sys
from pathlib import Path

from . import browser, fragments, pages

DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.S)
IMAGE = re.compile(r'<img alt="(?P<alt>[^"]*)" width="(?P<width>\d+)"[^>]*? src="(?P<source>data:[^"]+)">')
ROLE = re.compile(r"\[(query|key|value|output)\|([^\]]*)\]")
MINUTES = re.compile(r"·\s*(\d+) minutes?")
TASK = re.compile(r'<div class="course-exercise".*', re.S)
UNSOLVED = re.compile(r"<p[^>]*>(?:Until then|<strong>○ [^<]*</strong>: not solved yet).*?</p>", re.S)
NO_BROWSER = (
    "No browser was found, so there is no PDF: install Chrome, Chromium or Edge, or set CHROMIUM to the path of one.\n"
    "Or open the HTML in the browser that you have, and print it."
)


class Sheet:
    """What is put off to the end of a chapter while it is written: answers to guesses, addresses of links."""

    def __init__(self):
        self.answers, self.links = [], []

    def link(self, address):
        """Links to the web become numbers; those inside the course stay words."""
        if re.match(r"https?:", address) and address not in self.links:
            self.links.append(address)
        return address if address in self.links else None

    def numbered(self, made):
        """`<a href>` as its words and a number, which the list of links at the end explains."""

        def found(match):
            number = self.links.index(html.unescape(match[1])) + 1
            return f'{match[2]}<sup class="link">{number}</sup>'

        return re.sub(r'<a href="([^"]+)">(.*?)</a>', found, made, flags=re.S)

    def later(self, answer):
        """Keeps an answer for the end -> what stands in its place."""
        self.answers.append(answer)
        return f'<p class="later">Answer {len(self.answers)} is at the end.</p>'

    def text(self, made):
        return self.numbered(DETAILS.sub(lambda m: self.later(m[2].strip()), made))

    def view(self, view):
        """A view as its picture with title and caption; a guess as a question with boxes to tick."""
        spec = view.spec
        title = html.escape(spec["title"])
        if view.kind == "predict":
            items = "".join(f"<li>{html.escape(answer)}</li>" for answer in spec["answers"])
            told = f"<b>{html.escape(spec['answers'][spec['answer']])}.</b> {html.escape(spec['because'])}"
            later = self.later(f"<p>{told}</p>") if spec["answer"] >= 0 else ""
            return f'<div class="guess"><b>{title}</b><ul>{items}</ul>{later}</div>'
        caption = ROLE.sub(r'<b class="\1">\2</b>', html.escape(spec["caption"]))
        found = IMAGE.search(view.still)
        return (
            f'<figure><b>{title}</b><img alt="{found["alt"]}" style="width:{_width(found)}" src="{found["source"]}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )

    def output(self, made):
        """An output for paper: no scripts, nothing to unfold; an exercise with room to write."""
        made = fragments.replace_views(made, self.view)
        made = IMAGE.sub(lambda m: f'<img alt="{m["alt"]}" style="width:{_width(m)}" src="{m["source"]}">', made)
        task = TASK.search(made)
        minutes = MINUTES.search(made)
        if task and "not solved yet" in made and minutes:
            lines = min(16, 5 + int(minutes[1]))
            made = UNSOLVED.sub("", made) + f'<div class="room">{"<hr>" * lines}</div>'
        return re.sub(r"<details>.*?</details>", "", made, flags=re.S)


def _width(match):
    """A picture is at most as wide as the text: 672 pixels are 16 cm."""
    return f"min(100%,{int(match['width']) / 42:.1f}cm)"


def build(name):
    """One chapter as a page of HTML made for print; without scripts."""
    sheet = Sheet()
    chapter = pages.chapter(name, link=sheet.link)
    parts = []
    for cell in chapter.cells:
        source = sheet.text(cell.source) if cell.kind == "markdown" else cell.source
        if cell.kind == "code" and cell.hidden:
            source = ""
        shown = () if "setup" in source and "course_utils" in source else cell.outputs
        outputs = "".join(f'<div class="output">{sheet.output(made)}</div>' for made in shown)
        classes = " ".join(["cell", cell.kind, *sorted(cell.tags | ({"deeper"} if cell.deeper else set()))])
        parts.append(f'<div class="{classes}">{source}{outputs}</div>')
    return _page(chapter, "\n".join(parts), sheet)


def run(wanted=(), out=None):
    """`course paper`: writes HTML and PDF of each chapter, says where -> exit status.

    1 if there is no browser, so no PDF. Raises ValueError for a name that no chapter has.
    """
    from course_utils.support.files import course_folder, write_atomically

    folder = Path(out) if out else course_folder() / "build" / "paper"
    names, program = pages.names(wanted), browser.installed()
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        page = folder / f"{name}.html"
        write_atomically(page, build(name))
        print(page, flush=True)
        if program:
            pdf = page.with_suffix(".pdf")
            browser.print_pdf(program, page, pdf)
            print(f"{pdf}  {pdf.stat().st_size / 1e6:.1f} MB", flush=True)
    if not program:
        print(NO_BROWSER, file=sys.stderr)
    return int(not program)


def _page(chapter, body, sheet):
    title = html.escape(chapter.title)
    words = chapter.title.replace("\\", "\\\\").replace('"', '\\"')
    contents = "".join(f"<li>{html.escape(text)}</li>" for level, _, text in pages.headings(chapter) if level == 2)
    answers = "".join(f'<div class="answer"><b>Answer {n}</b> {a}</div>' for n, a in enumerate(sheet.answers, 1))
    links = "".join(f"<li>{html.escape(address)}</li>" for address in sheet.links)
    body = body.replace("</h1>", "</h1>\n" + f'<ol class="contents">{contents}</ol>', 1) if contents else body
    style = "\n".join([pages.math_css(), pages.asset("code.css"), pages.asset("paper.css").replace("TITLE", words)])
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        f"</head>\n<body><main>\n{body}\n"
        + (f'<section class="end"><h2>Answers</h2>{answers}</section>\n' if answers else "")
        + (f'<section class="end"><h2>Links</h2><ol class="links">{links}</ol></section>\n' if links else "")
        + "</main></body></html>\n"
    )
