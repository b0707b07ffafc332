import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Config, isCredential, readAccessToken, readStoreKey } from "../config/index.ts";
import { holdEngine } from "../crypto/index.ts";
import type { Logger } from "../log.ts";
import { createTransport, logout, matrixErrorOf } from "../matrix/index.ts";
import { openStore } from "../store/index.ts";
import { mayLeave } from "./leaving.ts";
import { STORES } from "./new-device.ts";
import { logInAgain } from "./relogin.ts";

/**
 * Deletes the device on the homeserver, then the token, then the stores. Whatever it was cut off by, calling it again
 * finishes it: a token that is rejected, or not there any more, says that the device has gone. The config, the store
 * key and the recovery key stay.
 *
 * @param confirm - told how many accepted messages would be lost; throws if they must not be
 * @param signal - somebody wants to leave
 * @throws SottoError `STORE_HELD`, `HOMESERVER_*`, or the signal's reason; nothing is deleted then
 */
export async function logOut(
  config: Config,
  logger: Logger,
  confirm: (waiting: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const held = await hold(config);
  try {
    await confirm(held.waiting);
    await deleteDevice(config, logger, signal);
    // the token first: without it, nobody takes what is left for a store
    const { accessTokenFile } = config.account;
    if (!isCredential(accessTokenFile)) rmSync(accessTokenFile, { force: true });
    for (const name of STORES) rmSync(join(config.data, name), { force: true });
  } finally {
    await held.close();
  }
  rmSync(join(config.data, "control.sock"), { force: true });
}

/** Takes the store, if there still is one, so that nobody uses it meanwhile. */
async function hold(config: Config): Promise<{ waiting: number; close(): Promise<void> }> {
  const { userId, deviceId } = config.account;
  if (!existsSync(join(config.data, "crypto.sqlite"))) return { waiting: 0, close: async () => undefined };
  const storeKey = readStoreKey(config);
  const engine = await holdEngine({ userId, deviceId, directory: config.data, storeKey });
  try {
    const store = openStore({ path: join(config.data, "sotto.sqlite"), key: storeKey, userId, deviceId });
    const waiting = store.jobs.open().length;
    store.close();
    return { waiting, close: () => engine.close() };
  } catch (thrown) {
    await engine.close();
    throw thrown;
  }
}

async function deleteDevice(config: Config, logger: Logger, signal: AbortSignal): Promise<void> {
  const { accessTokenFile } = config.account;
  if (!isCredential(accessTokenFile) && !existsSync(accessTokenFile)) return;
  const transport = createTransport({
    homeserver: config.homeserver,
    accessToken: readAccessToken(config),
    logger,
    onSoftLogout: () => logInAgain(config, logger),
    ...(config.caFile ? { caFile: config.caFile } : {}),
  });
  try {
    await mayLeave(
      signal,
      () => transport.close(),
      () => logout(transport),
    );
  } catch (thrown) {
    // rejected for good: the device has gone. A login that has ended softly leaves it there
    const answer = matrixErrorOf(thrown);
    if (answer?.statusCode !== 401 || answer.softLogout) throw thrown;
  } finally {
    await transport.close();
  }
}
