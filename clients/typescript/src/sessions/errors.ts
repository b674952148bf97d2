import { BridgeError } from "../errors.js";
import type { ErrorCode, ErrorDetails } from "../protocol.js";

/** A problem document (RFC 9457), as far as it is read. */
export interface ProblemFields {
  code?: string;
  title?: string;
  detail?: string;
  status?: number;
  retryable?: boolean;
  details?: ErrorDetails & { endReason?: string };
  requestId?: string;
}

/** The bridge refused a request over HTTP, or failed at it. `requestId` is that of the request in the bridge's log. */
export class RestError extends BridgeError {
  override readonly name: string = "RestError";
  /** The HTTP status. */
  readonly status: number;
  /** What the bridge says of sending the same request again by itself (`x-should-retry`). */
  readonly shouldRetry: boolean | undefined;

  constructor(problem: ProblemFields, status: number, shouldRetry?: boolean) {
    super({
      type: "error",
      // HTTP has codes that the protocol has not: `UNAUTHORIZED`, `FORBIDDEN`, …
      code: (problem.code ?? `HTTP_${status}`) as ErrorCode,
      message: problem.detail ?? problem.title ?? "",
      retryable: problem.retryable === true,
      details: problem.details ?? {},
      ...(problem.requestId !== undefined && { requestId: problem.requestId }),
    });
    this.status = status;
    this.shouldRetry = shouldRetry;
  }
}

/** The session has ended: nothing can be done in it any more. */
export class SessionEndedError extends RestError {
  override readonly name: string = "SessionEndedError";
  /** Why: `requested`, `expired`, `idle`, `terminated`, `shutdown`, `browserLost` or `failed`. */
  readonly endReason: string | undefined;

  constructor(problem: ProblemFields, status: number, shouldRetry?: boolean) {
    super(problem, status, shouldRetry);
    this.endReason = problem.details?.endReason;
  }
}

/** The error for a problem document. */
export function errorOf(problem: ProblemFields, status: number, shouldRetry?: boolean): RestError {
  const Kind = problem.code === "SESSION_ENDED" ? SessionEndedError : RestError;
  return new Kind(problem, status, shouldRetry);
}

/** The error for an answer whose status is not 2xx. */
export async function errorOfAnswer(answer: Response): Promise<RestError> {
  const said = answer.headers.get("x-should-retry");
  const shouldRetry = said === null ? undefined : said === "true";
  let problem: ProblemFields = { title: `an answer of something else with HTTP ${answer.status}` };
  if (isProblem(answer)) problem = (await answer.json()) as ProblemFields;
  else await answer.body?.cancel();
  return errorOf(problem, answer.status, shouldRetry);
}

/** Whether the bridge itself wrote it, and not a proxy in between. */
export function isProblem(answer: Response): boolean {
  return answer.headers.get("content-type")?.split(";")[0]?.trim() === "application/problem+json";
}
