import { expect, it } from "vitest";
import { observedMessages } from "../../../src/audit/rules/enc-008-observed-messages.ts";
import { ALICE, BOT, NOW_MS } from "../../support/facts.ts";
import { envelope, inState, noPast, past, saying } from "./changed.ts";
import { judge, results } from "./judge.ts";

const many = (count: number, sender = ALICE) =>
  Array.from({ length: count }, (_, at) =>
    envelope({ eventId: `$${at}`, sender, sessionId: "a", sentMs: NOW_MS - at * 1_000 }),
  );

it("passes as many as the room says, and says how far it looked", () => {
  expect(results(observedMessages, saying(...many(100)))).toEqual(["pass"]);
  expect(judge(observedMessages, past(false, ...many(100)))[0]?.message).toContain(
    "older ones were not read",
  );
});

it("finds one more, and whose it is", () => {
  expect(judge(observedMessages, saying(...many(101), ...many(5, BOT)))).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: expect.objectContaining({ userId: ALICE }),
      message: `${ALICE} used one session for at least 101 messages, where the room's state says 100`,
      cure: expect.stringContaining("sotto rotate"),
    }),
  ]);
});

it("takes two senders' sessions of one ID for two", () => {
  expect(results(observedMessages, saying(...many(60), ...many(60, BOT)))).toEqual(["pass"]);
});

it("has nothing to judge where nothing is encrypted", () => {
  expect(results(observedMessages, inState({ encryption: null }))).toEqual(["not-applicable"]);
  expect(results(observedMessages, saying())).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(observedMessages, noPast)).toEqual(["not-checked"]);
});
