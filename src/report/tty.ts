import type { Result, Severity, Subject } from "../model/finding.ts";
import type { Grade, Report, Shown } from "../model/report.ts";
import { COLUMNS, cut, wrapped } from "./columns.ts";
import { type Group, groupsOf, shownOf, urgentCures } from "./order.ts";
import { acceptedWords, numbered, plain, subjectWords, timeWords } from "./text.ts";

export interface TtyOptions {
  color: boolean;
  all: boolean;
  /** How wide the terminal is. */
  columns?: number;
}

/** What fits on a screen: further ones are counted. */
const MOST = { groups: 12, subjects: 3, gone: 5 };
/** Lines of a terminal are short. */
const MOST_LETTERS = 300;
/** A room's name stands beside its ID, which nobody chose. */
const MOST_NAME = 30;
/** Narrower ones break our own words. */
const FEWEST_COLUMNS = 40;

const MARKS: Record<Result, string> = {
  fail: "✗",
  warn: "!",
  error: "✗",
  "not-checked": "?",
  "not-applicable": "-",
  pass: "✓",
};

/** One screen for a person: the grade, what to do first, and what was found, by rule. */
export function tty(report: Report, options: TtyOptions): string {
  const paint = options.color ? painted : (_color: Color, text: string) => text;
  const names = new Map(report.roomNames);
  const subject: SubjectOf = (about) => {
    const name = about.roomId === undefined ? undefined : names.get(about.roomId);
    const words = told(subjectWords(about));
    return name ? `${words} "${cut(plain(name), MOST_NAME)}"` : words;
  };
  const lines = [
    ...headLines(report, paint),
    ...changeLines(report, paint, options, subject),
    ...cureLines(report, paint, subject),
    ...waiverLines(report, paint),
    ...findingLines(report, paint, options, subject),
  ];
  const columns = Math.max(options.columns ?? COLUMNS, FEWEST_COLUMNS);
  const fitting = lines.flatMap((line) => wrapped(line, columns));
  return `${fitting.join("\n").trimEnd()}\n`;
}

/** What a finding is about, with the room's name where it has one. */
type SubjectOf = (subject: Subject) => string;

/** SGR codes of ECMA-48. */
const COLORS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const;
type Color = keyof typeof COLORS;
type Paint = (color: Color, text: string) => string;
const painted: Paint = (color, text) => `\u001b[${COLORS[color]}m${text}\u001b[0m`;

const OF_GRADE: Record<Grade, Color> = { A: "green", B: "green", C: "yellow", D: "yellow", F: "red" };
const OF_SEVERITY: Record<Severity, Color> = {
  critical: "red",
  high: "red",
  medium: "yellow",
  low: "cyan",
  info: "dim",
};

const told = (text: string): string => plain(text, MOST_LETTERS);

function headLines(report: Report, paint: Paint): string[] {
  const { summary, counts } = report;
  const { results } = summary;
  const [first, ...more] = summary.caps;
  const numbers = [
    results.fail > 0 && paint("red", `${results.fail} fail`),
    results.warn > 0 && paint("yellow", `${results.warn} warn`),
    results.error > 0 && paint("red", `${results.error} error`),
    results["not-checked"] > 0 && paint("magenta", `${results["not-checked"]} not checked`),
    paint("green", `${results.pass} pass`),
    results["not-applicable"] > 0 && paint("dim", `${results["not-applicable"]} not applicable`),
    summary.accepted > 0 && paint("dim", `${summary.accepted} of them accepted`),
  ];
  return [
    `${paint("bold", `Audit of ${told(report.homeserver)}`)}  ${paint("dim", timeWords(report.collectedMs))}`,
    paint(
      "dim",
      `${numbered(counts.rooms, "room")}, ${numbered(counts.users, "user")}, ${numbered(counts.devices, "device")}, ${numbered(report.rules.length, "rule")}; read as ${told(report.by)} (${report.scope})`,
    ),
    "",
    `  Grade ${paint("bold", paint(OF_GRADE[summary.grade], summary.grade))}   ${first ? plain(first.reason) : "nothing is wrong in what was looked at"}`,
    ...more.map(({ grade, reason }) => `            without that ${grade}: ${plain(reason)}`),
    "",
    `  ${numbers.filter((words) => words !== false).join("   ")}`,
    "",
  ];
}

function changeLines(
  { summary: { changes } }: Report,
  paint: Paint,
  { all }: TtyOptions,
  subjectOf: SubjectOf,
): string[] {
  if (!changes) return [];
  const { gone } = changes;
  const shown = all ? gone : gone.slice(0, MOST.gone);
  return [
    `${paint("bold", `Since ${timeWords(changes.sinceMs)}`)}  ${changes.new} new, ${changes.stillThere} still there, ${gone.length} gone`,
    ...shown.map(({ ruleId, subject }) => paint("green", `  gone  ${ruleId}  ${subjectOf(subject)}`)),
    ...(shown.length < gone.length ? [paint("dim", `  and ${gone.length - shown.length} more`)] : []),
    "",
  ];
}

