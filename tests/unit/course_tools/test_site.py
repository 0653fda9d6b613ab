"""The website of a small course as files. tests/browser/test_site.py builds the whole one and reads it in a browser."""

import base64
import io
import json
import os
import re
import subprocess

import pytest
import small_course
import yaml
from PIL import Image

import course_utils
from course_kit import files
from course_kit.views import fragments, heatmap, predict, program
from course_tools.authoring import building
from course_tools.authoring.markup import tree
from course_tools.publishing import artifacts, asset_files, glossary, links, search_index, site

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


def test_an_annex_is_marked_as_one_of_its_lesson(built):
    lesson, annex = text(built, "02_small.html"), text(built, "02_small_annex.html")
    assert 'annex of <a href="02_small.html">2 · How small?</a>' in annex and "This is the annex" not in lesson
    assert "2 · What is left? (annex)" in tree(annex).title.string
    assert tree(lesson).select('.onward .maps a[aria-current="page"]')
    assert not tree(annex).select('.onward .maps a[aria-current="page"]'), "it is not the lesson"
    first = tree(text(built, "index.html"))
    entries = {entry.h3.a["href"]: bool(entry.select_one(".annex")) for entry in first.select(".chapters > li")}
    annexed = {"00_start_here": False, "02_small": True, "07_gpt": True, "08_who_answers": False}
    assert entries == {f"{name}.html": has for name, has in annexed.items()}
    assert (built / "notebooks" / "02_small_annex.ipynb").is_file()


def test_another_language_has_a_folder_and_a_page_leads_to_its_own_in_the_other(built):
    """Of one lesson there is a Chinese page; the others have no switch, and what it links is English meanwhile."""
    page, other = tree(text(built, "02_small.html")), tree(text(built, "zh/02_small.html"))
    assert (page.html["lang"], other.html["lang"]) == ("en", "zh-CN")
    assert "courseWords=" in text(built, "zh/words.js") and "courseWords={" not in text(built, "program.js")[:400]
    switches = [[(link["lang"], link["href"]) for link in one.select("header .language")] for one in (page, other)]
    assert switches == [[("zh", "zh/02_small.html")], [("en", "../02_small.html")]]
    assert not tree(text(built, "07_gpt.html")).select(".language")
    assert other.find("a", href="../02_small_annex.html#gone") and other.find("link", href="../site.css")
    menu = [link["href"] for link in other.select(".contents > details > ul > li > a")]
    assert menu == ["index.html", "02_small.html", "glossary.html"]
    assert "跳蚤" in text(built, "zh/search-data.js") and "跳蚤" not in text(built, "search-data.js")
    assert not (built / "zh" / "program.js").exists() and (built / "zh/notebooks/02_small.ipynb").is_file()


def test_a_page_says_what_it_is_and_where_to_report_what_is_wrong(built):
    for name in ("index", "07_gpt", "07_gpt_annex", "mine-07-gpt", "glossary"):
        page = tree(text(built, f"{name}.html"))
        said = {meta["property"]: meta["content"] for meta in page.find_all("meta", property=True)}
        assert said["og:title"] == page.title.string.partition(" · Attention,")[0] and len(said["og:description"]) > 40
        assert page.find(id="report")["href"].startswith(f"{ADDRESS}/issues/new?")


def test_each_file_that_a_chapter_leaves_behind_is_there_to_read_and_to_take(built):
    every = [one for name in NAMES for one in artifacts.of(name)]
    assert {"mine/gpt.py", "mine/tokenizer.py"} <= {one.file for one in every if artifacts.WHOSE in one.text}
    first = tree(text(built, "index.html"))
    for one in every:
        taken = text(built, one.download)
        assert taken == one.text and "functions are yours" not in taken
        compile(taken, one.file, "exec")
        page, names = tree(text(built, one.page)), one.names()
        assert [part["id"] for part in page.select("main h2")] == names and len(names) >= 3
        shown = "".join(part.get_text() for part in page.select("main .highlight"))
        assert "".join(shown.split()) == "".join(taken.split())
        assert first.find("a", href=one.page) and first.find("a", href=one.download, download=True)


def test_pages_are_light_and_fetch_nothing_from_elsewhere(built):
    """A page is words: the program, numbers and pictures are in files that pages share or fetch later."""
    for name in NAMES:
        page = text(built, f"{name}.html")
        assert len(page.encode()) < 450_000
        assert ";base64," not in page and "attachShadow" not in page
        assert page.count('src="program.js"') == 1
    for path in built.glob("*.html"):
        assert not re.search(r'<(script|img|link|iframe)[^>]*(src|href)="(https?:)?//', path.read_text("utf-8"))
    for path in [*built.glob("*.js"), *built.glob("*.css")]:
        if path.name != "search-data.js":  # which has words of the pages
            assert not re.search(r"https?://(?!www\.w3\.org)", path.read_text("utf-8")), path.name
    assert text(built, "program.js") == program.source()


