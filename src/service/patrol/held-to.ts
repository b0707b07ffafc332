import type { Config } from "../../config/index.ts";
import { DEFAULT_POLICY, loadPolicy } from "../../config/policy.ts";
import { loadWaivers } from "../../config/waivers.ts";
import type { Policy } from "../../model/policy.ts";
import type { Waiver } from "../../model/report.ts";
import { readBaseline } from "../audit/files.ts";

/** What the config holds rooms and people to, and what somebody has said of findings beforehand. */
export interface HeldTo {
  policy: Policy;
  waivers?: Waiver[];
  baseline?: ReadonlySet<string>;
}

/** @throws SottoError `CONFIG_NOT_FOUND`, `CONFIG_INVALID`, `USAGE` */
export const readHeldTo = ({ policy, waivers, baseline }: Config): HeldTo => ({
  policy: policy === undefined ? DEFAULT_POLICY : loadPolicy(policy),
  ...(waivers !== undefined && { waivers: loadWaivers(waivers) }),
  ...(baseline !== undefined && { baseline: new Set(readBaseline(baseline)) }),
});
