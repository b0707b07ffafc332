import { expect, it } from "vitest";
import { waivers } from "../../../src/audit/rules/own-030-waivers.ts";
import { ROOM, unread } from "../../support/facts.ts";
import { judge, results } from "./judge.ts";

const signed = {
  ruleId: "SOTTO-ENC-001",
  subject: { roomId: ROOM },
  owner: "ops",
  reason: "moved soon",
  expires: "2026-12-31",
  where: "waivers.yaml:2",
} as const;
const { owner: _, ...unsigned } = signed;

it("passes waivers that hold", () => expect(results(waivers, {}, { waivers: [signed] })).toEqual(["pass"]));

it("finds one that nobody has signed, and one whose day is over, where it stands", () => {
  const found = judge(waivers, {}, { waivers: [unsigned, signed, { ...signed, expires: "2026-10-31" }] });
  expect(found).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringMatching(/waivers.yaml:2.*nobody has signed/),
    }),
    expect.objectContaining({ result: "fail", message: expect.stringMatching(/until 2026-10-31/) }),
  ]);
  expect(found[0]).toMatchObject({ subject: { roomId: ROOM }, cure: expect.stringContaining("expires") });
});

it("does not apply where there are none, whatever is known of Sotto itself", () => {
  expect(results(waivers)).toEqual(["not-applicable"]);
  expect(results(waivers, { own: unread("no store") }, { waivers: [] })).toEqual(["not-applicable"]);
});
