// The hand-written digits of examples/data: reading them, and splitting them into a part to learn from and a part to
// be judged by.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export const CLASSES = 10;
export const SIDE = 8;
export const PIXELS = SIDE * SIDE;
export const DARKEST = 16;

const FILE = new URL('../data/digits.csv.gz', import.meta.url);

/** @returns {{ pixels: Float32Array, label: number }[]} pixels scaled to [0, 1] */
export function loadDigits() {
  const lines = gunzipSync(readFileSync(FILE)).toString('ascii').trim().split('\n');
  return lines.map((line) => {
    const numbers = line.split(',').map(Number);
    return {
      pixels: Float32Array.from(numbers.slice(0, PIXELS), (value) => value / DARKEST),
      label: numbers[PIXELS],
    };
  });
}

/** Shuffles with a fixed seed, then cuts: the same two parts on every machine. */
export function split(digits, { share = 0.8, seed = 1 } = {}) {
  const shuffled = shuffle(digits, randomNumbers(seed));
  const cut = Math.round(shuffled.length * share);
  return { training: shuffled.slice(0, cut), heldOut: shuffled.slice(cut) };
}

/** Fisher and Yates: every order is equally likely. Returns a new array. */
export function shuffle(items, random) {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** mulberry32: 32 bits of state, uniform on [0, 1). Small, seeded, and good enough to shuffle and to draw noise. */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
