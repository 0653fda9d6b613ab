// `node words.mjs FILE…` -> [[file, line, msgid], …]: what readers see of these files, for the catalogue. A template
// `${a} attends to ${b}` is "{0} attends to {1}"; where one of its holes has constants (`word${n === 1 ? "" : "s"}`)
// it is as many msgids; and so is a sentence that has elements in it: h("p", {}, "Press ", button, " again").
import { readFileSync } from "node:fs";
import { parse } from "acorn";

const MOST = 16; // msgids of one sentence
const HOLE = "\0"; // of a msgid that has no numbers yet
const SHOWN = ["aria-label", "aria-valuetext", "ariaLabel", "title", "placeholder", "alt", "textContent", "innerText"];
const NAMES = [...SHOWN, "label", "words", "caption", "name", "text", "hint", "header"];
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

/** What an expression may be as text, its other parts holes. @param {any} node @returns {string[]} */
function variants(node) {
  const product = (/** @type {string[][]} */ parts) => {
    const count = parts.reduce((many, part) => many * part.length, 1);
    const few = count <= MOST ? parts : parts.map((part) => (part.length > 1 ? [HOLE] : part));
    return few.reduce((whole, part) => whole.flatMap((a) => part.map((b) => a + b)), [""]);
  };
  switch (node?.type) {
    case "Literal":
      return typeof node.value === "string" ? [node.value] : [node.value === null ? "" : HOLE];
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
  if (/^[a-z-]+( [a-z-]+)*$/.test(own) && /-|_/.test(own) && !/ (the|a|of|is|in|on|to|at) /.test(own)) return false;
  if (/^[\w./-]+\.(js|css|json|py|ipynb|md|html)$|^[a-z]+\/[a-z+-]+$|^[a-z]+([A-Z][a-z]*)+$/.test(own)) return false;
  return (
    /\s/.test(own) ||
    /^\p{Lu}\p{Ll}/u.test(own) ||
    (/\{\d+\}/.test(text) && /(^|\s)\p{L}{2,}(?=[\s,.:]|$)/u.test(own) && /\s/.test(text))
  );
}

class Reader {
  /** @param {string} file */
  constructor(file) {
    this.file = file;
    /** @type {[string, number, string][]} */
    this.found = [];
    const tree = parse(readFileSync(file, "utf8"), { ecmaVersion: "latest", sourceType: "module", locations: true });
    this.visit(tree, { surely: false });
  }

  /** @param {any} node @param {string[]} texts @param {boolean} surely */
  add(node, texts, surely) {
    for (const text of texts.map(numbered)) {
      if (read(text, surely)) this.found.push([this.file, node.loc.start.line, text]);
    }
  }

  /** @param {any} node @param {{ surely: boolean }} at whether it is shown by its place */
  visit(node, at) {
    if (!node || typeof node.type !== "string") return;
    if (isText(node) || (node.type === "BinaryExpression" && textual(node))) {
      this.add(node, variants(node), at.surely);
      return this.holes(node);
    }
    const way = /** @type {any} */ (this)[node.type];
    if (way) way.call(this, node, at);
    else this.inside(node, { surely: false });
  }

  /** What stands in the holes of a text: calls with words of their own. @param {any} node */
  holes(node) {
    if (node.type === "TemplateLiteral") node.expressions.forEach((/** @type {any} */ hole) => this.hole(hole));
    else if (node.type === "BinaryExpression") [node.left, node.right].forEach((part) => this.holes(part));
    else if (!isText(node)) this.hole(node);
  }

  /** @param {any} node */
  hole(node) {
    if (node.type === "ConditionalExpression") {
      this.visit(node.test, { surely: false });
      [node.consequent, node.alternate].forEach((part) => (isText(part) ? this.holes(part) : this.hole(part)));
    } else if (!isText(node)) this.visit(node, { surely: false });
    else this.holes(node);
  }

  /** @param {any} node @param {{ surely: boolean }} at */
  inside(node, at) {
    for (const [name, value] of Object.entries(node)) {
      if (name === "loc") continue;
      for (const one of Array.isArray(value) ? value : [value]) this.visit(one, at);
    }
  }

  /** A sentence of texts and elements. @param {any} node @param {any[]} parts @param {boolean} surely */
  sentence(node, parts, surely) {
    const mixed = parts.length > 1 && parts.some((part) => textual(part)) && parts.some((part) => !textual(part));
    const all = mixed ? parts.map(variants) : [];
    const count = all.reduce((many, part) => many * part.length, 1);
    const few = count <= MOST ? all : all.map((part) => (part.length > 1 ? [HOLE] : part));
    // each element is a hole of its own: between them texts may be empty
    const wholes = few.reduce((whole, part) => whole.flatMap((a) => part.map((b) => a + b)), [""]);
    if (mixed)
      this.add(
        node,
        wholes.map((text) => text),
        surely,
      );
    for (const part of parts) {
      if (mixed && textual(part)) this.hole(part);
      else this.visit(part, { surely });
    }
  }

  ImportDeclaration() {}
  ExportAllDeclaration() {}
  /** @param {any} node */
  ExportNamedDeclaration({ declaration }) {
    this.visit(declaration, { surely: false });
  }
  /** @param {any} node */
  ExpressionStatement({ expression, directive }) {
    if (!directive) this.visit(expression, { surely: false });
  }
  /** @param {any} node */
  VariableDeclarator({ id, init }) {
    this.visit(id, { surely: false }); // what a part of it is by default
    if (id.name !== "look" || !isText(init ?? {})) this.visit(init, { surely: false }); // a class
  }
  /** @param {any} node */
  SwitchCase({ consequent }) {
    for (const one of consequent) this.visit(one, { surely: false });
  }
  /** @param {any} node */
  MemberExpression({ object, property, computed }) {
    this.visit(object, { surely: false });
    if (computed && !isText(property)) this.visit(property, { surely: false });
  }
  /** @param {any} node @param {{ surely: boolean }} at */
  BinaryExpression({ left, right }, at) {
    for (const one of [left, right]) if (!isText(one)) this.visit(one, at);
  }
  /** @param {any} node @param {{ surely: boolean }} at */
  ConditionalExpression({ test, consequent, alternate }, at) {
    this.visit(test, { surely: false });
    this.visit(consequent, at);
    this.visit(alternate, at);
  }
  /** @param {any} node @param {{ surely: boolean }} at */
  LogicalExpression({ left, right }, at) {
    this.visit(left, { surely: false });
    this.visit(right, at);
  }
  /** @param {any} node */
  AssignmentExpression({ left, right }) {
    const name = left.property?.name ?? "";
    if (/^(className|font|id|type|role|kind|transform|textAlign|href|src|dir)$/.test(name)) return;
    if (left.object?.property?.name === "style" || left.object?.property?.name === "dataset") return;
    this.visit(right, { surely: SHOWN.includes(name) });
  }
  /** @param {any} node */
  Property({ key, value, computed }) {
    const name = key.name ?? key.value ?? "";
    if (computed) this.visit(key, { surely: false });
    if (ATTRIBUTE.test(name)) return;
    if (name === "header" && value.type === "ArrayExpression") {
      for (const one of value.elements) this.visit(one, { surely: true });
      return;
    }
    this.visit(value, {
      surely: SHOWN.includes(name) || (isText(value) && NAMES.includes(name) && /\s/.test(variants(value)[0])),
    });
  }
  /** @param {any} node */
  ArrayExpression(node) {
    const parts = node.elements.filter(Boolean);
    const edge = parts.some(
      (/** @type {any} */ part) => textual(part) && variants(part).some((text) => /^\s|\s$|^[.,;:] ?$/.test(text)),
    );
    if (edge) this.sentence(node, parts, true);
    else for (const part of parts) this.visit(part, { surely: false });
  }
  /** @param {any} node */
  CallExpression(node) {
    const name = called(node);
    this.visit(node.callee, { surely: false });
    if (node.callee.object?.name === "console" || node.callee.object?.property?.name === "classList") return;
    const [first, second, ...rest] = node.arguments;
    if (name === "h" || name === "el") {
      this.visit(second, { surely: false });
      this.sentence(node, rest, first?.value !== "td");
    } else if (name === "add" && node.callee.object?.type === "ThisExpression")
      node.arguments.slice(2).forEach((one) => this.visit(one, { surely: false }));
    else if (name === "translate") this.visit(first, { surely: true });
    else if (name === "setAttribute") this.visit(second, { surely: SHOWN.includes(first?.value) });
    else if (/^(replaceChildren|append|prepend)$/.test(name)) this.sentence(node, node.arguments, true);
    else if (!SILENT.test(name)) {
      const rest = FIRST.test(name) ? node.arguments.slice(1) : node.arguments;
      for (const one of rest) this.visit(one, { surely: false });
    } else for (const one of node.arguments) if (!textual(one)) this.visit(one, { surely: false });
  }
  /** @param {any} node */
  NewExpression(node) {
    if (SILENT.test(called(node))) return;
    for (const one of node.arguments) this.visit(one, { surely: false });
  }
}

const found = process.argv.slice(2).flatMap((file) => new Reader(file).found);
const seen = new Set();
const once = found.filter(([file, , text]) => !seen.has(`${file} ${text}`) && seen.add(`${file} ${text}`));
console.log(JSON.stringify(once));
