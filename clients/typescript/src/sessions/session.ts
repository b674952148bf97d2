import { Bridge, type ConnectOptions } from "../bridge.js";
import { ConnectionError } from "../errors.js";
import type { BridgeEvent, EventTypes, Viewport, WaitUntil } from "../protocol.js";
import type { FileBytes } from "../staging.js";
import { Credentials } from "./credentials.js";
import { Download } from "./download.js";
import { Endpoint } from "./endpoint.js";
import { errorOf, type ProblemFields, RestError, SessionEndedError } from "./errors.js";
import { type CallOptions, Http, json, pauseFor } from "./http.js";
import { Keeper } from "./keeper.js";
import { Page } from "./page.js";
import { backoff } from "./retry.js";
import { EventReader } from "./sse.js";
import type { DownloadView, Job, NewSessionRequest, Page as PageInfo, Session as SessionInfo, SessionHistory, SessionMetrics, UploadView } from "./types.js";

/** How requests are sent. */
export interface TransportOptions {
  /** How often a request is sent again, where that does nothing twice; 3 if absent. */
  retries?: number;
  /** Another `fetch`, for example one that goes through a proxy. */
  fetch?: typeof fetch;
  /** Ends waiting for the answer. */
  signal?: AbortSignal;
}

/** How a session is created. */
export interface CreateOptions extends TransportOptions, NewSessionRequest {
  /** The client's own token (`auth.clients`). */
  token?: string;
}

/** How a session is gone on with. */
export interface AttachOptions extends TransportOptions {
  /** The session's token, or the client's own. */
  token?: string;
  /** The client's own token, where the bridge asks for both (`auth.require_session_token`). */
  clientToken?: string;
  /** Where the bridge is. */
  serverUrl?: string;
}

/** A file for a page: its bytes, or what `upload` resolved with. */
export type FileToUpload = FileBytes | UploadView;

const DEFAULT_URL = "http://127.0.0.1:9333";
/** The bridge sends a comment each 15 s: a longer silence is a cut. */
const SILENCE_MS = 45_000;
const LONGEST_BEAT_MS = 60_000;
/** Between two looks at whether there is a place for a session. */
const JOB_PAUSE_MS = 200;
const OVER = new Set(["completed", "error", "destroyed"]);

/**
 * A session of the bridge. It lives until it is ended or expires, whatever becomes of this program:
 * {@link BridgeSession.create} makes one, and {@link BridgeSession.attach} goes on with one that another program made, by
 * its `sessionId` and `token`.
 */
export class BridgeSession {
  /** What `attach` goes on with, together with `token`. */
  readonly sessionId: string;
  /** Whether `create` found it under its `externalId`. */
  readonly existed: boolean;
  readonly #http: Http;
  readonly #path: string;
  #info: Partial<SessionInfo> = {};

  private constructor(http: Http, sessionId: string, existed: boolean) {
    this.#http = http;
    this.sessionId = sessionId;
    this.existed = existed;
    this.#path = `/sessions/${encodeURIComponent(sessionId)}`;
  }

  /**
   * Creates a session. Fails with {@link RestError} where it may not, and with {@link ConnectionError} where nothing
   * answers. `serverUrl` is `http://HOST:PORT`, `https://…`, or the address of the WebSocket.
   */
  static async create(serverUrl: string = DEFAULT_URL, options: CreateOptions = {}): Promise<BridgeSession> {
    const { token, retries, fetch, signal, ...fields } = options;
    const http = httpOf(serverUrl, new Credentials({ client: token }), options);
    const answer = await http.change("POST", "/sessions", fields, { ...(signal && { signal }) });
    const told = await sessionOf(http, answer, signal);
    const session = new BridgeSession(http, told.sessionId, answer.status === 200);
    session.#learn(told);
    return session;
  }

  /** Goes on with a session. Fails with {@link SessionEndedError} where there is none any more. */
  static async attach(sessionId: string, options: AttachOptions = {}): Promise<BridgeSession> {
    const { token, clientToken, serverUrl = DEFAULT_URL, signal } = options;
    const http = httpOf(serverUrl, Credentials.toAttach(token, clientToken), options);
    const session = new BridgeSession(http, sessionId, true);
    const { status, endReason } = await session.info({ ...(signal && { signal }) });
    if (OVER.has(status)) {
      const detail = `the session ${sessionId} has ended: ${endReason ?? status}`;
      const details = endReason ? { endReason } : {};
      throw new SessionEndedError({ code: "SESSION_ENDED", detail, details }, 410);
    }
    return session;
  }

  /** The newest token of the session. Secret: who has it can use the session. */
  get token(): string | undefined {
    return this.#http.credentials.newest;
  }

  /** Where the bridge is. */
  get serverUrl(): string {
    return this.#http.endpoint.toString();
  }

