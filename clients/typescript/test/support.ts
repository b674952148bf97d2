import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// A test that takes too long is ended by a signal; its bridge ends with it.
process.once("SIGTERM", () => process.exit(1));

/** Longer than anything here takes. */
const LONGEST_MS = 30_000;

/** Waits until something is so. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A bridge of its own for a test, on a free port, that may go to 127.0.0.0/8. */
export class TestBridge {
  private constructor(
    readonly url: string,
    readonly dir: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(settings: readonly string[] = [], listen = (_dir: string) => "127.0.0.1:0"): Promise<TestBridge> {
    const program = process.env["BRIDGE_UNDER_TEST"];
    if (!program) throw new Error("BRIDGE_UNDER_TEST names no bridge: set it to the path of the program `cdp-bridge`");
    const dir = await mkdtemp(join(tmpdir(), "cdpb-"));
    const flags = ["policy.private_networks=127.0.0.0/8", ...settings].flatMap((setting) => ["--set", setting]);
    // Settings of this shell are for another bridge; the browser is the exception.
    const { PATH, CHROME_PATH } = process.env;
    const child = spawn(program, ["serve", "--listen", listen(dir), ...flags], {
      cwd: dir,
      env: { PATH, HOME: dir, TMPDIR: dir, ...(CHROME_PATH && { CHROME_PATH }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    process.once("exit", () => child.kill());
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
    const [line] = (await Promise.race([
      once(createInterface(child.stdout), "line"),
      once(child, "exit").then(() => [`it ended: ${log}`]),
    ])) as [string];
    const url = /listening on (\S+)/.exec(line)?.[1];
    if (!url) throw new Error(line);
    return new TestBridge(url, dir, child);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** A metric without labels, as it stands now. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** A site on 127.0.0.1 with a page at each path. */
export async function serve(pages: Record<string, string>): Promise<{ url(path: string): string; stop(): Promise<void> }> {
  const server = createHttpServer((request, response) => {
    const page = pages[request.url ?? ""];
    response.writeHead(page === undefined ? 404 : 200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(page ?? "not found");
  });
  await listening(server);
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A relay in front of a bridge, whose connections can be cut. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Whether connections come through; others are closed at once. */
  open = true;
  /** Whether what the client says comes through; else it is lost. */
  hears = true;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      if (!this.open) return void client.destroy();
      const bridge = connect(port, "127.0.0.1");
      client.on("data", (bytes) => this.hears && bridge.write(bytes));
      bridge.pipe(client);
      for (const [socket, other] of [
        [client, bridge],
        [bridge, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  static async before(bridge: TestBridge): Promise<Relay> {
    const relay = new Relay(bridge.port);
    await listening(relay.#server);
    return relay;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ws`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function listening(server: Server): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}
