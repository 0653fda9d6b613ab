// A trained model, loaded into the page when it is first needed. Its files lie beside the pages of the website (in
// models/), or are served by the course's JupyterLab; nothing comes from elsewhere.

const coming = {};

// Where the files are, or null: a page says so on its root element, JupyterLab by its own configuration.
export function modelsAt() {
  const said = document.documentElement.dataset.courseModels;
  if (said) return said;
  const lab = document.getElementById("jupyter-config-data");
  return lab ? `${JSON.parse(lab.textContent).baseUrl}attention-course/models/` : null;
}

const script = (address) =>
  (coming[address] ??= new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = address;
    element.onload = () => (element.remove(), done());
    element.onerror = () => {
      element.remove();
      delete coming[address];
      failed(new Error("the files of the models are not here"));
    };
    document.head.append(element);
  }));

// loadModel("transformer-grammar", (share) => …) -> what courseModels.open gives. share: from 0 to 1, what has come.
export async function loadModel(name, tell = () => {}) {
  const at = modelsAt();
  if (!at) throw new Error("this page has no models beside it");
  await script(`${at}${name}.js`);
  const { base, parts } = globalThis.courseModels.cards[name];
  if (base) await loadModel(base);
  let come = 0;
  tell(0);
  await Promise.all(
    [...Array(parts).keys()].map((n) => script(`${at}${name}.${n}.js`).then(() => tell(++come / parts))),
  );
  return globalThis.courseModels.open(name);
}
