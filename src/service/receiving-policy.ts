import { type Config, roomTrust } from "../config/index.ts";
import { explain } from "../crypto/index.ts";
import { SottoError } from "../errors.ts";
import { type DecryptedEvent, TRUST_LEVELS, type Trust, type Unproven } from "../model/event.ts";

const ACCEPTED: Record<"signed" | "verified" | "all", readonly Trust[]> = {
  signed: ["verified", "signed"],
  verified: ["verified"],
  all: TRUST_LEVELS,
};

/** Nothing speaks against the sender, and nothing proves who it is: another config may take the event. */
export class UnprovenSender extends SottoError {
  readonly unproven: Unproven;
  constructor({ eventId, sender }: DecryptedEvent, unproven: Unproven) {
    const { sentence, cure } = explain(unproven);
    super("SENDER_UNTRUSTED", `${eventId} from ${sender} has trust "unknown": ${sentence}`, { cure });
    this.unproven = unproven;
  }
}

/** Throws `SENDER_UNTRUSTED` unless the room's `acceptFrom` covers the sender of a decrypted event. */
export function requireTrust(config: Pick<Config, "trust" | "rooms">, event: DecryptedEvent): void {
  const { eventId, roomId, sender, trust, unproven } = event;
  if (ACCEPTED[roomTrust(config, roomId).acceptFrom].includes(trust)) return;
  if (unproven) throw new UnprovenSender(event, unproven);
  throw new SottoError("SENDER_UNTRUSTED", `${eventId} from ${sender} has trust "${trust}"`);
}

/** Largest attachment that is fetched: an hour at the highest Opus bit rate is half of it. */
export const MAX_ATTACHMENT_BYTES = 100 * 1024 * 1024;
