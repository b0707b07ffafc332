import { createHmac, type Hmac } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { SottoError } from "../errors.ts";
import type { DeviceId, RoomId, UserId } from "../model/ids.ts";
import { type AuditStore, createAuditStore } from "./audits.ts";
import { type Database, openDatabase } from "./database.ts";
import { createEnforcementStore, type EnforcementStore } from "./enforcement.ts";
import { createEpochStore, type EpochStore } from "./epoch.ts";
import { createEvacuations, type Evacuations } from "./evacuations.ts";
import { createFactStore, type FactStore } from "./facts.ts";
import { createHanded, type Handed } from "./handed.ts";
import { createInboxStore, type InboxStore } from "./inbox.ts";
import { createJobStore, type JobStore } from "./jobs.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { createMadeRooms, type MadeRooms } from "./made-rooms.ts";
import type { Meta } from "./meta.ts";
import { createPatrolStore, type PatrolStore } from "./patrol.ts";
import { createRecordings, type Recordings } from "./recordings.ts";
import { createRecoveryStore, type RecoveryStore } from "./recovery.ts";
import { createRedactions, type Redactions } from "./redactions.ts";
import { createRetention, type Retention } from "./retention.ts";
import { createRoomStore, type RoomStore } from "./rooms.ts";
import { createSealer, deriveKey } from "./seal.ts";
import { createSessionStore, type SessionStore } from "./sessions.ts";
import { createSpool, type Spool } from "./spool.ts";
import { createStoppedRooms, type StoppedRooms } from "./stopped-rooms.ts";
import { createSuccessors, type Successors } from "./successors.ts";

export type { AuditStore } from "./audits.ts";
export type { EnforcementStore } from "./enforcement.ts";
export type { DoubtfulEvent, Epoch, EpochStore } from "./epoch.ts";
export type { FactStore } from "./facts.ts";
export {
  type ForeignDatabase,
  type ForeignRows,
  isDatabaseAddress,
  openForeignDatabase,
} from "./foreign-database.ts";
export type { InboxStore, WaitingEvent } from "./inbox.ts";
export type { JobStore } from "./jobs.ts";
export type { Device, Ledger } from "./ledger.ts";
export type { MadeRoom, MadeRooms } from "./made-rooms.ts";
export type { DrillRecord, RecoveryStore } from "./recovery.ts";
export type { Retention, RetentionLimits } from "./retention.ts";
export type { RoomChanges, RoomRecord, RoomStore } from "./rooms.ts";
export { createSealer, deriveKey } from "./seal.ts";
export type { OutboundSession, SessionStore } from "./sessions.ts";
export type { Spool } from "./spool.ts";

const DEVICE_SINCE = "device since";

/** Everything Sotto keeps besides the crypto engine's own store. */
export interface Store {
  rooms: RoomStore;
  sessions: SessionStore;
  ledger: Ledger;
  inbox: InboxStore;
  jobs: JobStore;
  spool: Spool;
  /** Who has a voice message that others of its routes still wait for; forgotten with `inbox.done`. */
  handed: Handed;
  /** Which room was meant by a name, when it was first looked up. */
  destinations: { get(name: string): RoomId | undefined; set(name: string, roomId: RoomId): void };
  /** Which room was accepted in the place of one that was replaced; for ever. */
  successors: Successors;
  stoppedRooms: StoppedRooms;
  evacuations: Evacuations;
  redactions: Redactions;
  /** What audits have read and need not read again. */
  facts: FactStore;
  /** What was enforced, and who was warned. */
  enforcement: EnforcementStore;
  /** What a recording is known by: of its origin's own words nothing is kept. */
  originOf(source: string, id: string): string;
  /** Begins a keyed hash of the recording of an origin; it says nothing of the recording to whoever lacks the key. */
  digestOf(origin: string): Hmac;
  /** Sealed, in the folder `spool` beside the store's file. */
  recordings: Recordings;
  recovery: RecoveryStore;
  /** Made for a clear message, and not left yet; "" for none. */
  controlRoom: { get(): RoomId | undefined; set(roomId: RoomId | ""): void };
  madeRooms: MadeRooms;
  audits: AuditStore;
  patrol: PatrolStore;
  epoch: EpochStore;
  retention: Retention;
  /** When this store was made, and with it the device; undefined in one that is older than this record. */
  deviceSinceMs(): number | undefined;
  syncToken(): string | undefined;
  setSyncToken(token: string): void;
  /** What the engine was last told of its keys on the server. */
  toldKeyCounts(): string | undefined;
  setToldKeyCounts(told: string): void;
  transaction<T>(work: () => T): T;
  /** As `transaction`, but on the disk only with the next durable write, and never after it. */
  soon<T>(work: () => T): T;
  /** What was written soon is on the disk when this returns. */
  settle(): void;
  close(): void;
}

