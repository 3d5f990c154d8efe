// What the CMake build did: its compile commands and its object files. `npm run build:native` makes them.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './tree';

export interface Compilation {
  /** From the root: native/isa/avx2.cpp. */
  readonly source: string;
  readonly object: string;
  readonly flags: readonly string[];
}

interface Command {
  directory: string;
  command: string;
  file: string;
}

export function compilations(): Compilation[] {
  const path = join(root, 'build', 'compile_commands.json');
  if (!existsSync(path)) throw new Error('build/compile_commands.json is missing: npm run build:native makes it');
  const commands = JSON.parse(readFileSync(path, 'utf8')) as Command[];
  return commands.map(({ directory, command, file }) => {
    const words = command.split(/\s+/);
    const output = words.indexOf('-o');
    return {
      source: relative(root, file),
      object: join(directory, words[output + 1] as string),
      flags: words.slice(1, output),
    };
  });
}

export const binary = join(root, 'build', 'Release', 'softmax_native.node');
