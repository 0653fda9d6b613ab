// A text of the reader's own in a lab: a language model reads it, and writes on token after token.
import { h } from "../shared/dom.js";
import { form, unknownOf } from "../shared/own.js";

// The field below a lab whose view names a model; where it names none, this module is left out. next(logits) -> the id
// of the token to write; also: what the state becomes when the text changes. Returns own() -> what has been read, null
// while the lesson's text is shown; add(id).
export function continuing(ui, next, also = {}) {
  let read = null;
  let stopped = true;
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
    if (text !== read.text) read.read(text);
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
  const on = h("button", { type: "button", onclick: () => (stopped ? made.ask(write) : writes(false)) }, "write on");
  const made = form({ ...ui.spec.own, text: ui.state.own || ui.spec.own.text }, answer, { beside: on, rows: 2 });
  ui.below.append(made);
  function add(id) {
    read.add(id);
    show(true);
  }
  return { own, add };
}

class Continued {
  constructor(it) {
    Object.assign(this, { it, room: it.model.config.max_length, text: null, from: 0, ids: [], past: [] });
  }
  // Reads what the reader typed: `own` letters, `mine` tokens.
  read(text) {
    const pieces = this.it.tokenizer.pieces(text);
    this.take(pieces, text);
    Object.assign(this, { own: text.length, mine: pieces.length, written: [] });
  }
  // Writes one token more. It stays the token that was drawn, even if its letters could be cut in another way.
  add(id) {
    const { tokenizer } = this.it;
    const text = tokenizer.token(id);
    this.written.push(id);
    this.take(
      [...this.pieces, { id, token: text, text }],
      this.text.slice(0, this.own) + tokenizer.decode(this.written),
    );
  }
  // Keeps `logits`, of what comes next; only what has changed is read. Of a text that is longer than what the model
  // sees at once the last half of that.
  take(pieces, text) {
    const { model } = this.it;
    const { Matrix } = globalThis.courseModels;
    const all = pieces.map((piece) => piece.id);
    const fits = this.from && all.length > this.from && all.length - this.from <= this.room;
    const from = all.length <= this.room ? 0 : fits ? this.from : all.length - this.room / 2;
    const ids = all.slice(from);
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
    Object.assign(this, { text, from, ids, pieces });
  }
  get full() {
    return this.ids.length >= this.room;
  }
  // As a reader sees it: [before what the model wrote, what it wrote]; a sign that it does not know as what it reads.
  get shown() {
    const { UNK } = globalThis.courseModels;
    const spelt = this.pieces.map(({ id, text }) => (id === UNK ? this.it.tokenizer.token(id) : text));
    return [spelt.slice(0, this.mine).join(""), this.text.slice(this.own)];
  }
  get about() {
    const cut = this.from ? `It reads the last ${this.ids.length} of these ${this.pieces.length} ${this.units}. ` : "";
    return unknownOf(this.it, this.pieces) + cut;
  }
  get units() {
    return this.it.tokenizer.split === "exact" ? "letters" : "pieces";
  }
  // Writes while going() lets it, as many tokens in each frame as it can; next() -> an id; show() after each frame.
  async write(next, show, going) {
    const began = performance.now();
    const before = this.pieces.length;
    while (going() && !this.full) {
      const until = performance.now() + 20;
      do this.add(next(this.logits));
      while (!this.full && performance.now() < until);
      show();
      await new Promise(requestAnimationFrame);
    }
    const written = this.pieces.length - before;
    const pace = Math.round((1000 * written) / (performance.now() - began));
    const full = `Its ${this.room} ${this.units} are full: press again, and it goes on from the last half. `;
    return `${written} ${this.units}, ${pace} a second. ${this.full ? full : this.about}`;
  }
}
