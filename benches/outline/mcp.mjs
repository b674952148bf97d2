// A client of an MCP server over stdio, as far as asking for a page takes.

import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

export async function mcp(program, args) {
  const server = spawn(program, args, { cwd: tmpdir(), stdio: ["pipe", "pipe", "ignore"] });
  const waiting = new Map();
  let next = 1;
  createInterface({ input: server.stdout }).on("line", (line) => {
    const message = JSON.parse(line);
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) waiter?.reject(new Error(message.error.message));
    else waiter?.resolve(message.result);
  });
  const send = (message) => server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const request = (method, params) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      send({ id, method, params });
    });
  await request("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "outline", version: "1" } });
  send({ method: "notifications/initialized" });
  return {
    // The text that a model reads of a tool's result.
    text: async (name, args = {}) => {
      const { content } = await request("tools/call", { name, arguments: args });
      return content.map((part) => part.text ?? "").join("\n");
    },
    stop: () => server.kill("SIGTERM"),
  };
}
