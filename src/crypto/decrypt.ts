import { SottoError } from "../errors.ts";
import type { DecryptedEvent, RoomEvent, Trust, Unproven } from "../model/event.ts";
import type { RoomId } from "../model/ids.ts";
import { megolmMessageIndex } from "../model/megolm-message.ts";
import type { SessionStore } from "../store/index.ts";
import { type Machine, wasm } from "./engine.ts";
import { hasChanged } from "./identity-change.ts";
import type { RequestPump } from "./requests.ts";
import type { MissingKey } from "./undecryptable.ts";

/** Thrown while the room key may still come. */
export class MissingRoomKey extends SottoError {
  readonly missing: MissingKey;
  constructor(message: string, missing: MissingKey, cause?: unknown) {
    super("DECRYPT_FAILED", message, { cause });
    this.missing = missing;
  }
}

export interface DecryptTools {
  machine: Machine;
  pump: RequestPump;
  sessions: SessionStore;
}

/**
 * Decrypts a room event and says how far its sender can be trusted. A ciphertext that comes again under another event
 * ID is refused: the engine itself takes it. Throws `MissingRoomKey` or `DECRYPT_FAILED`, or the homeserver's trouble
 * if the sender's keys had to be asked for.
 */
export async function decryptRoomEvent(
  tools: DecryptTools,
  roomId: RoomId,
  event: RoomEvent,
): Promise<DecryptedEvent> {
  const { machine, sessions } = tools;
  const { decrypted, trust: found } = await judge(tools, roomId, event);
  const trust = (await hasChanged(machine, event.sender)) ? "violation" : found;
  const sessionId = String(event.content.session_id);
  const messageIndex = megolmMessageIndex(String(event.content.ciphertext));
  if (!sessions.claimIndex(sessionId, messageIndex, event.event_id)) {
    throw new SottoError("DECRYPT_FAILED", `${event.event_id} repeats the ciphertext of an earlier event`);
  }
  const clear = JSON.parse(decrypted.event) as { type: string; content: Record<string, unknown> };
  return {
    roomId,
    eventId: event.event_id,
    sender: event.sender,
    senderDeviceId: decrypted.senderDevice?.toString(),
    originServerTs: event.origin_server_ts,
    type: clear.type,
    content: clear.content,
    sessionId,
    trust,
    ...(trust === "unknown" && { unproven: whyUnproven(decrypted) }),
  };
}

/** The engine judges by the keys it happens to have: nobody is called unsigned before theirs were asked for. */
async function judge({ machine, pump }: DecryptTools, roomId: RoomId, event: RoomEvent) {
  const decrypted = await engineDecrypt(machine, roomId, event);
  const trust = trustOf(decrypted);
  if (trust !== "unsigned" && trust !== "unknown") return { decrypted, trust };
  await machine.updateTrackedUsers([new wasm.UserId(event.sender)]);
  await pump.drain();
  const again = await engineDecrypt(machine, roomId, event);
  return { decrypted: again, trust: trustOf(again) };
}

/** Says nothing of the sender. Throws `MissingRoomKey` or `DECRYPT_FAILED`. */
export async function engineDecrypt(
  machine: Machine,
  roomId: RoomId,
  event: RoomEvent,
): Promise<wasm.DecryptedRoomEvent> {
  try {
    const settings = new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
    return await machine.decryptRoomEvent(JSON.stringify(event), new wasm.RoomId(roomId), settings);
  } catch (thrown) {
    if (!(thrown instanceof wasm.MegolmDecryptionError)) throw thrown;
    const startsLater = thrown.code === wasm.DecryptionErrorCode.UnknownMessageIndex;
    if (startsLater || thrown.code === wasm.DecryptionErrorCode.MissingRoomKey) {
      const { withheldCode, description } = thrown;
      throw new MissingRoomKey(
        `no room key for ${event.event_id}`,
        { withheldCode, startsLater },
        description,
      );
    }
    throw new SottoError("DECRYPT_FAILED", `${event.event_id} cannot be decrypted`, {
      cause: thrown.description,
    });
  }
}

/**
 * The engine draws two shields. The strict one is absent for verified users alone and gives everything else the code
 * of an unverified identity; only the lax one tells a signed device from an unsigned one.
 */
function trustOf(decrypted: wasm.DecryptedRoomEvent): Trust {
  if (decrypted.shieldState(true).color === wasm.ShieldColor.None) return "verified";
  const shield = decrypted.shieldState(false);
  if (shield.color === wasm.ShieldColor.None) return "signed";
  switch (shield.code) {
    case wasm.ShieldStateCode.UnsignedDevice:
      return "unsigned";
    case wasm.ShieldStateCode.VerificationViolation:
    case wasm.ShieldStateCode.MismatchedSender:
      return "violation";
    default:
      return "unknown";
  }
}

const whyUnproven = (decrypted: wasm.DecryptedRoomEvent): Unproven =>
  decrypted.shieldState(false).code === wasm.ShieldStateCode.AuthenticityNotGuaranteed
    ? "key-from-backup"
    : "unknown-device";
