// Spans in a text: tags under the words, what was predicted below them, start and end of an answer as bars above.
import { h } from "../shared/dom.js";
import { mix, rgb } from "../shared/theme.js";
import TAGGED_CSS from "./tagged.css";
import { chance, gutter, wordline } from "./words.js";

export function tagged(ui) {
  const { spec, state, arrays } = ui;
  const { names, tags, predicted, labels, question } = spec;
  const T = names.length;
  const all = names.map((_, i) => i);
  const lines = [
    ["tags", tags],
    ["predicted", predicted],
  ].filter(([, t]) => t);
  const { start, end } = arrays;
  const compare = tags && predicted;
  const short = (p) => (p >= 0.995 ? "1" : p.toFixed(2).slice(1));
  const text = (a, b) =>
    names
      .slice(a, b + 1)
      .join(" ")
      .replaceAll(" ##", "");

  function spansOf(given) {
    const spans = [];
    given?.forEach((tag, i) => {
      if (tag === "O") return;
      const last = spans.at(-1);
      const label = tag.slice(2);
      if (tag[0] === "I" && last?.[1] === i - 1 && last[2] === label) last[1] = i;
      else spans.push([i, i, label]);
    });
    return spans;
  }
  // the answer: the largest start × end that does not end before it starts; or each by itself
  function answer() {
    if (!start) return null;
    const top = (p) => p.reduce((best, x, i) => (x > p[best] ? i : best), 0);
    let first = top(start);
    let last = top(end);
    if (state.rule === "together") {
      let best = -1;
      for (let i = 0; i < T; i++)
        for (let j = i; j < Math.min(T, i + state.longest); j++)
          if (start[i] * end[j] > best) {
            best = start[i] * end[j];
            [first, last] = [i, j];
          }
    }
    return [first, last, start[first] * end[last]];
  }
  const true_ = spansOf(tags);
  const made = spansOf(predicted);
  const same = (a) => (b) => a.join() === b.join();
  const found = {
    right: true_.filter((s) => made.some(same(s))),
    missed: true_.filter((s) => !made.some(same(s))),
    invented: made.filter((s) => !true_.some(same(s))),
  };

  const { line, chips, sync } = wordline(ui, {
    words: names,
    places: all,
    name: "word",
    label: "the words; arrow keys choose one",
  });
  const cells = chips.map((chip, i) => {
    const bars = start
      ? h(
          "span",
          { class: "pair", "aria-hidden": "true" },
          ...[start, end].map((p, k) =>
            h(
              "span",
              { class: "post" },
              h("small", {}, p[i] >= 0.05 ? short(p[i]) : ""),
              h("i", { class: k ? "end" : "start", style: p[i] >= 0.005 ? `height:${3 * p[i]}em` : "display:none" }),
            ),
          ),
        )
      : null;
    const marks = lines.map(([name, t]) => {
      const off = compare && name === "predicted" && tags[i] !== t[i];
      const o = t[i] === "O";
      return h(
        "small",
        { class: `tag ${o ? "o" : `${t[i][0].toLowerCase()} s${labels.indexOf(t[i].slice(2)) % 4}`}` },
        start ? (t[i][0] === "B" ? t[i].slice(2) : "\u00a0") : `${t[i]}${off ? " ✗" : ""}`,
      );
    });
    if (bars) chip.append(bars);
    chip.append(h("span", { class: "text" }, names[i]), ...marks);
    chip.setAttribute(
      "aria-label",
      [
        names[i],
        ...lines.map(([name, t]) => `${name === "tags" ? "tag" : name} ${t[i]}`),
        ...(start ? [`start ${chance(start[i])}, end ${chance(end[i])}`] : []),
      ].join(", "),
    );
    return chip;
  });
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  ui.body.append(...(question ? [h("div", { class: "question" }, h("b", {}, "Question: "), question)] : []), line);
  ui.below.append(say);
  ui.style(TAGGED_CSS + `.view{--chip:${start ? 3.1 : 1.6}em;--said:${start ? 5.8 : 7.4}em}`);
  line.classList.add(start ? "barred" : "plain");
  const legend = (kind, word) => [h("i", { class: kind }), word];
  const place = gutter(line, chips, [
    ...(start ? [[".pair", h("span", {}, ...legend("start", "start"), h("br"), ...legend("end", "end"))]] : []),
    ...lines.map(([name], n) => [
      `.tag:nth-last-of-type(${lines.length - n})`,
      name === "tags" ? (start ? "true" : "true tag") : "model",
    ]),
  ]);
  // a line of words takes the room of its highest bar, and of a tag where it has one
  function level() {
    let row = [];
    const done = () => {
      const most = Math.max(...row.flatMap((i) => [start[i], end[i]]));
      const plain = row.every((i) => lines.every(([, tag]) => tag[i] === "O"));
      row.forEach((i) => {
        chips[i].style.setProperty("--high", most < 0.05 ? "0.6em" : `${Math.max(3, 3 * most + 1.5)}em`);
        chips[i].classList.toggle("bare", plain);
      });
      row = [];
    };
    chips.forEach((c, i) => {
      if (i && c.offsetLeft < chips[i - 1].offsetLeft) done();
      row.push(i);
    });
    done();
  }

  return {
    paint() {
      const { theme } = ui;
      const shell = line.closest(".view");
      const style = (n, v) => shell.style.setProperty(n, v);
      style("--sand", rgb(theme.plus));
      style("--sanded", rgb(mix(theme.paper, theme.plus, 0.14)));
      style("--greyed", rgb(mix(theme.paper, theme.ink, 0.08)));
      style("--darker", rgb(mix(theme.paper, theme.ink, 0.2)));
      sync();
      if (start) level();
      place();
      const best = answer();
      const w = state.word;
      cells.forEach((cell, i) => {
        for (const [name, on] of [
          ["in", best && best[0] <= i && i <= best[1]],
          ["first", best && i === best[0]],
          ["last", best && i === best[1]],
        ])
          cell.classList.toggle(name, Boolean(on));
      });
      const about = [h("b", { class: "query" }, `“${names[w]}”`), ` (word ${w + 1})`];
      if (tags && !start) about.push(`: ${tags[w]}`);
      if (predicted && !start) about.push(`${tags ? ", predicted " : ": "}${predicted[w]}`);
      if (start) about.push(`: start ${chance(start[w])}, end ${chance(end[w])}`);
      const listed = (s) => s.map(([a, b, label]) => `“${text(a, b)}” ${label}`).join(", ");
      const rest = [];
      if (best)
        rest.push(
          h(
            "div",
            {},
            best[0] <= best[1] ? "Answer: " : h("b", {}, "No answer: "),
            best[0] <= best[1]
              ? h("b", { class: "output" }, `“${text(best[0], best[1])}”`)
              : "it would end before it starts",
            `, ${chance(start[best[0]])} × ${chance(end[best[1]])} = ${chance(best[2])}.`,
            ...(true_.length
              ? [
                  true_.some(([a, b]) => a === best[0] && b === best[1])
                    ? " ✓ It is the true one."
                    : ` ✗ True: ${listed(true_.map(([a, b]) => [a, b, ""])).trim()}.`,
                ]
              : []),
          ),
        );
      if (compare)
        rest.push(
          h(
            "div",
            { class: "quiet" },
            Object.entries(found)
              .filter(([, s]) => s.length)
              .map(([name, s]) => `${s.length} ${name}: ${listed(s)}`)
              .join(" · ") || "no spans",
          ),
        );
      else if (!start)
        rest.push(
          h("div", { class: "quiet" }, `${(tags ? true_ : made).length} spans: ${listed(tags ? true_ : made)}`),
        );
      say.replaceChildren(h("div", {}, ...about, "."), ...rest);
    },
    table: () => ({
      header: ["word", ...lines.map(([name]) => (name === "tags" ? "tag" : name)), ...(start ? ["start", "end"] : [])],
      rows: names.map((n, i) => [
        `${i + 1} ${n}`,
        ...lines.map(([, t]) => t[i]),
        ...(start ? [chance(start[i]), chance(end[i])] : []),
      ]),
    }),
    numbers: () => ({ answer: answer(), spans: true_, found }),
  };
}
