import type { Finding, Subject } from "../model/finding.ts";
import type { Report, Shown } from "../model/report.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

/**
 * The report of true facts with the words of the report of pseudonymous ones: what is judged by names was judged by true
 * ones, and no sentence was made of them. Where both disagree, the sentence is left out.
 */
export function pseudonymousReport(report: Report, said: readonly Finding[], pseudonyms: Pseudonyms): Report {
  const titles = new Map(report.rules.map(({ id, title }) => [id, title]));
  const words = Map.groupBy(said, ({ ruleId, result, subject }) => keyOf(ruleId, result, subject));
  const { changes, idleWaivers, ...summary } = report.summary;
  const gone = changes?.gone.map((finding) => ({
    ...finding,
    subject: pseudonyms.subject(finding.subject),
    fingerprint: pseudonyms.fingerprint(finding.fingerprint),
  }));
  return {
    ...report,
    by: pseudonyms.id(report.by) ?? pseudonyms.name("user", report.by),
    homeserver: pseudonyms.server(report.homeserver),
    roomNames: [],
    policyFile: report.policyFile?.split("/").at(-1) ?? null,
    findings: report.findings.map(({ cure, ...finding }): Shown => {
      const subject = pseudonyms.subject(finding.subject);
      const same = words.get(keyOf(finding.ruleId, finding.result, subject))?.shift();
      const known = same?.cure ?? report.rules.find(({ id }) => id === finding.ruleId)?.cure;
      return {
        ...finding,
        subject,
        message: same?.message ?? `not so: ${titles.get(finding.ruleId)} (what it says names somebody)`,
        ...(cure !== undefined && known !== undefined && { cure: known }),
        fingerprint: pseudonyms.fingerprint(finding.fingerprint),
        ...(finding.accepted?.by === "waiver" && {
          accepted: {
            ...finding.accepted,
            owner: pseudonyms.name("owner", finding.accepted.owner),
            reason: "left out under pseudonyms",
          },
        }),
      };
    }),
    summary: {
      ...summary,
      ...(changes && gone && { changes: { ...changes, gone } }),
      ...(idleWaivers && {
        idleWaivers: idleWaivers.map(({ where, covers }) => ({
          where: where.split("/").at(-1)!,
          covers: covers.startsWith("SOTTO-") ? covers : pseudonyms.fingerprint(covers),
          why: "it covers nothing",
        })),
      }),
    },
  };
}

const keyOf = (ruleId: string, result: string, { roomId, userId, deviceId, eventId }: Subject): string =>
  JSON.stringify([ruleId, result, roomId, userId, deviceId, eventId]);
