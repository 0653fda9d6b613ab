// Whose a key is, in front of a class. A remote control sends Page Down and Page Up, and B or a full stop for a black
// screen.
const TURNS = /^Page(Up|Down)$/;
const MOVES = /^(Arrow|Home$|End$)/;
const CHOOSES = /^(Enter| )$/;
const SHOWN = ".course-deck :is(.jp-OutputArea, .jp-MarkdownOutput)";

/** Whether what has the focus uses a key itself, once it has heard it. @param {KeyboardEvent} event */
export function isTaken(event) {
  const { key, defaultPrevented } = event;
  const [{ type = "", tagName, isContentEditable }] = /** @type {HTMLInputElement[]} */ (event.composedPath());
  if (TURNS.test(key)) return false;
  if (defaultPrevented || isContentEditable || /^(text|search)/.test(type)) return true;
  if (/^(select|radio)/.test(type)) return MOVES.test(key) || CHOOSES.test(key);
  if (type === "range") return MOVES.test(key);
  if (type === "number") return !/^[a-df-z ]$/i.test(key);
  return key === "Tab" || (CHOOSES.test(key) && (/^(button|checkbox)$/.test(type) || /^(A|SUMMARY)$/.test(tagName)));
}

/**
 * After the mouse the keys are the remote's again: a control has them that one came to by keyboard, or writes in.
 * @param {() => void} leave @param {AbortSignal} [signal]
 */
export function leaveAfterMouse(leave, signal) {
  let isMouse = false;
  const hear = (name, act) => addEventListener(name, act, { capture: true, signal });
  const end = (event) =>
    setTimeout(() => {
      let at = /** @type {any} */ (document.activeElement); // a click comes first, which may move it
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      const isList = at?.tagName === "SELECT" && event.type === "pointerup"; // which is open now
      const isWritten = at?.isContentEditable || /^(text|search|number)/.test(at?.type);
      if (isMouse && !isList && !isWritten) leave();
    });
  hear("pointerdown", (event) => (isMouse = event.composedPath().some((e) => e.matches?.(SHOWN))));
  hear("keydown", () => (isMouse = false));
  hear("pointerup", end);
  hear("input", (event) => event.composedPath()[0].tagName === "SELECT" && end(event));
}

/** Whether a key goes to another screen; under a black one it only brings light. @param {KeyboardEvent} event */
export const moves = ({ key }) => TURNS.test(key) || MOVES.test(key) || CHOOSES.test(key) || key === "Escape";

/** Shows the answer of a guess that nobody has made -> whether there was one. @param {ParentNode} within */
export function showAnswer(within) {
  const asking = [...within.querySelectorAll(".course-view")].find(({ view }) => view?.state.pick < 0);
  asking?.view.act("answer");
  return asking?.view.state.pick >= 0; // none of an open question
}

/**
 * Does a step of a view that is told in steps, or a press that the view asks for (`in_class` of view.py), "on" or
 * "back" -> whether there was one. @param {ParentNode} within
 */
export function walk(within, way) {
  const views = [...within.querySelectorAll(".course-view")].flatMap(({ view }) => view ?? []);
  return views.some((view) => {
    const isPressed = view.press(way);
    if (isPressed !== undefined) return isPressed;
    const { step } = view.state;
    view.act(way);
    return view.state.step !== step;
  });
}

/** What a key does at a guess: a letter chooses, a digit counts hands; none elsewhere. @param {ParentNode} within */
export function answers(within, key) {
  const roots = [...within.querySelectorAll(".course-view")].flatMap((host) => host.shadowRoot ?? []);
  const all = (name) => roots.flatMap((root) => [...root.querySelectorAll(`[data-control=${name}]:not([hidden])`)]);
  const answer = /^[a-d]$/i.test(key) && all("pick")[key.toLowerCase().charCodeAt(0) - 97];
  if (answer) return () => answer.click();
  const field = /^\d$/.test(key) && all("hands").find((one) => !one.value);
  if (!field) return;
  return () => {
    field.focus();
    field.value = key;
    field.dispatchEvent(new Event("input"));
  };
}
