// A text of the reader's own in a lab: a language model reads it, and writes on letter after letter.
import { h } from "../../../course_utils/views/core.js";
import { form, unknownOf } from "../../../course_utils/views/own.js";

// The field below a lab whose view names a model; where it names none, this module is left out. next(logits) -> a token
// to write; also: what the state becomes when the text changes. Returns own() -> what has been read, null while the
// lesson's text is shown; add(token).
export function continuing(ui, next, also = {}) {
  let read = null,
    stopped = true;
  const own = () => (ui.state.own ? read : null);
  function show(done = false) {
    const field = made.querySelector("textarea");
    if (field.value !== read.text) {
      field.value = read.text;
      field.scrollTop = field.scrollHeight;
    }
    ui.set({ ...also, own: read.text }, done);
  }
  function answer([it], text) {
    writes(false);
    read ??= new Continued(it);
    read.read(text, text === read.text ? read.own : text.length);
    show(true);
    return read.about;
  }
  // a readout that changes with each letter is not read out
  function writes(now) {
    stopped = !now;
    on.textContent = now ? "stop" : "write on";
    ui.root.querySelector('[data-testid="readout"]').setAttribute("aria-live", now ? "off" : "polite");
  }
  async function write(_, going) {
    writes(true);
    const said = await read.write(next, show, () => going() && !stopped && own());
    if (going()) writes(false);
    ui.set({}, true);
    return said;
  }
  const on = h("button", { type: "button", onclick: () => (stopped ? made.ask(write) : writes(false)) }, "write on"),
    made = form({ ...ui.spec.own, text: ui.state.own || ui.spec.own.text }, answer, { beside: on, rows: 2 });
  ui.below.append(made);
  function add(token) {
    read.read(read.text + token, read.own);
    show(true);
  }
  return { own, add };
}

class Continued {
  constructor(it) {
    Object.assign(this, { it, room: it.model.config.max_length, text: null, from: 0, ids: [], past: [] });
  }
  // Reads a text and keeps `logits`, of what comes next; only what has changed is read. Of one that is longer than what
  // the model sees at once the last half of that. own: what of it the reader wrote, before the model wrote on.
  read(text, own = text.length) {
    const { model, tokenizer } = this.it,
      { Matrix } = globalThis.courseModels,
      pieces = tokenizer.pieces(text),
      all = pieces.map((piece) => piece.id);
    const fits = this.from && all.length > this.from && all.length - this.from <= this.room,
      from = all.length <= this.room ? 0 : fits ? this.from : all.length - this.room / 2,
      ids = all.slice(from);
    let known = from === this.from ? ids.findIndex((id, i) => id !== this.ids[i]) : 0;
    if (known < 0) known = ids.length;
    if (known < ids.length || known < this.ids.length || !this.logits) {
      known = Math.min(known, ids.length - 1);
      const cut = (x) => new Matrix(known, x.columns, x.data.subarray(0, known * x.columns));
      const past = known ? this.past.map(({ keys, values }) => ({ keys: cut(keys), values: cut(values) })) : [];
      const { logits, state } = model.read(ids.slice(known), { ...model.start(), past });
      this.logits = Array.from(logits.row(logits.rows - 1));
      this.past = state.past;
    }
    return Object.assign(this, { text, own, from, ids, pieces });
  }
  get full() {
    return this.ids.length >= this.room;
  }
  // As a reader sees it: [before what the model wrote, what it wrote]; a sign that it does not know as what it reads.
  get shown() {
    const { UNK } = globalThis.courseModels;
    const spelt = this.pieces.map(({ id, text }) => (id === UNK ? this.it.tokenizer.token(id) : text)),
      own = Array.from(this.text.slice(0, this.own)).length;
    return [spelt.slice(0, own).join(""), spelt.slice(own).join("")];
  }
  get about() {
    const cut = this.from ? `It reads the last ${this.ids.length} of these ${this.pieces.length} letters. ` : "";
    return unknownOf(this.it, this.pieces) + cut;
  }
  // Writes while going() lets it, as many letters in each frame as it can; next() -> a token; show() after each frame.
  async write(next, show, going) {
    const began = performance.now(),
      before = this.text.length;
    while (going() && !this.full) {
      const until = performance.now() + 20;
      do this.read(this.text + next(this.logits), this.own);
      while (!this.full && performance.now() < until);
      show();
      await new Promise(requestAnimationFrame);
    }
    const written = this.text.length - before,
      pace = Math.round((1000 * written) / (performance.now() - began));
    const full = `Its ${this.room} letters are full: press again, and it goes on from the last ${this.room / 2}. `;
    return `${written} letters, ${pace} a second. ${this.full ? full : this.about}`;
  }
}
