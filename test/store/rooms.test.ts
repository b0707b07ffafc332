import { describe, expect, it } from "vitest";
import type { RoomEvent } from "../../src/model/event.ts";
import type { RoomSync } from "../../src/model/sync.ts";
import {
  ALICE,
  BOB,
  batch,
  joined,
  MEGOLM,
  member,
  OTHER_ROOM,
  OWN,
  openTestStore,
  ROOM,
  state,
} from "../support/store.ts";

/** A room store that was told that the account, Alice and Bob are in the room. */
function knownRoom() {
  const { rooms } = openTestStore();
  const apply = (...rest: RoomEvent[]) => rooms.apply(batch({ joined: [joined(rest)] }), OWN);
  apply(member(OWN, "join"), member(ALICE, "join"), member(BOB, "join"));
  return { rooms, apply };
}
const encryption = (content: Record<string, unknown> = {}): RoomEvent =>
  state("m.room.encryption", { algorithm: MEGOLM, ...content });
const visibility = (name: string): RoomEvent =>
  state("m.room.history_visibility", { history_visibility: name });

describe("members", () => {
  it("are those who joined and those who were invited, in state and timeline alike", () => {
    const { rooms } = openTestStore();
    const room: RoomSync = joined([member(BOB, "invite")], { state: [member(ALICE, "join")] });
    rooms.apply(batch({ joined: [room] }), OWN);
    expect(rooms.members(ROOM, ["join", "invite"])).toEqual([ALICE, BOB]);
    expect(rooms.members(ROOM, ["join"])).toEqual([ALICE]);
    expect(rooms.roomsOf(BOB)).toEqual([ROOM]);
    expect(rooms.members(OTHER_ROOM, ["join"])).toEqual([]);
  });

  it.each(["leave", "ban", "knock", "something new"])("are gone with membership %s", (membership) => {
    const { rooms, apply } = knownRoom();
    apply(member(BOB, membership));
    expect(rooms.members(ROOM, ["join", "invite"])).toEqual([ALICE, OWN]);
    expect(rooms.roomsOf(BOB)).toEqual([]);
  });

  it("follow the last of several events in one batch", () => {
    const { rooms, apply } = knownRoom();
    apply(member(BOB, "leave"), member(BOB, "invite"), member(BOB, "join"));
    expect(rooms.members(ROOM, ["join"])).toContain(BOB);
  });

  it("are not changed by an event that is no state", () => {
    const { rooms } = knownRoom();
    const { state_key: _, ...message } = member(BOB, "leave");
    rooms.apply(batch({ joined: [joined([message])] }), OWN);
    expect(rooms.members(ROOM, ["join"])).toContain(BOB);
  });

  it("of a room the account left do not hold the account any more", () => {
    const { rooms } = knownRoom();
    const changes = rooms.apply(batch({ left: [joined([member(OWN, "leave")])] }), OWN);
    expect(rooms.get(ROOM)?.membership).toBe("leave");
    expect(rooms.joinedRoomIds()).toEqual([]);
    expect(rooms.members(ROOM, ["join"])).not.toContain(OWN);
    expect(changes.rotate).toEqual(new Set([ROOM]));
  });
});

describe("an invitation", () => {
  const invited = batch({ invited: [{ roomId: ROOM, state: [] }] });

  it("is remembered until it is taken back, and is no membership", () => {
    const { rooms } = openTestStore();
    rooms.apply(invited, OWN);
    expect(rooms.get(ROOM)?.membership).toBe("invite");
    expect(rooms.joinedRoomIds()).toEqual([]);
    rooms.apply(batch({ left: [joined([])] }), OWN);
    expect(rooms.get(ROOM)?.membership).toBe("leave");
  });

  it("does not make an encrypted room forget that it is one", () => {
    const { rooms, apply } = knownRoom();
    apply(encryption());
    rooms.apply(batch({ left: [joined([])] }), OWN);
    rooms.apply(invited, OWN);
    expect(rooms.get(ROOM)).toMatchObject({ membership: "invite", encryption: { algorithm: MEGOLM } });
  });
});

