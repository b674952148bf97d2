/** A Coordinator's side of cdp-bridge. */
export { Bridge, type ConnectOptions } from "./bridge.js";
export { BridgeError, ConnectionError, EventsOverflowError, OutcomeUnknownError, ProtocolError } from "./errors.js";
export { EventStream, type EventsOptions } from "./events.js";
export * from "./protocol.js";
export type { FileBytes } from "./staging.js";
