import type { Result, RuleText, Severity } from "../model/finding.ts";
import type { Report, Shown } from "../model/report.ts";
import { printable } from "../printable.ts";
import { shownOf } from "./order.ts";
import { isoTime, plain, subjectWords } from "./text.ts";

// SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** §3.27.9 */
const KINDS: Record<Result, string> = {
  fail: "fail",
  warn: "review",
  "not-checked": "open",
  error: "open",
  "not-applicable": "notApplicable",
  pass: "pass",
};
/** §3.27.10: `none` for all that is no fail. */
const LEVELS: Record<Severity, string> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};
/** CVSS-like, as code scanning services sort by it. */
const SECURITY_SEVERITY: Record<Severity, string> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "3.0",
  info: "1.0",
};

/** One run of one tool. Where a service wants a file, it is the policy: that is what is broken. */
export function sarif(report: Report, { all }: { all: boolean }): string {
  const shown = shownOf(report, all);
  const indexes = new Map(report.rules.map(({ id }, index) => [id, index]));
  const broken = report.findings.filter(({ result }) => result === "error");
  const at = isoTime(report.collectedMs);
  const log = {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Sotto",
            semanticVersion: report.version,
            rules: report.rules.map(ruleOf),
          },
        },
        invocations: [
          {
            executionSuccessful: broken.length === 0,
            ...(at !== undefined && { endTimeUtc: at }),
            toolExecutionNotifications: broken.map(({ ruleId, message }) => ({
              level: "error",
              message: { text: messageText(message) },
              associatedRule: { id: ruleId, index: indexes.get(ruleId) ?? -1 },
            })),
          },
        ],
        columnKind: "utf16CodeUnits",
        results: shown.map((finding) =>
          resultOf(finding, indexes.get(finding.ruleId) ?? -1, report.policyFile),
        ),
        properties: { grade: report.summary.grade, results: report.summary.results },
      },
    ],
  };
  return `${printable(JSON.stringify(log))}\n`;
}

function ruleOf({ id, title, severity, rationale, how, cure, references, since }: RuleText) {
  const helpUri = references.find((reference) => /^https:\/\//.test(reference));
  return {
    id,
    name: title.replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase()),
    shortDescription: { text: messageText(title) },
    fullDescription: { text: messageText(rationale) },
    help: { text: messageText([rationale, `How it is checked: ${how}`, `Cure: ${cure}`].join(" ")) },
    ...(helpUri !== undefined && { helpUri }),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      "security-severity": SECURITY_SEVERITY[severity],
      tags: ["security", "matrix", id.split("-")[1]!.toLowerCase()],
      ...{ how, cure, references, since },
    },
  };
}

function resultOf(finding: Shown, ruleIndex: number, policyFile: string | null) {
  const { ruleId, severity, result, subject, message, cure, fingerprint, accepted, change } = finding;
  const name = plain(subjectWords(subject));
  const kind = subject.deviceId ? "device" : subject.userId ? "user" : subject.roomId ? "room" : "service";
  return {
    ruleId,
    ruleIndex,
    kind: KINDS[result],
    level: result === "fail" ? LEVELS[severity] : "none",
    message: { text: messageText(`${name}: ${message}`) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: encodeURI(baseName(policyFile ?? "sotto.yaml")) } },
        logicalLocations: [{ name, fullyQualifiedName: name, kind }],
      },
    ],
    partialFingerprints: { "sotto/v1": fingerprint },
    ...(change && { baselineState: change === "new" ? "new" : "unchanged" }),
    ...(accepted && {
      suppressions: [
        {
          kind: "external",
          status: "accepted",
          justification: plain(
            accepted.by === "baseline"
              ? "in the baseline"
              : `${accepted.owner} until ${accepted.expires}: ${accepted.reason}`,
          ),
        },
      ],
    }),
    properties: { severity, result, subject, ...(cure !== undefined && { cure: plain(cure) }) },
  };
}

/**
 * In a SARIF message `{0}` is a placeholder (§3.11.5) and `[text](target)` a link (§3.11.6): strangers' words must be
 * neither.
 */
const messageText = (text: string): string =>
  plain(text)
    .replace(/[{}]/g, "$&$&")
    .replace(/[\\[\]]/g, "\\$&");

const baseName = (path: string): string => plain(path.split(/[/\\]/).at(-1) ?? path);
