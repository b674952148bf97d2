import type { RestError } from "./errors.js";

/** One thing to do in a page. */
export interface Command {
  /** The `type` of a request of the protocol that names a tab. */
  action: string;
  /** The fields of that request. */
  params?: object;
  /** Time limit of the bridge in milliseconds. */
  timeoutMs?: number;
}

/** What came of one command of several: its result, or why it failed. */
export type CommandOutcome =
  | { result: Record<string, unknown>; error?: undefined }
  | { result?: undefined; error: RestError };

/** What only looks, under all of its names. Everything else may change something, also what this client does not know. */
const LOOKS = new Set([
  ...["query", "waitFor", "wait", "getDomSnapshot", "snapshot", "getScreenshot", "screenshot", "getContent", "content"],
  ...["getAxSnapshot", "ariaSnapshot", "listFrames", "getDownload", "printToPdf"],
]);

/** Whether it may do something to the page. */
export function changesSomething({ action, params }: Command): boolean {
  const isReadOnly = params !== undefined && "readOnly" in params && params.readOnly === true;
  return !LOOKS.has(action) && !isReadOnly;
}
