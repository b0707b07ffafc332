import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import {
  MatrixError as BotSdkError,
  type IPreprocessor,
  type IStorageProvider,
  LogService,
  MatrixClient,
} from "matrix-bot-sdk";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import { BotCrypto, type BotCryptoPorts, notDriven } from "./bot-crypto.ts";
import { botEvents, type Outcomes, withoutTrust } from "./bot-events.ts";
import type { RequestBody } from "./exchange.ts";
import type { EventGate } from "./gate.ts";
import { isObject, isString, type JsonObject } from "./json.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { HttpMethod, Query, Transport } from "./transport.ts";

export type { BotCryptoPorts } from "./bot-crypto.ts";
export type { Outcomes } from "./bot-events.ts";

export interface SottoClientOptions {
  readonly transport: Transport;
  readonly gate: EventGate;
  readonly userId: UserId;
  readonly crypto: BotCryptoPorts;
  /** Sotto's own sync, which calls {@link SottoClient.dispatch} once a batch is durable. */
  readonly sync: { start(): Promise<void>; stop(): void };
  /** Where the bot keeps values of its own; the sync token is never there. */
  readonly storage?: IStorageProvider;
  readonly logger: Logger;
}

/** What a raw answer of matrix-bot-sdk's `doRequest` is read for. */
interface RawAnswer {
  statusCode: number;
  headers: Readonly<Record<string, unknown>>;
  body: unknown;
}

/**
 * matrix-bot-sdk's client for bots that were written for it: the same calls and events, over Sotto's transport, sync
 * loop, crypto engine and send gate. What differs from the original, on purpose:
 *
 * - every room event is encrypted, also by `sendRawEvent`, unless its type is on the gate's list of clear types;
 *   state and redactions leave only where the config allows them;
 * - a send fails with a `SottoError`; every other call with matrix-bot-sdk's own `MatrixError`, as before;
 * - a decrypted event bears `trust`, as `VoiceMessage` has it: a bot that obeys commands should want "verified";
 * - `start` ignores a filter: Sotto must see all members and encryption settings;
 * - `accessToken` is empty: the token stays in the transport;
 * - impersonation and the calls that upload one-time keys by hand are refused.
 */
export class SottoClient extends MatrixClient {
  override readonly crypto: BotCrypto;
  readonly #options: SottoClientOptions;
  readonly #preprocessors: IPreprocessor[] = [];
  readonly #joinedRooms = new Set<RoomId>();

  constructor(options: SottoClientOptions) {
    super(options.transport.homeserver, "", options.storage);
    this.#options = options;
    this.crypto = new BotCrypto(this, options.crypto);
    sendBotSdkLogsTo(options.logger);
  }

  override async getUserId(): Promise<UserId> {
    return this.#options.userId;
  }

  /**
   * Emits matrix-bot-sdk's events for a batch. A listener that throws is logged and stops neither others nor the sync.
   */
  async dispatch(batch: SyncBatch, outcomes: Outcomes): Promise<void> {
    const source = {
      userId: this.#options.userId,
      joinedRooms: this.#joinedRooms,
      process: <T extends object>(event: T) => this.#process(event),
    };
    for await (const [type, ...args] of botEvents(batch, outcomes, source)) {
      try {
        this.emit(type, ...args);
      } catch (error) {
        this.#options.logger.error("a bot's listener failed", { event: type, error });
      }
    }
  }

  override async start(): Promise<void> {
    await this.dms.update();
    for (const roomId of await this.getJoinedRooms()) this.#joinedRooms.add(roomId);
    await this.startSync();
  }

  protected override async startSync(): Promise<void> {
    await this.#options.sync.start();
  }

  override stop(): void {
    super.stop();
    this.#options.sync.stop();
  }

  protected override async doSync(): Promise<never> {
    throw notDriven("doSync");
  }

  protected override async processSync(): Promise<never> {
    throw notDriven("processSync");
  }

  override addPreprocessor(preprocessor: IPreprocessor): void {
    super.addPreprocessor(preprocessor);
    this.#preprocessors.push(preprocessor);
  }

