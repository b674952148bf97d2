/** Which tokens requests carry: the client's own, the session's, or both (`auth.require_session_token`). */
export class Credentials {
  readonly #client: string | undefined;
  #session: string | undefined;

  constructor(tokens: { client?: string | undefined; session?: string | undefined }) {
    this.#client = checked(tokens.client);
    this.#session = checked(tokens.session);
  }

  /** The tokens to attach to an existing session. A `token` that is not a session's is the client's own. */
  static toAttach(token: string | undefined, client: string | undefined): Credentials {
    if (client !== undefined || token === undefined || isOfSession(token)) {
      return new Credentials({ client, session: token });
    }
    return new Credentials({ client: token });
  }

  /** The session's token, or else the client's. */
  get newest(): string | undefined {
    return this.#session ?? this.#client;
  }

  /** Takes over a newer token of the session, where an answer has one. */
  renew(token: unknown): void {
    if (typeof token === "string" && token !== "") this.#session = checked(token);
  }

  /** The headers of a request. */
  headers(): Record<string, string> {
    const bearer = this.#client ?? this.#session;
    return {
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      ...(this.#client !== undefined && this.#session !== undefined && { "X-Session-Token": this.#session }),
    };
  }

  /** Those for what only the client's own token may do. */
  ofClient(): Credentials {
    return new Credentials({ client: this.#client });
  }
}

/** `fetch` would refuse other characters too, and quote the header that has them. */
function checked(token: string | undefined): string | undefined {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("a token consists of ASCII characters without spaces");
  }
  return token;
}

/** Whether it has the form of a session's token, which is a JWT. */
function isOfSession(token: string): boolean {
  return token.startsWith("eyJ") && token.split(".").length === 3;
}
