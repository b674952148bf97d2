import type WebSocket from "ws";
import { BridgeError, ConnectionError, ProtocolError } from "./errors.js";
import { EventStream, type EventsOptions } from "./events.js";
import { type Message, Parts, readBinaryFrame, readMessage } from "./parts.js";
import { type BridgeEvent, type EventTypes, type RequestId, Requests, type RequestTypes, type WelcomeEvent } from "./protocol.js";
import { openSocket } from "./socket.js";
import { type FileBytes, stageBytes } from "./staging.js";
import { UnansweredRequests } from "./unanswered.js";

/** How to connect. */
export interface ConnectOptions {
  /** The bearer token of one of the bridge's clients. */
  token?: string;
  /** Payloads as binary frames, which saves a third of the bytes of pictures. True if absent. */
  binary?: boolean;
  /**
   * For how long a cut connection is tried to be resumed, in milliseconds; 0 ends with the first cut.
   * 30,000 if absent, as long as the bridge keeps a session by default (`server.resume_window`).
   */
  resumeForMs?: number;
  /** Certificate (PEM) of the authority to trust for `wss`, instead of the system's. */
  ca?: string | Buffer;
}

/**
 * Close codes after which coming back makes no sense: the end was wanted, the bridge stops, this client
 * broke the protocol, or another connection has the session.
 */
const FINAL_CODES = new Set([1000, 1001, 1002, 1003, 1007, 1009, 4009]);
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * A Coordinator's connection to cdp-bridge. Requests are promises of the event that answers them and
 * fail with {@link BridgeError}; what nobody asked for is in {@link events}. A cut connection is
 * resumed by itself.
 */
export class Bridge extends Requests {
  readonly #url: string;
  readonly #options: Required<Pick<ConnectOptions, "binary" | "resumeForMs">> & ConnectOptions;
  readonly #unanswered = new UnansweredRequests();
  readonly #parts = new Parts();
  readonly #streams = new Set<EventStream>();
  #ws: WebSocket | undefined;
  #welcome: WelcomeEvent | undefined;
  #cursor = 0;
  /** Whether requests may be sent: the bridge has said with which session the connection goes on. */
  #ready = false;
  #resuming = false;
  #cutAt: number | undefined;
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #over: ConnectionError | undefined;
  #broken: ProtocolError | undefined;
  #settle!: { opened(): void; failed(error: Error): void; ended(): void };
  #opened: Promise<void>;
  #ended: Promise<void>;

  private constructor(url: string, options: ConnectOptions) {
    super();
    this.#url = url;
    this.#options = { ...options, binary: options.binary ?? true, resumeForMs: options.resumeForMs ?? 30_000 };
    let ended!: () => void;
    this.#ended = new Promise((resolve) => (ended = resolve));
    this.#opened = new Promise((opened, failed) => (this.#settle = { opened, failed, ended }));
    this.#open();
  }

  /**
   * Connects to `ws://HOST:PORT/ws`, `wss://…`, or `unix:/path`, and waits for the bridge's welcome.
   * Fails with {@link ConnectionError}.
   */
  static async connect(url: string, options: ConnectOptions = {}): Promise<Bridge> {
    const bridge = new Bridge(url, options);
    await bridge.#opened;
    return bridge;
  }

  /** What the bridge said last when a connection began: its limits, and the tabs at that time. */
  get welcome(): WelcomeEvent {
    return this.#welcome!;
  }

  /** Resolves at the end of the connection, with the reason unless {@link close} was called. */
  get closed(): Promise<ConnectionError | undefined> {
    return this.#ended.then(() => (this.#over?.closeCode === 1000 ? undefined : this.#over));
  }

