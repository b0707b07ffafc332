import { readPublishedKeys } from "../../crypto/index.ts";
import { SottoError } from "../../errors.ts";
import { adminDevices, publishedKeysOf } from "../../matrix/facts/index.ts";
import { accountStanding, hasProfile, type Transport } from "../../matrix/index.ts";
import type { Fact } from "../../model/facts.ts";
import { isRoomId, type RoomId, serverNameOf, type UserId } from "../../model/ids.ts";
import type {
  AccountState,
  KeysOfMember,
  RoomOfTeam,
  Team,
  TeamFacts,
  TeamMembership,
} from "../../model/team.ts";
import type { Account } from "../account.ts";
import { type Asking, unreadBecause } from "../audit/asking.ts";
import { roomsByMarker } from "../enforce/make-room.ts";
import { successorOf } from "../enforce/replace.ts";

/** What a room of a team is known by in its creation, and in our store. */
export const markerOf = (team: string, room: string): string => `team ${team} ${room}`;

const NO_SESSIONS = {
  unread: "only the admin API shows logins without keys: give --admin-token-file",
  notAsked: true,
} as const;

/** Reads what a team's plan is made of, and changes nothing on the homeserver. */
export async function readTeam(
  account: Account,
  team: Team,
  asking: Asking,
  admin: Transport | undefined,
): Promise<TeamFacts> {
  const { userId: own } = account.config.account;
  const members = team.members.map(({ userId }) => userId);
  const accounts: TeamFacts["accounts"] = {};
  const sessions: TeamFacts["sessions"] = {};
  await asking.each(members, async (userId) => {
    const state = await asking.fact(`the account of ${userId}`, () =>
      accountState(account.transport, admin, userId, own),
    );
    accounts[userId] = state;
    const isHere = "value" in state && state.value === "here";
    sessions[userId] =
      admin && isHere
        ? await asking.fact(
            `the sessions of ${userId}`,
            async (manner) =>
              (await adminDevices(admin, userId, manner())).filter(({ isDehydrated }) => !isDehydrated)
                .length,
          )
        : NO_SESSIONS;
  });
  const roomIds = await findRooms(account, team);
  const rooms: RoomOfTeam[] = [];
  for (const { key, members: wanted } of team.rooms) {
    const found = roomIds.get(key);
    if (found === undefined) {
      rooms.push({ key, roomId: null });
      continue;
    }
    const { roomId } = found;
    const closed = isEvacuated(account, roomId) ? "the room is evacuated" : found.closed;
    rooms.push({
      ...{ key, roomId },
      name: await asking.fact(`the name of ${roomId}`, () => nameOf(account, roomId)),
      memberships: await asking.fact(`the members of ${roomId}`, () =>
        membershipsOf(account, roomId, wanted),
      ),
      ...(closed !== undefined && { closed }),
    });
  }
  const keys = await readKeys(account, members, asking);
  for (const userId of admin ? [] : members)
    if (isMissing(accounts[userId]!) && isSeen(userId, keys[userId]!, rooms))
      accounts[userId] = { value: "here" };
  return {
    by: own,
    masterKey: await ownMasterKey(account),
    ...{ accounts, sessions, rooms },
    others: otherRooms(account, team),
    keys,
  };
}

const isMissing = (account: Fact<AccountState>): boolean => "value" in account && account.value === "missing";

/** Who shows neither name nor picture looks in Synapse's answer as if they had no account. */
const isSeen = (userId: UserId, keys: Fact<KeysOfMember>, rooms: readonly RoomOfTeam[]): boolean =>
  ("value" in keys && keys.value.devices.length > 0) ||
  rooms.some(
    (room) =>
      room.roomId !== null && "value" in room.memberships && room.memberships.value[userId] === "join",
  );

async function nameOf({ rooms }: Account, roomId: RoomId): Promise<string | null> {
  const name = (await rooms.state(roomId, "m.room.name"))?.name;
  return typeof name === "string" ? name : null;
}

const isEvacuated = ({ store }: Account, roomId: RoomId): boolean =>
  store.stoppedRooms.of(roomId).some(({ because }) => because === "evacuated");

function otherRooms({ store }: Account, { team, rooms }: Team): TeamFacts["others"] {
  const prefix = markerOf(team, "");
  const keys = store.madeRooms.keys(prefix).map((marker) => marker.slice(prefix.length));
  return keys
    .filter((key) => !rooms.some((room) => room.key === key))
    .flatMap((key) => {
      const roomId = store.madeRooms.get(markerOf(team, key))?.roomId;
      const isHere = roomId !== undefined && store.rooms.get(roomId)?.membership === "join";
      return isHere ? [{ key, roomId }] : [];
    });
}

