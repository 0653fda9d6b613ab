// What a reader guesses with: a field, and keys on the screen in two sets, one behind a shift.
import { composing, h, toolbar, typed } from "../../../course_kit/views/js/src/shared/dom.js";
import { rowsOf, setsOf } from "./next_character_numbers.js";
import { visible } from "./tokens.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { GameSpec } from "./next_character_numbers.js" */

/** @type {Record<string, string>} */
const SPOKEN = { " ": t("space"), "\n": t("new line") };

export class Keyboard {
  /**
   * @param {UI} ui
   * @param {GameSpec} spec
   * @param {(token: string) => void} guess
   */
  constructor(ui, spec, guess) {
    this.ui = ui;
    this.spec = spec;
    this.guess = guess;
    this.field = h("input", {
      ...{ id: `${ui.id}-type`, type: "text", size: 3, "data-testid": "type" },
      ...{ autocomplete: "off", autocapitalize: "off", spellcheck: "false" },
      oninput: (/** @type {InputEvent} */ event) => this.typed(event.isComposing),
      oncompositionend: () => this.typed(false),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.entered(event),
    });
    // what is needed most; in its place, once shifted, capitals and the rest
    const row = (/** @type {string[]} */ tokens) => h("div", {}, ...tokens.map((token) => this.key(token)));
    this.sets = setsOf(spec.keys).map((set) => h("div", {}, ...rowsOf(set).map(row)));
    this.shift = h(
      "button",
      { type: "button", onclick: () => this.turn(!this.sets[0].inert) },
      t("capitals, rare signs"),
    );
    this.turn(false);
  }

  /** A mouse leaves the real keys in the field, wherever in the game it is pressed. @param {PointerEvent} event */
  pressed({ pointerType, target }) {
    const other = /** @type {HTMLElement} */ (target).closest(".foot > details, textarea");
    if (pointerType === "mouse" && !other) this.field.focus({ preventScroll: true });
  }

  /** A letter that is typed while a button of the view has the focus. @param {KeyboardEvent} event */
  elsewhere(event) {
    const { key, ctrlKey, metaKey, altKey, target } = event;
    const other = ctrlKey || metaKey || altKey || !/^\S$/u.test(key);
    if (other || this.field.disabled || !(target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has other plans with letters
    this.guess(key);
  }

  /** A key that nothing else in the page waits for goes into the field of the game in sight. @param {Event} event */
  handleEvent(event) {
    const { field, spec, ui } = this;
    if (!field.isConnected) return document.removeEventListener("keydown", this);
    const { key, ctrlKey, metaKey, altKey } = /** @type {KeyboardEvent} */ (event);
    const other = event.defaultPrevented || ctrlKey || metaKey || altKey || document.activeElement !== document.body;
    if (other || field.disabled || key === " " || !spec.keys.includes(key)) return;
    const { top, bottom } = ui.body.getBoundingClientRect();
    const middle = (top + bottom) / 2;
    if (bottom > top && middle > 0 && middle < innerHeight) field.focus({ preventScroll: true });
  }

  /** @param {string} token */
  key(token) {
    const look = { type: "button", "data-key": token, "aria-label": SPOKEN[token] ?? token };
    return h("button", { ...look, onclick: () => this.press(token) }, visible(token));
  }

  /** Puts all of it into the view. */
  place() {
    const { ui, spec, sets, field } = this;
    const view = /** @type {HTMLElement} */ (ui.root.querySelector(".view"));
    view.addEventListener("click", (event) => this.pressed(/** @type {PointerEvent} */ (event)));
    view.addEventListener("keydown", (event) => this.elsewhere(event));
    if (!spec.presenting) document.addEventListener("keydown", this); // there keys are the presenter's
    const label = h("label", { for: field.id }, spec.presenting ? t("type it") : t("or type it"));
    const shift = sets[1] && !spec.presenting ? this.shift : null;
    const keys = { class: "keys", role: "group", "aria-label": t("characters to choose from") };
    if (!spec.presenting) ui.body.append(h("div", keys, ...sets));
    sets.forEach(toolbar);
    ui.root.querySelector(".controls")?.prepend(h("span", { class: "control" }, shift, label, field));
  }

  /** @param {boolean} composing */
  typed(composing) {
    if (composing || !this.field.value) return;
    const [first] = this.field.value;
    this.field.value = "";
    this.guess(first);
  }

  /** @param {KeyboardEvent} event */
  entered(event) {
    const { spec, field } = this;
    typed(event);
    if (event.key !== "Enter" || composing(event)) return;
    event.preventDefault();
    if (spec.keys.includes("\n")) this.guess("\n");
    field.value = "";
  }

  /** @param {string} token */
  press(token) {
    this.guess(token);
    if (!this.sets[0].inert) return;
    this.turn(false);
    this.shift.focus();
  }

  /** Shows one of the two sets. @param {boolean} shifted */
  turn(shifted) {
    this.sets.forEach((set, n) => {
      set.inert = shifted === (n === 0);
    });
    this.shift.setAttribute("aria-pressed", String(shifted));
  }

  /** @param {boolean} able nothing can be guessed while a text of the reader's own is shown */
  enable(able) {
    const all = this.ui.root.querySelectorAll(".keys button, [data-testid=type], [data-control=pass]");
    for (const one of all) /** @type {HTMLButtonElement | HTMLInputElement} */ (one).disabled = !able;
  }
}
