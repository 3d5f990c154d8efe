// What must hold for the derivatives at any point, found or refuted by fast-check.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 200 });

const float32 = Float32Array as unknown as Float64ArrayConstructor;
const floats = fc.constantFrom(float32, Float64Array);
const unit = (Elements: Float64ArrayConstructor): number => (Elements === float32 ? 2 ** -24 : 2 ** -53);

const number = fc.double({ min: -30, max: 30, noNaN: true });
const triple = fc.array(fc.tuple(number, number, number), { minLength: 1, maxLength: 90 });
const beta = fc.oneof(fc.double({ min: -4, max: 4, noNaN: true }), fc.constantFrom(0, 1, -1, Infinity, -Infinity));
const extreme = fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, NaN, 0, -0));

const sum = (values: Iterable<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
const size = (values: Iterable<number>): number => sum(Array.from(values, Math.abs));
const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  sum(Array.from(a, (x, i) => x * (b[i] as number)));
const innerSize = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  size(Array.from(a, (x, i) => x * (b[i] as number)));

describe.each(libraries)('%s', (_, library) => {
  const { softmax, logSoftmax, softmaxVjp, softmaxJvp, logSoftmaxVjp, logSoftmaxJvp } = library;
  const { logSumExpVjp, softmaxBetaGradient, softmaxJacobian, logSoftmaxJacobian } = library;

  test("v'(J u) = (v'J) u", () => {
    fc.assert(
      fc.property(triple, fc.double({ min: -4, max: 4, noNaN: true }), floats, (values, b, Elements) => {
        const [z, u, v] = [0, 1, 2].map((k) => Elements.from(values, (t) => t[k] as number)) as Float64Array[];
        const options = { beta: b };
        const p = softmax(z as Float64Array, options);
        const logP = logSoftmax(z as Float64Array, options);
        const scale = (1 + Math.abs(b)) * size(u as Float64Array) * size(v as Float64Array);
        const [forward, backward] = [
          softmaxJvp(p, u as Float64Array, options),
          softmaxVjp(p, v as Float64Array, options),
        ];
        const bound = 40 * unit(Elements) * scale + 1e-30;
        expect(Math.abs(inner(v as Float64Array, forward) - inner(backward, u as Float64Array))).toBeLessThanOrEqual(
          bound,
        );
        const [along, back] = [
          logSoftmaxJvp(logP, u as Float64Array, options),
          logSoftmaxVjp(logP, v as Float64Array, options),
        ];
        expect(Math.abs(inner(v as Float64Array, along) - inner(back, u as Float64Array))).toBeLessThanOrEqual(bound);
      }),
    );
  });

  test('products agree with the matrices', () => {
    const short = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(short, beta, floats, (values, b, Elements) => {
        const [z, g] = [Elements.from(values, ([x]) => x), Elements.from(values, ([, y]) => y)];
        const n = z.length;
        const J = softmaxJacobian(z, { beta: b }).data as Float64Array;
        const L = logSoftmaxJacobian(z, { beta: b }).data as Float64Array;
        const [vjp, ofLog] = [
          softmaxVjp(softmax(z, { beta: b }), g, { beta: b }),
          logSoftmaxVjp(logSoftmax(z, { beta: b }), g, { beta: b }),
        ];
        const logJvp = logSoftmaxJvp(logSoftmax(z, { beta: b }), g, { beta: b });
        const slack = 400 * unit(Elements) * (1 + (Number.isFinite(b) ? Math.abs(b) : 0)) * size(g) + 1e-30;
        for (let j = 0; j < n; j += 1) {
          const column = Array.from(g, (_x, i) => L[i * n + j] as number);
          expect(Math.abs(inner(J.subarray(j * n, j * n + n), g) - (vjp[j] as number))).toBeLessThanOrEqual(slack);
          expect(Math.abs(inner(column, g) - (ofLog[j] as number))).toBeLessThanOrEqual(slack);
          expect(Math.abs(inner(L.subarray(j * n, j * n + n), g) - (logJvp[j] as number))).toBeLessThanOrEqual(slack);
        }
      }),
    );
  });

  test('the Jacobian is symmetric to the bit, and its rows sum to 0', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 40 }), beta, floats, (values, b, Elements) => {
        const z = Elements.from(values);
        const n = z.length;
        for (const [matrix, isSymmetric] of [
          [softmaxJacobian(z, { beta: b }).data, true],
          [logSoftmaxJacobian(z, { beta: b }).data, false],
        ] as const) {
          for (let i = 0; i < n; i += 1) {
            const row = matrix.subarray(i * n, i * n + n);
            expect(Math.abs(sum(row))).toBeLessThanOrEqual(300 * unit(Elements) * size(row) + 1e-40);
            if (isSymmetric) for (let j = 0; j < i; j += 1) expect(row[j]).toBe(matrix[j * n + i]);
            // Covariances: no variance is negative.
            if (b > 0) expect(row[i]).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });

  test('gradients of softmax sum to 0, as does its derivative in beta; those of log-sum-exp to beta g', () => {
    fc.assert(
      fc.property(triple, fc.double({ min: -4, max: 4, noNaN: true }), floats, (values, b, Elements) => {
        const [z, g] = [Elements.from(values, ([x]) => x), Elements.from(values, ([, y]) => y)];
        const p = softmax(z, { beta: b });
        const bound = 40 * unit(Elements) * (1 + Math.abs(b)) * (innerSize(p, g) + 1) * 10 + 1e-40;
        expect(Math.abs(sum(softmaxVjp(p, g, { beta: b })))).toBeLessThanOrEqual(bound);
        expect(Math.abs(sum(softmaxBetaGradient(z, { beta: b })))).toBeLessThanOrEqual(4000 * unit(Elements));
        expect(Math.abs(sum(logSumExpVjp(z, 3, { beta: b })) - 3 * b)).toBeLessThanOrEqual(
          100 * unit(Elements) * Math.abs(b) + 1e-40,
        );
      }),
    );
  });

  test('what is masked gets +0 and changes nothing', () => {
    fc.assert(
      fc.property(triple, extreme, extreme, floats, (values, x, y, Elements) => {
        const mask = Uint8Array.from([...values.map(() => 1), 0]);
        const [z, g] = [Elements.from(values, ([a]) => a), Elements.from(values, ([, b]) => b)];
        const longer = (data: Float64Array, last: number) => Elements.from([...data, last]);
        const p = softmax(z);
        const vjp = softmaxVjp(longer(p, x), longer(g, y), { mask });
        const logVjp = logSoftmaxVjp(longer(logSoftmax(z), x), longer(g, y), { mask });
        const gradient = softmaxBetaGradient(longer(z, x), { mask });
        for (const result of [vjp, logVjp, gradient]) expect(result[z.length]).toBe(0);
        // Lengths decide how a row is computed: near, not equal.
        const near = (a: ArrayLike<number>, b: Float64Array) =>
          b.forEach((value, j) => {
            const slack = 60 * unit(Elements) * (Math.abs(value) + size(g) + size(z) + 100);
            expect(Math.abs((a[j] as number) - value)).toBeLessThanOrEqual(slack);
          });
        near(vjp, softmaxVjp(p, g));
        near(logVjp, logSoftmaxVjp(logSoftmax(z), g));
        near(gradient, softmaxBetaGradient(z));
      }),
    );
  });
});