def test_the_glossary_joins_all_chapters(alone):
    terms = {term.english: term for term in alone.terms}
    rows = sum(len(glossary.rows(chapter)) for chapter in alone.chapters)
    assert sum(len(term.places) for term in alone.terms) == rows > len(alone.terms)
    assert terms["mask"].chinese == "掩码"
    assert [place[0] for place in terms["temperature"].places] == ["01_nadaraya_watson", "07_gpt"]
    assert list(terms) == sorted(terms, key=str.casefold)
    page = alone.page("glossary", "glossary.html", terms=alone.terms)
    assert all(f'href="{chapter}.html#{anchor}"' in page for t in terms.values() for chapter, anchor, _ in t.places)


def test_a_page_without_repository_has_no_badges(built, alone):
    page = alone.chapter(alone.chapters[0], tree("<h1>x</h1>"))
    assert "colab" not in page and "mybinder" not in page and "make lab" in page
    assert f"edition {course_utils.__version__}" in page and 'id="report"' not in page
    assert "colab.research.google.com/github/someone/attention-course" in text(built, "07_gpt.html")
    assert alone.link("../README.md") is None
    assert alone.link("07_gpt.ipynb#bpe") == "07_gpt.html#bpe"


def test_a_view_waits_as_its_picture_and_large_numbers_are_in_a_file():
    large = heatmap([[1 / 70] * 70] * 70, title="large?")
    small = heatmap([[0.5, 0.5]], title="small?"), predict("Which?", ["a", "b"], 0)
    whole, shared = [view.fragment() for view in (large, *small)], asset_files.Assets()
    page = tree("".join(shared.view(fragments.read(made)) for made in whole))
    shared.take(page)
    (name,) = (path for path in shared.content if path.startswith("numbers/"))
    assert [host.get("data-numbers") for host in page.find_all(class_="course-view")] == [name[8:-3], None, None]
    assert json.loads(shared.content[name].partition(",")[2][:-1])[0] == json.loads(json.dumps(large.spec()))
    assert [json.loads(script.string)[0]["title"] for script in page.find_all("script")] == ["small?", "Which?"]
    assert [image["alt"] for image in page.find_all("img")] == [large.describe(), small[0].describe()]
    assert "<th></th>" not in str(page) and str(page).count('loading="lazy"') == 2


def test_pictures_are_files_of_the_same_bytes_with_the_room_that_they_need():
    shared, picture = asset_files.Assets(), heatmap([[0.2, 0.8], [0.5, 0.5]]).to_image()
    page = tree(f'<img alt="" width="100" src="data:image/webp;base64,{base64.b64encode(picture).decode()}">')
    shared.take(page, "../")
    assert shared.content == {page.img["src"].removeprefix("../"): picture}
    with Image.open(io.BytesIO(picture)) as opened:
        assert (page.img["width"], page.img["height"]) == (100, round(100 * opened.height / opened.width))


def test_what_search_knows_of_a_page(built):
    body = '<p>intro</p><h2 id="A-&quot;b&quot;">A <i>"b"</i></h2><p>one<script>no</script></p><h3 id="c">c</h3>two'
    assert search_index.sections(tree(body)) == [("", "", "intro"), ('A-"b"', 'A "b"', "one"), ("c", "c", "two")]
    guess = predict("Which?", ["a", "b"], 0).fragment()
    assert search_index.sections(tree(f"before{guess}after")) == [("", "", "before Which? after")], (
        "of a view its title"
    )
    found = text(built, "search-data.js")
    assert "An aardvark." in found and "A lesson." in found, "of a lesson and of its annex"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="b.html">b</a>', "the link to b.html finds no such file"),
        ('<a href="#gone">b</a>', "the link to #gone finds no such place"),
        ('<a href="http://x.org">b</a>', "the link to http://x.org is no https address"),
        ('<a href="https://x y">b</a>', "the link to https://x y is no https address"),
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


def test_a_model_brings_along_what_it_was_fine_tuned_from(built):
    models = tree(text(built, "index.html")).select_one("[data-models]")["data-models"]
    assert models and all((built / "models" / name).is_file() for name in models.split())
    assert site._models({"own": {"models": ["bert-sentiment"]}}) == ["bert-sentiment", "bert-stories"]


def test_headings_get_places_of_their_own_and_link_to_themselves():
    page = tree('<h3 id="a">a</h3><h3 id="a">a</h3>')
    site.distinct(page)
    assert [heading["id"] for heading in page.find_all("h3")] == ["a", "a-2"]
    (link,) = tree(site.with_anchors(tree('<h2 id="a">a</h2>'))).h2.find_all("a", class_="anchor")
    assert link["href"] == "#a"


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
