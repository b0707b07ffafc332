import { SottoError } from "../errors.ts";
import type { KeyRequest, KeyServer } from "../model/ports.ts";
import { isObject, isString } from "./json.ts";
import { path } from "./path.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { HttpMethod, Transport } from "./transport.ts";

/**
 * Carries the crypto engine's requests. Every kind may be repeated: uploads hold the same keys again, to-device
 * messages have a transaction ID, and a second claim costs the other side one more one-time key.
 * https://spec.matrix.org/v1.19/client-server-api/#end-to-end-encryption
 */
export function createKeyServer(transport: Transport): KeyServer {
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
        case "keys-backup":
          return uploadRoomKeys(transport, request);
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
 * A version that is no longer the current one, or is gone, takes nothing.
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeys
 */
async function uploadRoomKeys(transport: Transport, { body, version }: KeyRequest): Promise<string> {
  try {
    return await transport.requestText("PUT", "/_matrix/client/v3/room_keys/keys", {
      query: { version },
      body: { jsonText: body },
    });
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.errcode === "M_WRONG_ROOM_KEYS_VERSION" || cause?.errcode === "M_NOT_FOUND")
      throw new SottoError("BACKUP_CHANGED", `key backup ${version} is no longer the current one`, { cause });
    throw thrown;
  }
}
