import { expect, it } from "vitest";
import { clientsFloor } from "../../../src/audit/rules/enc-005-clients-floor.ts";
import { inEncryption, inState, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes what clients do, up to the edges", () => {
  expect(results(clientsFloor)).toEqual(["pass"]);
  const edges = { rotationPeriodMs: 3_600_000, rotationPeriodMsgs: 1 };
  expect(results(clientsFloor, inEncryption(edges))).toEqual(["pass"]);
  expect(results(clientsFloor, inEncryption({ rotationPeriodMsgs: 10_000 }))).toEqual(["pass"]);
});

it.each([
  [{ rotationPeriodMs: 60_000 }, "the state says 1 minute, and clients take 1 hour"],
  [{ rotationPeriodMsgs: 0 }, "the state says 0 messages, and clients take 1"],
  [{ rotationPeriodMsgs: 20_000 }, "the state says 20,000 messages, and clients take 10000"],
])("says what clients make of %j", (change, message) => {
  expect(judge(clientsFloor, inEncryption(change))).toEqual([
    expect.objectContaining({ result: "warn", message, cure: expect.stringContaining("replace the room") }),
  ]);
});

it("says nothing of a room that is not encrypted, and of values that are no numbers", () => {
  expect(results(clientsFloor, inState({ encryption: null }))).toEqual(["not-applicable"]);
  expect(results(clientsFloor, inEncryption({ rotationPeriodMs: "1" }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(clientsFloor, noState)).toEqual(["not-checked"]);
});