  override request<T extends keyof RequestTypes>(
    type: T,
    fields: RequestTypes[T]["fields"],
  ): Promise<RequestTypes[T]["answer"]>;
  override request(type: string, fields: Record<string, unknown>): Promise<BridgeEvent>;
  override async request(type: string, fields: object): Promise<never> {
    if (this.#over) throw this.#over;
    const { id, text, answer } = this.#unanswered.add(type, fields);
    if (this.#ready) this.#send(id, text);
    return answer as Promise<never>;
  }

  /**
   * Hands a file to the bridge, in as many parts as it needs. The id that it resolves with names it in
   * `upload`, as `{ fileId }`.
   */
  stageBytes(file: FileBytes): Promise<string> {
    return stageBytes(this, file, this.welcome.limits.maxMessageBytes);
  }

  /**
   * Events nobody asked for, from now on; also `welcome`, `resumed` and `gap` of later connections. The
   * stream ends with {@link close}, and fails with {@link ConnectionError} where the connection is lost.
   */
  events<T extends keyof EventTypes>(options: EventsOptions<T> & { types: readonly T[] }): EventStream<EventTypes[T]>;
  events(options?: EventsOptions): EventStream;
  events(options: EventsOptions = {}): EventStream {
    const stream = new EventStream(options, (left) => this.#streams.delete(left));
    if (this.#over) stream.end(this.#over.closeCode === 1000 ? undefined : this.#over);
    else this.#streams.add(stream);
    return stream;
  }

  /** Ends the connection and its session. Requests that are unanswered fail; tabs stay. */
  async close(): Promise<void> {
    this.#end(new ConnectionError("the connection was closed by this program", { closeCode: 1000 }));
    await this.#ended;
  }

  #open(): void {
    const token = this.#welcome?.resumeToken;
    this.#resuming = typeof token === "string";
    const ws = openSocket(
      {
        url: this.#url,
        token: this.#options.token,
        binary: this.#options.binary,
        ca: this.#options.ca,
        resume: typeof token === "string" ? { token, cursor: this.#cursor } : undefined,
      },
      {
        text: (text) => this.#take(ws, () => this.#received(readMessage(text))),
        binary: (frame) =>
          this.#take(ws, () => {
            const { head, payload } = readBinaryFrame(frame);
            this.#received(head, payload);
          }),
        closed: (error) => this.#cut(ws, error),
      },
    );
    this.#ws = ws;
  }

  /** Runs what a message asks for. One that breaks the protocol ends the connection. */
  #take(ws: WebSocket, received: () => void): void {
    if (ws !== this.#ws || this.#over || this.#broken) return;
    try {
      received();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#broken = error;
      ws.close(1002);
    }
  }

  #received(message: Message, payload?: Buffer): void {
    if (typeof message["cursor"] === "number") this.#cursor = message["cursor"];
    if (message.type === "error" && message["requestId"] !== undefined) this.#parts.giveUp(message["requestId"]);
    if (this.#begins(message)) return;
    const whole = payload ? this.#parts.binary(message, payload) : this.#parts.text(message);
    if (!whole) return;
    if (whole["requestId"] !== undefined) this.#unanswered.answer(whole);
    else this.#tell(whole);
  }

  /** What the bridge says at the beginning of a connection. */
  #begins(message: Message): boolean {
    if (message.type === "welcome") {
      this.#welcome = message as unknown as WelcomeEvent;
      this.#tell(message);
      if (!this.#resuming) this.#begin([], false);
      return true;
    }
    if (message.type === "gap") {
      this.#parts.lost();
      this.#cursor = Number(message["to"]);
      return false;
    }
    if (!this.#resuming) return false;
    if (message.type === "resumed") {
      this.#parts.resumed();
      this.#tell(message);
      // A `gap` comes next where the session goes on with a later message than the next one.
      this.#begin(message["inFlight"] as RequestId[], Number(message["next"]) > this.#cursor + 1);
      return true;
    }
    if (message.type === "error" && message["code"] === "RESUME_FAILED") {
      this.#parts.lost();
      this.#cursor = 0;
      this.#tell(message);
      this.#begin([], true);
      return true;
    }
    return false;
  }

  /** The connection is in order: requests that the bridge does not know are sent. */
  #begin(inFlight: readonly RequestId[], lost: boolean): void {
    this.#resuming = false;
    this.#ready = true;
    this.#cutAt = undefined;
    this.#attempts = 0;
    for (const text of this.#unanswered.sendAgain(inFlight, lost)) this.#ws?.send(text);
    this.#settle.opened();
  }

  #tell(message: Message): void {
    for (const stream of [...this.#streams]) stream.push(message as unknown as BridgeEvent);
  }

  #send(id: RequestId, text: string): void {
    this.#unanswered.sent(id);
    // Where the socket is closing already, the cut that follows sends it again.
    this.#ws?.send(text, () => {});
  }

  /** A socket is gone: comes back, or ends. */
  #cut(ws: WebSocket, error: ConnectionError): void {
    if (ws !== this.#ws) return;
    this.#ready = false;
    if (this.#over) return this.#settle.ended();
    if (this.#broken) {
      return this.#end(new ConnectionError(this.#broken.message, { closeCode: 1002, cause: this.#broken }));
    }
    const now = performance.now();
    this.#cutAt ??= now;
    const isFinal = isRefusal(error.status) || (error.closeCode !== undefined && FINAL_CODES.has(error.closeCode));
    const canResume = typeof this.#welcome?.resumeToken === "string";
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#attempts) * (0.5 + Math.random());
    if (isFinal || !canResume || now + pause > this.#cutAt + this.#options.resumeForMs) return this.#end(error);
    this.#attempts += 1;
    this.#retry = setTimeout(() => this.#open(), pause);
  }

  #end(error: ConnectionError): void {
    if (this.#over) return;
    this.#over = error;
    this.#ready = false;
    clearTimeout(this.#retry);
    const wanted = error.closeCode === 1000;
    this.#unanswered.fail(error);
    for (const stream of this.#streams) stream.end(wanted ? undefined : error);
    this.#streams.clear();
    this.#settle.failed(error);
    const ws = this.#ws;
    if (!ws || ws.readyState === ws.CLOSED) return this.#settle.ended();
    if (ws.readyState === ws.CONNECTING) ws.terminate();
    else ws.close(1000);
  }
}

/** Whether this HTTP status is the bridge's word that it will not have this client. */
function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status < 500 && status !== 429;
}
