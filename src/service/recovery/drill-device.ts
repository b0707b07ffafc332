import { randomBytes } from "node:crypto";
import { SottoError } from "../../errors.ts";
import {
  createTransport,
  login,
  logout,
  matrixErrorOf,
  publishedDeviceKeys,
  type Transport,
  whoami,
} from "../../matrix/index.ts";
import type { DeviceId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/** The password, or the token of a device that was made for the drill and has no keys. */
export type DrillCredentials = { password: string } | { accessToken: string };

/** A device that is there for the drill only. */
export interface DrillDevice {
  deviceId: DeviceId;
  /** Logs in; the transport acts as that device. */
  logIn(): Promise<Transport>;
  /** Deletes the device; nothing where it was not made. */
  remove(): Promise<void>;
}

/** Its name is chosen before it is made, so that a run which is cut off can be cleaned up after. */
export async function prepareDevice(account: Account, credentials: DrillCredentials): Promise<DrillDevice> {
  const { config, logger, store } = account;
  const transport = createTransport({
    homeserver: config.homeserver,
    logger,
    ...(config.caFile ? { caFile: config.caFile } : {}),
  });
  const { userId } = config.account;
  let isIn = false;
  const remove = async () => {
    if (isIn) await logout(transport);
    await transport.close();
  };
  if ("accessToken" in credentials) {
    transport.setAccessToken(credentials.accessToken);
    const deviceId = await ownThrowAway(account, transport).catch(async (thrown) => {
      await transport.close();
      throw thrown;
    });
    isIn = true;
    return { deviceId, logIn: async () => transport, remove };
  }
  const deviceId = store.recovery.leftDevice() ?? `DRILL${randomBytes(5).toString("hex").toUpperCase()}`;
  return {
    deviceId,
    remove,
    async logIn() {
      const { password } = credentials;
      const session = await login(transport, {
        userId,
        password,
        deviceId,
        deviceName: "Sotto recovery drill",
      }).catch((thrown) => {
        throw needsToken(thrown) ?? thrown;
      });
      transport.setAccessToken(session.accessToken);
      isIn = true;
      return transport;
    },
  };
}

/** The device is deleted afterwards: it must be nobody's. */
async function ownThrowAway({ config }: Account, transport: Transport): Promise<DeviceId> {
  const { userId, deviceId: ours } = config.account;
  const owner = await whoami(transport);
  if (owner.userId !== userId)
    throw new SottoError("LOGIN_FAILED", `the access token belongs to ${owner.userId}`);
  const { deviceId } = owner;
  if (!deviceId || deviceId === ours || (await publishedDeviceKeys(transport, userId, deviceId))) {
    throw new SottoError("TOKEN_OF_OTHER_CLIENT", "the access token is not of a device made for the drill", {
      cure: "have a token issued for a new device: the drill deletes it",
    });
  }
  return deviceId;
}

/** https://element-hq.github.io/matrix-authentication-service/reference/cli/manage.html */
function needsToken(thrown: unknown): SottoError | undefined {
  const status = matrixErrorOf(thrown)?.statusCode;
  if (status !== 400 && status !== 404) return undefined;
  return new SottoError("LOGIN_FAILED", "the homeserver offers no login with a password", {
    cause: (thrown as Error).cause,
    cure: "give --access-token-file with the token of a new device, e.g. from `mas-cli manage issue-compatibility-token`",
  });
}
