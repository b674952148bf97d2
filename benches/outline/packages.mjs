// The packages that `scripts/bench-outline` installs, outside of the source tree.

import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "outline");

export const load = createRequire(join(folder, "package.json"));
export const bin = (name) => join(folder, "node_modules/.bin", name);
