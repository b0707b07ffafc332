import type { UndecryptableKind } from "../../crypto/index.ts";
import type { Fact } from "../../model/facts.ts";
import type { RoomId } from "../../model/ids.ts";
import type { OwnFacts } from "../../model/own-facts.ts";
import type { Account } from "../account.ts";
import type { Asking } from "./asking.ts";

type OwnAccount = Pick<Account, "config" | "crypto" | "store">;

/** Sotto's own state: what its account, its settings and its store say. The homeserver is asked for two of them. */
export async function ownFacts(account: OwnAccount, asking: Asking): Promise<Fact<OwnFacts>> {
  const { config, crypto, store } = account;
  const identity = await asking.fact("our identity", async () => {
    const { exists, deviceSigned, changed, privateKeysHere } = await crypto.identityStatus();
    return { exists, isDeviceSigned: deviceSigned, hasChanged: changed, arePrivateKeysHere: privateKeysHere };
  });
  const backup = await asking.fact("our key backup", async () => {
    const { version, trust, uploading } = await crypto.backup.status();
    if (version === undefined) return null;
    return { version, isTrusted: trust === "our key" || trust === "signed", isInUse: uploading };
  });
  try {
    return {
      value: {
        userId: config.account.userId,
        deviceId: config.account.deviceId,
        identity,
        backup,
        recoveryDrilledMs: { value: store.recovery.lastGoodDrill()?.finishedMs ?? null },
        settings: settingsOf(config),
        withheld: withheldFrom(account),
        held: await crypto.heldRooms(),
        undecryptable: undecryptableIn(account),
        ...outboxCounts(account),
      },
    };
  } catch (thrown) {
    return { unread: `our own store could not be read: ${asking.passing(thrown).message}` };
  }
}

function settingsOf({
  trust,
  rooms,
  rotation,
  signals,
  audio,
  log,
}: Account["config"]): OwnFacts["settings"] {
  const ownRooms = Object.entries(rooms).map(([roomId, { shareWith, acceptFrom, acceptClear }]) => [
    roomId,
    {
      ...(shareWith && { shareWith }),
      ...(acceptFrom && { acceptFrom }),
      ...(acceptClear !== undefined && { acceptClear }),
    },
  ]);
  return {
    shareWith: trust.shareWith,
    acceptFrom: trust.acceptFrom,
    rooms: Object.fromEntries(ownRooms),
    rotation: { maxPeriodMs: rotation.maxPeriod, maxMessages: rotation.maxMessages },
    signals: { typing: signals.typing, receipts: signals.receipts, reactions: signals.reactions },
    requireSandbox: audio.requireSandbox,
    logLevel: log.level,
  };
}

/** Devices that lack the key of the session in use, or of the one that comes next, where that was shared later. */
function withheldFrom({ store }: OwnAccount): OwnFacts["withheld"] {
  return store.rooms.joinedRoomIds().flatMap((roomId) => {
    const inUse = store.sessions.outbound(roomId)?.sessionId;
    const entries = [...(inUse ? store.ledger.entries(inUse) : []), ...store.ledger.entries(roomId)];
    const newest = new Map(entries.map((entry) => [JSON.stringify([entry.userId, entry.deviceId]), entry]));
    return [...newest.values()]
      .filter(({ outcome }) => outcome !== "shared")
      .map(({ userId, deviceId, outcome, atMs }) => ({ roomId, userId, deviceId, code: outcome, atMs }));
  });
}

/** These were decrypted; it is their sender who is not proven. */
const READABLE: ReadonlySet<string> = new Set([
  "key-from-backup",
  "unknown-device",
] satisfies UndecryptableKind[]);

function undecryptableIn({ store }: OwnAccount): Record<RoomId, number> {
  const counts: Record<RoomId, number> = {};
  for (const { roomId, why, events } of store.inbox.reported())
    if (!READABLE.has(why)) counts[roomId] = (counts[roomId] ?? 0) + events;
  return counts;
}

function outboxCounts({ store }: OwnAccount): Pick<OwnFacts, "deadLetters" | "uncertain"> {
  const uncertain = store.jobs.uncertain();
  return { deadLetters: (store.jobs.counts().failed ?? 0) - uncertain, uncertain };
}
