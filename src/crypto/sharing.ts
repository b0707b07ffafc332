import { SottoError } from "../errors.ts";
import { type RoomId, serverNameOf, type UserId } from "../model/ids.ts";
import type { Delivery } from "../model/job.ts";
import type { RoomRecord } from "../store/index.ts";
import { type Machine, wasm } from "./engine.ts";
import { hasChanged } from "./identity-change.ts";
import { previewExcluded, readDevices, requireOwnSignature, unsoundDevices } from "./member-keys.ts";
import type { RequestPump } from "./requests.ts";
import { ENGINE_MESSAGES, ENGINE_PERIOD_MICROSECONDS } from "./rotation.ts";
import { soundUserIds } from "./user-ids.ts";

/**
 * Who receives room keys: devices their owner has cross-signed (MSC4153, the default), only devices of users we
 * verified, or every device.
 */
export const SHARE_WITH = ["signed", "verified", "all"] as const;
export type ShareWith = (typeof SHARE_WITH)[number];

/** The sharing policy of a room. */
export interface SharingPolicy {
  shareWith: ShareWith;
  /** What to do when some get no key. */
  onExcluded: "send" | "refuse";
  /** What to do when there is someone whom no key of the room was ever shared with. */
  newMembers: "send" | "hold";
}

export interface Share {
  machine: Machine;
  pump: RequestPump;
  room: RoomRecord;
  members: readonly UserId[];
  policy: SharingPolicy;
  /** Nobody has the session's key yet, as far as we know. */
  isFirst: boolean;
  /**
   * Called when nothing stands against the share any more: the engine may begin a new session, also where a device has
   * gone.
   */
  beforeNew(): Promise<void>;
  /** Called as soon as the homeserver has a key, or the word that there is none; durable when it returns. */
  record(deliveries: Delivery[]): void;
}

/** So many are claimed for at once, while the engine encrypts the key for those before them. */
const MEMBERS_IN_A_BATCH = 50;

/**
 * Gives the room's session to every member's device that the policy allows. Throws `IDENTITY_CHANGED`, or under
 * `refuse` `RECIPIENTS_EXCLUDED`; then nothing was claimed for or sent to anybody.
 *
 * @returns the members whose homeserver gave no answer: of them it is known which devices there were before
 */
export async function shareRoomKey(share: Share): Promise<ReadonlySet<UserId>> {
  const { machine, pump, members, policy } = share;
  await machine.updateTrackedUsers(soundUserIds(members));
  await pump.drain();
  await refuseChangedIdentities(machine, members);
  if (policy.shareWith !== "all") await requireOwnSignature(machine);
  const unreachable = new Set(members.filter((userId) => pump.isUnreachable(userId)));
  if (policy.onExcluded === "refuse") {
    const devices = await readDevices(machine, members);
    const excluded = [
      ...previewExcluded(devices, unreachable, policy.shareWith),
      ...unsoundDevices(devices, pump),
    ];
    if (excluded.length > 0) throw excludedError(share, excluded);
  }
  await share.beforeNew();
  if (policy.onExcluded === "refuse") await shareAtOnce(share);
  else await shareInBatches(share, unreachable);
  return unreachable;
}

function batchesOf({ isFirst, members }: Share): UserId[][] {
  const size = isFirst ? MEMBERS_IN_A_BATCH : members.length;
  return Array.from({ length: Math.ceil(members.length / size) }, (_, batch) =>
    members.slice(batch * size, (batch + 1) * size),
  );
}

/**
 * The homeserver looks for one batch's one-time keys while the engine encrypts for the batch before. A session that
 * somebody has is never shared with some of its users only: the engine would take the others for gone, and rotate.
 *
 * @param unreachable grows by those whose homeserver does not answer to a claim
 */
async function shareInBatches(share: Share, unreachable: Set<UserId>): Promise<void> {
  const { machine, room, policy } = share;
  const sent = new Set<string>();
  const sends: Promise<unknown>[] = [];
  const ready: UserId[] = [];
  try {
    for (const batch of [...batchesOf(share), []]) {
      const claiming = claim(share, batch, unreachable);
      claiming.catch(() => undefined); // it is awaited below, whatever happens in between
      sends.push(claiming);
      for (const request of ready.length > 0
        ? await engineShare(machine, room, ready, policy.shareWith)
        : []) {
        // what is still on its way is given again
        if (sent.has(request.txn_id)) continue;
        sent.add(request.txn_id);
        const sending = send(share, request);
        sending.catch(() => undefined);
        sends.push(sending);
      }
      await claiming;
      ready.push(...batch);
    }
  } finally {
    // nothing goes on behind the caller's back
    await Promise.allSettled(sends);
  }
  await Promise.all(sends);
}

/** A homeserver that did not answer is not waited for again: neither after the query nor after a batch before. */
async function claim(
  { pump, members }: Share,
  batch: readonly UserId[],
  unreachable: Set<UserId>,
): Promise<void> {
  const users = batch.filter((userId) => !unreachable.has(userId));
  if (users.length === 0) return;
  const silent = new Set(await pump.claimMissing(() => soundUserIds(users)));
  for (const userId of members) if (silent.has(serverNameOf(userId))) unreachable.add(userId);
}

