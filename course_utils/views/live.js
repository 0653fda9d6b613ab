// The live shell: an anywidget whose traits are the entries of the view's state. KIND is filled in by live.py.
function render({ model, el }) {
  const spec = model.get("_spec"), names = Object.keys(spec.state), data = model.get("_data"), heard = [];
  const now = () => Object.fromEntries(names.map(n => [n, model.get(n)])), host = document.createElement("div");
  const link = {
    save(state) { names.forEach(n => model.set(n, state[n])); model.save_changes(); },
    listen(tell) {
      for (const n of names) { const f = () => tell({ [n]: model.get(n) }); model.on(`change:${n}`, f); heard.push([n, f]); }
    },
  };
  host.className = "course-view";
  el.append(host);
  const buffer = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const stop = mount(host, { KIND }, { ...spec, initial: spec.state, state: now() }, buffer, link);
  return () => { heard.forEach(([n, f]) => model.off(`change:${n}`, f)); stop(); host.remove(); };
}
export default { render };
