// Two lists above the screen: all keys, and the places to go to.
import { el } from "./screen.js";

const HELP = `<h2>Keys</h2><table>
<tr><th>→ · space · page down</th><td>next: run, then the sentence to keep, then the next screen</td></tr>
<tr><th>← · page up</th><td>back</td></tr><tr><th>shift →</th><td>next without running</td></tr>
<tr><th>Enter · shift Enter</th><td>run, or run again</td></tr>
<tr><th>S</th><td>stop (a training keeps its best)</td></tr>
<tr><th>Tab, then arrows · Esc</th><td>into the view · out of it</td></tr>
<tr><th>R · shift R</th><td>reset the views of this screen · of the whole chapter</td></tr>
<tr><th>N</th><td>notes in a second window</td></tr><tr><th>G</th><td>go to a section or chapter</td></tr>
<tr><th>C · E</th><td>show a cell's code, or put it away · write in it</td></tr>
<tr><th>shift T</th><td>train now, though a result is kept</td></tr>
<tr><th>shift K</th><td>a fresh kernel, with all that stands above</td></tr>
<tr><th>B</th><td>black screen</td></tr>
<tr><th>Q</th><td>leave: JupyterLab as usual; alt P presents again</td></tr></table>`;

export const help = () => el("dialog", { className: "course-dialog", innerHTML: HELP });

// Sections of this chapter, then the other chapters
export function chooser(deck) {
  const dialog = el("dialog", { className: "course-dialog", ariaLabel: "Go to" });
  const go = (text, act, here) =>
    el(
      "button",
      {
        autofocus: here,
        onclick: () => {
          dialog.close();
          act();
        },
      },
      text,
    );
  const heads = deck.steps.map((s, i) => [s, i]).filter(([s, i]) => s.heading !== deck.steps[i - 1]?.heading);
  const now = heads.findLast(([, i]) => i <= deck.at)?.[1];
  dialog.append(...heads.map(([s, i]) => go(s.heading, () => deck.jump(i), i === now)));
  const others = deck.course.configured.chapters.filter((c) => !c.endsWith(`${deck.name}.ipynb`));
  dialog.append(...others.map((c) => go(`→ ${c.split("/").pop()}`, () => deck.leave(c))));
  return dialog;
}

// Shows one until it is closed; arrow keys walk through its buttons.
export function pop(dialog, closed) {
  dialog.onclose = () => {
    dialog.remove();
    closed();
  };
  dialog.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key],
      buttons = [...dialog.querySelectorAll("button")];
    if (step) buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length)?.focus();
  };
  document.body.append(dialog);
  dialog.showModal();
}
