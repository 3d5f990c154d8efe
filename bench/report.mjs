// Tables for people, JSON for comparison.
import { mkdirSync, writeFileSync } from 'node:fs';
import { ratio } from './measure.mjs';

/**
 * `ratio` is a contestant's time over that of the first, `of 2` that of one with two threads over native's with two, or ~
 * where the quarters of both overlap.
 *
 * @param rows [{ name, threads, time, ulps }]
 */
export function printCase(workload, rows) {
  const [first] = rows;
  const withTwo = rows.find(({ name }) => name === 'native, 2 threads');
  console.log(`\n${workload.name}`);
  console.log(
    '  contestant                       median            p25 .. p75  ns/element     ratio      of 2    max ulp   target',
  );
  for (const row of rows) {
    const comparable = withTwo !== undefined && row.threads === 2 && row !== withTwo;
    const cells = [
      `  ${row.name.padEnd(28)}`,
      duration(row.time.median).padStart(11),
      `${duration(row.time.p25)} .. ${duration(row.time.p75)}`.padStart(22),
      (row.time.median / workload.size).toFixed(3).padStart(12),
      (row === first ? '1' : ratioText(row, first)).padStart(10),
      (comparable ? ratioText(row, withTwo) : '').padStart(10),
      (row.ulps === undefined ? '' : row.ulps.toFixed(2)).padStart(11),
      `   ${judgement(workload, row, rows)}`,
    ];
    console.log(cells.join('').trimEnd());
  }
}

export function ratioText(row, other) {
  const times = ratio(row.time, other.time);
  return times === undefined ? '~' : significant(times);
}

/**
 * Targets are for the library, with storage for its results; the verdict goes by the median. A target that is a peer is
 * what that took with as many threads, and ~ where they cannot be told apart.
 */
export function judgement({ target = {} }, row, rows) {
  if (!/^native(, 2 threads)?$/.test(row.name)) return '';
  const verdict = (nanoseconds) => {
    const times = row.time.median / nanoseconds;
    return `${duration(nanoseconds)} ${times <= 1 ? 'met' : `MISSED by ${significant(times)}`}`;
  };
  const verdicts = [];
  const microseconds = row.threads === 2 ? target.two : target.one;
  if (microseconds !== undefined) verdicts.push(verdict(microseconds * 1000));
  const peer = rows.find(({ name, threads }) => threads === row.threads && name.split(',')[0] === target.peer);
  if (peer !== undefined) {
    const isClear = ratio(row.time, peer.time) !== undefined;
    verdicts.push(`${target.peer}'s ${isClear ? verdict(peer.time.median) : `${duration(peer.time.median)} ~`}`);
  }
  return verdicts.join('; ');
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
