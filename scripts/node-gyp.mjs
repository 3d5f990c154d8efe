// The source build for machines without CMake: native/binding.gyp, into build/Release where the loader looks.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');

// Most installations of Node bring their headers along; node-gyp would fetch them all the same.
const installation = join(dirname(process.execPath), '..');
const hasHeaders = existsSync(join(installation, 'include', 'node', 'node_api.h'));

const { status } = spawnSync(
  process.execPath,
  [
    nodeGyp,
    'rebuild',
    '-C',
    join(root, 'native'),
    ...(hasHeaders ? [`--nodedir=${installation}`] : []),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
