// Runs modules of the views for Python: tests/in_node.py writes a request a line, and reads an answer a line. Numbers
// that JSON has no name for, and typed arrays, travel as { "$": name, … }.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";

const [COURSE, KIT] = process.argv.slice(2).map((folder) => pathToFileURL(`${folder}/`));
const TYPED = { Float32Array, Float64Array, Uint8Array };

globalThis.load = (module) => import(new URL(module, module.startsWith("chapters/") ? COURSE : KIT).href);
console.log = console.error; // the answers have the other line to themselves

function given(_, value) {
  if (!value || typeof value !== "object" || !("$" in value)) return value;
  if (value.$ === "number") return Number(value.is);
  const bytes = Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0));
  return new TYPED[value.$](bytes.buffer);
}

function told(_, value) {
  if (typeof value === "number" && !Number.isFinite(value)) return { $: "number", is: String(value) };
  if (ArrayBuffer.isView(value)) return Array.from(value);
  if (value instanceof Map || value instanceof Set) return [...value];
  return value;
}

async function answer({ module, name, code, args }) {
  const found = module ? (await load(module))[name] : runInThisContext(`(${code})`);
  if (module && found === undefined) throw new Error(`${module} exports no ${name}`);
  const isClass = typeof found === "function" && /^class\b/.test(String(found));
  return typeof found === "function" && !isClass ? found(...args) : found;
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = JSON.stringify({ result: (await answer(JSON.parse(line, given))) ?? null }, told);
  } catch (error) {
    said = JSON.stringify({ error: String(error?.message ?? error), stack: String(error?.stack) });
  }
  process.stdout.write(`${said}\n`);
}
