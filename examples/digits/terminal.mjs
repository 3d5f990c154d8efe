// What the output may look like here: colours only in a terminal that wants them (NO_COLOR is respected), and a
// progress bar that redraws itself only where lines can be redrawn.

const stream = process.stdout;
const colours = Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

const paint = (code) => (text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint('1');
export const dim = paint('2');
export const red = paint('31');
export const green = paint('32');
export const cyan = paint('36');

export const print = (text = '') => stream.write(`${text}\n`);
export const heading = (text) => print(`\n${bold(text)}`);

const EIGHTHS = ' ▏▎▍▌▋▊▉█';

/** A bar `width` characters wide at share 1, to an eighth of a character. Always `width` characters long. */
export function bar(share, width) {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const full = EIGHTHS[8].repeat(Math.floor(eighths / 8));
  const rest = eighths % 8 === 0 ? '' : EIGHTHS[eighths % 8];
  return (full + rest).padEnd(width);
}

/** Where there is no terminal, each quarter of the way gets a line of its own. */
export function progress(label) {
  let quarters = 0;
  return (share, note) => {
    const line = `${label} ${bar(share, 30)} ${String(Math.round(share * 100)).padStart(3)} %  ${note}`;
    if (stream.isTTY) {
      stream.write(`\r${line}${share >= 1 ? '\n' : ''}`);
    } else if (Math.floor(share * 4) > quarters) {
      quarters = Math.floor(share * 4);
      print(line);
    }
  };
}
