import { type Config, loadConfig } from "../config/index.ts";
import { type Logger, silentLogger } from "../log.ts";
import type { SottoClient } from "../matrix/client.ts";
import type { AudioSource } from "../model/recording.ts";
import { type Account, openAccount } from "./account.ts";
import { controlSocketPath } from "./control/path.ts";
import { type ControlServer, listen } from "./control/server.ts";
import { type SendResult, sendVoice } from "./pipeline.ts";
import { receiveWaiting, type VoiceMessage, type Withheld } from "./receive.ts";
import type { SendOptions } from "./relation.ts";

export interface OpenOptions {
  logger?: Logger;
}

/**
 * An account that sends and receives encrypted voice messages. One process at a time can have it open; commands of
 * other processes are served through its control socket.
 */
export class Sotto {
  /** The joined rooms of the house, for those who extend it. */
  readonly account: Account;
  readonly #control: ControlServer;
  readonly #handlers = new Set<(message: VoiceMessage) => void | Promise<void>>();
  readonly #withheld = new Set<(withheld: Withheld) => void>();
  #receiving: Promise<void> | undefined;
  #client: SottoClient | undefined;

  private constructor(account: Account, control: ControlServer) {
    this.account = account;
    this.#control = control;
  }

  /**
   * Takes the store. No request is made yet.
   * @param config a path to `sotto.yaml`, or a loaded config
   * @throws SottoError `CONFIG_*`, `STORE_*`
   */
  static async open(config: string | Config, { logger = silentLogger }: OpenOptions = {}): Promise<Sotto> {
    const account = await openAccount(typeof config === "string" ? loadConfig(config) : config, logger);
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
   * @param source a path, bytes, or a stream, in any format ffmpeg reads
   * @returns what was sent, and who can decrypt it
   * @throws SottoError `AUDIO_*`, `ROOM_*`, `IDENTITY_*`, `SEND_UNCERTAIN`, `HOMESERVER_*`
   */
  sendVoice(room: string, source: AudioSource, options: SendOptions = {}): Promise<SendResult> {
    return sendVoice(this.account, room, source, options);
  }

  /**
   * Hands over each voice message that arrives; a message counts as handled when the handler returns, and comes again
   * after a crash before that. Starts syncing. The returned function ends it.
   */
  onVoice(handler: (message: VoiceMessage) => void | Promise<void>): () => void {
    this.#handlers.add(handler);
    this.#receiving ??= this.#receive();
    return () => this.#handlers.delete(handler);
  }

  /** Told of messages that were not handed on, with the reason: undecryptable, damaged, or of an untrusted sender. */
  onWithheld(listener: (withheld: Withheld) => void): () => void {
    this.#withheld.add(listener);
    return () => this.#withheld.delete(listener);
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

  /** Finishes what other commands asked for, then gives the store back. */
  async close(): Promise<void> {
    await this.#control.close();
    await this.account.close();
    await this.#receiving;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #receive(): Promise<void> {
    const { sync, logger } = this.account;
    const ended = new AbortController();
    const loop = sync.run().finally(() => ended.abort());
    const receiver = {
      onVoice: async (message: VoiceMessage) => {
        for (const handler of this.#handlers) await handler(message);
      },
      onWithheld: (withheld: Withheld) => {
        for (const listener of this.#withheld) listener(withheld);
      },
    };
    while (!ended.signal.aborted) {
      const next = sync.nextBatch(ended.signal);
      await receiveWaiting(this.account, receiver).catch((thrown) => {
        logger.warn("receiving waits", { reason: String(thrown) });
      });
      await next;
    }
    await loop.catch((thrown) => logger.error("sync ended", { reason: String(thrown) }));
  }
}
