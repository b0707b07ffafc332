import { setTimeout as delay } from "node:timers/promises";
import { SottoError } from "../errors.ts";
import type { UserId } from "../model/ids.ts";
import type { IdentityProof, UploadIdentity } from "../model/ports.ts";
import { isObject, isString, type JsonObject } from "./json.ts";
import { publishedMasterKey } from "./login.ts";
import { type MatrixError, matrixErrorOf } from "./request-failure.ts";
import type { Transport } from "./transport.ts";

const UPLOAD = "/_matrix/client/v3/keys/device_signing/upload";

/** Approval on the account's page: the stage of the spec (MSC4312), and its name before that. */
const ACCOUNT_PAGE_STAGES = ["m.oauth", "org.matrix.cross_signing_reset"];

/** How often a person's approval is asked for, in milliseconds. */
const POLL_MS = 3_000;

/**
 * Publishes cross-signing keys. The first upload needs no proof, and the same keys may be sent again (MSC3967); a
 * homeserver that does not know that rule asks each time. What is there is looked up before anything is sent, with or
 * without proof: a homeserver whose admin has allowed a replacement would take it unasked.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload
 *
 * @param pollMs - a test has its own
 */
export function createIdentityUpload(transport: Transport, userId: UserId, pollMs = POLL_MS): UploadIdentity {
  return async (body, proof) => {
    const keys = JSON.parse(body) as JsonObject;
    if (!proof.replaces) await refuseOther(transport, userId, keys.master_key);
    const asked = await post(transport, keys);
    if (asked === undefined) return;
    if (offers(asked, "m.login.password") && proof.password !== undefined) {
      await withPassword(transport, userId, keys, asked, proof.password);
      return;
    }
    const stage = ACCOUNT_PAGE_STAGES.find((name) => offers(asked, name));
    if (stage && proof.onAccountPage) {
      await proof.onAccountPage(accountPage(asked, stage));
      await approved(transport, keys, asked, stage, pollMs, proof);
      return;
    }
    throw new SottoError("IDENTITY_PROOF_NEEDED", "the homeserver wants proof that the owner asks for this", {
      cause: `it offers: ${stagesOf(asked).join(", ") || "nothing that Sotto knows"}`,
    });
  };
}

async function refuseOther(transport: Transport, userId: UserId, ours: unknown): Promise<void> {
  const published = await publishedMasterKey(transport, userId);
  if (published === undefined || sameKeys(published, ours)) return;
  throw new SottoError("IDENTITY_EXISTS", "the account has a cross-signing identity already");
}

function sameKeys(one: unknown, other: unknown): boolean {
  const keysOf = (key: unknown): string | undefined =>
    isObject(key) && isObject(key.keys) ? Object.values(key.keys).join() : undefined;
  return keysOf(one) !== undefined && keysOf(one) === keysOf(other);
}

/** Undefined when it was taken; else what the homeserver wants first. */
async function post(
  transport: Transport,
  json: JsonObject,
  auth?: JsonObject,
): Promise<MatrixError | undefined> {
  try {
    const body = { json: auth === undefined ? json : { ...json, auth } };
    await transport.request("POST", UPLOAD, { body, idempotent: true });
    return undefined;
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode === 401 && Array.isArray(cause.body.flows)) return cause;
    throw thrown;
  }
}

async function withPassword(
  transport: Transport,
  userId: UserId,
  keys: JsonObject,
  asked: MatrixError,
  password: string,
): Promise<void> {
  const identifier = { type: "m.id.user", user: userId };
  const auth = { type: "m.login.password", identifier, password, session: asked.body.session };
  const cause = await post(transport, keys, auth);
  if (cause) throw new SottoError("LOGIN_FAILED", "the homeserver did not accept the password", { cause });
}

/** Asks again until the owner has approved it, or the signal ends it. */
async function approved(
  transport: Transport,
  keys: JsonObject,
  first: MatrixError,
  stage: string,
  pollMs: number,
  { signal }: IdentityProof,
): Promise<void> {
  let asked: MatrixError | undefined = first;
  while (asked) {
    await delay(pollMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    asked = await post(transport, keys, { type: stage, session: asked.body.session });
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api */
function offers({ body }: MatrixError, stage: string): boolean {
  return (body.flows as unknown[]).some(
    (flow) =>
      isObject(flow) && Array.isArray(flow.stages) && flow.stages.length === 1 && flow.stages[0] === stage,
  );
}

const stagesOf = ({ body }: MatrixError): string[] =>
  (body.flows as unknown[]).flatMap((flow) =>
    isObject(flow) && Array.isArray(flow.stages) ? flow.stages.filter(isString) : [],
  );

/** A person is sent there: only a web page will do. */
function accountPage({ body }: MatrixError, stage: string): string {
  const params = isObject(body.params) ? body.params[stage] : undefined;
  const url = isObject(params) && isString(params.url) ? URL.parse(params.url) : null;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url.href;
  throw new SottoError("HOMESERVER_ERROR", "the homeserver names no account page where this can be approved");
}
