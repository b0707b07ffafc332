import { basename } from "node:path";
import { SottoError, toSottoError } from "../../errors.ts";

/** What is wrong with a file or folder, in words that do not hold its path. */
export function troubleWith(error: unknown): SottoError {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof SottoError || code === "ENOSPC") return toSottoError(error);
  if (code === "EACCES" || code === "EPERM") {
    return new SottoError("CONNECTOR_FAILED", "this user may not read it, or not move it", {
      cause: error,
      cure: "let the user that Sotto runs as read it, and write to the folders it lies in and is moved to",
    });
  }
  return new SottoError("CONNECTOR_FAILED", `it cannot be read or moved (${code ?? "for another reason"})`, {
    cause: error,
    cure: "see whether it is there, and on a disk that works; it is tried again",
  });
}

/** The last part of a path, without what may be somebody's number or address: recorders put them into names. */
export const tellable = (path: string): string =>
  basename(path).replace(/\S+@\S+|\+?\d(?:[ ()/.-]{0,2}\d){4,}/g, "…");
