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

  constructor(account: Account, { rooms, users, ...whole }: Facts) {
    this.#account = account;
    this.#whole = whole;
    for (const { roomId, state, isListed } of rooms)
      if (this.#isJoined(roomId)) this.#rooms.set(roomId, new LastRoom(roomId, state, isListed));
    for (const user of users) this.#users.set(user.userId, user);
  }

  /** @param changed - rooms and users */
  async look(changed: ReadonlySet<string>, asking: Asking): Promise<LiveLook> {
    const collectedMs = Date.now();
    const rooms = [...changed].filter((id) => id.startsWith("!"));
    const people = new Set([...changed].filter((id) => id.startsWith("@")));
    for (const roomId of rooms) for (const userId of this.#membersOf(roomId)) people.add(userId);
    await asking.each(rooms, (roomId) => this.#readRoom(roomId, asking));
    for (const roomId of rooms) for (const userId of this.#membersOf(roomId)) people.add(userId);
    const users = await this.#readUsers(people, asking);
    const common = { ...this.#whole, collectedMs, scope: "member" as const, own: NOT_NOW };
    const here = [...this.#rooms.values()];
    const concerned = this.#concerned(rooms);
    const looked = new Set([...rooms, ...concerned.map(({ roomId }) => roomId), ...people]);
    const unreadRooms = rooms.filter((roomId) => "unread" in (this.#rooms.get(roomId)?.state ?? {}));
    const unreadUsers = users.filter(({ devices }) => "unread" in devices).map(({ userId }) => userId);
    return {
      seen: [
        { facts: { ...common, rooms: concerned, users: [] }, about: ["room"], looked },
        { facts: { ...common, rooms: here, users }, about: ["user"], looked },
      ],
      unread: [...unreadRooms, ...unreadUsers],
    };
  }

  #isJoined = (roomId: RoomId): boolean => this.#account.store.rooms.get(roomId)?.membership === "join";

  #membersOf(roomId: RoomId): UserId[] {
    const state = this.#rooms.get(roomId)?.state;
    return state && "value" in state ? state.value.members.map(({ userId }) => userId) : [];
  }

  async #readRoom(roomId: RoomId, asking: Asking): Promise<void> {
    if (!this.#isJoined(roomId)) return void this.#rooms.delete(roomId);
    const { transport } = this.#account;
    const state = await asking.fact(`the state of ${roomId}`, (manner) =>
      memberReader(transport).state(roomId, manner),
    );
    // nothing tells when it changes
    const listed =
      this.#rooms.get(roomId)?.isListed ??
      (await asking.fact(`whether the public directory shows ${roomId}`, (manner) =>
        isListed(transport, roomId, manner()),
      ));
    this.#rooms.set(roomId, new LastRoom(roomId, state, listed));
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
