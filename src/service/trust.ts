import { roomTrust } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { Account } from "./account.ts";

/** A user as a person must see them before they are accepted. */
export interface TrustStatus {
  userId: UserId;
  /** The fingerprint: the identity's public master key, unpadded base64. Null where the user has no identity. */
  masterKey: string | null;
  /** Another identity than the one we knew: every room they are in is held. */
  identityChanged: boolean;
  /** We verified it, or the one before it; accepting it gives that up. */
  wasVerified: boolean;
  /** Rooms to which they came, or came again, and where nobody has accepted them. */
  newIn: RoomId[];
}

/** `sotto.trust`: see {@link trustStatus} and {@link acceptUser}. */
export interface SottoTrust {
  status(userId: UserId, room?: RoomId): Promise<TrustStatus>;
  accept(accepted: { userId: UserId; fingerprint: string; room?: RoomId }): Promise<TrustStatus>;
}

export const trustDoor = (account: Account): SottoTrust => ({
  status: (userId, room) => trustStatus(account, userId, room),
  accept: (accepted) => acceptUser(account, accepted),
});

/** Stands for the fingerprint of a user who has no identity. */
export const NO_IDENTITY = "none";

/** @throws SottoError `USER_UNKNOWN` for who is in none of our encrypted rooms, or not in the one named */
export async function trustStatus(account: Account, userId: UserId, room?: RoomId): Promise<TrustStatus> {
  const rooms = await roomsShared(account, userId, room);
  const { masterKey, changed, wasVerified } = await account.crypto.userIdentity(userId);
  const { ledger } = account.store;
  return {
    userId,
    masterKey: masterKey ?? null,
    identityChanged: changed,
    wasVerified,
    newIn: rooms
      .filter((roomId) => roomTrust(account.config, roomId).newMembers === "hold")
      .filter((roomId) => (ledger.newMembers(roomId, [userId]) ?? []).length > 0),
  };
}

/**
 * A person has compared the fingerprint. What waits for that is sent.
 *
 * @param fingerprint the master key that was shown; `none` where there was none
 * @throws SottoError `FINGERPRINT_MISMATCH` if the homeserver shows another one by now
 */
export async function acceptUser(
  account: Account,
  { userId, fingerprint, room }: { userId: UserId; fingerprint: string; room?: RoomId },
): Promise<TrustStatus> {
  const status = await trustStatus(account, userId, room);
  if (fingerprint !== (status.masterKey ?? NO_IDENTITY)) {
    const shown = status.masterKey === null ? "is not there" : `is ${status.masterKey}`;
    throw new SottoError("FINGERPRINT_MISMATCH", `the master key of ${userId} ${shown}`);
  }
  if (status.identityChanged) await account.crypto.acceptIdentity(userId, fingerprint);
  // whoever has left meanwhile is a stranger again
  const present = new Set(account.store.rooms.roomsOf(userId));
  for (const roomId of status.newIn)
    if (present.has(roomId)) account.store.ledger.know(roomId, [userId], Date.now());
  void account.outbox.resume();
  account.lookAgain(userId);
  return status;
}

async function roomsShared({ store, sync }: Account, userId: UserId, room?: RoomId): Promise<RoomId[]> {
  await sync.toLiveEnd();
  const rooms = store.rooms
    .roomsOf(userId)
    .filter((roomId) => store.rooms.get(roomId)?.membership === "join")
    .filter((roomId) => room === undefined || roomId === room);
  if (rooms.length > 0) return rooms;
  throw new SottoError("USER_UNKNOWN", `${userId} is not in ${room ?? "any room of this account"}`);
}
