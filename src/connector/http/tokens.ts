import { createHash, timingSafeEqual } from "node:crypto";
import { AddressList } from "../../model/address-list.ts";
import { Bucket } from "./bucket.ts";
import { refused, retryAfter } from "./refusal.ts";
import type { TokenSettings } from "./settings.ts";

/** Who asks, and what that one may do. */
export class Token {
  readonly name: string;
  readonly sha256: Uint8Array;
  readonly #rooms: ReadonlySet<string> | undefined;
  readonly #sources: AddressList | undefined;
  readonly #bucket: Bucket | undefined;

  constructor({ name, sha256, rooms, sources, perMinute }: TokenSettings) {
    this.name = name;
    this.sha256 = Buffer.from(sha256, "hex");
    this.#rooms = rooms && new Set(rooms);
    this.#sources = sources && new AddressList(sources);
    this.#bucket = perMinute === undefined ? undefined : new Bucket(perMinute);
  }

  mayUse(room: string): boolean {
    return this.#rooms?.has(room) ?? true;
  }

  mayComeFrom(address: string): boolean {
    return this.#sources?.has(address) ?? true;
  }

  /** Counts a recording. Throws `TOO_MANY_REQUESTS`. */
  count(): void {
    const waitMs = this.#bucket?.take() ?? 0;
    if (waitMs === 0) return;
    throw refused("TOO_MANY_REQUESTS", "this token has sent as much as it may in a minute", {
      headers: retryAfter(waitMs),
    });
  }
}

/** Every token of the config, by its hash alone. */
export class Tokens {
  readonly #tokens: readonly Token[];

  constructor(settings: readonly TokenSettings[]) {
    this.#tokens = settings.map((token) => new Token(token));
  }

  /**
   * Whose token it is. Each is compared, in constant time, whichever it is.
   *
   * @throws Refusal `UNAUTHORIZED` with what RFC 6750, 3 wants, `SOURCE_NOT_ALLOWED`
   */
  authenticate(authorization: string | undefined, address: string): Token {
    const [, presented] = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? "") ?? [];
    if (presented === undefined) throw unauthorized("there is no bearer token in the request", "");
    const hash = createHash("sha256").update(presented).digest();
    const [token] = this.#tokens.filter(({ sha256 }) => timingSafeEqual(sha256, hash));
    if (!token) throw unauthorized("the token is none of the connector's", ', error="invalid_token"');
    if (!token.mayComeFrom(address))
      throw refused("SOURCE_NOT_ALLOWED", "this token may not be used from there");
    return token;
  }
}

const unauthorized = (message: string, error: string) =>
  refused("UNAUTHORIZED", message, { headers: { "www-authenticate": `Bearer realm="sotto"${error}` } });
