// How long the event loop is kept by tokens of one row, and of a batch: by plain calls all the time that they take, by
// promises the time that it takes to hand the logits over and to get the tokens back.
import { native, promises } from './library.mjs';

/**
 * @param logits a tensor; its data are given away and come back
 * @returns medians in microseconds: `plain`, a call; `handOver`, until a promise is there; `result`, until it is kept
 */
export async function handOver(logits, options, { rounds }) {
  const times = { plain: [], handOver: [], result: [] };
  let { data } = logits;
  const given = { ...options, transfer: true };
  for (let round = 0; round < rounds; round += 1) {
    const tensor = { data, dims: logits.dims };
    let start = performance.now();
    native.sample(tensor, options);
    times.plain.push(performance.now() - start);
    start = performance.now();
    const promise = promises.sample(tensor, given);
    times.handOver.push(performance.now() - start);
    const { transferred } = await promise;
    times.result.push(performance.now() - start);
    data = transferred[0].data;
  }
  return Object.fromEntries(Object.entries(times).map(([name, samples]) => [name, 1000 * median(samples)]));
}

const median = (samples) => samples.sort((a, b) => a - b)[samples.length >> 1];
