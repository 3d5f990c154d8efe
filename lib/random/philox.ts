// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): four random words
// as a function of a key and a counter. native/random/philox.hpp is the same function; both give the same words.

/** The upper word of the product of two words. */
function high(a: number, b: number): number {
  const low = (a & 0xffff) * (b & 0xffff);
  const middle = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const other = (a & 0xffff) * (b >>> 16) + (middle & 0xffff);
  return (a >>> 16) * (b >>> 16) + (middle >>> 16) + (other >>> 16);
}

/**
 * The block of a key of two words and a counter of four, each lower word first, into `out`. The counter of this library
 * is (index, stream), 64 bits each.
 */
export function philox4x32(
  key: ArrayLike<number>,
  counter: ArrayLike<number>,
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  let [a, b, c, d] = [counter[0] as number, counter[1] as number, counter[2] as number, counter[3] as number];
  let [k, l] = [key[0] as number, key[1] as number];
  for (let round = 0; round < 10; round += 1) {
    const p = high(a, 0xd2511f53);
    const q = high(c, 0xcd9e8d57);
    const nextD = Math.imul(a, 0xd2511f53);
    a = q ^ b ^ k;
    b = Math.imul(c, 0xcd9e8d57);
    c = p ^ d ^ l;
    d = nextD;
    // The golden ratio and the root of 3, less 1.
    k = (k + 0x9e3779b9) | 0;
    l = (l + 0xbb67ae85) | 0;
  }
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
  return out;
}
