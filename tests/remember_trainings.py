"""Start-up file of the tests' kernels: a training that another kernel of the same test run has made is not made again.

`make test` runs each notebook twice: by nbval, and solved in a browser. nbval always trains and leaves what it got in
the folder COURSE_TEST_MEMORY (run.py gives it COURSE_TEST_MEMORY_USE=write). In the other run a `fit` with the same
weights at its start, steps and seed, in a cell of the same text, gets what the first one ended with.
Without COURSE_TEST_MEMORY nothing is remembered.
"""

import hashlib
import importlib.abc
import importlib.util
import os
import pathlib
import shutil
import sys

MODULE = "course_utils.training"


def install(ipython):
    """Kernels with this IPYTHONDIR remember."""
    startup = pathlib.Path(ipython) / "profile_default" / "startup"
    startup.mkdir(parents=True, exist_ok=True)
    shutil.copy(__file__, startup / "00-remember_trainings.py")


def remembering(module, folder, cell, read=True):
    """module.fit that looks into the folder first, if it may; cell() -> text of the cell that runs now."""
    import torch

    fit, count = module.fit, {}

    def remembered(model, batches, loss, *, steps, seed=0, resume=None, **options):
        def make():
            return fit(model, batches, loss, steps=steps, seed=seed, resume=resume, **options)

        anew = resume is None or resume is True and getattr(model, "last_run", None) is None
        if not anew or options.get("tensorboard"):
            return make()
        text = cell()
        count[text] = count.get(text, 0) + 1
        digest = hashlib.sha256(f"{text}|{count[text]}|{steps}|{seed}|{options.get('lr')}".encode())
        for name, x in model.state_dict().items():
            digest.update(name.encode() + x.detach().cpu().numpy().tobytes())
        path = folder / f"{digest.hexdigest()}.pt"
        if read and path.exists():
            state, fields = torch.load(path, weights_only=False)
            fields["_last"]["make"] = options.get("optimizer")
            model.load_state_dict(state)
            run = module.Run(model, **fields)
            model.last_run = run
            return run
        run = make()
        fields = {name: x for name, x in vars(run).items() if name != "model"}
        fields["_last"] = {name: x for name, x in run._last.items() if name != "make"}  # may be a lambda
        if run.stopped is None:
            try:
                torch.save((model.state_dict(), fields), path.with_suffix(f".{os.getpid()}"))
            except Exception:  # what cannot be pickled is trained again
                return run
            path.with_suffix(f".{os.getpid()}").replace(path)
        return run

    module.fit = remembered


class Finder(importlib.abc.MetaPathFinder):
    """Changes `course_utils.training` as soon as it is imported, before anybody has taken `fit` from it."""

    def find_spec(self, name, path=None, target=None):
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            read = os.environ.get("COURSE_TEST_MEMORY_USE") != "write"
            remembering(module, pathlib.Path(os.environ["COURSE_TEST_MEMORY"]), lambda: _cell.text, read)

        spec.loader.exec_module = exec_module
        return spec


class Cell:
    """The text of the cell that runs now. (nbval leaves no history in which to look it up.)"""

    text = ""

    def begins(self, info):
        self.text = info.raw_cell


if os.environ.get("COURSE_TEST_MEMORY") and "get_ipython" in globals():
    _cell = Cell()
    get_ipython().events.register("pre_run_cell", _cell.begins)  # noqa: F821 - IPython gives it to start-up files
    sys.meta_path.insert(0, Finder())
