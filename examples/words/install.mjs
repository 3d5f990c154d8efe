// Installs what package-lock.json names beside this file, unless it is there: the texts, and what draws the plot.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = new URL('./', import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(new URL(path, here), 'utf8'));

export function installTexts() {
  const installed = ([name, version]) => {
    const path = `node_modules/${name}/package.json`;
    return existsSync(new URL(path, here)) && readJson(path).version === version;
  };
  if (Object.entries(readJson('package.json').dependencies).every(installed)) return;
  console.log('Installing the texts and the plotting library (28 MB)');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: fileURLToPath(here),
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ci in examples/words ended with ${status}`);
}
