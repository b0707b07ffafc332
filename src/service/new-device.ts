import { randomBytes } from "node:crypto";
import { existsSync, rmdirSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { type Config, loadConfig } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import {
  createTransport,
  discoverHomeserver,
  login,
  logout,
  publishedDeviceKeys,
  type Session,
  type Transport,
  whoami,
} from "../matrix/index.ts";
import type { InitRequest } from "./init.ts";
import { LEAVE_MS, mayLeave } from "./leaving.ts";
import { createPrivateFile, makeFolder, requireCreatable } from "./private-file.ts";
import { requireFittingRecovery } from "./recovery-check.ts";

/** What the engine and the store make in a data directory. */
export const STORES = ["crypto.sqlite", "sotto.sqlite"].flatMap((name) =>
  ["", "-wal", "-shm", ".lock"].map((end) => name + end),
);
const IN_THE_WAY = ["store.key", "access-token", "control.sock", "matrix-sdk-crypto.sqlite3", ...STORES];

/** A device in the making: whatever was done for it can be taken back, and nothing else is. */
export class NewDevice {
  readonly #request: InitRequest;
  readonly #configPath: string;
  /** Each takes one step back; the last step first. */
  readonly #steps: (() => unknown)[] = [];
  #transport: Transport | undefined;

  constructor(request: InitRequest, configPath: string) {
    this.#request = request;
    this.#configPath = configPath;
  }

  /**
   * Looks first whether all of it can work. Then logs in and writes store key, token and config, in this order; of the
   * account's keys it changes nothing.
   */
  async make(logger: Logger, signal: AbortSignal): Promise<Config> {
    const { homeserver, userId, dataDirectory, caFile, recovery } = this.#request;
    refuseUsedDirectory(dataDirectory);
    this.#makeDirectory(dataDirectory);
    requireCreatable(join(dataDirectory, "store.key"));
    requireCreatable(this.#configPath);
    if ("ready" in recovery) recovery.ready();
    const trust = caFile ? { caFile } : {};
    const { baseUrl } = await discoverHomeserver(homeserver, { ...trust, logger, signal });
    const connect = (token?: { accessToken: string }): Transport =>
      createTransport({ homeserver: baseUrl, logger, ...trust, ...token });
    const transport = connect();
    this.#transport = transport;
    const logInAndLook = async (): Promise<Session> => {
      const session = await this.#logIn(transport, connect);
      signal.throwIfAborted();
      await requireFittingRecovery(transport, userId, "ready" in recovery ? undefined : recovery);
      return session;
    };
    const session = await mayLeave(signal, () => transport.close(), logInAndLook);
    signal.throwIfAborted();
    this.#create(join(dataDirectory, "store.key"), randomBytes(32));
    this.#create(join(dataDirectory, "access-token"), `${session.accessToken}\n`);
    this.#create(this.#configPath, configText(this.#request, dirname(this.#configPath), baseUrl, session));
    this.#steps.push(() => {
      for (const name of STORES) rmSync(join(dataDirectory, name), { force: true });
    });
    // as the flags have it: what the environment says is for whoever uses the device
    return loadConfig({ files: [this.#configPath], environment: {} });
  }

  /** From here on it stays, whatever happens. */
  keep(): void {
    this.#steps.length = 0;
  }

  async takeBack(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }

  async close(): Promise<void> {
    await this.#transport?.close();
  }

  async #logIn(transport: Transport, connect: (session: Session) => Transport): Promise<Session> {
    const { userId, credentials } = this.#request;
    if (!("password" in credentials)) return borrowSession(transport, userId, credentials.accessToken);
    const session = await login(transport, { userId, password: credentials.password, deviceName: "Sotto" });
    transport.setAccessToken(session.accessToken);
    this.#steps.push(() => logOutSoon(connect(session)));
    return session;
  }

  #makeDirectory(path: string): void {
    if (makeFolder(path) !== undefined) this.#steps.push(() => removeIfEmpty(path));
  }

  #create(path: string, content: string | Uint8Array): void {
    createPrivateFile(path, content);
    this.#steps.push(() => rmSync(path, { force: true }));
  }
}

/** The session of a token that someone else made, and that is not ours to end. */
async function borrowSession(transport: Transport, userId: string, accessToken: string): Promise<Session> {
  transport.setAccessToken(accessToken);
  const owner = await whoami(transport);
  if (owner.userId !== userId)
    throw new SottoError("LOGIN_FAILED", `the access token belongs to ${owner.userId}`);
  if (!owner.deviceId) {
    throw new SottoError("LOGIN_FAILED", "the access token has no device", {
      cure: "make a token for a device",
    });
  }
  if (await publishedDeviceKeys(transport, userId, owner.deviceId)) {
    throw new SottoError("TOKEN_OF_OTHER_CLIENT", `device ${owner.deviceId} has keys of another client`);
  }
  return { userId, deviceId: owner.deviceId, accessToken };
}

/** A homeserver that is silent does not keep whoever waits. */
async function logOutSoon(transport: Transport): Promise<void> {
  await logout(transport, AbortSignal.timeout(LEAVE_MS)).catch(() => undefined);
  transport.close();
}

function configText(request: InitRequest, base: string, baseUrl: string, session: Session): string {
  const near = (path: string): string => {
    const short = relative(base, path);
    return short.startsWith("..") || isAbsolute(short) ? path : `./${short}`;
  };
  const data = resolve(request.dataDirectory);
  return `# Made by \`sotto init\`. Every key is explained in config.sample.yaml.\n${stringify({
    homeserver: baseUrl,
    account: {
      userId: request.userId,
      deviceId: session.deviceId,
      accessTokenFile: near(join(data, "access-token")),
    },
    data: near(data),
    storeKeyFile: near(join(data, "store.key")),
    ...(request.caFile ? { caFile: near(resolve(request.caFile)) } : {}),
    ...(request.shareWith ? { trust: { shareWith: request.shareWith } } : {}),
  })}`;
}

function refuseUsedDirectory(directory: string): void {
  const used = IN_THE_WAY.find((name) => existsSync(join(directory, name)));
  if (used) {
    throw new SottoError("FILE_EXISTS", `${directory} already holds ${used}`, {
      cure: "name an empty --data-dir: a new device needs a store of its own",
    });
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // somebody else has put something there
  }
}
