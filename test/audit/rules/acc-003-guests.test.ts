import { expect, it } from "vitest";
import { guests } from "../../../src/audit/rules/acc-003-guests.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const open = inState({ guestAccess: "can_join" });

it("passes a room that forbids them", () => {
  expect(results(guests)).toEqual(["pass"]);
});

it("finds one that lets them in, and names the event that cures it", () => {
  expect(judge(guests, open)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("guests"),
      cure: expect.stringContaining('m.room.guest_access {"guest_access": "forbidden"}'),
    }),
  ]);
});

it("passes them where the policy does", () => {
  expect(results(guests, open, policy({ guests: true }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(guests, noState)).toEqual(["not-checked"]);
});

it("warns of what the spec does not know", () => {
  expect(judge(guests, inState({ guestAccess: "7" }))).toMatchObject([
    { result: "warn", message: expect.stringContaining('"7"') },
  ]);
});
