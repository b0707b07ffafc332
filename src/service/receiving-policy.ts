import { SottoError } from "../errors.ts";
import { type DecryptedEvent, type RoomEvent, TRUST_LEVELS, type Trust } from "../model/event.ts";
import type { RoomId } from "../model/ids.ts";
import type { Account } from "./account.ts";

const ACCEPTED: Record<"signed" | "verified" | "all", readonly Trust[]> = {
  signed: ["verified", "signed"],
  verified: ["verified"],
  all: TRUST_LEVELS,
};

/** Decrypts an event and refuses it unless `trust.receiveFrom` accepts its sender: throws `SENDER_UNTRUSTED`. */
export async function decryptTrusted(
  account: Account,
  roomId: RoomId,
  event: RoomEvent,
): Promise<DecryptedEvent> {
  const decrypted = await account.crypto.decrypt(roomId, event);
  if (ACCEPTED[account.config.trust.receiveFrom].includes(decrypted.trust)) return decrypted;
  throw new SottoError(
    "SENDER_UNTRUSTED",
    `${event.event_id} from ${event.sender} has trust "${decrypted.trust}"`,
  );
}

/** Largest attachment that is fetched: an hour at the highest Opus bit rate is half of it. */
export const MAX_ATTACHMENT_BYTES = 100 * 1024 * 1024;
