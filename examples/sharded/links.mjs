// Ways to have a shard elsewhere: in a process of its own, or in a worker thread. A link has send(message), end(), and
// tells its owner of messages and of its death.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const program = new URL('./shard.mjs', import.meta.url);

/** A process. It reads its part of the file: nothing of the weights crosses over. */
export function startProcess(part, { onMessage, onDeath }) {
  const child = fork(fileURLToPath(program), { serialization: 'advanced', execArgv: [] });
  child.on('message', onMessage);
  child.once('exit', (code, signal) => onDeath(signal ?? `exit code ${code}`));
  // What cannot be sent has not arrived: the death that follows is what counts.
  child.on('error', () => {});
  const send = (message) => child.connected && child.send(message, () => {});
  send({ part });
  return { send, end: () => child.kill('SIGKILL'), pid: child.pid };
}

/** A thread. `part.weight` lies in shared memory, of which it sees the very same. */
export function startThread(part, { onMessage, onDeath }) {
  const worker = new Worker(program);
  worker.on('message', onMessage);
  worker.on('error', () => {});
  worker.once('exit', (code) => onDeath(`exit code ${code}`));
  const send = (message) => worker.postMessage(message);
  send({ part });
  return { send, end: () => worker.terminate(), pid: undefined };
}
