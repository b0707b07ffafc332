import { type Config, readAccessToken, requireReplaceableToken } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import {
  createTransport,
  login,
  logout,
  publishedDeviceKeys,
  type Transport,
  whoami,
} from "../matrix/index.ts";
import { mayLeave } from "./leaving.ts";
import { writePrivateFile } from "./private-file.ts";

/**
 * Where the homeserver does not accept the token any more: logs in to the same device with the password, and keeps the
 * new token. A device that was deleted comes back without its keys, which the store believes to be published: it
 * cannot be gone on with, and is logged out again.
 *
 * @throws SottoError `TOKEN_REJECTED` for a device that is gone, `LOGIN_FAILED`
 */
export async function renewLogin(
  config: Config,
  password: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const transport = createTransport({
    homeserver: config.homeserver,
    accessToken: readAccessToken(config),
    logger,
    ...(config.caFile ? { caFile: config.caFile } : {}),
  });
  try {
    await mayLeave(
      signal,
      () => transport.close(),
      () => renew(config, password, transport),
    );
  } finally {
    await transport.close();
  }
}

async function renew(config: Config, password: string, transport: Transport): Promise<void> {
  const { userId, deviceId, accessTokenFile } = config.account;
  const rejected = await whoami(transport).then(() => undefined, rejection);
  if (rejected === undefined) return;
  requireReplaceableToken(config);
  transport.setAccessToken(undefined);
  const session = await login(transport, { userId, password, deviceId, deviceName: "Sotto" });
  transport.setAccessToken(session.accessToken);
  if (session.deviceId === deviceId && (await publishedDeviceKeys(transport, userId, deviceId))) {
    writePrivateFile(accessTokenFile, `${session.accessToken}\n`);
    return;
  }
  await logout(transport).catch(() => undefined);
  throw new SottoError("TOKEN_REJECTED", `the homeserver has deleted device ${deviceId} and its keys`, {
    cause: rejected.cause,
    cure: "make a new device: run `sotto init` with a new --config, a new --data-dir and --recovery-key-file",
  });
}

/** Any other failure is thrown on. */
function rejection(thrown: unknown): SottoError {
  if (thrown instanceof SottoError && thrown.code === "TOKEN_REJECTED") return thrown;
  throw thrown;
}
