"""In the page: how fast our models answer there, how soon a key press is painted, how long a visitor waits."""

import functools
import glob
import gzip
import http.server
import json
import pathlib
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENTENCE = "The old woman gave her little dog some water this morning."  # 12 tokens with the full stop
WRITE = """([name, text]) => {
  const { model, source, tokenizer } = courseModels.open(name), ids = (source ?? tokenizer).encode(text);
  const once = () => { const t = performance.now(); const n = courseModels.greedy(model, ids).ids.length;
    return [performance.now() - t, n]; };
  once();
  return Array.from({ length: 7 }, once); }"""
FIRST = """([name, text]) => {
  const { model, source, tokenizer } = courseModels.open(name), ids = (source ?? tokenizer).encode(text);
  const once = () => { const t = performance.now(); model.step(2, model.start(ids)); return performance.now() - t; };
  once();
  return Array.from({ length: 7 }, once); }"""
LETTERS = """([name, text, count]) => {
  const { model, tokenizer } = courseModels.open(name); let state = model.start(), done;
  for (const id of tokenizer.encode(text)) { done = model.step(id, state); state = done.state; }
  const t = performance.now();
  for (let i = 0; i < count; i++) {
    const logits = done.logits.data; let best = 0;
    for (let k = 1; k < logits.length; k++) if (logits[k] > logits[best]) best = k;
    done = model.step(best, state); state = done.state;
  }
  return 1000 * count / (performance.now() - t); }"""
REPEAT = 33  # ms between two presses of a key that is held down
LISTEN = """() => { globalThis.spent = [];
  addEventListener("keydown", (event) => requestAnimationFrame(() => {
    const painted = new MessageChannel();
    painted.port1.onmessage = () => spent.push(performance.now() - event.timeStamp);
    painted.port2.postMessage(0);
  }), true); }"""


def _median(values):
    return sorted(values)[len(values) // 2]


def _shell(body):
    from pages import PROGRAM

    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>views</title>{PROGRAM}'
        f'<body style="font:14px system-ui,sans-serif;margin:12px;background:#fff;color:#212121"><main>{body}</main>'
    )


def _browser(playwright):
    import find_browser
    from jupyterlab_driver import FLAGS

    return playwright.chromium.launch(executable_path=find_browser.executable(), args=FLAGS)


def models_in_page():
    """A sentence of twelve tokens translated in the page, greedily, on one core; and letters a second."""
    from playwright.sync_api import sync_playwright

    from course_kit.views.models import model_files

    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        page, where = _browser(p).new_page(), pathlib.Path(folder)
        (where / "empty.html").write_text(_shell(""), encoding="utf-8")
        page.goto((where / "empty.html").as_uri())
        names = ("transformer-en-fr", "transformer-grammar", "gpt-shakespeare")
        for name, script in {f: s for n in names for f, s in model_files(n).items()}.items():
            (where / name).write_text(script, encoding="utf-8")
            page.add_script_tag(path=where / name)
        for name in names[:2]:
            first = _median(page.evaluate(FIRST, [name, SENTENCE]))
            whole = sorted(page.evaluate(WRITE, [name, SENTENCE]))[3]
            each = (whole[0] - first) / max(1, whole[1])
            rows.append(f"| {name} | {first:.0f} ms | {each:.1f} ms | {whole[0]:.0f} ms |")
        speed = page.evaluate(LETTERS, [names[2], "ROMEO:\nWhat light is this?", 100])
    rows = ["| | first word | each further word | the sentence |", "|---|---|---|---|", *rows]
    return [*rows, "", f"gpt-shakespeare: {speed:.0f} letters a second."]


def keys_in_labs():
    """Key press → painted: 40 real presses, as a held key repeats, on the first slider of each lab that has one."""
    from playwright.sync_api import sync_playwright

    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        page, where = _browser(p).new_page(viewport={"width": 1000, "height": 900}), pathlib.Path(folder) / "lab.html"
        for path in sorted(glob.glob(str(ROOT / "notebooks" / "*.ipynb"))):
            for cell in json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["cells"]:
                shown = [o["data"]["text/html"] for o in cell.get("outputs", []) if "text/html" in o.get("data", {})]
                if "lab" not in cell["metadata"].get("tags", []) or not shown:
                    continue
                where.write_text(_shell("".join(map("".join, shown))), encoding="utf-8")
                page.goto(where.as_uri())
                page.wait_for_function("document.querySelector('.course-view')?.shadowRoot")
                slider = page.locator(".course-view input[type=range]")
                if not slider.count() or not slider.first.is_visible():
                    continue
                page.evaluate(LISTEN)
                slider.first.focus()
                for press in range(40):
                    page.keyboard.press("ArrowRight" if press % 20 < 10 else "ArrowLeft")
                    page.wait_for_timeout(REPEAT)
                page.wait_for_function("spent.length >= 40")
                spent = sorted(page.evaluate("spent"))
                name = f"{pathlib.Path(path).name[:2]} · {page.locator('.course-view b').first.text_content()}"
                rows.append((spent[37], f"| {name} | {spent[20]:.0f} ms | {spent[37]:.0f} ms |"))
    rows.sort(reverse=True)
    return ["| lab | median | 95 % |", "|---|---|---|", *(row for _, row in rows)]


def first_visit():
    """The website over 4 Mbit/s, nothing kept: until the first picture moves, until an own sentence is answered."""
    from playwright.sync_api import sync_playwright

    from course_tools.publishing import site

    class Pages(http.server.SimpleHTTPRequestHandler):
        """Sends texts compressed, as GitHub Pages does, and says nothing of each request."""

        def do_GET(self):
            path = pathlib.Path(self.translate_path(self.path))
            path = path / "index.html" if path.is_dir() else path
            if path.suffix not in (".html", ".js", ".css", ".svg", ".json") or not path.is_file():
                return super().do_GET()
            content = gzip.compress(path.read_bytes())
            self.send_response(200)
            self.send_header("Content-Type", self.guess_type(str(path)))
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        out = pathlib.Path(folder) / "out"
        site.build(out)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=out)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            page = _browser(p).new_page(viewport={"width": 1000, "height": 900})
            wire = page.context.new_cdp_session(page)
            wire.send("Network.enable")
            slow = {"offline": False, "latency": 40, "downloadThroughput": 5e5, "uploadThroughput": 5e5}
            wire.send("Network.emulateNetworkConditions", slow)
            start = time.perf_counter()
            page.goto(f"http://127.0.0.1:{server.server_port}/", wait_until="commit")
            page.wait_for_function("document.querySelector('.course-view')?.shadowRoot?.querySelector('button')")
            first = time.perf_counter() - start
            field = page.get_by_role("textbox").first
            field.click()
            field.fill("The horse didn't cross the bridge because it was too tired.")
            field.press("Enter")
            sentence = "document.querySelector('.course-view').view.state.sentence"
            page.wait_for_function(f"{sentence}.includes('horse')", timeout=60_000)
            own = time.perf_counter() - start
            server.shutdown()
    return [
        "| | after |",
        "|---|---|",
        f"| first picture that moves | {first:.1f} s |",
        f"| first own sentence | {own:.1f} s |",
    ]
