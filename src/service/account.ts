import { join } from "node:path";
import { acceptsClear, type Config, readAccessToken, readStoreKey, roomTrust } from "../config/index.ts";
import { type Crypto, createCrypto, holdEngine } from "../crypto/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import {
  type ClearTypes,
  createAccountData,
  createBackupServer,
  createContentRepository,
  createIdentityUpload,
  createKeyServer,
  createRooms,
  createSendGate,
  createTransport,
  type EventGate,
  findOrCreateDirectRoom,
  findSentEvent,
  MatrixError,
  type Rooms,
  type Transport,
  whoami,
} from "../matrix/index.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { type Meter, silentMeter } from "../model/meter.ts";
import type { ContentRepository, KeyServer, OneStore, PreparingEncryptor } from "../model/ports.ts";
import { Outbox } from "../outbox/index.ts";
import { Serial } from "../serial.ts";
import { openStore, type Store } from "../store/index.ts";
import { findRoom } from "./destination.ts";
import { atLiveEnd } from "./live-end.ts";
import { prepareAccepted } from "./prepare.ts";
import { makeFolder } from "./private-file.ts";
import { MissingKeys } from "./recovery/missing-keys.ts";
import { BackupUploads } from "./recovery/uploads.ts";
import { isRoom } from "./relay/routes.ts";
import { logInAgain } from "./relogin.ts";
import { dailyPruning } from "./retention.ts";
import { Stops } from "./stops.ts";
import { StoreWatch } from "./store-watch.ts";
import { SyncDriver } from "./sync.ts";
import { VerificationDesk } from "./verification.ts";
import type { WithheldCounts } from "./withheld.ts";

/** What is being sent when the account is closed has so long to end. */
export const FINISH_MS = 10_000;

export interface JobListener {
  /** Its recording is being made ready. */
  begun?(job: Job): void;
  /** Sent, or given up. */
  ended?(job: Job): void;
}

/** One account's rooms of the house, joined. Whoever has it holds the data directory. */
export interface Account {
  config: Config;
  logger: Logger;
  meter: Meter;
  store: Store;
  crypto: Crypto;
  transport: Transport;
  contentRepository: ContentRepository;
  rooms: Rooms;
  gate: EventGate;
  /** The only one to encrypt with: it first asks the homeserver who is there. */
  encryptor: PreparingEncryptor;
  outbox: Outbox;
  sync: SyncDriver;
  backupUploads: BackupUploads;
  missingKeys: MissingKeys;
  /** Messages that were reported as not handed on, since the start. */
  withheldCounts: WithheldCounts;
  /** How often the homeserver has held a message back, because it limits how many an account sends, since the start. */
  held: { back: number };
  /** Rooms that get nothing from us. */
  stops: Stops;
  verification: VerificationDesk;
  watch: StoreWatch;
  /** Whether a route leads out of the room: what comes there is the service's. */
  routed: (roomId: RoomId) => boolean;
  /** A person has said something of a user: what was found of them may hold no more. */
  lookAgain: (userId: UserId) => void;
  /** Told of messages that nobody waits for, and of the ends of all. The returned function ends it. */
  onJob(listener: JobListener): () => void;
  /** Aborted when encoding for nobody in particular must end. */
  stopping: AbortSignal;
  /** One receiver at a time, and one reader. */
  receiving: Serial;
  /** The encrypted direct chat with a user; made if there is none. */
  directRoom(other: UserId): Promise<RoomId>;
  /** Ends sync and requests under way, then gives the data directory back. */
  close(): Promise<void>;
}

