import type { Synapse } from "../../synapse-dev/synapse.ts";

// Rooms that their owner has made unsafe through the real API, at random.

type Json = Record<string, unknown>;

export interface Owner {
  accessToken: string;
}

/** One room's API, in the name of one account. */
export class RoomOwner {
  readonly #synapse: Synapse;
  readonly #token: string;

  constructor(synapse: Synapse, { accessToken }: Owner) {
    this.#synapse = synapse;
    this.#token = accessToken;
  }

  call<T = Json>(method: string, path: string, body?: Json): Promise<T> {
    return this.#synapse.request(method, `/_matrix/client/v3/${path}`, this.#token, body);
  }

  async create(options: Json = {}): Promise<string> {
    const { room_id } = await this.call<{ room_id: string }>("POST", "createRoom", options);
    return room_id;
  }

  setState = (roomId: string, type: string, content: Json): Promise<Json> =>
    this.call("PUT", `rooms/${encodeURIComponent(roomId)}/state/${type}/`, content);

  /** Undefined where there is none. */
  state = (roomId: string, type: string, stateKey = ""): Promise<Json | undefined> =>
    this.call(
      "GET",
      `rooms/${encodeURIComponent(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`,
    ).catch(() => undefined);

  async setLevels(roomId: string, change: (levels: Json) => Json): Promise<void> {
    await this.setState(
      roomId,
      "m.room.power_levels",
      change((await this.state(roomId, "m.room.power_levels"))!),
    );
  }

  async isListed(roomId: string): Promise<boolean> {
    const listing = await this.call("GET", `directory/list/room/${encodeURIComponent(roomId)}`);
    return listing.visibility === "public";
  }

  /** Of one type, the newest first. */
  async events(roomId: string, type: string): Promise<Json[]> {
    const { chunk } = await this.call<{ chunk: Json[] }>(
      "GET",
      `rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=200`,
    );
    return chunk.filter((event) => event.type === type);
  }
}

type Break = (owner: RoomOwner, roomId: string) => Promise<unknown>;

const levels =
  (change: Json): Break =>
  (owner, roomId) =>
    owner.setLevels(roomId, (before) => ({ ...before, ...change }));

const event =
  (type: string, level: number): Break =>
  (owner, roomId) =>
    owner.setLevels(roomId, (before) => ({
      ...before,
      events: { ...(before.events as Json), [type]: level },
    }));

/** What can be wrong with a room, by name. */
export const FAULTS: Record<string, Break> = {
  "anybody may join": (owner, roomId) => owner.setState(roomId, "m.room.join_rules", { join_rule: "public" }),
  "guests may join": (owner, roomId) =>
    owner.setState(roomId, "m.room.guest_access", { guest_access: "can_join" }),
  "the world may read": (owner, roomId) =>
    owner.setState(roomId, "m.room.history_visibility", { history_visibility: "world_readable" }),
  listed: (owner, roomId) =>
    owner.call("PUT", `directory/list/room/${encodeURIComponent(roomId)}`, { visibility: "public" }),
  "encryption is unguarded": event("m.room.encryption", 50),
  "history is unguarded": event("m.room.history_visibility", 0),
  "clear is easier": event("m.room.encrypted", 25),
  "everybody has a level": levels({ users_default: 10 }),
  "state takes no level": levels({ state_default: 0 }),
};

/** A generator from 0 up to, not including, 1, that says the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface BrokenRoom {
  roomId: string;
  faults: string[];
  isEncrypted: boolean;
}

/** Each with one fault at least, a third of them without encryption. */
export async function breakRooms(
  owner: RoomOwner,
  count: number,
  random: () => number,
): Promise<BrokenRoom[]> {
  const names = Object.keys(FAULTS);
  const broken: BrokenRoom[] = [];
  for (let index = 0; index < count; index += 1) {
    const isEncrypted = random() > 1 / 3;
    // the suite's Synapse encrypts rooms by invitation by itself
    const roomId = await owner.create({ preset: isEncrypted ? "private_chat" : "public_chat" });
    const chosen = names.filter(() => random() < 0.3);
    const faults = chosen.length > 0 ? chosen : [names[index % names.length]!];
    for (const name of faults) await FAULTS[name]!(owner, roomId);
    broken.push({ roomId, faults, isEncrypted });
  }
  return broken;
}
