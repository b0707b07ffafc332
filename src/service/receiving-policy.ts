import { type Config, roomTrust } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import { type DecryptedEvent, TRUST_LEVELS, type Trust } from "../model/event.ts";

const ACCEPTED: Record<"signed" | "verified" | "all", readonly Trust[]> = {
  signed: ["verified", "signed"],
  verified: ["verified"],
  all: TRUST_LEVELS,
};

/** Throws `SENDER_UNTRUSTED` unless the room's `acceptFrom` covers the sender of a decrypted event. */
export function requireTrust(
  config: Pick<Config, "trust" | "rooms">,
  { eventId, roomId, sender, trust }: DecryptedEvent,
): void {
  if (ACCEPTED[roomTrust(config, roomId).acceptFrom].includes(trust)) return;
  throw new SottoError("SENDER_UNTRUSTED", `${eventId} from ${sender} has trust "${trust}"`);
}

/** Largest attachment that is fetched: an hour at the highest Opus bit rate is half of it. */
export const MAX_ATTACHMENT_BYTES = 100 * 1024 * 1024;
