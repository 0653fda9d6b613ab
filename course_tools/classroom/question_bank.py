"""Question banks made of the notebooks, with a word for each answer: `course questions`.

Of each notebook its guesses; its lines to keep, of which one chooses the end; its glossary, of which one chooses the
term. What is right is what the notebook has, so no key can be wrong: the ends of other lines and the other terms are
the answers beside it. COURSE_LANGUAGE chooses the language.

    questions/qti.zip       QTI 1.2, an object bank with its manifest: Canvas, Settings → Import Course Content
    questions/moodle.xml    Moodle XML: Question bank → Import

A bank for each notebook. Made after the IMS specification of QTI 1.2.1 and docs.moodle.org "Moodle XML format"; neither
was tried on a running platform.
"""

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import nbformat

from course_kit.i18n import current, from_cell, t, use
from course_kit.i18n.catalogues import languages
from course_tools.authoring import sources
from course_tools.authoring.markup import numbered, spoken

from .assignments import write_for_user
from .plans import Guess, guesses

QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
TERM = re.compile(r"^\| \[(.+?)\]\(#.+?\) \| (.+?) \| (.+?) \|$", re.M)  # a row of a glossary
MARK = re.compile(r"[,.;:] |[，。；：](?!$)")
MANIFEST = "http://www.imsglobal.org/xsd/imscp_v1p1"
DATE = (1980, 1, 1, 0, 0, 0)  # of what is packed: the same file each time


