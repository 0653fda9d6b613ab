// Does a look matter? What the model in the page says, beside what it says when a row is painted or a head is silent.
import { h } from "./core.js";
import { loadModel } from "./models/load.js";

const HINT =
  "Does a look matter? Drag over a row of the open head (by keyboard: Space) to let its word look only there, or " +
  "silence the head: you will see what the model then says.";
const three = (x) => x.toFixed(3);

// changes() -> { rows, out } as `changed` of models/cause.js takes them; show(layers): the weights with which the model
// then reads, null: those that were there.
export function cause(ui, changes, show) {
  const { own, reads } = ui.spec,
    told = h("div", { class: "told", role: "status", "data-testid": "cause" }, HINT),
    why = { told, ask, found: null };
  let turn = 0;

  async function ask() {
    const mine = ++turn;
    try {
      const it = await loadModel(own.models[0], (share) => {
        if (mine === turn && !why.found) told.textContent = `The model is coming: ${Math.round(100 * share)} %.`;
      });
      if (mine !== turn) return;
      const { changed, compared, looks } = globalThis.courseModels,
        pieces = (it.source ?? it.tokenizer).framed(reads ?? own.text),
        given = { ids: pieces.map((p) => p.id), segments: pieces.map((p) => p.segment) },
        { rows, out } = changes(),
        tap = rows.length + out.length ? changed(it, given, rows, out) : undefined;
      if (given.ids.length !== ui.spec.maps[0].shape[2])
        throw new Error("The model cuts this text up in another way: ask it for the sentence again, above");
      why.found = compared(it, given, tap);
      show(tap ? looks(it, given, tap) : null);
      told.replaceChildren(...said(why.found));
    } catch ({ message }) {
      told.textContent = `${message[0].toUpperCase()}${message.slice(1)}.`;
    }
  }
  return why;
}

function said({ texts, words, stops }) {
  const [first] = words,
    then = stops.length > 1,
    [whole, now] = texts ?? [];
  // what differs is bold, between the beginning and the end that are the same
  function written(text, other = text) {
    const from = text.findIndex((word, t) => word !== other[t]),
      end = text.length - 1 - text.findLastIndex((word, t) => word !== other[t + other.length - text.length]);
    return text.map((word, t) =>
      from >= 0 && t >= from && t < text.length - end ? h("b", { class: "output" }, word) : word,
    );
  }
  const same = then && String(whole) === String(now);
  const lines = texts && [
    h("div", {}, then ? "It wrote: " : "It writes: ", ...written(whole)),
    then && h("div", {}, ...(same ? ["It still writes that."] : ["Now: ", ...written(now, whole)])),
  ];
  return [
    ...(lines ?? []).filter(Boolean),
    h(
      "div",
      { class: "tables" },
      table(
        texts ? (then ? "what moved most" : "what it is least sure of") : "what it expects",
        ["word", "probability", "now"].slice(0, 2 + then),
        words.map(([word, ...chances]) => [word, ...chances.map(three)]),
      ),
      table(
        texts ? `for “${first?.[0]}”, had it stopped after` : "had it stopped after",
        ["layer", "it would say", "now"].slice(0, 2 + then),
        stops[0].map((_, n) => [n || "the input", ...stops.map((all) => `${all[n][0]} ${three(all[n][1])}`)]),
      ),
    ),
  ];
}

const table = (caption, header, rows) =>
  h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...header.map((t) => h("th", { scope: "col" }, t)))),
    h(
      "tbody",
      {},
      ...rows.map(([name, ...cells]) =>
        h("tr", {}, h("th", { scope: "row" }, name), ...cells.map((t) => h("td", {}, t))),
      ),
    ),
  );
