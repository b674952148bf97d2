import WebSocket from "ws";
import { ConnectionError } from "./errors.js";

/** What a socket needs to know of the bridge. */
export interface SocketOptions {
  url: string;
  token?: string | undefined;
  binary: boolean;
  /** The token and the cursor of the session to go on with. */
  resume?: { token: string; cursor: number } | undefined;
  /** Certificate (PEM) of the authority to trust for `wss`, instead of the system's. */
  ca?: string | Buffer | undefined;
}

/** What happens on a socket. */
export interface SocketHandlers {
  text(text: string): void;
  binary(frame: Buffer): void;
  /** Once, at the end, also where it never opened. */
  closed(error: ConnectionError): void;
}

/** How often the bridge is asked whether it is still there. One question unanswered is a cut. */
const PING_EVERY_MS = 20_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Far above any `chunkBytes` that makes sense; parts are put together in `Parts`. */
const LONGEST_MESSAGE_BYTES = 100 * 1024 * 1024;

/**
 * Opens a WebSocket. The package `ws` and not the platform's own: that one is not there in Node 20
 * without a flag, and has no way to send the `Authorization` header or a ping.
 */
export function openSocket(options: SocketOptions, handlers: SocketHandlers): WebSocket {
  const protocols = [options.binary ? "cdp-bridge.v1.binary" : "cdp-bridge.v1"];
  if (options.resume) protocols.push(`cdp-bridge.resume.${options.resume.token}.${options.resume.cursor}`);
  const ws = new WebSocket(address(options.url), protocols, {
    headers: options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` },
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxPayload: LONGEST_MESSAGE_BYTES,
    perMessageDeflate: false,
    // One message a turn of the event loop: whoever awaits an answer runs before the next message.
    allowSynchronousEvents: false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  let refused: ConnectionError | undefined;
  let heard = true;
  const keepAlive = setInterval(() => {
    if (ws.readyState !== WebSocket.OPEN) return;
    if (!heard) ws.terminate();
    heard = false;
    ws.ping();
  }, PING_EVERY_MS);
  const hear = () => void (heard = true);
  ws.on("ping", hear).on("pong", hear);
  ws.on("message", (data, isBinary) => {
    hear();
    const bytes = data as Buffer;
    if (isBinary) handlers.binary(bytes);
    else handlers.text(bytes.toString("utf8"));
  });
  ws.on("unexpected-response", (request, response) => {
    const status = response.statusCode ?? 0;
    refused = new ConnectionError(`the bridge at ${options.url} refused the connection: ${meaning(status)}`, {
      status,
    });
    response.resume();
    request.destroy();
    ws.terminate();
  });
  ws.on("error", (cause) => {
    refused ??= new ConnectionError(`no connection to ${options.url}: ${cause.message || String(cause)}`, { cause });
  });
  ws.on("close", (closeCode, reason) => {
    clearInterval(keepAlive);
    const said = reason.length > 0 ? `: ${reason.toString("utf8")}` : "";
    handlers.closed(
      refused ?? new ConnectionError(`the connection to ${options.url} was closed with ${closeCode}${said}`, { closeCode }),
    );
  });
  return ws;
}

/** The address as `ws` wants it; `unix:/path` is how the bridge writes a unix socket. */
function address(url: string): string {
  return url.startsWith("unix:") ? `ws+unix:${url.slice("unix:".length)}:/ws` : url;
}

function meaning(status: number): string {
  switch (status) {
    case 400:
      return "400, it does not speak this protocol";
    case 401:
      return "401, the token is missing or wrong";
    case 403:
      return "403, this Origin is not allowed";
    case 421:
      return "421, it is not called by this name (server.allowed_hosts)";
    case 429:
      return "429, too many connections from this address";
    default:
      return `HTTP ${status}`;
  }
}