  async #process<T extends object>(event: T): Promise<T> {
    const { type } = event as JsonObject;
    if (!isString(type)) return event;
    for (const preprocessor of this.#preprocessors) {
      if (!preprocessor.getSupportedEventTypes()?.includes(type)) continue;
      try {
        await preprocessor.processEvent(event, this);
      } catch (error) {
        // one that fails must not keep the bot from the rest of the batch
        this.#options.logger.error("a bot's preprocessor failed", { event: type, error });
      }
    }
    return event;
  }

  override sendEvent(roomId: RoomId, eventType: string, content: JsonObject): Promise<EventId> {
    return this.sendRawEvent(roomId, eventType, content);
  }

  override async sendRawEvent(roomId: RoomId, eventType: string, content: JsonObject): Promise<EventId> {
    const { gate, crypto } = this.#options;
    const txnId = randomUUID();
    if (eventType === "m.reaction" && gate.clearTypes.reactions) {
      return gate.putClear(roomId, txnId, eventType, content);
    }
    const encrypted =
      eventType === "m.room.encrypted" ? content : await crypto.encryptor.encrypt(roomId, eventType, content);
    return gate.putEncrypted(roomId, txnId, JSON.stringify(encrypted));
  }

  override sendStateEvent(
    roomId: RoomId,
    type: string,
    stateKey: string,
    content: JsonObject,
  ): Promise<EventId> {
    return this.#options.gate.putState(roomId, type, stateKey, content);
  }

  override async getRawEvent(roomId: RoomId, eventId: EventId): Promise<JsonObject> {
    return withoutTrust(await super.getRawEvent(roomId, eventId));
  }

  /** The keys of the shared history go first (MSC4268); an invitation does not wait for what cannot be shared. */
  override async inviteUser(userId: UserId, roomId: RoomId): Promise<unknown> {
    const { crypto, logger } = this.#options;
    await crypto.shareHistory(roomId, userId).catch((error) => {
      logger.warn("the keys of a room's history were not shared", { roomId, userId, error });
    });
    return super.inviteUser(userId, roomId);
  }

  override redactEvent(roomId: RoomId, eventId: EventId, reason: string | null = null): Promise<EventId> {
    return this.#options.gate.redact(roomId, randomUUID(), eventId, reason ?? undefined);
  }

  override impersonateUserId(_userId: UserId | null, _deviceId?: DeviceId): void {
    throw new SottoError("USAGE", "Sotto's client acts for one account only");
  }

  override async uploadDeviceOneTimeKeys(): Promise<never> {
    throw notDriven("uploadDeviceOneTimeKeys");
  }

  override async uploadFallbackKey(): Promise<never> {
    throw notDriven("uploadFallbackKey");
  }

  override async uploadContentFromUrl(url: string): Promise<string> {
    const response = await fetch(url);
    if (!response.ok) throw new SottoError("USAGE", `the file could not be fetched: HTTP ${response.status}`);
    const contentType = response.headers.get("content-type") ?? "application/octet-stream";
    return this.uploadContent(Buffer.from(await response.arrayBuffer()), contentType);
  }

  /**
   * Every call of the base class ends here. @throws matrix-bot-sdk's `MatrixError`, or a SottoError without an answer
   */
  override async doRequest(
    method: HttpMethod,
    endpoint: string,
    qs: JsonObject | null = null,
    body: unknown = null,
    timeout: number | null = null,
    raw = false,
    contentType = "application/json",
    noEncoding = false,
  ): Promise<unknown> {
    const { transport } = this.#options;
    const path = endpoint.startsWith("/") ? endpoint : `/${endpoint}`;
    const options = {
      query: queryOf(qs),
      ...(body ? { body: bodyOf(body, contentType) } : {}),
      ...(timeout ? { timeoutMs: timeout } : {}),
    };
    try {
      if (raw && method === "GET") return await this.#download(path, options, noEncoding);
      const answer = parsed(await transport.requestText(method, path, options));
      return raw ? ({ statusCode: 200, headers: {}, body: answer } satisfies RawAnswer) : answer;
    } catch (thrown) {
      throw botSdkErrorOf(thrown) ?? thrown;
    }
  }

  async #download(path: string, options: { query: Query }, noEncoding: boolean): Promise<RawAnswer> {
    const { headers, body } = await this.#options.transport.stream(path, options);
    const bytes = await buffer(body);
    return { statusCode: 200, headers, body: noEncoding ? bytes : parsed(bytes.toString("utf8")) };
  }
}

function queryOf(qs: JsonObject | null): Query {
  const present = Object.entries(qs ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    present.map(([name, value]) => [name, Array.isArray(value) ? value : String(value)]),
  );
}

function bodyOf(body: unknown, contentType: string): RequestBody {
  return body instanceof Uint8Array ? { bytes: body, contentType } : { json: body };
}

/** matrix-bot-sdk gives what is not JSON as a string. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Bots look at `errcode` and `statusCode`. */
function botSdkErrorOf(thrown: unknown): BotSdkError | undefined {
  const answer = matrixErrorOf(thrown);
  if (answer === undefined) return undefined;
  const { errcode = "M_UNKNOWN", statusCode, retryAfterMs } = answer;
  const error =
    isObject(answer.body) && typeof answer.body.error === "string" ? answer.body.error : answer.message;
  return new BotSdkError(
    { errcode, error, ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }) },
    statusCode,
  );
}

/** matrix-bot-sdk writes to standard output unless told; that belongs to the commands. */
function sendBotSdkLogsTo(logger: Logger): void {
  const to =
    (level: keyof Logger) =>
    (module: string, ...parts: unknown[]) =>
      logger[level](parts.map((part) => (part instanceof Error ? part.message : String(part))).join(" "), {
        module,
      });
  LogService.setLogger({
    trace: to("debug"),
    debug: to("debug"),
    info: to("info"),
    warn: to("warn"),
    error: to("error"),
  });
}
