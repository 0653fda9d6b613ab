() => {
  // What a reader of the slide sees, in pixels of the slide: text, pictures and controls, also inside views.
  // What a window on a tall view leaves out is on the next slide; that nothing is left out is measured separately.
  const slide = Reveal.getCurrentSlide(), found = [], names = { small: [] };
  const clip = e => {
    for (; e; e = e.parentElement || e.getRootNode().host)
      if (e.classList?.contains('window')) return e.getBoundingClientRect();
  };
  const hidden = e => { for (; e; e = e.parentElement || e.getRootNode().host) {
    const s = getComputedStyle(e);
    if (s.display === 'none' || s.visibility === 'hidden' || s.clipPath !== 'none' || s.opacity === '0') return true;
    if (e.matches?.('.scroller, .scroll, details:not([open]) > :not(summary)')) return true;
    if (e === slide) return false;
  } };
  const note = (rect, what, frame) => {
    if (!rect.width || !rect.height || frame && (rect.top < frame.top - 1 || rect.bottom > frame.bottom + 1)) return;
    const { left, top, right, bottom } = rect;
    if (left < -1 || top < -1 || right > 1281 || bottom > 721)
      found.push([what, ...[left, top, right, bottom].map(Math.round)]);
  };
  const walk = root => {
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) walk(e.shadowRoot);
      if (e.closest('aside.notes, script, style, math *') || hidden(e)) continue;
      const control = e.matches('canvas, img, input, select, button, math, summary, .highlight');
      if (control) note(e.getBoundingClientRect(), e.tagName, clip(e));
      for (const text of e.childNodes) if (text.nodeType === 3 && text.data.trim()) {
        const range = document.createRange(); range.selectNodeContents(text);
        for (const rect of range.getClientRects()) note(rect, text.data.trim().slice(0, 40), clip(e));
        const scale = e.getBoundingClientRect().width / e.offsetWidth || 1;
        const size = parseFloat(getComputedStyle(e).fontSize) * scale;
        if (size < 12 && !e.closest('sup')) names.small.push([text.data.trim().slice(0, 40), size]);
      }
    }
  };
  walk(slide);
  const high = slide.scrollHeight > slide.clientHeight + 1, wide = slide.scrollWidth > slide.clientWidth + 1;
  if (high || wide) found.push(['the slide scrolls']);
  const text = slide.innerText.trim().length + slide.querySelectorAll('img, .course-view').length;
  return {beyond: found, small: names.small, text};
}
