"""Pages of the course in a student's workbook, half solved: written, and run, as a student does it.

    python tests/helpers/half_solved.py FOLDER [PAGE …]   # in a checkout of an edition: for tests/released/

Each page is laid down by `workbook.sync` and run from its first cell to its last by nbclient, in the workbook's folder,
as `make lab` runs it. Some exercises are answered rightly, one in each page wrongly, others not; hints are asked for.
Trainings take a tenth of their steps. Of the pictures that stand where no script may run, a page keeps the first; what
pages train and fetch is left out. `names.json` beside the pages says what all notebooks of the edition import of the
course, and its exercises: [name, name of its function, "" of a repair].
"""

import ast
import json
import os
import re
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import nbformat

from course_kit import files
from course_kit.exercises.cells import sources, stubs, without_magics
from course_kit.exercises.define import FindError
from course_kit.exercises.registry import KNOWN, load
from course_tools.authoring.building import KERNEL
from course_tools.classroom import workbook

ROOT = Path(__file__).parents[2]
PAGES = ("03_seq2seq", "05_transformer", "06_bert", "07_gpt")
ANSWERS = {  # what the student writes; the others stay as they come
    "additive attention step": """\
def look_back(query, keys, mask, W1, W2, w):
    # W1 for the query, W2 for the keys
    scores = torch.tanh((query @ W1).unsqueeze(1) + keys @ W2) @ w
    weights = masked_softmax(scores, mask)
    context = (weights.unsqueeze(-1) * keys).sum(dim=1)
    return context, weights""",
    "masked loss": """\
def masked_loss(logits, target, mask):
    p = logits.log_softmax(-1).gather(-1, target[..., None]).squeeze(-1)
    return -p.mean()  # all of them?""",
    "greedy loop": """\
def greedy(step, state, bos, eos, max_length):
    word = bos
    words = []
    for _ in range(max_length):
        scores, state = step(word, state)
        word = scores.argmax()
        if word == 3:  # <eos>
            break
        words.append(word)
    return torch.stack(words) if words else torch.tensor([], dtype=torch.long)""",
    "attention in heads": """\
def multi_head(q, k, v, heads, mask=None):
    q, k, v = (split_heads(x, heads) for x in (q, k, v))
    if mask is not None and mask.ndim == 3:
        mask = mask.unsqueeze(1)  # the same for all heads
    out, weights = scaled_dot_product_attention(q, k, v, mask)
    return join_heads(out), weights""",
    "residual and norm": """\
def add_norm(x, f, norm):
    return norm(x + f(x))""",
    "mask tokens": """\
def mask_tokens(ids, special_mask, vocab, mask_id, generator=None):
    dice = torch.rand(ids.shape, generator=generator)
    chosen = (dice < 0.15) & ~special_mask
    second = torch.rand(ids.shape, generator=generator)
    other = torch.randint(vocab, ids.shape, generator=generator)
    labels = ids.clone()
    labels[~chosen] = -100
    read = ids.clone()
    read[chosen & (second < 0.8)] = mask_id
    random = chosen & (second >= 0.9)
    read[random] = other[random]
    return read, labels""",
    "embedding sum": """\
def embed(ids, segments, words, kinds, places):
    return words[ids] + kinds[segments] + places[: ids.shape[1]]""",
    "task head": """\
def classify(hidden, pooler, classifier):
    return classifier(pooler(hidden[:, 0]))  # tanh?""",
    "next token targets": """\
def inputs_and_targets(ids):
    return ids[:, :-1], ids[:, 1:]""",
    "temperature": """\
def with_temperature(logits, temperature):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).float()
    return (logits / temperature).softmax(-1)""",
    "top-p": """\
def nucleus(logits, top_p):
    p, order = logits.softmax(-1).sort(-1, descending=True)
    p = torch.where(p.cumsum(-1) > top_p, 0.0, p)
    p = p / p.sum(-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)""",
}
HINTS = ("masked loss", "a decoder block", "low-rank change", "top-p")


