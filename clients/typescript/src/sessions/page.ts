import type {
  Animations,
  Caret,
  Clip,
  ImageFormat,
  LoadState,
  Margin,
  NavigatedEvent,
  Paper,
  WaitState,
  WaitUntil,
} from "../protocol.js";
import { changesSomething, type Command, type CommandOutcome } from "./command.js";
import { errorOf, type ProblemFields, RestError } from "./errors.js";
import { type CallOptions, type Http, json, type Query } from "./http.js";
import { type ActionOptions, Locator } from "./locator.js";
import { Finds } from "./selectors.js";
import type { BridgeSession, FileToUpload } from "./session.js";
import type { Page as PageInfo } from "./types.js";

/** The longest time limit of a command. */
const LONGEST_COMMAND_MS = 120_000;

/** How long a navigation waits. */
export interface NavigationOptions extends CallOptions {
  /** How far the document shall be; `load` if absent. */
  waitUntil?: WaitUntil;
}

/** What every picture takes. */
export interface PictureOptions extends CallOptions {
  /** Of `jpeg` and `webp`, from 1 to 100. */
  quality?: number;
  /** Whether what the page does not paint is transparent. */
  omitBackground?: boolean;
  animations?: Animations;
  caret?: Caret;
}

/** A picture of a page. */
export interface ScreenshotOptions extends PictureOptions {
  /** A file that it is written to. Its ending says the format where `type` does not. */
  path?: string;
  type?: ImageFormat;
  fullPage?: boolean;
  /** The element that is taken, all of it. */
  selector?: string;
  clip?: Clip;
}

/** A page on paper. Lengths are in inches. */
export interface PdfOptions extends CallOptions {
  /** A file that it is written to. */
  path?: string;
  paper?: Paper;
  width?: number;
  height?: number;
  landscape?: boolean;
  margin?: Margin;
  pageRanges?: string;
  printBackground?: boolean;
  scale?: number;
  headerTemplate?: string;
  footerTemplate?: string;
  preferCssPageSize?: boolean;
}

/** What an outline has. */
export interface OutlineOptions extends CallOptions {
  selector?: string;
  interactiveOnly?: boolean;
  compact?: boolean;
  find?: string;
  maxChars?: number;
  offset?: number;
}

/** A page (a tab) of a session, with the names that Playwright has. It stays when the program ends. */
export class Page extends Finds<Locator> {
  readonly session: BridgeSession;
  /** Its id, such as `t3`, which is the same in every program. */
  readonly pageId: string;
  readonly #http: Http;
  readonly #path: string;
  #url: string;

  /** @internal Use `session.newPage`, `session.pages` or `session.page`. */
  constructor(session: BridgeSession, http: Http, pageId: string, url = "") {
    super();
    this.session = session;
    this.pageId = pageId;
    this.#http = http;
    this.#path = `/pages/${encodeURIComponent(pageId)}`;
    this.#url = url;
  }

  /** Where it was when the bridge said so last: after navigations, waits, and `info`. */
  url(): string {
    return this.#url;
  }

  /** What the bridge knows of it now: its address, title and state. */
  async info(options: CallOptions = {}): Promise<PageInfo> {
    const info = await json<PageInfo>(await this.#http.get(this.#path, {}, undefined, options));
    this.#url = info.url;
    return info;
  }

  async close(options: CallOptions = {}): Promise<void> {
    await this.#http.change("DELETE", this.#path, undefined, options);
  }

  /** Goes to a URL and waits until it has loaded. The answer has the `status` of the document. */
  goto(url: string, options: NavigationOptions = {}): Promise<NavigatedEvent> {
    return this.#travel("navigate", options, { url });
  }

  reload(options: NavigationOptions = {}): Promise<NavigatedEvent> {
    return this.#travel("reload", options);
  }

  goBack(options: NavigationOptions = {}): Promise<NavigatedEvent> {
    return this.#travel("goBack", options);
  }

  goForward(options: NavigationOptions = {}): Promise<NavigatedEvent> {
    return this.#travel("goForward", options);
  }

  /** Waits until an element is visible, or in another `state`. */
  async waitForSelector(selector: string, options: CallOptions & { state?: WaitState } = {}): Promise<Locator> {
    await this.wait({ selector, state: options.state }, options);
    return this.locator(selector);
  }

  async waitForLoadState(loadState: LoadState = "load", options: CallOptions = {}): Promise<void> {
    await this.wait({ loadState }, options);
  }

  /** Waits until its address is like this: a glob, or a regular expression. */
  async waitForURL(url: string | RegExp, options: CallOptions = {}): Promise<void> {
    await this.wait(url instanceof RegExp ? { urlRegex: url.source } : { url }, options);
  }

  /** Waits until this text is visible somewhere. */
  async waitForText(text: string, options: CallOptions = {}): Promise<void> {
    await this.wait({ text }, options);
  }

  /** Waits until a script gives something true, and resolves with that. */
  async waitForFunction(expression: string, arg?: unknown, options: CallOptions = {}): Promise<unknown> {
    return (await this.wait({ expression, args: argsOf(arg) }, options))["value"];
  }

  override locator(selector: string): Locator {
    return new Locator(this, selector);
  }

  click(selector: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).click(options);
  }

