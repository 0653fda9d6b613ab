"""A course as small as can be that has an annex, for what has to know one: six notebooks, all else is the real one's.

00_start_here, 07_gpt and its annex, and the last lesson are the course's own; chapter 2 is a lesson and an annex of a
few lines, run.
"""

import nbformat

from course_kit import chapter_maps, files

REAL = files.course_folder()
LESSON, ANNEX = "02_small", "02_small_annex"
TEXTS = {
    LESSON: [
        "# 2 · How small?\n*By the end* you hold little.",
        '## First\n<a id="here"></a>A *lesson*.',
        '<details><summary>A mouse</summary>\n\n<a id="mouse"></a>It is grey.\n\n</details>',
        '<details><summary>A flea</summary>\n\n<a id="flea"></a>It jumps.\n\n</details>',
    ],
    ANNEX: [
        "# 2 · What is left?\nTo [its lesson](02_small.ipynb#here).",
        '## A small zoo\n<a id="gone"></a>An aardvark.',
    ],
}


def make(folder, monkeypatch):
    """Write the course into an empty folder, and let it be the course until the test ends -> that folder."""
    for entry in REAL.iterdir():
        if entry.name not in ("notebooks", "workbook", "build"):
            (folder / entry.name).symlink_to(entry)
    (folder / "notebooks" / "source").mkdir(parents=True)
    for name in ("00_start_here", "07_gpt", "07_gpt_annex", chapter_maps.LAST):
        for file in (f"{name}.ipynb", f"source/{name}.py"):
            (folder / "notebooks" / file).symlink_to(REAL / "notebooks" / file)
    for name, texts in TEXTS.items():
        write(folder / "notebooks", name, texts)
    monkeypatch.setattr(files, "course_folder", lambda: folder)
    for remembered in (chapter_maps.weights, chapter_maps.questions):
        monkeypatch.setattr(chapter_maps, remembered.__name__, remembered.__wrapped__)
    return folder


def write(notebooks, name, texts, code="1 + 1"):
    """A notebook of these Markdown texts and one line of code, run; and its source."""
    cells = [nbformat.v4.new_markdown_cell(text, id=f"text-{number}") for number, text in enumerate(texts)]
    shown = nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    cells.append(nbformat.v4.new_code_cell(code, id="code", execution_count=1, outputs=[shown]))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebooks / f"{name}.ipynb")
    written = ["# %% [markdown]\n# " + text.replace("\n", "\n# ") for text in texts] + [f"# %%\n{code}"]
    (notebooks / "source" / f"{name}.py").write_text("\n\n".join(written) + "\n")
