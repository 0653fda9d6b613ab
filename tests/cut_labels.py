"""What a canvas writes past its edge: `cut_labels(page)` repaints the first view and names the labels that are cut."""

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
