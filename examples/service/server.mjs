// A service that classifies and computes losses: node examples/service/server.mjs [--port=8080] [--sync].
//
//   POST /classify?classes=N   body: float32 logits, rows of N, little-endian
//                              answer: { labels, confidences }, one of each for a row
//   POST /loss?classes=N       body: as above, then one int32 target for each row; answer: { loss, rows }
//   GET  /row?size=N           a softmax over a row of N logits that the service holds; answer: { size, logSumExp }
//   GET  /metrics              { requests, inFlight, loopDelay: { p50, p99, max } in ms since the last reading }
//
// With --sync everything is computed by the plain functions, on the event loop: for comparison only. SIGTERM ends the
// service when the requests in flight are answered: for a moment it still takes what is on its way, and tells each client
// to go elsewhere with its next request (connection: close).
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { setThreads } from 'softmax-native';
import { handlersOf } from './handlers.mjs';

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '8080' }, sync: { type: 'boolean', default: false } },
});
const handlers = handlersOf(options.sync);
// What computes leaves a processor to the event loop, which would else wait for its turn.
if (!options.sync) setThreads(Math.max(1, availableParallelism() - 1));

const LARGEST_BODY = 64 * 2 ** 20;
// Closing a socket at once would lose the requests that it has received and nobody has read.
const ON_ITS_WAY_MS = 250;
const loopDelay = monitorEventLoopDelay({ resolution: 1 });
loopDelay.enable();
let requests = 0;
let inFlight = 0;

const server = createServer(async (request, response) => {
  requests += 1;
  inFlight += 1;
  // Whoever hangs up is no longer computed for.
  const gone = new AbortController();
  response.once('close', () => response.writableFinished || gone.abort());
  try {
    const url = new URL(request.url, 'http://localhost');
    const handler = handlers[`${request.method} ${url.pathname}`];
    if (url.pathname === '/metrics') answer(response, 200, metrics());
    else if (handler === undefined) answer(response, 404, { error: `No ${request.method} ${url.pathname}` });
    else answer(response, 200, await handler(url.searchParams, await bodyOf(request), gone.signal));
  } catch (error) {
    if (error.code === 'ABORT_ERR') response.destroy();
    else answer(response, statusOf(error), { error: error.message });
  } finally {
    inFlight -= 1;
  }
});

function statusOf({ code }) {
  if (code === 'ERR_SOFTMAX_TOO_MANY_JOBS' || code === 'ERR_MEMORY_ALLOCATION_FAILED') return 503;
  return /^ERR_(INVALID|OUT|SOFTMAX)/.test(code) ? 400 : 500;
}

function answer(response, status, content) {
  response.writeHead(status, { 'content-type': 'application/json', ...(draining && { connection: 'close' }) });
  response.end(JSON.stringify(content));
}

/** The body in memory of its own, as the library takes it: aligned, and nobody else's. */
async function bodyOf(request) {
  const length = Number(request.headers['content-length'] ?? 0);
  if (!(length <= LARGEST_BODY)) throw badRequest(`A body may have ${LARGEST_BODY} bytes`);
  const body = new Uint8Array(new ArrayBuffer(length));
  let filled = 0;
  for await (const chunk of request) {
    if (filled + chunk.length > length) throw badRequest('The body is longer than its content-length');
    body.set(chunk, filled);
    filled += chunk.length;
  }
  return body.buffer;
}

function badRequest(message) {
  return Object.assign(new Error(message), { code: 'ERR_INVALID_BODY' });
}

function metrics() {
  const ms = (nanoseconds) => Number((nanoseconds / 1e6).toFixed(2));
  const delay = { p50: ms(loopDelay.percentile(50)), p99: ms(loopDelay.percentile(99)), max: ms(loopDelay.max) };
  loopDelay.reset();
  return { requests, inFlight: inFlight - 1, loopDelay: delay };
}

let draining = false;
process.once('SIGTERM', () => {
  draining = true;
  setTimeout(() => server.close(() => process.exit(0)), ON_ITS_WAY_MS);
});

server.listen(Number(options.port), '127.0.0.1', () => {
  console.log(`${options.sync ? 'synchronous' : 'promises'}, http://127.0.0.1:${server.address().port}`);
});
