import { EventEmitter, once } from "node:events";
import {
  ClientEvent,
  createClient,
  type MatrixClient,
  MatrixEventEvent,
  RoomEvent,
  SyncState,
} from "matrix-js-sdk";
import {
  AllDevicesIsolationMode,
  type CryptoApi,
  CryptoEvent,
  OnlySignedDevicesIsolationMode,
  type VerificationRequest,
} from "matrix-js-sdk/lib/crypto-api/index.js";
import { RustBackupManager } from "matrix-js-sdk/lib/rust-crypto/backup.js";

// The SDK waits up to ten seconds before it uploads to a backup, so that clients do not come all at once.
Object.assign(RustBackupManager, { maxBackupLoopStartDelayMillis: 0 });

/** `signed` is what Element calls "exclude insecure devices"; `all` is its older way. */
export type Isolation = "signed" | "all";

export interface ElementOptions {
  baseUrl: string;
  /** A user ID or a localpart. */
  userId: string;
  /** Logs in; it answers user-interactive authentication too, so it may be there beside a token. */
  password?: string;
  /** With `deviceId`: an existing session, whose device must not have uploaded keys yet. */
  accessToken?: string;
  deviceId?: string;
  /** Default: `signed`. */
  isolation?: Isolation;
  /** What it offers for verification, by the names of the specification. Default: everything. */
  verificationMethods?: string[];
}

export interface ElementSession {
  userId: string;
  deviceId: string;
  accessToken: string;
  ed25519: string;
  curve25519: string;
}

export interface ToDeviceMessage {
  type: string;
  sender: string;
  content: Record<string, unknown>;
  /** It came through an Olm session. */
  encrypted: boolean;
}

/** What the commands share: the one client of this process, and waiting for what it hears. */
export class Element {
  readonly #news = new EventEmitter().setMaxListeners(0);
  #client: MatrixClient | undefined;
  password: string | undefined;
  /** The key that opens secret storage: key ID and private key. */
  secretStorageKey: [string, Uint8Array<ArrayBuffer>] | undefined;
  readonly toDevice: ToDeviceMessage[] = [];
  readonly incomingRequests: VerificationRequest[] = [];

  get client(): MatrixClient {
    if (this.#client === undefined) throw new Error("the first command is `start`");
    return this.#client;
  }

  get crypto(): CryptoApi {
    return this.client.getCrypto()!;
  }

  async start({
    baseUrl,
    isolation = "signed",
    verificationMethods,
    ...options
  }: ElementOptions): Promise<ElementSession> {
    this.password = options.password;
    const login = options.accessToken === undefined ? await this.#logIn(baseUrl, options) : options;
    const { userId, deviceId, accessToken } = login;
    const client = createClient({
      ...{ baseUrl, userId, deviceId, accessToken, verificationMethods },
      cryptoCallbacks: {
        getSecretStorageKey: async ({ keys }) => {
          const key = this.secretStorageKey;
          return key !== undefined && key[0] in keys ? key : null;
        },
        cacheSecretStorageKey: (id, _info, key) => {
          this.secretStorageKey = [id, key];
        },
      },
    });
    this.#client = client;
    this.#listen(client);
    await client.initRustCrypto();
    this.setIsolation(isolation);
    await client.startClient({ initialSyncLimit: 200 });
    await this.until(
      () => (client.getSyncState() === SyncState.Syncing ? true : undefined),
      "first sync",
      60_000,
    );
    return {
      userId,
      deviceId: deviceId!,
      accessToken: accessToken!,
      ...(await this.crypto.getOwnDeviceKeys()),
    };
  }

  setIsolation(isolation: Isolation, errorOnVerifiedUserProblems = false): void {
    this.crypto.setDeviceIsolationMode(
      isolation === "signed"
        ? new OnlySignedDevicesIsolationMode()
        : new AllDevicesIsolationMode(errorOnVerifiedUserProblems),
    );
  }

  stop(): void {
    this.#client?.stopClient();
  }

  /** Something happened that somebody may wait for. */
  readonly tell = (): void => {
    this.#news.emit("news");
  };

  /** The condition's value as soon as it has one; it is asked again at each change. */
  async until<T>(
    condition: () => T | undefined | Promise<T | undefined>,
    what: string,
    timeoutMs = 30_000,
  ): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const change = once(this.#news, "news", { signal });
      change.catch(() => undefined); // the condition may have come true, or thrown, meanwhile
      const value = await condition();
      if (value !== undefined) return value;
      await change.catch(() => {
        throw new Error(`no ${what} within ${timeoutMs} ms`);
      });
    }
  }

  async #logIn(baseUrl: string, { userId, password, deviceId }: Omit<ElementOptions, "baseUrl">) {
    const answer = await createClient({ baseUrl }).loginRequest({
      type: "m.login.password",
      identifier: { type: "m.id.user", user: userId },
      password,
      device_id: deviceId,
      initial_device_display_name: "element witness",
    });
    return { userId: answer.user_id, deviceId: answer.device_id, accessToken: answer.access_token };
  }

  #listen(client: MatrixClient): void {
    client.on(ClientEvent.Sync, this.tell);
    client.on(RoomEvent.Timeline, this.tell);
    client.on(MatrixEventEvent.Decrypted, this.tell);
    client.on(CryptoEvent.DevicesUpdated, this.tell);
    client.on(CryptoEvent.UserTrustStatusChanged, this.tell);
    client.on(CryptoEvent.KeysChanged, this.tell);
    client.on(CryptoEvent.KeyBackupSessionsRemaining, this.tell);
    client.on(CryptoEvent.VerificationRequestReceived, (request) => {
      this.incomingRequests.push(request);
      this.tell();
    });
    client.on(ClientEvent.ReceivedToDeviceMessage, ({ message, encryptionInfo }) => {
      const { type, sender, content } = message;
      this.toDevice.push({ type, sender, content, encrypted: encryptionInfo !== null });
      this.tell();
    });
  }
}
