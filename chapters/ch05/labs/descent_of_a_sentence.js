// The way in: of a sentence alone, what Python's `descent` says of one, by the model in the page.
import { loadModel } from "../../../course_kit/views/js/src/models/load.js";
import { h } from "../../../course_kit/views/js/src/shared/dom.js";
import { studied } from "./descent_numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Picture, State, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { DescentSpec, Loaded } from "./descent_numbers.js" */
/** @typedef {{ text: string, source: string[], tokens: string[], ids: number[] }} Translated ids: of the tokens */

const RIVALS = 6; // the most probable words of the last scene

/**
 * What differs in the spec, and the numbers.
 * @param {Loaded} loaded
 * @param {Translated} said
 * @param {State} chosen the word that is about to be written, from 1, and what else is not as usual
 * @returns {{ spec: Partial<DescentSpec>, arrays: Arrays }}
 */
export function descended(loaded, { text, source, tokens, ids }, chosen) {
  const { layers, heads, config } = loaded.model;
  const next = [...tokens, "<eos>"];
  const upTo = (/** @type {number} */ count) => Array.from({ length: count }, (_, i) => i + 1);
  const words = Object.fromEntries(
    next.map((token, i) => [i + 1, i ? t("{token} (after {before})", { token, before: tokens[i - 1] }) : token]),
  );
  const parts = (/** @type {number} */ n) =>
    ["self-attention", "cross-attention", "feed-forward"].map((x) => `${x} ${n}`);
  const spec = {
    ...{ sentence: text, source, next, written: ["<bos>", ...tokens], ids: [2, ...ids] },
    ...{ size: config.size, heads, vocabulary: config.target_vocab, eps: config.eps ?? 1e-5 },
    ...{ names: [t("the input"), ...upTo(layers).flatMap(parts)], rivals: Array(RIVALS).fill(""), stops: [] },
    controls: [
      { kind: "choice", name: "word", label: t("next word"), options: upTo(next.length), words, menu: true },
      { kind: "choice", name: "layer", label: t("layer"), options: upTo(layers) },
      { kind: "choice", name: "head", label: t("head"), options: upTo(heads) },
    ],
    state: { word: Math.max(1, tokens.length - 1), layer: layers, head: heads, step: 0, free: false, ...chosen },
  };
  const study = studied(loaded, /** @type {any} */ (spec), /** @type {any} */ (spec.state));
  return { spec: /** @type {any} */ (spec), arrays: { study: /** @type {any} */ (study) } };
}

/** The way back to the view that opened this one. @param {UI} ui */
export function closing({ spec, root }) {
  if (!spec.leave) return;
  const look = { type: "button", class: "close", "aria-label": t("close: back to the sentence"), title: "Esc" };
  root.querySelector(".title")?.after(h("button", { ...look, onclick: spec.leave }, "✕"));
  root.querySelector(".view")?.addEventListener("keydown", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key === "Escape" && !event.defaultPrevented) spec.leave();
  });
}

/** `spec.opens`: the translation, and which of its words; the model may have to come. @implements {Picture} */
export class Opening {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.says = h("p", { role: "status", "data-testid": "says" }, t("Reading …"));
    ui.body.append(this.says);
    closing(ui);
    this.open();
  }

  async open() {
    const { ui, says } = this;
    const { own, sentence, opens } = ui.spec;
    const tell = (/** @type {string} */ words) => says.replaceChildren(words);
    try {
      const loaded = await loadModel(/** @type {any} */ (own).models[0], (share) =>
        tell(t("The model is coming: {share} %.", { share: Math.round(100 * share) })),
      );
      if (!says.isConnected) return;
      const { spec, arrays } = opened(loaded, sentence, { own, opens });
      ui.become(
        { words: t("“{sentence}”, as the model reads it. The table has its numbers.", { sentence }), ...spec },
        arrays,
      );
      /** @type {HTMLElement | null} */ (ui.root.querySelector(".next"))?.focus({ preventScroll: true });
      const { top, bottom } = ui.root.host.getBoundingClientRect();
      if (top < 0 || bottom > innerHeight) ui.root.host.scrollIntoView();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      tell(t("{sentence}.", { sentence: message[0].toUpperCase() + message.slice(1) }));
    }
  }

  paint() {}

  table() {
    return { header: [], rows: [] };
  }

  numbers() {
    return {};
  }
}

/** A sentence that has been translated. @param {any} loaded @param {string} text @param {Record<string, any>} spec */
function opened({ source, target, ...loaded }, text, { own, opens: { tokens, word } }) {
  const pieces = source.pieces(text).map((/** @type {{ text: string }} */ piece) => piece.text);
  const most = Math.max(pieces.length - own.room, tokens.length - own.longest);
  if (most > 0)
    throw new Error(t("The stage has too little room for these words: take {most} away, or more", { most }));
  const ids = tokens.map((/** @type {string} */ token) => target.ids.get(token));
  return descended({ source, target, ...loaded }, { text, source: pieces, tokens, ids }, { word });
}
