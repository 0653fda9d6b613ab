// A language of its own for tests: every word that the program marks is longer, and a sentence stands in ⟦ ⟧. It knows
// the keys in `extracted`, which a test sets before. What is drawn of words is noted, also on canvases.
globalThis.courseWords = new Proxy(
  {},
  {
    get(_, key) {
      if (!globalThis.extracted.includes(key)) return undefined;
      const text = key.split("\u0004").at(-1);
      const longer = (/** @type {string} */ part) => part.replace(/\p{L}+/gu, "$&ø");
      return `⟦${text.replace(/\{\w+\}|\[\w+\||[^{}[\]]+/g, (part) => (/^[{[]/.test(part) ? part : longer(part)))}⟧`;
    },
  },
);
globalThis.written = new Set();
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
  globalThis.written.add(text);
  fillText.call(this, text, ...where);
};

const ours = ["title", "caption", "words", "label", "controls", "about"]; // of a spec: said by Python, in its language
const words = (/** @type {string} */ text) => text.match(/[\p{L}ø]+…?/gu) ?? [];

/** All texts in a spec, and whether they are data. @param {any} value @returns {[string, boolean][]} */
function textsOf(value, isData = true) {
  if (typeof value === "string") return [[value, isData]];
  if (Array.isArray(value)) return value.flatMap((one) => textsOf(one, isData));
  return Object.entries(value ?? {}).flatMap(([name, one]) => [
    ...textsOf(name, isData),
    ...textsOf(one, isData && !ours.includes(name)),
  ]);
}

/** What is known of a view's texts: those of its spec, and the words of its data. @param {Element[]} hosts */
function knownOf(hosts) {
  const specs = hosts.map((host) => JSON.parse(host.querySelector("script").textContent)[0]);
  const texts = specs.flatMap((spec) => textsOf(spec));
  const data = texts.flatMap(([text, isData]) => (isData ? words(text) : []));
  const capital = data.map((word) => word[0].toUpperCase() + word.slice(1));
  const whole = texts.map(([text]) => text.replaceAll("'", "’")).filter((text) => text.length > 2);
  whole.sort((a, b) => b.length - a.length);
  return { whole, data: new Set(["sin", "cos", "softmax", "NaN", ...data, ...capital]) };
}

/** Whether words are neither marked nor data. @param {string} text @param {ReturnType<typeof knownOf>} known */
function isForeign(text, { whole, data }) {
  const strange = (/** @type {string} */ part) =>
    words(part).some((word) => word.length > 2 && !/[ø…]$/.test(word) && !data.has(word));
  if (!strange(text)) return false;
  return strange(whole.reduce((left, one) => left.replaceAll(one, " "), text.replaceAll("'", "’")));
}

/** What the views in this page say in words that were not marked, and are none of their data. */
globalThis.unmarked = () => {
  const hosts = [...document.querySelectorAll(".course-view")];
  const all = knownOf(hosts);
  const found = [...globalThis.written].filter((text) => isForeign(text, all)).map((text) => `canvas: ${text}`);
  for (const host of hosts) {
    const known = knownOf([host]);
    const say = (/** @type {string} */ where, /** @type {string | null} */ text) =>
      text && isForeign(text, known) && found.push(`${where}: ${text}`);
    for (const element of host.shadowRoot.querySelectorAll("*:not(style, script, .caption, .caption *, .recorded)")) {
      for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"])
        say(name, element.getAttribute(name));
      for (const { nodeType, data } of element.childNodes) if (nodeType === 3) say("text", data);
    }
  }
  return [...new Set(found)];
};
