import assert from "node:assert/strict";
import { test } from "node:test";
import {
  openOf,
  percentOf,
  replies,
  story,
  subjectOf,
  textOf,
  translation,
  translations,
  withoutArcs,
} from "../../../chapters/ch00/labs/cover_story.js";
import { difference, rowsOf, twoOf } from "../../../chapters/ch00/labs/cover_study.js";

// "It was tired/wide": "it" looks at itself and at the adjective, the adjective decides
const weights = [
  [
    [0.5, 0.3, 0.2],
    [0.2, 0.6, 0.2],
    [0.99, 0.005, 0.005],
  ],
  [
    [0.5, 0.3, 0.2],
    [0.2, 0.6, 0.2],
    [0.1, 0.85, 0.05],
  ],
];
const study = {
  tokens: [
    ["it", "was", "tired"],
    ["it", "was", "wide"],
  ],
  written: [
    ["il", "était", "fatigué"],
    ["elle", "était", "large"],
  ],
  weights,
  place: [0, 0],
  words: ["il", "elle"],
  shares: [
    [0.98, 0.001],
    [0.0007, 0.97],
  ],
  moved: [
    [0.001, 0.001, 0.96],
    [0.0007, 0.0007, 0.93],
  ],
  rewritten: [
    [
      ["il", "était", "fatigué"],
      ["il", "était", "fatigué"],
      ["elle", "était", "large"],
    ],
    [
      ["elle", "était", "large"],
      ["elle", "était", "large"],
      ["il", "était", "fatigué"],
    ],
  ],
  silenced: [0.97, 0.93],
};
const spec = { swaps: true, sure: 0.5, asker: 0, hint: "In French an animal is [output|il]. " };
const began = { shown: 0, asker: 0, tried: [], turned: false, own: "" };
const said = (state, it = study) => textOf(story(it, { ...began, ...state }, spec));

test("the story in its four steps, none of which gives the next one away", () => {
  assert.equal(
    said({}),
    "In French an animal is il. \nChange “tired” to “wide”. What will move: the arcs of “it”, or the French?",
  );
  const turned = { shown: 1, turned: true };
  assert.match(
    said(turned),
    /^The arcs hardly moved: “it” → “was” 0.30, now 0.30. But il became elle. Which word decides\?/,
  );
  assert.equal(
    said({ ...turned, tried: [1] }),
    "With the numbers of “was” from the “tired” sentence, the chance of “il” stays at 0.07\u00a0%. Another guess?",
  );
  assert.match(
    said({ ...turned, tried: [1, 2] }),
    /^“wide” decides: with the numbers of “tired”, the chance of “il” goes/,
  );
  assert.match(said({ ...turned, tried: [1, 2] }), /from 0.07\u00a0% to 93\u00a0%, and no other word changes it\./);
  assert.match(said({ ...turned, tried: [2], asker: 2 }), /^“tired” → “it” 0.99, now “wide” → “was” 0.85\./);
  assert.match(said({ ...turned, tried: [2], asker: 2 }), /no proof: without these arcs “elle” still gets 93\u00a0%/);
});

test("a reader's own sentence has no hint, unknown words are named, and where nothing differs nothing is asked", () => {
  assert.match(said({ own: "typed" }), /^Change/);
  assert.match(said({}, { ...study, unknown: [[1], []] }), /^It does not know “was”: it reads <unk>\. /);
  assert.match(said({}, { ...study, place: [] }), /Compare two other words\.$/);
});

test("a word that does most is not said to decide alone", () => {
  const moved = [
    [0.2, 0.001, 0.96],
    [0.3, 0.0007, 0.93],
  ];
  assert.match(
    said({ shown: 1, turned: true, tried: [2] }, { ...study, moved }),
    /It is not alone: another word brings 30/,
  );
});

test("room is kept for everything that can be said", () => {
  const all = replies(study, began, spec).map(textOf);
  assert.equal(new Set(all).size, all.length);
  for (const shown of [0, 1])
    for (const asker of [0, 1, 2])
      for (const tried of [[], [0], [1], [2], [0, 2], [2, 1]])
        for (const turned of [false, true]) assert.ok(all.includes(said({ shown, asker, tried, turned })));
  assert.equal(replies({ ...study, place: [], moved: [] }, began, spec).length, 1);
});

test("the translation is that of the sentence, or of an exchange, and all of them are known", () => {
  const text = (state) => textOf(translation(study, { ...began, ...state }));
  assert.equal(text({}), "Il était fatigué");
  assert.equal(text({ shown: 1, tried: [2] }), "Il était fatigué");
  assert.equal(text({ shown: 1, tried: [2], asker: 2 }), "Elle était large"); // the word that decides asks
  const bold = translation(study, began).filter((piece) => piece.bold);
  assert.deepEqual(
    bold.map((piece) => piece.text),
    ["Il"],
  );
  assert.deepEqual(translations(study, began).map(textOf), ["Il était fatigué", "Elle était large"]);
  assert.equal(textOf(translation({ ...study, written: [["l'", "eau", "."], []] }, began)), "L'eau.");
});

test("an exchange is shown when it was tried, and all when the one that decides is found", () => {
  assert.deepEqual(openOf(study, { ...began, tried: [0] }), [true, false, false]);
  assert.deepEqual(openOf(study, { ...began, tried: [2] }), [true, true, true]);
  assert.deepEqual(openOf({ ...study, moved: [] }, began), []);
});

test("shares of all sizes, subjects, and a story without arcs", () => {
  assert.deepEqual([0, 0.0007, 0.05, 0.0995, 0.93].map(percentOf), [
    "0\u00a0%",
    "0.07\u00a0%",
    "5.0\u00a0%",
    "10\u00a0%",
    "93\u00a0%",
  ]);
  assert.equal(subjectOf("The cow didn't cross the bridge because it was too tired/narrow."), "cow, bridge");
  assert.equal(subjectOf("No such sentence"), "No such sentence");
  assert.equal(withoutArcs("Yet an arc is no proof: the arcs, Arcs"), "Yet a weight is no proof: the weights, Weights");
});

test("a slash between two words makes two sentences", () => {
  assert.deepEqual(twoOf(" it was too tired/wide. "), ["it was too tired.", "it was too wide."]);
  for (const wrong of ["no slash", "a/b/c", "a/b c/d", "/b", "a/ b"]) assert.throws(() => twoOf(wrong), /one slash/);
  assert.deepEqual(rowsOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 2), [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ]);
});

test("two translations differ at their pronouns, if each has one, else at the first word", () => {
  const pronouns = ["il", "elle"];
  assert.deepEqual(
    difference(
      [
        ["a", "il", "b"],
        ["c", "d", "elle"],
      ],
      pronouns,
    ),
    [1, 2],
  );
  assert.deepEqual(
    difference(
      [
        ["a", "il"],
        ["b", "il"],
      ],
      pronouns,
    ),
    [0, 0],
  );
  assert.deepEqual(
    difference(
      [
        ["a", "b"],
        ["a", "b"],
      ],
      pronouns,
    ),
    [],
  );
});
