// Lays the blocks of each slide out, divides what does not fit, then starts reveal.js.
(async () => {
  const WIDE = 1168,
    HIGH = 720 - 46 - 30,
    GAP = 16,
    SCALES = [1, 0.92, 0.85, 0.78, 0.7],
    LEAST = 0.62,
    READING = 0.8,
    FLOOR = 0.8;
  const root = document.querySelector(".slides"),
    all = (s, e = document) => [...e.querySelectorAll(s)];
  const frames = async (n) => {
    while (n--) await new Promise(requestAnimationFrame);
  };
  const make = (tag, className, ...children) => {
    const e = document.createElement(tag);
    e.className = className;
    e.append(...children);
    return e;
  };

  const another = (section, ...blocks) =>
    make(
      "section",
      "",
      ...all(":scope > .head, :scope > .notes", section).map((e) => e.cloneNode(true)),
      make("div", "flow", ...blocks),
    );

  // ---- one column of blocks for each slide
  const slides = all("section > section").map((section) => {
    const flow = make("div", "flow"),
      notes = section.querySelector("aside.notes");
    for (const cell of all(".cell", section))
      for (const block of [...cell.children]) {
        if (!block.matches("hr, :has(img, canvas)") && !block.textContent.trim()) continue; // only the target of a link
        if (cell.classList.contains("fragment")) block.dataset.step = "";
        flow.append(block);
      }
    const head = make("div", "head", section.dataset.head);
    section.replaceChildren(head, flow, ...(notes ? [notes] : []));
    return { section, flow };
  });
  for (const view of all(".flow .course-view")) {
    const box = make("div", "fit");
    view.before(box);
    box.append(view);
  }
  await document.fonts.ready;
  await Promise.all(all("img").map((image) => image.decode().catch(() => {})));

  // ---- how high each view is, at several sizes: a smaller view gets more room to lay itself out
  const views = all(".flow .course-view"),
    given = new Map(views.map((v) => [v, JSON.parse(v.querySelector("script").text)])), // [spec, numbers]
    heights = new Map(views.map((v) => [v, []]));
  for (const [view, [{ kind }]] of given) {
    if (kind !== "heatmap") continue; // many maps leave no room beside them
    const style = make("style", "", ".stage{flex-wrap:wrap}.side{min-width:min(12em,100%)}");
    view.shadowRoot.append(style);
  }
  const caption = (view, shown) => {
    const c = view.shadowRoot.querySelector(".caption");
    if (c) c.style.display = shown ? "" : "none";
  };
  for (const k of SCALES) {
    views.forEach((v) => (v.style.width = `${WIDE / k}px`));
    await frames(3);
    for (const v of views)
      for (const shown of [true, false]) {
        caption(v, shown);
        heights.get(v).push({ k, shown, high: v.offsetHeight * k });
      }
    views.forEach((v) => caption(v, true));
  }
  // What is far too tall is drawn in the size for reading instead, and shown part by part on several slides.
  const tall = views.filter((v) => (heights.get(v).at(-1).high * LEAST) / SCALES.at(-1) > HIGH);
  const rearrange = ({ shadowRoot: made }) => {
    made.querySelector(".stage").before(made.querySelector(".controls"));
    const foot = made.querySelector(".foot"); // table and words are for reading
    made.querySelector(".controls").append(...(foot?.querySelectorAll(".foot > button") ?? []));
    foot?.remove();
  };
  const draw = (host, [spec, numbers]) => {
    courseViews.push((page) => page.build(host, spec, numbers));
    rearrange(host);
  };
  for (const view of tall) {
    const [spec, numbers] = given.get(view);
    given.set(view, [{ ...spec, presenting: false }, numbers]);
    view.style.width = `${WIDE / READING}px`;
    draw(view, given.get(view));
  }
  await frames(3);
  tall.forEach((v) => heights.set(v, [{ k: READING, shown: true, high: v.offsetHeight * READING }]));
  const best = (view, room) =>
    heights
      .get(view)
      .toSorted((a, b) => b.k - a.k || b.shown - a.shown) // large type before the caption: the speaker says it
      .find((h) => h.high <= room);
  function settle(view, { k, shown, high }) {
    Object.assign(view.style, { width: `${WIDE / k}px`, transform: k === 1 ? "" : `scale(${k})` });
    caption(view, shown);
    view.parentElement.style.height = `${Math.ceil(high)}px`;
    view.dataset.scale = k;
  }

  // ---- a block: its height, how small it may get, where it may be divided
  const outer = (block) => block.getBoundingClientRect().height + GAP;
  const heading = (block) => /^H[1-6]$/.test(block.tagName);
  // what code prints stays below it
  const said = (block) => block?.matches(".output") && block.firstElementChild?.matches("pre.stream");
  const leads = (block, next) =>
    heading(block) || (block.matches(".source") ? said(next) : /[:：]$/.test(block.textContent.trim()));
  function fit(block, room, alone) {
    // true if it now stands within `room`
    const view = block.querySelector(".course-view"),
      image = block.querySelector("figure > img");
    if (view) {
      const chosen = best(view, room) ?? (alone ? smallest(view, room) : null);
      if (chosen && (alone || chosen.k === 1)) settle(view, chosen);
      else return false;
      if (chosen.high > room) return true; // in windows, below
    } else if (image) {
      const rest = outer(block) - image.getBoundingClientRect().height,
        shape = image.naturalWidth / image.naturalHeight;
      const wide = Math.min(WIDE, image.naturalWidth, (room - rest) * shape);
      if (wide < (alone ? 0 : 700)) return false;
      image.style.width = `${Math.floor(wide)}px`;
      image.style.maxWidth = "none";
    } else if (alone) {
      const size = parseFloat(getComputedStyle(block).fontSize);
      for (let k = 1; k >= FLOOR - 0.01 && (outer(block) - GAP > room || tooWide(block)); k -= 0.05)
        block.style.fontSize = `${size * k}px`;
      if (outer(block) - GAP > room && !tooWide(block)) block.style.fontSize = ""; // it will be divided
    }
    return outer(block) - GAP <= room + 1 && !tooWide(block);
  }
  const tooWide = (block) =>
    block.scrollWidth > block.clientWidth + 1 ||
    all("table, math", block).some((e) => e.getBoundingClientRect().width > WIDE + 1);
  // A view that is too tall at the least size: a little less, or windows, one on each slide, that show it part by part.
  function smallest(view, room) {
    const last = heights.get(view).at(-1);
    return !tall.includes(view) && (last.high * LEAST) / last.k <= room
      ? { ...last, k: (last.k * room) / last.high, high: room }
      : last;
  }
  const parts = (block) => {
    const task = block.querySelector(":scope > .course-exercise");
    return /^[UO]L$/.test(block.tagName)
      ? [...block.children]
      : task
        ? all(":scope > :not(table), tr", task)
        : block.querySelector(".course-view")
          ? []
          : all("tbody > tr", block);
  };
  function divide(block, room, only) {
    // the first part stays, the rest is returned; null where there is no seam within reach
    const items = parts(block);
    if (items.length) {
      const { top, bottom } = block.getBoundingClientRect(),
        tail = bottom - items.at(-1).getBoundingClientRect().bottom;
      let count = items.findIndex((i) => i.getBoundingClientRect().bottom - top + tail > room);
      if (count < 0) count = items.length - 1;
      if (count < 1) return null;
      const rest = block.cloneNode(true);
      items.slice(count).forEach((i) => i.remove());
      // a shorter table may have narrower columns
      while (count > 1 && outer(block) - GAP > room) items[--count].remove();
      parts(rest)
        .slice(0, count)
        .forEach((i) => i.remove());
      [block, rest].forEach((e) => all("table:not(:has(td, th))", e).forEach((empty) => empty.remove()));
      if (block.tagName === "OL") rest.start = (block.start || 1) + count;
      return rest;
    }
    const pre = block.matches("pre") ? block : block.querySelector(":scope > pre, :scope > .highlight > pre");
    if (!pre || (!only && !block.matches(".source, .output"))) return null; // a drawing stays whole if a slide has room
    const lines = pre.innerHTML.replace(/\n$/, "").split("\n"),
      line = pre.getBoundingClientRect().height / lines.length;
    let count = Math.floor((room - 24) / line);
    if (count < 3 || lines.length - count < 1) return null;
    const rest = block.cloneNode(true),
      other = rest.matches("pre") ? rest : rest.querySelector("pre");
    pre.innerHTML = lines.slice(0, count).join("\n");
    while (count > 3 && outer(block) - GAP > room) pre.innerHTML = lines.slice(0, --count).join("\n");
    other.innerHTML = lines.slice(count).join("\n");
    return rest;
  }

  // ---- pages: blocks in order, headings and lines that end with a colon stay with what follows
  for (const { section, flow } of slides) {
    const pages = [[]],
      used = (page) => page.reduce((sum, block) => sum + outer(block), 0);
    const queue = [...flow.children];
    while (queue.length) {
      const block = queue.shift(),
        page = pages.at(-1),
        before = used(page),
        room = HIGH - before;
      if (block.matches("hr.page")) {
        block.remove();
        if (page.length) pages.push([]);
        continue;
      }
      if (fit(block, room, !page.length)) {
        page.push(block);
        continue;
      }
      const only = !page.length || page.every(heading);
      const rest = only || room > 0.4 * HIGH ? divide(block, room, only) : null;
      if (rest) {
        block.after(rest);
        page.push(block);
        pages.push([]);
        queue.unshift(rest);
        continue;
      }
      if (!page.length) {
        page.push(block);
        continue;
      } // it is as small as it may be: the check below says so
      if (only && fit(block, room, true)) {
        page.push(block);
        continue;
      }
      const carried = [];
      while (page.length > 1 && leads(page.at(-1), carried[0] ?? block)) carried.unshift(page.pop());
      if (only) page.push(...carried.splice(0));
      pages.push([]);
      queue.unshift(...carried, block);
    }
    let last = section;
    pages
      .filter((page) => page.length)
      .forEach((page, i) => {
        const steps = page.filter((block) => "step" in block.dataset);
        if (steps.length < page.length) steps.forEach((block) => block.classList.add("fragment"));
        steps.forEach((block, n) => n && (block.dataset.fragmentIndex = 0));
        if (steps.length) steps[0].dataset.fragmentIndex = 0;
        if (!i) return;
        const next = another(section, ...page);
        last.after(next);
        last = next;
      });
  }
  const windows = all(".flow .course-view")
    .filter((view) => view.parentElement.getBoundingClientRect().height > HIGH + 1)
    .flatMap(open);
  // a slide with little on it is not empty below: larger words, nearer to the middle
  for (const flow of all(".flow")) {
    if (flow.querySelector("img, .course-view, .window, table, .course-exercise, .maps")) continue;
    const k = Math.min(1.3, Math.sqrt((0.7 * HIGH) / flow.getBoundingClientRect().height));
    if (k > 1.05) Object.assign(flow.style, { zoom: k, width: `${WIDE / k}px`, margin: `0 ${56 / k}px` });
    const free = HIGH - flow.getBoundingClientRect().height;
    if (free > 60) flow.style.paddingTop = `${Math.min(100, 0.25 * free) / k}px`;
  }
  for (const head of all(".head")) if (head.parentElement.querySelector(".flow h1, .flow h2")) head.textContent = "";
  root.querySelector("section section").classList.add("title");
  const over = all(".flow").filter((f) => f.getBoundingClientRect().height > HIGH + 30);
  document.documentElement.dataset.over = over.length;
  over.forEach((f) => console.warn("Does not fit on one slide:", f.textContent.slice(0, 60)));
  document.body.classList.remove("measuring");
  views.forEach((view) => view.view.set({})); // in full sharpness now
  if (/print-pdf/i.test(location.search)) windows.forEach((w) => w.copy());

  // The view itself moves to the window that is seen; printed, each window has a copy.
  function open(view) {
    const box = view.parentElement,
      shift = box.getBoundingClientRect().top,
      k = +view.dataset.scale;
    const alone = (e) => {
      while (
        e.parentElement &&
        all("canvas", e.parentElement).length < 2 &&
        !e.parentElement.matches(".view, .stage, .body, .below")
      )
        e = e.parentElement;
      return e;
    };
    const pieces = [...all(".controls, .below > *", view.shadowRoot), ...all("canvas", view.shadowRoot).map(alone)];
    const seams = pieces
      .map((e) => e.getBoundingClientRect())
      .filter((r) => r.height)
      .map((r) => r.top - shift - 2);
    const cuts = [0],
      whole = box.getBoundingClientRect().height;
    const through = (y) =>
      all("canvas", view.shadowRoot).filter((e) => {
        const r = e.getBoundingClientRect();
        return r.top - shift < y - 1 && r.bottom - shift > y + 1;
      }).length;
    while (whole - cuts.at(-1) > HIGH) {
      const within = seams.filter((y) => y > cuts.at(-1) + 0.3 * HIGH && y <= cuts.at(-1) + HIGH);
      cuts.push(within.toSorted((a, b) => through(a) - through(b) || b - a)[0] ?? cuts.at(-1) + HIGH);
    }
    let section = box.closest("section");
    const own = box.closest(".flow");
    return cuts.map((top, i) => {
      const high = (cuts[i + 1] ?? whole) - top,
        frame = make("div", "window");
      frame.style.height = `${Math.ceil(high)}px`;
      if (!i) own.replaceChild(frame, box.closest(".flow > *"));
      else {
        const next = another(section, frame);
        section.after(next);
        section = next;
      }
      const show = () => {
        frame.append(view);
        view.style.marginTop = `${-top}px`;
      };
      const copy = () => {
        const other = make("div", "course-view");
        other.style.cssText = view.style.cssText;
        other.style.marginTop = `${-top}px`;
        frame.append(other);
        draw(other, given.get(view));
      };
      if (!i) show();
      return { section, show, copy };
    });
  }

  // ---- keys: inside a view they are the view's; Page Up and Down (remote controls) always turn the slide, Escape
  // leaves
  const inView = () => document.activeElement?.closest(".course-view");
  const turn = { PageDown: () => Reveal.next(), PageUp: () => Reveal.prev() };
  addEventListener(
    "keydown",
    (event) => {
      if (turn[event.key] && !event.ctrlKey) {
        turn[event.key]();
        event.preventDefault();
        event.stopImmediatePropagation();
      }
      if (event.key === "Escape" && inView()) {
        document.activeElement.blur();
        event.stopImmediatePropagation();
      }
    },
    true,
  );
  const dark = () => document.documentElement.classList.toggle("dark");
  await Reveal.initialize({
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
  });
  Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, dark);
  Reveal.addKeyBinding({ keyCode: 82, key: "R", description: "All views of this slide as they were" }, () =>
    all(".course-view", Reveal.getCurrentSlide()).forEach((v) => v.view?.act("reset")),
  );
  const only = ({ currentSlide }) => {
    if (/print-pdf/i.test(location.search)) return;
    windows.find((w) => w.section === currentSlide)?.show();
    if (inView() && !currentSlide.contains(document.activeElement)) document.activeElement.blur();
    // Tab stays on the slide that is seen
    all(".slides section section").forEach((s) => (s.inert = s !== currentSlide));
  };
  Reveal.on("slidechanged", only);
  only({ currentSlide: Reveal.getCurrentSlide() });
  // A lab that grows when it is moved, after a long answer for one, gets smaller rather than leave the slide.
  const grown = new ResizeObserver((entries) => {
    for (const { target: view } of entries) {
      const box = view.closest(".fit"),
        flow = view.closest(".flow"),
        wide = view.offsetWidth;
      if (!box || !view.offsetHeight) continue;
      const others = flow.offsetHeight - box.offsetHeight,
        k = Math.min(WIDE / wide, (HIGH + 14 - others) / view.offsetHeight);
      view.style.transform = k === 1 ? "" : `scale(${k})`;
      box.style.height = `${Math.ceil(view.offsetHeight * k)}px`;
    }
  });
  all(".fit > .course-view").forEach((view) => grown.observe(view));
  document.documentElement.dataset.ready = "";
})();
