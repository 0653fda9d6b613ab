// Which files a page asks for when a view names a model, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadModel } from "../src/models/load.js";

test("a name that leads out of the folder of models is refused before anything is fetched", async () => {
  const page = { documentElement: { dataset: { courseModels: "models/" } } };
  Object.assign(globalThis, { document: page }); // it has no head, to which a script could be added
  for (const name of ["../../files/mine", "//elsewhere/x", "a?b", ""])
    await assert.rejects(loadModel(name), { message: "no trained model has such a name" });
});
