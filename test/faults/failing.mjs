// Links the binary anew so that what it asks memory, threads and Node for can be refused (failing.cpp).
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const wrapped = [
  'malloc',
  'free',
  '_Znwm',
  '_Znam',
  '_ZnwmRKSt9nothrow_t',
  '_ZnamRKSt9nothrow_t',
  '_ZdlPv',
  '_ZdlPvm',
  '_ZdaPv',
  '_ZdaPvm',
  '_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE',
  'napi_create_reference',
  'napi_delete_reference',
  'napi_create_function',
  'napi_set_instance_data',
  'napi_add_env_cleanup_hook',
  'napi_create_threadsafe_function',
];

/** Whatever else takes or gives memory or threads: the binary may not use it unseen. */
const unseen =
  /^([cm]alloc|realloc|aligned_alloc|(posix_)?memalign|p?valloc|strn?dup|mmap|_Zn[wa]|_Zd[la]Pv|pthread_create|_ZNSt6thread15)/;

// What is preloaded to watch this process (test/service/sanitize.sh) would watch the compiler too.
const run = (tool, ...args) => execFileSync(tool, args, { encoding: 'utf8', env: { ...process.env, LD_PRELOAD: '' } });

export function hasCompiler() {
  try {
    run('g++', '--version');
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

/**
 * Of the objects of a build (its folder has compile_commands.json), two addons in `folder`: `control` has failAt, asked
 * and held, `binary` is the library's.
 */
export function linkFailing(build, folder) {
  const commands = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8')).map(
    ({ directory, command, file }) => ({ directory, file, words: command.split(/\s+/) }),
  );
  const objectOf = ({ words }) => words[words.indexOf('-o') + 1];
  // A build with tests compiles some sources once more for them.
  const ours = commands.filter((command) => objectOf(command).startsWith('CMakeFiles/softmax_'));
  const objects = ours.map((command) => join(command.directory, objectOf(command)));
  // A launcher (ccache) may stand before it.
  const compiler = ours[0].words.find((word) => /\+\+[^/]*$/.test(word));
  const sanitizers = ours[0].words.filter((word) => word.startsWith('-fsanitize'));
  const headers = ours
    .find(({ file }) => file.endsWith('binding/module.cpp'))
    .words.flatMap((word, i, words) => (words[i - 1] === '-isystem' ? ['-isystem', word] : []));
  const [control, binary] = [join(folder, 'control.node'), join(folder, 'softmax_native.node')];
  const link = (...args) => run(compiler, '-std=c++20', '-shared', '-fPIC', '-g', '-O1', ...sanitizers, ...args);
  link(...headers, join(import.meta.dirname, 'failing.cpp'), '-o', control);
  const wraps = wrapped.map((name) => `-Wl,--wrap=${name}`);
  link(...objects, ...wraps, '-L', folder, '-l:control.node', '-Wl,-rpath,$ORIGIN', '-pthread', '-o', binary);
  const needed = run('nm', '-D', '--undefined-only', '--without-symbol-versions', binary);
  const missed = needed.match(/\S+$/gm).filter((name) => unseen.test(name));
  if (missed.length > 0) throw new Error(`the binary takes memory in ways that are not looked at: ${missed}`);
  return { control, binary };
}
