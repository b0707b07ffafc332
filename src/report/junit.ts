import { SEVERITIES } from "../model/finding.ts";
import type { Report, Shown } from "../model/report.ts";
import type { FailOn } from "./outcome.ts";
import { acceptedWords, isoTime, plain, subjectWords } from "./text.ts";

/** What a CI server draws as tests: a suite for each rule, a test for each subject; those that passed, too. */
export function junit(report: Report, { failOn }: { failOn: FailOn }): string {
  const ofRule = Map.groupBy(report.findings, ({ ruleId }) => ruleId);
  const timestamp = isoTime(report.collectedMs)?.slice(0, 19);
  const suites = report.rules.map(({ id, title }) => {
    const tests = (ofRule.get(id) ?? []).map((finding) => testOf(finding, failOn));
    return {
      counts: countsOf(tests),
      xml: [
        `  <testsuite${attributes({ name: `${id} ${title}`, ...countsOf(tests), time: 0, ...(timestamp && { timestamp }) })}>`,
        ...tests.map(({ xml }) => xml),
        "  </testsuite>",
      ].join("\n"),
    };
  });
  const all = (key: keyof Counts): number => suites.reduce((sum, { counts }) => sum + counts[key], 0);
  const counts: Counts = {
    tests: all("tests"),
    failures: all("failures"),
    errors: all("errors"),
    skipped: all("skipped"),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: `sotto audit of ${report.homeserver}`, ...counts, time: 0 })}>`,
    ...suites.map(({ xml }) => xml),
    "</testsuites>\n",
  ].join("\n");
}

type Outcome = "failures" | "errors" | "skipped" | "passed";
type Counts = Record<"tests" | Exclude<Outcome, "passed">, number>;
interface Test {
  outcome: Outcome;
  xml: string;
}

const countsOf = (tests: readonly Test[]): Counts => {
  const count = (wanted: Outcome): number => tests.filter(({ outcome }) => outcome === wanted).length;
  return {
    tests: tests.length,
    failures: count("failures"),
    errors: count("errors"),
    skipped: count("skipped"),
  };
};

function testOf(finding: Shown, failOn: FailOn): Test {
  const { ruleId, severity, subject, message, cure } = finding;
  const outcome = outcomeOf(finding, failOn);
  const words = [acceptedWords(finding), message, cure === undefined ? undefined : `cure: ${cure}`].filter(
    (word) => word !== undefined,
  );
  const inside = {
    failures: `<failure${attributes({ type: severity, message })}>${xmlText(words.join(" | "))}</failure>`,
    errors: `<error${attributes({ type: "error", message })}/>`,
    skipped: `<skipped${attributes({ message: words[0]! })}/>`,
    passed:
      finding.result === "pass"
        ? ""
        : `<system-out>${xmlText(`${finding.result}: ${words.join(" | ")}`)}</system-out>`,
  }[outcome];
  const name = attributes({ classname: ruleId, name: subjectWords(subject), time: 0 });
  return { outcome, xml: `    <testcase${name}>${inside}</testcase>` };
}

/** What is below the threshold of the run stands as words in a test that has passed. */
function outcomeOf({ result, severity, accepted }: Shown, failOn: FailOn): Outcome {
  if (accepted || result === "not-checked" || result === "not-applicable") return "skipped";
  if (result === "error") return "errors";
  const counts = failOn !== "never" && SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(failOn);
  return result === "fail" && counts ? "failures" : "passed";
}

const attributes = (values: Record<string, string | number>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlText(String(value))}"`)
    .join("");

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Without control characters, halves of characters and what is none, everything that is left is allowed in XML 1.0. */
const xmlText = (text: string): string =>
  plain(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
