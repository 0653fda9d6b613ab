// The numbers of the whole-model view: what the forward pass gave, and what follows from that by a sum, a norm or a
// mean.

// rows of size n, each made mean 0 and spread 1, stretched and shifted
export function layerNorm(x, gain, shift, eps) {
  const n = gain.length,
    out = new Float64Array(x.length);
  for (let r = 0; r < x.length; r += n) {
    let mean = 0,
      spread = 0;
    for (let i = 0; i < n; i++) mean += x[r + i] / n;
    for (let i = 0; i < n; i++) spread += (x[r + i] - mean) ** 2 / n;
    for (let i = 0; i < n; i++) out[r + i] = ((x[r + i] - mean) / Math.sqrt(spread + eps)) * gain[i] + shift[i];
  }
  return out;
}
const lengths = (x, n) =>
  Float64Array.from({ length: x.length / n }, (_, r) => Math.hypot(...x.subarray(r * n, (r + 1) * n)));

export function modelNumbers(spec, arrays) {
  const { size: D, heads: H, shared, hidden: F, window: back, top } = spec,
    d = D / H,
    parts = {},
    V = top;
  const count = { encoder: spec.words.encoder.length, decoder: spec.words.decoder.length };
  for (const side of ["encoder", "decoder"]) {
    let x = null;
    for (const id of spec.order[side]) {
      const kind = id.split(".").pop(),
        of = (name) => arrays[`${id}/${name}`],
        norm = (y) => layerNorm(y, of("gain"), of("shift"), spec.eps);
      const p = (parts[id] = {
        id,
        side,
        kind,
        layer: +id.split(".")[1] || 0,
        keys: kind === "cross" ? "encoder" : side,
        before: x,
        of,
      });
      if (kind === "embedding") x = Float64Array.from(of("token"), (y, i) => y + (of("position")?.[i] ?? 0));
      else if (kind === "norm") x = norm(x);
      else if (kind !== "output") {
        p.read = spec.norm_first ? norm(x) : x;
        x = Float64Array.from(x, (y, i) => y + of("written")[i]);
        if (!spec.norm_first) x = norm(x);
        p.adds = lengths(Float64Array.from(of("written")), D);
      }
      p.after = x;
      p.long = lengths(Float64Array.from(x), D);
    }
  }
  const attends = (p) => p.kind === "attention" || p.kind === "cross";
  const masked = (p, q, k) =>
    p.kind === "attention" && ((p.side === "decoder" && k > q) || (back !== null && Math.abs(q - k) >= back));
  const key = (p, name, k, h, i) => p.of(name)[k * (D / shared) + Math.floor(h / shared) * d + i]; // shared heads
  // one query of one head against all keys: q · k / √d, NaN where masked
  function scores(p, h, q) {
    return Float64Array.from({ length: count[p.keys] }, (_, k) => {
      let s = 0;
      for (let i = 0; i < d; i++) s += p.of("q")[q * D + h * d + i] * key(p, "k", k, h, i);
      return masked(p, q, k) ? NaN : s / Math.sqrt(d);
    });
  }
  const weight = (p, h, q, k) => p.of("weights")[(h * count[p.side] + q) * count[p.keys] + k];
  // what a head hands on for one query: Σ weight · value
  function mean(p, h, q) {
    const out = new Float64Array(d);
    for (let k = 0; k < count[p.keys]; k++)
      for (let i = 0, w = weight(p, h, q, k); i < d; i++) out[i] += w * key(p, "v", k, h, i);
    return out;
  }
  const every = (p, h, f) => Array.from({ length: count[p.side] }, (_, q) => f(p, h, q));
  // the next word behind the decoder's word t: logits, e^logit / Σ, and the rest of the vocabulary as one sum
  function next(t) {
    const logits = Array.from(arrays.top.subarray(t * V, (t + 1) * V)),
      chances = logits.map((x) => Math.exp(x - arrays.total[t]));
    return { words: spec.choices[t], logits, chances, rest: Math.max(0, 1 - chances.reduce((a, b) => a + b, 0)) };
  }
  const order = (side) => spec.order[side],
    before = (p) => parts[order(p.side)[order(p.side).indexOf(p.id) - 1]].long;
  return { parts, count, attends, masked, scores, weight, mean, every, next, before, D, F, d, total: spec.vocabulary };
}
