import type { Rule } from "../../../src/audit/rule.ts";
import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { Finding } from "../../../src/model/finding.ts";
import type { OwnFacts } from "../../../src/model/own-facts.ts";
import type { OwnPolicy, RoomPolicy } from "../../../src/model/policy.ts";
import { known, own } from "../../support/facts.ts";
import { judge as judgeAll } from "./judge.ts";

interface Change extends Partial<Omit<OwnFacts, "settings">> {
  settings?: Partial<OwnFacts["settings"]>;
}

/** What a rule says of Sotto's own state, changed as told; a text says why it was not read. */
export const judge = (
  rule: Rule,
  change: Change | string = {},
  { rooms = {}, ...policy }: Partial<OwnPolicy> & { rooms?: Partial<RoomPolicy> } = {},
): Finding[] =>
  judgeAll(
    rule,
    { own: typeof change === "string" ? { unread: change } : known(changed(change)) },
    {
      policy: {
        ...DEFAULT_POLICY,
        rooms: { ...DEFAULT_POLICY.rooms, ...rooms },
        own: { ...DEFAULT_POLICY.own, ...policy },
      },
    },
  );

const changed = ({ settings, ...change }: Change): OwnFacts =>
  own({ settings: { ...own().settings, ...settings }, ...change });
