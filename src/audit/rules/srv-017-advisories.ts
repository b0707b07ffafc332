import { SEVERITIES, type Severity } from "../../model/finding.ts";
import { advisoriesOf, KNOWN_UNTIL } from "../advisories.ts";
import { defineRule } from "../rule.ts";

/** So many are named; the advisories themselves tell the rest. */
const NAMED = 3;
const rank = ({ severity }: { severity: Severity }): number => SEVERITIES.indexOf(severity);

export const advisories = defineRule({
  id: "SOTTO-SRV-017",
  title: "The homeserver has no known weakness",
  severity: "high",
  rationale: "What is published is tried out on every server that can be found.",
  how: '`curl "$HS/_matrix/federation/v1/version"` or `curl "$HS/_synapse/admin/v1/server_version"`, then compare with https://github.com/element-hq/synapse/security/advisories',
  cure: "update Synapse to its newest release",
  references: [
    "https://github.com/element-hq/synapse/security/advisories",
    "https://element-hq.github.io/synapse/latest/upgrade.html",
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ software }) => software,
  check({ name, version }) {
    if (name.toLowerCase() !== "synapse")
      return [
        { result: "not-applicable", message: `${name} is not Synapse: no weakness of it is known here` },
      ];
    const found = advisoriesOf(version);
    if (found === undefined)
      return [{ result: "not-checked", message: `${version} is no version of Synapse that can be compared` }];
    if (found.length === 0)
      return [
        {
          result: "pass",
          message: `Synapse ${version} has none that was known on ${KNOWN_UNTIL}; there may be newer ones`,
        },
      ];
    const worstFirst = found.toSorted((one, other) => rank(other) - rank(one));
    const named = worstFirst.slice(0, NAMED).map(({ ids, what }) => `${what} (${ids[0]})`);
    const more = found.length > NAMED ? `, and ${found.length - NAMED} more` : "";
    return [
      {
        result: "fail",
        severity: worstFirst[0]!.severity,
        message: `Synapse ${version} has weaknesses known on ${KNOWN_UNTIL}: ${named.join(", ")}${more}`,
        cure: `update Synapse to ${found[0]!.fixed} at least, better to its newest release`,
      },
    ];
  },
});
