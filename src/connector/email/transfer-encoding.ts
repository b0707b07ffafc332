const EQUALS = 0x3d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The bytes of a part (RFC 2045 section 6). What does not belong into base64 is passed over, as the RFC has it; a part
 * that ends early gives what there was of it.
 */
export function decoded(content: Buffer, encoding: string): Buffer {
  if (encoding === "base64") return Buffer.from(content.toString("latin1"), "base64");
  if (encoding === "quoted-printable") return fromQuotedPrintable(content);
  return content;
}

function fromQuotedPrintable(content: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(content.length);
  let length = 0;
  for (let at = 0; at < content.length; at += 1) {
    const [byte, next, last] = [content[at]!, content[at + 1], content[at + 2]];
    const [high, low] = [digit(next), digit(last)];
    if (byte === EQUALS && next === LINE_FEED) at += 1;
    else if (byte === EQUALS && next === CARRIAGE_RETURN && last === LINE_FEED) at += 2;
    else if (byte === EQUALS && high >= 0 && low >= 0) {
      bytes[length++] = high * 16 + low;
      at += 2;
    } else bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** -1 for what is no digit of hex. */
function digit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
