import { expect, it } from "vitest";
import { retention } from "../../../src/audit/rules/meta-009-retention.ts";
import { homeserver, unread } from "../../support/facts.ts";
import { DAY_MS, inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const quarter = policy({ maxRetentionMs: 90 * DAY_MS });
const kept = (days: number) => inState({ retention: { maxLifetimeMs: days * DAY_MS } });

it("passes what is kept no longer, by the room or by the homeserver", () => {
  expect(results(retention, kept(90), quarter)).toEqual(["pass"]);
  expect(results(retention, {}, policy({ maxRetentionMs: 400 * DAY_MS }))).toEqual(["pass"]);
});

it("finds what is kept for longer, and names the event that cures it", () => {
  expect(judge(retention, kept(180), quarter)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the room's messages are kept for 180 days; the policy allows 90 days",
      cure: expect.stringContaining('m.room.retention {"max_lifetime":7776000000}'),
    }),
  ]);
});

it("finds a room that says nothing, and whether the homeserver was asked", () => {
  expect(judge(retention, {}, quarter)[0]?.message).toMatch(/^the room does not say .* kept; /);
  const dark = { homeserver: homeserver({ config: unread("no file was given") }) };
  expect(judge(retention, dark, quarter)[0]?.message).toContain("by default was not read");
  expect(results(retention, inState({ retention: { minLifetimeMs: 1 } }), quarter)).toEqual(["fail"]);
});

it("has nothing to judge where the policy says nothing", () => {
  expect(results(retention, kept(5_000))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(retention, noState, quarter)).toEqual(["not-checked"]);
});
