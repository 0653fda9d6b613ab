// The game against the model: what is typed is compared with what comes next, then the model's guesses are shown.
import NEXT_CHARACTER_CSS from "./next_character.css";
import { fmt, h, mix, percent, rgb } from "../../../course_utils/views/core.js";
import { continuing } from "./continued.js";

export function next_character(ui) {
  const { spec, state, arrays } = ui,
    { hidden, best } = spec,
    T = hidden.length,
    W = best[0].length;
  const visible = (t) => t.replaceAll(" ", "␣").replaceAll("\n", "⏎") || "∅",
    spoken = (t) => ({ " ": "space", "\n": "new line" })[t] ?? t;
  const played = () => Math.min(state.guesses.length, T),
    bits = (i) => Math.abs(Math.log2(arrays.truth[i])),
    blind = Math.log2(spec.size);
  function scores() {
    const n = played(),
      right = state.guesses.slice(0, n).filter((g, i) => g === hidden[i]).length,
      model = best.slice(0, n).filter((b, i) => b[0] === hidden[i]).length;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += bits(i);
    return { guessed: n, reader: right, model, bits: n ? sum / n : NaN };
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
  // small letters, capitals and the rest in rows of their own
  const kind = (k) => (/\p{Ll}/u.test(k) ? 0 : /\p{Lu}/u.test(k) ? 1 : 2);
  const keys = h(
    "div",
    { class: "keys", role: "group", "aria-label": "characters to choose from" },
    ...spec.keys.flatMap((k, i) => [
      i && kind(k) !== kind(spec.keys[i - 1]) ? h("span", { class: "row" }) : null,
      h("button", { type: "button", "data-key": k, "aria-label": spoken(k), onclick: () => guess(k) }, visible(k)),
    ]),
  );
  const row = h(
    "span",
    { class: "control" },
    h("label", { for: input.id }, spec.long ? "next token" : keys.childElementCount ? "or type it" : "type it"),
    input,
  );
  const page = h("div", { class: "page", "data-testid": "text" }),
    said = h("div", { class: "say", role: "status", "data-testid": "readout" }),
    bars = h("div", { class: "bars" }),
    score = h("div", { class: "score", "data-testid": "score" }),
    found = h("div", {}, h("div", { class: "quiet" }, "the model’s best guesses"), bars);
  ui.body.append(
    page,
    h("div", { class: "turn" }, h("div", {}, said, score), found),
    ...(spec.presenting || !spec.keys.length ? [] : [keys]),
  );
  const controls = ui.root.querySelector(".controls");
  controls.prepend(row);
  ui.actions.pass = () => guess("");
  const css = h("style");
  css.textContent = NEXT_CHARACTER_CSS;
  ui.root.append(css);

  // ---- a beginning of the reader's own, which the model writes on
  const { own } = spec.own ? continuing(ui, (logits) => globalThis.courseModels.draw(logits)) : { own: () => null };
  function expected({ logits, it }) {
    const shares = globalThis.courseModels.softmax(logits),
      order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, W);
    return order.map((i) => ({ token: it.tokenizer.token(i), p: shares[i] }));
  }
  function paintOwn(read) {
    const [before, written] = read.shown,
      best = expected(read);
    page.replaceChildren(
      h("span", {}, before.length > 400 ? `…${before.slice(-400)}` : before),
      h("b", { class: "output" }, written),
      h("span", { class: "shown" }, "▁"),
    );
    score.replaceChildren();
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
      const { theme } = ui,
        n = played(),
        s = scores(),
        over = n === T,
        ink = (p) => rgb(mix(theme.paper, theme.ink, p));
      const cell = (i, t) =>
        h(
          "span",
          { class: `c${i < n ? (state.guesses[i] === hidden[i] ? " got" : "") : i === n ? " now hid" : " hid"}` },
          i < n ? visible(t) : "·",
          h("small", {}, i < n ? (state.guesses[i] === hidden[i] ? "✓" : "–") : " "),
          h("i", { style: i < n ? `background:${ink(arrays.truth[i])};border:1px solid ${theme.hatch}` : "" }),
        );
      const long = spec.shown.length > 400 ? `…${spec.shown.slice(-400)}` : spec.shown;
      page.replaceChildren(h("span", { class: "shown" }, long), ...hidden.map((t, i) => cell(i, t)));
      score.replaceChildren(
        ...(n
          ? [
              h("div", {}, `Right of ${n}: you `, h("b", {}, s.reader), ", the model ", h("b", {}, s.model), "."),
              h("div", { class: "quiet" }, `It pays ${fmt(s.bits, 2)} bits each; blind guessing ${fmt(blind, 2)}.`),
            ]
          : []),
      );
      const last = n - 1,
        truth = hidden[last],
        yours = state.guesses[last];
      if (!n)
        said.replaceChildren(
          h("b", {}, "What comes first? Your guess."),
          h("div", { class: "quiet" }, "The model has made its guesses, too; it shows them after yours."),
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
            state.guesses[i] ? visible(state.guesses[i]) : "passed",
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
