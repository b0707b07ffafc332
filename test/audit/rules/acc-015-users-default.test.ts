import { expect, it } from "vitest";
import { usersDefault } from "../../../src/audit/rules/acc-015-users-default.ts";
import { inLevels, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes 0, and below", () => {
  expect(results(usersDefault)).toEqual(["pass"]);
  expect(results(usersDefault, inLevels({ usersDefault: -1 }))).toEqual(["pass"]);
});

it("finds a level that gives rights, and names them", () => {
  expect(judge(usersDefault, inLevels({ usersDefault: 50, ban: 60 }))).toEqual([
    expect.objectContaining({
      result: "fail",
      severity: "high",
      message:
        "every member stands at level 50 and may kick others, redact what others said and change the room's state",
      cure: expect.stringContaining('"users_default" to 0'),
    }),
  ]);
});

it("warns of one that gives none as yet", () => {
  expect(judge(usersDefault, inLevels({ usersDefault: 10 }))).toEqual([
    expect.objectContaining({ result: "warn", severity: "low" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(results(usersDefault, noState)).toEqual(["not-checked"]);
});

it("finds one that is enough for a single event that guards the room, whatever the rest takes", () => {
  const high = { stateDefault: 101, kick: 101, ban: 101, redact: 101 };
  const events = { "m.room.encryption": 100 };
  expect(judge(usersDefault, inLevels({ ...high, usersDefault: 100, events }))).toMatchObject([
    { result: "fail", severity: "high", message: expect.stringContaining("change the room's state") },
  ]);
});
