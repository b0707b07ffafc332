import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { SottoError } from "../../errors.ts";
import { readSecretFile } from "../secret-file.ts";

/** PEM. */
export interface Tls {
  cert: string;
  key: string;
  /** As the certificate writes it. */
  validTo: string;
}

/**
 * @param files - absolute paths
 * @throws SottoError `SECRET_UNREADABLE`, also where the key is not the certificate's
 */
export function readTls({ certFile, keyFile }: { certFile: string; keyFile: string }): Tls {
  const key = readSecretFile(keyFile);
  try {
    const cert = readFileSync(certFile, "utf8");
    createSecureContext({ cert, key });
    return { cert, key, validTo: new X509Certificate(cert).validTo };
  } catch (cause) {
    throw new SottoError("SECRET_UNREADABLE", `${certFile} holds no certificate for the key in ${keyFile}`, {
      cause,
      cure: "name the certificate and the private key that was made for it, both as PEM",
    });
  }
}
