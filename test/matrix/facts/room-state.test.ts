import { describe, expect, it } from "vitest";
import { parseRoomState } from "../../../src/matrix/facts/room-state.ts";
import type { RoomEvent } from "../../../src/model/event.ts";
import { ALICE, BOB, event, member, ROOM, state } from "../../support/store.ts";

const created = (content: Record<string, unknown> = {}) =>
  state("m.room.create", { room_version: "11", ...content });
const read = (...events: RoomEvent[]) => parseRoomState([created(), ...events], ROOM);

describe("a room's state", () => {
  it("that says nothing has the spec's defaults", () => {
    expect(parseRoomState([state("m.room.create", {})], "!old:example.org")).toEqual({
      create: {
        sender: ALICE,
        sentMs: expect.any(Number),
        version: "1",
        privilegedCreators: [],
        isFederated: true,
        type: null,
        predecessor: null,
      },
      encryption: null,
      historyVisibility: "shared",
      guestAccess: "forbidden",
      joinRule: { rule: "invite", allowedRooms: [] },
      powerLevels: {
        users: { [ALICE]: 100 },
        usersDefault: 0,
        events: {},
        eventsDefault: 0,
        stateDefault: 0,
        invite: 0,
        kick: 50,
        ban: 50,
        redact: 50,
        isSet: false,
      },
      name: null,
      topic: null,
      avatarUrl: null,
      aliases: [],
      tombstone: null,
      retention: null,
      serverAcl: null,
      widgets: [],
      bridges: [],
      members: [],
    });
  });

  it("is read as it stands", () => {
    const encryption = state("m.room.encryption", {
      algorithm: "m.megolm.v1.aes-sha2",
      rotation_period_ms: "1",
    });
    const found = read(
      encryption,
      state("m.room.history_visibility", { history_visibility: "joined" }),
      state("m.room.guest_access", { guest_access: "can_join" }),
      state("m.room.join_rules", {
        join_rule: "restricted",
        allow: [{ type: "m.room_membership", room_id: "!space" }, { room_id: 7 }, "!nothing"],
      }),
      state("m.room.name", { name: "Team" }),
      state("m.room.topic", { "m.topic": { "m.text": [{ body: "only here" }] } }),
      state("m.room.avatar", { url: "mxc://example.org/picture" }),
      state("m.room.canonical_alias", { alias: "#a:example.org", alt_aliases: ["#b:example.org", 3] }),
      state("m.room.tombstone", { replacement_room: "!next" }),
      state("m.room.retention", { max_lifetime: 86_400_000, min_lifetime: "1" }),
      state("m.room.server_acl", { allow: ["*"], deny: ["evil.example"] }),
      state(
        "im.vector.modular.widgets",
        { type: "m.custom", name: "Clock", url: "https://clock.example" },
        "clock",
      ),
      state("m.widget", {}, "taken away"),
      state("m.bridge", { protocol: { id: "Telegram" }, bridgebot: "@telegrambot:example.org" }, "telegram"),
      state("m.bridge", {}, "taken away"),
    );
    expect(found).toMatchObject({
      encryption: {
        algorithm: "m.megolm.v1.aes-sha2",
        rotationPeriodMs: "1",
        rotationPeriodMsgs: undefined,
        eventId: encryption.event_id,
        sender: ALICE,
      },
      historyVisibility: "joined",
      guestAccess: "can_join",
      joinRule: { rule: "restricted", allowedRooms: ["!space"] },
      name: "Team",
      topic: "only here",
      avatarUrl: "mxc://example.org/picture",
      aliases: ["#a:example.org", "#b:example.org"],
      tombstone: { successor: "!next", sender: ALICE },
      retention: { maxLifetimeMs: 86_400_000 },
      serverAcl: { allow: ["*"], deny: ["evil.example"] },
      widgets: [{ stateKey: "clock", type: "m.custom", name: "Clock", url: "https://clock.example" }],
      bridges: [{ stateKey: "telegram", protocol: "telegram", bot: "@telegrambot:example.org" }],
    });
  });

  it("has members who are there, invited, or knock, and nobody who left", () => {
    const { members } = read(
      state("m.room.member", { membership: "join", displayname: "Alice" }, ALICE),
      member(BOB, "invite"),
      member("@carol:example.org", "knock"),
      member("@dave:example.org", "leave"),
      member("@eve:example.org", "ban"),
      // a homeserver that lets in such a user must not hide them
      member("@a user:example.org", "join"),
    );
    expect(members.map(({ userId, membership }) => [userId, membership])).toEqual([
      [ALICE, "join"],
      [BOB, "invite"],
      ["@carol:example.org", "knock"],
      ["@a user:example.org", "join"],
    ]);
    expect(members[0]).toMatchObject({ displayName: "Alice", sinceMs: expect.any(Number) });
  });

  it("names creators above every level from room version 12 on, and in unknown versions like it", () => {
    const more = { additional_creators: [BOB, "nobody", 7, ALICE] };
    const creatorsOf = (version: string, roomId = ROOM) =>
      parseRoomState([created({ room_version: version, ...more })], roomId).create.privilegedCreators;
    expect(creatorsOf("12")).toEqual([ALICE, BOB]);
    expect(creatorsOf("13")).toEqual([ALICE, BOB]);
    expect(creatorsOf("org.example.new")).toEqual([ALICE, BOB]);
    expect(creatorsOf("11")).toEqual([]);
    expect(creatorsOf("org.example.old", "!old:example.org")).toEqual([]);
    expect(parseRoomState([created({ room_version: "12" })], ROOM).powerLevels.users).toEqual({});
  });

  it.each([
    ["@telegrambot:example.org", "telegram"],
    ["@telegram_123456:example.org", "telegram"],
    ["@_discord_1234567890:example.org", "discord"],
    ["@whatsapp_49151234:example.org", "whatsapp"],
    ["@signal_0a1b2c3d-0000:example.org", "signal"],
  ])("takes %s for a bridge's", (userId, protocol) => {
    expect(read(member(userId, "knock")).bridges).toEqual([]);
    expect(read(member(userId, "join")).bridges).toEqual([{ stateKey: "", protocol, bot: userId }]);
  });

  it.each([
    "@telegram_fan:example.org",
    "@irc:example.org",
    "@linda:example.org",
    "@discord_lover:h4ck.example",
  ])("takes %s for a person", (userId) => {
    expect(read(member(userId, "join")).bridges).toEqual([]);
  });
});

