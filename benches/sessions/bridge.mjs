// A daemon with a browser of its own, and its REST door.

import { Agent, request } from "node:http";
import { connect } from "../../tests/judges/connection.mjs";
import { load } from "../../tests/judges/packages.mjs";

const SETTINGS = ["sessions.max=1000", "sessions.max_per_client=1000", "sessions.creates_per_minute=10000"];

export async function start(binary, browser) {
  const settings = SETTINGS.flatMap((setting) => ["--set", setting]);
  const { ask, stop, url, pid } = await connect(load("ws"), binary, browser, settings);
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const rest = (method, path, body) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const sent = request({ hostname, port, method, path, headers, agent }, (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(parts).toString();
          if (response.statusCode >= 400) reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`));
          else resolve(answer === "" ? undefined : JSON.parse(answer));
        });
      });
      sent.on("error", reject);
      sent.end(text);
    });
  return {
    ask,
    rest,
    pid,
    stop: async () => {
      agent.destroy();
      await stop();
    },
  };
}