/** Looks at all that would be sent before any of it is: a device may turn out to have no one-time key. */
async function shareAtOnce(share: Share): Promise<void> {
  const { machine, pump, room, members, policy } = share;
  await pump.claimMissing(() => soundUserIds(members));
  const requests = await engineShare(machine, room, members, policy.shareWith);
  const excluded = requests.flatMap(readDeliveries).filter(({ outcome }) => outcome !== "shared");
  if (excluded.length > 0) {
    await machine.invalidateGroupSession(new wasm.RoomId(room.roomId));
    throw excludedError(share, excluded);
  }
  for (const request of requests) await send(share, request);
}

/** Gives a session to every device of every member, whoever they have become: it will carry nothing secret. */
export async function shareForVerification(
  machine: Machine,
  pump: RequestPump,
  room: RoomRecord,
  members: readonly UserId[],
): Promise<void> {
  await machine.updateTrackedUsers(soundUserIds(members));
  await pump.drain();
  await pump.claimMissing(() => soundUserIds(members));
  for (const request of await engineShare(machine, room, members, "all")) await pump.send(request);
}

const send = ({ pump, record }: Share, request: wasm.ToDeviceRequest): Promise<string> =>
  pump.send(request, () => record(readDeliveries(request)));

async function engineShare(
  machine: Machine,
  room: RoomRecord,
  members: readonly UserId[],
  shareWith: ShareWith,
): Promise<wasm.ToDeviceRequest[]> {
  const settings = new wasm.EncryptionSettings();
  settings.sharingStrategy = strategy(shareWith);
  settings.rotationPeriodMessages = ENGINE_MESSAGES;
  settings.rotationPeriod = ENGINE_PERIOD_MICROSECONDS;
  settings.historyVisibility = historyVisibility(room.historyVisibility);
  try {
    return await machine.shareRoomKey(new wasm.RoomId(room.roomId), soundUserIds(members), settings);
  } catch (cause) {
    if (!OWN_IDENTITY_MISSING.test(String(cause))) throw cause;
    throw new SottoError("IDENTITY_NOT_READY", "this device is not signed by its account's identity", {
      cause,
    });
  }
}

/** How the engine says that the strategy needs an identity of our own; it has words for it and no code. */
const OWN_IDENTITY_MISSING = /cross-signing is not set up|device is not verified/i;

/**
 * The engine shares with a swapped identity under every strategy, so Sotto asks first. Throws `IDENTITY_CHANGED` and
 * names the users; nothing is pinned anew by itself.
 */
export async function refuseChangedIdentities(machine: Machine, members: readonly UserId[]): Promise<void> {
  const changed: UserId[] = [];
  for (const userId of members) if (await hasChanged(machine, userId)) changed.push(userId);
  if (changed.length === 0) return;
  const own = machine.userId.toString();
  if (changed.includes(own)) {
    throw new SottoError("IDENTITY_CHANGED", `the homeserver shows another identity of ${own}, our own`, {
      cure: "if you have reset it, run `sotto identity bootstrap` with its --recovery-key-file; if nobody has, do not trust this homeserver",
    });
  }
  throw new SottoError("IDENTITY_CHANGED", `the identity of ${changed.join(", ")} has changed`);
}

export const memberNotAccepted = (roomId: RoomId, strangers: readonly UserId[]): SottoError =>
  new SottoError("MEMBER_NOT_ACCEPTED", `nobody has accepted ${strangers.join(", ")} in ${roomId}`);

function excludedError({ room }: Share, excluded: readonly Delivery[]): SottoError {
  const named = excluded.map(
    ({ userId, deviceId, outcome }) => `${userId}${deviceId === null ? "" : ` ${deviceId}`} (${outcome})`,
  );
  return new SottoError(
    "RECIPIENTS_EXCLUDED",
    `in ${room.roomId} these would get no key: ${named.join(", ")}`,
  );
}

function strategy(shareWith: ShareWith): wasm.CollectStrategy {
  switch (shareWith) {
    case "signed":
      return wasm.CollectStrategy.identityBasedStrategy();
    case "verified":
      return wasm.CollectStrategy.onlyTrustedDevices();
    case "all":
      return wasm.CollectStrategy.allDevices();
  }
}

function historyVisibility(name: string): wasm.HistoryVisibility {
  switch (name) {
    case "invited":
      return wasm.HistoryVisibility.Invited;
    case "shared":
      return wasm.HistoryVisibility.Shared;
    case "world_readable":
      return wasm.HistoryVisibility.WorldReadable;
    default:
      return wasm.HistoryVisibility.Joined;
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid */
function readDeliveries({ event_type: eventType, body }: wasm.ToDeviceRequest): Delivery[] {
  const { messages } = JSON.parse(body) as { messages: Record<UserId, Record<string, { code?: string }>> };
  return Object.entries(messages).flatMap(([userId, devices]) =>
    Object.entries(devices).map(([deviceId, content]) => ({
      userId,
      deviceId,
      outcome: eventType === "m.room_key.withheld" ? (content.code ?? "m.unavailable") : "shared",
    })),
  );
}
