// npm run demo: learns to read digits with the library's softmax regression, shows what temperature does to a doubtful
// one, times one long row, and finds the temperature at which the confidences are right. Takes a second or two.
import { backend, setThreads, softmax } from 'softmax-native';
import { BINS, calibrate } from './calibration.mjs';
import { CLASSES, loadDigits, split } from './digits.mjs';
import { drawConfusion, drawDigit, drawProbabilities } from './drawing.mjs';
import { compare, drawLogits } from './large-row.mjs';
import { accuracy, train } from './model.mjs';
import { bar, bold, cyan, dim, green, heading, print, progress } from './terminal.mjs';

const TEMPERATURES = [0, 0.5, 1, 2, 8];

print(`${bold('softmax-native')} ${backend.version} · ${describeBackend()}`);
const { training, heldOut } = split(loadDigits());
const model = learn();
judge();
showTemperatures(mostUncertain());
timeLargeRow();
calibrateConfidences();

function describeBackend() {
  if (backend.kind === 'typescript') return `no binary, the TypeScript reference runs: ${backend.reason}`;
  return `instruction set ${green(backend.kind)}, up to ${backend.threads} threads`;
}

function learn() {
  heading(`Learning from ${training.length} hand-written digits`);
  const show = progress('  training');
  const start = performance.now();
  // As far as the gradient has fallen on its way to a millionth.
  const trained = train(training, {
    onStep: ({ loss, gradientNorm }) =>
      show(Math.max(0, Math.min(1, Math.log10(gradientNorm) / -6)), `cross-entropy ${loss.toFixed(3)}`),
  });
  const { iterations } = trained.report;
  print(
    dim(`  SoftmaxRegression, ${iterations} steps of L-BFGS, ${((performance.now() - start) / 1000).toFixed(1)} s`),
  );
  return trained;
}

function judge() {
  heading(`Judged by ${heldOut.length} digits it has not seen`);
  const predictions = [...model.predict(heldOut)];
  const right = accuracy(predictions, heldOut);
  print(`  ${green(`${(100 * right).toFixed(1)} % right`)}\n`);
  for (const line of drawConfusion(predictions, heldOut)) print(line);
}

// The digit whose two likeliest classes are closest to each other.
function mostUncertain() {
  const { data } = model.probabilities(heldOut);
  const gaps = heldOut.map((_, row) => {
    const [second, first] = data
      .slice(row * CLASSES, (row + 1) * CLASSES)
      .sort()
      .slice(-2);
    return first - second;
  });
  return heldOut[gaps.indexOf(Math.min(...gaps))];
}

function showTemperatures(digit) {
  heading(`The most doubtful of them: a ${digit.label}, at several temperatures`);
  for (const line of drawDigit(digit)) print(`      ${line}`.trimEnd());
  print();
  const logits = model.logits([digit]).data;
  const columns = TEMPERATURES.map((temperature) => ({
    title: `T = ${temperature}`,
    probabilities: softmax(logits, { temperature }),
  }));
  for (const line of drawProbabilities(columns, digit)) print(line);
}

function timeLargeRow() {
  const logits = drawLogits();
  heading(`One row of ${logits.length.toLocaleString('en')} random logits, float32`);
  setThreads(1);
  const { microseconds, ulps } = compare(logits);
  setThreads(0);
  const longest = Math.max(microseconds.ours, microseconds.plain);
  const row = (name, time, error) => {
    const numbers = `${time.toFixed(0).padStart(6)} µs   error ${error.toFixed(2)} ulp`;
    print(`  ${name.padEnd(26)}${cyan(bar(time / longest, 24))} ${numbers}`);
  };
  row(`softmax (${backend.kind}, 1 thread)`, microseconds.ours, ulps.ours);
  row('plain JavaScript', microseconds.plain, ulps.plain);
  const factor = (microseconds.plain / microseconds.ours).toFixed(1);
  print(`  ${green(`${factor} times as fast`)} (medians); largest difference ${ulps.between.toFixed(2)} ulp`);
  print(
    dim(
      '  ulp: the distance of neighbouring float32 numbers. Errors are against the same in float64. Ours comes from z - max,',
    ),
  );
  print(
    dim(
      '  which float32 kernels round to float32: at most 1 ulp for each unit of -ln p, so only the least likely have it',
    ),
  );
}

function calibrateConfidences() {
  heading('How far its confidences can be trusted');
  const { temperature, before, after } = calibrate(model, training, heldOut);
  for (const [name, { loss, expectedCalibrationError, bins }] of Object.entries({ before, after })) {
    const at = name === 'before' ? 1 : temperature;
    print(
      `  T = ${at.toFixed(2)}   expected calibration error ${cyan((100 * expectedCalibrationError).toFixed(1).padStart(4))} %   cross-entropy ${loss.toFixed(3)}`,
    );
    if (name === 'after') print();
    else continue;
    for (const { lower, upper, count, accuracy: right, confidence } of bins) {
      if (count === 0) continue;
      const range = `${lower.toFixed(1)} to ${upper.toFixed(1)}`;
      print(
        `  confidence ${range}  ${cyan(bar(right, 16))} ${(100 * right).toFixed(0).padStart(3)} % right, ${(100 * confidence).toFixed(0).padStart(3)} % expected  ${dim(`${count} digits`)}`,
      );
    }
  }
  print(dim(`  ${BINS} bins of the held-out digits; the temperature is from five folds of the others`));
}
