import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { SottoError } from "../errors.ts";

const OTHERS = 0o007;

/**
 * Reads a secret of a connector without its line end. What every user of this machine may read is no secret.
 *
 * @param path - absolute
 * @throws SottoError `SECRET_UNREADABLE`
 */
export function readSecretFile(path: string): string {
  const { text, mode } = read(path);
  if ((mode & OTHERS) !== 0) {
    throw new SottoError(
      "SECRET_UNREADABLE",
      `${path} can be read or written by every user of this machine`,
      {
        cure: `chmod 600 ${path}, and make a new secret if somebody else may have read this one`,
      },
    );
  }
  const secret = text.trim();
  if (secret === "") throw new SottoError("SECRET_UNREADABLE", `${path} is empty`);
  return secret;
}

/** Of one open file, so that the mode is that of what was read. */
function read(path: string): { text: string; mode: number } {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return { mode: fstatSync(file).mode, text: readFileSync(file, "utf8") };
  } catch (cause) {
    throw new SottoError("SECRET_UNREADABLE", `cannot read ${path}`, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
