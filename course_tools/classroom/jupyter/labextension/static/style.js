// How a chapter looks on a projector: the style sheet beside this file, as text.
export const STYLE = await (await fetch(new URL("./style.css", import.meta.url))).text();