/** Throws a `STORE_*` error if the data directory cannot be held; touches the network not at all. */
export async function openAccount(
  config: Config,
  logger: Logger,
  meter: Meter = silentMeter,
): Promise<Account> {
  const { userId, deviceId } = config.account;
  const storeKey = readStoreKey(config);
  makeFolder(config.data);
  const accessToken = readAccessToken(config);
  const held = { back: 0 };
  const transport = createTransport({
    homeserver: config.homeserver,
    accessToken,
    logger,
    onAttempt(endpoint, failure) {
      meter.apiCalled(endpoint, failure !== undefined);
      const isLimit = failure instanceof MatrixError && failure.statusCode === 429;
      if (isLimit && endpoint === "rooms/send") held.back += 1;
    },
    onSoftLogout: () => logInAgain(config, logger),
    ...(config.caFile ? { caFile: config.caFile } : {}),
  });
  const engine = await holdEngine({ userId, deviceId, directory: config.data, storeKey });
  let store: Store | undefined;
  try {
    store = openStore({ path: join(config.data, "sotto.sqlite"), key: storeKey, userId, deviceId });
    const accountData = createAccountData(transport, userId);
    const rotation = { maxPeriodMs: config.rotation.maxPeriod, maxMessages: config.rotation.maxMessages };
    const opened = store;
    const gate = createSendGate(transport, clearTypesOf(config), (...entering) => stops.error(...entering));
    const stops = new Stops({
      ...{ store, logger },
      settled: (roomId) => gate.settled(roomId),
      lifted: (roomId) => void account.outbox.resumeDue([roomId]),
    });
    const watch = new StoreWatch({
      store,
      accountData,
      userId,
      deviceId,
      accessToken,
      whoami: () => whoami(transport),
    });
    const crypto = createCrypto({
      engine,
      store,
      gate: gate.forVerification,
      keyServer: watched(createKeyServer(transport), watch),
      accountData,
      oneStore: watch,
      uploadIdentity: createIdentityUpload(transport, userId),
      backupServer: createBackupServer(transport),
      policy: {
        sharing: (roomId) => roomTrust(config, roomId),
        rotation,
        keyTimeoutMs: config.trust.keyTimeout,
      },
    });
    const contentRepository = createContentRepository(transport, {
      onUploadLost: () => meter.uploadUnreferenced(),
    });
    const rooms = createRooms(transport, userId);
    const clear = (roomId: RoomId) => acceptsClear(config, roomId);
    const sync = new SyncDriver({ transport, crypto, store, logger, userId, watch, acceptsClear: clear });
    sync.onBatch(dailyPruning(config, store));
    const backupUploads = new BackupUploads({ crypto, sync, logger });
    const missingKeys = new MissingKeys({ crypto, logger });
    const encryptor = atLiveEnd(sync, crypto.encryptor);
    const directRoom = (other: UserId) =>
      findOrCreateDirectRoom(other, {
        transport,
        rooms,
        accountData,
        userId,
        rotation: { periodMs: rotation.maxPeriodMs, messages: rotation.maxMessages },
      });
    const stopping = new AbortController();
    const listeners = new Set<JobListener>();
    const account: Account = {
      config,
      logger,
      meter,
      store,
      crypto,
      transport,
      contentRepository,
      rooms,
      gate,
      encryptor,
      outbox: new Outbox({
        store,
        contentRepository,
        encryptor,
        gate,
        prepare(job, recording) {
          for (const { begun } of listeners) begun?.(job);
          return prepareAccepted(account)(job, recording);
        },
        stopped: ({ roomId, txnId }) => stops.error(roomId, { ...(txnId !== undefined && { txnId }) }),
        findSent: (roomId, event) => findSentEvent(transport, roomId, { ...event, sender: userId }),
        onUnsent: reportOnce(logger),
        onEnded(job, error) {
          countEnded(meter, job, error);
          tellEnded(logger, job, error);
          for (const { ended } of listeners) ended?.(job);
        },
      }),
      sync,
      backupUploads,
      missingKeys,
      withheldCounts: {},
      held,
      stops,
      watch,
      routed: () => false,
      lookAgain: () => undefined,
      onJob(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      stopping: stopping.signal,
      receiving: new Serial(),
      directRoom,
      verification: new VerificationDesk({
        config,
        crypto,
        store,
        sync,
        logger,
        directRoom: (other) => findRoom(account, other),
      }),
      async close() {
        stopping.abort(new SottoError("STOPPED", "Sotto was closed"));
        // a homeserver that is silent keeps nobody: what was not answered is repeated by the next process
        const patience = setTimeout(() => void transport.close(), FINISH_MS);
        await account.outbox.close();
        clearTimeout(patience);
        missingKeys.stop();
        crypto.verifications.close();
        await sync.stop();
        await backupUploads.stop();
        await transport.close();
        opened.close();
        await engine.close();
      },
    };
    return account;
  } catch (thrown) {
    store?.close();
    await transport.close();
    await engine.close();
    throw thrown;
  }
}

/** Reactions of the house need no second word. */
const clearTypesOf = ({ clearEvents, signals }: Config): ClearTypes => ({
  ...clearEvents,
  reactions: clearEvents.reactions || signals.reactions,
});

function tellEnded(logger: Logger, job: Job, error: SottoError | undefined): void {
  const { jobId, source, roomId, eventId } = job;
  const which = { job: jobId, ...(source !== undefined && { source }), roomId };
  if (error) logger.error("a message was given up", { ...which, code: error.code, reason: error.message });
  else if (source !== undefined) logger.info("a message was sent", { ...which, eventId });
}

/** What the policy holds is held at every try, until a person has done something about it. */
function reportOnce(logger: Logger): (error: SottoError) => void {
  const told = new Set<string>();
  return ({ code, message, exitCode }) => {
    if (told.has(message)) return;
    if (exitCode === 1) told.add(message);
    logger.warn("an accepted message still waits", { code, reason: message });
  };
}

/** Only voice messages are counted: what Sotto says by itself has a source with a colon. What came out of a room is known by the room's ID. */
function countEnded(meter: Meter, { source, announces }: Job, error: SottoError | undefined): void {
  if (announces !== undefined || source?.startsWith(":")) return;
  const from = source === undefined ? "command" : isRoom(source) ? "room" : source;
  meter.messageEnded(from, error ? "failed" : "sent");
}

/**
 * Nothing that an old copy of the store, or a second one, would do too leaves before it is known that there is none.
 */
const watched = (keyServer: KeyServer, oneStore: OneStore): KeyServer => ({
  async send(request) {
    if (request.kind === "keys-upload") await oneStore.beforeNew();
    else if (request.kind !== "keys-query") await oneStore.beforeUse();
    return keyServer.send(request);
  },
});
