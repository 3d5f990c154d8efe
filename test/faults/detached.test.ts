// RELIABILITY: a buffer that is detached at the call, also by a getter of an option or in an axis, is a TypeError with a
// code that names the array, and nothing is touched. Each array of each function, in turn.
import { describe, expect, test } from 'vitest';
import { bitsOf, detach, errorOf, labelsOf, optionsOf, type Place, placesOf, subjects, ways } from './subjects';

function prepare(subject: (typeof subjects)[number], label: string) {
  const args = subject.create();
  const places = placesOf(subject, args);
  const place = places.find((one) => one.label === label) as Place;
  const others = places.filter((one) => one !== place).map(({ array }) => array);
  return { args, place, others, before: bitsOf(others) };
}

describe.each(subjects)('$title', (subject) => {
  test.each(labelsOf(subject))('%s detached before the call', async (label) => {
    for (const [way, call] of ways) {
      const { args, place, others, before } = prepare(subject, label);
      detach(place.array);
      const error = await errorOf(() => call(subject.name)(...args));
      expect(error, way).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_SOFTMAX_DETACHED', message: expect.stringContaining(`"${label}"`) });
      expect(bitsOf(others)).toBe(before);
    }
  });

  // Those that nothing but a getter of an option can reach while the options are read.
  test.each(labelsOf(subject))('%s detached by an option while it is read', async (label) => {
    for (const [way, call] of ways) {
      const { args, place, others, before } = prepare(subject, label);
      const key = subject.name === 'nllLoss' ? 'axis' : subject.name.startsWith('gumbel') ? 'tau' : 'beta';
      const { [key]: value } = optionsOf(args);
      Object.defineProperty(optionsOf(args), key, {
        get: () => {
          if (place.array.length > 0) detach(place.array);
          return value;
        },
      });
      const error = await errorOf(() => call(subject.name)(...args));
      expect(error, way).toMatchObject({ code: 'ERR_SOFTMAX_DETACHED' });
      expect(error?.message).toContain(`"${label}"`);
      expect(bitsOf(others)).toBe(before);
    }
  });

  const single = [
    'argmax',
    'hardmax',
    'softmaxJacobian',
    'logSoftmaxJacobian',
    'linearCrossEntropy',
    'attention',
    'attentionVjp',
    'sample',
  ];
  const isVector = !('dims' in (subject.create()[0] as object));
  test.each(single.includes(subject.name) || isVector ? [] : labelsOf(subject))(
    '%s detached by an element of the axes',
    async (label) => {
      for (const [way, call] of ways) {
        const { args, place, others, before } = prepare(subject, label);
        const { axis = 1 } = optionsOf(args);
        const axes = Object.defineProperty([0], 0, {
          get: () => {
            if (place.array.length > 0) detach(place.array);
            return axis;
          },
        });
        optionsOf(args).axis = axes;
        const error = await errorOf(() => call(subject.name)(...args));
        expect(error, way).toMatchObject({ code: 'ERR_SOFTMAX_DETACHED' });
        expect(error?.message).toContain(`"${label}"`);
        expect(bitsOf(others)).toBe(before);
      }
    },
  );
});

test('valueOf of an option is never called: it is no number', async () => {
  const { softmax } = (await import('../../lib/index')) as { softmax: (...args: unknown[]) => unknown };
  const z = Float32Array.of(1, 2);
  for (const key of ['beta', 'temperature', 'base', 'axis', 'nonFinite']) {
    const valueOf = () => {
      throw new Error('called');
    };
    expect(() => softmax(z, { [key]: { valueOf, toString: valueOf } })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_INVALID_ARG/) }),
    );
  }
});
