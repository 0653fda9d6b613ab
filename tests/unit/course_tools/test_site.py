"""The website of a small course as files. tests/browser/test_site.py builds the whole one and reads it in a browser."""

import os
import re
import subprocess

import pytest
import small_course
import yaml

from course_kit import files
from course_kit.views import predict, program
from course_tools.authoring import building
from course_tools.authoring.markup import tree
from course_tools.publishing import artifacts, glossary, links, search_index, site

ROOT = files.course_folder()
ADDRESS = "https://github.com/someone/attention-course"
CHINESE = ["# 2 · 多小？\n见[附录](02_small_annex.ipynb#gone)。", "## 第一节\n一只跳蚤。"]
NAMES = ["00_start_here", small_course.LESSON, small_course.ANNEX, "07_gpt", "07_gpt_annex", "08_who_answers"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site of a course of three lessons and two annexes, with an address."""
    out, course = tmp_path_factory.mktemp("site") / "out", tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        small_course.make(course, patch)
        (course / "notebooks" / "zh").mkdir()
        (course / "notebooks" / "zh" / "source").mkdir()
        small_course.write(course / "notebooks" / "zh", small_course.LESSON, CHINESE)
        site.build(out, ADDRESS)
    return out


@pytest.fixture(scope="module")
def alone():
    """The site of a course of two chapters that does not know its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "names", lambda: ["01_nadaraya_watson", "07_gpt"])
        yield site.Site(None)


def text(built, name):
    return (built / name).read_text("utf-8")


def test_every_chapter_is_there_in_order(built):
    menu = re.findall(r'<li[^>]*><a href="([\w.]+)"', text(built, "index.html").split("<main")[0])
    assert menu == ["index.html", *(f"{name}.html" for name in NAMES), "glossary.html", "teaching.html"]
    for before, after in zip(menu, menu[1:], strict=False):
        assert f'<a rel="next" href="{after}">' in text(built, before)
        assert f'<a rel="prev" href="{before}">' in text(built, after)


def test_another_language_has_a_folder_and_a_page_leads_to_its_own_in_the_other(built):
    """Of one lesson there is a Chinese page; the others have no switch, and what it links is English meanwhile."""
    page, other = tree(text(built, "02_small.html")), tree(text(built, "zh/02_small.html"))
    assert (page.html["lang"], other.html["lang"]) == ("en", "zh-CN")
    switches = [[(link["lang"], link["href"]) for link in one.select("header .language")] for one in (page, other)]
    assert switches == [[("zh", "zh/02_small.html")], [("en", "../02_small.html")]]
    assert not tree(text(built, "07_gpt.html")).select(".language")
    assert other.find("a", href="../02_small_annex.html#gone") and other.find("link", href="../site.css")
    assert "跳蚤" in text(built, "zh/search-data.js") and "跳蚤" not in text(built, "search-data.js")


def test_each_file_that_a_chapter_leaves_behind_is_there_to_read_and_to_take(built):
    every, first = [one for name in NAMES for one in artifacts.of(name)], tree(text(built, "index.html"))
    assert {"mine/gpt.py", "mine/tokenizer.py"} <= {one.file for one in every if artifacts.WHOSE in one.text}
    for one in every:
        taken, page = text(built, one.download), tree(text(built, one.page))
        compile(taken, one.file, "exec")
        shown = "".join(part.get_text() for part in page.select("main .highlight"))
        assert "".join(shown.split()) == "".join(taken.split()) and "functions are yours" not in taken
        assert first.find("a", href=one.page) and first.find("a", href=one.download, download=True)


def test_pages_are_light_and_fetch_nothing_from_elsewhere(built):
    """A page is words: the program, numbers and pictures are in files that pages share or fetch later."""
    for path in built.glob("*.html"):
        page = path.read_text("utf-8")
        assert len(page.encode()) < 450_000 and ";base64," not in page and "attachShadow" not in page
        assert not re.search(r'<(script|img|link|iframe)[^>]*(src|href)="(https?:)?//', page)
    assert text(built, "program.js") == program.source()


