// Tables for people, JSON for comparison.
import { mkdirSync, writeFileSync } from 'node:fs';
import { ratio } from './measure.mjs';

/**
 * `ratio` is a contestant's time over that of the first, or ~ where the quarters of both overlap.
 *
 * @param rows [{ name, threads, time, ulps }]
 */
export function printCase(workload, rows) {
  const [first] = rows;
  console.log(`\n${workload.name}`);
  console.log(
    '  contestant                       median            p25 .. p75  ns/element     ratio    max ulp   target',
  );
  for (const row of rows) {
    const times = ratio(row.time, first.time);
    const cells = [
      `  ${row.name.padEnd(28)}`,
      duration(row.time.median).padStart(11),
      `${duration(row.time.p25)} .. ${duration(row.time.p75)}`.padStart(22),
      (row.time.median / workload.size).toFixed(3).padStart(12),
      (row === first ? '1' : times === undefined ? '~' : significant(times)).padStart(10),
      (row.ulps === undefined ? '' : row.ulps.toFixed(2)).padStart(11),
      `   ${judgement(workload, row)}`,
    ];
    console.log(cells.join('').trimEnd());
  }
}

/** Targets are for the library, with `out`; the verdict goes by the median. */
export function judgement({ target }, { name, threads, time }) {
  const microseconds = threads === 2 ? target?.two : target?.one;
  if (microseconds === undefined || !/^native(, 2 threads)?$/.test(name)) return '';
  const met = time.median <= microseconds * 1000;
  return `${duration(microseconds * 1000)} ${met ? 'met' : `MISSED by ${significant(time.median / (microseconds * 1000))}`}`;
}

export function duration(nanoseconds) {
  if (nanoseconds < 1e3) return `${significant(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${significant(nanoseconds / 1e3)} us`;
  return `${significant(nanoseconds / 1e6)} ms`;
}

export function significant(x) {
  return x >= 100 ? x.toFixed(0) : x.toPrecision(3);
}

/** @returns the path of what it wrote */
export function writeResults(kind, results) {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const stamp = results.run.date.replace(/[: ]/g, '-');
  const name = `${kind}-${stamp}-${results.run.commit}.json`;
  writeFileSync(new URL(name, folder), `${JSON.stringify(results, null, 1)}\n`);
  return `bench/results/${name}`;
}
