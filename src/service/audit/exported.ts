import { ed25519Key } from "../../model/signed-line.ts";
import type { LogReport } from "./log.ts";
import { readBreak, readRecord, readStart } from "./record.ts";
import { type KnownHead, verifyLog } from "./verify-log.ts";

/**
 * The lines of a log that were written to a file, without store or network. What a line says of its place is believed
 * only as far as it is signed.
 *
 * @throws where it is no Ed25519 key in PEM
 */
export function verifyExport(
  text: string,
  publicKeyPem: string,
  noted: readonly KnownHead[] = [],
): LogReport {
  const key = ed25519Key(publicKeyPem);
  const lines = text.split("\n").filter((line) => line !== "");
  const begun = lines[0] === undefined ? undefined : readStart(lines[0], key);
  const start = begun ? lines.shift() : undefined;
  let next = begun?.value.number ?? 1;
  const records = lines.map((line) => {
    const read = readRecord(line, key) ?? readBreak(line, key);
    const number = read?.isGenuine ? read.value.number : next;
    next = number + 1;
    return { number, line };
  });
  const { read, ...check } = verifyLog(records, start, key, noted);
  const compared = noted.length > 0 ? true : "no --head was given to compare with";
  return { ...check, publicKeyPem, compared };
}
