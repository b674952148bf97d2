/** Where the bridge is: what stands before each path, without a slash at its end. */
export class Endpoint {
  /** `http://HOST:PORT/v1`. */
  readonly base: string;

  /**
   * Of `http://HOST:PORT`, `https://…` with or without a path of a proxy in front, or the address of the WebSocket
   * (`ws://HOST:PORT/ws`). Unix sockets are not for `fetch`.
   */
  constructor(url: string | URL) {
    const given = new URL(url);
    if (given.username !== "" || given.password !== "") {
      throw new TypeError("the server's URL has a user or a password: give `token` instead");
    }
    const isSocket = given.protocol === "ws:" || given.protocol === "wss:";
    const scheme = isSocket ? given.protocol.replace("ws", "http") : given.protocol;
    if (scheme !== "http:" && scheme !== "https:") {
      throw new TypeError(`the server's URL begins with ${given.protocol}; expected http:// or https://`);
    }
    let path = given.pathname.replace(/\/+$/, "");
    if (isSocket) path = path.replace(/\/ws$/, "");
    this.base = `${scheme}//${given.host}${path.replace(/\/v1$/, "")}/v1`;
  }

  /** As a person reads it. */
  toString(): string {
    return this.base.replace(/\/v1$/, "");
  }
}
