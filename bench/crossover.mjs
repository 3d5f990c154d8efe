// How long must a row be before native code repays the way there? The library must not be slower than the plain loop at
// any length.
import { makePlainRow } from './contestants/plain-softmax-family.mjs';
import { native } from './library.mjs';
import { measure, ratio } from './measure.mjs';
import { significant } from './report.mjs';

const LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64];

export async function crossover({ rounds = 15, lengths = LENGTHS } = {}) {
  native.setThreads(0); // as users have it who never heard of threads
  console.log('\nsoftmax of one short row, float32, ns a call');
  console.log('     n   native, out   native, no out   plain, out   plain, no out    native/plain, out      no out');
  const rows = [];
  for (const n of lengths) {
    const x = Float32Array.from({ length: n }, (_, i) => Math.sin(i + 1) * 3);
    const out = new Float32Array(n);
    const options = { out };
    const [plain, allocating] = [makePlainRow(), makePlainRow()];
    const times = await measure(
      [
        { run: () => native.softmax(x, options) },
        { run: () => native.softmax(x) },
        { run: () => plain(x, out) },
        { run: () => allocating(x, new Float32Array(x.length)) },
      ],
      { rounds, sampleMs: 1 },
    );
    rows.push({ n, nativeOut: times[0], native: times[1], plainOut: times[2], plain: times[3] });
    const shown = (time, width) => significant(time.median).padStart(width);
    const against = (one, other) => {
      const times = ratio(one, other);
      return times === undefined ? '~' : `${times.toFixed(2)}${times > 1 ? ' SLOWER' : ''}`;
    };
    console.log(
      `${String(n).padStart(6)}${shown(times[0], 14)}${shown(times[1], 17)}${shown(times[2], 13)}${shown(times[3], 16)}` +
        `${against(times[0], times[2]).padStart(21)}${against(times[1], times[3]).padStart(12)}`,
    );
  }
  return rows;
}
