import { isListed, memberReader } from "../../matrix/facts/index.ts";
import type { DeviceFacts, Fact, Facts, UserFacts } from "../../model/facts.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import type { RoomFacts, RoomState } from "../../model/room-facts.ts";
import type { Account } from "../account.ts";
import type { Asking } from "../audit/asking.ts";
import { readUsers } from "../audit/users.ts";
import type { Seen } from "./judge.ts";

/** What a look at what has changed gives. */
export interface LiveLook {
  seen: Seen[];
  /** What could not be read of it: to be looked at again. */
  unread: string[];
}

/**
 * What was read last of every room and user. One that has changed is read again by itself, and judged beside the others as
 * they were.
 */
export class Picture {
  readonly #account: Account;
  #whole: Omit<Facts, "rooms" | "users">;
  #rooms = new Map<RoomId, LastRoom>();
  #users = new Map<UserId, UserFacts>();

  /** @param before - what was known before all was looked at */
  constructor(account: Account, { rooms, users, ...whole }: Facts, before?: Picture) {
    this.#account = account;
    this.#whole = whole;
    for (const { roomId, state, isListed } of rooms) {
      if (!this.#isJoined(roomId)) continue;
      const last = "unread" in state ? before?.lastOf(roomId) : undefined;
      this.#rooms.set(roomId, last ?? new LastRoom(roomId, state, isListed));
    }
    for (const user of users) this.#users.set(user.userId, user);
  }

  lastOf = (roomId: RoomId): LastRoom | undefined => this.#rooms.get(roomId);

  /** @param changed - rooms and users */
  async look(changed: ReadonlySet<string>, asking: Asking): Promise<LiveLook> {
    const collectedMs = Date.now();
    const rooms = [...changed].filter((id) => id.startsWith("!"));
    const people = new Set([...changed].filter((id) => id.startsWith("@")));
    for (const roomId of rooms) for (const userId of this.#membersOf(roomId)) people.add(userId);
    const now = new Map<RoomId, LastRoom>();
    await asking.each(rooms, async (roomId) => {
      const room = await this.#readRoom(roomId, asking);
      if (room) now.set(roomId, room);
    });
    for (const roomId of rooms) for (const userId of this.#membersOf(roomId)) people.add(userId);
    const users = await this.#readUsers(people, asking);
    const common = { ...this.#whole, collectedMs, scope: "member" as const, own: NOT_NOW };
    const here = [...this.#rooms.values()];
    const concerned = this.#concerned(rooms).map((room) => now.get(room.roomId) ?? room);
    const looked = new Set([
      ...[...rooms, ...concerned.map(({ roomId }) => roomId)],
      ...users.map(({ userId }) => userId),
      ...[...people].filter((userId) => isNowhere(this.#account, userId)),
    ]);
    const wasLookedAt = (id: string): boolean => looked.has(id);
    return {
      seen: [
        { facts: { ...common, rooms: concerned, users: [] }, about: ["room"], wasLookedAt },
        { facts: { ...common, rooms: here, users }, about: ["user"], wasLookedAt },
      ],
      unread: unreadIn([...now.values()], users),
    };
  }

  #isJoined = (roomId: RoomId): boolean => this.#account.store.rooms.get(roomId)?.membership === "join";

  #membersOf(roomId: RoomId): UserId[] {
    const state = this.#rooms.get(roomId)?.state;
    return state && "value" in state ? state.value.members.map(({ userId }) => userId) : [];
  }

  /** Who is in a room that cannot be read now is, for all that is known, who was. Undefined where we are not in it. */
  async #readRoom(roomId: RoomId, asking: Asking): Promise<LastRoom | undefined> {
    const last = this.#rooms.get(roomId);
    if (!this.#isJoined(roomId)) {
      this.#rooms.delete(roomId);
      return undefined;
    }
    const { transport } = this.#account;
    const state = await asking.fact(`the state of ${roomId}`, (manner) =>
      memberReader(transport).state(roomId, manner),
    );
    // nothing tells when it changes
    const listed =
      last && "value" in last.isListed
        ? last.isListed
        : await asking.fact(`whether the public directory shows ${roomId}`, (manner) =>
            isListed(transport, roomId, manner()),
          );
    const room = new LastRoom(roomId, state, listed);
    if ("value" in state || !last) this.#rooms.set(roomId, room);
    return room;
  }

  /** Those who are in a room still. */
  async #readUsers(people: ReadonlySet<UserId>, asking: Asking): Promise<UserFacts[]> {
    const { store, crypto, transport, config } = this.#account;
    const theirs = [...this.#rooms.values()].flatMap((room) => room.onlyWith(people));
    const sources = { asking, store, crypto, transport, admin: undefined, isCurrent: true };
    const read = await readUsers({ ...sources, ownUserId: config.account.userId }, theirs);
    const users = read.map((user) => withAdminFacts(user, this.#users.get(user.userId)));
    for (const userId of people) this.#users.delete(userId);
    for (const user of users) this.#users.set(user.userId, user);
    return users;
  }

  /** With the rooms through which people come into them, and those into which people come through them. */
  #concerned(changed: readonly RoomId[]): LastRoom[] {
    const leadInto = [...this.#rooms.values()].filter((room) =>
      room.through.some((roomId) => changed.includes(roomId)),
    );
    const concerned = new Set([...changed, ...leadInto.map(({ roomId }) => roomId)]);
    for (const roomId of concerned)
      for (const through of this.#rooms.get(roomId)?.through ?? []) concerned.add(through);
    return [...concerned].map((roomId) => this.#rooms.get(roomId)).filter((room) => room !== undefined);
  }
}

/** What could not be read, and is worth another look. */
export const unreadIn = (
  rooms: readonly Pick<RoomFacts, "roomId" | "state">[],
  users: readonly UserFacts[],
): string[] => [
  ...rooms.filter(({ state }) => "unread" in state).map(({ roomId }) => roomId),
  ...users.filter(({ devices }) => "unread" in devices).map(({ userId }) => userId),
];

/**
 * What a look at all says something of: what was read, and what is nowhere any more. Whoever is only in a room that could
 * not be read is not among the facts, and is not nowhere.
 */
export function whatWasLookedAt(account: Account, { rooms, users, scope }: Facts): (id: string) => boolean {
  const read = new Set([...rooms.map(({ roomId }) => roomId), ...users.map(({ userId }) => userId)]);
  const isWhole = rooms.every(({ state }) => "value" in state);
  const seesAll = account.config.patrol?.adminTokenFile !== undefined;
  return (id) => {
    if (read.has(id)) return true;
    if (!seesAll) return isNowhere(account, id);
    return scope === "admin" && (isWhole || id.startsWith("!"));
  };
}

/** By what sync has told: a room that we are not in, somebody with whom we share none. */
function isNowhere({ store }: Account, id: RoomId | UserId): boolean {
  const rooms = id.startsWith("!") ? [id] : store.rooms.roomsOf(id);
  return rooms.every((roomId) => store.rooms.get(roomId)?.membership !== "join");
}

const NOT_NOW = { unread: "our own state is looked at when all is", notAsked: true } as const;

/** A room without its past: a rule that asks for that fails, and has then said nothing of the room. */
class LastRoom implements RoomFacts {
  readonly roomId: RoomId;
  readonly state: Fact<RoomState>;
  readonly isListed: Fact<boolean>;

  constructor(roomId: RoomId, state: Fact<RoomState>, listed: Fact<boolean>) {
    this.roomId = roomId;
    this.state = state;
    this.isListed = listed;
  }

  get timeline(): never {
    throw new Error("the past is read when all is looked at");
  }
  get clearMedia(): never {
    throw new Error("media are read when all is looked at");
  }

  /** The rooms whose members may join. */
  get through(): readonly RoomId[] {
    return "value" in this.state ? this.state.value.joinRule.allowedRooms : [];
  }

  /** With these members alone; nothing where none of them is here. */
  onlyWith(people: ReadonlySet<UserId>): LastRoom[] {
    if (!("value" in this.state)) return [];
    const members = this.state.value.members.filter(({ userId }) => people.has(userId));
    if (members.length === 0) return [];
    return [new LastRoom(this.roomId, { value: { ...this.state.value, members } }, this.isListed)];
  }
}

/** What only the admin API tells stays as it was when all was looked at. */
function withAdminFacts(user: UserFacts, before: UserFacts | undefined): UserFacts {
  if (!before) return user;
  const { account } = before;
  if ("unread" in user.devices || "unread" in before.devices) return { ...user, account };
  const seenMs = new Map(before.devices.value.map(({ deviceId, lastSeenMs }) => [deviceId, lastSeenMs]));
  const devices = user.devices.value.map((device): DeviceFacts => {
    const lastSeenMs = seenMs.get(device.deviceId);
    return lastSeenMs === undefined ? device : { ...device, lastSeenMs };
  });
  return { ...user, account, devices: { value: devices } };
}
