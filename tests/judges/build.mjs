// Bundles every page of components/ and editors/ with the library that it shows.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { folder, load, sources } from "./packages.mjs";

const { build } = load("esbuild");

const pagesIn = (kind) => readdirSync(join(sources, kind)).map((file) => join(sources, kind, file));

await build({
  entryPoints: ["components", "editors"].flatMap(pagesIn),
  entryNames: "[name]",
  outdir: join(folder, "pages"),
  bundle: true,
  format: "esm",
  logLevel: "error",
  nodePaths: [join(folder, "node_modules")],
  define: { global: "globalThis", "process.env.NODE_ENV": '"production"' },
  loader: { ".ttf": "dataurl", ".svg": "dataurl" },
});
