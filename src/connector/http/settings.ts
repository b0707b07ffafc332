import * as z from "zod/mini";
import { isThisMachine, parseRange, UNIX } from "../../model/address-list.ts";
import { type ListenAddress, parseListen } from "../../model/listen.ts";
import { described, shortDuration } from "../../model/settings.ts";

const addressRange = z
  .string()
  .check(
    z.refine(
      (text) => text === UNIX || parseRange(text) !== undefined,
      "an address or a network, such as 192.0.2.7, 10.0.0.0/8 or unix",
    ),
  );

/** What a token may be called. */
export const TOKEN_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

const token = z.strictObject({
  name: described(
    "Whose token it is. Its recordings are known by this name: a token that is changed keeps it.",
    z.string().check(z.regex(TOKEN_NAME, "a name such as doorbell")),
  ),
  sha256: described(
    "The SHA-256 of the token, in hex; `sotto token` makes both.",
    z.string().check(z.regex(/^[\da-f]{64}$/, "64 digits of lower-case hex, as `sotto token` prints them")),
  ),
  rooms: described(
    "The rooms it may send to, written as in the routes; without this, every room of the connector's routes.",
    z.optional(z.array(z.string().check(z.minLength(1)))),
  ),
  sources: described(
    "Where its requests may come from; without this, from anywhere.",
    z.optional(z.array(addressRange)),
  ),
  perMinute: described(
    "How many recordings a minute; as many may come at once.",
    z.optional(z.int().check(z.minimum(1))),
  ),
});

const hasNoTwin = (values: readonly string[]): boolean => new Set(values).size === values.length;

/** The connector's part of the config. */
export const httpSettings = z
  .strictObject({
    type: z.literal("http"),
    listen: described(
      "Where to listen: an address and a port, or the path of a unix socket.",
      z._default(
        z
          .string()
          .check(
            z.refine(
              (text) => parseListen(text) !== undefined,
              "an address and a port such as 127.0.0.1:8090, or a path",
            ),
          ),
        "127.0.0.1:8090",
      ),
    ),
    behindProxy: described(
      "Listen beyond this machine. Tokens and recordings come in clear: a proxy must stand before it, and nobody else may reach the port.",
      z._default(z.boolean(), false),
    ),
    trustProxy: described(
      "Proxies whose X-Forwarded-For is believed; `unix` for one that comes through the socket.",
      z._default(z.array(addressRange), []),
    ),
    tokens: described(
      "Who may send.",
      z.array(token).check(
        z.minLength(1, "at least one token: `sotto token` makes one"),
        z.refine((all) => hasNoTwin(all.map(({ name }) => name)), "each token has a name of its own"),
        z.refine((all) => hasNoTwin(all.map(({ sha256 }) => sha256)), "no token twice"),
      ),
    ),
    maxBytes: described(
      "The largest request that is taken.",
      z._default(z.int().check(z.minimum(1)), 100 * 1024 * 1024),
    ),
    maxTime: described("How long a request may take.", z.prefault(shortDuration, "15m")),
    maxRequests: described(
      "How many recordings may come at once; of several tokens, one has as many as are free beside its own.",
      z._default(z.int().check(z.minimum(1)), 16),
    ),
    headersTimeout: described("How long a request's head may take.", z.prefault(shortDuration, "10s")),
    stallTimeout: described(
      "How long a recording may keep us waiting, and how long it still may come when Sotto stops.",
      z.prefault(shortDuration, "10s"),
    ),
    minBytesPerSecond: described(
      "A recording that comes more slowly for longer than stallTimeout is refused.",
      z._default(z.int().check(z.minimum(1)), 500),
    ),
  })
  .check(
    z.refine(({ listen, behindProxy }) => behindProxy || isLocal(parseListen(listen) ?? NOWHERE), {
      path: ["listen"],
      error:
        "others could read the tokens on their way: listen on 127.0.0.1 or a unix socket, or say `behindProxy: true`",
    }),
  );

/** Whether only this machine can connect. A name other than `localhost` can lead anywhere. */
const isLocal = (address: ListenAddress): boolean =>
  "path" in address || address.host === "localhost" || isThisMachine(address.host);

/** What cannot be read has a message of its own. */
const NOWHERE = { host: "localhost", port: 0 };

export type HttpSettings = z.infer<typeof httpSettings>;
export type TokenSettings = HttpSettings["tokens"][number];
