// Lets node import a module with its style sheet: the text of the sheet.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    if (!url.endsWith(".css")) return next(url, context);
    const text = JSON.stringify(readFileSync(new URL(url), "utf8"));
    return { format: "module", source: `export default ${text}`, shortCircuit: true };
  },
});