  dblclick(selector: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).dblclick(options);
  }

  /** Replaces the content of a field. */
  fill(selector: string, value: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).fill(value, options);
  }

  /** Types text key by key. */
  type(selector: string, text: string, options: ActionOptions & { delay?: number } = {}): Promise<void> {
    return this.locator(selector).pressSequentially(text, options);
  }

  /** Presses a key, or keys together, such as `Control+A`. */
  press(selector: string, key: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).press(key, options);
  }

  check(selector: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).check(options);
  }

  uncheck(selector: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).uncheck(options);
  }

  /** Chooses options of a `<select>` by value or label, or by their places; resolves with the values chosen now. */
  selectOption(selector: string, values: string | number | ReadonlyArray<string | number>, options: ActionOptions = {}): Promise<string[]> {
    return this.locator(selector).selectOption(values, options);
  }

  hover(selector: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).hover(options);
  }

  focus(selector: string, options: CallOptions = {}): Promise<void> {
    return this.locator(selector).focus(options);
  }

  /** Puts files into an `<input type=file>`. */
  setInputFiles(selector: string, files: FileToUpload | readonly FileToUpload[], options: ActionOptions = {}): Promise<void> {
    return this.locator(selector).setInputFiles(files, options);
  }

  dragAndDrop(source: string, target: string, options: ActionOptions = {}): Promise<void> {
    return this.locator(source).dragTo(this.locator(target), options);
  }

  /** Its title: the document's own, or where clients may run no scripts the one that the bridge knows. */
  async title(options: CallOptions = {}): Promise<string> {
    try {
      return String(await this.evaluate("document.title", undefined, { ...options, readOnly: true }));
    } catch (error) {
      if (error instanceof RestError && error.status === 403) return (await this.info(options)).title;
      throw error;
    }
  }

  /** The text of an element as it is shown. */
  textContent(selector: string, options: CallOptions = {}): Promise<string> {
    return this.locator(selector).textContent(options);
  }

  /** Its HTML, or what is inside of an element. */
  content(options: CallOptions & { selector?: string } = {}): Promise<string> {
    return this.#read("html", { selector: options.selector }, options);
  }

  /** Its text as it is shown. */
  text(options: CallOptions & { selector?: string } = {}): Promise<string> {
    return this.#read("text", { selector: options.selector }, options);
  }

  /** Its content as Markdown. */
  markdown(options: CallOptions & { selector?: string } = {}): Promise<string> {
    return this.#read("markdown", { selector: options.selector }, options);
  }

  /** What assistive technology sees, a line each, with the references that `ref=e12` takes (docs/outlines.md). */
  outline(options: OutlineOptions = {}): Promise<string> {
    const { timeout: _, signal: __, ...query } = options;
    return this.#read("outline", query, options);
  }

  /** A picture of it. */
  screenshot(options: ScreenshotOptions = {}): Promise<Uint8Array> {
    const { path, type, clip, timeout: _, signal: __, ...query } = options;
    const format = type ?? formatOf(path);
    return this.#bytes("screenshot", { ...query, format, clip: four(clip, "x", "y", "width", "height") }, "image/*", options);
  }

  /** The page on paper. */
  pdf(options: PdfOptions = {}): Promise<Uint8Array> {
    const { path: _, margin, timeout: __, signal: ___, ...query } = options;
    return this.#bytes("pdf", { ...query, margin: four(margin, "top", "right", "bottom", "left") }, "application/pdf", options);
  }

  /**
   * Runs a script in the page: an expression, or a function, which is called with `arg`. `readOnly` is a promise that it
   * changes nothing: it then waits for no action.
   */
  evaluate(expression: string, arg?: unknown, options: CallOptions & { readOnly?: boolean } = {}): Promise<unknown> {
    return this.evaluateIn(undefined, expression, arg, options);
  }

  /** Sends any request of the protocol that names a tab, also one that this client is too old to know. */
  command(action: string, params: object = {}, options: CallOptions = {}): Promise<Record<string, unknown>> {
    return this.#run({ action, params, ...(options.timeout !== undefined && { timeoutMs: options.timeout }) }, options);
  }

  /** Does several things, at most 32, in one round trip. The first that fails is the last, unless they go on. */
  async commands(commands: readonly Command[], options: CallOptions & { continueOnError?: boolean } = {}): Promise<CommandOutcome[]> {
    const body = { commands, onError: options.continueOnError ? "continue" : "stop" };
    const { signal } = options;
    const timeout = commands.reduce((sum, { timeoutMs = LONGEST_COMMAND_MS }) => sum + timeoutMs, 0);
    const call = { timeout, ...(signal && { signal }), isChange: commands.some(changesSomething) };
    const answer = await this.#http.change("POST", `${this.#path}/commands`, body, call);
    const { results } = await json<{ results: Array<{ result: Record<string, unknown> } | { error: ProblemFields }> }>(answer);
    return results.map((one) =>
      "error" in one ? { error: errorOf(one.error, one.error.status ?? 0) } : { result: one.result },
    );
  }

  /** @internal An action or a question. */
  async act(action: string, options: ActionOptions, fields: object): Promise<Record<string, unknown>> {
    const { force, trial, waitFor } = options;
    const told = await this.command(action, { ...fields, force, trial, waitFor }, options);
    const waited = told["waited"] as { url?: string } | undefined;
    this.#url = waited?.url ?? this.#url;
    return told;
  }

  /** @internal Waits for one condition. */
  async wait(fields: object, options: CallOptions): Promise<Record<string, unknown>> {
    const told = await this.command("waitFor", fields, options);
    this.#url = String(told["url"]);
    return told;
  }

  /** @internal Runs a script, with an element where there is a selector. */
  async evaluateIn(
    selector: string | undefined,
    expression: string,
    arg: unknown,
    options: CallOptions & { readOnly?: boolean },
  ): Promise<unknown> {
    const { readOnly } = options;
    return (await this.command("evaluate", { expression, args: argsOf(arg), selector, readOnly }, options))["value"];
  }

  async #travel(action: string, options: NavigationOptions, fields: object = {}): Promise<NavigatedEvent> {
    const told = await this.command(action, { ...fields, waitUntil: options.waitUntil ?? "load" }, options);
    const navigated = { type: "navigated", ...told } as NavigatedEvent;
    this.#url = navigated.url;
    return navigated;
  }

  async #run(command: Command, options: CallOptions): Promise<Record<string, unknown>> {
    const call = { ...options, isChange: changesSomething(command) };
    const answer = await this.#http.change("POST", `${this.#path}/command`, command, call);
    return (await json<{ result: Record<string, unknown> }>(answer)).result;
  }

  async #read(form: string, query: object, options: CallOptions): Promise<string> {
    const every = { ...query, as: form, timeoutMs: options.timeout } as Query;
    return (await this.#http.get(`${this.#path}/content`, every, "*/*", options)).text();
  }

  async #bytes(what: string, query: object, accept: string, options: CallOptions & { path?: string }): Promise<Uint8Array> {
    const every = { ...query, timeoutMs: options.timeout } as Query;
    const answer = await this.#http.get(`${this.#path}/${what}`, every, accept, options);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (options.path !== undefined) await (await import("node:fs/promises")).writeFile(options.path, bytes);
    return bytes;
  }
}

function formatOf(path: string | undefined): ImageFormat | undefined {
  const ending = path?.toLowerCase().match(/\.(jpe?g|webp)$/)?.[1];
  return ending === undefined ? undefined : ending === "webp" ? "webp" : "jpeg";
}

function argsOf(arg: unknown): unknown[] | undefined {
  return arg === undefined ? undefined : [arg];
}

/** Numbers as a query has them: `x,y,width,height`. */
function four(value: object | undefined, ...names: string[]): string | undefined {
  if (!value) return undefined;
  const numbers = value as Record<string, number | null | undefined>;
  return names.map((name) => numbers[name] ?? 0).join(",");
}
