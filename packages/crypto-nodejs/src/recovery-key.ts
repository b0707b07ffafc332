/**
 * A 32-byte key as a person writes it down: base58 of a prefix, the key and a parity byte, in groups of four.
 * https://spec.matrix.org/latest/appendices/#cryptographic-key-representation
 */
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const PREFIX = [0x8b, 0x01] as const;
const KEY_LENGTH = 32;

export function encodeRecoveryKey(key: Uint8Array): string {
  const bytes = [...PREFIX, ...key];
  let number = BigInt(`0x${Buffer.from([...bytes, parity(bytes)]).toString("hex")}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text;
  return text.replace(/.{4}(?=.)/g, "$& ");
}

/** The key, 32 bytes, or the reason why the text is not one. White space does not matter. */
export function decodeRecoveryKey(text: string): Uint8Array | string {
  let number = 0n;
  for (const digit of text.replace(/\s/g, "")) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) return `${JSON.stringify(digit)} is not a base58 digit`;
    number = number * 58n + BigInt(value);
  }
  const bytes = Buffer.from(number.toString(16), "hex"); // the prefix is neither 0 nor below 0x10: no digit gets lost
  if (bytes.length !== PREFIX.length + KEY_LENGTH + 1) return "it has the wrong length";
  if (PREFIX.some((byte, i) => bytes[i] !== byte)) return "it has the wrong prefix";
  if (parity([...bytes]) !== 0) return "its parity is wrong: a character has been mistyped";
  return new Uint8Array(bytes.subarray(PREFIX.length, -1));
}

function parity(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum ^ byte, 0);
}
