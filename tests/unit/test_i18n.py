"""Text of any language: what is marked is shown in it, places are values, and a catalogue keeps them."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import polib
import pytest

import course
from course_kit import files, i18n
from course_kit.i18n import catalogues as spoken
from course_kit.i18n import remarks
from course_tools.authoring import sources
from course_tools.translation import catalogues, english, notebooks, units
from course_tools.translation.units import Unit

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
TOML = 'name = "Ŝ"\nfolder = "xx"\ntag = "xx"\nplural = "nplurals=2; plural=n%2;"\nfonts = ""\nbetween = ""\n'


@pytest.fixture
def language(tmp_path, monkeypatch):
    """A language "xx" whose kit.po is what the test writes -> a function of its text, or bytes, that writes it."""

    def write(text):
        folder = tmp_path / "xx" / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "xx.toml").write_text(TOML, "utf-8")
        (folder / "kit.po").write_bytes(text if isinstance(text, bytes) else (HEAD + text).encode())

    monkeypatch.setattr(spoken, "FOLDER", tmp_path)
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    for cached in (spoken.languages, spoken.speech, spoken.lesson, spoken.table):
        cached.cache_clear()
    yield write
    i18n.use("en")
    for cached in (spoken.languages, spoken.speech, spoken.lesson, spoken.table):
        cached.cache_clear()


def test_places_contexts_and_plural_forms(language):
    assert (
        i18n.t("{a} of {b}, {c}", a=1, b="{a}") == "1 of {a}, {c}" and i18n.tn("{n} word", "{n} words", 1) == "1 word"
    )
    language('msgid "{a} of {b}"\nmsgstr "{b}: {a}"\n\nmsgctxt "side"\nmsgid "right"\nmsgstr "R"\n\n'
             'msgid "{n} word"\nmsgid_plural "{n} words"\nmsgstr[0] "{n} W"\nmsgstr[1] "W {n}"\n')  # fmt: skip
    i18n.use("xx")
    assert i18n.t("{a} of {b}", a="of {b}", b=2) == "2: of {b}"
    assert (i18n.t("right", context="side"), i18n.t("right"), i18n.t("new {x}", x=1)) == ("R", "right", "new 1")
    assert (i18n.tn("{n} word", "{n} words", 2), i18n.tn("{n} word", "{n} words", 3)) == ("2 W", "W 3")
    assert i18n.sentences("a", "", "b") == "ab"


def test_what_is_not_translated_is_english(language):
    language('msgid "yes"\nmsgstr "ja"\n\n#, fuzzy\nmsgid "no"\nmsgstr "nein"\n\nmsgid "so"\nmsgstr ""\n')
    i18n.use("xx")
    assert [i18n.t(text) for text in ("yes", "no", "so", "why")] == ["ja", "no", "so", "why"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('msgid "yes"\nmsgstr "ja"\n\nmsgid "half\n', "kit.po, line 7: "),  # cut off
        ('msgid "yes"\nmsgstr "ja"\n\nmsgid "no"\nmsgstr ""\n', "missing in kit.po, line 7: no"),
        ('msgid "yes"\nmsgstr "ja"\n\nmsgid "{a} of"\nmsgstr "von"\n', "kit.po, line 7: {a} of the English is missing"),
        ('#, fuzzy\nmsgid "yes"\nmsgstr "ja"\n', "fuzzy in kit.po, line 4: yes"),
        (HEAD.encode() + 'msgid "yes"\nmsgstr "für"\n'.encode("latin-1"), "kit.po, line 5: this is not UTF-8"),
        (None, "There is no locale/fr.toml; there are: xx."),
    ],
)
def test_the_command_names_file_and_line_and_loses_nothing(language, monkeypatch, capsys, text, said):
    language(text or "")
    file = spoken.paths("xx")[0]
    before = file.read_bytes()
    monkeypatch.setattr(catalogues, "expected", lambda name: {Unit(one): [("a.py", "3")] for one in ("yes", "no")})
    broken = "not UTF-8" in said or said.startswith("kit.po, line 7: ") and "{a}" not in said
    if text is None or broken:
        for more in ({"check": True}, {"catalogue": True}):
            with pytest.raises(ValueError, match=re.escape(said)):
                notebooks.run(["kit"], to="xx" if text else "fr", **more)
        assert file.read_bytes() == before
    else:
        assert notebooks.run(["kit"], to="xx", check=True) == 1 and capsys.readouterr().out.count(said) == 1
        notebooks.run(["kit"], to="xx", catalogue=True)
        assert 'msgstr "ja"' in file.read_text("utf-8")


def test_an_unknown_language_is_said_and_english(monkeypatch, capsys):
    with pytest.raises(ValueError, match="'fr'; the course has 'en', 'zh'"):
        i18n.use("fr")
    monkeypatch.setenv("COURSE_LANGUAGE", "fr")
    monkeypatch.setitem(i18n._state, "language", None)
    assert i18n.t("as it is") == "as it is" and "COURSE_LANGUAGE: language is 'fr'" in capsys.readouterr().err
    i18n.use("en")


WALK = """
import json
from unit import pseudo
pseudo.install()
from helpers import scenes
from course_kit.exercises import registry, judge
def told(view):
    view, more = getattr(view, "view", view), []
    for control in view.controls:
        words = control.get("words") or {}
        more += [control.get("label", ""), *(words.values() if isinstance(words, dict) else words)]
    texts = [view.title, view.caption, view.describe(), *view.table().header, *more]
    return [text for text in texts if isinstance(text, str)]
