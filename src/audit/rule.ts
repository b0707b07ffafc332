import type { Fact, Facts, UserFacts } from "../model/facts.ts";
import type { RuleText, Severity, Subject } from "../model/finding.ts";
import type { HomeserverFacts } from "../model/homeserver-facts.ts";
import type { OwnFacts } from "../model/own-facts.ts";
import type { Policy } from "../model/policy.ts";
import type { Waiver } from "../model/report.ts";
import type { RoomFacts } from "../model/room-facts.ts";

/** What a rule may look at besides its subject. */
export interface Context {
  facts: Facts;
  policy: Policy;
  /** Of the last audit. */
  previous?: Facts;
  /** What people have signed for; undefined where they were not asked. */
  waivers?: readonly Waiver[];
}

/**
 * What a rule says of its subject; `subject` says more closely of what, such as a device of the user. Nothing said is a
 * pass.
 */
export type Verdict =
  | { result: "fail" | "warn"; message: string; cure?: string; severity?: Severity; subject?: Subject }
  | { result: "not-checked"; message: string; notAsked?: true }
  | { result: "not-applicable" | "pass" | "error"; message: string };

interface Subjects {
  room: RoomFacts;
  user: UserFacts;
  homeserver: HomeserverFacts;
  own: Fact<OwnFacts>;
}
export type About = keyof Subjects;
export type Judged = Subjects[About];

/** A rule as it is written: what it reads first, and what it makes of that. What is unread is never judged. */
interface WrittenRule<A extends About, T> extends RuleText {
  readonly about: A;
  /** It judges names, IDs or the servers in them: of facts under pseudonyms it can say nothing. */
  readonly readsNames?: true;
  /** With `all` where it is more than one fact. */
  reads(subject: Subjects[A], context: Context): Fact<T>;
  check(read: T, context: Context, subject: Subjects[A]): Verdict[];
}

/** A rule as it is run. */
export interface Rule extends RuleText {
  readonly about: About;
  judge(subject: Judged, context: Context): Verdict[];
}

export function defineRule<A extends About, T>({
  reads,
  check,
  readsNames,
  ...text
}: WrittenRule<A, T>): Rule {
  return {
    ...text,
    judge(subject, context) {
      if (readsNames && context.facts.isPseudonymous)
        return [{ result: "not-checked", message: "the facts hold pseudonyms in the place of names" }];
      const mine = subject as Subjects[A];
      const fact = reads(mine, context);
      if ("unread" in fact) {
        return [
          { result: "not-checked", message: fact.unread, ...(fact.notAsked && { notAsked: true as const }) },
        ];
      }
      return check(fact.value, context, mine);
    },
  };
}

/** All of them; or why the first that is missing was not read. */
export function all<T extends unknown[]>(...facts: { [K in keyof T]: Fact<T[K]> }): Fact<T> {
  const values: unknown[] = [];
  for (const fact of facts as Fact<unknown>[]) {
    if ("unread" in fact) return fact;
    values.push(fact.value);
  }
  return { value: values as T };
}
