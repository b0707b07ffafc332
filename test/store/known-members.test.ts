import { describe, expect, it } from "vitest";
import { ALICE, BOB, batch, joined, member, OTHER_ROOM, OWN, openTestStore, ROOM } from "../support/store.ts";

describe("who is known in a room", () => {
  const known = () => {
    const { rooms, ledger } = openTestStore();
    rooms.apply(batch({ joined: [joined([OWN, ALICE, BOB].map((user) => member(user, "join")))] }), OWN);
    ledger.know(ROOM, [OWN, ALICE, BOB], 1);
    ledger.know(OTHER_ROOM, [OWN, BOB], 1);
    return { rooms, strangers: (roomId = ROOM) => ledger.newMembers(roomId, [ALICE, BOB]) };
  };

  it.each([
    ["is kicked", [member(BOB, "leave")]],
    ["is banned", [member(BOB, "ban")]],
    ["knocks, and so must have left", [member(BOB, "knock")]],
    ["is invited, and so must have left", [member(BOB, "invite")]],
    ["left and came back in one batch", [member(BOB, "leave"), member(BOB, "invite"), member(BOB, "join")]],
  ])("is a stranger once they come again: who %s", (_what, events) => {
    const { rooms, strangers } = known();
    rooms.apply(batch({ joined: [joined(events)] }), OWN);
    rooms.apply(batch({ joined: [joined([member(BOB, "join")])] }), OWN);
    expect(strangers()).toEqual([BOB]);
    expect(strangers(OTHER_ROOM)).toEqual([ALICE]);
  });

  it("is a stranger after a gap in which they may have left, and not where nothing is told of them", () => {
    const { rooms, strangers } = known();
    const gap = joined([], { limited: true, state: [member(BOB, "join")] });
    rooms.apply(batch({ joined: [gap] }), OWN);
    expect(strangers()).toEqual([BOB]);
  });

  it("stays known with a new name, and from the invitation to the joining", () => {
    const { rooms, strangers } = known();
    rooms.apply(batch({ joined: [joined([member(BOB, "join")])] }), OWN);
    expect(strangers()).toEqual([]);
  });

  it.each([
    ["are out of the room", { left: [joined([member(OWN, "leave")])] }],
    ["left and came back in one batch", { joined: [joined([member(OWN, "leave"), member(OWN, "join")])] }],
  ])("is nobody but ourselves after we %s, and the next share is not a first one", (_what, answer) => {
    const { rooms, strangers } = known();
    rooms.apply(batch(answer), OWN);
    expect(strangers()).toEqual([ALICE, BOB]);
  });
});
