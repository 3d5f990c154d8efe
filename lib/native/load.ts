// Finds the binary, or says why there is none. In this order: the path in SOFTMAX_NATIVE_BINARY, which is then the only
// one; the prebuilt binary of this platform; the developer's own build. Only a file that is not there leads on to the
// next: a binary that is there and does not load is a fault to be told.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { nativeLoad } from '../errors';
import type { Addon } from './addon';

export interface Loaded {
  readonly addon: Addon | undefined;
  /** Why there is no addon. */
  readonly reason: string | undefined;
}

interface Attempt {
  readonly path: string;
  readonly reason: string;
}

const file = 'softmax_native.node';
const root = join(__dirname, '..', '..');

export function loadAddon(env: NodeJS.ProcessEnv = process.env): Loaded {
  const attempts: Attempt[] = [];
  const isRequired = env.SOFTMAX_NATIVE_REQUIRE === '1';
  if (env.SOFTMAX_NATIVE_ISA === 'typescript' && !isRequired) {
    return { addon: undefined, reason: 'SOFTMAX_NATIVE_ISA is typescript' };
  }
  for (const path of candidates(env)) {
    if (!existsSync(path)) {
      attempts.push({ path, reason: 'not found' });
      continue;
    }
    try {
      const load = createRequire(join(root, 'package.json'));
      return { addon: load(path) as Addon, reason: undefined };
    } catch (error) {
      attempts.push({ path, reason: (error as Error).message.split('\n', 1)[0] as string });
      break;
    }
  }
  if (isRequired) throw nativeLoad(explain(attempts));
  return { addon: undefined, reason: attempts.map(({ path, reason }) => `${path}: ${reason}`).join('; ') };
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  if (env.SOFTMAX_NATIVE_BINARY) return [env.SOFTMAX_NATIVE_BINARY];
  return [join(root, 'prebuilds', target(), file), join(root, 'build', 'Release', file)];
}

/** linux-x64, linux-x64-musl, darwin-arm64, ... */
export function target(platform: string = process.platform, arch: string = process.arch, musl = isMusl()): string {
  return `${platform}-${arch}${platform === 'linux' && musl ? '-musl' : ''}`;
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const { excludeNetwork } = report;
  // Else the report may look up names of peers in the network.
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (excludeNetwork !== undefined) report.excludeNetwork = excludeNetwork;
  return header.glibcVersionRuntime === undefined;
}

function explain(attempts: readonly Attempt[]): string {
  return [
    `No binary of softmax-native could be loaded for ${target()}, Node-API ${process.versions.napi}.`,
    'Tried:',
    ...attempts.map(({ path, reason }) => `  ${path}: ${reason}`),
    'Remedies:',
    '  - build it: npm run build:native (needs CMake and a C++20 compiler) or npm run build:node-gyp',
    '  - give the path of a binary in SOFTMAX_NATIVE_BINARY',
    '  - unset SOFTMAX_NATIVE_REQUIRE to compute in TypeScript',
  ].join('\n');
}
