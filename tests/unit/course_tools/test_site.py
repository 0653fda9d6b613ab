"""What the website is made of, without a build: test_whole_site.py builds it and reads its files."""

import os
import subprocess

import pytest
import yaml

from course_kit import files
from course_kit.views import predict
from course_tools.authoring import sources
from course_tools.authoring.markup import tree
from course_tools.publishing import glossary, links, search_index, site

ROOT = files.course_folder()


@pytest.fixture(scope="module")
def alone():
    """The site of a course of two chapters that does not know its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "names", lambda *_: ["02_scoring_functions", "05_transformer", "07_gpt"])
        yield site.Site(None)


def test_the_glossary_joins_all_chapters(alone):
    terms = {english: [place[0] for place in places] for english, _, places in alone.terms}
    rows = sum(len(glossary.rows(chapter)) for chapter in alone.chapters)
    assert sum(map(len, terms.values())) == rows > len(terms)
    assert terms["cross-attention"] == ["02_scoring_functions", "05_transformer"]


def test_a_page_without_repository_leads_to_none(alone):
    page = alone.chapter(alone.chapters[0], tree("<h1>x</h1>"))
    assert "make lab" in page and 'id="report"' not in page
    assert alone.link("../README.md") is None
    assert alone.link("07_gpt.ipynb#bpe") == "07_gpt.html#bpe"


def test_what_search_knows_of_a_page():
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
    [('<a href="b.html">b</a>', "the link to b.html finds no such file"),
     ('<a href="#gone">b</a>', "the link to #gone finds no such place"),
     ('<a href="http://x.org">b</a>', "the link to http://x.org is no https address"),
     ('<i id="p"></i><b id="p"></b>', "the place #p is there twice"),
     ('<img src="data:image/png;base64,AA">', "the picture data:image/png;base64,AA has no alt text"),
     ('<div data-numbers="1a"></div>', "the link to numbers/1a.js finds no such file")],
)  # fmt: skip
def test_a_broken_link_is_named(tmp_path, body, said):
    (tmp_path / "a.html").write_text(body)
    assert links.dead_links(tmp_path) == [f"a.html: {said}"]


def test_a_folder_with_other_files_is_not_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds files that are not of an earlier site"):
        site.build(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


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
