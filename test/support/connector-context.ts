import { generateKeyPairSync, sign } from "node:crypto";
import { resolve } from "node:path";
import { createLogger } from "../../src/log.ts";
import type { ConnectorContext } from "../../src/model/connector.ts";

/** What a connector gets of the house, with every line that it logs. */
export function connectorContext(directory: string): ConnectorContext & { lines: string[] } {
  const lines: string[] = [];
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    name: "under-test",
    lines,
    logger: createLogger({ level: "debug", json: true, write: (line) => lines.push(line) }),
    path: (written) => resolve(directory, written),
    signer: {
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }) as string,
      sign: (bytes) => sign(undefined, bytes, privateKey),
    },
  };
}
