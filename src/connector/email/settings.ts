import * as z from "zod/mini";
import { parseRange } from "../../model/address-list.ts";
import { parseListen } from "../../model/listen.ts";
import { described, shortDuration } from "../../model/settings.ts";

const isPort = (text: string): boolean => {
  const address = parseListen(text);
  return address !== undefined && "port" in address;
};

const listen = z
  .string()
  .check(z.refine((text) => isPort(text), "an address and a port, such as 127.0.0.1:2525"));
const network = z
  .string()
  .check(
    z.refine(
      (text) => parseRange(text) !== undefined,
      "an address or a network, such as 192.0.2.7 or 10.0.0.0/8",
    ),
  );
const address = z
  .string()
  .check(z.regex(/^[^@\s]+@[^@\s]+$/, "a mail address such as voicemail@sotto.local"));
const sender = z
  .string()
  .check(z.regex(/^[^@\s]*@[^@\s]+$/, "a mail address, or @ and a domain for all of its addresses"));
const path = z.string().check(z.minLength(1));

/** The connector's part of the config. */
export const emailSettings = z.strictObject({
  type: z.literal("email"),
  listen: described("Where mail is taken.", z._default(listen, "127.0.0.1:2525")),
  protocol: described(
    "smtp, or lmtp for an MTA that delivers to us: it then hears of each recipient.",
    z._default(z.enum(["smtp", "lmtp"]), "smtp"),
  ),
  networks: described(
    "Who may connect, by address or network.",
    z._default(z.array(network).check(z.minLength(1)), ["127.0.0.0/8", "::1"]),
  ),
  senders: described(
    "Envelope senders that are taken, an address or `@domain`. Anybody can write one there: it keeps out mistakes, not people.",
    z.optional(z.array(sender).check(z.minLength(1))),
  ),
  recipients: described(
    "The rooms by recipient, each written as in a route; nobody else gets mail then. Without this, every recording goes to all routes.",
    z.optional(z.record(address, z.string().check(z.minLength(1)))),
  ),
  maxBytes: described(
    "The largest mail. It is held in memory, and up to maxClients of them at once.",
    z._default(z.int().check(z.minimum(1024)), 25 * 1024 * 1024),
  ),
  maxClients: described(
    "How many may be connected; more are told to come again.",
    z._default(z.int().check(z.minimum(1)), 8),
  ),
  idleTimeout: described("How long a client may say nothing.", z.prefault(shortDuration, "1m")),
  sessionTimeout: described(
    "How long a connection may last, so that slow ones do not keep out others.",
    z.prefault(shortDuration, "10m"),
  ),
  tls: described(
    "Offers STARTTLS, and takes no mail without it.",
    z.optional(
      z.strictObject({
        certFile: described("The certificate and those above it, PEM.", path),
        keyFile: described("Its private key, PEM, which nobody else may read.", path),
      }),
    ),
  ),
});

export type EmailSettings = z.infer<typeof emailSettings>;
