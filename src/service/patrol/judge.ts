import { accepted, audit, RULES } from "../../audit/index.ts";
import type { Facts } from "../../model/facts.ts";
import type { Finding, Subject } from "../../model/finding.ts";
import { type OpenFinding, urgencyOf } from "../../model/patrol.ts";
import type { HeldTo } from "./held-to.ts";

type About = (typeof RULES)[number]["about"];

/** Facts that were read, and which rules they are enough for. */
export interface Seen {
  facts: Facts;
  about: readonly About[];
  /** Which rooms and users were looked at: one that is not among the facts is nowhere. All there are, unless told. */
  wasLookedAt?: (id: string) => boolean;
  /** Those that have changed since: of these nothing is known. */
  except?: ReadonlySet<string>;
}

/** What a look has changed, and what it could not say anything of. */
export interface Judged {
  found: OpenFinding[];
  /** Fingerprints. */
  gone: string[];
  notChecked: Finding[];
}

/** @param open - what was found before @param previous - facts of the last audit */
export function judge(
  { facts, about, wasLookedAt = () => true, except = NOBODY }: Seen,
  { policy, waivers, baseline }: HeldTo,
  open: readonly OpenFinding[],
  previous: Facts | undefined,
): Judged {
  const rules = RULES.filter((rule) => about.includes(rule.about));
  const context = { facts, policy, ...(previous && { previous }), ...(waivers && { waivers }) };
  const sayings = { ...(waivers && { waivers }), ...(baseline && { baseline }) };
  const isRead = ({ roomId, userId }: Subject): boolean =>
    ![roomId, userId].some((id) => except.has(id ?? ""));
  const findings = accepted(audit(context, rules).findings, sayings, facts.collectedMs).filter(
    ({ subject }) => isRead(subject),
  );
  const found = new Map<string, OpenFinding>();
  for (const { result, accepted: isAccepted, change: _, notAsked: __, ...finding } of findings) {
    if ((result !== "fail" && result !== "warn") || isAccepted) continue;
    const before = found.get(finding.fingerprint);
    const now = { ...finding, result };
    if (!before || urgencyOf(now) > urgencyOf(before)) found.set(finding.fingerprint, now);
  }
  const notChecked = findings.filter(({ result }) => result === "not-checked" || result === "error");
  const unread = Map.groupBy(notChecked, ({ ruleId }) => ruleId);
  const gone = open.filter((finding) => {
    const { ruleId, subject, fingerprint } = finding;
    if (found.has(fingerprint) || !isRead(subject) || !isCovered(finding, { about, wasLookedAt }))
      return false;
    return !unread.get(ruleId)?.some((other) => isPartOf(other.subject, subject));
  });
  return { found: [...found.values()], gone: gone.map(({ fingerprint }) => fingerprint), notChecked };
}

const NOBODY: ReadonlySet<string> = new Set();
const ABOUT = new Map(RULES.map((rule) => [rule.id, rule.about]));

/** Whether a rule has looked at a subject. What an earlier version's rule has found, no rule looks at. */
function isCovered(
  { ruleId, subject }: OpenFinding,
  { about, wasLookedAt }: Required<Pick<Seen, "about" | "wasLookedAt">>,
): boolean {
  const ofRule = ABOUT.get(ruleId);
  if (ofRule === undefined) return true;
  if (!about.includes(ofRule)) return false;
  const { roomId = "", userId = "" } = subject;
  return ofRule === "room" ? wasLookedAt(roomId) : ofRule !== "user" || wasLookedAt(userId);
}

/** A user's devices were unread where the user's were. */
const isPartOf = (whole: Subject, part: Subject): boolean =>
  Object.entries(whole).every(([key, id]) => part[key as keyof Subject] === id);
