// node examples/digits/plot.mjs: makes reliability.svg anew, the demo's calibration as a picture.
import { writeFileSync } from 'node:fs';
import { calibrate, drawReliability } from './calibration.mjs';
import { loadDigits, split } from './digits.mjs';
import { train } from './model.mjs';

const { training, heldOut } = split(loadDigits());
writeFileSync(
  new URL('reliability.svg', import.meta.url),
  drawReliability(calibrate(train(training), training, heldOut)),
);
