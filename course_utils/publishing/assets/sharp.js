// Pictures of views are drawn with at least two dots a pixel: reveal.js enlarges slides to the size of the screen.
{
  const real = () => Math.max(2, matchMedia("(min-resolution: 3dppx)").matches ? 3 : 2);
  Object.defineProperty(window, "devicePixelRatio", { get: real, configurable: true });
}
