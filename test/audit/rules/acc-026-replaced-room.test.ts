import { expect, it } from "vitest";
import { replacedRoom } from "../../../src/audit/rules/acc-026-replaced-room.ts";
import { ALICE, known, room, roomState } from "../../support/facts.ts";
import { envelope, inState, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

const tombstone = { successor: "!next", sender: ALICE };
const end = envelope({ type: "m.room.tombstone", stateKey: "" });
const replaced = (...envelopes: ReturnType<typeof envelope>[]) => ({
  rooms: [room({ state: known(roomState({ tombstone })), timeline: known({ isWhole: true, envelopes }) })],
});

it("has nothing to judge in a room that stands", () => {
  expect(results(replacedRoom)).toEqual(["not-applicable"]);
});

it("passes one that is empty", () => {
  expect(results(replacedRoom, inState({ tombstone, members: [] }))).toEqual(["pass"]);
});

it("warns of one with members", () => {
  expect(judge(replacedRoom, replaced(end, envelope()))).toEqual([
    expect.objectContaining({
      result: "warn",
      severity: "low",
      message: "the room was replaced by !next, and 2 members are still in it",
      cure: expect.stringContaining("/kick"),
    }),
  ]);
});

it("finds one in which people still speak", () => {
  expect(judge(replacedRoom, replaced(envelope(), end))).toEqual([
    expect.objectContaining({
      result: "fail",
      severity: "medium",
      message: expect.stringContaining("1 event came after its end"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(results(replacedRoom, noState)).toEqual(["not-checked"]);
});

it("takes all for later where the end lies further back than was read", () => {
  const speaks = known({ isWhole: false, envelopes: [envelope({ sender: ALICE })] });
  const state = known(roomState({ tombstone: { successor: null, sender: ALICE } }));
  expect(results(replacedRoom, { rooms: [room({ state, timeline: speaks })] })).toEqual(["fail"]);
});
