"""The guesses of the notebooks as question banks, with the reason for each answer: `course questions`.

    questions/qti.zip       QTI 1.2, an object bank with its manifest: Canvas, Settings → Import Course Content
    questions/moodle.xml    Moodle XML: Question bank → Import

A bank for each notebook. The guesses are read from the executed notebooks, so what a class is asked is what the course
shows. Made after the IMS specification of QTI 1.2.1 and docs.moodle.org "Moodle XML format"; neither was tried on a
running platform.
"""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from course_kit import files

from .handing_in import write_for_user

DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.S)
QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
MANIFEST = "http://www.imsglobal.org/xsd/imscp_v1p1"
DATE = (1980, 1, 1, 0, 0, 0)  # of what is packed: the same file each time


@dataclass(frozen=True)
class Question:
    """One guess: its answers, which is right (from 0), and why each is or is not ("" where nothing is said)."""

    name: str
    text: str
    answers: list[str]
    right: int
    reasons: list[str]


def run(names: list[str], out: str = "questions") -> int:
    """The command -> exit status. Raises ValueError where there is no such notebook, or nothing can be written."""
    banks = {path.stem: questions(path) for path in notebooks(names)}
    banks = {name: found for name, found in banks.items() if found}
    if not banks:
        raise ValueError(f"no guess in {' '.join(names)}; needed: names of notebooks or their beginnings, such as 03")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    write_for_user(folder / "moodle.xml", moodle(banks), "--out FOLDER")
    with zipfile.ZipFile(folder / "qti.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in qti(banks).items():
            packed.writestr(zipfile.ZipInfo(name, DATE), text)
    count = sum(map(len, banks.values()))
    print(f"{count} questions of {len(banks)} notebooks: {folder / 'qti.zip'} (Canvas), {folder / 'moodle.xml'}.")
    return 0


def notebooks(names: list[str]) -> list[Path]:
    """The executed notebooks of these names, or beginnings of names; without: all."""
    found = sorted((files.course_folder() / "notebooks").glob("[0-9]*.ipynb"))
    return [path for path in found if path.name.startswith(tuple(names) or "")]


def questions(notebook: Path) -> list[Question]:
    """The guesses of a notebook that have a right answer, as they stand in its outputs."""
    found = []
    for cell in json.loads(notebook.read_bytes())["cells"]:
        for output in cell.get("outputs", []):
            for data in DATA.findall("".join(output.get("data", {}).get("text/html", ""))):
                shown = json.loads(data)[0]
                if shown["kind"] == "predict" and shown["answer"] >= 0:
                    because, count = shown["because"], len(shown["answers"])
                    right = shown["answer"]
                    reasons = because if isinstance(because, list) else [""] * count
                    reasons = [because if i == right and isinstance(because, str) else x for i, x in enumerate(reasons)]
                    name = f"{notebook.stem}_{len(found) + 1}"
                    found.append(Question(name, shown["title"], shown["answers"], right, reasons))
    return found


def moodle(banks: dict[str, list[Question]]) -> str:
    """A category for each notebook, a multiple-choice question with one right answer for each guess."""
    quiz = Element("quiz")
    for bank, found in banks.items():
        category = SubElement(SubElement(quiz, "question", type="category"), "category")
        SubElement(category, "text").text = f"$course$/top/Attention/{bank}"
        for one in found:
            question = SubElement(quiz, "question", type="multichoice")
            SubElement(SubElement(question, "name"), "text").text = one.name
            SubElement(SubElement(question, "questiontext", format="plain_text"), "text").text = one.text
            for tag, text in [("defaultgrade", "1"), ("single", "true"), ("shuffleanswers", "true")]:
                SubElement(question, tag).text = text
            for i, (text, reason) in enumerate(zip(one.answers, one.reasons, strict=True)):
                fraction = "100" if i == one.right else "0"
                answer = SubElement(question, "answer", fraction=fraction, format="plain_text")
                SubElement(answer, "text").text = text
                SubElement(SubElement(answer, "feedback", format="plain_text"), "text").text = reason
    return _xml(quiz)


def qti(banks: dict[str, list[Question]]) -> dict[str, str]:
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


def _bank(name: str, found: list[Question]) -> str:
    root = Element("questestinterop", xmlns=QTI)
    bank = SubElement(root, "objectbank", ident=f"bank_{name}")
    _field(SubElement(bank, "qtimetadata"), "bank_title", f"Attention {name}")
    for one in found:
        item = SubElement(bank, "item", ident=one.name, title=one.name)
        _field(SubElement(SubElement(item, "itemmetadata"), "qtimetadata"), "question_type", "multiple_choice_question")
        presentation = SubElement(item, "presentation")
        _text(presentation, one.text)
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
