import { setTimeout as delay } from "node:timers/promises";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { RoomEvent } from "../model/event.ts";
import type { RoomSync, StrippedState, SyncBatch } from "../model/sync.ts";
import { isObject, isString, type JsonObject, requireString, stringsOf } from "./json.ts";
import type { Transport } from "./transport.ts";

export const NOTHING = { not_types: ["*"] };
const STATE_TYPES = [
  "m.room.create",
  "m.room.encryption",
  "m.room.history_visibility",
  "m.room.join_rules",
  "m.room.member",
  "m.room.name",
  "m.room.power_levels",
  "m.room.tombstone",
];

/**
 * What Sotto asks of `/sync`, sent inline: a stored filter would cost a request of its own at each cold start.
 * Members are never loaded lazily, since who is missing from the list gets no room key.
 * https://spec.matrix.org/v1.19/client-server-api/#filtering
 */
function syncFilter(withAccountData: boolean, accountDataTypes: readonly string[] | undefined) {
  const few = accountDataTypes === undefined ? NOTHING : { types: accountDataTypes };
  return {
    presence: NOTHING,
    account_data: withAccountData ? {} : few,
    room: {
      ephemeral: NOTHING,
      account_data: withAccountData ? {} : NOTHING,
      state: { lazy_load_members: false, types: STATE_TYPES },
      timeline: { limit: 50 },
    },
  };
}

/** What the connection may take on top of the time the homeserver was asked to hold the request. */
const TIMEOUT_MARGIN_MS = 30_000;
/** The account's whole state: a homeserver says nothing for over half a minute while it gathers a thousand rooms. */
const FIRST_TIMEOUT_MS = 600_000;
const LONG_POLL_MS = 30_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const AFTER_URGENT_MS = 100;
/** A homeserver may name any time to wait; a millisecond would be a storm, and a year would be the end. */
const ASKED_PAUSE_MS = { shortest: 1_000, longest: 3_600_000 };

export interface SyncOptions {
  /** `nextBatch` of the last batch whose work is durable; undefined for the account's whole present state. */
  readonly since: string | undefined;
  /** How long the homeserver may hold the request when it has nothing new, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly retryForMs?: number;
  /** Asks for the account's own data too, which bots for matrix-bot-sdk may listen to. */
  readonly withAccountData?: boolean;
  /** Types of the account's own data that are asked for in any case. */
  readonly accountDataTypes?: readonly string[];
}

/**
 * One `/sync`. The token of the batch must not be stored before everything in it is durable.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
 */
export async function syncOnce(transport: Transport, options: SyncOptions): Promise<SyncBatch> {
  const { since, timeoutMs, signal, retryForMs, withAccountData = false, accountDataTypes } = options;
  const answer = await transport.request("GET", "/_matrix/client/v3/sync", {
    query: {
      filter: JSON.stringify(syncFilter(withAccountData, accountDataTypes)),
      since,
      timeout: timeoutMs,
      set_presence: "offline",
    },
    timeoutMs: since === undefined ? FIRST_TIMEOUT_MS : timeoutMs + TIMEOUT_MARGIN_MS,
    ...(signal && { signal }),
    ...(retryForMs !== undefined && { retryForMs }),
  });
  return parseSync(answer);
}

/** Somebody must know what the homeserver knows now, and cannot wait for a long poll to end. */
export interface Urgency {
  /** A request is about to begin; true where somebody waits for its answer. */
  begin(): boolean;
  /** Aborted when somebody asks: ends a long poll, or a pause, that began before. */
  signal(): AbortSignal;
}

