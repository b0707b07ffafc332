import { existsSync } from "node:fs";
import { type Config, loadConfig } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import { type Account, openAccount } from "./account.ts";
import { NewDevice } from "./new-device.ts";
import { renewLogin } from "./renew-login.ts";

/** The recovery key that opens the account's identity, or where that of a new identity goes. */
export type Recovery =
  | { recoveryKey: string }
  | {
      /** Throws if a recovery key could not be kept; asked before anything is done. */
      ready(): void;
      keepRecoveryKey(recoveryKey: string): Promise<void>;
    };

export interface InitRequest {
  /** URL, server name, or user ID. */
  homeserver: string;
  userId: UserId;
  credentials: { password: string } | { accessToken: string };
  configPath: string;
  dataDirectory: string;
  shareWith?: "signed" | "verified" | "all";
  caFile?: string;
  recovery: Recovery;
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
 * be repeated, and a login that has ended is renewed. What a failed `init` made, it removes again, unless something has
 * come of it that needs its keys.
 *
 * @throws SottoError `LOGIN_FAILED`, `TOKEN_OF_OTHER_CLIENT`, `IDENTITY_EXISTS`, `RECOVERY_KEY_WRONG`, `FILE_EXISTS`…
 */
export async function initialise(request: InitRequest, logger: Logger): Promise<InitResult> {
  if (existsSync(request.configPath)) {
    const config = ownConfig(request);
    if ("password" in request.credentials) await renewLogin(config, request.credentials.password, logger);
    return makeReady(config, request, logger, () => undefined);
  }
  const device = new NewDevice(request);
  try {
    const config = await device.make(logger);
    return await makeReady(config, request, logger, () => device.keep());
  } catch (thrown) {
    await device.takeBack();
    throw thrown;
  } finally {
    await device.close();
  }
}

/** @param mustStay - called before the first step whose outcome cannot do without this store */
async function makeReady(
  config: Config,
  { credentials, recovery }: InitRequest,
  logger: Logger,
  mustStay: () => void,
): Promise<InitResult> {
  const password = "password" in credentials ? credentials.password : undefined;
  const account = await openAccount(config, logger, password);
  try {
    // the first sync publishes the keys of the device; one that we did not log in, we cannot take away again
    if (password === undefined) mustStay();
    await account.sync.toLiveEnd();
    const identity = await settleIdentity(account, recovery, mustStay);
    const { userId, deviceId } = config.account;
    return { userId, deviceId, config: config.path, identity };
  } finally {
    await account.close();
  }
}

async function settleIdentity(
  { crypto }: Account,
  recovery: Recovery,
  mustStay: () => void,
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
  if ("recoveryKey" in recovery) {
    mustStay();
    await crypto.createIdentity(recovery);
  } else {
    await crypto.createIdentity({
      async keepRecoveryKey(recoveryKey) {
        await recovery.keepRecoveryKey(recoveryKey);
        mustStay();
      },
    });
  }
  return "created";
}

function ownConfig({ configPath, userId }: InitRequest): Config {
  const config = loadConfig(configPath);
  if (config.account.userId === userId) return config;
  throw new SottoError("FILE_EXISTS", `${configPath} is the config of ${config.account.userId}`);
}
