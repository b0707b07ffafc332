import { expect, it } from "vitest";
import { sessionChurn } from "../../../src/audit/rules/enc-009-session-churn.ts";
import { ALICE, BOT, NOW_MS } from "../../support/facts.ts";
import { envelope, inEncryption, inState, noPast, saying } from "./changed.ts";
import { judge, results } from "./judge.ts";

const messages = (count: number, sessionAt: (at: number) => string, everyMs = 60_000) =>
  Array.from({ length: count }, (_, at) =>
    envelope({ eventId: `$${at}`, sessionId: sessionAt(at), sentMs: NOW_MS - at * everyMs }),
  );

it("passes few sessions, and devices that take turns", () => {
  expect(results(sessionChurn, saying(...messages(20, () => "a")))).toEqual(["pass"]);
  expect(results(sessionChurn, saying(...messages(20, (at) => `device${at % 2}`)))).toEqual(["pass"]);
});

it("finds a sender with a session for each message", () => {
  expect(
    judge(sessionChurn, saying(...messages(12, String), envelope({ sender: BOT, sessionId: "b" }))),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      subject: expect.objectContaining({ userId: ALICE }),
      message: expect.stringContaining("11 times in 12 messages"),
      cure: expect.stringContaining("withheld"),
    }),
  ]);
});

it("takes what explains a new key for a reason", () => {
  const everyWeek = messages(12, String, 604_800_000);
  expect(results(sessionChurn, saying(...everyWeek))).toEqual(["pass"]);
  const coming = envelope({ type: "m.room.member", stateKey: BOT, sender: BOT });
  const betweenMembers = messages(12, String).flatMap((message) => [message, coming]);
  expect(results(sessionChurn, saying(...betweenMembers))).toEqual(["pass"]);
});

it("does not judge a room that asks for it, or has no keys", () => {
  expect(results(sessionChurn, inEncryption({ rotationPeriodMsgs: 1 }))).toEqual(["not-applicable"]);
  expect(results(sessionChurn, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(sessionChurn, noPast)).toEqual(["not-checked"]);
});
