import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** At the end of an answer: the connection is cut there. */
export const CUT = "<cut>";

/** One request as it came, with its body. */
export interface Came {
  text: string;
  header(name: string): string;
}

/** In the place of a bridge: gives these answers, one after another. Nothing cuts the connection. */
export async function answersFromAList(...answers: Array<string | undefined>) {
  const requests: Came[] = [];
  const server = await serveRaw((request, socket) => {
    requests.push(request);
    const answer = answers.shift();
    if (answer === undefined) socket.destroy();
    else if (answer.endsWith(CUT)) socket.end(answer.slice(0, -CUT.length));
    else socket.write(answer);
  });
  return { ...server, requests };
}

/** In front of a bridge: hands requests on, and loses the answers of those that `loses` picks. */
export async function cuttingProxy(port: number, loses: (request: Came) => boolean) {
  let lost = 0;
  const server = await serveRaw((request, socket) => {
    const bridge = connect(port, "127.0.0.1");
    const answer: Buffer[] = [];
    bridge.on("data", (piece) => answer.push(piece));
    bridge.on("error", () => socket.destroy());
    bridge.on("end", () => {
      if (!loses(request)) return void socket.end(Buffer.concat(answer));
      lost += 1;
      socket.destroy();
    });
    // A connection each, which the bridge closes behind its answer.
    bridge.write(request.text.replace(/\r\nconnection: [^\r]*/i, "").replace("\r\n", "\r\nConnection: close\r\n"), "latin1");
  });
  return { ...server, lost: () => lost };
}

async function serveRaw(answer: (request: Came, socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("error", () => {});
    socket.setEncoding("latin1").on("data", (piece: string) => {
      text += piece;
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) return;
      const whole = text;
      const header = (name: string) => new RegExp(`\r\n${name}: ([^\r]*)`, "i").exec(whole.slice(0, head + 2))?.[1] ?? "";
      if (whole.length < head + 4 + Number(header("content-length"))) return;
      text = "";
      answer({ text: whole, header }, socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

/** An answer as text. */
export function answer(status: string, body: object, headers: Record<string, string> = {}): string {
  const text = JSON.stringify(body);
  const every = { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(text)), ...headers };
  const lines = Object.entries(every).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join("")}\r\n${text}`;
}

/** A problem document of the bridge. */
export function problem(status: string, body: object, headers: Record<string, string> = {}): string {
  return answer(status, body, { "Content-Type": "application/problem+json", ...headers });
}
