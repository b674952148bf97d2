import { type CallOptions, type Http } from "./http.js";
import type { DownloadView } from "./types.js";

/** A download that the bridge keeps, as long as the page that handed it out is there. */
export class Download {
  /** What the bridge said of it. */
  readonly view: DownloadView;
  readonly #http: Http;
  readonly #path: string;

  /** @internal Use `session.downloads`. */
  constructor(http: Http, sessionPath: string, view: DownloadView) {
    this.view = view;
    this.#http = http;
    this.#path = `${sessionPath}/downloads/${encodeURIComponent(view.downloadId)}`;
  }

  /** The file's name, without any folder. */
  get name(): string {
    return this.view.name;
  }

  /** Whether all of it was there. */
  get isComplete(): boolean {
    return this.view.state === "completed";
  }

  /** Its bytes. */
  async bytes(options: CallOptions = {}): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#http.get(this.#path, {}, "*/*", options)).arrayBuffer());
  }

  /** Writes it to a file. */
  async saveAs(path: string, options: CallOptions = {}): Promise<void> {
    const bytes = await this.bytes(options);
    await (await import("node:fs/promises")).writeFile(path, bytes);
  }
}
