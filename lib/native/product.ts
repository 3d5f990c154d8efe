// A product of the binary with a derivative: the point at position 0, the direction at 3.
import type { Operation, ProductCall, Verdict } from '../types';
import type { AddonOperation } from './addon';
import { invoke } from './invoke';

export class NativeProduct implements Operation<ProductCall> {
  private readonly names: readonly string[];

  /** `point` and `direction` are what the user calls them. */
  constructor(
    private readonly call: AddonOperation,
    point: string,
    direction: string,
  ) {
    this.names = [point, 'options.out', 'options.mask', direction];
  }

  run(call: ProductCall): Verdict {
    const { point, out, mask, direction } = call;
    return invoke(this.call, call, { arrays: [point, out, mask, direction], names: this.names });
  }
}
