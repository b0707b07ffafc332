import { accepted, audit, type Context, idleWaivers } from "../../audit/index.ts";
import type { Facts } from "../../model/facts.ts";
import type { Finding, Subject } from "../../model/finding.ts";
import type { Policy } from "../../model/policy.ts";
import type { Changes, Charts, Gone, Report, Shown, Waiver } from "../../model/report.ts";
import {
  chartsOf,
  makeReport,
  Pseudonyms,
  pseudonymousFacts,
  pseudonymousPolicy,
  pseudonymousReport,
} from "../../report/index.ts";
import { baselineOf, type Known } from "./files.ts";
import type { AuditRecord } from "./record.ts";

export interface Judging {
  facts: Facts;
  policy: Policy;
  policyFile?: string | null;
  /** Of the last audit. */
  previous?: Facts;
  waivers?: readonly Waiver[];
  /** Only some rooms were asked for. */
  isPartial?: boolean;
  /** What was known. */
  baseline?: readonly Known[];
  /** Earlier audits of the same rooms, the oldest first. */
  history?: readonly AuditRecord[];
  /** Of these, the one to compare with. */
  since?: AuditRecord;
  /** Names are shown under pseudonyms by this key. */
  pseudonymKey?: Uint8Array;
}

export interface Judged {
  /** As it is to be shown. */
  report: Report;
  /** As it is kept: under true names. */
  findings: Shown[];
  /** As they are to be saved. */
  facts: Facts;
}

/** Judges facts and makes a report of it, with what people have said beforehand. Reads nothing, changes nothing. */
export function makeAudit(judging: Judging): Judged {
  const { facts, policy, waivers, baseline = [], history = [], since, pseudonymKey } = judging;
  const judged = audit(contextOf(judging));
  const sayings = { baseline: baselineOf(baseline), ...(waivers && { waivers }) };
  const signed = accepted(judged.findings, sayings, facts.collectedMs);
  const findings = since ? compared(signed, since) : signed;
  const earlier = history
    .slice(-MOST_DRAWN)
    .map(({ atMs, failed }) => ({ atMs, failed }) as Charts["history"][number]);
  const whole = makeReport({
    audit: judged,
    facts,
    findings,
    ...(judging.policyFile && { policyFile: judging.policyFile }),
    ...(since && { changes: changesOf(findings, since) }),
    // what a part of the rooms does not have may be in another
    ...(waivers && !judging.isPartial && { idle: idleWaivers(findings, waivers, facts.collectedMs) }),
    charts: chartsOf(facts, policy, earlier),
  });
  const { failed } = whole.summary;
  const drawn = [...earlier, { atMs: facts.collectedMs, failed }];
  const report = { ...whole, charts: { ...whole.charts, history: drawn } };
  if (!pseudonymKey) return { report, findings, facts };
  return { findings, ...underPseudonyms(report, judging, new Pseudonyms(pseudonymKey)) };
}

const MOST_DRAWN = 60;

const contextOf = ({ facts, policy, previous, waivers }: Judging): Context => ({
  facts,
  policy,
  ...(previous && { previous }),
  ...(waivers && { waivers }),
});

/** The sentences are made anew from facts that name nobody: nothing has to be found and taken out of them. */
function underPseudonyms(
  report: Report,
  judging: Judging,
  pseudonyms: Pseudonyms,
): Pick<Judged, "report" | "facts"> {
  const { previous, waivers } = judging;
  const facts = pseudonymousFacts(judging.facts, pseudonyms);
  const said = audit({
    facts,
    policy: pseudonymousPolicy(judging.policy, pseudonyms),
    ...(previous && { previous: pseudonymousFacts(previous, pseudonyms) }),
    ...(waivers && { waivers: waivers.map((waiver) => pseudonymousWaiver(waiver, pseudonyms)) }),
  });
  return { facts, report: pseudonymousReport(report, said.findings, pseudonyms) };
}

const pseudonymousWaiver = (
  { subject, owner, fingerprint, ...waiver }: Waiver,
  pseudonyms: Pseudonyms,
): Waiver => ({
  ...waiver,
  where: waiver.where.split("/").at(-1)!,
  ...(fingerprint !== undefined && { fingerprint: pseudonyms.fingerprint(fingerprint) }),
  ...(subject && { subject: pseudonyms.subject(subject) }),
  ...(owner !== undefined && { owner: pseudonyms.name("owner", owner) }),
});

const isOpen = ({ result }: Pick<Finding, "result">): boolean => result === "fail" || result === "warn";

function compared(findings: readonly Shown[], since: AuditRecord): Shown[] {
  const then = new Set(since.findings.map(({ fingerprint }) => fingerprint));
  return findings.map((finding) =>
    isOpen(finding)
      ? { ...finding, change: then.has(finding.fingerprint) ? ("still-there" as const) : ("new" as const) }
      : finding,
  );
}

function changesOf(findings: readonly Shown[], since: AuditRecord): Changes {
  const open = findings.filter(isOpen);
  const now = new Set(open.map(({ fingerprint }) => fingerprint));
  const unread = findings.filter(({ result }) => result === "not-checked" || result === "error");
  const isUnread = ({ ruleId, subject }: Gone): boolean =>
    unread.some((finding) => finding.ruleId === ruleId && isPartOf(finding.subject, subject));
  const gone = since.findings
    .filter(({ fingerprint }) => !now.has(fingerprint))
    .map(
      ({ ruleId, severity, subject, fingerprint }) => ({ ruleId, severity, subject, fingerprint }) as Gone,
    );
  return {
    sinceMs: since.atMs,
    new: open.filter(({ change }) => change === "new").length,
    stillThere: open.filter(({ change }) => change === "still-there").length,
    // what nobody could look at now is not gone
    gone: [
      ...new Map(gone.filter((finding) => !isUnread(finding)).map((one) => [one.fingerprint, one])).values(),
    ],
  };
}

/** A user's devices were unread where the user's were. */
const isPartOf = (whole: Subject, part: Subject): boolean =>
  Object.entries(whole).every(([key, id]) => part[key as keyof Subject] === id);
