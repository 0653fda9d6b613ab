(screen, room = { left: 0, top: 0, right: 1280, bottom: 720 }) => {
  // What a class sees of a presented cell: text, pictures and controls, also inside views; what of it is
  // beyond its room, in pixels of the page, and how small its type is.
  const found = [], small = [];
  const hidden = e => { for (; e; e = e.parentElement || e.getRootNode().host) {
    const s = getComputedStyle(e);
    if (s.display === 'none' || s.visibility === 'hidden' || s.clipPath !== 'none' || s.opacity === '0') return true;
    if (e.matches?.('.scroller, .scroll, details:not([open]) > :not(summary)')) return true;
    if (e === screen) return false;
  } };
  const note = ({ left, top, right, bottom, width, height }, what) => {
    if (!width || !height) return;
    if (left < room.left - 1 || top < room.top - 1 || right > room.right + 1 || bottom > room.bottom + 1)
      found.push([what, ...[left, top, right, bottom].map(Math.round)]);
  };
  const walk = root => {
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) walk(e.shadowRoot);
      if (e.closest('script, style, math *, mjx-container *') || hidden(e)) continue;
      const control = e.matches('canvas, img, input, select, button, math, summary, .highlight');
      if (control) note(e.getBoundingClientRect(), e.tagName);
      for (const text of e.childNodes) if (text.nodeType === 3 && text.data.trim()) {
        const range = document.createRange(); range.selectNodeContents(text);
        for (const rect of range.getClientRects()) note(rect, text.data.trim().slice(0, 40));
        const drawn = e.ownerSVGElement, units = drawn?.viewBox.baseVal?.width; // a drawing has units of its own
        const scale = units ? drawn.clientWidth / units : 1;
        const size = parseFloat(getComputedStyle(e).fontSize) * scale * e.currentCSSZoom * enlarged;
        const least = e.closest('.highlight, .cm-content, pre') ? 18 : 24; // of code, of words
        if (size < least && !e.closest('sup, sub')) small.push([text.data.trim().slice(0, 40), size]);
      }
    }
  };
  const enlarged = screen.getBoundingClientRect().width / screen.offsetWidth / screen.currentCSSZoom;
  walk(screen);
  const text = screen.innerText.trim().length + screen.querySelectorAll('img, .course-view').length;
  return { beyond: found, small, text };
}