def test_the_glossary_joins_all_chapters(alone):
    terms = {english: [place[0] for place in places] for english, _, places in alone.terms}
    rows = sum(len(glossary.rows(chapter)) for chapter in alone.chapters)
    assert sum(map(len, terms.values())) == rows > len(terms)
    assert terms["temperature"] == ["01_nadaraya_watson", "07_gpt"]


def test_a_page_without_repository_has_no_badges(built, alone):
    page, known = alone.chapter(alone.chapters[0], tree("<h1>x</h1>")), text(built, "07_gpt.html")
    assert "colab" not in page and "mybinder" not in page and "make lab" in page and 'id="report"' not in page
    assert f"colab.research.google.com/{ADDRESS[8:].replace('.com', '')}" in known and f"{ADDRESS}/issues/new?" in known
    assert alone.link("../README.md") is None
    assert alone.link("07_gpt.ipynb#bpe") == "07_gpt.html#bpe"


def test_what_search_knows_of_a_page(built):
    body = '<p>intro</p><h2 id="A-&quot;b&quot;">A <i>"b"</i></h2><p>one<script>no</script></p><h3 id="c">c</h3>two'
    assert search_index.sections(tree(body)) == [("", "", "intro"), ('A-"b"', 'A "b"', "one"), ("c", "c", "two")]
    guess = predict("Which?", ["a", "b"], 0).fragment()
    assert search_index.sections(tree(f"before{guess}after")) == [("", "", "before Which? after")], (
        "of a view its title"
    )
    files = [(f"{name}.html", name, [("soft", "soft", "")]) for name in "ab"]
    assert search_index.script(files, []).count('"soft","soft"') == 1, "a function that files hand on: its first place"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="b.html">b</a>', "the link to b.html finds no such file"),
        ('<a href="#gone">b</a>', "the link to #gone finds no such place"),
        ('<a href="http://x.org">b</a>', "the link to http://x.org is no https address"),
        ('<i id="p"></i><b id="p"></b>', "the place #p is there twice"),
        ('<img src="data:image/png;base64,AA">', "the picture data:image/png;base64,AA has no alt text"),
        ('<div data-numbers="1a"></div>', "the link to numbers/1a.js finds no such file"),
    ],
)
def test_a_broken_link_is_named(tmp_path, body, said):
    (tmp_path / "a.html").write_text(body)
    assert links.broken(tmp_path) == [f"a.html: {said}"]


def test_a_folder_with_other_files_is_not_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds files that are not of an earlier site"):
        site.build(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_the_models_that_a_page_runs_are_there(built):
    models = tree(text(built, "index.html")).select_one("[data-models]")["data-models"]
    assert models and all((built / "models" / name).is_file() for name in models.split())


@pytest.mark.skipif(os.name == "nt", reason="the job runs on Linux")
def test_the_workflow_builds_as_the_guide_says_and_its_push_works(tmp_path):
    """The last step of pages.yml, run as it stands, against a repository of its own in the place of GitHub."""
    job = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text("utf-8"))["jobs"]["site"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[0] == "make site" and "make site" in (ROOT / "docs/publishing.md").read_text("utf-8")
    work, push, github = tmp_path / "work", job["steps"][-1], str(tmp_path / "github.git")
    (work / "build/site").mkdir(parents=True)
    (work / "build/site/.nojekyll").touch()
    (work / ".gitignore").write_text("build/\n")

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=work, check=True, capture_output=True, text=True).stdout

    git("init", "-q", "--bare", github)
    git("init", "-q", ".")
    git("remote", "add", "origin", github)
    here = {"GIT_DIR": f"{work}/.git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": f"{tmp_path}/index", "GITHUB_SHA": "abc"}
    assert set(push["env"]) == set(here) - {"GITHUB_SHA"}
    for page in ("first", "second"):
        (work / "build/site/index.html").write_text(page)
        said = {"PATH": os.environ["PATH"], **here}
        subprocess.run(["bash", "-e", "-c", push["run"]], cwd=work / "build/site", env=said, check=True)
    assert git("--git-dir", github, "show", "gh-pages:index.html") == "second"
    assert git("--git-dir", github, "rev-list", "--count", "gh-pages") == "1\n"
    assert sorted(git("--git-dir", github, "ls-tree", "--name-only", "gh-pages").split()) == [".nojekyll", "index.html"]
