"""resume_here(): what is kept, when it may be used again, and a kernel that is restarted in the middle of a lesson."""

import os

import nbformat
import pytest
import safetensors.torch
import torch
from jupyter_client.manager import KernelManager
from torch import nn
from unit.course_kit.in_kernel import HANGS, run

from course_kit import files, resuming
from course_kit.runs import state
from course_kit.runs.fingerprint import fingerprint
from course_kit.training import fit

# Whole files that hold another record: one so deep that it cannot be walked through, and one of another kind.
NESTED = safetensors.torch.save({}, {"record": "[" * 5000 + "]" * 5000})
OTHER = safetensors.torch.save({}, {"record": '{"a": 1, "b": 2}'})


def trained(steps=6, **more):
    """A small training whose held-out number is best in its middle."""
    torch.manual_seed(3)
    model, numbers = nn.Linear(2, 1), iter([3.0, 1.0, 2.0, 2.5])
    return fit(model, [torch.ones(4, 2)], lambda m, b: m(b).pow(2).mean(), steps=steps, every=2,
               evaluate=lambda m: next(numbers), show=False, **more)  # fmt: skip


class TestState:
    def test_a_run_comes_back_as_it_was(self, tmp_path):
        run = trained()
        (tmp_path / "x").write_bytes(state.pack(run, note="mine", rows=[[1, 2.5]]))
        back, more = state.unpack(tmp_path / "x", nn.Linear(2, 1))
        assert more == {"note": "mine", "rows": [[1, 2.5]]}
        assert (back.step, back.best, back.history, back.message) == (run.step, run.best, run.history, run.message)
        assert fingerprint(vars(back.last)) == fingerprint(vars(run.last))
        assert fingerprint(back.best.state.model) == fingerprint(run.best.state.model)

    def test_the_best_state_is_written_once_where_it_is_the_last(self, tmp_path):
        run = fit(nn.Linear(2, 1), [torch.ones(4, 2)], lambda m, b: m(b).pow(2).mean(), steps=2, show=False)
        (tmp_path / "x").write_bytes(state.pack(run))
        assert state.unpack(tmp_path / "x", run.model)[0].best == run.best

    @pytest.mark.parametrize("content", [b"", b"damaged", b"\x08" + bytes(7) + b"{}      ", NESTED, OTHER])
    def test_a_damaged_file_is_refused(self, content, tmp_path):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(ValueError, match="x holds no training"):
            state.unpack(tmp_path / "x", nn.Linear(2, 1))

    @pytest.mark.parametrize("value", [object(), nn.Linear(1, 1), {1, 2}, len])
    def test_what_cannot_be_written_down_is_refused(self, value):
        with pytest.raises(TypeError, match="cannot be written down"):
            state.pack(trained(), extra=value)


LESSON = [
    "import course_kit\nruntime = course_kit.setup()",
    "import torch\nfrom torch import nn\nfrom course_kit.training import fit\n"
    "torch.manual_seed(3)\nmodel = nn.Linear(2, 1)\nfactor = 1.0",
    "def loss(model, batch):\n    return factor * model(batch).pow(2).mean()\n"
    "torch.manual_seed(4)\nother = nn.Linear(2, 1)",
    "run = fit(model, [torch.ones(4, 2)], loss, steps=30, title='first', show=False)",
    "total = [model.weight.sum().item()]\nprint('measured')",
    "raise RuntimeError('on purpose')",
    "from course_kit.resuming import resume_here\nresume_here()",
]


class Kernel:
    """A kernel for a notebook in a workbook, which can be restarted."""

    def __init__(self, path):
        self.path, self.manager = path, KernelManager()
        steady = {"JPY_SESSION_NAME": str(path), "OMP_NUM_THREADS": "1", "COURSE_KEPT": "", "COURSE_PRESENTING": ""}
        self.manager.start_kernel(cwd=str(path.parent), env=os.environ | steady)
        self.connect()

    def connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(HANGS)

    def restart(self):
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self.connect()

    def run(self, number, code=None, prints=""):
        cell = nbformat.read(self.path, 4).cells[number]
        status, said = run(self.client, code or cell.source, prints=prints, cell=cell.id)
        assert status == "ok", said
        return said

    def move(self, path):
        """As if it had been started for another notebook."""
        self.path = path
        self.run(
            0, f"%reset -f\nimport os\nos.environ['JPY_SESSION_NAME'] = {str(path)!r}\nos.chdir({str(path.parent)!r})"
        )

    def ask(self, code):
        return self.run(0, f"print({code})", prints="\n").strip()


