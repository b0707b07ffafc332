import { curlState } from "../how.ts";
import { MEGOLM } from "../rotation.ts";
import { defineRule } from "../rule.ts";

export const algorithm = defineRule({
  id: "SOTTO-ENC-002",
  title: "The room's algorithm is one that clients know",
  severity: "critical",
  rationale:
    "A client that does not know the algorithm cannot encrypt: it refuses to send, or it sends in clear.",
  how: `${curlState("m.room.encryption")}: "algorithm" has to be ${MEGOLM}`,
  cure: `send m.room.encryption {"algorithm": "${MEGOLM}"}; clients that keep what they knew first need the room replaced (\`sotto enforce plan\`)`,
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
    "https://spec.matrix.org/v1.19/client-server-api/#mmegolmv1aes-sha2",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ encryption }) {
    if (encryption === null)
      return [{ result: "not-applicable", message: "the room is not encrypted: SOTTO-ENC-001 says so" }];
    if (encryption.algorithm === MEGOLM) return [];
    const said =
      typeof encryption.algorithm === "string" ? `the algorithm ${encryption.algorithm}` : "no algorithm";
    return [
      { result: "fail", message: `m.room.encryption names ${said}, with which no client of today encrypts` },
    ];
  },
});
