// Gives what each slide shows as much of the slide as it can fill, then starts reveal.js.
"use strict";
{
  const SCALES = [1.3, 1.15, 1, 0.92, 0.85, 0.78, 0.7, 0.62]; // of views: a smaller one has more room to lay itself out
  const WORDS = [1.9, 1.75, 1.6, 1.45]; // of views that are words alone
  const WORDY = ["predict", "replies"];
  const DRAWN = ["lines", "bars", "maps"]; // of these the picture is to be large, and not the words around it
  const ROOMY = 1.15;
  const USUAL = 0.8; // the scale of heights in a view, see `tall` in course_kit/views/js/src/shared/types.js
  const TALLEST = 1.9;
  const READING = [1.5, 1.35, 1.2, 1.1, 1, 0.9]; // the same of a view that is drawn in the size for reading
  const SMALLER = 0.6; // the size for reading, measured in the size for a projector
  // how much other things are enlarged
  const LARGEST = { title: 1, formula: 2.4, lines: 1.3, table: 2.1, drawing: 2, file: 1.6 };
  const STEP = 0.05;
  const LEAST = 0.4;
  const GAP = 2; // em, from which a formula may be broken

  /** @returns {HTMLElement[]} */
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  async function frames(count) {
    for (let n = 0; n < count; n++) await new Promise(requestAnimationFrame);
  }

  function make(tag, className, ...children) {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...children);
    return made;
  }

  /** The room of a slide for what it shows. @param {HTMLElement} thing */
  const roomOf = (thing) => ({ wide: thing.parentElement.clientWidth, high: thing.parentElement.clientHeight });

  // ---- things without a view: type as large as it can be, whole

  /** @param {HTMLElement} thing */
  function enlarge(thing) {
    const { wide, high } = roomOf(thing);
    const kind = thing.closest("section").className.split(" ")[0];
    let k = thing.querySelector(".source") ? 1.5 : (LARGEST[kind] ?? 1.5);
    for (; k > LEAST; k -= STEP) {
      thing.style.maxWidth = `${wide / k}px`;
      if (Math.max(thing.offsetWidth, thing.scrollWidth) * k <= wide + 1 && thing.offsetHeight * k <= high) break;
    }
    const fits = Math.min(wide / Math.max(thing.offsetWidth, thing.scrollWidth), high / thing.offsetHeight);
    scale(thing, Math.min(k, fits));
  }

  /** Draws a thing k times as large, and lets it take that much room. */
  function scale(thing, k) {
    const box = thing.closest(".fit") ?? make("div", "fit");
    if (!box.isConnected) {
      thing.before(box);
      box.append(thing);
    }
    thing.style.transform = k === 1 ? "" : `scale(${k})`;
    thing.dataset.scale = k;
    box.style.width = `${Math.ceil(thing.offsetWidth * k)}px`;
    box.style.height = `${Math.ceil(thing.offsetHeight * k)}px`;
  }

  /** Terms of a formula, to stand in one line or in several. @param {HTMLElement} formula */
  function breakable(formula) {
    const row = formula.querySelector("math > mrow");
    const isWide = (e) => e.matches("mspace") && parseFloat(e.getAttribute("width")) >= GAP;
    /** @type {Element[][]} */
    const terms = [[]];
    for (const part of [...row.children]) {
      if (isWide(part)) terms.push([]);
      else terms.at(-1).push(part);
    }
    if (terms.length < 2) return;
    const made = terms.map((term) => {
      const math = row.parentElement.cloneNode(false);
      math.append(row.cloneNode(false));
      math.firstElementChild.append(...term);
      return make("span", "term", math);
    });
    formula.classList.add("broken");
    formula.replaceChildren(...made);
  }

  // ---- views: how high each is, at several sizes

  /**
   * @typedef {{ k: number, shown: boolean, high: number, type: number, reading: boolean }} Size scale, whether with its
   *   caption, height on the slide, how large its type is, and whether it is drawn in the size for reading
   */

  class Views {
    constructor() {
      this.all = all(".thing .course-view");
      /** [spec, numbers] of each */
      this.given = new Map(this.all.map((view) => [view, JSON.parse(view.querySelector("script").text)]));
      /** @type {Map<HTMLElement, Size[]>} */
      this.sizes = new Map(this.all.map((view) => [view, []]));
      this.room = new Map(this.all.map((view) => [view, roomOf(view.closest(".thing"))]));
      for (const view of this.all) {
        view.closest(".thing").classList.add("viewed");
        view.style.maxWidth = "none"; // it is laid out wider than it is shown
      }
    }

    async fit() {
      for (const [view, [{ kind }]] of this.given) {
        if (kind !== "heatmap") continue; // many maps leave no room beside them
        view.shadowRoot.append(make("style", "", ".stage{flex-wrap:wrap}.side{min-width:min(12em,100%)}"));
      }
      const of = (kinds) => this.all.filter((view) => kinds.includes(this.given.get(view)[0].kind));
      const drawn = of(DRAWN);
      const [large, usual] = [SCALES.filter((k) => k > ROOMY), SCALES.filter((k) => k <= ROOMY)];
      await this.measure(of(WORDY), WORDS, false);
      await this.measure(
        this.all.filter((view) => !drawn.includes(view)),
        large,
        false,
      );
      await this.measure(this.all, usual, false);
      const tall = this.all.filter((view) => !this.best(view));
      for (const view of tall) this.draw(view, true);
      await this.measure(tall, READING, true);
      for (const view of this.all) this.settle(view, this.best(view) ?? this.sizes.get(view).at(-1));
      await frames(3);
      await this.fill();
      for (const view of this.all) shrink(view);
    }

    /** Draws views higher that leave room below them, where they can be. */
    async fill() {
      const low = this.all
        .filter((view) => this.given.get(view)[0].kind !== "predict" && this.best(view) && !this.best(view).reading)
        .map((view) => ({ view, size: this.best(view), room: this.room.get(view).high, tall: USUAL, tries: [] }))
        .filter(({ size, room }) => size.high < 0.93 * room);
      for (const one of low) one.tries.push({ tall: USUAL, high: one.size.high });
      for (let turn = 0; turn < 2; turn++) {
        for (const one of low) this.redraw(one, taller(one));
        await frames(3);
        for (const one of low) one.tries.push({ tall: one.tall, high: one.view.offsetHeight * one.size.k });
      }
      for (const one of low) {
        const fitting = one.tries.filter(({ high }) => high <= one.room);
        this.redraw(one, fitting.toSorted((a, b) => b.high - a.high)[0].tall);
      }
      await frames(3);
      for (const { view, size } of low) this.settle(view, size);
      await frames(2);
    }

    redraw(one, tall) {
      one.tall = tall;
      this.draw(one.view, false, tall);
      caption(one.view, one.size.shown);
    }

    /** @param {HTMLElement[]} views @param {number[]} scales */
    async measure(views, scales, reading) {
      for (const k of views.length ? scales : []) {
        for (const view of views) view.style.width = `${this.room.get(view).wide / k}px`;
        await frames(3);
        for (const view of views) {
          for (const shown of [true, false]) {
            caption(view, shown);
            const type = reading ? k * SMALLER : k;
            this.sizes.get(view).push({ k, shown, reading, type, high: view.offsetHeight * k });
          }
          caption(view, true);
        }
      }
    }

    /** Draws what a view shows again. In the size for reading, table and words are left out. */
    draw(view, reading, tall = USUAL) {
      const [spec, numbers] = this.given.get(view);
      courseViews.push((page) => page.build(view, { ...spec, presenting: !reading, tall }, numbers));
      if (!reading) return;
      const made = view.shadowRoot;
      const controls = made.querySelector(".controls");
      made.querySelector(".stage").before(controls);
      controls.append(...all(".foot > button", made));
      made.querySelector(".foot")?.remove();
    }

    /** The size with the largest type that fits; it goes before the caption, which the speaker says. */
    best(view) {
      const sizes = this.sizes.get(view).toSorted((a, b) => b.type - a.type || Number(b.shown) - Number(a.shown));
      return sizes.find(({ high }) => high <= this.room.get(view).high);
    }

    /** @param {HTMLElement} view @param {Size} size */
    settle(view, { k, shown }) {
      view.style.width = `${this.room.get(view).wide / k}px`;
      caption(view, shown);
      scale(view, k);
    }
  }

  /** The next scale of heights to try: in proportion first, then in a straight line through two tries. */
  function taller({ tries: [first, second], room }) {
    const wanted = 0.98 * room;
    if (!second) return Math.min(TALLEST, (first.tall * wanted) / first.high);
    const slope = (second.high - first.high) / (second.tall - first.tall || 1);
    return slope > 0 ? Math.min(TALLEST, first.tall + (wanted - first.high) / slope) : first.tall;
  }

  function caption(view, shown) {
    const words = view.shadowRoot.querySelector(".caption");
    if (words) words.style.display = shown ? "" : "none";
  }

  /** A view that grows when it is moved, after a long answer for one, gets smaller rather than leave the slide. */
  function shrink(view) {
    const box = view.closest(".fit");
    if (!box || !view.offsetHeight) return;
    const { clientWidth: wide, clientHeight: high } = box.closest(".part");
    const usual = Number(view.dataset.usual ?? view.dataset.scale);
    view.dataset.usual = usual;
    scale(view, Math.min(usual, wide / view.offsetWidth, high / view.offsetHeight));
  }

  /** Tells of slides on which something does not fit. */
  function report() {
    const over = all(".fit").filter(({ offsetHeight, parentElement }) => offsetHeight > parentElement.clientHeight + 1);
    document.documentElement.dataset.over = over.length;
    for (const box of over) console.warn("Does not fit on one slide:", box.textContent.slice(0, 60));
  }

  // ---- reveal.js: keys inside a view are the view's; Page Up and Down, which remote controls send, always turn the
  // slide; Escape leaves the view

  const inView = () => document.activeElement?.closest(".course-view");
  const TURN = { PageDown: () => Reveal.next(), PageUp: () => Reveal.prev() };

  function onKey(event) {
    if (TURN[event.key] && !event.ctrlKey) {
      TURN[event.key]();
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    if (event.key === "Escape" && inView()) {
      document.activeElement.blur();
      event.stopImmediatePropagation();
    }
  }

  const OPTIONS = {
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    slideNumber: "c/t",
    controls: false,
    transition: "none",
    backgroundTransition: "none",
    keyboardCondition: () => !inView(),
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
    controlsTutorial: false,
    help: true,
  };

  async function reveal() {
    addEventListener("keydown", onKey, true);
    await Reveal.initialize(OPTIONS);
    const dark = () => document.documentElement.classList.toggle("dark");
    const reset = () => {
      for (const host of all(".course-view", Reveal.getCurrentSlide())) host.view?.act("reset");
    };
    Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, dark);
    Reveal.addKeyBinding({ keyCode: 82, key: "R", description: "All views of this slide as they were" }, reset);
    const arrive = ({ currentSlide }) => {
      if (Reveal.isPrintView()) return;
      if (inView() && !currentSlide.contains(document.activeElement)) document.activeElement.blur();
      // Tab stays on the slide that is seen
      for (const section of all(".slides > section")) section.inert = section !== currentSlide;
    };
    Reveal.on("slidechanged", arrive);
    arrive({ currentSlide: Reveal.getCurrentSlide() });
  }

  /** A screen of 4:3 is higher: the slides use all of it. */
  function shape() {
    const { innerWidth, innerHeight } = window;
    const high = Math.round(Math.min(960, Math.max(720, (1280 * innerHeight) / innerWidth)));
    document.documentElement.style.setProperty("--high", `${high}px`);
    OPTIONS.height = high;
  }

  async function start() {
    if (!/print-pdf/i.test(location.search)) shape();
    const views = new Views();
    await document.fonts.ready;
    await Promise.all(all("img").map((image) => image.decode().catch(() => {})));
    for (const formula of all(".thing .formula")) breakable(formula);
    for (const thing of all(".thing:not(.viewed)")) enlarge(thing);
    await views.fit();
    report();
    document.body.classList.remove("rough");
    for (const { view } of views.all) view.set({});
    await frames(2); // in full sharpness now, while all of them are seen
    document.body.classList.remove("measuring");
    await reveal();
    const grown = new ResizeObserver((entries) => entries.forEach(({ target }) => shrink(target)));
    for (const view of views.all) grown.observe(view);
    document.documentElement.dataset.ready = "";
  }

  start();
}