function cureLines(report: Report, paint: Paint, subjectOf: SubjectOf): string[] {
  const cures = urgentCures(report);
  if (cures.length === 0) return [];
  return [
    paint("bold", "First"),
    ...cures.flatMap(({ group, cure }, at) => [
      `  ${at + 1}. ${group.rule.id}  ${subjectOf(group.findings[0]!.subject)}${andMore(group, 1)}`,
      // whole, however long: it is there to be copied
      `     ${paint("cyan", plain(cure))}`,
    ]),
    "",
  ];
}

const waiverLines = ({ summary: { idleWaivers = [] } }: Report, paint: Paint): string[] =>
  idleWaivers.length === 0
    ? []
    : [
        paint("bold", "Waivers that cover nothing"),
        ...idleWaivers.map(({ where, covers, why }) => `  ${told(where)}  ${told(covers)}: ${told(why)}`),
        "",
      ];

const andMore = ({ findings }: Group, shown: number): string =>
  findings.length > shown ? ` and ${findings.length - shown} more` : "";

function findingLines(report: Report, paint: Paint, options: TtyOptions, subjectOf: SubjectOf): string[] {
  const isUnread = ({ result, accepted }: Shown): boolean => result === "not-checked" && !accepted;
  const shown = shownOf(report, options.all);
  const groups = groupsOf(
    shown.filter((finding) => !isUnread(finding)),
    report.rules,
  );
  const some = options.all ? groups : groups.slice(0, MOST.groups);
  const unread = unreadLines(shown.filter(isUnread), paint, options);
  const lines = [
    ...some.flatMap((group) => groupLines(group, paint, options, subjectOf)),
    ...(some.length < groups.length
      ? [paint("dim", `  and ${numbered(groups.length - some.length, "more rule")} below these`)]
      : []),
    ...unread,
  ];
  if (lines.length === 0) return [];
  const hint = options.all
    ? []
    : ["", paint("dim", "All of it: --all, or --format html --out audit.html. A rule's reasons: --list")];
  return [paint("bold", "Findings"), ...lines, ...hint];
}

function groupLines(group: Group, paint: Paint, { all }: TtyOptions, subjectOf: SubjectOf): string[] {
  const { rule, result, severity, isAccepted, findings } = group;
  const shown = all ? findings : findings.slice(0, MOST.subjects);
  const color: Color =
    isAccepted || result === "pass" || result === "not-applicable" ? "dim" : OF_SEVERITY[severity];
  const what = isAccepted ? "accepted" : result === "fail" ? severity : result;
  return [
    `${paint(color, `${MARKS[result]} ${what.padEnd(8)}`)} ${rule.id}  ${plain(rule.title)}${findings.length > 1 ? paint("dim", `  (${findings.length})`) : ""}`,
    ...shown.map((finding) => `    ${lineOf(finding, paint, subjectOf)}`),
    ...(shown.length < findings.length
      ? [paint("dim", `    and ${findings.length - shown.length} more`)]
      : []),
  ];
}

function lineOf(finding: Shown, paint: Paint, subjectOf: SubjectOf): string {
  const accepted = acceptedWords(finding);
  return [
    `${subjectOf(finding.subject)}: ${told(finding.message)}`,
    accepted === undefined ? undefined : paint("dim", `(${told(accepted)})`),
    finding.change === "new" ? paint("yellow", "new") : undefined,
  ]
    .filter((words) => words !== undefined)
    .join("  ");
}

/** One reason keeps many rules from looking. */
function unreadLines(findings: readonly Shown[], paint: Paint, { all }: TtyOptions): string[] {
  const reasons = [...Map.groupBy(findings, ({ message }) => message)];
  const shown = all ? reasons : reasons.slice(0, MOST.groups);
  return [
    ...shown.flatMap(([message, of]) => {
      const rules = [...new Set(of.map(({ ruleId }) => ruleId))];
      const some = all ? rules : rules.slice(0, MOST.subjects);
      const more = rules.length > some.length ? ` and ${rules.length - some.length} more` : "";
      return [
        `${paint("magenta", `${MARKS["not-checked"]} not checked`)} ${told(message)}`,
        paint(
          "dim",
          `    ${some.join(", ")}${more}${of.length > rules.length ? `, ${numbered(of.length, "time")}` : ""}`,
        ),
      ];
    }),
    ...(shown.length < reasons.length
      ? [paint("dim", `    and ${reasons.length - shown.length} more reasons`)]
      : []),
  ];
}
