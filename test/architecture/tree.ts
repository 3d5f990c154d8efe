// The project's own files, as the tests of this folder read them.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export const root = join(__dirname, '..', '..');

const built = new Set(['node_modules', 'build', 'dist', 'prebuilds', 'docs', 'coverage', 'results', '.git']);

/** Paths from the root, with forward slashes, of the files under `folder` whose names match. */
export function files(folder: string, name: RegExp): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(root, folder, entry.name);
    const isBuilt = built.has(entry.name) || entry.name.startsWith('build-');
    if (entry.isDirectory() && !isBuilt) found.push(...files(relative(root, path), name));
    if (entry.isFile() && name.test(entry.name)) found.push(relative(root, path).split(sep).join('/'));
  }
  return found.sort();
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

export const lineCount = (path: string): number => read(path).split('\n').length - 1;

/** 'native/core/cpu.hpp' is in 'core'; a file that lies in `top` itself is in its own name. */
export function folderIn(top: string, path: string): string {
  const inside = path.slice(top.length + 1);
  return inside.split('/', 1)[0] as string;
}
