// A sentence of the reader's own: a form in the view, and the picture that follows what is typed, computed in the page
// by a trained model. `spec.own` (see own.py) says by which. A view's picture has a method `answer` for it: what the
// model reads -> a generator of pictures, one for each new word, each with what differs in the spec, and its arrays.
import OWN_CSS from "./own.css";
import { additions, h } from "./core.js";
import { loadModel, modelsAt } from "./models/load.js";

const ELSEWHERE = "On the course's website, and in `make lab`, you can type a sentence of your own here.";

// What the model reads instead of words that it does not know.
export function unknownOf(pieces) {
  const missing = new Set(pieces.flatMap((p) => (p.id === globalThis.courseModels.UNK ? [`“${p.text}”`] : [])));
  return missing.size ? `It does not know ${[...missing].join(", ")}, and reads <unk> there. ` : "";
}

// A field, a button, and what is said of the model: `about`, and before it what `answer(models, text, isLast)` gives.
// isLast(): nothing else has been asked in the meantime; forget(): shows the first sentence again.
export function form({ models, label, text, about }, answer, forget = null) {
  const style = h("style", {}, OWN_CSS);
  if (!modelsAt()) return h("div", { class: "own", "data-testid": "model" }, ELSEWHERE, style);
  const said = h("span", { role: "status", "data-testid": "model" }, about);
  let turn = 0;
  const field = h("input", { value: text, spellcheck: "false", autocomplete: "off", "data-control": "own" });
  const back = h("button", { type: "button", hidden: true, onclick: first }, "the first sentence");
  function first() {
    turn++;
    field.value = text;
    said.textContent = about;
    back.hidden = true;
    forget();
    field.focus();
  }
  async function ask(event) {
    event.preventDefault();
    const mine = ++turn,
      shares = models.map(() => 0),
      isLast = () => mine === turn,
      tell = (words) => isLast() && (said.textContent = words);
    const come = (n) => (share) => {
      shares[n] = share / models.length;
      tell(`The model is coming: ${Math.round(100 * shares.reduce((a, b) => a + b))} %.`);
    };
    tell("The model is coming.");
    try {
      const found = await Promise.all(models.map((name, n) => loadModel(name, come(n))));
      tell(about);
      tell((await answer(found, field.value, isLast)) + about);
      if (isLast()) back.hidden = !forget;
    } catch (error) {
      tell(`${error.message}. ${error.message.includes("files of the models") ? ELSEWHERE : about}`);
    }
  }
  const line = h("label", {}, label, field);
  const keys = (event) => event.stopPropagation(); // JupyterLab has other plans with Enter
  return h(
    "form",
    { class: "own", onsubmit: ask, onkeydown: keys },
    line,
    h("button", {}, "ask the model"),
    back,
    said,
    style,
  );
}

const named = (token) => token.replace(/^▁(?=.)/, "");
const paint = () => new Promise((done) => setTimeout(done));

function own(ui, picture) {
  const { own: given, made } = ui.spec,
    { host } = ui.root;
  if (!given) return;
  async function show(models, text, isLast) {
    const [it] = models,
      read = it.source ?? it.tokenizer,
      pieces = read.pieces(text),
      ids = pieces.map((p) => p.id),
      source = ids.map((id) => named(read.token(id)));
    let said = unknownOf(pieces),
      shown = 0;
    if (!ids.length) throw new Error("There is no word to read: type a sentence");
    if (ids.length > given.room) throw new Error(`These are ${ids.length} tokens, and there is room for ${given.room}`);
    // What a model writes, word by word: picture(words, rows of weights over the source) is yielded after each.
    function* write({ model, target, tokenizer }, picture) {
      const steps = globalThis.courseModels.writing(model, ids, { longest: given.longest });
      let step;
      while (!(step = steps.next()).done) {
        const { ids, weights } = step.value;
        const rows = weights.map((row) => {
          const whole = row?.reduce((a, b) => a + b); // of a GPT less than 1 falls on the source
          return row && Array.from(row, (w) => w / whole);
        });
        yield picture(
          ids.map((id) => named((target ?? tokenizer).token(id))),
          rows,
        );
      }
      if (!step.value.ended) said += "It did not come to an end: this is its beginning. ";
    }
    const words = `“${text.trim()}”, as the model reads it. The table has its numbers.`,
      { title, caption } = given;
    host.style.minHeight = `${host.offsetHeight}px`; // what comes below the view stays where it is
    try {
      for (const { spec, arrays } of picture.answer({ models, ids, source, write })) {
        ui.become({ title, caption, words, live: false, made: element, ...spec }, arrays);
        shown++;
        await paint();
        if (!isLast()) return "";
      }
    } finally {
      host.style.minHeight = "";
    }
    return said + (shown ? "" : "It ends at once, and writes nothing. ");
  }
  const element = made ?? form(given, show, () => ui.become({ made: element }));
  (ui.root.querySelector(".caption") ?? ui.root.querySelector(".title")).after(element);
}
additions.own = own;
