// An operation of the binary as a Kernel: numbers into the frame, the call, and what its status means.
import { kindOf } from '../intrinsics';
import type { Call, Conclude, FloatArray, NonFinite, PromptKernel } from '../types';
import type { Addon, AddonOperation } from './addon';
import { failure } from './failure';
import {
  Flag,
  frame,
  Slot,
  stagedFloat32Input,
  stagedFloat32Output,
  stagedFloat64Input,
  stagedFloat64Output,
  stagedIndexOutput,
} from './frame';
import { codeOfRule, type Description, prompt } from './invoke';

// Elements that are copied in and out in less time than giving the binary two arrays takes: 70 ns, at 1.3 ns each.
const stagedMost = 48;

/** Computes one short row at beta = 1 as the binary would, to the bit (lib/tiny), or returns false. */
interface Tiny {
  readonly compute: (logits: FloatArray, out: FloatArray | Int32Array, n: number) => boolean;
  /** The longest row for which that is quicker. */
  readonly most: number;
}

export class NativeKernel implements PromptKernel {
  readonly perform: (call: Call, conclude: Conclude) => unknown;
  private readonly call: AddonOperation;

  constructor(
    addon: Addon,
    description: Description<Call>,
    /** What the results are: of the logits' shape, one for each row, or one index for each row. */
    private readonly results: 'elements' | 'numbers' | 'indices',
    /** What `variant` means to the binary. */
    private readonly variantFlag: number,
    private readonly tiny: Tiny | undefined,
  ) {
    this.call = addon[description.name];
    this.perform = prompt(addon, description).perform;
  }

  rows(
    logits: FloatArray,
    out: FloatArray | Int32Array,
    outer: number,
    n: number,
    beta: number,
    rule: NonFinite,
    variant: boolean,
  ): void {
    const size = outer * n;
    const { tiny } = this;
    if (tiny !== undefined && size <= tiny.most && outer === 1 && beta === 1 && tiny.compute(logits, out, n)) return;
    this.prepare(outer, n, beta, rule, variant);
    const count = this.results === 'elements' ? size : outer;
    if (size + count > stagedMost) {
      this.call(logits, out);
      if (frame[Slot.status] !== 0) throw failure(['logits', 'options.out']);
      return;
    }
    const isFloat32 = kindOf(logits) === 'Float32Array';
    if (isFloat32) {
      frame[Slot.flags] = (frame[Slot.flags] as number) + Flag.stagedFloat32;
      copyFloat32(logits, stagedFloat32Input, size);
    } else {
      copyFloat64(logits, stagedFloat64Input, size);
    }
    this.call();
    if (frame[Slot.status] !== 0) throw failure(['logits', 'options.out']);
    if (this.results === 'indices') copyIndices(stagedIndexOutput, out, count);
    else if (isFloat32) copyFloat32(stagedFloat32Output, out, count);
    else copyFloat64(stagedFloat64Output, out, count);
  }

  private prepare(outer: number, n: number, beta: number, rule: NonFinite, variant: boolean): void {
    frame[Slot.beta] = beta;
    frame[Slot.rule] = rule === 'limit' ? 0 : codeOfRule[rule];
    frame[Slot.flags] = variant ? this.variantFlag : 0;
    frame[Slot.outer] = outer;
    frame[Slot.n] = n;
    frame[Slot.inner] = 1;
  }
}

// The same loop three times: each then meets one type of array only, which is what makes it fast.

type Elements = FloatArray | Int32Array;

function copyFloat32(from: Elements, to: Elements, count: number): void {
  for (let i = 0; i < count; i += 1) to[i] = from[i] as number;
}

function copyFloat64(from: Elements, to: Elements, count: number): void {
  for (let i = 0; i < count; i += 1) to[i] = from[i] as number;
}

function copyIndices(from: Elements, to: Elements, count: number): void {
  for (let i = 0; i < count; i += 1) to[i] = from[i] as number;
}
