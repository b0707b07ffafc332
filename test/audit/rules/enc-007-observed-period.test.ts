import { expect, it } from "vitest";
import { observedPeriod } from "../../../src/audit/rules/enc-007-observed-period.ts";
import { ALICE, BOT, known, NOW_MS, room, roomState } from "../../support/facts.ts";
import { DAY_MS, envelope, inState, noPast, past, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const used = (sender: string, sessionId: string, agoMs: number) =>
  envelope({ sender, sessionId, sentMs: NOW_MS - agoMs });
const tooLong = [used(ALICE, "a", DAY_MS), used(BOT, "b", 2 * DAY_MS), used(ALICE, "a", 9 * DAY_MS)];

it("passes sessions that ended in time, and says how far it looked", () => {
  expect(judge(observedPeriod)).toEqual([
    expect.objectContaining({ result: "pass", message: expect.stringContaining("in all that can be read") }),
  ]);
  const inTime = past(false, used(ALICE, "a", 0), used(ALICE, "a", 7 * DAY_MS));
  expect(judge(observedPeriod, inTime)).toEqual([
    expect.objectContaining({ result: "pass", message: expect.stringContaining("older ones were not read") }),
  ]);
});

it("finds the sender whose session was used for longer, and nobody else", () => {
  expect(judge(observedPeriod, saying(...tooLong))).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: expect.objectContaining({ userId: ALICE }),
      message: expect.stringMatching(/at least 8 days \(2 messages\), where the room's state says 7 days/),
      cure: expect.stringContaining("sotto rotate"),
    }),
  ]);
});

it("finds it in a part of the past, too", () => {
  expect(results(observedPeriod, past(false, ...tooLong))).toEqual(["fail"]);
});

it("judges what was sent since the setting stands, and not what another allowed", () => {
  const [last, other, first] = tooLong;
  expect(results(observedPeriod, past(true, last!, other!, setting(), first!))).toEqual(["pass"]);
});

it("asks of nobody what clients do not do: an hour is the least", () => {
  const short = { ...roomState().encryption!, rotationPeriodMs: 1_000 };
  const timeline = known({ isWhole: true, envelopes: [used(ALICE, "a", 0), used(ALICE, "a", 3_000_000)] });
  const rooms = [room({ state: known(roomState({ encryption: short })), timeline })];
  expect(results(observedPeriod, { rooms })).toEqual(["pass"]);
});

it("has nothing to judge where nothing is encrypted", () => {
  expect(results(observedPeriod, inState({ encryption: null }))).toEqual(["not-applicable"]);
  expect(results(observedPeriod, saying())).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(observedPeriod, noPast)).toEqual(["not-checked"]);
  expect(results(observedPeriod, past(false))).toEqual(["not-checked"]);
});
