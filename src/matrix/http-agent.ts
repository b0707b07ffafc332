import { readFileSync } from "node:fs";
import type * as http from "node:http";
import type * as https from "node:https";
import { SottoError } from "../errors.ts";
import { isLoopback } from "../model/loopback.ts";

/** One kept-alive connection pool to one homeserver, and the function that speaks its protocol. */
export interface HttpPool {
  readonly agent: http.Agent;
  readonly request: typeof http.request;
}

/**
 * @param caFile - PEM file of certificate authorities trusted besides the system's and `NODE_EXTRA_CA_CERTS`
 * @param env - where `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are read
 * @throws SottoError `CONFIG_INVALID`
 */
export function openHttpPool(url: URL, caFile: string | undefined, env: NodeJS.ProcessEnv): HttpPool {
  const options: https.AgentOptions = { keepAlive: true, ...proxyOption(url, env) };
  if (url.protocol === "http:") {
    // an import would read every export of the module, and one of them loads all of undici: 30 ms at each start
    const { Agent, request } = process.getBuiltinModule("node:http");
    return { agent: new Agent(options), request };
  }
  // loaded here and not above: a homeserver on the loopback address should not pay for TLS at each start
  const { Agent, request } = process.getBuiltinModule("node:https");
  if (caFile !== undefined) options.ca = trustedCertificates(caFile);
  return { agent: new Agent(options), request };
}

/** Adds to the default authorities instead of replacing them, so that one `caFile` serves every server. */
function trustedCertificates(caFile: string): string[] {
  const { createSecureContext, getCACertificates } = process.getBuiltinModule("node:tls");
  try {
    const pem = readFileSync(caFile, "utf8");
    createSecureContext({ ca: pem });
    if (!pem.includes("-----BEGIN CERTIFICATE-----")) throw new Error("it holds no PEM certificate");
    return [...getCACertificates("default"), pem];
  } catch (cause) {
    throw new SottoError("CONFIG_INVALID", `caFile "${caFile}" cannot be used`, {
      cause,
      cure: "name a file with the PEM certificate of the authority that signed the homeserver's certificate",
    });
  }
}

/** As curl, Go and others do, a proxy is never asked for this machine: its loopback would be its own. */
function proxyOption(url: URL, env: NodeJS.ProcessEnv): { proxyEnv?: NodeJS.ProcessEnv } {
  const proxy =
    url.protocol === "https:" ? (env.https_proxy ?? env.HTTPS_PROXY) : (env.http_proxy ?? env.HTTP_PROXY);
  if (!proxy || isLoopback(url.hostname)) return {};
  if (!agentKnowsProxies(process.versions.node)) {
    throw new SottoError(
      "CONFIG_INVALID",
      `Node ${process.versions.node} cannot use the proxy of the environment`,
      {
        cure: "install Node 22.21 or later, or unset HTTPS_PROXY for Sotto",
      },
    );
  }
  return { proxyEnv: env };
}

/** `http.Agent` has `proxyEnv` since Node 22.21 and 24.5. https://nodejs.org/api/http.html#new-agentoptions */
export function agentKnowsProxies(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}
