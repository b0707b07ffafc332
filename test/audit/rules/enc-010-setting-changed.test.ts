import { expect, it } from "vitest";
import { settingChanged } from "../../../src/audit/rules/enc-010-setting-changed.ts";
import { inState, noPast, past, saying, setting } from "./changed.ts";
import { judge, results } from "./judge.ts";

const tighter = setting({
  eventId: "$second",
  content: { algorithm: "m.megolm.v1.aes-sha2", rotation_period_ms: 3_600_000, rotation_period_msgs: 100 },
});

it("passes one setting, and the same one again", () => {
  expect(results(settingChanged, saying())).toEqual(["pass"]);
  expect(results(settingChanged, saying(setting({ eventId: "$again" })))).toEqual(["pass"]);
  const unsaid = setting({ content: { algorithm: "m.megolm.v1.aes-sha2" } });
  expect(results(settingChanged, saying(unsaid))).toEqual(["pass"]);
});

it("passes none of which the first may lie further back", () => {
  expect(judge(settingChanged, past(false, setting()))[0]).toMatchObject({
    result: "not-checked",
    notAsked: true,
  });
  expect(results(settingChanged, past(false, tighter, setting()))).toEqual(["warn"]);
});

it("finds a change, tighter ones too, and says what clients still do", () => {
  expect(judge(settingChanged, saying(tighter))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: expect.stringMatching(/the state says .*:3600000.* before still do .*:604800000/),
      cure: expect.stringContaining("replace the room"),
    }),
  ]);
});

it("finds one that was taken back", () => {
  expect(results(settingChanged, saying(setting({ eventId: "$third" }), tighter))).toEqual(["warn"]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(settingChanged, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(settingChanged, noPast)).toEqual(["not-checked"]);
});
