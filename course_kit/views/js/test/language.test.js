import assert from "node:assert/strict";
import { test } from "node:test";
import { execFileSync } from "node:child_process";
import { writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { phrase, together, translate } from "../src/shared/language.js";

const page = /** @type {any} */ (globalThis);
page.courseWords = {
  "Choose a head.": "选一个头。",
  "{0} attends to {1}": "{1} 得到 {0} 的关注",
  "[query|{0}] scores “{1}” {2}.": "[query|{0}] 给“{1}”打 {2} 分。",
  "the model's words": "模型的词",
  "layer {0}, head {1}": "第 {0} 层，头 {1}",
  "{0} of {1}": "{1} 中的 {0}",
  "no model has such a name": "没有这个名字的模型",
  "It is {0}. {1}": "是{0}。{1}",
  "How it works: {0}": "原理：{0}",
  play: "播放",
  key: "键",
  score: "分数",
};

test("a text, a template whose holes change places, and what stands in them", () => {
  assert.equal(translate("Choose a head."), "选一个头。");
  assert.equal(translate(" Choose a head. "), "选一个头。");
  assert.equal(translate("· Choose a head."), "· 选一个头。", "after its bullet");
  assert.equal(translate("“it” attends to layer 2, head 1"), "第 2 层，头 1 得到 “it” 的关注");
  assert.equal(translate("[query|it] scores “cat” 0.25."), "[query|it] 给“cat”打 0.25 分。");
  assert.equal(translate("the model’s words"), "模型的词", "quotes are curled on a page");
  assert.equal(translate("3 of 12"), "12 中的 3");
});

test("several sentences, of which each is known alone; a phrase that became one", () => {
  assert.equal(translate("Choose a head. No model has such a name."), "选一个头。没有这个名字的模型。");
  assert.equal(translate("How it works: 3 of 12"), "原理：12 中的 3");
  assert.equal(translate("Choose a head. Nobody knows this."), "选一个头。Nobody knows this.");
});

test("what is not known stays, and so do words of the data", () => {
  for (const text of ["", "12", "Nobody knows this.", "A note of hers that goes on and on for long"])
    assert.equal(translate(text), text);
  assert.deepEqual([phrase("play"), translate("play")], ["play", "播放"]);
  assert.deepEqual(together(["", "key", "score"]), ["", "键", "分数"]);
  assert.deepEqual(together(["", "key", "the"]), ["", "key", "the"], "a sentence");
});

test("a new table is read anew; without one all is English", () => {
  const before = page.courseWords;
  page.courseWords = { "Choose a head.": "选头。" };
  assert.equal(translate("Choose a head."), "选头。");
  page.courseWords = undefined;
  assert.equal(translate("Choose a head."), "Choose a head.");
  page.courseWords = before;
});

test("words.mjs lists what readers see, a sentence of elements whole", () => {
  const file = join(mkdtempSync(join(tmpdir(), "words")), "view.js");
  writeFileSync(
    file,
    `import { h } from "./Some Thing.js";
    const label = \`\${n} word\${n === 1 ? "" : "s"}\`;
    h("p", { class: "Quiet one", title: "play" }, "Press ", h("b", {}, "play"), " again");
    box.querySelector("A b"); c.font = "700 12px Serif";
    if (event.key === "Page Down") say(\`\${a} attends to \${b}\`);`,
  );
  const found = JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, "..", "words.mjs"), file], { encoding: "utf8" }),
  );
  assert.deepEqual(
    found.map(([, line, text]) => [line, text]),
    [
      [2, "{0} word"],
      [2, "{0} words"],
      [3, "play"],
      [3, "Press {0} again"],
      [5, "{0} attends to {1}"],
    ],
  );
});
