"""Formulas as MathML, which browsers draw themselves: no script, no font, no network.

latex2mathml does the translation; what it leaves as MathML 3 is written here as MathML Core, which browsers know.
"""

import functools
import re
from typing import Any
from xml.etree import ElementTree

MATHML = "http://www.w3.org/1998/Math/MathML"
MI, MO, MSUB = (f"{{{MATHML}}}{name}" for name in ("mi", "mo", "msub"))
SCRIPTS = {f"{{{MATHML}}}{name}" for name in ("msub", "msup", "msubsup")}
FUNCTIONS = {"cos", "exp", "ln", "log", "max", "sin", "tanh"}
OPEN = {"(", "[", "=", ",", "≈"}
ARGUMENTS = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "mroot": 2, "msubsup": 3, "munderover": 3}
SPACES = {  # named widths are no longer part of MathML; in units of 1/18 em
    "thinmathspace": "0.167em",
    "mediummathspace": "0.222em",
    "thickmathspace": "0.278em",
    "negativethinmathspace": "-0.167em",
}


@functools.cache
def to_mathml(latex: str, display: bool = False) -> str:
    r"""One formula, such as r"\tfrac12 x", as a `<math>` element; `display`: on a line of its own.

    Colours given by `\color` stay. Raises ValueError for what latex2mathml does not know, so that no raw TeX is shown.
    """
    from latex2mathml.converter import convert

    try:
        made = convert(latex.strip(), display="block" if display else "inline")
        root = ElementTree.fromstring(made)
    except Exception as error:  # latex2mathml has many kinds, some without words
        raise ValueError(f"The formula {latex.strip()!r} cannot be shown: {type(error).__name__} {error}") from None
    if any(len(element) != ARGUMENTS.get(element.tag.split("}")[1], len(element)) for element in root.iter()):
        raise ValueError(f"The formula {latex.strip()!r} cannot be shown: a command lacks an argument")
    left = sorted({text for e in root.iter() if (text := e.text or "") and re.search(r"\\[A-Za-z]", text)})
    if left:
        raise ValueError(f"The formula {latex.strip()!r} has commands that cannot be shown: {', '.join(left)}")
    for element in root.iter():
        _to_core(element)
    ElementTree.register_namespace("", MATHML)
    return ElementTree.tostring(root, encoding="unicode")


def _to_core(element: Any) -> None:
    """Changes one element, in place: widths in em, brackets, signs, names of functions and words as TeX sets them."""
    children = list(element)
    if element.get("width") in SPACES:
        element.set("width", SPACES[element.get("width")])
    if element.get("minsize"):
        element.set("stretchy", "true")
    elif element.tag == MO and element.text == "‖":
        element.set("stretchy", "false")
    letters = [e for e in children if e.tag == MI and e.get("mathvariant") == "normal"]
    if len(letters) > 1 and len(letters) == len(children):
        letters[0].text = "".join(e.text or "" for e in letters)
        letters[0].attrib.pop("mathvariant")  # an <mi> of several letters is upright
        for other in letters[1:]:
            element.remove(other)
        return
    for n, script in enumerate(children):
        if script.tag in SCRIPTS and script[0].get("minsize"):  # the bracket alone stands in it: its pair goes in, too
            begin = max((i for i in range(n) if children[i].get("minsize") == script[0].get("minsize")), default=n)
            group = ElementTree.Element(f"{{{MATHML}}}mrow")
            group.extend([*children[begin:n], script[0]])
            script[0] = group
            for one in children[begin:n]:
                element.remove(one)
            return _to_core(element)
    for before, child in zip([None, *children], children, strict=False):
        if child.tag == MO and child.text == "−" and before is not None and before.tag == MO and before.text in OPEN:
            child.set("form", "prefix")
        if before is not None and before.tag == MI and before.text in FUNCTIONS and child.tag in (MI, MSUB):
            element.insert(list(element).index(child), ElementTree.Element(f"{{{MATHML}}}mspace", width="0.167em"))
