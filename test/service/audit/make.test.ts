import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { Facts } from "../../../src/model/facts.ts";
import { makeAudit } from "../../../src/service/audit/make.ts";
import type { AuditRecord } from "../../../src/service/audit/record.ts";
import { facts, known, NOW_MS, room, roomState, unread } from "../../support/facts.ts";

const ENC = "SOTTO-ENC-001";
const clear = (roomId: string) => room({ roomId, state: known(roomState({ encryption: null })) });
const judged = (of: Facts, more = {}) => makeAudit({ facts: of, policy: DEFAULT_POLICY, ...more });
const ofEnc = ({ report }: ReturnType<typeof judged>) =>
  report.findings.filter(({ ruleId }) => ruleId === ENC);

/** What the log would have kept of it. */
const recordOf = (of: Facts): AuditRecord => ({
  ...{
    version: 1,
    kind: "audit",
    log: "",
    number: 1,
    atMs: NOW_MS - 1,
    facts: "",
    policy: "",
    rooms: null,
    previous: null,
  },
  ...{ scope: "admin", grade: "F", results: {} as never, failed: judged(of).report.summary.failed },
  findings: judged(of).findings.flatMap(({ result, ...finding }) =>
    result === "fail" ? [{ ...finding, result, isAccepted: false }] : [],
  ) as never,
});

describe("compared with an earlier audit", () => {
  const then = recordOf(facts({ rooms: [clear("!a"), clear("!b"), clear("!c")] }));
  const now = facts({
    rooms: [clear("!a"), room({ roomId: "!b" }), clear("!d"), room({ roomId: "!c", state: unread("429") })],
  });
  const report = judged(now, { since: then, history: [then] }).report;

  it("says what is new and what is still there", () => {
    const changes = Object.fromEntries(
      report.findings.flatMap(({ ruleId, subject, change }) =>
        ruleId === ENC && change ? [[subject.roomId, change]] : [],
      ),
    );
    expect(changes).toEqual({ "!a": "still-there", "!d": "new" });
    expect(report.summary.changes).toMatchObject({ sinceMs: then.atMs, new: 1, stillThere: 1 });
  });

  it("calls gone only what was looked at and is well now", () => {
    expect(
      report.summary
        .changes!.gone.filter(({ ruleId }) => ruleId === ENC)
        .map(({ subject }) => subject.roomId),
    ).toEqual(["!b"]);
  });

  it("draws both", () => {
    expect(report.charts.history.map(({ failed }) => failed.critical)).toEqual([3, 2]);
  });
});

it("leaves known findings in the report, and out of what fails", () => {
  const of = facts({ rooms: [clear("!a"), clear("!b")] });
  const [first] = ofEnc(judged(of));
  const again = judged(of, { baseline: [first!] });
  expect(ofEnc(again).map(({ accepted }) => accepted)).toEqual([undefined, { by: "baseline" }]);
  expect(again.report.summary).toMatchObject({ accepted: 1, failed: { critical: 1 } });
});

it("judges what was not asked for as nothing that failed", () => {
  const of = facts({
    rooms: [
      room({ state: { unread: "no file", notAsked: true } }),
      room({ roomId: "!b", state: unread("429") }),
    ],
  });
  expect(
    ofEnc(judged(of))
      .map(({ notAsked }) => notAsked)
      .sort(),
  ).toEqual([true, undefined]);
});
