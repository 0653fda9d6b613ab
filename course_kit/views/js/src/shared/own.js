// A text of the reader's own: a field in the view, and the picture that follows what is typed, computed in the page by
// a trained model. `spec.own` (see own.py) says by which. A view whose picture has a method `answer` gets the field by
// itself: what the model reads -> a generator of pictures, one for each new word, each with what differs in the spec,
// and its arrays; `field`, if it has one, is where the field comes. Other views build it with `form`.
import { loadModel, modelsAt } from "../models/load.js";
import { h } from "./dom.js";

const NOTHING = "There is no word to read: type a text";
const ELSEWHERE = "You can type a text of your own here on the course's website and in JupyterLab.";

// What a model reads instead of pieces that it does not know.
export function unknownOf({ source, tokenizer }, pieces) {
  const { unk, words } = source ?? tokenizer;
  const missing = new Set(pieces.flatMap((p) => (p.id === unk ? [`“${p.text}”`] : [])));
  return missing.size ? `It does not know ${[...missing].join(", ")}, and reads ${words[unk]} there. ` : "";
}

// A field, a button, and a line on the model: `about`, or for once what `answer(models, text, going)` gives;
// it ends when going() is false. forget(): shows what was there first; rows: of the field; with more than one, what is
// typed is answered at once when the model is there; beside: what comes beside the button. The form's `ask(then)` asks,
// and lets then(models, going) say more.
export function form({ models, label, text, about }, answer, { forget, rows = 1, beside = "" } = {}) {
  if (!modelsAt()) return h("div", { class: "own", "data-testid": "model" }, ELSEWHERE);
  const facts = h("span", {}, about);
  const news = h("span");
  const said = h("span", { role: "status", "data-testid": "model" }, facts, news);
  function say(words) {
    facts.className = words ? "away" : "";
    news.textContent = words;
  }
  let found = null;
  let turn = 0;
  const field = h("textarea", {
    ...{ rows, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-control": "own" },
    oninput: () => rows > 1 && found && ask(),
    onkeydown(event) {
      event.stopPropagation(); // JupyterLab has other plans with Enter
      if (event.key !== "Enter" || (event.shiftKey && rows > 1) || event.isComposing) return;
      event.preventDefault();
      ask();
    },
  });
  field.value = text;
  const button = (words, onclick, hidden, title) => h("button", { type: "button", onclick, hidden, title }, words);
  const back = button("the first sentence", first, true);
  function first() {
    turn++;
    field.value = text;
    say("");
    back.hidden = true;
    forget();
    field.focus();
  }
  async function ask(then) {
    const mine = ++turn;
    const shares = models.map(() => 0);
    const going = () => mine === turn && made.isConnected;
    const tell = (words) => mine === turn && say(words);
    const come = (n) => (share) => {
      shares[n] = share / models.length;
      if (!found) tell(`The model is coming: ${Math.round(100 * shares.reduce((a, b) => a + b))} %.`);
    };
    try {
      if (!field.value.trim()) throw new Error(NOTHING);
      found ??= await Promise.all(models.map((name, n) => loadModel(name, come(n))));
      if (!going()) return;
      tell("");
      tell(await answer(found, field.value, going));
      if (mine === turn) back.hidden = !forget;
      if (then && going()) tell(await then(found, going));
    } catch ({ message }) {
      tell(
        `${message[0].toUpperCase()}${message.slice(1)}. ${message.includes("files of the models") ? ELSEWHERE : ""}`,
      );
    }
  }
  const line = h("label", {}, label, field);
  const made = h(
    "div",
    { class: "own" },
    line,
    button("ask the model", () => ask(), false, "Computed in this page: what you type is sent nowhere."),
    beside,
    back,
    said,
  );
  return Object.assign(made, { ask });
}

const named = (read) => (id) => read.token(id).replace(/^▁(?=.)/, "");
const paint = () => new Promise((done) => setTimeout(done));

export function own(ui, picture) {
  const { own: given, made } = ui.spec;
  const { host } = ui.root;
  if (!given || !picture.answer) return;
  async function show(models, text, going) {
    const [it] = models;
    const read = it.source ?? it.tokenizer;
    const pieces = read.framed(text);
    const ids = pieces.map((p) => p.id);
    const source = ids.map(named(read));
    let said = unknownOf(it, pieces);
    let shown = 0;
    if (!ids.length) throw new Error(NOTHING);
    if (ids.length > given.room) throw new Error(`These are ${ids.length} tokens, and there is room for ${given.room}`);
    // What a model writes, word by word: picture(words, rows of weights over the source, ids) is yielded after each.
    function* write({ model, target, tokenizer }, picture) {
      const steps = globalThis.courseModels.writing(model, ids, { longest: given.longest });
      let step;
      while (!(step = steps.next()).done) {
        const { ids, weights } = step.value;
        const rows = weights.map((row) => {
          const whole = row?.reduce((a, b) => a + b); // of a GPT less than 1 falls on the source
          return row && Array.from(row, (w) => w / whole);
        });
        yield picture(ids.map(named(target ?? tokenizer)), rows, ids);
      }
      if (!step.value.ended) said += "It did not come to an end: this is its beginning. ";
    }
    const words = `“${text.trim()}”, as the model reads it. The table has its numbers.`;
    const { title, caption } = given;
    host.style.minHeight = `${host.offsetHeight}px`; // what comes below the view stays where it is
    try {
      for (const { spec, arrays } of picture.answer({ models, text, pieces, ids, source, write })) {
        ui.become({ title, caption, words, live: false, made: element, ...spec }, arrays);
        shown++;
        await paint();
        if (!going()) return "";
      }
    } finally {
      host.style.minHeight = "";
    }
    return said + (shown ? "" : "It ends at once, and writes nothing. ");
  }
  const element = made ?? form(given, show, { forget: () => ui.become({ made: element }) });
  if (picture.field) picture.field.append(element);
  else ui.below.after(element); // the picture comes first
}
