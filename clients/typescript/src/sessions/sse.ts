/** One server-sent event. */
export interface ServerEvent {
  /** What a later request goes on after (`Last-Event-ID`). */
  id: string;
  event: string;
  data: string;
}

/** Events out of the pieces of a stream. No I/O. */
export class EventReader {
  /** The id of the last event that was complete. */
  lastId: string;
  #id: string;
  #rest = "";
  #event = "";
  #data: string[] = [];
  readonly #decoder = new TextDecoder();

  constructor(lastId: string) {
    this.lastId = lastId;
    this.#id = lastId;
  }

  /** The events that are complete with this piece. */
  *feed(piece: Uint8Array): Generator<ServerEvent> {
    const text = this.#rest + this.#decoder.decode(piece, { stream: true });
    // The line feed of a `\r\n` may be in the next piece.
    const held = text.endsWith("\r");
    const lines = (held ? text.slice(0, -1) : text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop()! + (held ? "\r" : "");
    for (const line of lines) {
      const event = this.#line(line);
      if (event) yield event;
    }
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") {
      this.lastId = this.#id;
      const [event, data] = [this.#event || "message", this.#data];
      [this.#event, this.#data] = ["", []];
      return data.length === 0 ? undefined : { id: this.lastId, event, data: data.join("\n") };
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }
}
