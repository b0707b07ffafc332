import { expect, it } from "vitest";
import { bridges } from "../../../src/audit/rules/enc-017-bridges.ts";
import { roomState } from "../../support/facts.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const withBridge = (protocol: string, bot: string | null = "@bridge:example.org") =>
  inState({ bridges: [{ stateKey: protocol, protocol, bot }] });

it("passes a room without one", () => {
  expect(results(bridges)).toEqual(["pass"]);
});

it.each([
  ["telegram", "Telegram reads it"],
  ["whatsapp-cloud", "Meta's Cloud API"],
  ["irc", "every IRC server"],
  ["pigeon", "who reads it there is not known"],
  ["constructor", "who reads it there is not known"],
])("names a %s bridge, and who reads it there", (protocol, words) => {
  expect(judge(bridges, withBridge(protocol))).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: expect.objectContaining({ userId: "@bridge:example.org" }),
      message: expect.stringContaining(words),
      cure: expect.stringMatching(/^kick @bridge:example.org, then send m.bridge .* the state key /),
    }),
  ]);
});

it("says of a member by whose name it only looks so that it does", () => {
  const ghost = { userId: "@telegram_123:example.org", membership: "join" as const, sinceMs: 0 };
  expect(judge(bridges, inState({ members: [...roomState().members, ghost] }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("looks as if it had a telegram bridge (@telegram_123:example.org)"),
      cure: "kick @telegram_123:example.org; or accept telegram in the policy (rooms.bridges)",
    }),
  ]);
});

it("passes a protocol that the policy accepts", () => {
  expect(results(bridges, withBridge("signal"), policy({ bridges: ["Signal"] }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(bridges, noState)).toEqual(["not-checked"]);
});

it("leaves alone a stranger who knocks under a bridge's name", () => {
  const knocks = { userId: "@telegram_1:evil.example", membership: "knock" as const, sinceMs: 0 };
  expect(results(bridges, inState({ members: [...roomState().members, knocks] }))).toEqual(["pass"]);
});
