import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** A recovery key has 35 bytes: two of a prefix, 32 of a key, one of parity. */
const SHAPE = new RegExp(`^(?:[${ALPHABET}]{4}[ \\t]?){12}$`);
const PREFIX = "8b01";
const BYTES = 35;
/** A key with words around it is still short. */
const MAX_FILE_BYTES = 4_096;

/**
 * Files of these folders, not of those below them, in which a line is a recovery key; by what they hold, not by name.
 */
export function recoveryKeyFiles(folders: readonly string[]): string[] {
  const paths = [...new Set(folders)].flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  return paths.filter(
    (path) => isShortFile(path) && readFileSync(path, "utf8").split("\n").some(isRecoveryKey),
  );
}

function isShortFile(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size <= MAX_FILE_BYTES;
}

/** https://spec.matrix.org/v1.19/appendices/#cryptographic-key-representation */
export function isRecoveryKey(line: string): boolean {
  const text = line.trim();
  if (!SHAPE.test(text)) return false;
  let number = 0n;
  for (const digit of text.replace(/\s/g, "")) number = number * 58n + BigInt(ALPHABET.indexOf(digit));
  const bytes = Buffer.from(number.toString(16), "hex");
  const parity = bytes.reduce((sum, byte) => sum ^ byte, 0);
  return bytes.length === BYTES && bytes.toString("hex").startsWith(PREFIX) && parity === 0;
}
