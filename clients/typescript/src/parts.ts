import { ProtocolError } from "./errors.js";
import { PAYLOADS } from "./protocol.js";

/** A message as it came, before it is known which. */
export interface Message {
  type: string;
  [field: string]: unknown;
}

interface Open {
  type: string;
  requestId: unknown;
  parts: Buffer[];
}

const HEAD_LENGTH_BYTES = 4;

/** The JSON of a binary frame, with its payload in the field where a text message has it. */
export function readBinaryFrame(frame: Buffer): { head: Message; payload: Buffer } {
  const end = frame.length < HEAD_LENGTH_BYTES ? Infinity : HEAD_LENGTH_BYTES + frame.readUInt32BE(0);
  if (end > frame.length) {
    throw new ProtocolError(`a binary frame of ${frame.length} bytes is too short for its head`);
  }
  const head = readMessage(frame.toString("utf8", HEAD_LENGTH_BYTES, end));
  if (!PAYLOADS[head.type]) throw new ProtocolError(`a \`${head.type}\` came as a binary frame`);
  return { head, payload: frame.subarray(end) };
}

/** The JSON of a text message. */
export function readMessage(text: string): Message {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError(`a message is not JSON: ${String(cause)}`);
  }
  if (typeof message !== "object" || message === null || typeof (message as Message).type !== "string") {
    throw new ProtocolError("a message has no `type`");
  }
  return message as Message;
}

/**
 * Puts payloads together again. Parts of different payloads may be mixed, those
 * of one come in order.
 */
export class Parts {
  #open = new Map<string, Open>();
  /** Whether messages are lost, so that the beginning of what follows may be missing. */
  #lost = false;

  /** Takes a text message; gives it back once it is whole, with its payload decoded. */
  text(message: Message): Message | undefined {
    const payload = PAYLOADS[message.type];
    if (!payload) return message;
    const value = message[payload.field];
    if (typeof value !== "string") throw new ProtocolError(`a \`${message.type}\` has no \`${payload.field}\``);
    return this.#add(message, Buffer.from(value, payload.base64 ? "base64" : "utf8"));
  }

  /** Takes a binary frame; gives its message back once it is whole. */
  binary(head: Message, payload: Buffer): Message | undefined {
    return this.#add(head, payload);
  }

  /** Lets go of the parts of a request: it was answered by an error after all. */
  giveUp(requestId: unknown): void {
    for (const [key, open] of this.#open) if (open.requestId === requestId) this.#open.delete(key);
  }

  /** Lets go of half a frame: a connection that goes on with a session does not complete it. */
  resumed(): void {
    for (const [key, open] of this.#open) if (open.type === "frame") this.#open.delete(key);
  }

  /** Messages are lost: what is open is not completed, and of what follows the beginning may be missing. */
  lost(): void {
    this.#open.clear();
    this.#lost = true;
  }

  #add(message: Message, part: Buffer): Message | undefined {
    const { type, id, requestId, frameNo, seq, total, ...rest } = message;
    const key = JSON.stringify([type, id, requestId, frameNo]);
    const open = this.#open.get(key) ?? { type, requestId, parts: [] };
    this.#open.delete(key);
    if (seq !== open.parts.length) {
      if (this.#lost && open.parts.length === 0) return undefined;
      throw new ProtocolError(`expected part ${open.parts.length} of a \`${type}\`, found part ${String(seq)}`);
    }
    open.parts.push(part);
    if (open.parts.length < Number(total)) {
      this.#open.set(key, open);
      return undefined;
    }
    const { field, base64 } = PAYLOADS[type]!;
    const bytes = open.parts.length === 1 ? part : Buffer.concat(open.parts);
    const whole: Message = { ...rest, type, id, [field]: base64 ? new Uint8Array(bytes) : bytes.toString("utf8") };
    if (requestId !== undefined) whole["requestId"] = requestId;
    if (frameNo !== undefined) whole["frameNo"] = frameNo;
    return whole;
  }
}
