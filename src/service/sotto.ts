import { AsyncLocalStorage } from "node:async_hooks";
import { encodeVoice, requireSandbox } from "../audio/index.ts";
import { type Config, loadConfig } from "../config/index.ts";
import { SottoError, toSottoError } from "../errors.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { SottoClient } from "../matrix/client.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../model/ids.ts";
import type { Meter } from "../model/meter.ts";
import type { RawFormat } from "../model/raw-format.ts";
import type { AudioSource } from "../model/recording.ts";
import type { SoundCare } from "../model/sound-care.ts";
import { type Account, openAccount } from "./account.ts";
import { audioOptions, withCare } from "./audio-options.ts";
import { controlSocketPath } from "./control/path.ts";
import { type ControlServer, listen } from "./control/server.ts";
import { sendInParts } from "./parts.ts";
import { type SendResult, sendVoice } from "./pipeline.ts";
import { receiveWaiting } from "./receive.ts";
import { identityDoor, recoveryDoor, type SottoIdentity, type SottoRecovery } from "./recovery/doors.ts";
import type { SendOptions } from "./relation.ts";
import type { RelayOptions } from "./relay/relay.ts";
import { type Resent, resend } from "./resend.ts";
import type { Service } from "./run.ts";
import { type SottoTrust, trustDoor } from "./trust.ts";
import type { VerificationDesk } from "./verification.ts";
import type { VoiceMessage } from "./voice-message.ts";
import { type Why, whyUnreadable } from "./why.ts";
import type { Withheld } from "./withheld.ts";

export interface OpenOptions {
  logger?: Logger;
  /** Where its work is counted; nowhere unless told. */
  meter?: Meter;
}

/**
 * An account that sends and receives encrypted voice messages. One process at a time can have it open; commands of
 * other processes are served through its control socket.
 */
export class Sotto {
  /** The joined rooms of the house, for those who extend it. */
  readonly account: Account;
  /** The account's cross-signing identity. */
  readonly identity: SottoIdentity;
  /** Secret storage and key backup. */
  readonly recovery: SottoRecovery;
  /** Users whose identity has changed, and new members, once a person has compared. */
  readonly trust: SottoTrust;
  readonly #control: ControlServer;
  readonly #handlers = new Set<(message: VoiceMessage) => void | Promise<void>>();
  readonly #withheld = new Set<(withheld: Withheld) => void>();
  readonly #sending = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  /** The handler that runs, for what is called because of it. */
  readonly #handling = new AsyncLocalStorage<{ running: boolean }>();
  #receiving: Promise<void> | undefined;
  #service: Promise<Service> | undefined;
  #closed: Promise<void> | undefined;
  #client: SottoClient | undefined;

  private constructor(account: Account, control: ControlServer) {
    this.account = account;
    this.identity = identityDoor(account);
    this.recovery = recoveryDoor(account);
    this.trust = trustDoor(account);
    this.#control = control;
  }

  /**
   * Takes the store. No request is made yet.
   * @param config a path to `sotto.yaml`, or a loaded config
   * @throws SottoError `CONFIG_*`, `STORE_*`, `SANDBOX_MISSING`
   */
  static async open(
    config: string | Config,
    { logger = silentLogger, meter }: OpenOptions = {},
  ): Promise<Sotto> {
    const read = typeof config === "string" ? loadConfig(config) : config;
    if (read.audio.requireSandbox) await requireSandbox();
    const account = await openAccount(read, logger, meter);
    try {
      return new Sotto(account, await listen(account, controlSocketPath(account.config.data)));
    } catch (thrown) {
      await account.close();
      throw thrown;
    }
  }