shown = {name: told(make()) for name, make in scenes.VIEWS.items()}
found = {name: [word for text in texts for word in pseudo.english(text)] for name, texts in shown.items()}
exercise = registry.find("gaussian kernel")
wrong = [*(one.answer for one in exercise.wrong), lambda distance, width=1.0: None]
for i, wrong in enumerate(wrong):
    verdict = judge.judge(exercise, wrong)
    found[f"verdict {i}"] = pseudo.english(verdict.text)
found["task"] = [word for text in (exercise.task, *exercise.hints) for word in pseudo.english(text)]
found["data"] = [view.options["names"] for view in [scenes.VIEWS["softmax"]()]]
found["planted"] = pseudo.english(pseudo.i18n.t("Not marked") + pseudo.pseudo(" it is marked"))
pseudo.i18n.use("en")
found["as at the import"] = [text for make in scenes.VIEWS.values() for text in told(make()) if "ŵŵ" in text]
print(json.dumps(found))
"""
GIVEN = """agreement European Economic Area August signed accord sur zone apples eating green animal didn street the The
Cleo cross because was too tired cat sat mat Where does curve down bites dog man old sin cos Chinese GPT one asks width
with decoder encoder after before top exp NaN inf log dim torch near far activated additive based biased concat deep dot
feature general generalized kernel location scaled similarity"""  # by the scenes; names of functions and of scores


def test_each_word_of_a_view_and_of_a_verdict_is_marked():
    """In a language made of English by a function, which knows what is extracted; what nobody extracts is planted. A
    view that is made in another language than that of the import speaks the other one."""
    folder = Path(__file__).parents[1]
    environment = {"PYTHONPATH": f"{folder}:{folder.parent}", "OMP_NUM_THREADS": "1", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", WALK], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("planted") == ["Not", "marked"] and found.pop("data") == [["cat", "sat", "mat"]]
    assert {name: left for name, words in found.items() if (left := sorted(set(words) - set(GIVEN.split())))} == {}


def test_a_text_has_one_translation_where_it_has_one_context():
    found = {}
    for path in spoken.paths("zh"):
        if spoken.MARKED.fullmatch(path.stem):
            for one in filter(polib.POEntry.translated, spoken.read(path)):
                found.setdefault((one.msgctxt, one.msgid), set()).add((one.msgstr, *one.msgstr_plural.values()))
    assert {key: said for key, said in found.items() if len(said) > 1} == {} and len(found) > 1000


def test_printed_columns_are_padded_by_how_wide_their_words_stand():
    name = i18n.InColumns("无")
    assert (f"{name:4}|", f"{name:1}|", f"{name}|") == ("无  |", "无|", "无|")


def test_units_of_markdown_leave_formulas_code_anchors_and_comments_outside():
    text = '## A title\n<a id="x"></a>\n- one $x$ `y`\n\n$$ a = b $$\n\n| ab cd | 1 |\n|---|---|\n'
    text += "```\ncode here\n```\n<!-- source: X -->"
    assert units.of_markdown(text) == ["A title", "one $x$ `y`", "ab cd"]
    assert units.rewrite_markdown(text, lambda unit: f"«{unit}»").count("«") == 3
    assert (
        units.rewrite_markdown("## A title (not in class)", lambda unit: f"«{unit}»") == "## «A title» (not in class)"
    )
    remark = (
        "```python\ndef f(x):  # %s\n    return x  # [T, D]\n```\n```text\nx    [1]\nf    %s\n```"  # what a block says
    )
    assert units.rewrite_markdown(remark % ("what it is", "moves each one"), str.upper) == remark % (
        "WHAT IT IS",
        "MOVES EACH ONE",
    )
    braces = "$$ n_\\text{eff} = \\underbrace{x}_{\\text{as it was }i} $$"  # words beneath a brace are a text
    assert units.rewrite_markdown(braces, str.upper) == braces.replace("as it was", "AS IT WAS")
    example = "```text\nwords after it  n o r\nf               the layer x → 10 x\ng               a layer: (a, b)\n```"
    assert units.of_markdown(example) == ["a layer: (a, b)", "the layer x → 10 x", "words after it"]
    commands = '```sh\nmake lab   # to learn: all of it\ncd a/#b\n```\n<img src="x.png" alt="a cow">'
    assert units.of_markdown(commands) == ["a cow", "to learn: all of it"]


def test_of_a_cell_that_is_read_comments_docstrings_and_what_is_printed_may_differ():
    code = 'def f(x):\n    """what it does\n    and how"""\n    y = "# no"  # why\n'
    code += '    print(f"so {x} is", x, "it")  # [2]\n'
    cell = nbformat.v4.new_code_cell(code)
    assert units.of_comments(cell) == ["what it does", "and how", "why", "so {x} is", "it"]
    said = {"what it does": "A", "and how": "B", "why": "C", "so {x} is": "« {x} »", "it": "E"}
    made = units.rewrite_comments(cell, said.__getitem__)
    assert made == 'def f(x):\n    """A\n    B"""\n    y = "# no"  # C\n    print(f"« {x} »", x, "E")  # [2]\n'
    cell.metadata = {"jupyter": {"source_hidden": True}}
    assert units.rewrite_comments(cell, said.__getitem__) == made
    cell.metadata = {"tags": ["asserts"]}
    assert units.rewrite_comments(cell, said.__getitem__) == code


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('print("so {:.0%}, not {}".format(*both), "a" if x else "bad", *(f"{n} of" for n in x))',
         ["so {:.0%}, not {}", "bad", "{n} of"]),
        ('print({x: f"{n} of" for x in y})', ["{n} of"]),
        ('def exam(x):\n    return f"{x} of them"', ["{x} of them"]),
        ('plot.lines(x, title=f"Means of {n}", label=name[f"key {n}"])', ["Means of {n}"]),
        ('for name, x in {"all of": a, "some": b}.items():\n    print(f"{name:9} {x}")', ["all of", "some"]),
        ('for kind in ["rotary", "none"]:\n    print(kind, models[kind])', []),
        ('print(told("the cat"), names["cat"])', []),
        ('print(f"{x}: {y}", f"{n} s.", f"{x} {y}", f"({x})")', ["{x}: {y}", "{n} s.", "({x})"]),
        ('print("all", ", ".join(x), sep=" · ")', ["all", ", "]),
    ],
)  # fmt: skip
def test_what_a_cell_prints_is_text_and_what_it_computes_with_is_not(code, found):
    assert units.of_comments(nbformat.v4.new_code_cell(code)) == found


@pytest.mark.parametrize(
    "code",
    ['for name, x in {"all of": a, "some": b}.items():\n    print(from_cell(name), y[name])',
     'x = {"all of": a}\nfor name, n in (x | {"some": b}).items():\n    print(f"{from_cell(name):9} {n}")',
     'x = {from_cell(one): n for one, n in zip(("all of", "some"), y, strict=True)}',
     'x = {kind: f(kind) for kind in ("all of", "some")}\nprint(*(from_cell(kind) for kind in x))'],
)  # fmt: skip
def test_a_name_that_is_also_a_key_is_in_the_catalogue_and_stays_in_the_code(code):
    cell = nbformat.v4.new_code_cell(code)
    assert [*units._texts(cell, set())] == ["all of", "some"]
    assert units.of_comments(cell) == []


def test_what_is_marked_in_python_templates_and_scripts_is_extracted(tmp_path):
    (tmp_path / "a.py").write_text(
        't("one {x}", x=f"{y}")\ntn("{n} a", "{n} b", 2)\nt("right", context="side")\nmark("id")\n'
    )
    assert [u for _, u in units.READ[".py"](tmp_path / "a.py")] == [
        Unit("one {x}"), Unit("{n} a", "{n} b"), Unit("right", "", "side"), Unit("id")]  # fmt: skip
    (tmp_path / "a.js").write_text(
        't("one {x}", { x: f(1, tc("side", "right")) });\ntn("{n} a", "{n} b", 2)\nit.t("no"); tc("side", name);\n'
    )
    assert [u for _, u in units.READ[".js"](tmp_path / "a.js")] == [
        Unit("one {x}"), Unit("right", "", "side"), Unit("{n} a", "{n} b")]  # fmt: skip
    (tmp_path / "a.j2").write_text("{% trans n=3 %}<b>{{ n }}</b> lines{% endtrans %}")
    assert [u for _, u in units.READ[".j2"](tmp_path / "a.j2")] == [Unit("<b>%(n)s</b> lines")]


@pytest.mark.parametrize(
    ("text", "said", "wrong"),
    [("$x$ and `y` in 3 %", "3% 的 $x$ 和 `y`", []), ("$x$ and `y`", "`y`", ["$x$ of the English is missing"]),
     (r"$x\text{ so}$", r"$x\text{ 如此}$", []),
     ("{a} of {b}", "{b} 中的 {b}", ["{a} of the English is missing", "{b} is not in the English"]),
     ("0.9 or 12", "0.8 或 12", ["number 0.9", "number 0.8"]),
     ("[a](b.ipynb#c)", "[甲](b.ipynb)", ["](b.ipynb#c) of", "](b.ipynb) is not"]),
     ("117 million, 2B", "1.17 亿（117M），20 亿", []), ("15 trillion, 12 thousand", "15 万亿，1.2 万", []),
     ("1.5 billion", "1.5 亿", ["number 1500000000", "number 150000000 is"]),
     ("117M", "1.17 亿（17M）", ["number 17000000"]), ("in 3 MB, as 2 B C", "占 3 MB，2 B C", []),
     ("**a:** b", "**甲：**乙", ["**甲：** open"])],
)  # fmt: skip
def test_what_a_translation_may_not_lose(text, said, wrong):
    found = catalogues.differences(text, said)
    assert len(found) == len(wrong) and all(any(one in sentence for sentence in found) for one in wrong)


def test_a_word_that_the_course_does_not_use_for_a_thing_is_named():
    terms = [["批次", "", "批量"], ["遮住", r"\bcover", "盖住"]]
    assert catalogues.wrong_terms("a batch", "一个批次", terms) == ["批次: the course says 批量"]
    assert catalogues.wrong_terms("Cover a word.", "遮住一个词。", terms) == ["遮住: the course says 盖住"]
    assert catalogues.wrong_terms("a masked score", "被遮住的得分", terms) == []
    own = spoken.languages()["zh"]["terms"]
    assert own and not [ours for twin, _, ours in own if re.search(twin, ours)]


def test_a_changed_sentence_is_fuzzy(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "path", lambda name, language: tmp_path / f"{name}.po")
    monkeypatch.setattr(catalogues, "expected", lambda name: {Unit("A key has one value, always."): [("x.md", "1")]})
    (tmp_path / "x.po").write_text(HEAD + 'msgid "A key has one value."\nmsgstr "一个键有一个值。"\n', "utf-8")
    (entry,) = catalogues.update("x", "zh")
    assert entry.fuzzy and entry.previous_msgid == "A key has one value."
    assert notebooks._said("A key has one value, always.", {catalogues.unit_of(entry): entry}) == entry.msgid


def test_english_in_a_page_is_found_but_not_in_code_and_quotations():
    made = "<p>中文 three english words here</p><code>in code it stays</code><p>“what was it now”</p>"
    output = nbformat.v4.new_output("display_data", {"text/html": made})
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    assert list(english.untranslated(nbformat.v4.new_notebook(cells=[cell]))) == [
        "cell 1: English in what it shows: three english words here"]  # fmt: skip
    cell.outputs = [nbformat.v4.new_output("stream", text="token  1：2\nsofa  2\n")]  # the one has a Chinese word
    assert list(english.untranslated(nbformat.v4.new_notebook(cells=[cell]), "zh")) == [
        "cell 1: English in what it shows: token"]  # fmt: skip


def test_a_chapter_that_nobody_has_translated_is_not_there_yet(tmp_path, monkeypatch):
    """And the texts that it marks are wanted all the same."""
    for path in ("source/09_a.py", "source/10_tiny.py", "09_a.ipynb", "10_tiny.ipynb", "zh/09_a.ipynb"):
        (tmp_path / "notebooks" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "notebooks" / path).touch()
    (tmp_path / "chapters" / "ch10").mkdir(parents=True)
    (tmp_path / "chapters" / "ch10" / "__init__.py").write_text('t("a tiny one")\n')
    monkeypatch.setattr(files, "course_folder", lambda: tmp_path)
    assert (sources.built(), sources.built("zh")) == (["09_a", "10_tiny"], ["09_a"])
    with pytest.raises(ValueError, match=r"zh/10_tiny.ipynb is not there yet"):
        sources.built("zh", ["10"])
    assert "ch10" in catalogues.names() and [unit for *_, unit in units.of_room("ch10")] == [Unit("a tiny one")]


@pytest.mark.parametrize("name", sources.built("zh"))
def test_a_chinese_page_shows_no_english(name):
    assert not list(english.untranslated(nbformat.read(sources.folder() / "zh" / f"{name}.ipynb", as_version=4), "zh"))


@pytest.mark.parametrize("name", sources.names())
def test_a_text_said_as_it_is_is_itself(name):
    notebook = nbformat.read(sources.folder() / f"{name}.ipynb", as_version=4)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert [units.rewrite_markdown(text, lambda unit: unit) for text in texts] == texts
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [units.rewrite_comments(cell, lambda unit: unit) for cell in codes] == [cell.source for cell in codes]


@pytest.mark.parametrize("name", catalogues.names())
def test_what_is_translated_keeps_numbers_formulas_and_places(name):
    assert catalogues.problems(name, "zh") == []


@pytest.mark.parametrize("path", sorted(files.course_folder().glob("chapters/*/kept/*.py")), ids=lambda path: path.stem)
def test_a_kept_file_says_in_chinese_what_it_says_and_computes_the_same(path, speak):
    assert remarks.spoken(source := path.read_text("utf-8")) == source
    speak("zh")
    chinese = remarks.spoken(source)
    assert without_words(chinese) == without_words(source)
    said = [chinese[slice(*place)] for place in (*remarks.places(chinese), *remarks.sentence_spans(chinese))]
    left = [one for one in said if re.search("[a-z]{3} [a-z]{3} [a-z]{3}", re.sub(r"\{[^{}]*\}|`[^`]*`", "", one))]
    assert not [one for one in left if not re.match("exercise|python -m|pip |.*[=(]", one)]


def without_words(code):
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values = sorted((one for one in node.values if isinstance(one, ast.FormattedValue)), key=ast.dump)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search("[ \n.\u2e80-\uffff]", node.value)
        ):
            node.value = ""
    return ast.dump(tree)


def test_the_help_of_the_command_is_in_the_language_in_use(capsys, speak):
    speak("zh")
    with pytest.raises(SystemExit):
        course.main(["problem", "--help"])
    assert not re.findall(r"[a-z]{2,} [a-z]{2,}", capsys.readouterr().out.replace("course problem", ""))
