// A softmax over classes that no one place holds: each shard sums up its own, and the states are merged here. A shard
// that dies, or does not answer in time, is started again and asked again: it keeps nothing that the file does not have,
// so nothing is lost, and the answer is the same.
import { SoftmaxState } from 'softmax-native';

export class ShardedSoftmax {
  /** How often a shard was started again. */
  restarts = 0;
  #shards;
  #topK;
  #dim;

  /**
   * `start` is startProcess or startThread; `parts` are { first, count, dim, file | weight }. `patience` is how long one
   * answer may take, in ms, and `attempts` how often one shard is asked for it.
   */
  constructor({ start, parts, dim, topK, patience = 30_000, attempts = 4 }) {
    this.#topK = topK;
    this.#dim = dim;
    this.#shards = parts.map((part) => new Shard({ start, part, patience, attempts, layer: this }));
  }

  /** One state for each row of hidden [rows, dim]: its top, logSumExp and targetLogProbability are of all classes. */
  async ask(hidden, targets = []) {
    const rows = hidden.length / this.#dim;
    const request = { hidden, rows, targets, topK: this.#topK };
    const answers = await Promise.all(this.#shards.map((shard) => shard.ask(request)));
    return Array.from({ length: rows }, (_, row) => {
      const [first, ...others] = answers.map((states) => SoftmaxState.fromBytes(states[row]));
      for (const other of others) first.merge(other);
      return first;
    });
  }

  /** The process ids of the shards, for whoever wants to kill one. */
  get pids() {
    return this.#shards.map((shard) => shard.pid);
  }

  /** Ends a shard at once, as a fault would. */
  kill(index) {
    this.#shards[index].kill();
  }

  close() {
    for (const shard of this.#shards) shard.close();
  }
}

/** The shard died, and may be asked again. */
class Gone extends Error {}

class Shard {
  #options;
  #link;
  #ready;
  #waiting = new Map();
  #next = 0;
  #isClosed = false;

  constructor(options) {
    this.#options = options;
    this.#start();
  }

  get pid() {
    return this.#link?.pid;
  }

  kill() {
    this.#link?.end();
  }

  close() {
    this.#isClosed = true;
    this.kill();
  }

  async ask(request) {
    const { attempts } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (this.#link === undefined) this.#start();
        await this.#ready;
        this.#next += 1;
        const message = { id: this.#next, ...request };
        return await this.#expect(message.id, () => this.#link.send(message));
      } catch (error) {
        if (!(error instanceof Gone) || this.#isClosed || attempt === attempts) throw error;
      }
    }
  }

  /** The answer to a message, unless the shard dies before, or is silent for too long: then it is as good as dead. */
  #expect(id, send) {
    const link = this.#link;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => link.end(), this.#options.patience);
      const settle = (finish) => (value) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        finish(value);
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      send();
    });
  }

  #start() {
    const { start, part } = this.#options;
    let wasReady = false;
    const onMessage = ({ id, ready, states, error }) => {
      if (ready) wasReady = true;
      const waiting = this.#waiting.get(ready ? 'ready' : id);
      if (error === undefined) waiting?.resolve(states);
      else waiting?.reject(new Error(error));
    };
    const onDeath = (reason) => {
      this.#link = undefined;
      const message = `The shard of the classes from ${part.first} on died: ${reason}`;
      for (const { reject } of [...this.#waiting.values()]) reject(new Gone(message));
      if (this.#isClosed || !wasReady) return;
      // What never was ready waits until it is asked, or it would be started for ever.
      this.#options.layer.restarts += 1;
      this.#start();
    };
    this.#link = start(part, { onMessage, onDeath });
    this.#ready = this.#expect('ready', () => {});
    // Whoever asks is told.
    this.#ready.catch(() => {});
  }
}