describe("who must get the key", () => {
  it("changes when someone comes", () => {
    const { apply } = knownRoom();
    expect(apply(member("@carol:example.org", "join")).share).toEqual(new Set([ROOM]));
    expect(apply(member("@dave:example.org", "invite")).share).toEqual(new Set([ROOM]));
    expect(apply(member("@dave:example.org", "join")).share).toEqual(new Set([ROOM]));
  });

  it("does not change with a new name or picture", () => {
    const { apply } = knownRoom();
    const renamed = state("m.room.member", { membership: "join", displayname: "Robert" }, BOB);
    expect(apply(renamed)).toEqual({ rotate: new Set(), share: new Set(), weakened: [] });
  });

  it.each(["leave", "ban"])("needs a new key after %s", (membership) => {
    const { apply } = knownRoom();
    expect(apply(member(BOB, membership)).rotate).toEqual(new Set([ROOM]));
  });

  it("needs no new key because a stranger knocks, but if somebody who was here does", () => {
    const { apply } = knownRoom();
    expect(apply(member("@eve:example.org", "knock")).rotate).toEqual(new Set());
    expect(apply(member(BOB, "knock")).rotate).toEqual(new Set([ROOM]));
  });

  it("needs a new key when someone left in a gap, whom we had never seen come", () => {
    const { rooms } = knownRoom();
    const gap = joined([], { limited: true, state: [member("@eve:example.org", "leave")] });
    expect(rooms.apply(batch({ joined: [gap] }), OWN).rotate).toEqual(new Set([ROOM]));
  });

  it.each(["join", "invite", "knock", "leave", "ban"])(
    "needs a new key when someone was here before a gap, and is at %s after it",
    (membership) => {
      const { rooms } = knownRoom();
      const gap = joined([], { limited: true, state: [member(BOB, membership)] });
      expect(rooms.apply(batch({ joined: [gap] }), OWN).rotate).toEqual(new Set([ROOM]));
    },
  );

  it("needs a new key when a stranger is invited or knocks after a gap, but not when one has just come", () => {
    const following = (membership: string) => {
      const gap = joined([], { limited: true, state: [member("@eve:example.org", membership)] });
      return knownRoom().rooms.apply(batch({ joined: [gap] }), OWN).rotate;
    };
    expect(following("invite")).toEqual(new Set([ROOM]));
    expect(following("knock")).toEqual(new Set([ROOM]));
    expect(following("join")).toEqual(new Set());
  });

  it("needs a new key when nobody can say who came and went", () => {
    const { rooms } = knownRoom();
    const gap = joined([], { limited: true, hasGap: true });
    expect(rooms.apply(batch({ joined: [gap] }), OWN).rotate).toEqual(new Set([ROOM]));
  });

  it("needs a new key when a member is invited, who must have left before", () => {
    const { apply } = knownRoom();
    expect(apply(member(BOB, "invite")).rotate).toEqual(new Set([ROOM]));
  });

  it("needs a new key when someone left and came back in one batch", () => {
    const { apply } = knownRoom();
    const changes = apply(member(BOB, "leave"), member(BOB, "join"));
    expect(changes.rotate).toEqual(new Set([ROOM]));
    expect(changes.share).toEqual(new Set([ROOM]));
  });

  it("is a matter of the one room", () => {
    const { rooms } = knownRoom();
    const elsewhere = joined([member(BOB, "leave")], { roomId: OTHER_ROOM });
    expect(rooms.apply(batch({ joined: [elsewhere] }), OWN).rotate).toEqual(new Set([OTHER_ROOM]));
    expect(rooms.members(ROOM, ["join"])).toContain(BOB);
  });
});

