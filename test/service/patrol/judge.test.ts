import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../../src/config/policy.ts";
import type { OpenFinding } from "../../../src/model/patrol.ts";
import { belowPolicy } from "../../../src/service/patrol/below.ts";
import { judge, type Seen } from "../../../src/service/patrol/judge.ts";
import { ALICE, facts, known, NOW_MS, ROOM, room, roomState, unread } from "../../support/facts.ts";

const HELD = { policy: DEFAULT_POLICY };
const open = { historyVisibility: "world_readable" };
const opened = facts({ rooms: [room({ state: known(roomState(open)) })] });
const look = (seen: Partial<Seen> & Pick<Seen, "facts">, before: OpenFinding[] = []) =>
  judge({ about: ["room", "user"], ...seen }, HELD, before, undefined);
const FOUND = look({ facts: opened }).found.filter(({ ruleId }) => ruleId === "SOTTO-ACC-001");
const [finding] = FOUND;

describe("what was found", () => {
  it("is gone when it was read and is not there, and only then", () => {
    expect(FOUND).toHaveLength(1);
    expect(look({ facts: facts() }, FOUND).gone).toEqual([finding!.fingerprint]);
    expect(look({ facts: facts({ rooms: [room({ state: unread("a 500") })] }) }, FOUND).gone).toEqual([]);
    expect(look({ facts: facts({ rooms: [] }), wasLookedAt: (id) => id === ALICE }, FOUND).gone).toEqual([]);
    expect(look({ facts: facts({ rooms: [] }), wasLookedAt: (id) => id === ROOM }, FOUND).gone).toHaveLength(
      1,
    );
    expect(look({ facts: facts(), about: ["user"] }, FOUND).gone).toEqual([]);
  });

  it("stands in a room that has changed since it was read, and nothing new is found there", () => {
    const except = new Set([ROOM]);
    expect(look({ facts: facts(), except }, FOUND).gone).toEqual([]);
    expect(look({ facts: opened, except }).found).toEqual([]);
  });

  it("is nothing where a waiver or the baseline covers it, and is found again when the waiver has ended", () => {
    const waiver = {
      ...{ ruleId: finding!.ruleId, subject: { roomId: ROOM }, where: "waivers.yaml:1" },
      ...{ owner: ALICE, reason: "a fair", expires: new Date(NOW_MS).toISOString().slice(0, 10) },
    };
    const seen: Seen = { facts: opened, about: ["room"] };
    const later = { ...seen, facts: { ...opened, collectedMs: NOW_MS + 2 * 86_400_000 } };
    const baseline = new Map([[finding!.fingerprint, {}]]);
    const rules = (heldTo: Parameters<typeof judge>[1], what = seen) =>
      judge(what, heldTo, [], undefined).found.map(({ ruleId }) => ruleId);
    expect(rules(HELD)).toContain("SOTTO-ACC-001");
    expect(rules({ ...HELD, waivers: [waiver] })).not.toContain("SOTTO-ACC-001");
    expect(rules({ ...HELD, baseline })).not.toContain("SOTTO-ACC-001");
    expect(rules({ ...HELD, waivers: [waiver] }, later)).toContain("SOTTO-ACC-001");
  });
});

describe("below the policy", () => {
  const of = (change: Partial<OpenFinding>, stopAt: Parameters<typeof belowPolicy>[1] = "high") => [
    ...belowPolicy([{ ...finding!, ...change }], stopAt, () => [ROOM, "!other"]).keys(),
  ];

  it("is the room of a fail, or each room of its user, from the severity on", () => {
    expect(of({})).toEqual([ROOM]);
    expect(of({ subject: { userId: ALICE, deviceId: "PHONE" } })).toEqual([ROOM, "!other"]);
    expect(of({ subject: {} })).toEqual([]);
    expect(of({ severity: "medium" })).toEqual([]);
    expect(of({ severity: "medium" }, "medium")).toEqual([ROOM]);
    expect(of({ result: "warn", severity: "critical" })).toEqual([]);
    expect(of({ severity: "critical" }, "never")).toEqual([]);
  });
});
