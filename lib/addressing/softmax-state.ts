// SoftmaxState: softmax of logits that are never in one place.
import { atCallSite, invalidType, nonFinite } from '../errors';
import { exposed } from '../layers/exposed';
import type { Backend, NonFinite, Verdict } from '../types';
import { collectInto } from './collect';
import { emptyPart, meanOf, type Part, union } from './content';
import { entropyOf, isLimit, logShareOf, logSumExpOf, logTotalOf } from './mass';
import { probabilities } from './probabilities';
import { callOf, partOf, readPushed } from './push';
import { readSettings, type Settings, validateSame } from './settings';
import { decodeState, encodeState } from './state-bytes';
import type { SoftmaxStateConstructor, TopOfState } from './state-types';

/** The methods that compute, with the positions of their options. */
export const stateMethods = { push: 1, probabilities: 2 } as const;

interface Content {
  part: Part;
  /** The id that the next logit has where no offset is given. */
  next: number;
}

// A state of any entry point can be merged with one of any other.
const contents = new WeakMap<object, { readonly settings: Settings; readonly content: Content }>();

/** The class that computes with a backend: now, or for promises. */
export function softmaxState<Constructor = SoftmaxStateConstructor>(backend: Backend): Constructor {
  class SoftmaxState {
    readonly #settings: Settings;
    readonly #content: Content;

    constructor(options: unknown = {}) {
      try {
        this.#settings = readSettings(options);
      } catch (error) {
        throw atCallSite(error, new.target);
      }
      this.#content = { part: emptyPart(this.#settings.valueSize), next: 0 };
      contents.set(this, { settings: this.#settings, content: this.#content });
    }

    get beta(): number {
      return this.#settings.beta;
    }
    get topK(): number {
      return this.#settings.topK;
    }
    get target(): number | undefined {
      return this.#settings.target < 0 ? undefined : this.#settings.target;
    }
    get valueSize(): number {
      return this.#settings.valueSize;
    }
    get nonFinite(): NonFinite {
      return this.#settings.rule;
    }

    get count(): number {
      return this.#content.part.count;
    }
    get max(): number {
      const { max } = this.#content.part.mass;
      return this.beta < 0 ? 0 - max : max;
    }
    get argmax(): number {
      return this.count === 0 ? -1 : this.#content.part.mass.first;
    }
    get logSumExp(): number {
      return this.#isUndefined(false) ? NaN : logSumExpOf(this.#content.part.mass, this.beta);
    }
    get entropy(): number {
      return this.#isUndefined(true) ? NaN : entropyOf(this.#content.part.mass, this.beta);
    }
    get targetLogProbability(): number | undefined {
      const { targetLogit } = this.#content.part;
      return targetLogit === undefined ? undefined : this.#logProbability(targetLogit);
    }

    push(logits: unknown, options: object = {}): unknown {
      const content = this.#content;
      const pushed = readPushed(logits, options, this.#settings, content.next);
      const [before, end] = [content.next, pushed.offset + pushed.count];
      // What is pushed meanwhile has the ids that follow; what is refused gives its own back, if nothing followed.
      content.next = end;
      const refused = (error: unknown): unknown => {
        if (content.next === end) content.next = before;
        return error;
      };
      if (pushed.count === 0) return this;
      const call = callOf(pushed, this.#settings);
      try {
        return backend.softmaxState.perform(call, (verdict: Verdict) => {
          if (verdict >= 0) throw refused(nonFinite(verdict));
          content.part = union(content.part, partOf(pushed, call), this.beta, this.topK);
          return this;
        });
      } catch (error) {
        throw refused(error);
      }
    }

    merge(other: unknown): this {
      const found = typeof other === 'object' && other !== null ? contents.get(other) : undefined;
      if (found === undefined) throw invalidType('other', 'an instance of SoftmaxState', other);
      validateSame(this.#settings, found.settings);
      const content = this.#content;
      content.part = union(content.part, found.content.part, this.beta, this.topK);
      content.next = Math.max(content.next, found.content.next);
      return this;
    }

    top(): TopOfState {
      const { ids, logits } = this.#content.part.top;
      return {
        ids: Int32Array.from(ids),
        logits: Float64Array.from(logits),
        probabilities: Float64Array.from(logits, (z) => Math.exp(this.#logProbability(z))),
      };
    }

    value(): Float64Array {
      const { values, mass } = this.#content.part;
      if (values === undefined) return new Float64Array(0);
      return this.#isUndefined(true) ? values.high.map(() => NaN) : meanOf(values, mass, this.beta);
    }

    probabilities(logits: unknown, out?: unknown): unknown {
      const { mass } = this.#content.part;
      const isOrdinary = !isLimit(mass.max, this.beta);
      return probabilities(backend, logits, out, {
        beta: this.beta,
        rule: this.nonFinite,
        max: mass.max,
        logTotal: isOrdinary ? logTotalOf(mass) : 0,
        one: isOrdinary ? undefined : (z) => Math.exp(this.#logProbability(z)),
      });
    }

    clone(): SoftmaxState {
      return restored(this.#settings, this.#content);
    }

    toBytes(): Uint8Array {
      return encodeState(this.#settings, this.#content.part, this.#content.next);
    }

    static fromBytes(bytes: unknown): SoftmaxState {
      const { settings, part, next } = decodeState(bytes);
      return restored(settings, { part, next });
    }

    static collect(source: unknown, options: unknown = {}): Promise<SoftmaxState> {
      return collectInto(source, options, (settings) => new SoftmaxState(settings));
    }

    /** Whether NaN is the answer: a logit is NaN, or under 'ieee' Infinity - Infinity or 0 * Infinity is met. */
    #isUndefined(ofShares: boolean): boolean {
      const { mass, infinite } = this.#content.part;
      if (mass.max !== mass.max || infinite) return true;
      return ofShares && this.nonFinite === 'ieee' && !Number.isFinite(mass.max);
    }

    #logProbability(z: number): number {
      if (this.#isUndefined(true)) return NaN;
      return logShareOf(this.#content.part.mass, this.beta, this.beta < 0 ? -z : z);
    }
  }

  function restored({ beta, topK, target, valueSize, rule }: Settings, content: Content): SoftmaxState {
    const state = new SoftmaxState({
      beta,
      topK,
      target: target < 0 ? undefined : target,
      valueSize,
      nonFinite: rule,
    });
    Object.assign((contents.get(state) as { content: Content }).content, content);
    return state;
  }

  return exposed(SoftmaxState, ['push', 'merge', 'probabilities']) as unknown as Constructor;
}
