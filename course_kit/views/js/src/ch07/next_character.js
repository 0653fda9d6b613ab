// The game against the model: what is typed is compared with what comes next, then the model's guesses are shown. The
// first places are an example, in which the model's first guess is what is compared.
import { h } from "../shared/dom.js";
import { fmt, percent } from "../shared/numbers.js";
import { inked, rgb } from "../shared/theme.js";
import NEXT_CHARACTER_CSS from "./next_character.css";
import { continuing } from "./continued.js";

export function next_character(ui) {
  const { spec, state, arrays } = ui;
  const { hidden, best, opened } = spec;
  const T = hidden.length;
  const W = best[0].length;
  const visible = (t) => t.replaceAll(" ", "␣").replaceAll("\n", "⏎") || "∅";
  const spoken = (t) => ({ " ": "space", "\n": "new line" })[t] ?? t;
  const played = () => Math.min(opened + state.guesses.length, T);
  const right = (i) => (i < opened ? best[i][0] : state.guesses[i - opened]) === hidden[i];
  const bits = (i) => Math.abs(Math.log2(arrays.truth[i]));
  const blind = Math.log2(spec.size);
  function scores() {
    const made = { guessed: played() - opened, reader: 0, model: 0, bits: 0 };
    for (let i = opened; i < played(); i++) {
      made.reader += right(i);
      made.model += best[i][0] === hidden[i];
      made.bits += bits(i) / made.guessed;
    }
    return made.guessed ? made : { ...made, bits: NaN };
  }

  // ---- what is typed or pressed
  const guess = (t) => played() < T && ui.set({ guesses: [...state.guesses, t] }, true);
  function typed(e) {
    if (e.isComposing || spec.long || !input.value) return;
    const [first] = input.value;
    input.value = "";
    guess(first);
  }
  function entered(e) {
    e.stopPropagation();
    if (e.key !== "Enter" || e.isComposing) return;
    e.preventDefault();
    if (spec.long && input.value) guess(input.value);
    else if (!spec.long && spec.keys.includes("\n")) guess("\n");
    input.value = "";
  }
  const input = h("input", {
    id: `${ui.id}-type`,
    type: "text",
    size: spec.long ? 10 : 3,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "data-testid": "type",
    oninput: typed,
    oncompositionend: () => typed({}),
    onkeydown: entered,
  });
  // what is needed most; in its place, once shifted, capitals and the rest
  const most = spec.keys.filter((k) => (/\p{L}/u.test(k) ? !/\p{Lu}/u.test(k) : " \n,.'".includes(k)));
  const rest = spec.keys.filter((k) => !most.includes(k));
  const key = (k) =>
    h("button", { type: "button", "data-key": k, "aria-label": spoken(k), onclick: () => press(k) }, visible(k));
  const sets = [most, rest].filter((set) => set.length).map((set) => h("div", {}, ...set.map(key)));
  const keys = h("div", { class: "keys", role: "group", "aria-label": "characters to choose from" }, ...sets);
  const shift = h("button", { type: "button", onclick: () => turn(!sets[0].inert) }, "capitals, rare signs");
  function turn(shifted) {
    sets.forEach((set, i) => (set.inert = shifted ? !i : i));
    shift.setAttribute("aria-pressed", shifted);
  }
  function press(k) {
    guess(k);
    if (!sets[0].inert) return;
    turn(false);
    shift.focus();
  }
  turn(false);
  const row = h(
    "span",
    { class: "control" },
    sets[1] && !spec.presenting ? shift : null,
    h("label", { for: input.id }, spec.long ? "next token" : sets.length ? "or type it" : "type it"),
    input,
  );
  const page = h("div", { class: "page", "data-testid": "text" });
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const bars = h("div", { class: "bars" });
  const score = h("div", { class: "score", "data-testid": "score" });
  const where = h("div", { class: "quiet" });
  const found = h("div", {}, where, bars);
  ui.body.append(
    page,
    h("div", { class: "turn" }, h("div", {}, said, score), found),
    ...(spec.presenting || !spec.keys.length ? [] : [keys]),
  );
  const controls = ui.root.querySelector(".controls");
  controls.prepend(row);
  ui.actions.pass = () => guess("");
  ui.style(NEXT_CHARACTER_CSS);

  // ---- a beginning of the reader's own, which the model writes on
  const { own } = spec.own ? continuing(ui, (logits) => globalThis.courseModels.draw(logits)) : { own: () => null };
  function expected({ logits, it }) {
    const shares = globalThis.courseModels.softmax(logits);
    const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, W);
    return order.map((i) => ({ token: it.tokenizer.token(i), p: shares[i] }));
  }
  function paintOwn(read) {
    const [before, written] = read.shown;
    const best = expected(read);
    page.replaceChildren(
      h("span", {}, before.length > 400 ? `…${before.slice(-400)}` : before),
      h("b", { class: "output" }, written),
      h("span", { class: "shown" }, "▁"),
    );
    score.replaceChildren();
    where.textContent = "the model’s best guesses";
    said.replaceChildren(
      h(
        "div",
        {},
        "Next it expects ",
        h("b", { class: "output" }, `“${visible(best[0].token)}”`),
        ` most: ${percent(best[0].p)}.`,
      ),
      h("div", { class: "quiet" }, "Each letter is drawn as often as it is expected. “again”: the game."),
    );
    bars.replaceChildren(...best.flatMap(({ token, p }) => bar(token, p, "")));
  }
  const covered = () => [h("span", { class: "quiet" }, "?"), h("i"), h("span")];
  const bar = (token, p, on) => [
    h("span", { class: on }, visible(token)),
    h("i", { class: on }, h("u", { style: `width:${100 * p}%` })),
    h("span", { class: on }, p > 0 && p < 0.0005 ? "< 0.001" : p.toFixed(3)),
  ];

  return {
    paint() {
      for (const e of ui.root.querySelectorAll(".keys button, [data-testid=type], [data-control=pass]"))
        e.disabled = own() !== null;
      ui.body.parentElement.classList.toggle("written", own() !== null);
      if (own()) return paintOwn(own());
      const { theme } = ui;
      const n = played();
      const s = scores();
      const last = n - 1;
      const over = n === T;
      const look = (i) => {
        if (i >= n) return i > n ? "hid" : "hid now";
        return `${right(i) ? "got" : ""} ${i === last ? "output" : ""}`;
      };
      const cell = (i, t) =>
        h(
          "span",
          { class: `c ${look(i)}` },
          i < n ? visible(t) : i === n ? "?" : "\u00a0",
          h("small", {}, i < n ? (right(i) ? "✓" : "–") : "\u00a0"),
          h("i", { style: i < n ? `background:${rgb(inked(theme, arrays.truth[i]))}` : "" }),
        );
      const long = spec.shown.length > 400 ? `…${spec.shown.slice(-400)}` : spec.shown;
      page.replaceChildren(h("span", { class: "shown" }, long), ...hidden.map((t, i) => cell(i, t)));
      score.replaceChildren(
        ...(s.guessed
          ? [
              h(
                "div",
                {},
                `Right of ${s.guessed}: you `,
                h("b", {}, s.reader),
                ", the model ",
                h("b", {}, s.model),
                ".",
              ),
              h(
                "div",
                { class: "quiet" },
                `It pays ${fmt(s.bits, 2)} bits per ${spec.long ? "token" : "character"}; ` +
                  `blind guessing ${fmt(blind, 2)}.`,
              ),
            ]
          : []),
      );
      const truth = hidden[last];
      const yours = state.guesses[last - opened];
      where.textContent = n ? `the model’s best guesses where “${visible(truth)}” stands` : "the model’s best guesses";
      if (!s.guessed)
        said.replaceChildren(
          h("b", {}, `What comes ${n ? "next" : "first"}? Your guess.`),
          h(
            "div",
            { class: "quiet" },
            n
              ? `The model has played the first ${n}. It gave “${visible(truth)}” ${percent(arrays.truth[last])}: ` +
                  `${bits(last).toFixed(2)} bits.`
              : "The model has made its guesses, too; it shows them after yours.",
          ),
        );
      else
        said.replaceChildren(
          h(
            "div",
            {},
            "It is ",
            h("b", {}, `“${visible(truth)}”`),
            ". ",
            yours === truth ? "You are right." : yours ? `You guessed “${visible(yours)}”.` : "You passed.",
            over ? " That was the last one." : "",
          ),
          h(
            "div",
            { class: "quiet" },
            `The model gave it ${percent(arrays.truth[last])}: ${bits(last).toFixed(2)} ` +
              `bits.${best[last].includes(truth) ? "" : " Not among its five best:"}`,
          ),
        );
      bars.replaceChildren(
        ...(n
          ? best[last].flatMap((t, j) => bar(t, arrays.chances[last * W + j], t === truth ? "on" : ""))
          : best[0].flatMap(covered)),
      );
    },
    table() {
      if (own())
        return { header: ["next", "probability"], rows: expected(own()).map((e) => [visible(e.token), fmt(e.p)]) };
      const n = played();
      return {
        header: ["place", "the true one", "you", "the model’s first", "it gave the right one", "bits"],
        rows: hidden
          .slice(0, n)
          .map((t, i) => [
            i + 1,
            visible(t),
            i < opened ? "opened" : state.guesses[i - opened] ? visible(state.guesses[i - opened]) : "passed",
            `${visible(best[i][0])} ${arrays.chances[i * W].toFixed(3)}`,
            arrays.truth[i].toFixed(3),
            bits(i).toFixed(2),
          ]),
      };
    },
    numbers: () =>
      own()
        ? { text: own().text, own: own().own, expected: expected(own()) }
        : { ...scores(), each: Array.from(hidden, (_, i) => bits(i)) },
  };
}
