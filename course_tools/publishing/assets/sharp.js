// Pictures of views are drawn with at least two dots a pixel: reveal.js enlarges slides to the size of the screen.
{
  const dots = Math.max(2, window.devicePixelRatio);
  Object.defineProperty(window, "devicePixelRatio", { get: () => dots });
}