export interface StoreOptions {
  path: string;
  /** 32 bytes. */
  key: Uint8Array;
  userId: UserId;
  deviceId: DeviceId;
}

/** Throws `STORE_WRONG_KEY`, `STORE_OTHER_DEVICE`, `STORE_HELD`, `STORE_NEWER`, `STORE_DAMAGED` or `DISK_FULL`. */
export function openStore({ path, key, userId, deviceId }: StoreOptions): Store {
  // made before SQLite does it: the -wal beside it gets the same mode
  closeSync(openSync(path, "a", 0o600));
  const db = openDatabase(path);
  try {
    const sealer = createSealer(key);
    checkOwner(db, sealer, `${userId} ${deviceId}`);
    const meta: Meta = {
      names: (prefix) =>
        db
          .all("SELECT name FROM meta WHERE substr(name, 1, ?) = ? ORDER BY name", prefix.length, prefix)
          .map((row) => row.name as string),
      read: (name) => readMeta(db, name)?.toString(),
      write: (name, value) => writeMeta(db, name, Buffer.from(value)),
    };
    const originKey = deriveKey(key, "origins");
    const digestKey = deriveKey(key, "digests of recordings");
    const jobs = createJobStore(db, sealer);
    const recordings = createRecordings(join(dirname(path), "spool"), key);
    recordings.sweep(jobs.needsRecording);
    return {
      rooms: createRoomStore(db),
      sessions: createSessionStore(db),
      ledger: createLedger(db),
      inbox: createInboxStore(db),
      jobs,
      spool: createSpool(db),
      recordings,
      handed: createHanded(db),
      destinations: {
        get: (name) => meta.read(`destination ${name}`),
        set: (name, roomId) => meta.write(`destination ${name}`, roomId),
      },
      successors: createSuccessors(meta),
      stoppedRooms: createStoppedRooms(db),
      evacuations: createEvacuations(db, sealer),
      redactions: createRedactions(db),
      facts: createFactStore(db, sealer),
      digestOf: (origin) => createHmac("sha256", digestKey).update(JSON.stringify([origin])),
      enforcement: createEnforcementStore(db, sealer),
      originOf: (source, id) =>
        createHmac("sha256", originKey)
          .update(JSON.stringify([source, id]))
          .digest("base64url"),
      recovery: createRecoveryStore(db, meta),
      controlRoom: {
        get: () => meta.read("control room") || undefined,
        set: (roomId) => meta.write("control room", roomId),
      },
      madeRooms: createMadeRooms(meta),
      audits: createAuditStore(db, sealer, meta),
      patrol: createPatrolStore(db, sealer, meta),
      retention: createRetention(db, meta, (recordingId) => {
        recordings.drop(recordingId).catch(() => undefined); // it is swept when the store is opened next
      }),
      epoch: createEpochStore({
        ...meta,
        writeSoon: (name, value) => db.soon(() => writeMeta(db, name, Buffer.from(value))),
      }),
      deviceSinceMs() {
        const since = readMeta(db, DEVICE_SINCE)?.toString();
        return since === undefined ? undefined : Number(since);
      },
      syncToken: () => readMeta(db, "sync token")?.toString(),
      setSyncToken: (token) => writeMeta(db, "sync token", Buffer.from(token)),
      toldKeyCounts: () => readMeta(db, "told key counts")?.toString(),
      setToldKeyCounts: (told) => writeMeta(db, "told key counts", Buffer.from(told)),
      transaction: (work) => db.transaction(work),
      soon: (work) => db.soon(work),
      settle: () => writeMeta(db, "settled", Buffer.alloc(0)),
      close: () => db.close(),
    };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function checkOwner(db: Database, sealer: ReturnType<typeof createSealer>, owner: string): void {
  const kept = readMeta(db, "owner");
  if (!kept) {
    db.transaction(() => {
      writeMeta(db, "owner", sealer.seal(owner, "owner"));
      writeMeta(db, DEVICE_SINCE, Buffer.from(String(Date.now())));
    });
    return;
  }
  let found: string;
  try {
    found = sealer.open(kept, "owner");
  } catch (cause) {
    throw new SottoError("STORE_WRONG_KEY", "the store key does not open this store", { cause });
  }
  if (found !== owner)
    throw new SottoError("STORE_OTHER_DEVICE", `the store belongs to ${found}, the config names ${owner}`);
}

function readMeta(db: Database, name: string): Buffer | undefined {
  const value = db.get("SELECT value FROM meta WHERE name = ?", name)?.value;
  return value === undefined ? undefined : Buffer.from(value as Uint8Array);
}

function writeMeta(db: Database, name: string, value: Uint8Array): void {
  db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value);
}
