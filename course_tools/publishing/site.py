"""The course as a website: the executed chapters with interactive views, search, a glossary, the instructors' guide.

    course site [--out build/site] [--repository https://github.com/OWNER/NAME]

Static files, which work from a folder and from any server; nothing is fetched from elsewhere. Nothing is executed: the
notebooks are read as they are committed. Another language has its notebooks in notebooks/LANGUAGE/, under the same
names, and its pages in LANGUAGE/; what stands around them is translated by its catalogue.
"""

import collections
import functools
import html
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_kit import chapter_maps, files, notebook_names
from course_kit.i18n import mark, t, use
from course_kit.i18n.catalogues import table
from course_kit.views import program
from course_kit.views.models import model_files
from course_kit.views.view import json_for_script
from course_tools.authoring import minutes, sources
from course_tools.publishing import artifacts, asset_files, glossary, links, pages, repository, search_index, tiles
from course_tools.translation import names_of_languages
from course_utils import __version__

from ..authoring.markup import headings, plain, sentences, tree
from .pages import Chapter

COURSE = mark("Attention, from Nadaraya–Watson to GPT")
TEACHING = {  # pages of docs/, by their title; the first is in the menu and leads to the others
    "teaching": mark("Teaching with the course"),
    "lesson_plans": mark("Lesson plans"),
    "crosswalk": mark("From the book that you use to our sections"),
    "capstone": mark("The capstone"),
}
ABOUT = mark(
    "Change a word and see which word decides its translation: attention, from an average to a GPT that you write."
)
STAMP = ".made-by-attention-course"  # a folder without it is not ours to empty


