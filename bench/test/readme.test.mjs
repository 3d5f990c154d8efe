// The programs in the README that need onnxruntime-node or transformers.js, word for word, with models that are made here:
// in a folder that has the three packages, and under the name that the README has for the model.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { learnModel } from '../../examples/tokens/model.mjs';
import { onnxModel } from '../../examples/tokens/onnx-model.mjs';
import { writeModel } from '../../examples/tokens/transformers-model.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const programs = [...readme.matchAll(/^```m?js\n([\s\S]*?)^```$/gm)].map(([, code]) => code);

function programWith(name) {
  const found = programs.filter((code) => code.includes(`from '${name}'`));
  assert.equal(found.length, 1, `programs with ${name}`);
  return found[0];
}

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'readme-'));
  mkdirSync(join(folder, 'node_modules/@huggingface'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/softmax-native'));
  for (const name of ['onnxruntime-node', '@huggingface/transformers']) {
    symlinkSync(join(root, 'bench/node_modules', name), join(folder, 'node_modules', name));
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

function run(code, ...flags) {
  const program = join(folder, 'program.mjs');
  writeFileSync(program, code);
  return execFileSync(process.execPath, [...flags, program], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('the loop with onnxruntime-node', () => {
  // The logits of the next token are the products of the last one's vector with those of all tokens.
  const [vocabulary, dim] = [5000, 8];
  const vectors = Float32Array.from({ length: vocabulary * dim }, (_, i) => 2 * Math.sin(i * i));
  const model = onnxModel({
    nodes: [
      { type: 'Gather', from: ['vectors', 'input_ids'], to: 'hidden' },
      { type: 'Transpose', from: ['vectors'], to: 'columns', attributes: { perm: [1, 0] } },
      { type: 'MatMul', from: ['hidden', 'columns'], to: 'logits' },
    ],
    inputs: { input_ids: { type: 'int64', dims: [1, 1] } },
    outputs: { logits: { type: 'float32', dims: [1, 1, 1] } },
    constants: { vectors: { type: 'float32', dims: [vocabulary, dim], data: vectors } },
  });
  writeFileSync(join(folder, 'model.onnx'), model);
  const code = programWith('onnxruntime-node');
  const [, expected] = /console\.log\(.*\); \/\/ (.*)$/m.exec(code);
  assert.equal(run(code).trim(), expected);
});

test('the logits processor of transformers.js', () => {
  const code = programWith('@huggingface/transformers');
  const [, name] = /pipeline\('text-generation', '([^']+)'/.exec(code);
  writeModel(join(folder, 'models', name), learnModel({ tokens: 40_000, epochs: 1, classes: 1500, dim: 16 }));
  const local = join(folder, 'local.mjs');
  writeFileSync(
    local,
    `import { env } from '@huggingface/transformers'; env.allowRemoteModels = false; env.localModelPath = './models/';`,
  );
  const write = () => run(code, '--import', local);
  const text = write();
  assert.match(text, /^the sea was( ?\S+){20,}\n$/);
  assert.equal(write(), text, 'the same seed, another process');
});
