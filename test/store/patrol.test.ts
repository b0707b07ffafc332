import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import type { OpenFinding } from "../../src/model/patrol.ts";
import { openStore } from "../../src/store/index.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

const finding: OpenFinding = {
  ...{ ruleId: "SOTTO-ACC-001", severity: "high", result: "fail", subject: { roomId: ROOM } },
  ...{ message: "named by a stranger", cure: "close it", fingerprint: "f1" },
};
const stop = { roomId: ROOM, because: "policy" as const, message: "below", cure: "cure", sinceMs: 1 };

it("what was told is no news again, after the process neither; what becomes worse or goes is", () => {
  const options = storeOptions();
  const store = openStore(options);
  store.patrol.update([finding], []);
  store.stoppedRooms.stop(stop);
  expect(store.patrol.news()).toMatchObject({ found: [finding], gone: [], stopped: [ROOM], freed: [] });
  store.patrol.told(7);
  store.close();

  const { patrol, stoppedRooms } = openTestStore(options);
  const none = { found: [], gone: [], stopped: [], freed: [], left: [] };
  expect(patrol.notice()).toBe(7);
  expect(patrol.news()).toEqual(none);
  const worse = { ...finding, severity: "critical" as const };
  patrol.update([worse], []);
  expect(patrol.news().found).toEqual([worse]);
  patrol.told(8);
  patrol.update([finding], []);
  expect(patrol.news()).toEqual(none);
  expect(patrol.counts()).toEqual([{ severity: "high", result: "fail", count: 1 }]);
  patrol.update([], [finding.fingerprint]);
  stoppedRooms.lift(ROOM, "policy");
  expect(patrol.news()).toMatchObject({ found: [], gone: [finding], stopped: [], freed: [ROOM] });
  patrol.told(9);
  expect(patrol.news()).toEqual(none);
});

it("what came and went between two notices is no news; nobody reads it without the key", () => {
  const options = storeOptions();
  const { patrol } = openTestStore(options);
  patrol.update([finding], []);
  patrol.update([], [finding.fingerprint]);
  expect(patrol.news()).toMatchObject({ found: [], gone: [] });
  patrol.update([finding], []);
  expect(patrol.open()).toEqual([finding]);
});

it("is sealed", () => {
  const options = storeOptions();
  const store = openStore(options);
  store.patrol.update([finding], []);
  store.close();
  const raw = new DatabaseSync(options.path);
  const rows = raw.prepare("SELECT CAST(sealed_finding AS TEXT) AS text FROM patrol_finding").all();
  raw.close();
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain("named by a stranger");
});