def build(out: Path | str, repository_url: str | None = None) -> list[str]:
    """Write the site into the folder `out`, which is made, or emptied if it holds an earlier site -> list of pages.

    repository_url: None where it is not known; with it, pages lead to files that they name, and to where errors are
    reported.
    Raises ValueError if `out` holds something else, or if a link of the pages leads nowhere.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()) and not (out / STAMP).exists():
        raise ValueError(f"{out} holds files that are not of an earlier site. Name another folder: --out FOLDER")
    shutil.rmtree(out, ignore_errors=True)
    assets = asset_files.Assets()
    site_files: dict[str, bytes | str] = {}
    for language in names_of_languages():
        use(language)
        site_files |= Site(repository_url, language, assets).pages() if sources.built(language) else {}
    use("en")
    site_files |= assets.content | {STAMP: "`make site` empties this folder and fills it again.\n", ".nojekyll": ""}
    for path, content in site_files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    if problems := links.dead_links(out):
        raise ValueError("Links of the site lead nowhere:\n" + "\n".join(problems))
    return sorted(path for path in site_files if path.endswith(".html"))


def folder(language: str) -> str:
    """Where its pages are in the site, and its notebooks in notebooks/: "" or "es/"."""
    return "" if language == "en" else f"{language}/"


def teaching_pages(language: str) -> dict[str, Path]:
    """{name: its file} of the pages of TEACHING that there are in a language."""
    paths = {name: files.course_folder() / "docs" / folder(language) / f"{name}.md" for name in TEACHING}
    return {name: path for name, path in paths.items() if path.is_file()}


class Site:
    """What the pages of a language have in common. `pages()` -> path -> content (str or bytes) of its files."""

    def __init__(self, repository_url: str | None = None, language: str = "en", assets: Any = None) -> None:
        self.repository, self.language, self.assets = repository_url, language, assets or asset_files.Assets()
        self.folder, self.names, self.search_entries = folder(language), sources.built(language), list[Any]()
        self.root = "../" if self.folder else ""
        self.state = repository.commit() if repository_url else "main"
        self.chapters = [pages.chapter(self.notebook(name), link=self.link) for name in self.names]
        self.entries = {one.name: menu_entry(one) for one in self.chapters}
        self.terms = glossary.terms(self.chapters)
        self.menu = [
            item("index.html", t("The course")),
            *self.entries.values(),
            item("glossary.html", t("Glossary")),
            *([item("teaching.html", t(TEACHING["teaching"]))] if "teaching" in teaching_pages(language) else []),
        ]

    def notebook(self, name: str) -> Path:
        return sources.folder() / self.folder / f"{name}.ipynb"

    def link(self, address: str) -> str | None:
        """Where a link of a notebook or of docs/ leads on the site; None: nowhere, then its words stay."""
        file, _, anchor = address.partition("#")
        if re.match(r"[a-z]+:", address) or not file:
            return address
        name = file.rsplit("/", 1)[-1]
        stem = name.removesuffix(".ipynb")
        if name.endswith(".ipynb") and stem in sources.names():
            return (self.root if stem not in self.names else "") + f"{stem}.html" + (f"#{anchor}" if anchor else "")
        if name.removesuffix(".md") in TEACHING:
            is_translated = name.removesuffix(".md") in teaching_pages(self.language)
            return ("" if is_translated else self.root) + name.replace(".md", ".html")
        path = re.sub(r"^(\.\./)+", "", file)
        exists = (files.course_folder() / path).exists()
        return f"{self.repository}/blob/{self.state}/{path}" if self.repository and exists else None

    def view(self, view: Any) -> str:
        """The HTML of a `fragments.SavedView`; its large pieces become files, and so does the model that it runs."""
        models = view.spec.get("own", {}).get("models", [])
        larger_model = view.spec.get("own", {}).get("larger", {}).get("name")  # comes only when it is asked
        for model in [*models, *filter(None, [larger_model])]:
            self.assets.content |= {f"models/{name}": script for name, script in _scripts(model).items()}
        made = self.assets.view(view, [name for model in models for name in _scripts(model)])
        if leads := view.spec.get("leads"):
            made = made.replace(f'<a href="{html.escape(leads)}">', f'<a href="{self.link(leads)}">', 1)
        return made

    def pages(self) -> dict[str, Any]:
        site_files: dict[str, Any] = {}
        for chapter in self.chapters:
            page = tree(pages.body(chapter, self.view))
            self.assets.take(page, self.root)
            make_ids_unique(page)
            entry = self.entries[chapter.name]
            self.search_entries.append((entry["file"], entry["name"], search_index.sections(page)))
            site_files[entry["file"]] = self.chapter(chapter, page)
            site_files[f"notebooks/{chapter.name}.ipynb"] = self.notebook(chapter.name).read_bytes()
            if not chapter.annex and (picture := tiles.tile(chapter.cells)):
                entry["tile"] = f"tiles/{chapter.name}.webp"
                site_files[entry["tile"]] = picture
            for artifact in artifacts.artifacts(chapter.name):
                site_files[artifact.download] = artifact.text
                text = artifact.markdown(f'<a href="{entry["file"]}">{entry["name"]}</a>')
                site_files[artifact.page] = self.text(
                    artifact.page,
                    artifact.file,
                    text,
                    t("{file}, chapter {chapter}", file=artifact.file, chapter=artifact.chapter),
                )
        for name, path in teaching_pages(self.language).items():
            site_files[f"{name}.html"] = self.text(f"{name}.html", t(TEACHING[name]), path.read_text(encoding="utf-8"))
        site_files["glossary.html"] = self.page("glossary", "glossary.html", terms=self.terms)
        site_files["index.html"] = self.landing()
        if self.folder:
            site_files["words.js"] = f"globalThis.courseWords={json_for_script(table(self.language))}"
        site_files["search-data.js"] = search_index.script(self.search_entries, self.terms)
        site_files = {self.folder + path: content for path, content in site_files.items()}
        suffixes = ("js", "css", "woff2")
        site_files |= {
            path.name: path.read_bytes() for suffix in suffixes for path in pages.WEBSITE.glob(f"*.{suffix}")
        }
        site_files["program.js"] = program.source("en")  # a page in another language has words.js, too
        site_files["site.css"] = chapter_maps.style().encode() + site_files["site.css"]
        return site_files

    def page(
        self, template: str, file: str, sections: Sequence[Any] = (), description: str | None = None, **more: Any
    ) -> str:
        """A page from website/TEMPLATE.html.j2. What the menu has knows what is before and after it."""
        number = next((i for i, entry in enumerate(self.menu) if entry["file"] == file), None)
        before = self.menu[number - 1] if number else None
        after = self.menu[number + 1] if number is not None and number + 1 < len(self.menu) else None
        title = self.menu[number]["name"] if number else t(COURSE)
        variables = {"title": title} | more
        return pages.page(
            template, self.language, course=t(COURSE), edition=__version__, menu=self.menu, sections=sections,
            file=file, description=description or t(ABOUT), before=before, after=after,
            repository=self.repository, root=self.root, others=self.others(file), 
            report=repository.report(self.repository, self.folder + file), **variables,
        )  # fmt: skip

    def others(self, file: str) -> list[tuple[str, str, str]]:
        """(language, its name, address) of each other language that has this page."""
        name = file.removesuffix(".html")
        languages = [other for other in names_of_languages() if other != self.language and sources.built(other)]
        languages = [
            other for other in languages if name in ("index", "glossary", *teaching_pages(other), *sources.built(other))
        ]
        return [(other, names_of_languages()[other], f"{self.root}{folder(other)}{file}") for other in languages]

    def maps(self, number: int | None) -> str:
        """The way from chapter to chapter; "" in a language that has not all of them."""
        return chapter_maps.strip(number, words=False) if self.names == sources.names() else ""

    def chapter(self, chapter: Chapter, page: Any) -> str:
        """The page of a lesson or an annex, from the tree of its body."""
        entry = self.entries[chapter.name]
        return self.page(
            "chapter", entry["file"], contents(page), entry["about"] or t(ABOUT), body=with_anchors(page),
            entry=entry, maps=self.maps(None if chapter.annex else entry["number"]),
            lesson=self.entries.get(notebook_names.lesson_of(chapter.name), entry) if chapter.annex else None,
        )  # fmt: skip

    def text(self, file: str, title: str, text: str, known_as: str | None = None) -> str:
        """A page from Markdown; the search knows it by its title, or as something else."""
        page = tree(pages.markdown(self.link)(text))
        self.search_entries.append((file, known_as or title, search_index.sections(page)))
        return self.page("text", file, contents(page), title=title, body=with_anchors(page))

    def landing(self) -> str:
        """The first page: the cover, the chapters, what is beside them."""
        first = self.chapters[0]
        views = (output for cell in first.cells if "lab" in cell.tags for output in cell.outputs)
        page = tree("".join(self.view(view) for view in [next(views, None)] if view))
        self.assets.take(page, self.root)
        annexes = {
            f"{notebook_names.lesson_of(name)}.html": entry for name, entry in self.entries.items() if entry["annex"]
        }
        chapters = [entry for entry in self.entries.values() if not entry["annex"]]
        lab = f"make lab LANG={self.language}" if self.folder else "make lab"
        guide = "" if "teaching" in teaching_pages(self.language) else self.root
        return self.page("index", "index.html", first=str(page), chapters=chapters, annexes=annexes,
                         count=len(self.terms), lab=lab, guide=guide)  # fmt: skip


_scripts = functools.cache(model_files)


def item(file: str, name: str) -> dict[str, Any]:
    """What the menu has of a page. number: of a lesson; short: its name without it."""
    return {"file": file, "name": name, "short": name, "annex": False, "number": ""}


def menu_entry(chapter: Chapter) -> dict[str, Any]:
    """The same of a lesson or an annex, and what the list of chapters says of it."""
    name, annex = chapter.title, chapter.annex
    short = name.partition(" · ")[2] or name
    short = re.split(r": |：", short, maxsplit=1)[-1] if annex else short
    first = tree(chapter.cells[0].source).find("h1").find_next("p")
    about = sentences(plain(first))[1] if "artifact" in chapter.cells[0].tags else ""  # what one will hold
    return item(f"{chapter.name}.html", name) | {
        "short": short[0].upper() + short[1:], "annex": annex,
        "number": "" if annex else notebook_names.chapter(chapter.name),
        "about": about, "artifacts": artifacts.artifacts(chapter.name),
        "minutes": minutes.minutes(chapter.name).words.replace("*", ""),
    }  # fmt: skip


def make_ids_unique(page: Any) -> None:
    """Tells headings of a tree that have the same words apart: the second gets "-2" behind its id."""
    seen = collections.Counter[str]()
    for heading in headings(page):
        seen[heading["id"]] += 1
        if (count := seen[heading["id"]]) > 1:
            heading["id"] += f"-{count}"


def contents(page: Any) -> list[tuple[str, str]]:
    """(id, words) of the sections of a page's tree, and of half way, by its bold words."""
    sections = page.select("h2[id], .half[id]")
    return [
        (heading["id"], plain(heading if heading.name == "h2" else heading.strong).rstrip(".。"))
        for heading in sections
    ]


def with_anchors(page: Any) -> str:
    """The HTML of a page's tree, in which each heading gets a link to itself."""
    for heading in headings(page):
        link = {"class": "anchor", "href": f"#{heading['id']}", "aria-label": t("link to this section")}
        heading.extend([" ", page.new_tag("a", attrs=link, string="#")])
    return str(page)


def run(out: str | None = None, address: str | None = None) -> int:
    """The command `course site` -> exit status."""
    target = Path(out or files.course_folder() / "build" / "site")
    public = repository.address(address)
    names = build(target, public)
    total = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{len(names)} pages in {target} ({total / 1e6:.1f} MB). Open {target / 'index.html'} in a browser.")
    if not public:
        print("Pages say nowhere to report: the repository's public address is not known (--repository names it).")
    return 0
