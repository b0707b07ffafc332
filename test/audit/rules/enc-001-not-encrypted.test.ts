import { expect, it } from "vitest";
import { notEncrypted } from "../../../src/audit/rules/enc-001-not-encrypted.ts";
import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import { facts, known, ROOM, room, roomState, unread } from "../../support/facts.ts";
import { judge, results } from "./judge.ts";

const clear = { rooms: [room({ state: known(roomState({ encryption: null })) })] };

it("passes a room that is encrypted", () => {
  expect(results(notEncrypted)).toEqual(["pass"]);
});

it("finds a room that is not, and names the event that cures it", () => {
  expect(judge(notEncrypted, clear)).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: { roomId: ROOM },
      cure: expect.stringContaining("m.room.encryption"),
    }),
  ]);
});

it("warns where the policy leaves it open", () => {
  const policy = { ...DEFAULT_POLICY, except: { [ROOM]: { encryption: "optional" as const } } };
  expect(results(notEncrypted, clear, { policy })).toEqual(["warn"]);
});

it("asks no space to be encrypted", () => {
  const { create } = roomState();
  const space = roomState({ encryption: null, create: { ...create, type: "m.space" } });
  expect(results(notEncrypted, { rooms: [room({ state: known(space) })] })).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(judge(notEncrypted, { rooms: [room({ state: unread("M_FORBIDDEN") })] })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "M_FORBIDDEN" }),
  ]);
  expect(results(notEncrypted, { rooms: [...facts().rooms, room({ state: unread("429") })] })).toEqual([
    "pass",
    "not-checked",
  ]);
});