  /**
   * Sends one voice message.
   * @param room room ID, alias, or the user to send to directly
   * @param source a path, bytes, or a stream, in any format of docs/audio-formats.md
   * @param options `raw` says what a recording without any header is; `care` what is done for its sound, besides what the
   *   config says; with `split`, what does not fit into one message is sent as several, cut where it is quiet
   * @returns what was sent, and who can decrypt it; `parts` where it was split
   * @throws SottoError `AUDIO_*`, `ROOM_*`, `IDENTITY_*`, `SEND_UNCERTAIN`, `HOMESERVER_*`
   */
  sendVoice(
    room: string,
    source: AudioSource,
    options: SendOptions & { raw?: RawFormat; care?: SoundCare; split?: boolean } = {},
  ): Promise<SendResult> {
    // a stream may never end; any other recording is finished before we close
    const { raw, care, split, ...sendOptions } = options;
    const clip = encodeVoice(source, {
      ...withCare(audioOptions(this.account.config), care),
      ...(raw && { raw }),
      ...("stream" in source && { signal: this.#closing.signal }),
    });
    const send = split ? sendInParts : sendVoice;
    return this.#finish(send(this.account, room, clip, sendOptions));
  }

  /**
   * Sends a voice message of this account again, as a new event under the key that the room's devices have now: for those
   * who were handed the key too late for the first one.
   * @returns who can decrypt it now; `of` is the event that was given
   * @throws SottoError `EVENT_UNKNOWN`, or `EVENT_UNAVAILABLE` where it cannot be read back, and what `sendVoice` throws
   */
  resend(eventId: EventId): Promise<Resent> {
    return this.#finish(resend(this.account, eventId));
  }

  /**
   * Who can decrypt a voice message that this account has sent: for each device whether the homeserver was handed the key
   * for it, when, or why not, also as a sentence. Later than the result of the send, and after a restart too.
   * @param only one user's devices, or one device
   * @throws SottoError `EVENT_UNKNOWN`, or `NOT_IN_LEDGER` where nothing is known of what was asked for
   */
  async why(eventId: EventId, only: { userId?: UserId; deviceId?: DeviceId } = {}): Promise<Why> {
    return whyUnreadable(this.account, eventId, only);
  }

  /**
   * Hands over each voice message that arrives; a message counts as handled when the handler returns, and comes again
   * after a crash before that. Starts syncing. The returned function ends it. What comes into a room with a route is the
   * service's, and is not handed over here.
   */
  onVoice(handler: (message: VoiceMessage) => void | Promise<void>): () => void {
    this.#handlers.add(handler);
    this.#receiving ??= this.#receive();
    return () => this.#handlers.delete(handler);
  }

  /**
   * Told once of each message that is not handed on, and why. One whose room key is the reason stays, and is handed
   * on when the key comes.
   */
  onWithheld(listener: (withheld: Withheld) => void): () => void {
    this.#withheld.add(listener);
    return () => this.#withheld.delete(listener);
  }

  /**
   * What `sotto run` does, with the connectors and routes of the config: syncs, sends what waits, accepts the invitations
   * that the config allows, and relays. Ends with `close`.
   * @param options `connectorTypes` are kinds of connectors besides those of the house
   * @returns the one service of this account: `ended` rejects when the account is refused
   * @throws SottoError `CONFIG_INVALID` where a connector's settings are wrong, or a route joins what cannot be joined
   */
  async run(options: RelayOptions = {}): Promise<Service> {
    this.#closing.signal.throwIfAborted();
    // whoever only sends does not load it
    this.#service ??= import("./run.ts").then(({ startService }) => startService(this.account, options));
    const starting = this.#service;
    // one that could not start can be started again
    starting.catch(() => {
      this.#service = undefined;
    });
    return starting;
  }

  /** Verifications by emoji or QR code with other users, and with this account's other devices. */
  get verification(): VerificationDesk {
    return this.account.verification;
  }

  /**
   * A client for bots written for matrix-bot-sdk: its calls and events, with nothing sent in clear. Call `start()` on
   * it, or `onVoice` here, to begin syncing.
   */
  async client(): Promise<SottoClient> {
    // matrix-bot-sdk takes a third of a second to load: only who wants it pays
    const { createBotClient } = await import("./bot-client.ts");
    this.#client ??= createBotClient(this.account);
    return this.#client;
  }

  /**
   * Finishes what it was asked for and the handler that runs, then gives the store back. In a handler it does not wait
   * for that: the handler must return first.
   */
  async close(): Promise<void> {
    this.#closed ??= this.#close();
    if (!this.#handling.getStore()?.running) return this.#closed;
    this.#closed.catch((thrown) =>
      this.account.logger.error("closing failed", { reason: toSottoError(thrown).message }),
    );
  }

  /** Closing waits for it. */
  #finish<T>(sending: Promise<T>): Promise<T> {
    const done = sending.catch(() => undefined).finally(() => this.#sending.delete(done));
    this.#sending.add(done);
    return sending;
  }

  async #close(): Promise<void> {
    // sync goes on meanwhile: a handler may still answer
    this.#closing.abort(new SottoError("STOPPED", "Sotto was closed"));
    await this.#control.close();
    const service = await this.#service?.catch(() => undefined);
    await service?.[Symbol.asyncDispose]();
    await this.#receiving;
    await Promise.all(this.#sending);
    await this.account.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #receive(): Promise<void> {
    const { sync, logger } = this.account;
    const ended = new AbortController();
    sync
      .run()
      .catch((thrown) => logger.error("sync ended", { reason: toSottoError(thrown).message }))
      .finally(() => ended.abort());
    const stopped = AbortSignal.any([ended.signal, this.#closing.signal]);
    const receiver = {
      takes: (roomId: RoomId) => !this.account.routed(roomId),
      onVoice: async (message: VoiceMessage) => {
        this.#closing.signal.throwIfAborted(); // not handled: it comes again at the next start
        for (const handler of this.#handlers) await this.#handle(handler, message);
      },
      onWithheld: (withheld: Withheld) => {
        for (const listener of this.#withheld) listener(withheld);
      },
    };
    while (!stopped.aborted) {
      const next = sync.nextBatch(stopped);
      await receiveWaiting(this.account, receiver).catch((thrown) => {
        if (!this.#closing.signal.aborted) logger.warn("receiving waits", { reason: String(thrown) });
      });
      await next;
    }
  }

  async #handle(handler: (message: VoiceMessage) => void | Promise<void>, message: VoiceMessage) {
    const turn = { running: true };
    try {
      await this.#handling.run(turn, () => handler(message));
    } finally {
      turn.running = false;
    }
  }
}
