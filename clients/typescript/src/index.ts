/** A Coordinator's side of cdp-bridge. */
export { Bridge, type ConnectOptions } from "./bridge.js";
export { BridgeError, ConnectionError, EventsOverflowError, OutcomeUnknownError, ProtocolError } from "./errors.js";
export { EventStream, type EventsOptions } from "./events.js";
export * from "./protocol.js";
export type { FileBytes } from "./staging.js";
export type { Command, CommandOutcome } from "./sessions/command.js";
export { Download } from "./sessions/download.js";
export { RestError, SessionEndedError } from "./sessions/errors.js";
export type { CallOptions } from "./sessions/http.js";
export { Keeper } from "./sessions/keeper.js";
export { type ActionOptions, Locator } from "./sessions/locator.js";
export {
  type NavigationOptions,
  type OutlineOptions,
  Page,
  type PdfOptions,
  type PictureOptions,
  type ScreenshotOptions,
} from "./sessions/page.js";
export {
  type AttachOptions,
  BridgeSession,
  type CreateOptions,
  type EventStreamOptions,
  type FileToUpload,
  type TransportOptions,
} from "./sessions/session.js";
export type {
  DownloadView,
  NewSessionRequest,
  Page as PageInfo,
  Session as SessionInfo,
  UploadView,
} from "./sessions/types.js";
