"""`make bench`: speed as ratios, each pair measured side by side in one run; writes tests/benchmarks/RESULTS.md.

python -m tests.benchmarks            all
python -m tests.benchmarks slider     these
"""

import datetime
import os
import pathlib
import platform
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from tests.benchmarks import chapter2, chapter5, chapters6and7, displays, page  # noqa: E402

EXAMPLES = """
import torch
g = torch.Generator().manual_seed(0)
keys = (5 * torch.rand(50, generator=g)).sort().values
values = keys.sin() + torch.randn(50, generator=g) / 3
"""
OURS = EXAMPLES + "from chapters.ch01 import labs\nlabs.bandwidth(keys, values, live=True)"
THEIRS = (
    EXAMPLES
    + """
%matplotlib inline
import io, ipywidgets, matplotlib.pyplot as plt
from course_utils.kernels import gaussian_kernel, nadaraya_watson
queries, picture = torch.linspace(0, 5, 121), ipywidgets.Image(format="png")
slider = ipywidgets.FloatLogSlider(value=0.5, min=-1.5, max=1, step=0.04, description="width")
def paint(change=None):
    estimate, weights = nadaraya_watson(queries, keys, values, lambda d: gaussian_kernel(d, slider.value))
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
    left.plot(keys, values, "o"); left.plot(queries, estimate); right.imshow(weights, aspect="auto")
    data = io.BytesIO(); figure.savefig(data, format="png"); plt.close(figure); picture.value = data.getvalue()
slider.observe(paint, "value"); paint()
ipywidgets.VBox([slider, picture])
"""
)
# one key press on the focused slider -> milliseconds until the new picture is painted
OURS_PRESS = """async () => {
  const view = document.querySelector('.jp-OutputArea .course-view'), spent = [];
  const input = view.shadowRoot.querySelector('[data-control=width]');
  for (let i = 0; i < 60; i++) {
    const t = performance.now();
    input.value = 5 + (i * 7) % 50;
    input.dispatchEvent(new Event('input'));
    await new Promise(done => requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = done;
      painted.port2.postMessage(0);
    }));
    spent.push(performance.now() - t);
  }
  return spent; }"""
THEIRS_PRESS = """async () => {
  const image = document.querySelector('.jp-OutputArea img.widget-image, .jp-OutputArea .widget-image'), spent = [];
  const handle = document.querySelector('.jp-OutputArea .noUi-handle');
  for (let i = 0; i < 20; i++) {
    const before = image.src, t = performance.now();
    handle.dispatchEvent(new KeyboardEvent('keydown', { key: i % 2 ? 'ArrowLeft' : 'ArrowRight', bubbles: true }));
    for (let k = 0; k < 400 && image.src === before; k++) await new Promise(done => setTimeout(done, 4));
    await image.decode().catch(() => 0);
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    spent.push(performance.now() - t);
  }
  return spent; }"""


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def slider():
    """Slider → painted in the kernel × bandwidth lab, beside the same lab of ipywidgets and matplotlib."""
    import find_browser
    import nbformat
    from jupyterlab_driver import FLAGS, Lab, Notebook
    from playwright.sync_api import sync_playwright

    found = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_browser.executable(), args=FLAGS)
        lab = Lab(pathlib.Path(folder))
        try:
            for name, code, press in (("ours", OURS, OURS_PRESS), ("ipywidgets + matplotlib", THEIRS, THEIRS_PRESS)):
                notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
                notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
                nbformat.write(notebook, lab.folder / f"{len(found)}.ipynb")
                opened = Notebook(browser, lab, f"{len(found)}.ipynb")
                errors = opened.run()
                if errors:
                    raise RuntimeError(errors)
                opened.page.wait_for_timeout(1500)
                found[name] = opened.page.evaluate(press)
                opened.shut_down()
        finally:
            lab.close()
            browser.close()
    rows = [f"| {n} | {quantile(v, 0.5):.1f} ms | {quantile(v, 0.95):.1f} ms |" for n, v in found.items()]
    ours, theirs = (quantile(v, 0.5) for v in found.values())
    rows.append(f"| ratio of the medians | {theirs / ours:.1f} × | |")
    return ["| kernel × bandwidth lab, slider → painted | median | 95 % |", "|---|---|---|", *rows]


