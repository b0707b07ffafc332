import { expect, it } from "vitest";
import { foreignMembers } from "../../../src/audit/rules/acc-024-foreign-members.ts";
import { roomState } from "../../support/facts.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const ours = policy({ servers: ["example.org"] });
const MALLORY = "@mallory:elsewhere.org";
const withMallory = (membership: "join" | "invite") =>
  inState({ members: [...roomState().members, { userId: MALLORY, membership, sinceMs: 0 }] });

it("passes members of the homeservers that are named", () => {
  expect(results(foreignMembers, {}, ours)).toEqual(["pass"]);
  const both = policy({ servers: ["example.org", "elsewhere.org"] });
  expect(results(foreignMembers, withMallory("join"), both)).toEqual(["pass"]);
});

it("finds each other member, invited ones too, and names the request that removes them", () => {
  expect(judge(foreignMembers, withMallory("join"), ours)).toEqual([
    expect.objectContaining({
      result: "fail",
      subject: expect.objectContaining({ userId: MALLORY }),
      message: expect.stringContaining("users of example.org"),
      cure: expect.stringContaining(`/kick {"user_id":"${MALLORY}"}`),
    }),
  ]);
  expect(results(foreignMembers, withMallory("invite"), ours)).toEqual(["fail"]);
});

it("takes local only for our own homeserver", () => {
  expect(results(foreignMembers, withMallory("join"), policy({ federated: false }))).toEqual(["fail"]);
});

it("has nothing to judge where none is named", () => {
  expect(results(foreignMembers, withMallory("join"))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(foreignMembers, noState, ours)).toEqual(["not-checked"]);
});

it("leaves alone whoever only knocks: any stranger can", () => {
  const knocks = { userId: "@eve:evil.example", membership: "knock" as const, sinceMs: 0 };
  const knocked = inState({ members: [...roomState().members, knocks] });
  expect(results(foreignMembers, knocked, policy({ servers: ["example.org"] }))).toEqual(["pass"]);
});
