/** Locators of the bridge (docs/locators.md), written from parts. */

/** A text as a locator has it: in quotes, so that whatever it has is just text, or an expression. */
export function textOf(value: string | RegExp, exact = false): string {
  if (value instanceof RegExp) return `/${value.source}/${value.flags.replace(/[^ism]/g, "")}`;
  const quoted = `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return exact ? quoted : `${quoted}i`;
}

/** What `role=…` may have besides. */
export interface RoleOptions {
  name?: string | RegExp;
  exact?: boolean;
  level?: number;
  checked?: boolean;
  disabled?: boolean;
  expanded?: boolean;
  pressed?: boolean;
  selected?: boolean;
}

/** `role=…` with its attributes. */
export function byRole(role: string, { name, exact, ...states }: RoleOptions): string {
  const named = name === undefined ? "" : `[name=${textOf(name, exact)}]`;
  const given = Object.entries(states).filter(([, value]) => value !== undefined);
  return `role=${role}${named}${given.map(([state, value]) => `[${state}=${value}]`).join("")}`;
}

/** What finds elements inside of a page or of other elements. */
export abstract class Finds<L> {
  /** What another locator finds inside: CSS, or one of docs/locators.md. */
  abstract locator(selector: string): L;

  /** By ARIA role: `getByRole("button", { name: "Send" })`. */
  getByRole(role: string, options: RoleOptions = {}): L {
    return this.locator(byRole(role, options));
  }

  getByText(text: string | RegExp, options: { exact?: boolean } = {}): L {
    return this.locator(`text=${textOf(text, options.exact)}`);
  }

  getByLabel(text: string | RegExp, options: { exact?: boolean } = {}): L {
    return this.locator(`label=${textOf(text, options.exact)}`);
  }

  getByPlaceholder(text: string | RegExp, options: { exact?: boolean } = {}): L {
    return this.locator(`placeholder=${textOf(text, options.exact)}`);
  }

  getByTestId(testId: string): L {
    return this.locator(`testid=${textOf(testId, true)}`);
  }
}
