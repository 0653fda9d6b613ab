// The live shell: an anywidget whose traits are the entries of the view's state. KIND is filled in by live.py.
function render({ model, el }) {
  const names = Object.keys(model.get("_spec").state),
    heard = [];
  const now = () => Object.fromEntries(names.map((n) => [n, model.get(n)])),
    host = document.createElement("div");
  const link = {
    save(state) {
      names.forEach((n) => model.set(n, state[n]));
      model.save_changes();
    },
    listen(tell) {
      for (const n of names) {
        const f = () => tell({ [n]: model.get(n) });
        model.on(`change:${n}`, f);
        heard.push([n, f]);
      }
    },
  };
  host.className = "course-view";
  el.append(host);
  let stop = () => {};
  const forget = () => {
    for (const [n, f] of heard.splice(0)) model.off(`change:${n}`, f);
    stop();
  };
  function show() {
    const spec = model.get("_spec"),
      data = model.get("_data"),
      typed = host.shadowRoot?.activeElement?.dataset.control;
    forget();
    const buffer = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    stop = mount(host, { KIND }, { ...spec, initial: spec.state, state: now() }, buffer, link);
    if (typed) host.shadowRoot.querySelector(`[data-control="${typed}"]`)?.focus();
  }
  show();
  model.on("change:_spec", show); // Python has replaced the view
  return () => {
    model.off("change:_spec", show);
    forget();
    host.remove();
  };
}
export default { render };
