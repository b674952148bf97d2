import type { ActionWait, ImageFormat, Modifier, MouseButton, Point, WaitState } from "../protocol.js";
import type { CallOptions } from "./http.js";
import type { Page, PictureOptions } from "./page.js";
import { Finds, textOf } from "./selectors.js";
import type { FileToUpload } from "./session.js";

/** What every action takes. */
export interface ActionOptions extends CallOptions {
  /** Whether it is done even if the element is disabled, moves or is covered. */
  force?: boolean;
  /** Whether it is only checked that it would work. */
  trial?: boolean;
  /** What is waited for afterwards, in the same request, such as `{ url: "**\/done" }`. */
  waitFor?: ActionWait;
}

/**
 * Finds elements, again in each of its methods. Actions wait until there is one element that can be
 * operated; where there are several, they fail with `AMBIGUOUS`.
 */
export class Locator extends Finds<Locator> {
  readonly page: Page;
  /** What it is for the bridge (docs/locators.md). */
  readonly selector: string;

  /** @internal Use `page.locator`. */
  constructor(page: Page, selector: string) {
    super();
    this.page = page;
    this.selector = selector;
  }

  override locator(selector: string): Locator {
    return new Locator(this.page, `${this.selector} >> ${selector}`);
  }

  /** Those of the elements that have this text or such an element in them, or that are visible or not. */
  filter({ hasText, has, visible }: { hasText?: string | RegExp; has?: Locator; visible?: boolean }): Locator {
    const filters = [
      hasText !== undefined && `has-text=${textOf(hasText)}`,
      has && `has=${textOf(has.selector, true)}`,
      visible !== undefined && `visible=${visible}`,
    ];
    return filters.reduce<Locator>((found, filter) => (filter ? found.locator(filter) : found), this);
  }

  /** One of the elements, counted from 0, or from the end. */
  nth(index: number): Locator {
    return this.locator(`nth=${index}`);
  }

  first(): Locator {
    return this.nth(0);
  }

  last(): Locator {
    return this.nth(-1);
  }

  /** A locator for each of the elements that are there now. */
  async all(): Promise<Locator[]> {
    return Array.from({ length: await this.count() }, (_, index) => this.nth(index));
  }

  async click(
    options: ActionOptions & {
      button?: MouseButton;
      clickCount?: number;
      modifiers?: Modifier[];
      position?: Point;
    } = {},
  ): Promise<void> {
    const { button, clickCount, modifiers, position } = options;
    await this.#act("click", options, { button, clickCount, modifiers, position });
  }

  async dblclick(options: ActionOptions = {}): Promise<void> {
    await this.click({ ...options, clickCount: 2 });
  }

  async hover(options: ActionOptions = {}): Promise<void> {
    await this.#act("hover", options);
  }

  async focus(options: CallOptions = {}): Promise<void> {
    await this.#act("focus", options);
  }

  /** Replaces the content of a field. */
  async fill(value: string, options: ActionOptions = {}): Promise<void> {
    await this.#act("fill", options, { value });
  }

  clear(options: ActionOptions = {}): Promise<void> {
    return this.fill("", options);
  }

  /** Types text key by key, with `delay` milliseconds between two of them. */
  async pressSequentially(text: string, options: ActionOptions & { delay?: number } = {}): Promise<void> {
    await this.#act("type", options, { text, delayMs: options.delay });
  }

  /** The same as `pressSequentially`. */
  type(text: string, options: ActionOptions & { delay?: number } = {}): Promise<void> {
    return this.pressSequentially(text, options);
  }

  /** Presses a key, or keys together, such as `Control+A`. */
  async press(key: string, options: ActionOptions = {}): Promise<void> {
    await this.#act("press", options, { key });
  }

  async check(options: ActionOptions = {}): Promise<void> {
    await this.#act("check", options);
  }

  async uncheck(options: ActionOptions = {}): Promise<void> {
    await this.#act("uncheck", options);
  }

