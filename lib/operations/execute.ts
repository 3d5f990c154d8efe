// Gives a checked request of the softmax family to a backend.
import type { Layout } from '../shape';
import type { FloatArray, Floats, Kernel, NonFinite, PromptKernel } from '../types';
import type { Given } from './arguments';
import { Arrangement, fitsFloat32 } from './arrange';
import { concluding } from './shared';

/** A public function, whose frames and all below it are hidden from the stacks of errors. */
export type Entry = (...args: never[]) => unknown;

export interface Request {
  readonly logits: Given<Floats>;
  readonly dims: readonly number[];
  readonly layout: Layout;
  /** Whether the result has the logits' shape; else one number for each row. */
  readonly elementwise: boolean;
  readonly out: Floats | Int32Array;
  readonly sign: FloatArray | undefined;
  readonly mask: Given<Uint8Array> | undefined;
  readonly weights: Given<FloatArray> | undefined;
  readonly beta: number;
  readonly rule: NonFinite;
  readonly variant: boolean;
}

/** `result` gives what the public function returns, once all is computed. */
export function execute(kernel: Kernel, request: Request, result: () => unknown): unknown {
  const { logits, dims, out, sign, layout, elementwise, beta, rule, variant } = request;
  if (isPrompt(kernel) && isWholeRows(request)) {
    kernel.rows(logits.data as FloatArray, out as FloatArray | Int32Array, layout.outer, layout.n, beta, rule, variant);
    return result();
  }
  const arrangement = new Arrangement(dims, layout, logits.kind, beta);
  const mask = request.mask && arrangement.broadcast(request.mask);
  const weights = request.weights && arrangement.broadcast(request.weights);
  if (layout.outer * layout.inner === 0) return result();
  const call = {
    logits: arrangement.input(logits),
    out: elementwise ? arrangement.elements(out as Floats) : arrangement.rows(out),
    sign: sign && arrangement.rows(sign),
    outer: layout.outer,
    n: layout.n,
    inner: layout.inner,
    mask: mask?.data,
    maskStrides: mask?.strides,
    weights: weights && arrangement.convert(weights.data),
    weightStrides: weights?.strides,
    beta,
    rule,
    variant,
  };
  return kernel.perform(call, concluding(arrangement, result));
}

export function isPrompt(kernel: Kernel): kernel is PromptKernel {
  return kernel.rows !== undefined;
}

/** Whether nothing has to be said but where the rows are. */
function isWholeRows({ logits, layout, mask, weights, sign, beta, rule }: Request): boolean {
  if (!layout.inPlace || layout.inner !== 1 || layout.outer * layout.n === 0) return false;
  if (mask !== undefined || weights !== undefined || sign !== undefined || rule === 'throw') return false;
  return logits.kind === 'Float64Array' || (logits.kind === 'Float32Array' && fitsFloat32(beta));
}
