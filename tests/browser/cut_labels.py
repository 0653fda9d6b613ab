"""What is wrong with the labels of canvases: those that an edge cuts, and those printed over each other."""

SPY = """async () => {
  const c = CanvasRenderingContext2D.prototype, { fillText } = c, cut = new Set();
  let count = 0;
  c.fillText = function (text, x, y, ...rest) {
    const wide = this.measureText(text).width, m = this.getTransform(), ratio = window.devicePixelRatio || 1;
    const from = x - (this.textAlign === 'right' ? wide : this.textAlign === 'center' ? wide / 2 : 0);
    for (const end of [from, from + wide]) {
      const at = new DOMPoint(end, y).matrixTransform(m);
      if (at.x < -ratio || at.x > this.canvas.width + ratio || at.y < 0 || at.y > this.canvas.height) cut.add(text);
    }
    count++;
    return fillText.call(this, text, x, y, ...rest);
  };
  document.querySelector('.course-view').view.set({});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  c.fillText = fillText;
  return [[...cut], count];
}"""


def cut_labels(page):
    """Texts that begin or end outside of their canvas; AssertionError if nothing was written at all."""
    cut, count = page.evaluate(SPY)
    assert count, "nothing was written"
    return cut


CROSSED = """async () => {
  const c = CanvasRenderingContext2D.prototype, { fillText, clearRect } = c;
  let written = [];
  c.clearRect = function (...box) { // painted anew
    written = written.filter(one => one.canvas !== this.canvas);
    return clearRect.apply(this, box);
  };
  c.fillText = function (text, x, y, ...rest) {
    const m = this.getTransform(), { width, actualBoundingBoxAscent: up, actualBoundingBoxDescent: down } =
      this.measureText(text);
    const from = x - (this.textAlign === 'right' ? width : this.textAlign === 'center' ? width / 2 : 0);
    const [a, b] = [[from, y - up], [from + width, y + down]].map(p => new DOMPoint(...p).matrixTransform(m));
    if (text.trim() && Math.abs(m.b) < 1e-6) written.push({ canvas: this.canvas, text, a, b }); // slanted ones apart
    return fillText.call(this, text, x, y, ...rest);
  };
  for (const host of document.querySelectorAll('.course-view')) host.view.set({});
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  Object.assign(c, { fillText, clearRect });
  const over = (one, other) => one.canvas === other.canvas
    && Math.min(one.b.x, other.b.x) - Math.max(one.a.x, other.a.x) > 2
    && Math.min(one.b.y, other.b.y) - Math.max(one.a.y, other.a.y) > 2;
  const pairs = written.flatMap((one, i) => written.slice(0, i).filter(other => over(one, other)).map(other =>
    [one.text, other.text]));
  return [pairs, written.length, document.querySelectorAll('canvas').length];
}"""


def crossed_labels(page):
    """Pairs of texts that a canvas writes over each other; AssertionError if there is one and nothing was written."""
    pairs, texts, canvases = page.evaluate(CROSSED)  # after two frames, all in one moment
    assert texts or not canvases, "nothing was written"
    return pairs
