// calibrateTemperature: problems whose answers are known.
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../lib/random/rng';
import { libraries } from '../../libraries';

const classes = 4;

/** Logits whose labels are drawn from their softmax at a temperature. */
function drawn(rows: number, temperature: number) {
  const rng = new Rng(5);
  const data = Float64Array.from({ length: rows * classes }, () => 6 * (rng.uniform() - 0.5));
  const labels = Array.from({ length: rows }, (_, r) => {
    const row = [...data.subarray(r * classes, (r + 1) * classes)].map((z) => Math.exp(z / temperature));
    let u = rng.uniform() * row.reduce((a, b) => a + b);
    return Math.max(
      0,
      row.findIndex((e) => {
        u -= e;
        return u <= 0;
      }),
    );
  });
  return { logits: { data, dims: [rows, classes] }, labels };
}

/** The mean cross-entropy, and ECE, by their definitions. */
function judge({ logits, labels }: ReturnType<typeof drawn>, temperature: number, bins = 15) {
  let loss = 0;
  const inBin = Array.from({ length: bins }, () => [] as { right: number; confidence: number }[]);
  labels.forEach((label, r) => {
    const z = [...logits.data.subarray(r * classes, (r + 1) * classes)].map((logit) => logit / temperature);
    const most = Math.max(...z);
    const sum = z.reduce((total, logit) => total + Math.exp(logit - most), 0);
    loss += (Math.log(sum) + most - (z[label] as number)) / labels.length;
    const bin = inBin[Math.ceil(bins / sum) - 1] as (typeof inBin)[number];
    bin.push({ right: z.indexOf(most) === label ? 1 : 0, confidence: 1 / sum });
  });
  const error = inBin.reduce((total, all) => {
    const gap = all.reduce((difference, one) => difference + one.right - one.confidence, 0);
    return total + Math.abs(gap) / labels.length;
  }, 0);
  return { loss, error, counts: inBin.map((all) => all.length) };
}

describe.each(libraries)('%s', (_, { calibrateTemperature }) => {
  test('finds the temperature that labels were drawn at, which is where the loss is least', () => {
    const given = drawn(3000, 2.5);
    const { temperature, beta, before, after, accuracy, reason } = calibrateTemperature(given.logits, given.labels);
    expect(reason).toBe('minimum');
    expect(Math.abs(temperature - 2.5)).toBeLessThan(0.2);
    expect(beta).toBe(1 / temperature);
    for (const [found, wanted] of [
      [before, judge(given, 1)],
      [after, judge(given, temperature)],
    ] as const) {
      expect(found.loss).toBeCloseTo(wanted.loss, 12);
      expect(found.expectedCalibrationError).toBeCloseTo(wanted.error, 12);
      expect(found.bins.map(({ count }) => count)).toEqual(wanted.counts);
    }
    for (const other of [0.999, 1.001]) {
      expect(judge(given, temperature * other).loss).toBeGreaterThan(after.loss);
    }
    expect(after.expectedCalibrationError).toBeLessThan(before.expectedCalibrationError / 3);
    const right = after.bins.reduce((sum, bin) => sum + (bin.count === 0 ? 0 : bin.count * bin.accuracy), 0);
    expect(right / 3000).toBeCloseTo(accuracy, 12);
  });

  test('two classes, where the answer is a logarithm', () => {
    const logits = { data: Float64Array.of(4, 0, 4, 0, 4, 0, 0, 4), dims: [4, 2] };
    const { temperature, after } = calibrateTemperature(logits, [0, 0, 1, 1], { bins: 10 });
    expect(temperature).toBeCloseTo(4 / Math.log(3), 12);
    expect(after.expectedCalibrationError).toBeCloseTo(0, 12);
    expect(after.bins).toHaveLength(10);
    expect(after.bins.filter(({ count }) => count > 0)).toMatchObject([{ lower: 0.7, upper: 0.8, accuracy: 0.75 }]);
  });

  test('float32 logits', () => {
    const given = drawn(500, 1.5);
    const wanted = calibrateTemperature(given.logits, given.labels).temperature;
    const logits = { data: Float32Array.from(given.logits.data), dims: given.logits.dims };
    expect(calibrateTemperature(logits, given.labels).temperature).toBeCloseTo(wanted, 5);
  });

  test('16-bit logits are those that they hold', () => {
    const given = drawn(300, 1.5);
    const bits = Uint16Array.from(new Uint32Array(Float32Array.from(given.logits.data).buffer), (word) => word >>> 16);
    const wide = new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
    const dims = given.logits.dims;
    const found = calibrateTemperature({ data: bits, dims, type: 'bfloat16' }, given.labels);
    expect(found).toEqual(calibrateTemperature({ data: wide, dims }, given.labels));
  });

  test.each([1e-6, 1e6])('logits of any size: times %s', (size) => {
    const given = drawn(400, 2);
    const wanted = calibrateTemperature(given.logits, given.labels);
    const logits = { data: given.logits.data.map((z) => z * size), dims: given.logits.dims };
    const found = calibrateTemperature(logits, given.labels);
    expect(found.temperature / size).toBeCloseTo(wanted.temperature, 9);
    expect(found.after.loss).toBeCloseTo(wanted.after.loss, 12);
  });

  test('where the loss has no minimum it says so', () => {
    const logits = { data: Float64Array.of(3, 1, 0, 2), dims: [2, 2] };
    expect(calibrateTemperature(logits, [0, 1])).toMatchObject({
      ...{ temperature: 0, beta: Infinity, reason: 'allRight', accuracy: 1 },
      after: { loss: 0, expectedCalibrationError: 0 },
    });
    expect(calibrateTemperature(logits, [1, 0])).toMatchObject({
      ...{ temperature: Infinity, beta: 0, reason: 'noInformation', accuracy: 0 },
      after: { loss: Math.log(2), expectedCalibrationError: 0.5 },
    });
  });
});
