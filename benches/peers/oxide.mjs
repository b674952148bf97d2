// chromiumoxide as a contender: a Rust program that is told what to do a line at a time, and that
// says itself how long each thing took.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export async function viaChromiumoxide(program, executablePath) {
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const child = spawn(program, [executablePath, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let tabs = 0;
  const tell = async (command) => {
    child.stdin.write(`${command}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`chromiumoxide gave up at ${command}`);
    return { took: Number(value) };
  };
  return {
    name: "chromiumoxide",
    newTab: async () => ({ ...(await tell("new")), number: tabs++ }),
    go: (tab, url) => tell(`go ${tab.number} ${url}`),
    html: (tab) => tell(`html ${tab.number}`),
    screenshot: (tab) => tell(`screenshot ${tab.number}`),
    close: (tab) => tell(`close ${tab.number}`),
    stop: () =>
      new Promise((ended) => {
        child.once("exit", ended);
        child.stdin.end("stop\n");
      }),
  };
}
