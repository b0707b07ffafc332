import { createHash } from "node:crypto";
import { toSottoError } from "../errors.ts";
import type { Audit, Finding, Subject } from "../model/finding.ts";
import type { Context, Judged, Rule, Verdict } from "./rule.ts";
import { RULES } from "./rules/index.ts";

/** Judges facts by every rule. It reads nothing and changes nothing. */
export function audit(context: Context, rules: readonly Rule[] = RULES): Audit {
  return {
    collectedMs: context.facts.collectedMs,
    rules: rules.map(({ about, judge, ...text }) => text),
    findings: rules.flatMap((rule) =>
      subjectsOf(rule, context).flatMap(([subject, judged]) => findings(rule, subject, judged, context)),
    ),
  };
}

function subjectsOf(rule: Rule, { facts }: Context): [Subject, Judged][] {
  switch (rule.about) {
    case "room":
      return facts.rooms.map((room) => [{ roomId: room.roomId }, room]);
    case "user":
      return facts.users.map((user) => [{ userId: user.userId }, user]);
    case "homeserver":
      return [[{}, facts.homeserver]];
    case "own":
      return [[{}, facts.own]];
  }
}

function findings(rule: Rule, subject: Subject, judged: Judged, context: Context): Finding[] {
  return verdicts(rule, judged, context).map((verdict) => {
    const whole = { ...subject, ...("subject" in verdict && verdict.subject) };
    return {
      ruleId: rule.id,
      severity: ("severity" in verdict && verdict.severity) || rule.severity,
      result: verdict.result,
      subject: whole,
      message: verdict.message,
      ...((verdict.result === "fail" || verdict.result === "warn") && { cure: verdict.cure ?? rule.cure }),
      ...("notAsked" in verdict && verdict.notAsked && { notAsked: true as const }),
      fingerprint: fingerprint(rule.id, whole),
    };
  });
}

/** A rule that breaks has not passed. */
function verdicts(rule: Rule, judged: Judged, context: Context): Verdict[] {
  try {
    const said = rule.judge(judged, context);
    return said.length > 0 ? said : [{ result: "pass", message: rule.title }];
  } catch (thrown) {
    return [{ result: "error", message: `the rule failed: ${toSottoError(thrown).message}` }];
  }
}

/** What a finding is known by from one audit to the next. */
function fingerprint(ruleId: string, { roomId, userId, deviceId, eventId }: Subject): string {
  const known = JSON.stringify([ruleId, roomId, userId, deviceId, eventId].map((part) => part ?? null));
  return createHash("sha256").update(known).digest("hex").slice(0, 16);
}
