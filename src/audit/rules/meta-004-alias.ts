import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const alias = defineRule({
  id: "SOTTO-META-004",
  title: "The room has no public address",
  severity: "low",
  rationale:
    "An address can be asked for by anybody, and answers which room it is and which homeservers are in it.",
  how: `${curlState("m.room.canonical_alias")}, and curl "$HS/_matrix/client/v3/directory/room/ALIAS" without a token`,
  cure: "DELETE /_matrix/client/v3/directory/room/ALIAS, and send m.room.canonical_alias {}",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directoryroomroomalias",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomcanonical_alias",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ aliases }, { policy }, { roomId }) {
    if (policyFor(policy, roomId).aliases)
      return [{ result: "not-applicable", message: "the policy lets rooms have addresses" }];
    if (aliases.length === 0) return [];
    return [
      {
        result: "fail",
        message: `the room can be found by ${named(aliases)}, and the policy says that rooms have no address`,
        cure: `DELETE /_matrix/client/v3/directory/room/ followed by ${named(aliases, 20)}, and send m.room.canonical_alias {}`,
      },
    ];
  },
});
