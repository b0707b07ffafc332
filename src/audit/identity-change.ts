import type { Fact, IdentityFacts, UserFacts } from "../model/facts.ts";
import { before } from "./people.ts";
import type { Context } from "./rule.ts";

/** `gone`: there was one, and now there is none. */
export type IdentityChange =
  | "none"
  | "changed"
  | "gone"
  | "changed-after-verification"
  | "gone-after-verification";

/** Against what our own account has pinned, and against the last audit; whichever says more. */
export function identityChange(user: UserFacts, context: Context): Fact<IdentityChange> {
  if ("unread" in user.identity) return user.identity;
  const now = user.identity.value;
  const last = before(context, user.userId)?.identity;
  const sinceLast = last !== undefined && "value" in last ? compared(last.value, now) : undefined;
  if (now === null) return { value: goneOf(user.lost, sinceLast) };
  const { change } = now;
  if ("unread" in change) return sinceLast === undefined ? change : { value: sinceLast };
  return { value: change.value === "none" ? (sinceLast ?? "none") : change.value };
}

function goneOf(lost: UserFacts["lost"], sinceLast: IdentityChange | undefined): IdentityChange {
  if (lost === "verified") return "gone-after-verification";
  return sinceLast ?? (lost === undefined ? "none" : "gone");
}

const isVerified = ({ isVerifiedByUs }: IdentityFacts): boolean =>
  "value" in isVerifiedByUs && isVerifiedByUs.value;

function compared(last: IdentityFacts | null, now: IdentityFacts | null): IdentityChange {
  if (last === null || last.masterKey === now?.masterKey) return "none";
  if (now === null) return isVerified(last) ? "gone-after-verification" : "gone";
  if (isVerified(now)) return "none"; // and anew, since then
  return isVerified(last) ? "changed-after-verification" : "changed";
}
