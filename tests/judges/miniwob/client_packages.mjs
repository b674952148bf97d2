// What `scripts/install-client-packages` has installed for the TypeScript client, and the tests have.

import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../packages.mjs";

const load = createRequire(join(root, "clients/typescript/package.json"));

export const WebSocket = load("ws");
