import type { Rule } from "../../../src/audit/rule.ts";
import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { Finding } from "../../../src/model/finding.ts";
import type { HomeserverConfig, HomeserverFacts, OutsideFacts } from "../../../src/model/homeserver-facts.ts";
import type { HomeserverPolicy, RoomPolicy } from "../../../src/model/policy.ts";
import { homeserver, known } from "../../support/facts.ts";
import { judge as judgeAll } from "./judge.ts";

interface Change extends Partial<Omit<HomeserverFacts, "outside">> {
  outside?: Partial<OutsideFacts>;
}

/** What a rule says of the small team's homeserver, changed as told. */
export const judge = (
  rule: Rule,
  { outside, ...change }: Change = {},
  { rooms = {}, ...policy }: Partial<HomeserverPolicy> & { rooms?: Partial<RoomPolicy> } = {},
): Finding[] =>
  judgeAll(
    rule,
    { homeserver: homeserver({ outside: { ...homeserver().outside, ...outside }, ...change }) },
    {
      policy: {
        ...DEFAULT_POLICY,
        rooms: { ...DEFAULT_POLICY.rooms, ...rooms },
        homeserver: { ...DEFAULT_POLICY.homeserver, ...policy },
      },
    },
  );

/** Its homeserver.yaml, changed as told. */
export function config(change: Partial<HomeserverConfig>): Pick<HomeserverFacts, "config"> {
  const { config: read } = homeserver();
  if ("unread" in read) throw new Error(read.unread);
  return { config: known({ ...read.value, ...change }) };
}
