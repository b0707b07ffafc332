import { type Crypto, type OurSigner, type PublishedKeys, readPublishedKeys } from "../../crypto/index.ts";
import { SottoError } from "../../errors.ts";
import { publishedKeysOf } from "../../matrix/facts/index.ts";
import type { Transport } from "../../matrix/index.ts";
import type { Fact, IdentityFacts, UserFacts } from "../../model/facts.ts";
import { type RoomId, serverNameOf, type UserId } from "../../model/ids.ts";
import type { RoomFacts } from "../../model/room-facts.ts";
import type { Store } from "../../store/index.ts";
import { adminFactsOf, NOT_ASKED, type UserOfAdmin, withAdminDevices } from "./admin-users.ts";
import { type Asking, unreadBecause } from "./asking.ts";
import { MAX_AGE_MS } from "./rooms.ts";

export interface UserSources {
  asking: Asking;
  store: Pick<Store, "rooms" | "facts">;
  crypto: Pick<Crypto, "rememberedIdentity" | "ourSigner">;
  transport: Transport;
  admin: Transport | undefined;
  ownUserId: UserId;
  isCurrent: boolean;
}

/** Users in one `/keys/query`. */
const BATCH = 250;

/** What is kept of a user from one audit to the next. */
interface KeptUser {
  readMs: number;
  /** Whose signature was looked for. */
  signer: string | null;
  keys: PublishedKeys;
}

/** Everyone in the rooms, or invited to them; in the order of their IDs. */
export async function readUsers(sources: UserSources, rooms: readonly RoomFacts[]): Promise<UserFacts[]> {
  const roomsOf = membersOf(rooms);
  const userIds = [...roomsOf.keys()].sort();
  const ours = await sources.crypto.ourSigner();
  const keys = await readKeys(sources, userIds, toldOf(sources, rooms), ours);
  const ofAdmin = new Map<UserId, UserOfAdmin>();
  const { admin, asking, ownUserId } = sources;
  if (admin) {
    const local = userIds.filter((userId) => serverNameOf(userId) === serverNameOf(ownUserId));
    await asking.each(local, async (userId) => {
      ofAdmin.set(userId, await adminFactsOf(admin, asking, userId));
    });
  }
  const users: UserFacts[] = [];
  for (const userId of userIds) {
    const read = keys.get(userId) ?? { unread: `the keys of ${userId} were not asked for` };
    const more = ofAdmin.get(userId);
    const remembered = await sources.crypto.rememberedIdentity(userId);
    const identity = identityOf(sources, userId, read, remembered, ours);
    users.push({
      userId,
      rooms: roomsOf.get(userId) ?? [],
      identity,
      ...(remembered && "value" in identity && identity.value === null && { lost: lostOf(remembered) }),
      devices: withAdminDevices("unread" in read ? read : { value: read.value.devices }, more?.devices),
      account: more?.account ?? (admin ? elsewhere(userId) : NOT_ASKED),
    });
  }
  return users;
}

const elsewhere = (userId: UserId) =>
  ({ unread: `${userId} is of another homeserver, which alone knows the account`, notAsked: true }) as const;

function membersOf(rooms: readonly RoomFacts[]): Map<UserId, RoomId[]> {
  const roomsOf = new Map<UserId, RoomId[]>();
  for (const { roomId, state } of rooms) {
    for (const { userId, membership } of "value" in state ? state.value.members : []) {
      if (membership === "knock") continue;
      const known = roomsOf.get(userId);
      if (known) known.push(roomId);
      else roomsOf.set(userId, [roomId]);
    }
  }
  return roomsOf;
}

/**
 * Of whom sync tells when their devices change: who shares an encrypted room with us, and has joined it. Of ourselves it
 * need not. https://spec.matrix.org/v1.19/client-server-api/#tracking-the-device-list-for-a-user
 */
function toldOf({ store, isCurrent, ownUserId }: UserSources, rooms: readonly RoomFacts[]): Set<UserId> {
  const told = new Set<UserId>();
  if (!isCurrent) return told;
  for (const { roomId, state } of rooms) {
    if (!("value" in state) || state.value.encryption === null) continue;
    if (store.rooms.get(roomId)?.membership !== "join") continue;
    for (const { userId, membership } of state.value.members) if (membership === "join") told.add(userId);
  }
  told.delete(ownUserId);
  return told;
}

