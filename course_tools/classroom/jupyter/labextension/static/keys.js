// Whose a key is, in front of a class: for `make present` and for slides. A remote control sends Page Down and Page Up,
// and B or a full stop for a black screen.
const TURNS = /^Page(Up|Down)$/;
const MOVES = /^(Arrow|Home$|End$)/;
const CHOOSES = /^(Enter| )$/;
const TEXT = "textarea, input:not([type=range], [type=number], [type=radio], [type=checkbox], [type=button])";

/** What has the focus, also inside a view. @param {KeyboardEvent} event */
const target = (event) => /** @type {HTMLElement} */ (event.composedPath()[0]);

/** Whether what has the focus uses a key itself, once it has heard it. @param {KeyboardEvent} event */
export function isTaken(event) {
  const [on, { key }] = [target(event), event];
  if (TURNS.test(key)) return false;
  if (event.defaultPrevented || on.isContentEditable || on.matches?.(TEXT)) return true;
  if (on.matches?.("select, [type=radio]")) return MOVES.test(key) || CHOOSES.test(key);
  if (on.matches?.("[type=range]")) return MOVES.test(key);
  if (on.matches?.("[type=number]")) return !/^([a-df-z]| )$/i.test(key);
  return key === "Tab" || (CHOOSES.test(key) && on.matches?.("button, summary, a[href], [type=checkbox]"));
}

/** The answer of a guess that a letter chooses; none where nothing is asked. @param {ParentNode} within */
export function answerOf(within, key) {
  const roots = [...within.querySelectorAll(".course-view")].map((host) => host.shadowRoot);
  const answers = roots.flatMap((root) => [...(root?.querySelectorAll("[data-control=pick]") ?? [])]);
  return /^[a-d]$/i.test(key) ? answers[key.toLowerCase().charCodeAt(0) - 97] : undefined;
}
