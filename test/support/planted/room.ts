import { randomBytes, randomUUID } from "node:crypto";
import type { Finding } from "../../../src/model/finding.ts";
import type { House } from "./house.ts";
import { Person } from "./person.ts";
import { POLICY } from "./policy.ts";

export interface RoomOptions {
  /** Instead of what is to policy; null: none. */
  encryption?: object | null;
  version?: string;
  federated?: boolean;
  /** Somebody else than the bot makes it. */
  by?: Person;
}

const GUARDED = [
  "encryption",
  "history_visibility",
  "power_levels",
  "server_acl",
  "join_rules",
  "guest_access",
];

export const ENCRYPTION = {
  algorithm: "m.megolm.v1.aes-sha2",
  rotation_period_ms: POLICY.rooms.rotation.maxPeriodMs,
  rotation_period_msgs: POLICY.rooms.rotation.maxMessages,
};

interface Levels {
  users: Record<string, number>;
  events: Record<string, number>;
  [setting: string]: unknown;
}

/** A room of the house, as those who put faults into it and cure them see it. */
export class Room {
  readonly house: House;
  readonly roomId: string;

  private constructor(house: House, roomId: string) {
    this.house = house;
    this.roomId = roomId;
  }

  static async create(
    house: House,
    { encryption = ENCRYPTION, version, federated = false, by }: RoomOptions,
  ): Promise<Room> {
    const { alice, bot } = house;
    const state = (type: string, content: object) => ({ type, state_key: "", content });
    const body = {
      preset: encryption === null ? "public_chat" : "private_chat",
      ...(version && { room_version: version }),
      creation_content: { "m.federate": federated },
      invite: [by ? bot.userId : alice.userId],
      power_level_content_override: {
        users: {
          // a creator stands above the levels from version 12 on, and may not be named there
          ...(by !== undefined || Number(version) < 12 ? { [bot.userId]: 100 } : {}),
          ...(by === undefined ? { [alice.userId]: 50 } : {}),
        },
        invite: 50,
        events: Object.fromEntries(GUARDED.concat("tombstone").map((type) => [`m.room.${type}`, 100])),
      },
      initial_state: [
        ...(encryption === null ? [] : [state("m.room.encryption", encryption)]),
        state("m.room.history_visibility", { history_visibility: "invited" }),
        state("m.room.join_rules", { join_rule: "invite" }),
        state("m.room.guest_access", { guest_access: "forbidden" }),
      ],
    };
    const { room_id: roomId } = await (by
      ? by.call<{ room_id: string }>("POST", "createRoom", body)
      : house.call<{ room_id: string }>("POST", "createRoom", body));
    const room = new Room(house, roomId);
    if (by) await house.call("POST", `join/${encodeURIComponent(roomId)}`, {});
    else await alice.join(roomId);
    return room;
  }

  path(rest: string): string {
    return `rooms/${encodeURIComponent(this.roomId)}/${rest}`;
  }

  /** As the bot. */
  set(type: string, content: object, stateKey = ""): Promise<object> {
    const path = this.path(`state/${type}/${encodeURIComponent(stateKey)}`);
    return this.house.call("PUT", path, content);
  }

  async state<T>(type: string): Promise<T> {
    return this.house.call<T>("GET", this.path(`state/${type}/`));
  }

  async changeLevels(change: (levels: Levels) => void): Promise<void> {
    const levels = await this.state<Levels>("m.room.power_levels");
    change(levels);
    await this.set("m.room.power_levels", levels);
  }

  /** As Alice, now, or as if it was then. */
  async say(type: string, content: object, atMs?: number): Promise<string> {
    const { alice } = this.house;
    const path = this.path(`send/${type}/${randomUUID()}`);
    const { event_id: eventId } = await (atMs === undefined
      ? alice.call<{ event_id: string }>("PUT", path, content)
      : this.house.callThen<{ event_id: string }>(alice.userId, atMs, "PUT", path, content));
    return eventId;
  }

  /** What Alice's client would send, if it could. */
  sayEncrypted(sessionId: string, more: object = {}, atMs?: number): Promise<string> {
    const content = { algorithm: ENCRYPTION.algorithm, ciphertext: "AA", session_id: sessionId, ...more };
    return this.say("m.room.encrypted", content, atMs);
  }

  redact(eventId: string): Promise<object> {
    return this.house.call("PUT", this.path(`redact/${encodeURIComponent(eventId)}/${randomUUID()}`), {});
  }

  /** What the cures of findings name. */
  async redactNamed(findings: readonly Finding[]): Promise<void> {
    const named = findings.flatMap(({ cure }) => cure?.match(/\$[\w-]{43}/g) ?? []);
    for (const eventId of new Set(named)) await this.redact(eventId);
  }

  invite(userId: string): Promise<object> {
    return this.house.call("POST", this.path("invite"), { user_id: userId });
  }

  kick(userId: string): Promise<object> {
    return this.house.call("POST", this.path("kick"), { user_id: userId });
  }

  /** Somebody new, who is in this room only. */
  async newMember(options: { name?: string; identity?: boolean; keys?: boolean } = {}): Promise<Person> {
    const { name = `u${randomBytes(4).toString("hex")}`, ...keys } = options;
    const person = await Person.register(this.house.synapse, name, keys);
    await this.invite(person.userId);
    await person.join(this.roomId);
    return person;
  }

  /** Where a room cannot be cured: another to policy takes its place, and all go there. */
  async replace(): Promise<Room> {
    const { house } = this;
    const successor = await house.newRoom();
    await this.set("m.room.tombstone", { body: "moved", replacement_room: successor.roomId });
    await house.alice.call("POST", this.path("leave"), {});
    await house.call("POST", this.path("leave"), {});
    return successor;
  }
}
