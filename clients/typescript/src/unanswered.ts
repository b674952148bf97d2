import { BridgeError, OutcomeUnknownError } from "./errors.js";
import type { Message } from "./parts.js";
import { type BridgeEvent, CHANGES, type ErrorEvent, type RequestId } from "./protocol.js";

interface Unanswered {
  id: RequestId;
  type: string;
  text: string;
  /** Whether asking twice is the same as once. */
  repeatable: boolean;
  sent: boolean;
  resolve(answer: BridgeEvent): void;
  reject(error: Error): void;
}

/** Requests that wait for their answer, in the order in which they were made. No I/O. */
export class UnansweredRequests {
  #requests = new Map<RequestId, Unanswered>();
  #numbered = 0;

  /** Takes note of a request, and gives what is to be sent. */
  add(type: string, fields: object): { id: RequestId; text: string; answer: Promise<BridgeEvent> } {
    const given = (fields as { requestId?: RequestId }).requestId;
    const id = given ?? this.#freshId();
    if (this.#requests.has(id)) throw new RangeError(`request ${JSON.stringify(id)} is still unanswered`);
    const key = (fields as { idempotencyKey?: string }).idempotencyKey;
    const repeatable = !CHANGES.has(type) || key !== undefined;
    // In front, where the bridge finds them in a message that is too long for it.
    const text = JSON.stringify(Object.assign({ type, requestId: id }, fields, { type, requestId: id }));
    const answer = new Promise<BridgeEvent>((resolve, reject) => {
      this.#requests.set(id, { id, type, text, repeatable, sent: false, resolve, reject });
    });
    return { id, text, answer };
  }

  /** The request has been handed to a connection. */
  sent(id: RequestId): void {
    const request = this.#requests.get(id);
    if (request) request.sent = true;
  }

  /**
   * Hands an answer to whoever asked. An answer to a request that is not known has come twice: after a
   * resume one snapshot may be answered by two captures.
   */
  answer(message: Message): void {
    const coalesced = (message["coalesced"] as RequestId[] | null | undefined) ?? [];
    for (const id of [...coalesced, message["requestId"] as RequestId]) {
      const request = this.#requests.get(id);
      if (!request) continue;
      this.#requests.delete(id);
      if (message.type === "error") request.reject(new BridgeError(message as unknown as ErrorEvent));
      else request.resolve(message as unknown as BridgeEvent);
    }
  }

  /**
   * What is to be sent on a connection that goes on with a session (docs/resume.md): what was never
   * sent or never read. Where messages are lost, a change without a key may have been made, and its
   * request fails.
   */
  sendAgain(inFlight: readonly RequestId[], lost: boolean): string[] {
    const running = new Set(inFlight);
    const texts: string[] = [];
    for (const request of [...this.#requests.values()]) {
      if (request.sent && running.has(request.id)) continue;
      if (request.sent && lost && !request.repeatable) {
        this.#requests.delete(request.id);
        request.reject(
          new OutcomeUnknownError(
            `the connection was cut, and the answer to this ${request.type} is lost: it may have been done or not. ` +
              "With an idempotencyKey it is safe to ask again",
          ),
        );
        continue;
      }
      request.sent = true;
      texts.push(request.text);
    }
    return texts;
  }

  /** Nothing will be answered any more. */
  fail(error: Error): void {
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const request of requests) request.reject(error);
  }

  #freshId(): RequestId {
    let id: string;
    do id = `r${++this.#numbered}`;
    while (this.#requests.has(id));
    return id;
  }
}
