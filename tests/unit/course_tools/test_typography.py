"""Curly quotes in prose, and nowhere else."""

import re

import pytest

from course_tools.authoring import sources
from course_tools.authoring.filling import read_source
from course_tools.authoring.typography import KEPT, curly


@pytest.mark.parametrize(
    ("typed", "read"),
    [('does "it" attend to "animal"?', "does “it” attend to “animal”?"),
     ('"First" and ("last")', "“First” and (“last”)"), ('**"bold"**, "*leaning*"', "**“bold”**, “*leaning*”"),
     ('| "it" |"its"|', "| “it” |“its”|"), ("the model's, didn't, qu'il", "the model’s, didn’t, qu’il"),
     ('"`code`" and "$x$"', "“`code`” and “$x$”"),
     ('<b style="color:#bf5f00">"it"</b> is', '<b style="color:#bf5f00">“it”</b> is'),
     ("[the model's](03_seq2seq.ipynb)", "[the model’s](03_seq2seq.ipynb)"), ("“already” it’s", "“already” it’s"),
     ("98 % of 7 %s, `5 %`", "98\u00a0% of 7 %s, `5 %`")],
)  # fmt: skip
def test_quotes_of_prose_are_curled(typed, read):
    assert curly(typed) == read
    assert curly(read) == read


@pytest.mark.parametrize(
    "kept",
    ["`x = 'a'` and ``y = \"`\"``", '```python\nprint("it\'s")\n```', "$f'(x)$ and $$g''$$", '<a id="tensor"></a>',
     '<!-- source: "it\'s" -->', "<pre>a \"b\"\n'c'</pre>", '[a page](https://example.org/it\'s?q="x")'],
)  # fmt: skip
def test_what_is_no_prose_is_kept(kept):
    assert curly(kept) == kept


def test_a_link_follows_the_heading_that_it_names():
    assert curly('## Don\'t say "it"') == "## Don’t say “it”"
    assert curly('[x](07_annex.ipynb#Don\'t-say-"it")') == "[x](07_annex.ipynb#Don’t-say-“it”)"
    assert curly("[x](#Don't)") == "[x](#Don’t)"


def test_all_quotes_of_the_course_come_in_pairs():
    seen = 0
    for name in sources.names():
        for cell in read_source(name).cells:
            if cell.cell_type != "markdown":
                continue
            for paragraph in KEPT.sub("", cell.source).split("\n\n"):
                quotes = re.findall('[“”"]', paragraph)
                assert quotes == ["“", "”"] * (len(quotes) // 2), f"{name}: {paragraph}"
                seen += len(quotes)
    assert seen > 100
