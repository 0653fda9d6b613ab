"""The whole website, built and read as files: its links, what stands on all pages. tests/browser/test_site.py visits
some of them."""

import re

import pytest

from course_kit.views import program
from course_tools.authoring import building
from course_tools.authoring.markup import tree
from course_tools.publishing import artifacts, site

ADDRESS = "https://github.com/someone/attention-course"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the whole site."""
    out = tmp_path_factory.mktemp("site") / "out"
    site.build(out, ADDRESS)  # every link of it leads somewhere
    return out


def text(built, name):
    return (built / name).read_text("utf-8")


def test_every_chapter_is_there_in_order_with_a_way_to_the_other_language(built):
    menu = re.findall(r'<li[^>]*><a href="([\w.]+)"', text(built, "index.html").split("<main")[0])
    assert menu == ["index.html", *(f"{name}.html" for name in building.names()), "glossary.html", "teaching.html"]
    for before, after in zip(menu, menu[1:], strict=False):
        assert f'<a rel="next" href="{after}">' in text(built, before)
        assert f'<a rel="prev" href="{before}">' in text(built, after)
    assert f"{ADDRESS}/issues/new?" in text(built, "07_gpt.html")
    page, other = (tree(text(built, f"{where}07_gpt.html")) for where in ("", "zh/"))
    assert [one.select_one("header .language")["href"] for one in (page, other)] == ["zh/07_gpt.html", "../07_gpt.html"]
    assert (page.html["lang"], other.html["lang"]) == ("en", "zh-CN") and other.find("link", href="../site.css")
    models = tree(text(built, "index.html")).select_one("[data-models]")["data-models"]
    assert models and all((built / "models" / name).is_file() for name in models.split())


def test_each_file_that_a_chapter_leaves_behind_is_there_to_read_and_to_take(built):
    every = [(name, one) for name in building.names() for one in artifacts.artifacts(name)]
    assert {"mine/gpt.py", "mine/tokenizer.py"} <= {one.file for _, one in every if artifacts.WHOSE in one.text}
    for name, one in every:
        taken, page = text(built, one.download), tree(text(built, one.page))
        compile(taken, one.file, "exec")
        shown = "".join(part.get_text() for part in page.select("main .highlight"))
        assert "".join(shown.split()) == "".join(taken.split()) and "functions are yours" not in taken
        assert tree(text(built, f"{name}.html")).find("a", href=one.page)
        assert page.find("a", href=one.download, download=True)


def test_the_first_page_has_a_small_picture_of_each_lesson(built):
    lessons = [name for name in building.names() if not name.endswith("_annex")]
    for where in ("", "zh/"):
        links = {
            link["href"]: link.img["src"]
            for link in tree(text(built, f"{where}index.html")).select(".chapters > li > a")
        }
        assert links == {f"{name}.html": f"tiles/{name}.webp" for name in lessons}
        assert all((built / where / picture).stat().st_size < 20_000 for picture in links.values())


def test_pages_are_light_and_fetch_nothing_from_elsewhere(built):
    """A page is words: the program, numbers and pictures are in files that pages share or fetch later."""
    for path in built.glob("*.html"):
        page = path.read_text("utf-8")
        assert len(page.encode()) < 450_000 and ";base64," not in page and "attachShadow" not in page
        assert not re.search(r'<(script|img|link|iframe)[^>]*(src|href)="(https?:)?//', page)
    assert text(built, "program.js") == program.source()
