"""Of a cell's code what a class sees."""

from course_tools.classroom.presenting import excerpt

MODEL = """class Model(nn.Module):
    \"\"\"Doubles.\"\"\"

    def __init__(self, size, *, many):
        super().__init__()
        self.size = size

    def forward(self, x):
        \"\"\"x [B] -> [B]\"\"\"
        return 2 * x  # [B]"""


def lit(made):
    return [line.strip() for number, line in enumerate(made.code.splitlines()) if number in made.lit]


def test_words_and_imports_are_left_out():
    made = excerpt.excerpt(f"import torch\n\n\n{MODEL}")
    assert made.code.startswith("class Model(nn.Module):\n    def __init__") and "Doubles" not in made.code
    assert "import" not in made.code and "->" not in made.code


def test_the_lines_that_an_author_names_are_whole_statements():
    source = "a = 1\nb = max(\n    a,\n    2,\n)\nfor x in range(b):\n    print(x)"
    assert excerpt.excerpt(source, ["2,"]).lit == (1, 2, 3, 4)
    assert lit(excerpt.excerpt(source, ["for x"])) == ["for x in range(b):"]


def test_what_is_too_long_keeps_what_it_is_about():
    made = excerpt.excerpt(f"first = 1\n{MODEL}", ["2 * x"], most=5)
    assert made.code.splitlines() == [
        "class Model(nn.Module):",
        "    def __init__(self, size): …",
        "",
        "    def forward(self, x):",
        "        return 2 * x  # [B]",
    ]


def test_prints_are_left_out_where_their_output_is_not_seen_or_something_else_is_the_point():
    source = "a = 1 + 1\nfor one in [a]:\n    print(one)"
    assert excerpt.excerpt(source, ["1 + 1"], printed=1).code == excerpt.excerpt(source).code == "a = 1 + 1"
    assert excerpt.excerpt(source, printed=1).code == source


def test_what_is_no_python_is_shown_as_it_is():
    assert excerpt.excerpt("%run -m course doctor").code == "%run -m course doctor"


def test_html_has_a_line_for_each_line_and_marks_those_that_it_is_about():
    made = excerpt.coloured(excerpt.excerpt(MODEL, ["2 * x"]))
    assert made.count('class="line') == excerpt.excerpt(MODEL).lines and made.count('class="line lit"') == 1
    assert "lifted" in made and "lifted" not in excerpt.coloured(excerpt.Excerpt("a = 1"))
