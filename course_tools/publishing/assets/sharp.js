// Pictures of views are drawn with at least two dots a pixel, as reveal.js enlarges slides to the size of the screen;
// and roughly while slides are laid out, when nobody sees them.
{
  const dots = Math.max(2, window.devicePixelRatio);
  Object.defineProperty(window, "devicePixelRatio", {
    get: () => (document.body.classList.contains("rough") ? 0.1 : dots),
  });
}
