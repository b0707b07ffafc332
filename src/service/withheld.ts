import { classifyMissingKey, explain, MissingRoomKey, type UndecryptableKind } from "../crypto/index.ts";
import { type ErrorCode, SottoError } from "../errors.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { WaitingEvent } from "../store/index.ts";
import type { Account } from "./account.ts";
import { UnprovenSender } from "./receiving-policy.ts";

/** Why a message is not handed on; those of `UndecryptableKind` may be later, the others never. */
export type WithheldKind =
  | UndecryptableKind
  | "undecryptable"
  | "untrusted-sender"
  | "bad-attachment"
  | "too-large";

/** Something arrived that is not handed on: reported once, and again only for another reason. */
export interface Withheld {
  eventId: EventId;
  roomId: RoomId;
  sender: UserId;
  kind: WithheldKind;
  /** The spec's code, where the kind is `withheld`. */
  withheldCode?: string;
  /** Its message says what is the matter, its cure what to do. */
  error: SottoError;
}

/** How many messages were reported, by kind. */
export type WithheldCounts = Partial<Record<WithheldKind, number>>;

/** What would be found again at every further try. */
export const VERDICTS: Partial<Record<ErrorCode, WithheldKind>> = {
  DECRYPT_FAILED: "undecryptable",
  SENDER_UNTRUSTED: "untrusted-sender",
  ATTACHMENT_INVALID: "bad-attachment",
  ATTACHMENT_HASH_MISMATCH: "bad-attachment",
  AUDIO_TOO_LARGE: "too-large",
};

/** A message waits so long for its room key before that is reported. */
const GRACE_MS = 60_000;
/** However old it is, the key backup is asked first. */
const BACKUP_LOOK_MS = 5_000;

/** What is amiss with the room key, if that is what was thrown. The message stays: this may change. */
export async function keyTrouble(
  { crypto, store }: Pick<Account, "crypto" | "store">,
  { roomId, event }: WaitingEvent,
  thrown: unknown,
): Promise<Withheld | undefined> {
  const { event_id: eventId, sender } = event;
  const where = { eventId, roomId, sender };
  if (thrown instanceof UnprovenSender) return { ...where, kind: thrown.unproven, error: thrown };
  if (!(thrown instanceof MissingRoomKey)) return undefined;
  const { withheldCode } = thrown.missing;
  const kind = classifyMissingKey(thrown.missing, {
    sentMs: event.origin_server_ts,
    deviceSinceMs: store.deviceSinceMs(),
    canReadBackup: await crypto.backup.canRead(),
  });
  const { sentence, cure } = explain(kind, withheldCode);
  const { cause } = thrown;
  const error = new SottoError("DECRYPT_FAILED", `${eventId} from ${sender}: ${sentence}`, { cause, cure });
  return { ...where, kind, error, ...(withheldCode !== undefined && { withheldCode }) };
}

/**
 * How long to wait before the trouble is reported, in case the key comes meanwhile: not at all where the sender has
 * decided, or where the key is here.
 */
export function graceMs({ kind }: Withheld, { receivedMs }: WaitingEvent, nowMs: number): number {
  if (kind === "withheld" || kind === "key-from-backup" || kind === "unknown-device") return 0;
  const waitedMs = Math.max(nowMs - receivedMs, 0);
  return Math.max(GRACE_MS - waitedMs, BACKUP_LOOK_MS);
}
