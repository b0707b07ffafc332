import { SottoError } from "../errors.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import { isObject, isString, type JsonObject, requireString } from "./json.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { Transport } from "./transport.ts";

export interface LoginOptions {
  /** The full user ID, or its local part. */
  readonly userId: UserId;
  readonly password: string;
  /** Logs in to this device again; a new one unless told. */
  readonly deviceId?: DeviceId;
  /** What the account's other clients show; the homeserver and everyone in a shared room can read it. */
  readonly deviceName: string;
}

export interface Session {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly accessToken: string;
}

/**
 * Logs in with a password. The transport's own token is left as it is.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login
 *
 * @throws SottoError `LOGIN_FAILED`
 */
export async function login(transport: Transport, options: LoginOptions): Promise<Session> {
  try {
    const answer = await transport.request("POST", "/_matrix/client/v3/login", {
      body: {
        json: {
          type: "m.login.password",
          identifier: { type: "m.id.user", user: options.userId },
          password: options.password,
          device_id: options.deviceId,
          initial_device_display_name: options.deviceName,
        },
      },
    });
    return {
      userId: requireString(answer, "user_id"),
      deviceId: requireString(answer, "device_id"),
      accessToken: requireString(answer, "access_token"),
    };
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause === undefined || cause.statusCode === 429 || cause.statusCode >= 500) throw thrown;
    if (cause.statusCode === 400 || cause.statusCode === 404) {
      throw new SottoError("LOGIN_FAILED", "the homeserver offers no login with a password", {
        cause,
        cure: "have an access token issued for a new device, and run `sotto init` with --access-token-file",
      });
    }
    throw new SottoError("LOGIN_FAILED", `${options.userId} could not log in`, { cause });
  }
}

/** Whom the transport's token belongs to. An application service's token has no device of its own. */
export async function whoami(
  transport: Transport,
): Promise<{ userId: UserId; deviceId: DeviceId | undefined }> {
  const answer = await transport.request<JsonObject>("GET", "/_matrix/client/v3/account/whoami");
  return {
    userId: requireString(answer, "user_id"),
    deviceId: isString(answer.device_id) ? answer.device_id : undefined,
  };
}

/** Ends the transport's token and deletes its device. */
export async function logout(transport: Transport, signal?: AbortSignal): Promise<void> {
  const ends = signal ? { signal } : {};
  await transport.request("POST", "/_matrix/client/v3/logout", { body: { json: {} }, ...ends });
  transport.setAccessToken(undefined);
}

/**
 * The keys the homeserver holds for a device, undefined where it holds none. A token whose device has keys that are
 * not in our store belongs to another client.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery
 */
export async function publishedDeviceKeys(
  transport: Transport,
  userId: UserId,
  deviceId: DeviceId,
): Promise<JsonObject | undefined> {
  const { device_keys } = await queryKeys(transport, userId, [deviceId]);
  if (!isObject(device_keys))
    throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer lacks device_keys");
  const devices = device_keys[userId];
  const keys = isObject(devices) ? devices[deviceId] : undefined;
  return isObject(keys) ? keys : undefined;
}

/** Whether the account has published a cross-signing identity, of whichever client. */
export async function hasPublishedIdentity(transport: Transport, userId: UserId): Promise<boolean> {
  return (await publishedMasterKey(transport, userId)) !== undefined;
}

/** The master key's description as the homeserver shows it. */
export async function publishedMasterKey(transport: Transport, userId: UserId): Promise<unknown> {
  const { master_keys } = await queryKeys(transport, userId, []);
  return isObject(master_keys) ? master_keys[userId] : undefined;
}

async function queryKeys(
  transport: Transport,
  userId: UserId,
  deviceIds: readonly DeviceId[],
): Promise<JsonObject> {
  const answer = await transport.request<JsonObject>("POST", "/_matrix/client/v3/keys/query", {
    body: { json: { device_keys: { [userId]: deviceIds } } },
    idempotent: true,
  });
  if (isObject(answer)) return answer;
  throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer is not an object");
}
