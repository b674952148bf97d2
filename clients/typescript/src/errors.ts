import type { ErrorCode, ErrorDetails, ErrorEvent, RequestId } from "./protocol.js";

/** The bridge answered a request with an `error`. */
export class BridgeError extends Error {
  override readonly name: string = "BridgeError";
  /** What went wrong, for a program. A newer bridge may know codes that this client does not. */
  readonly code: ErrorCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Facts behind the message; which of them stand depends on the code. */
  readonly details: ErrorDetails;
  /** The request that failed. */
  readonly requestId: RequestId | undefined;
  /** The tab concerned. */
  readonly tabId: string | undefined;
  /** The CDP session of the tab, to be found again in the bridge's log. */
  readonly sessionId: string | undefined;

  constructor(event: ErrorEvent) {
    super(`${event.code}: ${event.message}`);
    this.code = event.code;
    this.retryable = event.retryable;
    this.details = event.details ?? {};
    this.requestId = event.requestId;
    this.tabId = event.id ?? undefined;
    this.sessionId = event.sessionId ?? undefined;
  }
}

/** There is no connection: it could not be made, or it ended and was not resumed. */
export class ConnectionError extends Error {
  override readonly name: string = "ConnectionError";
  /** The WebSocket close code, where there was a connection. */
  readonly closeCode: number | undefined;
  /** The HTTP status, where the bridge refused the upgrade: 401 without the right token. */
  readonly status: number | undefined;

  constructor(message: string, facts: { closeCode?: number; status?: number; cause?: unknown } = {}) {
    super(message, { cause: facts.cause });
    this.closeCode = facts.closeCode;
    this.status = facts.status;
  }
}

/**
 * A change was asked for, the connection was cut, and what came of it is lost: it may have been made
 * or not. With an `idempotencyKey` the client would have asked again.
 */
export class OutcomeUnknownError extends ConnectionError {
  override readonly name: string = "OutcomeUnknownError";
}

/** A message of the bridge broke the protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** More events waited than the stream holds: its reader is too slow. */
export class EventsOverflowError extends Error {
  override readonly name = "EventsOverflowError";
}
