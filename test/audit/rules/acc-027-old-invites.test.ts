import { expect, it } from "vitest";
import { oldInvites } from "../../../src/audit/rules/acc-027-old-invites.ts";
import { NOW_MS, roomState } from "../../support/facts.ts";
import { DAY_MS, inState, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

const EVE = "@eve:example.org";
const invited = (days: number) =>
  inState({
    members: [...roomState().members, { userId: EVE, membership: "invite", sinceMs: NOW_MS - days * DAY_MS }],
  });

it("passes members, and invitations of thirty days", () => {
  expect(results(oldInvites)).toEqual(["pass"]);
  expect(results(oldInvites, invited(30))).toEqual(["pass"]);
});

it("finds an older one, and names the request that takes it back", () => {
  expect(judge(oldInvites, invited(45))).toEqual([
    expect.objectContaining({
      result: "warn",
      subject: expect.objectContaining({ userId: EVE }),
      message: `${EVE} was invited 45 days ago and has not answered`,
      cure: expect.stringContaining(`/kick {"user_id":"${EVE}"}`),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(results(oldInvites, noState)).toEqual(["not-checked"]);
});
