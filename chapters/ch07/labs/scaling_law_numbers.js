// Chinchilla's law: loss = E + A / N^alpha + B / D^beta; a training takes 6ND operations. What is the best of a budget?
/** @import { Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */

/**
 * @typedef {[N: number, D: number]} Size parameters and tokens
 *
 * @typedef {object} Own
 * @property {[E: number, A: number, B: number, alpha: number, beta: number]} law
 * @property {Record<string, Size>} models to compare with
 * @property {Record<string, number>} machines operations per second
 * @property {{ N: [number, number], D: [number, number] }} limits of the sliders
 * @property {{ N: [number, number], D: [number, number] }} fitted sizes to which the law was fitted
 * @typedef {Spec & Own} ScalingSpec
 * @typedef {State & { N: number, D: number, machine: string }} ScalingState
 */

export class Law {
  /** @param {ScalingSpec["law"]} law */
  constructor([E, A, B, alpha, beta]) {
    this.E = E;
    this.A = A;
    this.B = B;
    this.alpha = alpha;
    this.beta = beta;
  }

  /** What the loss is made of: what stays, a model too small, a text too short. @param {number} N @param {number} D */
  parts(N, D) {
    return [this.E, this.A / N ** this.alpha, this.B / D ** this.beta];
  }

  /** @param {number} N @param {number} D */
  loss(N, D) {
    return this.parts(N, D).reduce((a, b) => a + b);
  }

  /**
   * The loss of a model of this size, if a training costs so many operations.
   * @param {number} flops
   * @param {number} N
   */
  at(flops, N) {
    return this.loss(N, flops / 6 / N);
  }

  /** The size with the lowest loss of all that cost so many operations. @param {number} flops @returns {Size} */
  best(flops) {
    const { A, B, alpha, beta } = this;
    const ratio = (alpha * A) / (beta * B);
    const N = ratio ** (1 / (alpha + beta)) * (flops / 6) ** (beta / (alpha + beta));
    return [N, flops / 6 / N];
  }
}

/** @param {ScalingSpec} spec @param {ScalingState} state */
export function numbersOf(spec, { N, D, machine }) {
  const law = new Law(spec.law);
  const flops = 6 * N * D;
  const [best_N, best_D] = law.best(flops);
  return {
    flops,
    loss: law.loss(N, D),
    parts: law.parts(N, D),
    best_N,
    best_D,
    best_loss: law.loss(best_N, best_D),
    hours: flops / spec.machines[machine] / 3600,
  };
}
/** @typedef {ReturnType<typeof numbersOf>} ScalingNumbers */

/** Three digits. @param {number} x */
export const digits = (x) => (x >= 99.95 ? Math.round(x).toLocaleString("en") : String(Number(x.toPrecision(3))));

/** @type {[number, string, string][]} */
const SIZES = [
  [1e12, "trillion", "T"],
  [1e9, "billion", "B"],
  [1e6, "million", "M"],
  [1e3, "thousand", "k"],
];

/** A large number as one says it: 1.4 trillion. @param {number} x */
export function spelled(x) {
  const found = SIZES.find(([size]) => x >= 0.9995 * size);
  return found ? `${digits(x / found[0])} ${found[1]}` : digits(x);
}

/** The same at an axis: 10 B. @param {number} x */
export function marked(x) {
  const found = SIZES.find(([size]) => x >= size);
  return found ? `${x / found[0]} ${found[2]}` : String(x);
}

/** @type {[number, string][]} */
const TIMES = [
  [8760, "years"],
  [24, "days"],
  [1, "hours"],
  [1 / 60, "minutes"],
];

/** A time as one says it. @param {number} hours */
export function duration(hours) {
  const found = TIMES.find(([size]) => hours >= 2 * size);
  if (!found) return `${Number((hours * 3600).toPrecision(2))} seconds`;
  const count = hours / found[0];
  return `${count >= 10 ? Math.round(count).toLocaleString("en") : count.toFixed(1)} ${found[1]}`;
}

/** 1.20 · 10²⁰ @param {number} x */
export function power(x) {
  const exponent = Math.floor(Math.log10(x) + 1e-9);
  const raised = String(exponent).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]);
  return `${(x / 10 ** exponent).toFixed(2)} · 10${raised.replace("-", "⁻")}`;
}

/**
 * @typedef {{ x: number, y: number, w: number, h: number }} Box
 * @typedef {object} Label
 * @property {string} text
 * @property {number} wide
 * @property {number[][]} corners [x, y] of upper left ones, the best first
 * @property {boolean} [must] it stands even where it covers something
 */

/** @param {Box} a @param {Box} b */
const meet = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/**
 * Where labels stand: inside of `box`, off curves, on no mark and on no other label. One that finds no such place is
 * left out; one that must stand takes the place where it covers least.
 * @param {Label[]} labels the most important first
 * @param {number} high of each
 * @param {Box} box
 * @param {number[][]} points [x, y] of the curves, close together
 * @param {Box[]} marks
 * @returns {(Box | null)[]}
 */
export function placed(labels, high, box, points, marks) {
  const taken = [...marks];
  return labels.map(({ wide, corners, must }) => {
    const inside = corners
      .map(([x, y]) => ({ x, y, w: wide, h: high }))
      .filter(({ x, y, w, h }) => x >= box.x && y >= box.y && x + w <= box.x + box.w && y + h <= box.y + box.h);
    const covered = (/** @type {Box} */ place) => {
      const room = { x: place.x - 3, y: place.y - 2, w: place.w + 6, h: place.h + 4 };
      const over = points.filter(([x, y]) => meet(room, { x, y, w: 0, h: 0 })).length;
      return over + 1000 * taken.filter((other) => meet(place, other)).length;
    };
    const costs = inside.map(covered);
    const least = Math.min(...costs);
    if (!inside.length || (least > 0 && !must)) return null;
    const place = inside[costs.indexOf(least)];
    taken.push(place);
    return place;
  });
}
