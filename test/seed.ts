// One seed for everything random in a run; SOFTMAX_NATIVE_SEED overrides it. Printed, so that a failure can be repeated.
export const seed = Number(process.env.SOFTMAX_NATIVE_SEED ?? 20261123);
console.info(`seed ${seed}`);

/** Uniform numbers in [0, 1), the same in every run (Mulberry32). */
export function createRandom(stream = 0): () => number {
  let state = (seed + Math.imul(stream, 0x9e3779b9)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
