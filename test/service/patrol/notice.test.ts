import { expect, it } from "vitest";
import type { OpenFinding, PatrolNews } from "../../../src/model/patrol.ts";
import { noticeOf } from "../../../src/service/patrol/notice.ts";
import { ROOM } from "../../support/facts.ts";

const NONE: PatrolNews = { found: [], gone: [], stopped: [], freed: [], left: [] };
const finding: OpenFinding = {
  ...{ ruleId: "SOTTO-ACC-001", severity: "high", result: "fail", subject: { roomId: ROOM } },
  ...{ message: "anybody can read it", cure: "close it", fingerprint: "0".repeat(16) },
};
const body = (news: Partial<PatrolNews>) => (noticeOf({ ...NONE, ...news }) as { body: string }).body;

it("there is none without news; it says what is new, what has gone and which rooms wait", () => {
  expect(noticeOf(NONE)).toBeUndefined();
  expect(body({ found: [finding], stopped: [ROOM] }).split("\n")).toEqual([
    "Patrol: 1 new, 1 room gets no voice now",
    `No voice until it is cured: ${ROOM}`,
    `high SOTTO-ACC-001 ${ROOM}: anybody can read it`,
    "  cure: close it",
  ]);
  expect(body({ gone: [finding], freed: [ROOM] })).toContain(`gone: SOTTO-ACC-001 ${ROOM}`);
});

it("is short however much is new, and nothing that strangers have named acts in it", () => {
  const hostile = { ...finding, message: `"\u202e\n@room <b>\u001b[31m" ${"x".repeat(100_000)}` };
  const notice = noticeOf({ ...NONE, found: Array.from({ length: 500 }, () => hostile) });
  const text = JSON.stringify(notice);
  expect(text.length).toBeLessThan(8_000);
  const said = (notice as { body: string }).body;
  expect(said.split("\n")).toHaveLength(15);
  for (const character of ["\u202e", "\u001b"]) expect(said).not.toContain(character);
  expect(said).toContain("and 490 more");
  expect(notice).toMatchObject({ "m.mentions": {} });
  expect(notice).not.toHaveProperty("formatted_body");
});
