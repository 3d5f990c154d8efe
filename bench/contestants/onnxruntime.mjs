// onnxruntime-node: a session for each case and thread count; a call is a promise over a run on this thread.
import * as ort from 'onnxruntime-node';
import { oneNodeModel } from './onnx-model.mjs';

// Its pool goes on spinning for a while after a job, on the cores that the next contestant needs.
const SPINNING_MS = 25;

export async function onnxruntimeContestants({ operation, axis, options, size, type }, { data, dims }, out) {
  if (options.temperature !== undefined) return [];
  const node = {
    softmax: { type: 'Softmax', attributes: { axis } },
    logSoftmax: { type: 'LogSoftmax', attributes: { axis } },
    logSumExp: { type: 'ReduceLogSumExp', attributes: { axes: [axis], keepdims: 0 } },
    hardmax: { type: 'Hardmax', attributes: { axis } },
  }[operation];
  if (node === undefined) return [];
  const resultRank = operation === 'logSumExp' ? dims.length - 1 : dims.length;
  const model = oneNodeModel(node, { element: type, dims, resultRank });
  const x = new ort.Tensor(type, data, dims);
  // Given memory for its result it is two to three times as fast as when it allocates: page faults.
  const y = new ort.Tensor(type, out.data, out.dims);

  const contestant = async (threads) => {
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
    return {
      name: threads === 1 ? 'onnxruntime-node' : `onnxruntime-node, ${threads} threads`,
      threads,
      asynchronous: true,
      restAfter: threads === 1 ? 0 : SPINNING_MS,
      run: () => session.run({ x }, { y }),
      result: async () => (await session.run({ x }, { y })).y.data,
      release: () => session.release(),
    };
  };
  return size >= 8192 ? [await contestant(1), await contestant(2)] : [await contestant(1)];
}
