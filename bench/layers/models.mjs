// What other programs have learnt, in our order of words: { input, output, order }, where row order[w] of either matrix
// belongs to word w. The rows of `output` of a tree are its inner nodes.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A reader of a fastText model, by its own program `dump`. */
export function readFastText(program, path) {
  const dump = (what) => {
    const { status, stdout } = spawnSync(program, ['dump', path, what], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`${program} dump ended with ${status}`);
    return stdout.trim().split('\n');
  };
  return modelOf(
    dump('dict')
      .slice(1)
      .map((line) => line.split(' ')),
    matrix(dump('input')),
    matrix(dump('output')),
  );
}

/** A reader of what gensim_train.py has written. */
export function readGensim(path, dim) {
  const floats = (name) => {
    const bytes = readFileSync(`${path}.${name}`);
    const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    return { data, dims: [data.length / dim, dim] };
  };
  const { words, counts, paths } = JSON.parse(readFileSync(`${path}.json`, 'utf8'));
  const model = modelOf(
    words.map((word, i) => [word, counts[i]]),
    floats('input'),
    floats('output'),
  );
  return { ...model, paths };
}

function modelOf(dictionary, input, output) {
  const place = new Map(dictionary.map(([word], index) => [word, index]));
  return { input, output, place, counts: dictionary.map(([, count]) => Number(count)) };
}

// "rows columns", then a row a line.
function matrix([head, ...lines]) {
  const dims = head.split(' ').map(Number);
  const data = Float32Array.from(lines.flatMap((line) => line.trim().split(' ').map(Number)));
  return { data, dims };
}
