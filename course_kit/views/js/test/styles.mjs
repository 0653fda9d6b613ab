// Lets node import our modules as pages do: every script is a module, a style sheet its text.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    if (url.endsWith(".js")) return next(url, { ...context, format: "module" });
    if (!url.endsWith(".css")) return next(url, context);
    const text = JSON.stringify(readFileSync(new URL(url), "utf8"));
    return { format: "module", source: `export default ${text}`, shortCircuit: true };
  },
});
