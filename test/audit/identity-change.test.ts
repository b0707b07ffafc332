import { expect, it } from "vitest";
import { identityChange } from "../../src/audit/identity-change.ts";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import type { Fact, IdentityFacts, UserFacts } from "../../src/model/facts.ts";
import { ALICE, facts, known, unread, user } from "../support/facts.ts";

const MASTER = "one";
const identity = (change: Partial<IdentityFacts> = {}): IdentityFacts => ({
  masterKey: MASTER,
  isConsistent: true,
  isVerifiedByUs: known(false),
  change: known("none"),
  ...change,
});
const alice = (read: Fact<IdentityFacts | null>): UserFacts => user(ALICE, { identity: read });
function seen(now: Fact<IdentityFacts | null>, last?: Fact<IdentityFacts | null>) {
  const previous = last && facts({ users: [alice(last)] });
  return identityChange(alice(now), {
    facts: facts(),
    policy: DEFAULT_POLICY,
    ...(previous && { previous }),
  });
}

const other = identity({ masterKey: "two" });
const dark = unread("no store");

it.each([
  ["nothing has happened", known(identity()), undefined, known("none")],
  ["the store saw a change", known(identity({ change: known("changed") })), undefined, known("changed")],
  ["the last audit saw another", known(other), known(identity()), known("changed")],
  [
    "we had verified that other one",
    known(other),
    known(identity({ isVerifiedByUs: known(true) })),
    known("changed-after-verification"),
  ],
  [
    "we have verified the new one since",
    known(identity({ masterKey: "two", isVerifiedByUs: known(true) })),
    known(identity({ isVerifiedByUs: known(true) })),
    known("none"),
  ],
  ["there is none any more", known(null), known(identity()), known("gone")],
  ["there was none before", known(identity()), known(null), known("none")],
  ["there never was one", known(null), undefined, known("none")],
  ["the store says nothing, and nobody else", known(identity({ change: dark })), undefined, dark],
  [
    "the store says nothing, the last audit does",
    known({ ...other, change: dark }),
    known(identity()),
    known("changed"),
  ],
  ["the last audit could not read", known(identity()), dark, known("none")],
  ["nothing could be read", dark, known(identity()), dark],
] as const)("%s", (_name, now, last, change) => {
  expect(seen(now, last)).toEqual(change);
});