describe("encryption", () => {
  it("is kept as first seen, whatever comes later", () => {
    const { rooms, apply } = knownRoom();
    apply(encryption());
    apply(state("m.room.encryption", {}));
    apply(state("m.room.encryption", { algorithm: "rot13" }));
    expect(rooms.get(ROOM)?.encryption).toEqual({ algorithm: MEGOLM });
  });

  it("outlives leaving the room and coming back", () => {
    const { rooms, apply } = knownRoom();
    apply(encryption());
    rooms.apply(batch({ left: [joined([])] }), OWN);
    apply(member(OWN, "join"));
    expect(rooms.get(ROOM)).toMatchObject({ membership: "join", encryption: { algorithm: MEGOLM } });
  });

  it("is not taken from another state key, nor from an event that is no state", () => {
    const { rooms, apply } = knownRoom();
    const { state_key: _, ...message } = encryption();
    apply(state("m.room.encryption", { algorithm: MEGOLM }, "other"), message);
    expect(rooms.get(ROOM)?.encryption).toBeUndefined();
  });

  it("keeps the strictest rotation that any version named", () => {
    const { rooms, apply } = knownRoom();
    const limits = (): unknown[] => [rooms.get(ROOM)?.rotationMs, rooms.get(ROOM)?.rotationMessages];
    apply(encryption());
    expect(limits()).toEqual([604_800_000, 100]);
    apply(encryption({ rotation_period_ms: 3_600_000, rotation_period_msgs: 50 }));
    expect(limits()).toEqual([3_600_000, 50]);
    apply(encryption({ rotation_period_ms: 7_200_000, rotation_period_msgs: 10 }));
    expect(limits()).toEqual([3_600_000, 10]);
    apply(encryption({ rotation_period_ms: 600_000 }));
    expect(limits()).toEqual([600_000, 10]);
  });

  it("does not take a higher limit than the spec's from a room that has named none", () => {
    const { rooms, apply } = knownRoom();
    apply(encryption());
    const higher = encryption({ rotation_period_ms: 999_999_999_999, rotation_period_msgs: 9_000 });
    const { weakened } = apply(higher);
    expect(rooms.get(ROOM)).toMatchObject({ rotationMs: 604_800_000, rotationMessages: 100 });
    expect(weakened).toEqual([{ roomId: ROOM, eventId: higher.event_id, sender: ALICE }]);
  });

  it("takes the limits of a room at its word where it first names them", () => {
    const { rooms, apply } = knownRoom();
    apply(encryption({ rotation_period_ms: 999_999_999_999, rotation_period_msgs: 9_000 }));
    expect(rooms.get(ROOM)).toMatchObject({ rotationMs: 999_999_999_999, rotationMessages: 9_000 });
  });

  it.each([
    ["another algorithm", { algorithm: "rot13" }],
    ["no algorithm", { algorithm: undefined }],
    ["a longer period", { rotation_period_ms: 3_600_001, rotation_period_msgs: 50 }],
    ["more messages", { rotation_period_ms: 3_600_000, rotation_period_msgs: 51 }],
    ["no limits any more", {}],
  ])("that is weakened is told of: %s", (_how, content) => {
    const { apply } = knownRoom();
    const strict = { rotation_period_ms: 3_600_000, rotation_period_msgs: 50 };
    expect(apply(encryption(strict)).weakened).toEqual([]);
    expect(apply(encryption(strict)).weakened).toEqual([]);
    const weaker = encryption(content);
    expect(apply(weaker).weakened).toEqual([{ roomId: ROOM, eventId: weaker.event_id, sender: ALICE }]);
  });

  it.each([-1, 1.5, "10", null, Number.MAX_VALUE, {}])("does not read a rotation of %s", (odd) => {
    const { rooms, apply } = knownRoom();
    apply(encryption({ rotation_period_ms: odd, rotation_period_msgs: odd }));
    expect(rooms.get(ROOM)).toMatchObject({ rotationMs: 604_800_000, rotationMessages: 100 });
  });
});

describe("history visibility", () => {
  it("is `shared` where the room has none", () => {
    const { rooms } = knownRoom();
    expect(rooms.get(ROOM)?.historyVisibility).toBe("shared");
  });

  it.each([
    ["shared", "invited", true],
    ["joined", "world_readable", true],
    ["shared", "world_readable", false],
    ["invited", "joined", false],
  ])("from %s to %s: a new key is needed: %s", (before, after, isNeeded) => {
    const { rooms, apply } = knownRoom();
    apply(visibility(before));
    const changes = apply(visibility(after));
    expect(rooms.get(ROOM)?.historyVisibility).toBe(after);
    expect(changes.rotate.has(ROOM)).toBe(isNeeded);
    expect(changes.share).toEqual(new Set([ROOM]));
  });

  it("that is said again changes nothing", () => {
    const { apply } = knownRoom();
    apply(visibility("invited"));
    expect(apply(visibility("invited"))).toEqual({ rotate: new Set(), share: new Set(), weakened: [] });
  });
});

describe("a room", () => {
  it("that was replaced names the room that replaces it", () => {
    const { rooms, apply } = knownRoom();
    apply(state("m.room.tombstone", { body: "moved", replacement_room: OTHER_ROOM }));
    expect(rooms.get(ROOM)?.replacement).toBe(OTHER_ROOM);
  });

  it("that was never synced is not known", () => {
    expect(knownRoom().rooms.get(OTHER_ROOM)).toBeUndefined();
  });
});
