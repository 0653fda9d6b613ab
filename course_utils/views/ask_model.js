// A line for a text of the reader's own, answered in the page by the trained model that the view names (`spec.model`).
// It comes when it is first asked; from then on the picture follows what is typed.
import ASK_MODEL_CSS from "./ask_model.css";
import { h } from "./core.js";
import { loadModel, modelsAt } from "./models/load.js";

// answer(it, text, going) -> what to say below; write(it, going), where the model writes on: a promise of the same.
// Both end when going() does. What askModel returns has `put(text)`, to write into the field.
export function askModel(ui, { label, value = "", answer, write }) {
  let it = null,
    turn = 0,
    stopped = false;
  const id = `${ui.id}-own`,
    said = h("div", { class: "quiet about", role: "status", "data-testid": "model" }),
    bar = h("progress", { "aria-label": "the model on its way into this page", hidden: true }),
    on = h("button", { type: "button", onclick: () => (on.textContent === "stop" ? stop() : run(true)) }, "write on");
  const field = h("textarea", {
    ...{ id, rows: 2, spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-control": "own" },
    oninput: () => it && run(),
    onkeydown(event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      run();
    },
  });
  field.value = ui.state.own || value;
  const ask = h("button", { type: "button", onclick: () => run() }, "ask the model");
  const form = h("div", { class: "own" }, h("label", { for: id }, label), field, ask, write ? on : null, bar);

  // a readout that changes with each letter is not read out
  function show(writes) {
    on.textContent = writes ? "stop" : "write on";
    ui.root.querySelector('[data-testid="readout"]')?.setAttribute("aria-live", writes ? "off" : "polite");
  }
  function stop() {
    stopped = true;
    show(false);
  }
  async function run(writing = false) {
    const mine = ++turn,
      going = () => mine === turn && !stopped && form.isConnected;
    stopped = false;
    const say = (text) => mine === turn && (said.textContent = text);
    try {
      if (!field.value.trim()) throw new Error("Type a text first");
      it ??= await loadModel(ui.spec.model, (share) => {
        bar.hidden = share === 1;
        bar.value = share;
      }).catch(({ message }) => {
        const why = message[0].toUpperCase() + message.slice(1);
        throw new Error(`${why}. On the course's website, and in \`make lab\`, any text can be typed`);
      });
      if (!going()) return;
      say(answer(it, field.value, going));
      if (!writing) return;
      show(true);
      say(await write(it, going));
    } catch (error) {
      say(`${error.message}.`);
    } finally {
      if (mine === turn) {
        bar.hidden = true;
        show(false);
      }
    }
  }
  const css = h("style");
  css.textContent = ASK_MODEL_CSS;
  ui.root.append(css);
  if (!ui.spec.presenting || modelsAt()) ui.below.append(form, said); // slides have no model beside them
  return {
    put(text) {
      if (text === field.value) return;
      field.value = text;
      field.scrollTop = field.scrollHeight;
    },
  };
}

// What has been computed, by what, and what it does not know. pieces: those of the text; from: what it was trained on.
export function about({ card, tensors, tokenizer }, pieces, from) {
  const UNK = globalThis.courseModels.UNK,
    unknown = pieces.filter((piece) => piece.id === UNK).map((piece) => `“${piece.text}”`),
    count = Object.values(tensors).reduce((sum, x) => sum + x.data.length, 0);
  return (
    (unknown.length ? `It does not know ${[...new Set(unknown)].join(", ")}: it reads ${tokenizer.token(UNK)}. ` : "") +
    `Computed in this page by ${card.name}, ${(count / 1e6).toFixed(1)} million parameters, trained on ${from}.`
  );
}
