// agent-browser: a command line is started for each step, as its users do; its daemon keeps the browser.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

export async function viaAgentBrowser(program, browser) {
  const run = promisify(execFile);
  const session = ["--session", `page-actions-${process.pid}`, "--executable-path", browser, "--args", "--no-sandbox,--disable-gpu"];
  const ask = async (...words) => (await run(program, [...session, ...words], { maxBuffer: 64 << 20 })).stdout;
  await ask("open", "about:blank");
  return {
    name: "agent-browser",
    go: (url) => ask("open", url),
    outline: () => ask("snapshot"),
    // What starting its command costs alone.
    nothing: () => run(program, ["--version"]),
    stop: () => ask("close"),
  };
}
