import { EventsOverflowError } from "./errors.js";
import type { BridgeEvent } from "./protocol.js";

/** What a stream of events passes on, and how much may wait in it. */
export interface EventsOptions<T extends BridgeEvent["type"] = BridgeEvent["type"]> {
  /** Only these; all if absent. */
  types?: readonly T[];
  /** How many may wait to be read; 1024 if absent. Frames of a tab wait one at a time. */
  limit?: number;
}

interface Reader<E> {
  resolve(result: IteratorResult<E, undefined>): void;
  reject(error: Error): void;
}

const DEFAULT_LIMIT = 1024;

/**
 * Events nobody asked for, from the call that made it on, for `for await`. Nothing is left out: where
 * more wait than `limit`, reading fails with {@link EventsOverflowError} after those that were kept.
 * Of a screencast the newest frame of each tab wins.
 */
export class EventStream<E extends BridgeEvent = BridgeEvent> implements AsyncIterableIterator<E, undefined> {
  #waiting: E[] = [];
  #readers: Reader<E>[] = [];
  #end: { error?: Error } | undefined;
  readonly #types: ReadonlySet<string> | undefined;
  readonly #limit: number;
  readonly #leave: (stream: EventStream<E>) => void;

  /** @internal */
  constructor(options: EventsOptions<E["type"]>, leave: (stream: EventStream<E>) => void) {
    this.#types = options.types && new Set<string>(options.types);
    this.#limit = options.limit ?? DEFAULT_LIMIT;
    this.#leave = leave;
  }

  /** @internal */
  push(event: BridgeEvent): void {
    if (this.#end || (this.#types && !this.#types.has(event.type))) return;
    const wanted = event as E;
    const reader = this.#readers.shift();
    if (reader) {
      reader.resolve({ value: wanted, done: false });
      return;
    }
    if (event.type === "frame") {
      const older = this.#waiting.findIndex((waiting) => waiting.type === "frame" && waiting.id === event.id);
      if (older >= 0) this.#waiting.splice(older, 1);
    }
    if (this.#waiting.length >= this.#limit) {
      this.end(new EventsOverflowError(`more than ${this.#limit} events waited to be read`));
      this.#leave(this);
      return;
    }
    this.#waiting.push(wanted);
  }

  /** @internal The connection is over: what waits is still read, then the stream ends or fails. */
  end(error?: Error): void {
    if (this.#end) return;
    this.#end = error ? { error } : {};
    for (const reader of this.#readers.splice(0)) {
      if (error) reader.reject(error);
      else reader.resolve({ value: undefined, done: true });
    }
  }

  next(): Promise<IteratorResult<E, undefined>> {
    const event = this.#waiting.shift();
    if (event) return Promise.resolve({ value: event, done: false });
    if (this.#end) {
      const { error } = this.#end;
      this.#end = {};
      return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Stops listening; `break` out of a `for await` does it too. */
  return(): Promise<IteratorResult<E, undefined>> {
    this.#waiting = [];
    this.end();
    this.#leave(this);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
