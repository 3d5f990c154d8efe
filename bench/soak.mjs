// npm run bench:soak [-- --seconds=N]: the service of examples/service under load, computing by promises and (--sync) on
// its event loop: requests a second, their times, how late the loop is, and what SIGTERM under load loses.
//
// The load: classifications of a row of 1,000 on ten connections, while two requests for a row of 10,000,000 are always
// in flight. The service, and what loads it, share the processors of this machine, so what loads it, which stands for
// machines elsewhere, has a lower priority. Each way of computing is loaded by a process of its own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { logitsOf } from './inputs.mjs';
import { installPeers } from './install.mjs';
import { describeRun, printRun } from './library.mjs';
import { writeResults } from './report.mjs';

const SERVER = fileURLToPath(new URL('../examples/service/server.mjs', import.meta.url));
const CONNECTIONS = 10;
const LARGE_REQUESTS = 2;
const LOWER_PRIORITY = os.constants.priority.PRIORITY_BELOW_NORMAL;
const LIMIT_MS = 5; // of the loop delay, 99th percentile, with promises
const BODY = Buffer.from(logitsOf({ type: 'float32', dims: [1, 1000] }).data.buffer);
const CLASSIFY = { method: 'POST', path: '/classify?classes=1000', body: BODY };
const LARGE_ROW = { method: 'GET', path: '/row?size=10000000' };

const MODES = { promises: [], synchronous: ['--sync'] };

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, of: { type: 'string' } },
});
const duration = Number(options.seconds);
let autocannon;

if (options.of === undefined) printAll();
else console.log(JSON.stringify(await soak(options.of)));

function printAll() {
  installPeers();
  const run = describeRun();
  printRun(run);
  console.log(
    `\n${duration} s each: 1x1000 classified on ${CONNECTIONS} connections, ${LARGE_REQUESTS} rows of 10,000,000`,
  );
  console.log('  mode            requests/s   ms p50    p99   rows/s   loop delay p50    p99    max   lost by SIGTERM');
  const modes = Object.keys(MODES).map((name) => {
    const mode = inProcessOfItsOwn(name);
    print(mode);
    return mode;
  });
  const [{ loopDelay }] = modes;
  console.log(`\nLoop delay p99 with promises under ${LIMIT_MS} ms: ${loopDelay.p99 < LIMIT_MS ? 'met' : 'MISSED'}`);
  console.log(`Written to ${writeResults('soak', { run, duration, modes })}`);
  if (modes[0].lost > 0) process.exitCode = 1;
}

function inProcessOfItsOwn(name) {
  const words = [fileURLToPath(import.meta.url), `--of=${name}`, `--seconds=${duration}`];
  const { status, stdout } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
  return JSON.parse(stdout);
}

async function soak(mode) {
  ({ default: autocannon } = await import('autocannon'));
  const server = spawn(process.execPath, [SERVER, '--port=0', ...MODES[mode]], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  os.setPriority(LOWER_PRIORITY); // of this process, not of the service
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
  const url = new URL(/http:\S+/.exec(line)[0]);
  const agent = new Agent({ keepAlive: true });
  let isOver = false;
  let rows = 0;
  const large = Array.from({ length: LARGE_REQUESTS }, async () => {
    while (!isOver) {
      await ask(agent, url, LARGE_ROW);
      rows += 1;
    }
  });
  await load(url, 1); // warms up
  rows = 0;
  await ask(false, url, { path: '/metrics' }); // the delays are counted from here
  const { requests, latency, errors, non2xx } = await load(url, duration);
  const { loopDelay } = JSON.parse((await ask(false, url, { path: '/metrics' })).text);
  isOver = true;
  await Promise.all(large);
  agent.destroy();
  const ended = await endUnderLoad(server, url);
  return {
    mode,
    requests: requests.average,
    latency: { p50: latency.p50, p99: latency.p99 },
    rows: rows / duration,
    loopDelay,
    errors: errors + non2xx,
    ...ended,
  };
}

function load(url, seconds) {
  const { method, path, body } = CLASSIFY;
  return autocannon({ url: new URL(path, url).href, method, body, connections: CONNECTIONS, duration: seconds });
}

/** Each client goes on until it is told to go elsewhere, or no connection is to be had. */
async function endUnderLoad(server, url) {
  const counts = { answered: 0, refused: 0, lost: 0 };
  const client = async (what) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let goesOn = true; goesOn; ) {
      try {
        const { status, connection } = await ask(agent, url, what);
        counts[status === 200 ? 'answered' : 'lost'] += 1;
        goesOn = connection !== 'close';
      } catch (error) {
        counts[error.code === 'ECONNREFUSED' ? 'refused' : 'lost'] += 1;
        goesOn = false;
      }
    }
    agent.destroy();
  };
  const clients = [...Array(CONNECTIONS).fill(CLASSIFY), ...Array(LARGE_REQUESTS).fill(LARGE_ROW)].map(client);
  const exit = once(server, 'exit');
  setTimeout(() => server.kill('SIGTERM'), 500);
  await Promise.all(clients);
  const [status] = await exit;
  return { ...counts, status };
}

function ask(agent, url, { method = 'GET', path, body }) {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-length': body.length } : {};
    const asked = request(new URL(path, url), { agent, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ text, status: response.statusCode, connection: response.headers.connection }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

function print({ mode, requests, latency, rows, loopDelay, lost, answered, errors, status }) {
  const cells = [
    `  ${mode.padEnd(14)}`,
    requests.toFixed(0).padStart(12),
    String(latency.p50).padStart(9),
    String(latency.p99).padStart(7),
    rows.toFixed(1).padStart(9),
    loopDelay.p50.toFixed(2).padStart(17),
    loopDelay.p99.toFixed(2).padStart(7),
    loopDelay.max.toFixed(1).padStart(7),
    `   ${lost} of ${answered + lost}, exit status ${status}`,
    errors > 0 ? `   ${errors} ERRORS` : '',
  ];
  console.log(cells.join(''));
}
