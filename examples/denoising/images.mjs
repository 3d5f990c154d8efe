// Black and white pictures: of the digits, larger ones, noisy ones. A picture is an Int32Array of 0 and 1, row by row.
import { PIXELS, SIDE } from '../digits/digits.mjs';

/** Ink where a pixel is at least half dark. */
export const blackAndWhite = ({ pixels }) => Int32Array.from(pixels, (value) => (value >= 0.5 ? 1 : 0));

/** Each pixel the other colour with probability `noise`. */
export function withNoise(picture, noise, rng) {
  return picture.map((pixel) => (rng.uniform() < noise ? 1 - pixel : pixel));
}

/** The digit with `scale` times as many pixels to a side, grey levels interpolated linearly, then black and white. */
export function enlarged({ pixels }, scale) {
  const side = SIDE * scale;
  const grey = (y, x) => pixels[Math.min(Math.max(y, 0), SIDE - 1) * SIDE + Math.min(Math.max(x, 0), SIDE - 1)];
  return Int32Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side].map((at) => (at + 0.5) / scale - 0.5);
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const [down, right] = [y - top, x - left];
    const upper = grey(top, left) * (1 - right) + grey(top, left + 1) * right;
    const lower = grey(top + 1, left) * (1 - right) + grey(top + 1, left + 1) * right;
    return upper * (1 - down) + lower * down >= 0.5 ? 1 : 0;
  });
}

export const differences = (a, b) => a.reduce((count, pixel, i) => count + (pixel === b[i] ? 0 : 1), 0);

/** The share of pixels that are not as they should be, over all pictures. */
export function wrongShare(pictures, originals) {
  const wrong = pictures.reduce((sum, picture, i) => sum + differences(picture, originals[i]), 0);
  return wrong / pictures.reduce((sum, { length }) => sum + length, 0);
}

/** All of them as one tensor [pictures, pixels]. */
export function stacked(pictures) {
  const data = new Int32Array(pictures.length * PIXELS);
  pictures.forEach((picture, i) => {
    data.set(picture, i * PIXELS);
  });
  return { data, dims: [pictures.length, PIXELS] };
}
