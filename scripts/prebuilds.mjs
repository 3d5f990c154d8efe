// Puts the binary that was built here where the published package has it: prebuilds/<platform>-<arch>/. A release gathers
// the folders of all platforms before `npm publish`. N.B. the loader prefers it to build/Release: remove prebuilds/ before
// building on. The package tests give another folder to put it in.
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { target } = createRequire(import.meta.url)('../dist/native/load.js');
const folder = join(process.argv[2] ?? root, 'prebuilds', target());
mkdirSync(folder, { recursive: true });
copyFileSync(join(root, 'build', 'Release', 'softmax_native.node'), join(folder, 'softmax_native.node'));
console.log(join(folder, 'softmax_native.node'));
