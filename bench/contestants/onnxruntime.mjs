// onnxruntime-node: a session for each case and thread count; a call is a promise over a run on this thread.
import * as ort from 'onnxruntime-node';
import { onnxModel } from '../../examples/tokens/onnx-model.mjs';
import { mapValues } from '../inputs.mjs';
import { graphOf } from './onnx-graphs.mjs';

// Its pool goes on spinning for a while after a job, on the cores that the next contestant needs.
const SPINNING_MS = 25;

export async function onnxruntimeContestants(workload, inputs, outputs) {
  const { type, size } = workload;
  const graph = graphOf(workload);
  if (graph === undefined) return [];
  // Losses come in the type of the logits.
  const results = mapValues(outputs, (tensor) => (tensor.type === 'int32' ? tensor : { ...tensor, type }));
  const model = onnxModel({ ...graph, inputs, outputs: results });
  const feeds = mapValues(inputs, (tensor) => new ort.Tensor(tensor.type, tensor.data, tensor.dims));
  // Given memory for its result it is two to three times as fast as when it allocates: page faults.
  const fetches = mapValues(outputs, (tensor) =>
    tensor.type === type ? new ort.Tensor(type, tensor.data, tensor.dims) : null,
  );

  const contestant = async (threads) => {
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
    const run = () => session.run(feeds, fetches);
    return {
      name: threads === 1 ? 'onnxruntime-node' : `onnxruntime-node, ${threads} threads`,
      threads,
      asynchronous: true,
      restAfter: threads === 1 ? 0 : SPINNING_MS,
      run,
      result: async () => mapValues(await run(), ({ data }) => data),
      release: () => session.release(),
    };
  };
  return size >= 8192 ? [await contestant(1), await contestant(2)] : [await contestant(1)];
}
