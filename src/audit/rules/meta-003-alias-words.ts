import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";
import { wordsIn } from "../words.ts";

export const aliasWords = defineRule({
  id: "SOTTO-META-003",
  title: "The room's addresses hold none of the policy's words",
  severity: "low",
  rationale:
    "Anybody may ask a homeserver whether an address exists, without an account: guessing one confirms it.",
  how: `${curlState("m.room.canonical_alias")}: compare "alias" and "alt_aliases" with the policy's rooms.words, whatever the case`,
  cure: "DELETE /_matrix/client/v3/directory/room/ALIAS, and send m.room.canonical_alias without it",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomcanonical_alias",
    "https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3directoryroomroomalias",
  ],
  since: "0.1.0",
  about: "room",
  readsNames: true,
  reads: ({ state }) => state,
  check({ aliases }, { policy }, { roomId }) {
    const { words } = policyFor(policy, roomId);
    if (words.length === 0) return [{ result: "not-applicable", message: "the policy lists no words" }];
    const telling = aliases.filter((alias) => wordsIn(alias, words).length > 0);
    if (telling.length === 0) return [];
    return [
      {
        result: "fail",
        message: `the room's address ${named(telling)} can be asked for by anybody, and says ${named(wordsIn(telling.join("\n"), words))}`,
        cure: `DELETE /_matrix/client/v3/directory/room/ followed by ${named(telling, 20)}, and send m.room.canonical_alias without it`,
      },
    ];
  },
});
