// A guess before the answer: native radio buttons; once picked, the answer and its reason unfold.
import { h } from "../shared/dom.js";
import PREDICT_CSS from "./predict.css";

export function predict(ui) {
  const { spec, state, id } = ui;
  const mark = h("div", { role: "status", "data-testid": "verdict", class: "verdict" });
  const inputs = spec.answers.map((a, i) =>
    h("input", {
      type: "radio",
      name: `${id}-guess`,
      "data-control": "pick",
      onchange: () => ui.set({ pick: i }, true),
    }),
  );
  const labels = spec.answers.map((a, i) => h("label", {}, inputs[i], h("span", {}, a)));
  ui.style(PREDICT_CSS);
  ui.body.append(h("fieldset", { class: "answers" }, h("legend", { class: "hidden" }, spec.title), ...labels), mark);
  return {
    paint() {
      inputs.forEach((input, i) => (input.checked = state.pick === i));
      labels.forEach((label, i) => label.classList.toggle("right", state.pick >= 0 && i === spec.answer));
      if (state.pick < 0)
        return mark.replaceChildren(
          h("span", { class: "quiet" }, "Guess before you read on; a wrong guess teaches more."),
        );
      const verdict =
        spec.answer < 0
          ? "Noted. Read on and see."
          : state.pick === spec.answer
            ? "✓ Yes. "
            : `✗ It is ${spec.answers[spec.answer]}. `;
      mark.replaceChildren(h("b", {}, verdict), spec.answer < 0 ? "" : spec.because);
    },
    table: () => ({ header: ["number", "answer"], rows: spec.answers.map((a, i) => [String(i + 1), a]) }),
    numbers: () => ({ pick: state.pick }),
  };
}