test('the library agrees with the reference on what is NaN, infinite or zero', () => {
  const [[, library], [, reference]] = libraries as [(typeof libraries)[0], (typeof libraries)[0]];
  const rule = fc.constantFrom<'limit' | 'ieee'>('limit', 'ieee');
  const pairs = fc.array(fc.tuple(extreme, extreme), { maxLength: 80 });
  // Where p beta underflows, an infinite g would meet 0 or not, as the order of the factors has it.
  const plainBeta = fc.constantFrom(1, -1, 2.5, 0, Infinity, -Infinity);
  const kind = (x: number): string => (Number.isNaN(x) ? 'NaN' : Number.isFinite(x) ? 'finite' : String(x));
  fc.assert(
    fc.property(pairs, plainBeta, rule, (values, b, nonFinite) => {
      const [x, g] = [Float64Array.from(values, ([a]) => a), Float64Array.from(values, ([, y]) => y)];
      // Probabilities and their logarithms, with whatever else may come.
      const p = x.map((v) => (Number.isFinite(v) && v !== 0 ? Math.min(1, Math.abs(v) + 1e-100) : v));
      const logP = x.map((v) => (v > 0 ? -v : v));
      const small = g.map((v) => (Number.isFinite(v) ? Math.sign(v) : v));
      const options = { beta: b, nonFinite };
      for (const [ours, theirs] of [
        [library.softmaxVjp(p, small, options), reference.softmaxVjp(p, small, options)],
        [library.logSoftmaxVjp(logP, small, options), reference.logSoftmaxVjp(logP, small, options)],
        [library.logSoftmaxJvp(logP, small, options), reference.logSoftmaxJvp(logP, small, options)],
        [library.logSumExpVjp(small, 0.5, options), reference.logSumExpVjp(small, 0.5, options)],
        [library.softmaxBetaGradient(small, options), reference.softmaxBetaGradient(small, options)],
        [library.softmaxJacobian(small, options).data, reference.softmaxJacobian(small, options).data],
        [library.logSoftmaxJacobian(small, options).data, reference.logSoftmaxJacobian(small, options).data],
      ] as const) {
        expect(Array.from(ours, kind)).toEqual(Array.from(theirs, kind));
      }
    }),
    { numRuns: 500 },
  );
});
