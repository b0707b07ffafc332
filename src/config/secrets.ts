import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SottoError } from "../errors.ts";
import type { Config } from "./load.ts";

/**
 * `credential:NAME` is a systemd credential, `$CREDENTIALS_DIRECTORY/NAME`: memory of the service alone, that no
 * backup of the disk has. Its folder is known only inside of the service, so a config cannot name it by path.
 * https://systemd.io/CREDENTIALS/
 */
const CREDENTIAL = "credential:";

/** A path of the config made absolute; a credential stays as it is written where there are none. */
export function placeOf(written: string, folder: string, environment: NodeJS.ProcessEnv): string {
  if (!written.startsWith(CREDENTIAL)) return resolve(folder, written);
  const directory = environment.CREDENTIALS_DIRECTORY;
  return directory ? join(directory, written.slice(CREDENTIAL.length)) : written;
}

/** Whether the config names a credential there, and this process has been given none. */
export const isOutOfReach = (written: string, environment: NodeJS.ProcessEnv = process.env): boolean =>
  written.startsWith(CREDENTIAL) && !environment.CREDENTIALS_DIRECTORY;

/** Its service manager keeps it: nobody else can read it, and we cannot replace it. */
export function isCredential(path: string, environment: NodeJS.ProcessEnv = process.env): boolean {
  const directory = environment.CREDENTIALS_DIRECTORY;
  return path.startsWith(CREDENTIAL) || (!!directory && path.startsWith(join(directory, "/")));
}

/** Reads a secret's file without its line end. Throws `SECRET_UNREADABLE`. */
export function readSecret(path: string): string {
  const secret = read(path, "SECRET_UNREADABLE", path).toString("utf8").trim();
  if (secret === "") throw new SottoError("SECRET_UNREADABLE", `${path} is empty`);
  return secret;
}

/** `sotto logout` deletes the token before anything else. Throws `TOKEN_MISSING`. */
export function readAccessToken({ account: { accessTokenFile } }: Config): string {
  if (isCredential(accessTokenFile) || existsSync(accessTokenFile)) return readSecret(accessTokenFile);
  throw new SottoError("TOKEN_MISSING", `there is no access token at ${accessTokenFile}`);
}

/** Before a login whose token could not be kept. Throws `TOKEN_REJECTED`. */
export function requireReplaceableToken({ account: { accessTokenFile } }: Config): void {
  if (!isCredential(accessTokenFile)) return;
  throw new SottoError("TOKEN_REJECTED", "the login has ended, and a systemd credential cannot be replaced", {
    cure: "name a file of Sotto's own in account.accessTokenFile, put the token there, then log in again",
  });
}

const STORE_KEY_BYTES = 32;

/** The 32 bytes that seal the stores. There is no default: throws `STORE_KEY_MISSING`. */
export function readStoreKey({ storeKeyFile }: Config): Uint8Array {
  const bytes = read(storeKeyFile, "STORE_KEY_MISSING", `the store key ${storeKeyFile}`);
  if (bytes.length !== STORE_KEY_BYTES || bytes.every((byte) => byte === bytes[0])) {
    throw new SottoError("STORE_KEY_MISSING", `${storeKeyFile} does not hold a key of 32 random bytes`);
  }
  return bytes;
}

function read(path: string, code: "SECRET_UNREADABLE" | "STORE_KEY_MISSING", named: string): Buffer {
  requireCredentials(path, code);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SottoError(code, `cannot read ${named}`, {
      cause,
      ...(isCredential(path) && {
        cure: "give the service this credential: LoadCredential=NAME:FILE in its unit",
      }),
    });
  }
}

/** @throws SottoError of the given code, for a credential that is named outside of a service */
export function requireCredentials(
  path: string,
  code: "SECRET_UNREADABLE" | "STORE_KEY_MISSING" = "SECRET_UNREADABLE",
): void {
  if (!path.startsWith(CREDENTIAL)) return;
  const name = path.slice(CREDENTIAL.length);
  throw new SottoError(
    code,
    `there is no systemd credential ${JSON.stringify(name)}: $CREDENTIALS_DIRECTORY is not set`,
    { cure: `run this in the service, with LoadCredential=${name}:FILE in its unit, or name a file instead` },
  );
}
