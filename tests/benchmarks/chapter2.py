"""Chapter 2's benchmarks: its labs, slider → painted, and what attention costs with length."""

import pathlib
import tempfile

PRESS = """async name => {
  const view = document.querySelector('.course-view'), spent = [];
  const input = view.shadowRoot.querySelector(`[data-control=${name}]`), most = Number(input.max);
  for (let i = 0; i < 120; i++) {
    const t = performance.now();
    input.value = (i * 7) % (most + 1);
    input.dispatchEvent(new Event('input'));
    await new Promise(done => requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = done;
      painted.port2.postMessage(0);
    }));
    spent.push(performance.now() - t);
  }
  return spent; }"""


def scoring_labs():
    """Slider → painted in chapter 2's labs, in their HTML shell, without a kernel."""
    import find_browser
    import labs
    import torch
    from jupyterlab_driver import FLAGS
    from playwright.sync_api import sync_playwright

    noise = torch.randn(12, 12, generator=torch.Generator().manual_seed(0))
    slider = {
        "scoring (deep beside generalized kernel)": (
            "temperature",
            labs.scoring(
                [1.0, 0.5], [[1.0, 0.2], [0.3, 1.1], [-1.0, 0.4], [2.0, 2.0]], a="deep", b="generalized_kernel"
            ),
        ),
        "mask, 12 tokens": ("length", labs.masking(noise)),
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_browser.executable(), args=FLAGS)
        for name, (control, view) in slider.items():
            path = pathlib.Path(folder) / f"{control}.html"
            view.to_html(path)
            page = browser.new_page(viewport={"width": 1000, "height": 900})
            page.goto(path.as_uri())
            page.wait_for_timeout(500)
            spent = sorted(page.evaluate(PRESS, control))
            rows.append(f"| {name} | {spent[60]:.1f} ms | {spent[114]:.1f} ms |")
            page.close()
        browser.close()
    return ["| lab | median | 95 % |", "|---|---|---|", *rows]


def lengths():
    """Exact and linear attention from 128 to 8,192 tokens, and the slope of log time over log length."""
    from chapters.ch02.experiments import attention_times
    from course_kit.clock import slope

    times = attention_times()
    rows = [f"| {r['tokens']:,} | {1000 * r['exact s']:.2f} ms | {1000 * r['linear s']:.2f} ms |" for r in times]
    exact, linear = (
        slope([r["tokens"] for r in times], [r[f"{kind} s"] for r in times]) for kind in ("exact", "linear")
    )
    rows.append(f"| slope (asked: > 1.6 and ≤ 1.2) | {exact:.2f} | {linear:.2f} |")
    return ["| tokens | exact | linear |", "|---|---|---|", *rows]
