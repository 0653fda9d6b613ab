// Lays the blocks of each slide out, divides what does not fit, then starts reveal.js.
"use strict";
{
  const WIDE = 1168; // of a slide, without its margins
  const HIGH = 720 - 46 - 30; // without its head and its foot
  const GAP = 16; // between blocks
  const SCALES = [1, 0.92, 0.85, 0.78, 0.7]; // of views: a smaller one gets more room to lay itself out
  const LEAST = 0.62; // how small a view may get
  const READING = 0.8; // the scale of a view that is drawn in the size for reading
  const FLOOR = 0.8; // how small type may get
  const PRINTED = /print-pdf/i.test(location.search);

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

  // ---- slides: a head, one column of blocks, notes

  /** Makes one column of the blocks of a slide's cells. @param {HTMLElement} section @returns {HTMLElement} */
  function columnOf(section) {
    const flow = make("div", "flow");
    const notes = all("aside.notes", section).slice(0, 1);
    for (const cell of all(".cell", section)) {
      for (const block of [...cell.children]) {
        if (!block.matches("hr, :has(img, canvas)") && !block.textContent.trim()) continue; // only the target of a link
        if (cell.classList.contains("fragment")) block.dataset.step = "";
        flow.append(block);
      }
    }
    section.replaceChildren(make("div", "head", section.dataset.head), flow, ...notes);
    return flow;
  }

  /** One more slide with the head and the notes of another. */
  function another(section, ...blocks) {
    const same = all(":scope > .head, :scope > .notes", section).map((part) => part.cloneNode(true));
    return make("section", "", ...same, make("div", "flow", ...blocks));
  }

  // ---- views: how high each is, at several sizes

  /**
   * @typedef {{ k: number, shown: boolean, high: number }} Size scale, whether with its caption, height on the slide
   */

  class Views {
    constructor() {
      this.all = all(".flow .course-view");
      /** [spec, numbers] of each */
      this.given = new Map(this.all.map((view) => [view, JSON.parse(view.querySelector("script").text)]));
      /** @type {Map<HTMLElement, Size[]>} */
      this.sizes = new Map(this.all.map((view) => [view, []]));
      /** those far too tall for a slide @type {HTMLElement[]} */
      this.tall = [];
      for (const view of this.all) {
        const box = make("div", "fit");
        view.before(box);
        box.append(view);
      }
    }

    async measure() {
      for (const [view, [{ kind }]] of this.given) {
        if (kind !== "heatmap") continue; // many maps leave no room beside them
        view.shadowRoot.append(make("style", "", ".stage{flex-wrap:wrap}.side{min-width:min(12em,100%)}"));
      }
      for (const k of SCALES) {
        for (const view of this.all) view.style.width = `${WIDE / k}px`;
        await frames(3);
        for (const view of this.all) {
          for (const shown of [true, false]) {
            caption(view, shown);
            this.sizes.get(view).push({ k, shown, high: view.offsetHeight * k });
          }
        }
        for (const view of this.all) caption(view, true);
      }
      await this.forReading();
    }

    /** What is far too tall is drawn in the size for reading instead, and shown part by part on several slides. */
    async forReading() {
      this.tall = this.all.filter((view) => {
        const { high, k } = this.sizes.get(view).at(-1);
        return (high * LEAST) / k > HIGH;
      });
      for (const view of this.tall) {
        const [spec, numbers] = this.given.get(view);
        this.given.set(view, [{ ...spec, presenting: false }, numbers]);
        view.style.width = `${WIDE / READING}px`;
        this.draw(view, view);
      }
      await frames(3);
      for (const view of this.tall)
        this.sizes.set(view, [{ k: READING, shown: true, high: view.offsetHeight * READING }]);
    }

    /** Draws what a view shows, in the size for reading, into a host. Table and words are left out. */
    draw(view, host) {
      const [spec, numbers] = this.given.get(view);
      courseViews.push((page) => page.build(host, spec, numbers));
      const made = host.shadowRoot;
      const controls = made.querySelector(".controls");
      made.querySelector(".stage").before(controls);
      controls.append(...all(".foot > button", made));
      made.querySelector(".foot")?.remove();
    }

    /** The largest size that fits; large type goes before the caption, which the speaker says. */
    best(view, room) {
      const sizes = this.sizes.get(view).toSorted((a, b) => b.k - a.k || Number(b.shown) - Number(a.shown));
      return sizes.find(({ high }) => high <= room);
    }

    /** The least size: a little less than measured, or a size that windows, one on each slide, show part by part. */
    smallest(view, room) {
      const last = this.sizes.get(view).at(-1);
      const enough = !this.tall.includes(view) && (last.high * LEAST) / last.k <= room;
      return enough ? { ...last, k: (last.k * room) / last.high, high: room } : last;
    }

    /** @param {HTMLElement} view @param {Size} size */
    settle(view, { k, shown, high }) {
      view.style.width = `${WIDE / k}px`;
      view.style.transform = k === 1 ? "" : `scale(${k})`;
      caption(view, shown);
      view.parentElement.style.height = `${Math.ceil(high)}px`;
      view.dataset.scale = k;
    }
  }

  function caption(view, shown) {
    const words = view.shadowRoot.querySelector(".caption");
    if (words) words.style.display = shown ? "" : "none";
  }

  // ---- a block: its height, how small it may get, where it may be divided

  const outer = (block) => block.getBoundingClientRect().height + GAP;
  const inner = (block) => outer(block) - GAP;
  const isHeading = (block) => /^H[1-6]$/.test(block.tagName);
  const isBeyond = (block) =>
    block.scrollWidth > block.clientWidth + 1 ||
    all("table, math", block).some((part) => part.getBoundingClientRect().width > WIDE + 1);

  /** Whether a block stays with the next one: a heading, a line that ends with a colon, code with what it prints. */
  function leads(block, next) {
    if (isHeading(block)) return true;
    if (!block.matches(".source")) return /[:：]$/.test(block.textContent.trim());
    return next?.matches(".output") && next.firstElementChild?.matches("pre.stream");
  }

  /** Makes a block as small as it has to be, and may be -> whether it stands within `room` now. alone: on its slide. */
  function fit(block, room, alone, views) {
    const view = block.querySelector(".course-view");
    const image = block.querySelector("figure > img");
    if (view) {
      const chosen = views.best(view, room) ?? (alone ? views.smallest(view, room) : null);
      if (!chosen || !(alone || chosen.k === 1)) return false;
      views.settle(view, chosen);
      if (chosen.high > room) return true; // it gets windows
    } else if (image) {
      const rest = outer(block) - image.getBoundingClientRect().height;
      const shape = image.naturalWidth / image.naturalHeight;
      const wide = Math.min(WIDE, image.naturalWidth, (room - rest) * shape);
      if (wide < (alone ? 0 : 700)) return false;
      image.style.width = `${Math.floor(wide)}px`;
      image.style.maxWidth = "none";
    } else if (alone) shrink(block, room);
    return inner(block) <= room + 1 && !isBeyond(block);
  }

  /** Sets the type of a block smaller, unless dividing the block is what helps. */
  function shrink(block, room) {
    const size = parseFloat(getComputedStyle(block).fontSize);
    for (let k = 1; k >= FLOOR - 0.01 && (inner(block) > room || isBeyond(block)); k -= 0.05)
      block.style.fontSize = `${size * k}px`;
    if (inner(block) > room && !isBeyond(block)) block.style.fontSize = "";
  }

  /** Between which a block may be divided: items of a list, lines of an exercise, rows of a table. */
  function parts(block) {
    if (/^[UO]L$/.test(block.tagName)) return [...block.children];
    const task = block.querySelector(":scope > .course-exercise");
    if (task) return all(":scope > :not(table), tr", task);
    return block.querySelector(".course-view") ? [] : all("tbody > tr", block);
  }

  /** Divides a block: the first part stays, the rest is returned; null where there is no seam within reach. */
  function divide(block, room, only) {
    if (parts(block).length) return divideItems(block, room);
    const pre = block.matches("pre") ? block : block.querySelector(":scope > pre, :scope > .highlight > pre");
    if (!pre || (!only && !block.matches(".source, .output"))) return null; // a drawing stays whole if a slide has room
    return divideLines(block, pre, room);
  }

  function divideItems(block, room) {
    const items = parts(block);
    const { top, bottom } = block.getBoundingClientRect();
    const tail = bottom - items.at(-1).getBoundingClientRect().bottom;
    let count = items.findIndex((item) => item.getBoundingClientRect().bottom - top + tail > room);
    if (count < 0) count = items.length - 1;
    if (count < 1) return null;
    const rest = block.cloneNode(true);
    for (const item of items.slice(count)) item.remove();
    while (count > 1 && inner(block) > room) {
      count--; // a shorter table may have narrower columns
      items[count].remove();
    }
    for (const item of parts(rest).slice(0, count)) item.remove();
    for (const part of [block, rest]) all("table:not(:has(td, th))", part).forEach((empty) => empty.remove());
    if (block.tagName === "OL") rest.start = (block.start || 1) + count;
    return rest;
  }

  function divideLines(block, pre, room) {
    const lines = pre.innerHTML.replace(/\n$/, "").split("\n");
    const line = pre.getBoundingClientRect().height / lines.length;
    let count = Math.floor((room - 24) / line);
    if (count < 3 || lines.length - count < 1) return null;
    const rest = block.cloneNode(true);
    const other = rest.matches("pre") ? rest : rest.querySelector("pre");
    pre.innerHTML = lines.slice(0, count).join("\n");
    while (count > 3 && inner(block) > room) {
      count--;
      pre.innerHTML = lines.slice(0, count).join("\n");
    }
    other.innerHTML = lines.slice(count).join("\n");
    return rest;
  }

  // ---- pages: blocks in order, what leads stays with what follows

  class Pages {
    /** @param {HTMLElement} flow the column of a slide @param {Views} views */
    constructor(flow, views) {
      this.views = views;
      this.queue = [...flow.children];
      /** @type {HTMLElement[][]} */
      this.pages = [[]];
      while (this.queue.length) this.place(this.queue.shift());
    }

    get last() {
      return this.pages.at(-1);
    }

    get room() {
      return HIGH - this.last.reduce((sum, block) => sum + outer(block), 0);
    }

    /** Puts a block onto the last page, or a part of it, or begins another page. */
    place(block) {
      if (block.matches("hr.page")) {
        block.remove();
        if (this.last.length) this.pages.push([]);
        return;
      }
      const { room } = this;
      if (fit(block, room, !this.last.length, this.views)) return void this.last.push(block);
      const only = this.last.every(isHeading);
      const rest = only || room > 0.4 * HIGH ? divide(block, room, only) : null;
      if (rest) {
        block.after(rest);
        this.last.push(block);
        this.pages.push([]);
        this.queue.unshift(rest);
        return;
      }
      // as small as it may be: what is still too large is told at the end
      if (!this.last.length || (only && fit(block, room, true, this.views))) this.last.push(block);
      else this.turn(block, only);
    }

    /** Begins another page, with what leads to the block. */
    turn(block, only) {
      const carried = [];
      while (this.last.length > 1 && leads(this.last.at(-1), carried[0] ?? block)) carried.unshift(this.last.pop());
      if (only) this.last.push(...carried.splice(0));
      this.pages.push([]);
      this.queue.unshift(...carried, block);
    }

    /** A slide for each page, after the first one. */
    show(section) {
      let before = section;
      const filled = this.pages.filter((page) => page.length);
      for (const page of filled) {
        step(page);
        if (page === filled[0]) continue;
        const next = another(section, ...page);
        before.after(next);
        before = next;
      }
    }
  }

  /** What comes at the press of a key comes at once. */
  function step(page) {
    const steps = page.filter((block) => "step" in block.dataset);
    if (steps.length < page.length) for (const block of steps) block.classList.add("fragment");
    for (const block of steps) block.dataset.fragmentIndex = 0;
  }

  // ---- windows: a view that is too tall moves from slide to slide; printed, each window has a copy

  class Pane {
    constructor(view, views, frame, section, top) {
      Object.assign(this, { view, views, frame, section, top });
    }

    show() {
      this.frame.append(this.view);
      this.view.style.marginTop = `${-this.top}px`;
    }

    copy() {
      const other = make("div", "course-view");
      other.style.cssText = this.view.style.cssText;
      other.style.marginTop = `${-this.top}px`;
      this.frame.append(other);
      this.views.draw(this.view, other);
    }
  }

  /** @param {HTMLElement} view @param {Views} views @returns {Pane[]} */
  function windowsOf(view, views) {
    const box = view.parentElement;
    const whole = box.getBoundingClientRect().height;
    const tops = cuts(view, whole);
    let section = box.closest("section");
    const own = box.closest(".flow");
    const made = tops.map((top, i) => {
      const frame = make("div", "window");
      frame.style.height = `${Math.ceil((tops[i + 1] ?? whole) - top)}px`;
      if (i) {
        const next = another(section, frame);
        section.after(next);
        section = next;
      } else own.replaceChild(frame, box.closest(".flow > *"));
      return new Pane(view, views, frame, section, top);
    });
    made[0].show();
    return made;
  }

  /** Where a view is cut into windows: between its pieces, through as few pictures as possible. */
  function cuts(view, whole) {
    const shift = view.parentElement.getBoundingClientRect().top;
    const pictures = all("canvas", view.shadowRoot);
    const pieces = [...all(".controls, .below > *", view.shadowRoot), ...pictures.map(alone)];
    const rects = pieces.map((piece) => piece.getBoundingClientRect()).filter(({ height }) => height);
    const seams = rects.map(({ top }) => top - shift - 2);
    const through = (y) =>
      pictures.filter((picture) => {
        const { top, bottom } = picture.getBoundingClientRect();
        return top - shift < y - 1 && bottom - shift > y + 1;
      }).length;
    const tops = [0];
    while (whole - tops.at(-1) > HIGH) {
      const last = tops.at(-1);
      const within = seams.filter((y) => y > last + 0.3 * HIGH && y <= last + HIGH);
      tops.push(within.toSorted((a, b) => through(a) - through(b) || b - a)[0] ?? last + HIGH);
    }
    return tops;
  }

  /** The largest part of a view that holds this picture and no other. */
  function alone(picture) {
    let part = picture;
    while (part.parentElement) {
      const { parentElement: around } = part;
      if (all("canvas", around).length > 1 || around.matches(".view, .stage, .body, .below")) break;
      part = around;
    }
    return part;
  }

  // ---- the last touches

  /** A slide with little on it is not empty below: larger words, nearer to the middle. */
  function enlarge(flow) {
    if (flow.querySelector("img, .course-view, .window, table, .course-exercise, .maps")) return;
    const k = Math.min(1.3, Math.sqrt((0.7 * HIGH) / flow.getBoundingClientRect().height));
    if (k > 1.05) Object.assign(flow.style, { zoom: k, width: `${WIDE / k}px`, margin: `0 ${56 / k}px` });
    const free = HIGH - flow.getBoundingClientRect().height;
    if (free > 60) flow.style.paddingTop = `${Math.min(100, 0.25 * free) / k}px`;
  }

  /** Tells of slides on which something does not fit. */
  function report() {
    const over = all(".flow").filter((flow) => flow.getBoundingClientRect().height > HIGH + 30);
    document.documentElement.dataset.over = over.length;
    for (const flow of over) console.warn("Does not fit on one slide:", flow.textContent.slice(0, 60));
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
    navigationMode: "linear", // → goes through all of them, one after the other
    controls: false,
    transition: "none",
    backgroundTransition: "none",
    keyboardCondition: () => !inView(),
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
    controlsTutorial: false,
    help: true,
  };

  /** @param {Pane[]} windows */
  async function reveal(windows) {
    addEventListener("keydown", onKey, true);
    await Reveal.initialize(OPTIONS);
    const dark = () => document.documentElement.classList.toggle("dark");
    const reset = () => {
      for (const host of all(".course-view", Reveal.getCurrentSlide())) host.view?.act("reset");
    };
    Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, dark);
    Reveal.addKeyBinding({ keyCode: 82, key: "R", description: "All views of this slide as they were" }, reset);
    const arrive = ({ currentSlide }) => {
      if (PRINTED) return;
      windows.find(({ section }) => section === currentSlide)?.show();
      if (inView() && !currentSlide.contains(document.activeElement)) document.activeElement.blur();
      // Tab stays on the slide that is seen
      for (const section of all(".slides section section")) section.inert = section !== currentSlide;
    };
    Reveal.on("slidechanged", arrive);
    arrive({ currentSlide: Reveal.getCurrentSlide() });
  }

  /** A lab that grows when it is moved, after a long answer for one, gets smaller rather than leave the slide. */
  function watch() {
    const grown = new ResizeObserver((entries) => {
      for (const { target } of entries) shrinkView(target);
    });
    for (const view of all(".fit > .course-view")) grown.observe(view);
  }

  function shrinkView(view) {
    const box = view.closest(".fit");
    if (!box || !view.offsetHeight) return;
    const others = view.closest(".flow").offsetHeight - box.offsetHeight;
    const k = Math.min(WIDE / view.offsetWidth, (HIGH + 14 - others) / view.offsetHeight);
    view.style.transform = k === 1 ? "" : `scale(${k})`;
    box.style.height = `${Math.ceil(view.offsetHeight * k)}px`;
  }

  async function start() {
    const slides = all("section > section").map((section) => ({ section, flow: columnOf(section) }));
    const views = new Views();
    await document.fonts.ready;
    await Promise.all(all("img").map((image) => image.decode().catch(() => {})));
    await views.measure();
    for (const { section, flow } of slides) new Pages(flow, views).show(section);
    const tall = all(".flow .course-view").filter(
      (view) => view.parentElement.getBoundingClientRect().height > HIGH + 1,
    );
    const windows = tall.flatMap((view) => windowsOf(view, views));
    all(".flow").forEach(enlarge);
    for (const head of all(".head")) if (head.parentElement.querySelector(".flow h1, .flow h2")) head.textContent = "";
    document.querySelector(".slides section section").classList.add("title");
    report();
    document.body.classList.remove("measuring");
    for (const { view } of views.all) view.set({}); // in full sharpness now
    if (PRINTED) for (const pane of windows) pane.copy();
    await reveal(windows);
    watch();
    document.documentElement.dataset.ready = "";
  }

  start();
}
