import { randomUUID } from "node:crypto";
import type { FileStagedEvent, Requests } from "./protocol.js";

/** A file whose bytes are here. */
export interface FileBytes {
  /** The name that the page sees. */
  name: string;
  /** The media type that the page sees; none if absent. */
  mime?: string;
  data: Uint8Array;
}

/** Stages a file in parts that fit into messages, and gives its `fileId`. */
export async function stageBytes(requests: Requests, file: FileBytes, longestMessage: number): Promise<string> {
  const { name, mime, data } = file;
  // Base64 makes a part longer by a third; the rest is room for the other fields.
  const size = Math.max(1, Math.floor((longestMessage * 3) / 8));
  const key = randomUUID();
  const part = (offset: number) => ({
    data: Buffer.from(data.buffer, data.byteOffset + offset, Math.min(size, data.byteLength - offset)).toString("base64"),
    idempotencyKey: `${key}-${offset}`,
  });
  let staged: FileStagedEvent = await requests.stageFile({ name, mime: mime ?? null, size: data.byteLength, ...part(0) });
  while (staged.received < staged.size) {
    const { fileId, received: offset } = staged;
    staged = await requests.stageFile({ fileId, offset, ...part(offset) });
  }
  return staged.fileId;
}
