import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionError, OutcomeUnknownError, ProtocolError } from "../errors.js";
import type { Credentials } from "./credentials.js";
import type { Endpoint } from "./endpoint.js";
import { errorOfAnswer } from "./errors.js";
import { backoff, pauseAfter } from "./retry.js";

/** Longer than the bridge takes for anything: its own time limits are at most 120 s. */
const LONGEST_MS = 150_000;
/** What a request takes beyond the time limit that the bridge was given. */
const MARGIN_MS = 30_000;

/** On every request that changes something. */
const KEY = "Idempotency-Key";

/** What every method takes. */
export interface CallOptions {
  /** Time limit of the bridge in milliseconds; as it is configured if absent. */
  timeout?: number;
  /** Ends waiting for the answer. What the bridge has begun goes on. */
  signal?: AbortSignal;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | FormData;
}

/** How requests are sent. */
export interface HttpOptions {
  /** How often a request is sent again, where that does nothing twice. */
  retries: number;
  fetch: typeof fetch;
}

/** Requests to one bridge with one session's tokens, sent again where that is safe. */
export class Http {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  readonly options: HttpOptions;

  constructor(endpoint: Endpoint, credentials: Credentials, options: HttpOptions) {
    this.endpoint = endpoint;
    this.credentials = credentials;
    this.options = options;
  }

  /** The same with the client's own token only. */
  ofClient(): Http {
    return new Http(this.endpoint, this.credentials.ofClient(), this.options);
  }

  /** Reads something. */
  get(path: string, query: Query = {}, accept = "application/json", call: CallOptions = {}): Promise<Response> {
    return this.#repeated({ method: "GET", path: path + text(query), headers: { Accept: accept } }, call);
  }

  /** Sends JSON. Where it changes something, a key has the bridge do it once, however often it is sent. */
  change(method: string, path: string, body?: object, call: CallOptions & { isChange?: boolean } = {}): Promise<Response> {
    const headers = {
      Accept: "application/json",
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(call.isChange !== false && { [KEY]: randomUUID() }),
    };
    const sent = { method, path, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return this.#repeated(sent, call);
  }

  /** Sends a file. */
  postFile(path: string, file: Blob, name: string, call: CallOptions = {}): Promise<Response> {
    const body = new FormData();
    body.append("file", file, name);
    const headers = { Accept: "application/json", [KEY]: randomUUID() };
    return this.#repeated({ method: "POST", path, headers, body }, call);
  }

  /** Reads a long answer, once: `signal` ends it. */
  async stream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const answer = await this.#once({ method: "GET", path, headers }, signal);
    if (!answer.ok) throw await errorOfAnswer(answer);
    return answer;
  }

  async #repeated(sent: Sent, { timeout, signal }: CallOptions): Promise<Response> {
    for (let attempt = 0; ; attempt += 1) {
      const limit = AbortSignal.timeout(timeout === undefined ? LONGEST_MS : timeout + MARGIN_MS);
      let pause: number | undefined;
      try {
        const answer = await this.#once(sent, signal ? AbortSignal.any([limit, signal]) : limit);
        if (answer.ok) return await whole(answer);
        pause = attempt < this.options.retries ? pauseAfter(answer, attempt) : undefined;
        if (pause === undefined) throw await errorOfAnswer(answer);
        await answer.body?.cancel();
      } catch (error) {
        signal?.throwIfAborted();
        if (!isCut(error)) throw error;
        // Every request may be sent again after a cut: one that changes something has a key.
        pause = limit.aborted || attempt >= this.options.retries ? undefined : backoff(attempt);
        if (pause === undefined) throw this.#lost(error, KEY in sent.headers);
      }
      await pauseFor(pause, signal);
    }
  }

  #once(sent: Sent, signal: AbortSignal): Promise<Response> {
    return this.options.fetch(this.endpoint.base + sent.path, {
      method: sent.method,
      headers: { ...this.credentials.headers(), ...sent.headers },
      redirect: "error",
      signal,
      ...(sent.body !== undefined && { body: sent.body }),
    });
  }

  /** `cause` is only looked at: what `fetch` says may have what was sent. */
  #lost(error: Error, isChange: boolean): ConnectionError {
    const cause = error.cause as { code?: string } | undefined;
    const why = cause?.code ?? (error.name === "TypeError" ? "it was cut" : error.name);
    const told = `no answer from ${this.endpoint}: ${why}`;
    const wasSent = cause?.code !== "ECONNREFUSED" && cause?.code !== "ENOTFOUND";
    return isChange && wasSent ? new OutcomeUnknownError(`${told}; it may have been done`) : new ConnectionError(told);
  }
}

/** Waits, and fails with the signal's own reason. */
export async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The JSON object in an answer. */
export async function json<T>(answer: Response): Promise<T> {
  let value: unknown;
  try {
    value = await answer.json();
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null) {
    throw new ProtocolError(`the answer is no JSON object (HTTP ${answer.status})`);
  }
  return value as T;
}

/** An answer with all of its body, so that one that is cut within it is asked for again. */
async function whole(answer: Response): Promise<Response> {
  const body = await answer.arrayBuffer();
  const { status, headers } = answer;
  return new Response(status === 204 ? null : body, { status, headers });
}

/** Whether `fetch` failed without an answer, or timed out. */
function isCut(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === "TimeoutError" || error.name === "AbortError" || (error instanceof TypeError && "cause" in error);
}

function text(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const fields = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return fields.length === 0 ? "" : `?${fields.join("&")}`;
}
