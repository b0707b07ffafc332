import { type Config, readSecret, requireReplaceableToken } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { createTransport, login, logout, publishedDeviceKeys } from "../matrix/index.ts";
import { writePrivateFile } from "./private-file.ts";

/**
 * After a soft logout the device and its keys are still there: logs in to the same device and keeps the new token.
 * https://spec.matrix.org/v1.19/client-server-api/#soft-logout
 */
export async function logInAgain(config: Config, logger: Logger): Promise<string> {
  const { userId, deviceId, passwordFile, accessTokenFile } = config.account;
  if (!passwordFile) {
    throw new SottoError("TOKEN_REJECTED", "the homeserver ended this login softly", {
      cure: "name account.passwordFile in the config: Sotto then logs in again to the same device",
    });
  }
  requireReplaceableToken(config);
  const transport = createTransport({
    homeserver: config.homeserver,
    logger,
    ...(config.caFile ? { caFile: config.caFile } : {}),
  });
  try {
    const password = readSecret(passwordFile);
    const { accessToken } = await login(transport, { userId, password, deviceId, deviceName: "Sotto" });
    transport.setAccessToken(accessToken);
    if (!(await publishedDeviceKeys(transport, userId, deviceId))) {
      // it was deleted, and has just come back without its keys, which the store believes to be published
      await logout(transport).catch(() => undefined);
      throw new SottoError("TOKEN_REJECTED", `the homeserver has deleted device ${deviceId} and its keys`, {
        cure: "make a new device: run `sotto init` with a new --config, a new --data-dir and --recovery-key-file",
      });
    }
    writePrivateFile(accessTokenFile, `${accessToken}\n`);
    logger.info("logged in again to the same device");
    return accessToken;
  } finally {
    await transport.close();
  }
}
