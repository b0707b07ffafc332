import { toSottoError } from "../errors.ts";
import type { Account } from "./account.ts";

/**
 * Gives the session in use to devices that had no one-time key when it was shared, without waiting for the next
 * message: they can then play it at once when it comes. Never rejects.
 */
export async function healMissed({ crypto, logger }: Account): Promise<void> {
  await crypto.encryptor.heal().catch((thrown) => {
    const { code, message } = toSottoError(thrown);
    logger.debug("a missed device still waits", { code, reason: message });
  });
}
