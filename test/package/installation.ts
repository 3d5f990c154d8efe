// The package as its users get it: packed with the binary that was built here, and installed into an empty folder. The
// working tree is left as it is.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');

export interface Installation {
  /** An empty project with the package in its node_modules. */
  readonly folder: string;
  readonly tarball: string;
  /** Of the package, as packed. */
  readonly files: readonly string[];
  readonly unpackedSize: number;
  remove(): void;
}

export function install(): Installation {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'softmax-native-')));
  const staged = join(folder, 'staged');
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  mkdirSync(staged);
  for (const name of ['package.json', ...files.filter((file) => file !== 'prebuilds')]) {
    cpSync(join(root, name), join(staged, name), { recursive: true });
  }
  execFileSync(process.execPath, [join(root, 'scripts', 'prebuilds.mjs'), staged]);

  const [packed] = JSON.parse(npm(staged, 'pack', '--json', '--pack-destination', folder)) as [
    { filename: string; unpackedSize: number; files: { path: string }[] },
  ];
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const tarball = join(folder, packed.filename);
  npm(project, 'install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund', tarball);
  return {
    folder: project,
    tarball,
    files: packed.files.map(({ path }) => path).sort(),
    unpackedSize: packed.unpackedSize,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function npm(cwd: string, ...args: string[]): string {
  const isWindows = process.platform === 'win32';
  return execFileSync('npm', args, { cwd, encoding: 'utf8', shell: isWindows, stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `code` in a Node of its own, in `folder`, with none of this process's settings but those given. */
export function node(folder: string, code: string, env: Record<string, string> = {}, flags: string[] = []): Ran {
  const { PATH = '', HOME = '' } = process.env;
  return spawnSync(process.execPath, [...flags, '--eval', code], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH, HOME, ...env },
  });
}

/** What `code` writes with `print`, as JSON; it must write nothing else, and end well. */
export function answer<T = unknown>(folder: string, code: string, env: Record<string, string> = {}): T {
  const whole = `const print = (value) => process.stdout.write(JSON.stringify(value));\n${code}`;
  const { status, stdout, stderr } = node(folder, whole, env);
  if (status !== 0 || stderr !== '') throw new Error(`exit status ${status}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