  /** What the session was when the bridge said so last: `ready`, `running`, … */
  get status(): string | undefined {
    return this.#info.status;
  }

  /** When it ends at the latest, as far as this program knows: milliseconds since 1970. */
  get expiresAt(): number | undefined {
    return this.#info.expiresAt ?? undefined;
  }

  /** When it ends if it is not used: milliseconds since 1970. */
  get idleExpiresAt(): number | undefined {
    return this.#info.idleExpiresAt ?? undefined;
  }

  /** What the session is like now. That is no use of it: it delays no end. */
  async info(options: CallOptions = {}): Promise<SessionInfo> {
    return this.#learn(await json<SessionInfo>(await this.#http.get(this.#path, {}, undefined, options)));
  }

  /** Changes how long it lives, or its metadata. */
  async update(
    fields: { maxDurationMs?: number; idleTimeoutMs?: number; metadata?: Record<string, string> },
    options: CallOptions = {},
  ): Promise<SessionInfo> {
    return this.#learn(await json<SessionInfo>(await this.#http.change("PATCH", this.#path, fields, options)));
  }

  /** What was done in it, also after its end. */
  async history(
    query: { pageId?: string; type?: string; failed?: boolean; newestFirst?: boolean; limit?: number; cursor?: string } = {},
    options: CallOptions = {},
  ): Promise<SessionHistory> {
    return json<SessionHistory>(await this.#http.get(`${this.#path}/history`, query, undefined, options));
  }

  /** Its totals, also after its end: requests, failures, the slowest, what it has used. */
  async metrics(options: CallOptions = {}): Promise<SessionMetrics> {
    return json<SessionMetrics>(await this.#http.get(`${this.#path}/metrics`, {}, undefined, options));
  }

  /** Says that this program still needs it, and renews the token; resolves with `idleExpiresAt`. */
  async heartbeat(options: CallOptions = {}): Promise<number | undefined> {
    this.#learn(await json(await this.#http.change("POST", `${this.#path}/heartbeat`, undefined, options)));
    return this.idleExpiresAt;
  }

  /**
   * Sends heartbeats in the background until it is stopped. They come each `everyMs`; if absent, in a third of the time
   * that the session lives without one.
   */
  keepAlive(everyMs?: number): Keeper {
    const limits = this.#info.limits;
    const longest = limits?.heartbeatTimeoutMs ?? limits?.idleTimeoutMs ?? 3 * LONGEST_BEAT_MS;
    return new Keeper((signal) => this.heartbeat({ signal }), everyMs ?? Math.min(LONGEST_BEAT_MS, longest / 3));
  }

  /** Ends the session: its pages are closed, and its token is worth nothing. `wait`: until nothing is left. */
  async end(options: CallOptions & { wait?: boolean } = {}): Promise<void> {
    const query = options.wait ? "?wait=true" : "";
    await this.#http.change("DELETE", `${this.#path}${query}`, undefined, options);
  }

  /** Another token of the session, perhaps for one page only. It takes the client's own token. */
  async mintToken(
    fields: { scopes: ReadonlyArray<"rest" | "json" | "cdp" | "watch">; ttlMs: number; pageId?: string },
    options: CallOptions = {},
  ): Promise<string> {
    const answer = await this.#http.ofClient().change("POST", `${this.#path}/tokens`, fields, options);
    return (await json<{ token: string }>(answer)).token;
  }

  /** Opens a page, and goes to `url` if there is one. Where that fails, the page stays. */
  async newPage(url?: string, options: CallOptions & { viewport?: Viewport; waitUntil?: WaitUntil } = {}): Promise<Page> {
    const { viewport, waitUntil = "load", timeout } = options;
    const fields = { url, viewport, ...(url !== undefined && { waitUntil }), timeoutMs: timeout };
    const answer = await this.#http.change("POST", `${this.#path}/pages`, fields, options);
    return this.#pageOf(await json<PageInfo>(answer));
  }

  /** Its pages, the oldest first, also those that other programs have opened. */
  async pages(options: CallOptions = {}): Promise<Page[]> {
    const answer = await this.#http.get(`${this.#path}/pages`, {}, undefined, options);
    return (await json<{ pages: PageInfo[] }>(answer)).pages.map((page) => this.#pageOf(page));
  }

  /** One of its pages by its id, without asking whether it is there. */
  page(pageId: string): Page {
    return new Page(this, this.#http, pageId);
  }

  /** What its pages have downloaded, the oldest first. */
  async downloads(options: CallOptions = {}): Promise<Download[]> {
    const answer = await this.#http.get(`${this.#path}/downloads`, {}, undefined, options);
    const { downloads } = await json<{ downloads: DownloadView[] }>(answer);
    return downloads.map((view) => new Download(this.#http, this.#path, view));
  }

  /** Hands a file over to the session. `setInputFiles` takes it. */
  async upload(file: FileBytes, options: CallOptions = {}): Promise<UploadView> {
    const blob = new Blob([new Uint8Array(file.data)], { type: file.mime ?? "application/octet-stream" });
    return json<UploadView>(await this.#http.postFile(`${this.#path}/uploads`, blob, file.name, options));
  }

  /**
   * What happens in the session: an endless iterator that comes back after cuts. `lastEventId: "0"` begins with what is
   * kept of the past. A `gap` says that some are lost. It ends with the session, with `break`, and with `signal`.
   */
  events<T extends keyof EventTypes>(options: EventStreamOptions & { types: readonly T[] }): AsyncGenerator<EventTypes[T], void>;
  events(options?: EventStreamOptions): AsyncGenerator<BridgeEvent, void>;
  async *events(options: EventStreamOptions = {}): AsyncGenerator<BridgeEvent, void> {
    const types = options.types ? `?types=${options.types.join(",")}` : "";
    let lastId = options.lastEventId ?? "";
    let hasBegun = false;
    for (let attempt = 0; ; ) {
      const ended = new AbortController();
      const signal = options.signal ? AbortSignal.any([ended.signal, options.signal]) : ended.signal;
      const silence = setTimeout(() => ended.abort(), SILENCE_MS).unref();
      try {
        const headers = { Accept: "text/event-stream", ...(lastId !== "" && { "Last-Event-ID": lastId }) };
        const answer = await this.#http.stream(`${this.#path}/events${types}`, headers, signal);
        if (answer.status === 204 || !answer.body) return;
        [attempt, hasBegun] = [0, true];
        const reader = new EventReader(lastId);
        for await (const piece of answer.body) {
          silence.refresh();
          for (const { id, data } of reader.feed(piece as Uint8Array)) {
            lastId = id;
            yield JSON.parse(data) as BridgeEvent;
          }
        }
      } catch (error) {
        options.signal?.throwIfAborted();
        // The session ended while this stream was cut, or right after its last event.
        if (error instanceof SessionEndedError && hasBegun) return;
        if (error instanceof RestError || error instanceof SyntaxError) throw error;
        if (attempt >= this.#http.options.retries) throw new ConnectionError(`no events from ${this.serverUrl}: it was cut`);
      } finally {
        clearTimeout(silence);
        ended.abort();
      }
      await pauseFor(backoff(attempt++), options.signal);
    }
  }

  /** The JSON protocol over a WebSocket, with this session's tabs only: screencasts, console, raw requests. */
  connect(options: Omit<ConnectOptions, "token"> = {}): Promise<Bridge> {
    const url = `${this.#http.endpoint.base.replace(/^http/, "ws")}${this.#path}/ws`;
    return Bridge.connect(url, { ...options, ...(this.token !== undefined && { token: this.token }) });
  }

  #pageOf(info: PageInfo): Page {
    return new Page(this, this.#http, info.pageId, info.url);
  }

  /** Keeps the state of the session, and its newer token. */
  #learn(told: SessionInfo & { token?: unknown }): SessionInfo {
    const { token, ...info } = told;
    this.#http.credentials.renew(token);
    this.#info = { ...this.#info, ...info };
    return info;
  }
}

/** What a stream of events has. */
export interface EventStreamOptions {
  /** Only these; all if absent. */
  types?: ReadonlyArray<BridgeEvent["type"]>;
  /** The id of the last event that is known. */
  lastEventId?: string;
  /** Ends it. */
  signal?: AbortSignal;
}

/** The session that was created; where it waits for a place (`queueTimeoutMs`), once it has one. */
async function sessionOf(http: Http, answer: Response, signal: AbortSignal | undefined): Promise<SessionInfo> {
  if (answer.status !== 202) return json<SessionInfo>(answer);
  let job = await json<Job>(answer);
  const path = `/jobs/${encodeURIComponent(job.jobId)}`;
  try {
    while (job.status === "queued" || job.status === "running") {
      await pauseFor(JOB_PAUSE_MS, signal);
      job = await json<Job>(await http.get(path, {}, undefined, { ...(signal && { signal }) }));
    }
  } catch (error) {
    await http.change("DELETE", path).catch(() => {});
    throw error;
  }
  if (job.status === "succeeded") return job.result as SessionInfo;
  const problem = (job.error ?? { code: "CANCELLED", detail: "the job was cancelled" }) as ProblemFields;
  throw errorOf(problem, problem.status ?? 409);
}

function httpOf(serverUrl: string, credentials: Credentials, options: TransportOptions): Http {
  const { retries = 3, fetch: given = fetch } = options;
  return new Http(new Endpoint(serverUrl), credentials, { retries, fetch: given });
}
