import { createHash, createHmac, type Hmac } from "node:crypto";
import { SottoError } from "../../errors.ts";

const SHORTEST_SECRET_BYTES = 24;

/**
 * The secrets in a file, one on a line: `whsec_` and base64, or the bytes as they are.
 *
 * @throws SottoError `SECRET_UNREADABLE`
 */
export function parseSecrets(text: string): Uint8Array[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const secret = line.startsWith("whsec_")
        ? Buffer.from(line.slice("whsec_".length), "base64")
        : Buffer.from(line);
      if (secret.length >= SHORTEST_SECRET_BYTES) return secret;
      throw new SottoError("SECRET_UNREADABLE", "the secret of a webhook is too short to sign with", {
        cure: `make one of at least ${SHORTEST_SECRET_BYTES} bytes, e.g. echo "whsec_$(openssl rand -base64 32)"`,
      });
    });
}

/** What a receiver tells a repeat by: the same for the same event, and without a full stop. */
export const webhookId = (eventId: string): string =>
  `msg_${createHash("sha256").update(eventId).digest("base64url")}`;

/**
 * Signs a body that passes by, once with each secret.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
export class Signature {
  readonly #hmacs: Hmac[];

  constructor(secrets: readonly Uint8Array[], id: string, timestampSeconds: number) {
    this.#hmacs = secrets.map((secret) => createHmac("sha256", secret).update(`${id}.${timestampSeconds}.`));
  }

  update(chunk: Uint8Array): void {
    for (const hmac of this.#hmacs) hmac.update(chunk);
  }

  /** The value of `webhook-signature`. */
  header(): string {
    return this.#hmacs.map((hmac) => `v1,${hmac.digest("base64")}`).join(" ");
  }
}
