// A line that says how far the training is: words a second, loss, time left.
import { progress } from '../digits/terminal.mjs';

/** @returns a function of the share that is done and { words, loss } */
export function timedProgress(label) {
  const show = progress(`  ${label.padEnd(26)}`);
  const start = performance.now();
  let lastLoss;
  return (share, { words, loss = lastLoss }) => {
    lastLoss = loss;
    const seconds = (performance.now() - start) / 1000;
    const speed = Math.round(words / seconds).toLocaleString('en');
    const left = share < 1 ? `${Math.ceil((seconds / share) * (1 - share))} s left` : `${seconds.toFixed(1)} s`;
    // As long as any before it, so that nothing of the last line stays.
    show(share, `${speed} words/s  loss ${loss?.toFixed(3) ?? '-'}  ${left}`.padEnd(48));
  };
}
