"""Every link of the built site: internal ones must lead to a file and a place in it, others be https addresses."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page refers to, and which places it has. A page's <noscript> counts, its JSON does not."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.ids, self.muted = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if given.get("id"):
            self.ids.append(given["id"])
        for name in ("href", "src"):
            if given.get(name) is not None:
                self.targets.append(given[name])
        if given.get("data-kind"):
            self.targets.append(f"kinds/{given['data-kind']}.js")
        if "data-core" in given:
            self.targets.append("kinds/core.js")
        if given.get("data-numbers"):
            self.targets.append(f"numbers/{given['data-numbers']}.js")
        if tag == "img" and not (given.get("alt") or "").strip():
            self.muted.append(given.get("src", "?"))


def broken(folder):
    """What is wrong with the pages of a folder, as sentences; empty if all is well. No network is used."""
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.html")}
    pages = {name: Page(text) for name, text in texts.items()}
    problems = [f"{name}: {said}" for name, text in sorted(texts.items()) if (said := swallowed(text))]
    for name, page in sorted(pages.items()):
        problems += [f"{name}: the picture {source} has no alt text" for source in page.muted]
        problems += [f"{name}: the place #{id} is there twice" for id in _twice(page.ids)]
        for target in dict.fromkeys(page.targets):
            if problem := _problem(folder, name, target, pages):
                problems.append(f"{name}: the link to {target} {problem}")
    return problems


def swallowed(text):
    """Would a browser take the rest of this page for part of a script? What says so, "" if not.

    After `<!--` and `<script` within a script, its end is not seen any more: the page loses its words.
    """
    for before in text.lower().split("</script"):
        script = before.partition("<script")[2]
        if "<script" in script.partition("<!--")[2]:
            return (
                "a script holds <!-- and <script, after which a browser shows nothing: write < as \\u003c in its JSON"
            )
    return ""


def _problem(folder, name, target, pages):
    if target.startswith("data:"):
        return ""
    try:
        parts = urlsplit(target)
    except ValueError as error:
        return f"is no address ({error})"
    if parts.scheme or parts.netloc:
        host = re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", parts.netloc)
        return "" if parts.scheme == "https" and host and " " not in target else "is no https address"
    file = unquote(parts.path) or name
    if not (folder / file).is_file():
        return "finds no such file"
    if parts.fragment and unquote(parts.fragment) not in pages[file].ids:
        return "finds no such place"
    return ""


def _twice(ids):
    return sorted({one for one in ids if ids.count(one) > 1})
