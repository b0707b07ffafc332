import { createEnforcer, type Enforcer, type Transport } from "../../matrix/index.ts";
import type { Account } from "../account.ts";

/** What steps are done with. */
export interface Hands {
  account: Account;
  enforcer: Enforcer;
  /** With an administrator's token, for media. */
  admin: Transport | undefined;
}

export const handsOf = (account: Account, admin?: Transport): Hands => ({
  account,
  enforcer: createEnforcer(account.transport),
  admin,
});
