/**
 * Why the room key of an event is not what it should be. The first five have no key that fits; with the last two the
 * event can be read, but nothing proves who wrote it.
 */
export type UndecryptableKind =
  | "no-key-yet"
  | "withheld"
  | "key-from-later"
  | "before-this-device"
  | "backup-off"
  | "key-from-backup"
  | "unknown-device";

/** What an engine that cannot decrypt an event says of its room key. */
export interface MissingKey {
  /** https://spec.matrix.org/v1.19/client-server-api/#mroom_keywithheld */
  withheldCode: string | undefined;
  /** There is a key of this session, but of a later message index. */
  startsLater: boolean;
}

export interface KeyCircumstances {
  /** Milliseconds since the epoch, by the sender's homeserver. */
  sentMs: number;
  /** Since when this device's store exists; undefined where it is older than this record. */
  deviceSinceMs: number | undefined;
  /** The private key of the account's key backup is here. */
  canReadBackup: boolean;
}

export function classifyMissingKey(
  { withheldCode, startsLater }: MissingKey,
  { sentMs, deviceSinceMs, canReadBackup }: KeyCircumstances,
): UndecryptableKind {
  if (withheldCode !== undefined) return "withheld";
  if (startsLater) return "key-from-later";
  if (deviceSinceMs === undefined || sentMs >= deviceSinceMs) return "no-key-yet";
  return canReadBackup ? "before-this-device" : "backup-off";
}

/** For an operator: what is the matter, and what to do about it. */
export interface Explanation {
  sentence: string;
  cure: string;
}

/** @param withheldCode for `withheld` */
export function explain(kind: UndecryptableKind, withheldCode?: string): Explanation {
  if (kind !== "withheld") return EXPLANATIONS[kind];
  const [why, cure] = WITHHELD.get(withheldCode ?? "") ?? ["it gives a reason that Sotto does not know", ASK];
  return { sentence: `the sender's device keeps the room key from this one: ${why} (${withheldCode})`, cure };
}

const ASK = "ask the sender to send it again; it is handed on too if its key still comes";

const EXPLANATIONS: Record<Exclude<UndecryptableKind, "withheld">, Explanation> = {
  "no-key-yet": {
    sentence: "its room key has not come, and the key backup does not have it",
    cure: "nothing need be done: it is handed on when the key comes; if it never does, ask the sender to send it again",
  },
  "key-from-later": {
    sentence: "the sender's device gave this one the room key for later messages only",
    cure: "ask the sender to send it again; a key in the backup that begins earlier is taken too",
  },
  "before-this-device": {
    sentence: "it is older than this device, and the key backup does not have its room key",
    cure: "open the account on a device that can read it and let that device upload to the key backup",
  },
  "backup-off": {
    sentence: "it is older than this device, which cannot read a key backup",
    cure: "run `sotto recovery restore` with the recovery key, which opens the backup; `sotto recovery status` shows it",
  },
  "key-from-backup": {
    sentence: "it can be read, but nothing proves who sent it: its room key came from a backup",
    cure: "to have such messages handed on, those that wait too, set acceptFrom: all for this room under rooms in the config and start again; that lets unsigned devices through as well",
  },
  "unknown-device": {
    sentence:
      "it can be read, but nothing proves who sent it: its sender does not show the device it came from",
    cure: "ask the sender to send it again from a device that they have now; or set acceptFrom: all for this room under rooms in the config and start again, which lets unsigned devices through as well",
  },
};

/** https://spec.matrix.org/v1.19/client-server-api/#mroom_keywithheld */
const WITHHELD = new Map<string, readonly [why: string, cure: string]>([
  [
    "m.unverified",
    [
      "it gives none to devices that are not verified",
      "run `sotto identity status`: this device must be signed; some senders must also verify this account (`sotto verify USER`)",
    ],
  ],
  [
    "m.blacklisted",
    ["its owner has blocked this device", "ask the sender to unblock it, then to send it again"],
  ],
  ["m.unauthorised", ["it says that this account may not read the message", ASK]],
  ["m.unavailable", ["it does not have the key any more", ASK]],
  ["m.no_olm", ["it could not open a secure channel to this one", ASK]],
  ["m.history_not_shared", ["the message was not meant for members who came later", ASK]],
]);