describe("a homeserver's nonsense", () => {
  it.each<[string, unknown]>([
    ["no list", {}],
    ["nothing", undefined],
    ["a list with something else in it", [created(), "m.room.encryption"]],
    ["an event without a content", [created(), { ...member(ALICE, "join"), content: undefined }]],
    ["an event without a sender", [created(), { ...member(ALICE, "join"), sender: 7 }]],
    ["no creation", [member(ALICE, "join")]],
    ["a member that is no user", [created(), member("alice", "join")]],
    [
      "a state event twice",
      [
        created(),
        state("m.room.history_visibility", { history_visibility: "world_readable" }),
        state("m.room.history_visibility", { history_visibility: "joined" }),
      ],
    ],
    ["a member twice", [created(), member(ALICE, "join"), member(ALICE, "leave")]],
  ])("is no state: %s", (_what, answer) => {
    expect(() => parseRoomState(answer, ROOM)).toThrow(expect.objectContaining({ code: "HOMESERVER_ERROR" }));
  });

  it.each(
    [null, 7, true, "text", [], [[]], {}, { id: {} }].map((value) => [JSON.stringify(value), value] as const),
  )("in every field that people write is no more than what stands there: %s", (_json, value) => {
    const fields = {
      ...{
        algorithm: value,
        rotation_period_ms: value,
        rotation_period_msgs: value,
        history_visibility: value,
      },
      ...{ guest_access: value, join_rule: value, allow: value, name: value, topic: value, "m.topic": value },
      ...{ url: value, alias: value, alt_aliases: value, replacement_room: value, max_lifetime: value },
      ...{ min_lifetime: value, deny: value, type: value, protocol: value, bridgebot: value, users: value },
      ...{ events: value, users_default: value, displayname: value, predecessor: value, room_version: value },
    };
    const types = [
      "encryption",
      "history_visibility",
      "guest_access",
      "join_rules",
      "name",
      "topic",
      "avatar",
    ];
    const more = ["canonical_alias", "tombstone", "retention", "server_acl", "power_levels"];
    const events = [
      state("m.room.create", fields),
      ...[...types, ...more].map((type) => state(`m.room.${type}`, fields)),
      ...["m.widget", "m.bridge", "uk.half-shot.bridge"].map((type) => state(type, fields)),
      state("m.room.member", { ...fields, membership: "join" }, ALICE),
      state("m.room.member", { membership: value }, BOB),
    ];
    const found = parseRoomState(events, ROOM);
    expect(found.members).toHaveLength(1);
    expect(found.encryption).not.toBeNull();
    expect(JSON.parse(JSON.stringify(found))).toMatchObject({ historyVisibility: expect.any(String) });
  });

  it.each<[string, string, unknown, object]>([
    ["history_visibility", "history_visibility", 7, { historyVisibility: "7" }],
    ["guest_access", "guest_access", { a: 1 }, { guestAccess: '{"a":1}' }],
    ["join_rules", "join_rule", ["public"], { joinRule: { rule: '["public"]' } }],
    ["create", "room_version", 12, { create: { version: "12", privilegedCreators: [ALICE] } }],
  ])("is no default where a word should stand: m.room.%s", (type, field, value, found) => {
    const others = type === "create" ? [] : [created()];
    expect(parseRoomState([...others, state(`m.room.${type}`, { [field]: value })], ROOM)).toMatchObject(
      found,
    );
  });

  it("that is no protocol, or no address, hides neither a bridge nor a widget", () => {
    const found = read(state("m.bridge", { protocol: "telegram" }), state("m.widget", { url: 7 }));
    expect(found.bridges).toEqual([{ stateKey: "", protocol: "unknown", bot: null }]);
    expect(found.widgets).toMatchObject([{ url: null, sender: ALICE }]);
  });

  it("of ten megabytes leaves no more than a person reads", () => {
    const much = "x".repeat(10_000_000);
    const found = read(
      state("m.room.topic", { topic: much }),
      state("m.room.name", { name: much }),
      state("m.room.encryption", { algorithm: [much], rotation_period_ms: much }),
      state("m.widget", { url: much, name: much }, much),
      state("m.room.member", { membership: "join", displayname: much }, ALICE),
      state("m.room.server_acl", { allow: Array.from({ length: 5_000 }, () => much) }),
      { ...state("m.room.tombstone", { replacement_room: `!${much}` }), origin_server_ts: 1e300 },
    );
    expect(JSON.stringify(found).length).toBeLessThan(300_000);
    expect(found.tombstone?.successor).toBeNull();
    expect(found.topic).toHaveLength(1_000);
  });

  it("of a time that never was is a time", () => {
    const at = (origin_server_ts: number) =>
      read({ ...event("m.room.member", { membership: "join" }, { state_key: ALICE }), origin_server_ts })
        .members[0]?.sinceMs;
    expect([at(-5), at(1.5), at(1e300), at(Number.NaN)]).toEqual([0, 1, Number.MAX_SAFE_INTEGER, 0]);
  });
});
