import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { type Config, loadConfig } from "../config/index.ts";
import type { RecoveryChoice } from "../crypto/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import {
  createTransport,
  discoverHomeserver,
  login,
  logout,
  publishedDeviceKeys,
  whoami,
} from "../matrix/index.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import { type Account, openAccount } from "./account.ts";
import { createPrivateFile } from "./private-file.ts";

export interface InitRequest {
  /** URL, server name, or user ID. */
  homeserver: string;
  userId: UserId;
  credentials: { password: string } | { accessToken: string };
  configPath: string;
  dataDirectory: string;
  shareWith?: "signed" | "verified" | "all";
  caFile?: string;
  recovery: RecoveryChoice;
}

export interface InitResult {
  userId: UserId;
  deviceId: DeviceId;
  config: string;
  /** What was done about the identity. */
  identity: "created" | "joined" | "already signed";
}

/**
 * Makes a device, its stores and its config, and has the account's identity sign it. An existing identity is left
 * alone. A config that is there already is gone on with if it names the same account: an `init` that was cut off can
 * be repeated. What a failed `init` made, it removes again, unless an identity may have come of it.
 *
 * @throws SottoError `LOGIN_FAILED`, `TOKEN_OF_OTHER_CLIENT`, `IDENTITY_EXISTS`, `RECOVERY_KEY_WRONG`, `FILE_EXISTS`…
 */
export async function initialise(request: InitRequest, logger: Logger): Promise<InitResult> {
  const resumed = existsSync(request.configPath);
  const config = resumed ? ownConfig(request) : await newDevice(request, logger);
  let account: Account | undefined;
  const started = { identity: false };
  try {
    account = await openAccount(config, logger);
    await account.sync.toLiveEnd();
    const identity = await settleIdentity(account, request.recovery, started);
    return {
      userId: config.account.userId,
      deviceId: config.account.deviceId,
      config: config.path,
      identity,
    };
  } catch (thrown) {
    if (!resumed && !started.identity) {
      if (account && "password" in request.credentials)
        await logout(account.transport).catch(() => undefined);
      await account?.close();
      account = undefined;
      removeMade(config);
    }
    throw thrown;
  } finally {
    await account?.close();
  }
}

async function settleIdentity(
  { crypto }: Account,
  recovery: RecoveryChoice,
  started: { identity: boolean },
): Promise<InitResult["identity"]> {
  const status = await crypto.identityStatus();
  if (status.deviceSigned && status.privateKeysHere) return "already signed";
  if (status.exists) {
    if (!("recoveryKey" in recovery)) {
      throw new SottoError("IDENTITY_EXISTS", "the account already has a cross-signing identity");
    }
    await crypto.joinIdentity(recovery.recoveryKey);
    return "joined";
  }
  await crypto.createIdentity(
    "recoveryKey" in recovery
      ? recovery
      : {
          async keepRecoveryKey(recoveryKey) {
            await recovery.keepRecoveryKey(recoveryKey);
            started.identity = true;
          },
        },
  );
  return "created";
}

function ownConfig({ configPath, userId }: InitRequest): Config {
  const config = loadConfig(configPath);
  if (config.account.userId === userId) return config;
  throw new SottoError("FILE_EXISTS", `${configPath} is the config of ${config.account.userId}`);
}

/** Logs in, then writes data directory, store key, token and config, in this order. */
async function newDevice(request: InitRequest, logger: Logger): Promise<Config> {
  refuseUsedDirectory(request.dataDirectory);
  const trust = request.caFile ? { caFile: request.caFile } : {};
  const { baseUrl } = await discoverHomeserver(request.homeserver, { ...trust, logger });
  const transport = createTransport({ homeserver: baseUrl, logger, ...trust });
  try {
    const session = await logIn(transport, request);
    mkdirSync(request.dataDirectory, { recursive: true, mode: 0o700 });
    createPrivateFile(join(request.dataDirectory, "store.key"), randomBytes(32));
    createPrivateFile(join(request.dataDirectory, "access-token"), `${session.accessToken}\n`);
    createPrivateFile(request.configPath, configText(request, baseUrl, session));
    return loadConfig(request.configPath);
  } finally {
    await transport.close();
  }
}

async function logIn(transport: ReturnType<typeof createTransport>, { userId, credentials }: InitRequest) {
  if ("password" in credentials) {
    return login(transport, { userId, password: credentials.password, deviceName: "Sotto" });
  }
  transport.setAccessToken(credentials.accessToken);
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
  return { userId, deviceId: owner.deviceId, accessToken: credentials.accessToken };
}

function configText(request: InitRequest, baseUrl: string, session: { deviceId: DeviceId }): string {
  const base = dirname(request.configPath);
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

const MADE = ["store.key", "access-token", "control.sock"];
const STORES = ["crypto.sqlite", "sotto.sqlite"].flatMap((name) =>
  ["", "-wal", "-shm", ".lock"].map((end) => name + end),
);

function refuseUsedDirectory(directory: string): void {
  const used = [...MADE, ...STORES, "matrix-sdk-crypto.sqlite3"].find((name) =>
    existsSync(join(directory, name)),
  );
  if (used) {
    throw new SottoError("FILE_EXISTS", `${directory} already holds ${used}`, {
      cure: "name an empty --data-dir: a new device needs a store of its own",
    });
  }
}

/** Only what this run made, by name. */
function removeMade(config: Config): void {
  rmSync(config.path, { force: true });
  for (const name of [...MADE, ...STORES]) rmSync(join(config.data, name), { force: true });
}
