import type { Report } from "../model/report.ts";
import { groupsOf, shownOf, urgentCures } from "./order.ts";
import { acceptedWords, numbered, plain, subjectWords, timeWords } from "./text.ts";

/** For a ticket or a wiki. Strangers' words stand in code spans, where nothing is markup, a link or a mention. */
export function markdown(report: Report, { all }: { all: boolean }): string {
  const { summary, counts } = report;
  const { results } = summary;
  const lines = [
    `# Audit of ${code(report.homeserver)}: ${summary.grade}`,
    "",
    `${timeWords(report.collectedMs)}, ${numbered(counts.rooms, "room")}, ${numbered(counts.users, "user")}, ${numbered(counts.devices, "device")}, read as ${code(report.by)} (${report.scope}), Sotto ${report.version}.`,
    "",
    ...summary.caps.map(({ grade, reason }) => `- no better than ${grade}: ${plain(reason)}`),
    ...(summary.caps.length > 0 ? [""] : []),
    "| fail | warn | not checked | error | pass | not applicable | accepted |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    `| ${results.fail} | ${results.warn} | ${results["not-checked"]} | ${results.error} | ${results.pass} | ${results["not-applicable"]} | ${summary.accepted} |`,
    "",
    ...changeLines(report),
    ...cureLines(report),
    ...findingLines(report, all),
    ...ruleLines(report),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function changeLines({ summary: { changes } }: Report): string[] {
  if (!changes) return [];
  return [
    "## Changes",
    "",
    `Since ${timeWords(changes.sinceMs)}: ${changes.new} new, ${changes.stillThere} still there, ${changes.gone.length} gone.`,
    "",
    ...changes.gone.map(({ ruleId, subject }) => `- gone: ${ruleId} ${code(subjectWords(subject))}`),
    ...(changes.gone.length > 0 ? [""] : []),
  ];
}

function cureLines(report: Report): string[] {
  const cures = urgentCures(report);
  if (cures.length === 0) return [];
  const line = ({ group, cure }: (typeof cures)[number], at: number): string =>
    `${at + 1}. **${group.severity}** ${group.rule.id}, ${code(subjectWords(group.findings[0]!.subject))}${group.findings.length > 1 ? ` and ${group.findings.length - 1} more` : ""}: ${code(cure)}`;
  return ["## First", "", ...cures.map(line), ""];
}

function findingLines(report: Report, all: boolean): string[] {
  const groups = groupsOf(shownOf(report, all), report.rules);
  if (groups.length === 0) return ["## Findings", "", "None.", ""];
  return [
    "## Findings",
    "",
    ...groups.flatMap(({ rule, result, severity, isAccepted, findings }) => [
      `### ${isAccepted ? "accepted " : ""}${result}, ${severity}: ${rule.id} ${plain(rule.title)}`,
      "",
      ...findings.flatMap((finding) => [
        `- ${code(subjectWords(finding.subject))}: ${code(finding.message)}${finding.change === "new" ? " (new)" : ""}`,
        ...[acceptedWords(finding), finding.cure === undefined ? undefined : `cure: ${finding.cure}`]
          .filter((words) => words !== undefined)
          .map((words) => `  - ${code(words)}`),
      ]),
      "",
    ]),
  ];
}

function ruleLines({ summary }: Report): string[] {
  return [
    "## What was looked at",
    "",
    "| rule | | fail | warn | not checked | pass |",
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...summary.rules.map(({ ruleId, title, results: { fail, warn, pass, "not-checked": unread } }) => {
      return `| ${ruleId} | ${plain(title)} | ${fail ?? 0} | ${warn ?? 0} | ${unread ?? 0} | ${pass ?? 0} |`;
    }),
  ];
}

/** https://spec.commonmark.org/0.31.2/#code-spans: nothing inside ends it but as many backticks as began it. */
function code(text: string): string {
  const shown = plain(text);
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  // one blank on each side is taken away again, so that backticks and blanks at the ends stay
  return `${fence} ${shown} ${fence}`;
}
