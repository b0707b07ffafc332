import { SottoError } from "../errors.ts";
import { isUserId } from "../model/ids.ts";
import { isObject, isString, type JsonObject, stringsOf } from "./json.ts";
import { matrixErrorOf } from "./request-failure.ts";
import { createTransport, type TransportOptions } from "./transport.ts";

const MAX_WELL_KNOWN_BYTES = 64 * 1024;

export interface Homeserver {
  /** Base URL of the client-server API. */
  readonly baseUrl: string;
  /** What it advertises; Synapse supports more than it says, so nothing should depend on this alone. */
  readonly versions: string[];
}

export interface DiscoveryOptions
  extends Omit<TransportOptions, "homeserver" | "accessToken" | "onSoftLogout"> {
  readonly signal?: AbortSignal;
}

const endsWith = ({ signal }: DiscoveryOptions) => (signal ? { signal } : {});

/**
 * Finds the homeserver of an account and makes sure that one answers there.
 * https://spec.matrix.org/v1.19/client-server-api/#well-known-uris
 *
 * @param input - a URL, which is taken as it is; or a user ID or server name, which is looked up
 * @throws SottoError `CONFIG_INVALID` where the server's own description is wrong, `HOMESERVER_UNREACHABLE`
 */
export async function discoverHomeserver(input: string, options: DiscoveryOptions = {}): Promise<Homeserver> {
  if (/^https?:\/\//.test(input)) return probe(input, options);
  const serverName = isUserId(input) ? input.slice(input.indexOf(":") + 1) : input;
  const hostname = hostnameOf(serverName);
  return probe((await wellKnown(hostname, options)) ?? `https://${serverName}`, options);
}

/** A server name's host, without its port. https://spec.matrix.org/v1.19/appendices/#server-name */
function hostnameOf(serverName: string): string {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/.exec(serverName);
  if (match?.[1] !== undefined) return match[1];
  throw new SottoError(
    "CONFIG_INVALID",
    `"${serverName}" is neither a URL, nor a user ID, nor a server name`,
    {
      cure: "give the homeserver's URL, e.g. https://matrix.example.org",
    },
  );
}

/** The spec's IGNORE is undefined here, its FAIL_PROMPT and FAIL_ERROR are errors that ask for the URL. */
async function wellKnown(hostname: string, options: DiscoveryOptions): Promise<string | undefined> {
  const file = `https://${hostname}/.well-known/matrix/client`;
  const fail = (reason: string, cause?: unknown): SottoError =>
    new SottoError("CONFIG_INVALID", `${file} ${reason}`, {
      cause,
      cure: "give the homeserver's URL instead",
    });
  const text = await fetchText(hostname, options).catch((thrown: unknown) => {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode === 404) return undefined;
    throw cause === undefined ? thrown : fail("could not be read", cause);
  });
  if (text === undefined) return undefined;
  const baseUrl = baseUrlOf(text);
  if (baseUrl === undefined) throw fail("names no homeserver");
  return baseUrl;
}

async function fetchText(hostname: string, options: DiscoveryOptions): Promise<string> {
  const transport = createTransport({ ...options, homeserver: `https://${hostname}` });
  try {
    const { body } = await transport.stream("/.well-known/matrix/client", endsWith(options));
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > MAX_WELL_KNOWN_BYTES) break;
      chunks.push(chunk);
    }
    return size > MAX_WELL_KNOWN_BYTES ? "" : Buffer.concat(chunks).toString("utf8");
  } finally {
    transport.close();
  }
}

function baseUrlOf(text: string): string | undefined {
  try {
    const file: unknown = JSON.parse(text);
    const homeserver = isObject(file) ? file["m.homeserver"] : undefined;
    return isObject(homeserver) && isString(homeserver.base_url) ? homeserver.base_url : undefined;
  } catch {
    return undefined;
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions */
async function probe(baseUrl: string, options: DiscoveryOptions): Promise<Homeserver> {
  const transport = createTransport({ ...options, homeserver: baseUrl });
  try {
    const answer = await transport.request<JsonObject>("GET", "/_matrix/client/versions", endsWith(options));
    const versions = isObject(answer) ? stringsOf(answer.versions) : [];
    if (versions.length > 0) return { baseUrl: transport.homeserver, versions };
  } catch (thrown) {
    if (thrown instanceof SottoError && thrown.code !== "HOMESERVER_ERROR") throw thrown;
    throw notMatrix(baseUrl, thrown);
  } finally {
    transport.close();
  }
  throw notMatrix(baseUrl);
}

const notMatrix = (baseUrl: string, cause?: unknown): SottoError =>
  new SottoError("CONFIG_INVALID", `no Matrix homeserver answers at ${baseUrl}`, {
    cause,
    cure: "check the homeserver's address: it must be the base URL of the client-server API",
  });
