// The course's plugin for JupyterLab, written by hand and loaded as it is: no build, nothing shared, nothing imported
// but what lies beside it, present.js only where `make present` asks for it. A test opens it in a real JupyterLab.
(() => {
  const HERE = document.currentScript.src;
  const page = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
  const configured = page.coursePresenting;
  const NARROW = 700; // pixels
  const MOST = 140; // letters of a notice: of a longer one JupyterLab shows as many, and dots
  // What is printed, and formulas, scroll where there is little room: wrapped, columns are no columns. A folded cell's
  // first line ends where its row does: JupyterLab makes the whole notebook as wide as it.
  const style = document.createElement("style");
  style.textContent =
    "body:not(.course-presenting) .jp-RenderedText pre{white-space:pre;overflow-x:auto}" +
    ".jp-RenderedHTMLCommon mjx-container[display]{overflow:auto hidden}" +
    ".jp-Placeholder-content{min-width:0}.jp-PlaceholderText{text-overflow:ellipsis}";
  document.head.append(style);
  const reading = document.createElement("link");
  reading.rel = "stylesheet";
  reading.href = new URL("reading.css", HERE);
  document.head.append(reading);
  // the program of all views: their outputs, which are data, wait for it (course_kit/views/program.py)
  const program = document.createElement("script");
  program.src = `${page.baseUrl}attention-course/views.js`;
  document.head.append(program);
  if (page.courseLarge) document.body.classList.add("course-large"); // views take their size from the page

  // What the plugin says, in the page's language, once text.js has come.
  let [t, tn] = [(key) => key, (one) => one];
  const words = import(new URL("text.js", HERE)).then((text) => ({ t, tn } = text));

  (globalThis.courseViews ??= []).push(({ language }) => {
    if (language()) document.documentElement.lang = language();
  });

  // ---- what can be done with an open notebook; `panel` is JupyterLab's NotebookPanel
  const views = (panel, cells = panel.content.widgets) =>
    cells.flatMap((cell) => [...cell.node.querySelectorAll(".course-view")]).filter((host) => host.view);

  function resetViews(panel, cells) {
    const found = views(panel, cells);
    found.forEach((host) => host.view.act("reset"));
    return found.length;
  }

  // Runs Python in the notebook's kernel, beside its cells -> what it printed, or the error. heard: stderr, at once.
  async function ask(panel, code, heard = () => {}) {
    const kernel = panel.sessionContext.session?.kernel;
    if (!kernel) throw new Error(t("This notebook has no kernel: choose one in the Kernel menu."));
    const future = kernel.requestExecute({ code, store_history: false, stop_on_error: false });
    let said = "";
    future.onIOPub = ({ content, header }) => {
      if (header.msg_type === "stream" && content.name === "stdout") said += content.text;
      else if (header.msg_type === "stream") heard(content.text.trim().split("\n").at(-1));
    };
    const reply = await future.done;
    if (reply.content.status !== "ok") throw new Error(reply.content.evalue || "stopped");
    return said.trim();
  }

  // Brings back what the cells above the active one had defined; their outputs stay as they are.
  async function resume(panel, heard = () => {}) {
    heard(t("The cells above run again, quietly …"));
    await panel.context.save();
    const id = panel.content.activeCell?.model.id ?? "";
    return ask(panel, `from course_kit import resuming\nresuming.resume_here(${JSON.stringify(id)}, tell=True)`, heard);
  }

  const soon = (promise, seconds) =>
    Promise.race([
      promise,
      new Promise((_, fail) =>
        setTimeout(() => fail(new Error(t("no answer in {seconds} s", { seconds }))), 1000 * seconds),
      ),
    ]);

  // A kernel that was just started may lose what it is sent before it listens: ask until it answers.
  async function answers(kernel, seconds) {
    for (let asked = 0; asked < seconds; asked += 3) {
      const later = new Promise((done) => setTimeout(done, 3000)); // one that cannot be asked yet is asked again then
      if (await Promise.race([kernel.requestKernelInfo().catch(() => later), later])) return;
    }
    throw new Error(t("The kernel does not answer after its restart: choose Restart Kernel in the Kernel menu."));
  }

  // The old kernel restarts in its old place, which may be taken, or its session gone: then a new one takes over.
  // hasDied: the server restarts it already, and would not be asked for it twice.
  async function freshKernel(context, hasDied = false) {
    const name = context.session?.kernel?.name ?? context.kernelPreference.name;
    try {
      if (!hasDied) await soon(context.restartKernel(), 30);
      await answers(context.session.kernel, hasDied ? 12 : 30);
    } catch {
      const change = () => context.changeKernel({ name });
      await change().catch(change); // a session that has gone is left at the first
      await answers(context.session.kernel, 90);
    }
  }

  async function restartAndResume(panel, heard = () => {}) {
    heard(t("The kernel starts afresh …"));
    await panel.context.save();
    await freshKernel(panel.sessionContext);
    return resume(panel, heard);
  }

  // JupyterLab shares its parts with its plugins, such as NotebookActions, whose signals tell of every cell that runs.
  let shared = {};
  const part = async (name) => {
    const [{ get }] = Object.values(shared[`@jupyterlab/${name}`]);
    return (await get())();
  };

  const course = { views, resetViews, ask, freshKernel, configured };

  function activate(app, palette) {
    const current = () =>
      app.shell.currentWidget?.content?.widgets && app.shell.currentWidget?.sessionContext
        ? app.shell.currentWidget
        : null;
    const say = (message, type = "success", autoClose = 8000) =>
      app.commands.execute("apputils:notify", { message, type, options: { autoClose } }).catch(() => {});
    // A notice that follows what goes on, from the moment of the press.
    function follow() {
      let notice; // a promise of its id
      return {
        heard: (text) => {
          if (!notice) return void (notice = say(text, "in-progress", false));
          notice.then((id) => app.commands.execute("apputils:update-notification", { id, message: text }));
        },
        close: () => notice?.then((id) => app.commands.execute("apputils:dismiss-notification", { id })),
      };
    }
    const add = (name, label, caption, run) =>
      app.commands.addCommand(`attention-course:${name}`, {
        label,
        caption,
        isEnabled: () => !!current(),
        execute: async () => {
          const { heard, close } = follow();
          try {
            const told = await run(current(), heard);
            const parts = told.length > MOST ? told.split("\n") : [told];
            for (const part of parts) if (part) say(part, told.startsWith("■") ? "info" : "success");
            return told;
          } catch (error) {
            say(t("Not done: {message}", { message: error.message }), "error", 5000);
            return false;
          } finally {
            close();
          }
        },
      });
    const category = t("Attention course");
    for (const name of ["resume", "restart-and-resume", "reset-views"])
      palette?.addItem({ command: `attention-course:${name}`, category });
    const reset = (panel) => {
      const count = resetViews(panel);
      return count
        ? tn("{n} view is as at first.", "{n} views are as at first.", count)
        : t("There is no view on this page.");
    };
    add(
      "reset-views",
      () => t("Reset views"),
      () => t("Every view of this notebook back to its first state"),
      reset,
    );
    add(
      "resume",
      () => t("Resume here"),
      () => t("After a restart: bring back what the cells above this one had defined"),
      resume,
    );
    add(
      "restart-and-resume",
      () => t("Restart Kernel and Resume Here"),
      () => t("A fresh kernel, with what the cells above had defined"),
      restartAndResume,
    );
    // Cells that hold the text to its numbers, or put the reader's functions into a training, stay out of sight, until
    // one is chosen with the keys or says something.
    const style = document.createElement("style");
    style.textContent = ".course-asserts:not(.jp-mod-active, :has(.jp-OutputArea-child)) { display: none; }";
    document.head.append(style);
    const putAway = (panel) =>
      panel.content.widgets.forEach((cell) => {
        const tags = cell.model.getMetadata("tags") ?? [];
        cell.node.classList.toggle("course-asserts", tags.includes("asserts") || tags.includes("for_training"));
        cell.node.classList.toggle("course-setup", tags.includes("setup"));
      });
    app.shell.currentChanged?.connect(() => {
      const panel = current();
      panel?.context.ready.then(() => requestAnimationFrame(() => putAway(panel)));
    });
    import(new URL("leaving.js", HERE)).then(({ leaveViews }) => leaveViews(app));
    const parts = ["untrusted.js", "guesses.js", "place.js", "running.js"].map((name) => import(new URL(name, HERE)));
    Promise.all([part("notebook"), ...parts]).then(([notebook, { showUntrusted }, { foldGuesses }, place, running]) => {
      const actions = notebook.NotebookActions;
      const seen = new WeakSet();
      running.followRuns(app, actions, say);
      const look = () => {
        const panel = current();
        if (!panel || seen.has(panel)) return;
        seen.add(panel);
        showUntrusted(panel);
        panel.context.ready.then(() => {
          const isLed = foldGuesses(app, panel);
          if (!configured) place.returnTo(app, panel, actions, isLed);
        });
      };
      app.shell.currentChanged?.connect(look);
      look();
    });
    const files = Promise.all([app.restored, words]).then(() =>
      [...app.shell.widgets("left")].find(({ id }) => id === "filebrowser"),
    );
    files?.then(async (found) => (await import(new URL("file_list.js", HERE))).pair(found?.listing));
    // In a narrow window the list would leave the notebook no room: it folds, and is the reader's to unfold.
    const narrow = matchMedia(`(max-width: ${NARROW}px)`);
    const fold = () => narrow.matches && app.shell.collapseLeft();
    app.restored?.then(fold);
    narrow.addEventListener("change", fold);
    if (configured) import(new URL("present.js", HERE)).then(({ present }) => present(app, course));
  }

  const plugin = { id: "attention-course:plugin", description: "The course's commands", autoStart: true, activate };
  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB["attention-course"] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      plugin.optional = [(await part("apputils")).ICommandPalette];
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