async function readKeys(
  sources: UserSources,
  userIds: readonly UserId[],
  told: ReadonlySet<UserId>,
  ours: OurSigner | undefined,
): Promise<Map<UserId, Fact<PublishedKeys>>> {
  const { store, asking } = sources;
  const keys = new Map<UserId, Fact<PublishedKeys>>();
  const signer = ours?.userSigningKey ?? null;
  for (const userId of userIds) {
    const json = told.has(userId) ? store.facts.get("user", userId) : undefined;
    const kept = json === undefined ? undefined : (JSON.parse(json) as KeptUser);
    const isYoung = Math.abs(Date.now() - (kept?.readMs ?? 0)) < MAX_AGE_MS;
    if (isYoung && kept?.signer === signer) keys.set(userId, { value: kept.keys });
  }
  const missing = userIds.filter((userId) => !keys.has(userId));
  const batches: UserId[][] = [];
  for (let at = 0; at < missing.length; at += BATCH) batches.push(missing.slice(at, at + BATCH));
  const readBatch = async (batch: readonly UserId[]): Promise<void> => {
    const changes = new Map(batch.map((userId) => [userId, store.facts.changes("user", userId)]));
    const answered = await ask(sources, batch);
    if (!answered) {
      // one user must not keep the others from being read
      const half = Math.ceil(batch.length / 2);
      await readBatch(batch.slice(0, half));
      return readBatch(batch.slice(half));
    }
    for (const userId of batch) {
      const fact = answered(userId, ours);
      keys.set(userId, fact);
      const before = changes.get(userId);
      if (!("value" in fact) || !told.has(userId) || !before) continue;
      const kept: KeptUser = { readMs: Date.now(), signer, keys: fact.value };
      store.facts.put("user", userId, before, JSON.stringify(kept));
    }
  };
  await asking.each(batches, readBatch);
  return keys;
}

type Answered = (userId: UserId, ours: OurSigner | undefined) => Fact<PublishedKeys>;

/** Undefined where it should be tried with fewer users. */
async function ask(
  { asking, transport }: UserSources,
  batch: readonly UserId[],
): Promise<Answered | undefined> {
  const attempt = await asking.attempt((manner) => publishedKeysOf(transport, batch, manner()));
  const unread = (userId: UserId, failure: SottoError) => ({
    unread: unreadBecause(`the keys of ${userId}`, failure),
  });
  if ("failure" in attempt) {
    const { failure } = attempt;
    if (failure.code === "HOMESERVER_ERROR" && batch.length > 1) return undefined;
    return (userId) => unread(userId, failure);
  }
  const { answer, unreachable } = attempt.value;
  return (userId, ours) => {
    const server = serverNameOf(userId);
    if (unreachable.has(server))
      return unread(userId, new SottoError("TIMEOUT", `${server} did not answer our homeserver`));
    const keys = readPublishedKeys(answer, userId, ours);
    return keys === undefined
      ? unread(userId, new SottoError("HOMESERVER_ERROR", "the homeserver's answer leaves them out"))
      : { value: keys };
  };
}

const NOT_PROVEN = "our own identity is not proven on this device: see `sotto identity status`";

type Remembered = Awaited<ReturnType<UserSources["crypto"]["rememberedIdentity"]>>;

const lostOf = ({ isVerified, wasVerified }: NonNullable<Remembered>): UserFacts["lost"] =>
  isVerified || wasVerified ? "verified" : "known";

function identityOf(
  { ownUserId }: UserSources,
  userId: UserId,
  keys: Fact<PublishedKeys>,
  remembered: Remembered,
  ours: OurSigner | undefined,
): UserFacts["identity"] {
  if ("unread" in keys) return keys;
  if (keys.value.identity === null) return { value: null };
  const { masterKey, isConsistent, isSignedByUs } = keys.value.identity;
  const isKnown = remembered?.masterKey === masterKey;
  const isVerified = userId === ownUserId ? isKnown && remembered.isVerified : isSignedByUs;
  let change: IdentityFacts["change"];
  if (remembered === undefined)
    change = {
      unread: `no identity of ${userId} was pinned: they share no encrypted room with this account`,
    };
  else if (isKnown) change = { value: remembered.change };
  else change = { value: remembered.wasVerified ? "changed-after-verification" : "changed" };
  return {
    value: {
      masterKey,
      isConsistent,
      isVerifiedByUs: ours === undefined ? { unread: NOT_PROVEN } : { value: isVerified },
      change,
    },
  };
}