async function ownMasterKey({ crypto, config }: Account): Promise<string | null> {
  if ((await crypto.ourSigner()) === undefined) return null;
  return (await crypto.rememberedIdentity(config.account.userId))?.masterKey ?? null;
}

async function accountState(
  transport: Transport,
  admin: Transport | undefined,
  userId: UserId,
  own: UserId,
): Promise<AccountState> {
  if (serverNameOf(userId) !== serverNameOf(own)) return "elsewhere";
  if (admin) return (await accountStanding(admin, userId)) ?? "missing";
  return (await hasProfile(transport, userId)) ? "here" : "missing";
}

/** A room that is there, and why nothing is done in it, if so. */
interface Found {
  roomId: RoomId;
  closed?: string;
}

/** By the store; by what stands in their creation where the store has lost or never known them. */
async function findRooms(account: Account, { team, rooms }: Team): Promise<Map<string, Found>> {
  const { madeRooms } = account.store;
  const found = new Map<string, Found>();
  let marked: Map<string, RoomId[]> | undefined;
  for (const { key } of rooms) {
    const marker = markerOf(team, key);
    let roomId = madeRooms.get(marker)?.roomId;
    if (roomId === undefined) {
      // what was begun is for whoever makes it: it may be half made
      if (madeRooms.get(marker)) continue;
      marked ??= await roomsByMarker(account);
      roomId = marked.get(marker)?.[0];
    }
    if (roomId === undefined) continue;
    const current = await currentOf(account, roomId);
    if (madeRooms.get(marker)?.roomId !== current.roomId)
      madeRooms.made(marker, { marker, roomId: current.roomId });
    found.set(key, current);
  }
  return found;
}

/** The room, or the one that we have put in its place; what somebody else has put there is none of the team's. */
async function currentOf(account: Account, roomId: RoomId): Promise<Found> {
  const passed = new Set<RoomId>();
  for (let current = roomId; ; ) {
    passed.add(current);
    const next = await successorOf(account, current).catch(ignoreNotJoined);
    if (next === undefined || passed.has(next)) return { roomId: current };
    const created = isRoomId(next) ? await account.rooms.creation(next).catch(ignoreNotJoined) : undefined;
    const isOurs = created?.creator === account.config.account.userId && created.predecessor === current;
    if (!isOurs) return { roomId: current, closed: "somebody else has replaced the room" };
    current = next;
  }
}

function ignoreNotJoined(thrown: unknown): undefined {
  if (thrown instanceof SottoError && thrown.code === "ROOM_NOT_JOINED") return undefined;
  throw thrown;
}

async function membershipsOf(
  { rooms }: Account,
  roomId: RoomId,
  wanted: readonly UserId[],
): Promise<Record<UserId, TeamMembership>> {
  const memberships: Record<UserId, TeamMembership> = {};
  for (const { userId, membership } of await rooms.members(roomId)) memberships[userId] = membership;
  for (const userId of wanted.filter((user) => memberships[user] === undefined)) {
    const member = await rooms.state(roomId, "m.room.member", userId);
    memberships[userId] = ABSENT.find((known) => known === member?.membership) ?? "none";
  }
  return memberships;
}

const ABSENT = ["knock", "ban", "leave"] as const;
const NOT_PROVEN = "our own identity is not proven on this device: see `sotto identity status`";

async function readKeys(
  { transport, crypto }: Account,
  members: readonly UserId[],
  asking: Asking,
): Promise<TeamFacts["keys"]> {
  const ours = await crypto.ourSigner();
  const attempt = await asking.attempt((manner) => publishedKeysOf(transport, members, manner()));
  return Object.fromEntries(
    members.map((userId): [UserId, Fact<KeysOfMember>] => {
      const what = `the keys of ${userId}`;
      if ("failure" in attempt) return [userId, { unread: unreadBecause(what, attempt.failure) }];
      const { answer, unreachable } = attempt.value;
      const server = serverNameOf(userId);
      if (unreachable.has(server))
        return [userId, { unread: `${what} could not be read: ${server} did not answer our homeserver` }];
      const published = readPublishedKeys(answer, userId, ours);
      if (!published) return [userId, { unread: `${what} could not be read: no answer about them` }];
      const { identity, devices } = published;
      const masterKey = identity?.isConsistent ? identity.masterKey : null;
      return [
        userId,
        {
          value: {
            masterKey,
            devices: devices
              .filter(({ isDehydrated }) => !isDehydrated)
              .map(({ deviceId, isCrossSigned }) => ({ deviceId, isSigned: isCrossSigned })),
            verifiedByUs: ours ? { value: identity?.isSignedByUs === true } : { unread: NOT_PROVEN },
          },
        },
      ];
    }),
  );
}
