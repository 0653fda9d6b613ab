// A trained model, loaded into the page when it is first needed. Its files lie beside the pages of the website (in
// models/), or are served by the course's JupyterLab; nothing comes from elsewhere.
import { t } from "../text.js";

export const MISSING = t("the files of the models are not here");

/** The scripts that have come or are coming, by their address. @type {Map<string, Promise<void>>} */
const coming = new Map();

/**
 * Where the files are, or null: a page says so on its root element ("inside": in itself), JupyterLab by its own
 * configuration.
 */
export function modelsAt() {
  const said = document.documentElement.dataset.courseModels;
  if (said) return said;
  const lab = document.getElementById("jupyter-config-data");
  return lab ? `${JSON.parse(lab.textContent).baseUrl}attention-course/models/` : null;
}

/** @param {string} address @returns {Promise<void>} */
function script(address) {
  const known = coming.get(address);
  if (known) return known;
  const promise = new Promise((/** @type {(nothing: void) => void} */ done, failed) => {
    const element = document.createElement("script");
    element.src = address;
    element.onload = () => {
      element.remove();
      done();
    };
    element.onerror = () => {
      element.remove();
      coming.delete(address);
      failed(new Error(MISSING));
    };
    document.head.append(element);
  });
  coming.set(address, promise);
  return promise;
}

/** A file of a model that will perhaps be wanted. @param {string} file */
export const ahead = (file) => script(`${modelsAt()}${file}`).catch(() => {});

/**
 * loadModel("transformer-grammar", (share) => …) -> what courseModels.open gives.
 * @param {string} name
 * @param {(share: number) => void} tell from 0 to 1, what has come
 * @returns {Promise<import("./page.js").Opened>}
 */
export async function loadModel(name, tell = () => {}) {
  const at = modelsAt();
  if (!at) throw new Error(t("this page has no models beside it"));
  if (!/^[\w-]+$/.test(name)) throw new Error(t("no trained model has such a name")); // an output may say any, also ../
  if (at === "inside" && globalThis.courseModels.cards[name]) return globalThis.courseModels.open(name);
  await script(`${at}${name}.js`);
  const { parts } = globalThis.courseModels.cards[name];
  let come = 0;
  async function part(/** @type {number} */ number) {
    await script(`${at}${name}.${number}.js`);
    come++;
    tell(come / parts);
  }
  tell(0);
  await Promise.all(Array.from({ length: parts }, (_, number) => part(number)));
  return globalThis.courseModels.open(name);
}