def payload():
    """Bytes per weight: live, in HTML, and as the JSON text that other attention views send."""
    import base64
    import json

    import torch

    from course_kit.views import heatmap

    weights = torch.softmax(torch.randn(4, 4, 64, 64, generator=torch.Generator().manual_seed(0)), -1)
    data = heatmap(weights).payload()
    figures = [
        ("live", len(data)),
        ("HTML", len(base64.b64encode(data))),
        ("JSON text", len(json.dumps(weights.tolist()))),
    ]
    rows = [f"| {name} | {size / weights.numel():.2f} |" for name, size in figures]
    return ["| a heatmap of 65,536 weights | bytes per weight |", "|---|---|", *rows]


def attention():
    """Our definition beside torch's fused one; both give the same numbers."""
    import torch
    import torch.nn.functional as F

    from course_utils.attention import masked_softmax, scaled_dot_product_attention

    g = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(8, 8, 128, 64, generator=g) for _ in range(3))
    mask = torch.ones(128, 128, dtype=torch.bool).tril()
    scores = q @ k.transpose(-2, -1)
    pairs = {
        "scaled_dot_product_attention / F.scaled_dot_product_attention": (
            lambda: scaled_dot_product_attention(q, k, v, mask),
            lambda: F.scaled_dot_product_attention(q, k, v, mask),
        ),
        "masked_softmax / torch.softmax": (lambda: masked_softmax(scores, mask), lambda: torch.softmax(scores, -1)),
    }
    rows = []
    for name, (ours, theirs) in pairs.items():
        times = {0: [], 1: []}
        for _ in range(30):
            for i, f in enumerate((ours, theirs)):
                start = time.perf_counter()
                f()
                times[i].append(time.perf_counter() - start)
        a, b = (quantile(t, 0.5) * 1000 for t in times.values())
        rows.append(f"| {name} | {a:.2f} ms | {b:.2f} ms | {a / b:.2f} |")
    return ["| pair (B 8, H 8, T 128, D 64, causal) | ours | torch | ratio |", "|---|---|---|---|", *rows]


def notebooks():
    """Seconds to run each notebook from its first cell to its last, recorded by `make results ARGS=notebook_times`."""
    from course_kit import results

    recorded = results.load("notebook_times")
    rows = [f"| {name} | {seconds:.0f} s |" for name, seconds in recorded["seconds"].items()]
    return [f"| notebook ({recorded['date']}, {recorded['device']}) | run |", "|---|---|", *rows]


ALL = {
    f.__name__: f
    for f in (
        slider,
        payload,
        attention,
        chapter2.scoring_labs,
        chapter2.lengths,
        chapter5.transformer_step,
        chapter5.cache,
        chapters6and7.bert_step,
        chapters6and7.gpt_step,
        chapters6and7.gpt_writing,
        page.models_in_page,
        displays.displays,
        page.keys_in_labs,
        page.first_visit,
        notebooks,
    )
}


def main(names):
    """Runs the benchmarks named, or all, prints them, and writes the file when all were run."""
    unknown = [n for n in names if n not in ALL]
    if unknown:
        sys.exit(f"There is no benchmark {unknown[0]!r}: choose from {', '.join(ALL)}")
    import torch

    versions = f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {versions}"
    lines = ["# Benchmarks", "", f"`make bench` on {datetime.date.today()}: {machine}, load {os.getloadavg()[0]:.1f}."]
    for name in names or ALL:
        lines += ["", f"## {name}", "", ALL[name].__doc__, "", *ALL[name]()]
        print("\n".join(lines[-8:]), flush=True)
    if not names:
        (ROOT / "tests" / "benchmarks" / "RESULTS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
