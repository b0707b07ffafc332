import type { Config } from "../../config/index.ts";
import { DEFAULT_POLICY, loadPolicy } from "../../config/policy.ts";
import { loadWaivers } from "../../config/waivers.ts";
import type { Policy } from "../../model/policy.ts";
import type { Limit, Waiver } from "../../model/report.ts";
import { baselineOf, readBaseline } from "../audit/files.ts";

/** What the config holds rooms and people to, and what somebody has said of findings beforehand. */
export interface HeldTo {
  policy: Policy;
  waivers?: Waiver[];
  baseline?: ReadonlyMap<string, Limit>;
}

/** How each file of the config is read that says so. */
export const READ = {
  policy: loadPolicy,
  waivers: loadWaivers,
  baseline: (file: string) => baselineOf(readBaseline(file)),
};

/** @throws SottoError `CONFIG_NOT_FOUND`, `CONFIG_INVALID`, `USAGE` */
export const readHeldTo = ({ policy, waivers, baseline }: Config): HeldTo => ({
  policy: policy === undefined ? DEFAULT_POLICY : READ.policy(policy),
  ...(waivers !== undefined && { waivers: READ.waivers(waivers) }),
  ...(baseline !== undefined && { baseline: READ.baseline(baseline) }),
});
