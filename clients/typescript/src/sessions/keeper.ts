import { ConnectionError } from "../errors.js";
import { RestError } from "./errors.js";

/** Sends heartbeats until it is stopped, or the session has ended. It does not keep the program running. */
export class Keeper {
  /** Why it has stopped by itself. */
  error: Error | undefined;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** @internal Use `session.keepAlive`. */
  constructor(beat: (signal: AbortSignal) => Promise<unknown>, everyMs: number) {
    const next = async (): Promise<void> => {
      try {
        await beat(this.#stopping.signal);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        // After a cut the next one may arrive, and the session says itself when it was too late.
        if (!(error instanceof ConnectionError) && !(error instanceof RestError && error.retryable)) {
          this.error = error as Error;
          return;
        }
      }
      if (!this.#stopping.signal.aborted) this.#timer = setTimeout(next, everyMs).unref();
    };
    void next();
  }

  /** Sends no more. */
  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }
}
