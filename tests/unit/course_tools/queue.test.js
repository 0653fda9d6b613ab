// The queue in which a class's cells run: their order, what a screen lacks, and what is tried again.
import assert from "node:assert/strict";
import test from "node:test";
import { Queue } from "../../../course_tools/classroom/jupyter/labextension/static/queue.js";
import { closed, plan } from "../../../course_tools/classroom/jupyter/labextension/static/screen.js";

const CELLS = [["a"], ["b", "code", "skip"], ["c", "markdown"], ["d"], ["e", "code", "-", ["workbook"]], ["f"]];

test("a screen needs all code above it, also what no class is shown, and nothing of the reader's own pages", () => {
  const cells = CELLS.map(([id, type = "code", slide_type, tags = []]) => {
    const metadata = { slideshow: { slide_type }, tags };
    return { model: { id, type, getMetadata: (name) => metadata[name] } };
  });
  const steps = plan(
    cells,
    ["c", "f"].map((cell) => ({ cell, said: [] })),
  );
  const before = steps.map((step) => step.before.map(({ model }) => model.id));
  assert.deepEqual(before, [["a", "b"], ["d"]]);
});

test("half way ends, for a class, before the command of a notebook", () => {
  for (const [said, last] of [
    ["<strong>Half way.</strong> You know <em>where</em>. Can it be learned?", " Next, choose <em>Kernel → …</em>."],
    ["<strong>一半了。</strong>能不能学出来？", "下次选 <em>Kernel → …</em>（从这里恢复）。"],
  ]) {
    const made = `${said}<span class="course-command">${last}</span>`;
    assert.equal(closed(said + last), made);
    assert.equal(closed(made), made);
  }
});

/** A queue over cells a, b, c …, of which `reach` are wanted. answers: {id: what each run of it gives, in turn}. */
function queueOf(ids, answers = {}) {
  const cells = [...ids].map((id) => ({ model: { id } }));
  const log = [];
  const made = { cells, log, reach: cells.length };
  const wanted = () => cells.slice(0, made.reach);
  made.queue = new Queue(
    () => wanted().find(({ model }) => !made.queue.ran.has(model.id)),
    async ({ model: { id } }) => {
      log.push(`${id}…`);
      await new Promise((done) => setTimeout(done));
      log.push(id);
      const answer = answers[id]?.length ? answers[id].shift() : "";
      if (answer instanceof Error) throw answer;
      return answer;
    },
  );
  return made;
}
const raisedAt = ({ queue, cells }, count) => queue.lack(cells.slice(0, count));

test("each cell runs once, after those above it have ended, however often one goes on meanwhile", async () => {
  const made = queueOf("abcd");
  made.reach = 1;
  const first = made.queue.work();
  for (made.reach = 2; made.reach < 4; made.reach += 1) assert.equal(made.queue.work(), first);
  await first;
  assert.deepEqual(made.log, ["a…", "a", "b…", "b", "c…", "c", "d…", "d"]);
  assert.deepEqual(made.queue.done, ["a", "b", "c", "d"]);
});

test("an error counts where the screen's own cell fails, by the name of the first on the way", async () => {
  const made = queueOf("abcd", { b: ["KeyError"], d: ["NameError"] });
  await made.queue.work();
  assert.deepEqual(made.queue.done, ["a", "c"]);
  assert.equal(raisedAt(made, 1), null);
  assert.equal(raisedAt(made, 3), null, "c ran well without b");
  assert.deepEqual(raisedAt(made, 4), { cell: made.cells[1], raised: "KeyError" });
});

test("what failed is tried again in order, and is forgotten once it has run well", async () => {
  const made = queueOf("abc", { a: ["ValueError"], c: ["NameError"] });
  await made.queue.work();
  made.queue.retry(made.cells);
  assert.equal(raisedAt(made, 3), null, "not while it is to run again");
  made.log.length = 0;
  await made.queue.work();
  assert.deepEqual(made.log, ["a…", "a", "c…", "c"]);
  assert.equal(raisedAt(made, 3), null);
});

test("what somebody stopped stays stopped, and is missed further down only", async () => {
  const made = queueOf("ab", { a: ["KeyboardInterrupt"], b: ["NameError"] });
  await made.queue.work();
  assert.equal(raisedAt(made, 1), null);
  made.queue.retry(made.cells);
  assert.deepEqual([...made.queue.ran], ["a"]);
  made.queue.ran.add("b");
  assert.equal(raisedAt(made, 2)?.raised, "KeyboardInterrupt");
});

test("a cell that the kernel never began is sent again, before those below it", async () => {
  const lost = queueOf("ab", { a: [null, null] });
  await lost.queue.work();
  assert.deepEqual(lost.log, ["a…", "a", "a…", "a", "a…", "a", "b…", "b"]);
  const gone = queueOf("ab", { a: [null, null, null] });
  await gone.queue.work();
  assert.deepEqual(gone.queue.done, ["b"]);
  const none = queueOf("ab", { a: [new Error("no kernel")] });
  await assert.rejects(none.queue.work(), /no kernel/);
  assert.deepEqual(none.queue.done, []);
  await none.queue.work();
  assert.deepEqual(none.queue.done, ["a", "b"]);
});