def write_lesson(tmp_path):
    (tmp_path / files.STATE).write_text("{}")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in LESSON])
    nbformat.write(notebook, tmp_path / "lesson.ipynb")
    return tmp_path / "lesson.ipynb"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """One for all tests, begun in a lesson."""
    kernel = Kernel(write_lesson(tmp_path_factory.mktemp("lesson")))
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


def test_a_restart_in_the_middle_of_a_lesson(kernel):
    lesson = kernel
    for number in range(5):
        lesson.run(number)
    before = lesson.ask("model.weight.tolist(), run.step, run.history['loss'][1][-1], total")
    lesson.restart()
    said = lesson.run(6, prints="are back")
    assert "5 cells above are back" in said and "Taken as kept: 1 training." in said
    assert "“raise RuntimeError('on purpose')”: RuntimeError: on purpose" in said
    assert "measured" not in said and "Trained again" not in said
    assert lesson.ask("model.weight.tolist(), run.step, run.history['loss'][1][-1], total") == before
    # going on with a training that was brought back, and a training that is run again of one's own will
    assert "45" in lesson.ask("fit(model, [torch.ones(4, 2)], loss, steps=45, resume=run, show=False).step")
    assert (
        lesson.ask("fit(nn.Linear(2, 1), [torch.ones(4, 2)], loss, steps=3, show=False).message.count('Kept')") == "0"
    )
    # a cell above is changed: what it enters into is trained again, and said so
    notebook = nbformat.read(lesson.path, 4)
    notebook.cells[1].source = notebook.cells[1].source.replace("factor = 1.0", "factor = 2.0")
    nbformat.write(notebook, lesson.path)
    lesson.restart()
    said = lesson.run(6, prints="Trained again")
    assert "Trained again" in said and "“first”" in said and "Taken as kept" not in said
    assert lesson.ask("run.step") == "30"


def test_of_a_cell_that_only_shows_definitions_come_back(kernel, tmp_path):
    kernel.move(write_lesson(tmp_path))
    notebook = nbformat.read(kernel.path, 4)
    notebook.cells[4].source = "import math\ndef three(): return 3\nserved = three()"
    notebook.cells[4].metadata["tags"] = ["shows"]
    nbformat.write(notebook, kernel.path)
    kernel.run(6)
    assert kernel.ask("three(), math.pi > 3, 'served' in globals()") == "3 True False"


def test_only_one_that_was_stopped_says_so_with_the_sign():  # remoteEntry.js: without a tick
    said = [resuming._report(2, 1.0, [], [], stopped) for stopped in (False, True)]
    assert [words[:2] for words in said] == ["2 ", "■ "]


ANNEX = [
    nbformat.v4.new_code_cell("ran = []"),
    nbformat.v4.new_markdown_cell("## One"),
    nbformat.v4.new_code_cell("ran += [1]"),
    nbformat.v4.new_markdown_cell("Two\n## Two"),
    nbformat.v4.new_code_cell("ran += [2]"),
    nbformat.v4.new_code_cell("last = ran"),
    nbformat.v4.new_markdown_cell("## Three"),
    nbformat.v4.new_code_cell("open('ran.txt', 'a').write('3')"),
]


def write_annex(folder, name="01_one_annex"):
    """A notebook whose sections stand alone, under a name by which it is an annex, or is not."""
    (folder / files.STATE).write_text("{}")
    nbformat.write(nbformat.v4.new_notebook(cells=ANNEX), folder / f"{name}.ipynb")
    return folder / f"{name}.ipynb"


@pytest.mark.parametrize(("name", "back", "ran"), [("01_one_annex", 2, "[2]"), ("01_one", 3, "[1, 2]")])
def test_in_an_annex_only_the_section_that_one_is_in_is_brought_back(kernel, tmp_path, name, back, ran):
    kernel.move(write_annex(tmp_path, name))
    said = kernel.run(5, "from course_kit.resuming import resume_here\nresume_here(tell=True)", prints="back")
    assert f"Bringing back cell {back} of {back}: " in said and f"{back} cells above are back" in said
    assert kernel.ask("ran") == ran
