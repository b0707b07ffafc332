import { type RecoverySecret, type Rehearsal, rehearse } from "../../crypto/index.ts";
import { SottoError, toSottoError } from "../../errors.ts";
import {
  createAccountData,
  createBackupServer,
  createContentRepository,
  createKeyServer,
  ownEvents,
  roomEvent,
  type Transport,
} from "../../matrix/index.ts";
import { downloadVerified, readVoiceContent } from "../../media/index.ts";
import type { RoomEvent } from "../../model/event.ts";
import type { DeviceId, EventId, RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import { MAX_ATTACHMENT_BYTES } from "../receiving-policy.ts";
import { type Canary, sendCanary } from "./canary.ts";
import { type DrillCredentials, prepareDevice } from "./drill-device.ts";

export interface DrillRequest {
  secret: RecoverySecret;
  credentials: DrillCredentials;
  /** Plays our newest voice message there; a new one in a room with nobody but us unless told. */
  roomId?: RoomId;
}

export interface DrillResult extends Canary {
  /** Milliseconds since the epoch. */
  finishedMs: number;
  /** Sessions in the key backup, and those that could not be read. */
  sessions: number;
  damaged: number;
  /** Bytes of the recording that was decrypted. */
  size: number;
  /** The throw-away device, which is deleted. */
  deviceId: DeviceId;
}

/** How far back a room is searched for a voice message of ours. */
const LOOKED_BACK = 50;

/**
 * Rehearses recovery: a throw-away device with nothing but the recovery key opens secret storage, takes the identity's
 * keys and the key backup, and plays a voice message of ours. The device is deleted whatever comes of it, and the date
 * is kept. Called again after it was cut off, it takes up the same device and deletes it.
 *
 * @throws SottoError `USAGE` for a room that cannot serve, which is not recorded; `LOGIN_FAILED`, and whatever a real
 * recovery would meet
 */
export async function drill(account: Account, request: DrillRequest): Promise<DrillResult> {
  const { recovery } = account.store;
  if (request.roomId !== undefined) await requireJoined(account, request.roomId);
  const device = await prepareDevice(account, request.credentials);
  const number = recovery.beginDrill(Date.now(), device.deviceId);
  let errorCode: string | undefined;
  let canary: Canary | undefined;
  try {
    try {
      // sent and backed up before there is a device that somebody could share the key with
      canary = request.roomId === undefined ? await sendCanary(account) : undefined;
      await account.backupUploads.flush();
      const transport = await device.logIn();
      const result = await play(account, transport, device.deviceId, request, canary);
      canary = { roomId: result.roomId, eventId: result.eventId };
      return { ...result, finishedMs: Date.now(), deviceId: device.deviceId };
    } finally {
      await device.remove();
      recovery.drillDeviceGone(number);
    }
  } catch (thrown) {
    errorCode = toSottoError(thrown).code;
    throw thrown;
  } finally {
    // a room in which nothing of ours can be played says nothing of a recovery
    if (errorCode === "USAGE") recovery.forgetDrill(number);
    else
      recovery.endDrill(number, {
        finishedMs: Date.now(),
        roomId: canary?.roomId,
        eventId: canary?.eventId,
        errorCode,
      });
  }
}

async function requireJoined({ store, sync }: Account, roomId: RoomId): Promise<void> {
  await sync.toLiveEnd();
  if (store.rooms.get(roomId)?.membership === "join") return;
  throw new SottoError("USAGE", `this account is not in ${roomId}`, {
    cure: "name a room to which it has sent a voice message, or leave --room out",
  });
}

async function play(
  { config }: Account,
  transport: Transport,
  deviceId: DeviceId,
  { secret, roomId }: DrillRequest,
  canary: Canary | undefined,
) {
  const { userId } = config.account;
  const rehearsal = await rehearse({
    userId,
    deviceId,
    keyServer: createKeyServer(transport),
    accountData: createAccountData(transport, userId),
    backupServer: createBackupServer(transport),
  });
  try {
    const { total, damaged } = await rehearsal.restore(secret);
    const found = canary
      ? await playOne(
          rehearsal,
          transport,
          canary.roomId,
          await roomEvent(transport, canary.roomId, canary.eventId),
        )
      : await playNewest(
          rehearsal,
          transport,
          roomId ?? "",
          await ownEvents(transport, roomId ?? "", userId, LOOKED_BACK),
        );
    return { ...found, sessions: total, damaged };
  } finally {
    rehearsal.close();
  }
}

async function playNewest(rehearsal: Rehearsal, transport: Transport, roomId: RoomId, events: RoomEvent[]) {
  let failure: unknown;
  for (const event of events) {
    try {
      return await playOne(rehearsal, transport, roomId, event);
    } catch (thrown) {
      if (!(thrown instanceof NotVoice)) throw thrown;
      failure = thrown;
    }
  }
  throw new SottoError("USAGE", `none of our last messages in ${roomId} is a voice message`, {
    cause: failure,
    cure: "send one there, or leave --room out",
  });
}

class NotVoice extends Error {}

async function playOne(rehearsal: Rehearsal, transport: Transport, roomId: RoomId, event: RoomEvent) {
  const eventId: EventId = event.event_id;
  const voice = readVoiceContent(await rehearsal.decrypt(roomId, event));
  if (!voice?.isVoice || !voice.file) throw voice?.problem ?? new NotVoice(`${eventId} is no voice message`);
  const bytes = await downloadVerified(createContentRepository(transport), voice.file, MAX_ATTACHMENT_BYTES);
  return { roomId, eventId, size: bytes.length };
}
