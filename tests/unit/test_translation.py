"""The course in another language: units, catalogues, notebooks. Nothing is run."""

import json

import nbformat
import polib
import pytest

from course_kit import language
from course_tools.authoring import sources
from course_tools.translation import catalogues, notebooks, units

ZH = {"{0} of {1} weights": "{1} 个权重中的 {0} 个", "Not yet.": "还不对。", "it": "它", "Is it right?": "对吗？"}


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setattr(language, "catalogue", lambda to: ZH)
    language.use("zh")
    yield
    language.use("en")


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("Not yet.", "还不对。"),
        ("3 of 4 weights", "4 个权重中的 3 个"),
        ("it of 4 weights", "4 个权重中的 它 个"),  # what is filled in is looked up, too
        ("· Not yet. ", "· 还不对。 "),
        ("Is it right? Not yet.", "对吗？还不对。"),
        ("Is it right? Who knows?", "对吗？Who knows?"),
        ("nothing", "nothing"),
    ],
)
def test_words_are_looked_up_whole_as_templates_and_by_sentence(chinese, english, said):
    assert language.words(english) == said


def test_html_keeps_its_tags_its_code_and_what_is_preformatted(chinese):
    made = '<p class="course-x" title="Not yet.">✗ <b>Not yet.</b></p><pre>Not yet.</pre>'
    assert language.text(made) == made.replace('"Not yet."', '"还不对。"').replace("<b>Not yet.", "<b>还不对。")


def test_a_spec_keeps_its_values_and_names(chinese):
    given = {"kind": "it", "title": "Not yet.", "state": {"a": "Not yet."}, "tokens": ["it"], "controls": []}
    given["controls"] = [{"name": "it", "kind": "choice", "options": ["Not yet."], "label": "Not yet."}]
    told = language.spec(given)
    assert (told["title"], told["state"], told["tokens"]) == ("还不对。", given["state"], ["it"])
    assert told["controls"] == [given["controls"][0] | {"label": "还不对。"}]
    assert told["table"] == {"Not yet.": "还不对。"}, "the page translates what the reader can choose"


def test_a_language_that_is_not_there():
    with pytest.raises(ValueError, match="'fr'; the course has 'en', 'zh'"):
        language.use("fr")


def test_units_of_markdown_leave_formulas_code_anchors_and_comments_outside():
    text = '## A title\n<a id="x"></a>\n- one $x$ `y`\n\n$$ a = b $$\n\n| ab cd | 1 |\n|---|---|\n'
    text += "```\ncode here\n```\n<!-- source: X -->"
    assert units.of_markdown(text) == ["A title", "one $x$ `y`", "ab cd"]
    assert units.rewritten(text, lambda unit: f"«{unit}»").count("«") == 3


def test_strings_of_code_that_readers_see():
    code = 'def f():\n    "docstring here"\n    show(title="Why?", label=f"{len(x)} of {y:.2f} keys")\n'
    code += '    raise ValueError("a b")\n'
    assert [text for _, text in units.of_code(code)] == ["Why?", "{0} of {1} keys"]


@pytest.mark.parametrize(
    ("english", "said", "wrong"),
    [
        ("$x$ and `y` in 3 %", "3% 的 $x$ 和 `y`", []),
        ("$x$ and `y`", "`y`", ["$x$ of the English is missing"]),
        ("{0} of {1}", "{1} 中的 {1}", ["{0} of the English is missing", "{1} is not in the English"]),
        ("0.9 or 12", "0.8 或 12", ["number 0.9", "number 0.8"]),
        ("[a](b.ipynb#c)", "[甲](b.ipynb)", ["](b.ipynb#c) of", "](b.ipynb) is not"]),
    ],
)
def test_what_a_translation_may_not_lose(english, said, wrong):
    found = catalogues.lost(english, said)
    assert len(found) == len(wrong) and all(any(one in sentence for sentence in found) for one in wrong)


def test_a_changed_sentence_is_fuzzy_and_a_broken_catalogue_names_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(language, "folder", lambda: tmp_path)
    monkeypatch.setattr(catalogues, "folder", lambda: tmp_path)
    monkeypatch.setattr(catalogues, "wanted", lambda name: {"A key has one value, always.": [("x.md", "1")]})
    file = catalogues.path("x", "zh")
    file.parent.mkdir(parents=True)
    old = polib.POFile()
    old.append(polib.POEntry(msgid="A key has one value.", msgstr="一个键有一个值。"))
    old.save(str(file))
    assert not catalogues.in_step("x", "zh")
    (entry,) = catalogues.update("x", "zh")
    assert (
        catalogues.in_step("x", "zh")
        and entry.fuzzy
        and entry.msgstr
        and entry.previous_msgid == "A key has one value."
    )
    entry.flags, entry.msgid = [], "A key has {0}"
    bad = polib.POFile()
    bad.append(entry)
    bad.save(str(file))
    with pytest.raises(catalogues.CatalogueError, match=r"x\.po, line \d+: \{0\} of the English is missing"):
        catalogues.merged("zh", ["x"])
    file.write_bytes('msgid "\u4e2d"'.encode("gbk"))
    with pytest.raises(catalogues.CatalogueError, match="x.po.*UTF-8"):
        catalogues.read("x", "zh")


@pytest.mark.parametrize("name", sources.names())
def test_the_chinese_notebook_is_in_step(name):
    """Said as it is, a text is itself; the committed one is what the catalogue says, with the same code and numbers.
    Where the English is newer than its catalogue, `make check LANG=zh` says so, and no test fails: who mends an
    English sentence, or adds a chapter, need not know Chinese."""
    english = nbformat.read(sources.folder() / f"{name}.ipynb", as_version=4)
    texts = [cell.source for cell in english.cells if cell.cell_type == "markdown"]
    assert [units.rewritten(text, lambda unit: unit) for text in texts] == texts
    if not catalogues.in_step(name, "zh"):
        pytest.skip(f"the English is newer: make notebooks LANG=zh ARGS={name}")
    assert notebooks.drift(name, "zh") == []
    chinese = nbformat.read(notebooks.where("zh") / f"{name}.ipynb", as_version=4)
    code = [[c.source.replace('language="zh"', "") for c in n.cells if c.cell_type == "code"]
            for n in (english, chinese)]  # fmt: skip
    assert code[0] == code[1] and [c.id for c in english.cells] == [c.id for c in chinese.cells]


def test_the_chinese_readme_is_in_step():
    if not catalogues.in_step("readme", "zh"):
        pytest.skip("the English is newer: make notebooks LANG=zh ARGS=readme")
    assert notebooks.README["zh"].read_text("utf-8") == notebooks.readme("zh"), "make notebooks LANG=zh ARGS=readme"


@pytest.mark.parametrize("name", catalogues.names())
def test_what_is_translated_keeps_numbers_formulas_and_places(name):
    assert catalogues.problems(name, "zh") == []


def test_each_term_has_one_translation():
    """A term of the glossaries is translated by what its row says."""
    found = {}
    for name in sources.names():
        for cell in nbformat.read(sources.folder() / f"{name}.ipynb", as_version=4).cells:
            if "glossary" in sources.tags(cell):
                rows = [line.strip("|").split("|") for line in cell.source.splitlines() if line.startswith("|")]
                for english, chinese, *_ in (row for row in rows[2:] if row[1].strip()):
                    found.setdefault(english.strip().partition("](")[0].strip("["), set()).add(chinese.strip())
    assert {term: said for term, said in found.items() if len(said) > 1} == {}
    assert len(json.dumps(sorted(found))) > 1000
