import { expect, it, onTestFinished } from "vitest";
import { SottoError } from "../../../src/errors.ts";
import { silentLogger } from "../../../src/log.ts";
import type { OpenFinding } from "../../../src/model/patrol.ts";
import type { Account } from "../../../src/service/account.ts";
import { Reports } from "../../../src/service/patrol/reports.ts";
import { outboxOn, throwing } from "../../support/faulty-ports.ts";
import {
  batch,
  joined,
  MEGOLM,
  member,
  OTHER_ROOM,
  OWN,
  openTestStore,
  ROOM,
  state,
} from "../../support/store.ts";

const finding: OpenFinding = {
  ...{ ruleId: "SOTTO-ACC-001", severity: "high", result: "fail", subject: { roomId: "!kitchen" } },
  ...{ message: "anybody can read it", cure: "close it", fingerprint: "0".repeat(16) },
};

function operators() {
  const store = openTestStore();
  const encrypted = [member(OWN, "join"), state("m.room.encryption", { algorithm: MEGOLM })];
  const rooms = [ROOM, OTHER_ROOM].map((roomId) => joined(encrypted, { roomId }));
  store.rooms.apply(batch({ joined: rooms }), OWN);
  const { outbox, encryptor, gate, stops } = outboxOn(store);
  const troubles: string[] = [];
  const logger = { ...silentLogger, warn: (text: string) => void troubles.push(text) };
  return {
    store,
    troubles,
    stops,
    outbox,
    gate,
    encryptor,
    said: () => encryptor.encrypted.map(({ roomId, content }) => `${roomId} ${content.body}`),
    reports(operatorsRoom: string): Reports {
      const letThrough = (txnId: string, _: unknown, work: () => Promise<unknown>) => {
        stops.get(operatorsRoom)?.through.add(txnId);
        return work();
      };
      const parts = {
        stops: { letThrough },
        store,
        outbox,
        logger,
        sync: { isRunning: true },
        onJob: () => () => {},
      };
      const reports = new Reports({ ...parts, config: { operatorsRoom } } as unknown as Account);
      onTestFinished(() => reports[Symbol.dispose]());
      return reports;
    },
  };
}

it("what waits for a room that is the operators' no more is said in the one that is, once, and goes nowhere else", async () => {
  const { store, stops, outbox, said, reports } = operators();
  stops.set(ROOM, { error: new SottoError("ROOM_BELOW_POLICY", "not yet"), through: new Set() });
  store.patrol.update([finding], []);
  reports(ROOM).tell();
  await expect.poll(() => store.jobs.roomsWaiting()).toEqual([ROOM]);
  expect(store.patrol.news().found).toEqual([]);

  const moved = reports(OTHER_ROOM);
  moved.tell();
  await expect.poll(said).toEqual([expect.stringContaining(finding.message)]);
  expect(said()[0]).toMatch(new RegExp(`^${OTHER_ROOM} `));
  stops.delete(ROOM);
  moved.tell();
  await expect.poll(() => store.jobs.roomsWaiting()).toEqual([]);
  await outbox.resumeDue([ROOM, OTHER_ROOM]);
  expect(said()).toHaveLength(1);
});

it("that their room is below the policy itself is said again where it could not be, and then no more", async () => {
  const { store, stops, gate, encryptor, reports } = operators();
  const stop = { because: "policy", message: "open", cure: "close it", sinceMs: 1 } as const;
  store.stoppedRooms.stop({ ...stop, roomId: OTHER_ROOM });
  stops.set(OTHER_ROOM, { error: new SottoError("ROOM_BELOW_POLICY", "open"), through: new Set() });
  encryptor.outcomes.push(throwing(new SottoError("HOMESERVER_UNREACHABLE", "not now")));
  const toldBy = reports(OTHER_ROOM);
  toldBy.tell();
  await expect.poll(() => store.jobs.counts().failed).toBe(1);
  toldBy.tell();
  await expect.poll(() => gate.puts).toHaveLength(1);
  toldBy.tell();
  await new Promise(setImmediate);
  expect(gate.puts).toHaveLength(1);
});

it("what is gone before it could be said is no notice", async () => {
  const { store, said, troubles, reports } = operators();
  store.patrol.update([finding], []);
  reports(OTHER_ROOM).tell();
  store.patrol.update([], [finding.fingerprint]);
  await new Promise(setImmediate);
  expect(said()).toEqual([]);
  expect(troubles).toEqual([]);
  expect(store.patrol.notice()).toBeUndefined();
});
