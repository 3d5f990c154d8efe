// Installs the peers, and what loads the service, beside this file: exactly what package-lock.json names. No script of
// theirs runs: what they need is in their packages.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = new URL('./', import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(new URL(path, here), 'utf8'));

/** @returns { name: version } of the peers, installed afterwards */
export function installPeers() {
  const { dependencies, devDependencies } = readJson('package.json');
  const installed = (name) => {
    const path = `node_modules/${name}/package.json`;
    return existsSync(new URL(path, here)) ? readJson(path).version : undefined;
  };
  if (Object.entries({ ...dependencies, ...devDependencies }).some(([name, version]) => installed(name) !== version)) {
    console.log('Installing the peers (about 540 MB)');
    const shell = process.platform === 'win32';
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], {
      cwd: fileURLToPath(here),
      stdio: 'inherit',
      shell,
    });
    if (status !== 0) throw new Error(`npm ci in bench ended with ${status}`);
  }
  return dependencies;
}
