import { isProblem } from "./errors.js";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A `Retry-After` that is longer is left to the caller. */
const LONGEST_WAIT_MS = 30_000;
/** What a proxy in between answers where the bridge has not. */
const OF_PROXIES = new Set([408, 425, 429, 502, 503, 504]);

/** The pause before the next attempt, in milliseconds; the first one is 0. */
export function backoff(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random());
}

/** When to send the same request again after an answer whose status is not 2xx; undefined if never. */
export function pauseAfter(answer: Response, attempt: number): number | undefined {
  if (!mayRetry(answer)) return undefined;
  const wait = retryAfter(answer.headers);
  if (wait === undefined) return backoff(attempt);
  return wait > LONGEST_WAIT_MS ? undefined : Math.max(wait, FIRST_PAUSE_MS);
}

/**
 * Whether the same request may succeed, and do nothing twice. The bridge says so itself. Where it says nothing, a
 * repetition with the same key would get this answer again.
 */
function mayRetry(answer: Response): boolean {
  const said = answer.headers.get("x-should-retry");
  if (said !== null) return said === "true";
  return !isProblem(answer) && OF_PROXIES.has(answer.status);
}

function retryAfter(headers: Headers): number | undefined {
  for (const [name, unit] of [["retry-after-ms", 1], ["retry-after", 1000]] as const) {
    const value = headers.get(name);
    // A date is not taken: the two clocks may differ.
    if (value !== null && /^\d+(\.\d+)?$/.test(value)) return Number(value) * unit;
  }
  return undefined;
}
