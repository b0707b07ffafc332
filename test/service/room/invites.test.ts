import { expect, it } from "vitest";
import { configSchema } from "../../../src/config/index.ts";
import { isAllowed } from "../../../src/service/invites.ts";

it("an invitation is allowed by its user, or by the homeserver of its user alone", () => {
  const allowed = ["@ops:example.org", "*:house.example:8448"];
  expect(isAllowed("@ops:example.org", allowed)).toBe(true);
  expect(isAllowed("@any:house.example:8448", allowed)).toBe(true);
  for (const stranger of [
    "@other:example.org",
    "@any:house.example",
    "@any:evil.house.example:8448",
    "@ops:example.org:8448",
    "@*:example.org",
  ])
    expect(isAllowed(stranger, allowed)).toBe(false);
});

it("a homeserver is written as *:server, and never as everybody", () => {
  const { acceptInvitesFrom } = configSchema.def.shape;
  expect(acceptInvitesFrom.safeParse(["*:example.org", "@a:b"]).success).toBe(true);
  for (const wrong of ["*", "*:*", "*:", "example.org", "*:*.org", "@*"])
    expect(acceptInvitesFrom.safeParse([wrong]).success).toBe(false);
});
