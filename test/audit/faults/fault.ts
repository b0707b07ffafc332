import type { Context } from "../../../src/audit/index.ts";
import type { Facts } from "../../../src/model/facts.ts";

/** One thing that is wrong with the small team, and exactly the rules whose subject it touches. */
export interface Fault {
  name: string;
  change: Partial<Facts>;
  rules: string[];
  /** Under which the fault is one; the small team keeps to it. */
  more?: Partial<Context>;
  /** What keeps to it where the small team as it is does not. */
  clean?: Partial<Facts>;
}
