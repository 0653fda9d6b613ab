// A notebook that nobody has run or trusted: JupyterLab leaves every script out of its outputs, also the one that asks
// for the program of the views. What a view shows is data, which this hands to the program of this server; nothing that
// the notebook brings along is run.

/** Shows the views of a notebook's untrusted outputs, now and whenever JupyterLab writes them again. */
export function showUntrusted(panel) {
  const notebook = panel.content.node;
  let asked = 0; // once a frame: a notebook changes at every key that is pressed in it
  const wake = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      for (const host of notebook.querySelectorAll(".jp-OutputArea-output .course-view")) show(panel, host);
    });
  };
  const watching = new MutationObserver(wake);
  watching.observe(notebook, { childList: true, subtree: true });
  panel.disposed.connect(() => watching.disconnect());
  wake();
}

const tried = new WeakSet();

function show(panel, host) {
  if (tried.has(host) || host.view || host.querySelector(":scope > script")) return; // its own script has asked
  tried.add(host);
  const data = dataOf(panel, host);
  if (data) (globalThis.courseViews ??= []).push((page) => page.build(host, data[0], data[1]));
}

/** [spec, numbers] of a view: the page has lost them, the notebook has them. null where it has none. */
function dataOf(panel, host) {
  const cell = panel.content.widgets.find(({ node }) => node.contains(host));
  const output = host.closest(".jp-OutputArea-child");
  const number = cell?.outputArea?.widgets.findIndex(({ node }) => node === output) ?? -1;
  const html = number < 0 ? undefined : cell.model.outputs.get(number)?.data["text/html"];
  if (!html) return null;
  const whole = new DOMParser().parseFromString([html].flat().join(""), "text/html"); // no script in it runs
  const place = [...output.querySelectorAll(".course-view")].indexOf(host);
  const element = whole.querySelectorAll(".course-view")[place]?.querySelector('script[type="application/json"]');
  try {
    return JSON.parse(element?.textContent ?? "null");
  } catch {
    return null; // the picture stays
  }
}
