"""Memory of a student on the hub of deploy/, written into deploy/measured.json; docs/deploying.md shows it.

python tests/benchmarks/hub.py              everything: one student and every chapter, then three students at once
python tests/benchmarks/hub.py 01 03        these chapters
python tests/benchmarks/hub.py three        three students at once

PSS counts what processes share once, divided among them. *Idle*: the server, and a kernel that has run chapter 1's
first cell. *Peak*: the most that was seen while a whole chapter ran, looked at twice a second; server included.
`OMP_NUM_THREADS` is 1 and the profile `class`, as the hub sets them. Linux only.
"""

import datetime
import json
import os
import pathlib
import platform
import shutil
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from hub_driver import Hub, Student, memory  # noqa: E402

FILE = ROOT / "deploy" / "measured.json"
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))


class Peak:
    """The most memory that a student's processes have had while the block ran: .most, in MB."""

    def __init__(self, student):
        self.student, self.most, self.over = student, 0, threading.Event()

    def look(self):
        while not self.over.wait(0.5):
            self.most = max(self.most, memory(self.student.processes()))

    def __enter__(self):
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def first_cell(student, name="01_nadaraya_watson"):
    """A kernel that has run the first cell of a chapter -> (kernel, its notebook)."""
    notebook, kernel = student.notebook(f"workbook/{name}.ipynb"), student.kernel()
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    _, error = kernel.run("".join(cell["source"]))
    if error:
        raise RuntimeError(error)
    return kernel, notebook


def chapter(student, name):
    """Run a chapter from its first cell to its last -> {"peak": MB, "data": MB that a limit must allow, "cpu s": …}."""
    kernel, notebook = first_cell(student, name)
    with Peak(student) as peak:
        wrong = kernel.run_notebook(notebook)
    kernels = [p for p in student.processes() if "ipykernel" in " ".join(p.cmdline())]
    seconds = sum(sum(p.cpu_times()[:2]) for p in kernels)
    said, _ = kernel.run("print([l.split()[1] for l in open('/proc/self/status') if l.startswith('VmData')][0])")
    kernel.close()
    return {"peak": round(peak.most), "data": round(int(said) / 1000), "cpu s": round(seconds), "errors": wrong}


def three(hub):
    """Three students run chapter 1 at once -> figures; memory is each student's, the largest of the three."""
    idle, peaks, wrong, ready = [], [], [], threading.Barrier(3)

    def learn(name):
        student = Student(hub, name).spawn(300)
        kernel, notebook = first_cell(student)
        ready.wait(300)
        time.sleep(2)
        idle.append(memory(student.processes()))
        ready.wait(300)
        with Peak(student) as peak:
            wrong.extend(kernel.run_notebook(notebook))
        peaks.append(peak.most)

    start = time.monotonic()
    threads = [threading.Thread(target=learn, args=(name,)) for name in ("anna", "ben", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"idle": round(max(idle)), "peak": round(max(peaks)), "s": round(time.monotonic() - start), "errors": wrong}


def with_hub(work):
    """work(hub) with a hub of three names in a folder of its own."""
    folder = tempfile.mkdtemp(prefix="hub")
    os.chmod(folder, 0o755)
    hub = Hub(folder, ["anna", "ben", "eve admin"])
    try:
        return work(hub)
    finally:
        hub.close()
        shutil.rmtree(folder)


def one(names, keep):
    """One student: idle, and the chapters named; keep(figures) after each."""

    def work(hub):
        student = Student(hub, "anna").spawn(300)
        time.sleep(2)
        keep({"server": round(memory(student.processes()))})
        kernel, _ = first_cell(student)
        keep({"idle": round(memory(student.processes()))})
        kernel.close()
        for name in names:
            keep({"chapters": {name: chapter(student, name)}})
        hub_itself = [p for p in hub.all() if p not in student.processes()]
        keep({"hub": round(memory(hub_itself))})

    with_hub(work)


def main(arguments):
    chosen = [name for name in NAMES if not arguments or name.startswith(tuple(arguments))]

    def keep(new):
        print(new, flush=True)
        figures = json.loads(FILE.read_text()) if FILE.exists() else {}
        figures["chapters"] = figures.get("chapters", {}) | new.pop("chapters", {})
        figures.update(new)
        about = {
            "command": "python tests/benchmarks/hub.py",
            "date": str(datetime.date.today()),
            "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
            "unit": "MB, PSS",
        }
        FILE.write_text(json.dumps(about | {k: figures[k] for k in sorted(figures) if k not in about}, indent=1) + "\n")

    if chosen:
        one(chosen, keep)
    if not arguments or "three" in arguments:
        keep({"three": with_hub(three)})


if __name__ == "__main__":
    main(sys.argv[1:])
