import { isIP } from "node:net";

/** Compatible forms alike, no case, nothing that cannot be seen. */
const folded = (text: string): string =>
  text
    .normalize("NFKC")
    .replace(/[\p{Cc}\p{Cf}\p{Mn}]/gu, "")
    .toLowerCase();

/** Those of the listed words that a text holds. */
export const wordsIn = (text: string, words: readonly string[]): string[] =>
  words.filter((word) => folded(word) !== "" && folded(text).includes(folded(word)));

const USER_AGENT = /Mozilla\/\d|AppleWebKit|Gecko\/|KHTML|Windows NT|okhttp\/|Dalvik\//i;

/** Whether a text looks as if a program had written its user agent or an address into it. */
export function looksLikeTrace(text: string): "a user agent" | "an IP address" | undefined {
  if (USER_AGENT.test(text)) return "a user agent";
  // a version may have four parts, too, but follows its program's name
  const tokens = text.split(/[\s()[\],;]+/).map((token) => token.replace(/^([\d.]+):\d+$/, "$1"));
  return tokens.some((token) => isIP(token) === 4 || (isIP(token) === 6 && token.length > 4))
    ? "an IP address"
    : undefined;
}
