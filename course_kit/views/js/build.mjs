// chapters/views.js -> dist/views.js: one script with all that it imports, style sheets too. `node build.mjs --check`
// compares and writes nothing.
import { readFile, writeFile } from "node:fs/promises";
import * as esbuild from "esbuild";

const here = (place) => new URL(place, import.meta.url).pathname;

/** A style sheet is imported as its text, without spaces and comments. */
const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await esbuild.transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const { outputFiles } = await esbuild.build({
  entryPoints: [here("../../../chapters/views.js")],
  bundle: true,
  write: false,
  format: "iife",
  minify: true,
  charset: "utf8",
  target: "es2022",
  supported: { "regexp-lookbehind-assertions": false }, // as RegExp("…"), so that old browsers can read the rest
  legalComments: "none",
  plugins: [styles],
  outfile: here("dist/views.js"),
});
const [{ path, contents }] = outputFiles;
if (process.argv.includes("--check")) {
  const committed = await readFile(path).catch(() => null);
  if (!committed?.equals(contents)) {
    console.error("dist/views.js is not what its sources make: run `make views` and commit it");
    process.exit(1);
  }
} else await writeFile(path, contents);
