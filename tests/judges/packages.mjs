// The packages that `scripts/install-judges` installs, outside of the source tree.

import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const sources = dirname(fileURLToPath(import.meta.url));
export const root = resolve(sources, "../..");
const target = process.env.CARGO_TARGET_DIR ?? "target";

// `package.json`, `node_modules` and the bundled pages.
export const folder = join(resolve(root, target), "judges");

export const load = createRequire(join(folder, "package.json"));