  setChecked(checked: boolean, options: ActionOptions = {}): Promise<void> {
    return checked ? this.check(options) : this.uncheck(options);
  }

  /** Chooses options of a `<select>` by value or label, or by their places; resolves with the values chosen now. */
  async selectOption(values: string | number | ReadonlyArray<string | number>, options: ActionOptions = {}): Promise<string[]> {
    const told = await this.#act("select", options, { values: Array.isArray(values) ? values : [values] });
    return (told["values"] ?? []) as string[];
  }

  /** Puts files into an `<input type=file>`: their bytes, or what `session.upload` resolved with; none clear it. */
  async setInputFiles(files: FileToUpload | readonly FileToUpload[], options: ActionOptions = {}): Promise<void> {
    const listed = (Array.isArray(files) ? files : [files]) as readonly FileToUpload[];
    const handedOver = [];
    for (const file of listed) {
      const { uploadId } = "uploadId" in file ? file : await this.page.session.upload(file, options);
      handedOver.push({ fileId: uploadId });
    }
    await this.#act("upload", options, { files: handedOver });
  }

  async dragTo(target: Locator, options: ActionOptions = {}): Promise<void> {
    await this.page.act("drag", options, { from: this.selector, to: target.selector });
  }

  async scrollIntoViewIfNeeded(options: CallOptions = {}): Promise<void> {
    await this.#act("scrollIntoView", options);
  }

  /** How many elements there are now. */
  async count(options: CallOptions = {}): Promise<number> {
    return Number(await this.#query("count", options));
  }

  /** Its text as it is shown, the same as `innerText`. */
  textContent(options: CallOptions = {}): Promise<string> {
    return this.innerText(options);
  }

  /** Its text as it is shown. */
  async innerText(options: CallOptions = {}): Promise<string> {
    return String(await this.#query("text", options));
  }

  async innerHTML(options: CallOptions = {}): Promise<string> {
    return String(await this.#query("html", options));
  }

  async inputValue(options: CallOptions = {}): Promise<string> {
    return String(await this.#query("value", options));
  }

  async getAttribute(name: string, options: CallOptions = {}): Promise<string | null> {
    const attributes = (await this.#query("attributes", options)) as Record<string, string>;
    return Object.hasOwn(attributes, name) ? attributes[name]! : null;
  }

  /** Where it is, in CSS pixels of the page's visible part; null without a box. */
  async boundingBox(options: CallOptions = {}): Promise<{ x: number; y: number; width: number; height: number } | null> {
    return (await this.#query("box", options)) as { x: number; y: number; width: number; height: number } | null;
  }

  /** Whether it is visible now; also where there is no such element. */
  async isVisible(options: CallOptions = {}): Promise<boolean> {
    return (await this.#query("visible", options)) === true;
  }

  async isEnabled(options: CallOptions = {}): Promise<boolean> {
    return (await this.#query("enabled", options)) === true;
  }

  async isChecked(options: CallOptions = {}): Promise<boolean> {
    return (await this.#query("checked", options)) === true;
  }

  /** Runs a function in the page, with the element and `arg`. */
  async evaluate(expression: string, arg?: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.page.evaluateIn(this.selector, expression, arg, options);
  }

  /** Waits until it is visible, or in another `state`. */
  async waitFor(options: CallOptions & { state?: WaitState } = {}): Promise<void> {
    await this.page.wait({ selector: this.selector, state: options.state }, options);
  }

  /** A picture of it, all of it. */
  screenshot(options: PictureOptions & { path?: string; type?: ImageFormat } = {}): Promise<Uint8Array> {
    return this.page.screenshot({ ...options, selector: this.selector });
  }

  #act(action: string, options: ActionOptions, fields: object = {}): Promise<Record<string, unknown>> {
    return this.page.act(action, options, { selector: this.selector, ...fields });
  }

  async #query(what: string, options: CallOptions): Promise<unknown> {
    return (await this.page.act("query", options, { selector: this.selector, what }))["value"];
  }
}
