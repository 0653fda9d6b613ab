"""The website: what it is made of, and the whole of it as files. tests/browser/test_site.py reads it in a browser."""

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

from course_kit import files, lessons
from course_kit.views import heatmap, predict, program
from course_tools.authoring import building, fragments
from course_tools.authoring.markup import plain, tree
from course_tools.publishing import glossary, held, lighten, links, pages, places, site, way

ROOT = files.course_folder()
PATH = {"PATH": os.environ["PATH"]}
ADDRESS = "https://github.com/someone/attention-course"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "out"
    site.build(out, ADDRESS)
    return out


@pytest.fixture
def alone(monkeypatch):
    """The site of a course of two chapters that does not know its address."""
    monkeypatch.setattr(building, "names", lambda: ["01_nadaraya_watson", "07_gpt"])
    return site.Site(None)


def text(built, name):
    return (built / name).read_text("utf-8")


def test_every_chapter_is_there_in_order_and_links_lead_somewhere(built):
    names = [f"{name}.html" for name in building.names()]
    menu = re.findall(r'<li[^>]*><a href="([\w.]+)"', text(built, "index.html").split("<main")[0])
    assert menu == ["index.html", *names, "glossary.html", "teaching.html"]
    for before, after in zip(menu, menu[1:], strict=False):
        assert f'<a rel="next" href="{after}">' in text(built, before)
        assert f'<a rel="prev" href="{before}">' in text(built, after)
    assert links.broken(built) == []


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The site of a course with an annex."""
    out, course = tmp_path_factory.mktemp("site") / "small", tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        small_course.make(course, patch)
        site.build(out)
    return out


def test_an_annex_is_marked_and_lies_between_its_lesson_and_the_next(small):
    names = small_course.LESSON, small_course.ANNEX, "07_gpt"
    lesson, annex, after = (text(small, f"{name}.html") for name in names)
    assert (
        '<a rel="next" href="02_small_annex.html">' in lesson and '<a rel="prev" href="02_small_annex.html">' in after
    )
    assert '<a rel="prev" href="02_small.html">' in annex and '<a rel="next" href="07_gpt.html">' in annex
    assert 'annex of <a href="02_small.html">2 · How small?</a>' in annex and "This is the annex" not in lesson
    for page in (lesson, text(small, "index.html")):
        assert [entry.a["href"] for entry in tree(page).find_all("li", class_="annex")][0] == "02_small_annex.html"
    assert "2 · What is left? (annex)" in tree(annex).title.string
    assert tree(lesson).select('.onward .maps a[aria-current="page"]') and "maps" in annex
    assert not tree(annex).select('.onward .maps a[aria-current="page"]'), "it is not the lesson"
    assert (small / "notebooks" / "02_small_annex.ipynb").is_file()


def test_a_page_says_what_it_is_where_its_link_is_shared(built):
    for name in ("index", "05_transformer", "05_transformer_annex", "mine-05-transformer", "glossary"):
        page = tree(text(built, f"{name}.html"))
        said = {meta["property"]: meta["content"] for meta in page.find_all("meta", property=True)}
        assert said["og:title"] == page.title.string.partition(" · Attention,")[0] and len(said["og:description"]) > 40
        assert said["og:url"] == f"https://someone.github.io/attention-course/{name}.html"
        picture = built / said["og:image"].removeprefix("https://someone.github.io/attention-course/")
        with Image.open(picture) as opened:
            assert opened.size == (1200, 630) and picture.stat().st_size < 40_000


def test_the_map_shows_what_each_chapter_says_that_it_needs(built):
    before = way.needs(site.Site(None).chapters)
    assert before["05_transformer"] == ["03_seq2seq", "04_positional_encoding"] and not before["00_start_here"]
    assert all(ones for name, ones in before.items() if lessons.chapter(name))
    drawn = tree(text(built, "index.html")).select_one(".way")
    assert len(drawn.select("path")) == sum(map(len, before.values()))
    assert [link["href"] for link in drawn.select("a")] == [f"{name}.html" for name in before]
    assert "after 3 and 4" in plain(drawn.find("a", href="05_transformer.html").parent)


def test_each_file_that_a_chapter_leaves_behind_is_there_to_read_and_to_take(built, tmp_path):
    every = [one for name in building.names() for one in held.of(name)]
    assert {"mine/transformer.py", "mine/gpt.py", "mine/tokenizer.py"} <= {one.file for one in every}
    first = tree(text(built, "index.html"))
    for one in every:
        taken = (built / one.download).read_text("utf-8")
        assert taken == one.text and "functions are yours" not in taken and held.WHOSE in taken
        compile(taken, one.file, "exec")
        page = tree(text(built, one.page))
        names = [name for name, *_ in one.definitions()]
        assert [part["id"] for part in page.select(".file > div[id]")] == names and len(names) >= 3
        read = "".join(page.select_one(".file").get_text().split())
        assert read == "".join(taken.split())
        assert first.find("a", href=one.page) and first.find("a", href=one.download, download=True)


def test_lessons_and_annexes_are_told_apart(built):
    first = tree(text(built, "index.html"))
    names = [name for name in building.names() if not lessons.is_annex(name)]
    assert [entry.h3.a["href"] for entry in first.select(".chapters > li")] == [f"{name}.html" for name in names]
    for entry in first.select(".chapters > li"):
        annex = lessons.annex_of(entry.h3.a["href"].removesuffix(".html"))
        assert bool(entry.select_one(".annex")) == (annex in building.names())


def test_the_search_knows_both(small):
    found = text(small, "search-data.js")
    assert "An aardvark." in found and "A lesson." in found and "What is left? (annex)" in found


def test_pages_are_light(built):
    """A page is words: the program, numbers and pictures are in files that pages share or fetch later."""
    for name in building.names():
        page = text(built, f"{name}.html")
        assert len(page.encode()) < 450_000
        assert ";base64," not in page and "attachShadow" not in page
        assert page.count('src="program.js"') == 1
    assert text(built, "program.js") == program.source()
    assert sum(path.stat().st_size for path in (built / "img").iterdir()) < 1_500_000
    assert sum(path.stat().st_size for path in (built / "numbers").iterdir()) < 1_000_000


def test_sizes_are_about_those_that_the_guide_says(built):
    guide = (ROOT / "docs" / "publishing.md").read_text("utf-8")

    def said(words):
        return float(re.search(words.replace("N", r"([\d.]+)"), guide)[1])

    def size(folder, pattern="*"):
        return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file()) / 1e6

    notebooks = [path.stat().st_size / 1e6 for path in (built / "notebooks").iterdir()]
    assert size(built) == pytest.approx(said("about N MB"), rel=0.1)
    assert size(built / "models") == pytest.approx(said("N trained models"), rel=0.1)
    assert sum(notebooks) == pytest.approx(said("N of them notebooks"), rel=0.1)
    assert said("N of them notebooks") == said("all of them N MB")
    assert max(notebooks) == pytest.approx(said("up to N MB"), rel=0.1)
    assert len(program.source()) / 1e6 == pytest.approx(said("`program.js`, N MB"), rel=0.15)


def test_no_formula_is_left_as_tex_and_nothing_is_fetched_from_elsewhere(built):
    there = list(built.glob("*.html"))
    assert len(there) > len(building.names())
    for path in there:
        words = re.sub(r"<(script|pre|code|annotation)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.S)
        assert not re.search(r"\\(frac|sum|text|color|sqrt)\b|\$\$", words), path.name
        assert not re.search(r'<(script|img|link|iframe)[^>]*(src|href)="(https?:)?//', words), path.name
    for path in [*pages.WEBSITE.glob("*.js"), *built.glob("*.css"), built / "program.js"]:
        assert not re.search(r"https?://(?!www\.w3\.org)", path.read_text("utf-8")), path.name


def test_the_glossary_joins_all_chapters(built, alone):
    terms = {term.english: term for term in alone.terms}
    rows = sum(len(glossary.rows(chapter)) for chapter in alone.chapters)
    assert sum(len(term.places) for term in alone.terms) == rows > len(alone.terms)
    assert terms["mask"].chinese == "掩码"
    assert [place[0] for place in terms["temperature"].places] == ["01_nadaraya_watson", "07_gpt"]
    assert list(terms) == sorted(terms, key=str.casefold)
    page = text(built, "glossary.html")
    assert all(f'href="{chapter}.html#{anchor}"' in page for t in terms.values() for chapter, anchor, _ in t.places)
    assert all(f'.html#{place}"' in page for place in ("bos", "mlm", "causal-mask")), "terms of other chapters"


def test_a_page_without_repository_has_no_badges(built, alone):
    page = alone.chapter(alone.chapters[0], tree("<h1>x</h1>"))
    assert "colab" not in page and "mybinder" not in page and "make lab" in page
    assert "colab.research.google.com/github/someone/attention-course" in text(built, "01_nadaraya_watson.html")
    assert alone.link("../README.md") is None
    assert alone.link("07_gpt.ipynb#bpe") == "07_gpt.html#bpe"


def test_a_view_waits_as_its_picture_and_large_numbers_are_in_a_file():
    large = heatmap([[1 / 70] * 70] * 70, title="large?")
    small = heatmap([[0.5, 0.5]], title="small?"), predict("Which?", ["a", "b"], 0)
    whole, shared = [view.fragment() for view in (large, *small)], lighten.Files()
    page = tree("".join(lighten.view(fragments.read(made), shared) for made in whole))
    lighten.lighten(page, shared)
    made = str(page)
    (name,) = (path for path in shared.content if path.startswith("numbers/"))
    assert [host.get("data-numbers") for host in page.find_all(class_="course-view")] == [name[8:-3], None, None]
    assert json.loads(shared.content[name].decode().partition(",")[2][:-1])[0] == json.loads(json.dumps(large.spec()))
    assert [json.loads(script.string)[0]["title"] for script in page.find_all("script")] == ["small?", "Which?"]
    assert [image["alt"] for image in page.find_all("img")] == [large.describe(), small[0].describe()]
    assert "<th></th>" not in made and made.count('loading="lazy"') == 2


def test_pictures_are_files_of_the_same_bytes_with_the_room_that_they_need():
    shared, picture = lighten.Files(), heatmap([[0.2, 0.8], [0.5, 0.5]]).to_image()
    page = tree(f'<img alt="" width="100" src="data:image/webp;base64,{base64.b64encode(picture).decode()}">')
    lighten.lighten(page, shared)
    assert shared.content == {page.img["src"]: picture}
    with Image.open(io.BytesIO(picture)) as opened:
        assert (page.img["width"], page.img["height"]) == (100, round(100 * opened.height / opened.width))


def test_what_search_knows_of_a_page():
    body = '<p>intro</p><h2 id="A-&quot;b&quot;">A <i>"b"</i></h2><p>one<script>no</script></p><h3 id="c">c</h3>two'
    assert places.sections(tree(body)) == [("", "", "intro"), ('A-"b"', 'A "b"', "one"), ("c", "c", "two")]
    guess = predict("Which?", ["a", "b"], 0).fragment()
    assert places.sections(tree(f"before{guess}after")) == [("", "", "before Which? after")], "of a view its title"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="b.html">b</a>', "a.html: the link to b.html finds no such file"),
        ('<a href="#gone">b</a>', "a.html: the link to #gone finds no such place"),
        ('<a href="http://x.org">b</a>', "a.html: the link to http://x.org is no https address"),
        ('<a href="https://x y">b</a>', "a.html: the link to https://x y is no https address"),
        ('<i id="p"></i><b id="p"></b>', "a.html: the place #p is there twice"),
        ('<img src="data:image/png;base64,AA">', "a.html: the picture data:image/png;base64,AA has no alt text"),
        ('<div data-numbers="1a"></div>', "a.html: the link to numbers/1a.js finds no such file"),
    ],
)
def test_a_broken_link_is_named(tmp_path, body, said):
    (tmp_path / "a.html").write_text(body)
    assert links.broken(tmp_path) == [said]


def test_a_folder_with_other_files_is_not_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds files that are not of an earlier site"):
        site.build(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_model_brings_along_what_it_was_fine_tuned_from():
    fine = "bert-sentiment"
    assert site._models({"own": {"models": [fine]}}) == [fine, "bert-stories"]
    assert site._models({}) == []


def test_headings_of_the_same_words_get_places_of_their_own():
    page = tree('<h3 id="a">a</h3><h3 id="a">a</h3>')
    site.distinct(page)
    assert str(page) == '<h3 id="a">a</h3><h3 id="a-2">a</h3>'


def test_headings_link_to_themselves():
    (link,) = tree(site.with_anchors(tree('<h2 id="a">a</h2>'))).h2.find_all("a", class_="anchor")
    assert link["href"] == "#a"


@pytest.mark.skipif(os.name == "nt", reason="the job runs on Linux")
def test_the_workflow_builds_as_the_guide_says_and_its_push_works(tmp_path):
    """The last step of pages.yml, run as it stands, against a repository of its own in the place of GitHub."""
    job = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text("utf-8"))["jobs"]["site"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[0] == "make site" and "make site" in (ROOT / "docs/publishing.md").read_text("utf-8")
    work, push = tmp_path / "work", job["steps"][-1]
    (work / "build/site").mkdir(parents=True)
    (work / "build/site/.nojekyll").touch()
    (work / ".gitignore").write_text("build/\n")

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=work, check=True, capture_output=True, text=True).stdout

    git("init", "-q", "--bare", "../github.git")
    git("init", "-q", ".")
    git("remote", "add", "origin", str(tmp_path / "github.git"))
    here = {"GIT_DIR": f"{work}/.git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": f"{tmp_path}/index", "GITHUB_SHA": "abc"}
    assert set(push["env"]) == set(here) - {"GITHUB_SHA"}
    for page in ("first", "second"):
        (work / "build/site/index.html").write_text(page)
        subprocess.run(["bash", "-e", "-c", push["run"]], cwd=work / "build/site", env={**PATH, **here}, check=True)
    assert git("--git-dir", "../github.git", "show", "gh-pages:index.html") == "second"
    assert git("--git-dir", "../github.git", "rev-list", "--count", "gh-pages") == "1\n"
    assert sorted(git("--git-dir", "../github.git", "ls-tree", "--name-only", "gh-pages").split()) == [
        ".nojekyll",
        "index.html",
    ]
