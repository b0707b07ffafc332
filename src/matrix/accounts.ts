import { createHmac } from "node:crypto";
import { SottoError } from "../errors.ts";
import type { UserId } from "../model/ids.ts";
import { adminRefusal } from "./admin-refusal.ts";
import { isObject, requireString } from "./json.ts";
import { path } from "./path.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { Transport } from "./transport.ts";

export interface NewAccount {
  userId: UserId;
  /** What it begins with, and who sees the account sees it. */
  displayName: string | null;
  password: string;
}

/**
 * Whether an account is there, by its profile. Who has been deactivated may look as if they had never been there,
 * and so does, in Synapse, who shows neither name nor picture.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid
 *
 * @throws SottoError also where profiles are not shown to us
 */
export async function hasProfile(transport: Transport, userId: UserId): Promise<boolean> {
  const url = path`/_matrix/client/v3/profile/${userId}`;
  return (await foundAt(transport, url, ["M_NOT_FOUND", "M_UNKNOWN"])) !== undefined;
}

/**
 * Undefined where no such account was ever made.
 * https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#query-user-account
 */
export async function accountStanding(
  admin: Transport,
  userId: UserId,
): Promise<"here" | "deactivated" | undefined> {
  const account = await foundAt(admin, userPath(userId)).catch((thrown) => {
    throw adminRefusal(thrown);
  });
  if (account === undefined) return undefined;
  if (!isObject(account) || account.name !== userId)
    throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer is not the account");
  return account.deactivated ? "deactivated" : "here";
}

/**
 * Makes an account that was not there a moment ago: one that is there would get this password.
 * https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#create-or-modify-account
 */
export async function createAccount(
  admin: Transport,
  { userId, displayName, password }: NewAccount,
): Promise<void> {
  const named = displayName === null ? {} : { displayname: displayName };
  const json = { password, admin: false, logout_devices: false, ...named };
  await admin.request("PUT", userPath(userId), { body: { json } }).catch((thrown) => {
    throw adminRefusal(thrown);
  });
}

/**
 * Makes an account with the homeserver's `registration_shared_secret`; one that is there is left alone. No device is made.
 * https://element-hq.github.io/synapse/latest/admin_api/register_api.html
 *
 * @param open a transport without a token
 * @returns whether it was made now
 */
export async function registerWithSecret(
  open: Transport,
  secret: string,
  { userId, displayName, password }: NewAccount,
): Promise<boolean> {
  const endpoint = "/_synapse/admin/v1/register";
  const nonce = requireString(await open.request("GET", endpoint), "nonce");
  const username = userId.slice(1, userId.indexOf(":"));
  const mac = createHmac("sha1", secret).update([nonce, username, password, "notadmin"].join("\0"));
  const json = {
    ...{ nonce, username, password, admin: false, inhibit_login: true, mac: mac.digest("hex") },
    ...(displayName !== null && { displayname: displayName }),
  };
  try {
    const answer = await open.request("POST", endpoint, { body: { json } });
    const made = requireString(answer, "user_id");
    if (made === userId) return true;
    throw new SottoError("HOMESERVER_ERROR", `the homeserver has made ${made} instead of ${userId}`);
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.errcode === "M_USER_IN_USE") return false;
    if (cause?.statusCode !== 403) throw thrown;
    throw new SottoError("TOKEN_REJECTED", "the homeserver does not take this registration secret", {
      cause,
      cure: "give the file with registration_shared_secret of its homeserver.yaml",
    });
  }
}

const userPath = (userId: UserId): string => path`/_synapse/admin/v2/users/${userId}`;

/** Undefined only on a 404 of the homeserver itself. Of a profile that never was, Synapse says `M_UNKNOWN`. */
async function foundAt(
  transport: Transport,
  url: string,
  absent: readonly string[] = ["M_NOT_FOUND"],
): Promise<unknown> {
  try {
    return await transport.request("GET", url);
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode === 404 && absent.includes(cause.errcode ?? "")) return undefined;
    throw thrown;
  }
}
