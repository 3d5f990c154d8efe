// The service of examples/service: its answers, and that SIGTERM loses none.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { crossEntropy, logSumExp, softmax } from '../../lib/index';

const program = fileURLToPath(new URL('../../examples/service/server.mjs', import.meta.url));
const logits = Float32Array.of(1, 2, 3, 6, 5, 4);
let server: ChildProcess;
let agent: Agent;

async function start(...words: string[]): Promise<string> {
  server = spawn(process.execPath, [program, '--port=0', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  agent = new Agent({ keepAlive: true });
  const [line] = (await once(server.stdout as NonNullable<typeof server.stdout>, 'data')) as [Buffer];
  return (/http:\S+/.exec(line.toString()) as RegExpExecArray)[0];
}

afterEach(() => {
  agent.destroy();
  server.kill('SIGKILL');
});

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: Record<string, unknown>;
}

function ask(url: string, parts: readonly ArrayBufferView[] = []): Promise<Answer> {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
  const headers = { 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method: body.length > 0 ? 'POST' : 'GET', headers }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        const { connection } = response.headers;
        resolve({ status: response.statusCode, connection, body: JSON.parse(text) as Answer['body'] });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

describe.each([[], ['--sync']])('the service %s', (...words) => {
  it('classifies, and computes losses', async () => {
    const url = await start(...words);
    const { body, status } = await ask(`${url}/classify?classes=3`, [logits]);
    const p = softmax({ data: logits, dims: [2, 3] }).data;
    expect(status).toBe(200);
    expect(body).toEqual({ labels: [2, 0], confidences: [p[2], p[3]] });
    const targets = Int32Array.of(2, 1);
    const { loss } = crossEntropy({ data: logits, dims: [2, 3] }, targets);
    expect((await ask(`${url}/loss?classes=3`, [logits, targets])).body).toEqual({ loss, rows: 2 });
    const row = (await ask(`${url}/row?size=200000`)).body;
    expect(row).toEqual({ size: 200_000, logSumExp: logSumExp(new Float32Array(200_000)) });
    // Large enough to be given away, and to run on a thread.
    const large = Float32Array.from({ length: 120_000 }, (_, i) => Math.sin(i * i));
    const labels = Int32Array.from({ length: 120 }, (_, i) => i);
    const expected = crossEntropy({ data: large, dims: [120, 1000] }, labels);
    expect((await ask(`${url}/loss?classes=1000`, [large, labels])).body).toEqual({ loss: expected.loss, rows: 120 });
  });

  it('says what is wrong with a request', async () => {
    const url = await start(...words);
    const wrong = await ask(`${url}/loss?classes=3`, [logits, Int32Array.of(2, 3)]);
    expect(wrong.status).toBe(400);
    expect(wrong.body.error).toContain('"target[1]"');
    expect((await ask(`${url}/classify?classes=4`, [logits])).status).toBe(400);
    expect((await ask(`${url}/classify?classes=0`, [logits])).status).toBe(400);
    expect((await ask(`${url}/nothing`)).status).toBe(404);
  });

  it('answers what is in flight when SIGTERM comes, and ends', async () => {
    const url = await start(...words);
    const exit = once(server, 'exit');
    const rows = Array.from({ length: 6 }, () => ask(`${url}/row?size=1000000`));
    const small = Array.from({ length: 20 }, () => ask(`${url}/classify?classes=3`, [logits]));
    // A connection that the service has not accepted yet it cannot answer: all must have arrived, answered or not.
    const arrived = async () => (await ask(`${url}/metrics`)).body.requests as number;
    for (let known = 0; (await arrived()) < rows.length + small.length + known + 1; known += 1);
    server.kill('SIGTERM');
    const answers = await Promise.all([...rows, ...small]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    // Once the signal has arrived, a client that goes on is told to go elsewhere.
    let late: Answer | undefined;
    do late = await ask(`${url}/metrics`).catch(() => undefined);
    while (late?.connection === 'keep-alive');
    if (late !== undefined) expect(late.connection).toBe('close');
    expect(await exit).toEqual([0, null]);
  });
});