export interface SyncLoopOptions {
  readonly since: string | undefined;
  /** Ends the iteration, without an error. */
  readonly signal: AbortSignal;
  /** Read before each request. */
  readonly withAccountData?: boolean;
  readonly accountDataTypes?: readonly string[];
  readonly urgency?: Urgency;
  /** Must have succeeded before a request; a failure is waited out like the request's own. */
  readonly prepare?: () => Promise<void>;
  /** Adds to a batch what must come with it; a failure is waited out like the request's own. */
  readonly complete?: (
    batch: SyncBatch,
    since: string | undefined,
    signal: AbortSignal,
  ) => Promise<SyncBatch>;
  readonly logger?: Logger;
  /** Told of every failure that is waited out, and of undefined when an answer comes again. */
  readonly onTrouble?: (error: SottoError | undefined) => void;
  /** Waits between attempts; a test has its own. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * The account's batches, one after another, for as long as the caller asks for the next. Asking for the next batch
 * says that the last one is durable: only then does its token go to the homeserver, which forgets the to-device
 * messages before it. A caller that fails leaves the loop, and the same batch comes again at the next start.
 *
 * A homeserver that is down, busy or broken is waited out. Only a rejected token, or a store that must not be used,
 * ends the loop with an error.
 */
export async function* syncBatches(
  transport: Transport,
  options: SyncLoopOptions,
): AsyncGenerator<SyncBatch, void> {
  const {
    signal,
    urgency,
    logger,
    onTrouble,
    accountDataTypes,
    sleep = (ms, signal) => delay(ms, undefined, { signal }),
  } = options;
  let since = options.since;
  let failures = 0;
  let answered = false;
  const orUrgent = () => (urgency ? AbortSignal.any([signal, urgency.signal()]) : signal);
  while (!signal.aborted) {
    const { withAccountData = false, complete } = options;
    const urgent = urgency?.begin() ?? false;
    const cut = urgent ? signal : orUrgent();
    let batch: SyncBatch;
    try {
      await options.prepare?.();
      // the first answer after a start or a failure should come at once, so that nobody waits to hear it works
      const timeoutMs = answered && failures === 0 && !urgent ? LONG_POLL_MS : 0;
      batch = await syncOnce(transport, {
        since,
        timeoutMs,
        signal: cut,
        withAccountData,
        ...(accountDataTypes !== undefined && { accountDataTypes }),
      });
      if (complete) batch = await complete(batch, since, cut);
    } catch (thrown) {
      if (signal.aborted) return;
      if (cut.aborted) continue;
      if (!(thrown instanceof SottoError) || isFinal(thrown)) throw thrown;
      const pauseMs = pauseOf(thrown, failures);
      failures += 1;
      onTrouble?.(thrown);
      logger?.warn("sync failed", { code: thrown.code, reason: thrown.message, pauseMs });
      await sleep(pauseMs, orUrgent()).catch(() => {});
      continue;
    }
    if (failures > 0) onTrouble?.(undefined);
    failures = 0;
    answered = true;
    yield batch;
    since = batch.nextBatch;
    // who asked is likely to ask again soon, and would only cut off the long poll that began meanwhile
    if (urgent) await sleep(AFTER_URGENT_MS, orUrgent()).catch(() => {});
  }
}

const isFinal = ({ code }: SottoError): boolean => code === "TOKEN_REJECTED" || code.startsWith("STORE_");

function pauseOf({ retryAfterMs }: SottoError, failures: number): number {
  if (retryAfterMs === undefined) return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
  return Math.min(ASKED_PAUSE_MS.longest, Math.max(ASKED_PAUSE_MS.shortest, retryAfterMs));
}

/** Reads what the spec promises and leaves out what has another shape: one broken event must not stop the rest. */
export function parseSync(answer: unknown): SyncBatch {
  const nextBatch = requireString(answer, "next_batch");
  const body = answer as JsonObject;
  const rooms = objectOf(body.rooms);
  const lists = objectOf(body.device_lists);
  return {
    nextBatch,
    joined: Object.entries(objectOf(rooms.join)).map(roomSync),
    invited: Object.entries(objectOf(rooms.invite)).map(([roomId, room]) => ({
      roomId,
      state: listOf(objectOf(objectOf(room).invite_state).events).filter(isStrippedState),
    })),
    left: Object.entries(objectOf(rooms.leave)).map(roomSync),
    accountData: listOf(objectOf(body.account_data).events).filter(isDataEvent),
    toDevice: listOf(objectOf(body.to_device).events),
    deviceLists: { changed: stringsOf(lists.changed), left: stringsOf(lists.left) },
    oneTimeKeyCounts: countsOf(body.device_one_time_keys_count),
    unusedFallbackKeyTypes: Array.isArray(body.device_unused_fallback_key_types)
      ? stringsOf(body.device_unused_fallback_key_types)
      : undefined,
    raw: answer,
  };
}

function roomSync([roomId, value]: [roomId: string, room: unknown]): RoomSync {
  const room = objectOf(value);
  const timeline = objectOf(room.timeline);
  return {
    roomId,
    limited: timeline.limited === true,
    prevBatch: isString(timeline.prev_batch) ? timeline.prev_batch : undefined,
    state: listOf(objectOf(room.state).events).filter(isRoomEvent),
    timeline: listOf(timeline.events).filter(isRoomEvent),
  };
}

const isStrippedState = (value: unknown): value is StrippedState =>
  isObject(value) &&
  isString(value.type) &&
  isString(value.state_key) &&
  isString(value.sender) &&
  isObject(value.content);

const isDataEvent = (value: unknown): value is SyncBatch["accountData"][number] =>
  isObject(value) && isString(value.type) && isObject(value.content);

/** https://spec.matrix.org/v1.19/appendices/#event-ids */
const MAX_ID_BYTES = 255;

export function isRoomEvent(value: unknown): value is RoomEvent {
  return (
    isObject(value) &&
    isString(value.type) &&
    isString(value.event_id) &&
    Buffer.byteLength(value.event_id) <= MAX_ID_BYTES &&
    isString(value.sender) &&
    typeof value.origin_server_ts === "number" &&
    (value.state_key === undefined || isString(value.state_key)) &&
    isObject(value.content)
  );
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** An algorithm that is absent has the count zero, and so says the spec of an absent list. */
function countsOf(value: unknown): Record<string, number> {
  const counts = Object.entries(objectOf(value));
  return Object.fromEntries(
    counts.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}
