// Which variables share a factor, while one after the other is eliminated: its neighbours are then joined to each other.
// The next one is that which joins the fewest new pairs (min-fill; Koller and Friedman 2009, section 9.4.3.2).
import { Int32Array } from '../intrinsics';

/** A variable that could be next. One that is out of date has another version than its variable. */
interface Offer {
  readonly variable: number;
  readonly version: number;
  readonly fill: number;
  readonly states: number;
}

const isBefore = (a: Offer, b: Offer): boolean =>
  a.fill !== b.fill ? a.fill < b.fill : a.states !== b.states ? a.states < b.states : a.variable < b.variable;

export class Graph {
  readonly #neighbours: Set<number>[];
  readonly #cardinalities: Int32Array;
  readonly #mostRows: number;
  /** Counts up whenever something about the variable changes; 0 for what is not to be eliminated. */
  readonly #versions: Int32Array;
  /** A binary heap. */
  readonly #offers: Offer[] = [];

  /** What joins more states than `mostRows` comes last, and its pairs are not counted. */
  constructor(cardinalities: Int32Array, scopes: Iterable<readonly number[]>, mostRows: number) {
    this.#cardinalities = cardinalities;
    this.#mostRows = mostRows;
    this.#neighbours = Array.from(cardinalities, () => new Set<number>());
    this.#versions = new Int32Array(cardinalities.length);
    for (const scope of scopes) {
      for (const a of scope) for (const b of scope) if (a !== b) this.#of(a).add(b);
    }
  }

  /** Says that a variable is to be eliminated, as things stand. */
  offer(variable: number): void {
    const version = (this.#versions[variable] as number) + 1;
    this.#versions[variable] = version;
    let states = 1;
    for (const other of this.#of(variable)) states *= this.#cardinalities[other] as number;
    const fill = states > this.#mostRows ? Infinity : this.#fillOf(variable);
    this.#push({ variable, version, fill, states: states * (this.#cardinalities[variable] as number) });
  }

  /** The variable to be eliminated next. */
  take(): number {
    for (;;) {
      const { variable, version } = this.#pop();
      if (version === this.#versions[variable]) return variable;
    }
  }

  neighboursOf(variable: number): readonly number[] {
    return [...this.#of(variable)];
  }

  /** Takes a variable out and joins its neighbours. */
  eliminate(variable: number): void {
    const neighbours = this.neighboursOf(variable);
    this.#versions[variable] = 0;
    const changed = new Set(neighbours);
    const joins = neighbours.length > 1 && this.#fillOf(variable) > 0;
    for (const a of neighbours) {
      this.#of(a).delete(variable);
      if (joins) for (const b of neighbours) if (a !== b) this.#of(a).add(b);
    }
    if (joins) for (const a of neighbours) for (const b of this.#of(a)) changed.add(b);
    for (const other of changed) if (this.#versions[other] !== 0) this.offer(other);
  }

  #of(variable: number): Set<number> {
    return this.#neighbours[variable] as Set<number>;
  }

  /** How many pairs of neighbours are not joined. */
  #fillOf(variable: number): number {
    const neighbours = [...this.#of(variable)];
    let fill = 0;
    for (let i = 1; i < neighbours.length; i += 1) {
      const joined = this.#of(neighbours[i] as number);
      for (let j = 0; j < i; j += 1) if (!joined.has(neighbours[j] as number)) fill += 1;
    }
    return fill;
  }

  #push(offer: Offer): void {
    const heap = this.#offers;
    let at = heap.length;
    heap.push(offer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(offer, heap[above] as Offer)) break;
      heap[at] = heap[above] as Offer;
      at = above;
    }
    heap[at] = offer;
  }

  #pop(): Offer {
    const heap = this.#offers;
    const first = heap[0] as Offer;
    const last = heap.pop() as Offer;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Offer, heap[below] as Offer)) below += 1;
      if (!isBefore(heap[below] as Offer, last)) break;
      heap[at] = heap[below] as Offer;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}
