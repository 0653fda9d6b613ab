// `node words.mjs FILE…` -> [[file, line, msgid], …]: what readers see of these files, for the catalogue. A template
// `${a} attends to ${b}` is "{0} attends to {1}"; where one of its holes has constants (`word${n === 1 ? "" : "s"}`)
// it is as many msgids; and so is a sentence that has elements in it: h("p", {}, "Press ", button, " again").
import { readFileSync } from "node:fs";
import { parse } from "acorn";

const HOLE = "\0"; // of a msgid that has no numbers yet
const SHOWN = ["aria-label", "aria-valuetext", "ariaLabel", "title", "placeholder", "alt", "textContent", "innerText"];
// calls whose arguments are no words; of some only the first is none
const SILENT = new RegExp(
  [
    "^(query|matches|closest|contains$|toggle$|remove$|classList|createElement|getElementById|getContext|matchMedia)",
    "^(addEventListener|removeEventListener|dispatchEvent|Event$|fetch|URL$|hasCommand|addCommand|execute)",
    "^(startsWith|endsWith|includes|split$|join$|replace|indexOf|match|test$|RegExp|fresh|adopt|style$|font$)",
    "^(getPropertyValue|setProperty|deleteProperty|getAttribute|removeAttribute|hasAttribute)",
    "^(getItem|setItem|removeItem)",
  ].join("|"),
);
const CODE =
  /^https?:|^[.#/][\w-]|[{}]|;(?! |$)|^<|var\(|px\b|\[lang|^import |^from \S+ import|^"|^[a-z-]+\([^)]*\)?$|^\w+:$|^--/;
const ATTRIBUTE = new RegExp(
  "^(class|className|style|id|type|role|kind|d|transform|href|src|for|mark|ink|font|Authorization)$" +
    "|^data-|^aria-(?!label|value)",
);
const FIRST = /^(h|el|svgElement|setAttribute|listen|on|text|number|numbers|vector|follow)$/; // the name of a thing

/** @param {any} node */
const called = ({ callee }) => callee.name ?? callee.property?.name ?? "";
const isText = (/** @type {any} */ { type, value }) => type === "TemplateLiteral" || typeof value === "string";

/** All sentences of parts each of which may be one of several texts. @param {string[][]} parts */
const product = (parts) => parts.reduce((whole, part) => whole.flatMap((a) => part.map((b) => a + b)), [""]);

/** What an expression may be as text, its other parts holes. @param {any} node @returns {string[]} */
function variants(node) {
  switch (node?.type) {
    case "Literal":
      return [typeof node.value === "string" ? node.value : HOLE];
    case "TemplateLiteral":
      return product(
        node.quasis.flatMap((/** @type {any} */ { value }, /** @type {number} */ i) => {
          const hole = node.expressions[i];
          return hole ? [[value.cooked], variants(hole)] : [[value.cooked]];
        }),
      );
    case "BinaryExpression":
      return node.operator === "+" && [node.left, node.right].some(textual)
        ? product([variants(node.left), variants(node.right)])
        : [HOLE];
    case "ConditionalExpression":
      return [...new Set([...variants(node.consequent), ...variants(node.alternate)])];
    case "CallExpression": // a piece of a sentence that is written piece by piece
      return called(node) === "plain" ? variants(node.arguments[0]) : [HOLE];
    default:
      return [HOLE];
  }
}

/** @param {any} node @returns {boolean} */
function textual(node) {
  if (node?.type === "CallExpression" && called(node) === "plain") return textual(node.arguments[0]);
  if (node?.type === "ConditionalExpression") return textual(node.consequent) || textual(node.alternate);
  if (node?.type === "BinaryExpression" && node.operator === "+") return textual(node.left) || textual(node.right);
  return Boolean(node) && isText(node);
}

/** A msgid with its holes counted; two that touch are one. @param {string} text */
function numbered(text) {
  let count = 0;
  return text
    .trim()
    .replace(/\0+/g, HOLE)
    .replaceAll(HOLE, () => `{${count++}}`);
}

/** Whether a text looks as if it were read. @param {string} text @param {boolean} surely */
function read(text, surely) {
  const own = text.replace(/\{\d+\}/g, " ").trim();
  if (!/\p{L}{2}/u.test(own) || CODE.test(own)) return false;
  if (surely) return /\p{L}{2}/u.test(own);
  if (/^(Arrow|Page)\w+$|^(Home|End|Enter|Escape|Tab|Space|Control|Shift|NaN|UTF-8)$|^[A-Z0-9_]+$/.test(own))
    return false;
  return (
    /\s/.test(own) ||
    /^\p{Lu}\p{Ll}/u.test(own) ||
    (/\{\d+\}/.test(text) && /(^|\s)\p{L}{2,}(?=[\s,.:]|$)/u.test(own) && /\s/.test(text))
  );
}

/** The parts of a sentence, if it has texts and elements. @param {any[]} parts */
const mixed = (parts) => parts.length > 1 && parts.some(textual) && !parts.every(textual);

/**
 * @typedef {"surely" | "perhaps" | "hole"} At whether a text is shown by its place, or is a part of another one
 * @typedef {[node: any, at: At][]} Parts
 */
const perhaps = (/** @type {any[]} */ ...nodes) => /** @type {Parts} */ (nodes.flat().map((node) => [node, "perhaps"]));
const whenShown = (/** @type {boolean} */ shown) => (/** @type {At} */ (shown ? "surely" : "perhaps"));
/** Texts and elements one after the other. @param {any[]} parts @param {At} at @returns {Parts} */
const sentence = (parts, at) => parts.map((part) => [part, mixed(parts) && textual(part) ? "hole" : at]);

/** Where words may be within a node. @type {Record<string, (node: any, at: At) => Parts>} */
const INSIDE = {
  ImportDeclaration: () => [],
  ExportAllDeclaration: () => [],
  VariableDeclarator: ({ id, init }) => perhaps(id, id.name === "look" && isText(init ?? {}) ? [] : init), // a class
  MemberExpression: ({ object, property, computed }) => perhaps(object, computed ? property : []),
  BinaryExpression: ({ left, right }, at) => [left, right].filter((one) => !isText(one)).map((one) => [one, at]),
  ConditionalExpression: ({ test, consequent, alternate }, at) => [...perhaps(test), [consequent, at], [alternate, at]],
  LogicalExpression: ({ left, right }, at) => [...perhaps(left), [right, at]],
  AssignmentExpression({ left: { property, object }, right }) {
    const name = property?.name ?? "";
    if (ATTRIBUTE.test(name) || ["style", "dataset"].includes(object?.property?.name)) return [];
    return [[right, whenShown(SHOWN.includes(name))]];
  },
  Property({ key, value }) {
    const name = key.name ?? key.value ?? "";
    if (ATTRIBUTE.test(name)) return [];
    if (name === "header" && value.type === "ArrayExpression")
      return value.elements.map((/** @type {any} */ one) => [one, "surely"]);
    return [[value, whenShown(SHOWN.includes(name))]];
  },
  ArrayExpression({ elements }) {
    const parts = elements.filter(Boolean);
    return isSentence(parts) ? sentence(parts, "surely") : perhaps(parts);
  },
  CallExpression({ callee, arguments: given }) {
    const name = called({ callee });
    const [first, second, ...rest] = given;
    const callees = perhaps(callee);
    if (MADE.test(name)) return [...callees, ...perhaps(second), ...sentence(rest, "surely")];
    if (name === "add" && callee.object?.type === "ThisExpression") return [...callees, ...perhaps(given.slice(2))];
    if (name === "translate") return [...callees, [first, "surely"]];
    if (ADDS.test(name)) return [...callees, ...sentence(given, "surely")];
    if (SILENT.test(name)) return [...callees, ...perhaps(given.filter((/** @type {any} */ one) => !textual(one)))];
    return [...callees, ...perhaps(FIRST.test(name) ? given.slice(1) : given)];
  },
};
const MADE = /^(h|el)$/;
const ADDS = /^(replaceChildren|append|prepend)$/;

/** Whether a list is a sentence: a text of it begins or ends with a space. @param {any[]} parts */
const isSentence = (parts) =>
  parts.some((part) => textual(part) && variants(part).some((text) => /^\s|\s$|^[.,;:] ?$/.test(text)));

/** The parts of a node that are read as one sentence. @param {any} node @returns {any[]} */
function sentenceOf({ type, elements, callee, arguments: given }) {
  if (type === "ArrayExpression") return isSentence(elements.filter(Boolean)) ? elements.filter(Boolean) : [];
  if (type !== "CallExpression") return [];
  const name = called({ callee });
  if (MADE.test(name)) return given.slice(2);
  return ADDS.test(name) ? given : [];
}

/** @param {any} node @param {(node: any, text: string[], surely: boolean) => void} add @param {At} at */
function visit(node, add, at) {
  if (!node || typeof node.type !== "string") return;
  const joined = node.type === "BinaryExpression" && textual(node);
  if (isText(node) || joined) {
    if (at !== "hole") add(node, variants(node), at === "surely");
    const parts = joined ? [node.left, node.right] : (node.expressions ?? []);
    for (const part of parts) visit(part, add, "hole");
    return;
  }
  const through = at === "hole" && node.type !== "ConditionalExpression" ? "perhaps" : at;
  const inside =
    INSIDE[node.type]?.(node, through) ??
    perhaps(Object.entries(node).flatMap(([name, value]) => (name === "loc" ? [] : value)));
  for (const [part, place] of inside) visit(part, add, place);
  const together = sentenceOf(node);
  if (mixed(together)) add(node, product(together.map(variants)), true);
}

/** @type {[string, number, string][]} */
const found = [];
for (const file of process.argv.slice(2)) {
  const tree = parse(readFileSync(file, "utf8"), { ecmaVersion: "latest", sourceType: "module", locations: true });
  const texts = new Set();
  visit(
    tree,
    (node, given, surely) => {
      for (const text of given.map(numbered)) {
        if (texts.has(text) || !read(text, surely)) continue;
        texts.add(text);
        found.push([file, node.loc.start.line, text]);
      }
    },
    "perhaps",
  );
}
console.log(JSON.stringify(found));
