"""Chapters for paper: A4 with running heads, still pictures, room to write, answers at the end; as HTML and PDF.

The page numbers and running heads are CSS (`@page`), so that a reader who prints the HTML gets the same.
"""

import html
import re
import sys

from ..authoring import fragments
from ..authoring.markup import pictures, plain, tree
from . import browser, pages

ROLE = re.compile(r"\[(query|key|value|output)\|([^\]]*)\]")
MINUTES = re.compile(r"·\s*(\d+) minutes?")
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

    def later(self, answer):
        """Keeps an answer for the end -> the note that replaces it."""
        self.answers.append(answer)
        return f'<p class="later">Answer {len(self.answers)} is at the end.</p>'

    def text(self, made):
        """Text for paper: a link as its words and a number, which the list of links at the end explains; what unfolds
        is put off to the end."""
        page = tree(made)
        for link in page.find_all("a", href=True):
            number = str(self.links.index(link["href"]) + 1)
            link.insert_after(page.new_tag("sup", attrs={"class": "link"}, string=number))
            link.unwrap()
        for details in page.find_all("details"):
            details.summary.extract()
            details.replace_with(tree(self.later(details.decode_contents().strip())))
        return str(page)

    def view(self, view):
        """A view as its picture with title and caption; a guess as a question with boxes to tick."""
        spec = view.spec
        if view.kind == "predict":
            return f'<div class="guess">{self.text(view.still)}</div>'
        title = html.escape(spec["title"])
        caption = ROLE.sub(r'<b class="\1">\2</b>', html.escape(spec["caption"]))
        still = tree(view.still)
        _fit(still)
        return f"<figure><b>{title}</b>{still.img}<figcaption>{caption}</figcaption></figure>"

    def output(self, made):
        """An output for paper: no scripts, nothing to unfold; an exercise with room to write."""
        if isinstance(made, fragments.View):
            return self.view(made) + made.after
        page, room = tree(made), ""
        _fit(page)
        for details in page.find_all("details"):
            details.decompose()
        task = page.find(class_="course-exercise")
        minutes = task and MINUTES.search(plain(task))
        if minutes and "not solved yet" in plain(task):
            for line in task.find_all("p"):
                words = plain(line)
                if words.startswith("Until then") or (words.startswith("○") and ": not solved yet" in words):
                    line.decompose()
            room = f'<div class="room">{"<hr>" * min(16, 5 + int(minutes[1]))}</div>'
        return f"{page}{room}"


def _fit(page):
    """Makes the pictures of a tree at most as wide as the text: 672 pixels are 16 cm."""
    for image, _, _ in pictures(page):
        if "width" in image.attrs:
            width = f"min(100%,{int(image['width']) / 42:.1f}cm)"
            image.attrs = {"alt": image["alt"], "style": f"width:{width}", "src": image["src"]}


def build(name):
    """One chapter as a page of HTML made for print; without scripts."""
    sheet = Sheet()
    chapter = pages.chapter(name, link=sheet.link)
    parts = []
    for cell in chapter.cells:
        source = sheet.text(cell.source) if cell.kind == "markdown" else cell.source
        if cell.kind == "code" and cell.hidden:
            source = ""
        shown = () if cell.setup else cell.outputs
        outputs = "".join(f'<div class="output">{sheet.output(made)}</div>' for made in shown)
        classes = " ".join(["cell", cell.kind, *sorted(cell.tags | ({"deeper"} if cell.deeper else set()))])
        parts.append(f'<div class="{classes}">{source}{outputs}</div>')
    contents = [text for cell in chapter.cells for level, _, text in cell.headings if level == 2]
    contents = "".join(f"<li>{html.escape(text)}</li>" for text in contents)
    body = "\n".join(parts).replace("</h1>", f'</h1>\n<ol class="contents">{contents}</ol>' if contents else "</h1>", 1)
    title = chapter.title.replace("\\", "\\\\").replace('"', '\\"')
    style = pages.style("code.css", "paper.css").replace("TITLE", title)
    return pages.page("paper", title=chapter.title, body=body, answers=sheet.answers, links=sheet.links, style=style)


def run(names=(), out=None):
    """`course paper`: writes each chapter as HTML and PDF, says where -> exit status; 1 without a browser."""
    program = browser.installed()
    for page in pages.write("paper", names, out, build):
        print(page, flush=True)
        if program:
            pdf = page.with_suffix(".pdf")
            browser.print_pdf(program, page, pdf)
            print(f"{pdf}  {pdf.stat().st_size / 1e6:.1f} MB", flush=True)
    if not program:
        print(NO_BROWSER, file=sys.stderr)
    return int(not program)
