import { SottoError } from "../errors.ts";
import type { UserId } from "../model/ids.ts";
import type { KeyRequest, KeyServer } from "../model/ports.ts";
import { isObject, isString } from "./json.ts";
import { hasPublishedIdentity } from "./login.ts";
import { path } from "./path.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { HttpMethod, Transport } from "./transport.ts";

/** Who signs in again where the homeserver wants to be sure before it takes an identity, even the first. */
export interface PasswordLogin {
  readonly userId: UserId;
  readonly password: string;
}

/**
 * Carries the crypto engine's requests. Every kind may be repeated: uploads hold the same keys again, to-device
 * messages have a transaction ID, and a second claim costs the other side one more one-time key.
 * https://spec.matrix.org/v1.19/client-server-api/#end-to-end-encryption
 *
 * @param identityOwner - answers `m.login.password` for an account's first cross-signing upload; an identity that exists
 *   is never replaced
 */
export function createKeyServer(transport: Transport, identityOwner?: PasswordLogin): KeyServer {
  return {
    async send(request) {
      switch (request.kind) {
        case "keys-upload":
          return uploadKeys(transport, request.body);
        case "keys-query":
          return postPatiently(transport, "/_matrix/client/v3/keys/query", request);
        case "keys-claim":
          return postPatiently(transport, "/_matrix/client/v3/keys/claim", request);
        case "to-device":
          return sendToDevice(transport, request);
        case "signatures-upload":
          return uploadSignatures(transport, request.body);
        case "device-signing-upload":
          return uploadIdentity(transport, request.body, identityOwner);
        case "keys-backup":
          return transport.requestText("PUT", "/_matrix/client/v3/room_keys/keys", {
            query: { version: request.version },
            body: { jsonText: request.body },
          });
      }
    },
  };
}

function post(transport: Transport, url: string, jsonText: string): Promise<string> {
  return call(transport, "POST", url, jsonText);
}

/** The spec has the time to wait for other homeservers in the body; Synapse reads it from the query. */
function postPatiently(transport: Transport, url: string, { body, timeoutMs }: KeyRequest): Promise<string> {
  if (timeoutMs === undefined) return post(transport, url, body);
  const jsonText = JSON.stringify({ ...JSON.parse(body), timeout: timeoutMs });
  return transport.requestText("POST", url, {
    query: { timeout: timeoutMs },
    body: { jsonText },
    idempotent: true,
  });
}

function call(transport: Transport, method: HttpMethod, url: string, jsonText: string): Promise<string> {
  return transport.requestText(method, url, { body: { jsonText }, idempotent: true });
}

async function uploadKeys(transport: Transport, jsonText: string): Promise<string> {
  try {
    return await post(transport, "/_matrix/client/v3/keys/upload", jsonText);
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode === 400 && /already exists/i.test(cause.message)) {
      throw new SottoError(
        "STORE_DAMAGED",
        "the homeserver holds other one-time keys of this device than its store",
        {
          cause: new Error("the store was restored from a copy, or two copies of it are in use"),
        },
      );
    }
    throw thrown;
  }
}

function sendToDevice(transport: Transport, { eventType, txnId, body }: KeyRequest): Promise<string> {
  if (!eventType || !txnId)
    throw new SottoError("INTERNAL", "a to-device request lacks its type or transaction ID");
  return call(transport, "PUT", path`/_matrix/client/v3/sendToDevice/${eventType}/${txnId}`, body);
}

/** A 200 with `failures` in it is a refusal. */
async function uploadSignatures(transport: Transport, jsonText: string): Promise<string> {
  const text = await post(transport, "/_matrix/client/v3/keys/signatures/upload", jsonText);
  const answer: unknown = JSON.parse(text);
  const failures = isObject(answer) && isObject(answer.failures) ? answer.failures : {};
  const [userId] = Object.keys(failures);
  if (userId !== undefined) {
    throw new SottoError("HOMESERVER_ERROR", `the homeserver refused a signature on the keys of ${userId}`, {
      cause: firstError(failures[userId]),
    });
  }
  return text;
}

function firstError(failures: unknown): string | undefined {
  const [failure] = isObject(failures) ? Object.values(failures) : [];
  return isObject(failure) && isString(failure.errcode) ? failure.errcode : undefined;
}

/**
 * The first upload needs no further proof; replacing an identity does (MSC3967). A homeserver that does not know that
 * rule asks each time, so what is there is looked up before the password is given: nothing is ever replaced.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload
 */
async function uploadIdentity(
  transport: Transport,
  jsonText: string,
  owner?: PasswordLogin,
): Promise<string> {
  const url = "/_matrix/client/v3/keys/device_signing/upload";
  try {
    return await post(transport, url, jsonText);
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode !== 401 || !Array.isArray(cause.body.flows)) throw thrown;
    const replaces = owner === undefined || (await hasPublishedIdentity(transport, owner.userId));
    if (replaces || !offersPassword(cause.body.flows)) {
      throw new SottoError("IDENTITY_EXISTS", "the account has a cross-signing identity already", {
        cause: "the homeserver asks for proof before it replaces one",
      });
    }
    const auth = {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: owner.userId },
      password: owner.password,
      session: cause.body.session,
    };
    return await authenticated(transport, url, JSON.stringify({ ...JSON.parse(jsonText), auth }));
  }
}

async function authenticated(transport: Transport, url: string, jsonText: string): Promise<string> {
  try {
    return await post(transport, url, jsonText);
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode !== 401) throw thrown;
    throw new SottoError("LOGIN_FAILED", "the homeserver did not accept the password", { cause });
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api */
function offersPassword(flows: unknown[]): boolean {
  return flows.some(
    (flow) =>
      isObject(flow) &&
      Array.isArray(flow.stages) &&
      flow.stages.length === 1 &&
      flow.stages[0] === "m.login.password",
  );
}
