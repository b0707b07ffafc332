import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const userDirectory = defineRule({
  id: "SOTTO-SRV-028",
  title: "People are found by those only who share a room with them",
  severity: "low",
  rationale: "Every user can list every other account of the homeserver by searching for parts of names.",
  how: "`grep -A3 '^user_directory:' homeserver.yaml` (search_all_users absent: false)",
  cure: "set `user_directory: {search_all_users: false}` in homeserver.yaml and restart Synapse",
  references: [manual("user_directory")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ isEveryoneSearchable }) {
    return isEveryoneSearchable ? [{ result: "warn", message: "every user can search for every other" }] : [];
  },
});
