import { SottoError } from "../../errors.ts";
import type { UserId } from "../../model/ids.ts";
import { keptText } from "../../model/kept-text.ts";
import { isObject, isString, type JsonObject } from "../json.ts";
import { path } from "../path.ts";
import { matrixErrorOf } from "../request-failure.ts";
import type { RequestOptions, Transport } from "../transport.ts";

// What a homeserver answers to somebody without an account. Every transport here is one without a token.

const MAX_FLOWS = 50;
const MAX_TEXT = 200;

/** What came, whether it was granted or refused. */
interface Reply {
  statusCode: number;
  errcode?: string | undefined;
  /** Undefined for what is no JSON object, such as a web page. */
  body?: JsonObject | undefined;
}

/** @throws what says nothing of the thing asked for: no answer, a limit, a server or proxy in trouble */
async function ask(
  transport: Transport,
  method: "GET" | "POST",
  url: string,
  options: RequestOptions,
): Promise<Reply> {
  try {
    const text = await transport.requestText(method, url, { ...options, idempotent: true });
    return { statusCode: 200, body: objectIn(text) };
  } catch (thrown) {
    const refusal = matrixErrorOf(thrown);
    if (!refusal || refusal.statusCode === 429 || refusal.statusCode >= 500) throw thrown;
    const { statusCode, errcode, body } = refusal;
    return { statusCode, errcode, body };
  }
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isRefusedWithoutToken = ({ statusCode, errcode }: Reply): boolean =>
  statusCode === 401 && (errcode === "M_MISSING_TOKEN" || errcode === "M_UNKNOWN_TOKEN");

/**
 * The stages of each registration flow; null where registration is closed. An empty object begins a registration and
 * ends none: no account is made.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register
 */
export async function registrationFlows(
  transport: Transport,
  manner: RequestOptions,
): Promise<string[][] | null> {
  const reply = await ask(transport, "POST", "/_matrix/client/v3/register", {
    ...manner,
    body: { json: {} },
  });
  const flows = reply.body?.flows;
  if (reply.statusCode === 401 && Array.isArray(flows)) {
    const stages = flows.slice(0, MAX_FLOWS).map(stagesOf);
    if (stages.length > 0) return stages;
  }
  if (reply.statusCode === 403 && reply.errcode === "M_FORBIDDEN") return null;
  throw unclear("accounts are made elsewhere than at the homeserver", reply);
}

function stagesOf(flow: unknown): string[] {
  if (isObject(flow) && Array.isArray(flow.stages) && flow.stages.every(isString))
    return flow.stages.map(kept);
  throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer names no flow of registration");
}

/** The admin API answers, if only that a token is missing. */
export async function isAdminApiExposed(transport: Transport, manner: RequestOptions): Promise<boolean> {
  const reply = await ask(transport, "GET", "/_synapse/admin/v1/server_version", manner);
  return isRefusedWithoutToken(reply) || isString(reply.body?.server_version);
}

/** The account exists: whoever looks it up without a token is told of it, or that a token is missing. */
export async function areProfilesPublic(
  transport: Transport,
  userId: UserId,
  manner: RequestOptions,
): Promise<boolean> {
  const reply = await ask(transport, "GET", path`/_matrix/client/v3/profile/${userId}`, manner);
  if (reply.statusCode === 200 && reply.body) return true;
  if (isRefusedWithoutToken(reply) || reply.statusCode === 403) return false;
  // it was looked up, and nothing is there
  if (reply.statusCode === 404 && reply.errcode !== undefined && reply.errcode !== "M_UNRECOGNIZED")
    return true;
  throw unclear("the answer is neither a profile nor a refusal", reply);
}

export async function isDirectoryPublic(transport: Transport, manner: RequestOptions): Promise<boolean> {
  const query = { limit: 1 };
  const reply = await ask(transport, "GET", "/_matrix/client/v3/publicRooms", { ...manner, query });
  if (Array.isArray(reply.body?.chunk)) return true;
  if (isRefusedWithoutToken(reply) || reply.statusCode === 403) return false;
  throw unclear("the answer is neither a list of rooms nor a refusal", reply);
}

/** https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1version */
async function federationVersion(
  transport: Transport,
  manner: RequestOptions,
): Promise<JsonObject | undefined> {
  const { body } = await ask(transport, "GET", "/_matrix/federation/v1/version", manner);
  return isObject(body?.server) ? body.server : undefined;
}

export const isFederating = async (transport: Transport, manner: RequestOptions): Promise<boolean> =>
  (await federationVersion(transport, manner)) !== undefined;

/** As the federation API says it; where that is not there, as Synapse's admin API does, which asks for no token. */
export async function softwareOf(
  transport: Transport,
  manner: () => RequestOptions,
): Promise<{ name: string; version: string }> {
  const { name, version } = (await federationVersion(transport, manner())) ?? {};
  if (isString(name) && isString(version)) return { name: kept(name), version: kept(version) };
  const reply = await ask(transport, "GET", "/_synapse/admin/v1/server_version", manner());
  const synapse = reply.body?.server_version;
  if (isString(synapse)) return { name: "Synapse", version: kept(synapse) };
  throw unclear("neither the federation API nor Synapse's admin API says it", reply);
}

/**
 * The base URL that clients are sent to, as the homeserver itself says it.
 * https://spec.matrix.org/v1.19/client-server-api/#well-known-uris
 */
export async function announcedUrl(transport: Transport, manner: RequestOptions): Promise<string> {
  const reply = await ask(transport, "GET", "/.well-known/matrix/client", manner);
  const homeserver = reply.body?.["m.homeserver"];
  const url = isObject(homeserver) ? homeserver.base_url : undefined;
  if (isString(url) && url !== "") return kept(url).replace(/\/+$/, "");
  throw unclear("the homeserver does not say where clients reach it", reply);
}

const kept = (text: string): string => keptText(text, MAX_TEXT);

const unclear = (message: string, { statusCode, errcode }: Reply): SottoError =>
  new SottoError("HOMESERVER_ERROR", message, { cause: new Error(errcode ?? `HTTP ${statusCode}`) });
