// A view that Python hears: an anywidget whose traits are the entries of its state (see course_kit/views/live.py).
import { mount } from "./mount.js";

/** @import { Kind, Link, State } from "./types.js" */
/** @typedef {{ get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *   on(event: string, heard: () => void): void, off(event: string, heard: () => void): void }} Model */

/**
 * @param {Record<string, Kind>} kinds
 * @param {{ model: Model, el: HTMLElement }} given as anywidget calls its `render`
 * @returns {() => void}
 */
export function live(kinds, { model, el }) {
  const names = Object.keys(model.get("_spec").state);
  const host = document.createElement("div");
  const link = linked(model, names);
  let stop = () => {};
  host.className = "course-view";
  el.append(host);

  function show() {
    const spec = model.get("_spec");
    const data = model.get("_data");
    const typed = /** @type {HTMLElement | null | undefined} */ (host.shadowRoot?.activeElement)?.dataset.control;
    link.forget();
    stop();
    const numbers = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    const state = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    stop = mount(host, kinds, { ...spec, initial: spec.state, state }, numbers, link);
    const control = typed && host.shadowRoot?.querySelector(`[data-control="${typed}"]`);
    if (control instanceof HTMLElement) control.focus();
  }

  show();
  model.on("change:_spec", show); // Python has replaced the view
  return () => {
    model.off("change:_spec", show);
    link.forget();
    stop();
    host.remove();
  };
}

/**
 * The way between a view and its traits.
 * @param {Model} model
 * @param {string[]} names
 * @returns {Link & { forget: () => void }}
 */
function linked(model, names) {
  /** @type {[string, () => void][]} */
  const heard = [];
  return {
    save(state) {
      for (const name of names) model.set(name, state[name]);
      model.save_changes();
    },
    listen(tell) {
      for (const name of names) {
        const listener = () => tell({ [name]: model.get(name) });
        model.on(`change:${name}`, listener);
        heard.push([name, listener]);
      }
    },
    forget() {
      for (const [name, listener] of heard.splice(0)) model.off(`change:${name}`, listener);
    },
  };
}
