import { existsSync } from "node:fs";
import { type Config, type ConfigSource, loadConfig } from "../config/index.ts";
import type { RecoveryKeyKeeper, RecoverySecret } from "../crypto/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import { openAccount } from "./account.ts";
import { type BootstrapResult, bootstrapIdentity } from "./identity.ts";
import { mayLeave } from "./leaving.ts";
import { NewDevice } from "./new-device.ts";
import { renewLogin } from "./renew-login.ts";

/** What opens the account's secret storage, or where the recovery key of a new identity goes. */
export type Recovery =
  | RecoverySecret
  | (RecoveryKeyKeeper & {
      /** Throws if a recovery key could not be kept; asked before anything is done. */
      ready(): void;
    });

export interface InitRequest {
  /** URL, server name, or user ID. */
  homeserver: string;
  userId: UserId;
  credentials: { password: string } | { accessToken: string };
  /** One file, which is made; or all that there are, of the same account. */
  config: ConfigSource;
  dataDirectory: string;
  shareWith?: "signed" | "verified" | "all";
  caFile?: string;
  recovery: Recovery;
}

export interface InitResult extends BootstrapResult {
  userId: UserId;
  deviceId: DeviceId;
  config: string;
}

/**
 * Makes a device, its stores and its config, and has the account's identity sign it. An existing identity is left
 * alone. A config that is there already is gone on with if it names the same account: an `init` that was cut off can
 * be repeated, and a login that has ended is renewed. What a failed `init` made, it removes again, unless something has
 * come of it that needs its keys.
 *
 * @param signal - somebody wants to leave: as a failure
 * @throws SottoError `LOGIN_FAILED`, `TOKEN_OF_OTHER_CLIENT`, `IDENTITY_EXISTS`, `RECOVERY_KEY_WRONG`, `FILE_EXISTS`…
 */
export async function initialise(
  request: InitRequest,
  logger: Logger,
  signal: AbortSignal,
): Promise<InitResult> {
  const { files } = request.config;
  if (files.every((file) => existsSync(file))) {
    const config = ownConfig(request);
    if ("password" in request.credentials)
      await renewLogin(config, request.credentials.password, logger, signal);
    return makeReady(config, request, logger, signal, () => undefined);
  }
  if (files.length > 1) {
    throw new SottoError("USAGE", "a new device is given one config", { cure: "give --config once" });
  }
  const device = new NewDevice(request, files[0]!);
  try {
    const config = await device.make(logger, signal);
    return await makeReady(config, request, logger, signal, () => device.keep());
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
  signal: AbortSignal,
  mustStay: () => void,
): Promise<InitResult> {
  const password = "password" in credentials ? credentials.password : undefined;
  const account = await openAccount(config, logger);
  try {
    const done = await mayLeave(
      signal,
      () => account.transport.close(),
      async () => {
        // the first sync publishes the keys of the device; one that we did not log in, we cannot take away again
        if (password === undefined) mustStay();
        await account.sync.toLiveEnd();
        signal.throwIfAborted();
        const request = { choice: recovery, mustStay, ...(password === undefined ? {} : { password }) };
        return bootstrapIdentity(account, request);
      },
    );
    const { userId, deviceId } = config.account;
    return { userId, deviceId, config: config.path, ...done };
  } finally {
    await account.close();
  }
}

function ownConfig({ config: source, userId }: InitRequest): Config {
  const config = loadConfig(source);
  if (config.account.userId === userId) return config;
  throw new SottoError("FILE_EXISTS", `${config.path} is the config of ${config.account.userId}`);
}
