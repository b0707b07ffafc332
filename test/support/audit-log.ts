import { DatabaseSync } from "node:sqlite";
import { createLogger } from "../../src/log.ts";
import type { AccountData } from "../../src/model/ports.ts";
import { AuditLog, headType, type NewRecord } from "../../src/service/audit/log.ts";
import { signerOf } from "../../src/service/signer.ts";
import { openStore } from "../../src/store/index.ts";
import { storeOptions } from "./store.ts";

export const DAY_MS = 86_400_000;
/** Of the logs' signer. */
export const KEY = Buffer.alloc(32, 7);

export const record = (atMs: number): NewRecord => ({
  atMs,
  facts: "a".repeat(64),
  policy: "b".repeat(64),
  rooms: null,
  scope: "member",
  grade: "C",
  results: { fail: 1, warn: 0, "not-checked": 0, error: 0, "not-applicable": 0, pass: 3 },
  failed: { info: 0, low: 0, medium: 0, high: 1, critical: 0 },
  findings: [
    {
      ...{ ruleId: "SOTTO-ENC-001", severity: "high", result: "fail", message: "clear", isAccepted: false },
      ...{ subject: { roomId: "!a" }, fingerprint: "0".repeat(16) },
    },
  ],
});

/** The account's data, as a homeserver keeps it. */
function accountData(): AccountData & { kept: Map<string, Record<string, unknown>>; isDown: boolean } {
  const kept = new Map<string, Record<string, unknown>>();
  const server = {
    ...{ kept, isDown: false },
    async get(type: string) {
      if (server.isDown) throw new Error("no answer");
      return kept.get(type);
    },
    async put(type: string, content: Record<string, unknown>) {
      if (server.isDown) throw new Error("no answer");
      kept.set(type, content);
    },
  };
  return server;
}

/** A log in a store of its own, with so many records, a day between each. */
export async function logOf(records: number, keepMs = Number.POSITIVE_INFINITY) {
  const options = storeOptions();
  const server = accountData();
  const signer = signerOf(KEY, "audit signature");
  const logger = createLogger({ level: "error", json: false, write: () => undefined });
  const { userId, deviceId } = options;
  const withLog = async <T>(work: (log: AuditLog) => Promise<T>): Promise<T> => {
    const store = openStore(options);
    try {
      return await work(
        new AuditLog({ audits: store.audits, accountData: server, signer, userId, deviceId, logger }),
      );
    } finally {
      store.close();
    }
  };
  for (let day = 1; day <= records; day++)
    await withLog((log) => log.add(record(day * DAY_MS), day * DAY_MS - keepMs));
  return {
    ...{ server, withLog, type: headType(deviceId), publicKeyPem: signer.publicKeyPem },
    verify: (noted: { number: number; last: string }[] = [], number?: number) =>
      withLog((log) => log.verify(noted, number)),
    /** What somebody does who can write to the file, and has not the key. */
    tamper(sql: string) {
      const db = new DatabaseSync(options.path);
      db.exec(sql);
      db.close();
    },
  };
}
