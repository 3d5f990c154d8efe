// Pictures of pictures: as text, and as SVG.
import { writeFileSync } from 'node:fs';

/** Pictures side by side, two characters a pixel. Returns lines. */
export function drawPictures(pictures, side) {
  return Array.from({ length: side }, (_, y) =>
    pictures
      .map((picture) =>
        Array.from(picture.subarray(y * side, (y + 1) * side), (pixel) => (pixel ? '██' : '··')).join(''),
      )
      .join('   '),
  );
}

const GAP = 12;
const HEAD = 22;

/**
 * A table of pictures.
 *
 * @param titles one for each column
 * @param rows for each row a picture for each column
 * @param side pixels of a picture's side
 * @param size of a picture in the SVG
 */
export function writePictures(path, titles, rows, { side, size }) {
  const [width, height] = [titles.length * (size + GAP) + GAP, HEAD + rows.length * (size + GAP) + GAP];
  const at = (column, row) => [GAP + column * (size + GAP), HEAD + GAP + row * (size + GAP)];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...titles.map((title, column) => {
      const x = at(column, 0)[0] + size / 2;
      return `<text x="${x}" y="${HEAD}" font-family="sans-serif" font-size="13" text-anchor="middle">${title}</text>`;
    }),
    ...rows.flatMap((pictures, row) =>
      pictures.map((picture, column) => {
        const [x, y] = at(column, row);
        const place = `translate(${x} ${y}) scale(${size / side})`;
        return `<g transform="${place}"><rect width="${side}" height="${side}" fill="#eee"/><path d="${inked(picture, side)}"/></g>`;
      }),
    ),
    '</svg>',
  ];
  writeFileSync(path, `${parts.join('\n')}\n`);
}

/** A rectangle for each run of ink in a row. */
function inked(picture, side) {
  let path = '';
  for (let i = 0; i < picture.length; i += 1) {
    if (!picture[i] || (i % side > 0 && picture[i - 1])) continue;
    let end = i + 1;
    while (end % side > 0 && picture[end]) end += 1;
    path += `M${i % side} ${Math.floor(i / side)}h${end - i}v1h${i - end}z`;
  }
  return path;
}