def run(names: list[str], out: str = "questions") -> int:
    """The command -> exit status. Raises ValueError where there is no such notebook, or nothing can be written."""
    found, folder = banks(names, os.environ.get("COURSE_LANGUAGE", "en")), Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    write_for_user(folder / "moodle.xml", moodle(found), "--out FOLDER")
    with zipfile.ZipFile(folder / "qti.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in qti(found).items():
            packed.writestr(zipfile.ZipInfo(name, DATE), text)
    count = sum(map(len, found.values()))
    print(f"{count} questions of {len(found)} notebooks: {folder / 'qti.zip'} (Canvas), {folder / 'moodle.xml'}.")
    return 0


def banks(names: list[str], to: str = "en") -> dict[str, list[Guess]]:
    """Name of a notebook -> its questions that have a right answer. names: or beginnings of them; without: all."""
    before, asked = current(), {}
    try:
        for name in sources.built(to, names):
            use(to, name)
            asked[name] = list(_questions(name, to))
    finally:
        use(before)
    return {name: found for name, found in asked.items() if found}


def _questions(name: str, to: str) -> Iterator[Guess]:
    cells = nbformat.read(sources.folder(to) / f"{name}.ipynb", as_version=4).cells
    yield from (one for one in guesses(cells, from_cell) if one.right is not None)
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    kept = [line for cell in cells if "lines" in sources.tags(cell) for line in numbered(cell.source)]
    lines = [spoken(line) for line in kept if "\\" not in line]  # no platform shows TeX
    cuts = [(line, at) for line in lines if (at := _middle(line))]
    for number, (line, at) in enumerate(cuts):
        question = t("How does this line to keep go on? “{line} …”", line=line[:at].strip())
        yield _chosen(question, number, [one[cut:] for one, cut in cuts], [one for one, _ in cuts])
    column = languages()[to]["glossary"] if to != "en" else 0
    terms = [(row[column], spoken(row[2])) for text in texts for row in TERM.findall(text)]
    for number, (_, about) in enumerate(terms):
        answers, reasons = [term for term, _ in terms], [": ".join(one) for one in terms]
        yield _chosen(t("Which term does the glossary explain with “{about}”?", about=about), number, answers, reasons)


def _middle(line: str) -> int:
    """Where a line is cut in two: behind the mark nearest to its middle; 0 if it has no mark inside."""
    return min((mark.end() for mark in MARK.finditer(line)), key=lambda end: abs(end - len(line) / 2), default=0)


def _chosen(question: str, number: int, answers: list[str], reasons: list[str]) -> Guess:
    """A question whose right answer is that of this number, beside three of the others, which come after it."""
    near = [(number + step) % len(answers) for step in range(min(4, len(answers)))]
    place = number % len(near)
    near = near[1 : place + 1] + near[:1] + near[place + 1 :]  # some platforms do not shuffle
    return Guess(question, [answers[one] for one in near], place, [reasons[one] for one in near])


def moodle(banks: dict[str, list[Guess]]) -> str:
    """A category for each notebook, a multiple-choice question with one right answer for each Guess."""
    quiz = Element("quiz")
    for bank, found in banks.items():
        category = SubElement(SubElement(quiz, "question", type="category"), "category")
        SubElement(category, "text").text = f"$course$/top/Attention/{bank}"
        for number, one in enumerate(found, 1):
            question = SubElement(quiz, "question", type="multichoice")
            SubElement(SubElement(question, "name"), "text").text = f"{bank}_{number}"
            SubElement(SubElement(question, "questiontext", format="plain_text"), "text").text = one.question
            for tag, text in [("defaultgrade", "1"), ("single", "true"), ("shuffleanswers", "true")]:
                SubElement(question, tag).text = text
            for i, (text, reason) in enumerate(zip(one.answers, one.reasons, strict=True)):
                fraction = "100" if i == one.right else "0"
                answer = SubElement(question, "answer", fraction=fraction, format="plain_text")
                SubElement(answer, "text").text = text
                SubElement(SubElement(answer, "feedback", format="plain_text"), "text").text = reason
    return _xml(quiz)


def qti(banks: dict[str, list[Guess]]) -> dict[str, str]:
    """The files of a content package: name -> text. One object bank for each notebook, and the manifest."""
    made = {f"{name}.xml": _bank(name, found) for name, found in banks.items()}
    manifest = Element("manifest", identifier="attention", xmlns=MANIFEST)
    metadata = SubElement(manifest, "metadata")
    SubElement(metadata, "schema").text = "IMS Content"
    SubElement(metadata, "schemaversion").text = "1.1.3"
    SubElement(manifest, "organizations")
    resources = SubElement(manifest, "resources")
    for name in made:
        bank = f"bank_{Path(name).stem}"
        entry = SubElement(resources, "resource", identifier=bank, type="imsqti_xmlv1p2", href=name)
        SubElement(entry, "file", href=name)
    return {"imsmanifest.xml": _xml(manifest), **made}


def _bank(name: str, found: list[Guess]) -> str:
    root = Element("questestinterop", xmlns=QTI)
    bank = SubElement(root, "objectbank", ident=f"bank_{name}")
    _field(SubElement(bank, "qtimetadata"), "bank_title", f"Attention {name}")
    for number, one in enumerate(found, 1):
        item = SubElement(bank, "item", ident=f"{name}_{number}", title=f"{name}_{number}")
        _field(SubElement(SubElement(item, "itemmetadata"), "qtimetadata"), "question_type", "multiple_choice_question")
        presentation = SubElement(item, "presentation")
        _text(presentation, one.question)
        response = SubElement(presentation, "response_lid", ident="response1", rcardinality="Single")
        choices = SubElement(response, "render_choice", shuffle="Yes")
        for i, text in enumerate(one.answers):
            _text(SubElement(choices, "response_label", ident=f"a{i}"), text)
        processing = SubElement(item, "resprocessing")
        score = {"vartype": "Decimal", "varname": "SCORE", "minvalue": "0", "maxvalue": "100"}
        SubElement(SubElement(processing, "outcomes"), "decvar", score)
        for i, reason in enumerate(one.reasons):
            condition = SubElement(processing, "respcondition", **{"continue": "Yes"})
            SubElement(SubElement(condition, "conditionvar"), "varequal", respident="response1").text = f"a{i}"
            if i == one.right:
                SubElement(condition, "setvar", action="Set", varname="SCORE").text = "100"
            if reason:
                SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=f"a{i}_fb")
        for i, reason in enumerate(one.reasons):
            if reason:
                _text(SubElement(SubElement(item, "itemfeedback", ident=f"a{i}_fb"), "flow_mat"), reason)
    return _xml(root)


def _field(where: Element, label: str, entry: str) -> None:
    field = SubElement(where, "qtimetadatafield")
    SubElement(field, "fieldlabel").text = label
    SubElement(field, "fieldentry").text = entry


def _text(where: Element, text: str) -> None:
    SubElement(SubElement(where, "material"), "mattext", texttype="text/plain").text = text


def _xml(root: Element) -> str:
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
