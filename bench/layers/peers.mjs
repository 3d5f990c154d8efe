// The programs for word vectors. Each trains once and says how many words a second it did, by its own clock, which starts
// after the vocabulary was read: CPU time in word2vec.c, fastText 0.1 and gensim, time on the wall in Debian's fastText.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build, cache } from './builds.mjs';
import { readFastText, readGensim } from './models.mjs';
import { DIM, NEGATIVES, RATE, WINDOW } from './modes.mjs';

const script = fileURLToPath(new URL('../python/gensim_train.py', import.meta.url));

/**
 * @returns [{ name, train(mode, path, epochs) }]: `train` gives { wordsPerSecond, model? }, the model as a function of the
 *   words in the library's order, for those that save both halves of it; and the names of peers that are not to be had
 */
export function findPeers() {
  const found = [word2vec(), fastTextFrom(build('fasttext'), 'fastText 0.1, -Ofast'), debianFastText(), gensim()];
  const absent = ['word2vec.c', 'fastText 0.1, -Ofast', 'fastText (package)', 'gensim'].filter((_, i) => !found[i]);
  return { peers: found.filter(Boolean), absent };
}

function word2vec() {
  const program = build('word2vec');
  if (program === undefined) return undefined;
  const train = ({ bag, tree }, path, epochs) => {
    const words = ['-train', path, '-output', `${cache}word2vec.out`, '-size', DIM, '-window', WINDOW, '-alpha', RATE];
    const mode = ['-cbow', Number(bag), '-hs', Number(tree), '-negative', tree ? 0 : NEGATIVES];
    const rest = ['-sample', 0, '-min-count', 1, '-threads', 1, '-iter', epochs];
    const text = run(program, [...words, ...mode, ...rest]);
    return { wordsPerSecond: 1000 * last(/Words\/thread\/sec: ([\d.]+)k/g, text) };
  };
  return { name: 'word2vec.c, -Ofast', train };
}

function fastTextFrom(program, name, { model } = {}) {
  if (program === undefined) return undefined;
  const train = ({ bag, tree }, path, epochs) => {
    const out = `${cache}fasttext.out`;
    const words = [bag ? 'cbow' : 'skipgram', '-input', path, '-output', out, '-dim', DIM, '-ws', WINDOW, '-lr', RATE];
    const mode = ['-loss', tree ? 'hs' : 'ns', '-neg', NEGATIVES, '-epoch', epochs, '-thread', 1];
    const rest = ['-minCount', 1, '-minn', 0, '-maxn', 0, '-bucket', 0, '-t', 1];
    const text = run(program, [...words, ...mode, ...rest]);
    return { wordsPerSecond: last(/words\/sec\/thread:\s+(\d+)/g, text), model: model?.(program, `${out}.bin`) };
  };
  return { name, train };
}

function debianFastText() {
  if (spawnSync('fasttext').error !== undefined) return undefined;
  return fastTextFrom('fasttext', 'fastText 0.9 (package)', { model: readFastText });
}

function gensim() {
  const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import gensim']).status === 0);
  if (python === undefined) return undefined;
  const train = ({ bag, tree }, path, epochs) => {
    const out = `${cache}gensim`;
    const words = [path, out, DIM, WINDOW, RATE, Number(bag), Number(tree), NEGATIVES, epochs];
    const { wordsPerSecond } = JSON.parse(run(python, [script, ...words]));
    return { wordsPerSecond, model: readGensim(out, DIM) };
  };
  return { name: 'gensim', train };
}

function run(program, words) {
  const { status, stdout, stderr } = spawnSync(program, words.map(String), { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.slice(-400)}`);
  return `${stdout}\n${stderr}`;
}

function last(pattern, text) {
  const found = [...text.matchAll(pattern)].at(-1);
  if (found === undefined) throw new Error(`Not understood: ${text.slice(-400)}`);
  return Number(found[1]);
}