def half_solved(notebook):
    """Write the answers and the calls of hints into a page, and a tenth of the steps into its loops; in place."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type != "code":
            continue
        for steps in cell.metadata.get("steps", []) if isinstance(cell.metadata.get("steps"), list) else []:
            cell.source = cell.source.replace(str(steps), str(steps // 10))
        lines = cell.source.split("\n")
        for stub in reversed(stubs(cell.source)):
            if stub.name in ANSWERS:
                lines[stub.first : stub.last] = ANSWERS[stub.name].split("\n")
            if stub.name in HINTS:
                cells.append(nbformat.v4.new_code_cell(f'hint("{stub.name}")', id=uuid.uuid4().hex[:8]))
        cell.source = "\n".join(lines)
    notebook.cells = cells


def run(notebook, where):
    """Run all cells of a page in a workbook, whatever they raise; in place."""
    from nbclient import NotebookClient  # a second, for whoever reads pages alone

    environment = {"COURSE_TRAININGS": "short", "COURSE_VIEWS": "page", "COURSE_DEVICE": "cpu", "COURSE_LANGUAGE": "en"}
    client = NotebookClient(
        notebook, timeout=1200, kernel_name=KERNEL["name"], resources={"metadata": {"path": str(where)}},
        allow_errors=True, record_timing=False, store_widget_state=False, coalesce_streams=True,
        extra_arguments=["--log-level=40"],
    )  # fmt: skip
    client.execute(env=dict(os.environ, **environment))


def views(path):
    """(HTML, spec) of each view that is saved in a page."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if data := re.search(r'<script type="application/json">(.*?)</script>', html, re.S):
                yield html, json.loads(data[1])[0]


def errors(notebook):
    """{id of a cell: name of the exception that it ends in}."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {cell.id: out.ename for cell in code for out in cell.outputs if out.output_type == "error"}


def trimmed(notebook):
    """Only the first of the pictures for pages without scripts; in place."""
    seen = 0

    def shorter(picture):
        nonlocal seen
        seen += 1
        return picture[0] if seen == 1 else 'src="data:,"'

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output["data"]["text/html"] = re.sub(r'src="data:image/[^"]*"', shorter, html)


def imported(source):
    """[module, name, or "" for the module itself] of each import of the course's rooms and of `mine` in a cell."""
    rooms = ("course_utils", "course_kit", "chapters", "mine")
    for node in ast.walk(ast.parse(without_magics(source))):
        names = []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [[node.module, alias.name] for alias in node.names]
        if isinstance(node, ast.Import):
            names = [[alias.name, ""] for alias in node.names]
        yield from (name for name in names if name[0].partition(".")[0] in rooms)


def names(notebooks):
    """What all notebooks of a folder import of the course, and which exercises there are."""
    cells = [cell for path in sorted(notebooks.glob("*.ipynb")) for cell in sources(path.read_bytes())]
    load()
    functions = [[task.name, "" if isinstance(task, FindError) else task.function] for task in KNOWN.values()]
    return {"imports": sorted({tuple(one) for cell in cells for one in imported(cell)}), "exercises": sorted(functions)}


def make(where, pages=PAGES):
    """The pages in a workbook, half solved."""
    with tempfile.TemporaryDirectory() as course:
        for page in PAGES:
            shutil.copy(ROOT / "notebooks" / f"{page}.ipynb", course)
        workbook.sync(course, where)
    for page in pages:
        path = where / f"{page}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        half_solved(notebook)
        run(notebook, where)
        trimmed(notebook)
        files.write_atomically(path, json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        print(page, errors(notebook), flush=True)
    text = json.dumps(names(ROOT / "notebooks"), indent=0, ensure_ascii=False)
    files.write_atomically(where / "names.json", re.sub(r"\[\n(.*),\n(.*)\n\]", r"[\1, \2]", text) + "\n")
    shutil.rmtree(where / ".kept", ignore_errors=True)
    for path in (*where.glob("*.pt"), *where.glob("*.txt"), *where.glob(".*.lock")):
        path.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]).resolve(), sys.argv[2:] or PAGES)
